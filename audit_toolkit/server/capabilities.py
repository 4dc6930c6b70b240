"""What a kernel holds in place of a database: a secret that stands for one person's session."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """For whom a capability speaks."""

    kernel_id: str
    person_id: str
    session_id: str


class Capabilities:
    """The capabilities that are in force; one dies with its kernel.

    Asked from the threads of the calls socket, written by the event loop.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}

    def issue(self, *, kernel_id: str, person_id: str, session_id: str) -> str:
        """Return a new capability of 32 random bytes as hex digits."""
        capability = secrets.token_hex(32)
        grant = Grant(kernel_id=kernel_id, person_id=person_id, session_id=session_id)
        with self._lock:
            self._grants[capability] = grant
        return capability

    def grant(self, capability: str) -> Grant | None:
        """Return for whom a capability speaks, if it is in force."""
        with self._lock:
            return self._grants.get(capability)

    def withdraw(self, kernel_id: str) -> None:
        """End the capability of a kernel."""
        with self._lock:
            gone = [c for c, grant in self._grants.items() if grant.kernel_id == kernel_id]
            for capability in gone:
                del self._grants[capability]
