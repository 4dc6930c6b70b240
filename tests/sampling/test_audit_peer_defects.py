"""Where well-known software of audit sampling errs, ours must not: AUDIT_SAMPLING.md part 1."""

import inspect
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sampling import (
    Frame,
    SamplingError,
    SequentialTest,
    combine_seed,
    decide,
    draw_stratified,
    extend_draw,
    interval_clopper_pearson,
    interval_hypergeometric,
    interval_stratified,
    plan_of_size,
    plan_second_wave,
    sprt,
)


def test_no_error_found_leaves_none_as_the_lower_limit():
    """A peer has .001 for N = 1,000, n = 20, 0 errors: it runs its upper routine for both ends."""
    assert interval_hypergeometric(0, 20, 1000).lower == 0
    assert interval_hypergeometric(0, 20, 1000, side="lower").lower == 0


@given(errors=st.integers(1, 19), size=st.integers(100, 600))
@settings(deadline=None, max_examples=30)
def test_the_lower_limit_is_the_first_count_that_as_many_errors_do_not_reject(errors, size):
    found = interval_hypergeometric(errors, 20, size, side="lower").lower
    held = np.arange(errors, size - 20 + errors + 1)
    kept = held[stats.hypergeom.sf(errors - 1, size, held, 20) > 0.05 * (1 + 1e-9)]
    assert found * size == pytest.approx(kept[0])


def test_the_stratified_bound_needs_no_seed_and_adds_no_error_a_stratum():
    """A peer's bound of 25 clean strata of 200 (16 seen) is 7.3 %; the exact one .70 %."""
    assert not {"rng", "seed"} & set(inspect.signature(interval_stratified).parameters)
    strata = [0] * 25, [16] * 25, [200] * 25
    found = interval_stratified(*strata, side="upper")
    assert found == interval_stratified(*strata, side="upper")
    assert found.upper * 5000 == pytest.approx(35)


def failing_share(test, again, reps=4000, steps=1500):
    """Share of courses at the acceptable rate that fail; ``again`` sums the log ratio once more."""
    rng = np.random.default_rng(55)
    wrong = rng.random((reps, steps)) < test.acceptable_rate
    up = math.log(test.rejectable_rate / test.acceptable_rate)
    down = math.log1p(-test.rejectable_rate) - math.log1p(-test.acceptable_rate)
    logs = np.cumsum(np.where(wrong, up, down), axis=1)
    if again:
        logs = np.cumsum(logs, axis=1)
    high = math.log((1 - test.consumer_risk) / test.producer_risk)
    low = math.log(test.consumer_risk / (1 - test.producer_risk))
    fails = np.where((logs >= high).any(axis=1), (logs >= high).argmax(axis=1), steps)
    passes = np.where((logs <= low).any(axis=1), (logs <= low).argmax(axis=1), steps)
    return float((fails < passes).mean())


def test_walds_ratio_is_taken_once():
    """A peer multiplies the ratio twice: 39 % false alarms at 5 %; ours keeps to its limits."""
    test = sprt(acceptable_rate=0.3, rejectable_rate=0.5)
    once = failing_share(test, again=False)
    assert once <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 4000)
    assert failing_share(test, again=True) > 0.15
    rng = np.random.default_rng(56)
    fails = 0
    for course in np.cumsum(rng.random((600, 200)) < 0.3, axis=1):
        said = (test.conclude(int(k), n) for n, k in enumerate(course, start=1))
        fails += next((what for what in said if what != "inconclusive"), "") == "fail"
    assert fails / 600 == pytest.approx(once, abs=0.03)


def test_three_of_150_is_not_2_point_3_percent():
    """A guidance prints 2.3 %: its square root was dropped."""
    z = stats.norm.ppf([0.95, 0.975])
    normal = 0.02 + z * math.sqrt(0.02 * 0.98 / 150)
    assert normal == pytest.approx([0.0388, 0.0424], abs=5e-5)
    one = interval_clopper_pearson(3, 150, side="upper")
    two = interval_clopper_pearson(3, 150)
    assert (one.upper, two.upper) == pytest.approx((0.0509, 0.0573), abs=5e-5)
    assert decide(one, 0.05, risk=0.05).conclusion == "inconclusive"
    assert decide(one, 0.023, risk=0.05).conclusion == "inconclusive"


def test_a_seed_follows_from_what_was_published_and_committed():
    """A peer lets the seed change while a preview runs: here list, design and shares are in it."""
    parts = {
        "root": "ab" * 32,
        "design_digest": "cd" * 32,
        "public": "38471920561029384756",
        "shares": ["ef" * 32],
    }
    seed = combine_seed(*parts.values())
    for name, other in (
        ("root", "aa" * 32),
        ("design_digest", "cc" * 32),
        ("public", "38471920561029384757"),
        ("shares", ["ee" * 32]),
    ):
        assert combine_seed(*(parts | {name: other}).values()) != seed


def any_look(bounds, looks, reps, rng):
    """Share of courses at 2 % that pass at any look; bounds by units seen."""
    steps = np.diff([0, *looks])
    seen = np.cumsum(rng.binomial(steps, 0.02, (reps, len(looks))), axis=1)
    return float((seen <= np.array(bounds)).any(axis=1).mean())


def test_sizes_chosen_after_looking_are_refused_and_this_is_what_they_cost():
    """A peer fixes one seed for all rounds and lets their sizes be chosen by who saw the first."""
    single = plan_of_size(300, rejectable_rate=0.02)
    with pytest.raises(SamplingError, match="chosen after looking") as caught:
        plan_second_wave(single, n=300, errors=2, further=300)
    assert caught.value.code == "second-wave-undeclared"
    rng = np.random.default_rng(57)
    looks = list(range(200, 2001, 50))
    bounds = [plan_of_size(n, rejectable_rate=0.02).acceptance_number for n in looks]
    assert any_look(bounds, looks, 20_000, rng) > 0.12
    # The same looks by a test for a large population: the price of looking is in its limits.
    test = SequentialTest(100_000, 0.02)
    limits = []
    for n in looks:
        passing = [k for k in range(n // 40) if test.update(k, n).conclusion == "pass"]
        limits.append(max(passing, default=-1))
    assert any_look(limits, looks, 20_000, rng) <= 0.05


def test_a_further_wave_continues_the_order_and_leaves_the_first():
    frame = Frame.of([f"H{k:03d}" for k in range(40)])
    first = draw_stratified(frame, {"": 5}, seed="dice 271828")
    more = extend_draw(first, frame, {"": 4})
    whole = draw_stratified(frame, {"": 9}, seed="dice 271828")
    ids = [unit.unit_id for unit in more.units]
    assert ids[:5] == [unit.unit_id for unit in first.units]
    assert ids == [unit.unit_id for unit in whole.units]
