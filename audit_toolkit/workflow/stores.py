"""Opening a store, and turning its values into JSON, for the doors."""

from __future__ import annotations

from pathlib import Path

from ..store import Store, to_json_value

__all__ = ["Store", "open_store", "to_json_value"]


def open_store(
    target: str | Path, *, create: bool = False, folder: str | Path | None = None
) -> Store:
    """Return the store at a folder or database address; ``create`` makes an empty one.

    ``folder`` is where published files and reports go beside a database address.

    Raises
    ------
    OperatorError
        There is none, there is one already, or it is of another version.
    """
    return Store.open(target, create=create, folder=None if folder is None else Path(folder))
