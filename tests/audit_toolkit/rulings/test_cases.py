import dataclasses
import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visit_samples import visit_with

from audit_toolkit.errors import IntegrityError, OperatorError
from audit_toolkit.model import (
    Case,
    CaseKind,
    CaseState,
    FiledStatus,
    Finding,
    FrameHousehold,
    Judgement,
    Ruling,
    Verdict,
    VisitKind,
)
from audit_toolkit.rulings import CLOSED, accept_ruling, case_state, open_cases, rulings_on

COUNTY = "900101"
AT = datetime(2020, 1, 5, tzinfo=UTC)


def household(household_id, status):
    return FrameHousehold(
        household_id=household_id,
        county_code=COUNTY,
        township="t",
        village_code="900101001001",
        village_name="v",
        group_name="g",
        head_name="甲一",
        members=3,
        status=status,
        register_id=None,
        roster_id=None,
    )


def judged(household_id, *failing, unanswered=(), kind=VisitKind.FIRST):
    judgement = Judgement(
        poor=bool(failing),
        poor_by_line=bool(failing),
        failing=failing,
        net_income_pc="1.00",
        unstable_because=(),
        unanswered=unanswered,
    )
    finding = Finding(
        visit=visit_with(),
        county_code=COUNTY,
        household_id=household_id,
        kind=kind,
        inspector_id="i-1",
        version=1,
        server_at=AT,
    )
    return finding, judgement


def opened(status, first=None, revisit=None):
    """Open the cases of one household from its judgements."""
    return open_cases(
        COUNTY,
        {"h-1": household("h-1", status)},
        {"h-1": first} if first else {},
        {"h-1": revisit} if revisit else {},
    )


POOR, MEETS = judged("h-1", "food"), judged("h-1")


@pytest.mark.parametrize(
    ("status", "found", "kind"),
    [
        (FiledStatus.EXITED, POOR, CaseKind.WRONGFUL_EXIT),
        (FiledStatus.EXITED, MEETS, None),
        (FiledStatus.UNREGISTERED, POOR, CaseKind.OMISSION),
        (FiledStatus.UNREGISTERED, MEETS, None),
        (FiledStatus.POOR, MEETS, CaseKind.MISSED_EXIT),
        (FiledStatus.PLANNED, MEETS, CaseKind.MISSED_EXIT),
        (FiledStatus.RETURNED, MEETS, CaseKind.MISSED_EXIT),
        (FiledStatus.POOR, POOR, None),
    ],
)
def test_a_case_opens_where_found_contradicts_the_filed_status(status, found, kind):
    assert [c.kind for c in opened(status, found)] == ([kind] if kind else [])


def test_a_revisit_alone_opens_a_case_and_a_first_visit_alone_too():
    (by_revisit,) = opened(FiledStatus.EXITED, MEETS, POOR)
    assert (by_revisit.first_says, by_revisit.revisit_says) == (False, True)
    (by_first,) = opened(FiledStatus.EXITED, POOR, MEETS)
    assert (by_first.first_says, by_first.revisit_says) == (True, False)
    (without_revisit,) = opened(FiledStatus.EXITED, POOR)
    assert (without_revisit.first_says, without_revisit.revisit_says) == (True, None)
    (revisit_only,) = opened(FiledStatus.EXITED, None, POOR)
    assert (revisit_only.first_says, revisit_only.revisit_says) == (False, True)
    assert by_revisit.case_id == by_first.case_id == revisit_only.case_id


def test_failing_criteria_of_the_visits_that_say_so_are_joined_once():
    first, revisit = judged("h-1", "food", "water"), judged("h-1", "housing", "water")
    (case,) = opened(FiledStatus.EXITED, first, revisit)
    assert case.failing == ("food", "water", "housing")


def test_unanswered_criteria_never_show_a_missed_exit_but_one_failing_shows_poverty():
    assert opened(FiledStatus.POOR, judged("h-1", unanswered=("water",))) == ()
    (case,) = opened(FiledStatus.EXITED, judged("h-1", "food", unanswered=("water",)))
    assert case.failing == ("food",)


def test_a_missed_exit_has_no_failing_criterion_whatever_the_other_visit_found():
    (case,) = opened(FiledStatus.POOR, MEETS, POOR)
    assert (case.failing, case.first_says, case.revisit_says) == ((), True, False)


def test_cases_come_by_household_and_each_is_named_after_it():
    ids = ["h-2", "h-1", "h-3"]
    cases = open_cases(
        COUNTY,
        {i: household(i, FiledStatus.EXITED) for i in ids},
        {i: judged(i, "food") for i in ids},
        {},
    )
    assert [c.household_id for c in cases] == ["h-1", "h-2", "h-3"]
    assert cases[0].case_id == "900101-h-1-wrongful-exit"
    assert cases[0].persons == 3


def ruling(reviewer, verdict=Verdict.CONFIRMED, **changes):
    values = {
        "case_id": CASE.case_id,
        "county_code": COUNTY,
        "reviewer_id": reviewer,
        "verdict": verdict,
        "reason": "seen on site",
        "ruled_at": AT,
    }
    return Ruling(**{**values, **changes})


CASE = Case(
    case_id="900101-h-1-wrongful-exit",
    county_code=COUNTY,
    household_id="h-1",
    kind=CaseKind.WRONGFUL_EXIT,
    status=FiledStatus.EXITED,
    persons=3,
    failing=("food",),
    first_says=True,
    revisit_says=None,
)
YES, NO = Verdict.CONFIRMED, Verdict.DISMISSED


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ((), CaseState.OPEN),
        ((YES,), CaseState.HALF_RULED),
        ((NO,), CaseState.HALF_RULED),
        ((YES, YES), CaseState.CONFIRMED),
        ((NO, NO), CaseState.DISMISSED),
        ((YES, NO), CaseState.SPLIT),
        ((NO, YES), CaseState.SPLIT),
        ((YES, NO, YES), CaseState.CONFIRMED),
        ((NO, YES, NO), CaseState.DISMISSED),
    ],
)
def test_two_must_agree_and_a_third_decides(verdicts, state):
    given = [ruling(f"r-{n}", v) for n, v in enumerate(verdicts)]
    for order in itertools.permutations(given):
        assert case_state(order) is state


@pytest.mark.parametrize(
    "rulings",
    [
        lambda: [ruling("r-1"), ruling("r-1")],
        lambda: [ruling("r-1"), ruling("r-2", case_id="other")],
        lambda: [ruling(f"r-{n}") for n in range(3)],
        lambda: [ruling(f"r-{n}", v) for n, v in enumerate((YES, NO, YES, YES))],
    ],
)
def test_rulings_that_cannot_have_come_about_are_an_integrity_error(rulings):
    with pytest.raises(IntegrityError, match="keep the evidence"):
        case_state(rulings())


@pytest.mark.parametrize(
    ("earlier", "new", "code"),
    [
        ([], {"case_id": "900101-h-2-omission"}, "ruling-other-case"),
        ([], {"county_code": "900102"}, "ruling-other-case"),
        ([], {"reason": " \n"}, "ruling-reason-empty"),
        (["r-9"], {}, "ruling-same-reviewer"),
        (["r-1", "r-2"], {}, "ruling-case-closed"),
    ],
)
def test_a_ruling_is_refused_with_its_reason(earlier, new, code):
    with pytest.raises(OperatorError) as caught:
        accept_ruling(CASE, [ruling(r) for r in earlier], ruling("r-9", **new))
    assert caught.value.code == code
    assert caught.value.words("en") and caught.value.words("zh")


def test_who_visited_the_household_may_not_rule_on_it():
    with pytest.raises(OperatorError, match="visited"):
        accept_ruling(CASE, [], ruling("i-1"), inspectors=frozenset({"i-1"}))
    state = accept_ruling(CASE, [], ruling("r-1"), inspectors=frozenset({"i-1"}))
    assert state is CaseState.HALF_RULED


attempts = st.lists(
    st.tuples(st.sampled_from(["r-1", "r-2", "r-3", "r-4"]), st.sampled_from(list(Verdict))),
    max_size=8,
)


@given(attempts)
def test_no_path_leaves_a_closed_state(path):
    accepted, state = [], CaseState.OPEN
    for reviewer, verdict in path:
        new = ruling(reviewer, verdict)
        try:
            after = accept_ruling(CASE, accepted, new)
        except OperatorError:
            after = state
        else:
            assert state not in CLOSED
            accepted.append(new)
        assert case_state(accepted) is after
        state = after
    assert len(accepted) <= 3


@given(attempts)
def test_replaying_the_accepted_rulings_rebuilds_the_state(path):
    accepted = []
    for reviewer, verdict in path:
        try:
            accept_ruling(CASE, accepted, ruling(reviewer, verdict))
        except OperatorError:
            continue
        accepted.append(ruling(reviewer, verdict))
    later = [dataclasses.replace(r, ruled_at=AT.replace(year=2021)) for r in accepted]
    assert case_state(later) is case_state(accepted)


def test_a_ruling_holds_for_the_grounds_that_it_was_given_on_in_any_order():
    case = dataclasses.replace(CASE, failing=("food", "education"))
    same = ruling("r-1", grounds=("education", "food"))
    fewer = ruling("r-2", grounds=("food",))
    other = ruling("r-3", grounds=("education", "food"), case_id="another")
    assert rulings_on(case, [same, fewer, other]) == (same,)
