"""An inspector's hand in the browser, and a line between browser and server that can be cut."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from rounds import GOOD_ANSWERS, FixedWorld

from audit_toolkit import workflow
from audit_toolkit.model import Draft

CHIPS = {"registered_count", "residents_count", "school_age_count", "insured_count"}
AMOUNTS = (
    "operation_income",
    "production_cost",
    "wage_income",
    "property_income",
    "transfer_income",
    "other_income",
    "one_off_income",
    "last_year_income_pc",
    "hard_spending",
)
ANSWERS: Mapping[str, str] = {
    **{q: v.removesuffix(".00") for q, v in GOOD_ANSWERS.items()},
    "school_age_count": "0",
}


class Hand:
    """Taps and types, and counts both."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0
        self.groups = 0

    def tap(self, what: str | Locator) -> None:
        self.taps += 1
        (self.page.locator(what) if isinstance(what, str) else what).click()

    def type(self, text: str) -> None:
        """Type into what has the focus and press Enter: one group of keys."""
        self.groups += 1
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def chip(self, question: str, value: str) -> None:
        self.tap(f'#question-{question} .chip:text-is("{value}")')

    def choose(self, question: str, value: str) -> None:
        self.tap(f'#question-{question} label:has(input[value="{value}"])')


def open_inspect(page: Page) -> None:
    """Wait until the app stands."""
    expect(page.locator(".inspect h1")).to_be_visible(timeout=60_000)


def open_visit(page: Page, number: int = 0) -> str:
    """Open a household of the list that is not begun, agree to begin; return its visit's id."""
    row = page.locator(".row.state-new").nth(number)
    name = row.get_attribute("data-visit")
    row.click()
    page.locator("footer button.main").click()
    expect(page.locator("#question-registered_count")).to_be_visible()
    assert name is not None
    return name


def make_visit(hand: Hand, *, photo: Path | None = None) -> str:
    """Make the next visit, from the list to the finish, as somebody who knows the form would."""
    page = hand.page
    row = page.locator(".row.state-new").first
    name = row.get_attribute("data-visit")
    assert name is not None
    hand.tap(row)
    hand.tap("footer button.main")
    for question in ("registered_count", "residents_count"):
        hand.chip(question, ANSWERS[question])
    expect(page.locator("#input-operation_income")).to_be_focused()
    for question in AMOUNTS:
        hand.type(ANSWERS[question])
    for question in ("food", "clothing"):
        hand.choose(question, ANSWERS[question])
    hand.chip("school_age_count", ANSWERS["school_age_count"])
    hand.chip("insured_count", ANSWERS["insured_count"])
    for question in ("housing_grade", *(q for q in ANSWERS if q.startswith(("water", "approval")))):
        hand.choose(question, ANSWERS[question])
    expect(page.locator("#check-summary")).to_be_attached()
    if photo is not None:
        with page.expect_file_chooser() as chosen:
            hand.tap("label.photo:has(#photo-house)")
        chosen.value.set_files(photo)
        expect(page.locator("[data-photo=stored]")).to_have_count(1, timeout=20_000)
    hand.tap("footer button.main")
    expect(page.locator(".notice.good")).to_be_visible(timeout=20_000)
    return name


def kept_draft(store_folder: Path, person: str, visit: str) -> Draft | None:
    """Return a draft as the store has it, read from outside the server."""
    with workflow.open_store(store_folder) as store:
        return workflow.load_draft(FixedWorld().context(person), store, assignment_id=visit)


def kept_value(store_folder: Path, person: str, visit: str, question: str) -> str | None:
    draft = kept_draft(store_folder, person, visit)
    answers = draft.answers if draft is not None else ()
    return next((a.value for a in answers if a.question == question), None)


class Line:
    """Passes bytes between a browser and the server, until it is cut or goes silent."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open = True
        self._silent = False
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection and take no new one."""
        self._open = False
        for pair in self._pairs:
            for end in pair:
                end.close()
        self._pairs.clear()

    def mend(self) -> None:
        self._open, self._silent = True, False

    def fall_silent(self) -> None:
        """Keep connections but pass nothing on: half-open, as when a phone leaves its network."""
        self._silent = True

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                if not self._open:
                    raise ConnectionRefusedError
                far = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                near.close()
                continue
            self._pairs.append((near, far))
            threading.Thread(target=self._pass, args=(near, far), daemon=True).start()

    def _pass(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        try:
            while True:
                for end in select.select([near, far], [], [], 0.2)[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    if not self._silent:
                        other[end].sendall(data)
        except (OSError, ValueError):
            return
        finally:
            near.close()
            far.close()
