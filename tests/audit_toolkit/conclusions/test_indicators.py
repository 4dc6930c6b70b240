"""Rates: estimates, intervals, limits, both formulas of the omission rate, gaps with a reason."""

from __future__ import annotations

import dataclasses
import math

import pytest
from county_samples import CODE, KEY, observed, sample_of, strata_of, villages_of
from hypothesis import given
from hypothesis import strategies as st

from audit_toolkit.conclusions import indicators, pool_round
from audit_toolkit.model import IccPool, Stratum
from audit_toolkit.rules import load_rule_set

RULES = load_rule_set("cn-2019")
E, U, P = Stratum.EXITED, Stratum.UNREGISTERED, Stratum.STILL_POOR


def rates_of(households, *, strata=None, province="99", pools=None):
    pools = pool_round({CODE: households}, RULES) if pools is None else pools
    found = indicators(
        KEY,
        households,
        strata_of() if strata is None else strata,
        villages_of(),
        pools,
        RULES,
        province_code=province,
    )
    return {(i.name, i.unit, i.formula): i for i in found}


WRONGFUL = ("wrongful_exit_rate", "persons", "interviewed")
OMISSION = ("omission_rate", "persons", "interviewed")
VILLAGE = ("omission_rate", "persons", "village-population")
COMPOSITE = ("composite_incidence", "persons", "register-totals")
APPROVAL = ("approval_rate", "households", "interviewed")
MISSED = ("missed_exit_rate", "persons", "interviewed")


def test_every_rate_is_there_in_its_units_and_those_that_decide_come_first():
    rates = rates_of(sample_of())
    assert len(rates) == 7 + 2 + 2
    deciding = [key for key, i in rates.items() if i.threshold is not None]
    assert set(deciding) == {WRONGFUL, OMISSION, COMPOSITE, APPROVAL}
    assert list(rates)[:4] == deciding


def test_no_event_leaves_an_interval_of_finite_positive_width():
    rate = rates_of(sample_of())[WRONGFUL]
    assert rate.estimate == 0
    assert rate.interval.lower == 0
    deff = 1 + 16 * 0.05
    assert rate.deff == pytest.approx(deff)
    assert rate.n_effective == pytest.approx(510 / deff)
    assert rate.interval.upper == pytest.approx(1 - 0.025 ** (deff / 510))
    assert rate.interval.method == "korn-graubard-model"
    assert rate.conclusion == "pass"


def test_the_estimate_is_a_ratio_of_weighted_persons():
    households = [
        observed("a", "v1", E, poor=True, persons=2, weight=5),
        observed("b", "v1", E, persons=4, weight=5),
        observed("c", "v2", E, persons=6, weight=10),
        observed("d", "v3", E, persons=1, weight=10),
    ]
    rates = rates_of(households)
    assert rates[WRONGFUL].estimate == pytest.approx(10 / (10 + 20 + 60 + 10))
    by_households = rates["wrongful_exit_rate", "households", "interviewed"]
    assert by_households.estimate == pytest.approx(5 / 30)
    assert rates[WRONGFUL].official_point == pytest.approx(2 / 13)
    assert by_households.official_point == pytest.approx(1 / 4)
    assert (rates[WRONGFUL].events, rates[WRONGFUL].event_persons) == (1, 2)
    assert (rates[WRONGFUL].households, rates[WRONGFUL].persons) == (4, 13)


def test_a_rate_clearly_over_the_limit_fails():
    rate = rates_of(sample_of(60))[WRONGFUL]
    assert rate.conclusion == rate.official_conclusion == "fail"
    assert rate.interval.lower > 0.02


def test_a_rate_near_the_limit_is_inconclusive_though_the_point_passes():
    rate = rates_of(sample_of(5))[WRONGFUL]
    assert rate.conclusion == "inconclusive"
    assert rate.official_conclusion == "pass"


def test_the_point_at_the_limit_is_a_boundary_and_the_rule_set_says_which_side():
    households = sample_of(10, villages=25, take=20)
    rate = rates_of(households)[WRONGFUL]
    assert rate.official_point == pytest.approx(0.02)
    assert rate.boundary
    assert rate.official_conclusion == "pass"
    strict = dataclasses.replace(
        RULES, thresholds=tuple(dataclasses.replace(t, strict=True) for t in RULES.thresholds)
    )
    found = indicators(
        KEY,
        households,
        strata_of(),
        villages_of(),
        pool_round({CODE: households}, RULES),
        strict,
        province_code="99",
    )
    assert next(i for i in found if i.name == WRONGFUL[0]).official_conclusion == "fail"


def test_the_missed_exit_rate_counts_still_poor_who_meet_all_criteria():
    rate = rates_of(sample_of(missed=6))[MISSED]
    assert rate.events == 6
    assert rate.estimate == pytest.approx(6 / 60)
    assert rate.threshold is rate.conclusion is None


def test_the_composite_adds_the_register_s_still_poor_to_both_rates():
    rates = rates_of(sample_of(3, 2))
    composite = rates[COMPOSITE]
    total = 1500 + 5000 + 60
    expected = (60 + 1500 * 3 / 510 + 5000 * 2 / 510) / total
    assert composite.estimate == pytest.approx(expected)
    assert composite.official_point == pytest.approx(expected)
    assert composite.interval.lower > 60 / total
    assert composite.interval_nchs.lower > 60 / total
    assert composite.std_error > 0
    assert composite.events == 5
    assert composite.icc is None
    assert composite.icc_policy == "by-part"


def test_the_composite_of_nothing_found_starts_at_the_register_s_incidence():
    composite = rates_of(sample_of())[COMPOSITE]
    assert composite.estimate == composite.interval.lower == pytest.approx(60 / 6560)
    assert composite.interval.upper > composite.estimate


def test_western_provinces_have_the_wider_limit_for_the_composite_alone():
    rates = rates_of(sample_of(), province="52")
    assert rates[COMPOSITE].threshold == "0.03"
    assert rates[WRONGFUL].threshold == "0.02"


def test_a_missed_exit_does_not_change_the_composite_as_filed():
    assert rates_of(sample_of())[COMPOSITE].estimate == pytest.approx(
        rates_of(sample_of(missed=10))[COMPOSITE].estimate
    )


def test_approval_must_lie_above_its_limit():
    good = rates_of(sample_of())[APPROVAL]
    assert good.estimate == pytest.approx(1.0)
    assert good.conclusion == good.official_conclusion == "pass"
    bad = rates_of(sample_of(disapprove=510))[APPROVAL]
    assert bad.direction == "above"
    assert bad.official_conclusion == "fail"


def test_strata_weigh_as_many_households_in_the_approval_as_they_have():
    rate = rates_of(sample_of(disapprove=510))[APPROVAL]
    assert rate.estimate == pytest.approx(5060 / 6560)


def test_households_that_said_nothing_are_not_in_the_approval():
    households = sample_of()
    households[0] = dataclasses.replace(households[0], approves=None)
    rates = rates_of(households)
    assert rates[APPROVAL].households == len(households) - 1
    assert rates[WRONGFUL].households == 510


def test_nonrespondents_are_in_no_rate():
    households = [*sample_of(), observed("n", "v00", E, poor=None)]
    assert rates_of(households) == rates_of(sample_of())


def test_the_second_formula_blows_up_within_villages_and_gives_no_official_point():
    households = [
        *[observed(f"a{i}", "v00", U, poor=i == 0, weight=1) for i in range(10)],
        *[observed(f"b{i}", "v01", U, weight=50) for i in range(20)],
    ]
    rates = rates_of(households)
    # v00 and v01 each have 70 unregistered households: 7 of 140 in the sampled villages.
    assert rates[VILLAGE].estimate == pytest.approx(7 / 140)
    assert rates[VILLAGE].official_point is None
    assert rates[VILLAGE].why == "not-screened"
    assert rates[VILLAGE].threshold is None
    assert rates[OMISSION].threshold == "0.02"
    assert rates[OMISSION].estimate == pytest.approx(1 / (10 + 1000))


def test_a_stratum_that_did_not_respond_has_no_rate_and_says_why():
    households = [o for o in sample_of() if o.stratum is not E]
    rates = rates_of(households)
    assert rates[WRONGFUL].estimate is None
    assert rates[WRONGFUL].why == "no-response"
    assert rates[WRONGFUL].conclusion == "inconclusive"
    assert rates[COMPOSITE].estimate is None
    assert rates[COMPOSITE].conclusion == "inconclusive"
    assert rates[OMISSION].estimate == 0


def test_a_stratum_that_the_county_does_not_have_decides_nothing():
    households = [o for o in sample_of() if o.stratum is not E]
    rates = rates_of(households, strata=strata_of(exited=0))
    assert rates[WRONGFUL].why == "stratum-empty"
    assert rates[WRONGFUL].threshold is rates[WRONGFUL].conclusion is None
    assert rates[COMPOSITE].estimate is not None


def test_without_still_poor_there_is_no_missed_exit_rate():
    households = sample_of(still_poor=0)
    rates = rates_of(households, strata=strata_of(still_poor=0))
    assert rates[MISSED].why == "stratum-empty"
    assert rates[COMPOSITE].interval.lower == 0


def test_nobody_at_all_responding_is_said_rate_by_rate():
    rates = rates_of([observed("n", "v00", E, poor=None)])
    assert {i.why for i in rates.values()} == {"no-response"}


def test_clustered_events_take_the_county_s_own_design_effect():
    households = sample_of()
    wrong = [
        dataclasses.replace(o, poor=True) if o.stratum is E and o.psu == "v00" else o
        for o in households
    ]
    planned = [
        IccPool(
            name="wrongful_exit_rate",
            unit="households",
            icc=0.05,
            estimate=0.0,
            areas=40,
            events=50,
            policy="pooled",
        )
    ]
    rate = rates_of(wrong, pools=planned)["wrongful_exit_rate", "households", "interviewed"]
    assert rate.icc_policy == "own-deff"
    own = 510 * rate.std_error**2 / (rate.estimate * (1 - rate.estimate))
    assert rate.deff == pytest.approx(own)
    assert rate.deff > 1.5 * 1.8


def test_villages_bad_in_both_strata_widen_the_composite():
    wrong = [
        dataclasses.replace(o, poor=True) if o.psu == "v00" and o.stratum is not P else o
        for o in sample_of()
    ]
    rate = rates_of(wrong, pools=[])[COMPOSITE]
    assert rate.icc_policy == "own-deff"
    spread = rates_of(sample_of(17, 17), pools=[])[COMPOSITE]
    assert spread.icc_policy == "by-part"
    width = rate.interval.upper - rate.interval.lower
    assert width > 1.5 * (spread.interval.upper - spread.interval.lower)


def test_one_village_has_no_variance_of_its_own():
    households = [observed(f"h{i}", "v00", E, poor=i == 0) for i in range(20)]
    rate = rates_of(households, strata=strata_of(unregistered=0, still_poor=0))[WRONGFUL]
    assert rate.std_error is rate.interval_nchs is None
    assert 0 < rate.interval.lower < rate.interval.upper < 1


def test_weights_may_be_scaled():
    def rounded(rates):
        return [
            (key, pytest.approx(i.estimate), i.conclusion, pytest.approx(i.n_effective))
            for key, i in rates.items()
        ]

    assert rounded(rates_of(sample_of(5, 3))) == rounded(rates_of(sample_of(5, 3, weight=77.0)))


@given(st.integers(0, 40), st.integers(0, 40), st.integers(2, 30))
def test_intervals_hold_their_estimate_and_stay_in_range(exited, unregistered, villages):
    households = sample_of(exited, unregistered, villages=villages, take=4)
    for rate in rates_of(households).values():
        for limits in (rate.interval, rate.interval_nchs):
            assert limits is not None
            assert 0 <= limits.lower <= rate.estimate + 1e-12
            assert rate.estimate - 1e-12 <= limits.upper <= 1 + 1e-12
            assert math.isfinite(limits.upper)
        assert rate.interval.upper > rate.interval.lower
