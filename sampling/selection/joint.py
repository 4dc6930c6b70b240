"""Joint inclusion probabilities of pairs of units."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
import numpy.typing as npt

from .._checks import FloatArray, check_choice
from ..errors import ApproximationWarning, ArgumentError, NotConvergedError
from ._counts import leave_one_out, nothing_yet, shifted, with_unit
from ._inputs import check_probs, whole_size
from .unequal import cumulated, split, systematic_at

JointMethod = Literal[
    "simple",
    "poisson",
    "systematic",
    "sampford",
    "pivotal",
    "max-entropy",
    "brewer",
    "pareto",
    "sequential-poisson",
    "random-systematic",
    "random-pivotal",
]
EXACT = ("simple", "poisson", "systematic", "sampford", "pivotal", "max-entropy")
APPROXIMATE = ("brewer", "pareto", "sequential-poisson", "random-systematic", "random-pivotal")
_ROUNDS = 500


def joint_inclusion_probs(probs: npt.ArrayLike, method: JointMethod) -> FloatArray:
    r"""Probabilities that two units are drawn together.

    Parameters
    ----------
    probs : array_like
        Inclusion probability of each unit; for all methods but "poisson" they add up to a whole
        number. For "systematic" and "pivotal" in the order of the list that is drawn from.
    method : str
        How the sample is drawn. Exact: "simple", "poisson" (Bernoulli too), "systematic",
        "sampford", "pivotal" (both in the order given), "max-entropy" (conditional Poisson).
        Approximated by the maximum-entropy design with the same probabilities: "brewer",
        "pareto", "sequential-poisson", "random-systematic", "random-pivotal".

    Returns
    -------
    numpy.ndarray
        Square matrix, one row and column per unit, with ``probs`` on its diagonal.

    Raises
    ------
    ArgumentError
        A probability is outside; they add up to no whole number; they are unequal for "simple";
        the method is unknown.
    NotConvergedError
        The probabilities of the maximum-entropy design did not settle.

    Warns
    -----
    ApproximationWarning
        The method's joint probabilities are approximated. Those designs are close to maximum
        entropy; the approximation adds up as exact ones do, is never 0 off the diagonal and never
        above :math:`\pi_i \pi_j`, so that Sen-Yates-Grundy variances are not negative.

    Notes
    -----
    For a fixed size n, :math:`\sum_{j \ne i} \pi_{ij} = (n - 1)\pi_i`. "systematic" and "pivotal"
    have pairs that are never drawn together; a variance that divides by them does not exist. Time
    grows with the square of the units (the cube for "systematic" and "pivotal").

    References
    ----------
    .. [1] M. R. Sampford, "On sampling without replacement with unequal probabilities of
       selection", *Biometrika* 54, 1967.
    .. [2] S. X. Chen, A. P. Dempster and J. S. Liu, "Weighted finite population sampling to
       maximize entropy", *Biometrika* 81, 1994.
    .. [3] A. Matei and Y. Tillé, "Evaluation of variance approximations and estimators in maximum
       entropy sampling with unequal probability and fixed sample size", *Journal of Official
       Statistics* 21, 2005.

    Examples
    --------
    >>> joint_inclusion_probs([0.5, 0.5, 0.5, 0.5], "simple").round(4)[0].tolist()
    [0.5, 0.1667, 0.1667, 0.1667]
    """
    chances = check_probs(probs)
    check_choice("method", method, EXACT + APPROXIMATE)
    if method == "poisson":
        joint = np.outer(chances, chances)
        np.fill_diagonal(joint, chances)
        return joint
    size = whole_size(chances)
    if method == "simple":
        return _simple(chances, size)
    if method == "systematic":
        return _systematic(chances, size)
    if method in APPROXIMATE:
        warnings.warn(
            f"joint inclusion probabilities of {method!r} are approximated by those of the "
            "maximum-entropy design with the same inclusion probabilities.",
            ApproximationWarning,
            stacklevel=2,
        )
    inner = {"sampford": _sampford, "pivotal": _pivotal}.get(method, _max_entropy)
    certain, open_ = split(chances)
    joint = np.zeros((chances.size, chances.size))
    joint[certain, :] = chances
    joint[:, certain] = chances[:, None]
    if open_.size:
        joint[np.ix_(open_, open_)] = inner(chances[open_], size - certain.size)
    np.fill_diagonal(joint, chances)
    return joint


def _simple(chances: FloatArray, size: int) -> FloatArray:
    if np.ptp(chances) > 1e-9:
        raise ArgumentError(
            "probs of a simple random sample must be all the same; got "
            f"{float(chances.min())!r} to {float(chances.max())!r}. Name another method.",
            code="probs-unequal",
        )
    units = chances.size
    pair = size * (size - 1) / (units * (units - 1)) if units > 1 else 0.0
    joint = np.full((units, units), pair)
    np.fill_diagonal(joint, chances)
    return joint


def _systematic(chances: FloatArray, size: int) -> FloatArray:
    """Lengths of the starts from which both are drawn, between the points where draws change."""
    sums = cumulated(chances, size)
    turns = np.unique(np.concatenate((sums - np.floor(sums), [0.0, 1.0])))
    lengths = np.diff(turns)
    drawn = np.zeros((lengths.size, chances.size))
    for row, start in enumerate((turns[1:] + turns[:-1]) / 2):
        drawn[row, systematic_at(chances, size, float(start))] = 1
    joint: FloatArray = drawn.T @ (drawn * lengths[:, None])
    np.fill_diagonal(joint, chances)
    return joint


def _sampford(chances: FloatArray, size: int) -> FloatArray:
    """Add up, over samples without the pair, products of odds and products times 1 - pi."""
    units = chances.size
    if size < 2:
        return np.zeros((units, units))
    start = np.stack((nothing_yet(units, size - 2), np.zeros((units, size - 1))))
    joint = np.zeros((units, units))

    def add(state: FloatArray, unit: int) -> FloatArray:
        chance = _but_one(chances, unit)
        plain, summed = state
        rise = shifted(plain) * (1 - chances[unit])
        return np.stack((with_unit(plain, chance), with_unit(summed, chance) + rise * chance))

    for unit, (plain, summed) in leave_one_out(start, add, units):
        free = 2 - chances - chances[unit]
        joint[:, unit] = chances * chances[unit] * (free * plain[:, -1] + summed[:, -1])
    return _fitted(joint, size)


def _but_one(chances: FloatArray, unit: int) -> FloatArray:
    """Chance of ``unit`` in each row; 0 in its own row, which is that of samples without it."""
    chance = np.full((chances.size, 1), chances[unit])
    chance[unit] = 0
    return chance


def _fitted(joint: FloatArray, size: int) -> FloatArray:
    np.fill_diagonal(joint, 0)
    joint = (joint + joint.T) / 2
    scaled: FloatArray = joint * (size * (size - 1) / joint.sum())
    return scaled


def _max_entropy(chances: FloatArray, size: int) -> FloatArray:
    units = chances.size
    if size < 2:
        return np.zeros((units, units))
    free = _free_chances(chances, size)
    joint = np.zeros((units, units))

    def add(counts: FloatArray, unit: int) -> FloatArray:
        return with_unit(counts, _but_one(free, unit))

    for unit, counts in leave_one_out(nothing_yet(units, size - 2), add, units):
        joint[:, unit] = free * free[unit] * counts[:, -1]
    return _fitted(joint, size)


def _free_chances(chances: FloatArray, size: int) -> FloatArray:
    """Poisson probabilities that, given the size, become ``chances``."""
    odds = chances / (1 - chances)
    free = chances
    for _ in range(_ROUNDS):
        reached = np.empty_like(free)

        def add(counts: FloatArray, unit: int, free: FloatArray = free) -> FloatArray:
            return with_unit(counts, float(free[unit]))

        for unit, counts in leave_one_out(nothing_yet(1, size), add, free.size):
            inside, outside = counts[0, -2] * free[unit], counts[0, -1] * (1 - free[unit])
            reached[unit] = inside / (inside + outside)
        if np.abs(reached - chances).max() < 1e-13:
            break
        ratio = free / (1 - free) * odds * (1 - reached) / reached
        free = ratio / (1 + ratio)
    else:
        if np.abs(reached - chances).max() > 1e-9:
            raise NotConvergedError(
                "the probabilities of the maximum-entropy design must settle; they did not in "
                f"{_ROUNDS} rounds. Use method='sampford'."
            )
    return free


def _pivotal(chances: FloatArray, size: int) -> FloatArray:
    """Exact for the order given: who holds the carried probability is a Markov chain."""
    units = chances.size
    holds = np.zeros(units)
    holds[0] = 1
    # in_and_holds[i, s]: unit i is in and unit s is the holder.
    in_and_holds = np.zeros((units, units))
    joint = np.zeros((units, units))
    held = float(chances[0])
    for place in range(1, units):
        both = held + float(chances[place])
        ins = in_and_holds.sum(axis=1)
        if abs(both - 1) < 1e-9:
            first = held / both
            joint += first * in_and_holds
            joint[:, place] += (1 - first) * ins
            in_and_holds[:, :] = 0
            in_and_holds[:, place] = ins + first * holds
            in_and_holds[place, place] += 1 - first
            holds[:] = 0
            holds[place] = 1
            held = 0.0
        elif both < 1:
            first = held / both
            in_and_holds *= first
            in_and_holds[:, place] += (1 - first) * ins
            holds *= first
            holds[place] = 1 - first
            held = both
        else:
            keeps = (1 - held) / (2 - both)
            joint[:, place] += keeps * ins
            joint += (1 - keeps) * in_and_holds
            moved = (1 - keeps) * (ins + holds)
            in_and_holds *= keeps
            in_and_holds[place] += keeps * holds
            in_and_holds[:, place] = moved
            holds *= keeps
            holds[place] = 1 - keeps
            held = both - 1
    if held > 0.5:
        joint += in_and_holds
    joint = joint + joint.T
    np.fill_diagonal(joint, 0)
    return joint
