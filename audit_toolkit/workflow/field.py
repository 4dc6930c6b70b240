"""Field work: who goes where, what is released when, and what is found."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from ..drawing import assign, blind, replace_with_reserve
from ..errors import OperatorError, PermissionRefusedError, RegisterError, WrongStageError
from ..fieldwork import check_visit, soft_checks
from ..model import (
    Action,
    Assignment,
    AssignmentState,
    BlindHousehold,
    Case,
    CaseState,
    Draw,
    Finding,
    FindingsLock,
    FrameUnit,
    Person,
    Plan,
    ProblemList,
    Role,
    RuleSet,
    Ruling,
    VillageRelease,
    Visit,
    VisitKind,
)
from ..rulings import case_state, rulings_on
from ..store import Store, Transaction
from .access import authorise, current_draw, record, require_round, require_rules
from .context import Context


def assign_inspectors(
    context: Context,
    store: Store,
    *,
    recusals: Mapping[str, frozenset[str]] | None = None,
) -> int:
    """Pair villages with inspectors by the draw's own tickets; return how many visits there are.

    Parameters
    ----------
    recusals : mapping of str to frozenset of str, optional
        Inspector to the codes of villages where they must not go.

    Raises
    ------
    WrongStageError
        Nothing is drawn, or the draw is assigned already.
    OperatorError
        A county has fewer than two inspectors, so that no blind revisit is possible; or a recusal
        names somebody who is no inspector, or a village that is not in the frame.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.ASSIGN)
        drawn = current_draw(tx)
        if tx.all(Assignment):
            raise WrongStageError("already-assigned")
        inspectors = {
            county.county_code: [
                p.person_id
                for p in tx.all(Person)
                if p.role is Role.INSPECTOR and p.active and county.county_code in p.counties
            ]
            for county in require_round(tx).counties
        }
        units = tx.frame_units()
        _check_recusals(recusals or {}, inspectors, units)
        assignments = assign(drawn, units, inspectors, tx.all(Plan), recusals=dict(recusals or {}))
        tx.append_many([(a, a.assignment_id, a.county_code) for a in assignments])
        record(
            tx,
            context,
            "assign",
            visits=len(assignments),
            revisits=sum(a.kind is VisitKind.REVISIT for a in assignments),
            recusals={k: sorted(v) for k, v in (recusals or {}).items()},
        )
    return len(assignments)


def release_villages(
    context: Context, store: Store, *, county_code: str, kind: VisitKind = VisitKind.FIRST
) -> int:
    """Name the drawn villages of a county to their inspectors; return how many were new.

    Households stay sealed until the inspector has arrived.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.RELEASE, county_code)
        drawn = current_draw(tx)
        names = {v.psu: v.village_code for v in drawn.villages if v.county_code == county_code}
        wanted = sorted(
            {
                (a.psu, a.inspector_id)
                for a in tx.all(Assignment, county=county_code)
                if a.kind is kind
            }
        )
        if not wanted:
            raise WrongStageError("not-assigned", county=county_code)
        places = {u.psu: u.household.village_name for u in tx.frame_units(county_code)}
        known = {(r.psu, r.inspector_id) for r in tx.all(VillageRelease, county=county_code)}
        new = [pair for pair in wanted if pair not in known]
        for psu, inspector_id in new:
            release = VillageRelease(
                county_code=county_code,
                psu=psu,
                village_name=places[psu],
                inspector_id=inspector_id,
                released_at=context.clock(),
            )
            tx.append(release, key=f"{psu}|{inspector_id}", county=county_code)
            record(
                tx,
                context,
                "release-village",
                county_code=county_code,
                subject=names[psu],
                inspector=inspector_id,
                kind=kind.value,
            )
    return len(new)


def my_villages(context: Context, store: Store) -> tuple[VillageRelease, ...]:
    """Return the villages released to the inspector who asks."""
    with store.reading() as tx:
        person = inspector(tx, context)
        return tuple(
            release
            for code in person.counties
            for release in tx.all(VillageRelease, county=code)
            if release.inspector_id == person.person_id
        )


def arrive(context: Context, store: Store, *, psu: str) -> int:
    """Record the inspector's arrival in a released village; name its households.

    Returns
    -------
    int
        How many households were named.

    Raises
    ------
    WrongStageError
        The village is not released to this inspector.
    """
    with store.transaction() as tx:
        person = inspector(tx, context)
        release = tx.latest(VillageRelease, f"{psu}|{person.person_id}")
        if release is None:
            raise WrongStageError("village-not-released", village=psu)
        authorise(tx, context, Action.ARRIVE, release.county_code)
        _refuse_locked(tx, release.county_code)
        sealed = [
            dataclasses.replace(a, state=AssignmentState.RELEASED)
            for a in tx.assignments_of(person.person_id)
            if a.psu == psu and a.state is AssignmentState.SEALED
        ]
        tx.append_many([(a, a.assignment_id, a.county_code) for a in sealed])
        if release.arrived_at is None:
            tx.append(
                dataclasses.replace(release, arrived_at=context.clock()),
                key=f"{psu}|{person.person_id}",
                county=release.county_code,
            )
        record(
            tx,
            context,
            "release-households",
            county_code=release.county_code,
            subject=psu,
            households=len(sealed),
        )
    return len(sealed)


def my_visits(context: Context, store: Store) -> tuple[BlindHousehold, ...]:
    """Return the inspector's own released households, in visiting order, with nothing filed."""
    with store.reading() as tx:
        person = inspector(tx, context)
        mine = [
            a
            for a in tx.assignments_of(person.person_id)
            if a.state is not AssignmentState.SEALED and a.county_code in person.counties
        ]
        units = {a.household_id: tx.frame_unit(a.household_id) for a in mine}
        return tuple(
            blind(a, unit)
            for a in sorted(mine, key=lambda a: (a.number, a.assignment_id))
            if (unit := units[a.household_id]) is not None
        )


def record_visit(context: Context, store: Store, visit: Visit) -> ProblemList:
    """Store one visit as the next version of its finding; return what the soft checks ask.

    This is the one way in for findings: forms, files and apps all end here.

    Raises
    ------
    RegisterError
        Hard checks failed; holds every problem, and nothing was stored.
    PermissionRefusedError
        The assignment is not this inspector's.
    WrongStageError
        The household is not released, or was replaced; or an answered visit would lose its
        answers after field work is closed.
    OperatorError
        A correction gives no reason, or reviewers have confirmed the household's case.
    """
    with store.transaction() as tx:
        assignment = own_assignment(tx, context, visit.assignment_id)
        rules = require_rules(tx)
        problems = check_visit(visit, rules)
        if problems:
            raise RegisterError("visit-refused", problems=problems, file=visit.assignment_id)
        earlier = tx.latest_finding(visit.assignment_id)
        if earlier is not None and earlier.visit == visit:
            return soft_checks(visit, rules)  # handed in twice: the answer had got lost
        if earlier is not None and not visit.reason.strip():
            raise OperatorError("correction-without-reason", assignment=visit.assignment_id)
        if earlier is None:
            _refuse_locked(tx, assignment.county_code)
        else:
            _refuse_retraction(tx, earlier, visit, rules)
            _refuse_confirmed(tx, assignment)
        now = context.clock()
        version = 1 if earlier is None else earlier.version + 1
        tx.append_finding(
            Finding(
                visit=visit,
                county_code=assignment.county_code,
                household_id=assignment.household_id,
                kind=assignment.kind,
                inspector_id=assignment.inspector_id,
                version=version,
                server_at=now,
            )
        )
        if assignment.state is not AssignmentState.VISITED:
            tx.append(
                dataclasses.replace(assignment, state=AssignmentState.VISITED),
                key=assignment.assignment_id,
                county=assignment.county_code,
            )
        record(
            tx,
            context,
            "record-visit" if earlier is None else "correct-visit",
            county_code=assignment.county_code,
            subject=assignment.assignment_id,
            outcome=visit.outcome,
            version=version,
            device_at=visit.device_at.isoformat(),
            reason=visit.reason,
        )
    return soft_checks(visit, rules)


def replace(
    context: Context, store: Store, *, assignment_id: str, reason_code: str
) -> BlindHousehold:
    """Replace a household by the next reserve in ticket order; return the new household.

    Raises
    ------
    OperatorError
        The household has answered, the reason is not one of the rule set's, or no reserve is left.
    """
    with store.transaction() as tx:
        assignment = own_assignment(tx, context, assignment_id)
        _refuse_locked(tx, assignment.county_code)
        _refuse_answered(tx, assignment_id)
        code = assignment.county_code
        drawn = current_draw(tx)
        old, new = replace_with_reserve(
            drawn,
            _units_of_village(tx, drawn, assignment.psu),
            tx.assignments_of(context.person_id),
            assignment_id,
            reason_code=reason_code,
            rules=require_rules(tx),
        )
        tx.append_many([(a, a.assignment_id, code) for a in (old, new)])
        record(
            tx,
            context,
            "replace-household",
            county_code=code,
            subject=assignment_id,
            reason=reason_code,
            by=new.assignment_id,
        )
        unit = tx.frame_unit(new.household_id)
    assert unit is not None
    return blind(new, unit)


def lock_findings(context: Context, store: Store, *, county_code: str) -> FindingsLock:
    """Close the field work of a county; afterwards only corrections with a reason are taken.

    Raises
    ------
    OperatorError
        Visits are still outstanding; each needs a finding or an outcome code first.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.LOCK_FINDINGS, county_code)
        _refuse_locked(tx, county_code)
        outstanding = [
            a.assignment_id
            for a in tx.all(Assignment, county=county_code)
            if a.state in (AssignmentState.SEALED, AssignmentState.RELEASED)
        ]
        if outstanding:
            raise OperatorError(
                "visits-outstanding",
                county=county_code,
                count=len(outstanding),
                first=outstanding[0],
            )
        if not tx.findings(county_code, VisitKind.FIRST):
            raise WrongStageError("no-findings", county=county_code)
        lock = FindingsLock(
            county_code=county_code, locked_at=context.clock(), locked_by=context.person_id
        )
        tx.append(lock, key=county_code, county=county_code)
        record(tx, context, "lock-findings", county_code=county_code)
    return lock


def _refuse_confirmed(tx: Transaction, assignment: Assignment) -> None:
    """Refuse to correct away what reviewers have confirmed: an inspector does not overrule them."""
    code = assignment.county_code
    given = tx.all(Ruling, county=code)
    for case in tx.all(Case, county=code):
        confirmed = case_state(rulings_on(case, given)) is CaseState.CONFIRMED
        if case.household_id == assignment.household_id and confirmed:
            # The case's id would tell the filed status.
            raise OperatorError("visit-confirmed", assignment=assignment.assignment_id)


def _refuse_answered(tx: Transaction, assignment_id: str) -> None:
    """Refuse to replace a household that ever answered: inspectors do not choose whom to keep."""
    responded = {o.code for o in require_rules(tx).outcome_codes if o.responded}
    if any(f.visit.outcome in responded for f in tx.finding_versions(assignment_id)):
        raise OperatorError("visit-answered", assignment=assignment_id)


def _check_recusals(
    recusals: Mapping[str, frozenset[str]],
    inspectors: Mapping[str, list[str]],
    units: Sequence[FrameUnit],
) -> None:
    """Refuse a recusal that would do nothing because a name in it is mistyped."""
    known = {person for people in inspectors.values() for person in people}
    villages = {unit.household.village_code for unit in units}
    for person, places in recusals.items():
        strangers = sorted(places - villages)
        if person not in known or strangers:
            raise OperatorError(
                "recusal-unknown", person=person, villages=", ".join(strangers) or "-"
            )


def _units_of_village(tx: Transaction, drawn: Draw, psu: str) -> list[FrameUnit]:
    units = [tx.frame_unit(h.household_id) for h in drawn.households if h.psu == psu]
    return [unit for unit in units if unit is not None]


def inspector(tx: Transaction, context: Context) -> Person:
    """Return the person if they are an inspector of any county; each row is checked again."""
    person = tx.latest(Person, context.person_id)
    county = person.counties[0] if person is not None and person.counties else None
    return authorise(tx, context, Action.SEE_OWN_VISITS, county)


def own_assignment(
    tx: Transaction, context: Context, assignment_id: str, action: Action = Action.RECORD_VISIT
) -> Assignment:
    """Return a visit of the inspector who acts, or refuse: another's, still sealed, or replaced."""
    assignment = tx.assignment(assignment_id)
    if assignment is None:
        inspector(tx, context)
        raise OperatorError("assignment-unknown", assignment=assignment_id)
    authorise(tx, context, action, assignment.county_code)
    if assignment.inspector_id != context.person_id:
        raise PermissionRefusedError("not-your-visit", assignment=assignment_id)
    if assignment.state is AssignmentState.SEALED:
        raise WrongStageError("visit-sealed", assignment=assignment_id)
    if assignment.state is AssignmentState.REPLACED:
        raise WrongStageError("visit-replaced", assignment=assignment_id)
    return assignment


def _refuse_retraction(tx: Transaction, earlier: Finding, visit: Visit, rules: RuleSet) -> None:
    """Refuse to turn an answered visit into one without answers once field work is closed.

    A confirmed case would vanish with its answers; what was answered can be corrected, not undone.
    """
    if tx.latest(FindingsLock, earlier.county_code) is None:
        return
    before, after = (rules.outcome(v.outcome) for v in (earlier.visit, visit))
    if before is not None and before.responded and not (after is not None and after.responded):
        raise WrongStageError(
            "answers-retracted", assignment=visit.assignment_id, outcome=visit.outcome
        )


def _refuse_locked(tx: Transaction, county_code: str) -> None:
    if tx.latest(FindingsLock, county_code) is not None:
        raise WrongStageError("findings-locked", county=county_code)
