"""Opens the results screen for whoever the page belongs to."""

from __future__ import annotations

from .._shared.gate import open_gate
from .._shared.screen import Screen, screen_or_refusal
from .model import ResultsModel
from .view import ResultsView


def show() -> Screen:
    """Return the results screen, or why it is refused."""
    return screen_or_refusal("results", lambda: ResultsView(ResultsModel(open_gate())).screen)
