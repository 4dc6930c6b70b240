from dataclasses import replace

import pandas as pd
import pytest
from golden_cases import load_golden
from hypothesis import given
from hypothesis import strategies as st

from sampling import (
    ArgumentError,
    CompositePart,
    Design,
    PooledIcc,
    composite_part,
    design_effect,
    estimate_composite,
    korn_graubard_limits,
)


@st.composite
def part_lists(draw):
    count = draw(st.integers(1, 4))
    shares = [draw(st.floats(0.05, 0.24)) for _ in range(count)]
    parts = []
    for place, share in enumerate(shares):
        n = draw(st.integers(10, 900))
        events = draw(st.integers(0, n))
        factor = draw(st.floats(1, 5)) / n
        parts.append(
            CompositePart(
                name=f"s{place}",
                share=share,
                proportion=events / n,
                n=n,
                events=events,
                variance_factor=factor,
            )
        )
    return tuple(parts)


def test_two_stage_sample_golden():
    case = load_golden("two_stage_sample")
    data = pd.read_csv(case.folder / "input.csv")
    design = Design(weight="w", strata="stratum", psu="village")
    parts = []
    for status in ("exit", "unreg"):
        rows = data[data["filed"] == status]
        share = rows["w"].sum() / data["w"].sum()
        parts.append(composite_part(rows, "poor", design, name=status, share=share, icc=0.05))
    found, want = estimate_composite(parts), case.values["composite"]
    assert found.n == 216
    assert found.n_used == pytest.approx(want["n_used"], rel=case.rtol)
    assert [found.lower, found.upper] == pytest.approx(want["interval"], rel=case.rtol)


@given(parts=part_lists(), known=st.floats(0, 0.04))
def test_interval_contains_the_rate_and_lies_in_what_is_possible(parts, known):
    found = estimate_composite(parts, known_share=known)
    assert known - 1e-12 <= found.lower <= found.estimate + 1e-12
    assert found.estimate - 1e-12 <= found.upper <= found.sampled_share + known + 1e-12
    assert found.lower < found.upper
    wide = estimate_composite(parts, known_share=known, confidence=0.99)
    assert wide.lower <= found.lower
    assert wide.upper >= found.upper


@given(parts=part_lists())
def test_order_does_not_matter_and_events_mirror(parts):
    found = estimate_composite(parts)
    back = estimate_composite(parts[::-1])
    assert [back.lower, back.upper] == pytest.approx([found.lower, found.upper])
    other = [replace(p, proportion=1 - p.proportion, events=p.n - p.events) for p in parts]
    mirror = estimate_composite(other)
    assert [mirror.sampled_share - mirror.upper, mirror.sampled_share - mirror.lower] == (
        pytest.approx([found.lower, found.upper], abs=1e-7)
    )


@given(parts=part_lists())
def test_known_share_is_added_after(parts):
    plain, more = estimate_composite(parts), estimate_composite(parts, known_share=0.01)
    assert more.upper == pytest.approx(plain.upper + 0.01)
    assert more.lower == pytest.approx(plain.lower + 0.01)


@pytest.mark.parametrize("events", [0, 500])
def test_no_and_only_events_have_a_width(events):
    part = CompositePart(
        name="a", share=0.2, proportion=events / 500, n=500, events=events, variance_factor=0.004
    )
    found = estimate_composite([part, replace(part, name="b", share=0.7)])
    assert found.lower < found.upper
    ends = (0, found.sampled_share)
    assert (found.lower if events == 0 else found.upper) == ends[events > 0]


def test_one_whole_stratum_is_the_model_interval():
    data = pd.DataFrame(
        {"village": [i // 5 for i in range(100)], "poor": [i < 4 for i in range(100)]}
    )
    part = composite_part(data, "poor", Design(psu="village"), name="a", share=1.0, icc=0.1)
    found = estimate_composite([part])
    deff = design_effect([1.0] * 100, icc=0.1, psu=data["village"])
    assert found.n_used == pytest.approx(100 / deff)
    lower, upper = korn_graubard_limits(0.04, 100 / deff)
    assert [found.lower, found.upper] == pytest.approx([float(lower), float(upper)])


def test_persons_multiply_weights():
    data = pd.DataFrame({"poor": [0, 1, 0], "persons": [1, 2, 5], "w": [2.0, 1.0, 1.0]})
    part = composite_part(
        data, "poor", Design(weight="w"), name="a", share=0.5, icc=0.0, size="persons"
    )
    assert part.proportion == 2 / 9
    assert part.variance_factor == pytest.approx((4 + 4 + 25) / 81)


PART = CompositePart(name="a", share=0.6, proportion=0, n=9, events=0, variance_factor=0.2)


@pytest.mark.parametrize(
    ("call", "code", "phrase"),
    [
        (lambda: estimate_composite([]), "parts", "at least one"),
        (lambda: estimate_composite([PART, PART]), "parts", "its own name"),
        (lambda: estimate_composite([PART, replace(PART, name="b")]), "shares-above-one", "sum to"),
        (lambda: estimate_composite([PART], known_share=0.5), "shares-above-one", "sum to"),
        (lambda: replace(PART, share=0.0), "share-outside", "above 0"),
        (lambda: replace(PART, variance_factor=2.0), "number-outside", "variance_factor"),
        (lambda: replace(PART, events=10), "count-outside", "in 0..9"),
    ],
)
def test_refusals(call, code, phrase):
    with pytest.raises(ArgumentError, match=phrase) as caught:
        call()
    assert caught.value.code == code


def villages(events, other, take=20):
    """The same villages in two parts, with as many events as told in each."""
    rows = [
        (part, village, int(unit < count))
        for part, counts in (("a", events), ("b", other))
        for village, count in enumerate(counts)
        for unit in range(take)
    ]
    return pd.DataFrame(rows, columns=["part", "village", "poor"])


def two_parts(data, icc=0.05):
    return [
        composite_part(
            data[data["part"] == name], "poor", Design(psu="village"), name=name, share=s, icc=icc
        )
        for name, s in (("a", 0.25), ("b", 0.7))
    ]


BAD = villages([0, 4, 0, 1, 0, 0, 2, 0], [0, 9, 0, 2, 1, 0, 3, 0])


def test_the_example_g75_of_methods_is_met():
    """METHODS part 9, G75."""
    case = load_golden("two_stage_sample")
    data = pd.read_csv(case.folder / "input.csv")
    design = Design(weight="w", strata="stratum", psu="village")
    shares = {s: g["w"].sum() / data["w"].sum() for s, g in data.groupby("filed")}
    parts = [
        composite_part(data[data["filed"] == s], "poor", design, name=s, share=shares[s], icc=0.05)
        for s in ("exit", "unreg")
    ]
    found = estimate_composite(parts)
    assert found.n_used == pytest.approx(99.73223, rel=1e-6)
    assert (found.lower, found.upper) == pytest.approx((0.00520297, 0.07864667), rel=1e-6)


def test_mid_p_lies_inside_at_the_same_size():
    parts = two_parts(BAD)
    plain, half = estimate_composite(parts), estimate_composite(parts, interval="mid-p")
    assert plain.lower < half.lower < half.estimate < half.upper < plain.upper
    assert half.n_used == plain.n_used
    clean = estimate_composite(two_parts(villages([0] * 8, [0] * 8)), interval="mid-p")
    assert clean.upper == pytest.approx(0.95 * (1 - 0.05 ** (1 / clean.n_used)), rel=1e-9)


def test_parts_in_the_same_villages_may_be_correlated():
    parts = two_parts(BAD)
    plain, half, bound = (estimate_composite(parts, between=r) for r in (0.0, 0.5, 1.0))
    assert plain.n_used > half.n_used > bound.n_used
    data = BAD.assign(village=BAD["village"] + 100 * (BAD["part"] == "b"))
    apart = two_parts(data)
    assert estimate_composite(apart, between=1.0).n_used == pytest.approx(plain.n_used)
    # Of one whole cut into two parts alike, the bound is the design effect of the whole.
    same = villages([0, 3, 0, 1, 0], [0, 3, 0, 1, 0])
    halves = [replace(part, share=0.5) for part in two_parts(same, icc=0.1)]
    whole = composite_part(same, "poor", Design(psu="village"), name="w", share=1.0, icc=0.1)
    assert estimate_composite(halves, between=1.0).n_used == pytest.approx(
        estimate_composite([whole]).n_used
    )


def test_own_variance_adds_parts_up_by_village():
    found = estimate_composite(two_parts(BAD), own_deff="if-larger")
    totals = []
    for _, village in BAD.groupby("village"):
        total = 0.0
        for name, share in (("a", 0.25), ("b", 0.7)):
            rows = village[village["part"] == name]["poor"]
            mean = BAD[BAD["part"] == name]["poor"].mean()
            total += share * (rows - mean).sum() / 160
        totals.append(total)
    variance = 8 / 7 * sum(t * t for t in totals)
    p = found.estimate / 0.95
    assert found.own_deff == pytest.approx(320 * variance / 0.95**2 / (p * (1 - p)))
    assert found.policy == "own-deff"
    assert found.n_used == pytest.approx(320 / found.own_deff)
    assert "own design effect" in str(found)
    assert estimate_composite(two_parts(BAD)).policy == "model"
    assert found.nchs.method == "korn-graubard"
    assert found.nchs.upper == estimate_composite(two_parts(BAD)).nchs.upper


def test_a_stratum_that_did_not_answer_widens_the_limits_by_itself():
    parts = two_parts(BAD)
    plain = estimate_composite(parts, known_share=0.01)
    silent = estimate_composite(parts, known_share=0.01, unknown_share=0.03)
    assert silent.lower == plain.lower
    assert silent.upper == pytest.approx(plain.upper + 0.03)
    assert plain.estimate < silent.estimate < plain.estimate + 0.03
    assert "unknown share" in str(silent)


def test_known_shares_alone_beside_clean_parts():
    found = estimate_composite(two_parts(villages([0] * 8, [0] * 8)), known_share=0.02)
    assert (found.estimate, found.lower) == (0.02, 0.02)
    assert found.own_deff is None
    assert found.nchs.upper > 0.02


def test_a_pool_is_taken_as_the_correlation():
    pool = PooledIcc(
        icc=0.08,
        estimate=0.08,
        plan=0.05,
        areas=90,
        events=400,
        deff=2.0,
        kish=1.0,
        take=20.0,
        policy="pooled",
        reason="",
    )
    assert two_parts(BAD, icc=pool) == two_parts(BAD, icc=0.08)


def test_parts_without_psus_cannot_be_correlated():
    with pytest.raises(ArgumentError, match="does not tell them") as caught:
        estimate_composite([PART, replace(PART, name="b", share=0.2)], between=0.5)
    assert caught.value.code == "psu-missing"
    assert estimate_composite([PART]).nchs is None
    with pytest.raises(ArgumentError, match="equally long"):
        replace(PART, psus=("a",))
