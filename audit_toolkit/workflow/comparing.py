"""Comparing filed with found, ruling on suspected cases, and checking step logs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import OperatorError, RegisterError, WrongStageError
from ..interchange import read_table
from ..model import (
    Action,
    Case,
    CaseState,
    Discrepancy,
    FindingsLock,
    Person,
    Rectification,
    Ruling,
    StepFault,
    StepRecord,
    Verdict,
)
from ..registers import check_steps
from ..rulings import accept_ruling, rectifications, rulings_on
from ..store import Store, Transaction
from .access import authorise, record, require_round
from .context import Context
from .county import NO_STEP, CaseRow, CountyFacts, is_suspected


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
        facts = CountyFacts(tx, county_code)
        cases = facts.suspected()
        changed = _keep_cases(tx, county_code, cases)
        record(
            tx,
            context,
            "compare",
            county_code=county_code,
            households=len(facts.first),
            discrepancies=len(facts.discrepancies),
            cases=len(cases),
            changed=changed,
        )
    return Comparison(
        county_code=county_code,
        households=len(facts.first),
        discrepancies=facts.discrepancies,
        cases=cases,
    )


def cases(context: Context, store: Store, *, county_code: str) -> tuple[CaseRow, ...]:
    """Return the suspected cases of a county with their state and rulings."""
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_CASES, county_code)
        return CountyFacts(tx, county_code).cases


def rule_case(
    context: Context, store: Store, *, case_id: str, verdict: Verdict, reason: str
) -> CaseState:
    """Record one reviewer's ruling; return where the case stands then.

    Two reviewers must agree; where they differ a third decides. Rulings hold for the failing
    criteria that they were given on: where a correction changes these, the case is open again.

    Raises
    ------
    OperatorError
        The case is unknown or closed; the reviewer, or someone of the same name, has ruled on it
        or visited the household as an inspector; or no reason is given.
    """
    with store.transaction() as tx:
        case = tx.latest(Case, case_id)
        if case is None or not is_suspected(case):
            raise OperatorError("case-unknown", case=case_id)
        reviewer = authorise(tx, context, Action.RULE_CASE, case.county_code)
        ruling = Ruling(
            case_id=case_id,
            county_code=case.county_code,
            reviewer_id=context.person_id,
            verdict=verdict,
            reason=reason,
            ruled_at=context.clock(),
            grounds=case.failing,
        )
        earlier = rulings_on(case, tx.all(Ruling, county=case.county_code))
        # One person may have been entered twice: ids differ then, the name does not.
        same_name = {p.person_id for p in tx.all(Person) if p.name == reviewer.name}
        visited = any(
            a.household_id == case.household_id for p in same_name for a in tx.assignments_of(p)
        )
        state = accept_ruling(
            case,
            earlier,
            ruling,
            inspectors=frozenset({context.person_id} if visited else ()),
        )
        other = next((r.reviewer_id for r in earlier if r.reviewer_id in same_name), None)
        if other is not None:
            raise OperatorError("ruling-same-name", case=case_id, other=other, name=reviewer.name)
        tx.append(ruling, key=f"{case_id}|{context.person_id}", county=case.county_code)
        record(
            tx,
            context,
            "rule-case",
            county_code=case.county_code,
            subject=case_id,
            verdict=verdict.value,
            reason=reason,
            grounds=list(case.failing),
            state=state.value,
        )
    return state


def to_rectify(context: Context, store: Store, *, county_code: str) -> tuple[Rectification, ...]:
    """Return what has to be put right in a county after the confirmed cases."""
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_CASES, county_code)
        return rectifications(CountyFacts(tx, county_code).ruled)


def import_steps(context: Context, store: Store, path: Path, *, county_code: str) -> int:
    """Take in the step logs of a county and its households; return how many steps.

    A later file takes the place of an earlier one as a whole.

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
        _keep_steps(tx, county_code, steps)
        record(
            tx,
            context,
            "import-steps",
            county_code=county_code,
            subject=path.name,
            sha256=table.sha256,
            steps=len(steps),
        )
    return len(steps)


def check_procedures(context: Context, store: Store, *, county_code: str) -> tuple[StepFault, ...]:
    """Return the faults of the county's step log and of its sampled exited households' logs."""
    with store.transaction() as tx:
        authorise(tx, context, Action.CHECK_PROCEDURES, county_code)
        faults = CountyFacts(tx, county_code).step_faults
        record(tx, context, "check-procedures", county_code=county_code, faults=len(faults))
    return faults


def require_lock(tx: Transaction, county_code: str) -> None:
    """Refuse to compare or conclude while field work is open."""
    if tx.latest(FindingsLock, county_code) is None:
        raise WrongStageError("findings-open", county=county_code)


def require_comparison(facts: CountyFacts) -> None:
    """Refuse to go on from findings that differ from those last compared."""
    if {c.case_id: c for c, _ in facts.ruled} != {c.case_id: c for c in facts.suspected()}:
        raise WrongStageError("comparison-outdated", county=facts.county_code)


def _keep_steps(tx: Transaction, county_code: str, steps: Sequence[StepRecord]) -> None:
    """Append the steps by their place in the file, and blank the places that it leaves over."""
    blank = StepRecord(
        county_code=county_code,
        household_id="",
        step=NO_STEP,
        done_on=None,
        ended_on=None,
        objections_open=0,
        document="",
    )
    left_over = max(0, len(tx.all(StepRecord, county=county_code)) - len(steps))
    tx.append_many(
        [
            (step, f"{county_code}|{place}", county_code)
            for place, step in enumerate((*steps, *[blank] * left_over))
        ]
    )


def _keep_cases(tx: Transaction, county_code: str, current: Sequence[Case]) -> int:
    """Append the cases that are new or changed, and withdraw those no longer suspected."""
    kept = {c.case_id: c for c in tx.all(Case, county=county_code)}
    fresh = {c.case_id: c for c in current}
    changed = [c for key, c in fresh.items() if kept.get(key) != c]
    gone = [
        dataclasses.replace(c, failing=(), first_says=False, revisit_says=None)
        for key, c in kept.items()
        if key not in fresh and is_suspected(c)
    ]
    tx.append_many([(c, c.case_id, county_code) for c in (*changed, *gone)])
    return len(changed) + len(gone)
