"""Digits of reported numbers: terminal digits, heaping at round numbers, Whipple, Benford."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from .._checks import FloatArray, check_columns, check_count, numbers_of
from .._show import Table, format_number
from ..errors import ArgumentError
from ..results import Result
from ..sample import domains_of
from ._values import finite_values

# Least expected count of a chi-square cell.
_CELL = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitRow(Result):
    """Terminal digits of one group: a lead, not a verdict.

    Parameters
    ----------
    group : tuple of str
        Values of the ``by`` columns; empty for the whole.
    n : int
        Numbers read.
    counts : tuple of int
        Numbers that end in 0, 1, ..., 9.
    heaped_share : float
        Share that ends in 00 or 50.
    hundreds_share, thousands_share : float
        Share that ends in 00 and in 000.
    statistic : float or None
        Chi-square against even digits (one group) or against all other groups; None, with ``why``
        filled, when counts are too small.
    df : int or None
        Its degrees of freedom.
    p_value : float or None
        Its p value.
    why : str
        Why something does not exist.
    """

    group: tuple[str, ...]
    n: int
    counts: tuple[int, ...]
    heaped_share: float
    hundreds_share: float
    thousands_share: float
    statistic: float | None
    df: int | None
    p_value: float | None
    why: str = ""

    def _table(self) -> Table:
        return _table_of((self,), (), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitHeaping(Result):
    """Terminal digits by group: leads, not verdicts.

    Parameters
    ----------
    by : tuple of str
        Columns that make the groups.
    against : str
        "even digits" or "other groups".
    rows : tuple of DigitRow
        One for each group.
    """

    by: tuple[str, ...]
    against: str
    rows: tuple[DigitRow, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[DigitRow]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> DigitRow:
        return self.rows[place]

    def to_frame(self) -> pd.DataFrame:
        """One row for each group, at full precision."""
        lines = []
        for row in self.rows:
            line: dict[str, object] = dict(zip(self.by, row.group, strict=True))
            fields = row._row()
            del fields["group"], fields["counts"]
            digits = {f"digit_{digit}": count for digit, count in enumerate(row.counts)}
            lines.append(line | fields | digits)
        return pd.DataFrame(lines)

    def _table(self) -> Table:
        return _table_of(self.rows, self.by, self.against)


def _table_of(rows: tuple[DigitRow, ...], by: tuple[str, ...], against: str) -> Table:
    named = by or tuple("group" for _ in rows[0].group)
    return Table(
        title=f"Terminal digits{' against ' + against if against else ''}: leads, not verdicts",
        columns=(*named, "n", "00 or 50", "00", "000", "chi-square", "p"),
        rows=tuple(
            (
                *row.group,
                str(row.n),
                format_number(row.heaped_share, 3),
                format_number(row.hundreds_share, 3),
                format_number(row.thousands_share, 3),
                format_number(row.statistic, 2),
                format_number(row.p_value),
            )
            for row in rows
        ),
        notes=tuple(f"{' '.join(row.group)}: {row.why}".lstrip(": ") for row in rows if row.why),
    )


def digit_heaping(
    data: pd.DataFrame, variable: str, *, by: str | Sequence[str] | None = None
) -> DigitHeaping:
    r"""Terminal digits and heaping of a quantity in whole numbers, by group (enumerator).

    A lead, not a verdict: people round, and whoever sells grain at a round price earns round sums.

    Parameters
    ----------
    data : DataFrame
        One row for each answer.
    variable : str
        Column of the quantity, complete, whole numbers (yuan); the sign does not count.
    by : str or sequence of str, optional
        Columns that make the groups. Without it the digits are tested against even ones, with it
        each group against all others.

    Returns
    -------
    DigitHeaping
        A row for each group.

    Raises
    ------
    ArgumentError
        A value is missing or no whole number.

    Notes
    -----
    Chi-square with 9 degrees of freedom; a group against the others is a two-way table of groups by
    digits that occur. It needs 5 expected in each cell. Groups that see the same kind of households
    (interpenetrating assignments) make the comparison fair. Answers are taken as independent.

    References
    ----------
    .. [1] S. Schwanhaeuser, J. W. Sakshaug, Y. Kosyakova, "How to catch a falsifier: comparison of
       statistical detection methods for interviewer falsification", *Public Opinion Quarterly*
       86, 2022, 51-81.

    Examples
    --------
    >>> data = pd.DataFrame({"income": [100, 250, 300, 1000, 2000, 3150] * 20})
    >>> row = digit_heaping(data, "income")[0]
    >>> row.heaped_share, round(row.thousands_share, 4), round(row.statistic, 1)
    (1.0, 0.3333, 1080.0)
    """
    check_columns(data, [variable])
    values = np.abs(_whole(data, variable))
    domains = domains_of(data, by, np.ones(len(data), dtype=bool))
    digit = (values % 10).astype(np.intp)
    code, groups = domains.code, len(domains)
    table = np.bincount(code * 10 + digit, minlength=groups * 10).reshape(groups, 10)
    n = table.sum(axis=1)
    shares = [
        domains.sums((values % step == rest).astype(np.float64)) / n
        for step, rest in ((50, 0), (100, 0), (1000, 0))
    ]
    whole = table.sum(axis=0)
    rows = []
    for place, label in enumerate(domains.labels):
        own = table[place]
        found = _even(own) if groups == 1 else _against(own, whole - own)
        rows.append(
            DigitRow(
                group=label,
                n=int(n[place]),
                counts=tuple(int(count) for count in own),
                heaped_share=float(shares[0][place]),
                hundreds_share=float(shares[1][place]),
                thousands_share=float(shares[2][place]),
                statistic=found[0],
                df=found[1],
                p_value=None if found[0] is None else float(stats.chi2.sf(found[0], found[1])),
                why=found[2],
            )
        )
    against = "even digits" if groups == 1 else "other groups"
    return DigitHeaping(by=domains.by, against=against, rows=tuple(rows))


def _whole(data: pd.DataFrame, variable: str) -> FloatArray:
    values = numbers_of(data, variable)
    odd = values != np.floor(values)
    if odd.any():
        raise ArgumentError(
            f"values of column {variable!r} must be whole numbers; got {values[odd][0]:g} in "
            f"{int(odd.sum())} rows. Round them to the unit that was asked for.",
            code="values-outside",
            column=variable,
            got=float(values[odd][0]),
        )
    return values


_Test = tuple[float | None, int | None, str]


def _even(counts: npt.NDArray[np.intp]) -> _Test:
    each = counts.sum() / 10
    if each < _CELL:
        return None, None, f"fewer than {_CELL * 10:g} numbers: no test"
    return float(((counts - each) ** 2).sum() / each), 9, ""


def _against(own: npt.NDArray[np.intp], others: npt.NDArray[np.intp]) -> _Test:
    both = own + others
    some = both > 0
    share = own.sum() / both.sum()
    least = min(share, 1 - share) * both[some].min()
    if least < _CELL or some.sum() < 2:
        return None, None, f"fewer than {_CELL:g} expected of a digit: no test"
    expected = share * both[some]
    square = (own[some] - expected) ** 2 / expected
    rest = (1 - share) * both[some]
    square = square + (others[some] - rest) ** 2 / rest
    return float(square.sum()), int(some.sum()) - 1, ""


def whipple_index(
    ages: npt.ArrayLike, *, lowest: int = 23, highest: int = 62, digits: Sequence[int] = (0, 5)
) -> float:
    r"""Whipple's index of age heaping: 100 without any, 500 when all ages end in 0 or 5.

    Parameters
    ----------
    ages : array-like
        Finite ages in years; those outside the range do not count.
    lowest, highest : int, default 23 and 62
        Range of whole ages, which holds every final digit equally often.
    digits : sequence of int, default (0, 5)
        Final digits that people prefer.

    Returns
    -------
    float
        The index, a lead and not a verdict: below 105 is good, above 175 very rough by the United
        Nations' scale.

    Raises
    ------
    ArgumentError
        No age lies in the range, or the range is no multiple of ten years.

    Notes
    -----
    Ages in range with those digits over all in range, over the share of such ages in the range,
    times 100.

    References
    ----------
    .. [1] H. S. Shryock, J. S. Siegel, *The Methods and Materials of Demography*, U.S. Bureau of
       the Census, 1973, chapter 8.

    Examples
    --------
    >>> whipple_index([30] * 260 + [31] * 540)
    162.5
    """
    low = check_count("lowest", lowest)
    high = check_count("highest", highest, least=low)
    wanted = {check_count("digit", digit, most=9) for digit in digits}
    years = np.floor(finite_values("ages", ages))
    inside = years[(years >= low) & (years <= high)]
    span = np.arange(low, high + 1)
    if not len(inside) or len(span) % 10 or not wanted:
        raise ArgumentError(
            f"Whipple's index needs ages within {low} to {high}, a multiple of ten years; got "
            f"{len(inside)} ages over {len(span)} years. Choose another range.",
            code="ages-outside",
            got=len(inside),
        )
    chosen = sorted(wanted)
    usual = float(np.isin(span % 10, chosen).mean())
    return 100 * float(np.isin(inside % 10, chosen).mean()) / usual


def benford_probs(position: int = 1) -> tuple[float, ...]:
    r"""Benford's chances of the digits at a place of a number.

    Parameters
    ----------
    position : int, default 1
        Place from the left, 1 to 6.

    Returns
    -------
    tuple of float
        Chances of 1 to 9 at the first place, of 0 to 9 at a later one.

    Raises
    ------
    ArgumentError
        The place is outside 1 to 6.

    Notes
    -----
    :math:`\log_{10}(1 + 1/d)`, later places summed over all that stands before. For sums that span
    several powers of ten only, such as a county's accounts; household incomes do not follow it
    even when honest, and a departure is a lead, not a verdict.

    References
    ----------
    .. [1] F. Benford, "The law of anomalous numbers", *Proceedings of the American Philosophical
       Society* 78, 1938, 551-572.

    Examples
    --------
    >>> round(benford_probs()[0], 10), round(benford_probs(2)[0], 10)
    (0.3010299957, 0.1196792686)
    """
    place = check_count("position", position, least=1, most=6)
    if place == 1:
        return tuple(math.log10(1 + 1 / digit) for digit in range(1, 10))
    before = np.arange(10 ** (place - 2), 10 ** (place - 1), dtype=np.float64)
    return tuple(
        float(np.log1p(1 / (10 * before + digit)).sum() / math.log(10)) for digit in range(10)
    )
