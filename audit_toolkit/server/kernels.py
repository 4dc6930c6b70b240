"""Kernels, each bound at its start to one person's session, and gone with it."""

from __future__ import annotations

import os
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_core.utils import ensure_async
from jupyter_server.base.call_context import CallContext
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)
from tornado.web import HTTPError
from traitlets import Any as AnyTrait
from traitlets import Bool, CaselessStrEnum, DottedObjectName, Type, Unicode

from .capabilities import Capabilities
from .identity import Visitor

KERNEL_NAME = "audit-toolkit"
PROVISIONER = "audit-toolkit-forked"
SOCKET_VARIABLE = "AUDIT_TOOLKIT_SOCKET"
CAPABILITY_VARIABLE = "AUDIT_TOOLKIT_CAPABILITY"
ALLOWED_MESSAGES = [
    "comm_open",
    "comm_close",
    "comm_msg",
    "comm_info_request",
    "kernel_info_request",
]
MOST_KERNELS = 6
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a kernel is."""

    person_id: str
    session_id: str


def clean_environment(home: Path) -> dict[str, str]:
    """Return all that a kernel learns of the machine: nothing of the server's environment."""
    passed = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
    return {
        **passed,
        **dict.fromkeys(_ONE_THREAD, "1"),
        # A thread of the allocator below Arrow; a process with threads cannot be forked.
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
        "JUPYTER_DATA_DIR": str(home / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(home / "jupyter"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONNOUSERSITE": "1",
    }


class OneKernelSpec(KernelSpecManager):
    """Knows one kind of kernel, whatever is installed on the machine."""

    def find_kernel_specs(self) -> dict[str, str]:
        """Return the one name; it lies in no folder."""
        return {KERNEL_NAME: ""}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the one kind of kernel."""
        return KernelSpec(
            argv=[sys.executable, "-m", "audit_toolkit.server.kernel", "{connection_file}"],
            display_name="Audit toolkit",
            language="python",
            metadata={"kernel_provisioner": {"provisioner_name": PROVISIONER, "config": {}}},
        )


class PromptClient(AsyncKernelClient):
    """The server's own connection to a kernel; ready as soon as the kernel has been heard."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until a kernel answers and its messages arrive.

        The client's own way ends by waiting for a silence of 0.2 seconds, at every page.

        Raises
        ------
        RuntimeError
            The kernel died, or did not answer in time.
        """
        end = time.monotonic() + (60.0 if timeout is None else timeout)
        patience = 0.02
        while time.monotonic() < end:
            asked = self.kernel_info()
            try:
                self._handle_kernel_info_reply(await self.get_shell_msg(timeout=1.0))
                while True:
                    message = await self.get_iopub_msg(timeout=patience)
                    if message["parent_header"].get("msg_id") == asked:
                        return
            except Empty:
                # Answered before its messages were subscribed to: asked again, soon and then later.
                patience = min(2 * patience, 0.5)
                if not await self.is_alive():
                    raise RuntimeError("the kernel died before it answered") from None
        raise RuntimeError("the kernel does not answer")


class PersonalKernel(ServerKernelManager):
    """One kernel; a dead one is not started again, for nothing would run in it."""

    autorestart = Bool(False)
    client_class = DottedObjectName(f"{__name__}.PromptClient")
    client_factory = Type(PromptClient)
    # Sockets in the server's own folder: no other user of the machine can even connect.
    transport = CaselessStrEnum(["tcp", "ipc"], default_value="ipc")


class PersonalKernels(AsyncMappingKernelManager):
    """All kernels; the visitor of the present request owns the one that is started."""

    capabilities: Capabilities = AnyTrait()
    socket_path = Unicode()
    home = Unicode()
    on_gone = AnyTrait()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._owners: dict[str, Owner] = {}

    def is_owned_by(self, kernel_id: str, session_id: str) -> bool:
        """Tell whether a kernel is of this session."""
        owner = self._owners.get(kernel_id)
        return owner is not None and owner.session_id == session_id

    def owner(self, kernel_id: str) -> Owner | None:
        """Return whose a kernel is."""
        return self._owners.get(kernel_id)

    def of_session(self, session_id: str) -> list[str]:
        """Return the kernels of a session, oldest first."""
        return [k for k, owner in self._owners.items() if owner.session_id == session_id]

    def sessions_with_kernels(self) -> set[str]:
        """Return the sessions that have kernels."""
        return {owner.session_id for owner in self._owners.values()}

    async def start_kernel(self, **asked: Any) -> str:  # type: ignore[override]
        """Start a kernel for the visitor; what is asked of it is not looked at.

        Raises
        ------
        HTTPError
            403: nobody is signed in.
        """
        handler = CallContext.get(CallContext.JUPYTER_HANDLER)
        visitor = getattr(handler, "current_user", None)
        if not isinstance(visitor, Visitor):
            raise HTTPError(403)
        await self._make_room(visitor.session.session_id)
        kernel_id = str(uuid.uuid4())
        owner = Owner(person_id=visitor.username, session_id=visitor.session.session_id)
        self._owners[kernel_id] = owner
        capability = self.capabilities.issue(
            kernel_id=kernel_id, person_id=owner.person_id, session_id=owner.session_id
        )
        home = Path(self.home)
        environment = clean_environment(home) | {
            SOCKET_VARIABLE: self.socket_path,
            CAPABILITY_VARIABLE: capability,
        }
        try:
            return await super().start_kernel(
                kernel_id=kernel_id, kernel_name=KERNEL_NAME, env=environment, cwd=str(home)
            )
        except BaseException:
            self._forget(kernel_id)
            raise

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel, its owner and its capability."""
        self._forget(kernel_id)
        return super().remove_kernel(kernel_id)

    async def end_session(self, session_id: str) -> None:
        """Shut down all kernels of a session."""
        for kernel_id in self.of_session(session_id):
            await self.end_kernel(kernel_id)

    async def end_kernel(self, kernel_id: str) -> None:
        """Shut a kernel down at once; its capability dies first."""
        self._forget(kernel_id)
        if kernel_id in self:
            await ensure_async(self.shutdown_kernel(kernel_id, now=True))

    async def remove_dead(self) -> None:
        """Remove kernels whose process is gone, so that their pages learn of it."""
        for kernel_id in list(self._kernels):
            kernel = self._kernels.get(kernel_id)
            if kernel is None or not getattr(kernel, "has_kernel", False):
                continue
            if getattr(kernel, "ready", None) is not None and not kernel.ready.done():
                continue
            if not await ensure_async(kernel.is_alive()):
                self.log.warning("kernel %s is gone", kernel_id)
                await self.end_kernel(kernel_id)

    def _forget(self, kernel_id: str) -> None:
        self.capabilities.withdraw(kernel_id)
        if self._owners.pop(kernel_id, None) is not None and self.on_gone is not None:
            self.on_gone(kernel_id)

    async def _make_room(self, session_id: str) -> None:
        """End the oldest kernels of a visitor who opens page after page."""
        for kernel_id in self.of_session(session_id)[: -(MOST_KERNELS - 1)]:
            await self.end_kernel(kernel_id)
