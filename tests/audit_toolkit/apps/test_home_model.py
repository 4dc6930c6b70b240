"""The start screen without a browser: cards for what the person may do, words for every role."""

from __future__ import annotations

import re

import pytest
from rounds import COUNTIES, SHARES, SmallRound

from audit_toolkit import workflow
from audit_toolkit.apps.home.model import DOORS, HomeModel
from audit_toolkit.apps.home.view import HomeView
from audit_toolkit.errors import OperatorError, PermissionRefusedError
from audit_toolkit.model import PERMISSIONS, Action, Person, Role, Waiting
from audit_toolkit.text import LANGUAGES, keys

CODE = COUNTIES[0].county_code
EVERY_ROLE = (
    "admin",
    "eva",
    f"lead-{CODE}",
    f"ins-{CODE}-1",
    "rev-1",
    f"county-{CODE}",
    "prov",
    "obs",
)


def model_of(small: SmallRound, person: str, language: str = "en") -> HomeModel:
    return HomeModel(workflow.DirectGate(small.by(person), small.store), language=language)


def titles(model: HomeModel) -> list[str]:
    return [card.title for card in model.waiting_cards]


def test_an_inspector_is_led_to_the_visits_that_are_left(round_at):
    model = model_of(round_at("released"), f"ins-{CODE}-1")
    assert model.doors == ("inspect",)
    card = model.waiting_cards[0]
    assert re.fullmatch(r"\d+ visits left in (1 village|\d+ villages), of \d+", card.title)
    assert (card.door, card.open_words) == ("inspect", "Open the visits")
    assert model.door_cards == ()
    model.waiting = ()
    assert [c.door for c in model.door_cards] == ["inspect"]


def test_the_next_step_of_the_round_waits_for_the_evaluator(round_at):
    assert titles(model_of(round_at("imported"), "eva")) == ["Lists are not frozen yet"]
    assert titles(model_of(round_at("frozen"), "eva")) == ["3 of 3 counties have no plan yet"]
    assert "commitments are not published yet" in titles(model_of(round_at("planned"), "eva"))[0]
    committed = round_at("committed")
    assert titles(model_of(committed, "eva")) == ["Commitments published; dice not yet entered"]
    assert titles(model_of(committed, "eva", "zh")) == ["承诺已公布，骰子尚未录入"]


def test_where_there_is_no_screen_yet_the_card_says_how_else(round_at):
    card = model_of(round_at("committed"), "eva").waiting_cards[0]
    assert card.door == card.open_words == ""
    assert "no screen for this yet" in card.how
    assert "audit-toolkit dice" in card.how


def test_results_are_open_to_those_who_may_see_them_by_the_table(round_at):
    small = round_at("estimated")
    for person in EVERY_ROLE:
        open_ = "results" in model_of(small, person).doors
        assert open_ is (person in ("eva", "prov", "obs")), person


def test_a_role_is_led_to_the_results_if_and_only_if_the_table_lets_it_see_some():
    roles, _ = DOORS["results"]
    assert roles == frozenset(PERMISSIONS[Action.SEE_RESULTS])


def test_the_visits_left_are_counted_in_the_villages_where_they_are_left(round_at):
    small = round_at("released")
    model = model_of(small, f"ins-{CODE}-1")
    visits = workflow.DirectGate(small.by(f"ins-{CODE}-1"), small.store).call("my_visits")
    left = model.waiting[0]
    assert left.count == len(visits)
    assert left.villages == len({v.village_name for v in visits})
    model.waiting = (Waiting(kind="visits-left", count=1, of=9, villages=1),)
    assert titles(model) == ["1 visit left in 1 village, of 9"]
    model.switch_language("zh")
    assert titles(model) == ["共9户，1个村还有1户未完成调查"]


def test_the_doors_are_those_that_the_server_opens():
    from audit_toolkit.server.pages import HOME, app_pages

    pages = {page.name: page.roles for page in app_pages(folder=__import__("pathlib").Path("."))}
    assert {name: roles for name, (roles, _) in DOORS.items()} == {
        name: roles for name, roles in pages.items() if name != HOME
    }


def test_the_province_hears_of_recommendations_and_is_led_to_the_results(round_at):
    card = model_of(round_at("estimated"), "prov").waiting_cards[0]
    assert card.title == "3 of 3 recommendations wait for the province's decision"
    assert card.door == "results"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("person", EVERY_ROLE)
def test_every_role_has_a_start_in_both_languages_also_where_nothing_waits(
    round_at, person, language
):
    view = HomeView(model_of(round_at("opened"), person, language))
    assert "{" not in view.screen.html
    assert view.model.identity.name in view.screen.html
    view.model.waiting = ()
    view.draw()
    assert view.model.nothing in view.screen.html


def test_several_counties_are_told_apart(round_at):
    model = model_of(round_at("estimated"), "rev-1")
    model.waiting = (
        Waiting(kind="cases-to-rule", count=1, of=4, county_code=CODE),
        Waiting(kind="cases-to-rule", count=2, of=4, county_code=COUNTIES[1].county_code),
    )
    assert titles(model) == [
        "甲试县: 1 case waits for your ruling",
        "乙试县: 2 cases wait for your ruling",
    ]


def test_every_kind_that_can_wait_has_words():
    import ast
    import inspect

    from audit_toolkit.workflow import overview

    kinds = set()
    for node in ast.walk(ast.parse(inspect.getsource(overview))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            kinds.add(node.value)
    worded = {k.removesuffix("-how") for k in keys("home", "en") if k.endswith("-how")}
    assert worded <= kinds
    asked = {k for k in kinds if "-" in k and f"{k}-one" in keys("home", "en")}
    assert asked == worded


def test_it_says_that_it_was_asked_anew_and_why_it_could_not(round_at):
    small = round_at("committed")
    model = model_of(small, "eva")
    small.roll()
    model.reload()
    assert titles(model) == ["Dice entered; the sample is not drawn yet"]
    assert model.notice
    workflow.draw_sample(small.by("eva"), small.store, SHARES)
    workflow.add_person(
        small.by("admin"),
        small.store,
        Person(person_id="eva", name="评估员", role=Role.EVALUATOR, active=False),
    )
    model.reload()
    assert "eva" in model.error
    assert model.notice == ""


def test_language_is_switched_in_place(round_at):
    model = model_of(round_at("released"), f"ins-{CODE}-1")
    model.switch_language("zh")
    assert "未完成调查" in model.waiting_cards[0].title
    model.switch_language("xx")
    assert model.language == "zh"


def test_who_is_not_of_the_round_gets_no_screen(round_at):
    with pytest.raises(PermissionRefusedError):
        model_of(round_at("opened"), "stranger")


def test_a_refusal_is_shown_in_both_languages_and_nothing_else():
    from audit_toolkit.apps._shared.screen import screen_or_refusal

    def made():
        raise OperatorError("person-missing")

    screen = screen_or_refusal("results", made)
    for language in LANGUAGES:
        assert OperatorError("person-missing").words(language) in screen.html
    assert "data-act" not in screen.html
