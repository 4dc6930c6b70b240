"""The sealed draw: commitments, dice, draw, disclosure, and the ways out when one goes wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .. import __version__
from ..drawing import (
    build_design,
    disclose,
    draw_round,
    mark_drawn,
    open_ceremony,
    published_files,
    record_dice,
    record_page,
    seed_text,
    void,
)
from ..errors import WrongStageError
from ..model import (
    Action,
    Assignment,
    Ceremony,
    CeremonyState,
    Draw,
    FindingsLock,
    Plan,
    VillageRelease,
)
from ..store import Store, Transaction, write_published
from .access import (
    authorise,
    current_ceremony,
    record,
    require_ceremony,
    require_freeze,
    require_round,
    require_rules,
)
from .context import Context


def commit(context: Context, store: Store, commitments: Mapping[str, str]) -> Ceremony:
    """Open a ceremony: fix frame, plans and the holders' commitments, and publish them.

    Parameters
    ----------
    commitments : mapping of str to str
        Holder to commitment (64 hex digits), in the order in which the shares will be joined.

    Raises
    ------
    WrongStageError
        A county has no plan, or another ceremony is in force.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.HOLD_CEREMONY)
        freeze, round_ = require_freeze(tx), require_round(tx)
        plans = [tx.latest(Plan, c.county_code) for c in round_.counties]
        missing = [c.county_code for c, p in zip(round_.counties, plans, strict=True) if p is None]
        if missing:
            raise WrongStageError("plan-missing", counties=", ".join(missing))
        earlier = tx.all(Ceremony)
        design = build_design(
            freeze,
            [p for p in plans if p is not None],
            require_rules(tx),
            software=f"audit-toolkit {__version__}",
            round_=round_,
        )
        ceremony = open_ceremony(
            len(earlier) + 1, freeze, design, commitments, at=context.clock(), earlier=earlier
        )
        _keep(
            tx,
            context,
            ceremony,
            "commit",
            root=ceremony.root,
            design_sha256=ceremony.design_digest,
            commitments=[[c.holder, c.commitment] for c in ceremony.commitments],
        )
        files = _files(tx, ceremony, None)
    write_published(store, files)
    return ceremony


def enter_dice(
    context: Context, store: Store, *, digits: str, digits_again: str, witnesses: Sequence[str]
) -> Ceremony:
    """Record the dice, typed twice, before witnesses; they are set once.

    Raises
    ------
    OperatorError
        The two typings differ, there are too few digits, or nobody witnessed.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.HOLD_CEREMONY)
        ceremony = record_dice(
            require_ceremony(tx, CeremonyState.COMMITTED),
            digits,
            digits_again,
            witnesses,
            at=context.clock(),
        )
        _keep(tx, context, ceremony, "dice", digits=digits, witnesses=list(witnesses))
        files = _files(tx, ceremony, None)
    write_published(store, files)
    return ceremony


def draw_sample(context: Context, store: Store, shares: Mapping[str, str]) -> Draw:
    """Draw the sample of the round from frame, design, dice and the holders' shares.

    The attempt is in the journal before anything is computed; an interrupted draw is simply
    called again, and gives the same sample.

    Raises
    ------
    OperatorError
        A share is missing or does not open its commitment.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.DRAW)
        ceremony = require_ceremony(tx, CeremonyState.DICE_RECORDED)
        record(tx, context, "draw-attempt", subject=f"ceremony {ceremony.number}")
    with store.transaction() as tx:
        ceremony = require_ceremony(tx, CeremonyState.DICE_RECORDED)
        seed = seed_text(ceremony, shares)
        plans = tx.all(Plan)
        drawn = draw_round(tx.frame_units(), plans, ceremony, seed)
        ceremony = mark_drawn(ceremony, seed)
        tx.append(drawn, key=str(ceremony.number))
        _keep(
            tx,
            context,
            ceremony,
            "draw",
            digest=drawn.digest,
            villages=len(drawn.villages),
            households=sum(not h.reserve for h in drawn.households),
        )
        files = _files(tx, ceremony, drawn)
    write_published(store, files)
    return drawn


def void_ceremony(context: Context, store: Store, *, reason: str) -> Ceremony:
    """Void the ceremony in force, with a reason; it stays on record and another may follow.

    Raises
    ------
    WrongStageError
        The sample is assigned, or a village released: what inspectors know cannot be drawn again.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.HOLD_CEREMONY)
        ceremony = require_ceremony(
            tx, CeremonyState.COMMITTED, CeremonyState.DICE_RECORDED, CeremonyState.DRAWN
        )
        if tx.all(VillageRelease):
            raise WrongStageError("void-after-release", number=ceremony.number)
        if tx.all(Assignment):
            raise WrongStageError("void-after-assign", number=ceremony.number)
        ceremony = void(ceremony, reason)
        _keep(tx, context, ceremony, "void-ceremony", reason=reason)
        files = _files(tx, ceremony, tx.latest(Draw, str(ceremony.number)))
    write_published(store, files)
    return ceremony


def disclose_shares(
    context: Context,
    store: Store,
    shares: Mapping[str, str],
    *,
    lost: Mapping[str, str] | None = None,
) -> Ceremony:
    """Publish the shares (or who lost one, and why) once field work is closed everywhere.

    Raises
    ------
    WrongStageError
        Findings of a county are not locked yet.
    OperatorError
        A share does not open its commitment, or a holder is not accounted for.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.DISCLOSE)
        ceremony = require_ceremony(tx, CeremonyState.DRAWN)
        locked = {lock.county_code for lock in tx.all(FindingsLock)}
        still_open = [
            c.county_code for c in require_round(tx).counties if c.county_code not in locked
        ]
        if still_open:
            raise WrongStageError("field-work-open", counties=", ".join(still_open))
        ceremony = disclose(ceremony, shares, lost=dict(lost or {}))
        _keep(
            tx,
            context,
            ceremony,
            "disclose",
            holders=[c.holder for c in ceremony.commitments if c.share],
            lost={c.holder: c.lost for c in ceremony.commitments if c.lost},
        )
        files = _files(tx, ceremony, tx.latest(Draw, str(ceremony.number)))
    write_published(store, files)
    return ceremony


def publish_again(context: Context, store: Store) -> tuple[str, ...]:
    """Write the published files that are missing, of all ceremonies; return all their names.

    The way out where an act was kept but its files were not written, or a file was lost.

    Raises
    ------
    WrongStageError
        There was no ceremony yet.
    IntegrityError
        A published file is there and differs; nothing was written.
    """
    with store.reading() as tx:
        authorise(tx, context, Action.HOLD_CEREMONY)
        ceremonies = tx.all(Ceremony)
        if not ceremonies:
            raise WrongStageError("no-ceremony")
        files: dict[str, bytes] = {}
        for ceremony in ceremonies:
            files |= _files(tx, ceremony, tx.latest(Draw, str(ceremony.number)))
    write_published(store, files)
    return tuple(files)


def show_ceremony(context: Context, store: Store) -> Ceremony:
    """Return the newest ceremony."""
    with store.reading() as tx:
        authorise(tx, context, Action.HOLD_CEREMONY)
        ceremony = current_ceremony(tx)
        if ceremony is None:
            raise WrongStageError("no-ceremony")
        return ceremony


def ceremony_record(context: Context, store: Store, *, language: str) -> str:
    """Return the one-page record to sign of the ceremony in force."""
    with store.reading() as tx:
        authorise(tx, context, Action.HOLD_CEREMONY)
        ceremony = current_ceremony(tx)
        if ceremony is None:
            raise WrongStageError("no-ceremony")
        return record_page(ceremony, require_round(tx), require_freeze(tx), language)


def _keep(
    tx: Transaction, context: Context, ceremony: Ceremony, action: str, **detail: object
) -> None:
    tx.append(ceremony, key=str(ceremony.number))
    record(tx, context, action, subject=f"ceremony {ceremony.number}", **detail)


def _files(tx: Transaction, ceremony: Ceremony, drawn: Draw | None) -> dict[str, bytes]:
    files = published_files(require_freeze(tx), tx.frame_units(), ceremony, drawn)
    return {f"ceremony-{ceremony.number}/{name}": data for name, data in files.items()}
