"""Draws by tickets: the vectors of the method, what must always hold, and the frequencies."""

import dataclasses
import json
import math
import pickle
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling.draws import Draw
from sampling.errors import ArgumentError, EmptyStratumError, FrameTooSmallError
from sampling.frame import Frame
from sampling.results import read_result
from sampling.tickets import (
    certainty_units,
    draw_stratified,
    draw_two_stage,
    extend_draw,
    seed_digest,
    sequential_poisson_order,
    ticket,
    verify_draw,
)

SEED = "38471920561029384756"
MODEST = settings(deadline=None, max_examples=40)


def test_tickets_are_the_published_vectors():
    assert seed_digest(SEED)[:8] == "16d27791"
    assert [ticket(SEED, "S1", f"HH00000{i}") for i in (1, 2, 3)] == [
        "8af0d0ac9c95dad0e0964d7bd4da73f1a6168e257d40bb2dc5d632ed8a603201",
        "ad665cda28488583818af6998a0e38c4e522879664ce2627206c4a1833cc1222",
        "2db3c99f97977d5334cbe5055fd0197cb146e50eb4f3d74ed442c7f66198ee82",
    ]


def test_the_published_vectors_are_drawn_in_order_3_1_2():
    frame = Frame.of(["HH000001", "HH000002", "HH000003"], strata=["S1"] * 3)
    draw = draw_stratified(frame, {"S1": 3}, seed=SEED)
    assert [unit.unit_id for unit in draw.units] == ["HH000003", "HH000001", "HH000002"]


def test_tickets_are_made_of_normal_form_c():
    assert ticket("s", "é", "u") == ticket("s", "e\u0301", "u")


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: ticket("s", "a|b", "u"), "bar-in-text"),
        (lambda: ticket("s", "a", "u|v"), "bar-in-text"),
        (lambda: ticket("s", "a", 7), "bar-in-text"),
        (lambda: ticket("", "a", "u"), "seed-not-text"),
        (lambda: ticket(384, "a", "u"), "seed-not-text"),
    ],
)
def test_texts_that_would_make_a_ticket_ambiguous_are_refused(make, code):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert caught.value.code == code


@st.composite
def stratified(draw):
    counts = draw(st.lists(st.integers(1, 12), min_size=1, max_size=4))
    units = [(f"s{s}", f"u{s}-{i}") for s, count in enumerate(counts) for i in range(count)]
    order = draw(st.permutations(units))
    sizes = {f"s{s}": draw(st.integers(0, count)) for s, count in enumerate(counts)}
    return units, order, sizes, draw(st.text("0123456789", min_size=1, max_size=30))


@given(case=stratified(), reserves=st.integers(0, 4))
@MODEST
def test_a_draw_has_its_exact_size_from_the_frame_whatever_the_order(case, reserves):
    units, order, sizes, seed = case
    frame = Frame.of([u for _, u in units], strata=[s for s, _ in units])
    shuffled = Frame.of([u for _, u in order], strata=[s for s, _ in order])
    draw = draw_stratified(frame, sizes, seed=seed, reserves=reserves)
    assert draw == draw_stratified(
        shuffled, dict(reversed(sizes.items())), seed=seed, reserves=reserves
    )
    assert Counter(u.stratum for u in draw.sample) == Counter({s: n for s, n in sizes.items() if n})
    assert {(u.stratum, u.unit_id) for u in draw.units} <= set(units)
    assert len({u.unit_id for u in draw.units}) == len(draw.units)
    for stratum, n in sizes.items():
        held = sum(s == stratum for s, _ in units)
        mine = [u for u in draw.units if u.stratum == stratum]
        assert len(mine) == min(n + reserves, held)
        assert [u.order for u in mine] == list(range(1, len(mine) + 1))
        assert [u.ticket for u in mine] == sorted(u.ticket for u in mine)
        assert sum(u.base_weight for u in mine) == pytest.approx(held if n else 0)
    assert verify_draw(draw, shuffled, seed=seed)


@given(case=stratified(), more=st.integers(0, 12))
@MODEST
def test_the_first_k_of_a_larger_draw_are_the_draw_of_k(case, more):
    units, _, sizes, seed = case
    frame = Frame.of([u for _, u in units], strata=[s for s, _ in units])
    held = Counter(s for s, _ in units)
    further = {s: min(more, held[s] - n) for s, n in sizes.items()}
    first = draw_stratified(frame, sizes, seed=seed)
    both = extend_draw(first, frame, further)
    larger = draw_stratified(frame, {s: n + further[s] for s, n in sizes.items()}, seed=seed)
    assert [u.unit_id for u in both.units if u.wave == 1] == [u.unit_id for u in first.units]
    assert [(u.unit_id, u.order, u.base_weight) for u in both.units] == [
        (u.unit_id, u.order, u.base_weight) for u in larger.units
    ]
    assert verify_draw(both, frame, seed=seed)
    assert verify_draw(extend_draw(both, frame, {}), frame)


@given(case=stratified(), data=st.data())
@MODEST
def test_removing_a_unit_changes_its_own_place_only(case, data):
    units, _, sizes, seed = case
    gone = data.draw(st.sampled_from(units))
    left = [unit for unit in units if unit != gone]
    held = Counter(s for s, _ in left)
    if not held[gone[0]]:
        return
    every = {s: held[s] for s in sizes}
    frame = Frame.of([u for _, u in units], strata=[s for s, _ in units])
    smaller = Frame.of([u for _, u in left], strata=[s for s, _ in left])
    before = draw_stratified(frame, dict(Counter(s for s, _ in units)), seed=seed)
    after = draw_stratified(smaller, every, seed=seed)
    assert [u.unit_id for u in before.units if u.unit_id != gone[1]] == [
        u.unit_id for u in after.units
    ]


@st.composite
def clustered(draw):
    counts = draw(st.lists(st.integers(1, 15), min_size=2, max_size=8))
    units = [
        (f"v{v}", "abc"[i % 3], f"u{v}-{i}", 1 + (i % 3 == 0))
        for v, count in enumerate(counts)
        for i in range(count)
    ]
    return units, draw(st.permutations(units)), draw(st.integers(0, len(counts)))


def _clustered_frame(units):
    return Frame.of(
        [u for _, _, u, _ in units],
        strata=[s for _, s, _, _ in units],
        psus=[v for v, _, _, _ in units],
        size_measures=[x for _, _, _, x in units],
    )


@given(case=clustered(), seed=st.text("0123456789", min_size=1, max_size=20))
@MODEST
def test_a_two_stage_draw_has_its_exact_size_whatever_the_order(case, seed):
    units, order, n = case
    asked = {s: {"a": 2, "b": 1, "c": 3}[s] for s in {s for _, s, _, _ in units}}
    draw = draw_two_stage(_clustered_frame(units), psus=n, ssus=asked, seed=seed, reserves=1)
    again = draw_two_stage(_clustered_frame(order), psus=n, ssus=asked, seed=seed, reserves=1)
    assert draw == again
    assert len(draw.psus) == n == len({p.psu for p in draw.psus})
    assert [p.order for p in draw.psus] == list(range(1, n + 1))
    assert sorted(not p.certainty for p in draw.psus) == [not p.certainty for p in draw.psus]
    assert verify_draw(draw, _clustered_frame(order), seed=seed)
    for psu in draw.psus:
        assert psu.ticket == ticket(seed, "psu:", psu.psu)
        for stratum, take in asked.items():
            held = [u for v, s, u, _ in units if (v, s) == (psu.psu, stratum)]
            mine = [u for u in draw.units if (u.psu, u.stratum) == (psu.psu, stratum)]
            tickets = sorted((ticket(seed, f"{psu.psu}:{stratum}", u), u) for u in held)
            assert [(u.ticket, u.unit_id) for u in mine] == tickets[: take + 1]
            for unit in mine:
                share = min(take, len(held)) / len(held)
                assert unit.inclusion_prob == pytest.approx(psu.inclusion_prob * share)


@given(
    sizes=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 100), min_size=1),
    data=st.data(),
)
@MODEST
def test_inclusion_probabilities_sum_to_n_and_never_pass_one(sizes, data):
    n = data.draw(st.integers(0, len(sizes)))
    certain = certainty_units(sizes, n)
    rest = sum(x for u, x in sizes.items() if u not in certain)
    probs = [(n - len(certain)) * x / rest for u, x in sizes.items() if u not in certain]
    assert len(certain) <= n
    assert all(p < 1 for p in probs)
    if n == len(sizes):
        assert certain == set(sizes)
    assert len(certain) + sum(probs) == pytest.approx(n)


def test_certain_units_are_found_again_after_the_first_are_taken():
    # 3 x 60 >= 100 takes a; then 2 x 21 >= 40 takes b, which 3 x 21 < 100 did not.
    assert certainty_units({"a": 60, "b": 21, "c": 10, "d": 9}, 3) == {"a", "b"}


def test_sequential_poisson_compares_whole_numbers_where_floats_would_tie():
    big = 2**255
    tickets = {"v": f"{big + 1:064x}", "w": f"{big:064x}"}
    assert float(big + 1) == float(big)
    assert sequential_poisson_order(tickets, {"v": 3, "w": 3}) == ["w", "v"]
    assert sequential_poisson_order({"v": "02", "a": "02"}, {"v": 1, "a": 1}) == ["a", "v"]


def test_frequencies_of_a_stratified_draw_match_the_inclusion_probabilities():
    frame = Frame.of([f"u{i}" for i in range(20)], strata=["a"] * 8 + ["b"] * 12)
    reps, counts = 600, Counter()
    for i in range(reps):
        draw = draw_stratified(frame, {"a": 2, "b": 6}, seed=f"seed {i}")
        counts.update(u.unit_id for u in draw.sample)
    for first, held, n in ((0, 8, 2), (8, 12, 6)):
        p = n / held
        # Without replacement the sum over units, times (N-1)/N, is chi-square with N-1 df.
        chi2 = (
            sum(
                (counts[f"u{i}"] - reps * p) ** 2 / (reps * p * (1 - p))
                for i in range(first, first + held)
            )
            * (held - 1)
            / held
        )
        df = held - 1
        assert chi2 < df + 4 * math.sqrt(2 * df)
        assert chi2 > df - 4 * math.sqrt(2 * df)


def test_frequencies_of_psus_match_the_inclusion_probabilities():
    sizes = {"v0": 40, "v1": 8, "v2": 6, "v3": 5, "v4": 4, "v5": 4, "v6": 3}
    frame = Frame.of(
        [f"{v}-{i}" for v, x in sizes.items() for i in range(x)],
        psus=[v for v, x in sizes.items() for _ in range(x)],
    )
    reps, counts, probs = 500, Counter(), {}
    for i in range(reps):
        draw = draw_two_stage(frame, psus=3, ssus={"": 1}, seed=f"seed {i}")
        counts.update(p.psu for p in draw.psus)
        probs.update({p.psu: p.inclusion_prob for p in draw.psus})
    assert counts["v0"] == reps
    assert probs["v0"] == 1.0
    for psu, p in probs.items():
        # Sequential Poisson meets n x / X to within a few per cent: allow .02 beside the noise.
        assert abs(counts[psu] / reps - p) < 4 * math.sqrt(p * (1 - p) / reps) + 0.02


def test_psus_are_drawn_within_their_first_stage_strata():
    frame = Frame.of(
        [f"u{i}" for i in range(8)],
        psus=[f"v{i // 2}" for i in range(8)],
        psu_strata=["c1"] * 4 + ["c2"] * 4,
    )
    draw = draw_two_stage(frame, psus={"c1": 1, "c2": 2}, ssus={"": 1}, seed=SEED)
    assert Counter(p.stratum for p in draw.psus) == {"c1": 1, "c2": 2}
    assert all(p.ticket == ticket(SEED, f"psu:{p.stratum}", p.psu) for p in draw.psus)


FRAME = Frame.of([f"u{i}" for i in range(6)], strata=["a"] * 4 + ["b"] * 2, psus=["v", "w"] * 3)


@pytest.mark.parametrize(
    ("make", "error", "code"),
    [
        (lambda: draw_stratified(FRAME, {"a": 1}, seed="1"), ArgumentError, "size-missing"),
        (
            lambda: draw_stratified(FRAME, {"a": 1, "b": 1, "c": 1}, seed="1"),
            EmptyStratumError,
            "empty-stratum",
        ),
        (
            lambda: draw_stratified(FRAME, {"a": 5, "b": 0}, seed="1"),
            FrameTooSmallError,
            "frame-too-small",
        ),
        (
            lambda: draw_stratified(FRAME, {"a": -1, "b": 0}, seed="1"),
            ArgumentError,
            "count-outside",
        ),
        (
            lambda: draw_stratified(FRAME, {"a": 1, "b": 1}, seed="1", reserves=0.5),
            ArgumentError,
            "count-outside",
        ),
        (
            lambda: draw_two_stage(FRAME, psus=3, ssus={"a": 1, "b": 1}, seed="1"),
            FrameTooSmallError,
            "frame-too-small",
        ),
        (
            lambda: draw_two_stage(
                FRAME, psus=1, ssus={"a": 1, "b": 1}, seed="1", psu_method="systematic"
            ),
            ArgumentError,
            "choice-unknown",
        ),
        (
            lambda: draw_two_stage(
                Frame.of(["a", "b"], psus=["v", "w"], size_measures=[0, 1]),
                psus=1,
                ssus={"": 1},
                seed="1",
            ),
            ArgumentError,
            "psu-never-drawn",
        ),
        (
            lambda: extend_draw(
                draw_stratified(FRAME, {"a": 1, "b": 1}, seed="1"), FRAME, {"a": 4}
            ),
            FrameTooSmallError,
            "frame-too-small",
        ),
        (
            lambda: extend_draw(
                draw_stratified(FRAME, {"a": 1, "b": 1}, seed="1"), FRAME, {"z": 1}
            ),
            ArgumentError,
            "stratum-unknown",
        ),
        (
            lambda: extend_draw(
                draw_stratified(FRAME, {"a": 1, "b": 1}, seed="1"),
                Frame.of(["u1", "x"], strata=["a", "b"]),
                {"a": 1},
            ),
            ArgumentError,
            "draw-not-of-frame",
        ),
    ],
)
def test_impossible_draws_are_refused_with_a_code(make, error, code):
    with pytest.raises(error) as caught:
        make()
    assert caught.value.code == code


def _changed(draw: Draw, field: str, value: object) -> Draw:
    unit = dataclasses.replace(draw.units[1], **{field: value})
    return dataclasses.replace(draw, units=(draw.units[0], unit, *draw.units[2:]))


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        (lambda d: _changed(d, "ticket", "0" * 64), "units 2, ticket"),
        (lambda d: _changed(d, "unit_id", "u9"), "units 2, unit_id"),
        (lambda d: _changed(d, "reserve", True), "units 2, reserve"),
        (lambda d: dataclasses.replace(d, units=d.units[:-1]), "units: got 3, drawn again 4"),
        (lambda d: dataclasses.replace(d, digest="0" * 64), "digest"),
        (lambda d: dataclasses.replace(d, sizes=(("z", 1),)), "cannot be drawn again"),
        (lambda d: dataclasses.replace(d, seed_digest="0" * 64), "units 1, "),
    ],
)
def test_the_first_difference_of_a_changed_draw_is_named(change, phrase):
    draw = draw_stratified(FRAME, {"a": 2, "b": 2}, seed=SEED)
    check = verify_draw(change(draw), FRAME)
    assert not check
    assert phrase in check.difference


def test_another_seed_is_named():
    draw = draw_stratified(FRAME, {"a": 2, "b": 2}, seed=SEED)
    assert "seed" in verify_draw(draw, FRAME, seed="another").difference


def test_a_two_stage_draw_is_extended_within_its_villages():
    frame = Frame.of([f"u{i}" for i in range(30)], psus=[f"v{i % 3}" for i in range(30)])
    first = draw_two_stage(frame, psus=2, ssus={"": 3}, seed=SEED, reserves=2)
    both = extend_draw(first, frame, {"": 4})
    assert both.psus == first.psus
    assert Counter((u.psu, u.wave, u.reserve) for u in both.units) == {
        (p.psu, *rest): n
        for p in both.psus
        for rest, n in (((1, False), 3), ((2, False), 4), ((2, True), 2))
    }
    assert both.sample[0].inclusion_prob == pytest.approx(both.psus[0].inclusion_prob * 0.7)


def test_draws_are_plain_values():
    draw = draw_two_stage(FRAME, psus=1, ssus={"a": 1, "b": 1}, seed=SEED, reserves=1)
    assert read_result(draw.to_dict()) == draw
    assert pickle.loads(pickle.dumps(draw)) == draw
    assert hash(draw) == hash(pickle.loads(pickle.dumps(draw)))
    table = draw.to_frame()
    assert list(table["unit_id"]) == [u.unit_id for u in draw.units]
    assert "two-stage draw" in str(draw)
    assert "<table>" in draw._repr_html_()


def test_a_draw_reads_a_pandas_table():
    data = pd.DataFrame({"unit_id": ["u1", "u2"], "stratum": ["a", "a"]})
    draw = draw_stratified(data, {"a": 1}, seed=SEED)
    assert draw == draw_stratified(data.iloc[::-1], {"a": 1}, seed=SEED)


STORED = Path(__file__).parent / "stored_results"


def stored_draw() -> Draw:
    return draw_two_stage(FRAME, psus=1, ssus={"a": 1, "b": 1}, seed=SEED, reserves={"a": 1})


@pytest.mark.parametrize("kind", ["draw", "drawn-psu", "drawn-unit", "draw-check"])
def test_a_stored_draw_is_still_read_and_drawn_again(kind):
    draw = stored_draw()
    made = {
        "draw": draw,
        "drawn-psu": draw.psus[0],
        "drawn-unit": draw.units[0],
        "draw-check": verify_draw(draw, FRAME),
    }[kind]
    stored = json.loads((STORED / f"{kind}.json").read_text("utf-8"))
    assert stored == made.to_dict()
    assert read_result(stored) == made
    if kind == "draw":
        assert verify_draw(Draw.from_dict(stored), FRAME, seed=SEED)


def test_reserves_may_differ_by_stratum():
    draw = draw_stratified(FRAME, {"a": 1, "b": 1}, seed=SEED, reserves={"a": 2})
    assert Counter(u.stratum for u in draw.units if u.reserve) == {"a": 2}
    with pytest.raises(ArgumentError) as caught:
        draw_stratified(FRAME, {"a": 1, "b": 1}, seed=SEED, reserves={"z": 1})
    assert caught.value.code == "stratum-unknown"
