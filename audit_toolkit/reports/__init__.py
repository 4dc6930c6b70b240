"""What an evaluation's results look like on paper: figures, pages and workbooks."""

from .charts import (
    chances_figure,
    chances_title,
    rates_figure,
    rates_title,
    round_figure,
    round_title,
)
from .context import ReportContext, build_context, results_json
from .render import html_report
from .screens import county_page, round_page
from .workbook import xlsx_report

__all__ = [
    "ReportContext",
    "build_context",
    "chances_figure",
    "chances_title",
    "county_page",
    "html_report",
    "rates_figure",
    "rates_title",
    "results_json",
    "round_figure",
    "round_page",
    "round_title",
    "xlsx_report",
]
