"""Selection: sizes, probabilities, redone examples, pairs, refusals."""

import hashlib
import itertools
import math

import numpy as np
import pandas as pd
import pytest
from golden_cases import load_golden
from hypothesis import given
from hypothesis import strategies as st

from sampling import (
    ApproximationWarning,
    ArgumentError,
    Design,
    EmptyStratumError,
    FrameTooSmallError,
    LonelyUnitError,
    brewer_draw_probs,
    estimate_total,
    inclusion_probs,
    joint_inclusion_probs,
    order_targets,
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
    variance_from_probs,
)

FIXED = (
    select_pps_systematic,
    select_sampford,
    select_brewer,
    select_pivotal,
    select_pareto,
    select_sequential_poisson,
)
SMALL = (0.2, 0.7, 0.8, 0.5, 0.4, 0.4)

sizes_and_n = st.lists(
    st.sampled_from([0.0, 0.0, 1.0, 1.5, 2.0, 5.0, 9.0, 40.0]), min_size=2, max_size=14
).flatmap(
    lambda sizes: st.tuples(
        st.just(sizes), st.integers(0, sum(size > 0 for size in sizes)), st.integers(0, 999)
    )
)


def chance(seed):
    return np.random.default_rng(seed)


@given(sizes_and_n)
def test_inclusion_probabilities_add_up_and_keep_the_order_of_sizes(drawn):
    sizes, n, _ = drawn
    probs = inclusion_probs(sizes, n)
    assert probs.sum() == pytest.approx(n, abs=1e-9)
    assert ((probs >= 0) & (probs <= 1)).all()
    if n:
        assert ((probs > 0) == (np.array(sizes) > 0)).all()
    order = np.argsort(sizes, kind="stable")
    assert (np.diff(probs[order]) >= -1e-12).all()
    assert inclusion_probs(np.array(sizes) * 7, n) == pytest.approx(probs)
    turned = inclusion_probs(sizes[::-1], n)
    assert turned[::-1] == pytest.approx(probs)


@given(sizes_and_n)
def test_fixed_size_methods_draw_that_many_and_every_certain_unit(drawn):
    sizes, n, seed = drawn
    probs = inclusion_probs(sizes, n)
    for method in FIXED:
        chosen = method(probs, rng=chance(seed))
        assert len(chosen) == n, method.__name__
        assert (np.diff(chosen) > 0).all()
        assert set(np.flatnonzero(probs == 1)) <= set(chosen.tolist())
        assert not set(np.flatnonzero(probs == 0)) & set(chosen.tolist())
        assert np.array_equal(chosen, method(probs, rng=chance(seed)))


@given(sizes_and_n)
def test_poisson_takes_certain_units_and_no_unit_of_size_zero(drawn):
    sizes, n, seed = drawn
    probs = inclusion_probs(sizes, n)
    chosen = set(select_poisson(probs, rng=chance(seed)).tolist())
    assert set(np.flatnonzero(probs == 1)) <= chosen
    assert not set(np.flatnonzero(probs == 0)) & chosen


@given(units=st.integers(1, 60), share=st.floats(0, 1), seed=st.integers(0, 999))
def test_equal_probability_methods_draw_units_of_the_frame_once(units, share, seed):
    n = int(share * units)
    for chosen in (
        select_simple(units, n, rng=chance(seed)),
        select_systematic(units, n, rng=chance(seed)),
    ):
        assert len(chosen) == n == len(set(chosen.tolist()))
        assert all(0 <= place < units for place in chosen)
    u = chance(seed).random(units)
    assert select_bernoulli(units, share, uniforms=u).tolist() == [
        place for place in range(units) if u[place] < share
    ]
    more = select_simple(units, min(units, n + 1), uniforms=u)
    assert set(select_simple(units, n, uniforms=u)) <= set(more)


def test_systematic_selection_reaches_every_unit():
    """Samplics truncates the interval: of 77 units, 10 drawn, its last 7 can never be drawn."""
    hit = np.zeros(77)
    starts = (np.arange(7700) + 0.5) / 1000
    for start in starts:
        hit[select_systematic(77, 10, start=float(start))] += 1
    assert hit / starts.size == pytest.approx(np.full(77, 10 / 77), abs=1e-3)
    assert select_systematic(12, 4, start=2).tolist() == [2, 5, 8, 11]


@given(sizes_and_n)
def test_systematic_probabilities_are_exact_over_all_starts(drawn):
    sizes, n, _ = drawn
    probs = inclusion_probs(sizes, n)
    joint = joint_inclusion_probs(probs, "systematic")
    starts = (np.arange(400) + 0.5) / 400
    hit = np.zeros(probs.size)
    for start in starts:
        hit[select_pps_systematic(probs, start=float(start))] += 1
    assert hit / starts.size == pytest.approx(probs, abs=2 / 400)
    assert joint.sum(axis=1) == pytest.approx(n * probs, abs=1e-9)


@given(sizes_and_n, st.sampled_from(["sampford", "pivotal", "max-entropy", "systematic"]))
def test_pairs_of_a_fixed_size_add_up(drawn, method):
    sizes, n, _ = drawn
    probs = inclusion_probs(sizes, n)
    joint = joint_inclusion_probs(probs, method)
    assert np.allclose(joint, joint.T, atol=1e-12)
    assert np.diag(joint) == pytest.approx(probs, abs=1e-12)
    assert joint.sum(axis=1) == pytest.approx(n * probs, abs=1e-8)
    assert joint.min() >= -1e-12
    if method in ("sampford", "max-entropy"):
        off = ~np.eye(probs.size, dtype=bool)
        assert (joint <= np.outer(probs, probs) + 1e-9)[off].all()


def test_pairs_of_sampford_by_listing_all_samples():
    """P(s) is in proportion to the sum of 1 - pi over s times the product of the odds over s."""
    probs = np.array([0.3, 0.45, 0.7, 0.25, 0.3])
    joint, whole = np.zeros((5, 5)), 0.0
    for sample in itertools.combinations(range(5), 2):
        rows = list(sample)
        weight = (1 - probs[rows]).sum() * (probs[rows] / (1 - probs[rows])).prod()
        joint[np.ix_(rows, rows)] += weight
        whole += weight
    assert joint_inclusion_probs(probs, "sampford") == pytest.approx(joint / whole)


def test_variances_by_pairs_are_unbiased_over_all_samples():
    """Sen-Yates-Grundy with Sampford's pairs, through the design, against the true variance."""
    probs, y = np.array([0.3, 0.45, 0.7, 0.25, 0.3]), np.array([2.0, 5.0, 4.0, 1.0, 3.0])
    joint = joint_inclusion_probs(probs, "sampford")
    mean = true = 0.0
    for sample in itertools.combinations(range(5), 2):
        rows = list(sample)
        chance_of = joint[rows[0], rows[1]]
        design = Design(
            inclusion_prob="p", pps="sen-yates-grundy", joint_probs=joint[np.ix_(rows, rows)]
        )
        data = pd.DataFrame({"y": y[rows], "p": probs[rows]})
        total = estimate_total(data, "y", design)[0]
        mean += chance_of * total.std_error**2
        true += chance_of * (total.estimate - y.sum()) ** 2
    assert mean == pytest.approx(true)


def test_pairs_of_maximum_entropy_by_listing_all_samples():
    free = np.array([0.2, 0.5, 0.4, 0.8, 0.6])
    joint, whole = np.zeros((5, 5)), 0.0
    for sample in itertools.combinations(range(5), 3):
        weight = (free[list(sample)] / (1 - free[list(sample)])).prod()
        joint[np.ix_(sample, sample)] += weight
        whole += weight
    joint /= whole
    assert joint_inclusion_probs(np.diag(joint), "max-entropy") == pytest.approx(joint)


def test_pairs_of_simple_and_poisson_samples():
    assert joint_inclusion_probs([0.4] * 5, "simple")[0, 1] == pytest.approx(0.1)
    assert joint_inclusion_probs([0.4] * 5, "max-entropy")[0, 1] == pytest.approx(0.1)
    assert joint_inclusion_probs([1.0], "simple").tolist() == [[1.0]]
    joint = joint_inclusion_probs([0.5, 0.3, 1.0], "poisson")
    assert joint[0].tolist() == [0.5, 0.15, 0.5]


def test_approximated_pairs_say_so():
    with pytest.warns(ApproximationWarning, match="'brewer' are approximated"):
        joint = joint_inclusion_probs(SMALL, "brewer")
    assert joint.sum(axis=1) == pytest.approx(3 * np.array(SMALL))


@given(sizes_and_n)
def test_brewers_chances_add_up_at_every_draw(drawn):
    sizes, n, seed = drawn
    probs = inclusion_probs(sizes, n)
    chosen: list[int] = []
    for _ in range(n):
        chances = brewer_draw_probs(probs, chosen)
        assert chances.sum() == pytest.approx(1)
        assert (chances >= 0).all()
        assert chances[chosen].sum() == 0
        chosen.append(int(chance(seed).choice(probs.size, p=chances / chances.sum())))


def test_brewers_probabilities_by_listing_all_orders():
    """Exact for n above 2, where both Python peers draw with other probabilities."""
    probs = np.array(SMALL)
    reached = np.zeros(6)
    for drawn in itertools.permutations(range(6), 3):
        path = math.prod(brewer_draw_probs(probs, drawn[:k])[drawn[k]] for k in range(3))
        reached[list(drawn)] += path
    assert reached == pytest.approx(probs, abs=1e-12)


def order_probs(target, n, method):
    """Inclusion probabilities of order sampling by a fine sum over one unit's number."""
    grid = (np.arange(20000) + 0.5) / 20000
    ranks = grid / (1 - grid) if method == "pareto" else grid
    reached = []
    for i in range(target.size):
        below = np.zeros((n, grid.size))
        below[0] = 1
        for j in set(range(target.size)) - {i}:
            limit = ranks / target[i] * target[j]
            p = limit / (1 + limit) if method == "pareto" else np.minimum(limit, 1)
            moved = np.vstack((np.zeros(grid.size), below[:-1]))
            below = below * (1 - p) + moved * p
        reached.append(below.sum(axis=0).mean())
    return np.array(reached)


@pytest.mark.parametrize("method", ["pareto", "sequential-poisson"])
@pytest.mark.parametrize("n", [1, 4, 11])
def test_order_targets_reach_the_probabilities(method, n):
    probs = inclusion_probs(np.linspace(1, 20, 12), n)
    targets = order_targets(probs, method)
    open_ = probs < 1
    left = n - int((~open_).sum())
    reached = order_probs(targets[open_], left, method)
    assert reached == pytest.approx(probs[open_], abs=1e-7)
    assert np.isinf(targets[~open_]).all()


@given(sizes_and_n)
def test_order_targets_keep_the_order_of_probabilities(drawn):
    sizes, n, _ = drawn
    probs = inclusion_probs(sizes, n)
    for method in ("pareto", "sequential-poisson"):
        targets = order_targets(probs, method)
        order = np.argsort(probs, kind="stable")
        rising = targets[order][np.isfinite(targets[order])]
        assert (np.diff(rising) >= -1e-9 * rising[1:]).all()


def test_large_frames_rank_by_nominal_numbers_and_say_so():
    probs = inclusion_probs(chance(1).lognormal(size=4000), 900)
    with pytest.warns(ApproximationWarning, match="too many"):
        chosen = select_sequential_poisson(probs, rng=chance(2))
    u = chance(2).random(4000)
    assert np.array_equal(chosen, select_sequential_poisson(probs, uniforms=u))


@given(sizes_and_n)
def test_larger_order_samples_hold_the_smaller_ones(drawn):
    """The ranking u/x of sequential Poisson sampling does not depend on n, until units are sure."""
    sizes, n, seed = drawn
    u = chance(seed).random(len(sizes))
    probs = inclusion_probs(sizes, n)
    if n and n < sum(size > 0 for size in sizes):
        more = inclusion_probs(sizes, n + 1)
        if not (more == 1).any():
            small = select_sequential_poisson(probs, uniforms=u)
            assert set(small) <= set(select_sequential_poisson(more, uniforms=u))


def test_weights_of_the_sps_example():
    """METHODS.md G55, from the README of R sps: revenue 1 to 10, 100, 150; n = 6."""
    probs = inclusion_probs([*range(1, 11), 100, 150], 6)
    weights = 1 / probs[[3, 7, 8, 9, 10, 11]]
    assert weights == pytest.approx([3.4375, 1.71875, 1.527778, 1.375, 1, 1], rel=1e-6)


def test_probabilities_of_the_certainty_example():
    """METHODS.md G56, from R sampling: sizes 1 to 20, n = 12."""
    probs = inclusion_probs(np.arange(1, 21), 12)
    assert probs[:16] == pytest.approx(np.arange(1, 17) / 17)
    assert probs[16:].tolist() == [1, 1, 1, 1]


def test_order_by_hashed_numbers():
    """METHODS.md G52: numbers from SHA-256, the order of twelve households."""
    names = [f"HH{i:03}" for i in range(1, 13)]
    texts = [f"20240601|province-A,{name}".encode() for name in names]
    u = [int(hashlib.sha256(text).hexdigest(), 16) / 2**256 for text in texts]
    assert u[0] == pytest.approx(0.1548999134, abs=1e-10)
    order = [11, 1, 10, 0, 2, 5, 7, 9, 3, 8, 4, 6]
    for n in range(13):
        assert select_simple(12, n, uniforms=u).tolist() == sorted(order[:n])


def test_order_of_consistent_sampler():
    """METHODS.md G53: Rivest's consistent_sampler, seed 314159, four of six in order."""
    names = ["A-1", "A-2", "A-3", "B-1", "B-2", "B-3"]

    def fraction(seed, name):
        digest = hashlib.sha256(seed.encode()).hexdigest()
        digits = str(int(hashlib.sha256((digest + name).encode()).hexdigest(), 16))
        return float("0." + digits[::-1])

    assert fraction("01382438112797316654", "AB-130") == pytest.approx(0.26299714122838008)
    u = [fraction("314159", name) for name in names]
    order = ["B-2", "B-3", "A-3", "A-2"]
    for n in range(5):
        chosen = [names[place] for place in select_simple(6, n, uniforms=u)]
        assert chosen == sorted(order[:n])


def test_selection_against_r():
    """Size 0, certainty in two rounds, ties: R sampling on a frame of its own."""
    case = load_golden("r_sampling_pps")
    values = case.values
    assert inclusion_probs(values["sizes"], 7) == case.approx("probs")
    for start, rows in zip(values["starts"], values["systematic"], strict=True):
        assert select_pps_systematic(values["open"], start=start).tolist() == rows
    for name, probs, method in (
        ("joint_sampford", "open", "sampford"),
        ("joint_systematic", "open", "systematic"),
        ("joint_large", "large", "sampford"),
        ("joint_two", "two", "sampford"),
    ):
        joint = joint_inclusion_probs(values[probs], method)
        assert joint == pytest.approx(np.array(values[name]), rel=case.rtol, abs=1e-14), name
    variance = variance_from_probs(values["variance_values"], values["variance_probs"])
    assert variance == case.approx("variance_deville")


def test_variances_without_pairs():
    """METHODS.md G58, from R sampling's varest; and what certain units add."""
    y, probs = [3, 7, 2, 9], [0.2, 0.5, 0.3, 0.6]
    assert variance_from_probs(y, probs) == pytest.approx(44.2211690363, rel=1e-11)
    assert variance_from_probs(y, probs, method="hajek") == pytest.approx(43.19753086, rel=1e-9)
    assert variance_from_probs([*y, 50], [*probs, 1]) == pytest.approx(44.2211690363)
    assert variance_from_probs([4, 5], [1, 1]) == 0
    with pytest.raises(LonelyUnitError, match="drawn by chance; got one"):
        variance_from_probs([4, 5], [1, 0.5])


@given(
    sizes=st.lists(st.floats(0.5, 20), min_size=3, max_size=8),
    factor=st.floats(0.1, 10),
)
def test_variance_is_zero_in_proportion_and_scales(sizes, factor):
    probs = inclusion_probs(sizes, 2)
    y = np.array(sizes) ** 1.5
    scale = variance_from_probs(y, probs)
    assert variance_from_probs(factor * y, probs) == pytest.approx(factor**2 * scale, abs=1e-9)
    assert variance_from_probs(factor * probs, probs) == pytest.approx(0, abs=1e-9)


strata_and_sizes = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=60).flatmap(
    lambda strata: st.tuples(
        st.just(strata),
        st.fixed_dictionaries(
            {name: st.integers(0, strata.count(name)) for name in sorted(set(strata))}
        ),
        st.integers(0, 999),
    )
)


@given(strata_and_sizes)
def test_stratified_draws_have_their_sizes_whatever_the_kind_of_strata(drawn):
    strata, sizes, seed = drawn
    codes = [ord(name) - 97 for name in strata]
    by_code = {ord(name) - 97: size for name, size in sizes.items()}
    forms = [
        (strata, sizes),
        (pd.Series(strata, index=range(5, 5 + len(strata))), sizes),
        (pd.Series(strata, dtype="category"), sizes),
        (np.array(codes, dtype=np.int8), by_code),
        (np.array(codes) - 50, {code - 50: size for code, size in by_code.items()}),
    ]
    for values, takes in forms:
        chosen = select_stratified(values, takes, rng=chance(seed))
        assert (np.diff(chosen) > 0).all()
        found = pd.Series(strata).iloc[chosen].value_counts()
        assert {name: int(found.get(name, 0)) for name in sizes} == sizes


def test_stratified_draws_of_large_strata_are_exact_and_even():
    strata = np.repeat(np.arange(3), [200_000, 50_000, 10])
    hit = np.zeros(strata.size)
    for seed in range(40):
        hit[select_stratified(strata, {0: 2000, 1: 50_000, 2: 3}, rng=chance(seed))] += 1
    assert (hit[200_000:250_000] == 40).all()
    halves = hit[:100_000].sum(), hit[100_000:200_000].sum()
    assert sum(halves) == 80_000
    assert abs(halves[0] - 40_000) < 4 * math.sqrt(20_000)
    assert hit[-10:].sum() == 120


X_ERRORS = [
    (lambda: inclusion_probs([1, -1], 1), ArgumentError, "size-negative", "at position 1"),
    (lambda: inclusion_probs([1, 0], 2), FrameTooSmallError, "frame-too-small", "above 0; got 1"),
    (lambda: inclusion_probs([[1]], 1), ArgumentError, "numbers-not-flat", "flat list"),
    (lambda: inclusion_probs(["a"], 1), ArgumentError, "numbers-not-flat", "flat list"),
    (lambda: inclusion_probs([1, 2], {"a": 1}), ArgumentError, "strata-missing", "Give strata"),
    (
        lambda: inclusion_probs([1, 2], 1, strata=["a", "b"]),
        ArgumentError,
        "sizes-not-mapping",
        "for each stratum",
    ),
    (
        lambda: inclusion_probs([1, 2], {"a": 1}, strata=["a", "b"]),
        ArgumentError,
        "sizes-missing",
        "got none for 'b'",
    ),
    (
        lambda: inclusion_probs([1, 2], {"a": 1, "b": 1}, strata=["a", "a"]),
        EmptyStratumError,
        "empty-stratum",
        "got none in 'b'",
    ),
    (lambda: inclusion_probs([1, 2], {"a": 1}, strata=["a"]), ArgumentError, "strata-length", "2"),
    (lambda: select_sampford([0.5, 0.6], rng=chance(1)), ArgumentError, "probs-sum", "whole"),
    (lambda: select_poisson([0.5, 1.6], rng=chance(1)), ArgumentError, "probs-outside", "1.6"),
    (lambda: select_poisson([0.5]), ArgumentError, "chance-source", "got neither"),
    (
        lambda: select_poisson([0.5], rng=chance(1), uniforms=[0.5]),
        ArgumentError,
        "chance-source",
        "got both",
    ),
    (lambda: select_poisson([0.5], rng=7), ArgumentError, "rng-not-generator", "default_rng"),
    (lambda: select_poisson([0.5], uniforms=[1.0]), ArgumentError, "uniforms-outside", "below 1"),
    (
        lambda: select_pareto([0.5, 0.5], uniforms=[0.1]),
        ArgumentError,
        "uniforms-count",
        "must be 2 numbers; got 1",
    ),
    (
        lambda: select_pivotal([0.5, 0.5], uniforms=[0.1], order="random"),
        ArgumentError,
        "chance-source",
        "must have rng",
    ),
    (
        lambda: select_pps_systematic([0.5, 0.5], start=1.0),
        ArgumentError,
        "number-outside",
        "start",
    ),
    (lambda: select_sampford([0.5, 0.5], uniforms=[0.1]), ArgumentError, "uniforms-ended", "more"),
    (lambda: select_simple(3, 4, rng=chance(1)), FrameTooSmallError, "frame-too-small", "n=4"),
    (lambda: select_bernoulli(3, 4.0, rng=chance(1)), ArgumentError, "share-outside", "0.04"),
    (lambda: brewer_draw_probs(SMALL, [0, 0]), ArgumentError, "drawn-wrong", "each once"),
    (lambda: joint_inclusion_probs(SMALL, "simple"), ArgumentError, "probs-unequal", "0.2 to 0.8"),
    (lambda: joint_inclusion_probs(SMALL, "cube"), ArgumentError, "choice-unknown", "sampford"),
    (
        lambda: select_stratified(["a"], {"a": 2}, rng=chance(1)),
        FrameTooSmallError,
        "frame-too-small",
        "must hold the 2 units",
    ),
    (
        lambda: select_stratified(["a"], {"a": 1, "b": 0}, rng=chance(1)),
        EmptyStratumError,
        "empty-stratum",
        "'b'",
    ),
    (
        lambda: select_stratified(["a", "b"], {"a": 1}, rng=chance(1)),
        ArgumentError,
        "sizes-missing",
        "'b'",
    ),
    (
        lambda: select_stratified(["a", None], {"a": 1}, rng=chance(1)),
        ArgumentError,
        "strata-incomplete",
        "Fill them in",
    ),
    (
        lambda: variance_from_probs([1, 2], [0.5]),
        ArgumentError,
        "probs-length",
        "each of the 2 values",
    ),
]


@pytest.mark.parametrize(("call", "error", "code", "phrase"), X_ERRORS)
def test_refusals(call, error, code, phrase):
    with pytest.raises(error, match=phrase) as caught:
        call()
    assert caught.value.code == code


def test_shuffled_lists_draw_as_many_and_no_order_is_kept():
    probs = inclusion_probs(np.arange(1, 11), 4)
    seen = set()
    for seed in range(40):
        for method in (select_pivotal, select_pps_systematic):
            chosen = method(probs, rng=chance(seed), order="random")
            assert len(chosen) == 4
            seen.add(tuple(chosen.tolist()))
    assert len(seen) > 40


def test_sampford_can_be_redone_from_numbers():
    u = chance(5).random(700)
    chosen = select_sampford(SMALL, uniforms=u)
    first = None
    for row in u.reshape(100, 7):
        unit = int(np.searchsorted(np.cumsum(SMALL) / 3, row[0], side="right"))
        drawn = np.flatnonzero(row[1:] < np.array(SMALL)).tolist()
        if len(drawn) == 2 and unit not in drawn:
            first = sorted([*drawn, unit])
            break
    assert chosen.tolist() == first
