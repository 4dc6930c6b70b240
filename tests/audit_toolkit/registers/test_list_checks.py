"""Every problem of a list is listed, by row and column, and only then refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from list_samples import COUNTY, DATA, ROUND, table

from audit_toolkit.errors import OperatorError
from audit_toolkit.model import FiledStatus, Problem, RawTable
from audit_toolkit.registers import check_register, check_roster, check_steps
from audit_toolkit.text import LANGUAGES, keys, say

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "lists.md"

# One flaw a file: its code, row and column.
FLAWS = {
    "missing-column": ("missing-column", 1, None),
    "unknown-column": ("unknown-column", 1, "电话"),
    "duplicate-header": ("duplicate-header", 1, "户主姓名"),
    "blank-header": ("blank-header", 1, ""),
    "empty-file": ("empty-file", None, None),
    "no-rows": ("no-rows", None, None),
    "row-too-long": ("row-too-long", 2, None),
    "row-too-short": ("row-too-short", 2, None),
    "formula-cell": ("formula-cell", 2, "net_income_pc"),
    "blank-cell": ("blank-cell", 3, "head_name"),
    "not-a-whole-number": ("not-a-whole-number", 2, "members"),
    "not-an-amount": ("not-an-amount", 2, "wage_income"),
    "number-with-marks": ("number-with-marks", 2, "wage_income"),
    "too-many-decimals": ("too-many-decimals", 3, "net_income_pc"),
    "full-width-digits": ("full-width-digits", 2, "wage_income"),
    "full-width-letters": ("full-width-letters", 2, "housing_grade"),
    "negative-number": ("negative-number", 4, "members"),
    "out-of-range": ("out-of-range", 4, "members"),
    "unknown-code-status": ("unknown-code", 2, "status"),
    "unknown-code-grade": ("unknown-code", 2, "housing_grade"),
    "unknown-code-cause": ("unknown-code", 2, "cause"),
    "unknown-code-yes-no": ("unknown-code", 2, "water_safe"),
    "duplicate-id": ("duplicate-id", 4, "household_id"),
    "reserved-id": ("reserved-id", 4, "household_id"),
    "not-digits": ("not-digits", 4, "village_code"),
    "village-outside-county": ("village-outside-county", 4, "village_code"),
    "other-county": ("other-county", 4, "county_code"),
    "exit-year-missing": ("exit-year-missing", 2, "exit_year"),
    "exit-year-not-expected": ("exit-year-not-expected", 3, "exit_year"),
    "exit-year-too-late": ("exit-year-too-late", 2, "exit_year"),
    "exit-before-identified": ("exit-before-identified", 2, "exit_year"),
    "identified-too-late": ("identified-too-late", 3, "identified_year"),
    "more-than-members-insured": ("more-than-members", 2, "insured_count"),
    "more-than-members-dropouts": ("more-than-members", 3, "school_dropout_count"),
    "net-income-differs": ("net-income-differs", 2, "net_income_pc"),
    "forbidden-character": ("forbidden-character", 2, "head_name"),
    "forbidden-character-hidden": ("forbidden-character", 2, "head_name"),
    "blank-inside": ("blank-inside", 4, "head_name"),
    "text-too-long": ("text-too-long", 4, "group_name"),
    "village-two-names": ("village-two-names", 3, "village_name"),
    "village-two-townships": ("village-two-names", 3, "township"),
}


def words(problem: Problem, language: str) -> str:
    return say(
        f"problems.{problem.code}",
        language,
        row=problem.row,
        column=problem.column,
        got=problem.got,
        **dict(problem.fields),
    )


@pytest.mark.parametrize("name", FLAWS)
def test_a_file_with_one_flaw_has_one_problem(name: str) -> None:
    rows, problems = check_register(table(f"flaws/{name}.csv"), ROUND, county_code=COUNTY)
    assert [(p.code, p.row, p.column) for p in problems.problems] == [FLAWS[name]]
    assert len(rows) < 3 or problems.problems[0].row == 1
    for language in LANGUAGES:
        said = words(problems.problems[0], language)
        assert "{" not in said
        assert problems.problems[0].row in (None, 1) or f"{problems.problems[0].row}" in said


def test_every_flaw_has_its_file_and_every_file_its_flaw() -> None:
    assert {path.stem for path in (DATA / "flaws").iterdir()} == FLAWS.keys()


def test_every_problem_of_lists_is_in_the_guide() -> None:
    guide = GUIDE.read_text("utf-8")
    for code in {code for code, _, _ in FLAWS.values()} | {
        "encoding-unclear",
        "error-cell",
        "digits-lost",
        "not-a-date",
        "ends-before-start",
        "duplicate-step",
        "unknown-problem-id",
        "decision-not-allowed",
        "decided-twice",
    }:
        assert code in keys("problems", "en")
        assert f"`{code}`" in guide, code


@pytest.mark.parametrize(
    "name",
    [
        "register_identifiers",
        "register_chinese_gb18030",
        "register_english_semicolon",
        "register_tabs",
    ],
)
def test_the_same_register_comes_of_every_form(name: str) -> None:
    rows, problems = check_register(table(f"lists/{name}.csv"), ROUND, county_code=COUNTY)
    assert problems.problems == ()
    assert [(r.household_id, r.status, r.cause, r.housing_grade, r.water_safe) for r in rows] == [
        ("H1", FiledStatus.EXITED, "illness", "A", True),
        ("H2", FiledStatus.POOR, "disability", "C", False),
        ("H3", FiledStatus.RETURNED, "other", "B", True),
    ]
    assert rows[1].exit_year is None
    assert rows[1].net_income_pc == Decimal("2600.25")
    assert rows[2].group_name == ""


def test_net_income_may_differ_by_one_yuan() -> None:
    good = table("lists/register_identifiers.csv")
    at = good.headers.index("net_income_pc")
    for filed, expected in (("4751", ()), ("4749", ()), ("4748.99", ("net-income-differs",))):
        number, cells = good.rows[0]
        changed = (number, (*cells[:at], filed, *cells[at + 1 :]))
        _, problems = check_register(replace(good, rows=(changed,)), ROUND, county_code=COUNTY)
        assert tuple(p.code for p in problems.problems) == expected


def test_the_county_column_may_be_left_out() -> None:
    good = table("lists/roster.csv", "roster")
    at = good.headers.index("county_code")
    shorter = replace(
        good,
        headers=(*good.headers[:at], *good.headers[at + 1 :]),
        rows=tuple((number, (*c[:at], *c[at + 1 :])) for number, c in good.rows),
    )
    rows, problems = check_roster(shorter, ROUND, county_code=COUNTY)
    assert problems.problems == ()
    assert rows == check_roster(good, ROUND, county_code=COUNTY)[0]
    assert {row.county_code for row in rows} == {COUNTY}
    assert [row.register_id for row in rows] == ["H1", "H2", None, "H3", None]


def test_a_county_outside_the_round_is_refused() -> None:
    with pytest.raises(OperatorError) as refused:
        check_roster(table("lists/roster.csv", "roster"), ROUND, county_code="990199")
    assert refused.value.code == "county-unknown"


def test_steps_are_read_with_their_blanks() -> None:
    records, problems = check_steps(table("lists/steps.csv", "steps"), ROUND, county_code=COUNTY)
    assert problems.problems == ()
    assert [(r.household_id, r.step, r.done_on, r.objections_open) for r in records] == [
        ("", "county-proposal", date(2019, 10, 8), 0),
        ("H1", "appraisal", date(2018, 10, 10), 0),
        ("H1", "village-notice", date(2018, 10, 20), 0),
        ("H1", "announcement", None, 0),
    ]
    assert records[2].ended_on == date(2018, 10, 29)


def test_faults_of_step_logs_are_listed() -> None:
    log = RawTable(
        name="steps",
        headers=("household_id", "step", "done_on", "ended_on", "objections_open", "document"),
        rows=(
            (2, ("H1", "notice", "2018-10-20", "2018-10-19", "0", "")),
            (3, ("H1", "appraisal", "2018/10/1", "", "-1", "")),
            (4, ("H1", "notice", "2018-10-20", "", "0", "")),
            (5, ("H1", "notice", "", "2018-10-21", "0", "")),
            (6, ("", "", "2018-10-20", "", "0", "")),
        ),
    )
    _, problems = check_steps(log, ROUND, county_code=COUNTY)
    assert [(p.code, p.row, p.column) for p in problems.problems] == [
        ("ends-before-start", 2, "ended_on"),
        ("not-a-date", 3, "done_on"),
        ("negative-number", 3, "objections_open"),
        ("duplicate-step", 4, "step"),
        ("ends-before-start", 5, "ended_on"),
        ("blank-cell", 6, "step"),
    ]


def test_problems_come_in_the_order_of_the_file() -> None:
    good = table("lists/register_identifiers.csv")
    bad = replace(
        good,
        headers=(*good.headers, "电话"),
        rows=tuple(
            (number, (*cells[:7], "x", "?", *cells[9:], "")) for number, cells in good.rows[::-1]
        ),
    )
    _, problems = check_register(bad, ROUND, county_code=COUNTY)
    places = [(p.row, bad.headers.index(p.column)) for p in problems.problems]
    assert places == sorted(places)
    assert problems.count_by_code() == (
        ("not-a-whole-number", 3),
        ("unknown-code", 3),
        ("unknown-column", 1),
    )


_GOOD = table("lists/register_identifiers.csv")
_CELLS = st.one_of(
    st.sampled_from([cell for _, row in _GOOD.rows for cell in row]),
    st.sampled_from(["", "１", "-1", "x|y", "=A1", "1,200", "R-1", "9999"]),
)
_ROWS = st.lists(
    st.lists(_CELLS, min_size=len(_GOOD.headers), max_size=len(_GOOD.headers)).map(tuple),
    max_size=4,
)


@given(rows=_ROWS, bad=_ROWS)
def test_adding_rows_adds_problems_and_removes_none(
    rows: list[tuple[str, ...]], bad: list[tuple[str, ...]]
) -> None:
    numbered = tuple(enumerate([*(cells for _, cells in _GOOD.rows), *rows, *bad], start=2))
    before = replace(_GOOD, rows=numbered[: len(_GOOD.rows) + len(rows)])
    few = check_register(before, ROUND, county_code=COUNTY)[1].problems
    many = check_register(replace(_GOOD, rows=numbered), ROUND, county_code=COUNTY)[1].problems
    assert many[: len(few)] == few
    last = {problem.row for problem in many[len(few) :]}
    assert last <= {number for number, _ in numbered[len(before.rows) :]}


@given(bad=_ROWS)
def test_rows_with_a_problem_give_no_household(bad: list[tuple[str, ...]]) -> None:
    numbered = tuple(enumerate([*(cells for _, cells in _GOOD.rows), *bad], start=2))
    rows, problems = check_register(replace(_GOOD, rows=numbered), ROUND, county_code=COUNTY)
    faulty = {problem.row for problem in problems.problems}
    assert len(rows) == len(numbered) - len(faulty)
