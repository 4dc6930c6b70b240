"""Tables of the rates: against their limits, defined, counted, in both readings, how exact."""

from __future__ import annotations

from ..model import Indicator
from ..text import number, say
from .context import ReportContext
from .tables import Amount, ReportTable, Share, table
from .wording import (
    clause,
    document,
    initial,
    limit_words,
    listed,
    rate_and_formula,
    rate_name,
    rate_word,
    rate_words,
    said,
    share,
    span,
    why_words,
    word,
)


def rate_tables(context: ReportContext, language: str) -> tuple[ReportTable, ...]:
    """Return the tables of the rates, the deciding one first."""
    return (
        against_limits(context, language),
        counts(context, language),
        readings(context, language),
        neighbours(context, language),
        *([missed(context, language)] if context.results.revisits else []),
        exactness(context, language),
        pools(context, language),
        definitions(context, language),
    )


def against_limits(context: ReportContext, language: str) -> ReportTable:
    """Return each rate with its interval, its limit, and what follows."""
    rates = context.results.indicators
    notes = [say("report.note-interval", language, confidence=_confidence(rates, language))]
    if any(i.boundary for i in rates):
        notes.append(say("report.note-boundary", language))
    return table(
        "rates",
        say("report.table-rates", language),
        said(
            language,
            "col-rate",
            "col-known",
            "col-estimate",
            "col-lower",
            "col-upper",
            "col-limit",
            "col-conclusion",
        ),
        [
            (
                rate_name(i, language),
                rate_words(i, language),
                Share(value=i.estimate),
                Share(value=i.interval.lower if i.interval else None),
                Share(value=i.interval.upper if i.interval else None),
                limit_words(i, language),
                _conclusion(i, language),
            )
            for i in rates
        ],
        notes,
    )


def _confidence(rates: tuple[Indicator, ...], language: str) -> str:
    levels = {i.interval.confidence for i in rates if i.interval is not None}
    return share(max(levels, default=0.95), language, digits=0)


def _conclusion(rate: Indicator, language: str) -> str:
    if rate.conclusion is None:
        return say("report.decides-nothing", language)
    said = word("conclusion", rate.conclusion, language)
    return listed([said, say("report.boundary", language)], language) if rate.boundary else said


def counts(context: ReportContext, language: str) -> ReportTable:
    """Return numerators and denominators as found in the sample, without weights."""
    return table(
        "counts",
        say("report.table-counts", language),
        said(
            language,
            "col-rate",
            "col-events",
            "col-households",
            "col-event-persons",
            "col-persons",
            "col-villages",
        ),
        [
            (rate_name(i, language), i.events, i.households, i.event_persons, i.persons, i.villages)
            for i in context.results.indicators
        ],
        said(language, "note-counts"),
    )


def readings(context: ReportContext, language: str) -> ReportTable:
    """Return confirmed cases under both readings of "stably above the line"."""
    return table(
        "readings",
        say("report.table-readings", language),
        said(
            language,
            "col-kind",
            "col-reading-stable",
            "col-persons",
            "col-reading-line",
            "col-persons",
        ),
        [
            (
                word("case", r.kind.value, language),
                r.stable,
                r.stable_persons,
                r.by_line,
                r.by_line_persons,
            )
            for r in context.readings
        ],
        [say(f"report.note-reading-{context.rules.reading}", language)],
    )


def neighbours(context: ReportContext, language: str) -> ReportTable:
    """Return the official point rule and the NCHS interval beside our conclusion."""
    rates = [
        i
        for i in context.results.indicators
        if i.official_point is not None or i.interval_nchs is not None
    ]
    return table(
        "neighbours",
        say("report.table-neighbours", language),
        said(
            language,
            "col-rate",
            "col-ours",
            "col-conclusion",
            "col-official",
            "col-official-conclusion",
            "col-nchs",
            "col-nchs-verdict",
            "col-clustered",
        ),
        [
            (
                rate_name(i, language),
                span(i.interval, language),
                _conclusion(i, language),
                Share(value=i.official_point),
                word("official", i.official_conclusion or "none", language),
                span(i.interval_nchs, language),
                word("nchs", i.nchs_verdict or "none", language),
                span(i.interval_clustered, language),
            )
            for i in rates
        ],
        said(language, "note-neighbours"),
    )


def missed(context: ReportContext, language: str) -> ReportTable:
    """Return what the rates are when what first visits missed is allowed for."""
    rates = [i for i in context.results.indicators if i.allowing is not None]
    return table(
        "missed",
        say("report.table-missed", language),
        said(
            language,
            "col-rate",
            "col-ours",
            "col-revisited-clear",
            "col-missed",
            "col-allowing",
            "col-allowing-interval",
            "col-revisits-needed",
        ),
        [_missed_row(i, language) for i in rates],
        said(language, "note-missed"),
    )


def _missed_row(rate: Indicator, language: str) -> tuple[object, ...]:
    found = rate.allowing
    assert found is not None
    needed: object = "–"
    if rate.threshold is not None and found.needed is not None:
        needed = found.needed
    return (
        rate_name(rate, language),
        span(rate.interval, language),
        found.clear,
        found.missed,
        Share(value=found.estimate),
        span(found.interval, language),
        needed,
    )


def exactness(context: ReportContext, language: str) -> ReportTable:
    """Return standard error, design effect, effective size and correlation of each rate."""
    rates = [i for i in context.results.indicators if i.estimate is not None]
    return table(
        "exactness",
        say("report.table-exactness", language),
        said(
            language,
            "col-rate",
            "col-se",
            "col-deff",
            "col-own-deff",
            "col-effective",
            "col-icc",
            "col-icc-policy",
            "col-method",
        ),
        [
            (
                rate_name(i, language),
                Share(value=i.std_error),
                Amount(value=i.deff),
                Amount(value=i.own_deff),
                Amount(value=i.n_effective, digits=0),
                Amount(value=i.icc, digits=3),
                word("icc-policy", i.icc_policy, language) if i.icc_policy else "–",
                word("method", i.interval.method, language) if i.interval else "–",
            )
            for i in rates
        ],
        said(language, "note-exactness"),
    )


def pools(context: ReportContext, language: str) -> ReportTable:
    """Return the intra-cluster correlation pooled over the round."""
    return table(
        "pools",
        say("report.table-pools", language),
        said(
            language,
            "col-rate",
            "col-icc",
            "col-icc-estimate",
            "col-counties",
            "col-events",
            "col-icc-policy",
        ),
        [
            (
                say(
                    "report.rate-name",
                    language,
                    name=initial(rate_word(p.name, language)),
                    what=word("unit", p.unit, language),
                ),
                Amount(value=p.icc, digits=3),
                Amount(value=p.estimate, digits=3),
                p.areas,
                p.events,
                word("icc-policy", p.policy, language),
            )
            for p in context.results.pools
        ],
    )


def definitions(context: ReportContext, language: str) -> ReportTable:
    """Return what each rate means, its formula, its limit and the clause it rests on."""
    rows, seen = [], set()
    for rate in context.results.indicators:
        if (rate.name, rate.formula) in seen:
            continue
        seen.add((rate.name, rate.formula))
        rule = context.rules.threshold(rate.name)
        rows.append(
            (
                rate_and_formula(rate, language),
                word("definition", rate.name, language),
                word("formula-text", f"{rate.name}-{rate.formula}", language),
                limit_words(_with_limit(context, rate), language),
                document(rule.source, language) if rule else say("report.no-clause", language),
                clause(rule.source, language) if rule else "–",
            )
        )
    return table(
        "definitions",
        say("report.table-definitions", language),
        said(
            language,
            "col-rate",
            "col-definition",
            "col-formula",
            "col-limit",
            "col-document",
            "col-clause",
        ),
        rows,
    )


def _with_limit(context: ReportContext, rate: Indicator) -> Indicator:
    """Return the deciding rate of the same name and formula, which carries the limit."""
    return next(
        (
            i
            for i in context.results.indicators
            if i.threshold is not None and (i.name, i.formula) == (rate.name, rate.formula)
        ),
        rate,
    )


def rate_gaps(context: ReportContext, language: str) -> tuple[str, ...]:
    """Return a sentence for each rate that the data do not allow."""
    return tuple(
        say(
            "report.rate-gap",
            language,
            name=rate_name(i, language),
            why=why_words(i, language),
            households=number(i.households, language),
        )
        for i in context.results.indicators
        if i.estimate is None
    )
