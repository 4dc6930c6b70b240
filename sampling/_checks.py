"""Checks of arguments; the one place that words them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import ArgumentError

FloatArray = npt.NDArray[np.float64]

_NAMED = 5


def name_some(values: Iterable[object]) -> str:
    """First few values, quoted, and how many more there are.

    Examples
    --------
    >>> name_some(["0312", "0417"])
    "'0312', '0417'"
    """
    listed = list(values)
    text = ", ".join(repr(value) for value in listed[:_NAMED])
    return text if len(listed) <= _NAMED else f"{text} and {len(listed) - _NAMED} more"


def _number(name: str, value: object, must: str) -> float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise ArgumentError(
            f"{name} must {must}; got {value!r}. Give a plain number.",
            code="not-a-number",
            name=name,
            got=value,
        )
    return float(value)


def check_fraction(name: str, value: float) -> float:
    """``value`` strictly between 0 and 1."""
    must = "lie strictly between 0 and 1"
    number = _number(name, value, must)
    if not 0 < number < 1:
        hint = (
            f" Write {number / 100:g}, not {number:g}."
            if 1 < number < 100
            else f" Give a fraction such as {0.95 if name == 'confidence' else 0.05:g}."
        )
        raise ArgumentError(
            f"{name} must {must}; got {value!r}.{hint}",
            code="fraction-outside",
            name=name,
            got=value,
        )
    return number


def check_share(name: str, value: float, *, zero: bool = True) -> float:
    """``value`` between 0 and 1, both included; ``zero=False`` excludes 0."""
    must = "lie between 0 and 1" if zero else "be above 0 and at most 1"
    number = _number(name, value, must)
    if not 0 <= number <= 1 or (number == 0 and not zero):
        hint = (
            f" Write {number / 100:g}, not {number:g}."
            if 1 < number <= 100
            else " Give a fraction such as 0.05."
        )
        raise ArgumentError(
            f"{name} must {must}; got {value!r}.{hint}",
            code="share-outside",
            name=name,
            got=value,
        )
    return number


def check_count(name: str, value: int, *, least: int = 0, most: int | None = None) -> int:
    """``value`` a whole number of at least ``least`` and at most ``most``."""
    fits = isinstance(value, Integral) and not isinstance(value, (bool, np.bool_))
    if not fits or value < least or (most is not None and value > most):
        span = f"of at least {least}" if most is None else f"in {least}..{most}"
        raise ArgumentError(
            f"{name} must be a whole number {span}; got {value!r}. Give a count.",
            code="count-outside",
            name=name,
            got=value,
        )
    return int(value)


def check_number(
    name: str, value: float, *, least: float, strict: bool = False, most: float = math.inf
) -> float:
    """``value`` a finite number from ``least`` (excluded when ``strict``) to ``most``."""
    must = f"be a finite number {'above' if strict else 'of at least'} {least:g}"
    if most < math.inf:
        must += f" and at most {most:g}"
    number = _number(name, value, must)
    below = number <= least if strict else number < least
    if not math.isfinite(number) or below or number > most:
        raise ArgumentError(
            f"{name} must {must}; got {value!r}. Check its unit.",
            code="number-outside",
            name=name,
            got=value,
        )
    return number


def check_choice(name: str, value: str, choices: Sequence[str]) -> str:
    """``value`` one of ``choices``."""
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise ArgumentError(
            f"{name} must be one of {listed}; got {value!r}. Choose one of them.",
            code="choice-unknown",
            name=name,
            got=value,
        )
    return value


def check_mapping(name: str, value: Mapping[Any, Any]) -> None:
    """Refuse all but a mapping."""
    if not isinstance(value, Mapping):
        raise ArgumentError(
            f"{name} must be a mapping from stratum to number; got {value!r}. "
            "Name every stratum, as in {'township': 30}.",
            code="sizes-not-mapping",
            name=name,
        )


def names_given(name: str, value: str | Iterable[str]) -> list[str]:
    """Column names, at least one and each once."""
    names = [value] if isinstance(value, str) else list(value)
    if not names or len(set(names)) < len(names):
        raise ArgumentError(
            f"{name} must name at least one column, each once; got {names!r}. "
            "Leave it out, or name the columns.",
            code="names-given",
            name=name,
        )
    return names


def array_of(name: str, values: Any) -> FloatArray:
    """``values`` as an array of numbers."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        text = repr(values)
        raise ArgumentError(
            f"{name} must be numbers; got {text if len(text) <= 60 else text[:57] + '...'}. "
            "Convert them first.",
            code="not-numbers",
            name=name,
        ) from None


def check_columns(data: pd.DataFrame, columns: Iterable[str]) -> None:
    """Refuse all but a DataFrame with at least one row that has each of ``columns``, once."""
    columns = list(columns)
    if not isinstance(data, pd.DataFrame):
        raise ArgumentError(
            f"data must be a table of pandas, polars or Arrow; got {type(data).__name__}. "
            "Convert it first.",
            code="data-not-frame",
            got=type(data).__name__,
        )
    absent = [column for column in columns if column not in data.columns]
    if absent:
        raise ArgumentError(
            f"data must have the columns asked for; got none called {name_some(absent)}. "
            f"It has {name_some(data.columns)}.",
            code="column-missing",
            columns=tuple(absent),
        )
    if not data.columns.is_unique:
        twice = data.columns[data.columns.duplicated()].intersection(list(columns))
        if len(twice):
            raise ArgumentError(
                f"each column asked for must be in data once; got {name_some(twice)} more than "
                "once. Rename or drop the others.",
                code="column-twice",
                columns=tuple(twice),
            )
    if not len(data):
        raise ArgumentError(
            "data must have at least one row; got none. Check the filter that made it.",
            code="data-empty",
        )


def check_complete(data: pd.DataFrame, columns: Iterable[str]) -> None:
    """Refuse a missing value in any of ``columns``."""
    for column in columns:
        absent = data[column].isna().to_numpy()
        if absent.any():
            rows = data.index[absent].tolist()
            raise ArgumentError(
                f"column {column!r} must have no missing values; got {len(rows)} missing in "
                f"{len(data)} rows, at rows {name_some(rows)}. Settle them (impute, adjust the "
                "weights for nonresponse, or leave them out as a domain) before estimating.",
                code="values-missing",
                column=column,
                missing=len(rows),
                rows=tuple(rows[:_NAMED]),
            )


def numbers_of(
    data: pd.DataFrame, column: str, *, least: float | None = None, strict: bool = False
) -> FloatArray:
    """Complete and finite values of a numeric or true-false column, one per row."""
    check_complete(data, [column])
    values = data[column]
    if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
        raise ArgumentError(
            f"column {column!r} must be numeric; got {values.dtype}. Convert it first.",
            code="column-not-numeric",
            column=column,
            got=str(values.dtype),
        )
    array: FloatArray = values.to_numpy(dtype=np.float64)
    bad = ~np.isfinite(array)
    must = "finite"
    if least is not None:
        bad |= array <= least if strict else array < least
        must = f"finite and {'above' if strict else 'at least'} {least:g}"
    if bad.any():
        _refuse_values(data, column, bad, must)
    return array


def events_of(data: pd.DataFrame, column: str) -> FloatArray:
    """Values of a column of zeros and ones, one per row."""
    array = numbers_of(data, column)
    bad = (array != 0) & (array != 1)
    if bad.any():
        _refuse_values(data, column, bad, "0 or 1 (or true-false)")
    return array


def _refuse_values(data: pd.DataFrame, column: str, bad: npt.NDArray[Any], must: str) -> None:
    rows = data.index[bad].tolist()
    first = data[column].to_numpy()[bad][0]
    raise ArgumentError(
        f"values of column {column!r} must be {must}; got {first} at row {rows[0]!r} "
        f"({len(rows)} such rows). Correct them first.",
        code="values-outside",
        column=column,
        rows=tuple(rows[:_NAMED]),
        got=float(first),
    )
