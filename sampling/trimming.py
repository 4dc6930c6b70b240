"""Weights kept between two limits, their sum or their known totals restored."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from ._checks import FloatArray, check_choice, check_number
from ._tables import takes_tables
from .calibration import Target, Weighted, calibrated_weights, check_new
from .design import Design
from .errors import ArgumentError, NotConvergedError
from .projection import auxiliary_of
from .sample import sample_of

Restore = Literal["equally", "equally-strict", "recalibrate"]


@takes_tables
def trim_weights(
    data: pd.DataFrame,
    design: Design,
    *,
    lower: float | None = None,
    upper: float | None = None,
    restore: Restore | None = None,
    into: str = "weight_trimmed",
) -> Weighted:
    r"""Weights cut at limits, and what was cut restored.

    Parameters
    ----------
    data : DataFrame
        One row per sampled unit.
    design : Design
        The design so far, perhaps calibrated.
    lower, upper : float, optional
        Least and greatest weight; at least one.
    restore : {"equally", "equally-strict", "recalibrate"}, optional
        "equally" spreads what was cut in equal parts over the other units, once, so that a few may
        pass the limits again; "equally-strict" repeats it until none does; "recalibrate" finds the
        weights within the limits, nearest to the old ones, that keep every total of the last
        calibration. By default "recalibrate" for a calibrated design and "equally-strict" else.
    into : str, default "weight_trimmed"
        Name of the new column of weights.

    Returns
    -------
    Weighted
        The data with the new weights, and the design that knows of them.

    Raises
    ------
    ArgumentError
        No limit is given, they cross, or there is nothing to recalibrate to.
    NotConvergedError
        The limits leave no weights with the same sum or totals.

    Notes
    -----
    The variance takes the limits as fixed and the trimmed weights as they are; after a calibration
    it is that of the residuals times the trimmed over the first weights. Trimming lowers variance
    at the price of a bias that no variance shows.

    References
    ----------
    .. [1] R. Valliant, J. A. Dever, F. Kreuter, *Practical Tools for Designing and Weighting Survey
       Samples*, 2nd ed., Springer, 2018, section 14.4.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design
    >>> data = pd.DataFrame({"w": [1.0, 1.0, 2.0, 8.0]})
    >>> trimmed, design = trim_weights(data, Design(weight="w"), upper=6.0)
    >>> trimmed["weight_trimmed"].round(4).tolist()
    [1.6667, 1.6667, 2.6667, 6.0]
    """
    low = -np.inf if lower is None else check_number("lower", lower, least=0)
    high = np.inf if upper is None else check_number("upper", upper, least=0, strict=True)
    if (lower is None and upper is None) or low >= high:
        raise ArgumentError(
            f"give lower, upper or both, the first below the second; got {lower!r}, {upper!r}. "
            "Take a few times the median weight.",
            code="trim-limits",
        )
    calibration = [a for a in design.adjustments if a.responded is None]
    if restore is None:
        restore = "recalibrate" if calibration else "equally-strict"
    check_choice("restore", restore, get_args(Restore))
    check_new(data, into)
    weight = sample_of(design, data).weight
    kept = weight > 0
    trimmed = np.zeros(len(weight))
    if restore == "recalibrate":
        if not calibration:
            raise ArgumentError(
                "restore='recalibrate' needs a calibrated design; got none. "
                "Calibrate first, or choose 'equally-strict'.",
                code="trim-uncalibrated",
            )
        last = calibration[-1]
        auxiliary = auxiliary_of(data, last.cells, last.numbers, intercept=last.intercept)[kept]
        names = tuple(f"auxiliary {place + 1}" for place in range(auxiliary.shape[1]))
        own = weight[kept]
        target = Target(auxiliary=auxiliary, totals=own @ auxiliary, names=names)
        trimmed[kept] = calibrated_weights(
            own, target, method="linear", lower=low / own, upper=high / own
        )
    else:
        trimmed[kept] = _spread(weight[kept], low, high, strict=restore == "equally-strict")
    made = replace(design, weight=into)
    return Weighted(data.assign(**{into: trimmed}), made)


def _spread(weight: FloatArray, low: float, high: float, *, strict: bool) -> FloatArray:
    """Cut weights, what was cut given in equal parts to the others."""
    total = float(weight.sum())
    if not low * len(weight) <= total <= high * len(weight):
        raise NotConvergedError(
            f"{len(weight)} weights between {low:g} and {high:g} cannot sum to {total:g}. "
            "Widen the limits.",
            code="trim-impossible",
        )
    for _ in range(10_000):
        cut = np.clip(weight, low, high)
        outside = (weight < low) | (weight > high)
        excess = total - float(cut.sum())
        free = ~outside if not strict else (cut < high if excess > 0 else cut > low)
        if not outside.any() or not free.any():
            return cut
        weight = cut + np.where(free, excess / int(free.sum()), 0.0)
        if not strict:
            return weight
    return np.clip(weight, low, high)
