"""Small areas: models that lend between areas, for ranking and targeting, never for a decision."""

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from golden_cases import shared_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from statsmodels.regression.mixed_linear_model import MixedLM

from sampling import (
    ArgumentError,
    Design,
    NotConvergedError,
    SamplingError,
    benchmark,
    beta_binomial_areas,
    decide,
    decide_many,
    estimate_proportion,
    fay_herriot,
    read_result,
    sample_size_dependent_areas,
    smooth_variances,
    synthetic_areas,
    unit_level_eblup,
)
from sampling.results import _KINDS
from sampling.small_area._area_variance import AreaModel
from sampling.small_area._quadrature import gauss_rule, mixture_quantile
from sampling.small_area.unit_level import _Nested

STORED = Path(__file__).parent / "stored_results"
modest = settings(deadline=None, max_examples=20)
RATES = (0.002, 0.045, 0.01, 0.06, 0.004, 0.03, 0.0, 0.08)
SIZES = (120, 90, 60, 100, 150, 80, 70, 110)


def townships(count=20, n=50, rate=0.01, icc=0.01, seed=1):
    rng = np.random.default_rng(seed)
    size = (1 - icc) / icc
    truth = rng.beta(rate * size, (1 - rate) * size, count)
    return truth, rng.binomial(n, truth) / n


def column(found, name):
    return np.array([getattr(row, name) for row in found], dtype=float)


# Examples of METHODS.md part 9


def test_milk_by_maximum_likelihood_equals_g60():
    milk = pd.read_csv(shared_folder() / "data" / "sae_milk.csv")
    levels = pd.get_dummies(milk["MajorArea"], drop_first=True, dtype=float)
    found = fay_herriot(list(milk["yi"]), list(milk["SD"] ** 2), levels, method="ml")
    assert found.fit.area_variance == pytest.approx(0.01551750871, rel=1e-6)
    assert found[0].estimate == pytest.approx(1.016173321, rel=1e-6)
    assert found[0].std_error ** 2 == pytest.approx(0.01357993842, rel=1e-6)


def test_arcsine_with_its_bias_corrected_equals_g61():
    found = fay_herriot(RATES, SIZES, transform="arcsine")
    assert found.fit.area_variance == pytest.approx(0.008337332971, rel=1e-9)
    assert found.fit.coefficients[0] == pytest.approx(0.1422191039, rel=1e-9)
    three = (0.005769570766, 0.03980183064, 0.01567914517)
    assert column(found, "estimate")[:3] == pytest.approx(three, rel=1e-9)
    likely = fay_herriot(RATES, SIZES, transform="arcsine", method="ml")
    assert likely.fit.area_variance == pytest.approx(0.0069846, rel=1e-5)


def test_arcsine_rate_and_error_are_those_of_a_squared_sine():
    found = fay_herriot(RATES, SIZES, transform="arcsine", threshold=0.02)
    z, w = np.polynomial.hermite_e.hermegauss(60)
    w = w / w.sum()
    area, psi = found.fit.area_variance, 1 / (4 * SIZES[3])
    middle = found.fit.coefficients[0]
    pull = area / (area + psi)
    middle += pull * (math.asin(math.sqrt(RATES[3])) - middle)
    rate = w @ np.sin(middle + math.sqrt(psi * pull) * z) ** 2
    assert found[3].estimate == pytest.approx(rate, rel=1e-12)
    above = stats.norm.ppf(found[3].above)
    apart = (middle - math.asin(math.sqrt(0.02))) / above
    values = np.sin(middle + apart * z) ** 2
    assert found[3].std_error == pytest.approx(math.sqrt(w @ values**2 - (w @ values) ** 2))


# Hierarchical beta-binomial


def lattice(events, n, regressors, slopes, threshold):
    """Posterior means, limits and chances by a plain lattice over all shared parameters."""
    icc = np.linspace(special.logit(1e-6), special.logit(0.9), 90)
    first = np.linspace(-14.0, 1.0, 150)
    grid = np.stack(np.meshgrid(first, icc, *slopes, indexing="ij"), axis=-1)
    grid = grid.reshape(-1, 2 + len(slopes))
    size = np.exp(-grid[:, 1])
    b = np.column_stack([grid[:, :1], grid[:, 2:]])
    rates = [special.expit(b @ row) for row in regressors]
    logs = special.log_expit(b[:, 0]) + special.log_expit(-b[:, 0])
    logs += special.log_expit(grid[:, 1]) + 20 * special.log_expit(-grid[:, 1])
    logs -= (b[:, 1:] ** 2).sum(axis=1) / (2 * 2.5**2)
    for x, m, rate in zip(events, n, rates, strict=True):
        logs += special.betaln(x + rate * size, m - x + (1 - rate) * size)
        logs -= special.betaln(rate * size, (1 - rate) * size)
    weight = np.exp(logs - logs.max())
    keep = weight > 1e-9
    weight = weight[keep] / weight[keep].sum()
    found = []
    for x, m, rate in zip(events, n, rates, strict=True):
        a, other = x + (rate * size)[keep], m - x + ((1 - rate) * size)[keep]
        part = a[None], other[None], weight[None]
        found.append(
            (
                weight @ (a / (a + other)),
                mixture_quantile(*part, 0.025)[0],
                mixture_quantile(*part, 0.975)[0],
                weight @ special.betaincc(a, other, threshold),
            )
        )
    return np.array(found)


@pytest.mark.parametrize("events", [[0, 0, 1, 0, 3, 0, 0, 2], [0] * 8, [40, 2, 9, 0, 30, 1, 4, 8]])
def test_beta_binomial_areas_agree_with_a_lattice(events):
    n = np.array([50.0, 30, 80, 60, 50, 45.5, 120, 70])
    found = beta_binomial_areas(np.array(events) / n, n, threshold=0.02)
    plain = lattice(events, n, np.ones((8, 1)), [], 0.02)
    ours = np.column_stack([column(found, k) for k in ("estimate", "lower", "upper", "above")])
    assert ours == pytest.approx(plain, rel=1e-3, abs=1e-4)


def test_a_covariate_is_integrated_as_by_a_lattice():
    n, x = np.full(6, 60.0), np.array([0, 0, 1, 3, 4, 6])
    land = np.arange(6.0)
    standard = (land - land.mean()) / land.std()
    found = beta_binomial_areas(x / n, n, pd.DataFrame({"land": land}), threshold=0.02)
    regressors = np.column_stack([np.ones(6), standard])
    plain = lattice(x, n, regressors, [np.linspace(-4, 5, 37)], 0.02)
    ours = np.column_stack([column(found, k) for k in ("estimate", "lower", "upper", "above")])
    assert ours == pytest.approx(plain, rel=1e-2, abs=2e-3)
    assert found.fit.coefficients[1] > found.fit.std_errors[1]


def test_many_areas_leave_fewer_nodes_and_the_same_answer(monkeypatch):
    _, rates = townships(count=320, n=200, seed=3)
    n = np.full(320, 200.0)
    few = beta_binomial_areas(rates, n, threshold=0.02)
    monkeypatch.setattr("sampling.small_area._hyper._FEW_AREAS", 10_000)
    more = beta_binomial_areas(rates, n, threshold=0.02)
    for name in ("estimate", "upper", "above"):
        assert column(few, name) == pytest.approx(column(more, name), rel=1e-3, abs=1e-5)


def test_estimated_proportions_go_straight_into_the_areas():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"town": np.repeat(list("abcdef"), 60), "village": np.arange(360) // 10})
    data["poor"] = (rng.random(360) < 0.02).astype(int)
    rows = estimate_proportion(data, "poor", Design(psu="village"), by="town", icc=0.05)
    found = beta_binomial_areas(rows, threshold=0.02)
    sizes = {row.domain[0]: row.n_used for row in rows}
    by_hand = beta_binomial_areas({r.domain[0]: r.estimate for r in rows}, sizes, threshold=0.02)
    assert found == by_hand
    assert smooth_variances(rows) == smooth_variances(
        {row.domain[0]: row.estimate for row in rows}, sizes
    )


def test_areas_without_a_sample_get_what_the_others_say():
    rates = dict(zip("abcdefgh", RATES, strict=True))
    land = pd.DataFrame({"land": np.arange(9.0)}, index=list("abcdefghi"))
    sizes = dict(zip("abcdefgh", SIZES, strict=True))
    for found in (
        beta_binomial_areas(rates, sizes, land),
        fay_herriot(rates, smooth_variances(rates, sizes), land),
        fay_herriot(rates, sizes, land, transform="arcsine"),
    ):
        last = found.of("i")
        assert last.direct is None and last.weight == 0 and "no sample" in last.why
        assert last.std_error > max(column(found, "std_error")[:8]) * 0.9
    none = beta_binomial_areas([*RATES, 0.0], [*SIZES, 0])
    assert none[8].direct is None
    assert none[8].estimate == pytest.approx(none.fit.rate, rel=1e-6)


def test_quantiles_of_a_mixture_are_where_its_chance_is_reached():
    a = np.array([[0.05, 4.0, 30.0], [1.0, 1.0, 1.0]])
    b = np.array([[9.0, 90.0, 900.0], [5.0, 50.0, 500.0]])
    weights = np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])
    for prob in (0.2, 0.5, 0.975, 0.9999):
        at = mixture_quantile(a, b, weights, prob)
        reached = (weights * special.betainc(a, b, at[:, None])).sum(axis=1)
        assert reached == pytest.approx(prob, rel=1e-7)
    tiny = np.full((1, 1), 1e-5)
    assert mixture_quantile(tiny, 100 + tiny, np.ones((1, 1)), 0.025)[0] == 0.0


@modest
@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.integers(1, 6))
def test_few_nodes_have_the_moments_of_the_many(values, count):
    many = np.array(values)
    weights = np.arange(1.0, len(many) + 1)
    weights /= weights.sum()
    nodes, mass = gauss_rule(many, weights, count)
    assert mass.sum() == pytest.approx(1)
    for power in range(2 * count):
        assert mass @ nodes**power == pytest.approx(weights @ many**power, abs=1e-7)


@modest
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(20, 300)), min_size=3, max_size=12),
    st.randoms(use_true_random=False),
)
def test_beta_binomial_areas_do_not_depend_on_order_and_lie_within_limits(counts, random):
    areas = {f"a{i}": (x / n, n) for i, (x, n) in enumerate(counts)}
    found = beta_binomial_areas(
        {k: v[0] for k, v in areas.items()}, {k: v[1] for k, v in areas.items()}, threshold=0.02
    )
    names = list(areas)
    random.shuffle(names)
    again = beta_binomial_areas(
        {k: areas[k][0] for k in names}, {k: areas[k][1] for k in names}, threshold=0.02
    )
    for row in found:
        assert 0 <= row.lower < row.estimate < row.upper <= 1
        assert 0 <= row.above <= 1
        assert again.of(row.area).estimate == pytest.approx(row.estimate, rel=1e-6)
        assert again.of(row.area).upper == pytest.approx(row.upper, rel=1e-6)


# Fay-Herriot


def test_zero_own_variances_are_refused_with_the_reason_and_the_way_out():
    _, rates = townships()
    own = rates * (1 - rates) / 50
    with pytest.raises(ArgumentError, match="sample without events") as caught:
        fay_herriot(rates, own)
    assert caught.value.code == "variance-zero"
    assert caught.value.fields["count"] == int((rates == 0).sum())
    for way in ("smooth_variances", "arcsine", "beta_binomial_areas"):
        assert way in str(caught.value)
    sizes = np.full(20, 50.0)
    assert len(fay_herriot(rates, list(smooth_variances(rates, sizes).values()))) == 20
    assert len(fay_herriot(rates, sizes, transform="arcsine")) == 20


def test_smoothed_variances_need_an_event_somewhere():
    with pytest.raises(ArgumentError, match="beta_binomial_areas") as caught:
        smooth_variances([0.0, 0.0], [50, 60])
    assert caught.value.code == "no-events"


def alike():
    """Areas that differ less than their samples would."""
    return [5.0, 5.2, 4.9, 5.1, 5.0, 4.8, 5.1], [1.0, 0.8, 1.2, 1.0, 0.5, 2.0, 1.5]


@pytest.mark.parametrize("method", ["reml", "ml", "fh"])
def test_a_zero_area_variance_hands_over_to_the_adjusted_likelihood(method):
    y, psi = alike()
    found = fay_herriot(y, psi, method=method)
    assert found.fit.asked == method and found.fit.method == "adjusted, yoshimori-lahiri"
    assert found.fit.area_variance > 0 and "as zero" in found.why and found.why in str(found)
    adjusted = fay_herriot(y, psi, method="adjusted")
    assert adjusted.fit.area_variance == found.fit.area_variance and not adjusted.why
    kept = fay_herriot(y, psi, method=method, at_zero="keep")
    assert kept.fit.area_variance == 0 and "regression alone" in kept.why
    assert column(kept, "estimate") == pytest.approx(kept.fit.coefficients[0])
    assert all(0 < row.weight < 0.5 for row in found)


@pytest.mark.parametrize("adjustment", ["yoshimori-lahiri", "li-lahiri"])
def test_the_adjusted_variance_is_the_highest_point_of_the_adjusted_likelihood(adjustment):
    y, psi = (np.array(values) for values in alike())
    found = fay_herriot(y, psi, method="adjusted", adjustment=adjustment).fit.area_variance
    model = AreaModel(y, psi, np.ones((7, 1)))

    def height(area):
        w = 1 / (area + psi)
        rest = y - (w @ y) / w.sum()
        logs = 0.5 * np.log(w).sum() - 0.5 * math.log(w.sum()) - 0.5 * (w * rest**2).sum()
        factor = area if adjustment == "li-lahiri" else math.atan((area * w).sum()) ** (1 / 7)
        return logs + math.log(factor)

    tried = found * np.linspace(0.2, 5, 2001)
    assert height(found) >= max(map(height, tried))
    slope = model._slope("adjusted", adjustment)
    step = 1e-5 * found
    for area in (found / 3, found * 3):
        by_steps = (height(area + step) - height(area - step)) / (2 * step)
        assert slope(area) == pytest.approx(by_steps, rel=1e-5)


def test_each_error_has_the_bias_of_its_own_variance_estimator():
    """Parts of the mean squared error by dense matrices, at the estimates."""
    y, psi = np.array([4.0, 6, 9, 5, 7.5, 2]), np.array([1.0, 1, 4, 1, 2, 0.5])
    x = np.column_stack([np.ones(6), [0.0, 1, 1, 0, 2, 1]])
    for method, adjustment in (
        ("reml", "yoshimori-lahiri"),
        ("ml", "yoshimori-lahiri"),
        ("fh", "yoshimori-lahiri"),
        ("adjusted", "yoshimori-lahiri"),
        ("adjusted", "li-lahiri"),
    ):
        found = fay_herriot(
            y, psi, pd.DataFrame({"x": x[:, 1]}), method=method, adjustment=adjustment
        )
        a = found.fit.area_variance
        v = np.linalg.inv(np.diag(a + psi))
        q = np.linalg.inv(x.T @ v @ x)
        of_a = 12 / np.trace(v) ** 2 if method == "fh" else 2 / np.trace(v @ v)
        bias = {
            "ml": -np.trace(q @ x.T @ v @ v @ x) / np.trace(v @ v),
            "fh": 2 * (6 * np.trace(v @ v) - np.trace(v) ** 2) / np.trace(v) ** 3,
        }.get(method, 2 / (a * np.trace(v @ v)) if adjustment == "li-lahiri" else 0.0)
        b = psi / (a + psi)
        parts = (1 - b) * psi + b**2 * np.diag(x @ q @ x.T) + 2 * b**2 / (a + psi) * of_a
        assert column(found, "std_error") ** 2 == pytest.approx(parts - b**2 * bias, rel=1e-10)


@modest
@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 4)), min_size=4, max_size=12),
    st.floats(0.01, 100),
    st.floats(-10, 10),
    st.sampled_from(["reml", "ml", "fh", "adjusted"]),
)
def test_fay_herriot_follows_a_change_of_unit(rows, scale, shift, method):
    y, psi = np.array(rows).T
    one = fay_herriot(y, psi, method=method, threshold=1.0)
    other = fay_herriot(
        scale * y + shift, scale**2 * psi, method=method, threshold=scale * 1.0 + shift
    )
    for name in ("estimate", "lower", "upper"):
        wanted = scale * column(one, name) + shift
        assert column(other, name) == pytest.approx(wanted, rel=1e-4, abs=1e-4 * scale)
    assert column(other, "above") == pytest.approx(column(one, "above"), abs=1e-4)


@modest
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(10, 900)), min_size=1, max_size=9))
def test_smoothed_variances_fall_with_size_alone(counts):
    x, n = np.array([(0, 50), (1, 40), *counts]).T
    found = smooth_variances(x / n, n)
    assert np.ptp(np.array(list(found.values())) * n) < 1e-12
    assert min(found.values()) > 0


# Unit level


def segments(seed=0, areas=8, each=4):
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(areas), rng.integers(1, each + 2, areas))
    x = rng.normal(10, 3, len(place))
    y = 5 + 2 * x + rng.normal(0, 3, areas)[place] + rng.normal(0, 2, len(place))
    data = pd.DataFrame({"area": place.astype(str), "x": x, "y": y})
    means = pd.DataFrame({"x": rng.normal(10, 1, areas)}, index=np.arange(areas).astype(str))
    return data, means


def test_components_of_variance_equal_those_of_statsmodels():
    data, means = segments(areas=12)
    found = unit_level_eblup(data, "y", ["x"], means, by="area")
    design = np.column_stack([np.ones(len(data)), data["x"]])
    peer = MixedLM(data["y"].to_numpy(), design, groups=data["area"].to_numpy()).fit(reml=True)
    assert found.fit.unit_variance == pytest.approx(peer.scale, rel=1e-4)
    assert found.fit.area_variance == pytest.approx(peer.cov_re[0, 0], rel=1e-3)
    assert found.fit.log_likelihood == pytest.approx(peer.llf, rel=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_unit_level_error_equals_that_of_the_best_linear_predictor(share):
    """Dense matrices, both variances known: what is left is the part of estimating them."""
    data, means = segments(seed=2)
    x = np.column_stack([np.ones(len(data)), data["x"]])
    model = _Nested(data["y"].to_numpy(), x, data["area"].astype(int).to_numpy(), len(means))
    fit = model.fitted()
    wide = np.column_stack([np.ones(len(means)), means["x"]])
    sizes = np.full(len(means), np.inf) if share == 0 else model.n / share
    middle, error, _ = model.predicted(fit, wide, sizes)
    third = model._third(fit.area_variance, fit.unit_variance)
    z = np.eye(len(means))[model.place]
    cover = fit.area_variance * z @ z.T + fit.unit_variance * np.eye(len(x))
    inverse = np.linalg.inv(cover)
    q = np.linalg.inv(x.T @ inverse @ x)
    beta = q @ x.T @ inverse @ model.y
    for t in range(len(means)):
        rest = (wide[t] - share * model.x_mean[t]) / (1 - share)
        link = fit.area_variance * z[:, t]
        lent = rest - x.T @ inverse @ link
        known = fit.area_variance - link @ inverse @ link + lent @ q @ lent
        left = rest @ beta + link @ inverse @ (model.y - x @ beta)
        assert middle[t] == pytest.approx(share * model.y_mean[t] + (1 - share) * left)
        whole = (1 - share) ** 2 * (known + 2 * third[t])
        whole += (1 - share) * fit.unit_variance / sizes[t]
        assert error[t] == pytest.approx(whole, rel=1e-9)


def test_a_county_counted_in_full_is_its_own_mean():
    data, means = segments()
    counted = data.groupby("area")["x"].mean().loc[means.index]
    sizes = data["area"].value_counts().astype(float)
    found = unit_level_eblup(
        data, "y", ["x"], counted.to_frame(), by="area", population_sizes=sizes
    )
    assert column(found, "estimate") == pytest.approx(column(found, "direct"))
    assert column(found, "std_error") == pytest.approx(0.0, abs=1e-6)


@modest
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.floats(-50, 50))
def test_unit_level_follows_a_change_of_unit(seed, scale, shift):
    data, means = segments(seed=seed)
    one = unit_level_eblup(data, "y", ["x"], means, by="area", threshold=25.0)
    moved = data.assign(y=scale * data["y"] + shift)
    other = unit_level_eblup(moved, "y", ["x"], means, by="area", threshold=scale * 25 + shift)
    for name in ("estimate", "upper"):
        wanted = scale * column(one, name) + shift
        assert column(other, name) == pytest.approx(wanted, rel=1e-3, abs=1e-2 * scale)
    assert column(other, "above") == pytest.approx(column(one, "above"), abs=1e-3)


# Estimators without a model's error


@modest
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=1, max_size=6))
def test_synthetic_areas_mix_the_groups_and_know_no_error(counts):
    data = pd.DataFrame({"poor": [1, 0, 0, 0, 1], "school": list("nnyyn"), "w": [1, 3, 2, 2, 1.0]})
    sizes = pd.DataFrame(counts, columns=["n", "y"])
    found = synthetic_areas(data, "poor", "school", sizes, weight="w")
    shares = sizes["n"] / sizes.sum(axis=1)
    assert column(found, "estimate") == pytest.approx(shares * 0.4)
    assert all(row.std_error is None and "no error is stated" in row.why for row in found)
    tripled = synthetic_areas(data, "poor", "school", 3 * sizes, weight="w")
    assert column(tripled, "estimate") == pytest.approx(column(found, "estimate"))


@modest
@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 200), st.floats(1, 100)),
        min_size=1,
        max_size=6,
    ),
    st.floats(0.5, 3),
)
def test_a_mixture_by_sample_size_lies_between_both(rows, share):
    direct, lent, seen, known = np.array(rows).T
    found = sample_size_dependent_areas(direct, lent, seen, known, share=share)
    estimates = column(found, "estimate")
    assert (estimates >= np.minimum(direct, lent) - 1e-12).all()
    assert (estimates <= np.maximum(direct, lent) + 1e-12).all()
    enough = seen >= share * known
    assert estimates[enough] == pytest.approx(direct[enough])


# Benchmarking


@modest
@given(
    st.lists(st.integers(1, 9000), min_size=8, max_size=8),
    st.floats(0.001, 0.2),
    st.sampled_from(["ratio", "difference"]),
)
def test_benchmarked_areas_have_the_direct_mean(sizes, target, method):
    found = benchmark(PLAIN, target, sizes, method=method)
    after = np.average(column(found, "estimate"), weights=sizes)
    assert after == pytest.approx(target, rel=1e-9)
    one = found.benchmarks[0]
    assert one.after == pytest.approx(target, rel=1e-9)
    assert one.before == pytest.approx(np.average(column(PLAIN, "estimate"), weights=sizes))
    move = column(found, "estimate") - column(PLAIN, "estimate")
    grown = column(PLAIN, "std_error") ** 2 + move**2
    assert column(found, "std_error") ** 2 == pytest.approx(grown)


def test_a_difference_moves_least_in_units_of_the_errors():
    sizes = np.arange(1.0, 9)
    found = benchmark(PLAIN, 0.05, sizes, method="difference")
    errors = column(PLAIN, "std_error") ** 2
    move = column(found, "estimate") - column(PLAIN, "estimate")
    least = (move**2 / errors).sum()
    rng = np.random.default_rng(0)
    for _ in range(50):
        other = rng.normal(0, 0.01, 8)
        other -= sizes * (sizes @ other) / (sizes @ sizes)
        assert ((move + other) ** 2 / errors).sum() >= least


def test_raking_reproduces_every_margin():
    groups = pd.DataFrame(
        {"plain": list("aabbaabb"), "far": list("xyxyxyxy")}, index=[str(i + 1) for i in range(8)]
    )
    sizes = np.array([10.0, 20, 30, 40, 15, 25, 35, 45])
    plain, far = {"a": 0.02, "b": 0.03}, {"x": 0.01}
    far["y"] = (0.02 * 70 + 0.03 * 150 - 0.01 * 90) / 130
    aimed = {"plain": plain, "far": far}
    found = benchmark(PLAIN, aimed, sizes, method="raking", groups=groups)
    for one in found.benchmarks:
        assert one.after == pytest.approx(one.target, rel=1e-9)
    far["x"] = 0.05
    with pytest.raises(NotConvergedError, match="same mean"):
        benchmark(PLAIN, aimed, sizes, method="raking", groups=groups)


# What they are not for


def test_small_area_estimates_never_decide():
    rows = {row.area: row for row in PLAIN}
    asked = [
        lambda: decide(PLAIN, 0.02),
        lambda: decide(PLAIN[0], 0.02),
        lambda: decide(PLAIN[0], 0.02, standard="point"),
        lambda: decide(benchmark(PLAIN, 0.02, [1] * 8)[0], 0.02),
        lambda: decide_many(rows, 0.02),
        lambda: decide_many(PLAIN, 0.02),
    ]
    for ask in asked:
        with pytest.raises(SamplingError, match="never decide an area") as caught:
            ask()
        assert caught.value.code == "small-area-decides"
        assert "own sample" in str(caught.value)


def test_no_part_of_a_small_area_result_is_an_interval_or_an_estimate():
    kinds = {type(value).__name__ for row in PLAIN for value in row.to_dict().values()}
    assert kinds <= {"str", "float", "int", "NoneType"}
    assert "never decides" in str(PLAIN) and "never decides" in str(PLAIN[0])


def test_areas_are_ranked_by_estimate_or_by_chance():
    ranked = PLAIN.ranked()
    assert [row.estimate for row in ranked] == sorted(column(PLAIN, "estimate"), reverse=True)
    chances = [row.above for row in PLAIN.ranked("above")]
    assert chances == sorted(chances, reverse=True)
    with pytest.raises(ArgumentError, match="threshold=") as caught:
        benchmark(PLAIN, 0.02, [1] * 8).ranked("above")
    assert caught.value.code == "threshold-missing"


# Refusals

FRAME = pd.DataFrame({"x": np.arange(8.0)})
UNITS, MEANS = segments()


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: beta_binomial_areas(RATES), "n-effective-missing"),
        (lambda: beta_binomial_areas({"a": 0.1, "b": 0.1}, {"a": 5, "c": 5}), "keys-differ"),
        (lambda: beta_binomial_areas([0.1, 1.2], [5, 5]), "values-outside"),
        (lambda: beta_binomial_areas([0.1, 0.1], [5, -1]), "values-outside"),
        (lambda: beta_binomial_areas([0.1, 0.1], [5, math.nan]), "values-outside"),
        (lambda: beta_binomial_areas([0.1, 0.1], [5]), "lengths-differ"),
        (lambda: beta_binomial_areas([0.1], [5]), "too-few-areas"),
        (lambda: beta_binomial_areas([], []), "data-empty"),
        (lambda: beta_binomial_areas(RATES, SIZES, FRAME.head(7)), "lengths-differ"),
        (lambda: beta_binomial_areas(RATES, SIZES, FRAME.assign(y=1.0)), "covariates-collinear"),
        (lambda: beta_binomial_areas(RATES, SIZES, [1] * 8), "data-not-frame"),
        (
            lambda: beta_binomial_areas(
                RATES, SIZES, pd.DataFrame(np.eye(8)[:, :5], columns=list("abcde"))
            ),
            "too-many-covariates",
        ),
        (lambda: beta_binomial_areas(RATES, SIZES, prior_icc=(0, 1)), "number-outside"),
        (lambda: beta_binomial_areas(RATES, SIZES, threshold=2), "share-outside"),
        (lambda: fay_herriot(RATES, [-1.0] * 8), "values-outside"),
        (lambda: fay_herriot([1.0, 2.0], [1.0, 1.0]), "too-few-areas"),
        (lambda: fay_herriot(RATES, SIZES, method="mle"), "choice-unknown"),
        (lambda: fay_herriot(RATES, SIZES, transform="logit"), "choice-unknown"),
        (lambda: fay_herriot([0.1, 0.2, 1.3], [9] * 3, transform="arcsine"), "values-outside"),
        (lambda: unit_level_eblup(UNITS, "y", ["x"], MEANS.head(3), by="area"), "keys-differ"),
        (lambda: unit_level_eblup(UNITS, "y", ["z"], MEANS, by="area"), "column-missing"),
        (lambda: unit_level_eblup(UNITS.head(2), "y", ["x"], MEANS, by="area"), "too-few-areas"),
        (
            lambda: unit_level_eblup(
                UNITS, "y", ["x"], MEANS, by="area", population_sizes=[0.5] * 8
            ),
            "values-outside",
        ),
        (
            lambda: unit_level_eblup(UNITS, "y", ["x"], pd.concat([MEANS, MEANS]), by="area"),
            "area-twice",
        ),
        (
            lambda: unit_level_eblup(
                UNITS.assign(z=UNITS["x"]), "y", ["x", "z"], MEANS.assign(z=MEANS["x"]), by="area"
            ),
            "covariates-collinear",
        ),
        (lambda: synthetic_areas(UNITS, "y", "area", FRAME), "group-unsampled"),
        (lambda: benchmark(PLAIN, 0.02, [0] * 8), "values-outside"),
        (lambda: benchmark(PLAIN, 0.02, [1] * 8, method="raking"), "target-kind"),
        (lambda: benchmark(PLAIN, {"a": {"x": 1.0}}, [1] * 8), "target-kind"),
        (lambda: benchmark(LENT, 0.02, [1, 1], method="difference"), "std-error-missing"),
        (lambda: PLAIN.of("nowhere"), "domain-unknown"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_code(call, code):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert caught.value.code == code


# Stored results

PLAIN = beta_binomial_areas(RATES, SIZES, threshold=0.02)
LENT = sample_size_dependent_areas([0.04, 0.0], [0.02, 0.02], [120, 50], [100, 100])
MOVED = benchmark(PLAIN, 0.02, [1] * 8)
RESULTS = {
    result.kind: result
    for result in (
        MOVED,
        MOVED[0],
        MOVED.benchmarks[0],
        PLAIN.fit,
        fay_herriot(RATES, SIZES, transform="arcsine").fit,
        unit_level_eblup(UNITS, "y", ["x"], MEANS, by="area").fit,
    )
}


def test_every_kind_of_small_areas_is_stored():
    ours = {kind for kind, cls in _KINDS.items() if "small_area" in cls.__module__}
    assert ours == RESULTS.keys()


@pytest.mark.parametrize("kind", RESULTS)
def test_a_small_area_result_survives_json_and_pickle_and_shows_itself(kind):
    result = RESULTS[kind]
    again = read_result(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert again == result == pickle.loads(pickle.dumps(result))
    assert hash(again) == hash(result)
    stored = read_result(json.loads((STORED / f"{kind}.json").read_text("utf-8")))
    assert stored.kind == kind
    assert stored.to_dict().keys() == result.to_dict().keys()
    table = result._table()
    assert str(result) == table.text()
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert len(result.to_frame()) >= 1


# Simulated areas, METHODS.md part 6


def simulated(count, n, rate, icc, replications, seed):
    """Root mean squared error, coverage and bias of each method over many sets of areas."""
    rng = np.random.default_rng(seed)
    size, sizes = (1 - icc) / icc, np.full(count, float(n))
    found = {}
    for _ in range(replications):
        truth = rng.beta(rate * size, (1 - rate) * size, count)
        x = rng.binomial(n, truth)
        x[0] += x.sum() == 0  # smoothed variances need an event
        p = x / n
        limits = stats.beta.ppf(0.025, np.maximum(x, 0.5), n - x + 1) * (x > 0)
        made = {"direct": (p, limits, stats.beta.ppf(0.975, x + 1, n - x))}
        smooth = list(smooth_variances(p, sizes).values())
        for name, areas in (
            ("beta-binomial", beta_binomial_areas(p, sizes)),
            ("own variances", fay_herriot(p, p * (1 - p) / n, zero_variances="exact")),
            ("smoothed variances", fay_herriot(p, smooth)),
            ("arcsine", fay_herriot(p, sizes, transform="arcsine")),
        ):
            made[name] = tuple(column(areas, key) for key in ("estimate", "lower", "upper"))
        for name, (estimate, lower, upper) in made.items():
            held = np.mean((lower <= truth) & (truth <= upper))
            row = (np.mean((estimate - truth) ** 2), held, np.mean(estimate - truth) / rate)
            found.setdefault(name, []).append(row)
    table = {name: np.mean(rows, axis=0) for name, rows in found.items()}
    return {name: (math.sqrt(row[0]), *row[1:]) for name, row in table.items()}


def test_townships_at_one_per_cent_are_held_by_the_beta_binomial_and_lost_by_own_variances():
    found = simulated(20, 50, 0.01, 0.01, 25, seed=7)
    assert found["beta-binomial"][1] > 0.92
    assert found["beta-binomial"][0] < 0.8 * found["direct"][0]
    assert found["own variances"][1] < 0.3
    assert found["own variances"][0] > 1.2 * found["beta-binomial"][0]
    assert found["arcsine"][2] < -0.25


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "n", "rate", "icc", "own"),
    [
        (20, 50, 0.01, 0.01, 0.13),
        (20, 50, 0.03, 0.02, 0.25),
        (100, 400, 0.005, 0.005, 0.35),
        (100, 400, 0.015, 0.005, 0.88),
    ],
)
def test_the_table_of_small_areas_comes_out_in_kind(count, n, rate, icc, own):
    found = simulated(count, n, rate, icc, 300 if count == 20 else 60, seed=11)
    print(f"\n{count} areas of {n} at {rate:.1%}, correlation {icc}")
    for name, (error, held, bias) in found.items():
        print(f"  {name:20} rmse {error:.4f} cover {held:.3f} bias {bias:+.0%}")
    assert found["beta-binomial"][1] > 0.935
    assert found["own variances"][1] < own
    errors = {name: row[0] for name, row in found.items()}
    assert errors["beta-binomial"] < min(errors["direct"], errors["own variances"])
    assert errors["beta-binomial"] < 1.05 * errors["smoothed variances"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "villages", "take", "least"),
    [(0.015, 10, 40, 0.93), (0.005, 10, 40, 0.91), (0.015, 30, 33, 0.94)],
)
def test_counties_of_villages_are_held_by_effective_sizes(rate, villages, take, least):
    """Sixty counties that differ by a correlation of .005, their villages by .05 on top."""
    rng = np.random.default_rng(3)
    held, errors, plain = [], [], []
    for _ in range(150):
        truth = np.maximum(rng.beta(rate * 199, (1 - rate) * 199, 60), 1e-9)
        inner = np.repeat(truth, villages)
        seen = rng.binomial(take, rng.beta(inner * 19, (1 - inner) * 19))
        p = seen.reshape(60, villages).sum(axis=1) / (villages * take)
        size = villages * take / (1 + (take - 1) * 0.05)
        found = beta_binomial_areas(p, np.full(60, size))
        inside = (column(found, "lower") <= truth) & (truth <= column(found, "upper"))
        held.append(inside.mean())
        errors.append(np.mean((column(found, "estimate") - truth) ** 2))
        plain.append(np.mean((p - truth) ** 2))
    error, direct = math.sqrt(np.mean(errors)), math.sqrt(np.mean(plain))
    print(f"\n{rate:.1%}, {villages} x {take}: {np.mean(held):.3f}, rmse {error:.4f} {direct:.4f}")
    assert np.mean(held) > least
    assert error < 0.9 * direct


@pytest.mark.slow
def test_errors_of_the_unit_level_model_are_as_large_as_stated():
    rng = np.random.default_rng(5)
    place = np.repeat(np.arange(30), 4)
    means = pd.DataFrame({"x": np.full(30, 10.0)}, index=np.arange(30).astype(str))
    squares, stated, held = [], [], []
    for _ in range(400):
        effects = rng.normal(0, 2, 30)
        x = rng.normal(10, 2, 120)
        y = 5 + 2 * x + effects[place] + rng.normal(0, 3, 120)
        data = pd.DataFrame({"area": place.astype(str), "x": x, "y": y})
        found = unit_level_eblup(data, "y", ["x"], means, by="area")
        truth = 25 + effects
        squares.append(np.mean((column(found, "estimate") - truth) ** 2))
        stated.append(np.mean(column(found, "std_error") ** 2))
        inside = (column(found, "lower") <= truth) & (truth <= column(found, "upper"))
        held.append(inside.mean())
    ratio = np.mean(stated) / np.mean(squares)
    print(f"\nstated over true squared error {ratio:.3f}, coverage {np.mean(held):.3f}")
    assert 0.95 < ratio < 1.06
    assert 0.93 < np.mean(held) < 0.97
