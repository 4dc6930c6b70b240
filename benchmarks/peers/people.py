"""Invented registers and surveys of the sizes that were measured before, the same in each run."""

from __future__ import annotations

import numpy as np

COUNTIES = 832
DRAWN = 30_000
RATE = 0.0197


def register(rows: int) -> dict[str, np.ndarray]:
    """Households in shuffled order, seven columns, in counties of unequal size."""
    rng = np.random.default_rng(832)
    sizes = rng.lognormal(0, 0.6, COUNTIES)
    county = rng.choice(COUNTIES, rows, p=sizes / sizes.sum()).astype(np.int32)
    return {
        "household": rng.permutation(rows),
        "county": county,
        "village": rng.integers(0, 20_000, rows, dtype=np.int32),
        "persons": rng.integers(1, 9, rows, dtype=np.int32),
        "income": rng.random(rows) * 40_000,
        "land": rng.random(rows, dtype=np.float32),
        "distance": rng.random(rows, dtype=np.float32),
    }


def sizes_to_draw(county: np.ndarray) -> dict[int, int]:
    """Unequal sizes by county, 30,000 in all, by the root of its households."""
    held = np.bincount(county, minlength=COUNTIES)
    exact = DRAWN * np.sqrt(held) / np.sqrt(held).sum()
    sizes = np.floor(exact).astype(int)
    sizes[np.argsort(sizes - exact, kind="stable")[: DRAWN - sizes.sum()]] += 1
    return dict(enumerate(sizes.tolist()))


def survey(rows: int, psus: int) -> dict[str, np.ndarray]:
    """Respondents in shuffled order: counties hold villages (PSUs), and domains cut across both."""
    rng = np.random.default_rng(19)
    county_of_psu = np.concatenate(
        [np.arange(COUNTIES).repeat(2), rng.integers(0, COUNTIES, psus - 2 * COUNTIES)]
    )
    psu = np.concatenate([np.arange(psus), rng.integers(0, psus, rows - psus)])
    rng.shuffle(psu)
    spread = RATE / 0.05 - RATE
    chance = rng.beta(spread, spread * (1 - RATE) / RATE, psus)
    return {
        "county": county_of_psu[psu],
        "psu": psu,
        "weight": 1 + 3 * rng.random(rows),
        "poor": (rng.random(rows) < chance[psu]).astype(np.int64),
        "domain_101": rng.integers(0, 101, rows),
        "domain_832": rng.integers(0, COUNTIES, rows),
    }
