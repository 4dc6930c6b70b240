"""The harness of the shared reference runs itself: its verdicts, and its lists kept fresh."""

import importlib
import math

import pytest
from golden_cases import shared_cases
from golden_survey.verdicts import Case, run_section

SECTIONS = {
    "a_taylor": "taylor",
    "b_ciprop": "ciprop",
    "c_replicates": "replicates",
    "d_calibration": "calibrations",
    "e_twophase": "twophase",
    "f_sampling": "selection",
    "g_epi": "epi",
    "g2_mirror": "mirror",
    "h_tests": "hypotheses",
    "i_sae": "small_area",
    "j_truth": "truth",
    "k_audit": "audit",
}


def case(**outputs) -> Case:
    return Case({"id": "x", "method": "m", "outputs": outputs})


@pytest.mark.parametrize(
    ("ours", "theirs", "options", "status"),
    [
        (1.0, 1.0 + 1e-10, {}, "passed"),
        (1.0, 1.0 + 1e-8, {}, "failed"),
        (1.0, 1.01, {"reason": "meant"}, "differs on purpose"),
        (1.0, 1.01, {"reason": "meant", "near": 0.001}, "failed"),
        (1.0, "NaN", {}, "peer failure"),
        (1.0, None, {}, "peer failure"),
        (math.nan, 1.0, {}, "failed"),
        ([1.0, 2.0], [1.0], {}, "failed"),
    ],
)
def test_a_comparison_has_its_verdict(ours, theirs, options, status):
    found = case(a=theirs)
    found.equal("a", ours, theirs, **options)
    assert found.status == status


def test_the_worst_comparison_counts_and_every_output_is_accounted_for():
    found = case(a=1, b=2)
    found.every_output(["a"], {"b": "left"})
    assert found.status == "passed"
    found.not_offered("by name")
    assert found.status == "not offered"
    found.every_output(["a"], {})
    assert found.status == "failed"
    assert "'b'" in found.text


def test_a_method_without_a_function_fails_by_name():
    docs = [{"id": "x", "method": "m", "outputs": {}}, {"id": "y", "method": "n", "outputs": {}}]
    report = run_section("s", docs, {}, {"n": "later"})
    assert report.failed() == ["x: no function for this method"]
    assert report.total == {"failed": 1, "not offered": 1}
    assert "y [not offered] later" in str(report)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_lists_of_a_section_name_its_methods_and_cases_alone(section):
    module = importlib.import_module(f"golden_survey.{SECTIONS[section]}")
    cases = shared_cases(section)
    methods = {doc["method"] for doc in cases.values()}
    stale = set(module.NOT_OFFERED) - methods - set(cases)
    assert not stale, f"not offered, but in no case of {section}: {sorted(stale)}"
    both = set(module.NOT_OFFERED) & set(module.METHODS)
    assert not both, f"has a function and is listed as not offered: {sorted(both)}"
    assert all(reason.strip() for reason in module.NOT_OFFERED.values())
