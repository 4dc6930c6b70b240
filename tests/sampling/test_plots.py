"""Figures of results: the same drawing for the same numbers, readable by name."""

import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling import (
    ArgumentError,
    Design,
    StratifiedSampler,
    estimate_proportion,
    interval_wilson,
    simulate_design,
)
from sampling.plots import plot_coverage, plot_decisions, plot_intervals

PEOPLE = pd.DataFrame({"stratum": ["a"] * 200, "poor": [1] * 20 + [0] * 180})


def simulated(interval="korn-graubard"):
    design = Design(weight="weight", strata="stratum")
    return simulate_design(
        PEOPLE,
        StratifiedSampler(strata="stratum", size_by_stratum={"a": 40}),
        lambda s: estimate_proportion(s, "poor", design, interval=interval),
        rng=np.random.default_rng(1),
        reps=60,
        truth="poor",
        thresholds=[0.15],
    )


@pytest.fixture(scope="module")
def two():
    return {"Korn-Graubard": simulated(), "logit": simulated("logit")}


def test_every_figure_is_svg_with_words_and_the_same_twice(two):
    rows = {"<b>": interval_wilson(1, 50), "b & c": interval_wilson(4, 50)}
    for draw in (
        lambda: plot_intervals(rows, threshold=0.1, truths=[0.02, 0.5], title="T", sort=True),
        lambda: plot_coverage(two),
        lambda: plot_decisions(two, 0.15),
    ):
        one, other = draw(), draw()
        assert one.svg == other.svg == one._repr_svg_()
        root = ElementTree.fromstring(one.svg)
        assert root.get("role") == "img"
        assert root.get("aria-label") == one.words


def test_names_of_rows_are_written_and_escaped():
    svg = plot_intervals({"<script>": interval_wilson(1, 50)}).svg
    assert "<script>" not in svg
    assert "script" in svg


def test_domains_of_estimates_name_the_rows():
    data = pd.DataFrame({"county": ["甲", "乙"] * 20, "poor": [0, 1] * 20})
    rows = estimate_proportion(data, "poor", Design(), by="county")
    assert "2 intervals" in plot_intervals(rows).words


@settings(deadline=None, max_examples=10)
@given(x=st.integers(0, 20), truth=st.floats(0, 1))
def test_a_missed_truth_is_counted(x, truth):
    interval = interval_wilson(x, 20)
    plot = plot_intervals({"a": interval}, truths=[truth])
    missed = not interval.lower <= truth <= interval.upper
    assert plot.words.endswith(f"; {int(missed)} miss the truth")


def test_coverage_and_decisions_say_what_was_simulated(two):
    words = plot_coverage(two).words
    found = [float(x) for x in re.findall(r"covers ([\d.]+)", words)]
    assert found == pytest.approx([100 * one.coverage for one in two.values()], abs=0.05)
    risk = two["logit"].risks[0]
    assert f"logit: pass {100 * risk.pass_share:.1f} %" in plot_decisions(two, 0.15).words


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda two: plot_intervals({}), "data-empty"),
        (lambda two: plot_coverage({}), "data-empty"),
        (lambda two: plot_intervals({"a": interval_wilson(1, 9)}, truths=[]), "length-differs"),
        (lambda two: plot_decisions(two, 0.3), "threshold-not-simulated"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_code(call, code, two):
    with pytest.raises(ArgumentError) as caught:
        call(two)
    assert caught.value.code == code


def test_a_plot_library_is_loaded_by_this_module_alone():
    script = "import sys, sampling; print('matplotlib' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "False"
