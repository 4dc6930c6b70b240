"""Declared-level plans: a stated rate is believed until the sample contradicts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .._checks import check_count, check_fraction, check_number
from .._show import Table, format_number
from ..errors import ArgumentError
from ..results import Result
from .attributes import AttributePlan, most_units, rate_at_acceptance, smallest_size
from .chances import CountModel, CountModelName, count_model


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredLevelPlan(Result):
    """A sample size and the most errors that do not contradict a declared rate.

    Passing says "not contradicted", never "shown": the null is that the declaration is true.

    Parameters
    ----------
    n : int
        Units to draw.
    acceptance_number : int
        Most errors that do not contradict.
    declared_rate : float
        The declaration.
    risk : float
        Exact chance of contradicting it when the rate is the declared one.
    risk_limit : float
        The chance asked for.
    missed_risk : float
        Chance of not contradicting that defines ``limiting_rate``.
    limiting_rate : float
        Rate at which the declaration goes uncontradicted with that chance.
    limiting_ratio : float
        ``limiting_rate`` over ``declared_rate``.
    model : {"binomial", "poisson", "hypergeometric", "beta-binomial"}
        Distribution of the errors.
    population_size : int or None
        Units in the frame; None when it counts as unlimited.
    icc : float
        Intra-cluster correlation.
    psus : int or None
        PSUs over which the units are spread evenly.
    null : str
        What is believed until contradicted.
    """

    n: int
    acceptance_number: int
    declared_rate: float
    risk: float
    risk_limit: float
    missed_risk: float
    limiting_rate: float
    limiting_ratio: float
    model: CountModelName
    population_size: int | None = None
    icc: float = 0.0
    psus: int | None = None
    null: Literal["at-or-below-threshold"] = "at-or-below-threshold"

    @property
    def counts(self) -> CountModel:
        """Distribution of the errors."""
        return CountModel(
            name=self.model, population_size=self.population_size, icc=self.icc, psus=self.psus
        )

    def contradicts(self, errors: int) -> bool:
        """Whether a sample with ``errors`` contradicts the declaration."""
        return check_count("errors", errors, least=0, most=self.n) > self.acceptance_number

    def acceptance_prob(self, load: float) -> float:
        """Chance of not contradicting at a rate, or at a count of errors in a finite frame."""
        return self.counts.at_most(self.acceptance_number, self.n, load)

    def expected_size(self, load: float) -> float:
        """Units visited on average."""
        return float(self.n)

    def _table(self) -> Table:
        return Table(
            title=f"Declared {self.declared_rate:g}: draw {self.n}, contradicted by more than "
            f"{self.acceptance_number}",
            columns=("rate", "contradicted"),
            rows=(
                (format_number(self.declared_rate, 5), f"{self.risk:.2%}"),
                (format_number(self.limiting_rate, 5), f"{1 - self.missed_risk:.2%}"),
            ),
            notes=("not contradicted does not mean shown",),
        )


def plan_declared_level(
    declared_rate: float,
    *,
    n: int | None = None,
    limiting_ratio: float | None = None,
    acceptance_number: int | None = None,
    risk: float = 0.05,
    missed_risk: float = 0.10,
    population_size: int | None = None,
    icc: float = 0.0,
    psus: int | None = None,
    model: CountModelName | None = None,
) -> DeclaredLevelPlan:
    r"""Plan that tests a declared rate, which counts as true until contradicted.

    The null is the opposite of that of ``plan_attributes``: here the doubt is the checker's to
    prove, and few units contradict little.

    Parameters
    ----------
    declared_rate : float
        The declaration, in (0, 1).
    n : int, optional
        Units to draw; either this or ``limiting_ratio``.
    limiting_ratio : float, optional
        Above 1: the smallest sample is sought that leaves a rate this many times the declared one
        uncontradicted with chance ``missed_risk`` at most.
    acceptance_number : int, optional
        A published number for ``n``; its risk may then be more than ``risk``.
    risk : float, default 0.05
        Largest chance of contradicting a true declaration, in (0, 1).
    missed_risk : float, default 0.10
        Chance of not contradicting at the limiting rate, in (0, 1).
    population_size, icc, psus, model
        As for ``plan_attributes``.

    Returns
    -------
    DeclaredLevelPlan
        With the exact risk, and the rate that it would still find.

    Raises
    ------
    ArgumentError
        A value is outside its domain, not exactly one of ``n`` and ``limiting_ratio`` was given,
        arguments do not fit together, or no sample reaches the ratio.

    Notes
    -----
    Smallest L with :math:`P(X > L \mid \theta_D) \le` ``risk``. Standards print sizes and L in
    tables for ratios of their own; some of their pairs exceed 5 % slightly, which ``risk`` tells
    when they are put in. Errors in a frame at the declared rate are rounded up.

    References
    ----------
    .. [1] ISO 2859-4, *Sampling procedures for inspection by attributes, part 4: Procedures for
       assessment of declared quality levels*, 2002 (GB/T 2828.4).

    Examples
    --------
    >>> plan = plan_declared_level(0.0065, n=125)
    >>> plan.acceptance_number, round(plan.risk, 5), round(plan.limiting_ratio, 3)
    (2, 0.04867, 6.464)
    """
    rate = check_fraction("declared_rate", declared_rate)
    level, missed = check_fraction("risk", risk), check_fraction("missed_risk", missed_risk)
    counts = count_model(model, population_size, icc, psus)
    if (n is None) == (limiting_ratio is None) or (n is None and acceptance_number is not None):
        raise ArgumentError(
            f"give n, perhaps with acceptance_number, or limiting_ratio alone; got n={n!r}, "
            f"limiting_ratio={limiting_ratio!r}, acceptance_number={acceptance_number!r}.",
            code="one-of-two",
            got=(n, limiting_ratio, acceptance_number),
        )
    declared = counts.load(rate, "up")
    if n is None:
        assert limiting_ratio is not None
        units, most = _by_ratio(counts, rate, declared, limiting_ratio, level, missed)
    else:
        units = check_count("n", n, least=1, most=population_size)
        most = _least_acceptance(counts, units, declared, level)
        if acceptance_number is not None:
            most = check_count("acceptance_number", acceptance_number, least=0, most=units)
    as_plan = AttributePlan(
        n=units,
        acceptance_number=most,
        acceptable_rate=None,
        rejectable_rate=rate,
        producer_risk=None,
        consumer_risk=counts.at_most(most, units, declared),
        producer_risk_limit=None,
        consumer_risk_limit=None,
        model=counts.name,
        population_size=population_size,
        icc=counts.icc,
        psus=psus,
    )
    limiting = rate_at_acceptance(as_plan, missed)
    return DeclaredLevelPlan(
        n=units,
        acceptance_number=most,
        declared_rate=rate,
        risk=1 - as_plan.consumer_risk,
        risk_limit=level,
        missed_risk=missed,
        limiting_rate=limiting,
        limiting_ratio=limiting / rate,
        model=counts.name,
        population_size=population_size,
        icc=counts.icc,
        psus=psus,
    )


def _least_acceptance(counts: CountModel, n: int, load: float, risk: float) -> int:
    """Fewest errors that more than which have a chance of at most ``risk``."""
    low, high = -1, 1
    while 1 - counts.at_most(high, n, load) > risk:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        within = 1 - counts.at_most(middle, n, load) <= risk
        low, high = (low, middle) if within else (middle, high)
    return high


def _by_ratio(
    counts: CountModel, rate: float, declared: float, ratio: float, risk: float, missed: float
) -> tuple[int, int]:
    """Smallest sample, and its number, that finds ``ratio`` times the declared rate."""
    times = check_number("limiting_ratio", ratio, least=1, strict=True)
    worse = times * rate
    if worse < 1:
        limiting = counts.load(worse, "up")
        most, n, number = most_units(counts), 1, 0
        while n <= most and (counts.population_size is None or number < limiting):
            n = smallest_size(counts, number, max(n, number + 1), limiting, missed, most)
            if n <= most and 1 - counts.at_most(number, n, declared) <= risk:
                return n, number
            number += 1
    raise ArgumentError(
        f"limiting_ratio must be reached by a sample that can be drawn; got {ratio!r} with "
        f"declared_rate={rate!r}. Ask for a larger ratio below 1/declared_rate, or for more PSUs.",
        code="no-plan",
        limiting_ratio=ratio,
        declared_rate=rate,
    )
