"""What an inspector's form is made of: the questionnaire, own findings, progress, soft checks."""

from __future__ import annotations

from ..fieldwork import AT_MOST, LONGEST_REASON, soft_checks
from ..model import (
    Action,
    AssignmentState,
    FormOutcome,
    FormPart,
    FormQuestion,
    FormWord,
    OwnFinding,
    ProblemList,
    Question,
    RuleSet,
    Visit,
    VisitForm,
    VisitProgress,
)
from ..store import Store
from ..text import knows, say
from .access import require_rules
from .context import Context
from .field import inspector, own_assignment


def visit_form(context: Context, store: Store) -> VisitForm:
    """Return the questionnaire of the round's rule set, and nothing else of it."""
    with store.reading() as tx:
        inspector(tx, context)
        rules = require_rules(tx)
    codes = {q.code for q in rules.questions}
    return VisitForm(
        rule_set_id=rules.rule_set_id,
        rule_set_sha256=rules.sha256,
        sections=tuple(
            _word(f"questions.section.{code}", code)
            for code in dict.fromkeys(q.section for q in rules.questions)
        ),
        questions=tuple(_question(q) for q in rules.questions),
        outcomes=_outcomes(rules),
        parts=tuple(
            FormPart(part=part, whole=whole)
            for part, whole in AT_MOST
            if part in codes and whole in codes
        ),
        longest_reason=LONGEST_REASON,
    )


def visit_state(context: Context, store: Store, *, assignment_id: str) -> OwnFinding | None:
    """Return the newest version of what one handed in for a visit, or None before it is finished.

    The household's own identifier stays out: it would tell whether the household is registered.
    """
    with store.reading() as tx:
        own_assignment(tx, context, assignment_id, Action.SEE_OWN_VISITS)
        finding = tx.latest_finding(assignment_id)
    if finding is None:
        return None
    visit = finding.visit
    return OwnFinding(
        assignment_id=assignment_id,
        version=finding.version,
        outcome=visit.outcome,
        answers=visit.answers,
        notes=visit.notes,
        reason=visit.reason,
        device_at=visit.device_at,
        server_at=finding.server_at,
    )


def my_progress(context: Context, store: Store) -> tuple[VisitProgress, ...]:
    """Return how far each of one's own named visits is, by visit; the replaced are left out."""
    with store.reading() as tx:
        person = inspector(tx, context)
        drafts = {draft.assignment_id: draft for draft in tx.drafts_of(person.person_id)}
        rows = []
        for assignment in tx.assignments_of(person.person_id):
            if assignment.state in (AssignmentState.SEALED, AssignmentState.REPLACED):
                continue
            finding = tx.latest_finding(assignment.assignment_id)
            draft = drafts.get(assignment.assignment_id)
            if finding is None and draft is None:
                continue
            rows.append(
                VisitProgress(
                    assignment_id=assignment.assignment_id,
                    version=0 if finding is None else finding.version,
                    outcome="" if finding is None else finding.visit.outcome,
                    finished_at=None if finding is None else finding.server_at,
                    draft_of=0 if draft is None else draft.of_version,
                    draft_at=None if draft is None else draft.saved_at,
                )
            )
    return tuple(sorted(rows, key=lambda row: row.assignment_id))


def ask_back(context: Context, store: Store, visit: Visit) -> ProblemList:
    """Return what the soft checks ask about a visit that is not handed in yet."""
    with store.reading() as tx:
        own_assignment(tx, context, visit.assignment_id, Action.SEE_OWN_VISITS)
        return soft_checks(visit, require_rules(tx))


def _word(key: str, code: str) -> FormWord:
    return FormWord(code=code, zh=_say(key, "zh", code), en=_say(key, "en", code))


def _say(key: str, language: str, code: str) -> str:
    """Return the words of a code; a rule set of one's own may hold codes without any."""
    return say(key, language) if knows(key, language) else code


def _question(question: Question) -> FormQuestion:
    options = question.options or (("yes", "no") if question.kind == "yes-no" else ())
    code, _, values = question.only_if.partition("=")
    word = _word(f"questions.question.{question.code}", question.code)
    return FormQuestion(
        code=question.code,
        section=question.section,
        kind=question.kind,
        zh=word.zh,
        en=word.en,
        options=tuple(_word(f"questions.option.{option}", option) for option in options),
        low=question.low,
        high=question.high,
        soft_high=question.soft_high,
        only_if=code,
        only_if_values=tuple(values.split("|")) if code else (),
        income_sign=question.income_sign,
    )


def _outcomes(rules: RuleSet) -> tuple[FormOutcome, ...]:
    return tuple(
        FormOutcome(
            code=outcome.code,
            zh=_say(f"rules.outcome.{outcome.code}", "zh", outcome.code),
            en=_say(f"rules.outcome.{outcome.code}", "en", outcome.code),
            responded=outcome.responded,
            next_step=outcome.next_step,
            replaceable=outcome.code in rules.replacement_reasons,
        )
        for outcome in rules.outcome_codes
    )
