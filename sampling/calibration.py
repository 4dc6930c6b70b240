"""Weights that reproduce known totals: poststratification, raking, calibration."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeVar, get_args

import numpy as np
import pandas as pd
from scipy import optimize

from ._checks import (
    FloatArray,
    check_choice,
    check_mapping,
    check_number,
    name_some,
    names_given,
    numbers_of,
)
from ._tables import takes_tables
from .design import Adjustment, AdjustmentMethod, AnyDesign, Design
from .errors import ApproximationWarning, ArgumentError, EmptyStratumError, NotConvergedError
from .projection import auxiliary_of, cells_of
from .replicates import ReplicateDesign
from .replication import ReplicateWeights
from .sample import sample_of

Distance = Literal["linear", "logit", "raking"]
Totals = Mapping[Any, float]
AnyDesignT = TypeVar("AnyDesignT", bound=AnyDesign)
_REACH = 20_000


class Weighted(NamedTuple):
    """Data with a column of new weights, and the design that goes with them.

    ``data`` is a copy with the new column; ``design`` names it and carries the adjustment into
    every variance.
    """

    data: pd.DataFrame
    design: AnyDesign


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    """Auxiliary variables and the totals that weights must give.

    Parameters
    ----------
    auxiliary : array
        One row for each row of the data, one column for each variable.
    totals : array
        One for each variable.
    names : tuple of str
        One for each variable.
    """

    auxiliary: FloatArray
    totals: FloatArray
    names: tuple[str, ...]


@takes_tables
def poststratify(
    data: pd.DataFrame,
    design: AnyDesign,
    by: str | Sequence[str],
    totals: Totals,
    *,
    into: str = "weight_poststratified",
) -> Weighted:
    r"""Weights that give the known size of every poststratum.

    Parameters
    ----------
    data : DataFrame
        One row per sampled unit.
    design : Design
        The design so far; or replicate weights, each of which is then poststratified.
    by : str or sequence of str
        Columns whose crossed values make the poststrata.
    totals : mapping
        Population size of each poststratum, above 0, by its value (a tuple for several columns).
    into : str, default "weight_poststratified"
        Name of the new column of weights.

    Returns
    -------
    Weighted
        The data with the new weights, and the design that knows of them.

    Raises
    ------
    ArgumentError
        A sampled poststratum has no total, or ``into`` is taken.
    EmptyStratumError
        A poststratum with a total has no sampled unit.

    Notes
    -----
    :math:`w_i = d_i N_c / \hat N_c`. The variance is that of the deviations from the poststratum
    means, times :math:`N_c/\hat N_c`.

    References
    ----------
    .. [1] C.-E. Sarndal, B. Swensson, J. Wretman, *Model Assisted Survey Sampling*, Springer, 1992,
       section 7.6.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design, estimate_total
    >>> data = pd.DataFrame({"s": ["a", "a", "b"], "w": [1.0, 1.0, 2.0], "one": 1})
    >>> data, design = poststratify(data, Design(weight="w"), "s", {"a": 6, "b": 4})
    >>> data["weight_poststratified"].tolist()
    [3.0, 3.0, 4.0]
    >>> estimate_total(data, "one", design)[0].std_error
    0.0
    """
    columns = tuple(names_given("by", by))
    codes, wanted = _cell_totals(data, columns, totals)

    def adjusted(weight: FloatArray) -> FloatArray:
        found = np.bincount(codes, weight, minlength=len(wanted))
        if (found <= 0).any():
            place = int(np.flatnonzero(found <= 0)[0])
            raise EmptyStratumError(
                f"each poststratum needs a unit with weight; number {place + 1} by "
                f"{', '.join(columns)} has none. Join it with another."
            )
        new: FloatArray = weight * (wanted / found)[codes]
        return new

    return _weighted(
        data, design, adjusted, into, method="poststratification", cells=(columns,), numbers=()
    )


@takes_tables
def rake(
    data: pd.DataFrame,
    design: AnyDesign,
    margins: Mapping[str | tuple[str, ...], Totals],
    *,
    into: str = "weight_raked",
) -> Weighted:
    r"""Weights that give several sets of known category sizes at once.

    Parameters
    ----------
    data, design, into
        As for ``poststratify``.
    margins : mapping
        For each column (or tuple of columns, crossed) the population size of each of its values.

    Returns
    -------
    Weighted
        The data with the new weights, and the design that knows of them.

    Raises
    ------
    ArgumentError
        Margins sum to different populations, or a sampled category has no total.
    EmptyStratumError
        A category with a total has no sampled unit.
    NotConvergedError
        No weights meet all margins.

    Notes
    -----
    The limit of iterative proportional fitting, found as calibration with the raking distance. The
    variance is that of the residuals of the regression on all categories, weighted by the weights
    before; so what the margins fix has a standard error of 0. R ``survey`` differs: it projects
    on one margin after the other, ten times, without weights.

    References
    ----------
    .. [1] J.-C. Deville, C.-E. Sarndal, O. Sautory, "Generalized raking procedures in survey
       sampling", *JASA* 88, 1993, 1013-1020.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design
    >>> data = pd.DataFrame({"a": [0, 0, 1, 1], "b": [0, 1, 0, 1], "w": 1.0})
    >>> raked, design = rake(data, Design(weight="w"), {"a": {0: 6, 1: 4}, "b": {0: 5, 1: 5}})
    >>> raked["weight_raked"].round(6).tolist()
    [3.0, 3.0, 2.0, 2.0]
    """
    target = _target(data, dict(margins), population_size=None)
    sums = {
        name: sum(float(value) for value in totals.values()) for name, totals in margins.items()
    }
    if max(sums.values()) - min(sums.values()) > 1e-9 * max(sums.values()):
        raise ArgumentError(
            f"margins must sum to one population; they sum to "
            f"{', '.join(f'{value:g} ({name})' for name, value in sums.items())}. Correct them.",
            code="margins-differ",
        )
    return _weighted(
        data,
        design,
        lambda weight: calibrated_weights(weight, target, method="raking"),
        into,
        method="raking",
        cells=tuple((name,) if isinstance(name, str) else tuple(name) for name in margins),
        numbers=(),
    )


@takes_tables
def calibrate(
    data: pd.DataFrame,
    design: AnyDesign,
    totals: Mapping[str | tuple[str, ...], float | Totals],
    *,
    method: Distance = "linear",
    bounds: tuple[float, float] | None = None,
    population_size: float | None = None,
    spread: str | None = None,
    into: str = "weight_calibrated",
) -> Weighted:
    r"""Weights near the old ones that give the known totals of auxiliary variables.

    Parameters
    ----------
    data, design, into
        As for ``poststratify``.
    totals : mapping
        For a numeric column its population total; for a column of categories (or a tuple of
        columns, crossed) a mapping of its values to their population sizes.
    method : {"linear", "logit", "raking"}, default "linear"
        Distance between old and new weights: "linear" is generalised regression, "raking" keeps
        weights above 0, "logit" needs ``bounds`` and keeps within them smoothly.
    bounds : tuple of two floats, optional
        Least and greatest ratio of new to old weight, around 1. With "linear" and "raking" the
        ratio is cut there.
    population_size : float, optional
        Total of the constant. Categories already imply it.
    spread : str, optional
        Column, above 0, that the variance of the study variable is thought to grow with; with one
        auxiliary variable equal to it, the ratio estimator.

    Returns
    -------
    Weighted
        The data with the new weights, and the design that knows of them.

    Raises
    ------
    ArgumentError
        As for ``poststratify``, or the bounds do not hold 1 between them.
    NotConvergedError
        No weights within the bounds give the totals. The message says which total is out of reach
        and what bounds would reach all.

    Warns
    -----
    ApproximationWarning
        Some weights are below 0, as the linear distance without bounds allows.

    Notes
    -----
    :math:`w_i = d_i F(x_i'\lambda/q_i)` with :math:`\sum w_i x_i = T`, F the inverse of the
    derivative of the distance, found by Newton steps. The variance is that of the residuals of the
    regression on x weighted by :math:`d_i/q_i`, times :math:`w_i/d_i`.

    References
    ----------
    .. [1] J.-C. Deville, C.-E. Sarndal, "Calibration estimators in survey sampling", *JASA* 87,
       1992, 376-382.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design
    >>> data = pd.DataFrame({"x": [1.0, 2.0, 3.0], "w": [10.0, 10.0, 10.0]})
    >>> found, design = calibrate(data, Design(weight="w"), {"x": 66.0}, population_size=30)
    >>> found["weight_calibrated"].round(6).tolist()
    [7.0, 10.0, 13.0]
    """
    check_choice("method", method, get_args(Distance))
    limits = _bounds(method, bounds)
    target = _target(data, dict(totals), population_size)
    scale = np.ones(len(data)) if spread is None else numbers_of(data, spread, least=0, strict=True)
    made = _weighted(
        data,
        design,
        lambda weight: calibrated_weights(
            weight, target, method=method, lower=limits[0], upper=limits[1], spread=scale
        ),
        into,
        method="raking" if method == "raking" else method,
        cells=tuple(
            (name,) if isinstance(name, str) else tuple(name)
            for name, value in totals.items()
            if isinstance(value, Mapping)
        ),
        numbers=tuple(
            str(name) for name, value in totals.items() if not isinstance(value, Mapping)
        ),
        intercept=population_size is not None,
        spread=spread,
    )
    below = int((made.data[into] < 0).sum())
    if below:
        warnings.warn(
            f"{below} of {len(data)} calibrated weights are below 0; choose method='raking', or "
            "give bounds.",
            ApproximationWarning,
            stacklevel=2,
        )
    return made


def _bounds(method: Distance, bounds: tuple[float, float] | None) -> tuple[float, float]:
    """Lower and upper bound of the ratio of weights."""
    if bounds is None:
        if method == "logit":
            raise ArgumentError(
                "method='logit' needs bounds; got none. Write bounds=(0.5, 2.0).",
                code="bounds-missing",
            )
        return -np.inf, np.inf
    low = check_number("bounds[0]", bounds[0], least=-1e300)
    high = check_number("bounds[1]", bounds[1], least=-1e300)
    if not low < 1 < high:
        raise ArgumentError(
            f"bounds must hold 1 between them; got {bounds!r}. They bound the ratio of new to old "
            "weights, such as (0.5, 2.0).",
            code="bounds-order",
            got=bounds,
        )
    return low, high


def _cell_totals(
    data: pd.DataFrame, columns: tuple[str, ...], totals: Totals
) -> tuple[np.ndarray[Any, Any], FloatArray]:
    """Code of each row's cell, and the population size of each cell."""
    check_mapping("totals", totals)
    codes, labels = cells_of(data, columns)
    known = {
        tuple(str(part) for part in (key if isinstance(key, tuple) else (key,))): check_number(
            f"total of {key!r}", float(value), least=0, strict=True
        )
        for key, value in totals.items()
    }
    lacking = [label for label in labels if label not in known]
    if lacking:
        raise ArgumentError(
            f"each sampled category needs a total; {name_some([', '.join(x) for x in lacking])} of "
            f"{', '.join(columns)} {'has' if len(lacking) == 1 else 'have'} none. Add it.",
            code="totals-missing",
            columns=columns,
        )
    empty = [label for label in known if label not in labels]
    if empty:
        raise EmptyStratumError(
            f"each category with a total needs a sampled unit; "
            f"{name_some([', '.join(x) for x in empty])} of {', '.join(columns)} has none. Join it "
            "with another.",
            columns=columns,
        )
    return codes, np.array([known[label] for label in labels])


def _target(
    data: pd.DataFrame,
    totals: dict[str | tuple[str, ...], Any],
    population_size: float | None,
) -> Target:
    """Auxiliary variables over the data, and their totals."""
    parts: list[FloatArray] = []
    wanted: list[float] = []
    names: list[str] = []
    if population_size is not None:
        parts.append(np.ones((len(data), 1)))
        wanted.append(check_number("population_size", population_size, least=0, strict=True))
        names.append("population size")
    for name, value in sorted(totals.items(), key=lambda item: not isinstance(item[1], Mapping)):
        columns = (name,) if isinstance(name, str) else tuple(name)
        if isinstance(value, Mapping):
            codes, sizes = _cell_totals(data, columns, value)
            parts.append((codes[:, None] == np.arange(len(sizes))).astype(np.float64))
            wanted += sizes.tolist()
            names += [f"{' x '.join(columns)}={', '.join(x)}" for x in cells_of(data, columns)[1]]
        else:
            parts.append(auxiliary_of(data, (), columns, intercept=False))
            wanted.append(check_number(f"total of {name!r}", float(value), least=-1e300))
            names.append(str(name))
    if not parts:
        raise ArgumentError("totals must name at least one variable.", code="totals-missing")
    return Target(auxiliary=np.hstack(parts), totals=np.array(wanted), names=tuple(names))


def _ratios(
    method: Distance, score: FloatArray, lower: FloatArray, upper: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Ratio of weights at a score, and its slope."""
    if method == "logit":
        rate = (upper - lower) / ((1 - lower) * (upper - 1))
        power = np.exp(np.clip(rate * score, -500, 500))
        base = (upper - 1) + (1 - lower) * power
        ratio = (lower * (upper - 1) + upper * (1 - lower) * power) / base
        return ratio, (ratio - lower) * (upper - ratio) * rate / (upper - lower)
    raw = np.exp(np.clip(score, -500, 500)) if method == "raking" else 1 + score
    slope = raw if method == "raking" else np.ones_like(raw)
    inside = (raw > lower) & (raw < upper)
    return np.clip(raw, lower, upper), np.where(inside, slope, 0.0)


def calibrated_weights(
    weight: FloatArray,
    target: Target,
    *,
    method: Distance,
    lower: float | FloatArray = -np.inf,
    upper: float | FloatArray = np.inf,
    spread: FloatArray | None = None,
) -> FloatArray:
    """Weights nearest to ``weight`` that meet the target, or an error that says why not."""
    auxiliary, wanted = target.auxiliary, target.totals
    low, high = np.broadcast_to(lower, weight.shape), np.broadcast_to(upper, weight.shape)
    scaled = auxiliary if spread is None else auxiliary / spread[:, None]
    unit = np.abs(wanted) + weight @ np.abs(auxiliary) * 1e-3
    multiplier = np.zeros(auxiliary.shape[1])
    ratio, slope = _ratios(method, scaled @ multiplier, low, high)
    gap = wanted - (weight * ratio) @ auxiliary
    for _ in range(200):
        if (np.abs(gap) <= 1e-12 * unit).all():
            return weight * ratio
        cross = auxiliary.T @ (scaled * (weight * slope)[:, None])
        step = np.linalg.pinv(cross, rcond=1e-12) @ gap
        size, before = 1.0, float(np.abs(gap / unit).max())
        while size > 1e-6:
            trial = multiplier + size * step
            ratio, slope = _ratios(method, scaled @ trial, low, high)
            gap = wanted - (weight * ratio) @ auxiliary
            if float(np.abs(gap / unit).max()) < before:
                break
            size /= 2
        multiplier = trial
        if size <= 1e-6:
            break
    if (np.abs(gap) <= 1e-9 * unit).all():
        return weight * ratio
    raise NotConvergedError(
        "no weights within the bounds give all totals: "
        + _reason(weight, target, np.asarray(low), np.asarray(high)),
        code="calibration-impossible",
    )


def _reason(weight: FloatArray, target: Target, low: FloatArray, high: FloatArray) -> str:
    """Say which totals are out of reach, and what bounds would do."""
    bounded = bool(np.isfinite(low).all() and np.isfinite(high).all())
    reasons = []
    if bounded:
        heavy = weight[:, None] * target.auxiliary
        least = np.minimum(heavy * low[:, None], heavy * high[:, None]).sum(axis=0)
        most = np.maximum(heavy * low[:, None], heavy * high[:, None]).sum(axis=0)
        for name, total, a, b in zip(target.names, target.totals, least, most, strict=True):
            if not a <= total <= b:
                reasons.append(f"{name} is to be {total:g} and can be {a:g} to {b:g}")
    if not reasons:
        reasons.append("each total is within reach alone, not all together")
    needed = _needed(weight, target) if len(weight) <= _REACH else None
    if needed is None:
        return "; ".join(reasons) + ". Check that the totals agree with each other."
    return "; ".join(reasons) + (
        f". Ratios from {1 - needed:.4g} to {1 + needed:.4g} would reach all; widen the bounds, or "
        "drop a total."
    )


def _needed(weight: FloatArray, target: Target) -> float | None:
    """Least t with ratios in 1 - t to 1 + t that meet all totals; None where no ratios do."""
    count = len(weight)
    scale = np.maximum(np.abs(target.totals), 1.0)
    equal = np.hstack([(weight[:, None] * target.auxiliary).T, np.zeros((len(target.totals), 1))])
    one = np.eye(count)
    above = np.hstack([one, -np.ones((count, 1))])
    below = np.hstack([-one, -np.ones((count, 1))])
    found = optimize.linprog(
        np.append(np.zeros(count), 1.0),
        A_ub=np.vstack([above, below]),
        b_ub=np.append(np.ones(count), -np.ones(count)),
        A_eq=equal / scale[:, None],
        b_eq=target.totals / scale,
        bounds=[(None, None)] * count + [(0, None)],
    )
    return float(found.x[-1]) if found.success else None


def _weighted(
    data: pd.DataFrame,
    design: AnyDesign,
    adjusted: Callable[[FloatArray], FloatArray],
    into: str,
    *,
    method: AdjustmentMethod,
    cells: tuple[tuple[str, ...], ...],
    numbers: tuple[str, ...],
    intercept: bool = False,
    spread: str | None = None,
) -> Weighted:
    """Put new weights into a column, and make the design that carries them."""
    check_new(data, into)
    sample = sample_of(design, data)
    weight = adjusted(sample.weight)
    if isinstance(design, Design):
        data, base = with_base(data, design, sample.weight, into)
        adjustment = Adjustment(
            method=method,
            cells=cells,
            numbers=numbers,
            intercept=intercept,
            weight=base,
            spread=spread,
        )
        made = replace(design, weight=into, adjustments=(*design.adjustments, adjustment))
        return Weighted(data.assign(**{into: weight}), made)
    data = data.assign(**{into: weight})
    if isinstance(design, ReplicateWeights):
        return Weighted(data, design.reweighted(weight, adjusted))
    if isinstance(design, ReplicateDesign):
        return _replicates_outside(data, design, into, adjusted)
    raise ArgumentError(
        f"weights of a {type(design).__name__} cannot be adjusted. Adjust before making it.",
        code="design-unknown",
    )


def _replicates_outside(
    data: pd.DataFrame,
    design: ReplicateDesign,
    into: str,
    adjusted: Callable[[FloatArray], FloatArray],
) -> Weighted:
    """Every outside replicate adjusted, as columns beside the new full-sample weights."""
    columns = {}
    for place, name in enumerate(design.weights):
        column = data[name].to_numpy(dtype=np.float64)
        if not design.combined:
            column = column * data[design.weight].to_numpy(dtype=np.float64)
        columns[f"{into}_{place + 1}"] = adjusted(column)
    frame = pd.concat([data, pd.DataFrame(columns, index=data.index)], axis=1)
    made = replace(design, weight=into, weights=tuple(columns), combined=True)
    return Weighted(frame, made)


def check_new(data: pd.DataFrame, into: str) -> None:
    """Refuse a name for new weights that is taken."""
    if into in data.columns:
        raise ArgumentError(
            f"into must name a new column; {into!r} exists and may hold the weights before. "
            "Choose another name.",
            code="column-taken",
            column=into,
        )


def with_base(
    data: pd.DataFrame, design: Design, weight: FloatArray, into: str
) -> tuple[pd.DataFrame, str]:
    """Give the data a column of the weights before, and name it."""
    if design.weight is not None:
        return data, design.weight
    name = f"{into}_base"
    check_new(data, name)
    return data.assign(**{name: weight}), name
