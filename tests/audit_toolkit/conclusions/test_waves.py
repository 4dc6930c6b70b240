"""What looking again would risk, and what an undecided county is told of a second wave."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from county_samples import KEY, sample_of, strata_of, villages_of
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_toolkit.conclusions import conclude, indicators, pool_round, second_wave_sentence
from audit_toolkit.conclusions.waves import clean_villages, looking_risk, passing_numbers
from audit_toolkit.drawing import make_plan
from audit_toolkit.model import OutcomeKind, SecondWave, WaveRule
from audit_toolkit.rules import load_rule_set
from sampling import korn_graubard_limits

RULES = load_rule_set("cn-2019")
VILLAGES = villages_of()
PLAN = make_plan(
    KEY, VILLAGES, RULES, province_code="99", rng=np.random.default_rng(1), repetitions=20
)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 1500), st.floats(1.0, 4.0), st.sampled_from([0.02, 0.03, 0.1]))
def test_the_passing_number_is_the_last_whose_interval_lies_below_the_limit(n, deff, limit):
    number = int(passing_numbers([n], deff, limit, 0.95)[0])
    wrong = np.arange(min(n, int(limit * n) + 2) + 1)
    upper = korn_graubard_limits(wrong / n, np.full(len(wrong), n / deff), confidence=0.95)[1]
    assert number == int((upper < limit).sum()) - 1


def simulated_looking_risk(limit, take, villages, more, icc, rounds, rng):
    """The same by simulation: beta-distributed village rates, a look after each village."""
    a, b = limit * (1 - icc) / icc, (1 - limit) * (1 - icc) / icc
    found = rng.binomial(take, rng.beta(a, b, size=(rounds, villages + more)))
    so_far = found.cumsum(axis=1)[:, villages - 1 :]
    sizes = [take * (villages + j) for j in range(more + 1)]
    numbers = passing_numbers(sizes, 1 + (take - 1) * icc, limit, 0.95)
    return (so_far <= numbers).any(axis=1).mean()


def test_looking_after_every_village_passes_far_more_often_than_one_look():
    asked = {"take": 17, "villages": 30, "more": 100, "icc": 0.05}
    exact = looking_risk(0.02, confidence=0.95, **asked)
    once = looking_risk(0.02, confidence=0.95, **asked | {"more": 0})
    told = simulated_looking_risk(0.02, *asked.values(), 4000, np.random.default_rng(7))
    assert once < 0.025 < 0.06 < exact
    assert told == pytest.approx(exact, abs=3 * np.sqrt(exact * (1 - exact) / 4000))


def test_the_risk_of_looking_grows_with_the_villages_that_could_be_added():
    risks = [
        looking_risk(0.02, take=17, villages=30, more=m, icc=0.0, confidence=0.95)
        for m in (0, 5, 40, 120)
    ]
    assert risks == sorted(risks)
    assert risks[0] < risks[-1]


def test_a_test_over_villages_needs_as_many_clean_ones_as_the_risk_says():
    assert clean_villages(0.02, 0.95) == 183
    assert clean_villages(0.5, 0.95) == 6


def outcome_of(wrong: int, wave: SecondWave = PLAN.second_wave):
    households = sample_of(wrong)
    rates = indicators(
        KEY,
        households,
        strata_of(still_poor=6),
        VILLAGES,
        pool_round({KEY.county_code: households}, RULES),
        RULES,
        province_code="99",
    )
    return conclude(
        KEY,
        rates,
        (),
        checked_households=100,
        open_cases=0,
        plan=dataclasses.replace(PLAN, second_wave=wave),
        villages=VILLAGES,
        rules=RULES,
        province_code="99",
    )


def test_a_decided_county_gets_no_advice():
    outcome = outcome_of(0)
    assert outcome.kind is not OutcomeKind.UNDECIDED
    assert outcome.advice is None
    assert second_wave_sentence(outcome, "en") == ""


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("rule", list(WaveRule))
def test_an_undecided_county_is_told_whether_a_second_wave_is_allowed_and_why(rule, language):
    villages = 12 if rule is WaveRule.TWO_STAGE else 0
    outcome = outcome_of(4, SecondWave(rule=rule, villages=villages))
    assert outcome.kind is OutcomeKind.UNDECIDED
    assert outcome.advice.rule is rule
    assert outcome.advice.risk == pytest.approx(0.025)
    told = second_wave_sentence(outcome, language)
    assert "2.5" in told
    assert ("12" in told) == (rule is WaveRule.TWO_STAGE)


def test_an_undeclared_wave_is_refused_with_the_risk_it_would_have():
    outcome = outcome_of(4)
    told = second_wave_sentence(outcome, "en")
    assert told.startswith("No second wave was declared before the draw, so none is allowed")
    assert f"{outcome.advice.looking_risk:.1%}".replace("%", " %") in told
    assert outcome.advice.looking_risk > outcome.advice.risk
