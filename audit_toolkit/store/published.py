"""Files beside the database: published ones, which never change, and reports, which may."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from ..errors import IntegrityError
from .database import Store


def write_published(store: Store, files: Mapping[str, bytes]) -> None:
    """Put files where anyone may see them, each whole or not at all.

    A file already there with the same bytes stays; if any has other bytes, nothing is written.

    Parameters
    ----------
    store : Store
        Its folder takes the files.
    files : mapping of str to bytes
        Content by name; a name may lead into a folder ("a/b.csv").

    Raises
    ------
    IntegrityError
        "published-differs": a published file would change.
    """
    new = []
    for name, data in files.items():
        path = _inside(store.published_folder, name)
        if not path.exists():
            new.append((path, data))
        elif path.read_bytes() != data:
            raise IntegrityError("published-differs", name=name, where=str(path))
    for path, data in new:
        _write(path, data)


def write_report(store: Store, name: str, data: bytes) -> Path:
    """Write a report in place of an earlier one of that name, and return where it is."""
    path = _inside(store.reports_folder, name)
    _write(path, data)
    return path


def report_names(store: Store) -> tuple[tuple[str, int], ...]:
    """Return the names of the reports there are and their sizes in bytes, by name."""
    if not store.reports_folder.is_dir():
        return ()
    files = (path for path in store.reports_folder.iterdir() if path.is_file())
    found = [(path.name, path.stat().st_size) for path in files]
    return tuple(sorted(entry for entry in found if not entry[0].startswith(".")))


def read_report(store: Store, name: str) -> bytes:
    """Return a report's bytes."""
    return _inside(store.reports_folder, name).read_bytes()


def _inside(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    if not parts or "\\" in name or PurePosixPath(name).is_absolute() or ".." in parts:
        raise ValueError(f"a file's name must stay in its folder; got {name!r}.")
    return folder.joinpath(*parts)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
