"""Commands: serve, users reset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import workflow
from ..errors import OperatorError
from ..settings import load_settings
from .shared import JsonOption, PersonOption, StoreOption, emit, opened, words


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("serve")(serve)


def first_password(context: workflow.Context, store: workflow.Store, person_id: str) -> str:
    """Return a first password for somebody who has no account yet, else nothing."""
    from ..server.accounts import FILE_NAME, Accounts

    accounts = Accounts(store.folder / FILE_NAME)
    if person_id in accounts.known():
        return ""
    workflow.give_password(context, store, person_id=person_id, occasion="new")
    return accounts.give_first_password(person_id)


def users_reset(
    person_id: Annotated[str, typer.Argument(help="Whose password is lost.")],
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a new first password; open sign-ins of the person end."""
    from ..server.accounts import FILE_NAME, Accounts

    with opened(store, person) as (context, opened_store):
        workflow.give_password(context, opened_store, person_id=person_id, occasion="lost")
        password = Accounts(opened_store.folder / FILE_NAME).give_first_password(person_id)
    emit(
        as_json,
        {"person_id": person_id, "first_password": password},
        words("first-password", person=person_id, password=password),
    )


def serve(
    port: Annotated[int, typer.Option(help="Port; 0 takes any free one.")] = 8866,
    address: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    certificate: Annotated[Path | None, typer.Option(help="Certificate (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="Key of the certificate (PEM).")] = None,
    behind_proxy: Annotated[
        bool, typer.Option(help="A proxy before the server encrypts and names the visitor.")
    ] = False,
    host_name: Annotated[
        list[str] | None, typer.Option(help="Name under which the server is reached; repeat.")
    ] = None,
    base_url: Annotated[
        str, typer.Option(help="Path under which the apps are, such as /round-2019/.")
    ] = "/",
    header_secret: Annotated[
        Path | None,
        typer.Option(help="File with the secret shared with an identity proxy or JupyterHub."),
    ] = None,
    notebooks: Annotated[Path | None, typer.Option(help="Folder of the apps' notebooks.")] = None,
    plain_kernels: Annotated[bool, typer.Option(help="Fork no kernels.")] = False,
    store: StoreOption = None,
) -> None:
    """Serve the apps of a round to signed-in people, until stopped."""
    # Voila is imported by this command alone: the others answer faster without it.
    from ..server import serving

    settings = load_settings()
    if (certificate is None) != (key is None):
        raise OperatorError("not-encrypted", address=address)
    serving.serve(
        store or settings.store,
        folder=settings.folder or None,
        port=port,
        address=address,
        notebooks=notebooks or serving.NOTEBOOKS,
        certificate=(certificate, key) if certificate and key else None,
        behind_proxy=behind_proxy,
        host_names=tuple(host_name or ()),
        base_url=base_url,
        header_secret=None if header_secret is None else serving.read_secret(header_secret),
        forks=not plain_kernels,
        on_ready=lambda where: print(words("serving", address=where), flush=True),
    )
