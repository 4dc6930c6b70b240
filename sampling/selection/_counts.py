"""Distributions of how many units are in, each time without one of the units.

A unit is left out by adding all others, halving the list of units again and again, so that no
division ever undoes an addition: exact to rounding whatever the probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .._checks import FloatArray

Add = Callable[[FloatArray, int], FloatArray]


def leave_one_out(start: FloatArray, add: Add, units: int) -> Iterator[tuple[int, FloatArray]]:
    """For each unit the state after ``add`` has been called on ``start`` for all others."""

    def visit(low: int, high: int, state: FloatArray) -> Iterator[tuple[int, FloatArray]]:
        if high - low == 1:
            yield low, state
            return
        middle = (low + high) // 2
        for half, others in (
            ((low, middle), range(middle, high)),
            ((middle, high), range(low, middle)),
        ):
            grown = state
            for unit in others:
                grown = add(grown, unit)
            yield from visit(*half, grown)

    yield from visit(0, units, start)


def shifted(counts: FloatArray) -> FloatArray:
    """Move counts to one more unit in; the last axis is the count, cut at its end."""
    moved = np.zeros_like(counts)
    moved[..., 1:] = counts[..., :-1]
    return moved


def with_unit(counts: FloatArray, chance: FloatArray | float) -> FloatArray:
    """Add a unit that is in with ``chance``, one chance per row."""
    return counts * (1 - chance) + shifted(counts) * chance


def nothing_yet(rows: int, most: int) -> FloatArray:
    """Start counts 0 to ``most`` with no unit at all, ``rows`` times."""
    counts = np.zeros((rows, most + 1))
    counts[:, 0] = 1
    return counts
