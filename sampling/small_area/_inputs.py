"""Values by area and their covariates, taken in and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .._checks import FloatArray, name_some, numbers_of
from ..errors import ArgumentError

ByArea = Mapping[str, float] | Sequence[float] | FloatArray | pd.Series

INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaInputs:
    """Direct values with what is known beside them, one row for each area.

    ``direct`` and ``beside`` are NaN where nothing was sampled; ``regressors`` starts with ones.
    """

    areas: tuple[str, ...]
    direct: FloatArray
    beside: FloatArray
    regressors: FloatArray
    terms: tuple[str, ...]

    @property
    def sampled(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Areas with a direct value."""
        sampled: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.isfinite(self.direct)
        return sampled


def take_areas(
    direct: ByArea, beside: ByArea, beside_name: str, covariates: pd.DataFrame | None
) -> AreaInputs:
    """Direct values and one value beside each, in the order of the covariates when given.

    With names, areas of the covariates that have no direct value are areas without a sample.
    """
    values, others = _named("direct", direct), _named(beside_name, beside)
    others = _beside(values, others, beside_name, isinstance(beside, (Mapping, pd.Series)))
    if covariates is None:
        ones = np.ones((len(values), 1))
        names = tuple(values.index)
        return _checked(names, values.to_numpy(), others.to_numpy(), ones, (), beside_name)
    if not isinstance(covariates, pd.DataFrame):
        raise ArgumentError(
            f"covariates must be a DataFrame of one row for each area; got "
            f"{type(covariates).__name__}. Name its columns and index it by area.",
            code="data-not-frame",
            got=type(covariates).__name__,
        )
    if isinstance(direct, (Mapping, pd.Series)):
        rows = covariates.set_axis(covariates.index.astype(str))
        _known(values.index, rows.index)
        values, others = values.reindex(rows.index), others.reindex(rows.index)
    else:
        rows = covariates
        if len(rows) != len(values):
            raise _lengths("covariates", len(rows), len(values))
        if not isinstance(rows.index, pd.RangeIndex):
            values = values.set_axis(rows.index.astype(str))
    columns = [numbers_of(rows, name) for name in rows.columns]
    regressors = np.column_stack([np.ones(len(rows)), *columns])
    terms = tuple(str(name) for name in rows.columns)
    names = tuple(str(name) for name in values.index)
    return _checked(names, values.to_numpy(), others.to_numpy(), regressors, terms, beside_name)


def named_values(name: str, values: ByArea, areas: tuple[str, ...]) -> FloatArray:
    """Values in the order of ``areas``, each finite."""
    given = _named(name, values)
    if isinstance(values, (Mapping, pd.Series)):
        _known(pd.Index(areas), given.index)
        given = given.reindex(areas)
    elif len(given) != len(areas):
        raise _lengths(name, len(given), len(areas))
    found: FloatArray = given.to_numpy(dtype=np.float64)
    if not np.isfinite(found).all():
        raise _refused(name, areas, ~np.isfinite(found), "be finite", found)
    return found


def refuse(
    name: str, areas: tuple[str, ...], values: FloatArray, bad: np.ndarray, must: str
) -> None:
    """Refuse values that are ``bad``, naming their areas."""
    if bad.any():
        raise _refused(name, areas, bad, must, values)


def _refused(
    name: str, areas: tuple[str, ...], bad: np.ndarray, must: str, values: FloatArray
) -> ArgumentError:
    where = [area for area, wrong in zip(areas, bad, strict=True) if wrong]
    return ArgumentError(
        f"{name} must {must}; got {float(values[bad][0])!r} in area {name_some(where)}. "
        "Correct them first.",
        code="values-outside",
        name=name,
        areas=tuple(where[:5]),
    )


def _named(name: str, values: ByArea) -> pd.Series:
    if isinstance(values, pd.Series):
        series = values.astype(np.float64)
        series.index = series.index.astype(str)
    elif isinstance(values, Mapping):
        series = pd.Series({str(key): float(value) for key, value in values.items()}, dtype=float)
    else:
        array = np.asarray(values, dtype=np.float64)
        series = pd.Series(array, index=[str(place + 1) for place in range(len(array))])
    if not len(series):
        raise ArgumentError(
            f"{name} must have a value for at least one area; got none. Give one for each area.",
            code="data-empty",
            name=name,
        )
    if series.index.has_duplicates:
        again = series.index[series.index.duplicated()].unique()
        raise ArgumentError(
            f"{name} must name each area once; got {name_some(again)} more than once. "
            "Give one value for each area.",
            code="area-twice",
            name=name,
        )
    return series


def _beside(values: pd.Series, others: pd.Series, name: str, by_name: bool) -> pd.Series:
    """``others`` in the order of ``values``: by name, or as they stand."""
    if len(values) != len(others):
        raise _lengths(name, len(others), len(values))
    if not by_name:
        return others.set_axis(values.index)
    _known(values.index, others.index)
    return others.reindex(values.index)


def _known(wanted: pd.Index, there: pd.Index) -> None:
    absent = wanted.difference(there)
    if len(absent) or there.has_duplicates:
        raise ArgumentError(
            f"every area must be named in both, once; got none or two for "
            f"{name_some(absent if len(absent) else there[there.duplicated()])}. "
            "Index both by the same names of areas.",
            code="keys-differ",
        )


def _lengths(name: str, got: int, wanted: int) -> ArgumentError:
    return ArgumentError(
        f"{name} must have one value for each of {wanted} areas; got {got}. "
        "Give both in the same order, or by the areas' names.",
        code="lengths-differ",
        name=name,
        got=got,
    )


def _checked(
    areas: tuple[str, ...],
    direct: FloatArray,
    beside: FloatArray,
    regressors: FloatArray,
    terms: tuple[str, ...],
    beside_name: str,
) -> AreaInputs:
    bad = np.isfinite(direct) & ~np.isfinite(beside)
    refuse(beside_name, areas, beside, bad, "be finite where there is a direct value")
    refuse("direct", areas, direct, np.isinf(direct), "be finite")
    if np.linalg.matrix_rank(regressors[np.isfinite(direct)]) < regressors.shape[1]:
        raise ArgumentError(
            "covariates must not follow from one another or from the intercept among the sampled "
            f"areas; got {regressors.shape[1]} terms of lower rank in "
            f"{int(np.isfinite(direct).sum())} areas. Leave one out.",
            code="covariates-collinear",
            terms=terms,
        )
    return AreaInputs(
        areas=areas,
        direct=np.asarray(direct, dtype=np.float64),
        beside=np.asarray(beside, dtype=np.float64),
        regressors=regressors,
        terms=(INTERCEPT, *terms),
    )
