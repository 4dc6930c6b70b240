"""Opening a round and naming its people."""

from __future__ import annotations

from ..errors import OperatorError, WrongStageError
from ..model import Action, County, Person, Role, Round, StoredRules
from ..rules import load_rule_set_text
from ..store import Store, Transaction
from .access import authorise, record, require_round
from .context import Context

LONGEST_ID = 64


def open_round(
    context: Context,
    store: Store,
    *,
    administrator_name: str,
    province_code: str,
    exit_year: int,
    round_name: str,
    institution: str,
    counties: tuple[County, ...],
    rule_text: str,
) -> Round:
    """Return the round opened in an empty store; who opens it becomes its administrator.

    Parameters
    ----------
    rule_text : str
        The rule set as TOML; the round keeps this text whatever later versions say.

    Raises
    ------
    WrongStageError
        The store already holds a round.
    OperatorError
        No county, a county twice, or a county outside the province.
    """
    codes = [county.county_code for county in counties]
    if not codes or len(set(codes)) != len(codes):
        raise OperatorError("counties-wrong", got=", ".join(codes) or "-")
    strangers = [c for c in codes if len(c) != 6 or c[:2] != province_code]
    if strangers:
        raise OperatorError(
            "county-not-in-province", got=", ".join(strangers), province=province_code
        )
    rules = load_rule_set_text(rule_text)
    if rules.poverty_line(exit_year) is None:
        raise OperatorError("no-poverty-line", year=exit_year, rule_set=rules.rule_set_id)
    administrator = Person(
        person_id=context.person_id, name=administrator_name, role=Role.ADMINISTRATOR
    )
    _check_person(administrator)
    with store.transaction() as tx:
        if tx.round() is not None:
            raise WrongStageError("round-exists")
        round_ = Round(
            province_code=province_code,
            exit_year=exit_year,
            round_name=round_name,
            institution=institution,
            counties=tuple(sorted(counties, key=lambda c: c.county_code)),
            rule_set_id=rules.rule_set_id,
        )
        tx.save_round(round_)
        tx.append(StoredRules(rule_set_id=rules.rule_set_id, text=rule_text))
        tx.append(administrator, key=administrator.person_id)
        record(
            tx,
            context,
            "open-round",
            subject=round_name,
            institution=institution,
            exit_year=exit_year,
            counties=codes,
            rule_set=rules.rule_set_id,
            rule_set_sha256=rules.sha256,
        )
    return round_


def add_person(context: Context, store: Store, person: Person) -> None:
    """Add a person, or change an existing one's role, counties or activity.

    Raises
    ------
    OperatorError
        Id or name cannot be used, a county is not in the round, or no administrator would be left.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.MANAGE_PEOPLE)
        round_ = require_round(tx)
        _check_person(person)
        _keep_an_administrator(tx, person)
        for code in person.counties:
            if round_.county(code) is None:
                raise OperatorError(
                    "county-unknown",
                    county=code,
                    known=", ".join(c.county_code for c in round_.counties),
                )
        tx.append(person, key=person.person_id)
        record(
            tx,
            context,
            "manage-people",
            subject=person.person_id,
            name=person.name,
            role=person.role.value,
            counties=list(person.counties),
            active=person.active,
        )


def _check_person(person: Person) -> None:
    """Refuse an id that cannot be typed or kept, and a person without a name."""
    mark = person.person_id
    typed = mark.isprintable() and not any(c.isspace() or c == "|" for c in mark)
    if not mark or not typed or len(mark) > LONGEST_ID:
        raise OperatorError("person-id", got=repr(mark), longest=LONGEST_ID)
    if not person.name.strip() or not person.name.isprintable():
        raise OperatorError("person-name", person=mark, got=repr(person.name))


def _keep_an_administrator(tx: Transaction, person: Person) -> None:
    """Refuse the change that would leave nobody to manage people."""
    stays = {
        p.person_id: p.active and p.role is Role.ADMINISTRATOR for p in (*tx.all(Person), person)
    }
    if not any(stays.values()):
        raise OperatorError("last-administrator", person=person.person_id)


def people(context: Context, store: Store) -> tuple[Person, ...]:
    """Return everybody of the round."""
    with store.reading() as tx:
        authorise(tx, context, Action.MANAGE_PEOPLE)
        return tx.all(Person)


def show_round(store: Store) -> Round:
    """Return the round: its name and counties are known to all who can open the store."""
    with store.reading() as tx:
        return require_round(tx)
