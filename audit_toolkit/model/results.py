"""Rates, conclusions and the outcome of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .draws import WaveRule
from .keys import EvaluationKey
from .lists import Stratum

CLUSTERED_ICC = 0.15
"""Correlation of the line that shows how much an interval rests on clustering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """An interval: its ends, confidence, and the method that made it."""

    lower: float
    upper: float
    confidence: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisitCount:
    """Blind revisits of households that the first visit found clear, pooled over the round.

    ``missed`` of the ``clear`` ones were found poor by the revisit and ruled so.
    """

    stratum: Stratum
    clear: int
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowingForMissed:
    """A rate that also allows for what first visits missed.

    ``clear`` and ``missed`` are the revisits it stands on. ``needed`` is how many clear revisits
    would show the rate below its limit if no more than ``missed`` of them were missed; None where
    there is no such limit or no number would.
    """

    estimate: float
    interval: Limits
    clear: int
    missed: int
    needed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One rate of one county.

    ``unit`` is "persons" or "households"; ``formula`` names the definition used; ``estimate`` is
    None, with ``why``, where the data do not allow the rate. ``threshold`` and ``direction``
    ("below", "above") are None for rates that decide nothing. ``official_point`` is the unweighted
    sample share that practice used, ``official_conclusion`` what it alone would say. ``own_deff``
    is the sample's own design effect, ``interval_clustered`` the interval if the intra-cluster
    correlation were `CLUSTERED_ICC`, ``allowing`` the rate with what first visits missed.
    ``nchs_verdict`` is what the NCHS standards say of publishing the rate ("present",
    "present-with-note", "review", "suppress"; empty where they cannot be asked), ``fail_p_value``
    how probable so much would be at the limit.
    """

    name: str
    unit: str
    formula: str
    estimate: float | None
    std_error: float | None
    interval: Limits | None
    interval_nchs: Limits | None
    households: int
    persons: int
    events: int
    event_persons: int
    villages: int
    deff: float | None
    n_effective: float | None
    icc: float | None
    icc_policy: str
    threshold: str | None
    direction: str | None
    conclusion: str | None
    boundary: bool
    official_point: float | None
    official_conclusion: str | None
    why: str = ""
    own_deff: float | None = None
    interval_clustered: Limits | None = None
    allowing: AllowingForMissed | None = None
    nchs_verdict: str = ""
    fail_p_value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IccPool:
    """Intra-cluster correlation pooled over the round for one indicator and unit.

    ``estimate`` is None where the round's counties cannot tell; ``icc`` is then the planned one.
    """

    name: str
    unit: str
    icc: float
    estimate: float | None
    areas: int
    events: int
    policy: str


class OutcomeKind(StrEnum):
    """What the software recommends; it never approves."""

    RECOMMEND_EXIT = "recommend-exit"
    ORDER_VERIFICATION = "order-verification"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What would settle an undecided criterion.

    ``more_villages`` further villages would show the criterion met with chance ``power`` if the
    county is truly at ``true_rate``; None where no number up to all its villages would.
    """

    indicator: str
    true_rate: float
    power: float
    more_villages: int | None
    villages_now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveAdvice:
    """Whether an undecided county may have a second wave, and what one chosen now would risk.

    ``rule`` and ``villages`` are what the plan declared. ``looking_risk`` is how often a county at
    its limit would pass if villages were added until it does, None where that cannot be reckoned;
    ``risk`` is what one look has at most.
    """

    rule: WaveRule
    villages: int
    looking_risk: float | None
    risk: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The recommendation for one county, with reasons, beside the official point rule.

    ``advice`` is None unless the county is undecided.
    """

    key: EvaluationKey
    kind: OutcomeKind
    reasons: tuple[str, ...]
    failing: tuple[str, ...]
    undecided: tuple[str, ...]
    settlements: tuple[Settlement, ...]
    open_cases: int
    procedure_faults: tuple[str, ...]
    official_kind: OutcomeKind
    provisional: bool
    advice: WaveAdvice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectorError:
    """First visits against blind revisits of one county (counts of households)."""

    county_code: str
    pairs: int
    both_poor: int
    first_only: int
    revisit_only: int
    neither: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All that an evaluation's sums gave, as it is kept and printed."""

    key: EvaluationKey
    indicators: tuple[Indicator, ...]
    pools: tuple[IccPool, ...]
    outcome: Outcome
    inspector_error: InspectorError
    response: tuple[tuple[str, int], ...]
    procedure_complete: int
    procedure_checked: int
    rule_set_id: str
    rule_set_sha256: str
    software: str
    revisits: tuple[RevisitCount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvincialDecision:
    """What the provincial government decided on a recommendation."""

    key: EvaluationKey
    approved: bool
    document: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReply:
    """A county's reply to an order to verify and handle."""

    key: EvaluationKey
    text: str
    replied_by: str
    replied_at: datetime
