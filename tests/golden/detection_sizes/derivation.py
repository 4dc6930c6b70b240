"""Smallest samples that show a rate below a limit, in whole numbers and fractions throughout.

Hypergeometric: smallest n with P(X <= k) <= risk for M = ceil(rate N) errors among N.
Binomial: the same with independent draws. Table keys are "rate percent/risk percent".
Run: python derivation.py
"""

import json
import math
from fractions import Fraction


def hypergeometric(size: int, rate: Fraction, k: int, risk: Fraction) -> int:
    bad = math.ceil(rate * size)
    for n in range(k + 1, size + 1):
        few = sum(math.comb(bad, x) * math.comb(size - bad, n - x) for x in range(k + 1))
        if few <= risk * math.comb(size, n):
            return n
    raise ValueError("no size")


def binomial(rate: Fraction, k: int, risk: Fraction) -> int:
    n = k + 1
    while True:
        few = sum(math.comb(n, x) * rate**x * (1 - rate) ** (n - x) for x in range(k + 1))
        if few <= risk:
            return n
        n += 1


clean = {
    f"{rate}/{risk}": {
        str(size): hypergeometric(size, Fraction(rate, 100), 0, Fraction(risk, 100))
        for size in sizes
    }
    for rate, risk, sizes in [
        (2, 5, (500, 1000, 5000)),
        (2, 10, (500, 1000, 5000)),
        (2, 1, (1000, 5000)),
        (4, 5, (1000, 5000)),
    ]
}
risk = Fraction(5, 100)
by_errors = {
    str(rate): {
        str(size): [hypergeometric(size, Fraction(rate, 100), k, risk) for k in range(4)]
        for size in (200, 500, 1000, 2000, 5000, 20000)
    }
    | {"unlimited": [binomial(Fraction(rate, 100), k, risk) for k in range(4)]}
    for rate in (2, 3)
}
print(json.dumps({"clean": clean, "by_errors": by_errors}))
