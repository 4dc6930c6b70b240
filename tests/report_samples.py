"""County reports to look at: four outcomes, rates without events, a rate that cannot be had."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from audit_toolkit.conclusions import outcome_sentence
from audit_toolkit.drawing import plan_sentences
from audit_toolkit.model import (
    Case,
    CaseKind,
    CaseState,
    Ceremony,
    CeremonyState,
    County,
    Discrepancy,
    Draw,
    DrawnHousehold,
    DrawnVillage,
    ExpectedSize,
    FiledStatus,
    Freeze,
    IccPool,
    Indicator,
    InspectorError,
    Limits,
    Outcome,
    OutcomeChance,
    OutcomeKind,
    Plan,
    Removal,
    Results,
    Round,
    Settlement,
    ShareCommitment,
    StepFault,
    Stratum,
    StratumCount,
    Take,
)
from audit_toolkit.reports import ReportContext, build_context
from audit_toolkit.rules import load_rule_set
from audit_toolkit.rulings import rectifications

CODE = "900101"
PLANTED = "户主甲乙丙"
RULES = load_rule_set("cn-2019")
ROUND = Round(
    province_code="90",
    exit_year=2019,
    round_name="第一轮",
    institution="示例大学评估中心",
    counties=(
        County(county_code=CODE, name="云溪县"),
        County(county_code="900102", name="石桥县"),
        County(county_code="900103", name="松岭县"),
    ),
    rule_set_id="cn-2019",
)
KEY = ROUND.key(CODE)
OUTCOMES = ("recommend", "criteria", "procedure", "undecided")
WRITTEN_AT = datetime(2020, 3, 2, 8, 30, tzinfo=UTC)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def rate(
    name: str,
    estimate: float | None,
    lower: float,
    upper: float,
    *,
    unit: str = "persons",
    formula: str = "interviewed",
    events: int = 0,
    households: int = 500,
    conclusion: str | None = None,
    official: float | None = None,
    why: str = "",
    boundary: bool = False,
) -> Indicator:
    rule = RULES.threshold(name)
    decides = rule is not None and conclusion is not None
    there = estimate is not None
    method = "korn-graubard-composite" if "composite" in name else "korn-graubard-model"
    limits = Limits(lower=lower, upper=upper, confidence=0.95, method=method)
    return Indicator(
        name=name,
        unit=unit,
        formula=formula,
        estimate=estimate,
        std_error=0.0031 if there and estimate else None,
        interval=limits if there else None,
        interval_nchs=replace(limits, method="korn-graubard") if there else None,
        households=households if there else 0,
        persons=households * 37 // 10 if there else 0,
        events=events,
        event_persons=events * 4,
        villages=30 if there else 0,
        deff=1.62 if there else None,
        n_effective=households / 1.62 if there else None,
        icc=None if "composite" in name else 0.05,
        icc_policy="" if not there else "by-part" if "composite" in name else "floor-plan",
        threshold=rule.limit if decides and rule else None,
        direction=rule.direction if decides and rule else None,
        conclusion=conclusion,
        boundary=boundary,
        official_point=official,
        official_conclusion="pass" if decides else None,
        why=why,
    )


def indicators(kind: str) -> tuple[Indicator, ...]:
    open_, broken = kind == "undecided", kind == "criteria"
    wrongful = {
        "undecided": rate(
            "wrongful_exit_rate",
            0.0091,
            0.0021,
            0.0263,
            events=5,
            conclusion="inconclusive",
            official=0.0088,
        ),
        "criteria": rate(
            "wrongful_exit_rate",
            0.0482,
            0.0291,
            0.0742,
            events=24,
            conclusion="fail",
            official=0.0451,
        ),
    }.get(kind, rate("wrongful_exit_rate", 0.0, 0.0, 0.0089, conclusion="pass", official=0.0))
    return (
        wrongful,
        rate(
            "omission_rate",
            0.0016 if open_ else 0.0,
            0.0001 if open_ else 0.0,
            0.0102 if open_ else 0.0074,
            events=1 if open_ else 0,
            households=620,
            conclusion="pass",
            official=0.0015 if open_ else 0.0,
        ),
        rate(
            "approval_rate",
            1.0 if kind == "procedure" else 0.981,
            0.9921 if kind == "procedure" else 0.967,
            1.0 if kind == "procedure" else 0.99,
            unit="households",
            events=1180,
            households=1201,
            conclusion="pass",
            official=0.979,
        ),
        rate(
            "composite_incidence",
            0.0204 if broken else 0.0068,
            0.0121 if broken else 0.0049,
            0.0293 if broken else 0.0132,
            formula="register-totals",
            events=24 if broken else 6,
            households=1120,
            conclusion="inconclusive" if broken else "pass",
            official=0.02 if broken else 0.0066,
            boundary=broken,
        ),
        rate(
            "wrongful_exit_rate",
            0.0087 if open_ else 0.0,
            0.0018,
            0.0251,
            unit="households",
            events=5 if open_ else 0,
        ),
        rate("omission_rate", 0.0, 0.0, 0.0071, unit="households", households=620),
        rate("missed_exit_rate", None, 0, 0, why="no-response"),
        rate(
            "omission_rate",
            0.0,
            0.0,
            0.0079,
            formula="village-population",
            households=620,
            why="not-screened",
        ),
    )


def outcome(kind: str) -> Outcome:
    kinds = {
        "recommend": OutcomeKind.RECOMMEND_EXIT,
        "undecided": OutcomeKind.UNDECIDED,
    }
    settlement = Settlement(
        indicator="wrongful_exit_rate",
        true_rate=0.005,
        power=0.8,
        more_villages=9,
        villages_now=30,
    )
    return Outcome(
        key=KEY,
        kind=kinds.get(kind, OutcomeKind.ORDER_VERIFICATION),
        reasons=(kind,) if kind in ("criteria", "procedure") else (),
        failing=("wrongful_exit_rate",) if kind == "criteria" else (),
        undecided=("wrongful_exit_rate",) if kind == "undecided" else (),
        settlements=(settlement,) if kind == "undecided" else (),
        open_cases=2 if kind == "undecided" else 0,
        procedure_faults=("public-notice", "household-steps:431/498")
        if kind == "procedure"
        else (),
        official_kind=OutcomeKind.RECOMMEND_EXIT,
        provisional=kind == "undecided",
    )


PLAN = Plan(
    key=KEY,
    villages=30,
    takes=tuple(
        Take(stratum=s, households=n, reserves=3, size_weight=w)
        for s, n, w in (
            (Stratum.EXITED, 18, 3),
            (Stratum.UNREGISTERED, 21, 1),
            (Stratum.STILL_POOR, 2, 3),
        )
    ),
    revisit_share="0.10",
    icc=0.05,
    incidence_limit="0.02",
    confidence=0.95,
    sizes=tuple(
        ExpectedSize(stratum=s, households=n, deff=d, upper_if_clean=u)
        for s, n, d, u in (
            (Stratum.EXITED, 512, 1.74, 0.0125),
            (Stratum.UNREGISTERED, 624, 1.88, 0.0111),
            (Stratum.STILL_POOR, 44, 1.05, 0.0842),
        )
    ),
    chances=tuple(
        OutcomeChance(true_rate=t, recommend=r, undecided=u, order=o)
        for t, r, u, o in (
            (0.002, 0.642, 0.358, 0.0),
            (0.005, 0.214, 0.786, 0.0),
            (0.01, 0.021, 0.978, 0.001),
            (0.03, 0.0, 0.79, 0.21),
            (0.05, 0.0, 0.19, 0.81),
        )
    ),
    wrong_pass=(("wrongful_exit_rate", 0.016), ("omission_rate", 0.012)),
    repetitions=2000,
    note="mostly-undecided",
)
CEREMONY = Ceremony(
    number=1,
    state=CeremonyState.DISCLOSED,
    root=digest("root"),
    design_digest=digest("design"),
    design_json="{}",
    commitments=(
        ShareCommitment(holder="示例大学评估中心", commitment=digest("c1"), share=digest("share")),
        ShareCommitment(holder="省扶贫办", commitment=digest("c2"), lost="持有人离职"),
    ),
    committed_at=datetime(2020, 1, 6, 1, 0, tzinfo=UTC),
    dice="35142635142635142635142",
    witnesses=("见证人一", "见证人二"),
    dice_at=datetime(2020, 1, 7, 2, 15, tzinfo=UTC),
    seed_sha256=digest("seed"),
)


def _draw() -> Draw:
    villages = tuple(
        DrawnVillage(
            county_code=CODE,
            psu=f"p{n:04d}",
            village_code=f"{CODE}100{n:03d}",
            size_measure=120,
            ticket=digest(f"v{n}"),
            order=n,
            certainty=n < 3,
            inclusion_prob=0.2,
            team_ticket=digest(f"t{n}"),
        )
        for n in range(30)
    )
    takes = {Stratum.EXITED: 17, Stratum.UNREGISTERED: 20, Stratum.STILL_POOR: 1}
    households = tuple(
        DrawnHousehold(
            county_code=CODE,
            unit_id=f"unit-{v.psu}-{stratum.value}-{n}",
            household_id=f"HH-{v.psu}-{stratum.value}-{n}",
            psu=v.psu,
            stratum=stratum,
            ticket=digest(f"{v.psu}{stratum}{n}"),
            order=n,
            reserve=n >= take,
            inclusion_prob=0.04,
            base_weight=0.0 if n >= take else 25.0,
            revisit_ticket=digest(f"r{v.psu}{stratum}{n}"),
        )
        for v in villages
        for stratum, take in takes.items()
        for n in range(take + 3)
    )
    return Draw(
        ceremony=1,
        seed_sha256=digest("seed"),
        villages=villages,
        households=households,
        digest=digest("draw"),
    )


DRAW = _draw()
FREEZE = Freeze(
    root=digest("root"),
    unit_count=21_480,
    strata=tuple(
        StratumCount(county_code=code, stratum=s, code=f"s{n}{code[-1]}", households=h, persons=p)
        for code in (CODE, "900102")
        for n, (s, h, p) in enumerate(
            (
                (Stratum.EXITED, 2210, 8177),
                (Stratum.UNREGISTERED, 4870, 18_106),
                (Stratum.STILL_POOR, 61, 188),
            )
        )
    ),
    public_frame_sha256=digest("frame"),
    stratum_sha256=(),
    removals=(
        Removal(county_code=CODE, household_id="HH-away", problem_id="m1", reason="整户迁出"),
    ),
)


def case(number: int, kind: CaseKind, failing: tuple[str, ...]) -> Case:
    return Case(
        case_id=f"case-{number}",
        county_code=CODE,
        household_id=f"HH-case-{number}",
        kind=kind,
        status=FiledStatus.EXITED,
        persons=4,
        failing=failing,
        first_says=True,
        revisit_says=None,
    )


def cases(kind: str) -> list[tuple[Case, CaseState]]:
    if kind in ("recommend", "procedure"):
        return []
    return [
        (case(1, CaseKind.WRONGFUL_EXIT, ("income-stability",)), CaseState.CONFIRMED),
        (case(2, CaseKind.WRONGFUL_EXIT, ("housing", "water")), CaseState.CONFIRMED),
        (case(3, CaseKind.WRONGFUL_EXIT, ("income",)), CaseState.DISMISSED),
        (case(4, CaseKind.OMISSION, ("medical",)), CaseState.HALF_RULED),
        (case(5, CaseKind.MISSED_EXIT, ()), CaseState.CONFIRMED),
    ]


def step_faults(kind: str) -> tuple[StepFault, ...]:
    if kind != "procedure":
        return ()
    household = tuple(
        StepFault(county_code=CODE, household_id=f"HH-{n}", step=step, fault=fault)
        for n in range(67)
        for step, fault in (
            ("village-notice", "notice-too-short"),
            ("agreement", "no-document"),
        )[: 1 + n % 2]
    )
    county = StepFault(
        county_code=CODE, household_id="", step="public-notice", fault="notice-too-short"
    )
    return (county, *household)


def results(kind: str) -> Results:
    return Results(
        key=KEY,
        indicators=indicators(kind),
        pools=(
            IccPool(
                name="wrongful_exit_rate",
                unit="persons",
                icc=0.05,
                estimate=0.031,
                areas=3,
                events=9,
                policy="floor-plan",
            ),
            IccPool(
                name="omission_rate",
                unit="persons",
                icc=0.05,
                estimate=None,
                areas=0,
                events=0,
                policy="plan",
            ),
        ),
        outcome=outcome(kind),
        inspector_error=InspectorError(
            county_code=CODE, pairs=118, both_poor=3, first_only=1, revisit_only=2, neither=112
        ),
        response=(
            ("absent", 9),
            ("completed", 1149),
            ("moved", 7),
            ("refused", 3),
            ("replaced", 10),
        ),
        procedure_complete=498 if kind != "procedure" else 431,
        procedure_checked=498,
        rule_set_id="cn-2019",
        rule_set_sha256=RULES.sha256,
        software="audit-toolkit 0.1.0",
    )


def context(kind: str, **changes: object) -> ReportContext:
    """Return the context of a county that comes out as ``kind`` of `OUTCOMES`."""
    found = results(kind)
    ruled = cases(kind)
    given: dict[str, object] = {
        "round_": ROUND,
        "key": KEY,
        "freeze": FREEZE,
        "plan": PLAN,
        "ceremony": CEREMONY,
        "draw": DRAW,
        "results": found,
        "cases": ruled,
        "rectifications": rectifications(ruled),
        "step_faults": step_faults(kind),
        "discrepancies": [
            Discrepancy(
                county_code=CODE,
                household_id=f"HH-d{n}",
                item=item,
                filed=PLANTED,
                found="5",
                decides=n % 3 == 0,
            )
            for n, item in enumerate(("members", "net_income_pc", "members", "housing_grade"))
        ],
        "rules": RULES,
        "journal_head": digest("journal"),
        "software": found.software,
        "sentence": {
            lang: outcome_sentence(found.outcome, found.indicators, lang) for lang in ("zh", "en")
        },
        "plan_sentences": {lang: plan_sentences(PLAN, lang) for lang in ("zh", "en")},
        "written_at": WRITTEN_AT,
        **changes,
    }
    return build_context(**given)  # type: ignore[arg-type]
