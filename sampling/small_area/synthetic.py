"""Estimators without a model's error: groups alike everywhere, and a mixture with the direct."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .._checks import check_columns, check_complete, check_number, name_some, numbers_of
from ..errors import ArgumentError
from ._inputs import ByArea, named_values, refuse, take_areas
from .results import SmallAreaEstimate, SmallAreaEstimates

_NO_ERROR = "no error is stated: areas may differ from what is assumed of them all"


def synthetic_areas(
    data: pd.DataFrame,
    variable: str,
    group: str,
    sizes: pd.DataFrame,
    *,
    weight: str | None = None,
) -> SmallAreaEstimates:
    r"""Estimate areas' means as if each group had the same mean in every area.

    Parameters
    ----------
    data : DataFrame
        One row for each sampled unit of all areas together.
    variable : str
        Numeric column of what is measured.
    group : str
        Column that names the unit's group (poststratum).
    sizes : DataFrame
        Units of each group (columns) in each area (index), at least 0, some in every area.
    weight : str, optional
        Column of weights above 0; without it every unit counts the same.

    Returns
    -------
    SmallAreaEstimates
        Rows in the order of ``sizes``. There are no standard errors: the sample cannot show how
        far an area's groups differ from everybody's.

    Raises
    ------
    ArgumentError
        A column is missing, a value is outside its domain, or a group of ``sizes`` has no sample.

    Notes
    -----
    :math:`\sum_g N_{tg}\bar y_g / \sum_g N_{tg}` with the weighted mean of each group over all
    areas.

    References
    ----------
    .. [1] J. N. K. Rao, I. Molina, *Small Area Estimation*, 2nd ed., Wiley, 2015, section 3.2.

    Examples
    --------
    >>> data = pd.DataFrame({"poor": [1, 0, 0, 0], "school": ["no", "no", "yes", "yes"]})
    >>> sizes = pd.DataFrame({"no": [10, 40], "yes": [90, 60]}, index=["a", "b"])
    >>> [row.estimate for row in synthetic_areas(data, "poor", "school", sizes)]
    [0.05, 0.2]
    """
    check_columns(data, [variable, group, *([weight] if weight else [])])
    check_complete(data, [group])
    check_columns(sizes, [])
    y = numbers_of(data, variable)
    w = np.ones(len(y)) if weight is None else numbers_of(data, weight, least=0, strict=True)
    groups = data[group].astype(str).to_numpy()
    names = [str(name) for name in sizes.columns]
    absent = sorted(set(names) - set(groups))
    if absent:
        raise ArgumentError(
            f"every group of sizes must have sampled units; got none in {name_some(absent)}. "
            "Merge it with a like group.",
            code="group-unsampled",
            groups=tuple(absent[:5]),
        )
    means = np.array([np.average(y[groups == name], weights=w[groups == name]) for name in names])
    counts = np.column_stack([numbers_of(sizes, column, least=0) for column in sizes.columns])
    areas = tuple(sizes.index.astype(str))
    totals = counts.sum(axis=1)
    refuse("sizes", areas, totals, totals <= 0, "have a unit in every area")
    found = counts @ means / totals
    return SmallAreaEstimates(
        method="synthetic-by-groups",
        confidence=None,
        threshold=None,
        rows=tuple(
            _row(area, None, value, 0.0) for area, value in zip(areas, found.tolist(), strict=True)
        ),
    )


def sample_size_dependent_areas(
    direct: ByArea,
    synthetic: ByArea | SmallAreaEstimates,
    sampled_sizes: ByArea,
    sizes: ByArea,
    *,
    share: float = 1.0,
) -> SmallAreaEstimates:
    r"""Mix direct and synthetic estimates by how much of an area its sample speaks for.

    Parameters
    ----------
    direct, synthetic : mapping, Series or sequence
        Both estimates of each area, in the same unit; the second also as estimated by
        ``synthetic_areas``.
    sampled_sizes : mapping, Series or sequence
        Estimated number of units of each area, the sum of its weights, at least 0.
    sizes : mapping, Series or sequence
        Known number of units, above 0.
    share : float, default 1
        Above 0: an area whose sampled size reaches this share of the known one keeps its direct
        estimate.

    Returns
    -------
    SmallAreaEstimates
        Rows in the order of ``direct``, without standard errors.

    Raises
    ------
    ArgumentError
        A value is outside its domain, or names differ.

    Notes
    -----
    The weight of the direct estimate is 1 where :math:`\hat N_t \ge \delta N_t`, else
    :math:`\hat N_t/(\delta N_t)`.

    References
    ----------
    .. [1] D. Drew, M. P. Singh, G. H. Choudhry, "Evaluation of small area estimation techniques
       for the Canadian Labour Force Survey", *Survey Methodology* 8, 1982, 17-47.

    Examples
    --------
    >>> mixed = sample_size_dependent_areas([0.04, 0.0], [0.02, 0.02], [120, 50], [100, 100])
    >>> [row.estimate for row in mixed]
    [0.04, 0.01]
    """
    check_number("share", share, least=0, strict=True)
    taken = take_areas(direct, sampled_sizes, "sampled_sizes", None)
    areas = taken.areas
    refuse("sampled_sizes", areas, taken.beside, ~(taken.beside >= 0), "be at least 0")
    given = (
        {row.area: row.estimate for row in synthetic}
        if isinstance(synthetic, SmallAreaEstimates)
        else synthetic
    )
    lent = named_values("synthetic", given, areas)
    known = named_values("sizes", sizes, areas)
    refuse("sizes", areas, known, known <= 0, "be above 0")
    weight = np.minimum(1.0, taken.beside / (share * known))
    found = weight * taken.direct + (1 - weight) * lent
    return SmallAreaEstimates(
        method="sample-size-dependent",
        confidence=None,
        threshold=None,
        rows=tuple(
            _row(*cells)
            for cells in zip(
                areas, taken.direct.tolist(), found.tolist(), weight.tolist(), strict=True
            )
        ),
    )


def _row(area: str, direct: float | None, estimate: float, weight: float) -> SmallAreaEstimate:
    return SmallAreaEstimate(
        area=area,
        direct=direct,
        estimate=estimate,
        std_error=None,
        lower=None,
        upper=None,
        weight=weight,
        why=_NO_ERROR,
    )
