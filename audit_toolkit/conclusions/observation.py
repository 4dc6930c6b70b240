"""What was found out about each sampled household, and what it stands for.

A household drawn into the sample stands for the households of its village and stratum. Where some
of these did not respond, those that did stand for all of them; a replacement from the reserve
enters with the class that it was drawn from and adds nothing to what the class stands for. A class
in which nobody responded is carried by the county's other classes of the stratum.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..model import (
    Assignment,
    Case,
    CaseState,
    Draw,
    DrawnHousehold,
    Finding,
    FrameHousehold,
    Judgement,
    ObservedHousehold,
    RuleSet,
    Stratum,
    VisitKind,
)
from ..rules import approves

Judged = Mapping[str, tuple[Finding, Judgement]]


def observe(
    draw: Draw,
    assignments: Sequence[Assignment],
    households: Mapping[str, FrameHousehold],
    first: Judged,
    cases: Iterable[tuple[Case, CaseState]],
    rules: RuleSet,
    *,
    revisited: Iterable[str] = (),
) -> tuple[ObservedHousehold, ...]:
    """Return the sampled households of a county as they enter its rates, in the order drawn.

    Parameters
    ----------
    draw : Draw
        The draw of the round.
    assignments : sequence of Assignment
        The county's assignments; a reserve is in the sample where one of them is its first visit.
    households : mapping of str to FrameHousehold
        The county's drawn households and reserves by id; others of the draw are left aside.
    first : mapping of str to (Finding, Judgement)
        Newest finding of the first visit of each household that responded, with its judgement.
    cases : iterable of (Case, CaseState)
        Suspected cases with their state.
    rules : RuleSet
        Says which answers are approval.
    revisited : iterable of str, optional
        Households whose blind revisit gave an answer too.

    Returns
    -------
    tuple of ObservedHousehold
        The drawn households and the reserves that replaced one. ``weight`` is 0 where there is no
        response, ``base_weight`` 0 for a reserve. Over a county's stratum the weights sum to the
        base weights, unless nobody in it responded.

    Notes
    -----
    With N households of a village and stratum, r of them responding, and the village's chance pi,
    a responding household weighs N / (r pi), times the stratum's total over that of the classes
    with a response. An exited or unregistered household is poor, and a still-poor one is not, where
    its case is confirmed; where the case is still open the first visit counts and the household is
    provisional.
    """
    visited = {a.household_id for a in assignments if a.kind is VisitKind.FIRST}
    sample = [
        d
        for d in draw.households
        if d.household_id in households and (not d.reserve or d.household_id in visited)
    ]
    weights = _response_weights(sample, first.keys() & households.keys())
    case_of = {case.household_id: (case, state) for case, state in cases}
    again = frozenset(revisited)
    return tuple(
        _observed(
            drawn,
            households[drawn.household_id].members,
            weights.get(drawn.household_id, 0.0),
            first.get(drawn.household_id),
            case_of.get(drawn.household_id),
            rules,
            revisited=drawn.household_id in again,
        )
        for drawn in sample
    )


def _response_weights(
    sample: Sequence[DrawnHousehold], responded: Iterable[str]
) -> dict[str, float]:
    """Return the weight of each responding household."""
    answered = set(responded)
    total: defaultdict[tuple[str, str, Stratum], float] = defaultdict(float)
    count: Counter[tuple[str, str, Stratum]] = Counter()
    for drawn in sample:
        total[_class_of(drawn)] += drawn.base_weight
        count[_class_of(drawn)] += drawn.household_id in answered
    whole: defaultdict[tuple[str, Stratum], float] = defaultdict(float)
    carried: defaultdict[tuple[str, Stratum], float] = defaultdict(float)
    for (county, psu, stratum), weight in total.items():
        whole[county, stratum] += weight
        carried[county, stratum] += weight if count[county, psu, stratum] else 0.0
    return {
        drawn.household_id: total[key] / count[key] * whole[stratum] / carried[stratum]
        for drawn in sample
        if drawn.household_id in answered
        for key, stratum in [(_class_of(drawn), (drawn.county_code, drawn.stratum))]
    }


def _class_of(drawn: DrawnHousehold) -> tuple[str, str, Stratum]:
    return drawn.county_code, drawn.psu, drawn.stratum


def _observed(
    drawn: DrawnHousehold,
    persons: int,
    weight: float,
    judged: tuple[Finding, Judgement] | None,
    case: tuple[Case, CaseState] | None,
    rules: RuleSet,
    *,
    revisited: bool,
) -> ObservedHousehold:
    finding, judgement = judged or (None, None)
    poor, by_line, provisional = _status(drawn.stratum, judgement, case)
    return ObservedHousehold(
        household_id=drawn.household_id,
        psu=drawn.psu,
        stratum=drawn.stratum,
        persons=persons,
        base_weight=drawn.base_weight,
        weight=weight,
        responded=judgement is not None,
        poor=poor,
        poor_by_line=by_line,
        approves=approves(finding.visit, rules) if finding else None,
        provisional=provisional,
        found_first=None if judgement is None else judgement.poor,
        revisited=revisited and judgement is not None,
    )


def _status(
    stratum: Stratum,
    judgement: Judgement | None,
    case: tuple[Case, CaseState] | None,
) -> tuple[bool | None, bool | None, bool]:
    """Return poverty in the reading that decides, poverty by the line, and whether provisional."""
    if judgement is None:
        return None, None, False
    filed_poor = stratum is Stratum.STILL_POOR
    if case is None:
        # A still-poor household counts as filed until a case against it stands.
        return filed_poor or judgement.poor, filed_poor or judgement.poor_by_line, False
    suspected, state = case
    provisional = state not in (CaseState.CONFIRMED, CaseState.DISMISSED)
    wrong = suspected.first_says if provisional else state is CaseState.CONFIRMED
    poor = wrong is not filed_poor
    # Where the first visit says the same as the ruling, its reading by the line stands; where the
    # revisit alone saw it, that reading is not known here and the ruling counts in both.
    return poor, judgement.poor_by_line if judgement.poor is poor else poor, provisional
