"""What a draw gives: drawn units and PSUs, the draw as it is kept, and what a redo said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from ._show import Table, format_number
from .commitment import canonical_json, sha256_hex
from .results import Result

DrawMethod = Literal["stratified", "two-stage"]
Sizes = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnUnit(Result):
    """A drawn unit or a reserve, in ticket order within its stratum (and PSU).

    Parameters
    ----------
    unit_id, stratum, psu : str
        Which unit; ``psu`` is empty where there are no stages.
    ticket : str
        64 hex digits.
    order : int
        Place in ticket order from 1; reserves follow on.
    reserve : bool
        Drawn as a replacement, to be used in order and with a reason.
    wave : int
        1 for the first draw, 2 and more for extensions; for a reserve, the wave it stands by for.
    inclusion_prob : float
        Chance of a unit of this stratum (and PSU) to be in the sample.
    base_weight : float
        Its inverse; 0 for a reserve.
    """

    unit_id: str
    stratum: str
    psu: str = ""
    ticket: str
    order: int
    reserve: bool
    wave: int = 1
    inclusion_prob: float
    base_weight: float

    def _table(self) -> Table:
        return _units_table("Drawn unit", (self,))


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPsu(Result):
    """A drawn primary unit, in the order drawn within its first-stage stratum.

    Parameters
    ----------
    psu, stratum : str
        Which PSU, of which first-stage stratum.
    size_measure : int
        Sum of its units' size measures.
    ticket : str
        64 hex digits.
    order : int
        Place from 1: those taken with certainty first.
    certainty : bool
        Taken with certainty, because its size alone earns it a place.
    inclusion_prob : float
        n x / X over the PSUs that are not certain; 1 for those that are.
    """

    psu: str
    stratum: str
    size_measure: int
    ticket: str
    order: int
    certainty: bool
    inclusion_prob: float

    def _table(self) -> Table:
        return Table(
            title="Drawn PSU",
            columns=("psu", "size measure", "certainty", "inclusion prob."),
            rows=(
                (
                    self.psu,
                    str(self.size_measure),
                    "yes" if self.certainty else "no",
                    format_number(self.inclusion_prob),
                ),
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw(Result):
    """A sample that can be drawn again from the frame and the seed.

    Parameters
    ----------
    method : {"stratified", "two-stage"}
        How it was drawn.
    seed_digest : str
        SHA-256 of the seed; as secret as the seed, for it gives every ticket.
    population_size : int
        Units in the frame.
    sizes : tuple of (str, int)
        Units asked for in each stratum; in each drawn PSU and stratum of a two-stage draw.
    first_sizes : tuple of (str, int)
        The same for the first wave; equal to ``sizes`` until the draw is extended.
    psu_sizes : tuple of (str, int)
        PSUs asked for in each first-stage stratum; empty without stages.
    reserves : tuple of (str, int)
        Reserves asked for beside each of ``sizes``.
    psus : tuple of DrawnPsu
        In the order drawn; empty without stages.
    units : tuple of DrawnUnit
        By PSU and stratum, then in ticket order, reserves after the sample.
    digest : str
        SHA-256 of the drawn PSUs and units.
    """

    method: DrawMethod
    seed_digest: str
    population_size: int
    sizes: Sizes
    first_sizes: Sizes
    psu_sizes: Sizes = ()
    reserves: Sizes
    psus: tuple[DrawnPsu, ...] = ()
    units: tuple[DrawnUnit, ...]
    digest: str

    @property
    def sample(self) -> tuple[DrawnUnit, ...]:
        """Drawn units without the reserves."""
        return tuple(unit for unit in self.units if not unit.reserve)

    def to_frame(self) -> pd.DataFrame:
        """One row for each unit, reserves marked, in the order of ``units``."""
        columns = list(DrawnUnit.__dataclass_fields__)
        return pd.DataFrame([unit._row() for unit in self.units], columns=columns)

    def _table(self) -> Table:
        return _units_table(
            f"{self.method} draw: {len(self.sample)} of {self.population_size} units, "
            f"{len(self.units) - len(self.sample)} reserves",
            self.units[:20],
            (f"and {len(self.units) - 20} more",) if len(self.units) > 20 else (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FastDraw(Result):
    """A stratified sample by an engine's own quick hash: for simulations, never official.

    Parameters
    ----------
    engine : str
        Whose hash; another engine, or another version of it, draws other units.
    seed_digest : str
        SHA-256 of the seed.
    population_size : int
        Units in the frame.
    sizes, reserves : tuple of (str, int)
        Units and reserves asked for in each stratum.
    units : tuple of DrawnUnit
        By stratum, then in the order of the hash, 16 hex digits in place of a ticket's 64.
    """

    engine: str
    seed_digest: str
    population_size: int
    sizes: Sizes
    reserves: Sizes
    units: tuple[DrawnUnit, ...]

    @property
    def sample(self) -> tuple[DrawnUnit, ...]:
        """Drawn units without the reserves."""
        return tuple(unit for unit in self.units if not unit.reserve)

    def to_frame(self) -> pd.DataFrame:
        """One row for each unit, reserves marked, in the order of ``units``."""
        columns = list(DrawnUnit.__dataclass_fields__)
        return pd.DataFrame([unit._row() for unit in self.units], columns=columns)

    def _table(self) -> Table:
        return _units_table(
            f"draw by the quick hash of {self.engine}, for simulations only: "
            f"{len(self.sample)} of {self.population_size} units",
            self.units[:20],
            (f"and {len(self.units) - 20} more",) if len(self.units) > 20 else (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawCheck(Result):
    """Whether a draw follows from its frame and seed.

    Parameters
    ----------
    verified : bool
        Equal to the last unit.
    difference : str
        The first difference, named; empty where there is none.
    """

    verified: bool
    difference: str

    def __bool__(self) -> bool:
        return self.verified

    def _table(self) -> Table:
        return Table(
            title="Draw verified" if self.verified else "Draw does not verify",
            columns=("first difference",),
            rows=((self.difference or "none",),),
        )


def _units_table(title: str, units: Sequence[DrawnUnit], notes: tuple[str, ...] = ()) -> Table:
    return Table(
        title=title,
        columns=("psu", "stratum", "order", "unit", "reserve", "base weight"),
        rows=tuple(
            (
                u.psu,
                u.stratum,
                str(u.order),
                u.unit_id,
                "yes" if u.reserve else "no",
                format_number(u.base_weight, 2),
            )
            for u in units
        ),
        notes=notes,
    )


def draw_digest(psus: Sequence[DrawnPsu], units: Sequence[DrawnUnit]) -> str:
    """SHA-256 of the drawn PSUs and units, order, ticket and standing of each."""
    return sha256_hex(
        canonical_json(
            {
                "psus": [[p.stratum, p.psu, p.order, p.certainty, p.ticket] for p in psus],
                "units": [
                    [u.psu, u.stratum, u.unit_id, u.order, u.reserve, u.wave, u.ticket]
                    for u in units
                ],
            }
        )
    )


def first_difference(kept: Draw, again: Draw) -> str:
    """Name the first place where a kept draw differs from the one drawn again."""
    for name in ("psus", "units"):
        ours, theirs = getattr(kept, name), getattr(again, name)
        for place, (one, other) in enumerate(zip(ours, theirs, strict=False), start=1):
            for field in one.__dataclass_fields__:
                got, wanted = getattr(one, field), getattr(other, field)
                if got != wanted:
                    return f"{name} {place}, {field}: got {got!r}, drawn again {wanted!r}"
        if len(ours) != len(theirs):
            return f"{name}: got {len(ours)}, drawn again {len(theirs)}"
    for name in ("population_size", "digest"):
        got, wanted = getattr(kept, name), getattr(again, name)
        if got != wanted:
            return f"{name}: got {got!r}, drawn again {wanted!r}"
    return ""
