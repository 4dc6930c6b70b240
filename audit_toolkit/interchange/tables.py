"""What the cells of a CSV or XLSX file hold, as text; and such files written again.

Reading understands nothing: ``registers`` does. It drops only what says nothing, which is rows
without any content and blank cells to the right of the last header. Everything else that cannot
be taken as it stands is a problem of the table, or an error where no table could be made at all.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from xml.etree.ElementTree import ParseError

import openpyxl
import xlsxwriter

from ..errors import OperatorError
from ..model import Problem, RawTable

MAX_BYTES = 300_000_000
"""Largest file, and largest unpacked workbook: ten times a county's register."""

# A spreadsheet keeps 15 significant digits of a number; longer ones were changed on entry.
_FIRST_INEXACT = 10**15
# A row numbered higher would make the reader fill in all the rows before it.
_MAX_SHEET_ROWS = 2**20
_SEPARATORS = ",\t;"
_NEEDS_QUOTES = re.compile(r'[",;\t\r\n]|^\s|\s$')
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_OLE_MAGIC = b"\xd0\xcf\x11\xe0"
_FIXED_TIME = datetime(2000, 1, 1)

Cell = str | int | float | Decimal | bool | date | None
_Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet of a workbook to be written: its title, headers and rows."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def read_table(path: Path, *, list_name: str) -> RawTable:
    """Cells of a CSV file, or of the first sheet of an XLSX file, as text.

    The header is row 1; rows keep the number that a spreadsheet shows for them. A CSV file may be
    UTF-8 (with or without a byte-order mark) or GB 18030, with comma, tab or semicolon.

    Parameters
    ----------
    path : Path
        The file; its name ends in ``.csv`` or ``.xlsx``.
    list_name : str
        What the table is ("register", "roster"); problems carry it.

    Returns
    -------
    RawTable
        Headers, rows, and the problems of reading: formulas, error cells, lost digits, rows that
        are longer or shorter than the header, an encoding that can be read in two ways.

    Raises
    ------
    OperatorError
        There is no such file, its ending is another, it is too large, locked with a password,
        damaged, or in another encoding.
    """
    ending = path.suffix.lower()
    if ending not in (".csv", ".xlsx"):
        raise OperatorError("file-ending", file=path.name)
    data = _bytes_of(path)
    reading = _Reading(list_name)
    if ending == ".csv":
        rows = _csv_rows(path.name, data, reading)
    else:
        rows = _xlsx_rows(path.name, data, reading)
    return dataclasses.replace(_table(rows, reading), sha256=hashlib.sha256(data).hexdigest())


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise OperatorError("file-too-large", file=path.name, limit_mb=MAX_BYTES // 10**6)
        return path.read_bytes()
    except FileNotFoundError:
        raise OperatorError("file-missing", file=str(path)) from None
    except OSError:
        raise OperatorError("file-unreadable", file=path.name) from None


class _Reading:
    """Problems met while one file is read; cells name their column by position until the end."""

    def __init__(self, list_name: str) -> None:
        self.list_name = list_name
        self.of_file: list[Problem] = []
        self.of_cells: list[tuple[int, int, str, str]] = []

    def file_problem(self, code: str, got: str = "", **fields: str) -> None:
        self.of_file.append(self.problem(code, None, None, got, **fields))

    def problem(
        self, code: str, row: int | None, column: str | None, got: str, **fields: str
    ) -> Problem:
        return Problem(
            code=code,
            list_name=self.list_name,
            row=row,
            column=column,
            got=got,
            fields=tuple(fields.items()),
        )


def _table(rows: Iterator[_Row], reading: _Reading) -> RawTable:
    """Put rows under the header; list the rows that do not fit."""
    _, header = next(rows, (1, []))
    while header and not header[-1].strip():
        header.pop()
    width, kept, found = len(header), [], []
    for number, cells in rows if header else ():
        beyond = [text for text in cells[width:] if text.strip()]
        if beyond:
            found.append((number, width, reading.problem("row-too-long", number, None, beyond[0])))
        elif len(cells) < width and any(text.strip() for text in cells):
            found.append((number, width, _too_short(reading, number, len(cells), width)))
        if beyond or any(text.strip() for text in cells[:width]):
            padded = cells[:width] + [""] * (width - len(cells))
            kept.append((number, tuple(padded)))
    found += [
        (row, at, reading.problem(code, row, header[at], got))
        for row, at, code, got in reading.of_cells
        if at < width
    ]
    found.sort(key=lambda item: item[:2])
    if not header:
        reading.file_problem("empty-file")
    elif not kept:
        reading.file_problem("no-rows")
    return RawTable(
        name=reading.list_name,
        headers=tuple(header),
        rows=tuple(kept),
        problems=(*reading.of_file, *(problem for _, _, problem in found)),
    )


def _too_short(reading: _Reading, number: int, got: int, width: int) -> Problem:
    return reading.problem("row-too-short", number, None, str(got), headers=str(width))


# ---- CSV ----------------------------------------------------------------------------------------


def _csv_rows(name: str, data: bytes, reading: _Reading) -> Iterator[_Row]:
    text = _decoded(name, data, reading)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(name, text), strict=True)
    number = 0
    try:
        for number, cells in enumerate(lines, start=1):
            for at, cell in enumerate(cells):
                if cell.startswith("="):
                    reading.of_cells.append((number, at, "formula-cell", cell))
            yield number, cells
    except csv.Error as error:
        if "field larger" in str(error):
            limit = csv.field_size_limit()
            raise OperatorError("cell-too-long", file=name, row=number + 1, limit=limit) from None
        raise OperatorError("file-quotes", file=name, row=number + 1) from None


def _decoded(name: str, data: bytes, reading: _Reading) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise OperatorError("file-encoding", file=name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decoded_gb18030(name, data, reading)
    marked = data.startswith(b"\xef\xbb\xbf")
    foreign = [c for c in text if not c.isascii()]
    # Two-byte characters alone (no Chinese) are what GB 18030 text looks like when it happens to
    # be valid UTF-8.
    if foreign and not marked and all(ord(c) < 0x800 for c in foreign):
        _report_two_readings(data, text, reading)
    return text


def _report_two_readings(data: bytes, text: str, reading: _Reading) -> None:
    try:
        other = data.decode("gb18030")
    except UnicodeDecodeError:
        return
    reading.file_problem("encoding-unclear", _sample(text), other=_sample(other))


def _decoded_gb18030(name: str, data: bytes, reading: _Reading) -> str:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        raise OperatorError("file-encoding", file=name) from None
    foreign = [c for c in text if not c.isascii()]
    rare = sum(1 for c in foreign if not c.encode("gb2312", "ignore"))
    # Chinese text is nearly all GB 2312; other encodings read as GB 18030 give rare characters.
    if rare * 5 > len(foreign):
        reading.file_problem("encoding-unclear", _sample(text), other="?")
    return text


def _sample(text: str) -> str:
    """Return the first stretch of characters outside ASCII."""
    found = re.search(r"[^\x00-\x7f]{1,12}", text)
    return found[0] if found else ""


def _separator(name: str, text: str) -> str:
    """Return the separator that splits the header most; only those outside quotes count."""
    counts = dict.fromkeys(_SEPARATORS, 0)
    quoted = False
    for character in text:
        if character == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif character in "\r\n":
            break
        elif character in counts:
            counts[character] += 1
    most = max(counts.values())
    best = [separator for separator, count in counts.items() if count == most]
    if most and len(best) > 1:
        raise OperatorError("file-separator", file=name)
    return best[0]


# ---- XLSX ---------------------------------------------------------------------------------------


def _xlsx_rows(name: str, data: bytes, reading: _Reading) -> Iterator[_Row]:
    if data.startswith(_OLE_MAGIC):
        raise OperatorError("file-locked", file=name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
        if unpacked > MAX_BYTES:
            raise OperatorError("file-too-large", file=name, limit_mb=MAX_BYTES // 10**6)
        with warnings.catch_warnings():
            # openpyxl warns of styles and validations that it leaves out; cells are unaffected.
            warnings.simplefilter("ignore", UserWarning)
            return iter(list(_sheet_rows(data, reading)))
    except (
        zipfile.BadZipFile,
        zlib.error,
        ParseError,
        EOFError,
        OSError,
        KeyError,
        IndexError,
        TypeError,
        ValueError,
    ):
        # The reader has no error of its own: a damaged member surfaces as any of these.
        raise OperatorError("file-unreadable", file=name) from None


def _sheet_rows(data: bytes, reading: _Reading) -> Iterator[_Row]:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
    try:
        sheet = book.worksheets[0]
        # Some programs write a wrong size into the sheet; without it every cell is read.
        sheet.reset_dimensions()
        width = 0
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            if number > _MAX_SHEET_ROWS:
                raise ValueError("a sheet has no such row.")
            if number > 1 and not cells:
                continue
            texts = [_cell_text(cell, number, at, reading) for at, cell in enumerate(cells)]
            width = width or len(texts)
            # A workbook leaves out blank cells at the end of a row, so short rows are no problem.
            yield number, texts + [""] * (width - len(texts))
    finally:
        book.close()


def _cell_text(cell: object, row: int, at: int, reading: _Reading) -> str:
    value = getattr(cell, "value", None)
    kind = getattr(cell, "data_type", "n")
    text = _as_text(value)
    if kind == "f" or text.startswith("="):
        text = text if text.startswith("=") else f"={getattr(value, 'text', None) or '…'}"
        reading.of_cells.append((row, at, "formula-cell", text))
    elif kind == "e":
        reading.of_cells.append((row, at, "error-cell", text))
    elif _is_number(value) and abs(value) >= _FIRST_INEXACT:
        reading.of_cells.append((row, at, "digits-lost", text))
    return text


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _as_text(value: object) -> str:
    """Return the text of a workbook's value: 3.0 is "3", a day is "2019-11-05"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else _plain(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, str):
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
    return str(value)


def _plain(value: float) -> str:
    """Return a float as a spreadsheet shows it: 15 significant digits, no exponent."""
    return format(Decimal(f"{value:.15g}"), "f")


# ---- Writing ------------------------------------------------------------------------------------


def csv_bytes(
    headers: Sequence[str], rows: Iterable[Sequence[object]], *, mark: bool = True
) -> bytes:
    """CSV bytes: UTF-8, comma, line feed, quotes only where needed.

    Parameters
    ----------
    headers : sequence of str
        Names of the columns.
    rows : iterable of sequences
        One value a header; ``None`` is written as nothing, everything else by ``str``.
    mark : bool, default True
        Begin with a byte-order mark, without which Chinese spreadsheets take UTF-8 for GB 18030.

    Returns
    -------
    bytes
        The file's content; `read_table` gives the same texts back.
    """
    lines = [_csv_line(headers), *(_csv_line(row) for row in rows)]
    return ("\ufeff" if mark else "").encode() + "".join(lines).encode("utf-8")


def _csv_line(values: Sequence[object]) -> str:
    texts = ["" if value is None else str(value) for value in values]
    if texts == [""]:
        return '""\n'
    return ",".join(_quoted(text) for text in texts) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def write_csv(path: Path, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file that spreadsheets open and `read_table` reads."""
    path.write_bytes(csv_bytes(headers, rows))


def xlsx_bytes(sheets: Sequence[Sheet]) -> bytes:
    """Workbook bytes, the same whenever the sheets are the same.

    Text stays text: nothing becomes a formula, a number or a link. The header row is bold and
    stays in view.

    Parameters
    ----------
    sheets : sequence of Sheet
        At least one.

    Returns
    -------
    bytes
        The file's content.

    Raises
    ------
    ValueError
        A text is longer than a cell can hold (32,767 characters), or a sheet than a sheet.
    """
    target = io.BytesIO()
    keep_text = {
        "in_memory": True,
        "strings_to_numbers": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(target, keep_text) as book:
        book.set_properties({"created": _FIXED_TIME})
        bold = book.add_format({"bold": True})
        dated = book.add_format({"num_format": "yyyy-mm-dd"})
        for sheet in sheets:
            page = book.add_worksheet(sheet.title)
            page.freeze_panes(1, 0)
            for at, header in enumerate(sheet.headers):
                _refuse_cut(page.write_string(0, at, header, bold), sheet.title, 1)
            for number, row in enumerate(sheet.rows, start=1):
                for at, value in enumerate(row):
                    _refuse_cut(_write_cell(page, number, at, value, dated), sheet.title, number)
    return target.getvalue()


def _write_cell(page: object, row: int, at: int, value: Cell, dated: object) -> int:
    if value is None or value == "":
        return 0
    if isinstance(value, str):
        return page.write_string(row, at, value)
    if isinstance(value, bool):
        return page.write_boolean(row, at, value)
    if isinstance(value, date):
        return page.write_datetime(row, at, value, dated)
    return page.write_number(row, at, value)


def _refuse_cut(result: int, title: str, row: int) -> None:
    if result:
        raise ValueError(f"sheet {title!r}, row {row}: the workbook cannot hold this cell")
