"""Draws made again: further waves, and whether a draw follows from its frame."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from .._checks import check_count, check_mapping, name_some
from ..draws import Draw, DrawCheck, Sizes, first_difference
from ..errors import ArgumentError, EmptyStratumError, FrameTooSmallError
from ..frame import Frame, as_frame
from .stratified import stratified
from .text import seed_digest
from .two_stage import two_stage


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
    >>> from sampling import draw_stratified
    >>> frame = Frame.of([f"u{i}" for i in range(9)])
    >>> first = draw_stratified(frame, {"": 3}, seed="1234")
    >>> both = extend_draw(first, frame, {"": 2})
    >>> [unit.wave for unit in both.units]
    [1, 1, 1, 2, 2]
    """
    _check_official(draw)
    check_mapping("size_by_stratum", size_by_stratum)
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
    >>> from sampling import draw_stratified
    >>> frame = Frame.of([f"u{i}" for i in range(9)])
    >>> draw = draw_stratified(frame, {"": 3}, seed="1234")
    >>> verify_draw(draw, frame, seed="1234").verified
    True
    """
    _check_official(draw)
    frame = as_frame(frame)
    if seed is not None and seed_digest(seed) != draw.seed_digest:
        return DrawCheck(verified=False, difference="the seed's digest is another")
    try:
        again = _redrawn(draw, frame, draw.sizes, draw.first_sizes)
    except (ArgumentError, EmptyStratumError, FrameTooSmallError) as error:
        return DrawCheck(verified=False, difference=f"it cannot be drawn again: {error}")
    difference = first_difference(draw, again)
    return DrawCheck(verified=not difference, difference=difference)


def _redrawn(
    draw: Draw,
    frame: Frame,
    sizes: Sizes,
    first_sizes: Sizes,
) -> Draw:
    if draw.method == "stratified":
        return stratified(frame, sizes, first_sizes, draw.seed_digest, draw.reserves)
    return two_stage(frame, draw.psu_sizes, sizes, first_sizes, draw.seed_digest, draw.reserves)


def _check_official(draw: object) -> None:
    if not isinstance(draw, Draw):
        raise ArgumentError(
            f"draw must be a Draw, made by SHA-256 tickets; got {type(draw).__name__}. A draw by a "
            'quick hash serves simulations only: draw again with hash="sha256".',
            code="draw-not-official",
            got=type(draw).__name__,
        )
