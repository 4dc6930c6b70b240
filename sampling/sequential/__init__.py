"""Sequences: tests and intervals that may be looked at at any time, and second waves.

- ``finite``: a finite population, both directions; ``likelihood`` its chances.
- ``confidence``: intervals that hold at all times.
- ``strata``: a rate over strata.
- ``betting``: partial errors.
- ``ratio``: Wald's test between two rates.
- ``waves``: which second waves keep the risk.
"""

from .betting import (
    MartingaleTest,
    alpha_martingale,
    betting_martingale,
    kaplan_test,
    kelly_bet,
)
from .confidence import confidence_sequence
from .finite import SequentialSchedule, SequentialStop, SequentialTest
from .ratio import Sprt, sprt
from .strata import StratifiedSequential, stratified_sequential
from .waves import SecondWave, plan_second_wave

__all__ = [
    "MartingaleTest",
    "SecondWave",
    "SequentialSchedule",
    "SequentialStop",
    "SequentialTest",
    "Sprt",
    "StratifiedSequential",
    "alpha_martingale",
    "betting_martingale",
    "confidence_sequence",
    "kaplan_test",
    "kelly_bet",
    "plan_second_wave",
    "sprt",
    "stratified_sequential",
]
