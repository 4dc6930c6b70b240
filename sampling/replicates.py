"""Variances by replication: the same estimate under many sets of weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from ._checks import FloatArray, check_columns, check_number, numbers_of
from ._show import Table, format_number
from ._sums import sum_by
from .design import AnyDesign
from .errors import ArgumentError
from .layout import BoolArray, IntArray, Layout, Stage
from .results import Result
from .sample import Domains, Part, Sample, sample_of
from .variance import degrees_of_freedom, is_census

_CHUNK = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicateDesign(AnyDesign, Result):
    r"""Replicate weights brought from outside, as columns of the data.

    Parameters
    ----------
    weight : str
        Column of full-sample weights, above 0.
    weights : sequence of str
        Columns of replicate weights, at least 0; at least two.
    scale : float, default 1.0
        What the summed squares are multiplied by.
    rscales : sequence of float, optional
        One factor for each replicate, at least 0; 1 each when omitted.
    mse : bool, default False
        Whether squares are taken about the full-sample estimate, and not about the mean of the
        replicates.
    combined : bool, default True
        Whether the columns already hold the full-sample weight; if not, they multiply it.
    df : float, optional
        Degrees of freedom, when their maker states them.

    Raises
    ------
    ArgumentError
        A part is outside its domain.

    Notes
    -----
    :math:`\hat v = s \sum_r s_r (\hat\theta_r - c)^2`. Without ``df`` the degrees of freedom of a
    domain are the rank of its replicate weights less 1. Usual scales for R replicates: 1/R for
    balanced repeated replication, :math:`1/(R(1-\rho)^2)` for Fay's, (R-1)/R for the jackknife
    without strata, 1/(R-1) for the bootstrap.

    References
    ----------
    .. [1] K. M. Wolter, *Introduction to Variance Estimation*, 2nd ed., Springer, 2007.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import estimate_mean
    >>> data = pd.DataFrame({"y": [1.0, 3.0], "w": [1.0, 1.0], "r1": [2.0, 0.0], "r2": [0.0, 2.0]})
    >>> design = ReplicateDesign(weight="w", weights=["r1", "r2"], scale=0.5)
    >>> estimate_mean(data, "y", design)[0].std_error
    1.0
    """

    weight: str
    weights: Sequence[str]
    scale: float = 1.0
    rscales: Sequence[float] | None = None
    mse: bool = False
    combined: bool = True
    df: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", tuple(self.weights))
        check_number("scale", self.scale, least=0, strict=True)
        if len(self.weights) < 2:
            raise ArgumentError(
                f"weights must name at least two columns; got {len(self.weights)}. "
                "Name all replicate weights.",
                code="replicates-few",
            )
        if self.rscales is not None:
            scales = tuple(
                check_number(f"rscales[{place}]", float(value), least=0)
                for place, value in enumerate(self.rscales)
            )
            object.__setattr__(self, "rscales", scales)
            if len(scales) != len(self.weights):
                raise ArgumentError(
                    f"rscales must give one factor for each of the {len(self.weights)} replicates; "
                    f"got {len(scales)}. Give as many, or none.",
                    code="length-differs",
                )
        if self.df is not None:
            check_number("df", self.df, least=0)

    def _table(self) -> Table:
        return Table(
            title=f"Replicate weights: {len(self.weights)} columns",
            columns=("weight", "scale", "about"),
            rows=(
                (
                    self.weight,
                    format_number(self.scale, 6),
                    "full sample" if self.mse else "mean of replicates",
                ),
            ),
        )


class Replicator(ABC):
    """How the replicates weigh the rows."""

    count: int

    @abstractmethod
    def totals(self, code: IntArray, domains: int, values: FloatArray) -> FloatArray:
        """Totals of unweighted ``values``: domains are rows, replicates columns."""

    @abstractmethod
    def weights(self) -> FloatArray:
        """Replicate weights: one row for each row of the data, one column for each replicate."""


class RowWeights(Replicator):
    """A weight for each row and replicate."""

    def __init__(self, matrix: FloatArray) -> None:
        self.matrix = matrix
        self.count = matrix.shape[1]

    def totals(self, code: IntArray, domains: int, values: FloatArray) -> FloatArray:
        """One product of a sparse and a dense matrix."""
        own = np.arange(len(code), dtype=np.intp)
        return np.asarray(_cells(code, own, domains, values) @ self.matrix)

    def weights(self) -> FloatArray:
        """Give the matrix itself."""
        return self.matrix


class UnitFactors(Replicator):
    """A factor for each sampling unit and replicate: what is held grows with units, not rows."""

    def __init__(self, weight: FloatArray, unit: IntArray, factors: FloatArray) -> None:
        self.weight, self.unit, self.factors = weight, unit, factors
        self.count = factors.shape[1]

    def totals(self, code: IntArray, domains: int, values: FloatArray) -> FloatArray:
        """Totals of units under the full sample, times their factors."""
        cells = _cells(code, self.unit, domains, self.weight * values, len(self.factors))
        return np.asarray(cells @ self.factors)

    def weights(self) -> FloatArray:
        """Weights times the factors of the units."""
        return self.weight[:, None] * self.factors[self.unit]


class DeleteOne(Replicator):
    """The jackknife: each unit of each stage left out once, its stratum weighted up."""

    def __init__(self, weight: FloatArray, stages: Sequence[tuple[Stage, IntArray]]) -> None:
        self.weight, self.stages = weight, stages
        self.count = sum(len(units) for _, units in stages)

    def totals(self, code: IntArray, domains: int, values: FloatArray) -> FloatArray:
        """Full totals and what leaving a unit out changes."""
        weighted = self.weight * values
        rows = code >= 0
        full = sum_by(code[rows], weighted[rows], domains)
        found = [np.empty((domains, 0))]
        for stage, units in self.stages:
            size = len(stage.stratum_of_unit)
            by_unit = _cells(code, stage.unit, domains, weighted, size)
            member = sparse.csr_array(
                (np.ones(size), (np.arange(size), stage.stratum_of_unit)),
                shape=(size, len(stage.count)),
            )
            by_stratum = (by_unit @ member).toarray()
            stratum = stage.stratum_of_unit[units]
            others = 1 / (stage.count[stratum] - 1)
            change = by_stratum[:, stratum] * others
            change -= by_unit.tocsc()[:, units].toarray() * (1 + others)
            found.append(full[:, None] + change)
        return np.hstack(found)

    def weights(self) -> FloatArray:
        """Weights with each unit left out in turn."""
        parts = []
        for stage, units in self.stages:
            stratum = stage.stratum_of_unit
            others = stage.count[stratum[units]] / (stage.count[stratum[units]] - 1)
            same = stratum[stage.unit][:, None] == stratum[units][None, :]
            gone = stage.unit[:, None] == units[None, :]
            factor = np.where(gone, 0.0, np.where(same, others[None, :], 1.0))
            parts.append(self.weight[:, None] * factor)
        return np.hstack(parts)


def _cells(
    code: IntArray, unit: IntArray, domains: int, values: FloatArray, units: int | None = None
) -> sparse.csr_array:
    """Sum ``values`` by domain (rows) and unit (columns), as a sparse matrix."""
    rows = np.flatnonzero(code >= 0)
    width = len(code) if units is None else units
    return sparse.csr_array((values[rows], (code[rows], unit[rows])), shape=(domains, width))


class ReplicateSample(Sample):
    """Variances by replication."""

    def __init__(
        self,
        weight: FloatArray,
        replicator: Replicator,
        *,
        scale: float,
        rscales: FloatArray,
        mse: bool,
        method: str,
        layout: Layout | None,
        df: float | None,
    ) -> None:
        self.weight, self.replicator = weight, replicator
        self.scale, self.rscales, self.mse = scale, rscales, mse
        self.method, self.layout, self.given_df = method, layout, df
        self.psu = layout.psu if layout is not None else None

    def variances(self, domains: Domains, top: FloatArray, bottom: FloatArray | None) -> FloatArray:
        """Scaled squares of the replicates' deviations, domain by domain."""
        width = max(1, _CHUNK // max(1, self.replicator.count))
        parts = []
        for start in range(0, len(domains), width):
            code = domains.code - start
            count = min(width, len(domains) - start)
            code = np.where((code >= 0) & (code < count), code, -1)
            full = Domains(by=(), labels=((),) * count, code=code)
            spread = self._deviations(full, top, bottom)
            parts.append(self.scale * (spread**2 @ self.rscales) * self._share(spread))
        return np.concatenate(parts)

    def _share(self, spread: FloatArray) -> FloatArray:
        """Make up for replicates without an estimate."""
        kept = (~np.isnan(spread)) @ self.rscales
        np.nan_to_num(spread, copy=False)
        return np.asarray(float(self.rscales.sum()) / np.where(kept > 0, kept, 1.0))

    def _deviations(
        self, domains: Domains, top: FloatArray, bottom: FloatArray | None
    ) -> FloatArray:
        """Replicates' estimates less their centre; what is not defined counts as no deviation."""
        above = domains.sums(self.weight * top)
        below = 1.0 if bottom is None else domains.sums(self.weight * bottom)
        return self._about(self.estimates(domains, top, bottom), above / below)

    def variance_of(self, found: FloatArray, full: FloatArray) -> FloatArray:
        """Variance of estimates given for every replicate (columns) and by the full sample."""
        spread = self._about(found, full)
        variance: FloatArray = self.scale * (spread**2 @ self.rscales) * self._share(spread)
        return variance

    def covariance_of(self, found: FloatArray, full: FloatArray) -> FloatArray:
        """Covariance of estimates given for every replicate (columns) and by the full sample."""
        spread = self._about(found, full)
        covariance: FloatArray = self.scale * (spread * self.rscales) @ spread.T
        return covariance

    def _about(self, found: FloatArray, full: FloatArray) -> FloatArray:
        centre = full
        if not self.mse:
            used = found[:, self.rscales > 0]
            there = ~np.isnan(used)
            centre = np.nansum(used, axis=1) / np.maximum(there.sum(axis=1), 1)
        spread = found - centre[:, None]
        size = np.abs(found).max(axis=1, initial=0.0, where=~np.isnan(found))
        # Rounding leaves a little where every replicate gives the same.
        spread[np.abs(spread) <= 1e-14 * size[:, None]] = 0.0
        return spread

    def estimates(self, domains: Domains, top: FloatArray, bottom: FloatArray | None) -> FloatArray:
        """Estimate of each domain (rows) under each replicate (columns); NaN where not defined."""
        above = self.replicator.totals(domains.code, len(domains), top)
        if bottom is None:
            return above
        below = self.replicator.totals(domains.code, len(domains), bottom)
        # A replicate that leaves all cases out has a denominator of 0, give or take rounding.
        empty = np.abs(below) <= 1e-12 * np.abs(below).max(axis=1, initial=0.0)[:, None]
        return np.where(empty, np.nan, above / np.where(empty, 1.0, below))

    def covariance(self, parts: Sequence[Part]) -> FloatArray:
        """Scaled cross products of the replicates' deviations."""
        rows = []
        for part in parts:
            code = np.full(len(self.weight), -1, dtype=np.intp)
            code[part.rows] = 0
            top = np.zeros(len(code))
            top[part.rows] = part.top
            bottom = None
            if part.bottom is not None:
                bottom = np.zeros(len(code))
                bottom[part.rows] = part.bottom
            domain = Domains(by=(), labels=((),), code=code)
            spread = self._deviations(domain, top, bottom)
            share = self._share(spread)
            rows.append(spread[0] * np.sqrt(share[0]))
        matrix = np.stack(rows)
        found: FloatArray = self.scale * (matrix * self.rscales) @ matrix.T
        return found

    def df(self, domains: Domains) -> IntArray:
        """Of the design where it is known, else by the rank of the weights; at most R - 1."""
        most = self.replicator.count - 1
        if self.given_df is not None:
            return np.full(len(domains), int(self.given_df))
        if self.layout is not None:
            own = degrees_of_freedom(self.layout, domains.code, len(domains))
            return np.minimum(own, most)
        matrix = self.replicator.weights()
        places = (domains.rows(place) for place in range(len(domains)))
        return np.array([_rank(matrix[rows]) - 1 for rows in places], dtype=np.intp)

    def census(self, domains: Domains) -> BoolArray:
        """Domains whose strata are all sampled whole; never known of weights from outside."""
        if self.layout is None:
            return np.zeros(len(domains), dtype=bool)
        return is_census(self.layout, domains.code, len(domains))


def _rank(matrix: FloatArray) -> int:
    """Rank, by the smaller of the two products of the matrix with itself."""
    largest = np.abs(matrix).max(axis=0, initial=0.0)
    scaled = matrix / np.where(largest > 0, largest, 1.0)
    square = scaled.T @ scaled if matrix.shape[0] > matrix.shape[1] else scaled @ scaled.T
    roots = np.linalg.eigvalsh(square)
    return int((roots > 1e-10 * roots.max(initial=0.0)).sum())


@sample_of.register
def _(design: ReplicateDesign, data: pd.DataFrame) -> Sample:
    check_columns(data, [design.weight, *design.weights])
    weight = numbers_of(data, design.weight, least=0, strict=True)
    matrix = np.stack([numbers_of(data, name) for name in design.weights], axis=1)
    if not design.combined:
        matrix = matrix * weight[:, None]
    rscales = np.ones(len(design.weights))
    if design.rscales is not None:
        rscales = np.array(design.rscales, dtype=np.float64)
    return ReplicateSample(
        weight,
        RowWeights(matrix),
        scale=design.scale,
        rscales=rscales,
        mse=design.mse,
        method=f"replicates from outside, {len(design.weights)}",
        layout=None,
        df=design.df,
    )
