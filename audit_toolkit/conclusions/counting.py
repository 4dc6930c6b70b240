"""What was found, counted by village and by filed status, and what those unseen could change."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..model import DrawnVillage, Indicator, ObservedHousehold, Stratum, StratumCount
from ..model.pages import NonresponseBand, StatusFound, VillageFound

_OVER = {
    "wrongful_exit_rate": Stratum.EXITED,
    "omission_rate": Stratum.UNREGISTERED,
    "missed_exit_rate": Stratum.STILL_POOR,
    "approval_rate": None,
}


def village_counts_found(
    observed: Sequence[ObservedHousehold], villages: Iterable[DrawnVillage]
) -> tuple[VillageFound, ...]:
    """Return what was found in each drawn village of a county, in the order of the draw.

    Parameters
    ----------
    observed : sequence of ObservedHousehold
        The county's sampled households.
    villages : iterable of DrawnVillage
        Its drawn villages; no code or name of theirs is passed on.
    """
    by_village: defaultdict[str, list[ObservedHousehold]] = defaultdict(list)
    for one in observed:
        by_village[one.psu].append(one)
    drawn = sorted(villages, key=lambda v: (v.order, v.psu))
    return tuple(
        _village(place, village.certainty, by_village[village.psu])
        for place, village in enumerate(drawn, start=1)
    )


def _village(number: int, certainty: bool, households: Sequence[ObservedHousehold]) -> VillageFound:
    answered = [o for o in households if o.responded]
    of = {s: [o for o in answered if o.stratum is s] for s in Stratum}
    wrong = {s: sum(_filed_wrongly(o) for o in of[s]) for s in Stratum}
    return VillageFound(
        number=number,
        certainty=certainty,
        visited=len(households),
        answered=len(answered),
        persons=sum(o.persons for o in answered),
        exited=len(of[Stratum.EXITED]),
        wrongly_exited=wrong[Stratum.EXITED],
        unregistered=len(of[Stratum.UNREGISTERED]),
        omitted=wrong[Stratum.UNREGISTERED],
        still_poor=len(of[Stratum.STILL_POOR]),
        missed=wrong[Stratum.STILL_POOR],
        asked=sum(o.approves is not None for o in answered),
        approving=sum(o.approves is True for o in answered),
    )


def _filed_wrongly(household: ObservedHousehold) -> bool:
    return household.poor is not (household.stratum is Stratum.STILL_POOR)


def status_counts_found(observed: Sequence[ObservedHousehold]) -> tuple[StatusFound, ...]:
    """Return what was found in the sampled households of each filed status of a county."""
    return tuple(
        _status(stratum, [o for o in observed if o.stratum is stratum]) for stratum in Stratum
    )


def _status(stratum: Stratum, households: Sequence[ObservedHousehold]) -> StatusFound:
    answered = [o for o in households if o.responded]
    wrong = [o for o in answered if _filed_wrongly(o)]
    return StatusFound(
        status=stratum.value,
        visited=len(households),
        answered=len(answered),
        persons=sum(o.persons for o in answered),
        found=len(wrong),
        found_persons=sum(o.persons for o in wrong),
        asked=sum(o.approves is not None for o in answered),
        approving=sum(o.approves is True for o in answered),
    )


def nonresponse_bands(
    observed: Sequence[ObservedHousehold],
    indicators: Iterable[Indicator],
    strata: Iterable[StratumCount],
) -> tuple[NonresponseBand, ...]:
    """Return how far those who did not answer could move each rate over a filed status.

    Parameters
    ----------
    observed : sequence of ObservedHousehold
        The county's sampled households.
    indicators : iterable of Indicator
        Its rates. The composite incidence joins two of them and gets no band of its own.
    strata : iterable of StratumCount
        Households of its frozen strata, which the weights are brought to.

    Returns
    -------
    tuple of NonresponseBand
        One for each rate and unit that has an estimate.

    Notes
    -----
    Within a village and stratum everybody of the sample, whether they answered or not, stands for
    the same number of households. A household that a reserve replaced counts among those who did
    not answer.
    """
    rows = _with_equal_weights(observed, {s.stratum: s.households for s in strata})
    return tuple(
        _band(rate, rows)
        for rate in indicators
        if rate.name in _OVER and rate.estimate is not None and not rate.why
    )


def _with_equal_weights(
    observed: Sequence[ObservedHousehold], sizes: Mapping[Stratum, int]
) -> list[tuple[ObservedHousehold, float]]:
    total: defaultdict[tuple[str, Stratum], float] = defaultdict(float)
    count: Counter[tuple[str, Stratum]] = Counter()
    whole: defaultdict[Stratum, float] = defaultdict(float)
    for one in observed:
        total[one.psu, one.stratum] += one.base_weight
        count[one.psu, one.stratum] += 1
        whole[one.stratum] += one.base_weight
    return [
        (
            o,
            total[o.psu, o.stratum] / count[o.psu, o.stratum] * sizes[o.stratum] / whole[o.stratum],
        )
        for o in observed
    ]


def _band(rate: Indicator, rows: Sequence[tuple[ObservedHousehold, float]]) -> NonresponseBand:
    over = _OVER[rate.name]
    persons = rate.unit == "persons"
    events, missing = 0.0, []
    whole = 0.0
    for one, weight in rows:
        if over is not None and one.stratum is not over:
            continue
        mass = weight * (one.persons if persons else 1)
        whole += mass
        said = _event(one, over)
        if said is None:
            missing.append(mass)
        elif said:
            events += mass
    return NonresponseBand(
        indicator=rate.name,
        unit=rate.unit,
        missing=len(missing),
        lower=events / whole,
        upper=(events + sum(missing)) / whole,
        tipping=_tipping(rate, events, sorted(missing, reverse=True), whole),
    )


def _event(household: ObservedHousehold, over: Stratum | None) -> bool | None:
    """Return whether the household has the event; None where it did not say."""
    if over is None:
        return household.approves
    return _filed_wrongly(household) if household.responded else None


def _tipping(rate: Indicator, events: float, missing: Sequence[float], whole: float) -> int | None:
    if rate.threshold is None:
        return None
    limit = float(rate.threshold) * whole
    # Supposed to be in order until one after the other, the heaviest first, is not.
    below = rate.direction == "below"
    reached = events if below else events + sum(missing)
    for count, mass in enumerate((0.0, *missing)):
        reached += mass if below else -mass
        if (reached >= limit) if below else (reached < limit):
            return count
    return None
