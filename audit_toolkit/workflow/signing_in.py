"""Who was let in, who left, whose password was given or changed: what the journal holds of it.

Passwords, tickets and names that nobody of the round has are never written: people type passwords
where a name belongs.
"""

from __future__ import annotations

from typing import Literal

from ..errors import OperatorError, PermissionRefusedError
from ..model import Action, Person
from ..store import Store
from .access import authorise, record
from .context import Context

Way = Literal["password", "first-password", "identity-proxy"]
Occasion = Literal["new", "lost"]


def note_sign_in(context: Context, store: Store, *, way: Way, failed_before: int = 0) -> None:
    """Write that somebody signs in, and how many attempts under the name had failed since.

    Raises
    ------
    PermissionRefusedError
        The person is not of this round, or not active; nothing is written.
    """
    with store.transaction() as tx:
        person = tx.latest(Person, context.person_id)
        if person is None or not person.active:
            raise PermissionRefusedError("person-unknown", person=context.person_id)
        record(tx, context, "sign-in", way=way, failed_before=failed_before)


def note_sign_out(context: Context, store: Store) -> None:
    """Write that somebody signed out."""
    with store.transaction() as tx:
        record(tx, context, "sign-out")


def note_password_changed(context: Context, store: Store) -> None:
    """Write that somebody changed the own password."""
    with store.transaction() as tx:
        record(tx, context, "change-password")


def note_lock(context: Context, store: Store, *, failures: int, minutes: int) -> bool:
    """Write that the context's name is locked after failures; False if nobody has the name.

    One entry a lock, so that whoever guesses for days adds a few lines. Nobody is known to have
    acted, so the entry names the account as its subject and no person.
    """
    with store.transaction() as tx:
        if tx.latest(Person, context.person_id) is None:
            return False
        tx.journal_append(
            at=context.clock(),
            person_id="",
            action="lock-sign-in",
            subject=context.person_id,
            detail={"failures": failures, "minutes": minutes},
        )
    return True


def give_password(context: Context, store: Store, *, person_id: str, occasion: Occasion) -> None:
    """Write that a person of the round is given a first password, before it is made.

    Raises
    ------
    OperatorError
        Nobody of the round has that identifier.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.GIVE_PASSWORD)
        if tx.latest(Person, person_id) is None:
            raise OperatorError("person-unknown", person=person_id)
        record(tx, context, "give-password", subject=person_id, occasion=occasion)
