"""What runs in a visitor's kernel: IPython's, but what goes wrong is not told to the page."""

from __future__ import annotations

import logging
import os
import re
import sys

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from traitlets import Type

from .failures import note_failure
from .leave_out import leave_out_the_debugger

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class QuietShell(ZMQInteractiveShell):
    """Shows a reference number in place of a traceback."""

    def _showtraceback(self, etype: type, evalue: object, stb: list[str]) -> None:
        number = note_failure(_COLOURS.sub("", "\n".join(stb)))
        super()._showtraceback(RuntimeError, RuntimeError(number), [number])


class QuietKernel(IPythonKernel):
    """A kernel with the quiet shell."""

    shell_class = Type(QuietShell)


class QuietKernelApp(IPKernelApp):
    """A kernel that keeps no history and writes its own log where the server's goes."""

    kernel_class = Type(QuietKernel, klass="ipykernel.kernelbase.Kernel")


def run(connection_file: str) -> None:
    """Be the kernel of a connection file until told to stop."""
    leave_out_the_debugger()
    app = QuietKernelApp.instance()
    app.initialize(
        [
            "-f",
            connection_file,
            # Read from the environment when the class was made, which is too early after a fork.
            f"--IPKernelApp.parent_handle={os.environ.get('JPY_PARENT_PID', '0')}",
            "--HistoryManager.enabled=False",
            "--IPKernelApp.capture_fd_output=False",
            "--InteractiveShell.colors=nocolor",
            "--log-level=WARN",
        ]
    )
    _log_to_server()
    ipywidgets = sys.modules.get("ipywidgets")
    if ipywidgets is not None:
        # Imported before the fork, when there was no kernel to tell of it.
        ipywidgets.register_comm_target(app.kernel)
    app.start()


def _log_to_server() -> None:
    """Send warnings and logs of the kernel to the server's log; the page has no use for them."""
    sys.stderr = sys.__stderr__
    handler = logging.StreamHandler(sys.__stderr__)
    for name in ("", "traitlets", "Comm", "asyncio", "tornado"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False


if __name__ == "__main__":
    run(sys.argv[1])
