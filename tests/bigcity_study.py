"""The chain on 41,290 real households whose truth is redrawn for every seed.

The truth is a value of its own: the chain's functions get it only as answers to one visit at a
time. Frames are frozen once; nothing is rendered or stored.

Rules of the study, all fixed by the seeds named here: neighbouring neighbourhoods of a stratum are
joined to villages of at least 100 households, villages in order to three counties of like size.
A household is registered if its log income plus normal noise (sd 0.5) is among the lowest 28 %;
the registered at or under the poverty line (the file's 1st percentile of income) are still poor,
the rest exited. Who is filed wrongly among exited and unregistered is drawn with village rates from
a beta distribution, intra-cluster correlation .10, mean the rate asked for.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
from visit_samples import visit_with

from audit_toolkit.conclusions import conclude, indicators, observe, pool_round
from audit_toolkit.drawing import (
    assign,
    build_design,
    draw_round,
    make_plan,
    open_ceremony,
    record_dice,
    release,
    replace_with_reserve,
    seed_text,
)
from audit_toolkit.model import (
    Assignment,
    Case,
    CaseState,
    Ceremony,
    County,
    Draw,
    FiledStatus,
    Finding,
    FrameHousehold,
    FrameUnit,
    Freeze,
    Indicator,
    Judgement,
    OutcomeKind,
    Plan,
    RegisteredHousehold,
    Round,
    RuleSet,
    Ruling,
    Stratum,
    Verdict,
    VillageCount,
    Visit,
    VisitKind,
)
from audit_toolkit.registers import freeze_frame, village_counts
from audit_toolkit.rules import judge, load_rule_set
from audit_toolkit.rulings import case_state, open_cases
from sampling.commitment import commit_share

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
CITY = DATA / "teachingsampling_BigCity.csv.gz"
EXIT_YEAR, PROVINCE = 2019, "99"
LEAST_VILLAGE, COUNTIES, ICC = 100, 3, 0.10
REGISTERED_SHARE, NOISE, LINE_SHARE = 0.28, 0.5, 0.01
AT = datetime(2019, 12, 1, 8, 0, tzinfo=UTC)
SHARE = "ab" * 32
RATES = ("wrongful_exit_rate", "omission_rate", "composite_incidence")
UNITS = ("persons", "households")

MEETS_ALL = visit_with()
BELOW_LINE = visit_with(wage_income="0")
REFUSED = "refused"

Judged = dict[str, tuple[Finding, Judgement]]


# -- the frame, once ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class City:
    """Everything that is fixed before any seed."""

    rules: RuleSet
    round: Round
    freeze: Freeze
    units: tuple[FrameUnit, ...]
    households: Mapping[str, Mapping[str, FrameHousehold]]
    villages: Mapping[str, tuple[VillageCount, ...]]
    plans: tuple[Plan, ...]
    ceremony: Ceremony
    table: pd.DataFrame


def read_households() -> pd.DataFrame:
    """One row a household: persons, income, place, county, village, filed status."""
    persons = pd.read_csv(CITY, usecols=["HHID", "Stratum", "PSU", "Income"])
    table = persons.groupby("HHID", as_index=False).agg(
        place=("Stratum", "first"),
        psu=("PSU", "first"),
        persons=("PSU", "size"),
        income=("Income", "first"),
    )
    table = table.sort_values(["place", "psu", "HHID"], ignore_index=True)
    table["village"] = _villages(table)
    done = np.arange(len(table)) / len(table)
    first = pd.Series(done).groupby(table["village"]).transform("min")
    table["county"] = (first * COUNTIES).astype(int)
    table["status"] = _filed(table)
    return table


def _villages(table: pd.DataFrame) -> pd.Series:
    """Join neighbouring neighbourhoods of a stratum; what is left over joins the one before.

    So does a whole stratum of fewer households than a village needs.
    """
    sizes = table.groupby(["place", "psu"]).size()
    village, names = -1, {}
    for place, inside in sizes.groupby(level="place"):
        held, left = LEAST_VILLAGE, int(inside.sum())
        for psu, size in inside.droplevel("place").items():
            if held >= LEAST_VILLAGE and left >= LEAST_VILLAGE:
                village, held = village + 1, 0
            names[place, psu] = village
            held, left = held + size, left - size
    keys = zip(table["place"], table["psu"], strict=True)
    return pd.Series([names[key] for key in keys])


def _filed(table: pd.DataFrame) -> pd.Series:
    rng = np.random.default_rng(20190101)
    score = np.log(table["income"]) + rng.normal(0, NOISE, len(table))
    registered = score <= score.quantile(REGISTERED_SHARE)
    poor = registered & (table["income"] <= table["income"].quantile(LINE_SHARE))
    status = np.where(registered, FiledStatus.EXITED.value, FiledStatus.UNREGISTERED.value)
    return pd.Series(np.where(poor, FiledStatus.POOR.value, status))


def build_city() -> City:
    """Freeze the frame, plan every county, open the ceremony."""
    table = read_households()
    codes = [f"9901{number:02d}" for number in range(1, COUNTIES + 1)]
    rules = load_rule_set("cn-2019")
    round_ = Round(
        province_code=PROVINCE,
        exit_year=EXIT_YEAR,
        round_name="study",
        institution="study",
        counties=tuple(County(county_code=c, name=c) for c in codes),
        rule_set_id=rules.rule_set_id,
    )
    framed = [_framed(row, codes) for row in table.itertuples()]
    register = [_registered(h) for h in framed if h.register_id]
    salts = [hashlib.sha256(f"salt|{i}".encode()).digest()[:16] for i in range(len(framed))]
    freeze, units = freeze_frame(framed, register, (), salts=salts, code_salt=b"study code salt!")
    villages = {c: village_counts(units, c) for c in codes}
    plans = tuple(
        make_plan(
            round_.key(code),
            villages[code],
            rules,
            province_code=PROVINCE,
            rng=np.random.default_rng(place),
            repetitions=200,
        )
        for place, code in enumerate(codes)
    )
    design = build_design(freeze, plans, rules, software="study", round_=round_)
    ceremony = open_ceremony(
        1, freeze, design, {"study": commit_share("study", SHARE)}, at=AT, earlier=()
    )
    table["household_id"] = [h.household_id for h in framed]
    return City(
        rules=rules,
        round=round_,
        freeze=freeze,
        units=units,
        households={c: {h.household_id: h for h in framed if h.county_code == c} for c in codes},
        villages=villages,
        plans=plans,
        ceremony=ceremony,
        table=table,
    )


def _framed(row, codes: Sequence[str]) -> FrameHousehold:
    code = codes[row.county]
    registered = row.status != FiledStatus.UNREGISTERED.value
    household_id = row.HHID if registered else f"R-{row.HHID}"
    return FrameHousehold(
        household_id=household_id,
        county_code=code,
        township=row.place,
        village_code=f"{code}{100 + row.village // 50:03d}{row.village % 1000:03d}",
        village_name=f"village {row.village}",
        group_name=row.psu,
        head_name=f"head of {row.HHID}",
        members=int(row.persons),
        status=FiledStatus(row.status),
        register_id=row.HHID if registered else None,
        roster_id=row.HHID,
    )


def _registered(household: FrameHousehold) -> RegisteredHousehold:
    exited = household.status is FiledStatus.EXITED
    income = Decimal(5000 if exited else 2000)
    nothing = Decimal(0)
    return RegisteredHousehold(
        household_id=household.household_id,
        county_code=household.county_code,
        township=household.township,
        village_code=household.village_code,
        village_name=household.village_name,
        group_name=household.group_name,
        head_name=household.head_name,
        members=household.members,
        status=household.status,
        identified_year=2014,
        exit_year=2018 if exited else None,
        cause="illness",
        operation_income=income * household.members,
        production_cost=nothing,
        wage_income=nothing,
        property_income=nothing,
        transfer_income=nothing,
        other_income=nothing,
        net_income_pc=income,
        insured_count=household.members,
        school_dropout_count=0,
        housing_grade="B",
        water_safe=True,
    )


# -- the truth, for every seed -----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Truth:
    """Who is truly poor, and the true rates by county, name and unit."""

    poor: frozenset[str]
    rates: Mapping[tuple[str, str, str], float]


def draw_truth(
    city: City, rate: float, rng: np.random.Generator, *, wrong_villages: float = 0.0
) -> Truth:
    """Draw who is filed wrongly; a share ``wrong_villages`` of villages is wrong as a whole."""
    table = city.table
    village = table["village"].to_numpy()
    count = village.max() + 1
    spread = (1 - ICC) / ICC
    wholly = rng.random(count) < wrong_villages
    still_poor = (table["status"] == FiledStatus.POOR.value).to_numpy()
    poor = still_poor.copy()
    for status in (FiledStatus.EXITED, FiledStatus.UNREGISTERED):
        rates = rng.beta(rate * spread, (1 - rate) * spread, count) if rate else np.zeros(count)
        rates = np.where(wholly, 0.8, rates)
        inside = (table["status"] == status.value).to_numpy()
        poor |= inside & (rng.random(len(table)) < rates[village])
    return Truth(
        poor=frozenset(table["household_id"][poor]),
        rates=_true_rates(city, poor),
    )


def _true_rates(city: City, poor: np.ndarray) -> dict[tuple[str, str, str], float]:
    rates = {}
    codes = [c.county_code for c in city.round.counties]
    status, county = city.table["status"].to_numpy(), city.table["county"].to_numpy()
    for unit in UNITS:
        persons = city.table["persons"].to_numpy()
        size = persons if unit == "persons" else np.ones(len(persons))
        for place, code in enumerate(codes):
            here = county == place
            exited = here & (status == FiledStatus.EXITED.value)
            rest = here & (status == FiledStatus.UNREGISTERED.value)
            rates[code, RATES[0], unit] = float(size[exited & poor].sum() / size[exited].sum())
            rates[code, RATES[1], unit] = float(size[rest & poor].sum() / size[rest].sum())
            rates[code, RATES[2], unit] = float(size[here & poor].sum() / size[here].sum())
    return rates


# -- field work --------------------------------------------------------------------------------


@dataclass(frozen=True)
class FieldWork:
    """How well inspectors see, and who responds; the default is without error."""

    sensitivity: float = 1.0
    specificity: float = 1.0
    poor_respond: float = 1.0
    others_respond: float = 1.0


@dataclass
class Field:
    """Stands between truth and chain: answers one visit at a time, rules one case at a time."""

    city: City
    truth: Truth
    work: FieldWork
    rng: np.random.Generator

    def responds(self, household_id: str) -> bool:
        poor = household_id in self.truth.poor
        chance = self.work.poor_respond if poor else self.work.others_respond
        return chance >= 1 or self.rng.random() < chance

    def visit(self, household_id: str) -> Visit:
        poor = household_id in self.truth.poor
        right = self.work.sensitivity if poor else self.work.specificity
        seen_poor = poor if right >= 1 or self.rng.random() < right else not poor
        return BELOW_LINE if seen_poor else MEETS_ALL

    def rulings(self, case: Case) -> list[Ruling]:
        """Two reviewers see what is true: each positive is verified."""
        poor = case.household_id in self.truth.poor
        stands = poor is not (case.status is FiledStatus.POOR)
        verdict = Verdict.CONFIRMED if stands else Verdict.DISMISSED
        return [
            Ruling(
                case_id=case.case_id,
                county_code=case.county_code,
                reviewer_id=reviewer,
                verdict=verdict,
                reason="seen again",
                ruled_at=AT,
            )
            for reviewer in ("r-1", "r-2")
        ]


def _judged(city: City, assignment: Assignment, visit: Visit) -> tuple[Finding, Judgement]:
    finding = Finding(
        visit=visit,
        county_code=assignment.county_code,
        household_id=assignment.household_id,
        kind=assignment.kind,
        inspector_id=assignment.inspector_id,
        version=1,
        server_at=AT,
    )
    return finding, judge(visit, city.rules, exit_year=EXIT_YEAR)


def visit_county(
    field: Field, draw: Draw, assignments: Sequence[Assignment]
) -> tuple[tuple[Assignment, ...], Judged, Judged]:
    """Visit all that is assigned in a county, replacing who does not respond while reserves last.

    Returns the assignments as they ended, and what first visits and revisits found.
    """
    city = field.city
    code = assignments[0].county_code
    draw = replace(draw, households=tuple(h for h in draw.households if h.county_code == code))
    drawn = {h.unit_id for h in draw.households}
    units = [u for u in city.units if u.unit_id in drawn]
    for psu in {a.psu for a in assignments}:
        assignments = release(assignments, psu=psu)
    state = {a.assignment_id: a for a in assignments}
    reserves = _reserve_counts(draw)
    first: Judged = {}
    waiting = [a for a in assignments if a.kind is VisitKind.FIRST]
    while waiting:
        visited = waiting.pop()
        if field.responds(visited.household_id):
            visit = field.visit(visited.household_id)
            first[visited.household_id] = _judged(city, visited, visit)
            continue
        cell = reserves.cell[visited.unit_id]
        if reserves.left[cell]:
            reserves.left[cell] -= 1
            old, new = replace_with_reserve(
                draw,
                units,
                tuple(state.values()),
                visited.assignment_id,
                reason_code=REFUSED,
                rules=city.rules,
            )
            state |= {old.assignment_id: old, new.assignment_id: new}
            waiting.append(new)
    revisit = {
        a.household_id: _judged(city, a, field.visit(a.household_id))
        for a in assignments
        if a.kind is VisitKind.REVISIT and a.household_id in first
    }
    return tuple(state.values()), first, revisit


@dataclass
class _Reserves:
    cell: dict[str, tuple[str, Stratum]]
    left: dict[tuple[str, Stratum], int]


def _reserve_counts(draw: Draw) -> _Reserves:
    left: defaultdict[tuple[str, Stratum], int] = defaultdict(int)
    for household in draw.households:
        left[household.psu, household.stratum] += household.reserve
    return _Reserves(cell={h.unit_id: (h.psu, h.stratum) for h in draw.households}, left=left)


# -- one round through the chain ---------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """One rate of one county under one seed: truth, estimate, interval, conclusion."""

    seed: int
    county: str
    name: str
    unit: str
    truth: float
    estimate: float
    lower: float
    upper: float
    conclusion: str | None
    icc: float | None
    own_deff: bool
    outcome: str
    should_pass: bool

    @property
    def covered(self) -> bool:
        return self.lower <= self.truth <= self.upper


def run_round(
    city: City,
    seed: int,
    rate: float,
    work: FieldWork | None = None,
    *,
    wrong_villages: float = 0.0,
) -> list[Record]:
    """Run the chain once, from the sealed draw to the outcomes, and put the truth beside it."""
    rng = np.random.default_rng([seed, round(rate * 1e6)])
    truth = draw_truth(city, rate, rng, wrong_villages=wrong_villages)
    field = Field(city, truth, work or FieldWork(), rng)
    draw, assignments = _draw(city, seed)
    by_county: dict[str, list[Assignment]] = defaultdict(list)
    for assignment in assignments:
        by_county[assignment.county_code].append(assignment)
    observed, open_count = {}, {}
    for code, mine in by_county.items():
        done, first, revisit = visit_county(field, draw, mine)
        cases = open_cases(code, city.households[code], first, revisit)
        ruled = [(case, case_state(field.rulings(case))) for case in cases]
        open_count[code] = sum(
            state not in (CaseState.CONFIRMED, CaseState.DISMISSED) for _, state in ruled
        )
        observed[code] = observe(draw, done, city.households[code], first, ruled, city.rules)
    pools = pool_round(observed, city.rules)
    records: list[Record] = []
    for plan in city.plans:
        code = plan.key.county_code
        rates = indicators(
            plan.key,
            observed[code],
            city.freeze.strata,
            city.villages[code],
            pools,
            city.rules,
            province_code=PROVINCE,
        )
        outcome = conclude(
            plan.key,
            rates,
            (),
            checked_households=0,
            open_cases=open_count[code],
            plan=plan,
            villages=city.villages[code],
            rules=city.rules,
            province_code=PROVINCE,
        )
        records += _records(city, seed, code, rates, truth, outcome.kind)
    return records


def _draw(city: City, seed: int) -> tuple[Draw, tuple[Assignment, ...]]:
    digits = f"{seed:060d}"
    ceremony = record_dice(city.ceremony, digits, digits, ["witness"], at=AT)
    draw = draw_round(city.units, city.plans, ceremony, seed_text(ceremony, {"study": SHARE}))
    inspectors = {c.county_code: ["i-1", "i-2", "i-3"] for c in city.round.counties}
    return draw, assign(draw, city.units, inspectors, city.plans)


def _records(
    city: City,
    seed: int,
    code: str,
    rates: Iterable[Indicator],
    truth: Truth,
    kind: OutcomeKind,
) -> list[Record]:
    good = all(
        truth.rates[code, name, "persons"] < float(city.rules.limit(name, PROVINCE) or 1)
        for name in RATES
    )
    return [
        Record(
            seed=seed,
            county=code,
            name=i.name,
            unit=i.unit,
            truth=truth.rates[code, i.name, i.unit],
            estimate=i.estimate,
            lower=i.interval.lower,
            upper=i.interval.upper,
            conclusion=i.conclusion,
            icc=i.icc,
            own_deff=i.icc_policy == "own-deff",
            outcome=kind.value,
            should_pass=good,
        )
        for i in rates
        if i.name in RATES
        and i.formula != "village-population"
        and i.estimate is not None
        and i.interval is not None
    ]


# -- what came of it ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Coverage:
    """Coverage of one rate over seeds and counties, with its Monte Carlo error."""

    rate: float
    name: str
    unit: str
    county: str
    coverage: float
    mcse: float
    below: float
    above: float
    width: float
    bias: float

    @property
    def holds(self) -> bool:
        """At least 95 % less two Monte Carlo errors (of 95 %, where nothing missed)."""
        return self.coverage >= 0.95 - 2 * self.mcse


def coverages(records: Sequence[Record], rate: float) -> list[Coverage]:
    """Coverage for all counties together and for each."""
    table = pd.DataFrame(
        [
            (
                r.seed,
                r.county,
                r.name,
                r.unit,
                r.covered,
                r.truth < r.lower,
                r.truth > r.upper,
                r.upper - r.lower,
                r.estimate - r.truth,
            )
            for r in records
        ],
        columns=["seed", "county", "name", "unit", "covered", "below", "above", "width", "bias"],
    )
    found = []
    for county, rows in [("all", table), *table.groupby("county")]:
        for (name, unit), part in rows.groupby(["name", "unit"]):
            by_seed = part.groupby("seed")["covered"].mean()
            floor = np.sqrt(0.95 * 0.05 / len(part))
            spread = by_seed.std(ddof=1) / np.sqrt(len(by_seed)) if len(by_seed) > 1 else 0.0
            found.append(
                Coverage(
                    rate=rate,
                    name=str(name),
                    unit=str(unit),
                    county=str(county),
                    coverage=float(part["covered"].mean()),
                    mcse=float(max(spread, floor)),
                    below=float(part["below"].mean()),
                    above=float(part["above"].mean()),
                    width=float(part["width"].mean()),
                    bias=float(part["bias"].mean()),
                )
            )
    return found


def coverage_lines(found: Iterable[Coverage]) -> list[str]:
    """The figures as text, one line a rate."""
    return [
        f"rate {c.rate:.3f} {c.county:>6} {c.name:<20} {c.unit:<10} "
        f"coverage {c.coverage:.4f} (mcse {c.mcse:.4f}) "
        f"truth below {c.below:.4f} above {c.above:.4f} width {c.width:.4f} bias {c.bias:+.5f}"
        for c in found
    ]


def decision_lines(records: Sequence[Record]) -> list[str]:
    """False passes and false failures of each criterion, and the outcomes, as text."""
    lines = []
    for name in RATES:
        rows = [r for r in records if r.name == name and r.conclusion is not None]
        limit = 0.02
        bad = [r for r in rows if r.truth >= limit]
        good = [r for r in rows if r.truth < limit]
        lines.append(
            f"{name}: false passes {sum(r.conclusion == 'pass' for r in bad)} of {len(bad)} "
            f"counties at or over the limit; false fails "
            f"{sum(r.conclusion == 'fail' for r in good)} of {len(good)} under it"
        )
    one = [r for r in records if r.name == RATES[0] and r.unit == "persons"]
    for should in (True, False):
        group = [r for r in one if r.should_pass is should]
        words = ", ".join(
            f"{kind.value} {sum(r.outcome == kind.value for r in group)}" for kind in OutcomeKind
        )
        truly = "all criteria truly met" if should else "some criterion truly broken"
        lines.append(f"{truly} ({len(group)} counties): {words}")
    share = np.mean([r.own_deff for r in records])
    lines.append(f"own design effect acted in {share:.1%} of intervals")
    return lines
