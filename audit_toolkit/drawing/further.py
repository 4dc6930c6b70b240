"""The second-wave rule of a plan: none, two stages with exact numbers, or a test valid any time.

It is declared before the draw and stands in the design, so that nobody can choose a second wave
after having seen the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from ..conclusions.waves import clean_villages, two_stage_numbers
from ..errors import OperatorError, WrongStageError
from ..model import OutcomeKind, Results, SecondWave, WaveRule
from ..text import LANGUAGES, number, percent, say


def second_wave(
    rule: str,
    wanted: int | None,
    *,
    villages: tuple[int, int],
    sizes: Mapping[str, int],
    limits: Mapping[str, str],
    icc: float,
    confidence: float,
) -> SecondWave:
    """Return the rule of a plan with its numbers.

    Parameters
    ----------
    rule : str
        A value of `WaveRule`.
    wanted : int or None
        Villages of the second wave of two stages.
    villages : (int, int)
        Villages of the first wave, and of the county.
    sizes, limits : mapping of str
        Households of the first wave, and the limit, of each rate that a count can decide.
    icc, confidence : float
        As the plan has them.

    Raises
    ------
    OperatorError
        There is no such rule; villages are given with another rule, or are none or more than the
        county has left; no numbers hold the risk.
    """
    known = [r.value for r in WaveRule]
    if rule not in known:
        raise OperatorError("plan-second-rule", got=rule, known=", ".join(known))
    first, left = villages[0], villages[1] - villages[0]
    if rule != WaveRule.TWO_STAGE:
        if wanted is not None:
            raise OperatorError("plan-second-villages-without", got=wanted, rule=rule)
        if rule == WaveRule.NONE:
            return SecondWave()
        lowest = min(float(limit) for limit in limits.values() if limit)
        return SecondWave(rule=WaveRule.ANYTIME, clean_villages=clean_villages(lowest, confidence))
    further = min(first, left) if wanted is None else wanted
    if not 1 <= further <= left:
        raise OperatorError("plan-second-villages", got=further, left=left)
    numbers = []
    for name, size in sizes.items():
        if not limits[name]:
            continue
        found = two_stage_numbers(
            name,
            limits[name],
            sizes=(size, max(1, round(size * further / first))),
            villages=(first, further),
            icc=icc,
            confidence=confidence,
        )
        if found is None:
            raise OperatorError("plan-second-numbers", rate=name, villages=first, further=further)
        numbers.append(found)
    return SecondWave(rule=WaveRule.TWO_STAGE, villages=further, numbers=tuple(numbers))


def second_wave_design(wave: SecondWave, icc: float, confidence: float) -> dict[str, object]:
    """Return the rule as it stands in the design: whole numbers and decimal text."""
    head: dict[str, object] = {"rule": wave.rule.value}
    if wave.rule is WaveRule.NONE:
        return head
    head["confidence"] = str(confidence)
    if wave.rule is WaveRule.ANYTIME:
        return head
    return head | {
        "villages": wave.villages,
        "icc": str(icc),
        "numbers": [
            {
                "indicator": n.indicator,
                "limit": n.limit,
                "first_size": n.first_size,
                "second_size": n.second_size,
                "first_pass": n.first_acceptance_number,
                "first_end": n.first_rejection_number,
                "pass": n.acceptance_number,
            }
            for n in wave.numbers
        ],
    }


def second_wave_sentences(wave: SecondWave, language: str) -> tuple[str, ...]:
    """Return what a plan declares of a second wave, and what that decides."""
    told = say(
        f"plan.second-{wave.rule.value}",
        language,
        villages=number(wave.villages, language),
        clean=number(wave.clean_villages, language),
    )
    return (
        told,
        *(
            say(
                "plan.second-numbers" if n.first_acceptance_number >= 0 else "plan.second-never",
                language,
                indicator=say(f"outcome.{n.indicator}", language),
                first=number(n.first_size, language),
                second=number(n.second_size, language),
                at_once=number(n.first_acceptance_number, language),
                end=number(n.first_rejection_number, language),
                both=number(n.acceptance_number, language),
                limit=percent(float(n.limit), language),
                false_pass=percent(n.false_pass, language),
                good=percent(n.good_rate, language),
                pass_good=percent(n.pass_good, language, digits=0),
            )
            for n in wave.numbers
        ),
    )


def refuse_second_wave(wave: SecondWave, kept: Results, *, disclosed: bool) -> NoReturn:
    """Say why a county gets no second wave, or that the declared one is drawn outside.

    Parameters
    ----------
    wave : SecondWave
        What the county's plan declared.
    kept : Results
        The county's results after the first wave.
    disclosed : bool
        Whether the shares are published, so that anyone can compute the next villages.

    Raises
    ------
    WrongStageError
        The county is decided, or the shares are published.
    OperatorError
        No rule was declared; the declared one settles nothing more; or it does allow a second
        wave, whose draw and judgement are not made here.
    """
    county, outcome = kept.key.county_code, kept.outcome
    advice = outcome.advice
    if outcome.kind is not OutcomeKind.UNDECIDED or advice is None:
        raise WrongStageError("second-wave-decided", county=county, outcome=outcome.kind.value)
    if wave.rule is WaveRule.NONE:
        looking = max(advice.looking_risk or 0.0, advice.risk)
        raise OperatorError(
            "second-wave-undeclared",
            county=county,
            risk=percent(advice.risk, LANGUAGES[0], digits=1),
            looking=percent(looking, LANGUAGES[0], digits=1),
        )
    if disclosed:
        raise WrongStageError("second-wave-disclosed", county=county)
    if wave.rule is WaveRule.ANYTIME:
        raise OperatorError("second-wave-outside-anytime", county=county, clean=wave.clean_villages)
    _check_numbers(wave, kept)
    raise OperatorError("second-wave-outside", county=county, villages=wave.villages)


def _check_numbers(wave: SecondWave, kept: Results) -> None:
    """Refuse where the declared numbers can settle nothing that is open."""
    numbers = {n.indicator: n for n in wave.numbers}
    open_rates = kept.outcome.undecided
    if not set(open_rates) & set(numbers):
        raise OperatorError(
            "second-wave-other-rates",
            county=kept.key.county_code,
            open=", ".join(open_rates),
            known=", ".join(numbers),
        )
    for rate in kept.indicators:
        known = numbers.get(rate.name) if rate.threshold is not None else None
        if known is not None and rate.events >= known.first_rejection_number:
            raise OperatorError(
                "second-wave-hopeless",
                county=kept.key.county_code,
                rate=rate.name,
                got=rate.events,
                end=known.first_rejection_number,
            )
