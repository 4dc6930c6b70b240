"""The outcome of a county: recommend exit, order verification, or undecided and what would settle.

All criteria must be shown met for a recommendation, so that joining them needs no correction of
the risk. Each claim that a criterion is broken carries its own risk of 2.5 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sampling import psus_to_show_below

from ..model import (
    EvaluationKey,
    Indicator,
    Outcome,
    OutcomeKind,
    Plan,
    RuleSet,
    Settlement,
    StepFault,
    Stratum,
    VillageCount,
    WaveAdvice,
)
from .indicators import COMPOSITE
from .waves import looking_risk

POWER = 0.8
HIGHEST_SUPPOSED, LOWEST_SUPPOSED = 0.25, 0.05
"""What settles a criterion is reckoned for a county truly at its estimate, held between these
shares of the limit: 0.5 % and 0.1 % where the limit is 2 %."""

HOUSEHOLD_STEPS = "household-steps"


def conclude(
    key: EvaluationKey,
    indicators: Sequence[Indicator],
    step_faults: Sequence[StepFault],
    *,
    checked_households: int,
    open_cases: int,
    plan: Plan,
    villages: Sequence[VillageCount],
    rules: RuleSet,
    province_code: str,
) -> Outcome:
    """Return what is recommended for a county, why, and what would settle it if undecided.

    Parameters
    ----------
    key : EvaluationKey
        The evaluation.
    indicators : sequence of Indicator
        Its rates; those with a threshold are its criteria.
    step_faults : sequence of StepFault
        Faults of the county's step log (without household) and of the checked households'.
    checked_households : int
        Exited households whose step logs were checked.
    open_cases : int
        Suspected cases not yet ruled on; with any the outcome is provisional.
    plan : Plan
        The county's plan; its villages are those drawn.
    villages : sequence of VillageCount
        All villages of the county: no more than these can be added.
    rules : RuleSet
        Names the criteria, and the share of households whose steps must be complete.
    province_code : str
        Two digits; which limits hold hangs on it.

    Returns
    -------
    Outcome
        ``reasons`` holds "criteria" where a criterion is shown broken, and "procedure" where a step
        of the county is faulty or too few households' steps are complete. ``official_kind`` is what
        the unweighted sample shares alone would say. A criterion of the rules without a rate is
        undecided.
    """
    criteria = [i for i in indicators if i.threshold is not None]
    failing = tuple(i.name for i in criteria if i.conclusion == "fail")
    undecided = (
        *(i.name for i in criteria if i.conclusion not in ("pass", "fail")),
        *_without_rate(indicators, rules, province_code),
    )
    faults = procedure_faults(step_faults, checked_households, rules)
    reasons = (*(("criteria",) if failing else ()), *(("procedure",) if faults else ()))
    known = _known_share(villages)
    icc = max((i.icc for i in indicators if i.icc is not None), default=plan.icc)
    more = max(0, sum(1 for v in villages if sum(n for _, n in v.households)) - plan.villages)
    kind = _kind(reasons, undecided)
    open_rates = [i for i in criteria if i.name in undecided]
    return Outcome(
        key=key,
        kind=kind,
        reasons=reasons,
        failing=failing,
        undecided=undecided,
        settlements=tuple(
            settlement(i, known if i.name == COMPOSITE else 0.0, plan.villages, more, icc)
            for i in open_rates
        ),
        open_cases=open_cases,
        procedure_faults=faults,
        official_kind=_official(criteria),
        provisional=open_cases > 0,
        advice=_advice(open_rates, known, plan, more, icc)
        if kind is OutcomeKind.UNDECIDED
        else None,
    )


def _advice(
    rates: Sequence[Indicator], known: float, plan: Plan, left: int, icc: float
) -> WaveAdvice:
    """Return what the plan allows, and the worst that looking again would risk for an open rate."""
    risks = []
    for rate in rates:
        scale = _scale(rate, known if rate.name == COMPOSITE else 0.0)
        if scale.limit <= 0 or not rate.villages or not left:
            continue
        risks.append(
            looking_risk(
                scale.limit,
                take=max(1, round(rate.households / rate.villages)),
                villages=plan.villages,
                more=left,
                icc=icc if rate.icc is None else rate.icc,
                confidence=plan.confidence,
            )
        )
    return WaveAdvice(
        rule=plan.second_wave.rule,
        villages=plan.second_wave.villages,
        looking_risk=max(risks, default=None),
        risk=(1 - plan.confidence) / 2,
    )


def _kind(reasons: tuple[str, ...], undecided: tuple[str, ...]) -> OutcomeKind:
    if reasons:
        return OutcomeKind.ORDER_VERIFICATION
    return OutcomeKind.UNDECIDED if undecided else OutcomeKind.RECOMMEND_EXIT


def _without_rate(
    indicators: Sequence[Indicator], rules: RuleSet, province_code: str
) -> tuple[str, ...]:
    """Return the criteria of the rules that no rate was estimated for."""
    there = {i.name for i in indicators}
    names = [t.indicator for t in rules.thresholds if rules.limit(t.indicator, province_code)]
    return tuple(name for name in names if name not in there)


def _official(criteria: Sequence[Indicator]) -> OutcomeKind:
    """Return what the point rules alone say."""
    said = {i.official_conclusion for i in criteria}
    if "fail" in said:
        return OutcomeKind.ORDER_VERIFICATION
    return OutcomeKind.UNDECIDED if None in said else OutcomeKind.RECOMMEND_EXIT


def procedure_faults(
    step_faults: Sequence[StepFault], checked_households: int, rules: RuleSet
) -> tuple[str, ...]:
    """Return in what the procedure was not fully carried out: nothing where it was.

    Every fault of a county step counts ("step:fault"); of the households' steps only that fewer
    than the rule set's share are complete ("household-steps:complete/checked").
    """
    county = sorted({f"{f.step}:{f.fault}" for f in step_faults if not f.household_id})
    faulty = {f.household_id for f in step_faults if f.household_id}
    complete = checked_households - len(faulty)
    short = complete < Decimal(rules.household_steps_min_share) * checked_households
    households = (f"{HOUSEHOLD_STEPS}:{complete}/{checked_households}",) if short else ()
    return (*county, *households)


def _known_share(villages: Sequence[VillageCount]) -> float:
    """Return the share of the county's persons that is still poor in the register."""
    persons = sum(n for v in villages for _, n in v.persons)
    poor = sum(n for v in villages for s, n in v.persons if s is Stratum.STILL_POOR)
    return poor / persons if persons else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """A criterion turned into "below": rates of the sampled part, what is known set aside."""

    limit: float
    rate: float
    known: float
    above: bool

    @property
    def supposed(self) -> float:
        """Return the rate that the county is supposed to have."""
        least, most = LOWEST_SUPPOSED * self.limit, HIGHEST_SUPPOSED * self.limit
        return min(most, max(least, self.rate))

    def outside(self, rate: float) -> float:
        """Return a rate of the sampled part on the criterion's own scale."""
        return 1 - rate if self.above else self.known + (1 - self.known) * rate


def settlement(
    indicator: Indicator, known: float, villages_now: int, villages_left: int, icc: float
) -> Settlement:
    """Return how many further villages would show an undecided criterion met, and how surely.

    Parameters
    ----------
    indicator : Indicator
        A rate with a threshold.
    known : float
        Share known to have the event without sampling; 0 but for the composite incidence.
    villages_now, villages_left : int
        Villages of the sample, and those of the county that are not in it.
    icc : float
        Intra-cluster correlation where the rate carries none of its own.

    Returns
    -------
    Settlement
        ``power`` is 0.8, or what all villages would give where that is less and ``more_villages``
        is None.
    """
    scale = _scale(indicator, known)
    n, effective = indicator.households, indicator.n_effective
    found, chance = None, 0.0
    if scale.limit > 0 and villages_left and n and effective:
        rho = icc if indicator.icc is None else indicator.icc
        take = max(1, round(n / max(1, indicator.villages)))
        answer = psus_to_show_below(
            scale.limit,
            true_rate=scale.supposed,
            take=take,
            icc=rho,
            power=POWER,
            kish=max(1.0, n / effective / (1 + (take - 1) * rho)),
            seen_n=n,
            # Up: the limit stands on the weighted rate, not on the households counted.
            seen_events=min(n, math.ceil(scale.rate * n - 1e-9)),
            max_psus=villages_left,
        )
        found = None if answer.psus is None else max(1, answer.psus)
        chance = answer.power
    return Settlement(
        indicator=indicator.name,
        true_rate=scale.outside(scale.supposed),
        power=POWER if found is not None else chance,
        more_villages=found,
        villages_now=villages_now,
    )


def _scale(indicator: Indicator, known: float) -> _Scale:
    limit = float(indicator.threshold or 0)
    above = indicator.direction == "above"
    if above:
        estimate = 0.0 if indicator.estimate is None else 1 - indicator.estimate
        return _Scale(limit=1 - limit, rate=estimate, known=0.0, above=True)
    estimate = known if indicator.estimate is None else indicator.estimate
    return _Scale(
        limit=(limit - known) / (1 - known) if known < 1 else 0.0,
        rate=max(0.0, (estimate - known) / (1 - known)) if known < 1 else 0.0,
        known=known,
        above=False,
    )
