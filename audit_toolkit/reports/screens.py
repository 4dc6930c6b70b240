"""The same figures, tables and words as in the report, put together for a screen.

A county's page and a round's page hold everything that the results screens show, so that moving
about in them asks for nothing more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime

from ..conclusions import Naming, criterion_lines
from ..model import (
    CeremonyState,
    Indicator,
    OrderReply,
    OutcomeKind,
    ProvincialDecision,
    Results,
    Round,
)
from ..model.pages import (
    CountyPage,
    NonresponseBand,
    RoundCounty,
    RoundPage,
    ShownCard,
    ShownCell,
    ShownFigure,
    ShownTable,
    StatusFound,
    VillageFound,
)
from ..text import day, number, say
from .charts import (
    SIGNS,
    chances_figure,
    chances_title,
    rates_figure,
    rates_title,
    round_figure,
    round_title,
    shown_rates,
)
from .context import ReportContext
from .found import found_tables, procedure_tables
from .page import beside_words, card_words, naming_words, running_words
from .provenance import (
    assumption_words,
    chance_table,
    drawing_tables,
    limits_words,
    version_table,
)
from .ratepage import rate_pages
from .rates import readings
from .tables import ReportTable, Share, cell_kind, cell_words, table
from .wording import (
    in_utc,
    initial,
    limit_words,
    moment,
    rate_name,
    rate_word,
    rate_words,
    said,
    word,
)

KIND_SIGNS = {
    OutcomeKind.RECOMMEND_EXIT: SIGNS["pass"],
    OutcomeKind.ORDER_VERIFICATION: SIGNS["fail"],
    OutcomeKind.UNDECIDED: SIGNS["inconclusive"],
}


def shown(given: ReportTable, language: str) -> ShownTable:
    """Return a table of the report as text for a screen."""
    return ShownTable(
        key=given.key,
        title=given.title,
        columns=given.columns,
        rows=tuple(
            tuple(ShownCell(text=cell_words(c, language), kind=cell_kind(c)) for c in row)
            for row in given.rows
        ),
        notes=given.notes,
    )


def county_page(
    context: ReportContext,
    language: str,
    *,
    villages: Sequence[VillageFound],
    statuses: Sequence[StatusFound],
    bands: Sequence[NonresponseBand],
    decision: ProvincialDecision | None,
    reply: OrderReply | None,
    outdated: str,
) -> CountyPage:
    """Return everything that the results screens show of one county.

    Parameters
    ----------
    context : ReportContext
        What the county's report would be made from.
    language : {"zh", "en"}
        Language of the words.
    villages, statuses, bands : sequences
        Counts by village and by filed status, and what nonresponse could change.
    decision : ProvincialDecision or None
        What the province decided, if it has.
    reply : OrderReply or None
        What the county replied to an order, if it has.
    outdated : str
        Why the results no longer hold as they are, or empty.
    """
    results = context.results
    outcome = results.outcome
    tables = (
        *found_tables(context, language),
        readings(context, language),
        *procedure_tables(context, language),
    )
    seal = (*drawing_tables(context, language), _versions(context, language))
    return CountyPage(
        county_code=context.key.county_code,
        county_name=context.county_name,
        title=say(
            "results.county-title",
            language,
            code=context.key.county_code,
            year=context.key.exit_year,
            round=context.key.round_name,
        ),
        outdated=outdated,
        kind=outcome.kind.value,
        kind_words=word("kind", outcome.kind.value, language),
        sign=KIND_SIGNS[outcome.kind],
        sentence=context.sentence(language),
        lines=criterion_lines(outcome, results.indicators, language),
        beside=(
            say("results.not-an-approval", language),
            *beside_words(context, language),
        ),
        answered=_answers(decision, reply, language),
        figure=ShownFigure(
            key="rates",
            title=rates_title(results.indicators, language),
            svg=rates_figure(results.indicators, language),
        ),
        figure_table=shown(_deciding(results.indicators, language), language),
        cards=_cards(context, language),
        rates=rate_pages(context, language, statuses=statuses, bands=bands, shown=shown),
        tables=tuple(shown(t, language) for t in tables),
        villages=shown(_village_table(villages, language), language),
        risks=context.plan_words(language),
        chances=ShownFigure(
            key="chances",
            title=chances_title(context.plan, language),
            svg=chances_figure(context.plan, language),
        ),
        chances_table=shown(chance_table(context, language), language),
        limits=limits_words(context, language),
        assumptions=assumption_words(context, language),
        redo=_redo(context, language),
        seal=tuple(shown(t, language) for t in seal),
        running=running_words(context, language),
        shown_at=_shown_at(context.written_at, language),
    )


def _redo(context: ReportContext, language: str) -> str:
    """Return how anyone draws the sample again, or from when on."""
    disclosed = context.ceremony.state is CeremonyState.DISCLOSED
    return say("report.drawn-redo" if disclosed else "report.note-verify-later", language)


def _versions(context: ReportContext, language: str) -> ReportTable:
    """Return the report's table of versions, its last row being when this is shown."""
    given = version_table(context, language)
    shown_at = (say("results.row-shown", language), moment(context.written_at, language))
    return dataclasses.replace(given, rows=(*given.rows[:-1], shown_at))


def _answers(
    decision: ProvincialDecision | None, reply: OrderReply | None, language: str
) -> tuple[str, ...]:
    """Return what province and county answered, in sentences."""
    told = []
    if decision is not None:
        form = "approved" if decision.approved else "not-approved"
        told.append(
            say(
                f"results.{form}",
                language,
                document=decision.document,
                date=day(in_utc(decision.decided_at), language),
            )
        )
    if reply is not None:
        date = day(in_utc(reply.replied_at), language)
        told.append(say("results.replied", language, date=date, text=reply.text))
    return tuple(told)


def _cards(context: ReportContext, language: str) -> tuple[ShownCard, ...]:
    """Return the four blocks at a glance: criteria, procedure, documents, approval."""
    outcome = context.results.outcome
    keys = ("criteria", "procedure", "documents")
    words = dict(zip(keys, card_words(context, language)[:3], strict=True))
    faults = (*context.household_faults, *context.county_faults)
    undocumented = any(f.fault == "no-document" for f in faults)
    tones = {
        "criteria": _tone(outcome.failing, outcome.undecided),
        "procedure": _tone(outcome.procedure_faults, ()),
        "documents": _tone((), (True,) if undocumented else ()),
    }
    cards = [
        ShownCard(key=key, title=title, words=text, tone=tones[key])
        for key, (title, text) in words.items()
    ]
    approval = next((i for i in context.results.indicators if i.name == "approval_rate"), None)
    if approval is not None:
        cards.append(
            ShownCard(
                key="approval",
                title=initial(rate_word(approval.name, language)),
                words=say(
                    "results.card-approval",
                    language,
                    known=rate_words(approval, language),
                    limit=limit_words(approval, language),
                ),
                tone=approval.conclusion or "inconclusive",
            )
        )
    return tuple(cards)


def _tone(broken: Sequence[object], open_: Sequence[object]) -> str:
    if broken:
        return "fail"
    return "inconclusive" if open_ else "pass"


def _deciding(indicators: Sequence[Indicator], language: str) -> ReportTable:
    """Return the table of the figure of rates, with the official point rule beside."""
    return table(
        "deciding",
        say("report.table-rates", language),
        said(
            language,
            "col-rate",
            "col-known",
            "col-limit",
            "col-conclusion",
            "col-official",
            "col-official-conclusion",
        ),
        [
            (
                rate_name(i, language),
                rate_words(i, language),
                limit_words(i, language),
                word("conclusion", i.conclusion or "none", language),
                Share(value=i.official_point),
                word("official", i.official_conclusion or "none", language),
            )
            for i in shown_rates(indicators)
        ],
        said(language, "note-neighbours"),
    )


_VILLAGE_COLUMNS = (
    "visited",
    "answered",
    "persons",
    "exited",
    "wrongly-exited",
    "unregistered",
    "omitted",
    "still-poor",
    "missed",
    "approving",
)


def _village_table(villages: Sequence[VillageFound], language: str) -> ReportTable:
    columns = ("village", *_VILLAGE_COLUMNS)
    return table(
        "villages",
        say("results.table-villages", language),
        [say(f"results.col-{c}", language) for c in columns],
        [
            (
                say("results.village-number", language, number=number(v.number, language)),
                *(getattr(v, c.replace("-", "_")) for c in _VILLAGE_COLUMNS[:-1]),
                say(
                    "results.of",
                    language,
                    part=number(v.approving, language),
                    whole=number(v.asked, language),
                ),
            )
            for v in villages
        ],
        [say("results.note-villages", language)],
    )


def round_page(
    round_: Round,
    language: str,
    *,
    results: Mapping[str, Results],
    sentences: Mapping[str, str],
    waiting: Mapping[str, str],
    at: datetime,
    kind: str = "",
    naming: Naming | None = None,
) -> RoundPage:
    """Return the counties of a round with their outcomes, and each deciding rate over all of them.

    Parameters
    ----------
    round_ : Round
        The round, its counties those that the reader may see.
    language : {"zh", "en"}
        Language of the words.
    results : mapping of str to Results
        County code to results; counties without them are left out.
    sentences : mapping of str to str
        County code to the outcome in one sentence.
    waiting : mapping of str to str
        County code to the code of what is awaited where there are no results ("results.await-...").
    at : datetime
        When this is shown.
    kind : str
        A value of `OutcomeKind`: only its counties are drawn and listed; empty for all.
    naming : Naming or None
        Which counties may be named, out of all of the round.
    """
    known = [results[c.county_code] for c in round_.counties if c.county_code in results]
    names = {c.county_code: c.name for c in round_.counties}
    kinds = tuple(
        (
            kind.value,
            word("kind", kind.value, language),
            sum(r.outcome.kind is kind for r in known),
        )
        for kind in OutcomeKind
    )
    return RoundPage(
        title=say(
            "results.round-title",
            language,
            round=round_.round_name,
            year=round_.exit_year,
            institution=round_.institution,
        ),
        sentence=_round_sentence(round_, kinds, len(known), language),
        naming=naming_words(naming, names, language),
        counties=tuple(
            _round_county(
                c.county_code,
                c.name,
                results.get(c.county_code),
                sentences.get(c.county_code, ""),
                waiting.get(c.county_code, ""),
                language,
            )
            for c in sorted(round_.counties, key=lambda c: c.county_code)
            if not kind or _is_of(results.get(c.county_code), kind)
        ),
        kinds=kinds,
        figures=_round_figures([r for r in known if not kind or _is_of(r, kind)], names, language),
        running=say(
            "results.round-running",
            language,
            round=round_.round_name,
            year=round_.exit_year,
            institution=round_.institution,
        ),
        shown_at=_shown_at(at, language),
    )


def _shown_at(at: datetime, language: str) -> str:
    return say("results.shown-at", language, at=moment(at, language))


def _is_of(found: Results | None, kind: str) -> bool:
    return found is not None and found.outcome.kind.value == kind


def _round_sentence(
    round_: Round, kinds: Sequence[tuple[str, str, int]], known: int, language: str
) -> str:
    counties = number(len(round_.counties), language)
    if not known:
        return say("results.round-none", language, counties=counties)
    counts = {kind.replace("-", "_"): number(n, language) for kind, _, n in kinds}
    text = say("results.round-sentence", language, counties=counties, **counts)
    left = len(round_.counties) - known
    if left:
        text += say("results.round-left", language, left=number(left, language))
    return text


def _round_county(
    code: str, name: str, found: Results | None, sentence: str, waits: str, language: str
) -> RoundCounty:
    if found is None:
        return RoundCounty(
            county_code=code,
            county_name=name,
            kind="",
            kind_words=say("results.kind-none", language),
            sign="…",
            sentence=say(f"results.await-{waits}", language),
            official="",
        )
    outcome = found.outcome
    return RoundCounty(
        county_code=code,
        county_name=name,
        kind=outcome.kind.value,
        kind_words=word("kind", outcome.kind.value, language),
        sign=KIND_SIGNS[outcome.kind],
        sentence=sentence,
        official=say(
            "results.official",
            language,
            kind=word("short", outcome.official_kind.value, language),
        ),
    )


def _round_figures(
    known: Sequence[Results], names: Mapping[str, str], language: str
) -> tuple[tuple[str, str, ShownFigure, ShownTable], ...]:
    """Return for each deciding rate its name, words, figure and table."""
    rates = dict.fromkeys(i.name for r in known for i in shown_rates(r.indicators))
    return tuple(
        (
            rate,
            initial(rate_word(rate, language)),
            ShownFigure(
                key=f"round-{rate}",
                title=round_title(known, language, rate),
                svg=round_figure(known, language, rate, names=names),
            ),
            shown(_round_table(known, names, rate, language), language),
        )
        for rate in rates
    )


def _round_table(
    known: Sequence[Results], names: Mapping[str, str], rate: str, language: str
) -> ReportTable:
    rows = [
        (r.key.county_code, i)
        for r in sorted(known, key=lambda r: r.key.county_code)
        for i in shown_rates(r.indicators)
        if i.name == rate
    ]
    named = [dataclasses.replace(i, name=rate) for _, i in rows]
    return table(
        f"round-{rate}",
        rate_name(named[0], language),
        (
            say("results.col-county", language),
            *said(
                language,
                "col-known",
                "col-limit",
                "col-conclusion",
                "col-official",
                "col-official-conclusion",
            ),
        ),
        [
            (
                names.get(code, code),
                rate_words(i, language),
                limit_words(i, language),
                word("conclusion", i.conclusion or "none", language),
                Share(value=i.official_point),
                word("official", i.official_conclusion or "none", language),
            )
            for code, i in rows
        ],
    )
