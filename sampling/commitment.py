"""Commitments: a frame, shares of a seed and the seed itself, fixed before and checked after.

Only the standard library, so that an outsider can read and redo every step.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import ArgumentError

SEED_PREFIX = "audit-toolkit-v1"
SHARE_PREFIX = "audit-toolkit-share"
SEED_COMMITMENT_PREFIX = "audit-toolkit-seed"
_HEX_64 = re.compile(r"[0-9a-f]{64}")


def sha256_hex(data: bytes) -> str:
    """SHA-256 of ``data`` as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def canonical_row(values: Sequence[str]) -> bytes:
    r"""Bytes that stand for one row of a frame.

    Parameters
    ----------
    values : sequence of str
        One text per column, in the frame's fixed order.

    Returns
    -------
    bytes
        The row's CSV line (RFC 4180 quoting, comma, no line end), UTF-8.

    Raises
    ------
    ArgumentError
        A value is not text in Unicode normal form C.

    Examples
    --------
    >>> canonical_row(["HH1", "a,b", "3"])
    b'HH1,"a,b",3'
    """
    for place, value in enumerate(values):
        if not isinstance(value, str):
            raise ArgumentError(
                f"every value of a canonical row must be text; got {value!r} in column {place}. "
                "Write numbers as decimal text first.",
                code="row-not-text",
                column=place,
                got=value,
            )
        if unicodedata.normalize("NFC", value) != value:
            raise ArgumentError(
                f"text must be in Unicode normal form C; got {value!r} in column {place}. "
                "Normalise the list before it is frozen.",
                code="row-not-nfc",
                column=place,
                got=value,
            )
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue().encode("utf-8")


def leaf_hash(salt: bytes, row: bytes) -> str:
    """Leaf of one row: SHA-256 of 0x00, the 16-byte salt and the canonical row, as hex."""
    if len(salt) != 16:
        raise ArgumentError(
            f"a salt must be 16 bytes; got {len(salt)}. Make it with a secure generator.",
            code="salt-length",
            got=len(salt),
        )
    return sha256_hex(b"\x00" + salt + row)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """All levels of the RFC 6962 tree, leaves first; an odd node rises unchanged."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = [_node(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        if len(below) % 2:
            above.append(below[-1])
        levels.append(above)
    return levels


def merkle_root(leaves: Sequence[str]) -> str:
    """Root of the RFC 6962 hash tree over ``leaves``.

    Parameters
    ----------
    leaves : sequence of str
        Leaf hashes as 64 hex digits, in tree order.

    Returns
    -------
    str
        64 hex digits; the SHA-256 of nothing for an empty tree.

    References
    ----------
    .. [1] RFC 6962, *Certificate Transparency*, section 2.1.

    Examples
    --------
    >>> merkle_root([])[:8]
    'e3b0c442'
    """
    if not leaves:
        return sha256_hex(b"")
    return _levels([bytes.fromhex(leaf) for leaf in leaves])[-1][0].hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """A frame fixed by its root: the root, the leaves in tree order."""

    root: str
    leaves: tuple[str, ...]


def commit_frame(rows: Sequence[Sequence[str]], salts: Sequence[bytes]) -> Commitment:
    """Root and leaves that fix a frame without showing it.

    Parameters
    ----------
    rows : sequence of sequences of str
        The frame's rows in tree order (by the bytes of the unit's identifier), one text per column.
    salts : sequence of bytes
        16 secret random bytes for each row.

    Returns
    -------
    Commitment
        ``root`` (64 hex digits) and ``leaves`` (one for each row).

    Raises
    ------
    ArgumentError
        As many salts as rows are needed; salts are 16 bytes; text is NFC.

    References
    ----------
    .. [1] B. Laurie, A. Langley, E. Kasper, *Certificate Transparency*, RFC 6962, 2013, section
       2.1; here with a salt in every leaf.

    Examples
    --------
    >>> commit_frame([["HH1", "3"]], [bytes(16)]).root[:12]
    'e06f14335c0e'
    """
    if len(rows) != len(salts):
        raise ArgumentError(
            f"each row needs one salt; got {len(rows)} rows and {len(salts)} salts.",
            code="salt-count",
            rows=len(rows),
            salts=len(salts),
        )
    leaves = tuple(
        leaf_hash(salt, canonical_row(row)) for row, salt in zip(rows, salts, strict=True)
    )
    return Commitment(root=merkle_root(leaves), leaves=leaves)


def inclusion_proof(leaves: Sequence[str], position: int) -> tuple[str, ...]:
    """Hashes that lead from one leaf to the root.

    Parameters
    ----------
    leaves : sequence of str
        Hash of every leaf in the order of the rows, 64 hex digits each.
    position : int
        Place of the leaf to prove, from 0.

    Returns
    -------
    tuple of str
        The hashes beside the leaf's way to the root, the lowest first.

    Raises
    ------
    ArgumentError
        There is no leaf at that place.

    References
    ----------
    .. [1] B. Laurie, A. Langley, E. Kasper, *Certificate Transparency*, RFC 6962, 2013, section
       2.1.1.

    Examples
    --------
    >>> leaves = commit_frame([["a"], ["b"]], [bytes(16)] * 2).leaves
    >>> inclusion_proof(leaves, 0) == (leaves[1],)
    True
    """
    if not 0 <= position < len(leaves):
        raise ArgumentError(
            f"position must lie in 0..{len(leaves) - 1}; got {position}.",
            code="leaf-position",
            got=position,
        )
    proof = []
    for level in _levels([bytes.fromhex(leaf) for leaf in leaves])[:-1]:
        sibling = position ^ 1
        if sibling < len(level):
            proof.append(level[sibling].hex())
        position //= 2
    return tuple(proof)


def verify_inclusion(
    leaf: str, position: int, leaf_count: int, proof: Sequence[str], root: str
) -> bool:
    """Tell whether a proof leads from a leaf to the root.

    Parameters
    ----------
    leaf : str
        Hash of the leaf, 64 hex digits.
    position, leaf_count : int
        Place of the leaf, from 0, and leaves of the tree.
    proof : sequence of str
        What ``inclusion_proof`` gave.
    root : str
        The published root, 64 hex digits.

    Returns
    -------
    bool
        False also for a place outside the tree and a proof too short or too long.

    Raises
    ------
    ValueError
        The leaf or a part of the proof is not hex digits.

    References
    ----------
    .. [1] B. Laurie, A. Langley, E. Kasper, *Certificate Transparency*, RFC 6962, 2013, section
       2.1.1.

    Examples
    --------
    >>> tree = commit_frame([["a"], ["b"], ["c"]], [bytes(16)] * 3)
    >>> verify_inclusion(tree.leaves[2], 2, 3, inclusion_proof(tree.leaves, 2), tree.root)
    True
    """
    if not 0 <= position < leaf_count:
        return False
    node, left_over = bytes.fromhex(leaf), list(proof)
    width = leaf_count
    while width > 1:
        if position ^ 1 < width:
            if not left_over:
                return False
            other = bytes.fromhex(left_over.pop(0))
            node = _node(other, node) if position % 2 else _node(node, other)
        position, width = position // 2, (width + 1) // 2
    return not left_over and node.hex() == root


def _checked_text(name: str, text: str) -> str:
    if "|" in text or unicodedata.normalize("NFC", text) != text:
        raise ArgumentError(
            f"{name} must be NFC text without '|'; got {text!r}.",
            code="bar-in-text",
            name=name,
            got=text,
        )
    return text


def commit_share(holder: str, share: str) -> str:
    """Commit one holder to a secret share.

    Parameters
    ----------
    holder : str
        Who holds it, as published; no ``|``.
    share : str
        256 secret random bits as 64 lower-case hex digits.

    Returns
    -------
    str
        SHA-256 of ``audit-toolkit-share|holder|share``, 64 hex digits.

    Raises
    ------
    ArgumentError
        The share is not 64 lower-case hex digits or the holder holds a bar.

    Examples
    --------
    >>> commit_share("institution", "00" * 32)[:8]
    '5981ac4d'
    """
    _checked_text("holder", holder)
    if not _HEX_64.fullmatch(share):
        raise ArgumentError(
            "a share must be 64 lower-case hex digits (256 bits); "
            f"got {len(share)} characters. Take the share exactly as it was made.",
            code="share-form",
            holder=holder,
        )
    return sha256_hex(f"{SHARE_PREFIX}|{holder}|{share}".encode())


def combine_seed(root: str, design_digest: str, public: str, shares: Sequence[str]) -> str:
    """Seed text of a sealed draw.

    Parameters
    ----------
    root, design_digest : str
        64 hex digits each: the frame's root and the digest of the design.
    public : str
        Public randomness got afterwards, such as dice digits; may be empty in a rehearsal.
    shares : sequence of str
        The holders' shares in the published order.

    Returns
    -------
    str
        ``audit-toolkit-v1|root|design|public|share_1|...``; an empty part keeps its bar.

    Raises
    ------
    ArgumentError
        A part holds a bar, or is not NFC text.

    Examples
    --------
    >>> combine_seed("r", "d", "0123", ["s1", "s2"])
    'audit-toolkit-v1|r|d|0123|s1|s2'
    """
    parts = (root, design_digest, public, *shares)
    return "|".join((SEED_PREFIX, *(_checked_text("part of the seed", part) for part in parts)))


def commit_seed_digest(seed_sha256: str) -> str:
    """Commit to a seed by what may be published before the seed is.

    Parameters
    ----------
    seed_sha256 : str
        SHA-256 of the seed text, 64 lower-case hex digits.

    Returns
    -------
    str
        SHA-256 of ``audit-toolkit-seed|seed_sha256``, 64 hex digits.

    Raises
    ------
    ArgumentError
        ``seed_sha256`` is not 64 lower-case hex digits.

    Notes
    -----
    The plain SHA-256 of the seed must not be published early: tickets are made of it, so that
    whoever has it and the public frame can compute the sample.

    Examples
    --------
    >>> commit_seed_digest("00" * 32)[:8]
    '807099bb'
    """
    if not _HEX_64.fullmatch(seed_sha256):
        raise ArgumentError(
            "a seed digest must be 64 lower-case hex digits; "
            f"got {len(seed_sha256)} characters. Take the SHA-256 of the seed text.",
            code="seed-digest-form",
        )
    return sha256_hex(f"{SEED_COMMITMENT_PREFIX}|{seed_sha256}".encode())


def canonical_json(value: Mapping[str, object]) -> bytes:
    """JSON bytes with sorted keys, UTF-8, no spaces; whole numbers and text only.

    Raises
    ------
    ArgumentError
        A float is inside: write it as decimal text.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": "0.05"})
    b'{"a":"0.05","b":1}'
    """
    _refuse_floats(value, "")
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _refuse_floats(value: object, place: str) -> None:
    if isinstance(value, float):
        raise ArgumentError(
            f"canonical JSON holds whole numbers and decimal text only; got {value!r} at {place}.",
            code="float-in-canonical-json",
            place=place,
            got=value,
        )
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _refuse_floats(inner, f"{place}/{key}")
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            _refuse_floats(inner, f"{place}/{index}")


def design_digest(design: Mapping[str, object]) -> str:
    """SHA-256 of the design's canonical JSON, 64 hex digits."""
    return sha256_hex(canonical_json(design))
