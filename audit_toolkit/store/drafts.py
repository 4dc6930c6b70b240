"""Drafts of visits, the one thing in a store that is written over; and photos, kept for ever."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, insert, select, update

from ..model import Answer, Draft, Photo
from .codec import from_json_value, to_json_value
from .session import Session
from .tables import drafts, photos


class Drafts(Session):
    """What inspectors have typed and not finished, and the photos that they took."""

    def put_draft(self, draft: Draft, *, inspector_id: str) -> None:
        """Keep a draft in place of the inspector's earlier one of that visit."""
        row = {
            "inspector_id": inspector_id,
            "assignment_id": draft.assignment_id,
            "sequence": draft.sequence,
            "writer": draft.writer,
            "number": draft.number,
            "of_version": draft.of_version,
            "saved_at": draft.saved_at,
            "answers": to_json_value(draft.answers),
            "notes": to_json_value(draft.notes),
        }
        there = (drafts.c.inspector_id == inspector_id) & (
            drafts.c.assignment_id == draft.assignment_id
        )
        if self.draft(inspector_id, draft.assignment_id) is None:
            self._run(insert(drafts), row)
        else:
            self._run(update(drafts).where(there).values(**row), None)

    def draft(self, inspector_id: str, assignment_id: str) -> Draft | None:
        """Return an inspector's draft of a visit, or None."""
        row = self._row(
            select(drafts).where(
                drafts.c.inspector_id == inspector_id, drafts.c.assignment_id == assignment_id
            )
        )
        return None if row is None else _draft(row)

    def drafts_of(self, inspector_id: str) -> tuple[Draft, ...]:
        """Return all drafts of an inspector, by visit."""
        rows = self._rows(select(drafts).where(drafts.c.inspector_id == inspector_id))
        return tuple(sorted((_draft(row) for row in rows), key=lambda draft: draft.assignment_id))

    def add_photo(self, photo: Photo, *, inspector_id: str) -> None:
        """Add a photo whose file is in place."""
        names = Photo.__dataclass_fields__
        row = {"inspector_id": inspector_id, **{name: getattr(photo, name) for name in names}}
        self._add(photos, [row])

    def photo(self, inspector_id: str, photo_id: str) -> Photo | None:
        """Return a photo of an inspector, or None."""
        row = self._row(
            select(photos).where(
                photos.c.inspector_id == inspector_id, photos.c.photo_id == photo_id
            )
        )
        return None if row is None else _photo(row)

    def photos_of(self, assignment_id: str) -> tuple[Photo, ...]:
        """Return the photos of a visit, in the order in which they were kept."""
        rows = self._rows(select(photos).where(photos.c.assignment_id == assignment_id))
        return tuple(sorted((_photo(row) for row in rows), key=lambda p: (p.stored_at, p.photo_id)))

    def count_photos(self, assignment_id: str) -> int:
        """Return how many photos a visit has."""
        row = self._row(
            select(func.count()).select_from(photos).where(photos.c.assignment_id == assignment_id)
        )
        return 0 if row is None else int(row[0])


def _draft(row: Row[Any]) -> Draft:
    return Draft(
        assignment_id=row.assignment_id,
        sequence=row.sequence,
        writer=row.writer,
        number=row.number,
        of_version=row.of_version,
        answers=from_json_value(row.answers, tuple[Answer, ...]),
        notes=from_json_value(row.notes, tuple[Answer, ...]),
        saved_at=row.saved_at,
    )


def _photo(row: Row[Any]) -> Photo:
    return Photo(**{name: getattr(row, name) for name in Photo.__dataclass_fields__})
