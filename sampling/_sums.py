"""Sums by group, as floats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ._checks import FloatArray

Codes = npt.NDArray[np.intp]


def sum_by(code: Codes, values: FloatArray, count: int) -> FloatArray:
    """Sum of ``values`` under each of ``count`` codes.

    Examples
    --------
    >>> sum_by(np.array([0, 0, 2]), np.array([1.0, 2.0, 4.0]), 3).tolist()
    [3.0, 0.0, 4.0]
    """
    return np.asarray(np.bincount(code, values, minlength=count), dtype=np.float64)


def distinct(key: Codes, size: int) -> tuple[Codes, Codes]:
    """Distinct keys in order, and the place of each key among them; keys lie below ``size``.

    Without a sort where the keys are in order, or their range is not much longer than they are.

    Examples
    --------
    >>> found, places = distinct(np.array([7, 2, 7]), 9)
    >>> found.tolist(), places.tolist()
    ([2, 7], [1, 0, 1])
    """
    step = np.diff(key)
    if len(key) and (step >= 0).all():
        new = np.concatenate([[True], step > 0])
        return key[new], np.cumsum(new) - 1
    if size > 32 * len(key) + 100_000:
        found, inverse = np.unique(key, return_inverse=True)
        return found, inverse.astype(np.intp)
    there = np.zeros(size, dtype=bool)
    there[key] = True
    places = np.cumsum(there, dtype=np.int32)
    return np.flatnonzero(there), places[key].astype(np.intp) - 1
