"""What all commands share: options, opening the store, printing."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from .. import workflow
from ..errors import OperatorError
from ..machine import machine_context
from ..model import Problem, ProblemList
from ..settings import load_settings
from ..text import say

StoreOption = Annotated[
    str | None, typer.Option("--store", help="Folder or database address of the round.")
]
PersonOption = Annotated[
    str | None, typer.Option("--as", help="Who acts (identifier in the round).")
]
CountyOption = Annotated[str, typer.Option("--county", help="Six-digit code of the county.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
MapOption = Annotated[Path | None, typer.Option("--map", help="TOML file that names your columns.")]


def language() -> str:
    """Return the language of messages: settings, or AUDIT_TOOLKIT_LANGUAGE."""
    return load_settings().language


def words(key: str, **fields: object) -> str:
    """Return a sentence of the command line in the user's language."""
    return say(f"cli.{key}", language(), **fields)


@contextmanager
def opened(
    store: str | None, person: str | None, *, create: bool = False
) -> Iterator[tuple[workflow.Context, workflow.Store]]:
    """Open the store and give the acting person's context."""
    settings = load_settings()
    acting = person or settings.person
    if not acting:
        raise OperatorError("person-missing")
    opened_store = workflow.open_store(
        store or settings.store, create=create, folder=settings.folder or None
    )
    try:
        yield machine_context(acting), opened_store
    finally:
        opened_store.close()


def emit(as_json: bool, value: Any, text: str | Sequence[str]) -> None:
    """Print ``value`` as JSON, or ``text``."""
    if as_json:
        print(json.dumps(workflow.to_json_value(value), ensure_ascii=False, sort_keys=True))
        return
    for line in [text] if isinstance(text, str) else text:
        print(line)


def show_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; as tab-separated text where the output is not a terminal."""
    if not sys.stdout.isatty():
        writer = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
        writer.writerow(headers)
        writer.writerows(rows)
        return
    table = Table(*headers)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console().print(table)


def problem_words(problem: Problem) -> str:
    """Return one problem in the user's language."""
    fields: dict[str, object] = dict(problem.fields)
    fields.update(
        row=problem.row if problem.row is not None else "-",
        column=problem.column or "-",
        got=problem.got,
        list_name=problem.list_name,
    )
    return say(f"problems.{problem.code}", language(), **fields)


def print_problems(problems: ProblemList) -> None:
    """Print every problem, a line each, in the order of the file's rows."""
    for problem in problems.problems:
        print(problem_words(problem))


def write_problems(problems: ProblemList, path: Path) -> None:
    """Write every problem to a CSV that opens in a spreadsheet."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "column", "code", "got", "message"])
        for p in problems.problems:
            writer.writerow([p.row or "", p.column or "", p.code, _plain(p.got), problem_words(p)])


def _plain(text: str) -> str:
    """Keep a cell from being read as a formula by a spreadsheet."""
    return f"'{text}" if text[:1] in "=+-@" else text
