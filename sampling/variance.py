"""Variance of weighted totals under a design, stage by stage, and its degrees of freedom.

Two paths give the same numbers: one column of values for many domains at once, in one pass over the
rows; and the covariance of a few columns, which also serves unequal probabilities and adjusted
weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._cells import Cells, cells_of
from ._checks import FloatArray, name_some
from ._sums import sum_by
from .errors import ArgumentError, LonelyUnitError
from .layout import BoolArray, IntArray, Layout, Stage, Unequal

Column = tuple[IntArray, FloatArray]
# Policies that also act on a stratum that is lonely only within a domain, as in R.
_TREATED = ("adjust", "average")


def method_of(layout: Layout) -> str:
    """Words for how the variance is got."""
    if layout.unequal is not None:
        first = f"linearised, {layout.unequal.form}"
    elif len(layout.stages) > 1:
        first = f"linearised, {len(layout.stages)} stages"
    else:
        first = "linearised, ultimate clusters"
    return f"{first}, adjusted weights" if layout.projections else first


def unit_totals(stage: Stage, rows: IntArray, values: FloatArray) -> FloatArray:
    """Totals of weighted ``values`` (one for each of ``rows``) for every unit, zeros included."""
    return sum_by(stage.unit[rows], values, len(stage.stratum_of_unit))


def psu_totals(layout: Layout, rows: IntArray, values: FloatArray) -> FloatArray:
    """Weighted totals of ``values`` (one for each of ``rows``) for every PSU, zeros included."""
    return unit_totals(layout.stages[0], rows, layout.weight[rows] * values)


def variance_of_total(layout: Layout, totals: FloatArray) -> float:
    r"""Variance of the sum of PSU totals, from the first stage alone.

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
    return float(_stage_covariance(layout, 0, totals[:, None])[0, 0])


def covariance_of_totals(layout: Layout, columns: Sequence[Column]) -> FloatArray:
    r"""Covariance of the weighted totals of several variables.

    Parameters
    ----------
    layout : Layout
        The design laid over the data.
    columns : sequence of (rows, values)
        For each variable, the rows where it is not 0 and its values there, unweighted.

    Returns
    -------
    array
        One row and one column for each variable.

    Notes
    -----
    The sum over stages of :math:`\sum_h s_h (1-f_h)\frac{n_h}{n_h-1}\sum_u (t_u-\bar t_h)(t_u-\bar
    t_h)'`, where u are the units of a stage, h its strata and :math:`s_h` the chance with which the
    earlier stages chose the unit that holds h. With unequal probabilities the first term is the
    quadratic form of that design.

    References
    ----------
    .. [1] C.-E. Sarndal, B. Swensson, J. Wretman, *Model Assisted Survey Sampling*, Springer, 1992,
       result 4.3.1.
    """
    if layout.projections:
        return _sum_of_stages(layout, _adjusted(layout, columns))
    weighted = [(rows, layout.weight[rows] * values) for rows, values in columns]
    return _sum_of_stages(layout, weighted)


def _adjusted(layout: Layout, columns: Sequence[Column]) -> list[Column]:
    """Weighted values after every adjustment has taken its share, over all rows."""
    everywhere = np.arange(len(layout.weight), dtype=np.intp)
    values = np.zeros((len(everywhere), len(columns)))
    for place, (rows, part) in enumerate(columns):
        values[rows, place] = part
    weight = layout.weight
    for projection in layout.projections:
        values = projection.remainder(weight, values)
        weight = projection.before
    return [(everywhere, weight * column) for column in values.T]


def _sum_of_stages(layout: Layout, columns: Sequence[Column]) -> FloatArray:
    total: FloatArray = np.zeros((len(columns), len(columns)))
    for place, stage in enumerate(layout.stages):
        totals = np.stack([unit_totals(stage, rows, values) for rows, values in columns], axis=1)
        if place == 0 and layout.unequal is not None:
            total += _unequal_covariance(layout, layout.unequal, totals)
        else:
            total += _stage_covariance(layout, place, totals)
    return total


def _stage_covariance(layout: Layout, place: int, totals: FloatArray) -> FloatArray:
    """Covariance that one stage adds."""
    stage = layout.stages[place]
    count, stratum = stage.count, stage.stratum_of_unit
    centre = _group_sums(stratum, totals, len(count)) / count[:, None]
    lonely = np.repeat(_lonely(layout, stage, place)[:, None], totals.shape[1], axis=1)
    policy = layout.lonely_psu
    seen = np.zeros_like(centre)
    if policy in _TREATED and (lonely.any() or layout.lonely_domain == "domain"):
        seen = _group_sums(stratum, (totals != 0) * 1.0, len(count))
    if policy in _TREATED and layout.lonely_domain == "domain":
        lonely |= (seen == 1) & (stage.open_share > 1e-7)[:, None]
    if policy == "adjust":
        # As in R, a lonely unit without a case of the domain adds nothing.
        mean = totals.sum(axis=0) / len(totals)
        centre = np.where(lonely, np.where(seen > 0, mean, 0.0), centre)
    spread = totals - centre[stratum]
    if policy != "adjust" and lonely.any():
        spread[lonely[stratum]] = 0.0
    if policy == "average" and lonely.any():
        # As in R, strata without a case of the domain do not enter the mean.
        present = (seen > 0).sum(axis=0)
        others = present - (lonely & (seen > 0)).sum(axis=0)
        spread *= np.sqrt(present / np.maximum(others, 1))
    factor = stage.scale * stage.open_share * count / np.maximum(count - 1, 1)
    covariance: FloatArray = spread.T @ (spread * factor[stratum][:, None])
    return covariance


def _group_sums(code: IntArray, values: FloatArray, count: int) -> FloatArray:
    return np.stack([sum_by(code, column, count) for column in values.T], axis=1)


def _lonely(layout: Layout, stage: Stage, place: int) -> BoolArray:
    """Strata of a stage with one sampled unit of several, refused where the policy says so."""
    lonely: BoolArray = (stage.count == 1) & (stage.open_share > 1e-7)
    if place == 0 and layout.unequal is not None:
        return np.zeros_like(lonely)
    if lonely.any():
        _refuse_lonely(layout, stage, place, lonely)
    return lonely


def _refuse_lonely(layout: Layout, stage: Stage, place: int, lonely: BoolArray) -> None:
    names = [stage.name[at] for at in np.flatnonzero(lonely)]
    units = "PSUs" if place == 0 else f"units of stage {place + 1}"
    where = "stratum" if place == 0 else "stratum of that stage"
    if layout.lonely_psu == "raise":
        raise LonelyUnitError(
            f"a variance needs two sampled {units} in each {where}; got one in "
            f"{name_some(names)}. Join strata, or choose a policy by lonely_psu.",
            strata=tuple(names),
        )
    if lonely.all() and place == 0 and layout.lonely_psu in ("average", "remove"):
        raise LonelyUnitError(
            f"lonely_psu={layout.lonely_psu!r} needs a stratum with two sampled PSUs; got none "
            f"among {len(names)}. Join strata.",
            strata=tuple(names),
        )


def _unequal_covariance(layout: Layout, unequal: Unequal, totals: FloatArray) -> FloatArray:
    """Covariance of the first stage of a design with unequal probabilities."""
    stage = layout.stages[0]
    covariance: FloatArray = np.zeros((totals.shape[1], totals.shape[1]))
    if unequal.joint is not None:
        return _quadratic(unequal, unequal.joint, unequal.prob, totals)
    for place, count in enumerate(stage.count):
        units = np.flatnonzero(stage.stratum_of_unit == place)
        prob, part = unequal.prob[units], totals[units]
        if unequal.form == "brewer":
            covariance += _brewer(layout, place, prob, part)
            continue
        joint = _approximate_joint(unequal, prob, float(count))
        covariance += _quadratic(unequal, joint, prob, part)
    return covariance


def _brewer(layout: Layout, place: int, prob: FloatArray, totals: FloatArray) -> FloatArray:
    r""":math:`\frac{n}{n-1}\sum (1-\pi_i)(t_i-\bar t)(t_i-\bar t)'`, certain units left aside."""
    open_ = prob < 1 - 1e-12
    count = int(open_.sum())
    if count == 0:
        return np.zeros((totals.shape[1], totals.shape[1]))
    if len(prob) == 1:
        name = layout.stages[0].name[place]
        raise LonelyUnitError(
            f"a variance needs two sampled PSUs in each stratum; got one in {name!r}. Join strata.",
            strata=(name,),
        )
    spread = totals - totals.mean(axis=0)
    scale = (1 - prob) * len(prob) / (len(prob) - 1)
    covariance: FloatArray = spread.T @ (spread * scale[:, None])
    return covariance


def _approximate_joint(unequal: Unequal, prob: FloatArray, n: float) -> FloatArray:
    """Joint inclusion probabilities by the approximation of Hartley and Rao, or of Overton."""
    one, other = prob[:, None], prob[None, :]
    if n < 2:
        raise LonelyUnitError("a variance needs two sampled PSUs in each stratum. Join strata.")
    if unequal.form == "overton":
        ratio = (n - (one + other) / 2) / (n - 1)
    else:
        square = unequal.square_sum
        # Without the frame the sample estimates sum(pi^2) by sum(pi).
        share = float(prob.sum()) / n if square is None else square / n
        ratio = (n - one - other + share) / (n - 1)
    joint: FloatArray = one * other / ratio
    np.fill_diagonal(joint, prob)
    return joint


def _quadratic(
    unequal: Unequal, joint: FloatArray, prob: FloatArray, totals: FloatArray
) -> FloatArray:
    """Horvitz-Thompson or Sen-Yates-Grundy form of weighted totals."""
    check: FloatArray = 1 - np.outer(prob, prob) / joint
    if unequal.form == "sen-yates-grundy":
        np.fill_diagonal(check, 0.0)
        check = check - np.diag(check.sum(axis=1))
    covariance: FloatArray = totals.T @ check @ totals
    own = np.diag(covariance)
    size = np.einsum("ik,ij,jk->k", np.abs(totals), np.abs(check), np.abs(totals))
    # Terms that cancel leave dust on either side of 0.
    dust = np.abs(own) <= 1e-13 * size
    covariance[dust, :] = 0.0
    covariance[:, dust] = 0.0
    if (np.diag(covariance) < 0).any():
        raise ArgumentError(
            f"pps={unequal.form!r} gives a negative variance for this sample; it can. "
            "Choose pps='brewer', whose variance is never below 0.",
            code="variance-negative",
            pps=unequal.form,
        )
    return covariance


def domain_variances(
    layout: Layout,
    code: IntArray,
    domains: int,
    values: FloatArray,
    cells: Sequence[Cells] | None = None,
) -> FloatArray:
    """Variance of the weighted total of ``values`` over each domain.

    Parameters
    ----------
    layout : Layout
        The design laid over the data.
    code : array of int
        For each row, the place of its domain; -1 outside all.
    domains : int
        Number of domains.
    values : array
        One unweighted value of the linearised variable for each row.
    cells : sequence of Cells, optional
        What ``cells_of`` gives for each stage, when it is known already.

    Returns
    -------
    array
        One variance for each domain.

    Notes
    -----
    Work and memory grow with the rows, not with rows times domains: a unit without a case of a
    domain enters by its count alone.
    """
    if not in_one_pass(layout):
        return _one_by_one(layout, code, domains, values)
    if cells is None:
        cells = [cells_of(stage, code, domains) for stage in layout.stages]
    weighted = layout.weight * values
    total: FloatArray = np.zeros(domains)
    for place, (stage, part) in enumerate(zip(layout.stages, cells, strict=True)):
        total += _stage_variances(layout, place, stage, part, domains, weighted)
    return total


def in_one_pass(layout: Layout) -> bool:
    """Whether all domains are served by one pass over the rows."""
    return not layout.projections and layout.unequal is None


def _one_by_one(layout: Layout, code: IntArray, domains: int, values: FloatArray) -> FloatArray:
    order = np.argsort(code, kind="stable")
    ends = np.searchsorted(code[order], np.arange(domains + 1))
    parts = []
    width = max(1, 4_000_000 // max(1, len(code)))
    for start in range(0, domains, width):
        places = range(start, min(domains, start + width))
        columns = [
            (order[ends[place] : ends[place + 1]], values[order[ends[place] : ends[place + 1]]])
            for place in places
        ]
        parts.append(np.diag(covariance_of_totals(layout, columns)))
    return np.concatenate(parts)


def _stage_variances(
    layout: Layout,
    place: int,
    stage: Stage,
    cells: Cells,
    domains: int,
    weighted: FloatArray,
) -> FloatArray:
    """Variance that one stage adds to each domain."""
    totals = cells.totals(weighted)
    at, owner, seen = cells.stratum, cells.owner, cells.seen
    count = stage.count[at]
    centre = cells.group_sums(totals) / count
    lonely = _lonely(layout, stage, place)[at]
    if layout.lonely_domain == "domain" and layout.lonely_psu in _TREATED:
        lonely |= (seen == 1) & (stage.open_share[at] > 1e-7)
    policy = layout.lonely_psu
    if policy == "adjust" and lonely.any():
        mean = sum_by(cells.domain, totals, domains) / len(stage.stratum_of_unit)
        centre = np.where(lonely, mean[owner], centre)
    squares = cells.group_sums((totals - cells.by_cell(centre)) ** 2)
    squares += (count - seen) * centre**2
    factor = stage.scale[at] * stage.open_share[at] * count / np.maximum(count - 1, 1)
    by_group = factor * squares
    if policy in ("remove", "certainty", "average"):
        by_group = np.where(lonely, 0.0, by_group)
    variance: FloatArray = sum_by(owner, by_group, domains)
    if policy == "average":
        present = np.bincount(owner, minlength=domains)
        alone = np.bincount(owner[lonely], minlength=domains)
        variance *= present / np.maximum(present - alone, 1)
    return variance


def degrees_of_freedom(
    layout: Layout, code: IntArray, domains: int, cells: Cells | None = None
) -> IntArray:
    """For each domain, PSUs with a case less strata with one; rows of weight 0 do not count.

    ``cells`` are those of the first stage, when they are known already.
    """
    idle = (layout.weight == 0) & (code >= 0)
    if cells is None or idle.any():
        cells = cells_of(layout.stages[0], np.where(idle, -1, code), domains)
    return np.bincount(cells.domain, minlength=domains) - np.bincount(
        cells.owner, minlength=domains
    )


def is_census(layout: Layout, code: IntArray, domains: int) -> BoolArray:
    """For each domain, whether every stratum with a case of it leaves no chance to the sample."""
    open_rows = np.zeros(len(code), dtype=bool)
    for place, stage in enumerate(layout.stages):
        open_ = stage.open_share > 1e-7
        if layout.lonely_psu == "certainty":
            open_ &= stage.count > 1
        chance = open_[stage.stratum_of_unit]
        if place == 0 and layout.unequal is not None:
            chance = layout.unequal.prob < 1
        open_rows |= chance[stage.unit]
    rows = np.flatnonzero((code >= 0) & open_rows)
    closed: BoolArray = np.bincount(code[rows], minlength=domains) == 0
    return closed
