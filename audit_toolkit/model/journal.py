"""The journal's chain step: each entry's hash covers the entry before it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sampling.commitment import canonical_json, sha256_hex

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One entry: what was done, by whom, when by the server's clock, about what.

    ``detail`` is canonical JSON text. ``hash`` is SHA-256 of ``previous`` and the entry.
    """

    number: int
    at: datetime
    person_id: str
    action: str
    county_code: str
    subject: str
    detail: str
    previous: str
    hash: str


def chain(
    previous: JournalEntry | None,
    *,
    at: datetime,
    person_id: str,
    action: str,
    county_code: str,
    subject: str,
    detail: dict[str, object],
) -> JournalEntry:
    """Return the entry that follows ``previous`` (None for the first)."""
    number = 1 if previous is None else previous.number + 1
    before = GENESIS if previous is None else previous.hash
    text = canonical_json(detail).decode("utf-8")
    return JournalEntry(
        number=number,
        at=at,
        person_id=person_id,
        action=action,
        county_code=county_code,
        subject=subject,
        detail=text,
        previous=before,
        hash=_hash(before, number, at, person_id, action, county_code, subject, text),
    )


def _hash(
    before: str,
    number: int,
    at: datetime,
    person_id: str,
    action: str,
    county_code: str,
    subject: str,
    detail: str,
) -> str:
    body = canonical_json(
        {
            "number": number,
            "at": at.isoformat(),
            "person_id": person_id,
            "action": action,
            "county_code": county_code,
            "subject": subject,
            "detail": detail,
        }
    )
    return sha256_hex(before.encode("ascii") + body)


def first_break(entries: tuple[JournalEntry, ...]) -> int | None:
    """Return the number of the first entry that does not follow from the one before, or None."""
    before, expected = GENESIS, 1
    for entry in entries:
        good = entry.number == expected and entry.previous == before
        if not good or entry.hash != _hash(
            before,
            entry.number,
            entry.at,
            entry.person_id,
            entry.action,
            entry.county_code,
            entry.subject,
            entry.detail,
        ):
            return expected
        before, expected = entry.hash, expected + 1
    return None


def as_json_line(entry: JournalEntry) -> str:
    """Return the entry as one line of JSON, detail unfolded."""
    return canonical_json(
        {
            "number": entry.number,
            "at": entry.at.isoformat(),
            "person_id": entry.person_id,
            "action": entry.action,
            "county_code": entry.county_code,
            "subject": entry.subject,
            "detail": json.loads(entry.detail),
            "previous": entry.previous,
            "hash": entry.hash,
        }
    ).decode("utf-8")
