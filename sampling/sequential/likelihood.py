"""Chance of a sequence drawn without replacement, as a function of the errors in the population."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from .._checks import FloatArray

IntArray = npt.NDArray[np.int64]


def log_likelihood(held: IntArray, size: int, errors: int, n: int) -> FloatArray:
    """Log chance of a given order of ``errors`` among ``n`` when ``held`` of ``size`` are wrong."""
    right = size - held
    there = (held >= errors) & (right >= n - errors)
    k, r = np.where(there, held, errors), np.where(there, right, n - errors)
    logs = special.gammaln(k + 1.0) - special.gammaln(k - errors + 1.0)
    logs += special.gammaln(r + 1.0) - special.gammaln(r - n + errors + 1.0)
    logs -= math.lgamma(size + 1) - math.lgamma(size - n + 1)
    made: FloatArray = np.where(there, logs, -np.inf)
    return made


def likeliest(size: int, errors: int, n: int) -> int:
    """Errors in the population at which the likelihood is greatest."""
    return min(size, errors * (size + 1) // n) if n else 0


def log_mixture(errors: int, n: int, prior: tuple[float, float]) -> float:
    """Log chance of a given order of ``errors`` among ``n`` when the rate has a beta prior."""
    a, b = prior
    return float(special.betaln(a + errors, b + n - errors) - special.betaln(a, b))


def log_prior(held: IntArray, size: int, prior: tuple[float, float]) -> FloatArray:
    """Log beta-binomial chances of the errors in a population."""
    a, b = prior
    logs = special.betaln(held + a, size - held + b) - special.betaln(a, b)
    logs += math.lgamma(size + 1) - special.gammaln(held + 1.0) - special.gammaln(size - held + 1.0)
    return np.asarray(logs, dtype=np.float64)
