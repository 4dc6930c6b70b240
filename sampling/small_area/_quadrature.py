"""Few nodes for many: Gauss rules of discrete measures, and mixtures of beta distributions."""

from __future__ import annotations

import numpy as np
from scipy import special

from .._checks import FloatArray

_LOG_ODDS = (-60.0, 30.0)
_STEPS = 60
_CLOSE = 1e-9


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
    """Quantile of each mixture of beta distributions, one mixture in each row.

    Newton steps in the logarithm of the chance, halved where they leave the bracket.
    """
    at = special.logit((weights * a / (a + b)).sum(axis=1))
    low, high = (np.full(len(at), end) for end in _LOG_ODDS)
    log_beta = special.betaln(a, b)
    rows = np.arange(len(at))
    for _ in range(_STEPS):
        here = at[rows]
        p, q = special.expit(here[:, None]), special.expit(-here[:, None])
        one, other, share = a[rows], b[rows], weights[rows]
        reached = (share * special.betainc(one, other, p)).sum(axis=1)
        density = np.exp(one * np.log(p) + other * np.log(q) - log_beta[rows])
        low[rows] = np.where(reached < prob, here, low[rows])
        high[rows] = np.where(reached < prob, high[rows], here)
        # The logarithm of the chance is nearly straight in a long tail.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = reached / (share * density).sum(axis=1) * np.log(reached / prob)
        moved = here - step
        inside = (moved > low[rows]) & (moved < high[rows])
        at[rows] = np.where(inside, moved, (low[rows] + high[rows]) / 2)
        rows = rows[np.abs(at[rows] - here) >= _CLOSE]
        if not len(rows):
            break
    found: FloatArray = np.where(at <= _LOG_ODDS[0] + 1e-6, 0.0, special.expit(at))
    return found
