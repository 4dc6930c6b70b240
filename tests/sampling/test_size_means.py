"""Sizes for means, totals and differences."""

import math

import pytest
from golden_cases import shared_cases
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sampling import (
    ArgumentError,
    FrameTooSmallError,
    size_for_difference,
    size_for_mean,
    size_for_proportion,
    size_for_total,
)

Z = float(stats.norm.isf(0.025))


@given(
    margin=st.floats(0.1, 5),
    spread=st.floats(0.1, 50),
    deff=st.floats(0.5, 4),
    response=st.floats(0.3, 1),
)
def test_size_shrinks_with_margin_and_grows_with_the_rest(margin, spread, deff, response):
    options = {"deff": deff, "response_rate": response}
    plan = size_for_mean(margin, spread=spread, **options)
    assert plan.n >= plan.after_response > plan.n - 1 - 1e-6
    assert size_for_mean(margin * 1.1, spread=spread, **options).n <= plan.n
    assert size_for_mean(margin, spread=spread * 1.1, **options).n >= plan.n
    assert size_for_mean(margin, spread=spread, confidence=0.99, **options).n >= plan.n
    scaled = size_for_mean(margin * 3, spread=spread * 3, **options)
    assert scaled.after_response == pytest.approx(plan.after_response)


@given(margin=st.floats(0.1, 5), spread=st.floats(0.1, 50), size=st.integers(1, 5000))
def test_total_is_the_mean_times_units_and_the_frame_is_never_exceeded(margin, spread, size):
    mean = size_for_mean(margin, spread=spread, population_size=size)
    total = size_for_total(margin * size, spread=spread, population_size=size)
    assert total.after_response == pytest.approx(mean.after_response)
    assert 1 <= mean.n <= size
    reached = spread**2 * (1 / mean.after_fpc - 1 / size)
    assert Z * math.sqrt(reached) == pytest.approx(margin)


def test_steps_in_order():
    plan = size_for_mean(2.0, spread=30, deff=1.5, population_size=2000, response_rate=0.8)
    assert plan.simple == pytest.approx((Z * 15) ** 2)
    assert plan.after_deff == pytest.approx(1.5 * plan.simple)
    assert plan.after_fpc == pytest.approx(plan.after_deff / (1 + plan.after_deff / 2000))
    assert plan.after_response == pytest.approx(plan.after_fpc / 0.8)
    assert plan.n == math.ceil(plan.after_response)
    assert "mean within 2, spread 30" in str(plan)


def test_means_against_practools_and_samplingbook():
    for case in shared_cases("g2_mirror").values():
        if case["method"] != "samplesize_mean":
            continue
        params, out = case["params"], case["outputs"]
        frame = None if params["N"] == "Inf" else int(params["N"])
        spread, cv = math.sqrt(params["S2"]), float(params["CV"])
        by_cv = size_for_mean(Z * cv * params["mean"], spread=spread, population_size=frame)
        assert by_cv.after_fpc == pytest.approx(out["nCont"], rel=1e-6)
        by_margin = size_for_mean(cv * params["mean"], spread=spread, population_size=frame)
        assert by_margin.n == out["samplingbook"]


def test_proportions_against_practools():
    for case in shared_cases("g2_mirror").values():
        if case["method"] != "samplesize_proportion":
            continue
        params, out = case["params"], case["outputs"]
        frame = None if params["N"] == "Inf" else int(params["N"])
        plan = size_for_proportion(
            float(params["e"]), expected=float(params["p"]), population_size=frame
        )
        assert plan.after_fpc == pytest.approx(out["nPropMoe_abs"], rel=1e-6)


def test_two_proportions_against_practools_and_epir():
    for case in shared_cases("g2_mirror").values():
        if case["method"] == "samplesize_two_proportions":
            p, q, both = case["outputs"]["px.py.pxy"]
            corr = (both - p * q) / math.sqrt(p * (1 - p) * q * (1 - q))
            plan = size_for_difference(
                q - p, expected=(p, q), power=0.8, overlap=0.5, correlation=corr
            )
            assert plan.n == case["outputs"]["n1"]
            assert plan.n_second == case["outputs"]["n2"]
    found = shared_cases("g_epi")["g-ssxsectn-0.3_0.35"]["outputs"]
    plan = size_for_difference(0.05, expected=(0.3, 0.35), power=0.8, null="pooled")
    assert plan.after_response == pytest.approx(found["n.exp1"], rel=1e-9)


@given(
    margin=st.floats(0.01, 0.3),
    p=st.floats(0.02, 0.98),
    q=st.floats(0.02, 0.98),
    ratio=st.floats(0.3, 3),
)
def test_difference_mirrors_and_needs_more_for_power(margin, p, q, ratio):
    plan = size_for_difference(margin, expected=(p, q), ratio=ratio)
    variance = p * (1 - p) / plan.simple + q * (1 - q) / (ratio * plan.simple)
    assert Z * math.sqrt(variance) == pytest.approx(margin)
    turned = size_for_difference(margin, expected=(q, p), ratio=1 / ratio)
    assert turned.simple == pytest.approx(plan.simple * ratio)
    assert size_for_difference(margin, expected=(p, q), ratio=ratio, power=0.8).n >= plan.n
    panel = size_for_difference(margin, expected=(p, q), overlap=0.8, correlation=0.6)
    assert panel.n <= size_for_difference(margin, expected=(p, q)).n


@given(margin=st.floats(0.5, 5), frames=st.tuples(st.integers(50, 900), st.integers(50, 900)))
def test_difference_reaches_its_margin_in_finite_frames(margin, frames):
    try:
        plan = size_for_difference(margin, spreads=(9.0, 6.0), population_sizes=frames)
    except FrameTooSmallError:
        return
    n = plan.after_fpc
    variance = 81 * (1 / n - 1 / frames[0]) + 36 * (1 / n - 1 / frames[1])
    assert Z * math.sqrt(variance) == pytest.approx(margin)


@pytest.mark.parametrize(
    ("call", "code", "phrase"),
    [
        (lambda: size_for_mean(0, spread=1), "number-outside", "margin"),
        (lambda: size_for_mean(1, spread=0), "number-outside", "spread"),
        (lambda: size_for_mean(1, spread=1, confidence=95), "fraction-outside", "0.95"),
        (lambda: size_for_mean(1, spread=1, population_size=0), "count-outside", "at least 1"),
        (lambda: size_for_total(1, spread=1, population_size=0), "count-outside", "population"),
        (
            lambda: size_for_mean(1, spread=9, population_size=40, response_rate=0.5),
            "frame-too-small",
            "needs 71 units at response_rate=0.5, but the frame holds 40",
        ),
        (lambda: size_for_difference(0.1), "expected-or-spreads", "got neither"),
        (
            lambda: size_for_difference(0.1, expected=(0.1, 0.2), spreads=(1, 1)),
            "expected-or-spreads",
            "got both",
        ),
        (lambda: size_for_difference(0.1, expected=0.1), "not-a-pair", "one for each group"),
        (
            lambda: size_for_difference(0.1, expected=(0.1, 0.2), null="pooled"),
            "pooled-without-test",
            "Use null='unpooled'",
        ),
        (
            lambda: size_for_difference(
                0.1, expected=(0.1, 0.2), overlap=0.5, population_sizes=(90, 90)
            ),
            "frames-with-overlap",
            "without overlap",
        ),
        (
            lambda: size_for_difference(
                0.1, expected=(0.1, 0.2), population_sizes=(90, 90), response_rate=0.4
            ),
            "frame-too-small",
            "frame of that group holds 90",
        ),
    ],
)
def test_refusals(call, code, phrase):
    with pytest.raises((ArgumentError, FrameTooSmallError), match=phrase) as caught:
        call()
    assert caught.value.code == code
