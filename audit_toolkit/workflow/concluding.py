"""Rates, outcome, reports, and what province and county answer."""

from __future__ import annotations

from .. import __version__
from ..conclusions import conclude, indicators, observe, outcome_sentence, pool_round
from ..drawing import plan_sentences
from ..errors import OperatorError, WrongStageError
from ..fieldwork import inspector_error
from ..model import (
    Action,
    Assignment,
    AssignmentState,
    Ceremony,
    CeremonyState,
    FindingsLock,
    ObservedHousehold,
    OrderReply,
    OutcomeKind,
    Plan,
    ProvincialDecision,
    Results,
    RuleSet,
    VisitKind,
)
from ..registers import village_counts
from ..reports import build_context, html_report, results_json, xlsx_report
from ..rulings import rectifications
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
from .comparing import (
    cases_with_state,
    checked_exited,
    discrepancies_of,
    judged,
    require_lock,
    sampled_households,
    step_faults,
)
from .context import Context


def estimate(context: Context, store: Store) -> tuple[Results, ...]:
    """Estimate the rates of every county whose field work is closed, and conclude.

    The intra-cluster correlation is pooled over these counties, so they are done together.

    Raises
    ------
    WrongStageError
        No county's findings are locked.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.ESTIMATE)
        rules, round_ = require_rules(tx), require_round(tx)
        locked = {lock.county_code for lock in tx.all(FindingsLock)}
        codes = [c.county_code for c in round_.counties if c.county_code in locked]
        if not codes:
            raise WrongStageError("no-county-locked")
        observed = {code: _observe(tx, code, rules, round_.exit_year) for code in codes}
        pools = pool_round(observed, rules)
        freeze = require_freeze(tx)
        results = []
        for code in codes:
            key = round_.key(code)
            plan = tx.latest(Plan, code)
            assert plan is not None
            villages = village_counts(tx.frame_units(code), code)
            rates = indicators(
                key,
                observed[code],
                [s for s in freeze.strata if s.county_code == code],
                villages,
                pools,
                rules,
                province_code=round_.province_code,
            )
            faults = step_faults(tx, code, rules)
            checked = checked_exited(tx, code)
            faulty = {f.household_id for f in faults if f.household_id}
            outcome = conclude(
                key,
                rates,
                faults,
                checked_households=len(checked),
                open_cases=sum(
                    s.value not in ("confirmed", "dismissed")
                    for _, s, _ in cases_with_state(tx, code)
                ),
                plan=plan,
                villages=villages,
                rules=rules,
                province_code=round_.province_code,
            )
            result = Results(
                key=key,
                indicators=rates,
                pools=pools,
                outcome=outcome,
                inspector_error=_inspector_error(tx, code, rules, round_.exit_year),
                response=_response(tx, code),
                procedure_complete=len(checked) - len(faulty),
                procedure_checked=len(checked),
                rule_set_id=rules.rule_set_id,
                rule_set_sha256=rules.sha256,
                software=f"audit-toolkit {__version__}",
            )
            if tx.latest(Results, code) != result:
                tx.append(result, key=code, county=code)
            record(
                tx,
                context,
                "estimate",
                county_code=code,
                outcome=outcome.kind.value,
                reasons=list(outcome.reasons),
            )
            results.append(result)
    return tuple(results)


def results(context: Context, store: Store, *, county_code: str) -> Results:
    """Return the newest results of a county."""
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_RESULTS, county_code)
        return _require_results(tx, county_code)


def sentence(context: Context, store: Store, *, county_code: str, language: str) -> str:
    """Return the outcome of a county in one sentence, with its reason and what would settle it."""
    kept = results(context, store, county_code=county_code)
    return outcome_sentence(kept.outcome, kept.indicators, language)


def write_county_report(context: Context, store: Store, *, county_code: str) -> tuple[str, ...]:
    """Write the county's reports (zh and en, HTML and XLSX, results as JSON); return their names.

    Raises
    ------
    WrongStageError
        Nothing has been estimated for the county.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.WRITE_REPORT, county_code)
        rules, round_ = require_rules(tx), require_round(tx)
        kept = _require_results(tx, county_code)
        plan = tx.latest(Plan, county_code)
        ceremony = require_ceremony(tx, CeremonyState.DRAWN, CeremonyState.DISCLOSED)
        assert plan is not None
        ruled = [(c, s) for c, s, _ in cases_with_state(tx, county_code)]
        head = record_report(tx, context, county_code, ceremony)
        page = build_context(
            round_=round_,
            key=kept.key,
            freeze=require_freeze(tx),
            plan=plan,
            ceremony=ceremony,
            draw=current_draw(tx),
            results=kept,
            cases=ruled,
            rectifications=rectifications(ruled),
            step_faults=step_faults(tx, county_code, rules),
            discrepancies=discrepancies_of(tx, county_code, rules, round_.exit_year),
            rules=rules,
            journal_head=head,
            software=kept.software,
            sentence={
                lang: outcome_sentence(kept.outcome, kept.indicators, lang) for lang in LANGUAGES
            },
            plan_sentences={lang: plan_sentences(plan, lang) for lang in LANGUAGES},
            written_at=context.clock(),
        )
    files = {f"{county_code}_results.json": results_json(kept)}
    for language in LANGUAGES:
        files[f"{county_code}_report_{language}.html"] = html_report(page, language)
        files[f"{county_code}_report_{language}.xlsx"] = xlsx_report(page, language)
    for name, data in files.items():
        write_report(store, name, data)
    return tuple(files)


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
        kept = _require_results(tx, county_code)
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
        kept = _require_results(tx, county_code)
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


def _require_results(tx: Transaction, county_code: str) -> Results:
    kept = tx.latest(Results, county_code)
    if kept is None:
        raise WrongStageError("not-estimated", county=county_code)
    return kept


def _observe(
    tx: Transaction, county_code: str, rules: RuleSet, exit_year: int
) -> tuple[ObservedHousehold, ...]:
    require_lock(tx, county_code)
    return observe(
        current_draw(tx),
        tx.all(Assignment, county=county_code),
        sampled_households(tx, county_code),
        judged(tx, county_code, VisitKind.FIRST, rules, exit_year),
        [(c, s) for c, s, _ in cases_with_state(tx, county_code)],
        rules,
    )


def _inspector_error(tx: Transaction, county_code: str, rules: RuleSet, exit_year: int):
    first = judged(tx, county_code, VisitKind.FIRST, rules, exit_year)
    revisit = judged(tx, county_code, VisitKind.REVISIT, rules, exit_year)
    both = sorted(first.keys() & revisit.keys())
    return inspector_error(county_code, [(first[h][1], revisit[h][1]) for h in both])


def _response(tx: Transaction, county_code: str) -> tuple[tuple[str, int], ...]:
    """Return how often each outcome code ended a first visit, with the replaced beside."""
    counts: dict[str, int] = {}
    for finding in tx.findings(county_code, VisitKind.FIRST):
        counts[finding.visit.outcome] = counts.get(finding.visit.outcome, 0) + 1
    replaced = sum(
        a.state is AssignmentState.REPLACED for a in tx.all(Assignment, county=county_code)
    )
    return (*sorted(counts.items()), ("replaced", replaced))
