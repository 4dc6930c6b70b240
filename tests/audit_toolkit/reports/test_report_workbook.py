"""The workbook holds the page's tables as numbers, runs nothing, and is the same on every run."""

import dataclasses
import io
import zipfile
from datetime import datetime

import openpyxl
import pytest
from report_samples import OUTCOMES, PLANTED, context

from audit_toolkit.reports import xlsx_report
from audit_toolkit.text import LANGUAGES


def book(kind: str = "criteria", language: str = "en", **changes: object):
    data = xlsx_report(context(kind, **changes), language)
    return openpyxl.load_workbook(io.BytesIO(data))


def cells(workbook) -> list:
    return [cell for sheet in workbook for row in sheet for cell in row if cell.value is not None]


def test_sheets_are_named_in_the_readers_language():
    assert book(language="en").sheetnames == [
        "Outcome",
        "Rates",
        "Response",
        "Cases",
        "Procedure",
        "Provenance",
        "Definitions",
    ]
    assert book(language="zh").sheetnames[:2] == ["结论", "各率"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", OUTCOMES)
def test_the_same_context_gives_the_same_bytes(kind: str, language: str):
    assert xlsx_report(context(kind), language) == xlsx_report(context(kind), language)


def test_rates_are_numbers_shown_as_per_cent():
    sheet = book()["Rates"]
    assert [c.value for c in sheet[2]][:3] == ["Rate", "What is known", "Estimate"]
    assert sheet["C3"].value == 0.0482
    assert sheet["C3"].number_format == "0.00%"
    assert sheet["A3"].value == "Wrongful-exit rate (persons)"


def test_a_rate_that_cannot_be_had_is_a_dash():
    values = {row[0].value: row[2].value for row in book()["Rates"].iter_rows(3, 10)}
    assert values["Missed-exit rate (persons)"] == "–"


def test_texts_are_never_formulas_or_links():
    given = context("criteria")
    wild = dataclasses.replace(
        given,
        county_name='=HYPERLINK("x")',
        sentences=(("en", "=1+1"), ("zh", "@SUM(1)")),
        key=dataclasses.replace(given.key, institution="+cmd", round_name="-2"),
    )
    workbook = openpyxl.load_workbook(io.BytesIO(xlsx_report(wild, "en")))
    found = cells(workbook)
    assert any(c.value == "=1+1" for c in found)
    assert all(c.data_type in ("s", "n") for c in found if c.value != "=1+1")
    raw = xlsx_report(wild, "en")
    with zipfile.ZipFile(io.BytesIO(raw)) as parts:
        sheets = [parts.read(n) for n in parts.namelist() if "worksheets/sheet" in n]
    assert all(b"<f>" not in sheet and b"<hyperlink" not in sheet for sheet in sheets)


@pytest.mark.parametrize("kind", OUTCOMES)
def test_no_household_is_named(kind: str):
    for language in LANGUAGES:
        words = " ".join(str(c.value) for c in cells(book(kind, language)))
        assert "HH-" not in words
        assert PLANTED not in words


def test_the_creation_time_is_the_reports_own():
    assert book().properties.created == datetime(2020, 3, 2, 8, 30)


def test_a_time_without_zone_counts_as_utc_on_every_machine():
    naive = datetime(2020, 3, 2, 8, 30)
    assert book(written_at=naive).properties.created == naive


def test_headers_stay_in_sight_and_columns_are_wide_enough():
    sheet = book()["Rates"]
    assert sheet.freeze_panes == "B2"
    assert sheet.column_dimensions["A"].width > 30
    assert sheet.page_setup.orientation == "landscape"


def test_the_outcome_comes_first():
    sheet = book("undecided", "en")["Outcome"]
    rows = {row[0].value: row[1].value for row in sheet.iter_rows(max_col=2)}
    assert rows["Outcome"] == "Undecided"
    assert rows["In one sentence"] == context("undecided").sentence("en")
