"""A screen as one widget: shows a page that Python wrote and hands on what is chosen in it.

The page is written from templates that escape every value. What comes back is a named act with a
short text; anything else is dropped, and whether an act is allowed is for the model and `workflow`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ...errors import AuditError
from ...text import LANGUAGES, say

_HERE = Path(__file__).parent
LONGEST_VALUE = 200
SIGNS = {"pass": "✓", "fail": "▲", "inconclusive": "◇"}


class Screen(anywidget.AnyWidget):
    """A page with named acts.

    Parameters
    ----------
    acts : mapping of str to callable
        What each act of the page does; it is called with the act's text.
    after : callable
        Called after each act that was carried out, to write the page anew.
    """

    _esm = _HERE / "screen.js"
    _css = _HERE / "screen.css"

    html = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    address = traitlets.Unicode().tag(sync=True)
    language = traitlets.Enum(LANGUAGES, default_value=LANGUAGES[0]).tag(sync=True)
    notice = traitlets.Unicode().tag(sync=True)
    wait_words = traitlets.Unicode().tag(sync=True)
    lost_words = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        acts: Mapping[str, Callable[[str], None]],
        after: Callable[[], None] = lambda: None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._acts = dict(acts)
        self._after = after
        self.on_msg(self._act)

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Take nothing from the page: what it shows is written here alone."""

    def show_page(self, *, html: str, title: str, address: str, language: str, notice: str) -> None:
        """Show a page, in one change for the browser."""
        words = wording("screen", language)
        with self.hold_sync():
            self.language = language
            self.address = address
            self.title = title
            self.notice = notice
            self.wait_words = words("wait")
            self.lost_words = words("lost")
            # A number and its sign stay on one line.
            self.html = html.replace(" %", "\u00a0%")

    def give_file(self, name: str, media: str, data: bytes) -> None:
        """Hand a file to the browser."""
        self.send({"kind": "file", "name": name, "media": media}, [data])

    def _act(self, _: object, content: object, __: object) -> None:
        name, value = "", ""
        if isinstance(content, dict):
            name, value = content.get("act", ""), content.get("value", "")
        try:
            known = isinstance(name, str) and name in self._acts
            if known and isinstance(value, str) and len(value) <= LONGEST_VALUE:
                self._acts[name](value)
                self._after()
        finally:
            self.send({"kind": "done"})


@cache
def pages(folder: Path) -> Environment:
    """Return the templates of an app beside the shared ones; every value is escaped."""
    environment = Environment(
        loader=FileSystemLoader([folder, _HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["css_string"] = css_string
    environment.globals["signs"] = SIGNS
    return environment


def css_string(text: str) -> str:
    """Return a text as a string of CSS that can close neither itself nor the style element."""
    safe = "".join(c if c.isalnum() or c in " ,.;:-，。；：、" else f"\\{ord(c):x} " for c in text)
    return f'"{safe}"'


def wording(area: str, language: str) -> Callable[..., str]:
    """Return ``words("key", field=...)`` for one area and language."""
    return lambda key, **fields: say(f"{area}.{key}", language, **fields)


def screen_or_refusal(area: str, made: Callable[[], Screen]) -> Screen:
    """Return a screen, or one that says in both languages why it is refused."""
    try:
        return made()
    except AuditError as refusal:
        screen = Screen(acts={}, title=say(f"{area}.app", LANGUAGES[0]))
        told = [(wording("screen", lang), refusal.words(lang)) for lang in LANGUAGES]
        screen.html = pages(_HERE).get_template("refused.html.j2").render(told=told)
        return screen
