"""The beta-binomial interval, against an independent quadrature and METHODS part 9."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from sampling import (
    ArgumentError,
    beta_binomial_limits,
    interval_beta_binomial,
    interval_clopper_pearson,
)

FEW = [0, 0, 0, 1, 0, 0, 2, 0, 0, 0]
NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)


def panels(low, high, count):
    """Composite Gauss-Legendre nodes and weights."""
    edges = np.linspace(low, high, count + 1)
    half = np.diff(edges)[:, None] / 2
    at = (edges[:-1, None] + half) + half * NODES
    return at.ravel(), (half * WEIGHTS).ravel()


def by_quadrature(errors, n, prior, tail=0.025):
    """Both limits by Gauss-Legendre panels and root finding: other nodes, other functions."""
    odds, weight = panels(-26, 9, 28)
    log_weight = (
        prior[0] * special.log_expit(odds) + prior[1] * special.log_expit(-odds) + np.log(weight)
    )
    size = np.exp(-odds)

    # A product, not gamma functions: exact for any correlation. How many PSUs reach each unit:
    y, b = np.array(errors), np.array(n)
    reach = [[int((v > i).sum()) for i in range(v.max())] for v in (y, b - y, b)]

    def log_likelihood(logit):
        p, q = special.expit(logit)[:, None], special.expit(-logit)[:, None]
        total = log_weight + np.zeros_like(p)
        for sign, base, counts in zip((1, 1, -1), (p, q, 1.0), reach, strict=True):
            for i, count in enumerate(counts):
                total += sign * count * np.log(base * size + i)
        return special.logsumexp(total, axis=1)

    at, width = panels(-28, 28, 112)
    logs = log_likelihood(at)
    top = logs.max()
    limits = []
    for sign, chance in ((-1, tail), (1, 1 - tail)):
        mass = np.exp(logs - top) * special.expit(sign * at) * width
        cell = int(np.searchsorted(np.cumsum(mass) / mass.sum(), chance)) // len(NODES)
        start, before = -28 + cell / 2, mass[: cell * len(NODES)].sum()

        def gap(x, sign=sign, start=start, before=before, mass=mass, chance=chance):
            inner, part = panels(start, x, 1)
            more = np.exp(log_likelihood(inner) - top) * special.expit(sign * inner) * part
            return (before + more.sum()) / mass.sum() - chance

        limits.append(special.expit(optimize.brentq(gap, start + 1e-9, start + 0.5, xtol=1e-12)))
    return limits


CASES = {
    "no event": ([0] * 10, [30] * 10),
    "few events": (FEW, [30] * 10),
    "one PSU": ([3], [30]),
    "unequal PSUs": ([0, 1, 0, 4, 0, 2], [5, 8, 12, 20, 3, 9]),
    "one PSU wholly wrong": ([12] + [0] * 7, [12] * 8),
    "all events": ([9] * 4, [9] * 4),
    "alike to the unit": ([1] * 20, [10] * 20),
    "many events": ([7, 3, 5, 9, 2, 8, 4, 6], [10] * 8),
}


@pytest.mark.parametrize("prior", [(1.5, 20), (1, 9), (40, 760), (0.7, 4)])
@pytest.mark.parametrize("name", CASES)
def test_limits_are_those_of_an_independent_quadrature(name, prior):
    errors, n = CASES[name]
    want = by_quadrature(errors, n, prior)
    found = interval_beta_binomial(errors, n, prior=prior)
    assert found.lower == pytest.approx(0.0 if sum(errors) == 0 else want[0], rel=1e-6)
    assert found.upper == pytest.approx(1.0 if sum(errors) == sum(n) else want[1], rel=1e-6)


def test_the_example_g9_of_methods_is_met():
    """METHODS part 9, G9, tolerance 5e-4."""
    assert interval_beta_binomial([0] * 10, [30] * 10).upper == pytest.approx(0.0275516, rel=5e-4)
    few = interval_beta_binomial(FEW, [30] * 10)
    assert (few.lower, few.upper) == pytest.approx((0.0014710, 0.0541576), rel=5e-4)
    clean = interval_beta_binomial([0] * 30, [33] * 30)
    assert clean.upper == pytest.approx(0.0088288, rel=5e-4)


def test_the_example_g11_of_methods_is_met():
    """METHODS part 9, G11, tolerance 1e-3."""
    found = interval_beta_binomial([0] * 10, [30] * 10, icc=1e-5)
    assert found.upper == pytest.approx(0.0122229, rel=1e-3)


@st.composite
def clusters(draw):
    n = draw(st.lists(st.integers(1, 40), min_size=1, max_size=12))
    return [draw(st.one_of(st.just(0), st.integers(0, b))) for b in n], n


@given(clusters())
@settings(deadline=None, max_examples=50)
def test_without_correlation_the_limits_are_clopper_pearsons(sample):
    errors, n = sample
    for icc in (0.0, 1e-13):
        found = interval_beta_binomial(errors, n, icc=icc)
        exact = interval_clopper_pearson(sum(errors), sum(n))
        assert (found.lower, found.upper) == pytest.approx((exact.lower, exact.upper), rel=1e-6)


@given(clusters(), st.sampled_from([None, 0.02, 0.3]))
@settings(deadline=None, max_examples=40)
def test_limits_mirror_and_hold_the_middle(sample, icc):
    errors, n = sample
    found = interval_beta_binomial(errors, n, icc=icc)
    other = interval_beta_binomial([b - y for y, b in zip(errors, n, strict=True)], n, icc=icc)
    assert (1 - other.upper, 1 - other.lower) == pytest.approx((found.lower, found.upper), abs=1e-7)
    assert 0 <= found.lower < found.upper <= 1
    wide = interval_beta_binomial(errors, n, icc=icc, confidence=0.99)
    assert wide.lower <= found.lower + 1e-9
    assert wide.upper >= found.upper - 1e-9
    one = interval_beta_binomial(errors, n, icc=icc, confidence=0.975, side="upper")
    assert (one.lower, one.upper) == (0.0, pytest.approx(found.upper, rel=1e-9))


@given(st.integers(2, 30), st.integers(2, 40), st.floats(0.001, 0.6))
@settings(deadline=None, max_examples=40)
def test_upper_limit_without_events_falls_with_psus_and_rises_with_correlation(psus, take, icc):
    def upper(m, b, rho):
        return interval_beta_binomial([0] * m, [b] * m, icc=rho).upper

    here = upper(psus, take, icc)
    assert upper(psus + 1, take, icc) < here < upper(psus, take, icc * 1.2)
    assert upper(psus, take + 1, icc) < here


@given(st.lists(clusters(), min_size=1, max_size=8), st.sampled_from([None, 0.05, "each"]))
@settings(deadline=None, max_examples=25)
def test_many_areas_at_once_are_as_one_by_one(areas, icc):
    errors = [y for sample in areas for y in sample[0]]
    n = [b for sample in areas for b in sample[1]]
    area = [place for place, sample in enumerate(areas) for _ in sample[0]]
    each = [0.01 + 0.02 * place if icc == "each" else icc for place in range(len(areas))]
    lower, upper = beta_binomial_limits(errors, n, area, icc=each if icc == "each" else icc)
    for place, sample in enumerate(areas):
        one = interval_beta_binomial(*sample, icc=each[place])
        assert lower[place] == pytest.approx(one.lower, rel=2e-6)
        assert upper[place] == pytest.approx(one.upper, rel=2e-6)


def test_a_distribution_of_the_correlation_lies_between_its_values():
    ends = [interval_beta_binomial(FEW, [30] * 10, icc=rho).upper for rho in (0.02, 0.2)]
    mixed = interval_beta_binomial(FEW, [30] * 10, icc={0.02: 1.0, 0.2: 1.0}).upper
    assert ends[0] < mixed < ends[1]
    point = interval_beta_binomial(FEW, [30] * 10, icc={0.02: 3.0, 0.2: 0.0}).upper
    assert point == pytest.approx(ends[0], rel=1e-12)


def test_a_sharp_prior_is_as_the_value_it_points_to():
    sharp = interval_beta_binomial(FEW, [30] * 10, prior=(5e4, 95e4))
    known = interval_beta_binomial(FEW, [30] * 10, icc=0.05)
    assert (sharp.lower, sharp.upper) == pytest.approx((known.lower, known.upper), rel=1e-4)


def test_clusters_that_contradict_the_prior_still_speak():
    """A hundred PSUs alike to the unit, under a prior that swears on correlation .05."""
    errors, n = [5] * 40, [50] * 40
    want = by_quadrature(errors[:8], n[:8], (50, 950))
    found = interval_beta_binomial(errors[:8], n[:8], prior=(50, 950))
    assert (found.lower, found.upper) == pytest.approx(tuple(want), rel=1e-6)


def test_psus_may_be_named_and_stand_in_any_order():
    named = interval_beta_binomial({"a": 1, "b": 0}, {"b": 20, "a": 30})
    assert named == interval_beta_binomial([0, 1], [20, 30])


@pytest.mark.parametrize(
    ("act", "code", "phrase"),
    [
        (lambda: interval_beta_binomial([], []), "length-differs", "at least one"),
        (lambda: interval_beta_binomial([1], [2, 3]), "length-differs", "both counts"),
        (lambda: interval_beta_binomial([3], [2]), "counts-outside", "3 of 2"),
        (lambda: interval_beta_binomial([0, 0], [2, 0]), "counts-outside", "PSU 1"),
        (lambda: interval_beta_binomial([0.5], [2]), "counts-outside", "whole numbers"),
        (lambda: interval_beta_binomial({"a": 0}, [2]), "keys-differ", "one sequence"),
        (lambda: interval_beta_binomial({"a": 0}, {"b": 2}), "keys-differ", "keys differ"),
        (lambda: interval_beta_binomial([0], [2], icc=1.0), "share-outside", "below 1"),
        (lambda: interval_beta_binomial([0], [2], icc=5), "share-outside", "0.05"),
        (lambda: interval_beta_binomial([0], [2], icc={0.1: 0.0}), "weights-none", "more than 0"),
        (lambda: interval_beta_binomial([0], [2], prior=(0, 9)), "number-outside", "prior[0]"),
        (lambda: beta_binomial_limits([0], [2], [1], icc=[0.1, 0.2]), "length-differs", "sorted"),
    ],
)
def test_requests_without_an_answer_are_refused(act, code, phrase):
    with pytest.raises(ArgumentError) as caught:
        act()
    assert caught.value.code == code
    assert phrase in str(caught.value)
