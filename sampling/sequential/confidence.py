"""Intervals that hold at all times at once."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize

from .._checks import check_count, check_fraction, check_number
from .._rounding import complement
from ..results import Interval
from .likelihood import likeliest, log_likelihood, log_mixture

PRIOR = (1.0, 99.0)


def confidence_sequence(
    errors: int,
    n: int,
    population_size: int | None = None,
    *,
    prior: tuple[float, float] = PRIOR,
    confidence: float = 0.95,
) -> Interval:
    r"""Interval for an error rate that may be looked at after every unit.

    The chance that it ever misses the rate, over all looks, is ``1 - confidence`` at most.

    Parameters
    ----------
    errors : int
        Errors so far.
    n : int
        Units so far, in the random order drawn.
    population_size : int, optional
        Units in the population, N, drawn from without replacement; without it the population is
        unlimited.
    prior : (float, float), default (1, 99)
        Beta prior of the rate. Any holds; one near the truth is narrow: (1, 99) halves the width
        of (1, 1) where errors are rare.
    confidence : float, default 0.95
        Of the whole sequence.

    Returns
    -------
    Interval
        Two-sided; with ``population_size`` its limits are whole numbers of errors over N.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    All rates whose prior odds against the posterior are below :math:`1/\alpha`, that is all with a
    likelihood above :math:`\alpha` times the mixture :math:`B(a+k,b+n-k)/B(a,b)`: the prior-
    posterior ratio in a population, Robbins' mixture without limit. Intervals of several looks may
    be intersected.

    References
    ----------
    .. [1] I. Waudby-Smith, A. Ramdas, "Confidence sequences for sampling without replacement",
       *Advances in Neural Information Processing Systems* 33, 2020.
    .. [2] H. Robbins, "Statistical methods related to the law of the iterated logarithm", *Annals
       of Mathematical Statistics* 41, 1970, 1397-1409.

    Examples
    --------
    >>> round(confidence_sequence(0, 300, prior=(1, 100)).upper, 6)
    0.014501
    >>> confidence_sequence(0, 300, 2000).upper
    0.013
    """
    units = check_count("n", n, least=0, most=population_size)
    k = check_count("errors", errors, least=0, most=units)
    a, b = (check_number("prior", value, least=0, strict=True) for value in prior)
    alpha = complement(check_fraction("confidence", confidence))
    least = log_mixture(k, units, (a, b)) + math.log(alpha)
    if population_size is None:
        method, (lower, upper) = "robbins-mixture", _unlimited(k, units, least)
    else:
        size = check_count("population_size", population_size, least=1)
        method, (lower, upper) = "prior-posterior-ratio", _finite(k, units, size, least)
    return Interval(lower=lower, upper=upper, confidence=float(confidence), method=method)


def _finite(errors: int, n: int, size: int, least: float) -> tuple[float, float]:
    """First and last share of errors with a log likelihood above ``least``."""

    def kept(held: int) -> bool:
        return float(log_likelihood(np.array(held), size, errors, n)) > least

    best = likeliest(size, errors, n)
    low, high = errors - 1, best
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if kept(middle) else (middle, high)
    first, low, high = high, best, size - (n - errors) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if kept(middle) else (low, middle)
    return first / size, low / size


def _unlimited(errors: int, n: int, least: float) -> tuple[float, float]:
    if n == 0:
        return 0.0, 1.0
    best = errors / n

    def gap(rate: float) -> float:
        wrong = errors * math.log(rate) if errors else 0.0
        right = (n - errors) * math.log1p(-rate) if n > errors else 0.0
        return wrong + right - least

    tiny = 1e-300
    lower = optimize.brentq(gap, tiny, best, xtol=1e-16) if errors else 0.0
    if n == errors:
        return float(lower), 1.0
    upper = optimize.brentq(gap, max(best, tiny), 1 - 1e-16, xtol=1e-16)
    return float(lower), float(upper)
