"""Sizes: how many units to draw, and how many to take in each PSU."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from ._checks import check_count, check_fraction, check_number, check_share
from ._rounding import complement, round_up, units_at_least
from ._show import Table, format_number
from ._steps import step_rows
from .errors import ArgumentError, FrameTooSmallError
from .results import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize(Result):
    """Units to draw for a proportion, with every step.

    Parameters
    ----------
    n : int
        Units to draw.
    margin, expected, confidence, deff, response_rate : float
        The request.
    population_size : int or None
        Units in the frame; None when it counts as unlimited.
    simple, after_deff, after_fpc, after_response : float
        The steps, unrounded.
    """

    n: int
    margin: float
    expected: float
    confidence: float
    population_size: int | None
    deff: float
    response_rate: float
    simple: float
    after_deff: float
    after_fpc: float
    after_response: float

    def _table(self) -> Table:
        return Table(
            title=f"Sample size: proportion near {self.expected:g} within {self.margin:g}",
            columns=("step", "n"),
            rows=step_rows(self),
        )


def size_for_proportion(
    margin: float,
    *,
    expected: float = 0.5,
    confidence: float = 0.95,
    population_size: int | None = None,
    deff: float = 1.0,
    response_rate: float = 1.0,
) -> SampleSize:
    r"""Units to draw so that a proportion is known to within ``margin``.

    Steps, in order: the simple-random size, inflation by the design effect, the finite-population
    correction, inflation for nonresponse. Rounding up happens once, at the end.

    Parameters
    ----------
    margin : float
        Half-width wanted for the interval, as a fraction (0.05 is five points).
    expected : float, default 0.5
        Proportion thought likely; 0.5 gives the largest answer.
    confidence : float, default 0.95
        Confidence of the two-sided interval.
    population_size : int, optional
        Units in the frame, :math:`N`. Omit it to treat the frame as unlimited.
    deff : float, default 1.0
        Design effect: variance under the design over the variance under simple random sampling
        with replacement of as many units.
    response_rate : float, default 1.0
        Share of drawn units expected to yield a usable answer, in (0, 1].

    Returns
    -------
    SampleSize
        ``n`` is the number to draw; the other fields hold each step unrounded.

    Raises
    ------
    ArgumentError
        A fraction or count is outside its domain.
    FrameTooSmallError
        Allowing for nonresponse, the frame cannot supply ``n`` units.

    Notes
    -----
    With :math:`z` the normal quantile for ``confidence`` and :math:`d` the margin,
    :math:`n_0 = z^2 p(1-p)/d^2`, :math:`n_1 = \mathrm{deff}\cdot n_0`,
    :math:`n_2 = n_1 / (1 + (n_1 - 1)/N)` and :math:`n = \lceil n_2/r \rceil`. An :math:`n_1` below
    1 is left as it is by the correction. The normal approximation is poor when :math:`n p < 5`;
    use ``size_for_detection`` for rare errors.

    References
    ----------
    .. [1] W. G. Cochran, *Sampling Techniques*, 3rd ed., Wiley, 1977, chapter 4.

    Examples
    --------
    A county frame of 2,000 firms, five points either way, 90 % response:

    >>> plan = size_for_proportion(0.05, population_size=2000, response_rate=0.9)
    >>> plan.n
    359
    >>> print(plan)
    Sample size: proportion near 0.5 within 0.05
                     step      n
    simple random, no fpc  384.1
      times design effect  384.1
        finite population  322.4
        after nonresponse    359
    """
    d = check_fraction("margin", margin)
    p = check_fraction("expected", expected)
    tail = complement(check_fraction("confidence", confidence)) / 2
    factor = check_number("deff", deff, least=0, strict=True)
    answering = check_share("response_rate", response_rate, zero=False)
    if population_size is not None:
        check_count("population_size", population_size, least=1)
    simple = float(stats.norm.isf(tail)) ** 2 * p * (1 - p) / d**2
    after_deff = factor * simple
    after_fpc = after_deff
    if population_size is not None and after_deff > 1:
        after_fpc = after_deff / (1 + (after_deff - 1) / population_size)
    after_response = after_fpc / answering
    n = round_up(after_response)
    if population_size is not None and n > population_size:
        raise FrameTooSmallError(
            f"margin={margin!r} needs {n} units at response_rate={response_rate!r}, but the frame "
            f"holds {population_size}. Widen the margin, or take every unit.",
            n=n,
            population_size=population_size,
        )
    return SampleSize(
        n=n,
        margin=d,
        expected=p,
        confidence=float(confidence),
        population_size=population_size,
        deff=factor,
        response_rate=answering,
        simple=simple,
        after_deff=after_deff,
        after_fpc=after_fpc,
        after_response=after_response,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionSize(Result):
    """Units to draw so that few errors show a rate below a limit.

    Parameters
    ----------
    n : int
        Units to draw.
    acceptance_number : int
        Most errors among them that still show it.
    tolerable_rate, confidence : float
        The request.
    population_size : int or None
        Units in the frame; None when it counts as unlimited.
    tolerable_count : int or None
        Errors in a frame at the tolerable rate, rounded up; None without ``population_size``.
    risk : float
        Chance of so few errors seen when the rate is the tolerable one.
    model : {"binomial", "hypergeometric"}
        The distribution used.
    sensitivity : float
        Share of errors that are seen where they are looked for.
    """

    n: int
    acceptance_number: int
    tolerable_rate: float
    confidence: float
    population_size: int | None
    tolerable_count: int | None
    risk: float
    model: Literal["binomial", "hypergeometric"]
    sensitivity: float = 1.0

    def _table(self) -> Table:
        return Table(
            title=f"Size to show a rate below {self.tolerable_rate:g}, {self.model}",
            columns=("n", "errors at most", "risk"),
            rows=((str(self.n), str(self.acceptance_number), format_number(self.risk)),),
        )


def size_for_detection(
    tolerable_rate: float,
    *,
    errors: int = 0,
    expected_rate: float = 0.0,
    confidence: float = 0.95,
    population_size: int | None = None,
    sensitivity: float = 1.0,
) -> DetectionSize:
    r"""Smallest simple random sample that shows a rate below the tolerable one.

    Parameters
    ----------
    tolerable_rate : float
        Rate to stay below, in (0, 1).
    errors : int, default 0
        Most errors found that shall still show it.
    expected_rate : float, default 0.0
        Errors that shall still show it as a share of the sample, at least 0 and below
        ``tolerable_rate``: up to this share of ``n``, rounded up, beside ``errors``.
    confidence : float, default 0.95
        One-sided: 1 less the risk of showing it when the rate is the tolerable one.
    population_size : int, optional
        Units in the frame, N; the exact hypergeometric size is then given, else the binomial.
    sensitivity : float, default 1.0
        Share of the errors in the sample that are seen, in (0, 1].

    Returns
    -------
    DetectionSize
        ``n`` is the number to draw.

    Raises
    ------
    ArgumentError
        A fraction or count is outside its domain.
    FrameTooSmallError
        A frame at the tolerable rate holds no more errors than ``errors``, or visits to all of it
        would still see too few.

    Notes
    -----
    Smallest n with :math:`P(X \le c) \le 1 - \mathrm{confidence}`. Errors in the frame are
    :math:`\lceil \theta N \rceil`, reckoned from the decimal text of the rate; so are those
    expected in the sample, c the larger of :math:`\lceil e n \rceil` and ``errors``. With
    sensitivity s the errors seen are those in the sample, each kept with chance s: binomial with
    :math:`s\theta`, or exactly the mixture of binomials over the hypergeometric count.

    References
    ----------
    .. [1] American Institute of Certified Public Accountants, *Audit Guide: Audit Sampling*, 2017,
       appendix A (binomial tables).

    Examples
    --------
    >>> size_for_detection(0.02).n, size_for_detection(0.02, population_size=5000).n
    (149, 147)

    Visits that see nine in ten errors:

    >>> size_for_detection(0.02, sensitivity=0.9).n
    165
    """
    rate = check_fraction("tolerable_rate", tolerable_rate)
    c = check_count("errors", errors, least=0)
    risk = complement(check_fraction("confidence", confidence))
    expected = check_share("expected_rate", expected_rate)
    if expected >= rate:
        raise ArgumentError(
            f"expected_rate must be below tolerable_rate; got {expected_rate!r} and "
            f"{tolerable_rate!r}. Nothing shows a rate below what is expected of it.",
            code="rate-not-below",
            true_rate=expected,
            threshold=rate,
        )
    seen = check_share("sensitivity", sensitivity, zero=False)
    count: int | None = None
    if population_size is not None:
        check_count("population_size", population_size, least=1)
        count = units_at_least(rate, population_size)

    def smallest(least: int) -> int:
        """Size for so many errors."""
        if population_size is not None and count is not None:
            _check_reach(tolerable_rate, c, population_size, count, seen, risk)
        most = sys.maxsize if population_size is None else population_size
        low, high = max(c, least), min(2 * (max(c, least) + 1), most)
        while high < most and chance(high) > risk:
            low, high = high, min(2 * high, most)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if chance(middle) <= risk else (middle, high)
        return high

    def chance(n: int) -> float:
        return _at_most(c, n, rate, population_size, count, seen)

    # More errors are expected in a larger sample, until the size for c errors expects no more.
    high = smallest(0)
    while expected > 0 and units_at_least(expected, high) > c:
        c += 1
        high = smallest(high - 1)
    return DetectionSize(
        n=high,
        acceptance_number=c,
        tolerable_rate=rate,
        confidence=float(confidence),
        population_size=population_size,
        tolerable_count=count,
        risk=chance(high),
        model="binomial" if population_size is None else "hypergeometric",
        sensitivity=seen,
    )


def _check_reach(
    rate: float, errors: int, frame: int, count: int, seen: float, risk: float
) -> None:
    """Refuse what not even a census would show."""
    if count <= errors:
        raise FrameTooSmallError(
            f"tolerable_rate={rate!r} means {count} errors in a frame of {frame}, but "
            f"errors={errors!r} shall be allowed. Allow fewer, or take every unit.",
            tolerable_count=count,
            errors=errors,
        )
    if float(stats.binom.cdf(errors, count, seen)) > risk:
        raise FrameTooSmallError(
            f"tolerable_rate={rate!r} means {count} errors in a frame of {frame}, of which "
            f"visits that see a share of {seen:g} show too few even in a census. Allow fewer "
            "errors, or see more of them.",
            tolerable_count=count,
            errors=errors,
        )


def _at_most(
    errors: int, n: int, rate: float, frame: int | None, count: int | None, seen: float
) -> float:
    """Chance of at most ``errors`` seen among n, with ``count`` in a frame or at a rate."""
    if frame is None:
        return float(stats.binom.cdf(errors, n, rate * seen))
    if seen == 1:
        return float(stats.hypergeom.cdf(errors, frame, count, n))
    drawn = np.arange(min(n, count or 0) + 1)
    mixed = stats.hypergeom.pmf(drawn, frame, count, n) * stats.binom.cdf(errors, drawn, seen)
    return min(1.0, float(mixed.sum()))


def detection_prob(
    rate: float,
    n: int,
    *,
    errors: int = 0,
    population_size: int | None = None,
    sensitivity: float = 1.0,
) -> float:
    r"""Chance that a simple random sample of ``n`` shows more than ``errors`` errors.

    Parameters
    ----------
    rate : float
        Error rate of the frame, in (0, 1).
    n : int
        Units sampled, at least 1.
    errors : int, default 0
        Most errors that would still pass.
    population_size : int, optional
        Units in the frame, N; the exact hypergeometric chance is then given, else the binomial.
    sensitivity : float, default 1.0
        Share of the errors in the sample that are seen, in (0, 1].

    Returns
    -------
    float
        The chance, in [0, 1]: the power of the sample against that rate.

    Raises
    ------
    ArgumentError
        A fraction or count is outside its domain, or ``n`` exceeds the frame.

    Notes
    -----
    :math:`P(X > c)` with the X of ``size_for_detection``, of which this is the inverse.

    References
    ----------
    .. [1] W. G. Cochran, *Sampling Techniques*, 3rd ed., Wiley, 1977, sections 3.4 and 3.5.

    Examples
    --------
    Sixty households without a finding, of 500, if one in twenty were wrong:

    >>> round(detection_prob(0.05, 60, population_size=500), 4)
    0.9624
    """
    share = check_fraction("rate", rate)
    units = check_count("n", n, least=1)
    c = check_count("errors", errors, least=0)
    seen = check_share("sensitivity", sensitivity, zero=False)
    count: int | None = None
    if population_size is not None:
        frame = check_count("population_size", population_size, least=1)
        units = check_count("n", n, least=1, most=frame)
        count = units_at_least(share, frame)
    return max(0.0, 1.0 - _at_most(c, units, share, population_size, count, seen))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTake(Result):
    """Units to take in each PSU at least cost.

    Parameters
    ----------
    take : float
        The best number, unrounded.
    cost_psu, cost_ssu : float
        Cost of reaching a PSU and of one unit in it.
    icc : float
        Intra-cluster correlation.
    """

    take: float
    cost_psu: float
    cost_ssu: float
    icc: float

    def excess_cost(self, take: float) -> float:
        """Share by which taking ``take`` a PSU costs more than the best, at equal precision.

        Examples
        --------
        >>> best = optimal_cluster_take(400, 10, 0.05)
        >>> round(best.excess_cost(best.take / 2), 2), best.excess_cost(best.take)
        (0.12, 0.0)
        """
        b = check_number("take", take, least=0, strict=True)
        return self._cost(b) / self._cost(self.take) - 1

    def psus_for(self, budget: float) -> float:
        """PSUs that a budget pays for, unrounded, taking the best number in each.

        Examples
        --------
        >>> round(optimal_cluster_take(400, 10, 0.05).psus_for(20_000), 2)
        29.6
        """
        money = check_number("budget", budget, least=0, strict=True)
        return money / (self.cost_psu + self.cost_ssu * self.take)

    def _cost(self, take: float) -> float:
        return (self.cost_psu / take + self.cost_ssu) * (1 + (take - 1) * self.icc)

    def _table(self) -> Table:
        half, double = self.excess_cost(self.take / 2), self.excess_cost(self.take * 2)
        return Table(
            title=f"Units in each PSU: {self.take:.1f}",
            columns=("taking", "costs more by"),
            rows=(("half", f"{half:.1%}"), ("double", f"{double:.1%}")),
        )


def optimal_cluster_take(cost_psu: float, cost_ssu: float, icc: float) -> ClusterTake:
    r"""Units to take in each PSU so that a budget gives the smallest variance.

    Parameters
    ----------
    cost_psu, cost_ssu : float
        Cost of reaching one PSU and of one unit in it, above 0, in the same money.
    icc : float
        Intra-cluster correlation, in (0, 1).

    Returns
    -------
    ClusterTake
        ``take`` is unrounded; ``excess_cost`` gives the price of another number.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    :math:`b = \sqrt{(c_1/c_2)(1-\rho)/\rho}`, which minimises
    :math:`(c_1/b + c_2)(1 + (b-1)\rho)`. Without correlation there is no best number: one PSU
    would do.

    References
    ----------
    .. [1] W. G. Cochran, *Sampling Techniques*, 3rd ed., Wiley, 1977, section 10.6.

    Examples
    --------
    >>> round(optimal_cluster_take(400, 10, 0.05).take, 7)
    27.5680975
    """
    c1 = check_number("cost_psu", cost_psu, least=0, strict=True)
    c2 = check_number("cost_ssu", cost_ssu, least=0, strict=True)
    rho = check_fraction("icc", icc)
    take = math.sqrt(c1 / c2 * (1 - rho) / rho)
    return ClusterTake(take=take, cost_psu=c1, cost_ssu=c2, icc=rho)
