"""The table of permissions, every cell of it."""

from __future__ import annotations

import itertools

import pytest

from audit_toolkit.model import PERMISSIONS, Action, Person, Role, Scope, may

CELLS = list(itertools.product(Action, Role))


def person(role: Role, *, active: bool = True) -> Person:
    return Person(person_id="x", name="x", role=role, counties=("900101",), active=active)


def test_every_action_has_a_row():
    assert set(PERMISSIONS) == set(Action)


@pytest.mark.parametrize(("action", "role"), CELLS)
def test_cell_says_who_may_do_what_and_where(action: Action, role: Role):
    scope = PERMISSIONS[action].get(role)
    own, other, none = (may(person(role), action, c) for c in ("900101", "900102", None))
    assert own == (scope is not None)
    assert other == (scope is Scope.ANY)
    assert none == (scope is Scope.ANY)


@pytest.mark.parametrize(("action", "role"), CELLS)
def test_nobody_inactive_may_do_anything(action: Action, role: Role):
    assert not may(person(role, active=False), action, "900101")


def test_inspectors_see_nothing_filed():
    allowed = {a for a in Action if Role.INSPECTOR in PERMISSIONS[a]}
    assert allowed == {
        Action.SEE_OWN_VISITS,
        Action.ARRIVE,
        Action.RECORD_VISIT,
        Action.SAVE_DRAFT,
        Action.ADD_PHOTO,
    }


def test_only_the_province_approves_and_only_the_county_replies():
    assert set(PERMISSIONS[Action.RECORD_APPROVAL]) == {Role.PROVINCE}
    assert set(PERMISSIONS[Action.REPLY_TO_ORDER]) == {Role.COUNTY}
