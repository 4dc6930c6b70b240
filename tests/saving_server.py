"""The server on a round of many inspectors, each with a capability; killed by its tests.

``python saving_server.py FOLDER INSPECTORS PART`` builds the round if the folder is new, and writes
socket and capabilities to ``doors.json`` each time it answers, as kernels are told theirs. PART is
``whole`` for the server as it is served, or ``calls`` for its end of the socket alone, which starts
sooner.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path

import rounds
from rounds import COUNTIES, SmallRound

from audit_toolkit import workflow
from audit_toolkit.model import Person, Role, Stratum, VisitKind
from audit_toolkit.server.accounts import FILE_NAME, Account, Accounts
from audit_toolkit.server.calls import CallServer
from audit_toolkit.server.capabilities import Capabilities
from audit_toolkit.server.sessions import Sessions


class WideRound(SmallRound):
    """A round with as many inspectors as are wanted, with a village each."""

    def __init__(self, folder: Path, inspectors: int) -> None:
        super().__init__(folder)
        self.each_county = -(-inspectors // len(COUNTIES))

    def inspectors(self) -> list[str]:
        numbers = range(1, self.each_county + 1)
        return [f"ins-{code}-{n:02d}" for n in numbers for code in self.codes]

    def frozen(self) -> SmallRound:
        super().frozen()
        small = [p for p in rounds.everybody() if p.role is Role.INSPECTOR]
        wide = [
            Person(
                person_id=name, name="调查员", role=Role.INSPECTOR, counties=(name.split("-")[1],)
            )
            for name in self.inspectors()
        ]
        gone = [
            Person(
                person_id=p.person_id, name=p.name, role=p.role, counties=p.counties, active=False
            )
            for p in small
        ]
        for person in (*gone, *wide):
            workflow.add_person(self.by("admin"), self.store, person)
        return self

    def planned(self) -> SmallRound:
        self.frozen()
        for code in self.codes:
            workflow.plan_county(
                self.by("eva"),
                self.store,
                county_code=code,
                villages=self.each_county,
                takes={Stratum.EXITED: 5, Stratum.UNREGISTERED: 5, Stratum.STILL_POOR: 1},
                reserves=1,
                revisit_share="0.10",
                repetitions=50,
            )
        return self

    def release(self, kind: VisitKind) -> None:
        for code in self.codes:
            lead = self.by(f"lead-{code}")
            workflow.release_villages(lead, self.store, county_code=code, kind=kind)
        for name in self.inspectors():
            me = self.by(name)
            for village in workflow.my_villages(me, self.store):
                workflow.arrive(me, self.store, psu=village.psu)


class ToldCallServer(CallServer):
    """Gives a capability to each session that is open, as the start of a kernel does."""

    doors: Path

    def start(self) -> None:
        super().start()
        capabilities = {
            session.person_id: self._capabilities.issue(
                kernel_id=f"kernel of {session.person_id}",
                person_id=session.person_id,
                session_id=session_id,
            )
            for session_id, session in self._sessions.accounts.sessions().items()
        }
        doors = {"process": os.getpid(), "socket": str(self._path), "capabilities": capabilities}
        part = self.doors.with_suffix(".part")
        part.write_text(json.dumps(doors), encoding="utf-8")
        part.rename(self.doors)


def make(folder: Path, inspectors: int) -> None:
    folder.mkdir(parents=True)
    wide = WideRound(folder, inspectors)
    rounds.VILLAGES = wide.each_county + 3
    wide.released()
    accounts = Accounts(wide.store.folder / FILE_NAME)
    for name in wide.inspectors()[:inspectors]:
        accounts.open_session(Account(person_id=name, must_change=False), seconds=3600)
    wide.store.close()


def serve_whole(store: Path) -> None:
    from audit_toolkit.server import app, serving

    app.CallServer = ToldCallServer  # type: ignore[misc]
    serving.serve(store, port=0, forks=False, on_ready=lambda _: None)


def serve_calls(target: Path) -> None:
    home = tempfile.mkdtemp()
    try:
        with workflow.open_store(target) as store:
            sessions = Sessions(Accounts(store.folder / FILE_NAME))
            ToldCallServer(Path(home) / "calls.sock", store, Capabilities(), sessions).start()
            threading.Event().wait()
    finally:
        shutil.rmtree(home)


def main(folder: Path, inspectors: int, part: str) -> None:
    if not folder.exists():
        make(folder, inspectors)
    ToldCallServer.doors = folder / "doors.json"
    {"whole": serve_whole, "calls": serve_calls}[part](folder / "round")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
