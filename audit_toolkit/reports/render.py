"""The county report as one HTML page that needs nothing from outside."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from ..conclusions import criterion_lines
from ..model import OutcomeKind
from ..text import number, percent, say
from .charts import SIGNS, chances_figure, chances_title, rates_figure, rates_title
from .context import ReportContext
from .fonts import page_font
from .found import (
    asked_tables,
    found_tables,
    procedure_tables,
    procedure_words,
    rectification_table,
)
from .page import beside_words, card_words, fact_words, line_verdict, page_title, running_words
from .provenance import (
    assumption_words,
    chance_table,
    drawing_tables,
    limits_words,
    size_table,
    source_table,
    version_table,
)
from .rates import rate_gaps, rate_tables
from .tables import ReportTable, cell_kind, cell_words
from .wording import said, word

_FONT_PLACE = "@font-of-this-page@"
_LANG = {"zh": "zh-Hans", "en": "en"}
_SIGN = {
    OutcomeKind.RECOMMEND_EXIT: "✓",
    OutcomeKind.ORDER_VERIFICATION: "▲",
    OutcomeKind.UNDECIDED: "◇",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFigure:
    """A numbered figure with the title that states its finding."""

    number: int
    title: str
    svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the page: sentences, points, a figure, tables."""

    key: str
    title: str
    lines: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    figure: PageFigure | None = None
    tables: tuple[ReportTable, ...] = ()


def html_report(context: ReportContext, language: str) -> bytes:
    """Return the county report as one HTML file.

    Parameters
    ----------
    context : ReportContext
        What ``build_context`` gave.
    language : {"zh", "en"}
        Language of the page.

    Returns
    -------
    bytes
        UTF-8; font and figures are inside, there is no script and no address that is fetched. The
        same context gives the same bytes.
    """
    outcome = context.results.outcome
    page = _template().render(
        lang=_LANG[language],
        say=lambda name, **fields: say(f"report.{name}", language, **fields),
        words=lambda cell: cell_words(cell, language),
        kind=cell_kind,
        css=_style(context, language),
        font_place=_FONT_PLACE,
        title=page_title(context, language),
        facts=fact_words(context, language),
        kind_code=outcome.kind.value,
        kind_words=word("kind", outcome.kind.value, language),
        sign=_SIGN[outcome.kind],
        sentence=context.sentence(language),
        lines=criterion_lines(outcome, context.results.indicators, language),
        signs=SIGNS,
        verdict=lambda line: line_verdict(line, language),
        beside=beside_words(context, language),
        cards=card_words(context, language),
        rates_title=rates_title(context.results.indicators, language),
        rates_svg=rates_figure(context.results.indicators, language),
        sections=sections(context, language),
        footer=running_words(context, language),
    )
    page = page.replace(" %", "\u00a0%")
    font = base64.b64encode(page_font(page)).decode("ascii")
    return page.replace(_FONT_PLACE, font).encode("utf-8")


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    source = files(__package__).joinpath("templates/county.html.j2")
    return environment.from_string(source.read_text(encoding="utf-8"))


def _style(context: ReportContext, language: str) -> str:
    css = files(__package__).joinpath("templates/county.css").read_text(encoding="utf-8")
    return css.replace("var(--running)", _css_string(running_words(context, language)))


def _css_string(text: str) -> str:
    """Return a text as a string of CSS that can close neither itself nor the style element."""
    safe = "".join(c if c.isalnum() or c in " ,.;:-，。；：、" else f"\\{ord(c):x} " for c in text)
    return f'"{safe}"'


def sections(context: ReportContext, language: str) -> tuple[Section, ...]:
    """Return the sections after the first page, in their order."""

    def section(key: str, **parts: object) -> Section:
        return Section(key=key, title=say(f"report.section-{key}", language), **parts)  # type: ignore[arg-type]

    return (
        section(
            "rates",
            points=rate_gaps(context, language),
            tables=rate_tables(context, language),
        ),
        section(
            "asked",
            lines=(_asked_words(context, language),),
            tables=asked_tables(context, language),
        ),
        section(
            "drawn",
            lines=(_drawn_words(context, language), *said(language, "drawn-redo")),
            tables=drawing_tables(context, language),
        ),
        section("found", tables=found_tables(context, language)),
        section(
            "procedure",
            lines=(procedure_words(context, language),),
            tables=procedure_tables(context, language),
        ),
        section("rectification", tables=(rectification_table(context, language),)),
        section(
            "assumptions",
            lines=said(language, "note-assumptions"),
            points=assumption_words(context, language),
            tables=(source_table(context, language),),
        ),
        section("limits", points=limits_words(context, language)),
        section(
            "plan",
            points=context.plan_words(language),
            figure=PageFigure(
                number=2,
                title=chances_title(context.plan, language),
                svg=chances_figure(context.plan, language),
            ),
            tables=(chance_table(context, language), size_table(context, language)),
        ),
        section("versions", tables=(version_table(context, language),)),
    )


def _asked_words(context: ReportContext, language: str) -> str:
    share = percent(float(context.plan.revisit_share), language, digits=0)
    return say("report.asked-words", language, share=share)


def _drawn_words(context: ReportContext, language: str) -> str:
    return say(
        "report.drawn-words",
        language,
        villages=number(context.villages_drawn, language),
        certain=number(context.villages_certain, language),
    )
