"""Properties that hold across modules: sums, scale, order of rows, mirrors, one path as another."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling import (
    ApproximationWarning,
    ArgumentError,
    Design,
    SmallSampleWarning,
    adjust_nonresponse,
    combine_seed,
    commit_share,
    compare_domains,
    compare_to_value,
    composite_part,
    design_effect,
    draw_stratified,
    estimate_composite,
    estimate_double_sampling,
    estimate_mean,
    estimate_proportion,
    estimate_quantile,
    estimate_ratio,
    estimate_total,
    interval_clopper_pearson,
    interval_korn_graubard,
    optimal_cluster_take,
    rao_scott,
    read_result,
    replicate_weights,
    select_stratified,
    size_for_detection,
    size_for_difference,
    size_for_mean,
    size_for_proportion,
    ticket,
    variance_components,
)

seeds = st.integers(0, 10**6)
hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
words = st.text("abcdefghijklmnop-0123456789", max_size=12)
DESIGN = Design(weight="w", strata="h", psu="v", fpc="N")


def survey(seed: int) -> pd.DataFrame:
    """Two or three strata, two to five PSUs in each, rows of unequal weight."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[int, int, int]] = []
    for stratum in range(int(rng.integers(2, 4))):
        psus = int(rng.integers(2, 6))
        for psu in range(psus):
            for _ in range(int(rng.integers(1, 6))):
                rows.append((stratum, stratum * 10 + psu, psus + int(stratum) + 3))
    data = pd.DataFrame(rows, columns=["h", "v", "N"])
    n = len(data)
    return data.assign(
        w=rng.uniform(1, 9, n).round(3),
        y=rng.normal(10, 3, n).round(3),
        x=rng.uniform(1, 5, n).round(3),
        poor=rng.integers(0, 2, n),
        kind=rng.choice(["a", "b"], n),
        answered=rng.integers(0, 2, n),
    )


def pair(rows) -> list[float]:
    return [number for row in rows for number in (row.estimate, row.std_error)]


@given(seed=seeds, factor=st.floats(0.001, 1000))
def test_what_is_a_mean_knows_no_scale_of_weights_and_a_total_scales(seed, factor):
    data = survey(seed)
    scaled = data.assign(w=data["w"] * factor)
    for function, names in (
        (estimate_mean, ("y",)),
        (estimate_ratio, ("y", "x")),
        (estimate_proportion, ("poor",)),
    ):
        one, two = (function(part, *names, DESIGN) for part in (data, scaled))
        assert pair(two) == pytest.approx(pair(one), rel=1e-9, abs=1e-12)
    one, two = (estimate_total(part, "y", DESIGN) for part in (data, scaled))
    assert pair(two) == pytest.approx([factor * x for x in pair(one)], rel=1e-9)


@given(seed=seeds)
def test_no_estimate_knows_the_order_of_rows(seed):
    data = survey(seed)
    moved = data.sample(frac=1, random_state=seed)
    for function, names, more in (
        (estimate_mean, ("y",), {"by": "kind"}),
        (estimate_total, ("y",), {"by": "h"}),
        (estimate_ratio, ("y", "x"), {}),
        (estimate_proportion, ("poor",), {"by": "kind"}),
        (estimate_quantile, ("y",), {"prob": 0.4}),
    ):
        one, two = (function(part, *names, DESIGN, **more) for part in (data, moved))
        assert [row.domain for row in one] == [row.domain for row in two]
        ours, theirs = (
            [(row.estimate, row.lower, row.upper) for row in rows] for rows in (one, two)
        )
        assert np.array(theirs) == pytest.approx(np.array(ours), rel=1e-9, abs=1e-9)


@given(seed=seeds)
def test_strata_named_otherwise_and_psus_named_otherwise_change_nothing(seed):
    data = survey(seed)
    named = data.assign(h="s" + data["h"].astype(str), v="p" + (99 - data["v"]).astype(str))
    one, two = (estimate_mean(part, "y", DESIGN) for part in (data, named))
    assert pair(two) == pytest.approx(pair(one), rel=1e-12)


@given(seed=seeds)
def test_domains_add_up_and_a_domain_is_the_variable_made_zero_elsewhere(seed):
    data = survey(seed)
    parts = estimate_total(data, "y", DESIGN, by="kind")
    whole = estimate_total(data, "y", DESIGN)[0]
    assert sum(row.estimate for row in parts) == pytest.approx(whole.estimate)
    for row in parts:
        zeroed = data.assign(z=data["y"].where(data["kind"] == row.domain[0], 0.0))
        again = estimate_total(zeroed, "z", DESIGN)[0]
        assert row.std_error == pytest.approx(again.std_error, rel=1e-9, abs=1e-9)


@given(seed=seeds)
def test_proportion_of_the_others_mirrors(seed):
    data = survey(seed)
    others = data.assign(poor=1 - data["poor"])
    for form in ("korn-graubard", "korn-graubard-uncapped", "logit", "wilson", "xlogit", "asin"):
        one, two = (
            estimate_proportion(part, "poor", DESIGN, interval=form)[0] for part in (data, others)
        )
        assert two.estimate == pytest.approx(1 - one.estimate, abs=1e-12)
        assert two.lower == pytest.approx(1 - one.upper, abs=1e-9)
        assert two.upper == pytest.approx(1 - one.lower, abs=1e-9)


@given(seed=seeds, method=st.sampled_from(["jackknife", "bootstrap", "subbootstrap"]))
def test_replicates_of_a_linear_statistic_have_their_sums(seed, method):
    """Every replicate weighs each stratum as much as it has PSUs."""
    data = survey(seed)
    one_row = data.drop_duplicates("v").reset_index(drop=True).assign(w=1.0)
    design = Design(weight="w", strata="h", psu="v")
    options = {} if method == "jackknife" else {"n": 40, "rng": np.random.default_rng(seed)}
    made = replicate_weights(one_row, design, method=method, **options)
    factors = made.to_frame().filter(like="replicate_").to_numpy()
    assert (factors >= -1e-12).all()
    for rows in one_row.groupby("h").indices.values():
        sums = factors[rows].sum(axis=0)
        assert sums == pytest.approx(np.full(factors.shape[1], len(rows)), rel=1e-9)
    assert len(made.rscales) == factors.shape[1] == made.count


@given(seed=seeds, strata=st.integers(2, 9), rho=st.floats(0.1, 0.9))
def test_balanced_halves_are_the_linearised_variance_of_a_total(seed, strata, rho):
    """Two PSUs a stratum: factors 2 - rho and rho, balanced so that cross terms vanish."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"h": np.repeat(np.arange(strata), 2), "v": np.arange(2 * strata)})
    data = data.assign(w=rng.uniform(1, 9, 2 * strata), y=rng.normal(10, 3, 2 * strata))
    design = Design(weight="w", strata="h", psu="v")
    linear = estimate_total(data, "y", design)[0]
    for made in (
        replicate_weights(data, design, method="brr"),
        replicate_weights(data, design, method="fay", rho=rho),
    ):
        factors = made.to_frame().filter(like="replicate_").to_numpy() / data[["w"]].to_numpy()
        assert factors[0::2] + factors[1::2] == pytest.approx(2 * np.ones((strata, made.count)))
        found = estimate_total(data, "y", made)[0]
        assert found.std_error == pytest.approx(linear.std_error, rel=1e-9)


@given(seed=seeds)
def test_weights_of_those_who_answered_add_up_within_every_class(seed):
    data = survey(seed)
    first = data.drop_duplicates("kind").index
    data.loc[first, "answered"] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        made, design = adjust_nonresponse(data, DESIGN, "answered", classes="kind")
        scaled = data.assign(w=data["w"] * 7)
        again, _ = adjust_nonresponse(scaled, DESIGN, "answered", classes="kind")
    new = made[design.weight]
    assert (new[made["answered"] == 0] == 0).all()
    for kind, rows in made.groupby("kind"):
        assert new[rows.index].sum() == pytest.approx(data.loc[data["kind"] == kind, "w"].sum())
    assert again[design.weight].to_numpy() == pytest.approx(7 * new.to_numpy())


@given(seed=seeds)
def test_everyone_answering_changes_no_estimate(seed):
    data = survey(seed).assign(answered=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        made, design = adjust_nonresponse(data, DESIGN, "answered", classes="kind")
    assert pair(estimate_mean(made, "y", design)) == pytest.approx(
        pair(estimate_mean(data, "y", DESIGN)), rel=1e-9
    )


@given(seed=seeds, value=st.floats(-20, 40), factor=st.floats(0.01, 100))
def test_test_against_a_value_scales_and_mirrors(seed, value, factor):
    data = survey(seed)
    one = compare_to_value(data, "y", DESIGN, value=value)
    scaled = data.assign(y=data["y"] * factor)
    two = compare_to_value(scaled, "y", DESIGN, value=value * factor)
    assert two.statistic == pytest.approx(one.statistic, rel=1e-6, abs=1e-9)
    assert two.p_value == pytest.approx(one.p_value, rel=1e-6, abs=1e-12)
    turned = compare_to_value(data.assign(y=-data["y"]), "y", DESIGN, value=-value)
    assert turned.statistic == pytest.approx(-one.statistic, rel=1e-9, abs=1e-12)
    assert 0 <= one.p_value <= 1


@given(seed=seeds)
def test_a_paired_test_is_that_of_the_differences_and_domains_swap_sign(seed):
    data = survey(seed)
    if data["kind"].nunique() < 2:
        return
    one = compare_domains(data, "y", DESIGN, by="kind", domains=("a", "b"))
    two = compare_domains(data, "y", DESIGN, by="kind", domains=("b", "a"))
    assert two.difference.estimate == pytest.approx(-one.difference.estimate)
    assert two.p_value == pytest.approx(one.p_value)


@given(
    p=st.integers(0, 1000).map(lambda k: k / 1000),
    n=st.integers(2, 2000),
    effective=st.floats(1, 3000),
    df=st.integers(1, 300),
    confidence=st.floats(0.5, 0.99),
)
def test_korn_graubard_limits_hold_the_estimate_mirror_and_cap(p, n, effective, df, confidence):
    for cap in ("sample-size", "none"):
        options = {"confidence": confidence, "cap": cap}
        found = interval_korn_graubard(p, n, effective, df, **options)
        assert 0 <= found.lower <= p + 1e-9
        assert p - 1e-9 <= found.upper <= 1
        mirror = interval_korn_graubard(1 - p, n, effective, df, **options)
        assert mirror.lower == pytest.approx(1 - found.upper, abs=1e-8)
    capped = interval_korn_graubard(p, n, effective, df, confidence=confidence)
    free = interval_korn_graubard(p, n, effective, df, confidence=confidence, cap="none")
    assert capped.upper - capped.lower >= free.upper - free.lower - 1e-12


@given(counts=st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_korn_graubard_of_a_simple_sample_is_clopper_pearson(counts):
    x, n = counts
    found = interval_korn_graubard(x / n, n, None if x in (0, n) else float(n), max(n - 1, 1))
    exact = interval_clopper_pearson(x, n)
    assert (found.lower, found.upper) == pytest.approx((exact.lower, exact.upper), abs=1e-9)


@given(seed=seeds, factor=st.floats(0.001, 1000), icc=st.floats(0, 1))
def test_a_part_of_a_composite_knows_no_scale_nor_order(seed, factor, icc):
    data = survey(seed)
    design = Design(weight="w", psu="v")
    options = {"name": "a", "share": 0.4, "icc": icc}
    one = composite_part(data, "poor", design, **options)
    moved = data.assign(w=data["w"] * factor).sample(frac=1, random_state=seed)
    two = composite_part(moved, "poor", design, **options)
    assert two.proportion == pytest.approx(one.proportion, rel=1e-9)
    assert two.variance_factor == pytest.approx(one.variance_factor, rel=1e-9)
    assert (two.n, two.events) == (one.n, one.events)
    deff = design_effect(data["w"], icc=icc, psu=data["v"])
    assert one.variance_factor * one.n == pytest.approx(deff)


@given(holder=words, share=hexes, other=hexes)
def test_a_commitment_fits_its_own_share_and_holder_alone(holder, share, other):
    found = commit_share(holder, share)
    assert len(found) == 64
    assert found == commit_share(holder, share)
    assert (found == commit_share(holder, other)) == (share == other)
    assert found != commit_share(holder + "x", share)
    with pytest.raises(ArgumentError):
        commit_share(holder + "|", share)


@given(root=hexes, digest=hexes, public=words, shares=st.lists(hexes, max_size=5))
def test_a_seed_can_be_parted_again_and_each_part_counts(root, digest, public, shares):
    seed = combine_seed(root, digest, public, shares)
    assert seed.split("|")[1:] == [root, digest, public, *shares]
    assert seed != combine_seed(root, digest, public + "1", shares)
    assert seed != combine_seed(root, digest, public, [*shares, "0" * 64])
    assert ticket(seed, "", "u") != ticket(seed + " ", "", "u")
    with pytest.raises(ArgumentError):
        combine_seed(root, digest, public + "|", shares)


@given(seed=seeds)
def test_every_result_is_read_back_equal(seed):
    data = survey(seed)
    part = composite_part(data, "poor", Design(weight="w", psu="v"), name="a", share=0.4, icc=0.05)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ApproximationWarning)
        test = rao_scott(data.assign(rich=1 - data["poor"]), "kind", "h", DESIGN)
    made = [
        DESIGN,
        part,
        test,
        estimate_composite([part]),
        estimate_mean(data, "y", DESIGN, by="kind"),
        estimate_proportion(data, "poor", DESIGN),
        estimate_quantile(data, "y", DESIGN),
        estimate_double_sampling(((9, 3), (2, 30 + seed % 50)), (50, 400)),
        compare_to_value(data, "y", DESIGN),
        variance_components(data, "y", psu="v"),
        size_for_proportion(0.05, expected=0.1 + seed / 3e6),
        size_for_mean(1.0, spread=3.0 + seed / 1e6),
        size_for_difference(0.05, expected=(0.1, 0.2)),
        size_for_detection(0.02 + seed / 1e8),
        optimal_cluster_take(100.0 + seed, 10.0, 0.05),
    ]
    for result in made:
        text = json.dumps(result.to_dict(), allow_nan=False)
        assert read_result(json.loads(text)) == result


@given(seed=seeds, sizes=st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_chances_of_a_stratified_draw_sum_to_its_size(seed, sizes):
    rng = np.random.default_rng(seed)
    strata = np.repeat([f"s{place}" for place in range(len(sizes))], sizes)
    takes = {f"s{place}": int(rng.integers(0, size + 1)) for place, size in enumerate(sizes)}
    frame = pd.DataFrame({"unit_id": [f"u{i}" for i in range(len(strata))], "stratum": strata})
    draw = draw_stratified(frame, takes, seed=f"{seed}")
    drawn = [unit for unit in draw.units if not unit.reserve]
    assert len(drawn) == sum(takes.values())
    for unit in drawn:
        size = sizes[int(unit.stratum[1:])]
        assert unit.inclusion_prob == pytest.approx(takes[unit.stratum] / size)
        assert unit.base_weight * unit.inclusion_prob == pytest.approx(1)
    chosen = select_stratified(strata, takes, rng=rng)
    assert len(chosen) == len(drawn)
    assert pd.Series(strata[chosen]).value_counts().to_dict() == {
        k: n for k, n in takes.items() if n
    }
