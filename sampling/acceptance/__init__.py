"""Acceptance sampling: sizes and numbers fixed before a unit is visited, with their risks.

- ``chances``: distributions of the errors in a sample.
- ``attributes``: one sample, both risks, single units or clusters.
- ``declared``: the opposite null, a declared rate that a sample may contradict.
- ``two_stage``: a second sample under a rule declared before the first.
- ``curve``: the chance of passing by rate.
"""

from .attributes import AttributePlan, plan_attributes, plan_of_size, rate_at_acceptance
from .curve import OperatingCharacteristic, OperatingPoint, operating_characteristic
from .declared import DeclaredLevelPlan, plan_declared_level
from .two_stage import TwoStagePlan, plan_two_stage

__all__ = [
    "AttributePlan",
    "DeclaredLevelPlan",
    "OperatingCharacteristic",
    "OperatingPoint",
    "TwoStagePlan",
    "operating_characteristic",
    "plan_attributes",
    "plan_declared_level",
    "plan_of_size",
    "plan_two_stage",
    "rate_at_acceptance",
]
