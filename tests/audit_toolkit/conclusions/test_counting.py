"""Counts by village and status add up, name nobody; what those unseen could change is bounded."""

from __future__ import annotations

import dataclasses

import pytest
from county_samples import CODE, KEY, sample_of, strata_of, villages_of

from audit_toolkit.conclusions import (
    indicators,
    nonresponse_bands,
    pool_round,
    status_counts_found,
    village_counts_found,
)
from audit_toolkit.model import DrawnVillage, ObservedHousehold, Stratum
from audit_toolkit.rules import load_rule_set

RULES = load_rule_set("cn-2019")


def rates_of(households):
    return indicators(
        KEY,
        households,
        strata_of(),
        villages_of(),
        pool_round({CODE: households}, RULES),
        RULES,
        province_code="99",
    )


def seen(name: str, psu: str, stratum: Stratum, **said) -> ObservedHousehold:
    given = {"responded": True, "poor": stratum is Stratum.STILL_POOR, "approves": True, **said}
    if not given["responded"]:
        given |= {"poor": None, "approves": None, "weight": 0.0}
    return ObservedHousehold(
        household_id=name,
        psu=psu,
        stratum=stratum,
        **{
            "persons": 4,
            "base_weight": 10.0,
            "weight": 10.0,
            "poor_by_line": given["poor"],
            "provisional": False,
            **given,
        },
    )


def village(psu: str, order: int, *, certainty: bool = False) -> DrawnVillage:
    return DrawnVillage(
        county_code=CODE,
        psu=psu,
        village_code="990101100200",
        size_measure=1,
        ticket="0",
        order=order,
        certainty=certainty,
        inclusion_prob=0.5,
        team_ticket="0",
    )


E, U, P = Stratum.EXITED, Stratum.UNREGISTERED, Stratum.STILL_POOR
SEEN = (
    seen("a", "v2", E),
    seen("b", "v2", E, poor=True),
    seen("c", "v2", U, poor=True, approves=False, persons=3),
    seen("d", "v1", P, poor=False),
    seen("e", "v1", P, approves=None),
    seen("f", "v1", E, responded=False),
)


def test_villages_stand_in_the_order_of_the_draw_under_a_number_that_names_nothing():
    first, second = village_counts_found(SEEN, [village("v1", 7), village("v2", 3)])
    assert (first.number, second.number) == (1, 2)
    assert (first.exited, first.wrongly_exited, first.unregistered, first.omitted) == (2, 1, 1, 1)
    assert (first.visited, first.answered, first.persons) == (3, 3, 11)
    assert (second.still_poor, second.missed, second.asked, second.approving) == (2, 1, 1, 1)
    assert (second.visited, second.answered) == (3, 2)
    assert not {"psu", "village_code", "village_name"} & {f.name for f in dataclasses.fields(first)}


def test_a_village_where_nobody_was_visited_still_stands_in_the_table():
    assert village_counts_found((), [village("v1", 1, certainty=True)])[0].visited == 0


def test_villages_and_statuses_add_up_to_the_same():
    sample = sample_of(4, 3)
    psus = sorted({o.psu for o in sample})
    villages = village_counts_found(sample, [village(p, i) for i, p in enumerate(psus)])
    statuses = {s.status: s for s in status_counts_found(sample)}
    assert sum(v.wrongly_exited for v in villages) == statuses["exited"].found == 4
    assert sum(v.omitted for v in villages) == statuses["unregistered"].found == 3
    assert sum(v.visited for v in villages) == sum(s.visited for s in statuses.values())
    assert sum(v.persons for v in villages) == sum(s.persons for s in statuses.values())


def without_answer(sample, stratum, count):
    """The same sample, some households of a stratum not having answered."""
    left, changed = count, []
    for one in sample:
        silent = one.stratum is stratum and left and not one.poor and one.approves
        if silent:
            left -= 1
            one = dataclasses.replace(
                one, responded=False, poor=None, poor_by_line=None, approves=None, weight=0.0
            )
        changed.append(one)
    return changed


def band_of(sample, indicator, unit="persons"):
    found = nonresponse_bands(sample, rates_of(sample), strata_of())
    return next(b for b in found if (b.indicator, b.unit) == (indicator, unit))


def test_with_full_response_there_is_no_band():
    band = band_of(sample_of(4), "wrongful_exit_rate")
    assert band.missing == 0
    assert band.lower == band.upper == pytest.approx(4 / 510)
    assert band.tipping is None


def test_those_who_did_not_answer_make_the_band():
    sample = without_answer(sample_of(4), E, 20)
    band = band_of(sample, "wrongful_exit_rate", "households")
    assert band.missing == 20
    assert band.lower == pytest.approx(4 / 510)
    assert band.upper == pytest.approx(24 / 510)
    assert band.tipping is None, "the unit that does not decide has no limit"


def test_the_tipping_point_is_the_fewest_households_that_cross_the_limit():
    band = band_of(without_answer(sample_of(4), E, 20), "wrongful_exit_rate")
    assert band.tipping == 7  # 4 + 7 of 510 are over 2 %, 4 + 6 are not


def test_a_rate_over_its_limit_needs_nobody_to_tip():
    assert band_of(without_answer(sample_of(60), E, 5), "wrongful_exit_rate").tipping == 0


def test_approval_tips_downwards():
    sample = without_answer(sample_of(disapprove=204), E, 20)
    band = band_of(sample, "approval_rate", "households")
    assert band.lower < band.upper
    assert band.missing == 20
    assert band.tipping == 20  # of 6,560 households 600 disapprove, and each missing is 2.94


def test_the_composite_has_no_band_of_its_own():
    sample = sample_of(4)
    names = {b.indicator for b in nonresponse_bands(sample, rates_of(sample), strata_of())}
    assert "composite_incidence" not in names
    assert "wrongful_exit_rate" in names
