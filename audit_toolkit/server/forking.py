"""The server's end of the warm process, and the provisioner that takes kernels from it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from .kernels import PROVISIONER

_SECONDS_TO_START = 60


class ForkServer:
    """Starts the warm process and asks it for kernels.

    Parameters
    ----------
    environment : dict
        All that the warm process learns of the machine.
    home : Path
        Its working folder.
    modules : sequence of str
        What to import beside that which every kernel needs.
    """

    def __init__(
        self,
        environment: dict[str, str],
        home: Path,
        modules: tuple[str, ...] = (),
        log: logging.Logger | None = None,
    ) -> None:
        self._log = log or logging.getLogger(__name__)
        self._lock = threading.Lock()
        self._started: dict[int, Future[ForkedProcess]] = {}
        self._processes: dict[int, ForkedProcess] = {}
        self._number = 0
        self._ready: Future[bool] = Future()
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "audit_toolkit.server.forkserver",
                    str(theirs.fileno()),
                    *modules,
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=environment,
                cwd=home,
            )
        self._listener = threading.Thread(target=self._listen, name="fork-server", daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """The warm process."""
        return self._process.pid

    def wait_ready(self, seconds: float = _SECONDS_TO_START) -> bool:
        """Wait for the imports; False if this machine cannot fork kernels."""
        try:
            return self._ready.result(timeout=seconds)
        except TimeoutError:
            return False

    @property
    def alive(self) -> bool:
        """Whether kernels can be asked for."""
        return self.was_ready and not self.ended

    @property
    def was_ready(self) -> bool:
        """Whether it came as far as answering."""
        return self._ready.done() and self._ready.result()

    @property
    def ended(self) -> bool:
        """Whether the warm process is gone."""
        return self._process.poll() is not None

    def fork(self, connection_file: str, *, env: dict[str, str], cwd: str) -> Future[ForkedProcess]:
        """Ask for a kernel; the future gives its process."""
        with self._lock:
            self._number += 1
            number = self._number
            future: Future[ForkedProcess] = Future()
            self._started[number] = future
        asked = {"number": number, "connection_file": connection_file, "env": env, "cwd": cwd}
        self._socket.sendall(json.dumps(asked).encode("utf-8") + b"\n")
        return future

    def stop(self) -> None:
        """End the warm process and with it all of its kernels."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            self._log.debug("the fork server was gone before it was stopped")
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(timeout=5)
        self._socket.close()

    def _listen(self) -> None:
        with self._socket.makefile("rb") as lines:
            for line in lines:
                self._take(json.loads(line))
        self._gone()

    def _take(self, said: dict[str, Any]) -> None:
        if "ready" in said:
            self._ready.set_result(bool(said["ready"]))
        elif "started" in said:
            process = ForkedProcess(said["pid"])
            with self._lock:
                self._processes[process.pid] = process
                future = self._started.pop(said["started"])
            future.set_result(process)
        elif "ended" in said:
            with self._lock:
                ended = self._processes.pop(said["ended"], None)
            if ended is not None:
                ended.returncode = said["code"]

    def _gone(self) -> None:
        with self._lock:
            processes, self._processes = list(self._processes.values()), {}
            waiting, self._started = list(self._started.values()), {}
        if not self._ready.done():
            self._ready.set_result(False)
        for process in processes:
            process.kill()
            process.returncode = -signal.SIGKILL
        for future in waiting:
            future.set_exception(ConnectionError("the fork server is gone"))


class ForkedProcess:
    """A kernel that is a child of the warm process, with what is asked of a ``Popen``."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end, as the warm process reports it."""
        until = time.monotonic() + (5.0 if timeout is None else timeout)
        while self.returncode is None and time.monotonic() < until:
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal."""
        if self.returncode is None:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                self.returncode = -number

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class ForkedProvisioner(LocalProvisioner):
    """Takes kernels from the warm process, or starts plain ones where there is none."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start a kernel."""
        fork_server: ForkServer | None = self.parent.parent.parent.fork_server
        if fork_server is None or not fork_server.alive:
            return await super().launch_kernel(cmd, **kwargs)
        env = kwargs["env"] | {"JPY_PARENT_PID": str(fork_server.pid)}
        future = fork_server.fork(
            self.parent.connection_file, env=env, cwd=kwargs.get("cwd") or os.getcwd()
        )
        process = await asyncio.wrap_future(future)
        self.process = process  # type: ignore[assignment]
        self.pid = self.pgid = process.pid  # each is the leader of a session of its own
        self.cwd = kwargs.get("cwd")
        return self.connection_info


def register_provisioner() -> None:
    """Make the provisioner known in this process, without an entry point of the installation."""
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[PROVISIONER] = EntryPoint(
        PROVISIONER, f"{__name__}:ForkedProvisioner", KernelProvisionerFactory.GROUP_NAME
    )
