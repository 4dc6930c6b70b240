"""Outcomes: recommend, order for one or both reasons, undecided with what would settle it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from county_samples import CODE, KEY, sample_of, strata_of, villages_of

from audit_toolkit.conclusions import (
    conclude,
    criterion_lines,
    indicators,
    outcome_sentence,
    pool_round,
)
from audit_toolkit.drawing.planning import make_plan
from audit_toolkit.model import OutcomeKind, StepFault, Stratum
from audit_toolkit.rules import load_rule_set

RULES = load_rule_set("cn-2019")
VILLAGES = villages_of()
PLAN = make_plan(
    KEY, VILLAGES, RULES, province_code="99", rng=np.random.default_rng(1), repetitions=20
)
LANGUAGES = ("zh", "en")


def rates_of(households, **changes):
    asked = {"strata": strata_of(), **changes}
    return indicators(
        KEY,
        households,
        asked["strata"],
        VILLAGES,
        pool_round({CODE: households}, RULES),
        RULES,
        province_code="99",
    )


def conclude_on(rates, faults=(), *, checked=100, open_cases=0, villages=VILLAGES, plan=PLAN):
    return conclude(
        KEY,
        rates,
        faults,
        checked_households=checked,
        open_cases=open_cases,
        plan=plan,
        villages=villages,
        rules=RULES,
        province_code="99",
    )


def fault(household_id="", step="county-notice", what="missing"):
    return StepFault(county_code=CODE, household_id=household_id, step=step, fault=what)


CLEAN = rates_of(sample_of(), strata=strata_of(still_poor=6))
NEAR = rates_of(sample_of(4), strata=strata_of(still_poor=6))
BROKEN = rates_of(sample_of(60), strata=strata_of(still_poor=6))


def test_nothing_found_and_procedure_in_order_is_recommended():
    outcome = conclude_on(CLEAN)
    assert outcome.kind is OutcomeKind.RECOMMEND_EXIT
    assert outcome.official_kind is OutcomeKind.RECOMMEND_EXIT
    assert outcome.reasons == outcome.failing == outcome.undecided == outcome.settlements == ()
    assert not outcome.provisional


def test_a_broken_criterion_orders_verification():
    outcome = conclude_on(BROKEN)
    assert outcome.kind is OutcomeKind.ORDER_VERIFICATION
    assert outcome.reasons == ("criteria",)
    assert "wrongful_exit_rate" in outcome.failing
    assert outcome.official_kind is OutcomeKind.ORDER_VERIFICATION


def test_a_fault_of_a_county_step_orders_verification():
    outcome = conclude_on(CLEAN, [fault()])
    assert outcome.kind is OutcomeKind.ORDER_VERIFICATION
    assert outcome.reasons == ("procedure",)
    assert outcome.procedure_faults == ("county-notice:missing",)
    assert outcome.official_kind is OutcomeKind.RECOMMEND_EXIT


@pytest.mark.parametrize(("faulty", "ordered"), [(5, False), (6, True)])
def test_household_steps_must_be_complete_for_the_share_of_the_rules(faulty, ordered):
    faults = [fault(f"h{i}", "appraisal") for i in range(faulty)]
    outcome = conclude_on(CLEAN, [*faults, *faults])
    assert (outcome.reasons == ("procedure",)) is ordered
    assert outcome.procedure_faults == (("household-steps:94/100",) if ordered else ())


def test_both_reasons_can_hold():
    assert conclude_on(BROKEN, [fault()]).reasons == ("criteria", "procedure")


def test_without_checked_households_their_steps_say_nothing():
    assert conclude_on(CLEAN, checked=0).kind is OutcomeKind.RECOMMEND_EXIT


def test_a_criterion_between_is_undecided_with_what_would_settle_it():
    outcome = conclude_on(NEAR)
    assert outcome.kind is OutcomeKind.UNDECIDED
    assert outcome.undecided == ("wrongful_exit_rate",)
    settlement = outcome.settlements[0]
    assert settlement.villages_now == 30
    assert settlement.true_rate == pytest.approx(0.005)
    assert settlement.power == 0.8
    assert 1 <= settlement.more_villages <= 40
    assert outcome.official_kind is OutcomeKind.RECOMMEND_EXIT


def test_the_villages_of_the_county_bound_what_can_settle():
    outcome = conclude_on(NEAR, villages=villages_of(33))
    settlement = outcome.settlements[0]
    assert settlement.more_villages is None
    assert 0 <= settlement.power < 0.8


def test_a_county_drawn_whole_has_no_village_left():
    settlement = conclude_on(NEAR, villages=villages_of(30)).settlements[0]
    assert settlement.more_villages is None
    assert settlement.power == 0


def test_a_composite_at_its_limit_by_the_register_alone_cannot_be_settled():
    at_limit = strata_of(exited=1000, unregistered=3900, still_poor=100)
    villages = villages_of(100, exited=10, unregistered=39, still_poor=1)
    outcome = conclude_on(rates_of(sample_of(), strata=at_limit), villages=villages)
    assert outcome.undecided == ("composite_incidence",)
    assert outcome.settlements[0].more_villages is None


def test_an_undecided_composite_is_reckoned_with_the_register_set_aside():
    strata = strata_of(exited=1000, unregistered=3950, still_poor=50)
    villages = villages_of(300, exited=20, unregistered=79, still_poor=1)
    outcome = conclude_on(rates_of(sample_of(1, 1), strata=strata), villages=villages)
    assert outcome.undecided == ("composite_incidence",)
    settlement = outcome.settlements[0]
    assert settlement.more_villages >= 1
    # The estimate itself, as it is under a quarter of what the register's 1 % leaves of 2 %.
    assert settlement.true_rate == pytest.approx(0.01 + 0.99 / 510)


def test_an_undecided_approval_supposes_it_above_its_limit():
    rates = rates_of(sample_of(disapprove=204), strata=strata_of(still_poor=6))
    outcome = conclude_on(rates)
    assert outcome.undecided == ("approval_rate",)
    assert 0.9 < outcome.settlements[0].true_rate <= 0.995
    assert "would show it above 90 %" in outcome_sentence(outcome, rates, "en")


def test_open_cases_make_the_outcome_provisional():
    outcome = conclude_on(CLEAN, open_cases=2)
    assert outcome.provisional
    assert outcome.open_cases == 2


def test_a_criterion_that_nobody_could_estimate_is_undecided():
    households = [o for o in sample_of() if o.stratum is not Stratum.UNREGISTERED]
    outcome = conclude_on(rates_of(households))
    assert outcome.kind is OutcomeKind.UNDECIDED
    assert {"omission_rate", "composite_incidence"} <= set(outcome.undecided)
    assert outcome.official_kind is OutcomeKind.UNDECIDED
    assert all(
        s.more_villages is None for s in outcome.settlements if s.indicator in ("omission_rate",)
    )


def test_a_criterion_missing_from_the_rates_is_undecided():
    outcome = conclude_on([i for i in CLEAN if i.name != "approval_rate"])
    assert outcome.kind is OutcomeKind.UNDECIDED
    assert outcome.undecided == ("approval_rate",)


# -- in one sentence ---------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "outcome_and_rates",
    [
        lambda: (conclude_on(CLEAN, open_cases=3), CLEAN),
        lambda: (conclude_on(NEAR), NEAR),
        lambda: (conclude_on(NEAR, villages=villages_of(30)), NEAR),
        lambda: (conclude_on(BROKEN), BROKEN),
        lambda: (conclude_on(CLEAN, [fault()]), CLEAN),
        lambda: (conclude_on(BROKEN, [fault(), *(fault(f"h{i}") for i in range(9))]), BROKEN),
        lambda: (conclude_on([]), []),
    ],
)
def test_every_outcome_has_a_sentence_without_gaps(outcome_and_rates, language):
    outcome, rates = outcome_and_rates()
    text = outcome_sentence(outcome, rates, language)
    assert text
    assert "{" not in text
    assert "None" not in text


def test_a_recommendation_counts_its_criteria_and_each_has_a_line():
    outcome = conclude_on(CLEAN)
    assert outcome_sentence(outcome, CLEAN, "en") == (
        "Exit is recommended: all 4 criteria are shown to be met and the procedure was carried out."
    )
    lines = criterion_lines(outcome, CLEAN, "en")
    assert {line.conclusion for line in lines} == {"pass"}
    assert len(lines) == 5
    assert lines[-1].criterion == "procedure"
    assert not any(line.settle for line in lines)


def test_a_rate_of_none_is_words_first_with_its_denominator():
    text = criterion_lines(conclude_on(CLEAN), CLEAN, "en")[0].known
    assert text == (
        "wrongful-exit rate: none found in 2,040 persons, up to 1.30 % cannot be excluded "
        "(limit 2 %)"
    )


def test_an_order_names_the_broken_rate_with_its_counts():
    text = outcome_sentence(conclude_on(BROKEN), BROKEN, "en")
    assert text.startswith("Order to verify and handle, because of the criteria:")
    assert "wrongful-exit rate 11.76 %" in text
    assert "240 of 2,040 persons found" in text


def test_an_undecided_outcome_says_what_would_settle_it():
    outcome = conclude_on(NEAR)
    more = outcome.settlements[0].more_villages
    text = outcome_sentence(outcome, NEAR, "en")
    assert f"{more} more villages would show it below 2 % with 80 % chance" in text
    assert "if it is truly 0.50 %" in text
    chinese = outcome_sentence(outcome, NEAR, "zh")
    assert chinese.startswith("暂不能下结论：")
    assert f"再查{more}个村" in chinese


def test_one_more_village_is_singular():
    outcome = conclude_on(NEAR)
    one = dataclasses.replace(
        outcome, settlements=(dataclasses.replace(outcome.settlements[0], more_villages=1),)
    )
    assert "1 more village would" in outcome_sentence(one, NEAR, "en")


def test_a_provisional_outcome_says_so():
    assert outcome_sentence(conclude_on(CLEAN, open_cases=3), CLEAN, "en").endswith("open: 3.")


def test_several_broken_rates_stand_with_their_estimates_alone():
    rates = rates_of(sample_of(60, 60), strata=strata_of(still_poor=6))
    text = outcome_sentence(conclude_on(rates), rates, "en")
    assert "wrongful-exit rate 11.76 % (limit 2 %); omission rate 11.76 % (limit 2 %)" in text
    assert len(text) < 250


def test_broken_criteria_stand_before_open_ones_and_these_before_those_met():
    lines = criterion_lines(conclude_on(BROKEN, [fault()]), BROKEN, "en")
    given = [line.conclusion for line in lines]
    assert given == sorted(given, key=("fail", "inconclusive", "pass").index)
    assert given[0] == "fail"
    procedure = next(line for line in lines if line.criterion == "procedure")
    assert procedure.known == "faults in the county's own steps: 1"


OPEN = rates_of(sample_of(4, 4), strata=strata_of(still_poor=6))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("villages", [VILLAGES, villages_of(33), villages_of(30), villages_of(300)])
def test_several_open_criteria_are_counted_in_a_short_sentence(language, villages):
    outcome = conclude_on(OPEN, villages=villages)
    assert len(outcome.undecided) == 3
    text = outcome_sentence(outcome, OPEN, language)
    assert ("3 of 4 rates" if language == "en" else "4项比率中有3项") in text
    assert len(text) < (200 if language == "en" else 80)
    lines = criterion_lines(outcome, OPEN, language)
    assert [bool(line.settle) for line in lines] == [True, True, True, False, False]


def test_what_settles_some_of_several_open_criteria_is_told_apart():
    outcome = conclude_on(OPEN)
    more = [s.more_villages for s in outcome.settlements]

    def told(*villages):
        settlements = tuple(
            dataclasses.replace(s, more_villages=v)
            for s, v in zip(outcome.settlements, villages, strict=True)
        )
        changed = dataclasses.replace(outcome, settlements=settlements)
        return outcome_sentence(changed, OPEN, "en")

    assert len(more) == 3
    assert told(3, 9, 4).endswith(
        "9 more villages would probably settle them if the county is truly well within."
    )
    assert told(1, 1, 1).endswith(
        "1 more village would probably settle them if the county is truly well within."
    )
    assert told(3, None, 4).endswith(
        "4 more villages would probably settle 2 of them, for the other 1 even all villages of "
        "the county would not suffice."
    )
    assert told(None, None, None).endswith(
        "even all villages of the county would probably not settle them."
    )


def test_rates_that_nobody_could_estimate_are_counted_apart():
    households = [o for o in sample_of() if o.stratum is not Stratum.UNREGISTERED]
    rates = rates_of(households, strata=strata_of(still_poor=6))
    text = outcome_sentence(conclude_on(rates), rates, "en")
    assert text == "Undecided: 2 of 4 rates could not be estimated."
    without = [i for i in OPEN if i.name != "omission_rate"]
    outcome = conclude_on(without)
    assert "1 of 4 rates could not be estimated" in outcome_sentence(outcome, without, "en")
    missing = next(
        x for x in criterion_lines(outcome, without, "en") if x.criterion == "omission_rate"
    )
    assert missing.known == "omission rate not estimated"
