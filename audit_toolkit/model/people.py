"""People, their roles, and the one table of what each role may do, and where.

The table is written by hand, one row an action, so that it can be read and argued about.
`workflow` enforces it; a test tries every refusal in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is in a round."""

    ADMINISTRATOR = "administrator"
    EVALUATOR = "evaluator"
    TEAM_LEAD = "team-lead"
    INSPECTOR = "inspector"
    REVIEWER = "reviewer"
    COUNTY = "county"
    PROVINCE = "province"
    OBSERVER = "observer"


class Scope(StrEnum):
    """Whose county an action may touch: any of the round, or only those named for the person."""

    ANY = "any"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who acts: identifier, name, role, and the counties that are theirs."""

    person_id: str
    name: str
    role: Role
    counties: tuple[str, ...] = ()
    active: bool = True


class Action(StrEnum):
    """Everything that can be done or seen, one word a button."""

    MANAGE_PEOPLE = "manage-people"
    GIVE_PASSWORD = "give-password"
    OPEN_ROUND = "open-round"
    IMPORT_LISTS = "import-lists"
    SEE_LISTS = "see-lists"
    DECIDE_MATCHES = "decide-matches"
    FREEZE = "freeze"
    PLAN = "plan"
    HOLD_CEREMONY = "hold-ceremony"
    DRAW = "draw"
    DISCLOSE = "disclose"
    SECOND_WAVE = "second-wave"
    ASSIGN = "assign"
    RELEASE = "release"
    SEE_OWN_VISITS = "see-own-visits"
    ARRIVE = "arrive"
    RECORD_VISIT = "record-visit"
    SAVE_DRAFT = "save-draft"
    ADD_PHOTO = "add-photo"
    LOCK_FINDINGS = "lock-findings"
    COMPARE = "compare"
    SEE_CASES = "see-cases"
    RULE_CASE = "rule-case"
    IMPORT_STEPS = "import-steps"
    CHECK_PROCEDURES = "check-procedures"
    ESTIMATE = "estimate"
    SEE_RESULTS = "see-results"
    WRITE_REPORT = "write-report"
    RECORD_APPROVAL = "record-approval"
    REPLY_TO_ORDER = "reply-to-order"
    SEE_JOURNAL = "see-journal"


_ANY, _OWN = Scope.ANY, Scope.OWN
_R, _A = Role, Action

PERMISSIONS: dict[Action, dict[Role, Scope]] = {
    _A.MANAGE_PEOPLE: {_R.ADMINISTRATOR: _ANY},
    _A.GIVE_PASSWORD: {_R.ADMINISTRATOR: _ANY},
    _A.OPEN_ROUND: {_R.ADMINISTRATOR: _ANY},
    _A.IMPORT_LISTS: {_R.EVALUATOR: _ANY},
    _A.SEE_LISTS: {_R.EVALUATOR: _ANY},
    _A.DECIDE_MATCHES: {_R.EVALUATOR: _ANY},
    _A.FREEZE: {_R.EVALUATOR: _ANY},
    _A.PLAN: {_R.EVALUATOR: _ANY},
    _A.HOLD_CEREMONY: {_R.EVALUATOR: _ANY},
    _A.DRAW: {_R.EVALUATOR: _ANY},
    _A.DISCLOSE: {_R.EVALUATOR: _ANY},
    _A.SECOND_WAVE: {_R.EVALUATOR: _ANY},
    _A.ASSIGN: {_R.EVALUATOR: _ANY},
    _A.RELEASE: {_R.EVALUATOR: _ANY, _R.TEAM_LEAD: _OWN},
    _A.SEE_OWN_VISITS: {_R.INSPECTOR: _OWN},
    _A.ARRIVE: {_R.INSPECTOR: _OWN},
    _A.RECORD_VISIT: {_R.INSPECTOR: _OWN},
    _A.SAVE_DRAFT: {_R.INSPECTOR: _OWN},
    _A.ADD_PHOTO: {_R.INSPECTOR: _OWN},
    _A.LOCK_FINDINGS: {_R.EVALUATOR: _ANY, _R.TEAM_LEAD: _OWN},
    _A.COMPARE: {_R.EVALUATOR: _ANY},
    _A.SEE_CASES: {_R.EVALUATOR: _ANY, _R.REVIEWER: _OWN},
    _A.RULE_CASE: {_R.REVIEWER: _OWN},
    _A.IMPORT_STEPS: {_R.EVALUATOR: _ANY},
    _A.CHECK_PROCEDURES: {_R.EVALUATOR: _ANY},
    _A.ESTIMATE: {_R.EVALUATOR: _ANY},
    _A.SEE_RESULTS: {_R.EVALUATOR: _ANY, _R.PROVINCE: _ANY, _R.OBSERVER: _OWN},
    _A.WRITE_REPORT: {_R.EVALUATOR: _ANY},
    _A.RECORD_APPROVAL: {_R.PROVINCE: _ANY},
    _A.REPLY_TO_ORDER: {_R.COUNTY: _OWN},
    _A.SEE_JOURNAL: {_R.ADMINISTRATOR: _ANY, _R.EVALUATOR: _ANY, _R.OBSERVER: _ANY},
}


def may(person: Person, action: Action, county_code: str | None = None) -> bool:
    """Tell whether ``person`` may do ``action``, in ``county_code`` where it concerns one.

    An action that concerns no single county needs the scope "any".
    """
    scope = PERMISSIONS[action].get(person.role)
    if scope is None or not person.active:
        return False
    return scope is Scope.ANY or (county_code is not None and county_code in person.counties)
