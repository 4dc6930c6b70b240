"""Matching problems planted between register and roster, as real lists have them.

Only households that are not poor are touched, so that no decision moves a true rate by more than
its denominator. Which decision is right can be told from the lists: heads that share a surname mean
one household whose head has changed, listed twice and split mean one household, and an id that the
register does not hold stands on an unregistered household.
"""

from __future__ import annotations

import pandas as pd
from numpy.random import Generator

from .names import given_name, head_names, surname

PLANTED = {
    "heads-same": 8,
    "heads-different": 2,
    "twice-registered": 3,
    "twice-unregistered": 3,
    "split": 5,
    "register-only": 3,
    "moved-away": 3,
    "unknown-register-id": 5,
    "possibly-registered": 5,
}
"""How many problems of each sort the lists of a county hold."""

_UNREGISTERED = ("twice-unregistered", "unknown-register-id")

Row = dict[str, object]


def plant(rng: Generator, truth: pd.DataFrame, roster: pd.DataFrame) -> pd.DataFrame:
    """Return the roster with the matching problems in it; note them in ``truth``.

    ``truth`` gains ``planted``, ``other_head`` (the name by which the roster knows a household
    beside, or instead of, the register's) and ``roster_ids`` (joined by ";", empty where the roster
    has none).
    """
    _choose(rng, truth)
    truth["other_head"] = _other_heads(rng, truth)
    households = truth[truth["planted"] != ""].to_dict("records")
    rows: dict[str, list[Row]] = {str(r["roster_id"]): [r] for r in roster.to_dict("records")}
    for number, household in enumerate(households, start=1):
        key = str(household["roster_id"])
        spare_id = f"N{household['county_code']}{len(truth) + number:06d}"
        rows[key] = _planted_rows(household, rows[key][0], spare_id)
    for absent, other in _pairs_of_heads(truth):
        rows[other][0]["register_id"] = absent
    truth["roster_ids"] = [
        ";".join(str(row["roster_id"]) for row in rows[key]) for key in truth["roster_id"]
    ]
    table = pd.DataFrame([row for listed in rows.values() for row in listed])[list(roster.columns)]
    order = ["village_code", "group_name", "roster_id"]
    return table.sort_values(order).reset_index(drop=True)


def _choose(rng: Generator, truth: pd.DataFrame) -> None:
    """Choose which households each sort of problem befalls."""
    truth["planted"] = ""
    free = ~truth["poor"] & truth["status"].isin(["exited", "unregistered"])
    registered = truth["status"] != "unregistered"
    for sort, count in PLANTED.items():
        open_to = free & (~registered if sort in _UNREGISTERED else registered)
        if sort == "split":
            open_to &= truth["members"] >= 3
        places = rng.choice(truth.index[open_to], size=count, replace=False)
        truth.loc[places, "planted"] = sort
        free &= truth["planted"] == ""
    truth.loc[truth["planted"] == "moved-away", "presence"] = "moved"


def _other_heads(rng: Generator, truth: pd.DataFrame) -> list[str]:
    """Name a relative, of the same surname, where a household is known by two heads."""
    taken = set(zip(truth["village"], truth["head_name"].map(given_name), strict=True))
    given = [given_name(name) for name in head_names(rng, 1_000)]
    named: list[str] = []
    for village, head, sort in zip(
        truth["village"], truth["head_name"], truth["planted"], strict=True
    ):
        if sort not in ("heads-same", "split"):
            named.append("")
            continue
        free = next(g for g in given if (village, g) not in taken)
        taken.add((village, free))
        given.remove(free)
        named.append(surname(head) + free)
    return named


def _planted_rows(household: Row, row: Row, spare_id: str) -> list[Row]:
    """Return the rows of the roster that stand for a household in place of its own."""
    match household["planted"]:
        case "heads-same":
            return [{**row, "head_name": household["other_head"]}]
        case "twice-registered" | "twice-unregistered":
            return [row, {**row, "roster_id": spare_id}]
        case "split":
            old, young = int(str(row["members"])) - 2, 2
            second = {"roster_id": spare_id, "head_name": household["other_head"]}
            return [{**row, "members": old}, {**row, **second, "members": young}]
        case "unknown-register-id":
            return [{**row, "register_id": f"H{household['county_code']}9{spare_id[-5:]}"}]
        case "possibly-registered":
            return [{**row, "register_id": ""}]
        case _:
            return []


def _pairs_of_heads(truth: pd.DataFrame) -> list[tuple[str, str]]:
    """Pair each household missing from the roster with the neighbour who bears its register id."""
    pairs = []
    taken: set[str] = set()
    for absent in truth[truth["planted"] == "heads-different"].itertuples():
        neighbours = truth[
            (truth["village"] == absent.village)
            & (truth["status"] == "unregistered")
            & ~truth["poor"]
            & (truth["planted"] == "")
            & (truth["head_name"].map(surname) != surname(absent.head_name))
            & ~truth["roster_id"].isin(taken)
        ]
        other = neighbours["roster_id"].iloc[0]
        taken.add(other)
        pairs.append((absent.register_id, other))
    return pairs


def places_of(truth: pd.DataFrame) -> pd.DataFrame:
    """Return where each household is found and whom to ask for, one row a name it is known by."""
    columns = ["county_code", "township", "village_name", "group_name", "head_name", "household"]
    by_relative = truth[truth["other_head"] != ""]
    by_relative = by_relative.assign(head_name=by_relative["other_head"])
    return pd.concat([truth[columns], by_relative[columns]], ignore_index=True)
