"""Commands: plan, commit, dice, draw, ceremony, disclose, verify-draw."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from .. import workflow
from ..errors import OperatorError
from ..machine import make_share
from ..model import Ceremony, CeremonyState, Stratum, WaveRule
from .shared import (
    CountyOption,
    JsonOption,
    PersonOption,
    StoreOption,
    emit,
    language,
    name_and_value,
    once_each,
    opened,
    words,
)

ceremonies = typer.Typer(no_args_is_help=True, help="The record of the ceremony, and voiding it.")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("plan")(plan)
    app.command("commit")(commit)
    app.command("dice")(dice)
    app.command("draw")(draw)
    app.add_typer(ceremonies, name="ceremony")
    app.command("disclose")(disclose)
    app.command("verify-draw")(verify_draw)


def plan(
    county: CountyOption,
    villages: Annotated[int, typer.Option(help="Villages to draw.")] = 30,
    exited: Annotated[int | None, typer.Option(help="Exited households a village.")] = None,
    unregistered: Annotated[
        int | None, typer.Option(help="Unregistered households a village.")
    ] = None,
    still_poor: Annotated[int | None, typer.Option(help="Still-poor households a village.")] = None,
    reserves: Annotated[int, typer.Option(help="Reserves a village and stratum.")] = 3,
    revisit_share: Annotated[str, typer.Option(help="Share of visits made twice, blind.")] = "0.10",
    second_wave: Annotated[
        WaveRule, typer.Option(help="Rule of a second wave; it cannot be chosen after the draw.")
    ] = WaveRule.NONE,
    second_villages: Annotated[
        int | None, typer.Option(help="Villages of the second wave of two stages.")
    ] = None,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan a county's sample; print sizes and risks."""
    given = {
        Stratum.EXITED: exited,
        Stratum.UNREGISTERED: unregistered,
        Stratum.STILL_POOR: still_poor,
    }
    takes = {k: v for k, v in given.items() if v is not None}
    with opened(store, person) as (context, opened_store):
        made = workflow.plan_county(
            context,
            opened_store,
            county_code=county,
            villages=villages,
            takes=takes or None,
            reserves=reserves,
            revisit_share=revisit_share,
            second_rule=second_wave,
            second_villages=second_villages,
        )
    emit(as_json, made, workflow.plan_words(made, language()))


def commit(
    make: Annotated[
        Path | None,
        typer.Option("--make-share", help="Make a secret share and keep it in this new file."),
    ] = None,
    holder: Annotated[
        str | None, typer.Option(help="Whose share it is, as it will be published.")
    ] = None,
    commitment: Annotated[
        list[str] | None,
        typer.Option(help="HOLDER=COMMITMENT; repeat, in the order to be published."),
    ] = None,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a share (each holder), or publish all commitments (opens the ceremony)."""
    if make is not None:
        if not holder:
            raise typer.BadParameter(words("needs-holder"), param_hint="--make-share")
        made = workflow.commitment_of(holder, share := make_share())
        _write_share(make, holder, share)
        emit(as_json, {"holder": holder, "commitment": made}, f"{holder}={made}")
        return
    if not commitment:
        raise typer.BadParameter(words("commit-what"))
    option = "--commitment"
    given = once_each((name_and_value(i, option, last=True) for i in commitment), option)
    with opened(store, person) as (context, opened_store):
        ceremony = workflow.commit(context, opened_store, given)
        page = workflow.ceremony_record(context, opened_store, language=language())
    emit(as_json, _public(ceremony), page)


def dice(
    digits: Annotated[str, typer.Option(help="The dice, digits only, at least 20.")],
    again: Annotated[str, typer.Option(help="The same digits, typed again.")],
    witness: Annotated[list[str], typer.Option(help="Name of a witness; repeat.")],
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record the public dice, typed twice, before witnesses."""
    with opened(store, person) as (context, opened_store):
        ceremony = workflow.enter_dice(
            context, opened_store, digits=digits, digits_again=again, witnesses=witness
        )
        page = workflow.ceremony_record(context, opened_store, language=language())
    emit(as_json, _public(ceremony), page)


def draw(
    share: Annotated[list[Path], typer.Option(help="File with a holder's share; repeat.")],
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw the sample of the round."""
    shares = once_each(map(_read_share, share), "--share")
    with opened(store, person) as (context, opened_store):
        drawn = workflow.draw_sample(context, opened_store, shares)
    sample = sum(not h.reserve for h in drawn.households)
    emit(
        as_json,
        {
            "ceremony": drawn.ceremony,
            "digest": drawn.digest,
            "villages": len(drawn.villages),
            "households": sample,
            "reserves": len(drawn.households) - sample,
        },
        words(
            "drawn",
            villages=len(drawn.villages),
            households=sample,
            reserves=len(drawn.households) - sample,
            digest=drawn.digest,
        ),
    )


@ceremonies.command("show")
def ceremony_show(
    store: StoreOption = None, person: PersonOption = None, as_json: JsonOption = False
) -> None:
    """Print the one-page record to sign."""
    with opened(store, person) as (context, opened_store):
        ceremony = workflow.show_ceremony(context, opened_store)
        page = workflow.ceremony_record(context, opened_store, language=language())
    emit(as_json, _public(ceremony), page)


@ceremonies.command("publish")
def ceremony_publish(
    store: StoreOption = None, person: PersonOption = None, as_json: JsonOption = False
) -> None:
    """Write published files that are missing, as after an interruption."""
    with opened(store, person) as (context, opened_store):
        names = workflow.publish_again(context, opened_store)
        folder = opened_store.published_folder
    emit(as_json, {"folder": str(folder), "files": names}, [str(folder / n) for n in names])


@ceremonies.command("void")
def ceremony_void(
    reason: Annotated[str, typer.Option(help="Why it is voided; stays on record.")],
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Void the ceremony in force, with a reason; only before any village is released."""
    with opened(store, person) as (context, opened_store):
        ceremony = workflow.void_ceremony(context, opened_store, reason=reason)
    emit(as_json, _public(ceremony), words("ceremony-voided", number=ceremony.number))


def disclose(
    share: Annotated[
        list[Path] | None, typer.Option(help="File with a holder's share; repeat.")
    ] = None,
    lost: Annotated[
        list[str] | None, typer.Option(help="HOLDER=REASON for a share that is lost.")
    ] = None,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish the shares after field work, so that anyone can redo the draw."""
    shares = once_each(map(_read_share, share or []), "--share")
    gone = once_each((name_and_value(item, "--lost") for item in lost or []), "--lost")
    with opened(store, person) as (context, opened_store):
        ceremony = workflow.disclose_shares(context, opened_store, shares, lost=gone)
        folder = workflow.published_folder(opened_store, ceremony.number)
    made = {
        "ceremony": ceremony.number,
        "state": ceremony.state,
        "folder": str(folder),
        "disclosed": [c.holder for c in ceremony.commitments if c.share],
        "lost": {c.holder: c.lost for c in ceremony.commitments if c.lost},
    }
    emit(as_json, made, words("disclosed", folder=folder))


def verify_draw(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of published files; else the store's own.")
    ] = None,
    store: StoreOption = None,
    person: PersonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Redo the draw from the published files alone."""
    if folder is not None:
        verdict = workflow.verify_folder(folder)
    else:
        with opened(store, person) as (context, opened_store):
            verdict = workflow.verify_published_draw(context, opened_store)
    emit(as_json, verdict, verdict.words(language()))
    raise typer.Exit(verdict.exit_code)


def _public(ceremony: Ceremony) -> Ceremony:
    """Keep back what `shares.json` alone shows, and only when the time has come.

    With the seed's digest the sample is known; no terminal's history should hold a share.
    """
    commitments = tuple(dataclasses.replace(c, share="") for c in ceremony.commitments)
    disclosed = ceremony.state is CeremonyState.DISCLOSED
    seed_sha256 = ceremony.seed_sha256 if disclosed else ""
    return dataclasses.replace(ceremony, commitments=commitments, seed_sha256=seed_sha256)


def _write_share(path: Path, holder: str, share: str) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise OperatorError("share-file-exists", path=path) from None
    except OSError as error:
        raise OperatorError("file-not-written", path=path, reason=error.strerror) from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"holder": holder, "share": share}, file, ensure_ascii=False)


def _read_share(path: Path) -> tuple[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return str(content["holder"]), str(content["share"])
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError):
        raise OperatorError("share-file-wrong", path=path) from None
