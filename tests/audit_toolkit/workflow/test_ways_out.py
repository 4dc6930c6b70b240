"""When a ceremony goes wrong there is a defined, recorded way out."""

from __future__ import annotations

import json

import pytest
from rounds import DICE, SHARES, SmallRound

from audit_toolkit import workflow
from audit_toolkit.errors import AuditError, OperatorError, WrongStageError
from audit_toolkit.workflow import ceremonies


def actions(small: SmallRound) -> list[str]:
    lines = workflow.export_journal(small.by("eva"), small.store).decode().splitlines()
    return [json.loads(line)["action"] for line in lines]


def test_an_interrupted_draw_is_called_again_and_gives_the_same_sample(round_at, monkeypatch):
    whole = round_at("drawn")
    expected = workflow.drawn_sample(whole.by("eva"), whole.store)
    small = round_at("committed")
    small.roll()

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ceremonies, "mark_drawn", cut)
    with pytest.raises(KeyboardInterrupt):
        workflow.draw_sample(small.by("eva"), small.store, SHARES)
    monkeypatch.undo()
    drawn = workflow.draw_sample(small.by("eva"), small.store, SHARES)
    assert drawn.villages == expected.villages
    assert drawn.households == expected.households
    assert actions(small).count("draw-attempt") == 2
    assert actions(small).count("draw") == 1


def test_a_share_lost_before_the_draw_is_voided_and_begun_again(round_at):
    small = round_at("committed")
    small.roll()
    with pytest.raises(AuditError):
        workflow.draw_sample(small.by("eva"), small.store, {"institution": SHARES["institution"]})
    workflow.void_ceremony(small.by("eva"), small.store, reason="省级密份遗失")
    small.commit()
    small.roll()
    drawn = workflow.draw_sample(small.by("eva"), small.store, SHARES)
    assert drawn.ceremony == 2
    assert "void-ceremony" in actions(small)


def test_a_wrong_share_is_refused_by_its_commitment(round_at):
    small = round_at("committed")
    small.roll()
    with pytest.raises(AuditError) as refusal:
        workflow.draw_sample(small.by("eva"), small.store, {**SHARES, "province": "00" * 32})
    assert "province" in str(refusal.value)


def test_dice_typed_wrongly_are_noticed_at_the_second_typing(round_at):
    small = round_at("committed")
    with pytest.raises(AuditError):
        workflow.enter_dice(
            small.by("eva"),
            small.store,
            digits=DICE,
            digits_again=DICE[:-1] + "6",
            witnesses=["见证人"],
        )
    small.roll()


def test_dice_are_set_once_and_a_wrong_record_is_voided_with_a_reason(round_at):
    small = round_at("committed")
    small.roll()
    with pytest.raises(WrongStageError) as again:
        small.roll("6" * 25)
    assert again.value.code == "ceremony-state"
    workflow.void_ceremony(small.by("eva"), small.store, reason="骰子记录有误")
    small.commit()
    small.roll("6" * 25)
    assert workflow.show_ceremony(small.by("eva"), small.store).number == 2


def test_a_second_ceremony_beside_the_first_is_refused(round_at):
    small = round_at("committed")
    with pytest.raises(AuditError):
        small.commit()


def test_after_release_nothing_is_voided(round_at):
    small = round_at("released")
    with pytest.raises(WrongStageError) as refusal:
        workflow.void_ceremony(small.by("eva"), small.store, reason="不喜欢样本")
    assert refusal.value.code == "void-after-release"


def test_a_void_needs_a_reason(round_at):
    small = round_at("committed")
    with pytest.raises(OperatorError):
        workflow.void_ceremony(small.by("eva"), small.store, reason=" ")


def test_a_lost_share_at_disclosure_is_on_record_and_said_by_the_check(round_at):
    small = round_at("estimated")
    workflow.disclose_shares(
        small.by("eva"),
        small.store,
        {"institution": SHARES["institution"]},
        lost={"province": "介质损坏"},
    )
    verdict = workflow.verify_published_draw(small.by("eva"), small.store)
    assert verdict.exit_code == 3
    assert "province" in verdict.words("en")


def test_shares_stay_secret_while_field_work_is_open(round_at):
    small = round_at("released")
    with pytest.raises(WrongStageError) as refusal:
        workflow.disclose_shares(small.by("eva"), small.store, SHARES)
    assert refusal.value.code == "field-work-open"
    published = b"".join(small.files("published").values())
    for share in SHARES.values():
        assert share.encode() not in published


def test_a_plan_is_fixed_once_a_ceremony_has_begun(round_at):
    small = round_at("committed")
    with pytest.raises(WrongStageError) as refusal:
        workflow.plan_county(small.by("eva"), small.store, county_code="900121", villages=5)
    assert refusal.value.code == "plan-fixed"


def test_published_files_before_disclosure_name_no_drawn_unit(round_at):
    small = round_at("drawn")
    files = small.files("published/ceremony-1")
    assert "draw.csv" not in files and "shares.json" not in files
    drawn = workflow.drawn_sample(small.by("eva"), small.store)
    tickets = {h.ticket for h in drawn.households} | {v.ticket for v in drawn.villages}
    everything = b"".join(files.values()).decode()
    assert not any(ticket in everything for ticket in tickets)
    frame = files["public_frame.csv"].decode()
    assert all(h.household_id not in everything for h in drawn.households)
    assert frame.count("\n") == 1 + sum(
        len(workflow.frame_rows(small.by("eva"), small.store, county_code=c)) for c in small.codes
    )


@pytest.mark.parametrize("stage", ["planned", "estimated"])
def test_files_that_an_interruption_left_unwritten_are_published_again(
    round_at, monkeypatch, stage
):
    small = round_at(stage)

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ceremonies, "write_published", cut)
    with pytest.raises(KeyboardInterrupt):
        if stage == "planned":
            small.commit()
        else:
            workflow.disclose_shares(small.by("eva"), small.store, SHARES)
    monkeypatch.undo()
    before = small.files("published")
    assert "ceremony-1/shares.json" not in before
    names = workflow.publish_again(small.by("eva"), small.store)
    after = small.files("published")
    assert set(names) == set(after) > set(before)
    assert before.items() <= after.items()
    if stage == "estimated":
        assert workflow.verify_published_draw(small.by("eva"), small.store).exit_code == 0
