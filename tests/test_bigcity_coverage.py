"""Intervals cover the true rates of 41,290 real households, through the whole chain."""

from __future__ import annotations

import pytest
from bigcity_study import (
    CITY,
    FieldWork,
    build_city,
    coverage_lines,
    coverages,
    decision_lines,
    run_round,
)

pytestmark = pytest.mark.skipif(not CITY.exists(), reason="the shared data are not here")

TRUE_RATES = (0.005, 0.03)
SEEDS = 200
HARD = FieldWork(sensitivity=0.85, specificity=0.99, poor_respond=0.80, others_respond=0.92)
WRONG_VILLAGES = 0.02


@pytest.fixture(scope="module")
def city():
    return build_city()


def test_a_few_rounds_cover_about_as_they_should(city):
    for rate in TRUE_RATES:
        records = [r for seed in range(10) for r in run_round(city, seed, rate)]
        overall = [c for c in coverages(records, rate) if c.county == "all"]
        assert len(overall) == 6
        assert all(c.coverage >= 0.85 for c in overall), coverage_lines(overall)


def test_the_same_seed_gives_the_same_round(city):
    assert run_round(city, 3, 0.005) == run_round(city, 3, 0.005)


def test_nothing_found_leaves_an_interval_of_positive_width(city):
    records = run_round(city, 1, 0.0)
    assert all(r.truth == r.estimate == 0 for r in records if r.name == "omission_rate")
    assert all(r.upper > r.lower for r in records)


@pytest.mark.slow
@pytest.mark.parametrize("rate", TRUE_RATES)
def test_intervals_cover_at_least_nominally_over_two_hundred_seeds(city, rate, capsys):
    records = [r for seed in range(SEEDS) for r in run_round(city, seed, rate)]
    found = coverages(records, rate)
    with capsys.disabled():
        print("", *coverage_lines(found), *decision_lines(records), sep="\n")
    short = [c for c in found if not c.holds]
    assert not short, coverage_lines(short)


@pytest.mark.slow
@pytest.mark.parametrize("rate", TRUE_RATES)
def test_wrong_villages_errors_and_nonresponse_are_reported_whatever_comes(city, rate, capsys):
    records = [
        r
        for seed in range(SEEDS)
        for r in run_round(city, seed, rate, HARD, wrong_villages=WRONG_VILLAGES)
    ]
    overall = [c for c in coverages(records, rate) if c.county == "all"]
    with capsys.disabled():
        print("", *coverage_lines(overall), *decision_lines(records), sep="\n")
    assert len(records) == SEEDS * 3 * 6
