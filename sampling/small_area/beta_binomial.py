"""Hierarchical beta-binomial areas: each lends to the others as much as they are alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from .._checks import FloatArray, check_fraction, check_number, check_share
from ..errors import ArgumentError
from ..results import Estimates
from ._hyper import HyperModel, HyperNodes
from ._inputs import AreaInputs, ByArea, refuse, take_areas
from ._quadrature import mixture_quantile
from ._rows import rows_of
from .fay_herriot import rates_and_sizes
from .results import BetaBinomialFit, SmallAreaEstimate, SmallAreaEstimates

PRIOR_ICC = (1.0, 20.0)
PRIOR_RATE = (1.0, 1.0)
MOST_COVARIATES = 4


def beta_binomial_areas(
    direct: ByArea | Estimates,
    n_effective: ByArea | None = None,
    covariates: pd.DataFrame | None = None,
    *,
    threshold: float | None = None,
    prior_icc: tuple[float, float] = PRIOR_ICC,
    prior_rate: tuple[float, float] = PRIOR_RATE,
    confidence: float = 0.95,
) -> SmallAreaEstimates:
    r"""Estimate rates of small areas with what all areas say together, events rare or none.

    The default for rates. It needs no variances, so areas without events are like any other.

    Parameters
    ----------
    direct : mapping, Series, sequence or Estimates
        Rate of each sampled area, in [0, 1]; or what ``estimate_proportion(..., by=...)`` gave.
    n_effective : mapping, Series or sequence, optional
        Effective size of each area: units over the model design effect, 0 for none. Taken from
        the estimates when they are given.
    covariates : DataFrame, optional
        One row for each area, indexed by its name (or in the same order as the sequences), up to
        four numeric columns. Named areas without a direct rate get the regression.
    threshold : float, optional
        Rate, in [0, 1], whose exceedance gets a posterior chance.
    prior_icc : tuple of two floats, default (1, 20)
        Beta prior of the correlation of units within an area.
    prior_rate : tuple of two floats, default (1, 1)
        Beta prior of the rate where covariates are at their mean.
    confidence : float, default 0.95
        Posterior chance between the limits, in (0, 1), half of the rest on either side.

    Returns
    -------
    SmallAreaEstimates
        Posterior mean, standard deviation, limits and chance above the threshold; the fit.

    Raises
    ------
    ArgumentError
        A value is outside its domain, names differ, or there are too few areas or too many
        covariates.

    Notes
    -----
    Effective events :math:`x^*_t = n^*_t p_t` are beta-binomial: with
    :math:`\operatorname{logit}\mu_t = x_t'\beta` and :math:`M = (1-\rho)/\rho`

    .. math:: \vartheta_t \mid \beta,\rho,x \sim \mathrm{Beta}(x^*_t + \mu_t M,\;
       n^*_t - x^*_t + (1-\mu_t)M).

    Covariates are taken in standard units, each slope normal around 0 with deviation 2.5. The
    posterior of :math:`(\beta,\rho)` is integrated, not plugged in: the intercept by even steps,
    slopes by Hermite nodes around the mode at each of ten correlations, which are the Gauss nodes
    of the posterior of the pull :math:`M/(M+\bar n)`. Each area's rates are then replaced by eight
    nodes with the same moments (six correlations and three nodes from 300 areas on, where little
    is open). No draws, no seed. Against a fine lattice, means and limits of eight areas agree to
    1e-4.

    References
    ----------
    .. [1] J. N. K. Rao, I. Molina, *Small Area Estimation*, 2nd ed., Wiley, 2015, section 10.11.
    .. [2] G. H. Golub, J. H. Welsch, "Calculation of Gauss quadrature rules", *Mathematics of
       Computation* 23, 1969, 221-230.

    Examples
    --------
    Twenty townships of fifty households, errors in three of them:

    >>> rates = {f"t{place:02}": 0.0 for place in range(20)}
    >>> rates |= {"t03": 0.06, "t07": 0.02, "t11": 0.02}
    >>> found = beta_binomial_areas(rates, dict.fromkeys(rates, 50), threshold=0.02)
    >>> [(row.area, round(row.estimate, 3), round(row.above, 2)) for row in found.ranked()[:2]]
    [('t03', 0.041, 0.79), ('t07', 0.016, 0.27)]
    >>> round(found.of("t00").estimate, 4)
    0.0026
    """
    check_fraction("confidence", confidence)
    if threshold is not None:
        check_share("threshold", threshold)
    for name, prior in (("prior_icc", prior_icc), ("prior_rate", prior_rate)):
        for place, value in enumerate(prior):
            check_number(f"{name}[{place}]", value, least=0, strict=True)
    inputs = _inputs(*rates_and_sizes(direct, n_effective), covariates)
    seen = inputs.sampled & (inputs.beside > 0)
    regressors = _standard(inputs.regressors)
    n = np.where(seen, inputs.beside, 0.0)
    events = np.where(seen, n * np.where(seen, inputs.direct, 0.0), 0.0)
    model = HyperModel(events[seen], n[seen], regressors[seen], prior_icc, prior_rate)
    nodes = model.nodes(regressors)
    posterior = _Posterior(events, n, nodes)
    tail = (1 - confidence) / 2
    rows = posterior.rows(inputs, seen, threshold, tail)
    cumulated = np.cumsum(nodes.icc_weights[::-1])
    low, high = np.interp((tail, 1 - tail), cumulated, nodes.icc[::-1])
    return SmallAreaEstimates(
        method="beta-binomial-hierarchical",
        confidence=confidence,
        threshold=threshold,
        rows=rows,
        fit=BetaBinomialFit(
            rate=nodes.rate,
            icc=float(nodes.icc @ nodes.icc_weights),
            icc_lower=float(low),
            icc_upper=float(high),
            terms=inputs.terms,
            coefficients=tuple(nodes.coefficients.tolist()),
            std_errors=tuple(nodes.std_errors.tolist()),
            areas=int(seen.sum()),
        ),
    )


def _inputs(direct: ByArea, n: ByArea, covariates: pd.DataFrame | None) -> AreaInputs:
    inputs = take_areas(direct, n, "n_effective", covariates)
    seen, areas = inputs.sampled, inputs.areas
    refuse("n_effective", areas, inputs.beside, seen & ~(inputs.beside >= 0), "be at least 0")
    outside = seen & ~((inputs.direct >= 0) & (inputs.direct <= 1))
    refuse("direct", areas, inputs.direct, outside, "lie between 0 and 1")
    terms, sampled = len(inputs.terms), int((seen & (inputs.beside > 0)).sum())
    if terms > MOST_COVARIATES + 1:
        raise ArgumentError(
            f"covariates must be at most {MOST_COVARIATES}; got {terms - 1}. Rare events carry no "
            "more: choose the strongest, or join them into one score.",
            code="too-many-covariates",
            got=terms - 1,
        )
    if sampled < terms + 1:
        raise ArgumentError(
            f"a model with {terms} terms needs at least {terms + 1} sampled areas; got {sampled}. "
            "Leave covariates out or add areas.",
            code="too-few-areas",
            areas=sampled,
        )
    return inputs


def _standard(regressors: FloatArray) -> FloatArray:
    """Covariates around their mean, in standard deviations."""
    rest = regressors[:, 1:]
    apart = rest - rest.mean(axis=0)
    return np.column_stack([regressors[:, 0], apart / apart.std(axis=0)])


class _Posterior:
    """Mixture of beta distributions of each area's rate."""

    def __init__(self, events: FloatArray, n: FloatArray, nodes: HyperNodes) -> None:
        shape = (len(n), len(nodes.precisions))
        self.a = events[:, None] + nodes.rates * nodes.precisions
        self.b = (n - events)[:, None] + (1 - nodes.rates) * nodes.precisions
        self.weights = np.broadcast_to(nodes.weights, shape)
        size = n[:, None] + nodes.precisions
        self.own = (self.weights * (n[:, None] / size)).sum(axis=1)
        mean = self.a / size
        self.mean = (self.weights * mean).sum(axis=1)
        square = mean * (self.a + 1) / (size + 1)
        self.variance = (self.weights * square).sum(axis=1) - self.mean**2

    def rows(
        self,
        inputs: AreaInputs,
        seen: np.ndarray[tuple[int], np.dtype[np.bool_]],
        threshold: float | None,
        tail: float,
    ) -> tuple[SmallAreaEstimate, ...]:
        lower = mixture_quantile(self.a, self.b, self.weights, tail)
        upper = 1 - mixture_quantile(self.b, self.a, self.weights, tail)
        above = None
        if threshold is not None:
            chance = special.betaincc(self.a, self.b, threshold)
            above = (self.weights * chance).sum(axis=1)
        spread = np.sqrt(np.maximum(self.variance, 0.0))
        return rows_of(
            inputs.areas,
            np.where(seen, inputs.direct, np.nan),
            (self.mean, spread, lower, upper, self.own),
            above,
            unsampled="no sample: the other areas alone",
        )
