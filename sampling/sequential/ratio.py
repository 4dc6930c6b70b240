"""Wald's sequential probability ratio test of an error rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from .._checks import check_count, check_fraction
from .._rounding import round_up
from .._show import Table, format_number
from ..acceptance.attributes import check_rates
from ..errors import ArgumentError
from ..results import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprt(Result):
    """Limits of a sequential probability ratio test.

    Parameters
    ----------
    slope : float
        Errors a unit along both limits.
    h_accept, h_reject : float
        Pass when errors are at most ``slope*n - h_accept``, fail when at least
        ``slope*n + h_reject``.
    first_accept_n : int
        Units without an error that pass.
    acceptable_rate, rejectable_rate : float
        The rates told apart.
    producer_risk, consumer_risk : float
        Chance of failing at the one, of passing at the other (nearly, by Wald).
    """

    slope: float
    h_accept: float
    h_reject: float
    first_accept_n: int
    acceptable_rate: float
    rejectable_rate: float
    producer_risk: float
    consumer_risk: float

    def conclude(self, errors: int, n: int) -> Literal["pass", "fail", "inconclusive"]:
        """Conclusion after ``n`` units with ``errors``.

        Examples
        --------
        >>> test = sprt(acceptable_rate=0.01, rejectable_rate=0.03, consumer_risk=0.10)
        >>> test.conclude(0, 110), test.conclude(0, 111), test.conclude(5, 100)
        ('inconclusive', 'pass', 'fail')
        """
        seen = check_count("n", n, least=0)
        found = check_count("errors", errors, least=0, most=seen)
        if found <= self.slope * seen - self.h_accept:
            return "pass"
        return "fail" if found >= self.slope * seen + self.h_reject else "inconclusive"

    def expected_size(self, rate: Literal["acceptable", "rejectable"]) -> float:
        """Units on average at one of the rates, by Wald's approximation.

        Examples
        --------
        >>> test = sprt(acceptable_rate=0.005, rejectable_rate=0.02)
        >>> round(test.expected_size("acceptable"))
        324
        """
        good = rate == "acceptable"
        p = self.acceptable_rate if good else self.rejectable_rate
        failing = self.producer_risk if good else 1 - self.consumer_risk
        return (failing * self.h_reject - (1 - failing) * self.h_accept) / (p - self.slope)

    def _table(self) -> Table:
        return Table(
            title=f"Sequential ratio test, {self.acceptable_rate:g} against "
            f"{self.rejectable_rate:g}",
            columns=("slope", "h accept", "h reject", "clean pass at"),
            rows=(
                (
                    format_number(self.slope, 6),
                    format_number(self.h_accept),
                    format_number(self.h_reject),
                    str(self.first_accept_n),
                ),
            ),
        )


def sprt(
    *,
    acceptable_rate: float,
    rejectable_rate: float,
    producer_risk: float = 0.05,
    consumer_risk: float = 0.05,
) -> Sprt:
    r"""Limits of Wald's test between an acceptable and a rejectable rate.

    Parameters
    ----------
    acceptable_rate : float
        Rate that shall pass, above 0 and below ``rejectable_rate``.
    rejectable_rate : float
        Rate that shall not, in (0, 1).
    producer_risk : float, default 0.05
        Chance of failing at the acceptable rate, in (0, 1).
    consumer_risk : float, default 0.05
        Chance of passing at the rejectable rate, in (0, 1).

    Returns
    -------
    Sprt
        Slope and limits, and how many clean units pass.

    Raises
    ------
    ArgumentError
        A value is outside its domain, the rates do not ascend, or the risks sum to 1 or more.

    Notes
    -----
    :math:`k = \ln\frac{p_1(1-p_0)}{p_0(1-p_1)}`, slope :math:`\ln\frac{1-p_0}{1-p_1}/k`,
    :math:`h_A = \ln\frac{1-\alpha}{\beta}/k`, :math:`h_R = \ln\frac{1-\beta}{\alpha}/k`. Letters
    differ between books: alpha belongs to the acceptable rate here. The ratio is taken once for
    all units so far, never multiplied up over looks again. Units are independent draws: for a
    population without replacement, or a rate that may lie elsewhere, ``SequentialTest`` holds
    exactly. The limits hold the risks nearly; each is at most its limit over 1 less the other.

    References
    ----------
    .. [1] A. Wald, "Sequential tests of statistical hypotheses", *Annals of Mathematical
       Statistics* 16, 1945, 117-186.

    Examples
    --------
    >>> test = sprt(
    ...     acceptable_rate=0.01, rejectable_rate=0.03, producer_risk=0.05, consumer_risk=0.10
    ... )
    >>> round(test.slope, 7), round(test.h_accept, 6), round(test.h_reject, 6), test.first_accept_n
    (0.0182381, 2.01184, 2.582946, 111)
    """
    good, bad = check_rates(acceptable_rate, rejectable_rate)
    check_fraction("acceptable_rate", acceptable_rate)
    alpha = check_fraction("producer_risk", producer_risk)
    beta = check_fraction("consumer_risk", consumer_risk)
    if alpha + beta >= 1:
        raise ArgumentError(
            f"producer_risk and consumer_risk must sum to less than 1; got {producer_risk!r} and "
            f"{consumer_risk!r}. Lower one of them.",
            code="risks-too-large",
            got=(alpha, beta),
        )
    k = math.log(bad) - math.log(good) + math.log1p(-good) - math.log1p(-bad)
    slope = (math.log1p(-good) - math.log1p(-bad)) / k
    accept = math.log((1 - alpha) / beta) / k
    return Sprt(
        slope=slope,
        h_accept=accept,
        h_reject=math.log((1 - beta) / alpha) / k,
        first_accept_n=round_up(accept / slope),
        acceptable_rate=good,
        rejectable_rate=bad,
        producer_risk=alpha,
        consumer_risk=beta,
    )
