"""Unit-level model: areas' means from units, their covariates, and means known of all units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from .._checks import (
    FloatArray,
    check_columns,
    check_complete,
    check_fraction,
    check_number,
    name_some,
    numbers_of,
)
from ..errors import ArgumentError
from ..layout import IntArray
from ._inputs import INTERCEPT, ByArea, named_values, refuse
from ._rows import normal_above, rows_of
from .results import NestedErrorFit, SmallAreaEstimates

_TRIED = np.concatenate([[0.0], np.logspace(-8.0, 6.0, 57)])


def unit_level_eblup(
    data: pd.DataFrame,
    variable: str,
    covariates: Sequence[str],
    population_means: pd.DataFrame,
    *,
    by: str,
    population_sizes: ByArea | None = None,
    threshold: float | None = None,
    confidence: float = 0.95,
) -> SmallAreaEstimates:
    r"""Estimate areas' means from sampled units and the means of covariates over all units.

    For a quantity such as income; selection within areas must not depend on it beyond the
    covariates, for no weights enter.

    Parameters
    ----------
    data : DataFrame
        One row for each sampled unit.
    variable : str
        Numeric column of what is measured.
    covariates : sequence of str
        Numeric columns; may be empty. An intercept is added.
    population_means : DataFrame
        One row for each area wanted, indexed by area, with the mean of every covariate over all
        its units. Areas without sampled units get the regression.
    by : str
        Column of ``data`` that names the area.
    population_sizes : mapping, Series or sequence, optional
        Units of each area in all, at least as many as sampled; without it areas are endless.
    threshold : float, optional
        Value whose exceedance gets a chance, in the unit of ``variable``.
    confidence : float, default 0.95
        Of the limits, in (0, 1).

    Returns
    -------
    SmallAreaEstimates
        Rows in the order of ``population_means``; the fit.

    Raises
    ------
    ArgumentError
        A column is missing or not numeric, a sampled area is not in ``population_means``, or
        there are too few areas or units.

    Notes
    -----
    :math:`y_{ti} = x_{ti}'\beta + u_t + e_{ti}` by restricted likelihood,
    :math:`\gamma_t = \sigma_u^2/(\sigma_u^2 + \sigma_e^2/n_t)`. With sampled share f the mean is
    :math:`f\bar y + (\bar X - f\bar x)'\hat\beta + (1-f)\hat u_t`,
    :math:`\hat u_t = \gamma_t(\bar y - \bar x'\hat\beta)`. The mean squared error is
    :math:`(1-f)^2(g_1 + g_2 + 2g_3) + (1-f)\sigma_e^2/N` with
    :math:`g_1 = \gamma_t\sigma_e^2/n_t`, :math:`g_2` the variance of
    :math:`(\bar X_r - \gamma_t\bar x)'\hat\beta` for the units not sampled, and :math:`g_3` from
    the asymptotic variances of both components. Limits and chances are normal.

    References
    ----------
    .. [1] G. E. Battese, R. M. Harter, W. A. Fuller, *Journal of the American Statistical
       Association* 83, 1988, 28-36.
    .. [2] J. N. K. Rao, I. Molina, *Small Area Estimation*, 2nd ed., Wiley, 2015, chapter 7.

    Examples
    --------
    >>> units = pd.DataFrame(
    ...     {"town": list("aabbccdd"), "land": [1.0, 2, 2, 4, 1, 3, 5, 4],
    ...      "income": [10.0, 14, 18, 21, 8, 15, 27, 25]}
    ... )
    >>> means = pd.DataFrame({"land": [2.0, 3.0, 2.0, 4.0, 3.0]}, index=list("abcde"))
    >>> found = unit_level_eblup(units, "income", ["land"], means, by="town")
    >>> [round(row.estimate, 1) for row in found]
    [13.6, 19.4, 11.8, 24.2, 18.0]
    """
    check_fraction("confidence", confidence)
    if threshold is not None:
        check_number("threshold", threshold, least=-np.inf)
    columns = list(covariates)
    check_columns(data, [variable, by, *columns])
    check_complete(data, [by])
    check_columns(population_means, columns)
    areas = tuple(population_means.index.astype(str))
    place = _places(data[by], areas)
    model = _Nested(numbers_of(data, variable), _with_ones(data, columns), place, len(areas))
    model.check()
    fit = model.fitted()
    sizes = _sizes(population_sizes, areas, model.n)
    means = _with_ones(population_means, columns)
    estimate, error, gamma = model.predicted(fit, means, sizes)
    spread = np.sqrt(np.maximum(error, 0.0))
    half = float(stats.norm.ppf(0.5 + confidence / 2)) * spread
    zero = fit.area_variance == 0
    return SmallAreaEstimates(
        method="unit-level-eblup",
        confidence=confidence,
        threshold=threshold,
        rows=rows_of(
            areas,
            np.where(model.n > 0, model.y_mean, np.nan),
            (estimate, spread, estimate - half, estimate + half, gamma),
            normal_above(estimate, spread, threshold),
            unsampled="no sample: the regression alone",
        ),
        fit=NestedErrorFit(
            area_variance=fit.area_variance,
            unit_variance=fit.unit_variance,
            terms=(INTERCEPT, *columns),
            coefficients=tuple(fit.coefficients.tolist()),
            std_errors=tuple(np.sqrt(np.diag(fit.covariance)).tolist()),
            log_likelihood=fit.log_likelihood,
            areas=int((model.n > 0).sum()),
            n=len(data),
        ),
        why="the area variance is estimated as zero: the regression alone acts" if zero else "",
    )


def _with_ones(data: pd.DataFrame, columns: list[str]) -> FloatArray:
    return np.column_stack([np.ones(len(data)), *[numbers_of(data, name) for name in columns]])


def _sizes(given: ByArea | None, areas: tuple[str, ...], n: IntArray) -> FloatArray:
    """Units of each area; endless without them."""
    if given is None:
        return np.full(len(areas), np.inf)
    sizes = named_values("population_sizes", given, areas)
    small = (sizes < n) | (sizes <= 0)
    refuse("population_sizes", areas, sizes, small, "be above 0 and at least the units sampled")
    return sizes


def _places(column: pd.Series, areas: tuple[str, ...]) -> IntArray:
    index = pd.Index(areas)
    if index.has_duplicates:
        raise ArgumentError(
            f"population_means must have one row for each area; got "
            f"{name_some(index[index.duplicated()])} more than once. Give each area once.",
            code="area-twice",
        )
    named = column.astype(str)
    place = index.get_indexer(pd.Index(named))
    if (place < 0).any():
        absent = sorted(set(named[place < 0]))
        raise ArgumentError(
            f"population_means must have a row for every sampled area; got none for "
            f"{name_some(absent)}. Index it by the values of the column that names areas.",
            code="keys-differ",
            areas=tuple(absent[:5]),
        )
    return np.asarray(place, dtype=np.intp)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Components:
    area_variance: float
    unit_variance: float
    coefficients: FloatArray
    covariance: FloatArray
    log_likelihood: float


class _Nested:
    """Units in areas, ready for the restricted likelihood."""

    def __init__(self, y: FloatArray, x: FloatArray, place: IntArray, areas: int) -> None:
        self.y, self.x, self.place, self.areas = y, x, place, areas
        self.n = np.bincount(place, minlength=areas)
        counts = np.maximum(self.n, 1)[:, None]
        self.x_mean = self.totals(x) / counts
        self.y_mean = self.totals(y[:, None])[:, 0] / counts[:, 0]

    def totals(self, values: FloatArray) -> FloatArray:
        """Sum of each column over the units of each area."""
        columns = [np.bincount(self.place, column, self.areas) for column in values.T]
        return np.column_stack(columns)

    def check(self) -> None:
        """Refuse what has no restricted likelihood."""
        sampled, terms = int((self.n > 0).sum()), self.x.shape[1]
        if sampled < 2 or len(self.y) < sampled + terms or self.n.max() < 2:
            raise ArgumentError(
                f"the model needs two areas or more, one of them with two units, and "
                f"{sampled + terms} units for {sampled} areas and {terms} terms; got "
                f"{len(self.y)} units. Take fay_herriot, or fewer covariates.",
                code="too-few-areas",
                areas=sampled,
                n=len(self.y),
            )
        if (self.y == self.y[0]).all():
            raise ArgumentError(
                f"the variable must vary; got {self.y[0]:g} for all {len(self.y)} units. Without "
                "spread every area has that mean.",
                code="no-spread",
            )
        if np.linalg.matrix_rank(self.x) < terms:
            raise ArgumentError(
                "covariates must not follow from one another or from the intercept; got "
                f"{terms} terms of lower rank in {len(self.y)} units. Leave one out.",
                code="covariates-collinear",
            )

    def _solved(self, ratio: float) -> tuple[float, FloatArray, FloatArray, float]:
        """Log likelihood, coefficients, root and residual sum at one ratio of variances."""
        kept = 1 - np.sqrt(1 / (1 + self.n * ratio))
        x = self.x - (kept[:, None] * self.x_mean)[self.place]
        y = self.y - (kept * self.y_mean)[self.place]
        q, root = np.linalg.qr(x)
        coefficients = np.linalg.solve(root, q.T @ y)
        rest = float(((y - x @ coefficients) ** 2).sum())
        free = len(y) - x.shape[1]
        logs = -0.5 * (free * np.log(2 * np.pi * rest / free) + free)
        logs -= 0.5 * float(np.log1p(self.n * ratio).sum())
        logs -= float(np.log(np.abs(np.diag(root))).sum())
        return float(logs), coefficients, root, rest

    def fitted(self) -> _Components:
        """Components of variance by restricted likelihood."""
        logs = [self._solved(ratio)[0] for ratio in _TRIED]
        best = int(np.argmax(logs))
        ratio = float(_TRIED[best])
        if best:
            low = _TRIED[max(best - 1, 1)]
            high = _TRIED[min(best + 1, len(_TRIED) - 1)]
            found = optimize.minimize_scalar(
                lambda t: -self._solved(float(np.exp(t)))[0],
                bounds=(float(np.log(low)), float(np.log(high))),
                method="bounded",
                options={"xatol": 1e-10},
            )
            ratio = float(np.exp(found.x))
        log_likelihood, coefficients, root, rest = self._solved(ratio)
        unit = rest / (len(self.y) - self.x.shape[1])
        inverse = np.linalg.inv(root)
        return _Components(
            area_variance=ratio * unit,
            unit_variance=unit,
            coefficients=coefficients,
            covariance=unit * inverse @ inverse.T,
            log_likelihood=log_likelihood,
        )

    def predicted(
        self, fit: _Components, means: FloatArray, sizes: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Mean of each area, its mean squared error, and the weight of its own units."""
        n, area, unit = self.n.astype(float), fit.area_variance, fit.unit_variance
        share = np.where(np.isinf(sizes), 0.0, n / sizes)
        gamma = area * n / (area * n + unit)
        effect = gamma * (self.y_mean - self.x_mean @ fit.coefficients)
        beyond = means - share[:, None] * self.x_mean
        middle = share * self.y_mean + beyond @ fit.coefficients + (1 - share) * effect
        apart = beyond - ((1 - share) * gamma)[:, None] * self.x_mean
        lent = ((apart @ fit.covariance) * apart).sum(axis=1)
        own = (1 - gamma) * area
        error = (1 - share) ** 2 * (own + 2 * self._third(area, unit)) + lent
        error += (1 - share) * unit / sizes
        return middle, error, gamma

    def _third(self, area: float, unit: float) -> FloatArray:
        """Third part of the error: variances are estimated; by their information matrix."""
        n = self.n[self.n > 0].astype(float)
        alpha = unit + n * area
        of_area = 0.5 * float((n**2 / alpha**2).sum())
        of_both = 0.5 * float((n / alpha**2).sum())
        of_unit = 0.5 * float(((n - 1) / unit**2 + 1 / alpha**2).sum())
        covariance = np.linalg.inv(np.array([[of_area, of_both], [of_both, of_unit]]))
        slope = unit**2 * covariance[0, 0] + area**2 * covariance[1, 1]
        slope -= 2 * unit * area * covariance[0, 1]
        every = self.n.astype(float)
        found: FloatArray = every * slope / (every * area + unit) ** 3
        return found
