"""Two-stage draws: PSUs in proportion to size by the same tickets, then units within."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cmp_to_key
from typing import Literal

import pandas as pd

from .._checks import check_choice, check_mapping, name_some
from ..draws import Draw, DrawnPsu, Sizes
from ..errors import ArgumentError, FrameTooSmallError
from ..frame import Frame, as_frame
from .text import seed_digest, tickets_of
from .units import check_strata, reserves_of, sealed, take

PsuMethod = Literal["sequential-poisson"]
PSU_NAMESPACE = "psu"


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
    check_mapping("ssus", ssus)
    frame = as_frame(frame)
    groups = frame.psu_sizes()
    wanted = psus if isinstance(psus, Mapping) else dict.fromkeys(groups, psus)
    sizes = tuple(sorted(ssus.items()))
    return two_stage(
        frame,
        tuple(sorted(wanted.items())),
        sizes,
        sizes,
        seed_digest(seed),
        reserves_of(reserves, ssus),
    )


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


def two_stage(
    frame: Frame,
    psu_sizes: Sizes,
    sizes: Sizes,
    first_sizes: Sizes,
    digest: str,
    reserves: Sizes,
) -> Draw:
    """PSUs, then sizes and reserves within each, drawn from ``frame`` by a seed's digest."""
    groups = frame.psu_sizes()
    check_strata(groups, dict(psu_sizes))
    check_strata(frame.units_by_stratum(), dict(sizes))
    psus = tuple(
        psu for group, n in psu_sizes for psu in _draw_psus(digest, group, groups[group], n)
    )
    within, first, spare = frame.units_by_psu(), dict(first_sizes), dict(reserves)
    units = [
        unit
        for psu in psus
        for stratum, n in sizes
        for unit in take(
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
    return sealed(
        frame.population_size,
        "two-stage",
        digest,
        sizes,
        first_sizes,
        psu_sizes,
        reserves,
        psus,
        units,
    )


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
    tickets = dict(tickets_of(digest, f"{PSU_NAMESPACE}:{group}", list(sizes)))
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
