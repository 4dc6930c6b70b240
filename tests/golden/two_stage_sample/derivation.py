"""Estimates of input.csv (3 strata, 4 villages each, 20 households a village) by plain loops.

p = sum w z y / sum w z over a filed status; village totals t of w z (y - p) / sum w z, 0 for a
village without such a household; v = sum over strata m/(m-1) sum (t - mean t)^2.
deff without replacement: v / ((1 - n/N) S2/n), S2 = n/(n-1) sum w (y - p)^2 / sum w, N = sum w.
Model deff: n ((1-icc) sum w^2 + icc sum over villages (sum w)^2) / (sum w)^2.
Composite: see the names below; shares from the weights of all rows.
Run: python derivation.py
"""

import csv
import json
import math
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from beta import clopper_pearson, t_quantile

ROWS = list(csv.DictReader(Path("input.csv").read_text("utf-8").splitlines()))
VILLAGES = {row["village"]: row["stratum"] for row in ROWS}
ICC = 0.05


def variance(totals: dict[str, float]) -> float:
    result = 0.0
    for stratum in set(VILLAGES.values()):
        inside = [totals.get(v, 0.0) for v, s in VILLAGES.items() if s == stratum]
        mean, m = math.fsum(inside) / len(inside), len(inside)
        result += m / (m - 1) * math.fsum((t - mean) ** 2 for t in inside)
    return result


def village_totals(pairs: list[tuple[str, float]]) -> dict[str, float]:
    totals: dict[str, float] = defaultdict(float)
    for village, value in pairs:
        totals[village] += value
    return totals


def domain(status: str) -> list[tuple[str, float, float, int]]:
    return [
        (r["village"], float(r["w"]), float(r["persons"]), int(r["poor"]))
        for r in ROWS
        if r["filed"] == status
    ]


def rate(rows: list, persons: bool) -> tuple[float, float]:
    sized = [(v, w * (z if persons else 1), y) for v, w, z, y in rows]
    below = math.fsum(w for _, w, _ in sized)
    p = math.fsum(w * y for _, w, y in sized) / below
    return p, math.sqrt(variance(village_totals([(v, w * (y - p) / below) for v, w, y in sized])))


def factor(rows: list, icc: float) -> float:
    squares = math.fsum(w * w for _, w, _, _ in rows)
    by_village = village_totals([(v, w) for v, w, _, _ in rows])
    clustered = math.fsum(t * t for t in by_village.values())
    return ((1 - icc) * squares + icc * clustered) / math.fsum(w for _, w, _, _ in rows) ** 2


values: dict[str, object] = {}
for status in ("exit", "unreg"):
    rows = domain(status)
    n, population = len(rows), math.fsum(w for _, w, _, _ in rows)
    p, se = rate(rows, persons=False)
    s2 = n / (n - 1) * math.fsum(w * (y - p) ** 2 for _, w, _, y in rows) / population
    villages = {v for v, *_ in rows}
    totals = village_totals([(v, w * y) for v, w, _, y in rows])
    values[status] = {
        "n": n,
        "df": len(villages) - len({VILLAGES[v] for v in villages}),
        "proportion": p,
        "std_error": se,
        "deff_without_replacement": se**2 / ((1 - n / population) * s2 / n),
        "model_deff": n * factor(rows, ICC),
        "kish": n * factor(rows, 0.0),
        "total": math.fsum(totals.values()),
        "total_std_error": math.sqrt(variance(totals)),
    }
p, se = rate(domain("unreg"), persons=False)
size = p * (1 - p) / se**2 * (t_quantile(0.975, 119) / t_quantile(0.975, 9)) ** 2
values["unreg_uncapped"] = clopper_pearson(size * p, size)
values["exit_persons"] = list(rate(domain("exit"), persons=True))

everyone = math.fsum(float(r["w"]) for r in ROWS)
parts = {status: domain(status) for status in ("exit", "unreg")}
share = {d: math.fsum(w for _, w, _, _ in rows) / everyone for d, rows in parts.items()}
p_of = {d: rate(rows, persons=False)[0] for d, rows in parts.items()}
sampled = sum(share.values())
pooled = sum(share[d] * p_of[d] for d in parts) / sampled
least = 1 / sum(len(rows) for rows in parts.values())
smooth = {d: p_of[d] / 2 + max(pooled, least) / 2 for d in parts}
mean = sum(share[d] * smooth[d] for d in parts) / sampled
below = sum(share[d] ** 2 * smooth[d] * (1 - smooth[d]) * factor(parts[d], ICC) for d in parts)
n_used = mean * (1 - mean) * sampled**2 / below
limits = clopper_pearson(n_used * pooled, n_used)
values["composite"] = {"n_used": n_used, "interval": [limit * sampled for limit in limits]}
print(json.dumps(values))
