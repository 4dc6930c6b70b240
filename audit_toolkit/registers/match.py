"""What joins register and roster of a county, and what must be decided about it.

Rows are gathered into clusters: a roster row joins the registered household whose id it names, and
rows of one list that look the same join each other. A cluster is clear (one registered household
and its roster row with the same head, or one roster row without id), or it is one problem. Then
what is left over on either side is paired by the head's name within the village. So a row stands
in one problem at most, and nothing is compared across the county.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from sampling.commitment import sha256_hex

from ..model import MatchKind, MatchProblem, RegisteredHousehold, RosterHousehold

PROBLEM_ID_DIGITS = 12
"""Hex digits after the letter "m", without which a spreadsheet takes 12e4 for a number."""
NEAR_NAME_LENGTH = 3
"""Shortest name compared by edit distance: one character of two is half a name."""

_INSIDE_NAMES = re.compile(r"[\s·•・‧.．]")


@dataclass(slots=True)
class Cluster:
    """Rows that may be one household, in the order of their ids."""

    registered: list[RegisteredHousehold] = field(default_factory=list)
    listed: list[RosterHousehold] = field(default_factory=list)
    kind: MatchKind | None = None

    @property
    def village_code(self) -> str:
        """Return the village where the roster has the first row, else the register."""
        return (self.listed or self.registered)[0].village_code

    def linked(self, household: RegisteredHousehold) -> list[RosterHousehold]:
        """Return the roster rows that name the registered household."""
        return [row for row in self.listed if row.register_id == household.household_id]

    def problem(self) -> MatchProblem:
        """Return the cluster as a problem to decide."""
        assert self.kind is not None
        register_ids = tuple(row.household_id for row in self.registered)
        roster_ids = tuple(row.roster_id for row in self.listed)
        county = (self.registered or self.listed)[0].county_code
        named = "|".join((self.kind, county, "\t".join(register_ids), "\t".join(roster_ids)))
        return MatchProblem(
            problem_id="m" + sha256_hex(named.encode("utf-8"))[:PROBLEM_ID_DIGITS],
            county_code=county,
            kind=self.kind,
            village_code=self.village_code,
            register_ids=register_ids,
            roster_ids=roster_ids,
            heads=tuple(row.head_name for row in (*self.registered, *self.listed)),
        )


def match_lists(
    register: Sequence[RegisteredHousehold], roster: Sequence[RosterHousehold]
) -> tuple[MatchProblem, ...]:
    """Return the matching problems of one county, each to be decided before the freeze.

    Parameters
    ----------
    register : sequence of RegisteredHousehold
        The county's register.
    roster : sequence of RosterHousehold
        The county's village rosters.

    Returns
    -------
    tuple of MatchProblem
        By village, kind and ids; the same whatever the order of the rows.
    """
    problems = [c.problem() for c in gather_clusters(register, roster) if c.kind is not None]
    order = list(MatchKind)
    return tuple(
        sorted(
            problems,
            key=lambda p: (p.village_code, order.index(p.kind), p.register_ids, p.roster_ids),
        )
    )


# ---- Clusters -----------------------------------------------------------------------------------


def gather_clusters(
    register: Sequence[RegisteredHousehold], roster: Sequence[RosterHousehold]
) -> list[Cluster]:
    """Return all rows in clusters, each with its kind of problem or None."""
    clusters = _joined(register, roster)
    for cluster in clusters:
        cluster.kind = _kind(cluster)
    return _paired(clusters)


def _joined(
    register: Sequence[RegisteredHousehold], roster: Sequence[RosterHousehold]
) -> list[Cluster]:
    """Return rows joined by register id or by looking the same within a list."""
    registered = sorted(register, key=lambda row: row.household_id)
    listed = sorted(roster, key=lambda row: row.roster_id)
    at_id = {row.household_id: at for at, row in enumerate(registered)}
    groups = _Groups(len(registered) + len(listed))
    alike: dict[tuple[object, ...], int] = {}
    for at, row in enumerate(registered):
        groups.join(alike.setdefault(("register", *_looks(row)), at), at)
    for at, row in enumerate(listed, start=len(registered)):
        groups.join(alike.setdefault(("roster", *_looks(row)), at), at)
        if row.register_id in at_id:
            groups.join(at_id[row.register_id], at)
    clusters: dict[int, Cluster] = defaultdict(Cluster)
    for at, row in enumerate(registered):
        clusters[groups.first(at)].registered.append(row)
    for at, row in enumerate(listed, start=len(registered)):
        clusters[groups.first(at)].listed.append(row)
    return list(clusters.values())


class _Groups:
    """Disjoint sets of row positions; the smallest position names a set."""

    def __init__(self, size: int) -> None:
        self._above = list(range(size))

    def first(self, at: int) -> int:
        while self._above[at] != at:
            self._above[at] = self._above[self._above[at]]
            at = self._above[at]
        return at

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.first(one), self.first(other)))
        self._above[high] = low


def _looks(row: RegisteredHousehold | RosterHousehold) -> tuple[object, ...]:
    return (row.village_code, row.group_name, head_key(row), row.members)


def head_key(row: RegisteredHousehold | RosterHousehold) -> str:
    """Return the head's name without blanks and the dots of minority names."""
    return _INSIDE_NAMES.sub("", row.head_name)


def _kind(cluster: Cluster) -> MatchKind | None:
    registered, listed = cluster.registered, cluster.listed
    if len(registered) == 1 and len(listed) == 1:
        same = head_key(registered[0]) == head_key(listed[0])
        return None if same else MatchKind.DIFFERENT_HEADS
    if not registered and len(listed) == 1:
        return MatchKind.UNKNOWN_REGISTER_ID if listed[0].register_id else None
    if not listed and len(registered) == 1:
        return MatchKind.REGISTER_ONLY
    heads = [{head_key(row) for row in cluster.linked(household)} for household in registered]
    return MatchKind.SPLIT if any(len(h) > 1 for h in heads) else MatchKind.LISTED_TWICE


def _paired(clusters: Sequence[Cluster]) -> list[Cluster]:
    """Join what is left over on either side, by the head's name within the village."""
    free: dict[str, list[Cluster]] = defaultdict(list)
    wanting: list[Cluster] = []
    kept: list[Cluster] = []
    for cluster in clusters:
        if cluster.kind is None and not cluster.registered:
            free[cluster.village_code].append(cluster)
        elif cluster.kind in (MatchKind.DIFFERENT_HEADS, MatchKind.REGISTER_ONLY):
            wanting.append(cluster)
        else:
            kept.append(cluster)
    by_village: dict[str, list[Cluster]] = defaultdict(list)
    for cluster in wanting:
        by_village[cluster.village_code].append(cluster)
    for village, households in by_village.items():
        free[village] = _pair_village(households, free[village])
    return [*kept, *wanting, *(cluster for rows in free.values() for cluster in rows)]


def _pair_village(households: Sequence[Cluster], free: list[Cluster]) -> list[Cluster]:
    """Give each household its likeliest free roster row; return the rows that stay free.

    Split households come first (the row carrying the id has another head), then equal names, then
    names one edit apart with the same group and members.
    """
    by_head: dict[str, list[Cluster]] = defaultdict(list)
    by_place: dict[tuple[str, int], list[Cluster]] = defaultdict(list)
    for cluster in free:
        row = cluster.listed[0]
        by_head[head_key(row)].append(cluster)
        by_place[row.group_name, row.members].append(cluster)
    taken: set[int] = set()
    ordered = sorted(households, key=lambda c: c.kind is MatchKind.REGISTER_ONLY)
    for cluster in ordered:
        _take(cluster, by_head[head_key(cluster.registered[0])], taken)
    for cluster in ordered:
        if cluster.kind is MatchKind.REGISTER_ONLY:
            row = cluster.registered[0]
            near = [c for c in by_place[row.group_name, row.members] if _near(row, c.listed[0])]
            _take(cluster, near, taken)
    return [cluster for cluster in free if id(cluster) not in taken]


def _take(cluster: Cluster, candidates: Iterable[Cluster], taken: set[int]) -> None:
    """Move the likeliest free candidate into the cluster and name what it then is."""
    household = cluster.registered[0]
    untaken = [c for c in candidates if id(c) not in taken]
    if not untaken:
        return
    best = min(untaken, key=lambda c: _unlikeness(household, c.listed[0]))
    taken.add(id(best))
    split = cluster.kind is MatchKind.DIFFERENT_HEADS
    cluster.kind = MatchKind.SPLIT if split else MatchKind.POSSIBLY_REGISTERED
    cluster.listed = sorted([*cluster.listed, *best.listed], key=lambda row: row.roster_id)


def _unlikeness(household: RegisteredHousehold, row: RosterHousehold) -> tuple[bool, int, str]:
    apart = abs(row.members - household.members)
    return (row.group_name != household.group_name, apart, row.roster_id)


def _near(household: RegisteredHousehold, row: RosterHousehold) -> bool:
    one, other = head_key(household), head_key(row)
    if min(len(one), len(other)) < NEAR_NAME_LENGTH:
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1
