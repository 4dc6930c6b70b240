"""Makes the fictitious counties: the lists that are filed, and the truth in another folder.

Run as a process of its own, so that whoever evaluates never holds the truth::

    python -m audit_toolkit.demo.world FOLDER --seed TEXT

FOLDER/round.json   the round: province, counties, exit year, institution, rule set
FOLDER/lists/       <county>_register.csv, <county>_roster.csv, <county>_steps.csv
FOLDER/truth/       <county>_truth.csv, <county>_places.csv, rates.json, seed.txt: not for the chain
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator

from ..interchange import write_csv
from .filing import EXIT_YEAR, number_households, register_of, roster_of
from .mismatches import places_of, plant
from .names import COUNTY_NAMES, PROVINCE_CODE, PROVINCE_NAME, PROVINCE_NAME_EN
from .steps import STEP_COLUMNS, step_rows
from .truth import STABILITY_REASONS, CountySetting, draw_truth

_NAMED = {code: {"code": code, "name": zh, "name_en": en} for code, zh, en in COUNTY_NAMES}

COUNTIES = (
    # Clean: nobody wrongly exited or omitted, files in order.
    CountySetting(
        **_NAMED["900121"],
        register_incidence=0.0050,
        wrongful_rate=0.0,
        omission_rate=0.0,
        missed_share=0.10,
        approval=0.987,
    ),
    # Honest, and too near the limits for a sample of this size to tell.
    CountySetting(
        **_NAMED["900122"],
        register_incidence=0.0115,
        wrongful_rate=0.005,
        omission_rate=0.005,
        missed_share=0.08,
        approval=0.982,
        incomplete_steps=0.01,
    ),
    # Exits on paper, in many villages a few, in some many.
    CountySetting(
        **_NAMED["900123"],
        register_incidence=0.0080,
        wrongful_rate=0.085,
        omission_rate=0.003,
        missed_share=0.08,
        approval=0.970,
        incomplete_steps=0.008,
    ),
    # Sound households, a procedure that was cut short.
    CountySetting(
        **_NAMED["900124"],
        register_incidence=0.0050,
        wrongful_rate=0.0,
        omission_rate=0.0,
        missed_share=0.10,
        approval=0.980,
        incomplete_steps=0.22,
        county_faults=("no-notice", "same-day"),
    ),
    # Poor households that were never registered, and a procedure with faults.
    CountySetting(
        **_NAMED["900125"],
        register_incidence=0.0090,
        wrongful_rate=0.004,
        omission_rate=0.070,
        missed_share=0.08,
        approval=0.975,
        incomplete_steps=0.15,
        county_faults=("notice-short", "out-of-order"),
    ),
)
"""The counties of the demo and what is to be true of them; rates are of households."""

WHOLLY_WRONG = "900123"

TRUTH_COLUMNS = (
    "household",
    "register_id",
    "roster_ids",
    "county_code",
    "township",
    "village_code",
    "village_name",
    "group_name",
    "head_name",
    "status",
    "registered_count",
    "residents_count",
    "operation_income",
    "production_cost",
    "wage_income",
    "property_income",
    "transfer_income",
    "other_income",
    "one_off_income",
    "last_year_income_pc",
    "hard_spending",
    "food",
    "clothing",
    "school_age_count",
    "school_dropout_count",
    "insured_count",
    "housing_grade",
    "housing_remedy",
    "water_quantity",
    "water_quality",
    "water_convenience",
    "water_reliability",
    "approval_policy",
    "approval_help",
    "approval_exit",
    "approves",
    "presence",
    "poor",
    "poor_by_line",
    "reason",
    "housing_state",
    "wrong_village",
    "planted",
)


def make_world(folder: Path, *, seed: str, wrong_villages: int = 0) -> None:
    """Write the demo's lists and their truth into ``folder``; the same seed gives the same bytes.

    Parameters
    ----------
    folder : Path
        Made where it does not exist; files of the same names are replaced.
    seed : str
        Any text.
    wrong_villages : int, default 0
        Villages of the third county in which every exit is on paper only.
    """
    for part in ("lists", "truth"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    _write_json(folder / "round.json", round_description())
    rates = {}
    for setting in COUNTIES:
        own = setting
        if setting.code == WHOLLY_WRONG:
            own = replace(setting, wrong_villages=wrong_villages)
        rates[setting.code] = _make_county(folder, own, generator(seed, setting.code))
    _write_json(folder / "truth" / "rates.json", rates)
    (folder / "truth" / "seed.txt").write_text(seed, encoding="utf-8", newline="")


def generator(seed: str, purpose: str) -> Generator:
    """Return the random numbers that belong to a seed and a purpose."""
    digest = hashlib.sha256(f"{seed}|{purpose}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def round_description() -> dict[str, object]:
    """Return the round as `round.json` holds it."""
    return {
        "province_code": PROVINCE_CODE,
        "province_name": PROVINCE_NAME,
        "province_name_en": PROVINCE_NAME_EN,
        "exit_year": EXIT_YEAR,
        "round_name": "2020-01",
        "institution": "百家评估中心",
        "institution_en": "Hundred Names Evaluation Centre (fictitious)",
        "rule_set_id": "cn-2019",
        "counties": [
            {"county_code": s.code, "name": s.name, "name_en": s.name_en} for s in COUNTIES
        ],
    }


def _make_county(folder: Path, setting: CountySetting, rng: Generator) -> dict[str, object]:
    """Write all files of a county; return its true rates."""
    truth = draw_truth(rng, setting)
    number_households(rng, truth)
    register = register_of(rng, truth)
    roster = plant(rng, truth, roster_of(truth))
    steps = step_rows(
        rng, register, incomplete=setting.incomplete_steps, county_faults=setting.county_faults
    )
    truth["household"] = [f"{setting.code}-{n:05d}" for n in range(1, len(truth) + 1)]
    lists, hidden = folder / "lists", folder / "truth"
    _write_frame(lists / f"{setting.code}_register.csv", register)
    _write_frame(lists / f"{setting.code}_roster.csv", roster)
    write_csv(lists / f"{setting.code}_steps.csv", STEP_COLUMNS, steps)
    _write_frame(hidden / f"{setting.code}_truth.csv", _truth_table(truth))
    _write_frame(hidden / f"{setting.code}_places.csv", places_of(truth))
    return true_rates(truth)


def _truth_table(truth: pd.DataFrame) -> pd.DataFrame:
    """Return the truth as it is written: words for flags, names as in the questionnaire."""
    table = truth.rename(columns={"members": "registered_count", "residents": "residents_count"})
    table["poor_by_line"] = table["poor"] & ~table["reason"].isin(STABILITY_REASONS)
    for flag in ("food", "clothing", "approves", "poor", "poor_by_line", "wrong_village"):
        table[flag] = np.where(table[flag], "yes", "no")
    return table[list(TRUTH_COLUMNS)]


def true_rates(truth: pd.DataFrame) -> dict[str, object]:
    """Return the true rates of a county: by unit, and again "by_line", without the stability test.

    Households that have moved away are no longer the county's.
    """
    living = truth[truth["planted"] != "moved-away"]
    by_line = living["poor"] & ~living["reason"].isin(STABILITY_REASONS)
    return {**_rates_by_unit(living, living["poor"]), "by_line": _rates_by_unit(living, by_line)}


def _rates_by_unit(living: pd.DataFrame, poor: pd.Series) -> dict[str, dict[str, float]]:
    one_each = pd.Series(1, index=living.index)
    return {
        "persons": _rates(living, poor, living["members"]),
        "households": _rates(living, poor, one_each),
    }


def _rates(living: pd.DataFrame, poor: pd.Series, weight: pd.Series) -> dict[str, float]:
    exited = living["status"] == "exited"
    unregistered = living["status"] == "unregistered"
    still = ~(exited | unregistered)

    def share(part: pd.Series, whole: pd.Series) -> float:
        return float(weight[part & whole].sum() / weight[whole].sum())

    everybody = exited | unregistered | still
    return {
        "wrongful_exit_rate": share(poor, exited),
        "omission_rate": share(poor, unregistered),
        "missed_exit_rate": share(~poor, still),
        "composite_incidence": share(still | poor, everybody),
        "approval_rate": share(living["approves"], everybody),
        "register_incidence": share(still, everybody),
    }


def _write_frame(path: Path, table: pd.DataFrame) -> None:
    write_csv(path, list(table.columns), table.itertuples(index=False, name=None))


def _write_json(path: Path, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the world in the folder named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m audit_toolkit.demo.world", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", type=Path, help="where lists/ and truth/ are made")
    parser.add_argument(
        "--seed", required=True, help="any text; the same text gives the same world"
    )
    parser.add_argument(
        "--wrong-villages",
        type=int,
        default=0,
        help="villages of the third county in which every exit is on paper only",
    )
    parsed = parser.parse_args(arguments)
    make_world(parsed.folder, seed=parsed.seed, wrong_villages=parsed.wrong_villages)


if __name__ == "__main__":
    main()
