"""Which design effect an interval stands on."""

from __future__ import annotations

import pytest

from audit_toolkit.conclusions.stability import deff_used


@pytest.mark.parametrize(
    ("model", "own", "events", "used"),
    [
        (2.0, 5.0, 6, 5.0),
        (2.0, 5.0, 5, 2.0),
        (2.0, 3.0, 20, 2.0),
        (2.0, 0.0, 0, 2.0),
        (0.4, 0.2, 8, 1.0),
    ],
)
def test_the_own_design_effect_acts_only_with_events_and_far_above_the_model(
    model, own, events, used
):
    assert float(deff_used(model, own, events)) == used


def test_whole_arrays_are_taken():
    assert deff_used([2.0, 2.0], [9.0, 9.0], [1, 9]).tolist() == [2.0, 9.0]
