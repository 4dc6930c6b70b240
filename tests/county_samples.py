"""A small county, drawn and visited, to be varied by the tests of conclusions."""

from __future__ import annotations

from datetime import UTC, datetime

from visit_samples import visit_with

from audit_toolkit.model import (
    Assignment,
    AssignmentState,
    Case,
    CaseKind,
    CaseState,
    Draw,
    DrawnHousehold,
    EvaluationKey,
    FiledStatus,
    Finding,
    FrameHousehold,
    Judgement,
    ObservedHousehold,
    Stratum,
    StratumCount,
    VillageCount,
    VisitKind,
)

CODE = "990101"
KEY = EvaluationKey(county_code=CODE, exit_year=2019, round_name="r", institution="i")
AT = datetime(2019, 12, 20, 9, 0, tzinfo=UTC)
STATUS = {
    Stratum.EXITED: FiledStatus.EXITED,
    Stratum.UNREGISTERED: FiledStatus.UNREGISTERED,
    Stratum.STILL_POOR: FiledStatus.POOR,
}
KIND = {
    Stratum.EXITED: CaseKind.WRONGFUL_EXIT,
    Stratum.UNREGISTERED: CaseKind.OMISSION,
    Stratum.STILL_POOR: CaseKind.MISSED_EXIT,
}


def drawn(name: str, psu: str, stratum: Stratum, prob: float, *, reserve: bool = False):
    return DrawnHousehold(
        county_code=CODE,
        unit_id=f"u-{name}",
        household_id=name,
        psu=psu,
        stratum=stratum,
        ticket=name,
        order=1,
        reserve=reserve,
        inclusion_prob=prob,
        base_weight=0.0 if reserve else 1 / prob,
        revisit_ticket=name,
    )


def draw_of(*households: DrawnHousehold) -> Draw:
    return Draw(ceremony=1, seed_sha256="", villages=(), households=households, digest="")


def framed(name: str, stratum: Stratum, members: int = 4) -> FrameHousehold:
    return FrameHousehold(
        household_id=name,
        county_code=CODE,
        township="t",
        village_code=f"{CODE}100200",
        village_name="v",
        group_name="g",
        head_name="h",
        members=members,
        status=STATUS[stratum],
        register_id=None if stratum is Stratum.UNREGISTERED else name,
        roster_id=name,
    )


def first_visit(name: str, **state) -> Assignment:
    given = {"kind": VisitKind.FIRST, "state": AssignmentState.VISITED, **state}
    return Assignment(
        assignment_id=f"a-{name}",
        county_code=CODE,
        household_id=name,
        unit_id=f"u-{name}",
        psu="v1",
        inspector_id="i-1",
        number=1,
        **given,
    )


def judged(name: str, *, poor: bool = False, by_line: bool | None = None, **answers):
    finding = Finding(
        visit=visit_with(**answers),
        county_code=CODE,
        household_id=name,
        kind=VisitKind.FIRST,
        inspector_id="i-1",
        version=1,
        server_at=AT,
    )
    judgement = Judgement(
        poor=poor,
        poor_by_line=poor if by_line is None else by_line,
        failing=("income",) if poor else (),
        net_income_pc="5000.00",
        unstable_because=(),
        unanswered=(),
    )
    return finding, judgement


def case(name: str, stratum: Stratum, state: CaseState, *, first_says: bool = True):
    return (
        Case(
            case_id=f"{CODE}-{name}",
            county_code=CODE,
            household_id=name,
            kind=KIND[stratum],
            status=STATUS[stratum],
            persons=4,
            failing=(),
            first_says=first_says,
            revisit_says=None if first_says else True,
        ),
        state,
    )


def observed(
    name: str,
    psu: str,
    stratum: Stratum,
    *,
    poor: bool | None = False,
    persons: int = 4,
    weight: float = 10.0,
    approves: bool | None = True,
) -> ObservedHousehold:
    return ObservedHousehold(
        household_id=name,
        psu=psu,
        stratum=stratum,
        persons=persons,
        base_weight=weight,
        weight=0.0 if poor is None else weight,
        responded=poor is not None,
        poor=poor,
        poor_by_line=poor,
        approves=None if poor is None else approves,
        provisional=False,
    )


def sample_of(
    exited_poor: int = 0,
    unregistered_poor: int = 0,
    *,
    villages: int = 30,
    take: int = 17,
    still_poor: int = 2,
    missed: int = 0,
    disapprove: int = 0,
    weight: float = 10.0,
) -> list[ObservedHousehold]:
    """Equal weights and households of four; events fall one a village, in order of villages."""
    wanted = {
        Stratum.EXITED: (take, exited_poor),
        Stratum.UNREGISTERED: (take, unregistered_poor),
        Stratum.STILL_POOR: (still_poor, missed),
    }
    households = []
    for village in range(villages):
        for stratum, (count, events) in wanted.items():
            filed_poor = stratum is Stratum.STILL_POOR
            for place in range(count):
                event = village + place * villages < events
                number = village + place * villages
                households.append(
                    observed(
                        f"{stratum.value}-{village}-{place}",
                        f"v{village:02d}",
                        stratum,
                        poor=event is not filed_poor,
                        weight=weight,
                        approves=stratum is not Stratum.EXITED or number >= disapprove,
                    )
                )
    return households


def strata_of(exited: int = 1500, unregistered: int = 5000, still_poor: int = 60):
    counts = {
        Stratum.EXITED: exited,
        Stratum.UNREGISTERED: unregistered,
        Stratum.STILL_POOR: still_poor,
    }
    return tuple(
        StratumCount(county_code=CODE, stratum=s, code=f"s-{s.value}", households=n, persons=4 * n)
        for s, n in counts.items()
    )


def villages_of(count: int = 70, exited: int = 20, unregistered: int = 70, still_poor: int = 1):
    counts = (
        (Stratum.EXITED, exited),
        (Stratum.UNREGISTERED, unregistered),
        (Stratum.STILL_POOR, still_poor),
    )
    return tuple(
        VillageCount(
            county_code=CODE,
            village_code=f"{CODE}{n:06d}",
            psu=f"v{n:02d}",
            households=counts,
            persons=tuple((s, 4 * c) for s, c in counts),
        )
        for n in range(count)
    )
