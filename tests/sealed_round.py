"""A small frozen round of two counties and its ceremony, for tests of the sealed draw."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from audit_toolkit.drawing import (
    build_design,
    disclose,
    draw_round,
    mark_drawn,
    open_ceremony,
    published_files,
    record_dice,
    seed_text,
)
from audit_toolkit.model import (
    County,
    EvaluationKey,
    FiledStatus,
    FrameHousehold,
    Plan,
    Round,
    Stratum,
    Take,
)
from audit_toolkit.registers import freeze_frame
from audit_toolkit.rules import load_rule_set
from sampling.commitment import commit_share

AT = datetime(2019, 11, 25, 3, 0, tzinfo=UTC)
DICE = "38471920561029384756"
SHARES = {"评估机构": "1a" * 32, "province": "b2" * 32, "central office": "c3" * 32}
COMMITMENTS = {holder: commit_share(holder, share) for holder, share in SHARES.items()}
COUNTIES = ("990101", "990102")

ROUND = Round(
    province_code="99",
    exit_year=2019,
    round_name="2019-1",
    institution="评估机构",
    counties=tuple(County(county_code=c, name=f"县{c[-1]}") for c in COUNTIES),
    rule_set_id="cn-2019",
)
RULES = load_rule_set("cn-2019")


def frame_households(
    counties=COUNTIES, villages=12, *, size=(6, 24), seed=20191125
) -> list[FrameHousehold]:
    """Households of plainly fictitious villages; the first village of each county is large."""
    rng = random.Random(seed)
    statuses = [FiledStatus.EXITED, FiledStatus.UNREGISTERED, FiledStatus.POOR]
    households = []
    for county in counties:
        for v in range(villages):
            village = f"{county}{v:06d}"
            for i in range(rng.randint(*size) * (8 if v == 0 else 1)):
                status = rng.choices(statuses, weights=(45, 50, 5))[0]
                registered = status is not FiledStatus.UNREGISTERED
                households.append(
                    FrameHousehold(
                        household_id=f"{'H' if registered else 'R-'}{village}{i:04d}",
                        county_code=county,
                        township="乡",
                        village_code=village,
                        village_name=f"村{v}",
                        group_name=f"{i % 4 + 1}组",
                        head_name=f"户主{i}",
                        members=rng.randint(1, 6),
                        status=status,
                        register_id=None,
                        roster_id=f"{village}{i:04d}",
                    )
                )
    return households


def freeze(households):
    """Freeze with salts that are the same every time."""
    rng = random.Random(7)
    bare = [h for h in households]
    return freeze_frame(
        bare,
        [],
        [],
        salts=[rng.randbytes(16) for _ in bare],
        code_salt=rng.randbytes(16),
    )


def plan(county: str, *, villages=5, takes=(4, 3, 1), reserves=2, revisit_share="0.10") -> Plan:
    """A plan with whole sizes; what it can show does not matter here."""
    weights = (1000, 900, 300)
    return Plan(
        key=EvaluationKey(
            county_code=county, exit_year=2019, round_name="2019-1", institution="评估机构"
        ),
        villages=villages,
        takes=tuple(
            Take(stratum=s, households=n, reserves=reserves, size_weight=w)
            for s, n, w in zip(Stratum, takes, weights, strict=True)
        ),
        revisit_share=revisit_share,
        icc=0.05,
        incidence_limit="0.02",
        confidence=0.95,
        sizes=(),
        chances=(),
        wrong_pass=(),
        repetitions=1,
    )


class Sealed:
    """A round taken to disclosure, with everything that came up on the way."""

    def __init__(
        self, *, commitments=COMMITMENTS, shares=SHARES, lost=(), dice=DICE, plans=None
    ) -> None:
        self.freeze, self.units = freeze(frame_households())
        self.plans = plans or [plan(c) for c in COUNTIES]
        self.design = build_design(
            self.freeze, self.plans, RULES, software="audit-toolkit test", round_=ROUND
        )
        self.committed = open_ceremony(1, self.freeze, self.design, commitments, at=AT, earlier=[])
        self.diced = record_dice(self.committed, dice, dice, ["见证人", "Witness B"], at=AT)
        self.seed = seed_text(self.diced, shares)
        self.draw = draw_round(self.units, self.plans, self.diced, self.seed)
        self.drawn = mark_drawn(self.diced, self.seed)
        self.disclosed = disclose(
            self.drawn,
            {h: s for h, s in shares.items() if h not in dict(lost)},
            lost=dict(lost),
        )

    def files(self, ceremony=None) -> dict[str, bytes]:
        """Published files at a state, disclosed if none is given."""
        return published_files(self.freeze, self.units, ceremony or self.disclosed, self.draw)
