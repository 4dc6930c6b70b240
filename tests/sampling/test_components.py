"""Variance of a population between and within PSUs."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling import ArgumentError, variance_components


def population(seed: int, psus: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 30, psus)
    village = np.repeat(np.arange(psus), sizes)
    y = rng.gamma(2, 3, sizes.sum()) + rng.gamma(2, 2, psus)[village]
    share = (sizes / sizes.sum())[village]
    return pd.DataFrame({"village": village, "y": y, "p": share})


@given(seed=st.integers(0, 10**6), factor=st.floats(0.01, 1000))
def test_components_know_no_scale_nor_order_of_rows(seed, factor):
    data = population(seed)
    for prob in (None, "p"):
        found = variance_components(data, "y", psu="village", psu_prob=prob)
        moved = data.assign(y=data["y"] * factor).sample(frac=1, random_state=seed)
        again = variance_components(moved, "y", psu="village", psu_prob=prob)
        for name in ("between", "within", "unit", "k", "icc"):
            assert getattr(again, name) == pytest.approx(getattr(found, name), rel=1e-9)
        assert 0 <= found.icc <= 1


@given(seed=st.integers(0, 10**6))
def test_components_give_the_exact_variance_of_a_two_stage_sample(seed):
    """One PSU in proportion to size, two of its units: the variance by enumeration."""
    data = population(seed, psus=5)
    take = 2
    data = data.groupby("village").filter(lambda part: len(part) >= take)
    if data["village"].nunique() < 2:
        return
    data["p"] = data.groupby("village")["y"].transform("size") / len(data)
    found = variance_components(data, "y", psu="village", psu_prob="p")
    parts = data.groupby("village")["y"]
    size, mean, spread = parts.size(), parts.mean(), parts.var()
    prob = size / size.sum()
    total = data["y"].sum()
    ours = (found.between + found.within / take) * total**2
    theirs = float(
        (prob * (size * mean / prob - total) ** 2).sum() + (size**2 * spread / take / prob).sum()
    )
    assert ours == pytest.approx(theirs, rel=1e-9)


def test_equal_psus_have_no_variance_between():
    data = pd.DataFrame({"v": [1, 1, 2, 2], "y": [1.0, 3.0, 3.0, 1.0]})
    found = variance_components(data, "y", psu="v")
    assert (found.between, found.icc) == (0, 0)
    assert found.within == pytest.approx(2 * (4 * 2 + 4 * 2) / 64)


def test_refusals_name_what_to_do():
    data = pd.DataFrame({"v": [1, 1, 2], "y": [1.0, 3, 3], "p": [0.5, 0.4, 0.5], "z": 0.0})
    cases = [
        (lambda: variance_components(data.assign(v=1), "y", psu="v"), "no-components"),
        (lambda: variance_components(data, "z", psu="v"), "no-components"),
        (lambda: variance_components(data, "y", psu="v", psu_prob="p"), "psu-chances"),
        (lambda: variance_components(data, "no", psu="v"), "column-missing"),
    ]
    for call, code in cases:
        with pytest.raises(ArgumentError) as caught:
            call()
        assert caught.value.code == code
