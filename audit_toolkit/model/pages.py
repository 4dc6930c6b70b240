"""What the results screens show: words, figures and tables in one language, counts of villages.

Everything is worded and drawn where the reports are, so that page and report say the same. No value
here has a place for a household, a name or a filed value.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionLine:
    """What is known of one criterion: ``settle`` is empty unless it is open.

    ``criterion`` is the name of a rate or "procedure"; ``conclusion`` is "pass", "fail" or
    "inconclusive".
    """

    criterion: str
    conclusion: str
    known: str
    settle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VillageFound:
    """Counts of one drawn village by a number that says nothing of where it is.

    ``number`` is its place in the draw of its county. ``wrongly_exited`` and the like count
    households, by the rulings where there are such.
    """

    number: int
    certainty: bool
    visited: int
    answered: int
    persons: int
    exited: int
    wrongly_exited: int
    unregistered: int
    omitted: int
    still_poor: int
    missed: int
    asked: int
    approving: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusFound:
    """Counts of the visited households of one filed status (a value of `Stratum`).

    ``found`` are households filed wrongly: wrongly exited, omitted, or poor on paper only.
    """

    status: str
    visited: int
    answered: int
    persons: int
    found: int
    found_persons: int
    asked: int
    approving: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NonresponseBand:
    """What a rate could be if those who did not answer were all one thing or all the other.

    ``tipping`` is the smallest number of the ``missing`` households that would carry the rate
    across its limit; 0 where it is there already, None where even all would not, or where the rate
    has no limit.
    """

    indicator: str
    unit: str
    missing: int
    lower: float
    upper: float
    tipping: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCell:
    """A cell as text, and how it is set: "number", "code", "short" or "words"."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTable:
    """A table in one language; ``key`` names it in the page and in tests."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[ShownCell, ...], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFigure:
    """A figure: an SVG with its text alternative inside, and the title that states its finding."""

    key: str
    title: str
    svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCard:
    """One block of an evaluation at a glance; ``tone`` is "pass", "fail" or "inconclusive"."""

    key: str
    title: str
    words: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePage:
    """One rate: what it is, what was found, what that rests on.

    ``by_unit`` holds what is known in each unit that the rate exists in, the deciding one first.
    """

    indicator: str
    name: str
    conclusion: str
    verdict: str
    definition: str
    formula: str
    limit: str
    clause: str
    interval: tuple[str, ...]
    by_unit: tuple[RateInUnit, ...]
    settle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateInUnit:
    """A rate in one unit ("persons" or "households"); ``role`` says whether this unit decides."""

    unit: str
    name: str
    known: str
    role: str
    nonresponse: str
    tables: tuple[ShownTable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyPage:
    """The results of one county in one language, from the outcome to where it comes from.

    ``outdated`` says that findings or rulings have changed since, and what to do; else it is empty.
    """

    county_code: str
    county_name: str
    title: str
    outdated: str
    kind: str
    kind_words: str
    sign: str
    sentence: str
    lines: tuple[CriterionLine, ...]
    beside: tuple[str, ...]
    answered: tuple[str, ...]
    figure: ShownFigure
    figure_table: ShownTable
    cards: tuple[ShownCard, ...]
    rates: tuple[RatePage, ...]
    tables: tuple[ShownTable, ...]
    villages: ShownTable
    risks: tuple[str, ...]
    chances: ShownFigure
    chances_table: ShownTable
    limits: tuple[str, ...]
    assumptions: tuple[str, ...]
    redo: str
    seal: tuple[ShownTable, ...]
    running: str
    shown_at: str

    def rate(self, indicator: str) -> RatePage | None:
        """Return the page of a rate, or None where the county has no such rate."""
        return next((r for r in self.rates if r.indicator == indicator), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundCounty:
    """One county of the round: its outcome, or what still has to happen before there is one.

    ``kind`` is a value of `OutcomeKind`, or empty; ``sentence`` then says what is awaited.
    """

    county_code: str
    county_name: str
    kind: str
    kind_words: str
    sign: str
    sentence: str
    official: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundPage:
    """The counties of a round in one language, in the order of their codes: no ranking.

    ``naming`` says which counties may be named over the whole round; empty before any is estimated.
    """

    title: str
    sentence: str
    naming: str
    counties: tuple[RoundCounty, ...]
    kinds: tuple[tuple[str, str, int], ...]
    figures: tuple[tuple[str, str, ShownFigure, ShownTable], ...]
    running: str
    shown_at: str
