"""Visits as handed in, filed compared with found, and how well inspectors agree."""

from .comparison import ITEMS, compare
from .quality import inspector_error
from .visits import applies, check_visit, soft_checks

__all__ = ["ITEMS", "applies", "check_visit", "compare", "inspector_error", "soft_checks"]
