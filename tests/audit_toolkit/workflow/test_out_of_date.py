"""What rests on something older than it ought to is refused or opened again, never printed."""

from __future__ import annotations

import pytest
from rounds import GOOD_ANSWERS, HUNGRY, SmallRound

from audit_toolkit import workflow
from audit_toolkit.errors import OperatorError, WrongStageError
from audit_toolkit.model import Case, CaseState, Finding, Verdict, VisitKind

CODE = "900121"
WORSE = {**HUNGRY, "school_dropout_count": "1"}


def exited_finding(small: SmallRound, food: str) -> Finding:
    """Return the first visit of an exited household of the county that was not visited again."""
    filed = workflow.frame_rows(small.by("eva"), small.store, county_code=CODE)
    exited = {h.household_id for h in filed if h.status.value == "exited"}
    pairs = workflow.findings(
        small.by("eva"), small.store, county_code=CODE, kind=VisitKind.REVISIT
    )
    again = {f.household_id for f in pairs}
    return next(
        f
        for f in workflow.findings(small.by("eva"), small.store, county_code=CODE)
        if f.household_id in exited - again and f.visit.answer("food") == food
    )


def correct(small: SmallRound, finding: Finding, answers: dict[str, str]) -> None:
    household = next(
        v
        for v in workflow.my_visits(small.by(finding.inspector_id), small.store)
        if v.assignment_id == finding.visit.assignment_id
    )
    small.visit(household, finding.inspector_id, answers, reason="漏记一项")


def case_of(small: SmallRound, finding: Finding) -> tuple[Case, CaseState]:
    return next(
        (case, state)
        for case, state, _ in workflow.cases(small.by("eva"), small.store, county_code=CODE)
        if case.household_id == finding.household_id
    )


def rule(small: SmallRound, case: Case, verdict: Verdict) -> None:
    for reviewer in ("rev-1", "rev-2"):
        workflow.rule_case(
            small.by(reviewer), small.store, case_id=case.case_id, verdict=verdict, reason="已核实"
        )


def with_a_case(small: SmallRound) -> Finding:
    finding = exited_finding(small, "yes")
    correct(small, finding, dict(HUNGRY))
    small.compare()
    return finding


def test_a_household_found_poor_counts_only_once_its_case_is_open(round_at):
    small = round_at("locked")
    with pytest.raises(WrongStageError) as refusal:
        workflow.estimate(small.by("eva"), small.store)
    assert refusal.value.code == "comparison-outdated"
    small.compare()
    opened = workflow.cases(small.by("eva"), small.store, county_code=CODE)
    outcome = workflow.estimate(small.by("eva"), small.store)[0].outcome
    assert opened
    assert (outcome.open_cases, outcome.provisional) == (len(opened), True)


def test_a_correction_after_the_comparison_needs_another_one(round_at):
    small = round_at("ruled")
    finding = with_a_case(small)
    correct(small, finding, dict(GOOD_ANSWERS))
    with pytest.raises(WrongStageError) as refusal:
        workflow.estimate(small.by("eva"), small.store)
    assert refusal.value.code == "comparison-outdated"


def test_rulings_do_not_close_a_case_that_has_other_grounds_now(round_at):
    small = round_at("ruled")
    finding = with_a_case(small)
    rule(small, case_of(small, finding)[0], Verdict.DISMISSED)
    correct(small, finding, dict(WORSE))
    small.compare()
    case, state = case_of(small, finding)
    assert set(case.failing) == {"food", "education"}
    assert state is CaseState.OPEN
    rule(small, case, Verdict.CONFIRMED)
    assert case_of(small, finding)[1] is CaseState.CONFIRMED


def test_rulings_stand_where_a_correction_leaves_the_grounds_as_they_are(round_at):
    small = round_at("ruled")
    finding = with_a_case(small)
    rule(small, case_of(small, finding)[0], Verdict.DISMISSED)
    correct(small, finding, {**HUNGRY, "wage_income": "16001.00"})
    small.compare()
    assert case_of(small, finding)[1] is CaseState.DISMISSED


def test_a_report_is_refused_where_the_county_changed_since_it_was_estimated(round_at):
    small = round_at("estimated")
    finding = with_a_case(small)
    with pytest.raises(WrongStageError) as refusal:
        workflow.write_county_report(small.by("eva"), small.store, county_code=CODE)
    assert refusal.value.code == "results-outdated"
    workflow.estimate(small.by("eva"), small.store)
    assert workflow.write_county_report(small.by("eva"), small.store, county_code=CODE)
    rule(small, case_of(small, finding)[0], Verdict.CONFIRMED)
    with pytest.raises(WrongStageError) as later:
        workflow.write_county_report(small.by("eva"), small.store, county_code=CODE)
    assert later.value.code == "results-outdated"


def test_a_household_that_answered_is_not_replaced(round_at):
    small = round_at("released")
    inspector = f"ins-{CODE}-1"
    household = workflow.my_visits(small.by(inspector), small.store)[0]
    small.visit(household, inspector, dict(HUNGRY))
    with pytest.raises(OperatorError) as refusal:
        workflow.replace(
            small.by(inspector),
            small.store,
            assignment_id=household.assignment_id,
            reason_code="absent",
        )
    assert refusal.value.code == "visit-answered"


def test_an_answered_visit_keeps_its_answers_once_field_work_is_closed(round_at):
    small = round_at("ruled")
    code = small.codes[0]
    poor = next(
        case.household_id
        for case, state, _ in workflow.cases(small.by("eva"), small.store, county_code=code)
        if state.value == "confirmed"
    )
    finding = next(
        f
        for f in workflow.findings(small.by("eva"), small.store, county_code=code)
        if f.household_id == poor
    )
    household = next(
        v
        for v in workflow.my_visits(small.by(finding.inspector_id), small.store)
        if v.assignment_id == finding.visit.assignment_id
    )
    with pytest.raises(WrongStageError) as refusal:
        small.visit(household, finding.inspector_id, outcome="refused", reason="户主反悔")
    assert refusal.value.code == "answers-retracted"
