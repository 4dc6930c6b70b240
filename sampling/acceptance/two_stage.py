"""Two-stage plans: a second sample only after a first that leaves it open, both fixed before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from .._checks import FloatArray, check_count, check_fraction
from .._show import Table, format_number
from ..errors import ArgumentError
from ..intervals.hypergeometric import chances
from ..results import Result
from .attributes import check_rates, plan_attributes
from .chances import CountModel, CountModelName, count_model

STEPS = 20
"""Sizes tried for each stage when both are sought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStagePlan(Result):
    """Two sample sizes and three numbers, fixed before the first unit is visited.

    Parameters
    ----------
    first_size, second_size : int
        Units of each stage.
    first_acceptance_number : int
        Most errors of the first stage that pass without a second; -1 when none do.
    first_rejection_number : int
        Fewest errors of the first stage that end it without passing.
    acceptance_number : int
        Most errors of both stages together that pass.
    acceptable_rate, rejectable_rate : float
        Rates that shall and shall not pass.
    producer_risk, consumer_risk : float
        Exact chances of not passing at the one and of passing at the other.
    producer_risk_limit : float or None
        The risk asked for; None when the sizes were given.
    consumer_risk_limit : float
        The risk asked for.
    expected_size_acceptable, expected_size_rejectable : float
        Units visited on average at each rate.
    stop_prob_acceptable, stop_prob_rejectable : float
        Chance at each rate that the first stage decides.
    model : {"binomial", "poisson", "hypergeometric", "beta-binomial"}
        Distribution of the errors.
    population_size : int or None
        Units in the frame; None when it counts as unlimited.
    icc : float
        Intra-cluster correlation.
    first_psus, second_psus : int or None
        PSUs of each stage, other ones in the second.
    """

    first_size: int
    second_size: int
    first_acceptance_number: int
    first_rejection_number: int
    acceptance_number: int
    acceptable_rate: float
    rejectable_rate: float
    producer_risk: float
    consumer_risk: float
    producer_risk_limit: float | None
    consumer_risk_limit: float
    expected_size_acceptable: float
    expected_size_rejectable: float
    stop_prob_acceptable: float
    stop_prob_rejectable: float
    model: CountModelName
    population_size: int | None = None
    icc: float = 0.0
    first_psus: int | None = None
    second_psus: int | None = None

    @property
    def counts(self) -> CountModel:
        """Distribution of the errors of the first stage."""
        return CountModel(
            name=self.model,
            population_size=self.population_size,
            icc=self.icc,
            psus=self.first_psus,
        )

    def first_conclusion(self, errors: int) -> Literal["pass", "fail", "inconclusive"]:
        """Conclusion of the first stage by itself; "inconclusive" asks for the second."""
        found = check_count("errors", errors, least=0, most=self.first_size)
        if found <= self.first_acceptance_number:
            return "pass"
        return "fail" if found >= self.first_rejection_number else "inconclusive"

    def acceptance_prob(self, load: float) -> float:
        """Chance of passing at a rate, or at a count of errors in a finite frame."""
        return self._stages(load).passing(
            self.first_acceptance_number, self.first_rejection_number, self.acceptance_number
        )

    def expected_size(self, load: float) -> float:
        """Units visited on average at a rate, or at a count of errors in a finite frame."""
        return self.first_size + self.second_size * self._stages(load).going_on(
            self.first_acceptance_number, self.first_rejection_number
        )

    def _stages(self, load: float) -> _Stages:
        return _Stages.at(
            self.counts,
            self.second_psus,
            (self.first_size, self.second_size),
            load,
            max(self.acceptance_number, self.first_rejection_number) + 1,
        )

    def _table(self) -> Table:
        return Table(
            title=f"First {self.first_size}: pass to {self.first_acceptance_number}, end from "
            f"{self.first_rejection_number}; with {self.second_size} more pass to "
            f"{self.acceptance_number}",
            columns=("", "rate", "passes", "units on average"),
            rows=(
                (
                    "acceptable",
                    format_number(self.acceptable_rate),
                    f"{1 - self.producer_risk:.2%}",
                    format_number(self.expected_size_acceptable, 1),
                ),
                (
                    "rejectable",
                    format_number(self.rejectable_rate),
                    f"{self.consumer_risk:.2%}",
                    format_number(self.expected_size_rejectable, 1),
                ),
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stages:
    """Chances of the first stage's errors, and of at most y in the second given x in the first."""

    first: FloatArray
    second: FloatArray

    @classmethod
    def at(
        cls,
        counts: CountModel,
        second_psus: int | None,
        sizes: tuple[int, int],
        load: float,
        room: int,
    ) -> _Stages:
        n1, n2 = sizes
        room = min(room, n1 + n2 + 1)
        first = counts.pmf(n1, load, room)
        if counts.population_size is None:
            other = replace(counts, psus=second_psus)
            second = np.broadcast_to(np.cumsum(other.pmf(n2, load, room)), (room, room))
        else:
            left = np.maximum(int(load) - np.arange(room), 0)
            rest = counts.population_size - n1
            second = np.cumsum(chances(np.arange(room), left[:, None], n2, rest), axis=1)
        return cls(first=first, second=second)

    def going_on(self, c1: int, r1: int) -> float:
        return float(self.first[c1 + 1 : max(r1, c1 + 1)].sum())

    def late(self, r1: int, c: int) -> FloatArray:
        """Chance of each first-stage count that passes in the end, as if none passed at once."""
        x = np.arange(min(c + 1, r1, len(self.first)))
        at: FloatArray = self.first[x] * self.second[x, c - x]
        return at

    def passing(self, c1: int, r1: int, c: int) -> float:
        late = self.late(r1, c)
        return float(min(1.0, self.first[: c1 + 1].sum() + late[c1 + 1 :].sum()))

    def all_passing(self, r1: int, c: int) -> FloatArray:
        """Chance of passing for each first acceptance number from -1 to c - 1."""
        late = self.late(r1, c)
        padded = np.concatenate([late, np.zeros(max(0, c - len(late)))])[:c]
        early = np.concatenate([[0.0], np.cumsum(self.first[:c])])[: c + 1]
        made: FloatArray = early + late.sum() - np.concatenate([[0.0], np.cumsum(padded)])
        return made


def plan_two_stage(
    *,
    acceptable_rate: float,
    rejectable_rate: float,
    consumer_risk: float = 0.05,
    producer_risk: float = 0.10,
    sizes: tuple[int, int] | None = None,
    first_acceptance_number: int | None = None,
    first_rejection_number: int | None = None,
    acceptance_number: int | None = None,
    population_size: int | None = None,
    icc: float = 0.0,
    psus: tuple[int, int] | None = None,
    model: CountModelName | None = None,
) -> TwoStagePlan:
    r"""Two-stage plan with exact risks, by going through all numbers.

    Parameters
    ----------
    acceptable_rate : float
        Rate that shall pass, at least 0 and below ``rejectable_rate``.
    rejectable_rate : float
        Rate that shall not pass, in (0, 1).
    consumer_risk : float, default 0.05
        Largest chance of passing at the rejectable rate, over both stages, in (0, 1).
    producer_risk : float, default 0.10
        Largest chance of not passing at the acceptable rate when ``sizes`` are sought.
    sizes : (int, int), optional
        Units of each stage: the numbers are then those that pass the acceptable rate most often.
        Without them the sizes with the fewest units on average at the acceptable rate are sought.
    first_acceptance_number, acceptance_number : int, optional
        Both or neither: a rule of one's own for given ``sizes``, whose risks are told; -1 for the
        first when nothing passes at once.
    first_rejection_number : int, optional
        Fewest errors that end the first stage; by default, and at most needed, one more than
        ``acceptance_number``, from where nothing can pass. More never changes a risk.
    population_size, icc, model
        As for ``plan_attributes``.
    psus : (int, int), optional
        PSUs of each stage; goes with ``icc`` and ``sizes``.

    Returns
    -------
    TwoStagePlan
        With exact risks and average sizes at both rates.

    Raises
    ------
    ArgumentError
        A value is outside its domain, arguments do not fit together, or no rule holds the risk.

    Notes
    -----
    Pass when :math:`X_1 \le c_1`; end without passing when :math:`X_1 \ge r_1`; else draw the
    second and pass when :math:`X_1 + X_2 \le c`. Not passing means only that; whether a rate is
    shown above the limit is for ``decide``. Sizes are sought in steps of a twentieth of the
    single-stage size, one where that is small. Deciding twice by the one-stage number instead
    passes more often than ``consumer_risk``.

    References
    ----------
    .. [1] R. Simon, "Optimal two-stage designs for phase II clinical trials", *Controlled Clinical
       Trials* 10, 1989, 1-10.

    Examples
    --------
    >>> plan = plan_two_stage(acceptable_rate=0.007, rejectable_rate=0.02, sizes=(300, 300))
    >>> plan.first_acceptance_number, plan.acceptance_number, round(plan.consumer_risk, 5)
    (0, 6, 0.04521)
    """
    good, bad = check_rates(acceptable_rate, rejectable_rate)
    beta = check_fraction("consumer_risk", consumer_risk)
    alpha = check_fraction("producer_risk", producer_risk)
    _check_together(sizes, psus, first_acceptance_number, acceptance_number)
    first_psus, second_psus = (None, None) if psus is None else psus
    counts = count_model(model, population_size, icc, first_psus)
    if second_psus is not None:
        check_count("psus", second_psus, least=1)
    asked = _Asked(
        counts=counts,
        second_psus=second_psus,
        good=good,
        bad=bad,
        beta=beta,
        r1=None
        if first_rejection_number is None
        else check_count("first_rejection_number", first_rejection_number, least=0),
    )
    if sizes is None:
        return asked.sought(alpha)
    n1 = check_count("sizes", sizes[0], least=1)
    room = None if population_size is None else population_size - n1
    n2 = check_count("sizes", sizes[1], least=1, most=room)
    if acceptance_number is not None and first_acceptance_number is not None:
        c = check_count("acceptance_number", acceptance_number, least=0, most=n1 + n2)
        c1 = check_count("first_acceptance_number", first_acceptance_number, least=-1, most=c)
        return asked.plan((n1, n2), c1, c)
    return asked.best((n1, n2))


def _check_together(
    sizes: object, psus: object, first_number: int | None, number: int | None
) -> None:
    fits = (first_number is None) == (number is None)
    if sizes is None:
        fits = fits and psus is None and number is None
    if not fits:
        raise ArgumentError(
            "first_acceptance_number and acceptance_number go together, and these and psus with "
            f"sizes; got sizes={sizes!r}, psus={psus!r}, {first_number!r} and {number!r}. "
            "Give what is missing.",
            code="model-arguments",
            got=(sizes, psus, first_number, number),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asked:
    """A request for a two-stage plan."""

    counts: CountModel
    second_psus: int | None
    good: float
    bad: float
    beta: float
    r1: int | None

    @property
    def loads(self) -> tuple[float, float]:
        return self.counts.load(self.good, "down"), self.counts.load(self.bad, "up")

    def stages(self, sizes: tuple[int, int], load: float, room: int) -> _Stages:
        return _Stages.at(self.counts, self.second_psus, sizes, load, room)

    def end(self, c: int) -> int:
        return c + 1 if self.r1 is None else self.r1

    def plan(
        self, sizes: tuple[int, int], c1: int, c: int, alpha: float | None = None
    ) -> TwoStagePlan:
        r1 = max(min(self.end(c), sizes[0] + 1), c1 + 1)
        both = [self.stages(sizes, load, max(c, r1) + 1) for load in self.loads]
        passing = [at.passing(c1, r1, c) for at in both]
        on = [at.going_on(c1, r1) for at in both]
        return TwoStagePlan(
            first_size=sizes[0],
            second_size=sizes[1],
            first_acceptance_number=c1,
            first_rejection_number=r1,
            acceptance_number=c,
            acceptable_rate=self.good,
            rejectable_rate=self.bad,
            producer_risk=1 - passing[0],
            consumer_risk=passing[1],
            producer_risk_limit=alpha,
            consumer_risk_limit=self.beta,
            expected_size_acceptable=sizes[0] + sizes[1] * on[0],
            expected_size_rejectable=sizes[0] + sizes[1] * on[1],
            stop_prob_acceptable=1 - on[0],
            stop_prob_rejectable=1 - on[1],
            model=self.counts.name,
            population_size=self.counts.population_size,
            icc=self.counts.icc,
            first_psus=self.counts.psus,
            second_psus=self.second_psus,
        )

    def rules(self, sizes: tuple[int, int]) -> list[tuple[float, float, int, int]]:
        """All rules that hold the consumer's risk: passing and going on if good, c1 and c."""
        n1, n2 = sizes
        mean = self.bad * (n1 + n2)
        room = min(n1 + n2, int(mean + 3 * np.sqrt(mean)) + 2)
        good, bad = (self.stages(sizes, load, room + 1) for load in self.loads)
        made = []
        for c in range(room + 1):
            r1 = min(self.end(c), n1 + 1)
            risks = bad.all_passing(r1, c)
            held = np.flatnonzero(risks <= self.beta)
            if not len(held):
                break
            passing = good.all_passing(r1, c)
            made += [
                (float(passing[k]), good.going_on(int(k) - 1, r1), int(k) - 1, c) for k in held
            ]
        return made

    def best(self, sizes: tuple[int, int]) -> TwoStagePlan:
        """Rule of given sizes that passes the acceptable rate most often."""
        rules = self.rules(sizes)
        if not rules:
            raise ArgumentError(
                f"sizes={sizes!r} must show rates below {self.bad!r} at a risk of {self.beta!r}; "
                "not even samples without an error do. Draw more.",
                code="no-acceptance-number",
                sizes=sizes,
                rejectable_rate=self.bad,
            )
        _, _, c1, c = max(rules, key=lambda rule: (round(rule[0], 12), -rule[1]))
        return self.plan(sizes, c1, c)

    def sought(self, alpha: float) -> TwoStagePlan:
        """Sizes and rule with the fewest units on average at the acceptable rate."""
        one = plan_attributes(
            acceptable_rate=self.good,
            rejectable_rate=self.bad,
            producer_risk=alpha,
            consumer_risk=self.beta,
            population_size=self.counts.population_size,
            model=self.counts.name,
        )
        step = max(1, one.n // STEPS)
        most = self.counts.population_size or 2 * one.n
        found: tuple[float, tuple[int, int], int, int] | None = None
        for n1 in range(step, one.n + 1, step):
            for n2 in range(step, min(one.n, most - n1) + 1, step):
                if found is not None and n1 >= found[0]:
                    break
                for passing, on, c1, c in self.rules((n1, n2)):
                    size = n1 + n2 * on
                    if passing >= 1 - alpha and (found is None or size < found[0] - 1e-9):
                        found = (size, (n1, n2), c1, c)
        assert found is not None, "the single-stage plan, in two parts, is one of them"
        return self.plan(found[1], found[2], found[3], alpha)
