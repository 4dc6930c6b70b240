"""Every control of the inspector's screens, through its model; and that nothing filed is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from rounds import COUNTIES, GOOD_ANSWERS, PLANTED, SmallRound, build, household_rows

from audit_toolkit import text, workflow
from audit_toolkit.apps.inspect import InspectForm, InspectModel
from audit_toolkit.apps.inspect.view import SCRIPTS, STATIC, script
from audit_toolkit.text import LANGUAGES
from audit_toolkit.workflow import DirectGate

CODE = COUNTIES[0].county_code
PERSON = f"ins-{CODE}-1"
AT = "2020-01-07T10:00:00.000Z"
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 500 + b"\xff\xd9"
KINDS = {"ping", "list", "arrive", "open", "save", "finish", "replace", "photo", "withdraw"}


@pytest.fixture
def small(tmp_path: Path) -> SmallRound:
    return build(tmp_path / "small", "released")


@pytest.fixture
def model(small: SmallRound) -> InspectModel:
    return InspectModel(DirectGate(small.by(PERSON), small.store))


def ask(model: InspectModel, kind: str, buffers: tuple[bytes, ...] = (), **body: object):
    answer = model.handle({"id": "1", "kind": kind, **body}, buffers)
    json.dumps(answer)
    assert answer["id"] == "1"
    return answer["result"] if answer["ok"] else answer["refusal"]


def first(model: InspectModel) -> str:
    return model.page["list"]["visits"][0]["assignment_id"]


def save(model: InspectModel, **changes: object):
    plain = {"assignment_id": first(model), "base": 0, "writer": "page-0001", "number": 1}
    typed = {"of_version": 0, "answers": {"food": "yes"}, "notes": {"remark": "漏雨"}}
    return ask(model, "save", **plain | typed | changes)


def finish(model: InspectModel, **changes: object):
    plain = {"assignment_id": first(model), "outcome": "completed", "device_at": AT}
    given = {"answers": dict(GOOD_ANSWERS), "notes": {}, "reason": ""}
    return ask(model, "finish", **plain | given | changes)


def test_page_holds_who_acts_the_words_the_questionnaire_and_the_own_list(model):
    page = model.page
    assert page["person"] == PERSON
    assert set(page["words"]) == set(page["place"]) == set(LANGUAGES)
    assert len(page["form"]["questions"]) == 25
    assert page["list"]["visits"]


def test_every_kind_of_message_is_tried_here(model):
    assert set(model._kinds) == KINDS


def test_ping_is_answered(model):
    assert model.handle({"id": "9", "kind": "ping"}) == {"id": "9", "ok": True, "result": None}


def test_arrival_names_the_households_of_the_village(tmp_path):
    small = build(tmp_path / "assigned", "assigned")
    workflow.release_villages(small.by(f"lead-{CODE}"), small.store, county_code=CODE)
    model = InspectModel(DirectGate(small.by(PERSON), small.store))
    assert model.page["list"]["visits"] == []
    village = model.page["list"]["villages"][0]
    named = ask(model, "arrive", psu=village["psu"])
    assert named["visits"]
    assert named["villages"][0]["arrived_at"]


def test_draft_is_kept_and_comes_back(model):
    receipt = save(model)
    assert receipt["sequence"] == 1
    kept = ask(model, "open", assignment_id=first(model))
    assert kept["finding"] is None
    assert kept["draft"]["answers"] == [{"question": "food", "value": "yes"}]
    assert kept["draft"]["notes"] == [{"question": "remark", "value": "漏雨"}]
    assert ask(model, "list")["progress"][0]["draft_at"] == receipt["saved_at"]


def test_stale_draft_is_a_conflict_in_words(model):
    save(model)
    save(model, number=2)
    refusal = save(model, writer="other-page", base=1)
    assert refusal["error"] == "draft-conflict"
    assert refusal["fields"]["sequence"] == "2"
    assert set(refusal["words"]) == set(LANGUAGES)


def test_visit_is_finished_once_and_corrected_with_a_reason(model):
    done = finish(model)
    assert done["asked"] == []
    assert done["finding"]["version"] == 1
    assert finish(model)["finding"]["version"] == 1
    again = {**GOOD_ANSWERS, "food": "no"}
    assert finish(model, answers=again)["error"] == "correction-without-reason"
    assert finish(model, answers=again, reason="问错")["finding"]["version"] == 2


def test_visit_that_cannot_be_taken_comes_back_with_its_problems(model):
    refusal = finish(model, answers={**GOOD_ANSWERS, "insured_count": "9"})
    assert refusal["error"] == "visit-refused"
    (problem,) = refusal["problems"]
    assert (problem["question"], problem["whole"]) == ("insured_count", "registered_count")


def test_household_that_refuses_is_replaced_by_the_next_reserve(model):
    finish(model, outcome="refused", answers={})
    answer = ask(model, "replace", assignment_id=first(model), reason_code="refused")
    names = [v["assignment_id"] for v in answer["list"]["visits"]]
    assert answer["household"]["assignment_id"] in names
    assert answer["list"]["visits"][0]["state"] == "replaced"


def test_photo_comes_in_pieces(model):
    body = {"assignment_id": first(model), "photo_id": "photo-0001", "purpose": "house"}
    body |= {"taken_at": AT, "size_bytes": len(JPEG)}
    half = len(JPEG) // 2
    assert ask(model, "photo", (JPEG[:half],), **body, offset=0)["stored"] is False
    piece = memoryview(JPEG[half:])
    assert ask(model, "photo", (piece,), **body, offset=half)["stored"] is True
    (photo,) = ask(model, "open", assignment_id=first(model))["photos"]
    assert photo["purpose"] == "house"
    visit = {"assignment_id": first(model), "photo_id": "photo-0001"}
    assert ask(model, "withdraw", **visit) == []
    assert ask(model, "withdraw", **visit) == [], "asked again after the answer was lost"
    assert ask(model, "open", assignment_id=first(model))["photos"] == []


@pytest.mark.parametrize(
    "message",
    [
        None,
        "list",
        [],
        {},
        {"kind": "no such"},
        {"kind": ["list"]},
        {"kind": "open"},
        {"kind": "open", "assignment_id": {"a": 1}},
        {"kind": "arrive", "psu": 7},
        {"kind": "save", "answers": "x"},
        {"kind": "save", "answers": {"food": 1}, "notes": {}},
        {"kind": "finish", "answers": {}, "device_at": "yesterday"},
        {"kind": "finish", "answers": {}, "device_at": "2020-01-01T10:00:00"},
        {"kind": "finish", "answers": {}, "notes": {}, "device_at": AT, "outcome": 5},
        {"kind": "photo"},
        {"kind": "photo", "taken_at": AT, "offset": "0"},
        {"kind": "save", "answers": {"food": "x" * 3000}, "notes": {}},
    ],
)
def test_messages_that_no_page_sends_are_refused_without_a_trace(model, message):
    answer = model.handle(message, ())
    assert answer["ok"] is False
    assert answer["refusal"]["error"] == "call-refused"
    assert "Traceback" not in json.dumps(answer)


def test_a_colleagues_household_is_refused_by_every_control(model, small):
    theirs = workflow.my_visits(small.by(f"ins-{CODE}-2"), small.store)[0].assignment_id
    photo = {"photo_id": "photo-0001", "purpose": "house", "taken_at": AT}
    for answer in (
        ask(model, "open", assignment_id=theirs),
        save(model, assignment_id=theirs),
        finish(model, assignment_id=theirs),
        ask(model, "replace", assignment_id=theirs, reason_code="refused"),
        ask(model, "photo", (JPEG,), assignment_id=theirs, offset=0, size_bytes=len(JPEG), **photo),
    ):
        assert answer["error"] == "not-your-visit"


def everything_told(model: InspectModel) -> str:
    told = [model.page, save(model), save(model, writer="other-page", base=7)]
    told += [finish(model), finish(model, answers={}), ask(model, "list")]
    told += [ask(model, "open", assignment_id=first(model))]
    second = model.page["list"]["visits"][1]["assignment_id"]
    finish(model, assignment_id=second, outcome="moved", answers={})
    told += [ask(model, "replace", assignment_id=second, reason_code="moved")]
    return json.dumps(told, ensure_ascii=False)


def test_nothing_filed_no_stratum_no_status_no_line_in_any_trait_or_message(model):
    told = everything_told(model)
    form = InspectForm(model)
    state = {k: v for k, v in form.get_state().items() if k not in ("_esm", "_css")}
    told += json.dumps(state, ensure_ascii=False, default=str)
    register, _ = household_rows(CODE)
    filed = {row["household_id"] for row in register} | {row["net_income_pc"] for row in register}
    for value in filed | set(PLANTED):
        assert value not in told, value
    for word in ("stratum", "exited", "still-poor", "unregistered", "脱贫户", "household_id"):
        assert word not in told, word
    for line in ("3218", "2995", "poverty_line", "threshold"):
        assert line not in told, line


def test_component_answers_the_page_and_shows_no_fault(model, monkeypatch):
    form = InspectForm(model)
    sent: list[Mapping[str, object]] = []
    monkeypatch.setattr(form, "send", sent.append)
    form._answer(form, {"id": "1", "kind": "ping"}, [])
    monkeypatch.setattr(model, "own_list", lambda: 1 / 0)
    form._answer(form, {"id": "2", "kind": "list"}, [])
    assert [answer["ok"] for answer in sent] == [True, False]
    assert sent[1]["refusal"]["error"] == "failed"
    assert "ZeroDivision" not in json.dumps(sent)


def test_every_word_that_the_scripts_ask_for_is_there():
    known = text.keys("inspect", "zh")
    source = script()
    asked = set(re.findall(r'say\(\s*"([a-z-]+)"', source))
    asked |= set(re.findall(r'way\("([a-z-]+)"', source))
    assert asked <= set(known), asked - set(known)
    families = {
        "unit": ("count", "yuan"),
        "filter": ("all", "todo", "begun", "done"),
        "state": ("new", "finish", "retry", "replace"),
        "next": ("finish", "retry", "replace"),
        "photo": ("house", "water", "household", "document", "stored", "waiting", "refused"),
        "position-not": ("device", "wanted"),
    }
    assert {f"{family}-{name}" for family, names in families.items() for name in names} <= set(
        known
    )


def test_every_check_of_a_visit_has_words_for_the_page():
    problems = text.keys("problems", "zh")
    words = text.keys("inspect", "zh")
    page = (STATIC / "rules.js").read_text(encoding="utf-8")
    checks = {code for code in problems if code.startswith("visit-") and f'"{code}"' in page}
    checks |= {f"visit-not-{kind}" for kind in ("count", "yuan")}
    checks |= {f"visit-soft-{name}" for name in ("cost", "residents")}
    assert {f"check-{code}" for code in checks} <= set(words)


def test_scripts_ask_nobody_outside():
    assert set(SCRIPTS) == {p.name for p in STATIC.glob("*.js")}
    for path in STATIC.iterdir():
        assert not re.search(r"https?://|@import|url\(", path.read_text(encoding="utf-8")), path
