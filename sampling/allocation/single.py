"""Allocation of one total: equal, proportional, Neyman, cost-optimal, power."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from typing import Literal

import numpy as np

from .._checks import FloatArray, check_choice, check_number
from ..errors import ArgumentError
from ._inputs import Counts, IntArray, Limit, Numbers, Strata, check_room, read_numbers, read_strata
from ._sharing import (
    bounds_held,
    exact_optimum,
    round_shares,
    round_to_budget,
    share_out,
    warn_of_caps,
)
from .results import Allocation, StratumAllocation

Rounding = Literal["largest-remainder", "exact-optimum"]


def allocate_equal(
    stratum_sizes: Counts,
    n: int,
    *,
    floor: Limit = 0,
    cap: Limit | None = None,
    take_all: Iterable[Hashable] = (),
) -> Allocation:
    """Allocation of the same number of units to each stratum.

    Parameters
    ----------
    stratum_sizes : mapping or pandas.Series
        Units in each stratum, N_h.
    n : int
        Units to allocate, take-all strata included.
    floor : int or mapping, default 0
        Fewest units in each stratum, or by stratum (0 for those not named).
    cap : int or mapping, optional
        Most units in each stratum, or by stratum; never more than it holds.
    take_all : iterable, default ()
        Strata to take in full.

    Returns
    -------
    Allocation
        Whole numbers that add up to ``n``, under the keys given and in their order.

    Raises
    ------
    ArgumentError
        A floor or size cannot be met; a stratum is unknown; a count is no count.
    FrameTooSmallError
        The strata cannot give ``n`` units.

    Warns
    -----
    CappedAllocationWarning
        A stratum holds less than its part; the others get the rest.

    Notes
    -----
    Parts are held within floor and cap and then rounded by largest remainder, ties by key.

    References
    ----------
    .. [1] W. G. Cochran, *Sampling Techniques*, 3rd ed., Wiley, 1977, chapter 5.

    Examples
    --------
    >>> dict(allocate_equal({"a": 100, "b": 100, "c": 100}, 10))
    {'a': 4, 'b': 3, 'c': 3}
    """
    strata = read_strata(stratum_sizes, floor=floor, cap=cap, take_all=take_all)
    return _allocated("equal", (strata.sizes > 0).astype(np.float64), strata, n)


def allocate_proportional(
    stratum_sizes: Counts,
    n: int,
    *,
    floor: Limit = 0,
    cap: Limit | None = None,
    take_all: Iterable[Hashable] = (),
) -> Allocation:
    """Allocation in proportion to the units in each stratum.

    Parameters
    ----------
    stratum_sizes : mapping or pandas.Series
        Units in each stratum, N_h.
    n : int
        Units to allocate, take-all strata included.
    floor : int or mapping, default 0
        Fewest units in each stratum, or by stratum (0 for those not named).
    cap : int or mapping, optional
        Most units in each stratum, or by stratum; never more than it holds.
    take_all : iterable, default ()
        Strata to take in full.

    Returns
    -------
    Allocation
        Whole numbers that add up to ``n``, under the keys given and in their order.

    Raises
    ------
    ArgumentError
        A floor or size cannot be met; a stratum is unknown; a count is no count.
    FrameTooSmallError
        The strata cannot give ``n`` units.

    Warns
    -----
    CappedAllocationWarning
        A cap is below a stratum's part; the others get the rest.

    Notes
    -----
    :math:`n_h = n N_h / N`, held within floor and cap and then rounded by largest remainder, ties
    by key.

    References
    ----------
    .. [1] W. G. Cochran, *Sampling Techniques*, 3rd ed., Wiley, 1977, chapter 5.

    Examples
    --------
    >>> allocation = allocate_proportional({"poor": 50, "exited": 700, "other": 250}, 60, floor=5)
    >>> dict(allocation), allocation.n
    ({'poor': 5, 'exited': 41, 'other': 14}, 60)
    """
    strata = read_strata(stratum_sizes, floor=floor, cap=cap, take_all=take_all)
    return _allocated("proportional", strata.sizes.astype(np.float64), strata, n)


def allocate_neyman(
    stratum_sizes: Counts,
    spreads: Numbers,
    n: int,
    *,
    floor: Limit = 0,
    cap: Limit | None = None,
    take_all: Iterable[Hashable] = (),
    rounding: Rounding = "largest-remainder",
) -> Allocation:
    r"""Allocation with the least variance of a total for ``n`` units.

    Parameters
    ----------
    stratum_sizes : mapping or pandas.Series
        Units in each stratum, N_h.
    spreads : mapping or pandas.Series
        Standard deviation of the variable in each stratum, S_h, at least 0. A stratum planned
        at 0 gets its floor alone.
    n : int
        Units to allocate, take-all strata included.
    floor : int or mapping, default 0
        Fewest units in each stratum, or by stratum (0 for those not named).
    cap : int or mapping, optional
        Most units in each stratum, or by stratum; never more than it holds.
    take_all : iterable, default ()
        Strata to take in full.
    rounding : {"largest-remainder", "exact-optimum"}, default "largest-remainder"
        How whole numbers are reached: by rounding the optimal parts, or as the whole numbers
        with the least variance.

    Returns
    -------
    Allocation
        Whole numbers that add up to ``n``, under the keys given and in their order.

    Raises
    ------
    ArgumentError
        A floor or size cannot be met; a stratum is unknown or has no spread; a count is no count.
    FrameTooSmallError
        The strata cannot give ``n`` units.

    Warns
    -----
    CappedAllocationWarning
        A stratum's part is more than its units or its cap; the others get the rest.

    Notes
    -----
    :math:`n_h \propto N_h S_h`, held within floor and cap: those held at a bound are set and the
    rest is shared anew, up to the one solution. Then largest remainders, ties by key. The exact
    optimum gives each next unit where :math:`N_h S_h / \sqrt{n_h(n_h + 1)}` is largest.

    References
    ----------
    .. [1] W. G. Cochran, *Sampling Techniques*, 3rd ed., Wiley, 1977, section 5.5.
    .. [2] T. Wright, "Exact optimal sample allocation: more efficient than Neyman", *Statistics
       and Probability Letters* 129, 2017.

    Examples
    --------
    >>> dict(allocate_neyman({"a": 100, "b": 100}, {"a": 1.0, "b": 3.0}, 20))
    {'a': 5, 'b': 15}
    """
    strata = read_strata(stratum_sizes, floor=floor, cap=cap, take_all=take_all)
    check_choice("rounding", rounding, ("largest-remainder", "exact-optimum"))
    measure = strata.sizes * read_numbers("spreads", spreads, strata.keys)
    return _allocated("neyman", measure, strata, n, rounding=rounding)


def allocate_optimal(
    stratum_sizes: Counts,
    spreads: Numbers,
    costs: Numbers,
    n: int | None = None,
    budget: float | None = None,
    *,
    floor: Limit = 0,
    cap: Limit | None = None,
    take_all: Iterable[Hashable] = (),
) -> Allocation:
    r"""Allocation with the least variance of a total for its cost.

    Parameters
    ----------
    stratum_sizes : mapping or pandas.Series
        Units in each stratum, N_h.
    spreads : mapping or pandas.Series
        Standard deviation of the variable in each stratum, S_h, at least 0.
    costs : mapping or pandas.Series
        Cost of one unit in each stratum, c_h, above 0, in the money of ``budget``.
    n : int, optional
        Units to allocate, take-all strata included; this or ``budget``.
    budget : float, optional
        Money to spend at most, take-all strata included; this or ``n``.
    floor : int or mapping, default 0
        Fewest units in each stratum, or by stratum (0 for those not named).
    cap : int or mapping, optional
        Most units in each stratum, or by stratum; never more than it holds.
    take_all : iterable, default ()
        Strata to take in full.

    Returns
    -------
    Allocation
        Whole numbers that add up to ``n``, or cost no more than ``budget``, with their ``cost``.

    Raises
    ------
    ArgumentError
        Not exactly one of ``n`` and ``budget`` is given; the budget does not pay for the floors; a
        floor or size cannot be met; a stratum is unknown or lacks a number.
    FrameTooSmallError
        The strata cannot give ``n`` units.

    Warns
    -----
    CappedAllocationWarning
        A stratum's part is more than its units or its cap; the others get the rest.

    Notes
    -----
    :math:`n_h \propto N_h S_h / \sqrt{c_h}`, held within floor and cap. With a budget the parts
    are rounded down and then up by largest remainder while money lasts; money for every unit
    takes them all.

    References
    ----------
    .. [1] W. G. Cochran, *Sampling Techniques*, 3rd ed., Wiley, 1977, section 5.5.

    Examples
    --------
    >>> sizes, spreads, costs = {"a": 100, "b": 100}, {"a": 2, "b": 2}, {"a": 1, "b": 4}
    >>> allocation = allocate_optimal(sizes, spreads, costs, budget=60)
    >>> dict(allocation), allocation.cost
    ({'a': 20, 'b': 10}, 60.0)
    """
    strata = read_strata(stratum_sizes, floor=floor, cap=cap, take_all=take_all)
    price = read_numbers("costs", costs, strata.keys, strict=True)
    measure = strata.sizes * read_numbers("spreads", spreads, strata.keys) / np.sqrt(price)
    if (n is None) == (budget is None):
        raise ArgumentError(
            f"exactly one of n and budget must be given; got "
            f"{'neither' if n is None else 'both'}. Say how many units, or how much money.",
            code="size-or-budget",
        )
    if n is not None:
        return _allocated("optimal", measure, strata, n, price=price)
    assert budget is not None
    return _spent(measure, strata, price, check_number("budget", budget, least=0, strict=True))


def allocate_power(
    stratum_sizes: Counts,
    measures: Numbers,
    n: int,
    power: float = 0.5,
    *,
    spreads: Numbers | None = None,
    floor: Limit = 0,
    cap: Limit | None = None,
    take_all: Iterable[Hashable] = (),
) -> Allocation:
    r"""Allocation in proportion to a power of size, between equal and proportional precision.

    Parameters
    ----------
    stratum_sizes : mapping or pandas.Series
        Units in each stratum, N_h.
    measures : mapping or pandas.Series
        Importance of each stratum, X_h, at least 0: its units or its total of a variable.
    n : int
        Units to allocate, take-all strata included.
    power : float, default 0.5
        From 0 (all strata alike) to 1 (by importance in full).
    spreads : mapping or pandas.Series, optional
        Standard deviation in each stratum of the variable whose totals are ``measures``; parts
        are then in proportion to its coefficient of variation too.
    floor : int or mapping, default 0
        Fewest units in each stratum, or by stratum (0 for those not named).
    cap : int or mapping, optional
        Most units in each stratum, or by stratum; never more than it holds.
    take_all : iterable, default ()
        Strata to take in full.

    Returns
    -------
    Allocation
        Whole numbers that add up to ``n``, under the keys given and in their order.

    Raises
    ------
    ArgumentError
        The power is outside 0 to 1; a floor or size cannot be met; a stratum is unknown or lacks
        a number; a total is 0 where spreads are given.
    FrameTooSmallError
        The strata cannot give ``n`` units.

    Warns
    -----
    CappedAllocationWarning
        A stratum's part is more than its units or its cap; the others get the rest.

    Notes
    -----
    :math:`n_h \propto X_h^q`, with ``spreads`` :math:`n_h \propto (N_h S_h / X_h) X_h^q`, q the
    power: Bankier's allocation, the Neyman allocation for q = 1.

    References
    ----------
    .. [1] M. D. Bankier, "Power allocations: determining sample sizes for subnational areas",
       *The American Statistician* 42, 1988.

    Examples
    --------
    >>> sizes = {"a": 100, "b": 900}
    >>> dict(allocate_power(sizes, sizes, 40, 0.5))
    {'a': 10, 'b': 30}
    """
    strata = read_strata(stratum_sizes, floor=floor, cap=cap, take_all=take_all)
    q = check_number("power", power, least=0, most=1)
    importance = read_numbers("measures", measures, strata.keys, strict=spreads is not None)
    # 0 to the power of 0 is 1, yet a stratum of no importance gets its floor alone.
    measure = np.where(importance > 0, importance**q, 0.0)
    if spreads is not None:
        measure = (
            measure * strata.sizes * read_numbers("spreads", spreads, strata.keys) / importance
        )
    return _allocated("power", np.where(strata.sizes > 0, measure, 0.0), strata, n)


def _allocated(
    method: str,
    measure: FloatArray,
    strata: Strata,
    n: int,
    *,
    price: FloatArray | None = None,
    rounding: Rounding = "largest-remainder",
) -> Allocation:
    total = check_room(strata, n)
    unit = np.ones_like(measure)
    shares = share_out(measure, strata, total, unit)
    if rounding == "exact-optimum":
        counts = exact_optimum(measure, strata, total)
    else:
        counts = round_shares(shares, strata, total)
    warn_of_caps(measure, shares, strata, unit, total, method)
    return _result(method, shares, counts, strata, price)


def _spent(measure: FloatArray, strata: Strata, price: FloatArray, budget: float) -> Allocation:
    need = math.fsum(price * strata.lower)
    if need > budget * (1 + 1e-12):
        raise ArgumentError(
            f"budget must pay for the floors and take-all strata, which cost {need:g}; got "
            f"{budget:g}. Raise it, or lower the floors.",
            code="floor-impossible",
            need=need,
            got=budget,
        )
    if budget >= math.fsum(price * strata.upper):
        return _result(
            "optimal", strata.upper.astype(np.float64), strata.upper.copy(), strata, price
        )
    shares = share_out(measure, strata, budget, price)
    warn_of_caps(measure, shares, strata, price, budget, "optimal")
    return _result("optimal", shares, round_to_budget(shares, strata, price, budget), strata, price)


def _result(
    method: str,
    shares: FloatArray,
    counts: IntArray,
    strata: Strata,
    price: FloatArray | None,
) -> Allocation:
    return Allocation(
        method=method,
        rows=rows_of(shares, counts, strata),
        cost=None if price is None else math.fsum(price * counts),
    )


def rows_of(shares: FloatArray, counts: IntArray, strata: Strata) -> tuple[StratumAllocation, ...]:
    """Rows in the order in which the strata were given."""
    held = bounds_held(shares, strata)
    made = {
        key: StratumAllocation(
            stratum=key,
            stratum_size=int(strata.sizes[place]),
            share=float(shares[place]),
            n=int(counts[place]),
            bound=held[place],
        )
        for place, key in enumerate(strata.keys)
    }
    return tuple(made[key] for key in strata.asked)
