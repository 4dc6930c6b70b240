"""Counties that may be named over a whole round: broken criteria held against the many asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sampling import adjust_p_values

from ..model import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What a list of counties over the round may say.

    ``named`` may be named for a broken criterion with a chance of at most ``risk`` that any of them
    is wrong; ``alone`` break one by their own evidence only. ``claims`` criteria were asked.
    """

    named: tuple[str, ...]
    alone: tuple[str, ...]
    claims: int
    risk: float


def counties_to_name(results: Sequence[Results]) -> Naming | None:
    """Return which counties may be named, by Holm's correction over all their criteria.

    Parameters
    ----------
    results : sequence of Results
        Of every county of the round that has them: a part would name too many.

    Returns
    -------
    Naming or None
        County codes in order; None where no criterion could be asked.
    """
    asked = [
        (r.key.county_code, rate.fail_p_value, rate.interval.confidence)
        for r in results
        for rate in r.indicators
        if rate.threshold is not None
        and rate.fail_p_value is not None
        and rate.interval is not None
    ]
    if not asked:
        return None
    risk = (1 - max(confidence for _, _, confidence in asked)) / 2
    adjusted = adjust_p_values([p for _, p, _ in asked], method="holm")
    named = {code for (code, _, _), p in zip(asked, adjusted, strict=True) if p <= risk}
    broken = {r.key.county_code for r in results if r.outcome.failing}
    return Naming(
        named=tuple(sorted(named)),
        alone=tuple(sorted(broken - named)),
        claims=len(asked),
        risk=risk,
    )
