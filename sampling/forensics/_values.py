"""One column of finite numbers, as handed in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .._checks import FloatArray
from ..errors import ArgumentError


def finite_values(name: str, values: npt.ArrayLike) -> FloatArray:
    """``values`` as one dimension of finite numbers, at least one."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.array([np.nan])
    bad = array.size == 0 or array.ndim != 1 or not np.isfinite(array).all()
    if bad:
        raise ArgumentError(
            f"{name} must be one row of finite numbers; got shape {array.shape} with "
            f"{int((~np.isfinite(array)).sum())} not finite. Leave missing ones out.",
            code="values-not-finite",
            name=name,
            got=array.shape,
        )
    return array
