"""The rates, the households that each is over, and their correlations pooled over the round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sampling import Design, pool_icc

from ..model import IccPool, ObservedHousehold, RuleSet, Stratum

UNITS = ("persons", "households")
SIZE_COLUMN = {"persons": "persons", "households": "one"}
"""Column that counts a row in each unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate: its name, the stratum that it is over (None for all), the column of its event."""

    name: str
    stratum: Stratum | None
    event: str
    units: tuple[str, ...] = UNITS


RATES = (
    Rate(name="wrongful_exit_rate", stratum=Stratum.EXITED, event="poor"),
    Rate(name="omission_rate", stratum=Stratum.UNREGISTERED, event="poor"),
    Rate(name="missed_exit_rate", stratum=Stratum.STILL_POOR, event="out_of_poverty"),
    Rate(name="approval_rate", stratum=None, event="approves", units=("households",)),
)

_COLUMNS = {
    "psu": "str",
    "stratum": "str",
    "persons": "float64",
    "one": "float64",
    "weight": "float64",
    "poor": "float64",
    "out_of_poverty": "float64",
    "approves": "float64",
    "found_first": "float64",
}


def table_of(observed: Sequence[ObservedHousehold]) -> pd.DataFrame:
    """Return one row a responding household; ``approves`` is missing where nothing was said."""
    rows = [
        (
            o.psu,
            o.stratum.value,
            o.persons,
            1.0,
            o.weight,
            o.poor,
            not o.poor,
            np.nan if o.approves is None else o.approves,
            np.nan if o.found_first is None else o.found_first,
        )
        for o in observed
        if o.responded and o.poor is not None
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)


def is_over(data: pd.DataFrame, rate: Rate) -> pd.Series:
    """Tell for each row whether the rate is over it."""
    inside = data[rate.event].notna()
    return inside if rate.stratum is None else inside & (data["stratum"] == rate.stratum.value)


def pool_round(
    observed_by_county: Mapping[str, Sequence[ObservedHousehold]], rules: RuleSet
) -> tuple[IccPool, ...]:
    """Return the intra-cluster correlation of every rate and unit, pooled over the round.

    Parameters
    ----------
    observed_by_county : mapping of str to sequence of ObservedHousehold
        The counties whose rates are estimated together.
    rules : RuleSet
        Gives the correlation to plan with, which the pooled one may exceed but, in a small round,
        not undercut.

    Returns
    -------
    tuple of IccPool
        One for each rate and unit; ``policy`` is "pooled", "floor-plan" or "plan".

    Notes
    -----
    A county with one village in a stratum says nothing about correlation and is left out. Where no
    county has two, the planned correlation stands alone.
    """
    plan = float(rules.plan_icc)
    tables = [
        table.assign(county=county)
        for county, observed in sorted(observed_by_county.items())
        if len(table := table_of(observed))
    ]
    if not tables:
        return tuple(planned_pool(r.name, unit, plan) for r in RATES for unit in r.units)
    data = pd.concat(tables, ignore_index=True)
    return tuple(_pooled(data, rate, unit, plan) for rate in RATES for unit in rate.units)


def planned_pool(name: str, unit: str, icc: float) -> IccPool:
    """Return the correlation planned with, where nothing could be pooled."""
    return IccPool(name=name, unit=unit, icc=icc, estimate=None, areas=0, events=0, policy="plan")


def _pooled(data: pd.DataFrame, rate: Rate, unit: str, plan: float) -> IccPool:
    rows = data[is_over(data, rate)]
    rows = rows.assign(village=rows["county"] + "|" + rows["psu"])
    rows = rows[rows.groupby("county")["village"].transform("nunique") > 1]
    if not len(rows):
        return planned_pool(rate.name, unit, plan)
    pool = pool_icc(
        rows,
        rate.event,
        Design(weight="weight", psu="village"),
        by="county",
        plan=plan,
        size=SIZE_COLUMN[unit],
    )
    return IccPool(
        name=rate.name,
        unit=unit,
        icc=pool.icc,
        estimate=pool.estimate,
        areas=pool.areas,
        events=pool.events,
        policy=pool.policy,
    )
