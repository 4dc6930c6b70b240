"""The sheet in which matching problems are decided, and what a filled sheet decides."""

from __future__ import annotations

from collections.abc import Sequence

from ..model import MATCH_DECISIONS, MatchDecision, MatchKind, MatchProblem, ProblemList, RawTable
from ..text import LANGUAGES, say
from .columns import DECISION_COLUMNS, LEFT_OUT
from .validate import Found, Line, read_lines

_SHEET_ONLY = ("kind", "village_code", "register_ids", "roster_ids", "heads", "allowed")


def decision_sheet(
    problems: Sequence[MatchProblem], language: str
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Headers and rows of the sheet in which problems are decided.

    Parameters
    ----------
    problems : sequence of MatchProblem
        What is to be decided.
    language : str
        "zh" or "en".

    Returns
    -------
    tuple of str
        Headers; those of decision and reason stand last.
    tuple of tuples of str
        One row a problem, decision and reason blank; `read_decisions` takes the filled sheet.
    """
    names = ("problem_id", *_SHEET_ONLY, "decision", "reason")
    headers = tuple(say(f"columns.{name}", language) for name in names)
    return headers, tuple(
        (
            problem.problem_id,
            say(f"columns.kind.{problem.kind}", language),
            problem.village_code,
            ", ".join(problem.register_ids),
            ", ".join(problem.roster_ids),
            ", ".join(problem.heads),
            _allowed(problem.kind, language),
            "",
            "",
        )
        for problem in problems
    )


def _allowed(kind: MatchKind, language: str) -> str:
    return " / ".join(say(f"columns.decision.{word}", language) for word in MATCH_DECISIONS[kind])


def read_decisions(
    table: RawTable, problems: Sequence[MatchProblem]
) -> tuple[tuple[MatchDecision, ...], ProblemList]:
    """Decisions of a filled sheet, and every problem of the sheet.

    Parameters
    ----------
    table : RawTable
        Columns problem_id, decision, reason; those of `decision_sheet` beside them say nothing. A
        row with neither decision nor reason is not decided yet.
    problems : sequence of MatchProblem
        The county's matching problems.

    Returns
    -------
    tuple of MatchDecision
        Decisions of the rows without a problem.
    ProblemList
        Unknown ids, words that the kind does not allow, missing reasons, ids decided twice.
    """
    left_out = {
        header: LEFT_OUT
        for name in _SHEET_ONLY
        for header in (name, *(say(f"columns.{name}", language) for language in LANGUAGES))
    }
    lines, found = read_lines(table, DECISION_COLUMNS, left_out)
    by_id = {problem.problem_id: problem for problem in problems}
    decided_in: dict[str, int] = {}
    decisions = []
    for line in lines:
        problem = _decided_problem(line, by_id, decided_in, found)
        if problem is not None:
            decision = _decision(line, problem, found)
            if not line.faulty and decision is not None:
                decisions.append(decision)
    return tuple(decisions), found.as_list()


def _decided_problem(
    line: Line, by_id: dict[str, MatchProblem], decided_in: dict[str, int], found: Found
) -> MatchProblem | None:
    """Return the problem that a line decides, or None if it decides none."""
    if not line.whole("problem_id") or not {"decision", "reason"} <= line.texts.keys():
        return None
    problem_id = line.values["problem_id"]
    if problem_id not in by_id:
        found.add(line, "problem_id", "unknown-problem-id")
        return None
    if not line.texts["decision"] and not line.texts["reason"]:
        return None
    first = decided_in.setdefault(problem_id, line.number)
    if first != line.number:
        found.add(line, "problem_id", "decided-twice", [("first_row", str(first))])
    return by_id[problem_id]


def _decision(line: Line, problem: MatchProblem, found: Found) -> MatchDecision | None:
    for name in ("decision", "reason"):
        if not line.texts[name]:
            found.add(line, name, "blank-cell")
    if not line.texts["decision"]:
        return None
    words = {
        spoken.casefold(): word
        for word in MATCH_DECISIONS[problem.kind]
        for spoken in (word, *(say(f"columns.decision.{word}", lang) for lang in LANGUAGES))
    }
    word = words.get(line.texts["decision"].casefold())
    if word is None:
        allowed = ", ".join(words)
        found.add(line, "decision", "decision-not-allowed", [("allowed", allowed)])
        return None
    return MatchDecision(
        problem_id=problem.problem_id,
        county_code=problem.county_code,
        decision=word,
        reason=line.texts["reason"],
    )
