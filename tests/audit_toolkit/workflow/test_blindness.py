"""Nothing filed reaches an inspector: planted values are looked for in all they can get."""

from __future__ import annotations

import dataclasses
import itertools
import json

import pytest
from rounds import COUNTIES, GOOD_ANSWERS, PLANTED, SmallRound, household_rows

from audit_toolkit import workflow
from audit_toolkit.cli.door import run
from audit_toolkit.errors import AuditError
from audit_toolkit.model import BlindHousehold, VisitKind

CODE = COUNTIES[0].county_code
INSPECTOR = f"ins-{CODE}-1"
WORDS = ("exited", "unregistered", "still-poor", "planned", "returned", "脱贫", "stratum")


def everything_filed(code: str) -> set[str]:
    register, _ = household_rows(code)
    ids = {row["household_id"] for row in register}
    net = {row["net_income_pc"] for row in register}
    return ids | net | set(PLANTED)


def assert_blind(text: str, code: str = CODE) -> None:
    for value in everything_filed(code):
        assert value not in text, value
    for word in WORDS:
        assert word not in text, word


def all_returned(small: SmallRound) -> list[object]:
    """Call everything that an inspector may call, and gather what comes back."""
    me = small.by(INSPECTOR)
    villages = workflow.my_villages(me, small.store)
    arrived = [workflow.arrive(me, small.store, psu=v.psu) for v in villages]
    visits = workflow.my_visits(me, small.store)
    asked = [
        workflow.record_visit(
            me, small.store, _visit(small, household, {**GOOD_ANSWERS, "residents_count": "29"})
        )
        for household in visits[:5]
        if household.state.value == "released"
    ]
    small.visit(visits[-1], INSPECTOR, outcome="refused")
    new = workflow.replace(
        me, small.store, assignment_id=visits[-1].assignment_id, reason_code="refused"
    )
    gate = workflow.DirectGate(me, small.store)
    screens = [gate.call(name) for name in ("who_am_i", "waiting", "visit_form", "my_progress")]
    for name in ("visit_state", "load_draft", "my_photos"):
        screens += [gate.call(name, assignment_id=visits[0].assignment_id)]
    return [villages, arrived, visits, asked, new, *screens, *_refusals(small, visits[0])]


def _visit(small: SmallRound, household: BlindHousehold, answers: dict[str, str]):
    from rounds import make_visit

    return make_visit(household, answers, "completed", "", small.world.clock)


def _refusals(small: SmallRound, household: BlindHousehold) -> list[str]:
    """Messages of what is refused must not tell either."""
    me, told = small.by(INSPECTOR), []
    attempts = [
        lambda: workflow.record_visit(me, small.store, _visit(small, household, {"food": "x"})),
        lambda: workflow.record_visit(
            me, small.store, _visit(small, household, dict(GOOD_ANSWERS))
        ),
        lambda: workflow.replace(
            me, small.store, assignment_id=household.assignment_id, reason_code="no such"
        ),
        lambda: workflow.register_rows(me, small.store, county_code=CODE),
        lambda: workflow.findings(me, small.store, county_code=CODE),
        lambda: workflow.drawn_sample(me, small.store),
        lambda: workflow.results(me, small.store, county_code=CODE),
    ]
    for attempt in attempts:
        with pytest.raises(AuditError) as refusal:
            attempt()
        told += [refusal.value.words("en"), refusal.value.words("zh"), repr(refusal.value.fields)]
        told.append(repr(getattr(refusal.value, "problems", "")))
    return told


def test_no_filed_value_stratum_or_status_in_anything_returned(round_at):
    small = round_at("released")
    for value in all_returned(small):
        assert_blind(repr(value))
        assert_blind(json.dumps(workflow.to_json_value(value), ensure_ascii=False))


def test_no_filed_value_in_what_the_commands_print(round_at, capsys, monkeypatch):
    small = round_at("released")
    monkeypatch.setenv("AUDIT_TOOLKIT_STORE", str(small.store.folder))
    monkeypatch.setenv("AUDIT_TOOLKIT_PERSON", INSPECTOR)
    small.store.close()
    for words in (["visits", "villages"], ["visits", "list"], ["visits", "list", "--json"]):
        assert run(words) == 0
        printed = capsys.readouterr()
        assert printed.out
        assert_blind(printed.out + printed.err)


def test_the_type_itself_has_no_place_for_filed_values():
    names = {f.name for f in dataclasses.fields(BlindHousehold)}
    assert names == {
        "assignment_id",
        "number",
        "kind",
        "township",
        "village_name",
        "group_name",
        "head_name",
        "state",
    }


def test_order_and_identifiers_tell_nothing_of_the_stratum(round_at):
    small = round_at("released")
    _, roster = household_rows(CODE)
    registered = {(r["village_name"], r["head_name"]): bool(r["register_id"]) for r in roster}
    runs, total = 0, 0
    for n in (1, 2, 3):
        mine = workflow.my_visits(small.by(f"ins-{CODE}-{n}"), small.store)
        flags = [registered[v.village_name, v.head_name] for v in mine]
        runs += sum(a != b for a, b in itertools.pairwise(flags))
        total += len(flags)
        assert len({len(v.assignment_id) for v in mine}) == 1
    assert runs > total / 4, "households of one status stand together in the visiting order"


def test_before_arrival_no_household_is_named(round_at):
    small = round_at("assigned")
    workflow.release_villages(
        small.by(f"lead-{CODE}"), small.store, county_code=CODE, kind=VisitKind.FIRST
    )
    assert workflow.my_visits(small.by(INSPECTOR), small.store) == ()
    assert workflow.my_villages(small.by(INSPECTOR), small.store)
