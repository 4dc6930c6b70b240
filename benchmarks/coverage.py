"""How often intervals for rare errors hold: whole counties simulated, from village to interval.

``python benchmarks/coverage.py [--quick] [--study NAME ...] [--parts DIR] [--provinces N]``

Each cell is simulated from a seed of its own and stored in ``--parts``; a cell that is there is not
run again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks.coverage_study.provinces import STUDIES, Scene, scenes_of  # noqa: E402
from benchmarks.coverage_study.tally import run_scene  # noqa: E402

COUNTIES = 2400
QUICK = 400


def main() -> None:
    """Run what was asked for and say how long each cell took."""
    options = _options()
    options.parts.mkdir(parents=True, exist_ok=True)
    for study in options.study or STUDIES:
        for scene in scenes_of(study):
            path = options.parts / f"{scene.key}.json"
            if path.exists():
                continue
            start = time.perf_counter()
            found = run_scene(scene, provinces_of(scene, quick=options.quick))
            path.write_text(json.dumps(found), "utf-8")
            print(f"{scene.key}: {time.perf_counter() - start:.1f} s", flush=True)


def provinces_of(scene: Scene, *, quick: bool) -> int:
    """Provinces that make up the replications of a cell."""
    return -(-(QUICK if quick else COUNTIES) // scene.counties)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} counties a cell")
    parser.add_argument("--study", action="append", choices=list(STUDIES))
    parser.add_argument("--parts", type=Path, default=ROOT / "build" / "coverage")
    return parser.parse_args()


if __name__ == "__main__":
    main()
