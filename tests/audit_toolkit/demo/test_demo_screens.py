"""The demo's last step: both rounds served, people let in with the passwords it printed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from attackers import Visitor
from demo_run import demo_run

from audit_toolkit.cli.door import run

ROOT = Path(__file__).resolve().parents[3]
START = (
    "import sys; from pathlib import Path; from audit_toolkit.cli.demo_screens import serve_demo; "
    "serve_demo(Path(sys.argv[1]), seed='demo')"
)
CHOSEN = "four good words here"


class Screens:
    """A demo whose screens are served: its folder, its process, and what it printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        env = {k: v for k, v in os.environ.items() if not k.startswith("AUDIT_TOOLKIT_")}
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", START, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**env, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            text=True,
            encoding="utf-8",
        )
        self.told = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told += line
            if "Ctrl+C" in line:
                break

    @property
    def addresses(self) -> list[str]:
        return re.findall(r"http://\S+", self.told)

    @property
    def accounts(self) -> list[tuple[str, str, str]]:
        """Address, person and first password of each account that was printed."""
        found, address = [], ""
        for line in self.told.splitlines():
            address = next(iter(re.findall(r"http://\S+", line)), address)
            match = re.search(r"sign in as (\S+), first password (\S+)", line)
            if match:
                found.append((address, *match.groups()))
        return found


@pytest.fixture(scope="module")
def screens(tmp_path_factory):
    folder = tmp_path_factory.mktemp("screens") / "demo"
    shutil.copytree(demo_run(tmp_path_factory).folder, folder)
    one = Screens(folder)
    yield one
    if one.process.poll() is None:
        one.process.terminate()
        one.process.wait(timeout=60)
    one.process.stdout.close()


def visitor_at(address: str) -> tuple[Visitor, str]:
    """A visitor, and the path under which the apps are there."""
    parts = urlsplit(address)
    return Visitor(f"{parts.scheme}://{parts.netloc}/"), parts.path


def test_addresses_accounts_and_passwords_are_printed(screens):
    people = [person for _, person, _ in screens.accounts]
    assert people[:2] == ["evaluator", "province"], screens.told
    assert people[2].startswith("inspector-")
    assert len({address for address, _, _ in screens.accounts}) == 2


def let_in(screens: Screens) -> None:
    """Everybody signs in with what was printed, chooses a password, and opens the own page."""
    for address, person, password in screens.accounts:
        visitor, base = visitor_at(address)
        wrong = visitor.sign_in(person, password + "x", f"{base}sign-in")
        assert wrong.status == 401, person
        right = visitor.sign_in(person, password, f"{base}sign-in")
        assert (right.status, right.headers["location"]) == (303, f"{base}password")
        changed = visitor.post(f"{base}password", old=password, new=CHOSEN, again=CHOSEN)
        assert changed.status == 303, changed.text
        page = "apps/inspect" if person.startswith("inspector-") else "apps/results"
        assert visitor.get(f"{base}{page}").status == 200, person


def keep_cookies_apart(screens: Screens) -> None:
    """A browser keeps cookies by machine and path, whatever the port."""
    paths = set()
    for address in screens.addresses:
        visitor, base = visitor_at(address)
        shown = visitor.get(f"{base}sign-in")
        assert f"path={base.lower()}" in shown.headers["set-cookie"].lower()
        paths.add(base)
    assert len(paths) == 2
    assert not any(a != b and a.startswith(b) for a in paths for b in paths)


def refuse_removal(screens: Screens, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--out", str(screens.folder), "--fresh"]) == 1
    assert "Ctrl+C" in capsys.readouterr().err
    assert (screens.folder / "round").is_dir()


def end_by_ctrl_c(screens: Screens) -> None:
    started = psutil.Process(screens.process.pid).children(recursive=True)
    # Two servers, the warm process of each, and kernels of the pages that were opened.
    assert len(started) > 4, started
    screens.process.send_signal(signal.SIGINT)
    assert screens.process.wait(timeout=60) == 0
    left = screens.process.stdout.read()
    assert "Stopped." in left
    assert "Traceback" not in left
    _, alive = psutil.wait_procs(started, timeout=10)
    assert not alive
    for address in screens.addresses:
        with socket.socket() as trial:
            assert trial.connect_ex(("127.0.0.1", urlsplit(address).port)) != 0


def test_people_are_let_in_until_ctrl_c_ends_servers_and_kernels(screens, capsys):
    let_in(screens)
    keep_cookies_apart(screens)
    refuse_removal(screens, capsys)
    end_by_ctrl_c(screens)
