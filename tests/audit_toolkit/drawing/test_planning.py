"""Plans: sizes, chances, risks, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from audit_toolkit.drawing.planning import inclusion_probs, make_plan, plan_sentences, size_weights
from audit_toolkit.drawing.risks import Layers, draw_villages, find, planned_deff
from audit_toolkit.errors import OperatorError
from audit_toolkit.model import EvaluationKey, Stratum, VillageCount
from audit_toolkit.rules import load_rule_set

KEY = EvaluationKey(county_code="990101", exit_year=2019, round_name="r", institution="i")
RULES = load_rule_set("cn-2019")
E, U, P = Stratum.EXITED, Stratum.UNREGISTERED, Stratum.STILL_POOR


def village(name: str, exited: int, unregistered: int, poor: int, size: float = 3.5):
    counts = {E: exited, U: unregistered, P: poor}
    return VillageCount(
        county_code="990101",
        village_code=name,
        psu=f"v{name}",
        households=tuple(counts.items()),
        persons=tuple((s, round(n * size)) for s, n in counts.items()),
    )


VILLAGES = tuple(village(f"{i:02d}", 25 + i % 17, 70 + i % 31, i % 3) for i in range(70))


def plan(villages=VILLAGES, **changes):
    asked = {"province_code": "99", "rng": np.random.default_rng(1), "repetitions": 400}
    return make_plan(KEY, villages, RULES, **{**asked, **changes})


def test_defaults_show_less_than_two_per_cent_when_none_is_found():
    made = plan()
    assert made.villages == 30
    assert {t.stratum: t.households for t in made.takes} == {E: 17, U: 17, P: 2}
    for size in made.sizes[:2]:
        assert size.households > 480
        assert size.upper_if_clean < 0.02


def test_most_honest_counties_come_out_undecided_with_the_default_sizes():
    made = plan()
    assert made.note == "mostly-undecided"
    assert made.chances[1].true_rate == 0.005
    assert made.chances[1].undecided > 0.5
    assert made.chances[0].recommend > made.chances[1].recommend > made.chances[2].recommend


def test_chances_sum_to_one():
    for chance in plan().chances:
        assert chance.recommend + chance.undecided + chance.order == pytest.approx(1)


def test_a_wrong_pass_is_rarer_than_the_risk_allows():
    made = plan(repetitions=2000)
    names = [name for name, _ in made.wrong_pass]
    assert names == ["wrongful_exit_rate", "omission_rate", "composite_incidence"]
    assert all(chance <= 0.025 + 2 * 0.0035 for _, chance in made.wrong_pass)


def test_a_county_already_at_its_incidence_has_no_composite_to_pass_wrongly():
    poor = tuple(village(f"{i:02d}", 20, 70, 10) for i in range(40))
    made = plan(poor)
    assert [name for name, _ in made.wrong_pass] == ["wrongful_exit_rate", "omission_rate"]
    assert all(chance.recommend == 0 for chance in made.chances)


def test_more_villages_recommend_more_honest_counties():
    few, many = plan(village_sample=30), plan(village_sample=60)
    assert many.chances[1].recommend > few.chances[1].recommend


def test_the_limit_of_the_incidence_hangs_on_the_province():
    assert plan().incidence_limit == "0.02"
    assert plan(province_code="52").incidence_limit == "0.03"


def test_fewer_villages_than_asked_for_are_all_taken():
    made = plan(VILLAGES[:12])
    assert made.villages == 12


def test_a_take_above_what_villages_have_takes_all():
    made = plan(takes={E: 1000})
    exited = [v.households[0][1] for v in VILLAGES]
    probs = inclusion_probs(_measures(made), 30)
    expected = sum(p * n for p, n in zip(probs, exited, strict=True))
    assert made.sizes[0].households == pytest.approx(expected, abs=1)


def _measures(made):
    weights = {t.stratum: t.size_weight for t in made.takes}
    return [sum(weights[s] * n for s, n in v.households) for v in VILLAGES]


def test_the_same_random_numbers_give_the_same_plan():
    assert plan() == plan()


def test_the_plan_does_not_hang_on_the_names_of_strata_in_takes():
    assert plan(takes={E: 17, U: 17, P: 2}) == plan()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"villages": ()}, "plan-no-households"),
        ({"village_sample": 0}, "plan-villages"),
        ({"takes": {E: 0}}, "plan-take"),
        ({"takes": {P: -1}}, "plan-take"),
        ({"reserves": -1}, "plan-reserves"),
        ({"repetitions": 0}, "plan-repetitions"),
        ({"revisit_share": "1.5"}, "plan-revisit-share"),
        ({"revisit_share": "a tenth"}, "plan-revisit-share"),
    ],
)
def test_impossible_plans_are_refused(changes, code):
    with pytest.raises(OperatorError) as refusal:
        plan(**changes)
    assert refusal.value.code == code
    assert refusal.value.words("zh")
    assert "got" in str(refusal.value) or code == "plan-no-households"


def test_size_weights_are_whole_and_in_proportion_to_take_over_households():
    weights = size_weights(VILLAGES, {E: 17, U: 17, P: 2})
    exited = sum(v.households[0][1] for v in VILLAGES)
    unregistered = sum(v.households[1][1] for v in VILLAGES)
    assert all(isinstance(w, int) and w >= 1 for w in weights.values())
    assert weights[E] / weights[U] == pytest.approx(unregistered / exited, rel=0.01)


def test_a_stratum_without_take_still_lets_its_villages_be_drawn():
    assert size_weights(VILLAGES, {E: 17, U: 17, P: 0})[P] == 1


def test_inclusion_probabilities_sum_to_the_villages_and_certain_ones_are_cut():
    probs = inclusion_probs([100, 5, 4, 3, 2, 1], 3)
    assert sum(probs) == pytest.approx(3)
    assert probs[0] == 1.0
    assert probs[1:] == pytest.approx([2 * x / 15 for x in (5, 4, 3, 2, 1)])


def test_simulated_villages_are_drawn_as_often_as_their_chances_say():
    layers = _layers(VILLAGES)
    drawn = draw_villages(layers, 4000, np.random.default_rng(2))
    assert drawn.shape == (4000, 30)
    often = np.bincount(drawn.ravel(), minlength=len(VILLAGES)) / 4000
    assert np.abs(often - layers.inclusion_prob).max() < 0.05


def _layers(villages, take: int = 17, sample: int = 30) -> Layers:
    households = np.array([[n for _, n in v.households[:2]] for v in villages])
    persons = np.array([[n for _, n in v.persons[:2]] for v in villages])
    measure = households @ np.array([3, 1])
    return Layers(
        households=households,
        persons=persons,
        take=np.array([take, take]),
        size_measure=measure,
        inclusion_prob=np.array(inclusion_probs(measure.tolist(), sample)),
        villages=sample,
        known_share=0.01,
    )


def test_simulated_rates_are_right_on_average_and_as_spread_as_planned():
    layers = _layers(VILLAGES)
    rng = np.random.default_rng(3)
    drawn = draw_villages(layers, 4000, rng)
    found = find(layers, drawn, 0, 0.02, 0.05, rng)
    assert found.proportion.mean() == pytest.approx(0.02, rel=0.03)
    expected, deff = planned_deff(layers, 0.05)
    assert found.n.mean() == pytest.approx(expected[0], rel=0.01)
    # Drawing 30 of 70 villages without replacement spreads less than the model, never more.
    planned = 0.02 * 0.98 * deff[0] / expected[0]
    assert 0.4 * planned < found.proportion.var() < 1.05 * planned


def test_no_true_error_finds_none():
    layers = _layers(VILLAGES)
    rng = np.random.default_rng(4)
    found = find(layers, draw_villages(layers, 50, rng), 1, 0.0, 0.05, rng)
    lower, upper = found.limits(0.95)
    assert (found.proportion == 0).all()
    assert (lower == 0).all()
    assert ((upper > 0) & (upper < 0.03)).all()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_sentences_say_sizes_chances_and_risks(language):
    made = plan()
    sentences = plan_sentences(made, language)
    assert len(sentences) == 2 + 3 + 3 + 3 + 1 + 1
    assert all("{" not in s for s in sentences)
    assert "30" in sentences[0]


def test_the_note_names_the_share_of_undecided_honest_counties():
    made = plan()
    share = f"{made.chances[1].undecided * 100:.0f} %"
    assert share in plan_sentences(made, "en")[1]
