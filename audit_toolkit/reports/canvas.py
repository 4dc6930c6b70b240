"""A drawing in pixels that becomes one self-contained, byte-identical SVG.

Text stays text, so that it is drawn in the page's font, can be selected and is small. Colours are
written as the page's own variables with a fallback: in the page they follow light and dark, alone
the drawing is in the light colours.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle

from .fonts import FAMILY, font_path

WIDTH = 380
INK, SOFT, LINE, PAPER = "#1b2733", "#52606d", "#7b8794", "#ffffff"
POINT, BAD, GOOD, MIDDLE = "#0b5394", "#a3261b", "#1d6b45", "#8a5a00"
_VARIABLES = {
    INK: "ink",
    SOFT: "soft",
    LINE: "line",
    PAPER: "paper",
    POINT: "point",
    BAD: "bad",
    GOOD: "good",
    MIDDLE: "middle",
}
_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "audit-toolkit",
    "hatch.linewidth": 1.0,
    "path.simplify": False,
}


class Canvas:
    """A sheet ``WIDTH`` pixels wide, with the origin in the upper left corner."""

    def __init__(self, height: int) -> None:
        self.height = height
        self._figure = Figure(figsize=(WIDTH / 72, height / 72), facecolor="none")
        self._axes: Axes = self._figure.add_axes((0, 0, 1, 1))
        self._axes.set_axis_off()
        self._axes.set_xlim(0, WIDTH)
        self._axes.set_ylim(height, 0)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: int = 13,
        color: str = INK,
        align: str = "left",
    ) -> None:
        """Write one line with its baseline at ``y``."""
        font = FontProperties(family=FAMILY, fname=str(font_path()), size=size)
        self._axes.text(
            x,
            y,
            words.replace("$", r"\$"),
            fontproperties=font,
            color=color,
            ha=align,
            va="baseline",
        )

    def line(
        self,
        x: Sequence[float],
        y: Sequence[float],
        color: str,
        *,
        width: float = 1.5,
        dashed=False,
    ) -> None:
        """Draw a line through the points."""
        self._axes.plot(
            x, y, color=color, lw=width, ls=(0, (4, 3)) if dashed else "-", solid_capstyle="butt"
        )

    def mark(
        self, x: float, y: float, shape: str, color: str, *, filled: bool, size: float = 10.0
    ) -> None:
        """Draw a marker: ``"o"`` round, ``"v"`` a triangle that points down."""
        face = color if filled else PAPER
        self._axes.plot(
            [x], [y], marker=shape, ms=size, mfc=face, mec=color, mew=1.8, ls="none", clip_on=False
        )

    def box(
        self, left: float, right: float, top: float, bottom: float, color: str, *, hatch: str = ""
    ) -> None:
        """Draw a filled box, or a hatched one without filling."""
        self._axes.add_patch(
            Rectangle(
                (left, top),
                right - left,
                bottom - top,
                facecolor="none" if hatch else color,
                edgecolor=color,
                hatch=hatch or None,
                lw=1,
            )
        )

    def svg(self, name: str, title: str, description: str) -> str:
        """Return the drawing; ``name`` keeps its ids apart from those of other drawings."""
        out = io.BytesIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        self._figure.savefig(out, format="svg", metadata=nothing, facecolor="none")
        return _finished(out.getvalue().decode("utf-8"), name, title, description)


def drawing_style() -> AbstractContextManager[None]:
    """Return the context in which a ``Canvas`` is made and written."""
    return style.context(["default", _SETTINGS])


def _finished(svg: str, name: str, title: str, description: str) -> str:
    body = svg[svg.index("<svg") :]
    body = body[body.index(">") + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)
    # The drawing's own style rule would reach every element of the page around it.
    body = re.sub(r"<defs>\s*<style[^>]*>[^<]*</style>\s*</defs>", "", body)
    body = re.sub(r"\s+", " ", body).replace("> <", "><")
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = body.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
    body = body.replace(f"'{FAMILY}'", f"'{FAMILY}', sans-serif")
    body = re.sub(r' transform="rotate\(-0[^"]*\)"', "", body)
    height = re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', svg)
    for color, variable in _VARIABLES.items():
        body = body.replace(color, f"var(--{variable}, {color})")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' class="figure" viewBox="0 0 {WIDTH} {height[1] if height else WIDTH}" role="img"'
        f' aria-labelledby="{name}-title {name}-desc" stroke-linejoin="round">'
        f'<title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-desc">{html.escape(description)}</desc>' + body.strip()
    )
