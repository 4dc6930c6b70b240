"""A second wave is asked for on record, and refused unless the plan declared it before the draw."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import rounds
from report_samples import results
from rounds import SHARES, SmallRound

from audit_toolkit import workflow
from audit_toolkit.drawing import refuse_second_wave
from audit_toolkit.errors import AuditError, OperatorError, WrongStageError
from audit_toolkit.model import (
    OutcomeKind,
    SecondWave,
    Stratum,
    WaveAdvice,
    WaveNumbers,
    WaveRule,
)

NUMBERS = WaveNumbers(
    indicator="wrongful_exit_rate",
    limit="0.02",
    first_size=510,
    second_size=340,
    first_acceptance_number=1,
    first_rejection_number=7,
    acceptance_number=6,
    false_pass=0.015,
    good_rate=0.005,
    pass_good=0.82,
)
DECLARED = SecondWave(rule=WaveRule.TWO_STAGE, villages=20, numbers=(NUMBERS,))


def undecided(*, open_rates=("wrongful_exit_rate",), wrong=3):
    """Results of an undecided county with so many households wrongly exited."""
    rates = tuple(
        dataclasses.replace(i, events=wrong) if i.name == "wrongful_exit_rate" else i
        for i in results("undecided").indicators
    )
    outcome = dataclasses.replace(
        results("undecided").outcome,
        kind=OutcomeKind.UNDECIDED,
        undecided=open_rates,
        advice=WaveAdvice(rule=WaveRule.TWO_STAGE, villages=20, looking_risk=0.07, risk=0.025),
    )
    return dataclasses.replace(results("undecided"), indicators=rates, outcome=outcome)


def decided():
    kept = undecided()
    outcome = dataclasses.replace(
        kept.outcome, kind=OutcomeKind.RECOMMEND_EXIT, undecided=(), advice=None
    )
    return dataclasses.replace(kept, outcome=outcome)


@pytest.mark.parametrize(
    ("wave", "kept", "disclosed", "code"),
    [
        (DECLARED, decided(), False, "second-wave-decided"),
        (SecondWave(), undecided(), False, "second-wave-undeclared"),
        (SecondWave(), undecided(), True, "second-wave-undeclared"),
        (DECLARED, undecided(), True, "second-wave-disclosed"),
        (
            SecondWave(rule=WaveRule.ANYTIME, clean_villages=183),
            undecided(),
            False,
            "second-wave-outside-anytime",
        ),
        (DECLARED, undecided(open_rates=("approval_rate",)), False, "second-wave-other-rates"),
        (DECLARED, undecided(wrong=7), False, "second-wave-hopeless"),
        (DECLARED, undecided(wrong=6), False, "second-wave-outside"),
    ],
)
def test_every_refusal_has_its_reason_in_both_languages(wave, kept, disclosed, code):
    with pytest.raises(AuditError) as refused:
        refuse_second_wave(wave, kept, disclosed=disclosed)
    assert refused.value.code == code
    assert all(refused.value.words(language) for language in ("zh", "en"))


def test_an_undeclared_wave_is_refused_with_its_false_pass_risk():
    with pytest.raises(OperatorError) as refused:
        refuse_second_wave(SecondWave(), undecided(), disclosed=False)
    assert "7.0 % of cases instead of at most 2.5 %" in refused.value.words("en").replace(
        "\u00a0", " "
    )


class Declared(SmallRound):
    """A round whose first county declares a test valid at any time; the second declares none."""

    def planned(self) -> SmallRound:
        super().planned()
        workflow.plan_county(
            self.by("eva"),
            self.store,
            county_code=self.codes[0],
            villages=6,
            takes={Stratum.EXITED: 5, Stratum.UNREGISTERED: 5, Stratum.STILL_POOR: 1},
            repetitions=20,
            second_rule="anytime",
        )
        return self


@pytest.fixture(scope="module")
def round_(tmp_path_factory) -> Iterator[SmallRound]:
    with pytest.MonkeyPatch.context() as patch:
        # So few still poor that the composite incidence stays open.
        patch.setattr(rounds, "PER_VILLAGE", {"exited": 40, "poor": 0, "unregistered": 60})
        yield Declared(Path(tmp_path_factory.mktemp("waves"))).estimated()


def asked(round_: SmallRound, code: str) -> str:
    with pytest.raises(AuditError) as refused:
        workflow.second_wave(round_.by("eva"), round_.store, county_code=code)
    return refused.value.code


def test_asking_follows_the_plan_and_stands_in_the_journal(round_):
    declared, other, _ = round_.codes
    kept = workflow.results(round_.by("eva"), round_.store, county_code=declared)
    assert kept.outcome.kind is OutcomeKind.UNDECIDED
    assert asked(round_, declared) == "second-wave-outside-anytime"
    assert asked(round_, other) == "second-wave-undeclared"
    with round_.store.reading() as tx:
        told = [e for e in tx.journal_entries() if e.action == "second-wave-asked"]
    assert [(e.county_code, json.loads(e.detail)["rule"]) for e in told[-2:]] == [
        (declared, "anytime"),
        (other, "none"),
    ]
    # Once the shares are published anyone can compute which villages come next.
    workflow.disclose_shares(round_.by("eva"), round_.store, SHARES)
    assert asked(round_, declared) == "second-wave-disclosed"


def test_before_the_county_is_estimated_nothing_is_asked(tmp_path):
    small = SmallRound(tmp_path).drawn()
    with pytest.raises(WrongStageError) as refused:
        workflow.second_wave(small.by("eva"), small.store, county_code=small.codes[0])
    assert refused.value.code == "not-estimated"
