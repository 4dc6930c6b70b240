"""The journal: entries that follow one another by their hashes, and its export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import select

from ..model import JournalEntry, as_json_line, chain, first_break
from .codec import in_utc
from .session import Session
from .tables import journal

_COLUMNS = [journal.c[f.name] for f in fields(JournalEntry)]


class Journal(Session):
    """Who did what, when; added in the same transaction as what was done."""

    def journal_append(
        self,
        *,
        at: datetime,
        person_id: str,
        action: str,
        county_code: str = "",
        subject: str = "",
        detail: dict[str, object] | None = None,
    ) -> JournalEntry:
        """Add the entry that follows the last and return it.

        Parameters
        ----------
        at : datetime
            The server's clock, with time zone.
        person_id, action, county_code, subject : str
            Who did what, in which county, to what.
        detail : dict, optional
            More, of text, whole numbers, lists and dictionaries only.

        Returns
        -------
        JournalEntry
            With its number and hash.
        """
        entry = chain(
            self.journal_head(),
            # The hash covers the moment's text, and the database gives it back in UTC.
            at=in_utc(at),
            person_id=person_id,
            action=action,
            county_code=county_code,
            subject=subject,
            detail=detail or {},
        )
        self._add(journal, [asdict(entry)])
        return entry

    def journal_entries(self) -> tuple[JournalEntry, ...]:
        """Return all entries, first to last."""
        rows = self._rows(select(*_COLUMNS).order_by(journal.c.number))
        return tuple(JournalEntry(**row._mapping) for row in rows)

    def journal_head(self) -> JournalEntry | None:
        """Return the last entry, or None before the first."""
        row = self._row(select(*_COLUMNS).order_by(journal.c.number.desc()).limit(1))
        return None if row is None else JournalEntry(**row._mapping)


def verify_journal(entries: Sequence[JournalEntry]) -> int | None:
    """Return the number of the first entry that does not follow, or None if all do.

    Entries missing at the end cannot be seen from the chain: compare the last entry with the
    head that was printed in reports and in the record of the ceremony.
    """
    return first_break(tuple(entries))


def journal_lines(entries: Sequence[JournalEntry]) -> bytes:
    """Return the journal as JSON lines, UTF-8, one entry a line."""
    return "".join(as_json_line(entry) + "\n" for entry in entries).encode("utf-8")
