"""Statistics that point at what to look at again: every result is a lead, not a verdict.

- ``funnel``: raters who find far more or fewer events than chance gives them.
- ``bunching``: windows at a line, with placebo cut-offs.
- ``density``: a jump of the density at a line.
- ``digits``: terminal digits, heaping, Whipple, Benford.
- ``similarity``: near duplicates and batteries answered all alike.
"""

from .bunching import BunchingTest, WindowTest, bunching_test
from .density import DensityDiscontinuity, density_discontinuity
from .digits import DigitHeaping, DigitRow, benford_probs, digit_heaping, whipple_index
from .funnel import Funnel, FunnelRow, funnel_limits
from .similarity import (
    NearDuplicates,
    SimilarPair,
    StraightLining,
    StraightLiningRow,
    near_duplicates,
    straight_lining,
)

__all__ = [
    "BunchingTest",
    "DensityDiscontinuity",
    "DigitHeaping",
    "DigitRow",
    "Funnel",
    "FunnelRow",
    "NearDuplicates",
    "SimilarPair",
    "StraightLining",
    "StraightLiningRow",
    "WindowTest",
    "benford_probs",
    "bunching_test",
    "density_discontinuity",
    "digit_heaping",
    "funnel_limits",
    "near_duplicates",
    "straight_lining",
    "whipple_index",
]
