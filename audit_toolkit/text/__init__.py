"""Every word that a person reads, in Chinese and English.

One TOML file an area and language: ``errors.en.toml`` holds the keys that are asked for as
``errors.<key>``. Both languages hold the same keys with the same fields; a test says so.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files

from babel.dates import format_date
from babel.numbers import format_decimal

LANGUAGES = ("zh", "en")


@cache
def _catalogue(area: str, language: str) -> dict[str, str]:
    path = files(__package__).joinpath(f"{area}.{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def say(key: str, language: str, **fields: object) -> str:
    """Return the text of ``key`` ("area.name") with its fields filled in.

    Raises
    ------
    KeyError
        The catalogue has no such key, or a field is missing: a fault of the program.
    """
    area, _, name = key.partition(".")
    return _catalogue(area, language)[name].format(**fields)


def knows(key: str, language: str) -> bool:
    """Tell whether the catalogue has ``key``."""
    area, _, name = key.partition(".")
    return name in _catalogue(area, language)


def areas() -> tuple[str, ...]:
    """Return the areas of the catalogue."""
    names = {p.name.split(".")[0] for p in files(__package__).iterdir() if p.name.endswith(".toml")}
    return tuple(sorted(names))


def keys(area: str, language: str) -> dict[str, str]:
    """Return all raw texts of an area, by key."""
    return dict(_catalogue(area, language))


def number(value: int | float | Decimal, language: str, *, digits: int = 0) -> str:
    """Return a number as the language writes it, with ``digits`` decimals."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=language)


def percent(share: float, language: str, *, digits: int = 2) -> str:
    """Return a share in [0, 1] as per cent with ``digits`` decimals."""
    return f"{number(share * 100, language, digits=digits)} %"


def day(value: date | datetime, language: str) -> str:
    """Return a date without ambiguity ("25 November 2026", "2026年11月25日")."""
    pattern = "y年M月d日" if language == "zh" else "d MMMM y"
    return format_date(value, format=pattern, locale=language)
