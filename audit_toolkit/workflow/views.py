"""What an evaluation team looks at: lists, sample, findings and figures.

Nothing is changed by it; a look at the sample leaves an entry in the journal.
"""

from __future__ import annotations

from ..errors import OperatorError
from ..model import (
    Action,
    Discrepancy,
    Draw,
    Finding,
    FrameHousehold,
    Freeze,
    RegisteredHousehold,
    VisitKind,
)
from ..reports import chances_figure, rates_figure, round_figure
from ..store import Store
from .access import authorise, current_draw, record, require_freeze
from .concluding import results
from .context import Context
from .county import CountyFacts
from .overview import county_plan, round_overview


def register_rows(
    context: Context, store: Store, *, county_code: str
) -> tuple[RegisteredHousehold, ...]:
    """Return the register of a county as imported."""
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_LISTS, county_code)
        return tx.register(county_code)


def frozen(context: Context, store: Store) -> Freeze:
    """Return the frozen frame's root, counts and digests."""
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_LISTS)
        return require_freeze(tx)


def frame_rows(context: Context, store: Store, *, county_code: str) -> tuple[FrameHousehold, ...]:
    """Return the rural households of a county's frozen frame."""
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_LISTS, county_code)
        return tuple(unit.household for unit in tx.frame_units(county_code))


def drawn_sample(context: Context, store: Store) -> Draw:
    """Return the drawn sample of the round; who looks at it is in the journal."""
    with store.transaction() as tx:
        authorise(tx, context, Action.DRAW)
        drawn = current_draw(tx)
        record(tx, context, "see-sample", subject=f"ceremony {drawn.ceremony}")
        return drawn


def findings(
    context: Context, store: Store, *, county_code: str, kind: VisitKind = VisitKind.FIRST
) -> tuple[Finding, ...]:
    """Return the newest finding of each visit of a county."""
    with store.reading() as tx:
        authorise(tx, context, Action.COMPARE, county_code)
        return tx.findings(county_code, kind)


def discrepancies(context: Context, store: Store, *, county_code: str) -> tuple[Discrepancy, ...]:
    """Return the filed values of a county that differ from what was found."""
    with store.reading() as tx:
        authorise(tx, context, Action.COMPARE, county_code)
        return CountyFacts(tx, county_code).discrepancies


def figure(context: Context, store: Store, *, name: str, county_code: str, language: str) -> str:
    """Return a figure as SVG: "rates" or "chances" of a county, or an indicator of the round.

    An indicator is shown for all counties that have results which the person may see.

    Raises
    ------
    OperatorError
        There is no figure and no indicator of that name.
    """
    if name == "chances":
        plan = county_plan(context, store, county_code=county_code)
        return "" if plan is None else chances_figure(plan, language)
    kept = results(context, store, county_code=county_code)
    if name == "rates":
        return rates_figure(kept.indicators, language)
    known = sorted({indicator.name for indicator in kept.indicators})
    if name not in known:
        raise OperatorError("figure-unknown", name=name, known=", ".join(["rates", *known]))
    overview = round_overview(context, store)
    everybody = [
        results(context, store, county_code=county.county_code)
        for county in overview
        if county.kind is not None
    ]
    return round_figure(everybody, language, name)
