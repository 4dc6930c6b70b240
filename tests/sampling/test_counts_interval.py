"""Poisson and gamma intervals, METHODS part 9 and AUDIT_SAMPLING part 2 among them."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sampling import ArgumentError, interval_gamma, interval_poisson, interval_stratified

G13 = ([2, 1, 4], [0.25 / 150, 0.72 / 120, 0.03 / 60])


@pytest.mark.parametrize(
    ("errors", "want"),
    [(0, 0.0201055857), (1, 0.0318380169), (2, 0.0422536485), (3, 0.0520379633), (4, 0.0614330136)],
)
def test_table_b8_of_audit_sampling_is_met(errors, want):
    """AUDIT_SAMPLING part 2, B8: Poisson upper limits for 149 units."""
    assert interval_poisson(errors, 149, side="upper").upper == pytest.approx(want, rel=1e-8)


def test_the_example_g13_of_methods_is_met():
    """METHODS part 9, G13."""
    feuer = interval_gamma(*G13, method="fay-feuer")
    assert (feuer.lower, feuer.upper) == pytest.approx((0.002352696471, 0.03853356885), rel=1e-6)
    mid = interval_gamma(*G13)
    assert (mid.lower, mid.upper) == pytest.approx((0.002940913722, 0.03473914824), rel=1e-6)
    whole = interval_stratified([2, 1, 4], [150, 120, 60], [2500, 7200, 300], method="gamma")
    assert (whole.lower, whole.upper) == pytest.approx((feuer.lower, feuer.upper), rel=1e-12)
    assert whole.route == "closed-form"


@given(st.integers(0, 60), st.floats(0.1, 1e5), st.sampled_from(["exact", "mid-p"]))
@settings(deadline=None, max_examples=50)
def test_poisson_limits_solve_their_equations(errors, exposure, method):
    found = interval_poisson(errors, exposure, method=method)
    half = 0.5 if method == "mid-p" else 1.0

    def below(mean):
        return stats.poisson.cdf(errors - 1, mean) + half * stats.poisson.pmf(errors, mean)

    def above(mean):
        return stats.poisson.sf(errors, mean) + half * stats.poisson.pmf(errors, mean)

    assert below(found.upper * exposure) == pytest.approx(0.025, rel=1e-7)
    assert found.lower <= errors / exposure <= found.upper
    if errors:
        assert above(found.lower * exposure) == pytest.approx(0.025, rel=1e-7)
    else:
        assert found.lower == 0.0


counted = st.lists(st.tuples(st.integers(0, 9), st.floats(0.0001, 0.01)), min_size=1, max_size=8)


@given(counted, st.floats(0.1, 10))
@settings(deadline=None, max_examples=50)
def test_gamma_limits_scale_nest_and_hold_the_sum(parts, factor):
    errors, weights = zip(*parts, strict=True)
    total = sum(x * w for x, w in parts)
    made = {}
    for method in ("fay-feuer", "mid-p", "tiwari"):
        found = interval_gamma(errors, weights, method=method, most=math.inf)
        assert found.lower <= total * (1 + 1e-12)
        assert found.upper >= total * (1 - 1e-12)
        scaled = interval_gamma(errors, [w * factor for w in weights], method=method, most=math.inf)
        assert (scaled.lower, scaled.upper) == pytest.approx(
            (found.lower * factor, found.upper * factor), rel=1e-9
        )
        made[method] = found
    assert made["mid-p"].upper <= made["fay-feuer"].upper * (1 + 1e-9)
    assert made["mid-p"].lower >= made["fay-feuer"].lower * (1 - 1e-9)
    assert made["tiwari"].upper <= made["fay-feuer"].upper * (1 + 1e-9)


@given(st.integers(0, 40), st.integers(1, 5000))
@settings(deadline=None, max_examples=50)
def test_one_weight_is_the_poisson_interval(errors, n):
    for method, poisson in (("fay-feuer", "exact"), ("tiwari", "exact"), ("mid-p", "mid-p")):
        found = interval_gamma([errors], [1 / n], method=method, most=math.inf)
        want = interval_poisson(errors, n, method=poisson)
        assert (found.lower, found.upper) == pytest.approx((want.lower, want.upper), rel=1e-9)


def test_sides_have_the_natural_bound_on_the_other():
    assert interval_poisson(3, side="lower").upper == math.inf
    assert interval_gamma(*G13, side="lower").upper == 1.0
    assert interval_gamma(*G13, side="upper").lower == 0.0
    assert interval_gamma([0], [0.9]).upper == 1.0


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda: interval_gamma([], []), "length-differs"),
        (lambda: interval_gamma([1], [0.1, 0.2]), "length-differs"),
        (lambda: interval_gamma([0.5], [0.1]), "values-outside"),
        (lambda: interval_gamma([1], [0.0]), "values-outside"),
        (lambda: interval_gamma([1], [0.1], most=0), "number-outside"),
        (lambda: interval_poisson(-1), "count-outside"),
        (lambda: interval_poisson(1, 0), "number-outside"),
        (lambda: interval_poisson(1, method="x"), "choice-unknown"),
    ],
)
def test_requests_without_an_answer_are_refused(act, code):
    with pytest.raises(ArgumentError) as caught:
        act()
    assert caught.value.code == code
