import dataclasses
from decimal import Decimal

import pytest
from visit_samples import visit_with

from audit_toolkit.errors import OperatorError
from audit_toolkit.fieldwork import compare
from audit_toolkit.fieldwork.comparison import within
from audit_toolkit.model import (
    FiledStatus,
    FrameHousehold,
    RegisteredHousehold,
    Source,
    Tolerance,
)
from audit_toolkit.rules import judge, load_rule_set

RULES = load_rule_set("cn-2019")
HOUSEHOLD = FrameHousehold(
    household_id="h-1",
    county_code="900101",
    township="t",
    village_code="900101001001",
    village_name="v",
    group_name="g",
    head_name="甲一",
    members=4,
    status=FiledStatus.EXITED,
    register_id="h-1",
    roster_id="r-1",
)
FILED = RegisteredHousehold(
    household_id="h-1",
    county_code="900101",
    township="t",
    village_code="900101001001",
    village_name="v",
    group_name="g",
    head_name="甲一",
    members=4,
    status=FiledStatus.EXITED,
    identified_year=2014,
    exit_year=2019,
    cause="1",
    operation_income=Decimal(10000),
    production_cost=Decimal(2000),
    wage_income=Decimal(12000),
    property_income=Decimal(0),
    transfer_income=Decimal(1500),
    other_income=Decimal(0),
    net_income_pc=Decimal("5375.00"),
    insured_count=4,
    school_dropout_count=0,
    housing_grade="B",
    water_safe=True,
)


def compared(filed=FILED, household=HOUSEHOLD, rules=RULES, **changes):
    visit = visit_with(**changes)
    judgement = judge(visit, rules, exit_year=2019)
    found = compare(household, filed, visit, judgement, rules, exit_year=2019)
    return [(d.item, d.filed, d.found, d.decides) for d in found]


def filed(**changes):
    return dataclasses.replace(FILED, **changes)


def test_a_household_found_as_filed_has_no_discrepancy():
    assert compared() == []


@pytest.mark.parametrize(
    ("before", "found", "bounds", "agrees"),
    [
        (10, 11, ("0.10", "0.10"), True),
        (100, 105, ("0.05", "0.05"), True),
        (100, "105.01", ("0.05", "0.05"), False),
        (-100, -102, ("0.05", "0.05"), True),
        (-100, -110, ("0.05", "0.05"), False),
        (0, 1, ("0.05", "0.05"), False),
        (5000, 5400, ("0.10", "0.05"), False),
        (5000, 4600, ("0.10", "0.05"), True),
        # 0.1 + 0.2 in floats would miss the bound.
        ("0.3", "0.33", ("0.10", "0.10"), True),
    ],
)
def test_tolerances_are_inclusive_and_take_the_size_of_the_filed_value(
    before, found, bounds, agrees
):
    assert within(Decimal(before), Decimal(found), tolerance(*bounds)) is agrees


def test_the_floor_widens_only_a_bound_that_is_not_zero():
    assert within(Decimal(0), Decimal(1), tolerance("0.05", "0.05", floor="1"))
    assert within(Decimal(0), Decimal(-1), tolerance("0.05", "0.05", floor="1"))
    assert within(Decimal(10), Decimal(11), tolerance("0", "0.05", floor="1"))
    assert not within(Decimal(10), Decimal("9.99"), tolerance("0", "0.05", floor="1"))


def tolerance(below, above, floor="0"):
    source = Source(document="-", clause="-", status="M")
    return Tolerance(item="net_income_pc", below=below, above=above, floor=floor, source=source)


def test_income_within_a_tenth_agrees_and_beyond_does_not_yet_decide():
    # 5375.12 found; a tenth of the filed value on either side.
    assert compared(filed(net_income_pc=Decimal(4887))) == []
    item = ("net_income_pc", "4886.00", "5375.12", False)
    assert compared(filed(net_income_pc=Decimal("4886.00"))) == [item]


def test_income_on_the_other_side_of_the_line_decides_even_within_the_tolerance():
    # 9000 + 3872 = 12872 for four: 3218, exactly the line, against 3217 filed.
    at_line = {
        "operation_income": "9000",
        "production_cost": "0",
        "wage_income": "3872",
        "transfer_income": "0",
        "hard_spending": "0",
    }
    assert compared(filed(net_income_pc=Decimal(3217)), **at_line) == [
        ("net_income_pc", "3217", "3218.00", True)
    ]
    assert compared(filed(net_income_pc=Decimal(3218)), **at_line) == []


def test_without_a_tolerance_only_equal_income_agrees():
    exact = dataclasses.replace(RULES, tolerances=())
    assert compared(rules=exact) == [("net_income_pc", "5375.00", "5375.12", False)]
    assert compared(filed(net_income_pc=Decimal("5375.120")), rules=exact) == []


def test_members_decide_where_the_income_found_crosses_the_line_by_them():
    # 21500.50 for four is above the line, for seven (3071.50) below it.
    assert compared(filed(members=5)) == [("members", "5", "4", False)]
    items = compared(filed(members=7, insured_count=7))
    assert ("members", "7", "4", True) in items


@pytest.mark.parametrize(
    ("before", "changes", "item"),
    [
        ({}, {"insured_count": "3"}, ("insured_count", "4", "3", True)),
        ({"insured_count": 2}, {"insured_count": "3"}, ("insured_count", "2", "3", False)),
        ({"insured_count": 3}, {}, ("insured_count", "3", "4", True)),
        (
            {},
            {"school_dropout_count": "1"},
            ("school_dropout_count", "0", "1", True),
        ),
        (
            {"school_dropout_count": 2},
            {"school_dropout_count": "1"},
            ("school_dropout_count", "2", "1", False),
        ),
        ({"housing_grade": "A"}, {}, ("housing_grade", "A", "B", False)),
        (
            {},
            {"housing_grade": "C", "housing_remedy": "none"},
            ("housing_grade", "B", "C", True),
        ),
        (
            {},
            {"housing_grade": "D", "housing_remedy": "rebuilt"},
            ("housing_grade", "B", "D", False),
        ),
        ({"housing_grade": "D"}, {}, ("housing_grade", "D", "B", True)),
        ({}, {"water_quality": "not-met"}, ("water_safe", "yes", "no", True)),
        ({"water_safe": False}, {}, ("water_safe", "no", "yes", True)),
    ],
)
def test_each_item_tells_whether_it_decides(before, changes, item):
    assert compared(filed(**before), **changes) == [item]


def test_what_was_not_answered_is_not_compared():
    gone = dict.fromkeys(
        (
            "registered_count",
            "insured_count",
            "school_dropout_count",
            "housing_grade",
            "water_quality",
        )
    )
    assert compared(filed(members=9, insured_count=1, water_safe=False), **gone) == []


def test_of_an_unregistered_household_only_the_roster_members_are_compared():
    unregistered = dataclasses.replace(
        HOUSEHOLD, status=FiledStatus.UNREGISTERED, register_id=None, members=3
    )
    found = compared(None, unregistered, water_quality="not-met", insured_count="1")
    assert found == [("members", "3", "4", False)]


def test_a_year_without_line_is_an_error():
    visit = visit_with()
    judgement = judge(visit, RULES, exit_year=2019)
    with pytest.raises(OperatorError, match="2021"):
        compare(HOUSEHOLD, FILED, visit, judgement, RULES, exit_year=2021)
