"""Registers, rosters and the frozen frame: saved whole, kept for ever, the latest import read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Select, Table, func, select

from ..model import FrameHousehold, FrameUnit, RegisteredHousehold, RosterHousehold
from .session import Session
from .tables import frame_units, imports, register_rows, roster_rows

_REGISTERED = tuple(f.name for f in fields(RegisteredHousehold))
_ROSTER = tuple(f.name for f in fields(RosterHousehold))
_HOUSEHOLD = tuple(f.name for f in fields(FrameHousehold))
_UNIT = tuple(f.name for f in fields(FrameUnit) if f.name != "household")
_WHOLE_ROUND = ""


class Lists(Session):
    """The bulk lists of a round."""

    def save_register(self, county_code: str, rows: Sequence[RegisteredHousehold]) -> int:
        """Save a county's register as a new import and return its number."""
        return self._save(register_rows, county_code, _plain_rows(rows, _REGISTERED))

    def register(self, county_code: str) -> tuple[RegisteredHousehold, ...]:
        """Return a county's register as last imported, in the order of the file."""
        names = [register_rows.c[name] for name in _REGISTERED]
        query = self._latest(register_rows, county_code, names)
        return tuple(RegisteredHousehold(**row._mapping) for row in self._rows(query))

    def registered(self, household_id: str) -> RegisteredHousehold | None:
        """Return one household as last registered, or None."""
        query = (
            select(*(register_rows.c[name] for name in _REGISTERED))
            .where(register_rows.c.household_id == household_id)
            .where(register_rows.c.import_id.in_(_newest("register_rows")))
            .order_by(register_rows.c.import_id.desc(), register_rows.c.position)
            .limit(1)
        )
        row = self._row(query)
        return None if row is None else RegisteredHousehold(**row._mapping)

    def save_roster(self, county_code: str, rows: Sequence[RosterHousehold]) -> int:
        """Save a county's roster as a new import and return its number."""
        return self._save(roster_rows, county_code, _plain_rows(rows, _ROSTER))

    def roster(self, county_code: str) -> tuple[RosterHousehold, ...]:
        """Return a county's roster as last imported, in the order of the file."""
        query = self._latest(roster_rows, county_code, [roster_rows.c[name] for name in _ROSTER])
        return tuple(RosterHousehold(**row._mapping) for row in self._rows(query))

    def save_frame(self, units: Sequence[FrameUnit]) -> int:
        """Save the frozen frame of the round, in tree order, and return its number."""
        households = _plain_rows((unit.household for unit in units), _HOUSEHOLD)
        own = _plain_rows(units, _UNIT)
        return self._save(
            frame_units, _WHOLE_ROUND, [a | b for a, b in zip(households, own, strict=True)]
        )

    def frame_units(self, county: str | None = None) -> tuple[FrameUnit, ...]:
        """Return the frozen units of the round, or of one county, in tree order."""
        query = self._latest(frame_units, _WHOLE_ROUND, _frame_columns())
        if county is not None:
            query = query.where(frame_units.c.county_code == county)
        return tuple(_unit(row) for row in self._rows(query))

    def frame_unit(self, household_id: str) -> FrameUnit | None:
        """Return the frozen unit of one household, or None."""
        query = self._latest(frame_units, _WHOLE_ROUND, _frame_columns())
        # Ordered by position, SQLite would walk the whole frame rather than use the index.
        query = query.where(frame_units.c.household_id == household_id).order_by(None)
        row = self._row(query)
        return None if row is None else _unit(row)

    def _save(self, table: Table, county_code: str, rows: list[dict[str, Any]]) -> int:
        number = (
            1
            + (
                self._row(
                    select(func.coalesce(func.max(imports.c.number), 0))
                    .where(imports.c.list_name == table.name)
                    .where(imports.c.county_code == county_code)
                )
                or (0,)
            )[0]
        )
        import_id = self._add_one(
            imports,
            {
                "list_name": table.name,
                "county_code": county_code,
                "number": number,
                "row_count": len(rows),
            },
        )
        for position, row in enumerate(rows):
            row["import_id"], row["position"] = import_id, position
        self._add(table, rows)
        return number

    def _latest(self, table: Table, county_code: str, columns: Sequence[Any]) -> Select[Any]:
        newest = (
            select(func.max(imports.c.id))
            .where(imports.c.list_name == table.name)
            .where(imports.c.county_code == county_code)
            .scalar_subquery()
        )
        return select(*columns).where(table.c.import_id == newest).order_by(table.c.position)


def _newest(list_name: str) -> Select[Any]:
    """Return the newest import of each county."""
    return (
        select(func.max(imports.c.id))
        .where(imports.c.list_name == list_name)
        .group_by(imports.c.county_code)
    )


def _plain_rows(values: Iterable[object], names: tuple[str, ...]) -> list[dict[str, Any]]:
    cells = attrgetter(*names)
    return [dict(zip(names, cells(value), strict=True)) for value in values]


def _frame_columns() -> list[Any]:
    return [frame_units.c[name] for name in (*_HOUSEHOLD, *_UNIT)]


def _unit(row: Row[Any]) -> FrameUnit:
    split = len(_HOUSEHOLD)
    return FrameUnit(
        household=FrameHousehold(**dict(zip(_HOUSEHOLD, row[:split], strict=True))),
        **dict(zip(_UNIT, row[split:], strict=True)),
    )
