"""The two lists of an evaluation, what joins them, and the frame that comes of both.

The register holds registered households with their filed values. The village roster holds all
rural households of a village. Who is on the roster and not in the register is unregistered.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class FiledStatus(StrEnum):
    """Status in the register; `UNREGISTERED` is on the roster only."""

    EXITED = "exited"
    POOR = "poor"
    PLANNED = "planned"
    RETURNED = "returned"
    UNREGISTERED = "unregistered"


class Stratum(StrEnum):
    """Sampling strata by filed status; still-poor joins poor, planned exit and returned."""

    EXITED = "exited"
    UNREGISTERED = "unregistered"
    STILL_POOR = "still-poor"

    @classmethod
    def of(cls, status: FiledStatus) -> Stratum:
        """Return the stratum of a filed status."""
        if status is FiledStatus.EXITED:
            return cls.EXITED
        return cls.UNREGISTERED if status is FiledStatus.UNREGISTERED else cls.STILL_POOR


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredHousehold:
    """One row of the register, as filed. Amounts in yuan a year."""

    household_id: str
    county_code: str
    township: str
    village_code: str
    village_name: str
    group_name: str
    head_name: str
    members: int
    status: FiledStatus
    identified_year: int
    exit_year: int | None
    cause: str
    operation_income: Decimal
    production_cost: Decimal
    wage_income: Decimal
    property_income: Decimal
    transfer_income: Decimal
    other_income: Decimal
    net_income_pc: Decimal
    insured_count: int
    school_dropout_count: int
    housing_grade: str
    water_safe: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterHousehold:
    """One row of a village roster; ``register_id`` where the village says it is registered."""

    roster_id: str
    county_code: str
    township: str
    village_code: str
    village_name: str
    group_name: str
    head_name: str
    members: int
    register_id: str | None


class MatchKind(StrEnum):
    """Named problems between the lists."""

    DIFFERENT_HEADS = "different-heads"
    LISTED_TWICE = "listed-twice"
    SPLIT = "split"
    REGISTER_ONLY = "register-only"
    UNKNOWN_REGISTER_ID = "unknown-register-id"
    POSSIBLY_REGISTERED = "possibly-registered"


MATCH_DECISIONS: dict[MatchKind, tuple[str, ...]] = {
    MatchKind.DIFFERENT_HEADS: ("same", "different"),
    MatchKind.LISTED_TWICE: ("merge", "separate"),
    MatchKind.SPLIT: ("merge", "separate"),
    MatchKind.REGISTER_ONLY: ("keep", "remove"),
    MatchKind.UNKNOWN_REGISTER_ID: ("unregistered", "remove"),
    MatchKind.POSSIBLY_REGISTERED: ("same", "different"),
}
"""What may be decided about each kind; the meaning of each word stands in the guide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchProblem:
    """A matching problem; ``problem_id`` is the same whenever the same lists are matched."""

    problem_id: str
    county_code: str
    kind: MatchKind
    village_code: str
    register_ids: tuple[str, ...]
    roster_ids: tuple[str, ...]
    heads: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchDecision:
    """What was decided about a matching problem, and why."""

    problem_id: str
    county_code: str
    decision: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameHousehold:
    """A rural household of the frame: where it is, how it is filed, its place on both lists."""

    household_id: str
    county_code: str
    township: str
    village_code: str
    village_name: str
    group_name: str
    head_name: str
    members: int
    status: FiledStatus
    register_id: str | None
    roster_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameUnit:
    """A frozen unit: the household, its secret salt (hex) and its public pseudonyms.

    ``unit_id`` is the first 32 hex digits of ``leaf``; ``psu`` and ``stratum`` are opaque codes.
    """

    household: FrameHousehold
    salt: str
    leaf: str
    unit_id: str
    psu: str
    stratum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumCount:
    """Units and persons of one county's stratum, with its opaque code."""

    county_code: str
    stratum: Stratum
    code: str
    households: int
    persons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A household kept out of the frame by a recorded decision."""

    county_code: str
    household_id: str
    problem_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """The frozen frame of the round: root, counts, digests of the public frame, removals."""

    root: str
    unit_count: int
    strata: tuple[StratumCount, ...]
    public_frame_sha256: str
    stratum_sha256: tuple[tuple[str, str], ...]
    removals: tuple[Removal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VillageCount:
    """Households and persons of one village by stratum, with its opaque code."""

    county_code: str
    village_code: str
    psu: str
    households: tuple[tuple[Stratum, int], ...]
    persons: tuple[tuple[Stratum, int], ...]
