"""Reliability of a quantity read twice: response variance against its variance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from .._checks import FloatArray, check_choice, check_fraction
from .._rounding import complement
from .._show import Table, format_number
from ..design import AnyDesign, Design
from ..results import Interval, Result
from ..sample import domains_of, sample_of, values_of

ReliabilityBase = Literal["second", "first", "mean"]
NO_SPREAD = "the readings do not vary"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityRatio(Result):
    """Share of the variance of a quantity that is not reading error.

    Parameters
    ----------
    estimate : float or None
        One less ``response_variance`` over ``variance``; may be negative; None, with ``why``
        filled, when the quantity does not vary.
    interval : Interval or None
        Its limits; None as for ``estimate``.
    response_variance : float
        Half the variance of the differences.
    variance : float
        Variance of the quantity, by the readings of ``base``.
    base : {"second", "first", "mean"}
        Which reading's variance.
    n : int
        Units with both readings.
    df : int
        Degrees of freedom.
    variance_method : str
        How the variance was got.
    why : str
        Why something does not exist.
    """

    estimate: float | None
    interval: Interval | None
    response_variance: float
    variance: float
    base: ReliabilityBase
    n: int
    df: int
    variance_method: str
    why: str = ""

    def _table(self) -> Table:
        limits = self.interval
        return Table(
            title=f"Reliability ratio, over the variance of the {self.base} reading",
            columns=("estimate", "lower", "upper", "response variance", "variance", "n"),
            rows=(
                (
                    format_number(self.estimate),
                    format_number(None if limits is None else limits.lower),
                    format_number(None if limits is None else limits.upper),
                    format_number(self.response_variance),
                    format_number(self.variance),
                    str(self.n),
                ),
            ),
            notes=(self.why,) if self.why else (),
        )


def reliability_ratio(
    data: pd.DataFrame,
    first: str,
    second: str,
    design: AnyDesign | None = None,
    *,
    base: ReliabilityBase = "second",
    confidence: float = 0.95,
) -> ReliabilityRatio:
    r"""Reliability ratio of a quantity read twice: 1 less response variance over variance.

    Parameters
    ----------
    data : DataFrame
        One row per unit.
    first, second : str
        Columns of the reading in question (filed) and of the better one (found), complete.
    design : Design or other design, optional
        How the units were drawn; without it, independent units.
    base : {"second", "first", "mean"}, default "second"
        Whose variance stands below: the second reading's, as in back checks, the first's, or the
        mean of both, which makes it the consistency ICC.
    confidence : float, default 0.95
        Of the two-sided interval.

    Returns
    -------
    ReliabilityRatio
        With both variances.

    Raises
    ------
    ArgumentError, LonelyUnitError
        As for ``estimate_mean``.

    Notes
    -----
    :math:`1 - \tfrac12 s_d^2/s_y^2`, variances with weights and divisor n - 1. The interval is a t
    interval of the logarithm of the ratio, linearised under the design; where the readings do not
    differ it has no width. A low ratio with a high upper limit says "too few checks".

    References
    ----------
    .. [1] M. H. Hansen, W. N. Hurwitz, M. A. Bershad, "Measurement errors in censuses and
       surveys", *Bulletin of the International Statistical Institute* 38, 1961, 359-374.

    Examples
    --------
    >>> data = pd.DataFrame({"filed": [7, 3, 1, 3, 1, 3, 1], "found": [10, 5, 1, 3, 1, 6, 1]})
    >>> found = reliability_ratio(data, "filed", "found")
    >>> round(found.response_variance, 6), round(found.estimate, 6)
    (1.071429, 0.906639)
    """
    check_choice("base", base, get_args(ReliabilityBase))
    tail = complement(check_fraction("confidence", confidence)) / 2
    sample = sample_of(Design() if design is None else design, data)
    domains = domains_of(data, None, sample.answered)
    one, two = (values_of(sample, data, name) for name in (first, second))
    n = int(sample.answered.sum())
    weight = sample.weight / sample.weight.sum()
    blow = n / (n - 1) if n > 1 else 0.0
    # For each quantity its variance, and each unit's part less that variance.
    parts = [_variance_parts(values, weight) for values in (one - two, one, two)]
    gap, wide = parts[0], parts[2]
    if base == "first":
        wide = parts[1]
    elif base == "mean":
        wide = (parts[1][0] + parts[2][0]) / 2, (parts[1][1] + parts[2][1]) / 2
    df = int(sample.df(domains)[0])
    ratio, limits, why = None, None, NO_SPREAD
    if wide[0] > 0:
        ratio, why = gap[0] / wide[0] / 2, ""
        reach = 0.0
        if ratio > 0:
            scores = (gap[1] / gap[0] - wide[1] / wide[0]) / sample.weight.sum()
            scores = np.where(sample.answered, scores, 0.0)
            error = math.sqrt(float(sample.variances(domains, scores, None)[0]))
            reach = float(stats.t.isf(tail, df)) * error if df > 0 else math.inf
        limits = Interval(
            lower=1 - ratio * math.exp(min(reach, 700.0)),
            upper=1 - ratio * math.exp(-reach),
            confidence=float(confidence),
            method="student-t of the logarithm",
        )
    return ReliabilityRatio(
        estimate=None if ratio is None else 1 - ratio,
        interval=limits,
        response_variance=gap[0] / 2 * blow,
        variance=wide[0] * blow,
        base=base,
        n=n,
        df=df,
        variance_method=sample.method,
        why=why,
    )


def _variance_parts(values: FloatArray, share: FloatArray) -> tuple[float, FloatArray]:
    square: FloatArray = (values - float(share @ values)) ** 2
    variance = float(share @ square)
    return variance, square - variance
