"""Stratified simple random samples in memory, fast enough for simulations over whole registers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._checks import FloatArray, check_count, name_some
from ..errors import ArgumentError, EmptyStratumError, FrameTooSmallError
from ._inputs import Positions, check_source

Codes = npt.NDArray[Any]
_CHUNK = 1 << 16
# Whole numbers up to this are their own codes; beyond, or for texts, strata are numbered first.
_PLAIN = 1 << 20


def select_stratified(
    strata: npt.ArrayLike | pd.Series,
    size_by_stratum: Mapping[Hashable, int],
    *,
    rng: np.random.Generator,
) -> Positions:
    r"""Positions of a stratified simple random sample, for simulations.

    Official draws are made by ``draw_stratified``, which anyone can redo.

    Parameters
    ----------
    strata : array_like or pandas.Series
        Stratum of each unit; whole numbers and categoricals are quickest.
    size_by_stratum : mapping
        Units to draw in each stratum; 0 leaves a stratum out on purpose.
    rng : numpy.random.Generator
        Chance.

    Returns
    -------
    numpy.ndarray
        Positions, from 0, ascending. Inclusion probability is n_h/N_h, exactly.

    Raises
    ------
    ArgumentError
        A stratum of the units has no size; a size is no count; a unit has no stratum.
    EmptyStratumError
        A size is asked for in a stratum without units.
    FrameTooSmallError
        A stratum holds fewer units than asked for.

    Notes
    -----
    Each unit gets a random number; the n_h smallest of a stratum are drawn. Only units below a
    limit that nearly surely leaves enough, :math:`f_h + 5\sqrt{f_h/N_h} + 12/N_h` with
    :math:`f_h = n_h/N_h`, are ever sorted; a stratum left short is sorted whole. Time and memory
    are one pass over the units.

    References
    ----------
    .. [1] W. G. Cochran, *Sampling Techniques*, 3rd ed., Wiley, 1977, chapter 5.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> chosen = select_stratified(["a", "b", "a", "b", "b"], {"a": 1, "b": 3}, rng=rng)
    >>> len(chosen), {1, 3, 4} <= set(chosen.tolist())
    (4, True)
    """
    check_source(rng, None, "rng")
    codes, names = _codes(strata)
    counts = _counts(codes, len(names))
    sizes = _sizes(counts, names, size_by_stratum)
    limit = _limits(counts, sizes)
    numbers, candidates = _candidates(codes, limit, rng)
    found = codes[candidates]
    short = np.bincount(found, minlength=len(names)) < sizes
    if short.any():
        return _sorted_whole(codes, sizes, rng)
    order = np.lexsort((numbers, found))
    return np.sort(candidates[order[_ranks(found[order]) < sizes[found[order]]]])


def _codes(strata: npt.ArrayLike | pd.Series) -> tuple[Codes, list[Any]]:
    """Give each unit its stratum as a number, and what the numbers stand for."""
    values = strata.array if isinstance(strata, pd.Series) else strata
    if isinstance(values, pd.Categorical):
        codes, names = values.codes, values.categories.tolist()
    else:
        array = (
            values if isinstance(values, pd.api.extensions.ExtensionArray) else np.asarray(values)
        )
        if isinstance(array, np.ndarray) and array.ndim != 1:
            raise ArgumentError(
                f"strata must be one value per unit; got {array.ndim} dimensions. Flatten it.",
                code="strata-length",
            )
        if array.dtype.kind in "ui" and isinstance(array, np.ndarray) and array.size:
            low, high = int(array.min()), int(array.max())
            if low >= 0 and high < _PLAIN:
                return array, list(range(high + 1))
        codes, uniques = pd.factorize(pd.Index(array))
        names = uniques.tolist()
    if not len(codes) or int(codes.min()) < 0:
        raise ArgumentError(
            "strata must name a stratum for every unit, at least one; got units without. "
            "Fill them in first.",
            code="strata-incomplete",
        )
    return codes, names


def _counts(codes: Codes, strata: int) -> npt.NDArray[np.int64]:
    counts = np.zeros(strata, dtype=np.int64)
    chunk = max(_CHUNK, 4 * strata)
    for start in range(0, codes.size, chunk):
        counts += np.bincount(codes[start : start + chunk], minlength=strata)
    return counts


def _sizes(
    counts: npt.NDArray[np.int64], names: list[Any], size_by_stratum: Mapping[Hashable, int]
) -> npt.NDArray[np.int64]:
    places = dict(zip(names, range(len(names)), strict=True))
    sizes = np.zeros(len(names), dtype=np.int64)
    named = np.zeros(len(names), dtype=bool)
    for stratum, size in size_by_stratum.items():
        n = check_count(f"size_by_stratum[{stratum!r}]", size)
        place = places.get(stratum)
        held = 0 if place is None else int(counts[place])
        if n > held or not held:
            _refuse(stratum, n, held)
        assert place is not None
        sizes[place], named[place] = n, True
    absent = np.flatnonzero((counts > 0) & ~named)
    if absent.size:
        listed = [names[place] for place in absent]
        raise ArgumentError(
            f"size_by_stratum must name every stratum of the units; got none for "
            f"{name_some(listed)}. Give 0 to leave one out.",
            code="sizes-missing",
            strata=tuple(listed[:5]),
        )
    return sizes


def _refuse(stratum: Hashable, n: int, held: int) -> None:
    if not held:
        raise EmptyStratumError(
            f"stratum {stratum!r} must hold units; got none. Drop it from size_by_stratum.",
            stratum=stratum,
        )
    raise FrameTooSmallError(
        f"stratum {stratum!r} must hold the {n} units asked for; got {held}. "
        "Take fewer, or take them all.",
        stratum=stratum,
        wanted=n,
        got=held,
    )


def _limits(counts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> FloatArray:
    held = np.maximum(counts, 1)
    share = sizes / held
    limit = np.minimum(share + 5 * np.sqrt(share / held) + 12 / held, 1)
    return np.where(sizes > 0, limit, 0.0)


def _candidates(
    codes: Codes, limit: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, Positions]:
    """Random numbers below their stratum's limit, and where; piece by piece to stay in cache."""
    kept: list[FloatArray] = []
    places: list[Positions] = []
    numbers = np.empty(_CHUNK)
    bounds = np.empty(_CHUNK)
    for start in range(0, codes.size, _CHUNK):
        piece = codes[start : start + _CHUNK]
        u, bound = numbers[: piece.size], bounds[: piece.size]
        rng.random(out=u)
        np.take(limit, piece, out=bound, mode="clip")
        below = np.flatnonzero(u < bound)
        kept.append(u[below])
        places.append(below + start)
    return np.concatenate(kept), np.concatenate(places)


def _ranks(sorted_codes: Codes) -> npt.NDArray[np.int64]:
    """Rank, from 0, of each within its run of equal codes."""
    place = np.arange(sorted_codes.size)
    first = np.ones(sorted_codes.size, dtype=bool)
    first[1:] = sorted_codes[1:] != sorted_codes[:-1]
    return place - np.maximum.accumulate(np.where(first, place, 0))


def _sorted_whole(
    codes: Codes, sizes: npt.NDArray[np.int64], rng: np.random.Generator
) -> Positions:
    order = np.lexsort((rng.random(codes.size), codes))
    ordered = codes[order]
    return np.sort(order[_ranks(ordered) < sizes[ordered]]).astype(np.int64)
