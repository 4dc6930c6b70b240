"""Totals of clusters: what an estimate needs of the rows, brought here in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ._checks import FloatArray, name_some
from ._show import Shown, Table
from .design import Design, names_of
from .errors import ArgumentError
from .layout import Layout, lay_out

GIVES = "means, totals, proportions and ratios"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Squares:
    """Weighted squares and products in each cell, of values less a pivot.

    With e = y - pivot x, where x is the denominator and 1 for a mean: what design effects need,
    without the loss of digits of squares of large numbers.

    Parameters
    ----------
    pivot : float
        Rough mean or ratio.
    ee, ex, xx : array
        Sums of w e e, w e x and w x x for each cell.
    """

    pivot: float
    ee: FloatArray
    ex: FloatArray
    xx: FloatArray

    def about(
        self, ratio: FloatArray, ee: FloatArray, ex: FloatArray, xx: FloatArray
    ) -> FloatArray:
        """Sum of w (y - ratio x)^2 from sums over domains."""
        apart = ratio - self.pivot
        found = ee - 2 * apart * ex + apart**2 * xx
        # Terms that cancel leave dust on either side of 0.
        dust = 1e-13 * (ee + np.abs(2 * apart * ex) + apart**2 * xx)
        return np.where(found <= dust, 0.0, found)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VariableTotals:
    """One variable's sums for each cell.

    Parameters
    ----------
    total : array
        Sum of w y.
    plain : array
        Sum of y without weights.
    odd : int
        Rows whose value is neither 0 nor 1.
    squares : Squares
        About a mean.
    """

    total: FloatArray
    plain: FloatArray
    odd: int
    squares: Squares


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusterTotals(Shown):
    """Totals of every cluster and domain, made by ``pushdown.cluster_totals``.

    ``estimate_mean``, ``estimate_total``, ``estimate_ratio`` and ``estimate_proportion`` take it in
    place of the data. What needs the rows themselves (quantiles, tables, regressions, replicates)
    refuses it.

    Parameters
    ----------
    design : Design
        What the totals were made for.
    by : tuple of str
        Columns that domains can be made of.
    rows : int
        Rows behind the totals.
    cells : DataFrame
        Stratum, units and domain of each cell; never changed.
    count, weight, weight_squares : array
        Rows, and sums of w and w w, for each cell.
    variables : mapping of str to VariableTotals
        By column.
    pairs : mapping of (str, str) to Squares
        Squares about a ratio, by numerator and denominator.
    """

    design: Design
    by: tuple[str, ...]
    rows: int
    cells: pd.DataFrame
    count: FloatArray
    weight: FloatArray
    weight_squares: FloatArray
    variables: Mapping[str, VariableTotals]
    pairs: Mapping[tuple[str, str], Squares]

    def __len__(self) -> int:
        return len(self.cells)

    def layout(self) -> Layout:
        """Lay the design over the cells, whose values carry their weights already."""
        layout = lay_out(self.cells, stage_design(self.design))
        return replace(layout, weight=np.ones(len(self.cells)))

    def variable(self, name: str) -> VariableTotals:
        """Return the sums of one variable.

        Raises
        ------
        ArgumentError
            The totals do not hold it.
        """
        if name not in self.variables:
            raise ArgumentError(
                f"the totals must hold the variable asked for; got none of {name!r}. They hold "
                f"{name_some(self.variables)}: name it in cluster_totals(variables=...).",
                code="totals-without-variable",
                variable=name,
            )
        return self.variables[name]

    def events(self, name: str) -> VariableTotals:
        """Return the sums of a variable of zeros and ones."""
        found = self.variable(name)
        if found.odd:
            raise ArgumentError(
                f"values of column {name!r} must be 0 or 1 (or true-false); got others in "
                f"{found.odd} rows. Correct them first.",
                code="values-outside",
                column=name,
                rows=found.odd,
            )
        return found

    def domain_columns(self, names: Sequence[str]) -> pd.DataFrame:
        """Return the columns of domains.

        Raises
        ------
        ArgumentError
            The totals were not made by one of them.
        """
        absent = [name for name in names if name not in self.by]
        if absent:
            raise ArgumentError(
                f"by must name columns that the totals were made by; got {name_some(absent)}, and "
                f"they were made by {name_some(self.by) or 'none'}. Name it in "
                "cluster_totals(by=...).",
                code="totals-without-domain",
                columns=tuple(absent),
            )
        return self.cells[list(names)]

    def refuse_other(self, design: object) -> None:
        """Refuse a design other than the one that the totals were made for."""
        if design is not None and design != self.design:
            raise ArgumentError(
                "design must be the one that the totals were made for, or left out; got another. "
                "Make the totals again by cluster_totals(table, design, ...).",
                code="totals-of-other-design",
            )

    def _table(self) -> Table:
        return Table(
            title=f"Totals of {len(self)} clusters and domains from {self.rows} rows",
            columns=("variable", "weighted total"),
            rows=tuple(
                (name, f"{float(found.total.sum()):.6g}") for name, found in self.variables.items()
            ),
            notes=(f"domains by {', '.join(self.by)}",) if self.by else (),
        )


def stage_design(design: Design) -> Design:
    """Design as its stages alone, those that add to the variance.

    Raises
    ------
    ArgumentError
        The design needs the rows themselves.
    """
    if not design.units:
        raise _needs_rows("names no PSUs, so that every row is one", "Name the PSUs")
    if design.adjustments:
        raise _needs_rows(
            "carries adjusted weights, whose variance reads every row", "Estimate from the rows"
        )
    if design.joint_probs is not None:
        raise _needs_rows("has joint probabilities in the order of the rows", "Choose pps='brewer'")
    sizes = len(names_of(design.fpc)) + (design.inclusion_prob is not None)
    if sizes > len(design.units):
        raise _needs_rows("takes rows as the last stage", "Name their column in ssu")
    stages = min(len(design.units), sizes + 1) if sizes else 1
    return replace(
        design,
        weight=None,
        strata=names_of(design.strata)[:stages],
        psu=design.units[0],
        ssu=design.units[1:stages],
    )


def _needs_rows(what: str, instead: str) -> ArgumentError:
    return ArgumentError(
        f"a design for totals of clusters must not need the rows; this one {what}. {instead}.",
        code="totals-need-rows",
        reason=what,
    )


def refuse_totals(data: object) -> None:
    """Refuse totals where rows are needed."""
    if isinstance(data, ClusterTotals):
        raise ArgumentError(
            f"data must be rows here; got totals of clusters, which give {GIVES} alone. "
            "Take the rows from the engine and give them as a table.",
            code="totals-not-rows",
        )
