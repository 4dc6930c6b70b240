"""Decisions: what an interval or a point says about a threshold, and what would settle it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import special

from ._checks import (
    FloatArray,
    check_choice,
    check_count,
    check_fraction,
    check_number,
    check_share,
)
from ._show import Table, format_number
from .composite import CompositeEstimate
from .errors import ArgumentError
from .intervals import korn_graubard_limits
from .results import Estimate, Interval, Result

Standard = Literal["evidence", "point"]
Direction = Literal["below", "above"]
AtThreshold = Literal["pass", "fail"]
Conclusion = Literal["pass", "fail", "inconclusive"]
Null = Literal["at-or-above-threshold", "at-or-below-threshold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Result):
    """What a result says about a threshold.

    Parameters
    ----------
    conclusion : {"pass", "fail", "inconclusive"}
        The decision.
    standard : {"evidence", "point"}
        Whether the limits or the point decided.
    threshold : float
        The threshold.
    direction : {"below", "above"}
        On which side of it values pass.
    at_threshold : {"pass", "fail"}
        What a value equal to the threshold counts as.
    boundary : bool
        The deciding number (the point, or a limit that a claim rests on) equals the threshold.
    point : float or None
        The estimate; None when an interval alone was given.
    lower, upper : float or None
        The limits compared; None under the point standard without an interval's part.
    confidence : float or None
        Confidence of those limits; None under the point standard.
    pass_null, fail_null : {"at-or-above-threshold", "at-or-below-threshold"} or None
        What each claim rejects; None under the point standard, which tests nothing.
    pass_risk, fail_risk : float or None
        Largest chance of each claim while its null holds; None under the point standard, which
        controls neither.
    """

    conclusion: Conclusion
    standard: Standard
    threshold: float
    direction: Direction
    at_threshold: AtThreshold
    boundary: bool
    point: float | None
    lower: float | None
    upper: float | None
    confidence: float | None
    pass_null: Null | None
    fail_null: Null | None
    pass_risk: float | None
    fail_risk: float | None

    def _table(self) -> Table:
        return Table(
            title=f"{self.conclusion}: {self.direction} {self.threshold:g}, {self.standard}",
            columns=("point", "lower", "upper", "risk of pass", "risk of fail"),
            rows=(
                tuple(
                    format_number(value)
                    for value in (
                        self.point,
                        self.lower,
                        self.upper,
                        self.pass_risk,
                        self.fail_risk,
                    )
                ),
            ),
            notes=("equal to the threshold",) if self.boundary else (),
        )


def decide(
    estimate_or_interval: Estimate | CompositeEstimate | Interval,
    threshold: float,
    *,
    risk: float = 0.025,
    standard: Standard = "evidence",
    direction: Direction = "below",
    at_threshold: AtThreshold = "pass",
) -> Decision:
    r"""Pass, fail or inconclusive against a threshold.

    Parameters
    ----------
    estimate_or_interval : Estimate, CompositeEstimate or Interval
        What was found. The point standard needs an estimate.
    threshold : float
        Finite.
    risk : float, default 0.025
        Of each one-sided claim, in (0, 0.5); it must agree with the interval's confidence, which is
        ``1 - 2*risk`` when two-sided. Not used by the point standard.
    standard : {"evidence", "point"}, default "evidence"
        "evidence" passes when the whole interval lies on the passing side, fails when it lies on
        the other, and is inconclusive between; "point" compares the estimate alone.
    direction : {"below", "above"}, default "below"
        The side on which values pass: "below" for an error rate, "above" for an approval rate.
    at_threshold : {"pass", "fail"}, default "pass"
        What an estimate equal to the threshold counts as under the point standard.

    Returns
    -------
    Decision
        The conclusion with everything compared.

    Raises
    ------
    ArgumentError
        A value is outside its domain, the confidence does not match ``risk``, or the point
        standard got an interval alone.

    Notes
    -----
    Below: pass when U < threshold (rejecting "at or above"), fail when L > threshold (rejecting
    "at or below"). A limit equal to the threshold claims nothing. Equality is up to a relative
    1e-12, so that float dust decides nothing; ``boundary`` tells that it happened. The default
    risk agrees with the two-sided 95 % interval. Asking that several thresholds all pass needs no
    correction of the risk (intersection-union).

    References
    ----------
    .. [1] R. L. Berger, "Multiparameter hypothesis testing and acceptance sampling",
       *Technometrics* 24, 1982, 295-300.

    Examples
    --------
    >>> interval = Interval(lower=0.0, upper=0.0123, confidence=0.95, method="clopper-pearson")
    >>> decide(interval, 0.02).conclusion
    'pass'
    """
    check_choice("standard", standard, get_args(Standard))
    check_choice("direction", direction, get_args(Direction))
    check_choice("at_threshold", at_threshold, get_args(AtThreshold))
    limit = check_number("threshold", threshold, least=-math.inf)
    given = estimate_or_interval
    if not isinstance(given, (Estimate, CompositeEstimate, Interval)):
        raise ArgumentError(
            f"a decision needs one estimate or interval; got {type(given).__name__}. "
            "Take one row of the estimates.",
            code="not-an-estimate",
            got=type(given).__name__,
        )
    point = None if isinstance(given, Interval) else given.estimate
    if standard == "point":
        return _by_point(point, limit, direction, at_threshold)
    interval = given if isinstance(given, Interval) else given.interval
    _check_risk(interval, risk)
    low, high = _order(interval.lower, limit), _order(interval.upper, limit)
    passes_below = direction == "below"
    conclusion: Conclusion = "inconclusive"
    if high < 0:
        conclusion = "pass" if passes_below else "fail"
    elif low > 0:
        conclusion = "fail" if passes_below else "pass"
    at_or_above: Null = "at-or-above-threshold"
    at_or_below: Null = "at-or-below-threshold"
    return Decision(
        conclusion=conclusion,
        standard=standard,
        threshold=limit,
        direction=direction,
        at_threshold=at_threshold,
        boundary=0 in (low, high),
        point=point,
        lower=interval.lower,
        upper=interval.upper,
        confidence=interval.confidence,
        pass_null=at_or_above if passes_below else at_or_below,
        fail_null=at_or_below if passes_below else at_or_above,
        pass_risk=risk,
        fail_risk=risk,
    )


def _order(value: float, limit: float) -> int:
    """-1, 0 or 1: ``value`` below, equal to (up to float dust) or above ``limit``."""
    if math.isclose(value, limit, rel_tol=1e-12, abs_tol=0.0):
        return 0
    return -1 if value < limit else 1


def _by_point(
    point: float | None, limit: float, direction: Direction, at_threshold: AtThreshold
) -> Decision:
    if point is None:
        raise ArgumentError(
            "the point standard needs an estimate; got an interval alone. Give the estimate.",
            code="point-missing",
        )
    side = _order(point, limit)
    passing = -1 if direction == "below" else 1
    conclusion: Conclusion = "pass" if side == passing else "fail"
    return Decision(
        conclusion=at_threshold if side == 0 else conclusion,
        standard="point",
        threshold=limit,
        direction=direction,
        at_threshold=at_threshold,
        boundary=side == 0,
        point=point,
        lower=None,
        upper=None,
        confidence=None,
        pass_null=None,
        fail_null=None,
        pass_risk=None,
        fail_risk=None,
    )


def _check_risk(interval: Interval, risk: float) -> None:
    check_number("risk", risk, least=0, strict=True, most=0.5)
    sides = 2 if interval.side == "two-sided" else 1
    if not math.isclose(1 - sides * risk, interval.confidence, rel_tol=0, abs_tol=1e-9):
        raise ArgumentError(
            f"risk={risk!r} needs a {interval.side} interval of confidence "
            f"{1 - sides * risk:g}; got {interval.confidence!r}. Estimate with that confidence, or "
            f"give risk={(1 - interval.confidence) / sides:g}.",
            code="risk-confidence",
            risk=risk,
            confidence=interval.confidence,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PsusToShow(Result):
    """PSUs that would show a rate below a threshold.

    Parameters
    ----------
    psus : int or None
        Further PSUs to visit, 0 when what was seen shows it; None when ``max_psus`` do not reach
        the power.
    n : int or None
        Units in them; None as for ``psus``.
    acceptance_number : int or None
        Most events among all units, seen ones included, that show it; None when no number does.
    power : float
        Chance of showing it with ``psus`` further PSUs, or with ``max_psus`` when they fall short.
    threshold, true_rate, wanted_power, risk : float
        The request.
    take : int
        Units in each further PSU.
    icc, kish : float
        Intra-cluster correlation and Kish's factor.
    seen_n, seen_events : int
        Units and events already observed.
    max_psus : int
        Where the search ended.
    model : str
        Distribution of the events.
    """

    psus: int | None
    n: int | None
    acceptance_number: int | None
    power: float
    threshold: float
    true_rate: float
    wanted_power: float
    risk: float
    take: int
    icc: float
    kish: float
    seen_n: int
    seen_events: int
    max_psus: int
    model: Literal["beta-binomial"] = "beta-binomial"

    @property
    def reached(self) -> bool:
        """Whether some number of PSUs up to ``max_psus`` has the power."""
        return self.psus is not None

    def _table(self) -> Table:
        shown = str(self.psus) if self.psus is not None else f"more than {self.max_psus}"
        events = "-" if self.acceptance_number is None else str(self.acceptance_number)
        return Table(
            title=f"PSUs to show below {self.threshold:g} when it is {self.true_rate:g}",
            columns=("PSUs", "n", "events at most", "power"),
            rows=(
                (
                    shown,
                    "-" if self.n is None else str(self.n),
                    events,
                    format_number(self.power, 3),
                ),
            ),
        )


def psus_to_show_below(
    threshold: float,
    *,
    true_rate: float,
    take: int,
    icc: float,
    power: float = 0.8,
    kish: float = 1.0,
    risk: float = 0.025,
    seen_n: int = 0,
    seen_events: int = 0,
    max_psus: int = 300,
) -> PsusToShow:
    r"""Fewest PSUs after which the upper limit probably lies below a threshold.

    Units already observed count in the limit; chance is in the further PSUs alone.

    Parameters
    ----------
    threshold : float
        Rate to show to be undercut, in (0, 1).
    true_rate : float
        Rate supposed true, at least 0 and below ``threshold``.
    take : int
        Units in each further PSU, at least 1.
    icc : float
        Intra-cluster correlation, in [0, 1].
    power : float, default 0.8
        Chance wanted, in (0, 1).
    kish : float, default 1.0
        Kish's factor of unequal weights, at least 1.
    risk : float, default 0.025
        Of the claim: the limit is that of the two-sided interval of confidence ``1 - 2*risk``.
    seen_n, seen_events : int, default 0
        Units already observed, and those of them with the event.
    max_psus : int, default 300
        Where to end the search.

    Returns
    -------
    PsusToShow
        ``psus`` is None when the search ended without reaching the power.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    The limit is Korn and Graubard's at n/deff with deff = K(1 + (b-1)rho) for all n units, those
    seen included, as ``estimate_proportion(..., icc=)`` gives it. The events of a further PSU are
    beta-binomial with correlation rho, or the one that makes their variance K times larger when
    weights are unequal (at most 1); their sum is convolved exactly. Power is not monotone in the
    number of PSUs: a few more than the answer may have slightly less.

    References
    ----------
    .. [1] B. L. Hedt-Gauthier and others, "The effect of clustering on lot quality assurance
       sampling: a probabilistic model to calculate sample sizes for quality assessments",
       *Emerging Themes in Epidemiology* 10, 2013 (the beta-binomial model of clustered plans).

    Examples
    --------
    >>> plan = psus_to_show_below(0.02, true_rate=0.005, take=37, icc=0.05)
    >>> plan.psus, plan.acceptance_number, round(plan.power, 3)
    (37, 10, 0.817)
    """
    limit = check_fraction("threshold", threshold)
    rate = check_share("true_rate", true_rate)
    if rate >= limit:
        raise ArgumentError(
            f"true_rate must be below threshold; got {true_rate!r} and {threshold!r}. "
            "Nothing shows a rate below what it is.",
            code="rate-not-below",
            true_rate=rate,
            threshold=limit,
        )
    b = check_count("take", take, least=1)
    rho = check_share("icc", icc)
    wanted = check_fraction("power", power)
    factor = check_number("kish", kish, least=1)
    check_number("risk", risk, least=0, strict=True, most=0.499)
    check_count("seen_n", seen_n, least=0)
    check_count("seen_events", seen_events, least=0, most=seen_n)
    most = check_count("max_psus", max_psus, least=1)
    deff = factor * (1 + (b - 1) * rho)
    # More events than these cannot pass even after max_psus.
    room = math.ceil(limit * (seen_n + most * b)) + 1
    one = beta_binomial_pmf(b, rate, _spread_icc(b, deff))[:room]
    total: FloatArray = np.ones(1)
    found: int | None = None
    chance, accept = 0.0, -1
    for psus in range(0 if seen_n else 1, most + 1):
        total = np.convolve(total, one)[:room] if psus else total
        n = seen_n + psus * b
        accept = _acceptance(accept, n, n / max(1.0, deff), limit, 1 - 2 * risk)
        chance = float(total[: max(0, accept - seen_events + 1)].sum())
        if chance >= wanted:
            found = psus
            break
    return PsusToShow(
        psus=found,
        n=None if found is None else found * b,
        acceptance_number=accept if accept >= 0 else None,
        power=chance,
        threshold=limit,
        true_rate=rate,
        wanted_power=wanted,
        risk=float(risk),
        take=b,
        icc=rho,
        kish=factor,
        seen_n=seen_n,
        seen_events=seen_events,
        max_psus=most,
    )


def _spread_icc(take: int, deff: float) -> float:
    """Correlation that gives ``take`` units in a PSU the design effect ``deff``; at most 1."""
    return min(1.0, (deff - 1) / (take - 1)) if take > 1 else 0.0


def _acceptance(least: int, n: int, n_star: float, limit: float, confidence: float) -> int:
    """Most events of ``n`` whose upper limit is below ``limit``, from ``least`` on; -1 if none."""
    accept = least
    while accept + 1 < n:
        _, upper = korn_graubard_limits((accept + 1) / n, n_star, confidence=confidence)
        if not float(upper) < limit:
            break
        accept += 1
    return accept


def beta_binomial_pmf(n: int, rate: float, icc: float) -> FloatArray:
    """Chances of 0 to ``n`` events when units of a cluster correlate by ``icc``.

    Examples
    --------
    >>> beta_binomial_pmf(2, 0.5, 0.0).tolist()
    [0.25, 0.5, 0.25]
    """
    events = np.arange(n + 1, dtype=np.float64)
    if rate in (0, 1):
        return np.where(events == n * rate, 1.0, 0.0)
    if icc == 1:
        return np.where(events == 0, 1 - rate, np.where(events == n, rate, 0.0))
    ways = special.gammaln(n + 1) - special.gammaln(events + 1) - special.gammaln(n - events + 1)
    if icc == 0:
        logs = ways + events * math.log(rate) + (n - events) * math.log1p(-rate)
    else:
        a, b = rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc
        logs = ways + special.betaln(events + a, n - events + b) - special.betaln(a, b)
    chances: FloatArray = np.exp(logs)
    return chances
