"""Does the density of a quantity jump at a line: local polynomial estimates on both sides."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from .._checks import FloatArray, check_count, check_number
from .._show import Table, format_number
from ..errors import ApproximationWarning, ArgumentError
from ..results import Result
from ._values import finite_values

# Share of repeated values near the line from which the data are called heaped.
HEAPED = 0.2
_EACH_SIDE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DensityDiscontinuity(Result):
    """A jump of the density at a threshold: a lead, not a verdict.

    Parameters
    ----------
    threshold : float
        The line.
    density_below, density_above : float
        Density just below and just at or above it, for one unit of the values.
    difference, std_error : float
        Above less below, and its standard error.
    statistic, p_value : float
        The difference over its standard error, and its two-sided normal p value.
    bandwidth_below, bandwidth_above : float
        Width of the data used on each side.
    n_below, n_above, used_below, used_above : int
        Values on each side, and those within the bandwidths.
    distinct_share : float
        Different values within the bandwidths over values there.
    order : int
        Order of the polynomials of the estimates; the bandwidth is best for one less.
    why : str
        A caution about heaped values; empty without one.
    """

    threshold: float
    density_below: float
    density_above: float
    difference: float
    std_error: float
    statistic: float
    p_value: float
    bandwidth_below: float
    bandwidth_above: float
    n_below: int
    n_above: int
    used_below: int
    used_above: int
    distinct_share: float
    order: int
    why: str = ""

    def _table(self) -> Table:
        return Table(
            title=f"Density at {self.threshold:g}: a lead, not a verdict",
            columns=("below", "above", "difference", "std. error", "T", "p", "used"),
            rows=(
                (
                    format_number(self.density_below, 6),
                    format_number(self.density_above, 6),
                    format_number(self.difference, 6),
                    format_number(self.std_error, 6),
                    format_number(self.statistic, 3),
                    format_number(self.p_value),
                    f"{self.used_below}+{self.used_above}",
                ),
            ),
            notes=(self.why,) if self.why else (),
        )


def density_discontinuity(
    values: npt.ArrayLike,
    threshold: float,
    *,
    bandwidth: tuple[float, float] | None = None,
    order: int = 2,
) -> DensityDiscontinuity:
    r"""Test whether the density of a quantity jumps at a threshold.

    A lead, not a verdict: top-ups that a rule pays to households under the line bunch them above it
    lawfully. Always read it beside ``bunching_test`` with placebo cut-offs.

    Parameters
    ----------
    values : array-like
        One finite value for each unit (income per head), in any unit of money.
    threshold : float
        The line, in the same unit; values equal to it count above.
    bandwidth : tuple of two floats, optional
        Widths below and above, above 0; without it they are chosen from the data.
    order : int, default 2
        Order of the polynomial that the bandwidth is best for, from 1 to 4; the test takes one
        more, so that its bias does not matter.

    Returns
    -------
    DensityDiscontinuity
        With both densities and the bandwidths.

    Raises
    ------
    ArgumentError
        A value is not finite, or a side has fewer than 20 values within its bandwidth.

    Warns
    -----
    ApproximationWarning
        More than a fifth of the values near the line are repeats: the method is for continuous
        data, and rounded incomes can show jumps at every round number.

    Notes
    -----
    Cattaneo, Jansson and Ma's estimator: on each side the empirical distribution function of all
    values is fitted by a polynomial with triangular weights, its slope at the line is the density.
    The variance is that of the estimate's projection on each value, values on one side counting in
    both estimates. The bandwidth of a side is the median of three that are best for that side, for
    the difference and for the sum; they stand on pilot fits from a normal reference rule and are
    not R ``rddensity``'s to the digit. Needs some 300 values near the line.

    References
    ----------
    .. [1] M. D. Cattaneo, M. Jansson, X. Ma, "Simple local polynomial density estimators", *Journal
       of the American Statistical Association* 115, 2020, 1449-1455.
    .. [2] M. D. Cattaneo, M. Jansson, X. Ma, "Manipulation testing based on density
       discontinuity", *Stata Journal* 18, 2018, 234-261.

    Examples
    --------
    >>> from scipy import stats
    >>> honest = stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
    >>> density_discontinuity(honest, 0.3).p_value > 0.5
    True
    """
    limit = check_number("threshold", threshold, least=-math.inf)
    p = check_count("order", order, least=1, most=4)
    data = np.sort(finite_values("values", values)) - limit
    n_below = int((data < 0).sum())
    n_above = len(data) - n_below
    for name, count in (("below", n_below), ("above", n_above)):
        _enough(name, count, math.inf)
    if bandwidth is None:
        below, above = _bandwidths(data, n_below, p)
    else:
        below, above = (check_number("bandwidth", h, least=0, strict=True) for h in bandwidth)
    left, right = _side(data, -below, p + 1), _side(data, above, p + 1)
    for name, side, width in (("below", left, below), ("above", right, above)):
        _enough(name, side.used, width)
    difference = right.density - left.density
    error = float(np.sqrt(((right.scores - left.scores) ** 2).sum()))
    near = data[(data >= -below) & (data <= above)]
    distinct = len(np.unique(near)) / len(near)
    why = ""
    if 1 - distinct > HEAPED:
        why = (
            f"{1 - distinct:.0%} of the values near the line repeat others: heaped, not continuous"
        )
        warnings.warn(f"{why}. Trust bunching_test with placebos.", ApproximationWarning, 2)
    statistic = difference / error
    return DensityDiscontinuity(
        threshold=limit,
        density_below=left.density,
        density_above=right.density,
        difference=difference,
        std_error=error,
        statistic=statistic,
        p_value=float(2 * stats.norm.sf(abs(statistic))),
        bandwidth_below=below,
        bandwidth_above=above,
        n_below=n_below,
        n_above=n_above,
        used_below=left.used,
        used_above=right.used,
        distinct_share=distinct,
        order=p + 1,
        why=why,
    )


def _enough(name: str, count: int, width: float) -> None:
    if count < _EACH_SIDE:
        within = "" if math.isinf(width) else f" within {width:g}"
        raise ArgumentError(
            f"a density needs {_EACH_SIDE} values {name} the threshold{within}; got {count}. "
            "Widen the bandwidth, or use bunching_test.",
            code="values-few",
            side=name,
            got=count,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Side:
    """Fit on one side: density, each value's part in its error, coefficients and moments."""

    density: float
    scores: FloatArray
    used: int
    coefficients: FloatArray
    inverse: FloatArray
    moments: FloatArray


def _side(data: FloatArray, width: float, order: int) -> _Side:
    """Fit the distribution function of sorted ``data`` from 0 to ``width``, which has a sign."""
    n, reach = len(data), abs(width)
    inside = (data >= 0) & (data <= reach) if width > 0 else (data < 0) & (data >= -reach)
    at = np.flatnonzero(inside)
    u = data[at] / reach
    powers = np.vander(u, order + 2, increasing=True)
    weight = 1 - np.abs(u)
    basis = powers[:, : order + 1]
    weighted = basis * weight[:, None]
    inverse = np.linalg.pinv(weighted.T @ basis)
    # Values equal to one another share the highest place.
    share = (np.searchsorted(data, data[at], side="right") - 1) / (n - 1)
    beta = inverse @ (weighted.T @ share)
    fitted = basis @ beta
    pull = np.zeros((n, order + 1))
    pull[at] = weighted
    # What a value adds to the distribution function at all places not below its own.
    first = np.searchsorted(data, data, side="left")
    later = np.cumsum(pull[::-1], axis=0)[::-1][first] - pull
    whole = weighted.T @ fitted
    own = np.zeros_like(pull)
    own[at] = weighted * (share - fitted)[:, None]
    less = np.zeros_like(pull)
    less[at] = weighted * fitted[:, None]
    parts = own + (later - (whole - less)) / (n - 1)
    return _Side(
        density=float(beta[1]) / reach,
        scores=parts @ inverse[1] / reach,
        used=len(at),
        coefficients=beta,
        inverse=inverse,
        moments=weighted.T @ powers[:, order + 1],
    )


def _bandwidths(data: FloatArray, n_below: int, p: int) -> tuple[float, float]:
    """Widths below and above that are best for the estimates of order ``p``."""
    n = len(data)
    quartiles = np.quantile(data, [0.25, 0.75])
    spread = min(float(data.std()), float(quartiles[1] - quartiles[0]) / 1.349) or float(data.std())
    bias, variance, least, most = [], [], [], []
    for sign, own in ((-1, data[:n_below][::-1]), (1, data[n_below:])):
        far, close = float(abs(own[-1])), float(abs(own[min(len(own), _EACH_SIDE + p + 1) - 1]))
        first = min(far, max(close, 2.6 * spread * n ** (-1 / (2 * p + 1))))
        wide = min(far, max(close, 3.6 * spread * n ** (-1 / (2 * p + 3))))
        fit, pilot = _side(data, sign * first, p), _side(data, sign * wide, p + 1)
        # The coefficient of order p+1 for one unit of the values.
        bend = float(pilot.coefficients[p + 1]) / wide ** (p + 1)
        bias.append(bend * float(fit.inverse[1] @ fit.moments))
        variance.append(float((fit.scores**2).sum()) * first)
        least.append(close)
        most.append(far)
    each = [_best(bias[k], variance[k], p) for k in (0, 1)]
    both = sum(variance)
    joint = [_best(bias[1] - bias[0], both, p), _best(bias[1] + bias[0], both, p)]
    below, above = (
        min(most[k], max(least[k], float(np.median([each[k], *joint])))) for k in (0, 1)
    )
    return below, above


def _best(bias: float, variance: float, p: int) -> float:
    """Width where squared bias of order p and variance over width are least together."""
    if bias == 0:
        return math.inf
    return float((variance / (2 * p * bias**2)) ** (1 / (2 * p + 1)))
