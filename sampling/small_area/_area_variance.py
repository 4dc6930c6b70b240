"""Variance of areas around a regression: likelihoods, moments, and their errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize

from .._checks import FloatArray

FayHerriotMethod = Literal["reml", "ml", "fh", "adjusted"]
Adjustment = Literal["yoshimori-lahiri", "li-lahiri"]

# Variances tried before the best is refined, as multiples of the spread of the direct values.
_TRIED = np.logspace(-8.0, 3.0, 133)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regression:
    """Generalised least squares of the sampled areas at one area variance."""

    area_variance: float
    variances: FloatArray
    weights: FloatArray
    root: FloatArray
    coefficients: FloatArray
    residuals: FloatArray

    @property
    def covariance(self) -> FloatArray:
        """Of the coefficients."""
        inverse = np.linalg.inv(self.root)
        found: FloatArray = inverse @ inverse.T
        return found

    @property
    def log_likelihood(self) -> float:
        """Of the direct values."""
        w, r = self.weights, self.residuals
        return float(-0.5 * (np.log(2 * math.pi / w).sum() + (w * r * r).sum()))


class AreaModel:
    """Direct values of the sampled areas, their variances and regressors."""

    def __init__(self, direct: FloatArray, variances: FloatArray, regressors: FloatArray) -> None:
        self.direct, self.variances, self.regressors = direct, variances, regressors

    def at(self, area_variance: float) -> Regression:
        """Regression when areas vary by ``area_variance``."""
        weights = 1 / (area_variance + self.variances)
        root_weights = np.sqrt(weights)
        q, root = np.linalg.qr(self.regressors * root_weights[:, None])
        coefficients = np.linalg.solve(root, q.T @ (self.direct * root_weights))
        return Regression(
            area_variance=area_variance,
            variances=self.variances,
            weights=weights,
            root=root,
            coefficients=coefficients,
            residuals=self.direct - self.regressors @ coefficients,
        )

    def leverage(self, fit: Regression) -> FloatArray:
        """x'(X'WX)^-1 x of each area."""
        scaled = np.linalg.solve(fit.root.T, self.regressors.T)
        found: FloatArray = (scaled * scaled).sum(axis=0)
        return found

    def estimate(self, method: FayHerriotMethod, adjustment: Adjustment) -> float:
        """Area variance; zero where the areas vary no more than their samples."""
        if method == "fh":
            return self._by_moments()
        return self._by_likelihood(method, adjustment)

    def _spread(self) -> float:
        root, *_ = np.linalg.lstsq(self.regressors, self.direct, rcond=None)
        residuals = self.direct - self.regressors @ root
        spread = float(np.var(residuals)) + float(np.median(self.variances))
        return spread if spread > 0 else 1.0

    def _by_moments(self) -> float:
        free: int = len(self.direct) - self.regressors.shape[1]

        def excess(area_variance: float) -> float:
            fit = self.at(area_variance)
            return float((fit.weights * fit.residuals**2).sum()) - free

        low = 0.0 if self.variances.min() > 0 else self._spread() * _TRIED[0]
        if excess(low) <= 0:
            return low if self.variances.min() == 0 else 0.0
        high = self._spread()
        while excess(high) > 0:
            high *= 4
        return float(optimize.brentq(excess, low, high, xtol=1e-300, rtol=1e-13))

    def _by_likelihood(self, method: FayHerriotMethod, adjustment: Adjustment) -> float:
        values = self._spread() * _TRIED
        may_be_zero = method != "adjusted" and bool(self.variances.min() > 0)
        if may_be_zero:
            values = np.concatenate([[0.0], values])
        logs = np.array([self._log_objective(value, method, adjustment) for value in values])
        inner = 1 + np.flatnonzero((logs[1:-1] >= logs[:-2]) & (logs[1:-1] >= logs[2:]))
        best = int(np.argmax(logs))
        if best == 0 and self.variances.min() == 0 and len(inner):
            # Areas said to be without error make the likelihood infinite at zero.
            best = int(inner[np.argmax(logs[inner])])
        slope = self._slope(method, adjustment)
        if best == 0:
            if not may_be_zero or slope(0.0) <= 0:
                return float(values[0])
            best = 1
        low, high = float(values[best - 1]), float(values[min(best + 1, len(values) - 1)])
        if not slope(low) > 0 > slope(high):
            return float(values[best])
        return float(optimize.brentq(slope, low, high, xtol=1e-300, rtol=1e-13))

    def _log_objective(
        self, area_variance: float, method: FayHerriotMethod, adjustment: Adjustment
    ) -> float:
        fit = self.at(area_variance)
        logs = fit.log_likelihood
        if method != "ml":
            logs -= float(np.log(np.abs(np.diag(fit.root))).sum())
        if method == "adjusted":
            if adjustment == "li-lahiri":
                return logs + math.log(area_variance)
            total = float((area_variance * fit.weights).sum())
            return logs + math.log(math.atan(total)) / len(self.direct)
        return logs

    def _slope(self, method: FayHerriotMethod, adjustment: Adjustment) -> Callable[[float], float]:
        """Slope of the log objective with respect to the area variance."""

        def slope(area_variance: float) -> float:
            fit = self.at(area_variance)
            w = fit.weights
            found = 0.5 * float((w * w * fit.residuals**2).sum() - w.sum())
            if method != "ml":
                found += 0.5 * float((self.leverage(fit) * w * w).sum())
            if method == "adjusted":
                found += self._adjusting_slope(fit, adjustment)
            return found

        return slope

    def _adjusting_slope(self, fit: Regression, adjustment: Adjustment) -> float:
        if adjustment == "li-lahiri":
            return 1 / fit.area_variance
        w = fit.weights
        total = float((fit.area_variance * w).sum())
        growth = float((self.variances * w * w).sum())
        return growth / ((1 + total**2) * math.atan(total)) / len(self.direct)

    def squared_errors(
        self, fit: Regression, method: FayHerriotMethod, adjustment: Adjustment
    ) -> FloatArray:
        """Mean squared error of each sampled area, right to the order of the areas' number."""
        w, psi, m = fit.weights, self.variances, len(self.direct)
        pull = psi * w
        squares = float((w * w).sum())
        known = psi * fit.area_variance * w + pull**2 * self.leverage(fit)
        of_variance = 2 / squares if method != "fh" else 2 * m / float(w.sum()) ** 2
        bias = 0.0
        if method == "ml":
            bias = -float((self.leverage(fit) * w * w).sum()) / squares
        elif method == "fh":
            bias = 2 * (m * squares - float(w.sum()) ** 2) / float(w.sum()) ** 3
        elif method == "adjusted" and adjustment == "li-lahiri":
            bias = 2 / (fit.area_variance * squares)
        found: FloatArray = known + 2 * pull**2 * w * of_variance - bias * pull**2
        return found
