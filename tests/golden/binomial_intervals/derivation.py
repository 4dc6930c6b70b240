"""Binomial intervals by bisection on sums of binomial chances; Jeffreys by the beta fraction.

Run: python derivation.py
"""

import json
import math
import sys
from pathlib import Path
from statistics import NormalDist

sys.path.insert(0, str(Path(__file__).parents[1]))
from beta import beta_quantile


def at(k: int, n: int, p: float) -> float:
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)


def at_most(k: int, n: int, p: float) -> float:
    return math.fsum(at(i, n, p) for i in range(k + 1))


def root(gap) -> float:
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return (low + high) / 2


def exact(x: int, n: int, tail: float = 0.025) -> list[float]:
    lower = root(lambda p: tail - (1 - at_most(x - 1, n, p))) if x else 0.0
    return [lower, root(lambda p: at_most(x, n, p) - tail)]


def mid_p(x: int, n: int, tail: float = 0.025) -> list[float]:
    lower = root(lambda p: tail - (1 - at_most(x, n, p) + at(x, n, p) / 2)) if x else 0.0
    return [lower, root(lambda p: at_most(x, n, p) - at(x, n, p) / 2 - tail)]


def wilson(x: int, n: int) -> list[float]:
    c, p = NormalDist().inv_cdf(0.975), x / n
    half = c * math.sqrt(p * (1 - p) / n + c * c / (4 * n * n))
    return [(p + c * c / (2 * n) + sign * half) / (1 + c * c / n) for sign in (-1, 1)]


values = {f"clopper_pearson_{x}_{n}": exact(x, n) for x, n in [(0, 300), (3, 300), (6, 300)]}
values |= {f"clopper_pearson_{x}_{n}": exact(x, n) for x, n in [(2, 1000), (20, 1000)]}
values["clopper_pearson_upper_0_300"] = 1 - 0.05 ** (1 / 300)
values["mid_p_0_300_upper"] = 1 - 0.05 ** (1 / 300)
values["mid_p_3_300"] = mid_p(3, 300)
values["wilson_3_300"] = wilson(3, 300)
values["jeffreys_3_300"] = [beta_quantile(q, 3.5, 297.5) for q in (0.025, 0.975)]
print(json.dumps(values))
