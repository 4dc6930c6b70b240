"""The acts of a sealed draw, in order: commit, dice, seed, draw, disclose; and the way out, void.

Each act takes a ceremony and gives the next one, or refuses. Nobody can steer the sample (frame
and design are fixed before the dice), nobody can foresee it (shares are secret until field work is
closed), and anyone can redo it afterwards.
"""

from __future__ import annotations

import dataclasses
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sampling.commitment import (
    canonical_json,
    combine_seed,
    commit_share,
    design_digest,
    sha256_hex,
)

from ..errors import OperatorError, WrongStageError
from ..model import (
    Ceremony,
    CeremonyState,
    Freeze,
    Plan,
    Round,
    RuleSet,
    ShareCommitment,
    WaveRule,
)
from .further import second_wave_design

LEAST_DICE = 20
_HEX_64 = re.compile(r"[0-9a-f]{64}")

TICKET_RULES = {
    "text": "sha256hex(seed)|namespace|unit",
    "villages": "psu:<county>|<psu>",
    "households": "<psu>:<stratum>|<unit_id>",
    "inspectors": "team:<county>|<psu>",
    "revisits": "revisit:<county>|<unit_id>",
}
"""Namespaces of the draws that share one seed; the stand-alone verifier holds the same ones."""

SELECTION_RULES = {
    "first_stage": "sequential-poisson; villages with n*x >= X are certain, the rest again",
    "size_measure": "sum over strata of size_weight times households of the village",
    "villages": "as many as said; all where the county has fewer",
    "second_stage": "smallest tickets within village and stratum; all where there are fewer",
    "reserves": "next tickets of the same village and stratum, in order, with a coded reason",
    "revisits": "smallest revisit tickets of the county's sample, ceiling(revisit_share * sample)",
    "second_wave": "none",
}
SECOND_WAVE_DECLARED = "by the rule declared for the county, continuing the same tickets"
"""What stands for "none" in a design with a county that declares a rule."""


def build_design(
    freeze: Freeze,
    plans: Sequence[Plan],
    rules: RuleSet,
    *,
    software: str,
    round_: Round,
) -> dict[str, object]:
    """Build what is fixed beside the frame before the dice fall.

    Parameters
    ----------
    freeze : Freeze
        The frozen frame of the round.
    plans : sequence of Plan
        One for each county of the round.
    rules : RuleSet
        The rules that the round is judged by.
    software : str
        Name and version of the software that draws.
    round_ : Round
        The round.

    Returns
    -------
    dict
        Ready for canonical JSON: whole numbers and text only. Strata go by their opaque codes.

    Raises
    ------
    OperatorError
        Plans and counties of the round differ, or a plan lacks a stratum.
    """
    by_county = {plan.key.county_code: plan for plan in plans}
    counties = sorted(county.county_code for county in round_.counties)
    if sorted(plan.key.county_code for plan in plans) != counties:
        raise OperatorError(
            "design-counties",
            planned=", ".join(sorted(by_county)) or "-",
            counties=", ".join(counties),
        )
    digests = dict(freeze.stratum_sha256)
    return {
        "kind": "audit-toolkit-design",
        "schema": 1,
        "mode": "sealed",
        "software": software,
        "round": {
            "province": round_.province_code,
            "exit_year": round_.exit_year,
            "round": round_.round_name,
            "institution": round_.institution,
        },
        "rules": {"id": rules.rule_set_id, "dated": rules.dated, "sha256": rules.sha256},
        "frame": {
            "units": freeze.unit_count,
            "sha256": freeze.public_frame_sha256,
            "strata": [
                {
                    "county": count.county_code,
                    "stratum": count.code,
                    "units": count.households,
                    "sha256": digests[count.code],
                }
                for count in sorted(freeze.strata, key=lambda c: (c.county_code, c.code))
                if count.households
            ],
        },
        "counties": [_county_design(freeze, by_county[code]) for code in counties],
        "selection": _selection(plans),
        "replacement_reasons": list(rules.replacement_reasons),
        "tickets": TICKET_RULES,
        "estimation": _estimation(plans, rules, round_),
    }


def _selection(plans: Sequence[Plan]) -> dict[str, str]:
    if all(plan.second_wave.rule is WaveRule.NONE for plan in plans):
        return SELECTION_RULES
    return SELECTION_RULES | {"second_wave": SECOND_WAVE_DECLARED}


def _county_design(freeze: Freeze, plan: Plan) -> dict[str, object]:
    """Sample of one county by opaque stratum codes; no reserves where nothing is taken."""
    county = plan.key.county_code
    takes = {take.stratum: take for take in plan.takes}
    strata = []
    for count in sorted(freeze.strata, key=lambda c: c.code):
        if count.county_code != county or not count.households:
            continue
        take = takes.get(count.stratum)
        if take is None or take.size_weight < 1:
            raise OperatorError("design-take", county=county, stratum=count.stratum.value)
        strata.append(
            {
                "stratum": count.code,
                "take": take.households,
                "reserves": take.reserves if take.households else 0,
                "size_weight": take.size_weight,
            }
        )
    declared: dict[str, object] = {}
    if plan.second_wave.rule is not WaveRule.NONE:
        declared["second_wave"] = second_wave_design(plan.second_wave, plan.icc, plan.confidence)
    return {
        "county": county,
        "villages": plan.villages,
        "revisit_share": plan.revisit_share,
        "strata": strata,
    } | declared


def _estimation(plans: Sequence[Plan], rules: RuleSet, round_: Round) -> dict[str, object]:
    """How rates will be estimated and against what they will be held."""
    return {
        "weights": "1 / inclusion probability: n*x/X of the village times n/N in it",
        "interval": "korn-graubard with model design effect",
        "icc": f"max(pooled over the round, {rules.plan_icc})",
        "confidence": sorted({str(plan.confidence) for plan in plans}),
        "thresholds": [
            {
                "indicator": rule.indicator,
                "unit": rule.unit,
                "direction": rule.direction,
                "strict": "yes" if rule.strict else "no",
                "limit": rules.limit(rule.indicator, round_.province_code) or "",
            }
            for rule in rules.thresholds
        ],
    }


def open_ceremony(
    number: int,
    freeze: Freeze,
    design: Mapping[str, object],
    commitments: Mapping[str, str],
    *,
    at: datetime,
    earlier: Sequence[Ceremony],
) -> Ceremony:
    """Open a ceremony: fix root, design and the holders' commitments before the dice exist.

    Parameters
    ----------
    number : int
        Counts the attempts of the round from 1.
    freeze : Freeze
        The frozen frame.
    design : mapping
        What `build_design` gave.
    commitments : mapping of str to str
        Holder to commitment (64 hex digits), in the order in which shares will be joined.
    at : datetime
        Now.
    earlier : sequence of Ceremony
        All earlier attempts of the round.

    Raises
    ------
    WrongStageError
        An earlier ceremony stands: a second draw beside it would let someone choose.
    OperatorError
        No commitment; a holder or a commitment is malformed, double, or was used before.
    """
    for ceremony in earlier:
        if ceremony.state is not CeremonyState.VOIDED:
            raise WrongStageError("ceremony-stands", number=ceremony.number)
    _check_commitments(commitments, earlier)
    return Ceremony(
        number=number,
        state=CeremonyState.COMMITTED,
        root=freeze.root,
        design_digest=design_digest(design),
        design_json=canonical_json(design).decode("utf-8"),
        commitments=tuple(
            ShareCommitment(holder=holder, commitment=commitment)
            for holder, commitment in commitments.items()
        ),
        committed_at=at,
    )


def _check_commitments(commitments: Mapping[str, str], earlier: Sequence[Ceremony]) -> None:
    if not commitments:
        raise OperatorError("commitments-missing")
    # Shares once joined are known to more than their holder; unjoined ones may serve again.
    drawn = [ceremony for ceremony in earlier if ceremony.seed_sha256]
    used = {c.commitment: ceremony.number for ceremony in drawn for c in ceremony.commitments}
    seen: dict[str, str] = {}
    for holder, commitment in commitments.items():
        if not _is_name(holder):
            raise OperatorError("holder-name", holder=holder)
        if not _HEX_64.fullmatch(commitment):
            raise OperatorError("commitment-form", holder=holder, length=len(commitment))
        if commitment in seen:
            raise OperatorError("commitment-twice", holder=holder, other=seen[commitment])
        if commitment in used:
            raise OperatorError("commitment-used", holder=holder, number=used[commitment])
        seen[commitment] = holder


def _is_name(text: str) -> bool:
    """Tell whether a name can be joined by bars and read on one line."""
    plain = text.isprintable() and unicodedata.is_normalized("NFC", text)
    return bool(text.strip()) and text == text.strip() and plain and "|" not in text


def record_dice(
    ceremony: Ceremony,
    digits: str,
    digits_again: str,
    witnesses: Sequence[str],
    *,
    at: datetime,
) -> Ceremony:
    """Record the dice, typed twice; spaces between groups of digits are ignored.

    Raises
    ------
    WrongStageError
        The dice are recorded already, or the ceremony is void.
    OperatorError
        The typings differ, hold something else than digits, or are too short; no witness is named.
    """
    _refuse_void(ceremony)
    if ceremony.state is not CeremonyState.COMMITTED:
        raise WrongStageError("dice-recorded", number=ceremony.number)
    first, second = digits.replace(" ", ""), digits_again.replace(" ", "")
    for text in (first, second):
        for place, char in enumerate(text, start=1):
            if char not in "0123456789":
                raise OperatorError("dice-not-digit", got=char, place=place)
    if first != second:
        pairs = enumerate(zip(first, second, strict=False), start=1)
        shorter = min(len(first), len(second)) + 1
        raise OperatorError(
            "dice-differ", place=next((i for i, (a, b) in pairs if a != b), shorter)
        )
    if len(first) < LEAST_DICE:
        raise OperatorError("dice-too-few", got=len(first), least=LEAST_DICE)
    names = tuple(name.strip() for name in witnesses)
    if not names or not all(_is_name(name) for name in names) or len(set(names)) < len(names):
        raise OperatorError("witnesses-missing", got=", ".join(names) or "-")
    return dataclasses.replace(
        ceremony, state=CeremonyState.DICE_RECORDED, dice=first, witnesses=names, dice_at=at
    )


def seed_text(ceremony: Ceremony, shares: Mapping[str, str]) -> str:
    """Return the seed of the draw; each share must open its holder's commitment.

    Whoever has this text can compute the sample: it goes to `draw_round` and nowhere else.

    Raises
    ------
    WrongStageError
        The dice are not recorded, or the ceremony is void.
    OperatorError
        A share is missing, malformed, of no holder, or does not open its commitment.
    """
    _refuse_void(ceremony)
    if ceremony.state is CeremonyState.COMMITTED:
        raise WrongStageError("dice-missing", number=ceremony.number)
    _check_shares(ceremony, shares)
    missing = [c.holder for c in ceremony.commitments if c.holder not in shares]
    if missing:
        raise OperatorError("share-missing", holders=", ".join(missing), number=ceremony.number)
    return combine_seed(
        ceremony.root,
        ceremony.design_digest,
        ceremony.dice,
        [shares[c.holder] for c in ceremony.commitments],
    )


def _check_shares(ceremony: Ceremony, shares: Mapping[str, str]) -> None:
    """Refuse shares of nobody and shares that do not open their commitment."""
    holders = {c.holder: c.commitment for c in ceremony.commitments}
    for holder, share in shares.items():
        if holder not in holders:
            raise OperatorError("holder-unknown", holder=holder, holders=", ".join(holders))
        if not _HEX_64.fullmatch(share):
            raise OperatorError("share-form", holder=holder, length=len(share))
        if commit_share(holder, share) != holders[holder]:
            raise OperatorError("share-does-not-open", holder=holder)


def mark_drawn(ceremony: Ceremony, seed: str) -> Ceremony:
    """Mark the ceremony as drawn. ``seed_sha256`` gives every ticket: secret until disclosure.

    Raises
    ------
    WrongStageError
        The dice are not recorded, the ceremony is drawn already, or void.
    """
    _refuse_void(ceremony)
    if ceremony.state is CeremonyState.COMMITTED:
        raise WrongStageError("dice-missing", number=ceremony.number)
    if ceremony.state is not CeremonyState.DICE_RECORDED:
        raise WrongStageError("ceremony-drawn", number=ceremony.number)
    return dataclasses.replace(
        ceremony, state=CeremonyState.DRAWN, seed_sha256=sha256_hex(seed.encode("utf-8"))
    )


def disclose(ceremony: Ceremony, shares: Mapping[str, str], *, lost: Mapping[str, str]) -> Ceremony:
    """Disclose the shares; each holder gives theirs, or is on record as not giving it, and why.

    Raises
    ------
    WrongStageError
        Nothing is drawn yet, or the shares are disclosed already, or the ceremony is void.
    OperatorError
        A holder is not accounted for, or twice; a share does not open its commitment; a loss has
        no reason.
    """
    _refuse_void(ceremony)
    if ceremony.state is CeremonyState.DISCLOSED:
        raise WrongStageError("shares-disclosed", number=ceremony.number)
    if ceremony.state is not CeremonyState.DRAWN:
        raise WrongStageError("disclose-too-early", number=ceremony.number)
    holders = [c.holder for c in ceremony.commitments]
    for holder, reason in lost.items():
        if holder not in holders:
            raise OperatorError("holder-unknown", holder=holder, holders=", ".join(holders))
        if holder in shares:
            raise OperatorError("share-and-loss", holder=holder)
        if not reason.strip():
            raise OperatorError("loss-without-reason", holder=holder)
    _check_shares(ceremony, shares)
    missing = [holder for holder in holders if holder not in shares and holder not in lost]
    if missing:
        raise OperatorError("holder-unaccounted", holders=", ".join(missing))
    return dataclasses.replace(
        ceremony,
        state=CeremonyState.DISCLOSED,
        commitments=tuple(
            dataclasses.replace(
                c, share=shares.get(c.holder, ""), lost=lost.get(c.holder, "").strip()
            )
            for c in ceremony.commitments
        ),
    )


def void(ceremony: Ceremony, reason: str) -> Ceremony:
    """Void a ceremony that cannot go on, with a reason; it stays on record.

    Raises
    ------
    WrongStageError
        It is void already, or its shares are disclosed.
    OperatorError
        No reason is given.
    """
    _refuse_void(ceremony)
    if ceremony.state is CeremonyState.DISCLOSED:
        raise WrongStageError("void-too-late", number=ceremony.number)
    if not reason.strip():
        raise OperatorError("void-without-reason", number=ceremony.number)
    return dataclasses.replace(ceremony, state=CeremonyState.VOIDED, void_reason=reason.strip())


def _refuse_void(ceremony: Ceremony) -> None:
    if ceremony.state is CeremonyState.VOIDED:
        raise WrongStageError("ceremony-void", number=ceremony.number, reason=ceremony.void_reason)


def utc_text(at: datetime) -> str:
    """Return a time as published, in UTC to the second; a time without zone counts as UTC."""
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return aware.strftime("%Y-%m-%dT%H:%M:%SZ")


def design_of(ceremony: Ceremony) -> dict[str, Any]:
    """Return the design that the ceremony fixed."""
    design: dict[str, Any] = json.loads(ceremony.design_json)
    return design
