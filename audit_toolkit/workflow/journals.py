"""The journal and the published draw, looked at by those who check."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import IntegrityError
from ..model import Action, JournalEntry, VisitKind, as_json_line, first_break
from ..store import Store
from ..verify_draw import Verdict, verify_folder
from .access import authorise, require_round
from .ceremonies import show_ceremony
from .context import Context

_OF_FINDINGS = frozenset({"record-visit", "correct-visit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalState:
    """How many entries the journal holds and its head, as printed in reports."""

    entries: int
    head: str


def verify_journal(context: Context, store: Store, *, head: str = "") -> JournalState:
    """Return the journal's length and head if it is whole.

    Every entry follows from the one before, and every finding has its entry. A journal cut short
    can be told from a younger one only by a head that was printed before: give it as ``head``.

    Parameters
    ----------
    head : str, optional
        A head printed in a report; the journal must hold it.

    Raises
    ------
    IntegrityError
        Names the first entry that does not follow; or entries are missing at the end.
    """
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_JOURNAL)
        entries = tx.journal_entries()
        stored = sum(
            finding.version
            for county in require_round(tx).counties
            for kind in VisitKind
            for finding in tx.findings(county.county_code, kind)
        )
    broken = first_break(entries)
    if broken is not None or not entries:
        raise IntegrityError("journal-broken", number=broken or 1)
    told = sum(entry.action in _OF_FINDINGS for entry in entries)
    if told != stored:
        raise IntegrityError("journal-short", told=told, stored=stored)
    if head and all(entry.hash != head for entry in entries):
        raise IntegrityError("journal-head-missing", head=head, entries=len(entries))
    return JournalState(entries=len(entries), head=entries[-1].hash)


def export_journal(context: Context, store: Store) -> bytes:
    """Return the journal as JSON lines, one entry a line, in order."""
    lines = [as_json_line(entry) for entry in _entries(context, store)]
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def verify_published_draw(context: Context, store: Store) -> Verdict:
    """Return the verdict on the newest draw, from the published files alone."""
    ceremony = show_ceremony(context, store)
    return verify_folder(published_folder(store, ceremony.number))


def published_folder(store: Store, ceremony_number: int) -> Path:
    """Return where the files of a ceremony are published."""
    return store.published_folder / f"ceremony-{ceremony_number}"


def _entries(context: Context, store: Store) -> tuple[JournalEntry, ...]:
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_JOURNAL)
        return tx.journal_entries()
