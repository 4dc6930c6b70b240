"""A rate when every positive finding is verified and some negative ones are: the default design."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

from .._checks import check_count, check_fraction, check_number, check_share
from .._rounding import complement
from .._show import Table, format_number
from ..errors import ArgumentError
from ..intervals._limits import make_interval, tail_of
from ..results import Interval, Result, Side
from ._melding import BetaShare, lower_share, sum_quantile, upper_share

_SHARES_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedFindings(Result):
    """Findings of one kind of unit, such as one filed status.

    Parameters
    ----------
    true_positives : float
        Positive findings that verification confirmed: a count, or n times their weighted share.
    n : float
        Units inspected: a count, or the effective number.
    positive_share : float
        Weighted share found positive, confirmed or not.
    false_negatives, verified_negatives : int
        Negative findings verified, and those of them that turned out positive; pooled over teams
        or areas where their inspectors are alike.
    share : float, default 1
        Share of all units that are of this kind.
    """

    true_positives: float
    n: float
    positive_share: float
    false_negatives: int
    verified_negatives: int
    share: float = 1.0

    def __post_init__(self) -> None:
        """Refuse counts that do not belong together."""
        size = check_number("n", self.n, least=0, strict=True)
        check_number("true_positives", self.true_positives, least=0, most=size)
        found = check_share("positive_share", self.positive_share)
        verified = check_count("verified_negatives", self.verified_negatives, least=0)
        check_count("false_negatives", self.false_negatives, least=0, most=verified)
        check_share("share", self.share)
        if self.true_positives / size > found + _SHARES_TOLERANCE:
            raise ArgumentError(
                "confirmed positives must be among those found positive; got "
                f"{self.true_positives / size:g} of all confirmed and {found:g} found. Give the "
                "weighted share of all positive findings.",
                code="confirmed-not-found",
                confirmed=self.true_positives / size,
                found=found,
            )

    @property
    def rate(self) -> float:
        """Estimated true rate; negatives never verified are taken as true."""
        missed = self.false_negatives / self.verified_negatives if self.verified_negatives else 0.0
        return self.true_positives / self.n + (1 - self.positive_share) * missed

    def _table(self) -> Table:
        return Table(
            title="Findings with every positive verified",
            columns=("confirmed", "n", "found", "missed", "verified negatives", "share", "rate"),
            rows=(_row(self),),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRate(Result):
    """A true rate from verified positives and a sample of verified negatives.

    Parameters
    ----------
    estimate : float
        The true rate.
    interval : Interval
        Melded limits.
    confirmed, missed : float
        Its two parts: confirmed positives, and positives that the findings missed.
    findings : tuple of VerifiedFindings
        What it stands on.
    why : str
        A caution; empty when there is none.
    """

    estimate: float
    interval: Interval
    confirmed: float
    missed: float
    findings: tuple[VerifiedFindings, ...]
    why: str = ""

    @property
    def lower(self) -> float:
        """Lower limit of ``interval``."""
        return self.interval.lower

    @property
    def upper(self) -> float:
        """Upper limit of ``interval``."""
        return self.interval.upper

    def _table(self) -> Table:
        span = f"{format_number(self.lower)} to {format_number(self.upper)}"
        notes = [f"{self.interval.confidence:.0%} interval: {span}"]
        return Table(
            title=f"True rate with every positive verified: {format_number(self.estimate)}",
            columns=("confirmed", "n", "found", "missed", "verified negatives", "share", "rate"),
            rows=tuple(_row(part) for part in self.findings),
            notes=tuple(notes + ([self.why] if self.why else [])),
        )


def _row(part: VerifiedFindings) -> tuple[str, ...]:
    return (
        format_number(part.true_positives, 1),
        format_number(part.n, 1),
        format_number(part.positive_share),
        format_number(part.false_negatives),
        format_number(part.verified_negatives),
        format_number(part.share),
        format_number(part.rate),
    )


def true_rate_verified_positives(
    true_positives: float,
    n: float,
    false_negatives: int,
    verified_negatives: int,
    *,
    positive_share: float | None = None,
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> VerifiedRate:
    r"""Estimate a true rate when every positive finding was verified, and a sample of the others.

    With rare events this design beats any correction by error rates: verification removes false
    positives, which would otherwise drown the few true ones, and negatives verified over many
    areas bound what is missed.

    Parameters
    ----------
    true_positives : float
        Positive findings that verification confirmed: a count, or n times their weighted share.
    n : float
        Units inspected: a count, or the effective number of a clustered or weighted sample.
    false_negatives, verified_negatives : int
        Of a random sample of negative findings, verified: those that turned out positive, and all.
        Pool them over the teams or areas whose inspectors are alike; an area's own few say little.
    positive_share : float, optional
        Weighted share found positive, confirmed or not; without it, that of the confirmed.
    confidence : float, default 0.95
        In (0, 1); of the single limit when one-sided.
    side : {"two-sided", "upper", "lower"}, default "two-sided"
        Which limits are wanted.

    Returns
    -------
    VerifiedRate
        Estimate and melded limits.

    Raises
    ------
    ArgumentError
        A value is outside its domain, or fewer were found than confirmed.

    Notes
    -----
    :math:`\hat p = x_{TP}/n + (1-\hat q)\,x_{FN}/M` with the share :math:`\hat q` found positive.
    The upper limit is a quantile of
    :math:`B(x_{TP}+1, n-x_{TP}) + (1-\hat q) B(x_{FN}+1, M-x_{FN})`, the lower one of
    :math:`B(x_{TP}, n-x_{TP}+1) + (1-\hat q) B(x_{FN}, M-x_{FN}+1)`, by convolution.

    References
    ----------
    .. [1] P. E. Shrout, S. C. Newman, "Design of two-phase prevalence surveys of rare disorders",
       *Biometrics* 45, 1989, 549-555.
    .. [2] M. P. Fay, M. A. Proschan, E. Brittain, "Combining one-sample confidence procedures for
       inference in the two-sample case", *Biometrics* 71, 2015, 146-156 (melding).

    Examples
    --------
    >>> found = true_rate_verified_positives(5, 1000, 4, 5000, positive_share=0.02)
    >>> round(found.estimate, 6), round(found.lower, 8), round(found.upper, 8)
    (0.005784, 0.00230754, 0.01266819)
    """
    size = check_number("n", n, least=0, strict=True)
    if positive_share is None:
        positive_share = check_number("true_positives", true_positives, least=0, most=size) / size
    findings = VerifiedFindings(
        true_positives=_plain(true_positives),
        n=_plain(n),
        positive_share=positive_share,
        false_negatives=false_negatives,
        verified_negatives=verified_negatives,
    )
    return true_rate_by_status([findings], confidence=confidence, side=side)


def _plain(value: float) -> float:
    return int(value) if isinstance(value, Integral) else float(value)


def true_rate_by_status(
    findings: Sequence[VerifiedFindings],
    *,
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> VerifiedRate:
    r"""Estimate a true rate over filed statuses, each with its own errors of inspectors.

    Inspectors may be more lenient to one filed status than to another; errors are therefore never
    pooled over statuses.

    Parameters
    ----------
    findings : sequence of VerifiedFindings
        One for each status, with its ``share`` of all units; the shares sum to at most 1, the rest
        counts as without events.
    confidence : float, default 0.95
        In (0, 1); of the single limit when one-sided.
    side : {"two-sided", "upper", "lower"}, default "two-sided"
        Which limits are wanted.

    Returns
    -------
    VerifiedRate
        The sum of shares times rates, with melded limits: they keep their promise whatever the
        shares, and are wide where several statuses have few events.

    Raises
    ------
    ArgumentError
        No findings, or shares that sum to more than 1.

    Notes
    -----
    As ``true_rate_verified_positives``, with :math:`\sum_d S_d` before each part.

    References
    ----------
    .. [1] P. E. Shrout, S. C. Newman, *Biometrics* 45, 1989, 549-555.

    Examples
    --------
    >>> exited = VerifiedFindings(true_positives=3, n=400, positive_share=0.02,
    ...                           false_negatives=2, verified_negatives=3000, share=0.2)
    >>> others = VerifiedFindings(true_positives=1, n=500, positive_share=0.01,
    ...                           false_negatives=3, verified_negatives=3000, share=0.8)
    >>> found = true_rate_by_status([exited, others])
    >>> round(found.estimate, 5), round(found.upper, 4)
    (0.00402, 0.0125)
    """
    parts = tuple(findings)
    total = math.fsum(part.share for part in parts)
    if not parts or total > 1 + _SHARES_TOLERANCE:
        raise ArgumentError(
            "findings must hold at least one status, and their shares sum to at most 1; got "
            f"{len(parts)} with a sum of {total:g}. Give the share of all units in each status.",
            code="shares-outside",
            got=total,
        )
    tail = tail_of(confidence, side)
    upper = sum_quantile(_terms(parts, upper=True), 1 - tail)
    lower = sum_quantile(_terms(parts, upper=False), tail)
    confirmed = math.fsum(part.share * part.true_positives / part.n for part in parts)
    estimate = math.fsum(part.share * part.rate for part in parts)
    unverified = [str(place) for place, part in enumerate(parts) if not part.verified_negatives]
    return VerifiedRate(
        estimate=estimate,
        interval=make_interval(min(lower, estimate), min(upper, 1.0), confidence, "melded", side),
        confirmed=confirmed,
        missed=estimate - confirmed,
        findings=parts,
        why="no negative finding was verified, so anything may have been missed"
        if unverified
        else "",
    )


def _terms(parts: Sequence[VerifiedFindings], *, upper: bool) -> list[tuple[float, BetaShare]]:
    share = upper_share if upper else lower_share
    terms = []
    for part in parts:
        terms.append((part.share, share(part.true_positives, part.n)))
        missed = share(part.false_negatives, part.verified_negatives)
        if not part.verified_negatives:
            missed = BetaShare(a=1.0, b=0.0) if upper else BetaShare(a=0.0, b=1.0)
        terms.append((part.share * (1 - part.positive_share), missed))
    return terms


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativesToCertify(Result):
    """How many verified negatives would show a rate below a threshold.

    Parameters
    ----------
    threshold : float
        The rate to stay below.
    verified_negatives : int or None
        The least number; None, with ``why`` filled, when no number is enough.
    upper : float
        Upper limit with that number; with any number, when none is enough.
    false_negatives : int
        Missed positives assumed among them.
    confidence : float
        Of the one-sided limit.
    why : str
        Why no number is enough.
    """

    threshold: float
    verified_negatives: int | None
    upper: float
    false_negatives: int
    confidence: float
    why: str = ""

    def _table(self) -> Table:
        return Table(
            title=f"Verified negatives to show a rate below {self.threshold:g}",
            columns=("verified negatives", "missed among them", "upper limit", "confidence"),
            rows=(
                (
                    format_number(self.verified_negatives),
                    format_number(self.false_negatives),
                    format_number(self.upper),
                    format_number(self.confidence, 3),
                ),
            ),
            notes=(self.why,) if self.why else (),
        )


def negatives_to_certify(
    threshold: float,
    *,
    true_positives: float,
    n: float,
    positive_share: float | None = None,
    false_negatives: int = 0,
    confidence: float = 0.975,
) -> NegativesToCertify:
    r"""Fewest verified negatives with which the true rate shows below a threshold.

    Parameters
    ----------
    threshold : float
        The rate to stay below, in (0, 1).
    true_positives, n, positive_share
        As for ``true_rate_verified_positives``.
    false_negatives : int, default 0
        Missed positives to reckon with among the verified negatives.
    confidence : float, default 0.975
        Of the one-sided upper limit.

    Returns
    -------
    NegativesToCertify
        The number, or why none is enough.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    Near :math:`-\ln(\alpha)/(\theta_0 - U)` with the limit U of the confirmed part alone: 3.7 over
    the margin at 97.5 %. Sixty negatives of one area, all true, bound what was missed by no better
    than 6 %.

    References
    ----------
    .. [1] P. E. Shrout, S. C. Newman, *Biometrics* 45, 1989, 549-555.

    Examples
    --------
    >>> negatives_to_certify(0.02, true_positives=2, n=600).verified_negatives
    272
    """
    level = check_fraction("threshold", threshold)
    tail = complement(check_fraction("confidence", confidence))
    missed = check_count("false_negatives", false_negatives, least=0)

    def upper(negatives: int) -> float:
        found = true_rate_verified_positives(
            true_positives,
            n,
            missed if negatives else 0,
            negatives,
            positive_share=positive_share,
            confidence=confidence,
            side="upper",
        )
        return found.upper

    alone = upper_share(true_positives, n).beyond(tail)
    if alone >= level:
        return NegativesToCertify(
            threshold=level,
            verified_negatives=None,
            upper=alone,
            false_negatives=missed,
            confidence=float(confidence),
            why="the confirmed positives alone do not show a rate below it: inspect more units",
        )
    high = max(missed, 1)
    while upper(high) >= level:
        high *= 2
    low = max(missed, high // 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if upper(middle) >= level else (low, middle)
    return NegativesToCertify(
        threshold=level,
        verified_negatives=high,
        upper=upper(high),
        false_negatives=missed,
        confidence=float(confidence),
    )
