"""The results screen without a browser: every control through its model, no page with gaps."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from rounds import COUNTIES, SmallRound

from audit_toolkit import workflow
from audit_toolkit.apps.results.model import SECTIONS, Place, ResultsModel
from audit_toolkit.apps.results.view import ResultsView
from audit_toolkit.errors import PermissionRefusedError
from audit_toolkit.model import Person, Role
from audit_toolkit.text import LANGUAGES

CODE, SECOND, THIRD = (c.county_code for c in COUNTIES)


class CountingGate:
    """A gate that notes what was asked."""

    def __init__(self, small: SmallRound, person: str) -> None:
        self._gate = workflow.DirectGate(small.by(person), small.store)
        self.asked: list[str] = []

    def call(self, name: str, /, **arguments: object):
        self.asked.append(name)
        return self._gate.call(name, **arguments)


def model_of(small: SmallRound, person: str = "eva", language: str = "en") -> ResultsModel:
    return ResultsModel(CountingGate(small, person), language=language)


class Acts(HTMLParser):
    """All acts that a page offers, with their values, and what can be read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.text = ""
        self._select = self._tag = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "select":
            self._select = given["data-act"] or ""
        elif tag == "option":
            self.found.append((self._select, given["value"] or ""))
        elif "data-act" in given:
            self.found.append((given["data-act"] or "", given.get("data-value") or ""))

        self._tag = tag

    def handle_data(self, data):
        if self._tag != "style":
            self.text += data


def test_it_begins_with_the_round_and_asks_for_no_county(round_at):
    model = model_of(round_at("estimated"))
    assert model.address == ""
    assert model.county is None
    assert model.rate is None
    assert "county_page" not in model._gate.asked
    assert [c.county_code for c in model.round.counties] == [CODE, SECOND, THIRD]


def test_where_only_one_county_is_to_be_seen_it_begins_there(round_at):
    small = round_at("estimated")
    workflow.add_person(
        small.by("admin"),
        small.store,
        Person(person_id="obs", name="观", role=Role.OBSERVER, counties=(SECOND,)),
    )
    assert model_of(small, "obs").address == SECOND


def test_moving_about_in_a_county_asks_once(round_at):
    model = model_of(round_at("estimated"))
    for section in SECTIONS[:-1]:
        model.open(f"{CODE}/{section}")
        assert model.place == Place(county=CODE, section=section)
        assert model.error == ""
    assert model._gate.asked.count("county_page") == 1
    assert model.county.county_code == CODE


@pytest.mark.parametrize(
    ("address", "place"),
    [
        (CODE, Place(county=CODE)),
        (f"{CODE}/outcome", Place(county=CODE)),
        (f"{CODE}/rates", Place(county=CODE, section="rates")),
        (
            f"{CODE}/rates/omission_rate",
            Place(county=CODE, section="rates", rate="omission_rate"),
        ),
        ("", Place()),
    ],
)
def test_a_place_and_its_address_are_the_same(round_at, address, place):
    model = model_of(round_at("estimated"))
    model.open(address)
    assert model.place == place
    assert model.place.address == model.address
    assert model.error == ""


@pytest.mark.parametrize(
    "address",
    ["999999", f"{CODE}/secrets", f"{CODE}/rates/income", f"{CODE}/found/omission_rate", "../etc"],
)
def test_a_place_that_is_not_there_is_said_and_nothing_moves(round_at, address):
    model = model_of(round_at("estimated"))
    model.open(f"{CODE}/risks")
    model.open(address)
    assert address in model.error
    assert model.address == f"{CODE}/risks"
    model.open(CODE)
    assert model.error == ""


def test_a_county_without_results_says_why(round_at):
    model = model_of(round_at("locked"))
    model.open(CODE)
    assert "estimate" in model.error
    assert model.address == ""
    assert model.shown_figure == ""


def test_language_is_switched_in_place(round_at):
    model = model_of(round_at("estimated"))
    model.open(f"{CODE}/rates/omission_rate")
    english = model.rate.name
    model.switch_language("zh")
    assert model.address == f"{CODE}/rates/omission_rate"
    assert model.rate.name == "漏评率" != english
    model.switch_language("fr")
    assert model.language == "zh"


def test_rate_and_unit_are_chosen_and_a_rate_without_the_unit_keeps_its_own(round_at):
    model = model_of(round_at("estimated"))
    model.open(f"{CODE}/rates")
    assert model.rate.indicator == "wrongful_exit_rate"
    assert model.shown_unit == "persons"
    model.choose_unit("households")
    assert model.shown_unit == "households"
    model.choose_unit("villages")
    assert model.shown_unit == "households"
    model.choose_unit("persons")
    model.open(f"{CODE}/rates/approval_rate")
    assert model.shown_unit == "households"


def test_counties_are_filtered_by_outcome_and_figures_chosen_by_rate(round_at):
    model = model_of(round_at("estimated"))
    model.choose_kind("undecided")
    assert model.kind == "undecided"
    model.choose_kind("anything")
    assert model.kind == "undecided"
    chosen = {c.county_code for c in model.chosen.counties}
    assert chosen == {c.county_code for c in model.round.counties if c.kind == "undecided"}
    assert all(len(beside.rows) == len(chosen) for *_, beside in model.chosen.figures)
    model.choose_kind("")
    assert model.kind == ""
    assert model.chosen == model.round
    assert model.shown_figure == "wrongful_exit_rate"
    model.choose_figure("omission_rate")
    assert model.shown_figure == "omission_rate"
    model.choose_figure("x")
    assert model.shown_figure == "omission_rate"


def test_an_evaluator_writes_reports_and_hands_them_over(round_at):
    model = model_of(round_at("disclosed"))
    model.open(f"{CODE}/reports")
    assert model.reports == ()
    assert model.may_write_reports
    model.write_reports()
    assert model.notice == "5 files written."
    assert len(model.reports) == 5
    media, data = model.report(f"{CODE}_report_en.html")
    assert media == "text/html"
    assert data.startswith(b"<!DOCTYPE html>")
    media, data = model.report(f"{CODE}_results.json")
    assert media == "application/json"
    assert model.report("other.html") is None
    assert "other.html" in model.error


def test_the_province_downloads_and_does_not_write(round_at):
    model = model_of(round_at("reported"), "prov")
    model.open(f"{CODE}/reports")
    assert not model.may_write_reports
    assert len(model.reports) == 5
    model.write_reports()
    assert "province" in model.error
    assert model.report(f"{CODE}_report_zh.html") is not None


def test_another_county_s_report_is_refused(round_at):
    model = model_of(round_at("reported"))
    model.open(f"{CODE}/reports")
    assert model.report(f"{SECOND}_report_zh.html") is None
    assert model.error


def test_reloading_asks_anew_and_says_so(round_at):
    model = model_of(round_at("estimated"))
    model.open(f"{CODE}/risks")
    asked = model._gate.asked.count("county_page")
    model.reload()
    assert model.address == f"{CODE}/risks"
    assert model.notice
    assert model._gate.asked.count("county_page") == asked + 1


@pytest.mark.parametrize("person", [f"ins-{CODE}-1", f"lead-{CODE}", "rev-1", f"county-{CODE}"])
def test_who_may_not_see_results_gets_no_screen(round_at, person):
    with pytest.raises(PermissionRefusedError):
        model_of(round_at("estimated"), person)


# -- what the view makes of it -------------------------------------------------------------------


def every_page(view: ResultsView) -> dict[str, str]:
    addresses = ["", *(f"{CODE}/{section}" for section in SECTIONS)]
    addresses += [f"{CODE}/rates/{rate}" for rate in ("approval_rate", "composite_incidence")]
    pages = {}
    for address in addresses:
        view.model.open(address)
        assert view.model.error == ""
        view.draw()
        pages[address] = view.screen.html
    return pages


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", ["estimated", "reported"])
def test_every_control_of_every_page_is_an_act_of_the_model(round_at, language, stage):
    view = ResultsView(model_of(round_at(stage), language=language))
    pages = every_page(view)
    for address, html in pages.items():
        acts = Acts(html)
        assert acts.found
        assert "{" not in acts.text
        assert "None " not in acts.text.replace("None found", "").replace("None of", "")
        for name, value in acts.found:
            assert name in view.acts or name == "print", (address, name)
            if name in ("write", "print", "report", "language", "reload"):
                continue
            view.acts[name](value)
            assert view.model.error == "", (address, name, value)


def test_each_control_has_a_key_that_stands_once_so_that_focus_comes_back(round_at):
    view = ResultsView(model_of(round_at("reported")))
    for address, html in every_page(view).items():
        keys = re.findall(r'data-key="([^"]*)"', html)
        assert len(keys) == len(set(keys)), address
        assert html.count("data-act=") == len(re.findall(r'data-act="[^"]*"[^>]*data-key=', html))
        ids = re.findall(r'\bid="([^"]*)"', html)
        assert len(ids) == len(set(ids)), address


def test_the_screen_carries_out_known_acts_alone(round_at):
    view = ResultsView(model_of(round_at("estimated")))
    sent = []
    view.screen.send = lambda content, buffers=None: sent.append((content, buffers))
    for content in (
        {"act": "open", "value": CODE},
        {"act": "open", "value": "x" * 500},
        {"act": "__init__", "value": ""},
        {"act": ["open"], "value": ""},
        {"act": "open", "value": {"deep": 1}},
        "open",
        None,
    ):
        view.screen._act(view.screen, content, [])
    assert [c["kind"] for c, _ in sent] == ["done"] * 7
    assert view.model.address == CODE
    assert view.screen.address == CODE


def test_the_page_cannot_be_written_from_the_browser(round_at):
    view = ResultsView(model_of(round_at("estimated")))
    before = view.screen.html
    view.screen.set_state({"html": "<script>alert(1)</script>", "address": "x"})
    assert view.screen.html == before
    assert view.screen.address == ""


def test_a_report_is_handed_to_the_browser_as_bytes(round_at):
    view = ResultsView(model_of(round_at("reported")))
    sent = []
    view.screen.send = lambda content, buffers=None: sent.append((content, buffers))
    view.model.open(f"{CODE}/reports")
    view.acts["report"](f"{CODE}_results.json")
    (content, buffers), *_ = sent
    assert content == {
        "kind": "file",
        "name": f"{CODE}_results.json",
        "media": "application/json",
    }
    assert buffers[0].startswith(b"{")
    view.acts["report"]("../round.sqlite")
    assert len(sent) == 1


def test_what_people_wrote_is_shown_as_text_and_never_as_markup(round_at):
    small = round_at("estimated")
    workflow.record_decision(
        small.by("prov"),
        small.store,
        county_code=CODE,
        approved=True,
        document="<script>alert(1)</script>",
    )
    view = ResultsView(model_of(small))
    view.model.open(CODE)
    view.draw()
    assert "<script" not in view.screen.html
    assert "&lt;script&gt;" in view.screen.html


def test_the_outcome_comes_first_and_a_number_keeps_its_sign(round_at):
    view = ResultsView(model_of(round_at("estimated")))
    view.model.open(CODE)
    view.draw()
    html = view.screen.html
    sentence = view.model.county.sentence
    assert " %" not in html
    assert html.index(sentence.replace(" %", "\u00a0%")) < html.index("<svg") < html.index("cards")
