"""Suspected cases and rulings, what has to be rectified, and checks of step logs."""

from .cases import CLOSED, accept_ruling, case_state, open_cases, rulings_on
from .procedures import FAULTS, check_county_steps, check_household_steps, count_complete
from .rectification import MEASURES, rectifications

__all__ = [
    "CLOSED",
    "FAULTS",
    "MEASURES",
    "accept_ruling",
    "case_state",
    "check_county_steps",
    "check_household_steps",
    "count_complete",
    "open_cases",
    "rectifications",
    "rulings_on",
]
