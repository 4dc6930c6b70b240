"""A round with many inspectors, and a process that takes in their calls until it is killed.

`python saving_round.py FOLDER` opens the round at FOLDER, listens on FOLDER/calls-N.sock, prints
where and the capability of each inspector as one line, and goes on until its process ends.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import rounds
from argon2 import PasswordHasher

from audit_toolkit import workflow
from audit_toolkit.machine import machine_context
from audit_toolkit.model import Person, Role, Stratum
from audit_toolkit.server.accounts import Account, Accounts
from audit_toolkit.server.calls import CallBrake, CallServer
from audit_toolkit.server.capabilities import Capabilities
from audit_toolkit.server.sessions import Sessions


class BusyRound(rounds.SmallRound):
    """A round whose inspectors each have villages of their own."""

    inspectors_per_county = 17

    def opened(self) -> BusyRound:
        super().opened()
        for code in self.codes:
            for n in range(4, self.inspectors_per_county + 1):
                person = Person(
                    person_id=f"ins-{code}-{n}",
                    name=f"调查员{n}",
                    role=Role.INSPECTOR,
                    counties=(code,),
                )
                workflow.add_person(self.by("admin"), self.store, person)
        return self

    def planned(self) -> BusyRound:
        self.frozen()
        for code in self.codes:
            workflow.plan_county(
                self.by("eva"),
                self.store,
                county_code=code,
                villages=rounds.VILLAGES,
                takes={Stratum.EXITED: 5, Stratum.UNREGISTERED: 5, Stratum.STILL_POOR: 1},
                reserves=2,
                repetitions=50,
            )
        return self

    def inspectors(self) -> list[str]:
        numbers = range(1, self.inspectors_per_county + 1)
        return [f"ins-{code}-{n}" for code in self.codes for n in numbers]

    def release(self, kind: object) -> None:
        for code in self.codes:
            workflow.release_villages(
                self.by(f"lead-{code}"), self.store, county_code=code, kind=kind
            )
        for inspector in self.inspectors():
            me = self.by(inspector)
            for village in workflow.my_villages(me, self.store):
                workflow.arrive(me, self.store, psu=village.psu)


def build_busy(folder: Path, *, villages: int, per_county: int) -> list[str]:
    """Make the round, its first visits released; return inspectors who have visits to make."""
    former = rounds.VILLAGES
    rounds.VILLAGES = villages
    try:
        folder.mkdir(parents=True)
        made = BusyRound(folder)
        made.inspectors_per_county = per_county
        made.released()
    finally:
        rounds.VILLAGES = former
    busy = [p for p in made.inspectors() if workflow.my_visits(made.by(p), made.store)]
    made.store.close()
    return busy


def take_calls(folder: Path, people: list[str]) -> None:
    """Serve calls to the round until the process ends."""
    store = workflow.open_store(folder / "round")
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    sessions = Sessions(Accounts(folder / "accounts.sqlite", hasher=quick))
    capabilities = Capabilities()
    path = folder / f"calls-{time.time_ns()}.sock"
    server = CallServer(
        path,
        store,
        capabilities,
        sessions,
        brake=CallBrake(rate=1e6, burst=1e6),
        context_of=machine_context,
    )
    server.start()
    given = {}
    for person in people:
        session, _ = sessions.sign_in(Account(person_id=person, must_change=False))
        given[person] = capabilities.issue(
            kernel_id=f"k-{person}", person_id=person, session_id=session.session_id
        )
    print(json.dumps({"path": str(path), "capabilities": given}), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    take_calls(Path(sys.argv[1]), json.loads(sys.argv[2]))
