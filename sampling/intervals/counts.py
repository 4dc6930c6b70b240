"""Intervals for counts: Poisson rates, and gamma intervals of weighted sums of counts."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from .._checks import FloatArray, array_of, check_choice, check_count, check_number
from ..errors import ArgumentError
from ..results import Interval, Side
from ._limits import tail_of

PoissonMethod = Literal["exact", "mid-p"]
GammaMethod = Literal["fay-feuer", "mid-p", "tiwari"]


def interval_poisson(
    errors: int,
    exposure: float = 1.0,
    *,
    method: PoissonMethod = "exact",
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> Interval:
    r"""Interval for the rate of a Poisson count over an exposure.

    Parameters
    ----------
    errors : int
        Events counted, at least 0.
    exposure : float, default 1.0
        What they were counted over (units, years), above 0; 1 gives limits of the mean count.
    method : {"exact", "mid-p"}, default "exact"
        Whether the count seen weighs fully or by half in each tail.
    confidence : float, default 0.95
        In (0, 1); of the single limit when one-sided.
    side : {"two-sided", "upper", "lower"}, default "two-sided"
        Which limits are wanted. Without an upper one, ``upper`` is infinite.

    Returns
    -------
    Interval
        Limits of at least 0.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    Exact: :math:`L = \Gamma^{-1}(\alpha/2; x)`, 0 without events, and
    :math:`U = \Gamma^{-1}(1-\alpha/2; x+1)`, over the exposure.

    References
    ----------
    .. [1] F. Garwood, "Fiducial limits for the Poisson distribution", *Biometrika* 28, 1936,
       437-442.

    Examples
    --------
    >>> round(interval_poisson(0, 149, side="upper").upper, 8)
    0.02010559
    """
    x = check_count("errors", errors, least=0)
    over = check_number("exposure", exposure, least=0, strict=True)
    check_choice("method", method, get_args(PoissonMethod))
    tail = tail_of(confidence, side)
    if method == "exact":
        lower = float(special.gammaincinv(x, tail)) if x else 0.0
        upper = float(special.gammainccinv(x + 1, tail))
    else:
        lower = _between(x, x + 1, tail) if x else 0.0
        upper = _between(x, x + 1, 1 - tail)
    name = "poisson" if method == "exact" else "poisson-mid-p"
    return _rate_interval(lower / over, upper / over, confidence, name, side, np.inf)


def _between(first: float, second: float, chance: float) -> float:
    """Quantile of the equal mixture of two gamma distributions of scale 1; shape 0 is at 0."""

    def gap(at: float) -> float:
        one = float(special.gammainc(first, at)) if first > 0 else 1.0
        return (one + float(special.gammainc(second, at))) / 2 - chance

    if gap(0.0) >= 0:
        return 0.0
    high = float(special.gammaincinv(second, max(chance, 0.5))) + 1.0
    while gap(high) < 0:
        high *= 2
    return float(optimize.brentq(gap, 0.0, high, xtol=1e-300, rtol=1e-14))


def _rate_interval(
    lower: float, upper: float, confidence: float, method: str, side: Side, most: float
) -> Interval:
    return Interval(
        lower=0.0 if side == "upper" else lower,
        upper=most if side == "lower" else min(upper, most),
        confidence=float(confidence),
        method=method,
        side=side,
    )


def interval_gamma(
    errors: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    method: GammaMethod = "mid-p",
    confidence: float = 0.95,
    side: Side = "two-sided",
    most: float = 1.0,
) -> Interval:
    r"""Gamma interval for a weighted sum of independent rare counts.

    Parameters
    ----------
    errors : array-like
        Events counted in each stratum, whole and at least 0; or 1 for each PSU with events and 0
        for the others, when events of a PSU are not independent.
    weights : array-like
        What one count adds to the rate, above 0: the stratum's share over its sample size; or
        what the PSU's whole total adds, and for a PSU without events what a total could add.
    method : {"mid-p", "fay-feuer", "tiwari"}, default "mid-p"
        Fay and Feuer's, its mid-p form, or the form of Tiwari, Clegg and Zou.
    confidence : float, default 0.95
        In (0, 1); of the single limit when one-sided.
    side : {"two-sided", "upper", "lower"}, default "two-sided"
        Which limits are wanted.
    most : float, default 1.0
        Largest value the sum can have; ``math.inf`` for rates without one.

    Returns
    -------
    Interval
        Limits in [0, ``most``].

    Raises
    ------
    ArgumentError
        A value is outside its domain, or lengths differ.

    Notes
    -----
    With :math:`y=\sum w x`, :math:`v=\sum w^2 x` and the largest weight :math:`w_m`: L is the
    quantile of the gamma of mean y and variance v, 0 without events; U that of the gamma of mean
    :math:`y+w_m` and variance :math:`v+w_m^2`. Tiwari and others take the means of w and of
    :math:`w^2` instead. The mid-p form takes both limits from the equal mixture of the two. All
    treat counts as independent: units of one cluster are not.

    References
    ----------
    .. [1] M. P. Fay, E. J. Feuer, "Confidence intervals for directly standardized rates: a method
       based on the gamma distribution", *Statistics in Medicine* 16, 1997, 791-801.
    .. [2] R. C. Tiwari, L. X. Clegg, Z. Zou, "Efficient interval estimation for age-adjusted cancer
       rates", *Statistical Methods in Medical Research* 15, 2006, 547-569.
    .. [3] M. P. Fay, S. Kim, "Confidence intervals for directly standardized rates using mid-p
       gamma intervals", *Biometrical Journal* 59, 2017, 377-387.

    Examples
    --------
    >>> found = interval_gamma([2, 1, 4], [0.25 / 150, 0.72 / 120, 0.03 / 60], method="fay-feuer")
    >>> round(found.lower, 7), round(found.upper, 7)
    (0.0023527, 0.0385336)
    """
    x, w = _weighted_counts(errors, weights)
    check_choice("method", method, get_args(GammaMethod))
    if most != np.inf:
        check_number("most", most, least=0, strict=True)
    tail = tail_of(confidence, side)
    mean, variance = float(w @ x), float(w**2 @ x)
    more = (w.mean(), (w**2).mean()) if method == "tiwari" else (w.max(), w.max() ** 2)
    above, spread = mean + float(more[0]), variance + float(more[1])
    if method == "mid-p":
        lower = _mixed(mean, variance, above, spread, tail)
        upper = _mixed(mean, variance, above, spread, 1 - tail)
    else:
        scale = variance / mean if mean > 0 else 0.0
        lower = scale * float(special.gammaincinv(mean / scale, tail)) if mean > 0 else 0.0
        upper = spread / above * float(special.gammainccinv(above**2 / spread, tail))
    return _rate_interval(lower, upper, confidence, f"gamma-{method}", side, most)


def _weighted_counts(
    errors: npt.ArrayLike, weights: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    x, w = array_of("errors", errors), array_of("weights", weights)
    if x.ndim != 1 or x.shape != w.shape or not len(x):
        raise ArgumentError(
            "errors and weights must have one entry for each count, at least one; got shapes "
            f"{x.shape} and {w.shape}. Give both of every stratum.",
            code="length-differs",
            errors=x.shape,
            weights=w.shape,
        )
    good = (x >= 0) & (x == np.floor(x)) & np.isfinite(x) & np.isfinite(w) & (w > 0)
    if not good.all():
        place = int(np.flatnonzero(~good)[0])
        raise ArgumentError(
            "errors must be whole numbers of at least 0 and weights finite and above 0; got "
            f"{x[place]:g} and {w[place]:g} at place {place}. Check the order of the arguments.",
            code="values-outside",
            place=place,
        )
    return x, w


def _mixed(mean: float, variance: float, above: float, spread: float, chance: float) -> float:
    """Quantile of the equal mixture of the gammas of (mean, variance) and (above, spread)."""

    def gap(at: float) -> float:
        one = float(special.gammainc(mean**2 / variance, at * mean / variance)) if mean > 0 else 1.0
        two = float(special.gammainc(above**2 / spread, at * above / spread))
        return (one + two) / 2 - chance

    if gap(0.0) >= 0:
        return 0.0
    high = above
    while gap(high) < 0:
        high *= 2
    return float(optimize.brentq(gap, 0.0, high, xtol=1e-300, rtol=1e-14))
