"""Tables of how the sample came about, what was assumed, what the plan could show, and versions."""

from __future__ import annotations

from ..model import Ceremony, CeremonyState
from ..rules import assumptions
from ..text import number, percent, say
from .context import ReportContext
from .tables import Amount, Cell, Code, ReportTable, Share, table
from .wording import clause, document, listed, moment, rate_word, said, upper_share, word


def drawing_tables(context: ReportContext, language: str) -> tuple[ReportTable, ...]:
    """Return the sample by stratum, the seal, and the holders' commitments."""
    return (sample(context, language), seal(context, language), holders(context, language))


def sample(context: ReportContext, language: str) -> ReportTable:
    """Return frame, sample and reserves of each stratum of the county."""
    return table(
        "sample",
        say("report.table-sample", language),
        said(
            language,
            "col-stratum",
            "col-frame-households",
            "col-frame-persons",
            "col-drawn",
            "col-take",
            "col-reserves",
        ),
        [
            (
                word("stratum", d.stratum.value, language),
                d.households,
                d.persons,
                d.drawn,
                context.plan.take(d.stratum).households,
                d.reserves,
            )
            for d in context.drawn
        ],
        [
            say(
                "report.note-sample",
                language,
                villages=number(context.villages_drawn, language),
                certain=number(context.villages_certain, language),
                removals=number(context.removals, language),
            )
        ],
    )


def seal(context: ReportContext, language: str) -> ReportTable:
    """Return digests, dice and times of the ceremony, in the order of the acts."""
    act = context.ceremony
    rows: list[tuple[str, Cell]] = [
        ("row-frame-units", number(context.frame_units, language)),
        ("row-root", Code(value=context.root)),
        ("row-public-frame", Code(value=context.public_frame_sha256)),
        ("row-design", Code(value=act.design_digest)),
        ("row-ceremony", number(act.number, language)),
        ("row-ceremony-state", word("ceremony", act.state.value, language)),
        *(("row-voided", _voided(c, language)) for c in context.voided),
        ("row-committed", moment(act.committed_at, language)),
        ("row-dice-at", moment(act.dice_at, language)),
        ("row-dice", Code(value=act.dice)),
        ("row-witnesses", listed(list(act.witnesses), language)),
        # Whoever holds the seed's digest and the public frame has the sample: only once disclosed.
        *(
            [("row-seed", Code(value=act.seed_sha256))]
            if act.state is CeremonyState.DISCLOSED
            else []
        ),
        ("row-draw-digest", Code(value=context.draw_digest)),
    ]
    return table(
        "seal",
        say("report.table-seal", language),
        said(language, "col-what", "col-value"),
        [(say(f"report.{name}", language), value) for name, value in rows],
    )


def _voided(ceremony: Ceremony, language: str) -> str:
    """Return which ceremony was voided, how far it had come, and why."""
    reached = "drawn" if ceremony.seed_sha256 else "dice" if ceremony.dice_at else "committed"
    return say(
        f"report.voided-{reached}",
        language,
        number=number(ceremony.number, language),
        reason=ceremony.void_reason,
    )


def holders(context: ReportContext, language: str) -> ReportTable:
    """Return each holder's commitment and, once disclosed, the share."""
    disclosed = context.ceremony.state is CeremonyState.DISCLOSED
    complete = all(c.share for c in context.ceremony.commitments)
    note = "later" if not disclosed else "disclosed" if complete else "lost"
    waiting = say("report.share-lost" if disclosed else "report.share-secret", language)
    return table(
        "holders",
        say("report.table-holders", language),
        said(language, "col-holder", "col-commitment", "col-share-of-seed"),
        [
            (
                c.holder,
                Code(value=c.commitment),
                Code(value=c.share) if c.share else f"{waiting}{c.lost}",
            )
            for c in context.ceremony.commitments
        ],
        said(language, f"note-verify-{note}"),
    )


def assumption_words(context: ReportContext, language: str) -> tuple[str, ...]:
    """Return a sentence for each number that acted without a confirmed text, and on pooling."""
    return (
        say(
            "report.rule-set-reading",
            language,
            reading=word("reading", context.rules.reading, language),
        ),
        *(
            say(
                f"rules.assumption.{a.code}",
                language,
                about=_about(a.code, a.about, language),
                value=_assumed(a.code, a.value, language),
            )
            for a in assumptions(context.rules, exit_year=context.key.exit_year)
        ),
        say("report.note-pooling", language, counties=number(_counties(context), language)),
    )


def _counties(context: ReportContext) -> int:
    return max((p.areas for p in context.results.pools), default=0)


def _about(code: str, about: str, language: str) -> str:
    kinds = {
        "criterion": "criterion",
        "notice-days": "step",
        "tolerance": "item",
    }
    if code == "limit":
        return rate_word(about, language)
    return word(kinds[code], about, language) if code in kinds else about


def _assumed(code: str, value: str, language: str) -> str:
    match code:
        case "poverty-line":
            return number(int(value), language)
        case "stability-one-off-share" | "tolerance" | "household-steps-min-share" | "limit":
            return percent(float(value), language, digits=0)
        case "plan-icc":
            return number(float(value), language, digits=2)
        case "criterion":
            return word("criterion", value, language)
    return value


def source_table(context: ReportContext, language: str) -> ReportTable:
    """Return the documents behind thresholds, stability test and steps, and how sure they are."""
    rules = context.rules
    rows = (
        [(rate_word(t.indicator, language), t.source) for t in rules.thresholds]
        + [(say("report.row-sources-stability", language), rules.stability.source)]
        + [(word("step", s.code, language), s.source) for s in rules.steps]
    )
    return table(
        "sources",
        say("report.table-sources", language),
        said(language, "col-rule", "col-document", "col-clause", "col-status"),
        [
            (
                name,
                document(source, language),
                clause(source, language),
                word("status", source.status, language),
            )
            for name, source in rows
        ],
    )


def limits_words(context: ReportContext, language: str) -> tuple[str, ...]:
    """Return what this evaluation cannot tell, in sentences."""
    names = ["limit-frame", "limit-told", "limit-nonresponse", "limit-inspectors", "limit-interval"]
    if context.results.outcome.provisional:
        names.insert(0, "limit-provisional")
    return said(language, *names)


def chance_table(context: ReportContext, language: str) -> ReportTable:
    """Return how counties of several true rates come out under the plan."""
    plan = context.plan
    return table(
        "chances",
        say("report.table-chances", language),
        said(language, "col-true-rate", "col-recommended", "col-undecided", "col-ordered"),
        [
            (
                Share(value=c.true_rate, digits=1),
                Share(value=c.recommend, digits=1),
                Share(value=c.undecided, digits=1),
                Share(value=c.order, digits=1),
            )
            for c in plan.chances
        ],
    )


def size_table(context: ReportContext, language: str) -> ReportTable:
    """Return what the plan expected of each stratum."""
    return table(
        "sizes",
        say("report.table-sizes", language),
        said(language, "col-stratum", "col-households", "col-deff", "col-if-clean"),
        [
            (
                word("stratum", s.stratum.value, language),
                s.households,
                Amount(value=s.deff),
                say("report.if-clean", language, upper=upper_share(s.upper_if_clean, language)),
            )
            for s in context.plan.sizes
        ],
    )


def version_table(context: ReportContext, language: str) -> ReportTable:
    """Return software, rule set and journal head."""
    rules = context.rules
    title = rules.title_zh if language == "zh" else rules.title_en
    rows: list[tuple[str, Cell]] = [
        ("row-software", context.software),
        ("row-rule-set", f"{title} ({rules.rule_set_id}, {rules.dated})"),
        ("row-rule-digest", Code(value=rules.sha256)),
        ("row-journal", Code(value=context.journal_head)),
        ("row-written", moment(context.written_at, language)),
    ]
    return table(
        "versions",
        say("report.table-versions", language),
        said(language, "col-what", "col-value"),
        [(say(f"report.{name}", language), value) for name, value in rows],
    )
