"""What the results screen knows: where one is in round and county, and what is shown there.

Everything comes through the gate; nothing is summed here.
"""

from __future__ import annotations

from dataclasses import dataclass

from traitlets import Enum, HasTraits, Unicode

from ...errors import AuditError, WrongStageError
from ...model import PERMISSIONS, Action, Identity, ReportFile
from ...model.pages import CountyPage, RatePage, RoundPage
from ...text import LANGUAGES, say
from .._shared.gate import Gate

SECTIONS = ("outcome", "rates", "found", "procedure", "risks", "provenance", "reports")
ALL = ""
_MEDIA = {
    "html": "text/html",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one is: the round (no county), or a section of a county, with the rate looked at."""

    county: str = ""
    section: str = SECTIONS[0]
    rate: str = ""

    @property
    def address(self) -> str:
        """Return the place as text, as it stands in a page's address."""
        parts = [self.county]
        if self.section != SECTIONS[0] or self.rate:
            parts.append(self.section)
        if self.rate:
            parts.append(self.rate)
        return "/".join(parts) if self.county else ""


class ResultsModel(HasTraits):
    """The results of a round as one person may see them.

    Parameters
    ----------
    gate : Gate
        The person's way to `workflow`.
    language : {"zh", "en"}
        Language to begin with.
    """

    language = Enum(LANGUAGES, default_value=LANGUAGES[0])
    address = Unicode()
    kind = Unicode()
    figure = Unicode()
    unit = Unicode()
    error = Unicode()
    notice = Unicode()

    def __init__(self, gate: Gate, *, language: str = LANGUAGES[0]) -> None:
        super().__init__(language=language)
        self._gate = gate
        self._rounds: dict[tuple[str, str], RoundPage] = {}
        self._counties: dict[tuple[str, str], CountyPage] = {}
        self._files: dict[str, tuple[ReportFile, ...]] = {}
        self.identity: Identity = gate.call("who_am_i")
        self.start()

    def start(self) -> None:
        """Go to the round, or straight to the county where it has but one."""
        counties = self.round.counties
        self.address = counties[0].county_code if len(counties) == 1 and counties[0].kind else ""

    @property
    def round(self) -> RoundPage:
        """The round in the present language."""
        return self._round_of(ALL)

    @property
    def chosen(self) -> RoundPage:
        """The round with the counties of the chosen outcome alone."""
        return self._round_of(self.kind)

    def _round_of(self, kind: str) -> RoundPage:
        key = (self.language, kind)
        if key not in self._rounds:
            self._rounds[key] = self._gate.call("round_page", language=self.language, kind=kind)
        return self._rounds[key]

    @property
    def place(self) -> Place:
        """Where one is."""
        county, _, rest = self.address.partition("/")
        section, _, rate = rest.partition("/")
        return Place(county=county, section=section or SECTIONS[0], rate=rate)

    @property
    def county(self) -> CountyPage | None:
        """The county one is in, or None in the round."""
        code = self.place.county
        return self._county(code, self.language) if code else None

    def _county(self, code: str, language: str) -> CountyPage:
        if (code, language) not in self._counties:
            self._counties[code, language] = self._gate.call(
                "county_page", county_code=code, language=language
            )
        return self._counties[code, language]

    @property
    def rate(self) -> RatePage | None:
        """The rate looked at; the first one where none was chosen."""
        county = self.county
        if county is None or not county.rates:
            return None
        return county.rate(self.place.rate) or county.rates[0]

    @property
    def shown_unit(self) -> str:
        """The unit that the rate is shown in: the chosen one if the rate has it."""
        rate = self.rate
        units = [u.unit for u in rate.by_unit] if rate is not None else []
        return self.unit if self.unit in units else (units[0] if units else "")

    @property
    def shown_figure(self) -> str:
        """The rate that is drawn over all counties."""
        names = [name for name, *_ in self.round.figures]
        return self.figure if self.figure in names else (names[0] if names else "")

    @property
    def may_write_reports(self) -> bool:
        """Whether this role writes reports; `workflow` decides again when it is asked to."""
        return self.identity.role in PERMISSIONS[Action.WRITE_REPORT]

    @property
    def reports(self) -> tuple[ReportFile, ...]:
        """The reports written for the county one is in."""
        code = self.place.county
        if code not in self._files:
            self._files[code] = self._gate.call("report_files", county_code=code)
        return self._files[code]

    def open(self, address: str) -> None:
        """Go to a place by its address; one that is not there is said to be so."""
        self.error = self.notice = ""
        county, _, rest = address.partition("/")
        section, _, rate = rest.partition("/")
        place = Place(county=county, section=section or SECTIONS[0], rate=rate)
        known = {c.county_code: c for c in self.round.counties}
        try:
            if county and (county not in known or place.section not in SECTIONS):
                raise WrongStageError("place-unknown", place=address)
            if county:
                page = self._county(county, self.language)
                if rate and (place.section != "rates" or page.rate(rate) is None):
                    raise WrongStageError("place-unknown", place=address)
        except AuditError as refusal:
            self.error = refusal.words(self.language)
            return
        self.address = place.address

    def switch_language(self, language: str) -> None:
        """Show everything in another language, at the same place."""
        if language in LANGUAGES and language != self.language:
            self.error = self.notice = ""
            self.language = language

    def choose_kind(self, kind: str) -> None:
        """Show the counties of one outcome alone, or all ("")."""
        if kind == ALL or kind in {k for k, _, _ in self.round.kinds}:
            self.kind = kind

    def choose_figure(self, indicator: str) -> None:
        """Draw another rate over all counties."""
        if indicator in {name for name, *_ in self.round.figures}:
            self.figure = indicator

    def choose_unit(self, unit: str) -> None:
        """Show rates in persons or in households."""
        if unit in ("persons", "households"):
            self.unit = unit

    def reload(self, _: str = "") -> None:
        """Ask for everything anew; a place that is gone leads to the round."""
        self._rounds.clear()
        self._counties.clear()
        self._files.clear()
        self.open(self.address)
        if self.error:
            self.address = ""
        else:
            self.notice = say("results.reloaded", self.language)

    def write_reports(self, _: str = "") -> None:
        """Write the reports of the county one is in."""
        self.error = self.notice = ""
        code = self.place.county
        try:
            names = self._gate.call("write_county_report", county_code=code)
        except AuditError as refusal:
            self.error = refusal.words(self.language)
            return
        self._files.pop(code, None)
        self.notice = say("results.written", self.language, count=len(names))

    def report(self, name: str) -> tuple[str, bytes] | None:
        """Return a report's media type and content; None where it is refused, and why in error."""
        self.error = self.notice = ""
        try:
            data = self._gate.call("report_file", county_code=self.place.county, name=name)
        except AuditError as refusal:
            self.error = refusal.words(self.language)
            return None
        self.notice = say("results.handed-over", self.language, name=name)
        return _MEDIA.get(name.rpartition(".")[2], "application/octet-stream"), data
