import dataclasses
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_toolkit.model import StepRecord
from audit_toolkit.rules import load_rule_set
from audit_toolkit.rulings import check_county_steps, check_household_steps, count_complete

RULES = load_rule_set("cn-2019")
COUNTY = "900101"


def log(level="household", household_id="h-1"):
    """Return a complete log: a step every ten days, notices of seven days."""
    steps = [s for s in RULES.steps if s.level == level]
    return {
        s.code: StepRecord(
            county_code=COUNTY,
            household_id=household_id,
            step=s.code,
            done_on=date(2019, 6, 1) + timedelta(days=10 * s.order),
            ended_on=date(2019, 6, 7) + timedelta(days=10 * s.order) if s.min_days else None,
            objections_open=0,
            document="file 1" if s.needs_document else "",
        )
        for s in steps
    }


def faults(records, ids=("h-1",)):
    found = check_household_steps(list(records), ids, RULES)
    return [(f.step, f.fault) for f in found]


def with_step(code, **changes):
    steps = log()
    steps[code] = dataclasses.replace(steps[code], **changes)
    return list(steps.values())


def test_a_complete_log_has_no_fault_in_whatever_order_it_is_listed():
    assert faults(log().values()) == []
    assert faults(reversed(log().values())) == []


@pytest.mark.parametrize("code", list(log()))
def test_each_step_left_out_or_undated_is_missing(code):
    steps = log()
    assert faults(with_step(code, done_on=None)) == [(code, "missing")]
    del steps[code]
    assert faults(steps.values()) == [(code, "missing")]


def test_a_household_without_log_misses_every_step():
    assert faults([]) == [(code, "missing") for code in log()]


def test_a_step_before_an_earlier_one_is_out_of_order_once():
    assert faults(with_step("agreement", done_on=date(2019, 6, 5))) == [
        ("agreement", "out-of-order")
    ]


def test_order_is_put_against_the_latest_step_so_far():
    # Verification, logged late, is what agreement and notice come before.
    assert faults(with_step("verification", done_on=date(2019, 7, 21))) == [
        ("agreement", "out-of-order"),
        ("village-notice", "out-of-order"),
        ("announcement", "same-day"),
    ]


def test_two_steps_on_one_day_are_a_fault_unless_the_rules_allow_it():
    assert faults(with_step("verification", done_on=date(2019, 6, 11))) == [
        ("verification", "same-day")
    ]
    assert faults(with_step("strike-off", done_on=date(2019, 7, 21))) == []


@pytest.mark.parametrize(("days", "short"), [(6, True), (7, False), (8, False)])
def test_first_and_last_day_of_a_notice_count(days, short):
    ended = date(2019, 7, 11) + timedelta(days=days - 1)
    expected = [("village-notice", "notice-too-short")] if short else []
    assert faults(with_step("village-notice", ended_on=ended)) == expected


def test_a_notice_without_end_is_too_short():
    assert faults(with_step("village-notice", ended_on=None)) == [
        ("village-notice", "notice-too-short")
    ]


@pytest.mark.parametrize(("day", "overlaps"), [(16, True), (17, True), (18, False)])
def test_the_next_step_may_not_be_taken_before_the_notice_has_ended(day, overlaps):
    expected = [("village-notice", "notice-overlaps-next")] if overlaps else []
    assert faults(with_step("announcement", done_on=date(2019, 7, day))) == expected


def test_a_next_step_left_out_does_not_hide_an_overlap():
    steps = log()
    del steps["announcement"]
    steps["strike-off"] = dataclasses.replace(steps["strike-off"], done_on=date(2019, 7, 15))
    assert faults(steps.values()) == [
        ("village-notice", "notice-overlaps-next"),
        ("announcement", "missing"),
    ]


def test_objections_left_open_and_documents_left_out_are_faults():
    assert faults(with_step("village-notice", objections_open=1)) == [
        ("village-notice", "objection-open")
    ]
    assert faults(with_step("agreement", document="  ")) == [("agreement", "no-document")]


def test_steps_recorded_twice_or_unknown_are_faults():
    extra = dataclasses.replace(log()["appraisal"], done_on=date(2019, 6, 12))
    assert faults([*log().values(), extra]) == [("appraisal", "recorded-twice")]
    strange = dataclasses.replace(log()["appraisal"], step="celebration")
    assert faults([*log().values(), strange]) == [("celebration", "unknown-step")]


def test_logs_of_other_households_and_of_the_county_are_left_aside():
    others = [*log(household_id="h-2").values(), *log("county", "").values()]
    assert faults([*log().values(), *others]) == []


def test_faults_name_county_and_household_and_complete_households_are_counted():
    records = [*log().values(), *log(household_id="h-2").values()][:-1]
    ids = ("h-1", "h-2", "h-3")
    found = check_household_steps(records, ids, RULES)
    assert {f.county_code for f in found} == {COUNTY}
    assert {f.household_id for f in found} == {"h-2", "h-3"}
    assert count_complete(ids, found) == 1
    (none,) = {f.county_code for f in check_household_steps([], ids, RULES, county_code="900102")}
    assert none == "900102"


def test_the_county_log_is_checked_by_the_same_rules():
    records = log("county", "")
    assert check_county_steps(records.values(), COUNTY, RULES) == ()
    records["public-notice"] = dataclasses.replace(records["public-notice"], ended_on=None)
    del records["city-examination"]
    found = check_county_steps([*records.values(), *log().values()], COUNTY, RULES)
    assert [(f.step, f.fault) for f in found] == [
        ("city-examination", "missing"),
        ("public-notice", "notice-too-short"),
    ]
    assert {f.household_id for f in found} == {""}


def test_another_countys_log_does_not_count():
    found = check_county_steps(log("county", "").values(), "900102", RULES)
    assert {f.fault for f in found} == {"missing"}


@given(st.sets(st.sampled_from(list(log()))), st.sampled_from(list(log())))
def test_leaving_out_another_step_never_lowers_the_count_of_missing_ones(gone, more):
    def missing(left_out):
        kept = [r for r in log().values() if r.step not in left_out]
        return {step for step, fault in faults(kept) if fault == "missing"}

    assert missing(gone) == gone
    assert missing(gone | {more}) == gone | {more}
