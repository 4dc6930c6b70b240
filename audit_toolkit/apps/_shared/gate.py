"""The way from a screen to the round: the server's socket, or in a notebook the store itself."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import OperatorError
from ...machine import machine_context
from ...settings import load_settings
from ...workflow import DirectGate, Gate, open_store, read_answer, to_json_value

SOCKET_VARIABLE = "AUDIT_TOOLKIT_SOCKET"
CAPABILITY_VARIABLE = "AUDIT_TOOLKIT_CAPABILITY"
SECONDS_TO_ANSWER = 30
LONGEST_ANSWER = 64 * 1024 * 1024

_opened: list[Gate] = []
_opening = threading.Lock()


class SocketGate:
    """Calls carried out by the server for the person whose kernel this is.

    One JSON document a line each way: ``{"capability", "call", "arguments"}`` there, ``{"result"}``
    or ``{"error"}`` back. One call at a time; a broken connection is made anew at the next.

    Parameters
    ----------
    path : str
        The server's socket.
    capability : str
        What the server gave to this kernel; it says for whom the kernel acts.
    """

    def __init__(self, path: str, capability: str) -> None:
        self._path = path
        self._capability = capability
        self._one_at_a_time = threading.Lock()
        self._connection: socket.socket | None = None
        self._lines: Any = None

    def __repr__(self) -> str:
        """Tell nothing of the capability."""
        return "SocketGate(...)"

    def call(self, name: str, /, **arguments: object) -> Any:
        """Return what the function of that name returns, or raise why it refuses.

        Raises
        ------
        OperatorError
            "server-unreachable": no answer came; whether the call was carried out is not known.
        """
        request = {
            "capability": self._capability,
            "call": name,
            "arguments": to_json_value(arguments),
        }
        line = json.dumps(request, ensure_ascii=False).encode("utf-8") + b"\n"
        with self._one_at_a_time:
            try:
                document = self._ask(line)
            except (OSError, ValueError) as error:
                self._hang_up()
                raise OperatorError("server-unreachable") from error
        return read_answer(name, document)

    def close(self) -> None:
        """Hang up."""
        with self._one_at_a_time:
            self._hang_up()

    def _ask(self, line: bytes) -> Mapping[str, Any]:
        if self._connection is None:
            self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._connection.settimeout(SECONDS_TO_ANSWER)
            self._connection.connect(self._path)
            self._lines = self._connection.makefile("rb")
        self._connection.sendall(line)
        answer = self._lines.readline(LONGEST_ANSWER)
        if not answer.endswith(b"\n"):
            raise ConnectionError("the server hung up")
        document: Mapping[str, Any] = json.loads(answer)
        return document

    def _hang_up(self) -> None:
        if self._connection is not None:
            if self._lines is not None:
                self._lines.close()
            self._connection.close()
        self._connection = self._lines = None


def open_gate() -> Gate:
    """Return this process's way to the round, the same each time.

    In a kernel of the server its socket, as the environment says once (it is taken out of it); in
    a notebook the store of the settings, for their person.

    Raises
    ------
    OperatorError
        There is neither a server nor a store, or nobody is named to act.
    """
    with _opening:
        if not _opened:
            _opened.append(_from_environment() or _from_settings())
        return _opened[0]


def forget_gate() -> None:
    """Let go of the gate, so that the next one is opened anew."""
    with _opening:
        for gate in _opened:
            if isinstance(gate, SocketGate):
                gate.close()
        _opened.clear()


def _from_environment() -> Gate | None:
    path = os.environ.pop(SOCKET_VARIABLE, "")
    capability = os.environ.pop(CAPABILITY_VARIABLE, "")
    return SocketGate(path, capability) if path and capability else None


def _from_settings() -> Gate:
    settings = load_settings()
    if not settings.person:
        raise OperatorError("person-missing")
    folder = Path(settings.folder) if settings.folder else None
    return DirectGate(machine_context(settings.person), open_store(settings.store, folder=folder))
