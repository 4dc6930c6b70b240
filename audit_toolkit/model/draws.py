"""Plan, ceremony, draw, release and assignment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .keys import EvaluationKey
from .lists import Stratum


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """Households to visit, and reserves, in each drawn village and stratum; the size weight."""

    stratum: Stratum
    households: int
    reserves: int
    size_weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeChance:
    """How a county that is truly at ``true_rate`` comes out under the plan (shares of repeats)."""

    true_rate: float
    recommend: float
    undecided: float
    order: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSize:
    """Households a stratum's plan gives, the design effect planned for, and the bound if clean.

    ``upper_if_clean`` is the upper limit of the two-sided 95 % interval when none is found.
    """

    stratum: Stratum
    households: int
    deff: float
    upper_if_clean: float


class WaveRule(StrEnum):
    """What a plan declares of a second wave before the draw."""

    NONE = "none"
    TWO_STAGE = "two-stage"
    ANYTIME = "anytime"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveNumbers:
    """What decides one rate over two waves: households of each, and households found wrong.

    The first wave passes with at most ``first_acceptance_number`` (-1: never), which is what its
    interval says; from ``first_rejection_number`` no second wave could pass. Both together pass
    with at most ``acceptance_number``. ``false_pass`` is the exact chance of passing at ``limit``
    (decimal text), ``pass_good`` that of passing at ``good_rate``.
    """

    indicator: str
    limit: str
    first_size: int
    second_size: int
    first_acceptance_number: int
    first_rejection_number: int
    acceptance_number: int
    false_pass: float
    good_rate: float
    pass_good: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondWave:
    """A second-wave rule and its numbers; ``villages`` is 0 where the rule fixes none.

    ``clean_villages`` is how many villages without a single fault a test valid at any time needs.
    """

    rule: WaveRule = WaveRule.NONE
    villages: int = 0
    numbers: tuple[WaveNumbers, ...] = ()
    clean_villages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The sample of one county and what it can and cannot show."""

    key: EvaluationKey
    villages: int
    takes: tuple[Take, ...]
    revisit_share: str
    icc: float
    incidence_limit: str
    confidence: float
    sizes: tuple[ExpectedSize, ...]
    chances: tuple[OutcomeChance, ...]
    wrong_pass: tuple[tuple[str, float], ...]
    repetitions: int
    note: str = ""
    second_wave: SecondWave = SecondWave()

    def take(self, stratum: Stratum) -> Take:
        """Return the take of a stratum."""
        return next(t for t in self.takes if t.stratum is stratum)


class CeremonyState(StrEnum):
    """Where a ceremony stands; it never goes back."""

    COMMITTED = "committed"
    DICE_RECORDED = "dice-recorded"
    DRAWN = "drawn"
    DISCLOSED = "disclosed"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareCommitment:
    """One holder's commitment; ``share`` is empty until disclosed, ``lost`` says why not."""

    holder: str
    commitment: str
    share: str = ""
    lost: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """One attempt at the sealed draw of the round."""

    number: int
    state: CeremonyState
    root: str
    design_digest: str
    design_json: str
    commitments: tuple[ShareCommitment, ...]
    committed_at: datetime
    dice: str = ""
    witnesses: tuple[str, ...] = ()
    dice_at: datetime | None = None
    seed_sha256: str = ""
    void_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnVillage:
    """A village of the sample, in the order drawn within its county.

    ``team_ticket`` comes from the same seed and pairs villages with inspectors.
    """

    county_code: str
    psu: str
    village_code: str
    size_measure: int
    ticket: str
    order: int
    certainty: bool
    inclusion_prob: float
    team_ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnHousehold:
    """A household of the sample or a reserve, in ticket order within village and stratum.

    ``base_weight`` is 0 for a reserve; ``revisit_ticket`` orders the blind revisits.
    """

    county_code: str
    unit_id: str
    household_id: str
    psu: str
    stratum: Stratum
    ticket: str
    order: int
    reserve: bool
    inclusion_prob: float
    base_weight: float
    revisit_ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The drawn sample of the whole round."""

    ceremony: int
    seed_sha256: str
    villages: tuple[DrawnVillage, ...]
    households: tuple[DrawnHousehold, ...]
    digest: str


class AssignmentState(StrEnum):
    """Where an assignment stands for its inspector."""

    SEALED = "sealed"
    RELEASED = "released"
    VISITED = "visited"
    REPLACED = "replaced"


class VisitKind(StrEnum):
    """First visit, or blind revisit by another inspector."""

    FIRST = "first"
    REVISIT = "revisit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One visit to be made. Its id and number say nothing of status or stratum."""

    assignment_id: str
    county_code: str
    household_id: str
    unit_id: str
    psu: str
    inspector_id: str
    kind: VisitKind
    number: int
    state: AssignmentState
    replaces: str = ""
    replaced_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindHousehold:
    """All that an inspector is given: where to go and whom to ask for; nothing filed."""

    assignment_id: str
    number: int
    kind: VisitKind
    township: str
    village_name: str
    group_name: str
    head_name: str
    state: AssignmentState
