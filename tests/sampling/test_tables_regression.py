import numpy as np
import pandas as pd
import pytest
from golden_cases import shared_folder
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sampling import (
    ArgumentError,
    Design,
    NotConvergedError,
    compare_domains,
    compare_to_value,
    contrast,
    estimate_mean,
    estimate_quantile,
    estimate_regression,
    rao_scott,
    replicate_weights,
)

TWO_STAGE = Design(psu="dnum", ssu="snum", fpc=["fpc1", "fpc2"])


def data_of(seed: int, rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"v": rng.integers(0, 12, rows), "w": rng.uniform(1, 9, rows).round(3)})
    data["a"] = rng.choice(["x", "y"], rows)
    data["b"] = rng.choice(["p", "q", "r"], rows)
    data["z"] = rng.normal(0, 1, rows).round(3)
    data["y"] = (1 + data["z"] + rng.normal(0, 1, rows)).round(3)
    data["poor"] = (rng.random(rows) < 0.4) * 1
    return data


DESIGN = Design(weight="w", psu="v")
seeds = st.integers(0, 10_000)


@given(seed=seeds, factor=st.floats(0.1, 10))
def test_table_test_knows_no_scale_of_weights_nor_order_of_rows(seed, factor):
    data = data_of(seed)
    mixed = data.sample(frac=1, random_state=seed).assign(w=lambda d: d["w"] * factor)
    one, two = rao_scott(data, "a", "b", DESIGN), rao_scott(mixed, "a", "b", DESIGN)
    assert one.f == pytest.approx(two.f, rel=1e-7)
    assert one.f_p == pytest.approx(two.f_p, rel=1e-6)
    turned = rao_scott(data, "b", "a", DESIGN)
    assert turned.f == pytest.approx(one.f, rel=1e-8)
    assert 0 <= one.f_p <= 1


def test_table_of_a_simple_random_sample_is_pearsons():
    data = data_of(5, 400)
    found = rao_scott(data, "a", "b", Design())
    counts = pd.crosstab(data["a"], data["b"])
    assert found.pearson == pytest.approx(stats.chi2_contingency(counts).statistic)
    assert np.mean(found.design_effects) == pytest.approx(1, abs=0.1)


def test_second_stage_counts_in_tables_and_regressions():
    data = pd.read_csv(shared_folder() / "data" / "survey_apiclus2.csv")
    one_stage = Design(psu="dnum", fpc="fpc1", weight="pw")
    found = rao_scott(data, "sch.wide", "stype", TWO_STAGE)
    assert found.f == pytest.approx(11.87274514, rel=1e-9)
    assert found.f_p == pytest.approx(0.0003221146624, rel=1e-8)
    data = data.assign(sw=(data["sch.wide"] == "Yes") * 1)
    both = estimate_regression(data, "sw", ["ell"], TWO_STAGE, family="logistic")
    first = estimate_regression(data, "sw", ["ell"], one_stage, family="logistic")
    assert both.coefficient("ell").std_error != pytest.approx(
        first.coefficient("ell").std_error, rel=1e-3
    )


@given(seed=seeds)
def test_regression_on_a_constant_is_the_mean_of_the_domain(seed):
    data = data_of(seed).assign(here=lambda d: (d["a"] == "x") * 1)
    fit = estimate_regression(data, "y", [], DESIGN, within="here")
    row = estimate_mean(data, "y", DESIGN, by="a").domain("x")
    assert fit.coefficient("constant").estimate == pytest.approx(row.estimate)
    assert fit.coefficient("constant").std_error == pytest.approx(row.std_error)
    assert fit.df == row.df


@given(seed=seeds)
def test_difference_of_domains_is_a_coefficient(seed):
    data = data_of(seed)
    test = compare_domains(data, "y", DESIGN, by="a")
    fit = estimate_regression(data, "y", ["a"], DESIGN).coefficient("a=y")
    assert test.difference.estimate == pytest.approx(fit.estimate, abs=1e-9)
    assert test.difference.std_error == pytest.approx(fit.std_error)
    rows = estimate_mean(data, "y", DESIGN, by="a", joint=True)
    same = contrast(rows, {"y": 1, "x": -1})
    assert same.std_error == pytest.approx(fit.std_error)


@given(seed=seeds)
def test_scaling_a_predictor_scales_its_coefficient(seed):
    data = data_of(seed)
    one = estimate_regression(data, "poor", ["z"], DESIGN, family="logistic").coefficient("z")
    data["z"] *= 100
    two = estimate_regression(data, "poor", ["z"], DESIGN, family="logistic").coefficient("z")
    assert two.estimate * 100 == pytest.approx(one.estimate, rel=1e-7, abs=1e-10)
    assert two.std_error * 100 == pytest.approx(one.std_error, rel=1e-7)


def test_regression_takes_replicates():
    data = data_of(3, 300)
    weights = replicate_weights(data, DESIGN, method="jackknife")
    one = estimate_regression(data, "poor", ["z", "b"], DESIGN, family="logistic")
    two = estimate_regression(data, "poor", ["z", "b"], weights, family="logistic")
    assert two.coefficient("z").std_error == pytest.approx(one.coefficient("z").std_error, rel=0.15)
    assert two.wald(["b"]).df == 2
    assert one.wald(["z"]).f == pytest.approx(
        (one.coefficient("z").estimate / one.coefficient("z").std_error) ** 2
    )


@given(seed=seeds, prob=st.floats(0.05, 0.95))
def test_quantile_lies_in_its_interval_and_scales(seed, prob):
    data = data_of(seed)
    for interval in ("mean", "beta", "xlogit", "asin", "score"):
        row = estimate_quantile(data, "y", DESIGN, prob=prob, interval=interval, by="a")[0]
        assert row.lower <= row.estimate <= row.upper
    wide = estimate_quantile(data.assign(y=data["y"] * 4), "y", DESIGN, prob=prob, by="a")[0]
    assert wide.estimate == pytest.approx(
        4 * estimate_quantile(data, "y", DESIGN, prob=prob, by="a")[0].estimate
    )


def test_a_mean_without_variance_is_not_tested():
    test = compare_to_value(data_of(1).assign(one=1.0), "one", DESIGN, value=1)
    assert (test.statistic, test.p_value) == (None, None)
    assert "standard error is 0" in test.why


@pytest.mark.parametrize(
    ("call", "code", "phrase"),
    [
        (
            lambda d: rao_scott(d.assign(one="k"), "a", "one", DESIGN),
            "table-flat",
            "two categories",
        ),
        (
            lambda d: rao_scott(
                d.assign(n=1000, k=d["a"] + d["b"]), "a", "b", Design(strata="k", fpc="n")
            ),
            "table-fixed",
            "No test is needed",
        ),
        (
            lambda d: estimate_regression(d.assign(zz=d["z"]), "y", ["z", "zz"], DESIGN),
            "predictors-dependent",
            "Leave one out",
        ),
        (
            lambda d: estimate_regression(d, "y", ["z"], DESIGN, family="logistic"),
            "values-outside",
            "between 0 and 1",
        ),
        (
            lambda d: estimate_regression(
                d.assign(up=(d["z"] > 0) * 1), "up", ["z"], DESIGN, family="logistic"
            ),
            "regression-diverges",
            "may split",
        ),
        (
            lambda d: estimate_regression(d, "y", ["z"], DESIGN).coefficient("q"),
            "coefficient-unknown",
            "'constant', 'z'",
        ),
        (lambda d: compare_domains(d, "y", DESIGN, by="b"), "domain-unknown", "two of the 3"),
        (
            lambda d: contrast(estimate_mean(d, "y", DESIGN, by="a", joint=False), {"x": 1}),
            "covariance-missing",
            "joint=True",
        ),
        (
            lambda d: contrast(estimate_mean(d, ["y", "z"], DESIGN), {"q": 1}),
            "contrast-names",
            "'y', 'z'",
        ),
    ],
)
def test_refusals(call, code, phrase):
    with pytest.raises((ArgumentError, NotConvergedError), match=phrase) as caught:
        call(data_of(2))
    assert caught.value.code == code
