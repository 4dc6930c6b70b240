"""Units of one stratum by ticket order, and the checks that every draw makes."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from .._checks import check_count, name_some
from ..draws import Draw, DrawMethod, DrawnPsu, DrawnUnit, Sizes, draw_digest
from ..errors import ArgumentError, EmptyStratumError, FrameTooSmallError
from .text import tickets_of


def take(
    digest: str,
    namespace: str,
    unit_ids: Sequence[str],
    n: int,
    first_n: int,
    reserves: int,
    *,
    stratum: str,
    psu: DrawnPsu | None = None,
) -> list[DrawnUnit]:
    """Units with the n smallest tickets, then the reserves."""
    ordered = heapq.nsmallest(
        n + reserves, ((t, unit) for unit, t in tickets_of(digest, namespace, unit_ids))
    )
    return placed(ordered, len(unit_ids), n, first_n, stratum=stratum, psu=psu)


def placed(
    ordered: Sequence[tuple[str, str]],
    held: int,
    n: int,
    first_n: int,
    *,
    stratum: str,
    psu: DrawnPsu | None = None,
) -> list[DrawnUnit]:
    """Tickets and units in order, n of them drawn from ``held`` and the rest reserves."""
    if not ordered:
        return []
    taken = min(n, held)
    prob = taken / held * (psu.inclusion_prob if psu else 1.0)
    last_wave = 2 if n > first_n else 1
    return [
        DrawnUnit(
            unit_id=unit,
            stratum=stratum,
            psu=psu.psu if psu else "",
            ticket=text,
            order=place,
            reserve=place > taken,
            wave=1 if place <= first_n else last_wave,
            inclusion_prob=prob,
            base_weight=0.0 if place > taken else 1 / prob,
        )
        for place, (text, unit) in enumerate(ordered, start=1)
    ]


def check_held(held: Mapping[str, int], asked: Mapping[str, int]) -> None:
    """Refuse sizes for other strata than those held, and more units than a stratum holds."""
    check_strata(held, asked)
    for stratum, n in asked.items():
        if n > held[stratum]:
            raise FrameTooSmallError(
                f"stratum {stratum!r} must hold the {n} units asked for; got {held[stratum]}. "
                "Take fewer, or take them all.",
                code="frame-too-small",
                stratum=stratum,
                wanted=n,
                got=held[stratum],
            )


def reserves_of(reserves: int | Mapping[str, int], strata: Mapping[str, int]) -> Sizes:
    """Reserves of each stratum, checked."""
    asked = reserves if isinstance(reserves, Mapping) else dict.fromkeys(strata, reserves)
    unknown = sorted(set(asked) - set(strata))
    if unknown:
        raise ArgumentError(
            f"reserves must name strata that are drawn; got {name_some(unknown)}. "
            f"Drawn are {name_some(strata)}.",
            code="stratum-unknown",
            strata=tuple(unknown[:5]),
        )
    return tuple(
        (stratum, check_count(f"reserves of stratum {stratum!r}", asked.get(stratum, 0)))
        for stratum in sorted(strata)
    )


def check_strata(present: Mapping[str, object], asked: Mapping[str, int]) -> None:
    """Refuse sizes for other strata than those present, and sizes that are no counts."""
    absent = sorted(set(asked) - set(present))
    if absent:
        raise EmptyStratumError(
            f"each stratum asked for must have units; got none in {name_some(absent)}. "
            f"The frame has {name_some(present)}.",
            code="empty-stratum",
            strata=tuple(absent[:5]),
        )
    missing = sorted(set(present) - set(asked))
    if missing:
        raise ArgumentError(
            f"each stratum needs a size; got none for {name_some(missing)}. "
            "Give 0 for a stratum that is left out on purpose.",
            code="size-missing",
            strata=tuple(missing[:5]),
        )
    for stratum, n in asked.items():
        check_count(f"size of stratum {stratum!r}", n)


def sealed(
    population_size: int,
    method: DrawMethod,
    digest: str,
    sizes: Sizes,
    first_sizes: Sizes,
    psu_sizes: Sizes,
    reserves: Sizes,
    psus: tuple[DrawnPsu, ...],
    units: list[DrawnUnit],
) -> Draw:
    """Draw of these PSUs and units, with their digest."""
    return Draw(
        method=method,
        seed_digest=digest,
        population_size=population_size,
        sizes=sizes,
        first_sizes=first_sizes,
        psu_sizes=psu_sizes,
        reserves=reserves,
        psus=psus,
        units=tuple(units),
        digest=draw_digest(psus, units),
    )
