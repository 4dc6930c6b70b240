"""Pages of round and county: who may have them, what is in them, and what is not."""

from __future__ import annotations

import re

import pytest
from rounds import COUNTIES, PLANTED, SmallRound

from audit_toolkit import workflow
from audit_toolkit.errors import PermissionRefusedError, WrongStageError
from audit_toolkit.model import OutcomeKind, Person, Role
from audit_toolkit.model.pages import CountyPage
from audit_toolkit.store import from_json_value, to_json_value
from audit_toolkit.store.codec import json_text
from audit_toolkit.text import LANGUAGES

CODE, SECOND, _ = (c.county_code for c in COUNTIES)


def page(small: SmallRound, person: str = "eva", code: str = CODE, language: str = "en"):
    return workflow.county_page(small.by(person), small.store, county_code=code, language=language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("person", ["eva", "prov", "obs"])
def test_a_county_s_page_holds_all_that_the_screens_show(round_at, person, language):
    small = round_at("estimated")
    got = page(small, person, language=language)
    kept = workflow.results(small.by("eva"), small.store, county_code=CODE)
    assert got.kind == kept.outcome.kind.value
    assert got.sentence == workflow.sentence(
        small.by("eva"), small.store, county_code=CODE, language=language
    )
    assert [c.key for c in got.cards] == ["criteria", "procedure", "documents", "approval"]
    assert {r.indicator for r in got.rates} == {i.name for i in kept.indicators}
    assert len(got.villages.rows) == 6
    assert got.outdated == ""
    assert all(len(r.interval) == 2 for r in got.rates if "cannot" not in r.by_unit[0].known)
    assert got.rate("omission_rate").by_unit[0].unit == "persons"
    assert got.rate("unheard") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_name_no_household_and_no_village(round_at, language):
    small = round_at("estimated")
    round_ = workflow.round_page(small.by("eva"), small.store, language=language)
    text = json_text(to_json_value((page(small, language=language), round_)))
    frame = workflow.frame_rows(small.by("eva"), small.store, county_code=CODE)
    drawn = workflow.drawn_sample(small.by("eva"), small.store)
    for household in frame:
        assert household.head_name not in text
        assert household.household_id not in text
        assert household.village_code not in text
    assert not any(h.unit_id in text or h.psu in text for h in drawn.households)
    assert not any(amount in text for amount in PLANTED)
    assert not re.search(r"ins-\d|lead-\d", text)


def test_the_seed_s_digest_stays_back_until_the_shares_are_disclosed(round_at):
    def digest(small):
        seed = workflow.show_ceremony(small.by("eva"), small.store).seed_sha256
        return seed in json_text(to_json_value(page(small)))

    assert not digest(round_at("estimated"))
    assert digest(round_at("disclosed"))


def test_a_page_survives_the_way_through_the_gate(round_at):
    got = page(round_at("estimated"))
    assert from_json_value(to_json_value(got), CountyPage) == got


def test_before_results_the_round_says_what_is_awaited(round_at):
    early = round_at("released")
    waits = workflow.round_page(early.by("prov"), early.store, language="en")
    assert "None of the 3 counties" in waits.sentence
    assert all("Field work is still open" in c.sentence for c in waits.counties)
    assert waits.figures == ()
    with pytest.raises(WrongStageError) as refusal:
        page(early)
    assert refusal.value.code == "not-estimated"
    locked = round_at("locked")
    waits = workflow.round_page(locked.by("prov"), locked.store, language="zh")
    assert all("尚未估计" in c.sentence for c in waits.counties)


def test_counties_stand_in_the_order_of_their_codes_each_with_its_outcome(round_at):
    small = round_at("estimated")
    got = workflow.round_page(small.by("eva"), small.store, language="en")
    assert [c.county_code for c in got.counties] == sorted(c.county_code for c in COUNTIES)
    for county in got.counties:
        kept = workflow.results(small.by("eva"), small.store, county_code=county.county_code)
        assert county.kind == kept.outcome.kind.value
    assert sum(n for _, _, n in got.kinds) == 3
    assert {kind for kind, _, _ in got.kinds} == {k.value for k in OutcomeKind}
    assert [name for name, *_ in got.figures][:2] == ["wrongful_exit_rate", "omission_rate"]


def test_an_observer_sees_the_own_counties_alone(round_at):
    small = round_at("estimated")
    workflow.add_person(
        small.by("admin"),
        small.store,
        Person(person_id="obs", name="观", role=Role.OBSERVER, counties=(SECOND,)),
    )
    got = workflow.round_page(small.by("obs"), small.store, language="en")
    assert [c.county_code for c in got.counties] == [SECOND]
    with pytest.raises(PermissionRefusedError):
        page(small, "obs")


@pytest.mark.parametrize("person", [f"ins-{CODE}-1", f"lead-{CODE}", f"county-{CODE}", "rev-1"])
def test_who_may_not_see_results_gets_no_page(round_at, person):
    small = round_at("estimated")
    calls = (
        lambda c: workflow.round_page(c, small.store, language="en"),
        lambda c: workflow.county_page(c, small.store, county_code=CODE, language="en"),
        lambda c: workflow.village_counts_found(c, small.store, county_code=CODE),
    )
    for call in calls:
        with pytest.raises(PermissionRefusedError) as refusal:
            call(small.by(person))
        assert refusal.value.code == "permission-refused"


def test_village_counts_wait_for_the_end_of_field_work_and_add_up(round_at):
    early = round_at("visited")
    with pytest.raises(WrongStageError) as refusal:
        workflow.village_counts_found(early.by("eva"), early.store, county_code=CODE)
    assert refusal.value.code == "findings-open"
    small = round_at("estimated")
    counts = workflow.village_counts_found(small.by("prov"), small.store, county_code=CODE)
    kept = workflow.results(small.by("eva"), small.store, county_code=CODE)
    rate = next(i for i in kept.indicators if i.name == "wrongful_exit_rate")
    assert [v.number for v in counts] == [1, 2, 3, 4, 5, 6]
    assert sum(v.wrongly_exited for v in counts) == rate.events > 0
    assert sum(v.exited for v in counts) == rate.households


def test_findings_changed_since_are_told(round_at):
    small = round_at("estimated")
    inspector = f"ins-{CODE}-1"
    done = workflow.my_visits(small.by(inspector), small.store)
    fine = next(v for v in done if v.head_name not in small.hungry)
    from rounds import HUNGRY

    small.visit(fine, inspector, HUNGRY, reason="复核后更正")
    assert "Compare again" in page(small).outdated


def test_what_the_province_decided_stands_beneath_the_outcome(round_at):
    small = round_at("estimated")
    assert page(small).answered == ()
    workflow.record_decision(
        small.by("prov"), small.store, county_code=CODE, approved=False, document="省文1号"
    )
    assert page(small).answered[0].startswith("The province did not approve")
    assert "省文1号" in page(small, language="zh").answered[0]
