"""Estimates from totals of clusters: the numbers of the rows, and refusals of what needs them."""

import math

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling import (
    Design,
    LonelyUnitError,
    estimate_mean,
    estimate_proportion,
    estimate_quantile,
    estimate_ratio,
    estimate_total,
    pool_icc,
)
from sampling.errors import ArgumentError
from sampling.pushdown import cluster_totals

# Ibis 12 still calls what duckdb 2 has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
MODEST = settings(deadline=None, max_examples=25)
CONNECTION = ibis.duckdb.connect()


def in_duckdb(data: pd.DataFrame):
    CONNECTION.con.register("sampled", pa.Table.from_pandas(data, preserve_index=False))
    return CONNECTION.table("sampled")


def sampled(seed: int, strata: int = 4, psus: int = 5, rows: int = 400) -> pd.DataFrame:
    """Rows of a two-stage sample; strata 'c0'.. with their PSUs, 'zone' across them."""
    rng = np.random.default_rng(seed)
    village = rng.integers(0, strata * psus, rows)
    take = pd.Series(village).groupby(village).cumcount().to_numpy()
    county = village % strata
    return pd.DataFrame(
        {
            "county": [f"c{c}" for c in county],
            "village": [f"v{v}" for v in village],
            "household": take // 2,
            "zone": rng.choice(["north", "south", "east"], rows),
            "code": rng.integers(1, 4, rows),
            "weight": rng.uniform(1, 9, rows),
            "poor": rng.random(rows) < 0.1 + 0.2 * (village % 3 == 0),
            "persons": rng.integers(1, 8, rows),
            "income": 4_000 + 900 * rng.standard_normal(rows) + 300 * (village % 5),
            "villages": 30 + county,
            "share": 0.25,
            "households": 40,
        }
    )


DESIGNS = [
    Design(psu="village"),
    Design(weight="weight", psu="village"),
    Design(weight="weight", strata="county", psu="village", lonely_psu="adjust"),
    Design(weight="weight", strata="county", psu="village", lonely_psu="average"),
    Design(weight="weight", strata="county", psu="village", lonely_psu="certainty"),
    Design(weight="weight", strata="county", psu="village", lonely_psu="remove"),
    Design(
        weight="weight",
        strata="county",
        psu="village",
        lonely_psu="adjust",
        lonely_domain="domain",
    ),
    Design(weight="weight", strata="county", psu="village", fpc="villages", lonely_psu="adjust"),
    Design(strata="county", psu="village", fpc="villages", lonely_psu="adjust"),
    Design(weight="weight", strata="county", psu="village", fpc="share", lonely_psu="adjust"),
    Design(
        weight="weight",
        strata="county",
        psu="village",
        ssu="household",
        fpc=["villages", "households"],
        lonely_psu="adjust",
    ),
    Design(
        strata="county",
        psu="village",
        ssu="household",
        fpc=["villages", "households"],
        lonely_psu="adjust",
    ),
    Design(strata="county", psu="village", ssu="household", lonely_psu="adjust", weight="weight"),
    Design(weight="weight", psu="village", inclusion_prob="share"),
    Design(weight="weight", psu="village", inclusion_prob="share", pps="hartley-rao"),
]
BY = [None, "county", "zone", "code", ["county", "zone"]]


def alike(found, wanted):
    """Every column equal: words as they are, numbers to 1e-12."""
    found, wanted = found.to_frame(), wanted.to_frame()
    assert list(found.columns) == list(wanted.columns)
    for column in wanted:
        one, other = found[column], wanted[column]
        if pd.api.types.is_float_dtype(other):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15, err_msg=column)
        else:
            pd.testing.assert_series_equal(one, other)


def compare(data, design, by, deff):
    table = in_duckdb(data)
    totals = cluster_totals(table, design, ["income", "poor"], by, ratios=[("income", "persons")])
    more = {"by": by, "deff": deff}
    alike(
        estimate_mean(totals, ["income", "poor"], **more),
        estimate_mean(data, ["income", "poor"], design, **more),
    )
    alike(
        estimate_ratio(totals, "income", "persons", **more),
        estimate_ratio(data, "income", "persons", design, **more),
    )
    alike(
        estimate_proportion(totals, "poor", **more),
        estimate_proportion(data, "poor", design, **more),
    )
    if design.weight or design.fpc or design.inclusion_prob:
        alike(
            estimate_total(totals, ["income", "poor"], **more),
            estimate_total(data, ["income", "poor"], design, **more),
        )


@pytest.mark.parametrize("design", DESIGNS, ids=range(len(DESIGNS)))
def test_totals_give_the_numbers_of_the_rows_under_every_design(design):
    data = sampled(1)
    for by in BY:
        compare(data, design, by, "with-replacement")


@given(
    seed=st.integers(0, 2**32 - 1),
    design=st.sampled_from(DESIGNS),
    by=st.sampled_from(BY),
    deff=st.sampled_from([None, "with-replacement", "without-replacement"]),
    strata=st.integers(2, 5),
    rows=st.integers(60, 250),
)
@MODEST
def test_totals_give_the_numbers_of_the_rows_whatever_the_sample(
    seed, design, by, deff, strata, rows
):
    compare(sampled(seed, strata, 4, rows), design, by, deff)


@pytest.mark.parametrize(
    "form",
    ["korn-graubard", "korn-graubard-uncapped", "logit", "wilson", "likelihood", "mean", "mid-p"],
)
def test_every_interval_of_a_proportion_is_that_of_the_rows(form):
    data, design = sampled(2), Design(weight="weight", strata="county", psu="village")
    totals = cluster_totals(in_duckdb(data), design, "poor", ["zone"])
    alike(
        estimate_proportion(totals, "poor", by="zone", interval=form),
        estimate_proportion(data, "poor", design, by="zone", interval=form),
    )


def test_model_forms_and_the_beta_binomial_are_those_of_the_rows():
    data = sampled(3).assign(alike=2.0)
    design = Design(weight="alike", strata="county", psu="village")
    totals = cluster_totals(in_duckdb(data), design, "poor", "zone")
    pooled = pool_icc(data, "poor", design, by="county")
    for more in (
        {"icc": 0.07},
        {"icc": pooled},
        {"model_deff": 1.4},
        {"interval": "beta-binomial"},
        {"interval": "beta-binomial", "icc": 0.1},
    ):
        alike(
            estimate_proportion(totals, "poor", by="zone", **more),
            estimate_proportion(data, "poor", design, by="zone", **more),
        )


def test_domains_may_be_some_of_those_that_the_totals_were_made_by():
    data, design = sampled(4), Design(weight="weight", strata="county", psu="village")
    totals = cluster_totals(in_duckdb(data), design, "income", ["zone", "code"])
    for by in (None, "code", ["code", "zone"]):
        alike(estimate_mean(totals, "income", by=by), estimate_mean(data, "income", design, by=by))


def test_the_joint_covariance_is_that_of_the_rows():
    data, design = sampled(5), Design(weight="weight", strata="county", psu="village")
    totals = cluster_totals(in_duckdb(data), design, ["income", "persons"])
    found = estimate_mean(totals, ["income", "persons"]).covariance
    wanted = estimate_mean(data, ["income", "persons"], design).covariance
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_design_effects_keep_their_digits_far_from_zero():
    data = sampled(6)
    data["income"] = 1e9 + data["income"] / 1e3
    design = Design(weight="weight", strata="county", psu="village")
    totals = cluster_totals(in_duckdb(data), design, "income")
    found = estimate_mean(totals, "income", deff="with-replacement")[0].deff
    wanted = estimate_mean(data, "income", design, deff="with-replacement")[0].deff
    # Incomes themselves are known to 1e-7 of their spread here.
    assert math.isclose(found, wanted, rel_tol=1e-6)


def test_lonely_psus_without_an_event_and_a_constant_are_treated_alike():
    data = sampled(7, rows=80)
    data = data[(data["county"] != "c0") | (data["village"] == "v0")].assign(none=False, one=1)
    design = Design(weight="weight", strata="county", psu="village", lonely_psu="average")
    totals = cluster_totals(in_duckdb(data), design, ["none", "one"], "county")
    alike(
        estimate_proportion(totals, "none", by="county"),
        estimate_proportion(data, "none", design, by="county"),
    )
    alike(estimate_mean(totals, "one"), estimate_mean(data, "one", design))
    strict = Design(weight="weight", strata="county", psu="village")
    with pytest.raises(LonelyUnitError, match="'c0'"):
        estimate_mean(cluster_totals(in_duckdb(data), strict, "one"), "one")


DATA = sampled(8)
PLAIN = Design(weight="weight", strata="county", psu="village")


def _with(column, value, rows=3):
    data = DATA.copy()
    data[column] = data[column].astype(object)
    data.loc[data.index[:rows], column] = value
    kind = "str" if column in ("county", "village", "zone") else "float64"
    return data.astype({column: kind}) if value is not None else data.infer_objects()


@pytest.mark.parametrize(
    ("column", "value", "code", "words"),
    [
        ("income", None, "values-missing", "3 missing in 400 rows, where 'county' is"),
        ("income", math.nan, "values-missing", "3 missing in 400 rows, where 'county' is"),
        ("income", math.inf, "values-outside", "must be finite; got others in 3 rows"),
        ("weight", None, "values-missing", "'weight' must have no missing values; got 3"),
        ("weight", 0.0, "values-outside", "finite and above 0; got others in 3 rows"),
        ("village", None, "values-missing", "'village' must have no missing values; got 3"),
        ("zone", None, "values-missing", "'zone' must have no missing values; got 3"),
    ],
)
def test_missing_and_unfit_values_are_counted_and_named(column, value, code, words):
    with pytest.raises(ArgumentError, match=words) as caught:
        cluster_totals(in_duckdb(_with(column, value)), PLAIN, ["income", "poor"], "zone")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("design", "words"),
    [
        (Design(weight="weight"), "names no PSUs"),
        (Design(psu="village", fpc=["villages", "households"]), "rows as the last stage"),
        (
            Design(
                psu="village",
                inclusion_prob="share",
                pps="sen-yates-grundy",
                joint_probs=[[0.25, 0.1], [0.1, 0.25]],
            ),
            "joint probabilities",
        ),
    ],
)
def test_designs_that_need_the_rows_are_refused(design, words):
    with pytest.raises(ArgumentError, match=words) as caught:
        cluster_totals(in_duckdb(DATA), design, "income")
    assert caught.value.code == "totals-need-rows"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda t: estimate_mean(t, "persons"), "totals-without-variable"),
        (lambda t: estimate_mean(t, "income", by="code"), "totals-without-domain"),
        (lambda t: estimate_mean(t, "income", Design(psu="village")), "totals-of-other-design"),
        (lambda t: estimate_proportion(t, "income"), "values-outside"),
        (lambda t: estimate_proportion(t, "poor", size="persons"), "totals-without-products"),
        (
            lambda t: estimate_ratio(t, "poor", "income", deff="with-replacement"),
            "totals-without-products",
        ),
        (lambda t: estimate_quantile(t, "income", PLAIN), "totals-not-rows"),
        (lambda t: estimate_mean(DATA, "income"), "design-missing"),
    ],
)
def test_what_totals_do_not_hold_is_refused_with_the_way_out(ask, code):
    totals = cluster_totals(in_duckdb(DATA), PLAIN, ["income", "poor"], "zone")
    with pytest.raises(ArgumentError) as caught:
        ask(totals)
    assert caught.value.code == code


def test_columns_of_text_and_absent_ones_are_refused():
    with pytest.raises(ArgumentError, match="'zone' must be numeric; got string"):
        cluster_totals(in_duckdb(DATA), PLAIN, "zone")
    with pytest.raises(ArgumentError, match="none called 'height'"):
        cluster_totals(in_duckdb(DATA), PLAIN, "height")


def test_totals_show_what_they_hold():
    totals = cluster_totals(in_duckdb(DATA), PLAIN, ["income", "poor"], "zone")
    assert "from 400 rows" in str(totals) and "income" in totals._repr_html_()
    assert len(totals) == DATA.groupby(["village", "zone"]).ngroups
