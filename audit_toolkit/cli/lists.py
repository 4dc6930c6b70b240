"""Commands: register, roster."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from .. import workflow
from ..model import Freeze
from .shared import (
    CountyOption,
    JsonOption,
    MapOption,
    PersonOption,
    StoreOption,
    emit,
    language,
    opened,
    print_problems,
    problem_values,
    show_table,
    words,
    write_file,
    write_problems,
)

registers = typer.Typer(no_args_is_help=True, help="The register of a county, and the freeze.")
rosters = typer.Typer(no_args_is_help=True, help="The village rosters, and matching both lists.")

FileArgument = Annotated[Path, typer.Argument(help="XLSX or CSV file.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(registers, name="register")
    app.add_typer(rosters, name="roster")


def _column_map(path: Path | None, list_name: str) -> Mapping[str, str] | None:
    return None if path is None else workflow.column_map(path, list_name)


@registers.command("check")
def register_check(
    file: FileArgument,
    county: CountyOption,
    columns: MapOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the problems to this CSV as well.")
    ] = None,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """List every problem of a register file by row and column; import nothing."""
    with opened(store, person) as (context, opened_store):
        problems = workflow.check_register_file(
            context,
            opened_store,
            file,
            county_code=county,
            column_map=_column_map(columns, "register"),
        )
    if out is not None:
        write_problems(problems, out)
    if as_json:
        emit(True, {"problems": problem_values(problems.problems)}, "")
    else:
        print_problems(problems)
        print(words("problems-found", count=len(problems)))
    if problems:
        raise typer.Exit(1)


@registers.command("import")
def register_import(
    file: FileArgument,
    county: CountyOption,
    columns: MapOption = None,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import a county's register; with any problem nothing is imported."""
    with opened(store, person) as (context, opened_store):
        count = workflow.import_register(
            context,
            opened_store,
            file,
            county_code=county,
            column_map=_column_map(columns, "register"),
        )
    emit(as_json, {"households": count}, words("register-imported", count=count, county=county))


@registers.command("freeze")
def register_freeze(
    store: StoreOption = None, person: PersonOption = None, as_json: JsonOption = False
) -> None:
    """Freeze both lists of all counties; print root and digests."""
    with opened(store, person) as (context, opened_store):
        frozen = workflow.freeze(context, opened_store)
    _show_frozen(frozen, as_json)


@registers.command("show")
def register_show(
    store: StoreOption = None, person: PersonOption = None, as_json: JsonOption = False
) -> None:
    """Print root, digests and counts of the frozen frame."""
    with opened(store, person) as (context, opened_store):
        frozen = workflow.frozen(context, opened_store)
    _show_frozen(frozen, as_json)


def _show_frozen(frozen: Freeze, as_json: bool) -> None:
    if as_json:
        emit(True, frozen, "")
        return
    print(words("frozen", count=frozen.unit_count, removed=len(frozen.removals)))
    print(words("root", digest=frozen.root))
    print(words("frame-digest", digest=frozen.public_frame_sha256))
    show_table(
        ["county", "stratum", "households", "persons"],
        [[s.county_code, s.stratum.value, s.households, s.persons] for s in frozen.strata],
    )


@rosters.command("import")
def roster_import(
    file: FileArgument,
    county: CountyOption,
    columns: MapOption = None,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import the village rosters of a county; with any problem nothing is imported."""
    with opened(store, person) as (context, opened_store):
        count = workflow.import_roster(
            context,
            opened_store,
            file,
            county_code=county,
            column_map=_column_map(columns, "roster"),
        )
    emit(as_json, {"households": count}, words("roster-imported", count=count, county=county))


@rosters.command("match")
def roster_match(
    county: CountyOption,
    decide: Annotated[
        Path | None,
        typer.Option(help="File with the columns problem_id, decision, reason."),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Write a CSV to fill in, then give it to --decide.")
    ] = None,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the matching problems of a county, or record decisions about them."""
    with opened(store, person) as (context, opened_store):
        if decide is not None:
            decisions = workflow.decide_matches(context, opened_store, decide, county_code=county)
            emit(as_json, decisions, words("decisions-recorded", count=len(decisions)))
            return
        problems = workflow.match(context, opened_store, county_code=county)
    if sheet is not None:
        write_file(sheet, workflow.match_sheet(problems, language()))
    if as_json:
        emit(True, problems, "")
        return
    show_table(
        ["problem", "kind", "village", "register", "roster", "heads", "decisions"],
        [
            [
                p.problem_id,
                p.kind.value,
                p.village_code,
                " ".join(p.register_ids),
                " ".join(p.roster_ids),
                " ".join(p.heads),
                "|".join(workflow.match_decisions(p)),
            ]
            for p in problems
        ],
    )
    print(words("matching-problems", count=len(problems)))
