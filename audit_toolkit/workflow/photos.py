"""Handing out photos of visits to those who may see them."""

from __future__ import annotations

from ..errors import OperatorError
from ..store import Store, evidence_path
from .context import Context
from .drafts import my_photos


def my_photo(context: Context, store: Store, *, assignment_id: str, sha256: str) -> bytes:
    """Return a photo (JPEG) of one's own visit by the digest of its bytes.

    Raises
    ------
    OperatorError
        The visit is not one's own, or has no such photo.
    """
    known = my_photos(context, store, assignment_id=assignment_id)
    if sha256 not in {photo.sha256 for photo in known}:
        raise OperatorError("photo-unknown", assignment=assignment_id)
    return evidence_path(store, sha256).read_bytes()
