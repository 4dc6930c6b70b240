"""Every code that a report can meet has words in both languages."""

import dataclasses

import pytest
from report_samples import indicators

from audit_toolkit.model import CaseKind, CaseState, CeremonyState, OutcomeKind, Source, Stratum
from audit_toolkit.reports.wording import (
    clause,
    document,
    limit,
    lower_share,
    rate_name,
    rate_word,
    rate_words,
    upper_share,
    word,
)
from audit_toolkit.rules import load_rule_set, rule_set_ids
from audit_toolkit.rulings.procedures import FAULTS
from audit_toolkit.rulings.rectification import MEASURES
from audit_toolkit.text import LANGUAGES


def codes(rule_set_id: str) -> list[tuple[str, str]]:
    rules = load_rule_set(rule_set_id)
    return [
        *(("criterion", c.code) for c in rules.criteria),
        *(("rule", c.rule) for c in rules.criteria),
        *(("step", s.code) for s in rules.steps),
        *(("outcome", o.code) for o in rules.outcome_codes),
        ("reading", rules.reading),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words(language: str):
    listed = [pair for name in rule_set_ids() for pair in codes(name)]
    listed += [("fault", fault) for fault in FAULTS]
    listed += [("measure", measure) for measure in MEASURES.values()]
    listed += [("case", kind.value) for kind in CaseKind]
    listed += [("case-state", state.value) for state in CaseState]
    listed += [("ceremony", state.value) for state in CeremonyState]
    listed += [("stratum", stratum.value) for stratum in Stratum]
    listed += [(name, kind.value) for kind in OutcomeKind for name in ("kind", "short")]
    listed += [
        (k, c)
        for k in ("conclusion", "verdict", "official")
        for c in ("pass", "fail", "inconclusive")
    ]
    listed += [("icc-policy", p) for p in ("pooled", "floor-plan", "plan", "own-deff", "by-part")]
    listed += [("status", "V"), ("status", "M")]
    assert [(k, c) for k, c in listed if word(k, c, language) == c and language == "zh"] == []
    assert all(word(k, c, language) for k, c in listed)


@pytest.mark.parametrize("rule_set_id", rule_set_ids())
def test_every_clause_and_document_of_the_rules_is_chinese_in_chinese(rule_set_id: str):
    rules = load_rule_set(rule_set_id)
    sources = [t.source for t in (*rules.thresholds, rules.stability, *rules.criteria)]
    sources += [s.source for s in rules.steps]
    for source in sources:
        for said in (clause(source, "zh"), document(source, "zh")):
            assert any(ord(c) > 0x2E80 for c in said), said


def test_a_document_with_both_titles_is_told_in_one_language_first():
    both = Source(document="《意见》 (Opinions, 2016)", clause="5", status="V")
    assert document(both, "zh") == "《意见》"
    assert document(both, "en") == "Opinions, 2016 (《意见》)"


def test_a_code_of_ones_own_rules_is_shown_as_it_is():
    assert word("criterion", "own-code", "zh") == "own-code"
    assert rate_word("own_rate", "en") == "own_rate"


def test_bounds_are_rounded_away_from_comfort():
    assert upper_share(0.00891, "en") == "0.9 %"
    assert upper_share(0.009, "en") == "0.9 %"
    assert upper_share(0.00901, "en") == "1.0 %"
    assert lower_share(0.9919, "en") == "99.1 %"


def test_limits_have_no_false_digits():
    assert limit("0.02", "en") == "2 %"
    assert limit("0.90", "zh") == "90 %"
    assert limit("0.015", "en") == "1.50 %"


def test_rates_are_told_apart_by_formula_and_unit():
    names = [rate_name(i, "zh") for i in indicators("recommend")]
    assert len(set(names)) == len(names)
    assert "漏评率（以样本村为分母、按人）" in names


def test_all_and_none_are_told_in_words():
    approval = next(i for i in indicators("procedure") if i.name == "approval_rate")
    assert rate_words(approval, "en") == (
        "all of 1,201 households; as low as 99.2 % cannot be excluded"
    )
    register_only = dataclasses.replace(indicators("recommend")[3], events=0)
    assert rate_words(register_only, "en") == "0.68 % (0.49–1.32 %)"
