"""Bunching at a line: counts in windows just below and above, with placebo cut-offs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from .._checks import FloatArray, check_number
from .._show import Table, format_number
from ..agreement.paired import sign_flip_p
from ..errors import ArgumentError
from ..layout import IntArray
from ..results import Result
from ._values import finite_values


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowTest(Result):
    """Counts in two windows that meet at a cut-off: a lead, not a verdict.

    Parameters
    ----------
    cutoff, width : float
        Where the windows meet, and how wide each is.
    placebo : bool
        Whether the cut-off is one where nothing should happen.
    below, above : int
        Units in [cutoff - width, cutoff) and in [cutoff, cutoff + width).
    p_value : float
        Two-sided: chance of so uneven a split of independent units.
    p_above : float
        One-sided: of as many above.
    p_clustered : float or None
        Two-sided, turning whole PSUs round; None without PSUs.
    """

    cutoff: float
    width: float
    placebo: bool
    below: int
    above: int
    p_value: float
    p_above: float
    p_clustered: float | None

    def _table(self) -> Table:
        return _table_of("Windows at a cut-off", (self,), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class BunchingTest(Result):
    """Windowed tests at a threshold and at placebo cut-offs: leads, not verdicts.

    Parameters
    ----------
    threshold : float
        The line.
    rows : tuple of WindowTest
        The threshold by width first, then each placebo.
    placebo_shares : tuple of float
        For each width, the share of placebos with as small a one-sided p value as the threshold:
        what a jump of this size is worth in these data. Empty without placebos.
    """

    threshold: float
    rows: tuple[WindowTest, ...]
    placebo_shares: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[WindowTest]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> WindowTest:
        return self.rows[place]

    def to_frame(self) -> pd.DataFrame:
        """One row for each cut-off and width, at full precision."""
        return pd.DataFrame([row._row() for row in self.rows])

    def _table(self) -> Table:
        shares = ", ".join(format_number(share, 2) for share in self.placebo_shares)
        notes = (f"share of placebos as extreme, by width: {shares}",) if shares else ()
        title = f"Windows around {self.threshold:g}: leads, not verdicts"
        return _table_of(title, self.rows, notes)


def _table_of(title: str, rows: tuple[WindowTest, ...], notes: tuple[str, ...]) -> Table:
    return Table(
        title=title,
        columns=("cut-off", "width", "placebo", "below", "above", "p", "p above", "p clustered"),
        rows=tuple(
            (
                f"{row.cutoff:g}",
                f"{row.width:g}",
                "yes" if row.placebo else "no",
                str(row.below),
                str(row.above),
                format_number(row.p_value),
                format_number(row.p_above),
                format_number(row.p_clustered),
            )
            for row in rows
        ),
        notes=notes,
    )


def bunching_test(
    values: npt.ArrayLike,
    threshold: float,
    *,
    widths: Sequence[float] = (50.0, 100.0),
    placebos: Sequence[float] = (),
    psu: Sequence[object] | None = None,
) -> BunchingTest:
    r"""Binomial tests of windows just below and above a line, beside placebo cut-offs.

    A lead, not a verdict: rules that top up incomes to the line bunch households above it lawfully,
    and heaped incomes jump at every round number, which is what placebos show.

    Parameters
    ----------
    values : array-like
        One finite value for each unit (income per head).
    threshold : float
        The line, in the same unit; values equal to it count above.
    widths : sequence of float, default (50, 100)
        Widths of each window, above 0, in the same unit.
    placebos : sequence of float, default ()
        Cut-offs where nothing should happen, as round as the threshold is.
    psu : sequence, optional
        PSU (village) of each unit; then each test also comes with one that turns the balance of
        whole PSUs round.

    Returns
    -------
    BunchingTest
        A row for each cut-off and width.

    Raises
    ------
    ArgumentError
        A value is not finite, a width not above 0, lengths differ, or a placebo is the threshold.

    Notes
    -----
    With b below and a above, a is binomial(a + b, 1/2) when the density is level there; p is
    :math:`\min(1, 2P(X \ge \max(a, b)))`. An empty pair of windows has p 1. A sloping density
    makes small windows the honest ones.

    References
    ----------
    .. [1] M. D. Cattaneo, R. Titiunik, G. Vazquez-Bare, "Comparing inference approaches for RD
       designs", *Journal of Policy Analysis and Management* 36, 2017, 643-681.
    .. [2] N. A. Obuchowski, *Statistics in Medicine* 17, 1998, 1495-1507 (PSUs as the unit).

    Examples
    --------
    >>> found = bunching_test([2990.0] * 12 + [3010.0] * 31, 3000.0, widths=(50.0,))
    >>> found[0].above, round(found[0].p_value, 6), round(found[0].p_above, 6)
    (31, 0.005402, 0.002701)
    """
    data = finite_values("values", values)
    line = check_number("threshold", threshold, least=-math.inf)
    wide = [check_number("width", width, least=0, strict=True) for width in widths]
    other = [check_number("placebo", cutoff, least=-math.inf) for cutoff in placebos]
    if line in other or not wide:
        raise ArgumentError(
            f"placebos must differ from the threshold and widths be at least one; got placebos "
            f"{other} and {len(wide)} widths. Choose other cut-offs.",
            code="placebo-threshold",
        )
    code = None if psu is None else _codes(psu, len(data))
    rows = [
        _window(data, cutoff, width, code, placebo=cutoff != line)
        for cutoff in (line, *other)
        for width in wide
    ]
    shares = []
    for place in range(len(wide) if other else 0):
        every = np.array([row.p_above for row in rows[place :: len(wide)]])
        shares.append(float(np.mean(every[1:] <= every[0])))
    return BunchingTest(threshold=line, rows=tuple(rows), placebo_shares=tuple(shares))


def _codes(psu: Sequence[object], count: int) -> IntArray:
    code, _ = pd.factorize(pd.Series(list(psu)))
    if len(code) != count or (code < 0).any():
        raise ArgumentError(
            f"psu must name the PSU of each of the {count} values; got {len(code)}, "
            f"{int((code < 0).sum())} of them missing. Give one for each.",
            code="length-differs",
            name="psu",
        )
    return code.astype(np.intp)


def _window(
    data: FloatArray, cutoff: float, width: float, code: IntArray | None, *, placebo: bool
) -> WindowTest:
    above = (data >= cutoff) & (data < cutoff + width)
    below = (data < cutoff) & (data >= cutoff - width)
    a, b = int(above.sum()), int(below.sum())
    clustered = None
    if code is not None:
        balance = np.bincount(code, above.astype(np.float64) - below, minlength=int(code.max()) + 1)
        clustered = sign_flip_p(np.rint(balance).astype(np.intp))
    return WindowTest(
        cutoff=cutoff,
        width=width,
        placebo=placebo,
        below=b,
        above=a,
        p_value=min(1.0, 2 * float(stats.binom.sf(max(a, b) - 1, a + b, 0.5))),
        p_above=float(stats.binom.sf(a - 1, a + b, 0.5)),
        p_clustered=clustered,
    )
