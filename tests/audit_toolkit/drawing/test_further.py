"""Second-wave rules: declared in the plan, held in the design, checked by the verifier."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from sealed_round import AT, COMMITMENTS, COUNTIES, DICE, SHARES, Sealed
from sealed_round import plan as small_plan

from audit_toolkit import verify_draw
from audit_toolkit.drawing import (
    ceremony,
    disclose,
    draws,
    make_plan,
    mark_drawn,
    open_ceremony,
    plan_sentences,
    published_files,
    record_dice,
    seed_text,
)
from audit_toolkit.drawing.draws import draw_round
from audit_toolkit.errors import IntegrityError, OperatorError
from audit_toolkit.model import EvaluationKey, SecondWave, Stratum, VillageCount, WaveRule
from audit_toolkit.rules import load_rule_set
from audit_toolkit.verify_draw import verify_folder
from sampling import plan_two_stage

KEY = EvaluationKey(county_code="990101", exit_year=2019, round_name="r", institution="i")
VILLAGES = tuple(
    VillageCount(
        county_code="990101",
        village_code=f"{i:02d}",
        psu=f"v{i:02d}",
        households=((Stratum.EXITED, 25 + i % 17), (Stratum.UNREGISTERED, 70 + i % 31)),
        persons=((Stratum.EXITED, 90), (Stratum.UNREGISTERED, 260)),
    )
    for i in range(70)
)


def plan(**changes):
    asked = {"province_code": "99", "rng": np.random.default_rng(1), "repetitions": 20}
    return make_plan(KEY, VILLAGES, load_rule_set("cn-2019"), **{**asked, **changes})


def test_a_plan_declares_no_second_wave_by_itself():
    assert plan().second_wave == SecondWave()


def test_numbers_over_two_waves_hold_the_risk_and_no_larger_ones_do():
    wave = plan(second_rule="two-stage", second_villages=20).second_wave
    assert wave.rule is WaveRule.TWO_STAGE
    assert wave.villages == 20
    assert {n.indicator for n in wave.numbers} == {"wrongful_exit_rate", "omission_rate"}
    for n in wave.numbers:
        again = plan_two_stage(
            acceptable_rate=n.good_rate,
            rejectable_rate=float(n.limit),
            sizes=(n.first_size, n.second_size),
            psus=(30, 20),
            icc=plan().icc,
            first_acceptance_number=n.first_acceptance_number,
            acceptance_number=n.acceptance_number + 1,
        )
        assert n.false_pass <= 0.025 < again.consumer_risk
        assert n.first_acceptance_number < n.acceptance_number < n.first_rejection_number


def test_a_second_wave_is_by_default_as_large_as_the_first_or_as_what_is_left():
    assert plan(second_rule="two-stage").second_wave.villages == 30
    assert plan(second_rule="two-stage", village_sample=60).second_wave.villages == 10


def test_a_test_valid_at_any_time_says_how_many_clean_villages_it_needs():
    made = plan(second_rule="anytime")
    assert (
        0.98**made.second_wave.clean_villages
        <= 0.025
        < 0.98 ** (made.second_wave.clean_villages - 1)
    )
    told = " ".join(plan_sentences(made, "en"))
    assert f"{made.second_wave.clean_villages} villages without a single fault" in told


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"second_rule": "later"}, "plan-second-rule"),
        ({"second_villages": 5}, "plan-second-villages-without"),
        ({"second_rule": "anytime", "second_villages": 5}, "plan-second-villages-without"),
        ({"second_rule": "two-stage", "second_villages": 41}, "plan-second-villages"),
        ({"second_rule": "two-stage", "second_villages": 0}, "plan-second-villages"),
        ({"second_rule": "two-stage", "village_sample": 70}, "plan-second-villages"),
        (
            {
                "second_rule": "two-stage",
                "second_villages": 2,
                "village_sample": 3,
                "takes": {Stratum.EXITED: 4},
            },
            "plan-second-numbers",
        ),
    ],
)
def test_a_rule_that_cannot_be_declared_is_refused(asked, code):
    with pytest.raises(OperatorError) as refused:
        plan(**asked)
    assert refused.value.code == code
    assert all(refused.value.words(language) for language in ("zh", "en"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_plan_says_what_its_rule_allows(language):
    two = plan(second_rule="two-stage", second_villages=20)
    told = plan_sentences(two, language)
    assert sum("20" in line for line in told) >= 1
    assert len(told) == len(plan_sentences(plan(), language)) + 2


DECLARED = plan(second_rule="two-stage", second_villages=20).second_wave


def sealed(wave: SecondWave) -> Sealed:
    first, second = COUNTIES
    plans = [dataclasses.replace(small_plan(first), second_wave=wave), small_plan(second)]
    return Sealed(plans=plans)


def verified(tmp_path, files):
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return verify_folder(tmp_path)


@pytest.mark.parametrize("wave", [DECLARED, SecondWave(rule=WaveRule.ANYTIME, clean_villages=9)])
def test_a_declared_rule_stands_in_the_design_and_changes_its_digest(wave, tmp_path):
    made, plain = sealed(wave), Sealed()
    entry = made.design["counties"][0]["second_wave"]
    assert entry["rule"] == wave.rule.value
    assert "second_wave" not in made.design["counties"][1]
    assert made.committed.design_digest != plain.committed.design_digest
    assert verified(tmp_path, made.files()).outcome == "verified"


def test_the_verifier_has_the_words_of_the_design():
    assert verify_draw.SECOND_WAVE_DECLARED == ceremony.SECOND_WAVE_DECLARED


@pytest.mark.parametrize(
    "change",
    [
        {"rule": "as-needed"},
        {"rule": "none"},
        {"villages": 0},
        {"numbers": []},
        {"extra": "1"},
        {"icc": "5 %"},
        {"rule": "anytime"},
    ],
)
def test_the_verifier_refuses_a_rule_of_another_form(change, tmp_path, monkeypatch):
    made = sealed(DECLARED)
    design = json.loads(made.committed.design_json)
    design["counties"][0]["second_wave"] |= change
    verdict = verified(tmp_path, with_design(made, design, monkeypatch))
    assert verdict.outcome == "does-not-verify"
    assert "second_wave" in verdict.place


def test_the_verifier_refuses_a_rule_that_the_selection_does_not_name(tmp_path, monkeypatch):
    made = sealed(DECLARED)
    design = json.loads(made.committed.design_json)
    design["selection"]["second_wave"] = "none"
    verdict = verified(tmp_path, with_design(made, design, monkeypatch))
    assert verdict.outcome == "does-not-verify"
    assert verdict.place.endswith("selection")


def with_design(made: Sealed, design: dict, monkeypatch) -> dict[str, bytes]:
    """Files of a round that was committed to another design from the start."""
    monkeypatch.setattr(draws, "_check_plan", lambda *_: None)
    committed = open_ceremony(1, made.freeze, design, COMMITMENTS, at=AT, earlier=[])
    diced = record_dice(committed, DICE, DICE, ["见证人", "Witness B"], at=AT)
    seed = seed_text(diced, SHARES)
    disclosed = disclose(mark_drawn(diced, seed), SHARES, lost={})
    drawn = draw_round(made.units, made.plans, diced, seed)
    return published_files(made.freeze, made.units, disclosed, drawn)


def test_nothing_is_drawn_by_a_plan_whose_second_wave_is_not_the_designs():
    made = sealed(DECLARED)
    changed = [dataclasses.replace(p, second_wave=SecondWave()) for p in made.plans]
    with pytest.raises(IntegrityError) as refused:
        draw_round(made.units, changed, made.diced, made.seed)
    assert refused.value.code == "plan-changed"
