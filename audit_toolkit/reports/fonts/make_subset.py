"""Make the shipped font from the full Noto Sans SC: ``python make_subset.py SOURCE.ttf``.

Kept: GB 2312, Latin with accents, the signs that reports print, every character of the text
catalogues, and rare characters of surnames, given names and places that GB 2312 lacks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
TARGET = HERE / "NotoSansSC-Regular.ttf"
TEXTS = HERE.parent.parent / "text"

RARE = HERE / "rare_characters.txt"
SIGNS = "–—‘’“”†•…‰′″€←↑→↓−≈≠≤≥■□▲△▶▼▽◀◆◇○●★☆✓"


def gb2312() -> set[int]:
    """Return the code points that GB 2312 can write."""
    pairs = (bytes((high, low)) for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF))
    return {ord(pair.decode("gb2312", "replace")[0]) for pair in pairs} - {0xFFFD}


def wanted() -> set[int]:
    """Return every code point that the shipped font should draw."""
    catalogues = "".join(p.read_text(encoding="utf-8") for p in sorted(TEXTS.glob("*.toml")))
    typed = SIGNS + RARE.read_text(encoding="utf-8") + catalogues
    latin = {*range(0x20, 0x7F), *range(0xA0, 0x100)}
    return {code for code in gb2312() | latin | {ord(c) for c in typed} if code >= 0x20}


def main(source: Path) -> None:
    """Write the subset of ``source`` beside this file."""
    options = Options()
    options.hinting = False
    options.layout_features = ["kern", "mark", "mkmk", "ccmp"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE"]
    font = TTFont(source, recalcTimestamp=False)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted())
    subsetter.subset(font)
    font.save(TARGET)
    lacking = wanted() - set(TTFont(TARGET).getBestCmap())
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")
    print("not in the source:", " ".join(f"U+{code:04X}" for code in sorted(lacking)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
