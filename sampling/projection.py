"""What an adjustment of weights leaves of a variable: the part that still varies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from ._checks import FloatArray, check_columns, check_complete, events_of, numbers_of
from ._sums import sum_by
from .design import Adjustment


class Projection(ABC):
    """One adjustment, as it acts on linearised variables."""

    before: FloatArray

    @abstractmethod
    def remainder(self, after: FloatArray, values: FloatArray) -> FloatArray:
        """Variable for the weights before whose weighted total varies as the adjusted total does.

        ``values`` has one entry for each row (or row and column), for the weights ``after``.
        """


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regression(Projection):
    r"""Calibration: residuals of the regression on the auxiliary variables.

    :math:`e = u - X(X'QX)^{-1}X'Qu`, with Q the weights before over ``spread``; the total of u
    under the calibrated weights varies as that of :math:`g e` under the weights before.
    """

    auxiliary: FloatArray
    before: FloatArray
    base: FloatArray

    def remainder(self, after: FloatArray, values: FloatArray) -> FloatArray:
        """Residuals times the ratio of the weights."""
        cross = self.auxiliary.T @ (self.auxiliary * self.base[:, None])
        slope = np.linalg.pinv(cross, hermitian=True) @ (
            self.auxiliary.T @ (_columns(self.base, values) * values)
        )
        rest: FloatArray = values - self.auxiliary @ slope
        return rest * _columns(ratio_of(after, self.before), values)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellMeans(Projection):
    """Poststratification: what is left of the weighted mean of each cell."""

    cell: npt.NDArray[np.intp]
    before: FloatArray
    base: FloatArray

    def remainder(self, after: FloatArray, values: FloatArray) -> FloatArray:
        """Deviations from the cell means times the ratio of the weights."""
        rest: FloatArray = values - cell_means(self.cell, self.base, values)[self.cell]
        return rest * _columns(ratio_of(after, self.before), values)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResponseClasses(Projection):
    r"""Nonresponse classes: all units carry their class's mean, those who answered the rest.

    :math:`z_i = \bar u_c + r_i f_c (u_i - \bar u_c)`.
    """

    cell: npt.NDArray[np.intp]
    before: FloatArray
    answered: npt.NDArray[np.bool_]

    def remainder(self, after: FloatArray, values: FloatArray) -> FloatArray:
        """Class mean and, for who answered, the deviation times the ratio of the weights."""
        mean = cell_means(self.cell, after, values)[self.cell]
        ratio = np.where(self.answered, ratio_of(after, self.before), 0.0)
        rest: FloatArray = mean + _columns(ratio, values) * (values - mean)
        return rest


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResponsePropensity(Projection):
    """Response propensity: the logistic model was estimated, and that takes variance away."""

    auxiliary: FloatArray
    before: FloatArray
    answered: npt.NDArray[np.bool_]

    def remainder(self, after: FloatArray, values: FloatArray) -> FloatArray:
        """Weighted-up values less what the score of the model explains."""
        inverse = np.where(self.answered, ratio_of(after, self.before), 0.0)
        chance = propensities(self.auxiliary, self.before, self.answered)
        weight = self.before * chance * (1 - chance)
        cross = self.auxiliary.T @ (self.auxiliary * weight[:, None])
        pull = self.auxiliary.T @ (_columns(after * (1 - chance), values) * values)
        explained = self.auxiliary @ (np.linalg.pinv(cross, hermitian=True) @ pull)
        score = self.answered.astype(np.float64) - chance
        left: FloatArray = _columns(inverse, values) * values - _columns(score, values) * explained
        return left


def _columns(array: FloatArray, values: FloatArray) -> FloatArray:
    return array if values.ndim == 1 else array[:, None]


def ratio_of(after: FloatArray, before: FloatArray) -> FloatArray:
    """Weights after over before; 0 where both are."""
    some = before != 0
    return np.where(some, after / np.where(some, before, 1.0), 0.0)


def cell_means(cell: npt.NDArray[np.intp], weight: FloatArray, values: FloatArray) -> FloatArray:
    """Weighted mean of ``values`` in each cell; 0 in a cell without weight."""
    count = int(cell.max()) + 1
    total = sum_by(cell, weight, count)
    total = np.where(total != 0, total, 1.0)
    if values.ndim == 1:
        return sum_by(cell, weight * values, count) / total
    sums = [sum_by(cell, weight * column, count) for column in values.T]
    return np.stack(sums, axis=1) / total[:, None]


def propensities(
    auxiliary: FloatArray, weight: FloatArray, answered: npt.NDArray[np.bool_]
) -> FloatArray:
    """Fitted chances of answering, by weighted logistic regression."""
    slope = np.zeros(auxiliary.shape[1])
    for _ in range(100):
        chance = special.expit(auxiliary @ slope)
        cross = auxiliary.T @ (auxiliary * (weight * chance * (1 - chance))[:, None])
        step = np.linalg.pinv(cross, hermitian=True) @ (
            auxiliary.T @ (weight * (answered - chance))
        )
        slope = slope + step
        if float(np.abs(step).max()) <= 1e-12 * (1 + float(np.abs(slope).max())):
            break
    fitted: FloatArray = special.expit(auxiliary @ slope)
    return fitted


def cells_of(
    data: pd.DataFrame, columns: Sequence[str]
) -> tuple[npt.NDArray[np.intp], list[tuple[str, ...]]]:
    """Code of the cell of each row, and the values of the cells in their order."""
    check_columns(data, columns)
    check_complete(data, columns)
    groups = data.groupby(list(columns), observed=True, sort=True)
    codes = groups.ngroup().to_numpy().astype(np.intp)
    first = data.loc[~pd.Series(codes).duplicated().to_numpy(), list(columns)]
    order = np.argsort(codes[~pd.Series(codes).duplicated().to_numpy()])
    values = [tuple(str(value) for value in row) for row in first.to_numpy().tolist()]
    return codes, [values[place] for place in order]


def auxiliary_of(
    data: pd.DataFrame,
    cells: Sequence[Sequence[str]],
    numbers: Sequence[str],
    *,
    intercept: bool,
) -> FloatArray:
    """Matrix of the auxiliary variables: constant, categories of each set of cells, numbers."""
    parts = [np.ones((len(data), 1))] if intercept else []
    for columns in cells:
        codes, names = cells_of(data, columns)
        parts.append((codes[:, None] == np.arange(len(names))).astype(np.float64))
    parts += [numbers_of(data, column)[:, None] for column in numbers]
    return np.hstack(parts)


def read_projections(
    data: pd.DataFrame, adjustments: Sequence[Adjustment]
) -> tuple[Projection, ...]:
    """Lay adjustments over ``data``, last first."""
    return tuple(_projection(data, adjustment) for adjustment in reversed(adjustments))


def _projection(data: pd.DataFrame, adjustment: Adjustment) -> Projection:
    before = numbers_of(data, adjustment.weight)
    base = before
    if adjustment.spread:
        base = before / numbers_of(data, adjustment.spread, least=0, strict=True)
    if adjustment.responded:
        answered = events_of(data, adjustment.responded) == 1
        if adjustment.cells:
            cell = cells_of(data, adjustment.cells[0])[0]
            return ResponseClasses(cell=cell, before=before, answered=answered)
        auxiliary = auxiliary_of(data, (), adjustment.numbers, intercept=True)
        return ResponsePropensity(auxiliary=auxiliary, before=before, answered=answered)
    plain = len(adjustment.cells) == 1 and not adjustment.numbers
    if plain and not adjustment.spread:
        cell = cells_of(data, adjustment.cells[0])[0]
        return CellMeans(cell=cell, before=before, base=base)
    auxiliary = auxiliary_of(
        data, adjustment.cells, adjustment.numbers, intercept=adjustment.intercept
    )
    return Regression(auxiliary=auxiliary, before=before, base=base)
