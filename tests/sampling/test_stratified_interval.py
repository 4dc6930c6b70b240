"""Stratified bounds against AUDIT_SAMPLING table H, and against all that a population can hold."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sampling import ArgumentError, interval_hypergeometric, interval_stratified
from sampling.intervals.enumerated import chernoff_bound, enumerate_bound, near_bound

COUNTY = (1000, 400, 2600)
SMALL = (500, 300, 200)


def upper(errors, n, sizes, method="exact", **more):
    return interval_stratified(errors, n, sizes, method=method, side="upper", **more)


@pytest.mark.parametrize(
    ("sizes", "n", "errors", "exact", "fisher", "wright"),
    [
        (COUNTY, (60, 50, 90), (1, 0, 2), 183, 292, 335),
        (COUNTY, (60, 50, 90), (0, 0, 0), 83, 172, 205),
        (COUNTY, (50, 20, 130), (0, 0, 0), 57, 120, 226),
        (COUNTY, (50, 20, 130), (1, 0, 1), 122, 188, 299),
        (SMALL, (75, 45, 30), (0, 0, 0), 18, 37, 71),
        (SMALL, (75, 45, 30), (1, 0, 0), 29, 50, 83),
    ],
)
def test_table_h_of_audit_sampling_is_met(sizes, n, errors, exact, fisher, wright):
    """AUDIT_SAMPLING part 2, table H: one-sided 95 % upper counts."""
    found = upper(errors, n, sizes)
    assert (found.upper_count, found.upper_least) == (exact, exact)
    assert found.route == ("greedy" if not any(errors) else "enumeration")
    assert upper(errors, n, sizes, "fisher").upper_count == fisher
    assert upper(errors, n, sizes, "wright").upper_count == wright
    assert found.upper == exact / sum(sizes)


def test_table_h_twenty_five_strata_without_errors():
    """AUDIT_SAMPLING part 2, table H, last row; part 1: a peer gives 7.3 % by random draws."""
    found = upper([0] * 25, [16] * 25, [200] * 25)
    assert (found.upper_count, found.upper, found.route) == (35, 0.007, "greedy")
    assert upper([0] * 25, [16] * 25, [200] * 25) == found


@pytest.mark.parametrize(
    ("errors", "want"), [(0, 18), (1, 29), (2, 39), (3, 48), (4, 57), (5, 66), (6, 74)]
)
def test_table_h_upper_bounds_by_total_errors(errors, want):
    """AUDIT_SAMPLING part 2, below table H."""
    assert upper((errors, 0, 0), (75, 45, 30), SMALL).upper_count == want


@pytest.mark.parametrize(
    ("total", "want"), [(19, 0.0444), (20, 0.0376), (30, 0.0459), (40, 0.0456)]
)
def test_the_bound_fails_no_more_often_than_promised(total, want):
    """AUDIT_SAMPLING part 2, below table H: largest non-coverage over all allocations."""
    n, sizes = (75, 45, 30), SMALL
    # The bound depends on the total alone here: the sample is proportional.
    reach = [upper((k, 0, 0), n, sizes).upper_count for k in range(7)]
    missed = sum(bound < total for bound in reach)
    worst = 0.0
    for first in range(total + 1):
        for second in range(total + 1 - first):
            held = (first, second, total - first - second)
            chance = np.ones(1)
            for events, m, size in zip(held, n, sizes, strict=True):
                chance = np.convolve(chance, stats.hypergeom.pmf(range(missed), size, events, m))
            worst = max(worst, chance[:missed].sum())
    assert worst == pytest.approx(want, abs=5e-5)
    assert worst <= 0.05


def by_force(errors, n, sizes, tail, at_least=False):
    """The bound by the definition, all numbers of events one by one."""
    scale = np.array(sizes) / np.array(n)
    seen = float(scale @ np.array(errors))
    allowed = [range(x, s - (m - x) + 1) for x, m, s in zip(errors, n, sizes, strict=True)]
    samples = list(itertools.product(*(range(m + 1) for m in n)))
    value = np.array([float(scale @ np.array(xs)) for xs in samples])
    counted = value >= seen - 1e-9 if at_least else value <= seen + 1e-9
    sums = []
    for held in itertools.product(*allowed):
        chance = np.ones(len(samples))
        for h, events in enumerate(held):
            pmf = stats.hypergeom.pmf(range(n[h] + 1), sizes[h], events, n[h])
            chance *= pmf[[xs[h] for xs in samples]]
        if chance[counted].sum() > tail * (1 + 1e-12):
            sums.append(sum(held))
    return min(sums) if at_least else max(sums)


@st.composite
def strata(draw, most=3, proportional=False):
    count = draw(st.integers(1, most))
    n = [draw(st.integers(1, 4)) for _ in range(count)]
    sizes = [4 * m if proportional else m + draw(st.integers(0, 9)) for m in n]
    return [draw(st.integers(0, m)) for m in n], n, sizes


@given(strata())
@settings(deadline=None, max_examples=40)
def test_limits_are_those_of_the_definition(sample):
    found = interval_stratified(*sample, confidence=0.9)
    assert found.route != "bracket"
    assert found.upper_count == by_force(*sample, 0.05)
    assert found.lower_count == by_force(*sample, 0.05, at_least=True)


@given(strata())
@settings(deadline=None, max_examples=40)
def test_limits_hold_the_estimate_and_mirror(sample):
    errors, n, sizes = sample
    rate = sum(s * x / m for x, m, s in zip(errors, n, sizes, strict=True)) / sum(sizes)
    other = [m - x for x, m in zip(errors, n, strict=True)]
    for method in ("exact", "fisher", "wright"):
        found = interval_stratified(*sample, method=method, confidence=0.9)
        # Counts are whole, estimates need not be.
        assert found.lower <= rate + 1 / sum(sizes)
        assert found.upper >= rate - 1 / sum(sizes)
        turned = interval_stratified(other, n, sizes, method=method, confidence=0.9)
        total = found.population_size
        assert (total - turned.upper_count, total - turned.lower_count) == (
            found.lower_count,
            found.upper_count,
        )
        if sum(errors) == 0:
            assert found.lower == 0.0


@given(st.integers(1, 12), st.integers(0, 12), st.integers(0, 40))
@settings(deadline=None, max_examples=50)
def test_one_stratum_is_the_hypergeometric_interval(n, errors, more):
    errors = min(errors, n)
    found = interval_stratified([errors], [n], [n + more], confidence=0.9)
    want = interval_hypergeometric(errors, n, n + more, confidence=0.9)
    assert (found.lower, found.upper) == (want.lower, want.upper)


def test_a_chance_equal_to_the_risk_is_rejected():
    """Three of six seen without an event: with three held the chance of it is 1/20 exactly."""
    assert interval_hypergeometric(0, 3, 6, side="upper").upper == 2 / 6
    assert interval_stratified([0], [3], [6], side="upper").upper == 2 / 6


def test_the_lower_limit_without_errors_is_zero():
    """AUDIT_SAMPLING part 1: a peer gives 0.001 for N=1000, n=20, no errors."""
    assert interval_hypergeometric(0, 20, 1000).lower == 0.0
    assert interval_stratified([0], [20], [1000]).lower == 0.0


@given(strata(most=4, proportional=True))
@settings(deadline=None, max_examples=40)
def test_the_stratum_by_stratum_bound_holds_the_exact_one(sample):
    parts = [np.array(part) for part in sample]
    if not 0 < parts[0].sum() <= 3:
        return
    outer, inner = near_bound(*parts, 0.05)
    exact = enumerate_bound(*parts, 0.05, "at-most")
    assert inner <= exact <= outer
    if parts[0].sum() == 1:
        assert inner == outer


@given(strata())
@settings(deadline=None, max_examples=40)
def test_the_exponential_bound_is_never_inside(sample):
    parts = [np.array(part) for part in sample]
    assert chernoff_bound(*parts, 0.05) >= enumerate_bound(*parts, 0.05, "at-most")


def test_one_error_in_twenty_five_towns_is_exact_and_two_nearly():
    one = upper([1] + [0] * 24, [16] * 25, [200] * 25)
    assert (one.route, one.upper_count, one.upper_least) == ("enumeration", 57, 57)
    two = upper([1, 1] + [0] * 23, [16] * 25, [200] * 25)
    assert two.upper_least <= two.upper_count <= two.upper_least + 6
    assert two.upper_count > one.upper_count
    assert "or beyond" in str(two)


def test_unequal_strata_with_errors_give_a_bracket_that_says_so():
    found = interval_stratified([1, 0, 2] + [0] * 9, list(range(10, 22)), [200] * 12)
    assert found.route == "bracket"
    assert found.lower_count <= found.lower_most < found.upper_least <= found.upper_count
    fisher = interval_stratified(
        [1, 0, 2] + [0] * 9, list(range(10, 22)), [200] * 12, method="fisher"
    )
    assert found.upper_count < fisher.upper_count


def test_strata_may_be_named_and_stand_in_any_order():
    named = interval_stratified({"a": 1, "b": 0}, {"b": 20, "a": 10}, {"b": 90, "a": 50})
    assert named == interval_stratified([0, 1], [20, 10], [90, 50])


def test_a_census_knows_the_rate():
    found = interval_stratified([2, 0], [20, 30], [20, 30])
    assert (found.lower, found.upper) == (0.04, 0.04)
    full = interval_stratified([20, 30], [20, 30], [90, 80])
    assert full.upper == 1.0


@pytest.mark.parametrize(
    ("act", "code", "phrase"),
    [
        (lambda: interval_stratified([], [], []), "length-differs", "at least one"),
        (lambda: interval_stratified([1], [2], [3, 4]), "length-differs", "all three"),
        (lambda: interval_stratified([3], [2], [9]), "counts-outside", "stratum 0"),
        (lambda: interval_stratified([0, 0], [2, 9], [9, 8]), "counts-outside", "stratum 1"),
        (lambda: interval_stratified([0.5], [2], [9]), "counts-outside", "whole"),
        (lambda: interval_stratified({"a": 0}, [2], [9]), "keys-differ", "1 mappings"),
        (lambda: interval_stratified({"a": 0}, {"b": 2}, {"a": 9}), "keys-differ", "same strata"),
        (lambda: interval_stratified([0], [2], [9], method="best"), "choice-unknown", "'best'"),
    ],
)
def test_requests_without_an_answer_are_refused(act, code, phrase):
    with pytest.raises(ArgumentError) as caught:
        act()
    assert caught.value.code == code
    assert phrase in str(caught.value)
