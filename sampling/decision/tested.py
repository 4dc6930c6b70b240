"""Counts behind an estimate, and the exact test that its interval inverts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from .._checks import FloatArray
from ..composite import CompositeEstimate
from ..results import Estimate, Interval, ProportionEstimate

EXACT = ("clopper-pearson", "korn-graubard", "korn-graubard-model", "korn-graubard-uncapped")
MID_P = "mid-p"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """Effective counts of an estimate whose interval inverts a test that can be redone.

    ``scale`` and the two shifts turn a threshold into one for the sampled part: what is known is
    taken away, for a claim of "below" also what is unknown.
    """

    n: float
    events: float
    mid_p: bool = False
    scale: float = 1.0
    known: float = 0.0
    unknown: float = 0.0

    @property
    def complement(self) -> Tested:
        """The same for units without the event."""
        return replace(
            self,
            events=self.n - self.events,
            known=max(0.0, 1 - self.scale - self.known - self.unknown),
        )

    def inner(self, threshold: float, *, below: bool) -> float:
        """Threshold for the sampled part, held in [0, 1]."""
        aside = self.known + (self.unknown if below else 0.0)
        return min(1.0, max(0.0, (threshold - aside) / self.scale))

    def below(self, threshold: float) -> float:
        """P-value of "at or above ``threshold``": small when the rate is shown below it."""
        at = np.asarray(self.inner(threshold, below=True))
        size, x = np.asarray(self.n), np.asarray(self.events)
        return float(below_p_value(x, size, at, self.mid_p))

    def above(self, threshold: float) -> float:
        """P-value of "at or below ``threshold``": small when the rate is shown above it."""
        return self.complement.below(1 - threshold)

    def pass_chance(self, threshold: float, risk: float, rate: float) -> float:
        """Chance at a rate of the sampled part that a claim of "below" is made."""
        at = np.asarray(self.inner(threshold, below=True))
        size = np.asarray(self.n)
        return float(at_most(last_passing(size, at, risk, self.mid_p), size, np.asarray(rate)))


def below_p_value(x: FloatArray, size: FloatArray, at: FloatArray, mid_p: bool) -> FloatArray:
    """P(X <= x), or its mid-p form, at the rate ``at``; sizes and counts need not be whole."""
    most = at_most(x, size, at)
    return (most + at_most(x - 1, size, at)) / 2 if mid_p else most


def at_most(x: FloatArray, size: FloatArray, rate: FloatArray) -> FloatArray:
    """Binomial P(X <= x) carried on to sizes and counts that are not whole; 0 below -1."""
    inside = (x > -1) & (x < size)
    a, b = np.where(inside, size - x, 1.0), np.where(inside, x + 1, 1.0)
    made: FloatArray = np.where(inside, special.betainc(a, b, 1 - rate), np.where(x >= size, 1, 0))
    return made


def last_passing(
    size: FloatArray, at: FloatArray, risk: float, mid_p: bool, seen: float = 0.0
) -> FloatArray:
    """Most further whole events, beside those ``seen``, whose p-value is below ``risk``; -1: none.

    Vectorised over sizes.
    """
    low = np.full(np.shape(size), -1.0)
    high = np.broadcast_to(np.ceil(np.maximum(size - seen, 0)) + 1, np.shape(size)).copy()
    while True:
        middle = np.floor((low + high) / 2)
        open_ = high - low > 1
        if not np.any(open_):
            return low
        passes = below_p_value(seen + middle, size, at, mid_p) < risk
        low = np.where(open_ & passes, middle, low)
        high = np.where(open_ & ~passes, middle, high)


def tested_of(given: Estimate | CompositeEstimate | Interval) -> tuple[Tested | None, str]:
    """Counts behind an estimate, or why there are none."""
    if isinstance(given, Interval):
        return None, "an interval alone does not tell the counts behind it"
    method = given.interval.method.removesuffix("-composite")
    if isinstance(given, CompositeEstimate):
        size, scale = given.n_used, given.sampled_share
        sampled = given.sampled_share + given.unknown_share
        inner = (given.estimate - given.known_share) / sampled if sampled else 0.0
        known, unknown = given.known_share, given.unknown_share
    elif isinstance(given, ProportionEstimate):
        size, inner = given.n_used, given.estimate
        scale, known, unknown = 1.0, 0.0, 0.0
    else:
        return None, "only proportions have an exact test"
    if method not in (*EXACT, MID_P):
        return None, f"the interval {method!r} inverts no test that can be redone from counts"
    if not (math.isfinite(size) and size > 0 and 0 <= inner <= 1 and scale > 0):
        return None, "the interval stands on no effective size"
    return Tested(
        n=size,
        events=min(size, size * inner),
        mid_p=method == MID_P,
        scale=scale,
        known=known,
        unknown=unknown,
    ), ""
