"""Order sampling: the smallest ranking numbers are drawn (sequential Poisson, Pareto)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from .._checks import FloatArray, check_choice
from ..errors import ApproximationWarning, NotConvergedError
from ._counts import leave_one_out, nothing_yet, with_unit
from ._inputs import Positions, check_probs, check_source, take_uniforms, whole_size
from .unequal import split

Aim = Literal["exact", "nominal"]
OrderMethod = Literal["sequential-poisson", "pareto"]

_RULES = {nodes: np.polynomial.legendre.leggauss(nodes) for nodes in (4, 8, 16)}
_NEGLIGIBLE = 40.0
_TOLERANCE = 1e-10
_ROUNDS = 200
# Multiplications for one pass; beyond it the targets are used as they are.
_MOST_WORK = 1e9


def select_sequential_poisson(
    probs: npt.ArrayLike,
    *,
    rng: np.random.Generator | None = None,
    uniforms: npt.ArrayLike | None = None,
    aim: Aim | None = None,
) -> Positions:
    r"""Positions of a sequential Poisson sample, of fixed size.

    Parameters
    ----------
    probs : array_like
        Inclusion probability of each unit, adding up to a whole number (``inclusion_probs``).
    rng : numpy.random.Generator, optional
        Chance for a simulation.
    uniforms : array_like, optional
        One number in [0, 1) per unit in place of ``rng``, such as permanent random numbers.
    aim : {"exact", "nominal"}, optional
        "nominal" ranks by ``probs`` themselves, as published; inclusion probabilities are then
        ``probs`` to within a few per cent, ten in frames of a dozen units. "exact" ranks by
        numbers worked out so that they are ``probs`` exactly. Without it "exact" with ``rng`` and
        "nominal" with ``uniforms``.

    Returns
    -------
    numpy.ndarray
        Positions, from 0, ascending.

    Raises
    ------
    ArgumentError
        A probability is outside; they add up to no whole number; not exactly one of ``rng`` and
        ``uniforms`` is given.

    Warns
    -----
    ApproximationWarning
        The frame is too large to work out exact ranking numbers; the nominal ones are used, whose
        error is then negligible.

    Notes
    -----
    The n units with the smallest :math:`u_i / \lambda_i`, ties by position; units with probability
    1 come first. With "nominal", :math:`\lambda_i = \pi_i`: the order does not depend on n, so
    that a larger sample contains the smaller one. See ``order_targets`` for "exact".

    References
    ----------
    .. [1] E. Ohlsson, "Sequential Poisson sampling", *Journal of Official Statistics* 14(2),
       1998.

    Examples
    --------
    >>> select_sequential_poisson([0.2, 0.4, 0.4, 1], uniforms=[0.1, 0.3, 0.1, 0.9]).tolist()
    [2, 3]
    """
    return _smallest("sequential-poisson", probs, rng, uniforms, aim)


def select_pareto(
    probs: npt.ArrayLike,
    *,
    rng: np.random.Generator | None = None,
    uniforms: npt.ArrayLike | None = None,
    aim: Aim | None = None,
) -> Positions:
    r"""Positions of a Pareto sample, of fixed size.

    Parameters
    ----------
    probs : array_like
        Inclusion probability of each unit, adding up to a whole number (``inclusion_probs``).
    rng : numpy.random.Generator, optional
        Chance for a simulation.
    uniforms : array_like, optional
        One number in [0, 1) per unit in place of ``rng``, such as permanent random numbers.
    aim : {"exact", "nominal"}, optional
        "nominal" ranks by ``probs`` themselves, as published; inclusion probabilities are then
        ``probs`` to within about one per cent. "exact" ranks by numbers worked out so that they
        are ``probs`` exactly. Without it "exact" with ``rng`` and "nominal" with ``uniforms``.

    Returns
    -------
    numpy.ndarray
        Positions, from 0, ascending.

    Raises
    ------
    ArgumentError
        A probability is outside; they add up to no whole number; not exactly one of ``rng`` and
        ``uniforms`` is given.

    Warns
    -----
    ApproximationWarning
        The frame is too large to work out exact ranking numbers; the nominal ones are used, whose
        error is then negligible.

    Notes
    -----
    The n units with the smallest :math:`\frac{u_i}{1-u_i} \Big/ \frac{\lambda_i}{1-\lambda_i}`,
    ties by position; units with probability 1 come first. See ``order_targets`` for "exact".

    References
    ----------
    .. [1] B. Rosén, "On sampling with probability proportional to size", *Journal of Statistical
       Planning and Inference* 62, 1997.

    Examples
    --------
    >>> select_pareto([0.2, 0.4, 0.4, 1], uniforms=[0.1, 0.3, 0.1, 0.9]).tolist()
    [2, 3]
    """
    return _smallest("pareto", probs, rng, uniforms, aim)


def _smallest(
    method: OrderMethod,
    probs: npt.ArrayLike,
    rng: np.random.Generator | None,
    uniforms: npt.ArrayLike | None,
    aim: Aim | None,
) -> Positions:
    chances = check_probs(probs)
    size = whole_size(chances)
    check_source(rng, uniforms, "uniforms")
    chosen_aim = aim or ("nominal" if rng is None else "exact")
    check_choice("aim", chosen_aim, ("exact", "nominal"))
    u = take_uniforms(rng, uniforms, chances.size)
    certain, open_ = split(chances)
    part = chances[open_]
    if chosen_aim == "exact" and open_.size:
        target = _solved(method, part.tobytes())
    else:
        target = part / (1 - part) if method == "pareto" else part
    mine = u[open_]
    ranks = (mine / (1 - mine) if method == "pareto" else mine) / target
    first = np.argsort(ranks, kind="stable")[: size - certain.size]
    return np.sort(np.concatenate((certain, open_[first])))


def order_targets(probs: npt.ArrayLike, method: OrderMethod) -> FloatArray:
    r"""Ranking numbers with which order sampling has the given inclusion probabilities exactly.

    Parameters
    ----------
    probs : array_like
        Inclusion probability of each unit, adding up to a whole number n.
    method : {"sequential-poisson", "pareto"}
        The order sampling.

    Returns
    -------
    numpy.ndarray
        One number per unit by which its random number is divided: of u for "sequential-poisson",
        of u/(1 - u) for "pareto". Infinite for probability 1, 0 for probability 0.

    Raises
    ------
    ArgumentError
        A probability is outside, they add up to no whole number, or the method is unknown.
    NotConvergedError
        The iteration did not settle.

    Warns
    -----
    ApproximationWarning
        The frame is too large; the nominal numbers are given.

    Notes
    -----
    Unit i is in when fewer than n others rank before it:
    :math:`\pi_i = \int P\{\sum_{j \ne i} 1(Q_j < q) < n\}\,dF_i(q)`, a Poisson-binomial
    probability under a one-dimensional integral, worked out by Gauss-Legendre quadrature between
    the points where a ranking distribution ends. The numbers are then adjusted,
    :math:`\lambda_i \leftarrow \lambda_i \pi_i / \pi_i(\lambda)` in odds for "pareto", until all
    agree to 1e-10.

    References
    ----------
    .. [1] N. Aires, "Algorithms to find exact inclusion probabilities for conditional Poisson
       sampling and Pareto πps sampling designs", *Methodology and Computing in Applied
       Probability* 1, 1999.

    Examples
    --------
    >>> order_targets([0.5, 0.5, 1.0], "sequential-poisson").tolist()
    [0.5, 0.5, inf]
    """
    chances = check_probs(probs)
    whole_size(chances)
    check_choice("method", method, ("sequential-poisson", "pareto"))
    certain, open_ = split(chances)
    found = np.zeros_like(chances)
    found[certain] = np.inf
    if open_.size:
        found[open_] = _solved(method, chances[open_].tobytes())
    return found


@lru_cache(maxsize=16)
def _solved(method: OrderMethod, raw: bytes) -> FloatArray:
    """Ranking numbers for probabilities strictly between 0 and 1, kept for repeated draws."""
    probs = np.frombuffer(raw, dtype=np.float64)
    odds = probs / (1 - probs)
    target = odds if method == "pareto" else probs
    if np.ptp(probs) == 0:
        return target
    size = round(float(probs.sum()))
    for _ in range(_ROUNDS):
        reached = _included(method, target, size)
        if reached is None:
            warnings.warn(
                f"{probs.size} units are too many to work out exact ranking numbers; the nominal "
                "ones are used, whose relative error is of the order of 1 over "
                f"{float((probs * (1 - probs)).sum()):.0f}.",
                ApproximationWarning,
                stacklevel=4,
            )
            return target
        if np.abs(reached - probs).max() < _TOLERANCE:
            target.setflags(write=False)
            return target
        target = target * (
            odds * (1 - reached) / reached if method == "pareto" else probs / reached
        )
    raise NotConvergedError(
        f"ranking numbers for exact inclusion probabilities must settle; they did not in {_ROUNDS} "
        "rounds. Use aim='nominal', select_sampford or select_brewer.",
        method=method,
    )


def _included(method: OrderMethod, target: FloatArray, size: int) -> FloatArray | None:
    """Inclusion probabilities of order sampling with these numbers; None when too much work."""
    edges, width = _edges(method, target, size)
    points, weights = _quadrature(edges, width)
    if points.size * size * target.size * np.log2(target.size + 1) > _MOST_WORK:
        return None
    below = _below(method, target, points)
    density = below * (1 - below) if method == "pareto" else target[:, None] * (below < 1)
    found = _below(method, target, edges[:1])[:, 0]
    start = nothing_yet(points.size, size - 1)

    def add(counts: FloatArray, unit: int) -> FloatArray:
        return with_unit(counts, below[unit][:, None])

    for unit, counts in leave_one_out(start, add, target.size):
        found[unit] += float((weights * density[unit]) @ counts.sum(axis=1))
    return found


def _quadrature(edges: FloatArray, width: float) -> tuple[FloatArray, FloatArray]:
    """Points and weights over all pieces; pieces narrower than ``width`` need fewer points."""
    middle, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    needed = np.where(half < width / 20, 4, np.where(half < width / 6, 8, 16))
    points, weights = [], []
    for count, (nodes, node_weights) in _RULES.items():
        mine = needed == count
        points.append((middle[mine, None] + half[mine, None] * nodes).ravel())
        weights.append((half[mine, None] * node_weights).ravel())
    return np.concatenate(points), np.concatenate(weights)


def _below(method: OrderMethod, target: FloatArray, points: FloatArray) -> FloatArray:
    """Chance that each unit's ranking number is below each point (its logarithm for Pareto)."""
    if method == "pareto":
        return 1 / (1 + np.exp(-points) / target[:, None])
    return np.minimum(1.0, target[:, None] * points)


def _edges(method: OrderMethod, target: FloatArray, size: int) -> tuple[FloatArray, float]:
    """Pieces of the range in which the sample is decided, and the width of its middle."""
    low, high = (-80.0, 80.0) if method == "pareto" else (0.0, 80.0 * float(1 / target.min()))

    def expected(point: float) -> float:
        return float(_below(method, target, np.array([point])).sum())

    def too_early(point: float) -> bool:
        mean = expected(point)
        # Bernstein's bound of the chance that ``size`` or more rank below.
        return mean < size and (size - mean) ** 2 / (2 * (mean + (size - mean) / 3)) > _NEGLIGIBLE

    def early_enough(point: float) -> bool:
        mean = expected(point) - 1
        return mean <= size or (mean - size) ** 2 / (2 * mean) < _NEGLIGIBLE

    first, last = _last_true(too_early, low, high), _last_true(early_enough, low, high)
    if method == "sequential-poisson":
        ends = np.sort(1 / target)
        if ends.size > size:
            last = min(last, float(ends[size]))
    middle = _last_true(lambda point: expected(point) <= size, low, high)
    below = _below(method, target, np.array([middle]))[:, 0]
    spread = float(np.sqrt((below * (1 - below)).sum()))
    slope = float((below * (1 - below)).sum() if method == "pareto" else target[below < 1].sum())
    width = max(spread, 0.3) / max(slope, 1e-12)
    pieces = int(np.clip(np.ceil((last - first) / width), 8, 400))
    edges = np.linspace(first, last, pieces + 1)
    if method == "sequential-poisson":
        edges = np.union1d(edges, ends[(ends > first) & (ends < last)])
    return edges, width


def _last_true(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Largest point at which ``holds`` is still true, by halving."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
