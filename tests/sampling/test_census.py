"""Dual-system estimates, match rates."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling import (
    ArgumentError,
    Design,
    dual_system,
    estimate_proportion,
    match_rates,
    read_result,
)
from sampling.results import _KINDS

STORED = Path(__file__).parent / "stored_results"
modest = settings(deadline=None, max_examples=40)


def test_chapman_and_lincoln_petersen_equal_their_formulas():
    """FIELD.md 2.7: (N1+1)(N2+1)/(M+1) - 1 and N1 N2 / M."""
    chapman = dual_system(200, 180, 90)
    assert chapman.population == pytest.approx(201 * 181 / 91 - 1)
    variance = 201 * 181 * 110 * 90 / (91**2 * 92)
    assert chapman.std_error == pytest.approx(math.sqrt(variance))
    simple = dual_system(200, 180, 90, method="lincoln-petersen")
    assert simple.population == 400
    assert simple.std_error == pytest.approx(math.sqrt(200 * 180 * 110 * 90 / 90**3))
    assert simple.gross_omission == 0.5
    assert simple.net_undercount == 0.5


def test_strata_of_different_coverage_must_not_be_pooled():
    """Two halves of 1000, listed with .9 and .5 by both lists: pooling falls short."""
    first, second, matched = (
        {"settled": 900, "migrant": 500},
        {"settled": 900, "migrant": 500},
        {"settled": 810, "migrant": 250},
    )
    apart = dual_system(first, second, matched, method="lincoln-petersen")
    pooled = dual_system(1400, 1400, 1060, method="lincoln-petersen")
    assert apart.population == pytest.approx(2000)
    assert pooled.population < 1900
    assert [part.stratum for part in apart.strata] == ["settled", "migrant"]


def test_wrong_entries_are_taken_off_the_first_list():
    clean = dual_system(950, 100, 90, method="lincoln-petersen")
    found = dual_system(1000, 100, 90, erroneous=50, method="lincoln-petersen")
    assert found.population == clean.population
    assert found.net_undercount < clean.net_undercount


def test_limits_cover_the_population_as_often_as_they_say():
    rng = np.random.default_rng(20260602)
    size, repetitions, held = 800, 600, 0
    for _ in range(repetitions):
        one, two = rng.random(size) < 0.9, rng.random(size) < 0.8
        found = dual_system(int(one.sum()), int(two.sum()), int((one & two).sum()))
        held += found.interval.lower <= size <= found.interval.upper
    assert held / repetitions >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / repetitions)


@modest
@given(
    matched=st.integers(0, 200),
    more=st.integers(0, 100),
    others=st.integers(0, 100),
    method=st.sampled_from(["chapman", "lincoln-petersen"]),
)
def test_an_estimate_is_never_below_the_units_seen_and_lists_may_change_places(
    matched, more, others, method
):
    if method == "lincoln-petersen" and matched == 0:
        return
    found = dual_system(matched + more, matched + others, matched, method=method)
    assert found.population >= matched + more + others - 1e-9
    assert found.interval.lower >= matched + more + others - 1e-9
    assert found.interval.lower <= found.population <= found.interval.upper
    turned = dual_system(matched + others, matched + more, matched, method=method)
    assert turned.population == pytest.approx(found.population)
    assert turned.std_error == pytest.approx(found.std_error)


@pytest.fixture
def samples():
    rng = np.random.default_rng(9)
    check = pd.DataFrame({"village": np.repeat(np.arange(15), 20)})
    check["listed"] = (rng.random(300) < 0.93) * 1
    entries = pd.DataFrame({"village": np.repeat(np.arange(15), 22)})
    entries["wrong"] = (rng.random(330) < 0.04) * 1
    return check, entries, Design(psu="village")


def test_match_rates_have_the_limits_of_the_design(samples):
    check, entries, design = samples
    found = match_rates(
        check,
        "listed",
        entries,
        "wrong",
        check_design=design,
        entries_design=design,
        census=50_000,
        insufficient=300,
    )
    direct = estimate_proportion(check, "listed", design)[0]
    assert (found.match.lower, found.match.upper) == (direct.lower, direct.upper)
    assert found.omission.estimate == pytest.approx(1 - direct.estimate)
    expected = (50_000 - 300) * (1 - found.erroneous.estimate) / direct.estimate
    assert found.population == pytest.approx(expected)
    assert found.interval.lower < expected < found.interval.upper
    assert found.net_undercount == pytest.approx(1 - 50_000 / expected)


@modest
@given(shift=st.integers(1, 299))
def test_match_rates_do_not_mind_the_order_of_rows(shift):
    rng = np.random.default_rng(9)
    check = pd.DataFrame({"village": np.repeat(np.arange(15), 20)})
    check["listed"] = (rng.random(300) < 0.9) * 1
    design = Design(psu="village")
    turned = pd.concat([check[shift:], check[:shift]])
    entries = pd.DataFrame({"village": [1, 2, 3], "wrong": [0, 0, 1]})
    one, other = (
        match_rates(rows, "listed", entries, "wrong", check_design=design, entries_design=design)
        for rows in (check, turned)
    )
    assert other.match.upper == pytest.approx(one.match.upper, rel=1e-12)
    assert one.population is None
    assert one.net_undercount is None


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: dual_system(10, 20, 11), "matched-too-many"),
        (lambda: dual_system(10, 20, 0, method="lincoln-petersen"), "matched-none"),
        (lambda: dual_system({"a": 10}, {"b": 20}, {"a": 5}), "keys-differ"),
        (lambda: dual_system({}, {}, {}), "keys-differ"),
        (lambda: dual_system(-1, 20, 5), "number-outside"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_its_code(call, code):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert caught.value.code == code


def test_nothing_matched_gives_no_population(samples):
    check, entries, design = samples
    with pytest.raises(ArgumentError) as caught:
        match_rates(
            check.assign(listed=0),
            "listed",
            entries,
            "wrong",
            check_design=design,
            entries_design=design,
            census=1000,
        )
    assert caught.value.code == "matched-none"


def results():
    check = pd.DataFrame({"listed": [1] * 95 + [0] * 5})
    entries = pd.DataFrame({"wrong": [1] * 3 + [0] * 97})
    made = [
        dual_system({"a": 10, "b": 20}, {"a": 9, "b": 19}, {"a": 8, "b": 15}),
        match_rates(
            check,
            "listed",
            entries,
            "wrong",
            check_design=Design(),
            entries_design=Design(),
            census=10_000,
        ),
    ]
    return {result.kind: result for result in made}


RESULTS = results()


def test_every_kind_of_result_here_has_an_example():
    kinds = {kind for kind, cls in _KINDS.items() if cls.__module__.endswith("census")}
    assert kinds == RESULTS.keys()


@pytest.mark.parametrize("kind", RESULTS)
def test_result_survives_storage_and_shows_itself(kind):
    result = RESULTS[kind]
    assert read_result(json.loads(json.dumps(result.to_dict(), allow_nan=False))) == result
    assert read_result(json.loads((STORED / f"{kind}.json").read_text("utf-8"))).kind == kind
    assert all(len(row) == len(result._table().columns) for row in result._table().rows)
