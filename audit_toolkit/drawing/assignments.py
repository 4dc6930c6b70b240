"""Who visits which household: villages and inspectors paired by the draw's own tickets.

Neither the village nor the inspector chooses: the order of villages comes from the sealed seed,
inspectors are dealt to it in turn. Nothing that an inspector is given tells a filed status: ids
are opaque, and within a village visits are numbered by a hash that does not depend on strata.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

from sampling.commitment import sha256_hex

from ..errors import IntegrityError, OperatorError, WrongStageError
from ..model import (
    Assignment,
    AssignmentState,
    BlindHousehold,
    Draw,
    DrawnHousehold,
    DrawnVillage,
    FrameUnit,
    Plan,
    RuleSet,
    VisitKind,
)

LEAST_INSPECTORS = 2
_ID_DIGITS = 12


def assign(
    draw: Draw,
    units: Sequence[FrameUnit],
    inspectors_by_county: Mapping[str, Sequence[str]],
    plans: Sequence[Plan],
    *,
    recusals: Mapping[str, frozenset[str]] | None = None,
) -> tuple[Assignment, ...]:
    """Assign first visits and blind revisits of the whole round, all still sealed.

    Villages of a county, in the order of their team tickets, go each to the inspector who has the
    fewest so far, in the order of inspector ids, leaving out who is recused. The households with
    the smallest revisit tickets are visited again by another inspector.

    Parameters
    ----------
    draw : Draw
        The draw of the round.
    units : sequence of FrameUnit
        The frozen units.
    inspectors_by_county : mapping of str to sequence of str
        Ids of the inspectors of each county.
    plans : sequence of Plan
        For the share of blind revisits of each county.
    recusals : mapping of str to frozenset of str, optional
        Inspector to the codes of villages where they must not go.

    Returns
    -------
    tuple of Assignment
        By county, inspector and number.

    Raises
    ------
    OperatorError
        A county has fewer than two inspectors; all of them are recused from a village, or all but
        the one who makes the first visit.
    IntegrityError
        A drawn household is not in the frame, or a county has no plan.
    """
    known = {u.unit_id for u in units}
    stray = next((h for h in draw.households if h.unit_id not in known), None)
    if stray is not None:
        raise IntegrityError("drawn-not-in-frame", unit=stray.unit_id)
    shares = {plan.key.county_code: plan.revisit_share for plan in plans}
    assignments: list[Assignment] = []
    for county in sorted({v.county_code for v in draw.villages}):
        if county not in shares:
            raise IntegrityError("plan-changed", county=county)
        assignments += _assign_county(
            draw,
            county,
            sorted(set(inspectors_by_county.get(county, ()))),
            shares[county],
            recusals or {},
        )
    return tuple(assignments)


def _assign_county(
    draw: Draw,
    county: str,
    inspectors: Sequence[str],
    revisit_share: str,
    recusals: Mapping[str, frozenset[str]],
) -> list[Assignment]:
    if len(inspectors) < LEAST_INSPECTORS:
        raise OperatorError(
            "too-few-inspectors", county=county, got=len(inspectors), least=LEAST_INSPECTORS
        )
    villages = sorted(
        (v for v in draw.villages if v.county_code == county), key=lambda v: v.team_ticket
    )
    sample = [h for h in draw.households if h.county_code == county and not h.reserve]
    first = _deal_villages(villages, inspectors, recusals)
    again = _deal_revisits(villages, sample, first, inspectors, revisit_share, recusals)
    visits = [(first[h.psu], VisitKind.FIRST, h) for h in sample]
    visits += [(inspector, VisitKind.REVISIT, h) for h, inspector in again]
    place = {v.psu: i for i, v in enumerate(villages)}
    # Own villages first, each in a hash's order: tickets would tell strata, whose shares differ.
    visits.sort(
        key=lambda v: (
            v[0],
            first[v[2].psu] != v[0],
            place[v[2].psu],
            sha256_hex(f"order|{v[2].ticket}".encode()),
        )
    )
    numbers: Counter[str] = Counter()
    assignments = []
    for inspector, kind, household in visits:
        numbers[inspector] += 1
        assignments.append(_assignment(draw, household, inspector, kind, numbers[inspector]))
    return assignments


def _deal_villages(
    villages: Sequence[DrawnVillage],
    inspectors: Sequence[str],
    recusals: Mapping[str, frozenset[str]],
) -> dict[str, str]:
    """Inspector of each village, by its opaque code."""
    load: Counter[str] = Counter()
    dealt = {}
    for village in villages:
        able = [i for i in inspectors if village.village_code not in recusals.get(i, frozenset())]
        if not able:
            raise OperatorError(
                "all-recused", county=village.county_code, village=village.village_code
            )
        chosen = min(able, key=lambda i: (load[i], i))
        load[chosen] += 1
        dealt[village.psu] = chosen
    return dealt


def _deal_revisits(
    villages: Sequence[DrawnVillage],
    sample: Sequence[DrawnHousehold],
    first: Mapping[str, str],
    inspectors: Sequence[str],
    revisit_share: str,
    recusals: Mapping[str, frozenset[str]],
) -> list[tuple[DrawnHousehold, str]]:
    """Households to be visited again, each with another inspector than the first."""
    codes = {v.psu: v.village_code for v in villages}
    count = math.ceil(Fraction(revisit_share) * len(sample))
    load: Counter[str] = Counter()
    dealt = []
    for household in sorted(sample, key=lambda h: h.revisit_ticket)[:count]:
        village = codes[household.psu]
        able = [
            i
            for i in inspectors
            if i != first[household.psu] and village not in recusals.get(i, frozenset())
        ]
        if not able:
            raise OperatorError(
                "no-second-inspector", county=household.county_code, village=village
            )
        chosen = min(able, key=lambda i: (load[i], i))
        load[chosen] += 1
        dealt.append((household, chosen))
    return dealt


def _assignment(
    draw: Draw,
    household: DrawnHousehold,
    inspector: str,
    kind: VisitKind,
    number: int,
    *,
    state: AssignmentState = AssignmentState.SEALED,
    replaces: str = "",
) -> Assignment:
    # The sealed seed is in the hash, so that nobody with the public frame can look an id up.
    text = f"visit|{draw.seed_sha256}|{household.county_code}|{household.unit_id}|{kind.value}"
    return Assignment(
        assignment_id=f"{household.county_code}-{sha256_hex(text.encode())[:_ID_DIGITS]}",
        county_code=household.county_code,
        household_id=household.household_id,
        unit_id=household.unit_id,
        psu=household.psu,
        inspector_id=inspector,
        kind=kind,
        number=number,
        state=state,
        replaces=replaces,
    )


def release(
    assignments: Sequence[Assignment], *, psu: str, kind: VisitKind | None = None
) -> tuple[Assignment, ...]:
    """Release the sealed visits of one village; all others stay as they are.

    Parameters
    ----------
    assignments : sequence of Assignment
        Visits as they stand.
    psu : str
        Opaque code of the village.
    kind : VisitKind, optional
        Only first visits, or only revisits.

    Raises
    ------
    OperatorError
        The village has no visits.
    """
    if not any(a.psu == psu for a in assignments):
        raise OperatorError("village-not-drawn", village=psu)
    return tuple(
        dataclasses.replace(a, state=AssignmentState.RELEASED)
        if a.psu == psu and a.state is AssignmentState.SEALED and kind in (None, a.kind)
        else a
        for a in assignments
    )


def replace_with_reserve(
    draw: Draw,
    units: Sequence[FrameUnit],
    assignments: Sequence[Assignment],
    assignment_id: str,
    *,
    reason_code: str,
    rules: RuleSet,
) -> tuple[Assignment, Assignment]:
    """Replace a household by the next reserve of its village and stratum, in ticket order.

    Parameters
    ----------
    draw : Draw
        The draw of the round.
    units : sequence of FrameUnit
        The frozen units, of the county at least.
    assignments : sequence of Assignment
        All visits of the county as they stand.
    assignment_id : str
        The visit that cannot be made.
    reason_code : str
        One of the rule set's reasons for a replacement.
    rules : RuleSet
        The rules of the round.

    Returns
    -------
    Assignment
        The old visit, marked as replaced and why.
    Assignment
        The reserve's visit, released to the same inspector with the next number.

    Raises
    ------
    OperatorError
        No such visit; it is a revisit; the reason is not one of the rule set's; no reserve is left.
    WrongStageError
        The visit is not released yet, or was replaced already.
    """
    old = next((a for a in assignments if a.assignment_id == assignment_id), None)
    if old is None:
        raise OperatorError("assignment-unknown", assignment=assignment_id)
    _check_replaceable(old, reason_code, rules)
    cell = {h.unit_id: (h.county_code, h.psu, h.stratum) for h in draw.households}
    known = {u.unit_id for u in units}
    if old.unit_id not in cell or old.unit_id not in known:
        raise IntegrityError("drawn-not-in-frame", unit=old.unit_id)
    used = {a.unit_id for a in assignments}
    reserves = sorted(
        (h for h in draw.households if h.reserve and cell[h.unit_id] == cell[old.unit_id]),
        key=lambda h: h.order,
    )
    reserve = next((h for h in reserves if h.unit_id not in used), None)
    if reserve is None:
        raise OperatorError("reserves-used-up", assignment=assignment_id)
    number = 1 + max(a.number for a in assignments if a.inspector_id == old.inspector_id)
    new = _assignment(
        draw,
        reserve,
        old.inspector_id,
        VisitKind.FIRST,
        number,
        state=AssignmentState.RELEASED,
        replaces=old.assignment_id,
    )
    replaced = dataclasses.replace(
        old, state=AssignmentState.REPLACED, replaced_because=reason_code
    )
    return replaced, new


def _check_replaceable(old: Assignment, reason_code: str, rules: RuleSet) -> None:
    if old.kind is not VisitKind.FIRST:
        raise OperatorError("revisit-not-replaced", assignment=old.assignment_id)
    if old.state is AssignmentState.SEALED:
        raise WrongStageError("visit-sealed", assignment=old.assignment_id)
    if old.state is AssignmentState.REPLACED:
        raise WrongStageError("visit-replaced", assignment=old.assignment_id)
    if reason_code not in rules.replacement_reasons:
        raise OperatorError(
            "replacement-reason", got=reason_code, known=", ".join(rules.replacement_reasons)
        )


def blind(assignment: Assignment, unit: FrameUnit) -> BlindHousehold:
    """Return all that an inspector is given of a household: nothing filed, no status, no stratum.

    Raises
    ------
    IntegrityError
        The unit is another household's.
    """
    household = unit.household
    if (household.county_code, unit.unit_id) != (assignment.county_code, assignment.unit_id):
        raise IntegrityError("unit-of-another", assignment=assignment.assignment_id)
    return BlindHousehold(
        assignment_id=assignment.assignment_id,
        number=assignment.number,
        kind=assignment.kind,
        township=household.township,
        village_name=household.village_name,
        group_name=household.group_name,
        head_name=household.head_name,
        state=assignment.state,
    )
