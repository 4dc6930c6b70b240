"""Confidence intervals for a proportion: exact, score, mid-p, Jeffreys, effective size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from ._checks import (
    FloatArray,
    check_choice,
    check_count,
    check_fraction,
    check_number,
    check_share,
)
from ._rounding import complement
from .errors import ArgumentError
from .results import Interval, Side

Cap = Literal["sample-size", "none"]


def _counts(errors: int, n: int) -> tuple[int, int]:
    n = check_count("n", n, least=1)
    return check_count("errors", errors, least=0, most=n), n


def _tail(confidence: float, side: Side) -> float:
    """Share of the risk on each side that has a limit."""
    check_choice("side", side, get_args(Side))
    risk = complement(check_fraction("confidence", confidence))
    return risk / 2 if side == "two-sided" else risk


def _interval(lower: float, upper: float, confidence: float, method: str, side: Side) -> Interval:
    return Interval(
        lower=0.0 if side == "upper" else float(lower),
        upper=1.0 if side == "lower" else float(upper),
        confidence=float(confidence),
        method=method,
        side=side,
    )


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
    errors, n = _counts(errors, n)
    lower, upper = _beta_limits(np.float64(errors), np.float64(n - errors), _tail(confidence, side))
    return _interval(float(lower), float(upper), confidence, "clopper-pearson", side)


def _beta_limits(
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
    errors, n = _counts(errors, n)
    c = float(stats.norm.isf(_tail(confidence, side)))
    p = errors / n
    middle = p + c**2 / (2 * n)
    spread = c * np.sqrt(p * (1 - p) / n + (c / (2 * n)) ** 2)
    scale = 1 + c**2 / n
    # At none and at all the limit is 0 or 1 by algebra; floats would miss it by dust.
    lower = 0.0 if errors == 0 else max(0.0, (middle - spread) / scale)
    upper = 1.0 if errors == n else min(1.0, (middle + spread) / scale)
    return _interval(lower, upper, confidence, "wilson", side)


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
    errors, n = _counts(errors, n)
    tail = _tail(confidence, side)

    def upper_gap(p: float) -> float:
        at = float(stats.binom.pmf(errors, n, p))
        return float(stats.binom.cdf(errors, n, p)) - at / 2 - tail

    def lower_gap(p: float) -> float:
        at = float(stats.binom.pmf(errors, n, p))
        return float(stats.binom.sf(errors, n, p)) + at / 2 - tail

    lower = _root(lower_gap, errors / n) if errors else 0.0
    upper = _root(upper_gap, errors / n) if errors < n else 1.0
    return _interval(lower, upper, confidence, "mid-p", side)


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
    errors, n = _counts(errors, n)
    tail = _tail(confidence, side)
    a, b = errors + 0.5, n - errors + 0.5
    lower = 0.0 if errors == 0 else float(special.betaincinv(a, b, tail))
    upper = 1.0 if errors == n else float(special.betainccinv(a, b, tail))
    return _interval(lower, upper, confidence, "jeffreys", side)


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
    errors, n = _counts(errors, n)
    size = check_count("population_size", population_size, least=n)
    tail = _tail(confidence, side)
    least, most = errors, size - (n - errors)

    def kept_above(m: int) -> bool:
        return float(stats.hypergeom.cdf(errors, size, m, n)) > tail

    def kept_below(m: int) -> bool:
        return float(stats.hypergeom.sf(errors - 1, size, m, n)) > tail

    upper = _last(kept_above, least, most)
    lower = size - _last(lambda k: kept_below(size - k), size - most, size - least)
    return _interval(lower / size, upper / size, confidence, "hypergeometric", side)


def _last(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Largest whole number in low..high where ``holds``; it holds at low and then stops once."""
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low


def korn_graubard_limits(
    proportion: npt.ArrayLike, n_star: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    r"""Clopper-Pearson limits at effective sample sizes, for whole arrays.

    Parameters
    ----------
    proportion : array-like
        Estimated proportions in [0, 1], any shape.
    n_star : array-like
        Effective sample sizes, at least 0, need not be whole; shape that broadcasts with
        ``proportion``.
    confidence : float, default 0.95
        Of the two-sided interval.

    Returns
    -------
    tuple of two arrays
        Lower and upper limits, in the broadcast shape.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    With :math:`x = n^* p`, :math:`L = B^{-1}(\alpha/2; x, n^*-x+1)`, 0 when x is 0, and
    :math:`U = B^{-1}(1-\alpha/2; x+1, n^*-x)`, 1 when x is n*. An effective size of 0 gives [0, 1].

    References
    ----------
    .. [1] E. L. Korn, B. I. Graubard, "Confidence intervals for proportions with small expected
       number of positive counts estimated from survey data", *Survey Methodology* 24, 1998,
       193-201.

    Examples
    --------
    >>> lower, upper = korn_graubard_limits([0.0, 0.01], 122.4489796)
    >>> upper.round(6).tolist()
    [0.029677, 0.047712]
    """
    p = np.asarray(proportion, dtype=np.float64)
    size = np.asarray(n_star, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise ArgumentError(
            "proportion must lie between 0 and 1 throughout; got "
            f"{p[~((p >= 0) & (p <= 1))].flat[0]!r}. Give fractions.",
            code="share-outside",
            name="proportion",
        )
    if not ((size >= 0) & np.isfinite(size)).all():
        raise ArgumentError(
            "n_star must be finite and at least 0 throughout; got "
            f"{size[~((size >= 0) & np.isfinite(size))].flat[0]!r}. Give effective sizes.",
            code="number-outside",
            name="n_star",
        )
    tail = _tail(confidence, "two-sided")
    return _beta_limits(size * p, size * (1 - p), tail)


def interval_korn_graubard(
    proportion: float,
    n: int,
    n_effective: float | None,
    df: int,
    *,
    confidence: float = 0.95,
    cap: Cap = "sample-size",
) -> Interval:
    r"""Korn-Graubard interval for a proportion from a complex sample, by its own variance.

    Parameters
    ----------
    proportion : float
        Estimated proportion, in [0, 1].
    n : int
        Units in the sample, at least 1 (at least 2 when ``proportion`` is neither 0 nor 1).
    n_effective : float or None
        p(1-p)/v, before any adjustment; None when the variance v is 0.
    df : int
        Degrees of freedom of the variance, at least 0.
    confidence : float, default 0.95
        Of the two-sided interval.
    cap : {"sample-size", "none"}, default "sample-size"
        Whether the adjusted effective size may exceed ``n``.

    Returns
    -------
    Interval
        Limits in [0, 1].

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    :math:`n^* = n_e (t_{n-1}/t_{df})^2`, at most n under the cap; n itself when p is 0 or 1. Else,
    without degrees of freedom n* is 0 and the limits are 0 and 1, and with variance 0 n* is n. The
    capped form is that of the NCHS standards, the other R ``svyciprop(method="beta")``. Few PSUs
    with events make the own variance, and so the interval, too small.

    References
    ----------
    .. [1] E. L. Korn, B. I. Graubard, *Survey Methodology* 24, 1998, 193-201.
    .. [2] J. D. Parker and others, *National Center for Health Statistics Data Presentation
       Standards for Proportions*, Vital and Health Statistics, series 2, no. 175, 2017.

    Examples
    --------
    >>> interval = interval_korn_graubard(0.02, 300, 150.0, 20)
    >>> round(interval.lower, 5), round(interval.upper, 5)
    (0.00362, 0.06064)
    """
    check_choice("cap", cap, get_args(Cap))
    size = korn_graubard_size(proportion, n, n_effective, df, confidence=confidence, cap=cap)
    lower, upper = korn_graubard_limits(proportion, size, confidence=confidence)
    method = "korn-graubard" if cap == "sample-size" else "korn-graubard-uncapped"
    return _interval(float(lower), float(upper), confidence, method, "two-sided")


def korn_graubard_size(
    proportion: float,
    n: int,
    n_effective: float | None,
    df: int,
    *,
    confidence: float,
    cap: Cap,
) -> float:
    """Effective size n* of ``interval_korn_graubard``; same parameters."""
    p = check_share("proportion", proportion)
    n = check_count("n", n, least=1 if p in (0, 1) else 2)
    df = check_count("df", df, least=0)
    tail = _tail(confidence, "two-sided")
    if p in (0, 1):
        return float(n)
    if df == 0:
        return 0.0
    if n_effective is None:
        return float(n)
    own = check_number("n_effective", n_effective, least=0, strict=True)
    size = own * (float(stats.t.isf(tail, n - 1)) / float(stats.t.isf(tail, df))) ** 2
    return min(float(n), size) if cap == "sample-size" else size
