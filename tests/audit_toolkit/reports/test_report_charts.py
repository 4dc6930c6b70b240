"""Figures state their finding, can be read without colour, and are the same on every run."""

import dataclasses
import re

import matplotlib
import pytest
from report_samples import KEY, PLAN, indicators, results

from audit_toolkit.reports import (
    chances_figure,
    chances_title,
    rates_figure,
    rates_title,
    round_figure,
    round_title,
)
from audit_toolkit.text import LANGUAGES


def round_results():
    codes = ("900103", "900101", "900102")
    kinds = ("criteria", "recommend", "undecided")
    return [
        dataclasses.replace(results(kind), key=dataclasses.replace(KEY, county_code=code))
        for code, kind in zip(codes, kinds, strict=True)
    ]


def figures(language: str) -> list[str]:
    return [
        rates_figure(indicators("undecided"), language),
        round_figure(round_results(), language, "wrongful_exit_rate"),
        chances_figure(PLAN, language),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_is_an_image_with_title_and_description(language: str):
    for svg in figures(language):
        assert svg.startswith("<svg ")
        assert 'role="img"' in svg
        name = re.search(r'aria-labelledby="(\S+) (\S+)"', svg)
        assert name is not None
        assert f'<title id="{name[1]}">' in svg
        assert f'<desc id="{name[2]}">' in svg


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_are_the_same_on_every_run(language: str):
    assert figures(language) == figures(language)


def test_ids_of_one_figure_never_meet_those_of_another():
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in figures("en")]
    assert not ids[0] & ids[1]
    assert not ids[0] & ids[2]
    for svg, known in zip(figures("en"), ids, strict=True):
        assert set(re.findall(r'href="#([^"]+)"', svg)) <= known
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= known


def test_drawing_leaves_the_settings_of_other_figures_alone():
    before = dict(matplotlib.rcParams)
    rates_figure(indicators("recommend"), "zh")
    assert dict(matplotlib.rcParams) == before


def test_a_figure_styles_nothing_outside_itself():
    for svg in figures("zh"):
        assert "<style" not in svg
        assert "#1b2733" not in svg.replace("var(--ink, #1b2733)", "")


def test_the_title_of_the_rates_states_what_they_show():
    assert rates_title(indicators("recommend"), "en") == "All 4 rates are shown to be met"
    assert rates_title(indicators("undecided"), "en").startswith(
        "Not decided: Wrongful-exit rate (persons); shown to be met: "
    )
    assert rates_title(indicators("criteria"), "zh").startswith("证明不达标：错退率（按人）；")


def test_words_tell_the_conclusion_beside_every_rate():
    svg = rates_figure(indicators("criteria"), "en")
    for words in ("▲ broken", "◇ not decided", "✓ met", "none found; up to 0.8 % cannot"):
        assert words in svg


def test_a_rate_that_cannot_be_had_is_told_and_not_drawn():
    lost = dataclasses.replace(
        indicators("recommend")[0],
        estimate=None,
        interval=None,
        official_point=None,
        why="no-response",
        conclusion="inconclusive",
    )
    svg = rates_figure([lost], "en")
    assert "cannot be estimated" in svg
    assert "no such household responded" in svg


def test_counties_of_a_round_stand_in_the_order_of_their_codes():
    svg = round_figure(round_results(), "en", "wrongful_exit_rate", names={"900102": "石桥县"})
    places = [svg.index(f">{name}<") for name in ("900101", "石桥县", "900103")]
    assert places == sorted(places)
    assert round_title(round_results(), "en", "wrongful_exit_rate") == (
        "Wrongful-exit rate in 3 counties: the limit is met in 1, not decided in 1, broken in 1"
    )


def test_a_round_without_the_rate_gives_an_empty_figure():
    assert "<svg" in round_figure([], "zh", "omission_rate")


def test_a_rate_that_must_be_high_is_drawn_from_the_other_side():
    assert "90 %" in round_figure(round_results(), "zh", "approval_rate")


def test_chances_are_told_in_numbers():
    assert chances_title(PLAN, "en") == (
        "A county truly at 0.2 % is recommended in 64 % of rounds and undecided in 36 %; "
        "one at 5.0 % is ordered to verify in 81 %"
    )
    empty = dataclasses.replace(PLAN, chances=())
    assert chances_title(empty, "zh") == "本方案未作风险模拟"
    assert "<svg" in chances_figure(empty, "zh")
