"""Starting the server of the apps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from .. import workflow
from ..errors import OperatorError
from ..machine import machine_context
from .accounts import FILE_NAME, Accounts
from .app import AuditVoila
from .pages import Page, app_pages
from .sessions import IDLE_SECONDS, LONGEST_SECONDS, Sessions

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks" / "apps"


def accounts_of(store: workflow.Store) -> Accounts:
    """Return the accounts of a round, kept beside its files."""
    return Accounts(store.folder / FILE_NAME)


def open_accounts(
    context: workflow.Context,
    store: workflow.Store,
    people: Iterable[str],
    *,
    occasion: Literal["new", "lost"] = "new",
) -> dict[str, str]:
    """Give first passwords to people, as the journal says; return them by person.

    They are not kept in clear. Open sign-ins of these people end.
    """
    accounts, given = accounts_of(store), {}
    for person_id in people:
        workflow.give_password(context, store, person_id=person_id, occasion=occasion)
        given[person_id] = accounts.give_first_password(person_id)
    return given


def read_secret(path: Path) -> bytes:
    """Return the secret that an identity proxy shares.

    Raises
    ------
    OperatorError
        "secret-short", or "file-unreadable".
    """
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise OperatorError("file-unreadable", file=str(path), reason=str(error)) from error
    if len(secret) < 32:
        raise OperatorError("secret-short", path=str(path), got=len(secret))
    return secret


def serve(
    store_target: str | Path,
    *,
    port: int = 8866,
    address: str = "127.0.0.1",
    folder: str | Path | None = None,
    notebooks: Path = NOTEBOOKS,
    pages: tuple[Page, ...] | None = None,
    certificate: tuple[Path, Path] | None = None,
    behind_proxy: bool = False,
    host_names: tuple[str, ...] = (),
    header_secret: bytes | None = None,
    base_url: str = "/",
    forks: bool = True,
    warm_modules: tuple[str, ...] | None = None,
    longest_session: float = LONGEST_SECONDS,
    idle_session: float = IDLE_SECONDS,
    on_ready: Callable[[str], None] = print,
) -> None:
    """Serve the apps of a round until told to stop.

    Parameters
    ----------
    store_target : str or Path
        Folder or database address of the round; this process is the one that writes.
    port : int, default 8866
        0 takes any free one.
    address : str, default "127.0.0.1"
        Where to listen; beyond this machine only encrypted or behind a proxy that encrypts.
    folder : str or Path, optional
        Files of the round beside a database address.
    notebooks : Path
        Folder of the apps' notebooks.
    pages : tuple of Page, optional
        In place of the apps.
    certificate : pair of Path, optional
        Certificate and key (PEM).
    behind_proxy : bool, default False
        A proxy before the server encrypts, and its word on the visitor's address is taken.
    host_names : tuple of str
        Names under which the server is reached, beside "localhost" and loopback addresses.
    header_secret : bytes, optional
        Shared with an identity proxy or JupyterHub; its header takes the place of the sign-in.
    base_url : str, default "/"
        Path under which the apps are.
    forks : bool, default True
        Kernels are forked from a warm process where the machine can.
    on_ready : callable
        Called with the address once the server answers.

    Raises
    ------
    OperatorError
        "wall-missing", "pages-missing", "port-taken", "not-encrypted", or as the store refuses.
    """
    served = app_pages(notebooks) if pages is None else pages
    for page in served:
        if not page.notebook.is_file():
            raise OperatorError("pages-missing", path=str(page.notebook))
    encrypted = certificate is not None or behind_proxy
    if address not in ("127.0.0.1", "::1", "localhost") and not encrypted:
        raise OperatorError("not-encrypted", address=address)
    with workflow.open_store(store_target, folder=folder) as store:
        accounts = accounts_of(store)
        sessions = Sessions(
            accounts, header_secret=header_secret, longest=longest_session, idle=idle_session
        )
        app = AuditVoila(
            store=store,
            accounts=accounts,
            sessions=sessions,
            pages=served,
            context_of=machine_context,
            on_ready=on_ready,
            port=port,
            ip="127.0.0.1" if address == "localhost" else address,
            base_url=f"/{inside}/" if (inside := base_url.strip("/")) else "/",
            root_dir=str(served[0].notebook.parent),
            certificate=certificate,
            behind_proxy=behind_proxy,
            host_names=host_names,
            forks=forks,
            warm_modules=_app_modules() if warm_modules is None else warm_modules,
            log_level=logging.WARNING,
        )
        app.initialize([])
        app.start()


def _app_modules() -> tuple[str, ...]:
    """Return what kernels of the apps import, so that the warm process has it ready."""
    names = [f"audit_toolkit.apps.{name}" for name in ("home", "inspect", "results")]
    apps = find_spec("audit_toolkit.apps")
    return tuple(name for name in names if apps and find_spec(name))
