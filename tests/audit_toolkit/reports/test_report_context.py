"""The context counts households and forgets them; results have one machine form."""

import dataclasses
import json

import pytest
from report_samples import CODE, OUTCOMES, PLANTED, RULES, case, context, results

from audit_toolkit.model import CaseKind, CaseState, Stratum, StratumCount
from audit_toolkit.reports import results_json
from audit_toolkit.reports.context import ItemCount, MeasureCount, ReadingCount


@pytest.mark.parametrize("kind", OUTCOMES)
def test_nothing_of_a_household_is_left(kind: str):
    page = context(kind)
    assert "HH-" not in repr(page)
    assert "unit-" not in repr(page)
    assert PLANTED not in repr(page)
    assert dataclasses.replace(page) == page
    assert hash(page) == hash(context(kind))


def test_the_sample_is_counted_by_stratum():
    exited = next(d for d in context("recommend").drawn if d.stratum is Stratum.EXITED)
    assert (exited.households, exited.drawn, exited.reserves) == (2210, 17 * 30, 3 * 30)
    assert context("recommend").villages_certain == 3


def test_what_concerns_another_county_is_left_out():
    foreign = case(9, CaseKind.OMISSION, ("food",))
    foreign = dataclasses.replace(foreign, county_code="900102")
    page = context("recommend", cases=[(foreign, CaseState.CONFIRMED)])
    assert page.cases == ()
    other = StratumCount(
        county_code="900102", stratum=Stratum.EXITED, code="x", households=1, persons=1
    )
    assert other.county_code != CODE
    assert sum(d.households for d in page.drawn) == 2210 + 4870 + 61


def test_both_readings_of_stably_above_are_counted():
    assert context("criteria").readings[0] == ReadingCount(
        kind=CaseKind.WRONGFUL_EXIT, stable=2, stable_persons=8, by_line=1, by_line_persons=4
    )


def test_criteria_come_in_the_order_of_the_rules_and_count_confirmed_cases_only():
    failing = dict(context("criteria").failing)
    assert list(failing) == [c.code for c in RULES.criteria]
    assert (failing["housing"], failing["income"], failing["medical"]) == (1, 0, 0)


def test_items_that_decide_come_first():
    assert context("criteria").items[0] == ItemCount(item="members", differing=2, deciding=1)


def test_faults_are_counted_with_their_households_in_the_order_of_the_steps():
    page = context("procedure")
    assert [(f.step, f.fault, f.households) for f in page.household_faults] == [
        ("agreement", "no-document", 33),
        ("village-notice", "notice-too-short", 67),
    ]
    assert [(f.step, f.faults, f.households) for f in page.county_faults] == [
        ("public-notice", 1, 0)
    ]


def test_measures_are_counted_by_kind():
    assert (
        MeasureCount(kind=CaseKind.WRONGFUL_EXIT, measure="restore-and-help", households=2)
        in context("criteria").measures
    )


def test_results_have_one_machine_form():
    found = results("undecided")
    document = results_json(found)
    assert document == results_json(results("undecided"))
    read = json.loads(document)
    assert read["kind"] == "county-results"
    assert read["outcome"]["kind"] == "undecided"
    assert read["indicators"][0]["estimate"] == 0.0091
    assert list(read) == sorted(read)
    assert document.endswith(b"}\n")


def test_machine_form_refuses_a_number_that_is_none():
    found = results("undecided")
    broken = dataclasses.replace(found.indicators[0], estimate=float("nan"))
    with pytest.raises(ValueError, match="JSON compliant"):
        results_json(dataclasses.replace(found, indicators=(broken,)))
