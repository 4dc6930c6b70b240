"""Decisions are taken from a sheet, in either language, or refused by row and column."""

from __future__ import annotations

import pytest
from list_samples import COUNTY, ROUND, SAMPLE, listed, registered

from audit_toolkit.interchange import csv_bytes, read_table
from audit_toolkit.model import MATCH_DECISIONS, MatchKind, RawTable
from audit_toolkit.registers import (
    check_register,
    check_roster,
    decision_sheet,
    frame_households,
    match_lists,
    read_column_map,
    read_decisions,
)
from audit_toolkit.text import LANGUAGES, say

PROBLEMS = match_lists(
    [registered("H1"), registered("H2", head_name="李冬梅", members=2)],
    [listed("N1", "H1", head_name="王大山")],
)


def sheet(*rows: tuple[str, str, str]) -> RawTable:
    return RawTable(
        name="decisions",
        headers=("problem_id", "decision", "reason"),
        rows=tuple(enumerate(rows, start=2)),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_filled_sheet_is_read_back(language: str, tmp_path) -> None:
    headers, rows = decision_sheet(PROBLEMS, language)
    filled = [
        [*row[:-2], say(f"columns.decision.{MATCH_DECISIONS[problem.kind][0]}", language), "查过"]
        for row, problem in zip(rows, PROBLEMS, strict=True)
    ]
    path = tmp_path / "decisions.csv"
    path.write_bytes(csv_bytes(headers, filled))
    decisions, found = read_decisions(read_table(path, list_name="decisions"), PROBLEMS)
    assert found.problems == ()
    assert [(d.problem_id, d.decision) for d in decisions] == [
        (p.problem_id, MATCH_DECISIONS[p.kind][0]) for p in PROBLEMS
    ]


def test_rows_left_blank_are_not_decided() -> None:
    decisions, found = read_decisions(sheet((PROBLEMS[0].problem_id, "", "")), PROBLEMS)
    assert decisions == ()
    assert found.problems == ()


def test_wrong_decisions_are_all_listed() -> None:
    heads, register_only = (p.problem_id for p in PROBLEMS)
    table = sheet(
        ("m000000000000", "same", "x"),
        (heads, "keep", "x"),
        (heads, "same", "x"),
        (register_only, "keep", ""),
        (register_only, "", "x"),
        ("", "keep", "x"),
    )
    decisions, found = read_decisions(table, PROBLEMS)
    assert [(p.code, p.row, p.column) for p in found.problems] == [
        ("unknown-problem-id", 2, "problem_id"),
        ("decision-not-allowed", 3, "decision"),
        ("decided-twice", 4, "problem_id"),
        ("blank-cell", 5, "reason"),
        ("decided-twice", 6, "problem_id"),
        ("blank-cell", 6, "decision"),
        ("blank-cell", 7, "problem_id"),
    ]
    assert decisions == ()


def test_a_column_short_is_listed() -> None:
    table = RawTable(name="decisions", headers=("problem_id",), rows=((2, ("x",)),))
    _, found = read_decisions(table, PROBLEMS)
    assert [p.code for p in found.problems] == ["missing-column", "missing-column"]


def test_every_decision_has_words() -> None:
    for kind in MatchKind:
        for word in MATCH_DECISIONS[kind]:
            assert {say(f"columns.decision.{word}", language) for language in LANGUAGES}


def test_the_decisions_of_the_sample_settle_it() -> None:
    column_map = read_column_map((SAMPLE / "columns.toml").read_text("utf-8"))
    lists = [
        check(
            read_table(SAMPLE / f"{name}.csv", list_name=name),
            ROUND,
            county_code=COUNTY,
            column_map=column_map,
        )[0]
        for name, check in (("register", check_register), ("roster", check_roster))
    ]
    problems = match_lists(*lists)
    assert {p.kind for p in problems} == {
        MatchKind.DIFFERENT_HEADS,
        MatchKind.POSSIBLY_REGISTERED,
    }
    table = read_table(SAMPLE / "decisions.csv", list_name="decisions")
    decisions, found = read_decisions(table, problems)
    assert found.problems == ()
    frame, removals = frame_households(*lists, problems, decisions)
    assert len(frame) == 12
    assert removals == ()
