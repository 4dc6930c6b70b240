"""The sample of one county before the draw: how many villages and households, and what they show.

Villages are drawn with probability proportional to a size measure that makes the weights of each
stratum as even as whole numbers allow. What the plan can show is said beforehand: the bound if
nothing is found, how counties at several true rates come out, and how often a county at a limit
passes all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np

from sampling import korn_graubard_limits
from sampling.tickets import certainty_units

from ..errors import OperatorError
from ..model import (
    EvaluationKey,
    ExpectedSize,
    OutcomeChance,
    Plan,
    RuleSet,
    Stratum,
    Take,
    VillageCount,
    WaveRule,
)
from ..text import number, percent, say
from .further import second_wave, second_wave_sentences
from .risks import COMPOSITE, Layers, conclude_rounds, draw_villages, planned_deff

CONFIDENCE = 0.95
TRUE_RATES = (0.002, 0.005, 0.01)
DEFAULT_TAKES = {Stratum.EXITED: 17, Stratum.UNREGISTERED: 17, Stratum.STILL_POOR: 2}
"""Of 30 villages 17 households a stratum show less than 2 % when none is wrong, up to an
intra-cluster correlation of about .09; the still-poor are few and decide nothing alone."""

_RATES = {Stratum.EXITED: "wrongful_exit_rate", Stratum.UNREGISTERED: "omission_rate"}
_MEASURE_SCALE = 1000


def make_plan(
    key: EvaluationKey,
    villages: Sequence[VillageCount],
    rules: RuleSet,
    *,
    province_code: str,
    village_sample: int = 30,
    takes: Mapping[Stratum, int] | None = None,
    reserves: int = 3,
    revisit_share: str = "0.10",
    icc: float | None = None,
    rng: np.random.Generator,
    repetitions: int = 2000,
    second_rule: str = WaveRule.NONE,
    second_villages: int | None = None,
) -> Plan:
    """Return the plan of one county with its sizes and risks.

    Parameters
    ----------
    key : EvaluationKey
        The evaluation.
    villages : sequence of VillageCount
        All villages of the county's frozen frame.
    rules : RuleSet
        Limits, and the correlation to plan with.
    province_code : str
        Two digits; the limit of the composite incidence hangs on it.
    village_sample : int, default 30
        Villages to draw, at least 1; all where the county has fewer.
    takes : mapping of Stratum to int, optional
        Households to visit in each drawn village and stratum (all where a village has fewer);
        strata not named take the default of 17 exited, 17 unregistered and 2 still poor.
    reserves : int, default 3
        Further households kept for replacement in each village and stratum.
    revisit_share : str, default "0.10"
        Share of first visits to repeat blindly, decimal text in [0, 1].
    icc : float, optional
        Intra-cluster correlation to plan with; the rule set's without it.
    rng : numpy.random.Generator
        Feeds the simulated rounds alone, never the draw.
    repetitions : int, default 2000
        Simulated rounds for each true rate.
    second_rule : {"none", "two-stage", "anytime"}, default "none"
        What is declared of a second wave before the draw.
    second_villages : int, optional
        Villages of the second wave of two stages; without it as many as the first has, or as many
        as are left.

    Returns
    -------
    Plan
        The sample and what it can and cannot show.

    Raises
    ------
    OperatorError
        The county has no households, or a number cannot be planned with.

    Notes
    -----
    The size measure of a village is the sum over strata of size weight times households, the size
    weight proportional to the stratum's take over its households in the county. Chances suppose the
    same true rate for wrongful exit and omission, approval and procedure in order, households found
    out without error; those of ``wrong_pass`` suppose the named rate exactly at its limit and the
    other one 0 (for the composite both at the rate that puts it at its limit).
    """
    chosen = DEFAULT_TAKES | dict(takes or {})
    filled = [v for v in villages if sum(n for _, n in v.households)]
    _check(key, filled, chosen, village_sample, reserves, revisit_share, repetitions)
    plan_icc = float(rules.plan_icc) if icc is None else icc
    limits = _limits(rules, province_code)
    weights = size_weights(filled, chosen)
    strata, layers = _layers(filled, chosen, weights, min(village_sample, len(filled)))
    drawn = draw_villages(layers, repetitions, rng)
    names = tuple(_RATES[s] for s in strata)

    def outcome(true_rates: Sequence[float]) -> tuple[float, float, float]:
        return conclude_rounds(
            layers,
            drawn,
            tuple(true_rates),
            limits,
            names,
            icc=plan_icc,
            confidence=CONFIDENCE,
            rng=rng,
        )

    chances = tuple(_chance(rate, outcome([rate] * len(strata))) for rate in TRUE_RATES)
    sizes = _sizes(filled, chosen, weights, layers.villages, plan_icc)
    return Plan(
        key=key,
        villages=layers.villages,
        takes=tuple(
            Take(stratum=s, households=chosen[s], reserves=reserves, size_weight=weights[s])
            for s in Stratum
        ),
        revisit_share=revisit_share,
        icc=plan_icc,
        incidence_limit=rules.limit(COMPOSITE, province_code) or "",
        confidence=CONFIDENCE,
        sizes=sizes,
        chances=chances,
        wrong_pass=tuple(
            (name, outcome(rates)[0]) for name, rates in _at_limit(layers, names, limits)
        ),
        repetitions=repetitions,
        note="mostly-undecided" if chances[1].undecided > 0.5 else "mostly-decided",
        second_wave=second_wave(
            second_rule,
            second_villages,
            villages=(layers.villages, len(filled)),
            sizes={_RATES[s.stratum]: s.households for s in sizes if s.stratum in strata},
            limits={name: rules.limit(name, province_code) or "" for name in names},
            icc=plan_icc,
            confidence=CONFIDENCE,
        ),
    )


def size_weights(
    villages: Sequence[VillageCount], takes: Mapping[Stratum, int]
) -> dict[Stratum, int]:
    """Return whole numbers, at least 1, in proportion to each stratum's take over its households.

    Villages drawn by the sum of these then give every household of a stratum nearly the same
    chance. No stratum gets 0: a village that has only its households could not be drawn.
    """
    ratios = {}
    for stratum in Stratum:
        total = sum(_count(v.households, stratum) for v in villages)
        ratios[stratum] = Fraction(takes[stratum], total) if total else Fraction(0)
    largest = max(ratios.values()) or Fraction(1)
    return {s: max(1, round(_MEASURE_SCALE * r / largest)) for s, r in ratios.items()}


def inclusion_probs(size_measure: Sequence[int], n: int) -> tuple[float, ...]:
    """Return the chances of villages in proportion to size, as the draw itself has them."""
    sizes = {str(place): size for place, size in enumerate(size_measure)}
    certain = certainty_units(sizes, n)
    rest = sum(size for village, size in sizes.items() if village not in certain)
    room = n - len(certain)
    return tuple(1.0 if v in certain else room * size / rest for v, size in sizes.items())


def plan_sentences(plan: Plan, language: str) -> tuple[str, ...]:
    """Return what a plan does, shows and risks, one sentence each, most telling first."""
    sizes = (
        say(
            f"plan.size-{size.stratum.value}",
            language,
            households=number(size.households, language),
            deff=number(size.deff, language, digits=2),
            upper=percent(size.upper_if_clean, language),
        )
        for size in plan.sizes
        if size.households
    )
    chances = (
        say(
            "plan.chance",
            language,
            rate=percent(chance.true_rate, language, digits=1),
            recommend=percent(chance.recommend, language, digits=0),
            undecided=percent(chance.undecided, language, digits=0),
            order=percent(chance.order, language, digits=0),
        )
        for chance in plan.chances
    )
    passes = (
        say(
            "plan.wrong-pass",
            language,
            indicator=say(f"outcome.{name}", language),
            chance=percent(chance, language, digits=1),
        )
        for name, chance in plan.wrong_pass
    )
    return (
        _sample(plan, language),
        _note(plan, language),
        *sizes,
        *chances,
        *passes,
        *second_wave_sentences(plan.second_wave, language),
        *((_basis(plan, language),)),
    )


def _sample(plan: Plan, language: str) -> str:
    takes = {t.stratum.name.lower(): number(t.households, language) for t in plan.takes}
    return say(
        "plan.sample",
        language,
        villages=number(plan.villages, language),
        reserves=number(plan.takes[0].reserves, language),
        revisits=percent(float(plan.revisit_share), language, digits=0),
        **takes,
    )


def _note(plan: Plan, language: str) -> str:
    honest = plan.chances[1]
    return say(
        f"plan.{plan.note}",
        language,
        villages=number(plan.villages, language),
        undecided=percent(honest.undecided, language, digits=0),
        recommend=percent(honest.recommend, language, digits=0),
        rate=percent(honest.true_rate, language, digits=1),
    )


def _basis(plan: Plan, language: str) -> str:
    return say(
        "plan.basis",
        language,
        repetitions=number(plan.repetitions, language),
        icc=number(plan.icc, language, digits=2),
        confidence=percent(plan.confidence, language, digits=0),
    )


def _check(
    key: EvaluationKey,
    villages: Sequence[VillageCount],
    takes: Mapping[Stratum, int],
    village_sample: int,
    reserves: int,
    revisit_share: str,
    repetitions: int,
) -> None:
    """Refuse what cannot be planned."""
    if not villages:
        raise OperatorError("plan-no-households", county=key.county_code)
    if village_sample < 1:
        raise OperatorError("plan-villages", got=village_sample)
    for stratum, take in takes.items():
        if take < (0 if stratum is Stratum.STILL_POOR else 1):
            raise OperatorError("plan-take", stratum=stratum.value, got=take)
    if reserves < 0:
        raise OperatorError("plan-reserves", got=reserves)
    if repetitions < 1:
        raise OperatorError("plan-repetitions", got=repetitions)
    try:
        share = Decimal(revisit_share)
    except InvalidOperation:
        share = Decimal(-1)
    if not 0 <= share <= 1:
        raise OperatorError("plan-revisit-share", got=revisit_share)


def _limits(rules: RuleSet, province_code: str) -> dict[str, float]:
    """Return the limits of the rates that are simulated; a rate without one never decides."""
    names = (*_RATES.values(), COMPOSITE)
    return {name: float(rules.limit(name, province_code) or "2") for name in names}


def _count(counts: tuple[tuple[Stratum, int], ...], stratum: Stratum) -> int:
    return sum(n for s, n in counts if s is stratum)


def _layers(
    villages: Sequence[VillageCount],
    takes: Mapping[Stratum, int],
    weights: Mapping[Stratum, int],
    sample: int,
    of: Sequence[Stratum] = tuple(_RATES),
) -> tuple[tuple[Stratum, ...], Layers]:
    """Return the strata among ``of`` that the county has, and their arrays."""
    measure = [sum(weights[s] * n for s, n in v.households) for v in villages]
    strata = tuple(s for s in of if any(_count(v.households, s) for v in villages))
    persons = sum(n for v in villages for _, n in v.persons)
    known = sum(_count(v.persons, Stratum.STILL_POOR) for v in villages)
    return strata, Layers(
        households=_table(strata, [v.households for v in villages]),
        persons=_table(strata, [v.persons for v in villages]),
        take=np.array([takes[s] for s in strata], dtype=np.int64),
        size_measure=np.array(measure, dtype=np.int64),
        inclusion_prob=np.array(inclusion_probs(measure, sample)),
        villages=sample,
        known_share=known / persons if persons else 0.0,
    )


def _table(
    strata: Sequence[Stratum], counts: Sequence[tuple[tuple[Stratum, int], ...]]
) -> np.ndarray:
    rows = [[_count(count, s) for s in strata] for count in counts]
    return np.array(rows, dtype=np.int64).reshape(len(counts), len(strata))


def _sizes(
    villages: Sequence[VillageCount],
    takes: Mapping[Stratum, int],
    weights: Mapping[Stratum, int],
    sample: int,
    icc: float,
) -> tuple[ExpectedSize, ...]:
    strata, layers = _layers(villages, takes, weights, sample, tuple(Stratum))
    expected, deff = planned_deff(layers, icc)
    upper = korn_graubard_limits(np.zeros(len(strata)), expected / deff, confidence=CONFIDENCE)[1]
    return tuple(
        ExpectedSize(
            stratum=stratum,
            households=round(float(expected[place])),
            deff=float(deff[place]),
            upper_if_clean=float(upper[place]),
        )
        for place, stratum in enumerate(strata)
    )


def _chance(rate: float, shares: tuple[float, float, float]) -> OutcomeChance:
    recommend, undecided, order = shares
    return OutcomeChance(true_rate=rate, recommend=recommend, undecided=undecided, order=order)


def _at_limit(
    layers: Layers, names: Sequence[str], limits: Mapping[str, float]
) -> list[tuple[str, list[float]]]:
    """Return, for each rate, the true rates of the strata that put it exactly at its limit."""
    cases = [(name, [limits[name] if other == name else 0.0 for other in names]) for name in names]
    room = limits[COMPOSITE] - layers.known_share
    common = room / float(layers.shares.sum())
    if common >= 0:
        cases.append((COMPOSITE, [common] * len(names)))
    return cases
