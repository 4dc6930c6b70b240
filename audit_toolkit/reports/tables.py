"""A report's table: typed cells that a page writes as words and a workbook as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from ..text import number, percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share in [0, 1], printed as per cent; None where there is none."""

    value: float | None
    digits: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number with decimals; None where there is none."""

    value: float | None
    digits: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A digest or a code: printed in full, broken anywhere."""

    value: str


_SHORT = 16

Cell = str | int | Share | Amount | Code


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """A captioned table. ``key`` names it in the page and in tests."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


def table(
    key: str,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    notes: Sequence[str] = (),
) -> ReportTable:
    """Return a table; each row has a cell for each column."""
    assert all(len(row) == len(columns) for row in rows), key
    return ReportTable(
        key=key,
        title=title,
        columns=tuple(columns),
        rows=tuple(tuple(row) for row in rows),
        notes=tuple(notes),
    )


def cell_words(cell: Cell, language: str) -> str:
    """Return a cell as a reader's text; a dash for nothing."""
    match cell:
        case Share(value=None) | Amount(value=None) | Code(value=""):
            return "–"
        case Share(value=float(value), digits=digits):
            return percent(value, language, digits=digits)
        case Amount(value=value, digits=digits) if value is not None:
            return number(value, language, digits=digits)
        case Code(value=value):
            return value
        case int():
            return number(cell, language)
    return str(cell)


def cell_kind(cell: Cell) -> str:
    """Return how a cell is set: "number", "code", "short" (on one line) or "words"."""
    if isinstance(cell, Code):
        return "code"
    if isinstance(cell, str):
        return "short" if text_width(cell) <= _SHORT else "words"
    return "number"


def text_width(words: str) -> int:
    """Return the width of a text in half-width columns: a Chinese character takes two."""
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in words)
