"""Opening a round and naming its people."""

from __future__ import annotations

from ..errors import OperatorError, WrongStageError
from ..model import Action, County, Person, Role, Round, StoredRules
from ..rules import load_rule_set_text
from ..store import Store
from .access import authorise, record, require_round
from .context import Context


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
        tx.append(
            Person(person_id=context.person_id, name=administrator_name, role=Role.ADMINISTRATOR),
            key=context.person_id,
        )
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
    """Add a person, or change an existing one's role, counties or activity."""
    with store.transaction() as tx:
        authorise(tx, context, Action.MANAGE_PEOPLE)
        round_ = require_round(tx)
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
            role=person.role.value,
            counties=list(person.counties),
            active=person.active,
        )


def people(context: Context, store: Store) -> tuple[Person, ...]:
    """Return everybody of the round."""
    with store.reading() as tx:
        authorise(tx, context, Action.MANAGE_PEOPLE)
        return tx.all(Person)


def show_round(store: Store) -> Round:
    """Return the round: its name and counties are known to all who can open the store."""
    with store.reading() as tx:
        return require_round(tx)
