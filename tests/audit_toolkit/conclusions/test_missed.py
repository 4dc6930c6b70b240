"""What first visits missed: revisits counted by filed status, rates that allow for them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from county_samples import CODE, KEY, sample_of, strata_of, villages_of

from audit_toolkit.conclusions import count_revisits, indicators, pool_round, rate_sentence
from audit_toolkit.conclusions.sentences import criterion_lines, is_held_back
from audit_toolkit.model import Outcome, OutcomeKind, RevisitCount, Stratum
from audit_toolkit.rules import load_rule_set
from sampling import true_rate_verified_positives

RULES = load_rule_set("cn-2019")


def found(sample, *, every=5, misses=0):
    """First visits say what holds, save for the missed ones; every nth household is revisited."""
    made, left = [], misses
    for place, o in enumerate(sample):
        again = place % every == 0
        if again and left and o.stratum is Stratum.EXITED:
            left -= 1
            made.append(replace(o, poor=True, found_first=False, revisited=True))
        else:
            made.append(replace(o, found_first=bool(o.poor), revisited=again))
    assert not left
    return made


def rates_of(sample, revisits):
    rows = indicators(
        KEY,
        sample,
        strata_of(),
        villages_of(),
        pool_round({CODE: sample}, RULES),
        RULES,
        province_code="90",
        revisits=revisits,
    )
    return {(i.name, i.unit, i.formula): i for i in rows}


def wrongful(rates):
    return rates["wrongful_exit_rate", "persons", "interviewed"]


def test_clear_revisits_are_counted_by_filed_status_over_all_counties():
    one, other = found(sample_of(3), misses=2), found(sample_of())
    counts = {c.stratum: c for c in count_revisits({"a": one, "b": other})}
    assert set(counts) == {Stratum.EXITED, Stratum.UNREGISTERED}
    revisited = [
        o
        for o in (*one, *other)
        if o.revisited and not o.found_first and o.stratum is Stratum.EXITED
    ]
    assert counts[Stratum.EXITED].clear == len(revisited)
    assert counts[Stratum.EXITED].missed == 2
    assert counts[Stratum.UNREGISTERED].missed == 0


def test_a_rate_allows_for_what_was_missed_as_the_statistics_say():
    sample = found(sample_of(4))
    row = wrongful(rates_of(sample, (RevisitCount(stratum=Stratum.EXITED, clear=900, missed=3),)))
    share = 4 / (30 * 17)
    expected = true_rate_verified_positives(
        row.n_effective * share, row.n_effective, 3, 900, positive_share=share
    )
    assert row.allowing.estimate == pytest.approx(expected.estimate)
    assert row.allowing.interval.upper == pytest.approx(expected.upper)
    assert row.allowing.interval.lower == pytest.approx(expected.lower)
    assert (row.allowing.clear, row.allowing.missed) == (900, 3)
    assert row.allowing.estimate > row.estimate


def test_without_revisits_nothing_is_allowed_for_and_nothing_changes():
    sample = found(sample_of(4))
    plain, none = (
        rates_of(sample, ()),
        rates_of(sample, (RevisitCount(stratum=Stratum.EXITED, clear=0, missed=0),)),
    )
    assert wrongful(plain).allowing is None
    assert wrongful(none).allowing is None
    assert wrongful(plain).conclusion == wrongful(none).conclusion


def test_the_number_of_revisits_needed_grows_with_what_was_missed():
    sample = found(sample_of())
    rows = [
        wrongful(rates_of(sample, (RevisitCount(stratum=Stratum.EXITED, clear=400, missed=m),)))
        for m in (0, 1)
    ]
    needed = [row.allowing.needed for row in rows]
    assert all(needed)
    assert needed[1] > needed[0]


def test_rates_that_do_not_count_poverty_among_the_clear_have_none():
    sample = found(sample_of(4))
    counts = tuple(
        RevisitCount(stratum=s, clear=500, missed=0) for s in (Stratum.EXITED, Stratum.UNREGISTERED)
    )
    rates = rates_of(sample, counts)
    allowed = {name for (name, _, _), row in rates.items() if row.allowing is not None}
    assert allowed == {"wrongful_exit_rate", "omission_rate", "composite_incidence"}
    composite = rates["composite_incidence", "persons", "register-totals"]
    assert composite.allowing.estimate == pytest.approx(composite.estimate)
    assert composite.allowing.clear == 1000


def test_a_pass_stays_open_where_what_was_missed_carries_the_rate_to_its_limit():
    """Decision 0009: the deciding interval alone would pass."""
    sample = found(sample_of(villages=60))
    few = wrongful(rates_of(sample, (RevisitCount(stratum=Stratum.EXITED, clear=300, missed=1),)))
    many = wrongful(rates_of(sample, (RevisitCount(stratum=Stratum.EXITED, clear=300, missed=9),)))
    assert (few.conclusion, many.conclusion) == ("pass", "inconclusive")
    assert not is_held_back(few)
    assert is_held_back(many)
    assert many.interval.upper < 0.02 <= many.allowing.estimate


@pytest.mark.parametrize(("language", "words"), [("en", "9 were poor"), ("zh", "查实9户为贫困")])
def test_a_rate_held_back_says_why_and_proposes_no_villages(language, words):
    sample = found(sample_of(villages=60))
    row = wrongful(rates_of(sample, (RevisitCount(stratum=Stratum.EXITED, clear=300, missed=9),)))
    outcome = Outcome(
        key=KEY,
        kind=OutcomeKind.UNDECIDED,
        reasons=(),
        failing=(),
        undecided=("wrongful_exit_rate",),
        settlements=(),
        open_cases=0,
        procedure_faults=(),
        official_kind=OutcomeKind.RECOMMEND_EXIT,
        provisional=False,
    )
    line = next(
        part
        for part in criterion_lines(outcome, [row], language)
        if part.criterion == "wrongful_exit_rate"
    )
    assert words in line.known
    assert line.known.startswith(rate_sentence(row, language)[:10])
    assert line.settle == ""
