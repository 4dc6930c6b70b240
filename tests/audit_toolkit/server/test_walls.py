"""The server does not start when a wall is missing: each is taken away once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from jupyter_server.auth.authorizer import AllowAllAuthorizer
from jupyter_server.auth.identity import IdentityProvider
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from rounds import SmallRound
from serve_small import trial_pages
from tornado.web import StaticFileHandler

from audit_toolkit import workflow
from audit_toolkit.errors import OperatorError
from audit_toolkit.machine import machine_context
from audit_toolkit.server import serving, walls
from audit_toolkit.server.accounts import FILE_NAME, Accounts
from audit_toolkit.server.app import AuditVoila
from audit_toolkit.server.sessions import Sessions

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[AuditVoila]:
    """A server that is set up and not started."""
    small = SmallRound(tmp_path).opened()
    accounts = Accounts(small.store.folder / FILE_NAME, hasher=QUICK)
    (tmp_path / "home").mkdir(mode=0o700)
    one = AuditVoila(
        store=small.store,
        accounts=accounts,
        sessions=Sessions(accounts),
        pages=trial_pages(tmp_path / "trial"),
        context_of=machine_context,
        ip="127.0.0.1",
        root_dir=str(tmp_path / "trial"),
        home=str(tmp_path / "home"),
    )
    one.initialize([])
    one._build()
    yield one
    one.calls.stop()
    small.store.close()


def setting(name: str, value: object) -> Callable[[AuditVoila], None]:
    return lambda app: app.app.settings.update({name: value})


def set_up(name: str, value: object) -> Callable[[AuditVoila], None]:
    return lambda app: setattr(app.voila_configuration, name, value)


def kernels(name: str, value: object) -> Callable[[AuditVoila], None]:
    return lambda app: setattr(app.kernel_manager, name, value)


def handler(*added: Any) -> Callable[[AuditVoila], None]:
    return lambda app: app.own_handlers.insert(0, added)


TAKEN_AWAY: dict[str, Callable[[AuditVoila], None]] = {
    "configuration in code": lambda app: setattr(app, "config_file_paths", ["/etc"]),
    "identity": setting("identity_provider", IdentityProvider(token="")),
    "no token": lambda app: setattr(app, "token", "visitor"),
    "authorizer": lambda app: app.app.settings.update(authorizer=AllowAllAuthorizer()),
    "sign-in everywhere": setting("allow_unauthenticated_access", True),
    "kernel messages": kernels("allowed_message_types", []),
    "tracebacks": kernels("allow_tracebacks", True),
    "idle kernels end": kernels("cull_idle_timeout", 0),
    "channel checks": setting("kernel_websocket_connection_class", ZMQChannelsWebsocketConnection),
    "open channels": setting("open_channels", set()),
    "role of a page": set_up("prelaunch_hook", None),
    "no progressive rendering": set_up("progressive_rendering", True),
    "no pre-heating": set_up("preheat_kernel", True),
    "no other template": set_up("allow_template_override", "YES"),
    "no other theme": set_up("allow_theme_override", "NOTEBOOK"),
    "no headers to kernels": set_up("http_header_envs", ["Cookie"]),
    "no files": set_up("file_allowlist", [".*"]),
    "forged requests": setting("xsrf_cookies", False),
    "own origin": setting("allow_origin", "*"),
    "own host names": setting("allow_remote_access", True),
    "message size": setting("websocket_max_message_size", 2**30),
    "own addresses only": handler(r"/files/(.*)", StaticFileHandler, {"path": "/"}),
    "last address": lambda app: app.own_handlers.pop(),
    "accounts for their owner": lambda app: app.accounts.path.chmod(0o644),
    "private folder": lambda app: Path(app.home).chmod(0o755),
    "encryption": lambda app: setattr(app, "ip", "0.0.0.0"),
}


def test_a_server_with_all_its_walls_may_start(app: AuditVoila):
    walls.check(app)


@pytest.mark.parametrize("wall", TAKEN_AWAY)
def test_a_server_without_a_wall_does_not_start(app: AuditVoila, wall: str):
    TAKEN_AWAY[wall](app)
    with pytest.raises(OperatorError) as refused:
        walls.check(app)
    assert refused.value.code == "wall-missing"
    assert refused.value.fields["wall"] == wall


def test_no_configuration_file_is_read(app: AuditVoila, monkeypatch: pytest.MonkeyPatch):
    app.load_config_file("voila", path=["/nowhere"])
    assert not app.loaded_config_files


def test_beyond_this_machine_only_encrypted(tmp_path: Path):
    with pytest.raises(OperatorError, match="must be encrypted"):
        serving.serve(tmp_path, address="0.0.0.0", pages=trial_pages(tmp_path / "trial"))


def test_a_missing_notebook_is_named(tmp_path: Path):
    with pytest.raises(OperatorError, match=r"home\.ipynb is missing"):
        serving.serve(tmp_path, notebooks=tmp_path)


def test_a_secret_that_is_too_short(tmp_path: Path):
    short = tmp_path / "secret"
    short.write_text("abc\n")
    with pytest.raises(OperatorError, match="at least 32"):
        serving.read_secret(short)
    short.write_text("a" * 32 + "\n")
    assert serving.read_secret(short) == b"a" * 32


def test_first_passwords_by_the_command_line(tmp_path: Path):
    small = SmallRound(tmp_path).opened()
    small.store.close()

    where = ["--store", str(tmp_path / "round"), "--as", "admin"]

    def say(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "audit_toolkit", *words, *where],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    first = say("users", "add", "new", "--name", "新", "--role", "observer")
    assert "First password of new: " in first
    assert "First password" not in say("users", "add", "new", "--name", "新", "--role", "province")
    again = say("users", "reset", "new")
    with workflow.open_store(tmp_path / "round") as store:
        accounts = Accounts(store.folder / FILE_NAME, hasher=QUICK)
    with pytest.raises(OperatorError):
        accounts.check("new", first.partition("new: ")[2].split()[0])
    assert accounts.check("new", again.partition("new: ")[2].split()[0]).must_change
