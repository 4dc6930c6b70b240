"""Steps of a size for a proportion, and the best take in a cluster, from their formulas.

Run: python derivation.py
"""

import json
import math
from statistics import NormalDist

z = NormalDist().inv_cdf(0.975)
simple = z * z * 0.02 * 0.98 / 0.01**2
deffed = 1.5 * simple
corrected = deffed / (1 + (deffed - 1) / 2000)
values = {
    "simple": simple,
    "after_fpc_alone": simple / (1 + (simple - 1) / 2000),
    "after_deff": deffed,
    "after_fpc": corrected,
    "after_response": corrected / 0.8,
    "n": math.ceil(corrected / 0.8),
    "takes": [
        math.sqrt(c1 / c2 * (1 - icc) / icc)
        for c1, c2, icc in [(400, 10, 0.05), (100, 4, 0.05), (400, 10, 0.15)]
    ],
}
print(json.dumps(values))
