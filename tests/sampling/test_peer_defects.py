"""Defects measured in peers, each held here as a test of ours that names peer, version and defect.

They were measured on the versions named (svy 0.35.0, samplics 0.6.1, R survey 4.5). Numbers called
R's are of R survey 4.5, on the api data that come with it.
"""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from golden_survey.designs import DESIGNS, read
from hypothesis import given
from hypothesis import strategies as st

from sampling import (
    Design,
    ReplicateDesign,
    brewer_draw_probs,
    contrast,
    draw_stratified,
    estimate_mean,
    estimate_proportion,
    estimate_quantile,
    estimate_regression,
    estimate_total,
    inclusion_probs,
    poststratify,
    rao_scott,
    replicate_weights,
    select_pps_systematic,
    select_sampford,
    select_systematic,
    two_phase,
)

FORMS = (
    "korn-graubard",
    "korn-graubard-uncapped",
    "logit",
    "wilson",
    "likelihood",
    "asin",
    "xlogit",
    "mean",
    "mid-p",
    "beta-binomial",
)
# The frame on which the peers were measured: N = 12, n = 4, sizes 1 to 20.
TWELVE = inclusion_probs(np.linspace(1, 20, 12), 4)
CLUSTERED = Design(strata="stratum", psu="village", fpc="villages", weight="w")


def api(name: str) -> tuple[pd.DataFrame, Design]:
    files = {"srs": "apisrs", "clus1": "apiclus1", "clus2": "apiclus2"}
    return read(f"survey_{files[name]}.csv"), Design(**DESIGNS[name])


def clustered(seed: int = 1, strata: int = 6, psus: int = 4) -> pd.DataFrame:
    """Strata of villages, three in four of which are sampled, ten households in each."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(
        [(h, psus * h + v) for h in range(strata) for v in range(psus) for _ in range(10)],
        columns=["stratum", "village"],
    )
    clump = rng.normal(0, 1, strata * psus)[data["village"]]
    return data.assign(
        villages=psus * 4 / 3,
        w=rng.uniform(1, 5, len(data)),
        y=clump + rng.normal(0, 1, len(data)),
        poor=0,
        county=np.where(data["stratum"] < strata // 2, "none", "some"),
    ).assign(rare=lambda d: ((d["county"] == "some") & (d.index % 17 == 0)) * 1)


# ---- svy 0.35.0


def test_svy_0_35_brewer_has_other_probabilities_than_it_says():
    reached, paths = np.zeros(12), {(): 1.0}
    for _ in range(4):
        paths = {
            (*drawn, unit): path * float(chance)
            for drawn, path in paths.items()
            for unit, chance in enumerate(brewer_draw_probs(TWELVE, drawn))
            if chance > 0
        }
    for drawn, path in paths.items():
        reached[list(drawn)] += path
    assert reached == pytest.approx(TWELVE, rel=1e-10)  # svy 1.055 to 0.978 times


def test_svy_0_35_drops_the_fpc_from_replicate_weights():
    data, design = api("clus1")
    row = estimate_mean(data, "api00", replicate_weights(data, design, method="jackknife"))[0]
    assert row.std_error == pytest.approx(26.32936059, rel=1e-9)  # svy 26.5942, as without fpc
    made = clustered()
    exact = estimate_mean(made, "y", CLUSTERED)[0].std_error
    for method, parts in (
        ("jackknife", {}),
        ("bootstrap", {"n": 4000, "rng": np.random.default_rng(2)}),
    ):
        weights = replicate_weights(made, CLUSTERED, method=method, **parts)
        # A fraction of 3/4 halves the error: a dropped fpc gives about twice as much.
        assert estimate_mean(made, "y", weights)[0].std_error == pytest.approx(exact, rel=0.06)


def test_svy_0_35_ignores_the_second_stage_in_tables_and_regressions():
    data, design = api("clus2")
    first = Design(psu="dnum", fpc="fpc1", weight="pw")
    assert rao_scott(data, "sch.wide", "stype", design).f == pytest.approx(11.87274514, rel=1e-9)
    data = data.assign(half=data["ell"] > 20)
    both, one = (estimate_regression(data, "api00", ["half"], d).rows[-1] for d in (design, first))
    assert both.std_error > one.std_error * 1.001
    means = estimate_mean(data, "api00", design, by="half", joint=True)
    apart = contrast(means, {"True": 1, "False": -1})
    assert both.std_error == pytest.approx(apart.std_error, rel=1e-9)


def test_svy_0_35_needs_memory_for_rows_times_domains():
    rng = np.random.default_rng(3)
    rows = 60_000
    data = pd.DataFrame(
        {
            "village": rng.integers(0, 2_000, rows),
            "poor": rng.integers(0, 2, rows),
            "one": 0,
            "many": rng.integers(0, 832, rows),
        }
    )
    peaks = []
    for by in ("one", "many"):
        tracemalloc.start()
        estimate_proportion(data, "poor", Design(psu="village"), by=by)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 3 * peaks[0]  # svy: 832 times


def test_svy_0_35_gives_a_domain_the_degrees_of_freedom_of_the_replicates():
    data = clustered()
    weights = replicate_weights(
        data, CLUSTERED, method="bootstrap", n=500, rng=np.random.default_rng(1)
    )
    found, linear = (estimate_mean(data, "y", d, by="stratum") for d in (weights, CLUSTERED))
    assert [row.df for row in found] == [row.df for row in linear] == [3] * 6  # svy: 499


def test_svy_0_35_corrects_wilson_twice_for_degrees_of_freedom():
    data, design = api("clus1")
    row = estimate_proportion(data, "sw", design, interval="wilson")[0]
    assert (row.lower, row.upper) == pytest.approx((0.8241715137, 0.9116934526), rel=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_svy_0_35_has_nan_or_no_width_without_events(form):
    for data, design in ((clustered(), CLUSTERED), (clustered(strata=1, psus=15), CLUSTERED)):
        row = estimate_proportion(data.assign(w=1.0), "poor", design, interval=form)[0]
        assert row.lower == 0
        assert 0 < row.upper < 1


def test_svy_0_35_takes_the_design_effect_as_one_without_events():
    data = clustered(strata=1, psus=15).assign(w=1.0)
    upper = [
        estimate_proportion(data, "poor", CLUSTERED, icc=icc)[0].upper for icc in (0.0, 0.1, 0.5)
    ]
    assert upper[0] < upper[1] < upper[2]


def test_svy_0_35_has_a_median_of_another_tie_rule():
    data, design = api("srs")
    row = estimate_quantile(data, "api00", design)[0]
    assert (row.estimate, row.lower, row.upper) == (658, 633, 693)  # svy 660 (635, 698)


@pytest.mark.parametrize("method", ["jackknife", "bootstrap"])
def test_svy_0_35_refuses_replicates_of_a_design_without_psus(method):
    data = clustered()[:60]
    parts = {"n": 2000, "rng": np.random.default_rng(4)} if method == "bootstrap" else {}
    design = Design(weight="w")
    weights = replicate_weights(data, design, method=method, **parts)
    exact = estimate_mean(data, "y", design)[0].std_error
    assert estimate_mean(data, "y", weights)[0].std_error == pytest.approx(exact, rel=0.06)


def test_svy_0_35_draws_another_sample_from_a_sorted_frame():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {"unit_id": [f"u{i:04}" for i in range(3000)], "stratum": rng.choice(["a", "b"], 3000)}
    )
    sizes = {"a": 40, "b": 60}
    one = draw_stratified(frame, sizes, seed="20261125")
    two = draw_stratified(frame.sample(frac=1, random_state=1), sizes, seed="20261125")
    assert [u.unit_id for u in one.units] == [u.unit_id for u in two.units]  # svy: 1% the same


# ---- samplics 0.6.1


def test_samplics_0_6_returns_replicate_weights_sorted_by_stratum():
    data = clustered().sample(frac=1, random_state=3)
    weights = replicate_weights(data, CLUSTERED, method="jackknife")
    frame = weights.to_frame()
    assert frame.index.equals(data.index)
    assert frame["weight"].tolist() == data["w"].tolist()
    # Each replicate leaves one village out: its rows, and no others, weigh nothing.
    for name in frame.columns[1:]:
        gone = data.loc[frame[name] == 0, "village"]
        assert gone.nunique() == 1
        assert len(gone) == 10
    outside = ReplicateDesign(
        weight="w", weights=list(frame.columns[1:]), scale=1.0, rscales=list(weights.rscales)
    )
    joined = data.join(frame.drop(columns="weight"))
    exact = estimate_mean(data, "y", CLUSTERED)[0].std_error
    for design in (weights, outside):
        assert estimate_mean(joined, "y", design)[0].std_error == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("draw", [select_sampford, select_pps_systematic])
def test_samplics_0_6_draws_with_other_probabilities_than_it_says(draw):
    draws, rng = 20_000, np.random.default_rng(20261125)
    hit = np.zeros(12)
    for _ in range(draws):
        hit[draw(TWELVE, rng=rng)] += 1
    z = (hit - draws * TWELVE) / np.sqrt(draws * TWELVE * (1 - TWELVE))
    assert np.abs(z).max() < 4


def test_samplics_0_6_never_draws_the_last_units_systematically():
    starts = np.linspace(0, 7.7, 78)[:-1]
    drawn = {int(unit) for start in starts for unit in select_systematic(77, 10, start=start)}
    assert drawn == set(range(77))  # samplics never reaches the last seven


def test_samplics_0_6_reads_the_population_count_in_two_ways():
    data, counts = api("clus1")
    share = Design(psu="dnum", fpc="share", weight="pw")
    found = [
        estimate_mean(table, "api00", design)[0].std_error
        for table, design in (
            (data, counts),
            (data.assign(share=data["dnum"].nunique() / data["fpc"]), share),
        )
    ]
    assert found[0] == pytest.approx(23.54224069, rel=1e-9)
    assert found[1] == pytest.approx(found[0], rel=1e-12)


def test_samplics_0_6_does_not_use_the_second_fpc():
    data, design = api("clus2")
    row = estimate_mean(data, "api00", design)[0]
    assert row.std_error == pytest.approx(30.09902738, rel=1e-9)  # samplics 29.889


def test_samplics_0_6_drops_psus_with_missing_values():
    data, design = api("clus2")
    known = data["enroll"].notna()
    assert data.loc[~known, "dnum"].nunique() > 0
    settled = data.assign(known=known, enroll=data["enroll"].fillna(0))
    row = estimate_total(settled, "enroll", design, by="known").domain(True)
    assert row.estimate == pytest.approx(2639272.93, rel=1e-8)
    assert row.std_error == pytest.approx(799637.7736, rel=1e-9)


@pytest.mark.parametrize("method", ["jackknife", "bootstrap", "brr", "fay"])
def test_samplics_0_6_divides_by_zero_in_a_domain_without_events_or_rows(method):
    data = clustered(strata=40, psus=2)
    parts = {
        "bootstrap": {"n": 60, "rng": np.random.default_rng(1)},
        "fay": {"rho": 0.3},
    }.get(method, {})
    weights = replicate_weights(data, CLUSTERED, method=method, **parts)
    # Half samples of 40 strata: samplics stops with an IndexError.
    assert weights.count >= 40
    rows = estimate_proportion(data, "rare", weights, by="county")
    assert rows.domain("none").events == 0
    for row in rows:
        assert 0 <= row.lower < row.upper < 1


def test_samplics_0_6_gives_one_for_the_wrong_level_without_events():
    data = clustered()
    none = estimate_proportion(data, "poor", CLUSTERED)[0]
    every = estimate_proportion(data.assign(poor=1), "poor", CLUSTERED)[0]
    assert (none.estimate, every.estimate) == (0, 1)
    assert (every.lower, every.upper) == pytest.approx((1 - none.upper, 1), rel=1e-12)


# ---- R survey 4.5


@pytest.mark.parametrize("form", FORMS)
def test_r_survey_4_5_stops_or_shows_no_width_where_one_domain_has_no_event(form):
    data = clustered().assign(w=1.0)
    rows = estimate_proportion(data, "rare", CLUSTERED, by="county", interval=form)
    assert rows.domain("none").events == 0
    assert all(math.isfinite(end) for row in rows for end in (row.lower, row.upper))
    none = rows.domain("none")
    assert none.lower == 0
    assert none.upper - none.lower > 1e-3  # R's logit: 5e-12


def test_r_survey_4_5_has_no_interval_without_events_through_any_door():
    data = clustered().assign(frame=1000, seen=lambda d: d.index % 3 == 0, filed="all", one="a")
    after = poststratify(data, CLUSTERED, "one", {"a": 900.0})
    frame = replicate_weights(data, CLUSTERED, method="jackknife").to_frame()
    columns = list(frame.columns[1:])
    doors = {
        "replicates made here": (data, replicate_weights(data, CLUSTERED, method="jackknife")),
        "replicates from outside": (
            data.join(frame[columns]),
            ReplicateDesign(weight="w", weights=columns, scale=0.5),
        ),
        "poststratified": (after.data, after.design),
        "two phases": (data, two_phase(Design(fpc="frame"), sampled="seen", strata="filed")),
        "unequal probabilities": (
            data.assign(p=0.5),
            Design(psu="village", inclusion_prob="p", strata="stratum"),
        ),
    }
    for name, (table, design) in doors.items():
        row = estimate_proportion(table, "poor", design)[0]
        assert row.lower == 0, name
        assert 1e-3 < row.upper < 1, name


def test_r_survey_4_5_has_negative_limits_for_rare_events():
    data = clustered().assign(one=lambda d: (d.index == 3) * 1)
    plain = estimate_proportion(data, "one", CLUSTERED, interval="mean")[0]
    assert plain.lower < 0  # what the name asks for, as R's
    usual = estimate_proportion(data, "one", CLUSTERED)[0]
    assert 0 <= usual.lower < usual.estimate < usual.upper < 1


@given(seed=st.integers(0, 1000), county=st.sampled_from(["none", "some"]))
def test_no_peer_defect_comes_back_by_the_order_of_rows(seed, county):
    data = clustered(seed)
    mixed = data.sample(frac=1, random_state=seed)
    found = []
    for table in (data, mixed):
        weights = replicate_weights(table, CLUSTERED, method="jackknife")
        row = estimate_mean(table, "y", weights, by="county").domain(county)
        found.append((row.estimate, row.std_error, row.df))
    assert found[0] == pytest.approx(found[1], rel=1e-9)
