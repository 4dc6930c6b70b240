"""Whole designs simulated: intervals cover and false passes keep to their risk."""

import math

import numpy as np
import pytest

from sampling import korn_graubard_limits

REPS = 10_000


def county(rng, n, psus, icc, rate):
    """Event counts in samples of n/psus households of each of ``psus`` villages."""
    take, scale = n // psus, (1 - icc) / icc
    chance = rng.beta(rate * scale, (1 - rate) * scale, (REPS, psus))
    return rng.binomial(take, chance).sum(axis=1), 1 + (take - 1) * icc


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.002, 0.01, 0.02, 0.03, 0.1])
@pytest.mark.parametrize("icc", [0.01, 0.05, 0.15])
@pytest.mark.parametrize(("n", "psus"), [(300, 10), (300, 30), (1000, 10), (1000, 20)])
def test_model_interval_covers_when_the_correlation_is_right(n, psus, icc, rate):
    rng = np.random.default_rng([n, psus, int(1000 * icc), int(1000 * rate)])
    events, deff = county(rng, n, psus, icc, rate)
    lower, upper = korn_graubard_limits(events / n, n / deff)
    slack = 2 * math.sqrt(0.05 * 0.95 / REPS)
    assert ((lower <= rate) & (rate <= upper)).mean() >= 0.95 - slack
    if rate in (0.02, 0.03):
        assert (upper < rate).mean() <= 0.025 + 2 * math.sqrt(0.025 * 0.975 / REPS)
