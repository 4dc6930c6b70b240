"""The world is the same for a seed, calibrated, and keeps its truth out of the lists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from audit_toolkit.demo.filing import REGISTER_COLUMNS, ROSTER_COLUMNS
from audit_toolkit.demo.names import COUNTY_NAMES, PROVINCE_CODE
from audit_toolkit.demo.steps import STEP_COLUMNS
from audit_toolkit.demo.truth import LINES, clustered_choice
from audit_toolkit.demo.world import COUNTIES, TRUTH_COLUMNS, generator, make_world

CLEAN, HONEST, WRONGFUL, PROCEDURE, OMISSIONS = (s.code for s in COUNTIES)


def test_the_same_seed_gives_the_same_bytes_in_another_process(world, tmp_path):
    command = [sys.executable, "-m", "audit_toolkit.demo.world", str(tmp_path)]
    subprocess.run([*command, "--seed", "a world for tests", "--wrong-villages", "2"], check=True)
    files = sorted(p.relative_to(world) for p in world.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    for name in files:
        assert (world / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_another_seed_gives_another_world(world, tmp_path):
    make_world(tmp_path, seed="another")
    name = f"lists/{CLEAN}_register.csv"
    assert (world / name).read_bytes() != (tmp_path / name).read_bytes()


def test_counties_are_fictitious_by_code_and_name(world_round):
    # GB/T 2260 begins province codes with 1 to 6, and 71, 81, 82 for the rest.
    assert PROVINCE_CODE.startswith("9")
    for county, (code, zh, _) in zip(world_round.counties, COUNTY_NAMES, strict=True):
        assert (county.county_code, county.name) == (code, zh)
        assert code.startswith(PROVINCE_CODE)
        assert re.fullmatch("[甲乙丙丁戊].县", zh)


def test_sizes_are_those_of_a_county(truths):
    assert len(truths) == 5
    assert 33_000 < sum(map(len, truths.values())) < 39_000
    for rows in truths.values():
        villages = Counter(r["village_code"] for r in rows)
        assert 6_500 <= len(rows) <= 8_000
        assert 60 <= len(villages) <= 80
        assert 60 <= min(villages.values()) <= max(villages.values()) <= 220
        registered = np.mean([r["status"] != "unregistered" for r in rows])
        assert 0.24 < registered < 0.31
        assert 3.4 < np.mean([int(r["registered_count"]) for r in rows]) < 3.8


def test_truth_has_one_row_a_household_with_the_columns_named(truths):
    for rows in truths.values():
        assert tuple(rows[0]) == TRUTH_COLUMNS
        assert len({r["household"] for r in rows}) == len(rows)


def test_lists_hold_the_fields_of_their_kind_and_nothing_of_the_truth(world, codes, headers_of):
    for code in codes:
        assert headers_of(world / "lists" / f"{code}_register.csv") == REGISTER_COLUMNS
        assert headers_of(world / "lists" / f"{code}_roster.csv") == ROSTER_COLUMNS
        assert headers_of(world / "lists" / f"{code}_steps.csv") == STEP_COLUMNS
    assert sorted(p.name for p in (world / "lists").iterdir()) == sorted(
        f"{code}_{part}.csv" for code in codes for part in ("register", "roster", "steps")
    )


def test_what_an_exited_household_files_does_not_tell_whether_it_is_poor(world, truths, rows_of):
    poor = {r["register_id"]: r["poor"] == "yes" for r in truths[WRONGFUL]}
    exited = [
        r for r in rows_of(world / f"lists/{WRONGFUL}_register.csv") if r["status"] == "exited"
    ]
    for row in exited:
        assert float(row["net_income_pc"]) >= LINES[2019]
        assert row["water_safe"] == "yes"
        assert row["insured_count"] == row["members"]
        assert row["school_dropout_count"] == "0"
    assert sum(poor[r["household_id"]] for r in exited) > 100


@pytest.mark.parametrize(
    ("code", "wrongful", "omitted", "composite"),
    [
        (CLEAN, (0, 0), (0, 0), (0.004, 0.007)),
        (HONEST, (0.002, 0.009), (0.003, 0.007), (0.013, 0.0195)),
        (WRONGFUL, (0.077, 0.093), (0.001, 0.005), (0.027, 0.038)),
        (PROCEDURE, (0, 0), (0, 0), (0.004, 0.007)),
        (OMISSIONS, (0.001, 0.007), (0.065, 0.075), (0.055, 0.070)),
    ],
)
def test_true_rates_of_persons_are_as_the_guide_says(rates, code, wrongful, omitted, composite):
    true = rates[code]["persons"]
    assert wrongful[0] <= true["wrongful_exit_rate"] <= wrongful[1]
    assert omitted[0] <= true["omission_rate"] <= omitted[1]
    assert composite[0] <= true["composite_incidence"] <= composite[1]
    assert 0.955 < true["approval_rate"] < 0.995
    assert 0.004 < true["register_incidence"] < 0.0135
    assert 0.02 < true["missed_exit_rate"] < 0.2


def test_rates_follow_from_the_truth(truths, rates):
    for code, rows in truths.items():
        living = [r for r in rows if r["planted"] != "moved-away"]
        for status, rate in (("exited", "wrongful_exit_rate"), ("unregistered", "omission_rate")):
            those = [r for r in living if r["status"] == status]
            persons = sum(int(r["registered_count"]) for r in those)
            poor = sum(int(r["registered_count"]) for r in those if r["poor"] == "yes")
            assert rates[code]["persons"][rate] == pytest.approx(poor / persons)
            share = np.mean([r["poor"] == "yes" for r in those])
            assert rates[code]["households"][rate] == pytest.approx(share)


def test_without_the_stability_test_rates_are_not_higher(rates):
    for rate in ("wrongful_exit_rate", "omission_rate"):
        by_line = [rates[code]["by_line"]["persons"][rate] for code in rates]
        stable = [rates[code]["persons"][rate] for code in rates]
        assert all(a <= b for a, b in zip(by_line, stable, strict=True))
        assert sum(by_line) < sum(stable)


def test_two_villages_of_the_third_county_are_wholly_wrong(truths):
    rows = [r for r in truths[WRONGFUL] if r["wrong_village"] == "yes" and r["status"] == "exited"]
    assert len({r["village_code"] for r in rows}) == 2
    assert all(r["poor"] == "yes" for r in rows)


def test_the_wrong_are_clustered_by_villages(truths):
    exited = [r for r in truths[WRONGFUL] if r["status"] == "exited"]
    assert 0.05 < _icc([r for r in exited if r["wrong_village"] == "no"]) < 0.2
    assert 0.05 < _icc([r for r in truths[OMISSIONS] if r["status"] == "unregistered"]) < 0.2


def test_clustering_has_the_correlation_asked_for_on_average():
    village = np.repeat(np.arange(400), 40)
    eligible = np.ones(len(village), dtype=bool)
    chosen = clustered_choice(generator("clusters", ""), village, eligible, 800)
    assert chosen.sum() == 800
    words = np.where(chosen, "yes", "no")
    rows = [{"village_code": v, "poor": w} for v, w in zip(village, words, strict=True)]
    assert 0.07 < _icc(rows) < 0.13


def test_incomes_are_calibrated(truths):
    registered = [r for rows in truths.values() for r in rows if r["status"] == "exited"]
    income = np.array([_net_pc(r) for r in registered if r["poor"] == "no"])
    # The classes to be monitored: about 5 % of registered persons under 1.5 times the line.
    assert 0.03 < np.mean(income < 1.5 * LINES[2019]) < 0.10
    assert 8_000 < np.median(income) < 10_000
    wages = [r["wage_income"] for rows in truths.values() for r in rows]
    assert 0.35 < np.mean([w.endswith("0") for w in wages]) < 0.75


def test_housing_and_water_follow_the_census(truths):
    rows = [r for rows in truths.values() for r in rows if r["poor"] == "no"]
    states = Counter(r["housing_state"] for r in rows)
    assert states["renewed"] / len(rows) == pytest.approx(0.4225, abs=0.02)
    assert states["moved"] / len(rows) == pytest.approx(0.1401, abs=0.02)
    easy = np.mean([r["water_convenience"] == "basically-met" for r in rows])
    assert easy == pytest.approx(0.063, abs=0.01)


def test_some_cannot_be_found_at_home(truths):
    rows = [r for rows in truths.values() for r in rows]
    exited = np.mean([r["presence"] != "home" for r in rows if r["status"] == "exited"])
    others = np.mean([r["presence"] != "home" for r in rows if r["status"] == "unregistered"])
    assert exited == pytest.approx(0.04, abs=0.01)
    assert others == pytest.approx(0.06, abs=0.01)


def test_the_round_names_its_rule_set(world):
    told = json.loads((Path(world) / "round.json").read_text(encoding="utf-8"))
    assert told["rule_set_id"] == "cn-2019"
    assert told["exit_year"] == 2019


def _net_pc(row: dict[str, str]) -> float:
    plus = ("operation_income", "wage_income", "property_income", "transfer_income", "other_income")
    total = sum(int(row[part]) for part in plus) - int(row["production_cost"])
    return total / int(row["registered_count"])


def _icc(rows: list[dict[str, str]]) -> float:
    """One-way analysis of variance of being poor, over villages."""
    _, group = np.unique([r["village_code"] for r in rows], return_inverse=True)
    y = np.array([r["poor"] == "yes" for r in rows], dtype=float)
    size = np.bincount(group)
    mean = np.bincount(group, y) / size
    between = (size * (mean - y.mean()) ** 2).sum() / (len(size) - 1)
    within = ((y - mean[group]) ** 2).sum() / (len(y) - len(size))
    typical = (len(y) - (size**2).sum() / len(y)) / (len(size) - 1)
    return (between - within) / (between + (typical - 1) * within)
