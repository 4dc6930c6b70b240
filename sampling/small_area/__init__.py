"""Small areas: estimates that borrow from other areas, for ranking and targeting only.

- ``beta_binomial``: rates of rare events, the default.
- ``fay_herriot``: direct estimates with known variances around a regression.
- ``unit_level``: units with covariates whose means are known for all units.
- ``synthetic``: groups alike everywhere; a mixture by sample size.
- ``benchmarking``: areas that add up to the direct estimate of the whole.
"""

from .benchmarking import benchmark
from .beta_binomial import beta_binomial_areas
from .fay_herriot import fay_herriot, smooth_variances
from .results import (
    BenchmarkedTotal,
    BetaBinomialFit,
    FayHerriotFit,
    NestedErrorFit,
    SmallAreaEstimate,
    SmallAreaEstimates,
)
from .synthetic import sample_size_dependent_areas, synthetic_areas
from .unit_level import unit_level_eblup

__all__ = [
    "BenchmarkedTotal",
    "BetaBinomialFit",
    "FayHerriotFit",
    "NestedErrorFit",
    "SmallAreaEstimate",
    "SmallAreaEstimates",
    "benchmark",
    "beta_binomial_areas",
    "fay_herriot",
    "sample_size_dependent_areas",
    "smooth_variances",
    "synthetic_areas",
    "unit_level_eblup",
]
