"""The frame that register and roster of a county make once all matching problems are decided.

What each decision does is written out in the guide to lists. Nothing is dropped: a row of either
list is in the frame by its id, or it is a removal with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import OperatorError
from ..model import (
    FiledStatus,
    FrameHousehold,
    MatchDecision,
    MatchKind,
    MatchProblem,
    RegisteredHousehold,
    Removal,
    RosterHousehold,
)
from .match import Cluster, gather_clusters, head_key
from .validate import UNREGISTERED_PREFIX


def frame_households(
    register: Sequence[RegisteredHousehold],
    roster: Sequence[RosterHousehold],
    problems: Sequence[MatchProblem],
    decisions: Sequence[MatchDecision],
) -> tuple[tuple[FrameHousehold, ...], tuple[Removal, ...]]:
    """Rural households of one county after matching, and the rows kept out of the frame.

    Every row of both lists is in the frame by its id, or among the removals (removed, or merged
    into another row) with the decision's reason.

    Parameters
    ----------
    register : sequence of RegisteredHousehold
        The county's register.
    roster : sequence of RosterHousehold
        The county's village rosters.
    problems : sequence of MatchProblem
        As `match_lists` gives them for these lists.
    decisions : sequence of MatchDecision
        One for each problem at least; the last counts. Others are passed over.

    Returns
    -------
    tuple of FrameHousehold
        By the bytes of ``household_id``. Place and head are the roster's where it lists the
        household, status and members the register's where it is registered.
    tuple of Removal
        By ``household_id``.

    Raises
    ------
    OperatorError
        A problem has no decision, or the problems do not come of these lists.
    """
    clusters = gather_clusters(register, roster)
    if {p.problem_id for p in problems} != {c.problem().problem_id for c in clusters if c.kind}:
        county = next((row.county_code for row in (*register, *roster)), "")
        raise OperatorError("matching-stale", county=county)
    by_problem = {decision.problem_id: decision for decision in decisions}
    undecided = [p for p in problems if p.problem_id not in by_problem]
    if undecided:
        raise OperatorError(
            "matching-undecided",
            county=undecided[0].county_code,
            count=len(undecided),
            first=undecided[0].problem_id,
        )
    households: list[FrameHousehold] = []
    removals: list[Removal] = []
    for cluster in clusters:
        if cluster.kind is None:
            households += _standing(cluster, _links(cluster))
        else:
            _settle(cluster, by_problem[cluster.problem().problem_id], households, removals)
    households.sort(key=lambda household: household.household_id.encode("utf-8"))
    removals.sort(key=lambda removal: removal.household_id.encode("utf-8"))
    return tuple(households), tuple(removals)


_Links = dict[str, RosterHousehold]


def _links(cluster: Cluster) -> _Links:
    """Return the roster row of each registered household by its id.

    Of the rows that name it: the one with the registered head, else the first. In a split
    household a row without id that has the registered head comes before rows with another.
    """
    links: _Links = {}
    used: set[str] = set()
    for household in cluster.registered:
        named = cluster.linked(household)
        nameless = [r for r in cluster.listed if r.register_id is None and r.roster_id not in used]
        rows = named + nameless if cluster.kind is MatchKind.SPLIT else named
        same = [row for row in rows if head_key(row) == head_key(household)]
        if same or named:
            links[household.household_id] = (same or named)[0]
            used.add((same or named)[0].roster_id)
    return links


def _settle(
    cluster: Cluster,
    decision: MatchDecision,
    households: list[FrameHousehold],
    removals: list[Removal],
) -> None:
    """Apply a decision to its cluster."""
    links = _links(cluster)
    if decision.decision == "merge":
        kept = _merged(cluster, links)
        out = [row for row in cluster.registered if row not in kept.registered]
        unlisted = [row for row in cluster.listed if row not in kept.listed]
        joined = {r.household_id: row for r in kept.registered for row in kept.listed}
        households += _standing(kept, joined)
    elif decision.decision == "remove":
        out, unlisted = cluster.registered, cluster.listed
    else:
        out, unlisted = [], []
        if decision.decision == "same":
            links = {cluster.registered[0].household_id: cluster.listed[0]}
        elif decision.decision == "different":
            links = {}
        households += _standing(cluster, links)
    ids = [row.household_id for row in out] + [_unregistered_id(row) for row in unlisted]
    removals += [
        Removal(
            county_code=decision.county_code,
            household_id=household_id,
            problem_id=decision.problem_id,
            reason=decision.reason,
        )
        for household_id in ids
    ]


def _merged(cluster: Cluster, links: _Links) -> Cluster:
    """Return the one registered household and the one roster row that stand for all.

    A registered household with a roster row of the same head comes first, then one with any
    roster row, then the first; its roster row stays, else the first.
    """

    def rank(household: RegisteredHousehold) -> int:
        row = links.get(household.household_id)
        return 2 if row is None else int(head_key(row) != head_key(household))

    kept = Cluster(registered=sorted(cluster.registered, key=rank)[:1])
    own = [links[r.household_id] for r in kept.registered if r.household_id in links]
    kept.listed = own or cluster.listed[:1]
    return kept


def _standing(cluster: Cluster, links: _Links) -> list[FrameHousehold]:
    """Return the households of a cluster: registered with their rows, other rows unregistered."""
    used = {row.roster_id for row in links.values()}
    registered = [_framed(row, links.get(row.household_id)) for row in cluster.registered]
    return registered + [_framed(None, row) for row in cluster.listed if row.roster_id not in used]


def _unregistered_id(row: RosterHousehold) -> str:
    return UNREGISTERED_PREFIX + row.roster_id


def _framed(household: RegisteredHousehold | None, row: RosterHousehold | None) -> FrameHousehold:
    """Return the frame household of a registered household, a roster row, or both."""
    place, filed = row or household, household or row
    assert place is not None
    assert filed is not None
    return FrameHousehold(
        household_id=household.household_id if household else _unregistered_id(row),
        county_code=place.county_code,
        township=place.township,
        village_code=place.village_code,
        village_name=place.village_name,
        group_name=place.group_name,
        head_name=place.head_name,
        members=filed.members,
        status=household.status if household else FiledStatus.UNREGISTERED,
        register_id=household.household_id if household else None,
        roster_id=row.roster_id if row else None,
    )
