"""Commands: assign, release, visits, findings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import workflow
from ..model import VisitKind
from ..text import say
from .shared import (
    CountyOption,
    JsonOption,
    PersonOption,
    StoreOption,
    emit,
    language,
    name_and_value,
    opened,
    problem_values,
    problem_words,
    show_table,
    words,
)

visits = typer.Typer(no_args_is_help=True, help="An inspector's own villages and households.")
findings = typer.Typer(no_args_is_help=True, help="What inspectors found.")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("assign")(assign)
    app.command("release")(release)
    app.add_typer(visits, name="visits")
    app.add_typer(findings, name="findings")


def assign(
    recuse: Annotated[
        list[str] | None,
        typer.Option(help="PERSON=VILLAGE where that inspector must not go; repeat."),
    ] = None,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pair villages with inspectors by the draw's own tickets."""
    recusals: dict[str, frozenset[str]] = {}
    for item in recuse or []:
        who, village = name_and_value(item, "--recuse", last=True)
        recusals[who] = recusals.get(who, frozenset()) | {village}
    with opened(store, person) as (context, opened_store):
        count = workflow.assign_inspectors(context, opened_store, recusals=recusals)
    emit(as_json, {"visits": count}, words("assigned", count=count))


def release(
    county: CountyOption,
    kind: Annotated[VisitKind, typer.Option(help="First visits or blind revisits.")] = (
        VisitKind.FIRST
    ),
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Name a county's drawn villages to their inspectors; households follow on arrival."""
    with opened(store, person) as (context, opened_store):
        count = workflow.release_villages(context, opened_store, county_code=county, kind=kind)
    emit(as_json, {"released": count}, words("released", count=count, county=county))


@visits.command("villages")
def visits_villages(
    store: StoreOption = None, person: PersonOption = None, as_json: JsonOption = False
) -> None:
    """List the villages released to you."""
    with opened(store, person) as (context, opened_store):
        mine = workflow.my_villages(context, opened_store)
    if as_json:
        emit(True, mine, "")
        return
    show_table(
        ["village", "name", "arrived"],
        [[v.psu, v.village_name, v.arrived_at or "-"] for v in mine],
    )


@visits.command("arrive")
def visits_arrive(
    village: Annotated[str, typer.Option(help="Code of the village in your list.")],
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record your arrival in a village; its households are then named to you."""
    with opened(store, person) as (context, opened_store):
        count = workflow.arrive(context, opened_store, psu=village)
    emit(as_json, {"households": count}, words("arrived", count=count))


@visits.command("list")
def visits_list(
    store: StoreOption = None, person: PersonOption = None, as_json: JsonOption = False
) -> None:
    """List your households in visiting order."""
    with opened(store, person) as (context, opened_store):
        mine = workflow.my_visits(context, opened_store)
    if as_json:
        emit(True, mine, "")
        return
    show_table(
        ["visit", "number", "township", "village", "group", "head", "state"],
        [
            [
                v.assignment_id,
                v.number,
                v.township,
                v.village_name,
                v.group_name,
                v.head_name,
                v.state.value,
            ]
            for v in mine
        ],
    )


@visits.command("replace")
def visits_replace(
    visit: Annotated[str, typer.Argument(help="Visit that cannot be made.")],
    reason: Annotated[str, typer.Option(help="Coded reason of the rule set.")],
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take the next reserve in ticket order for a household that cannot be visited."""
    with opened(store, person) as (context, opened_store):
        new = workflow.replace(context, opened_store, assignment_id=visit, reason_code=reason)
    emit(
        as_json,
        new,
        words("replaced", old=visit, new=new.assignment_id, head=new.head_name),
    )


@findings.command("import")
def findings_import(
    file: Annotated[Path, typer.Argument(help="XLSX or CSV: one visit a row.")],
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record the visits of a file, one by one, as an inspector's form would."""
    with opened(store, person) as (context, opened_store):
        outcome = workflow.import_findings(context, opened_store, file)
    refusals = [(r, say(f"errors.{r.code}", language(), **dict(r.fields))) for r in outcome.refused]
    if as_json:
        emit(
            True,
            {
                "stored": outcome.stored,
                "refused": [
                    {
                        "row": refused.row,
                        "code": refused.code,
                        "message": message,
                        "problems": problem_values(refused.problems),
                    }
                    for refused, message in refusals
                ],
            },
            "",
        )
    else:
        for refused, message in refusals:
            print(words("row-problem", row=refused.row, problem=message))
            for problem in refused.problems:
                print("  " + problem_words(problem))
        print(words("findings-imported", count=outcome.stored, refused=len(refusals)))
    if outcome.refused:
        raise typer.Exit(1)


@findings.command("lock")
def findings_lock(
    county: CountyOption,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close the field work of a county."""
    with opened(store, person) as (context, opened_store):
        lock = workflow.lock_findings(context, opened_store, county_code=county)
    emit(as_json, lock, words("locked", county=county))
