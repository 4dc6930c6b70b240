"""From observed households to rates, conclusions, and the outcome of a county."""

from .counting import nonresponse_bands, status_counts_found, village_counts_found
from .indicators import indicators
from .missed import count_revisits
from .naming import Naming, counties_to_name
from .observation import observe
from .outcome import conclude
from .pooling import pool_round
from .sentences import (
    PROCEDURE,
    criterion_lines,
    outcome_sentence,
    rate_sentence,
    second_wave_sentence,
    settlement_sentence,
)

__all__ = [
    "PROCEDURE",
    "Naming",
    "conclude",
    "count_revisits",
    "counties_to_name",
    "criterion_lines",
    "indicators",
    "nonresponse_bands",
    "observe",
    "outcome_sentence",
    "pool_round",
    "rate_sentence",
    "second_wave_sentence",
    "settlement_sentence",
    "status_counts_found",
    "village_counts_found",
]
