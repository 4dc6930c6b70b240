"""From observed households to rates, conclusions, and the outcome of a county."""

from .indicators import indicators
from .observation import observe
from .outcome import conclude
from .pooling import pool_round
from .sentences import outcome_sentence, rate_sentence, settlement_sentence

__all__ = [
    "conclude",
    "indicators",
    "observe",
    "outcome_sentence",
    "pool_round",
    "rate_sentence",
    "settlement_sentence",
]
