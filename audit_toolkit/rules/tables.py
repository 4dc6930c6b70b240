"""Reading one table of a rule set's TOML: every key asked for, none left over, each of its kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import OperatorError
from ..model import Source

STATUSES = ("V", "M")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_CODE = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*|[A-Z]")


@dataclass(slots=True)
class TableReader:
    """One table of the file: where it is, what it holds, and which keys were asked for."""

    file: str
    name: str
    values: dict[str, Any]
    asked: set[str] = field(default_factory=set)

    def fault(self, code: str, key: str, **fields: object) -> OperatorError:
        """Return the error that names file, table and key."""
        return OperatorError(code, file=self.file, table=self.name, entry=key, **fields)

    def take(self, key: str, default: Any = None) -> Any:
        """Return the value of ``key``; without a default it must be there."""
        self.asked.add(key)
        if key not in self.values and default is None:
            raise self.fault("rule-set-key-missing", key)
        return self.values.get(key, default)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; only one with a default may be empty."""
        value = self.take(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.fault("rule-set-not-text", key, got=repr(value))
        return value

    def code(self, key: str) -> str:
        """Return a code: small Latin letters, digits, hyphens and underscores, or one capital."""
        return self._code(key, self.take(key))

    def codes(self, key: str, default: list[str] | None = None) -> tuple[str, ...]:
        """Return a list of codes, each of them once."""
        found = tuple(self._code(key, value) for value in self.list(key, default))
        self.once(key, found)
        return found

    def _code(self, key: str, value: object) -> str:
        if not isinstance(value, str) or not _CODE.fullmatch(value):
            raise self.fault("rule-set-not-code", key, got=repr(value))
        return value

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """Return one of ``choices``."""
        value = self.take(key, default)
        if value not in choices:
            known = ", ".join(repr(c) for c in choices)
            raise self.fault("rule-set-not-choice", key, got=repr(value), known=known)
        return str(value)

    def decimal(self, key: str, default: str | None = None) -> str:
        """Return decimal text in plain digits; empty only where the default is."""
        value = self.take(key, default)
        if value == "" and default == "":
            return ""
        if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
            raise self.fault("rule-set-not-decimal", key, got=repr(value))
        return value

    def share(self, key: str, default: str | None = None) -> str:
        """Return decimal text from 0 to 1."""
        value = self.decimal(key, default)
        if value and not 0 <= float(value) <= 1:
            raise self.fault("rule-set-not-share", key, got=repr(value))
        return value

    def whole(self, key: str, *, low: int) -> int:
        """Return a whole number of at least ``low``."""
        value = self.take(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise self.fault("rule-set-not-whole", key, got=repr(value), low=low)
        return value

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self.take(key)
        if not isinstance(value, bool):
            raise self.fault("rule-set-not-flag", key, got=repr(value))
        return value

    def list(self, key: str, default: list[Any] | None = None) -> list[Any]:
        """Return a list; without a default it must hold something."""
        value = self.take(key, default)
        if not isinstance(value, list) or (default is None and not value):
            raise self.fault("rule-set-not-list", key, got=repr(value))
        return value

    def table(self, key: str) -> TableReader:
        """Return a reader of a table."""
        value = self.take(key)
        if not isinstance(value, dict):
            raise self.fault("rule-set-not-table", key, got=repr(value))
        return TableReader(self.file, f"[{key}]", value)

    def tables(self, key: str, default: list[Any] | None = None) -> tuple[TableReader, ...]:
        """Return readers of a list of tables, numbered from 1."""
        readers = []
        for number, value in enumerate(self.list(key, default), start=1):
            if not isinstance(value, dict):
                raise self.fault("rule-set-not-table", key, got=repr(value))
            readers.append(TableReader(self.file, f"[[{key}]] {number}", value))
        return tuple(readers)

    def once(self, key: str, values: Iterable[object]) -> None:
        """Refuse a value given twice."""
        seen: set[object] = set()
        for value in values:
            if value in seen:
                raise self.fault("rule-set-listed-twice", key, got=repr(value))
            seen.add(value)

    def known(self, key: str, value: str, among: Iterable[str]) -> None:
        """Refuse a reference to what the rule set does not hold."""
        choices = tuple(among)
        if value not in choices:
            raise self.fault(
                "rule-set-unknown-reference", key, got=repr(value), known=", ".join(choices)
            )

    def source(self) -> Source:
        """Return document, clause and status, which stand in the table itself."""
        return Source(
            document=self.text("document"),
            clause=self.text("clause"),
            status=self.choice("status", STATUSES),
        )

    def close(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in self.values:
            if key not in self.asked:
                known = ", ".join(sorted(self.asked))
                raise self.fault("rule-set-key-unknown", key, known=known)
