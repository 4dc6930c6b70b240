import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sampling import (
    ArgumentError,
    CompositePart,
    Design,
    Interval,
    decide,
    estimate_composite,
    estimate_proportion,
    interval_clopper_pearson,
    korn_graubard_limits,
    psus_to_show_below,
    size_for_detection,
)
from sampling.acceptance.chances import beta_binomial_pmf


def interval(lower, upper, confidence=0.95, side="two-sided"):
    return Interval(lower=lower, upper=upper, confidence=confidence, method="given", side=side)


def rate(events, n):
    data = pd.DataFrame({"poor": np.arange(n) < events})
    return estimate_proportion(data, "poor", Design(), icc=0.0)[0]


@pytest.mark.parametrize(
    ("lower", "upper", "below", "above"),
    [
        (0.0, 0.01, "pass", "fail"),
        (0.03, 0.05, "fail", "pass"),
        (0.01, 0.03, "inconclusive", "inconclusive"),
        (0.0, 0.02, "inconclusive", "inconclusive"),
        (0.02, 0.05, "inconclusive", "inconclusive"),
    ],
)
def test_evidence_needs_the_whole_interval(lower, upper, below, above):
    found = decide(interval(lower, upper), 0.02)
    assert found.conclusion == below
    assert found.boundary == (0.02 in (lower, upper))
    assert (found.pass_null, found.fail_null) == ("at-or-above-threshold", "at-or-below-threshold")
    assert (found.pass_risk, found.fail_risk) == (0.025, 0.025)
    other = decide(interval(lower, upper), 0.02, direction="above")
    assert other.conclusion == above
    assert (other.pass_null, other.fail_null) == ("at-or-below-threshold", "at-or-above-threshold")


def test_three_zones_of_simple_samples():
    zones = {
        n: [
            decide(interval_clopper_pearson(k, n, confidence=0.90), 0.02, risk=0.05).conclusion
            for k in range(40)
        ]
        for n in (300, 1000)
    }
    assert [zone.count("pass") for zone in zones.values()] == [2, 13]
    assert [zone.index("fail") for zone in zones.values()] == [11, 29]


@pytest.mark.parametrize("direction", ["below", "above"])
@pytest.mark.parametrize("at_threshold", ["pass", "fail"])
def test_point_at_the_threshold_is_flagged(direction, at_threshold):
    found = decide(
        rate(6, 300), 0.02, standard="point", direction=direction, at_threshold=at_threshold
    )
    assert found.conclusion == at_threshold
    assert found.boundary
    assert found.pass_risk is found.pass_null is found.lower is None


@given(events=st.integers(0, 100))
def test_point_compares_the_estimate(events):
    found = decide(rate(events, 100), 0.055, standard="point")
    assert found.conclusion == ("pass" if events < 5.5 else "fail")
    assert not found.boundary
    mirror = decide(rate(100 - events, 100), 0.945, standard="point", direction="above")
    assert mirror.conclusion == found.conclusion


def test_float_dust_does_not_decide():
    part = CompositePart(
        name="a", share=0.3, proportion=0.1, n=100, events=10, variance_factor=0.01
    )
    found = estimate_composite([part])
    dusty = interval(0.1 + 0.2, 0.9)
    assert decide(dusty, 0.3).boundary
    assert decide(dusty, 0.3).conclusion == "inconclusive"
    assert decide(found, 0.03, standard="point").boundary


@given(
    lower=st.floats(0, 1), width=st.floats(0, 1), threshold=st.floats(0, 1), shift=st.floats(0, 0.1)
)
def test_a_higher_threshold_never_unsettles_a_pass(lower, width, threshold, shift):
    order = {"fail": 0, "inconclusive": 1, "pass": 2}
    given_interval = interval(lower, min(1.0, lower + width))
    one = decide(given_interval, threshold).conclusion
    two = decide(given_interval, threshold + shift).conclusion
    assert order[two] >= order[one]


def test_one_sided_limits_carry_the_whole_risk():
    upper = interval_clopper_pearson(0, 149, side="upper")
    assert decide(upper, 0.02, risk=0.05).conclusion == "pass"
    with pytest.raises(ArgumentError, match="needs a upper interval") as caught:
        decide(upper, 0.02)
    assert caught.value.code == "risk-confidence"


@pytest.mark.parametrize(
    ("call", "code", "phrase"),
    [
        (lambda: decide(interval(0, 1, 0.9), 0.02), "risk-confidence", "give risk=0.05"),
        (lambda: decide(interval(0, 1), 0.02, risk=0.05), "risk-confidence", "confidence 0.9"),
        (lambda: decide(interval(0, 1), 0.02, standard="point"), "point-missing", "estimate"),
        (lambda: decide([rate(1, 9)], 0.02), "not-an-estimate", "one row of the estimates"),
        (lambda: decide(interval(0, 1), math.nan), "number-outside", "threshold"),
        (lambda: decide(interval(0, 1), 0.02, standard="both"), "choice-unknown", "'evidence'"),
        (lambda: decide(interval(0, 1), 0.02, direction="up"), "choice-unknown", "'below'"),
        (
            lambda: psus_to_show_below(0.02, true_rate=0.03, take=10, icc=0.1),
            "rate-not-below",
            "below threshold",
        ),
        (
            lambda: psus_to_show_below(0.02, true_rate=0.0, take=0, icc=0.1),
            "count-outside",
            "take",
        ),
        (
            lambda: psus_to_show_below(0.02, true_rate=0.0, take=5, icc=0.1, kish=0.9),
            "number-outside",
            "kish",
        ),
        (
            lambda: psus_to_show_below(0.02, true_rate=0.0, take=5, icc=0.1, seen_events=1),
            "count-outside",
            "seen_events",
        ),
    ],
)
def test_refusals(call, code, phrase):
    with pytest.raises(ArgumentError, match=phrase) as caught:
        call()
    assert caught.value.code == code


@pytest.mark.parametrize("risk", [0.025, 0.05])
def test_single_units_without_errors_are_detection_sizes(risk):
    plan = psus_to_show_below(
        0.02, true_rate=0.0, take=1, icc=0.0, risk=risk, power=0.99, max_psus=400
    )
    assert plan.psus == plan.n == size_for_detection(0.02, confidence=1 - risk).n
    assert (plan.power, plan.acceptance_number) == (1, 0)


@given(
    true_rate=st.sampled_from([0.0, 0.002, 0.005]),
    take=st.integers(5, 40),
    icc=st.sampled_from([0.0, 0.05, 0.15]),
)
def test_power_is_reached_there_and_not_before(true_rate, take, icc):
    plan = psus_to_show_below(0.03, true_rate=true_rate, take=take, icc=icc, max_psus=200)
    if plan.psus is None:
        assert not plan.reached
        return
    assert plan.power >= 0.8
    assert plan.n == plan.psus * take
    deff = 1 + (take - 1) * icc
    accepted = plan.acceptance_number
    for events, passes in [(accepted, True), (accepted + 1, False)]:
        upper = korn_graubard_limits(events / plan.n, plan.n / deff)[1]
        assert (upper < 0.03) == passes
    if plan.psus > 1:
        shorter = psus_to_show_below(
            0.03, true_rate=true_rate, take=take, icc=icc, max_psus=plan.psus - 1
        )
        assert shorter.psus is None
        assert shorter.power < 0.8
        assert "more than" in str(shorter)
    more = psus_to_show_below(0.03, true_rate=true_rate, take=take, icc=icc + 0.1, max_psus=200)
    assert more.psus is None or more.psus >= plan.psus


def test_power_agrees_with_simulation():
    plan = psus_to_show_below(0.02, true_rate=0.005, take=37, icc=0.05)
    rng = np.random.default_rng(11)
    scale = (1 - 0.05) / 0.05
    chance = rng.beta(0.005 * scale, 0.995 * scale, (20000, plan.psus))
    events = rng.binomial(37, chance).sum(axis=1)
    upper = korn_graubard_limits(events / plan.n, plan.n / (1 + 36 * 0.05))[1]
    assert (upper < 0.02).mean() == pytest.approx(plan.power, abs=0.012)


def test_what_was_seen_counts():
    fresh = psus_to_show_below(0.02, true_rate=0.002, take=30, icc=0.05)
    after = psus_to_show_below(0.02, true_rate=0.002, take=30, icc=0.05, seen_n=300, seen_events=1)
    burdened = psus_to_show_below(
        0.02, true_rate=0.002, take=30, icc=0.05, seen_n=300, seen_events=6
    )
    assert after.psus < fresh.psus < burdened.psus
    settled = psus_to_show_below(0.02, true_rate=0.002, take=30, icc=0.05, seen_n=3000)
    assert (settled.psus, settled.n, settled.power) == (0, 0, 1)


def test_unequal_weights_cost_more():
    plain = psus_to_show_below(0.02, true_rate=0.002, take=30, icc=0.05)
    unequal = psus_to_show_below(0.02, true_rate=0.002, take=30, icc=0.05, kish=1.3)
    assert unequal.psus > plain.psus


@given(n=st.integers(1, 60), rate=st.floats(0.001, 0.999), icc=st.floats(0.001, 0.9))
def test_beta_binomial_chances_have_their_moments(n, rate, icc):
    chances = beta_binomial_pmf(n, rate, icc)
    counts = np.arange(n + 1)
    mean = float(np.dot(chances, counts))
    assert chances.sum() == pytest.approx(1)
    assert mean == pytest.approx(n * rate, rel=1e-6)
    spread = float(np.dot(chances, (counts - mean) ** 2))
    assert spread == pytest.approx(n * rate * (1 - rate) * (1 + (n - 1) * icc), rel=1e-5)


def test_beta_binomial_ends():
    assert beta_binomial_pmf(3, 0.0, 0.1).tolist() == [1, 0, 0, 0]
    assert beta_binomial_pmf(2, 0.25, 1.0).tolist() == [0.75, 0, 0.25]
    assert beta_binomial_pmf(9, 0.3, 0.0) == pytest.approx(stats.binom.pmf(range(10), 9, 0.3))
