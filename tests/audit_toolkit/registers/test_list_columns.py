"""Headers are found in either language or by the user's map."""

from __future__ import annotations

import pytest
from list_samples import COUNTY, ROUND, SAMPLE

from audit_toolkit.errors import OperatorError
from audit_toolkit.interchange import read_table
from audit_toolkit.model import RawTable
from audit_toolkit.registers import check_register, check_roster, read_column_map
from audit_toolkit.registers.columns import (
    DECISION_COLUMNS,
    REGISTER_COLUMNS,
    ROSTER_COLUMNS,
    STEP_COLUMNS,
    find_columns,
)
from audit_toolkit.registers.normalise import CODES
from audit_toolkit.text import say


@pytest.mark.parametrize(
    "specs", [REGISTER_COLUMNS, ROSTER_COLUMNS, STEP_COLUMNS, DECISION_COLUMNS]
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_column_is_known_by_its_header(specs: tuple, language: str) -> None:
    headers = tuple(f"　{spec.header(language).upper()} " for spec in specs)
    places, found = find_columns(RawTable(name="t", headers=headers, rows=()), specs, None)
    assert places == {spec.name: at for at, spec in enumerate(specs)}
    assert found == []


def test_the_sample_files_come_in_by_their_map() -> None:
    column_map = read_column_map((SAMPLE / "columns.toml").read_text("utf-8"))
    for name, check in (("register", check_register), ("roster", check_roster)):
        table = read_table(SAMPLE / f"{name}.csv", list_name=name)
        rows, problems = check(table, ROUND, county_code=COUNTY, column_map=column_map)
        assert problems.problems == ()
        assert len(rows) == len(table.rows)
        assert check(table, ROUND, county_code=COUNTY)[1].count_by_code() != ()


def test_a_star_leaves_out_all_headers_not_known() -> None:
    table = RawTable(name="t", headers=("电话", "problem_id", "decision", "reason"), rows=())
    _, found = find_columns(table, DECISION_COLUMNS, None)
    assert [problem.code for _, problem in found] == ["unknown-column"]
    places, found = find_columns(table, DECISION_COLUMNS, {"*": ""})
    assert found == []
    assert places["problem_id"] == 1


def test_the_map_comes_before_the_header() -> None:
    table = RawTable(name="t", headers=("reason", "why"), rows=())
    places, _ = find_columns(table, DECISION_COLUMNS, {"why": "reason", "reason": ""})
    assert places == {"reason": 1}


def test_a_map_may_be_read_for_one_list() -> None:
    text = '[register]\n"编号" = "household_id"\n[roster]\n"编号" = "roster_id"\n'
    assert read_column_map(text, list_name="roster") == {"编号": "roster_id"}
    with pytest.raises(OperatorError) as refused:
        read_column_map(text)
    assert refused.value.code == "column-map-conflict"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[register\n", "column-map-unreadable"),
        ('[registers]\n"a" = "members"\n', "column-map-section"),
        ('register = "members"\n', "column-map-section"),
        ('[register]\n"a" = "member"\n', "column-map-name"),
        ('[register]\n"a" = 3\n', "column-map-name"),
        ('[register]\n"*" = "members"\n', "column-map-name"),
        ('[roster]\n"a" = "cause"\n', "column-map-name"),
    ],
)
def test_wrong_maps_are_refused_with_words(text: str, code: str) -> None:
    with pytest.raises(OperatorError) as refused:
        read_column_map(text)
    assert refused.value.code == code
    assert refused.value.words("en") != refused.value.words("zh")


def test_the_guide_names_every_column_and_its_map_can_be_read() -> None:
    guide = (SAMPLE.parent / "guide" / "lists.md").read_text("utf-8")
    for spec in (*REGISTER_COLUMNS, *ROSTER_COLUMNS, *STEP_COLUMNS, *DECISION_COLUMNS):
        assert f"`{spec.name}`" in guide
        assert spec.header("zh") in guide
    example = guide.split("```toml\n")[1].split("```")[0]
    assert read_column_map(example, list_name="register")["户编码"] == "household_id"
    assert read_column_map(example, list_name="roster")["*"] == ""


def test_the_guide_lists_every_code_of_the_coded_columns() -> None:
    guide = (SAMPLE.parent / "guide" / "lists.md").read_text("utf-8")
    for table in ("status", "cause"):
        for value, codes in CODES[table].items():
            assert f"`{codes[0]}` {say(f'columns.{table}.{value}', 'zh')} `{value}`" in guide
