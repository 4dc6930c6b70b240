"""How fast a page opens and what a session costs: our server beside plain Voila, Solara, Panel.

``python benchmarks/serve_bench.py [--rivals VENV] [--sessions 1,5,20] [--out FILE]``

All run the same small app (a pandas table, a button that answers) one after another, in one
Chromium on this machine. "First widget": from the request until the button stands; "interactive":
until a click on it has been answered. ``--rivals`` names a virtual environment with solara[assets]
and panel; without it plain Voila alone stands beside. Times depend on the machine, ratios less.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier
from typing import Any

import nbformat
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from attackers import Visitor, kernel_of  # noqa: E402  (from the tests' folder, named just above)

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing leaves this machine. Not by routing in the driver: that turns the cache off.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
SLOW_LINE = {"offline": False, "latency": 150, "downloadThroughput": 200_000}
SLOW_LINE |= {"uploadThroughput": 200_000}

FRAME = "pd.DataFrame({'county': list('abcde'), 'rate': [0.1, 0.2, 0.4, 0.8, 1.6]})"
VOILA_APP = f"""import pandas as pd
import ipywidgets as w
button, line = w.Button(description="press"), w.Label("not yet")
button.on_click(lambda _: setattr(line, "value", "pressed"))
table = w.HTML({FRAME}.to_html())
w.VBox([button, line, table])"""
SOLARA_APP = f"""import pandas as pd
import solara

@solara.component
def Page():
    line, set_line = solara.use_state("not yet")
    solara.Button("press", on_click=lambda: set_line("pressed"))
    solara.Text(line)
    solara.HTML(unsafe_innerHTML={FRAME}.to_html())
"""
PANEL_APP = f"""import pandas as pd
import panel as pn

button = pn.widgets.Button(name="press")
line = pn.pane.Str("not yet")
button.on_click(lambda _: setattr(line, "object", "pressed"))
pn.Column(button, line, pn.pane.HTML({FRAME}.to_html())).servable()
"""


@dataclass
class Server:
    """One server under measurement."""

    name: str
    address: str
    button: str
    process: subprocess.Popen[bytes]
    cookies: Callable[[int], list[dict[str, Any]]] = lambda _: []
    measured: dict[str, float] = field(default_factory=dict)

    def stop(self) -> None:
        """Stop it by its own process."""
        self.process.terminate()
        self.process.wait(timeout=30)

    def bytes_held(self) -> int:
        """Memory of the server and all below it; what several share is counted once.

        Not what each has to itself: pages of the warm process count as shared once a fork has them.
        """
        listed = subprocess.run(
            ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
        ).stdout
        pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
        below = {self.process.pid}
        while more := {pid for pid, parent in pairs if parent in below} - below:
            below |= more
        return sum(_share(pid) for pid in below)


def _share(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _start(
    words: list[str], folder: Path, name: str, **environment: str
) -> subprocess.Popen[bytes]:
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            words, cwd=folder, stdout=log, stderr=log, env={**os.environ, **environment}
        )


def _wait(address: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            Visitor(address).get("/")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"nothing answers at {address}")


def start_ours(folder: Path) -> Server:
    """Start our server on a small round; each session is another person's."""
    from served_round import ServedRound, everybody_signing_in

    served = ServedRound(folder / "ours", "opened", {"trial_app": VOILA_APP}).start()
    people = everybody_signing_in()
    assert served.process is not None

    def cookies(number: int) -> list[dict[str, Any]]:
        person = people[number % len(people)]
        visitor = Visitor(served.address)
        visitor.sign_in(person, served.passwords[person])
        return [
            {"name": name, "value": value, "url": served.address}
            for name, value in visitor.cookies.items()
        ]

    address = f"{served.address}apps/trial"
    return Server("ours", address, ".jupyter-widgets button", served.process, cookies)  # type: ignore[arg-type]


def start_voila(folder: Path) -> Server:
    """Start Voila as it comes."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(VOILA_APP)])
    nbformat.write(notebook, folder / "app.ipynb")
    port = _free_port()
    words = [sys.executable, "-P", "-m", "voila", "app.ipynb", "--no-browser", f"--port={port}"]
    process = _start(words, folder, "voila")
    _wait(f"http://127.0.0.1:{port}/")
    return Server("plain Voila", f"http://127.0.0.1:{port}/", ".jupyter-widgets button", process)


def start_solara(folder: Path, rivals: Path) -> Server:
    """Start Solara from the other environment."""
    (folder / "solara_app.py").write_text(SOLARA_APP, encoding="utf-8")
    port = _free_port()
    words = [str(rivals / "bin" / "solara"), "run", "solara_app.py", f"--port={port}"]
    process = _start([*words, "--no-open", "--production"], folder, "solara")
    _wait(f"http://127.0.0.1:{port}/")
    return Server("Solara", f"http://127.0.0.1:{port}/", "button:has-text('press')", process)


def start_panel(folder: Path, rivals: Path) -> Server:
    """Start Panel from the other environment."""
    (folder / "panel_app.py").write_text(PANEL_APP, encoding="utf-8")
    port = _free_port()
    words = [str(rivals / "bin" / "panel"), "serve", "panel_app.py", f"--port={port}"]
    process = _start(words, folder, "panel", BOKEH_RESOURCES="server")
    _wait(f"http://127.0.0.1:{port}/panel_app")
    return Server(
        "Panel", f"http://127.0.0.1:{port}/panel_app", "button:has-text('press')", process
    )


async def one_session(page: Page, server: Server) -> tuple[float, float, float]:
    """Return seconds until something is painted, the button stands, its click is answered."""
    begun = time.monotonic()
    await page.goto(server.address, wait_until="commit")
    painted = time.monotonic() - begun
    button = page.locator(server.button).first
    await button.wait_for(state="visible", timeout=240_000)
    stands = time.monotonic() - begun
    await button.click()
    await page.get_by_text("pressed").first.wait_for(timeout=240_000)
    return painted, stands, time.monotonic() - begun


async def visitor(browser: Browser, server: Server, number: int) -> BrowserContext:
    """Return a new browser profile, signed in where that is needed; nothing leaves the machine."""
    context = await browser.new_context()
    context.set_default_timeout(240_000)
    found = await asyncio.to_thread(server.cookies, number)
    if found:
        await context.add_cookies(found)  # type: ignore[arg-type]
    return context


async def settled(server: Server) -> int:
    """Return the memory held once what was left behind by pages that were closed is gone."""
    held, before = server.bytes_held(), 0
    while abs(held - before) > 1e6:
        await asyncio.sleep(1)
        held, before = server.bytes_held(), held
    return held


async def measure(browser: Browser, server: Server, counts: list[int]) -> None:
    """Measure one server."""
    warm = await visitor(browser, server, 0)
    page = await warm.new_page()
    first = await one_session(page, server)
    server.measured["cold cache: first widget"] = first[1]
    server.measured["cold cache: interactive"] = first[2]
    again = []
    for _ in range(3):
        await page.goto("about:blank")
        again.append(await one_session(page, server))
    server.measured["warm cache: first widget"] = statistics.median(t[1] for t in again)
    server.measured["warm cache: interactive"] = statistics.median(t[2] for t in again)
    await warm.close()
    for count in counts:
        before = await settled(server)
        contexts = [await visitor(browser, server, n) for n in range(count)]
        pages = [await context.new_page() for context in contexts]
        times = await asyncio.gather(*(one_session(page, server) for page in pages))
        after = server.bytes_held()
        server.measured[f"{count} at once: answer begins, slowest"] = max(t[0] for t in times)
        server.measured[f"{count} at once: interactive, median"] = statistics.median(
            t[2] for t in times
        )
        server.measured[f"{count} at once: interactive, slowest"] = max(t[2] for t in times)
        server.measured[f"{count} at once: MB a session"] = (after - before) / count / 1e6
        for context in contexts:
            await context.close()
    await slow_line(browser, server)


async def slow_line(browser: Browser, server: Server) -> None:
    """Measure a first and a next load over 1.6 Mbit/s and 150 ms."""
    context = await visitor(browser, server, 1)
    page = await context.new_page()
    line = await context.new_cdp_session(page)
    await line.send("Network.enable")
    await line.send("Network.emulateNetworkConditions", SLOW_LINE)
    server.measured["slow line: first load"] = (await one_session(page, server))[1]
    await page.goto("about:blank")
    server.measured["slow line: next load"] = (await one_session(page, server))[1]
    await context.close()


def server_side(server: Server, counts: list[int]) -> None:
    """Measure Voila's kind without a browser: request to whole page to a click answered."""

    def one(number: int) -> tuple[float, float, float]:
        parts = server.address.split("/", 3)
        mine = Visitor("/".join(parts[:3]) + "/")
        mine.cookies = {c["name"]: c["value"] for c in server.cookies(number)}
        ready.wait()
        begun = time.monotonic()
        answer = mine.get("/" + parts[3])
        whole = time.monotonic() - begun
        with mine.channel(kernel_of(answer)) as channel:
            channel.click(channel.widget(description="press"))
            while not any(s.get("value") == "pressed" for s in channel.states().values()):
                pass
            return answer.began, whole, time.monotonic() - begun

    for count in counts:
        ready = Barrier(count)
        with ThreadPoolExecutor(count) as pool:
            times = list(pool.map(one, range(count)))
        for place, what in enumerate(("answer begins", "page whole", "click answered")):
            name = f"{count} at once, without a browser: {what}, slowest"
            server.measured[name] = max(t[place] for t in times)


async def run(folder: Path, rivals: Path | None, counts: list[int], *, alone: bool) -> list[Server]:
    """Measure all servers, one running at a time."""
    starts: list[Callable[[], Server]] = [lambda: start_ours(folder)]
    if not alone:
        starts.append(lambda: start_voila(folder))
    if rivals is not None:
        starts += [lambda: start_solara(folder, rivals), lambda: start_panel(folder, rivals)]
    servers = []
    async with async_playwright() as play:
        for start in starts:
            server = await asyncio.to_thread(start)
            browser = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            try:
                await measure(browser, server, counts)
                if "oila" in server.name or server.name == "ours":
                    await asyncio.to_thread(server_side, server, counts)
            finally:
                await browser.close()
                server.stop()
            servers.append(server)
            print(f"{server.name}: measured", flush=True)
    return servers


def table(servers: list[Server]) -> str:
    """Return the figures, and how many times as long the others take."""
    ours = servers[0]
    lines = ["| | " + " | ".join(s.name for s in servers) + " |"]
    lines.append("|---" * (len(servers) + 1) + "|")
    for name, own in ours.measured.items():
        cells = [f"{own:.2f}"]
        for other in servers[1:]:
            value = other.measured.get(name)
            cells.append("-" if value is None else f"{value:.2f} ({value / own:.1f}x)")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--rivals", type=Path, help="environment with solara and panel")
    asked.add_argument("--sessions", default="1,5,20")
    asked.add_argument("--alone", action="store_true", help="our server and no other")
    asked.add_argument("--out", type=Path, help="file for the figures (JSON)")
    given = asked.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="serve-bench-"))
    try:
        counts = [int(part) for part in given.sessions.split(",")]
        servers = asyncio.run(run(folder, given.rivals, counts, alone=given.alone))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(table(servers))
    if given.out:
        found = {s.name: s.measured for s in servers}
        given.out.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
