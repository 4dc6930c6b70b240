"""Selection with equal probabilities: simple random, systematic, Bernoulli."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .._checks import check_number, check_share
from ._inputs import Positions, check_size, check_source, take_uniforms


def select_simple(
    population_size: int,
    n: int,
    *,
    rng: np.random.Generator | None = None,
    uniforms: npt.ArrayLike | None = None,
) -> Positions:
    """Positions of a simple random sample without replacement.

    Parameters
    ----------
    population_size : int
        Units in the frame, N.
    n : int
        Units to draw.
    rng : numpy.random.Generator, optional
        Chance for a simulation.
    uniforms : array_like, optional
        One number in [0, 1) per unit in place of ``rng``: the n smallest are drawn, ties by
        position.

    Returns
    -------
    numpy.ndarray
        Positions, from 0, ascending. Every unit has inclusion probability n/N.

    Raises
    ------
    ArgumentError
        A count is no count; not exactly one of ``rng`` and ``uniforms`` is given.
    FrameTooSmallError
        More units are wanted than exist.

    References
    ----------
    .. [1] W. G. Cochran, *Sampling Techniques*, 3rd ed., Wiley, 1977, chapter 2.

    Examples
    --------
    >>> select_simple(5, 2, uniforms=[0.8, 0.1, 0.5, 0.9, 0.3]).tolist()
    [1, 4]
    """
    units, size = check_size(population_size, n)
    if uniforms is None:
        check_source(rng, uniforms, "uniforms")
        assert rng is not None
        return np.sort(rng.choice(units, size, replace=False, shuffle=False)).astype(np.int64)
    order = np.argsort(take_uniforms(rng, uniforms, units), kind="stable")
    return np.sort(order[:size]).astype(np.int64)


def select_systematic(
    population_size: int,
    n: int,
    *,
    rng: np.random.Generator | None = None,
    start: float | None = None,
) -> Positions:
    r"""Positions of a systematic sample with equal probabilities.

    Every (N/n)-th unit from a random start; N/n need not be whole, and no unit at the end of the
    list is out of reach.

    Parameters
    ----------
    population_size : int
        Units in the frame, N.
    n : int
        Units to draw.
    rng : numpy.random.Generator, optional
        Chance for a simulation.
    start : float, optional
        Start in place of ``rng``, in units, from 0 to below N/n. A published start r counted
        from 1 is r - 1 here.

    Returns
    -------
    numpy.ndarray
        Positions, from 0, ascending. Every unit has inclusion probability n/N.

    Raises
    ------
    ArgumentError
        A count is no count; ``start`` is outside; not exactly one of ``rng`` and ``start`` is
        given.
    FrameTooSmallError
        More units are wanted than exist.

    Notes
    -----
    Unit :math:`\lfloor u + iN/n \rfloor` for i = 0, ..., n - 1, u uniform on [0, N/n): the
    fractional interval of [1]_. Units less than N/n apart are never drawn together, so no
    unbiased variance exists.

    References
    ----------
    .. [1] C.-E. Särndal, B. Swensson and J. Wretman, *Model Assisted Survey Sampling*, Springer,
       1992, section 3.4.

    Examples
    --------
    >>> select_systematic(10, 4, start=1.0).tolist()
    [1, 3, 6, 8]
    """
    units, size = check_size(population_size, n)
    check_source(rng, start, "start")
    if not size:
        return np.empty(0, dtype=np.int64)
    interval = units / size
    if rng is not None:
        first = float(rng.random()) * interval
    else:
        assert start is not None
        first = check_number("start", start, least=0, most=np.nextafter(interval, 0))
    whole, rest = np.divmod(np.arange(size, dtype=np.int64) * units, size)
    found = whole + np.floor(first + rest / size).astype(np.int64)
    positions: Positions = np.minimum(found, units - 1)
    return positions


def select_bernoulli(
    population_size: int,
    prob: float,
    *,
    rng: np.random.Generator | None = None,
    uniforms: npt.ArrayLike | None = None,
) -> Positions:
    """Positions of a Bernoulli sample: each unit on its own with the same probability.

    Parameters
    ----------
    population_size : int
        Units in the frame, N.
    prob : float
        Inclusion probability of every unit, from 0 to 1.
    rng : numpy.random.Generator, optional
        Chance for a simulation.
    uniforms : array_like, optional
        One number in [0, 1) per unit in place of ``rng``; those below ``prob`` are drawn.

    Returns
    -------
    numpy.ndarray
        Positions, from 0, ascending; how many is a matter of chance.

    Raises
    ------
    ArgumentError
        A value is outside its domain; not exactly one of ``rng`` and ``uniforms`` is given.

    References
    ----------
    .. [1] C.-E. Särndal, B. Swensson and J. Wretman, *Model Assisted Survey Sampling*, Springer,
       1992, section 3.2.

    Examples
    --------
    >>> select_bernoulli(4, 0.4, uniforms=[0.39, 0.4, 0.9, 0.0]).tolist()
    [0, 3]
    """
    units, _ = check_size(population_size, 0)
    chance = check_share("prob", prob)
    return np.flatnonzero(take_uniforms(rng, uniforms, units) < chance).astype(np.int64)
