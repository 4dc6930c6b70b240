"""A rate from a fallible reading of all and a true one of some: double sampling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from scipy import stats

from ._checks import check_choice, check_count, check_fraction
from ._rounding import complement
from ._show import Table, format_number
from .errors import ArgumentError
from .intervals import korn_graubard_limits
from .results import Interval, Result

DoubleInterval = Literal["korn-graubard", "normal"]
VerifiedBy = Literal["simple", "filed-status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleSamplingEstimate(Result):
    """A rate estimated by double sampling.

    Parameters
    ----------
    estimate, std_error : float
        The true rate and its standard error.
    interval : Interval
        Its limits.
    reliability : float or None
        Tenenbein's K, the squared correlation of the two readings; None, with ``why`` filled, when
        a reading does not vary.
    false_positive_rate, false_negative_rate : float or None
        Of the fallible reading, among the truly negative and positive; None when there are none.
    n, population_size : int
        Units with both readings, and all units.
    why : str
        Why something does not exist.
    """

    estimate: float
    std_error: float
    interval: Interval
    reliability: float | None
    false_positive_rate: float | None
    false_negative_rate: float | None
    n: int
    population_size: int
    why: str = ""

    def _table(self) -> Table:
        return Table(
            title=f"Double sampling: {self.n} of {self.population_size} units with both readings",
            columns=("rate", "std. error", "lower", "upper", "K", "false pos.", "false neg."),
            rows=(
                (
                    format_number(self.estimate),
                    format_number(self.std_error),
                    format_number(self.interval.lower),
                    format_number(self.interval.upper),
                    format_number(self.reliability),
                    format_number(self.false_positive_rate),
                    format_number(self.false_negative_rate),
                ),
            ),
            notes=(self.why,) if self.why else (),
        )


def estimate_double_sampling(
    verified: tuple[tuple[int, int], tuple[int, int]],
    unverified: tuple[int, int],
    *,
    verified_by: VerifiedBy = "simple",
    confidence: float = 0.95,
    interval: DoubleInterval = "korn-graubard",
) -> DoubleSamplingEstimate:
    r"""Tenenbein's estimate of a rate from a register and a random sample of verified units.

    Parameters
    ----------
    verified : two rows of two counts
        Verified units: the first row is truly positive, the second truly negative; in each, first
        those filed as positive, then those filed as negative.
    unverified : two counts
        Units without a true reading, filed as positive and as negative.
    verified_by : {"simple", "filed-status"}, default "simple"
        Whether the verified were drawn from all units, or so many from each filed status.
    confidence : float, default 0.95
        Of the two-sided interval.
    interval : {"korn-graubard", "normal"}, default "korn-graubard"
        Exact limits at the effective size :math:`\hat p\hat q/\hat V` (the verified units when no
        or every unit is truly positive), or the estimate and normal quantiles.

    Returns
    -------
    DoubleSamplingEstimate
        The rate, with the error rates of the filed reading.

    Raises
    ------
    ArgumentError
        A count is negative, or a filed status that some units have was never verified.

    Notes
    -----
    With verified counts :math:`n_{11}, n_{10}, n_{01}, n_{00}` and unverified X, Y:
    :math:`\hat p = \frac{n_{11}}{n_{\cdot 1}} \frac{X + n_{\cdot 1}}{N} +
    \frac{n_{10}}{n_{\cdot 0}} \frac{Y + n_{\cdot 0}}{N}`,
    :math:`\hat V = \frac{\hat p\hat q}{n}(1-K) + \frac{\hat p\hat q}{N} K`,
    :math:`K = \frac{\hat p\hat q}{\hat\pi(1-\hat\pi)}(1-\theta-\phi)^2` with the false positive
    and negative rates :math:`\theta, \phi` and the filed rate :math:`\hat\pi`. Drawn by filed
    status d with shares :math:`W_d`: :math:`\hat V = \sum W_d^2 p_d q_d/m_d + \sum W_d (p_d -
    \hat p)^2/N`.

    References
    ----------
    .. [1] A. Tenenbein, "A double sampling scheme for estimating from binomial data with
       misclassifications", *JASA* 65, 1970, 1350-1361.

    Examples
    --------
    >>> found = estimate_double_sampling(((18, 3), (12, 267)), (140, 1560))
    >>> round(found.estimate, 10), round(found.std_error, 8)
    (0.0611666667, 0.01072372)
    """
    check_choice("interval", interval, get_args(DoubleInterval))
    check_choice("verified_by", verified_by, get_args(VerifiedBy))
    tail = complement(check_fraction("confidence", confidence)) / 2
    (n11, n10), (n01, n00) = (tuple(check_count("verified", x) for x in row) for row in verified)
    filed, clear = (check_count("unverified", value) for value in unverified)
    n, size = n11 + n10 + n01 + n00, n11 + n10 + n01 + n00 + filed + clear
    for seen, more, word in ((n11 + n01, filed, "positive"), (n10 + n00, clear, "negative")):
        if seen == 0 and (more > 0 or n == 0):
            raise ArgumentError(
                f"some unit filed as {word} must be verified; none of {more} was. Verify some.",
                code="status-unverified",
                status=word,
            )
    rate = _share(n11, n11 + n01) * (filed + n11 + n01) + _share(n10, n10 + n00) * (
        clear + n10 + n00
    )
    p = rate / size
    share = (filed + n11 + n01) / size
    false_negative = p and _share(n10, n10 + n00) * (clear + n10 + n00) / size / p
    false_positive = (1 - p) and _share(n01, n11 + n01) * share / (1 - p)
    varies = 0 < p < 1 and 0 < share < 1
    k, why = None, "no reliability: a reading does not vary"
    variance = p * (1 - p) / n
    if varies:
        k = p * (1 - p) / (share * (1 - share)) * (1 - false_positive - false_negative) ** 2
        why, variance = "", p * (1 - p) * ((1 - k) / n + k / size)
    if verified_by == "filed-status":
        parts = ((n11, n11 + n01, share), (n10, n10 + n00, 1 - share))
        variance = sum(
            w**2 * _share(x, m) * (1 - _share(x, m)) / max(m, 1)
            + w * (_share(x, m) - p) ** 2 / size
            for x, m, w in parts
        )
    return DoubleSamplingEstimate(
        estimate=p,
        std_error=math.sqrt(variance),
        interval=_interval(p, variance, n, tail, confidence, interval),
        reliability=k,
        false_positive_rate=false_positive if p < 1 else None,
        false_negative_rate=false_negative if p > 0 else None,
        n=n,
        population_size=size,
        why=why,
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _interval(
    p: float, variance: float, n: int, tail: float, confidence: float, form: DoubleInterval
) -> Interval:
    if form == "normal" and variance > 0:
        margin = float(stats.norm.isf(tail)) * math.sqrt(variance)
        lower, upper = p - margin, p + margin
    else:
        size = p * (1 - p) / variance if variance > 0 else float(n)
        low, high = korn_graubard_limits(p, size, confidence=confidence)
        lower, upper = float(low), float(high)
    return Interval(lower=lower, upper=upper, confidence=float(confidence), method=form)
