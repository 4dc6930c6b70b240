"""Rounding on purpose: the one ceiling and the exact reading of decimal fractions."""

from __future__ import annotations

import math
from fractions import Fraction


def round_up(value: float) -> int:
    """Smallest whole number not below ``value``, forgiving float dust above a whole number.

    Examples
    --------
    >>> round_up(100.00000000000001), round_up(100.1)
    (100, 101)
    """
    return math.ceil(value - abs(value) * 1e-12)


def exact_fraction(value: float) -> Fraction:
    """Fraction that the decimal text of ``value`` stands for.

    Examples
    --------
    >>> exact_fraction(0.07)
    Fraction(7, 100)
    """
    return Fraction(repr(float(value)))


def units_at_least(rate: float, population_size: int) -> int:
    """Smallest count of units whose share of the frame is at least ``rate``.

    Examples
    --------
    >>> units_at_least(0.07, 1300)
    91
    """
    return math.ceil(exact_fraction(rate) * population_size)


def complement(confidence: float) -> float:
    """Float nearest to 1 less the decimal ``confidence``.

    Examples
    --------
    >>> complement(0.95)
    0.05
    """
    return float(1 - exact_fraction(confidence))
