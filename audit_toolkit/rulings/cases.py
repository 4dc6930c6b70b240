"""Suspected cases and the rulings that close them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..errors import IntegrityError, OperatorError
from ..model import (
    Case,
    CaseKind,
    CaseState,
    Finding,
    FrameHousehold,
    Judgement,
    Ruling,
    Stratum,
    Verdict,
)

Judged = Mapping[str, tuple[Finding, Judgement]]

KIND_BY_STRATUM = {
    Stratum.EXITED: CaseKind.WRONGFUL_EXIT,
    Stratum.UNREGISTERED: CaseKind.OMISSION,
    Stratum.STILL_POOR: CaseKind.MISSED_EXIT,
}
CLOSED = (CaseState.CONFIRMED, CaseState.DISMISSED)
_STATE_BY_VERDICT = {
    Verdict.CONFIRMED: CaseState.CONFIRMED,
    Verdict.DISMISSED: CaseState.DISMISSED,
}


def open_cases(
    county_code: str,
    households: Mapping[str, FrameHousehold],
    first: Judged,
    revisit: Judged,
) -> tuple[Case, ...]:
    """Return the suspected cases of a county, by household id.

    A case opens where the first visit or the revisit says so: an exited household found poor, an
    unregistered one found poor, a still-poor one found to meet every criterion. A visit with
    unanswered criteria can show poverty but never that all criteria are met.

    Parameters
    ----------
    county_code : str
        The county.
    households : mapping of str to FrameHousehold
        Every visited household by id.
    first, revisit : mapping of str to (Finding, Judgement)
        Newest finding with its judgement of each responding household.

    Returns
    -------
    tuple of Case
        ``failing`` joins the criteria failing at the visits that say so.
    """
    cases = []
    for household_id in sorted(first.keys() | revisit.keys()):
        household = households[household_id]
        kind = KIND_BY_STRATUM[Stratum.of(household.status)]
        visits = [j[household_id][1] if household_id in j else None for j in (first, revisit)]
        says = [_says(kind, judgement) for judgement in visits]
        if True not in says:
            continue
        failing = [c for j, said in zip(visits, says, strict=True) if j and said for c in j.failing]
        cases.append(
            Case(
                case_id=f"{county_code}-{household_id}-{kind.value}",
                county_code=county_code,
                household_id=household_id,
                kind=kind,
                status=household.status,
                persons=household.members,
                failing=tuple(dict.fromkeys(failing)),
                first_says=says[0] is True,
                revisit_says=says[1],
            )
        )
    return tuple(cases)


def _says(kind: CaseKind, judgement: Judgement | None) -> bool | None:
    """Tell whether a visit says that the household is filed wrongly; None without a visit."""
    if judgement is None:
        return None
    if kind is CaseKind.MISSED_EXIT:
        return not judgement.poor and not judgement.unanswered
    return judgement.poor


def rulings_on(case: Case, rulings: Iterable[Ruling]) -> tuple[Ruling, ...]:
    """Return the rulings that hold for a case as it stands: on it, and on its present grounds.

    A correction that changes the failing criteria makes it a case that nobody has ruled on.
    """
    grounds = set(case.failing)
    return tuple(r for r in rulings if r.case_id == case.case_id and set(r.grounds) == grounds)


def case_state(rulings: Sequence[Ruling]) -> CaseState:
    """Return where a case stands: two reviewers must agree, where they differ a third decides.

    Parameters
    ----------
    rulings : sequence of Ruling
        All rulings on one case, in any order.

    Raises
    ------
    IntegrityError
        Rulings on several cases, two by one reviewer, or one given after the case was closed.
    """
    verdicts = Counter(r.verdict for r in rulings)
    ids = {r.case_id for r in rulings}
    reviewers = {r.reviewer_id for r in rulings}
    late = len(rulings) > 3 or (len(rulings) == 3 and len(verdicts) == 1)
    if len(ids) > 1 or len(reviewers) < len(rulings) or late:
        raise IntegrityError("rulings-disagree", case=", ".join(sorted(ids)), count=len(rulings))
    if not rulings:
        return CaseState.OPEN
    if len(rulings) == 1:
        return CaseState.HALF_RULED
    if len(rulings) == 2 and len(verdicts) == 2:
        return CaseState.SPLIT
    return _STATE_BY_VERDICT[verdicts.most_common(1)[0][0]]


def accept_ruling(
    case: Case,
    earlier: Sequence[Ruling],
    ruling: Ruling,
    *,
    inspectors: frozenset[str] = frozenset(),
) -> CaseState:
    """Return where the case stands once ``ruling`` is added to the ``earlier`` ones.

    Parameters
    ----------
    case : Case
        The case.
    earlier : sequence of Ruling
        Rulings already given on it.
    ruling : Ruling
        The one to add.
    inspectors : frozenset of str, optional
        Who visited the household; they may not rule on it.

    Raises
    ------
    OperatorError
        The ruling is about another case, the case is closed, the reviewer has ruled on it or
        visited the household, or no reason is given.
    """
    if (ruling.case_id, ruling.county_code) != (case.case_id, case.county_code):
        raise OperatorError("ruling-other-case", case=case.case_id, got=ruling.case_id)
    state = case_state(earlier)
    if state in CLOSED:
        raise OperatorError("ruling-case-closed", case=case.case_id, state=state.value)
    if ruling.reviewer_id in {r.reviewer_id for r in earlier}:
        raise OperatorError("ruling-same-reviewer", case=case.case_id, reviewer=ruling.reviewer_id)
    if ruling.reviewer_id in inspectors:
        raise OperatorError("ruling-own-visit", case=case.case_id, reviewer=ruling.reviewer_id)
    if not ruling.reason.strip():
        raise OperatorError("ruling-reason-empty", case=case.case_id)
    return case_state((*earlier, ruling))
