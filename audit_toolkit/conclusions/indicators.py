"""The rates of a county from its observed households, each with interval, limit and conclusion.

Every rate is a ratio of weighted counts over one filed-status stratum, of persons or households;
the composite joins two of them with what is known from the register. The interval is
Korn-Graubard's at an effective size from the model design effect, with an intra-cluster
correlation pooled over the round.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sampling import CompositeEstimate, Interval, ProportionEstimate, decide

from ..model import (
    AllowingForMissed,
    EvaluationKey,
    IccPool,
    Indicator,
    Limits,
    ObservedHousehold,
    RevisitCount,
    RuleSet,
    Stratum,
    StratumCount,
    VillageCount,
)
from .estimates import Estimated, Part, composite, rate_over
from .missed import allowing, findings_of
from .pooling import RATES, SIZE_COLUMN, UNITS, Rate, is_over, planned_pool, table_of

COMPOSITE = "composite_incidence"
INTERVIEWED = "interviewed"
REGISTER_TOTALS = "register-totals"
VILLAGE_POPULATION = "village-population"
_BY_NAME = {rate.name: rate for rate in RATES}
_PARTS = (_BY_NAME["wrongful_exit_rate"], _BY_NAME["omission_rate"])


def indicators(
    key: EvaluationKey,
    observed: Sequence[ObservedHousehold],
    strata: Sequence[StratumCount],
    villages: Sequence[VillageCount],
    pools: Sequence[IccPool],
    rules: RuleSet,
    *,
    province_code: str,
    revisits: Sequence[RevisitCount] = (),
) -> tuple[Indicator, ...]:
    """Return the rates of one county, those that decide before those that do not.

    Parameters
    ----------
    key : EvaluationKey
        The evaluation.
    observed : sequence of ObservedHousehold
        Its sampled households.
    strata : sequence of StratumCount
        Households and persons of its frozen strata.
    villages : sequence of VillageCount
        All its villages.
    pools : sequence of IccPool
        Correlations pooled over the round.
    rules : RuleSet
        Limits, and which unit decides.
    province_code : str
        Two digits; limits differ by province.
    revisits : sequence of RevisitCount, optional
        Blind revisits pooled over the round; the rates of poverty then allow for what was missed.

    Returns
    -------
    tuple of Indicator
        A rate without a limit, or in a unit or by a formula that does not decide, has no threshold
        and no conclusion. A rate that the data do not allow has no estimate and says why.
    """
    county = _County(
        data=_calibrated(table_of(observed), strata),
        strata={s.stratum: s for s in strata if s.county_code == key.county_code},
        villages={v.psu: v for v in villages if v.county_code == key.county_code},
        pools={(p.name, p.unit): p for p in pools},
        rules=rules,
        province_code=province_code,
        revisits={r.stratum: r for r in revisits},
    )
    found = {(r.name, unit): _estimate(county, r, unit) for r in RATES for unit in r.units}
    listed = [_rate(county, r, unit, found[r.name, unit]) for r in RATES for unit in r.units]
    listed += [_composite(county, u, [found[part.name, u] for part in _PARTS]) for u in UNITS]
    listed += [_village_population(county, unit) for unit in UNITS]
    return tuple(sorted(listed, key=lambda i: i.threshold is None))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _County:
    """What the rates of one county are made from."""

    data: pd.DataFrame
    strata: Mapping[Stratum, StratumCount]
    villages: Mapping[str, VillageCount]
    pools: Mapping[tuple[str, str], IccPool]
    rules: RuleSet
    province_code: str
    revisits: Mapping[Stratum, RevisitCount]

    def icc(self, name: str, unit: str) -> IccPool:
        """Return the correlation of a rate: pooled, or planned where none was pooled."""
        planned = planned_pool(name, unit, float(self.rules.plan_icc))
        return self.pools.get((name, unit), planned)

    def size(self, stratum: Stratum | None, unit: str) -> int:
        """Return the persons or households of a stratum, or of all, in the frame."""
        counts = [c for s, c in self.strata.items() if stratum in (None, s)]
        return sum(c.persons if unit == "persons" else c.households for c in counts)

    def limit(self, name: str, unit: str) -> tuple[str, str] | None:
        """Return limit and direction of a rate where this unit decides."""
        rule = self.rules.threshold(name)
        limit = self.rules.limit(name, self.province_code)
        if rule is None or limit is None or rule.unit != unit:
            return None
        return limit, rule.direction


def _calibrated(data: pd.DataFrame, strata: Sequence[StratumCount]) -> pd.DataFrame:
    """Return the rows with weights that sum to the frame's households in each stratum.

    Rates within a stratum do not change by it; the approval rate, over all strata, does.
    """
    size = {s.stratum.value: s.households for s in strata}
    total = data.groupby("stratum")["weight"].sum()
    factor = {s: size[s] / total[s] for s in total.index if size.get(s) and total[s] > 0}
    scale = data["stratum"].map(factor).astype("float64").fillna(1.0)
    return data.assign(weight=data["weight"] * scale)


def _estimate(county: _County, rate: Rate, unit: str) -> Estimated | None:
    """Return a rate's estimate, or None where nobody of its stratum responded."""
    inside = is_over(county.data, rate)
    if not inside.any():
        return None
    return rate_over(
        county.data, rate.event, inside, SIZE_COLUMN[unit], county.icc(rate.name, unit)
    )


def _rate(county: _County, rate: Rate, unit: str, found: Estimated | None) -> Indicator:
    """Return the row of a rate over a stratum or, for approval, over all households."""
    limit = county.limit(rate.name, unit)
    if not county.size(rate.stratum, "households"):
        return _nothing(rate.name, unit, INTERVIEWED, "stratum-empty", None)
    if found is None:
        return _nothing(rate.name, unit, INTERVIEWED, "no-response", limit)
    rows = county.data[is_over(county.data, rate)]
    official = _sample_share(rows, rate.event, unit)
    row = _indicator(rate.name, unit, INTERVIEWED, found, rows, rows[rate.event], official)
    if rate in _PARTS:
        row = dataclasses.replace(row, allowing=_allowing(county, unit, [(rate, found, 1.0)]))
    return _with_limit(county, row, found, limit)


def _allowing(
    county: _County,
    unit: str,
    parts: Sequence[tuple[Rate, Estimated, float]],
    *,
    name: str = "",
    known_share: float = 0.0,
) -> AllowingForMissed | None:
    """Return what a rate would be with what first visits missed; None without revisits."""
    findings = []
    for rate, found, share in parts:
        count = county.revisits.get(rate.stratum) if rate.stratum else None
        rows = county.data[is_over(county.data, rate)]
        if count is None or rows["found_first"].isna().any():
            return None
        n = found.estimate.n_used
        findings.append(findings_of(rows, SIZE_COLUMN[unit], n, count, share))
    limit = county.limit(name or parts[0][0].name, unit)
    below = None if limit is None else float(limit[0])
    return allowing(findings, known_share=known_share, limit=below)


def _sample_share(rows: pd.DataFrame, event: str, unit: str) -> float:
    """Return the unweighted share of the sample, as practice reckons it."""
    size = rows[SIZE_COLUMN[unit]]
    return float((rows[event] * size).sum() / size.sum())


def _composite(county: _County, unit: str, found: Sequence[Estimated | None]) -> Indicator:
    """Return the composite incidence: still poor as filed, wrongly exited, omitted, over all."""
    total = county.size(None, unit)
    limit = county.limit(COMPOSITE, unit)
    asked = [
        (rate, part)
        for rate, part in zip(_PARTS, found, strict=True)
        if county.size(rate.stratum, unit)
    ]
    if not asked:
        return _nothing(COMPOSITE, unit, REGISTER_TOTALS, "stratum-empty", None)
    if any(part is None for _, part in asked):
        return _nothing(COMPOSITE, unit, REGISTER_TOTALS, "no-response", limit)
    known = county.size(Stratum.STILL_POOR, unit) / total
    parts = [
        Part(
            name=rate.name,
            share=county.size(rate.stratum, unit) / total,
            inside=is_over(county.data, rate),
            estimated=part,
        )
        for rate, part in asked
        if part is not None
    ]
    official = known + sum(
        p.share * _sample_share(county.data[p.inside], "poor", unit) for p in parts
    )
    rows = county.data[
        county.data["stratum"].isin([r.stratum.value for r, _ in asked if r.stratum])
    ]
    joined = composite(county.data, "poor", SIZE_COLUMN[unit], parts, known)
    row = _indicator(COMPOSITE, unit, REGISTER_TOTALS, joined, rows, rows["poor"], official)
    by_part = [
        (rate, part.estimated, part.share) for (rate, _), part in zip(asked, parts, strict=True)
    ]
    missed = _allowing(county, unit, by_part, name=COMPOSITE, known_share=known)
    return _with_limit(county, dataclasses.replace(row, allowing=missed), joined, limit)


def _village_population(county: _County, unit: str) -> Indicator:
    """Return the omission rate over all unregistered of the sampled villages.

    The households interviewed in a village stand for all its unregistered ones. The official count
    divides the cases found by that whole population; without screening everybody this would take
    households that nobody visited for not omitted, so no official point is given.
    """
    rate = _BY_NAME["omission_rate"]
    inside = is_over(county.data, rate)
    if not county.size(rate.stratum, "households"):
        return _nothing(rate.name, unit, VILLAGE_POPULATION, "stratum-empty", None)
    if not inside.any():
        return _nothing(rate.name, unit, VILLAGE_POPULATION, "no-response", None)
    rows = county.data[inside]
    size = SIZE_COLUMN[unit]
    interviewed = rows.groupby("psu")[size].sum()
    blown_up = {
        psu: _unregistered(county.villages[psu], unit) / interviewed[psu]
        for psu in interviewed.index
    }
    data = rows.assign(weight=rows["psu"].map(blown_up))
    found = rate_over(data, rate.event, inside[inside], size, county.icc(rate.name, unit))
    row = _indicator(rate.name, unit, VILLAGE_POPULATION, found, rows, rows[rate.event], None)
    return dataclasses.replace(row, why="not-screened")


def _unregistered(village: VillageCount, unit: str) -> int:
    counts = village.persons if unit == "persons" else village.households
    return sum(n for s, n in counts if s is Stratum.UNREGISTERED)


def _indicator(
    name: str,
    unit: str,
    formula: str,
    found: Estimated,
    rows: pd.DataFrame,
    events: pd.Series,
    official: float | None,
) -> Indicator:
    """Return the row of a rate that could be estimated, before any limit."""
    estimate = found.estimate
    return Indicator(
        name=name,
        unit=unit,
        formula=formula,
        estimate=estimate.estimate,
        std_error=found.std_error,
        interval=_limits(estimate.interval),
        interval_nchs=_limits(None if found.nchs is None else found.nchs.interval),
        households=len(rows),
        persons=int(rows["persons"].sum()),
        events=int(events.sum()),
        event_persons=int((events * rows["persons"]).sum()),
        villages=int(rows["psu"].nunique()),
        deff=estimate.n / estimate.n_used,
        n_effective=estimate.n_used,
        icc=found.icc,
        icc_policy=found.policy,
        threshold=None,
        direction=None,
        conclusion=None,
        boundary=False,
        official_point=official,
        official_conclusion=None,
        own_deff=found.own_deff,
        interval_clustered=_limits(found.clustered.interval),
        nchs_verdict="" if found.nchs is None else found.nchs.verdict,
    )


def _limits(interval: Interval | None) -> Limits | None:
    if interval is None:
        return None
    return Limits(
        lower=interval.lower,
        upper=interval.upper,
        confidence=interval.confidence,
        method=interval.method,
    )


def _with_limit(
    county: _County, row: Indicator, found: Estimated, limit: tuple[str, str] | None
) -> Indicator:
    """Return the row with what interval and point say about the limit, if it has one."""
    rule = county.rules.threshold(row.name)
    if limit is None or rule is None or row.official_point is None:
        return row
    threshold = float(limit[0])
    direction = "above" if limit[1] == "above" else "below"
    evidence = decide(found.estimate, threshold, direction=direction)
    point = decide(
        _at_point(found.estimate, row.official_point),
        threshold,
        standard="point",
        direction=direction,
        at_threshold="fail" if rule.strict else "pass",
    )
    return dataclasses.replace(
        row,
        threshold=limit[0],
        direction=direction,
        conclusion=_held_back(row, evidence.conclusion, threshold),
        boundary=evidence.boundary or point.boundary,
        fail_p_value=evidence.fail_p_value,
        official_conclusion=point.conclusion,
    )


def _held_back(row: Indicator, conclusion: str, threshold: float) -> str:
    """Return the conclusion; a pass stays open where what was missed carries the rate to its limit.

    The reason is in docs/decisions/0009.
    """
    reached = row.allowing is not None and row.allowing.estimate >= threshold
    return "inconclusive" if conclusion == "pass" and reached else conclusion


def _at_point(
    estimate: ProportionEstimate | CompositeEstimate, point: float
) -> ProportionEstimate | CompositeEstimate:
    return dataclasses.replace(estimate, estimate=point)


def _nothing(
    name: str, unit: str, formula: str, why: str, limit: tuple[str, str] | None
) -> Indicator:
    """Return a rate that the data do not allow; where it has a limit it is inconclusive."""
    threshold, direction = limit or (None, None)
    return Indicator(
        name=name,
        unit=unit,
        formula=formula,
        estimate=None,
        std_error=None,
        interval=None,
        interval_nchs=None,
        households=0,
        persons=0,
        events=0,
        event_persons=0,
        villages=0,
        deff=None,
        n_effective=None,
        icc=None,
        icc_policy="",
        threshold=threshold,
        direction=direction,
        conclusion="inconclusive" if limit else None,
        boundary=False,
        official_point=None,
        official_conclusion=None,
        why=why,
    )
