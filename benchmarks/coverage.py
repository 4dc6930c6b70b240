"""How often intervals for rare errors hold: whole counties simulated, from village to interval.

``python benchmarks/coverage.py [--quick] [--study NAME ...] [--parts DIR] [--rivals PYTHON]
[--page]``

Each cell is simulated from a seed of its own and stored in ``--parts``; a cell that is there is not
run again. ``--rivals`` names the interpreter of an environment with the package svy: it and R
``survey`` get samples of the grid too. ``--page`` writes docs/coverage.md and docs/coverage.csv
from all parts.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import pandas as pd  # noqa: E402

from benchmarks.coverage_study.page import lines_of, page, peers_of  # noqa: E402
from benchmarks.coverage_study.provinces import STUDIES, Scene, scenes_of  # noqa: E402
from benchmarks.coverage_study.rivals import run_rivals  # noqa: E402
from benchmarks.coverage_study.tally import run_scene  # noqa: E402

DOCS = ROOT / "docs"
COUNTIES, BEYOND = 2400, 1000
QUICK = 400
RIVAL_PROVINCES = 5


def main() -> None:
    """Run what was asked for and say how long each cell took."""
    options = _options()
    options.parts.mkdir(parents=True, exist_ok=True)
    if options.page:
        write_page(options.parts)
        return
    if options.rivals:
        found = run_rivals(options.rivals, 1 if options.quick else RIVAL_PROVINCES)
        (options.parts / "rivals.json").write_text(json.dumps(found), "utf-8")
        return
    for study in options.study or STUDIES:
        for scene in scenes_of(study):
            path = options.parts / f"{scene.key}.json"
            if path.exists():
                continue
            start = time.perf_counter()
            found = run_scene(scene, provinces_of(scene, quick=options.quick))
            path.write_text(json.dumps(found), "utf-8")
            print(f"{scene.key}: {time.perf_counter() - start:.1f} s", flush=True)


def write_page(parts: Path) -> None:
    """Write both tables, and the page that is made from them."""
    lines_of(parts).to_csv(DOCS / "coverage.csv", index=False)
    peers_of(parts).to_csv(DOCS / "coverage_peers.csv", index=False)
    (DOCS / "coverage.md").write_text(page_of_tables(), "utf-8")


def page_of_tables() -> str:
    """Text of the page, by the tables beside it."""
    lines, peers = (pd.read_csv(DOCS / name) for name in ("coverage.csv", "coverage_peers.csv"))
    return page(lines, peers)


def provinces_of(scene: Scene, *, quick: bool) -> int:
    """Provinces that make up the replications of a cell."""
    wanted = COUNTIES if scene.study == "grid" else BEYOND
    return -(-(QUICK if quick else wanted) // scene.counties)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} counties a cell")
    parser.add_argument("--study", action="append", choices=list(STUDIES))
    parser.add_argument("--rivals", type=Path, help="interpreter with the package svy")
    parser.add_argument("--page", action="store_true", help="write the page and its tables")
    parser.add_argument("--parts", type=Path, default=ROOT / "build" / "coverage")
    return parser.parse_args()


if __name__ == "__main__":
    main()
