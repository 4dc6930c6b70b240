"""The shipped font, and the part of it that one page needs.

A report embeds only the characters that it prints, so that it stays small and needs nothing from
outside. The same characters always give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FAMILY = "Noto Sans SC"
_FILE = "fonts/NotoSansSC-Regular.ttf"


def font_path() -> Path:
    """Return where the shipped font lies."""
    return Path(str(files(__package__).joinpath(_FILE)))


@cache
def drawable() -> frozenset[str]:
    """Return every character that the shipped font can draw."""
    with TTFont(font_path(), lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def missing_glyphs(text: str) -> tuple[str, ...]:
    """Return the characters of ``text`` that the font cannot draw, sorted, line ends aside."""
    return tuple(sorted(set(text) - drawable() - {"\n", "\t", "\r"}))


def page_font(characters: Iterable[str]) -> bytes:
    """Return a WOFF file with the given characters and no others.

    Parameters
    ----------
    characters : iterable of str
        What the page prints; order and repeats do not matter.

    Returns
    -------
    bytes
        The same for the same set of characters. Characters that the font lacks are left to the
        reader's own fonts.
    """
    return _subset(frozenset("".join(characters)) & drawable())


@cache
def _subset(characters: frozenset[str]) -> bytes:
    options = Options()
    options.flavor = "woff"
    options.hinting = False
    options.layout_features = ["kern", "mark", "mkmk", "ccmp"]
    options.recalc_timestamp = False
    font = TTFont(font_path(), recalcTimestamp=False)
    subsetter = Subsetter(options)
    subsetter.populate(text="".join(sorted(characters)))
    subsetter.subset(font)
    font.flavor = "woff"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
