"""Posterior of a rate behind erring findings, by fixed nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import interpolate, optimize, special

from .._checks import FloatArray, check_number
from ._melding import Nodes

_SPAN = 30.0
_FIRST = 301
_NODES = 1201
_NEGLIGIBLE = 36.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """A distribution on [0, 1] by its density over the log odds."""

    log_odds: FloatArray
    cumulated: interpolate.PPoly
    density: FloatArray

    def quantile(self, prob: float) -> float:
        """Value not exceeded with probability ``prob``."""
        first, last = self.log_odds[[0, -1]]
        if self.cumulated(last) <= prob:
            return float(special.expit(last))
        if self.cumulated(first) >= prob:
            return float(special.expit(first))
        found = optimize.brentq(lambda t: float(self.cumulated(t)) - prob, first, last, xtol=1e-13)
        return float(special.expit(found))

    def shortest(self, prob: float) -> tuple[float, float]:
        """Shortest interval that holds ``prob``."""

        def width(start: float) -> float:
            return self.quantile(start + prob) - self.quantile(start)

        rest = 1 - prob
        starts = np.linspace(0.0, rest, 41)
        best = int(np.argmin([width(start) for start in starts]))
        low, high = starts[max(best - 1, 0)], starts[min(best + 1, 40)]
        found = optimize.minimize_scalar(
            width, bounds=(low, high), method="bounded", options={"xatol": 1e-9}
        )
        start = float(found.x)
        # At an end of the range the density falls throughout: the interval starts there.
        start = min((0.0, start, rest), key=width)
        lower = 0.0 if start == 0.0 else self.quantile(start)
        return lower, self.quantile(start + prob)


def posterior_of_rate(
    events: float, n: float, found: Nodes, clear: Nodes, *, prior: tuple[float, float]
) -> Posterior:
    """Posterior of the true rate; error rates are integrated over their nodes."""
    for place, value in enumerate(prior):
        check_number(f"prior[{place}]", value, least=0, strict=True)
    weight = np.outer(clear.weight, found.weight).ravel()
    false_positive = np.repeat(1 - clear.value, len(found.value))
    true_positive = np.tile(found.value, len(clear.value))
    keep = weight > weight.max() * 1e-12
    weight, false_positive, true_positive = (
        values[keep] for values in (weight, false_positive, true_positive)
    )

    def log_density(log_odds: FloatArray) -> FloatArray:
        p, q = special.expit(log_odds), special.expit(-log_odds)
        total = np.empty(len(p))
        for start in range(0, len(p), 64):
            part = slice(start, start + 64)
            apparent = np.outer(q[part], false_positive) + np.outer(p[part], true_positive)
            likelihood = special.xlogy(events, apparent) + special.xlog1py(n - events, -apparent)
            total[part] = special.logsumexp(likelihood, axis=1, b=weight)
        density: FloatArray = total + prior[0] * np.log(p) + prior[1] * np.log(q)
        return density

    grid = np.linspace(-_SPAN, _SPAN, _FIRST)
    first = log_density(grid)
    inside = np.flatnonzero(first > first.max() - _NEGLIGIBLE)
    low, high = grid[max(inside[0] - 1, 0)], grid[min(inside[-1] + 1, _FIRST - 1)]
    fine = np.linspace(low, high, _NODES)
    logs = log_density(fine)
    density = np.exp(logs - logs.max())
    integral = interpolate.CubicSpline(fine, density).antiderivative()
    total = float(integral(high))
    scaled = interpolate.PPoly(integral.c / total, integral.x)
    return Posterior(log_odds=fine, cumulated=scaled, density=density / total)
