"""Ratings of units by raters, read once: categories, counts, agreement weights, design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._checks import FloatArray, array_of, check_choice, check_columns, check_complete, name_some
from ..design import AnyDesign, Design
from ..errors import ArgumentError
from ..layout import IntArray
from ..sample import Domains, Sample, domains_of, sample_of

AgreementWeighting = Literal["identity", "linear", "quadratic"]
AgreementWeights = AgreementWeighting | Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ratings:
    """Units that somebody rated, under a design.

    Parameters
    ----------
    rows : array of int
        Rows of the data with at least one rating.
    place : array of int
        Category of each of those units by each rater, -1 where the rater gave none.
    count : array
        Raters who put each unit into each category.
    credit : array
        Agreement weight of each pair of categories, 1 on the diagonal.
    weight : array
        Design weight of each unit.
    """

    rows: IntArray
    place: IntArray
    count: FloatArray
    credit: FloatArray
    weight: FloatArray
    sample: Sample
    domains: Domains
    size: int
    categories: tuple[str, ...]
    weighting: str

    @property
    def raters_of(self) -> FloatArray:
        """Raters of each unit."""
        every: FloatArray = self.count.sum(axis=1)
        return every

    @property
    def close(self) -> FloatArray:
        """Raters of each unit weighed by how close their category is to each category."""
        near: FloatArray = self.count @ self.credit.T
        return near

    def mean(self, values: FloatArray) -> FloatArray:
        """Design-weighted mean over units, of each column."""
        found: FloatArray = self.weight @ values / self.weight.sum()
        return found

    def variance(self, scores: FloatArray) -> float:
        """Design variance of the mean of one score for each unit."""
        values = np.zeros(self.size)
        values[self.rows] = scores / self.weight.sum()
        return float(self.sample.variances(self.domains, values, None)[0])

    @property
    def df(self) -> int:
        """Degrees of freedom of the design over the units."""
        return int(self.sample.df(self.domains)[0])


def read_ratings(
    data: pd.DataFrame,
    ratings: Sequence[str],
    design: AnyDesign | None,
    agreement_weights: AgreementWeights = "identity",
    categories: Sequence[object] | None = None,
    *,
    complete: bool = False,
) -> Ratings:
    """Ratings of ``data``; ``complete`` refuses a missing one."""
    names = list(ratings)
    if isinstance(ratings, str) or len(names) < 2 or len(set(names)) < len(names):
        raise ArgumentError(
            f"ratings must name at least two different columns; got {ratings!r}. "
            "Name one column for each rater or reading.",
            code="raters-few",
            got=ratings,
        )
    check_columns(data, names)
    if complete:
        check_complete(data, names)
    if design is None:
        # Units without a rating are no part of a sample that has no design.
        data = data.loc[data[names].notna().any(axis=1)]
    _enough(len(data))
    sample = sample_of(Design() if design is None else design, data)
    levels = _levels(data, names, categories)
    place = np.stack([levels.get_indexer(pd.Index(data[name])) for name in names], axis=1)
    _refuse_unknown(data, names, place, levels)
    keep = (place >= 0).any(axis=1) & sample.answered
    rows = np.flatnonzero(keep)
    _enough(len(rows))
    place = place[rows].astype(np.intp)
    count = np.stack([(place == k).sum(axis=1) for k in range(len(levels))], axis=1)
    weighting = agreement_weights if isinstance(agreement_weights, str) else "custom"
    return Ratings(
        rows=rows,
        place=place,
        count=count.astype(np.float64),
        credit=_credit(agreement_weights, len(levels)),
        weight=sample.weight[rows],
        sample=sample,
        domains=domains_of(data, None, keep),
        size=len(data),
        categories=tuple(str(level) for level in levels.tolist()),
        weighting=weighting,
    )


def _enough(units: int) -> None:
    if units < 2:
        raise ArgumentError(
            f"agreement needs at least two rated units; got {units}. Give more units.",
            code="units-few",
            got=units,
        )


def _levels(
    data: pd.DataFrame, names: list[str], categories: Sequence[object] | None
) -> pd.Index[Any]:
    """Categories in their order: those given, or all that occur."""
    if categories is not None:
        levels = pd.Index(list(categories))
    else:
        seen = pd.unique(pd.concat([data[name].dropna().astype(object) for name in names]))
        try:
            levels = pd.Index(sorted(seen))
        except TypeError:
            levels = pd.Index(sorted(seen, key=str))
    if len(levels) < 2 or not levels.is_unique:
        raise ArgumentError(
            f"categories must be at least two different values; got {list(levels)!r}. "
            "When one alone occurs, name all that could have by categories.",
            code="categories-few",
            got=len(levels),
        )
    return levels


def _refuse_unknown(
    data: pd.DataFrame, names: list[str], place: npt.NDArray[np.intp], levels: pd.Index[Any]
) -> None:
    for column, name in enumerate(names):
        unknown = (place[:, column] < 0) & data[name].notna().to_numpy()
        if unknown.any():
            first = data[name].to_numpy()[unknown][0]
            raise ArgumentError(
                f"values of column {name!r} must be among the categories {name_some(levels)}; got "
                f"{first!r} in {int(unknown.sum())} rows. Correct them, or name the category.",
                code="category-unknown",
                column=name,
                got=str(first),
            )


def _credit(agreement_weights: AgreementWeights, count: int) -> FloatArray:
    """Agreement weight of each pair of categories."""
    if isinstance(agreement_weights, str):
        check_choice("agreement_weights", agreement_weights, get_args(AgreementWeighting))
        if agreement_weights == "identity":
            return np.eye(count)
        at = np.arange(count) / (count - 1)
        apart = np.abs(at[:, None] - at[None, :])
        return np.asarray(1 - (apart if agreement_weights == "linear" else apart**2))
    matrix = array_of("agreement_weights", agreement_weights)
    good = matrix.shape == (count, count) and ((matrix >= 0) & (matrix <= 1)).all()
    if not good or (np.diag(matrix) != 1).any() or (matrix != matrix.T).any():
        raise ArgumentError(
            f"agreement_weights must be a symmetric matrix of {count} rows and columns within "
            f"[0, 1] and with 1 on its diagonal; got shape {matrix.shape}. Order it as the "
            "categories.",
            code="agreement-weights",
            got=matrix.shape,
        )
    return matrix
