"""What one cell means: its text made regular, then understood or refused with a named trouble.

Two things are done without asking: text is put into Unicode normal form C, and blanks at its ends
are cut. Whatever else would have to be changed is a trouble, with the likely reading beside it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from ..text import LANGUAGES, say

MAX_CHARACTERS = 200

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,8})")
_AMOUNT = re.compile(r"-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]+)?")
# How a spreadsheet writes a long number that was not formatted as text.
_SHORTENED = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+[0-9]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FULL_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20}
_FULL_WIDTH_DIGIT = re.compile("[０-９]")
_FULL_WIDTH_LETTER = re.compile("[Ａ-Ｚａ-ｚ]")
# What people put into numbers: grouping marks, blanks, units, letters typed for digits.
_IN_NUMBERS = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1"}) | dict.fromkeys(
    map(ord, ",， '¥￥元人"), ""
)
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_FORBIDDEN = frozenset("|\ufffd")

CODES: dict[str, dict[str, tuple[str, ...]]] = {
    "status": {
        "poor": ("0",),
        "exited": ("1",),
        "planned": ("2",),
        "returned": ("3",),
    },
    "cause": {
        "illness": ("1",),
        "disability": ("2",),
        "schooling": ("3",),
        "disaster": ("4",),
        "lack-of-land": ("5",),
        "lack-of-water": ("6",),
        "lack-of-skill": ("7",),
        "lack-of-labour": ("8",),
        "lack-of-funds": ("9",),
        "backward-transport": ("10",),
        "lack-of-drive": ("11",),
        "other": ("99",),
    },
    "housing_grade": {"A": (), "B": (), "C": (), "D": ()},
    "yes_no": {"yes": ("1", "true"), "no": ("0", "false")},
}
"""Values of each table of codes with the register's own codes; words are in the catalogues."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a cell was not understood: a problem code and the fields that its wording names."""

    code: str
    fields: tuple[tuple[str, str], ...] = ()


def clean(text: str) -> str:
    """Text in normal form C without blanks at its ends.

    Examples
    --------
    >>> clean("　王小山 ")
    '王小山'
    """
    return text.strip() if text.isascii() else unicodedata.normalize("NFC", text).strip()


def _trouble(code: str, **fields: str) -> Trouble:
    return Trouble(code=code, fields=tuple(fields.items()))


def _half_width(text: str) -> str:
    return text.translate(_FULL_WIDTH)


def full_width(text: str, suggestion: str) -> Trouble | None:
    """Return the trouble of full-width digits or letters, or None where there are none."""
    if text.isascii():
        return None
    if _FULL_WIDTH_DIGIT.search(text):
        return _trouble("full-width-digits", suggestion=suggestion)
    if _FULL_WIDTH_LETTER.search(text):
        return _trouble("full-width-letters", suggestion=suggestion)
    return None


def understand_text(text: str) -> Trouble | None:
    """Return what is wrong with a cleaned text, or None."""
    if len(text) > MAX_CHARACTERS:
        return _trouble("text-too-long", limit=str(MAX_CHARACTERS))
    if text.isascii() and text.isprintable() and "|" not in text and "  " not in text:
        return None
    for character in text:
        if character in _FORBIDDEN or unicodedata.category(character) in _FORBIDDEN_CATEGORIES:
            return _trouble("forbidden-character", character=f"U+{ord(character):04X}")
    trouble = full_width(text, _half_width(text))
    if trouble is None and ("  " in text or any(c.isspace() and c != " " for c in text)):
        return _trouble("blank-inside", suggestion=_regular_blanks(text))
    return trouble


def _regular_blanks(text: str) -> str:
    """Return the text with single blanks, or with none where it is all Chinese."""
    words = text.split()
    return ("" if all(ord(c) > 0x2E7F for word in words for c in word) else " ").join(words)


def understand_id(text: str) -> Trouble | None:
    """Return what is wrong with a cleaned identifier, or None."""
    if text.isascii() and text.isalnum() and len(text) <= MAX_CHARACTERS:
        return None
    if _SHORTENED.fullmatch(text):
        return _trouble("digits-lost")
    trouble = understand_text(text)
    if trouble is None and any(c.isspace() for c in text):
        return _trouble("blank-inside", suggestion="".join(text.split()))
    return trouble


def understand_digits(text: str, length: int) -> Trouble | None:
    """Return what is wrong with a code of ``length`` digits, or None."""
    if text.isascii() and text.isdigit() and len(text) == length:
        return None
    return full_width(text, _half_width(text)) or _trouble("not-digits", length=str(length))


def understand_whole(text: str) -> int | Trouble:
    """Return the whole number that a cleaned text writes plainly, or why it does not."""
    if _WHOLE.fullmatch(text):
        return int(text)
    return _number_trouble(text, _WHOLE, "not-a-whole-number")


def understand_amount(text: str) -> Decimal | Trouble:
    """Return the amount in yuan that a cleaned text writes plainly, or why it does not."""
    if _AMOUNT.fullmatch(text):
        if len(text.partition(".")[2]) > 2:
            return _trouble("too-many-decimals", suggestion=f"{Decimal(text):.2f}")
        return Decimal(text)
    return _number_trouble(text, _AMOUNT, "not-an-amount")


def _number_trouble(text: str, form: re.Pattern[str], code: str) -> Trouble:
    likely = _half_width(text).translate(_IN_NUMBERS)
    if form is _WHOLE:
        likely = re.sub(r"\.0+$", "", likely)
    likely = re.sub(r"^\+?(-?)0*(?=[0-9])", r"\1", likely)
    readable = form.fullmatch(likely) is not None
    trouble = full_width(text, likely if readable else _half_width(text))
    if trouble is not None:
        return trouble
    return _trouble("number-with-marks", suggestion=likely) if readable else _trouble(code)


def understand_date(text: str) -> date | Trouble:
    """Return the day that a text of the form 2019-11-05 names, or why it names none."""
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return _trouble("not-a-date")
    return full_width(text, _half_width(text)) or _trouble("not-a-date")


def understand_code(text: str, table: str) -> str | Trouble:
    """Return the value that a code or word stands for, or why it stands for none."""
    value = _words(table).get(text.casefold())
    if value is not None:
        return value
    return full_width(text, _half_width(text)) or _trouble("unknown-code", allowed=_allowed(table))


@cache
def _words(table: str) -> dict[str, str]:
    words = {}
    for value, codes in CODES[table].items():
        spoken = (say(f"columns.{table}.{value}", language) for language in LANGUAGES)
        words.update(dict.fromkeys((w.casefold() for w in (value, *codes, *spoken)), value))
    return words


@cache
def _allowed(table: str) -> str:
    """Return the accepted codes and words, as a person would list them."""
    zh = LANGUAGES[0]
    shown = (
        " ".join((*codes[:1], say(f"columns.{table}.{value}", zh), value))
        for value, codes in CODES[table].items()
    )
    return ", ".join(shown)
