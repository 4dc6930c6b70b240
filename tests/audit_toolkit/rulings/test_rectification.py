import pytest

from audit_toolkit.model import Case, CaseKind, CaseState, FiledStatus
from audit_toolkit.rulings import rectifications


def case(kind, failing=("food", "water")):
    return Case(
        case_id=f"900101-h-1-{kind}",
        county_code="900101",
        household_id="h-1",
        kind=kind,
        status=FiledStatus.EXITED,
        persons=3,
        failing=failing,
        first_says=True,
        revisit_says=None,
    )


@pytest.mark.parametrize(
    ("kind", "failing", "measure"),
    [
        (CaseKind.WRONGFUL_EXIT, ("food", "water"), "restore-and-help"),
        (CaseKind.OMISSION, ("income",), "register-in-time"),
        (CaseKind.MISSED_EXIT, (), "withdraw-in-time"),
    ],
)
def test_each_kind_of_confirmed_case_has_its_measure(kind, failing, measure):
    (found,) = rectifications([(case(kind, failing), CaseState.CONFIRMED)])
    assert (found.measure, found.items, found.kind) == (measure, failing, kind)


@pytest.mark.parametrize("state", [s for s in CaseState if s is not CaseState.CONFIRMED])
def test_only_confirmed_cases_ask_for_rectification(state):
    assert rectifications([(case(CaseKind.OMISSION), state)]) == ()
