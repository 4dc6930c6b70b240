"""What the start screen knows: who acts, what waits for them, and where it can be done."""

from __future__ import annotations

from dataclasses import dataclass

from traitlets import Enum, HasTraits, Unicode

from ...errors import AuditError
from ...model import Identity, Role, Waiting
from ...text import LANGUAGES, number, say
from .._shared.gate import Gate

DOORS: dict[str, tuple[frozenset[Role], frozenset[str]]] = {
    "inspect": (
        frozenset({Role.INSPECTOR}),
        frozenset({"visits-left", "villages-ahead", "second-tries"}),
    ),
    "results": (
        frozenset({Role.EVALUATOR, Role.PROVINCE, Role.OBSERVER}),
        frozenset({"decisions-to-record"}),
    ),
}
"""Each app: the roles that may open it, and what waits that is looked at there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Something to do or to look at.

    ``door`` is the app that it is done in; where that is empty, ``how`` says in what other way.
    """

    key: str
    title: str
    how: str
    door: str
    open_words: str


class HomeModel(HasTraits):
    """The start screen of one person.

    Parameters
    ----------
    gate : Gate
        The person's way to `workflow`.
    language : {"zh", "en"}
        Language to begin with.
    """

    language = Enum(LANGUAGES, default_value=LANGUAGES[0])
    error = Unicode()
    notice = Unicode()

    def __init__(self, gate: Gate, *, language: str = LANGUAGES[0]) -> None:
        super().__init__(language=language)
        self._gate = gate
        self.identity: Identity = gate.call("who_am_i")
        self.waiting: tuple[Waiting, ...] = gate.call("waiting")

    @property
    def doors(self) -> tuple[str, ...]:
        """The apps that this role may open."""
        return tuple(d for d, (roles, _) in DOORS.items() if self.identity.role in roles)

    @property
    def waiting_cards(self) -> tuple[Card, ...]:
        """What waits, most pressing first."""
        return tuple(self._waiting_card(item) for item in self.waiting)

    @property
    def door_cards(self) -> tuple[Card, ...]:
        """The apps that may be opened and that nothing waiting leads to already."""
        led = {card.door for card in self.waiting_cards}
        return tuple(
            Card(
                key=f"door-{door}",
                title=self._say(f"door-{door}"),
                how=self._say(f"door-{door}-what"),
                door=door,
                open_words=self._say(f"open-{door}"),
            )
            for door in self.doors
            if door not in led
        )

    @property
    def nothing(self) -> str:
        """What to say where nothing waits: what would be here, and how it gets here."""
        return self._say(f"nothing-{self.identity.role.value}")

    def reload(self, _: str = "") -> None:
        """Ask anew what waits."""
        self.error = self.notice = ""
        try:
            self.identity = self._gate.call("who_am_i")
            self.waiting = self._gate.call("waiting")
        except AuditError as refusal:
            self.error = refusal.words(self.language)
            return
        self.notice = self._say("reloaded")

    def switch_language(self, language: str) -> None:
        """Show everything in another language."""
        if language in LANGUAGES:
            self.error = self.notice = ""
            self.language = language

    def _waiting_card(self, item: Waiting) -> Card:
        county = next(
            (c.name for c in self.identity.counties if c.county_code == item.county_code), ""
        )
        form = "one" if item.count == 1 else "more"
        title = self._say(
            f"{item.kind}-{form}",
            count=number(item.count, self.language),
            of=number(item.of, self.language),
            villages=self._villages(item.villages),
        )
        if county and len(self.identity.counties) > 1:
            title = self._say("in-county", county=county, what=title)
        door = next((d for d in self.doors if item.kind in DOORS[d][1]), "")
        return Card(
            key=f"{item.kind}-{item.county_code}",
            title=title,
            how=self._say(f"{item.kind}-how", county=item.county_code),
            door=door,
            open_words=self._say(f"open-{door}") if door else "",
        )

    def _villages(self, count: int) -> str:
        form = "one" if count == 1 else "more"
        return self._say(f"villages-{form}", count=number(count, self.language))

    def _say(self, key: str, **fields: object) -> str:
        return say(f"home.{key}", self.language, **fields)
