"""What first visits miss: blind revisits of clear households, and the rates that allow for it.

Every suspected case is ruled on face to face, so what a first visit finds is verified. What it does
not find shows in the blind revisits alone. A county's own few bound nothing; the round's, pooled by
filed status, do. Statuses are never joined: inspectors treat them differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from sampling import (
    VerifiedFindings,
    VerifiedRate,
    negatives_to_certify,
    true_rate_by_status,
)

from ..model import AllowingForMissed, Limits, ObservedHousehold, RevisitCount, Stratum

STRATA = (Stratum.EXITED, Stratum.UNREGISTERED)
CONFIDENCE = 0.95


def count_revisits(
    observed_by_county: Mapping[str, Sequence[ObservedHousehold]],
) -> tuple[RevisitCount, ...]:
    """Return how many clear households were revisited, and how many of them were poor after all.

    Parameters
    ----------
    observed_by_county : mapping of str to sequence of ObservedHousehold
        The counties whose rates are estimated together.
    """
    again = [
        o
        for observed in observed_by_county.values()
        for o in observed
        if o.revisited and o.found_first is False
    ]
    counts = []
    for stratum in STRATA:
        clear = [o for o in again if o.stratum is stratum]
        missed = sum(o.poor is True for o in clear)
        counts.append(RevisitCount(stratum=stratum, clear=len(clear), missed=missed))
    return tuple(counts)


def findings_of(
    rows: pd.DataFrame, size: str, n_effective: float, count: RevisitCount, share: float = 1.0
) -> VerifiedFindings:
    """Return what is known of one stratum: found at first visits, ruled on, missed among revisits.

    Parameters
    ----------
    rows : DataFrame
        Responding households of the stratum: weight, ``found_first``, ``poor``.
    size : str
        Column that a row counts in.
    n_effective : float
        Effective size of the stratum's rate.
    count : RevisitCount
        Revisits of the stratum, pooled over the round.
    share : float
        The stratum's share of all.
    """
    weight = rows["weight"] * rows[size]
    found = float((weight * rows["found_first"]).sum() / weight.sum())
    stands = float((weight * rows["found_first"] * rows["poor"]).sum() / weight.sum())
    return VerifiedFindings(
        true_positives=n_effective * min(stands, found),
        n=n_effective,
        positive_share=found,
        false_negatives=count.missed,
        verified_negatives=count.clear,
        share=share,
    )


def allowing(
    findings: Iterable[VerifiedFindings], *, known_share: float = 0.0, limit: float | None = None
) -> AllowingForMissed | None:
    """Return a rate that allows for what was missed; None where no clear household was revisited.

    Parameters
    ----------
    findings : iterable of VerifiedFindings
        One for each stratum.
    known_share : float, default 0
        Share that is added as known.
    limit : float, optional
        What the rate should stay below.
    """
    parts = tuple(findings)
    clear = sum(p.verified_negatives for p in parts)
    if not parts or any(p.verified_negatives == 0 for p in parts):
        return None
    rate = true_rate_by_status(parts, confidence=CONFIDENCE)
    return AllowingForMissed(
        estimate=min(1.0, known_share + rate.estimate),
        interval=_limits(rate, known_share),
        clear=clear,
        missed=sum(p.false_negatives for p in parts),
        needed=_needed(parts[0], limit) if len(parts) == 1 and limit is not None else None,
    )


def _limits(rate: VerifiedRate, known_share: float) -> Limits:
    return Limits(
        lower=min(1.0, known_share + rate.lower),
        upper=min(1.0, known_share + rate.upper),
        confidence=CONFIDENCE,
        method=rate.interval.method,
    )


def _needed(part: VerifiedFindings, limit: float) -> int | None:
    return negatives_to_certify(
        limit,
        true_positives=part.true_positives,
        n=part.n,
        positive_share=part.positive_share,
        false_negatives=part.false_negatives,
        confidence=(1 + CONFIDENCE) / 2,
    ).verified_negatives
