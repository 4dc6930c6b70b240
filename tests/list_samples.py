"""Small lists for the tests of registers."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from audit_toolkit.interchange import read_table
from audit_toolkit.model import (
    County,
    FiledStatus,
    RawTable,
    RegisteredHousehold,
    RosterHousehold,
    Round,
)

DATA = Path(__file__).parent / "data"
SAMPLE = Path(__file__).parents[1] / "docs" / "sample"
COUNTY = "990101"
ROUND = Round(
    province_code="99",
    exit_year=2019,
    round_name="spring",
    institution="Institute",
    counties=(County(county_code=COUNTY, name="青石县"),),
    rule_set_id="cn-2019",
)

_PLACE = {
    "county_code": COUNTY,
    "township": "青石镇",
    "village_code": "990101100201",
    "village_name": "柳湾村",
    "group_name": "一组",
}
_REGISTERED = RegisteredHousehold(
    **_PLACE,
    household_id="H1",
    head_name="王小山",
    members=4,
    status=FiledStatus.EXITED,
    identified_year=2014,
    exit_year=2018,
    cause="illness",
    operation_income=Decimal("6000"),
    production_cost=Decimal("1500"),
    wage_income=Decimal("12000"),
    property_income=Decimal("0"),
    transfer_income=Decimal("2500.50"),
    other_income=Decimal("0"),
    net_income_pc=Decimal("4750.13"),
    insured_count=4,
    school_dropout_count=0,
    housing_grade="A",
    water_safe=True,
)
_LISTED = RosterHousehold(**_PLACE, roster_id="N1", head_name="王小山", members=4, register_id=None)


def registered(household_id: str, **values: object) -> RegisteredHousehold:
    """Return a registered household with other values where given."""
    return replace(_REGISTERED, household_id=household_id, **values)


def listed(roster_id: str, register_id: str | None = None, **values: object) -> RosterHousehold:
    """Return a roster household with other values where given."""
    return replace(_LISTED, roster_id=roster_id, register_id=register_id, **values)


def table(name: str, list_name: str = "register") -> RawTable:
    """Return a file of the test data."""
    return read_table(DATA / name, list_name=list_name)
