"""The server in a browser: sign-in by keyboard in two languages, first password, sign-out."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect
from served_round import ServedRound

SIZES = [(1280, 800), (390, 844)]


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [v["id"] for v in found if v["impact"] in ("serious", "critical")]


def sideways(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def test_sign_in_by_keyboard_leads_to_a_page_whose_widgets_answer(
    served_round: ServedRound, page: Page
):
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: message.type == "error" and said.append(message.text))
    page.goto(f"{served_round.address}apps/trial")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Your identifier")).to_be_focused()
    page.keyboard.type("ins-900121-1")
    page.keyboard.press("Tab")
    page.keyboard.type(served_round.passwords["ins-900121-1"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served_round.address}apps/trial")
    expect(page.locator(".jupyter-widgets button")).to_be_visible(timeout=30_000)
    expect(page.locator("#loading")).to_have_count(0)
    page.click(".jupyter-widgets button")
    expect(page.get_by_text("pressed")).to_be_visible()
    own = (served_round.address, "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert said == []


def test_a_wrong_password_is_said_at_the_top_and_takes_the_focus(
    served_round: ServedRound, page: Page
):
    page.goto(f"{served_round.address}sign-in")
    page.get_by_label("Your identifier").fill("prov")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#summary")).to_be_focused()
    expect(page.get_by_label("Your identifier")).to_have_value("prov")
    expect(page).to_have_title("Error: Sign in to the evaluation")
    page.get_by_role("link", name="do not belong together").click()
    expect(page.get_by_label("Your identifier")).to_be_focused()
    assert serious(page) == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sign_in_page_in_both_languages(
    served_round: ServedRound, page: Page, size: tuple[int, int], scheme: str
):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{served_round.address}sign-in?next=/apps/trial")
    for other, heading in (("中文", "登录专项评估"), ("English", "Sign in to the evaluation")):
        page.get_by_role("link", name=other).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        assert serious(page) == []
        assert sideways(page) <= 0
    assert page.locator("input[name=next]").get_attribute("value") == "apps/trial"


def test_a_first_password_is_replaced_before_anything_else(served_round: ServedRound, page: Page):
    page.goto(f"{served_round.address}sign-in")
    page.get_by_label("Your identifier").fill("obs")
    page.get_by_label("Password").fill(served_round.first_password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a new password")
    assert serious(page) == []
    page.goto(f"{served_round.address}apps/trial")
    expect(page).to_have_url(f"{served_round.address}password")
    page.get_by_label("Present password").fill(served_round.first_password)
    page.get_by_label("New password", exact=True).fill("six good words for obs")
    page.get_by_label("New password once more").fill("six other words for obs")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#summary")).to_be_focused()
    expect(page.locator("#summary")).to_contain_text("differ")


def test_sign_out_closes_the_page_that_is_open_in_another_window(
    served_round: ServedRound, context: BrowserContext
):
    page, other = context.new_page(), context.new_page()
    served_round.sign_in(page, "ins-900123-2")
    expect(page.locator(".jupyter-widgets button")).to_be_visible(timeout=30_000)
    other.goto(f"{served_round.address}sign-out")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("You are signed out")
    assert serious(other) == []
    page.click(".jupyter-widgets button")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the evaluation")


def test_a_page_of_another_role_says_so(served_round: ServedRound, page: Page):
    served_round.sign_in(page, "ins-900123-2")
    page.goto(f"{served_round.address}apps/script")
    expect(page.get_by_role("heading", level=1)).to_have_text("This page is not for you")
    assert serious(page) == []
