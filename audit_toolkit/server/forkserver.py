"""The warm process: it has imported what kernels need, and each kernel is a fork of it.

It speaks with the server over one private socket, a JSON document a line. It has one thread, for a
fork keeps no other; where it finds more, it says so and the server starts plain kernels.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
import threading
import traceback
from typing import Any, NoReturn

from .leave_out import leave_out_the_debugger

WARM_MODULES = (
    "audit_toolkit.server.kernel",
    # What a kernel imports as it begins, and with its first cell.
    "IPython.core.completerlib",
    "IPython.core.logger",
    "IPython.extensions.storemagic",
    "encodings.idna",
    "ipykernel.debugger",
    "pdb",
    "psutil",
    "tornado.platform.asyncio",
    "audit_toolkit.text",
    "audit_toolkit.model",
    "ipywidgets",
    "anywidget",
)
_FORWARDED = (signal.SIGTERM, signal.SIGINT)


def main(descriptor: int, also: tuple[str, ...] = ()) -> None:
    """Import, then fork a kernel for each line that the server sends."""
    server = socket.socket(fileno=descriptor)
    leave_out_the_debugger()
    for name in (*WARM_MODULES, *also):
        importlib.import_module(name)
    if threading.active_count() != 1 or _threads() != 1:
        _say(server, {"ready": False, "why": "threads"})
        return
    # What the imports left behind is not walked by collections in the children, and stays shared.
    gc.collect()
    gc.freeze()
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in _FORWARDED:
        signal.signal(number, signal.SIG_IGN)
    _say(server, {"ready": True, "pid": os.getpid()})
    _serve(server, wake_read, wake_write)


def _serve(server: socket.socket, wake_read: int, wake_write: int) -> None:
    waiting = b""
    children: set[int] = set()
    while True:
        readable, _, _ = select.select([server, wake_read], [], [])
        if wake_read in readable:
            os.read(wake_read, 4096)
            _report_ended(server, children)
        if server not in readable:
            continue
        data = server.recv(65536)
        if not data:
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            return
        *lines, waiting = (waiting + data).split(b"\n")
        for line in lines:
            asked = json.loads(line)
            pid = os.fork()
            if pid == 0:
                os.close(wake_read)
                os.close(wake_write)
                _be_kernel(server, asked)
            children.add(pid)
            _say(server, {"started": asked["number"], "pid": pid})


def _report_ended(server: socket.socket, children: set[int]) -> None:
    while children:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        children.discard(pid)
        _say(server, {"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _be_kernel(server: socket.socket, asked: dict[str, Any]) -> NoReturn:
    """Become the kernel that was asked for; never return into the warm process."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, *_FORWARDED):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        server.close()
        os.setsid()
        os.environ.clear()
        os.environ.update(asked["env"])
        os.chdir(asked["cwd"])
        _forget_shared_chance()
        from .kernel import run

        run(asked["connection_file"])
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 0
    except BaseException:  # noqa: BLE001  (the outermost frame of a forked process)
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def _forget_shared_chance() -> None:
    """Give the child a random state of its own: all children would draw the same otherwise."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _threads() -> int:
    """Threads of this process that Python may not know of."""
    try:
        return len(os.listdir("/proc/self/task"))
    except FileNotFoundError:
        return threading.active_count()


def _say(server: socket.socket, document: dict[str, Any]) -> None:
    server.sendall(json.dumps(document).encode("utf-8") + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), tuple(sys.argv[2:]))
