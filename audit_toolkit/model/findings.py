"""What inspectors find, what is made of it, and what is ruled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from .draws import VisitKind
from .lists import FiledStatus, Stratum


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answer to one question as canonical text; empty text means asked and not answered."""

    question: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What an inspector hands in: outcome code, answers, the device's clock, why if corrected.

    ``notes`` hold what is not a question: who was present, how the household differs from its
    papers, what was answered to a soft check, a position.
    """

    assignment_id: str
    outcome: str
    answers: tuple[Answer, ...]
    device_at: datetime
    reason: str = ""
    notes: tuple[Answer, ...] = ()

    def answer(self, question: str) -> str | None:
        """Return the answer to ``question``, or None where it was not asked."""
        return next((a.value for a in self.answers if a.question == question), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A stored version of a visit: never changed, only followed by the next version."""

    visit: Visit
    county_code: str
    household_id: str
    kind: VisitKind
    inspector_id: str
    version: int
    server_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Found values put against the criteria.

    ``failing`` names each criterion not met; ``poor`` follows the rule set's reading of H2
    (with the stability test), ``poor_by_line`` the reading without it. Both are counted.
    """

    poor: bool
    poor_by_line: bool
    failing: tuple[str, ...]
    net_income_pc: str
    unstable_because: tuple[str, ...]
    unanswered: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """A filed value that differs from the value found; ``decides`` if it crosses a criterion."""

    county_code: str
    household_id: str
    item: str
    filed: str
    found: str
    decides: bool


class CaseKind(StrEnum):
    """What a suspected case would mean if confirmed."""

    WRONGFUL_EXIT = "wrongful-exit"
    OMISSION = "omission"
    MISSED_EXIT = "missed-exit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A suspected case: the household, why, and both visits' judgements where there are two."""

    case_id: str
    county_code: str
    household_id: str
    kind: CaseKind
    status: FiledStatus
    persons: int
    failing: tuple[str, ...]
    first_says: bool
    revisit_says: bool | None


class Verdict(StrEnum):
    """A reviewer's word on a case."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """One reviewer's ruling on a case; ``grounds`` are the failing criteria it was given on."""

    case_id: str
    county_code: str
    reviewer_id: str
    verdict: Verdict
    reason: str
    ruled_at: datetime
    grounds: tuple[str, ...] = ()


class CaseState(StrEnum):
    """Where a case stands: two reviewers must agree, a third decides between them."""

    OPEN = "open"
    HALF_RULED = "half-ruled"
    SPLIT = "split"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectification:
    """What has to be put right, by whom."""

    county_code: str
    household_id: str
    kind: CaseKind
    measure: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """One step of a procedure as logged; ``household_id`` empty for the county's own steps."""

    county_code: str
    household_id: str
    step: str
    done_on: date | None
    ended_on: date | None
    objections_open: int
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFault:
    """A fault of a step log: missing, out of order, same day, notice too short, objection open."""

    county_code: str
    household_id: str
    step: str
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedHousehold:
    """A sampled household as it enters the rates.

    ``poor`` is the ruled status; None where nothing was found out (nonresponse). ``found_first``
    tells whether the first visit found it poor, whatever was ruled; ``revisited`` whether a blind
    revisit gave an answer too.
    """

    household_id: str
    psu: str
    stratum: Stratum
    persons: int
    base_weight: float
    weight: float
    responded: bool
    poor: bool | None
    poor_by_line: bool | None
    approves: bool | None
    provisional: bool
    found_first: bool | None = None
    revisited: bool = False
