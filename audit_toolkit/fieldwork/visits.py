"""What is wrong with a visit as handed in (refused), and what is worth asking back (taken)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from ..model import Problem, ProblemList, Question, RuleSet, Visit

LIST_NAME = "visit"
LONGEST_ANSWER = 40
LONGEST_REASON = 1000
MOST_NOTES = 60
LONGEST_NOTE_NAME = 120
NOTES = ("present", "consent", "composition", "composition-words", "position", "remark", "soft")
"""What a note may be about; one of a kind with many is named after a colon ("soft:...")."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_COUNT = re.compile(r"0|[1-9][0-9]*")
_YUAN = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]{1,2})?")

AT_MOST = (
    ("school_dropout_count", "school_age_count"),
    ("school_age_count", "registered_count"),
    ("insured_count", "registered_count"),
)
"""Each count with the count that it cannot exceed: both are about the same household."""


def check_visit(visit: Visit, rules: RuleSet) -> ProblemList:
    """Return everything for which a visit cannot be taken in.

    An outcome that counts as response needs an answer to every question that applies; any other
    outcome holds no answers. ``column`` of a problem is the question's code.

    Parameters
    ----------
    visit : Visit
        As handed in by the inspector.
    rules : RuleSet
        Gives outcome codes and questionnaire.

    Returns
    -------
    ProblemList
        Empty where the visit can be taken.
    """
    problems = [*_text_problems(visit), *_note_problems(visit)]
    outcome = rules.outcome(visit.outcome)
    if outcome is None:
        known = ", ".join(o.code for o in rules.outcome_codes)
        problems.append(_problem("visit-outcome-unknown", "outcome", visit.outcome, known=known))
    elif outcome.responded:
        problems.extend(_answer_problems(visit, rules))
        problems.extend(_missing(visit, rules))
        problems.extend(_contradictions(visit))
    else:
        problems.extend(
            _problem("visit-answer-unexpected", a.question, a.value, outcome=visit.outcome)
            for a in visit.answers
            if a.value
        )
    return ProblemList(problems=tuple(problems))


def soft_checks(visit: Visit, rules: RuleSet) -> ProblemList:
    """Return what is unlikely about a visit that ``check_visit`` lets pass; it is taken as it is.

    Answers above the question's soft limit, one-off receipts above all income, costs above the
    income that they were spent on, no income at all, more residents than registered members.
    """
    answers = _numbers(visit, rules)
    problems = [
        _problem("visit-soft-high", q.code, visit.answer(q.code) or "", limit=q.soft_high)
        for q in rules.questions
        if q.soft_high and q.code in answers and answers[q.code] > Decimal(q.soft_high)
    ]
    signed = [q for q in rules.questions if q.income_sign]
    gross = sum(
        (answers.get(q.code, Decimal(0)) for q in signed if q.income_sign == "+"), Decimal()
    )
    if any(q.code in answers for q in signed):
        if gross == 0:
            problems.append(_problem("visit-soft-no-income", signed[0].code, "0"))
        elif answers.get("one_off_income", Decimal(0)) > gross:
            got = visit.answer("one_off_income") or ""
            problems.append(_problem("visit-soft-one-off", "one_off_income", got, total=str(gross)))
    problems.extend(
        _problem(f"visit-soft-{code}", larger, visit.answer(larger) or "", limit=str(limit))
        for code, larger, smaller in (
            ("cost", "production_cost", "operation_income"),
            ("residents", "residents_count", "registered_count"),
        )
        if (limit := answers.get(smaller)) is not None and answers.get(larger, limit) > limit
    )
    return ProblemList(problems=tuple(problems))


def applies(question: Question, visit: Visit) -> bool:
    """Tell whether a question is to be asked, given the visit's other answers."""
    if not question.only_if:
        return True
    code, _, values = question.only_if.partition("=")
    return visit.answer(code) in values.split("|")


def _problem(code: str, column: str, got: str, **fields: str) -> Problem:
    return Problem(
        code=code,
        list_name=LIST_NAME,
        row=None,
        column=column,
        got=got[:LONGEST_ANSWER],
        fields=tuple(fields.items()),
    )


def _text_problems(visit: Visit) -> Iterator[Problem]:
    texts = [(a.question[:LONGEST_ANSWER], a.value, LONGEST_ANSWER) for a in visit.answers]
    for column, text, longest in [*texts, ("reason", visit.reason, LONGEST_REASON)]:
        if len(text) > longest:
            yield _problem("visit-text-too-long", column, text, limit=str(longest))
        if _SURROGATE.search(column + text):
            yield _problem("visit-text-unreadable", _SURROGATE.sub("?", column), "")
    for note in visit.notes:
        if _SURROGATE.search(note.question + note.value):
            yield _problem("visit-text-unreadable", _SURROGATE.sub("?", note.question), "")
    if visit.device_at.tzinfo is None:
        yield _problem("visit-clock-without-zone", "device_at", visit.device_at.isoformat())


def _note_problems(visit: Visit) -> Iterator[Problem]:
    times = Counter(note.question for note in visit.notes)
    for position, note in enumerate(visit.notes):
        named = note.question[:LONGEST_NOTE_NAME]
        if note.question.partition(":")[0] not in NOTES or len(note.question) > LONGEST_NOTE_NAME:
            yield _problem("visit-note-unknown", named, note.value)
        elif times[note.question] > 1 or position >= MOST_NOTES:
            yield _problem("visit-question-twice", named, note.value)
        elif len(note.value) > LONGEST_REASON:
            yield _problem("visit-text-too-long", named, note.value, limit=str(LONGEST_REASON))


def _answer_problems(visit: Visit, rules: RuleSet) -> Iterator[Problem]:
    """Yield what is wrong with single answers, in the order given."""
    questions = {q.code: q for q in rules.questions}
    times = Counter(a.question for a in visit.answers)
    for answer in visit.answers:
        question = questions.get(answer.question)
        if question is None:
            yield _problem("visit-question-unknown", answer.question[:LONGEST_ANSWER], answer.value)
        elif times[answer.question] > 1:
            yield _problem("visit-question-twice", question.code, answer.value)
        elif answer.value and not applies(question, visit):
            yield _problem(
                "visit-not-applicable", question.code, answer.value, only_if=question.only_if
            )
        elif answer.value and len(answer.value) <= LONGEST_ANSWER:
            yield from _value_problems(question, answer.value)


def _value_problems(question: Question, value: str) -> Iterator[Problem]:
    if question.options:
        if value not in question.options:
            options = ", ".join(question.options)
            yield _problem("visit-not-an-option", question.code, value, options=options)
    elif not _form(question).fullmatch(value):
        yield _problem(f"visit-not-{question.kind}", question.code, value)
    elif question.low and Decimal(value) < Decimal(question.low):
        yield _problem("visit-too-low", question.code, value, limit=question.low)
    elif question.high and Decimal(value) > Decimal(question.high):
        yield _problem("visit-too-high", question.code, value, limit=question.high)


def _form(question: Question) -> re.Pattern[str]:
    return _COUNT if question.kind == "count" else _YUAN


def _missing(visit: Visit, rules: RuleSet) -> Iterator[Problem]:
    for question in rules.questions:
        if applies(question, visit) and not visit.answer(question.code):
            yield _problem("visit-answer-missing", question.code, "")


def _contradictions(visit: Visit) -> Iterator[Problem]:
    """Yield counts larger than the count that they are part of."""
    for part, whole in AT_MOST:
        some, all_ = visit.answer(part) or "", visit.answer(whole) or ""
        both = _COUNT.fullmatch(some) and _COUNT.fullmatch(all_)
        if both and int(some) > int(all_):
            yield _problem("visit-part-above-whole", part, some, whole=whole, limit=all_)


def _numbers(visit: Visit, rules: RuleSet) -> dict[str, Decimal]:
    """Return the well-formed numbers among the answers."""
    numeric = {q.code: _form(q) for q in rules.questions if not q.options}
    return {
        a.question: Decimal(a.value)
        for a in visit.answers
        if a.question in numeric and numeric[a.question].fullmatch(a.value)
    }
