"""How codes, rates and sources are put into a reader's words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from ..model import Indicator, Limits, Source
from ..text import day, knows, number, percent, say


def word(kind: str, code: str, language: str) -> str:
    """Return the words for a code (``word("criterion", "housing", "zh")``).

    Words that rules and conclusions own stand in their catalogues. A code that only a user's own
    rule set knows is shown as it is.
    """
    for key in (f"report.{kind}-{code}", f"rules.{kind}.{code}", f"outcome.{kind}-{code}"):
        if knows(key, language):
            return say(key, language)
    return code


def rate_word(name: str, language: str) -> str:
    """Return the name of a rate."""
    key = f"outcome.{name}"
    return say(key, language) if knows(key, language) else name


def said(language: str, *names: str) -> tuple[str, ...]:
    """Return several texts of the report's catalogue that have no fields."""
    return tuple(say(f"report.{name}", language) for name in names)


def share(value: float | None, language: str, *, digits: int = 2) -> str:
    """Return a share as per cent; a dash where there is none."""
    return "–" if value is None else percent(value, language, digits=digits)


def upper_share(value: float, language: str) -> str:
    """Return an upper bound in few digits, rounded up so that it is never understated."""
    return _bound(value, language, ROUND_CEILING)


def lower_share(value: float, language: str) -> str:
    """Return a lower bound in few digits, rounded down so that it is never overstated."""
    return _bound(value, language, ROUND_FLOOR)


def _bound(value: float, language: str, rounding: str) -> str:
    rounded = Decimal(repr(value)).quantize(Decimal("0.001"), rounding=rounding)
    return percent(float(rounded), language, digits=1)


def span(limits: Limits | None, language: str) -> str:
    """Return the ends of an interval ("0.05–1.51 %"); a dash where there is none."""
    if limits is None:
        return "–"
    lower = number(limits.lower * 100, language, digits=2)
    return f"{lower}–{percent(limits.upper, language)}"


def limit_words(indicator: Indicator, language: str) -> str:
    """Return the limit of a rate ("limit 2 %"), or a dash where it decides nothing."""
    if indicator.threshold is None:
        return "–"
    value = limit(indicator.threshold, language)
    return say(f"outcome.limit-{indicator.direction}", language, limit=value)


def limit(threshold: str, language: str) -> str:
    """Return a limit given as decimal text, without false digits."""
    value = float(threshold)
    digits = 0 if abs(value * 100 - round(value * 100)) < 1e-9 else 2
    return percent(value, language, digits=digits)


def rate_name(indicator: Indicator, language: str) -> str:
    """Return a rate's name with its formula where there are several, and its unit."""
    unit = word("unit", indicator.unit, language)
    return _qualified(indicator, language, unit)


def rate_and_formula(indicator: Indicator, language: str) -> str:
    """Return a rate's name with its formula where there are several."""
    return _qualified(indicator, language)


def _qualified(indicator: Indicator, language: str, *more: str) -> str:
    name = initial(rate_word(indicator.name, language))
    formula = f"report.formula-{indicator.name}-{indicator.formula}"
    parts = [*([say(formula, language)] if knows(formula, language) else []), *more]
    if not parts:
        return name
    return say("report.rate-name", language, name=name, what=listed(parts, language))


def initial(words: str) -> str:
    """Return words with a capital at their head."""
    return words[:1].upper() + words[1:]


def rate_words(indicator: Indicator, language: str) -> str:
    """Return what is known about a rate: words first where none was found."""
    if indicator.estimate is None or indicator.interval is None:
        return say("report.rate-none", language, why=why_words(indicator, language))
    households = number(indicator.households, language)
    if indicator.estimate == 0:
        return say(
            "report.rate-zero",
            language,
            households=households,
            persons=number(indicator.persons, language),
            upper=upper_share(indicator.interval.upper, language),
        )
    if indicator.estimate == 1:
        lower = lower_share(indicator.interval.lower, language)
        return say("report.rate-all", language, households=households, lower=lower)
    return say(
        "report.rate-found",
        language,
        estimate=share(indicator.estimate, language),
        span=span(indicator.interval, language),
    )


def why_words(indicator: Indicator, language: str) -> str:
    """Return why a rate could not be estimated."""
    return word("why", indicator.why, language) if indicator.why else say("report.why", language)


def document(source: Source, language: str) -> str:
    """Return the document of a source in one language ("《…》 (English title)" holds both)."""
    both = re.fullmatch(r"(.*[^\x00-\x7f].*?) \(([^()]*[A-Za-z][^()]*)\)", source.document)
    if both is None:
        return word("source", source.document, language)
    return both[1] if language == "zh" else f"{both[2]} ({both[1]})"


def clause(source: Source, language: str) -> str:
    """Return the clause of a source in one language."""
    return word("source", source.clause, language)


def moment(value: datetime | None, language: str) -> str:
    """Return a date with the time in UTC, as it is published with the draw."""
    if value is None:
        return "–"
    at = in_utc(value)
    return f"{day(at, language)} {at:%H:%M} UTC"


def in_utc(value: datetime) -> datetime:
    """Return a time in UTC; one without zone counts as UTC, never as this machine's."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def listed(parts: list[str], language: str) -> str:
    """Return parts joined as a list."""
    return ("、" if language == "zh" else ", ").join(parts)
