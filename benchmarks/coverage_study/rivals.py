"""The same samples given to R ``survey`` and to the Python package svy, beside ours."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sampling import estimate_proportion

from .methods import DESIGN, ends_of
from .provinces import HIGH_ICCS, LOW, SOME, Province, Scene, draw_province

HERE = Path(__file__).resolve().parent
SAME = {
    "R beta": "korn-graubard-uncapped",
    "R logit": "logit",
    "svy beta": "korn-graubard-uncapped",
    "svy korn-graubard": "korn-graubard",
    "svy logit": "logit",
    "svy wilson": "wilson",
}


def run_rivals(python: Path, provinces: int) -> dict[str, Any]:
    """Limits of both packages in the first provinces of some cells of the grid, tallied."""
    drawn = list(_drawn(provinces))
    counts = pd.concat([_counts(cell, province) for cell, province in drawn], ignore_index=True)
    limits = _limits(counts, python)
    records: defaultdict[str, list[pd.DataFrame]] = defaultdict(list)
    for cell, province in drawn:
        for method, interval in SAME.items():
            ours = ends_of(
                estimate_proportion(
                    province.sample, "wrong", DESIGN, by="county", interval=interval
                )
            )
            theirs = limits[(limits["cell"] == cell) & (limits["method"] == method)]
            theirs = theirs.set_index("county").loc[range(len(province.truth))]
            records[method].append(_compared(province.truth, theirs, ours))
    return {
        "cells": len({cell.split("#")[0] for cell, _ in drawn}),
        "samples": int(sum(len(province.truth) for _, province in drawn)),
        "versions": sorted(limits["version"].unique()),
        "records": [{"method": name} | _tally(pd.concat(f)) for name, f in records.items()],
    }


def _drawn(provinces: int) -> Iterator[tuple[str, Province]]:
    for n, psus in SOME:
        for icc in HIGH_ICCS:
            for rate in LOW:
                scene = Scene(study="grid", n=n, psus=psus, icc=icc, rate=rate)
                rng = scene.rng()
                for number in range(provinces):
                    yield f"{scene.key}#{number}", draw_province(scene, rng)


def _counts(cell: str, province: Province) -> pd.DataFrame:
    by_psu = province.sample.groupby(["county", "village"], as_index=False).agg(
        wrong=("wrong", "sum"), take=("wrong", "size"), weight=("weight", "first")
    )
    return by_psu.assign(cell=cell)


def _limits(counts: pd.DataFrame, python: Path) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        samples = Path(folder) / "samples.csv"
        counts.to_csv(samples, index=False)
        found = []
        for number, command in enumerate(
            (["Rscript", str(HERE / "rivals.R")], [str(python), str(HERE / "rivals_svy.py")])
        ):
            out = Path(folder) / f"limits{number}.csv"
            subprocess.run([*command, str(samples), str(out)], check=True, stderr=sys.stderr)
            found.append(pd.read_csv(out))
    return pd.concat(found, ignore_index=True)


def _compared(truth: np.ndarray, theirs: pd.DataFrame, ours) -> pd.DataFrame:
    lower, upper = theirs["lower"].to_numpy(), theirs["upper"].to_numpy()
    given = np.isfinite(lower) & np.isfinite(upper)
    wide = given & (upper > lower + 1e-9)
    return pd.DataFrame(
        {
            "interval": wide,
            "holds": wide & (lower <= truth) & (truth <= upper),
            "upper_miss": given & (upper < truth),
            "ours_holds": (ours[0] <= truth) & (truth <= ours[1]),
            "apart": np.where(
                wide, np.maximum(np.abs(lower - ours[0]), np.abs(upper - ours[1])), 0.0
            ),
        }
    )


def _tally(lines: pd.DataFrame) -> dict[str, float]:
    return {
        "no_interval": float(1 - lines["interval"].mean()),
        "holds_where_given": float(lines.loc[lines["interval"], "holds"].mean()),
        "holds": float(lines["holds"].mean()),
        "upper_miss": float(lines["upper_miss"].mean()),
        "ours_holds": float(lines["ours_holds"].mean()),
        "farthest_apart": float(lines["apart"].max()),
    }
