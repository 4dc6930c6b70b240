"""Opens the start screen for whoever the page belongs to."""

from __future__ import annotations

from .._shared.gate import open_gate
from .._shared.screen import Screen, screen_or_refusal
from .model import HomeModel
from .view import HomeView


def show() -> Screen:
    """Return the start screen; who is not of this round is told so."""
    return screen_or_refusal("home", lambda: HomeView(HomeModel(open_gate())).screen)
