"""Further units that would probably settle an open decision."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from .._checks import FloatArray, check_count, check_fraction, check_number, check_share
from .._show import Table, format_number
from ..results import Result
from .tested import at_most, last_passing

MOST = 1_000_000
"""Further units beyond which nothing is sought."""
GRID = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherUnits(Result):
    """Units that would probably settle a threshold, beside those already seen.

    Parameters
    ----------
    n : int or None
        Further units; None, with ``why`` filled, when no number does.
    towards : {"below", "above", "neither"}
        What they would show, if the rate is the supposed one.
    threshold, true_rate, wanted_power, risk : float
        The request.
    power : float
        Chance of showing it with ``n`` further units; 0 without.
    seen_n : int
        Units already seen.
    seen_events : float
        Events among them, as the estimate weighs them.
    deff : float
        Design effect that seen and further units are taken to have.
    why : str
        Why there is no number; empty when there is.
    """

    n: int | None
    towards: Literal["below", "above", "neither"]
    threshold: float
    true_rate: float
    wanted_power: float
    risk: float
    power: float
    seen_n: int
    seen_events: float
    deff: float
    why: str = ""

    def _table(self) -> Table:
        return Table(
            title=f"Further units to show {self.towards} {self.threshold:g} if it is "
            f"{self.true_rate:g}",
            columns=("seen", "further", "power"),
            rows=((str(self.seen_n), format_number(self.n), format_number(self.power, 3)),),
            notes=(self.why,) if self.why else (),
        )


def units_to_settle(
    threshold: float,
    *,
    true_rate: float,
    seen_n: int = 0,
    seen_events: float = 0.0,
    deff: float = 1.0,
    power: float = 0.8,
    risk: float = 0.025,
    mid_p: bool = False,
) -> FurtherUnits:
    r"""Fewest further units after which an interval probably lies on one side of a threshold.

    Units already seen count; chance is in the further ones alone.

    Parameters
    ----------
    threshold : float
        The threshold, in (0, 1).
    true_rate : float
        Rate supposed true, in [0, 1].
    seen_n : int, default 0
        Units already seen.
    seen_events : float, default 0
        Events among them; not whole where units are weighted.
    deff : float, default 1.0
        Design effect of seen and further units, at least 1.
    power : float, default 0.8
        Chance wanted, in (0, 1).
    risk : float, default 0.025
        Of the claim, in (0, 0.5).
    mid_p : bool, default False
        Whether the interval is the mid-p one.

    Returns
    -------
    FurtherUnits
        ``n`` is None where the supposed rate is the threshold, or a million do not reach the power.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    Sizes and events are divided by the design effect; further events are binomial at the supposed
    rate. With whole villages to visit, ``psus_to_show_below`` is exact for their clustering. A
    plan that looks again after such an extension is not what its risk says, unless it was
    declared: see ``plan_second_wave``.

    References
    ----------
    .. [1] A. Hald, *Statistical Theory of Sampling Inspection by Attributes*, Academic Press,
       1981, chapter 2.

    Examples
    --------
    >>> found = units_to_settle(0.02, true_rate=0.005, seen_n=300, seen_events=2)
    >>> found.towards, found.n, round(found.power, 3)
    ('below', 136, 0.851)
    """
    limit = check_fraction("threshold", threshold)
    rate = check_share("true_rate", true_rate)
    n = check_count("seen_n", seen_n, least=0)
    events = check_number("seen_events", seen_events, least=0, most=n)
    effect = check_number("deff", deff, least=1)
    wanted = check_fraction("power", power)
    check_number("risk", risk, least=0, strict=True, most=0.499)
    nothing = FurtherUnits(
        n=None,
        towards="neither",
        threshold=limit,
        true_rate=rate,
        wanted_power=wanted,
        risk=float(risk),
        power=0.0,
        seen_n=n,
        seen_events=events,
        deff=effect,
        why="nothing settles a rate that is the threshold itself",
    )
    if math.isclose(rate, limit, rel_tol=1e-12):
        return nothing
    below = rate < limit
    search = _Search(
        limit=limit if below else 1 - limit,
        rate=rate if below else 1 - rate,
        n=n / effect,
        events=(events if below else n - events) / effect,
        effect=effect,
        risk=risk,
        mid_p=mid_p,
    )
    units, chance = search.first(wanted)
    return replace(
        nothing,
        n=units,
        towards="below" if below else "above",
        power=chance,
        why="" if units is not None else f"{MOST} further units do not reach the power",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """Search for the fewest further units that show a rate below a limit."""

    limit: float
    rate: float
    n: float
    events: float
    effect: float
    risk: float
    mid_p: bool

    def powers(self, units: FloatArray) -> FloatArray:
        more = units / self.effect
        accept = last_passing(
            self.n + more, np.asarray(self.limit), self.risk, self.mid_p, self.events
        )
        return at_most(accept, more, np.asarray(self.rate))

    def first(self, wanted: float) -> tuple[int | None, float]:
        """First number that reaches the power, on a grid refined where it first does."""
        low, high = 0, MOST
        while high - low > 1:
            spaced = np.geomspace(low + 1, high, GRID) if low == 0 else np.linspace(low, high, GRID)
            grid = np.unique(np.ceil(spaced))
            reached = np.flatnonzero(self.powers(grid) >= wanted)
            if not len(reached):
                return None, 0.0
            place = int(reached[0])
            before = int(grid[place - 1]) if place else low
            if (before, int(grid[place])) == (low, high):
                break
            low, high = before, int(grid[place])
        return high, float(self.powers(np.array([float(high)]))[0])
