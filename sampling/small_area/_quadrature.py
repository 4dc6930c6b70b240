"""Few nodes for many: Gauss rules of discrete measures, and mixtures of beta distributions."""

from __future__ import annotations

import numpy as np
from scipy import special

from .._checks import FloatArray

_LOG_ODDS = (-60.0, 30.0)
_STEPS = 60


def gauss_rule(
    values: FloatArray, weights: FloatArray, count: int
) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights with the first ``2 * count`` moments of each discrete measure.

    Measures lie along the last axis of ``values``; ``weights`` are common to them and sum to 1.
    """
    centre = values @ weights
    apart = values - centre[..., None]
    scale = np.sqrt((apart * apart) @ weights)
    flat = scale <= 1e-12 * np.abs(centre)
    scaled = apart / np.where(flat, 1.0, scale)[..., None]
    before = np.zeros_like(scaled)
    current = np.ones_like(scaled)
    shape = (*values.shape[:-1], count)
    middle, side = np.zeros(shape), np.zeros(shape)
    for step in range(count):
        middle[..., step] = (scaled * current * current) @ weights
        after = (scaled - middle[..., step, None]) * current
        if step:
            after -= side[..., step - 1, None] * before
        norm = np.sqrt((after * after) @ weights)
        side[..., step] = np.where(norm > 1e-9, norm, 0.0)
        before, current = current, after / np.where(norm > 1e-9, norm, np.inf)[..., None]
    jacobi = np.zeros((*shape, count))
    place = np.arange(count)
    jacobi[..., place, place] = middle
    jacobi[..., place[1:], place[:-1]] = side[..., :-1]
    nodes, vectors = np.linalg.eigh(jacobi)
    found = centre[..., None] + np.where(flat, 0.0, scale)[..., None] * nodes
    return np.clip(found, values.min(-1)[..., None], values.max(-1)[..., None]), vectors[
        ..., 0, :
    ] ** 2


def mixture_quantile(a: FloatArray, b: FloatArray, weights: FloatArray, prob: float) -> FloatArray:
    """Quantile of each mixture of beta distributions, mixed along the last axis.

    By halving and Newton steps on the log odds.
    """
    mean = (weights * a / (a + b)).sum(axis=-1)
    low = np.full(mean.shape, _LOG_ODDS[0])
    high = np.full(mean.shape, _LOG_ODDS[1])
    at = special.logit(mean)
    open_ = np.ones(mean.shape, dtype=bool)
    log_beta = special.betaln(a, b)
    for _ in range(_STEPS):
        p, q = special.expit(at[open_, None]), special.expit(-at[open_, None])
        part = a[open_], b[open_], weights[open_]
        reached = (part[2] * special.betainc(part[0], part[1], p)).sum(axis=-1) - prob
        density = part[2] * np.exp(part[0] * np.log(p) + part[1] * np.log(q) - log_beta[open_])
        slope = density.sum(axis=-1)
        here = at[open_]
        low[open_] = np.where(reached < 0, here, low[open_])
        high[open_] = np.where(reached < 0, high[open_], here)
        # A step in the logarithm of the chance, which is nearly straight in a long tail.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = (reached + prob) / slope * np.log1p(reached / prob)
        moved = here - step
        inside = (moved > low[open_]) & (moved < high[open_])
        moved = np.where(inside, moved, (low[open_] + high[open_]) / 2)
        done = np.abs(moved - here) < 1e-9
        at[open_] = moved
        still = np.flatnonzero(open_)[~done] if open_.ndim == 1 else None
        open_ = np.zeros(mean.shape, dtype=bool)
        open_[still] = True
        if not open_.any():
            break
    found: FloatArray = special.expit(at)
    return np.where(at <= _LOG_ODDS[0] + 1e-6, 0.0, found)
