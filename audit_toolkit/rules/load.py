"""Which rule sets there are, and one of them as checked values."""

from __future__ import annotations

import hashlib
import re
import tomllib
from datetime import date
from functools import lru_cache
from importlib.resources import files

from ..errors import OperatorError
from ..model import (
    Criterion,
    OutcomeCode,
    PovertyLine,
    Question,
    RuleSet,
    StabilityTest,
    Step,
    Threshold,
    Tolerance,
)
from .engine import CRITERION_RULES, READINGS
from .tables import STATUSES, TableReader

QUESTION_KINDS = ("count", "yuan", "choice", "yes-no")
YES_NO = ("yes", "no")
STEP_LEVELS = ("household", "county")
NEXT_STEPS = ("finish", "retry", "replace")
COMPARED_WITH_TOLERANCE = ("net_income_pc",)


def rule_set_ids() -> tuple[str, ...]:
    """Return the names of the rule sets that come with the toolkit."""
    names = (p.name for p in files(__package__).joinpath("sets").iterdir())
    return tuple(sorted(n.removesuffix(".toml") for n in names if n.endswith(".toml")))


def rule_set_text(rule_set_id: str) -> str:
    """Return the TOML text of a rule set that comes with the toolkit.

    Raises
    ------
    OperatorError
        There is none of that name.
    """
    if rule_set_id not in rule_set_ids():
        known = ", ".join(rule_set_ids())
        raise OperatorError("rule-set-not-shipped", got=repr(rule_set_id), known=known)
    path = files(__package__).joinpath("sets").joinpath(f"{rule_set_id}.toml")
    return path.read_bytes().decode("utf-8")


def load_rule_set(rule_set_id: str) -> RuleSet:
    """Return a rule set that comes with the toolkit.

    Raises
    ------
    OperatorError
        There is none of that name, or its file is faulty.
    """
    return load_rule_set_text(rule_set_text(rule_set_id), file_name=f"{rule_set_id}.toml")


# Asked for with the same text at every visit that is handed in.
@lru_cache(maxsize=16)
def load_rule_set_text(text: str, *, file_name: str = "rule set") -> RuleSet:
    """Return the rule set that a TOML text holds.

    Every key must be known and of its kind, every code unique, every reference found.

    Parameters
    ----------
    text : str
        The file's content; ``sha256`` of the result is that of its UTF-8 bytes.
    file_name : str, default "rule set"
        What errors call the file.

    Raises
    ------
    OperatorError
        Names file, table and key of the first fault.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise OperatorError("rule-set-not-toml", file=file_name, got=str(fault)) from fault
    top = TableReader(file_name, "-", values)
    questions = _questions(top)
    rules = RuleSet(
        rule_set_id=_rule_set_id(top),
        dated=_dated(top),
        title_zh=top.text("title_zh"),
        title_en=top.text("title_en"),
        reading=top.choice("reading", READINGS),
        western_provinces=_provinces(top),
        thresholds=_thresholds(top),
        poverty_lines=_poverty_lines(top),
        stability=_stability(top),
        criteria=_criteria(top, questions),
        steps=_steps(top),
        household_steps_min_share=top.share("household_steps_min_share"),
        outcome_codes=_outcome_codes(top),
        replacement_reasons=top.codes("replacement_reasons"),
        questions=questions,
        approval_questions=_approval_questions(top, questions),
        plan_icc=top.share("plan_icc"),
        sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        tolerances=_tolerances(top),
    )
    top.close()
    return rules


def _rule_set_id(top: TableReader) -> str:
    value = top.text("rule_set_id")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        raise top.fault("rule-set-not-code", "rule_set_id", got=repr(value))
    return value


def _dated(top: TableReader) -> str:
    value = top.text("dated")
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as fault:
        raise top.fault("rule-set-not-date", "dated", got=repr(value)) from fault


def _provinces(top: TableReader) -> tuple[str, ...]:
    codes = tuple(top.list("western_provinces", []))
    for code in codes:
        if not isinstance(code, str) or not re.fullmatch(r"[0-9]{2}", code):
            raise top.fault("rule-set-not-province", "western_provinces", got=repr(code))
    top.once("western_provinces", codes)
    return codes


def _thresholds(top: TableReader) -> tuple[Threshold, ...]:
    found = []
    for table in top.tables("threshold"):
        found.append(
            Threshold(
                indicator=table.code("indicator"),
                unit=table.choice("unit", ("persons", "households")),
                direction=table.choice("direction", ("below", "above")),
                strict=table.flag("strict"),
                limit=table.share("limit"),
                limit_west=table.share("limit_west"),
                source=table.source(),
            )
        )
        table.close()
    top.once("threshold", (t.indicator for t in found))
    return tuple(found)


def _poverty_lines(top: TableReader) -> tuple[PovertyLine, ...]:
    found = []
    for table in top.tables("poverty_line"):
        found.append(
            PovertyLine(
                year=table.whole("year", low=1978),
                amount=table.whole("amount", low=1),
                status=table.choice("status", STATUSES),
            )
        )
        table.close()
    top.once("poverty_line", (line.year for line in found))
    return tuple(found)


def _stability(top: TableReader) -> StabilityTest:
    table = top.table("stability")
    found = StabilityTest(
        one_off_share_max=table.share("one_off_share_max", ""),
        previous_year=table.choice("previous_year", ("yes", ""), ""),
        shock=table.choice("shock", ("yes", ""), ""),
        margin=table.decimal("margin", ""),
        source=table.source(),
    )
    table.close()
    return found


def _tolerances(top: TableReader) -> tuple[Tolerance, ...]:
    found = []
    for table in top.tables("tolerance", []):
        found.append(
            Tolerance(
                item=table.choice("item", COMPARED_WITH_TOLERANCE),
                below=table.share("below"),
                above=table.share("above"),
                floor=table.decimal("floor"),
                source=table.source(),
            )
        )
        if found[-1].floor.startswith("-"):
            raise table.fault("rule-set-not-share", "floor", got=repr(found[-1].floor))
        table.close()
    top.once("tolerance", (t.item for t in found))
    return tuple(found)


def _criteria(top: TableReader, questions: tuple[Question, ...]) -> tuple[Criterion, ...]:
    by_code = {q.code: q for q in questions}
    found = []
    for table in top.tables("criterion"):
        criterion = Criterion(
            code=table.code("code"),
            rule=table.choice("rule", tuple(CRITERION_RULES)),
            source=table.source(),
        )
        for code, needed in CRITERION_RULES[criterion.rule].needs.items():
            table.known("rule", code, by_code)
            question = by_code[code]
            got = question.options if question.kind == "choice" else question.kind
            if got != needed:
                raise table.fault(
                    "rule-set-wrong-kind", "rule", question=code, got=repr(got), need=repr(needed)
                )
        table.close()
        found.append(criterion)
    top.once("criterion", (c.code for c in found))
    top.once("criterion", (c.rule for c in found))
    if not any(q.income_sign == "+" for q in questions):
        raise top.fault("rule-set-key-missing", "income_sign")
    return tuple(found)


def _steps(top: TableReader) -> tuple[Step, ...]:
    found: list[Step] = []
    for table in top.tables("step"):
        step = Step(
            code=table.code("code"),
            level=table.choice("level", STEP_LEVELS),
            order=table.whole("order", low=1),
            min_days=table.whole("min_days", low=0),
            needs_document=table.flag("needs_document"),
            same_day=table.flag("same_day"),
            source=table.source(),
        )
        expected = 1 + sum(s.level == step.level for s in found)
        if step.order != expected:
            raise table.fault("rule-set-order", "order", got=step.order, expected=expected)
        table.close()
        found.append(step)
    top.once("step", (s.code for s in found))
    return tuple(found)


def _outcome_codes(top: TableReader) -> tuple[OutcomeCode, ...]:
    found = []
    for table in top.tables("outcome_code"):
        found.append(
            OutcomeCode(
                code=table.code("code"),
                responded=table.flag("responded"),
                next_step=table.choice("next_step", NEXT_STEPS),
            )
        )
        table.close()
    top.once("outcome_code", (o.code for o in found))
    if not any(o.responded for o in found):
        raise top.fault("rule-set-nobody-responds", "outcome_code")
    return tuple(found)


def _questions(top: TableReader) -> tuple[Question, ...]:
    found: list[Question] = []
    for table in top.tables("question"):
        found.append(_question(table, found))
        table.close()
    top.once("question", (q.code for q in found))
    return tuple(found)


def _question(table: TableReader, before: list[Question]) -> Question:
    kind = table.choice("kind", QUESTION_KINDS)
    options = table.codes("options") if kind == "choice" else YES_NO if kind == "yes-no" else ()
    numeric = kind in ("count", "yuan")
    only_if = table.text("only_if", "")
    if only_if:
        _check_only_if(table, only_if, before)
    question = Question(
        code=table.code("code"),
        section=table.code("section"),
        kind=kind,
        options=options,
        low=table.decimal("low", "") if numeric else "",
        high=table.decimal("high", "") if numeric else "",
        soft_high=table.decimal("soft_high", "") if numeric else "",
        only_if=only_if,
        income_sign=table.choice("income_sign", ("+", "-", ""), "") if kind == "yuan" else "",
    )
    limits = [float(x) for x in (question.low, question.soft_high, question.high) if x]
    if limits != sorted(limits):
        got = f"{question.low}, {question.soft_high}, {question.high}"
        raise table.fault("rule-set-limits", "low, soft_high, high", got=got)
    return question


def _check_only_if(table: TableReader, only_if: str, before: list[Question]) -> None:
    """Refuse a condition that does not name an earlier question and options of it."""
    code, _, values = only_if.partition("=")
    earlier = {q.code: q for q in before if q.options}
    table.known("only_if", code, earlier)
    for value in values.split("|"):
        table.known("only_if", value, earlier[code].options)


def _approval_questions(top: TableReader, questions: tuple[Question, ...]) -> tuple[str, ...]:
    codes = top.codes("approval_questions")
    answerable = tuple(q.code for q in questions if set(YES_NO) <= set(q.options))
    for code in codes:
        top.known("approval_questions", code, answerable)
    return codes
