"""A visit that meets every criterion of cn-2019, to be varied by tests."""

from datetime import UTC, datetime

from audit_toolkit.model import Answer, Visit

MEETS_ALL = {
    "registered_count": "4",
    "residents_count": "3",
    "operation_income": "10000",
    "production_cost": "2000",
    "wage_income": "12000",
    "property_income": "0",
    "transfer_income": "1500.50",
    "other_income": "0",
    "one_off_income": "0",
    "last_year_income_pc": "4000",
    "hard_spending": "3000",
    "food": "yes",
    "clothing": "yes",
    "school_age_count": "1",
    "school_dropout_count": "0",
    "insured_count": "4",
    "housing_grade": "B",
    "water_quantity": "met",
    "water_quality": "basically-met",
    "water_convenience": "met",
    "water_reliability": "met",
    "approval_policy": "yes",
    "approval_help": "yes",
    "approval_exit": "no-answer",
}


def visit_with(outcome: str = "completed", reason: str = "", **changes: str | None) -> Visit:
    """Return the visit with answers changed, added, or (None) left out."""
    answers = {**MEETS_ALL, **changes}
    return Visit(
        assignment_id="a-1",
        outcome=outcome,
        answers=tuple(Answer(question=q, value=v) for q, v in answers.items() if v is not None),
        device_at=datetime(2019, 12, 20, 9, 0, tzinfo=UTC),
        reason=reason,
    )


def empty_visit(outcome: str) -> Visit:
    """Return a visit without answers."""
    return visit_with(outcome, **dict.fromkeys(MEETS_ALL))
