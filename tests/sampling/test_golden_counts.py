"""Shared reference runs of intervals, sizes, small areas, truths and audits, by section."""

import importlib

import pytest
from golden_cases import shared_cases
from golden_survey.verdicts import run_section

SECTIONS = {
    "g_epi": "epi",
    "g2_mirror": "mirror",
    "i_sae": "small_area",
    "j_truth": "truth",
    "k_audit": "audit",
}


@pytest.mark.parametrize("section", SECTIONS)
def test_no_case_of_the_section_fails(section):
    module = importlib.import_module(f"golden_survey.{SECTIONS[section]}")
    cases = shared_cases(section).values()
    report = run_section(section, cases, module.METHODS, module.NOT_OFFERED)
    print(report)
    assert not report.failed()
    assert sum(report.total.values()) == len(cases)


@pytest.mark.slow
def test_coverage_with_as_many_samples_as_the_cases_have(monkeypatch):
    truth = importlib.import_module("golden_survey.truth")
    monkeypatch.setattr(truth, "REPLICATES", 2000)
    cases = [
        case for case in shared_cases("j_truth").values() if case["method"].startswith("coverage")
    ]
    report = run_section("j_truth", cases, truth.METHODS, {})
    print(report)
    assert not report.failed()
    assert len(cases) == 14
