"""Pools of few counties: keep, or set aside, areas whose own design effect speaks for them.

The numbers of docs/decisions/0007. Run: python benchmarks/small_pools.py
"""

from __future__ import annotations

import numpy as np

from sampling import korn_graubard_limits
from sampling.clustering import OWN_DEFF_EVENTS, OWN_DEFF_FACTOR

PLAN = 0.05
RATES = (0.01, 0.02, 0.03, 0.1)
SHAPES = ((10, 30), (20, 15), (30, 33))


def drawn(rng, runs, areas, psus, take, rate, icc, staged=0):
    """Events by run, area and PSU; ``staged`` PSUs of the first area are wholly wrong."""
    scale = (1 - icc) / icc
    chance = rng.beta(rate * scale, (1 - rate) * scale, (runs, areas, psus))
    events = rng.binomial(take, chance)
    events[:, 0, :staged] = take
    return events


def parts(events, take):
    """Proportion, variance and simple variance of every area."""
    psus = events.shape[2]
    n = psus * take
    p = events.sum(2) / n
    spread = ((events - take * p[:, :, None]) / n) ** 2
    return p, psus / (psus - 1) * spread.sum(2), p * (1 - p) / n


def correlation(variance, simple, take):
    """Pooled correlation from sums of variances."""
    deff = np.divide(variance, simple, out=np.ones_like(variance), where=simple > 0)
    return np.clip((deff - 1) / (take - 1), 0, 1)


def pooled(events, take):
    """Correlation used by every run: areas kept, set aside, or the plan alone."""
    _, variance, simple = parts(events, take)
    total, whole = variance.sum(1, keepdims=True), simple.sum(1, keepdims=True)
    rest = np.maximum(correlation(total - variance, whole - simple, take), PLAN)
    own = np.divide(variance, simple, out=np.zeros_like(variance), where=simple > 0)
    clear = own > OWN_DEFF_FACTOR * (1 + (take - 1) * rest)
    aside = (events.sum(2) >= OWN_DEFF_EVENTS) & clear
    left = np.where(aside, 0, variance).sum(1), np.where(aside, 0, simple).sum(1)
    return {
        "kept": np.maximum(correlation(total[:, 0], whole[:, 0], take), PLAN),
        "set-aside": np.maximum(correlation(*left, take), PLAN),
        "plan": np.full(len(events), PLAN),
    }


def limits(events, take, icc):
    """Korn-Graubard limits of every area under decision 2."""
    p, variance, simple = parts(events, take)
    model = np.broadcast_to(1 + (take - 1) * icc[:, None], p.shape)
    own = np.divide(variance, simple, out=np.zeros_like(variance), where=simple > 0)
    larger = (events.sum(2) >= OWN_DEFF_EVENTS) & (own > OWN_DEFF_FACTOR * model)
    return korn_graubard_limits(p, events.shape[2] * take / np.where(larger, own, model))


def regular(rng, runs):
    """Worst coverage and upper miss over the rates, and mean width against kept."""
    for areas in (5, 10, 20):
        for psus, take in SHAPES:
            for icc in (0.05, 0.15, 0.3):
                rows = {}
                for rate in RATES:
                    events = drawn(rng, runs, areas, psus, take, rate, icc)
                    for name, used in pooled(events, take).items():
                        lower, upper = limits(events, take, used)
                        miss = (upper < rate).mean() if rate in (0.02, 0.03) else 0.0
                        covered = ((lower <= rate) & (rate <= upper)).mean()
                        width = np.log(upper - lower).mean()
                        rows.setdefault(name, []).append((covered, miss, width))
                base = np.mean([row[2] for row in rows["kept"]])
                for name, found in rows.items():
                    coverage, misses, widths = zip(*found, strict=True)
                    print(
                        f"{areas:3d} areas {psus} x {take} icc {icc:.2f} {name:10s} "
                        f"coverage {min(coverage):.3f} miss {max(misses):.3f} "
                        f"width {np.exp(np.mean(widths) - base):.2f}"
                    )


def staged(rng, runs):
    """How often clean neighbours of a staged county are shown to lie below 2 %."""
    for areas in (5, 10):
        for count in (0, 1, 2):
            events = drawn(rng, runs, areas, 30, 33, 0.004, 0.05, count)
            for name, used in pooled(events, 33).items():
                lower, upper = limits(events, 33, used)
                shown = (upper[:, 1:] < 0.02).mean()
                covered = ((lower <= 0.004) & (upper >= 0.004))[:, 1:].mean()
                print(
                    f"{areas:3d} areas, {count} staged, {name:10s} "
                    f"shown {shown:.3f} coverage {covered:.3f}"
                )


if __name__ == "__main__":
    regular(np.random.default_rng(7), 1500)
    staged(np.random.default_rng(8), 2000)
