"""Results and start in Chromium: each person's path, both languages, narrow, nothing outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect
from rounds import COUNTIES, FixedWorld

from audit_toolkit import workflow
from audit_toolkit.apps.results.model import SECTIONS

CODE = COUNTIES[0].county_code
NAME = COUNTIES[0].name
INSPECTOR = f"ins-{CODE}-1"
WAIT = 60_000


@pytest.fixture(scope="module")
def served(serve_round: Callable[..., Any]) -> Any:
    return serve_round("reported")


@pytest.fixture
def asked(context: BrowserContext) -> list[str]:
    """Every address that the browser asks for."""
    addresses: list[str] = []
    context.on("request", lambda request: addresses.append(request.url))
    return addresses


def enter(served: Any, page: Page, person: str, app: str) -> None:
    served.sign_in(page, person, to=f"apps/{app}")
    expect(page.locator(".at-screen h1").first).to_be_visible(timeout=WAIT)


def settled(page: Page) -> None:
    expect(page.locator(".at-screen[aria-busy]")).to_have_count(0, timeout=WAIT)


def press(page: Page, key: str) -> None:
    page.locator(f'[data-key="{key}"]').click()
    settled(page)


def is_narrow(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def grave(page: Page) -> list[str]:
    """What axe finds serious or critical."""
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {v['nodes'][0]['html'][:200]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


def nothing_outside(served: Any, asked: list[str]) -> bool:
    own = (served.address, served.address.replace("http", "ws"), "data:", f"blob:{served.address}")
    return all(address.startswith(own) for address in asked)


def test_an_evaluator_goes_from_the_round_to_a_rate_and_takes_a_report_along(served, page, asked):
    enter(served, page, "eva", "results")
    expect(page.locator("h1")).to_contain_text("Round")
    expect(page.locator(".counties > li")).to_have_count(3)
    assert is_narrow(page)
    assert grave(page) == []

    press(page, f"county-{CODE}")
    expect(page.locator("h1")).to_have_text(NAME)
    expect(page.locator(".panel .kind")).to_be_visible()
    assert page.url.endswith(f"#{CODE}")
    assert page.evaluate("document.activeElement.tagName") == "H1"

    for section in SECTIONS[1:]:
        press(page, f"section-{section}")
        expect(page.locator(f'[data-key="section-{section}"][aria-current="page"]')).to_be_visible()
        assert is_narrow(page), section
        assert grave(page) == [], section

    with page.expect_download() as waiting:
        page.locator(f'[data-key="report-{CODE}_report_en.html"]').click()
    assert waiting.value.suggested_filename == f"{CODE}_report_en.html"

    press(page, "section-rates")
    press(page, "rate-omission_rate")
    press(page, "unit-households")
    assert page.locator('[data-key="unit-households"]').get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.activeElement.dataset.key") == "unit-households"
    page.go_back()
    expect(
        page.locator('[data-key="rate-wrongful_exit_rate"][aria-pressed="true"]')
    ).to_be_visible()
    assert nothing_outside(served, asked)


def test_the_language_changes_in_place_and_a_loaded_page_keeps_its_place(served, page):
    enter(served, page, "eva", "results")
    press(page, f"county-{CODE}")
    press(page, "section-risks")
    press(page, "language")
    expect(page.locator('[data-key="section-risks"]')).to_have_text("风险与假设")
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    assert is_narrow(page)
    assert grave(page) == []
    page.reload()
    expect(page.locator('[data-key="section-risks"][aria-current="page"]')).to_be_visible(
        timeout=WAIT
    )
    expect(page.locator('[data-key="section-risks"]')).to_have_text("风险与假设")


def test_the_province_reads_and_is_told_who_writes_reports(served, page):
    enter(served, page, "prov", "home")
    expect(page.locator(".waiting-cards")).to_contain_text("wait for the province's decision")
    page.locator("a.door").click()
    expect(page.locator(".counties > li").first).to_be_visible(timeout=WAIT)
    press(page, f"county-{CODE}")
    press(page, "section-reports")
    expect(page.locator("main")).to_contain_text("Reports are written by an evaluator")
    expect(page.locator('[data-act="write"]')).to_have_count(0)


def test_an_inspector_opens_neither_page_nor_call(served, page):
    enter(served, page, INSPECTOR, "home")
    expect(page.locator('a[href="results"]')).to_have_count(0)
    answer = page.goto(f"{served.address}apps/results")
    assert answer is not None
    assert answer.status == 403
    with workflow.open_store(served.store) as store:
        context = FixedWorld().context(INSPECTOR)
        for call, arguments in (
            ("round_page", {"language": "en"}),
            ("county_page", {"county_code": CODE, "language": "en"}),
            ("village_counts_found", {"county_code": CODE}),
            ("report_file", {"county_code": CODE, "name": f"{CODE}_report_en.html"}),
        ):
            refused = workflow.perform(context, store, call, arguments)
            assert refused["error"] == "permission-refused", call


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_the_start_is_narrow_and_in_the_visitor_s_language(served, browser, language):
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale=language)
    page = context.new_page()
    enter(served, page, "eva", "home")
    words = {"zh-CN": "待办事项", "en-GB": "What waits for you"}[language]
    expect(page.locator("h2").first).to_have_text(words)
    assert is_narrow(page)
    assert grave(page) == []
    page.get_by_role("link", name={"zh-CN": "退出登录", "en-GB": "Sign out"}[language]).click()
    expect(page.locator("form button")).to_be_visible()
    context.close()


def test_everything_is_reached_by_keyboard_and_printing_leaves_controls_out(served, page):
    enter(served, page, "eva", "results")
    page.locator(f'[data-key="county-{CODE}"]').focus()
    page.keyboard.press("Enter")
    settled(page)
    expect(page.locator("h1")).to_have_text(NAME)
    page.emulate_media(media="print")
    expect(page.locator(".at-bar")).to_be_hidden()
    expect(page.locator(".sections")).to_be_hidden()
    foot = page.locator("main > .note").last
    expect(foot).to_contain_text("Shown as of")
    expect(foot.locator(".print-only")).to_be_visible()
    expect(foot).to_contain_text("journal")


def test_dark_and_without_motion_it_keeps_its_contrast(served, browser):
    context = browser.new_context(
        viewport={"width": 1280, "height": 800},
        locale="en-GB",
        color_scheme="dark",
        reduced_motion="reduce",
    )
    page = context.new_page()
    enter(served, page, "eva", "results")
    assert grave(page) == []
    press(page, f"county-{CODE}")
    assert grave(page) == []
    context.close()
