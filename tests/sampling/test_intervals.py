import numpy as np
import pytest
from golden_cases import load_golden
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sampling import (
    ArgumentError,
    interval_clopper_pearson,
    interval_hypergeometric,
    interval_jeffreys,
    interval_korn_graubard,
    interval_mid_p,
    interval_wilson,
    korn_graubard_limits,
)

BINOMIAL = [interval_clopper_pearson, interval_wilson, interval_mid_p, interval_jeffreys]
counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
confidences = st.floats(0.6, 0.995)


def limits(interval):
    return [interval.lower, interval.upper]


@pytest.mark.parametrize(("errors", "n"), [(0, 300), (3, 300), (6, 300), (2, 1000), (20, 1000)])
def test_clopper_pearson_golden(errors, n):
    case = load_golden("binomial_intervals")
    found = limits(interval_clopper_pearson(errors, n))
    assert found == case.approx(f"clopper_pearson_{errors}_{n}")


def test_one_sided_and_other_intervals_golden():
    case = load_golden("binomial_intervals")
    upper = interval_clopper_pearson(0, 300, side="upper")
    assert upper.upper == case.approx("clopper_pearson_upper_0_300")
    assert upper.lower == 0
    assert interval_mid_p(0, 300).upper == case.approx("mid_p_0_300_upper")
    assert limits(interval_mid_p(3, 300)) == case.approx("mid_p_3_300")
    assert limits(interval_wilson(3, 300)) == case.approx("wilson_3_300")
    assert limits(interval_jeffreys(3, 300)) == case.approx("jeffreys_3_300")


def test_planned_design_effects_golden():
    case = load_golden("village_events")
    for icc in ("0.05", "0.10"):
        lower, upper = korn_graubard_limits(0.01, case.values[f"n_used_{icc}"])
        assert [lower, upper] == case.approx(f"interval_{icc}")


@pytest.mark.parametrize("function", BINOMIAL)
@given(counts=counts, confidence=confidences)
def test_interval_contains_the_share_and_mirrors(function, counts, confidence):
    errors, n = counts
    there = function(errors, n, confidence=confidence)
    back = function(n - errors, n, confidence=confidence)
    assert 0 <= there.lower <= errors / n <= there.upper <= 1
    assert there.lower < there.upper
    assert [1 - back.upper, 1 - back.lower] == pytest.approx(limits(there), abs=1e-9)


@pytest.mark.parametrize("function", BINOMIAL)
@given(counts=counts, confidence=confidences)
def test_interval_widens_with_confidence_and_narrows_with_n(function, counts, confidence):
    errors, n = counts
    there = function(errors, n, confidence=confidence)
    surer = function(errors, n, confidence=confidence + 0.004)
    assert surer.lower <= there.lower
    assert surer.upper >= there.upper
    larger = function(4 * errors, 4 * n, confidence=confidence)
    assert larger.upper - larger.lower < there.upper - there.lower


@pytest.mark.parametrize("function", BINOMIAL)
@given(counts=counts)
def test_one_sided_limits_are_those_of_twice_the_risk(function, counts):
    both = function(*counts, confidence=0.90)
    assert function(*counts, side="upper").upper == pytest.approx(both.upper, rel=1e-9)
    assert function(*counts, side="lower").lower == pytest.approx(both.lower, rel=1e-9)


@given(counts=counts)
def test_clopper_pearson_inverts_the_test(counts):
    errors, n = counts
    found = interval_clopper_pearson(errors, n)
    if errors < n:
        assert stats.binom.cdf(errors, n, found.upper) == pytest.approx(0.025, rel=1e-8)
    if errors > 0:
        assert stats.binom.sf(errors - 1, n, found.lower) == pytest.approx(0.025, rel=1e-8)


@given(size=st.integers(1, 60), data=st.data())
def test_hypergeometric_limits_are_the_kept_counts(size, data):
    n = data.draw(st.integers(1, size))
    errors = data.draw(st.integers(0, n))
    kept = [
        m
        for m in range(errors, size - n + errors + 1)
        if stats.hypergeom.cdf(errors, size, m, n) > 0.025
        and stats.hypergeom.sf(errors - 1, size, m, n) > 0.025
    ]
    found = interval_hypergeometric(errors, n, size)
    assert limits(found) == [min(kept) / size, max(kept) / size]
    mirror = interval_hypergeometric(n - errors, n, size)
    assert [1 - mirror.upper, 1 - mirror.lower] == pytest.approx(limits(found), abs=1e-12)


def test_hypergeometric_upper_limits_of_149():
    found = [interval_hypergeometric(k, 149, 1000, side="upper").upper for k in range(5)]
    assert found == [0.018, 0.029, 0.039, 0.048, 0.057]


def test_census_leaves_no_width():
    assert limits(interval_hypergeometric(3, 200, 200)) == [0.015, 0.015]


def test_hypergeometric_lower_limit_without_errors_is_zero():
    assert interval_hypergeometric(0, 20, 1000, side="lower").lower == 0


@given(
    p=st.floats(0, 1),
    size=st.floats(0.5, 5000),
    confidence=confidences,
)
def test_effective_size_limits_contain_mirror_and_narrow(p, size, confidence):
    lower, upper = korn_graubard_limits(p, size, confidence=confidence)
    assert 0 <= lower <= p <= upper <= 1
    assert lower < upper
    back = korn_graubard_limits(1 - p, size, confidence=confidence)
    assert [1 - back[1], 1 - back[0]] == pytest.approx([float(lower), float(upper)], abs=1e-8)
    narrow = korn_graubard_limits(p, 4 * size, confidence=confidence)
    assert narrow[1] - narrow[0] < upper - lower


def test_effective_size_limits_take_arrays():
    p = np.array([[0.0, 0.01, 1.0]])
    size = np.array([[100.0], [250.5]])
    lower, upper = korn_graubard_limits(p, size)
    assert lower.shape == upper.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        one = korn_graubard_limits(p[0, j], size[i, 0])
        assert (lower[i, j], upper[i, j]) == one


def test_no_effective_size_says_nothing():
    assert korn_graubard_limits(0.3, 0.0) == (0, 1)


def test_korn_graubard_cap():
    capped = interval_korn_graubard(0.02, 300, 600.0, 20)
    assert limits(capped) == pytest.approx(limits(interval_clopper_pearson(6, 300)), rel=1e-12)
    free = interval_korn_graubard(0.02, 300, 600.0, 20, cap="none")
    assert free.upper < capped.upper


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_korn_graubard_at_the_ends_uses_n(share):
    found = interval_korn_graubard(share, 300, None, 9)
    assert limits(found) == limits(interval_clopper_pearson(int(300 * share), 300))


def test_korn_graubard_without_degrees_of_freedom_says_nothing():
    assert limits(interval_korn_graubard(0.1, 30, 25.0, 0)) == [0, 1]


@pytest.mark.parametrize(
    ("call", "code", "phrase"),
    [
        (lambda: interval_wilson(4, 3), "count-outside", "in 0..3"),
        (lambda: interval_wilson(0, 0), "count-outside", "at least 1"),
        (lambda: interval_wilson(1.0, 3), "count-outside", "whole number"),
        (lambda: interval_mid_p(1, 3, confidence=95), "fraction-outside", "Write 0.95, not 95"),
        (lambda: interval_jeffreys(1, 3, side="both"), "choice-unknown", "'two-sided'"),
        (lambda: interval_hypergeometric(1, 30, 20), "count-outside", "population_size"),
        (lambda: korn_graubard_limits([0.1, 1.2], 10), "share-outside", "1.2"),
        (lambda: korn_graubard_limits(0.1, [-1.0]), "number-outside", "n_star"),
        (lambda: korn_graubard_limits(float("nan"), 5), "share-outside", "nan"),
        (lambda: interval_korn_graubard(0.1, 1, 5.0, 3), "count-outside", "at least 2"),
        (lambda: interval_korn_graubard(0.1, 9, 0.0, 3), "number-outside", "n_effective"),
    ],
)
def test_refusals(call, code, phrase):
    with pytest.raises(ArgumentError, match=phrase) as caught:
        call()
    assert caught.value.code == code
