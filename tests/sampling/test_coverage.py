"""Whole designs simulated: intervals cover and false passes keep to their risk.

The study itself is ``benchmarks/coverage.py``; a few of its cells run here every time, more of them
under the mark ``slow``. Seeds are fixed, so the outcomes are.
"""

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest

from benchmarks.coverage import DOCS, page_of_tables
from benchmarks.coverage_study import page
from benchmarks.coverage_study.methods import METHODS
from benchmarks.coverage_study.provinces import Scene, draw_province, scenes_of
from benchmarks.coverage_study.tally import monte_carlo_error, run_scene
from sampling import korn_graubard_limits

REPS = 10_000
POOLED = ("kg-pooled", "kg-default", "midp-pooled", "bb-pooled", "bb-neighbours", "kg-neighbours")
ALONE = ("bb-alone", "bb-alone-wide", "kg-own-or-plan")
HARD = Scene(study="grid", n=1000, psus=10, icc=0.15, rate=0.02)
SHORT = (HARD, Scene(study="grid", n=300, psus=10, icc=0.05, rate=0.03))
UNLIKE = Scene(study="differing", n=1000, psus=10, icc=0.05, rate=0.025, truth="differing")


@cache
def ran(scene, provinces):
    found = run_scene(scene, provinces)
    return {(record["method"], record["part"]): record for record in found["records"]}


def check_cell(records, method, target=0.95):
    record = records[method, "all"]
    assert record["coverage"] >= target - 2 * record["coverage_error"], method
    if target == 0.95:
        assert record["upper_miss"] <= 0.025 + 2 * record["upper_miss_error"], method


@pytest.mark.parametrize("scene", SHORT, ids=lambda scene: scene.key)
def test_pooled_intervals_and_those_of_a_county_alone_hold(scene):
    records = ran(scene, 2)
    for method in POOLED:
        check_cell(records, method)
    for method in ALONE:
        check_cell(records, method, target=0.945)


def test_intervals_by_the_own_variance_fail():
    records = ran(HARD, 2)
    for method in ("kg-nchs", "kg-r-beta", "wilson-own", "logit", "likelihood", "wald", "cp-naive"):
        assert records[method, "all"]["coverage"] <= 0.90, method
        assert records[method, "all"]["upper_miss"] >= 0.10, method


def test_beta_binomial_is_narrower_than_the_yardstick_and_mid_p_too():
    records = ran(HARD, 2)
    assert records["bb-pooled", "all"]["relative_width"] <= 0.85
    assert records["midp-pooled", "all"]["relative_width"] <= 0.90
    assert records["kg-pooled", "all"]["relative_width"] <= 1.00


def test_unlike_counties_break_the_pooled_beta_binomial_and_not_that_with_neighbours():
    records = ran(UNLIKE, 2)
    parts = ("icc 0.01", "icc 0.05", "icc 0.15")
    assert min(records["bb-pooled", part]["coverage"] for part in parts) <= 0.92
    for part in parts:
        record = records["bb-neighbours", part]
        assert record["coverage"] >= 0.95 - 2 * record["coverage_error"]


def test_five_counties_are_enough_for_the_beta_binomial_with_neighbours():
    scene = Scene(study="pool-5", n=300, psus=10, icc=0.15, rate=0.02, counties=5)
    check_cell(ran(scene, 20), "bb-neighbours")


@pytest.mark.slow
@pytest.mark.parametrize("scene", scenes_of("grid")[::7], ids=lambda scene: scene.key)
def test_more_cells_of_the_grid_hold(scene):
    records = ran(scene, 10)
    for method in POOLED:
        check_cell(records, method)
    for method in ALONE:
        check_cell(records, method, target=0.945)


# -- the study's own parts -----------------------------------------------------------------------


def test_samples_are_those_that_the_scene_asks_for():
    scene = Scene(study="grid", n=300, psus=20, icc=0.05, rate=0.10, counties=30)
    province = draw_province(scene, scene.rng())
    by_village = province.sample.groupby(["county", "village"]).size()
    assert len(by_village) == 30 * 20 and set(by_village) == {15}
    spread = np.std(province.truth) / math.sqrt(30)
    assert abs(province.truth.mean() - 0.10) <= 4 * spread
    weights = province.sample.groupby("county")["weight"]
    assert weights.std().max() <= 1e-9 * weights.mean().min()


def test_the_same_cell_comes_out_the_same_alone_or_after_others():
    scene = Scene(study="pool-5", n=300, psus=10, icc=0.05, rate=0.02, counties=5)
    first = run_scene(scene, 2)
    draw_province(HARD, HARD.rng())
    assert run_scene(scene, 2) == first


def test_monte_carlo_errors_count_provinces_when_counties_share_their_fate():
    rng = np.random.default_rng(5)
    apart = [rng.random(50) < 0.9 for _ in range(40)]
    together = [np.full(50, rng.random() < 0.9) for _ in range(40)]
    assert monte_carlo_error(apart) < math.sqrt(0.9 * 0.1 / 2000) * 1.5
    assert monte_carlo_error(together) > math.sqrt(0.9 * 0.1 / 40) * 0.5
    assert monte_carlo_error([np.zeros(100)]) > 0


def test_the_committed_page_is_what_its_tables_give():
    assert (DOCS / "coverage.md").read_text("utf-8") == page_of_tables()


def test_the_committed_tables_have_every_cell_of_the_grid():
    lines = pd.read_csv(DOCS / "coverage.csv")
    grid = lines[lines["study"] == "grid"]
    assert len(scenes_of("grid")) == 90
    assert (grid.groupby("method").size() == 90).all()
    assert set(grid["method"]) == set(METHODS) - {"kg-aside"}
    assert grid["reps"].min() >= 2000


@pytest.mark.parametrize("method", ["kg-pooled", "midp-pooled", "bb-pooled"])
def test_the_committed_study_reached_its_targets(method):
    cells = page.pick(pd.read_csv(DOCS / "coverage.csv"), "grid", method)
    assert page.below_target(cells) == 0
    assert page.above_risk(cells) == 0
    assert page.relative_width(cells) <= page.WIDTHS[method] + 0.005


# -- the limits alone, at the true design effect -------------------------------------------------


def county(rng, n, psus, icc, rate):
    """Event counts in samples of n/psus households of each of ``psus`` villages."""
    take, scale = n // psus, (1 - icc) / icc
    chance = rng.beta(rate * scale, (1 - rate) * scale, (REPS, psus))
    return rng.binomial(take, chance).sum(axis=1), 1 + (take - 1) * icc


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.002, 0.01, 0.02, 0.03, 0.1])
@pytest.mark.parametrize("icc", [0.01, 0.05, 0.15])
@pytest.mark.parametrize(("n", "psus"), [(300, 10), (300, 30), (1000, 10), (1000, 20)])
def test_model_interval_covers_when_the_correlation_is_right(n, psus, icc, rate):
    rng = np.random.default_rng([n, psus, int(1000 * icc), int(1000 * rate)])
    events, deff = county(rng, n, psus, icc, rate)
    lower, upper = korn_graubard_limits(events / n, n / deff)
    slack = 2 * math.sqrt(0.05 * 0.95 / REPS)
    assert ((lower <= rate) & (rate <= upper)).mean() >= 0.95 - slack
    if rate in (0.02, 0.03):
        assert (upper < rate).mean() <= 0.025 + 2 * math.sqrt(0.025 * 0.975 / REPS)
