"""Inspectors who save without pause, and write into files of their own what was acknowledged."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rounds import GOOD_ANSWERS

from audit_toolkit.apps._shared.gate import SocketGate
from audit_toolkit.errors import OperatorError
from audit_toolkit.model import Answer, Visit

DRAFTS_A_VISIT = 4
_BEGAN = datetime(2020, 1, 6, 1, tzinfo=UTC)


class Acknowledged:
    """A file of what the server has acknowledged; each line is on the disk before the next save."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def write(self, **entry: Any) -> None:
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


class Saver(threading.Thread):
    """One inspector: drafts, then the finished visit, then the next household, then corrections.

    An answer that does not come is asked for again with the very same request, as pages do.
    """

    def __init__(self, name: str, doors: Path, log: Path, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.doors, self.stop = doors, stop
        self.acknowledged = Acknowledged(log)
        self.counts: Counter[str] = Counter()
        self.failure: BaseException | None = None
        self._gate: SocketGate | None = None
        self._moment = 0
        self._numbers: Counter[str] = Counter()

    def run(self) -> None:
        try:
            self._save_until_stopped()
        except BaseException as failure:  # noqa: BLE001  (the test that started it raises it)
            self.failure = failure
        finally:
            self.acknowledged.close()
            self._hang_up()

    def _save_until_stopped(self) -> None:
        mine = [visit.assignment_id for visit in self._call("my_visits")]
        assert mine, f"{self.name} has no visits"
        turn = 0
        while not self.stop.is_set():
            for assignment_id in mine:
                for _ in range(DRAFTS_A_VISIT):
                    if not self.stop.is_set():
                        self._draft(assignment_id)
                if not self.stop.is_set():
                    self._finish(assignment_id, f"turn {turn}" if turn else "")
            turn += 1

    def _draft(self, assignment_id: str) -> None:
        self._numbers[assignment_id] += 1
        number = self._numbers[assignment_id]
        receipt = self._call(
            "save_draft",
            assignment_id=assignment_id,
            base=number - 1,
            writer=f"page-of-{self.name}",
            number=number,
            of_version=0,
            answers=(Answer(question="wage_income", value=str(number)),),
            notes=(),
        )
        self.acknowledged.write(draft=assignment_id, number=number, sequence=receipt.sequence)
        self.counts["drafts"] += 1

    def _finish(self, assignment_id: str, reason: str) -> None:
        self._moment += 1
        moment = _BEGAN + timedelta(seconds=self._moment)
        visit = Visit(
            assignment_id=assignment_id,
            outcome="completed",
            answers=tuple(Answer(question=q, value=v) for q, v in GOOD_ANSWERS.items()),
            device_at=moment,
            reason=reason,
        )
        self._call("record_visit", visit=visit)
        self.acknowledged.write(visit=assignment_id, device_at=moment.isoformat())
        self.counts["visits"] += 1

    def _call(self, name: str, **arguments: object) -> Any:
        while True:
            try:
                return self._open().call(name, **arguments)
            except OperatorError as error:
                if error.code not in ("server-unreachable", "call-refused"):
                    raise
                if error.code == "call-refused" and error.fields["reason"] == "not a request":
                    raise
                self.counts[error.code] += 1
                self._hang_up()
                time.sleep(0.1)

    def _open(self) -> SocketGate:
        if self._gate is None:
            told = json.loads(self.doors.read_text(encoding="utf-8"))
            self._gate = SocketGate(told["socket"], told["capabilities"][self.name])
        return self._gate

    def _hang_up(self) -> None:
        if self._gate is not None:
            self._gate.close()
            self._gate = None
