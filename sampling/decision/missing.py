"""What nonresponse can do to a decision: as if at random, how bad until it turns, and at worst."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from scipy import optimize, stats

from .._checks import check_choice, check_count, check_fraction, check_number, check_share
from .._show import Table, format_number
from ..composite import CompositePart, estimate_composite
from ..errors import ArgumentError
from ..intervals import korn_graubard_limits
from ..results import Interval, Result
from .threshold import Decision, decide

Basis = Literal["evidence", "point"]

ROBUST = 3.0
"""Odds ratio of nonrespondents to respondents that a robust decision bears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseClass(Result):
    """One weighting class: who was asked, who answered, who has the event.

    Parameters
    ----------
    name : str
        Its name.
    sampled : int
        Units sampled.
    responded : int
        Those that answered, at least 1.
    events : int
        Those of them with the event.
    share : float or None
        Known share of the population, in (0, 1]; None lets the sampled units tell it.

    Raises
    ------
    ArgumentError
        A count is outside its domain.
    """

    name: str
    sampled: int
    responded: int
    events: int
    share: float | None = None

    def __post_init__(self) -> None:
        check_count("sampled", self.sampled, least=1)
        check_count("responded", self.responded, least=1, most=self.sampled)
        check_count("events", self.events, least=0, most=self.responded)
        if self.share is not None:
            check_share("share", self.share, zero=False)

    def _table(self) -> Table:
        return Table(
            title=f"Class {self.name}",
            columns=("sampled", "responded", "events"),
            rows=((str(self.sampled), str(self.responded), str(self.events)),),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NonresponseDecision(Result):
    """A decision with what nonresponse can do to it.

    Parameters
    ----------
    decision : Decision
        As if nonresponse were at random within classes.
    standard : {"evidence", "point"}
        What is held against the threshold in the tipping point.
    naive : float
        Share of events among respondents, classes ignored.
    adjusted : float
        Share with the classes in their right parts.
    response_rate : float
        Share of the population, by classes, that answers.
    tipping_rate : float or None
        Rate of the nonrespondents at which the decision turns; None, with ``why`` filled, when it
        never does or is open from the start.
    tipping_odds_ratio : float or None
        Odds of that rate over those of the respondents.
    robust : bool
        Whether the decision is made and bears odds three times (or a third of) the respondents'.
    worst : Interval
        Estimates with no and with all nonrespondents having the event; no confidence is in it.
    worst_interval : Interval
        Imbens and Manski's interval: covers the rate, wherever between the worst it is.
    worst_decision : Decision
        By that interval.
    why : str
        Why there is no tipping point; empty when there is.
    """

    decision: Decision
    standard: Basis
    naive: float
    adjusted: float
    response_rate: float
    tipping_rate: float | None
    tipping_odds_ratio: float | None
    robust: bool
    worst: Interval
    worst_interval: Interval
    worst_decision: Decision
    why: str = ""

    def _table(self) -> Table:
        held = "robust" if self.robust else "not robust"
        return Table(
            title=f"{self.decision.conclusion} if missing at random, {held}",
            columns=("", "rate", "lower", "upper", "conclusion"),
            rows=(
                (
                    "at random",
                    format_number(self.adjusted),
                    format_number(self.decision.lower),
                    format_number(self.decision.upper),
                    self.decision.conclusion,
                ),
                (
                    "worst case",
                    f"{format_number(self.worst.lower)} to {format_number(self.worst.upper)}",
                    format_number(self.worst_interval.lower),
                    format_number(self.worst_interval.upper),
                    self.worst_decision.conclusion,
                ),
            ),
            notes=(
                self.why
                or "turns when nonrespondents have a rate of "
                f"{format_number(self.tipping_rate)}, "
                f"odds {format_number(self.tipping_odds_ratio, 2)} times the respondents'",
            ),
        )


def decide_under_nonresponse(
    classes: Sequence[ResponseClass],
    threshold: float,
    *,
    risk: float = 0.025,
    standard: Basis = "evidence",
    at_threshold: Literal["pass", "fail"] = "pass",
    deff: float = 1.0,
) -> NonresponseDecision:
    r"""Decision about a rate when some did not answer, at random or not.

    Parameters
    ----------
    classes : sequence of ResponseClass
        Weighting classes, at least one.
    threshold : float
        The threshold, in (0, 1); rates below it pass.
    risk : float, default 0.025
        Of each one-sided claim, in (0, 0.5).
    standard : {"evidence", "point"}, default "evidence"
        Whether the limit or the point is held against the threshold.
    at_threshold : {"pass", "fail"}, default "pass"
        As for ``decide``.
    deff : float, default 1.0
        Design effect of the sample, at least 1.

    Returns
    -------
    NonresponseDecision
        The decision at random, the tipping point, and the worst case.

    Raises
    ------
    ArgumentError
        No class, names that repeat, known shares for some classes only, or a value outside its
        domain.

    Notes
    -----
    With W the parts of the classes, p the rates of their respondents and r their response rates:
    at random :math:`\sum W p`, with the interval of ``estimate_composite``. If nonrespondents have
    the rate q, the whole has :math:`\sum W r p + q\sum W(1-r)`. By the point it turns where that is
    the threshold, and the odds ratio compares q with the respondents as they are. By evidence the
    respondents' rate stands at its limit (upper for a pass) and the odds ratio compares with that
    limit. The worst case puts q at 0 and 1. Imbens and Manski's C solves
    :math:`\Phi(C + \Delta/s) - \Phi(-C) = 1-\alpha`; its level is put on exact limits, as normal
    ones fail with few events.

    References
    ----------
    .. [1] G. W. Imbens, C. F. Manski, *Econometrica* 72, 2004, 1845-1857.
    .. [2] R. J. A. Little, D. B. Rubin, *Statistical Analysis with Missing Data*, 3rd ed., Wiley,
       2019, chapter 15 (missing not at random).

    Examples
    --------
    >>> classes = [
    ...     ResponseClass(name="exited", sampled=400, responded=300, events=9),
    ...     ResponseClass(name="unregistered", sampled=600, responded=540, events=5),
    ... ]
    >>> found = decide_under_nonresponse(classes, 0.02, standard="point")
    >>> round(found.adjusted, 6), round(found.tipping_rate, 4), round(found.tipping_odds_ratio, 3)
    (0.017556, 0.0375, 2.299)
    >>> found.robust, round(found.worst.lower, 3), round(found.worst.upper, 3)
    (False, 0.014, 0.174)
    """
    limit = check_fraction("threshold", threshold)
    check_number("risk", risk, least=0, strict=True, most=0.499)
    check_choice("standard", standard, get_args(Basis))
    effect = check_number("deff", deff, least=1)
    parts = _Classes.of(classes, effect)
    confidence = 1 - 2 * risk
    composite = estimate_composite(parts.composite(), confidence=confidence)
    decision = decide(composite, limit, risk=risk, standard=standard, at_threshold=at_threshold)
    if standard == "point":
        beside = composite.interval
        decision = replace(decision, lower=beside.lower, upper=beside.upper, confidence=confidence)
    rate, ratio, why = _tipping(parts, decision, standard, limit, composite.interval)
    worst, around = parts.worst(confidence)
    return NonresponseDecision(
        decision=decision,
        standard=standard,
        naive=parts.naive,
        adjusted=composite.estimate,
        response_rate=parts.response_rate,
        tipping_rate=rate,
        tipping_odds_ratio=ratio,
        robust=_robust(decision, rate, ratio),
        worst=worst,
        worst_interval=around,
        worst_decision=decide(around, limit, risk=risk),
        why=why,
    )


def _robust(decision: Decision, rate: float | None, ratio: float | None) -> bool:
    if decision.conclusion == "inconclusive":
        return False
    if ratio is None:
        return rate is None
    return ratio >= ROBUST if decision.conclusion == "pass" else ratio <= 1 / ROBUST


@dataclass(frozen=True, slots=True, kw_only=True)
class _Classes:
    """Weighting classes with their parts of the population."""

    rows: tuple[ResponseClass, ...]
    shares: tuple[float, ...]
    deff: float

    @classmethod
    def of(cls, classes: Sequence[ResponseClass], deff: float) -> _Classes:
        rows = tuple(classes)
        names = [row.name for row in rows]
        told = [row.share is not None for row in rows]
        if not rows or len(set(names)) < len(names) or (any(told) and not all(told)):
            raise ArgumentError(
                "classes must be at least one, each with its own name, and have known shares all "
                f"or none; got {names!r}. Give each class once.",
                code="classes",
                got=tuple(names),
            )
        sampled = sum(row.sampled for row in rows)
        shares = tuple(row.sampled / sampled if row.share is None else row.share for row in rows)
        if not math.isclose(sum(shares), 1.0, abs_tol=1e-6):
            raise ArgumentError(
                f"shares of the classes must sum to 1; got {sum(shares)!r}. Divide by the whole.",
                code="classes",
                got=sum(shares),
            )
        return cls(rows=rows, shares=shares, deff=deff)

    @property
    def naive(self) -> float:
        return sum(row.events for row in self.rows) / sum(row.responded for row in self.rows)

    @property
    def response_rate(self) -> float:
        return sum(
            w * row.responded / row.sampled for w, row in zip(self.shares, self.rows, strict=True)
        )

    @property
    def responding_events(self) -> float:
        """Share of the population that responds and has the event."""
        return sum(
            w * row.events / row.sampled for w, row in zip(self.shares, self.rows, strict=True)
        )

    def composite(self) -> list[CompositePart]:
        return [
            CompositePart(
                name=row.name,
                share=w,
                proportion=row.events / row.responded,
                n=row.responded,
                events=row.events,
                variance_factor=min(1.0, self.deff / row.responded),
            )
            for w, row in zip(self.shares, self.rows, strict=True)
        ]

    def worst(self, confidence: float) -> tuple[Interval, Interval]:
        """Estimates with none and all of the nonrespondents having it, and the interval around."""
        low = self.responding_events
        high = low + 1 - self.response_rate
        kish = sum(w**2 / row.sampled for w, row in zip(self.shares, self.rows, strict=True))
        size = 1 / (kish * self.deff)
        spread = math.sqrt(max(low * (1 - low), high * (1 - high), 1 / size) / size)
        gap, risk = (high - low) / spread, 1 - confidence
        c = optimize.brentq(
            lambda at: stats.norm.cdf(at + gap) - stats.norm.cdf(-at) - (1 - risk), 0.0, 10.0
        )
        level = 1 - 2 * float(stats.norm.sf(c))
        ends = korn_graubard_limits(np.array([low, min(1.0, high)]), size, confidence=level)
        named = {"confidence": float(confidence), "method": "imbens-manski"}
        return (
            Interval(lower=low, upper=min(1.0, high), confidence=float(confidence), method="worst"),
            Interval(lower=float(ends[0][0]), upper=float(ends[1][1]), **named),  # type: ignore[arg-type]
        )


def _tipping(
    parts: _Classes, decision: Decision, standard: Basis, limit: float, interval: Interval
) -> tuple[float | None, float | None, str]:
    """Rate of the nonrespondents at which the decision turns, and its odds ratio."""
    if decision.conclusion == "inconclusive":
        return None, None, "open even if nonresponse is at random"
    missing = 1 - parts.response_rate
    if missing <= 1e-12:
        return None, None, "everybody answered"
    passes = decision.conclusion == "pass"
    if standard == "point":
        answering, reference = parts.responding_events, parts.naive
    else:
        reference = interval.upper if passes else interval.lower
        answering = reference * parts.response_rate
    rate = (limit - answering) / missing
    if passes and rate > 1:
        return None, None, "passes even if every nonrespondent has the event"
    if not passes and rate < 0:
        return None, None, "fails even if no nonrespondent has the event"
    rate = min(1.0, max(0.0, rate))
    if not 0 < reference < 1:
        return rate, None, "odds have no ratio where all respondents are alike"
    odds = math.inf if rate == 1 else rate / (1 - rate)
    return rate, odds / (reference / (1 - reference)), ""
