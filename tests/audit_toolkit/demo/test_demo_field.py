"""The field finds everybody, tells the truth but for inspectors' slips, and reads no store."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from audit_toolkit.demo.field import QUESTIONS, SENSITIVITY, SPECIFICITY, Field
from audit_toolkit.demo.truth import APPROVAL_ITEMS
from audit_toolkit.fieldwork.visits import check_visit
from audit_toolkit.model import Answer, AssignmentState, BlindHousehold, Visit, VisitKind
from audit_toolkit.rules import approves, judge, load_rule_set

RULES = load_rule_set("cn-2019")
AT = datetime(2020, 1, 6, tzinfo=UTC)


def _blind(row, kind=VisitKind.FIRST):
    return BlindHousehold(
        assignment_id="a",
        number=1,
        kind=kind,
        township=row["township"],
        village_name=row["village_name"],
        group_name=row["group_name"],
        head_name=row["head_name"],
        state=AssignmentState.RELEASED,
    )


def _visit(outcome, answers):
    return Visit(
        assignment_id="a",
        outcome=outcome,
        answers=tuple(Answer(question=q, value=v) for q, v in answers),
        device_at=AT,
    )


def _judged(visit):
    return judge(visit, RULES, exit_year=2019)


@pytest.fixture(scope="module")
def field(world):
    return Field(world)


def test_questions_are_those_of_the_rule_set():
    assert tuple(q.code for q in RULES.questions) == QUESTIONS
    assert RULES.approval_questions == APPROVAL_ITEMS


def test_the_truth_is_judged_as_it_says_of_itself(truths):
    for rows in truths.values():
        for row in rows:
            visit = _visit("completed", [(q, row[q]) for q in QUESTIONS if row[q]])
            assert not check_visit(visit, RULES), row
            found = _judged(visit)
            assert found.poor == (row["poor"] == "yes"), row
            assert found.poor_by_line == (row["poor_by_line"] == "yes"), row
            assert found.unanswered == ()
            assert approves(visit, RULES) == (row["approves"] == "yes"), row


def test_every_household_of_both_lists_is_found_where_it_is_listed(
    world, codes, truths, field, rows_of
):
    for code in codes:
        truth_of = {t["register_id"]: t for t in truths[code] if t["register_id"]}
        truth_of |= {i: t for t in truths[code] for i in t["roster_ids"].split(";") if i}
        for part, key in (("register", "household_id"), ("roster", "roster_id")):
            for row in rows_of(world / "lists" / f"{code}_{part}.csv"):
                truth = truth_of[row[key]]
                found = field.visit(code, _blind(row), inspector_id="i")
                if truth["presence"] == "home":
                    assert found.outcome == "completed"
                    assert dict(found.answers)["residents_count"] == truth["residents_count"]
                else:
                    assert found.outcome == truth["presence"] == found.replacement_reason


def test_nobody_is_found_where_nobody_lives(field, truths, codes):
    row = {**truths[codes[0]][0], "head_name": "无此人"}
    found = field.visit(codes[0], _blind(row), inspector_id="i")
    assert (found.outcome, found.answers) == ("not-found", ())


def test_the_same_visit_gives_the_same_answers(world, codes, truths, field):
    other = Field(world)
    for row in truths[codes[2]][:300]:
        first = field.visit(codes[2], _blind(row), inspector_id="i")
        assert first == other.visit(codes[2], _blind(row), inspector_id="i")


def test_another_seed_makes_other_slips(world, codes, truths):
    one, other = Field(world), Field(world, seed="other")
    rows = truths[codes[4]][:500]
    assert any(
        one.visit(codes[4], _blind(row), inspector_id="i")
        != other.visit(codes[4], _blind(row), inspector_id="i")
        for row in rows
    )


def test_outcomes_and_reasons_are_those_of_the_rule_set(field, truths, codes):
    seen = Counter()
    for row in truths[codes[1]]:
        found = field.visit(codes[1], _blind(row), inspector_id="i")
        outcome = RULES.outcome(found.outcome)
        assert outcome is not None
        assert outcome.responded == bool(found.answers) == (not found.replacement_reason)
        assert not found.replacement_reason or found.replacement_reason in RULES.replacement_reasons
        seen[found.outcome] += 1
    assert 0.92 < seen["completed"] / sum(seen.values()) < 0.97


@pytest.mark.parametrize("kind", VisitKind)
def test_inspectors_err_as_stated_and_only_in_what_decides(field, codes, truths, kind):
    counts = Counter()
    for code in codes[2::2]:
        for row in truths[code]:
            if row["presence"] != "home":
                continue
            found = field.visit(code, _blind(row, kind), inspector_id="i")
            visit = _visit(found.outcome, found.answers)
            assert not check_visit(visit, RULES), row
            counts[row["poor"], _judged(visit).poor] += 1
    poor = counts["yes", True] + counts["yes", False]
    sound = counts["no", True] + counts["no", False]
    assert counts["yes", True] / poor == pytest.approx(SENSITIVITY, abs=0.04)
    assert counts["no", False] / sound == pytest.approx(SPECIFICITY, abs=0.002)


def test_a_revisit_errs_on_its_own(field, codes, truths):
    code = codes[4]
    missed = Counter()
    for row in truths[code]:
        if row["presence"] == "home" and row["poor"] == "yes":
            first, again = (
                _judged(_visit(f.outcome, f.answers)).poor
                for f in (
                    field.visit(code, _blind(row, kind), inspector_id=f"i-{kind}")
                    for kind in VisitKind
                )
            )
            missed[first, again] += 1
    assert missed[False, True] > 5
    assert missed[True, False] > 5
    assert missed[False, False] < missed[False, True]


def test_noise_never_crosses_a_criterion(codes, truths, world):
    """Wherever first judgement and truth agree, the failing criteria agree too."""
    field = Field(world, seed="noise")
    code = codes[2]
    for row in truths[code]:
        if row["presence"] != "home":
            continue
        found = field.visit(code, _blind(row), inspector_id="i")
        seen = _judged(_visit(found.outcome, found.answers))
        told = _judged(_visit("completed", [(q, row[q]) for q in QUESTIONS if row[q]]))
        if seen.poor == told.poor:
            assert seen.failing == told.failing
            assert seen.unstable_because == told.unstable_because


def test_reviewers_say_the_truth_about_a_case(field, codes, truths):
    for row in truths[codes[2]]:
        poor = row["poor"] == "yes"
        for household_id in filter(None, [row["register_id"]]):
            assert (
                field.check_case(codes[2], household_id, "wrongful-exit", reviewer_id="r") == poor
            )
            assert field.check_case(codes[2], household_id, "missed-exit", reviewer_id="r") != poor
        for roster_id in filter(None, row["roster_ids"].split(";")):
            stands = field.check_case(codes[2], f"R-{roster_id}", "omission", reviewer_id="r")
            assert stands == poor
