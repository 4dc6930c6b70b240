"""Second waves: what a rule declared before the draw decides, and what looking again would risk."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sampling import korn_graubard_limits, plan_two_stage
from sampling.acceptance.chances import CountModel

from ..model import WaveNumbers

GOOD_SHARE = 0.25
"""A second wave is worth its villages if it passes counties at this share of the limit."""

_Whole = NDArray[np.int64]


def two_stage_numbers(
    indicator: str,
    limit: str,
    *,
    sizes: tuple[int, int],
    villages: tuple[int, int],
    icc: float,
    confidence: float,
) -> WaveNumbers | None:
    """Return the numbers that decide a rate over two waves, or None where none hold the risk.

    Parameters
    ----------
    indicator : str
        The rate.
    limit : str
        Its limit, decimal text in (0, 1).
    sizes, villages : (int, int)
        Households and villages of the first wave and of the second.
    icc : float
        Intra-cluster correlation to plan with.
    confidence : float
        Of the two-sided interval; half of what it leaves is the risk of a false pass.

    Notes
    -----
    The first number is what the interval of the first wave says, so that its conclusion and the
    plan agree; the last is the largest with which a county at the limit passes, over both waves
    together, within the risk (beta-binomial, exact).
    """
    threshold, risk = float(limit), (1 - confidence) / 2
    deff = 1 + max(0.0, sizes[0] / villages[0] - 1) * icc
    at_once = int(passing_numbers([sizes[0]], deff, threshold, confidence)[0])
    found = None
    for number in range(max(0, at_once), sum(sizes) + 1):
        plan = plan_two_stage(
            acceptable_rate=GOOD_SHARE * threshold,
            rejectable_rate=threshold,
            consumer_risk=risk,
            sizes=sizes,
            icc=icc,
            psus=villages if icc else None,
            first_acceptance_number=at_once,
            acceptance_number=number,
        )
        if plan.consumer_risk > risk:
            break
        found = plan
    if found is None:
        return None
    return WaveNumbers(
        indicator=indicator,
        limit=limit,
        first_size=sizes[0],
        second_size=sizes[1],
        first_acceptance_number=at_once,
        first_rejection_number=found.first_rejection_number,
        acceptance_number=found.acceptance_number,
        false_pass=found.consumer_risk,
        good_rate=found.acceptable_rate,
        pass_good=1 - found.producer_risk,
    )


def clean_villages(limit: float, confidence: float) -> int:
    """Return how many villages, all without a fault, a test valid at any time needs.

    Households of a village are alike, so that the villages are its units; nothing is assumed of
    the rates within them (1 - limit to the power of the villages must not exceed the risk).
    """
    return math.ceil(math.log((1 - confidence) / 2) / math.log(1 - limit))


def passing_numbers(sizes: Sequence[int], deff: float, limit: float, confidence: float) -> _Whole:
    """Return, for each size, the most households wrong whose interval lies below the limit.

    -1 where not even a size without any does.
    """
    n = np.asarray(sizes, dtype=np.float64)
    low = np.full(len(n), -1, dtype=np.int64)
    high: _Whole = np.minimum(n, np.ceil(limit * n) + 1).astype(np.int64)
    while (high - low > 1).any():
        middle = (low + high) // 2
        share = np.maximum(middle, 0) / n
        below = korn_graubard_limits(share, n / deff, confidence=confidence)[1] < limit
        low = np.where(below & (middle >= 0), middle, low)
        high = np.where(below, high, middle)
    return low


def looking_risk(
    limit: float, *, take: int, villages: int, more: int, icc: float, confidence: float
) -> float:
    """Return how often a county at its limit passes if villages are added one by one until it does.

    Parameters
    ----------
    limit : float
        The limit, in (0, 1).
    take : int
        Households of a village.
    villages, more : int
        Villages of the first wave, and those that could be added after looking.
    icc : float
        Intra-cluster correlation.
    confidence : float
        Of the interval that is looked at each time.
    """
    deff = 1 + (take - 1) * icc
    sizes = [take * (villages + added) for added in range(more + 1)]
    passing = passing_numbers(sizes, deff, limit, confidence)
    room = int(passing.max()) + 1
    model = CountModel(name="beta-binomial" if icc else "binomial", icc=icc, psus=1)
    first = CountModel(name=model.name, icc=icc, psus=villages)
    chance = np.asarray(first.pmf(sizes[0], limit, max(room, 1)))
    village = np.asarray(model.pmf(take, limit, max(room, 1)))
    passed = 0.0
    for number in passing:
        passed += float(chance[: number + 1].sum())
        chance[: number + 1] = 0.0
        chance = np.convolve(chance, village)[: max(room, 1)]
    return min(1.0, passed)
