"""A rate found by an inspector who errs, corrected by known or sampled error rates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Literal, get_args

import numpy as np
from scipy import stats

from .._checks import check_choice, check_count, check_number, check_share
from .._show import Table, format_number
from ..errors import ArgumentError
from ..intervals import (
    interval_blaker,
    interval_clopper_pearson,
    interval_sterne,
    interval_wilson,
    korn_graubard_limits,
)
from ..intervals._limits import tail_of
from ..results import Interval, Result, Side
from ._melding import BetaShare, Nodes, lower_share, root_of_cdf, upper_share
from ._posterior import Posterior, posterior_of_rate

AdjustMethod = Literal["rogan-gladen", "lang-reiczigel", "melding", "bayes"]
ApparentInterval = Literal["clopper-pearson", "wilson", "blaker", "sterne"]
ErrorRate = float | tuple[int, int]

_EXACT = {
    "clopper-pearson": interval_clopper_pearson,
    "wilson": interval_wilson,
}
_TWO_SIDED = {"blaker": interval_blaker, "sterne": interval_sterne}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueRate(Result):
    """A rate corrected for the errors of who found it.

    Parameters
    ----------
    estimate : float
        The true rate, within [0, 1]; the posterior median under "bayes".
    std_error : float or None
        Of the estimate before it was brought into [0, 1], sampled error rates included; None
        where the method has none.
    interval : Interval
        Its limits, within [0, 1].
    unclipped : tuple of three floats
        Estimate and limits before they were brought into [0, 1].
    apparent, n : float
        The rate as found, and how many units (or what effective number) it stands on.
    sensitivity, specificity : float
        Shares of truly positive and truly negative units that are found so.
    method : str
        Which method acted.
    shortest, other_prior : Interval or None
        Under "bayes": the shortest interval, and the interval under Jeffreys' prior of the rate.
    why : str
        A caution; empty when there is none.
    """

    estimate: float
    std_error: float | None
    interval: Interval
    unclipped: tuple[float, float, float]
    apparent: float
    n: float
    sensitivity: float
    specificity: float
    method: str
    shortest: Interval | None = None
    other_prior: Interval | None = None
    why: str = ""

    @property
    def lower(self) -> float:
        """Lower limit of ``interval``."""
        return self.interval.lower

    @property
    def upper(self) -> float:
        """Upper limit of ``interval``."""
        return self.interval.upper

    @property
    def impossible(self) -> bool:
        """Whether fewer were found than false positives alone would give."""
        return self.apparent < 1 - self.specificity

    def _table(self) -> Table:
        notes = [self.why] if self.why else []
        if self.shortest is not None:
            notes.append(f"shortest: {_span(self.shortest)}")
        if self.other_prior is not None:
            notes.append(f"under Jeffreys' prior: {_span(self.other_prior)}")
        return Table(
            title=f"True rate, {self.method}, {self.interval.confidence:.0%} interval",
            columns=("apparent", "n", "sensitivity", "specificity", "rate", "lower", "upper"),
            rows=(
                (
                    format_number(self.apparent),
                    format_number(self.n, 1),
                    format_number(self.sensitivity),
                    format_number(self.specificity),
                    format_number(self.estimate),
                    format_number(self.interval.lower),
                    format_number(self.interval.upper),
                ),
            ),
            notes=tuple(notes),
        )


def _span(interval: Interval) -> str:
    return f"{format_number(interval.lower)} to {format_number(interval.upper)}"


def adjust_for_errors(
    apparent: float,
    n: float,
    sensitivity: ErrorRate,
    specificity: ErrorRate,
    *,
    method: AdjustMethod = "rogan-gladen",
    interval: ApparentInterval = "clopper-pearson",
    prior: tuple[float, float] = (1.0, 1.0),
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> TrueRate:
    r"""Correct an apparent rate, given how often positives and negatives are mistaken.

    Error rates must have been measured on the same kind of unit at the same time: by filed
    status where inspectors treat filed statuses differently, never over both.

    Parameters
    ----------
    apparent : int or float
        Units found positive (a whole number), or the rate as found (a fraction).
    n : float
        Units inspected; the effective number where they came in clusters or with weights.
    sensitivity, specificity : float or tuple of two ints
        Share of truly positive (negative) units found so: as known, in (0, 1], or how many were
        found so, out of how many.
    method : {"rogan-gladen", "lang-reiczigel", "melding", "bayes"}, default "rogan-gladen"
        - "rogan-gladen": the limits of the apparent rate, carried over; normal limits with all
          three variances when an error rate was sampled.
        - "lang-reiczigel": for sampled error rates; counts adjusted, then normal.
        - "melding": confidence distributions of all three melded; keeps its promise with few
          events and few verified units.
        - "bayes": posterior under ``prior`` and flat priors of sampled error rates.
    interval : {"clopper-pearson", "wilson", "blaker", "sterne"}, default "clopper-pearson"
        Of the apparent rate under "rogan-gladen"; the last two are two-sided and need counts.
    prior : tuple of two floats, default (1, 1)
        Beta prior of the true rate under "bayes".
    confidence : float, default 0.95
        In (0, 1); of the single limit when one-sided.
    side : {"two-sided", "upper", "lower"}, default "two-sided"
        Which limits are wanted.

    Returns
    -------
    TrueRate
        Estimate and limits within [0, 1], and as they were before.

    Raises
    ------
    ArgumentError
        A value is outside its domain, the error rates say nothing (sensitivity and specificity
        add to 1 or less), or the method needs sampled error rates.

    Notes
    -----
    :math:`p = (a + Sp - 1)/(Se + Sp - 1)` with the apparent rate a. Lang and Reiczigel's interval
    takes :math:`n' = n+z^2`, :math:`Se' = (x+1)/(m+2)` and the like, and is moved by
    :math:`2z^2[p' Se'(1-Se')/(m_{Se}+2) - (1-p')Sp'(1-Sp')/(m_{Sp}+2)]`. Melding takes quantiles
    of :math:`(\theta - 1 + Sp)/(Se + Sp - 1)`, brought into [0, 1], over the distributions whose
    quantiles are Clopper and Pearson's limits, by fixed nodes and not by random draws.

    References
    ----------
    .. [1] W. J. Rogan, B. Gladen, "Estimating prevalence from the results of a screening test",
       *American Journal of Epidemiology* 107, 1978, 71-76.
    .. [2] Z. Lang, J. Reiczigel, "Confidence limits for prevalence of disease adjusted for
       estimated sensitivity and specificity", *Preventive Veterinary Medicine* 113, 2014, 13-22.
    .. [3] D. M. Bayer, M. P. Fay, B. I. Graubard, "Confidence intervals for prevalence estimates
       from complex surveys with imperfect assays", *Statistics in Medicine* 42, 2023, 1822-1867.
    .. [4] A. Gelman, B. Carpenter, "Bayesian analysis of tests with unknown specificity and
       sensitivity", *Applied Statistics* 69, 2020, 1269-1283.

    Examples
    --------
    >>> found = adjust_for_errors(23, 150, 0.96, 0.89, interval="blaker")
    >>> round(found.estimate, 6), [round(limit, 6) for limit in found.unclipped[1:]]
    (0.05098, [-0.010622, 0.12753])
    >>> found = adjust_for_errors(50, 3330, (103, 122), (399, 401), method="melding")
    >>> round(found.upper, 4)
    0.0206
    """
    check_choice("method", method, get_args(AdjustMethod))
    check_choice("interval", interval, get_args(ApparentInterval))
    case = _Case.checked(apparent, n, sensitivity, specificity)
    tail = tail_of(confidence, side)
    if method == "bayes":
        return _bayes(case, prior, confidence, side, tail)
    if method == "rogan-gladen":
        span = _carried(case, interval, confidence, side, tail)
    elif method == "lang-reiczigel":
        span = _lang_reiczigel(case, tail)
    else:
        span = _melded(case, tail)
    return _result(case, method, span, confidence, side)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """Checked arguments: counts out of sizes, a size of None where a rate is known."""

    events: float
    n: float
    found: tuple[float, float | None]
    clear: tuple[float, float | None]

    @classmethod
    def checked(
        cls, apparent: float, n: float, sensitivity: ErrorRate, specificity: ErrorRate
    ) -> _Case:
        size = check_number("n", n, least=0, strict=True)
        if isinstance(apparent, Integral):
            events = float(check_count("apparent", apparent, least=0, most=math.floor(size)))
        else:
            events = check_share("apparent", apparent) * size
        case = cls(
            events=events,
            n=size,
            found=_error_rate("sensitivity", sensitivity),
            clear=_error_rate("specificity", specificity),
        )
        if case.youden <= 0:
            raise ArgumentError(
                "sensitivity and specificity must add to more than 1; got "
                f"{case.se:g} and {case.sp:g}. Findings with such errors say nothing of the rate: "
                "verify the units themselves.",
                code="errors-too-many",
                sensitivity=case.se,
                specificity=case.sp,
            )
        return case

    @property
    def rate(self) -> float:
        return self.events / self.n

    @property
    def se(self) -> float:
        return self.found[0] / (self.found[1] or 1.0)

    @property
    def sp(self) -> float:
        return self.clear[0] / (self.clear[1] or 1.0)

    @property
    def youden(self) -> float:
        return self.se + self.sp - 1

    @property
    def sampled(self) -> bool:
        return self.found[1] is not None or self.clear[1] is not None

    @property
    def true_rate(self) -> float:
        return (self.rate + self.sp - 1) / self.youden

    @property
    def std_error(self) -> float:
        p = self.true_rate
        variance = self.rate * (1 - self.rate) / self.n
        for weight, (count, size) in ((p, self.found), (1 - p, self.clear)):
            if size is not None:
                variance += weight**2 * (count / size) * (1 - count / size) / size
        return math.sqrt(variance) / self.youden


def _error_rate(name: str, value: ErrorRate) -> tuple[float, float | None]:
    if not isinstance(value, tuple):
        return check_share(name, value, zero=False), None
    if len(value) != 2:
        raise ArgumentError(
            f"{name} must be a fraction or two counts; got {value!r}. Give how many were found so "
            "and out of how many.",
            code="not-a-number",
            name=name,
            got=value,
        )
    size = check_count(f"{name}[1]", value[1], least=1)
    return float(check_count(f"{name}[0]", value[0], least=0, most=size)), float(size)


def _carried(
    case: _Case, interval: ApparentInterval, confidence: float, side: Side, tail: float
) -> tuple[float, float]:
    """Limits of the apparent rate carried over; normal ones when an error rate was sampled."""
    if case.sampled:
        margin = float(stats.norm.isf(tail)) * case.std_error
        return case.true_rate - margin, case.true_rate + margin
    whole = case.events == round(case.events) and case.n == round(case.n)
    if interval in _TWO_SIDED and (side != "two-sided" or not whole):
        raise ArgumentError(
            f"interval {interval!r} must have whole counts and two sides; got {case.events:g} of "
            f"{case.n:g}, {side}. Take 'clopper-pearson'.",
            code="interval-needs-counts",
            interval=interval,
        )
    if interval in _TWO_SIDED:
        known = _TWO_SIDED[interval](round(case.events), round(case.n), confidence=confidence)
    elif whole:
        events, n = round(case.events), round(case.n)
        known = _EXACT[interval](events, n, confidence=1 - 2 * tail)
    else:
        low, high = korn_graubard_limits(case.rate, case.n, confidence=1 - 2 * tail)
        known = Interval(lower=float(low), upper=float(high), confidence=confidence, method="")
    return tuple((x + case.sp - 1) / case.youden for x in (known.lower, known.upper))  # type: ignore[return-value]


def _lang_reiczigel(case: _Case, tail: float) -> tuple[float, float]:
    found_of, clear_of = case.found[1], case.clear[1]
    if found_of is None or clear_of is None:
        raise ArgumentError(
            "method 'lang-reiczigel' must have both error rates as counts; got "
            f"{'sensitivity' if found_of is None else 'specificity'} as a fraction. Give how many "
            "were found so and out of how many, or take 'rogan-gladen'.",
            code="error-rate-not-sampled",
        )
    z2 = float(stats.norm.isf(tail)) ** 2
    apparent = (case.events + z2 / 2) / (case.n + z2)
    se, sp = (case.found[0] + 1) / (found_of + 2), (case.clear[0] + 1) / (clear_of + 2)
    youden = se + sp - 1
    p = (apparent + sp - 1) / youden
    parts = se * (1 - se) / (found_of + 2), sp * (1 - sp) / (clear_of + 2)
    shift = 2 * z2 * (p * parts[0] - (1 - p) * parts[1])
    variance = apparent * (1 - apparent) / (case.n + z2) + p**2 * parts[0] + (1 - p) ** 2 * parts[1]
    margin = math.sqrt(z2 * variance) / youden
    return p + shift - margin, p + shift + margin


def _melded(case: _Case, tail: float) -> tuple[float, float]:
    low = _melded_limit(lower_share(case.events, case.n), case, tail, most_errors=True)
    high = _melded_limit(upper_share(case.events, case.n), case, 1 - tail, most_errors=False)
    return low, high


def _melded_limit(share: BetaShare, case: _Case, prob: float, *, most_errors: bool) -> float:
    """Quantile of the true rate; more false positives and more found positives lower it."""
    found = _shares(case.found, upper=most_errors)
    clear = _shares(case.clear, upper=not most_errors)
    weight = np.outer(clear.weight, found.weight)
    false_positive, true_positive = 1 - clear.value[:, None], found.value[None, :]

    def cdf(t: float) -> float:
        return float((weight * share.cdf(false_positive * (1 - t) + true_positive * t)).sum())

    return root_of_cdf(cdf, prob)


def _shares(rate: tuple[float, float | None], *, upper: bool) -> Nodes:
    count, size = rate
    if size is None:
        return Nodes(value=np.array([count]), weight=np.array([1.0]))
    return (upper_share if upper else lower_share)(count, size).nodes()


def _flat(rate: tuple[float, float | None]) -> Nodes:
    count, size = rate
    if size is None:
        return Nodes(value=np.array([count]), weight=np.array([1.0]))
    return BetaShare(a=count + 1, b=size - count + 1).nodes()


def _bayes(
    case: _Case, prior: tuple[float, float], confidence: float, side: Side, tail: float
) -> TrueRate:
    found, clear = _flat(case.found), _flat(case.clear)

    def posterior(a: float, b: float) -> Posterior:
        return posterior_of_rate(case.events, case.n, found, clear, prior=(a, b))

    own, other = posterior(*prior), posterior(0.5, 0.5)
    return bayes_result(own, other, case, confidence=confidence, side=side, tail=tail)


def bayes_result(
    own: Posterior, other: Posterior, case: _Case, *, confidence: float, side: Side, tail: float
) -> TrueRate:
    """Posterior median and limits, the shortest interval, and the limits under another prior."""

    def limits(of: Posterior, method: str) -> Interval:
        low = 0.0 if side == "upper" else of.quantile(tail)
        high = 1.0 if side == "lower" else of.quantile(1 - tail)
        return Interval(lower=low, upper=high, confidence=confidence, method=method, side=side)

    central = limits(own, "bayes")
    low, high = own.shortest(confidence)
    median = own.quantile(0.5)
    return TrueRate(
        estimate=median,
        std_error=None,
        interval=central,
        unclipped=(median, central.lower, central.upper),
        apparent=case.rate,
        n=case.n,
        sensitivity=case.se,
        specificity=case.sp,
        method="bayes",
        shortest=Interval(lower=low, upper=high, confidence=confidence, method="bayes-shortest"),
        other_prior=limits(other, "bayes, Jeffreys' prior"),
        why=_caution(case),
    )


def _result(
    case: _Case, method: str, span: tuple[float, float], confidence: float, side: Side
) -> TrueRate:
    low = -math.inf if side == "upper" else span[0]
    high = math.inf if side == "lower" else span[1]
    return TrueRate(
        estimate=min(1.0, max(0.0, case.true_rate)),
        std_error=case.std_error,
        interval=Interval(
            lower=min(1.0, max(0.0, low)),
            upper=max(0.0, min(1.0, high)),
            confidence=float(confidence),
            method=method,
            side=side,
        ),
        unclipped=(case.true_rate, low, high),
        apparent=case.rate,
        n=case.n,
        sensitivity=case.se,
        specificity=case.sp,
        method=method,
        why=_caution(case),
    )


def _caution(case: _Case) -> str:
    parts = []
    if case.rate < 1 - case.sp:
        parts.append("fewer were found than false positives alone would give")
    known = case.found[1]
    if known is not None and case.found[0] < 10:
        parts.append(f"the sensitivity stands on {case.found[0]:g} positives found")
    return "; ".join(parts)
