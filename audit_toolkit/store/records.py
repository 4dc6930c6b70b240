"""Everything else that a round keeps: values of the model as documents, version after version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import is_dataclass
from typing import Any, TypeVar

from sqlalchemy import Select, exists, func, select

from .. import model
from ..errors import IntegrityError
from ..model import Assignment, Draw, Freeze, Round
from .codec import from_json_value, to_json_value
from .session import Session
from .tables import records

Value = TypeVar("Value")

_ELSEWHERE = (
    model.Draft,
    model.Finding,
    model.FrameUnit,
    model.JournalEntry,
    model.Photo,
    model.RegisteredHousehold,
    model.RosterHousehold,
)
"""What has tables of its own and is never kept as a document."""


def _kind(value_type: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", value_type.__name__).lower()


KINDS: dict[str, type] = {
    _kind(value_type): value_type
    for value_type in (getattr(model, name) for name in model.__all__)
    if isinstance(value_type, type) and is_dataclass(value_type) and value_type not in _ELSEWHERE
}
"""Kind as stored -> dataclass of the model. Renaming a class is a change of the schema."""

_NAMES = {value_type: kind for kind, value_type in KINDS.items()}
_KEYS_AT_ONCE = 500


def kind_of(value_type: type) -> str:
    """Return the kind under which values of a type are stored.

    Raises
    ------
    TypeError
        Values of the type are not kept as documents.
    """
    if value_type not in _NAMES:
        raise TypeError(f"a record must be a dataclass of the model; got {value_type.__name__}.")
    return _NAMES[value_type]


WRITTEN_ONCE = (Draw, Freeze)
"""Large values that never get a second version, so that one reading serves the whole process."""


class Records(Session):
    """Documents by kind and key; the version with the highest number counts."""

    def round(self) -> Round | None:
        """Return the round of this store, or None before it is opened."""
        return self.latest(Round)

    def save_round(self, round_: Round) -> None:
        """Save the round, or its next version."""
        self.append(round_)

    def append(self, value: object, *, key: str = "", county: str = "") -> int:
        """Add the next version of ``key`` and return its number, 1 for the first."""
        return self.append_many([(value, key, county)])[0]

    def append_many(self, items: Iterable[tuple[object, str, str]]) -> tuple[int, ...]:
        """Add many (value, key, county) at once and return their versions, in the same order."""
        given = [(kind_of(type(value)), value, key, county) for value, key, county in items]
        last = self._last_versions((kind, key) for kind, _, key, _ in given)
        rows = []
        for kind, value, key, county in given:
            version = last[kind, key] = last.get((kind, key), 0) + 1
            if version > 1 and type(value) in WRITTEN_ONCE:
                raise IntegrityError("record-twice", kind=kind, entry=key)
            rows.append(
                {
                    "kind": kind,
                    "key": key,
                    "version": version,
                    "county_code": county,
                    "person_id": value.inspector_id if isinstance(value, Assignment) else "",
                    "body": to_json_value(value),
                }
            )
        self._add(records, rows)
        return tuple(row["version"] for row in rows)

    def latest(self, value_type: type[Value], key: str = "") -> Value | None:
        """Return the latest version of ``key``, or None."""
        if value_type not in WRITTEN_ONCE:
            return self._latest_body(value_type, key)
        if (value_type, key) not in self._kept:
            value = self._latest_body(value_type, key)
            if value is None or self._added:
                return value  # what this transaction added may yet be taken back
            self._kept[value_type, key] = value
        return self._kept[value_type, key]

    def _latest_body(self, value_type: type[Value], key: str) -> Value | None:
        row = self._row(_of(value_type, key).order_by(records.c.version.desc()).limit(1))
        return None if row is None else from_json_value(row.body, value_type)

    def versions(self, value_type: type[Value], key: str = "") -> tuple[Value, ...]:
        """Return all versions of ``key``, first to last."""
        return self._values(value_type, _of(value_type, key).order_by(records.c.version))

    def all(self, value_type: type[Value], county: str | None = None) -> tuple[Value, ...]:
        """Return the latest version of every key, in the order in which keys first appeared."""
        query = _latest_of_each(value_type)
        if county is not None:
            query = query.where(records.c.county_code == county)
        return self._values(value_type, query)

    def assignment(self, assignment_id: str) -> Assignment | None:
        """Return an assignment as it stands, or None."""
        return self.latest(Assignment, assignment_id)

    def assignments_of(self, inspector_id: str) -> tuple[Assignment, ...]:
        """Return an inspector's assignments as they stand, in the order they were made."""
        query = _latest_of_each(Assignment).where(records.c.person_id == inspector_id)
        return self._values(Assignment, query)

    def _values(self, value_type: type[Value], query: Select[Any]) -> tuple[Value, ...]:
        return tuple(from_json_value(row.body, value_type) for row in self._rows(query))

    def _last_versions(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        keys_by_kind: dict[str, list[str]] = {}
        for kind, key in dict.fromkeys(wanted):
            keys_by_kind.setdefault(kind, []).append(key)
        return {
            (kind, row.key): row.last
            for kind, keys in keys_by_kind.items()
            for some in _slices(keys)
            for row in self._rows(
                select(records.c.key, func.max(records.c.version).label("last"))
                .where(records.c.kind == kind, records.c.key.in_(some))
                .group_by(records.c.key)
            )
        }


def _slices(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """Give the keys a few at a time: databases limit the parameters of a statement."""
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        yield keys[start : start + _KEYS_AT_ONCE]


def _of(value_type: type, key: str) -> Select[Any]:
    return select(records.c.body).where(records.c.kind == kind_of(value_type), records.c.key == key)


def _latest_of_each(value_type: type) -> Select[Any]:
    first, later = records.alias("first"), records.alias("later")
    # A look-up for each row, not a join: databases that have not counted their rows yet join badly.
    appeared = (
        select(first.c.id)
        .where(first.c.kind == records.c.kind, first.c.key == records.c.key, first.c.version == 1)
        .scalar_subquery()
    )
    followed = exists().where(
        later.c.kind == records.c.kind,
        later.c.key == records.c.key,
        later.c.version == records.c.version + 1,
    )
    return (
        select(records.c.body)
        .where(records.c.kind == kind_of(value_type), ~followed)
        .order_by(appeared)
    )
