"""Which sampling units have a case of which domain, found once for every sum over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._checks import FloatArray
from ._sums import sum_by
from .layout import IntArray, Stage

_DIGIT = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Units of one stage with a case of a domain, ordered by domain, stratum and unit.

    Parameters
    ----------
    rows : array of int
        Rows with a domain; in the order of their cells, unless ``place`` is given.
    starts : array of int
        Where the rows of each cell begin.
    place : array of int or None
        The cell of each row, where rows were left in their own order.
    domain : array of int
        Domain of each cell.
    group_starts : array of int
        Where the cells of each domain and stratum begin.
    owner, stratum : array of int
        Domain and stratum of each of those groups.
    """

    rows: IntArray
    starts: IntArray
    place: IntArray | None
    domain: IntArray
    group_starts: IntArray
    owner: IntArray
    stratum: IntArray

    @property
    def seen(self) -> IntArray:
        """Units with a case in each group."""
        return np.diff(self.group_starts, append=len(self.domain))

    def totals(self, values: FloatArray) -> FloatArray:
        """Sum one value per row of the data over each cell."""
        if self.place is not None:
            return sum_by(self.place, values, len(self.domain))
        return _sums(values[self.rows], self.starts)

    def group_sums(self, values: FloatArray) -> FloatArray:
        """Sum one value per cell over each group."""
        return _sums(values, self.group_starts)

    def by_cell(self, values: FloatArray) -> FloatArray:
        """One value per group, for each of its cells."""
        return np.repeat(values, self.seen)


def cells_of(stage: Stage, code: IntArray, domains: int) -> Cells:
    """Cells of a stage; ``code`` is the domain of each row, -1 outside all."""
    unit = _ordered(np.arange(len(stage.stratum_of_unit)), stage.stratum_of_unit, len(stage.count))
    inside = code >= 0
    whole = bool(inside.all())
    if whole:
        domain = np.zeros(len(unit), dtype=np.intp)
        domain[stage.unit] = code
        if domains == 1 or (domain[stage.unit] == code).all():
            # Each unit lies in one domain and has a row: units are cells as they stand.
            unit = _ordered(unit, domain[unit], domains)
            return _grouped(stage, domain[unit], unit, places=_rank(unit)[stage.unit])
    rank = _rank(unit)
    rows = np.arange(len(code)) if whole else np.flatnonzero(inside)
    rows = _ordered(rows, rank[stage.unit] if whole else rank[stage.unit[rows]], len(unit))
    rows = _ordered(rows, code[rows], domains)
    domain, own = code[rows], stage.unit[rows]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (own[1:] != own[:-1]) | (domain[1:] != domain[:-1])
    starts = np.flatnonzero(new)
    return _grouped(stage, domain[starts], own[starts], rows=rows, starts=starts)


def _grouped(
    stage: Stage,
    domain: IntArray,
    unit: IntArray,
    *,
    rows: IntArray | None = None,
    starts: IntArray | None = None,
    places: IntArray | None = None,
) -> Cells:
    stratum = stage.stratum_of_unit[unit]
    new = np.ones(len(unit), dtype=bool)
    new[1:] = (stratum[1:] != stratum[:-1]) | (domain[1:] != domain[:-1])
    group_starts = np.flatnonzero(new)
    none = np.empty(0, dtype=np.intp)
    return Cells(
        rows=none if rows is None else rows,
        starts=none if starts is None else starts,
        place=places,
        domain=domain,
        group_starts=group_starts,
        owner=domain[group_starts],
        stratum=stratum[group_starts],
    )


def _rank(order: IntArray) -> IntArray:
    """Place of each unit in an order of all."""
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    return rank


def _ordered(rows: IntArray, key: IntArray, size: int) -> IntArray:
    """``rows`` in the order of their keys below ``size``, equal keys as they were."""
    if (key[1:] >= key[:-1]).all():
        return rows
    # The last sixteen bits at a time, which numpy sorts by counting.
    order = np.argsort(key.astype(np.uint16), kind="stable")
    while size > _DIGIT:
        key, size = key >> 16, -(-size // _DIGIT)
        order = order[np.argsort(key[order].astype(np.uint16), kind="stable")]
    return rows[order]


def _sums(values: FloatArray, starts: IntArray) -> FloatArray:
    if not len(starts):
        return np.zeros(0)
    return np.asarray(np.add.reduceat(values, starts), dtype=np.float64)
