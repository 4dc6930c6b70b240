"""A design over data as estimates see it: domains, weights, and variances of totals and ratios."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
import pandas as pd

from ._cells import Cells, cells_of
from ._checks import (
    FloatArray,
    check_columns,
    check_complete,
    events_of,
    names_given,
    numbers_of,
)
from ._sums import sum_by
from .design import Design
from .errors import ArgumentError
from .layout import BoolArray, IntArray, Layout, lay_out
from .totals import ClusterTotals, refuse_totals
from .variance import (
    covariance_of_totals,
    degrees_of_freedom,
    domain_variances,
    in_one_pass,
    is_census,
    method_of,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Domains:
    """Rows by domain.

    Parameters
    ----------
    by : tuple of str
        Columns whose values make the domains.
    labels : tuple of tuple of str
        Values of those columns for each domain, in their order.
    code : array of int
        For each row, the place of its domain; -1 outside all.
    """

    by: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    code: IntArray

    def __len__(self) -> int:
        return len(self.labels)

    def sums(self, values: FloatArray) -> FloatArray:
        """Sum of one value per row over each domain."""
        if int(self.code.min()) >= 0:
            if len(self) == 1:
                return np.array([values.sum()], dtype=np.float64)
            return sum_by(self.code, values, len(self))
        rows = self.code >= 0
        return sum_by(self.code[rows], values[rows], len(self))

    def spread(self, values: FloatArray) -> FloatArray:
        """Values of domains, one per row or, with one domain, as they stand."""
        return values if len(self) == 1 else values[self.code]

    def rows(self, place: int) -> IntArray:
        """Rows of one domain."""
        return np.flatnonzero(self.code == place)


def domains_of(
    data: pd.DataFrame | ClusterTotals, by: str | Sequence[str] | None, keep: BoolArray
) -> Domains:
    """Domains by the values of columns, in the order of those values; rows not kept lie outside."""
    if by is None:
        code = np.where(keep, 0, -1).astype(np.intp)
        return Domains(by=(), labels=((),), code=code)
    names = names_given("by", by)
    if isinstance(data, ClusterTotals):
        data = data.domain_columns(names)
    check_columns(data, names)
    kept = data if keep.all() else data.loc[keep]
    check_complete(kept, names)
    labels, found = _numbered(kept, names)
    code = found
    if len(kept) < len(data):
        code = np.full(len(data), -1, dtype=np.intp)
        code[keep] = found
    return Domains(by=tuple(names), labels=labels, code=code)


def _numbered(data: pd.DataFrame, names: list[str]) -> tuple[tuple[tuple[str, ...], ...], IntArray]:
    """Labels of the domains in order, and the place of each row among them."""
    if len(names) == 1:
        found, values = pd.factorize(data[names[0]], sort=True)
        return tuple((str(value),) for value in values.tolist()), found.astype(np.intp, copy=False)
    groups = data.groupby(names, observed=True)
    labels = tuple(
        tuple(str(part) for part in (key if isinstance(key, tuple) else (key,)))
        for key in groups.indices
    )
    return labels, groups.ngroup().to_numpy().astype(np.intp, copy=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A total, or a ratio of two totals, over some rows.

    Parameters
    ----------
    rows : array of int
        The rows of the domain.
    top, bottom : array or None
        Values at those rows; ``bottom`` None makes it the total of ``top``.
    """

    rows: IntArray
    top: FloatArray
    bottom: FloatArray | None


class Sample(ABC):
    """A design over data."""

    weight: FloatArray
    method: str
    psu: IntArray | None

    @property
    def answered(self) -> BoolArray:
        """Rows that carry weight."""
        there: BoolArray = self.weight != 0
        return there

    def counts(self, domains: Domains) -> FloatArray:
        """Count the sampled units of each domain."""
        return domains.sums(self.answered.astype(np.float64))

    def population(self, domains: Domains) -> FloatArray:
        """Sum of the weights of each domain."""
        return domains.sums(self.weight)

    @property
    def units(self) -> FloatArray:
        """Sampled units behind each row."""
        return np.ones(len(self.weight))

    def squared(self, weight: FloatArray) -> FloatArray:
        """Square the weights, perhaps times elements, of each row."""
        return weight**2

    @abstractmethod
    def variances(self, domains: Domains, top: FloatArray, bottom: FloatArray | None) -> FloatArray:
        """Variance of the total of ``top``, or of its ratio to that of ``bottom``, per domain."""

    @abstractmethod
    def covariance(self, parts: Sequence[Part]) -> FloatArray:
        """Covariance of totals and ratios."""

    @abstractmethod
    def df(self, domains: Domains) -> IntArray:
        """Degrees of freedom of each domain."""

    @abstractmethod
    def census(self, domains: Domains) -> BoolArray:
        """Domains whose sample leaves nothing to chance."""


class LinearSample(Sample):
    """Variances by linearisation."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.weight = layout.weight
        self.method = method_of(layout)
        self.psu = layout.psu
        self._last: tuple[Domains, list[Cells]] | None = None

    def variances(self, domains: Domains, top: FloatArray, bottom: FloatArray | None) -> FloatArray:
        """Variance of the linearised variable; the dust of cancelling residuals is no variance."""
        scores, size = self._scores(domains, top, bottom)
        cells = self._cells(domains) if in_one_pass(self.layout) else None
        variance = domain_variances(self.layout, domains.code, len(domains), scores, cells)
        share = 1e-11 if self.layout.projections else 1e-13
        return np.where(variance <= (share * size) ** 2, 0.0, variance)

    def _scores(
        self, domains: Domains, top: FloatArray, bottom: FloatArray | None
    ) -> tuple[FloatArray, FloatArray]:
        """Linearised variable, and what its terms come to in each domain before they cancel."""
        weight = self.weight
        if bottom is None:
            return top, domains.sums(weight * np.abs(top))
        above, below = domains.sums(weight * top), domains.sums(weight * bottom)
        ratio = above / below
        whole = above if (top >= 0).all() else domains.sums(weight * np.abs(top))
        under = below if (bottom >= 0).all() else domains.sums(weight * np.abs(bottom))
        scores = top - domains.spread(ratio) * bottom
        scores /= domains.spread(below)
        return scores, (whole + np.abs(ratio) * under) / np.abs(below)

    def covariance(self, parts: Sequence[Part]) -> FloatArray:
        """Covariance of the linearised variables."""
        return self.covariance_of_scores([(part.rows, self.score(part)) for part in parts])

    def covariance_of_scores(self, columns: Sequence[tuple[IntArray, FloatArray]]) -> FloatArray:
        """Covariance of weighted totals of values given at some rows."""
        return covariance_of_totals(self.layout, columns)

    def score(self, part: Part) -> FloatArray:
        """Linearised variable of a part at its rows."""
        if part.bottom is None:
            return part.top
        weight = self.weight[part.rows]
        below = float(np.dot(weight, part.bottom))
        ratio = float(np.dot(weight, part.top)) / below
        return (part.top - ratio * part.bottom) / below

    def df(self, domains: Domains) -> IntArray:
        """PSUs with a case less strata with one."""
        first = self._cells(domains)[0] if in_one_pass(self.layout) else None
        return degrees_of_freedom(self.layout, domains.code, len(domains), first)

    def _cells(self, domains: Domains) -> list[Cells]:
        """Cells of every stage; those of the last domains asked for are kept."""
        if self._last is None or self._last[0] is not domains:
            stages = self.layout.stages
            found = [cells_of(stage, domains.code, len(domains)) for stage in stages]
            self._last = (domains, found)
        return self._last[1]

    def census(self, domains: Domains) -> BoolArray:
        """Domains whose strata are all sampled whole."""
        return is_census(self.layout, domains.code, len(domains))


class TotalsSample(LinearSample):
    """Variances by linearisation, of totals of clusters: a cell stands for its rows."""

    def __init__(self, totals: ClusterTotals) -> None:
        super().__init__(totals.layout())
        self.totals = totals

    def counts(self, domains: Domains) -> FloatArray:
        """Count the sampled units of each domain."""
        return domains.sums(self.totals.count)

    def population(self, domains: Domains) -> FloatArray:
        """Sum of the weights of each domain."""
        return domains.sums(self.totals.weight)

    @property
    def units(self) -> FloatArray:
        """Sampled units behind each cell."""
        return self.totals.count

    def squared(self, weight: FloatArray) -> FloatArray:
        """Return the sum of squared weights of each cell."""
        return self.totals.weight_squares


def point_estimates(
    sample: Sample, domains: Domains, top: FloatArray, bottom: FloatArray | None
) -> FloatArray:
    """Totals of ``top``, or their ratios to those of ``bottom``.

    Raises
    ------
    ArgumentError
        The denominator of a domain sums to 0.
    """
    above = domains.sums(sample.weight * top)
    if bottom is None:
        return above
    below = domains.sums(sample.weight * bottom)
    if (below == 0).any():
        rows = domains.rows(int(np.flatnonzero(below == 0)[0]))
        raise ArgumentError(
            f"the denominator must not sum to 0; it does over {len(rows)} rows, the first "
            f"at place {int(rows[0])}. Leave that domain out.",
            code="denominator-zero",
            rows=len(rows),
        )
    return above / below


def values_of(
    sample: Sample,
    data: pd.DataFrame,
    column: str,
    *,
    events: bool = False,
    positive: bool = False,
) -> FloatArray:
    """Values of a column, one per row; those of rows without weight are not asked for and are 0."""
    refuse_totals(data)
    check_columns(data, [column])
    kept = sample.answered
    part = data if kept.all() else data.loc[kept, [column]]
    if events:
        found = events_of(part, column)
    else:
        found = numbers_of(part, column, least=0 if positive else None, strict=positive)
    if len(found) == len(data):
        return found
    values: FloatArray = np.zeros(len(data))
    values[kept] = found
    return values


@singledispatch
def sample_of(design: object, data: pd.DataFrame | ClusterTotals) -> Sample:
    """``design`` laid over ``data``; each kind of design registers its own.

    Raises
    ------
    ArgumentError
        ``design`` is no design, or does not fit the data.
    """
    raise ArgumentError(
        f"design must be a Design, replicate weights or a two-phase design; got "
        f"{type(design).__name__}. Make one by sampling.Design(...).",
        code="design-unknown",
        got=type(design).__name__,
    )


@sample_of.register
def _(design: Design, data: pd.DataFrame | ClusterTotals) -> Sample:
    if isinstance(data, ClusterTotals):
        data.refuse_other(design)
        return TotalsSample(data)
    return LinearSample(lay_out(data, design))


@sample_of.register
def _(design: None, data: pd.DataFrame | ClusterTotals) -> Sample:
    if isinstance(data, ClusterTotals):
        return TotalsSample(data)
    raise ArgumentError(
        "design must be given with rows; got none. Make one by sampling.Design(...).",
        code="design-missing",
    )
