"""Who acts, and whether they may; the one place where the table of permissions is applied."""

from __future__ import annotations

from ..errors import OperatorError, PermissionRefusedError, WrongStageError
from ..model import (
    Action,
    Ceremony,
    CeremonyState,
    Draw,
    Freeze,
    Person,
    Round,
    RuleSet,
    StoredRules,
    may,
)
from ..rules import load_rule_set_text
from ..store import Transaction
from .context import Context


def authorise(
    tx: Transaction, context: Context, action: Action, county_code: str | None = None
) -> Person:
    """Return the person who acts, or refuse.

    Raises
    ------
    PermissionRefusedError
        The person is unknown or the table does not give them this action here.
    OperatorError
        The county is not in the round.
    """
    person = tx.latest(Person, context.person_id)
    if person is None:
        raise PermissionRefusedError("person-unknown", person=context.person_id)
    if county_code is not None:
        require_county(tx, county_code)
    if not may(person, action, county_code):
        raise PermissionRefusedError(
            "permission-refused",
            person=person.person_id,
            role=person.role.value,
            action=action.value,
            county=county_code or "-",
        )
    return person


def require_round(tx: Transaction) -> Round:
    """Return the round of the store."""
    round_ = tx.round()
    if round_ is None:
        raise WrongStageError("round-missing")
    return round_


def require_county(tx: Transaction, county_code: str) -> None:
    """Refuse a county that is not in the round."""
    round_ = require_round(tx)
    if round_.county(county_code) is None:
        known = ", ".join(c.county_code for c in round_.counties)
        raise OperatorError("county-unknown", county=county_code, known=known)


def require_rules(tx: Transaction) -> RuleSet:
    """Return the rule set that the round was opened with."""
    stored = tx.latest(StoredRules)
    if stored is None:
        raise WrongStageError("round-missing")
    return load_rule_set_text(stored.text)


def require_freeze(tx: Transaction) -> Freeze:
    """Return the frozen frame, or say that it has to be frozen first."""
    freeze = tx.latest(Freeze)
    if freeze is None:
        raise WrongStageError("not-frozen")
    return freeze


def refuse_after_freeze(tx: Transaction) -> None:
    """Refuse an act that would change lists already frozen."""
    if tx.latest(Freeze) is not None:
        raise WrongStageError("already-frozen")


def current_ceremony(tx: Transaction) -> Ceremony | None:
    """Return the newest ceremony, voided or not."""
    ceremonies = tx.all(Ceremony)
    return ceremonies[-1] if ceremonies else None


def require_ceremony(tx: Transaction, *states: CeremonyState) -> Ceremony:
    """Return the ceremony in force if it is in one of ``states``."""
    ceremony = current_ceremony(tx)
    if ceremony is None or ceremony.state is CeremonyState.VOIDED:
        raise WrongStageError("no-ceremony")
    if ceremony.state not in states:
        raise WrongStageError(
            "ceremony-state",
            number=ceremony.number,
            state=ceremony.state.value,
            wanted=", ".join(s.value for s in states),
        )
    return ceremony


def current_draw(tx: Transaction) -> Draw:
    """Return the draw in force, disclosed or not."""
    ceremony = require_ceremony(tx, CeremonyState.DRAWN, CeremonyState.DISCLOSED)
    drawn = tx.latest(Draw, str(ceremony.number))
    if drawn is None:
        raise WrongStageError("not-drawn")
    return drawn


def record(
    tx: Transaction,
    context: Context,
    action: str,
    *,
    county_code: str = "",
    subject: str = "",
    **detail: object,
) -> None:
    """Write one entry of the journal, by the server's clock."""
    tx.journal_append(
        at=context.clock(),
        person_id=context.person_id,
        action=action,
        county_code=county_code,
        subject=subject,
        detail=detail,
    )
