"""The smallest tickets of each stratum, found where the data live."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .._checks import check_choice, name_some
from ..draws import Draw, DrawnUnit, FastDraw, Sizes
from ..errors import ArgumentError
from ..frame import check_texts
from ..tickets.text import seed_digest
from ..tickets.units import check_held, placed, reserves_of, sealed
from .engines import Engine, engine_of
from .reading import check_table_columns, check_text_columns
from .tickets import Hash, ticket_rows

# Hashes of identifiers held at once when doubles are looked for.
PART = 16_000_000


def smallest_tickets(
    table: ir.Table,
    *,
    unit_id: str,
    strata: str | None,
    size_by_stratum: Mapping[str, int],
    seed: str,
    hash: Hash = "sha256",
    reserves: int | Mapping[str, int] = 0,
) -> Draw | FastDraw:
    r"""Draw of ``draw_stratified``, made where the data live.

    Counts by stratum come first; they give each stratum a threshold that a few more tickets than
    are wanted will fall under. Only those tickets leave the engine, and are put in order here.

    Parameters
    ----------
    table : ibis Table
        All units, one row each, in DuckDB, PostgreSQL or Spark.
    unit_id : str
        Column of identifiers, text.
    strata : str or None
        Column of strata, text; None where all units lie in the stratum ``""``.
    size_by_stratum : mapping of str to int
        Units to draw in each stratum of the table; 0 leaves a stratum out on purpose.
    seed : str
        Seed text, fixed after the frame.
    hash : {"sha256", "fast"}, default "sha256"
        "sha256" is the ticket that anyone can redo. "fast" is the engine's own quick hash, for
        simulations only: another engine, or a later version of the same, draws other units.
    reserves : int or mapping of str to int, default 0
        Reserves in each stratum; fewer where the stratum ends.

    Returns
    -------
    Draw or FastDraw
        With "sha256" the same `Draw` as ``draw_stratified`` in memory, to the last unit. With
        "fast" a `FastDraw`, which nothing official accepts.

    Raises
    ------
    ArgumentError
        A column is absent or not text; an identifier or a stratum is missing, holds ``|`` or a
        control character, or is not in Unicode normal form C; an identifier stands twice; strata
        and sizes do not name the same strata.
    EmptyStratumError
        A size is asked for in a stratum without units.
    FrameTooSmallError
        A stratum holds fewer units than asked for.

    Notes
    -----
    With k units wanted of N, the threshold is that of a share :math:`(k + 4\sqrt k + 12)/N` of all
    tickets; a stratum that falls short, once in some ten thousand, is asked again with four times
    as much room. No window is computed and nothing is sorted over the whole table. Doubles are
    looked for over the whole table too, by 64-bit hashes in DuckDB and by grouping elsewhere.

    "fast" looks for missing identifiers, and for doubles among the drawn, not for the rest.

    References
    ----------
    .. [1] R. L. Rivest, "Consistent sampling with replacement", arXiv 1808.10016, 2018 (tickets by
       hashing the seed and the unit; here without replacement).

    Examples
    --------
    >>> import ibis, pyarrow
    >>> data = pyarrow.table({"id": ["HH000001", "HH000002", "HH000003"], "part": ["S1"] * 3})
    >>> table = ibis.memtable(data)
    >>> seed = "38471920561029384756"
    >>> draw = smallest_tickets(
    ...     table, unit_id="id", strata="part", size_by_stratum={"S1": 2}, seed=seed
    ... )
    >>> [unit.unit_id for unit in draw.units]
    ['HH000003', 'HH000001']
    """
    check_choice("hash", hash, get_args(Hash))
    engine = engine_of(table)
    named = [unit_id] if strata is None else [unit_id, strata]
    check_table_columns(table, named)
    check_text_columns(table, named)
    digest = seed_digest(seed)
    asked = reserves_of(reserves, size_by_stratum)
    source = _Source(
        engine=engine,
        units=table.select(
            unit=table[unit_id], stratum=ibis.literal("") if strata is None else table[strata]
        ),
        unit_id=unit_id,
        strata=strata or "",
        digest=digest,
        hash=hash,
    )
    held = source.held()
    sizes = tuple(sorted(size_by_stratum.items()))
    check_held(held, dict(sizes))
    if hash == "sha256":
        source.refuse_doubles(sum(held.values()))
    spare = dict(asked)
    wanted = {stratum: min(n + spare[stratum], held[stratum]) for stratum, n in sizes}
    found = source.smallest(held, wanted)
    units = [
        unit
        for stratum, n in sizes
        for unit in placed(found[stratum], held[stratum], n, n, stratum=stratum)
    ]
    return _drawn(source, sum(held.values()), sizes, asked, units)


def _drawn(
    source: _Source, population_size: int, sizes: Sizes, reserves: Sizes, units: list[DrawnUnit]
) -> Draw | FastDraw:
    if source.hash == "sha256":
        return sealed(
            population_size, "stratified", source.digest, sizes, sizes, (), reserves, (), units
        )
    return FastDraw(
        engine=source.engine.name,
        seed_digest=source.digest,
        population_size=population_size,
        sizes=sizes,
        reserves=reserves,
        units=tuple(units),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A table's units and strata, and how their tickets are made."""

    engine: Engine
    units: ir.Table
    unit_id: str
    strata: str
    digest: str
    hash: Hash

    def held(self) -> dict[str, int]:
        """Units in each stratum, strata checked as a frame checks them."""
        units = self.units
        counts = units.group_by("stratum").agg(n=units.count()).to_pyarrow().to_pydict()
        held = dict(zip(counts["stratum"], counts["n"], strict=True))
        if not held:
            raise ArgumentError(
                "a frame must hold at least one unit; got none. Check the filter that made it.",
                code="frame-empty",
            )
        if None in held:
            raise ArgumentError(
                f"column {self.strata!r} must have no missing values; got {held[None]} missing in "
                f"{sum(held.values())} rows. Settle them before drawing.",
                code="values-missing",
                column=self.strata,
                missing=held[None],
            )
        check_texts("strata", held, empty=True)
        return dict(sorted(held.items()))

    def smallest(
        self, held: Mapping[str, int], wanted: Mapping[str, int]
    ) -> dict[str, list[tuple[str, str]]]:
        """Tickets and units of each stratum in order, as many as wanted."""
        found: dict[str, list[tuple[str, str]]] = {stratum: [] for stratum in wanted}
        left, room, first = dict(wanted), 1.0, True
        if self.hash == "fast":
            left = {stratum: n for stratum, n in wanted.items() if n}
        while left:
            share = {s: _share(n, held[s], room) for s, n in left.items()}
            rows = self._under(share, faults=first)
            for stratum, tickets in rows.items():
                found[stratum] = sorted(tickets)[: wanted[stratum]]
            left = {s: n for s, n in left.items() if len(found[s]) < n and share[s] < 1}
            room, first = room * 4, False
        counts = Counter(unit for tickets in found.values() for _, unit in tickets)
        _refuse_twice(sorted(unit for unit, count in counts.items() if count > 1))
        return found

    def _under(
        self, share: Mapping[str, float], *, faults: bool
    ) -> dict[str, list[tuple[str, str]]]:
        """Tickets and units under a threshold, by stratum; texts that cannot be drawn refused."""
        rows = ticket_rows(self.units, self.engine, self.digest, self.hash, share, faults=faults)
        found = rows.to_pyarrow().to_pydict()
        for unit, unfit in zip(found["unit"], found["unfit"], strict=True):
            if unfit:
                self._check_text(unit)
        under: dict[str, list[tuple[str, str]]] = {}
        columns = (found[name] for name in ("stratum", "unit", "ticket", "small"))
        for stratum, unit, ticket, small in zip(*columns, strict=True):
            if small:
                text = ticket if self.hash == "sha256" else f"{ticket - self.engine.least:016x}"
                under.setdefault(stratum, []).append((text, unit))
        return under

    def _check_text(self, unit: str | None) -> None:
        if unit is None:
            missing = int(self.units.unit.isnull().sum().to_pyarrow().as_py())
            raise ArgumentError(
                f"column {self.unit_id!r} must have no missing values; got {missing} missing. "
                "Settle them before drawing.",
                code="values-missing",
                column=self.unit_id,
                missing=missing,
            )
        check_texts("unit_ids", [unit], empty=False)

    def refuse_doubles(self, rows: int) -> None:
        """Refuse identifiers that stand twice anywhere in the table."""
        units = self.units.filter(self.units.unit.notnull())
        if self.engine.name == "duckdb":
            # Grouping 30 million texts takes gigabytes; equal hashes are few and found by sorting.
            equal = self._equal_hashes(units, rows)
            if not equal:
                return
            suspects = ibis.memtable(pa.table({"number": pa.array(equal, pa.uint64())}))
            units = units.semi_join(suspects, self.engine.quick(units.unit) == suspects.number)
        counts = units.group_by("unit").agg(n=units.count())
        twice = counts.filter(counts.n > 1).select("unit").limit(1000).to_pyarrow()
        _refuse_twice(sorted(twice.column("unit").to_pylist()))

    def _equal_hashes(self, units: ir.Table, rows: int) -> list[int]:
        """Quick hashes that more than one row has, a part of them at a time."""
        parts = -(-rows // PART)
        numbers = units.select(number=self.engine.quick(units.unit))
        equal: list[int] = []
        for part in range(parts):
            chosen = numbers.filter(numbers.number % parts == part) if parts > 1 else numbers
            equal += _repeated(_streamed(chosen, round(rows / parts * 1.1) + 1000))
        return equal


def _repeated(numbers: npt.NDArray[np.uint64]) -> list[int]:
    """Numbers that stand more than once; sorts them where they are."""
    numbers.sort()
    found: list[int] = np.unique(numbers[1:][numbers[1:] == numbers[:-1]]).tolist()
    return found


def _streamed(numbers: ir.Table, room: int) -> npt.NDArray[np.uint64]:
    """One column of numbers from DuckDB, batch by batch, so that no copy stands beside it."""
    backend = numbers.get_backend()
    found = np.empty(room, dtype=np.uint64)
    at = 0
    for batch in pa.RecordBatchReader.from_stream(backend.con.sql(backend.compile(numbers))):
        values = batch.column(0).to_numpy()
        if at + len(values) > len(found):
            found = np.concatenate([found[:at], np.empty(len(found), dtype=np.uint64)])
        found[at : at + len(values)] = values
        at += len(values)
    return found[:at]


def _share(wanted: int, held: int, room: float) -> float:
    """Share of a stratum's tickets that will hold those wanted, most likely."""
    return min(1.0, (wanted + room * (4 * math.sqrt(wanted) + 12)) / held) if wanted else 0.0


def _refuse_twice(twice: list[str]) -> None:
    if twice:
        raise ArgumentError(
            f"each unit must stand once in the frame; got {name_some(twice)} more than once. "
            "Settle doubles before drawing.",
            code="unit-twice",
            units=tuple(twice[:5]),
        )
