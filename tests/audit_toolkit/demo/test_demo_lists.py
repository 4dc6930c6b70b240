"""The shipped lists are taken in without a problem; what is planted in them is found."""

from __future__ import annotations

from collections import Counter

import pytest

from audit_toolkit.demo.faults import write_faulty_register
from audit_toolkit.demo.mismatches import PLANTED
from audit_toolkit.demo.names import surname
from audit_toolkit.demo.steps import COUNTY_STEPS, HOUSEHOLD_STEPS
from audit_toolkit.demo.world import COUNTIES
from audit_toolkit.interchange import read_table
from audit_toolkit.model import MATCH_DECISIONS, MatchDecision, MatchKind, Stratum
from audit_toolkit.registers import (
    check_register,
    check_roster,
    check_steps,
    frame_households,
    match_lists,
)
from audit_toolkit.rules import load_rule_set
from audit_toolkit.rulings.procedures import (
    check_county_steps,
    check_household_steps,
    count_complete,
)

RULES = load_rule_set("cn-2019")
CHECKS = {"register": check_register, "roster": check_roster, "steps": check_steps}


@pytest.fixture(scope="module")
def lists(world, world_round, codes):
    taken = {}
    for code in codes:
        for part, check in CHECKS.items():
            table = read_table(world / "lists" / f"{code}_{part}.csv", list_name=part)
            rows, problems = check(table, world_round, county_code=code)
            assert problems.problems == ()
            taken[code, part] = rows
    return taken


def _matched(lists, code):
    return match_lists(lists[code, "register"], lists[code, "roster"])


def test_every_planted_matching_problem_is_found_and_no_other(lists, codes):
    expected = {
        MatchKind.DIFFERENT_HEADS: PLANTED["heads-same"] + PLANTED["heads-different"],
        MatchKind.LISTED_TWICE: PLANTED["twice-registered"] + PLANTED["twice-unregistered"],
        MatchKind.SPLIT: PLANTED["split"],
        MatchKind.REGISTER_ONLY: PLANTED["register-only"] + PLANTED["moved-away"],
        MatchKind.UNKNOWN_REGISTER_ID: PLANTED["unknown-register-id"],
        MatchKind.POSSIBLY_REGISTERED: PLANTED["possibly-registered"],
    }
    for code in codes:
        assert Counter(p.kind for p in _matched(lists, code)) == expected


def test_heads_of_one_surname_mean_one_household(lists, codes, truths):
    for code in codes:
        planted = {t["register_id"]: t["planted"] for t in truths[code] if t["register_id"]}
        for problem in _matched(lists, code):
            if problem.kind is MatchKind.DIFFERENT_HEADS:
                same = len({surname(head) for head in problem.heads}) == 1
                sort = planted[problem.register_ids[0]]
                assert sort == ("heads-same" if same else "heads-different")


def test_the_frame_after_matching_holds_the_households_of_the_truth(lists, codes, truths):
    for code in codes:
        problems = _matched(lists, code)
        decisions = [_decided(p, 0) for p in problems]
        frame, _ = frame_households(
            lists[code, "register"], lists[code, "roster"], problems, decisions
        )
        persons = {s: 0 for s in Stratum}
        for household in frame:
            persons[Stratum.of(household.status)] += household.members
        true = {s: 0 for s in Stratum}
        for row in truths[code]:
            true[_stratum(row["status"])] += int(row["registered_count"])
        # The two pairs of different heads decided as "same" lose a household each.
        assert len(frame) == len(truths[code]) - PLANTED["heads-different"]
        assert persons[Stratum.EXITED] == true[Stratum.EXITED]
        assert persons[Stratum.STILL_POOR] == true[Stratum.STILL_POOR]
        assert 0 < true[Stratum.UNREGISTERED] - persons[Stratum.UNREGISTERED] < 20


def _decided(problem, place):
    return MatchDecision(
        problem_id=problem.problem_id,
        county_code=problem.county_code,
        decision=MATCH_DECISIONS[problem.kind][place],
        reason="asked on the spot",
    )


def _stratum(status):
    return Stratum(status) if status in ("exited", "unregistered") else Stratum.STILL_POOR


def test_planted_problems_touch_nobody_who_is_poor(truths):
    for rows in truths.values():
        assert Counter(r["planted"] for r in rows if r["planted"]) == PLANTED
        assert all(r["poor"] == "no" for r in rows if r["planted"])


def test_step_codes_are_those_of_the_rule_set():
    by_level = {
        level: tuple(s.code for s in sorted(RULES.steps, key=lambda s: s.order) if s.level == level)
        for level in ("household", "county")
    }
    assert by_level == {"household": HOUSEHOLD_STEPS, "county": COUNTY_STEPS}


def test_step_logs_have_the_faults_that_were_planted(lists):
    for setting in COUNTIES:
        records = lists[setting.code, "steps"]
        exited = [h.household_id for h in lists[setting.code, "register"] if h.status == "exited"]
        faults = check_household_steps(records, exited, RULES)
        complete = count_complete(exited, faults) / len(exited)
        assert complete == pytest.approx(1 - setting.incomplete_steps, abs=0.03)
        enough = complete >= float(RULES.household_steps_min_share)
        assert enough == (setting.incomplete_steps < 0.05)
        county = check_county_steps(records, setting.code, RULES)
        assert len(county) == len(setting.county_faults)


def test_county_procedures_fail_as_the_guide_says(lists):
    found = {
        s.code: [
            (f.step, f.fault) for f in check_county_steps(lists[s.code, "steps"], s.code, RULES)
        ]
        for s in COUNTIES
    }
    assert found == {
        "900121": [],
        "900122": [],
        "900123": [],
        "900124": [("public-notice", "missing"), ("province-approval-of-list", "same-day")],
        "900125": [("city-examination", "out-of-order"), ("public-notice", "notice-too-short")],
    }


def test_every_fault_of_the_faulty_register_is_a_problem_by_row_and_column(
    world, world_round, codes, tmp_path
):
    path = tmp_path / "faulty.csv"
    planted = write_faulty_register(world / "lists" / f"{codes[0]}_register.csv", path)
    table = read_table(path, list_name="register")
    _, problems = check_register(table, world_round, county_code=codes[0])
    found = {(p.row, p.column, p.got) for p in problems.problems if p.column}
    assert found == {(f.row, f.column, f.got) for f in planted if f.row > 1}
    assert [p.code for p in problems.problems if p.row == 1] == ["missing-column"]
    expected = {"full-width-digits", "negative-number", "unknown-code", "duplicate-id"}
    assert expected <= {p.code for p in problems.problems}
