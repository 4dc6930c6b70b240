"""Values of any dataclass of the model, from its type hints: one fixed, or as hypothesis likes."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from itertools import count
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from audit_toolkit import model

DATACLASSES: tuple[type, ...] = tuple(
    value
    for value in (getattr(model, name) for name in model.__all__)
    if isinstance(value, type) and is_dataclass(value)
)

# PostgreSQL keeps no NUL in text, UTF-8 no half of a surrogate pair.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
ZONES = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
_PLAIN: dict[type, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers(-(2**31), 2**31 - 1),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=3),
    date: st.dates(),
    datetime: st.datetimes(
        min_value=datetime(1900, 1, 1), max_value=datetime(2199, 1, 1), timezones=ZONES
    ),
}


def strategy_of(hint: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for a type of the model or for one of its fields."""
    if get_origin(hint) in (Union, types.UnionType):
        return st.one_of(
            *(st.none() if part is types.NoneType else strategy_of(part) for part in get_args(hint))
        )
    if get_origin(hint) is tuple:
        parts = get_args(hint)
        if parts[-1] is Ellipsis:
            return st.lists(strategy_of(parts[0]), max_size=2).map(tuple)
        return st.tuples(*(strategy_of(part) for part in parts))
    if issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(hint, **{f.name: strategy_of(hints[f.name]) for f in fields(hint)})
    return _PLAIN[hint]


def example_of(hint: Any, numbers: count[int] | None = None) -> Any:
    """Return one fixed value of a type, no two of its numbers and texts alike."""
    numbers = numbers or count(1)
    if get_origin(hint) in (Union, types.UnionType):
        return example_of(get_args(hint)[0], numbers)
    if get_origin(hint) is tuple:
        parts = [part for part in get_args(hint) if part is not Ellipsis]
        return tuple(example_of(part, numbers) for part in parts)
    if issubclass(hint, StrEnum):
        return list(hint)[-1]
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return hint(**{f.name: example_of(hints[f.name], numbers) for f in fields(hint)})
    number = next(numbers)
    return {
        str: f"第{number}项 «é»",
        int: number,
        float: number + 1 / 3,
        bool: number % 2 == 0,
        Decimal: Decimal(number) / 100 + Decimal("0.10"),
        date: date(2019, 1, 1) + timedelta(days=number),
        datetime: datetime(2019, 1, 1, 8, 30, 0, number, tzinfo=UTC) + timedelta(days=number),
    }[hint]
