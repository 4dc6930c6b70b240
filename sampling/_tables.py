"""Tables of other libraries, brought into pandas in one place."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import pandas as pd

_P = ParamSpec("_P")
_R = TypeVar("_R")


def rows_of(data: Any) -> Any:
    """Rows as a DataFrame where ``data`` speaks Arrow's C stream; anything else as it is.

    Row order is kept. Nulls become pandas' missing values, decimals floats; categories without an
    order of their own become plain values, so that domains stand in the order of the values.

    Examples
    --------
    >>> import pyarrow
    >>> rows_of(pyarrow.table({"county": ["a", None], "n": [1, 2]}))["county"].isna().tolist()
    [False, True]
    """
    if isinstance(data, pd.DataFrame) or not hasattr(data, "__arrow_c_stream__"):
        return data
    read: Callable[[Any], pd.DataFrame] = getattr(pd.DataFrame, "from_arrow")  # noqa: B009
    found = read(data)
    return found.assign(
        **{str(name): _plain(found[name]) for name in found if _is_odd(found[name])}
    )


def takes_tables(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let the first argument, ``data``, be a table of polars, Arrow or anything that speaks it."""

    @wraps(function)
    def taking(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        given: tuple[Any, ...] = args
        if given:
            return function(rows_of(given[0]), *given[1:], **kwargs)
        if "data" in kwargs:
            kwargs["data"] = rows_of(kwargs["data"])
        return function(*args, **kwargs)

    return taking


def _is_odd(column: pd.Series[Any]) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return not column.dtype.ordered
    return column.dtype == object


def _plain(column: pd.Series[Any]) -> pd.Series[Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype(column.dtype.categories.dtype)
    if pd.api.types.infer_dtype(column, skipna=True) == "decimal":
        return column.astype("float64")
    return column
