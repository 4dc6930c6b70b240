"""Dated, named rule sets as data, and the engine that applies them."""

from .assumptions import Assumption, assumptions
from .engine import approves, judge, net_income
from .load import load_rule_set, load_rule_set_text, rule_set_ids, rule_set_text

__all__ = [
    "Assumption",
    "approves",
    "assumptions",
    "judge",
    "load_rule_set",
    "load_rule_set_text",
    "net_income",
    "rule_set_ids",
    "rule_set_text",
]
