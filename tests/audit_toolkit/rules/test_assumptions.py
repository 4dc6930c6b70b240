import dataclasses

from audit_toolkit.rules import assumptions, load_rule_set

RULES = load_rule_set("cn-2019")


def codes(rules, exit_year):
    return {(a.code, a.about) for a in assumptions(rules, exit_year=exit_year)}


def test_unconfirmed_lines_of_the_year_and_the_year_before_are_assumptions():
    assert ("poverty-line", "2019") in codes(RULES, 2020)
    assert ("poverty-line", "2020") not in codes(RULES, 2020)


def test_the_parts_of_the_stability_test_that_act_are_assumptions():
    assert ("stability-shock", "") in codes(RULES, 2019)
    without = dataclasses.replace(RULES.stability, shock="")
    assert ("stability-shock", "") not in codes(dataclasses.replace(RULES, stability=without), 2019)


def test_the_reading_by_the_line_assumes_nothing_about_stability():
    found = codes(dataclasses.replace(RULES, reading="line"), 2019)
    assert not {c for c, _ in found if c.startswith("stability")}


def test_confirmed_thresholds_are_no_assumptions_and_lengths_of_notice_are():
    found = codes(RULES, 2019)
    assert not {c for c, _ in found if c == "limit"}
    assert {("notice-days", "village-notice"), ("notice-days", "public-notice")} <= found
