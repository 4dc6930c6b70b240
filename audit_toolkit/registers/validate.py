"""Every problem of a register, a village roster or a step log, by row and column.

A check never stops at the first problem. Households come only of rows without any problem, and
the caller takes a list in only if there is no problem at all. A row added at the end of a list
adds problems and takes none away: what compares rows names the later one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from ..errors import OperatorError
from ..model import (
    FiledStatus,
    Problem,
    ProblemList,
    RawTable,
    RegisteredHousehold,
    RosterHousehold,
    Round,
    StepRecord,
)
from .columns import REGISTER_COLUMNS, ROSTER_COLUMNS, STEP_COLUMNS, ColumnSpec, find_columns
from .normalise import (
    Trouble,
    clean,
    understand_amount,
    understand_code,
    understand_date,
    understand_digits,
    understand_id,
    understand_text,
    understand_whole,
)

UNREGISTERED_PREFIX = "R-"
"""Begins the frame's identifier of an unregistered household; no register id may."""

NET_INCOME_TOLERANCE = Decimal(1)
"""Yuan by which the filed net income per head may differ from its parts."""

_INCOMES = (
    "operation_income",
    "wage_income",
    "property_income",
    "transfer_income",
    "other_income",
)


@dataclass(slots=True)
class Line:
    """One row: its number, its cleaned texts and the values understood, by column identifier."""

    number: int
    texts: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    faulty: bool = False

    def whole(self, *names: str) -> bool:
        """Tell whether all the named cells were understood and are not blank."""
        return all(self.values.get(name) is not None for name in names)


class Found:
    """Problems found so far, to be put in the order of the file."""

    def __init__(self, table: RawTable, places: Mapping[str, int]) -> None:
        self.table = table
        self.places = places
        self._found: list[tuple[int, int, Problem]] = []
        for problem in table.problems:
            at = table.headers.index(problem.column) if problem.column is not None else -1
            self.put(at, problem)

    def put(self, at: int, problem: Problem) -> None:
        """Add a problem of the column at a position (-1: of the row)."""
        self._found.append((problem.row or 0, at, problem))

    def add(self, line: Line, name: str, code: str, fields: Iterable[tuple[str, str]] = ()) -> None:
        """Add a problem of one cell."""
        at = self.places[name]
        line.faulty = True
        self.put(
            at,
            Problem(
                code=code,
                list_name=self.table.name,
                row=line.number,
                column=self.table.headers[at],
                got=line.texts[name],
                fields=tuple(fields),
            ),
        )

    def as_list(self) -> ProblemList:
        """Return the problems by row, then column."""
        ordered = sorted(self._found, key=lambda item: item[:2])
        return ProblemList(problems=tuple(problem for _, _, problem in ordered))


def read_lines(
    table: RawTable, specs: Sequence[ColumnSpec], column_map: Mapping[str, str] | None
) -> tuple[list[Line], Found]:
    """Return the rows of a table with what was understood of each cell, and the problems."""
    if not table.headers:
        return [], Found(table, {})
    places, of_header = find_columns(table, tuple(specs), column_map)
    found = Found(table, places)
    for at, problem in of_header:
        found.put(at, problem)
    refused = {(problem.row, problem.column) for problem in table.problems}
    faulty_rows = {problem.row for problem in table.problems}
    cut_rows = {problem.row for problem in table.problems if problem.code == "row-too-short"}
    present = sorted((s for s in specs if s.name in places), key=lambda s: places[s.name])
    lines = []
    for number, cells in table.rows:
        texts = {spec.name: clean(cells[places[spec.name]]) for spec in present}
        line = Line(number=number, texts=texts, faulty=number in faulty_rows)
        for spec in present:
            # What a cut row lacks is one problem, not one for each of its missing cells.
            cut = number in cut_rows and not texts[spec.name]
            if not cut and (number, table.headers[places[spec.name]]) not in refused:
                _understand(line, spec, found)
        lines.append(line)
    return lines, found


def _understand(line: Line, spec: ColumnSpec, found: Found) -> None:
    text = line.texts[spec.name]
    if not text:
        if spec.filled:
            found.add(line, spec.name, "blank-cell")
        else:
            line.values[spec.name] = "" if spec.kind == "text" else None
        return
    value = _value(text, spec)
    if isinstance(value, Trouble):
        found.add(line, spec.name, value.code, value.fields)
    elif isinstance(value, (int, Decimal)) and not spec.low <= value <= spec.high:
        code = "negative-number" if value < 0 <= spec.low else "out-of-range"
        found.add(line, spec.name, code, [("low", str(spec.low)), ("high", str(spec.high))])
    else:
        line.values[spec.name] = value


def _value(text: str, spec: ColumnSpec) -> str | int | Decimal | date | Trouble:
    if spec.kind == "whole":
        return understand_whole(text)
    if spec.kind == "amount":
        return understand_amount(text)
    if spec.kind == "date":
        return understand_date(text)
    if spec.kind == "code":
        return understand_code(text, spec.codes)
    if spec.kind == "digits":
        return understand_digits(text, spec.length) or text
    return (understand_id(text) if spec.kind == "id" else understand_text(text)) or text


def _refuse_other_round(round_: Round, county_code: str) -> None:
    if round_.county(county_code) is None:
        known = ", ".join(county.county_code for county in round_.counties)
        raise OperatorError("county-unknown", county=county_code, known=known)


# ---- The three lists ----------------------------------------------------------------------------


def check_register(
    table: RawTable,
    round_: Round,
    *,
    county_code: str,
    column_map: Mapping[str, str] | None = None,
) -> tuple[tuple[RegisteredHousehold, ...], ProblemList]:
    """Return the registered households of one county, and every problem of the list.

    Parameters
    ----------
    table : RawTable
        The file's cells as text.
    round_ : Round
        The round; its exit year bounds the filed years.
    county_code : str
        The county the list is meant for, six digits.
    column_map : mapping of str to str, optional
        Column identifiers by header, as of `read_column_map`.

    Returns
    -------
    tuple of RegisteredHousehold
        Households of the rows without a problem, in the order of the file.
    ProblemList
        All problems in the order of the file.

    Raises
    ------
    OperatorError
        The county is not in the round.
    """
    _refuse_other_round(round_, county_code)
    lines, found = read_lines(table, REGISTER_COLUMNS, column_map)
    for line in lines:
        _check_place(line, county_code, found)
        _check_years(line, round_.exit_year, found)
        _check_counts(line, found)
        _check_net_income(line, found)
        if line.texts.get("household_id", "").startswith(UNREGISTERED_PREFIX):
            found.add(line, "household_id", "reserved-id")
    _check_repeated(lines, ("household_id",), "household_id", "duplicate-id", found)
    _check_village_names(lines, found)
    return tuple(_registered(line, county_code) for line in _good(lines, REGISTER_COLUMNS)), (
        found.as_list()
    )


def check_roster(
    table: RawTable,
    round_: Round,
    *,
    county_code: str,
    column_map: Mapping[str, str] | None = None,
) -> tuple[tuple[RosterHousehold, ...], ProblemList]:
    """Return the roster households of one county, and every problem of the list.

    Parameters
    ----------
    table : RawTable
        The file's cells as text.
    round_ : Round
        The round.
    county_code : str
        The county the list is meant for, six digits.
    column_map : mapping of str to str, optional
        Column identifiers by header, as of `read_column_map`.

    Returns
    -------
    tuple of RosterHousehold
        Households of the rows without a problem, in the order of the file.
    ProblemList
        All problems in the order of the file.

    Raises
    ------
    OperatorError
        The county is not in the round.
    """
    _refuse_other_round(round_, county_code)
    lines, found = read_lines(table, ROSTER_COLUMNS, column_map)
    for line in lines:
        _check_place(line, county_code, found)
    _check_repeated(lines, ("roster_id",), "roster_id", "duplicate-id", found)
    _check_village_names(lines, found)
    return tuple(
        RosterHousehold(**{**line.values, "county_code": county_code})
        for line in _good(lines, ROSTER_COLUMNS)
    ), found.as_list()


def check_steps(
    table: RawTable,
    round_: Round,
    *,
    county_code: str,
    column_map: Mapping[str, str] | None = None,
) -> tuple[tuple[StepRecord, ...], ProblemList]:
    """Return the step records of one county, and every problem of the log.

    Only what can be read is judged here; whether steps are missing or out of order is a matter
    of ``rulings``.

    Parameters
    ----------
    table : RawTable
        The file's cells as text. A blank household id is a step of the county; blank dates are
        steps not done, blank objections none.
    round_ : Round
        The round.
    county_code : str
        The county the log is meant for, six digits.
    column_map : mapping of str to str, optional
        Column identifiers by header, as of `read_column_map`.

    Returns
    -------
    tuple of StepRecord
        Records of the rows without a problem, in the order of the file.
    ProblemList
        All problems in the order of the file.

    Raises
    ------
    OperatorError
        The county is not in the round.
    """
    _refuse_other_round(round_, county_code)
    lines, found = read_lines(table, STEP_COLUMNS, column_map)
    for line in lines:
        if line.whole("ended_on"):
            done_on = line.values.get("done_on")
            if done_on is None or line.values["ended_on"] < done_on:
                found.add(line, "ended_on", "ends-before-start")
    _check_repeated(lines, ("household_id", "step", "done_on"), "step", "duplicate-step", found)
    return tuple(
        StepRecord(
            county_code=county_code,
            household_id=line.values["household_id"] or "",
            step=line.values["step"],
            done_on=line.values["done_on"],
            ended_on=line.values["ended_on"],
            objections_open=line.values["objections_open"] or 0,
            document=line.values["document"],
        )
        for line in _good(lines, STEP_COLUMNS)
    ), found.as_list()


def _good(lines: Iterable[Line], specs: Sequence[ColumnSpec]) -> list[Line]:
    """Return the lines without a problem that have every needed cell."""
    needed = {spec.name for spec in specs if spec.needed}
    return [line for line in lines if not line.faulty and needed <= line.values.keys()]


def _registered(line: Line, county_code: str) -> RegisteredHousehold:
    understood = {
        "county_code": county_code,
        "status": FiledStatus(line.values["status"]),
        "water_safe": line.values["water_safe"] == "yes",
    }
    return RegisteredHousehold(**{**line.values, **understood})


# ---- Checks within a row ------------------------------------------------------------------------


def _check_place(line: Line, county_code: str, found: Found) -> None:
    if line.whole("county_code") and line.values["county_code"] != county_code:
        found.add(line, "county_code", "other-county", [("county", county_code)])
    if line.whole("village_code") and not line.values["village_code"].startswith(county_code):
        found.add(line, "village_code", "village-outside-county", [("county", county_code)])


def _check_years(line: Line, round_year: int, found: Found) -> None:
    latest = [("latest", str(round_year))]
    if line.whole("identified_year") and line.values["identified_year"] > round_year:
        found.add(line, "identified_year", "identified-too-late", latest)
    if "exit_year" not in line.values:
        return
    exit_year, status = line.values["exit_year"], line.values.get("status")
    if exit_year is None:
        if status == FiledStatus.EXITED:
            found.add(line, "exit_year", "exit-year-missing")
        return
    # A household that returned to poverty keeps the year of its exit.
    if status in (FiledStatus.POOR, FiledStatus.PLANNED):
        found.add(line, "exit_year", "exit-year-not-expected", [("status", line.texts["status"])])
    if exit_year > round_year:
        found.add(line, "exit_year", "exit-year-too-late", latest)
    if line.whole("identified_year") and exit_year < line.values["identified_year"]:
        identified = str(line.values["identified_year"])
        found.add(line, "exit_year", "exit-before-identified", [("identified", identified)])


def _check_counts(line: Line, found: Found) -> None:
    for name in ("insured_count", "school_dropout_count"):
        if line.whole(name, "members") and line.values[name] > line.values["members"]:
            members = str(line.values["members"])
            found.add(line, name, "more-than-members", [("members", members)])


def _check_net_income(line: Line, found: Found) -> None:
    if not line.whole("net_income_pc", "members", "production_cost", *_INCOMES):
        return
    values = line.values
    total = sum((values[name] for name in _INCOMES), -values["production_cost"])
    per_head = total / values["members"]
    if abs(per_head - values["net_income_pc"]) > NET_INCOME_TOLERANCE:
        found.add(line, "net_income_pc", "net-income-differs", [("computed", f"{per_head:.2f}")])


# ---- Checks across rows -------------------------------------------------------------------------


def _check_repeated(
    lines: Iterable[Line], names: tuple[str, ...], shown: str, code: str, found: Found
) -> None:
    """List each row whose named cells were met together before; blank ones stand for none."""
    if not found.places.keys() >= set(names):
        return
    first_row: dict[tuple[str, ...], int] = {}
    for line in lines:
        key = tuple(line.texts[name] for name in names)
        if line.texts[shown] and first_row.setdefault(key, line.number) != line.number:
            found.add(line, shown, code, [("first_row", str(first_row[key]))])


def _check_village_names(lines: Iterable[Line], found: Found) -> None:
    """List the first row of each further name, or township, that a village code comes with."""
    for name in ("village_name", "township"):
        first: dict[str, tuple[str, int]] = {}
        listed: set[tuple[str, str]] = set()
        for line in lines:
            if not line.whole("village_code") or not line.values.get(name):
                continue
            code, called = line.values["village_code"], line.values[name]
            known, row = first.setdefault(code, (called, line.number))
            if called != known and (code, called) not in listed:
                listed.add((code, called))
                fields = [("village", code), ("first", known), ("first_row", str(row))]
                found.add(line, name, "village-two-names", fields)
