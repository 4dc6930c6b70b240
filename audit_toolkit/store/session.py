"""One transaction's connection: the only ways into the tables and out of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Row, Select, Table, Update, insert


class Session:
    """Reads rows and adds rows; nothing but a draft is ever changed, nothing is removed."""

    def __init__(
        self, connection: Connection, *, writing: bool, kept: dict[tuple[type, str], Any]
    ) -> None:
        self._connection = connection
        self._writing = writing
        self._kept = kept
        self._added = False

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        return self._connection.execute(query).all()

    def _row(self, query: Select[Any]) -> Row[Any] | None:
        return self._connection.execute(query).first()

    def _add(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self._run(insert(table), rows)

    def _add_one(self, table: Table, row: dict[str, Any]) -> int:
        """Add a row and return the number that the database gave it."""
        given = self._run(insert(table), row).inserted_primary_key
        return int(given[0])

    def _run(self, statement: Insert | Update, rows: Any) -> Any:
        if not self._writing:
            raise RuntimeError("a reading transaction adds nothing; use store.transaction().")
        self._added = True
        return self._connection.execute(statement, rows)
