import pytest
from hypothesis import given
from hypothesis import strategies as st
from visit_samples import MEETS_ALL, empty_visit, visit_with

from audit_toolkit.fieldwork import check_visit, soft_checks
from audit_toolkit.rules import load_rule_set
from audit_toolkit.text import LANGUAGES, say

RULES = load_rule_set("cn-2019")


def codes(visit):
    return [(p.code, p.column) for p in check_visit(visit, RULES).problems]


def soft(**changes):
    return [(p.code, p.column) for p in soft_checks(visit_with(**changes), RULES).problems]


def test_a_complete_visit_has_no_problem_and_nothing_to_ask_back():
    assert codes(visit_with()) == []
    assert soft() == []


@pytest.mark.parametrize(
    "outcome", ["absent", "refused", "moved", "not-found", "dissolved", "died", "inaccessible"]
)
def test_an_outcome_without_response_needs_no_answers_and_takes_none(outcome):
    assert codes(empty_visit(outcome)) == []
    assert ("visit-answer-unexpected", "food") in codes(visit_with(outcome))


def test_an_unknown_outcome_is_refused():
    assert codes(visit_with("done")) == [("visit-outcome-unknown", "outcome")]


@pytest.mark.parametrize("question", sorted(MEETS_ALL))
def test_a_completed_visit_needs_every_question_that_applies(question):
    missing = ("visit-answer-missing", question)
    assert missing in codes(visit_with(**{question: None}))
    assert missing in codes(visit_with(**{question: ""}))


def test_the_remedy_is_asked_of_dangerous_houses_only():
    assert codes(visit_with(housing_grade="C")) == [("visit-answer-missing", "housing_remedy")]
    assert codes(visit_with(housing_grade="D", housing_remedy="none")) == []
    assert codes(visit_with(housing_remedy="none")) == [("visit-not-applicable", "housing_remedy")]
    assert codes(visit_with(housing_remedy="")) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"rooms": "3"}, ("visit-question-unknown", "rooms")),
        ({"insured_count": "four"}, ("visit-not-count", "insured_count")),
        ({"insured_count": "4.0"}, ("visit-not-count", "insured_count")),
        ({"insured_count": "04"}, ("visit-not-count", "insured_count")),
        ({"insured_count": "４"}, ("visit-not-count", "insured_count")),
        ({"insured_count": "-1"}, ("visit-not-count", "insured_count")),
        ({"wage_income": "1,200"}, ("visit-not-yuan", "wage_income")),
        ({"wage_income": "12.345"}, ("visit-not-yuan", "wage_income")),
        ({"wage_income": "1e4"}, ("visit-not-yuan", "wage_income")),
        ({"wage_income": "NaN"}, ("visit-not-yuan", "wage_income")),
        ({"wage_income": "-0.01"}, ("visit-too-low", "wage_income")),
        ({"wage_income": "10000000.01"}, ("visit-too-high", "wage_income")),
        (
            {"registered_count": "0", "school_age_count": "0", "insured_count": "0"},
            ("visit-too-low", "registered_count"),
        ),
        ({"registered_count": "31"}, ("visit-too-high", "registered_count")),
        ({"food": "maybe"}, ("visit-not-an-option", "food")),
        ({"housing_grade": "E"}, ("visit-not-an-option", "housing_grade")),
        ({"approval_policy": "Yes"}, ("visit-not-an-option", "approval_policy")),
        ({"school_dropout_count": "2"}, ("visit-part-above-whole", "school_dropout_count")),
        ({"school_age_count": "5"}, ("visit-part-above-whole", "school_age_count")),
        ({"insured_count": "5"}, ("visit-part-above-whole", "insured_count")),
        ({"food": "y" * 41}, ("visit-text-too-long", "food")),
        ({"reason": "x" * 1001}, ("visit-text-too-long", "reason")),
    ],
)
def test_each_fault_is_named_with_its_question(changes, problem):
    assert codes(visit_with(**changes)) == [problem]


@pytest.mark.parametrize(
    "changes",
    [
        {"wage_income": "10000000"},
        {"wage_income": "0.5"},
        {"last_year_income_pc": "-12.50"},
        {"registered_count": "30"},
        {"school_age_count": "4", "school_dropout_count": "4"},
        {"reason": "x" * 1000},
    ],
)
def test_values_at_the_bounds_are_taken(changes):
    assert codes(visit_with(**changes)) == []


def test_a_question_answered_twice_is_refused():
    twice = visit_with()
    twice = type(twice)(
        assignment_id=twice.assignment_id,
        outcome=twice.outcome,
        answers=(*twice.answers, twice.answers[0]),
        device_at=twice.device_at,
    )
    assert codes(twice) == [("visit-question-twice", "registered_count")] * 2


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"wage_income": "300000.01"}, ("visit-soft-high", "wage_income")),
        ({"registered_count": "11"}, ("visit-soft-high", "registered_count")),
        ({"one_off_income": "23500.51"}, ("visit-soft-one-off", "one_off_income")),
        ({"production_cost": "10000.01"}, ("visit-soft-cost", "production_cost")),
        ({"residents_count": "5"}, ("visit-soft-residents", "residents_count")),
    ],
)
def test_what_is_unlikely_is_asked_back_and_still_taken(changes, problem):
    assert soft(**changes) == [problem]
    assert codes(visit_with(**changes)) == []


def test_no_income_at_all_is_asked_back():
    none = dict.fromkeys(
        ("operation_income", "production_cost", "wage_income", "transfer_income"), "0"
    )
    assert soft(**none) == [("visit-soft-no-income", "operation_income")]


def test_values_at_the_soft_limits_are_not_asked_back():
    at = {"one_off_income": "23500.50", "production_cost": "10000", "residents_count": "4"}
    assert soft(**at, hard_spending="100000") == []


def test_visits_without_answers_are_not_asked_back():
    assert not soft_checks(empty_visit("absent"), RULES)


BAD = {
    "insured_count": "x",
    "wage_income": "1,2",
    "food": "perhaps",
    "rooms": "2",
    "water_quality": "",
    "housing_remedy": "moved",
    "clothing": "n" * 99,
}


@given(bad=st.sets(st.sampled_from(sorted(BAD))), more=st.sampled_from(sorted(BAD)))
def test_adding_a_bad_answer_adds_problems_and_removes_none(bad, more):
    before = set(codes(visit_with(**{q: BAD[q] for q in bad})))
    after = set(codes(visit_with(**{q: BAD[q] for q in {*bad, more}})))
    assert before <= after
    assert (after > before) == (more not in bad)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_can_be_said_in_both_languages(language):
    visits = [
        visit_with(**BAD),
        visit_with("done"),
        visit_with("absent"),
        visit_with(insured_count="9", registered_count="31", wage_income="-1", rooms="1"),
        visit_with(one_off_income="99999", production_cost="999999", residents_count="9"),
        visit_with(operation_income="0", wage_income="0", transfer_income="0"),
    ]
    for visit in visits:
        for problem in (*check_visit(visit, RULES).problems, *soft_checks(visit, RULES).problems):
            fields = dict(problem.fields)
            words = say(
                f"problems.{problem.code}",
                language,
                row=problem.row,
                column=problem.column,
                got=problem.got,
                **fields,
            )
            assert "{" not in words
