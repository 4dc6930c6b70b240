"""Forensic statistics: worked numbers, references, and what honest data must look like."""

import json
import math
import pickle
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from golden_cases import load_golden
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from sampling import (
    ApproximationWarning,
    ArgumentError,
    PooledIcc,
    benford_probs,
    bunching_test,
    density_discontinuity,
    digit_heaping,
    funnel_limits,
    near_duplicates,
    read_result,
    straight_lining,
    whipple_index,
)
from sampling.results import _KINDS

STORED = Path(__file__).parent / "stored_results"
modest = settings(deadline=None, max_examples=40)


# Examples of METHODS.md parts 7 and 9


def test_methods_7_five_positives_of_sixty_where_one_and_a_half_of_a_hundred_are_expected():
    wanted = {
        ("exact", 0.0): 0.00209,
        ("exact", 0.02): 0.02949,
        ("mid-p", 0.0): 0.0012,
        ("mid-p", 0.02): 0.0223,
    }
    for (tail, icc), p in wanted.items():
        found = funnel_limits([5], [60], icc=icc, expected_rate=0.015, tail=tail, side="upper")[0]
        assert found.p_value == pytest.approx(p, abs=5e-5 if tail == "mid-p" else 5e-6)


def test_g68_density_of_the_golden_values_and_of_rddensity():
    """METHODS.md G68 is on the margins of US senate races, which are not among the data here.

    In its place simulated incomes: densities to the digits, the standard error and so T within
    rddensity's other form of the variance, its jackknife within each side.
    """
    case = load_golden("density_discontinuity")
    for name, theirs in case.values.items():
        data, width = name.split("_")
        values = np.loadtxt(case.folder / f"{data}.csv", skiprows=1)
        given_width = None if width == "own" else (float(width), float(width))
        found = density_discontinuity(values, 3000.0, bandwidth=given_width)
        if given_width is None:
            ratio = np.array([found.bandwidth_below, found.bandwidth_above]) / theirs["bandwidth"]
            assert ((ratio > 0.7) & (ratio < 1.4)).all()
            assert (found.p_value < 0.001) == (data == "bunched")
            continue
        ours = [found.density_below, found.density_above]
        assert ours == pytest.approx(
            [theirs["density_below"], theirs["density_above"]], rel=case.rtol, abs=0
        )
        assert [found.used_below, found.used_above] == theirs["used"]
        assert found.std_error == pytest.approx(theirs["std_error"], rel=0.02)
        assert found.statistic == pytest.approx(theirs["statistic"], rel=0.02)


def test_g69_thirty_one_above_twelve_below():
    found = bunching_test([2980.0] * 12 + [3020.0] * 31, 3000.0, widths=(50.0,))[0]
    assert (found.below, found.above) == (12, 31)
    assert found.p_value == pytest.approx(0.005401572655, abs=1e-12)
    assert found.p_above == pytest.approx(0.002700786327, abs=1e-12)


def test_g71_benford_and_whipple():
    assert benford_probs()[0] == pytest.approx(0.3010299957, abs=1e-10)
    assert benford_probs(2)[0] == pytest.approx(0.1196792686, abs=1e-10)
    ages = [40] * 130 + [45] * 130 + [41] * 540
    assert whipple_index(ages) == pytest.approx(162.5)


# What must hold

rosters = st.lists(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=3,
    max_size=12,
)


@modest
@given(rosters, st.floats(0, 0.3), st.sampled_from(["upper", "lower", "two-sided"]))
def test_funnel_is_in_order(roster, icc, side):
    x, n = zip(*roster, strict=True)
    assume(0 < sum(x) < sum(n))
    options = {"icc": icc, "side": side}
    plain = funnel_limits(x, n, correction="none", **options)
    held = funnel_limits(x, n, correction="holm", **options)
    found = funnel_limits(x, n, **options)
    exact = funnel_limits(x, n, tail="exact", **options)
    for a, b, c, d in zip(plain, found, held, exact, strict=True):
        assert 0 <= a.p_value <= d.p_value <= 1
        assert a.adjusted_p <= b.adjusted_p + 1e-12 <= c.adjusted_p + 2e-12
        assert a.lower <= found.expected_rate + 1 / a.n
        assert a.upper >= found.expected_rate - 1 / a.n
        beyond = a.rate > a.upper + 1e-12 or a.rate < a.lower - 1e-12
        tails = funnel_limits([a.events], [a.n], icc=icc, expected_rate=found.expected_rate)
        assert not beyond or tails[0].p_value <= 0.05
    turned = funnel_limits(x[::-1], n[::-1], **options)
    assert [row.adjusted_p for row in turned][::-1] == pytest.approx(
        [row.adjusted_p for row in found]
    )


@modest
@given(st.integers(1, 200), st.floats(0.001, 0.5), st.floats(0.001, 0.5))
def test_funnel_tails_equal_those_of_scipy(n, p, rho):
    x = min(n, round(2 * n * p))
    odds = (1 - rho) / rho
    spread = stats.betabinom(n, p * odds, (1 - p) * odds)
    found = funnel_limits(
        [x], [n], icc=rho, expected_rate=p, tail="exact", side="upper", confidence=0.95
    )[0]
    assert found.p_value == pytest.approx(float(spread.sf(x - 1)), abs=1e-9)
    assert found.upper * n == pytest.approx(float(spread.isf(0.025)))
    assert found.lower * n == pytest.approx(float(spread.ppf(0.025)))


def test_honest_inspectors_whose_villages_differ_are_flagged_by_the_binomial_alone():
    """200 rounds of 20 inspectors of 60 households, correlation .05 within an inspector's work."""
    rng = np.random.default_rng(3)
    p, rho = 0.05, 0.05
    odds = (1 - rho) / rho
    flagged, phi, tarone = {0.0: 0, rho: 0}, [], []
    for _ in range(200):
        x = rng.binomial(60, rng.beta(p * odds, (1 - p) * odds, 20))
        for icc in flagged:
            found = funnel_limits(x, [60] * 20, icc=icc, expected_rate=p)
            flagged[icc] += any(row.outlying for row in found)
        phi.append(found.overdispersion)
        tarone.append(found.tarone_p)
    assert flagged[0.0] > 100
    assert flagged[rho] <= 200 * 0.05 + 3 * math.sqrt(200 * 0.05 * 0.95)
    assert np.mean(phi) > 1.4
    assert np.mean(np.array(tarone) < 0.05) > 0.9


def test_tarone_and_phi_written_out():
    x, n = np.array([1, 4, 0, 9]), np.array([20, 30, 25, 40])
    found = funnel_limits(x, n, icc=0.0)
    p = x.sum() / n.sum()
    square = ((x - n * p) ** 2).sum() / (p * (1 - p))
    assert found.tarone_z == pytest.approx((square - n.sum()) / math.sqrt(2 * (n * (n - 1)).sum()))
    # A tenth of four scores is none: nothing is winsorised.
    z = (x / n - p) / np.sqrt(p * (1 - p) / n)
    assert found.overdispersion == pytest.approx(float(np.mean(z**2)))
    twenty = funnel_limits([0] * 18 + [3, 30], [50] * 20, icc=0.0)
    rows = np.sort([row.z for row in twenty])
    assert twenty.overdispersion == pytest.approx(
        float(np.mean(np.clip(rows, rows[2], rows[17]) ** 2))
    )


def test_a_pooled_correlation_serves_and_two_raters_have_no_overdispersion():
    pooled = PooledIcc(
        icc=0.02,
        estimate=0.02,
        plan=0.05,
        areas=40,
        events=60,
        deff=1.2,
        kish=1.0,
        take=20.0,
        policy="pooled",
        reason="",
    )
    found = funnel_limits([5, 1], [60, 60], icc=pooled, raters=["Li", "Wang"])
    assert (found.icc, found.overdispersion, found.tarone_z) == (0.02, None, None)
    assert "three raters" in found.why
    assert [row.rater for row in found] == ["Li", "Wang"]


@modest
@given(
    st.lists(st.integers(2800, 3200), min_size=5, max_size=80),
    st.integers(-500, 500),
    st.integers(1, 5),
)
def test_windows_move_and_stretch_with_the_money(values, shift, scale):
    base = bunching_test(values, 3000.0, widths=(50.0, 100.0), placebos=(2950.0,))
    moved = bunching_test(
        [scale * v + shift for v in values],
        scale * 3000.0 + shift,
        widths=(50.0 * scale, 100.0 * scale),
        placebos=(scale * 2950.0 + shift,),
    )
    assert [(r.below, r.above, r.p_value) for r in base] == [
        (r.below, r.above, r.p_value) for r in moved
    ]
    assert base.placebo_shares == moved.placebo_shares
    for row in base:
        below = sum(row.cutoff - row.width <= v < row.cutoff for v in values)
        assert row.below == below
        if row.below + row.above:
            exact = stats.binomtest(row.above, row.below + row.above)
            assert row.p_value == pytest.approx(exact.pvalue)


def test_heaped_incomes_jump_at_placebos_too():
    rng = np.random.default_rng(6)
    values = np.round(rng.normal(3000, 600, 3000) / 100) * 100 + rng.integers(0, 20, 3000)
    found = bunching_test(
        values, 3000.0, widths=(50.0,), placebos=[2600, 2700, 2800, 2900, 3100, 3200, 3300]
    )
    assert found[0].p_value < 0.001
    assert found.placebo_shares[0] > 0.4
    moved = np.where((values < 3000) & (values >= 2900), values + 100, values)
    found = bunching_test(
        moved, 3000.0, widths=(100.0,), placebos=[2500, 2600, 2700, 3200, 3300, 3400]
    )
    assert found.placebo_shares == (0.0,)


def test_one_village_that_bunches_is_one_village():
    village = np.repeat(np.arange(10), 50)
    values = np.where(village == 0, 3010.0, 2990.0 + 20 * (np.arange(500) % 2))
    found = bunching_test(values, 3000.0, widths=(50.0,), psu=village)[0]
    assert found.p_value < 0.05
    assert found.p_clustered == 1.0


@modest
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10), st.floats(-1000, 1000))
def test_the_jump_of_a_density_forgets_the_unit_of_money(seed, scale, shift):
    values = np.random.default_rng(seed).normal(0, 1, 400)
    one = density_discontinuity(values, 0.2)
    other = density_discontinuity(values * scale + shift, 0.2 * scale + shift)
    assert other.statistic == pytest.approx(one.statistic, rel=1e-4, abs=1e-5)
    assert other.density_above * scale == pytest.approx(one.density_above, rel=1e-4, abs=1e-6)
    mirrored = density_discontinuity(-values, -0.2)
    assert mirrored.statistic == pytest.approx(-one.statistic, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("runs", [150, pytest.param(2000, marks=pytest.mark.slow)])
def test_the_density_test_keeps_its_size_and_finds_half_of_a_window_moved_up(runs):
    rng = np.random.default_rng(9)
    rejected = np.zeros(2)
    for _ in range(runs):
        values = rng.normal(3000, 900, 2000)
        rejected[0] += density_discontinuity(values, 3000.0).p_value < 0.05
        moved = (values < 3000) & (values > 2600) & (rng.random(2000) < 0.5)
        up = np.where(moved, values + 400, values)
        rejected[1] += density_discontinuity(up, 3000.0).p_value < 0.05
    size, power = rejected / runs
    assert size < 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert power > 0.85


def test_heaped_values_are_warned_of():
    values = np.round(np.random.default_rng(2).normal(3000, 300, 2000) / 10) * 10
    with pytest.warns(ApproximationWarning, match="placebos"):
        found = density_discontinuity(values, 3000.0)
    assert "heaped" in found.why
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        smooth = density_discontinuity(np.random.default_rng(2).normal(3000, 300, 2000), 3000.0)
    assert smooth.why == ""


@modest
@given(st.lists(st.integers(0, 99_999), min_size=60, max_size=200))
def test_digits_of_all_are_the_sum_of_the_groups(values):
    data = pd.DataFrame({"income": values, "who": [k % 3 for k in range(len(values))]})
    whole, by = digit_heaping(data, "income")[0], digit_heaping(data, "income", by="who")
    assert whole.counts == tuple(np.sum([row.counts for row in by], axis=0))
    assert whole.heaped_share >= whole.hundreds_share >= whole.thousands_share
    other = stats.chisquare(whole.counts)
    assert (whole.statistic, whole.p_value) == pytest.approx((other.statistic, other.pvalue))
    assert whole.heaped_share == pytest.approx(np.mean([v % 50 == 0 for v in values]))


def test_a_group_of_digits_against_the_others_is_the_chi_square_of_a_table():
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"income": rng.integers(0, 10_000, 900), "who": np.arange(900) % 3})
    data.loc[(data["who"] == 0) & (rng.random(900) < 0.5), "income"] //= 10
    data.loc[data["who"] == 0, "income"] *= 10
    found = digit_heaping(data, "income", by="who")
    digit = data["income"] % 10
    for row in found:
        table = pd.crosstab(data["who"].astype(str) == row.group[0], digit)
        other = stats.chi2_contingency(table)
        assert (row.statistic, row.df) == pytest.approx((other.statistic, other.dof))
    assert found[0].p_value < 1e-20
    few = digit_heaping(data.head(12), "income", by="who")
    assert all(row.statistic is None and "no test" in row.why for row in few)


@modest
@given(st.integers(1, 6))
def test_benfords_chances_sum_to_one_and_fall(position):
    chances = benford_probs(position)
    assert sum(chances) == pytest.approx(1.0)
    assert all(a > b for a, b in pairwise(chances))


@modest
@given(st.lists(st.integers(23, 62), min_size=1, max_size=60))
def test_whipple_lies_between_none_and_all_and_skips_other_ages(ages):
    index = whipple_index(ages)
    assert 0 <= index <= 500
    assert whipple_index([*ages, 5, 10, 90]) == index
    assert whipple_index(range(23, 63)) == pytest.approx(100)


@modest
@given(st.integers(0, 2**32 - 1), st.integers(3, 30), st.integers(2, 8))
def test_near_duplicates_equal_all_pairs_written_out(seed, n, questions):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 3, (n, questions)).astype(float)
    values[rng.random((n, questions)) < 0.1] = np.nan
    data = pd.DataFrame(values, columns=[f"q{k}" for k in range(questions)])
    found = near_duplicates(data, list(data.columns), threshold=0.7)
    alike = (values[:, None, :] == values[None, :, :]).mean(axis=2)
    np.fill_diagonal(alike, -1.0)
    nearest = alike.max(axis=1)
    assert found.share == pytest.approx(float(np.mean(nearest >= 0.7 - 1e-12)))
    assert found.median_share == pytest.approx(float(np.median(nearest)))
    for pair in found.pairs:
        assert alike[int(pair.first), int(pair.second)] == pytest.approx(pair.share)
        assert pair.share >= 0.7 - 1e-12


def test_planted_copies_are_found_among_many():
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.integers(0, 4, (600, 40)), columns=[f"q{k}" for k in range(40)])
    data.loc[500:509] = data.loc[100:109].to_numpy()
    data.loc[500:509, "q3"] = 9
    found = near_duplicates(data, list(data.columns))
    assert {(p.first, p.second) for p in found.pairs} == {
        (str(k), str(k + 400)) for k in range(100, 110)
    }
    assert found.share == pytest.approx(20 / 600)


@modest
@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_straight_lines_equal_those_written_out(seed, questions):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 2, (30, questions)).astype(float)
    values[rng.random((30, questions)) < 0.2] = np.nan
    data = pd.DataFrame(values, columns=[f"q{k}" for k in range(questions)])
    row = straight_lining(data, list(data.columns))[0]
    given_answers = [line[~np.isnan(line)] for line in values]
    counted = [line for line in given_answers if len(line) >= 2]
    straight = sum(len(set(line)) == 1 for line in counted)
    assert (row.n, row.straight) == (len(counted), straight)
    runs = [max(len(part) for part in np.split(a, np.flatnonzero(np.diff(a)) + 1)) for a in counted]
    assert row.longest_run == pytest.approx(float(np.mean(runs)) if runs else 0.0)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: funnel_limits([1, 2], [3], icc=0.0), "length-differs"),
        (lambda: funnel_limits([4], [3], icc=0.0), "counts-outside"),
        (lambda: funnel_limits([0, 0], [9, 9], icc=0.0), "fraction-outside"),
        (lambda: funnel_limits([1], [9], icc=1.0), "share-outside"),
        (lambda: funnel_limits([1], [9], icc=0.0, side="left"), "choice-unknown"),
        (lambda: bunching_test([1.0, math.nan], 1.0), "values-not-finite"),
        (lambda: bunching_test([1.0], 1.0, placebos=(1.0,)), "placebo-threshold"),
        (lambda: bunching_test([1.0], 1.0, widths=(0.0,)), "number-outside"),
        (lambda: bunching_test([1.0], 1.0, psu=[1, 2]), "length-differs"),
        (lambda: density_discontinuity(np.arange(30.0), 5.0), "values-few"),
        (lambda: density_discontinuity(np.arange(90.0), 45.0, bandwidth=(3, 40)), "values-few"),
        (lambda: density_discontinuity(["x"], 5.0), "values-not-finite"),
        (lambda: digit_heaping(pd.DataFrame({"x": [1.5, 2]}), "x"), "values-outside"),
        (lambda: digit_heaping(pd.DataFrame({"x": [1, 2]}), "y"), "column-missing"),
        (lambda: digit_heaping(pd.DataFrame({"x": [1, None]}), "x"), "values-missing"),
        (lambda: whipple_index([5]), "ages-outside"),
        (lambda: whipple_index([30], lowest=23, highest=60), "ages-outside"),
        (lambda: benford_probs(0), "count-outside"),
        (lambda: near_duplicates(pd.DataFrame({"a": [1, 2]}), ["a"]), "questions-few"),
        (lambda: near_duplicates(pd.DataFrame({"a": [1], "b": [2]}), ["a", "b"]), "units-few"),
        (lambda: straight_lining(pd.DataFrame({"a": [1, 2]}), "a"), "questions-few"),
    ],
)
def test_what_forensics_cannot_answer_is_refused_with_its_code(call, code):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert caught.value.code == code


def results():
    honest = stats.norm.ppf((np.arange(300) + 0.5) / 300) * 100 + 3000
    windows = bunching_test(honest.round(), 3000.0, placebos=(2900.0,), psu=range(300))
    funnel = funnel_limits([5, 0, 1], [60, 60, 60], icc=0.02)
    digits = digit_heaping(pd.DataFrame({"x": np.arange(60) * 25}), "x")
    battery = pd.DataFrame({"a": [1, 1, 2], "b": [1, 1, 3], "c": [1, 1, 1]})
    twins = near_duplicates(battery, list("abc"))
    lines = straight_lining(battery, list("abc"))
    made = [
        funnel,
        funnel[0],
        windows,
        windows[0],
        density_discontinuity(honest.round(3), 3000.0, bandwidth=(150.0, 150.0)),
        digits,
        digits[0],
        twins,
        twins.pairs[0],
        lines,
        lines[0],
    ]
    return {result.kind: result for result in made}


RESULTS = results()


def test_every_kind_of_result_of_forensics_has_an_example():
    kinds = {kind for kind, cls in _KINDS.items() if "sampling.forensics" in cls.__module__}
    assert kinds == RESULTS.keys()


def test_every_result_says_that_it_is_a_lead_and_not_a_verdict():
    for result in RESULTS.values():
        assert "lead" in type(result).__doc__, result.kind
    for function in (
        funnel_limits,
        bunching_test,
        density_discontinuity,
        digit_heaping,
        whipple_index,
        benford_probs,
        near_duplicates,
        straight_lining,
    ):
        assert "lead" in function.__doc__


@pytest.mark.parametrize("kind", RESULTS)
def test_result_of_forensics_survives_storage_and_shows_itself(kind):
    result = RESULTS[kind]
    again = read_result(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert again == result == pickle.loads(pickle.dumps(result))
    assert read_result(json.loads((STORED / f"{kind}.json").read_text("utf-8"))).kind == kind
    table = result._table()
    assert str(result) == table.text()
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert len(result.to_frame()) >= 1
