"""The ticket's text: seed, stratum and unit, hashed."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

from ..commitment import sha256_hex
from ..errors import ArgumentError


def seed_digest(seed: str) -> str:
    """SHA-256 of the seed text (UTF-8, NFC), 64 hex digits: all that tickets need of a seed.

    Whoever knows it can compute every ticket, so it is as secret as the seed itself.

    Examples
    --------
    >>> seed_digest("38471920561029384756")[:16]
    '16d27791f7730417'
    """
    if not isinstance(seed, str) or not seed:
        raise ArgumentError(
            f"seed must be text, not empty; got {seed!r}. Give dice digits as text, "
            "with their leading zeros.",
            code="seed-not-text",
        )
    return sha256_hex(unicodedata.normalize("NFC", seed).encode("utf-8"))


def ticket(seed: str, stratum: str, unit_id: str) -> str:
    """Ticket of a unit: its place in the order of the draw.

    Parameters
    ----------
    seed : str
        The public or sealed seed text.
    stratum : str
        Stratum of the unit, or a namespace of a draw of its own; no ``|``.
    unit_id : str
        Identifier of the unit; no ``|``.

    Returns
    -------
    str
        ``sha256(sha256hex(seed) + "|" + stratum + "|" + unit_id)``, texts as UTF-8 in Unicode
        normal form C; 64 lower-case hex digits. Smaller tickets are drawn first.

    Raises
    ------
    ArgumentError
        ``stratum`` or ``unit_id`` is not text or holds ``|``; ``seed`` is not text or empty.

    Examples
    --------
    >>> ticket("38471920561029384756", "S1", "HH000001")[:16]
    '8af0d0ac9c95dad0'
    """
    digest = seed_digest(seed)
    for name, value in (("stratum", stratum), ("unit_id", unit_id)):
        if not isinstance(value, str) or "|" in value:
            raise ArgumentError(
                f"{name} must be text without '|'; got {value!r}. Write numbers out as text and "
                "choose another separator.",
                code="bar-in-text",
                name=name,
                got=value,
            )
    texts = (unicodedata.normalize("NFC", text) for text in (stratum, unit_id))
    return sha256_hex("|".join((digest, *texts)).encode("utf-8"))


def tickets_of(digest: str, namespace: str, unit_ids: Sequence[str]) -> list[tuple[str, str]]:
    """Pair each unit with its ticket; texts were checked when the frame was made."""
    begun = hashlib.sha256(f"{digest}|{namespace}|".encode())
    pairs = []
    for unit in unit_ids:
        whole = begun.copy()
        whole.update(unit.encode())
        pairs.append((unit, whole.hexdigest()))
    return pairs
