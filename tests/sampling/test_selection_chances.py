"""Drawn often enough, every unit and every pair comes as often as was said.

Both Python peers fail this for Brewer's method, one for Sampford's as well. The frame is the one on
which they were measured (twelve units, sizes 1 to 20, four drawn) with a certain unit and a unit of
size 0 beside them.
"""

import numpy as np
import pytest

from sampling import (
    inclusion_probs,
    joint_inclusion_probs,
    select_bernoulli,
    select_brewer,
    select_pareto,
    select_pivotal,
    select_poisson,
    select_pps_systematic,
    select_sampford,
    select_sequential_poisson,
    select_simple,
    select_stratified,
    select_systematic,
)

FRAMES = {
    "twelve": inclusion_probs([*np.linspace(1, 20, 12), 400, 0], 5),
    "steep": inclusion_probs([1, 1, 2, 3, 5, 8, 13, 21, 34, 55], 6),
    "thirty": inclusion_probs(np.arange(1, 31) ** 1.3, 9),
}
METHODS = {
    "poisson": select_poisson,
    "pps systematic": select_pps_systematic,
    "pps systematic, shuffled": lambda p, rng: select_pps_systematic(p, rng=rng, order="random"),
    "sampford": select_sampford,
    "brewer": select_brewer,
    "pivotal": select_pivotal,
    "pivotal, shuffled": lambda p, rng: select_pivotal(p, rng=rng, order="random"),
    "pareto": select_pareto,
    "sequential poisson": select_sequential_poisson,
}
EQUAL = {
    "simple": lambda rng: select_simple(23, 7, rng=rng),
    "systematic": lambda rng: select_systematic(23, 7, rng=rng),
    "bernoulli": lambda rng: select_bernoulli(23, 7 / 23, rng=rng),
    "stratified": lambda rng: select_stratified([0] * 23, {0: 7}, rng=rng),
}


def largest_z(draw, probs, draws, seed):
    """Largest standardised distance of how often units came from how often they should."""
    rng, hit = np.random.default_rng(seed), np.zeros(probs.size)
    for _ in range(draws):
        hit[draw(rng)] += 1
    assert (hit[probs == 1] == draws).all()
    assert (hit[probs == 0] == 0).all()
    open_ = (probs > 0) & (probs < 1)
    spread = np.sqrt(draws * probs * (1 - probs))[open_]
    return float(np.abs((hit - draws * probs)[open_] / spread).max())


@pytest.mark.parametrize("method", METHODS)
def test_units_come_as_often_as_said_in_short(method):
    probs = FRAMES["twelve"]
    z = largest_z(lambda rng: METHODS[method](probs, rng=rng), probs, 8_000, 20261125)
    assert z < 4


@pytest.mark.slow
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("method", METHODS)
def test_units_come_as_often_as_said(method, frame):
    probs = FRAMES[frame]
    z = largest_z(lambda rng: METHODS[method](probs, rng=rng), probs, 200_000, 7)
    print(f"{method}, {frame}: largest |z| {z:.2f}")
    assert z < 4


@pytest.mark.parametrize("method", EQUAL)
def test_equal_chances_in_short(method):
    assert largest_z(EQUAL[method], np.full(23, 7 / 23), 8_000, 3) < 4


@pytest.mark.slow
@pytest.mark.parametrize("method", EQUAL)
def test_equal_chances(method):
    assert largest_z(EQUAL[method], np.full(23, 7 / 23), 200_000, 4) < 4


@pytest.mark.parametrize("method", ["sampford", "pivotal"])
def test_pairs_come_as_often_as_said(method):
    probs, draws, rng = FRAMES["steep"], 20_000, np.random.default_rng(5)
    joint = joint_inclusion_probs(probs, method)
    hit = np.zeros_like(joint)
    for _ in range(draws):
        chosen = METHODS[method](probs, rng=rng)
        hit[np.ix_(chosen, chosen)] += 1
    spread = np.sqrt(draws * joint * (1 - joint))
    assert (hit[joint < 1e-12] == 0).all()
    sure = spread > 1e-3
    assert (np.abs(hit - draws * joint)[sure] / spread[sure]).max() < 4.5
