"""Confidence intervals of proportions and counts.

- ``simple``: a simple sample; exact, score, mid-p, Jeffreys, finite population.
- ``beta_binomial``: whole clusters, their correlation integrated over a distribution.
- ``effective``: Korn and Graubard's, by an effective sample size.
"""

from .beta_binomial import beta_binomial_limits, interval_beta_binomial
from .effective import (
    Cap,
    interval_korn_graubard,
    korn_graubard_limits,
    korn_graubard_size,
)
from .simple import (
    interval_clopper_pearson,
    interval_hypergeometric,
    interval_jeffreys,
    interval_mid_p,
    interval_wilson,
)

__all__ = [
    "Cap",
    "beta_binomial_limits",
    "interval_beta_binomial",
    "interval_clopper_pearson",
    "interval_hypergeometric",
    "interval_jeffreys",
    "interval_korn_graubard",
    "interval_mid_p",
    "interval_wilson",
    "korn_graubard_limits",
    "korn_graubard_size",
]
