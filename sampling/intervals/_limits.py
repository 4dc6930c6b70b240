"""What the intervals share: checked counts, tails, limits of the beta distribution."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
import numpy.typing as npt
from scipy import special

from .._checks import FloatArray, check_choice, check_count, check_fraction
from .._rounding import complement
from ..results import Interval, Side

# Relative error of chances by logarithms of factorials, with room.
DUST = 1e-9


def checked_counts(errors: int, n: int) -> tuple[int, int]:
    n = check_count("n", n, least=1)
    return check_count("errors", errors, least=0, most=n), n


def tail_of(confidence: float, side: Side) -> float:
    """Share of the risk on each side that has a limit."""
    check_choice("side", side, get_args(Side))
    risk = complement(check_fraction("confidence", confidence))
    return risk / 2 if side == "two-sided" else risk


def make_interval(
    lower: float, upper: float, confidence: float, method: str, side: Side
) -> Interval:
    return Interval(
        lower=0.0 if side == "upper" else float(lower),
        upper=1.0 if side == "lower" else float(upper),
        confidence=float(confidence),
        method=method,
        side=side,
    )


def beta_limits(
    events: FloatArray | np.float64, others: FloatArray | np.float64, tail: float
) -> tuple[FloatArray, FloatArray]:
    """Clopper-Pearson limits for counts that need not be whole."""
    x, y = np.asarray(events, dtype=np.float64), np.asarray(others, dtype=np.float64)
    some, open_above = x > 0, y > 0
    lower = np.where(some, special.betaincinv(np.where(some, x, 1.0), y + 1, tail), 0.0)
    upper = np.where(
        open_above, special.betainccinv(x + 1, np.where(open_above, y, 1.0), tail), 1.0
    )
    return lower, upper


def mid_p_limits(p: FloatArray, size: FloatArray, tail: float) -> tuple[FloatArray, FloatArray]:
    """Mid-p limits at counts that need not be whole."""
    x, y = size * p, size * (1 - p)

    def below(count: FloatArray, other: FloatArray, at: FloatArray) -> FloatArray:
        """Half the chance of at most ``count`` and half that of at most one less."""
        most = np.where(other > 0, special.betainc(np.maximum(other, 1e-300), count + 1, 1 - at), 1)
        less = np.where(count > 0, special.betainc(other + 1, np.maximum(count, 1e-300), 1 - at), 0)
        both: FloatArray = (most + less) / 2
        return both

    zero, one = np.zeros_like(p), np.ones_like(p)
    upper = np.where(y > 0, bisect(lambda at: below(x, y, at) > tail, p, one), 1.0)
    lower = np.where(x > 0, bisect(lambda at: below(y, x, 1 - at) < tail, zero, p), 0.0)
    return lower, upper


def bisect(
    left: Callable[[FloatArray], FloatArray | npt.NDArray[np.bool_]],
    low: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """Where ``left`` turns false between ``low`` and ``high``, to the last digits."""
    for _ in range(200):
        middle = (low + high) / 2
        if ((middle == low) | (middle == high)).all():
            break
        there = left(middle)
        low, high = np.where(there, middle, low), np.where(there, high, middle)
    return (low + high) / 2
