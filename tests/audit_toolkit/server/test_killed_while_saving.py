"""Inspectors save while the server is killed and started again: what was acknowledged is there.

The savers' own files say what was acknowledged; they live outside the process that is killed.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from savers import Saver

from audit_toolkit import workflow
from audit_toolkit.machine import machine_context

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 120


class KilledServer:
    """The server as a process that is killed, never asked to stop."""

    def __init__(self, folder: Path, inspectors: int, part: str) -> None:
        self.folder = folder
        self.doors = folder / "doors.json"
        self._command = [
            sys.executable,
            str(ROOT / "tests" / "saving_server.py"),
            str(folder),
            str(inspectors),
            part,
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        with (self.folder.parent / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env={**os.environ, "PYTHONPATH": paths, "TMPDIR": str(self.folder.parent)},
            )
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, self.log
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.05)

    def _answers(self) -> bool:
        if self._process is None or not self.doors.exists():
            return False
        told = json.loads(self.doors.read_text(encoding="utf-8"))
        return bool(told["process"] == self._process.pid)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=30)
            self._process = None

    @property
    def log(self) -> str:
        return (self.folder.parent / "server.log").read_text(encoding="utf-8")


def save_and_kill(
    folder: Path, *, inspectors: int, seconds: float, kills: int, part: str
) -> list[Saver]:
    """Let inspectors save for so long while the server is killed so often; return them.

    The seconds are those in which the server runs; its starts come on top.
    """
    server = KilledServer(folder / "served", inspectors, part)
    stop = threading.Event()
    try:
        server.start()
        names = json.loads(server.doors.read_text(encoding="utf-8"))["capabilities"]
        assert len(names) == inspectors
        savers = [
            Saver(name, server.doors, folder / f"{name}.acknowledged", stop) for name in names
        ]
        for saver in savers:
            saver.start()
        for _ in range(kills):
            time.sleep(seconds / (kills + 1))
            server.kill()
            server.start()
        time.sleep(seconds / (kills + 1))
        stop.set()
        for saver in savers:
            saver.join(timeout=60)
            assert not saver.is_alive()
    finally:
        stop.set()
        server.kill()
    for saver in savers:
        if saver.failure is not None:
            raise saver.failure
    return savers


def acknowledged_in(folder: Path) -> list[dict[str, Any]]:
    return [
        {"inspector": path.stem, **json.loads(line)}
        for path in sorted(folder.glob("*.acknowledged"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def check_what_is_kept(folder: Path) -> dict[str, int]:
    """Hold the round against the savers' files; return how much was looked at."""
    known = acknowledged_in(folder)
    visits = [(e["visit"], e["device_at"]) for e in known if "visit" in e]
    drafts = {e["draft"]: e for e in known if "draft" in e}  # the last of each is kept
    with workflow.open_store(folder / "served" / "round") as store:
        admin = machine_context("admin")
        state = workflow.verify_journal(admin, store)
        entries = [json.loads(line) for line in workflow.export_journal(admin, store).splitlines()]
        with store.reading() as tx:
            kept = [f for a in {a for a, _ in visits} for f in tx.finding_versions(a)]
            held = {a: tx.draft(entry["inspector"], a) for a, entry in drafts.items()}
    found = Counter((f.visit.assignment_id, f.visit.device_at.isoformat()) for f in kept)
    assert set(visits) <= set(found)
    assert set(found.values()) <= {1}
    for assignment_id, entry in drafts.items():
        draft = held[assignment_id]
        assert draft.number >= entry["number"]
        assert draft.sequence == draft.number
        assert draft.answers[0].value == str(draft.number)
    journalled = Counter(
        (e["subject"], e["detail"]["version"])
        for e in entries
        if e["action"] in ("record-visit", "correct-visit")
    )
    assert journalled == Counter((f.visit.assignment_id, f.version) for f in kept)
    assert state.entries == len(entries)
    return {
        "drafts": sum("draft" in e for e in known),
        "visits": len(visits),
        "unanswered and kept": len(found) - len(visits),
        "journal": state.entries,
    }


def check_the_file(folder: Path) -> None:
    with sqlite3.connect(folder / "served" / "round" / "round.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def check_that_a_loss_is_seen(folder: Path) -> None:
    """One more acknowledgement than saves, of each kind, and the check above says so."""
    path = sorted(folder.glob("*.acknowledged"))[0]
    told = path.read_text(encoding="utf-8")
    entries = [json.loads(line) for line in told.splitlines()]
    draft = next(e for e in entries if "draft" in e)
    visit = next(e for e in entries if "visit" in e)
    for lost in ({**draft, "number": 10**6}, {**visit, "device_at": "1999-01-01T00:00:00+00:00"}):
        path.write_text(told + json.dumps(lost) + "\n", encoding="utf-8")
        with pytest.raises(AssertionError):
            check_what_is_kept(folder)
    path.write_text(told, encoding="utf-8")


@pytest.mark.parametrize(
    ("inspectors", "seconds", "kills", "part"),
    [
        pytest.param(10, 6, 2, "calls", id="ten inspectors"),
        pytest.param(50, 60, 8, "whole", id="fifty inspectors", marks=pytest.mark.slow),
    ],
)
def test_every_acknowledged_save_outlives_a_killed_server(
    inspectors: int, seconds: int, kills: int, part: str, tmp_path: Path
):
    savers = save_and_kill(tmp_path, inspectors=inspectors, seconds=seconds, kills=kills, part=part)
    counted = sum((saver.counts for saver in savers), Counter())
    assert counted["server-unreachable"] > 0
    looked_at = check_what_is_kept(tmp_path)
    assert looked_at["drafts"] > 0
    assert looked_at["visits"] > 0
    check_the_file(tmp_path)
    check_that_a_loss_is_seen(tmp_path)
    print(f"\n{inspectors} inspectors, {seconds} s, {kills} kills: {looked_at}, {dict(counted)}")
