"""What a county report is made from: counts and digests, and no household.

Households are counted here and then left behind, so that nothing that is printed later can name
one.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from ..model import (
    Case,
    CaseKind,
    CaseState,
    Ceremony,
    Discrepancy,
    Draw,
    EvaluationKey,
    Freeze,
    Plan,
    Rectification,
    Results,
    Round,
    RuleSet,
    StepFault,
    Stratum,
    StratumCount,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCount:
    """One stratum of the county: the frame, what was drawn of it, and what was kept in reserve."""

    stratum: Stratum
    households: int
    persons: int
    drawn: int
    reserves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCount:
    """Suspected cases of one kind and state, with the persons of their households."""

    kind: CaseKind
    state: CaseState
    cases: int
    persons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingCount:
    """Confirmed cases of one kind under both readings of H2.

    ``by_line`` are those that stay if income at or above the line is enough.
    """

    kind: CaseKind
    stable: int
    stable_persons: int
    by_line: int
    by_line_persons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCount:
    """Discrepancies of one item, and how many of them move a household across a criterion."""

    item: str
    differing: int
    deciding: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCount:
    """Faults of one kind at one step; ``households`` is 0 for the county's own steps."""

    step: str
    fault: str
    faults: int
    households: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureCount:
    """Households that need one measure for one kind of case."""

    kind: CaseKind
    measure: str
    households: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContext:
    """Everything that a county report prints, in no language yet."""

    round: Round
    key: EvaluationKey
    county_name: str
    sentences: tuple[tuple[str, str], ...]
    plan_sentences: tuple[tuple[str, tuple[str, ...]], ...]
    results: Results
    plan: Plan
    ceremony: Ceremony
    rules: RuleSet
    root: str
    frame_units: int
    public_frame_sha256: str
    removals: int
    drawn: tuple[DrawnCount, ...]
    villages_drawn: int
    villages_certain: int
    draw_digest: str
    cases: tuple[CaseCount, ...]
    failing: tuple[tuple[str, int], ...]
    readings: tuple[ReadingCount, ...]
    items: tuple[ItemCount, ...]
    county_faults: tuple[FaultCount, ...]
    household_faults: tuple[FaultCount, ...]
    measures: tuple[MeasureCount, ...]
    journal_head: str
    software: str
    written_at: datetime

    voided: tuple[Ceremony, ...] = ()
    late_corrections: int = 0
    withdrawn_cases: int = 0

    def sentence(self, language: str) -> str:
        """Return the outcome in one sentence."""
        return dict(self.sentences)[language]

    def plan_words(self, language: str) -> tuple[str, ...]:
        """Return what the plan can and cannot show, in sentences."""
        return dict(self.plan_sentences).get(language, ())


def build_context(
    *,
    round_: Round,
    key: EvaluationKey,
    freeze: Freeze,
    plan: Plan,
    ceremony: Ceremony,
    voided: Sequence[Ceremony] = (),
    late_corrections: int = 0,
    withdrawn_cases: int = 0,
    draw: Draw,
    results: Results,
    cases: Sequence[tuple[Case, CaseState]],
    rectifications: Sequence[Rectification],
    step_faults: Sequence[StepFault],
    discrepancies: Sequence[Discrepancy],
    rules: RuleSet,
    journal_head: str,
    software: str,
    sentence: Mapping[str, str],
    plan_sentences: Mapping[str, tuple[str, ...]],
    written_at: datetime,
) -> ReportContext:
    """Return what the report of one county prints.

    Whatever concerns other counties of the round is left out; households become counts.

    Parameters
    ----------
    round_, key : Round, EvaluationKey
        The round and the evaluation of the county.
    freeze, plan, ceremony, draw, results : Freeze, Plan, Ceremony, Draw, Results
        What the stages gave.
    voided : sequence of Ceremony, optional
        Ceremonies of the round that came to nothing before this one.
    late_corrections, withdrawn_cases : int, default 0
        Findings corrected after field work was closed, and cases that corrections took away.
    cases : sequence of (Case, CaseState)
        Suspected cases with where they stand.
    rectifications, step_faults, discrepancies : sequences
        What has to be put right, what the step logs lack, what differs from what was filed.
    rules : RuleSet
        The rule set that was applied.
    journal_head : str
        Hash of the journal's last entry.
    software : str
        Name and version.
    sentence : mapping of str to str
        Language to the outcome in one sentence.
    plan_sentences : mapping of str to tuple of str
        Language to what the plan can and cannot show.
    written_at : datetime
        When, with its zone.

    Returns
    -------
    ReportContext
        Holds no household id, name or filed value.
    """
    code = key.county_code
    county = round_.county(code)
    villages = [v for v in draw.villages if v.county_code == code]
    ours = [(case, state) for case, state in cases if case.county_code == code]
    faults = [f for f in step_faults if f.county_code == code]
    return ReportContext(
        round=round_,
        key=key,
        county_name=county.name if county else code,
        sentences=tuple(sorted(sentence.items())),
        plan_sentences=tuple((lang, tuple(said)) for lang, said in sorted(plan_sentences.items())),
        results=results,
        plan=plan,
        ceremony=ceremony,
        voided=tuple(voided),
        late_corrections=late_corrections,
        withdrawn_cases=withdrawn_cases,
        rules=rules,
        root=freeze.root,
        frame_units=freeze.unit_count,
        public_frame_sha256=freeze.public_frame_sha256,
        removals=sum(r.county_code == code for r in freeze.removals),
        drawn=_drawn([s for s in freeze.strata if s.county_code == code], draw, code),
        villages_drawn=len(villages),
        villages_certain=sum(v.certainty for v in villages),
        draw_digest=draw.digest,
        cases=_case_counts(ours),
        failing=_failing(ours, rules),
        readings=_readings(ours, rules),
        items=_items(d for d in discrepancies if d.county_code == code),
        county_faults=_faults([f for f in faults if not f.household_id], rules),
        household_faults=_faults([f for f in faults if f.household_id], rules),
        measures=_measures(r for r in rectifications if r.county_code == code),
        journal_head=journal_head,
        software=software,
        written_at=written_at,
    )


def results_json(results: Results) -> bytes:
    """Return results in machine form: sorted keys, one line end, the same bytes every time.

    Fields are those of `Results`; numbers are unrounded, dates ISO 8601.
    """
    document = {"kind": "county-results", "schema": 1, **dataclasses.asdict(results)}
    text = json.dumps(
        document,
        sort_keys=True,
        ensure_ascii=False,
        indent=1,
        allow_nan=False,
        default=_plain,
    )
    return (text + "\n").encode("utf-8")


def _plain(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no machine form for {type(value).__name__}")


def _drawn(strata: Sequence[StratumCount], draw: Draw, code: str) -> tuple[DrawnCount, ...]:
    sizes = {s.stratum: s for s in strata}
    households = [h for h in draw.households if h.county_code == code]
    taken = Counter((h.stratum, h.reserve) for h in households)
    return tuple(
        DrawnCount(
            stratum=stratum,
            households=sizes[stratum].households,
            persons=sizes[stratum].persons,
            drawn=taken[stratum, False],
            reserves=taken[stratum, True],
        )
        for stratum in Stratum
        if stratum in sizes
    )


def _case_counts(cases: Sequence[tuple[Case, CaseState]]) -> tuple[CaseCount, ...]:
    counts = Counter((case.kind, state) for case, state in cases)
    persons: Counter[tuple[CaseKind, CaseState]] = Counter()
    for case, state in cases:
        persons[case.kind, state] += case.persons
    return tuple(
        CaseCount(kind=kind, state=state, cases=counts[kind, state], persons=persons[kind, state])
        for kind in CaseKind
        for state in CaseState
        if counts[kind, state]
    )


def _failing(
    cases: Sequence[tuple[Case, CaseState]], rules: RuleSet
) -> tuple[tuple[str, int], ...]:
    counts = Counter(
        code for case, state in cases if state is CaseState.CONFIRMED for code in case.failing
    )
    known = [c.code for c in rules.criteria]
    order = [*known, *sorted(set(counts) - set(known))]
    return tuple((code, counts[code]) for code in order)


def _readings(cases: Sequence[tuple[Case, CaseState]], rules: RuleSet) -> tuple[ReadingCount, ...]:
    stability = {c.code for c in rules.criteria if c.rule == "income-stable"}
    counts = []
    for kind in (CaseKind.WRONGFUL_EXIT, CaseKind.OMISSION):
        ruled = [c for c, s in cases if c.kind is kind and s is CaseState.CONFIRMED]
        remain = [c for c in ruled if set(c.failing) - stability]
        counts.append(
            ReadingCount(
                kind=kind,
                stable=len(ruled),
                stable_persons=sum(c.persons for c in ruled),
                by_line=len(remain),
                by_line_persons=sum(c.persons for c in remain),
            )
        )
    return tuple(counts)


def _items(discrepancies: Iterable[Discrepancy]) -> tuple[ItemCount, ...]:
    differing: Counter[str] = Counter()
    deciding: Counter[str] = Counter()
    for one in discrepancies:
        differing[one.item] += 1
        deciding[one.item] += one.decides
    return tuple(
        ItemCount(item=item, differing=differing[item], deciding=deciding[item])
        for item in sorted(differing, key=lambda i: (-deciding[i], -differing[i], i))
    )


def _faults(faults: Sequence[StepFault], rules: RuleSet) -> tuple[FaultCount, ...]:
    counts = Counter((f.step, f.fault) for f in faults)
    homes: dict[tuple[str, str], set[str]] = {}
    for fault in faults:
        homes.setdefault((fault.step, fault.fault), set()).add(fault.household_id)
    order = {step.code: step.order for step in rules.steps}
    return tuple(
        FaultCount(
            step=step,
            fault=fault,
            faults=counts[step, fault],
            households=len(homes[step, fault] - {""}),
        )
        for step, fault in sorted(counts, key=lambda k: (order.get(k[0], 99), k))
    )


def _measures(rectifications: Iterable[Rectification]) -> tuple[MeasureCount, ...]:
    counts = Counter((r.kind, r.measure) for r in rectifications)
    return tuple(
        MeasureCount(kind=kind, measure=measure, households=count)
        for (kind, measure), count in sorted(counts.items())
    )
