"""The outcome in one sentence: what, why, and what would settle it; words first where rare."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..model import Indicator, Outcome, OutcomeKind, Settlement
from ..text import number, percent, say
from .outcome import HOUSEHOLD_STEPS


def outcome_sentence(outcome: Outcome, indicators: Sequence[Indicator], language: str) -> str:
    """Return the outcome with its reason and what would settle it, in "zh" or "en".

    Parameters
    ----------
    outcome : Outcome
        What `conclude` returned.
    indicators : sequence of Indicator
        The rates it was concluded from.
    language : {"zh", "en"}
        Language of the words.
    """
    rates = {i.name: i for i in indicators if i.threshold is not None}
    if outcome.kind is OutcomeKind.RECOMMEND_EXIT:
        parts = [rate_sentence(rate, language) for rate in rates.values()]
        text = say("outcome.recommend", language, rates=_join(parts, language))
    elif outcome.kind is OutcomeKind.ORDER_VERIFICATION:
        text = _order(outcome, rates, language)
    else:
        text = _undecided(outcome, rates, language)
    if outcome.provisional:
        text += say("outcome.provisional", language, cases=number(outcome.open_cases, language))
    return text


def rate_sentence(rate: Indicator, language: str) -> str:
    """Return what is known of a rate, with its denominator and limit."""
    name = say(f"outcome.{rate.name}", language)
    limit = say(
        f"outcome.limit-{rate.direction or 'none'}",
        language,
        limit=exact_percent(float(rate.threshold or 0), language),
    )
    if rate.estimate is None or rate.interval is None:
        why = say(f"outcome.why-{rate.why}", language)
        return say("outcome.rate-unknown", language, name=name, why=why, limit=limit)
    persons = rate.unit == "persons"
    fields = {
        "name": name,
        "limit": limit,
        "unit": say(f"outcome.unit-{rate.unit}", language),
        "events": number(rate.event_persons if persons else rate.events, language),
        "total": number(rate.persons if persons else rate.households, language),
        "estimate": percent(rate.estimate, language),
        "lower": percent(rate.interval.lower, language),
        "upper": percent(rate.interval.upper, language),
        "at_most": percent(math.ceil(rate.interval.upper * 1e4 - 1e-6) / 1e4, language),
    }
    none_found = rate.events == 0 and rate.direction == "below"
    form = "rate-above" if rate.direction == "above" else "rate-found"
    if none_found:
        form = "rate-none-composite" if rate.estimate > 0 else "rate-none"
    return say(f"outcome.{form}", language, **fields)


def settlement_sentence(settlement: Settlement, rate: Indicator, language: str) -> str:
    """Return what would settle an undecided criterion."""
    fields = {
        "limit": exact_percent(float(rate.threshold or 0), language),
        "side": say(f"outcome.side-{rate.direction}", language),
        "true_rate": percent(settlement.true_rate, language),
        "power": percent(settlement.power, language, digits=0),
        "now": number(settlement.villages_now, language),
    }
    if settlement.more_villages is None:
        return say("outcome.settle-never", language, **fields)
    plural = "one" if settlement.more_villages == 1 else "more"
    villages = number(settlement.more_villages, language)
    return say(f"outcome.settle-{plural}", language, villages=villages, **fields)


def exact_percent(share: float, language: str) -> str:
    """Return a limit as per cent without false digits ("2 %", "1.5 %")."""
    text = f"{share * 100:.4f}".rstrip("0")
    return percent(share, language, digits=len(text.partition(".")[2]))


def _join(parts: Sequence[str], language: str) -> str:
    return say("outcome.joint", language).join(parts)


def _order(outcome: Outcome, rates: dict[str, Indicator], language: str) -> str:
    """Return the order with its reasons."""
    parts = [rate_sentence(rates[name], language) for name in outcome.failing]
    county = [f for f in outcome.procedure_faults if not f.startswith(HOUSEHOLD_STEPS)]
    if county:
        parts.append(say("outcome.county-steps", language, count=number(len(county), language)))
    for fault in outcome.procedure_faults:
        if fault.startswith(HOUSEHOLD_STEPS):
            complete, checked = fault.partition(":")[2].split("/")
            parts.append(
                say(
                    "outcome.household-steps",
                    language,
                    complete=number(int(complete), language),
                    checked=number(int(checked), language),
                )
            )
    key = "-".join(("order", *outcome.reasons))
    return say(f"outcome.{key}", language, reasons=_join(parts, language))


def _undecided(outcome: Outcome, rates: dict[str, Indicator], language: str) -> str:
    """Return what is open and what would settle it."""
    settled = {s.indicator: s for s in outcome.settlements}
    parts = []
    for name in outcome.undecided:
        rate = rates.get(name)
        if rate is None:
            parts.append(
                say("outcome.rate-missing", language, name=say(f"outcome.{name}", language))
            )
            continue
        known = rate_sentence(rate, language)
        if rate.estimate is not None and name in settled:
            open_ = settlement_sentence(settled[name], rate, language)
            known = say("outcome.open", language, known=known, settle=open_)
        parts.append(known)
    return say("outcome.undecided", language, rates=_join(parts, language))
