"""Draws of 30,000 from a register in Parquet, beside what the file and the hash cost alone.

``python benchmarks/draw_bench.py [--rows 30000000] [--runs 3] [--folder DIR] [--polars PYTHON]``

Each measurement is a process of its own: seconds of the call, and the peak of the process, imports
and all. ``sha256`` is ``pushdown.smallest_tickets``, every check made, against ``bare``: one scan
of the same file in DuckDB that hashes each ticket's text and keeps nothing. ``fast`` is its
``hash="fast"``, against ``polars``: the same draw by a threshold on polars' own hash, streaming.
Runs take turns, so that a busy machine is as busy for each.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STRATA = 832
DRAWN = 30_000
SEED = "38471920561029384756"
BARE = "bare"
POLARS = "polars"


@dataclass(frozen=True)
class Scenario:
    """One draw, what it is measured against, and the ratio and peak it has to keep."""

    name: str
    against: str
    most: float
    peak_mib: float | None


SCENARIOS = (
    Scenario("sha256", BARE, 1.5, 512.0),
    Scenario("fast", POLARS, 1.5, None),
)


def prepare(folder: Path, rows: int) -> Path:
    """Register of ``rows`` households in counties of unequal size, in no order of counties."""
    path = folder / f"register-{rows}.parquet"
    if path.exists():
        return path
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    spread = 7_368_787
    duckdb.connect().execute(
        f"""copy (
            select 'HH' || lpad(((i * {spread}) % {rows})::varchar, 9, '0') as unit_id,
                (510000 + floor({STRATA} * pow(((i * 48271 + 11) % 2147483647) / 2147483647.0, 1.7))
                )::bigint::varchar as stratum,
                'V' || lpad(((i * 7919) % 190000)::varchar, 7, '0') as village,
                1 + i % 7 as persons,
                2000 + (i * 31) % 9000 as income,
                i % 51 = 0 as poor,
                1.0 + (i % 5) / 10 as weight
            from range({rows}) as r(i)
        ) to '{path}' (format parquet)"""
    )
    return path


def run_sha256(path: Path) -> float:
    """Units drawn by SHA-256 tickets."""
    return _drawn(path, "sha256")


def run_fast(path: Path) -> float:
    """Units drawn by the quick hash."""
    return _drawn(path, "fast")


def _drawn(path: Path, kind: str) -> float:
    import ibis

    from sampling import pushdown

    table = ibis.duckdb.connect().read_parquet(path)
    names = table.stratum.as_table().distinct().to_pyarrow().column("stratum").to_pylist()
    start = time.perf_counter()
    draw = pushdown.smallest_tickets(
        table,
        unit_id="unit_id",
        strata="stratum",
        size_by_stratum=sizes(names),
        seed=SEED,
        hash=kind,
    )
    seconds = time.perf_counter() - start
    assert len(draw.units) == DRAWN
    return seconds


def sizes(names: list[str]) -> dict[str, int]:
    """Units to draw in each county, ``DRAWN`` in all."""
    each, more = divmod(DRAWN, len(names))
    return {name: each + (place < more) for place, name in enumerate(sorted(names))}


def run_bare(path: Path) -> float:
    """Hash of every ticket's text, nothing kept."""
    import duckdb

    from sampling.tickets import seed_digest

    begin = f"{seed_digest(SEED)}|"
    query = (
        f"select count(*) from read_parquet('{path}') "
        f"where sha256('{begin}' || stratum || '|' || unit_id) < '0001'"
    )
    connection = duckdb.connect()
    start = time.perf_counter()
    connection.execute(query).fetchall()
    return time.perf_counter() - start


def run_polars(path: Path) -> float:
    """Units drawn by a threshold on polars' own hash, streaming."""
    import polars as pl

    start = time.perf_counter()
    rows = pl.scan_parquet(path)
    held = rows.group_by("stratum").len().collect(engine="streaming")
    wanted = sizes(held["stratum"].to_list())
    take = pl.Series([wanted[name] for name in held["stratum"]])
    share = (take + 4 * take.sqrt() + 12) / held["len"]
    limits = held.with_columns(take=take, limit=(share * 2.0**64).cast(pl.UInt64))
    found = (
        rows.select("unit_id", "stratum", number=pl.col("unit_id").hash(1))
        .join(limits.lazy(), on="stratum")
        .filter(pl.col("number") < pl.col("limit"))
        .collect(engine="streaming")
    )
    place = pl.int_range(pl.len()).over("stratum")
    drawn = found.sort("stratum", "number").filter(place < pl.col("take"))
    seconds = time.perf_counter() - start
    assert len(drawn) == DRAWN
    return seconds


RUN: dict[str, Callable[[Path], float]] = {
    "sha256": run_sha256,
    "fast": run_fast,
    BARE: run_bare,
    POLARS: run_polars,
}


def measured(name: str, path: Path, python: str = sys.executable) -> tuple[float, float]:
    """Seconds and peak memory in MiB of one run in a process of its own."""
    command = [python, str(Path(__file__).resolve()), "--child", name, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return found["seconds"], found["peak_mib"]


def compare(
    scenario: Scenario, path: Path, runs: int, polars: str | None = None
) -> dict[str, float | bool | str]:
    """Medians of a scenario and of what it is measured against, their ratio, and the peak."""
    python = {POLARS: polars or sys.executable}
    found: dict[str, list[tuple[float, float]]] = {scenario.name: [], scenario.against: []}
    for _ in range(runs):
        for name, series in found.items():
            series.append(measured(name, path, python.get(name, sys.executable)))
    ours, theirs = (
        statistics.median(seconds for seconds, _ in found[name])
        for name in (scenario.name, scenario.against)
    )
    peak = max(peak for _, peak in found[scenario.name])
    limit = scenario.peak_mib
    return {
        "scenario": scenario.name,
        "seconds": ours,
        "against": scenario.against,
        "against_seconds": theirs,
        "ratio": ours / theirs,
        "peak_mib": peak,
        "met": ours / theirs <= scenario.most and (limit is None or peak <= limit),
    }


def main() -> None:
    """Measure every scenario, or be the child that runs one."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--rows", type=int, default=30_000_000)
    ask.add_argument("--runs", type=int, default=3)
    ask.add_argument("--folder", type=Path, default=ROOT / ".bench")
    ask.add_argument("--polars", help="Python of an environment with polars")
    ask.add_argument("--child", nargs=2, metavar=("NAME", "PATH"))
    given = ask.parse_args()
    if given.child:
        name, path = given.child
        seconds = RUN[name](Path(path))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mib": peak}))
        return
    path = prepare(given.folder, given.rows)
    for scenario in SCENARIOS:
        row = compare(scenario, path, given.runs, given.polars)
        print(
            "{scenario}: {seconds:.2f} s, {against} {against_seconds:.2f} s, ratio {ratio:.2f}, "
            "peak {peak_mib:.0f} MiB, {word}".format(
                **row, word="within the target" if row["met"] else "beyond the target"
            )
        )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
