"""The stratified draw in polars: ``python by_polars.py draw ROWS``."""

from __future__ import annotations

import sys

import polars as pl
from measure import measure
from people import register, sizes_to_draw


def draw(rows: int) -> None:
    """Rows shuffled within counties, the first of each kept."""
    frame = pl.DataFrame(register(rows))
    sizes = sizes_to_draw(frame["county"].to_numpy())
    wanted = pl.lit(pl.Series([sizes[place] for place in range(len(sizes))]))

    def drawn() -> pl.DataFrame:
        place = pl.int_range(pl.len(), dtype=pl.UInt32).shuffle(seed=1).over("county")
        return frame.filter(place < wanted.gather(pl.col("county")))

    measure(drawn, lambda found: [float(len(found)), float(found["county"].n_unique())])


if __name__ == "__main__":
    draw(int(sys.argv[2]))
