"""Correlations pooled over the counties of a round."""

from __future__ import annotations

from county_samples import observed, sample_of

from audit_toolkit.conclusions import pool_round
from audit_toolkit.model import Stratum
from audit_toolkit.rules import load_rule_set

RULES = load_rule_set("cn-2019")


def pools_of(**counties):
    return {(p.name, p.unit): p for p in pool_round(counties, RULES)}


def test_every_rate_and_unit_gets_one():
    assert set(pools_of(a=sample_of())) == {
        ("wrongful_exit_rate", "persons"),
        ("wrongful_exit_rate", "households"),
        ("omission_rate", "persons"),
        ("omission_rate", "households"),
        ("missed_exit_rate", "persons"),
        ("missed_exit_rate", "households"),
        ("approval_rate", "households"),
    }


def test_without_events_the_planned_correlation_stands_and_says_so():
    pool = pools_of(a=sample_of(), b=sample_of())["wrongful_exit_rate", "persons"]
    assert (pool.icc, pool.estimate, pool.areas, pool.events) == (0.05, None, 2, 0)
    assert pool.policy == "plan"


def test_a_small_round_never_goes_under_the_plan():
    pool = pools_of(a=sample_of(9), b=sample_of())["wrongful_exit_rate", "households"]
    assert pool.estimate is not None
    assert pool.estimate < 0.05
    assert pool.icc == 0.05


def wholly_wrong():
    return [
        observed(f"{v}-{i}", f"v{v}", Stratum.EXITED, poor=v == 0)
        for v in range(20)
        for i in range(10)
    ]


def test_a_wholly_wrong_village_raises_it_for_every_county():
    pool = pools_of(a=wholly_wrong(), b=sample_of())["wrongful_exit_rate", "households"]
    assert pool.icc == pool.estimate > 0.3


def test_villages_of_two_counties_with_one_code_stay_apart():
    together = pools_of(a=wholly_wrong(), b=wholly_wrong())["wrongful_exit_rate", "households"]
    alone = pools_of(a=wholly_wrong())["wrongful_exit_rate", "households"]
    assert together.areas == 2
    assert together.estimate == alone.estimate


def test_a_county_with_one_village_is_left_out():
    one = [observed(f"h{i}", "v0", Stratum.EXITED, poor=i == 0) for i in range(9)]
    pool = pools_of(a=one, b=sample_of(3))["wrongful_exit_rate", "households"]
    assert (pool.areas, pool.events) == (1, 3)


def test_a_round_without_observations_plans():
    assert {p.policy for p in pool_round({}, RULES)} == {"plan"}
    assert {p.policy for p in pool_round({"a": ()}, RULES)} == {"plan"}
