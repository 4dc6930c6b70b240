"""Drafts of visits and photos: what is typed is kept before it is finished, and nothing twice."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from ..errors import OperatorError, WrongStageError
from ..model import Action, Answer, Draft, DraftReceipt, Photo, PhotoReceipt, PhotoWithdrawal
from ..store import (
    Store,
    Transaction,
    add_piece,
    count_unfinished,
    drop_unfinished,
    keep_evidence,
    kept_bytes,
    read_unfinished,
)
from .access import record
from .context import Context
from .field import own_assignment

MOST_ENTRIES = 200
LONGEST_ENTRY = 1000
MOST_PHOTOS = 40
MOST_UNFINISHED = 400
LARGEST_PHOTO = 4_000_000
LARGEST_PIECE = 262_144
_NAME = re.compile(r"[A-Za-z0-9-]{8,64}")
_PURPOSE = re.compile(r"[a-z][a-z-]{0,39}")
_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"


def save_draft(
    context: Context,
    store: Store,
    *,
    assignment_id: str,
    base: int,
    writer: str,
    number: int,
    of_version: int,
    answers: tuple[Answer, ...],
    notes: tuple[Answer, ...],
) -> DraftReceipt:
    """Keep a draft in place of the one before; return its sequence number once it is committed.

    Parameters
    ----------
    base : int
        Sequence number of the draft that this one was typed on, 0 for none.
    writer : str
        Name that a page gives itself; the same page may always follow its own draft.
    number : int
        The page's own count of its saves: one that is not higher was kept already.
    of_version : int
        Version of the finding that the draft is to follow, 0 for none.

    Raises
    ------
    OperatorError
        Another page has saved since ("draft-conflict"): nothing was written over.
    """
    if not _NAME.fullmatch(writer):
        raise OperatorError("draft-refused", assignment=assignment_id)
    for entry in (*answers, *notes):
        if len(entry.question) > LONGEST_ENTRY or len(entry.value) > LONGEST_ENTRY:
            raise OperatorError("draft-too-long", limit=LONGEST_ENTRY)
    if len(answers) + len(notes) > MOST_ENTRIES:
        raise OperatorError("draft-refused", assignment=assignment_id)
    with store.transaction() as tx:
        own_assignment(tx, context, assignment_id, Action.SAVE_DRAFT)
        kept = tx.draft(context.person_id, assignment_id)
        if kept is not None and kept.writer == writer and number <= kept.number:
            return _receipt(kept)
        # A draft that was handed in stands in nobody's way: a correction begins anew.
        finished = tx.latest_finding(assignment_id)
        over = kept and finished and kept.of_version < finished.version == of_version
        if kept is not None and not over and kept.writer != writer and kept.sequence != base:
            raise OperatorError(
                "draft-conflict",
                assignment=assignment_id,
                sequence=kept.sequence,
                saved_at=kept.saved_at.isoformat(),
            )
        draft = Draft(
            assignment_id=assignment_id,
            sequence=1 + (0 if kept is None else kept.sequence),
            writer=writer,
            number=number,
            of_version=of_version,
            answers=answers,
            notes=notes,
            saved_at=context.clock(),
        )
        tx.put_draft(draft, inspector_id=context.person_id)
    return _receipt(draft)


def load_draft(context: Context, store: Store, *, assignment_id: str) -> Draft | None:
    """Return one's own draft of a visit, or None."""
    with store.reading() as tx:
        own_assignment(tx, context, assignment_id, Action.SAVE_DRAFT)
        return tx.draft(context.person_id, assignment_id)


def put_photo_piece(
    context: Context,
    store: Store,
    *,
    assignment_id: str,
    photo_id: str,
    purpose: str,
    taken_at: datetime,
    size_bytes: int,
    offset: int,
    data: bytes,
) -> PhotoReceipt:
    """Keep a piece of a photo (JPEG); with the last one the photo is stored and journalled.

    A piece sent twice is kept once; after a break one goes on from ``received``.

    Raises
    ------
    OperatorError
        The photo is too large or not a JPEG, or the visit has too many photos.
    """
    if not (_NAME.fullmatch(photo_id) and _PURPOSE.fullmatch(purpose) and offset >= 0):
        raise OperatorError("photo-refused", photo=photo_id[:64])
    if not 0 < size_bytes <= LARGEST_PHOTO or len(data) > LARGEST_PIECE:
        raise OperatorError("photo-too-large", limit=LARGEST_PHOTO)
    with store.transaction() as tx:
        assignment = own_assignment(tx, context, assignment_id, Action.ADD_PHOTO)
        done = tx.photo(context.person_id, photo_id)
        if done is not None:
            return PhotoReceipt(photo_id=photo_id, received=done.size_bytes, stored=True)
        _refuse_too_many(tx, store, assignment_id)
        name = _unfinished_name(context.person_id, photo_id)
        received = _add(store, name, offset, data, size_bytes)
        if received < size_bytes:
            return PhotoReceipt(photo_id=photo_id, received=received, stored=False)
        _refuse_other_than_jpeg(store, name, photo_id)
        photo = Photo(
            photo_id=photo_id,
            assignment_id=assignment_id,
            purpose=purpose,
            sha256=keep_evidence(store, name),
            size_bytes=size_bytes,
            taken_at=taken_at,
            stored_at=context.clock(),
        )
        tx.add_photo(photo, inspector_id=context.person_id)
        record(
            tx,
            context,
            "add-photo",
            county_code=assignment.county_code,
            subject=assignment_id,
            purpose=purpose,
            sha256=photo.sha256,
            size_bytes=size_bytes,
        )
    return PhotoReceipt(photo_id=photo_id, received=size_bytes, stored=True)


def my_photos(context: Context, store: Store, *, assignment_id: str) -> tuple[Photo, ...]:
    """Return the photos of one's own visit that stand, in the order in which they were kept."""
    with store.reading() as tx:
        own_assignment(tx, context, assignment_id, Action.ADD_PHOTO)
        return tuple(
            photo
            for photo in tx.photos_of(assignment_id)
            if tx.latest(PhotoWithdrawal, _photo_key(context, photo.photo_id)) is None
        )


def withdraw_photo(
    context: Context, store: Store, *, assignment_id: str, photo_id: str
) -> PhotoWithdrawal:
    """Take one's own photo back; it stays kept and journalled, and is shown no more.

    Asked twice, the first withdrawal is returned.

    Raises
    ------
    OperatorError
        The visit has no such photo ("photo-unknown").
    WrongStageError
        The visit was finished since: the photo belongs to what was handed in ("photo-handed-in").
    """
    with store.transaction() as tx:
        assignment = own_assignment(tx, context, assignment_id, Action.ADD_PHOTO)
        photo = tx.photo(context.person_id, photo_id)
        if photo is None or photo.assignment_id != assignment_id:
            raise OperatorError("photo-unknown", assignment=assignment_id)
        key = _photo_key(context, photo_id)
        known = tx.latest(PhotoWithdrawal, key)
        if known is not None:
            return known
        finding = tx.latest_finding(assignment_id)
        if finding is not None and finding.server_at >= photo.stored_at:
            raise WrongStageError("photo-handed-in", assignment=assignment_id)
        withdrawal = PhotoWithdrawal(
            photo_id=photo_id,
            assignment_id=assignment_id,
            inspector_id=context.person_id,
            sha256=photo.sha256,
            withdrawn_at=context.clock(),
        )
        tx.append(withdrawal, key=key, county=assignment.county_code)
        record(
            tx,
            context,
            "withdraw-photo",
            county_code=assignment.county_code,
            subject=assignment_id,
            sha256=photo.sha256,
        )
    return withdrawal


def _photo_key(context: Context, photo_id: str) -> str:
    return f"{context.person_id}|{photo_id}"


def _receipt(draft: Draft) -> DraftReceipt:
    return DraftReceipt(
        assignment_id=draft.assignment_id, sequence=draft.sequence, saved_at=draft.saved_at
    )


def _unfinished_name(person_id: str, photo_id: str) -> str:
    return hashlib.sha256(f"{person_id}|{photo_id}".encode()).hexdigest()


def _refuse_too_many(tx: Transaction, store: Store, assignment_id: str) -> None:
    if tx.count_photos(assignment_id) >= MOST_PHOTOS or count_unfinished(store) > MOST_UNFINISHED:
        raise OperatorError("photos-too-many", limit=MOST_PHOTOS)


def _add(store: Store, name: str, offset: int, data: bytes, size_bytes: int) -> int:
    if kept_bytes(store, name) > size_bytes or offset + len(data) > size_bytes:
        drop_unfinished(store, name)
        return 0
    return add_piece(store, name, offset, data)


def _refuse_other_than_jpeg(store: Store, name: str, photo_id: str) -> None:
    data = read_unfinished(store, name)
    if not (data.startswith(_JPEG_START) and data.rstrip(b"\0").endswith(_JPEG_END)):
        drop_unfinished(store, name)
        raise OperatorError("photo-refused", photo=photo_id)
