"""Commands: init, users, journal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import workflow
from ..model import County, Person, Role
from .serving import first_password, users_reset
from .shared import (
    JsonOption,
    PersonOption,
    StoreOption,
    emit,
    name_and_value,
    opened,
    show_table,
    words,
    write_file,
)

users = typer.Typer(no_args_is_help=True, help="The people of the round.")
journal = typer.Typer(no_args_is_help=True, help="The hash-chained journal.")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("init")(init)
    app.add_typer(users, name="users")
    app.add_typer(journal, name="journal")


def init(
    province: Annotated[str, typer.Option(help="Two-digit code of the province.")],
    year: Annotated[int, typer.Option(help="Exit year that is evaluated.")],
    round_name: Annotated[str, typer.Option("--round", help="Name of the round.")],
    institution: Annotated[str, typer.Option(help="Evaluating institution.")],
    county: Annotated[list[str], typer.Option(help="CODE=NAME; repeat for each county.")],
    name: Annotated[str, typer.Option(help="Name of the administrator who opens the round.")],
    rules: Annotated[
        str, typer.Option(help="Rule set: a shipped name or a TOML file.")
    ] = "cn-2019",
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a round in a new store."""
    named = [name_and_value(item, "--county") for item in county]
    counties = [County(county_code=code, name=plain) for code, plain in named]
    text = workflow.rule_text(rules)
    with opened(store, person, create=True) as (context, opened_store):
        round_ = workflow.open_round(
            context,
            opened_store,
            administrator_name=name,
            province_code=province,
            exit_year=year,
            round_name=round_name,
            institution=institution,
            counties=tuple(counties),
            rule_text=text,
        )
    emit(
        as_json,
        round_,
        words("round-opened", round=round_name, count=len(counties), rules=round_.rule_set_id),
    )


@users.command("add")
def users_add(
    person_id: Annotated[str, typer.Argument(help="Identifier of the new person.")],
    name: Annotated[str, typer.Option(help="Name.")],
    role: Annotated[Role, typer.Option(help="Role.")],
    county: Annotated[list[str] | None, typer.Option(help="County that is theirs.")] = None,
    inactive: Annotated[bool, typer.Option(help="Keep the record, refuse every act.")] = False,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a person, or change an existing one."""
    new = Person(
        person_id=person_id,
        name=name,
        role=role,
        counties=tuple(county or ()),
        active=not inactive,
    )
    with opened(store, person) as (context, opened_store):
        workflow.add_person(context, opened_store, new)
        password = "" if inactive else first_password(context, opened_store, person_id)
    said = [words("person-added", person=person_id, role=role.value)]
    if password:
        said.append(words("first-password", person=person_id, password=password))
    values = {**workflow.to_json_value(new), "first_password": password}
    emit(as_json, values, said)


users.command("reset")(users_reset)


@users.command("list")
def users_list(
    store: StoreOption = None, person: PersonOption = None, as_json: JsonOption = False
) -> None:
    """List everybody of the round."""
    with opened(store, person) as (context, opened_store):
        everybody = workflow.people(context, opened_store)
    if as_json:
        emit(True, everybody, "")
        return
    show_table(
        ["person", "name", "role", "counties"],
        [[p.person_id, p.name, p.role.value, " ".join(p.counties)] for p in everybody],
    )


@journal.command("verify")
def journal_verify(
    head: Annotated[
        str, typer.Option(help="Head printed in a report or record; the journal must hold it.")
    ] = "",
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that every entry follows from the one before."""
    with opened(store, person) as (context, opened_store):
        state = workflow.verify_journal(context, opened_store, head=head)
    emit(as_json, state, words("journal-good", count=state.entries, head=state.head))


@journal.command("export")
def journal_export(
    out: Annotated[Path, typer.Argument(help="File to write (JSON lines).")],
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the journal as JSON lines."""
    with opened(store, person) as (context, opened_store):
        data = workflow.export_journal(context, opened_store)
    write_file(out, data)
    emit(
        as_json,
        {"file": str(out), "entries": data.count(b"\n")},
        words("written", path=out),
    )
