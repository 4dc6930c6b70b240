"""An inspector's visit in a browser: whole and counted, in both languages and widths."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from inspect_pages import ANSWERS, Hand, make_visit, open_inspect, open_visit
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from audit_toolkit import workflow
from audit_toolkit.apps.inspect.view import STATIC
from audit_toolkit.fieldwork import check_visit, soft_checks
from audit_toolkit.model import Answer, Visit
from audit_toolkit.rules import load_rule_set

INSPECTORS = itertools.cycle(f"ins-{code}-{n}" for code in ("900122", "900123") for n in (1, 2, 3))
TAPS, GROUPS = 17, 9  # one an answer, and: household, consent, finish
SHAPES = {"narrow-zh": (390, 844, "zh-CN"), "wide-en": (1280, 800, "en-GB")}


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> tuple[int, int, str]:
    return SHAPES[request.param]


@pytest.fixture
def signed_in(browser: Browser, served_round, shape) -> Iterator[tuple[Page, str]]:
    width, height, locale = shape
    person = next(INSPECTORS)
    context = browser.new_context(viewport={"width": width, "height": height}, locale=locale)
    page = context.new_page()
    page.add_init_script(
        "window.errors = []; addEventListener('error', e => errors.push(e.message))"
    )
    served_round.sign_in(page, person, to="apps/inspect")
    open_inspect(page)
    yield page, person
    context.close()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Twelve million points, as a telephone takes them."""
    path = tmp_path / "house.jpg"
    Image.effect_noise((4000, 3000), 60).convert("RGB").save(path, quality=80)
    return path


def seen_well(page: Page) -> None:
    """Nothing serious for those who see, hear or move otherwise; no scrolling sideways."""
    result = Axe().run(page, options={"resultTypes": ["violations"]})
    bad = [
        (v["id"], [n["html"][:120] for n in v["nodes"]])
        for v in result.response["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert bad == []
    wide = page.evaluate(
        "Math.max(document.documentElement.scrollWidth - innerWidth,"
        " ...[...document.querySelectorAll('.inspect *')].map(e =>"
        " e.getBoundingClientRect().right - innerWidth))"
    )
    assert wide <= 0
    small = page.evaluate(
        "[...document.querySelectorAll('.inspect button, .inspect summary, .inspect label.option,"
        " .inspect label.box, .inspect input[type=text], .inspect textarea')]"
        ".map(e => [e.textContent, e.getBoundingClientRect()])"
        ".filter(([, r]) => r.width && (r.height < 44 || r.width < 44)).map(([t]) => t)"
    )
    assert small == [], "targets under 44 points"


def test_whole_visit_with_photo_is_counted_kept_and_asks_nobody_outside(
    signed_in, served_round, picture
):
    page, person = signed_in
    asked: list[str] = []
    page.evaluate("window.errors.length = 0")
    page.on("request", lambda request: asked.append(request.url))
    hand = Hand(page)
    name = make_visit(hand, photo=picture)
    assert (hand.taps, hand.groups) == (TAPS + 1, GROUPS)
    own = (served_round.address, "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert page.evaluate("window.errors") == []
    with workflow.open_store(served_round.store) as store:
        me = _context(person)
        finding = workflow.visit_state(me, store, assignment_id=name)
        (photo,) = workflow.my_photos(me, store, assignment_id=name)
    expected = {q: v for q, v in ANSWERS.items() if q != "housing_remedy"}
    assert {a.question: a.value for a in finding.answers} == expected
    assert finding.version == 1
    assert photo.size_bytes < picture.stat().st_size / 2


def test_every_screen_is_seen_well(signed_in):
    page, _ = signed_in
    seen_well(page)
    page.locator(".row.state-new").first.click()
    seen_well(page)
    page.locator(".ways button").last.click()
    seen_well(page)
    page.locator(".back").first.click()
    open_visit(page)
    page.fill("#input-registered_count", "3")
    page.fill("#input-residents_count", "30000")
    page.locator("#input-residents_count").blur()
    page.locator("details.differs summary").click()
    seen_well(page)
    page.locator("footer button.main").click()
    expect(page.locator(".summary")).to_be_focused()
    seen_well(page)
    page.locator(".summary button").click()
    expect(page.locator("#input-residents_count")).to_be_focused()
    page.fill("#input-residents_count", "5")
    page.locator("#input-residents_count").blur()
    expect(page.locator("button.confirm")).to_be_visible()
    seen_well(page)
    tasks = page.locator(".back").nth(1)
    tasks.click()
    seen_well(page)
    for place in range(8):
        page.locator(".tasks .row").nth(place).click()
        seen_well(page)
        tasks.click()
    page.locator("footer button.main").click()
    seen_well(page)
    page.locator("footer button.main").click()
    expect(page.locator(".summary")).to_be_focused()
    seen_well(page)


def test_language_changes_in_place_and_nothing_typed_is_lost(signed_in):
    page, _ = signed_in
    open_visit(page)
    page.fill("#input-registered_count", "3")
    page.fill("#input-residents_count", "2x")
    for language, title in (("en", "Household"), ("zh", "家庭人口")):
        page.locator(f"[data-language={language}]").click()
        expect(page.locator("h1")).to_have_text(title)
        expect(page.locator(f"[data-language={language}]")).to_be_focused()
        expect(page.locator("#input-registered_count")).to_have_value("3")
        expect(page.locator("#input-residents_count")).to_have_value("2x")
    page.reload()
    open_inspect(page)
    expect(page.locator("h1")).to_have_text("家庭人口")
    expect(page.locator("#input-residents_count")).to_have_value("2x")


def test_visit_can_be_made_by_keyboard_alone(signed_in):
    page, _ = signed_in
    press = page.keyboard.press
    page.locator(".row.state-new").first.focus()
    press("Enter")
    expect(page.locator(".script")).to_be_visible()
    page.locator("footer button.main").focus()
    press("Enter")
    page.locator("#input-registered_count").focus()
    page.keyboard.type("2")
    press("Enter")
    expect(page.locator("#input-residents_count")).to_be_focused()
    page.keyboard.type("2")
    press("Enter")
    expect(page.locator("#input-operation_income")).to_be_visible()
    page.locator(".back").nth(1).focus()
    press("Enter")
    page.locator(".tasks .row").nth(2).focus()
    press("Enter")
    page.locator("#question-food input").first.focus()
    press("ArrowDown")
    expect(page.locator("#question-food input").nth(1)).to_be_checked()
    press("ArrowUp")
    expect(page.locator("#question-food input").first).to_be_checked()


def test_visit_that_cannot_be_made_takes_two_taps_and_leads_on(signed_in, served_round):
    page, person = signed_in
    names = [page.locator(".row.state-new").nth(n).get_attribute("data-visit") for n in (0, 1)]
    page.locator(".row.state-new").first.click()
    hand = Hand(page)
    hand.tap(page.locator(".ways button").last)
    hand.tap("[data-outcome=refused]")
    assert hand.taps == 2
    expect(page.locator(".notice.good")).to_be_visible()
    hand.tap("footer [data-way=take-reserve]")
    expect(page.locator(".script")).to_be_visible()
    page.locator(".back").first.click()
    page.locator(".row.state-new").first.click()
    page.locator(".ways button").last.click()
    page.locator("[data-outcome=absent]").click()
    expect(page.locator(".notice.good")).to_be_visible()
    page.locator("[data-way=second-visit]").click()
    page.locator(".ways button").last.click()
    page.locator("[data-outcome=absent]").click()
    expect(page.locator("footer [data-way=take-reserve]")).to_be_visible()
    with workflow.open_store(served_round.store) as store:
        mine = workflow.my_visits(_context(person), store)
        again = workflow.visit_state(_context(person), store, assignment_id=names[1])
    assert {v.assignment_id: v.state.value for v in mine}[names[0]] == "replaced"
    assert (again.outcome, again.version) == ("absent", 2)


def test_finished_visit_is_only_corrected_with_a_reason(signed_in, served_round):
    page, person = signed_in
    hand = Hand(page)
    name = make_visit(hand)
    page.locator("[data-way=correct]").click()
    page.locator(".tasks .row").nth(2).click()
    page.locator('#question-food label:has(input[value="no"])').click()
    page.locator(".back").nth(1).click()
    page.locator("footer button.main").click()
    page.locator("footer button.main").click()
    expect(page.locator(".summary")).to_be_focused()
    page.fill("#reason", "问错了人")
    page.locator("footer button.main").click()
    expect(page.locator(".notice.good")).to_be_visible()
    with workflow.open_store(served_round.store) as store:
        corrected = workflow.visit_state(_context(person), store, assignment_id=name)
    assert (corrected.version, corrected.reason) == (2, "问错了人")
    assert {a.question: a.value for a in corrected.answers}["food"] == "no"


def test_list_leads_back_to_the_start(signed_in):
    page, _ = signed_in
    page.locator("header a").click()
    page.wait_for_url("**/apps/home")


def test_worksheet_adds_up_and_shows_no_line(signed_in):
    page, _ = signed_in
    open_visit(page)
    page.fill("#input-registered_count", "3")
    page.fill("#input-residents_count", "3")
    page.locator("footer button.main").click()
    for question, amount in {"operation_income": "1.2万", "production_cost": "2,000"}.items():
        page.fill(f"#input-{question}", amount)
    for question in ("wage_income", "property_income", "transfer_income", "other_income"):
        page.locator(f"#question-{question} .chip").click()
    expect(page.locator("[data-sum=net] dd")).to_contain_text("10,000.00")
    expect(page.locator("[data-sum=head] dd")).to_contain_text("3,333.33")
    assert "3218" not in page.content()
    assert "3,218" not in page.content()


def test_page_checks_answers_as_the_server_does(page: Page):
    """The same answers, good and bad, are given to the page's checks and to `fieldwork`'s."""
    rules = load_rule_set("cn-2019")
    form = _form(rules)
    page.goto("about:blank")
    page.add_script_tag(content=(STATIC / "rules.js").read_text(encoding="utf-8"))
    chance = random.Random(20260)
    visits = [dict(ANSWERS), *(_bent(rules, chance) for _ in range(400))]
    told = page.evaluate(
        "([form, visits]) => visits.map(a => { const given = handedIn(form, a); return ["
        "hardProblems(form, given).map(p => [p.code, p.question]),"
        "missingQuestions(form, given).map(q => q.code),"
        "softProblems(form, given).map(p => [p.code, p.question]), given] })",
        [form, visits],
    )
    for hard, missing, soft, given in told:
        visit = Visit(
            assignment_id="a",
            outcome="completed",
            answers=tuple(Answer(question=q, value=v) for q, v in given.items()),
            device_at=datetime(2020, 1, 1, tzinfo=UTC),
        )
        problems = check_visit(visit, rules).problems
        expected = {(p.code, p.column) for p in problems if p.code != "visit-answer-missing"}
        assert {tuple(p) for p in hard} == expected, given
        assert set(missing) == {p.column for p in problems if p.code == "visit-answer-missing"}
        if not (missing or hard):
            assert {tuple(p) for p in soft} == {
                (p.code, p.column) for p in soft_checks(visit, rules).problems
            }, given


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("１２３", "123"),
        ("1,234.50", "1234.50"),
        ("1，234元", "1234"),
        ("1.5万", "15000"),
        ("2万", "20000"),
        ("007", "7"),
        ("-5", "-5"),
        (".5", "0.5"),
        ("12.", "12"),
        ("4 人", "4"),
    ],
)
def test_what_people_type_becomes_plain_digits(page: Page, typed, plain):
    page.goto("about:blank")
    page.add_script_tag(content=(STATIC / "rules.js").read_text(encoding="utf-8"))
    assert page.evaluate("plainNumber", typed) == plain


def _context(person: str) -> workflow.Context:
    from rounds import FixedWorld

    return FixedWorld().context(person)


def _form(rules) -> dict[str, object]:
    from audit_toolkit.fieldwork import AT_MOST
    from audit_toolkit.workflow.forms import _question

    return {
        "questions": [workflow.to_json_value(_question(q)) for q in rules.questions],
        "parts": [{"part": part, "whole": whole} for part, whole in AT_MOST],
    }


def _bent(rules, chance: random.Random) -> dict[str, str]:
    """A visit with some of its answers missing, wrong, large or odd."""
    answers = dict(ANSWERS)
    odd = ["", "x", "-1", "0", "31", "9999999999", "1.234", "1.5", "06", "250000", "29", "A", "met"]
    questions = [q for q in rules.questions if q.code in answers or q.code == "housing_remedy"]
    for question in chance.sample(questions, chance.randint(1, 6)):
        answers[question.code] = chance.choice([*odd, *question.options, *question.options])
    return {q: v for q, v in answers.items() if v}


def test_samples_of_odd_answers_are_odd_enough():
    rules = load_rule_set("cn-2019")
    chance = random.Random(20260)
    codes = set(
        itertools.chain.from_iterable(
            [p.code for p in (*check_visit(v, rules).problems, *soft_checks(v, rules).problems)]
            for v in (replace(_visit(_bent(rules, chance)), assignment_id="a") for _ in range(400))
        )
    )
    assert len(codes) >= 10


def _visit(answers: dict[str, str]) -> Visit:
    return Visit(
        assignment_id="a",
        outcome="completed",
        answers=tuple(Answer(question=q, value=v) for q, v in answers.items()),
        device_at=datetime(2020, 1, 1, tzinfo=UTC),
    )
