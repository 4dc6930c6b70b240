"""Rows of a result from columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from .._checks import FloatArray
from .results import SmallAreaEstimate


def rows_of(
    areas: tuple[str, ...],
    direct: FloatArray,
    columns: tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray],
    above: FloatArray | None,
    *,
    unsampled: str,
) -> tuple[SmallAreaEstimate, ...]:
    """One row for each area; ``direct`` is NaN where nothing was sampled.

    ``columns`` are estimate, standard error, both limits and the weight of the direct estimate.
    """
    chances: Sequence[float | None] = [None] * len(areas) if above is None else above.tolist()
    return tuple(
        SmallAreaEstimate(
            area=area,
            direct=None if np.isnan(own) else float(own),
            estimate=cells[0],
            std_error=cells[1],
            lower=cells[2],
            upper=cells[3],
            weight=cells[4],
            above=chance,
            why=unsampled if np.isnan(own) else "",
        )
        for area, own, cells, chance in zip(
            areas, direct, np.column_stack(columns).tolist(), chances, strict=True
        )
    )


def normal_above(
    middle: FloatArray, spread: FloatArray, threshold: float | None
) -> FloatArray | None:
    """Chance that a normal value exceeds the threshold; None without one."""
    if threshold is None:
        return None
    apart = middle - threshold
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = np.where(spread > 0, stats.norm.cdf(apart / spread), apart > 0)
    return np.asarray(chance, dtype=np.float64)
