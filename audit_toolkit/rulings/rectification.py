"""What has to be put right after confirmed cases."""

from __future__ import annotations

from collections.abc import Iterable

from ..model import Case, CaseKind, CaseState, Rectification

MEASURES = {
    CaseKind.WRONGFUL_EXIT: "restore-and-help",
    CaseKind.OMISSION: "register-in-time",
    CaseKind.MISSED_EXIT: "withdraw-in-time",
}


def rectifications(
    cases_with_state: Iterable[tuple[Case, CaseState]],
) -> tuple[Rectification, ...]:
    """Return one measure for each confirmed case, with the criteria to be put right.

    Cases not yet closed ask for nothing yet; a missed exit has no criterion to put right.
    """
    return tuple(
        Rectification(
            county_code=case.county_code,
            household_id=case.household_id,
            kind=case.kind,
            measure=MEASURES[case.kind],
            items=case.failing,
        )
        for case, state in cases_with_state
        if state is CaseState.CONFIRMED
    )
