"""What each decision does, and that no row of either list is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from list_samples import COUNTY, listed, registered

from audit_toolkit.errors import OperatorError
from audit_toolkit.model import (
    MATCH_DECISIONS,
    FiledStatus,
    FrameHousehold,
    MatchDecision,
    RegisteredHousehold,
    Removal,
    RosterHousehold,
)
from audit_toolkit.registers import frame_households, match_lists

Lists = tuple[list[RegisteredHousehold], list[RosterHousehold]]


def settled(
    register: list[RegisteredHousehold], roster: list[RosterHousehold], *words: str
) -> tuple[tuple[FrameHousehold, ...], tuple[Removal, ...]]:
    """The frame when the problems are decided by the words, in their order."""
    problems = match_lists(register, roster)
    decisions = [
        MatchDecision(
            problem_id=problem.problem_id,
            county_code=COUNTY,
            decision=word,
            reason=f"reason {word}",
        )
        for problem, word in zip(problems, words, strict=True)
    ]
    return frame_households(register, roster, problems, decisions)


OTHER = {"head_name": "王大山", "members": 2}
CASES: dict[str, tuple[Lists, str, list[tuple], list[str]]] = {
    "different heads, same": (
        ([registered("H1")], [listed("N1", "H1", **OTHER)]),
        "same",
        [("H1", "H1", "N1", "王大山", 4)],
        [],
    ),
    "different heads, different": (
        ([registered("H1")], [listed("N1", "H1", **OTHER)]),
        "different",
        [("H1", "H1", None, "王小山", 4), ("R-N1", None, "N1", "王大山", 2)],
        [],
    ),
    "twice in the register, merge": (
        ([registered("H1"), registered("H2")], [listed("N2", "H2")]),
        "merge",
        [("H2", "H2", "N2", "王小山", 4)],
        ["H1"],
    ),
    "twice in the register, separate": (
        ([registered("H1"), registered("H2")], [listed("N2", "H2")]),
        "separate",
        [("H1", "H1", None, "王小山", 4), ("H2", "H2", "N2", "王小山", 4)],
        [],
    ),
    "twice on the roster, merge": (
        ([registered("H1")], [listed("N1"), listed("N2", "H1")]),
        "merge",
        [("H1", "H1", "N2", "王小山", 4)],
        ["R-N1"],
    ),
    "twice on the roster, separate": (
        ([registered("H1")], [listed("N1"), listed("N2", "H1")]),
        "separate",
        [("H1", "H1", "N2", "王小山", 4), ("R-N1", None, "N1", "王小山", 4)],
        [],
    ),
    "twice unregistered, merge": (
        ([], [listed("N1"), listed("N2")]),
        "merge",
        [("R-N1", None, "N1", "王小山", 4)],
        ["R-N2"],
    ),
    "split, merge": (
        ([registered("H1")], [listed("N1", "H1", **OTHER), listed("N2", "H1", members=2)]),
        "merge",
        [("H1", "H1", "N2", "王小山", 4)],
        ["R-N1"],
    ),
    "split, separate": (
        ([registered("H1")], [listed("N1", "H1", **OTHER), listed("N2", "H1", members=2)]),
        "separate",
        [("H1", "H1", "N2", "王小山", 4), ("R-N1", None, "N1", "王大山", 2)],
        [],
    ),
    "split, the head without id, separate": (
        ([registered("H1")], [listed("N1", "H1", **OTHER), listed("N2", members=2)]),
        "separate",
        [("H1", "H1", "N2", "王小山", 4), ("R-N1", None, "N1", "王大山", 2)],
        [],
    ),
    "register only, keep": (
        ([registered("H1")], []),
        "keep",
        [("H1", "H1", None, "王小山", 4)],
        [],
    ),
    "register only, remove": (([registered("H1")], []), "remove", [], ["H1"]),
    "unknown id, unregistered": (
        ([], [listed("N1", "H9")]),
        "unregistered",
        [("R-N1", None, "N1", "王小山", 4)],
        [],
    ),
    "unknown id, remove": (([], [listed("N1", "H9")]), "remove", [], ["R-N1"]),
    "possibly registered, same": (
        ([registered("H1")], [listed("N1", members=3)]),
        "same",
        [("H1", "H1", "N1", "王小山", 4)],
        [],
    ),
    "possibly registered, different": (
        ([registered("H1")], [listed("N1", members=3)]),
        "different",
        [("H1", "H1", None, "王小山", 4), ("R-N1", None, "N1", "王小山", 3)],
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_decision_does_what_the_guide_says(name: str) -> None:
    (register, roster), word, expected, out = CASES[name]
    frame, removals = settled(register, roster, word)
    got = [(h.household_id, h.register_id, h.roster_id, h.head_name, h.members) for h in frame]
    assert got == expected
    assert [removal.household_id for removal in removals] == out
    assert {removal.reason for removal in removals} <= {f"reason {word}"}


def test_the_frame_takes_the_place_of_the_roster_and_the_status_of_the_register() -> None:
    moved = listed("N1", "H1", village_code="990101100202", village_name="桥头村", members=6)
    (household,), _ = settled([registered("H1")], [moved])
    assert household.village_code == "990101100202"
    assert household.members == 4
    assert household.status is FiledStatus.EXITED


def test_a_problem_without_decision_stops_the_frame() -> None:
    lists = ([registered("H1")], [])
    problems = match_lists(*lists)
    with pytest.raises(OperatorError) as refused:
        frame_households(*lists, problems, [])
    assert refused.value.code == "matching-undecided"
    assert problems[0].problem_id in refused.value.words("zh")


def test_problems_of_other_lists_are_refused() -> None:
    with pytest.raises(OperatorError) as refused:
        frame_households([registered("H1")], [], [], [])
    assert refused.value.code == "matching-stale"


def test_the_last_decision_counts() -> None:
    lists = ([registered("H1")], [])
    problems = match_lists(*lists)
    decisions = [
        MatchDecision(
            problem_id=problems[0].problem_id, county_code=COUNTY, decision=word, reason="x"
        )
        for word in ("remove", "keep")
    ]
    frame, removals = frame_households(*lists, problems, decisions)
    assert len(frame) == 1
    assert removals == ()


_VILLAGES = st.sampled_from(["990101100201", "990101100202"])
_HEADS = st.sampled_from(["王小山", "王大山", "李冬梅", "王伟"])
_REGISTER = st.lists(st.tuples(_VILLAGES, _HEADS, st.integers(1, 2)), max_size=6)
_ROSTER = st.lists(
    st.tuples(_VILLAGES, _HEADS, st.integers(1, 2), st.none() | st.integers(0, 7)), max_size=8
)


@given(_REGISTER, _ROSTER, st.data())
def test_every_row_is_in_the_frame_or_removed(
    filed: list[tuple], rural: list[tuple], data: st.DataObject
) -> None:
    register = [
        registered(f"H{at}", village_code=village, head_name=head, members=members)
        for at, (village, head, members) in enumerate(filed)
    ]
    roster = [
        listed(
            f"N{at}",
            None if number is None else f"H{number}",
            village_code=village,
            head_name=head,
            members=members,
        )
        for at, (village, head, members, number) in enumerate(rural)
    ]
    problems = match_lists(register, roster)
    named = [i for p in problems for i in (*p.register_ids, *p.roster_ids)]
    assert len(named) == len(set(named))
    words = [data.draw(st.sampled_from(MATCH_DECISIONS[p.kind])) for p in problems]
    frame, removals = settled(register, roster, *words)
    by_register = [h.register_id for h in frame if h.register_id]
    by_roster = [h.roster_id for h in frame if h.roster_id]
    gone = [removal.household_id for removal in removals]
    assert sorted(by_register + [i for i in gone if not i.startswith("R-")]) == sorted(
        row.household_id for row in register
    )
    assert sorted(by_roster + [i[2:] for i in gone if i.startswith("R-")]) == sorted(
        row.roster_id for row in roster
    )
    assert [h.household_id for h in frame] == sorted(h.household_id for h in frame)
