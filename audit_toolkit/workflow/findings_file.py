"""Findings from a file: each row goes through the same door as an inspector's form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..errors import AuditError, OperatorError, RegisterError
from ..interchange import read_table
from ..model import Answer, Problem, ProblemList, Visit
from ..store import Store
from .context import Context
from .field import record_visit

_OWN_COLUMNS = ("assignment_id", "outcome", "device_at", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A row that was not stored: the file's row number, the error's code and fields, problems."""

    row: int
    code: str
    fields: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsImport:
    """How many visits of a file were stored, and which rows were refused and why."""

    stored: int
    refused: tuple[RefusedRow, ...]


def import_findings(context: Context, store: Store, path: Path) -> FindingsImport:
    """Record the visits of a file one by one, as the inspector who acts.

    The file has one row a visit: assignment_id, outcome, device_at (ISO 8601 with zone), reason
    (for corrections), and one column a question code; an empty cell is a question not asked.
    A row with a fault is refused alone and named; the others are stored.

    Raises
    ------
    RegisterError
        The file itself cannot be read without problems.
    OperatorError
        A needed column is missing, or a column is there twice.
    """
    table = read_table(path, list_name="findings")
    if table.problems:
        problems = ProblemList(problems=table.problems)
        raise RegisterError("list-refused", problems=problems, file=path.name)
    twice = sorted({h for h in table.headers if table.headers.count(h) > 1})
    if twice:
        raise OperatorError("findings-columns-twice", columns=", ".join(twice))
    missing = [c for c in _OWN_COLUMNS[:3] if c not in table.headers]
    if missing:
        raise OperatorError("findings-columns", missing=", ".join(missing))
    stored, refused = 0, []
    for row, cells in table.rows:
        values = dict(zip(table.headers, cells, strict=True))
        try:
            record_visit(context, store, _visit(values))
        except RegisterError as error:
            refused.append(_refused(row, error, error.problems.problems))
        except AuditError as error:
            refused.append(_refused(row, error, ()))
        else:
            stored += 1
    return FindingsImport(stored=stored, refused=tuple(refused))


def _visit(values: dict[str, str]) -> Visit:
    text = values["device_at"]
    try:
        device_at = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError("device-time", got=text) from None
    if device_at.tzinfo is None:
        raise OperatorError("device-time", got=text)
    answers = tuple(
        Answer(question=column, value=value)
        for column, value in values.items()
        if column not in _OWN_COLUMNS and value != ""
    )
    return Visit(
        assignment_id=values["assignment_id"],
        outcome=values["outcome"],
        answers=answers,
        device_at=device_at,
        reason=values.get("reason", ""),
    )


def _refused(row: int, error: AuditError, problems: tuple[Problem, ...]) -> RefusedRow:
    fields = tuple((name, str(value)) for name, value in error.fields.items())
    return RefusedRow(row=row, code=error.code, fields=fields, problems=problems)
