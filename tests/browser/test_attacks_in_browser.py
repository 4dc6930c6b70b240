"""Attacks that only a browser shows; each first succeeds against plain Voila."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attackers import Control, Visitor
from playwright.sync_api import BrowserContext, Page, expect
from rounds import PLANTED
from serve_small import write_notebooks
from served_round import ServedRound

SCRIPTED = "1234"
NAIVE = """import ipywidgets as w
filed = w.Text(value="7777.77 exited", layout=w.Layout(display="none"))
w.VBox([w.Label("household 1 of 22"), filed])"""


@pytest.fixture(scope="module")
def voila(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    import nbformat

    folder = tmp_path_factory.mktemp("plain")
    write_notebooks(folder)
    naive = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(NAIVE, id="cell")])
    nbformat.write(naive, folder / "naive.ipynb")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    control = Control.start(["voila", str(folder), "--no-browser", f"--port={port}"], folder, port)
    yield control
    control.stop()


def without_outside(context: BrowserContext, own: str) -> None:
    """Plain Voila asks for fonts outside; they are not waited for."""
    context.route(
        lambda url: not url.startswith((own, "data:", "blob:")), lambda route: route.abort()
    )


def test_a_script_stored_in_a_households_name(
    voila: Control, served_round: ServedRound, context: BrowserContext
):
    plain = context.new_page()
    without_outside(context, voila.address)
    plain.goto(f"{voila.address}voila/render/script.ipynb")
    expect(plain).to_have_title(SCRIPTED, timeout=30_000)
    context.unroute_all()

    page = context.new_page()
    served_round.sign_in(page, "eva", to="apps/script")
    expect(page.locator(".jupyter-widgets b")).to_be_visible(timeout=30_000)
    expect(page.locator("#loading")).to_have_count(0)
    assert page.title() == "Trial"


def test_a_page_framed_by_another_site(served_round: ServedRound, context: BrowserContext):
    """The control is a form without our headers, framed by the same page."""
    framing = f"""<iframe src="{served_round.address}sign-in" name="ours"></iframe>
        <iframe src="/plain" name="plain"></iframe>"""

    class Evil(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            plain = '<input id="password">'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write((plain if self.path == "/plain" else framing).encode())

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Evil) as evil:
        threading.Thread(target=evil.serve_forever, daemon=True).start()
        page = context.new_page()
        page.goto(f"http://localhost:{evil.server_address[1]}/")
        frames = {frame.name: frame for frame in page.frames}
        assert frames["plain"].locator("#password").count() == 1
        assert frames["ours"].locator("#password").count() == 0
        evil.shutdown()
    direct = context.new_page()
    direct.goto(f"{served_round.address}sign-in")
    expect(direct.locator("#password")).to_be_visible()


@pytest.fixture
def sign_in() -> Callable[[ServedRound, str], Visitor]:
    def one(served: ServedRound, person_id: str) -> Visitor:
        visitor = Visitor(served.address)
        assert visitor.sign_in(person_id, served.passwords[person_id]).status == 303
        return visitor

    return one


def test_filed_values_in_any_byte_that_an_inspector_can_obtain(
    voila: Control, served_round: ServedRound, sign_in: Callable[..., Visitor], page: Page
):
    """Page, every state of every widget, what clicking through brings, and other addresses."""
    plain = Visitor(voila.address)
    with plain.channel(plain.kernel("/voila/render/naive.ipynb")) as channel:
        assert "7777.77 exited" in json.dumps(channel.states())

    mine = sign_in(served_round, "ins-900121-1")
    obtained = []
    for path in ("/apps/home", "/apps/inspect"):
        answer = mine.get(path)
        assert answer.status == 200
        obtained.append(answer.text)
        with mine.channel(mine.kernel(path)) as channel:
            obtained.append(json.dumps(channel.states(), ensure_ascii=False))
            obtained.append(channel.heard())
    for path in ("/apps/results", "/evidence/x/" + "0" * 64, "/reports/900121_report.html", "/"):
        obtained.append(mine.get(path).text)
    heard: list[str] = []
    page.on(
        "websocket",
        lambda s: s.on(
            "framereceived",
            lambda data: heard.append(data if isinstance(data, str) else data.decode("latin-1")),
        ),
    )
    served_round.sign_in(page, "ins-900121-1", to="apps/inspect")
    expect(page.locator("#loading")).to_have_count(0, timeout=30_000)
    page.get_by_text("户主").first.click()
    page.wait_for_load_state("networkidle")
    everything = "\n".join([*obtained, *heard, page.content()])
    assert "户主" in everything
    for value in PLANTED:
        assert value not in everything
    for word in ("exited", "still-poor", "unregistered", "stratum", "filed", "poverty_line"):
        assert word not in everything, word


def test_the_sign_in_pages_address_bar_never_shows_another_host(
    served_round: ServedRound, page: Page
):
    for elsewhere in ("/%09/evil.example", "//evil.example", "/%5Cevil.example"):
        page.goto(f"{served_round.address}sign-in?next={elsewhere}")
        page.fill("#name", "ins-900123-3")
        page.fill("#password", served_round.passwords["ins-900123-3"])
        page.click("button[type=submit]")
        page.wait_for_url(f"{served_round.address}apps/home")
        page.context.clear_cookies()


def test_scripts_cannot_read_the_ticket(served_round: ServedRound, page: Page, tmp_path: Path):
    served_round.sign_in(page, "ins-900123-3")
    assert "audit-ticket" not in page.evaluate("document.cookie")
    kept = {c["name"]: c for c in page.context.cookies()}
    assert kept["audit-ticket"]["httpOnly"]
    assert kept["audit-ticket"]["sameSite"] == "Lax"
