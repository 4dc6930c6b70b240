"""Limits of agreement of two readings of a quantity (Bland and Altman)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from .._checks import FloatArray, check_choice, check_fraction, check_number
from .._rounding import complement
from .._show import Table, format_number
from ..design import AnyDesign, Design
from ..errors import ArgumentError
from ..results import Interval, Result
from ..sample import Domains, Sample, domains_of, sample_of, values_of

AgreementScale = Literal["difference", "log-ratio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsOfAgreement(Result):
    """Where the differences of two readings lie, for one group.

    Parameters
    ----------
    group : tuple of str
        Values of the ``by`` columns; empty for the whole.
    n : int
        Units.
    mean, std_dev : float
        Of the first reading less the second (of their log ratio on that scale).
    lower, upper : float
        Mean less and plus ``multiple`` standard deviations.
    mean_interval, lower_interval, upper_interval : Interval
        Confidence limits of those three.
    slope : float or None
        Change of the difference for one unit of the mean reading: proportional bias; None when
        the mean reading does not vary.
    slope_interval : Interval or None
        Its confidence limits.
    df : int
        Degrees of freedom.
    """

    group: tuple[str, ...]
    n: int
    mean: float
    std_dev: float
    lower: float
    upper: float
    mean_interval: Interval
    lower_interval: Interval
    upper_interval: Interval
    slope: float | None
    slope_interval: Interval | None
    df: int

    def _table(self) -> Table:
        return _table_of("Limits of agreement", (self,), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class BlandAltman(Result):
    """Limits of agreement of two readings, by group.

    Parameters
    ----------
    scale : {"difference", "log-ratio"}
        What the differences are.
    multiple : float
        Standard deviations from the mean to a limit.
    by : tuple of str
        Columns that make the groups.
    rows : tuple of LimitsOfAgreement
        One for each group.
    variance_method : str
        How the variance of the confidence limits was got.
    """

    scale: AgreementScale
    multiple: float
    by: tuple[str, ...]
    rows: tuple[LimitsOfAgreement, ...]
    variance_method: str

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[LimitsOfAgreement]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> LimitsOfAgreement:
        return self.rows[place]

    def to_frame(self) -> pd.DataFrame:
        """One row for each group, at full precision."""
        lines = []
        for row in self.rows:
            line: dict[str, object] = dict(zip(self.by, row.group, strict=True))
            for name in ("n", "mean", "std_dev", "lower", "upper", "slope", "df"):
                line[name] = getattr(row, name)
            for name in ("mean", "lower", "upper", "slope"):
                limits = getattr(row, f"{name}_interval")
                line[f"{name}_lower"] = None if limits is None else limits.lower
                line[f"{name}_upper"] = None if limits is None else limits.upper
            lines.append(line)
        return pd.DataFrame(lines)

    def _table(self) -> Table:
        return _table_of(f"Limits of agreement, {self.scale}", self.rows, self.by)


def _table_of(title: str, rows: tuple[LimitsOfAgreement, ...], by: tuple[str, ...]) -> Table:
    named = by or tuple("group" for _ in rows[0].group)
    return Table(
        title=title,
        columns=(*named, "n", "mean", "std. dev.", "lower", "upper", "slope"),
        rows=tuple(
            (
                *row.group,
                str(row.n),
                format_number(row.mean),
                format_number(row.std_dev),
                format_number(row.lower),
                format_number(row.upper),
                format_number(row.slope),
            )
            for row in rows
        ),
    )


def bland_altman(
    data: pd.DataFrame,
    first: str,
    second: str,
    design: AnyDesign | None = None,
    *,
    by: str | Sequence[str] | None = None,
    scale: AgreementScale = "difference",
    multiple: float = 1.96,
    confidence: float = 0.95,
) -> BlandAltman:
    r"""Bias and limits of agreement of two readings of a quantity, by group.

    Parameters
    ----------
    data : DataFrame
        One row per unit.
    first, second : str
        Columns of the reading in question (filed) and of the better one (found), complete numbers
        in one unit; above 0 on the log scale.
    design : Design or other design, optional
        How the units were drawn; then every interval is cluster-robust. Without it, Bland and
        Altman's for independent normal differences.
    by : str or sequence of str, optional
        Columns that make the groups, such as the filed status.
    scale : {"difference", "log-ratio"}, default "difference"
        "log-ratio" takes log(first/second), for money.
    multiple : float, default 1.96
        Standard deviations from the mean to a limit.
    confidence : float, default 0.95
        Of each two-sided t interval.

    Returns
    -------
    BlandAltman
        A row for each group.

    Raises
    ------
    ArgumentError
        A value is missing or outside its domain, or a group has fewer than three units.
    LonelyUnitError
        A stratum has one sampled PSU under ``lonely_psu="raise"``.

    Notes
    -----
    Differences d with mean m and standard deviation s (weighted, divisor n - 1): limits :math:`m
    \pm cs`. Without a design the errors are :math:`s/\sqrt n` and
    :math:`s\sqrt{1/n + c^2/(2(n-1))}`; with one, of the linearised :math:`d_i - m \pm
    c((d_i-m)^2-s^2)/(2s)`. The slope is that of the differences on the mean of both readings.
    The limits describe households, not the mean of the county: a small bias with wide limits still
    puts many households on the wrong side of a line.

    References
    ----------
    .. [1] J. M. Bland, D. G. Altman, "Statistical methods for assessing agreement between two
       methods of clinical measurement", *Lancet* i, 1986, 307-310.
    .. [2] J. M. Bland, D. G. Altman, "Measuring agreement in method comparison studies",
       *Statistical Methods in Medical Research* 8, 1999, 135-160.

    Examples
    --------
    >>> data = pd.DataFrame({"filed": [7, 3, 1, 3, 1, 3, 1], "found": [10, 5, 1, 3, 1, 6, 1]})
    >>> row = bland_altman(data, "filed", "found")[0]
    >>> round(row.mean, 4), round(row.lower, 4), round(row.upper, 4)
    (-1.1429, -4.012, 1.7263)
    """
    check_choice("scale", scale, get_args(AgreementScale))
    reach = check_number("multiple", multiple, least=0, strict=True)
    tail = complement(check_fraction("confidence", confidence)) / 2
    sample = sample_of(Design() if design is None else design, data)
    domains = domains_of(data, by, sample.answered)
    logs = scale == "log-ratio"
    one, two = (values_of(sample, data, name, positive=logs) for name in (first, second))
    if logs:
        here = sample.answered
        one, two = (np.log(np.where(here, values, 1.0)) for values in (one, two))
    moments = _Moments.of(sample, domains, one - two, (one + two) / 2)
    errors = _errors(sample, domains, moments, reach, plain=design is None)
    rows = [
        _row(label, place, moments, errors, reach, tail, float(confidence))
        for place, label in enumerate(domains.labels)
    ]
    return BlandAltman(
        scale=scale,
        multiple=reach,
        by=domains.by,
        rows=tuple(rows),
        variance_method="independent normal differences" if design is None else sample.method,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Moments:
    """Differences and mean readings by group: counts, weights, means, spreads, slopes."""

    n: FloatArray
    total: FloatArray
    mean: FloatArray
    spread: FloatArray
    slope: FloatArray
    square: FloatArray
    gap: FloatArray
    middle: FloatArray
    df: FloatArray

    @classmethod
    def of(
        cls, sample: Sample, domains: Domains, difference: FloatArray, level: FloatArray
    ) -> _Moments:
        n = domains.sums(sample.answered.astype(np.float64))
        if (n < 3).any():
            place = int(np.argmin(n))
            raise ArgumentError(
                "limits of agreement need three units in each group; got "
                f"{int(n[place])} in {', '.join(domains.labels[place]) or 'all'}. Join groups.",
                code="units-few",
                got=int(n[place]),
            )
        weight = sample.weight
        total = domains.sums(weight)
        mean = domains.sums(weight * difference) / total
        inside = domains.code >= 0
        gap = np.where(inside, difference - mean[domains.code], 0.0)
        middle = level - (domains.sums(weight * level) / total)[domains.code]
        middle = np.where(inside, middle, 0.0)
        square = domains.sums(weight * middle**2)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(square > 0, domains.sums(weight * middle * gap) / square, np.nan)
        return cls(
            n=n,
            total=total,
            mean=mean,
            spread=np.sqrt(domains.sums(weight * gap**2) / total),
            slope=slope,
            square=square,
            gap=gap,
            middle=middle,
            df=sample.df(domains).astype(np.float64),
        )


def _errors(
    sample: Sample, domains: Domains, moments: _Moments, reach: float, *, plain: bool
) -> dict[str, FloatArray]:
    """Give the standard errors of mean, limits and slope of each group."""
    n, spread = moments.n, moments.spread
    code = domains.code
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = moments.gap - np.nan_to_num(moments.slope)[code] * moments.middle
        pull = np.nan_to_num(rest * moments.middle / moments.square[code])
        bend = np.nan_to_num((moments.gap**2 - spread[code] ** 2) / (2 * spread[code]))
    share = np.where(code >= 0, 1 / moments.total[code], 0.0)
    # The spread has the divisor n - 1, so its part grows as it does.
    bend = bend * np.sqrt(n / (n - 1))[code]
    scores = {
        "mean": moments.gap * share,
        "lower": (moments.gap - reach * bend) * share,
        "upper": (moments.gap + reach * bend) * share,
        "slope": np.where(code >= 0, pull, 0.0),
    }
    if not plain:
        return {
            name: np.sqrt(sample.variances(domains, values, None))
            for name, values in scores.items()
        }
    own = spread * np.sqrt(n / (n - 1))
    outer = own * np.sqrt(1 / n + reach**2 / (2 * (n - 1)))
    left = domains.sums(sample.weight * rest**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.nan_to_num(np.sqrt(left / np.maximum(n - 2, 1) / moments.square))
    return {"mean": own / np.sqrt(n), "lower": outer, "upper": outer, "slope": slope}


def _row(
    label: tuple[str, ...],
    place: int,
    moments: _Moments,
    errors: dict[str, FloatArray],
    reach: float,
    tail: float,
    confidence: float,
) -> LimitsOfAgreement:
    n, df = float(moments.n[place]), int(moments.df[place])
    mean, slope = float(moments.mean[place]), float(moments.slope[place])
    spread = float(moments.spread[place]) * math.sqrt(n / (n - 1))
    at = {"mean": mean, "lower": mean - reach * spread, "upper": mean + reach * spread}

    def limits(name: str, value: float) -> Interval:
        error = float(errors[name][place])
        margin = float(stats.t.isf(tail, df)) * error if df > 0 else math.inf
        margin = 0.0 if error == 0 else margin
        return Interval(
            lower=value - margin, upper=value + margin, confidence=confidence, method="student-t"
        )

    sloped = not math.isnan(slope)
    return LimitsOfAgreement(
        group=label,
        n=int(n),
        mean=mean,
        std_dev=spread,
        lower=at["lower"],
        upper=at["upper"],
        mean_interval=limits("mean", mean),
        lower_interval=limits("lower", at["lower"]),
        upper_interval=limits("upper", at["upper"]),
        slope=slope if sloped else None,
        slope_interval=limits("slope", slope) if sloped else None,
        df=df,
    )
