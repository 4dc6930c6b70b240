"""Linear, logistic and log-linear regression with variances of the design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import special, stats

from ._checks import FloatArray, check_choice, check_columns, check_complete, check_fraction
from ._rounding import complement
from ._show import Table, format_number
from ._tables import takes_tables
from .design import AnyDesign
from .errors import ArgumentError, NotConvergedError
from .layout import IntArray
from .quantity import NO_DF
from .replicates import ReplicateSample
from .results import Estimate, Interval, Result
from .sample import LinearSample, Sample, domains_of, sample_of, values_of
from .tables import kept_rows

Family = Literal["linear", "logistic", "log-linear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaldTest(Result):
    """Test that several coefficients are all 0.

    Parameters
    ----------
    terms : tuple of str
        The coefficients.
    f : float
        The statistic.
    df, design_df : int or float
        Its two degrees of freedom.
    p_value : float
        Of the F distribution.
    """

    terms: tuple[str, ...]
    f: float
    df: int
    design_df: float
    p_value: float

    def _table(self) -> Table:
        return Table(
            title=f"Wald test of {', '.join(self.terms)}",
            columns=("F", "df", "design df", "p"),
            rows=(
                (
                    format_number(self.f),
                    str(self.df),
                    format_number(self.design_df, 1),
                    format_number(self.p_value, 5),
                ),
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression(Result):
    """Coefficients of a regression under a design.

    Parameters
    ----------
    family : str
        "linear", "logistic" or "log-linear".
    outcome : str
        The variable explained.
    names : tuple of str
        One for each coefficient; a category is "column=value", the first is left out.
    rows : tuple of Estimate
        One for each coefficient, with a t interval.
    covariance : tuple of tuple of float
        Of the coefficients.
    df : int or float
        Degrees of freedom of the design plus 1 less coefficients.
    n : int
        Sampled units used.
    """

    family: Family
    outcome: str
    names: tuple[str, ...]
    rows: tuple[Estimate, ...]
    covariance: tuple[tuple[float, ...], ...]
    df: float
    n: int

    def coefficient(self, name: str) -> Estimate:
        """Row of the coefficient of that name."""
        return self.rows[self._place(name)]

    def _place(self, name: str) -> int:
        if name not in self.names:
            raise ArgumentError(
                f"name must be one of {', '.join(map(repr, self.names))}; got {name!r}.",
                code="coefficient-unknown",
                got=name,
            )
        return self.names.index(name)

    def wald(self, terms: Sequence[str]) -> WaldTest:
        r"""Test that all coefficients of ``terms`` are 0.

        Parameters
        ----------
        terms : sequence of str
            Names of coefficients, or of columns of categories.

        Returns
        -------
        WaldTest
            :math:`F = \hat\beta'\hat V^{-1}\hat\beta/q` on q and ``df``.
        """
        named = [n for term in terms for n in self.names if n == term or n.startswith(f"{term}=")]
        places = [self._place(name) for name in named or terms]
        beta = np.array([self.rows[place].estimate for place in places])
        part = np.array(self.covariance)[np.ix_(places, places)]
        f = float(beta @ np.linalg.solve(part, beta)) / len(places)
        if self.df <= 0:
            raise ArgumentError(
                f"a Wald test needs degrees of freedom above 0; got {self.df:g}. Use fewer "
                "coefficients.",
                code="df-spent",
            )
        return WaldTest(
            terms=tuple(named),
            f=f,
            df=len(places),
            design_df=self.df,
            p_value=float(stats.f.sf(f, len(places), self.df)),
        )

    def to_frame(self) -> pd.DataFrame:
        """One row for each coefficient."""
        frame = pd.DataFrame([row._row() for row in self.rows])
        frame.insert(0, "name", self.names)
        return frame.drop(columns=["domain", "deff", "deff_reference"])

    def _table(self) -> Table:
        return Table(
            title=f"{self.family} regression of {self.outcome}, n={self.n}",
            columns=("coefficient", "estimate", "std. error", "lower", "upper"),
            rows=tuple(
                (
                    name,
                    format_number(row.estimate),
                    format_number(row.std_error),
                    format_number(row.lower),
                    format_number(row.upper),
                )
                for name, row in zip(self.names, self.rows, strict=True)
            ),
            notes=tuple(dict.fromkeys(row.why for row in self.rows if row.why)),
        )


@takes_tables
def estimate_regression(
    data: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    design: AnyDesign,
    *,
    family: Family = "linear",
    within: str | None = None,
    confidence: float = 0.95,
) -> Regression:
    r"""Regression coefficients of the population, with variances of the design.

    Parameters
    ----------
    data : DataFrame
        One row per sampled unit, of all domains.
    outcome : str
        Numeric column; 0 or 1 for "logistic", at least 0 for "log-linear".
    predictors : sequence of str
        Columns: numeric ones enter as they are, others as categories of which the first is left
        out.
    design : Design
        The design, of any number of stages, or replicate weights.
    family : {"linear", "logistic", "log-linear"}, default "linear"
        The mean's scale: as it is, log odds, logarithm.
    within : str, optional
        Column of true and false: the domain to fit in.
    confidence : float, default 0.95
        Of the two-sided t intervals.

    Returns
    -------
    Regression
        Coefficients with covariance; ``wald`` tests several together.

    Raises
    ------
    ArgumentError
        Predictors depend on each other, or a column is incomplete or outside its domain.
    NotConvergedError
        The iteration does not settle, as when a predictor splits events from non-events.
    LonelyUnitError
        A stratum has one sampled PSU under ``lonely_psu="raise"``.

    Notes
    -----
    Solves :math:`\sum w x (y - \mu(x'\beta)) = 0` by Newton steps to the last digits. The variance
    is :math:`A^{-1} \hat V A^{-1}`, V that of the total of :math:`x(y-\mu)` under the whole design
    and A the sum of :math:`w\mu' xx'` at the solution; R takes it one step earlier. With replicate
    weights the fit is repeated for each.

    References
    ----------
    .. [1] D. A. Binder, "On the variances of asymptotically normal estimators from complex
       surveys", *International Statistical Review* 51, 1983, 279-292.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design
    >>> data = pd.DataFrame({"x": [1, 2, 3, 4, 5, 6], "y": [1.0, 3, 2, 5, 4, 6]})
    >>> fit = estimate_regression(data, "y", ["x"], Design())
    >>> round(fit.coefficient("x").estimate, 4), fit.df
    (0.8857, 4)
    """
    check_choice("family", family, get_args(Family))
    tail = complement(check_fraction("confidence", confidence)) / 2
    sample = sample_of(design, data)
    keep = kept_rows(sample, data, within)
    places = np.flatnonzero(keep)
    part = data.iloc[places]
    matrix, names = _design_matrix(part, predictors)
    response = values_of(sample, data.assign(**{outcome: data[outcome].where(keep, 0)}), outcome)
    y = response[places]
    _check_outcome(family, outcome, y)
    beta = _solve(family, matrix, y, sample.weight[places])
    covariance = _covariance(family, sample, places, matrix, y, beta)
    whole = domains_of(data, None, keep)
    df = int(sample.df(whole)[0]) + 1 - len(beta)
    errors = np.sqrt(np.diag(covariance))
    quantile = float(stats.t.isf(tail, df)) if df > 0 else np.inf
    rows = tuple(
        Estimate(
            quantity=f"{family} coefficient of {name}",
            domain=(),
            estimate=float(at),
            std_error=float(error),
            interval=Interval(
                lower=float(at - quantile * error),
                upper=float(at + quantile * error),
                confidence=float(confidence),
                method="student-t",
            ),
            df=df,
            n=len(places),
            variance_method=sample.method,
            why="" if df > 0 else NO_DF,
        )
        for name, at, error in zip(names, beta, errors, strict=True)
    )
    return Regression(
        family=family,
        outcome=outcome,
        names=names,
        rows=rows,
        covariance=tuple(tuple(float(x) for x in row) for row in covariance),
        df=df,
        n=len(places),
    )


def _design_matrix(
    part: pd.DataFrame, predictors: Sequence[str]
) -> tuple[FloatArray, tuple[str, ...]]:
    check_columns(part, predictors)
    check_complete(part, predictors)
    columns, names = [np.ones(len(part))], ["constant"]
    for name in predictors:
        values = part[name]
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            columns.append(values.to_numpy(dtype=np.float64))
            names.append(name)
            continue
        for level in sorted(values.unique())[1:]:
            columns.append((values == level).to_numpy(dtype=np.float64))
            names.append(f"{name}={level}")
    matrix = np.stack(columns, axis=1)
    scale = np.abs(matrix).max(axis=0)
    if np.linalg.matrix_rank(matrix / np.where(scale > 0, scale, 1.0)) < len(names):
        raise ArgumentError(
            f"predictors must not depend on each other; {', '.join(names)} do over {len(part)} "
            "rows. Leave one out.",
            code="predictors-dependent",
        )
    return matrix, tuple(names)


def _check_outcome(family: Family, outcome: str, y: FloatArray) -> None:
    bad = {
        "linear": np.zeros(len(y), dtype=bool),
        "logistic": (y < 0) | (y > 1),
        "log-linear": y < 0,
    }[family]
    if bad.any():
        must = "between 0 and 1" if family == "logistic" else "at least 0"
        raise ArgumentError(
            f"{family} regression needs {outcome!r} {must}; got {y[bad][0]:g} "
            f"({int(bad.sum())} such rows). Choose another family.",
            code="values-outside",
            column=outcome,
        )


def _means(family: Family, score: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean at a linear score, and its slope."""
    if family == "linear":
        return score, np.ones_like(score)
    if family == "logistic":
        mean: FloatArray = special.expit(score)
        return mean, mean * (1 - mean)
    mean = np.exp(np.minimum(score, 700.0))
    return mean, mean


def _information(
    family: Family, matrix: FloatArray, weight: FloatArray, beta: FloatArray
) -> FloatArray:
    slope = _means(family, matrix @ beta)[1]
    found: FloatArray = matrix.T @ (matrix * (weight * slope)[:, None])
    return found


def _solve(
    family: Family,
    matrix: FloatArray,
    y: FloatArray,
    weight: FloatArray,
    start: FloatArray | None = None,
) -> FloatArray:
    """Root of the weighted score."""
    scale = np.maximum(np.abs(matrix).max(axis=0), 1e-300)
    scaled = matrix / scale
    beta: FloatArray = np.zeros(matrix.shape[1]) if start is None else start * scale
    if start is None and family == "log-linear":
        beta[0] = np.log(max(float(np.dot(weight, y) / weight.sum()), 1e-300))
    for _ in range(100):
        mean, slope = _means(family, scaled @ beta)
        cross = scaled.T @ (scaled * (weight * slope)[:, None])
        gap = scaled.T @ (weight * (y - mean))
        step = np.linalg.lstsq(cross, gap, rcond=None)[0]
        # Long steps overshoot on the scale of odds and logarithms.
        longest = float(np.abs(scaled @ step).max())
        if family != "linear" and longest > 5:
            step = step * 5 / longest
        beta = np.asarray(beta + step)
        if float(np.abs(step).max()) <= 1e-13 * (1 + float(np.abs(beta).max())):
            return np.asarray(beta / scale)
        if family != "linear" and float(np.abs(scaled @ beta).max()) > 300:
            break
    if family == "linear":
        return np.asarray(beta / scale)
    raise _diverges(family)


def _diverges(family: Family) -> NotConvergedError:
    return NotConvergedError(
        f"the {family} regression does not settle: a predictor may split events from non-events. "
        "Join categories or leave it out.",
        code="regression-diverges",
    )


def _covariance(
    family: Family,
    sample: Sample,
    places: IntArray,
    matrix: FloatArray,
    y: FloatArray,
    beta: FloatArray,
) -> FloatArray:
    """Covariance of the coefficients under the design."""
    if isinstance(sample, ReplicateSample):
        weights = sample.replicator.weights()[places]
        found = np.stack(
            [_solve(family, matrix, y, column, start=beta) for column in weights.T], axis=1
        )
        return sample.covariance_of(found, beta)
    if not isinstance(sample, LinearSample):
        raise ArgumentError(
            "regression takes a design or replicate weights; got another. Lay out a Design.",
            code="design-unknown",
        )
    information = _information(family, matrix, sample.weight[places], beta)
    if np.linalg.matrix_rank(information, hermitian=True) < len(beta):
        raise _diverges(family)
    inverse = np.linalg.inv(information)
    mean = _means(family, matrix @ beta)[0]
    scores = (matrix * (y - mean)[:, None]) @ inverse
    return sample.covariance_of_scores([(places, column) for column in scores.T])
