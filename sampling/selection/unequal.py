"""Selection with unequal probabilities that are met exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from .._checks import FloatArray, check_choice, check_count, check_number
from ..errors import ArgumentError
from ._inputs import (
    Positions,
    check_probs,
    check_source,
    check_uniforms,
    take_uniforms,
    whole_size,
)

Order = Literal["given", "random"]
_ORDERS = ("given", "random")
_DUST = 1e-9
_BATCH = 1 << 16


def select_poisson(
    probs: npt.ArrayLike,
    *,
    rng: np.random.Generator | None = None,
    uniforms: npt.ArrayLike | None = None,
) -> Positions:
    """Positions of a Poisson sample: each unit on its own with its own probability.

    Parameters
    ----------
    probs : array_like
        Inclusion probability of each unit, from 0 to 1; need not add up to a whole number.
    rng : numpy.random.Generator, optional
        Chance for a simulation.
    uniforms : array_like, optional
        One number in [0, 1) per unit in place of ``rng``; a unit is drawn when its number is
        below its probability.

    Returns
    -------
    numpy.ndarray
        Positions, from 0, ascending; how many is a matter of chance.

    Raises
    ------
    ArgumentError
        A probability is outside; not exactly one of ``rng`` and ``uniforms`` is given.

    References
    ----------
    .. [1] J. Hájek, "Asymptotic theory of rejective sampling with varying probabilities from a
       finite population", *Annals of Mathematical Statistics* 35, 1964.

    Examples
    --------
    >>> select_poisson([0.2, 1.0, 0.0, 0.7], uniforms=[0.5, 0.99, 0.0, 0.6]).tolist()
    [1, 3]
    """
    chances = check_probs(probs)
    return np.flatnonzero(take_uniforms(rng, uniforms, chances.size) < chances).astype(np.int64)


def select_pps_systematic(
    probs: npt.ArrayLike,
    *,
    rng: np.random.Generator | None = None,
    start: float | None = None,
    order: Order = "given",
) -> Positions:
    r"""Positions of a systematic sample with unequal probabilities, of fixed size.

    Parameters
    ----------
    probs : array_like
        Inclusion probability of each unit, adding up to a whole number (``inclusion_probs``).
    rng : numpy.random.Generator, optional
        Chance for a simulation.
    start : float, optional
        Start in place of ``rng``, from 0 to below 1 on the scale of the cumulated probabilities.
    order : {"given", "random"}, default "given"
        Keep the list's order, or shuffle it first (needs ``rng``).

    Returns
    -------
    numpy.ndarray
        Positions, from 0, ascending. Inclusion probabilities are ``probs``, exactly.

    Raises
    ------
    ArgumentError
        A probability is outside; they add up to no whole number; ``start`` is outside; not
        exactly one of ``rng`` and ``start`` is given.

    Notes
    -----
    With :math:`V_k = \pi_1 + \dots + \pi_k`, unit k is drawn when a whole number lies in
    :math:`[V_{k-1} - u, V_k - u)`. Many pairs can never be drawn together in a kept order.

    References
    ----------
    .. [1] W. G. Madow, "On the theory of systematic sampling, II", *Annals of Mathematical
       Statistics* 20, 1949.

    Examples
    --------
    >>> select_pps_systematic([0.5, 0.25, 0.25, 1.0], start=0.6).tolist()
    [1, 3]
    """
    chances = check_probs(probs)
    size = whole_size(chances)
    check_choice("order", order, _ORDERS)
    check_source(rng, start, "start")
    if rng is None:
        _refuse_shuffle(order)
        assert start is not None
        u = check_number("start", start, least=0, most=np.nextafter(1, 0))
        return systematic_at(chances, size, u)
    line = _line(chances, order, rng)
    return np.sort(line[systematic_at(chances[line], size, float(rng.random()))])


def _refuse_shuffle(order: str) -> None:
    if order == "random":
        raise ArgumentError(
            "order='random' must have rng; got published numbers alone. Give the list in the order "
            "that was used.",
            code="chance-source",
        )


def _line(chances: FloatArray, order: str, rng: np.random.Generator) -> Positions:
    if order == "random":
        return rng.permutation(chances.size).astype(np.int64)
    return np.arange(chances.size, dtype=np.int64)


def cumulated(chances: FloatArray, size: int) -> FloatArray:
    """0 and the cumulated probabilities, the last one whole; near-whole ones made whole."""
    sums = np.concatenate(([0.0], np.cumsum(chances)))
    # The comparisons with whole numbers must not hang on the dust of a long sum.
    near = np.round(sums)
    sums = np.where(np.abs(sums - near) < _DUST, near, sums)
    sums[-1] = size
    return sums


def systematic_at(chances: FloatArray, size: int, u: float) -> Positions:
    """Positions drawn from the start ``u``."""
    below = np.ceil(cumulated(chances, size) - u)
    return np.flatnonzero(below[1:] > below[:-1]).astype(np.int64)


def select_sampford(
    probs: npt.ArrayLike,
    *,
    rng: np.random.Generator | None = None,
    uniforms: npt.ArrayLike | None = None,
) -> Positions:
    r"""Positions of a Sampford (Rao-Sampford) sample, of fixed size.

    Parameters
    ----------
    probs : array_like
        Inclusion probability of each unit, adding up to a whole number (``inclusion_probs``).
    rng : numpy.random.Generator, optional
        Chance for a simulation.
    uniforms : array_like, optional
        Numbers in [0, 1) in place of ``rng``, used attempt by attempt: one for the first unit,
        then one for each unit with a probability between 0 and 1.

    Returns
    -------
    numpy.ndarray
        Positions, from 0, ascending. Inclusion probabilities are ``probs``, exactly.

    Raises
    ------
    ArgumentError
        A probability is outside; they add up to no whole number; not exactly one of ``rng`` and
        ``uniforms`` is given; ``uniforms`` ends before an attempt succeeds.

    Notes
    -----
    The design has :math:`P(s) \propto \sum_{i \in s} (1 - \pi_i)\prod_{i \in s}
    \pi_i/(1-\pi_i)`. An attempt draws a first unit with probabilities :math:`\pi_i/n` and a
    Poisson sample of all units; it succeeds when the Poisson sample holds n - 1 units and not the
    first. This is the same design as Sampford's draws with replacement and far quicker for large
    n. Joint probabilities: ``joint_inclusion_probs(probs, "sampford")``, exact.

    References
    ----------
    .. [1] M. R. Sampford, "On sampling without replacement with unequal probabilities of
       selection", *Biometrika* 54, 1967.
    .. [2] L. Bondesson, I. Traat and A. Lundqvist, "Pareto sampling versus Sampford and
       conditional Poisson sampling", *Scandinavian Journal of Statistics* 33, 2006.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> len(select_sampford([0.2, 0.7, 0.8, 0.5, 0.4, 0.4], rng=rng))
    3
    """
    chances = check_probs(probs)
    size = whole_size(chances)
    check_source(rng, uniforms, "uniforms")
    certain, open_ = split(chances)
    size -= certain.size
    if not size:
        return certain
    part = chances[open_]
    bounds = np.cumsum(part) / part.sum()
    for rows in _attempts(rng, uniforms, part.size + 1):
        first = np.minimum(np.searchsorted(bounds, rows[:, 0], side="right"), part.size - 1)
        drawn = rows[:, 1:] < part
        clear = ~drawn[np.arange(len(rows)), first]
        good = np.flatnonzero(clear & (drawn.sum(axis=1) == size - 1))
        if good.size:
            chosen = np.append(np.flatnonzero(drawn[good[0]]), first[good[0]])
            return np.sort(np.concatenate((certain, open_[chosen])))
    raise ArgumentError(
        "uniforms must last until an attempt succeeds; they ended before. Give more.",
        code="uniforms-ended",
    )


def _attempts(
    rng: np.random.Generator | None, uniforms: npt.ArrayLike | None, width: int
) -> Iterator[FloatArray]:
    """Batches of rows of ``width`` numbers, growing so that many attempts cost little."""
    if rng is None:
        given = check_uniforms(uniforms)
        yield given[: given.size // width * width].reshape(-1, width)
        return
    rows = 8
    while True:
        yield rng.random((max(1, min(rows, _BATCH // width)), width))
        rows *= 2


def split(chances: FloatArray) -> tuple[Positions, Positions]:
    """Positions of units taken for certain, and of those that chance decides."""
    certain = np.flatnonzero(chances >= 1 - 1e-12).astype(np.int64)
    open_ = np.flatnonzero((chances > 0) & (chances < 1 - 1e-12)).astype(np.int64)
    return certain, open_


def brewer_draw_probs(probs: npt.ArrayLike, drawn: Sequence[int] = ()) -> FloatArray:
    r"""Chance of each unit at the next draw of Brewer's method.

    Parameters
    ----------
    probs : array_like
        Inclusion probability of each unit, adding up to a whole number n.
    drawn : sequence of int, default ()
        Positions of the units drawn so far, fewer than n.

    Returns
    -------
    numpy.ndarray
        One probability per unit, adding up to 1; 0 for units drawn so far.

    Raises
    ------
    ArgumentError
        A probability is outside; they add up to no whole number; ``drawn`` repeats a unit, names
        none of the frame, or leaves no draw.

    Notes
    -----
    At draw r, with a the sum of the probabilities of the units drawn so far,
    :math:`p_i \propto \pi_i (n - a - \pi_i) / (n - a - \pi_i(n - r + 1))`. Units with probability
    1 are drawn first.

    References
    ----------
    .. [1] K. R. W. Brewer, "A simple procedure for sampling πpswor", *Australian Journal of
       Statistics* 17, 1975.
    .. [2] Y. Tillé, *Sampling Algorithms*, Springer, 2006, section 7.3.

    Examples
    --------
    >>> brewer_draw_probs([0.2, 0.7, 0.8, 0.5, 0.4, 0.4], [2, 1]).round(4).tolist()
    [0.1333, 0.0, 0.0, 0.3333, 0.2667, 0.2667]
    """
    chances = check_probs(probs)
    size = whole_size(chances)
    taken = [check_count("drawn", unit, most=chances.size - 1) for unit in drawn]
    if len(set(taken)) < len(taken) or len(taken) >= size:
        raise ArgumentError(
            f"drawn must name fewer than {size} units, each once; got {list(drawn)!r}. Give those "
            "drawn so far.",
            code="drawn-wrong",
        )
    return _brewer_step(chances, np.asarray(taken, dtype=np.int64), size)


def _brewer_step(chances: FloatArray, taken: Positions, size: int) -> FloatArray:
    out = np.zeros(chances.size, dtype=bool)
    out[taken] = True
    certain = (chances >= 1 - 1e-12) & ~out
    if certain.any():
        first: FloatArray = certain / certain.sum()
        return first
    left = size - taken.size
    rest = size - float(chances[taken].sum())
    # rest >= left, so that the divisor is above 0 for every probability below 1.
    bottom = np.where(out, 1.0, rest - chances * left)
    step = np.where(out, 0.0, chances * (rest - chances) / bottom)
    found: FloatArray = step / step.sum()
    return found


def select_brewer(
    probs: npt.ArrayLike,
    *,
    rng: np.random.Generator | None = None,
    uniforms: npt.ArrayLike | None = None,
) -> Positions:
    """Positions of a sample by Brewer's draw-by-draw method, of fixed size.

    Parameters
    ----------
    probs : array_like
        Inclusion probability of each unit, adding up to a whole number (``inclusion_probs``).
    rng : numpy.random.Generator, optional
        Chance for a simulation.
    uniforms : array_like, optional
        One number in [0, 1) for each draw that is not certain, in place of ``rng``; each picks
        from the cumulated probabilities of ``brewer_draw_probs``.

    Returns
    -------
    numpy.ndarray
        Positions, from 0, ascending. Inclusion probabilities are ``probs``, exactly, for every n.

    Raises
    ------
    ArgumentError
        A probability is outside; they add up to no whole number; not exactly one of ``rng`` and
        ``uniforms`` is given.

    References
    ----------
    .. [1] K. R. W. Brewer, "A simple procedure for sampling πpswor", *Australian Journal of
       Statistics* 17, 1975.

    Examples
    --------
    >>> select_brewer([0.2, 0.7, 0.8, 0.5, 0.4, 0.4], uniforms=[0.5, 0.3, 0.9]).tolist()
    [1, 2, 5]
    """
    chances = check_probs(probs)
    size = whole_size(chances)
    certain, open_ = split(chances)
    left = size - certain.size
    numbers = take_uniforms(rng, uniforms, left)
    part = chances[open_]
    taken = np.empty(0, dtype=np.int64)
    for u in numbers:
        bounds = np.cumsum(_brewer_step(part, taken, left))
        unit = int(np.searchsorted(bounds, u * bounds[-1], side="right"))
        taken = np.append(taken, np.int64(min(unit, part.size - 1)))
    return np.sort(np.concatenate((certain, open_[taken])))


def select_pivotal(
    probs: npt.ArrayLike,
    *,
    rng: np.random.Generator | None = None,
    uniforms: npt.ArrayLike | None = None,
    order: Order = "given",
) -> Positions:
    r"""Positions of a sample by the pivotal method, of fixed size.

    Units meet in the order of the list: of two, one passes as much of its probability as it can
    to the other and is settled; the other meets the next unit.

    Parameters
    ----------
    probs : array_like
        Inclusion probability of each unit, adding up to a whole number (``inclusion_probs``).
    rng : numpy.random.Generator, optional
        Chance for a simulation.
    uniforms : array_like, optional
        Numbers in [0, 1) in place of ``rng``: one for each meeting, one less than there are units
        with a probability between 0 and 1.
    order : {"given", "random"}, default "given"
        Keep the list's order, which spreads the sample along it, or shuffle it first (needs
        ``rng``).

    Returns
    -------
    numpy.ndarray
        Positions, from 0, ascending. Inclusion probabilities are ``probs``, exactly.

    Raises
    ------
    ArgumentError
        A probability is outside; they add up to no whole number; not exactly one of ``rng`` and
        ``uniforms`` is given.

    Notes
    -----
    Units with probabilities a and b meet. When a + b < 1 the first keeps a + b with probability
    a/(a + b), the second else; the other is out. When a + b >= 1 the second is in and the first
    keeps a + b - 1 with probability (1 - a)/(2 - a - b), and the other way round else.

    References
    ----------
    .. [1] J.-C. Deville and Y. Tillé, "Unequal probability sampling without replacement through a
       splitting method", *Biometrika* 85, 1998.
    .. [2] G. Chauvet, "On a characterization of ordered pivotal sampling", *Bernoulli* 18, 2012.

    Examples
    --------
    >>> select_pivotal([0.5, 0.5, 0.5, 0.5], uniforms=[0.2, 0.7, 0.9]).tolist()
    [0, 3]
    """
    chances = check_probs(probs)
    whole_size(chances)
    check_choice("order", order, _ORDERS)
    certain, open_ = split(chances)
    numbers = take_uniforms(rng, uniforms, max(open_.size - 1, 0))
    if rng is not None and order == "random":
        open_ = rng.permutation(open_)
    else:
        _refuse_shuffle(order)
    chosen = _duels(chances[open_].tolist(), numbers.tolist())
    return np.sort(np.concatenate((certain, open_[np.asarray(chosen, dtype=np.int64)])))


def _duels(chances: list[float], numbers: list[float]) -> list[int]:
    """Places of the units that are in after all meetings."""
    chosen: list[int] = []
    holder, held = 0, chances[0] if chances else 0.0
    for place, u in enumerate(numbers, start=1):
        chance = chances[place]
        both = held + chance
        if abs(both - 1) < _DUST:
            # One is in, the other out, and nothing is carried on.
            chosen.append(holder if u * both < held else place)
            holder, held = place, 0.0
        elif both < 1:
            if u * both >= held:
                holder = place
            held = both
        elif u * (2 - both) < 1 - held:
            chosen.append(place)
            held = both - 1
        else:
            chosen.append(holder)
            holder, held = place, both - 1
    # All is settled but for dust: the last holder is in when what it holds is near 1.
    return [*chosen, holder] if held > 0.5 else chosen
