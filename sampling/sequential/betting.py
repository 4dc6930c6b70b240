"""Martingales for partial errors: how fast a bettor against a mean would have become rich."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import special

from .._checks import FloatArray, array_of, check_choice, check_count, check_fraction, check_number
from .._rounding import complement
from .._show import Table, format_number
from ..errors import ArgumentError
from ..results import Result

Claim = Literal["below", "above"]
Kaplan = Literal["markov", "wald", "kolmogorov"]
Stake = Callable[[int, float, float], float]
"""Bet on step j, from the null's mean of what is left and the sum so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MartingaleTest(Result):
    """Evidence that a mean lies on one side of a threshold, at any time.

    Parameters
    ----------
    claim : {"below", "above"}
        What is claimed.
    threshold : float
        The threshold.
    method : str
        How bets are made.
    confidence : float
        1 less the risk of the claim over the whole course.
    n : int
        Values seen.
    evidence : float
        Wealth after the last value.
    peak : float
        Largest wealth on the way, at least 1.
    p_value : float
        1 over the peak: valid whenever one stops.
    shown_at : int or None
        Values after which the claim is first shown; None when it is not.
    """

    claim: Claim
    threshold: float
    method: str
    confidence: float
    n: int
    evidence: float
    peak: float
    p_value: float
    shown_at: int | None

    @property
    def shown(self) -> bool:
        """Whether the claim is shown."""
        return self.shown_at is not None

    def _table(self) -> Table:
        at = f"shown after {self.shown_at}" if self.shown else "not shown"
        return Table(
            title=f"Mean {self.claim} {self.threshold:g}: {at}, {self.method}",
            columns=("n", "evidence", "peak", "p"),
            rows=(
                (
                    str(self.n),
                    format_number(self.evidence, 3),
                    format_number(self.peak, 3),
                    format_number(self.p_value),
                ),
            ),
        )


def alpha_martingale(
    values: Sequence[float] | FloatArray,
    threshold: float,
    *,
    alternative: float,
    trust: float = math.inf,
    population_size: int | None = None,
    upper: float = 1.0,
    claim: Claim = "below",
    confidence: float = 0.95,
) -> MartingaleTest:
    r"""Test of a mean of bounded values, by betting on a supposed mean.

    Parameters
    ----------
    values : sequence of float
        Errors of the units, in [0, ``upper``], in the random order drawn: 0 for none, 1 for
        wholly wrong, parts between.
    threshold : float
        Mean to be below (or above), in (0, ``upper``).
    alternative : float
        Mean supposed, on the claimed side of ``threshold``.
    trust : float, default infinite
        How many values the supposition weighs as much as; the more values are seen, the more the
        bets follow them. Infinite bets on the supposition throughout.
    population_size : int, optional
        Units in the population, drawn from without replacement.
    upper : float, default 1.0
        Largest possible value, above 0.
    claim : {"below", "above"}, default "below"
        What is claimed of the mean.
    confidence : float, default 0.95
        1 less the risk of the claim, however often one looks.

    Returns
    -------
    MartingaleTest
        Evidence, p-value, and when the claim was shown.

    Raises
    ------
    ArgumentError
        A value is outside its domain, there are more values than units, or the supposed mean is
        not on the claimed side.

    Notes
    -----
    For "above": wealth times
    :math:`[x\,\eta/m + (u-x)(u-\eta)/(u-m)]/u`, m the null's mean of what is left and
    :math:`\eta` the supposed one, held between m and u: betting with
    :math:`\lambda = (\eta/m - 1)/(u-m)`. "below" turns values round, u - x. For 0 and 1 with a
    fixed supposition this is the sequential probability ratio.

    References
    ----------
    .. [1] P. B. Stark, "ALPHA: audit that learns from previously hand-audited ballots", *Annals of
       Applied Statistics* 17, 2023, 641-679.

    Examples
    --------
    >>> clean = alpha_martingale([0.0] * 200, 0.02, alternative=0.0, population_size=2000)
    >>> clean.shown_at
    143
    >>> alpha_martingale([0.75] * 20, 0.5, alternative=0.75, claim="above").shown_at
    14
    """
    run = _Run.of(values, threshold, population_size, upper, claim, confidence)
    supposed = check_number("alternative", alternative, least=0, most=run.upper)
    eta = supposed if claim == "above" else run.upper - supposed
    weight = check_trust(trust)
    if eta <= run.null:
        raise ArgumentError(
            f"alternative must lie {claim} the threshold; got {alternative!r} and {threshold!r}. "
            "Suppose a mean for which the claim holds, or make the other claim: "
            f"claim={'below' if claim == 'above' else 'above'!r}.",
            code="alternative-side",
            alternative=supposed,
            threshold=threshold,
        )

    def stake(step: int, mean: float, total: float) -> float:
        if math.isinf(weight):
            guess = eta
            if run.size is not None:
                guess = (run.size * eta - total) / (run.size - step + 1)
        else:
            guess = (weight * eta + total) / (weight + step - 1)
        guess = min(run.upper, max(guess, mean))
        return (guess / mean - 1) / (run.upper - mean)

    return run.result(stake, "alpha")


def check_trust(value: float) -> float:
    """``value`` above 0, infinite allowed."""
    if isinstance(value, float) and math.isinf(value) and value > 0:
        return value
    return check_number("trust", value, least=0, strict=True)


def betting_martingale(
    values: Sequence[float] | FloatArray,
    threshold: float,
    *,
    bet: float | Sequence[float],
    population_size: int | None = None,
    upper: float = 1.0,
    claim: Claim = "below",
    confidence: float = 0.95,
) -> MartingaleTest:
    r"""Test of a mean of bounded values, by stated bets.

    Parameters
    ----------
    values : sequence of float
        As for ``alpha_martingale``.
    threshold : float
        Mean to be below (or above), in (0, ``upper``).
    bet : float or sequence of float
        Share of the wealth staked on each step, at least 0; each fixed before its value is seen.
        More than would risk all of it is cut to that.
    population_size, upper, claim, confidence
        As for ``alpha_martingale``.

    Returns
    -------
    MartingaleTest
        Evidence, p-value, and when the claim was shown.

    Raises
    ------
    ArgumentError
        A value is outside its domain, there are more values than units, or bets than values.

    Notes
    -----
    For "above" wealth times :math:`1+\lambda(x-m)`, for "below" :math:`1+\lambda(m-x)`, with
    m the null's mean of what is left and :math:`\lambda \le 1/m` or :math:`1/(u-m)`.

    References
    ----------
    .. [1] I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by betting",
       *Journal of the Royal Statistical Society B* 86, 2024, 1-27.

    Examples
    --------
    >>> betting_martingale([0.0] * 160, 0.02, bet=1 / 0.98).shown_at
    149
    """
    run = _Run.of(values, threshold, population_size, upper, claim, confidence)
    several = not isinstance(bet, (int, float))
    bets = [check_number("bet", float(b), least=0) for b in np.atleast_1d(bet)]
    if several and len(bets) != len(run.values):
        raise ArgumentError(
            f"bet must be one number or one for each value; got {len(bets)} for "
            f"{len(run.values)} values.",
            code="length-differs",
            name="bet",
        )
    return run.result(lambda step, mean, total: bets[step - 1 if several else 0], "betting")


def kelly_bet(threshold: float, supposed: float) -> tuple[float, float]:
    r"""Bet that makes wealth grow fastest if errors come at a supposed rate, and that growth.

    Parameters
    ----------
    threshold : float
        Rate to be below, in (0, 1).
    supposed : float
        Rate supposed, at least 0 and below ``threshold``.

    Returns
    -------
    (float, float)
        The bet for ``betting_martingale``, and the mean growth of log wealth a unit.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    :math:`\lambda = (\theta-p)/(\theta(1-\theta))`; the growth is the divergence of p from
    :math:`\theta`, and :math:`\ln(1/\alpha)` over it the units needed, nearly.

    References
    ----------
    .. [1] J. L. Kelly, "A new interpretation of information rate", *Bell System Technical Journal*
       35, 1956, 917-926.

    Examples
    --------
    >>> bet, growth = kelly_bet(0.02, 0.005)
    >>> round(bet, 6), round(growth, 8)
    (0.765306, 0.00818274)
    """
    limit = check_fraction("threshold", threshold)
    p = check_number("supposed", supposed, least=0, most=limit)
    bet = (limit - p) / (limit * (1 - limit))
    growth = special.rel_entr(p, limit) + special.rel_entr(1 - p, 1 - limit)
    return bet, float(growth)


def kaplan_test(
    values: Sequence[float] | FloatArray,
    threshold: float,
    *,
    method: Kaplan = "markov",
    padding: float = 0.0,
    population_size: int | None = None,
    upper: float = 1.0,
    claim: Claim = "below",
    confidence: float = 0.95,
) -> MartingaleTest:
    r"""Kaplan's tests of a mean of values that are not negative.

    Parameters
    ----------
    values : sequence of float
        As for ``alpha_martingale``.
    threshold : float
        Mean to be below (or above), in (0, ``upper``).
    method : {"markov", "wald", "kolmogorov"}, default "markov"
        "kolmogorov" is for draws without replacement and needs ``population_size``; the others
        take draws as independent.
    padding : float, default 0.0
        Keeps one bad value from ending it all, at least 0; for "wald" in [0, 1].
    population_size, upper, claim, confidence
        As for ``alpha_martingale``.

    Returns
    -------
    MartingaleTest
        Evidence, p-value (1 over the peak on the way, not the last), and when it was shown.

    Raises
    ------
    ArgumentError
        A value is outside its domain, or the population and the method do not fit.

    Notes
    -----
    Bets :math:`1/(t+g)` (Markov), :math:`(1-g)/t` (Wald), :math:`1/(m+g)` (Kolmogorov), t the
    threshold, g the padding, m the null's mean of what is left, for "above"; "below" turns values
    round first.

    References
    ----------
    .. [1] P. B. Stark, "Risk-limiting postelection audits: conservative P-values from common
       probability inequalities", *IEEE Transactions on Information Forensics and Security* 4,
       2009, 1005-1014.

    Examples
    --------
    >>> kaplan_test([1.0] * 5, 0.5, claim="above").p_value
    0.03125
    """
    check_choice("method", method, get_args(Kaplan))
    run = _Run.of(values, threshold, population_size, upper, claim, confidence)
    if (method == "kolmogorov") != (population_size is not None):
        raise ArgumentError(
            f"population_size goes with method='kolmogorov' alone; got {population_size!r} with "
            f"{method!r}. Draws without replacement need that method.",
            code="model-arguments",
            got=(method, population_size),
        )
    g = check_number("padding", padding, least=0, most=1.0 if method == "wald" else math.inf)

    def stake(step: int, mean: float, total: float) -> float:
        return (1 - g) / mean if method == "wald" else 1 / (mean + g)

    return run.result(stake, f"kaplan-{method}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Run:
    """Values turned so that the claim is "above", with the null's mean."""

    values: FloatArray
    null: float
    size: int | None
    upper: float
    claim: Claim
    threshold: float
    confidence: float

    @classmethod
    def of(
        cls,
        values: Sequence[float] | FloatArray,
        threshold: float,
        size: int | None,
        upper: float,
        claim: Claim,
        confidence: float,
    ) -> _Run:
        most = check_number("upper", upper, least=0, strict=True)
        check_choice("claim", claim, get_args(Claim))
        check_fraction("confidence", confidence)
        t = check_number("threshold", threshold, least=0, strict=True)
        given = array_of("values", values)
        inside = given.ndim == 1 and len(given) and bool(((given >= 0) & (given <= most)).all())
        if not inside or t >= most:
            raise ArgumentError(
                f"values must be at least one, in [0, {most:g}], and threshold below {most:g}; got "
                f"{given.shape} values from {given.min() if given.size else None} to "
                f"{given.max() if given.size else None}, threshold={threshold!r}. "
                "Give upper.",
                code="values-outside",
                threshold=t,
            )
        if size is not None:
            check_count("population_size", size, least=len(given))
        above = claim == "above"
        return cls(
            values=given if above else most - given,
            null=t if above else most - t,
            size=size,
            upper=most,
            claim=claim,
            threshold=t,
            confidence=float(confidence),
        )

    def result(self, stake: Stake, method: str) -> MartingaleTest:
        needed = -math.log(complement(self.confidence))
        wealth, peak, total, shown = 0.0, 0.0, 0.0, None
        for step, value in enumerate(self.values.tolist(), start=1):
            mean = self.null
            if self.size is not None:
                mean = (self.size * self.null - total) / (self.size - step + 1)
            wealth += self._growth(value, mean, stake, step, total)
            total += value
            peak = max(peak, wealth)
            # Up to float dust, as the wealth is a product of many factors.
            if shown is None and wealth >= needed * (1 - 1e-12):
                shown = step
        return MartingaleTest(
            claim=self.claim,
            threshold=self.threshold,
            method=method,
            confidence=self.confidence,
            n=len(self.values),
            evidence=math.exp(wealth) if wealth < 700 else math.inf,
            peak=math.exp(peak) if peak < 700 else math.inf,
            p_value=math.exp(-peak),
            shown_at=shown,
        )

    def _growth(self, value: float, mean: float, stake: Stake, step: int, total: float) -> float:
        """Log factor of one step."""
        if mean <= 0:
            # What was seen is already more than the null allows, or all that it allows.
            return math.inf if mean < 0 or value > 0 else 0.0
        if mean >= self.upper:
            return 0.0
        bet = min(1 / mean, max(0.0, stake(step, mean, total)))
        factor = 1 + bet * (value - mean)
        return math.log(factor) if factor > 1e-300 else -math.inf
