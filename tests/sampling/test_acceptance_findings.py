"""What a first user met in the public interface: leaks of other libraries, and words amiss."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import sampling
from sampling.errors import ArgumentError, NotConvergedError, SamplingError


def county(events=5, psus=10, take=30):
    data = pd.DataFrame({"village": np.repeat(np.arange(psus), take), "weight": 2.0})
    data["part"] = np.where(data.index % 2, "a", "b")
    data["poor"] = (data.index < events).astype(int)
    data["income"] = data.index % 17 + 1.0
    return data


DESIGN = sampling.Design(weight="weight", psu="village")


@pytest.mark.parametrize(
    "estimate",
    [
        sampling.estimate_proportion,
        sampling.estimate_mean,
        sampling.estimate_total,
        sampling.estimate_quantile,
    ],
)
def test_a_column_that_stands_twice_is_named(estimate):
    data = county()
    data = pd.concat([data, data[["poor"]]], axis=1)
    with pytest.raises(ArgumentError, match="'poor' more than once"):
        estimate(data, "poor", DESIGN)


@pytest.mark.parametrize("by", [[], ["part", "part"]])
def test_domains_need_columns_each_once(by):
    with pytest.raises(ArgumentError, match="by must name at least one column, each once"):
        sampling.estimate_proportion(county(), "poor", DESIGN, by=by)
    with pytest.raises(ArgumentError, match="by must name at least one column, each once"):
        sampling.pool_icc(county(), "poor", DESIGN, by=by)


@pytest.mark.parametrize("events", [0, 300])
def test_a_regression_of_all_or_no_events_is_refused(events):
    with pytest.raises(NotConvergedError, match="does not settle"):
        sampling.estimate_regression(county(events), "poor", ["income"], DESIGN, family="logistic")


@pytest.mark.parametrize(
    "call",
    [
        lambda: sampling.bound_stringer(["a"], 10),
        lambda: sampling.design_effect(["a", "b"]),
        lambda: sampling.interval_stratified(["x"], [5], [10]),
        lambda: sampling.interval_gamma(["x"], [1.0]),
        lambda: sampling.interval_beta_binomial(["x"], [5]),
        lambda: sampling.korn_graubard_limits(["x"], [5]),
        lambda: sampling.select_monetary(["x"], 1, rng=np.random.default_rng(1)),
        lambda: sampling.alpha_martingale(["x"], 0.5, alternative=0.2),
        lambda: sampling.funnel_limits(["x"], [5], icc=0.02),
    ],
)
def test_text_in_place_of_numbers_is_refused_in_our_words(call):
    with pytest.raises(ArgumentError, match="must be numbers; got"):
        call()


def test_sizes_that_are_no_mapping_are_refused_in_our_words():
    frame = pd.DataFrame({"unit_id": ["u1", "u2"], "stratum": ["a", "b"], "psu": ["p", "q"]})
    drawn = sampling.draw_stratified(frame, {"a": 1, "b": 0}, seed="1234")
    for call in (
        lambda: sampling.draw_stratified(frame, 1, seed="1234"),
        lambda: sampling.draw_two_stage(frame, psus=1, ssus=1, seed="1234"),
        lambda: sampling.extend_draw(drawn, frame, 1),
    ):
        with pytest.raises(ArgumentError, match="must be a mapping from stratum to number"):
            call()
    with pytest.raises(ArgumentError, match="totals must be a mapping"):
        sampling.poststratify(
            county(), DESIGN, "part", pd.DataFrame({"part": ["a", "b"], "total": [1, 2]})
        )


def test_two_readings_that_never_differ_agree_fully():
    data = pd.DataFrame({"first": [1.0, 2, 5], "second": [1.0, 2, 5]})
    for form in ("agreement", "consistency"):
        found = sampling.icc(data, ["first", "second"], form=form)
        assert found.estimate == found.interval.lower == found.interval.upper == 1


def test_propensities_of_a_split_do_not_divide_by_zero():
    data = county()
    data["met"] = data["income"] > 8
    weighted = sampling.adjust_nonresponse(data, DESIGN, "met", propensity="income")
    assert np.isfinite(weighted.data["weight_response"]).all()


def test_the_design_effect_knows_no_unit_of_weight():
    weights, psu = [1.0, 2.0, 4.0], [1, 1, 2]
    plain = sampling.design_effect(weights, icc=0.05, psu=psu)
    for scale in (1e-300, 1e300):
        scaled = sampling.design_effect([w * scale for w in weights], icc=0.05, psu=psu)
        assert scaled == pytest.approx(plain, rel=1e-12)


def test_confidence_out_of_range_is_told_a_confidence():
    with pytest.raises(ArgumentError, match=r"Give a fraction such as 0\.95"):
        sampling.interval_wilson(1, 10, confidence=1)


@pytest.mark.parametrize(("errors", "n"), [(0, 149), (3, 300), (300, 300)])
def test_a_finite_population_of_thousands_of_millions_is_as_good_as_none(errors, n):
    finite = sampling.interval_hypergeometric(errors, n, 4_000_000_000)
    endless = sampling.interval_clopper_pearson(errors, n)
    assert finite.lower == pytest.approx(endless.lower, rel=1e-5)
    assert finite.upper == pytest.approx(endless.upper, rel=1e-5)


@pytest.mark.parametrize(("found", "events", "n"), [(0, 40, 300), (6, 60_000, 300), (3, 3, 9)])
def test_chances_in_a_large_population_meet_those_of_scipy(found, events, n):
    from sampling.intervals.hypergeometric import chances

    size = 3_000_000
    ours = chances(np.array([found]), np.array([events]), n, size)[0]
    assert ours == pytest.approx(stats.hypergeom.pmf(found, size, events, n), rel=1e-6)


def test_what_is_refused_is_a_sampling_error():
    with pytest.raises(SamplingError):
        sampling.estimate_mean(county().iloc[:0], "income", DESIGN)


def test_estimates_of_one_row_are_decided_as_that_row():
    found = sampling.estimate_proportion(county(0), "poor", DESIGN, icc=0.05)
    assert sampling.decide(found, 0.05) == sampling.decide(found[0], 0.05)
    with pytest.raises(ArgumentError, match="Take one row of the estimates"):
        parts = sampling.estimate_proportion(county(0), "poor", DESIGN, icc=0.05, by="part")
        sampling.decide(parts, 0.05)


def test_estimates_by_area_are_decided_many_at_once():
    parts = sampling.estimate_proportion(county(40), "poor", DESIGN, icc=0.05, by="part")
    together = sampling.decide_many(parts, 0.02)
    alone = sampling.decide_many(dict(zip(parts.names, parts.rows, strict=True)), 0.02)
    assert together == alone
    assert [row.key for row in together.rows] == ["a", "b"]


@pytest.mark.parametrize(
    "given",
    [
        sampling.interval_clopper_pearson(0, 300),
        sampling.estimate_proportion(county(0), "poor", DESIGN, icc=0.05)[0],
    ],
)
def test_a_threshold_in_per_cent_passes_no_rate(given):
    with pytest.raises(ArgumentError, match=r"Write 0\.02, not 2"):
        sampling.decide(given, 2)
    mean = sampling.estimate_mean(county(), "income", DESIGN)
    assert sampling.decide(mean, 20).conclusion == "pass"


def test_domains_are_contrasted_without_asking_for_their_covariance():
    means = sampling.estimate_mean(county(), "income", DESIGN, by="part")
    found = sampling.contrast(means, {"a": 1, "b": -1})
    told = sampling.compare_domains(county(), "income", DESIGN, by="part")
    assert abs(found.estimate / found.std_error) == pytest.approx(abs(told.statistic), rel=1e-9)


def test_means_totals_and_ratios_take_the_interval_by_name():
    data = county()
    for estimate in (
        lambda **how: sampling.estimate_mean(data, "income", DESIGN, by="part", **how),
        lambda **how: sampling.estimate_total(data, "income", DESIGN, **how),
        lambda **how: sampling.estimate_ratio(data, "poor", "income", DESIGN, **how),
    ):
        usual, normal = estimate(), estimate(interval="normal")
        assert usual == estimate(interval="student-t")
        for row, short in zip(usual.rows, normal.rows, strict=True):
            margin = stats.norm.ppf(0.975) * row.std_error
            assert short.upper - short.estimate == pytest.approx(margin, rel=1e-9)
            assert short.upper < row.upper and short.interval.method == "normal"
        with pytest.raises(ArgumentError, match="interval must be one of 'student-t', 'normal'"):
            estimate(interval="wald")


def constant(data):
    return data.assign(income=1.0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sampling.operating_characteristic(None, [0.1]), "must be an acceptance plan"),
        (
            lambda: sampling.variance_components(constant(county()), "income", psu="village"),
            "'income' must vary",
        ),
        (
            lambda: sampling.unit_level_eblup(
                constant(county()),
                "income",
                ["weight2"],
                pd.DataFrame({"weight2": [3.0] * 10}, index=range(10)),
                by="village",
            ),
            "columns asked for",
        ),
        (
            lambda: sampling.unit_level_eblup(
                constant(county()).assign(x=np.arange(300) % 7),
                "income",
                ["x"],
                pd.DataFrame({"x": [3.0] * 10}, index=range(10)),
                by="village",
            ),
            "the variable must vary",
        ),
        (
            lambda: sampling.match_rates(
                county(300),
                "poor",
                county(300),
                "poor",
                check_design=DESIGN,
                entries_design=DESIGN,
                census=1000,
            ),
            "some entry of the census must be right",
        ),
        (lambda: sampling.read_result(3), "must be the dictionary of a result"),
        (
            lambda: sampling.read_result({"kind": "interval", "schema": 1, "low": 0.1}),
            "lacking 'lower', 'upper'.*unknown 'low'",
        ),
    ],
)
def test_what_cannot_be_computed_is_said_in_our_words(call, words):
    with pytest.raises(ArgumentError, match=words):
        call()


def test_one_rate_has_an_operating_characteristic_too():
    plan = sampling.plan_of_size(300, rejectable_rate=0.02)
    assert sampling.operating_characteristic(plan, 0.02) == sampling.operating_characteristic(
        plan, [0.02]
    )


def test_a_population_too_large_for_the_sequential_test_is_refused_before_memory_is_taken():
    with pytest.raises(ArgumentError, match=r"population_size must be a whole number in 2\.\."):
        sampling.SequentialTest(100_000_000, 0.02)
