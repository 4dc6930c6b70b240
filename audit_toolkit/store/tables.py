"""The tables of a store, for any database; all but the lock and drafts are written once and kept.

Columns of lists and findings are those of the model's dataclasses, so that the two cannot differ.
The migrations say the same once more, as history; a test compares them with these.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_type_hints

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

from ..model import (
    Draft,
    Finding,
    FrameHousehold,
    FrameUnit,
    JournalEntry,
    Photo,
    RegisteredHousehold,
    RosterHousehold,
    Visit,
)
from .codec import in_utc


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: any time zone in, UTC out, on databases with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn into UTC; a moment without a time zone is refused."""
        return None if value is None else in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC, also where the database forgot the zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class DecimalText(TypeDecorator[Decimal]):
    """A decimal number as text: no database rounds it or adds digits."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write the digits as they are."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Read the digits as they are."""
        return None if value is None else Decimal(value)


class EnumText(TypeDecorator[StrEnum]):
    """A choice as its word."""

    impl = Text
    cache_ok = True

    def __init__(self, choices: type[StrEnum]) -> None:
        super().__init__()
        self.choices = choices

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """Write the word."""
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Read the word; one that the model does not know is an error."""
        return None if value is None else self.choices(value)


_TYPES: dict[type, type[TypeEngine[Any]]] = {
    str: Text,
    int: Integer,
    bool: Boolean,
    Decimal: DecimalText,
    datetime: UtcDateTime,
}


def _columns(
    row: type, *, without: frozenset[str] = frozenset(), key: tuple[str, ...] = ()
) -> list[Column[Any]]:
    hints = get_type_hints(row)
    return [
        _column(field.name, hints[field.name], primary_key=field.name in key)
        for field in fields(row)
        if field.name not in without
    ]


def _column(name: str, hint: Any, *, primary_key: bool) -> Column[Any]:
    parts = get_args(hint) or (hint,)
    plain = next(part for part in parts if part is not NoneType)
    kind = EnumText(plain) if issubclass(plain, StrEnum) else _TYPES[plain]()
    return Column(
        name, kind, primary_key=primary_key, autoincrement=False, nullable=NoneType in parts
    )


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row, locked by whoever writes: databases with many writers then behave as SQLite with one.
writer_lock = Table(
    "writer_lock", metadata, Column("id", Integer, primary_key=True, autoincrement=False)
)

imports = Table(
    "imports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list_name", Text, nullable=False),
    Column("county_code", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("row_count", Integer, nullable=False),
    UniqueConstraint("list_name", "county_code", "number"),
)


def _list_table(name: str, *columns: Column[Any]) -> Table:
    return Table(
        name,
        metadata,
        Column("import_id", Integer, ForeignKey(imports.c.id), primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        *columns,
    )


register_rows = _list_table("register_rows", *_columns(RegisteredHousehold))
Index(None, register_rows.c.household_id)

roster_rows = _list_table("roster_rows", *_columns(RosterHousehold))

frame_units = _list_table(
    "frame_units",
    *_columns(FrameHousehold),
    *_columns(FrameUnit, without=frozenset({"household"})),
)
Index(None, frame_units.c.import_id, frame_units.c.household_id)
Index(None, frame_units.c.import_id, frame_units.c.county_code)

findings = Table(
    "findings",
    metadata,
    *_columns(Visit, without=frozenset({"answers", "notes"}), key=("assignment_id",)),
    Column("answers", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
    *_columns(Finding, without=frozenset({"visit"}), key=("version",)),
)
Index(None, findings.c.county_code, findings.c.kind)

drafts = Table(
    "drafts",
    metadata,
    Column("inspector_id", Text, primary_key=True),
    *_columns(Draft, without=frozenset({"answers", "notes"}), key=("assignment_id",)),
    Column("answers", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
)

photos = Table(
    "photos",
    metadata,
    Column("inspector_id", Text, primary_key=True),
    *_columns(Photo, key=("photo_id",)),
)
Index(None, photos.c.assignment_id)

records = Table(
    "records",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("county_code", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("body", JSON, nullable=False),
    UniqueConstraint("kind", "key", "version"),
)
# The kind comes second: it comes first in the unique constraint, and a database that does not know
# its rows yet would take the wrong one of the two to look a version up.
Index(None, records.c.county_code, records.c.kind)
Index(None, records.c.person_id, records.c.kind)

journal = Table("journal", metadata, *_columns(JournalEntry, key=("number",)))
