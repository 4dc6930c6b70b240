"""Tables of what was asked, what was found, the procedure and what has to be put right."""

from __future__ import annotations

from ..text import knows, number, percent, say
from .context import FaultCount, ReportContext
from .tables import ReportTable, Share, table
from .wording import clause, document, said, word


def asked_tables(context: ReportContext, language: str) -> tuple[ReportTable, ...]:
    """Return the conditions of exit with their sources, and what was asked to decide them."""
    return (criteria(context, language), questions(context, language))


def criteria(context: ReportContext, language: str) -> ReportTable:
    """Return the conditions of household exit; failing any one is not out of poverty."""
    return table(
        "criteria",
        say("report.table-criteria", language),
        said(language, "col-criterion", "col-rule", "col-document", "col-clause"),
        [
            (
                word("criterion", c.code, language),
                word("rule", c.rule, language),
                document(c.source, language),
                clause(c.source, language),
            )
            for c in context.rules.criteria
        ],
        said(language, "note-criteria"),
    )


def questions(context: ReportContext, language: str) -> ReportTable:
    """Return what was asked, in the order of the questionnaire."""
    return table(
        "questions",
        say("report.table-questions", language),
        said(language, "col-section", "col-question"),
        [
            (
                _asked("section", q.section, language),
                _asked("question", q.code, language),
            )
            for q in context.rules.questions
        ],
    )


def _asked(kind: str, code: str, language: str) -> str:
    key = f"questions.{kind}.{code}"
    return say(key, language) if knows(key, language) else code


def found_tables(context: ReportContext, language: str) -> tuple[ReportTable, ...]:
    """Return response, cases, failing criteria, discrepancies and inspectors' errors."""
    return (
        response(context, language),
        cases(context, language),
        failing(context, language),
        discrepancies(context, language),
        inspector_error(context, language),
    )


def response(context: ReportContext, language: str) -> ReportTable:
    """Return how the first visits ended, and how many households were replaced."""
    ended = [(c, n) for c, n in context.results.response if c != "replaced"]
    visits = sum(n for _, n in ended)
    replaced = dict(context.results.response).get("replaced", 0)
    order = [o.code for o in context.rules.outcome_codes]
    ended.sort(key=lambda e: (order.index(e[0]) if e[0] in order else len(order), e[0]))
    return table(
        "response",
        say("report.table-response", language),
        said(language, "col-ended", "col-visits", "col-share"),
        [
            (word("outcome", code, language), n, Share(value=n / visits if visits else None))
            for code, n in ended
        ],
        [
            say(
                "report.note-response",
                language,
                visits=number(visits, language),
                replaced=number(replaced, language),
            )
        ],
    )


def cases(context: ReportContext, language: str) -> ReportTable:
    """Return suspected cases by kind and state."""
    return table(
        "cases",
        say("report.table-cases", language),
        said(language, "col-kind", "col-state", "col-cases", "col-persons"),
        [
            (
                word("case", c.kind.value, language),
                word("case-state", c.state.value, language),
                c.cases,
                c.persons,
            )
            for c in context.cases
        ],
        [
            *said(language, "note-cases" if context.cases else "note-no-cases"),
            *_corrected(context, language),
        ],
    )


def _corrected(context: ReportContext, language: str) -> list[str]:
    """Return how often findings were corrected after field work, where they were."""
    if not context.late_corrections and not context.withdrawn_cases:
        return []
    return [
        say(
            "report.note-corrected",
            language,
            corrections=number(context.late_corrections, language),
            withdrawn=number(context.withdrawn_cases, language),
        )
    ]


def failing(context: ReportContext, language: str) -> ReportTable:
    """Return how often each criterion failed in confirmed cases."""
    return table(
        "failing",
        say("report.table-failing", language),
        said(language, "col-criterion", "col-confirmed"),
        [(word("criterion", code, language), n) for code, n in context.failing],
        said(language, "note-failing"),
    )


def discrepancies(context: ReportContext, language: str) -> ReportTable:
    """Return in how many households each filed value differs from the value found."""
    return table(
        "discrepancies",
        say("report.table-discrepancies", language),
        said(language, "col-item", "col-differing", "col-deciding"),
        [(word("item", i.item, language), i.differing, i.deciding) for i in context.items],
        said(language, "note-discrepancies" if context.items else "note-no-discrepancies"),
    )


def inspector_error(context: ReportContext, language: str) -> ReportTable:
    """Return first visits against blind revisits."""
    error = context.results.inspector_error
    disagreed = error.first_only + error.revisit_only
    if error.pairs:
        note = say(
            "report.note-revisits",
            language,
            pairs=number(error.pairs, language),
            disagreed=number(disagreed, language),
            share=percent(disagreed / error.pairs, language, digits=1),
        )
    else:
        note = say("report.note-no-revisits", language)
    return table(
        "revisits",
        say("report.table-revisits", language),
        said(language, "col-first", "col-revisit-poor", "col-revisit-not"),
        [
            (say("report.row-first-poor", language), error.both_poor, error.first_only),
            (say("report.row-first-not", language), error.revisit_only, error.neither),
        ],
        [note],
    )


def procedure_tables(context: ReportContext, language: str) -> tuple[ReportTable, ...]:
    """Return the faults of the county's steps and of the households' steps."""
    return (
        _fault_table("county-steps", context.county_faults, language, homes=False),
        _fault_table("household-steps", context.household_faults, language, homes=True),
    )


def procedure_words(context: ReportContext, language: str) -> str:
    """Return in one sentence how complete the step logs are."""
    results = context.results
    return say(
        "report.procedure-sentence",
        language,
        complete=number(results.procedure_complete, language),
        checked=number(results.procedure_checked, language),
        county_faults=number(sum(f.faults for f in context.county_faults), language),
    )


def _fault_table(
    key: str, faults: tuple[FaultCount, ...], language: str, *, homes: bool
) -> ReportTable:
    columns = ["col-step", "col-fault", "col-households" if homes else "col-count"]
    return table(
        key,
        say(f"report.table-{key}", language),
        said(language, *columns),
        [
            (
                word("step", f.step, language),
                word("fault", f.fault, language),
                f.households if homes else f.faults,
            )
            for f in faults
        ],
        [] if faults else said(language, f"note-no-{key}"),
    )


def rectification_table(context: ReportContext, language: str) -> ReportTable:
    """Return how many households need which measure; which ones is told to the county alone."""
    return table(
        "rectification",
        say("report.table-rectification", language),
        said(language, "col-kind", "col-measure", "col-households"),
        [
            (
                word("case", m.kind.value, language),
                word("measure", m.measure, language),
                m.households,
            )
            for m in context.measures
        ],
        said(language, "note-rectification" if context.measures else "note-no-rectification"),
    )
