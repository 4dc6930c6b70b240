"""Area-level model: direct estimates and a regression, each weighed by its own error."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from .._checks import FloatArray, check_choice, check_fraction, check_number
from ..errors import ArgumentError
from ..results import Estimates, ProportionEstimate
from ._area_variance import Adjustment, AreaModel, FayHerriotMethod, Regression
from ._inputs import AreaInputs, ByArea, refuse, take_areas
from ._rows import normal_above, rows_of
from .results import FayHerriotFit, SmallAreaEstimate, SmallAreaEstimates

Transform = Literal["arcsine"]
ZeroVariances = Literal["refuse", "exact"]
AtZero = Literal["adjusted", "keep"]


def smooth_variances(
    direct: ByArea | Estimates, n_effective: ByArea | None = None
) -> dict[str, float]:
    r"""Variances of areas' rates from one rate for all, for areas too small to know their own.

    Parameters
    ----------
    direct : mapping, Series, sequence or Estimates
        Rate of each area, in [0, 1]; or what ``estimate_proportion(..., by=...)`` gave.
    n_effective : mapping, Series or sequence, optional
        Effective size of each area: units over the model design effect, above 0. Taken from the
        estimates when they are given.

    Returns
    -------
    dict
        Variance of each area's rate.

    Raises
    ------
    ArgumentError
        A value is outside its domain, names differ, or no area or every unit has the event.

    Notes
    -----
    :math:`\psi_t = \tilde p(1-\tilde p)/n^*_t` with :math:`\tilde p = \sum n^*_t p_t / \sum n^*_t`,
    the simplest generalised variance function. An area without events has a variance too.

    References
    ----------
    .. [1] K. M. Wolter, *Introduction to Variance Estimation*, 2nd ed., Springer, 2007, chapter 7.

    Examples
    --------
    >>> found = smooth_variances({"a": 0.0, "b": 0.03}, {"a": 100, "b": 200})
    >>> {area: round(value, 6) for area, value in found.items()}
    {'a': 0.000196, 'b': 9.8e-05}
    """
    inputs = _of_rates(direct, n_effective, None)
    n, p = inputs.beside, inputs.direct
    pooled = float(n @ p / n.sum())
    if not 0 < pooled < 1:
        raise ArgumentError(
            f"a common variance needs areas with events and units without; got a pooled rate of "
            f"{pooled:g}. Take beta_binomial_areas, which needs neither.",
            code="no-events",
            got=pooled,
        )
    return dict(zip(inputs.areas, (pooled * (1 - pooled) / n).tolist(), strict=True))


def fay_herriot(
    direct: ByArea,
    variances: ByArea,
    covariates: pd.DataFrame | None = None,
    *,
    method: FayHerriotMethod = "reml",
    transform: Transform | None = None,
    adjustment: Adjustment = "yoshimori-lahiri",
    at_zero: AtZero = "adjusted",
    zero_variances: ZeroVariances = "refuse",
    threshold: float | None = None,
    confidence: float = 0.95,
) -> SmallAreaEstimates:
    r"""Estimate small areas by direct estimates drawn towards a regression, with their errors.

    For rates of rare events ``beta_binomial_areas`` is the better model.

    Parameters
    ----------
    direct : mapping, Series or sequence
        Estimate of each sampled area, in any unit; rates in [0, 1] under the arcsine.
    variances : mapping, Series or sequence
        Variance of each, in that unit squared, above 0 and taken as known: from many units of the
        area, or smoothed (``smooth_variances``). Under the arcsine the effective size of each.
    covariates : DataFrame, optional
        One row for each area, indexed by its name (or in the same order as the sequences),
        numeric columns; an intercept is added. Named areas without a direct estimate get the
        regression.
    method : {"reml", "ml", "fh", "adjusted"}, default "reml"
        Estimator of the area variance A: restricted or full likelihood, Fay and Herriot's moments,
        or adjusted restricted likelihood, which is never zero.
    transform : {"arcsine"}, optional
        Model :math:`\arcsin\sqrt p`, whose variance is 1/(4n*), and transform back without bias.
    adjustment : {"yoshimori-lahiri", "li-lahiri"}, default "yoshimori-lahiri"
        What the adjusted likelihood is multiplied with.
    at_zero : {"adjusted", "keep"}, default "adjusted"
        What happens when A is estimated as zero: the adjusted method acts instead, and the result
        says so; or zero stands, and every area gets the regression.
    zero_variances : {"refuse", "exact"}, default "refuse"
        "exact" takes areas of variance zero as known without error. An own variance of zero that
        comes from no events must never be taken so.
    threshold : float, optional
        Value whose exceedance gets a chance, in the unit of ``direct``.
    confidence : float, default 0.95
        Of the limits, in (0, 1).

    Returns
    -------
    SmallAreaEstimates
        Rows by area, with root mean squared errors; the fit.

    Raises
    ------
    ArgumentError
        A variance is zero, a value is outside its domain, names differ, or there are too few areas.

    Notes
    -----
    :math:`y_t = x_t'\beta + u_t + e_t` with variances :math:`A` and :math:`\psi_t`,
    :math:`B_t = \psi_t/(A+\psi_t)`; the estimate is
    :math:`(1-B_t)y_t + B_t x_t'\hat\beta`. Its mean squared error is
    :math:`g_1 + g_2 + 2g_3 - B_t^2 b`: :math:`g_1 = (1-B_t)\psi_t`,
    :math:`g_2 = B_t^2 x_t'(X'V^{-1}X)^{-1}x_t`, :math:`g_3 = B_t^2 V(\hat A)/(A+\psi_t)`, where b
    is the bias of :math:`\hat A`: none for "reml" and Yoshimori and Lahiri's, negative for "ml",
    positive for "fh" and Li and Lahiri's. Every estimator is iterated to its root.

    Arcsine: with :math:`\hat\vartheta` and :math:`g_1` on the model's scale the rate is
    :math:`\frac12(1 - e^{-2g_1}\cos 2\hat\vartheta)`, limits are transformed, and the standard
    error is that of :math:`\sin^2` of a normal value with the mean squared error.

    Limits and chances are normal. With variances of zero taken at their word, areas without events
    are believed and draw the others to them: twenty townships of fifty households at 1 % are then
    covered never, at 3 % by 14 %, where smoothed variances cover 94 % (methods.md).

    References
    ----------
    .. [1] R. E. Fay, R. A. Herriot, *Journal of the American Statistical Association* 74, 1979,
       269-277.
    .. [2] N. G. N. Prasad, J. N. K. Rao, *Journal of the American Statistical Association* 85,
       1990, 163-171; G. S. Datta, J. N. K. Rao, D. D. Smith, *Biometrika* 92, 2005, 183-196.
    .. [3] H. Li, P. Lahiri, *Journal of Multivariate Analysis* 101, 2010, 882-892; M. Yoshimori,
       P. Lahiri, *Journal of Multivariate Analysis* 124, 2014, 281-294.
    .. [4] S. Hadam, N. Würz, A.-K. Kreutzmann, "Estimating regional unemployment with mobile
       network data for Functional Urban Areas in Germany", 2020 (arcsine).

    Examples
    --------
    >>> direct = {"a": 4.0, "b": 6.0, "c": 9.0, "d": 5.0}
    >>> found = fay_herriot(direct, {"a": 1.0, "b": 1.0, "c": 4.0, "d": 1.0})
    >>> round(found.fit.area_variance, 3), round(found.of("c").estimate, 2)
    (0.776, 6.02)

    Rates without events have no variance of their own:

    >>> rates, sizes = {"a": 0.0, "b": 0.03, "c": 0.02}, {"a": 120, "b": 90, "c": 150}
    >>> found = fay_herriot(rates, sizes, transform="arcsine")
    >>> round(found.of("a").estimate, 4)
    0.0022
    """
    _check_choices(method, adjustment, at_zero, zero_variances, transform)
    check_fraction("confidence", confidence)
    if threshold is not None:
        check_number("threshold", threshold, least=-np.inf)
    arcsine = transform == "arcsine"
    if arcsine:
        inputs = _of_rates(direct, variances, covariates)
        y, psi = np.arcsin(np.sqrt(inputs.direct)), 1 / (4 * inputs.beside)
    else:
        inputs = take_areas(direct, variances, "variances", covariates)
        _refuse_variances(inputs, zero_variances)
        y, psi = inputs.direct, inputs.beside
    model = _model(inputs, y, psi)
    area_variance, acted, why = _area_variance(model, method, adjustment, at_zero)
    fit = model.at(area_variance)
    errors = model.squared_errors(fit, acted, adjustment)
    predicted = _Predicted(inputs, y, psi, fit, errors)
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    return SmallAreaEstimates(
        method="fay-herriot" if transform is None else f"fay-herriot-{transform}",
        confidence=confidence,
        threshold=threshold,
        rows=predicted.rows(z, threshold, arcsine),
        fit=FayHerriotFit(
            area_variance=area_variance,
            method=acted if acted != "adjusted" else f"adjusted, {adjustment}",
            asked=method,
            transform=transform or "none",
            terms=inputs.terms,
            coefficients=tuple(fit.coefficients.tolist()),
            std_errors=tuple(np.sqrt(np.diag(fit.covariance)).tolist()),
            log_likelihood=fit.log_likelihood,
            areas=len(model.direct),
        ),
        why=why,
    )


def _check_choices(
    method: str, adjustment: str, at_zero: str, zero_variances: str, transform: str | None
) -> None:
    for name, value, choices in (
        ("method", method, FayHerriotMethod),
        ("adjustment", adjustment, Adjustment),
        ("at_zero", at_zero, AtZero),
        ("zero_variances", zero_variances, ZeroVariances),
    ):
        check_choice(name, value, get_args(choices))
    if transform is not None:
        check_choice("transform", transform, get_args(Transform))


def _of_rates(
    direct: ByArea | Estimates, n_effective: ByArea | None, covariates: pd.DataFrame | None
) -> AreaInputs:
    """Rates and effective sizes above 0, from values or from estimates."""
    rates, sizes = rates_and_sizes(direct, n_effective)
    inputs = take_areas(rates, sizes, "n_effective", covariates)
    seen, areas = inputs.sampled, inputs.areas
    refuse("n_effective", areas, inputs.beside, seen & ~(inputs.beside > 0), "be above 0")
    outside = seen & ~((inputs.direct >= 0) & (inputs.direct <= 1))
    refuse("direct", areas, inputs.direct, outside, "lie between 0 and 1")
    return inputs


def rates_and_sizes(
    direct: ByArea | Estimates, n_effective: ByArea | None
) -> tuple[ByArea, ByArea]:
    """Rates and effective sizes as given, or out of estimated proportions."""
    if isinstance(direct, Estimates):
        rows = direct.rows
        if n_effective is None and all(isinstance(row, ProportionEstimate) for row in rows):
            sizes = {
                ", ".join(row.domain): row.n_used
                for row in rows
                if isinstance(row, ProportionEstimate)
            }
            return {", ".join(row.domain): row.estimate for row in rows}, sizes
        if n_effective is not None:
            return {", ".join(row.domain): row.estimate for row in rows}, n_effective
    if n_effective is None or isinstance(direct, Estimates):
        raise ArgumentError(
            "rates of areas need an effective size each; got none. Give n_effective, or what "
            "estimate_proportion(..., by=...) gave.",
            code="n-effective-missing",
        )
    return direct, n_effective


def _refuse_variances(inputs: AreaInputs, zero_variances: ZeroVariances) -> None:
    seen, psi = inputs.sampled, inputs.beside
    refuse("variances", inputs.areas, psi, seen & (psi < 0), "be above 0")
    none = seen & (psi == 0)
    if zero_variances == "exact" or not none.any():
        return
    where = tuple(area for area, zero in zip(inputs.areas, none, strict=True) if zero)
    raise ArgumentError(
        f"variances must be above 0; got 0 in {len(where)} of {int(seen.sum())} areas, first "
        f"{where[0]!r}. A sample without events has no variance of its own, and taken at its word "
        "the area would be believed to be without error. Give smooth_variances(direct, "
        'n_effective), or effective sizes with transform="arcsine", or take beta_binomial_areas.',
        code="variance-zero",
        areas=where[:5],
        count=len(where),
    )


def _model(inputs: AreaInputs, y: FloatArray, psi: FloatArray) -> AreaModel:
    seen = inputs.sampled
    if int(seen.sum()) <= len(inputs.terms) + 1:
        raise ArgumentError(
            f"a regression with {len(inputs.terms)} terms needs at least {len(inputs.terms) + 2} "
            f"sampled areas; got {int(seen.sum())}. Leave covariates out or add areas.",
            code="too-few-areas",
            areas=int(seen.sum()),
        )
    return AreaModel(y[seen], psi[seen], inputs.regressors[seen])


def _area_variance(
    model: AreaModel, method: FayHerriotMethod, adjustment: Adjustment, at_zero: AtZero
) -> tuple[float, FayHerriotMethod, str]:
    """Area variance, the method that gave it, and why when it is another than asked for."""
    found = model.estimate(method, adjustment)
    if found > 0:
        return found, method, ""
    if at_zero == "keep":
        return found, method, "the area variance is estimated as zero: the regression alone acts"
    why = f"{method} estimates the area variance as zero: adjusted restricted likelihood acts"
    return model.estimate("adjusted", adjustment), "adjusted", why


class _Predicted:
    """All areas by a fitted model, on its scale."""

    def __init__(
        self,
        inputs: AreaInputs,
        y: FloatArray,
        psi: FloatArray,
        fit: Regression,
        errors: FloatArray,
    ) -> None:
        self.inputs = inputs
        seen, x = inputs.sampled, inputs.regressors
        fitted = x @ fit.coefficients
        # An area without a sample: the regression, with the spread of areas around it.
        self.error = fit.area_variance + ((x @ fit.covariance) * x).sum(axis=1)
        self.error[seen] = np.maximum(errors, 0.0)
        self.leading = np.full(len(y), fit.area_variance)
        self.leading[seen] = psi[seen] * fit.area_variance * fit.weights
        self.weight = np.zeros(len(y))
        self.weight[seen] = fit.area_variance * fit.weights
        self.middle = fitted + self.weight * (np.where(seen, y, fitted) - fitted)

    def rows(
        self, z: float, threshold: float | None, arcsine: bool
    ) -> tuple[SmallAreaEstimate, ...]:
        spread = np.sqrt(self.error)
        estimate, std_error = self.middle, spread
        lower, upper = self.middle - z * spread, self.middle + z * spread
        limit = threshold
        if arcsine:
            estimate, std_error = self._back()
            lower, upper = (np.sin(np.clip(v, 0, np.pi / 2)) ** 2 for v in (lower, upper))
            if limit is not None:
                limit = float(np.arcsin(np.sqrt(np.clip(limit, 0.0, 1.0))))
        return rows_of(
            self.inputs.areas,
            self.inputs.direct,
            (estimate, std_error, lower, upper, self.weight),
            normal_above(self.middle, spread, limit),
            unsampled="no sample: the regression alone",
        )

    def _back(self) -> tuple[FloatArray, FloatArray]:
        """Rates without the bias of the transform, and their standard errors."""
        turn = np.cos(2 * self.middle)
        rate = (1 - np.exp(-2 * self.leading) * turn) / 2
        square = (1 + np.exp(-8 * self.error) * np.cos(4 * self.middle)) / 2
        variance = (square - np.exp(-4 * self.error) * turn**2) / 4
        return rate, np.sqrt(np.maximum(variance, 0.0))
