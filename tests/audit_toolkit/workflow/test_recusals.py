"""Recusals keep inspectors out of villages, and a mistyped one is refused."""

from __future__ import annotations

import pytest

from audit_toolkit import workflow
from audit_toolkit.errors import OperatorError

CODE = "900121"


def test_a_recused_inspector_is_sent_elsewhere(round_at):
    small = round_at("drawn")
    drawn = workflow.drawn_sample(small.by("eva"), small.store)
    villages = frozenset(v.village_code for v in drawn.villages if v.county_code == CODE)
    kept = sorted(villages)[0]
    workflow.assign_inspectors(
        small.by("eva"), small.store, recusals={f"ins-{CODE}-1": villages - {kept}}
    )
    workflow.release_villages(small.by(f"lead-{CODE}"), small.store, county_code=CODE)
    mine = workflow.my_villages(small.by(f"ins-{CODE}-1"), small.store)
    psu = {v.psu for v in drawn.villages if v.village_code == kept}
    assert {v.psu for v in mine} <= psu


@pytest.mark.parametrize(
    "recusals",
    [{"nobody": frozenset()}, {f"ins-{CODE}-1": frozenset({"000000000000"})}],
)
def test_a_mistyped_recusal_is_refused(round_at, recusals):
    small = round_at("drawn")
    with pytest.raises(OperatorError) as refusal:
        workflow.assign_inspectors(small.by("eva"), small.store, recusals=recusals)
    assert refusal.value.code == "recusal-unknown"
