"""Tests of two-way tables from complex samples: Rao and Scott."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, stats

from ._checks import FloatArray
from ._show import Table, format_number
from ._tables import takes_tables
from .design import AnyDesign
from .errors import ArgumentError
from .layout import BoolArray, IntArray
from .results import Result
from .sample import Part, Sample, domains_of, sample_of, values_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RaoScott(Result):
    """Test of no association in a two-way table.

    Parameters
    ----------
    rows, columns : tuple of str
        Categories of the two variables.
    shares : tuple of tuple of float
        Weighted share of each cell.
    n : int
        Sampled units in the table.
    pearson : float
        Pearson's X2 of the weighted shares, times n.
    design_effects : tuple of float
        Generalised design effects, one for each degree of freedom, largest first.
    df : int
        (rows - 1)(columns - 1).
    design_df : int or float
        Degrees of freedom of the design.
    first_order, first_order_p : float
        X2 over the mean design effect, and its chi-square p-value on ``df``.
    second_order, second_order_df, second_order_p : float
        X2 with mean and variance matched, its degrees of freedom and chi-square p-value.
    f, f_df, f_design_df, f_p : float
        The F statistic, its two degrees of freedom and p-value: the one to report.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    shares: tuple[tuple[float, ...], ...]
    n: int
    pearson: float
    design_effects: tuple[float, ...]
    df: int
    design_df: float
    first_order: float
    first_order_p: float
    second_order: float
    second_order_df: float
    second_order_p: float
    f: float
    f_df: float
    f_design_df: float
    f_p: float

    def _table(self) -> Table:
        lines = (
            ("first order", self.first_order, f"{self.df}", self.first_order_p),
            ("second order", self.second_order, f"{self.second_order_df:.2f}", self.second_order_p),
            ("F", self.f, f"{self.f_df:.2f}, {self.f_design_df:.2f}", self.f_p),
        )
        return Table(
            title=f"Rao-Scott test of a {len(self.rows)} x {len(self.columns)} table, n={self.n}",
            columns=("test", "statistic", "df", "p"),
            rows=tuple((a, format_number(b), c, format_number(d, 5)) for a, b, c, d in lines),
        )


@takes_tables
def rao_scott(
    data: pd.DataFrame,
    rows: str,
    columns: str,
    design: AnyDesign,
    *,
    within: str | None = None,
) -> RaoScott:
    r"""Rao-Scott tests of no association between two categorical variables.

    Parameters
    ----------
    data : DataFrame
        One row per sampled unit, of all domains.
    rows, columns : str
        Columns of categories, complete within the domain.
    design : Design
        The design, of any number of stages, or replicate weights; all of its variance counts.
    within : str, optional
        Column of true and false (or 1 and 0): the domain that the table is of.

    Returns
    -------
    RaoScott
        All orders of correction, with the table.

    Raises
    ------
    ArgumentError
        A variable has a single category, or the table does not vary under the design.
    LonelyUnitError
        A stratum has one sampled PSU under ``lonely_psu="raise"``.

    Notes
    -----
    :math:`X^2 = n \sum (\hat p - \hat\pi)^2/\hat\pi`, :math:`\hat\pi` the product of the margins.
    The generalised design effects are the eigenvalues of :math:`(C'D^{-1}C/n)^{-1}
    (C'D^{-1}\hat V D^{-1}C)`, V the covariance of the cell shares, D their diagonal, C contrasts
    of interaction. First order divides by their mean; second order matches the variance too; F is
    :math:`X^2/\sum\delta` on :math:`\nu = (\sum\delta)^2/\sum\delta^2` and :math:`\nu` times the
    design's degrees of freedom.

    References
    ----------
    .. [1] J. N. K. Rao, A. J. Scott, "On chi-squared tests for multiway contingency tables with
       cell proportions estimated from survey data", *Annals of Statistics* 12, 1984, 46-60.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design
    >>> data = pd.DataFrame({"a": [0, 0, 1, 1] * 5, "b": [0, 1, 1, 1] * 5, "v": range(20)})
    >>> round(rao_scott(data, "a", "b", Design(psu="v")).f_p, 4)
    0.0157
    """
    sample = sample_of(design, data)
    keep = kept_rows(sample, data, within)
    first, second = (domains_of(data, name, keep) for name in (rows, columns))
    shape = (len(first), len(second))
    if min(shape) < 2:
        raise ArgumentError(
            f"each variable needs two categories; got {shape[0]} of {rows!r} and {shape[1]} of "
            f"{columns!r}. Choose another variable or domain.",
            code="table-flat",
        )
    cell = np.where(keep, first.code * shape[1] + second.code, -1)
    shares, covariance = _cell_shares(sample, cell, shape[0] * shape[1])
    table = shares.reshape(shape)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0))
    n = int(keep.sum())
    pearson = float(n * ((table - expected) ** 2 / expected).sum())
    effects = _design_effects(shares, covariance, shape, n)
    whole = domains_of(data, None, keep)
    design_df = float(sample.df(whole)[0])
    df = (shape[0] - 1) * (shape[1] - 1)
    mean, total = float(effects.mean()), float(effects.sum())
    matched = total**2 / float((effects**2).sum())
    second_order = pearson / total * matched
    return RaoScott(
        rows=tuple(", ".join(label) for label in first.labels),
        columns=tuple(", ".join(label) for label in second.labels),
        shares=tuple(tuple(float(x) for x in row) for row in table),
        n=n,
        pearson=pearson,
        design_effects=tuple(float(x) for x in effects),
        df=df,
        design_df=design_df,
        first_order=pearson / mean,
        first_order_p=float(stats.chi2.sf(pearson / mean, df)),
        second_order=second_order,
        second_order_df=matched,
        second_order_p=float(stats.chi2.sf(second_order, matched)),
        f=pearson / total,
        f_df=matched,
        f_design_df=matched * design_df,
        f_p=float(stats.f.sf(pearson / total, matched, matched * design_df)),
    )


def kept_rows(sample: Sample, data: pd.DataFrame, within: str | None) -> BoolArray:
    """Rows with weight, of the domain when there is one."""
    if within is None:
        return sample.answered
    inside: BoolArray = (values_of(sample, data, within, events=True) == 1) & sample.answered
    return inside


def _cell_shares(sample: Sample, cell: IntArray, cells: int) -> tuple[FloatArray, FloatArray]:
    """Weighted share of each cell, and their covariance."""
    rows = np.flatnonzero(cell >= 0)
    weight = sample.weight[rows]
    parts, shares = [], []
    for place in range(cells):
        inside = (cell[rows] == place).astype(np.float64)
        parts.append(Part(rows=rows, top=inside, bottom=np.ones(len(rows))))
        shares.append(float(np.dot(weight, inside) / weight.sum()))
    return np.array(shares), sample.covariance(parts)


def _design_effects(
    shares: FloatArray, covariance: FloatArray, shape: tuple[int, int], n: int
) -> FloatArray:
    """Generalised design effects, largest first."""
    left = np.kron(np.eye(shape[0]), np.ones((shape[1], 1)))
    right = np.kron(np.ones((shape[0], 1)), np.eye(shape[1]))
    contrasts = linalg.null_space(np.hstack([left, right]).T)
    inverse = np.where(shares > 0, 1 / np.where(shares > 0, shares, 1.0), 0.0)
    weighed = contrasts * inverse[:, None]
    simple = contrasts.T @ weighed / n
    own = weighed.T @ covariance @ weighed
    if not float(np.abs(own).max()) > 1e-12 * float(np.abs(simple).max()):
        raise ArgumentError(
            "the table must vary under the design; it is fixed by it. No test is needed.",
            code="table-fixed",
        )
    effects = linalg.eigh(own, simple, eigvals_only=True)
    return np.asarray(np.maximum(effects, 0.0)[::-1])
