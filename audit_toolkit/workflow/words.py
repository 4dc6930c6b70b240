"""Words and small readings that the doors print, so that they need nothing but `workflow`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sampling.commitment import commit_share

from ..conclusions import second_wave_sentence
from ..drawing import plan_sentences
from ..errors import OperatorError
from ..interchange import csv_bytes
from ..model import MATCH_DECISIONS, MatchProblem, Problem
from ..registers import decision_sheet, read_column_map
from ..rules import rule_set_ids, rule_set_text
from ..text import say

commitment_of = commit_share
plan_words = plan_sentences
second_wave_words = second_wave_sentence


def rule_text(name: str) -> str:
    """Return the text of a shipped rule set, or of a TOML file.

    Raises
    ------
    OperatorError
        There is neither a shipped set nor a file of that name.
    """
    if name in rule_set_ids():
        return rule_set_text(name)
    path = Path(name)
    if not path.is_file():
        raise OperatorError("rule-set-unknown", name=name, known=", ".join(rule_set_ids()))
    return path.read_text(encoding="utf-8")


def column_map(path: Path, list_name: str) -> Mapping[str, str]:
    """Return the column map of one list from a user's TOML file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise OperatorError("file-unreadable", file=path.name) from None
    return read_column_map(text, list_name=list_name)


def match_sheet(problems: Sequence[MatchProblem], language: str) -> bytes:
    """Return a CSV with one row a matching problem, to be filled in and recorded."""
    return csv_bytes(*decision_sheet(problems, language))


def match_decisions(problem: MatchProblem) -> tuple[str, ...]:
    """Return the words that may decide a matching problem."""
    return MATCH_DECISIONS[problem.kind]


def problem_words(problem: Problem, language: str) -> str:
    """Return one problem of a file as a sentence that names row and column."""
    fields: dict[str, object] = dict(problem.fields)
    fields.update(
        row=problem.row if problem.row is not None else "-",
        column=problem.column or "-",
        got=problem.got,
        list_name=problem.list_name,
    )
    return say(f"problems.{problem.code}", language, **fields)
