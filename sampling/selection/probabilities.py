"""Inclusion probabilities in proportion to size, with units taken for certain."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._checks import FloatArray, check_count, name_some
from ..errors import ArgumentError, EmptyStratumError, FrameTooSmallError
from ._inputs import check_numbers


def inclusion_probs(
    size_measure: npt.ArrayLike,
    n: int | Mapping[Hashable, int],
    *,
    strata: npt.ArrayLike | None = None,
) -> FloatArray:
    r"""Inclusion probabilities in proportion to size that add up to ``n``.

    Units whose size alone earns them a place are taken for certain; the rest is computed anew
    until none is left above 1. Units of size 0 get 0.

    Parameters
    ----------
    size_measure : array_like
        Size of each unit, at least 0, in any unit of measure; one value per unit.
    n : int or mapping
        Units to draw; with ``strata`` a number for each stratum.
    strata : array_like, optional
        Stratum of each unit; the probabilities then add up to ``n`` in each.

    Returns
    -------
    numpy.ndarray
        One probability per unit, in the order of ``size_measure``.

    Raises
    ------
    ArgumentError
        A size is negative or not finite; ``n`` is no count; strata and ``n`` do not name the same
        strata.
    EmptyStratumError
        ``n`` names a stratum without units.
    FrameTooSmallError
        Fewer units have a size above 0 than are to be drawn.

    Notes
    -----
    :math:`\pi_i = (n - c) x_i / \sum_{j \notin C} x_j` outside the set C of the c units taken for
    certain, to which every unit with :math:`\pi_i \ge 1` is moved.

    References
    ----------
    .. [1] Y. Tillé, *Sampling Algorithms*, Springer, 2006, section 2.10.

    Examples
    --------
    >>> inclusion_probs([1, 2, 3, 4, 90], 2).round(2).tolist()
    [0.1, 0.2, 0.3, 0.4, 1.0]
    """
    sizes = check_numbers("size_measure", size_measure)
    bad = np.flatnonzero(sizes < 0)
    if bad.size:
        raise ArgumentError(
            f"size_measure must be at least 0; got {float(sizes[bad[0]])!r} at position {bad[0]}. "
            "Give each unit a size of at least 0.",
            code="size-negative",
            position=int(bad[0]),
        )
    if strata is None:
        if isinstance(n, Mapping):
            raise ArgumentError(
                "n must be one number without strata; got a mapping. Give strata too.",
                code="strata-missing",
            )
        return _probs(sizes, check_count("n", n), "the frame")
    if not isinstance(n, Mapping):
        raise ArgumentError(
            f"n must name a number for each stratum; got {n!r}. Give a mapping.",
            code="sizes-not-mapping",
        )
    return _in_strata(sizes, n, strata)


def _in_strata(sizes: FloatArray, n: Mapping[Hashable, int], strata: npt.ArrayLike) -> FloatArray:
    codes, names = pd.factorize(np.asarray(strata))
    if codes.size != sizes.size:
        raise ArgumentError(
            f"strata must be {sizes.size} values, one per unit; got {codes.size}. Check both.",
            code="strata-length",
        )
    known = dict(zip(names.tolist(), range(len(names)), strict=True))
    unnamed = [name for name in known if name not in n]
    if unnamed or (codes < 0).any():
        raise ArgumentError(
            f"n must name every stratum of the units; got none for "
            f"{name_some(unnamed) or 'units without stratum'}. Give 0 to leave one out.",
            code="sizes-missing",
            strata=tuple(unnamed[:5]),
        )
    empty = [name for name in n if name not in known]
    if empty:
        raise EmptyStratumError(
            f"each stratum of n must hold units; got none in {name_some(empty)}. Drop it from n.",
            strata=tuple(empty[:5]),
        )
    probs = np.empty_like(sizes)
    for name, code in known.items():
        within = codes == code
        size = check_count(f"n[{name!r}]", n[name])
        probs[within] = _probs(sizes[within], size, f"stratum {name!r}")
    return probs


def _probs(sizes: FloatArray, n: int, where: str) -> FloatArray:
    able = int((sizes > 0).sum())
    if n > able:
        raise FrameTooSmallError(
            f"{where} must hold at least n={n} units of a size above 0; got {able}. Take fewer, "
            "or give every unit a size.",
            n=n,
            got=able,
        )
    probs = np.zeros_like(sizes)
    certain = np.zeros(sizes.size, dtype=bool)
    while (left := n - int(certain.sum())) > 0:
        open_sizes = np.where(certain, 0.0, sizes)
        probs = left * (open_sizes / open_sizes.sum())
        # A share of 1 less rounding dust is a certainty: its weight must not be 1.0000000000000002.
        found = probs >= 1 - 1e-12
        if not found.any():
            break
        certain |= found
    probs[certain] = 1.0
    return probs
