"""Nothing typed is lost and nothing is sent twice, whatever breaks between page and store."""

from __future__ import annotations

import itertools
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from inspect_pages import Line, kept_draft, kept_value, open_inspect, open_visit
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect
from rounds import FixedWorld
from served_round import PASSWORD, ServedRound

from audit_toolkit import workflow

INSPECTORS = itertools.cycle(f"ins-900121-{n}" for n in (1, 2, 3))
FIELD = "#input-registered_count"
QUESTION = "registered_count"
SAVED = "Saved "
SOON, LATER = 5_000, 60_000


@pytest.fixture
def person() -> str:
    return next(INSPECTORS)


@pytest.fixture
def line(served_round: ServedRound) -> Iterator[Line]:
    port = int(served_round.address.rstrip("/").rpartition(":")[2])
    made = Line(port)
    yield made
    made.close()


def sign_in(page: Page, address: str, person: str) -> Page:
    page.goto(f"{address}sign-in?next=apps/inspect")
    page.fill("#name", person)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    open_inspect(page)
    return page


def device(browser: Browser) -> BrowserContext:
    return browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")


@pytest.fixture
def visiting(
    served_round: ServedRound, line: Line, context: BrowserContext, person: str
) -> tuple[Page, str]:
    """A page on the first section of a visit, over a line that can be cut."""
    page = sign_in(context.new_page(), line.address, person)
    return page, open_visit(page)


def eventually(
    is_so: Callable[[], bool],
    seconds: float = 30,
    pause: Callable[[float], None] = lambda milliseconds: time.sleep(milliseconds / 1000),
) -> None:
    """Wait until something outside the browser is so."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it did not come to be so"
        pause(100)


def status(page: Page):
    return page.locator(".status")


def is_kept(served: ServedRound, person: str, visit: str, value: str) -> Callable[[], bool]:
    return lambda: kept_value(served.store, person, visit, QUESTION) == value


def descendants(process: int) -> set[int]:
    """All processes below one, by the kernel's own list."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found, last = {process}, set()
    while found != last:
        last = set(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found - {process}


def test_what_is_typed_is_acknowledged_once_it_is_in_the_store(visiting, served_round, person):
    page, visit = visiting
    page.fill(FIELD, "3")
    expect(status(page)).to_contain_text(SAVED, timeout=SOON)
    assert is_kept(served_round, person, visit, "3")()


def test_a_visit_finished_while_a_save_is_under_way_is_handed_in_after_it(
    served_round, context, person
):
    held: list[tuple[WebSocketRoute, str | bytes]] = []
    holds: list[bool] = []

    def pass_on(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(
            lambda message: held.append((socket, message)) if holds else socket.send(message)
        )

    page = context.new_page()
    page.route_web_socket(re.compile("/channels"), pass_on)
    sign_in(page, served_round.address, person)
    visit = page.locator(".row.state-new").first.get_attribute("data-visit")
    assert visit is not None
    page.locator(".row.state-new").first.click()
    page.locator("footer button.main").click()
    expect(status(page)).to_contain_text(SAVED, timeout=SOON)
    holds.append(True)
    page.fill(FIELD, "3")
    # The messages pass through this process, which has to go on meanwhile.
    eventually(is_kept(served_round, person, visit, "3"), pause=page.wait_for_timeout)
    page.locator(".back").nth(1).click()
    page.locator("section > button.secondary").click()
    page.locator("[data-outcome=refused]").click()
    expect(page.get_by_text("Being handed in")).to_be_visible()
    holds.clear()
    for socket, message in held:
        socket.send(message)
    expect(page.locator(".notice.good")).to_be_visible(timeout=SOON)


def test_reload_comes_back_to_the_page_and_the_text(visiting):
    page, _ = visiting
    page.fill(FIELD, "3")
    page.reload()
    open_inspect(page)
    expect(page.locator(FIELD)).to_have_value("3")


def test_tab_closed_right_after_a_key_loses_nothing(visiting, served_round, line, context, person):
    page, visit = visiting
    page.fill(FIELD, "7")
    page.close()
    again = context.new_page()
    again.goto(f"{line.address}apps/inspect")
    open_inspect(again)
    eventually(is_kept(served_round, person, visit, "7"))
    again.locator(f'[data-visit="{visit}"]').click()
    again.locator(".tasks .row").first.click()
    expect(again.locator(FIELD)).to_have_value("7")


def test_cut_line_is_told_and_all_is_sent_once_when_it_is_back(
    visiting, served_round, line, person
):
    page, visit = visiting
    line.cut()
    page.fill(FIELD, "8")
    expect(status(page)).to_contain_text("No connection", timeout=20_000)
    page.fill(FIELD, "9")
    page.locator(".back").first.click()
    row = page.locator(".row.state-new").first
    other = row.get_attribute("data-visit")
    row.click()
    page.locator(".ways button").last.click()
    page.locator("[data-outcome=refused]").click()
    expect(page.locator(".notice")).to_contain_text("on this device")
    line.mend()
    expect(page.locator(".notice.good")).to_be_visible(timeout=LATER)
    eventually(is_kept(served_round, person, visit, "9"))
    with workflow.open_store(served_round.store) as store:
        me = FixedWorld().context(person)
        finding = workflow.visit_state(me, store, assignment_id=other)
    assert (finding.outcome, finding.version) == ("refused", 1)


def test_half_open_line_is_noticed(visiting, served_round, line, person):
    page, visit = visiting
    line.fall_silent()
    page.fill(FIELD, "8")
    expect(status(page)).to_contain_text("No connection", timeout=20_000)
    line.cut()
    line.mend()
    eventually(is_kept(served_round, person, visit, "8"), 60)


def test_busy_store_stops_nobody(visiting, served_round, person):
    page, visit = visiting
    lock = sqlite3.connect(served_round.store / "round.sqlite", isolation_level=None)
    try:
        lock.execute("BEGIN IMMEDIATE")
        page.fill(FIELD, "6")
        expect(status(page)).to_contain_text("busy", timeout=30_000)
        page.fill(FIELD, "5")
        expect(page.locator("#question-registered_count .chip").nth(5)).to_have_attribute(
            "aria-pressed", "true"
        )
        lock.execute("ROLLBACK")
    finally:
        lock.close()
    expect(status(page)).to_contain_text(SAVED, timeout=LATER)
    assert is_kept(served_round, person, visit, "5")()


def test_killed_kernel_reloads_the_page_and_keeps_the_text(served_round, context, person):
    before = descendants(served_round.process.pid)
    page = sign_in(context.new_page(), served_round.address, person)
    visit = open_visit(page)
    page.fill(FIELD, "4")
    (kernel,) = descendants(served_round.process.pid) - before
    with page.expect_event("load", timeout=LATER):
        os.kill(kernel, signal.SIGKILL)
        page.fill(FIELD, "2")
    open_inspect(page)
    expect(page.locator(FIELD)).to_have_value("2")
    eventually(is_kept(served_round, person, visit, "2"))


def test_server_started_again_keeps_the_text(browser: Browser, tmp_path):
    served = ServedRound(tmp_path / "small", "released").start()
    context = device(browser)
    try:
        person = "ins-900122-1"
        page = sign_in(context.new_page(), served.address, person)
        visit = open_visit(page)
        served.stop(signal.SIGKILL)
        page.fill(FIELD, "5")
        expect(status(page)).to_contain_text("No connection", timeout=20_000)
        served.start()
        page.wait_for_selector("#password, .inspect h1 >> visible=true", timeout=LATER)
        eventually(lambda: page.locator("#password").count() > 0 or bool(_value(page)), 60)
        if page.locator("#password").count():
            sign_in(page, served.address, person)
        expect(page.locator(FIELD)).to_have_value("5", timeout=LATER)
        eventually(is_kept(served, person, visit, "5"))
    finally:
        context.close()
        served.stop()


def _value(page: Page) -> str:
    field = page.locator(FIELD)
    return field.input_value() if field.count() else ""


@pytest.mark.parametrize("keep", ["mine", "other"])
def test_second_device_gets_a_conflict_and_no_text_is_lost(
    browser: Browser, served_round, person, keep
):
    first, second = device(browser), device(browser)
    try:
        here = sign_in(first.new_page(), served_round.address, person)
        visit = open_visit(here)
        there = sign_in(second.new_page(), served_round.address, person)
        there.locator(f'[data-visit="{visit}"]').click()
        there.locator(".tasks .row, .script").first.wait_for()
        if there.locator(".script").count():
            there.locator("footer button.main").click()
        else:
            there.locator(".tasks .row").first.click()
        there.fill(FIELD, "3")
        eventually(is_kept(served_round, person, visit, "3"))
        here.fill(FIELD, "4")
        expect(here.locator("[data-way=mine]")).to_be_visible(timeout=20_000)
        expect(here.locator("table")).to_contain_text("3")
        expect(here.locator("table")).to_contain_text("4")
        assert is_kept(served_round, person, visit, "3")()
        here.locator(f"[data-way={keep}]").click()
        wanted = "4" if keep == "mine" else "3"
        here.locator(".tasks .row").first.click()
        expect(here.locator(FIELD)).to_have_value(wanted)
        eventually(is_kept(served_round, person, visit, wanted))
    finally:
        first.close()
        second.close()


def test_nothing_is_saved_in_the_middle_of_a_chinese_word(visiting, served_round, person):
    page, visit = visiting
    page.locator("details.differs summary").click()
    expect(status(page)).to_contain_text(SAVED, timeout=SOON)
    page.locator("#note-composition-words").focus()
    keys = page.context.new_cdp_session(page)
    for text in ("n", "ni", "nih", "nihao"):
        keys.send("Input.imeSetComposition", {"text": text, "selectionStart": 0, "selectionEnd": 0})
    before = kept_draft(served_round.store, person, visit).sequence
    expect(status(page)).to_contain_text("Saving")
    page.wait_for_timeout(2500)
    assert kept_draft(served_round.store, person, visit).sequence == before
    on_device = page.evaluate("JSON.stringify({...localStorage})")
    assert "nihao" in on_device
    keys.send("Input.insertText", {"text": "你好"})
    expect(status(page)).to_contain_text(SAVED, timeout=SOON)
    notes = {n.question: n.value for n in kept_draft(served_round.store, person, visit).notes}
    assert notes["composition-words"] == "你好"


def test_photo_taken_without_a_line_is_sent_once_after_the_tab_was_closed(
    visiting, served_round, line, context, person, tmp_path
):
    page, visit = visiting
    picture = tmp_path / "house.jpg"
    Image.effect_noise((2400, 1800), 60).convert("RGB").save(picture)
    page.locator(".back").nth(1).click()
    line.cut()
    page.set_input_files("#photo-house", picture)
    expect(page.locator("[data-photo=waiting]")).to_have_count(1, timeout=20_000)
    page.close()
    line.mend()
    again = context.new_page()
    again.goto(f"{line.address}apps/inspect")
    open_inspect(again)

    def photos() -> int:
        with workflow.open_store(served_round.store) as store:
            me = FixedWorld().context(person)
            return len(workflow.my_photos(me, store, assignment_id=visit))

    eventually(lambda: photos() == 1)
    again.locator(f'[data-visit="{visit}"]').click()
    expect(again.locator("[data-photo=stored]")).to_have_count(1, timeout=20_000)
    again.reload()
    open_inspect(again)
    expect(again.locator("[data-photo=stored]")).to_have_count(1, timeout=20_000)
    assert photos() == 1


def test_two_people_on_one_device_see_nothing_of_each_other(browser: Browser, served_round):
    shared = device(browser)
    try:
        page = sign_in(shared.new_page(), served_round.address, "ins-900123-1")
        open_visit(page)
        page.fill(FIELD, "29")
        shared.clear_cookies()
        other = sign_in(shared.new_page(), served_round.address, "ins-900123-2")
        expect(other.locator(".row.state-new").first).to_be_visible()
        assert other.locator(".row-state", has_text="not yet sent").count() == 0
    finally:
        shared.close()
