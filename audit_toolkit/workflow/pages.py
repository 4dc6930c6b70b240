"""What the results screens show: the round at a glance, and all of one county in one answer."""

from __future__ import annotations

import dataclasses

from .. import reports
from ..conclusions import (
    counties_to_name,
    nonresponse_bands,
    outcome_sentence,
    status_counts_found,
)
from ..conclusions import (
    village_counts_found as counts_by_village,
)
from ..errors import WrongStageError
from ..model import (
    Action,
    FindingsLock,
    OrderReply,
    Person,
    ProvincialDecision,
    Results,
    may,
)
from ..model.pages import CountyPage, RoundPage, VillageFound
from ..store import Store, Transaction
from .access import authorise, current_draw, require_freeze, require_round
from .comparing import require_lock
from .concluding import county_context, observe_county, require_current
from .context import Context
from .county import CountyFacts


def round_page(context: Context, store: Store, *, language: str, kind: str = "") -> RoundPage:
    """Return the counties of the round that the person may see results of, with their outcomes.

    With a ``kind`` of outcome only its counties are listed and drawn.

    Raises
    ------
    PermissionRefusedError
        The person may see the results of no county.
    """
    with store.reading() as tx:
        round_ = require_round(tx)
        own = tuple(c for c in round_.counties if _sees(tx, context, c.county_code))
        if not own:
            authorise(tx, context, Action.SEE_RESULTS)
        found = {c.county_code: tx.latest(Results, c.county_code) for c in own}
        locked = {lock.county_code for lock in tx.all(FindingsLock)}
        # Of the whole round, whoever looks: a list must not depend on who may see which county.
        naming = counties_to_name(tx.all(Results))
    known = {code: kept for code, kept in found.items() if kept is not None}
    return reports.round_page(
        dataclasses.replace(round_, counties=own),
        language,
        results=known,
        sentences={
            code: outcome_sentence(kept.outcome, kept.indicators, language)
            for code, kept in known.items()
        },
        waiting={
            code: "estimate" if code in locked else "field-work"
            for code in found
            if code not in known
        },
        at=context.clock(),
        kind=kind,
        naming=naming,
    )


def _sees(tx: Transaction, context: Context, county_code: str) -> bool:
    person = tx.latest(Person, context.person_id)
    return person is not None and may(person, Action.SEE_RESULTS, county_code)


def county_page(context: Context, store: Store, *, county_code: str, language: str) -> CountyPage:
    """Return everything that the results screens show of one county.

    Raises
    ------
    WrongStageError
        Nothing has been estimated for the county.
    """
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_RESULTS, county_code)
        kept = tx.latest(Results, county_code)
        if kept is None:
            raise WrongStageError("not-estimated", county=county_code)
        facts = CountyFacts(tx, county_code)
        head = tx.journal_head()
        assert head is not None
        observed = observe_county(tx, facts)
        strata = [s for s in require_freeze(tx).strata if s.county_code == county_code]
        villages = [v for v in current_draw(tx).villages if v.county_code == county_code]
        return reports.county_page(
            county_context(tx, facts, kept, head.hash, context.clock()),
            language,
            villages=counts_by_village(observed, villages),
            statuses=status_counts_found(observed),
            bands=nonresponse_bands(observed, kept.indicators, strata),
            decision=tx.latest(ProvincialDecision, county_code),
            reply=tx.latest(OrderReply, county_code),
            outdated=_outdated(tx, facts, kept, language),
        )


def _outdated(tx: Transaction, facts: CountyFacts, kept: Results, language: str) -> str:
    """Return why the results no longer hold as they are, and what to do; empty where they do."""
    try:
        require_current(tx, facts, kept)
    except WrongStageError as changed:
        return changed.words(language)
    return ""


def village_counts_found(
    context: Context, store: Store, *, county_code: str
) -> tuple[VillageFound, ...]:
    """Return what was found in each drawn village of a county, by its number in the draw.

    Raises
    ------
    WrongStageError
        The county's field work is still open: counts then would steer those still out.
    """
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_RESULTS, county_code)
        require_lock(tx, county_code)
        villages = [v for v in current_draw(tx).villages if v.county_code == county_code]
        return counts_by_village(observe_county(tx, CountyFacts(tx, county_code)), villages)
