"""Files of evidence beside the database: put together from pieces, then named by their digest."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from .database import Store

_DIGEST = re.compile(r"[0-9a-f]{64}")


def add_piece(store: Store, name: str, offset: int, data: bytes) -> int:
    """Add a piece to the unfinished file ``name`` and return how many bytes of it are kept.

    A piece that is there already is left out, one that would leave a gap is not taken.

    Parameters
    ----------
    store : Store
        Its folder takes the file.
    name : str
        64 hexadecimal digits that stand for the sender's file.
    offset : int
        Where the piece begins, in bytes.
    data : bytes
        The piece.
    """
    path = _unfinished(store, name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = kept_bytes(store, name)
    if offset != kept:
        return kept
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return kept + len(data)


def kept_bytes(store: Store, name: str) -> int:
    """Return how many bytes of an unfinished file are kept."""
    path = _unfinished(store, name)
    return path.stat().st_size if path.exists() else 0


def read_unfinished(store: Store, name: str) -> bytes:
    """Return what is kept of an unfinished file."""
    return _unfinished(store, name).read_bytes()


def drop_unfinished(store: Store, name: str) -> None:
    """Forget an unfinished file."""
    _unfinished(store, name).unlink(missing_ok=True)


def count_unfinished(store: Store) -> int:
    """Return how many files are unfinished."""
    folder = _evidence(store) / "unfinished"
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def keep_evidence(store: Store, name: str) -> str:
    """Give a finished file the name of its SHA-256 digest and return the digest."""
    path = _unfinished(store, name)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    place = evidence_path(store, digest)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return digest


def evidence_path(store: Store, digest: str) -> Path:
    """Return where the file of a digest is."""
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"a digest has 64 hexadecimal digits; got {digest!r}.")
    return _evidence(store) / digest[:2] / f"{digest}.jpg"


def _evidence(store: Store) -> Path:
    return store.folder / "evidence"


def _unfinished(store: Store, name: str) -> Path:
    if not _DIGEST.fullmatch(name):
        raise ValueError(f"an unfinished file has a name of 64 hexadecimal digits; got {name!r}.")
    return _evidence(store) / "unfinished" / name
