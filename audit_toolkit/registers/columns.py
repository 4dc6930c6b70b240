"""Which columns each list has, and which headers name them.

A header may be the column's identifier, its Chinese or its English name, or anything that the
user's column map names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ..errors import OperatorError
from ..model import Problem, RawTable
from ..text import LANGUAGES, say
from .normalise import clean

Kind = Literal["id", "text", "digits", "whole", "amount", "date", "code"]
LEFT_OUT = ""
"""What a column map says of a header whose column is left out on purpose."""
ALL_OTHERS = "*"
"""The header that stands for all headers not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSpec:
    """One column: identifier, kind of cell, and whether column and cells must be there.

    ``low`` and ``high`` bound whole numbers and amounts, ``length`` is the number of digits,
    ``codes`` names the table of accepted words.
    """

    name: str
    kind: Kind
    needed: bool = True
    filled: bool = True
    low: int = 0
    high: int = 0
    length: int = 0
    codes: str = ""

    def header(self, language: str) -> str:
        """Return the column's name in a language."""
        return say(f"columns.{self.name}", language)


def _amount(name: str, *, low: int = 0) -> ColumnSpec:
    return ColumnSpec(name=name, kind="amount", low=low, high=10_000_000)


_PLACE = (
    ColumnSpec(name="county_code", kind="digits", length=6, needed=False, filled=False),
    ColumnSpec(name="township", kind="text"),
    ColumnSpec(name="village_code", kind="digits", length=12),
    ColumnSpec(name="village_name", kind="text"),
    ColumnSpec(name="group_name", kind="text", filled=False),
    ColumnSpec(name="head_name", kind="text"),
    ColumnSpec(name="members", kind="whole", low=1, high=30),
)

REGISTER_COLUMNS: tuple[ColumnSpec, ...] = (
    ColumnSpec(name="household_id", kind="id"),
    *_PLACE,
    ColumnSpec(name="status", kind="code", codes="status"),
    ColumnSpec(name="identified_year", kind="whole", low=2000, high=2100),
    ColumnSpec(name="exit_year", kind="whole", low=2000, high=2100, filled=False),
    ColumnSpec(name="cause", kind="code", codes="cause"),
    _amount("operation_income"),
    _amount("production_cost"),
    _amount("wage_income"),
    _amount("property_income"),
    _amount("transfer_income"),
    _amount("other_income"),
    _amount("net_income_pc", low=-10_000_000),
    ColumnSpec(name="insured_count", kind="whole", high=30),
    ColumnSpec(name="school_dropout_count", kind="whole", high=30),
    ColumnSpec(name="housing_grade", kind="code", codes="housing_grade"),
    ColumnSpec(name="water_safe", kind="code", codes="yes_no"),
)

ROSTER_COLUMNS: tuple[ColumnSpec, ...] = (
    ColumnSpec(name="roster_id", kind="id"),
    *_PLACE,
    ColumnSpec(name="register_id", kind="id", filled=False),
)

STEP_COLUMNS: tuple[ColumnSpec, ...] = (
    ColumnSpec(name="household_id", kind="id", filled=False),
    ColumnSpec(name="step", kind="id"),
    ColumnSpec(name="done_on", kind="date", filled=False),
    ColumnSpec(name="ended_on", kind="date", filled=False),
    ColumnSpec(name="objections_open", kind="whole", high=10_000, filled=False),
    ColumnSpec(name="document", kind="text", filled=False),
)

DECISION_COLUMNS: tuple[ColumnSpec, ...] = (
    ColumnSpec(name="problem_id", kind="id"),
    ColumnSpec(name="decision", kind="text", filled=False),
    ColumnSpec(name="reason", kind="text", filled=False),
)

_LISTS = {
    "register": REGISTER_COLUMNS,
    "roster": ROSTER_COLUMNS,
    "steps": STEP_COLUMNS,
    "decisions": DECISION_COLUMNS,
}


def read_column_map(text: str, *, list_name: str | None = None) -> dict[str, str]:
    """Column identifiers by the headers of a user's file.

    Parameters
    ----------
    text : str
        TOML with a table for each list: ``[register]``, ``[roster]``, ``[steps]``. A line is
        ``"header of the file" = "column identifier"``, or ``""`` for a column to be left out;
        the header ``"*"`` stands for all headers that are not known.
    list_name : str, optional
        Take this list's table only. Without it all tables are joined.

    Returns
    -------
    dict of str to str
        Identifiers by cleaned header; empty text for columns left out.

    Raises
    ------
    OperatorError
        The text is no such TOML, names an unknown list or column, or two of the joined tables
        say different things of one header.
    """
    joined: dict[str, str] = {}
    for section, entries in _sections(text).items():
        if list_name is not None and section != list_name:
            continue
        for header, name in entries.items():
            key = clean(header)
            if joined.setdefault(key, name) != name:
                raise OperatorError("column-map-conflict", header=key, section=section)
    return joined


def _sections(text: str) -> dict[str, dict[str, str]]:
    try:
        sections = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        raise OperatorError("column-map-unreadable", reason=str(broken)) from None
    for section, entries in sections.items():
        if section not in _LISTS or not isinstance(entries, dict):
            raise OperatorError("column-map-section", section=section, known=", ".join(_LISTS))
        names = {spec.name for spec in _LISTS[section]}
        for header, name in entries.items():
            if name != LEFT_OUT and (name not in names or header == ALL_OTHERS):
                raise OperatorError(
                    "column-map-name", section=section, header=header, name=str(name)
                )
    return sections


def find_columns(
    table: RawTable, specs: tuple[ColumnSpec, ...], column_map: Mapping[str, str] | None
) -> tuple[dict[str, int], list[tuple[int, Problem]]]:
    """Return the position of each column by identifier, and the header's problems with theirs."""
    known = {} if column_map is None else {clean(k): v for k, v in column_map.items()}
    by_header = {_key(h): spec.name for spec in specs for h in _accepted(spec)}
    places: dict[str, int] = {}
    found: list[tuple[int, Problem]] = []
    for at, header in enumerate(table.headers):
        key = clean(header)
        name = known.get(key, by_header.get(_key(header)))
        if name is None:
            name = known.get(ALL_OTHERS)
        if not key:
            found.append((at, _problem(table, "blank-header", header, position=str(at + 1))))
        elif name is None:
            found.append((at, _problem(table, "unknown-column", header)))
        elif name in places:
            first = table.headers[places[name]]
            found.append((at, _problem(table, "duplicate-header", header, first=first, name=name)))
        elif name != LEFT_OUT:
            places[name] = at
    for spec in specs:
        if spec.needed and spec.name not in places:
            accepted = " / ".join(dict.fromkeys(_accepted(spec)))
            found.append((-1, _problem(table, "missing-column", None, name=accepted)))
    return places, found


def _accepted(spec: ColumnSpec) -> tuple[str, ...]:
    return (*(spec.header(language) for language in LANGUAGES), spec.name)


def _key(header: str) -> str:
    return clean(header).casefold()


def _problem(table: RawTable, code: str, header: str | None, **fields: str) -> Problem:
    return Problem(
        code=code,
        list_name=table.name,
        row=1,
        column=header,
        got=header or "",
        fields=tuple(fields.items()),
    )
