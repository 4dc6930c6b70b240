"""Exact intervals for a proportion that invert one two-sided test: Blaker's and Sterne's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from scipy import optimize, special

from .._rounding import complement
from ..results import Interval
from ._limits import checked_counts, make_interval, tail_of


def interval_blaker(errors: int, n: int, *, confidence: float = 0.95) -> Interval:
    r"""Blaker's exact interval, never wider than Clopper and Pearson's.

    Parameters
    ----------
    errors : int
        Units with the event, at least 0.
    n : int
        Units in the simple random sample, at least 1.
    confidence : float, default 0.95
        Of the two-sided interval, in (0, 1).

    Returns
    -------
    Interval
        Limits in [0, 1].

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    The hull of the p whose acceptability is above :math:`\alpha`: the smaller of
    :math:`P_p(X\ge x)` and :math:`P_p(X\le x)`, and of the other tail as much as does not exceed
    it. Jumps of the acceptability are found as roots, so that limits are exact; a search by
    steps leaves them short by its step.

    References
    ----------
    .. [1] H. Blaker, "Confidence curves and improved exact confidence intervals for discrete
       distributions", *Canadian Journal of Statistics* 28, 2000, 783-798.

    Examples
    --------
    >>> found = interval_blaker(23, 150)
    >>> round(found.lower, 6), round(found.upper, 6)
    (0.100971, 0.218401)
    """
    return _inverted(errors, n, confidence, "blaker", _equal_tails)


def interval_sterne(errors: int, n: int, *, confidence: float = 0.95) -> Interval:
    r"""Sterne's exact interval: what a test ordered by probability does not reject.

    Parameters
    ----------
    errors : int
        Units with the event, at least 0.
    n : int
        Units in the simple random sample, at least 1.
    confidence : float, default 0.95
        Of the two-sided interval, in (0, 1).

    Returns
    -------
    Interval
        Limits in [0, 1], the hull where the test's set has gaps.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    The hull of the p for which outcomes no likelier than the one seen have together a
    probability above :math:`\alpha`.

    References
    ----------
    .. [1] T. E. Sterne, "Some remarks on confidence or fiducial limits", *Biometrika* 41, 1954,
       275-278.

    Examples
    --------
    >>> found = interval_sterne(4, 150)
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.0092, 0.0658)
    """
    return _inverted(errors, n, confidence, "sterne", _equal_chances)


Breaks = Callable[[int, int], Iterator[float]]


def _inverted(errors: int, n: int, confidence: float, method: str, breaks: Breaks) -> Interval:
    x, n = checked_counts(errors, n)
    risk = 2 * tail_of(confidence, "two-sided")
    lower = _lowest(x, n, risk, breaks)
    upper = complement(_lowest(n - x, n, risk, breaks))
    return make_interval(lower, upper, confidence, method, "two-sided")


def _lowest(x: int, n: int, risk: float, breaks: Breaks) -> float:
    """Smallest p whose acceptability exceeds the risk.

    Between two breaks the acceptability is P(X >= x) + P(X <= k), first falling, then rising; k
    grows by one at each break.
    """
    if x == 0:
        return 0.0

    def above(p: float, k: int) -> float:
        below = float(special.bdtr(k, n, p)) if k >= 0 else 0.0
        return float(special.bdtrc(x - 1, n, p)) + below - risk

    left, k = 0.0, -1
    for right in breaks(x, n):
        if above(left, k) > 0:
            return left
        if above(right, k) > 0:
            return float(optimize.brentq(above, left, right, args=(k,), xtol=1e-16, rtol=1e-14))
        left, k = right, k + 1
    return left


def _equal_tails(x: int, n: int) -> Iterator[float]:
    """Yield the p at which P(X <= k) equals P(X >= x), for k = 0, 1, ..., x - 1."""

    def excess(p: float, k: int) -> float:
        return float(special.bdtrc(x - 1, n, p) - special.bdtr(k, n, p))

    left = 0.0
    for k in range(x):
        left = float(optimize.brentq(excess, left, 1.0, args=(k,), xtol=1e-16, rtol=1e-14))
        yield left


def _equal_chances(x: int, n: int) -> Iterator[float]:
    """Yield the p at which P(X = k) equals P(X = x), for k = 0, 1, ..., x - 1."""
    for k in range(x):
        log_ratio = (
            math.lgamma(x + 1)
            + math.lgamma(n - x + 1)
            - math.lgamma(k + 1)
            - math.lgamma(n - k + 1)
        ) / (x - k)
        yield float(special.expit(log_ratio))
