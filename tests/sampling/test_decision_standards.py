"""Standards of a decision, its real risks, many at once, and what nonresponse does to it.

Numbers: METHODS.md part 9 (G) and AUDIT_SAMPLING.md 4.4 (AS).
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sampling import (
    ArgumentError,
    CompositePart,
    Design,
    ResponseClass,
    adjust_p_values,
    decide,
    decide_jointly,
    decide_many,
    decide_under_nonresponse,
    estimate_composite,
    estimate_proportion,
    interval_clopper_pearson,
    korn_graubard_limits,
    plan_of_size,
    units_to_settle,
)

PUBLISHED = (
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
    0.6528, 0.7590, 1.0,
)  # fmt: skip
"""Benjamini and Hochberg 1995, section 4.2, fifteen tests of a trial of thrombolysis."""


def rate(events, n, **options):
    data = pd.DataFrame({"poor": np.arange(n) < events})
    return estimate_proportion(data, "poor", Design(), **({"icc": 0.0} | options))[0]


def test_point_of_two_hundred_passes_the_threshold_itself_in_43_percent():
    """AS 4.4: n = 200, pass if k <= 3: P(k <= 3 | 2 %) = .43."""
    found = decide(rate(3, 200), 0.02, standard="point", at_threshold="fail")
    assert found.attained_pass_risk == pytest.approx(stats.binom.cdf(3, 200, 0.02))
    assert round(found.attained_pass_risk, 2) == 0.43
    assert found.attained_fail_risk == pytest.approx(1 - found.attained_pass_risk)
    own = plan_of_size(200, rejectable_rate=0.02, acceptance_number=3)
    assert own.consumer_risk == pytest.approx(found.attained_pass_risk)
    approval = decide(
        rate(197, 200), 0.98, standard="point", direction="above", at_threshold="fail"
    )
    assert approval.attained_pass_risk == pytest.approx(found.attained_pass_risk)


def test_declared_level_passes_what_evidence_leaves_open():
    seen = rate(6, 300)
    open_, believed = decide(seen, 0.02), decide(seen, 0.02, standard="declared-level")
    assert (open_.conclusion, believed.conclusion) == ("inconclusive", "pass")
    assert believed.pass_null is believed.pass_risk is None
    assert believed.fail_null == "at-or-below-threshold"
    assert believed.attained_pass_risk == pytest.approx(1 - believed.attained_fail_risk)
    assert 0.975 <= believed.attained_pass_risk < 1
    assert decide(rate(20, 300), 0.02, standard="declared-level").conclusion == "fail"
    assert "rejects nothing" in str(believed)
    assert "the rate is at or below 0.02" in str(believed)


def test_statements_name_null_and_risks():
    told = decide(rate(1, 300), 0.02).statements
    assert told[0].startswith(
        'pass rejects "the rate is at or above 0.02", wrongly with chance 2.5%'
    )
    assert "at the threshold itself it comes out with chance 1.7%" in told[0]


@given(
    events=st.integers(0, 60),
    n=st.integers(60, 400),
    deff=st.floats(1, 4),
    threshold=st.floats(0.005, 0.4),
    risk=st.sampled_from([0.01, 0.025, 0.05]),
    interval=st.sampled_from(["korn-graubard", "mid-p"]),
)
@settings(deadline=None, max_examples=50)
def test_claims_agree_with_the_interval_shown_beside(events, n, deff, threshold, risk, interval):
    options = {"icc": None, "model_deff": deff, "confidence": 1 - 2 * risk, "interval": interval}
    seen = rate(events, n, **options)
    found = decide(seen, threshold, risk=risk)
    assert (found.conclusion == "pass") == (seen.upper < threshold)
    assert (found.conclusion == "fail") == (seen.lower > threshold)
    near = min(abs(seen.upper - threshold), abs(seen.lower - threshold)) < 1e-9
    assert near or (found.conclusion == "pass") == (found.pass_p_value < risk)
    assert near or (found.conclusion == "fail") == (found.fail_p_value < risk)
    if interval == "korn-graubard":
        assert found.attained_pass_risk <= risk and found.attained_fail_risk <= risk


@given(
    events=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    known=st.floats(0, 0.02),
    unknown=st.floats(0, 0.05),
    threshold=st.floats(0.01, 0.2),
)
@settings(deadline=None, max_examples=40)
def test_claims_about_composites_agree_with_their_interval(events, known, unknown, threshold):
    parts = [
        CompositePart(
            name=str(k), share=0.4, proportion=x / 400, n=400, events=x, variance_factor=0.004
        )
        for k, x in enumerate(events)
    ]
    seen = estimate_composite(parts, known_share=known, unknown_share=unknown)
    found = decide(seen, threshold)
    near = min(abs(seen.upper - threshold), abs(seen.lower - threshold)) < 1e-9
    assert near or (found.conclusion == "pass") == (found.pass_p_value < 0.025)
    assert near or (found.conclusion == "fail") == (found.fail_p_value < 0.025)
    mirrored = decide(seen, threshold, direction="above")
    assert mirrored.fail_p_value == found.pass_p_value


@given(events=st.integers(0, 12), rate_=st.floats(0, 0.08))
@settings(deadline=None, max_examples=30)
def test_further_units_have_the_power_and_fewer_on_the_way_do_not(events, rate_):
    found = units_to_settle(0.02, true_rate=rate_, seen_n=300, seen_events=events)
    if found.n is None:
        assert found.power == 0
        return
    assert found.power >= 0.8
    n = 300 + found.n
    lower, upper = korn_graubard_limits(np.arange(n + 1) / n, n, confidence=0.95)
    shown = np.flatnonzero(upper < 0.02 if rate_ < 0.02 else lower > 0.02)
    power = stats.binom.pmf(shown - events, found.n, rate_).sum()
    assert found.power == pytest.approx(power, abs=1e-9)


def test_an_open_decision_says_what_would_settle_it():
    seen = decide(rate(3, 300), 0.02)
    assert seen.conclusion == "inconclusive"
    assert seen.further.towards == "below" and seen.further.n > 0
    optimist = decide(rate(3, 300), 0.02, expected_rate=0.001)
    assert optimist.further.n < seen.further.n
    clustered = decide(rate(3, 300, icc=None, model_deff=2.0), 0.02)
    assert clustered.further.n > seen.further.n
    at = decide(rate(6, 300), 0.02).further
    assert at.n is None and "the threshold itself" in at.why
    assert decide(rate(0, 300), 0.02).further is None
    alone = decide(interval_clopper_pearson(3, 300), 0.02)
    assert alone.further is None and "alone" in alone.why


@pytest.mark.parametrize(
    ("method", "count"),
    [("bonferroni", 3), ("holm", 3), ("hommel", 3), ("bh", 4), ("by", 3), ("tsbh", 8)],
)
def test_rejections_of_the_published_trial(method, count):
    """G48: 3/3/3/4/3/8 at .05."""
    adjusted = adjust_p_values(PUBLISHED, method=method)
    assert sum(p <= 0.05 for p in adjusted) == count


@given(
    values=st.lists(st.floats(0, 1).map(lambda p: round(p * p, 3)), min_size=1, max_size=9),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=50)
def test_adjusted_p_values_follow_their_hypotheses(values, seed):
    from statsmodels.stats.multitest import multipletests

    order = np.random.default_rng(seed).permutation(len(values))
    made = {}
    for ours, theirs in {
        "bonferroni": "bonferroni",
        "holm": "holm",
        "hommel": "hommel",
        "bh": "fdr_bh",
        "by": "fdr_by",
    }.items():
        made[ours] = np.array(adjust_p_values(values, method=ours))
        assert made[ours] == pytest.approx(multipletests(values, method=theirs)[1], abs=1e-12)
        again = adjust_p_values(np.array(values)[order], method=ours)
        assert again == pytest.approx(made[ours][order])
    assert (made["hommel"] <= made["holm"] + 1e-12).all()
    assert (made["holm"] <= made["bonferroni"] + 1e-12).all()
    two = np.array(adjust_p_values(values, method="tsbh"))
    assert ((two <= 0.05) == multipletests(values, 0.05, method="fdr_tsbky")[0]).all()


def test_many_areas_keep_their_own_decision_and_get_one_among_all():
    seen = {f"c{k}": rate(k, 300) for k in (0, 3, 11, 12, 13, 14, 20)}
    found = decide_many(seen, 0.02)
    own = [row.decision.conclusion for row in found.rows]
    assert own == [decide(each, 0.02).conclusion for each in seen.values()]
    assert set(found.claimed) < {key for key, c in zip(seen, own, strict=True) if c == "fail"}
    wider = decide_many(seen, 0.02, method="bh")
    assert set(found.claimed) <= set(wider.claimed)
    assert "share of false claims" in str(wider)
    given_ = {key: 0.001 for key in seen}
    assert len(decide_many(seen, 0.02, p_values=given_).claimed) == 7
    passing = decide_many(seen, 0.02, claim="pass", level=0.025, method="none")
    assert passing.claimed == ("c0",)


@given(
    counts=st.lists(st.integers(0, 30), min_size=1, max_size=8),
    method=st.sampled_from(["holm", "hommel", "bonferroni", "bh", "by", "tsbh"]),
    claim=st.sampled_from(["fail", "pass"]),
)
@settings(deadline=None, max_examples=40)
def test_no_area_is_claimed_that_does_not_stand_by_itself(counts, method, claim):
    seen = {str(k): rate(x, 300) for k, x in enumerate(counts)}
    found = decide_many(seen, 0.02, method=method, claim=claim, level=0.02)
    for row in found.rows:
        assert row.adjusted_p_value >= row.p_value * (1 - 0.02)
        assert not row.claimed or method == "tsbh" or row.decision.conclusion == claim
    ordered = sorted(found.rows, key=lambda row: row.p_value)
    assert [row.claimed for row in ordered] == sorted((r.claimed for r in ordered), reverse=True)


@given(counts=st.lists(st.integers(0, 30), min_size=1, max_size=6))
@settings(deadline=None, max_examples=30)
def test_any_of_several_fails_only_after_correction(counts):
    decisions = {str(k): decide(rate(x, 300), 0.02) for k, x in enumerate(counts)}
    joint = decide_jointly(decisions)
    assert (joint.conclusion == "pass") == all(d.conclusion == "pass" for d in decisions.values())
    least = min(d.fail_p_value for d in decisions.values())
    assert (joint.conclusion == "fail") == (least * len(counts) < 0.025)
    assert joint.pass_risk == 0.025


CLASSES = (
    ResponseClass(name="exited", sampled=400, responded=300, events=9),
    ResponseClass(name="unregistered", sampled=600, responded=540, events=5),
)


def test_weighting_classes_tipping_point_and_worst_case():
    """G72: 9/300 of 400 and 5/540 of 600."""
    found = decide_under_nonresponse(CLASSES, 0.02, standard="point")
    assert found.naive == pytest.approx(0.01666666667)
    assert found.adjusted == pytest.approx(0.01755555556)
    assert found.tipping_rate == pytest.approx(0.0375)
    assert found.tipping_odds_ratio == pytest.approx(2.298701299)
    assert (found.worst.lower, found.worst.upper) == pytest.approx((0.014, 0.174))
    assert found.decision.conclusion == "pass" and not found.robust
    assert found.worst_decision.conclusion == "inconclusive"


def test_evidence_bears_less_than_the_point():
    point = decide_under_nonresponse(CLASSES, 0.04, standard="point")
    evidence = decide_under_nonresponse(CLASSES, 0.04)
    assert point.robust and evidence.robust
    assert evidence.tipping_odds_ratio < point.tipping_odds_ratio
    assert decide_under_nonresponse(CLASSES, 0.02).decision.conclusion == "inconclusive"


def test_replacement_does_not_remove_the_bias_of_nonresponse():
    """G74: response .7 and .9, true 2 %: who answers says 1.5625 %, however many are replaced."""
    poor, rest = 0.02 * 0.7, 0.98 * 0.9
    assert poor / (poor + rest) == pytest.approx(0.015625)
    asked = 100_000
    answered = round(asked * (poor + rest))
    one = ResponseClass(name="all", sampled=asked, responded=answered, events=round(asked * poor))
    found = decide_under_nonresponse([one], 0.02, standard="point")
    assert found.adjusted == pytest.approx(0.015625, rel=1e-3)
    odds = (0.02 * 0.3 / (0.98 * 0.1)) / (0.015625 / (1 - 0.015625))
    assert found.tipping_odds_ratio == pytest.approx(odds, rel=1e-3)


@given(
    sampled=st.integers(20, 500),
    responding=st.floats(0.5, 1),
    positive=st.floats(0, 0.3),
    threshold=st.floats(0.01, 0.3),
)
@settings(deadline=None, max_examples=50)
def test_nonresponse_that_tips_lands_on_the_threshold(sampled, responding, positive, threshold):
    responded = max(1, int(sampled * responding))
    events = int(responded * positive)
    one = ResponseClass(name="a", sampled=sampled, responded=responded, events=events)
    found = decide_under_nonresponse([one], threshold, standard="point")
    missing = 1 - responded / sampled
    if found.tipping_rate is not None:
        assert events / sampled + missing * found.tipping_rate == pytest.approx(threshold)
    around = found.worst_interval
    assert around.lower <= found.worst.lower <= found.adjusted + 1e-12
    assert found.adjusted <= found.worst.upper + 1e-12 and found.worst.upper <= around.upper
    # With everybody answering Imbens and Manski's interval is the usual one.
    if responded == sampled:
        assert around.upper == pytest.approx(found.decision.upper, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: adjust_p_values([]), "p-values-empty"),
        (lambda: adjust_p_values([1.5]), "share-outside"),
        (lambda: decide_many({}, 0.02), "areas-empty"),
        (lambda: decide_many({"a": interval_clopper_pearson(1, 9)}, 0.02), "p-values-missing"),
        (lambda: decide_many({"a": rate(1, 9)}, 0.02, p_values={"b": 0.1}), "keys-differ"),
        (lambda: decide_jointly({}), "areas-empty"),
        (
            lambda: decide_jointly({"a": decide(rate(1, 9), 0.02, standard="point")}),
            "decisions-unlike",
        ),
        (lambda: decide_under_nonresponse([], 0.02), "classes"),
        (lambda: ResponseClass(name="a", sampled=3, responded=4, events=0), "count-outside"),
        (
            lambda: decide_under_nonresponse(
                [ResponseClass(name="a", sampled=3, responded=2, events=0, share=0.5)], 0.02
            ),
            "classes",
        ),
    ],
)
def test_refusals_of_many_and_missing(call, code):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert caught.value.code == code
