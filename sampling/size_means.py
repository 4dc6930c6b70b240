"""Sizes for means, totals and differences between two groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

from scipy import stats

from ._checks import check_choice, check_count, check_fraction, check_number, check_share
from ._rounding import complement, round_up
from ._show import Table, format_number
from ._steps import step_rows
from .errors import ArgumentError, FrameTooSmallError
from .results import Result

_N = TypeVar("_N", int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantitySize(Result):
    """Units to draw for a mean or a total, with every step.

    Parameters
    ----------
    quantity : str
        "mean" or "total".
    n : int
        Units to draw.
    margin, spread, confidence, deff, response_rate : float
        The request.
    population_size : int or None
        Units in the frame; None when it counts as unlimited.
    simple, after_deff, after_fpc, after_response : float
        The steps, unrounded.
    """

    quantity: str
    n: int
    margin: float
    spread: float
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
            title=f"Sample size: {self.quantity} within {self.margin:g}, spread {self.spread:g}",
            columns=("step", "n"),
            rows=step_rows(self),
        )


def size_for_mean(
    margin: float,
    *,
    spread: float,
    confidence: float = 0.95,
    population_size: int | None = None,
    deff: float = 1.0,
    response_rate: float = 1.0,
) -> QuantitySize:
    r"""Units to draw so that a mean is known to within ``margin``.

    Steps, in order: the simple-random size, inflation by the design effect, the finite-population
    correction, inflation for nonresponse. Rounding up happens once, at the end.

    Parameters
    ----------
    margin : float
        Half-width wanted for the interval, above 0, in the unit of the variable.
    spread : float
        Standard deviation of the variable (divisor N - 1), above 0, in the same unit.
    confidence : float, default 0.95
        Confidence of the two-sided interval.
    population_size : int, optional
        Units in the frame, N. Omit it to treat the frame as unlimited.
    deff : float, default 1.0
        Design effect: variance under the design over the variance under simple random sampling
        with replacement of as many units.
    response_rate : float, default 1.0
        Share of drawn units expected to yield a usable answer, in (0, 1].

    Returns
    -------
    QuantitySize
        ``n`` is the number to draw; the other fields hold each step unrounded.

    Raises
    ------
    ArgumentError
        A value is outside its domain.
    FrameTooSmallError
        Allowing for nonresponse, the frame cannot supply ``n`` units.

    Notes
    -----
    :math:`n_0 = (z S / d)^2`, :math:`n_1 = \mathrm{deff}\, n_0`, :math:`n_2 = n_1 / (1 + n_1/N)`,
    :math:`n = \lceil n_2 / r \rceil`. The correction is exact for S with divisor N - 1; that of a
    proportion, whose p(1 - p) has divisor N, has :math:`n_1 - 1` in place of :math:`n_1`. For a
    coefficient of variation give :math:`d = z \cdot \mathrm{cv} \cdot \bar Y`.

    References
    ----------
    .. [1] W. G. Cochran, *Sampling Techniques*, 3rd ed., Wiley, 1977, section 4.7.

    Examples
    --------
    Income to within 200 yuan a head, spread 1,800, 2,000 households, 90 % response:

    >>> size_for_mean(200, spread=1800, population_size=2000, response_rate=0.9).n
    300
    """
    return _quantity(
        "mean", margin, margin, spread, confidence, population_size, deff, response_rate
    )


def size_for_total(
    margin: float,
    *,
    spread: float,
    population_size: int,
    confidence: float = 0.95,
    deff: float = 1.0,
    response_rate: float = 1.0,
) -> QuantitySize:
    r"""Units to draw so that a total is known to within ``margin``.

    The size for the mean to within ``margin / population_size``.

    Parameters
    ----------
    margin : float
        Half-width wanted for the interval of the total, above 0, in the unit of the variable.
    spread : float
        Standard deviation of the variable (divisor N - 1), above 0, in the same unit.
    population_size : int
        Units in the frame, N.
    confidence : float, default 0.95
        Confidence of the two-sided interval.
    deff : float, default 1.0
        Design effect: variance under the design over the variance under simple random sampling
        with replacement of as many units.
    response_rate : float, default 1.0
        Share of drawn units expected to yield a usable answer, in (0, 1].

    Returns
    -------
    QuantitySize
        ``n`` is the number to draw; the other fields hold each step unrounded.

    Raises
    ------
    ArgumentError
        A value is outside its domain.
    FrameTooSmallError
        Allowing for nonresponse, the frame cannot supply ``n`` units.

    Notes
    -----
    :math:`n_0 = (z N S / d)^2`, then as for the mean. With proportional allocation to strata, S is
    the pooled spread within strata, :math:`S^2 = \sum_h N_h S_h^2 / N`.

    References
    ----------
    .. [1] W. G. Cochran, *Sampling Techniques*, 3rd ed., Wiley, 1977, section 4.7.

    Examples
    --------
    >>> size_for_total(400_000, spread=1800, population_size=2000).n
    270
    """
    size = check_count("population_size", population_size, least=1)
    d = check_number("margin", margin, least=0, strict=True)
    return _quantity("total", d, d / size, spread, confidence, size, deff, response_rate)


def _quantity(
    quantity: str,
    margin: float,
    margin_of_mean: float,
    spread: float,
    confidence: float,
    population_size: int | None,
    deff: float,
    response_rate: float,
) -> QuantitySize:
    d = check_number("margin", margin_of_mean, least=0, strict=True)
    s = check_number("spread", spread, least=0, strict=True)
    tail = complement(check_fraction("confidence", confidence)) / 2
    factor = check_number("deff", deff, least=0, strict=True)
    answering = check_share("response_rate", response_rate, zero=False)
    simple = (float(stats.norm.isf(tail)) * s / d) ** 2
    after_deff = after_fpc = factor * simple
    if population_size is not None:
        check_count("population_size", population_size, least=1)
        after_fpc = after_deff / (1 + after_deff / population_size)
    after_response = after_fpc / answering
    n = round_up(after_response)
    if population_size is not None and n > population_size:
        raise FrameTooSmallError(
            f"margin={margin!r} needs {n} units at response_rate={response_rate!r}, but the frame "
            f"holds {population_size}. Widen the margin, or take every unit.",
            n=n,
            population_size=population_size,
        )
    return QuantitySize(
        quantity=quantity,
        n=n,
        margin=float(margin),
        spread=s,
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
class DifferenceSize(Result):
    """Units to draw in each of two groups, with every step.

    Parameters
    ----------
    n, n_second : int
        Units to draw in the first and in the second group.
    margin, confidence, ratio, deff, response_rate : float
        The request.
    power : float or None
        Chance of finding a difference of ``margin``; None when ``margin`` is a half-width.
    simple, after_deff, after_fpc, after_response : float
        The steps for the first group, unrounded.
    """

    n: int
    n_second: int
    margin: float
    confidence: float
    power: float | None
    ratio: float
    deff: float
    response_rate: float
    simple: float
    after_deff: float
    after_fpc: float
    after_response: float

    def _table(self) -> Table:
        aim = (
            f"within {self.margin:g}"
            if self.power is None
            else f"of {self.margin:g} found with power {format_number(self.power, 2)}"
        )
        return Table(
            title=f"Sample size: difference {aim}",
            columns=("step", "n of first group"),
            rows=(*step_rows(self), ("second group", str(self.n_second))),
        )


def size_for_difference(
    margin: float,
    *,
    expected: tuple[float, float] | None = None,
    spreads: tuple[float, float] | None = None,
    confidence: float = 0.95,
    power: float | None = None,
    null: str = "unpooled",
    ratio: float = 1.0,
    overlap: float = 0.0,
    correlation: float = 0.0,
    population_sizes: tuple[int, int] | None = None,
    deff: float = 1.0,
    response_rate: float = 1.0,
) -> DifferenceSize:
    r"""Units to draw in two groups so that their difference is known, or found.

    Without ``power`` the interval of the difference has half-width ``margin``; with it a
    difference of ``margin`` is found by a two-sided test with that chance.

    Parameters
    ----------
    margin : float
        Half-width, or difference to find, above 0.
    expected : pair of float, optional
        Proportions thought likely in the two groups, each in (0, 1); this or ``spreads``.
    spreads : pair of float, optional
        Standard deviations of the variable in the two groups, each above 0; this or ``expected``.
    confidence : float, default 0.95
        Confidence of the two-sided interval, or 1 less the two-sided risk of the test.
    power : float, optional
        Chance of finding the difference, in (0, 1).
    null : {"unpooled", "pooled"}, default "unpooled"
        Variance under "no difference" for a test of proportions: as under the difference, or at
        the mean proportion.
    ratio : float, default 1.0
        Units of the second group for each of the first.
    overlap : float, default 0.0
        Share of the first group that is in the second as well (a panel), from 0 to 1.
    correlation : float, default 0.0
        Correlation of the variable between both occasions in the overlap, from -1 to 1.
    population_sizes : pair of int, optional
        Units in the two frames; for groups without overlap.
    deff : float, default 1.0
        Design effect of either group.
    response_rate : float, default 1.0
        Share of drawn units expected to yield a usable answer, in (0, 1].

    Returns
    -------
    DifferenceSize
        ``n`` for the first group, ``n_second`` for the second.

    Raises
    ------
    ArgumentError
        A value is outside its domain; not exactly one of ``expected`` and ``spreads`` is given;
        "pooled" without proportions and power; frames together with overlap.
    FrameTooSmallError
        A frame cannot supply its units.

    Notes
    -----
    With :math:`V_g` the unit variances, k the ratio, g the overlap and r the correlation,
    :math:`V = V_1 + V_2/k - 2 g r \sqrt{V_1 V_2}/k`, :math:`n_0 = (z_{1-\alpha/2} +
    z_{\mathrm{power}})^2 V / d^2`; "pooled" has :math:`(z_{1-\alpha/2}\sqrt{V_0} +
    z_{\mathrm{power}}\sqrt{V})^2 / d^2` with :math:`V_0 = \bar p(1-\bar p)(1 + 1/k)` and the mean
    proportion weighted by the group sizes. Then deff, :math:`n_1/(1 + n_1 (V_1/N_1 + V_2/N_2)/V)`,
    response.

    References
    ----------
    .. [1] J. L. Fleiss, B. Levin and M. C. Paik, *Statistical Methods for Rates and Proportions*,
       3rd ed., Wiley, 2003, chapter 4.
    .. [2] R. Valliant, J. A. Dever and F. Kreuter, *Practical Tools for Designing and Weighting
       Survey Samples*, 2nd ed., Springer, 2018, chapter 4.

    Examples
    --------
    >>> size_for_difference(0.05, expected=(0.05, 0.10), power=0.8).n
    432
    """
    d = check_number("margin", margin, least=0, strict=True)
    tail = complement(check_fraction("confidence", confidence)) / 2
    z = float(stats.norm.isf(tail))
    z_power = 0.0 if power is None else float(stats.norm.ppf(check_fraction("power", power)))
    k = check_number("ratio", ratio, least=0, strict=True)
    first, second = _unit_variances(expected, spreads)
    shared = check_share("overlap", overlap)
    r = check_number("correlation", correlation, least=-1, most=1)
    variance = first + second / k - 2 * shared * r * math.sqrt(first * second) / k
    check_choice("null", null, ("unpooled", "pooled"))
    reach = (z + z_power) ** 2 * variance
    if null == "pooled":
        reach = (z * math.sqrt(_pooled(expected, power, k)) + z_power * math.sqrt(variance)) ** 2
    simple = reach / d**2
    factor = check_number("deff", deff, least=0, strict=True)
    answering = check_share("response_rate", response_rate, zero=False)
    after_deff = after_fpc = factor * simple
    if population_sizes is not None:
        correction = _correction(population_sizes, first, second, shared)
        after_fpc = after_deff / (1 + after_deff * correction / variance)
    after_response = after_fpc / answering
    n, n_second = round_up(after_response), round_up(after_response * k)
    _check_frames(population_sizes, (n, n_second), margin)
    return DifferenceSize(
        n=n,
        n_second=n_second,
        margin=d,
        confidence=float(confidence),
        power=power,
        ratio=k,
        deff=factor,
        response_rate=answering,
        simple=simple,
        after_deff=after_deff,
        after_fpc=after_fpc,
        after_response=after_response,
    )


def _unit_variances(
    expected: tuple[float, float] | None, spreads: tuple[float, float] | None
) -> tuple[float, float]:
    if (expected is None) == (spreads is None):
        raise ArgumentError(
            f"exactly one of expected and spreads must be given; got "
            f"{'neither' if expected is None else 'both'}. Give two proportions, or two standard "
            "deviations.",
            code="expected-or-spreads",
        )
    if expected is not None:
        p, q = (check_fraction("expected", value) for value in _pair("expected", expected))
        return p * (1 - p), q * (1 - q)
    assert spreads is not None
    s, t = (
        check_number("spreads", value, least=0, strict=True) for value in _pair("spreads", spreads)
    )
    return s**2, t**2


def _pair(name: str, values: tuple[_N, _N]) -> tuple[_N, _N]:
    if not isinstance(values, (tuple, list)) or len(values) != 2:
        raise ArgumentError(
            f"{name} must be two numbers, one for each group; got {values!r}. Give a pair.",
            code="not-a-pair",
            name=name,
        )
    return values[0], values[1]


def _pooled(expected: tuple[float, float] | None, power: float | None, ratio: float) -> float:
    if expected is None or power is None:
        raise ArgumentError(
            "null='pooled' must have expected proportions and a power; got neither or one. "
            "Use null='unpooled'.",
            code="pooled-without-test",
        )
    mean = (expected[0] + ratio * expected[1]) / (1 + ratio)
    return mean * (1 - mean) * (1 + 1 / ratio)


def _correction(
    population_sizes: tuple[int, int], first: float, second: float, shared: float
) -> float:
    if shared:
        raise ArgumentError(
            "population_sizes must go without overlap; got both. Leave the frames unlimited.",
            code="frames-with-overlap",
        )
    frames = [
        check_count("population_sizes", size, least=1)
        for size in _pair("population_sizes", population_sizes)
    ]
    return first / frames[0] + second / frames[1]


def _check_frames(
    population_sizes: tuple[int, int] | None, sizes: tuple[int, int], margin: float
) -> None:
    for frame, n in zip(population_sizes or sizes, sizes, strict=True):
        if n > frame:
            raise FrameTooSmallError(
                f"margin={margin!r} needs {n} units, but the frame of that group holds {frame}. "
                "Widen the margin, or take every unit.",
                n=n,
                population_size=frame,
            )
