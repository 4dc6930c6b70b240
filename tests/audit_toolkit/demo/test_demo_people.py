"""The cast has everybody that the table of permissions needs."""

from __future__ import annotations

from audit_toolkit.demo.people import INSPECTORS_PER_COUNTY, REVIEWERS, cast, having
from audit_toolkit.model import PERMISSIONS, Role, may

CODES = ["900121", "900122", "900123"]


def test_everybody_has_an_id_and_a_name_of_their_own():
    people = cast(CODES)
    assert len({p.person_id for p in people}) == len({p.name for p in people}) == len(people)


def test_every_role_is_played():
    assert {p.role for p in cast(CODES)} == set(Role)


def test_each_county_has_its_inspectors_and_the_round_its_reviewers():
    people = cast(CODES)
    assert len(having(people, Role.REVIEWER)) == REVIEWERS
    for code in CODES:
        inspectors = having(people, Role.INSPECTOR, code)
        assert len(inspectors) == INSPECTORS_PER_COUNTY
        assert all(p.counties == (code,) for p in inspectors)
        assert len(having(people, Role.TEAM_LEAD, code)) == 1
        assert len(having(people, Role.COUNTY, code)) == 1


def test_somebody_of_the_cast_may_do_each_thing_in_each_county():
    people = cast(CODES)
    for action in PERMISSIONS:
        for code in CODES:
            assert any(may(person, action, code) for person in people), (action, code)
