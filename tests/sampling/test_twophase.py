import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling import (
    ArgumentError,
    Design,
    EmptyStratumError,
    LonelyUnitError,
    estimate_double_sampling,
    estimate_mean,
    estimate_proportion,
    two_phase,
)


def register(rng, rows=300) -> pd.DataFrame:
    """A first-phase sample with a filed reading of all and a true one of some."""
    data = pd.DataFrame({"village": rng.integers(0, 15, rows), "filed": rng.integers(0, 2, rows)})
    data["w"] = rng.uniform(5, 9, rows).round(3)
    data["truth"] = np.where(rng.random(rows) < 0.9, data["filed"], 1 - data["filed"])
    seen = pd.Series(False, index=data.index)
    for _, part in data.groupby("filed"):
        seen[rng.choice(part.index, 40, replace=False)] = True
    return data.assign(seen=seen, truth=data["truth"].where(seen))


@given(seed=st.integers(0, 10_000), method=st.sampled_from(["full", "approx", "simple"]))
def test_order_and_scale_do_not_matter(seed, method):
    data = register(np.random.default_rng(seed))
    design = two_phase(Design(weight="w"), sampled="seen", strata="filed", method=method)
    mixed = data.sample(frac=1, random_state=seed).assign(w=lambda d: d["w"] * 7)
    one, two = (estimate_mean(d, "truth", design, by="filed") for d in (data, mixed))
    for a, b in zip(one, two, strict=True):
        assert a.estimate == pytest.approx(b.estimate)
        assert a.std_error == pytest.approx(b.std_error, rel=1e-8)
        assert (a.n, a.df) == (40, 39)


@given(seed=st.integers(0, 10_000))
def test_filed_totals_have_no_second_phase_variance(seed):
    data = register(np.random.default_rng(seed)).assign(one=1.0, N=3000)
    design = two_phase(Design(fpc="N"), sampled="seen", strata="filed")
    plain = estimate_mean(data, "filed", Design(fpc="N"))[0]
    row = estimate_mean(data, "filed", design)[0]
    assert row.estimate == pytest.approx(plain.estimate)
    assert row.std_error == pytest.approx(plain.std_error, rel=1e-6)


@pytest.mark.parametrize("clustered", [False, True])
def test_variance_of_both_phases_is_right_over_many_draws(clustered):
    rng = np.random.default_rng(11)
    village = np.repeat(np.arange(60), 5)
    effect = rng.normal(0, 1, 60)[village] if clustered else 0
    frame = pd.DataFrame({"village": village, "y": rng.normal(10, 1, 300) + effect, "one": 1})
    frame["filed"] = (frame["y"] + rng.normal(0, 1, 300) > 10) * 1
    estimates, variances = [], []
    for _ in range(400):
        if clustered:
            drawn = rng.choice(60, 20, replace=False)
            data = frame[frame["village"].isin(drawn)].assign(N=60, w=3.0).reset_index(drop=True)
            first = Design(psu="village", fpc="N", weight="w")
        else:
            drawn = rng.choice(300, 100, replace=False)
            data = frame.iloc[drawn].assign(N=300, w=3.0).reset_index(drop=True)
            first = Design(fpc="N", weight="w")
        seen = np.zeros(len(data), dtype=bool)
        for _, part in data.groupby("filed"):
            seen[rng.choice(part.index, len(part) // 2, replace=False)] = True
        design = two_phase(first, sampled="seen", strata="filed")
        row = estimate_mean(data.assign(seen=seen), "y", design)[0]
        estimates.append(row.estimate)
        variances.append(row.std_error**2)
    assert np.mean(variances) == pytest.approx(np.var(estimates, ddof=1), rel=0.2)


def test_zero_events_in_the_second_phase_are_finite():
    data = register(np.random.default_rng(1)).assign(truth=lambda d: d["truth"] * 0)
    design = two_phase(Design(weight="w"), sampled="seen", strata="filed")
    row = estimate_proportion(data, "truth", design)[0]
    assert 0 == row.lower < row.upper < 0.1
    found = estimate_double_sampling(((0, 0), (30, 270)), (100, 900), interval="normal")
    assert 0 == found.interval.lower < found.interval.upper < 0.05
    assert found.reliability is None


@given(counts=st.tuples(*[st.integers(1, 50)] * 4), rest=st.tuples(*[st.integers(0, 500)] * 2))
def test_double_sampling_mirrors(counts, rest):
    a, b, c, d = counts
    one = estimate_double_sampling(((a, b), (c, d)), rest)
    two = estimate_double_sampling(((d, c), (b, a)), rest[::-1])
    assert one.estimate == pytest.approx(1 - two.estimate)
    assert one.std_error == pytest.approx(two.std_error)
    assert one.interval.lower == pytest.approx(1 - two.interval.upper)
    assert one.interval.lower <= one.estimate <= one.interval.upper


DATA = register(np.random.default_rng(1))


@pytest.mark.parametrize(
    ("call", "code", "phrase"),
    [
        (lambda: two_phase(Design(), sampled="seen", method="exact"), "choice-unknown", "'full'"),
        (
            lambda: estimate_mean(
                DATA.assign(seen=DATA["filed"]),
                "truth",
                two_phase(Design(), sampled="seen", strata="filed"),
            ),
            "empty-stratum",
            "'0' has none",
        ),
        (
            lambda: estimate_mean(
                DATA.assign(seen=DATA.index < 1), "filed", two_phase(Design(), sampled="seen")
            ),
            "lonely-unit",
            "two second-phase units",
        ),
        (
            lambda: estimate_mean(
                DATA.assign(N=20, M=40),
                "filed",
                two_phase(Design(psu="village", fpc=["N", "M"], weight="w"), sampled="seen"),
            ),
            "two-phase-first",
            "one stage",
        ),
        (
            lambda: estimate_double_sampling(((0, 3), (0, 9)), (5, 0)),
            "status-unverified",
            "filed as positive",
        ),
    ],
)
def test_refusals(call, code, phrase):
    kinds = (ArgumentError, EmptyStratumError, LonelyUnitError)
    with pytest.raises(kinds, match=phrase) as caught:
        call()
    assert caught.value.code == code
