"""What the first screens show: who acts, what waits for them, and the round at a glance."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from ..errors import OperatorError, PermissionRefusedError
from ..model import (
    Action,
    Assignment,
    AssignmentState,
    Case,
    CeremonyState,
    CountyOverview,
    Draw,
    FindingsLock,
    Freeze,
    Identity,
    OrderReply,
    OutcomeKind,
    Person,
    Plan,
    Provenance,
    ProvincialDecision,
    ReportFile,
    Results,
    Role,
    Round,
    Ruling,
    VillageRelease,
    Waiting,
    may,
)
from ..rulings import CLOSED, case_state
from ..store import Store, Transaction, read_report, report_names
from .access import (
    authorise,
    current_ceremony,
    require_ceremony,
    require_freeze,
    require_round,
    require_rules,
)
from .concluding import require_results
from .context import Context
from .county import is_suspected


def who_am_i(context: Context, store: Store) -> Identity:
    """Return who acts, as what, and in whose evaluation.

    Raises
    ------
    PermissionRefusedError
        The person is not of this round, or not active.
    """
    with store.reading() as tx:
        person, round_ = _person(tx, context), require_round(tx)
    return Identity(
        person_id=person.person_id,
        name=person.name,
        role=person.role,
        counties=tuple(c for c in round_.counties if c.county_code in person.counties),
        round_name=round_.round_name,
        institution=round_.institution,
        exit_year=round_.exit_year,
    )


def waiting(context: Context, store: Store) -> tuple[Waiting, ...]:
    """Return what waits for the person who asks; nothing with a count of 0."""
    with store.reading() as tx:
        person, round_ = _person(tx, context), require_round(tx)
        found = _WAITING[person.role](tx, person, round_) if person.role in _WAITING else ()
        return tuple(item for item in found if item.count)


def round_overview(context: Context, store: Store) -> tuple[CountyOverview, ...]:
    """Return the counties of the round that the person may see results of, by code."""
    with store.reading() as tx:
        person = _person(tx, context)
        codes = [c for c in require_round(tx).counties if _sees(person, c.county_code)]
        if not codes:
            authorise(tx, context, Action.SEE_RESULTS)
        locked = {lock.county_code for lock in tx.all(FindingsLock)}
        return tuple(
            CountyOverview(
                county_code=county.county_code,
                name=county.name,
                locked=county.county_code in locked,
                kind=None if kept is None else kept.outcome.kind,
                official_kind=None if kept is None else kept.outcome.official_kind,
                reasons=() if kept is None else kept.outcome.reasons,
                provisional=kept is not None and kept.outcome.provisional,
            )
            for county in codes
            for kept in [tx.latest(Results, county.county_code)]
        )


def county_plan(context: Context, store: Store, *, county_code: str) -> Plan | None:
    """Return the plan that a county's results rest on, with its risks; None where none is made."""
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_RESULTS, county_code)
        return tx.latest(Plan, county_code)


def provenance(context: Context, store: Store, *, county_code: str) -> Provenance:
    """Return where a county's results come from: frame, ceremony, rules, software, journal.

    Raises
    ------
    WrongStageError
        Nothing has been estimated for the county.
    """
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_RESULTS, county_code)
        kept, freeze = require_results(tx, county_code), require_freeze(tx)
        ceremony = require_ceremony(tx, CeremonyState.DRAWN, CeremonyState.DISCLOSED)
        drawn = tx.latest(Draw, str(ceremony.number))
        head = tx.journal_head()
        if ceremony.state is not CeremonyState.DISCLOSED:
            # The digest gives the ids of visits away to whoever holds the public frame.
            ceremony = dataclasses.replace(ceremony, seed_sha256="")
        assert drawn is not None
        assert head is not None
        return Provenance(
            key=kept.key,
            root=freeze.root,
            unit_count=freeze.unit_count,
            public_frame_sha256=freeze.public_frame_sha256,
            ceremony=ceremony,
            draw_digest=drawn.digest,
            rule_set_id=kept.rule_set_id,
            rule_set_sha256=kept.rule_set_sha256,
            software=kept.software,
            journal_entries=head.number,
            journal_head=head.hash,
        )


def report_files(context: Context, store: Store, *, county_code: str) -> tuple[ReportFile, ...]:
    """Return the reports written for a county, by name."""
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_RESULTS, county_code)
    return tuple(
        ReportFile(name=name, size_bytes=size)
        for name, size in report_names(store)
        if name.startswith(f"{county_code}_")
    )


def report_file(context: Context, store: Store, *, county_code: str, name: str) -> bytes:
    """Return a report of a county.

    Raises
    ------
    OperatorError
        The county has no report of that name.
    """
    known = [file.name for file in report_files(context, store, county_code=county_code)]
    if name not in known:
        raise OperatorError("report-unknown", name=name, known=", ".join(known) or "-")
    return read_report(store, name)


def _person(tx: Transaction, context: Context) -> Person:
    person = tx.latest(Person, context.person_id)
    if person is None or not person.active:
        raise PermissionRefusedError("person-unknown", person=context.person_id)
    return person


def _sees(person: Person, county_code: str) -> bool:
    return may(person, Action.SEE_RESULTS, county_code)


def _for_inspector(tx: Transaction, person: Person, round_: Round) -> Iterator[Waiting]:
    rules = require_rules(tx)
    for code in person.counties:
        if tx.latest(FindingsLock, code) is not None:
            continue
        mine = [a for a in tx.assignments_of(person.person_id) if a.county_code == code]
        named = [a for a in mine if a.state in (AssignmentState.RELEASED, AssignmentState.VISITED)]
        left = [a for a in named if a.state is AssignmentState.RELEASED]
        yield Waiting(
            kind="visits-left",
            count=len(left),
            of=len(named),
            county_code=code,
            villages=len({a.psu for a in left}),
        )
        releases = [
            r for r in tx.all(VillageRelease, county=code) if r.inspector_id == person.person_id
        ]
        ahead = sum(r.arrived_at is None for r in releases)
        yield Waiting(kind="villages-ahead", count=ahead, of=len(releases), county_code=code)
        retry = 0
        for assignment in named:
            finding = tx.latest_finding(assignment.assignment_id)
            outcome = rules.outcome(finding.visit.outcome) if finding is not None else None
            retry += outcome is not None and outcome.next_step == "retry"
        yield Waiting(kind="second-tries", count=retry, of=len(named), county_code=code)


def _for_team_lead(tx: Transaction, person: Person, round_: Round) -> Iterator[Waiting]:
    for code in person.counties:
        visits = [
            a for a in tx.all(Assignment, county=code) if a.state is not AssignmentState.REPLACED
        ]
        open_ = sum(a.state is not AssignmentState.VISITED for a in visits)
        yield Waiting(kind="visits-outstanding", count=open_, of=len(visits), county_code=code)
        locked = tx.latest(FindingsLock, code) is not None
        ready = bool(visits) and not open_ and not locked
        yield Waiting(kind="county-to-lock", count=int(ready), of=1, county_code=code)


def _for_reviewer(tx: Transaction, person: Person, round_: Round) -> Iterator[Waiting]:
    for code in person.counties:
        rulings: dict[str, list[Ruling]] = {}
        for ruling in tx.all(Ruling, county=code):
            rulings.setdefault(ruling.case_id, []).append(ruling)
        cases = [c for c in tx.all(Case, county=code) if is_suspected(c)]
        mine = 0
        for case in cases:
            given = tuple(rulings.get(case.case_id, ()))
            ruled = any(r.reviewer_id == person.person_id for r in given)
            mine += case_state(given) not in CLOSED and not ruled
        yield Waiting(kind="cases-to-rule", count=mine, of=len(cases), county_code=code)


def _for_evaluator(tx: Transaction, person: Person, round_: Round) -> Iterator[Waiting]:
    counties = len(round_.counties)
    if tx.latest(Freeze) is None:
        yield Waiting(kind="to-freeze", count=1, of=1)
        return
    planned = sum(tx.latest(Plan, c.county_code) is not None for c in round_.counties)
    yield Waiting(kind="counties-to-plan", count=counties - planned, of=counties)
    ceremony = current_ceremony(tx)
    state = None if ceremony is None else ceremony.state
    step = {
        CeremonyState.COMMITTED: "dice-to-enter",
        CeremonyState.DICE_RECORDED: "sample-to-draw",
        CeremonyState.DRAWN: "shares-to-disclose",
    }.get(state, "ceremony-to-open" if state is not CeremonyState.DISCLOSED else "")
    drawn = state in (CeremonyState.DRAWN, CeremonyState.DISCLOSED)
    locked = {lock.county_code for lock in tx.all(FindingsLock)}
    if step and planned == counties and (not drawn or len(locked) == counties):
        yield Waiting(kind=step, count=1, of=1)
    if drawn:
        assigned = bool(tx.all(Assignment))
        yield Waiting(kind="to-assign", count=int(not assigned), of=1)
        done = sum(tx.latest(Results, code) is not None for code in locked)
        yield Waiting(kind="counties-to-estimate", count=len(locked) - done, of=counties)


def _for_province(tx: Transaction, person: Person, round_: Round) -> Iterator[Waiting]:
    kept = [c.county_code for c in round_.counties if tx.latest(Results, c.county_code)]
    open_ = sum(tx.latest(ProvincialDecision, code) is None for code in kept)
    yield Waiting(kind="decisions-to-record", count=open_, of=len(kept))


def _for_county(tx: Transaction, person: Person, round_: Round) -> Iterator[Waiting]:
    for code in person.counties:
        kept = tx.latest(Results, code)
        ordered = kept is not None and kept.outcome.kind is OutcomeKind.ORDER_VERIFICATION
        due = ordered and tx.latest(OrderReply, code) is None
        yield Waiting(kind="order-to-answer", count=int(due), of=1, county_code=code)


def _for_administrator(tx: Transaction, person: Person, round_: Round) -> Iterator[Waiting]:
    people = tx.all(Person)
    missing = [
        c
        for c in round_.counties
        if not any(p.role is Role.INSPECTOR and c.county_code in p.counties for p in people)
    ]
    yield Waiting(kind="counties-without-inspector", count=len(missing), of=len(round_.counties))


_WAITING = {
    Role.ADMINISTRATOR: _for_administrator,
    Role.INSPECTOR: _for_inspector,
    Role.TEAM_LEAD: _for_team_lead,
    Role.REVIEWER: _for_reviewer,
    Role.EVALUATOR: _for_evaluator,
    Role.PROVINCE: _for_province,
    Role.COUNTY: _for_county,
}
