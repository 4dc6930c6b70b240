"""Estimates that a county's rates stand on: one stratum, or several joined with a known share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from sampling import (
    CompositeEstimate,
    CompositePart,
    Design,
    NchsPresentation,
    ProportionEstimate,
    design_effect,
    estimate_composite,
    estimate_proportion,
    estimate_total,
    nchs_presentation,
)

from ..model import CLUSTERED_ICC, IccPool
from .stability import deff_used

OWN = "own-deff"
BY_PART = "by-part"
# A county with one village has no variance of its own; what rests on it is then left out.
_DESIGN = Design(weight="weight", psu="psu", lonely_psu="certainty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """An estimate with its interval, the NCHS one beside it, and which correlation acted.

    ``nchs`` also holds whether the NCHS standards would publish the rate.

    ``std_error`` and ``nchs`` are None where the sample has one village. ``clustered`` is the
    estimate if the intra-cluster correlation were `CLUSTERED_ICC`.
    """

    estimate: ProportionEstimate | CompositeEstimate
    std_error: float | None
    nchs: NchsPresentation | None
    icc: float | None
    policy: str
    own_deff: float | None
    clustered: ProportionEstimate | CompositeEstimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """One stratum of a composite: its share of the population, its rows, its own estimate."""

    name: str
    share: float
    inside: pd.Series
    estimated: Estimated


def rate_over(
    data: pd.DataFrame, event: str, inside: pd.Series, size: str, pool: IccPool
) -> Estimated:
    """Return the rate of ``event`` over the rows ``inside``, counted in the column ``size``.

    Rows outside still tell which villages were sampled.
    """
    rows = data[inside]
    data = data.assign(domain=inside, event=data[event].fillna(0.0))
    weights = rows["weight"] * rows[size]
    model = design_effect(weights, icc=pool.icc, psu=rows["psu"])
    more = design_effect(weights, icc=max(pool.icc, CLUSTERED_ICC), psu=rows["psu"])
    own = _row(data, size)
    own_deff = _own_deff(own)
    used = float(deff_used(model, own_deff, own.events))
    several = data["psu"].nunique() > 1
    return Estimated(
        estimate=_row(data, size, used),
        std_error=own.std_error if several else None,
        nchs=own.nchs if several else None,
        icc=pool.icc,
        policy=OWN if used > max(1.0, model) else pool.policy,
        own_deff=own_deff if own_deff > 0 and several else None,
        clustered=_row(data, size, max(used, float(more))),
    )


def _row(data: pd.DataFrame, size: str, deff: float | None = None) -> ProportionEstimate:
    """Return the estimate of the domain, by the own variance or by a given design effect."""
    rows = estimate_proportion(data, "event", _DESIGN, by="domain", size=size, model_deff=deff)
    row = rows.domain(True)
    assert isinstance(row, ProportionEstimate)
    return row


def _own_deff(own: ProportionEstimate) -> float:
    p = own.estimate
    return own.n * own.std_error**2 / (p * (1 - p)) if 0 < p < 1 else 0.0


def composite(
    data: pd.DataFrame, event: str, size: str, parts: Sequence[Part], known_share: float
) -> Estimated:
    """Return the rate over several strata of known size, with the known share added.

    Notes
    -----
    The own variance is that of the total over villages of S_d z (y - p_d) / sum of w z, summed
    over the strata d, so that villages that are bad in both count as such. Where it is far worse
    than the model's, all parts' variances are enlarged by the same factor.
    """
    joined = estimate_composite(_parts(parts), known_share=known_share)
    more = [
        replace(p, estimated=replace(p.estimated, estimate=p.estimated.clustered)) for p in parts
    ]
    clustered = estimate_composite(_parts(more), known_share=known_share)
    std_error, df = _own_variance(data, event, size, parts)
    sampled = joined.sampled_share
    p = min(1.0, sum(p.share * p.proportion for p in joined.parts) / sampled)
    own_deff = joined.n * (std_error / sampled) ** 2 / (p * (1 - p)) if 0 < p < 1 else 0.0
    model = joined.n / joined.n_used
    used = float(deff_used(model, own_deff, joined.events))
    if used > max(1.0, model):
        joined = estimate_composite(_parts(parts, used / model), known_share=known_share)
    return Estimated(
        estimate=joined,
        std_error=std_error if df > 0 else None,
        nchs=_nchs(joined, p, std_error, df, known_share) if df > 0 else None,
        icc=None,
        policy=OWN if used > max(1.0, model) else BY_PART,
        own_deff=own_deff if own_deff > 0 and df > 0 else None,
        clustered=clustered if clustered.n_used < joined.n_used else joined,
    )


def _parts(parts: Sequence[Part], enlarged: float = 1.0) -> list[CompositePart]:
    made = []
    for part in parts:
        estimate = part.estimated.estimate
        made.append(
            CompositePart(
                name=part.name,
                share=part.share,
                proportion=min(1.0, estimate.estimate),
                n=estimate.n,
                events=estimate.events,
                variance_factor=min(1.0, enlarged / estimate.n_used),
            )
        )
    return made


def _own_variance(
    data: pd.DataFrame, event: str, size: str, parts: Sequence[Part]
) -> tuple[float, int]:
    """Return standard error and degrees of freedom of the composite by its own villages."""
    residual = pd.Series(0.0, index=data.index)
    for part in parts:
        rows = data[part.inside]
        whole = float((rows["weight"] * rows[size]).sum())
        gap = rows[size] * (rows[event] - part.estimated.estimate.estimate)
        residual = residual.add(part.share * gap / whole, fill_value=0.0)
    row = estimate_total(data.assign(residual=residual), "residual", _DESIGN)[0]
    return row.std_error, row.df


def _nchs(
    joined: CompositeEstimate, p: float, std_error: float, df: int, known_share: float
) -> NchsPresentation:
    """Return interval and verdict by the own variance, on the scale of the sampled strata and back.

    The verdict is that of the sampled strata: what the register knows needs no publishing rule.
    """
    sampled = joined.sampled_share
    variance = (std_error / sampled) ** 2
    own = p * (1 - p) / variance if variance > 0 and 0 < p < 1 else None
    found = nchs_presentation(p, joined.n, own, df)
    limits = replace(
        found.interval,
        lower=found.interval.lower * sampled + known_share,
        upper=found.interval.upper * sampled + known_share,
    )
    return replace(found, interval=limits)
