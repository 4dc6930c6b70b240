"""Lays out the start screen and hands what is chosen in it to the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .._shared.place import place_line
from .._shared.screen import Screen, pages, wording
from .model import HomeModel


class HomeView:
    """The start screen.

    Parameters
    ----------
    model : HomeModel
        What is shown and done.
    """

    def __init__(self, model: HomeModel) -> None:
        self.model = model
        self._template = pages(Path(__file__).parent).get_template("home.html.j2")
        self.acts: dict[str, Callable[[str], None]] = {
            "language": model.switch_language,
            "reload": model.reload,
        }
        self.screen = Screen(acts=self.acts, after=self.draw)
        self.draw()

    def draw(self) -> None:
        """Write the page anew, in one change for the browser."""
        words = wording("home", self.model.language)
        self.screen.show_page(
            html=self.page(),
            title=words("window", where=self.model.identity.round_name),
            address="",
            language=self.model.language,
            notice=self.model.notice,
        )

    def page(self) -> str:
        """Return the page as HTML."""
        shared = wording("screen", self.model.language)
        return self._template.render(
            model=self.model,
            say=wording("home", self.model.language),
            shared=shared,
            person=place_line(self.model.identity, self.model.language),
        )
