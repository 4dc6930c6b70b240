"""The draw of a round and what is published when."""

import dataclasses
import json
import math
import random
from collections import Counter
from datetime import timedelta, timezone

import pytest
from sealed_round import AT, COMMITMENTS, COUNTIES, DICE, ROUND, RULES, SHARES, Sealed, plan

from audit_toolkit.drawing import (
    build_design,
    draw_round,
    open_ceremony,
    published_files,
    record_dice,
    seed_text,
    void,
)
from audit_toolkit.errors import IntegrityError, WrongStageError
from audit_toolkit.model import Stratum
from sampling.commitment import commit_seed_digest, sha256_hex
from sampling.tickets import ticket

SEALED = Sealed()


def again(units=SEALED.units, plans=SEALED.plans, ceremony=SEALED.diced, seed=SEALED.seed):
    return draw_round(units, plans, ceremony, seed)


def test_the_same_seed_gives_the_same_draw_and_another_share_another():
    assert again() == SEALED.draw
    assert again(ceremony=SEALED.drawn, plans=SEALED.plans[::-1]) == SEALED.draw
    other = Sealed(dice="0" + DICE[1:])
    assert other.draw.digest != SEALED.draw.digest
    assert {h.unit_id for h in other.draw.households} != {h.unit_id for h in SEALED.draw.households}


def test_every_county_has_its_villages_and_takes():
    units = {u.unit_id: u for u in SEALED.units}
    held = Counter((u.psu, Stratum.of(u.household.status)) for u in SEALED.units)
    for county in COUNTIES:
        villages = [v for v in SEALED.draw.villages if v.county_code == county]
        assert [v.order for v in villages] == [1, 2, 3, 4, 5]
        assert villages[0].certainty and villages[0].inclusion_prob == 1.0
        for village in villages:
            for take in SEALED.plans[0].takes:
                cell = [
                    h
                    for h in SEALED.draw.households
                    if (h.psu, h.stratum) == (village.psu, take.stratum)
                ]
                count = held[village.psu, take.stratum]
                assert len(cell) == min(count, take.households + take.reserves)
                assert [h.order for h in cell] == list(range(1, len(cell) + 1))
                for h in cell:
                    unit = units[h.unit_id]
                    assert h.reserve == (h.order > take.households)
                    assert h.household_id == unit.household.household_id
                    share = min(take.households, count) / count
                    assert math.isclose(h.inclusion_prob, village.inclusion_prob * share)
                    assert h.base_weight == (0 if h.reserve else 1 / h.inclusion_prob)
                    assert h.ticket == ticket(SEALED.seed, f"{unit.psu}:{unit.stratum}", h.unit_id)
                    assert h.revisit_ticket == ticket(SEALED.seed, f"revisit:{county}", h.unit_id)


def test_villages_are_measured_by_the_weights_of_the_plan():
    weights = {t.stratum: t.size_weight for t in SEALED.plans[0].takes}
    for village in SEALED.draw.villages:
        mine = [u for u in SEALED.units if u.psu == village.psu]
        size = sum(weights[Stratum.of(u.household.status)] for u in mine)
        assert village.size_measure == size
        assert village.village_code == mine[0].household.village_code
        assert village.ticket == ticket(SEALED.seed, f"psu:{village.county_code}", village.psu)
        assert village.team_ticket == ticket(
            SEALED.seed, f"team:{village.county_code}", village.psu
        )


def test_a_county_with_fewer_villages_than_planned_takes_them_all():
    many = [plan(c, villages=40) for c in COUNTIES]

    design = build_design(SEALED.freeze, many, RULES, software="test", round_=ROUND)
    ceremony = open_ceremony(1, SEALED.freeze, design, COMMITMENTS, at=AT, earlier=[])
    ceremony = record_dice(ceremony, DICE, DICE, ["A"], at=AT)
    draw = draw_round(SEALED.units, many, ceremony, seed_text(ceremony, SHARES))
    assert len(draw.villages) == 24
    assert all(v.certainty for v in draw.villages)


def test_a_draw_needs_the_dice_and_a_ceremony_in_force():
    with pytest.raises(WrongStageError) as caught:
        again(ceremony=SEALED.committed)
    assert caught.value.code == "dice-missing"
    with pytest.raises(WrongStageError) as caught:
        again(ceremony=void(SEALED.diced, "why"))
    assert caught.value.code == "ceremony-void"


def _edited_units():
    units = list(SEALED.units)
    units[3] = dataclasses.replace(units[3], stratum=units[4].stratum, psu=units[90].psu)
    return units


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda: again(units=_edited_units()), "frame-changed"),
        (lambda: again(units=SEALED.units[:-1]), "frame-changed"),
        (lambda: again(units=SEALED.units[::-1]), "frame-changed"),
        (lambda: again(plans=SEALED.plans[:1]), "plan-changed"),
        (lambda: again(plans=[plan(c, villages=6) for c in COUNTIES]), "plan-changed"),
        (lambda: again(plans=[plan(c, takes=(5, 3, 1)) for c in COUNTIES]), "plan-changed"),
        (lambda: again(seed="1234"), "seed-of-another"),
        (lambda: again(ceremony=SEALED.drawn, seed=SEALED.seed[:-1] + "0"), "seed-of-another"),
        (
            lambda: again(
                ceremony=dataclasses.replace(
                    SEALED.diced,
                    design_json=SEALED.diced.design_json.replace('"take":4', '"take":5'),
                )
            ),
            "design-changed",
        ),
        (
            lambda: published_files(SEALED.freeze, _edited_units(), SEALED.drawn, SEALED.draw),
            "frame-changed",
        ),
        (lambda: published_files(SEALED.freeze, SEALED.units, SEALED.drawn, None), "draw-missing"),
        (
            lambda: published_files(
                SEALED.freeze,
                SEALED.units,
                SEALED.drawn,
                dataclasses.replace(SEALED.draw, households=SEALED.draw.households[1:]),
            ),
            "draw-changed",
        ),
    ],
)
def test_stored_things_that_disagree_stop_the_act(act, code):
    with pytest.raises(IntegrityError) as caught:
        act()
    assert caught.value.code == code
    assert caught.value.words("zh") and caught.value.words("en")


FIXED = {"public_frame.csv", "counts.csv", "design.json", "commitments.json"}


def test_each_state_adds_files_and_changes_none():
    stages = [
        (SEALED.committed, FIXED),
        (SEALED.diced, FIXED | {"dice.json"}),
        (SEALED.drawn, FIXED | {"dice.json", "draw.json"}),
        (SEALED.disclosed, FIXED | {"dice.json", "draw.json", "shares.json", "draw.csv"}),
    ]
    before: dict[str, bytes] = {}
    for ceremony, names in stages:
        files = SEALED.files(ceremony)
        assert set(files) == names
        assert before.items() <= files.items()
        assert files == SEALED.files(ceremony)
        before = files


def test_before_disclosure_nothing_published_tells_a_drawn_unit_a_share_or_the_seed():
    public = b"\n".join(SEALED.files(SEALED.drawn).values()).decode()
    secrets = [*SHARES.values(), SEALED.seed, SEALED.drawn.seed_sha256]
    secrets += [h.ticket for h in SEALED.draw.households]
    secrets += [h.revisit_ticket for h in SEALED.draw.households]
    secrets += [v.team_ticket for v in SEALED.draw.villages]
    assert not any(secret in public for secret in secrets)
    record = json.loads(SEALED.files(SEALED.drawn)["draw.json"])
    assert record["seed_commitment"] == commit_seed_digest(SEALED.drawn.seed_sha256)
    assert record["draw_csv_sha256"] == sha256_hex(SEALED.files()["draw.csv"])


def test_published_files_tell_nothing_filed_and_no_household():
    public = b"\n".join(SEALED.files().values()).decode()
    for unit in SEALED.units:
        assert unit.household.household_id not in public
        assert unit.household.village_code not in public
        assert unit.salt not in public


def test_the_digest_of_the_draw_binds_the_sample_as_published():
    assert SEALED.draw.digest == sha256_hex(SEALED.files()["draw.csv"])
    lines = SEALED.files()["draw.csv"].decode().splitlines()
    assert len(lines) == 1 + len(SEALED.draw.villages) + len(SEALED.draw.households)


def test_a_void_ceremony_is_published_with_its_reason():
    for ceremony, names in (
        (SEALED.committed, FIXED),
        (SEALED.diced, FIXED | {"dice.json"}),
        (SEALED.drawn, FIXED | {"dice.json", "draw.json"}),
    ):
        files = SEALED.files(void(ceremony, "骰子录错"))
        assert set(files) == names | {"void.json"}
        assert json.loads(files["void.json"])["reason"] == "骰子录错"
        assert SEALED.files(ceremony).items() <= files.items()
    none = published_files(SEALED.freeze, SEALED.units, void(SEALED.drawn, "x"), None)
    assert set(none) == FIXED | {"dice.json", "void.json"}


def test_times_are_published_in_utc_whatever_the_zone():
    china = AT.astimezone(timezone(timedelta(hours=8)))
    local = record_dice(SEALED.committed, DICE, DICE, ["见证人", "Witness B"], at=china)
    naive = dataclasses.replace(local, dice_at=AT.replace(tzinfo=None))
    assert SEALED.files(local)["dice.json"] == SEALED.files(SEALED.diced)["dice.json"]
    assert SEALED.files(naive)["dice.json"] == SEALED.files(SEALED.diced)["dice.json"]


def test_frequencies_of_villages_match_the_inclusion_probabilities():
    reps, counts, probs = 150, Counter(), {}
    rng = random.Random(3)
    for _ in range(reps):
        dice = "".join(rng.choice("0123456789") for _ in range(20))
        ceremony = record_dice(SEALED.committed, dice, dice, ["A"], at=AT)
        draw = again(ceremony=ceremony, seed=seed_text(ceremony, SHARES))
        counts.update(v.psu for v in draw.villages)
        probs.update({v.psu: v.inclusion_prob for v in draw.villages})
    assert len(probs) == 24
    for psu, p in probs.items():
        assert abs(counts[psu] / reps - p) < 4 * math.sqrt(p * (1 - p) / reps) + 0.02
