"""Who visits what: pairing by tickets, blind revisits, release, reserves, blindness."""

import dataclasses
import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealed_round import COUNTIES, RULES, Sealed, plan

from audit_toolkit.drawing import assign, blind, release, replace_with_reserve
from audit_toolkit.errors import IntegrityError, OperatorError, WrongStageError
from audit_toolkit.model import AssignmentState, BlindHousehold, Stratum, VisitKind

SEALED = Sealed()
TEAMS = {COUNTIES[0]: ("i2", "i1", "i3"), COUNTIES[1]: ("i4", "i5")}
SAMPLE = [h for h in SEALED.draw.households if not h.reserve]
STRATUM = {h.unit_id: h.stratum for h in SEALED.draw.households}


def assigned(teams=TEAMS, plans=SEALED.plans, **more):
    return assign(SEALED.draw, SEALED.units, teams, plans, **more)


VISITS = assigned()


def first_visits(visits=VISITS):
    return [a for a in visits if a.kind is VisitKind.FIRST]


def test_every_sampled_household_has_one_first_visit_and_reserves_none():
    assert Counter(a.unit_id for a in first_visits()) == Counter(h.unit_id for h in SAMPLE)
    assert all(a.state is AssignmentState.SEALED for a in VISITS)
    assert len({a.assignment_id for a in VISITS}) == len(VISITS)


def test_each_village_goes_to_one_inspector_of_its_county_and_loads_are_even():
    inspector = {}
    for a in first_visits():
        assert a.inspector_id in TEAMS[a.county_code]
        assert inspector.setdefault(a.psu, a.inspector_id) == a.inspector_id
    for county, team in TEAMS.items():
        villages = [v for v in SEALED.draw.villages if v.county_code == county]
        load = Counter(inspector[v.psu] for v in villages)
        assert max(load.values()) - min(load[i] for i in team) <= 1


def test_villages_are_dealt_in_the_order_of_their_team_tickets():
    for county, team in TEAMS.items():
        villages = sorted(
            (v for v in SEALED.draw.villages if v.county_code == county),
            key=lambda v: v.team_ticket,
        )
        inspector = {a.psu: a.inspector_id for a in first_visits()}
        order = sorted(team)
        assert [inspector[v.psu] for v in villages] == [
            order[i % len(order)] for i in range(len(villages))
        ]


def test_pairing_does_not_depend_on_the_order_in_which_anything_is_given():
    turned = {county: tuple(reversed(team)) for county, team in reversed(TEAMS.items())}
    assert assigned(turned, SEALED.plans[::-1]) == VISITS


def test_revisits_are_the_smallest_revisit_tickets_and_go_to_another_inspector():
    inspector = {a.unit_id: a.inspector_id for a in first_visits()}
    for county in COUNTIES:
        mine = sorted(
            (h for h in SAMPLE if h.county_code == county), key=lambda h: h.revisit_ticket
        )
        wanted = {h.unit_id for h in mine[: math.ceil(len(mine) / 10)]}
        again = [a for a in VISITS if a.kind is VisitKind.REVISIT and a.county_code == county]
        assert {a.unit_id for a in again} == wanted
        assert all(a.inspector_id != inspector[a.unit_id] for a in again)


@given(st.sampled_from(["0", "0.1", "0.15", "0.333", "1"]))
def test_the_share_of_revisits_is_exact_and_rounded_up(share):
    plans = [plan(c, revisit_share=share) for c in COUNTIES]
    counts = Counter(a.county_code for a in assigned(plans=plans) if a.kind is VisitKind.REVISIT)
    for county in COUNTIES:
        n = sum(h.county_code == county for h in SAMPLE)
        thousandths = round(float(share) * 1000)
        assert counts[county] == -(-n * thousandths // 1000)


def test_a_recused_inspector_gets_no_visit_of_any_kind_in_the_village():
    everywhere = [v.village_code for v in SEALED.draw.villages if v.county_code == COUNTIES[0]]
    plans = [plan(c, revisit_share="1") for c in COUNTIES]
    for village in everywhere:
        visits = assigned(plans=plans, recusals={"i1": frozenset([village])})
        psu = next(v.psu for v in SEALED.draw.villages if v.village_code == village)
        assert "i1" not in {a.inspector_id for a in visits if a.psu == psu}


def test_numbers_count_from_one_for_each_inspector_village_by_village():
    for team in TEAMS.values():
        for inspector in team:
            mine = sorted(
                (a for a in VISITS if a.inspector_id == inspector), key=lambda a: a.number
            )
            assert [a.number for a in mine] == list(range(1, len(mine) + 1))
            runs = [a.psu for i, a in enumerate(mine) if i == 0 or mine[i - 1].psu != a.psu]
            own = [p for p in runs if any(a.psu == p for a in mine if a.kind is VisitKind.FIRST)]
            assert len(set(runs)) == len(runs)
            assert runs[: len(own)] == own


def test_the_order_of_visits_tells_neither_stratum_nor_ticket():
    # If households stood by stratum or by ticket, exited ones would sit at one end of a village.
    ranks = {stratum: [] for stratum in Stratum}
    for dice in range(20):
        sealed = Sealed(dice=f"{dice:020d}")
        visits = first_visits(assign(sealed.draw, sealed.units, TEAMS, sealed.plans))
        stratum = {h.unit_id: h.stratum for h in sealed.draw.households}
        villages = {}
        for a in sorted(visits, key=lambda a: a.number):
            villages.setdefault(a.psu, []).append(a.unit_id)
        for ids in villages.values():
            for place, unit in enumerate(ids):
                ranks[stratum[unit]].append((place + 0.5) / len(ids))
    for places in ranks.values():
        mean = sum(places) / len(places)
        assert abs(mean - 0.5) < 4 * math.sqrt(1 / 12 / len(places))


def test_ids_of_first_visits_and_revisits_look_alike_and_tell_nothing():
    lengths = {len(a.assignment_id) for a in VISITS}
    assert lengths == {6 + 1 + 12}
    for a in VISITS:
        assert a.assignment_id.startswith(f"{a.county_code}-")
        assert a.unit_id[:12] not in a.assignment_id
        assert a.household_id not in a.assignment_id


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda: assigned({COUNTIES[0]: ("i1",), COUNTIES[1]: ("i4", "i5")}), "too-few-inspectors"),
        (
            lambda: assigned({COUNTIES[0]: ("i1", "i1"), COUNTIES[1]: ("a", "b")}),
            "too-few-inspectors",
        ),
        (lambda: assigned({COUNTIES[0]: ("i1", "i2")}), "too-few-inspectors"),
        (
            lambda: assigned(
                recusals=dict.fromkeys(
                    TEAMS[COUNTIES[0]], frozenset(v.village_code for v in SEALED.draw.villages)
                )
            ),
            "all-recused",
        ),
        (
            lambda: assigned(
                plans=[plan(c, revisit_share="1") for c in COUNTIES],
                recusals={"i4": frozenset(v.village_code for v in SEALED.draw.villages)},
            ),
            "no-second-inspector",
        ),
        (lambda: release(VISITS, psu="v0"), "village-not-drawn"),
    ],
)
def test_what_cannot_be_assigned_is_refused_with_a_way_out(act, code):
    with pytest.raises(OperatorError) as caught:
        act()
    assert caught.value.code == code
    assert caught.value.words("zh") and caught.value.words("en")


def test_assigning_from_another_frame_stops():
    with pytest.raises(IntegrityError) as caught:
        assign(SEALED.draw, SEALED.units[:100], TEAMS, SEALED.plans)
    assert caught.value.code == "drawn-not-in-frame"


def test_release_opens_the_visits_of_one_village_only():
    psu = SEALED.draw.villages[0].psu
    opened = release(VISITS, psu=psu)
    for before, after in zip(VISITS, opened, strict=True):
        wanted = AssignmentState.RELEASED if before.psu == psu else AssignmentState.SEALED
        assert after == dataclasses.replace(before, state=wanted)
    firsts = release(VISITS, psu=psu, kind=VisitKind.FIRST)
    assert {a.kind for a in firsts if a.state is AssignmentState.RELEASED} == {VisitKind.FIRST}
    assert release(opened, psu=psu) == opened


RELEASED = tuple(dataclasses.replace(a, state=AssignmentState.RELEASED) for a in VISITS)


def _replace(visits, assignment_id, reason="moved"):
    return replace_with_reserve(
        SEALED.draw, SEALED.units, visits, assignment_id, reason_code=reason, rules=RULES
    )


def test_reserves_are_used_in_ticket_order_within_village_and_stratum_until_none_is_left():
    target = next(a for a in first_visits(RELEASED) if STRATUM[a.unit_id] is Stratum.UNREGISTERED)
    spare = [
        h
        for h in SEALED.draw.households
        if h.reserve and (h.psu, h.stratum) == (target.psu, STRATUM[target.unit_id])
    ]
    assert len(spare) == 2
    visits, current = list(RELEASED), target
    for reserve in spare:
        old, new = _replace(visits, current.assignment_id)
        assert old == dataclasses.replace(
            current, state=AssignmentState.REPLACED, replaced_because="moved"
        )
        assert (new.unit_id, new.household_id) == (reserve.unit_id, reserve.household_id)
        assert (new.state, new.kind) == (AssignmentState.RELEASED, VisitKind.FIRST)
        assert new.replaces == current.assignment_id
        assert new.inspector_id == current.inspector_id
        assert new.number == 1 + max(
            a.number for a in visits if a.inspector_id == current.inspector_id
        )
        assert new.assignment_id not in {a.assignment_id for a in visits}
        visits = [old if a.assignment_id == old.assignment_id else a for a in visits] + [new]
        current = new
    with pytest.raises(OperatorError, match="counts as nonresponse") as caught:
        _replace(visits, current.assignment_id)
    assert caught.value.code == "reserves-used-up"
    with pytest.raises(WrongStageError) as caught:
        _replace(visits, target.assignment_id)
    assert caught.value.code == "visit-replaced"


def test_two_households_of_a_cell_get_different_reserves():
    cells = {}
    for a in first_visits(RELEASED):
        cells.setdefault((a.psu, STRATUM[a.unit_id]), []).append(a)
    one, other = next(c for (_, s), c in cells.items() if s is Stratum.UNREGISTERED)[:2]
    old, new = _replace(RELEASED, one.assignment_id)
    visits = [old if a.assignment_id == old.assignment_id else a for a in RELEASED] + [new]
    assert _replace(visits, other.assignment_id)[1].unit_id != new.unit_id


@pytest.mark.parametrize(
    ("act", "error", "code"),
    [
        (lambda: _replace(RELEASED, "nothing"), OperatorError, "assignment-unknown"),
        (lambda: _replace(VISITS, VISITS[0].assignment_id), WrongStageError, "visit-sealed"),
        (
            lambda: _replace(RELEASED, first_visits()[0].assignment_id, "dislike"),
            OperatorError,
            "replacement-reason",
        ),
        (
            lambda: _replace(
                RELEASED,
                next(a.assignment_id for a in VISITS if a.kind is VisitKind.REVISIT),
            ),
            OperatorError,
            "revisit-not-replaced",
        ),
    ],
)
def test_a_replacement_is_refused_with_a_code(act, error, code):
    with pytest.raises(error) as caught:
        act()
    assert caught.value.code == code
    assert caught.value.words("zh") and caught.value.words("en")


def test_an_inspector_is_given_where_to_go_and_nothing_filed():
    units = {u.unit_id: u for u in SEALED.units}
    given_fields = {f.name for f in dataclasses.fields(BlindHousehold)}
    assert given_fields == {
        "assignment_id",
        "number",
        "kind",
        "township",
        "village_name",
        "group_name",
        "head_name",
        "state",
    }
    for a in VISITS:
        shown = repr(blind(a, units[a.unit_id]))
        assert not any(status.value in shown for status in Stratum)
        assert a.unit_id not in shown and units[a.unit_id].stratum not in shown
        assert a.household_id not in shown


def test_a_visit_is_never_shown_with_another_household():
    other = next(u for u in SEALED.units if u.unit_id != VISITS[0].unit_id)
    with pytest.raises(IntegrityError) as caught:
        blind(VISITS[0], other)
    assert caught.value.code == "unit-of-another"
