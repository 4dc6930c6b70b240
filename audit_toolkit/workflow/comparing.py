"""Comparing filed with found, ruling on suspected cases, and checking step logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import OperatorError, RegisterError, WrongStageError
from ..fieldwork import compare
from ..interchange import read_table
from ..model import (
    Action,
    Assignment,
    Case,
    CaseState,
    Discrepancy,
    Finding,
    FindingsLock,
    FrameHousehold,
    Judgement,
    Rectification,
    RuleSet,
    Ruling,
    StepFault,
    StepRecord,
    Stratum,
    Verdict,
    VisitKind,
)
from ..registers import check_steps
from ..rules import judge
from ..rulings import (
    accept_ruling,
    case_state,
    check_county_steps,
    check_household_steps,
    open_cases,
    rectifications,
)
from ..store import Store, Transaction
from .access import authorise, current_draw, record, require_round, require_rules
from .context import Context

Judged = dict[str, tuple[Finding, Judgement]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the comparison of one county gave."""

    county_code: str
    households: int
    discrepancies: tuple[Discrepancy, ...]
    cases: tuple[Case, ...]


def compare_county(context: Context, store: Store, *, county_code: str) -> Comparison:
    """Compare filed with found in a county and open (or withdraw) its suspected cases.

    Only what changed gets a new version, so that one corrected finding changes one case.

    Raises
    ------
    WrongStageError
        The county's findings are not locked.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.COMPARE, county_code)
        require_lock(tx, county_code)
        rules, exit_year = require_rules(tx), require_round(tx).exit_year
        first = judged(tx, county_code, VisitKind.FIRST, rules, exit_year)
        revisit = judged(tx, county_code, VisitKind.REVISIT, rules, exit_year)
        households = sampled_households(tx, county_code)
        discrepancies = discrepancies_of(tx, county_code, rules, exit_year)
        cases = open_cases(county_code, households, first, revisit)
        changed = _keep_cases(tx, county_code, cases)
        record(
            tx,
            context,
            "compare",
            county_code=county_code,
            households=len(first),
            discrepancies=len(discrepancies),
            cases=len(cases),
            changed=changed,
        )
    return Comparison(
        county_code=county_code,
        households=len(first),
        discrepancies=discrepancies,
        cases=cases,
    )


def cases(
    context: Context, store: Store, *, county_code: str
) -> tuple[tuple[Case, CaseState, tuple[Ruling, ...]], ...]:
    """Return the suspected cases of a county with their state and rulings."""
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_CASES, county_code)
        return cases_with_state(tx, county_code)


def rule_case(
    context: Context, store: Store, *, case_id: str, verdict: Verdict, reason: str
) -> CaseState:
    """Record one reviewer's ruling; return where the case stands then.

    Two reviewers must agree; where they differ a third decides.

    Raises
    ------
    OperatorError
        The case is unknown or closed, the reviewer has ruled on it or visited the household
        as an inspector, or no reason is given.
    """
    with store.transaction() as tx:
        case = tx.latest(Case, case_id)
        if case is None or not is_suspected(case):
            raise OperatorError("case-unknown", case=case_id)
        authorise(tx, context, Action.RULE_CASE, case.county_code)
        ruling = Ruling(
            case_id=case_id,
            county_code=case.county_code,
            reviewer_id=context.person_id,
            verdict=verdict,
            reason=reason,
            ruled_at=context.clock(),
        )
        visitors = frozenset(
            a.inspector_id
            for a in tx.all(Assignment, county=case.county_code)
            if a.household_id == case.household_id
        )
        state = accept_ruling(case, rulings_of(tx, case), ruling, inspectors=visitors)
        tx.append(ruling, key=f"{case_id}|{context.person_id}", county=case.county_code)
        record(
            tx,
            context,
            "rule-case",
            county_code=case.county_code,
            subject=case_id,
            verdict=verdict.value,
            reason=reason,
            state=state.value,
        )
    return state


def to_rectify(context: Context, store: Store, *, county_code: str) -> tuple[Rectification, ...]:
    """Return what has to be put right in a county after the confirmed cases."""
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_CASES, county_code)
        return rectifications([(c, s) for c, s, _ in cases_with_state(tx, county_code)])


def import_steps(context: Context, store: Store, path: Path, *, county_code: str) -> int:
    """Take in the step logs of a county and its households; return how many steps.

    Raises
    ------
    RegisterError
        Holds every problem by row and column; nothing was imported.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.IMPORT_STEPS, county_code)
        table = read_table(path, list_name="steps")
        steps, problems = check_steps(table, require_round(tx), county_code=county_code)
        if problems:
            raise RegisterError("list-refused", problems=problems, file=path.name)
        tx.append_many(
            [(s, f"{county_code}|{s.household_id}|{s.step}", county_code) for s in steps]
        )
        record(
            tx,
            context,
            "import-steps",
            county_code=county_code,
            subject=path.name,
            steps=len(steps),
        )
    return len(steps)


def check_procedures(context: Context, store: Store, *, county_code: str) -> tuple[StepFault, ...]:
    """Return the faults of the county's step log and of its sampled exited households' logs."""
    with store.transaction() as tx:
        authorise(tx, context, Action.CHECK_PROCEDURES, county_code)
        faults = step_faults(tx, county_code, require_rules(tx))
        record(tx, context, "check-procedures", county_code=county_code, faults=len(faults))
    return faults


def require_lock(tx: Transaction, county_code: str) -> None:
    """Refuse to compare or conclude while field work is open."""
    if tx.latest(FindingsLock, county_code) is None:
        raise WrongStageError("findings-open", county=county_code)


def judged(
    tx: Transaction, county_code: str, kind: VisitKind, rules: RuleSet, exit_year: int
) -> Judged:
    """Return the newest finding of each responding household with its judgement."""
    pairs: Judged = {}
    for finding in tx.findings(county_code, kind):
        outcome = rules.outcome(finding.visit.outcome)
        if outcome is not None and outcome.responded:
            pairs[finding.household_id] = (
                finding,
                judge(finding.visit, rules, exit_year=exit_year),
            )
    return pairs


def discrepancies_of(
    tx: Transaction, county_code: str, rules: RuleSet, exit_year: int
) -> tuple[Discrepancy, ...]:
    """Return the filed values of a county that differ from what first visits found."""
    filed = {r.household_id: r for r in tx.register(county_code)}
    households = sampled_households(tx, county_code)
    first = judged(tx, county_code, VisitKind.FIRST, rules, exit_year)
    return tuple(
        item
        for household_id, (finding, judgement) in sorted(first.items())
        for item in compare(
            households[household_id],
            filed.get(households[household_id].register_id or ""),
            finding.visit,
            judgement,
            rules,
            exit_year=exit_year,
        )
    )


def sampled_households(tx: Transaction, county_code: str) -> dict[str, FrameHousehold]:
    """Return the county's drawn households and reserves, by household id."""
    drawn = {h.household_id for h in current_draw(tx).households if h.county_code == county_code}
    return {
        u.household.household_id: u.household
        for u in tx.frame_units(county_code)
        if u.household.household_id in drawn
    }


def checked_exited(tx: Transaction, county_code: str) -> tuple[str, ...]:
    """Return the visited exited households whose step logs are checked."""
    households = sampled_households(tx, county_code)
    return tuple(
        sorted(
            f.household_id
            for f in tx.findings(county_code, VisitKind.FIRST)
            if Stratum.of(households[f.household_id].status) is Stratum.EXITED
        )
    )


def step_faults(tx: Transaction, county_code: str, rules: RuleSet) -> tuple[StepFault, ...]:
    """Return all faults of the county's step logs."""
    records = tx.all(StepRecord, county=county_code)
    return (
        *check_county_steps(records, county_code, rules),
        *check_household_steps(
            records, checked_exited(tx, county_code), rules, county_code=county_code
        ),
    )


def is_suspected(case: Case) -> bool:
    """Tell whether a visit still says what the case says; a correction may withdraw it."""
    return case.first_says or bool(case.revisit_says)


def rulings_of(tx: Transaction, case: Case) -> tuple[Ruling, ...]:
    """Return the rulings on a case, in the order given."""
    return tuple(r for r in tx.all(Ruling, county=case.county_code) if r.case_id == case.case_id)


def cases_with_state(
    tx: Transaction, county_code: str
) -> tuple[tuple[Case, CaseState, tuple[Ruling, ...]], ...]:
    """Return suspected cases, state and rulings."""
    by_case: dict[str, list[Ruling]] = {}
    for ruling in tx.all(Ruling, county=county_code):
        by_case.setdefault(ruling.case_id, []).append(ruling)
    return tuple(
        (case, case_state(given), given)
        for case in tx.all(Case, county=county_code)
        if is_suspected(case)
        for given in [tuple(by_case.get(case.case_id, ()))]
    )


def _keep_cases(tx: Transaction, county_code: str, current: Sequence[Case]) -> int:
    """Append the cases that are new or changed, and withdraw those no longer suspected."""
    kept = {c.case_id: c for c in tx.all(Case, county=county_code)}
    fresh = {c.case_id: c for c in current}
    changed = [c for key, c in fresh.items() if kept.get(key) != c]
    gone = [_withdrawn(c) for key, c in kept.items() if key not in fresh and c != _withdrawn(c)]
    tx.append_many([(c, c.case_id, county_code) for c in (*changed, *gone)])
    return len(changed) + len(gone)


def _withdrawn(case: Case) -> Case:
    return Case(
        case_id=case.case_id,
        county_code=case.county_code,
        household_id=case.household_id,
        kind=case.kind,
        status=case.status,
        persons=case.persons,
        failing=(),
        first_says=False,
        revisit_says=None,
    )
