"""Correlation of each area by all others: what they say, and what nobody says."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from sampling import (
    ArgumentError,
    Design,
    estimate_proportion,
    interval_beta_binomial,
    pool_icc_by_area,
    read_result,
)
from sampling.area_icc import _COARSE as COARSE
from sampling.area_icc import _log_evidence as log_evidence

STORED = Path(__file__).parent / "stored_results"
DESIGN = Design(psu="village")


def households(events, take=20):
    """One row a household; ``events`` has a row of village counts for each county."""
    rows = [
        (f"c{county:03d}", 1000 * county + village, int(unit < count))
        for county, counts in enumerate(events)
        for village, count in enumerate(counts)
        for unit in range(take)
    ]
    return pd.DataFrame(rows, columns=["county", "village", "wrong"])


def pooled(events, **changed):
    asked = {"variable": "wrong", "design": DESIGN, "by": "county"} | changed
    return pool_icc_by_area(households(events), **asked)


def province(icc, counties, rng, rate=0.05):
    scale = (1 - icc) / icc
    return rng.binomial(20, rng.beta(rate * scale, (1 - rate) * scale, (counties, 12)))


def test_an_area_without_others_gets_the_prior_whatever_it_holds():
    quiet, loud = pooled([[0] * 6]), pooled([[9, 0, 0, 0, 5, 0]])
    assert quiet.rows[0].weights == pytest.approx(loud.rows[0].weights, rel=1e-9)
    assert 0.05 < quiet.rows[0].icc < 0.10


def test_areas_without_events_say_nothing():
    some = pooled([[2, 0, 1, 0], [0, 3, 0, 0]])
    more = pooled([[2, 0, 1, 0], [0, 3, 0, 0], [0] * 4, [20] * 4])
    assert more.rows[0].icc == pytest.approx(some.rows[0].icc, rel=1e-12)
    assert (more.telling, more.events) == (2, 86)


@pytest.mark.parametrize("icc", [0.02, 0.05, 0.15])
def test_many_like_areas_find_their_correlation_and_leave_little_open(icc):
    rng = np.random.default_rng(11)
    many, few = pooled(province(icc, 80, rng)), pooled(province(icc, 4, rng))
    row = many.rows[0]
    assert row.quantile(0.02) < icc < row.quantile(0.98)
    assert row.quantile(0.9) / row.quantile(0.1) < few.rows[0].quantile(0.9) / few.rows[0].quantile(
        0.1
    )


def test_unlike_areas_leave_more_open_than_like_ones():
    rng = np.random.default_rng(12)
    like = pooled(province(0.05, 60, rng)).rows[0]
    unlike = pooled(np.concatenate([province(icc, 20, rng) for icc in (0.005, 0.05, 0.3)])).rows[0]
    assert unlike.quantile(0.9) - unlike.quantile(0.1) > 2 * (
        like.quantile(0.9) - like.quantile(0.1)
    )


@pytest.mark.parametrize("hits", [(3, 0, 1, 0, 0), (20, 0, 0, 0, 0), (1, 0, 0, 0, 0)])
def test_what_an_area_says_is_its_integrated_likelihood(hits):
    """Up to a constant, the trapezoid sums are what adaptive quadrature gives."""
    take = 20

    def said(rho):
        scale = (1 - rho) / rho

        def likelihood(logit):
            a, b = special.expit(logit) * scale, special.expit(-logit) * scale
            logs = special.betaln(a + hits, b + take - np.array(hits)) - special.betaln(a, b)
            return np.exp(logs.sum())

        return integrate.quad(likelihood, -14, 14, limit=400, epsabs=0, epsrel=1e-9, points=[-3])[0]

    found = log_evidence(np.zeros(5, dtype=int), np.array(hits, float), np.full(5, 20.0))[0]
    wanted = np.log([said(rho) for rho in special.expit(COARSE)])
    assert found - found[0] == pytest.approx(wanted - wanted[0], abs=2e-3)


@settings(deadline=None, max_examples=25)
@given(
    events=st.lists(st.lists(st.integers(0, 20), min_size=4, max_size=4), min_size=1, max_size=6),
    seed=st.integers(0, 999),
)
def test_chances_sum_to_one_and_the_order_of_rows_and_areas_is_of_no_matter(events, seed):
    data = households(events)
    found = pool_icc_by_area(data, "wrong", DESIGN, by="county")
    mixed = data.sample(frac=1, random_state=seed)
    again = pool_icc_by_area(mixed, "wrong", DESIGN, by="county")
    for row, other in zip(found.rows, again.rows, strict=True):
        assert sum(row.weights) == pytest.approx(1, abs=1e-12)
        assert row.icc == pytest.approx(other.icc, rel=1e-9)
        assert row.quantile(0.1) <= row.icc <= max(row.values)
        assert row.area == other.area


@settings(deadline=None, max_examples=25)
@given(counts=st.lists(st.integers(0, 20), min_size=5, max_size=5))
def test_events_and_others_may_change_places(counts):
    there = pooled([[0] * 5, counts]).rows[0]
    mirrored = pooled([[0] * 5, [20 - count for count in counts]]).rows[0]
    assert there.icc == pytest.approx(mirrored.icc, rel=1e-6)


def test_the_distribution_is_a_prior_for_the_interval_of_the_area():
    rng = np.random.default_rng(13)
    events = province(0.05, 40, rng)
    row = pooled(events).of("c000")
    interval = interval_beta_binomial(events[0], [20] * 12, icc=row.weight_by_icc)
    known = interval_beta_binomial(events[0], [20] * 12, icc=row.icc)
    assert interval.lower == pytest.approx(known.lower, rel=0.1)
    assert interval.upper == pytest.approx(known.upper, rel=0.1)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: pooled([[1, 0]], design=Design()), "psu-missing"),
        (lambda: pooled([[1, 0]], by="town"), "column-missing"),
        (lambda: pooled([[1, 0]], variable="county"), "column-not-numeric"),
        (lambda: pooled([[1, 0]]).of("c009"), "domain-unknown"),
        (
            lambda: pool_icc_by_area(
                households([[1, 0], [0, 0]]).assign(village=1), "wrong", DESIGN, by="county"
            ),
            "psu-in-two-areas",
        ),
    ],
)
def test_what_cannot_be_pooled_is_refused(call, code):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert caught.value.code == code


def examples():
    found = pooled([[2, 0, 1, 0], [0, 3, 0, 0]])
    return {result.kind: result for result in (found, found.rows[0])}


EXAMPLES = examples()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_results_are_stored_shown_and_read_back_equal(kind):
    result = EXAMPLES[kind]
    stored = json.loads((STORED / f"{kind}.json").read_text("utf-8"))
    assert read_result(stored).to_dict() == stored
    assert read_result(stored).to_frame().columns.tolist() == result.to_frame().columns.tolist()
    first = read_result(stored) if kind == "area-icc" else read_result(stored).rows[0]
    mine = result if kind == "area-icc" else result.rows[0]
    assert first.icc == pytest.approx(mine.icc, rel=1e-9)
    assert read_result(json.loads(json.dumps(result.to_dict(), allow_nan=False))) == result
    assert pickle.loads(pickle.dumps(result)) == result
    assert str(result) == result._table().text()
    assert result._repr_html_() == result._table().html()


def test_proportions_take_one_distribution_for_each_area():
    data = households([[0, 0, 3, 0], [1, 0, 0, 2], [0, 0, 0, 0]])
    design = Design(psu="village", strata="county")
    areas = pool_icc_by_area(data, "wrong", design, by="county")
    rows = estimate_proportion(
        data, "wrong", design, by="county", interval="beta-binomial", icc=areas
    )
    for row in rows:
        own = data[data["county"] == row.domain[0]].groupby("village")["wrong"]
        alone = interval_beta_binomial(
            own.sum().astype(int).tolist(),
            own.size().tolist(),
            icc=areas.of(*row.domain).weight_by_icc,
        )
        assert (row.lower, row.upper) == pytest.approx((alone.lower, alone.upper), rel=1e-9)
        assert row.policy == "neighbours"
        assert row.sensitivity is not None
    with pytest.raises(ArgumentError) as caught:
        estimate_proportion(data, "wrong", design, by="county", icc=areas)
    assert caught.value.code == "icc-by-area"
    with pytest.raises(ArgumentError) as caught:
        estimate_proportion(data, "wrong", design, interval="beta-binomial", icc=areas)
    assert caught.value.code == "domain-unknown"
