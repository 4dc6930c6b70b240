"""A frozen frame is fixed to the last character, tells nothing, and can be proved."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from list_samples import COUNTY, listed, registered

from audit_toolkit.errors import IntegrityError, OperatorError
from audit_toolkit.model import FiledStatus, FrameUnit, Freeze, Removal, Stratum
from audit_toolkit.registers import (
    frame_households,
    freeze_frame,
    household_proof,
    match_lists,
    public_frame_csv,
    village_counts,
)
from audit_toolkit.registers.freeze import FRAME_COLUMNS
from sampling.commitment import leaf_hash, merkle_root, verify_inclusion
from sampling.errors import ArgumentError

FAR = {"village_code": "990101100202", "village_name": "桥头村"}
REGISTER = [
    registered("H1"),
    registered("H2", head_name="李冬梅", status=FiledStatus.POOR, exit_year=None, members=2),
    registered("h3", head_name="赵长河", status=FiledStatus.RETURNED, members=3, **FAR),
]
ROSTER = [
    listed("N1", "H1"),
    listed("N2", "H2", head_name="李冬梅"),
    listed("N3", "h3", head_name="赵长河", **FAR),
    listed("N4", head_name="周晚成", **FAR),
    listed("村5", head_name="孙立秋", **FAR),
]
HOUSEHOLDS, _ = frame_households(REGISTER, ROSTER, match_lists(REGISTER, ROSTER), [])
SALTS = [bytes([at]) * 16 for at in range(len(HOUSEHOLDS))]
CODE_SALT = b"salt of the codes"


def frozen(**changes: object) -> tuple[Freeze, tuple[FrameUnit, ...]]:
    given = {"households": HOUSEHOLDS, "register": REGISTER, "removals": (), **changes}
    return freeze_frame(
        given["households"],
        given["register"],
        given["removals"],
        salts=changes.get("salts", SALTS),
        code_salt=CODE_SALT,
    )


def test_the_order_of_the_lists_does_not_matter() -> None:
    assert frozen(households=HOUSEHOLDS[::-1], register=REGISTER[::-1]) == frozen()


def test_units_stand_by_the_bytes_of_their_ids() -> None:
    _, units = frozen()
    ids = [unit.household.household_id for unit in units]
    assert ids == ["H1", "H2", "R-N4", "R-村5", "h3"]


def test_the_root_is_that_of_the_leaves_and_unit_ids_are_their_heads() -> None:
    freeze, units = frozen()
    assert freeze.root == merkle_root([unit.leaf for unit in units])
    assert freeze.unit_count == len(units) == 5
    assert all(unit.leaf.startswith(unit.unit_id) and len(unit.unit_id) == 32 for unit in units)


def test_every_filed_value_and_every_salt_moves_the_root() -> None:
    roots = {frozen()[0].root}
    changes = {
        "net_income_pc": Decimal("1.5"),
        "water_safe": False,
        "cause": "other",
        "exit_year": 2017,
        "township": "白石镇",
    }
    for name, value in changes.items():
        changed = [replace(REGISTER[0], **{name: value}), *REGISTER[1:]]
        roots.add(frozen(register=changed)[0].root)
    roots.add(frozen(salts=[b"x" * 16, *SALTS[1:]])[0].root)
    assert len(roots) == len(changes) + 2


def test_an_amount_has_one_text() -> None:
    same = [replace(REGISTER[0], operation_income=Decimal("6000.00")), *REGISTER[1:]]
    assert frozen(register=same) == frozen()


def test_the_public_frame_tells_no_identifier_and_no_filed_value() -> None:
    freeze, units = frozen()
    data = public_frame_csv(units)
    assert hashlib.sha256(data).hexdigest() == freeze.public_frame_sha256
    lines = data.decode("ascii").split("\n")
    assert lines[0] == "leaf,unit_id,county,psu,stratum"
    assert lines[-1] == ""
    pattern = re.compile(rf"[0-9a-f]{{64}},[0-9a-f]{{32}},{COUNTY},v[0-9a-f]{{12}},s[0-9a-f]{{8}}")
    assert all(pattern.fullmatch(line) for line in lines[1:-1])
    assert len(lines) == 7


def test_stratum_digests_can_be_redone_from_the_public_frame() -> None:
    freeze, units = frozen()
    lines: dict[str, bytes] = {}
    for line in public_frame_csv(units).splitlines(keepends=True)[1:]:
        stratum = line.decode().strip().split(",")[4]
        lines[stratum] = lines.get(stratum, b"") + line
    redone = tuple((s, hashlib.sha256(lines[s]).hexdigest()) for s in sorted(lines))
    assert freeze.stratum_sha256 == redone


def test_codes_are_made_as_documented() -> None:
    _, units = frozen()
    village = hashlib.sha256(CODE_SALT + b"village|990101|990101100201").hexdigest()
    stratum = hashlib.sha256(CODE_SALT + b"stratum|990101|exited").hexdigest()
    assert units[0].psu == "v" + village[:12]
    assert units[0].stratum == "s" + stratum[:8]


def test_strata_and_villages_are_counted_in_households_and_persons() -> None:
    freeze, units = frozen()
    counts = {count.stratum: (count.households, count.persons) for count in freeze.strata}
    assert counts == {
        Stratum.EXITED: (1, 4),
        Stratum.UNREGISTERED: (2, 8),
        Stratum.STILL_POOR: (2, 5),
    }
    near, far = village_counts(units, COUNTY)
    assert (near.village_code, far.village_code) == ("990101100201", "990101100202")
    assert dict(near.households) == {
        Stratum.EXITED: 1,
        Stratum.UNREGISTERED: 0,
        Stratum.STILL_POOR: 1,
    }
    assert dict(far.persons)[Stratum.UNREGISTERED] == 8
    assert village_counts(units, "990199") == ()


def test_a_household_can_check_that_it_is_in_the_frame() -> None:
    freeze, units = frozen()
    for unit in units:
        proof = household_proof(units, REGISTER, unit.household.household_id)
        leaf = leaf_hash(bytes.fromhex(proof.salt), proof.row.encode("utf-8"))
        assert leaf == proof.leaf
        assert proof.root == freeze.root
        assert verify_inclusion(leaf, proof.position, proof.leaf_count, proof.path, freeze.root)
        (values,) = csv.reader(io.StringIO(proof.row))
        row = dict(zip(proof.columns, values, strict=True))
        assert row["head_name"] == unit.household.head_name
        assert (row["filed_cause"] == "") == (unit.household.register_id is None)
    assert proof.columns == FRAME_COLUMNS


def test_a_proof_from_changed_lists_is_refused() -> None:
    _, units = frozen()
    changed = [replace(REGISTER[0], net_income_pc=Decimal(1))]
    with pytest.raises(IntegrityError) as refused:
        household_proof(units, changed, "H1")
    assert refused.value.code == "leaf-differs"
    with pytest.raises(OperatorError) as unknown:
        household_proof(units, REGISTER, "H9")
    assert unknown.value.code == "household-not-framed"


def test_removals_go_on_record_in_order() -> None:
    removals = [
        Removal(county_code=COUNTY, household_id=name, problem_id="m1", reason="moved")
        for name in ("H9", "H8")
    ]
    assert [r.household_id for r in frozen(removals=removals)[0].removals] == ["H8", "H9"]


def test_one_id_in_two_counties_is_refused() -> None:
    twin = replace(HOUSEHOLDS[0], county_code="990102")
    with pytest.raises(OperatorError) as refused:
        frozen(households=[*HOUSEHOLDS, twin], salts=[*SALTS, b"y" * 16])
    assert refused.value.code == "household-twice"
    assert "990101, 990102" in refused.value.words("en")


def test_a_registered_household_without_its_row_is_refused() -> None:
    with pytest.raises(IntegrityError) as refused:
        frozen(register=REGISTER[1:])
    assert refused.value.code == "frame-without-register"


def test_equal_unit_ids_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit_toolkit.registers.freeze.UNIT_ID_DIGITS", 0)
    with pytest.raises(IntegrityError) as refused:
        frozen()
    assert refused.value.code == "unit-id-collision"


def test_salts_must_be_as_many_as_households() -> None:
    with pytest.raises(ArgumentError):
        frozen(salts=SALTS[1:])
