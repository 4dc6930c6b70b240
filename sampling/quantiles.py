"""Estimates of quantiles, with intervals read off the estimated distribution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from ._checks import FloatArray, check_choice, check_fraction
from ._rounding import complement
from ._tables import takes_tables
from .design import AnyDesign
from .errors import ArgumentError
from .layout import BoolArray, IntArray
from .proportion_limits import share_limits
from .quantity import NO_DF
from .replicates import ReplicateSample
from .results import Estimate, Estimates, Interval
from .sample import Domains, Sample, domains_of, sample_of, values_of

QuantileInterval = Literal["mean", "beta", "xlogit", "asin", "score", "quantile"]
QuantileRule = Literal["math", "school", "hf1", "hf2", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9"]
_TIE = 1e-10


@takes_tables
def estimate_quantile(
    data: pd.DataFrame,
    variable: str,
    design: AnyDesign,
    *,
    prob: float | Sequence[float] = 0.5,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    interval: QuantileInterval = "mean",
    rule: QuantileRule = "math",
) -> Estimates:
    r"""Weighted quantiles, with limits that are quantiles themselves.

    Parameters
    ----------
    data, design, by, confidence
        As for ``estimate_mean``.
    variable : str
        Numeric column, complete.
    prob : float or sequence of float, default 0.5
        Shares of the population at most the quantile, each in (0, 1).
    interval : {"mean", "beta", "xlogit", "asin", "score", "quantile"}, default "mean"
        The interval for the share at most the estimated quantile, whose limits are then read as
        quantiles; "score" inverts the test that the share is ``prob``; "quantile" takes the
        variance of the quantile over replicate weights (not for the jackknife, which fails it).
    rule : str, default "math"
        Where the quantile lies: "math" (or "hf1") is the smallest value with a share of at least
        ``prob``; "school" (or "hf2") takes the mean of two where the share is met exactly; "hf4" to
        "hf9" interpolate as Hyndman and Fan number them.

    Returns
    -------
    Estimates
        One row per probability and domain. ``std_error`` is the width of the interval over twice
        the t quantile.

    Raises
    ------
    ArgumentError
        As for ``estimate_mean``, or a rule, interval or probability is unknown.
    LonelyUnitError
        A stratum has one sampled PSU under ``lonely_psu="raise"``.

    Notes
    -----
    With :math:`\hat F` the weighted distribution and q the estimate, "mean" reads the quantiles of
    :math:`\hat F(q) \pm t\,\mathrm{se}(\hat F(q))`, a Woodruff interval; "beta", "xlogit" and
    "asin" put the intervals of those names in its place. A share within 1e-10 of ``prob`` counts as
    equal to it, so that rounding decides no tie. Limits beyond the sample are its least and
    greatest values, and ``why`` says so. The score interval holds every value whose share differs
    from ``prob`` by less than t standard errors at that value.

    References
    ----------
    .. [1] R. S. Woodruff, "Confidence intervals for medians and other position measures", *JASA*
       47, 1952, 635-646.
    .. [2] R. J. Hyndman, Y. Fan, "Sample quantiles in statistical packages", *The American
       Statistician* 50, 1996, 361-365.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design
    >>> data = pd.DataFrame({"village": [i // 3 for i in range(30)], "income": range(30)})
    >>> row = estimate_quantile(data, "income", Design(psu="village"))[0]
    >>> row.estimate, row.lower, row.upper
    (14.0, 3.0, 26.0)
    """
    check_choice("interval", interval, get_args(QuantileInterval))
    check_choice("rule", rule, get_args(QuantileRule))
    tail = complement(check_fraction("confidence", confidence)) / 2
    probs = list(prob) if isinstance(prob, Sequence) else [prob]
    for value in probs:
        check_fraction("prob", value)
    sample = sample_of(design, data)
    domains = domains_of(data, by, sample.answered)
    values = values_of(sample, data, variable)
    df = sample.df(domains)
    curves = [_Curve(values, sample.weight, domains.rows(place)) for place in range(len(domains))]
    rows: list[Estimate] = []
    names: list[str] = []
    for value in probs:
        found = np.array([curve.at(value, rule) for curve in curves])
        if interval == "quantile":
            shares = _replicated(sample, domains, values, found, value, rule, tail)
        else:
            shares = _shares(sample, domains, values, found, value, interval, tail, curves)
        for place, label in enumerate(domains.labels):
            rows.append(
                _row(
                    sample,
                    curves[place],
                    f"quantile {value:g} of {variable}",
                    label,
                    float(found[place]),
                    shares[place],
                    int(df[place]),
                    rule,
                    interval,
                    float(confidence),
                    tail,
                )
            )
            names.append(
                ", ".join(([f"{value:g}"] if len(probs) > 1 or not label else []) + [*label])
            )
    return Estimates(by=domains.by, rows=tuple(rows), names=tuple(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ends:
    """Limits as shares, or as values already."""

    lower: float
    upper: float
    values: bool


class _Curve:
    """Weighted distribution of a variable over one domain."""

    def __init__(self, values: FloatArray, weight: FloatArray, rows: IntArray) -> None:
        order = rows[np.argsort(values[rows], kind="stable")]
        self.values = values[order]
        self.weight = weight[order]
        self.sums: FloatArray = np.cumsum(self.weight)

    def at(self, prob: float, rule: QuantileRule) -> float:
        """Quantile of a share; the least or the greatest value for shares outside (0, 1)."""
        total = float(self.sums[-1])
        if rule in ("math", "hf1", "school", "hf2"):
            share = self.sums / total
            place = min(int(np.searchsorted(share, prob - _TIE)), len(share) - 1)
            tie = abs(float(share[place]) - prob) <= _TIE and place + 1 < len(share)
            if tie and rule in ("school", "hf2"):
                return float(self.values[place] + self.values[place + 1]) / 2
            return float(self.values[place])
        return float(np.interp(prob, self._points(rule, total), self.values))

    def _points(self, rule: QuantileRule, total: float) -> FloatArray:
        """Share that each sorted value stands at."""
        last, own = float(self.weight[-1]), self.weight
        if rule == "hf7":
            return (self.sums - own) / (total - last) if len(own) > 1 else np.zeros(1)
        part, more = {"hf4": (0, 0), "hf5": (1 / 2, 0), "hf6": (0, 1), "hf8": (1 / 3, 1 / 3)}.get(
            rule, (3 / 8, 1 / 4)
        )
        points: FloatArray = (self.sums - part * own) / (total + more * last)
        return points


def _shares(
    sample: Sample,
    domains: Domains,
    values: FloatArray,
    found: FloatArray,
    prob: float,
    interval: QuantileInterval,
    tail: float,
    curves: Sequence[_Curve],
) -> list[_Ends]:
    """Limits of every domain."""
    if interval == "score":
        return _score_limits(sample, domains, values, prob, tail, curves)
    below = (values <= found[domains.code]).astype(np.float64)
    names = {"beta": "korn-graubard-uncapped"}
    form = names.get(interval, interval)
    lower, upper = share_limits(sample, domains, below, form, tail)  # type: ignore[arg-type]
    return [
        _Ends(lower=float(low), upper=float(high), values=False)
        for low, high in zip(lower, upper, strict=True)
    ]


def _replicated(
    sample: Sample,
    domains: Domains,
    values: FloatArray,
    found: FloatArray,
    prob: float,
    rule: QuantileRule,
    tail: float,
) -> list[_Ends]:
    """T limits by the variance of the quantile over the replicates."""
    if not isinstance(sample, ReplicateSample):
        raise ArgumentError(
            "interval='quantile' needs replicate weights; the design has none. Make them by "
            "replicate_weights, or choose interval='mean'.",
            code="replicates-missing",
        )
    weights = sample.replicator.weights()
    under = np.array(
        [
            [_Curve(values, weight, domains.rows(place)).at(prob, rule) for weight in weights.T]
            for place in range(len(domains))
        ]
    )
    quantile = stats.t.isf(tail, np.maximum(sample.df(domains), 1))
    margin = quantile * np.sqrt(sample.variance_of(under, found))
    return [
        _Ends(lower=float(at - half), upper=float(at + half), values=True)
        for at, half in zip(found, margin, strict=True)
    ]


def _score_limits(
    sample: Sample,
    domains: Domains,
    values: FloatArray,
    prob: float,
    tail: float,
    curves: Sequence[_Curve],
) -> list[_Ends]:
    """Least and greatest values that a score test of the share keeps."""
    quantile = stats.t.isf(tail, np.maximum(sample.df(domains), 1))
    distinct = [np.unique(curve.values) for curve in curves]
    ones = np.ones(len(values))

    def score(at: FloatArray) -> FloatArray:
        below = (values <= at[domains.code]).astype(np.float64)
        share = domains.sums(sample.weight * below) / domains.sums(sample.weight)
        error = np.sqrt(sample.variances(domains, below, ones))
        gap = share - prob
        return np.where(error > 0, gap / np.where(error > 0, error, 1.0), np.sign(gap) * np.inf)

    least = _first(lambda at: score(at) > -quantile, distinct)
    most = _first(lambda at: score(at) >= quantile, distinct)
    return [
        _Ends(lower=float(low), upper=float(high), values=True)
        for low, high in zip(least, most, strict=True)
    ]


def _first(
    holds: Callable[[FloatArray], BoolArray],
    distinct: Sequence[FloatArray],
) -> FloatArray:
    """First value of each domain where ``holds``, all domains halved together."""
    low = np.zeros(len(distinct), dtype=np.intp)
    high = np.array([len(values) - 1 for values in distinct], dtype=np.intp)
    while (low < high).any():
        middle = (low + high) // 2
        at = np.array([values[place] for values, place in zip(distinct, middle, strict=True)])
        there = holds(at)
        high = np.where(there, middle, high)
        low = np.where(there, low, np.minimum(middle + 1, high))
    return np.array([values[place] for values, place in zip(distinct, low, strict=True)])


def _row(
    sample: Sample,
    curve: _Curve,
    words: str,
    label: tuple[str, ...],
    estimate: float,
    ends: _Ends,
    df: int,
    rule: QuantileRule,
    interval: QuantileInterval,
    confidence: float,
    tail: float,
) -> Estimate:
    why = ""
    lower, upper = ends.lower, ends.upper
    if not ends.values:
        beyond = [name for name, out in (("least", lower <= 0), ("greatest", upper >= 1)) if out]
        if beyond:
            why = f"a limit lies beyond the sample: its {' and its '.join(beyond)} value stands in"
        lower, upper = curve.at(lower, rule), curve.at(upper, rule)
    error = (upper - lower) / (2 * float(stats.t.isf(tail, max(df, 1))))
    if df <= 0:
        lower, upper, why = -np.inf, np.inf, NO_DF
    return Estimate(
        quantity=words,
        domain=label,
        estimate=estimate,
        std_error=error,
        interval=Interval(
            lower=lower, upper=upper, confidence=confidence, method=f"quantile-{interval}"
        ),
        df=df,
        n=len(curve.values),
        variance_method=sample.method,
        why=why,
    )
