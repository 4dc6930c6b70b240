"""The walls that must stand before the server answers anybody, looked at one by one."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OperatorError
from .accounts import Accounts
from .channels import OpenChannels, PersonalChannel, WatchedConnection
from .handlers import NothingHere, OwnHandler
from .identity import OwnKernelAuthorizer, TicketIdentityProvider
from .kernels import ALLOWED_MESSAGES, OneKernelSpec, PersonalKernel, PersonalKernels
from .pages import open_for
from .sessions import Sessions
from .static_files import PublicFiles

if TYPE_CHECKING:
    from .app import AuditVoila

_LONGEST_IDLE = 24 * 3600


def check(app: AuditVoila) -> None:
    """Refuse to start if a wall is missing.

    Raises
    ------
    OperatorError
        "wall-missing", with the name of the first.
    """
    for name, stands in _walls(app):
        if not stands():
            raise OperatorError("wall-missing", wall=name)


def _walls(app: AuditVoila) -> Iterator[tuple[str, Callable[[], bool]]]:
    settings, set_up = app.app.settings, app.voila_configuration
    kernels = app.kernel_manager
    yield "configuration in code", lambda: not app.config_file_paths and not app.loaded_config_files
    yield "identity", lambda: type(settings["identity_provider"]) is TicketIdentityProvider
    yield "sessions", lambda: isinstance(settings["identity_provider"].sessions, Sessions)
    yield "no token", lambda: not settings["identity_provider"].token and not app.token
    yield "authorizer", lambda: type(settings["authorizer"]) is OwnKernelAuthorizer
    yield "sign-in everywhere", lambda: settings["allow_unauthenticated_access"] is False
    yield "kernels of people", lambda: isinstance(kernels, PersonalKernels)
    yield "kernel class", lambda: kernels.kernel_manager_class.endswith(PersonalKernel.__name__)
    yield "kernel kinds", lambda: type(app.kernel_spec_manager) is OneKernelSpec
    yield "kernel messages", lambda: list(kernels.allowed_message_types) == ALLOWED_MESSAGES
    yield "tracebacks", lambda: not kernels.allow_tracebacks and not set_up.show_tracebacks
    yield "idle kernels end", lambda: 0 < kernels.cull_idle_timeout <= _LONGEST_IDLE
    yield (
        "channel checks",
        lambda: settings["kernel_websocket_connection_class"] is WatchedConnection,
    )
    yield "open channels", lambda: isinstance(settings["open_channels"], OpenChannels)
    yield "role of a page", lambda: set_up.prelaunch_hook is open_for
    yield "no progressive rendering", lambda: not set_up.progressive_rendering
    yield "no pre-heating", lambda: not set_up.preheat_kernel
    yield "no other template", lambda: set_up.allow_template_override == "NO"
    yield "no other theme", lambda: set_up.allow_theme_override == "NO"
    yield "no headers to kernels", lambda: not set_up.http_header_envs
    yield "no files", lambda: not set_up.file_allowlist
    yield "forged requests", lambda: settings["xsrf_cookies"] is True
    yield (
        "own origin",
        lambda: not settings.get("allow_origin") and not settings.get("allow_origin_pat"),
    )
    yield "own host names", lambda: settings["allow_remote_access"] is False
    yield "message size", lambda: 0 < settings["websocket_max_message_size"] <= 2**20
    yield "own addresses only", lambda: all(_is_ours(handler) for handler in app.own_handlers)
    yield "last address", lambda: app.own_handlers[-1][1] is NothingHere
    yield "accounts for their owner", lambda: _private(settings["accounts"])
    yield "private folder", lambda: _mode(Path(app.home)) == 0o700
    yield "encryption", lambda: app.ip in ("127.0.0.1", "::1") or app.encrypted


def _is_ours(handler: tuple[Any, ...]) -> bool:
    from .app import OwnKernel, ShutOwnKernel

    kind = handler[1]
    ours = kind in (PublicFiles, PersonalChannel, OwnKernel, ShutOwnKernel)
    return ours or issubclass(kind, OwnHandler)


def _private(accounts: object) -> bool:
    return isinstance(accounts, Accounts) and _mode(accounts.path) == 0o600


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
