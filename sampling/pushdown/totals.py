"""Weighted totals of every cluster and domain, by one group-by where the data live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from .._checks import FloatArray, name_some
from ..design import Design, names_of
from ..errors import ArgumentError
from ..layout import lay_out
from ..totals import ClusterTotals, Squares, VariableTotals, stage_design
from .engines import engine_of
from .reading import check_number_columns, check_table_columns

Pair = tuple[str, str]


def cluster_totals(
    table: ir.Table,
    design: Design,
    variables: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    *,
    ratios: Sequence[tuple[str, str]] = (),
) -> ClusterTotals:
    r"""Totals that estimates are made of, by one group-by where the data live.

    A cell is a unit of the last stage that adds to the variance, within a domain. Only cells leave
    the engine: thousands, whatever the rows.

    Parameters
    ----------
    table : ibis Table
        One row per sampled unit, of all domains.
    design : Design
        The columns of the design; it must name the PSUs.
    variables : str or sequence of str
        Numeric or true-false columns, complete.
    by : str or sequence of str, optional
        Columns that domains can be made of, together or some of them.
    ratios : sequence of (str, str), default ()
        Numerators and denominators whose ratio's design effect will be asked for.

    Returns
    -------
    ClusterTotals
        In place of the data for ``estimate_mean``, ``estimate_total``, ``estimate_ratio`` and
        ``estimate_proportion``, which then need no design.

    Raises
    ------
    ArgumentError
        A column is absent, not numeric, incomplete or not finite (how many rows is said), a weight
        is not above 0, or the design needs the rows: no PSUs, adjusted weights, joint
        probabilities, rows as a stage of their own.

    Notes
    -----
    Estimates, standard errors, degrees of freedom and design effects are those of the rows, to the
    last digits of sums in another order. Squares are taken about a rough mean, which a first look
    at the columns gives, so that large numbers lose none.

    References
    ----------
    .. [1] C.-E. Sarndal, B. Swensson, J. Wretman, *Model Assisted Survey Sampling*, Springer, 1992,
       result 4.3.1 (variances from totals of clusters).

    Examples
    --------
    >>> import ibis, pyarrow
    >>> from sampling import Design, estimate_mean
    >>> data = pyarrow.table({"village": [1, 1, 2, 2, 3, 3], "income": [2, 4, 3, 5, 6, 4]})
    >>> totals = cluster_totals(ibis.memtable(data), Design(psu="village"), "income")
    >>> row = estimate_mean(totals, "income")[0]
    >>> row.estimate, round(row.std_error, 4), row.df
    (4.0, 0.5774, 2)
    """
    engine_of(table)
    stages = stage_design(design)
    domains = names_of(by)
    pairs = tuple((above, below) for above, below in ratios)
    single = [*names_of(variables), *(name for pair in pairs for name in pair)]
    keys = list(dict.fromkeys([*stages.columns, *domains]))
    weights = [design.weight] if design.weight else []
    check_table_columns(table, [*keys, *weights, *single])
    check_number_columns(table, [*weights, *single])
    reader = _Reader(table=table, weight=design.weight, keys=keys, single=dict.fromkeys(single))
    means, rough = reader.pivots(pairs)
    measures = reader.measures(means) | reader.products(rough)
    cells = table.group_by(keys).agg(**measures).to_pyarrow().to_pandas()
    reader.refuse_faults(cells)
    return reader.read(cells, design, domains, means, rough)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """What is summed over each cell, and how it is read back."""

    table: ir.Table
    weight: str | None
    keys: list[str]
    single: dict[str, None]

    def number(self, column: str) -> ir.FloatingValue:
        """Column as floats; PostgreSQL knows no way to them from true-false but by integers."""
        values = self.table[column]
        if values.type().is_boolean():
            values = values.cast("int32")
        return values.cast("float64")

    def weighted(self, values: ir.FloatingValue) -> ir.FloatingScalar:
        """Weighted sum, or plain where weights follow from the stages."""
        return (values * self.number(self.weight) if self.weight else values).sum()

    def pivots(self, pairs: Sequence[Pair]) -> tuple[dict[str, float], dict[Pair, float]]:
        """Rough means and ratios: any number near them serves."""
        means = {name: self.number(name).mean() for name in self.single}
        row = self.table.agg(**{_name("mean", at): mean for at, mean in enumerate(means.values())})
        found = dict(zip(means, row.to_pyarrow().to_pylist()[0].values(), strict=True))
        rough = {name: value if _usable(value) else 0.0 for name, value in found.items()}
        return rough, {pair: rough[pair[0]] / (rough[pair[1]] or 1.0) for pair in pairs}

    def measures(self, means: Mapping[str, float]) -> dict[str, ir.Scalar]:
        """Return the sums over a cell, and counts of what is amiss."""
        sums = {_name("rows"): self.table.count()}
        if self.weight:
            weight = self.number(self.weight)
            sums[_name("weight")] = weight.sum()
            sums[_name("squares")] = (weight * weight).sum()
            sums[_name("missing", -1)] = _count(_missing(weight))
            sums[_name("unfit", -1)] = _count(weight.isinf() | (weight <= 0))
        for at, (name, mean) in enumerate(means.items()):
            value = self.number(name)
            apart = value - mean
            sums |= {
                _name("total", at): self.weighted(value),
                _name("plain", at): value.sum(),
                _name("ee", at): self.weighted(apart * apart),
                _name("ex", at): self.weighted(apart),
                _name("odd", at): _count((value != 0) & (value != 1)),
                _name("missing", at): _count(_missing(value)),
                _name("unfit", at): _count(value.isinf()),
            }
        return sums

    def products(self, ratios: Mapping[Pair, float]) -> dict[str, ir.Scalar]:
        """Squares about a ratio, over a cell."""
        sums = {}
        for at, ((above, below), ratio) in enumerate(ratios.items()):
            under = self.number(below)
            apart = self.number(above) - under * ratio
            sums[_name("pair ee", at)] = self.weighted(apart * apart)
            sums[_name("pair ex", at)] = self.weighted(apart * under)
            sums[_name("pair xx", at)] = self.weighted(under * under)
        return sums

    def refuse_faults(self, cells: pd.DataFrame) -> None:
        """Refuse missing and unfit values, saying how many and in which units."""
        if not len(cells):
            raise ArgumentError(
                "data must have at least one row; got none. Check the filter that made it.",
                code="data-empty",
            )
        rows = cells[_name("rows")]
        for column in self.keys:
            self._refuse_missing(cells, column, rows.where(cells[column].isna(), 0))
        columns = list(enumerate(self.single))
        if self.weight:
            columns.append((-1, self.weight))
        for at, column in columns:
            self._refuse_missing(cells, column, cells[_name("missing", at)])
            bad = cells[_name("unfit", at)]
            if bad.any():
                raise ArgumentError(
                    f"values of column {column!r} must be finite{'' if at >= 0 else ' and above 0'}"
                    f"; got others in {int(bad.sum())} rows, {self._where(cells, bad)}. "
                    "Correct them first.",
                    code="values-outside",
                    column=column,
                    rows=int(bad.sum()),
                )

    def _refuse_missing(self, cells: pd.DataFrame, column: str, missing: pd.Series[int]) -> None:
        count, rows = int(missing.sum()), int(cells[_name("rows")].sum())
        if count:
            raise ArgumentError(
                f"column {column!r} must have no missing values; got {count} missing in {rows} "
                f"rows, {self._where(cells, missing)}. Settle them (impute, adjust the weights for "
                "nonresponse, or leave them out as a domain) before estimating.",
                code="values-missing",
                column=column,
                missing=count,
            )

    def _where(self, cells: pd.DataFrame, faults: pd.Series[int]) -> str:
        first = self.keys[0]
        return f"where {first!r} is {name_some(cells.loc[faults > 0, first].unique().tolist())}"

    def read(
        self,
        cells: pd.DataFrame,
        design: Design,
        by: tuple[str, ...],
        means: Mapping[str, float],
        ratios: Mapping[Pair, float],
    ) -> ClusterTotals:
        """Read the sums back; without a column of weights a cell's stages give its one weight."""
        sums = {name: cells[name].to_numpy(np.float64) for name in cells if name not in self.keys}
        places = cells[self.keys]
        count = sums[_name("rows")]
        once = np.ones(len(cells)) if self.weight else lay_out(places, stage_design(design)).weight
        weight = sums[_name("weight")] if self.weight else once * count

        def squares(at: int, pivot: float, kind: str, xx: FloatArray) -> Squares:
            ee, ex = (once * sums[_name(f"{kind}{name}", at)] for name in ("ee", "ex"))
            return Squares(pivot=pivot, ee=ee, ex=ex, xx=xx)

        return ClusterTotals(
            design=design,
            by=by,
            rows=int(count.sum()),
            cells=places,
            count=count,
            weight=weight,
            weight_squares=sums[_name("squares")] if self.weight else once**2 * count,
            variables={
                name: VariableTotals(
                    total=once * sums[_name("total", at)],
                    plain=sums[_name("plain", at)],
                    odd=int(sums[_name("odd", at)].sum()),
                    squares=squares(at, mean, "", weight),
                )
                for at, (name, mean) in enumerate(means.items())
            },
            pairs={
                pair: squares(at, ratio, "pair ", once * sums[_name("pair xx", at)])
                for at, (pair, ratio) in enumerate(ratios.items())
            },
        )


def _name(what: str, at: int = 0) -> str:
    """Name of a sum that no column of the table is likely to have."""
    return f"sampling: {what} {at}"


def _usable(value: float | None) -> bool:
    return value is not None and bool(np.isfinite(value))


def _count(condition: ir.BooleanValue) -> ir.IntegerScalar:
    return condition.cast("int32").sum()


def _missing(value: ir.FloatingValue) -> ir.BooleanValue:
    return value.isnull() | value.isnan()
