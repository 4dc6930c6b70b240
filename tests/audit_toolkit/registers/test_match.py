"""Each kind of matching problem is found, once, whatever the order of the rows."""

from __future__ import annotations

import random

import pytest
from list_samples import SAMPLE, listed, registered

from audit_toolkit.model import MatchKind, RegisteredHousehold, RosterHousehold
from audit_toolkit.registers import match_lists
from audit_toolkit.text import LANGUAGES, say

CASES: dict[str, tuple[list[RegisteredHousehold], list[RosterHousehold], list[tuple]]] = {
    "clear": (
        [registered("H1")],
        [listed("N1", "H1"), listed("N2", head_name="李冬梅")],
        [],
    ),
    "members may differ": ([registered("H1")], [listed("N1", "H1", members=5)], []),
    "dots in names do not count": (
        [registered("H1", head_name="买买提·艾力")],
        [listed("N1", "H1", head_name="买买提 艾力")],
        [],
    ),
    "another head": (
        [registered("H1")],
        [listed("N1", "H1", head_name="李冬梅")],
        [(MatchKind.DIFFERENT_HEADS, ("H1",), ("N1",))],
    ),
    "register twice": (
        [registered("H1"), registered("H2")],
        [listed("N1", "H1")],
        [(MatchKind.LISTED_TWICE, ("H1", "H2"), ("N1",))],
    ),
    "roster twice, both unregistered": (
        [],
        [listed("N1"), listed("N2")],
        [(MatchKind.LISTED_TWICE, (), ("N1", "N2"))],
    ),
    "roster twice, once without id": (
        [registered("H1")],
        [listed("N1", "H1"), listed("N2")],
        [(MatchKind.LISTED_TWICE, ("H1",), ("N1", "N2"))],
    ),
    "one id twice with one head": (
        [registered("H1")],
        [listed("N1", "H1"), listed("N2", "H1", members=2)],
        [(MatchKind.LISTED_TWICE, ("H1",), ("N1", "N2"))],
    ),
    "one id with two heads": (
        [registered("H1")],
        [listed("N1", "H1", members=2), listed("N2", "H1", members=2, head_name="王大山")],
        [(MatchKind.SPLIT, ("H1",), ("N1", "N2"))],
    ),
    "the head without id, the id under another": (
        [registered("H1")],
        [listed("N1", "H1", members=2, head_name="王大山"), listed("N2", members=2)],
        [(MatchKind.SPLIT, ("H1",), ("N1", "N2"))],
    ),
    "not on the roster": (
        [registered("H1")],
        [listed("N1", head_name="李冬梅")],
        [(MatchKind.REGISTER_ONLY, ("H1",), ())],
    ),
    "id that the register lacks": (
        [],
        [listed("N1", "H9")],
        [(MatchKind.UNKNOWN_REGISTER_ID, (), ("N1",))],
    ),
    "same name without id": (
        [registered("H1")],
        [listed("N1", group_name="二组", members=3)],
        [(MatchKind.POSSIBLY_REGISTERED, ("H1",), ("N1",))],
    ),
    "near name, same group and members": (
        [registered("H1", head_name="李国强")],
        [listed("N1", head_name="李强国")],
        [(MatchKind.POSSIBLY_REGISTERED, ("H1",), ("N1",))],
    ),
    "near name, other members": (
        [registered("H1", head_name="李国强")],
        [listed("N1", head_name="李强国", members=2)],
        [(MatchKind.REGISTER_ONLY, ("H1",), ())],
    ),
    "two characters are too few to be near": (
        [registered("H1", head_name="王伟")],
        [listed("N1", head_name="王威")],
        [(MatchKind.REGISTER_ONLY, ("H1",), ())],
    ),
    "same name in another village": (
        [registered("H1")],
        [listed("N1", village_code="990101100202", village_name="桥头村")],
        [(MatchKind.REGISTER_ONLY, ("H1",), ())],
    ),
    "the likelier of two is taken": (
        [registered("H1")],
        [listed("N1", members=2), listed("N2", members=4, group_name="二组"), listed("N3")],
        [(MatchKind.POSSIBLY_REGISTERED, ("H1",), ("N3",))],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_matching_finds(name: str) -> None:
    register, roster, expected = CASES[name]
    found = match_lists(register, roster)
    assert [(p.kind, p.register_ids, p.roster_ids) for p in found] == expected


def everything() -> tuple[list[RegisteredHousehold], list[RosterHousehold]]:
    """All cases in one county, each in a village of its own."""
    register, roster = [], []
    for number, (ones, others, _) in enumerate(CASES.values()):
        for row in ones:
            code = f"99010120{row.village_code[8:10]}{number:02d}"
            register.append(
                registered(
                    f"{number:02d}{row.household_id}",
                    head_name=row.head_name,
                    village_code=code,
                )
            )
        for row in others:
            roster.append(
                listed(
                    f"{number:02d}{row.roster_id}",
                    row.register_id and f"{number:02d}{row.register_id}",
                    head_name=row.head_name,
                    members=row.members,
                    group_name=row.group_name,
                    village_code=f"99010120{row.village_code[8:10]}{number:02d}",
                )
            )
    return register, roster


def test_the_order_of_the_rows_does_not_matter() -> None:
    register, roster = everything()
    expected = match_lists(register, roster)
    shuffle = random.Random(7).shuffle
    for _ in range(5):
        shuffle(register)
        shuffle(roster)
        assert match_lists(register, roster) == expected


def test_each_row_stands_in_one_problem_at_most() -> None:
    problems = match_lists(*everything())
    ids = [i for p in problems for i in (*p.register_ids, *p.roster_ids)]
    assert len(ids) == len(set(ids))
    assert len({p.problem_id for p in problems}) == len(problems)
    assert {p.kind for p in problems} == set(MatchKind)


def test_problem_ids_are_stable_and_no_numbers() -> None:
    (problem,) = match_lists([registered("H1")], [])
    assert problem.problem_id == match_lists([registered("H1")], [])[0].problem_id
    assert len(problem.problem_id) == 13
    assert problem.problem_id.startswith("m")


def test_every_kind_has_words() -> None:
    for kind in MatchKind:
        for language in LANGUAGES:
            assert say(f"columns.kind.{kind}", language)


def test_the_sample_has_a_folder_of_its_own() -> None:
    assert {path.name for path in SAMPLE.iterdir()} >= {"register.csv", "roster.csv"}
