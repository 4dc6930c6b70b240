"""How a frame is fixed: canonical rows, root, opaque codes, public frame, a household's proof.

The canonical row of a unit holds `FRAME_COLUMNS` in their order: the frame household, then all
that the register files of it (empty for the unregistered). Rows stand in the order of the bytes of
``household_id``. Opaque codes are cut from SHA-256 of the code salt and
``village|<county>|<village code>`` ("v" and 12 hex digits) or ``stratum|<county>|<stratum>`` ("s"
and 8 hex digits), so that nobody without the salt can tell villages and strata.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from sampling.commitment import (
    canonical_row,
    commit_frame,
    inclusion_proof,
    leaf_hash,
    merkle_root,
    sha256_hex,
)

from ..errors import IntegrityError, OperatorError
from ..model import (
    FrameHousehold,
    FrameUnit,
    Freeze,
    RegisteredHousehold,
    Removal,
    Stratum,
    StratumCount,
    VillageCount,
)

_FRAME_FIELDS = tuple(f.name for f in fields(FrameHousehold))
_FILED_FIELDS = tuple(
    f.name for f in fields(RegisteredHousehold) if f.name not in ("household_id", "county_code")
)

FRAME_COLUMNS: tuple[str, ...] = (*_FRAME_FIELDS, *(f"filed_{name}" for name in _FILED_FIELDS))
"""Columns of a canonical row, in their order."""

PUBLIC_COLUMNS = ("leaf", "unit_id", "county", "psu", "stratum")
"""Columns of the public frame, in their order."""

UNIT_ID_DIGITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdProof:
    """What a household is handed to see that it is in the frame, as filed.

    SHA-256 of a zero byte, the salt and the row gives ``leaf``; with the hashes of ``path`` the
    leaf at ``position`` (from 0) of ``leaf_count`` leads to ``root``.
    """

    household_id: str
    columns: tuple[str, ...]
    row: str
    salt: str
    leaf: str
    position: int
    leaf_count: int
    path: tuple[str, ...]
    root: str


def freeze_frame(
    households: Sequence[FrameHousehold],
    register: Sequence[RegisteredHousehold],
    removals: Sequence[Removal],
    *,
    salts: Sequence[bytes],
    code_salt: bytes,
) -> tuple[Freeze, tuple[FrameUnit, ...]]:
    """Fix the frame of the round: its root and counts, and the frozen units in tree order.

    Parameters
    ----------
    households : sequence of FrameHousehold
        All households of all counties, in any order.
    register : sequence of RegisteredHousehold
        The registers of all counties; their filed values are fixed with the frame.
    removals : sequence of Removal
        Households kept out by a decision; they go on record with the frame.
    salts : sequence of bytes
        16 secret random bytes for each household; the first goes to the first in tree order.
    code_salt : bytes
        Secret random bytes that hide villages and strata behind opaque codes.

    Returns
    -------
    Freeze
        Root, counts by county and stratum, digests of the public frame, removals.
    tuple of FrameUnit
        One for each household, by the bytes of ``household_id``.

    Raises
    ------
    OperatorError
        Two households of the round have one id.
    IntegrityError
        Two units or two codes collide, or a registered household has no row in the register.
    ArgumentError
        Salts are not as many as households, or not 16 bytes each.
    """
    ordered = sorted(households, key=lambda household: household.household_id.encode())
    _refuse_same_id(ordered)
    filed = _by_id(register)
    rows = [_row_values(household, filed) for household in ordered]
    committed = commit_frame(rows, salts)
    codes = _Codes(code_salt)
    units = tuple(
        FrameUnit(
            household=household,
            salt=salt.hex(),
            leaf=leaf,
            unit_id=leaf[:UNIT_ID_DIGITS],
            psu=codes.village(household.county_code, household.village_code),
            stratum=codes.stratum(household.county_code, Stratum.of(household.status)),
        )
        for household, salt, leaf in zip(ordered, salts, committed.leaves, strict=True)
    )
    _refuse_same_unit_id(units)
    return _described(units, committed.root, removals, codes), units


def _described(
    units: Sequence[FrameUnit], root: str, removals: Sequence[Removal], codes: _Codes
) -> Freeze:
    lines: dict[str, list[bytes]] = {}
    for unit in units:
        lines.setdefault(unit.stratum, []).append(_public_line(unit))
    return Freeze(
        root=root,
        unit_count=len(units),
        strata=_stratum_counts(units, codes),
        public_frame_sha256=sha256_hex(public_frame_csv(units)),
        stratum_sha256=tuple(
            (stratum, sha256_hex(b"".join(lines[stratum]))) for stratum in sorted(lines)
        ),
        removals=tuple(
            sorted(removals, key=lambda removal: (removal.county_code, removal.household_id))
        ),
    )


def public_frame_csv(units: Sequence[FrameUnit]) -> bytes:
    """Bytes of the public frame: no identifier, no filed value.

    A header and one line a unit in tree order, comma, line feed. The digest of a stratum is the
    SHA-256 of its lines, line feeds included, joined in the order of the file.

    Parameters
    ----------
    units : sequence of FrameUnit
        The frozen units in tree order.

    Returns
    -------
    bytes
        ASCII text with the columns leaf, unit_id, county, psu, stratum.
    """
    header = (",".join(PUBLIC_COLUMNS) + "\n").encode("ascii")
    return header + b"".join(_public_line(unit) for unit in units)


def village_counts(units: Sequence[FrameUnit], county_code: str) -> tuple[VillageCount, ...]:
    """Households and persons of each village of a county, by stratum.

    Parameters
    ----------
    units : sequence of FrameUnit
        The frozen units.
    county_code : str
        Six digits.

    Returns
    -------
    tuple of VillageCount
        By village code; every stratum is named, with 0 where a village has none.
    """
    households: Counter[tuple[str, Stratum]] = Counter()
    persons: Counter[tuple[str, Stratum]] = Counter()
    psus: dict[str, str] = {}
    for unit in units:
        household = unit.household
        if household.county_code == county_code:
            key = (household.village_code, Stratum.of(household.status))
            households[key] += 1
            persons[key] += household.members
            psus[household.village_code] = unit.psu
    return tuple(
        VillageCount(
            county_code=county_code,
            village_code=village,
            psu=psus[village],
            households=tuple((s, households[village, s]) for s in Stratum),
            persons=tuple((s, persons[village, s]) for s in Stratum),
        )
        for village in sorted(psus)
    )


def household_proof(
    units: Sequence[FrameUnit], register: Iterable[RegisteredHousehold], household_id: str
) -> HouseholdProof:
    """Row, salt and path by which a household sees that it is in the frozen frame.

    Parameters
    ----------
    units : sequence of FrameUnit
        All frozen units in tree order.
    register : iterable of RegisteredHousehold
        The registers as frozen.
    household_id : str
        The household.

    Returns
    -------
    HouseholdProof
        All that is needed to recompute the root.

    Raises
    ------
    OperatorError
        The household is not in the frame.
    IntegrityError
        Lists and frozen leaf disagree.
    """
    position = next(
        (at for at, u in enumerate(units) if u.household.household_id == household_id), None
    )
    if position is None:
        raise OperatorError("household-not-framed", household=household_id)
    unit = units[position]
    row = canonical_row(_row_values(unit.household, _by_id(register)))
    leaf = leaf_hash(bytes.fromhex(unit.salt), row)
    if leaf != unit.leaf:
        raise IntegrityError("leaf-differs", household=household_id, got=leaf, leaf=unit.leaf)
    leaves = [u.leaf for u in units]
    return HouseholdProof(
        household_id=household_id,
        columns=FRAME_COLUMNS,
        row=row.decode("utf-8"),
        salt=unit.salt,
        leaf=leaf,
        position=position,
        leaf_count=len(units),
        path=inclusion_proof(leaves, position),
        root=merkle_root(leaves),
    )


def _by_id(
    register: Iterable[RegisteredHousehold],
) -> dict[tuple[str, str], RegisteredHousehold]:
    return {(row.county_code, row.household_id): row for row in register}


def _row_values(
    household: FrameHousehold, filed: Mapping[tuple[str, str], RegisteredHousehold]
) -> tuple[str, ...]:
    """Return the texts of a canonical row."""
    texts = [_as_text(getattr(household, name)) for name in _FRAME_FIELDS]
    if household.register_id is None:
        return (*texts, *[""] * len(_FILED_FIELDS))
    row = filed.get((household.county_code, household.register_id))
    if row is None:
        raise IntegrityError("frame-without-register", household=household.household_id)
    return (*texts, *(_as_text(getattr(row, name)) for name in _FILED_FIELDS))


def _as_text(value: str | int | bool | Decimal | None) -> str:
    """Return the one text of a value; an amount has no trailing zeros and no exponent."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    return str(value)


def _public_line(unit: FrameUnit) -> bytes:
    parts = (unit.leaf, unit.unit_id, unit.household.county_code, unit.psu, unit.stratum)
    return (",".join(parts) + "\n").encode("ascii")


class _Codes:
    """Opaque codes of villages and strata, refusing two names behind one code."""

    def __init__(self, salt: bytes) -> None:
        self.salt = salt
        self._by_name: dict[str, str] = {}
        self._name_of: dict[str, str] = {}

    def village(self, county_code: str, village_code: str) -> str:
        return self._code("v", 12, f"village|{county_code}|{village_code}")

    def stratum(self, county_code: str, stratum: Stratum) -> str:
        return self._code("s", 8, f"stratum|{county_code}|{stratum.value}")

    def _code(self, letter: str, digits: int, name: str) -> str:
        code = self._by_name.get(name)
        if code is None:
            code = letter + hashlib.sha256(self.salt + name.encode()).hexdigest()[:digits]
            if self._name_of.setdefault(code, name) != name:
                raise IntegrityError("code-collision", code=code)
            self._by_name[name] = code
        return code


def _stratum_counts(units: Sequence[FrameUnit], codes: _Codes) -> tuple[StratumCount, ...]:
    """Return the counts by county and stratum; every stratum of a county is named."""
    households: Counter[tuple[str, Stratum]] = Counter()
    persons: Counter[tuple[str, Stratum]] = Counter()
    for unit in units:
        key = (unit.household.county_code, Stratum.of(unit.household.status))
        households[key] += 1
        persons[key] += unit.household.members
    return tuple(
        StratumCount(
            county_code=county,
            stratum=stratum,
            code=codes.stratum(county, stratum),
            households=households[county, stratum],
            persons=persons[county, stratum],
        )
        for county in sorted({county for county, _ in households})
        for stratum in Stratum
    )


def _refuse_same_id(ordered: Sequence[FrameHousehold]) -> None:
    for one, other in pairwise(ordered):
        if one.household_id == other.household_id:
            counties = ", ".join(sorted({one.county_code, other.county_code}))
            raise OperatorError("household-twice", household=one.household_id, counties=counties)


def _refuse_same_unit_id(units: Sequence[FrameUnit]) -> None:
    seen: set[str] = set()
    for unit in units:
        if unit.unit_id in seen:
            raise IntegrityError("unit-id-collision", unit_id=unit.unit_id)
        seen.add(unit.unit_id)
