"""Which numbers of a rule set are ours or unconfirmed, so that a report can show them as such."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One number that acted without a confirmed text: ``rules.assumption.<code>`` words it."""

    code: str
    value: str
    about: str = ""


def assumptions(rules: RuleSet, *, exit_year: int) -> tuple[Assumption, ...]:
    """Return everything of status "M" that acts in an evaluation of ``exit_year``.

    ``about`` is a year, a step or an item where the assumption is about one of several.
    """
    return (
        *_lines(rules, exit_year),
        *_stability(rules),
        *(
            Assumption(code="limit", value=t.limit, about=t.indicator)
            for t in rules.thresholds
            if t.source.status == "M"
        ),
        *(
            Assumption(code="criterion", value=c.code, about=c.code)
            for c in rules.criteria
            if c.source.status == "M"
        ),
        *(
            Assumption(code="notice-days", value=str(s.min_days), about=s.code)
            for s in rules.steps
            if s.source.status == "M" and s.min_days
        ),
        *(
            Assumption(code="tolerance", value=max(t.below, t.above), about=t.item)
            for t in rules.tolerances
            if t.source.status == "M"
        ),
        Assumption(code="household-steps-min-share", value=rules.household_steps_min_share),
        Assumption(code="approval", value=str(len(rules.approval_questions))),
        Assumption(code="plan-icc", value=rules.plan_icc),
    )


def _lines(rules: RuleSet, exit_year: int) -> list[Assumption]:
    years = [exit_year - 1, exit_year] if rules.stability.previous_year else [exit_year]
    lines = [line for year in years if (line := rules.poverty_line(year)) is not None]
    return [
        Assumption(code="poverty-line", value=str(line.amount), about=str(line.year))
        for line in lines
        if line.status == "M"
    ]


def _stability(rules: RuleSet) -> list[Assumption]:
    """Return the parts of the stability test that are switched on; the margin judges nobody."""
    test = rules.stability
    if test.source.status != "M" or rules.reading != "stable":
        return []
    parts = {
        "stability-one-off-share": test.one_off_share_max,
        "stability-previous-year": test.previous_year,
        "stability-shock": test.shock,
    }
    return [Assumption(code=code, value=value) for code, value in parts.items() if value]
