"""What the found values say under a rule set: criteria not met, poverty in both readings, approval.

A criterion whose questions were not answered is neither met nor failing: it is named in
``unanswered``. One failing criterion is enough for poverty, whatever else is unanswered; to say
that a household is out of poverty, ``unanswered`` must be empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from types import MappingProxyType

from ..errors import OperatorError
from ..model import Judgement, RuleSet, Visit

READINGS = ("stable", "line")
_CENT = Decimal("0.01")


def judge(visit: Visit, rules: RuleSet, *, exit_year: int) -> Judgement:
    """Return what a visit's answers say under the criteria of household exit.

    Net income is operation, wage, property, transfer and other income less production cost,
    divided by the members in the household's own papers, as the register divides it.

    Parameters
    ----------
    visit : Visit
        A visit that passed ``check_visit`` and whose outcome code counts as response.
    rules : RuleSet
        Gives criteria, lines, the stability test and the reading of "stably above".
    exit_year : int
        Year whose poverty line applies.

    Returns
    -------
    Judgement
        ``net_income_pc`` is rounded down to the cent for display, so that it never reads as the
        line where the income is below it; the comparison uses the unrounded amount.

    Raises
    ------
    OperatorError
        The visit holds no response, an answer that is no number, or the rule set has no line for
        a year that is needed. Lines are never interpolated.

    Notes
    -----
    The stability test asks about an income that reaches the line; below it only ``income`` fails.
    """
    outcome = rules.outcome(visit.outcome)
    if outcome is None or not outcome.responded:
        raise OperatorError("visit-without-response", visit=visit.assignment_id, got=visit.outcome)
    facts = _facts(
        visit,
        rules,
        line=_line(rules, exit_year),
        previous_line=_line(rules, exit_year - 1) if rules.stability.previous_year else None,
    )
    answers = {c.code: CRITERION_RULES[c.rule].met(facts) for c in rules.criteria}
    failing = tuple(c for c, met in answers.items() if met is False)
    stability = {c.code for c in rules.criteria if c.rule == "income-stable"}
    by_line = tuple(c for c in failing if c not in stability)
    decisive = failing if rules.reading == "stable" else by_line
    return Judgement(
        poor=bool(decisive),
        poor_by_line=bool(by_line),
        failing=decisive,
        net_income_pc=_net_income_pc(facts),
        unstable_because=_unstable_because(facts),
        unanswered=tuple(c for c, met in answers.items() if met is None),
    )


def net_income(visit: Visit, rules: RuleSet) -> Decimal | None:
    """Return the household's net income in yuan a year; None where a part is unanswered."""
    return _facts(visit, rules).income()


def approves(visit: Visit, rules: RuleSet) -> bool | None:
    """Tell whether the household approves: all approval questions that it answered are "yes".

    None where it answered none of them, or where the outcome code is no response.
    """
    outcome = rules.outcome(visit.outcome)
    if outcome is None or not outcome.responded:
        return None
    given = [visit.answer(question) for question in rules.approval_questions]
    answered = [word for word in given if word in ("yes", "no")]
    return all(word == "yes" for word in answered) if answered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """Answers of one visit with the lines that they are put against."""

    visit_id: str
    answers: Mapping[str, str]
    rules: RuleSet
    line: int
    previous_line: int | None

    def word(self, question: str) -> str | None:
        """Return an answer, or None where there is none."""
        return self.answers.get(question) or None

    def amount(self, question: str) -> Decimal | None:
        """Return an answer as a number, or None where there is none."""
        value = self.word(question)
        if value is None:
            return None
        try:
            return Decimal(value)
        except InvalidOperation as fault:
            raise OperatorError(
                "visit-not-checked", visit=self.visit_id, question=question, got=repr(value)
            ) from fault

    def income(self) -> Decimal | None:
        """Return the household's net income, or None where a part is unanswered."""
        total = Decimal(0)
        for question in self.rules.questions:
            if question.income_sign:
                part = self.amount(question.code)
                if part is None:
                    return None
                total += part if question.income_sign == "+" else -part
        return total

    def persons(self) -> Decimal | None:
        """Return the members in the household's own papers; nobody counts as unanswered."""
        return self.amount("registered_count") or None


def _facts(
    visit: Visit, rules: RuleSet, *, line: int = 0, previous_line: int | None = None
) -> _Facts:
    return _Facts(
        visit_id=visit.assignment_id,
        answers={a.question: a.value for a in visit.answers},
        rules=rules,
        line=line,
        previous_line=previous_line,
    )


def _line(rules: RuleSet, year: int) -> int:
    line = rules.poverty_line(year)
    if line is None:
        raise OperatorError("no-poverty-line", year=year, rule_set=rules.rule_set_id)
    return line.amount


def _net_income_pc(facts: _Facts) -> str:
    income, persons = facts.income(), facts.persons()
    if income is None or persons is None:
        return ""
    return str((income / persons).quantize(_CENT, rounding=ROUND_FLOOR))


def _income_at_least_line(facts: _Facts) -> bool | None:
    income, persons = facts.income(), facts.persons()
    if income is None or persons is None:
        return None
    return income >= facts.line * persons


def _one_off_within(facts: _Facts) -> bool | None:
    """Tell whether one-off receipts are at most the allowed share of the net income."""
    if not facts.rules.stability.one_off_share_max:
        return True
    one_off, income = facts.amount("one_off_income"), facts.income()
    if one_off is None or income is None:
        return None
    return one_off <= Decimal(facts.rules.stability.one_off_share_max) * income


def _previous_year_reached(facts: _Facts) -> bool | None:
    """Tell whether last year's income per head reached last year's line."""
    if facts.previous_line is None:
        return True
    before = facts.amount("last_year_income_pc")
    return None if before is None else before >= facts.previous_line


def _shock_borne(facts: _Facts) -> bool | None:
    """Tell whether hard spending stayed within last year's income of the whole household."""
    if not facts.rules.stability.shock:
        return True
    spending, before = facts.amount("hard_spending"), facts.amount("last_year_income_pc")
    persons = facts.persons()
    if spending is None or before is None or persons is None:
        return None
    # A loss last year is no debt of hard spending: without spending there is no shock.
    return spending <= max(before * persons, Decimal(0))


_STABILITY_PARTS: Mapping[str, Callable[[_Facts], bool | None]] = MappingProxyType(
    {
        "one-off-share": _one_off_within,
        "previous-year": _previous_year_reached,
        "shock": _shock_borne,
    }
)


def _unstable_because(facts: _Facts) -> tuple[str, ...]:
    """Return the parts of the stability test that fail; none where the line is not reached."""
    if _income_at_least_line(facts) is False:
        return ()
    return tuple(reason for reason, part in _STABILITY_PARTS.items() if part(facts) is False)


def _income_stable(facts: _Facts) -> bool | None:
    """Tell whether the income is stable; below the line the question does not arise."""
    if _income_at_least_line(facts) is False:
        return True
    answers = [part(facts) for part in _STABILITY_PARTS.values()]
    if False in answers:
        return False
    return None if None in answers else True


def _yes(question: str) -> Callable[[_Facts], bool | None]:
    def met(facts: _Facts) -> bool | None:
        word = facts.word(question)
        return None if word is None else word == "yes"

    return met


def _no_dropout(facts: _Facts) -> bool | None:
    dropouts = facts.amount("school_dropout_count")
    return None if dropouts is None else dropouts == 0


def _all_insured(facts: _Facts) -> bool | None:
    insured, persons = facts.amount("insured_count"), facts.persons()
    return None if insured is None or persons is None else insured >= persons


def _housing_safe(facts: _Facts) -> bool | None:
    grade = facts.word("housing_grade")
    if grade is None:
        return None
    if grade in ("A", "B"):
        return True
    remedy = facts.word("housing_remedy")
    return None if remedy is None else remedy != "none"


WATER_ITEMS = ("water_quantity", "water_quality", "water_convenience", "water_reliability")


def _water_met(facts: _Facts) -> bool | None:
    words = [facts.word(item) for item in WATER_ITEMS]
    if "not-met" in words:
        return False
    return None if None in words else True


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionRule:
    """A test that criteria can name.

    ``needs`` gives the kind of each question that the test reads, or for a choice its options.
    """

    needs: Mapping[str, str | tuple[str, ...]]
    met: Callable[[_Facts], bool | None]


CRITERION_RULES: Mapping[str, CriterionRule] = MappingProxyType(
    {
        "income-at-least-line": CriterionRule(
            needs={"registered_count": "count"}, met=_income_at_least_line
        ),
        "income-stable": CriterionRule(
            needs={
                "registered_count": "count",
                "one_off_income": "yuan",
                "last_year_income_pc": "yuan",
                "hard_spending": "yuan",
            },
            met=_income_stable,
        ),
        "food-yes": CriterionRule(needs={"food": "yes-no"}, met=_yes("food")),
        "clothing-yes": CriterionRule(needs={"clothing": "yes-no"}, met=_yes("clothing")),
        "no-dropout": CriterionRule(needs={"school_dropout_count": "count"}, met=_no_dropout),
        "all-insured": CriterionRule(
            needs={"insured_count": "count", "registered_count": "count"}, met=_all_insured
        ),
        "housing-safe": CriterionRule(
            needs={
                "housing_grade": ("A", "B", "C", "D"),
                "housing_remedy": ("none", "repaired", "rebuilt", "moved"),
            },
            met=_housing_safe,
        ),
        "water-met": CriterionRule(
            needs=dict.fromkeys(WATER_ITEMS, ("met", "basically-met", "not-met")),
            met=_water_met,
        ),
    }
)
