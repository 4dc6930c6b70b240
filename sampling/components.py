"""Components of a population's variance between and within PSUs, to plan two stages with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ._checks import FloatArray, check_columns, check_complete, numbers_of
from ._show import Table, format_number
from ._tables import takes_tables
from .errors import ArgumentError
from .layout import IntArray
from .results import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceComponents(Result):
    """Relative variance of a population, parted into between and within PSUs.

    Parameters
    ----------
    between, within : float
        Relative variances of the PSU totals and inside PSUs.
    unit : float
        Relative variance of a unit, divisor N - 1.
    k : float
        Their sum over that of a unit; near 1 when PSUs are about alike in size.
    icc : float
        Share of the sum that lies between PSUs; goes into ``optimal_cluster_take``.
    psus, units : int
        PSUs and units of the population.
    """

    between: float
    within: float
    unit: float
    k: float
    icc: float
    psus: int
    units: int

    def _table(self) -> Table:
        shown = (self.between, self.within, self.unit, self.k, self.icc)
        return Table(
            title=f"Relative variance over {self.psus} PSUs and {self.units} units",
            columns=("between", "within", "unit", "k", "icc"),
            rows=(tuple(format_number(value) for value in shown),),
        )


@takes_tables
def variance_components(
    data: pd.DataFrame, variable: str, *, psu: str, psu_prob: str | None = None
) -> VarianceComponents:
    r"""Relative variance between and within the PSUs of a whole population.

    A register with filed values, or an earlier census, tells how alike households of a village
    are; a plan of two stages starts from it.

    Parameters
    ----------
    data : DataFrame
        One row per unit of the population.
    variable : str
        Numeric (or true-false) column whose total is not 0.
    psu : str
        Column of primary sampling units.
    psu_prob : str, optional
        Column of the chance of the unit's PSU at one draw, the same within a PSU and 1 over all
        PSUs; without it every PSU has the same chance.

    Returns
    -------
    VarianceComponents
        ``icc`` is the share between PSUs.

    Raises
    ------
    ArgumentError
        A column is absent, incomplete or not numeric; fewer than two PSUs; a total of 0; chances
        that differ within a PSU, are not above 0, or do not add up to 1.

    Notes
    -----
    With totals :math:`t_i`, sizes :math:`N_i` and variances :math:`S_i^2` of M PSUs, and t their
    sum: equal chances have :math:`B^2 = M^2/(M-1) \sum (t_i - t/M)^2 / t^2` and
    :math:`W^2 = M \sum N_i^2 S_i^2 / t^2`; chances p have
    :math:`B^2 = \sum p_i (t_i/p_i - t)^2/t^2` and :math:`W^2 = \sum N_i^2 S_i^2/(p_i t^2)`.
    :math:`\mathrm{icc} = B^2/(B^2+W^2)`, :math:`k = (B^2+W^2)/(S^2/\bar y^2)`. A PSU of one unit
    has no variance within.

    References
    ----------
    .. [1] R. Valliant, J. A. Dever and F. Kreuter, *Practical Tools for Designing and Weighting
       Survey Samples*, 2nd ed., Springer, 2018, chapter 9.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"village": [1, 1, 1, 2, 2, 2], "poor": [1, 0, 0, 1, 1, 0]})
    >>> found = variance_components(frame, "poor", psu="village")
    >>> round(found.between, 4), round(found.within, 4), round(found.icc, 4)
    (0.2222, 1.3333, 0.1429)
    """
    check_columns(data, [variable, psu, *([psu_prob] if psu_prob else [])])
    check_complete(data, [psu])
    y = numbers_of(data, variable)
    code = pd.factorize(data[psu])[0].astype(np.intp)
    psus, total = int(code.max()) + 1, float(y.sum())
    if psus < 2 or total == 0:
        raise ArgumentError(
            f"data must have two PSUs or more and a total other than 0; got {psus} and "
            f"{total:g}. Give the whole population.",
            code="no-components",
            psus=psus,
        )
    if (y == y[0]).all():
        raise ArgumentError(
            f"column {variable!r} must vary; got {y[0]:g} in all {len(y)} rows. Without spread "
            "there is nothing to divide between and within PSUs.",
            code="no-spread",
            column=variable,
        )
    prob = _chances(data, psu_prob, code, psus)
    sizes = np.bincount(code)
    totals = np.bincount(code, y)
    squares = np.bincount(code, (y - (totals / sizes)[code]) ** 2)
    inside = squares / np.maximum(sizes - 1, 1)
    spread = float((prob * (totals / prob - total) ** 2).sum())
    if psu_prob is None:
        spread *= psus / (psus - 1)
    between = spread / total**2
    within = float((sizes**2 * inside / prob).sum()) / total**2
    unit = float(y.var(ddof=1)) / float(y.mean()) ** 2
    return VarianceComponents(
        between=between,
        within=within,
        unit=unit,
        k=(between + within) / unit,
        icc=between / (between + within),
        psus=psus,
        units=len(y),
    )


def _chances(data: pd.DataFrame, column: str | None, code: IntArray, psus: int) -> FloatArray:
    """Chance of each PSU at one draw."""
    if column is None:
        return np.full(psus, 1 / psus)
    each = numbers_of(data, column, least=0, strict=True)
    prob = np.zeros(psus)
    prob[code] = each
    if (prob[code] != each).any() or abs(prob.sum() - 1) > 1e-9:
        raise ArgumentError(
            f"column {column!r} must be the same within a PSU and add up to 1 over PSUs; got a "
            f"sum of {prob.sum():.6g}. Divide each PSU's size by the total.",
            code="psu-chances",
            column=column,
        )
    return prob
