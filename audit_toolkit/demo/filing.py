"""What is filed about the households of a county: the register and the village roster.

Filed values follow the truth, except where a household is filed wrongly: a register that exits a
poor household shows an income just over the line, a sound house and safe water.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.random import Generator

from .truth import INCOME_PARTS, LINES, WATER_ITEMS, Whole, net_income, rounded

REGISTER_COLUMNS = (
    "household_id",
    "county_code",
    "township",
    "village_code",
    "village_name",
    "group_name",
    "head_name",
    "members",
    "status",
    "identified_year",
    "exit_year",
    "cause",
    "operation_income",
    "production_cost",
    "wage_income",
    "property_income",
    "transfer_income",
    "other_income",
    "net_income_pc",
    "insured_count",
    "school_dropout_count",
    "housing_grade",
    "water_safe",
)
ROSTER_COLUMNS = (
    "roster_id",
    "county_code",
    "township",
    "village_code",
    "village_name",
    "group_name",
    "head_name",
    "members",
    "register_id",
)
EXIT_YEAR = 2019

_CAUSES = {
    "illness": 0.34,
    "disability": 0.13,
    "schooling": 0.07,
    "disaster": 0.02,
    "lack-of-land": 0.03,
    "lack-of-water": 0.01,
    "lack-of-skill": 0.15,
    "lack-of-labour": 0.12,
    "lack-of-funds": 0.08,
    "backward-transport": 0.03,
    "lack-of-drive": 0.02,
}
_AMOUNTS = (*INCOME_PARTS, "production_cost")


def number_households(rng: Generator, truth: pd.DataFrame) -> None:
    """Give each household its ids; neither says anything of its status or of the other."""
    code = truth["county_code"].iloc[0]
    registered = (truth["status"] != "unregistered").to_numpy()
    truth["register_id"] = ""
    serial = rng.permutation(np.arange(1, registered.sum() + 1))
    truth.loc[registered, "register_id"] = [f"H{code}{n:06d}" for n in serial]
    truth["roster_id"] = [f"N{code}{n:06d}" for n in rng.permutation(np.arange(1, len(truth) + 1))]


def register_of(rng: Generator, truth: pd.DataFrame) -> pd.DataFrame:
    """Return the register of a county as filed, one row a registered household, by id."""
    filed = truth[truth["status"] != "unregistered"].copy()
    _file_years(rng, filed)
    filed["cause"] = rng.choice(list(_CAUSES), size=len(filed), p=list(_CAUSES.values()))
    _file_income(rng, filed)
    exited = (filed["status"] == "exited").to_numpy()
    hidden = exited & filed["poor"].to_numpy()
    filed["insured_count"] = np.where(hidden, filed["members"], filed["insured_count"])
    filed["school_dropout_count"] = np.where(hidden, 0, filed["school_dropout_count"])
    unsafe = (filed["housing_remedy"] == "none").to_numpy()
    filed["housing_grade"] = np.where(exited & unsafe, "B", filed["housing_grade"])
    short = (filed[list(WATER_ITEMS)] == "not-met").any(axis=1).to_numpy()
    filed["water_safe"] = np.where(short & ~exited, "no", "yes")
    filed["household_id"] = filed["register_id"]
    return filed[list(REGISTER_COLUMNS)].sort_values("household_id").reset_index(drop=True)


def _file_years(rng: Generator, filed: pd.DataFrame) -> None:
    """Fill in when a household was identified and, where it has exited, when it exited."""
    size = len(filed)
    identified = rng.choice([2014, 2015, 2016, 2017, 2018], size, p=[0.72, 0.1, 0.08, 0.06, 0.04])
    exit_year = np.minimum(identified + rng.integers(1, 6, size=size), EXIT_YEAR)
    filed["identified_year"] = identified
    # Who has returned to poverty keeps the year of the exit.
    has_exited = filed["status"].isin(["exited", "returned"]).to_numpy()
    filed["exit_year"] = np.where(has_exited, exit_year.astype(str), "")


def _file_income(rng: Generator, filed: pd.DataFrame) -> None:
    """File amounts: as they are, or a little off, or raised over the line where they hide poverty.

    A still-poor household that in truth meets all criteria is filed under the line.
    """
    size = len(filed)
    line = LINES[EXIT_YEAR]
    status = filed["status"].to_numpy()
    true_pc = net_income(filed) / filed["members"].to_numpy()
    wanted = true_pc * np.where(rng.random(size) < 0.6, 1.0, rng.uniform(0.95, 1.05, size))
    wanted = np.where(true_pc >= line, np.maximum(wanted, 1.04 * line), wanted)
    raised = (status == "exited") & (true_pc < line)
    wanted = np.where(raised, rng.uniform(1.03, 1.2, size) * line, wanted)
    lowered = (status != "exited") & ~filed["poor"].to_numpy()
    wanted = np.where(lowered, rng.uniform(0.6, 0.95, size) * line, wanted)
    factor = wanted / true_pc
    for part in _AMOUNTS:
        amounts = filed[part].to_numpy()
        filed[part] = np.where(factor == 1.0, amounts, rounded(rng, amounts * factor))
    filed["net_income_pc"] = _cents_per_person(net_income(filed), filed["members"].to_numpy())
    for part in _AMOUNTS:
        filed[part] = [f"{amount}.00" for amount in filed[part]]


def _cents_per_person(total: Whole, members: Whole) -> list[str]:
    """Return income per person as decimal text, half a cent rounded up."""
    cents = (200 * total + members) // (2 * members)
    return [f"{c // 100}.{c % 100:02d}" for c in cents]


def roster_of(truth: pd.DataFrame) -> pd.DataFrame:
    """Return the village rosters of a county, one row a rural household, village by village."""
    rows = truth.sort_values(["village_code", "group_name", "roster_id"])
    return rows[list(ROSTER_COLUMNS)].reset_index(drop=True)
