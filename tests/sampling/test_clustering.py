import numpy as np
import pandas as pd
import pytest
from golden_cases import load_golden
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling import ArgumentError, Design, LonelyUnitError, design_effect, pool_icc

weights = st.lists(st.floats(0.1, 100), min_size=2, max_size=40)


def province(areas=40, villages=6, take=10, rate=0.05, icc=0.1, seed=1) -> pd.DataFrame:
    """Beta-binomial villages of equal size, as many counties as asked."""
    rng = np.random.default_rng(seed)
    scale = (1 - icc) / icc
    chance = rng.beta(rate * scale, (1 - rate) * scale, areas * villages)
    poor = rng.random((areas * villages, take)) < chance[:, None]
    village = np.repeat(np.arange(areas * villages), take)
    return pd.DataFrame({"county": village // villages, "village": village, "poor": poor.ravel()})


@pytest.mark.parametrize("status", ["exit", "unreg"])
def test_two_stage_sample_golden(status):
    case = load_golden("two_stage_sample")
    data = pd.read_csv(case.folder / "input.csv").query("filed == @status")
    want = case.values[status]
    found = design_effect(data["w"], icc=0.05, psu=data["village"])
    assert found == pytest.approx(want["model_deff"], rel=case.rtol)
    assert design_effect(data["w"]) == pytest.approx(want["kish"], rel=case.rtol)


@given(weights=weights, factor=st.floats(0.01, 100), icc=st.floats(0, 1))
def test_design_effect_does_not_know_the_scale_and_rises_with_icc(weights, factor, icc):
    psu = [place // 3 for place in range(len(weights))]
    found = design_effect(weights, icc=icc, psu=psu)
    assert found >= design_effect(weights) >= 1 - 1e-12
    assert design_effect(np.array(weights) * factor, icc=icc, psu=psu) == pytest.approx(found)


@given(take=st.integers(1, 20), psus=st.integers(1, 10), icc=st.floats(0, 1))
def test_design_effect_of_equal_weights_is_the_textbook(take, psus, icc):
    psu = np.repeat(np.arange(psus), take)
    assert design_effect(np.ones(take * psus), icc=icc, psu=psu) == pytest.approx(
        1 + (take - 1) * icc
    )


@given(weights=weights, icc=st.floats(0, 1))
def test_splitting_weights_by_order_changes_nothing(weights, icc):
    psu = [place % 4 for place in range(len(weights))]
    back = design_effect(weights[::-1], icc=icc, psu=psu[::-1])
    assert design_effect(weights, icc=icc, psu=psu) == pytest.approx(back)


def by_loops(data: pd.DataFrame, size: str | None = None, weight: str | None = None) -> float:
    """The pooled estimate, row by row."""
    spread = simple = kish = take = 0.0
    for _, area in data.groupby("county"):
        w = area[weight] if weight else area["poor"] * 0 + 1.0
        w = w * (area[size] if size else 1)
        p = (w * area["poor"]).sum() / w.sum()
        totals = (w * (area["poor"] - p) / w.sum()).groupby(area["village"]).sum()
        m, n = len(totals), len(area)
        spread += m / (m - 1) * ((totals - totals.mean()) ** 2).sum()
        simple += p * (1 - p) / n
        kish += n * n * (w**2).sum() / w.sum() ** 2
        take += n * n / m
    mean_kish, mean_take = kish / len(data), take / len(data)
    return (spread / simple / mean_kish - 1) / (mean_take - 1)


def test_pool_follows_its_formula():
    data = province()
    pooled = pool_icc(data, "poor", Design(psu="village"), by="county")
    assert pooled.estimate == pytest.approx(by_loops(data))
    assert (pooled.policy, pooled.icc) == ("pooled", pooled.estimate)
    assert (pooled.areas, pooled.events) == (40, int(data["poor"].sum()))
    assert pooled.take == 10
    assert pooled.estimate == pytest.approx(0.1, abs=0.06)
    rng = np.random.default_rng(5)
    data = data.assign(persons=rng.integers(1, 7, len(data)), w=rng.uniform(1, 3, len(data)))
    sized = pool_icc(data, "poor", Design(psu="village", weight="w"), by="county", size="persons")
    assert sized.estimate == pytest.approx(by_loops(data, "persons", "w"))


def test_areas_without_events_stay_in_the_pool():
    data = province()
    silent = data.assign(poor=data["poor"] & (data["county"] >= 5))
    pooled = pool_icc(silent, "poor", Design(psu="village"), by="county")
    assert pooled.areas == 40
    assert pooled.estimate == pytest.approx(by_loops(silent))


@given(seed=st.integers(0, 1000))
def test_order_and_scale_of_weights_do_not_matter(seed):
    data = province(areas=5, seed=seed).assign(w=2.0)
    design = Design(psu="village", weight="w")
    one = pool_icc(data, "poor", design, by="county")
    two = pool_icc(
        data.sample(frac=1, random_state=seed).assign(w=7.0), "poor", design, by="county"
    )
    assert two.estimate == pytest.approx(one.estimate)
    assert 0 <= (one.estimate or 0) <= 1
    assert one.icc >= 0.05


def test_few_areas_fall_back_on_the_larger_of_estimate_and_plan():
    data = province(areas=10, icc=0.3, rate=0.2)
    pooled = pool_icc(data, "poor", Design(psu="village"), by="county")
    assert pooled.policy == "floor-plan"
    assert pooled.icc == pooled.estimate > 0.05
    assert "10 areas" in pooled.reason
    assert pool_icc(data, "poor", Design(psu="village"), by="county", plan=0.9).icc == 0.9


def test_pool_without_events_plans():
    data = province().assign(poor=0)
    pooled = pool_icc(data, "poor", Design(psu="village"), by="county")
    assert (pooled.estimate, pooled.deff, pooled.icc) == (None, None, 0.05)
    assert "no area has an event" in pooled.reason


def test_pool_of_single_units_plans():
    data = province(take=1, rate=0.3)
    pooled = pool_icc(data, "poor", Design(psu="village"), by="county")
    assert (pooled.estimate, pooled.icc, pooled.reason) == (None, 0.05, "one unit per PSU")


def test_area_of_one_village_is_refused():
    with pytest.raises(LonelyUnitError, match="two sampled PSUs"):
        pool_icc(province(villages=1), "poor", Design(psu="village"), by="county")


@pytest.mark.parametrize(
    ("call", "code", "phrase"),
    [
        (lambda: design_effect([1.0, 0.0]), "values-outside", "above 0"),
        (lambda: design_effect([]), "values-outside", "at least one"),
        (lambda: design_effect([1.0, 2.0], icc=0.1), "psu-missing", "psu must be given"),
        (lambda: design_effect([1.0, 2.0], icc=0.1, psu=[1]), "length-differs", "2 weights"),
        (lambda: design_effect([1.0], icc=-0.1), "share-outside", "icc"),
        (
            lambda: pool_icc(province(), "poor", Design(), by="county", plan=5),
            "share-outside",
            "Write 0.05, not 5",
        ),
        (lambda: pool_icc(province(), "poor", Design(), by="town"), "column-missing", "town"),
    ],
)
def test_refusals(call, code, phrase):
    with pytest.raises(ArgumentError, match=phrase) as caught:
        call()
    assert caught.value.code == code


def with_one_staged(areas=5, **more):
    """A province whose first county has one village where every household is wrong."""
    data = province(areas=areas, villages=20, take=20, rate=0.01, icc=0.03, **more)
    return data.assign(poor=data["poor"] | (data["village"] == 0))


def test_a_staged_county_may_be_set_aside():
    data, design = with_one_staged(), Design(psu="village")
    kept = pool_icc(data, "poor", design, by="county")
    aside = pool_icc(data, "poor", design, by="county", outlying="set-aside")
    assert aside.set_aside == ("0",)
    assert "set aside: 0" in str(aside)
    rest = pool_icc(data[data["county"] != 0], "poor", design, by="county")
    assert (aside.estimate, aside.areas, aside.events) == (rest.estimate, rest.areas, rest.events)
    assert kept.icc > 3 * aside.icc
    assert kept.set_aside == ()


@given(seed=st.integers(0, 10_000), plan=st.floats(0.0, 0.3))
@settings(deadline=None, max_examples=30)
def test_setting_aside_never_raises_the_correlation_and_leaves_some_area(seed, plan):
    data = province(areas=6, rate=0.03, icc=0.15, seed=seed)
    design = Design(psu="village")
    kept = pool_icc(data, "poor", design, by="county", plan=plan)
    aside = pool_icc(data, "poor", design, by="county", plan=plan, outlying="set-aside")
    assert aside.icc <= kept.icc + 1e-12
    assert aside.areas + len(aside.set_aside) == 6
    assert aside.areas >= 1


def test_an_area_alone_is_never_set_aside():
    data = with_one_staged(areas=1)
    found = pool_icc(data, "poor", Design(psu="village"), by="county", outlying="set-aside")
    assert (found.areas, found.set_aside) == (1, ())
