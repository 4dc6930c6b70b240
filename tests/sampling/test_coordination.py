import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling import (
    ArgumentError,
    CoordinatedDraw,
    FrameTooSmallError,
    coordinate,
    draw_stratified,
    permanent_numbers,
    read_result,
    ticket,
)
from sampling.frame import Frame

STORED = Path(__file__).parent / "stored_results" / "coordinated-draw.json"


def frame_of(count, first=0):
    units = [f"u{i}" for i in range(first, first + count)]
    return Frame.of(units, strata=["ab"[i % 2] for i in range(first, first + count)])


def ids(draw):
    return {unit.unit_id for unit in draw.units}


sizes = st.integers(1, 10)


@given(secret=st.text("abc", min_size=1), n=sizes, m=sizes, start=st.floats(0, 0.999))
@settings(deadline=None, max_examples=50)
def test_a_positive_draw_keeps_and_a_negative_one_avoids(secret, n, m, start):
    frame = frame_of(40)
    first = coordinate(frame, {"a": n, "b": n}, secret=secret, start=start)
    again = coordinate(frame, {"a": m, "b": m}, secret=secret, previous=first)
    others = coordinate(
        frame, {"a": m, "b": m}, secret=secret, previous=first, coordination="negative"
    )
    assert first.overlap(again) == 2 * min(n, m)
    assert first.overlap(others) == 0
    assert len(ids(others)) == 2 * m
    assert all(unit.inclusion_prob == m / 20 for unit in others.sample)


@given(secret=st.text("abc", min_size=1), order=st.permutations(range(12)))
@settings(deadline=None, max_examples=50)
def test_the_order_of_the_file_does_not_matter(secret, order):
    units = [f"u{i}" for i in range(12)]
    plain = coordinate(Frame.of(units), {"": 5}, secret=secret)
    assert coordinate(Frame.of([units[i] for i in order]), {"": 5}, secret=secret) == plain
    numbers = permanent_numbers(units, secret=secret)
    assert sorted(ids(plain)) == sorted(units[i] for i in np.argsort(numbers)[:5])


def test_a_number_is_the_ticket_in_a_namespace_of_its_own():
    number = permanent_numbers(["u1"], secret="safe")[0]
    assert number == pytest.approx(int(ticket("safe", "permanent", "u1"), 16) / 2**256, rel=1e-15)
    assert 0 <= number < 1


def test_negative_draws_visit_everyone_before_anyone_twice():
    frame = frame_of(40)
    draws = [coordinate(frame, {"a": 5, "b": 5}, secret="safe", start=0.7)]
    for _ in range(3):
        draws.append(
            coordinate(
                frame, {"a": 5, "b": 5}, secret="safe", previous=draws[-1], coordination="negative"
            )
        )
    assert Counter(unit for draw in draws for unit in ids(draw)) == dict.fromkeys(frame.unit_ids, 1)


def test_units_that_come_and_go_disturb_only_their_own_places():
    first = coordinate(frame_of(40), {"a": 8, "b": 8}, secret="safe")
    moved = coordinate(frame_of(40, first=4), {"a": 8, "b": 8}, secret="safe", previous=first)
    gone = {f"u{i}" for i in range(4)} & ids(first)
    assert len(ids(first) - ids(moved)) <= len(gone) + 4


def test_each_unit_is_drawn_as_often_as_its_probability_says():
    frame = Frame.of([f"u{i}" for i in range(10)])
    counts = Counter()
    for number in range(2000):
        first = coordinate(frame, {"": 3}, secret=f"safe {number}", start=0.4)
        counts.update(
            ids(
                coordinate(
                    frame,
                    {"": 3},
                    secret=f"safe {number}",
                    previous=first,
                    coordination="negative",
                )
            )
        )
    error = (2000 * 0.3 * 0.7) ** 0.5
    assert all(abs(counts[unit] - 600) < 4 * error for unit in frame.unit_ids)


def test_what_cannot_be_coordinated_is_refused():
    frame = frame_of(10)
    with pytest.raises(ArgumentError, match="must have a draw to avoid"):
        coordinate(frame, {"a": 1, "b": 1}, secret="safe", coordination="negative")
    with pytest.raises(ArgumentError, match="previous must be a draw by coordinate; got Draw"):
        official = draw_stratified(frame, {"a": 1, "b": 1}, seed="1234")
        coordinate(frame, {"a": 1, "b": 1}, secret="safe", previous=official)
    with pytest.raises(ArgumentError, match="start must be below 1"):
        coordinate(frame, {"a": 1, "b": 1}, secret="safe", start=1.0)
    with pytest.raises(ArgumentError, match="secret must be text"):
        coordinate(frame, {"a": 1, "b": 1}, secret="")
    with pytest.raises(FrameTooSmallError):
        coordinate(frame, {"a": 6, "b": 1}, secret="safe")


def test_a_coordinated_draw_reads_what_was_stored():
    drawn = coordinate(frame_of(6), {"a": 2, "b": 0}, secret="safe")
    stored = json.loads(STORED.read_text("utf-8"))
    assert stored == drawn.to_dict()
    assert read_result(stored) == drawn and isinstance(drawn, CoordinatedDraw)
    assert len(drawn.to_frame()) == 2 and "positive coordination: 2 of 6" in str(drawn)
