import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from sampling._rounding import complement, round_up, units_at_least


@given(st.integers(-(10**6), 10**6), st.sampled_from([0, 1e-14, -1e-14]))
def test_dust_does_not_raise_a_whole_number(whole, dust):
    assert round_up(whole * (1 + dust)) == whole


@given(st.floats(0.001, 1e6))
def test_round_up_is_the_ceiling_otherwise(value):
    assert round_up(value) in (math.ceil(value), math.floor(value))
    assert round_up(value) >= value * (1 - 1e-11)


@given(st.integers(1, 999), st.integers(1, 10**6))
def test_counts_follow_the_decimal_text(thousandths, size):
    assert units_at_least(thousandths / 1000, size) == math.ceil(Fraction(thousandths, 1000) * size)


def test_complement_is_the_decimal_one():
    assert [complement(c) for c in (0.95, 0.9, 0.99)] == [0.05, 0.1, 0.01]
