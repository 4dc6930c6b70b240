"""Every refusal of the table of permissions, tried at the function that does the act."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rounds import COUNTIES, SHARES, SmallRound

from audit_toolkit import workflow
from audit_toolkit.errors import PermissionRefusedError
from audit_toolkit.model import PERMISSIONS, Action, Person, Role, Scope, Verdict

CODE = COUNTIES[0].county_code
OTHER = COUNTIES[1].county_code
NOWHERE = Path("nowhere.csv")

Call = Callable[[workflow.Context, SmallRound], object]

CALLS: dict[Action, Call] = {
    Action.MANAGE_PEOPLE: lambda c, r: workflow.add_person(
        c, r.store, Person(person_id="new", name="new", role=Role.OBSERVER)
    ),
    Action.GIVE_PASSWORD: lambda c, r: workflow.give_password(
        c, r.store, person_id="eva", occasion="lost"
    ),
    Action.IMPORT_LISTS: lambda c, r: workflow.import_register(
        c, r.store, NOWHERE, county_code=CODE
    ),
    Action.SEE_LISTS: lambda c, r: workflow.register_rows(c, r.store, county_code=CODE),
    Action.DECIDE_MATCHES: lambda c, r: workflow.decide_matches(
        c, r.store, NOWHERE, county_code=CODE
    ),
    Action.FREEZE: lambda c, r: workflow.freeze(c, r.store),
    Action.PLAN: lambda c, r: workflow.plan_county(c, r.store, county_code=CODE),
    Action.HOLD_CEREMONY: lambda c, r: workflow.commit(c, r.store, {}),
    Action.DRAW: lambda c, r: workflow.draw_sample(c, r.store, SHARES),
    Action.DISCLOSE: lambda c, r: workflow.disclose_shares(c, r.store, SHARES),
    Action.SECOND_WAVE: lambda c, r: workflow.second_wave(c, r.store, county_code=CODE),
    Action.ASSIGN: lambda c, r: workflow.assign_inspectors(c, r.store),
    Action.RELEASE: lambda c, r: workflow.release_villages(c, r.store, county_code=CODE),
    Action.SEE_OWN_VISITS: lambda c, r: workflow.my_visits(c, r.store),
    Action.LOCK_FINDINGS: lambda c, r: workflow.lock_findings(c, r.store, county_code=CODE),
    Action.COMPARE: lambda c, r: workflow.compare_county(c, r.store, county_code=CODE),
    Action.SEE_CASES: lambda c, r: workflow.cases(c, r.store, county_code=CODE),
    Action.IMPORT_STEPS: lambda c, r: workflow.import_steps(c, r.store, NOWHERE, county_code=CODE),
    Action.CHECK_PROCEDURES: lambda c, r: workflow.check_procedures(c, r.store, county_code=CODE),
    Action.ESTIMATE: lambda c, r: workflow.estimate(c, r.store),
    Action.SEE_RESULTS: lambda c, r: workflow.results(c, r.store, county_code=CODE),
    Action.WRITE_REPORT: lambda c, r: workflow.write_county_report(c, r.store, county_code=CODE),
    Action.RECORD_APPROVAL: lambda c, r: workflow.record_decision(
        c, r.store, county_code=CODE, approved=True, document="文"
    ),
    Action.REPLY_TO_ORDER: lambda c, r: workflow.reply_to_order(
        c, r.store, county_code=CODE, text="复"
    ),
    Action.SEE_JOURNAL: lambda c, r: workflow.verify_journal(c, r.store),
}


def _visit_of_county(small: SmallRound) -> object:
    inspector = f"ins-{CODE}-1"
    return workflow.my_visits(small.by(inspector), small.store)[0]


def _record(context: workflow.Context, small: SmallRound) -> object:
    from rounds import GOOD_ANSWERS, make_visit

    household = _visit_of_county(small)
    visit = make_visit(household, GOOD_ANSWERS, "completed", "", small.world.clock)
    return workflow.record_visit(context, small.store, visit)


def _arrive(context: workflow.Context, small: SmallRound) -> object:
    return workflow.arrive(context, small.store, psu="v000000000000")


def _draft(context: workflow.Context, small: SmallRound) -> object:
    return workflow.save_draft(
        context,
        small.store,
        assignment_id=_visit_of_county(small).assignment_id,
        base=0,
        writer="page-0001",
        number=1,
        of_version=0,
        answers=(),
        notes=(),
    )


def _photo(context: workflow.Context, small: SmallRound) -> object:
    return workflow.put_photo_piece(
        context,
        small.store,
        assignment_id=_visit_of_county(small).assignment_id,
        photo_id="photo-0001",
        purpose="house",
        taken_at=small.world.clock(),
        size_bytes=5,
        offset=0,
        data=b"\xff\xd8\xff\xff\xd9",
    )


def _rule(context: workflow.Context, small: SmallRound) -> object:
    case = workflow.cases(small.by("eva"), small.store, county_code=CODE)[0][0]
    return workflow.rule_case(
        context, small.store, case_id=case.case_id, verdict=Verdict.CONFIRMED, reason="核"
    )


STAGED: dict[Action, tuple[str, Call]] = {
    Action.RECORD_VISIT: ("released", _record),
    Action.ARRIVE: ("released", _arrive),
    Action.SAVE_DRAFT: ("released", _draft),
    Action.ADD_PHOTO: ("released", _photo),
    Action.RULE_CASE: ("ruled", _rule),
}


def test_every_action_of_the_table_is_tried():
    done = set(CALLS) | set(STAGED) | {Action.OPEN_ROUND}
    assert done == set(Action)


def _person(role: Role, counties: tuple[str, ...]) -> Person:
    return Person(person_id="tried", name="试", role=role, counties=counties)


def refused(action: Action) -> list[tuple[Role, tuple[str, ...]]]:
    """Roles and counties that the table keeps from an act in the first county.

    An inspector of another county sees and enters that county's villages: no refusal.
    """
    row = PERMISSIONS[action]
    return [
        (role, counties)
        for role in Role
        for counties in ((), (OTHER,), (CODE,))
        if row.get(role) is None
        or (
            row[role] is Scope.OWN
            and CODE not in counties
            and not (action in (Action.SEE_OWN_VISITS, Action.ARRIVE) and counties)
        )
    ]


@pytest.mark.parametrize("action", [*CALLS, *STAGED])
def test_who_is_not_in_the_table_is_refused(action: Action, round_at):
    stage, call = STAGED.get(action, ("imported", CALLS.get(action)))
    small = round_at(stage)
    for role, counties in refused(action):
        workflow.add_person(small.by("admin"), small.store, _person(role, counties))
        with pytest.raises(PermissionRefusedError) as refusal:
            call(small.by("tried"), small)
        assert refusal.value.code == "permission-refused", (role, counties)


def test_whoever_is_unknown_or_inactive_is_refused(round_at):
    small = round_at("imported")
    with pytest.raises(PermissionRefusedError) as unknown:
        workflow.freeze(small.by("nobody"), small.store)
    assert unknown.value.code == "person-unknown"
    gone = Person(person_id="eva", name="评估员", role=Role.EVALUATOR, active=False)
    workflow.add_person(small.by("admin"), small.store, gone)
    with pytest.raises(PermissionRefusedError):
        workflow.freeze(small.by("eva"), small.store)


def test_an_inspector_cannot_touch_a_colleagues_visit(round_at):
    small = round_at("released")
    theirs = workflow.my_visits(small.by(f"ins-{CODE}-2"), small.store)[0]
    with pytest.raises(PermissionRefusedError) as refusal:
        small.visit(theirs, f"ins-{CODE}-1")
    assert refusal.value.code == "not-your-visit"


def test_a_refusal_changes_nothing_but_is_worded(round_at):
    small = round_at("imported")
    before = workflow.verify_journal(small.by("eva"), small.store)
    with pytest.raises(PermissionRefusedError) as refusal:
        workflow.freeze(small.by(f"ins-{CODE}-1"), small.store)
    assert "inspector" in refusal.value.words("en")
    assert "无权" in refusal.value.words("zh")
    assert workflow.verify_journal(small.by("eva"), small.store) == before
