"""Two or more readings of a quantity: intraclass correlation and concordance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from .._checks import FloatArray, check_choice, check_columns, check_fraction, numbers_of
from .._rounding import complement
from .._show import Table, format_number
from ..errors import ArgumentError
from ..results import Interval, Result

IccForm = Literal["one-way", "agreement", "consistency"]
IccOf = Literal["single", "mean"]
ConcordanceInterval = Literal["z-transform", "normal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntraclassCorrelation(Result):
    """Share of the variance of readings that lies between units.

    Parameters
    ----------
    form : {"one-way", "agreement", "consistency"}
        Model of the readings.
    of : {"single", "mean"}
        Whether it speaks of one reading or of the mean of all.
    estimate : float
        The correlation; may be negative.
    interval : Interval
        By F quantiles.
    n, raters : int
        Units and readings of each.
    between, residual : float
        Mean squares between units, and of the residual (within units when one-way).
    raters_square : float or None
        Mean square between raters; None when one-way.
    """

    form: IccForm
    of: IccOf
    estimate: float
    interval: Interval
    n: int
    raters: int
    between: float
    residual: float
    raters_square: float | None

    def _table(self) -> Table:
        return Table(
            title=f"Intraclass correlation, {self.form}, {self.of} reading",
            columns=("estimate", "lower", "upper", "n", "raters"),
            rows=(
                (
                    format_number(self.estimate),
                    format_number(self.interval.lower),
                    format_number(self.interval.upper),
                    str(self.n),
                    str(self.raters),
                ),
            ),
        )


def icc(
    data: pd.DataFrame,
    ratings: Sequence[str],
    *,
    form: IccForm = "agreement",
    of: IccOf = "single",
    confidence: float = 0.95,
) -> IntraclassCorrelation:
    r"""Intraclass correlation of readings of a quantity, from the analysis of variance.

    Parameters
    ----------
    data : DataFrame
        One row per unit, taken as independent.
    ratings : sequence of str
        Column of each rater or reading, complete numbers in one unit.
    form : {"one-way", "agreement", "consistency"}, default "agreement"
        "one-way" is ICC(1): raters differ from unit to unit. "agreement" is ICC(2) or ICC(A,1): the
        same raters, whose levels count as errors. "consistency" is ICC(3) or ICC(C,1): their levels
        do not count.
    of : {"single", "mean"}, default "single"
        One reading, or the mean of all readings of a unit.
    confidence : float, default 0.95
        Of the two-sided interval.

    Returns
    -------
    IntraclassCorrelation
        With the mean squares.

    Raises
    ------
    ArgumentError
        Fewer than two columns or units, a value is missing, or nothing varies.

    Notes
    -----
    With mean squares B, J, E (W one-way) of n units and k raters: (B-W)/(B+(k-1)W), (B-E)/(B +
    (k-1)E + k(J-E)/n), (B-E)/(B+(k-1)E); of means (B-W)/B, (B-E)/(B+(J-E)/n), (B-E)/B. Limits by F;
    those of "agreement" by Satterthwaite's degrees of freedom. No weights and no clusters: for
    those take the correlation of ``variance_components`` or ``reliability_ratio``.

    References
    ----------
    .. [1] P. E. Shrout, J. L. Fleiss, "Intraclass correlations: uses in assessing rater
       reliability", *Psychological Bulletin* 86, 1979, 420-428.
    .. [2] K. O. McGraw, S. P. Wong, "Forming inferences about some intraclass correlation
       coefficients", *Psychological Methods* 1, 1996, 30-46.

    Examples
    --------
    >>> data = pd.DataFrame(
    ...     {"a": [9, 6, 8, 7, 10, 6], "b": [2, 1, 4, 1, 5, 2],
    ...      "c": [5, 3, 6, 2, 6, 4], "d": [8, 2, 8, 6, 9, 7]}
    ... )
    >>> [round(icc(data, list("abcd"), form=form).estimate, 2)
    ...  for form in ("one-way", "agreement", "consistency")]
    [0.17, 0.29, 0.71]
    """
    check_choice("form", form, get_args(IccForm))
    check_choice("of", of, get_args(IccOf))
    tail = complement(check_fraction("confidence", confidence)) / 2
    values = _readings(data, ratings)
    n, k = values.shape
    between = k * float(values.mean(axis=1).var(ddof=1))
    raters = n * float(values.mean(axis=0).var(ddof=1))
    whole = float(((values - values.mean()) ** 2).sum())
    within = (whole - (n - 1) * between) / (n * (k - 1))
    residual = max(0.0, (n * (k - 1) * within - (k - 1) * raters) / ((n - 1) * (k - 1)))
    if whole == 0:
        raise ArgumentError(
            f"an intraclass correlation needs readings that vary; got one value {n * k} times. "
            "Report the percent agreement.",
            code="no-spread",
        )
    error = within if form == "one-way" else residual
    squares = (between, raters, error)
    value, lower, upper = _icc_parts(form, squares, n, k, tail)
    if of == "mean":
        value, lower, upper = (k * x / (1 + (k - 1) * x) for x in (value, lower, upper))
    return IntraclassCorrelation(
        form=form,
        of=of,
        estimate=value,
        interval=Interval(
            lower=lower, upper=upper, confidence=float(confidence), method="f-quantiles"
        ),
        n=n,
        raters=k,
        between=between,
        residual=error,
        raters_square=None if form == "one-way" else raters,
    )


def _readings(data: pd.DataFrame, ratings: Sequence[str]) -> FloatArray:
    names = list(ratings)
    if isinstance(ratings, str) or len(names) < 2:
        raise ArgumentError(
            f"ratings must name at least two columns; got {ratings!r}. Name one for each reading.",
            code="raters-few",
            got=ratings,
        )
    check_columns(data, names)
    values = np.stack([numbers_of(data, name) for name in names], axis=1)
    if len(values) < 2:
        raise ArgumentError(
            f"agreement needs at least two units; got {len(values)}. Give more units.",
            code="units-few",
            got=len(values),
        )
    return values


def _icc_parts(
    form: IccForm, squares: tuple[float, float, float], n: int, k: int, tail: float
) -> tuple[float, float, float]:
    """Correlation of single readings and its limits."""
    between, raters, error = squares
    if form != "agreement":
        df = n * (k - 1) if form == "one-way" else (n - 1) * (k - 1)
        if error == 0:
            return 1.0, 1.0, 1.0
        ratio = between / error
        ends = (
            ratio / float(stats.f.isf(tail, n - 1, df)),
            ratio * float(stats.f.isf(tail, df, n - 1)),
        )
        value, lower, upper = ((x - 1) / (x + k - 1) for x in (ratio, *ends))
        return value, lower, upper
    under = between + (k - 1) * error + k * (raters - error) / n
    value = (between - error) / under
    if value >= 1:
        return value, value, value
    a, b = k * value / (n * (1 - value)), 1 + k * value * (n - 1) / (n * (1 - value))
    if not a * raters + b * error:
        return value, value, value
    spread = (a * raters) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    v = (a * raters + b * error) ** 2 / spread
    low, high = float(stats.f.isf(tail, n - 1, v)), float(stats.f.isf(tail, v, n - 1))
    rest = k * raters + (k * n - k - n) * error
    lower = n * (between - low * error) / (low * rest + n * between)
    upper = n * (high * between - error) / (rest + n * high * between)
    return value, lower, upper


@dataclass(frozen=True, slots=True, kw_only=True)
class Concordance(Result):
    """Lin's concordance of two readings of a quantity.

    Parameters
    ----------
    estimate : float
        Correlation times ``bias_correction``.
    interval : Interval
        Its limits.
    correlation : float
        Pearson's.
    bias_correction : float
        How near the readings lie to the line of equality, in (0, 1].
    scale_shift, location_shift : float
        Ratio of the standard deviations, and difference of the means over their geometric mean.
    n : int
        Units.
    """

    estimate: float
    interval: Interval
    correlation: float
    bias_correction: float
    scale_shift: float
    location_shift: float
    n: int

    def _table(self) -> Table:
        return Table(
            title="Concordance of two readings",
            columns=("estimate", "lower", "upper", "correlation", "bias correction", "n"),
            rows=(
                (
                    format_number(self.estimate),
                    format_number(self.interval.lower),
                    format_number(self.interval.upper),
                    format_number(self.correlation),
                    format_number(self.bias_correction),
                    str(self.n),
                ),
            ),
        )


def concordance(
    data: pd.DataFrame,
    first: str,
    second: str,
    *,
    confidence: float = 0.95,
    interval: ConcordanceInterval = "z-transform",
) -> Concordance:
    r"""Lin's concordance correlation: how near two readings are to being equal.

    Parameters
    ----------
    data : DataFrame
        One row per unit, taken as independent, at least three.
    first, second : str
        Columns of the readings, complete numbers in one unit.
    confidence : float, default 0.95
        Of the two-sided interval.
    interval : {"z-transform", "normal"}, default "z-transform"
        On Fisher's scale, or plain.

    Returns
    -------
    Concordance
        With the correlation and the bias correction that make it up.

    Raises
    ------
    ArgumentError
        A value is missing, there are fewer than three units, or a reading does not vary.

    Notes
    -----
    :math:`2s_{xy}/(s_x^2+s_y^2+(\bar x-\bar y)^2)` with divisors n; Lin's variance with his
    correction of 2000.

    References
    ----------
    .. [1] L. I.-K. Lin, "A concordance correlation coefficient to evaluate reproducibility",
       *Biometrics* 45, 1989, 255-268; correction 56, 2000, 324-325.

    Examples
    --------
    >>> data = pd.DataFrame({"filed": [7, 3, 1, 3, 1, 3, 1], "found": [10, 5, 1, 3, 1, 6, 1]})
    >>> round(concordance(data, "filed", "found").estimate, 6)
    0.791328
    """
    check_choice("interval", interval, get_args(ConcordanceInterval))
    tail = complement(check_fraction("confidence", confidence)) / 2
    x, y = _readings(data, [first, second]).T
    spread_x, spread_y = float(x.var()), float(y.var())
    if len(x) < 3 or spread_x == 0 or spread_y == 0:
        raise ArgumentError(
            f"concordance needs three units and readings that vary; got {len(x)} units and "
            f"standard deviations {math.sqrt(spread_x):g} and {math.sqrt(spread_y):g}. "
            "Report the percent agreement.",
            code="no-spread",
        )
    gap, both = float(x.mean() - y.mean()), float(np.mean((x - x.mean()) * (y - y.mean())))
    value = 2 * both / (spread_x + spread_y + gap**2)
    r = both / math.sqrt(spread_x * spread_y)
    shift = gap / (spread_x * spread_y) ** 0.25
    return Concordance(
        estimate=value,
        interval=_lin_limits(value, r, shift, len(x), tail, confidence, interval),
        correlation=r,
        bias_correction=2 * math.sqrt(spread_x * spread_y) / (spread_x + spread_y + gap**2),
        scale_shift=math.sqrt(spread_x / spread_y),
        location_shift=shift,
        n=len(x),
    )


def _lin_limits(
    value: float,
    r: float,
    shift: float,
    n: int,
    tail: float,
    confidence: float,
    form: ConcordanceInterval,
) -> Interval:
    lower = upper = value
    if 0 < abs(value) < 1:
        share = value / r
        square = (1 - r**2) * share**2 * (1 - value**2)
        square += 2 * value**2 * share * (1 - value) * shift**2
        square -= value**2 * share**2 * shift**4 / 2
        reach = float(stats.norm.isf(tail)) * math.sqrt(max(0.0, square) / (n - 2))
        lower, upper = value - reach, value + reach
        if form == "z-transform":
            reach /= 1 - value**2
            lower, upper = (math.tanh(math.atanh(value) + s * reach) for s in (-1, 1))
    return Interval(
        lower=max(-1.0, lower), upper=min(1.0, upper), confidence=float(confidence), method=form
    )
