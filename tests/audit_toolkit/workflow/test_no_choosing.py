"""Who would rather have another sample, finding or result is refused, or stands on record."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sqlite3

import pytest
from rounds import (
    COUNTIES,
    GOOD_ANSWERS,
    HUNGRY,
    PEOPLE,
    SHARES,
    SmallRound,
    household_rows,
    make_visit,
    step_rows,
    write_rows,
)

from audit_toolkit import workflow
from audit_toolkit.errors import AuditError, IntegrityError, OperatorError, WrongStageError
from audit_toolkit.model import Answer, BlindHousehold, Person, Role, Verdict

CODE = COUNTIES[0].county_code
INSPECTOR = f"ins-{CODE}-1"


def entries(small: SmallRound) -> list[dict[str, object]]:
    lines = workflow.export_journal(small.by("eva"), small.store).decode().splitlines()
    return [json.loads(line) for line in lines]


def code_of(refused: pytest.ExceptionInfo[AuditError]) -> str:
    assert refused.value.words("zh") and refused.value.words("en")
    return refused.value.code


def test_a_household_that_answered_is_not_exchanged_even_after_a_correction(round_at):
    small = round_at("released")
    household = workflow.my_visits(small.by(INSPECTOR), small.store)[0]
    small.visit(household, INSPECTOR, HUNGRY)
    for _ in range(2):
        with pytest.raises(OperatorError) as refused:
            workflow.replace(
                small.by(INSPECTOR),
                small.store,
                assignment_id=household.assignment_id,
                reason_code="absent",
            )
        assert code_of(refused) == "visit-answered"
        small.visit(household, INSPECTOR, outcome="absent", reason="换一户")


def test_used_up_reserves_do_not_tell_how_many_there_were(round_at):
    small = round_at("released")
    last = workflow.my_visits(small.by(INSPECTOR), small.store)[0].assignment_id
    with pytest.raises(OperatorError) as refused:
        for _ in range(9):
            last = workflow.replace(
                small.by(INSPECTOR), small.store, assignment_id=last, reason_code="absent"
            ).assignment_id
    assert code_of(refused) == "reserves-used-up"
    assert refused.value.fields == {"assignment": last}


def test_an_assigned_sample_is_not_voided(round_at):
    small = round_at("assigned")
    with pytest.raises(WrongStageError) as refused:
        workflow.void_ceremony(small.by("eva"), small.store, reason="换一个样本")
    assert code_of(refused) == "void-after-assign"


def test_a_look_at_the_sample_is_in_the_journal(round_at):
    small = round_at("drawn")
    workflow.drawn_sample(small.by("eva"), small.store)
    assert (entries(small)[-1]["action"], entries(small)[-1]["person_id"]) == ("see-sample", "eva")


def test_the_journal_names_what_was_committed_to(round_at):
    small = round_at("committed")
    detail = entries(small)[-1]["detail"]
    ceremony = workflow.show_ceremony(small.by("eva"), small.store)
    assert detail["root"] == ceremony.root
    assert detail["design_sha256"] == ceremony.design_digest
    assert dict(detail["commitments"]).keys() == SHARES.keys()


def test_reports_tell_of_voided_ceremonies_and_why(round_at, monkeypatch):
    small = round_at("planned")
    small.commit()
    small.roll("1" * 20)
    workflow.void_ceremony(small.by("eva"), small.store, reason="骰子滚落桌下")
    monkeypatch.setattr(SmallRound, "drawn", _drawn_again)
    monkeypatch.setattr(SmallRound, "imported", lambda self: self)
    small.reported()
    for name, data in small.files("reports").items():
        if name.endswith(".html"):
            assert "骰子滚落桌下" in data.decode(), name


def _drawn_again(small: SmallRound) -> SmallRound:
    small.commit()
    small.roll()
    workflow.draw_sample(small.by("eva"), small.store, SHARES)
    return small


def _visits_of_cases(small: SmallRound) -> list[tuple[str, BlindHousehold]]:
    """Inspector and visit of each suspected case of the county that the first visit found."""
    cases = workflow.cases(small.by("eva"), small.store, county_code=CODE)
    suspected = {case.household_id for case, _, _ in cases if case.first_says}
    found = {
        f.visit.assignment_id: f.inspector_id
        for f in workflow.findings(small.by("eva"), small.store, county_code=CODE)
        if f.household_id in suspected
    }
    return [
        (inspector, visit)
        for inspector in sorted(set(found.values()))
        for visit in workflow.my_visits(small.by(inspector), small.store)
        if visit.assignment_id in found
    ]


def test_an_inspector_does_not_correct_away_what_reviewers_confirmed(round_at):
    small = round_at("estimated")
    cases = _visits_of_cases(small)
    assert cases
    for inspector, visit in cases:
        with pytest.raises(OperatorError) as refused:
            small.visit(visit, inspector, GOOD_ANSWERS, reason="当时看错")
        assert code_of(refused) == "visit-confirmed"
        # A case's id tells household and filed status.
        assert refused.value.fields == {"assignment": visit.assignment_id}


def test_reports_tell_of_corrections_after_field_work_and_cases_they_took_away(round_at):
    small = round_at("locked")
    small.compare()
    workflow.estimate(small.by("eva"), small.store)
    workflow.write_county_report(small.by("eva"), small.store, county_code=CODE)
    assert "撤销疑似问题" not in _report(small)
    inspector, visit = _visits_of_cases(small)[0]
    small.visit(visit, inspector, GOOD_ANSWERS, reason="当时看错")
    small.compare()
    workflow.estimate(small.by("eva"), small.store)
    workflow.write_county_report(small.by("eva"), small.store, county_code=CODE)
    assert "实地工作结束后更正调查结果 1 次" in _report(small)


def _report(small: SmallRound) -> str:
    return small.files("reports")[f"{CODE}_report_zh.html"].decode()


def test_one_reviewer_under_two_ids_rules_once(round_at):
    small = round_at("locked")
    small.compare()
    twin = Person(
        person_id="rev-9",
        name=next(p.name for p in PEOPLE if p.person_id == "rev-1"),
        role=Role.REVIEWER,
        counties=(CODE,),
    )
    workflow.add_person(small.by("admin"), small.store, twin)
    assert entries(small)[-1]["detail"]["name"] == twin.name
    case = workflow.cases(small.by("eva"), small.store, county_code=CODE)[0][0]
    given = {"case_id": case.case_id, "verdict": Verdict.DISMISSED, "reason": "已核实"}
    workflow.rule_case(small.by("rev-1"), small.store, **given)
    with pytest.raises(OperatorError) as refused:
        workflow.rule_case(small.by("rev-9"), small.store, **given)
    assert code_of(refused) == "ruling-same-name"


def test_an_inspector_made_reviewer_does_not_rule_on_their_own_visits(round_at):
    small = round_at("locked")
    small.compare()
    case = workflow.cases(small.by("eva"), small.store, county_code=CODE)[0][0]
    found = workflow.findings(small.by("eva"), small.store, county_code=CODE)
    visitor = next(f.inspector_id for f in found if f.household_id == case.household_id)
    name = next(
        p.name for p in workflow.people(small.by("admin"), small.store) if p.person_id == visitor
    )
    for person_id in (visitor, "other-id"):
        workflow.add_person(
            small.by("admin"),
            small.store,
            Person(person_id=person_id, name=name, role=Role.REVIEWER, counties=(CODE,)),
        )
        with pytest.raises(OperatorError) as refused:
            workflow.rule_case(
                small.by(person_id),
                small.store,
                case_id=case.case_id,
                verdict=Verdict.DISMISSED,
                reason="已核实",
            )
        assert code_of(refused) == "ruling-own-visit"


@pytest.mark.parametrize("person_id", ["", "a b", "a|b", "a\n", "x" * 65])
def test_ids_that_cannot_be_typed_or_kept_are_refused(round_at, person_id):
    small = round_at("opened")
    with pytest.raises(OperatorError) as refused:
        workflow.add_person(
            small.by("admin"),
            small.store,
            Person(person_id=person_id, name="某", role=Role.OBSERVER),
        )
    assert code_of(refused) == "person-id"


def test_the_last_administrator_stays(round_at):
    small = round_at("opened")
    with pytest.raises(OperatorError) as refused:
        workflow.add_person(
            small.by("admin"),
            small.store,
            Person(person_id="admin", name="管理员", role=Role.PROVINCE),
        )
    assert code_of(refused) == "last-administrator"


def test_a_later_step_log_takes_the_place_of_an_earlier_one(round_at):
    small = round_at("visited")
    workflow.lock_findings(small.by(f"lead-{CODE}"), small.store, county_code=CODE)
    rows = step_rows(CODE, household_rows(CODE)[0])
    again = {**rows[0], "done_on": "2019-11-03"}
    assert _faults(small, [*rows, again]) == {"recorded-twice"}
    assert _faults(small, rows[1:]) == {"missing"}
    assert _faults(small, rows) == set()


def _faults(small: SmallRound, rows: list[dict[str, str]]) -> set[str]:
    path = write_rows(small.folder / "log.csv", rows)
    workflow.import_steps(small.by("eva"), small.store, path, county_code=CODE)
    found = workflow.check_procedures(small.by("eva"), small.store, county_code=CODE)
    return {f.fault for f in found if not f.household_id}


def test_a_findings_file_with_a_column_twice_is_refused(round_at):
    small = round_at("released")
    path = small.folder / "found.csv"
    path.write_text("assignment_id,outcome,device_at,food,food\na,completed,b,yes,no\n")
    with pytest.raises(OperatorError) as refused:
        workflow.import_findings(small.by(INSPECTOR), small.store, path)
    assert code_of(refused) == "findings-columns-twice"


def test_a_clock_without_zone_or_broken_text_is_a_problem_not_a_crash(round_at):
    small = round_at("released")
    household = workflow.my_visits(small.by(INSPECTOR), small.store)[0]
    plain = small.world.clock().replace(tzinfo=None)
    whole = make_visit(household, GOOD_ANSWERS, "completed", "", small.world.clock)
    noted = dataclasses.replace(whole, notes=(Answer(question="remark", value="\ud800"),))
    for visit, code in (
        (noted, "visit-text-unreadable"),
        (
            make_visit(household, GOOD_ANSWERS, "completed", "", lambda: plain),
            "visit-clock-without-zone",
        ),
        (
            make_visit(household, GOOD_ANSWERS, "completed", "\ud800", small.world.clock),
            "visit-text-unreadable",
        ),
    ):
        with pytest.raises(OperatorError) as refused:
            workflow.record_visit(small.by(INSPECTOR), small.store, visit)
        assert [p.code for p in refused.value.problems.problems] == [code]


def test_a_journal_cut_short_is_told_by_its_findings_or_by_a_printed_head(round_at):
    small = round_at("locked")
    printed = workflow.verify_journal(small.by("eva"), small.store)
    assert workflow.verify_journal(small.by("eva"), small.store, head=printed.head) == printed
    _delete(small, f"number >= {printed.entries}")
    with pytest.raises(IntegrityError) as refused:
        workflow.verify_journal(small.by("eva"), small.store, head=printed.head)
    assert code_of(refused) == "journal-head-missing"
    _delete(small, "number > 60")
    with pytest.raises(IntegrityError) as refused:
        workflow.verify_journal(small.by("eva"), small.store)
    assert code_of(refused) == "journal-short"
    _delete(small, "number > 0")
    with pytest.raises(IntegrityError) as refused:
        workflow.verify_journal(small.by("eva"), small.store)
    assert code_of(refused) == "journal-broken"


def _delete(small: SmallRound, which: str) -> None:
    with sqlite3.connect(small.store.folder / "round.sqlite") as database:
        database.execute("drop trigger if exists journal_refuses_delete")
        database.execute(f"delete from journal where {which}")
    database.close()


def test_the_journal_names_the_file_that_a_list_came_from(round_at):
    small = round_at("imported")
    told = [e for e in entries(small) if e["action"].startswith("import-")]
    assert len(told) == 2 * len(small.codes)
    for entry in told:
        data = (small.folder / entry["subject"]).read_bytes()
        assert entry["detail"]["sha256"] == hashlib.sha256(data).hexdigest()
