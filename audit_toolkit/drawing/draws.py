"""The draw of a round from frame, design and seed, and the files that let outsiders redo it.

Before disclosure no published file tells a drawn unit: `draw.json` binds the sample by digests of
texts that nobody can guess. The SHA-256 of the seed is kept back too, for tickets are made of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sampling.commitment import (
    SEED_PREFIX,
    canonical_json,
    commit_seed_digest,
    merkle_root,
    sha256_hex,
)
from sampling.draws import DrawnPsu, DrawnUnit
from sampling.frame import Frame
from sampling.tickets import draw_two_stage, ticket

from ..errors import IntegrityError, WrongStageError
from ..model import (
    Ceremony,
    CeremonyState,
    Draw,
    DrawnHousehold,
    DrawnVillage,
    FrameUnit,
    Freeze,
    Plan,
    Stratum,
    WaveRule,
)
from ..registers import public_frame_csv
from .ceremony import design_of, utc_text
from .further import second_wave_design

DRAW_COLUMNS = (
    "kind",
    "county",
    "psu",
    "stratum",
    "unit_id",
    "order",
    "reserve",
    "certainty",
    "ticket",
    "team_ticket",
    "revisit_ticket",
)
COUNT_COLUMNS = ("county", "psu", "stratum", "units")


def draw_round(
    units: Sequence[FrameUnit], plans: Sequence[Plan], ceremony: Ceremony, seed: str
) -> Draw:
    """Draw the sample of the whole round: villages, households and reserves of every county.

    The design that the ceremony fixed is what is drawn by; plans must agree with it.

    Parameters
    ----------
    units : sequence of FrameUnit
        The frozen units in tree order.
    plans : sequence of Plan
        The plans that the design was built from.
    ceremony : Ceremony
        With its dice recorded.
    seed : str
        What `seed_text` gave.

    Raises
    ------
    WrongStageError
        The dice are not recorded, or the ceremony is void.
    IntegrityError
        Frame, plans or seed are not those of the ceremony; nothing is drawn.
    """
    _check_stage(ceremony)
    design = design_of(ceremony)
    _check_frame(units, ceremony, design)
    _check_seed(ceremony, seed)
    by_county: dict[str, list[FrameUnit]] = {}
    for unit in units:
        by_county.setdefault(unit.household.county_code, []).append(unit)
    by_plan = {plan.key.county_code: plan for plan in plans}
    villages: list[DrawnVillage] = []
    households: list[DrawnHousehold] = []
    for entry in design["counties"]:
        county = entry["county"]
        _check_plan(by_plan.get(county), entry, by_county.get(county, []))
        found, drawn = _draw_county(entry, by_county[county], seed)
        villages += found
        households += drawn
    return Draw(
        ceremony=ceremony.number,
        seed_sha256=sha256_hex(seed.encode("utf-8")),
        villages=tuple(villages),
        households=tuple(households),
        digest=sha256_hex(_draw_csv(villages, households, units)),
    )


def _draw_county(
    entry: Mapping[str, Any], units: Sequence[FrameUnit], seed: str
) -> tuple[list[DrawnVillage], list[DrawnHousehold]]:
    county = entry["county"]
    strata = {s["stratum"]: s for s in entry["strata"]}
    frame = Frame.of(
        [u.unit_id for u in units],
        strata=[u.stratum for u in units],
        psus=[u.psu for u in units],
        psu_strata=[county] * len(units),
        size_measures=[strata[u.stratum]["size_weight"] for u in units],
    )
    drawn = draw_two_stage(
        frame,
        psus=min(entry["villages"], len({u.psu for u in units})),
        ssus={code: s["take"] for code, s in strata.items()},
        reserves={code: s["reserves"] for code, s in strata.items()},
        seed=seed,
    )
    villages = _villages(county, drawn.psus, units, seed)
    return villages, _households(county, drawn.units, units, seed)


def _villages(
    county: str,
    psus: Iterable[DrawnPsu],
    units: Sequence[FrameUnit],
    seed: str,
) -> list[DrawnVillage]:
    village_codes = {u.psu: u.household.village_code for u in units}
    return [
        DrawnVillage(
            county_code=county,
            psu=psu.psu,
            village_code=village_codes[psu.psu],
            size_measure=psu.size_measure,
            ticket=psu.ticket,
            order=psu.order,
            certainty=psu.certainty,
            inclusion_prob=psu.inclusion_prob,
            team_ticket=ticket(seed, f"team:{county}", psu.psu),
        )
        for psu in psus
    ]


def _households(
    county: str,
    drawn: Iterable[DrawnUnit],
    units: Sequence[FrameUnit],
    seed: str,
) -> list[DrawnHousehold]:
    by_id = {u.unit_id: u for u in units}
    return [
        DrawnHousehold(
            county_code=county,
            unit_id=unit.unit_id,
            household_id=by_id[unit.unit_id].household.household_id,
            psu=unit.psu,
            stratum=Stratum.of(by_id[unit.unit_id].household.status),
            ticket=unit.ticket,
            order=unit.order,
            reserve=unit.reserve,
            inclusion_prob=unit.inclusion_prob,
            base_weight=unit.base_weight,
            revisit_ticket=ticket(seed, f"revisit:{county}", unit.unit_id),
        )
        for unit in drawn
    ]


def _check_stage(ceremony: Ceremony) -> None:
    if ceremony.state is CeremonyState.VOIDED:
        raise WrongStageError("ceremony-void", number=ceremony.number, reason=ceremony.void_reason)
    if ceremony.state is CeremonyState.COMMITTED:
        raise WrongStageError("dice-missing", number=ceremony.number)


def _check_frame(units: Sequence[FrameUnit], ceremony: Ceremony, design: Mapping[str, Any]) -> None:
    """Refuse to draw from another frame than the one that was committed to."""
    if sha256_hex(ceremony.design_json.encode("utf-8")) != ceremony.design_digest:
        raise IntegrityError("design-changed", number=ceremony.number)
    same_file = sha256_hex(public_frame_csv(units)) == design["frame"]["sha256"]
    if not same_file or merkle_root([u.leaf for u in units]) != ceremony.root:
        raise IntegrityError("frame-changed", number=ceremony.number)


def _check_seed(ceremony: Ceremony, seed: str) -> None:
    begun = "|".join((SEED_PREFIX, ceremony.root, ceremony.design_digest, ceremony.dice, ""))
    other = ceremony.seed_sha256 and ceremony.seed_sha256 != sha256_hex(seed.encode("utf-8"))
    if not seed.startswith(begun) or other:
        raise IntegrityError("seed-of-another", number=ceremony.number)


def _check_plan(plan: Plan | None, entry: Mapping[str, Any], units: Sequence[FrameUnit]) -> None:
    """Refuse a plan that says something else than the committed design."""
    designed = {s["stratum"]: (s["take"], s["size_weight"]) for s in entry["strata"]}
    planned: dict[str, tuple[int, int]] = {}
    if plan is not None:
        for code, stratum in {(u.stratum, Stratum.of(u.household.status)) for u in units}:
            take = plan.take(stratum)
            planned[code] = (take.households, take.size_weight)
    if plan is None or plan.villages != entry["villages"] or planned != designed:
        raise IntegrityError("plan-changed", county=entry["county"])
    declared = second_wave_design(plan.second_wave, plan.icc, plan.confidence)
    if entry.get("second_wave", {"rule": WaveRule.NONE.value}) != declared:
        raise IntegrityError("plan-changed", county=entry["county"])


def published_files(
    freeze: Freeze, units: Sequence[FrameUnit], ceremony: Ceremony, draw: Draw | None
) -> dict[str, bytes]:
    """Return the files that may be public at the ceremony's state, by name.

    A file once published never changes: later states only add files.

    Parameters
    ----------
    freeze : Freeze
        The frozen frame.
    units : sequence of FrameUnit
        Its units in tree order.
    ceremony : Ceremony
        The ceremony as it stands.
    draw : Draw or None
        The draw, once drawn.

    Returns
    -------
    dict of str to bytes
        Committed: ``public_frame.csv``, ``counts.csv``, ``design.json``, ``commitments.json``;
        dice recorded: also ``dice.json``; drawn: also ``draw.json``; disclosed: also
        ``shares.json`` and ``draw.csv``; voided: what there was, and ``void.json``.

    Raises
    ------
    IntegrityError
        Frame or draw are not those that the ceremony is bound to.
    """
    frame = public_frame_csv(units)
    if freeze.root != ceremony.root or sha256_hex(frame) != freeze.public_frame_sha256:
        raise IntegrityError("frame-changed", number=ceremony.number)
    counts = _counts_csv(units)
    commitments = canonical_json(_commitments(freeze, ceremony, counts))
    files = {
        "public_frame.csv": frame,
        "counts.csv": counts,
        "design.json": ceremony.design_json.encode("utf-8"),
        "commitments.json": commitments,
    }
    if ceremony.dice_at is not None:
        files["dice.json"] = canonical_json(_with_digest(_dice(ceremony)))
    if ceremony.seed_sha256:
        files |= _drawn_files(units, ceremony, draw, commitments)
    if ceremony.state is CeremonyState.VOIDED:
        files["void.json"] = canonical_json(
            _head("void", ceremony) | {"reason": ceremony.void_reason}
        )
    return files


def _drawn_files(
    units: Sequence[FrameUnit], ceremony: Ceremony, draw: Draw | None, commitments: bytes
) -> dict[str, bytes]:
    if draw is None:
        if ceremony.state is CeremonyState.VOIDED:
            return {}
        raise IntegrityError("draw-missing", number=ceremony.number)
    table = _draw_csv(draw.villages, draw.households, units)
    if draw.seed_sha256 != ceremony.seed_sha256 or sha256_hex(table) != draw.digest:
        raise IntegrityError("draw-changed", number=ceremony.number)
    record = _head("draw", ceremony) | {
        "root": ceremony.root,
        "design_sha256": ceremony.design_digest,
        "commitments_sha256": sha256_hex(commitments),
        "dice_sha256": _with_digest(_dice(ceremony))["record_sha256"],
        "seed_commitment": commit_seed_digest(ceremony.seed_sha256),
        "draw_csv_sha256": draw.digest,
    }
    files = {"draw.json": canonical_json(_with_digest(record))}
    if ceremony.state is CeremonyState.DISCLOSED:
        files["shares.json"] = canonical_json(_shares(ceremony))
        files["draw.csv"] = table
    return files


def _head(kind: str, ceremony: Ceremony) -> dict[str, object]:
    return {"kind": f"audit-toolkit-{kind}", "schema": 1, "ceremony": ceremony.number}


def _with_digest(record: dict[str, object]) -> dict[str, object]:
    """Add the digest of the record itself, so that a slip in it can be told from one elsewhere."""
    return record | {"record_sha256": sha256_hex(canonical_json(record))}


def _commitments(freeze: Freeze, ceremony: Ceremony, counts: bytes) -> dict[str, object]:
    return _head("commitments", ceremony) | {
        "root": ceremony.root,
        "units": freeze.unit_count,
        "design_sha256": ceremony.design_digest,
        "counts_sha256": sha256_hex(counts),
        "holders": [{"holder": c.holder, "commitment": c.commitment} for c in ceremony.commitments],
        "committed_at": utc_text(ceremony.committed_at),
    }


def _dice(ceremony: Ceremony) -> dict[str, object]:
    assert ceremony.dice_at is not None
    return _head("dice", ceremony) | {
        "digits": ceremony.dice,
        "witnesses": list(ceremony.witnesses),
        "recorded_at": utc_text(ceremony.dice_at),
    }


def _shares(ceremony: Ceremony) -> dict[str, object]:
    return _head("shares", ceremony) | {
        "seed_sha256": ceremony.seed_sha256,
        "shares": [
            {"holder": c.holder, "share": c.share, "lost": c.lost} for c in ceremony.commitments
        ],
    }


def _counts_csv(units: Sequence[FrameUnit]) -> bytes:
    counts = Counter((u.household.county_code, u.psu, u.stratum) for u in units)
    rows = [(*key, str(n)) for key, n in sorted(counts.items())]
    return _csv(COUNT_COLUMNS, rows)


def _draw_csv(
    villages: Sequence[DrawnVillage],
    households: Sequence[DrawnHousehold],
    units: Sequence[FrameUnit],
) -> bytes:
    """Drawn villages by county and order, then households by village, stratum code and order."""
    codes = {u.unit_id: u.stratum for u in units}
    place = {(v.county_code, v.psu): v.order for v in villages}
    rows = [
        (
            "village",
            v.county_code,
            v.psu,
            "",
            "",
            str(v.order),
            "",
            "yes" if v.certainty else "no",
            v.ticket,
            v.team_ticket,
            "",
        )
        for v in sorted(villages, key=lambda v: (v.county_code, v.order))
    ]
    rows += [
        (
            "household",
            h.county_code,
            h.psu,
            codes.get(h.unit_id, ""),
            h.unit_id,
            str(h.order),
            "yes" if h.reserve else "no",
            "",
            h.ticket,
            "",
            h.revisit_ticket,
        )
        for h in sorted(
            households,
            key=lambda h: (
                h.county_code,
                place.get((h.county_code, h.psu), 0),
                codes.get(h.unit_id, ""),
                h.order,
            ),
        )
    ]
    return _csv(DRAW_COLUMNS, rows)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Lines of opaque codes and numbers, which need no quotes."""
    return "".join(",".join(row) + "\n" for row in (columns, *rows)).encode("ascii")
