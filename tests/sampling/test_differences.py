"""Interval for the difference of two proportions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from sampling import ArgumentError, interval_difference

METHODS = ("newcombe", "miettinen-nurminen", "agresti-caffo")


@st.composite
def samples(draw):
    n = draw(st.integers(1, 300))
    return draw(st.integers(0, n)), n


@pytest.mark.parametrize("method", METHODS)
@given(first=samples(), second=samples())
def test_difference_mirrors_lies_in_range_and_widens(method, first, second):
    found = interval_difference(first, second, method=method)
    assert -1 <= found.lower < found.upper <= 1
    swapped = interval_difference(second, first, method=method)
    assert (swapped.lower, swapped.upper) == pytest.approx((-found.upper, -found.lower), abs=1e-9)
    others = ((first[1] - first[0], first[1]), (second[1] - second[0], second[1]))
    turned = interval_difference(*others, method=method)
    assert (turned.lower, turned.upper) == pytest.approx((-found.upper, -found.lower), abs=1e-9)
    wider = interval_difference(first, second, method=method, confidence=0.99)
    assert wider.lower <= found.lower + 1e-12
    assert wider.upper >= found.upper - 1e-12


@given(first=samples(), second=samples())
def test_difference_lies_in_its_interval(first, second):
    d = first[0] / first[1] - second[0] / second[1]
    for method in METHODS[:2]:
        found = interval_difference(first, second, method=method)
        assert found.lower - 1e-12 <= d <= found.upper + 1e-12


def test_newcombe_interval_is_the_published_one():
    """Newcombe 1998 (Stat. Med. 17:873), table II: 56/70 and 48/80, method 10."""
    found = interval_difference((56, 70), (48, 80))
    assert (round(found.lower, 4), round(found.upper, 4)) == (0.0524, 0.3339)
    zero = interval_difference((0, 10), (0, 20))
    assert (round(zero.lower, 4), round(zero.upper, 4)) == (-0.1611, 0.2775)


def test_score_interval_inverts_the_test_at_the_most_likely_proportions():
    (x, m), (y, n) = (7, 80), (2, 95)
    found = interval_difference((x, m), (y, n), method="miettinen-nurminen")

    def statistic(delta: float) -> float:
        def minus_log(q: float) -> float:
            p = q + delta
            return -(
                x * math.log(p)
                + (m - x) * math.log(1 - p)
                + y * math.log(q)
                + (n - y) * math.log(1 - q)
            )

        span = (max(1e-12, -delta + 1e-12), min(1, 1 - delta) - 1e-12)
        fit = optimize.minimize_scalar(
            minus_log, bounds=span, method="bounded", options={"xatol": 1e-12}
        )
        q, p = fit.x, fit.x + delta
        variance = (p * (1 - p) / m + q * (1 - q) / n) * (m + n) / (m + n - 1)
        return (x / m - y / n - delta) / math.sqrt(variance)

    z = stats.norm.isf(0.025)
    assert statistic(found.lower) == pytest.approx(z, rel=1e-6)
    assert statistic(found.upper) == pytest.approx(-z, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: interval_difference(3, (1, 2)), "not-a-pair"),
        (lambda: interval_difference((3, 2), (1, 2)), "count-outside"),
        (lambda: interval_difference((1, 2), (1, 2), method="wald"), "choice-unknown"),
        (lambda: interval_difference((1, 2), (1, 2), confidence=95), "fraction-outside"),
    ],
)
def test_refusals(call, code):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert caught.value.code == code
