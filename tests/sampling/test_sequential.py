"""Tests at any time, confidence sequences, martingales and second waves.

Numbers: AUDIT_SAMPLING.md part 2 (AS) and METHODS.md part 3 and 9 (G).
"""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from sampling import (
    ArgumentError,
    SamplingError,
    SequentialTest,
    alpha_martingale,
    betting_martingale,
    confidence_sequence,
    decide,
    interval_clopper_pearson,
    kaplan_test,
    kelly_bet,
    plan_of_size,
    plan_second_wave,
    plan_two_stage,
    sprt,
    stratified_sequential,
)
from sampling.sequential.strata import _likeliest_at_least, _Stratum


def courses(test, wrong, cap, reps, rng):
    """Conclusion and stopping point of whole courses, looked at after every unit.

    Positions of the wrong units in random orders are all that matters: between two of them the
    number of errors stands still.
    """
    size = test.population_size
    most = min(wrong, 120)
    stops = test.schedule(most).stops
    never = size + 1
    passes = np.array([never if s.pass_from is None else s.pass_from for s in stops])
    fails = np.array([0 if s.fail_until is None else s.fail_until for s in stops])
    order = np.argsort(rng.random((reps, size)), axis=1)[:, :wrong] + 1
    at = np.sort(order, axis=1)[:, : most + 1]
    at = np.hstack([np.zeros((reps, 1), dtype=int), at, np.full((reps, 1), never)])
    pass_at, fail_at = np.full(reps, never), np.full(reps, never)
    for k in range(most + 1):
        here = np.maximum(at[:, k], passes[k])
        pass_at = np.minimum(pass_at, np.where(here < at[:, k + 1], here, never))
        fail_at = np.minimum(fail_at, np.where((k > 0) & (at[:, k] <= fails[k]), at[:, k], never))
    stop = np.minimum(np.minimum(pass_at, fail_at), cap)
    passed = (pass_at <= cap) & (pass_at <= fail_at)
    failed = (fail_at <= cap) & (fail_at < pass_at)
    return passed, failed, stop


def test_stopping_points_of_the_default_priors():
    """AS 41: N = 2,000, K0 = 40, alpha .05."""
    stops = SequentialTest(2000, 0.02).schedule(13).stops
    assert [stops[k].pass_from for k in range(5)] == [171, 290, 389, 478, 559]
    assert [stops[k].fail_until for k in (3, 4, 5, 6, 8, 10, 13)] == [13, 34, 57, 83, 139, 202, 304]


def test_evidence_is_that_of_its_definition():
    test = SequentialTest(300, 0.05, pass_prior=(1, 30), fail_prior=(2, 20))
    held = np.arange(301)
    for errors, n in ((0, 40), (3, 50), (20, 100), (16, 20)):
        found = test.update(errors, n)
        likelihood = stats.hypergeom.pmf(errors, 300, held, n)
        for low, prior, evidence in (
            (True, (1, 30), found.log_pass_evidence),
            (False, (2, 20), found.log_fail_evidence),
        ):
            mine = held < 15 if low else held >= 15
            weight = stats.betabinom.pmf(held, 300, *prior)[mine]
            top = (weight / weight.sum()) @ likelihood[mine]
            bottom = likelihood[~mine].max()
            with np.errstate(divide="ignore"):
                assert evidence == pytest.approx(float(np.log(top) - np.log(bottom)))


@given(
    size=st.integers(50, 3000),
    threshold=st.floats(0.01, 0.6),
    parts=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20)), min_size=1, max_size=4),
)
@settings(deadline=None, max_examples=40)
def test_an_update_adds_and_leaves_the_test_as_it_was(size, threshold, parts):
    test = start = SequentialTest(size, threshold)
    errors = n = 0
    for wrong, right in parts:
        if n + wrong + right > size:
            break
        before = test
        test = test.update(wrong, wrong + right)
        errors, n = errors + wrong, n + wrong + right
        assert (test.errors, test.n) == (errors, n)
        assert before.conclusion in ("inconclusive", test.conclusion)
        assert test.peak_pass >= before.peak_pass
    once = start.update(errors, n)
    assert once.log_pass_evidence == pytest.approx(test.log_pass_evidence)
    assert once.log_fail_evidence == pytest.approx(test.log_fail_evidence)
    assert start == SequentialTest(size, threshold)
    assert test.interval.lower <= errors / max(n, 1) + 1e-12


def test_a_whole_population_is_always_decided():
    for errors, conclusion in ((0, "pass"), (39, "pass"), (40, "fail"), (90, "fail")):
        assert SequentialTest(2000, 0.02).update(errors, 2000).conclusion == conclusion


@given(errors=st.integers(0, 10), extra=st.integers(0, 400), rate=st.floats(0, 0.08))
@settings(deadline=None, max_examples=40)
def test_a_projection_ends_where_the_test_ends(errors, extra, rate):
    test = SequentialTest(2000, 0.02).update(errors, errors + extra)
    more = test.projected(rate)
    if test.conclusion != "inconclusive":
        assert more == 0
        return
    wrong = min(more, math.floor(rate * more + 1e-9))
    assert test.update(wrong, more).conclusion != "inconclusive"


SETTINGS = [(0, 171, 1.0, 171), (4, 216, 0.99, None), (10, 325, 0.96, None)]


@pytest.mark.parametrize(("wrong", "mean", "share", "exact"), SETTINGS)
def test_good_populations_pass_as_soon_as_measured(wrong, mean, share, exact):
    """AS 4.2: N = 2,000, 2 %, cap 700: mean 171, 216, 325; 96.1 % pass at .5 %."""
    rng = np.random.default_rng(41)
    passed, failed, stop = courses(SequentialTest(2000, 0.02), wrong, 700, 1500, rng)
    assert stop.mean() == pytest.approx(mean, rel=0.04)
    assert passed.mean() >= share - 0.02
    assert failed.mean() <= 0.05
    assert exact is None or set(stop) == {exact}


def test_bad_populations_fail_soon():
    """AS 4.2: at 5 % 99.9 % fail, after 185 on average."""
    rng = np.random.default_rng(42)
    passed, failed, stop = courses(SequentialTest(2000, 0.02), 100, 700, 1500, rng)
    assert failed.mean() >= 0.99 and passed.mean() <= 0.002
    assert stop.mean() == pytest.approx(185, rel=0.05)


@pytest.mark.parametrize("size", [200, 2000])
def test_looking_at_every_unit_keeps_both_risks(size):
    """At the threshold itself, and just below it, up to the last unit."""
    rng = np.random.default_rng(43)
    test = SequentialTest(size, 0.02)
    margin = 2 * math.sqrt(0.05 * 0.95 / 3000)
    passed, _, _ = courses(test, test.limit, size, 3000, rng)
    _, failed, _ = courses(test, test.limit - 1, size, 3000, rng)
    # The course ends with the population: who stops last knows all, and half of that is chance.
    assert passed.mean() <= 0.05 + margin
    assert failed.mean() <= 0.05 + margin


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [20, 38, 40, 41, 60, 100])
def test_looking_at_every_unit_keeps_both_risks_at_length(wrong):
    rng = np.random.default_rng(44)
    passed = failed = 0.0
    for _ in range(10):
        one, other, _ = courses(SequentialTest(2000, 0.02), wrong, 2000, 2000, rng)
        passed, failed = passed + one.mean() / 10, failed + other.mean() / 10
    margin = 2 * math.sqrt(0.05 * 0.95 / 20_000)
    assert (failed if wrong < 40 else passed) <= 0.05 + margin


def test_robbins_mixture_of_the_examples():
    """G47: Beta(1, 100) and Beta(1, 1), 0 and 3 of 300."""
    for prior, uppers in (
        ((1, 100), (0.01450059431, 0.03459874905)),
        ((1, 1), (0.02859273978, 0.04917099584)),
    ):
        found = [confidence_sequence(k, 300, prior=prior).upper for k in (0, 3)]
        assert found == pytest.approx(uppers, rel=1e-9)


@given(errors=st.integers(0, 20), extra=st.integers(1, 300), prior=st.sampled_from([1, 20, 99]))
@settings(deadline=None, max_examples=40)
def test_confidence_sequence_in_a_population_is_prior_over_posterior(errors, extra, prior):
    size, n = 500, errors + extra
    if n > size:
        return
    held = np.arange(size + 1)
    before = stats.betabinom.pmf(held, size, 1, prior)
    after = stats.betabinom.pmf(held - errors, size - n, 1 + errors, prior + n - errors)
    ratio = np.divide(before, after, out=np.full(size + 1, np.inf), where=after > 0)
    kept = np.flatnonzero(ratio < 20)
    found = confidence_sequence(errors, n, size, prior=(1, prior))
    assert (found.lower, found.upper) == (kept[0] / size, kept[-1] / size)
    assert found.lower <= errors / n + 1 / size and errors / n - 1 / size <= found.upper
    wide = confidence_sequence(errors, n, size, prior=(1, prior), confidence=0.99)
    assert wide.lower <= found.lower and wide.upper >= found.upper


@pytest.mark.parametrize("wrong", [2, 20, 60])
def test_confidence_sequence_covers_at_all_looks_at_once(wrong):
    rng = np.random.default_rng(47)
    size, reps = 400, 400
    order = np.argsort(rng.random((reps, size)), axis=1) < wrong
    seen = np.cumsum(order, axis=1)
    limits = {
        (k, n): confidence_sequence(int(k), int(n), size)
        for n in range(1, size + 1, 7)
        for k in np.unique(seen[:, n - 1])
    }
    missed = np.zeros(reps, dtype=bool)
    for n in range(1, size + 1, 7):
        for k in np.unique(seen[:, n - 1]):
            found = limits[k, n]
            out = not found.lower <= wrong / size <= found.upper
            missed |= (seen[:, n - 1] == k) & out
    assert missed.mean() <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / reps)


@pytest.mark.parametrize(
    ("rates", "risks", "limits"),
    [
        ((0.01, 0.10), (0.05, 0.20), (0.64980, 1.15626, 0.039747)),
        ((0.005, 0.02), (0.05, 0.05), (2.100943, 2.100943, 0.0108386)),
        ((0.005, 0.03), (0.05, 0.05), (1.620311, 1.620311, 0.0140032)),
        ((0.01, 0.03), (0.05, 0.10), (2.011840, 2.582947, 0.0182381)),
        ((0.05, 0.10), (0.05, 0.05), (3.940554, 3.940554, 0.0723584)),
    ],
)
def test_wald_limits(rates, risks, limits):
    """AS 28, and G41 among them."""
    found = sprt(
        acceptable_rate=rates[0],
        rejectable_rate=rates[1],
        producer_risk=risks[0],
        consumer_risk=risks[1],
    )
    assert (found.h_accept, found.h_reject, found.slope) == pytest.approx(limits, abs=1e-5)
    clean = {(0.005, 0.02): 194, (0.005, 0.03): 116, (0.01, 0.03): 111}.get(rates)
    assert clean is None or found.first_accept_n == clean


@given(good=st.floats(0.001, 0.05), ratio=st.floats(1.5, 9), n=st.integers(1, 500))
@settings(deadline=None, max_examples=40)
def test_wald_test_is_the_likelihood_ratio(good, ratio, n):
    bad = good * ratio
    found = sprt(acceptable_rate=good, rejectable_rate=bad)
    for errors in range(min(n, 12)):
        log = errors * math.log(ratio) + (n - errors) * (math.log1p(-bad) - math.log1p(-good))
        conclusion = found.conclude(errors, n)
        if abs(abs(log) - math.log(19)) > 1e-9:
            assert (conclusion == "fail") == (log >= math.log(19))
            assert (conclusion == "pass") == (log <= -math.log(19))


def test_alpha_of_the_peer():
    """AS 36: eta .75, t .5, N 1,000: stops at 8; x = .75: 14."""
    for value, stop in ((1.0, 8), (0.75, 14)):
        found = alpha_martingale(
            [value] * 60, 0.5, alternative=0.75, population_size=1000, claim="above"
        )
        assert found.shown_at == stop


def test_kaplan_tests_of_the_peer():
    """AS 35: p = 1 over the largest on the way, the last step alone would give more."""
    some = [1, 1, 1, 1, 1, 0]
    markov = kaplan_test(some, 0.5, padding=0.1, claim="above")
    wald = kaplan_test(some, 0.5, method="wald", padding=0.1, claim="above")
    assert kaplan_test([1] * 5, 0.5, claim="above").p_value == 0.03125
    assert markov.p_value == pytest.approx(0.0482828, abs=5e-8)
    assert wald.p_value == pytest.approx(0.0403861, abs=5e-8)
    last = [1 / markov.evidence, 1 / wald.evidence]
    assert last == pytest.approx([0.2897, 0.4039], abs=5e-5)
    ones = [
        kaplan_test([1] * k, 0.5, method="kolmogorov", population_size=10, claim="above").p_value
        for k in (1, 2, 3, 4)
    ]
    assert ones == pytest.approx([0.5, 0.2222, 0.08333, 0.0238095], abs=4e-5)


def test_election_audits_are_special_cases():
    """AS 39: BRAVO is ALPHA with the reported share; Kaplan-Markov of super-simple audits.

    The peer's sizes without a discrepancy (96, 240) are linear bounds; the test itself stops at
    95 and 239.
    """
    for votes, sampled, p in (
        ((1410, 1132), (170, 135), 0.1342382),
        ((2894, 1695), (45, 32), 0.4700203),
    ):
        values = [1.0] * sampled[0] + [0.0] * sampled[1]
        share = votes[0] / sum(votes)
        found = alpha_martingale(values, 0.5, alternative=share, claim="above")
        assert 1 / found.evidence == pytest.approx(p, abs=5e-8)
    twice = 2 * 1.03905

    def inflated(n, errors, margin, confidence=0.9):
        values = [1 - 1 / twice] * errors + [1.0] * (n - errors)
        return kaplan_test(values, 1 - margin / twice, claim="above", confidence=confidence)

    assert inflated(200, 1, 0.0226953).p_value == pytest.approx(0.2143813508, rel=1e-5)
    assert [inflated(300, 0, m).shown_at for m in (0.05, 0.02)] == [95, 239]


def test_betting_clean_costs_no_more_than_the_fixed_size():
    """G45: 149 units at 2 %; Kelly's bet at .5 %."""
    clean = betting_martingale([0.0] * 200, 0.02, bet=1 / 0.98)
    assert clean.shown_at == 149 == math.ceil(148.2837)
    bet, growth = kelly_bet(0.02, 0.005)
    assert bet == pytest.approx(0.7653061224) and growth == pytest.approx(0.008182742861)


@given(
    values=st.lists(st.integers(0, 4).map(lambda k: k / 4), min_size=1, max_size=40),
    threshold=st.floats(0.2, 0.8),
    share=st.floats(0.01, 0.99),
    claim=st.sampled_from(["above", "below"]),
)
@settings(deadline=None, max_examples=50)
def test_alpha_is_betting_under_the_map(values, threshold, share, claim):
    """AS 4.2: lambda = (eta/m - 1)/(u - m)."""
    size = 3 * len(values)
    alternative = threshold + share * (1 - threshold) if claim == "above" else threshold * share
    found = alpha_martingale(
        values, threshold, alternative=alternative, trust=10.0, population_size=size, claim=claim
    )
    eta, t = (alternative, threshold) if claim == "above" else (1 - alternative, 1 - threshold)
    turned = values if claim == "above" else [1 - x for x in values]
    bets, total = [], 0.0
    for step, x in enumerate(turned):
        m = (size * t - total) / (size - step)
        guess = min(1.0, max((10 * eta + total) / (10 + step), m))
        bets.append((guess / m - 1) / (1 - m) if 0 < m < 1 else 0.0)
        total += x
    same = betting_martingale(values, threshold, bet=bets, population_size=size, claim=claim)
    assert same.evidence == pytest.approx(found.evidence, rel=1e-9, abs=1e-300)
    assert same.p_value == pytest.approx(found.p_value)


@given(
    values=st.lists(st.floats(0, 1), min_size=1, max_size=30),
    method=st.sampled_from(["markov", "wald"]),
    padding=st.floats(0, 0.5),
)
@settings(deadline=None, max_examples=30)
def test_kaplan_p_values_never_rise_with_more_values(values, method, padding):
    p = [
        kaplan_test(values[:k], 0.3, method=method, padding=padding).p_value
        for k in range(1, len(values) + 1)
    ]
    assert all(later <= earlier for earlier, later in itertools.pairwise(p))
    assert 0 <= p[-1] <= 1


@given(threshold=st.floats(0.01, 0.5), share=st.floats(0, 0.9), other=st.floats(0, 1))
@settings(deadline=None, max_examples=40)
def test_no_bet_grows_faster_than_kellys(threshold, share, other):
    supposed = share * threshold
    bet, growth = kelly_bet(threshold, supposed)
    tried = other * 0.999 / (1 - threshold)

    def mean_growth(staked):
        right = (1 - supposed) * math.log1p(staked * threshold)
        return right + float(special.xlog1py(supposed, -staked * (1 - threshold)))

    assert mean_growth(tried) <= growth + 1e-12
    assert mean_growth(bet * (1 - 1e-12)) == pytest.approx(growth, abs=1e-9)


def test_partial_errors_keep_their_risk_at_any_time():
    """A population of taints whose mean is the threshold itself."""
    rng = np.random.default_rng(48)
    size, reps = 400, 400
    taints = np.zeros(size)
    taints[:20] = np.linspace(0.2, 1, 20)
    mean = taints.mean()
    shown = 0
    for _ in range(reps):
        order = rng.permutation(taints)[:250]
        found = alpha_martingale(
            order, mean, alternative=mean / 4, trust=100.0, population_size=size
        )
        shown += found.shown
    assert shown / reps <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / reps)


@given(
    strata=st.lists(
        st.tuples(st.integers(3, 14), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=3
    ),
    share=st.floats(0.05, 0.95),
)
@settings(deadline=None, max_examples=50)
def test_likeliest_null_over_strata_is_that_of_enumeration(strata, share):
    made = []
    for size, seen, wrong in strata:
        n = int(seen * size)
        made.append(_Stratum(size=size, n=n, errors=int(wrong * n)))
    limit = max(1, int(share * sum(one.size for one in made)))
    value, counts = _likeliest_at_least(made, limit)
    best = -math.inf
    for held in itertools.product(*(range(one.size + 1) for one in made)):
        if sum(held) >= limit:
            log = 0.0
            for one, k in zip(made, held, strict=True):
                ways = math.comb(k, one.errors) * math.comb(one.size - k, one.n - one.errors)
                every = math.comb(one.size, one.n) * math.comb(one.n, one.errors)
                log += math.log(ways / every) if ways else -math.inf
            best = max(best, log)
    assert value == pytest.approx(best) if best > -math.inf else value == best
    assert best == -math.inf or sum(counts) >= limit


@given(
    seen=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), min_size=2, max_size=2),
)
@settings(deadline=None, max_examples=30)
def test_strata_in_another_order_say_the_same(seen):
    sizes = {"a": 200, "b": 500}
    errors = {key: k for key, (k, _) in zip(sizes, seen, strict=True)}
    n = {key: k + more for key, (k, more) in zip(sizes, seen, strict=True)}
    found = stratified_sequential(errors, n, sizes, 0.05)
    turned = stratified_sequential(errors, n, dict(reversed(sizes.items())), 0.05)
    assert found.log_pass_evidence == pytest.approx(turned.log_pass_evidence)
    assert found.log_fail_evidence == pytest.approx(turned.log_fail_evidence)
    again = stratified_sequential({}, {}, sizes, 0.05).update(errors, n)
    assert again.log_pass_evidence == pytest.approx(found.log_pass_evidence)


def test_one_stratum_is_nearly_the_plain_test():
    plain = SequentialTest(2000, 0.02).update(2, 400)
    found = stratified_sequential({"a": 2}, {"a": 400}, {"a": 2000}, 0.02)
    assert found.log_pass_evidence == pytest.approx(plain.log_pass_evidence, abs=0.1)


def stratified_courses(rates, sizes, cap, reps, rng, step=20):
    """Share passed, share failed and mean size of courses over proportional strata."""
    whole = sum(sizes.values())
    passed = failed = total = 0
    for _ in range(reps):
        orders = {
            key: rng.permutation(size) < round(rates[key] * size) for key, size in sizes.items()
        }
        n = dict.fromkeys(sizes, 0)
        test = stratified_sequential({}, n, sizes, 0.02)
        for upto in range(step, cap + 1, step):
            new = {key: round(upto * size / whole) for key, size in sizes.items()}
            errors = {key: int(orders[key][n[key] : new[key]].sum()) for key in sizes}
            test = test.update(errors, {key: new[key] - n[key] for key in sizes})
            n = new
            if test.conclusion != "inconclusive":
                break
        passed += test.conclusion == "pass"
        failed += test.conclusion == "fail"
        total += sum(n.values())
    return passed / reps, failed / reps, total / reps


def test_strata_pass_soon_when_good():
    """METHODS 3: two strata, N = 5,000: 180 units when clean, 231 at .2 %."""
    rng = np.random.default_rng(50)
    sizes = {"exited": 1500, "unregistered": 3500}
    passed, _, mean = stratified_courses({"exited": 0, "unregistered": 0}, sizes, 400, 1, rng)
    assert passed == 1 and mean <= 200
    rates = {"exited": 0.002, "unregistered": 0.002}
    passed, _, mean = stratified_courses(rates, sizes, 900, 40, rng)
    assert passed == 1 and mean <= 260


def test_strata_keep_the_risk_of_a_false_pass():
    rng = np.random.default_rng(51)
    sizes = {"exited": 200, "unregistered": 400}
    rates = {"exited": 0.05, "unregistered": 0.005}
    passed, _, _ = stratified_courses(rates, sizes, 500, 300, rng, step=10)
    assert passed <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 300)


def test_a_declared_plan_allows_its_own_second_wave_alone():
    plan = plan_two_stage(acceptable_rate=0.007, rejectable_rate=0.02, sizes=(300, 300))
    wave = plan_second_wave(plan, n=300, errors=3)
    assert (wave.n, wave.rule, wave.errors_allowed) == (300, "two-stage", 3)
    test = SequentialTest(2000, 0.02).update(1, 200)
    ours = plan_second_wave(test, further=150)
    assert ours.rule == "anytime"
    assert test.update(ours.errors_allowed, 150).conclusion == "pass"
    assert test.update(ours.errors_allowed + 1, 150).conclusion == "inconclusive"
    strata = stratified_sequential({}, {"a": 50}, {"a": 900, "b": 900}, 0.02)
    assert plan_second_wave(strata, further=60).n == 60


@given(errors=st.integers(0, 12), n=st.integers(12, 900), further=st.integers(1, 900))
@settings(deadline=None, max_examples=40)
def test_a_wave_by_the_test_passes_with_what_it_allows_and_no_more(errors, n, further):
    test = SequentialTest(2000, 0.02).update(errors, n)
    if test.conclusion != "inconclusive":
        with pytest.raises(SamplingError):
            plan_second_wave(test, further=further)
        return
    wave = plan_second_wave(test, further=further)
    least = -1 if wave.errors_allowed is None else wave.errors_allowed
    for wrong in range(min(least + 2, further) + 1):
        assert (test.update(wrong, further).conclusion == "pass") == (wrong <= least)


PLAN = plan_two_stage(acceptable_rate=0.007, rejectable_rate=0.02, sizes=(300, 300))
OPEN = SequentialTest(2000, 0.02).update(1, 200)
SINGLE = plan_of_size(300, rejectable_rate=0.02)
UNDECIDED = decide(interval_clopper_pearson(3, 300), 0.02)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: plan_second_wave(SINGLE, n=300, errors=2), "second-wave-undeclared"),
        (lambda: plan_second_wave(UNDECIDED, n=300, errors=3), "second-wave-undeclared"),
        (lambda: plan_second_wave(None, n=300, errors=3), "second-wave-undeclared"),
        (lambda: plan_second_wave(PLAN, n=290, errors=3), "first-wave-differs"),
        (lambda: plan_second_wave(PLAN, n=300, errors=0), "already-decided"),
        (lambda: plan_second_wave(PLAN, n=300, errors=9), "already-decided"),
        (lambda: plan_second_wave(PLAN, n=300, errors=3, further=200), "size-after-looking"),
        (lambda: plan_second_wave(OPEN, n=210, errors=1), "first-wave-differs"),
        (lambda: plan_second_wave(OPEN.update(0, 400)), "already-decided"),
        (lambda: plan_second_wave(PLAN, errors=3), "count-outside"),
    ],
)
def test_other_second_waves_are_refused_with_the_reason(call, code):
    with pytest.raises(SamplingError) as caught:
        call()
    assert caught.value.code == code


def looks(values, bounds, reps):
    """Share of courses that any of two looks passes."""
    first, whole = values
    return float(((first <= bounds[0]) | (whole <= bounds[1])).sum() / reps)


def test_a_wave_chosen_after_looking_costs_what_is_said():
    """G44: 5.3 % for 300 + 300 by counts; METHODS 3: 8 % for measurements."""
    rng = np.random.default_rng(52)
    reps = 200_000
    first = rng.binomial(300, 0.02, reps)
    whole = first + rng.binomial(300, 0.02, reps)
    single = [plan_of_size(n, rejectable_rate=0.02) for n in (300, 600)]
    bounds = [plan.acceptance_number for plan in single]
    naive = looks((first, whole), bounds, reps)
    assert naive == pytest.approx(0.05315278376, abs=0.0015)
    assert naive > 0.05 >= max(plan.consumer_risk for plan in single)
    planned = (first <= PLAN.first_acceptance_number) | (whole <= PLAN.acceptance_number)
    assert planned.mean() == pytest.approx(PLAN.consumer_risk, abs=0.0015)
    one, two = rng.standard_normal(reps), rng.standard_normal(reps)
    z = stats.norm.ppf(0.05)
    smooth = looks((one, (one + two) / math.sqrt(2)), (z, z), reps)
    assert smooth == pytest.approx(0.08, abs=0.005)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: SequentialTest(1, 0.02), "count-outside"),
        (lambda: SequentialTest(100, 2), "fraction-outside"),
        (lambda: SequentialTest(100, 0.02).update(0, 101), "count-outside"),
        (lambda: SequentialTest(100, 0.02, pass_prior=(0, 1)), "number-outside"),
        (lambda: confidence_sequence(3, 2), "count-outside"),
        (lambda: sprt(acceptable_rate=0.0, rejectable_rate=0.1), "fraction-outside"),
        (
            lambda: sprt(acceptable_rate=0.01, rejectable_rate=0.1, producer_risk=0.96),
            "risks-too-large",
        ),
        (lambda: alpha_martingale([0.0], 0.02, alternative=0.03), "alternative-side"),
        (lambda: alpha_martingale([2.0], 0.02, alternative=0.0), "values-outside"),
        (lambda: alpha_martingale([0.0], 0.02, alternative=0.0, trust=0.0), "number-outside"),
        (lambda: betting_martingale([0.0], 0.02, bet=[0.1, 0.2]), "length-differs"),
        (lambda: kaplan_test([0.0], 0.02, method="kolmogorov"), "model-arguments"),
        (lambda: stratified_sequential({}, {}, {}, 0.02), "strata-empty"),
        (lambda: stratified_sequential({"c": 1}, {}, {"a": 9}, 0.02), "keys-differ"),
        (lambda: stratified_sequential({"a": 1}, {}, {"a": 9}, 0.02), "count-outside"),
    ],
)
def test_refusals_of_sequences(call, code):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert caught.value.code == code
