"""Drafts and photos: nothing typed is lost, nothing is kept twice, nobody sees another's."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
from rounds import COUNTIES, GOOD_ANSWERS, SmallRound

from audit_toolkit import workflow
from audit_toolkit.errors import (
    AuditError,
    OperatorError,
    PermissionRefusedError,
    WrongStageError,
)
from audit_toolkit.model import Answer
from audit_toolkit.workflow.photos import my_photo

CODE = COUNTIES[0].county_code
INSPECTOR = f"ins-{CODE}-1"
TAKEN = datetime(2020, 1, 7, 10, tzinfo=UTC)
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40 + b"\xff\xd9"


def first(small: SmallRound, person: str = INSPECTOR) -> str:
    return workflow.my_visits(small.by(person), small.store)[0].assignment_id


def save(small: SmallRound, person: str = INSPECTOR, visit: str | None = None, **changes: object):
    plain = {"base": 0, "writer": "page-0001", "number": 1, "of_version": 0}
    typed = {"answers": (Answer(question="food", value="yes"),), "notes": ()}
    return workflow.save_draft(
        small.by(person),
        small.store,
        assignment_id=visit or first(small),
        **plain | typed | changes,
    )


def put(small: SmallRound, offset: int, data: bytes, person: str = INSPECTOR, **changes: object):
    plain = {
        "photo_id": "photo-0001",
        "purpose": "house",
        "taken_at": TAKEN,
        "size_bytes": len(JPEG),
        "assignment_id": first(small),
    }
    return workflow.put_photo_piece(
        small.by(person), small.store, offset=offset, data=data, **plain | changes
    )


def test_draft_comes_back_as_it_was_typed(round_at):
    small = round_at("released")
    notes = (Answer(question="remark", value="两间房，一间漏雨"),)
    receipt = save(small, notes=notes)
    kept = workflow.load_draft(small.by(INSPECTOR), small.store, assignment_id=first(small))
    assert (kept.answers[0].value, kept.notes) == ("yes", notes)
    assert (receipt.sequence, receipt.saved_at) == (1, kept.saved_at)


def test_the_same_page_follows_its_own_draft_and_a_save_sent_twice_is_kept_once(round_at):
    small = round_at("released")
    assert save(small, number=1).sequence == 1
    assert save(small, number=2, base=0).sequence == 2
    again = save(small, number=2, base=1, answers=())
    assert again.sequence == 2
    late = save(small, number=1, answers=())
    assert late.sequence == 2
    kept = workflow.load_draft(small.by(INSPECTOR), small.store, assignment_id=first(small))
    assert kept.answers


def test_a_stale_page_is_told_and_writes_nothing_over(round_at):
    small = round_at("released")
    save(small)
    save(small, number=2)
    with pytest.raises(OperatorError) as conflict:
        save(small, writer="other-page", base=1, answers=())
    assert conflict.value.code == "draft-conflict"
    assert conflict.value.fields["sequence"] == 2
    assert "Nothing was written over" in conflict.value.words("en")
    assert save(small, writer="other-page", base=2, answers=()).sequence == 3


def test_a_draft_is_its_inspectors_alone(round_at):
    small = round_at("released")
    save(small)
    other = f"ins-{CODE}-2"
    for attempt in (
        lambda: workflow.load_draft(small.by(other), small.store, assignment_id=first(small)),
        lambda: save(small, other),
        lambda: workflow.load_draft(small.by("eva"), small.store, assignment_id=first(small)),
        lambda: put(small, 0, JPEG, other),
        lambda: workflow.my_photos(small.by(other), small.store, assignment_id=first(small)),
    ):
        with pytest.raises(PermissionRefusedError):
            attempt()


def test_draft_is_no_finding_and_not_in_the_journal(round_at):
    small = round_at("released")
    before = workflow.verify_journal(small.by("eva"), small.store).entries
    save(small)
    assert workflow.verify_journal(small.by("eva"), small.store).entries == before
    me = small.by(INSPECTOR)
    assert workflow.visit_state(me, small.store, assignment_id=first(small)) is None
    progress = workflow.my_progress(me, small.store)
    assert [(p.version, p.draft_at is None) for p in progress] == [(0, False)]


def test_finishing_leaves_the_draft_and_the_progress_knows_what_it_was_of(round_at):
    small = round_at("released")
    save(small)
    household = workflow.my_visits(small.by(INSPECTOR), small.store)[0]
    small.visit(household, INSPECTOR)
    (progress,) = workflow.my_progress(small.by(INSPECTOR), small.store)
    assert (progress.version, progress.draft_of, progress.outcome) == (1, 0, "completed")


@pytest.mark.parametrize(
    "changes",
    [
        {"writer": "x"},
        {"writer": "../../etc/passwd"},
        {"answers": (Answer(question="q", value="x" * 1001),)},
        {"answers": (Answer(question="q", value="x"),) * 201},
    ],
)
def test_a_draft_that_no_form_writes_is_refused(round_at, changes):
    with pytest.raises(OperatorError):
        save(round_at("released"), **changes)


def test_photo_in_pieces_is_whole_journalled_and_listed(round_at):
    small = round_at("released")
    assert put(small, 0, JPEG[:4000]).received == 4000
    assert put(small, 0, JPEG[:4000]).received == 4000, "a piece sent twice"
    assert put(small, 9000, JPEG[9000:]).received == 4000, "a gap is not taken"
    done = put(small, 4000, JPEG[4000:])
    assert done.stored
    assert put(small, 0, JPEG[:4000]).stored, "sent again after the answer was lost"
    me = small.by(INSPECTOR)
    (photo,) = workflow.my_photos(me, small.store, assignment_id=first(small))
    assert photo.sha256 == hashlib.sha256(JPEG).hexdigest()
    journal = workflow.export_journal(small.by("eva"), small.store).decode()
    entries = [json.loads(line) for line in journal.splitlines()]
    assert [e["action"] for e in entries].count("add-photo") == 1
    assert photo.sha256 in journal
    (file,) = small.files("evidence").values()
    assert file == JPEG


def actions(small: SmallRound) -> list[str]:
    journal = workflow.export_journal(small.by("eva"), small.store).decode()
    return [json.loads(line)["action"] for line in journal.splitlines()]


def take_back(small: SmallRound, person: str = INSPECTOR, **changes: str):
    plain = {"assignment_id": first(small), "photo_id": "photo-0001"}
    return workflow.withdraw_photo(small.by(person), small.store, **plain | changes)


def test_a_photo_taken_back_is_shown_no_more_and_stays_kept_and_journalled(round_at):
    small = round_at("released")
    put(small, 0, JPEG)
    me = small.by(INSPECTOR)
    known = take_back(small)
    assert take_back(small) == known, "asked again after the answer was lost"
    assert known.sha256 == hashlib.sha256(JPEG).hexdigest()
    assert workflow.my_photos(me, small.store, assignment_id=first(small)) == ()
    with pytest.raises(OperatorError) as refused:
        my_photo(me, small.store, assignment_id=first(small), sha256=known.sha256)
    assert refused.value.code == "photo-unknown"
    assert list(small.files("evidence").values()) == [JPEG]
    assert [a for a in actions(small) if "photo" in a] == ["add-photo", "withdraw-photo"]
    assert put(small, 0, JPEG).stored, "sent again, it is not taken a second time"
    assert workflow.my_photos(me, small.store, assignment_id=first(small)) == ()


def test_a_photo_is_taken_back_by_its_inspector_alone_and_from_its_own_visit(round_at):
    small = round_at("released")
    put(small, 0, JPEG)
    for other in ("eva", f"lead-{CODE}", f"ins-{CODE}-2"):
        with pytest.raises(PermissionRefusedError):
            take_back(small, other, assignment_id=first(small))
    visits = workflow.my_visits(small.by(INSPECTOR), small.store)
    for changes in ({"assignment_id": visits[1].assignment_id}, {"photo_id": "photo-9999"}):
        with pytest.raises(OperatorError) as refused:
            take_back(small, **changes)
        assert refused.value.code == "photo-unknown"
    assert "withdraw-photo" not in actions(small)


def test_a_photo_that_was_handed_in_with_its_visit_is_not_taken_back(round_at):
    small = round_at("released")
    put(small, 0, JPEG)
    small.visit(workflow.my_visits(small.by(INSPECTOR), small.store)[0], INSPECTOR)
    with pytest.raises(WrongStageError) as refused:
        take_back(small)
    assert refused.value.code == "photo-handed-in"
    put(small, 0, JPEG, photo_id="photo-0002")
    assert take_back(small, photo_id="photo-0002").photo_id == "photo-0002"


@pytest.mark.parametrize(
    ("data", "changes"),
    [
        (b"<svg onload=alert(1)>", {"size_bytes": 21}),
        (JPEG[:-2], {"size_bytes": len(JPEG) - 2}),
        (JPEG, {"photo_id": "../../x"}),
        (JPEG, {"purpose": "../x"}),
        (JPEG, {"size_bytes": 4_000_001}),
        (JPEG, {"size_bytes": 0}),
        (b"x" * 262_145, {"size_bytes": 300_000}),
    ],
)
def test_only_whole_jpeg_pictures_of_bearable_size_are_kept(round_at, data, changes):
    small = round_at("released")
    with pytest.raises(OperatorError):
        put(small, 0, data, **changes)
    assert not small.files("evidence")


def test_photo_longer_than_announced_starts_again(round_at):
    small = round_at("released")
    put(small, 0, JPEG[:4000])
    assert put(small, 4000, JPEG, size_bytes=len(JPEG)).received == 0


def test_notes_go_with_the_finding_and_unknown_ones_are_refused(round_at):
    small = round_at("released")
    household = workflow.my_visits(small.by(INSPECTOR), small.store)[0]
    from dataclasses import replace

    from rounds import make_visit

    visit = make_visit(household, GOOD_ANSWERS, "completed", "", small.world.clock)
    good = replace(visit, notes=(Answer(question="composition", value="married-out"),))
    bad = replace(visit, notes=(Answer(question="stratum", value="exited"),))
    with pytest.raises(AuditError) as refused:
        workflow.record_visit(small.by(INSPECTOR), small.store, bad)
    assert refused.value.problems.problems[0].code == "visit-note-unknown"
    workflow.record_visit(small.by(INSPECTOR), small.store, good)
    state = workflow.visit_state(
        small.by(INSPECTOR), small.store, assignment_id=household.assignment_id
    )
    assert state.notes == good.notes


def test_a_draft_that_was_handed_in_does_not_stand_in_the_way_of_a_correction(round_at):
    small = round_at("released")
    visit = first(small)
    save(small, visit=visit, number=3)
    household = next(
        v for v in workflow.my_visits(small.by(INSPECTOR), small.store) if v.assignment_id == visit
    )
    small.visit(household, INSPECTOR, GOOD_ANSWERS)
    corrected = save(small, visit=visit, writer="page-0002", number=1, base=0, of_version=1)
    assert corrected.sequence == 2
    with pytest.raises(OperatorError) as caught:
        save(small, visit=visit, writer="page-0003", number=1, base=0, of_version=0)
    assert caught.value.code == "draft-conflict"
    with pytest.raises(OperatorError) as caught:
        save(small, visit=visit, writer="page-0004", number=1, base=0, of_version=1)
    assert caught.value.code == "draft-conflict"
