"""The words at the head and foot of a county report, on its page and in its workbook alike."""

from __future__ import annotations

from collections.abc import Mapping

from ..conclusions import PROCEDURE, Naming, second_wave_sentence
from ..model import CaseState
from ..model.pages import CriterionLine
from ..text import day, number, say
from .context import FaultCount, ReportContext
from .wording import in_utc, listed, said, share, word


def page_title(context: ReportContext, language: str) -> str:
    """Return the title of the report."""
    return say("report.title", language, county=context.county_name, year=context.key.exit_year)


def running_words(context: ReportContext, language: str) -> str:
    """Return what stands at the foot of every page: evaluation and journal head."""
    return say(
        "report.footer",
        language,
        county=context.county_name,
        year=context.key.exit_year,
        round=context.key.round_name,
        head=context.journal_head,
    )


def fact_words(context: ReportContext, language: str) -> list[tuple[str, str]]:
    """Return which evaluation this is, by whom, and when it was written."""
    name = say(
        "report.evaluation-name",
        language,
        county=context.county_name,
        code=context.key.county_code,
        year=context.key.exit_year,
        round=context.key.round_name,
    )
    labels = said(language, "evaluation", "institution", "date")
    values = (name, context.key.institution, day(in_utc(context.written_at), language))
    return list(zip(labels, values, strict=True))


def beside_words(context: ReportContext, language: str) -> list[str]:
    """Return what stands beneath the outcome: second wave, official point rule, if provisional."""
    outcome = context.results.outcome
    advice = second_wave_sentence(outcome, language)
    lines = [advice] if advice else []
    lines.append(
        say(
            "report.outcome-official",
            language,
            kind=word("kind", outcome.official_kind.value, language),
        )
    )
    if outcome.provisional:
        cases = number(outcome.open_cases, language)
        lines.append(say("report.outcome-provisional", language, cases=cases))
    return lines


def line_verdict(line: CriterionLine, language: str) -> str:
    """Return what a criterion's line says of it, in a word or two."""
    kind = "verdict-procedure" if line.criterion == PROCEDURE else "verdict"
    return word(kind, line.conclusion, language)


def card_words(context: ReportContext, language: str) -> list[tuple[str, str]]:
    """Return the four blocks of an evaluation at a glance."""
    results = context.results
    said_of = [i.conclusion for i in results.indicators if i.conclusion is not None]
    states = {state: sum(c.cases for c in context.cases if c.state is state) for state in CaseState}
    closed = states[CaseState.CONFIRMED] + states[CaseState.DISMISSED]
    fields: dict[str, dict[str, int]] = {
        "criteria": {
            "met": said_of.count("pass"),
            "all": len(said_of),
            "open": said_of.count("inconclusive"),
            "failed": said_of.count("fail"),
        },
        "procedure": {
            "complete": results.procedure_complete,
            "checked": results.procedure_checked,
            "faults": sum(f.faults for f in context.county_faults),
        },
        "documents": {
            "missing": _undocumented(context.household_faults),
            "county": _undocumented(context.county_faults),
        },
        "cases": {
            "confirmed": states[CaseState.CONFIRMED],
            "dismissed": states[CaseState.DISMISSED],
            "open": sum(states.values()) - closed,
        },
    }
    return [
        (
            say(f"report.card-{name}", language),
            say(
                f"report.card-{name}-words",
                language,
                **{field: number(count, language) for field, count in counts.items()},
            ),
        )
        for name, counts in fields.items()
    ]


def _undocumented(faults: tuple[FaultCount, ...]) -> int:
    return sum(f.faults for f in faults if f.fault == "no-document")


def naming_words(naming: Naming | None, names: Mapping[str, str], language: str) -> str:
    """Return which of the counties shown may be named over the whole round."""
    if naming is None:
        return ""
    named, alone = (
        listed([names[code] for code in codes if code in names], language)
        for codes in (naming.named, naming.alone)
    )
    risk = say(
        "results.naming-risk",
        language,
        claims=number(naming.claims, language),
        risk=share(naming.risk, language, digits=1),
    )
    told = say(f"results.naming{'' if named else '-none'}", language, risk=risk, names=named)
    return told + (say("results.naming-alone", language, names=alone) if alone else "")
