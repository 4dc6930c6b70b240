import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling import (
    ArgumentError,
    Design,
    LonelyUnitError,
    ReplicateDesign,
    estimate_mean,
    estimate_proportion,
    estimate_quantile,
    estimate_ratio,
    estimate_total,
    replicate_weights,
)

TWO_STAGE = Design(
    strata="stratum", psu="village", ssu="household", fpc=["villages", "households"], weight="w"
)


@st.composite
def two_stage(draw):
    """Strata of villages of households, with frame sizes of both stages."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = []
    for stratum in range(draw(st.integers(1, 3))):
        frame = draw(st.integers(4, 9))
        for village in range(draw(st.integers(2, 4))):
            size = draw(st.integers(4, 8))
            for household in range(draw(st.integers(2, 4))):
                rows.append((stratum, 10 * stratum + village, household, frame, size))
    data = pd.DataFrame(rows, columns=["stratum", "village", "household", "villages", "households"])
    data["w"] = rng.uniform(1, 9, len(data)).round(3)
    data["y"] = rng.normal(50, 10, len(data)).round(3)
    data["x"] = rng.uniform(1, 5, len(data)).round(3)
    data["d"] = rng.choice(["a", "b"], len(data))
    return data


def paired(rng) -> pd.DataFrame:
    rows = [(h, 2 * h + v, 6.0) for h in range(5) for v in range(2) for _ in range(3)]
    data = pd.DataFrame(rows, columns=["stratum", "village", "villages"])
    return data.assign(w=rng.uniform(1, 5, len(data)), y=rng.normal(10, 3, len(data)))


@given(data=two_stage())
def test_jackknife_of_a_total_is_the_linearised_variance_of_all_stages(data):
    weights = replicate_weights(data, TWO_STAGE, method="jackknife", mse=True)
    for one, two in zip(
        estimate_total(data, "y", weights, by="d"),
        estimate_total(data, "y", TWO_STAGE, by="d"),
        strict=True,
    ):
        assert one.std_error == pytest.approx(two.std_error, rel=1e-8, abs=1e-8)
        assert (one.df, one.n) == (two.df, two.n)


@given(data=two_stage(), seed=st.integers(0, 1000))
def test_order_of_rows_does_not_matter(data, seed):
    mixed = data.sample(frac=1, random_state=seed)
    one = estimate_ratio(data, "y", "x", replicate_weights(data, TWO_STAGE, method="jackknife"))
    two = estimate_ratio(mixed, "y", "x", replicate_weights(mixed, TWO_STAGE, method="jackknife"))
    assert one[0].std_error == pytest.approx(two[0].std_error, rel=1e-9)


@given(data=two_stage())
def test_weights_as_columns_give_what_factors_give(data):
    weights = replicate_weights(
        data, TWO_STAGE, method="bootstrap", n=20, rng=np.random.default_rng(1)
    )
    frame = weights.to_frame()
    outside = ReplicateDesign(
        weight="weight", weights=list(frame.columns[1:]), scale=weights.scale, mse=weights.mse
    )
    joined = pd.concat([data, frame], axis=1)
    one = estimate_mean(data, "y", weights, by="d", joint=True)
    two = estimate_mean(joined, "y", outside, by="d", joint=True)
    assert [row.std_error for row in one] == pytest.approx([row.std_error for row in two], rel=1e-8)
    assert np.allclose(one.covariance, two.covariance, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("rho", [None, 0.3])
def test_half_samples_of_a_total_keep_the_finite_population_correction(rho):
    data = paired(np.random.default_rng(3))
    design = Design(strata="stratum", psu="village", fpc="villages", weight="w")
    method = "brr" if rho is None else "fay"
    weights = replicate_weights(data, design, method=method, rho=rho)
    one, two = estimate_total(data, "y", weights)[0], estimate_total(data, "y", design)[0]
    assert one.std_error == pytest.approx(two.std_error, rel=1e-10)
    assert one.df == two.df == 5


def test_bootstrap_reproduces_both_stages_and_their_corrections():
    rng = np.random.default_rng(5)
    rows = [(v, h, 10, 6) for v in range(6) for h in range(4)]
    data = pd.DataFrame(rows, columns=["village", "household", "villages", "households"])
    data["y"] = rng.normal(0, 1, len(data)) + 0.5 * data["village"]
    design = Design(psu="village", ssu="household", fpc=["villages", "households"])
    exact = estimate_total(data, "y", design)[0].std_error
    weights = replicate_weights(
        data, design, method="bootstrap", n=20_000, rng=np.random.default_rng(6)
    )
    assert estimate_total(data, "y", weights)[0].std_error == pytest.approx(exact, rel=0.03)


def test_census_has_no_variance_under_replication():
    data = paired(np.random.default_rng(4)).assign(villages=2)
    design = Design(strata="stratum", psu="village", fpc="villages", weight="w")
    rng = np.random.default_rng(1)
    for weights in (
        replicate_weights(data, design, method="bootstrap", n=10, rng=rng),
        replicate_weights(data, design, method="brr"),
    ):
        assert estimate_mean(data, "y", weights)[0].std_error == pytest.approx(0, abs=1e-12)


def test_df_of_a_domain_are_those_of_its_psus_not_of_the_replicates():
    data = paired(np.random.default_rng(2)).assign(d=lambda d: d["stratum"] == 0)
    design = Design(strata="stratum", psu="village", weight="w")
    weights = replicate_weights(
        data, design, method="bootstrap", n=499, rng=np.random.default_rng(1)
    )
    assert estimate_mean(data, "y", weights, by="d").domain(True).df == 1


def test_sorted_or_cut_data_are_refused():
    data = paired(np.random.default_rng(2))
    weights = replicate_weights(
        data, Design(strata="stratum", psu="village", weight="w"), method="jackknife"
    )
    for other in (data.sort_values("y"), data.iloc[:10]):
        with pytest.raises(ArgumentError, match="never by filtering") as caught:
            estimate_mean(other, "y", weights)
        assert caught.value.code == "replicates-rows"


def test_domain_without_events_has_finite_limits_of_positive_width():
    data = paired(np.random.default_rng(2)).assign(poor=0)
    weights = replicate_weights(
        data, Design(strata="stratum", psu="village", weight="w"), method="brr"
    )
    for form in ("korn-graubard", "logit", "wilson", "likelihood", "asin", "mean", "mid-p"):
        row = estimate_proportion(data, "poor", weights, interval=form)[0]
        assert row.lower == 0
        assert 0 < row.upper < 1
        assert math.isfinite(row.upper)


def test_quantiles_take_replicates():
    data = paired(np.random.default_rng(2))
    design = Design(strata="stratum", psu="village", weight="w")
    weights = replicate_weights(
        data, design, method="subbootstrap", n=50, rng=np.random.default_rng(1)
    )
    for form in ("mean", "quantile", "score"):
        row = estimate_quantile(data, "y", weights, interval=form)[0]
        assert row.lower < row.estimate < row.upper


LONELY = pd.DataFrame({"s": [1, 1, 2], "v": [1, 2, 3], "y": [1.0, 2.0, 3.0], "N": [9, 9, 9]})
TRIPLE = pd.DataFrame({"s": [1, 1, 1], "v": [1, 2, 3], "y": [1.0, 2.0, 3.0]})


@pytest.mark.parametrize(
    ("call", "code", "phrase"),
    [
        (
            lambda: replicate_weights(TRIPLE, Design(psu="v"), method="bootstrap", n=10),
            "bootstrap-parts",
            "default_rng",
        ),
        (lambda: replicate_weights(TRIPLE, Design(psu="v"), method="fay"), "rho-method", "fay"),
        (lambda: replicate_weights(TRIPLE, Design(psu="v"), method="brr"), "brr-pairs", "has 3"),
        (
            lambda: replicate_weights(LONELY, Design(psu="v", strata="s"), method="jackknife"),
            "lonely-unit",
            "Join strata",
        ),
        (
            lambda: replicate_weights(
                LONELY.assign(h=1), Design(psu="v", ssu="h", fpc=["N", "N"]), method="brr"
            ),
            "replicates-stages",
            "one stage",
        ),
        (
            lambda: ReplicateDesign(weight="w", weights=["a"]),
            "replicates-few",
            "two columns",
        ),
        (
            lambda: ReplicateDesign(weight="w", weights=["a", "b"], rscales=[1]),
            "length-differs",
            "one factor for each",
        ),
        (
            lambda: estimate_quantile(TRIPLE, "y", Design(), interval="quantile"),
            "replicates-missing",
            "replicate weights",
        ),
    ],
)
def test_refusals(call, code, phrase):
    with pytest.raises((ArgumentError, LonelyUnitError), match=phrase) as caught:
        call()
    assert caught.value.code == code
