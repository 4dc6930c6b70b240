"""Samples of several surveys coordinated by permanent secret numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

import numpy as np
import pandas as pd

from ._checks import FloatArray, check_choice, check_mapping, check_number
from ._show import Table
from .draws import DrawnUnit, Sizes, _units_table
from .errors import ArgumentError
from .frame import Frame, as_frame
from .results import Result
from .tickets.text import seed_digest, tickets_of
from .tickets.units import check_held, placed

Coordination = Literal["positive", "negative"]
NAMESPACE = "permanent"
_WHOLE = 2**256


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinatedDraw(Result):
    """A stratified simple random sample by permanent numbers.

    Parameters
    ----------
    coordination : {"positive", "negative"}
        Whether it was to meet or to avoid the draw before it.
    population_size : int
        Units in the frame.
    sizes : tuple of (str, int)
        Units asked for in each stratum.
    starts, ends : tuple of (str, str)
        Where each stratum's stretch of numbers begins, and where the next may begin: 64 hex digits.
    units : tuple of DrawnUnit
        By stratum, then along the stretch; ``ticket`` is the permanent number, to be kept secret.
    """

    coordination: Coordination
    population_size: int
    sizes: Sizes
    starts: tuple[tuple[str, str], ...]
    ends: tuple[tuple[str, str], ...]
    units: tuple[DrawnUnit, ...]

    @property
    def sample(self) -> tuple[DrawnUnit, ...]:
        """Drawn units; there are no reserves."""
        return self.units

    def overlap(self, other: CoordinatedDraw) -> int:
        """Count the units that both draws hold."""
        mine = {unit.unit_id for unit in self.units}
        return sum(unit.unit_id in mine for unit in other.units)

    def to_frame(self) -> pd.DataFrame:
        """One row for each unit, in the order of ``units``."""
        columns = list(DrawnUnit.__dataclass_fields__)
        return pd.DataFrame([unit._row() for unit in self.units], columns=columns)

    def _table(self) -> Table:
        return _units_table(
            f"{self.coordination} coordination: {len(self.units)} of {self.population_size} units",
            self.units[:20],
            (f"and {len(self.units) - 20} more",) if len(self.units) > 20 else (),
        )


def permanent_numbers(unit_ids: Sequence[str], *, secret: str) -> FloatArray:
    """Permanent random numbers of units: the same in every survey that knows the secret.

    Parameters
    ----------
    unit_ids : sequence of str
        Identifiers that a unit keeps for good, all different.
    secret : str
        Secret text, the same in all surveys to be coordinated.

    Returns
    -------
    numpy.ndarray
        One number in [0, 1) for each unit, in the order given: the leading 53 bits of its
        ``ticket`` in the namespace "permanent", as ``uniforms`` of a selection method.

    Raises
    ------
    ArgumentError
        ``secret`` is empty or no text; an identifier is no text or stands twice.

    References
    ----------
    .. [1] E. Ohlsson, "Coordination of samples using permanent random numbers", in B. G. Cox et
       al. (eds), *Business Survey Methods*, Wiley, 1995, 153-169.

    Examples
    --------
    >>> from sampling import select_sequential_poisson
    >>> numbers = permanent_numbers(["u1", "u2", "u3"], secret="kept in the safe")
    >>> select_sequential_poisson([0.5, 0.5, 1.0], uniforms=numbers).tolist()
    [1, 2]
    """
    units = Frame.of(list(unit_ids)).unit_ids
    texts = [text for _, text in tickets_of(_digest(secret), NAMESPACE, units)]
    return np.array([(int(text, 16) >> 203) / 2**53 for text in texts], dtype=np.float64)


def coordinate(
    frame: Frame | pd.DataFrame,
    size_by_stratum: Mapping[str, int],
    *,
    secret: str,
    previous: CoordinatedDraw | None = None,
    coordination: Coordination = "positive",
    start: float = 0.0,
) -> CoordinatedDraw:
    r"""Stratified sample that meets or avoids another one, by permanent secret numbers.

    Parameters
    ----------
    frame : Frame or pandas.DataFrame
        All units now; of a DataFrame the columns ``unit_id`` and ``stratum`` are read.
    size_by_stratum : mapping of str to int
        Units to draw in each stratum of the frame; 0 leaves a stratum out on purpose.
    secret : str
        Secret text, the same in all surveys to be coordinated. Whoever knows it knows all samples.
    previous : CoordinatedDraw, optional
        Draw to be met or avoided, made with the same secret.
    coordination : {"positive", "negative"}, default "positive"
        "positive" begins where ``previous`` began: units stay, as in a panel. "negative" begins
        where it ended: units rest until the numbers have come round.
    start : float, default 0.0
        Where strata begin that ``previous`` does not tell of, in [0, 1).

    Returns
    -------
    CoordinatedDraw
        Units by stratum with inclusion probabilities and base weights, and where it began and
        ended.

    Raises
    ------
    ArgumentError
        A text, size or start is outside its domain; "negative" without ``previous``; strata and
        sizes do not name the same strata.
    EmptyStratumError
        A size is asked for in a stratum without units.
    FrameTooSmallError
        A stratum holds fewer units than asked for.

    Notes
    -----
    Unit i has the number :math:`T_i`, its ``ticket`` of the secret in the namespace "permanent",
    whatever its stratum; drawn are the n_h units with the smallest
    :math:`(T_i - S_h) \bmod 2^{256}` as whole numbers. New units bring a number of their own, and
    those that leave take theirs away. With a fixed start each draw is a simple random sample of
    each stratum, and on an unchanged frame a negative one too; after births and deaths it is one
    up to a negligible error. Two draws of n and m units, the second negative to the first, share
    none while n + m is at most N_h and units keep their stratum; a unit that changes its stratum
    follows the start of the new one.

    Permanent numbers can be foreseen by whoever learns the secret: official rounds take a fresh
    seed and strata of visit history instead.

    References
    ----------
    .. [1] E. Ohlsson, "Coordination of samples using permanent random numbers", in B. G. Cox et
       al. (eds), *Business Survey Methods*, Wiley, 1995, 153-169.

    Examples
    --------
    >>> frame = Frame.of([f"u{i}" for i in range(9)])
    >>> first = coordinate(frame, {"": 4}, secret="kept in the safe")
    >>> again = coordinate(frame, {"": 5}, secret="kept in the safe", previous=first)
    >>> others = coordinate(
    ...     frame, {"": 5}, secret="kept in the safe", previous=first, coordination="negative"
    ... )
    >>> first.overlap(again), first.overlap(others)
    (4, 0)
    """
    check_mapping("size_by_stratum", size_by_stratum)
    check_choice("coordination", coordination, get_args(Coordination))
    begins = _starts(previous, coordination)
    plain = _text(math.floor(Fraction(_fraction(start)) * _WHOLE))
    units_of = as_frame(frame).units_by_stratum()
    check_held({stratum: len(units) for stratum, units in units_of.items()}, size_by_stratum)
    digest = _digest(secret)
    sizes = tuple(sorted(size_by_stratum.items()))
    starts = tuple((stratum, begins.get(stratum, plain)) for stratum, _ in sizes)
    drawn: list[DrawnUnit] = []
    ends = []
    for (stratum, n), (_, begin) in zip(sizes, starts, strict=True):
        taken = _along(digest, units_of[stratum], begin, n)
        drawn += placed(taken, len(units_of[stratum]), n, n, stratum=stratum)
        ends.append((stratum, _text(int(taken[-1][0], 16) + 1) if taken else begin))
    return CoordinatedDraw(
        coordination=coordination,
        population_size=sum(map(len, units_of.values())),
        sizes=sizes,
        starts=starts,
        ends=tuple(ends),
        units=tuple(drawn),
    )


def _digest(secret: str) -> str:
    if not isinstance(secret, str) or not secret:
        raise ArgumentError(
            f"secret must be text, not empty; got {secret!r}. Keep one text for all surveys.",
            code="secret-not-text",
        )
    return seed_digest(secret)


def _along(digest: str, unit_ids: Sequence[str], begin: str, n: int) -> list[tuple[str, str]]:
    """First n numbers from ``begin`` on, round the circle, with their units."""
    at = int(begin, 16)
    numbers = [(text, unit) for unit, text in tickets_of(digest, NAMESPACE, unit_ids)]
    return sorted(numbers, key=lambda pair: ((int(pair[0], 16) - at) % _WHOLE, pair[1]))[:n]


def _starts(previous: CoordinatedDraw | None, coordination: Coordination) -> dict[str, str]:
    if previous is None:
        if coordination == "negative":
            raise ArgumentError(
                "negative coordination must have a draw to avoid; got previous=None. "
                "Give the draw before, or coordination='positive'.",
                code="previous-missing",
            )
        return {}
    if not isinstance(previous, CoordinatedDraw):
        raise ArgumentError(
            f"previous must be a draw by coordinate; got {type(previous).__name__}. "
            "Draws by a seed cannot be coordinated: they have no permanent numbers.",
            code="not-coordinated",
            got=type(previous).__name__,
        )
    return dict(previous.starts if coordination == "positive" else previous.ends)


def _fraction(start: float) -> float:
    value = check_number("start", start, least=0, most=1)
    if value == 1:
        raise ArgumentError(
            "start must be below 1; got 1. Numbers go round: give 0.",
            code="start-outside",
            got=start,
        )
    return value


def _text(number: int) -> str:
    return f"{number % _WHOLE:064x}"
