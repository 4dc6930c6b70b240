"""The server in a browser: sign-in, first password, a page that opens, sign-out."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_sign_in_leads_to_a_page_whose_widgets_answer(served_round, page: Page):
    outside = []
    page.on("request", lambda r: outside.append(r.url))
    served_round.sign_in(page, "ins-900121-1")
    expect(page.locator(".jupyter-widgets button")).to_be_visible(timeout=30_000)
    page.click(".jupyter-widgets button")
    expect(page.get_by_text("pressed")).to_be_visible()
    own = (served_round.address, "data:", "blob:")
    assert [url for url in outside if not url.startswith(own)] == []
