"""Ten villages of thirty households, events (0,0,0,1,0,0,2,0,0,0), and the same without events.

With replacement: v = m/(m-1) sum (t - mean t)^2 for village totals t = sum (y - p)/n.
Model: deff = 1 + (30 - 1) icc, effective size 300/deff, Clopper-Pearson at it.
Run: python derivation.py
"""

import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from beta import clopper_pearson

events, take = [0, 0, 0, 1, 0, 0, 2, 0, 0, 0], 30
m, n = len(events), len(events) * take
p = sum(events) / n
totals = [(x - take * p) / n for x in events]
variance = m / (m - 1) * math.fsum(t * t for t in totals)
spread = n / (n - 1) * p * (1 - p)
values = {
    "proportion": p,
    "std_error": math.sqrt(variance),
    "n_over_n_effective": variance / (p * (1 - p) / n),
    "deff_with_replacement": variance / (spread / n),
}
for icc in (0.05, 0.10):
    size = n / (1 + (take - 1) * icc)
    values[f"n_used_{icc:.2f}"] = size
    values[f"interval_{icc:.2f}"] = clopper_pearson(size * p, size)
deff = 1 + (take - 1) * 0.05
values["zero_deff"] = deff
values["zero_upper_two_sided"] = 1 - 0.025 ** (deff / n)
values["zero_upper_one_sided"] = 1 - 0.05 ** (deff / n)
print(json.dumps(values))
