"""Inspectors save while the server is killed and started again: what was acknowledged is there."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rounds import GOOD_ANSWERS
from saving_round import build_busy

from audit_toolkit import workflow
from audit_toolkit.apps._shared.gate import SocketGate
from audit_toolkit.errors import OperatorError
from audit_toolkit.machine import machine_context
from audit_toolkit.model import Answer, Visit

ROOT = Path(__file__).resolve().parents[3]
LOST = {"server-unreachable"}


@dataclass
class Killable:
    """The process that takes calls, and where it does so at the moment."""

    folder: Path
    people: list[str]
    process: subprocess.Popen[str] | None = None
    where: dict[str, object] = field(default_factory=dict)
    kills: int = 0

    def start(self) -> None:
        paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(ROOT / "tests" / "saving_round.py"),
                str(self.folder),
                json.dumps(self.people),
            ],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
            text=True,
        )
        self.where = json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(timeout=30) == -signal.SIGKILL
        self.process.stdout.close()
        self.kills += 1


class Saver:
    """One inspector: types drafts, finishes visits, corrects them; repeats what got no answer."""

    def __init__(self, person: str, server: Killable, log: int, until: float) -> None:
        self.person, self.server, self.log, self.until = person, server, log, until
        self.random = random.Random(person)

    def save(self) -> None:
        visits = [v.assignment_id for v in self.ask("my_visits")]
        number = 0
        while time.monotonic() < self.until:
            number += 1
            visit = self.random.choice(visits)
            remark = Answer(question="remark", value=f"{self.person} 第 {number} 次")
            answers = tuple(Answer(question=q, value=v) for q, v in GOOD_ANSWERS.items())
            receipt = self.ask(
                "save_draft",
                assignment_id=visit,
                answers=answers[: 1 + number % len(answers)],
                notes=(remark,),
                base=0,
                writer=f"page-{self.person}",
                number=number,
                of_version=0,
            )
            self.acknowledged("draft", visit, number=number, sequence=receipt.sequence)
            made = Visit(
                assignment_id=visit,
                outcome="completed",
                answers=answers,
                device_at=datetime.now(UTC),
                reason=f"第 {number} 次",
            )
            self.ask("record_visit", visit=made)
            self.acknowledged("visit", visit, reason=made.reason)

    def ask(self, name: str, **arguments: object) -> object:
        """Ask until there is an answer; a server that is gone comes back elsewhere."""
        while True:
            where = self.server.where
            gate = SocketGate(where["path"], where["capabilities"][self.person])
            try:
                return gate.call(name, **arguments)
            except OperatorError as error:
                if error.code not in LOST:
                    raise
                time.sleep(0.05)
            finally:
                gate.close()

    def acknowledged(self, what: str, visit: str, **fields: object) -> None:
        """Write down, outside the server and at once, what it has acknowledged."""
        line = json.dumps({"what": what, "visit": visit, "who": self.person, **fields})
        os.write(self.log, line.encode("utf-8") + b"\n")
        os.fsync(self.log)


def save_under_fire(folder: Path, *, savers: int, seconds: float, kills: int) -> dict[str, int]:
    """Let inspectors save while the server is killed; check what is there, return the counts."""
    per_county = -(-savers // 3)
    busy = build_busy(folder, villages=per_county + 3, per_county=per_county)[:savers]
    assert len(busy) == savers
    log_path = folder / "acknowledged.jsonl"
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    server = Killable(folder, busy)
    server.start()
    until = time.monotonic() + seconds
    chance = random.Random(5)
    with ThreadPoolExecutor(savers) as pool:
        saving = [pool.submit(Saver(person, server, log, until).save) for person in busy]
        for _ in range(kills):
            time.sleep(seconds / (kills + 1) * chance.uniform(0.7, 1.1))
            server.kill()
            server.start()
        for each in saving:
            each.result(timeout=180)
    server.kill()
    os.close(log)
    return _found(folder, log_path) | {"kills": server.kills}


def _found(folder: Path, log_path: Path) -> dict[str, int]:
    """Compare the savers' own log with the store as it lies on the disk."""
    lines = [json.loads(line) for line in log_path.read_text(encoding="utf-8").splitlines()]
    visits = {(line["visit"], line["reason"]) for line in lines if line["what"] == "visit"}
    newest: dict[str, dict[str, object]] = {}
    for line in lines:
        if line["what"] == "draft":
            newest[line["visit"]] = line
    with workflow.open_store(folder / "round") as store:
        state = workflow.verify_journal(machine_context("eva"), store)
        with store.transaction() as tx:
            stored = Counter(
                (f.visit.assignment_id, f.visit.reason)
                for visit in sorted({line["visit"] for line in lines})
                for f in tx.finding_versions(visit)
            )
        assert visits <= stored.keys(), sorted(visits - stored.keys())[:5]
        assert max(stored.values()) == 1, stored.most_common(3)
        for visit, line in newest.items():
            kept = workflow.load_draft(machine_context(line["who"]), store, assignment_id=visit)
            assert kept is not None
            assert kept.sequence >= line["sequence"], line
    return {
        "acknowledged visits": len(visits),
        "acknowledged drafts": sum(line["what"] == "draft" for line in lines),
        "stored findings": sum(stored.values()),
        "journal entries": state.entries,
    }


def test_ten_inspectors_lose_nothing_when_the_server_is_killed(tmp_path: Path):
    found = save_under_fire(tmp_path / "busy", savers=10, seconds=6, kills=2)
    print(found)
    assert found["kills"] == 3
    assert found["acknowledged visits"] > 20


@pytest.mark.slow
def test_fifty_inspectors_lose_nothing_when_the_server_is_killed_for_a_minute(tmp_path: Path):
    found = save_under_fire(tmp_path / "busy", savers=50, seconds=60, kills=6)
    print(found)
    assert found["kills"] == 7
    assert found["acknowledged visits"] > 500
