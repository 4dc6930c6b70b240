"""Allocation: how many units each stratum gets.

single         one total: equal, proportional, Neyman, cost-optimal, power
multivariate   several targets at least cost: Bethel and Chromy
results        whole numbers by stratum, with the parts they were rounded from
"""

from .multivariate import allocate_multivariate
from .results import Allocation, MultivariateAllocation, PrecisionTarget, StratumAllocation
from .single import (
    allocate_equal,
    allocate_neyman,
    allocate_optimal,
    allocate_power,
    allocate_proportional,
)

__all__ = [
    "Allocation",
    "MultivariateAllocation",
    "PrecisionTarget",
    "StratumAllocation",
    "allocate_equal",
    "allocate_multivariate",
    "allocate_neyman",
    "allocate_optimal",
    "allocate_power",
    "allocate_proportional",
]
