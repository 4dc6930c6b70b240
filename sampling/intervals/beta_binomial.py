"""Beta-binomial interval of a proportion from whole clusters, like Clopper and Pearson's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from .._checks import FloatArray, array_of, check_number, check_share
from ..errors import ArgumentError
from ..results import Interval, Side
from ._limits import make_interval, tail_of

PRIOR = (1.5, 20.0)
Limits = tuple[FloatArray, FloatArray]

# Exponent at which an integrand is cut off against its peak: 1e-9 of it.
_DEPTH = 21.0
# Odds of the correlation, as a logarithm, below which clusters act as simple samples.
_LEAST_ODDS = -16.0
# Chance under the prior beyond which a correlation is not considered, whatever the clusters say.
_RARE = 1e-40
_COARSE = 5
_CELLS = 2_000_000


def interval_beta_binomial(
    errors_by_psu: Sequence[int] | Mapping[str, int],
    n_by_psu: Sequence[int] | Mapping[str, int],
    *,
    icc: float | Mapping[float, float] | None = None,
    prior: tuple[float, float] = PRIOR,
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> Interval:
    r"""Interval for the proportion in a self-weighting sample of clusters, events rare or none.

    The clusters themselves say how alike their units are, held by a prior when they say little;
    without correlation the limits are those of Clopper and Pearson.

    Parameters
    ----------
    errors_by_psu, n_by_psu : sequence or mapping of int
        Units with the event, and units sampled, in each PSU; same length, or same keys.
    icc : float or mapping, optional
        Intra-cluster correlation in [0, 1) as known, or a distribution of it, as the weight of
        each value. Without it the correlation is integrated over ``prior``.
    prior : tuple of two floats, default (1.5, 20)
        Beta distribution of the correlation, both above 0; (1, 9) where a pool of areas suggests
        more than .15.
    confidence : float, default 0.95
        In (0, 1); of the single limit when one-sided.
    side : {"two-sided", "upper", "lower"}, default "two-sided"
        Which limits are wanted.

    Returns
    -------
    Interval
        Limits in [0, 1].

    Raises
    ------
    ArgumentError
        A value is outside its domain, or counts do not belong together.

    Notes
    -----
    With y of b units in PSU v and :math:`\theta = \rho/(1-\rho)`,

    .. math:: L(p, \rho) = \prod_v \frac{\prod_{i<y}(p+i\theta)\prod_{i<b-y}(1-p+i\theta)}
       {\prod_{i<b}(1+i\theta)}.

    L is integrated over the distribution of :math:`\rho`. The lower limit is the
    :math:`\alpha/2` quantile of :math:`p^{-1}L`, the upper one the :math:`1-\alpha/2` quantile of
    :math:`(1-p)^{-1}L`. Without events the lower limit is 0, with events only the upper one is 1.
    Both integrals are trapezoid sums over :math:`\operatorname{logit}p` and
    :math:`\ln\theta`, whose error falls geometrically, and quantiles come from the integral of
    the sinc interpolant: about 1e-7 of a limit, 1e-6 where whole PSUs of a thousand are wrong.

    References
    ----------
    .. [1] T. D. Saha, A. K. Paul, "Bias-corrected maximum likelihood estimator of the intraclass
       correlation parameter for binary data", *Statistics in Medicine* 24, 2005, 3497-3512 (the
       beta-binomial likelihood).
    .. [2] F. Stenger, *Numerical Methods Based on Sinc and Analytic Functions*, Springer, 1993.

    Examples
    --------
    Ten villages of thirty households without an error, then with three:

    >>> round(interval_beta_binomial([0] * 10, [30] * 10).upper, 6)
    0.027552
    >>> some = interval_beta_binomial([0, 0, 0, 1, 0, 0, 2, 0, 0, 0], [30] * 10)
    >>> round(some.lower, 6), round(some.upper, 6)
    (0.001471, 0.054157)
    """
    if isinstance(errors_by_psu, Mapping) or isinstance(n_by_psu, Mapping):
        errors_by_psu, n_by_psu = _same_keys(errors_by_psu, n_by_psu)
    lower, upper = beta_binomial_limits(
        errors_by_psu, n_by_psu, icc=icc, prior=prior, confidence=confidence, side=side
    )
    return make_interval(float(lower[0]), float(upper[0]), confidence, "beta-binomial", side)


def _same_keys(errors: object, n: object) -> tuple[list[int], list[int]]:
    both = isinstance(errors, Mapping) and isinstance(n, Mapping)
    if not (isinstance(errors, Mapping) and isinstance(n, Mapping)) or errors.keys() != n.keys():
        raise ArgumentError(
            "errors_by_psu and n_by_psu must name the same PSUs; got "
            f"{'mappings whose keys differ' if both else 'one mapping and one sequence'}. "
            "Give both counts of every PSU.",
            code="keys-differ",
        )
    return [errors[key] for key in n], list(n.values())


def beta_binomial_limits(
    errors_by_psu: npt.ArrayLike,
    n_by_psu: npt.ArrayLike,
    area: npt.ArrayLike | None = None,
    *,
    icc: npt.ArrayLike | Mapping[float, float] | None = None,
    prior: tuple[float, float] = PRIOR,
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> Limits:
    r"""Beta-binomial limits of many areas at once.

    Parameters
    ----------
    errors_by_psu, n_by_psu : array-like
        Units with the event, and units sampled (at least 1), one entry for each PSU.
    area : array-like, optional
        Area of each PSU; without it all are one area.
    icc : float, array-like or mapping, optional
        As for ``interval_beta_binomial``, or one number for each area in sorted order.
    prior, confidence, side
        As for ``interval_beta_binomial``.

    Returns
    -------
    tuple of two arrays
        Lower and upper limits, one for each area in sorted order.

    Raises
    ------
    ArgumentError
        A value is outside its domain, or lengths differ.

    Notes
    -----
    See ``interval_beta_binomial``. Areas of like size share their nodes, and areas with the same
    counts are reckoned once.

    Examples
    --------
    >>> areas = ["a"] * 10 + ["b"] * 10
    >>> lower, upper = beta_binomial_limits([0] * 19 + [1], [30] * 20, areas)
    >>> upper.round(5).tolist()
    [0.02755, 0.03989]
    """
    tail = tail_of(confidence, side)
    one_icc = icc is None or isinstance(icc, Mapping) or np.ndim(icc) == 0
    tally = _tally(errors_by_psu, n_by_psu, area, merged=one_icc)
    spreads, which = _spreads(icc, prior, tally)
    lower, upper = np.zeros(len(tally.n)), np.ones(len(tally.n))
    for rows in _alike(tally, which):
        part = tally.take(rows)
        spread = spreads[which[rows[0]]] or _prior_nodes(prior, part)
        ends = _limits_of(part, spread, tail)
        if side != "upper":
            lower[rows] = np.where(part.events > 0, ends[0], 0.0)
        if side != "lower":
            upper[rows] = np.where(part.events < part.n, ends[1], 1.0)
    return lower[tally.back], upper[tally.back]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tally:
    """Distinct areas: how many of their PSUs have each number of events, of others, of units."""

    event_levels: FloatArray
    other_levels: FloatArray
    unit_levels: FloatArray
    by_event: FloatArray
    by_other: FloatArray
    by_unit: FloatArray
    back: npt.NDArray[np.intp]

    @property
    def events(self) -> FloatArray:
        return self.by_event @ self.event_levels

    @property
    def n(self) -> FloatArray:
        return self.by_unit @ self.unit_levels

    @property
    def psus(self) -> FloatArray:
        every: FloatArray = self.by_unit.sum(axis=1)
        return every

    @property
    def with_events(self) -> FloatArray:
        some: FloatArray = self.by_event @ (self.event_levels > 0)
        return some

    @property
    def with_others(self) -> FloatArray:
        some: FloatArray = self.by_other @ (self.other_levels > 0)
        return some

    def take(self, rows: npt.NDArray[np.intp]) -> _Tally:
        """Those areas, with the levels that occur in them."""
        levels, counts = [], []
        for level, by in (
            (self.event_levels, self.by_event),
            (self.other_levels, self.by_other),
            (self.unit_levels, self.by_unit),
        ):
            part = by[rows]
            there = part.any(axis=0)
            levels.append(level[there])
            counts.append(part[:, there])
        return _Tally(
            event_levels=levels[0],
            other_levels=levels[1],
            unit_levels=levels[2],
            by_event=counts[0],
            by_other=counts[1],
            by_unit=counts[2],
            back=np.arange(len(rows), dtype=np.intp),
        )


def _tally(
    errors: npt.ArrayLike, n: npt.ArrayLike, area: npt.ArrayLike | None, *, merged: bool
) -> _Tally:
    y, b = array_of("errors_by_psu", errors), array_of("n_by_psu", n)
    code = np.zeros(y.shape, dtype=np.intp)
    if area is not None:
        code = np.unique(np.asarray(area), return_inverse=True)[1].astype(np.intp)
    _check_psus(y, b, code)
    codes = int(code.max()) + 1
    levels, tables = [], []
    for values in (y, b - y, b):
        level, place = np.unique(values, return_inverse=True)
        table = np.bincount(code * len(level) + place, minlength=codes * len(level))
        levels.append(level)
        tables.append(table.reshape(codes, len(level)))
    distinct, back = np.hstack(tables), np.arange(codes, dtype=np.intp)
    if merged and codes > 1:
        distinct, back = np.unique(distinct, axis=0, return_inverse=True)
    cuts = np.cumsum([len(level) for level in levels])
    by_event, by_other, by_unit = np.split(distinct.astype(np.float64), cuts[:2], axis=1)
    return _Tally(
        event_levels=levels[0],
        other_levels=levels[1],
        unit_levels=levels[2],
        by_event=by_event,
        by_other=by_other,
        by_unit=by_unit,
        back=back.ravel().astype(np.intp),
    )


def _check_psus(y: FloatArray, b: FloatArray, code: npt.NDArray[np.intp]) -> None:
    if y.ndim != 1 or y.shape != b.shape or y.shape != code.shape or not len(y):
        raise ArgumentError(
            "errors_by_psu and n_by_psu must have one entry for each PSU, at least one; got shapes "
            f"{y.shape} and {b.shape}{'' if y.shape == code.shape else ' for the areas of others'}."
            " Give both counts of every PSU.",
            code="length-differs",
            errors=y.shape,
            n=b.shape,
        )
    good = (y >= 0) & (y <= b) & (b >= 1) & (y == np.floor(y)) & (b == np.floor(b)) & (b < 2**53)
    if not good.all():
        first = int(np.flatnonzero(~good)[0])
        raise ArgumentError(
            "errors_by_psu must be whole numbers from 0 to n_by_psu, which are at least 1; got "
            f"{y[first]:g} of {b[first]:g} at PSU {first}. Leave PSUs without units out.",
            code="counts-outside",
            place=first,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Spread:
    """Nodes of the correlation: its odds and the logarithms of their weights."""

    odds: FloatArray
    log_weight: FloatArray

    def take(self, keep: npt.NDArray[np.bool_]) -> _Spread:
        return _Spread(odds=self.odds[keep], log_weight=self.log_weight[keep])


def _spreads(
    icc: npt.ArrayLike | Mapping[float, float] | None, prior: tuple[float, float], tally: _Tally
) -> tuple[list[_Spread | None], npt.NDArray[np.intp]]:
    """Nodes that were handed in, None for the prior, and which of them each area has."""
    areas = len(tally.n)
    if icc is None:
        for place, value in enumerate(prior):
            check_number(f"prior[{place}]", value, least=0, strict=True)
        return [None], np.zeros(areas, dtype=np.intp)
    if isinstance(icc, Mapping):
        return [_given_nodes(icc)], np.zeros(areas, dtype=np.intp)
    values = array_of("icc", icc)
    if values.shape not in ((), (areas,)):
        raise ArgumentError(
            f"icc must be one number or one for each of the {areas} areas; got shape "
            f"{values.shape}. Give them in the sorted order of the areas.",
            code="length-differs",
            name="icc",
            got=values.shape,
        )
    values = np.broadcast_to(values, (areas,))
    each, which = np.unique(values, return_inverse=True)
    return [_given_nodes({float(value): 1.0}) for value in each], which.ravel().astype(np.intp)


def _given_nodes(weights: Mapping[float, float]) -> _Spread:
    for value, weight in weights.items():
        if check_share("icc", value) == 1:
            raise ArgumentError(
                "icc must be below 1; got 1. Count each PSU as one unit.",
                code="share-outside",
                name="icc",
                got=value,
            )
        check_number("weight of icc", weight, least=0)
    rho = np.array([float(value) for value in weights])
    shares = np.array([float(value) for value in weights.values()])
    if not shares.sum() > 0:
        raise ArgumentError(
            f"weights of icc must sum to more than 0; got {len(shares)} of them. "
            "Give one value, or its distribution.",
            code="weights-none",
            name="icc",
        )
    some = shares > 0
    return _Spread(odds=rho[some] / (1 - rho[some]), log_weight=np.log(shares[some]))


def _prior_nodes(prior: tuple[float, float], tally: _Tally) -> _Spread:
    """Trapezoid nodes over the logarithm of the odds, for the density of a Beta prior."""
    a, b = (float(value) for value in prior)
    told = float(np.minimum(tally.with_events, tally.with_others).max())
    step = min(0.3, 0.6 * np.sqrt(1 / a + 1 / b), 0.9 / np.sqrt(max(1.0, told)))
    low = max(_LEAST_ODDS, float(special.logit(special.betaincinv(a, b, _RARE))))
    high = float(special.logit(min(special.betainccinv(a, b, _RARE), 1 - 1e-9)))
    at = np.arange(low, high + step, step)
    log_weight = -a * np.log1p(np.exp(-at)) - b * np.log1p(np.exp(at))
    # What lies below the first node acts as no correlation does, and so does that node.
    below = special.betainc(a, b, special.expit(low - step / 2)) / step
    if below > 0:
        cut = np.log(below) + special.betaln(a, b)
        log_weight[0] = np.logaddexp(log_weight[0], cut)
    return _Spread(odds=np.exp(at), log_weight=log_weight)


def _alike(tally: _Tally, which: npt.NDArray[np.intp]) -> Iterable[npt.NDArray[np.intp]]:
    """Areas that can share their nodes, a few hundred at most together."""
    rare = np.minimum(tally.events, tally.n - tally.events)
    mirrored = tally.events > tally.n / 2
    key = np.stack([which, np.log2(rare + 1), mirrored, np.log2(tally.n)]).astype(np.intp)
    group = np.unique(key, axis=1, return_inverse=True)[1].ravel()
    order = np.argsort(group, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        for start in range(0, len(rows), 256):
            yield rows[start : start + 256]


def _grid(tally: _Tally) -> tuple[FloatArray, float]:
    """Equal steps in logit p over all that matters of the integrands, and the step."""
    n, events = tally.n, tally.events
    inner = events * (n - events) / n
    step = min(0.22, 0.42 / float(np.sqrt(inner.max() + 1e-9)))
    ends = []
    for psus in (tally.with_events, tally.with_others):
        k = np.maximum(psus, 1.0)
        # Beyond this odds the integrand falls at least as exp of k/2, soon k, times the step.
        ends.append(float((special.logit(k / (2 * (n + k))) - (_DEPTH + 0.5) / k).min()))
    return np.arange(ends[0], -ends[1] + step, step), step


def _limits_of(tally: _Tally, spread: _Spread, tail: float) -> Limits:
    at, step = _grid(tally)
    at, spread = _trimmed(tally, at, spread)
    lower, upper = np.zeros(len(tally.n)), np.ones(len(tally.n))
    size = max(1, _CELLS // (len(at) * len(spread.odds)))
    for start in range(0, len(lower), size):
        rows = np.arange(start, min(start + size, len(lower)), dtype=np.intp)
        logs = _log_likelihood(tally.take(rows), at, spread)
        logs -= logs.max(axis=(1, 2), keepdims=True)
        density = np.exp(logs).sum(axis=2)
        lower[rows] = _quantile(density * special.expit(-at), at, step, tail)
        upper[rows] = _quantile(density * special.expit(at), at, step, 1 - tail)
    return lower, upper


def _trimmed(tally: _Tally, at: FloatArray, spread: _Spread) -> tuple[FloatArray, _Spread]:
    """Nodes where an integrand of some area is not negligible, found on every fifth of them."""
    few = np.arange(0, len(at), _COARSE)
    some = np.arange(0, len(spread.odds), max(1, min(_COARSE, len(spread.odds) // 8)))
    chosen = _Spread(odds=spread.odds[some], log_weight=spread.log_weight[some])
    counts = np.minimum(len(tally.n), max(1, _CELLS // (len(few) * len(some))))
    rows = np.unique(np.linspace(0, len(tally.n) - 1, int(counts)).astype(np.intp))
    logs = _log_likelihood(tally.take(rows), at[few], chosen)
    kept = np.zeros(logs.shape[1:], dtype=bool)
    for tilt, open_there in (
        (-np.log1p(np.exp(at[few])), tally.events > 0),
        (-np.log1p(np.exp(-at[few])), tally.events < tally.n),
    ):
        tilted = logs[open_there[rows]] + tilt[:, None]
        if len(tilted):
            tilted -= tilted.max(axis=(1, 2), keepdims=True)
            kept |= (tilted > -_DEPTH).any(axis=0)
    there = np.flatnonzero(kept.any(axis=1))
    at = at[few[max(there[0] - 1, 0)] : few[min(there[-1] + 1, len(few) - 1)] + _COARSE]
    if len(some) < len(spread.odds):
        there = np.flatnonzero(kept.any(axis=0))
        first, last = some[max(there[0] - 1, 0)], some[min(there[-1] + 1, len(some) - 1)]
        keep = np.zeros(len(spread.odds), dtype=bool)
        keep[first : last + some[1]] = True
        spread = spread.take(keep)
    return at, spread


def _log_likelihood(tally: _Tally, at: FloatArray, spread: _Spread) -> FloatArray:
    """Log of likelihood times weight: areas by values of p by values of the correlation."""
    odds = spread.odds
    share, other = special.expit(at)[:, None], special.expit(-at)[:, None]
    logs: FloatArray = _rising(share, odds, tally.event_levels, tally.by_event)
    logs += _rising(other, odds, tally.other_levels, tally.by_other)
    logs -= _rising(np.ones((1, 1)), odds, tally.unit_levels, tally.by_unit)
    logs += spread.log_weight
    return logs


def _rising(
    base: FloatArray, odds: FloatArray, levels: FloatArray, counts: FloatArray
) -> FloatArray:
    r"""Sum over PSUs of :math:`\ln\prod_{i<u}(base + i\,odds)` for every area."""
    shape = (len(counts), len(base), len(odds))
    some = levels > 0
    levels, counts = levels[some], counts[:, some]
    if not len(levels):
        return np.zeros(shape)
    most = int(levels.max())
    # Logarithms are about six times as quick as log-gammas, which fail without correlation.
    if most <= 6 * (len(levels) + 1) or float(odds.min()) < 1e-7:
        steps = np.arange(most, dtype=np.float64)
        each = np.log(base[None] + steps[:, None, None] * odds)
        more = counts @ (levels[:, None] > steps).astype(np.float64)
    else:
        start = base / odds
        each = special.gammaln(start + levels[:, None, None])
        each += levels[:, None, None] * np.log(odds) - special.gammaln(start)
        more = counts
    return (more @ each.reshape(len(each), -1)).reshape(shape)


def _quantile(density: FloatArray, at: FloatArray, step: float, chance: float) -> FloatArray:
    """Value of p below which ``chance`` of each density over logit p lies."""
    total = density.sum(axis=1)
    apart = np.arange(1 - len(at), len(at), dtype=np.float64)
    kernel = 0.5 + special.sici(np.pi * apart)[0] / np.pi
    places = np.arange(len(at))
    reached = density @ kernel[places[None, :] - places[:, None] + len(at) - 1]
    wanted = chance * total
    cell = np.clip((reached < wanted[:, None]).sum(axis=1) - 1, 0, len(at) - 2)
    rows = np.arange(len(density))
    before, after = reached[rows, cell], reached[rows, cell + 1]
    place = cell + np.clip((wanted - before) / np.maximum(after - before, 1e-300), 0.0, 1.0)
    for _ in range(4):
        gap = place[:, None] - places
        integral = (density * (0.5 + special.sici(np.pi * gap)[0] / np.pi)).sum(axis=1)
        slope = (density * np.sinc(gap)).sum(axis=1)
        move = (wanted - integral) / np.maximum(slope, 1e-300)
        place = np.clip(place + move, cell, cell + 1)
    value: FloatArray = special.expit(at[0] + step * place)
    return value
