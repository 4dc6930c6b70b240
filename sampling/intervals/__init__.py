"""Confidence intervals of proportions and counts.

- ``simple``: a simple sample; exact, score, mid-p, Jeffreys, finite population.
- ``beta_binomial``: whole clusters, their correlation integrated over a distribution.
- ``inverted``: Blaker's and Sterne's, a two-sided exact test inverted.
- ``counts``: Poisson counts, and weighted sums of counts.
- ``stratified``: strata of a finite population; ``enumerated`` goes through what they may hold.
- ``effective``: Korn and Graubard's, by an effective sample size.
"""

from .beta_binomial import beta_binomial_limits, interval_beta_binomial
from .counts import interval_gamma, interval_poisson
from .effective import (
    Cap,
    interval_korn_graubard,
    korn_graubard_limits,
    korn_graubard_size,
)
from .inverted import interval_blaker, interval_sterne
from .simple import (
    interval_clopper_pearson,
    interval_hypergeometric,
    interval_jeffreys,
    interval_mid_p,
    interval_wilson,
)
from .stratified import StratifiedInterval, interval_stratified

__all__ = [
    "Cap",
    "StratifiedInterval",
    "beta_binomial_limits",
    "interval_beta_binomial",
    "interval_blaker",
    "interval_clopper_pearson",
    "interval_gamma",
    "interval_hypergeometric",
    "interval_jeffreys",
    "interval_korn_graubard",
    "interval_mid_p",
    "interval_poisson",
    "interval_sterne",
    "interval_stratified",
    "interval_wilson",
    "korn_graubard_limits",
    "korn_graubard_size",
]
