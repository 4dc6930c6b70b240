"""The second-wave rule of a plan: none, two stages with exact numbers, or a test valid any time.

It is declared before the draw and stands in the design, so that nobody can choose a second wave
after having seen the first.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..conclusions.waves import clean_villages, two_stage_numbers
from ..errors import OperatorError
from ..model import SecondWave, WaveRule
from ..text import number, percent, say


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
