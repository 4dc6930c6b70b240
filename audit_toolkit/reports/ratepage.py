"""One rate for a screen: what it is, what was found, what that rests on and could change it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from ..conclusions import criterion_lines
from ..model import Indicator
from ..model.pages import (
    NonresponseBand,
    RateInUnit,
    RatePage,
    ShownTable,
    StatusFound,
)
from ..text import knows, number, say
from .context import ReportContext
from .found import inspector_error
from .rates import counts, exactness, missed, neighbours
from .tables import ReportTable, Share, table
from .wording import (
    clause,
    document,
    initial,
    limit_words,
    listed,
    rate_word,
    rate_words,
    share,
    word,
)

Shown = Callable[[ReportTable, str], ShownTable]


def rate_pages(
    context: ReportContext,
    language: str,
    *,
    statuses: Sequence[StatusFound],
    bands: Sequence[NonresponseBand],
    shown: Shown,
) -> tuple[RatePage, ...]:
    """Return a page for each rate of the county, in the order of the report."""
    names = dict.fromkeys(i.name for i in context.results.indicators)
    return tuple(_page(context, name, language, statuses, bands, shown) for name in names)


def _page(
    context: ReportContext,
    name: str,
    language: str,
    statuses: Sequence[StatusFound],
    bands: Sequence[NonresponseBand],
    shown: Shown,
) -> RatePage:
    """Return the page of one rate; its first row is the deciding one."""
    rates = [i for i in context.results.indicators if i.name == name]
    main = rates[0]
    rule = context.rules.threshold(name)
    lines = criterion_lines(context.results.outcome, context.results.indicators, language)
    conclusion = main.conclusion or "none"
    return RatePage(
        indicator=name,
        name=initial(rate_word(name, language)),
        conclusion=conclusion,
        verdict=word("verdict", conclusion, language)
        if main.conclusion
        else say("report.decides-nothing", language),
        definition=word("definition", name, language),
        formula=word("formula-text", f"{name}-{main.formula}", language),
        limit=initial(limit_words(main, language)),
        clause=listed([document(rule.source, language), clause(rule.source, language)], language)
        if rule
        else say("report.no-clause", language),
        interval=_interval_words(main, language),
        by_unit=tuple(
            _in_unit(context, unit, rates, language, statuses, bands, shown)
            for unit in dict.fromkeys(i.unit for i in rates)
        ),
        settle=next((line.settle for line in lines if line.criterion == name), ""),
    )


def _in_unit(
    context: ReportContext,
    unit: str,
    rates: Sequence[Indicator],
    language: str,
    statuses: Sequence[StatusFound],
    bands: Sequence[NonresponseBand],
    shown: Shown,
) -> RateInUnit:
    """Return what is known of a rate in one unit."""
    ours = tuple(i for i in rates if i.unit == unit)
    main = ours[0]
    narrowed = dataclasses.replace(
        context, results=dataclasses.replace(context.results, indicators=ours)
    )
    band = next((b for b in bands if (b.indicator, b.unit) == (main.name, unit)), None)
    tables = [counts(narrowed, language), _by_status(main.name, statuses, language)]
    if any(i.estimate is not None for i in ours):
        tables += [neighbours(narrowed, language), exactness(narrowed, language)]
    if any(i.allowing is not None for i in ours):
        tables.append(missed(narrowed, language))
    tables.append(inspector_error(context, language))
    return RateInUnit(
        unit=unit,
        name=word("unit", unit, language),
        known=initial(rate_words(main, language)),
        role=say(f"results.unit-{'decides' if main.threshold else 'beside'}", language),
        nonresponse=_nonresponse_words(main, band, language),
        tables=tuple(shown(t, language) for t in tables),
    )


def _by_status(name: str, statuses: Sequence[StatusFound], language: str) -> ReportTable:
    approval = name == "approval_rate"
    columns = (
        ("status", "visited", "asked", "approving", "share-of-asked")
        if approval
        else ("status", "visited", "answered", "persons", "found", "found-persons")
    )
    rows = []
    for s in statuses:
        given: tuple[object, ...] = (s.answered, s.persons, s.found, s.found_persons)
        if approval:
            portion = Share(value=s.approving / s.asked if s.asked else None)
            given = (s.asked, s.approving, portion)
        rows.append((word("stratum", s.status, language), s.visited, *given))
    return table(
        "by-status",
        say("results.table-by-status", language),
        [say(f"results.col-{c}", language) for c in columns],
        rows,  # type: ignore[arg-type]
        [say("results.note-by-status", language)],
    )


def _nonresponse_words(rate: Indicator, band: NonresponseBand | None, language: str) -> str:
    """Return in words what those who did not answer could change."""
    if band is None:
        return say("results.band-composite", language) if rate.estimate is not None else ""
    if not band.missing:
        return say("results.band-none", language)
    fields = {
        "missing": number(band.missing, language),
        "lower": share(band.lower, language),
        "upper": share(band.upper, language),
    }
    told = [say(f"results.band-{rate.direction or 'below'}", language, **fields)]
    if rate.threshold is not None:
        if band.tipping is None:
            told.append(say("results.tipping-never", language))
        elif band.tipping == 0:
            told.append(say("results.tipping-already", language))
        else:
            tipping = number(band.tipping, language)
            told.append(say("results.tipping", language, tipping=tipping))
    return ("" if language == "zh" else " ").join(told)


def _interval_words(rate: Indicator, language: str) -> tuple[str, ...]:
    """Return how the interval was made, in two sentences."""
    if rate.interval is None:
        return ()
    key = f"results.interval-{rate.interval.method}"
    made = key if knows(key, language) else "results.interval-korn-graubard-model"
    confidence = share(rate.interval.confidence, language, digits=0)
    effective = number(rate.n_effective or 0, language)
    households = number(rate.households, language)
    policy = word("icc-policy", rate.icc_policy, language)
    known = rate.icc is not None
    basis = "results.interval-basis" if known else "results.interval-basis-parts"
    return (
        say(made, language, confidence=confidence, effective=effective, households=households),
        say(
            basis,
            language,
            policy=policy,
            icc=number(rate.icc if rate.icc is not None else 0.0, language, digits=3),
        ),
    )
