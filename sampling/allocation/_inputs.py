"""What allocations are given: sizes, measures, floors and caps by stratum, checked."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._checks import FloatArray, check_count, check_number, name_some
from ..errors import ArgumentError, EmptyStratumError, FrameTooSmallError

Numbers = Mapping[Any, float] | pd.Series
Counts = Mapping[Any, int] | pd.Series
Limit = int | Counts
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strata:
    """Strata in the order of their keys, with the bounds that each allocation must keep.

    Parameters
    ----------
    keys : tuple
        Keys, sorted: the order in which all sums are made and ties are broken.
    asked : tuple
        Keys in the order in which they were given.
    sizes, lower, upper : array
        For each stratum: units, fewest and most units to allocate.
    all_taken : array
        For each stratum, whether all its units are asked for.
    """

    keys: tuple[Any, ...]
    asked: tuple[Any, ...]
    sizes: IntArray
    lower: IntArray
    upper: IntArray
    all_taken: npt.NDArray[np.bool_]


def read_strata(
    stratum_sizes: Counts,
    *,
    floor: Limit = 0,
    cap: Limit | None = None,
    take_all: Iterable[Hashable] = (),
) -> Strata:
    """Strata with their sizes and bounds; floors that cannot be met are refused."""
    given = _by_key("stratum_sizes", stratum_sizes)
    asked = tuple(given)
    if not asked:
        raise EmptyStratumError(
            "stratum_sizes must name at least one stratum; got none. Check the frame.",
        )
    keys = tuple(sorted(asked, key=_rank))
    sizes = np.array(
        [check_count(f"stratum_sizes[{key!r}]", given[key]) for key in keys], dtype=np.int64
    )
    lower = _limits("floor", floor, keys, np.zeros_like(sizes))
    upper = np.minimum(sizes, _limits("cap", sizes if cap is None else cap, keys, sizes))
    taken = set(take_all)
    _refuse_unknown("take_all", taken, keys)
    all_taken = np.array([key in taken for key in keys])
    lower, upper = np.where(all_taken, sizes, lower), np.where(all_taken, sizes, upper)
    bad = np.flatnonzero(lower > upper)
    if bad.size:
        place = int(bad[0])
        raise ArgumentError(
            f"floor must be at most the cap and the units of each stratum; got {lower[place]} for "
            f"stratum {keys[place]!r}, which can give {upper[place]} ({bad.size} such strata). "
            "Give floors by stratum, or merge small strata.",
            code="floor-impossible",
            strata=tuple(keys[i] for i in bad[:5]),
        )
    return Strata(
        keys=keys, asked=asked, sizes=sizes, lower=lower, upper=upper, all_taken=all_taken
    )


def _by_key(name: str, given: Any) -> dict[Any, Any]:
    """Numbers by plain key, in the order given."""
    if not isinstance(given, (Mapping, pd.Series)):
        raise ArgumentError(
            f"{name} must be a mapping from stratum to number, or a Series; got "
            f"{type(given).__name__}. Name each stratum.",
            code="not-by-stratum",
            name=name,
        )
    found = {_plain(key): value for key, value in given.items()}
    if len(found) < len(given):
        raise ArgumentError(
            f"{name} must name each stratum once; got some twice. Make the index unique.",
            code="stratum-twice",
            name=name,
        )
    return found


def _plain(key: Any) -> Any:
    return key.item() if isinstance(key, np.generic) else key


def _rank(key: Any) -> tuple[str, Any]:
    """Numbers by value, all else by its text, so that keys of any kind have one order."""
    if isinstance(key, (int, float)):
        return "", key
    return (type(key).__name__, key) if isinstance(key, (str, tuple)) else ("~", repr(key))


def _refuse_unknown(name: str, named: set[Any], keys: tuple[Any, ...]) -> None:
    unknown = sorted(named - set(keys), key=repr)
    if unknown:
        raise ArgumentError(
            f"{name} must name strata of stratum_sizes; got {name_some(unknown)}. "
            f"Sizes were given for {len(keys)} strata.",
            code="stratum-unknown",
            name=name,
            strata=tuple(unknown[:5]),
        )


def _limits(name: str, limit: Any, keys: tuple[Any, ...], rest: IntArray) -> IntArray:
    """Floors or caps: one for all, or by stratum with ``rest`` for those not named."""
    if isinstance(limit, np.ndarray):
        return limit
    if not isinstance(limit, (Mapping, pd.Series)):
        return np.full(len(keys), check_count(name, limit), dtype=np.int64)
    given = _by_key(name, limit)
    _refuse_unknown(name, set(given), keys)
    return np.array(
        [
            check_count(f"{name}[{key!r}]", given[key]) if key in given else rest[place]
            for place, key in enumerate(keys)
        ],
        dtype=np.int64,
    )


def read_numbers(
    name: str, numbers: Numbers, keys: tuple[Any, ...], *, strict: bool = False
) -> FloatArray:
    """One finite number per stratum, at least (``strict``: above) 0, in the order of ``keys``."""
    given = _by_key(name, numbers)
    absent = [key for key in keys if key not in given]
    if absent:
        raise ArgumentError(
            f"{name} must have a number for every stratum; got none for {name_some(absent)}. "
            f"Sizes were given for {len(keys)} strata.",
            code="strata-missing",
            name=name,
            strata=tuple(absent[:5]),
        )
    _refuse_unknown(name, set(given), keys)
    return np.array(
        [check_number(f"{name}[{key!r}]", given[key], least=0, strict=strict) for key in keys]
    )


def check_room(strata: Strata, n: int) -> int:
    """``n`` between what the floors need and what the caps leave."""
    size = check_count("n", n)
    need, room = int(strata.lower.sum()), int(strata.upper.sum())
    if size < need:
        raise ArgumentError(
            f"n must cover the floors and take-all strata, which need {need}; got {size}. "
            "Allocate more, or lower the floors.",
            code="floor-impossible",
            need=need,
            got=size,
        )
    if size > room:
        raise FrameTooSmallError(
            f"the strata must be able to give n={size}; got {room} within sizes and caps. "
            "Allocate fewer, or raise the caps.",
            n=size,
            room=room,
        )
    return size
