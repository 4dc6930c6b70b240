"""How many units of money to draw."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from scipy import special

from .._checks import check_choice, check_fraction, check_number
from .._rounding import complement
from .._show import Table, format_number
from ..errors import ArgumentError
from ..results import Result

MonetaryDistribution = Literal["poisson", "binomial"]
_MOST = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class MonetaryPlan(Result):
    """A sample of money units that can show a mean taint below what is tolerable.

    Parameters
    ----------
    n : int
        Money units to draw.
    interval : float
        Book value between two hits; items of at least that value are examined for certain.
    book_total : float
        Book value to draw from.
    tolerable, expected : float
        As amounts.
    expected_taints : float
        Sum of taints at which the plan still concludes "below tolerable".
    confidence : float
        Of the upper bound.
    distribution : str
        Of the bound that planning supposes.
    """

    n: int
    interval: float
    book_total: float
    tolerable: float
    expected: float
    expected_taints: float
    confidence: float
    distribution: str

    def _table(self) -> Table:
        return Table(
            title=f"Monetary-unit sample, {self.confidence:.0%} confidence, {self.distribution}",
            columns=("n", "interval", "book total", "tolerable", "expected", "taints allowed"),
            rows=(
                (
                    format_number(self.n),
                    format_number(self.interval, 2),
                    format_number(self.book_total, 2),
                    format_number(self.tolerable, 2),
                    format_number(self.expected, 2),
                    format_number(self.expected_taints, 2),
                ),
            ),
        )


def plan_monetary(
    book_total: float,
    tolerable: float,
    *,
    expected: float = 0.0,
    confidence: float = 0.95,
    distribution: MonetaryDistribution = "poisson",
) -> MonetaryPlan:
    r"""Fewest money units whose upper bound stays within the tolerable error, if expected holds.

    Parameters
    ----------
    book_total : float
        Book value of all items together, above 0.
    tolerable : float
        Most error that is tolerable, an amount between 0 and ``book_total``.
    expected : float, default 0
        Error to reckon with, an amount below ``tolerable``.
    confidence : float, default 0.95
        Of the one-sided bound, in (0, 1).
    distribution : {"poisson", "binomial"}, default "poisson"
        Of the number of errors that the bound supposes.

    Returns
    -------
    MonetaryPlan
        Size, interval and the sum of taints that it allows.

    Raises
    ------
    ArgumentError
        An amount is outside its domain, or expected is so near to tolerable that no size is
        enough.

    Notes
    -----
    The smallest n with :math:`\Gamma^{-1}(1-\alpha; ne+1)/n \le \theta`, e and :math:`\theta` the
    expected and tolerable shares; the number of errors ne need not be whole, as in the AICPA's
    table C-1. The binomial form takes :math:`B^{-1}(1-\alpha; ne+1, n-ne)`.

    References
    ----------
    .. [1] American Institute of Certified Public Accountants, *Audit Sampling*, 2017, appendix C.

    Examples
    --------
    >>> plan = plan_monetary(1_000_000, 20_000, expected=4_000)
    >>> plan.n, round(plan.expected_taints, 2)
    (232, 0.93)
    """
    check_choice("distribution", distribution, get_args(MonetaryDistribution))
    total = check_number("book_total", book_total, least=0, strict=True)
    most = check_number("tolerable", tolerable, least=0, strict=True, most=total)
    awaited = check_number("expected", expected, least=0)
    risk = complement(check_fraction("confidence", confidence))
    if awaited >= most:
        raise ArgumentError(
            f"expected error must be below the tolerable one; got {awaited:g} and {most:g}. No "
            "sample shows less than what is there: raise the tolerable error or settle errors "
            "first.",
            code="expected-not-below",
            expected=awaited,
            tolerable=most,
        )
    n = _least(most / total, awaited / total, risk, distribution)
    return MonetaryPlan(
        n=n,
        interval=total / n,
        book_total=total,
        tolerable=most,
        expected=awaited,
        expected_taints=n * awaited / total,
        confidence=float(confidence),
        distribution=distribution,
    )


def _least(tolerable: float, expected: float, risk: float, distribution: str) -> int:
    """Smallest size; the bound falls with it when the expected share stays."""

    def enough(n: int) -> bool:
        errors = n * expected
        if distribution == "poisson":
            upper = float(special.gammainccinv(errors + 1, risk)) / n
        else:
            upper = float(special.betainccinv(errors + 1, n - errors, risk))
        return upper <= tolerable * (1 + 1e-12)

    high = 1
    while not enough(high):
        high *= 2
        if high > _MOST:
            raise ArgumentError(
                "expected error must leave room below the tolerable one; got shares "
                f"{expected:g} and {tolerable:g}, for which {_MOST:,} units are not enough. Raise "
                "the tolerable error.",
                code="expected-not-below",
                expected=expected,
                tolerable=tolerable,
            )
    low = math.floor(high / 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
