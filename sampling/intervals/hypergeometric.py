"""Chances of a simple sample from a finite population, for whole arrays and large populations."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

from .._checks import FloatArray

IntArray = npt.NDArray[np.int64]


@lru_cache(maxsize=16)
def _log_factorials(size: int) -> FloatArray:
    logs: FloatArray = special.gammaln(np.arange(size + 1) + 1.0)
    logs.setflags(write=False)
    return logs


def chances(found: IntArray, events: IntArray, n: int, size: int) -> FloatArray:
    """P(X = ``found``) when the population holds ``events``; arrays that broadcast."""
    logs = _log_factorials(size)
    there = (found >= 0) & (found <= events) & (found <= n) & (n - found <= size - events)
    x = np.where(there, found, 0)
    k = np.where(there, events, 0)
    rest = np.where(there, n - found, 0)
    left = np.where(there, size - events - n + found, 0)
    of = logs[k] - logs[x] - logs[k - x] + logs[np.where(there, size - events, 0)] - logs[rest]
    of = of - logs[left] + logs[n] + logs[size - n] - logs[size]
    # Those that cannot be are overwritten, whatever the sum of stand-ins gave.
    return np.where(there, np.exp(np.minimum(of, 0.0)), 0.0)


def chance_at_most(x: int, events: IntArray, n: int, size: int) -> FloatArray:
    """P(X <= ``x``) for each number of events in the population."""
    # Beyond twelve standard deviations nothing is left to add on the thin side.
    window = 12 * int(np.sqrt(n)) + 50
    made = np.empty(len(events))
    step = max(1, 2_000_000 // window)
    for start in range(0, len(events), step):
        some = events[start : start + step]
        low = np.arange(max(0, x - window), x + 1)
        high = np.arange(x + 1, min(n, x + window) + 1)
        thin = n * some > (x + 1) * size
        part = np.ones(len(some))
        part[thin] = chances(low, some[thin, None], n, size).sum(axis=1)
        part[~thin] -= chances(high, some[~thin, None], n, size).sum(axis=1)
        made[start : start + step] = part
    return np.clip(made, 0.0, 1.0)


def last_events(x: int, n: int, size: int, tail: float) -> int:
    """Most events, of those the sample allows, with P(X <= x) above ``tail``."""
    low, high = x, size - (n - x)
    while low < high:
        at = np.unique(np.linspace(low + 1, high, 16).astype(np.int64))
        kept = int((chance_at_most(x, at, n, size) > tail).sum())
        low, high = (
            (int(at[kept - 1]) if kept else low),
            (int(at[kept]) - 1 if kept < len(at) else high),
        )
    return low
