"""Whether the steps of an exit were all taken, in order, open to the people and on paper."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from ..model import RuleSet, Step, StepFault, StepRecord

FAULTS = (
    "missing",
    "recorded-twice",
    "unknown-step",
    "out-of-order",
    "same-day",
    "notice-too-short",
    "notice-overlaps-next",
    "objection-open",
    "no-document",
)


def check_household_steps(
    records: Iterable[StepRecord],
    household_ids: Collection[str],
    rules: RuleSet,
    *,
    county_code: str = "",
) -> tuple[StepFault, ...]:
    """Return the faults of the checked households' step logs, by household and step.

    Parameters
    ----------
    records : iterable of StepRecord
        Step logs of the county; those of other households are left aside.
    household_ids : collection of str
        The households whose logs are checked; one without any record misses every step.
    rules : RuleSet
        Gives the steps.
    county_code : str, default ""
        Named in the faults; taken from the records where it is not given.
    """
    logs: dict[str, list[StepRecord]] = {household_id: [] for household_id in household_ids}
    for record in records:
        county_code = county_code or record.county_code
        if record.household_id in logs and record.household_id:
            logs[record.household_id].append(record)
    steps = _steps(rules, "household")
    return tuple(
        StepFault(county_code=county_code, household_id=household_id, step=step, fault=fault)
        for household_id in sorted(logs)
        for step, fault in _log_faults(logs[household_id], steps)
    )


def check_county_steps(
    records: Iterable[StepRecord], county_code: str, rules: RuleSet
) -> tuple[StepFault, ...]:
    """Return the faults of the county's own step log; ``household_id`` of each is empty."""
    log = [r for r in records if r.county_code == county_code and not r.household_id]
    return tuple(
        StepFault(county_code=county_code, household_id="", step=step, fault=fault)
        for step, fault in _log_faults(log, _steps(rules, "county"))
    )


def count_complete(household_ids: Collection[str], faults: Iterable[StepFault]) -> int:
    """Return how many of the checked households have a step log without fault."""
    return len(set(household_ids) - {f.household_id for f in faults})


def _steps(rules: RuleSet, level: str) -> list[Step]:
    return sorted((s for s in rules.steps if s.level == level), key=lambda s: s.order)


def _log_faults(log: Sequence[StepRecord], steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    """Yield step and fault of one log, in the order of the steps, unknown steps last."""
    by_step: dict[str, StepRecord] = {}
    twice = set()
    for record in log:
        if by_step.setdefault(record.step, record) is not record:
            twice.add(record.step)
    latest: date | None = None
    for place, step in enumerate(steps):
        record = by_step.pop(step.code, None)
        if record is None or record.done_on is None:
            yield step.code, "missing"
            continue
        if step.code in twice:
            yield step.code, "recorded-twice"
        following = _next_day(by_step, steps[place + 1 :])
        for fault in _step_faults(step, record, latest, following):
            yield step.code, fault
        latest = max(latest or record.done_on, record.done_on)
    for code in sorted(by_step):
        yield code, "unknown-step"


def _next_day(by_step: dict[str, StepRecord], steps: Sequence[Step]) -> date | None:
    """Return the day of the next step that was taken at all."""
    days = (by_step[s.code].done_on for s in steps if s.code in by_step)
    return next((d for d in days if d is not None), None)


def _step_faults(
    step: Step, record: StepRecord, latest: date | None, following: date | None
) -> Iterator[str]:
    """Yield what is wrong with one step, given the latest day before it and the next step's day."""
    done_on = record.done_on
    assert done_on is not None
    if latest is not None and done_on < latest:
        yield "out-of-order"
    if latest == done_on and not step.same_day:
        yield "same-day"
    if step.min_days:
        # The first and the last day of a notice both count.
        days = (record.ended_on - done_on).days + 1 if record.ended_on else 0
        if days < step.min_days:
            yield "notice-too-short"
        # A next step earlier than the notice itself is out of order, not overlapping.
        if record.ended_on and following and done_on <= following <= record.ended_on:
            yield "notice-overlaps-next"
    if record.objections_open:
        yield "objection-open"
    if step.needs_document and not record.document.strip():
        yield "no-document"
