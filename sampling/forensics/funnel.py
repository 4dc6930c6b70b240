"""Funnel limits: which inspectors find far more or fewer events than chance would give them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from .._checks import FloatArray, array_of, check_choice, check_fraction, check_share
from .._rounding import complement
from .._show import Table, format_number
from ..acceptance.chances import beta_binomial_pmf
from ..clustering import PooledIcc
from ..decision import adjust_p_values
from ..errors import ArgumentError
from ..results import Result

FunnelTail = Literal["mid-p", "exact"]
FunnelSide = Literal["upper", "lower", "two-sided"]
FunnelCorrection = Literal["bh", "holm", "none"]
FEW_RATERS = "fewer than three raters: no overdispersion to speak of"
# Share of the z scores that is winsorised at each end.
WINSORISED = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelRow(Result):
    """One rater within the funnel: a lead, not a verdict.

    Parameters
    ----------
    rater : str
        Who (an inspector, a team).
    events, n : int
        Events found, and units seen.
    rate : float
        Events over units.
    lower, upper : float
        Rates beyond which a rater of this n falls by chance with the risk of each side.
    z : float
        Rate less the expected one over its binomial standard error.
    p_value : float
        Chance of such a count, or one further out, when the rater is as all others.
    adjusted_p : float
        The same, corrected for the number of raters.
    outlying : bool
        ``adjusted_p`` is at most one less the confidence.
    """

    rater: str
    events: int
    n: int
    rate: float
    lower: float
    upper: float
    z: float
    p_value: float
    adjusted_p: float
    outlying: bool

    def _table(self) -> Table:
        return _table_of("Rater within the funnel", (self,), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel(Result):
    """Raters against what chance gives them: leads, not verdicts.

    Parameters
    ----------
    expected_rate : float
        Rate expected of every rater.
    icc : float
        Correlation of units of one rater.
    tail : {"mid-p", "exact"}
        Whether what was seen counts half or whole.
    side : {"upper", "lower", "two-sided"}
        Which departures count.
    correction : {"bh", "holm", "none"}
        For many raters.
    confidence : float
        Of the limits, two-sided.
    overdispersion : float or None
        Spiegelhalter's phi, z scores winsorised; None, with ``why`` filled, below three raters.
    tarone_z, tarone_p : float or None
        Tarone's score against a binomial and its one-sided p value; None as for
        ``overdispersion``, or when every n is 1.
    rows : tuple of FunnelRow
        One for each rater, in their order.
    why : str
        Why something does not exist.
    """

    expected_rate: float
    icc: float
    tail: FunnelTail
    side: FunnelSide
    correction: FunnelCorrection
    confidence: float
    overdispersion: float | None
    tarone_z: float | None
    tarone_p: float | None
    rows: tuple[FunnelRow, ...]
    why: str = ""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[FunnelRow]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> FunnelRow:
        return self.rows[place]

    def to_frame(self) -> pd.DataFrame:
        """One row for each rater, at full precision."""
        return pd.DataFrame([row._row() for row in self.rows])

    def _table(self) -> Table:
        phi = format_number(self.overdispersion, 2)
        notes = (f"overdispersion {phi}, Tarone p {format_number(self.tarone_p)}",)
        title = (
            f"Funnel around {self.expected_rate:.4g}, correlation {self.icc:g}: leads, no verdicts"
        )
        return _table_of(title, self.rows, notes + ((self.why,) if self.why else ()))


def _table_of(title: str, rows: tuple[FunnelRow, ...], notes: tuple[str, ...]) -> Table:
    return Table(
        title=title,
        columns=("rater", "events", "n", "rate", "lower", "upper", "p", "adjusted p", "outlying"),
        rows=tuple(
            (
                row.rater,
                str(row.events),
                str(row.n),
                format_number(row.rate),
                format_number(row.lower),
                format_number(row.upper),
                format_number(row.p_value),
                format_number(row.adjusted_p),
                "yes" if row.outlying else "no",
            )
            for row in rows
        ),
        notes=notes,
    )


def funnel_limits(
    events: npt.ArrayLike,
    n: npt.ArrayLike,
    *,
    icc: float | PooledIcc,
    raters: Sequence[object] | None = None,
    expected_rate: float | None = None,
    tail: FunnelTail = "mid-p",
    side: FunnelSide = "two-sided",
    correction: FunnelCorrection = "bh",
    confidence: float = 0.95,
) -> Funnel:
    r"""Funnel limits of raters (inspectors) by the beta-binomial, corrected for their number.

    A rater beyond the limits is a lead for a second visit, not a verdict: unless assignments
    interpenetrate, a rater is confounded with the villages seen.

    Parameters
    ----------
    events, n : array-like of int
        For each rater the units with the event, and all units seen, at least 1.
    icc : float or PooledIcc
        Correlation of units seen by one rater who is as all others, in [0, 1), best what
        ``pool_icc`` gave; 0 is the binomial, which calls too many raters outlying.
    raters : sequence, optional
        Names; without them 1, 2, ...
    expected_rate : float, optional
        Rate expected of each, in (0, 1); without it that of all raters together.
    tail : {"mid-p", "exact"}, default "mid-p"
        Whether the count seen counts half or whole.
    side : {"upper", "lower", "two-sided"}, default "two-sided"
        Which departures count.
    correction : {"bh", "holm", "none"}, default "bh"
        False discovery rate, or the chance of any false lead.
    confidence : float, default 0.95
        Of the two-sided limits; a corrected p value of at most one less it is outlying.

    Returns
    -------
    Funnel
        A row for each rater, with the overdispersion of all.

    Raises
    ------
    ArgumentError
        A count or fraction is outside its domain, lengths differ, or no rate can be expected.

    Notes
    -----
    Events of a rater are beta-binomial with mean p and correlation :math:`\rho`. Limits:
    the largest count with at most half the risk below it and the smallest with at most half the
    risk above it, as rates. z is :math:`(y-p)/\sqrt{p(1-p)/n}`; :math:`\phi` is the mean of
    :math:`z^2` with a tenth of the scores at each end set to the next; above 1 it says that the
    binomial is too narrow. Tarone: :math:`[\sum (x-np)^2/(p(1-p)) - \sum n]/\sqrt{2\sum
    n(n-1)}` at the common rate.

    References
    ----------
    .. [1] D. J. Spiegelhalter, "Funnel plots for comparing institutional performance", *Statistics
       in Medicine* 24, 2005, 1185-1202.
    .. [2] R. E. Tarone, "Testing the goodness of fit of the binomial distribution", *Biometrika*
       66, 1979, 585-590.
    .. [3] Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", *Journal of the Royal
       Statistical Society B* 57, 1995, 289-300.

    Examples
    --------
    >>> options = {"expected_rate": 0.015, "side": "upper", "tail": "exact"}
    >>> [round(funnel_limits([5], [60], icc=icc, **options)[0].p_value, 5) for icc in (0.0, 0.02)]
    [0.00209, 0.02949]
    """
    check_choice("tail", tail, get_args(FunnelTail))
    check_choice("side", side, get_args(FunnelSide))
    check_choice("correction", correction, get_args(FunnelCorrection))
    alpha = complement(check_fraction("confidence", confidence))
    x, size, names = _counts(events, n, raters)
    p = float(x.sum() / size.sum()) if expected_rate is None else expected_rate
    p = _expected(p)
    rho = icc.icc if isinstance(icc, PooledIcc) else check_share("icc", icc)
    if rho == 1:
        raise ArgumentError(
            "icc must be below 1; got 1. Count each rater as one unit.",
            code="share-outside",
            name="icc",
            got=rho,
        )
    chances = _chances(x, size, p, rho, alpha / 2)
    p_value = chances.p_values(tail, side)
    adjusted = adjust_p_values(p_value, method=correction)
    lower, upper = chances.lower / size, chances.upper / size
    z = (x / size - p) / np.sqrt(p * (1 - p) / size)
    enough = len(x) >= 3
    tarone = _tarone(x, size) if enough else None
    rows = tuple(
        FunnelRow(
            rater=name,
            events=int(x[i]),
            n=int(size[i]),
            rate=float(x[i] / size[i]),
            lower=float(lower[i]),
            upper=float(upper[i]),
            z=float(z[i]),
            p_value=float(p_value[i]),
            adjusted_p=float(adjusted[i]),
            outlying=bool(adjusted[i] <= alpha),
        )
        for i, name in enumerate(names)
    )
    return Funnel(
        expected_rate=p,
        icc=float(rho),
        tail=tail,
        side=side,
        correction=correction,
        confidence=float(confidence),
        overdispersion=_winsorised(z) if enough else None,
        tarone_z=tarone,
        tarone_p=None if tarone is None else float(stats.norm.sf(tarone)),
        rows=rows,
        why="" if enough else FEW_RATERS,
    )


def _counts(
    events: npt.ArrayLike, n: npt.ArrayLike, raters: Sequence[object] | None
) -> tuple[FloatArray, FloatArray, list[str]]:
    x, size = array_of("events", events), array_of("n", n)
    names = [str(place + 1) for place in range(x.size)]
    if raters is not None:
        names = [str(name) for name in raters]
    if x.ndim != 1 or x.shape != size.shape or len(names) != x.size or not x.size:
        raise ArgumentError(
            f"events, n and raters must have one entry for each rater; got shapes {x.shape} and "
            f"{size.shape} and {len(names)} names. Give all of every rater.",
            code="length-differs",
            events=x.shape,
            n=size.shape,
        )
    good = (x >= 0) & (x <= size) & (size >= 1) & (x == np.floor(x)) & (size == np.floor(size))
    if not good.all():
        first = int(np.flatnonzero(~good)[0])
        raise ArgumentError(
            "events must be whole numbers from 0 to n, which are at least 1; got "
            f"{x[first]:g} of {size[first]:g} for rater {names[first]!r}. Correct the counts.",
            code="counts-outside",
            place=first,
        )
    return x, size, names


def _expected(rate: float) -> float:
    if rate in (0.0, 1.0):
        raise ArgumentError(
            f"a funnel needs an expected rate between 0 and 1; got {rate:g} from all raters "
            "together. Give expected_rate.",
            code="fraction-outside",
            name="expected_rate",
            got=rate,
        )
    return check_fraction("expected_rate", rate)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Chances:
    """For each rater: chances of the count seen, of more and of fewer, and limits in counts."""

    seen: FloatArray
    more: FloatArray
    fewer: FloatArray
    lower: FloatArray
    upper: FloatArray

    def p_values(self, tail: FunnelTail, side: FunnelSide) -> FloatArray:
        """Chance of the count seen or one further out."""
        own = self.seen * (0.5 if tail == "mid-p" else 1.0)
        above, below = self.more + own, self.fewer + own
        if side == "two-sided":
            above, below = 2 * np.minimum(above, below), above
        found: FloatArray = np.minimum(below if side == "lower" else above, 1.0)
        return found


def _chances(x: FloatArray, size: FloatArray, p: float, rho: float, risk: float) -> _Chances:
    parts = np.zeros((5, len(x)))
    for n in np.unique(size):
        at = np.flatnonzero(size == n)
        chance = beta_binomial_pmf(int(n), p, rho)
        # Each tail is summed from its own end: rare counts keep their digits.
        more = np.concatenate([np.cumsum(chance[::-1])[::-1][1:], [0.0]])
        fewer = np.concatenate([[0.0], np.cumsum(chance)[:-1]])
        counts = x[at].astype(np.intp)
        parts[:3, at] = chance[counts], more[counts], fewer[counts]
        parts[3, at] = int((fewer <= risk).sum()) - 1
        parts[4, at] = len(chance) - int((more <= risk).sum())
    return _Chances(seen=parts[0], more=parts[1], fewer=parts[2], lower=parts[3], upper=parts[4])


def _winsorised(z: FloatArray) -> float:
    """Mean square of the scores, a tenth at each end set to the next one."""
    ranked = np.sort(z)
    cut = math.floor(WINSORISED * len(z))
    held = np.clip(ranked, ranked[cut], ranked[len(z) - 1 - cut])
    return float(np.mean(held**2))


def _tarone(x: FloatArray, size: FloatArray) -> float | None:
    p = float(x.sum() / size.sum())
    pairs = float((size * (size - 1)).sum())
    if p in (0.0, 1.0) or pairs == 0:
        return None
    square = float(((x - size * p) ** 2).sum()) / (p * (1 - p))
    return (square - float(size.sum())) / math.sqrt(2 * pairs)
