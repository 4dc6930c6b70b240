"""Our side of each measurement: ``python ours.py TASK ROWS [PSUS] [DOMAINS]``."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from measure import measure
from people import register, sizes_to_draw, survey

from sampling import (
    Design,
    Estimates,
    estimate_mean,
    estimate_proportion,
    replicate_weights,
    select_stratified,
)

DESIGN = Design(strata="county", psu="psu", weight="weight")


def draw(rows: int) -> None:
    """Positions drawn, and their rows taken."""
    frame = pd.DataFrame(register(rows), copy=False)
    sizes = sizes_to_draw(frame["county"].to_numpy())
    rng = np.random.default_rng(1)
    measure(lambda: frame.iloc[select_stratified(frame["county"], sizes, rng=rng)], _drawn)


def _drawn(found: pd.DataFrame) -> list[float]:
    return [float(len(found)), float(found["county"].nunique())]


def proportion(rows: int, psus: int, domains: str) -> None:
    """Proportions with intervals, design laid out anew in every call."""
    data = pd.DataFrame(survey(rows, psus))
    by = None if domains == "all" else domains
    form = "korn-graubard-uncapped"
    measure(lambda: estimate_proportion(data, "poor", DESIGN, by=by, interval=form), _sums)


def bootstrap(rows: int, psus: int) -> None:
    """500 replicates made, and a mean for each county from them."""
    data = pd.DataFrame(survey(rows, psus))
    rng = np.random.default_rng(1)

    def both() -> Estimates:
        weights = replicate_weights(data, DESIGN, method="bootstrap", n=500, rng=rng)
        return estimate_mean(data, "poor", weights, by="county", joint=False)

    measure(both, lambda found: _sums(found)[:1])


def _sums(found: Estimates) -> list[float]:
    frame = found.to_frame()
    return [float(frame["estimate"].sum()), float(frame["std_error"].sum())]


if __name__ == "__main__":
    task, rows, *rest = sys.argv[1:]
    psus = [int(value) for value in rest[:1]]
    {"draw": draw, "proportion": proportion, "bootstrap": bootstrap}[task](
        int(rows), *psus, *rest[1:]
    )
