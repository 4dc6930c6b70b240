"""Voila with walls: everything that it is told is told here, in code."""

from __future__ import annotations

import signal
import socket
import ssl
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any, ClassVar

from jupyter_core.utils import ensure_async, run_sync
from jupyter_events import EventLogger
from jupyter_server.base.handlers import APIHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, authenticated
from traitlets import Any as AnyTrait
from traitlets import Bool, Unicode
from traitlets.config import Config
from voila.app import Voila
from voila.configuration import VoilaConfiguration
from voila.paths import collect_static_paths, collect_template_paths

from ..errors import OperatorError, PermissionRefusedError
from ..model import Identity
from ..workflow import Store, note_sign_in, who_am_i
from . import walls
from .accounts import Accounts
from .calls import CallServer
from .capabilities import Capabilities
from .channels import LONGEST_MESSAGE, OpenChannels, PersonalChannel, WatchedConnection
from .evidence import Evidence
from .forking import ForkServer, register_provisioner
from .front_end import Component, FrontEnd, library_folders
from .handlers import TEMPLATES, NothingHere, OwnHost
from .headers import content_policy, set_security_headers
from .identity import OwnKernelAuthorizer, TicketIdentityProvider
from .kernels import (
    ALLOWED_MESSAGES,
    OneKernelSpec,
    PersonalKernel,
    PersonalKernels,
    clean_environment,
)
from .pages import Page, PageHandler, Start, make_exporter, open_for
from .sessions import Sessions
from .signing_in import AddressBrake, ChangePassword, SignIn, SignOut
from .static_files import PublicFiles, PublicFolder, build_digest

_KERNEL_ID = r"(?P<kernel_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
# The one Chinese font of the house; taken by browsers on devices that have none.
_FONTS = Path(__file__).resolve().parents[1] / "reports" / "fonts"
_SWEEP_MILLISECONDS = 1000
_LARGEST_BODY = 64 * 1024


class OwnKernel(OwnHost, KernelHandler):
    """Tells a page how its own kernel is; nothing can be deleted here."""

    SUPPORTED_METHODS = ("GET",)

    def set_default_headers(self) -> None:
        """Set the headers of every answer."""
        set_security_headers(self, content_policy())
        self.set_header("Cache-Control", "no-store")


class ShutOwnKernel(OwnHost, APIHandler):
    """Shuts a kernel down as its page is left."""

    SUPPORTED_METHODS = ("POST",)

    def set_default_headers(self) -> None:
        """Set the headers of every answer."""
        set_security_headers(self, content_policy())

    @authenticated
    async def post(self, kernel_id: str) -> None:
        """Shut down one's own kernel."""
        if not self.kernel_manager.is_owned_by(kernel_id, self.current_user.session.session_id):
            raise HTTPError(403)
        await self.kernel_manager.end_kernel(kernel_id)
        self.set_status(204)
        self.finish()


class AuditVoila(Voila):
    """The server of the apps.

    Made by ``serving.serve``; attributes not given there are not meant to be changed.
    """

    store: Store = AnyTrait()
    accounts: Accounts = AnyTrait()
    sessions: Sessions = AnyTrait()
    pages: tuple[Page, ...] = AnyTrait()
    warm_modules: tuple[str, ...] = AnyTrait(())
    context_of: Callable[[str], Any] = AnyTrait()
    on_ready: Callable[[str], None] = AnyTrait()
    certificate: tuple[Path, Path] | None = AnyTrait(None)
    behind_proxy = Bool(False)
    host_names: tuple[str, ...] = AnyTrait(())
    forks = Bool(True)
    idle_kernel_seconds = AnyTrait(30 * 60)
    home = Unicode()

    fork_server: ForkServer = AnyTrait(None)
    loaded_config_files: ClassVar[list[str]] = []
    own_handlers: list[tuple[Any, ...]]

    @property
    def encrypted(self) -> bool:
        """Whether what leaves this machine is encrypted, by us or by a proxy."""
        return self.certificate is not None or self.behind_proxy

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Read no configuration file: one that fails would leave the server without its walls."""

    def initialize(self, argv: list[str] | None = None) -> None:
        """Set up from code alone; the command line and the environment are not looked at."""
        register_provisioner()
        self.config_file_paths = []
        self.update_config(_configuration())
        self.event_logger = EventLogger()
        self.voila_configuration = VoilaConfiguration(parent=self)
        self.setup_template_dirs()

    def setup_template_dirs(self) -> None:
        """Take Voila's own templates and static files; ours come first."""
        names = ["voila", "nbconvert"]
        self.template_paths = collect_template_paths(names, "lab", prune=True)
        self.static_paths = collect_static_paths(names, "lab", prune=True)

    def init_settings(self) -> dict[str, Any]:
        """Return the settings of the application, with our classes in all places."""
        settings = super().init_settings()
        self.kernel_manager.allowed_message_types = list(ALLOWED_MESSAGES)
        build = build_digest()
        base = self.base_url
        channels = OpenChannels(self.sessions)
        capabilities = Capabilities()
        self._wire(capabilities, channels)
        return settings | {
            "xsrf_cookies": True,
            "xsrf_cookie_kwargs": {"samesite": "Strict", "path": base},
            "allow_unauthenticated_access": False,
            "allow_remote_access": False,
            "local_hostnames": ["localhost", *(name.casefold() for name in self.host_names)],
            "login_url": f"{base}sign-in",
            "default_handler_class": NothingHere,
            "websocket_max_message_size": LONGEST_MESSAGE,
            "websocket_compression_options": {},
            # Jupyter's own is longer than its interval, which tornado says of every channel.
            "ws_ping_timeout": 30_000,
            "serve_traceback": False,
            "accounts": self.accounts,
            "sessions": self.sessions,
            "open_channels": channels,
            "address_brake": AddressBrake(),
            "person_of": self._person_of,
            "pages": {page.name: page for page in self.pages},
            "front_end": FrontEnd(base, build),
            "build": build,
            "public_address": f"{base}public/{build}",
            "store": self.store,
            "context_of": self.context_of,
            "exporter": make_exporter(
                base, self.template_paths, contents_manager=settings["contents_manager"]
            ),
        }

    def init_handlers(self) -> list[tuple[Any, ...]]:
        """Return every address that the server answers; there are no others."""
        base, build = self.base_url, self.app.settings["build"]
        return [
            (rf"{base}", Start),
            (rf"{base}sign-in", SignIn),
            (rf"{base}sign-out", SignOut),
            (rf"{base}password", ChangePassword),
            (rf"{base}apps/(?P<name>[a-z-]+)", PageHandler),
            (
                rf"{base}evidence/(?P<assignment_id>[^/]{{1,80}})/(?P<digest>[0-9a-f]{{64}})",
                Evidence,
            ),
            (rf"{base}api/kernels/{_KERNEL_ID}", OwnKernel),
            (rf"{base}api/kernels/{_KERNEL_ID}/channels", PersonalChannel),
            (rf"{base}voila/api/shutdown/{_KERNEL_ID}", ShutOwnKernel),
            (rf"{base}components/([0-9a-f]{{64}})\.js", Component),
            (
                rf"{base}widgets/{build}/(.*)",
                PublicFiles,
                {"folder": PublicFolder(*library_folders())},
            ),
            (
                rf"{base}public/{build}/(.*)",
                PublicFiles,
                {"folder": PublicFolder(TEMPLATES / "public", _FONTS)},
            ),
            (r".*", NothingHere),
        ]

    def start(self) -> None:
        """Set everything up, look at the walls, and answer until told to stop."""
        self.home = tempfile.mkdtemp(prefix="audit-")
        try:
            self._build()
            walls.check(self)
            self._listen_and_serve()
        finally:
            rmtree(self.home, ignore_errors=True)

    def _build(self) -> None:
        home = Path(self.home)
        self.connection_dir = str(home / "connections")
        (home / "connections").mkdir(mode=0o700)
        settings = self.init_settings()
        self.app = Application(**settings)
        self.own_handlers = self.init_handlers()
        self.app.add_handlers(r".*", self.own_handlers)

    def _listen_and_serve(self) -> None:
        sockets = self._bind()
        self.calls.start()
        if self.forks:
            self._warm()
            if not self.fork_server.wait_ready():
                self.log.warning("kernels cannot be forked here; plain ones are started")
                self.forks = False
        server = HTTPServer(
            self.app,
            xheaders=self.behind_proxy,
            max_body_size=_LARGEST_BODY,
            max_header_size=32 * 1024,
            ssl_options=self._encryption(),
        )
        server.add_sockets(sockets)
        self.ioloop = IOLoop.current()
        for number in (signal.SIGTERM, signal.SIGINT):
            self.ioloop.asyncio_loop.add_signal_handler(number, self.ioloop.stop)
        sweep = PeriodicCallback(self._sweep, _SWEEP_MILLISECONDS)
        # Here and not at the first kernel: a timer keeps the visitor in whose request it is made.
        self.kernel_manager.initialize_culler()
        self.ioloop.add_callback(sweep.start)
        self.ioloop.add_callback(partial(self.on_ready, self.address))
        try:
            self.ioloop.start()
        finally:
            server.stop()
            self.stop()

    @property
    def address(self) -> str:
        """The address of the server."""
        scheme = "https" if self.certificate else "http"
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{scheme}://{host}:{self.port}{self.base_url}"

    def stop(self) -> None:
        """End all kernels and calls."""
        self.calls.stop()
        if self.fork_server is not None:
            # All of its kernels go with it at once; shutting them down would take them one by one.
            self.fork_server.stop()
        run_sync(self.kernel_manager.shutdown_all)(now=True)

    def _bind(self) -> list[socket.socket]:
        try:
            sockets = bind_sockets(self.port, self.ip)
        except OSError as error:
            raise OperatorError(
                "port-taken", port=self.port, address=self.ip, reason=error.strerror or str(error)
            ) from error
        self.port = sockets[0].getsockname()[1]
        return sockets

    def _encryption(self) -> ssl.SSLContext | None:
        if self.certificate is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*self.certificate)
        return context

    def _person_of(self, person_id: str) -> Identity:
        return who_am_i(self.context_of(person_id), self.store)

    def _wire(self, capabilities: Capabilities, channels: OpenChannels) -> None:
        socket_path = Path(self.home) / "calls.sock"
        self.identity_provider.sessions = self.sessions
        self.identity_provider.person_of = self._person_of
        self.kernel_manager.capabilities = capabilities
        self.kernel_manager.socket_path = str(socket_path)
        self.kernel_manager.home = self.home
        self.kernel_manager.on_gone = channels.close_kernel
        self.calls = CallServer(
            socket_path,
            self.store,
            capabilities,
            self.sessions,
            context_of=self.context_of,
            log=self.log,
        )

    def _warm(self) -> None:
        home = Path(self.home)
        self.fork_server = ForkServer(clean_environment(home), home, self.warm_modules, self.log)

    async def _note_arrival(self, person_id: str) -> None:
        """Have the journal hold that an identity proxy signed somebody in."""
        note = partial(note_sign_in, self.context_of(person_id), self.store, way="identity-proxy")
        try:
            await self.ioloop.run_in_executor(None, note)
        except PermissionRefusedError:
            self.log.warning("a proxy named somebody who is not of this round")

    async def _sweep(self) -> None:
        """See what ended: by time, in another program, or by itself."""
        self.sessions.refresh()
        for person_id in self.sessions.take_arrived():
            await self._note_arrival(person_id)
        self.app.settings["open_channels"].close_ended()
        for session_id in self.kernel_manager.sessions_with_kernels():
            if not self.sessions.is_open(session_id):
                await self.kernel_manager.end_session(session_id)
        await ensure_async(self.kernel_manager.remove_dead())
        if self.forks and self.fork_server.ended:
            # Until the new one has done its imports, plain kernels are started.
            self.log.error("the fork server is gone")
            self.forks = self.fork_server.was_ready
            self.fork_server.stop()
            if self.forks:
                self._warm()


def _configuration() -> Config:
    return Config(
        {
            "Voila": {
                "open_browser": False,
                "token": "",
                "auto_token": False,
                "identity_provider_class": TicketIdentityProvider,
                "authorizer_class": OwnKernelAuthorizer,
                "kernel_websocket_connection_class": WatchedConnection,
            },
            "VoilaConfiguration": {
                "template": "lab",
                "theme": "light",
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                "show_tracebacks": False,
                "strip_sources": True,
                "preheat_kernel": False,
                "progressive_rendering": False,
                "file_allowlist": [],
                "http_header_envs": [],
                "extension_allowlist": [],
                "multi_kernel_manager_class": PersonalKernels,
                "kernel_spec_manager_class": OneKernelSpec,
                "prelaunch_hook": open_for,
            },
            "PersonalKernels": {
                "kernel_manager_class": f"{PersonalKernel.__module__}.{PersonalKernel.__name__}",
                "allow_tracebacks": False,
                "cull_idle_timeout": 30 * 60,
                "cull_interval": 60,
                "cull_connected": False,
                "buffer_offline_messages": True,
            },
            "VoilaExecutor": {"timeout": 120, "cell_error_instruction": ""},
        }
    )
