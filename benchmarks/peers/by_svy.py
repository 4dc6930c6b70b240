"""svy's side of each measurement: ``python by_svy.py TASK ROWS [PSUS] [DOMAINS]``."""

from __future__ import annotations

import sys

import polars as pl
import svy
from measure import measure
from people import register, sizes_to_draw, survey

DESIGN = svy.Design(stratum="county", psu="psu", wgt="weight")


def draw(rows: int) -> None:
    """Rows drawn; the sample object is made anew, as a draw changes it."""
    frame = pl.DataFrame(register(rows))
    sizes = sizes_to_draw(frame["county"].to_numpy())

    def drawn() -> pl.DataFrame:
        sample = svy.Sample(frame, svy.Design(stratum="county"))
        return sample.sampling.srs(sizes, rstate=1).data

    measure(drawn, lambda found: [float(len(found)), float(found["county"].n_unique())])


def proportion(rows: int, psus: int, domains: str) -> None:
    """Proportions with intervals, the design laid out before."""
    sample = svy.Sample(pl.DataFrame(survey(rows, psus)), DESIGN)
    by = None if domains == "all" else domains
    measure(lambda: sample.estimation.prop("poor", by=by, ci_method="beta"), _sums)


def _sums(found: svy.Estimate) -> list[float]:
    frame = found.to_polars().filter(pl.col("poor") == 1)
    return [float(frame["est"].sum()), float(frame["se"].sum())]


def bootstrap(rows: int, psus: int) -> None:
    """500 replicates made, and a mean for each county from them."""
    sample = svy.Sample(pl.DataFrame(survey(rows, psus)), DESIGN)

    def both() -> svy.Estimate:
        replicated = sample.weighting.create_bs_wgts(500, rstate=1)
        return replicated.estimation.mean("poor", by="county", method="replication")

    measure(both, lambda found: [float(found.to_polars()["est"].sum())])


if __name__ == "__main__":
    task, rows, *rest = sys.argv[1:]
    psus = [int(value) for value in rest[:1]]
    {"draw": draw, "proportion": proportion, "bootstrap": bootstrap}[task](
        int(rows), *psus, *rest[1:]
    )
