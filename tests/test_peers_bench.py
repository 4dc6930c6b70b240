"""The benchmark beside peers: its targets, its page and its invented data, without a peer."""

import argparse
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "benchmarks" / "peers")]

import peers_bench  # noqa: E402  (from the folder named just above)
from people import COUNTIES, DRAWN, register, sizes_to_draw, survey  # noqa: E402


def _found(theirs: float) -> peers_bench.Found:
    """Every question at one second by us, at ``theirs`` seconds by each peer."""
    found: peers_bench.Found = {("import", "ours"): peers_bench.Series([1.1], [1.1], [1.0])}
    for question in peers_bench.QUESTIONS:
        for peer in question.peers:
            seconds = 1.0 if peer == "ours" else theirs
            found[question.name, peer] = peers_bench.Series([seconds], [seconds], [seconds * 100])
    return found


def test_a_target_is_met_or_missed_by_its_figure():
    for theirs, wanted in ((1000.0, True), (0.5, False)):
        reached = list(peers_bench._reached(_found(theirs)))
        assert len(reached) == len(peers_bench.TARGETS)
        for target, figure in reached:
            assert target.met(figure) == (True if target.most else wanted), target.words


def test_targets_without_their_peer_are_not_measured(monkeypatch):
    found = {key: series for key, series in _found(9.0).items() if key[1] == "ours"}
    assert all("svy" not in target.words for target, _ in peers_bench._reached(found))
    monkeypatch.setattr(peers_bench, "_versions", lambda commands: "Python 3")
    lines = peers_bench._page(found, {"ours": []}, argparse.Namespace(runs=3))
    beside = sum("svy" in target.words for target in peers_bench.TARGETS)
    assert sum("not measured" in line for line in lines) == beside


def test_the_page_says_who_is_absent_and_names_no_place(monkeypatch):
    monkeypatch.setattr(peers_bench, "_versions", lambda commands: "Python 3")
    page = "\n".join(peers_bench._page(_found(9.0), {"ours": []}, argparse.Namespace(runs=3)))
    assert "Peers absent: svy, R survey, data.table, polars." in page
    assert "**not met**" in page
    assert str(ROOT) not in page


def test_times_of_different_numbers_are_not_compared():
    question = peers_bench.QUESTIONS[0]
    found = {
        (question.name, peer): peers_bench.Series(check=[value])
        for peer, value in (("ours", 1.0), ("svy", 1.0 + 1e-6))
    }
    with pytest.raises(SystemExit, match=r"ours gives 1\.0, svy"):
        peers_bench._agree(question, found)


def test_invented_data_have_the_sizes_they_say():
    county = register(50_000)["county"]
    assert sum(sizes_to_draw(county).values()) == DRAWN
    data = survey(60_000, 4_289)
    assert len(np.unique(data["psu"])) == 4_289
    assert len(np.unique(data["county"])) == len(np.unique(data["domain_832"])) == COUNTIES
    assert 0.015 < data["poor"].mean() < 0.025
    for county in (0, 831):
        assert len(np.unique(data["psu"][data["county"] == county])) >= 2
