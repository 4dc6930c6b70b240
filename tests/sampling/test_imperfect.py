"""True rates where the register or the inspector errs."""

import json
import math
import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from sampling import (
    ArgumentError,
    Design,
    VerifiedFindings,
    adjust_for_errors,
    estimate_mean,
    estimate_with_register,
    interval_blaker,
    interval_clopper_pearson,
    interval_sterne,
    negatives_to_certify,
    prevalence_hierarchical,
    read_result,
    true_rate_by_status,
    true_rate_verified_positives,
)
from sampling.imperfect._melding import sum_quantile, upper_share
from sampling.results import _KINDS

STORED = Path(__file__).parent / "stored_results"
modest = settings(deadline=None, max_examples=30)
TEAMS = {"a": (45, 50), "b": (18, 20)}, {"a": (1495, 1500), "b": (990, 1000)}
SANTA_CLARA = (50, 3330, (103, 122), (399, 401))


# Examples of METHODS.md part 9


@pytest.mark.parametrize(
    ("positive", "n", "se", "sp", "estimate", "limits"),
    [
        (23, 150, 0.96, 0.89, 0.050980392, (-0.0106222, 0.1275300)),  # G27
        (12, 189, 0.65, 0.95, 0.022486772, (-0.0247050, 0.0944347)),  # G28, second herd
    ],
)
def test_rogan_gladen_with_blakers_limits_equals_g27_and_g28(positive, n, se, sp, estimate, limits):
    found = adjust_for_errors(positive, n, se, sp, interval="blaker")
    assert found.unclipped[0] == pytest.approx(estimate, rel=1e-6)
    assert found.unclipped[1:] == pytest.approx(limits, abs=1e-6)
    assert found.lower == 0.0


def test_rogan_gladen_with_wilsons_limits_equals_g27():
    found = adjust_for_errors(23, 150, 0.96, 0.89, interval="wilson")
    assert found.unclipped[1:] == pytest.approx((-0.0065887792, 0.12891745), rel=1e-6)


def test_fewer_found_than_false_positives_are_flagged_as_in_g28():
    found = adjust_for_errors(8, 210, 0.60, 0.90, interval="blaker")
    assert found.unclipped[0] == pytest.approx(-0.123809524, rel=1e-6)
    assert found.estimate == 0.0
    assert found.impossible
    assert "false positives alone" in found.why


def test_santa_clara_equals_g32():
    point = adjust_for_errors(*SANTA_CLARA)
    assert point.estimate == pytest.approx(0.01194779621, rel=1e-9)
    reiczigel = adjust_for_errors(*SANTA_CLARA, method="lang-reiczigel")
    assert reiczigel.lower == 0.0
    assert reiczigel.upper == pytest.approx(0.02095121029, rel=1e-9)
    bayes = adjust_for_errors(*SANTA_CLARA, method="bayes")
    assert bayes.estimate == pytest.approx(0.0105813, rel=1e-5)
    # The published grid stops short of the optimum; the width agrees.
    assert bayes.shortest.lower == pytest.approx(0.000856, abs=1e-5)
    assert bayes.shortest.upper == pytest.approx(0.018340, abs=1e-5)
    one_sided = adjust_for_errors(*SANTA_CLARA, method="bayes", side="upper")
    assert one_sided.upper == pytest.approx(0.017664, abs=1e-6)


def test_register_as_first_phase_equals_g35():
    toy = pd.DataFrame({"f": [1, 0, 0, 0, 1] + [0] * 5, "y": [1, 0, 1] + [0] * 7})
    for method, expected in (("difference", 0.08), ("ratio", 0.08), ("calibrated", 0.155)):
        found = estimate_with_register(toy, "y", "f", Design(), register_rate=0.08, method=method)
        assert found.estimate == pytest.approx(expected, rel=1e-12)


def test_every_positive_verified_equals_g76():
    found = true_rate_verified_positives(5, 1000, 4, 5000, positive_share=0.02)
    assert found.lower == pytest.approx(0.00230754, abs=5e-9)
    assert found.upper == pytest.approx(0.01266819, abs=5e-9)


# Melding


def test_convolution_equals_a_direct_double_integral():
    confirmed, missed, scale = upper_share(3, 400), upper_share(2, 800), 0.97

    def below(t):
        def inner(value):
            density = stats.beta.pdf(value, missed.a, missed.b)
            return float(confirmed.cdf(np.array(t - scale * value))) * density

        return integrate.quad(inner, 0, min(1, t / scale), epsabs=1e-12)[0]

    direct = optimize.brentq(lambda t: below(t) - 0.975, 0.001, 0.1, xtol=1e-12)
    assert sum_quantile([(1.0, confirmed), (scale, missed)], 0.975) == pytest.approx(
        direct, rel=1e-7
    )


def test_without_doubt_of_the_error_rates_melding_is_clopper_pearson_carried_over():
    known = interval_clopper_pearson(12, 400)
    found = adjust_for_errors(12, 400, 0.9, 0.99, method="melding")
    carried = [(x - 0.01) / 0.89 for x in (known.lower, known.upper)]
    assert (found.lower, found.upper) == pytest.approx(carried, rel=1e-9)


def test_perfect_inspectors_change_nothing():
    known = interval_clopper_pearson(3, 300)
    for method in ("rogan-gladen", "melding"):
        found = adjust_for_errors(3, 300, 1.0, 1.0, method=method)
        assert (found.lower, found.upper) == pytest.approx((known.lower, known.upper), rel=1e-9)
    flat = adjust_for_errors(3, 300, 1.0, 1.0, method="bayes")
    assert flat.upper == pytest.approx(stats.beta.ppf(0.975, 4, 298), rel=1e-9)


@modest
@given(
    x=st.integers(0, 40),
    n=st.integers(40, 600),
    se=st.tuples(st.integers(12, 30), st.just(30)),
    sp=st.tuples(st.integers(180, 200), st.just(200)),
)
def test_melded_and_posterior_limits_hold_the_estimate_and_shrink_with_evidence(x, n, se, sp):
    found = adjust_for_errors(x, n, se, sp, method="melding")
    assert 0 <= found.lower <= found.estimate <= found.upper <= 1
    more = adjust_for_errors(
        x, n, tuple(10 * c for c in se), tuple(10 * c for c in sp), method="melding"
    )
    assert more.upper <= found.upper + 1e-9
    assert more.lower >= found.lower - 1e-9


@modest
@given(x=st.integers(0, 30), n=st.integers(30, 200))
def test_blaker_and_sterne_lie_about_the_share_and_mirror(x, n):
    for interval in (interval_blaker, interval_sterne):
        one, other = interval(x, n), interval(n - x, n)
        assert one.lower <= x / n <= one.upper
        assert one.lower == pytest.approx(1 - other.upper, abs=1e-12)
    outer = interval_clopper_pearson(x, n)
    inner = interval_blaker(x, n)
    assert outer.lower - 1e-12 <= inner.lower
    assert inner.upper <= outer.upper + 1e-12


def test_exact_two_sided_intervals_cover_at_least_what_they_say():
    n, levels = 40, np.linspace(0.001, 0.999, 331)
    for interval in (interval_blaker, interval_sterne):
        ends = [interval(x, n) for x in range(n + 1)]
        chance = stats.binom.pmf(np.arange(n + 1)[None, :], n, levels[:, None])
        held = np.array([[e.lower <= p <= e.upper for e in ends] for p in levels])
        assert (chance * held).sum(axis=1).min() >= 0.95 - 1e-12


# Verified positives


def test_coverage_of_verified_positives_where_a_correction_fails():
    """A short form of the comparison in METHODS.md 2.2: Sp .99, true rate .3 %."""
    rng = np.random.default_rng(20260601)
    p, se, sp, n, negatives = 0.003, 0.85, 0.99, 1000, 5000
    covered = naive = 0
    repetitions = 400
    for _ in range(repetitions):
        poor = rng.binomial(n, p)
        true_positive = rng.binomial(poor, se)
        found = true_positive + rng.binomial(n - poor, 1 - sp)
        missed = p * (1 - se) / (p * (1 - se) + (1 - p) * sp)
        false_negative = rng.binomial(negatives, missed)
        ours = true_rate_verified_positives(
            true_positive, n, false_negative, negatives, positive_share=found / n
        )
        plain = interval_clopper_pearson(found, n)
        covered += ours.lower <= p <= ours.upper
        naive += plain.lower <= p <= plain.upper
    error = math.sqrt(0.95 * 0.05 / repetitions)
    assert covered / repetitions >= 0.95 - 2 * error
    assert naive / repetitions < 0.6


def test_negatives_of_one_area_bound_nothing_at_two_percent():
    alone = true_rate_verified_positives(0, 1000, 0, 60)
    assert alone.upper > 0.05
    assert true_rate_verified_positives(0, 1000, 0, 0).upper == 1.0


@modest
@given(
    x=st.integers(0, 4),
    n=st.integers(400, 1500),
    missed=st.integers(0, 3),
    threshold=st.sampled_from([0.02, 0.03, 0.05]),
)
def test_the_least_number_of_negatives_certifies_and_one_fewer_does_not(x, n, missed, threshold):
    found = negatives_to_certify(threshold, true_positives=x, n=n, false_negatives=missed)
    upper = partial(true_rate_verified_positives, x, n, missed, confidence=0.975, side="upper")
    if found.verified_negatives is None:
        assert interval_clopper_pearson(x, n, confidence=0.975, side="upper").upper >= threshold
    else:
        assert upper(found.verified_negatives).upper < threshold
        assert upper(found.verified_negatives - 1).upper >= threshold


@modest
@given(x=st.integers(0, 10), missed=st.integers(0, 5), share=st.floats(0.1, 0.9))
def test_a_status_split_in_two_alike_halves_has_the_same_rate(x, missed, share):
    whole = true_rate_verified_positives(x, 500, missed, 2000, positive_share=0.03)
    parts = [
        VerifiedFindings(
            true_positives=x,
            n=500,
            positive_share=0.03,
            false_negatives=missed,
            verified_negatives=2000,
            share=part,
        )
        for part in (share, 1 - share)
    ]
    found = true_rate_by_status(parts)
    assert found.estimate == pytest.approx(whole.estimate, rel=1e-9)
    assert found.lower <= found.estimate <= found.upper


# Hierarchical


def test_a_team_borrows_from_the_others_and_a_new_team_is_less_sure():
    own = adjust_for_errors(9, 600, (18, 20), (990, 1000), method="bayes")
    borrowed = prevalence_hierarchical(9, 600, *TEAMS, team="b")
    new = prevalence_hierarchical(9, 600, *TEAMS)
    assert borrowed.specificity > own.specificity
    assert new.upper - new.lower > borrowed.upper - borrowed.lower


def test_many_verified_units_make_the_teams_alone_count():
    se, sp = {"a": (900, 1000), "b": (600, 1000)}, {"a": (99500, 100000), "b": (98000, 100000)}
    found = prevalence_hierarchical(30, 1000, se, sp, team="b")
    alone = adjust_for_errors(30, 1000, (600, 1000), (98000, 100000), method="bayes")
    assert found.upper == pytest.approx(alone.upper, rel=0.02)


@settings(deadline=None, max_examples=6)
@given(x=st.integers(0, 20), scale=st.floats(0.1, 1.0))
def test_hierarchical_limits_lie_within_the_unit_interval(x, scale):
    found = prevalence_hierarchical(x, 500, *TEAMS, team="a", spread=scale)
    assert 0 <= found.lower <= found.estimate <= found.upper <= 1


# Register as first phase


@pytest.fixture
def spot_check():
    rng = np.random.default_rng(7)
    village = np.repeat(np.arange(20), 25)
    filed = rng.random(500) < 0.3
    poor = np.where(filed, rng.random(500) < 0.6, rng.random(500) < 0.02)
    return pd.DataFrame({"village": village, "filed": filed * 1, "poor": poor * 1, "n": 3000})


def test_calibrated_weighs_the_filed_statuses_as_the_register_has_them(spot_check):
    design = Design(psu="village")
    found = estimate_with_register(
        spot_check, "poor", "filed", design, register_rate=0.25, interval="t"
    )
    share = spot_check.groupby("filed")["poor"].mean()
    assert found.estimate == pytest.approx(0.75 * share[0] + 0.25 * share[1], rel=1e-12)
    assert found.std_error < found.direct_std_error


def test_a_register_that_says_nothing_leaves_the_estimate_alone(spot_check):
    useless = spot_check.assign(filed=0)
    found = estimate_with_register(useless, "poor", "filed", Design(), register_rate=0.1)
    plain = estimate_mean(useless, "poor", Design())[0]
    assert (found.estimate, found.std_error) == (plain.estimate, plain.std_error)
    with pytest.raises(ArgumentError, match="filed as positive") as caught:
        estimate_with_register(
            useless, "poor", "filed", Design(), register_rate=0.1, method="ratio"
        )
    assert caught.value.code == "status-unverified"


@modest
@given(rate=st.floats(0.05, 0.95), size=st.integers(500, 10**6))
def test_a_large_register_makes_prediction_powered_the_regression_estimate(rate, size):
    rng = np.random.default_rng(11)
    filed = (rng.random(200) < 0.4) * 1
    data = pd.DataFrame({"filed": filed, "poor": np.where(rng.random(200) < 0.8, filed, 1 - filed)})
    call = partial(estimate_with_register, data, "poor", "filed", Design(), register_rate=rate)
    tuned = call(method="prediction-powered", register_size=size)
    whole = call(method="calibrated")
    assert tuned.coefficient == pytest.approx(whole.coefficient / (1 + 200 / size), rel=1e-12)
    assert call(method="prediction-powered").estimate == whole.estimate


# Refusals and results


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: adjust_for_errors(3, 100, 0.5, 0.5), "errors-too-many"),
        (
            lambda: adjust_for_errors(3, 100, 0.9, 0.9, method="lang-reiczigel"),
            "error-rate-not-sampled",
        ),
        (lambda: adjust_for_errors(101, 100, 0.9, 0.9), "count-outside"),
        (
            lambda: adjust_for_errors(0.5, 100.5, 0.9, 0.9, interval="blaker"),
            "interval-needs-counts",
        ),
        (lambda: adjust_for_errors(3, 100, (3, 2, 1), 0.9), "not-a-number"),
        (lambda: prevalence_hierarchical(3, 100, *TEAMS, team="c"), "team-unverified"),
        (
            lambda: true_rate_verified_positives(30, 100, 0, 50, positive_share=0.1),
            "confirmed-not-found",
        ),
        (lambda: true_rate_by_status([]), "shares-outside"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_its_code(call, code):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert caught.value.code == code


def results():
    toy = pd.DataFrame({"f": [1, 0, 0, 0, 1] + [0] * 5, "y": [1, 0, 1] + [0] * 7})
    verified = true_rate_verified_positives(5, 1000, 4, 5000, positive_share=0.02)
    made = [
        adjust_for_errors(*SANTA_CLARA, method="bayes"),
        verified,
        verified.findings[0],
        negatives_to_certify(0.02, true_positives=2, n=600),
        estimate_with_register(toy, "y", "f", Design(), register_rate=0.08),
    ]
    return {result.kind: result for result in made}


RESULTS = results()


def test_every_kind_of_result_here_has_an_example():
    kinds = {kind for kind, cls in _KINDS.items() if "imperfect" in cls.__module__}
    assert kinds == RESULTS.keys()


@pytest.mark.parametrize("kind", RESULTS)
def test_result_survives_storage_and_shows_itself(kind):
    result = RESULTS[kind]
    again = read_result(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert again == result == pickle.loads(pickle.dumps(result))
    assert read_result(json.loads((STORED / f"{kind}.json").read_text("utf-8"))).kind == kind
    assert all(len(row) == len(result._table().columns) for row in result._table().rows)
    assert len(result.to_frame()) == 1
