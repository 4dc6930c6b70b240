"""Variance of weighted totals by ultimate clusters, and its degrees of freedom."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ._checks import FloatArray, name_some
from .design import IntArray, Layout
from .errors import LonelyUnitError

METHOD = "linearised, ultimate clusters"


def psu_totals(layout: Layout, rows: IntArray, values: FloatArray) -> FloatArray:
    """Weighted totals of ``values`` (one for each of ``rows``) for every PSU, zeros included."""
    weighted = layout.weight[rows] * values
    totals: FloatArray = np.zeros(len(layout.stratum_of_psu))
    np.add.at(totals, layout.psu[rows], weighted)
    return totals


def variance_of_total(layout: Layout, totals: FloatArray) -> float:
    r"""Variance of the sum of PSU totals.

    Parameters
    ----------
    layout : Layout
        The design laid over the data.
    totals : array
        Weighted total of the linearised variable for each PSU of the whole design; a PSU without
        a case of the domain has 0 and counts.

    Returns
    -------
    float
        The variance, at least 0.

    Raises
    ------
    LonelyUnitError
        A stratum has one PSU under the policy "raise", or no stratum has two under "average" or
        "remove".

    Notes
    -----
    :math:`\sum_h (1-f_h) \frac{m_h}{m_h-1} \sum_{v \in h} (t_v - \bar t_h)^2`. A stratum whose PSUs
    are all sampled adds nothing.

    References
    ----------
    .. [1] C.-E. Sarndal, B. Swensson, J. Wretman, *Model Assisted Survey Sampling*, Springer, 1992,
       chapters 4 and 5.
    """
    count, stratum = layout.psu_count, layout.stratum_of_psu
    lonely = (count == 1) & (layout.open_share > 1e-7)
    centre = np.bincount(stratum, totals, minlength=len(count)) / count
    if lonely.any():
        _refuse_lonely(layout, lonely)
        if layout.lonely_psu == "adjust":
            centre[lonely] = totals.mean()
    squares = np.bincount(stratum, (totals - centre[stratum]) ** 2, minlength=len(count))
    by_stratum = layout.open_share * count / np.maximum(count - 1, 1) * squares
    if lonely.any() and layout.lonely_psu == "average":
        return float(by_stratum[~lonely].sum() * len(count) / (~lonely).sum())
    return float(by_stratum.sum())


def _refuse_lonely(layout: Layout, lonely: npt.NDArray[np.bool_]) -> None:
    names = [layout.stratum_name[place] for place in np.flatnonzero(lonely)]
    if layout.lonely_psu == "raise":
        raise LonelyUnitError(
            f"a variance needs two sampled PSUs in each stratum; got one in {name_some(names)}. "
            "Join strata, or choose a policy by lonely_psu.",
            strata=tuple(names),
        )
    if lonely.all() and layout.lonely_psu in ("average", "remove"):
        raise LonelyUnitError(
            f"lonely_psu={layout.lonely_psu!r} needs a stratum with two sampled PSUs; got none "
            f"among {len(names)}. Join strata.",
            strata=tuple(names),
        )


def degrees_of_freedom(layout: Layout, rows: IntArray) -> int:
    """PSUs with a case among ``rows`` less strata with one."""
    psus = np.unique(layout.psu[rows])
    return len(psus) - len(np.unique(layout.stratum_of_psu[psus]))


def is_census(layout: Layout, rows: IntArray) -> bool:
    """Tell whether every stratum with a case among ``rows`` leaves no chance to the sample."""
    strata = np.unique(layout.stratum_of_psu[layout.psu[rows]])
    certain = layout.open_share[strata] <= 1e-7
    if layout.lonely_psu == "certainty":
        certain |= layout.psu_count[strata] == 1
    return bool(certain.all())
