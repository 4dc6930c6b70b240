"""Both languages hold the same keys with the same fields, and every error code has words."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

from audit_toolkit import text

ROOT = Path(__file__).resolve().parents[1]


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("area", text.areas())
def test_both_languages_hold_the_same_keys_and_fields(area: str):
    zh, en = text.keys(area, "zh"), text.keys(area, "en")
    assert set(zh) == set(en)
    for key in zh:
        assert fields(zh[key]) == fields(en[key]), key


@pytest.mark.parametrize("area", text.areas())
def test_no_text_is_empty(area: str):
    for language in text.LANGUAGES:
        assert all(value.strip() for value in text.keys(area, language).values())


def _codes(kinds: set[str]) -> set[tuple[str, str]]:
    """Codes given as plain text to a constructor of one of the names, with their file."""
    found = set()
    for path in (ROOT / "audit_toolkit").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name not in kinds:
                continue
            code = next((k.value for k in node.keywords if k.arg == "code"), None)
            code = code or (node.args[0] if node.args else None)
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                found.add((code.value, path.name))
    return found


def test_every_error_raised_has_words():
    kinds = {
        "AuditError",
        "OperatorError",
        "RegisterError",
        "PermissionRefusedError",
        "WrongStageError",
        "IntegrityError",
    }
    known = text.keys("errors", "en")
    assert not {(code, where) for code, where in _codes(kinds) if code not in known}


def test_every_problem_listed_has_words():
    known = text.keys("problems", "en")
    assert not {(code, where) for code, where in _codes({"Problem"}) if code not in known}


def test_numbers_and_dates_are_written_as_the_language_does():
    from datetime import date

    assert text.number(1234567, "zh") == "1,234,567"
    assert text.percent(0.0125, "en") == "1.25 %"
    assert text.day(date(2026, 11, 5), "zh") == "2026年11月5日"
    assert text.day(date(2026, 11, 5), "en") == "5 November 2026"
