"""Make the pictures of the screens in ``docs/images``, all of them in one run.

``python docs/make_pictures.py [--round FOLDER] [--out FOLDER] [--only WORD] [--screens KIND]``

They are taken in Chromium (``CHROMIUM`` names another than ``/usr/bin/chromium``) from the real
server on a small round of the tests, where an inspector makes a visit as in the tests. The results
are those of ``--round``, a copy of the demo's round (``demo/round`` after ``make demo``); without
it, of the small round. Each screen is also measured: one that scrolls sideways, or one in Chinese
that shows words of English, ends the run with its name.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from inspect_pages import Hand, make_visit, open_inspect, open_visit  # noqa: E402
from served_round import PASSWORD, ServedRound  # noqa: E402

from audit_toolkit import workflow  # noqa: E402
from audit_toolkit.model import Person, Role  # noqa: E402
from audit_toolkit.server.serving import accounts_of  # noqa: E402

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
SIZES = {1280: 800, 390: 844}
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
COUNTY = "900121"
TALLEST = 2600
WAIT = 60_000
# What is the same in both languages: names of methods and files, commands, and what people typed.
_SAVING = re.compile("正在|^Saving|^Being")
_LATIN = re.compile(r"[A-Za-z]{3,}")
_SAME = re.compile(
    r"English|audit-toolkit( [a-z]+)*|python -I \w+\.py \w+|verify_draw\.py|UTC|sha-?256"
    r"|ins-|[0-9a-f]{8,}|GPS|Clopper|Pearson|Wilson|Agresti|Coull"
    r"|NCHS|PSU|HTML|JSON|Excel|xlsx|html|json|Kish|Korn|Graubard|bootstrap|deff"
    # The demo is made in English.
    r"|Fictitious approval|Institution|Province",
    re.IGNORECASE,
)


@dataclass
class Studio:
    """Where pictures are taken and kept."""

    browser: Browser
    out: Path
    only: str
    faults: list[str]

    @contextmanager
    def window(self, language: str, width: int, *, dark: bool = False) -> Iterator[Page]:
        """Open a browser of its own in a language and width."""
        context = self.browser.new_context(
            viewport={"width": width, "height": SIZES[width]},
            locale=LOCALES[language],
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        yield context.new_page()
        context.close()

    def take(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Take a picture of what is seen, or of the whole page up to a height."""
        size = page.viewport_size
        assert size is not None
        if page.locator(".inspect .status").count():
            expect(page.locator(".inspect .status")).not_to_have_text(_SAVING, timeout=WAIT)
        if self.only in name:
            if whole:
                # Not as one long page: what stays at the foot of the window would lie across it.
                height = page.evaluate("document.documentElement.scrollHeight")
                tall = {"width": size["width"], "height": min(max(height, size["height"]), TALLEST)}
                page.set_viewport_size(tall)
            seen = Image.open(io.BytesIO(page.screenshot()))
            # A screen has few colours; a picture of few is a quarter as large.
            seen.convert("RGB").quantize(48).save(self.out / f"{name}.png", optimize=True)
            page.set_viewport_size(size)
            print(f"{name}.png", flush=True)
        self._look(page, name)

    def _look(self, page: Page, name: str) -> None:
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            self.faults.append(f"{name}: {wide} points too wide")
        if "-zh" in name:
            said = page.evaluate("document.querySelector('#rendered_cells').innerText")
            english = [w for w in _LATIN.findall(_SAME.sub("", said))]
            if english:
                self.faults.append(f"{name}: English in a Chinese screen: {sorted(set(english))}")


def inspect_pictures(studio: Studio, served: ServedRound) -> None:
    """Take the inspector's screens, each window as another inspector."""
    people = iter(f"ins-{code}-{n}" for code in ("900121", "900122", "900123") for n in (1, 2, 3))
    for language in LOCALES:
        for width in SIZES:
            with studio.window(language, width) as page:
                person, end = next(people), f"{width}-{language}"
                served.sign_in(page, person, to="apps/home")
                expect(page.locator(".at-screen h1").first).to_be_visible(timeout=WAIT)
                studio.take(page, f"home-inspector-{language}-{width}")
                page.goto(f"{served.address}apps/inspect")
                open_inspect(page)
                make_visit(Hand(page))
                studio.take(page, f"inspect-finished-{end}", whole=True)
                page.locator(".back").first.click()
                studio.take(page, f"inspect-list-{end}")
                _sections(studio, page, end)
    with studio.window("zh", 390, dark=True) as page:
        served.sign_in(page, next(people), to="apps/inspect")
        open_inspect(page)
        studio.take(page, "inspect-list-390-dark")
    with studio.window("zh", 390) as page:
        served.sign_in(page, next(people), to="apps/inspect")
        open_inspect(page)
        page.locator(".row.state-new").first.click()
        page.locator(".ways button").last.click()
        studio.take(page, "inspect-cannot-390-zh", whole=True)


def _sections(studio: Studio, page: Page, end: str) -> None:
    """Take the sections of a visit that is begun, and what is said where something is amiss."""
    open_visit(page)
    page.fill("#input-registered_count", "3")
    page.fill("#input-residents_count", "5")
    page.locator("#input-residents_count").blur()
    studio.take(page, f"inspect-composition-{end}", whole=True)
    page.locator(".back").nth(1).click()
    studio.take(page, f"inspect-tasks-{end}", whole=True)
    page.locator(".tasks .row").nth(1).click()
    for question, value in (("operation_income", "26000"), ("production_cost", "7800")):
        page.fill(f"#input-{question}", value)
    page.locator("#input-production_cost").blur()
    studio.take(page, f"inspect-income-{end}", whole=True)
    for place, section in ((5, "housing"), (6, "water")):
        page.locator(".back").nth(1).click()
        page.locator(".tasks .row").nth(place).click()
        studio.take(page, f"inspect-{section}-{end}", whole=True)
    page.locator(".back").nth(1).click()
    page.locator(".tasks .row").last.click()
    studio.take(page, f"inspect-approval-{end}", whole=True)
    page.locator(".back").nth(1).click()
    page.locator("footer button.main").click()
    page.locator("footer button.main").click()
    expect(page.locator(".summary")).to_be_focused()
    studio.take(page, f"inspect-check-summary-{end}")


def results_pictures(studio: Studio, served: ServedRound, evaluator: str = "eva") -> None:
    """Take the results as an evaluator sees them."""
    for language in LOCALES:
        for width in SIZES:
            with studio.window(language, width) as page:
                end = f"{language}-{width}"
                served.sign_in(page, evaluator, to="apps/home")
                _settled(page)
                studio.take(page, f"home-evaluator-{end}")
                page.goto(f"{served.address}apps/results")
                _settled(page)
                studio.take(page, f"results-round-{end}", whole=True)
                county = page.locator('[data-act="open"]').first.get_attribute("data-value")
                for section in ("", "rates", "found", "procedure", "risks", "provenance"):
                    page.goto("about:blank")
                    address = f"{county}/{section}" if section else county
                    page.goto(f"{served.address}apps/results#{address}")
                    _settled(page)
                    studio.take(page, f"results-{section or 'county'}-{end}", whole=True)
    with studio.window("en", 1280, dark=True) as page:
        served.sign_in(page, evaluator, to="apps/results")
        _settled(page)
        studio.take(page, "results-round-en-1280-dark", whole=True)


def report_pictures(studio: Studio, store: Path) -> None:
    """Take the first page of a county's report."""
    with studio.window("en", 1280) as page:
        page.goto(sorted((store / "reports").glob("*_en.html"))[0].as_uri())
        page.set_viewport_size({"width": 960, "height": 1200})
        studio.take(page, "report-en")


def _settled(page: Page) -> None:
    expect(page.locator(".at-screen h1").first).to_be_visible(timeout=WAIT)
    expect(page.locator(".at-screen[aria-busy]")).to_have_count(0, timeout=WAIT)


class CopiedRound(ServedRound):
    """A copy of a round that was made elsewhere, with a password for its evaluator."""

    evaluator = "eva"

    @property
    def passwords(self) -> dict[str, str]:
        """The one person who signs in."""
        return {self.evaluator: PASSWORD}


def served_copy(store: Path, folder: Path) -> CopiedRound:
    """Serve a copy of a round."""
    copy = CopiedRound(folder, "reported")
    shutil.copytree(store, copy.store)
    with workflow.open_store(copy.store) as opened:
        with opened.reading() as tx:
            people = tx.all(Person)
        copy.evaluator = next(p.person_id for p in people if p.role is Role.EVALUATOR)
        accounts = accounts_of(opened)
        first = accounts.give_first_password(copy.evaluator)
        accounts.change_password(copy.evaluator, first, PASSWORD, PASSWORD)
    copy.start()
    return copy


def main() -> None:
    """Take all pictures; end with what is wrong in them."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--round", type=Path, help="store of the demo, copied")
    asked.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    asked.add_argument("--only", default="", help="pictures whose name holds this")
    asked.add_argument("--screens", choices=("all", "inspect", "results"), default="all")
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="pictures-"))
    running: list[ServedRound] = []
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            studio = Studio(browser, given.out, given.only, [])
            if given.screens != "results":
                running.append(ServedRound(folder / "small", "released").start())
                inspect_pictures(studio, running[-1])
            if given.screens == "inspect":
                pass
            elif given.round is None:
                running.append(ServedRound(folder / "told", "reported").start())
                results_pictures(studio, running[-1])
            else:
                copy = served_copy(given.round, folder / "copy")
                running.append(copy)
                results_pictures(studio, copy, copy.evaluator)
                report_pictures(studio, given.round)
            browser.close()
    finally:
        for one in running:
            one.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if studio.faults:
        raise SystemExit("\n".join(studio.faults))


if __name__ == "__main__":
    main()
