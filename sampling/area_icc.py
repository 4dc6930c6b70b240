"""Intra-cluster correlation of each area, with all other areas as its prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special
from scipy.interpolate import CubicSpline

from ._checks import FloatArray, check_columns, check_complete, events_of, name_some, names_given
from ._show import Table, format_number
from .design import Design
from .errors import ArgumentError
from .layout import IntArray, lay_out
from .results import Result

# Nodes of the correlation as log odds: where evidence is worked out, and where it is used.
_COARSE = np.linspace(-7.5, 2.5, 41)
_FINE = np.linspace(-7.5, 2.5, 101)
# Areas' correlations are Beta; its mean and concentration have priors on these nodes.
_MEANS = np.linspace(special.logit(0.004), special.logit(0.6), 16)
_CONCENTRATIONS = np.linspace(np.log(5.0), np.log(1500.0), 9)
_MEAN_PRIOR = (float(special.logit(0.05)), 1.2)
_CONCENTRATION_PRIOR = (float(np.log(40.0)), 1.5)
_LEAST_WEIGHT = 1e-6
_REACH = 13.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaIcc(Result):
    """Intra-cluster correlation of one area, as the other areas leave it open.

    Parameters
    ----------
    area : tuple of str
        Values of the ``by`` columns.
    psus, n, events : int
        PSUs, sampled units and events of the area itself, which do not enter ``weights``.
    icc : float
        Mean of the distribution.
    values, weights : tuple of float
        The distribution: correlations, and their chances, which sum to 1.
    """

    area: tuple[str, ...]
    psus: int
    n: int
    events: int
    icc: float
    values: tuple[float, ...]
    weights: tuple[float, ...]

    @property
    def weight_by_icc(self) -> dict[float, float]:
        """The distribution as ``interval_beta_binomial(icc=...)`` takes it."""
        return dict(zip(self.values, self.weights, strict=True))

    def quantile(self, share: float) -> float:
        """Correlation that is exceeded with a chance of 1 less ``share``."""
        return float(np.interp(share, np.cumsum(self.weights), self.values))

    def _row(self) -> dict[str, object]:
        return {
            "area": ", ".join(self.area),
            "psus": self.psus,
            "n": self.n,
            "events": self.events,
            "icc": self.icc,
            "icc_10": self.quantile(0.1),
            "icc_90": self.quantile(0.9),
        }

    def _table(self) -> Table:
        return _table_of("Intra-cluster correlation of an area", (self,))


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaIccs(Result):
    """Intra-cluster correlations of areas, each by all others.

    Parameters
    ----------
    by : tuple of str
        Columns that make the areas.
    events : int
        Sampled units with the event in all areas.
    telling : int
        Areas with both events and others, which alone say something.
    rows : tuple of AreaIcc
        One for each area, in the order of their values.
    """

    by: tuple[str, ...]
    events: int
    telling: int
    rows: tuple[AreaIcc, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, *area: object) -> AreaIcc:
        """Row of the area with these values of the ``by`` columns.

        Raises
        ------
        ArgumentError
            No such area.
        """
        wanted = tuple(str(value) for value in area)
        for row in self.rows:
            if row.area == wanted:
                return row
        raise ArgumentError(
            f"area must be one of the {len(self.rows)} pooled ones; got {wanted!r}. "
            f"They are made by {self.by!r}.",
            code="domain-unknown",
            got=wanted,
        )

    def to_frame(self) -> pd.DataFrame:
        """One row for each area, its distribution by mean and tenths."""
        return pd.DataFrame([row._row() for row in self.rows])

    def _table(self) -> Table:
        return _table_of(
            f"Intra-cluster correlation of {len(self.rows)} areas, {self.telling} of them telling",
            self.rows,
        )


def _table_of(title: str, rows: tuple[AreaIcc, ...]) -> Table:
    return Table(
        title=title,
        columns=("area", "PSUs", "n", "events", "mean", "10 %", "90 %"),
        rows=tuple(
            (
                " ".join(row.area),
                str(row.psus),
                str(row.n),
                str(row.events),
                format_number(row.icc),
                format_number(row.quantile(0.1)),
                format_number(row.quantile(0.9)),
            )
            for row in rows
        ),
    )


def pool_icc_by_area(
    data: pd.DataFrame, variable: str, design: Design, *, by: str | Sequence[str]
) -> AreaIccs:
    r"""Distribution of each area's intra-cluster correlation, as all other areas leave it open.

    Like areas leave little open, few or unlike ones much: nothing has to be known of that, and no
    number of areas is too small. The distribution is the prior of the area's own beta-binomial
    interval, ``interval_beta_binomial(errors, n, icc=row.weight_by_icc)``.

    Parameters
    ----------
    data : DataFrame
        One row per sampled unit (household) of every area.
    variable : str
        Column of the event, 0 or 1 (or true-false).
    design : Design
        Names the PSUs; weights are not used.
    by : str or sequence of str
        Columns that make the areas.

    Returns
    -------
    AreaIccs
        One row for each area; one without events has its row too.

    Raises
    ------
    ArgumentError
        A column is absent, incomplete or outside its domain, or the design names no PSU.

    Notes
    -----
    Areas' correlations are a sample of :math:`\mathrm{Beta}(\mu\kappa, (1-\mu)\kappa)` with
    :math:`\operatorname{logit}\mu \sim N(\operatorname{logit} .05, 1.2^2)` on [.004, .6] and
    :math:`\ln\kappa \sim N(\ln 40, 1.5^2)` on [5, 1500]. Area d says
    :math:`e_d(\rho) = \int L_d(p, \rho)\,d\operatorname{logit} p`, L the beta-binomial likelihood
    of ``interval_beta_binomial``; without events, or with nothing else, it says nothing. Area c
    gets

    .. math:: \pi_c(\rho) \propto \sum_{\mu,\kappa} h(\mu,\kappa)
       \prod_{d \ne c} \Bigl(\int e_d\,\mathrm{Beta}(\mu,\kappa)\Bigr)
       \mathrm{Beta}(\rho; \mu, \kappa).

    One area alone gets the prior: mean .085, its tenths .004 and .21, wider than Beta(1.5, 20).
    ``docs/coverage.md`` shows what it is worth.

    References
    ----------
    .. [1] D. V. Lindley, A. F. M. Smith, "Bayes estimates for the linear model", *JRSS B* 34, 1972,
       1-41 (exchangeable parameters with a prior of their own).

    Examples
    --------
    Twelve villages of twenty in each of two counties, wrong households in one village of the first:

    >>> import pandas as pd
    >>> data = pd.DataFrame({"village": [i // 20 for i in range(480)], "wrong": 0})
    >>> data["county"] = ["a" if i < 240 else "b" for i in range(480)]
    >>> data.loc[:5, "wrong"] = 1
    >>> found = pool_icc_by_area(data, "wrong", Design(psu="village"), by="county")
    >>> round(found.of("a").icc, 3), round(found.of("b").icc, 3)
    (0.085, 0.178)
    """
    areas_by = names_given("by", by)
    check_columns(data, [variable, *areas_by, *design.columns])
    check_complete(data, areas_by)
    if not design.units:
        raise ArgumentError(
            "design must name the PSU of every row; it names none. Give Design(psu=...).",
            code="psu-missing",
        )
    event = events_of(data, variable)
    groups = data.groupby(areas_by, observed=True)
    place = groups.ngroup().to_numpy().astype(np.intp)
    counts = _psu_counts(place, lay_out(data, design).psu, event)
    weights = predicted_weights(*counts)
    labels = [key if isinstance(key, tuple) else (key,) for key in groups.indices]
    rows = tuple(
        _row_of(tuple(str(part) for part in label), counts, number, weights[number])
        for number, label in enumerate(labels)
    )
    return AreaIccs(
        by=tuple(areas_by),
        events=int(event.sum()),
        telling=sum(0 < row.events < row.n for row in rows),
        rows=rows,
    )


Counts = tuple[IntArray, FloatArray, FloatArray]


def _psu_counts(area: IntArray, psu: IntArray, event: FloatArray) -> Counts:
    """Area, events and units of every PSU of every area."""
    width = int(psu.max()) + 1
    cells, inverse = np.unique(area * width + psu, return_inverse=True)
    code = cells // width
    shared = np.flatnonzero(np.bincount(cells % width, minlength=width) > 1)
    if len(shared):
        raise ArgumentError(
            f"each PSU must lie in one area; {len(shared)} lie in several, the first "
            f"{name_some(shared[:1].tolist())} by the order of the data. Make PSU identifiers "
            "unique over areas.",
            code="psu-in-two-areas",
            psus=len(shared),
        )
    units = np.bincount(inverse).astype(np.float64)
    return code.astype(np.intp), np.bincount(inverse, event).astype(np.float64), units


def _row_of(label: tuple[str, ...], counts: Counts, number: int, weights: FloatArray) -> AreaIcc:
    area, events, units = counts
    here = area == number
    keep = weights > _LEAST_WEIGHT
    rho, share = special.expit(_FINE[keep]), weights[keep] / weights[keep].sum()
    return AreaIcc(
        area=label,
        psus=int(here.sum()),
        n=int(units[here].sum()),
        events=int(events[here].sum()),
        icc=float(np.dot(rho, share)),
        values=tuple(rho.tolist()),
        weights=tuple(share.tolist()),
    )


def predicted_weights(area: IntArray, events: FloatArray, units: FloatArray) -> FloatArray:
    """Chance of each node of the correlation for each area, by what all the others say."""
    evidence = CubicSpline(_COARSE, _log_evidence(area, events, units), axis=1)(_FINE)
    priors, log_hyper = _hyper_nodes()
    top = evidence.max(axis=1, keepdims=True)
    each = np.log(np.exp(evidence - top) @ priors.T)
    others = log_hyper + each.sum(axis=0) - each
    posterior = np.exp(others - others.max(axis=1, keepdims=True))
    weights: FloatArray = posterior / posterior.sum(axis=1, keepdims=True) @ priors
    return weights


def _hyper_nodes() -> tuple[FloatArray, FloatArray]:
    """Beta distributions over the nodes of the correlation, and the log weight of each."""
    mean, size = (axis.ravel() for axis in np.meshgrid(_MEANS, _CONCENTRATIONS))
    a, b = special.expit(mean) * np.exp(size), special.expit(-mean) * np.exp(size)
    logs = a[:, None] * special.log_expit(_FINE) + b[:, None] * special.log_expit(-_FINE)
    priors = np.exp(logs - logs.max(axis=1, keepdims=True))
    gap = (mean - _MEAN_PRIOR[0]) / _MEAN_PRIOR[1]
    other = (size - _CONCENTRATION_PRIOR[0]) / _CONCENTRATION_PRIOR[1]
    return priors / priors.sum(axis=1, keepdims=True), -(gap**2 + other**2) / 2


def _log_evidence(area: IntArray, events: FloatArray, units: FloatArray) -> FloatArray:
    """Logarithm of each area's likelihood of each correlation, over rates flat in logit p."""
    kinds, kind = np.unique(np.stack([events, units], axis=1), axis=0, return_inverse=True)
    times = np.zeros((int(area.max()) + 1, len(kinds)))
    np.add.at(times, (area, kind.ravel()), 1)
    hits = times @ kinds[:, 0]
    others = times @ (kinds[:, 1] - kinds[:, 0])
    # Without correlation the likelihood is as narrow as 1/sqrt(np(1-p)) in logit p.
    inner = float((hits * others / (hits + others)).max())
    step = min(0.2, 2 / np.sqrt(inner + 1e-9))
    logits = np.arange(-_REACH, _REACH + step, step)
    scale = np.exp(-_COARSE)[:, None]
    a, b = special.expit(logits) * scale, special.expit(-logits) * scale
    logs = np.zeros((len(times), *a.shape))
    for (hit, unit), time in zip(kinds, times.T, strict=True):
        here = time > 0
        logs[here] += time[here, None, None] * (
            special.betaln(a + hit, b + unit - hit) - special.betaln(a, b)
        )
    telling = (np.minimum(hits, others) > 0)[:, None]
    found: FloatArray = np.where(telling, special.logsumexp(logs, axis=2), 0.0)
    return found
