"""The field: households that answer at their door, inspectors who err, reviewers who look again.

Knows the truth and nothing of the chain: it is asked with what an inspector was given, and answers
with what the inspector hands in. The same visit gives the same answers whenever it is made.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator

from ..model import BlindHousehold, CaseKind
from .filing import EXIT_YEAR
from .truth import INCOME_PARTS, LINES, REASONS, WATER_ITEMS

SENSITIVITY = 0.90
"""Chance that an inspector notes the condition in which a poor household fails."""
SPECIFICITY = 0.995
"""Chance that an inspector notes no failing condition where there is none."""

QUESTIONS = (
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
)
"""Questions in the order of the questionnaire; the truth's columns bear the same names."""

COMPLETED = "completed"
NOT_FOUND = "not-found"

_AMOUNTS = (*INCOME_PARTS, "production_cost", "one_off_income")

Answers = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an inspector hands in; ``replacement_reason`` is empty where the household answered."""

    outcome: str
    answers: tuple[tuple[str, str], ...]
    replacement_reason: str


class Field:
    """The households of a world made by ``make_world``, as they are.

    Parameters
    ----------
    folder : Path
        The world's folder; only its ``truth`` is read.
    seed : str, optional
        Decides which inspectors err at which doors; the world's own where it is not given.
    """

    def __init__(self, folder: Path, *, seed: str | None = None) -> None:
        self._folder = folder / "truth"
        own = (self._folder / "seed.txt").read_text(encoding="utf-8")
        self._seed = own if seed is None else seed
        self._doors: dict[str, dict[tuple[str, ...], Answers]] = {}
        self._listed: dict[str, dict[str, Answers]] = {}

    def visit(self, county_code: str, household: BlindHousehold, *, inspector_id: str) -> Found:
        """Return how a visit ends.

        Revisits err independently of first visits.
        """
        truth = self._at(county_code, household)
        if truth is None:
            return Found(outcome=NOT_FOUND, answers=(), replacement_reason=NOT_FOUND)
        if truth["presence"] != "home":
            outcome = truth["presence"]
            return Found(outcome=outcome, answers=(), replacement_reason=outcome)
        name = f"{truth['household']}|{inspector_id}|{household.kind.value}"
        answers = _answers(_chance(f"{self._seed}|{name}"), truth)
        given = tuple((q, answers[q]) for q in QUESTIONS if answers[q])
        return Found(outcome=COMPLETED, answers=given, replacement_reason="")

    def check_case(
        self, county_code: str, household_id: str, kind: str, *, reviewer_id: str
    ) -> bool:
        """Tell whether a suspected case stands when ``reviewer_id`` asks face to face.

        Reviewers see papers, house and household together, and find the truth.

        Parameters
        ----------
        household_id : str
            As in the frame: the register's id, or "R-" and the roster's.
        kind : str
            A value of `CaseKind`.

        Raises
        ------
        KeyError
            The world holds no such household.
        """
        self._load(county_code)
        poor = self._listed[county_code][household_id]["poor"] == "yes"
        return poor != (CaseKind(kind) is CaseKind.MISSED_EXIT)

    def _at(self, county_code: str, household: BlindHousehold) -> Answers | None:
        """Return the truth of who lives where the inspector was sent, if anybody does."""
        self._load(county_code)
        door = (
            household.township,
            household.village_name,
            household.group_name,
            household.head_name,
        )
        return self._doors[county_code].get(door)

    def _load(self, county_code: str) -> None:
        if county_code in self._doors:
            return
        truths = {t["household"]: t for t in self._rows(county_code, "truth")}
        self._doors[county_code] = {
            (p["township"], p["village_name"], p["group_name"], p["head_name"]): truths[
                p["household"]
            ]
            for p in self._rows(county_code, "places")
        }
        listed: dict[str, Answers] = {}
        for truth in truths.values():
            if truth["register_id"]:
                listed[truth["register_id"]] = truth
            for roster_id in filter(None, truth["roster_ids"].split(";")):
                listed[f"R-{roster_id}"] = truth
        self._listed[county_code] = listed

    def _rows(self, county_code: str, part: str) -> list[Answers]:
        path = self._folder / f"{county_code}_{part}.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))


def _chance(name: str) -> Generator:
    digest = hashlib.sha256(name.encode("utf-8")).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def _answers(rng: Generator, truth: Answers) -> Answers:
    """Return the answers noted: the truth, a little off in its amounts, and now and then wrong."""
    answers = {question: truth[question] for question in QUESTIONS}
    slip = rng.random()
    if rng.random() < 0.5:
        _scale(answers, rng.uniform(0.98, 1.02))
    if truth["poor"] == "yes" and slip > SENSITIVITY:
        _MISSED[truth["reason"]](rng, answers)
    elif truth["poor"] == "no" and slip > SPECIFICITY:
        _NOTED[str(rng.choice(REASONS))](rng, answers)
    return answers


def _scale(answers: Answers, factor: float) -> None:
    """Put all amounts of the year up or down together, so that no share of them changes."""
    for part in _AMOUNTS:
        answers[part] = str(round(int(answers[part]) * factor))


def _income_to(answers: Answers, per_person: float) -> None:
    """Bring net income to ``per_person`` yuan."""
    net = sum(int(answers[part]) for part in INCOME_PARTS) - int(answers["production_cost"])
    _scale(answers, per_person * int(answers["registered_count"]) / net)


def _spending_to(answers: Answers, share: float) -> None:
    """Bring hard spending to a share of last year's income."""
    before = int(answers["last_year_income_pc"]) * int(answers["registered_count"])
    answers["hard_spending"] = str(round(before * share))


def _one_off_to(answers: Answers, share: float) -> None:
    """Bring one-off income to a share of net income."""
    net = sum(int(answers[part]) for part in INCOME_PARTS) - int(answers["production_cost"])
    answers["one_off_income"] = str(round(net * share))


# -- an inspector misses the condition in which the household fails ---------------------------


def _miss_line(rng: Generator, answers: Answers) -> None:
    _income_to(answers, rng.uniform(1.05, 1.3) * LINES[EXIT_YEAR])
    _miss_last_year(rng, answers)
    _spending_to(answers, 0.2)


def _miss_last_year(rng: Generator, answers: Answers) -> None:
    answers["last_year_income_pc"] = str(round(rng.uniform(1.02, 1.2) * LINES[EXIT_YEAR - 1]))


def _miss_dropout(rng: Generator, answers: Answers) -> None:
    answers["school_dropout_count"] = "0"


def _miss_uninsured(rng: Generator, answers: Answers) -> None:
    answers["insured_count"] = answers["registered_count"]


def _miss_unsafe_house(rng: Generator, answers: Answers) -> None:
    answers["housing_grade"], answers["housing_remedy"] = "B", ""


def _miss_water(rng: Generator, answers: Answers) -> None:
    for item in WATER_ITEMS:
        if answers[item] == "not-met":
            answers[item] = "basically-met"


def _set(question: str, value: str) -> Callable[[Generator, Answers], None]:
    def change(rng: Generator, answers: Answers) -> None:
        answers[question] = value

    return change


_MISSED: dict[str, Callable[[Generator, Answers], None]] = {
    "line": _miss_line,
    "one-off": lambda rng, answers: _one_off_to(answers, 0.1),
    "last-year": _miss_last_year,
    "shock": lambda rng, answers: _spending_to(answers, 0.4),
    "food": _set("food", "yes"),
    "clothing": _set("clothing", "yes"),
    "education": _miss_dropout,
    "medical": _miss_uninsured,
    "housing": _miss_unsafe_house,
    "water": _miss_water,
}


# -- an inspector notes a condition as failing that is met ------------------------------------


def _note_line(rng: Generator, answers: Answers) -> None:
    _income_to(answers, rng.uniform(0.7, 0.97) * LINES[EXIT_YEAR])


def _note_last_year(rng: Generator, answers: Answers) -> None:
    answers["last_year_income_pc"] = str(round(rng.uniform(0.7, 0.97) * LINES[EXIT_YEAR - 1]))


def _note_dropout(rng: Generator, answers: Answers) -> None:
    answers["school_age_count"] = str(max(1, int(answers["school_age_count"])))
    answers["school_dropout_count"] = "1"


def _note_uninsured(rng: Generator, answers: Answers) -> None:
    answers["insured_count"] = str(int(answers["registered_count"]) - 1)


def _note_unsafe_house(rng: Generator, answers: Answers) -> None:
    answers["housing_grade"], answers["housing_remedy"] = "C", "none"


def _note_water(rng: Generator, answers: Answers) -> None:
    answers[str(rng.choice(WATER_ITEMS))] = "not-met"


_NOTED: dict[str, Callable[[Generator, Answers], None]] = {
    "line": _note_line,
    "one-off": lambda rng, answers: _one_off_to(answers, 0.6),
    "last-year": _note_last_year,
    "shock": lambda rng, answers: _spending_to(answers, 1.3),
    "food": _set("food", "no"),
    "clothing": _set("clothing", "no"),
    "education": _note_dropout,
    "medical": _note_uninsured,
    "housing": _note_unsafe_house,
    "water": _note_water,
}
