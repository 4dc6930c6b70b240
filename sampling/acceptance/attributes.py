"""Single-sample attribute plans: size and acceptance number from two risks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from .._checks import check_count, check_fraction, check_share
from .._show import Table, format_number
from ..errors import ArgumentError
from ..results import Result
from .chances import CountModel, CountModelName, count_model

MOST_PER_PSU = 500
"""Units in a PSU beyond which a clustered plan is not sought: more PSUs help, more units do not."""
MOST_UNITS = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributePlan(Result):
    """A sample size and the most errors in it that pass.

    Parameters
    ----------
    n : int
        Units to draw.
    acceptance_number : int
        Most errors that pass.
    acceptable_rate : float or None
        Rate that shall pass; None when none was named.
    rejectable_rate : float
        Rate that shall not.
    producer_risk : float or None
        Exact chance of not passing at the acceptable rate; None without one.
    consumer_risk : float
        Exact chance of passing at the rejectable rate.
    producer_risk_limit, consumer_risk_limit : float or None
        The risks asked for; None where none was.
    model : {"binomial", "poisson", "hypergeometric", "beta-binomial"}
        Distribution of the errors.
    population_size : int or None
        Units in the frame; None when it counts as unlimited.
    icc : float
        Intra-cluster correlation.
    psus : int or None
        PSUs over which the units are spread evenly; None when they are drawn one by one.
    """

    n: int
    acceptance_number: int
    acceptable_rate: float | None
    rejectable_rate: float
    producer_risk: float | None
    consumer_risk: float
    producer_risk_limit: float | None
    consumer_risk_limit: float | None
    model: CountModelName
    population_size: int | None = None
    icc: float = 0.0
    psus: int | None = None

    @property
    def counts(self) -> CountModel:
        """Distribution of the errors."""
        return CountModel(
            name=self.model,
            population_size=self.population_size,
            icc=self.icc,
            psus=self.psus,
        )

    def passes(self, errors: int) -> bool:
        """Whether a sample with ``errors`` passes."""
        return check_count("errors", errors, least=0, most=self.n) <= self.acceptance_number

    def acceptance_prob(self, load: float) -> float:
        """Chance of passing at a rate, or at a count of errors in a finite frame."""
        return self.counts.at_most(self.acceptance_number, self.n, load)

    def expected_size(self, load: float) -> float:
        """Units visited on average."""
        return float(self.n)

    def _table(self) -> Table:
        rows = [("rejectable", format_number(self.rejectable_rate), _percent(self.consumer_risk))]
        if self.acceptable_rate is not None and self.producer_risk is not None:
            passing = _percent(1 - self.producer_risk)
            rows.insert(0, ("acceptable", format_number(self.acceptable_rate), passing))
        spread = "" if self.psus is None else f" in {self.psus} PSUs"
        return Table(
            title=f"Draw {self.n}{spread}, pass with at most {self.acceptance_number}, "
            f"{self.model}",
            columns=("", "rate", "passes"),
            rows=tuple(rows),
        )


def _percent(chance: float) -> str:
    return f"{chance:.2%}"


def plan_attributes(
    *,
    acceptable_rate: float,
    rejectable_rate: float,
    producer_risk: float,
    consumer_risk: float,
    population_size: int | None = None,
    icc: float = 0.0,
    psus: int | None = None,
    model: CountModelName | None = None,
) -> AttributePlan:
    r"""Smallest sample, and the most errors in it that pass, with both risks held.

    Parameters
    ----------
    acceptable_rate : float
        Rate that shall pass, at least 0 and below ``rejectable_rate``.
    rejectable_rate : float
        Rate that shall not pass, in (0, 1).
    producer_risk : float
        Largest chance of not passing at the acceptable rate, in (0, 1).
    consumer_risk : float
        Largest chance of passing at the rejectable rate, in (0, 1).
    population_size : int, optional
        Units in the frame; the exact hypergeometric plan is then given.
    icc : float, default 0.0
        Intra-cluster correlation, in [0, 1]; above 0 the plan is the beta-binomial one.
    psus : int, optional
        PSUs over which the units are spread evenly; goes with ``icc``.
    model : {"binomial", "poisson", "hypergeometric", "beta-binomial"}, optional
        The distribution, if not the one that the other arguments ask for.

    Returns
    -------
    AttributePlan
        Exact risks beside those asked for.

    Raises
    ------
    ArgumentError
        A value is outside its domain, the rates do not ascend, arguments do not fit together, or
        no sample of up to 500 units in each PSU holds both risks.

    Notes
    -----
    For c = 0, 1, … the smallest n with :math:`P(X \le c \mid \theta_0) \le \beta` is taken, until
    :math:`P(X \le c \mid \theta_1) \ge 1-\alpha`. Errors in a frame are
    :math:`\lceil\theta_0 N\rceil` and :math:`\lfloor\theta_1 N\rfloor`, from the decimal texts. In
    PSUs the counts are beta-binomial and convolved exactly; a plan for single draws passes far
    too often there.

    References
    ----------
    .. [1] A. Hald, *Statistical Theory of Sampling Inspection by Attributes*, Academic Press,
       1981, chapter 2.
    .. [2] B. L. Hedt-Gauthier and others, *Emerging Themes in Epidemiology* 10, 2013.

    Examples
    --------
    >>> plan = plan_attributes(
    ...     acceptable_rate=0.005, rejectable_rate=0.02, producer_risk=0.05, consumer_risk=0.05
    ... )
    >>> plan.n, plan.acceptance_number, round(plan.consumer_risk, 4)
    (523, 5, 0.0499)
    """
    good, bad = check_rates(acceptable_rate, rejectable_rate)
    alpha = check_fraction("producer_risk", producer_risk)
    beta = check_fraction("consumer_risk", consumer_risk)
    counts = count_model(model, population_size, icc, psus)
    low, high = counts.load(good, "down"), counts.load(bad, "up")
    most = most_units(counts)
    n, c = 1, 0
    while True:
        n = smallest_size(counts, c, max(n, c + 1), high, beta, most)
        if n > most:
            raise _no_plan(counts, most, acceptable_rate, rejectable_rate)
        if counts.at_most(c, n, low) >= 1 - alpha:
            break
        c += 1
    return AttributePlan(
        n=n,
        acceptance_number=c,
        acceptable_rate=good,
        rejectable_rate=bad,
        producer_risk=1 - counts.at_most(c, n, low),
        consumer_risk=counts.at_most(c, n, high),
        producer_risk_limit=alpha,
        consumer_risk_limit=beta,
        model=counts.name,
        population_size=population_size,
        icc=counts.icc,
        psus=psus,
    )


def check_rates(acceptable_rate: float, rejectable_rate: float) -> tuple[float, float]:
    """Both rates, refused unless they ascend."""
    good = check_share("acceptable_rate", acceptable_rate)
    bad = check_fraction("rejectable_rate", rejectable_rate)
    if good >= bad:
        raise ArgumentError(
            f"acceptable_rate must be below rejectable_rate; got {acceptable_rate!r} and "
            f"{rejectable_rate!r}. No sample tells equal rates apart.",
            code="rates-not-ascending",
            acceptable_rate=good,
            rejectable_rate=bad,
        )
    return good, bad


def most_units(counts: CountModel) -> int:
    """Most units that a plan may ask for."""
    if counts.population_size is not None:
        return counts.population_size
    return MOST_UNITS if counts.psus is None else MOST_PER_PSU * counts.psus


def smallest_size(
    counts: CountModel, errors: int, least: int, load: float, risk: float, most: int
) -> int:
    """Smallest n from ``least`` on with so small a chance of ``errors``; above ``most`` if none."""
    step, low, high = 1, least - 1, least
    while high <= most and counts.at_most(errors, high, load) > risk:
        low, high, step = high, high + step, 2 * step
        if low < most < high:
            high = most
    while high - low > 1:
        middle = (low + high) // 2
        passes = counts.at_most(errors, middle, load) <= risk
        low, high = (low, middle) if passes else (middle, high)
    return high


def _no_plan(
    counts: CountModel, most: int, acceptable_rate: float, rejectable_rate: float
) -> ArgumentError:
    where = f"{most} units" if counts.psus is None else f"{counts.psus} PSUs of {MOST_PER_PSU}"
    return ArgumentError(
        f"rates of {acceptable_rate!r} and {rejectable_rate!r} must be told apart within {where}; "
        f"no rule holds both risks at icc={counts.icc:g}. Visit more PSUs, or widen the rates or "
        "risks.",
        code="no-plan",
        psus=counts.psus,
        icc=counts.icc,
        acceptable_rate=acceptable_rate,
        rejectable_rate=rejectable_rate,
    )


def plan_of_size(
    n: int,
    *,
    rejectable_rate: float,
    consumer_risk: float = 0.05,
    acceptable_rate: float | None = None,
    acceptance_number: int | None = None,
    population_size: int | None = None,
    icc: float = 0.0,
    psus: int | None = None,
    model: CountModelName | None = None,
) -> AttributePlan:
    r"""Rule of a sample of given size: most errors that pass, and both exact risks.

    Parameters
    ----------
    n : int
        Units, at least 1.
    rejectable_rate : float
        Rate that shall not pass, in (0, 1).
    consumer_risk : float, default 0.05
        Largest chance of passing at that rate, in (0, 1).
    acceptable_rate : float, optional
        Rate whose chance of not passing is told, below ``rejectable_rate``.
    acceptance_number : int, optional
        A rule of one's own; its risk may then be more than ``consumer_risk``.
    population_size, icc, psus, model
        As for ``plan_attributes``.

    Returns
    -------
    AttributePlan
        With the largest acceptance number that holds the risk, or the given one.

    Raises
    ------
    ArgumentError
        A value is outside its domain, arguments do not fit together, or not even a sample without
        an error holds the risk.

    Notes
    -----
    Largest c with :math:`P(X \le c \mid \theta_0) \le \beta`: the rule by which a one-sided exact
    upper limit lies below :math:`\theta_0`.

    References
    ----------
    .. [1] A. Hald, *Statistical Theory of Sampling Inspection by Attributes*, Academic Press,
       1981, chapter 2.

    Examples
    --------
    Twenty-nine villages of 37 households, and what the rule for single draws would risk there:

    >>> plan = plan_of_size(1073, rejectable_rate=0.02, icc=0.05, psus=29)
    >>> plan.acceptance_number, round(plan.consumer_risk, 3)
    (9, 0.038)
    >>> single = plan_of_size(1073, rejectable_rate=0.02).acceptance_number
    >>> naive = plan_of_size(
    ...     1073, rejectable_rate=0.02, acceptance_number=single, icc=0.05, psus=29
    ... )
    >>> single, round(naive.consumer_risk, 3)
    (13, 0.144)
    """
    counts = count_model(model, population_size, icc, psus)
    units = check_count("n", n, least=1, most=population_size)
    bad = check_fraction("rejectable_rate", rejectable_rate)
    good = None
    if acceptable_rate is not None:
        good, bad = check_rates(acceptable_rate, rejectable_rate)
    beta = check_fraction("consumer_risk", consumer_risk)
    high = counts.load(bad, "up")
    if acceptance_number is None:
        c = largest_acceptance(counts, units, high, beta)
    else:
        c = check_count("acceptance_number", acceptance_number, least=0, most=units)
    if c < 0:
        raise ArgumentError(
            f"n={n!r} must show rates below {rejectable_rate!r} at a risk of {consumer_risk!r}; "
            f"even without an error it risks {counts.at_most(0, units, high):.3f}. Draw more "
            f"{'units' if psus is None else 'PSUs'}.",
            code="no-acceptance-number",
            n=units,
            rejectable_rate=bad,
            risk=counts.at_most(0, units, high),
        )
    low = None if good is None else counts.load(good, "down")
    return AttributePlan(
        n=units,
        acceptance_number=c,
        acceptable_rate=good,
        rejectable_rate=bad,
        producer_risk=None if low is None else 1 - counts.at_most(c, units, low),
        consumer_risk=counts.at_most(c, units, high),
        producer_risk_limit=None,
        consumer_risk_limit=beta,
        model=counts.name,
        population_size=population_size,
        icc=counts.icc,
        psus=psus,
    )


def largest_acceptance(counts: CountModel, n: int, load: float, risk: float) -> int:
    """Most errors whose chance, or that of fewer, is at most ``risk``; -1 if none's is."""
    low, high = -1, 1
    while high <= n and counts.at_most(high, n, load) <= risk:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        within = counts.at_most(middle, n, load) <= risk
        low, high = (middle, high) if within else (low, middle)
    return low


def rate_at_acceptance(plan: AttributePlan, chance: float) -> float:
    r"""Rate at which a plan passes with a given chance.

    Parameters
    ----------
    plan : AttributePlan
        The plan.
    chance : float
        Chance of passing, in (0, 1).

    Returns
    -------
    float
        The rate; in a finite frame the smallest share of errors with at most that chance.

    Raises
    ------
    ArgumentError
        The chance is outside its domain.

    Notes
    -----
    Root of :math:`P(X \le c \mid \theta)` less the chance. At .95 it is the acceptable quality, at
    .10 the limiting quality of acceptance sampling.

    References
    ----------
    .. [1] ISO 2859-4, *Sampling procedures for inspection by attributes, part 4: Procedures for
       assessment of declared quality levels*, 2002 (limiting quality).

    Examples
    --------
    >>> plan = plan_of_size(125, rejectable_rate=0.05, acceptance_number=2)
    >>> round(rate_at_acceptance(plan, 0.10), 6)
    0.042016
    """
    wanted = check_fraction("chance", chance)
    if plan.population_size is not None:
        loads = np.arange(plan.population_size + 1)
        low, high = -1, len(loads) - 1
        while high - low > 1:
            middle = (low + high) // 2
            within = plan.acceptance_prob(middle) <= wanted
            low, high = (low, middle) if within else (middle, high)
        return high / plan.population_size
    root = optimize.brentq(lambda rate: plan.acceptance_prob(rate) - wanted, 0.0, 1.0, xtol=1e-15)
    return float(root)
