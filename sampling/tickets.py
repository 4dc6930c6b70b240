"""Draws that anyone can redo: order by a hash of seed, stratum and unit, take the smallest.

A draw needs the frame and the seed, nothing else: not the order of the file, not a random stream
of any library. Who holds the seed can draw; what is kept of it in a `Draw` is its digest.
"""

from __future__ import annotations

import hashlib
import heapq
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cmp_to_key
from typing import Literal

import pandas as pd

from ._checks import check_choice, check_count, name_some
from .commitment import sha256_hex
from .draws import (
    Draw,
    DrawCheck,
    DrawMethod,
    DrawnPsu,
    DrawnUnit,
    Sizes,
    draw_digest,
    first_difference,
)
from .errors import ArgumentError, EmptyStratumError, FrameTooSmallError
from .frame import Frame, as_frame

PsuMethod = Literal["sequential-poisson"]
PSU_NAMESPACE = "psu"


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


def draw_stratified(
    frame: Frame | pd.DataFrame,
    size_by_stratum: Mapping[str, int],
    *,
    seed: str,
    reserves: int | Mapping[str, int] = 0,
) -> Draw:
    """Stratified simple random sample without replacement that anyone can redo.

    In each stratum the units with the smallest tickets are the sample, the next ones reserves.

    Parameters
    ----------
    frame : Frame or pandas.DataFrame
        All units; of a DataFrame the columns ``unit_id`` and ``stratum`` are read.
    size_by_stratum : mapping of str to int
        Units to draw in each stratum of the frame; 0 leaves a stratum out on purpose.
    seed : str
        Seed text, fixed after the frame.
    reserves : int or mapping of str to int, default 0
        Reserves in each stratum; fewer where the stratum ends.

    Returns
    -------
    Draw
        ``units`` in ticket order with inclusion probabilities and base weights.

    Raises
    ------
    ArgumentError
        Strata and sizes do not name the same strata, or a size is no count.
    EmptyStratumError
        A size is asked for in a stratum without units.
    FrameTooSmallError
        A stratum holds fewer units than asked for.

    Notes
    -----
    Ties of tickets, should one ever occur, are broken by unit id. The order of the file does not
    matter, and the first k of a draw of m > k are the draw of k.

    References
    ----------
    .. [1] R. L. Rivest, "Consistent sampling with replacement", arXiv 1808.10016, 2018 (tickets by
       hashing the seed and the unit; here without replacement).

    Examples
    --------
    >>> frame = Frame.of(["HH000001", "HH000002", "HH000003"], strata=["S1"] * 3)
    >>> draw = draw_stratified(frame, {"S1": 2}, seed="38471920561029384756", reserves=1)
    >>> [(unit.unit_id, unit.reserve) for unit in draw.units]
    [('HH000003', False), ('HH000001', False), ('HH000002', True)]
    """
    sizes = tuple(sorted(size_by_stratum.items()))
    return _stratified(
        as_frame(frame), sizes, sizes, seed_digest(seed), _by_stratum(reserves, size_by_stratum)
    )


def draw_two_stage(
    frame: Frame | pd.DataFrame,
    *,
    psus: int | Mapping[str, int],
    ssus: Mapping[str, int],
    seed: str,
    psu_method: PsuMethod = "sequential-poisson",
    reserves: int | Mapping[str, int] = 0,
) -> Draw:
    """PSUs with probability proportional to size, then a stratified sample within each.

    PSUs whose size alone earns them a place (n x >= X) are taken with certainty first and the
    rest computed anew, until none is left; then sequential Poisson sampling by the same tickets.

    Parameters
    ----------
    frame : Frame or pandas.DataFrame
        All units with their PSUs; of a DataFrame the columns ``unit_id``, ``psu`` and, where they
        exist, ``stratum``, ``psu_stratum`` and ``size_measure`` are read.
    psus : int or mapping of str to int
        PSUs to draw in each first-stage stratum; one number draws as many in each.
    ssus : mapping of str to int
        Units to draw in each drawn PSU, by stratum; all where the PSU holds fewer.
    seed : str
        Seed text, fixed after the frame.
    psu_method : {"sequential-poisson"}, default "sequential-poisson"
        How PSUs are drawn.
    reserves : int or mapping of str to int, default 0
        Reserves in each drawn PSU and stratum; fewer where it ends.

    Returns
    -------
    Draw
        ``psus`` and ``units`` with inclusion probabilities and base weights.

    Raises
    ------
    ArgumentError
        The frame names no PSUs; a size is no count; strata and sizes do not name the same ones;
        a PSU has size 0, so that its units could never be drawn.
    FrameTooSmallError
        A first-stage stratum holds fewer PSUs than asked for.

    Notes
    -----
    PSU i of first-stage stratum g has the ticket of stratum ``psu:g`` and unit ``i``, read as a
    whole number :math:`T_i`; i comes before j where :math:`T_i x_j < T_j x_i`. Within a PSU the
    ticket's stratum is ``psu:stratum`` with the PSU's own code. Sequential Poisson sampling has
    a fixed size; its inclusion probabilities are :math:`n x_i / X` to within a few per cent.

    References
    ----------
    .. [1] E. Ohlsson, "Sequential Poisson sampling", *Journal of Official Statistics* 14(2),
       1998.

    Examples
    --------
    >>> frame = Frame.of(["a", "b", "c"], psus=["v", "v", "w"])
    >>> draw = draw_two_stage(frame, psus=1, ssus={"": 1}, seed="38471920561029384756")
    >>> len(draw.psus), len(draw.units)
    (1, 1)
    """
    check_choice("psu_method", psu_method, ("sequential-poisson",))
    frame = as_frame(frame)
    groups = frame.psu_sizes()
    wanted = psus if isinstance(psus, Mapping) else dict.fromkeys(groups, psus)
    sizes = tuple(sorted(ssus.items()))
    return _two_stage(
        frame,
        tuple(sorted(wanted.items())),
        sizes,
        sizes,
        seed_digest(seed),
        _by_stratum(reserves, ssus),
    )


def extend_draw(
    draw: Draw, frame: Frame | pd.DataFrame, size_by_stratum: Mapping[str, int]
) -> Draw:
    """Draw with a second wave: the next tickets, the first wave untouched.

    Parameters
    ----------
    draw : Draw
        The draw so far.
    frame : Frame or pandas.DataFrame
        The frame it was drawn from.
    size_by_stratum : mapping of str to int
        Further units in each stratum (in each drawn PSU and stratum of a two-stage draw); a
        stratum left out gets none.

    Returns
    -------
    Draw
        The same as one draw of both waves together: orders and tickets of the first wave stand,
        its inclusion probabilities and weights become those of the whole.

    Raises
    ------
    ArgumentError
        ``draw`` does not follow from ``frame``, or a stratum is unknown.
    FrameTooSmallError
        A stratum ends before the second wave is complete (draws without stages).

    Notes
    -----
    Sizes chosen after looking at the first wave are an attack on the error rates unless the rule
    was declared before the draw. First reserves come first in the second wave: one that has been
    used as a replacement is then a unit of its own, and what it replaced takes the next reserve.

    References
    ----------
    .. [1] R. L. Rivest, "Consistent sampling with replacement", arXiv 1808.10016, 2018 (more units
       by the next tickets, those drawn untouched).

    Examples
    --------
    >>> frame = Frame.of([f"u{i}" for i in range(9)])
    >>> first = draw_stratified(frame, {"": 3}, seed="1234")
    >>> both = extend_draw(first, frame, {"": 2})
    >>> [unit.wave for unit in both.units]
    [1, 1, 1, 2, 2]
    """
    frame = as_frame(frame)
    checked = verify_draw(draw, frame)
    if not checked:
        raise ArgumentError(
            f"the draw must follow from the frame; {checked.difference}. "
            "Give the frame that it was drawn from.",
            code="draw-not-of-frame",
            difference=checked.difference,
        )
    unknown = sorted(set(size_by_stratum) - {stratum for stratum, _ in draw.sizes})
    if unknown:
        raise ArgumentError(
            f"size_by_stratum must name strata of the draw; got {name_some(unknown)}. "
            f"The draw has {name_some(s for s, _ in draw.sizes)}.",
            code="stratum-unknown",
            strata=tuple(unknown[:5]),
        )
    for stratum, more in size_by_stratum.items():
        check_count(f"size_by_stratum[{stratum!r}]", more)
    sizes = tuple((stratum, n + size_by_stratum.get(stratum, 0)) for stratum, n in draw.sizes)
    return _redrawn(draw, frame, sizes, draw.sizes)


def verify_draw(draw: Draw, frame: Frame | pd.DataFrame, *, seed: str | None = None) -> DrawCheck:
    """Whether ``draw`` follows from ``frame`` to the last unit, or the first difference, named.

    Parameters
    ----------
    draw : Draw
        The draw as kept.
    frame : Frame or pandas.DataFrame
        The frame it is said to come from.
    seed : str, optional
        The seed text, to check the draw's ``seed_digest`` too.

    Returns
    -------
    DrawCheck
        True where all is equal.

    Raises
    ------
    ArgumentError
        ``frame`` is not a frame that a draw can be made from.

    References
    ----------
    .. [1] R. L. Rivest, "Consistent sampling with replacement", arXiv 1808.10016, 2018 (a draw
       anyone can redo by hashing the seed and the unit).

    Examples
    --------
    >>> frame = Frame.of([f"u{i}" for i in range(9)])
    >>> draw = draw_stratified(frame, {"": 3}, seed="1234")
    >>> verify_draw(draw, frame, seed="1234").verified
    True
    """
    frame = as_frame(frame)
    if seed is not None and seed_digest(seed) != draw.seed_digest:
        return DrawCheck(verified=False, difference="the seed's digest is another")
    try:
        again = _redrawn(draw, frame, draw.sizes, draw.first_sizes)
    except (ArgumentError, EmptyStratumError, FrameTooSmallError) as error:
        return DrawCheck(verified=False, difference=f"it cannot be drawn again: {error}")
    difference = first_difference(draw, again)
    return DrawCheck(verified=not difference, difference=difference)


def sequential_poisson_order(tickets: Mapping[str, str], sizes: Mapping[str, int]) -> list[str]:
    """PSUs in the order of sequential Poisson sampling: smallest ticket over size first.

    Compares T_i x_j < T_j x_i as whole numbers, so that no rounding decides; ties by name.

    Examples
    --------
    >>> sequential_poisson_order({"v": "0a", "w": "0c"}, {"v": 1, "w": 2})
    ['w', 'v']
    """
    number = {psu: int(text, 16) for psu, text in tickets.items()}

    def compare(i: str, j: str) -> int:
        left, right = number[i] * sizes[j], number[j] * sizes[i]
        return (left > right) - (left < right)

    return sorted(sorted(tickets), key=cmp_to_key(compare))


def certainty_units(sizes: Mapping[str, int], n: int) -> set[str]:
    """Units that n draws in proportion to size take for certain: n x >= X, then again.

    Examples
    --------
    >>> sorted(certainty_units({"a": 60, "b": 20, "c": 10, "d": 10}, 2))
    ['a']
    """
    certain: set[str] = set()
    while len(certain) < n:
        rest = {unit: size for unit, size in sizes.items() if unit not in certain}
        total, left = sum(rest.values()), n - len(certain)
        found = {unit for unit, size in rest.items() if size and left * size >= total}
        if not found:
            break
        certain |= found
    return certain


def _redrawn(
    draw: Draw,
    frame: Frame,
    sizes: Sizes,
    first_sizes: Sizes,
) -> Draw:
    if draw.method == "stratified":
        return _stratified(frame, sizes, first_sizes, draw.seed_digest, draw.reserves)
    return _two_stage(frame, draw.psu_sizes, sizes, first_sizes, draw.seed_digest, draw.reserves)


def _stratified(
    frame: Frame,
    sizes: Sizes,
    first_sizes: Sizes,
    digest: str,
    reserves: Sizes,
) -> Draw:
    by_stratum = frame.units_by_stratum()
    _check_strata(by_stratum, dict(sizes))
    for stratum, n in sizes:
        if n > len(by_stratum[stratum]):
            raise FrameTooSmallError(
                f"stratum {stratum!r} must hold the {n} units asked for; got "
                f"{len(by_stratum[stratum])}. Take fewer, or take them all.",
                code="frame-too-small",
                stratum=stratum,
                wanted=n,
                got=len(by_stratum[stratum]),
            )
    first, spare = dict(first_sizes), dict(reserves)
    units = [
        unit
        for stratum, n in sizes
        for unit in _take(
            digest,
            stratum,
            by_stratum[stratum],
            n,
            first.get(stratum, n),
            spare.get(stratum, 0),
            stratum=stratum,
        )
    ]
    return _sealed(frame, "stratified", digest, sizes, first_sizes, (), reserves, (), units)


def _two_stage(
    frame: Frame,
    psu_sizes: Sizes,
    sizes: Sizes,
    first_sizes: Sizes,
    digest: str,
    reserves: Sizes,
) -> Draw:
    groups = frame.psu_sizes()
    _check_strata(groups, dict(psu_sizes))
    _check_strata(frame.units_by_stratum(), dict(sizes))
    psus = tuple(
        psu for group, n in psu_sizes for psu in _draw_psus(digest, group, groups[group], n)
    )
    within, first, spare = frame.units_by_psu(), dict(first_sizes), dict(reserves)
    units = [
        unit
        for psu in psus
        for stratum, n in sizes
        for unit in _take(
            digest,
            f"{psu.psu}:{stratum}",
            within[psu.psu].get(stratum, []),
            n,
            first.get(stratum, n),
            spare.get(stratum, 0),
            stratum=stratum,
            psu=psu,
        )
    ]
    return _sealed(frame, "two-stage", digest, sizes, first_sizes, psu_sizes, reserves, psus, units)


def _draw_psus(digest: str, group: str, sizes: Mapping[str, int], n: int) -> list[DrawnPsu]:
    """PSUs of one first-stage stratum: certain ones first, the rest by sequential Poisson."""
    never = sorted(psu for psu, size in sizes.items() if not size)
    if never:
        raise ArgumentError(
            f"each PSU must have a size measure above 0; got 0 for {name_some(never)}, whose "
            "units could never be drawn. Give each unit a size of at least 1.",
            code="psu-never-drawn",
            psus=tuple(never[:5]),
        )
    if n > len(sizes):
        raise FrameTooSmallError(
            f"first-stage stratum {group!r} must hold the {n} PSUs asked for; got {len(sizes)}. "
            "Take fewer, or take them all.",
            code="frame-too-small",
            stratum=group,
            wanted=n,
            got=len(sizes),
        )
    certain = certainty_units(sizes, n)
    tickets = dict(_tickets(digest, f"{PSU_NAMESPACE}:{group}", list(sizes)))
    order = sequential_poisson_order(tickets, sizes)
    rest = [psu for psu in order if psu not in certain]
    left = n - len(certain)
    rest_total = sum(sizes[psu] for psu in rest)
    chosen = [psu for psu in order if psu in certain] + rest[:left]
    return [
        DrawnPsu(
            psu=psu,
            stratum=group,
            size_measure=sizes[psu],
            ticket=tickets[psu],
            order=place,
            certainty=psu in certain,
            inclusion_prob=1.0 if psu in certain else left * sizes[psu] / rest_total,
        )
        for place, psu in enumerate(chosen, start=1)
    ]


def _take(
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
        n + reserves, ((t, unit) for unit, t in _tickets(digest, namespace, unit_ids))
    )
    if not ordered:
        return []
    taken = min(n, len(unit_ids))
    prob = taken / len(unit_ids) * (psu.inclusion_prob if psu else 1.0)
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


def _tickets(digest: str, namespace: str, unit_ids: Sequence[str]) -> list[tuple[str, str]]:
    """Pair each unit with its ticket; texts were checked when the frame was made."""
    begun = hashlib.sha256(f"{digest}|{namespace}|".encode())
    pairs = []
    for unit in unit_ids:
        whole = begun.copy()
        whole.update(unit.encode())
        pairs.append((unit, whole.hexdigest()))
    return pairs


def _by_stratum(reserves: int | Mapping[str, int], strata: Mapping[str, int]) -> Sizes:
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


def _check_strata(present: Mapping[str, object], asked: Mapping[str, int]) -> None:
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


def _sealed(
    frame: Frame,
    method: DrawMethod,
    digest: str,
    sizes: Sizes,
    first_sizes: Sizes,
    psu_sizes: Sizes,
    reserves: Sizes,
    psus: tuple[DrawnPsu, ...],
    units: list[DrawnUnit],
) -> Draw:
    return Draw(
        method=method,
        seed_digest=digest,
        population_size=frame.population_size,
        sizes=sizes,
        first_sizes=first_sizes,
        psu_sizes=psu_sizes,
        reserves=reserves,
        psus=psus,
        units=tuple(units),
        digest=draw_digest(psus, units),
    )
