"""Allocation: sums, bounds, order of strata, optimality, targets, refusals."""

import itertools
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from golden_cases import load_golden
from hypothesis import given
from hypothesis import strategies as st

from sampling import (
    ArgumentError,
    CappedAllocationWarning,
    EmptyStratumError,
    FrameTooSmallError,
    allocate_equal,
    allocate_multivariate,
    allocate_neyman,
    allocate_optimal,
    allocate_power,
    allocate_proportional,
)

KEYS = ["0312", "0417", "0520", "0611", "0700", "0815"]


@st.composite
def strata(draw):
    """Sizes, spreads, costs, measures, floors, caps, take-all strata and a size they can give."""
    keys = KEYS[: draw(st.integers(1, 6))]
    sizes = {key: draw(st.integers(0, 60)) for key in keys}
    caps = {key: draw(st.integers(0, 80)) for key in draw(st.sets(st.sampled_from(keys)))}
    taken = draw(st.sets(st.sampled_from(keys), max_size=2))
    room = {k: sizes[k] if k in taken else min(sizes[k], caps.get(k, 99)) for k in keys}
    floors = {key: draw(st.integers(0, min(room[key], 5))) for key in keys if key not in taken}
    need = sum(room[key] if key in taken else floors[key] for key in keys)
    n = draw(st.integers(need, sum(room.values())))
    numbers = st.sampled_from([0.0, 0.5, 1.0, 1.0, 3.7, 20.0])
    return {
        "sizes": sizes,
        "n": n,
        "room": room,
        "bounds": {"floor": floors, "cap": caps, "take_all": sorted(taken)},
        "spreads": {key: draw(numbers) for key in keys},
        "costs": {key: draw(st.sampled_from([1.0, 2.0, 5.5])) for key in keys},
    }


def allocations(case, sizes=None):
    """The same request under every rule of one total."""
    sizes = case["sizes"] if sizes is None else sizes
    n, bounds, spreads, costs = case["n"], case["bounds"], case["spreads"], case["costs"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CappedAllocationWarning)
        return {
            "equal": allocate_equal(sizes, n, **bounds),
            "proportional": allocate_proportional(sizes, n, **bounds),
            "neyman": allocate_neyman(sizes, spreads, n, **bounds),
            "exact": allocate_neyman(sizes, spreads, n, rounding="exact-optimum", **bounds),
            "optimal": allocate_optimal(sizes, spreads, costs, n, **bounds),
            "power": allocate_power(sizes, spreads, n, 0.4, **bounds),
        }


@given(strata())
def test_sums_are_exact_and_bounds_hold(case):
    floors, taken = case["bounds"]["floor"], case["bounds"]["take_all"]
    for rule, found in allocations(case).items():
        assert sum(found.values()) == found.n == case["n"], rule
        assert math.fsum(found.shares.values()) == pytest.approx(case["n"])
        for key, n in found.items():
            assert floors.get(key, 0) <= n <= case["room"][key], rule
            assert n == case["sizes"][key] or key not in taken
        if rule != "exact":
            assert all(abs(found[key] - found.shares[key]) < 1 + 1e-9 for key in found)


@given(strata(), st.randoms(use_true_random=False))
def test_order_of_strata_is_irrelevant(case, random):
    keys = list(case["sizes"])
    random.shuffle(keys)
    turned = {key: case["sizes"][key] for key in keys}
    for rule, found in allocations(case, turned).items():
        assert list(found) == keys
        assert dict(found) == dict(allocations(case)[rule]), rule


@given(strata())
def test_equal_spreads_make_neyman_proportional(case):
    sizes, n, bounds = case["sizes"], case["n"], case["bounds"]
    same = dict.fromkeys(sizes, 0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CappedAllocationWarning)
        proportional = allocate_proportional(sizes, n, **bounds)
        assert dict(allocate_neyman(sizes, same, n, **bounds)) == dict(proportional)
        assert dict(allocate_optimal(sizes, same, same, n, **bounds)) == dict(proportional)
        assert dict(allocate_power(sizes, sizes, n, 1.0, **bounds)) == dict(proportional)
        equal = allocate_equal(sizes, n, **bounds)
        assert dict(allocate_power(sizes, dict.fromkeys(sizes, 2), n, 0.0, **bounds)) == dict(equal)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_all_units_give_every_stratum_its_size(counts):
    sizes = dict(zip(KEYS, counts, strict=False))
    n = sum(counts)
    assert dict(allocate_proportional(sizes, n)) == sizes
    for found in (allocate_equal, allocate_proportional):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CappedAllocationWarning)
            assert dict(found(sizes, n)) == sizes


@given(
    st.lists(
        st.tuples(st.integers(2, 9), st.sampled_from([0.4, 1.0, 2.5])), min_size=2, max_size=3
    ),
    st.integers(0, 6),
)
def test_no_whole_numbers_have_less_variance_than_the_exact_optimum(pairs, extra):
    sizes = {key: size for key, (size, _) in zip(KEYS, pairs, strict=False)}
    spreads = {key: spread for key, (_, spread) in zip(KEYS, pairs, strict=False)}
    n = min(len(sizes) + extra, sum(sizes.values()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CappedAllocationWarning)
        best = allocate_neyman(sizes, spreads, n, floor=1, rounding="exact-optimum")
    least = min(
        sum(
            size**2 * spreads[key] ** 2 * (1 / m - 1 / size)
            for (key, size), m in zip(sizes.items(), counts, strict=True)
        )
        for counts in itertools.product(*(range(1, size + 1) for size in sizes.values()))
        if sum(counts) == n
    )
    assert best.variance_of_total(spreads) == pytest.approx(least, abs=1e-9)


@given(strata(), st.floats(0.3, 1.2))
def test_a_budget_is_kept_and_more_money_buys_no_less_precision(case, share):
    sizes, spreads, costs = case["sizes"], case["spreads"], case["costs"]
    whole = sum(costs[key] * size for key, size in sizes.items())
    if not whole:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CappedAllocationWarning)
        found = allocate_optimal(sizes, spreads, costs, budget=share * whole)
    assert found.cost <= share * whole * (1 + 1e-9)
    assert found.cost == pytest.approx(sum(costs[key] * n for key, n in found.items()))
    if share >= 1:
        assert dict(found) == sizes


def test_remainders_go_to_the_largest_and_ties_by_key():
    assert dict(allocate_proportional({"b": 1, "a": 1, "c": 1}, 2)) == {"b": 1, "a": 1, "c": 0}
    assert dict(allocate_proportional({10: 5, 9: 5}, 1)) == {10: 0, 9: 1}
    assert dict(allocate_proportional({("x", 2): 5, ("x", 1): 5}, 1)) == {("x", 2): 0, ("x", 1): 1}
    assert dict(allocate_proportional({"a": 10, "b": 20, "c": 31}, 6)) == {"a": 1, "b": 2, "c": 3}


def test_keys_of_a_series_come_back_as_they_were():
    sizes = pd.Series([40, 60], index=pd.Index([2, 1]))
    found = allocate_proportional(sizes, 10)
    assert dict(found) == {2: 4, 1: 6}
    assert found[1] == 6
    assert found.get(7, 0) == 0
    assert 2 in found
    assert len(found) == 2
    assert list(found.keys()) == [2, 1]
    frame = found.to_frame()
    assert frame["n"].tolist() == [4, 6]
    assert frame["stratum"].tolist() == [2, 1]
    assert "Allocation of 10 units, proportional" in str(found)


def test_take_all_strata_are_full_and_the_rest_is_shared():
    sizes = {"a": 10, "b": 100, "c": 300}
    found = allocate_proportional(sizes, 50, take_all=["a"])
    assert dict(found) == {"a": 10, "b": 10, "c": 30}
    assert [row.bound for row in found.rows] == ["take-all", "", ""]


def test_a_met_cap_is_said():
    with pytest.warns(CappedAllocationWarning, match="met the cap of strata 'a'"):
        found = allocate_neyman({"a": 10, "b": 100}, {"a": 90.0, "b": 1.0}, 30)
    assert dict(found) == {"a": 10, "b": 20}
    assert [row.bound for row in found.rows] == ["cap", ""]
    with pytest.warns(CappedAllocationWarning):
        assert dict(allocate_proportional({"a": 10, "b": 10}, 12, cap={"a": 2})) == {
            "a": 2,
            "b": 10,
        }


def test_strata_without_spread_get_their_floor_until_all_others_are_full():
    sizes, spreads = {"a": 10, "b": 90, "c": 5}, {"a": 0.0, "b": 0.0, "c": 1.0}
    assert dict(allocate_neyman(sizes, spreads, 4, floor={"a": 1})) == {"a": 1, "b": 0, "c": 3}
    with pytest.warns(CappedAllocationWarning):
        assert dict(allocate_neyman(sizes, spreads, 25)) == {"a": 2, "b": 18, "c": 5}


def test_no_variance_can_be_promised_where_a_varying_stratum_gets_nothing():
    found = allocate_neyman({"a": 10, "b": 10}, {"a": 0.0, "b": 1.0}, 5)
    assert found.variance_of_total({"a": 1.0, "b": 1.0}) == math.inf
    assert found.variance_of_total({"a": 0.0, "b": 0.0}) == 0


def test_bankier_is_neyman_at_power_one():
    sizes, spreads = {"a": 50, "b": 500}, {"a": 4.0, "b": 2.5}
    totals = {"a": 900.0, "b": 4000.0}
    power = allocate_power(sizes, totals, 40, 1.0, spreads=spreads)
    assert power.shares == pytest.approx(allocate_neyman(sizes, spreads, 40).shares)


@pytest.fixture
def bethel():
    values = load_golden("r_bethel").values
    keys = KEYS[:5]
    names = ["income", "herd", "ill"]
    return values, {
        "stratum_sizes": dict(zip(keys, values["sizes"], strict=True)),
        "spreads_by_variable": {
            name: dict(zip(keys, row, strict=True))
            for name, row in zip(names, values["spreads"], strict=True)
        },
        "costs": dict(zip(keys, values["costs"], strict=True)),
        "totals": dict(zip(names, values["totals"], strict=True)),
    }


@pytest.mark.parametrize("aim", ["loose", "tight"])
def test_multivariate_against_r(bethel, aim):
    """The dual solved by R's nlminb; in the tight case one stratum is full."""
    values, request = bethel
    targets = dict(zip(request["totals"], values[aim], strict=True))
    found = allocate_multivariate(**request, targets=targets, floor=0)
    assert list(found.shares.values()) == pytest.approx(values[f"{aim}_parts"], rel=1e-6)
    for target in found.targets:
        assert target.reached <= target.target
    assert found.cost >= sum(
        c * n for c, n in zip(values["costs"], found.shares.values(), strict=True)
    )
    assert ("cap" in {row.bound for row in found.rows}) == (aim == "tight")


@st.composite
def targets_case(draw):
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    strata, variables = draw(st.integers(1, 7)), draw(st.integers(1, 5))
    keys = [*KEYS, "0900"]
    sizes = dict(zip(keys, rng.integers(2, 400, strata).tolist(), strict=False))
    means = rng.uniform(1, 30, (variables, strata))
    spreads = (
        means * rng.uniform(0, 2, (variables, strata)) * (rng.random((variables, strata)) > 0.2)
    )
    totals = means @ np.array(list(sizes.values()))
    return {
        "stratum_sizes": sizes,
        "spreads_by_variable": {
            f"y{k}": dict(zip(sizes, spreads[k].tolist(), strict=True)) for k in range(variables)
        },
        "totals": {f"y{k}": float(totals[k]) for k in range(variables)},
        "targets": {f"y{k}": float(rng.uniform(0.005, 0.2)) for k in range(variables)},
        "costs": dict(zip(sizes, rng.uniform(1, 5, strata).tolist(), strict=True)),
    }


def cost_bound(case, found, floor):
    """Lower bound of any cost that meets the targets, from the prices that came with the answer."""
    sizes = np.array(list(case["stratum_sizes"].values()), dtype=float)
    costs = np.array(list(case["costs"].values()))
    shares = np.array(list(found.shares.values()))
    load, whole = np.zeros(sizes.size), 0.0
    for target in found.targets:
        spread = np.array(list(case["spreads_by_variable"][target.variable].values()))
        goal = (target.target * case["totals"][target.variable]) ** 2
        limit = goal + sizes @ spread**2
        multiplier = target.price * (costs @ shares) * limit / goal
        load += multiplier * sizes**2 * spread**2 / limit
        whole += multiplier
    best = np.clip(np.sqrt(load / costs), floor, sizes)
    return float(costs @ best + (load / best).sum() - whole)


@given(targets_case())
def test_multivariate_meets_every_target_and_nothing_costs_less(case):
    found = allocate_multivariate(**case)
    for target in found.targets:
        assert target.reached <= target.target * (1 + 1e-9)
        assert target.price >= 0
    for key, n in found.items():
        assert 1 <= n <= case["stratum_sizes"][key]
        assert -1e-9 <= n - found.shares[key] < 1
    cost = sum(case["costs"][key] * share for key, share in found.shares.items())
    assert cost_bound(case, found, 1.0) == pytest.approx(cost, rel=1e-7)
    turned = case | {"stratum_sizes": dict(reversed(case["stratum_sizes"].items()))}
    assert dict(allocate_multivariate(**turned)) == dict(found)


def test_one_target_is_the_neyman_size():
    sizes, spreads = {"a": 400, "b": 900}, {"a": 3.0, "b": 5.0}
    found = allocate_multivariate(sizes, {"y": spreads}, 0.05, totals={"y": 9000.0}, floor=0)
    reach = sum(sizes[key] * spreads[key] for key in sizes) ** 2
    n = reach / ((0.05 * 9000) ** 2 + sum(sizes[key] * spreads[key] ** 2 for key in sizes))
    assert found.uncapped_size == pytest.approx(n, rel=1e-9)
    assert sum(found.shares.values()) == pytest.approx(n, rel=1e-9)
    neyman = allocate_neyman(sizes, spreads, 100)
    assert found.shares["a"] / found.shares["b"] == pytest.approx(
        neyman.shares["a"] / neyman.shares["b"]
    )
    free = allocate_multivariate(sizes, {"y": spreads}, 0.05, totals={"y": -9000.0}, floor=0)
    assert dict(free) == dict(found)


AB, ONE = {"a": 10, "b": 20}, {"a": 1.0, "b": 1.0}


@pytest.mark.parametrize(
    ("call", "error", "code", "phrase"),
    [
        (
            lambda: allocate_proportional(AB, 10, floor=11),
            ArgumentError,
            "floor-impossible",
            "got 11 for stratum 'a', which can give 10",
        ),
        (
            lambda: allocate_proportional(AB, 10, floor=6),
            ArgumentError,
            "floor-impossible",
            "which need 12; got 10",
        ),
        (lambda: allocate_proportional(AB, 31), FrameTooSmallError, "frame-too-small", "got 30"),
        (
            lambda: allocate_proportional(AB, 10, cap=4),
            FrameTooSmallError,
            "frame-too-small",
            "got 8 within sizes and caps",
        ),
        (lambda: allocate_proportional({}, 1), EmptyStratumError, "empty-stratum", "at least one"),
        (lambda: allocate_proportional([1], 1), ArgumentError, "not-by-stratum", "got list"),
        (lambda: allocate_proportional({"a": 1.5}, 1), ArgumentError, "count-outside", "'a'"),
        (
            lambda: allocate_proportional(pd.Series([1, 2], index=["a", "a"]), 1),
            ArgumentError,
            "stratum-twice",
            "index unique",
        ),
        (
            lambda: allocate_equal(AB, 5, take_all=["c"]),
            ArgumentError,
            "stratum-unknown",
            "take_all must name strata",
        ),
        (lambda: allocate_equal(AB, 5, floor={"c": 1}), ArgumentError, "stratum-unknown", "floor"),
        (
            lambda: allocate_neyman(AB, {"a": 1.0}, 5),
            ArgumentError,
            "strata-missing",
            "got none for 'b'",
        ),
        (
            lambda: allocate_neyman(AB, ONE, 5, rounding="up"),
            ArgumentError,
            "choice-unknown",
            "rounding",
        ),
        (lambda: allocate_optimal(AB, ONE, ONE), ArgumentError, "size-or-budget", "got neither"),
        (lambda: allocate_optimal(AB, ONE, ONE, 5, 9.0), ArgumentError, "size-or-budget", "both"),
        (
            lambda: allocate_optimal(AB, ONE, ONE, budget=3.0, floor=2),
            ArgumentError,
            "floor-impossible",
            "which cost 4; got 3",
        ),
        (
            lambda: allocate_optimal(AB, ONE, {"a": 0, "b": 1}, 5),
            ArgumentError,
            "number-outside",
            "above 0",
        ),
        (lambda: allocate_power(AB, ONE, 5, 2), ArgumentError, "number-outside", "at most 1"),
        (
            lambda: allocate_multivariate(AB, {}, 0.1, totals={}),
            ArgumentError,
            "variables-missing",
            "at least one variable",
        ),
        (
            lambda: allocate_multivariate(AB, {"y": ONE}, {"z": 0.1}, totals={"y": 1.0}),
            ArgumentError,
            "variables-missing",
            "targets must name every variable",
        ),
        (
            lambda: allocate_multivariate(AB, {"y": ONE}, 5, totals={"y": 1.0}),
            ArgumentError,
            "fraction-outside",
            "0.05",
        ),
        (
            lambda: allocate_multivariate(AB, {"y": ONE}, 0.01, totals={"y": 90.0}, cap=3),
            FrameTooSmallError,
            "frame-too-small",
            "even with every stratum at its cap",
        ),
    ],
)
def test_refusals(call, error, code, phrase):
    with pytest.raises(error, match=phrase) as caught:
        call()
    assert caught.value.code == code
