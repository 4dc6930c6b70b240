"""Every code of every shipped rule set has its words in both languages."""

from pathlib import Path

import pytest

from audit_toolkit.fieldwork import ITEMS
from audit_toolkit.model import CaseKind, CaseState, Verdict
from audit_toolkit.rules import assumptions, load_rule_set, rule_set_ids
from audit_toolkit.rules.engine import CRITERION_RULES, READINGS
from audit_toolkit.rules.load import NEXT_STEPS
from audit_toolkit.rulings import FAULTS, MEASURES
from audit_toolkit.text import LANGUAGES, keys, knows, say


def keys_of(rules):
    yield from (f"questions.question.{q.code}" for q in rules.questions)
    yield from (f"questions.section.{q.section}" for q in rules.questions)
    yield from (f"questions.option.{o}" for q in rules.questions for o in q.options)
    yield from (f"rules.criterion.{c.code}" for c in rules.criteria)
    yield from (f"rules.step.{s.code}" for s in rules.steps)
    yield from (f"rules.outcome.{o.code}" for o in rules.outcome_codes)
    yield from (f"rules.reason.{r}" for r in rules.replacement_reasons)


FIXED = [
    *(f"rules.fault.{fault}" for fault in FAULTS),
    *(f"rules.measure.{measure}" for measure in MEASURES.values()),
    *(f"rules.item.{item}" for item in ITEMS),
    *(f"rules.case.{kind}" for kind in CaseKind),
    *(f"rules.case-state.{state}" for state in CaseState),
    *(f"rules.verdict.{verdict}" for verdict in Verdict),
    *(f"rules.next-step.{step}" for step in NEXT_STEPS),
    *(f"rules.reading.{reading}" for reading in READINGS),
    *(f"rules.unstable.{part}" for part in ("one-off-share", "previous-year", "shock")),
    *(f"rules.status.{status}" for status in ("V", "M")),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule_set_id", rule_set_ids())
def test_every_code_of_a_rule_set_has_words(rule_set_id, language):
    missing = [k for k in keys_of(load_rule_set(rule_set_id)) if not knows(k, language)]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", FIXED)
def test_every_fixed_code_has_words(key, language):
    assert say(key, language)


@pytest.mark.parametrize("area", ["rules", "questions"])
def test_no_words_are_left_over(area):
    known = set(FIXED) | {k for r in rule_set_ids() for k in keys_of(load_rule_set(r))}
    spare = {f"{area}.{k}" for k in keys(area, "en")} - known
    assert {k for k in spare if not k.startswith("rules.assumption.")} == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("exit_year", [2015, 2019, 2020])
def test_every_assumption_that_acts_can_be_said(exit_year, language):
    found = assumptions(load_rule_set("cn-2019"), exit_year=exit_year)
    words = [
        say(f"rules.assumption.{a.code}", language, value=a.value, about=a.about) for a in found
    ]
    assert len(set(words)) == len(found)


def test_the_guide_names_every_code_and_number_of_the_rules():
    guide = (Path(__file__).parents[3] / "docs" / "guide" / "rules.md").read_text("utf-8")
    for rule_set_id in rule_set_ids():
        rules = load_rule_set(rule_set_id)
        codes = [
            rules.rule_set_id,
            *(q.code for q in rules.questions),
            *(c.code for c in rules.criteria),
            *(s.code for s in rules.steps),
            *(o.code for o in rules.outcome_codes),
            *(t.indicator for t in rules.thresholds),
            *CRITERION_RULES,
            *FAULTS,
            *ITEMS,
            *CaseKind,
        ]
        assert [code for code in codes if f"`{code}`" not in guide] == []
        lines = [f"| {x.year} | {x.amount:,} | {x.status} |" for x in rules.poverty_lines]
        assert [line for line in lines if line not in guide] == []
