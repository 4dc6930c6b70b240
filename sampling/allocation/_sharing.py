"""Sharing out a number in proportion, within floors and caps, and rounding it to whole units."""

from __future__ import annotations

import heapq
import math
import warnings

import numpy as np

from .._checks import FloatArray, name_some
from ..errors import CappedAllocationWarning
from ._inputs import IntArray, Strata

# Remainders that differ by less are ties: they differ by the order of sums alone.
_TIE_DECIMALS = 9


def share_out(measure: FloatArray, strata: Strata, amount: float, price: FloatArray) -> FloatArray:
    """Parts in proportion to ``measure``, held within bounds, that cost ``amount`` in all.

    ``price`` is that of one unit in each stratum (1 to share out units). Strata of measure 0 get
    their floor, and more only when all others are full: then in proportion to their sizes.
    """
    lower, upper = strata.lower.astype(np.float64), strata.upper.astype(np.float64)
    fixed = np.where(measure > 0, upper, lower)
    if math.fsum(price * fixed) < amount:
        backup = np.where(measure > 0, 0.0, strata.sizes)
        lower = np.where(measure > 0, upper, lower)
        return _within(backup, lower, upper, amount, price)
    return _within(measure, lower, upper, amount, price)


def _within(
    measure: FloatArray, lower: FloatArray, upper: FloatArray, amount: float, price: FloatArray
) -> FloatArray:
    """Each ``clip(factor * measure)``, with the one factor that costs ``amount``."""
    open_ = (measure > 0) & (lower < upper)
    turns = np.unique(
        np.concatenate((lower[open_] / measure[open_], upper[open_] / measure[open_]))
    )

    def cost(factor: float) -> float:
        return math.fsum(price * np.where(open_, np.clip(factor * measure, lower, upper), lower))

    if not turns.size:
        return lower
    # The cost rises in straight pieces between the points where a bound starts or ends to hold.
    low, high = 0, turns.size - 1
    if cost(turns[low]) >= amount:
        high = low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if cost(turns[middle]) < amount else (low, middle)
    free = open_ & (lower / np.where(open_, measure, 1) <= turns[low])
    free &= upper / np.where(open_, measure, 1) >= turns[high]
    held = np.where(open_, np.clip(turns[low] * measure, lower, upper), lower)
    rest = amount - math.fsum((price * held)[~free])
    weight = math.fsum((price * measure)[free])
    factor = rest / weight if weight else float(turns[low])
    return np.where(free, factor * measure, held)


def round_shares(shares: FloatArray, strata: Strata, total: int) -> IntArray:
    """Whole numbers that add up to ``total``, by largest remainder, ties by key, within bounds."""
    base = np.clip(np.floor(shares + 1e-9).astype(np.int64), strata.lower, strata.upper)
    remainder = np.round(shares - base, _TIE_DECIMALS)
    order = np.argsort(-remainder, kind="stable")
    left = total - int(base.sum())
    for place in [*order, *order]:
        if left <= 0:
            break
        if base[place] < strata.upper[place]:
            base[place] += 1
            left -= 1
    return base


def round_to_budget(
    shares: FloatArray, strata: Strata, price: FloatArray, budget: float
) -> IntArray:
    """Whole numbers within ``budget``: down, then largest remainders while money lasts."""
    base = np.clip(np.floor(shares + 1e-9).astype(np.int64), strata.lower, strata.upper)
    left = budget * (1 + 1e-12) - math.fsum(price * base)
    remainder = np.round(shares - base, _TIE_DECIMALS)
    for place in np.argsort(-remainder, kind="stable"):
        if remainder[place] > 0 and base[place] < strata.upper[place] and price[place] <= left:
            base[place] += 1
            left -= float(price[place])
    return base


def exact_optimum(measure: FloatArray, strata: Strata, total: int) -> IntArray:
    """Whole numbers of least variance: one unit after the other where it takes off most."""
    n = strata.lower.copy()
    heap = [
        (-_gain(measure[place], int(n[place])), place)
        for place in range(n.size)
        if n[place] < strata.upper[place]
    ]
    heapq.heapify(heap)
    for _ in range(total - int(n.sum())):
        _, place = heapq.heappop(heap)
        n[place] += 1
        if n[place] < strata.upper[place]:
            heapq.heappush(heap, (-_gain(measure[place], int(n[place])), place))
    return n


def _gain(measure: float, n: int) -> float:
    """Priority of unit n + 1 in a stratum; equal ones must compare equal, hence the rounding."""
    if not measure:
        return 0.0
    if n == 0:
        return math.inf
    return float(f"{measure / math.sqrt(n * (n + 1)):.12g}")


def bounds_held(shares: FloatArray, strata: Strata) -> list[str]:
    """For each stratum, what held its part."""
    return [
        "take-all" if taken else "cap" if capped else "floor" if floored else ""
        for taken, capped, floored in zip(
            strata.all_taken,
            shares >= strata.upper,
            (shares <= strata.lower) & (strata.lower > 0),
            strict=True,
        )
    ]


def warn_of_caps(
    measure: FloatArray,
    shares: FloatArray,
    strata: Strata,
    price: FloatArray,
    amount: float,
    method: str,
) -> None:
    """Say when strata could not be given what the rule would give them."""
    taken = strata.all_taken
    left = amount - math.fsum((price * strata.sizes)[taken])
    free = in_proportion(np.where(taken, 0.0, measure), left, price)
    if not (free > strata.upper * (1 + 1e-9)).any():
        return
    over = np.flatnonzero((shares >= strata.upper) & ~taken & (strata.sizes > 0))
    named = name_some(strata.keys[place] for place in over)
    warnings.warn(
        f"{method} allocation met the cap of strata {named}; what they could not take went to the "
        "others.",
        CappedAllocationWarning,
        stacklevel=4,
    )


def in_proportion(measure: FloatArray, amount: float, price: FloatArray) -> FloatArray:
    """Parts in proportion to ``measure`` without bounds."""
    whole = math.fsum(price * measure)
    return measure * (amount / whole) if whole else np.zeros_like(measure)
