"""Monetary-unit sampling for audits of funds: plan, draw, evaluate.

- ``planning``: how many units of money.
- ``selection``: which items they belong to.
- ``bounds``: bounds of a mean taint.
- ``evaluation``: errors of a book total, high items apart, by stratum.
- ``differences``: estimators from a sample of items.
"""

from .bounds import bound_stringer
from .differences import DifferenceEstimate, difference_estimator
from .evaluation import MonetaryEvaluation, MonetaryStratum, evaluate_monetary
from .planning import MonetaryPlan, plan_monetary
from .selection import MonetarySample, select_monetary

__all__ = [
    "DifferenceEstimate",
    "MonetaryEvaluation",
    "MonetaryPlan",
    "MonetarySample",
    "MonetaryStratum",
    "bound_stringer",
    "difference_estimator",
    "evaluate_monetary",
    "plan_monetary",
    "select_monetary",
]
