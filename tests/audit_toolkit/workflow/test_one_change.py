"""One corrected finding changes its case, its county, the pool and what uses it, no more."""

from __future__ import annotations

from rounds import GOOD_ANSWERS, HUNGRY, SmallRound

from audit_toolkit import workflow
from audit_toolkit.model import CaseKind, Results, VisitKind

FIRST, OTHERS = "900121", ("900122", "900123")


def all_results(small: SmallRound) -> dict[str, Results]:
    return {
        code: workflow.results(small.by("eva"), small.store, county_code=code)
        for code in small.codes
    }


def all_cases(small: SmallRound) -> dict[str, object]:
    return {
        case.case_id: (case, state)
        for code in small.codes
        for case, state, _ in workflow.cases(small.by("eva"), small.store, county_code=code)
    }


def all_findings(small: SmallRound) -> dict[str, object]:
    return {
        f.visit.assignment_id: f
        for code in small.codes
        for kind in VisitKind
        for f in workflow.findings(small.by("eva"), small.store, county_code=code, kind=kind)
    }


def correct(small: SmallRound, answers: dict[str, str], *, poor_now: bool) -> str:
    """Correct one first visit of an exited household of the first county."""
    exited = {
        h.household_id
        for h in workflow.frame_rows(small.by("eva"), small.store, county_code=FIRST)
        if h.status.value == "exited"
    }
    revisited = {
        f.household_id
        for f in workflow.findings(
            small.by("eva"), small.store, county_code=FIRST, kind=VisitKind.REVISIT
        )
    }
    food = "yes" if poor_now else "no"
    finding = next(
        f
        for f in workflow.findings(small.by("eva"), small.store, county_code=FIRST)
        if f.household_id in exited - revisited and f.visit.answer("food") == food
    )
    household = next(
        v
        for v in workflow.my_visits(small.by(finding.inspector_id), small.store)
        if v.assignment_id == finding.visit.assignment_id
    )
    small.visit(household, finding.inspector_id, answers, reason="看错了一行")
    return finding.visit.assignment_id


def without_pool(results: Results) -> tuple[object, ...]:
    """Return what of a county's results does not use the pooled correlation."""
    return (
        results.inspector_error,
        results.response,
        results.procedure_complete,
        tuple((i.name, i.unit, i.formula, i.estimate, i.events) for i in results.indicators),
    )


def test_a_correction_changes_its_case_its_county_and_the_pool_only(round_at):
    small = round_at("estimated")
    before, cases, findings = all_results(small), all_cases(small), all_findings(small)
    journal = workflow.verify_journal(small.by("eva"), small.store)

    changed = correct(small, dict(HUNGRY), poor_now=True)
    small.compare()
    workflow.estimate(small.by("eva"), small.store)

    after = all_results(small)
    new_findings = all_findings(small)
    assert {k for k in findings if findings[k] != new_findings[k]} == {changed}
    new_cases = all_cases(small)
    assert len(new_cases) == len(cases) + 1
    assert all(new_cases[key] == value for key, value in cases.items())
    (opened,) = set(new_cases) - set(cases)
    assert new_cases[opened][0].kind is CaseKind.WRONGFUL_EXIT
    assert without_pool(after[FIRST]) != without_pool(before[FIRST])
    for code in OTHERS:
        assert without_pool(after[code]) == without_pool(before[code])
    assert workflow.verify_journal(small.by("eva"), small.store).head != journal.head


def test_taking_the_correction_back_restores_everything_but_the_record(round_at):
    small = round_at("estimated")
    before, cases = all_results(small), all_cases(small)
    changed = correct(small, dict(HUNGRY), poor_now=True)
    small.compare()
    finding = all_findings(small)[changed]
    household = next(
        v
        for v in workflow.my_visits(small.by(finding.inspector_id), small.store)
        if v.assignment_id == changed
    )
    small.visit(household, finding.inspector_id, dict(GOOD_ANSWERS), reason="原来是对的")
    small.compare()
    workflow.estimate(small.by("eva"), small.store)
    assert all_results(small) == before
    assert all_cases(small) == cases
    assert all_findings(small)[changed].version == 3


def test_reports_of_other_counties_stay_the_same_when_the_pool_does(round_at):
    small = round_at("reported")
    before = small.files("reports")
    correct(small, dict(HUNGRY), poor_now=True)
    small.compare()
    workflow.estimate(small.by("eva"), small.store)
    workflow.write_county_report(small.by("eva"), small.store, county_code=FIRST)
    after = small.files("reports")
    changed = {name for name in before if before[name] != after[name]}
    assert changed
    assert all(name.startswith(FIRST) for name in changed)


def test_a_correction_without_reason_is_refused(round_at):
    import pytest

    from audit_toolkit.errors import OperatorError

    small = round_at("estimated")
    inspector = f"ins-{FIRST}-1"
    household = next(
        v
        for v in workflow.my_visits(small.by(inspector), small.store)
        if v.state.value == "visited"
    )
    with pytest.raises(OperatorError) as refusal:
        small.visit(household, inspector, dict(HUNGRY))
    assert refusal.value.code == "correction-without-reason"
