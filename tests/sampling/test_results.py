import json
import math
import pickle
from pathlib import Path

import pandas as pd
import pytest

from sampling import (
    ArgumentError,
    Design,
    Interval,
    PooledIcc,
    ReplicateDesign,
    ResponseClass,
    SequentialTest,
    alpha_martingale,
    compare_to_value,
    decide,
    decide_jointly,
    decide_many,
    decide_under_nonresponse,
    estimate_composite,
    estimate_double_sampling,
    estimate_mean,
    estimate_proportion,
    estimate_regression,
    interval_stratified,
    operating_characteristic,
    optimal_cluster_take,
    plan_declared_level,
    plan_of_size,
    plan_second_wave,
    plan_two_stage,
    psus_to_show_below,
    rao_scott,
    read_result,
    size_for_detection,
    size_for_proportion,
    sprt,
    stratified_sequential,
    two_phase,
    units_to_settle,
    variance_components,
)
from sampling.allocation import allocate_multivariate, allocate_optimal
from sampling.composite import CompositePart
from sampling.design import Adjustment
from sampling.results import _KINDS
from sampling.size_means import size_for_difference, size_for_mean

STORED = Path(__file__).parent / "stored_results"


def examples():
    """One result of every kind, made by the public calls."""
    data = pd.DataFrame(
        {"village": [1, 1, 2, 2, 3, 3], "poor": [0, 0, 0, 1, 0, 0], "y": [1.0, 2, 3, 4, 5, 6]}
    )
    design = Design(psu="village")
    means = estimate_mean(data, "y", design)
    rates = estimate_proportion(data, "poor", design, icc=0.05)
    part = CompositePart(name="a", share=0.5, proportion=0.1, n=30, events=3, variance_factor=0.05)
    pooled = PooledIcc(
        icc=0.05,
        estimate=None,
        plan=0.05,
        areas=2,
        events=0,
        deff=None,
        kish=1.25,
        take=10.0,
        policy="plan",
        reason="no area has an event beside non-events",
    )
    both = data.assign(a=[0, 1, 0, 1, 1, 1])
    fit = estimate_regression(both, "y", ["a"], design)
    outside = ReplicateDesign(weight="w", weights=["r1", "r2"], scale=0.5)
    cells = Adjustment(method="poststratification", cells=(("village",),), weight="w")
    sizes, spreads = {"a": 100, "b": 300}, {"a": 2.0, "b": 1.0}
    shared = allocate_optimal(sizes, spreads, {"a": 1.0, "b": 4.0}, n=40)
    aimed = allocate_multivariate(sizes, {"y": spreads}, 0.05, totals={"y": 2000.0})
    rule = plan_of_size(300, rejectable_rate=0.02, acceptable_rate=0.005)
    two = plan_two_stage(acceptable_rate=0.007, rejectable_rate=0.02, sizes=(300, 300))
    curve = operating_characteristic(rule, [0.005, 0.02])
    several = decide_many({"a": rates[0]}, 0.02)
    asked = ResponseClass(name="a", sampled=400, responded=300, events=9)
    course = SequentialTest(2000, 0.02).update(1, 200)
    stops = course.schedule(4)
    made = [
        course,
        stops,
        stops.stops[0],
        plan_second_wave(two, n=300, errors=2),
        sprt(acceptable_rate=0.01, rejectable_rate=0.03),
        alpha_martingale([0.0] * 200, 0.02, alternative=0.0, population_size=2000),
        stratified_sequential({}, {"a": 45}, {"a": 2000, "b": 600}, 0.02),
        rule,
        two,
        curve,
        curve.points[0],
        plan_declared_level(0.0065, n=125),
        several,
        several.rows[0],
        decide_jointly({"a": decide(rates[0], 0.02)}),
        asked,
        decide_under_nonresponse([asked], 0.02),
        units_to_settle(0.02, true_rate=0.005, seen_n=300, seen_events=2),
        shared,
        shared.rows[0],
        aimed,
        aimed.targets[0],
        size_for_mean(2.0, spread=10.0, population_size=500),
        size_for_difference(0.05, expected=(0.05, 0.1), power=0.8),
        design,
        cells,
        outside,
        two_phase(design, sampled="poor", strata="a"),
        estimate_double_sampling(((18, 3), (12, 267)), (140, 1560)),
        rao_scott(both, "a", "poor", design),
        fit,
        fit.wald(["a"]),
        means,
        means[0],
        rates[0],
        rates[0].interval,
        rates[0].nchs,
        interval_stratified([1, 0], [10, 20], [100, 100]),
        part,
        estimate_composite([part], known_share=0.25),
        pooled,
        compare_to_value(data, "y", design),
        decide(rates[0], 0.02),
        psus_to_show_below(0.02, true_rate=0.0, take=30, icc=0.0),
        size_for_proportion(0.05, population_size=2000),
        size_for_detection(0.02, population_size=500),
        optimal_cluster_take(100.0, 4.0, 0.2),
        variance_components(data, "y", psu="village"),
    ]
    return {result.kind: result for result in made}


EXAMPLES = examples()


def close(one, other) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return one == other


def test_every_kind_of_these_modules_has_a_stored_example():
    modules = {type(result).__module__ for result in EXAMPLES.values()}
    kinds = {kind for kind, cls in _KINDS.items() if cls.__module__ in modules}
    assert kinds == EXAMPLES.keys()
    assert kinds <= {path.stem for path in STORED.glob("*.json")}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_kind_reads_what_was_stored(kind):
    stored = json.loads((STORED / f"{kind}.json").read_text("utf-8"))
    assert close(stored, EXAMPLES[kind].to_dict())
    assert read_result(stored).to_dict() == stored


@pytest.mark.parametrize("kind", EXAMPLES)
def test_result_survives_json_and_pickle(kind):
    result = EXAMPLES[kind]
    text = json.dumps(result.to_dict(), allow_nan=False)
    assert type(result).from_dict(json.loads(text)) == result
    assert pickle.loads(pickle.dumps(result)) == result
    assert hash(result) == hash(read_result(json.loads(text)))


@pytest.mark.parametrize("kind", EXAMPLES)
def test_result_shows_the_same_table_twice(kind):
    result = EXAMPLES[kind]
    table = result._table()
    assert str(result) == table.text()
    assert result._repr_html_() == table.html()
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert type(result).__name__ in repr(result)
    assert len(result.to_frame()) >= 1


def test_infinite_limits_survive_json():
    interval = Interval(lower=-math.inf, upper=math.inf, confidence=0.95, method="student-t")
    text = json.dumps(interval.to_dict(), allow_nan=False)
    assert read_result(json.loads(text)) == interval
    assert "-infinite" in str(interval)


def test_unknown_and_newer_documents_are_refused():
    doc = EXAMPLES["interval"].to_dict()
    for changed, code, phrase in [
        (doc | {"kind": "oracle"}, "kind-unknown", "Update the software"),
        (doc | {"schema": 99}, "schema-newer", "at most"),
    ]:
        with pytest.raises(ArgumentError, match=phrase) as caught:
            read_result(changed)
        assert caught.value.code == code
    with pytest.raises(ArgumentError, match="'design'") as caught:
        Design.from_dict(doc)
    assert caught.value.code == "kind-unknown"
