"""Counties to name over a round: never more than their own evidence shows, fewer the more asked."""

from __future__ import annotations

import dataclasses

import pytest
from county_samples import CODE, KEY, sample_of, strata_of, villages_of
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import results

from audit_toolkit.conclusions import counties_to_name, indicators, pool_round
from audit_toolkit.reports.page import naming_words
from audit_toolkit.rules import load_rule_set

RULES = load_rule_set("cn-2019")
BASE = results("undecided")
RATE = next(i for i in BASE.indicators if i.threshold is not None and i.interval is not None)
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def county(number: int, *p_values: float):
    """Results of a county whose criteria have these p-values."""
    rates = tuple(dataclasses.replace(RATE, fail_p_value=p) for p in p_values)
    broken = tuple(RATE.name for p in p_values if p <= 0.025)
    return dataclasses.replace(
        BASE,
        key=dataclasses.replace(BASE.key, county_code=f"9001{number:02d}"),
        indicators=rates,
        outcome=dataclasses.replace(BASE.outcome, failing=broken),
    )


@settings(deadline=None, max_examples=50)
@given(P_VALUES)
def test_only_counties_that_break_a_criterion_by_themselves_are_named(p_values):
    found = counties_to_name([county(i, p) for i, p in enumerate(p_values)])
    broken = {f"9001{i:02d}" for i, p in enumerate(p_values) if p <= 0.025}
    assert set(found.named) | set(found.alone) == broken
    assert not set(found.named) & set(found.alone)


@settings(deadline=None, max_examples=50)
@given(P_VALUES, st.floats(0.03, 1))
def test_asking_one_more_innocent_county_names_nobody_more(p_values, more):
    few = [county(i, p) for i, p in enumerate(p_values)]
    assert set(counties_to_name([*few, county(50, more)]).named) <= set(counties_to_name(few).named)


def test_one_county_alone_needs_no_correction():
    assert counties_to_name([county(1, 0.024)]).named == ("900101",)


def test_every_criterion_of_every_county_is_counted():
    # 0.025 / 4 is what the smallest of four must not exceed.
    found = counties_to_name([county(1, 0.006, 0.9), county(2, 0.02, 0.9)])
    assert (found.claims, found.named, found.alone) == (4, ("900101",), ("900102",))


def test_a_round_without_a_single_p_value_names_nobody_and_says_nothing():
    assert counties_to_name([dataclasses.replace(BASE, indicators=())]) is None
    assert naming_words(None, {}, "en") == ""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_reader_is_told_of_the_counties_that_are_shown_alone(language):
    found = counties_to_name([county(1, 0.001), county(2, 0.02), county(3, 0.02)])
    told = naming_words(found, {"900101": "甲县", "900102": "乙县"}, language)
    assert "甲县" in told
    assert "乙县" in told
    assert "900103" not in told
    none = naming_words(found, {"900103": "丙县"}, language)
    assert "甲县" not in none
    assert "丙县" in none


@pytest.mark.parametrize("wrong", [0, 4, 60])
def test_p_values_agree_with_the_conclusions_and_the_nchs_verdict_stands_beside(wrong):
    households = sample_of(wrong)
    rates = indicators(
        KEY,
        households,
        strata_of(still_poor=6),
        villages_of(),
        pool_round({CODE: households}, RULES),
        RULES,
        province_code="99",
    )
    deciding = [i for i in rates if i.threshold is not None]
    assert deciding
    for rate in deciding:
        assert (rate.fail_p_value <= 0.025) == (rate.conclusion == "fail")
    verdicts = {i.nchs_verdict for i in rates if i.interval_nchs is not None}
    assert verdicts <= {"present", "present-with-note", "review", "suppress"}
    # Without events the standards always ask a statistician.
    assert all(i.nchs_verdict == "review" for i in deciding if i.events == 0 and i.estimate == 0)
