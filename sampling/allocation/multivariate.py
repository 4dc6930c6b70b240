"""Allocation at least cost that meets several targets (Bethel, Chromy)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .._checks import FloatArray, check_fraction, check_number, name_some
from .._rounding import round_up
from ..errors import ArgumentError, FrameTooSmallError, NotConvergedError
from ._inputs import IntArray, Limit, Numbers, Strata, read_numbers, read_strata
from .results import MultivariateAllocation, PrecisionTarget
from .single import rows_of

_WARM_ROUNDS = 300
_NEWTON_ROUNDS = 200
_TOLERANCE = 1e-11


def allocate_multivariate(
    stratum_sizes: Mapping[Any, int],
    spreads_by_variable: Mapping[Any, Numbers],
    targets: float | Mapping[Any, float],
    costs: Numbers | None = None,
    *,
    totals: Mapping[Any, float],
    floor: Limit = 1,
    cap: Limit | None = None,
    take_all: Iterable[Hashable] = (),
) -> MultivariateAllocation:
    r"""Cheapest allocation that reaches a coefficient of variation for each of several totals.

    Parameters
    ----------
    stratum_sizes : mapping or pandas.Series
        Units in each stratum, N_h.
    spreads_by_variable : mapping
        For each variable the standard deviation (divisor N - 1) in each stratum, S_hk. A domain is
        a variable of its own, 0 outside.
    targets : float or mapping
        Coefficient of variation of each variable's total, in (0, 1); one for all, or by variable.
    costs : mapping or pandas.Series, optional
        Cost of one unit in each stratum, above 0; without it every unit costs 1.
    totals : mapping
        Total of each variable in the frame, Y_k, not 0.
    floor : int or mapping, default 1
        Fewest units in each stratum, or by stratum (0 for those not named).
    cap : int or mapping, optional
        Most units in each stratum, or by stratum; never more than it holds.
    take_all : iterable, default ()
        Strata to take in full.

    Returns
    -------
    MultivariateAllocation
        Whole numbers, rounded up, with the coefficients of variation that they reach.

    Raises
    ------
    ArgumentError
        A variable, stratum or number is missing or outside its domain; a floor cannot be met.
    FrameTooSmallError
        Caps keep a target out of reach.
    NotConvergedError
        The iteration did not settle.

    Notes
    -----
    Minimises :math:`\sum_h c_h n_h` with :math:`\sum_h a_{hk}/n_h \le 1`,
    :math:`a_{hk} = N_h^2 S_{hk}^2 / ((\mathrm{cv}_k Y_k)^2 + \sum_h N_h S_{hk}^2)`, within floors
    and sizes: :math:`n_h = \sqrt{\sum_k \mu_k a_{hk} / c_h}` held within bounds, with multipliers
    :math:`\mu_k` by Chromy's rule :math:`\mu_k \leftarrow \mu_k (\sum_h a_{hk}/n_h)^2` and then
    Newton's on the dual. A stratum whose part exceeds its units is taken in full and the others
    are worked out with that known. Means nothing for totals near 0: aim at an upper limit then.

    References
    ----------
    .. [1] J. Bethel, "Sample allocation in multivariate surveys", *Survey Methodology* 15, 1989.
    .. [2] J. R. Chromy, "Design optimization with multiple objectives", *Proceedings of the
       Section on Survey Research Methods*, American Statistical Association, 1987.

    Examples
    --------
    >>> allocation = allocate_multivariate(
    ...     {"plain": 1000, "hills": 400},
    ...     {"income": {"plain": 12.0, "hills": 9.0}, "size": {"plain": 1.1, "hills": 2.0}},
    ...     {"income": 0.02, "size": 0.03},
    ...     totals={"income": 50000.0, "size": 5600.0},
    ... )
    >>> dict(allocation)
    {'plain': 160, 'hills': 48}
    >>> [round(target.reached, 4) for target in allocation.targets]
    [0.0199, 0.024]
    """
    strata = read_strata(stratum_sizes, floor=floor, cap=cap, take_all=take_all)
    variables = list(spreads_by_variable)
    if not variables:
        raise ArgumentError(
            "spreads_by_variable must name at least one variable; got none. Give spreads.",
            code="variables-missing",
        )
    spreads = np.array(
        [
            read_numbers(f"spreads_by_variable[{name!r}]", spreads_by_variable[name], strata.keys)
            for name in variables
        ]
    )
    cvs, goals = _goals(variables, targets, totals)
    price = np.ones(strata.sizes.size)
    if costs is not None:
        price = read_numbers("costs", costs, strata.keys, strict=True)
    sizes = strata.sizes.astype(np.float64)
    limit = goals**2 + spreads**2 @ sizes
    weights = sizes**2 * spreads**2 / limit[:, None]
    parts, prices = _bounded(weights, price, strata, variables)
    free, _ = _solve(weights, price, np.full(sizes.size, 1e-300), np.full(sizes.size, np.inf))
    counts = _rounded_up(parts, strata)
    reached = _variances(spreads, sizes, counts)
    return MultivariateAllocation(
        method="multivariate",
        rows=rows_of(parts, counts, strata),
        cost=math.fsum(price * counts),
        targets=tuple(
            PrecisionTarget(
                variable=name,
                target=float(cvs[k]),
                reached=float(math.sqrt(reached[k]) * cvs[k] / goals[k]),
                price=float(prices[k] * goals[k] ** 2 / limit[k] / math.fsum(price * parts)),
            )
            for k, name in enumerate(variables)
        ),
        uncapped_size=math.fsum(free),
    )


def _goals(
    variables: list[Any], targets: float | Mapping[Any, float], totals: Mapping[Any, float]
) -> tuple[FloatArray, FloatArray]:
    """For each variable the target and the standard error of its total that it stands for."""
    for name, given in (("targets", targets), ("totals", totals)):
        if isinstance(given, Mapping) and (absent := [v for v in variables if v not in given]):
            raise ArgumentError(
                f"{name} must name every variable; got none for {name_some(absent)}. "
                f"Spreads were given for {len(variables)} variables.",
                code="variables-missing",
                name=name,
            )
    cvs, goals = [], []
    for name in variables:
        cv = targets[name] if isinstance(targets, Mapping) else targets
        cvs.append(check_fraction(f"targets[{name!r}]", cv))
        total = abs(check_number(f"totals[{name!r}]", totals[name], least=-math.inf))
        check_number(f"totals[{name!r}]", total, least=0, strict=True)
        goals.append(cvs[-1] * total)
    return np.array(cvs), np.array(goals)


def _variances(spreads: FloatArray, sizes: FloatArray, n: FloatArray | IntArray) -> FloatArray:
    """Variance of each total; strata without units count when they vary, as infinite."""
    with np.errstate(divide="ignore"):
        factor = np.where(sizes > 0, sizes**2 / n - sizes, 0.0)
    return np.array([math.fsum(np.where(s > 0, s**2 * factor, 0.0)) for s in spreads])


def _bounded(
    weights: FloatArray, price: FloatArray, strata: Strata, variables: list[Any]
) -> tuple[FloatArray, FloatArray]:
    lower, upper = strata.lower.astype(np.float64), strata.upper.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.where(weights > 0, weights / upper, 0.0).sum(axis=1)
    missed = np.flatnonzero(best > 1 + 1e-12)
    if missed.size:
        raise FrameTooSmallError(
            f"the caps must leave room for the targets; got too little for "
            f"{name_some(variables[k] for k in missed)} even with every stratum at its cap. "
            "Raise the caps, or the targets.",
            variables=tuple(variables[k] for k in missed[:5]),
        )
    return _solve(weights, price, lower, upper)


def _solve(
    weights: FloatArray, price: FloatArray, lower: FloatArray, upper: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Parts of least cost and the multipliers of the targets."""
    multipliers = np.full(len(weights), 1.0 / len(weights))
    for _ in range(_WARM_ROUNDS):
        n = _parts(multipliers, weights, price, lower, upper)
        used = _used(weights, n)
        grown = multipliers * used**2
        if np.abs(grown - multipliers).max() <= 1e-14 * grown.max():
            break
        multipliers = np.maximum(grown, 1e-300)
    return _newton(multipliers, weights, price, lower, upper)


def _parts(
    multipliers: FloatArray,
    weights: FloatArray,
    price: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> FloatArray:
    return np.clip(np.sqrt(multipliers @ weights / price), lower, upper)


def _used(weights: FloatArray, n: FloatArray) -> FloatArray:
    """Share of each target's room that the parts use; at most 1 when it is met."""
    with np.errstate(divide="ignore", invalid="ignore"):
        used: FloatArray = np.where(weights > 0, weights / n, 0.0).sum(axis=1)
    return used


def _dual(
    multipliers: FloatArray,
    weights: FloatArray,
    price: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> float:
    n = _parts(multipliers, weights, price, lower, upper)
    with np.errstate(divide="ignore", invalid="ignore"):
        load = np.where(n > 0, (multipliers @ weights) / n, 0.0)
    return math.fsum(price * n + load) - math.fsum(multipliers)


def _newton(
    multipliers: FloatArray,
    weights: FloatArray,
    price: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Projected Newton steps on the dual, which is concave, from Chromy's multipliers."""
    bounds = (weights, price, lower, upper)
    scale = multipliers.max()
    for _ in range(_NEWTON_ROUNDS):
        n = _parts(multipliers, *bounds)
        slack = _used(weights, n) - 1
        fixed = (multipliers <= 1e-12 * scale) & (slack <= 0)
        if np.abs(np.where(fixed, 0.0, slack)).max() < _TOLERANCE:
            return n, np.where(fixed, 0.0, multipliers)
        step = _step(multipliers, slack, fixed, n, bounds)
        value, length = _dual(multipliers, *bounds), 1.0
        while length > 1e-12:
            tried = np.maximum(multipliers + length * step, 0.0)
            if _dual(tried, *bounds) >= value - 1e-15 * abs(value):
                break
            length /= 2
        if np.array_equal(tried, multipliers):
            break
        multipliers = tried
    n = _parts(multipliers, *bounds)
    slack = _used(weights, n) - 1
    # A target may use less than its room when its multiplier is as good as 0.
    open_ = multipliers > 1e-9 * scale
    if slack.max() > 1e-8 or np.abs(slack[open_]).max(initial=0.0) > 1e-6:
        raise NotConvergedError(
            "the multipliers of the targets must settle; they did not. Drop targets that differ "
            "in name alone, or loosen the tightest.",
        )
    return n, multipliers


def _step(
    multipliers: FloatArray,
    slack: FloatArray,
    fixed: npt.NDArray[np.bool_],
    n: FloatArray,
    bounds: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
) -> FloatArray:
    weights, price, lower, upper = bounds
    load = multipliers @ weights
    inner = (n > lower) & (n < upper) & (load > 0)
    curve = np.sqrt(price[inner]) / (2 * load[inner] ** 1.5)
    active = weights[np.ix_(~fixed, inner)]
    bend = (active * curve) @ active.T
    # A little of the diagonal keeps the step finite where targets say the same.
    bend[np.diag_indices_from(bend)] += 1e-12 * np.trace(bend) / len(bend) + 1e-300
    step = np.zeros_like(multipliers)
    step[~fixed] = np.linalg.solve(bend, slack[~fixed])
    return step


def _rounded_up(parts: FloatArray, strata: Strata) -> IntArray:
    up = np.array([round_up(float(part)) for part in parts], dtype=np.int64)
    counts: IntArray = np.clip(up, strata.lower, strata.upper)
    return counts
