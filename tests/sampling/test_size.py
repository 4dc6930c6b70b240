import math

import pytest
from golden_cases import load_golden
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sampling import (
    ArgumentError,
    FrameTooSmallError,
    detection_prob,
    interval_hypergeometric,
    optimal_cluster_take,
    size_for_detection,
    size_for_proportion,
)

margins = st.floats(0.005, 0.2)
shares = st.floats(0.01, 0.99)


def test_steps_golden():
    case = load_golden("size_steps")
    plan = size_for_proportion(
        0.01, expected=0.02, deff=1.5, population_size=2000, response_rate=0.8
    )
    for step in ("simple", "after_deff", "after_fpc", "after_response"):
        assert getattr(plan, step) == case.approx(step)
    assert plan.n == case.values["n"]
    alone = size_for_proportion(0.01, expected=0.02, population_size=2000)
    assert alone.after_fpc == case.approx("after_fpc_alone")


def test_takes_golden():
    case = load_golden("size_steps")
    costs = [(400, 10, 0.05), (100, 4, 0.05), (400, 10, 0.15)]
    assert [optimal_cluster_take(*cost).take for cost in costs] == case.approx("takes")


@pytest.mark.parametrize("rate", [2, 3])
def test_detection_sizes_with_errors_golden(rate):
    table = load_golden("detection_sizes").values["by_errors"][str(rate)]
    for size, wanted in table.items():
        population = None if size == "unlimited" else int(size)
        found = [
            size_for_detection(rate / 100, errors=k, population_size=population).n for k in range(4)
        ]
        assert found == wanted


def test_clean_detection_sizes_golden():
    for key, table in load_golden("detection_sizes").values["clean"].items():
        rate, risk = (int(part) for part in key.split("/"))
        for size, wanted in table.items():
            found = size_for_detection(
                rate / 100, confidence=(100 - risk) / 100, population_size=int(size)
            )
            assert found.n == wanted


@given(margin=margins, expected=shares, deff=st.floats(0.5, 5), response=st.floats(0.2, 1))
def test_size_shrinks_with_margin_and_grows_with_the_rest(margin, expected, deff, response):
    options = {"expected": expected, "deff": deff, "response_rate": response}
    plan = size_for_proportion(margin, **options)
    assert plan.n >= plan.after_response > plan.n - 1 - 1e-6
    assert size_for_proportion(margin * 1.1, **options).n <= plan.n
    assert size_for_proportion(margin, **options | {"deff": deff * 1.5}).n >= plan.n
    assert size_for_proportion(margin, confidence=0.99, **options).n >= plan.n
    mirrored = size_for_proportion(margin, **options | {"expected": 1 - expected})
    assert mirrored.after_response == pytest.approx(plan.after_response)


@given(margin=margins, expected=shares, size=st.integers(1, 5000))
def test_frame_is_never_exceeded(margin, expected, size):
    plan = size_for_proportion(margin, expected=expected, population_size=size)
    assert 1 <= plan.n <= size


def test_whole_sizes_do_not_jump_up_by_dust():
    z = stats.norm.isf(0.025)
    plan = size_for_proportion(float(z) * 0.5 / 10)
    assert plan.n == 100


@given(rate=st.floats(0.01, 0.3), errors=st.integers(0, 5))
def test_detection_size_is_the_smallest(rate, errors):
    plan = size_for_detection(rate, errors=errors)
    assert stats.binom.cdf(errors, plan.n, rate) <= 0.05
    assert stats.binom.cdf(errors, plan.n - 1, rate) > 0.05
    assert plan.risk <= 0.05
    assert plan.n <= size_for_detection(rate, errors=errors, confidence=0.99).n


@given(
    size=st.integers(20, 400),
    rate=st.sampled_from([0.02, 0.05, 0.07, 0.1, 0.2]),
    errors=st.integers(0, 2),
)
def test_finite_detection_agrees_with_the_hypergeometric_limit(size, rate, errors):
    bad = math.ceil(round(rate * size, 9))
    if bad <= errors:
        with pytest.raises(FrameTooSmallError, match="Allow fewer"):
            size_for_detection(rate, errors=errors, population_size=size)
        return
    plan = size_for_detection(rate, errors=errors, population_size=size)
    assert plan.tolerable_count == bad
    shown = interval_hypergeometric(errors, plan.n, size, side="upper")
    assert round(shown.upper * size) < bad
    if plan.n - 1 > errors:
        fewer = interval_hypergeometric(errors, plan.n - 1, size, side="upper")
        assert round(fewer.upper * size) >= bad
    assert plan.n <= size_for_detection(rate, errors=errors).n


@given(
    size=st.integers(30, 300),
    rate=st.sampled_from([0.05, 0.1, 0.2]),
    errors=st.integers(0, 2),
    seen=st.floats(0.7, 1),
)
def test_detection_chance_is_what_the_size_was_found_by(size, rate, errors, seen):
    options = {"errors": errors, "sensitivity": seen}
    for frame in (None, size):
        try:
            plan = size_for_detection(rate, population_size=frame, **options)
        except FrameTooSmallError:
            assert detection_prob(rate, size, population_size=size, **options) < 0.95
            continue
        chance = detection_prob(rate, plan.n, population_size=frame, **options)
        assert chance >= 0.95 - 1e-12
        assert chance == pytest.approx(1 - plan.risk, abs=1e-12)
        if plan.n > errors + 1:
            fewer = detection_prob(rate, plan.n - 1, population_size=frame, **options)
            assert fewer < 0.95 + 1e-12
        perfect = size_for_detection(rate, errors=errors, population_size=frame)
        assert perfect.n <= plan.n


def test_detection_chance_with_sensitivity_is_that_of_all_ways_to_draw():
    """Frame of 6 with 2 errors, 3 drawn, each error seen with chance 0.8: by hand."""
    none, one, two = 4 / 20, 12 / 20, 4 / 20
    missed = none + one * 0.2 + two * 0.04
    found = detection_prob(1 / 3, 3, population_size=6, sensitivity=0.8)
    assert found == pytest.approx(1 - missed)
    within = detection_prob(1 / 3, 3, errors=1, population_size=6, sensitivity=0.8)
    assert within == pytest.approx(two * 0.64)


def test_a_budget_buys_psus():
    best = optimal_cluster_take(400, 10, 0.05)
    assert best.psus_for(10_000) * (400 + 10 * best.take) == pytest.approx(10_000)


@given(
    cost_psu=st.floats(1, 1000),
    cost_ssu=st.floats(1, 1000),
    icc=st.floats(0.001, 0.9),
    factor=st.floats(0.1, 10),
)
def test_no_other_take_costs_less(cost_psu, cost_ssu, icc, factor):
    best = optimal_cluster_take(cost_psu, cost_ssu, icc)
    assert best.excess_cost(best.take) == 0
    assert best.excess_cost(best.take * factor) >= -1e-12
    same = optimal_cluster_take(cost_psu * 3, cost_ssu * 3, icc)
    assert same.take == pytest.approx(best.take)


def test_flat_optimum():
    best = optimal_cluster_take(400, 10, 0.05)
    found = [round(best.excess_cost(best.take * factor), 2) for factor in (0.5, 1.5, 2)]
    assert found == [0.12, 0.04, 0.12]


@pytest.mark.parametrize(
    ("call", "code", "phrase"),
    [
        (lambda: size_for_proportion(5), "fraction-outside", "Write 0.05, not 5"),
        (lambda: size_for_proportion(0.05, population_size=0), "count-outside", "at least 1"),
        (lambda: size_for_proportion(0.05, deff=0), "number-outside", "deff"),
        (lambda: size_for_proportion(0.05, response_rate=0), "share-outside", "above 0"),
        (lambda: size_for_proportion("a"), "not-a-number", "plain number"),
        (
            lambda: size_for_proportion(0.01, population_size=100, response_rate=0.5),
            "frame-too-small",
            "needs 198 units at response_rate=0.5, but the frame holds 100",
        ),
        (lambda: size_for_detection(0.02, errors=-1), "count-outside", "errors"),
        (lambda: size_for_detection(2), "fraction-outside", "Write 0.02, not 2"),
        (lambda: size_for_detection(0.02, sensitivity=0), "share-outside", "sensitivity"),
        (
            lambda: size_for_detection(0.02, population_size=100, sensitivity=0.5),
            "frame-too-small",
            "even in a census",
        ),
        (lambda: detection_prob(0.02, 101, population_size=100), "count-outside", "1..100"),
        (lambda: optimal_cluster_take(400, 10, 0.05).psus_for(0), "number-outside", "budget"),
        (lambda: optimal_cluster_take(0, 1, 0.1), "number-outside", "cost_psu"),
        (lambda: optimal_cluster_take(1, 1, 0.0), "fraction-outside", "icc"),
    ],
)
def test_refusals(call, code, phrase):
    with pytest.raises((ArgumentError, FrameTooSmallError), match=phrase) as caught:
        call()
    assert caught.value.code == code
