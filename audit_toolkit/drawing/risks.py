"""How often a county comes out one way or another under a plan, by simulated rounds.

Each repetition draws the villages anew with probability proportional to size, spreads exactly the
wrongly filed households that the true rate says over all villages by beta-distributed village
rates, takes households within the drawn villages, and puts the interval and the conclusions of
`conclusions` on what is found. Persons of a household are one plus a Poisson number, with the
village's mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sampling import korn_graubard_limits

from ..conclusions.stability import deff_used

Real = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

COMPOSITE = "composite_incidence"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layers:
    """The sampled strata of a county as arrays: one row a village, one column a stratum.

    ``take`` holds one number a stratum; ``known_share`` is the share of the county's persons that
    counts as poor without sampling.
    """

    households: Whole
    persons: Whole
    take: Whole
    size_measure: Whole
    inclusion_prob: Real
    villages: int
    known_share: float

    @property
    def sampled(self) -> Whole:
        """Households taken in each village if it is drawn."""
        return np.minimum(self.households, self.take)

    @property
    def mean_size(self) -> Real:
        """Persons a household in each village; 1 where there is none."""
        return np.maximum(1.0, self.persons / np.maximum(self.households, 1))

    @property
    def weight(self) -> Real:
        """Design weight of a household in each village; 0 where none is taken."""
        taken = np.maximum(self.sampled, 1) * self.inclusion_prob[:, None]
        return np.where(self.sampled > 0, self.households / taken, 0.0)

    @property
    def shares(self) -> Real:
        """Share of each stratum in the county's persons; with the known share they sum to 1."""
        persons = self.persons.sum(axis=0)
        total = persons.sum()
        return persons / total * (1 - self.known_share) if total else np.zeros(len(persons))


def planned_deff(layers: Layers, icc: float) -> tuple[Real, Real]:
    """Return, for each stratum, the expected households of the sample and the model design effect.

    The design effect is that of a rate of persons: unequal weights, unequal households, villages.
    """
    n, mean, weight = layers.sampled, layers.mean_size, layers.weight
    chance = layers.inclusion_prob[:, None]
    square = mean**2 + (mean - 1)
    expected = (chance * n).sum(axis=0)
    total = (chance * n * weight * mean).sum(axis=0)
    inside = (chance * n * weight**2 * square).sum(axis=0)
    between = (chance * (n * weight * mean) ** 2).sum(axis=0)
    factor = ((1 - icc) * inside + icc * between) / np.maximum(total, 1) ** 2
    return expected, np.maximum(1.0, expected * factor)


def draw_villages(layers: Layers, repetitions: int, rng: np.random.Generator) -> Whole:
    """Return the rows of the drawn villages, one row of them a repetition."""
    order = rng.random((repetitions, len(layers.size_measure))) / layers.size_measure
    order[:, layers.inclusion_prob >= 1] = -1.0
    return np.argpartition(order, layers.villages - 1, axis=1)[:, : layers.villages]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Findings:
    """What one stratum's sample gives in each repetition."""

    proportion: Real
    n: Whole
    deff: Real

    def limits(self, confidence: float) -> tuple[Real, Real]:
        """Return the interval of each repetition; all of [0, 1] where nobody was sampled."""
        return korn_graubard_limits(self.proportion, self.n / self.deff, confidence=confidence)


def find(
    layers: Layers,
    drawn: Whole,
    place: int,
    true_rate: float,
    icc: float,
    rng: np.random.Generator,
) -> Findings:
    """Return what the drawn villages show of the stratum in column ``place``."""
    wrong = _wrong_households(layers.households[:, place], true_rate, icc, len(drawn), rng)
    rows = np.arange(len(drawn))[:, None]
    there, size = wrong[rows, drawn], layers.households[drawn, place]
    n = layers.sampled[drawn, place]
    events = rng.hypergeometric(there, size - there, n) if true_rate > 0 else np.zeros_like(n)
    extra = layers.mean_size[drawn, place] - 1
    event_persons = events + rng.poisson(events * extra)
    persons = event_persons + (n - events) + rng.poisson((n - events) * extra)
    weight = layers.weight[drawn, place]
    square = weight**2 * n * ((extra + 1) ** 2 + extra)
    return _estimates(weight * event_persons, weight * persons, square, n, events, icc)


def _estimates(
    event_totals: Real, totals: Real, squares: Real, n: Whole, events: Whole, icc: float
) -> Findings:
    """Return ratio and design effect of each repetition from village totals."""
    count = n.sum(axis=1)
    all_persons = np.maximum(totals.sum(axis=1), 1e-300)
    proportion = event_totals.sum(axis=1) / all_persons
    clustered = (1 - icc) * squares.sum(axis=1) + icc * (totals**2).sum(axis=1)
    model = count * clustered / all_persons**2
    residual = (event_totals - proportion[:, None] * totals) / all_persons[:, None]
    villages = np.maximum(2, (n > 0).sum(axis=1))
    variance = villages / (villages - 1) * (residual**2).sum(axis=1)
    spread = proportion * (1 - proportion)
    own = np.divide(count * variance, spread, out=np.zeros_like(spread), where=spread > 0)
    return Findings(
        proportion=np.minimum(proportion, 1.0),
        n=count,
        deff=deff_used(model, own, events.sum(axis=1)),
    )


def _wrong_households(
    households: Whole, true_rate: float, icc: float, repetitions: int, rng: np.random.Generator
) -> Whole:
    """Return wrongly filed households of every village so that the county's rate is the true one.

    A plain beta-binomial would let the county's own rate wander around the rate asked for, and the
    chance of passing "at the limit" would then be that of counties on both sides of it.
    """
    shape = (repetitions, len(households))
    if true_rate <= 0 or not households.sum():
        return np.zeros(shape, dtype=np.int64)
    spread = (1 - icc) / icc if icc > 0 else np.inf
    rates = (
        rng.beta(true_rate * spread, (1 - true_rate) * spread, shape)
        if np.isfinite(spread)
        else np.ones(shape)
    )
    share = rates * households + households * 1e-9
    share /= share.sum(axis=1, keepdims=True)
    exact = true_rate * households.sum()
    total = np.floor(exact + rng.random(repetitions)).astype(np.int64)
    return np.minimum(rng.multinomial(total, share), households)


def composite_limits(
    layers: Layers, found: tuple[Findings, ...], confidence: float
) -> tuple[Real, Real]:
    """Return the interval of the composite incidence in each repetition.

    The formula is that of `sampling.estimate_composite`, over repetitions at once.
    """
    share = layers.shares[:, None]
    p = np.array([f.proportion for f in found])
    n = np.array([f.n for f in found])
    factor = np.array([f.deff / np.maximum(f.n, 1) for f in found])
    sampled = share.sum()
    pooled = np.minimum(1.0, (share * p).sum(axis=0) / sampled)
    least = np.minimum(1 / np.maximum(n.sum(axis=0), 1), 0.5)
    smooth = p / 2 + np.clip(pooled, least, 1 - least) / 2
    mean = (share * smooth).sum(axis=0) / sampled
    variance = (share**2 * smooth * (1 - smooth) * factor).sum(axis=0)
    size = mean * (1 - mean) * sampled**2 / variance
    lower, upper = korn_graubard_limits(pooled, size, confidence=confidence)
    return lower * sampled + layers.known_share, upper * sampled + layers.known_share


def conclude_rounds(
    layers: Layers,
    drawn: Whole,
    true_rates: tuple[float, ...],
    limits: Mapping[str, float],
    names: tuple[str, ...],
    *,
    icc: float,
    confidence: float,
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """Return the shares of repetitions that come out recommend, undecided and order.

    ``true_rates`` and ``names`` hold one entry a stratum; approval and procedure count as in order.
    """
    found = tuple(
        find(layers, drawn, place, rate, icc, rng) for place, rate in enumerate(true_rates)
    )
    intervals = {name: f.limits(confidence) for name, f in zip(names, found, strict=True)}
    intervals[COMPOSITE] = composite_limits(layers, found, confidence)
    held = np.ones(len(drawn), dtype=bool)
    broken = np.zeros(len(drawn), dtype=bool)
    for name, (lower, upper) in intervals.items():
        held &= upper < limits[name]
        broken |= lower > limits[name]
    recommend, order = float(held.mean()), float(broken.mean())
    return recommend, max(0.0, 1.0 - recommend - order), order
