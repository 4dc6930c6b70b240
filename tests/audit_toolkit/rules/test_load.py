import dataclasses
import hashlib
import re

import pytest

from audit_toolkit.errors import OperatorError
from audit_toolkit.rules import load_rule_set, load_rule_set_text, rule_set_ids, rule_set_text

TEXT = rule_set_text("cn-2019")
RULES = load_rule_set("cn-2019")


def changed(old, new, count=1):
    assert old in TEXT
    return TEXT.replace(old, new, count)


def test_the_shipped_rule_sets_load_and_carry_their_own_names():
    assert "cn-2019" in rule_set_ids()
    for rule_set_id in rule_set_ids():
        assert load_rule_set(rule_set_id).rule_set_id == rule_set_id


def test_the_digest_is_that_of_the_bytes_of_the_file():
    assert RULES.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert load_rule_set_text(TEXT + "\n").sha256 != RULES.sha256


def test_the_same_text_gives_equal_values():
    assert load_rule_set_text(TEXT, file_name="another") == RULES


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(OperatorError, match="cn-2019"):
        load_rule_set("../cn-2019")


@pytest.mark.parametrize(
    ("indicator", "unit", "direction", "strict", "limit", "west"),
    [
        ("composite_incidence", "persons", "below", True, "0.02", "0.03"),
        ("wrongful_exit_rate", "persons", "below", False, "0.02", "0.02"),
        ("omission_rate", "persons", "below", False, "0.02", "0.02"),
        ("approval_rate", "households", "above", False, "0.90", "0.90"),
    ],
)
def test_thresholds_are_those_of_the_documents(indicator, unit, direction, strict, limit, west):
    rule = RULES.threshold(indicator)
    assert (rule.unit, rule.direction, rule.strict) == (unit, direction, strict)
    assert RULES.limit(indicator, "41") == limit
    assert RULES.limit(indicator, "52") == west
    assert rule.source.status == "V"


def test_the_missed_exit_rate_decides_nothing():
    assert RULES.threshold("missed_exit_rate") is None
    assert RULES.limit("missed_exit_rate", "52") is None


def test_twelve_provinces_are_western():
    assert len(RULES.western_provinces) == 12
    assert not {"13", "36", "41", "43", "46"} & set(RULES.western_provinces)


def test_lines_carry_how_sure_they_are_and_leave_other_years_open():
    lines = {line.year: (line.amount, line.status) for line in RULES.poverty_lines}
    assert list(lines) == list(range(2010, 2021))
    assert lines[2010] == (2300, "V")
    assert lines[2015] == (2855, "V")
    assert lines[2019] == (3218, "M")
    assert lines[2020] == (4000, "V")
    assert {y for y, (_, status) in lines.items() if status == "V"} == {2010, 2015, 2020}
    assert RULES.poverty_line(2021) is None


def test_stability_parameters_are_ours_and_marked_so():
    test = RULES.stability
    assert (test.one_off_share_max, test.previous_year, test.shock) == ("0.50", "yes", "yes")
    assert test.margin == "1.5"
    assert test.source.status == "M"


def test_steps_stand_in_the_order_of_the_opinions():
    household = [s.code for s in RULES.steps if s.level == "household"]
    county = [s.code for s in RULES.steps if s.level == "county"]
    assert household == [
        "appraisal",
        "verification",
        "agreement",
        "village-notice",
        "announcement",
        "strike-off",
    ]
    assert county == [
        "county-proposal",
        "city-examination",
        "province-verification",
        "public-notice",
        "province-approval-of-list",
        "report-to-leading-group",
    ]


def test_every_replacement_reason_is_an_outcome_that_is_no_response():
    for reason in RULES.replacement_reasons:
        assert RULES.outcome(reason).responded is False


def test_cn_2020_differs_in_name_and_in_the_source_of_the_water_criterion_only():
    newer = load_rule_set("cn-2020")
    names = {"rule_set_id", "dated", "title_zh", "title_en", "sha256", "criteria"}
    for field in dataclasses.fields(RULES):
        if field.name not in names:
            assert getattr(newer, field.name) == getattr(RULES, field.name)
    differing = [a.code for a, b in zip(RULES.criteria, newer.criteria, strict=True) if a != b]
    assert differing == ["water"]
    assert "2020" in newer.criteria[-1].source.document


FAULTS = [
    ("rule-set-not-toml", changed('reading = "stable"', "reading = stable"), "line"),
    ("rule-set-key-missing", changed('reading = "stable"\n', ""), '"reading"'),
    ("rule-set-key-missing", changed("strict = true\n", ""), '[[threshold]] 1: "strict"'),
    ("rule-set-key-unknown", changed("strict = true", "strict = true\nlimits = 1"), '"limits"'),
    ("rule-set-key-unknown", changed('reading = "stable"', 'reading = "stable"\nx = 1'), '"x"'),
    ("rule-set-key-unknown", changed('kind = "yes-no"', 'kind = "yes-no"\nlow = "1"'), '"low"'),
    (
        "rule-set-key-unknown",
        changed('kind = "count"', 'kind = "count"\nincome_sign = "+"'),
        '"income_sign"',
    ),
    ("rule-set-not-text", changed('title_en = "Rules', 'title_en = ""\n# "'), '"title_en"'),
    ("rule-set-not-text", changed('clause = "III(3)"', "clause = 3"), '"clause"'),
    ("rule-set-not-choice", changed('reading = "stable"', 'reading = "strict"'), '"reading"'),
    ("rule-set-not-choice", changed('status = "V"', 'status = "W"'), '"status"'),
    ("rule-set-not-choice", changed('rule = "food-yes"', 'rule = "food"'), '"rule"'),
    ("rule-set-not-decimal", changed('limit = "0.02"', "limit = 0.02"), '"limit"'),
    ("rule-set-not-decimal", changed('limit = "0.02"', 'limit = "2 %"'), '"limit"'),
    ("rule-set-not-decimal", changed('limit = "0.02"', 'limit = "０.02"'), '"limit"'),
    ("rule-set-not-decimal", changed('high = "30"', 'high = "1e2"'), '"high"'),
    ("rule-set-not-share", changed('limit = "0.02"', 'limit = "2"'), '"limit"'),
    ("rule-set-not-share", changed('plan_icc = "0.05"', 'plan_icc = "-0.05"'), '"plan_icc"'),
    ("rule-set-not-share", changed('floor = "100"', 'floor = "-100"'), '"floor"'),
    ("rule-set-not-whole", changed("amount = 2300", 'amount = "2300"'), '"amount"'),
    ("rule-set-not-whole", changed("min_days = 0", "min_days = -1"), '"min_days"'),
    ("rule-set-not-whole", changed("min_days = 0", "min_days = true"), '"min_days"'),
    ("rule-set-not-flag", changed("strict = true", 'strict = "yes"'), '"strict"'),
    (
        "rule-set-not-list",
        changed('options = ["A", "B", "C", "D"]', 'options = "ABCD"'),
        '"options"',
    ),
    ("rule-set-not-list", changed('options = ["A", "B", "C", "D"]', "options = []"), '"options"'),
    ("rule-set-not-date", changed('dated = "2019-12-31"', 'dated = "2019"'), '"dated"'),
    ("rule-set-not-province", changed('["15", "45"', '[15, "45"'), '"western_provinces"'),
    ("rule-set-listed-twice", changed('["15", "45"', '["45", "45"'), '"western_provinces"'),
    ("rule-set-listed-twice", changed("year = 2011", "year = 2010"), "2010"),
    (
        "rule-set-listed-twice",
        changed('indicator = "omission_rate"', 'indicator = "wrongful_exit_rate"'),
        "wrongful_exit_rate",
    ),
    ("rule-set-listed-twice", changed('code = "residents_count"', 'code = "food"'), "food"),
    ("rule-set-listed-twice", changed('code = "city-examination"', 'code = "appraisal"'), "apprai"),
    ("rule-set-listed-twice", changed('"met", "basically-met"', '"met", "met"'), "met"),
    ("rule-set-not-code", changed('code = "residents_count"', 'code = "户口"'), "户口"),
    ("rule-set-not-code", changed('"cn-2019"', '"../cn"'), '"rule_set_id"'),
    ("rule-set-order", changed("order = 2", "order = 3"), '"order"'),
    ("rule-set-limits", changed('soft_high = "10"', 'soft_high = "40"'), "40"),
    (
        "rule-set-unknown-reference",
        changed('"housing_grade=C|D"', '"housing=C|D"'),
        "'housing'",
    ),
    ("rule-set-unknown-reference", changed('"housing_grade=C|D"', '"housing_grade=C|E"'), "'E'"),
    (
        "rule-set-unknown-reference",
        changed('questions = ["approval_policy"', 'questions = ["approval"'),
        "'approval'",
    ),
    (
        "rule-set-unknown-reference",
        changed('questions = ["approval_policy"', 'questions = ["housing_grade"'),
        "'housing_grade'",
    ),
    (
        "rule-set-unknown-reference",
        changed('code = "food"\nsection', 'code = "f"\nsection'),
        "food",
    ),
    (
        "rule-set-wrong-kind",
        changed('options = ["A", "B", "C", "D"]', 'options = ["A", "B", "C", "D", "E"]'),
        "housing_grade",
    ),
    ("rule-set-nobody-responds", changed("responded = true,", "responded = false,"), "outcome"),
]


@pytest.mark.parametrize(("code", "text", "names"), FAULTS)
def test_a_fault_is_named_with_file_table_and_key(code, text, names):
    with pytest.raises(OperatorError) as caught:
        load_rule_set_text(text, file_name="province.toml")
    assert caught.value.code == code
    words = caught.value.words("en")
    assert words.startswith("province.toml")
    assert names in words
    assert "province.toml" in caught.value.words("zh")


def test_no_rule_of_this_file_lacks_a_source():
    tables = re.findall(r"^\[+(threshold|criterion|step|stability|tolerance)\]+$", TEXT, re.M)
    assert TEXT.count("\ndocument = ") == len(tables)
