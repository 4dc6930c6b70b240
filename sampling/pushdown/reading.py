"""What is read from a table before anything is computed on it, and refused."""

from __future__ import annotations

from collections.abc import Iterable

import ibis.expr.types as ir

from .._checks import name_some
from ..errors import ArgumentError


def check_table_columns(table: ir.Table, columns: Iterable[str]) -> None:
    """Refuse a table without one of ``columns``."""
    absent = [column for column in columns if column not in table.columns]
    if absent:
        raise ArgumentError(
            f"table must have the columns asked for; got none called {name_some(absent)}. "
            f"It has {name_some(table.columns)}.",
            code="column-missing",
            columns=tuple(absent),
        )


def check_text_columns(table: ir.Table, columns: Iterable[str]) -> None:
    """Refuse columns that are not text: how a number is written would decide its ticket."""
    for column in columns:
        kind = table.schema()[column]
        if not kind.is_string():
            raise ArgumentError(
                f"column {column!r} must be text; got {kind}. Write numbers out as text yourself, "
                "so that leading zeros and the number of digits are decided by you.",
                code="column-not-text",
                column=column,
                got=str(kind),
            )


def check_number_columns(table: ir.Table, columns: Iterable[str]) -> None:
    """Refuse columns that are neither numeric nor true-false."""
    for column in columns:
        kind = table.schema()[column]
        if not (kind.is_numeric() or kind.is_boolean()):
            raise ArgumentError(
                f"column {column!r} must be numeric; got {kind}. Convert it first.",
                code="column-not-numeric",
                column=column,
                got=str(kind),
            )
