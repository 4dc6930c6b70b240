"""The outcome in one sentence: what, why, and what would settle it; words first where rare.

The sentence is short enough to be taken in at once. Where several criteria stand behind it, it
counts them, and each has a line of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..model import Indicator, Outcome, OutcomeKind, Settlement
from ..model.pages import CriterionLine
from ..text import number, percent, say
from .outcome import HOUSEHOLD_STEPS

PROCEDURE = "procedure"


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
    rates = _criteria(indicators)
    if outcome.kind is OutcomeKind.RECOMMEND_EXIT:
        text = say("outcome.recommend", language, count=number(len(rates), language))
    elif outcome.kind is OutcomeKind.ORDER_VERIFICATION:
        text = _order(outcome, rates, language)
    else:
        text = _undecided(outcome, rates, language)
    if outcome.provisional:
        text += say("outcome.provisional", language, cases=number(outcome.open_cases, language))
    return text


def criterion_lines(
    outcome: Outcome, indicators: Sequence[Indicator], language: str
) -> tuple[CriterionLine, ...]:
    """Return a line for each criterion of an outcome and one for the procedure.

    Criteria shown to be broken stand first, then the open ones.

    Parameters
    ----------
    outcome : Outcome
        What `conclude` returned.
    indicators : sequence of Indicator
        The rates it was concluded from.
    language : {"zh", "en"}
        Language of the words.
    """
    rates = _criteria(indicators)
    names = (*rates, *(n for n in outcome.undecided if n not in rates))
    lines = [_line(name, outcome, rates.get(name), language) for name in names]
    lines.append(_procedure_line(outcome, language))
    order = ("fail", "inconclusive", "pass")
    return tuple(sorted(lines, key=lambda line: order.index(line.conclusion)))


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


def second_wave_sentence(outcome: Outcome, language: str) -> str:
    """Return whether an undecided county may have a second wave; empty where it is decided."""
    advice = outcome.advice
    if advice is None:
        return ""
    looking = advice.looking_risk
    reckoned = looking is not None and looking > advice.risk
    return say(
        f"outcome.wave-{advice.rule.value}",
        language,
        villages=number(advice.villages, language),
        why=say(
            f"outcome.wave-risk{'' if reckoned else '-plain'}",
            language,
            looking=percent(looking or 0.0, language, digits=1),
            risk=percent(advice.risk, language, digits=1),
        ),
    )


def exact_percent(share: float, language: str) -> str:
    """Return a limit as per cent without false digits ("2 %", "1.5 %")."""
    text = f"{share * 100:.4f}".rstrip("0")
    return percent(share, language, digits=len(text.partition(".")[2]))


def _criteria(indicators: Sequence[Indicator]) -> dict[str, Indicator]:
    return {i.name: i for i in indicators if i.threshold is not None}


def _join(parts: Sequence[str], language: str) -> str:
    return say("outcome.joint", language).join(parts)


def _line(name: str, outcome: Outcome, rate: Indicator | None, language: str) -> CriterionLine:
    conclusion = "fail" if name in outcome.failing else "pass"
    if name in outcome.undecided:
        conclusion = "inconclusive"
    if rate is None:
        known = say("outcome.rate-missing", language, name=say(f"outcome.{name}", language))
        return CriterionLine(criterion=name, conclusion=conclusion, known=known)
    known = rate_sentence(rate, language)
    if is_held_back(rate):
        return CriterionLine(
            criterion=name, conclusion=conclusion, known=_held_back(rate, known, language)
        )
    return CriterionLine(
        criterion=name,
        conclusion=conclusion,
        known=known,
        settle=_settle(name, outcome, rate, language),
    )


def is_held_back(rate: Indicator) -> bool:
    """Tell whether a rate is open only because of what first visits missed."""
    if rate.interval is None or rate.allowing is None or rate.threshold is None:
        return False
    below = rate.direction == "below" and rate.interval.upper < float(rate.threshold)
    return below and rate.conclusion == "inconclusive"


def _held_back(rate: Indicator, known: str, language: str) -> str:
    found = rate.allowing
    assert found is not None
    fields = {
        "known": known,
        "missed": number(found.missed, language),
        "clear": number(found.clear, language),
        "estimate": percent(found.estimate, language),
    }
    return say("outcome.held-back", language, **fields)


def _settle(name: str, outcome: Outcome, rate: Indicator, language: str) -> str:
    found = next((s for s in outcome.settlements if s.indicator == name), None)
    if found is None or rate.estimate is None:
        return ""
    return settlement_sentence(found, rate, language)


def _procedure_line(outcome: Outcome, language: str) -> CriterionLine:
    faults = _procedure_parts(outcome, language)
    return CriterionLine(
        criterion=PROCEDURE,
        conclusion="fail" if faults else "pass",
        known=_join(faults, language) or say("outcome.procedure-kept", language),
    )


def _procedure_parts(outcome: Outcome, language: str) -> list[str]:
    """Return in what the procedure was not carried out, one part a kind of fault."""
    county = [f for f in outcome.procedure_faults if not f.startswith(HOUSEHOLD_STEPS)]
    parts = []
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
    return parts


def _order(outcome: Outcome, rates: dict[str, Indicator], language: str) -> str:
    """Return the order with its reasons: one broken rate in full, several with their estimates."""
    broken = [rates[name] for name in outcome.failing]
    say_rate = rate_sentence if len(broken) == 1 else _short_rate
    parts = [say_rate(rate, language) for rate in broken]
    parts += _procedure_parts(outcome, language)
    key = "-".join(("order", *outcome.reasons))
    return say(f"outcome.{key}", language, reasons=_join(parts, language))


def _short_rate(rate: Indicator, language: str) -> str:
    return say(
        "outcome.rate-short",
        language,
        name=say(f"outcome.{rate.name}", language),
        estimate=percent(rate.estimate or 0.0, language),
        limit=exact_percent(float(rate.threshold or 0), language),
    )


def _undecided(outcome: Outcome, rates: dict[str, Indicator], language: str) -> str:
    """Return what is open and what would settle it: one criterion in full, several counted."""
    if len(outcome.undecided) == 1:
        line = _line(outcome.undecided[0], outcome, rates.get(outcome.undecided[0]), language)
        known = line.known
        if line.settle:
            known = say("outcome.open", language, known=known, settle=line.settle)
        return say("outcome.undecided", language, rates=known)
    missing = [n for n in outcome.undecided if n not in rates]
    unknown = [n for n in outcome.undecided if n in rates and rates[n].estimate is None]
    open_ = len(outcome.undecided) - len(missing) - len(unknown)
    counted = {"all": number(len(rates) + len(missing), language)}
    parts = []
    if open_:
        known = say("outcome.open-several", language, open=number(open_, language), **counted)
        settle = _settle_several(outcome, rates, language)
        parts.append(say("outcome.open", language, known=known, settle=settle))
    if missing or unknown:
        count = number(len(missing) + len(unknown), language)
        parts.append(say("outcome.unknown-several", language, count=count, **counted))
    return say("outcome.undecided", language, rates=_join(parts, language))


def _settle_several(outcome: Outcome, rates: dict[str, Indicator], language: str) -> str:
    """Return what would settle several open criteria; each one's own chance is in its line."""
    known = [s for s in outcome.settlements if rates[s.indicator].estimate is not None]
    more = [s.more_villages for s in known if s.more_villages is not None]
    never = len(known) - len(more)
    if not more:
        return say("outcome.settle-none", language)
    form = "settle-all" if not never else "settle-some"
    plural = "one" if max(more) == 1 else "more"
    fields = {
        "villages": number(max(more), language),
        "some": number(len(more), language),
        "others": number(never, language),
    }
    return say(f"outcome.{form}-{plural}", language, **fields)
