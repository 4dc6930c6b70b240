"""Shared reference runs of selection and allocation through the public calls."""

import pytest
from golden_cases import shared_cases
from golden_survey import selection
from golden_survey.verdicts import run_section

import sampling


def test_no_case_of_selection_and_allocation_fails():
    cases = shared_cases("f_sampling").values()
    report = run_section("f_sampling", cases, selection.METHODS, selection.NOT_OFFERED)
    print(report)
    assert not report.failed()
    assert sum(report.total.values()) == len(cases)


@pytest.mark.parametrize("name", selection.LATER)
def test_methods_for_later_are_not_offered_by_name(name):
    assert name not in sampling.__all__, f"{name} is offered: run it and drop it from the list"
