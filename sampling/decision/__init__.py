"""Decisions against thresholds, with the null and the risk of each claim.

- ``threshold``: one decision, by three standards.
- ``tested``: the exact test that an interval inverts.
- ``further``, ``psus``: units, or whole clusters, that would settle it.
- ``many``: many areas at once, several criteria together.
- ``missing``: what nonresponse can do to a decision.
"""

from .further import FurtherUnits, units_to_settle
from .many import (
    AreaDecision,
    JointDecision,
    ManyDecisions,
    adjust_p_values,
    decide_jointly,
    decide_many,
)
from .missing import NonresponseDecision, ResponseClass, decide_under_nonresponse
from .psus import PsusToShow, psus_to_show_below
from .threshold import Decision, decide

__all__ = [
    "AreaDecision",
    "Decision",
    "FurtherUnits",
    "JointDecision",
    "ManyDecisions",
    "NonresponseDecision",
    "PsusToShow",
    "ResponseClass",
    "adjust_p_values",
    "decide",
    "decide_jointly",
    "decide_many",
    "decide_under_nonresponse",
    "psus_to_show_below",
    "units_to_settle",
]
