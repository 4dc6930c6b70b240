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
