"""What screens are given: who acts, the questionnaire, own findings and drafts, and what waits.

Nothing here has a place for a filed value, a status, a stratum, a threshold or a poverty line,
except what only those may ask for who may see results.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .draws import Ceremony
from .findings import Answer
from .keys import County, EvaluationKey
from .people import Role
from .results import OutcomeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who acts, as what, in whose evaluation."""

    person_id: str
    name: str
    role: Role
    counties: tuple[County, ...]
    round_name: str
    institution: str
    exit_year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FormWord:
    """A code of the questionnaire and what it says in both languages."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormQuestion:
    """One question as a form shows it.

    ``kind``: count, yuan, choice or yes-no. ``low`` and ``high`` refuse, ``soft_high`` asks back
    (decimal text, empty for none). The question is asked if ``only_if`` (empty: always) was
    answered with one of ``only_if_values``. ``income_sign`` "+" or "-" puts it on the worksheet.
    """

    code: str
    section: str
    kind: str
    zh: str
    en: str
    options: tuple[FormWord, ...]
    low: str
    high: str
    soft_high: str
    only_if: str
    only_if_values: tuple[str, ...]
    income_sign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormOutcome:
    """How a visit can end: whether answers go with it, and what the rules ask for next.

    ``next_step``: finish, retry or replace; ``replaceable`` tells that a reserve may follow.
    """

    code: str
    zh: str
    en: str
    responded: bool
    next_step: str
    replaceable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPart:
    """A count that cannot exceed another count of the same household."""

    part: str
    whole: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitForm:
    """The questionnaire of the round's rule set, in both languages, and nothing else of it."""

    rule_set_id: str
    rule_set_sha256: str
    sections: tuple[FormWord, ...]
    questions: tuple[FormQuestion, ...]
    outcomes: tuple[FormOutcome, ...]
    parts: tuple[FormPart, ...]
    longest_reason: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFinding:
    """The newest version of one's own finding: what was handed in, and when."""

    assignment_id: str
    version: int
    outcome: str
    answers: tuple[Answer, ...]
    notes: tuple[Answer, ...]
    reason: str
    device_at: datetime
    server_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitProgress:
    """How far one of one's own visits is.

    ``version`` is 0 and ``outcome`` empty before it is first finished; ``draft_of`` is the version
    that the draft was begun on, and ``draft_at`` None where there is no draft.
    """

    assignment_id: str
    version: int
    outcome: str
    finished_at: datetime | None
    draft_of: int
    draft_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an inspector has typed for a visit and not yet finished.

    ``sequence`` counts the saves of this draft. ``writer`` names the page that saved it and
    ``number`` that page's own count, so that a save sent twice is kept once. ``of_version`` is the
    version of the finding that it is to follow, 0 for none.
    """

    assignment_id: str
    sequence: int
    writer: str
    number: int
    of_version: int
    answers: tuple[Answer, ...]
    notes: tuple[Answer, ...]
    saved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftReceipt:
    """A draft is in the store: its sequence number, and when it was committed."""

    assignment_id: str
    sequence: int
    saved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photo kept as evidence of a visit; ``purpose`` is what was asked for."""

    photo_id: str
    assignment_id: str
    purpose: str
    sha256: str
    size_bytes: int
    taken_at: datetime
    stored_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoReceipt:
    """How many bytes of a photo are kept; ``stored`` once all are, and the store has said so."""

    photo_id: str
    received: int
    stored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoWithdrawal:
    """That an inspector took a photo back; the photo itself stays where it is kept."""

    photo_id: str
    assignment_id: str
    inspector_id: str
    sha256: str
    withdrawn_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that waits for the person who asks: what, how many, of how many, where.

    ``county_code`` is empty where it concerns no single county; ``villages`` is the number of
    villages that it lies in, 0 where it lies in none.
    """

    kind: str
    count: int
    of: int
    county_code: str = ""
    villages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyOverview:
    """One county of the round as results show it; ``kind`` is None before it is estimated."""

    county_code: str
    name: str
    locked: bool
    kind: OutcomeKind | None
    official_kind: OutcomeKind | None
    reasons: tuple[str, ...]
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """A written report: its name and size."""

    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a county's results come from: frame, ceremony, rules, software and journal."""

    key: EvaluationKey
    root: str
    unit_count: int
    public_frame_sha256: str
    ceremony: Ceremony
    draw_digest: str
    rule_set_id: str
    rule_set_sha256: str
    software: str
    journal_entries: int
    journal_head: str
