"""How results are shown: one table, drawn as text and as HTML."""

from __future__ import annotations

import html
import math
import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A titled table of texts, ready to draw.

    Parameters
    ----------
    title : str
        Line above the table.
    columns : tuple of str
        Headings.
    rows : tuple of tuples of str
        One text per column in each row.
    notes : tuple of str, default ()
        Lines below the table.

    Examples
    --------
    >>> print(Table(title="Sizes", columns=("step", "n"), rows=(("first", "384.1"),)).text())
    Sizes
     step      n
    first  384.1
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """Right-aligned text, two spaces between columns."""
        lines = (self.columns, *self.rows)
        widths = [max(_width(line[i]) for line in lines) for i in range(len(self.columns))]
        drawn = [
            "  ".join(" " * (w - _width(cell)) + cell for cell, w in zip(line, widths, strict=True))
            for line in lines
        ]
        return "\n".join((self.title, *drawn, *self.notes))

    def html(self) -> str:
        """HTML table with a caption; every text is escaped."""
        head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self.rows
        )
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        caption = html.escape(self.title)
        return (
            f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>{notes}"
        )


class Shown:
    """Mixin: text and notebook display both come from ``_table()``."""

    __slots__ = ()

    def _table(self) -> Table:
        raise NotImplementedError

    def __str__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        return self._table().html()


def format_number(value: float | None, decimals: int = 4) -> str:
    """Text of a number for display; a dash for None, whole numbers without decimals.

    Examples
    --------
    >>> format_number(0.0123456), format_number(300), format_number(None)
    ('0.0123', '300', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value)
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    return f"{value:.{decimals}f}"


def _width(text: str) -> int:
    """Columns that ``text`` takes on a terminal; wide East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
