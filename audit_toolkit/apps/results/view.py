"""Lays out the results screen and hands what is chosen in it to the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .._shared.place import place_line
from .._shared.screen import Screen, pages, wording
from .model import SECTIONS, ResultsModel

_TONES = {
    "recommend-exit": "pass",
    "order-verification": "fail",
    "undecided": "inconclusive",
    "": "none",
}
_SECTION_TABLES = {
    "found": ("response", "cases", "failing", "readings", "discrepancies"),
    "procedure": ("county-steps", "household-steps"),
}


class ResultsView:
    """The results screen.

    Parameters
    ----------
    model : ResultsModel
        What is shown and done.
    """

    def __init__(self, model: ResultsModel) -> None:
        self.model = model
        self._template = pages(Path(__file__).parent).get_template("results.html.j2")
        self.acts: dict[str, Callable[[str], None]] = {
            "open": model.open,
            "language": model.switch_language,
            "kind": model.choose_kind,
            "figure": model.choose_figure,
            "unit": model.choose_unit,
            "reload": model.reload,
            "write": model.write_reports,
            "report": self._give_report,
        }
        self.screen = Screen(acts=self.acts, after=self.draw)
        self.draw()

    def draw(self) -> None:
        """Write the page anew, in one change for the browser."""
        self.screen.show_page(
            html=self.page(),
            title=self.title,
            address=self.model.address,
            language=self.model.language,
            notice=self.model.notice,
        )

    @property
    def title(self) -> str:
        """The title of the browser's window."""
        model = self.model
        words = wording("results", model.language)
        where = model.round.title if model.county is None else model.county.county_name
        return words("window", where=where)

    def page(self) -> str:
        """Return the page as HTML."""
        model = self.model
        shared = wording("screen", model.language)
        return self._template.render(
            model=model,
            page=model.county,
            round=model.round,
            place=model.place,
            sections=SECTIONS,
            tables=_SECTION_TABLES,
            tones=_TONES,
            say=wording("results", model.language),
            shared=shared,
            person=place_line(self.model.identity, self.model.language),
        )

    def _give_report(self, name: str) -> None:
        given = self.model.report(name)
        if given is not None:
            media, data = given
            self.screen.give_file(name, media, data)
