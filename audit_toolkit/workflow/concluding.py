"""Rates, outcome, reports, and what province and county answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .. import __version__
from ..conclusions import (
    conclude,
    count_revisits,
    criterion_lines,
    indicators,
    observe,
    outcome_sentence,
    pool_round,
)
from ..drawing import plan_sentences
from ..errors import OperatorError, WrongStageError
from ..model import (
    Action,
    Case,
    Ceremony,
    CeremonyState,
    FindingsLock,
    IccPool,
    ObservedHousehold,
    OrderReply,
    OutcomeKind,
    Plan,
    ProvincialDecision,
    Results,
    RevisitCount,
    Round,
)
from ..model.pages import CriterionLine
from ..registers import village_counts
from ..reports import ReportContext, build_context, html_report, results_json, xlsx_report
from ..rulings import CLOSED, rectifications
from ..store import Store, Transaction, write_report
from ..text import LANGUAGES
from .access import (
    authorise,
    current_draw,
    record,
    require_ceremony,
    require_freeze,
    require_round,
    require_rules,
)
from .comparing import require_comparison
from .context import Context
from .county import CountyFacts, is_suspected


def estimate(context: Context, store: Store) -> tuple[Results, ...]:
    """Estimate the rates of every county whose field work is closed, and conclude.

    The intra-cluster correlation is pooled over these counties, so they are done together.

    Raises
    ------
    WrongStageError
        No county's findings are locked, or some changed since they were compared.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.ESTIMATE)
        rules, round_ = require_rules(tx), require_round(tx)
        locked = {lock.county_code for lock in tx.all(FindingsLock)}
        codes = [c.county_code for c in round_.counties if c.county_code in locked]
        if not codes:
            raise WrongStageError("no-county-locked")
        facts = {code: CountyFacts(tx, code) for code in codes}
        for county in facts.values():
            require_comparison(county)
        observed = {code: observe_county(tx, facts[code]) for code in codes}
        pools, revisits = pool_round(observed, rules), count_revisits(observed)
        results = []
        for code in codes:
            result = _conclude(tx, facts[code], observed[code], pools, revisits, round_)
            if tx.latest(Results, code) != result:
                tx.append(result, key=code, county=code)
            record(
                tx,
                context,
                "estimate",
                county_code=code,
                outcome=result.outcome.kind.value,
                reasons=list(result.outcome.reasons),
            )
            results.append(result)
    return tuple(results)


def results(context: Context, store: Store, *, county_code: str) -> Results:
    """Return the newest results of a county."""
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_RESULTS, county_code)
        return require_results(tx, county_code)


def sentence(context: Context, store: Store, *, county_code: str, language: str) -> str:
    """Return the outcome of a county in one sentence, with its reason and what would settle it."""
    kept = results(context, store, county_code=county_code)
    return outcome_sentence(kept.outcome, kept.indicators, language)


def criteria(
    context: Context, store: Store, *, county_code: str, language: str
) -> tuple[CriterionLine, ...]:
    """Return a line for each criterion of a county and one for the procedure, broken first."""
    kept = results(context, store, county_code=county_code)
    return criterion_lines(kept.outcome, kept.indicators, language)


def write_county_report(context: Context, store: Store, *, county_code: str) -> tuple[str, ...]:
    """Write the county's reports (zh and en, HTML and XLSX, results as JSON); return their names.

    Raises
    ------
    WrongStageError
        Nothing has been estimated for the county, or its findings, rulings or step logs have
        changed since.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.WRITE_REPORT, county_code)
        kept = require_results(tx, county_code)
        ceremony = require_ceremony(tx, CeremonyState.DRAWN, CeremonyState.DISCLOSED)
        facts = CountyFacts(tx, county_code)
        require_current(tx, facts, kept)
        head = record_report(tx, context, county_code, ceremony)
        page = county_context(tx, facts, kept, head, context.clock())
    files = {f"{county_code}_results.json": results_json(kept)}
    for language in LANGUAGES:
        files[f"{county_code}_report_{language}.html"] = html_report(page, language)
        files[f"{county_code}_report_{language}.xlsx"] = xlsx_report(page, language)
    for name, data in files.items():
        write_report(store, name, data)
    return tuple(files)


def county_context(
    tx: Transaction, facts: CountyFacts, kept: Results, head: str, at: datetime
) -> ReportContext:
    """Return what report and screens of a county are made from; no household is in it."""
    plan = tx.latest(Plan, facts.county_code)
    assert plan is not None
    return build_context(
        round_=require_round(tx),
        key=kept.key,
        freeze=require_freeze(tx),
        plan=plan,
        ceremony=require_ceremony(tx, CeremonyState.DRAWN, CeremonyState.DISCLOSED),
        voided=tuple(c for c in tx.all(Ceremony) if c.state is CeremonyState.VOIDED),
        draw=current_draw(tx),
        results=kept,
        cases=facts.ruled,
        late_corrections=_late_corrections(tx, facts.county_code),
        withdrawn_cases=sum(not is_suspected(c) for c in tx.all(Case, county=facts.county_code)),
        rectifications=rectifications(facts.ruled),
        step_faults=facts.step_faults,
        discrepancies=facts.discrepancies,
        rules=facts.rules,
        journal_head=head,
        software=kept.software,
        sentence={
            lang: outcome_sentence(kept.outcome, kept.indicators, lang) for lang in LANGUAGES
        },
        plan_sentences={lang: plan_sentences(plan, lang) for lang in LANGUAGES},
        written_at=at,
    )


def _late_corrections(tx: Transaction, county_code: str) -> int:
    """Return how many findings of the county were corrected after its field work was closed."""
    acts = [e.action for e in tx.journal_entries() if e.county_code == county_code]
    return acts[acts.index("lock-findings") :].count("correct-visit")


def record_report(tx: Transaction, context: Context, county_code: str, ceremony: Ceremony) -> str:
    """Journal that a report is written; return the journal's head that it prints."""
    record(
        tx,
        context,
        "write-report",
        county_code=county_code,
        subject=f"ceremony {ceremony.number}",
    )
    head = tx.journal_head()
    assert head is not None
    return head.hash


def record_decision(
    context: Context, store: Store, *, county_code: str, approved: bool, document: str
) -> ProvincialDecision:
    """Record what the provincial government decided; the software itself never approves.

    Raises
    ------
    OperatorError
        No document is named.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.RECORD_APPROVAL, county_code)
        kept = require_results(tx, county_code)
        if not document.strip():
            raise OperatorError("document-missing")
        decision = ProvincialDecision(
            key=kept.key,
            approved=approved,
            document=document,
            decided_by=context.person_id,
            decided_at=context.clock(),
        )
        tx.append(decision, key=county_code, county=county_code)
        record(
            tx,
            context,
            "provincial-decision",
            county_code=county_code,
            approved=approved,
            document=document,
            recommendation=kept.outcome.kind.value,
            provisional=kept.outcome.provisional,
        )
    return decision


def reply_to_order(context: Context, store: Store, *, county_code: str, text: str) -> OrderReply:
    """Record a county's reply to an order to verify and handle.

    Raises
    ------
    WrongStageError
        The county is under no order.
    OperatorError
        The reply is empty.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.REPLY_TO_ORDER, county_code)
        kept = require_results(tx, county_code)
        if kept.outcome.kind is not OutcomeKind.ORDER_VERIFICATION:
            raise WrongStageError("no-order", county=county_code)
        if not text.strip():
            raise OperatorError("reply-empty")
        reply = OrderReply(
            key=kept.key,
            text=text,
            replied_by=context.person_id,
            replied_at=context.clock(),
        )
        tx.append(reply, key=county_code, county=county_code)
        record(tx, context, "reply-to-order", county_code=county_code, text=text)
    return reply


def require_results(tx: Transaction, county_code: str) -> Results:
    """Return the newest results of a county, or say that it has to be estimated first."""
    kept = tx.latest(Results, county_code)
    if kept is None:
        raise WrongStageError("not-estimated", county=county_code)
    return kept


def observe_county(tx: Transaction, facts: CountyFacts) -> tuple[ObservedHousehold, ...]:
    """Return a county's sampled households as they enter its rates."""
    return observe(
        current_draw(tx),
        facts.assignments,
        facts.households,
        facts.first,
        facts.ruled,
        facts.rules,
        revisited=facts.revisit,
    )


def require_current(tx: Transaction, facts: CountyFacts, kept: Results) -> None:
    """Refuse results that the county's own facts no longer give; what is pooled stays as kept."""
    require_comparison(facts)
    observed, round_ = observe_county(tx, facts), require_round(tx)
    if _conclude(tx, facts, observed, kept.pools, kept.revisits, round_) != kept:
        raise WrongStageError("results-outdated", county=facts.county_code)


def _conclude(
    tx: Transaction,
    facts: CountyFacts,
    observed: Sequence[ObservedHousehold],
    pools: tuple[IccPool, ...],
    revisits: tuple[RevisitCount, ...],
    round_: Round,
) -> Results:
    """Return one county's rates and outcome; what is pooled over the round is given."""
    code, rules = facts.county_code, facts.rules
    key = round_.key(code)
    plan = tx.latest(Plan, code)
    assert plan is not None
    villages = village_counts(tx.frame_units(code), code)
    rates = indicators(
        key,
        observed,
        [s for s in require_freeze(tx).strata if s.county_code == code],
        villages,
        pools,
        rules,
        province_code=round_.province_code,
        revisits=revisits,
    )
    outcome = conclude(
        key,
        rates,
        facts.step_faults,
        checked_households=len(facts.checked_exited),
        open_cases=sum(state not in CLOSED for _, state in facts.ruled),
        plan=plan,
        villages=villages,
        rules=rules,
        province_code=round_.province_code,
    )
    return Results(
        key=key,
        indicators=rates,
        pools=pools,
        outcome=outcome,
        inspector_error=facts.inspector_error,
        response=facts.response,
        procedure_complete=facts.complete_households,
        procedure_checked=len(facts.checked_exited),
        rule_set_id=rules.rule_set_id,
        rule_set_sha256=rules.sha256,
        software=f"audit-toolkit {__version__}",
        revisits=revisits,
    )
