"""Where the value found differs from the value filed, and whether that decides a criterion."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ..errors import OperatorError
from ..model import (
    Discrepancy,
    FrameHousehold,
    Judgement,
    RegisteredHousehold,
    RuleSet,
    Tolerance,
    Visit,
)
from ..rules import net_income

ITEMS = (
    "members",
    "net_income_pc",
    "insured_count",
    "school_dropout_count",
    "housing_grade",
    "water_safe",
)
_SAFE_GRADES = ("A", "B")


def compare(
    household: FrameHousehold,
    registered: RegisteredHousehold | None,
    visit: Visit,
    judgement: Judgement,
    rules: RuleSet,
    *,
    exit_year: int,
) -> tuple[Discrepancy, ...]:
    """Return the items in which the household differs from what is filed about it.

    Of an unregistered household only the members on the roster are filed. Questions that were not
    answered are not compared. Net income within the rule set's tolerance is no discrepancy unless
    filed and found lie on different sides of the line.

    Parameters
    ----------
    household : FrameHousehold
        The household of the frame.
    registered : RegisteredHousehold or None
        Its row of the register, None where it is unregistered.
    visit : Visit
        What was found.
    judgement : Judgement
        What ``judge`` made of the visit.
    rules : RuleSet
        Gives line, criteria and tolerances.
    exit_year : int
        Year whose poverty line applies.

    Returns
    -------
    tuple of Discrepancy
        In a fixed order of items; ``decides`` tells that filed and found fall on different sides
        of a criterion.

    Raises
    ------
    OperatorError
        The rule set has no poverty line for the year.
    """
    line = rules.poverty_line(exit_year)
    if line is None:
        raise OperatorError("no-poverty-line", year=exit_year, rule_set=rules.rule_set_id)
    members = household.members if registered is None else registered.members
    found = [*_members(members, visit, rules, line.amount)]
    if registered is not None:
        found += _income(registered, judgement, rules, line.amount)
        found += _counts(registered, visit)
        found += _dwelling(registered, visit, judgement, rules)
    return tuple(
        Discrepancy(
            county_code=household.county_code,
            household_id=household.household_id,
            item=item,
            filed=filed,
            found=value,
            decides=decides,
        )
        for item, filed, value, decides in found
    )


def within(filed: Decimal, found: Decimal, tolerance: Tolerance) -> bool:
    """Tell whether ``found`` lies within the tolerance around ``filed``, bounds included.

    The shares are of the filed value's size, so that a loss has the same width as a gain; the
    floor widens only a bound that is not 0.
    """
    floor = Decimal(tolerance.floor)
    below = Decimal(tolerance.below)
    above = Decimal(tolerance.above)
    lowest = -max(below * abs(filed), floor) if below else Decimal(0)
    highest = max(above * abs(filed), floor) if above else Decimal(0)
    return lowest <= found - filed <= highest


_Row = tuple[str, str, str, bool]


def _members(filed: int, visit: Visit, rules: RuleSet, line: int) -> Iterator[_Row]:
    """Yield a difference in members; it decides where the income found crosses the line by it."""
    found = visit.answer("registered_count")
    if not found or int(found) == filed:
        return
    income = net_income(visit, rules)
    decides = income is not None and (income >= line * filed) != (income >= line * int(found))
    yield "members", str(filed), found, decides


def _income(
    registered: RegisteredHousehold, judgement: Judgement, rules: RuleSet, line: int
) -> Iterator[_Row]:
    if not judgement.net_income_pc:
        return
    filed, found = registered.net_income_pc, Decimal(judgement.net_income_pc)
    decides = (filed >= line) != (found >= line)
    tolerance = rules.tolerance("net_income_pc")
    agrees = filed == found if tolerance is None else within(filed, found, tolerance)
    if decides or not agrees:
        yield "net_income_pc", f"{filed:f}", judgement.net_income_pc, decides


def _counts(registered: RegisteredHousehold, visit: Visit) -> Iterator[_Row]:
    """Yield differences in insured members and in children out of school."""
    insured, members = visit.answer("insured_count"), visit.answer("registered_count")
    if insured and int(insured) != registered.insured_count:
        filed_all = registered.insured_count >= registered.members
        decides = bool(members) and filed_all != (int(insured) >= int(members or 0))
        yield "insured_count", str(registered.insured_count), insured, decides
    dropouts = visit.answer("school_dropout_count")
    if dropouts and int(dropouts) != registered.school_dropout_count:
        decides = (registered.school_dropout_count == 0) != (int(dropouts) == 0)
        yield "school_dropout_count", str(registered.school_dropout_count), dropouts, decides


def _dwelling(
    registered: RegisteredHousehold, visit: Visit, judgement: Judgement, rules: RuleSet
) -> Iterator[_Row]:
    """Yield differences in housing grade and in the safety of the water."""
    grade, safe = visit.answer("housing_grade"), _met("housing-safe", judgement, rules)
    if grade and grade != registered.housing_grade:
        filed_safe = registered.housing_grade in _SAFE_GRADES
        yield "housing_grade", registered.housing_grade, grade, safe not in (None, filed_safe)
    water = _met("water-met", judgement, rules)
    if water is not None and water != registered.water_safe:
        yield "water_safe", _yes_no(registered.water_safe), _yes_no(water), True


def _met(rule: str, judgement: Judgement, rules: RuleSet) -> bool | None:
    """Tell whether the criterion tested by ``rule`` is met; None if unanswered or not one."""
    code = next((c.code for c in rules.criteria if c.rule == rule), None)
    if code is None or code in judgement.unanswered:
        return None
    return code not in judgement.failing


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"
