"""Beta distribution from its continued fraction, for derivations; the standard library only."""

import math


def beta_cdf(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function (Abramowitz and Stegun, 26.5.8), by Lentz's method."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_cdf(1 - x, b, a)
    log_front = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, 2000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / (1 + even * d), 1 + even / c
        fraction *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / (1 + odd * d), 1 + odd / c
        fraction *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return math.exp(log_front) / a * fraction


def beta_quantile(q: float, a: float, b: float) -> float:
    """Quantile by bisection."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_cdf(middle, a, b) < q else (low, middle)
    return (low + high) / 2


def clopper_pearson(events: float, n: float, tail: float = 0.025) -> list[float]:
    """Limits for counts that need not be whole."""
    lower = beta_quantile(tail, events, n - events + 1) if events > 0 else 0.0
    upper = beta_quantile(1 - tail, events + 1, n - events) if events < n else 1.0
    return [lower, upper]


def t_quantile(q: float, df: float) -> float:
    """Quantile of Student's t above one half."""
    x = beta_quantile(2 * (1 - q), df / 2, 0.5)
    return math.sqrt(df * (1 - x) / x)
