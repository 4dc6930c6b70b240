"""Reads the few R calls of the shared cases: svymean, svytotal, svyratio, svyby, formulas."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd


def arguments(call: str) -> tuple[str, list[str]]:
    """Name of the outermost function and its arguments, as texts."""
    name, rest = call.split("(", 1)
    return name, split(rest[: rest.rindex(")")], ",")


def split(text: str, mark: str) -> list[str]:
    """``text`` cut at a mark outside brackets and quotes."""
    parts, depth, quote, start = [], 0, "", 0
    for place, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == mark and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [*parts, text[start:].strip()]


def terms(formula: str) -> list[str]:
    """Terms of a one-sided formula."""
    return split(formula.lstrip("~"), "+")


def value(data: pd.DataFrame, text: str) -> pd.Series:
    """One term of a formula over the data: a number per row, missing where R has it missing."""
    if text in data:
        found = data[text]
        return found if found.dtype == object or str(found.dtype) == "str" else found * 1.0
    inner = re.fullmatch(r"(?:I|as\.numeric)\((.*)\)", text)
    code = inner.group(1) if inner else text
    names = sorted((str(c) for c in data.columns), key=len, reverse=True)
    used = [n for n in names if re.search(rf"(?<![\w.]){re.escape(n)}(?![\w.(])", code)]
    pattern = "|".join(re.escape(n) for n in used)
    swapped = re.sub(rf"(?<![\w.])({pattern})(?![\w.(])", r"_c['\1']", code)
    # R binds & and | looser than comparisons, Python tighter.
    pieces = re.split(r"([&|])", swapped)
    swapped = "".join(p if p in "&|" else f"({p.strip()})" for p in pieces)
    found = eval(swapped, {"_c": data, "np": np})
    missing = data[used].isna().any(axis=1)
    return (found * 1.0).astype(float).where(~missing)
