"""Allocations as results: whole numbers by stratum, with what they were rounded from."""

from __future__ import annotations

import math
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from dataclasses import dataclass
from typing import Any

import pandas as pd

from .._show import Table, format_number
from ..results import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumAllocation(Result):
    """Units of one stratum.

    Parameters
    ----------
    stratum : str, int or tuple
        Key of the stratum.
    stratum_size : int
        Units in it.
    share : float
        Its part before rounding, within floor and cap.
    n : int
        Units allocated to it.
    bound : str
        What held it: "floor", "cap" (of its own size or smaller), "take-all"; "" for nothing.
    """

    stratum: Any
    stratum_size: int
    share: float
    n: int
    bound: str = ""

    def _table(self) -> Table:
        return _table_of("Stratum", (self,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation(Result):
    """Units by stratum; reads like a mapping from key to count.

    Parameters
    ----------
    method : str
        Name of the allocation.
    rows : tuple of StratumAllocation
        One for each stratum, in the order in which they were given.
    cost : float or None
        What the units cost; None where no costs were given.
    """

    method: str
    rows: tuple[StratumAllocation, ...]
    cost: float | None = None

    @property
    def n(self) -> int:
        """Units of all strata together."""
        return sum(row.n for row in self.rows)

    @property
    def shares(self) -> dict[Any, float]:
        """Parts before rounding, by stratum."""
        return {row.stratum: row.share for row in self.rows}

    def _counts(self) -> dict[Any, int]:
        return {row.stratum: row.n for row in self.rows}

    def __getitem__(self, stratum: Any) -> int:
        return self._counts()[stratum]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._counts())

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, stratum: object) -> bool:
        return stratum in self._counts()

    def get(self, stratum: Any, default: Any = None) -> Any:
        """Units of a stratum, ``default`` for a stratum that is not there."""
        return self._counts().get(stratum, default)

    def keys(self) -> KeysView[Any]:
        """Keys of the strata."""
        return self._counts().keys()

    def values(self) -> ValuesView[int]:
        """Units of the strata."""
        return self._counts().values()

    def items(self) -> ItemsView[Any, int]:
        """Key and units of each stratum."""
        return self._counts().items()

    def variance_of_total(self, spreads: Any, *, rounded: bool = True) -> float:
        r"""Variance of an estimated total under simple random sampling in these strata.

        Parameters
        ----------
        spreads : mapping or pandas.Series
            Standard deviation (divisor N - 1) of the variable in each stratum.
        rounded : bool, default True
            Reckon with the whole numbers; False with the parts before rounding.

        Returns
        -------
        float
            :math:`\sum_h N_h^2 (1/n_h - 1/N_h) S_h^2`; infinite when a stratum that varies gets no
            unit.

        Examples
        --------
        >>> from sampling import allocate_proportional
        >>> allocate_proportional({"a": 10, "b": 30}, 4).variance_of_total({"a": 1, "b": 2})
        1170.0
        """
        parts = []
        for row in self.rows:
            spread, size = float(spreads[row.stratum]), row.stratum_size
            n = row.n if rounded else row.share
            if spread and n:
                parts.append(size**2 * spread**2 * (1 / n - 1 / size))
            elif spread and size:
                return math.inf
        return math.fsum(parts)

    def to_frame(self) -> pd.DataFrame:
        """One row for each stratum, at full precision."""
        return pd.DataFrame(
            {
                "stratum": [row.stratum for row in self.rows],
                "stratum_size": [row.stratum_size for row in self.rows],
                "share": [row.share for row in self.rows],
                "n": [row.n for row in self.rows],
                "bound": [row.bound for row in self.rows],
            }
        )

    def _table(self) -> Table:
        title = f"Allocation of {self.n} units, {self.method}"
        if self.cost is not None:
            title += f", cost {self.cost:g}"
        return _table_of(title, self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionTarget(Result):
    """One target of a multivariate allocation.

    Parameters
    ----------
    variable : str, int or tuple
        Name of the variable (or of the variable in a domain).
    target : float
        Coefficient of variation of its total that was asked for.
    reached : float
        The one that the whole numbers give.
    price : float
        Cost that one per cent less of the squared target would add, in per cent of the cost; 0
        where other targets decide.
    """

    variable: Any
    target: float
    reached: float
    price: float

    def _table(self) -> Table:
        return _targets_table((self,))


@dataclass(frozen=True, slots=True, kw_only=True)
class MultivariateAllocation(Allocation):
    """Units by stratum at least cost, with several targets met.

    Parameters
    ----------
    targets : tuple of PrecisionTarget
        One for each variable.
    uncapped_size : float
        Units, unrounded, when neither floors nor sizes of strata bound them.
    """

    targets: tuple[PrecisionTarget, ...]
    uncapped_size: float

    def _table(self) -> Table:
        table = Allocation._table(self)
        lines = _targets_table(self.targets).text().splitlines()
        return Table(title=table.title, columns=table.columns, rows=table.rows, notes=tuple(lines))


def _table_of(title: str, rows: tuple[StratumAllocation, ...]) -> Table:
    return Table(
        title=title,
        columns=("stratum", "units", "share", "n", "bound"),
        rows=tuple(
            (
                str(row.stratum),
                str(row.stratum_size),
                format_number(row.share, 2),
                str(row.n),
                row.bound or "-",
            )
            for row in rows
        ),
    )


def _targets_table(targets: tuple[PrecisionTarget, ...]) -> Table:
    return Table(
        title="Coefficients of variation",
        columns=("variable", "target", "reached", "price"),
        rows=tuple(
            (
                str(row.variable),
                format_number(row.target),
                format_number(row.reached),
                format_number(row.price),
            )
            for row in targets
        ),
    )
