"""Stratified draws: the smallest tickets of each stratum."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from .._checks import check_mapping
from ..draws import Draw, Sizes
from ..frame import Frame, as_frame
from .text import seed_digest
from .units import check_held, reserves_of, sealed, take


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
    check_mapping("size_by_stratum", size_by_stratum)
    sizes = tuple(sorted(size_by_stratum.items()))
    return stratified(
        as_frame(frame), sizes, sizes, seed_digest(seed), reserves_of(reserves, size_by_stratum)
    )


def stratified(
    frame: Frame,
    sizes: Sizes,
    first_sizes: Sizes,
    digest: str,
    reserves: Sizes,
) -> Draw:
    """Sizes and reserves of each stratum drawn from ``frame`` by a seed's digest."""
    units_of = frame.units_by_stratum()
    check_held({stratum: len(units) for stratum, units in units_of.items()}, dict(sizes))
    first, spare = dict(first_sizes), dict(reserves)
    units = [
        unit
        for stratum, n in sizes
        for unit in take(
            digest,
            stratum,
            units_of[stratum],
            n,
            first.get(stratum, n),
            spare.get(stratum, 0),
            stratum=stratum,
        )
    ]
    return sealed(
        frame.population_size, "stratified", digest, sizes, first_sizes, (), reserves, (), units
    )
