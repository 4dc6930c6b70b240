"""A small round for tests: lists, people, a fixed world, and visits that a test can bend."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from audit_toolkit import workflow
from audit_toolkit.machine import named_stream
from audit_toolkit.model import (
    Answer,
    BlindHousehold,
    County,
    Person,
    Role,
    Stratum,
    Verdict,
    Visit,
    VisitKind,
)

COUNTIES = (
    County(county_code="900121", name="甲试县"),
    County(county_code="900122", name="乙试县"),
    County(county_code="900123", name="丙试县"),
)
VILLAGES = 10
PER_VILLAGE = {"exited": 10, "poor": 2, "unregistered": 14}
SHARES = {"institution": "ab" * 32, "province": "cd" * 32}
DICE = "14253614253614253614253"
PLANTED = ("7777.77", "6543.21")
"""Filed amounts that occur nowhere else, so that a leak can be seen."""

GOOD_ANSWERS: Mapping[str, str] = {
    "registered_count": "4",
    "residents_count": "4",
    "operation_income": "9000.00",
    "production_cost": "1000.00",
    "wage_income": "16000.00",
    "property_income": "0.00",
    "transfer_income": "2000.00",
    "other_income": "0.00",
    "one_off_income": "0.00",
    "last_year_income_pc": "6000.00",
    "hard_spending": "2000.00",
    "food": "yes",
    "clothing": "yes",
    "school_age_count": "1",
    "school_dropout_count": "0",
    "insured_count": "4",
    "housing_grade": "A",
    "water_quantity": "met",
    "water_quality": "met",
    "water_convenience": "met",
    "water_reliability": "basically-met",
    "approval_policy": "yes",
    "approval_help": "yes",
    "approval_exit": "yes",
}
HUNGRY = {**GOOD_ANSWERS, "food": "no"}


@dataclass
class FixedWorld:
    """Clock, salts and streams that are the same on every run."""

    now: datetime = datetime(2020, 1, 6, 1, tzinfo=UTC)
    calls: int = 0

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def secret_bytes(self, count: int) -> bytes:
        self.calls += 1
        return named_stream(f"salt|{self.calls}").bytes(count)

    def context(self, person_id: str) -> workflow.Context:
        return workflow.Context(
            person_id=person_id,
            clock=self.clock,
            secret_bytes=self.secret_bytes,
            rng=named_stream,
        )


PEOPLE = (
    Person(person_id="eva", name="评估员", role=Role.EVALUATOR),
    Person(person_id="rev-1", name="复核甲", role=Role.REVIEWER),
    Person(person_id="rev-2", name="复核乙", role=Role.REVIEWER),
    Person(person_id="rev-3", name="复核丙", role=Role.REVIEWER),
    Person(person_id="prov", name="省级", role=Role.PROVINCE),
    Person(person_id="obs", name="观察员", role=Role.OBSERVER),
)


def everybody() -> list[Person]:
    codes = tuple(c.county_code for c in COUNTIES)
    people = [
        Person(
            person_id=p.person_id,
            name=p.name,
            role=p.role,
            counties=codes if p.role in (Role.REVIEWER, Role.OBSERVER) else (),
        )
        for p in PEOPLE
    ]
    for code in codes:
        people.append(
            Person(person_id=f"lead-{code}", name="组长", role=Role.TEAM_LEAD, counties=(code,))
        )
        people.append(
            Person(person_id=f"county-{code}", name="县", role=Role.COUNTY, counties=(code,))
        )
        people += [
            Person(
                person_id=f"ins-{code}-{n}",
                name=f"调查员{n}",
                role=Role.INSPECTOR,
                counties=(code,),
            )
            for n in (1, 2, 3)
        ]
    return people


def household_rows(code: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Rows of a county's register and roster, without a single problem."""
    register, roster = [], []
    for v in range(1, VILLAGES + 1):
        place = {
            "county_code": code,
            "township": "试乡",
            "village_code": f"{code}{100 + v // 5:03d}{200 + v:03d}",
            "village_name": f"试村{v}",
        }
        number = 0
        for status, count in PER_VILLAGE.items():
            for _ in range(count + v % 3):
                number += 1
                head = {"group_name": f"{1 + number % 3}组", "head_name": f"户主{v}之{number}"}
                household_id = f"{code}{v:03d}{number:04d}"
                registered = status != "unregistered"
                roster.append(
                    {
                        "roster_id": f"{code}-{v}-{number}",
                        **place,
                        **head,
                        "members": "4",
                        "register_id": household_id if registered else "",
                    }
                )
                if registered:
                    register.append(_filed(household_id, place, head, status))
    return register, roster


def _filed(
    household_id: str, place: Mapping[str, str], head: Mapping[str, str], status: str
) -> dict[str, str]:
    net = (Decimal(PLANTED[0]) + Decimal(PLANTED[1]) * 2 - Decimal("1000.00")) / 4
    return {
        "household_id": household_id,
        **place,
        **head,
        "members": "4",
        "status": status,
        "identified_year": "2014",
        "exit_year": "2019" if status == "exited" else "",
        "cause": "1",
        "operation_income": PLANTED[0],
        "production_cost": "1000.00",
        "wage_income": PLANTED[1],
        "property_income": "0.00",
        "transfer_income": PLANTED[1],
        "other_income": "0.00",
        "net_income_pc": f"{net:.2f}",
        "insured_count": "4",
        "school_dropout_count": "0",
        "housing_grade": "B",
        "water_safe": "yes",
    }


HOUSEHOLD_STEPS = (
    ("appraisal", "2019-09-01", ""),
    ("verification", "2019-09-10", ""),
    ("agreement", "2019-09-15", ""),
    ("village-notice", "2019-09-20", "2019-10-05"),
    ("announcement", "2019-10-10", ""),
    ("strike-off", "2019-10-20", ""),
)
COUNTY_STEPS = (
    ("county-proposal", "2019-11-01", ""),
    ("city-examination", "2019-11-15", ""),
    ("province-verification", "2019-12-01", ""),
    ("public-notice", "2019-12-05", "2019-12-20"),
    ("province-approval-of-list", "2019-12-25", ""),
    ("report-to-leading-group", "2019-12-28", ""),
)


def write_rows(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    listed = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
    return path


def step_rows(code: str, register: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    owners = [("", COUNTY_STEPS)]
    owners += [(r["household_id"], HOUSEHOLD_STEPS) for r in register if r["status"] == "exited"]
    return [
        {
            "household_id": owner,
            "step": step,
            "done_on": done,
            "ended_on": ended,
            "objections_open": "0",
            "document": f"文{owner[-4:]}{step}",
        }
        for owner, steps in owners
        for step, done, ended in steps
    ]


@dataclass
class SmallRound:
    """A round in a temporary folder, taken forward stage by stage."""

    folder: Path
    world: FixedWorld = field(default_factory=FixedWorld)
    hungry: frozenset[str] = frozenset()
    """Heads whose household is found without food."""

    def __post_init__(self) -> None:
        self.store = workflow.open_store(self.folder / "round", create=True)
        self.codes = tuple(c.county_code for c in COUNTIES)

    def by(self, person_id: str) -> workflow.Context:
        return self.world.context(person_id)

    def opened(self) -> SmallRound:
        workflow.open_round(
            self.by("admin"),
            self.store,
            administrator_name="管理员",
            province_code="90",
            exit_year=2019,
            round_name="试轮",
            institution="试验所",
            counties=COUNTIES,
            rule_text=workflow.rule_text("cn-2019"),
        )
        for person in everybody():
            workflow.add_person(self.by("admin"), self.store, person)
        return self

    def imported(self) -> SmallRound:
        self.opened()
        for code in self.codes:
            register, roster = household_rows(code)
            workflow.import_register(
                self.by("eva"),
                self.store,
                write_rows(self.folder / f"{code}_register.csv", register),
                county_code=code,
            )
            workflow.import_roster(
                self.by("eva"),
                self.store,
                write_rows(self.folder / f"{code}_roster.csv", roster),
                county_code=code,
            )
        return self

    def frozen(self) -> SmallRound:
        self.imported()
        workflow.freeze(self.by("eva"), self.store)
        return self

    def planned(self) -> SmallRound:
        self.frozen()
        for code in self.codes:
            workflow.plan_county(
                self.by("eva"),
                self.store,
                county_code=code,
                villages=6,
                takes={Stratum.EXITED: 5, Stratum.UNREGISTERED: 5, Stratum.STILL_POOR: 1},
                reserves=2,
                revisit_share="0.20",
                repetitions=50,
            )
        return self

    def committed(self) -> SmallRound:
        self.planned()
        self.commit()
        return self

    def commit(self) -> None:
        workflow.commit(
            self.by("eva"),
            self.store,
            {h: workflow.commitment_of(h, s) for h, s in SHARES.items()},
        )

    def roll(self, digits: str = DICE) -> None:
        workflow.enter_dice(
            self.by("eva"), self.store, digits=digits, digits_again=digits, witnesses=["见证人"]
        )

    def drawn(self) -> SmallRound:
        self.committed()
        self.roll()
        workflow.draw_sample(self.by("eva"), self.store, SHARES)
        return self

    def assigned(self) -> SmallRound:
        self.drawn()
        workflow.assign_inspectors(self.by("eva"), self.store)
        return self

    def released(self, kind: VisitKind = VisitKind.FIRST) -> SmallRound:
        self.assigned()
        self.release(kind)
        return self

    def release(self, kind: VisitKind) -> None:
        for code in self.codes:
            workflow.release_villages(
                self.by(f"lead-{code}"), self.store, county_code=code, kind=kind
            )
            for n in (1, 2, 3):
                me = self.by(f"ins-{code}-{n}")
                for village in workflow.my_villages(me, self.store):
                    workflow.arrive(me, self.store, psu=village.psu)

    def inspectors(self) -> list[str]:
        return [f"ins-{code}-{n}" for code in self.codes for n in (1, 2, 3)]

    def visit(
        self,
        household: BlindHousehold,
        inspector: str,
        answers: Mapping[str, str] | None = None,
        *,
        outcome: str = "completed",
        reason: str = "",
    ) -> None:
        given = answers
        if given is None:
            given = HUNGRY if household.head_name in self.hungry else GOOD_ANSWERS
        workflow.record_visit(
            self.by(inspector),
            self.store,
            make_visit(household, given, outcome, reason, self.world.clock),
        )

    def visited(self) -> SmallRound:
        self.released()
        for kind in (VisitKind.FIRST, VisitKind.REVISIT):
            if kind is VisitKind.REVISIT:
                self.release(kind)
            for inspector in self.inspectors():
                for household in workflow.my_visits(self.by(inspector), self.store):
                    if household.state.value == "released":
                        self.visit(household, inspector)
        return self

    def locked(self) -> SmallRound:
        self.visited()
        for code in self.codes:
            workflow.lock_findings(self.by(f"lead-{code}"), self.store, county_code=code)
            register, _ = household_rows(code)
            workflow.import_steps(
                self.by("eva"),
                self.store,
                write_rows(self.folder / f"{code}_steps.csv", step_rows(code, register)),
                county_code=code,
            )
        return self

    def compare(self) -> None:
        for code in self.codes:
            workflow.compare_county(self.by("eva"), self.store, county_code=code)

    def ruled(self, verdict: Verdict = Verdict.CONFIRMED) -> SmallRound:
        self.locked()
        self.compare()
        for code in self.codes:
            for case, _, _ in workflow.cases(self.by("eva"), self.store, county_code=code):
                for reviewer in ("rev-1", "rev-2"):
                    workflow.rule_case(
                        self.by(reviewer),
                        self.store,
                        case_id=case.case_id,
                        verdict=verdict,
                        reason="已核实",
                    )
        return self

    def estimated(self) -> SmallRound:
        self.ruled()
        workflow.estimate(self.by("eva"), self.store)
        return self

    def disclosed(self) -> SmallRound:
        self.estimated()
        workflow.disclose_shares(self.by("eva"), self.store, SHARES)
        return self

    def reported(self) -> SmallRound:
        self.disclosed()
        for code in self.codes:
            workflow.write_county_report(self.by("eva"), self.store, county_code=code)
        return self

    def files(self, part: str) -> dict[str, bytes]:
        """Return all files below a part of the store's folder, by relative name."""
        base = self.store.folder / part
        return {
            str(p.relative_to(base)): p.read_bytes() for p in sorted(base.rglob("*")) if p.is_file()
        }


def make_visit(
    household: BlindHousehold,
    answers: Mapping[str, str],
    outcome: str,
    reason: str,
    clock: Callable[[], datetime],
) -> Visit:
    """Return the visit that an inspector's form would hand in."""
    given = answers if outcome == "completed" else {}
    return Visit(
        assignment_id=household.assignment_id,
        outcome=outcome,
        answers=tuple(Answer(question=q, value=v) for q, v in given.items()),
        device_at=clock(),
        reason=reason,
    )


def some_heads(code: str, status: str, share: float) -> frozenset[str]:
    """Return about ``share`` of the heads of a status in a county, by hash of their name."""
    register, roster = household_rows(code)
    registered = {r["head_name"]: r["status"] for r in register}
    heads = [r["head_name"] for r in roster]
    return frozenset(
        h
        for h in heads
        if registered.get(h, "unregistered") == status
        and int(hashlib.sha256(h.encode()).hexdigest()[:8], 16) < share * 16**8
    )


HUNGRY_HEADS = (
    some_heads("900121", "exited", 0.15)
    | some_heads("900121", "unregistered", 0.1)
    | some_heads("900122", "unregistered", 0.03)
)


def build(folder: Path, stage: str) -> SmallRound:
    """Build a round up to a stage; the stage is the name of a method of SmallRound."""
    folder.mkdir(parents=True)
    small = SmallRound(folder, hungry=HUNGRY_HEADS)
    getattr(small, stage)()
    return small
