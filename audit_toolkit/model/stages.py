"""Marks that a stage of a round has been reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRules:
    """The text of the rule set that the round was opened with; it never changes afterwards."""

    rule_set_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VillageRelease:
    """A village named to its inspector; ``arrived_at`` once its households were named too."""

    county_code: str
    psu: str
    village_name: str
    inspector_id: str
    released_at: datetime
    arrived_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsLock:
    """Field work of a county is closed: only corrections with a reason follow."""

    county_code: str
    locked_at: datetime
    locked_by: str
