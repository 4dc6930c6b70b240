"""Second waves: asked for on record, and refused unless a rule declared before the draw allows."""

from __future__ import annotations

from typing import NoReturn

from ..drawing import refuse_second_wave
from ..model import Action, CeremonyState, Plan
from ..store import Store
from .access import authorise, record, require_ceremony
from .concluding import require_results
from .context import Context


def second_wave(context: Context, store: Store, *, county_code: str) -> NoReturn:
    """Ask for a second wave in a county; the asking is in the journal, whatever the answer.

    No second wave is drawn here. Where the plan declared a rule that allows one, the refusal says
    so and how it is to be drawn and judged.

    Raises
    ------
    WrongStageError
        Nothing is drawn or estimated yet, the county is decided, or the shares are published.
    OperatorError
        No rule was declared, it settles nothing more, or its second wave is made outside.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.SECOND_WAVE, county_code)
        kept = require_results(tx, county_code)
        ceremony = require_ceremony(tx, CeremonyState.DRAWN, CeremonyState.DISCLOSED)
        plan = tx.latest(Plan, county_code)
        assert plan is not None
        record(
            tx,
            context,
            "second-wave-asked",
            county_code=county_code,
            rule=plan.second_wave.rule.value,
            outcome=kept.outcome.kind.value,
        )
    disclosed = ceremony.state is CeremonyState.DISCLOSED
    refuse_second_wave(plan.second_wave, kept, disclosed=disclosed)
