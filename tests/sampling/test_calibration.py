import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sampling import (
    ApproximationWarning,
    ArgumentError,
    Design,
    EmptyStratumError,
    NotConvergedError,
    SmallSampleWarning,
    adjust_nonresponse,
    calibrate,
    estimate_mean,
    estimate_proportion,
    estimate_total,
    poststratify,
    rake,
    replicate_weights,
    trim_weights,
)

CLUSTERED = Design(weight="w", strata="s", psu="v")


def sample_of_villages(rng, rows=80) -> pd.DataFrame:
    village = rng.integers(0, 16, rows)
    return pd.DataFrame(
        {
            "v": village,
            "s": village // 4,
            "w": rng.uniform(5, 15, rows).round(3),
            "a": rng.choice(["x", "y"], rows),
            "b": rng.choice([0, 1, 2], rows),
            "z": rng.uniform(1, 4, rows).round(3),
            "y": rng.normal(10, 3, rows).round(3),
            "one": 1.0,
        }
    )


@st.composite
def villages(draw):
    data = sample_of_villages(np.random.default_rng(draw(st.integers(0, 2**32 - 1))))
    assume((data.groupby("s")["v"].nunique() > 1).all() and data["s"].nunique() == 4)
    return data


@given(data=villages(), factor=st.floats(0.8, 1.25))
def test_poststrata_have_their_sizes_without_error(data, factor):
    sizes = {key: factor * size for key, size in data.groupby("a")["w"].sum().items()}
    found, design = poststratify(data, CLUSTERED, "a", sizes)
    for label, size in sizes.items():
        row = estimate_total(found, "one", design, by="a").domain(label)
        assert row.estimate == pytest.approx(size)
        assert row.std_error == pytest.approx(0, abs=1e-9 * size)
    assert "weight_poststratified" not in data


@given(data=villages())
def test_raked_weights_meet_every_margin_without_error(data):
    rng = np.random.default_rng(len(data))
    margins = {}
    for column in ("a", "b"):
        sums = data.groupby(column)["w"].sum() * rng.uniform(0.8, 1.2, data[column].nunique())
        margins[column] = (sums / sums.sum() * 1000).to_dict()
    found, design = rake(data, CLUSTERED, margins)
    assert (found["weight_raked"] > 0).all()
    for column, sizes in margins.items():
        for label, size in sizes.items():
            row = estimate_total(found, "one", design, by=column).domain(label)
            assert row.estimate == pytest.approx(size, rel=1e-9)
            assert row.std_error == pytest.approx(0, abs=1e-6)


@given(data=villages(), method=st.sampled_from(["linear", "raking", "logit"]))
def test_calibrated_totals_hold_and_bounds_too(data, method):
    total = float((data["w"] * data["z"]).sum()) * 1.05
    found, design = calibrate(
        data,
        CLUSTERED,
        {"z": total},
        method=method,
        bounds=(0.5, 2.0),
        population_size=float(data["w"].sum()),
    )
    row = estimate_total(found, "z", design)[0]
    assert row.estimate == pytest.approx(total, rel=1e-9)
    assert row.std_error == pytest.approx(0, abs=1e-7 * total)
    ratio = found[design.weight] / data["w"]
    assert ratio.between(0.5 - 1e-9, 2.0 + 1e-9).all()
    again = calibrate(
        found, design, {"z": total}, population_size=float(data["w"].sum()), into="again"
    )
    assert np.allclose(again.data["again"], found[design.weight])
    assert estimate_mean(again.data, "y", again.design)[0].std_error == pytest.approx(
        estimate_mean(found, "y", design)[0].std_error, rel=1e-6
    )


@given(data=villages(), factor=st.floats(0.01, 100))
def test_scale_of_the_first_weights_does_not_matter(data, factor):
    sizes = data.groupby("a")["w"].sum().to_dict()
    one, design = poststratify(data, CLUSTERED, "a", sizes)
    two, _ = poststratify(data.assign(w=data["w"] * factor), CLUSTERED, "a", sizes)
    left = estimate_mean(one, "y", design, by="b")
    right = estimate_mean(two, "y", design, by="b")
    assert [r.std_error for r in left] == pytest.approx([r.std_error for r in right], rel=1e-7)


def test_calibration_is_carried_through_every_replicate():
    data = sample_of_villages(np.random.default_rng(1))
    weights = replicate_weights(data, CLUSTERED, method="jackknife", mse=True)
    sizes = data.groupby("a")["w"].sum().to_dict()
    found, design = poststratify(data, weights, "a", sizes)
    row = estimate_total(found, "one", design, by="a")[0]
    assert row.std_error == pytest.approx(0, abs=1e-9 * row.estimate)
    linear = estimate_mean(*_linear(data, sizes))[0].std_error
    assert estimate_mean(found, "y", design)[0].std_error == pytest.approx(linear, rel=0.05)


def _linear(data, sizes):
    found, design = poststratify(data, CLUSTERED, "a", sizes)
    return found, "y", design


def test_zero_events_after_calibration_are_finite():
    data = sample_of_villages(np.random.default_rng(1)).assign(poor=0)
    found, design = poststratify(data, CLUSTERED, "a", data.groupby("a")["w"].sum().to_dict())
    row = estimate_proportion(found, "poor", design)[0]
    assert 0 == row.lower < row.upper < 0.2


def test_unweighted_design_gets_a_column_of_its_base_weights():
    data = sample_of_villages(np.random.default_rng(1))
    found, design = poststratify(data, Design(psu="v"), "a", {"x": 100, "y": 50})
    assert design.adjustments[0].weight == "weight_poststratified_base"
    assert found["weight_poststratified_base"].eq(1).all()


def test_negative_weights_are_told():
    data = pd.DataFrame({"x": [1.0, 2.0, 3.0], "w": 10.0})
    with pytest.warns(ApproximationWarning, match="below 0"):
        calibrate(data, Design(weight="w"), {"x": 90.0}, population_size=30)


# Nonresponse


def answered_sample(rng, rows=400) -> pd.DataFrame:
    data = pd.DataFrame({"c": rng.choice(["a", "b"], rows), "x": rng.normal(0, 1, rows)})
    chance = np.where(data["c"] == "a", 0.5, 0.9)
    data["answered"] = rng.random(rows) < chance
    data["y"] = (data["c"] == "a") * 2.0 + rng.normal(0, 1, rows)
    return data.assign(y=data["y"].where(data["answered"]), w=5.0)


def test_response_classes_undo_the_bias_and_their_variance_is_right():
    rng = np.random.default_rng(7)
    means, variances = [], []
    for _ in range(300):
        found, design = adjust_nonresponse(
            answered_sample(rng), Design(weight="w"), "answered", classes="c"
        )
        row = estimate_mean(found, "y", design)[0]
        means.append(row.estimate)
        variances.append(row.std_error**2)
    assert np.mean(means) == pytest.approx(1.0, abs=0.03)
    assert np.mean(variances) == pytest.approx(np.var(means, ddof=1), rel=0.25)


def test_propensity_of_a_category_equals_its_classes():
    data = answered_sample(np.random.default_rng(3))
    data["isa"] = (data["c"] == "a") * 1.0
    one, first = adjust_nonresponse(data, Design(weight="w"), "answered", classes="c")
    two, second = adjust_nonresponse(data, Design(weight="w"), "answered", propensity="isa")
    assert np.allclose(one[first.weight], two[second.weight])
    left, right = estimate_mean(one, "y", first)[0], estimate_mean(two, "y", second)[0]
    assert left.std_error == pytest.approx(right.std_error, rel=1e-6)
    assert left.n == int(data["answered"].sum())
    grouped, third = adjust_nonresponse(
        data, Design(weight="w"), "answered", propensity=["x"], groups=4, into="g"
    )
    assert grouped["g_class"].nunique() == 4
    assert estimate_mean(grouped, "y", third)[0].n == left.n


def test_full_response_changes_nothing():
    data = answered_sample(np.random.default_rng(3))
    data = data[data["answered"]].reset_index(drop=True)
    found, design = adjust_nonresponse(data, Design(weight="w"), "answered", classes="c")
    plain = estimate_mean(data, "y", Design(weight="w"))[0]
    assert estimate_mean(found, "y", design)[0].std_error == pytest.approx(plain.std_error)


def test_nonresponse_then_poststrata_then_trimming():
    data = answered_sample(np.random.default_rng(3))
    data, design = adjust_nonresponse(data, Design(weight="w"), "answered", classes="c")
    data, design = poststratify(data, design, "c", {"a": 1000, "b": 1000})
    upper = float(data[design.weight].max()) * 0.9
    with pytest.raises(NotConvergedError, match=r"is to be|within reach"):
        trim_weights(data, design, upper=upper)
    data, design = trim_weights(data, design, upper=upper * 2)
    row = estimate_total(data.assign(one=1.0), "one", design)[0]
    assert row.estimate == pytest.approx(2000)
    assert row.std_error == pytest.approx(0, abs=1e-6)
    assert [a.method for a in design.adjustments] == ["nonresponse-classes", "poststratification"]


# Trimming


@given(data=villages(), share=st.floats(1.05, 1.4))
def test_trimmed_weights_keep_their_sum_and_the_limits(data, share):
    upper = float(data["w"].mean()) * share
    found, design = trim_weights(data, CLUSTERED, upper=upper)
    assert (found[design.weight] <= upper + 1e-9).all()
    assert found[design.weight].sum() == pytest.approx(data["w"].sum())


@given(data=villages())
def test_trimming_recalibrates(data):
    total = float((data["w"] * data["z"]).sum()) * 1.02
    size = float(data["w"].sum())
    found, design = calibrate(data, CLUSTERED, {"z": total}, population_size=size)
    upper = float(found[design.weight].quantile(0.97))
    trimmed, after = trim_weights(found, design, upper=upper)
    assert trimmed[after.weight].max() <= upper * (1 + 1e-9)
    row = estimate_total(trimmed, "z", after)[0]
    assert row.estimate == pytest.approx(total, rel=1e-8)
    assert row.std_error == pytest.approx(0, abs=1e-6 * total)


DATA = sample_of_villages(np.random.default_rng(1))


@pytest.mark.parametrize(
    ("call", "code", "phrase"),
    [
        (lambda: poststratify(DATA, CLUSTERED, "a", {"x": 1}), "totals-missing", "'y' of a has"),
        (
            lambda: poststratify(DATA, CLUSTERED, "a", {"x": 1, "y": 1, "q": 2}),
            "empty-stratum",
            "'q'",
        ),
        (
            lambda: poststratify(DATA, CLUSTERED, "a", {"x": 1, "y": 1}, into="w"),
            "column-taken",
            "exists",
        ),
        (
            lambda: rake(DATA, CLUSTERED, {"a": {"x": 1, "y": 1}, "b": {0: 1, 1: 1, 2: 1}}),
            "margins-differ",
            "one population",
        ),
        (
            lambda: calibrate(DATA, CLUSTERED, {"z": 1}, method="logit"),
            "bounds-missing",
            "needs bounds",
        ),
        (
            lambda: calibrate(DATA, CLUSTERED, {"z": 1}, bounds=(1.1, 2)),
            "bounds-order",
            "hold 1 between",
        ),
        (
            lambda: calibrate(DATA, CLUSTERED, {"z": 1e6}, bounds=(0.5, 2)),
            "calibration-impossible",
            "z is to be 1e.06 and can be .* would reach all",
        ),
        (
            lambda: calibrate(DATA, CLUSTERED, {"a": {"x": 500, "y": 300}}, population_size=900),
            "calibration-impossible",
            "agree with each other",
        ),
        (lambda: trim_weights(DATA, CLUSTERED), "trim-limits", "lower, upper or both"),
        (lambda: trim_weights(DATA, CLUSTERED, upper=5), "trim-impossible", "cannot sum"),
        (
            lambda: trim_weights(DATA, CLUSTERED, upper=12, restore="recalibrate"),
            "trim-uncalibrated",
            "Calibrate first",
        ),
        (
            lambda: adjust_nonresponse(DATA, CLUSTERED, "one"),
            "nonresponse-parts",
            "one of them",
        ),
        (
            lambda: adjust_nonresponse(
                DATA.assign(r=(DATA["a"] == "x") * 1), CLUSTERED, "r", classes="a"
            ),
            "empty-stratum",
            "nobody did in 'y'",
        ),
    ],
)
def test_refusals(call, code, phrase):
    with pytest.raises(
        (ArgumentError, EmptyStratumError, NotConvergedError), match=phrase
    ) as caught:
        call()
    assert caught.value.code == code


def test_small_classes_are_told():
    data = DATA.assign(r=1, small=np.arange(len(DATA)) < 5)
    with pytest.warns(SmallSampleWarning, match="1 of 2"):
        adjust_nonresponse(data, CLUSTERED, "r", classes="small")
