"""The ticket's text as an expression, and the rows whose tickets lie under a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from .engines import Engine

Hash = Literal["sha256", "fast"]


def ticket_begin(digest: str, namespace: str) -> str:
    """Write what stands before the unit in a ticket's text.

    Examples
    --------
    >>> ticket_begin("16d2", "S1")
    '16d2|S1|'
    """
    return f"{digest}|{namespace}|"


def ticket_rows(
    units: ir.Table,
    engine: Engine,
    digest: str,
    hash: Hash,
    share: Mapping[str, float],
    *,
    faults: bool,
) -> ir.Table:
    """Rows of the units whose tickets lie in the lowest share of their stratum's.

    With ``faults`` also those whose identifiers are missing or may not go into a ticket, so that
    one pass over the table serves both.
    """
    limits = _limits(engine, digest, hash, share)
    joined = units.join(limits, units.stratum == limits.name)
    text = joined.begin + joined.unit
    ticket = engine.sha256(text) if hash == "sha256" else engine.quick(text)
    missing = joined.unit.isnull()
    unfit: ir.Value = ibis.literal(False)
    if faults and hash == "sha256":
        unfit = missing | (joined.unit == "") | engine.unfit(joined.unit)
    elif faults:
        unfit = missing
    rows = joined.select("stratum", "unit", "threshold", ticket=ticket, unfit=unfit)
    small = rows.ticket <= rows.threshold
    return rows.filter(small | rows.unfit if faults else small).select(
        "stratum", "unit", "ticket", unfit=rows.unfit, small=small.fill_null(False)
    )


def _limits(engine: Engine, digest: str, hash: Hash, share: Mapping[str, float]) -> ir.Table:
    """Beginning of the ticket's text and threshold of each stratum."""
    kind = "string" if hash == "sha256" else "int64" if engine.least else "uint64"
    limits = {
        "name": list(share),
        "begin": [ticket_begin(digest, stratum) for stratum in share],
        "threshold": [_threshold(engine, hash, value) for value in share.values()],
    }
    schema = ibis.schema({"name": "string", "begin": "string", "threshold": kind})
    return ibis.memtable(pa.table(limits, schema=schema.to_pyarrow()), schema=schema)


def _threshold(engine: Engine, hash: Hash, share: float) -> str | int:
    """Ticket that the given share of all tickets does not exceed."""
    if hash == "sha256":
        # "g" follows every hex digit, and the empty text precedes all of them.
        return "g" if share >= 1 else f"{int(share * 2**64):016x}" if share else ""
    return engine.least + min(int(share * 2**64), 2**64 - 1)
