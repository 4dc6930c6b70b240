"""The server's end of the kernels' calls: a local socket, one JSON document a line each way.

It runs in threads of its own, so that a slow call delays no page. A call is carried out for the
person that the capability stands for, never for one that it names.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..machine import machine_context
from ..workflow import Context, Store, perform
from .capabilities import Capabilities, Grant
from .sessions import Sessions

LONGEST_REQUEST = 2 * 1024 * 1024
MOST_CONNECTIONS = 400
AT_ONCE = 8
CALLS_A_SECOND = 30.0
CALLS_AT_ONCE = 120.0
_SECONDS_IDLE = 24 * 3600


class CallBrake:
    """Bounds how fast one person's pages may call."""

    def __init__(self, *, rate: float = CALLS_A_SECOND, burst: float = CALLS_AT_ONCE) -> None:
        self._rate, self._burst = rate, burst
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, person_id: str) -> bool:
        """Tell whether a person may make one more call now, and count it."""
        now = time.monotonic()
        with self._lock:
            left, at = self._left.get(person_id, (self._burst, now))
            left = min(left + (now - at) * self._rate, self._burst)
            allowed = left >= 1
            self._left[person_id] = (left - 1 if allowed else left, now)
        return allowed


class CallServer:
    """Listens for kernels.

    Parameters
    ----------
    path : Path
        The socket; its folder is the server's alone.
    store : Store
        The round.
    capabilities, sessions
        Who may call: a capability in force, of a session that is still open.
    context_of : callable
        Gives a person's context.
    """

    def __init__(
        self,
        path: Path,
        store: Store,
        capabilities: Capabilities,
        sessions: Sessions,
        *,
        brake: CallBrake | None = None,
        context_of: Callable[[str], Context] = machine_context,
        log: logging.Logger | None = None,
    ) -> None:
        self._path = path
        self._store = store
        self._capabilities = capabilities
        self._sessions = sessions
        self._brake = brake or CallBrake()
        self._context_of = context_of
        self._log = log or logging.getLogger(__name__)
        self._working = threading.Semaphore(AT_ONCE)
        self._connections = threading.Semaphore(MOST_CONNECTIONS)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def start(self) -> None:
        """Begin to listen."""
        self._listener.bind(str(self._path))
        os.chmod(self._path, 0o600)
        self._listener.listen(128)
        threading.Thread(target=self._accept, name="calls", daemon=True).start()

    def stop(self) -> None:
        """Stop listening; calls that have begun are finished by their threads."""
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def answer(self, line: bytes) -> dict[str, Any]:
        """Return the answer to one request."""
        try:
            asked = json.loads(line)
            capability, name, arguments = asked["capability"], asked["call"], asked["arguments"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return _refused("?", "not a request")
        grant = self._capabilities.grant(capability) if isinstance(capability, str) else None
        if grant is None or not self._sessions.is_open(grant.session_id):
            return _refused(name, "not signed in")
        if not self._brake.allows(grant.person_id):
            return _refused(name, "too many calls at once")
        with self._working:
            return self._perform(grant, name, arguments)

    def _perform(self, grant: Grant, name: object, arguments: object) -> dict[str, Any]:
        try:
            return perform(self._context_of(grant.person_id), self._store, name, arguments)
        except Exception:  # noqa: BLE001  (the outermost handler of this door)
            trace = traceback.format_exc()
            number = hashlib.sha256(trace.encode("utf-8", "replace")).hexdigest()[:8]
            self._log.error("failure %s\n%s", number, trace)
            return {
                "error": "failed-inside",
                "kind": "AuditError",
                "fields": {"number": number},
                "problems": [],
            }

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if not _same_user(connection) or not self._connections.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as lines:
                connection.settimeout(_SECONDS_IDLE)
                while line := lines.readline(LONGEST_REQUEST + 1):
                    whole = line.endswith(b"\n")
                    answer = self.answer(line) if whole else _refused("?", "too large")
                    connection.sendall(json.dumps(answer).encode("utf-8") + b"\n")
                    if not whole:
                        return
        except OSError as error:
            self._log.debug("a kernel's connection ended: %s", error)
        finally:
            self._connections.release()


def _refused(name: object, reason: str) -> dict[str, Any]:
    fields = {"call": str(name)[:40], "reason": reason}
    return {"error": "call-refused", "kind": "OperatorError", "fields": fields, "problems": []}


def _same_user(connection: socket.socket) -> bool:
    """Tell whether the other end is a process of this user; the folder says so too."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    size = struct.calcsize("3i")
    _, user, _ = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    )
    return user == os.getuid()
