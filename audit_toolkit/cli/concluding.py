"""Commands: compare, cases, procedures, estimate, decide, second-wave, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import workflow
from ..model import Verdict
from .shared import (
    CountyOption,
    JsonOption,
    PersonOption,
    StoreOption,
    emit,
    language,
    opened,
    show_table,
    words,
)

case_commands = typer.Typer(no_args_is_help=True, help="Suspected cases and rulings.")
procedures = typer.Typer(no_args_is_help=True, help="Step logs of county and households.")
decisions = typer.Typer(
    no_args_is_help=True, help="The outcome; the province's decision; the county's reply."
)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("compare")(compare)
    app.add_typer(case_commands, name="cases")
    app.add_typer(procedures, name="procedures")
    app.command("estimate")(estimate)
    app.add_typer(decisions, name="decide")
    app.command("second-wave")(second_wave)
    app.command("report")(report)


def compare(
    county: CountyOption,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare filed with found; open suspected cases."""
    with opened(store, person) as (context, opened_store):
        made = workflow.compare_county(context, opened_store, county_code=county)
    emit(
        as_json,
        made,
        words(
            "compared",
            households=made.households,
            discrepancies=len(made.discrepancies),
            cases=len(made.cases),
        ),
    )


@case_commands.command("list")
def cases_list(
    county: CountyOption,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the suspected cases of a county."""
    with opened(store, person) as (context, opened_store):
        found = workflow.cases(context, opened_store, county_code=county)
    if as_json:
        emit(
            True,
            [{"case": c, "state": s, "rulings": r} for c, s, r in found],
            "",
        )
        return
    show_table(
        ["case", "kind", "failing", "first", "revisit", "state"],
        [
            [
                c.case_id,
                c.kind.value,
                " ".join(c.failing),
                _said(c.first_says),
                _said(c.revisit_says),
                s.value,
            ]
            for c, s, _ in found
        ],
    )


def _said(word: bool | None) -> str:
    """Word what a visit said; "-" where there was none."""
    return "-" if word is None else words("yes" if word else "no")


@case_commands.command("rule")
def cases_rule(
    case: Annotated[str, typer.Argument(help="Case to rule on.")],
    verdict: Annotated[Verdict, typer.Option(help="confirmed or dismissed.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rule on a case as a reviewer; two must agree, a third decides between them."""
    with opened(store, person) as (context, opened_store):
        state = workflow.rule_case(
            context, opened_store, case_id=case, verdict=verdict, reason=reason
        )
    emit(as_json, {"case": case, "state": state}, words("ruled", case=case, state=state.value))


@case_commands.command("rectify")
def cases_rectify(
    county: CountyOption,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what has to be put right."""
    with opened(store, person) as (context, opened_store):
        items = workflow.to_rectify(context, opened_store, county_code=county)
    if as_json:
        emit(True, items, "")
        return
    show_table(
        ["household", "kind", "measure", "items"],
        [[r.household_id, r.kind.value, r.measure, " ".join(r.items)] for r in items],
    )


@procedures.command("import")
def procedures_import(
    file: Annotated[Path, typer.Argument(help="XLSX or CSV of step logs.")],
    county: CountyOption,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in the step logs of a county and its households."""
    with opened(store, person) as (context, opened_store):
        count = workflow.import_steps(context, opened_store, file, county_code=county)
    emit(as_json, {"steps": count}, words("steps-imported", count=count))


@procedures.command("check")
def procedures_check(
    county: CountyOption,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the faults of the step logs."""
    with opened(store, person) as (context, opened_store):
        faults = workflow.check_procedures(context, opened_store, county_code=county)
    if as_json:
        emit(True, faults, "")
        return
    show_table(
        ["household", "step", "fault"],
        [[f.household_id or "-", f.step, f.fault] for f in faults],
    )


def estimate(
    store: StoreOption = None, person: PersonOption = None, as_json: JsonOption = False
) -> None:
    """Estimate the rates of every county whose field work is closed."""
    with opened(store, person) as (context, opened_store):
        results = workflow.estimate(context, opened_store)
        lines = [
            workflow.sentence(
                context, opened_store, county_code=r.key.county_code, language=language()
            )
            for r in results
        ]
    if as_json:
        emit(True, results, "")
        return
    for result, line in zip(results, lines, strict=True):
        print(f"{result.key.county_code}  {line}")


@decisions.command("show")
def decide_show(
    county: CountyOption,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the outcome of a county: a recommendation, never an approval."""
    with opened(store, person) as (context, opened_store):
        kept = workflow.results(context, opened_store, county_code=county)
        line = workflow.sentence(context, opened_store, county_code=county, language=language())
        criteria = workflow.criteria(context, opened_store, county_code=county, language=language())
    parts = (part for c in criteria for part in (f"- {c.known}", f"  {c.settle}") if part.strip())
    advice = workflow.second_wave_words(kept.outcome, language())
    emit(as_json, kept.outcome, [line, *parts, *([advice] if advice else [])])


@decisions.command("approve")
def decide_approve(
    county: CountyOption,
    document: Annotated[str, typer.Option(help="Number or name of the document.")],
    refused: Annotated[bool, typer.Option(help="The province did not approve.")] = False,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record what the provincial government decided."""
    with opened(store, person) as (context, opened_store):
        decision = workflow.record_decision(
            context, opened_store, county_code=county, approved=not refused, document=document
        )
    emit(as_json, decision, words("decision-recorded", county=county, document=document))


@decisions.command("reply")
def decide_reply(
    county: CountyOption,
    text: Annotated[str, typer.Option(help="The county's reply to the order.")],
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record a county's reply to an order to verify and handle."""
    with opened(store, person) as (context, opened_store):
        reply = workflow.reply_to_order(context, opened_store, county_code=county, text=text)
    emit(as_json, reply, words("reply-recorded", county=county))


def second_wave(
    county: CountyOption,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,  # the door words the refusal by it
) -> None:
    """Ask for a second wave in an undecided county; refused with the reason, and on record."""
    with opened(store, person) as (context, opened_store):
        workflow.second_wave(context, opened_store, county_code=county)


def report(
    county: CountyOption,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a county's reports: Chinese and English, HTML and XLSX, results as JSON."""
    with opened(store, person) as (context, opened_store):
        names = workflow.write_county_report(context, opened_store, county_code=county)
        folder = opened_store.reports_folder
    emit(as_json, {"folder": str(folder), "files": names}, [str(folder / n) for n in names])
