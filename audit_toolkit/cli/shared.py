"""What all commands share: options, opening the store, printing."""

from __future__ import annotations

import csv
import io
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
from ..settings import Settings, load_settings
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


def language_of_refusals() -> str:
    """Return the language of messages even where it is the settings that are refused."""
    try:
        return language()
    except OperatorError:
        return Settings().language


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
    target, folder = store or settings.store, settings.folder or None
    make = _new_store if create else workflow.open_store
    opened_store = make(target, folder=folder)
    try:
        yield machine_context(acting), opened_store
    finally:
        opened_store.close()


def _new_store(target: str, *, folder: str | None) -> workflow.Store:
    """Make a store, or open one that is there; a round already in it is refused later.

    An `init` that was refused leaves an empty store behind, and must be possible again.
    """
    try:
        return workflow.open_store(target, create=True, folder=folder)
    except OperatorError as error:
        if error.code != "store-exists":
            raise
    return workflow.open_store(target, folder=folder)


def name_and_value(item: str, option: str, *, last: bool = False) -> tuple[str, str]:
    """Return the two sides of NAME=VALUE, parted at the first (or ``last``) "=".

    Raises
    ------
    typer.BadParameter
        One of the sides is empty.
    """
    name, _, value = item.rpartition("=") if last else item.partition("=")
    if not name or not value:
        raise typer.BadParameter(words("not-name-value", got=item), param_hint=option)
    return name, value


def once_each(pairs: Iterable[tuple[str, str]], option: str) -> dict[str, str]:
    """Return names with their values.

    Raises
    ------
    typer.BadParameter
        A name comes twice.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise typer.BadParameter(words("name-twice", name=name), param_hint=option)
        found[name] = value
    return found


def write_file(path: Path, data: bytes) -> None:
    """Write a file that was asked for.

    Raises
    ------
    OperatorError
        It cannot be written there.
    """
    try:
        path.write_bytes(data)
    except OSError as error:
        raise OperatorError("file-not-written", path=path, reason=error.strerror) from None


def emit(as_json: bool, value: Any, text: str | Sequence[str]) -> None:
    """Print ``value`` as JSON, or ``text``."""
    if as_json:
        print(json.dumps(workflow.to_json_value(value), ensure_ascii=False, sort_keys=True))
        return
    for line in [text] if isinstance(text, str) else text:
        print(line)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table under the headers of ``columns``; tab-separated if not to a terminal."""
    headers = [words(f"head-{column}") for column in columns]
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
    return workflow.problem_words(problem, language_of_refusals())


def problem_values(problems: Iterable[Problem]) -> list[dict[str, object]]:
    """Return problems with their wording, for JSON."""
    return [
        {
            "code": p.code,
            "list": p.list_name,
            "row": p.row,
            "column": p.column,
            "got": p.got,
            "message": problem_words(p),
        }
        for p in problems
    ]


def print_problems(problems: ProblemList) -> None:
    """Print every problem, a line each, in the order of the file's rows."""
    for problem in problems.problems:
        print(problem_words(problem))


def write_problems(problems: ProblemList, path: Path) -> None:
    """Write every problem to a CSV that opens in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["row", "column", "code", "got", "message"])
    for p in problems.problems:
        row = [p.row or "", p.column or "", p.code, p.got, problem_words(p)]
        writer.writerow([_plain(cell) if isinstance(cell, str) else cell for cell in row])
    write_file(path, text.getvalue().encode("utf-8-sig"))


def _plain(text: str) -> str:
    """Keep a cell from being read as a formula by a spreadsheet."""
    return f"'{text}" if text[:1] in "=+-@" else text
