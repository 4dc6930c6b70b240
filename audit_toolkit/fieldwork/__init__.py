"""Visits as handed in, filed compared with found, and how well inspectors agree."""

from .comparison import ITEMS, compare
from .quality import inspector_error
from .visits import AT_MOST, LONGEST_REASON, applies, check_visit, soft_checks

__all__ = [
    "AT_MOST",
    "ITEMS",
    "LONGEST_REASON",
    "applies",
    "check_visit",
    "compare",
    "inspector_error",
    "soft_checks",
]
