"""The screens of the demo: its finished round, and one in the field, each on a port of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from .. import workflow
from ..demo.open_field import open_field_round
from ..errors import OperatorError
from ..machine import machine_context
from .shared import language, words

MARK = "demo.txt"
ADMINISTRATOR = "administrator"
FINISHED = ("evaluator", "province")
FIRST_PORT = 8866
_PORTS = 50
_PATIENCE = 60.0
# The third is a terminal that is closed; the servers are in sessions of their own and do not hear.
_STOPS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def serve_demo(out: Path, *, seed: str, tell: Callable[[str], None] = print) -> None:
    """Serve both rounds of a demo until stopped by Ctrl+C, and print who may sign in.

    Parameters
    ----------
    out : Path
        Folder of a finished demo.
    seed : str
        The demo's seed.
    """
    tell(words("demo-screens"))
    field, inspector = open_field_round(out, seed=seed, language=language())
    # A path for each: a browser keeps one set of cookies for all ports of a machine.
    rounds = (
        ("demo-finished", "/finished/", out / "round", FINISHED),
        ("demo-field", "/field/", field, (inspector,)),
    )
    port = FIRST_PORT
    with _held(out), _stoppable() as stop:
        servers = []
        try:
            for title, base, store, people in rounds:
                passwords = _accounts(store, people)
                wanted, port = port, _free_port(port)
                if port != wanted:
                    tell(words("demo-port", wanted=wanted, port=port))
                server, address = _start(store, port, base)
                servers.append(server)
                tell(words(title, address=address))
                for person, password in passwords.items():
                    tell(words("demo-account", person=person, password=password))
                port += 1
            tell(words("demo-stop"))
            while not stop.wait(0.5):
                if any(server.poll() is not None for server in servers):
                    raise OperatorError("server-ended")
        finally:
            for server in servers:
                _end(server)
    tell(words("demo-stopped"))


def is_served(out: Path) -> bool:
    """Tell whether another process serves the screens of this demo now."""
    try:
        with _held(out):
            return False
    except OperatorError:
        return True


@contextmanager
def _held(out: Path) -> Iterator[None]:
    """Hold a demo's folder for as long as this lasts; the system lets go should we be killed.

    Raises
    ------
    OperatorError
        Another process holds it ("demo-served").
    """
    # Windows removes no file that a server has open, and so needs no lock.
    if sys.platform == "win32":
        yield
        return
    import fcntl

    held = os.open(out / MARK, os.O_RDWR)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OperatorError("demo-served", path=out) from error
        yield
    finally:
        os.close(held)


def _accounts(store: Path, people: tuple[str, ...]) -> dict[str, str]:
    from ..server import serving

    with workflow.open_store(store) as opened:
        return serving.open_accounts(machine_context(ADMINISTRATOR), opened, people)


def _free_port(first: int) -> int:
    for port in range(first, first + _PORTS):
        with socket.socket() as trial:
            # As the server does: connections of one that has just ended do not count.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OperatorError("port-taken", port=first, address="127.0.0.1", reason="")


def _start(store: Path, port: int, base: str) -> tuple[subprocess.Popen[str], str]:
    """Start a server in a session of its own and return its address once it answers."""
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "audit_toolkit",
            "serve",
            "--store",
            str(store),
            "--port",
            str(port),
            "--base-url",
            base,
        ],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    assert server.stdout is not None
    for line in server.stdout:
        threading.Thread(target=_drain, args=(server.stdout,), daemon=True).start()
        found = next((part for part in line.split() if part.startswith("http")), "")
        if found:
            return server, found
    _end(server)
    raise OperatorError("server-ended")


def _drain(stream: TextIO) -> None:
    for _ in stream:
        pass


def _end(server: subprocess.Popen[str]) -> None:
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """Turn Ctrl+C and its kin into an event for as long as this lasts."""
    stop = threading.Event()
    former = {number: signal.signal(number, lambda *_: stop.set()) for number in _STOPS}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
