from hypothesis import given
from hypothesis import strategies as st

from audit_toolkit.fieldwork import inspector_error
from audit_toolkit.model import Judgement


def judgement(poor):
    return Judgement(
        poor=poor,
        poor_by_line=poor,
        failing=("food",) if poor else (),
        net_income_pc="1.00",
        unstable_because=(),
        unanswered=(),
    )


def test_pairs_are_counted_by_what_each_visit_found():
    said = [(True, True), (True, False), (True, False), (False, True), (False, False)]
    found = inspector_error("900101", [(judgement(a), judgement(b)) for a, b in said])
    assert (found.pairs, found.both_poor, found.neither) == (5, 1, 1)
    assert (found.first_only, found.revisit_only) == (2, 1)


def test_no_pairs_give_zeros():
    found = inspector_error("900101", [])
    assert (found.pairs, found.both_poor, found.first_only) == (0, 0, 0)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
def test_the_four_counts_add_up_to_the_pairs(said):
    found = inspector_error("900101", [(judgement(a), judgement(b)) for a, b in said])
    assert found.pairs == len(said)
    assert found.pairs == (found.both_poor + found.first_only + found.revisit_only + found.neither)
