"""Chances of a simple sample from a finite population, for whole arrays and large populations."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

from .._checks import FloatArray

IntArray = npt.NDArray[np.int64]

# Beyond it a table of log factorials costs more memory than it saves time.
_LARGEST_TABLE = 2_000_000


@lru_cache(maxsize=16)
def _log_factorials(size: int) -> FloatArray:
    logs: FloatArray = special.gammaln(np.arange(size + 1) + 1.0)
    logs.setflags(write=False)
    return logs


def chances(found: IntArray, events: IntArray, n: int, size: int) -> FloatArray:
    """P(X = ``found``) when the population holds ``events``; arrays that broadcast."""
    if size > _LARGEST_TABLE:
        return _chances_of_large(found, events, n, size)
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


def _chances_of_large(found: IntArray, events: IntArray, n: int, size: int) -> FloatArray:
    there = (found >= 0) & (found <= events) & (found <= n) & (n - found <= size - events)
    x = np.where(there, found, 0)
    left = np.where(there, n - found, 0)
    of = special.gammaln(n + 1.0) - special.gammaln(x + 1.0) - special.gammaln(left + 1.0)
    of = of + _log_falling(np.where(there, events, size), x)
    of = of + _log_falling(np.where(there, size - events, size), left)
    of = of - _log_falling(np.array(size), np.array(n))
    return np.where(there, np.exp(np.minimum(of, 0.0)), 0.0)


def _log_falling(size: IntArray, n: IntArray) -> FloatArray:
    """Logarithm of size (size - 1) ... (size - n + 1)."""
    least = 1000.0
    top = size + 1.0
    bottom = top - n
    # Two log factorials of a large population cancel to nothing; their series does not.
    far = bottom >= least
    safe_top, safe_bottom = np.where(far, top, least), np.where(far, bottom, least)
    k = np.where(far, n, 0)
    series = k * np.log(safe_top) - k - (safe_bottom - 0.5) * np.log1p(-k / safe_top)
    series = series + _stirling(safe_top) - _stirling(safe_bottom)
    return np.where(far, series, special.gammaln(top) - special.gammaln(bottom))


def _stirling(z: FloatArray) -> FloatArray:
    return np.asarray(1 / (12 * z) - 1 / (360 * z**3) + 1 / (1260 * z**5))


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
