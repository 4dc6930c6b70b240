import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visit_samples import MEETS_ALL, empty_visit, visit_with

from audit_toolkit.errors import OperatorError
from audit_toolkit.rules import approves, judge, load_rule_set, net_income

RULES = load_rule_set("cn-2019")
LINE_2019 = 3218


def judged(rules=RULES, exit_year=2019, **changes):
    return judge(visit_with(**changes), rules, exit_year=exit_year)


def income(total, **changes):
    """Give the household of one member exactly this net income."""
    parts = {"operation_income": "0", "production_cost": "0", "transfer_income": "0"}
    return judged(
        **{
            **parts,
            "registered_count": "1",
            "insured_count": "1",
            "hard_spending": "0",
            "wage_income": total,
            **changes,
        }
    )


def test_a_household_that_meets_everything_is_not_poor():
    found = judged()
    assert (found.poor, found.poor_by_line, found.failing) == (False, False, ())
    assert (found.unstable_because, found.unanswered) == ((), ())
    # (10000 + 12000 + 1500.50 - 2000) / 4 = 5375.125, shown rounded down.
    assert found.net_income_pc == "5375.12"


def test_net_income_adds_five_parts_and_subtracts_the_cost():
    visit = visit_with(
        operation_income="1",
        wage_income="20",
        property_income="300",
        transfer_income="4000",
        other_income="50000",
        production_cost="0.25",
        one_off_income="999",
    )
    assert net_income(visit, RULES) == Decimal("54320.75")


@pytest.mark.parametrize(
    ("total", "poor"), [("3218", False), ("3217.99", True), ("3218.01", False), ("0", True)]
)
def test_income_exactly_at_the_line_meets_it(total, poor):
    found = income(total)
    assert found.poor is poor
    assert found.failing == (("income",) if poor else ())


def test_income_is_compared_unrounded_and_never_shown_as_the_line_when_below():
    found = income("22525.99", registered_count="7", insured_count="7")
    assert found.failing == ("income",)
    assert found.net_income_pc == "3217.99"


def test_income_is_divided_by_registered_members_not_residents():
    assert (
        income("6436", registered_count="2", insured_count="2", residents_count="9").poor is False
    )


@pytest.mark.parametrize(("share", "unstable"), [("2000", False), ("2000.01", True)])
def test_one_off_receipts_may_be_half_of_the_income_and_no_more(share, unstable):
    found = income("4000", one_off_income=share)
    assert found.unstable_because == (("one-off-share",) if unstable else ())
    assert (found.poor, found.poor_by_line) == (unstable, False)
    assert found.failing == (("income-stability",) if unstable else ())


@pytest.mark.parametrize(("before", "unstable"), [("2995", False), ("2994.99", True)])
def test_last_year_is_put_against_the_line_of_last_year(before, unstable):
    found = income("4000", last_year_income_pc=before)
    assert found.unstable_because == (("previous-year",) if unstable else ())


@pytest.mark.parametrize(("spent", "unstable"), [("16000", False), ("16000.01", True)])
def test_hard_spending_may_reach_last_years_household_income(spent, unstable):
    assert judged(hard_spending=spent).unstable_because == (("shock",) if unstable else ())


def test_a_loss_last_year_without_spending_is_no_shock():
    found = income("4000", last_year_income_pc="-500", hard_spending="0")
    assert found.unstable_because == ("previous-year",)


def test_below_the_line_only_income_fails_and_stability_is_not_asked():
    found = income("3000", one_off_income="3000", last_year_income_pc="0", hard_spending="9")
    assert found.failing == ("income",)
    assert found.unstable_because == ()
    assert found.poor and found.poor_by_line


def test_the_reading_by_the_line_alone_leaves_stability_out_but_still_names_it():
    by_line = dataclasses.replace(RULES, reading="line")
    found = judged(by_line, hard_spending="99999")
    assert (found.poor, found.poor_by_line, found.failing) == (False, False, ())
    assert found.unstable_because == ("shock",)


def test_parts_of_the_stability_test_can_be_switched_off():
    off = dataclasses.replace(
        RULES,
        stability=dataclasses.replace(
            RULES.stability, one_off_share_max="", previous_year="", shock=""
        ),
    )
    found = judged(
        off, exit_year=2010, one_off_income="20000", last_year_income_pc="0", hard_spending="9999"
    )
    assert (found.poor, found.unstable_because) == (False, ())


@pytest.mark.parametrize(
    ("changes", "criterion"),
    [
        ({"food": "no"}, "food"),
        ({"clothing": "no"}, "clothing"),
        ({"school_dropout_count": "1"}, "education"),
        ({"insured_count": "3"}, "medical"),
        ({"housing_grade": "C", "housing_remedy": "none"}, "housing"),
        ({"housing_grade": "D", "housing_remedy": "none"}, "housing"),
        ({"water_quantity": "not-met"}, "water"),
        ({"water_quality": "not-met"}, "water"),
        ({"water_convenience": "not-met"}, "water"),
        ({"water_reliability": "not-met"}, "water"),
    ],
)
def test_failing_one_criterion_is_poverty_in_both_readings(changes, criterion):
    found = judged(**changes)
    assert found.failing == (criterion,)
    assert found.poor and found.poor_by_line


@pytest.mark.parametrize(
    "changes",
    [
        {"housing_grade": "A"},
        {"housing_grade": "C", "housing_remedy": "repaired"},
        {"housing_grade": "D", "housing_remedy": "rebuilt"},
        {"housing_grade": "D", "housing_remedy": "moved"},
        {"water_quantity": "basically-met"},
        {"insured_count": "5"},
    ],
)
def test_safe_by_grade_or_by_remedy_meets_the_criterion(changes):
    assert judged(**changes).failing == ()


@pytest.mark.parametrize(
    ("changes", "unanswered"),
    [
        ({"wage_income": ""}, ("income", "income-stability")),
        ({"registered_count": None}, ("income", "income-stability", "medical")),
        ({"registered_count": "0"}, ("income", "income-stability", "medical")),
        ({"one_off_income": None}, ("income-stability",)),
        ({"last_year_income_pc": None}, ("income-stability",)),
        ({"hard_spending": ""}, ("income-stability",)),
        ({"food": ""}, ("food",)),
        ({"school_dropout_count": None}, ("education",)),
        ({"insured_count": None}, ("medical",)),
        ({"housing_grade": None}, ("housing",)),
        ({"housing_grade": "C"}, ("housing",)),
        ({"water_quality": None}, ("water",)),
    ],
)
def test_unanswered_criteria_are_named_and_neither_met_nor_failing(changes, unanswered):
    found = judged(**changes)
    assert found.unanswered == unanswered
    assert found.failing == ()


def test_one_failing_part_is_enough_though_another_is_unanswered():
    found = judged(water_quality=None, water_quantity="not-met", last_year_income_pc="1", food="")
    assert found.failing == ("income-stability", "water")
    assert found.unanswered == ("food",)


@pytest.mark.parametrize("exit_year", [2009, 2010, 2022])
def test_a_missing_line_of_the_year_or_the_year_before_is_an_error(exit_year):
    with pytest.raises(OperatorError, match="no poverty line"):
        judged(exit_year=exit_year)


def test_only_visits_that_count_as_response_are_judged():
    with pytest.raises(OperatorError, match="refused"):
        judge(empty_visit("refused"), RULES, exit_year=2019)


def test_an_answer_that_is_no_number_is_refused():
    with pytest.raises(OperatorError, match="insured_count"):
        judged(insured_count="all")


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        (("yes", "yes", "yes"), True),
        (("yes", "no", "yes"), False),
        (("yes", "no-answer", ""), True),
        (("no", "no-answer", "no-answer"), False),
        (("no-answer", "no-answer", ""), None),
    ],
)
def test_a_household_approves_when_all_it_answered_is_yes(answers, verdict):
    visit = visit_with(**dict(zip(RULES.approval_questions, answers, strict=True)))
    assert approves(visit, RULES) is verdict


def test_a_household_without_response_neither_approves_nor_disapproves():
    assert approves(empty_visit("absent"), RULES) is None


amounts = st.integers(min_value=0, max_value=60000).map(str)


@given(wage=amounts, one_off=amounts, before=amounts, hard=amounts, answered=st.booleans())
def test_poverty_by_the_line_is_never_wider_than_by_the_stable_reading(
    wage, one_off, before, hard, answered
):
    found = judged(
        wage_income=wage,
        one_off_income=one_off,
        last_year_income_pc=before,
        hard_spending=hard,
        food="yes" if answered else "",
    )
    assert found.poor or not found.poor_by_line
    assert found.poor == bool(found.failing)
    assert not set(found.failing) & set(found.unanswered)


@given(left_out=st.sets(st.sampled_from(sorted(MEETS_ALL))))
def test_leaving_answers_out_never_makes_a_household_poor(left_out):
    assert judged(**dict.fromkeys(left_out)).poor is False
