"""Distributions of uncertain shares and their sums, by fixed nodes: the same limits every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft, optimize, special

from .._checks import FloatArray

_REACH = 8.5
_NODES = 69
_CELLS = 1 << 15
_REST = 1e-13


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """Values of an uncertain share and the weight of each, which sum to one."""

    value: FloatArray
    weight: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class BetaShare:
    """A share known by a beta distribution; ``a`` of 0 is exactly 0, ``b`` of 0 exactly 1."""

    a: float
    b: float
    scale: float = 1.0

    @property
    def fixed(self) -> float | None:
        """The one value of a share that does not vary."""
        if self.a <= 0:
            return 0.0
        return 1.0 if self.b <= 0 else None

    def nodes(self) -> Nodes:
        """Nodes whose weighted sums are expectations of smooth functions, to about 1e-9."""
        if self.fixed is not None:
            return Nodes(value=np.array([self.fixed]), weight=np.array([1.0]))
        z = np.linspace(-_REACH, _REACH, _NODES)
        weight = np.exp(-(z**2) / 2)
        low = special.betaincinv(self.a, self.b, special.ndtr(z))
        high = special.betainccinv(self.a, self.b, special.ndtr(-z))
        return Nodes(value=np.where(z < 0, low, high), weight=weight / weight.sum())

    def cdf(self, values: FloatArray) -> FloatArray:
        """Chance of the share being at most each value."""
        if self.fixed is not None:
            fixed: FloatArray = (values >= self.fixed).astype(np.float64)
            return fixed
        inside: FloatArray = special.betainc(self.a, self.b, np.clip(values, 0.0, 1.0))
        return inside

    def beyond(self, risk: float) -> float:
        """Value exceeded with probability ``risk``."""
        if self.fixed is not None:
            return self.fixed
        return float(special.betainccinv(self.a, self.b, risk))


def lower_share(x: float, n: float) -> BetaShare:
    """Distribution whose quantiles are lower Clopper-Pearson limits for x of n."""
    return BetaShare(a=x, b=n - x + 1)


def upper_share(x: float, n: float) -> BetaShare:
    """Distribution whose quantiles are upper Clopper-Pearson limits for x of n."""
    return BetaShare(a=x + 1, b=n - x)


def sum_quantile(parts: Sequence[tuple[float, BetaShare]], prob: float) -> float:
    """Quantile of a sum of independent scaled shares.

    Each distribution is laid on one lattice, its mean kept, and the lattices are convolved; the
    error falls with the square of the lattice's step (about 1e-4 of the spread).
    """
    start = sum(scale * (share.fixed or 0.0) for scale, share in parts)
    free = [(scale, share) for scale, share in parts if scale > 0 and share.fixed is None]
    if not free:
        return start
    reach = sum(scale * share.beyond(_REST) for scale, share in free)
    step = reach / _CELLS
    mass = np.array([1.0])
    for scale, share in free:
        mass = _convolved(mass, _lattice(scale, share, step))
    below = np.cumsum(np.clip(mass, 0.0, None))
    below /= below[-1]
    place = int(np.searchsorted(below, prob))
    # The lattice's cumulated mass at a point holds half of what lies around it.
    before = below[place - 1] if place > 0 else 0.0
    inside = (prob - before) / (below[place] - before) - 0.5
    return float(start + step * max(0.0, place + inside))


def _convolved(one: FloatArray, other: FloatArray) -> FloatArray:
    """Masses of the sum of two; without scipy.signal, whose import is slower than all of ours."""
    length = len(one) + len(other) - 1
    size = fft.next_fast_len(length, real=True)
    product = fft.rfft(one, size) * fft.rfft(other, size)
    return np.asarray(fft.irfft(product, size)[:length], dtype=np.float64)


def _lattice(scale: float, share: BetaShare, step: float) -> FloatArray:
    """Masses at multiples of the step that keep the distribution's total and mean."""
    top = int(np.ceil(scale * share.beyond(_REST) / step)) + 1
    edges: FloatArray = np.arange(top + 1, dtype=np.float64) * (step / scale)
    chance = share.cdf(edges)
    a, b = share.a, share.b
    moment = a / (a + b) * BetaShare(a=a + 1, b=b).cdf(edges)
    within, part = np.diff(chance), np.diff(moment)
    right = np.clip((part - edges[:-1] * within) / (edges[1] - edges[0]), 0.0, within)
    mass: FloatArray = np.zeros(top + 1)
    mass[:-1] += within - right
    mass[1:] += right
    return mass


def root_of_cdf(cdf: Callable[[float], float], prob: float) -> float:
    """Smallest value in [0, 1] at which a continuous rising function reaches ``prob``."""
    if cdf(0.0) >= prob:
        return 0.0
    if cdf(1.0) <= prob:
        return 1.0
    found = optimize.brentq(lambda t: cdf(t) - prob, 0.0, 1.0, xtol=1e-15, rtol=1e-13)
    return float(found)
