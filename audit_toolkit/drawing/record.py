"""The one-page record of a ceremony: what is fixed, by whom, the dice, and who signs."""

from __future__ import annotations

from ..model import Ceremony, CeremonyState, Freeze, Round, ShareCommitment, Stratum
from ..text import number, say
from .ceremony import LEAST_DICE, design_of, utc_text

_GROUP = 5
_BLANK_WITNESSES = 3


def record_page(ceremony: Ceremony, round_: Round, freeze: Freeze, language: str) -> str:
    """Return the record of a ceremony as text of one page, to print, fill in and sign.

    It never shows a share, the seed or its digest: it can be copied before disclosure.

    Parameters
    ----------
    ceremony : Ceremony
        The ceremony as it stands; before the dice the page has boxes to write them in.
    round_ : Round
        The round.
    freeze : Freeze
        The frozen frame.
    language : str
        "zh" or "en".
    """
    parts = (
        _head(ceremony, round_, language),
        _fixed(ceremony, round_, freeze, language),
        _holders(ceremony, language),
        _dice(ceremony, language),
        _witnesses(ceremony, language),
        [
            say("ceremony.signature-heading", language),
            say("ceremony.signature-line", language),
        ],
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _head(ceremony: Ceremony, round_: Round, language: str) -> list[str]:
    separator = "、" if language == "zh" else ", "
    counties = separator.join(
        say("ceremony.county", language, name=c.name, code=c.county_code) for c in round_.counties
    )
    return [
        say("ceremony.title", language, number=ceremony.number),
        say(
            "ceremony.round",
            language,
            round=round_.round_name,
            year=round_.exit_year,
            institution=round_.institution,
        ),
        say("ceremony.counties", language, counties=counties),
        say(f"ceremony.state-{ceremony.state}", language, reason=ceremony.void_reason),
    ]


def _fixed(ceremony: Ceremony, round_: Round, freeze: Freeze, language: str) -> list[str]:
    lines = [
        say("ceremony.frame-heading", language),
        say("ceremony.committed-at", language, at=utc_text(ceremony.committed_at)),
        say("ceremony.root", language, root=ceremony.root),
        say("ceremony.frame-digest", language, digest=design_of(ceremony)["frame"]["sha256"]),
        say("ceremony.design-digest", language, digest=ceremony.design_digest),
        say("ceremony.frame-size", language, units=number(freeze.unit_count, language)),
    ]
    for county in round_.counties:
        counts = {
            c.stratum: number(c.households, language)
            for c in freeze.strata
            if c.county_code == county.county_code
        }
        lines.append(
            say(
                "ceremony.stratum-count",
                language,
                county=county.name,
                exited=counts.get(Stratum.EXITED, "0"),
                unregistered=counts.get(Stratum.UNREGISTERED, "0"),
                still_poor=counts.get(Stratum.STILL_POOR, "0"),
            )
        )
    return lines


def _holders(ceremony: Ceremony, language: str) -> list[str]:
    lines = [say("ceremony.holders-heading", language, count=len(ceremony.commitments))]
    for place, holder in enumerate(ceremony.commitments, start=1):
        lines += [
            say("ceremony.holder", language, place=place, holder=holder.holder),
            say("ceremony.commitment", language, commitment=holder.commitment),
        ]
        if ceremony.state is CeremonyState.DISCLOSED:
            lines.append(_disclosed(holder, language))
    return lines


def _disclosed(holder: ShareCommitment, language: str) -> str:
    if holder.lost:
        return say("ceremony.share-lost", language, reason=holder.lost)
    return say("ceremony.share-disclosed", language)


def _dice(ceremony: Ceremony, language: str) -> list[str]:
    lines = [say("ceremony.dice-heading", language)]
    if ceremony.dice_at is None:
        boxes = "   ".join([" ".join(["[ ]"] * _GROUP)] * (LEAST_DICE // _GROUP))
        return [
            *lines,
            say("ceremony.dice-how", language, least=LEAST_DICE),
            say("ceremony.dice-boxes", language, boxes=boxes),
            say("ceremony.dice-at-blank", language),
        ]
    groups = [ceremony.dice[i : i + _GROUP] for i in range(0, len(ceremony.dice), _GROUP)]
    return [
        *lines,
        say("ceremony.dice-boxes", language, boxes=" ".join(groups)),
        say("ceremony.dice-count", language, count=len(ceremony.dice)),
        say("ceremony.dice-at", language, at=utc_text(ceremony.dice_at)),
    ]


def _witnesses(ceremony: Ceremony, language: str) -> list[str]:
    blank = (say("ceremony.witness-blank", language),) * _BLANK_WITNESSES
    return [
        say("ceremony.witnesses-heading", language),
        *(
            say("ceremony.witness-line", language, name=name)
            for name in ceremony.witnesses or blank
        ),
    ]
