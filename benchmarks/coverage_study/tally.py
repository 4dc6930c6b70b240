"""Shares of counties covered and passed, with their Monte Carlo errors."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np

from .methods import check_shortcut, composite_limits, limits_by_method
from .provinces import Scene, draw_province, draw_two_statuses

BARS = (0.02, 0.03)


def run_scene(scene: Scene, provinces: int) -> dict[str, Any]:
    """Simulate one cell; one record for each method and part of the counties."""
    rng = scene.rng()
    every: defaultdict[tuple[str, str], list[np.ndarray]] = defaultdict(list)
    used, policies = [], set()
    for number in range(provinces):
        if scene.link is None:
            province = draw_province(scene, rng)
            if number == 0 and scene.draw == "pps":
                check_shortcut(province)
            limits, pool = limits_by_method(
                province,
                pooled_only=scene.study != "grid",
                aside="pool" in scene.study or scene.truth != "alike",
            )
            oracle = limits["kg-oracle"]
        else:
            province = draw_two_statuses(scene, rng)
            limits, pool = composite_limits(province)
            oracle = limits["composite-oracle"]
        used.append(pool.icc)
        policies.add(pool.policy)
        for name, (lower, upper) in limits.items():
            line = _line(province.truth, lower, upper, oracle)
            for part in np.unique(province.part):
                every[name, part].append(line[:, province.part == part])
    records = [
        {"method": name, "part": part} | _summary(blocks) for (name, part), blocks in every.items()
    ]
    return {
        "key": scene.key,
        "study": scene.study,
        "n": scene.n,
        "psus": scene.psus,
        "icc": scene.icc,
        "rate": scene.rate,
        "counties": scene.counties,
        "link": scene.link,
        "provinces": provinces,
        "pooled_icc": float(np.mean(used)),
        "pooled_icc_sd": float(np.std(used)),
        "policies": sorted(policies),
        "records": records,
    }


def _line(truth: np.ndarray, lower: np.ndarray, upper: np.ndarray, oracle) -> np.ndarray:
    """List what each county adds to every share and mean."""
    slack = 1e-12
    width = upper - lower
    return np.stack(
        [
            (lower <= truth + slack) & (truth <= upper + slack),
            upper < truth - slack,
            lower > truth + slack,
            width,
            np.log(np.maximum(width, 1e-12) / (oracle[1] - oracle[0])),
            *((upper < bar) & (truth >= bar) for bar in BARS),
            *(truth >= bar for bar in BARS),
            *(upper < bar for bar in BARS),
        ]
    ).astype(np.float64)


def _summary(blocks: list[np.ndarray]) -> dict[str, float]:
    """Shares over all counties; errors by province, as counties of one share their pool."""
    blocks = [block for block in blocks if block.shape[1]]
    line = np.concatenate(blocks, axis=1)
    covered, under, over, width, log_ratio = line[:5].mean(axis=1)
    found = {
        "reps": line.shape[1],
        "coverage": covered,
        "coverage_error": monte_carlo_error([block[0] for block in blocks]),
        "upper_miss": under,
        "upper_miss_error": monte_carlo_error([block[1] for block in blocks]),
        "lower_miss": over,
        "width": width,
        "relative_width": math.exp(log_ratio),
    }
    for place, bar in enumerate(BARS):
        found[f"pass_below_{bar:g}"] = line[9 + place].mean()
        guilty = line[7 + place].sum()
        found[f"false_pass_{bar:g}"] = line[5 + place].sum() / guilty if guilty else None
    return {name: value if value is None else float(value) for name, value in found.items()}


def monte_carlo_error(blocks: list[np.ndarray]) -> float:
    """Give the standard error of a share: by single counties or by provinces, the larger.

    A share of 0 or 1 gets the error of one county more.
    """
    line = np.concatenate(blocks)
    share = (line.sum() + 0.5) / (len(line) + 1)
    single = math.sqrt(share * (1 - share) / len(line))
    if len(blocks) < 10:
        return single
    sizes = np.array([len(block) for block in blocks])
    gaps = np.array([block.sum() for block in blocks]) - line.mean() * sizes
    together = math.sqrt(len(blocks) / (len(blocks) - 1) * float((gaps**2).sum())) / len(line)
    return max(single, together)
