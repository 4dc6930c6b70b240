"""Interval for the difference of two proportions from independent simple samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, get_args

from scipy import optimize, stats

from ._checks import check_choice, check_count, check_fraction
from ._rounding import complement
from .errors import ArgumentError
from .results import Interval

DifferenceMethod = Literal["newcombe", "miettinen-nurminen", "agresti-caffo"]


def interval_difference(
    first: tuple[int, int],
    second: tuple[int, int],
    *,
    confidence: float = 0.95,
    method: DifferenceMethod = "newcombe",
) -> Interval:
    r"""Confidence interval for one proportion less another, from two independent samples.

    Parameters
    ----------
    first, second : pair of int
        Units with the event and units sampled, of each sample.
    confidence : float, default 0.95
        Of the two-sided interval, in (0, 1).
    method : {"newcombe", "miettinen-nurminen", "agresti-caffo"}, default "newcombe"
        How the limits are got.

    Returns
    -------
    Interval
        Limits of :math:`p_1 - p_2`, in [-1, 1].

    Raises
    ------
    ArgumentError
        A count or fraction is outside its domain, a sample is not a pair, or the method is
        unknown.

    Notes
    -----
    "newcombe": with Wilson limits :math:`l_i, u_i` and :math:`d = p_1 - p_2`, the limits are
    :math:`d - \sqrt{(p_1-l_1)^2 + (u_2-p_2)^2}` and :math:`d + \sqrt{(u_1-p_1)^2 + (p_2-l_2)^2}`.
    "miettinen-nurminen": the differences :math:`\delta` with
    :math:`(d-\delta)^2 \le z^2 \tilde V(\delta)\,n/(n-1)`, the variance at the proportions most
    likely under :math:`\delta`, :math:`n = n_1 + n_2`. "agresti-caffo": one event and one other
    unit added to each sample, then the normal limits, held within [-1, 1]. The first two keep a
    positive width without any event. Samples with a design: ``compare_domains``.

    References
    ----------
    .. [1] R. G. Newcombe, "Interval estimation for the difference between independent proportions",
       *Statistics in Medicine* 17, 1998, 873-890, method 10.
    .. [2] O. Miettinen, M. Nurminen, "Comparative analysis of two rates", *Statistics in Medicine*
       4, 1985, 213-226.
    .. [3] A. Agresti, B. Caffo, "Simple and effective confidence intervals for proportions and
       differences of proportions", *The American Statistician* 54, 2000, 280-288.

    Examples
    --------
    >>> interval = interval_difference((20, 500), (9, 500))
    >>> round(interval.lower, 5), round(interval.upper, 5)
    (0.00088, 0.04463)
    """
    check_choice("method", method, get_args(DifferenceMethod))
    z = float(stats.norm.isf(complement(check_fraction("confidence", confidence)) / 2))
    samples = _sample("first", first), _sample("second", second)
    lower, upper = _LIMITS[method](*samples, z)
    return Interval(
        lower=max(-1.0, lower), upper=min(1.0, upper), confidence=float(confidence), method=method
    )


def _sample(name: str, value: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ArgumentError(
            f"{name} must be two counts, events and units sampled; got {value!r}. Give a pair.",
            code="not-a-pair",
            name=name,
        )
    n = check_count(name, value[1], least=1)
    return check_count(name, value[0], least=0, most=n), n


def _wilson(x: int, n: int, z: float) -> tuple[float, float]:
    middle, reach = x + z * z / 2, z * math.sqrt(x * (n - x) / n + z * z / 4)
    lower = 0.0 if x == 0 else (middle - reach) / (n + z * z)
    return lower, 1.0 if x == n else (middle + reach) / (n + z * z)


def _newcombe(a: tuple[int, int], b: tuple[int, int], z: float) -> tuple[float, float]:
    p, q = a[0] / a[1], b[0] / b[1]
    (l1, u1), (l2, u2) = _wilson(*a, z), _wilson(*b, z)
    return p - q - math.hypot(p - l1, u2 - q), p - q + math.hypot(u1 - p, q - l2)


def _agresti_caffo(a: tuple[int, int], b: tuple[int, int], z: float) -> tuple[float, float]:
    p, q = ((x + 1) / (n + 2) for x, n in (a, b))
    reach = z * math.sqrt(p * (1 - p) / (a[1] + 2) + q * (1 - q) / (b[1] + 2))
    return p - q - reach, p - q + reach


def _miettinen_nurminen(a: tuple[int, int], b: tuple[int, int], z: float) -> tuple[float, float]:
    d = a[0] / a[1] - b[0] / b[1]

    def excess(delta: float) -> float:
        return (d - delta) ** 2 - z * z * _restricted_variance(a, b, delta)

    return _root(excess, d, -1.0), _root(excess, d, 1.0)


def _root(excess: Callable[[float], float], inside: float, end: float) -> float:
    """Where ``excess`` passes 0 between a point inside the interval and an end of the line."""
    # Without any event, or with nothing else, the variance is 0 at the estimate itself.
    start = inside + 1e-9 * (end - inside)
    if inside == end or excess(end) <= 0:
        return end
    return float(optimize.brentq(excess, start, end, xtol=1e-15, rtol=8.9e-16))


def _restricted_variance(a: tuple[int, int], b: tuple[int, int], delta: float) -> float:
    """Variance of the difference at the proportions most likely when they differ by ``delta``."""
    (x, m), (y, n) = a, b
    total = m + n
    # The cubic of the restricted likelihood in the second proportion, solved by cosines.
    c3, c2 = total, (m + 2 * n) * delta - total - x - y
    c1, c0 = (n * delta - total - 2 * y) * delta + x + y, y * delta * (1 - delta)
    shift = c2 / (3 * c3)
    v = shift**3 - c1 * c2 / (6 * c3**2) + c0 / (2 * c3)
    u = math.copysign(math.sqrt(max(0.0, shift**2 - c1 / (3 * c3))), v)
    ratio = 0.0 if u == 0 else min(1.0, max(-1.0, v / u**3))
    q = 2 * u * math.cos((math.pi + math.acos(ratio)) / 3) - shift
    q = min(1.0, 1 - delta, max(0.0, -delta, q))
    p = min(1.0, max(0.0, q + delta))
    return (p * (1 - p) / m + q * (1 - q) / n) * total / (total - 1)


_LIMITS: dict[str, Callable[[tuple[int, int], tuple[int, int], float], tuple[float, float]]] = {
    "newcombe": _newcombe,
    "miettinen-nurminen": _miettinen_nurminen,
    "agresti-caffo": _agresti_caffo,
}
