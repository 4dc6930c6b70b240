"""How the inspector's screens look: one form component, its scripts and styles beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
from traitlets import Dict

from .._shared import open_gate
from .model import InspectModel

STATIC = Path(__file__).parent / "static"
SCRIPTS = (
    "rules.js",
    "keep.js",
    "link.js",
    "records.js",
    "pictures.js",
    "parts.js",
    "list.js",
    "visit.js",
    "closing.js",
    "frame.js",
    "going.js",
    "visiting.js",
    "happening.js",
    "app.js",
)


def script() -> str:
    """Return the component's one module: its parts one after the other."""
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in SCRIPTS)


class InspectForm(anywidget.AnyWidget):
    """The whole of the inspector's screens as one component."""

    _esm = script()
    _css = (STATIC / "inspect.css").read_text(encoding="utf-8")
    page = Dict().tag(sync=True)

    def __init__(self, model: InspectModel) -> None:
        super().__init__(page=model.page)
        self._inspect = model
        self.on_msg(self._answer)

    def _answer(self, _widget: object, message: Any, buffers: Sequence[Any]) -> None:
        self.send(self._inspect.handle(message, buffers))


def show() -> InspectForm:
    """Return the inspector's screens for the person whose notebook or page this is."""
    return InspectForm(InspectModel(open_gate()))
