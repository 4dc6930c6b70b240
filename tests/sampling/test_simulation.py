"""Whole designs simulated: known answers come out, whatever the processes."""

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling import (
    ArgumentError,
    Design,
    DesignSimulation,
    FrameTooSmallError,
    Interval,
    StratifiedSampler,
    TwoStageSampler,
    decide,
    estimate_mean,
    estimate_proportion,
    interval_clopper_pearson,
    read_result,
    simulate_design,
)

STORED = Path(__file__).parent / "stored_results"
DESIGN = Design(psu="village", weight="weight")


def county(villages=40, households=30, every=8):
    data = pd.DataFrame({"village": np.repeat(np.arange(villages), households)})
    data["wrong"] = ((data.index % every) == 0).astype(int)
    data["status"] = np.where(data.index % households < 10, "exited", "unregistered")
    return data


def rate(sample):
    return estimate_proportion(sample, "wrong", DESIGN, icc=0.05)


def two_stage(**changed):
    return TwoStageSampler(**{"psu": "village", "psus": 8, "ssus": 10} | changed)


def simulated(**changed):
    asked = {
        "population": county(),
        "design": two_stage(),
        "estimator": rate,
        "rng": np.random.default_rng(1),
        "reps": 60,
    } | changed
    return simulate_design(
        asked.pop("population"), asked.pop("design"), asked.pop("estimator"), **asked
    )


# -- samplers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method", ["pps-systematic", "sequential-poisson", "sampford", "pareto", "simple"]
)
def test_weights_of_two_stages_estimate_the_size_of_the_population(method):
    rng = np.random.default_rng(7)
    data = pd.DataFrame({"village": np.repeat(np.arange(30), rng.integers(20, 60, 30))})
    draw = two_stage(psu_method=method, ssus=5).drawer(data)
    totals = [draw(rng)["weight"].sum() for _ in range(300)]
    error = np.std(totals) / math.sqrt(300)
    assert abs(np.mean(totals) - len(data)) <= 4 * error + 1e-6


def test_a_two_stage_sample_has_its_psus_and_units_and_keeps_the_order():
    data = county()
    sample = two_stage()(data, np.random.default_rng(2))
    assert sample.groupby("village").size().tolist() == [10] * 8
    assert sample.index.is_monotonic_increasing and sample.index.is_unique
    assert "weight" not in data.columns


def test_strata_within_psus_get_their_own_takes_and_weights():
    sampler = two_stage(strata="status", ssus={"exited": 5, "unregistered": 0})
    sample = sampler(county(), np.random.default_rng(2))
    assert sample["status"].unique().tolist() == ["exited"]
    assert sample["weight"].to_numpy() == pytest.approx(10 / 5 * 40 / 8)


def test_a_short_psu_is_refused_or_taken_whole_as_asked():
    data = pd.DataFrame({"village": [1, 1, 2, 2, 2], "size": [4, 4, 6, 6, 6]})
    with pytest.raises(FrameTooSmallError, match="take-all"):
        two_stage(psus=2, ssus=3)(data, np.random.default_rng(1))
    sampler = two_stage(psus=2, ssus=3, short="take-all", size_measure="size")
    assert len(sampler(data, np.random.default_rng(1))) == 5


def test_a_stratified_sample_weighs_by_its_fractions():
    sampler = StratifiedSampler(strata="status", size_by_stratum={"exited": 40, "unregistered": 20})
    sample = sampler(county(), np.random.default_rng(3))
    assert sample.groupby("status")["weight"].sum().to_dict() == pytest.approx(
        {"exited": 400, "unregistered": 800}
    )


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: two_stage(psus=0), "count-outside"),
        (lambda: two_stage(psu_method="cube"), "choice-unknown"),
        (lambda: two_stage(ssus={"a": 1}), "sizes-strata"),
        (lambda: two_stage(strata="status"), "sizes-strata"),
        (lambda: StratifiedSampler(strata="status", size_by_stratum=3), "sizes-not-mapping"),
        (lambda: two_stage()(county().assign(weight=1.0), None), "column-taken"),
        (lambda: two_stage(size_measure="wrong")(county(), None), "values-outside"),
        (
            lambda: two_stage(size_measure="row")(county().assign(row=range(1, 1201)), None),
            "size-varies",
        ),
        (
            lambda: two_stage(strata="status", ssus={"exited": 1})(county(), None),
            "sizes-missing",
        ),
    ],
)
def test_a_sampler_that_cannot_be_is_refused(make, code):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert caught.value.code == code


# -- simulations -------------------------------------------------------------------------------


def test_a_simple_sample_comes_out_as_the_binomial_says():
    """Clopper and Pearson's coverage is a finite sum, so the simulation must agree with it."""
    n, p = 50, 0.1
    reps = 2000
    found = simulate_design(
        lambda rng: pd.DataFrame({"wrong": rng.random(n) < p}),
        lambda population, rng: population,
        lambda sample: interval_clopper_pearson(int(sample["wrong"].sum()), n),
        rng=np.random.default_rng(4),
        reps=reps,
        truth=p,
        thresholds=[0.2],
    )
    chances = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    ends = [interval_clopper_pearson(k, n) for k in range(n + 1)]
    exact = sum(c for c, i in zip(chances, ends, strict=True) if i.lower <= p <= i.upper)
    passes = sum(c for c, i in zip(chances, ends, strict=True) if i.upper < 0.2)
    assert abs(found.coverage - exact) <= 4 * found.coverage_error
    assert abs(found.risks[0].pass_share - passes) <= 4 * found.risks[0].pass_error
    assert found.bias is None and found.std_error is None
    assert found.risks[0].false_pass is None and found.risks[0].false_fail is not None


def test_a_census_leaves_nothing_to_chance():
    found = simulated(design=two_stage(psus=40, ssus=30), reps=3)
    assert found.bias == pytest.approx(0, abs=1e-12)
    assert (found.coverage, found.spread, found.n) == (1.0, pytest.approx(0, abs=1e-12), 1200)


def test_the_result_does_not_depend_on_the_processes_and_progress_is_told():
    told = []
    alone = simulated(thresholds=[0.1, 0.2])
    shared = simulated(
        thresholds=[0.1, 0.2], processes=2, progress=lambda done, reps: told.append((done, reps))
    )
    assert alone == shared
    assert told == [(25, 60), (50, 60), (60, 60)]


def test_errors_of_the_estimator_come_through_from_other_processes():
    def failing(sample):
        return estimate_proportion(sample, "absent", DESIGN)

    with pytest.raises(ArgumentError, match="absent"):
        simulated(estimator=failing, processes=2, truth=0.1)


def test_truth_may_be_a_number_a_column_a_function_or_the_estimate_of_the_whole():
    by_whole = simulated()
    assert by_whole.truth == pytest.approx(county()["wrong"].mean(), rel=1e-12)
    for truth in (by_whole.truth, "wrong", lambda data: float(data["wrong"].mean())):
        assert simulated(truth=truth).truth == pytest.approx(by_whole.truth, rel=1e-12)


def test_means_have_bias_spread_and_standard_errors():
    found = simulated(estimator=lambda sample: estimate_mean(sample, "wrong", DESIGN), reps=200)
    assert abs(found.bias) <= 4 * found.bias_error
    assert found.rmse**2 == pytest.approx(found.bias**2 + found.spread**2 * 199 / 200)
    assert found.std_error > 0


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"reps": 1}, "count-outside"),
        ({"processes": 0}, "count-outside"),
        ({"direction": "up"}, "choice-unknown"),
        ({"rng": 7}, "rng-not-generator"),
        ({"thresholds": ["2 %"]}, "not-a-number"),
        ({"estimator": lambda sample: 0.5}, "estimator-result"),
        (
            {"estimator": lambda sample: estimate_proportion(sample, "wrong", DESIGN, by="status")},
            "estimator-result",
        ),
        ({"estimator": lambda sample: interval_clopper_pearson(0, 30)}, "truth-missing"),
    ],
)
def test_a_simulation_that_cannot_be_is_refused(changed, code):
    with pytest.raises(ArgumentError) as caught:
        simulated(**changed)
    assert caught.value.code == code


def test_one_confidence_throughout_is_asked_for():
    def wandering(sample):
        confidence = 0.9 if sample["wrong"].iloc[0] else 0.95
        return Interval(lower=0.0, upper=1.0, confidence=confidence, method="any")

    with pytest.raises(ArgumentError, match="one confidence"):
        simulated(estimator=wandering, truth=0.1)


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 2**32 - 1),
    reps=st.integers(2, 40),
    bar=st.floats(0.01, 0.5),
    direction=st.sampled_from(["below", "above"]),
)
def test_shares_add_up_and_decisions_are_those_of_decide(seed, reps, bar, direction):
    kept = []

    def keeping(sample):
        found = rate(sample)[0]
        kept.append(decide(found, bar, direction=direction).conclusion)
        return found

    found = simulated(
        estimator=keeping,
        rng=np.random.default_rng(seed),
        reps=reps,
        thresholds=[bar],
        direction=direction,
        truth="wrong",
    )
    risk = found.risks[0]
    assert found.coverage + found.upper_miss + found.lower_miss == pytest.approx(1)
    assert risk.pass_share == kept.count("pass") / reps
    assert risk.fail_share == kept.count("fail") / reps
    assert risk.inconclusive_share == pytest.approx(kept.count("inconclusive") / reps)


# -- results -----------------------------------------------------------------------------------


def examples():
    found = simulated(thresholds=[0.2], reps=10)
    sampler = StratifiedSampler(strata="status", size_by_stratum={"exited": 4, "unregistered": 9})
    within = two_stage(strata="status", ssus={"exited": 5, "unregistered": 2})
    return {result.kind: result for result in (found, found.risks[0], sampler, within)}


EXAMPLES = examples()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_results_are_stored_and_read_back_equal(kind):
    result = EXAMPLES[kind]
    stored = json.loads((STORED / f"{kind}.json").read_text("utf-8"))
    assert read_result(stored).to_dict() == stored
    assert stored.keys() == result.to_dict().keys()
    for field, value in result.to_dict().items():
        same = pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
        assert field == "risks" or stored[field] == same
    assert read_result(json.loads(json.dumps(result.to_dict(), allow_nan=False))) == result
    assert pickle.loads(pickle.dumps(result)) == result
    assert hash(result) == hash(read_result(stored)) or isinstance(result, DesignSimulation)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_results_show_one_table_and_give_rows(kind):
    result = EXAMPLES[kind]
    assert str(result) == result._table().text()
    assert result._repr_html_() == result._table().html()
    assert len(result.to_frame()) == 1
