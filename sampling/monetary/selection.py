"""Which items the drawn units of money belong to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .._checks import FloatArray, array_of, check_count, check_number
from .._show import Table, format_number
from ..errors import ArgumentError
from ..results import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class MonetarySample(Result):
    """Items hit by money units drawn at a fixed interval.

    Parameters
    ----------
    positions : tuple of int
        Items hit, from 0, in the order of the list; each once.
    hits : tuple of int
        How many units of each were drawn.
    interval, start : float
        Book value between two hits, and of the first one.
    n : int
        Money units drawn.
    book_total : float
        Book value of all items.
    certain : tuple of int
        Items of at least the interval: drawn whatever the start.
    """

    positions: tuple[int, ...]
    hits: tuple[int, ...]
    interval: float
    start: float
    n: int
    book_total: float
    certain: tuple[int, ...] = ()

    def _table(self) -> Table:
        shown = 10
        rest = len(self.positions) - shown
        return Table(
            title=f"{self.n} money units in {len(self.positions)} items, interval "
            f"{format_number(self.interval, 2)}, start {format_number(self.start, 2)}",
            columns=("position", "hits"),
            rows=tuple(
                (str(place), str(hit))
                for place, hit in zip(self.positions[:shown], self.hits[:shown], strict=True)
            ),
            notes=(f"and {rest} more",) if rest > 0 else (),
        )


def select_monetary(
    book_values: npt.ArrayLike,
    n: int,
    *,
    rng: np.random.Generator | None = None,
    start: float | None = None,
) -> MonetarySample:
    r"""Draw money units at a fixed interval from a random start, and name their items.

    Parameters
    ----------
    book_values : array_like
        Book value of each item, at least 0, in the order of the list.
    n : int
        Money units to draw.
    rng : numpy.random.Generator, optional
        Chance for the start.
    start : float, optional
        Start in place of ``rng``, as a share of the interval, above 0 and at most 1.

    Returns
    -------
    MonetarySample
        Positions and hits.

    Raises
    ------
    ArgumentError
        A book value is negative or not a number (where is said), all are 0, or not exactly one of
        ``rng`` and ``start`` is given.

    Notes
    -----
    With the interval I of the total over n, unit i lies at :math:`(u + i) I`, in the item whose
    cumulated value first reaches it. An item of value B is hit with probability B/I, those of at
    least I for certain. Credits are a population of their own: evaluate them apart.

    References
    ----------
    .. [1] American Institute of Certified Public Accountants, *Audit Sampling*, 2017, chapter 6.

    Examples
    --------
    >>> drawn = select_monetary([100.0, 50.0, 700.0, 150.0], 4, start=0.5)
    >>> drawn.positions, drawn.hits, drawn.certain
    ((1, 2, 3), (1, 2, 1), (2,))
    """
    values = _checked(book_values)
    size = check_count("n", n, least=1)
    if (rng is None) == (start is None):
        raise ArgumentError(
            "exactly one of rng and start must be given; got "
            f"{'neither' if rng is None else 'both'}. A published start redoes a draw.",
            code="source-unclear",
        )
    # 1 - random() is above 0 and at most 1, as a start must be.
    share = 1.0 - float(rng.random()) if rng is not None else start
    share = check_number("start", share, least=0, strict=True, most=1)  # type: ignore[arg-type]
    total = float(values.sum())
    interval = total / size
    ends = np.cumsum(values)
    points = np.minimum((share + np.arange(size)) * interval, ends[-1])
    owner = np.searchsorted(ends, points, side="left")
    positions, hits = np.unique(owner, return_counts=True)
    return MonetarySample(
        positions=tuple(int(place) for place in positions),
        hits=tuple(int(hit) for hit in hits),
        interval=interval,
        start=share * interval,
        n=size,
        book_total=total,
        certain=tuple(int(place) for place in np.flatnonzero(values >= interval)),
    )


def _checked(book_values: npt.ArrayLike) -> FloatArray:
    values = array_of("book_values", book_values)
    if values.ndim != 1 or not len(values):
        raise ArgumentError(
            f"book_values must be a list of at least one number; got shape {values.shape}. Give "
            "one value for each item.",
            code="length-differs",
            got=values.shape,
        )
    bad = ~((values >= 0) & np.isfinite(values))
    if bad.any() or values.sum() <= 0:
        place = int(np.flatnonzero(bad)[0]) if bad.any() else 0
        raise ArgumentError(
            "book_values must be finite and at least 0, some above 0; got "
            f"{values[place]:g} at position {place} ({int(bad.sum())} such). Take credits out and "
            "draw from them apart.",
            code="book-value-outside",
            place=place,
            got=float(values[place]),
        )
    return values
