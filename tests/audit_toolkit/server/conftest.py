"""Our server and the controls, one of each for all attacks."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attackers import Control, Visitor
from serve_small import write_notebooks
from served_round import ServedRound, serve_round, served_round

__all__ = ["ServedRound", "serve_round", "served_round"]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="session")
def control_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("control")
    write_notebooks(folder)
    (folder / "photo.png").write_bytes(b"\x89PNG a photo of a household")
    return folder


@pytest.fixture(scope="session")
def start_voila(control_folder: Path) -> Iterator[Callable[..., Control]]:
    """Start a plain Voila on the same notebooks with other words of its command line."""
    started: dict[tuple[str, ...], Control] = {}

    def start(*words: str, folder: Path = control_folder, **environment: str) -> Control:
        key = (*words, str(folder), *environment)
        if key not in started:
            port = free_port()
            started[key] = Control.start(
                ["voila", str(folder), "--no-browser", f"--port={port}", *words],
                folder,
                port,
                **environment,
            )
        return started[key]

    yield start
    for one in started.values():
        one.stop()


@pytest.fixture(scope="session")
def voila(start_voila: Callable[..., Control]) -> Control:
    """Voila as it comes, with a secret in its environment."""
    return start_voila(SERVER_SECRET="secret-of-the-server")


@pytest.fixture(scope="session")
def jupyter(control_folder: Path) -> Iterator[Control]:
    """Voila as an extension of a Jupyter server, behind its token."""
    port = free_port()
    control = Control.start(
        [
            "jupyter_server",
            f"--ServerApp.root_dir={control_folder}",
            f"--port={port}",
            "--no-browser",
            "--allow-root",
            "--ServerApp.jpserver_extensions={'voila.server_extension': True}",
            "--IdentityProvider.token=visitor",
        ],
        control_folder,
        port,
    )
    yield control
    control.stop()


@pytest.fixture
def owner(served_round: ServedRound) -> Visitor:
    return signed_in(served_round, "ins-900121-1")


@pytest.fixture
def other(served_round: ServedRound) -> Visitor:
    return signed_in(served_round, "ins-900121-2")


@pytest.fixture
def sign_in() -> Callable[[ServedRound, str], Visitor]:
    return signed_in


def signed_in(served: ServedRound, person_id: str) -> Visitor:
    visitor = Visitor(served.address)
    answer = visitor.sign_in(person_id, served.passwords[person_id])
    assert answer.status == 303, answer.text
    return visitor
