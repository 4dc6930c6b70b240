"""Planning the sample of each county."""

from __future__ import annotations

from collections.abc import Mapping

from ..drawing import make_plan
from ..errors import WrongStageError
from ..model import Action, CeremonyState, Plan, Stratum, WaveRule
from ..registers import village_counts
from ..store import Store
from .access import (
    authorise,
    current_ceremony,
    record,
    require_freeze,
    require_round,
    require_rules,
)
from .context import Context


def plan_county(
    context: Context,
    store: Store,
    *,
    county_code: str,
    villages: int = 30,
    takes: Mapping[Stratum, int] | None = None,
    reserves: int = 3,
    revisit_share: str = "0.10",
    repetitions: int = 2000,
    second_rule: str = WaveRule.NONE,
    second_villages: int | None = None,
) -> Plan:
    """Return and keep the plan of one county, with its sizes and risks.

    A plan may be made again until a ceremony has committed to it. A second wave is allowed later
    only by the rule declared here ("none", "two-stage" or "anytime").

    Raises
    ------
    WrongStageError
        The frame is not frozen, or a ceremony has fixed the plans.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.PLAN, county_code)
        require_freeze(tx)
        ceremony = current_ceremony(tx)
        if ceremony is not None and ceremony.state is not CeremonyState.VOIDED:
            raise WrongStageError("plan-fixed", number=ceremony.number)
        round_ = require_round(tx)
        plan = make_plan(
            round_.key(county_code),
            village_counts(tx.frame_units(county_code), county_code),
            require_rules(tx),
            province_code=round_.province_code,
            village_sample=villages,
            takes=takes,
            reserves=reserves,
            revisit_share=revisit_share,
            rng=context.rng(f"plan|{county_code}"),
            repetitions=repetitions,
            second_rule=second_rule,
            second_villages=second_villages,
        )
        tx.append(plan, key=county_code, county=county_code)
        record(
            tx,
            context,
            "plan",
            county_code=county_code,
            villages=plan.villages,
            takes={t.stratum.value: t.households for t in plan.takes},
            reserves=reserves,
            revisit_share=revisit_share,
            second_wave=plan.second_wave.rule.value,
            second_villages=plan.second_wave.villages,
        )
    return plan


def show_plan(context: Context, store: Store, *, county_code: str) -> Plan | None:
    """Return the plan of a county, or None where none was made."""
    with store.reading() as tx:
        authorise(tx, context, Action.PLAN, county_code)
        return tx.latest(Plan, county_code)
