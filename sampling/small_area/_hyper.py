"""Posterior of the rate and the correlation that areas share: nodes without draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from .._checks import FloatArray
from ._quadrature import gauss_rule

# Log odds of the correlation where its evidence is looked for, then worked out.
_SOUGHT = np.linspace(special.logit(1e-5), special.logit(0.9), 15)
_TRIED = 33
_REACH = 25.0
# Nodes that remain of correlations, and of rates at each; many areas leave little open.
_FEW_AREAS = 300
_NODES = (10, 8)
_NODES_OF_MANY = (6, 3)
# Places of the intercept, in standard deviations: few events leave a long tail to the left.
_PLACES = np.arange(-13.5, 6.01, 0.75)
_NEGLIGIBLE = 1e-8
_DIFFERENCE = 1e-4
SLOPE_SPREAD = 2.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HyperNodes:
    """Posterior nodes; rates have one row for each area, or one for all.

    ``weights`` (areas, nodes) belong to ``rates`` and to ``precisions``, the size that the model
    is worth for an area: (1 - icc)/icc.
    """

    rates: FloatArray
    precisions: FloatArray
    weights: FloatArray
    icc: FloatArray
    icc_weights: FloatArray
    rate: float
    coefficients: FloatArray
    std_errors: FloatArray


class HyperModel:
    """Beta-binomial counts of the sampled areas around a regression of the log odds."""

    def __init__(
        self,
        events: FloatArray,
        n: FloatArray,
        regressors: FloatArray,
        prior_icc: tuple[float, float],
        prior_rate: tuple[float, float],
    ) -> None:
        self.events, self.n, self.regressors = events, n, regressors
        self.prior_icc, self.prior_rate = prior_icc, prior_rate

    def nodes(self, everywhere: FloatArray) -> HyperNodes:
        """Nodes for all areas, whose regressors ``everywhere`` holds."""
        modes, logs = self._modes(_SOUGHT)
        inside = np.flatnonzero(logs > logs.max() - _REACH)
        first, last = max(inside[0] - 1, 0), min(inside[-1] + 1, len(_SOUGHT) - 1)
        fine = np.linspace(_SOUGHT[first], _SOUGHT[last], _TRIED)
        modes, logs = self._modes(fine, modes[first])
        share = np.exp(logs - logs.max())
        precision = np.exp(-fine)
        correlations, rates = _NODES if len(self.n) < _FEW_AREAS else _NODES_OF_MANY
        typical = float(self.n.mean())
        # The pull of the model, in (0, 1), in which an area's posterior is nearly straight.
        pull, weight = gauss_rule(
            precision / (precision + typical), share / share.sum(), correlations
        )
        tried = np.log((1 - pull) / (pull * typical))
        parts = [
            self._rates(t, modes[int(np.argmin(np.abs(fine - t)))], everywhere, rates)
            for t in tried
        ]
        corrected = weight * np.exp([part.evidence - part.laplace for part in parts])
        corrected /= corrected.sum()
        return _joined(parts, np.exp(-tried), corrected, special.expit(tried))

    def _modes(
        self, log_odds: FloatArray, start: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Mode of the coefficients and Laplace's evidence at each correlation."""
        if start is None:
            start = np.zeros(self.regressors.shape[1])
            start[0] = special.logit((self.events.sum() + 0.5) / (self.n.sum() + 1))
        modes, logs = [], []
        for t in log_odds:
            start, height, curve = self._mode(float(np.exp(-t)), start)
            modes.append(start)
            logs.append(height - 0.5 * float(np.linalg.slogdet(curve)[1]) + self._log_prior_icc(t))
        return np.array(modes), np.array(logs)

    def _log_prior_icc(self, t: float) -> float:
        a, b = self.prior_icc
        return float(a * special.log_expit(t) + b * special.log_expit(-t))

    def log_posterior(self, coefficients: FloatArray, precision: float) -> FloatArray:
        """Log posterior of coefficients along the last axis, up to the prior of the icc."""
        log_odds = coefficients @ self.regressors.T
        a = precision * special.expit(log_odds)
        b = precision * special.expit(-log_odds)
        x, rest = self.events, self.n - self.events
        logs = special.gammaln(a + x) - special.gammaln(a)
        logs += special.gammaln(b + rest) - special.gammaln(b)
        size = special.gammaln(precision + self.n) - special.gammaln(precision)
        total: FloatArray = logs.sum(axis=-1) - size.sum()
        first = coefficients[..., 0]
        total += self.prior_rate[0] * special.log_expit(first)
        total += self.prior_rate[1] * special.log_expit(-first)
        total -= (coefficients[..., 1:] ** 2).sum(axis=-1) / (2 * SLOPE_SPREAD**2)
        return total

    def _push(self, log_odds: FloatArray, precision: float) -> FloatArray:
        """Slope of each area's log likelihood with respect to its log odds."""
        p, q = special.expit(log_odds), special.expit(-log_odds)
        a, b = precision * p, precision * q
        up = special.digamma(a + self.events) - special.digamma(a)
        down = special.digamma(b + self.n - self.events) - special.digamma(b)
        found: FloatArray = precision * p * q * (up - down)
        return found

    def _curve(self, coefficients: FloatArray, precision: float) -> tuple[FloatArray, FloatArray]:
        """Gradient and negative Hessian of the log posterior."""
        log_odds = self.regressors @ coefficients
        gradient = self.regressors.T @ self._push(log_odds, precision)
        # Differences of the digamma cost a tenth of the trigamma; only steps depend on them.
        ahead = self._push(log_odds + _DIFFERENCE, precision)
        behind = self._push(log_odds - _DIFFERENCE, precision)
        curve = (behind - ahead) / (2 * _DIFFERENCE)
        hessian = (self.regressors.T * curve) @ self.regressors
        one, other = self.prior_rate
        p = special.expit(coefficients[0])
        gradient[0] += one * (1 - p) - other * p
        hessian[0, 0] += (one + other) * p * (1 - p)
        gradient[1:] -= coefficients[1:] / SLOPE_SPREAD**2
        slopes = np.arange(1, len(coefficients))
        hessian[slopes, slopes] += 1 / SLOPE_SPREAD**2
        return gradient, hessian

    def _mode(self, precision: float, start: FloatArray) -> tuple[FloatArray, float, FloatArray]:
        at, height = start, float(self.log_posterior(start, precision))
        gradient, hessian = self._curve(at, precision)
        for _ in range(50):
            values, vectors = np.linalg.eigh(hessian)
            least = max(1e-3, 1e-6 * float(np.abs(values).max()))
            safe = np.maximum(np.abs(values), least)
            step = vectors @ ((vectors.T @ gradient) / safe)
            step *= min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-300))
            while True:
                reached = float(self.log_posterior(at + step, precision))
                if reached >= height - 1e-9 or np.abs(step).max() < 1e-7:
                    break
                step = step / 2
            at, height = at + step, reached
            gradient, hessian = self._curve(at, precision)
            if np.abs(step).max() < 1e-5:
                break
        values, vectors = np.linalg.eigh(hessian)
        safe = np.maximum(values, 1e-3)
        return at, height, (vectors * safe) @ vectors.T

    def _rates(self, t: float, start: FloatArray, everywhere: FloatArray, count: int) -> _Part:
        """Rates of all areas at one correlation, and its evidence by more than Laplace."""
        precision = float(np.exp(-t))
        mode, height, curve = self._mode(precision, start)
        laplace = height - 0.5 * float(np.linalg.slogdet(curve)[1]) + self._log_prior_icc(t)
        points, log_weights = _points(mode, curve)
        logs = self.log_posterior(points, precision) + log_weights + self._log_prior_icc(t)
        top = float(logs.max())
        weights = np.exp(logs - top)
        evidence = top + float(np.log(weights.sum()))
        weights /= weights.sum()
        keep = weights > _NEGLIGIBLE
        points, weights = points[keep], weights[keep] / weights[keep].sum()
        if everywhere.shape[1] == 1:
            everywhere = everywhere[:1]
        nodes, node_weights = gauss_rule(special.expit(everywhere @ points.T), weights, count)
        return _Part(
            laplace=laplace,
            evidence=evidence,
            rates=nodes,
            weights=node_weights,
            centre=float(weights @ special.expit(points[:, 0])),
            first=weights @ points,
            second=weights @ points**2,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    laplace: float
    evidence: float
    rates: FloatArray
    weights: FloatArray
    centre: float
    first: FloatArray
    second: FloatArray


def _points(mode: FloatArray, curve: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coefficients around the mode, with the log of what each stands for.

    Slopes by Hermite nodes, the intercept by even steps through its own long tail.
    """
    slopes = len(mode) - 1
    spread = 1 / np.sqrt(curve[0, 0])
    log_step = np.log((_PLACES[1] - _PLACES[0]) * spread) - 0.5 * np.log(2 * np.pi)
    if not slopes:
        return mode[0] + spread * _PLACES[:, None], np.full(len(_PLACES), log_step)
    covariance = np.linalg.inv(curve)
    root = np.linalg.cholesky(covariance[1:, 1:])
    z, w = np.polynomial.hermite_e.hermegauss(5 if slopes == 1 else 3)
    grid = np.stack(np.meshgrid(*[z] * slopes, indexing="ij"), axis=-1).reshape(-1, slopes)
    mass = np.stack(np.meshgrid(*[w / w.sum()] * slopes, indexing="ij"), axis=-1)
    log_mass = np.log(mass.reshape(-1, slopes)).sum(axis=1) + (grid**2).sum(axis=1) / 2
    log_mass = log_mass + float(np.log(np.diag(root)).sum())
    away = grid @ root.T
    middle = mode[0] - away @ (curve[0, 1:] / curve[0, 0])
    points = np.empty((len(grid), len(_PLACES), slopes + 1))
    points[:, :, 0] = middle[:, None] + spread * _PLACES
    points[:, :, 1:] = (mode[1:] + away)[:, None, :]
    log_weights = np.repeat(log_mass + log_step, len(_PLACES))
    return points.reshape(-1, slopes + 1), log_weights


def _joined(
    parts: list[_Part], precisions: FloatArray, shares: FloatArray, icc: FloatArray
) -> HyperNodes:
    first = shares @ np.array([part.first for part in parts])
    second = shares @ np.array([part.second for part in parts])
    return HyperNodes(
        rates=np.concatenate([part.rates for part in parts], axis=1),
        precisions=np.repeat(precisions, len(parts[0].weights[0])),
        weights=np.concatenate(
            [share * part.weights for share, part in zip(shares, parts, strict=True)], axis=1
        ),
        icc=icc,
        icc_weights=shares,
        rate=float(shares @ [part.centre for part in parts]),
        coefficients=first,
        std_errors=np.sqrt(np.maximum(second - first**2, 0.0)),
    )
