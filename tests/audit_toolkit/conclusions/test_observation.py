"""Observed households: weights keep what they stand for, cases decide, nobody is dropped."""

from __future__ import annotations

import pytest
from county_samples import case, draw_of, drawn, first_visit, framed, judged
from hypothesis import given
from hypothesis import strategies as st

from audit_toolkit.conclusions import observe
from audit_toolkit.model import AssignmentState, CaseState, Stratum, VisitKind
from audit_toolkit.rules import load_rule_set

RULES = load_rule_set("cn-2019")
E, U, P = Stratum.EXITED, Stratum.UNREGISTERED, Stratum.STILL_POOR


def observe_all(households, responding, *, cases=(), assignments=None, **visits):
    names = [h.household_id for h in households]
    given_ = {h.household_id: framed(h.household_id, h.stratum) for h in households}
    first = {n: visits.get(n) or judged(n) for n in responding}
    if assignments is None:
        assignments = [first_visit(h.household_id) for h in households if not h.reserve]
    found = observe(draw_of(*households), assignments, given_, first, cases, RULES)
    return {o.household_id: o for o in found}, names


def test_with_full_response_the_weight_is_the_design_weight():
    sample = [drawn("a", "v1", E, 0.1), drawn("b", "v1", E, 0.1), drawn("c", "v2", E, 0.25)]
    found, _ = observe_all(sample, "abc")
    assert {n: o.weight for n, o in found.items()} == pytest.approx({"a": 10, "b": 10, "c": 4})
    assert all(o.weight == pytest.approx(o.base_weight) for o in found.values())


def test_who_responds_stands_for_the_class():
    sample = [drawn(n, "v1", E, 0.1) for n in "abcd"]
    found, _ = observe_all(sample, "ab")
    assert found["a"].weight == found["b"].weight == pytest.approx(20)
    assert found["c"].weight == 0
    assert found["c"].poor is found["c"].approves is None
    assert not found["c"].responded


def test_classes_are_villages_within_strata():
    sample = [drawn("a", "v1", E, 0.1), drawn("b", "v1", U, 0.1), drawn("c", "v2", E, 0.1)]
    found, _ = observe_all(sample, "abc")
    assert [o.weight for o in found.values()] == pytest.approx([10, 10, 10])


def test_a_class_without_response_is_carried_by_the_county_s_stratum():
    sample = [
        drawn("a", "v1", E, 0.1),
        drawn("b", "v2", E, 0.05),
        drawn("c", "v3", E, 0.2),
        drawn("d", "v3", U, 0.5),
    ]
    found, _ = observe_all(sample, "acd")
    assert found["a"].weight / found["c"].weight == pytest.approx(10 / 5)
    assert found["a"].weight + found["c"].weight == pytest.approx(10 + 20 + 5)
    assert found["d"].weight == pytest.approx(2)


def test_a_stratum_without_any_response_keeps_its_households_without_weight():
    found, names = observe_all([drawn("a", "v1", E, 0.1), drawn("b", "v1", U, 0.1)], "a")
    assert list(found) == names
    assert found["b"].weight == 0


def test_a_replacement_enters_with_its_class_and_adds_nothing_to_it():
    sample = [
        drawn("a", "v1", E, 0.1),
        drawn("b", "v1", E, 0.1),
        drawn("r", "v1", E, 0.1, reserve=True),
    ]
    visits = [
        first_visit("a"),
        first_visit("b", state=AssignmentState.REPLACED, replaced_because="refused"),
        first_visit("r", replaces="a-b"),
    ]
    found, _ = observe_all(sample, "ar", assignments=visits)
    assert found["r"].base_weight == 0
    assert found["a"].weight == found["r"].weight == pytest.approx(10)
    assert found["b"].weight == 0


def test_a_reserve_that_replaced_nobody_is_not_in_the_sample():
    sample = [drawn("a", "v1", E, 0.1), drawn("r", "v1", E, 0.1, reserve=True)]
    found, _ = observe_all(sample, "a")
    assert list(found) == ["a"]


def test_a_blind_revisit_does_not_bring_a_reserve_in():
    sample = [drawn("a", "v1", E, 0.1), drawn("r", "v1", E, 0.1, reserve=True)]
    visits = [first_visit("a"), first_visit("r", kind=VisitKind.REVISIT)]
    found, _ = observe_all(sample, "a", assignments=visits)
    assert list(found) == ["a"]


def test_households_of_other_counties_are_left_aside():
    ours, theirs = drawn("a", "v1", E, 0.1), drawn("x", "v9", E, 0.1)
    found = observe(
        draw_of(ours, theirs),
        [first_visit("a"), first_visit("x")],
        {"a": framed("a", E)},
        {"a": judged("a"), "x": judged("x")},
        (),
        RULES,
    )
    assert [o.household_id for o in found] == ["a"]


@pytest.mark.parametrize(
    ("stratum", "state", "first_says", "poor", "provisional"),
    [
        (E, CaseState.CONFIRMED, True, True, False),
        (E, CaseState.CONFIRMED, False, True, False),
        (E, CaseState.DISMISSED, True, False, False),
        (E, CaseState.OPEN, True, True, True),
        (E, CaseState.OPEN, False, False, True),
        (E, CaseState.HALF_RULED, True, True, True),
        (U, CaseState.SPLIT, True, True, True),
        (U, CaseState.CONFIRMED, True, True, False),
        (P, CaseState.CONFIRMED, True, False, False),
        (P, CaseState.DISMISSED, True, True, False),
        (P, CaseState.OPEN, True, False, True),
        (P, CaseState.OPEN, False, True, True),
    ],
)
def test_a_case_decides_as_it_stands(stratum, state, first_says, poor, provisional):
    visit_says_poor = first_says is not (stratum is P)
    found, _ = observe_all(
        [drawn("a", "v1", stratum, 0.1)],
        "a",
        cases=[case("a", stratum, state, first_says=first_says)],
        a=judged("a", poor=visit_says_poor),
    )
    assert found["a"].poor is poor
    assert found["a"].provisional is provisional


def test_without_a_case_the_first_visit_counts():
    sample = [drawn("a", "v1", E, 0.1), drawn("b", "v1", U, 0.1)]
    found, _ = observe_all(sample, "ab", a=judged("a", poor=True), b=judged("b"))
    assert found["a"].poor is True
    assert found["b"].poor is False


def test_a_still_poor_household_without_a_case_counts_as_filed():
    found, _ = observe_all([drawn("a", "v1", P, 0.1)], "a", a=judged("a", poor=False))
    assert found["a"].poor is True
    assert found["a"].poor_by_line is True


def test_the_reading_by_the_line_is_kept_beside():
    found, _ = observe_all(
        [drawn("a", "v1", E, 0.1)],
        "a",
        cases=[case("a", E, CaseState.CONFIRMED)],
        a=judged("a", poor=True, by_line=False),
    )
    assert found["a"].poor is True
    assert found["a"].poor_by_line is False


def test_a_dismissed_case_is_poor_in_neither_reading():
    found, _ = observe_all(
        [drawn("a", "v1", E, 0.1)],
        "a",
        cases=[case("a", E, CaseState.DISMISSED)],
        a=judged("a", poor=True),
    )
    assert found["a"].poor is found["a"].poor_by_line is False


def test_approval_comes_from_the_answers():
    sample = [drawn(n, "v1", E, 0.1) for n in "abc"]
    silent = dict.fromkeys(("approval_policy", "approval_help", "approval_exit"), "no-answer")
    found, _ = observe_all(
        sample, "abc", b=judged("b", approval_help="no"), c=judged("c", **silent)
    )
    assert [found[n].approves for n in "abc"] == [True, False, None]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["v1", "v2", "v3", "v4"]),
            st.sampled_from([E, U]),
            st.booleans(),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_weights_of_a_stratum_sum_to_its_design_weights_if_anybody_responds(rows):
    prob = {"v1": 0.1, "v2": 0.25, "v3": 1.0, "v4": 0.5}
    sample = [
        drawn(f"h{i}", psu, stratum, prob[psu], reserve=reserve)
        for i, (psu, stratum, _, reserve) in enumerate(rows)
    ]
    # A reserve only ever stands beside a drawn household of its class.
    classes = {(h.psu, h.stratum) for h in sample if not h.reserve}
    sample = [h for h in sample if (h.psu, h.stratum) in classes]
    responding = [h.household_id for h in sample if rows[int(h.household_id[1:])][2]]
    visits = [first_visit(h.household_id) for h in sample]
    found, _ = observe_all(sample, responding, assignments=visits)
    for stratum in (E, U):
        mine = [o for o in found.values() if o.stratum is stratum]
        if any(o.responded for o in mine):
            assert sum(o.weight for o in mine) == pytest.approx(sum(o.base_weight for o in mine))
        assert all((o.weight > 0) is o.responded for o in mine)
