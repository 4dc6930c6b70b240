"""Agreement of readings: published examples, references, and what must hold for any table."""

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from golden_cases import shared_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import SquareTable
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_fleiss

from sampling import (
    ArgumentError,
    Design,
    backcheck_error_rates,
    bland_altman,
    brennan_prediger,
    compare_to_value,
    concordance,
    conger_kappa,
    estimate_proportion,
    estimate_regression,
    fleiss_kappa,
    gross_difference_rate,
    gwet_ac1,
    gwet_ac2,
    icc,
    index_of_inconsistency,
    interval_clopper_pearson,
    interval_paired_difference,
    kappa,
    krippendorff_alpha,
    mcnemar,
    mcnemar_clustered,
    net_difference_rate,
    pabak,
    percent_agreement,
    ratings_from_table,
    read_result,
    reliability_ratio,
    replicate_weights,
    symmetry_test,
)
from sampling.agreement.paired import sign_flip_p
from sampling.results import _KINDS

STORED = Path(__file__).parent / "stored_results"
modest = settings(deadline=None, max_examples=40)
READINGS = ["first", "second"]
FIELD = ratings_from_table([[40, 10], [5, 145]], categories=["poor", "not"])
# Wright's large meter and the mini meter, first measurements, table 1 of Bland and Altman 1986.
WRIGHT = "494 395 516 434 476 557 413 442 650 433 417 656 267 478 178 423 427"
MINI = "512 430 520 428 500 600 364 380 658 445 432 626 260 477 259 350 451"
PEFR = pd.DataFrame(
    {"wright": [int(x) for x in WRIGHT.split()], "mini": [int(x) for x in MINI.split()]}
)
SHROUT = pd.DataFrame(
    {
        "a": [9, 6, 8, 7, 10, 6],
        "b": [2, 1, 4, 1, 5, 2],
        "c": [5, 3, 6, 2, 6, 4],
        "d": [8, 2, 8, 6, 9, 7],
    }
)
ITEMS = pd.DataFrame({"filed": [7, 3, 1, 3, 1, 3, 1], "found": [10, 5, 1, 3, 1, 6, 1]})
tables = st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=3, max_size=3)


def limits(interval):
    return interval.lower, interval.upper


# Examples of METHODS.md part 9 and of FIELD.md 2


def test_g65_kappa_with_both_standard_errors():
    found = kappa(ratings_from_table([[20, 5], [10, 15]]), *READINGS)
    assert found.estimate == pytest.approx(0.4)
    assert found.null_std_error == pytest.approx(0.1385640646, abs=1e-10)
    assert found.std_error == pytest.approx(0.1269960629, abs=1e-10)
    assert limits(found.interval) == pytest.approx((0.1510922905, 0.6489077095), abs=1e-10)


def test_g66_mcnemar_exact_and_mid_p():
    assert mcnemar(10, 2, method="exact").p_value == pytest.approx(0.03857421875)
    assert mcnemar(10, 2).p_value == pytest.approx(0.0224609375)


def test_g67_limits_of_agreement_of_bland_and_altman():
    row = bland_altman(PEFR, "wright", "mini", multiple=2.0)[0]
    assert (row.mean, row.std_dev) == pytest.approx((-2.117647059, 38.76512987))
    assert (row.lower, row.upper) == pytest.approx((-79.648, 75.413), abs=5e-4)
    # The published interval of the mean: -22.0 to 17.8.
    assert limits(row.mean_interval) == pytest.approx((-22.0, 17.8), abs=0.06)


def test_field_2_6_agreement_of_filed_and_found():
    assert percent_agreement(FIELD, READINGS).estimate == pytest.approx(0.925)
    assert kappa(FIELD, *READINGS).estimate == pytest.approx(0.793103, abs=1e-6)
    assert kappa(FIELD, *READINGS).std_error == pytest.approx(0.050964, abs=2e-6)
    found = gwet_ac1(FIELD, READINGS)
    assert (found.estimate, found.std_error) == pytest.approx((0.882411, 0.03078), abs=5e-6)
    assert krippendorff_alpha(FIELD, READINGS).estimate == pytest.approx(0.79344, abs=5e-6)
    assert pabak(FIELD, *READINGS).estimate == pytest.approx(0.85)
    assert gross_difference_rate(FIELD, *READINGS)[0].estimate == pytest.approx(0.075)
    assert net_difference_rate(FIELD, *READINGS).domain("poor").estimate == pytest.approx(0.025)
    assert index_of_inconsistency(FIELD, *READINGS)[0].estimate == pytest.approx(0.206897, abs=1e-6)
    assert mcnemar(10, 5, method="exact").p_value == pytest.approx(0.3018, abs=5e-5)
    assert mcnemar(10, 5, method="asymptotic").statistic == pytest.approx(1.667, abs=5e-4)


def test_field_2_6_rare_trait_and_ordered_categories():
    rare = ratings_from_table([[1, 4], [5, 190]])
    assert percent_agreement(rare, READINGS).estimate == pytest.approx(0.955)
    assert kappa(rare, *READINGS).estimate == pytest.approx(0.159, abs=5e-4)
    assert gwet_ac1(rare, READINGS).estimate == pytest.approx(0.952, abs=5e-4)
    three = ratings_from_table([[30, 8, 2], [5, 25, 6], [1, 4, 19]])
    assert gwet_ac1(three, READINGS).estimate == pytest.approx(0.612706, abs=1e-6)
    square = kappa(three, *READINGS, agreement_weights="quadratic")
    assert square.estimate == pytest.approx(0.718015, abs=1e-6)
    assert gwet_ac2(three, READINGS).estimate == pytest.approx(0.744637, abs=1e-6)


def test_methods_7_a_kappa_below_zero_goes_with_an_ac1_of_94_of_100():
    data = ratings_from_table([[0, 1], [1, 34]])
    assert percent_agreement(data, READINGS).estimate == pytest.approx(0.944, abs=5e-4)
    assert -0.04 < kappa(data, *READINGS).estimate < -0.02
    assert gwet_ac1(data, READINGS).estimate == pytest.approx(0.94, abs=5e-3)


def test_field_2_3_reliability_of_items_sold_and_game_result():
    found = reliability_ratio(ITEMS, "filed", "found")
    assert found.response_variance == pytest.approx(1.0714286, abs=1e-7)
    assert found.variance == pytest.approx(11.476190, abs=1e-6)
    assert found.estimate == pytest.approx(0.9066390, abs=1e-7)
    first = reliability_ratio(ITEMS, "filed", "found", base="first")
    assert first.estimate == pytest.approx(0.765625)
    test = compare_to_value(ITEMS.assign(gap=ITEMS["filed"] - ITEMS["found"]), "gap", Design())
    assert test.statistic == pytest.approx(-2.065591, abs=1e-6)
    assert (test.difference.lower, test.difference.upper) == pytest.approx(
        (-2.496693, 0.210978), abs=1e-6
    )


def test_field_2_3_the_mean_base_is_the_consistency_icc():
    found = reliability_ratio(ITEMS, "filed", "found", base="mean")
    assert found.estimate == pytest.approx(0.8664688427, abs=1e-10)
    other = icc(ITEMS, ["filed", "found"], form="consistency")
    assert other.estimate == pytest.approx(0.8664688427, abs=1e-10)
    assert icc(ITEMS, ["filed", "found"], form="one-way").estimate == pytest.approx(
        0.810072, abs=1e-6
    )
    assert icc(ITEMS, ["filed", "found"]).estimate == pytest.approx(0.815642, abs=1e-6)


def test_field_2_3_error_rates_of_the_example_that_ships_with_bcstats():
    """21 cells, 5 differences: gender 1/7, gameresult 1/7 within 1, itemssold 3/7 within 5 %."""
    folder = shared_folder() / "data"
    filed = pd.read_csv(folder / "ipa_bcstats1_survey.csv")
    found = pd.read_csv(folder / "ipa_bcstats1_bc.csv")
    both = filed.merge(found, on="id", suffixes=("", "_found"))
    wrong = {
        "gender": both["gender"] != both["gender_found"],
        "gameresult": (both["gameresult_found"] - both["gameresult"]).abs() > 1,
        "itemssold": (both["itemssold_found"] - both["itemssold"]).abs()
        > 0.05 * both["itemssold"].abs(),
    }
    cells = pd.concat(
        [
            both.assign(variable=name, wrong=wrong[name])[both[f"{name}_found"].notna()]
            for name in wrong
        ]
    )
    rates = backcheck_error_rates(cells, "wrong", unit="id", by="variable")
    shown = {row.group[0]: (row.errors, row.cells) for row in rates}
    assert shown == {"gameresult": (1, 7), "gender": (1, 7), "itemssold": (3, 7)}
    whole = backcheck_error_rates(cells, "wrong", unit="id")[0]
    assert (whole.errors, whole.cells) == (5, 21)
    assert all(row.interval is not None for row in rates)
    by_enum = backcheck_error_rates(cells, "wrong", unit="id", by=["variable", "enum"])
    assert all(row.interval is None and "fewer than 5" in row.why for row in by_enum)


def test_shrout_and_fleiss_1979_table_4_with_intervals():
    wanted = {  # single, mean, interval of the single: McGraw and Wong 1996 give the last ones
        "one-way": (0.17, 0.44, (-0.13, 0.72)),
        "agreement": (0.29, 0.62, (0.02, 0.76)),
        "consistency": (0.71, 0.91, (0.34, 0.95)),
    }
    for form, (single, mean, ends) in wanted.items():
        found = icc(SHROUT, list("abcd"), form=form)
        assert found.estimate == pytest.approx(single, abs=5e-3)
        assert limits(found.interval) == pytest.approx(ends, abs=6e-3)
        assert icc(SHROUT, list("abcd"), form=form, of="mean").estimate == pytest.approx(
            mean, abs=5e-3
        )


# References that run here


@modest
@given(tables)
def test_kappa_equals_statsmodels(table):
    data = ratings_from_table(table) if np.sum(table) > 2 else None
    if data is None:
        return
    for weights, name in (("identity", None), ("linear", "linear"), ("quadratic", "fc")):
        found = kappa(data, *READINGS, categories=[1, 2, 3], agreement_weights=weights)
        if found.estimate is None:
            assert found.why
            continue
        with np.errstate(all="ignore"):
            other = cohens_kappa(np.array(table, dtype=float), wt=name, return_results=True)
        assert found.estimate == pytest.approx(other.kappa, abs=1e-9)
        if other.var_kappa > 1e-12:
            assert found.std_error == pytest.approx(math.sqrt(other.var_kappa), rel=1e-6)
            assert found.null_std_error == pytest.approx(math.sqrt(other.var_kappa0), rel=1e-6)


@modest
@given(st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_fleiss_kappa_equals_statsmodels(raters, seed):
    data = _ratings(seed, raters, missing=0.0)
    count = np.stack([(data == k).sum(axis=1) for k in (1, 2, 3)], axis=1)
    found = fleiss_kappa(data, list(data.columns), categories=[1, 2, 3])
    assert found.estimate == pytest.approx(statsmodels_fleiss(count), abs=1e-9)


@modest
@given(tables)
def test_symmetry_equals_statsmodels_where_every_pair_changed(table):
    counts = np.array(table)
    if (counts + counts.T)[np.triu_indices(3, 1)].min() == 0:
        return
    found = symmetry_test(ratings_from_table(table), *READINGS)
    other = SquareTable(counts, shift_zeros=False).symmetry()
    assert (found.statistic, found.df, found.p_value) == pytest.approx(
        (other.statistic, other.df, other.pvalue)
    )


@modest
@given(st.integers(0, 30), st.integers(0, 30))
def test_mcnemar_equals_statsmodels_and_orders_its_forms(b, c):
    exact, middle = mcnemar(b, c, method="exact"), mcnemar(b, c)
    assert 0 <= middle.p_value <= exact.p_value <= 1
    if b + c:
        other = statsmodels_mcnemar([[0, b], [c, 0]], exact=True)
        assert exact.p_value == pytest.approx(min(1.0, other.pvalue))
        other = statsmodels_mcnemar([[0, b], [c, 0]], exact=False, correction=False)
        assert mcnemar(b, c, method="asymptotic").p_value == pytest.approx(other.pvalue)
    assert mcnemar(c, b).p_value == pytest.approx(middle.p_value)


# What must hold


def _ratings(seed, raters=3, n=24, missing=0.2):
    rng = np.random.default_rng(seed)
    base = rng.integers(1, 4, n)
    noisy = rng.random((n, raters)) < 0.4
    values = np.where(noisy, rng.integers(1, 4, (n, raters)), base[:, None]).astype(float)
    values[rng.random((n, raters)) < missing] = np.nan
    values[:2] = [[1.0] * raters, [2.0] * raters]
    return pd.DataFrame(values, columns=[f"r{k}" for k in range(raters)])


COEFFICIENTS = [
    gwet_ac2,
    fleiss_kappa,
    conger_kappa,
    brennan_prediger,
    krippendorff_alpha,
    percent_agreement,
]


@pytest.mark.parametrize("function", COEFFICIENTS, ids=lambda f: f.__name__)
@modest
@given(seed=st.integers(0, 2**32 - 1), turn=st.sampled_from([[3, 1, 2], [2, 3, 1]]))
def test_coefficients_forget_names_of_categories_order_of_raters_and_scale_of_weights(
    function, seed, turn
):
    data = _ratings(seed)
    names = list(data.columns)
    options = {"agreement_weights": "identity", "categories": [1, 2, 3]}
    one = function(data, names, **options)
    other = function(data.replace(dict(zip([1, 2, 3], turn, strict=True))), names[::-1], **options)
    assert other.estimate == pytest.approx(one.estimate, abs=1e-9)
    assert other.std_error == pytest.approx(one.std_error, abs=1e-9)
    assert one.estimate <= one.interval.upper <= 1
    assert one.interval.lower <= one.estimate
    weighted = data.assign(w=7.0)
    scaled = function(weighted, names, Design(weight="w"), **options)
    assert scaled.estimate == pytest.approx(one.estimate, abs=1e-9)


@modest
@given(
    cells=st.tuples(*(st.integers(0, 60) for _ in range(4))).filter(lambda c: sum(c) >= 5),
    size=st.integers(1, 6),
)
def test_two_readings_of_two_categories_mirror_and_forget_whose_is_first(cells, size):
    both, one, other, neither = cells
    table = ratings_from_table([[both, one], [other, neither]])
    turned = ratings_from_table([[both, other], [one, neither]])
    observed = (both + neither) / sum(cells)
    if min(both + one + other, one + other + neither) > 0:
        assert pabak(table, *READINGS).estimate == pytest.approx(2 * observed - 1, abs=1e-12)
        first, second = gwet_ac1(table, READINGS), gwet_ac1(turned, READINGS)
        assert first.estimate == pytest.approx(second.estimate, abs=1e-12)
        assert -1 <= first.interval.lower <= first.estimate <= first.interval.upper <= 1
    if one + other > 0:
        villages = (table == 1).assign(village=np.arange(len(table)) // size)
        flips = mcnemar_clustered(villages, *READINGS, psu="village")
        back = mcnemar_clustered(villages, *READINGS[::-1], psu="village")
        assert 0 < flips.p_value <= 1
        assert back.p_value == pytest.approx(flips.p_value)


@pytest.mark.parametrize("function", COEFFICIENTS, ids=lambda f: f.__name__)
def test_units_taken_twice_as_one_psu_change_nothing(function):
    data = _ratings(3, missing=0.0).assign(unit=range(24))
    twice = pd.concat([data, data])
    names = ["r0", "r1", "r2"]
    design = Design(psu="unit")
    one, two = function(data, names, design), function(twice, names, design)
    small = 1e-3 if function is krippendorff_alpha else 1e-9
    assert two.estimate == pytest.approx(one.estimate, abs=10 * small)
    assert two.std_error == pytest.approx(one.std_error, rel=1e-9 + small)


@pytest.mark.parametrize("function", COEFFICIENTS, ids=lambda f: f.__name__)
def test_linearisation_agrees_with_the_jackknife_over_villages(function):
    data = _ratings(11, n=600, missing=0.0).assign(village=np.arange(600) % 60)
    names = ["r0", "r1", "r2"]
    linear = function(data, names, Design(psu="village")).std_error
    every = [function(data[data["village"] != v], names).estimate for v in range(60)]
    jackknife = math.sqrt(59 / 60 * np.sum((np.array(every) - np.mean(every)) ** 2))
    assert linear == pytest.approx(jackknife, rel=0.03)


def test_alpha_with_missing_ratings_agrees_with_its_jackknife():
    data = _ratings(12, raters=4, n=400, missing=0.3)
    names = list(data.columns)
    linear = krippendorff_alpha(data, names).std_error
    every = np.array([krippendorff_alpha(data.drop(i), names).estimate for i in range(400)])
    jackknife = math.sqrt(399 / 400 * np.sum((every - every.mean()) ** 2))
    assert linear == pytest.approx(jackknife, rel=0.02)


def test_kappa_under_replicate_weights_is_near_the_linearised_one():
    data = ratings_from_table([[60, 9], [7, 124]]).assign(village=np.arange(200) % 25)
    design = Design(psu="village")
    linear = kappa(data, *READINGS, design)
    replicated = kappa(data, *READINGS, replicate_weights(data, design, method="jackknife"))
    assert replicated.estimate == pytest.approx(linear.estimate)
    assert replicated.std_error == pytest.approx(linear.std_error, rel=1e-6)


@modest
@given(tables)
def test_readings_that_agree_throughout_have_full_agreement(table):
    counts = np.diag(np.diag(np.array(table)) + 1)
    data = ratings_from_table(counts)
    for function in COEFFICIENTS:
        found = function(data, READINGS)
        assert (found.estimate, found.interval.upper) == pytest.approx((1.0, 1.0))
    assert index_of_inconsistency(data, *READINGS)[0].estimate == pytest.approx(0.0)


def test_one_category_alone_has_no_kappa_and_says_why():
    found = kappa(ratings_from_table([[20, 0], [0, 0]]), *READINGS, categories=[1, 2])
    assert found.estimate is found.interval is found.std_error is None
    assert "one category" in found.why
    assert gwet_ac1(
        ratings_from_table([[20, 0], [0, 0]]), READINGS, categories=[1, 2]
    ).estimate == pytest.approx(1.0)


@modest
@given(tables)
def test_ratings_from_a_table_give_the_table_back(table):
    data = ratings_from_table(table)
    again = [
        [int(((data["first"] == k) & (data["second"] == m)).sum()) for m in (1, 2, 3)]
        for k in (1, 2, 3)
    ]
    assert again == table


@modest
@given(tables)
def test_difference_rates_fit_together(table):
    data = ratings_from_table(table)
    if len(data) < 3:
        return
    options = {"categories": [1, 2, 3]}
    net = [row.estimate for row in net_difference_rate(data, *READINGS, **options)]
    assert sum(net) == pytest.approx(0.0, abs=1e-12)
    gross = gross_difference_rate(data, *READINGS, **options)
    assert sum(row.estimate for row in gross.rows[1:]) == pytest.approx(2 * gross[0].estimate)
    assert all(abs(n) <= g.estimate + 1e-12 for n, g in zip(net, gross.rows[1:], strict=True))
    whole = kappa(data, *READINGS, **options).estimate
    if whole is not None:
        index = index_of_inconsistency(data, *READINGS, **options)
        assert index[0].estimate == pytest.approx(1 - whole)
        assert all(row.lower >= 0 for row in index)


def test_difference_rates_take_villages_into_account():
    rng = np.random.default_rng(4)
    village = np.repeat(np.arange(30), 10)
    wrong = (rng.random(30) < 0.2)[village] & (rng.random(300) < 0.6)
    filed = rng.integers(0, 2, 300)
    data = pd.DataFrame({"filed": filed, "found": np.where(wrong, 1 - filed, filed)})
    data = data.assign(village=village, wrong=wrong * 1)
    design = Design(psu="village")
    alone, held = (gross_difference_rate(data, "filed", "found", d)[0] for d in (None, design))
    assert held.std_error > 1.3 * alone.std_error
    rate = estimate_proportion(data, "wrong", design)[0]
    assert limits(held.interval) == pytest.approx(limits(rate.interval))
    gap = data.assign(gap=data["filed"] - data["found"])
    test = compare_to_value(gap, "gap", design).difference
    net = net_difference_rate(data, "filed", "found", design).domain(1)
    assert (net.estimate, net.lower, net.upper) == pytest.approx(
        (test.estimate, test.lower, test.upper)
    )


@modest
@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 60))
def test_tangos_interval_holds_the_difference_and_mirrors(b, c, rest):
    n = b + c + rest
    one, other = interval_paired_difference(b, c, n), interval_paired_difference(c, b, n)
    assert -1 <= one.lower <= (b - c) / n <= one.upper <= 1
    assert one.upper > one.lower
    assert (one.lower, one.upper) == pytest.approx((-other.upper, -other.lower), abs=1e-9)
    wide = interval_paired_difference(b, c, n, confidence=0.99)
    assert wide.lower <= one.lower
    assert one.upper <= wide.upper


@modest
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=10))
def test_sign_flips_equal_all_signs_written_out(balance):
    values = np.array(balance)
    signs = 1 - 2 * ((np.arange(2 ** len(values))[:, None] >> np.arange(len(values))) & 1)
    sums = np.abs(signs @ values)
    assert sign_flip_p(values) == pytest.approx(float(np.mean(sums >= abs(values.sum()))))


def test_villages_that_flip_together_are_no_evidence_as_households_are():
    """Thirty households filed poor and found not, all in two villages of twenty."""
    village = np.repeat(np.arange(20), 15)
    data = pd.DataFrame({"filed": (village < 2) * 1, "found": 0, "village": village})
    assert mcnemar(30, 0).p_value < 1e-8
    clustered = mcnemar_clustered(data, "filed", "found", psu="village")
    assert clustered.p_value == 0.5
    assert (clustered.only_first, clustered.only_second, clustered.psus) == (30, 0, 20)
    chi = mcnemar_clustered(data, "filed", "found", psu="village", method="obuchowski")
    assert chi.statistic == pytest.approx(19 / 20 * 2)
    single = data.assign(village=range(300))
    alone = mcnemar_clustered(single, "filed", "found", psu="village")
    assert alone.p_value == pytest.approx(mcnemar(30, 0, method="exact").p_value)


@modest
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 3.0), st.floats(-50, 50))
def test_measures_of_quantities_forget_the_unit(seed, scale, shift):
    rng = np.random.default_rng(seed)
    level = rng.normal(100, 20, 40)
    data = pd.DataFrame({"x": level + rng.normal(0, 5, 40), "y": level + rng.normal(2, 5, 40)})
    moved = data * scale + shift
    for form in ("one-way", "agreement", "consistency"):
        one, other = (icc(d, ["x", "y"], form=form) for d in (data, moved))
        assert other.estimate == pytest.approx(one.estimate, rel=1e-6)
        assert one.interval.lower <= one.estimate <= one.interval.upper
    one, other = (concordance(d, "x", "y") for d in (data, moved))
    assert other.estimate == pytest.approx(one.estimate, rel=1e-6)
    assert abs(one.estimate) <= abs(one.correlation)
    assert one.estimate == pytest.approx(one.correlation * one.bias_correction)
    one, other = (reliability_ratio(d, "x", "y") for d in (data, moved))
    assert other.estimate == pytest.approx(one.estimate, rel=1e-6)
    assert one.interval.lower <= one.estimate <= one.interval.upper <= 1
    one, other = (bland_altman(d, "x", "y")[0] for d in (data, moved))
    assert (other.mean, other.std_dev) == pytest.approx((scale * one.mean, scale * one.std_dev))
    assert other.slope == pytest.approx(one.slope, abs=1e-7)
    assert one.lower_interval.lower < one.lower < one.mean < one.upper < one.upper_interval.upper


def test_the_slope_and_its_error_are_those_of_the_regression():
    rng = np.random.default_rng(8)
    level = rng.gamma(3, 1000, 300)
    data = pd.DataFrame({"filed": level * 0.9 + rng.normal(0, 100, 300), "found": level})
    data = data.assign(village=np.arange(300) % 30, status=np.arange(300) % 2)
    design = Design(psu="village")
    row = bland_altman(data, "filed", "found", design)[0]
    fit_data = data.assign(
        gap=data["filed"] - data["found"], mid=(data["filed"] + data["found"]) / 2
    )
    fit = estimate_regression(fit_data, "gap", ["mid"], design, family="linear").rows[1]
    assert row.slope == pytest.approx(fit.estimate)
    margin = (row.slope_interval.upper - row.slope) / stats.t.isf(0.025, row.df)
    assert margin == pytest.approx(fit.std_error, rel=0.02)
    by = bland_altman(data, "filed", "found", design, by="status")
    assert [r.group for r in by] == [("0",), ("1",)]
    assert sum(r.n for r in by) == 300


def test_cluster_robust_limits_cover_where_plain_ones_do_not():
    """300 runs of 40 villages of 10: biases of whole villages, limits of agreement at +-1.96 sd."""
    rng = np.random.default_rng(21)
    true_upper, hits = 1.96 * math.sqrt(2.0), np.zeros(2)
    for _ in range(300):
        gap = np.repeat(rng.normal(0, 1, 40), 10) + rng.normal(0, 1, 400)
        data = pd.DataFrame({"x": gap, "y": 0.0, "village": np.repeat(np.arange(40), 10)})
        for place, design in enumerate((None, Design(psu="village"))):
            found = bland_altman(data, "x", "y", design)[0].upper_interval
            hits[place] += found.lower <= true_upper <= found.upper
    plain, robust = hits / 300
    assert plain < 0.75
    assert robust > 0.90


def test_log_ratios_are_symmetric():
    data = pd.DataFrame({"x": [100.0, 220.0, 310.0, 150.0], "y": [110.0, 200.0, 300.0, 180.0]})
    one = bland_altman(data, "x", "y", scale="log-ratio")[0]
    other = bland_altman(data, "y", "x", scale="log-ratio")[0]
    assert one.mean == pytest.approx(-other.mean)
    assert one.upper == pytest.approx(-other.lower)


@modest
@given(st.integers(0, 30), st.integers(6, 60))
def test_one_answer_of_each_household_gives_the_exact_limits(wrong, more):
    n = wrong + more
    data = pd.DataFrame({"household": range(n), "wrong": np.arange(n) < wrong})
    row = backcheck_error_rates(data, "wrong", unit="household")[0]
    assert limits(row.interval) == pytest.approx(limits(interval_clopper_pearson(wrong, n)))


def test_answers_of_a_household_that_agree_count_once():
    data = pd.DataFrame(
        {"household": np.repeat(range(20), 10), "wrong": np.repeat([1] + [0] * 19, 10)}
    )
    row = backcheck_error_rates(data, "wrong", unit="household")[0]
    assert limits(row.interval) == pytest.approx(limits(interval_clopper_pearson(1, 20)), abs=0.03)
    clean = backcheck_error_rates(data.assign(wrong=0), "wrong", unit="household")[0]
    assert limits(clean.interval) == pytest.approx(limits(interval_clopper_pearson(0, 20)))


def coverage_of_error_rates(runs):
    """Cells of FIELD.md 2.6: households, answers of each, rate, correlation."""
    rng = np.random.default_rng(7)
    found = {}
    for m, k, p, rho in [
        (10, 10, 0.1, 0.1),
        (10, 10, 0.1, 0.3),
        (30, 10, 0.1, 0.1),
        (30, 10, 0.1, 0.3),
        (10, 10, 0.03, 0.2),
        (30, 20, 0.05, 0.3),
    ]:
        odds = (1 - rho) / rho
        wrong = rng.binomial(k, rng.beta(p * odds, (1 - p) * odds, (runs, m)))
        unit = np.repeat(np.arange(runs * m), k)
        data = pd.DataFrame(
            {"run": unit // m, "unit": unit, "wrong": (np.arange(k) < wrong[..., None]).ravel()}
        )
        rates = backcheck_error_rates(data, "wrong", unit="unit", by="run")
        found[m, k, p, rho] = np.mean([r.interval.lower <= p <= r.interval.upper for r in rates])
    return found


@pytest.mark.parametrize("runs", [400, pytest.param(4000, marks=pytest.mark.slow)])
def test_error_rates_cover_where_pooled_cells_fail(runs):
    found = coverage_of_error_rates(runs)
    noise = 3 * math.sqrt(0.08 * 0.92 / runs)
    assert min(found.values()) > 0.92 - noise
    assert found[30, 10, 0.1, 0.1] > 0.95 - noise


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: gwet_ac1(FIELD, ["first"]), "raters-few"),
        (lambda: gwet_ac1(FIELD, ["first", "third"]), "column-missing"),
        (lambda: gwet_ac1(FIELD, READINGS, categories=["poor"]), "categories-few"),
        (lambda: gwet_ac1(FIELD, READINGS, categories=["poor", "rich"]), "category-unknown"),
        (lambda: gwet_ac1(FIELD.iloc[:1], READINGS, categories=["poor", "not"]), "units-few"),
        (lambda: gwet_ac2(FIELD, READINGS, agreement_weights="cubic"), "choice-unknown"),
        (
            lambda: gwet_ac2(FIELD, READINGS, agreement_weights=[[1, 2], [2, 1]]),
            "agreement-weights",
        ),
        (lambda: kappa(FIELD.assign(second=None), *READINGS), "values-missing"),
        (
            lambda: percent_agreement(
                pd.DataFrame({"a": ["x", None, "y"], "b": [None, "y", None]}), ["a", "b"]
            ),
            "pairs-none",
        ),
        (
            lambda: conger_kappa(
                pd.DataFrame({"a": [1, 2], "b": [1, 1], "c": [None, None]}), ["a", "b", "c"]
            ),
            "rater-silent",
        ),
        (lambda: pabak(ratings_from_table(np.ones((3, 3), int)), *READINGS), "categories-two"),
        (lambda: ratings_from_table([[1, 2]]), "table-not-square"),
        (lambda: ratings_from_table([[1, 2], [0, 1]], categories=["a"]), "length-differs"),
        (
            lambda: index_of_inconsistency(
                ratings_from_table([[9, 0], [0, 0]]), *READINGS, categories=[1, 2]
            ),
            "categories-few",
        ),
        (lambda: mcnemar(-1, 2), "count-outside"),
        (lambda: mcnemar(1, 2, method="best"), "choice-unknown"),
        (
            lambda: mcnemar_clustered(
                pd.DataFrame({"a": [0, 1], "b": [1, 1], "v": [1, 1]}), "a", "b", psu="v"
            ),
            "psus-few",
        ),
        (lambda: interval_paired_difference(5, 6, 10), "count-outside"),
        (lambda: icc(SHROUT, ["a"]), "raters-few"),
        (lambda: icc(SHROUT.iloc[:1], list("ab")), "units-few"),
        (lambda: icc(pd.DataFrame({"a": [1, 1], "b": [1, 1]}), ["a", "b"]), "no-spread"),
        (lambda: concordance(SHROUT.assign(a=1), "a", "b"), "no-spread"),
        (lambda: bland_altman(ITEMS.iloc[:2], "filed", "found"), "units-few"),
        (
            lambda: bland_altman(ITEMS.assign(filed=0), "filed", "found", scale="log-ratio"),
            "values-outside",
        ),
        (lambda: backcheck_error_rates(ITEMS, "filed", unit="found"), "values-outside"),
    ],
)
def test_what_agreement_cannot_answer_is_refused_with_its_code(call, code):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert caught.value.code == code


def test_readings_that_do_not_vary_have_no_reliability_and_say_why():
    found = reliability_ratio(pd.DataFrame({"x": [1, 2, 3], "y": [2, 2, 2]}), "x", "y")
    assert found.estimate is found.interval is None
    assert "do not vary" in found.why


def results():
    cells = pd.DataFrame({"unit": [1, 1, 2, 2, 3, 3], "wrong": [0, 1, 0, 0, 0, 0]})
    rates = backcheck_error_rates(cells, "wrong", unit="unit", least_units=3)
    pefr = bland_altman(PEFR, "wright", "mini")
    made = [
        gwet_ac1(FIELD, READINGS),
        mcnemar(10, 2),
        icc(SHROUT, list("abcd")),
        concordance(ITEMS, "filed", "found"),
        reliability_ratio(ITEMS, "filed", "found"),
        pefr,
        pefr[0],
        rates,
        rates[0],
    ]
    return {result.kind: result for result in made}


RESULTS = results()


def test_every_kind_of_result_of_agreement_has_an_example():
    kinds = {kind for kind, cls in _KINDS.items() if "sampling.agreement" in cls.__module__}
    assert kinds == RESULTS.keys()


@pytest.mark.parametrize("kind", RESULTS)
def test_result_of_agreement_survives_storage_and_shows_itself(kind):
    result = RESULTS[kind]
    again = read_result(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert again == result == pickle.loads(pickle.dumps(result))
    assert read_result(json.loads((STORED / f"{kind}.json").read_text("utf-8"))).kind == kind
    table = result._table()
    assert str(result) == table.text()
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert len(result.to_frame()) == 1
