"""What is true of every household of a county, before anything is filed.

Each household has one row. Who is wrongly exited or omitted is clustered by villages: a village's
own rate comes from a beta distribution with the intra-cluster correlation asked for, and exactly as
many households are chosen as the county's rate says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from .names import group_name, head_names, township_names, village_names

LINES = {2018: 2995, 2019: 3218}
"""Poverty lines of the exit year and the year before, yuan per person."""

ICC = 0.10
REASONS = (
    "line",
    "one-off",
    "last-year",
    "shock",
    "food",
    "clothing",
    "education",
    "medical",
    "housing",
    "water",
)
"""Why a household is truly poor; the first four concern income, three of them its stability."""

STABILITY_REASONS = ("one-off", "last-year", "shock")

_REASON_SHARES = (0.28, 0.04, 0.05, 0.05, 0.04, 0.03, 0.10, 0.13, 0.17, 0.11)
_MEMBER_SHARES = (0.07, 0.18, 0.23, 0.27, 0.14, 0.08, 0.02, 0.01)
_STILL_POOR = ("poor", "planned", "returned")
_STILL_POOR_SHARES = (0.70, 0.15, 0.15)
WATER_ITEMS = ("water_quantity", "water_quality", "water_convenience", "water_reliability")
APPROVAL_ITEMS = ("approval_policy", "approval_help", "approval_exit")

Whole = NDArray[np.int64]
Real = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountySetting:
    """How a county of the demo is to be: sizes, rates of households, faults of procedure.

    ``register_incidence`` is the share of rural households that are still poor in the register;
    ``missed_share`` those of them that meet all criteria; ``wrong_villages`` are wholly wrong.
    """

    code: str
    name: str
    name_en: str
    register_incidence: float
    wrongful_rate: float
    omission_rate: float
    missed_share: float
    approval: float
    wrong_villages: int = 0
    incomplete_steps: float = 0.004
    county_faults: tuple[str, ...] = ()


def draw_truth(rng: Generator, setting: CountySetting) -> pd.DataFrame:
    """Return all households of a county with what is true of them, in order of village."""
    truth = _places(rng, setting.code)
    truth["members"] = rng.choice(np.arange(1, 9), size=len(truth), p=_MEMBER_SHARES)
    truth["residents"] = _residents(rng, truth["members"].to_numpy())
    _draw_statuses(rng, truth, setting)
    _draw_true_poor(rng, truth, setting)
    _draw_incomes(rng, truth)
    _draw_assurances(rng, truth)
    _draw_approval(rng, truth, setting.approval)
    truth["presence"] = _presence(rng, truth["status"].to_numpy())
    return truth


# -- places and people ------------------------------------------------------------------------


def _places(rng: Generator, code: str) -> pd.DataFrame:
    """Return one row a household with its township, village, group and head."""
    sizes = _village_sizes(rng)
    village_of = np.repeat(np.arange(len(sizes)), sizes)
    names = np.array(village_names(rng, len(sizes)))
    per_township = 6
    townships = np.array(township_names(rng, -(-len(sizes) // per_township)))
    township_of = np.arange(len(sizes)) // per_township
    codes = np.array([f"{code}{100 + t}{200 + v}" for v, t in enumerate(township_of)])
    groups = np.concatenate([_groups(rng, int(size)) for size in sizes])
    heads = np.concatenate([head_names(rng, int(size)) for size in sizes])
    return pd.DataFrame(
        {
            "county_code": code,
            "township": townships[township_of[village_of]],
            "village_code": codes[village_of],
            "village_name": names[village_of],
            "group_name": groups,
            "head_name": heads,
            "village": village_of,
        }
    )


def _village_sizes(rng: Generator) -> Whole:
    """Return households per village: lognormal, 60 to 220, 60 to 80 villages."""
    households = rng.integers(6_700, 7_850)
    count = int(np.clip(round(households / 105), 60, 80))
    raw = rng.lognormal(np.log(100), 0.33, size=count)
    sizes: Whole = np.clip(np.rint(raw * households / raw.sum()), 60, 220).astype(np.int64)
    return sizes


def _groups(rng: Generator, size: int) -> list[str]:
    """Return the village group of each household of a village, neighbours together."""
    count = int(np.clip(size // 25, 2, 9))
    return [group_name(int(number)) for number in np.sort(rng.integers(count, size=size))]


def _residents(rng: Generator, members: Whole) -> Whole:
    """Return who lives there: some have left, some came by birth or marriage."""
    change = rng.choice([-2, -1, 0, 1], size=len(members), p=[0.02, 0.07, 0.86, 0.05])
    return np.maximum(members + change, 1)


# -- statuses ---------------------------------------------------------------------------------


def _draw_statuses(rng: Generator, truth: pd.DataFrame, setting: CountySetting) -> None:
    """File each household; villages differ in how many of theirs are registered."""
    villages = int(truth["village"].max()) + 1
    share = np.clip(rng.beta(9, 24, size=villages), 0.12, 0.50)
    registered = rng.random(len(truth)) < share[truth["village"]]
    status = np.where(registered, "exited", "unregistered").astype(object)
    still = rng.choice(
        np.flatnonzero(registered),
        size=round(setting.register_incidence * len(truth)),
        replace=False,
    )
    status[still] = rng.choice(_STILL_POOR, size=len(still), p=_STILL_POOR_SHARES)
    truth["status"] = status


def _draw_true_poor(rng: Generator, truth: pd.DataFrame, setting: CountySetting) -> None:
    """Decide who is truly poor and why."""
    status = truth["status"].to_numpy()
    village = truth["village"].to_numpy()
    exited, unregistered = status == "exited", status == "unregistered"
    poor = ~(exited | unregistered)
    in_village = np.bincount(village[exited], minlength=village.max() + 1)
    middling = np.flatnonzero(in_village <= np.median(in_village))
    wholly = rng.choice(middling, size=setting.wrong_villages, replace=False)
    in_wrong_village = np.isin(village, wholly)
    poor |= exited & in_wrong_village
    wanted = round(setting.wrongful_rate * exited.sum()) - int((exited & in_wrong_village).sum())
    poor |= clustered_choice(rng, village, exited & ~in_wrong_village, max(wanted, 0))
    omitted = round(setting.omission_rate * unregistered.sum())
    poor |= clustered_choice(rng, village, unregistered, omitted)
    still = np.flatnonzero(~(exited | unregistered))
    missed = round(setting.missed_share * len(still))
    poor[rng.choice(still, size=missed, replace=False)] = False
    truth["poor"] = poor
    reasons = rng.choice(REASONS, size=len(truth), p=_REASON_SHARES)
    truth["reason"] = np.where(poor, reasons, "")
    truth["wrong_village"] = in_wrong_village


def clustered_choice(
    rng: Generator, village: Whole, eligible: Flags, count: int, *, icc: float = ICC
) -> Flags:
    """Choose exactly ``count`` eligible households, clustered by village.

    Each village has a rate of its own from a beta distribution whose intra-cluster correlation is
    ``icc``; households go in order of a uniform number over their village's rate.
    """
    chosen = np.zeros(len(village), dtype=bool)
    if count == 0:
        return chosen
    mean = count / eligible.sum()
    spread = 1 / icc - 1
    # A rate that underflows to nought would leave its households without an order.
    rate = np.maximum(rng.beta(mean * spread, (1 - mean) * spread, village.max() + 1), 1e-9)
    score = np.where(eligible, rng.random(len(village)) / rate[village], np.inf)
    chosen[np.argsort(score, kind="stable")[:count]] = True
    return chosen


# -- income -----------------------------------------------------------------------------------


def _draw_incomes(rng: Generator, truth: pd.DataFrame) -> None:
    """Give each household the parts of its income, last year's, and its hard spending.

    Amounts keep clear of every bound by more than rounding and an inspector's noise can move them.
    """
    size = len(truth)
    reason = truth["reason"].to_numpy()
    members = truth["members"].to_numpy()
    line, line_before = LINES[2019], LINES[2018]
    by_line = reason == "line"
    target = _net_per_person(rng, truth["status"].to_numpy())
    target = np.where(by_line, rng.uniform(0.55, 0.95, size) * line, target)
    # A one-off gain carries the household over the line in this year only.
    target = np.where(reason == "one-off", rng.uniform(1.15, 1.6, size) * line, target)
    before = np.maximum(target * rng.uniform(0.86, 0.96, size), 1.12 * line_before)
    before = np.where(by_line, rng.uniform(0.6, 0.97, size) * line_before, before)
    before = np.where(reason == "last-year", rng.uniform(0.6, 0.93, size) * line_before, before)
    _split_income(rng, truth, target * members)
    one_off = rng.choice([0.0, 0.04, 0.08], size=size, p=[0.85, 0.1, 0.05])
    one_off = np.where(reason == "one-off", rng.uniform(0.62, 0.75, size), one_off)
    truth["one_off_income"] = rounded(rng, net_income(truth) * one_off)
    truth["last_year_income_pc"] = rounded(rng, before)
    hard = np.where(reason == "shock", rng.uniform(1.15, 1.9, size), rng.uniform(0.05, 0.5, size))
    truth["hard_spending"] = rounded(rng, before * members * hard)


def _net_per_person(rng: Generator, status: NDArray[np.object_]) -> Real:
    """Return net income per person of households that are not poor by the line.

    Registered: 5 % lie below one and a half times the line, the size of the monitoring classes,
    and a few bunch just above the line.
    """
    line = LINES[2019]
    size = len(status)
    registered = np.maximum(rng.lognormal(np.log(9_000), 0.38, size), 1.12 * line)
    bunched = rng.random(size) < 0.02
    registered = np.where(bunched, rng.uniform(1.06, 1.2, size) * line, registered)
    others = np.maximum(rng.lognormal(np.log(13_500), 0.45, size), 1.3 * line)
    return np.where(status == "unregistered", others, registered)


def _split_income(rng: Generator, truth: pd.DataFrame, total: Real) -> None:
    """Split net income into its parts; production cost comes on top of what production brings."""
    size = len(total)
    weights = rng.gamma([4.0, 2.2, 0.1, 1.0, 0.3], size=(size, 5))
    shares = weights / weights.sum(axis=1, keepdims=True)
    # Households that are out of poverty do not live on transfers.
    over = np.maximum(shares[:, 3] - 0.25, 0)
    shares[:, 3] -= over
    shares[:, 0] += over
    cost = total * shares[:, 1] * rng.uniform(0.4, 0.9, size)
    truth["wage_income"] = rounded(rng, total * shares[:, 0])
    truth["operation_income"] = rounded(rng, total * shares[:, 1] + cost)
    truth["production_cost"] = rounded(rng, cost)
    truth["property_income"] = rounded(rng, total * shares[:, 2])
    truth["transfer_income"] = rounded(rng, total * shares[:, 3])
    truth["other_income"] = rounded(rng, total * shares[:, 4])


def rounded(rng: Generator, amounts: Real) -> Whole:
    """Round as people do: half of the amounts to ten yuan, large ones now and then to a hundred."""
    step = rng.choice([1, 10, 100], size=len(amounts), p=[0.4, 0.45, 0.15])
    step = np.where(amounts < 4_000, np.minimum(step, 10), step)
    return (np.rint(amounts / step) * step).astype(np.int64)


def net_income(table: pd.DataFrame) -> Whole:
    """Return the household's net income of the year in whole yuan."""
    total = sum(table[part].to_numpy() for part in INCOME_PARTS) - table["production_cost"]
    return total.to_numpy()


INCOME_PARTS = (
    "operation_income",
    "wage_income",
    "property_income",
    "transfer_income",
    "other_income",
)


# -- the two no-worries, the three guarantees, water, approval --------------------------------


def _draw_assurances(rng: Generator, truth: pd.DataFrame) -> None:
    """Answer the questions on food, clothing, schooling, insurance, housing and water."""
    size = len(truth)
    reason = truth["reason"].to_numpy()
    residents = truth["residents"].to_numpy()
    truth["food"] = reason != "food"
    truth["clothing"] = reason != "clothing"
    # Where a child has dropped out there is a child, whatever the size of the household.
    children = rng.binomial(np.clip(residents - 2, 0, 4), 0.35)
    children = np.where(reason == "education", np.maximum(children, 1), children)
    truth["school_age_count"] = children
    truth["school_dropout_count"] = np.where(reason == "education", 1, 0)
    truth["insured_count"] = truth["members"] - (reason == "medical")
    _draw_housing(rng, truth, reason == "housing")
    grades = rng.choice(["met", "basically-met"], size=(size, 4), p=[0.937, 0.063])
    grades[np.flatnonzero(reason == "water"), rng.integers(4, size=(reason == "water").sum())] = (
        "not-met"
    )
    for place, item in enumerate(WATER_ITEMS):
        truth[item] = grades[:, place]


def _draw_housing(rng: Generator, truth: pd.DataFrame, unsafe: Flags) -> None:
    """Give grade and remedy: 44 % safe as they were, 42 % renewed, 14 % moved, as in the census.

    Nine in ten of those renewed or moved have been graded anew; the others carry the old grade
    with its remedy.
    """
    size = len(truth)
    state = rng.choice(3, size=size, p=[0.4374, 0.4225, 0.1401])
    old_grade = (state > 0) & (rng.random(size) < 0.1)
    renewed = np.where(rng.random(size) < 0.6, "repaired", "rebuilt")
    remedy = np.where(state == 1, renewed, "moved")
    safe = rng.choice(["A", "B"], size=size, p=[0.7, 0.3])
    dangerous = rng.choice(["C", "D"], size=size)
    truth["housing_grade"] = np.where(unsafe | old_grade, dangerous, safe)
    truth["housing_remedy"] = np.where(unsafe, "none", np.where(old_grade, remedy, ""))
    truth["housing_state"] = np.where(
        unsafe, "unsafe", np.array(["safe", "renewed", "moved"])[state]
    )


def _draw_approval(rng: Generator, truth: pd.DataFrame, approval: float) -> None:
    """Answer the approval questions; who was wronged approves less."""
    size, items = len(truth), len(APPROVAL_ITEMS)
    wronged = truth["poor"].to_numpy() & truth["status"].isin(["exited", "unregistered"]).to_numpy()
    approves = rng.random(size) < np.where(wronged, 0.75, approval)
    # Who does not approve says so to one of the questions at least.
    says_yes = rng.random((size, items)) < 0.5
    says_yes[np.arange(size), rng.integers(items, size=size)] = False
    says_yes |= approves[:, None]
    said = np.where(says_yes, "yes", "no").astype("U9")
    said[approves & (rng.random(size) < 0.01), 0] = "no-answer"
    truth["approves"] = approves
    for place, item in enumerate(APPROVAL_ITEMS):
        truth[item] = said[:, place]


def _presence(rng: Generator, status: NDArray[np.object_]) -> NDArray[np.str_]:
    """Tell who can be found at home: about 4 % of the registered and 6 % of the others cannot."""
    loss = np.where(status == "unregistered", 0.06, 0.04)
    away = rng.choice(
        ["absent", "moved", "refused", "inaccessible"], size=len(status), p=[0.5, 0.22, 0.2, 0.08]
    )
    return np.where(rng.random(len(status)) < loss, away, "home")
