"""Intervals for a proportion from a simple sample: exact, score, mid-p, Jeffreys."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize, special, stats

from .._checks import check_count
from ..results import Interval, Side
from ._limits import DUST, beta_limits, checked_counts, make_interval, tail_of
from .hypergeometric import last_events


def interval_clopper_pearson(
    errors: int, n: int, *, confidence: float = 0.95, side: Side = "two-sided"
) -> Interval:
    r"""Exact binomial interval for a proportion.

    Parameters
    ----------
    errors : int
        Units with the event, 0 to ``n``.
    n : int
        Units sampled, at least 1.
    confidence : float, default 0.95
        In (0, 1); of the single limit when one-sided.
    side : {"two-sided", "upper", "lower"}, default "two-sided"
        Which limits are wanted.

    Returns
    -------
    Interval
        Limits in [0, 1].

    Raises
    ------
    ArgumentError
        A count or fraction is outside its domain.

    Notes
    -----
    With x errors, :math:`L = B^{-1}(\alpha/2; x, n-x+1)` and
    :math:`U = B^{-1}(1-\alpha/2; x+1, n-x)`. Without errors L is 0 and U is
    :math:`1-(\alpha/2)^{1/n}`; with n errors the mirror image.

    References
    ----------
    .. [1] C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in
       the case of the binomial", *Biometrika* 26, 1934, 404-413.

    Examples
    --------
    >>> interval = interval_clopper_pearson(3, 300)
    >>> round(interval.lower, 6), round(interval.upper, 6)
    (0.002067, 0.028945)
    """
    errors, n = checked_counts(errors, n)
    lower, upper = beta_limits(
        np.float64(errors), np.float64(n - errors), tail_of(confidence, side)
    )
    return make_interval(float(lower), float(upper), confidence, "clopper-pearson", side)


def interval_wilson(
    errors: int, n: int, *, confidence: float = 0.95, side: Side = "two-sided"
) -> Interval:
    r"""Score interval for a proportion.

    Parameters
    ----------
    errors, n, confidence, side
        As for ``interval_clopper_pearson``.

    Returns
    -------
    Interval
        Limits in [0, 1].

    Raises
    ------
    ArgumentError
        A count or fraction is outside its domain.

    Notes
    -----
    :math:`(p + c^2/2n \pm c\sqrt{p(1-p)/n + c^2/4n^2})/(1 + c^2/n)` with c the normal quantile.
    Its coverage is right on average, not for every proportion.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
       *JASA* 22, 1927, 209-212.

    Examples
    --------
    >>> interval = interval_wilson(3, 300)
    >>> round(interval.lower, 6), round(interval.upper, 6)
    (0.003407, 0.028983)
    """
    errors, n = checked_counts(errors, n)
    c = float(stats.norm.isf(tail_of(confidence, side)))
    p = errors / n
    middle = p + c**2 / (2 * n)
    spread = c * np.sqrt(p * (1 - p) / n + (c / (2 * n)) ** 2)
    scale = 1 + c**2 / n
    # At none and at all the limit is 0 or 1 by algebra; floats would miss it by dust.
    lower = 0.0 if errors == 0 else max(0.0, (middle - spread) / scale)
    upper = 1.0 if errors == n else min(1.0, (middle + spread) / scale)
    return make_interval(lower, upper, confidence, "wilson", side)


def interval_mid_p(
    errors: int, n: int, *, confidence: float = 0.95, side: Side = "two-sided"
) -> Interval:
    r"""Mid-p interval for a proportion.

    Parameters
    ----------
    errors, n, confidence, side
        As for ``interval_clopper_pearson``.

    Returns
    -------
    Interval
        Limits in [0, 1], inside those of Clopper and Pearson.

    Raises
    ------
    ArgumentError
        A count or fraction is outside its domain.

    Notes
    -----
    The upper limit solves :math:`P(X<x) + \frac12 P(X=x) = \alpha/2`, so without errors it is
    :math:`1-\alpha^{1/n}`. The promise holds on average only.

    References
    ----------
    .. [1] G. Berry, P. Armitage, "Mid-P confidence intervals: a brief review", *The Statistician*
       44, 1995, 417-423.

    Examples
    --------
    >>> round(interval_mid_p(0, 300).upper, 7)
    0.0099361
    """
    errors, n = checked_counts(errors, n)
    tail = tail_of(confidence, side)

    def upper_gap(p: float) -> float:
        at = float(stats.binom.pmf(errors, n, p))
        return float(stats.binom.cdf(errors, n, p)) - at / 2 - tail

    def lower_gap(p: float) -> float:
        at = float(stats.binom.pmf(errors, n, p))
        return float(stats.binom.sf(errors, n, p)) + at / 2 - tail

    lower = _root(lower_gap, errors / n) if errors else 0.0
    upper = _root(upper_gap, errors / n) if errors < n else 1.0
    return make_interval(lower, upper, confidence, "mid-p", side)


def _root(gap: Callable[[float], float], share: float) -> float:
    """Root in [0, 1]; ``share`` where a confidence below one half leaves none."""
    if gap(0.0) * gap(1.0) >= 0:
        return share
    return float(optimize.brentq(gap, 0.0, 1.0, xtol=1e-15, rtol=1e-14))


def interval_jeffreys(
    errors: int, n: int, *, confidence: float = 0.95, side: Side = "two-sided"
) -> Interval:
    r"""Equal-tailed interval of the Jeffreys posterior of a proportion.

    Parameters
    ----------
    errors, n, confidence, side
        As for ``interval_clopper_pearson``.

    Returns
    -------
    Interval
        Limits in [0, 1].

    Raises
    ------
    ArgumentError
        A count or fraction is outside its domain.

    Notes
    -----
    Quantiles of Beta(x + 1/2, n - x + 1/2). Without errors the lower limit is 0 and with n errors
    the upper one is 1, as Brown, Cai and DasGupta modify it.

    References
    ----------
    .. [1] L. D. Brown, T. T. Cai, A. DasGupta, "Interval estimation for a binomial proportion",
       *Statistical Science* 16, 2001, 101-133, section 4.1.

    Examples
    --------
    >>> interval = interval_jeffreys(3, 300)
    >>> round(interval.lower, 6), round(interval.upper, 6)
    (0.002824, 0.026444)
    """
    errors, n = checked_counts(errors, n)
    tail = tail_of(confidence, side)
    a, b = errors + 0.5, n - errors + 0.5
    lower = 0.0 if errors == 0 else float(special.betaincinv(a, b, tail))
    upper = 1.0 if errors == n else float(special.betainccinv(a, b, tail))
    return make_interval(lower, upper, confidence, "jeffreys", side)


def interval_hypergeometric(
    errors: int,
    n: int,
    population_size: int,
    *,
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> Interval:
    r"""Exact interval for the share of a finite population under simple random sampling.

    Parameters
    ----------
    errors, n, confidence, side
        As for ``interval_clopper_pearson``.
    population_size : int
        Units in the population, at least ``n``.

    Returns
    -------
    Interval
        Limits that are whole counts over ``population_size``.

    Raises
    ------
    ArgumentError
        A count or fraction is outside its domain.

    Notes
    -----
    The smallest and the largest number M of events in the population that a test of size
    :math:`\alpha/2` on that side does not reject, over N. M is rejected from above when
    :math:`P(X \le x \mid M) \le \alpha/2`, from below when :math:`P(X \ge x \mid M) \le \alpha/2`.
    In a census both limits are the share itself.

    References
    ----------
    .. [1] T. Wright, *Exact Confidence Bounds when Sampling from Small Finite Universes*,
       Springer, 1991.

    Examples
    --------
    >>> interval_hypergeometric(0, 149, 1000, side="upper").upper
    0.018
    >>> interval_hypergeometric(0, 20, 1000).lower
    0.0
    """
    errors, n = checked_counts(errors, n)
    size = check_count("population_size", population_size, least=n)
    # A chance equal to the tail is rejected; dust must not keep it.
    tail = tail_of(confidence, side) * (1 + DUST)
    upper = last_events(errors, n, size, tail)
    # P(X >= x) is P(X' <= n - x) of the units without the event.
    lower = size - last_events(n - errors, n, size, tail)
    return make_interval(lower / size, upper / size, confidence, "hypergeometric", side)
