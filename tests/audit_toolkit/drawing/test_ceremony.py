"""The acts of a ceremony: what each gives, and every refusal with its way out."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealed_round import AT, COMMITMENTS, COUNTIES, DICE, ROUND, RULES, SHARES, Sealed, plan

from audit_toolkit.drawing import (
    build_design,
    disclose,
    mark_drawn,
    open_ceremony,
    record_dice,
    seed_text,
    void,
)
from audit_toolkit.errors import OperatorError, WrongStageError
from audit_toolkit.model import CeremonyState, Stratum
from sampling.commitment import design_digest

SEALED = Sealed()
WITNESSES = ["见证人", "Witness B"]


def open_again(commitments=COMMITMENTS, *, number=2, earlier=()):
    return open_ceremony(
        number, SEALED.freeze, SEALED.design, commitments, at=AT, earlier=list(earlier)
    )


def design(plans=SEALED.plans):
    return build_design(SEALED.freeze, plans, RULES, software="test", round_=ROUND)


def test_a_ceremony_goes_from_committed_to_disclosed():
    states = [c.state for c in (SEALED.committed, SEALED.diced, SEALED.drawn, SEALED.disclosed)]
    assert states == [
        CeremonyState.COMMITTED,
        CeremonyState.DICE_RECORDED,
        CeremonyState.DRAWN,
        CeremonyState.DISCLOSED,
    ]
    assert [c.share for c in SEALED.disclosed.commitments] == list(SHARES.values())
    assert all(not c.share for c in SEALED.drawn.commitments)


def test_the_seed_joins_root_design_dice_and_shares_in_the_published_order():
    fixed = ("audit-toolkit-v1", SEALED.freeze.root, SEALED.committed.design_digest, DICE)
    seed = seed_text(SEALED.diced, dict(reversed(SHARES.items())))
    assert seed == "|".join((*fixed, *SHARES.values()))


def test_the_design_is_fixed_by_its_digest_whatever_the_order_of_plans():
    again = design(SEALED.plans[::-1])
    assert again == design()
    assert design_digest(SEALED.design) == SEALED.committed.design_digest
    assert json.loads(SEALED.committed.design_json) == SEALED.design


def test_the_design_shows_no_name_of_a_stratum_but_every_take():
    text = SEALED.committed.design_json
    assert not any(f'"{stratum.value}"' in text for stratum in Stratum)
    county = SEALED.design["counties"][0]
    assert sorted(s["take"] for s in county["strata"]) == [1, 3, 4]
    assert SEALED.design["rules"]["sha256"] == RULES.sha256


def test_a_stratum_that_is_not_taken_has_no_reserves():
    none = [plan(c, takes=(4, 3, 0)) for c in COUNTIES]
    takes = [(s["take"], s["reserves"]) for s in design(none)["counties"][0]["strata"]]
    assert sorted(takes) == [(0, 0), (3, 2), (4, 2)]


@pytest.mark.parametrize(
    ("act", "error", "code"),
    [
        (lambda: design(SEALED.plans[:1]), OperatorError, "design-counties"),
        (lambda: design([*SEALED.plans, SEALED.plans[0]]), OperatorError, "design-counties"),
        (
            lambda: design([dataclasses.replace(p, takes=p.takes[:1]) for p in SEALED.plans]),
            OperatorError,
            "design-take",
        ),
        (
            lambda: open_again(earlier=[SEALED.committed]),
            WrongStageError,
            "ceremony-stands",
        ),
        (
            lambda: open_again(earlier=[SEALED.disclosed]),
            WrongStageError,
            "ceremony-stands",
        ),
        (lambda: open_again({}), OperatorError, "commitments-missing"),
        (lambda: open_again({"a|b": "0" * 64}), OperatorError, "holder-name"),
        (lambda: open_again({" ": "0" * 64}), OperatorError, "holder-name"),
        (lambda: open_again({"a\nb": "0" * 64}), OperatorError, "holder-name"),
        (lambda: open_again({"a": "0" * 63}), OperatorError, "commitment-form"),
        (lambda: open_again({"a": "0" * 64, "b": "0" * 64}), OperatorError, "commitment-twice"),
        (
            lambda: open_again(earlier=[void(SEALED.drawn, "leaked")]),
            OperatorError,
            "commitment-used",
        ),
        (
            lambda: record_dice(SEALED.diced, DICE, DICE, WITNESSES, at=AT),
            WrongStageError,
            "dice-recorded",
        ),
        (lambda: seed_text(SEALED.committed, SHARES), WrongStageError, "dice-missing"),
        (lambda: mark_drawn(SEALED.committed, "seed"), WrongStageError, "dice-missing"),
        (lambda: mark_drawn(SEALED.drawn, SEALED.seed), WrongStageError, "ceremony-drawn"),
        (
            lambda: seed_text(SEALED.diced, {"province": SHARES["province"]}),
            OperatorError,
            "share-missing",
        ),
        (
            lambda: seed_text(SEALED.diced, SHARES | {"city": "0" * 64}),
            OperatorError,
            "holder-unknown",
        ),
        (
            lambda: seed_text(SEALED.diced, SHARES | {"province": "b2" * 31}),
            OperatorError,
            "share-form",
        ),
        (
            lambda: seed_text(SEALED.diced, SHARES | {"province": "b2" * 31 + "b3"}),
            OperatorError,
            "share-does-not-open",
        ),
        (lambda: disclose(SEALED.diced, SHARES, lost={}), WrongStageError, "disclose-too-early"),
        (lambda: disclose(SEALED.disclosed, SHARES, lost={}), WrongStageError, "shares-disclosed"),
        (
            lambda: disclose(SEALED.drawn, SHARES, lost={"province": "lost"}),
            OperatorError,
            "share-and-loss",
        ),
        (
            lambda: disclose(SEALED.drawn, {}, lost={"city": "lost"}),
            OperatorError,
            "holder-unknown",
        ),
        (
            lambda: disclose(SEALED.drawn, {}, lost={"province": " "}),
            OperatorError,
            "loss-without-reason",
        ),
        (
            lambda: disclose(SEALED.drawn, {}, lost={"province": "lost"}),
            OperatorError,
            "holder-unaccounted",
        ),
        (lambda: void(SEALED.disclosed, "why"), WrongStageError, "void-too-late"),
        (lambda: void(SEALED.drawn, "  "), OperatorError, "void-without-reason"),
    ],
)
def test_what_an_act_refuses_has_a_code_and_a_way_out(act, error, code):
    with pytest.raises(error) as caught:
        act()
    assert caught.value.code == code
    for language in ("zh", "en"):
        assert len(caught.value.words(language)) > 10


@pytest.mark.parametrize(
    "act",
    [
        lambda c: record_dice(c, DICE, DICE, WITNESSES, at=AT),
        lambda c: seed_text(c, SHARES),
        lambda c: mark_drawn(c, "seed"),
        lambda c: disclose(c, SHARES, lost={}),
        lambda c: void(c, "again"),
    ],
)
def test_a_void_ceremony_takes_no_act_and_says_why(act):
    voided = void(SEALED.diced, "dice typed wrongly")
    with pytest.raises(WrongStageError) as caught:
        act(voided)
    assert caught.value.code == "ceremony-void"
    assert "dice typed wrongly" in caught.value.words("en")


def test_after_a_void_ceremony_another_is_held_and_the_first_stays_on_record():
    voided = void(SEALED.diced, " holder refused ")
    second = open_again(earlier=[voided])
    assert voided.void_reason == "holder refused"
    assert (second.number, second.state) == (2, CeremonyState.COMMITTED)
    assert voided.dice == DICE


@given(
    digits=st.text("0123456789", min_size=0, max_size=19),
)
def test_fewer_than_twenty_dice_are_refused(digits):
    with pytest.raises(OperatorError) as caught:
        record_dice(SEALED.committed, digits, digits, WITNESSES, at=AT)
    assert (caught.value.code, caught.value.fields["got"]) == ("dice-too-few", len(digits))


@given(place=st.integers(0, 19), digit=st.sampled_from("0123456789"))
def test_two_typings_that_differ_are_refused_at_the_first_place(place, digit):
    other = DICE[:place] + digit + DICE[place + 1 :]
    if other == DICE:
        return
    with pytest.raises(OperatorError) as caught:
        record_dice(SEALED.committed, DICE, other, WITNESSES, at=AT)
    assert (caught.value.code, caught.value.fields["place"]) == ("dice-differ", place + 1)


@pytest.mark.parametrize(
    ("digits", "again", "witnesses", "code"),
    [
        (DICE, DICE + "1", WITNESSES, "dice-differ"),
        (DICE[:-1] + "６", DICE[:-1] + "６", WITNESSES, "dice-not-digit"),
        (DICE[:-1] + "l", DICE, WITNESSES, "dice-not-digit"),
        (DICE, DICE, [], "witnesses-missing"),
        (DICE, DICE, ["A", " "], "witnesses-missing"),
        (DICE, DICE, ["A", "A"], "witnesses-missing"),
        (DICE, DICE, ["A|B"], "witnesses-missing"),
    ],
)
def test_dice_that_cannot_be_relied_on_are_not_recorded(digits, again, witnesses, code):
    with pytest.raises(OperatorError) as caught:
        record_dice(SEALED.committed, digits, again, witnesses, at=AT)
    assert caught.value.code == code


def test_dice_may_be_typed_in_groups_and_keep_their_zeros():
    typed = "03847 19205 61029 38475 60"
    diced = record_dice(SEALED.committed, typed, typed.replace(" ", ""), WITNESSES, at=AT)
    assert diced.dice == "0384719205610293847560"


def test_a_message_about_a_share_never_repeats_it():
    wrong = "d4" * 32
    with pytest.raises(OperatorError) as caught:
        seed_text(SEALED.diced, SHARES | {"province": wrong})
    assert wrong not in caught.value.words("en") + repr(caught.value.fields)
