"""Shared reference runs of intervals, sizes, small areas, truths and audits, by section."""

import importlib

import pytest
from golden_cases import shared_cases
from golden_survey.verdicts import run_section

SECTIONS = {
    "g_epi": "epi",
    "g2_mirror": "mirror",
}


@pytest.mark.parametrize("section", SECTIONS)
def test_no_case_of_the_section_fails(section):
    module = importlib.import_module(f"golden_survey.{SECTIONS[section]}")
    cases = shared_cases(section).values()
    report = run_section(section, cases, module.METHODS, module.NOT_OFFERED)
    print(report)
    assert not report.failed()
    assert sum(report.total.values()) == len(cases)
