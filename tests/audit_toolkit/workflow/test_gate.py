"""The gate: only named calls, only well-typed values, and the same answer as the function gives."""

from __future__ import annotations

import json

import pytest
from rounds import COUNTIES, GOOD_ANSWERS, SmallRound, make_visit

from audit_toolkit import workflow
from audit_toolkit.errors import OperatorError, PermissionRefusedError, RegisterError
from audit_toolkit.workflow.gate import CALLS, DirectGate, perform, read_answer

CODE = COUNTIES[0].county_code
INSPECTOR = f"ins-{CODE}-1"


def gate(small: SmallRound, person: str = INSPECTOR) -> DirectGate:
    return DirectGate(small.by(person), small.store)


def refusal(small: SmallRound, name: object, arguments: object) -> str:
    answer = perform(small.by(INSPECTOR), small.store, name, arguments)
    json.dumps(answer)
    return answer.get("error", "")


def test_what_comes_through_the_gate_is_what_the_function_returns(round_at):
    small = round_at("released")
    me = small.by(INSPECTOR)
    through = gate(small)
    assert through.call("my_visits") == workflow.my_visits(me, small.store)
    assert through.call("my_villages") == workflow.my_villages(me, small.store)
    assert through.call("show_round") == workflow.show_round(small.store)
    assert through.call("visit_form") == workflow.visit_form(me, small.store)
    first = through.call("my_visits")[0]
    assert through.call("visit_state", assignment_id=first.assignment_id) is None
    visit = make_visit(first, GOOD_ANSWERS, "completed", "", small.world.clock)
    assert len(through.call("record_visit", visit=visit)) == 0
    found = through.call("visit_state", assignment_id=first.assignment_id)
    assert (found.version, found.answers) == (1, visit.answers)
    assert through.call("my_progress")[0].outcome == "completed"


def test_results_come_through_the_gate(round_at):
    small = round_at("reported")
    eva = gate(small, "eva")
    me = small.by("eva")
    assert eva.call("results", county_code=CODE) == workflow.results(
        me, small.store, county_code=CODE
    )
    assert [c.county_code for c in eva.call("round_overview")] == list(small.codes)
    assert eva.call("sentence", county_code=CODE, language="zh")
    for name in ("rates", "chances", "wrongful_exit_rate"):
        figure = eva.call("figure", name=name, county_code=CODE, language="en")
        assert "<svg" in figure
    with pytest.raises(OperatorError, match="no figure"):
        eva.call("figure", name="../rates", county_code=CODE, language="en")
    where_from = eva.call("provenance", county_code=CODE)
    assert where_from.ceremony.seed_sha256
    assert where_from.root == workflow.frozen(me, small.store).root
    files = eva.call("report_files", county_code=CODE)
    assert {f.name.rsplit(".", 1)[1] for f in files} == {"html", "json", "xlsx"}
    for file in files:
        data = eva.call("report_file", county_code=CODE, name=file.name)
        assert len(data) == file.size_bytes
    with pytest.raises(OperatorError, match="no report"):
        eva.call("report_file", county_code=CODE, name="../round.sqlite")
    with pytest.raises(OperatorError, match="no report"):
        eva.call("report_file", county_code=CODE, name=f"{COUNTIES[1].county_code}_results.json")


def test_before_disclosure_the_digest_of_the_seed_stays_back(round_at):
    small = round_at("estimated")
    shown = gate(small, "obs").call("provenance", county_code=CODE)
    assert shown.ceremony.seed_sha256 == ""
    assert shown.ceremony.dice


@pytest.mark.parametrize(
    "name",
    ["results", "sentence", "figure", "county_plan", "provenance", "report_files", "report_file"],
)
def test_no_inspector_gets_results_through_the_gate(round_at, name):
    small = round_at("estimated")
    given = {"county_code": CODE, "language": "zh", "name": "rates"}
    arguments = {k: v for k, v in given.items() if k in CALLS[name].arguments}
    with pytest.raises(PermissionRefusedError):
        gate(small).call(name, **arguments)
    with pytest.raises(PermissionRefusedError):
        gate(small).call("round_overview")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("no_such_call", {}),
        ("__class__", {}),
        (None, {}),
        ({"a": 1}, {}),
        ("my_visits", {"inspector_id": "ins-900121-2"}),
        ("my_visits", {"context": {}}),
        ("my_visits", []),
        ("arrive", {}),
        ("arrive", {"psu": 5}),
        ("arrive", {"psu": ["v1"]}),
        ("arrive", {"psu": "x" * 2001}),
        ("arrive", {"psu": "a\0b"}),
        ("arrive", {"psu": "\ud800"}),
        ("record_visit", {"visit": "v"}),
        ("record_visit", {"visit": {"assignment_id": "a"}}),
        ("sentence", {"county_code": CODE, "language": "../../en"}),
    ],
)
def test_unknown_calls_and_mistyped_values_are_refused(round_at, name, arguments):
    assert refusal(round_at("released"), name, arguments) == "call-refused"


def save(**changes: object) -> dict[str, object]:
    plain = {
        "assignment_id": "a",
        "base": 0,
        "writer": "page-0001",
        "number": 1,
        "of_version": 0,
        "answers": [],
        "notes": [],
    }
    return plain | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"base": "0"},
        {"base": True},
        {"base": 1.0},
        {"base": 2**31},
        {"answers": {}},
        {"answers": ["food"]},
        {"answers": [{"question": "food", "value": 1}]},
        {"answers": [{"question": "food", "value": "yes", "more": "x"}]},
        {"answers": [{"question": "food"}]},
        {"answers": [{"question": "food", "value": "yes"}] * 501},
        {"inspector_id": "ins-900121-2"},
    ],
)
def test_mistyped_drafts_are_refused(round_at, changes):
    assert refusal(round_at("released"), "save_draft", save(**changes)) == "call-refused"


@pytest.mark.parametrize("moment", ["2020-01-06", "2020-01-06T10:00:00", "yesterday", "", 5])
def test_moments_need_their_zone(round_at, moment):
    visit = {"assignment_id": "a", "outcome": "completed", "answers": [], "device_at": moment}
    assert refusal(round_at("released"), "record_visit", {"visit": visit}) == "call-refused"


def test_refusals_keep_their_class_code_fields_and_problems(round_at):
    small = round_at("released")
    household = gate(small).call("my_visits")[0]
    visit = make_visit(household, {"food": "maybe"}, "completed", "", small.world.clock)
    with pytest.raises(RegisterError) as refused:
        gate(small).call("record_visit", visit=visit)
    assert refused.value.code == "visit-refused"
    codes = dict(refused.value.problems.count_by_code())
    assert codes["visit-not-an-option"] == 1
    assert refused.value.words("zh")
    theirs = workflow.my_visits(small.by(f"ins-{CODE}-2"), small.store)[0]
    with pytest.raises(PermissionRefusedError) as not_mine:
        gate(small).call("visit_state", assignment_id=theirs.assignment_id)
    assert not_mine.value.code == "not-your-visit"


def test_a_store_that_fails_does_not_say_where_it_is():
    class Failing:
        def reading(self):
            raise OperatorError("store-unavailable", where="/secret/place", reason="host 10.0.0.1")

    answer = perform(None, Failing(), "who_am_i", {})
    assert answer["error"] == "store-unavailable"
    assert "secret" not in json.dumps(answer)
    assert "10.0" not in json.dumps(answer)
    with pytest.raises(OperatorError):
        read_answer("who_am_i", answer)


def test_a_visit_handed_in_twice_is_stored_once(round_at):
    small = round_at("released")
    household = gate(small).call("my_visits")[0]
    visit = make_visit(household, GOOD_ANSWERS, "completed", "", small.world.clock)
    entries = []
    for _ in range(2):
        gate(small).call("record_visit", visit=visit)
        entries.append(workflow.verify_journal(small.by("eva"), small.store))
    assert entries[0] == entries[1]
    state = gate(small).call("visit_state", assignment_id=household.assignment_id)
    assert state.version == 1


def test_everybody_is_told_who_they_are_and_what_waits(round_at):
    small = round_at("ruled")
    told = {
        person: {w.kind: w for w in gate(small, person).call("waiting")}
        for person in ("admin", "eva", "rev-1", "prov", "obs", f"lead-{CODE}", INSPECTOR)
    }
    assert told["eva"]["counties-to-estimate"].count == 3
    assert told["eva"]["shares-to-disclose"].count == 1
    assert told["rev-1"] == {}
    assert told[INSPECTOR] == {}
    assert gate(small, "rev-1").call("who_am_i").counties == COUNTIES
    with pytest.raises(PermissionRefusedError):
        gate(small, "nobody").call("who_am_i")
    with pytest.raises(PermissionRefusedError):
        gate(small, "nobody").call("show_round")


def test_an_inspector_is_told_what_is_left(round_at):
    small = round_at("released")
    mine = gate(small).call("my_visits")
    small.visit(mine[0], INSPECTOR, outcome="absent")
    small.visit(mine[1], INSPECTOR)
    waits = {w.kind: w for w in gate(small).call("waiting")}
    assert waits["visits-left"].count == len(mine) - 2
    assert waits["visits-left"].of == len(mine)
    assert waits["second-tries"].count == 1
    lead = {w.kind: w for w in gate(small, f"lead-{CODE}").call("waiting")}
    assert lead["visits-outstanding"].count > 0
