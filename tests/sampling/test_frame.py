"""Frames: what they hold and what they refuse."""

import numpy as np
import pandas as pd
import pytest

from sampling.errors import ArgumentError
from sampling.frame import Frame, as_frame


def test_a_frame_of_a_table_equals_a_frame_of_sequences():
    data = pd.DataFrame(
        {
            "unit_id": ["u1", "u2", "u3"],
            "stratum": ["a", "b", "a"],
            "psu": ["v", "v", "w"],
            "psu_stratum": ["c1", "c1", "c2"],
            "size_measure": np.array([2, 1, 4]),
        },
        index=[9, 9, 9],
    )
    frame = Frame.of(
        ["u1", "u2", "u3"],
        strata=["a", "b", "a"],
        psus=["v", "v", "w"],
        psu_strata=["c1", "c1", "c2"],
        size_measures=[2, 1, 4],
    )
    assert as_frame(data) == frame
    assert hash(as_frame(data)) == hash(frame)
    assert frame.psu_sizes() == {"c1": {"v": 3}, "c2": {"w": 4}}
    assert frame.units_by_psu() == {"v": {"a": ["u1"], "b": ["u2"]}, "w": {"a": ["u3"]}}


def test_a_frame_without_strata_has_one():
    assert Frame.of(["u2", "u1"]).units_by_stratum() == {"": ["u2", "u1"]}
    assert Frame.of(["u1"], psus=["v"]).psu_sizes() == {"": {"v": 1}}


@pytest.mark.parametrize(
    ("make", "code", "phrase"),
    [
        (lambda: Frame.of([]), "frame-empty", "at least one unit"),
        (lambda: Frame.of(["a", "b", "a"]), "unit-twice", "'a'"),
        (lambda: Frame.of([1, 2]), "frame-text", "Write numbers out"),
        (lambda: Frame.of(["a|b"]), "frame-text", "without '|'"),
        (lambda: Frame.of([""]), "frame-text", "not empty"),
        (lambda: Frame.of(["e\u0301"]), "frame-text", "normal form C"),
        (lambda: Frame.of(["a"], strata=["x|y"]), "frame-text", "strata"),
        (lambda: Frame.of(["a"], strata=["x", "y"]), "frame-lengths", "got 2 for 1"),
        (lambda: Frame.of(["a"], psus=[""]), "frame-text", "psus"),
        (lambda: Frame.of(["a"], size_measures=[1.5]), "size-measure", "1.5"),
        (lambda: Frame.of(["a"], size_measures=[-1]), "size-measure", "-1"),
        (lambda: Frame.of(["a"], size_measures=[True]), "size-measure", "True"),
        (lambda: Frame.of(["a"], psu_strata=["g"]), "frame-without-psus", "psus"),
        (
            lambda: Frame.of(["a", "b"], psus=["v", "v"], psu_strata=["g", "h"]),
            "psu-in-two-strata",
            "'v'",
        ),
        (lambda: Frame.of(["a"]).psu_sizes(), "frame-without-psus", "names none"),
        (lambda: as_frame(pd.DataFrame({"id": ["a"]})), "column-missing", "unit_id"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused_with_a_code(make, code, phrase):
    with pytest.raises(ArgumentError, match=phrase.replace("|", r"\|")) as caught:
        make()
    assert caught.value.code == code


def test_a_missing_identifier_is_refused():
    with pytest.raises(ArgumentError) as caught:
        as_frame(pd.DataFrame({"unit_id": ["a", None]}))
    assert caught.value.code == "values-missing"


def test_a_frame_shows_its_strata_in_text_and_html():
    frame = Frame.of(["u1", "u2"], strata=["<a>", "b"], psus=["v", "w"])
    assert "2 PSUs" in str(frame)
    assert "&lt;a&gt;" in frame._repr_html_()
