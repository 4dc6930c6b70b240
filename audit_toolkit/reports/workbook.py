"""The county report as one XLSX file: the same tables, with numbers that can be reckoned with."""

from __future__ import annotations

import io
from functools import partial

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ..text import say
from .context import ReportContext
from .found import (
    asked_tables,
    cases,
    discrepancies,
    failing,
    inspector_error,
    procedure_tables,
    rectification_table,
    response,
)
from .page import beside_words, card_words, fact_words, page_title, running_words
from .provenance import (
    assumption_words,
    chance_table,
    drawing_tables,
    limits_words,
    size_table,
    source_table,
    version_table,
)
from .rates import definitions, rate_tables
from .tables import Amount, Cell, ReportTable, Share, cell_words, table, text_width
from .wording import in_utc, said, word

_WIDEST = 70
_MARGIN = 2


def xlsx_report(context: ReportContext, language: str) -> bytes:
    """Return the county report as a workbook.

    Parameters
    ----------
    context : ReportContext
        What ``build_context`` gave.
    language : {"zh", "en"}
        Language of sheets and words.

    Returns
    -------
    bytes
        Texts are never read as formulas or links. The same context gives the same bytes: the
        creation time is the report's own.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties(
        {
            "title": page_title(context, language),
            "author": context.key.institution,
            "comments": say("report.not-approval", language),
            "created": in_utc(context.written_at).replace(tzinfo=None),
        }
    )
    look = _Look(book)
    for name, tables in _sheets(context, language).items():
        sheet = book.add_worksheet(say(f"report.sheet-{name}", language))
        _fill(sheet, tables, look, context, language)
    book.close()
    return out.getvalue()


class _Look:
    """The formats of the workbook."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        plain = {"valign": "top", "font_name": "Noto Sans SC", "font_size": 10}
        make = partial(self._make, book, plain)
        self.title = make(bold=True, font_size=12)
        self.head = make(
            bold=True, text_wrap=True, bg_color="#E7EDF2", bottom=1, border_color="#7B8794"
        )
        self.words = make(text_wrap=True, num_format="@")
        self.note = make(italic=True, font_color="#52606D")
        self.count = make(num_format="#,##0")
        self._by_pattern: dict[str, Format] = {}
        self._new = make

    @staticmethod
    def _make(book: xlsxwriter.Workbook, plain: dict[str, object], **more: object) -> Format:
        return book.add_format({**plain, **more})

    def pattern(self, pattern: str) -> Format:
        """Return the format of a number pattern."""
        if pattern not in self._by_pattern:
            self._by_pattern[pattern] = self._new(num_format=pattern)
        return self._by_pattern[pattern]


def _sheets(context: ReportContext, language: str) -> dict[str, tuple[ReportTable, ...]]:
    rates = [t for t in rate_tables(context, language) if t.key != "definitions"]
    return {
        "outcome": (_outcome(context, language), _listing("limits", context, language)),
        "rates": tuple(rates),
        "response": (response(context, language), inspector_error(context, language)),
        "cases": (
            cases(context, language),
            failing(context, language),
            discrepancies(context, language),
            rectification_table(context, language),
        ),
        "procedure": procedure_tables(context, language),
        "provenance": (
            *drawing_tables(context, language),
            version_table(context, language),
            chance_table(context, language),
            size_table(context, language),
        ),
        "definitions": (
            definitions(context, language),
            *asked_tables(context, language),
            _listing("assumptions", context, language),
            source_table(context, language),
        ),
    }


def _outcome(context: ReportContext, language: str) -> ReportTable:
    kind = word("kind", context.results.outcome.kind.value, language)
    rows = [
        *fact_words(context, language),
        (say("report.outcome-heading", language), kind),
        (say("report.row-sentence", language), context.sentence(language)),
        *((say("report.row-beside", language), line) for line in beside_words(context, language)),
        *card_words(context, language),
    ]
    return table(
        "outcome",
        page_title(context, language),
        said(language, "col-what", "col-value"),
        rows,
        said(language, "not-approval"),
    )


def _listing(name: str, context: ReportContext, language: str) -> ReportTable:
    points = {"limits": limits_words, "assumptions": assumption_words}[name](context, language)
    return table(
        name,
        say(f"report.section-{name}", language),
        said(language, "col-number", "col-value"),
        list(enumerate(points, start=1)),
    )


def _fill(
    sheet: Worksheet,
    tables: tuple[ReportTable, ...],
    look: _Look,
    context: ReportContext,
    language: str,
) -> None:
    row = 0
    for one in tables:
        sheet.write_string(row, 0, one.title, look.title)
        for column, head in enumerate(one.columns):
            sheet.write_string(row + 1, column, head, look.head)
        row += 2
        for cells in one.rows:
            for column, cell in enumerate(cells):
                _write(sheet, row, column, cell, look, language)
            row += 1
        for note in one.notes:
            sheet.write_string(row, 0, note, look.note)
            row += 1
        row += 1
    for column, width in enumerate(_widths(tables, language)):
        sheet.set_column(column, column, width)
    # Only where the sheet is a single table does a frozen header belong to all its rows.
    sheet.freeze_panes(2 if len(tables) == 1 else 1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
    footer = running_words(context, language).replace("&", "&&")
    sheet.set_footer(f"&L&8{footer[:220]}&R&8&P / &N")


def _write(sheet: Worksheet, row: int, column: int, cell: Cell, look: _Look, language: str) -> None:
    match cell:
        case Share(value=float(value), digits=digits):
            pattern = "0." + "0" * digits + "%" if digits else "0%"
            sheet.write_number(row, column, value, look.pattern(pattern))
        case Amount(value=value, digits=digits) if value is not None:
            pattern = "#,##0." + "0" * digits if digits else "#,##0"
            sheet.write_number(row, column, value, look.pattern(pattern))
        case int():
            sheet.write_number(row, column, cell, look.count)
        case _:
            sheet.write_string(row, column, cell_words(cell, language), look.words)


def _widths(tables: tuple[ReportTable, ...], language: str) -> list[int]:
    columns = max(len(t.columns) for t in tables)
    widths = [10] * columns
    for one in tables:
        for cells in (one.columns, *one.rows):
            for column, cell in enumerate(cells):
                words = cell if isinstance(cell, str) else cell_words(cell, language)
                widths[column] = max(widths[column], text_width(words) + _MARGIN)
    return [min(width, _WIDEST) for width in widths]
