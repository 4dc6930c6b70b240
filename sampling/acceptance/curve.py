"""Operating characteristics: how often a plan passes, and how many units it visits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from .._checks import check_share
from .._show import Table, format_number
from ..errors import ArgumentError
from ..results import Result
from .attributes import AttributePlan
from .declared import DeclaredLevelPlan
from .two_stage import TwoStagePlan

Plan = AttributePlan | DeclaredLevelPlan | TwoStagePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint(Result):
    """How a plan behaves at one rate.

    Parameters
    ----------
    rate : float
        The rate asked for.
    used_rate : float
        The rate reckoned with: in a finite frame that of a whole number of errors.
    acceptance_prob : float
        Chance of passing.
    expected_size : float
        Units visited on average.
    """

    rate: float
    used_rate: float
    acceptance_prob: float
    expected_size: float

    def _table(self) -> Table:
        return _points_table((self,))


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingCharacteristic(Result):
    """How often a plan passes, by rate.

    Parameters
    ----------
    points : tuple of OperatingPoint
        In the order of the rates asked for.
    """

    points: tuple[OperatingPoint, ...]

    def __len__(self) -> int:
        return len(self.points)

    def to_frame(self) -> pd.DataFrame:
        """One row for each rate."""
        return pd.DataFrame([point._row() for point in self.points])

    def _table(self) -> Table:
        return _points_table(self.points)


def _points_table(points: tuple[OperatingPoint, ...]) -> Table:
    return Table(
        title="Chance of passing",
        columns=("rate", "passes", "units on average"),
        rows=tuple(
            (
                format_number(point.used_rate, 5),
                format_number(point.acceptance_prob),
                format_number(point.expected_size, 1),
            )
            for point in points
        ),
    )


def operating_characteristic(plan: Plan, rates: float | Iterable[float]) -> OperatingCharacteristic:
    r"""Chance that a plan passes, at each of several rates.

    Parameters
    ----------
    plan : AttributePlan, DeclaredLevelPlan or TwoStagePlan
        The plan.
    rates : iterable of float
        Rates, in [0, 1].

    Returns
    -------
    OperatingCharacteristic
        One point for each rate, in the order given.

    Raises
    ------
    ArgumentError
        A rate is outside its domain.

    Notes
    -----
    Exact under the plan's model. In a finite frame a rate means the nearest whole number of
    errors, halves to the even one; the plan's own two rates are rounded away from one another
    (``plan_attributes``).

    References
    ----------
    .. [1] A. Hald, *Statistical Theory of Sampling Inspection by Attributes*, Academic Press,
       1981, chapter 2.

    Examples
    --------
    >>> from sampling import plan_of_size
    >>> plan = plan_of_size(50, rejectable_rate=0.1, acceptance_number=1)
    >>> [round(p.acceptance_prob, 4) for p in operating_characteristic(plan, [0.01, 0.1]).points]
    [0.9106, 0.0338]
    """
    if not isinstance(plan, Plan):
        raise ArgumentError(
            f"plan must be an acceptance plan; got {type(plan).__name__}. Make one by "
            "plan_attributes, plan_of_size, plan_declared_level or plan_two_stage.",
            code="not-a-plan",
        )
    if isinstance(rates, (int, float)):
        rates = (rates,)
    counts = plan.counts
    made = []
    for rate in rates:
        load = counts.load(check_share("rates", rate), "nearest")
        made.append(
            OperatingPoint(
                rate=float(rate),
                used_rate=float(counts.rate(load)),
                acceptance_prob=plan.acceptance_prob(load),
                expected_size=plan.expected_size(load),
            )
        )
    return OperatingCharacteristic(points=tuple(made))
