"""Chances of few errors in a sample: the distributions that plans stand on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

import numpy as np
from scipy import special

from .._checks import FloatArray, check_choice, check_count, check_share
from .._rounding import exact_fraction
from ..errors import ArgumentError
from ..intervals.hypergeometric import chance_at_most, chances

CountModelName = Literal["binomial", "poisson", "hypergeometric", "beta-binomial"]
Towards = Literal["up", "down", "nearest"]


def beta_binomial_pmf(n: int, rate: float, icc: float) -> FloatArray:
    """Chances of 0 to ``n`` events when units of a cluster correlate by ``icc``.

    Examples
    --------
    >>> beta_binomial_pmf(2, 0.5, 0.0).tolist()
    [0.25, 0.5, 0.25]
    """
    events = np.arange(n + 1, dtype=np.float64)
    if rate in (0, 1):
        return np.where(events == n * rate, 1.0, 0.0)
    if icc == 1:
        return np.where(events == 0, 1 - rate, np.where(events == n, rate, 0.0))
    ways = special.gammaln(n + 1) - special.gammaln(events + 1) - special.gammaln(n - events + 1)
    if icc == 0:
        logs = ways + events * math.log(rate) + (n - events) * math.log1p(-rate)
    else:
        a, b = rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc
        logs = ways + special.betaln(events + a, n - events + b) - special.betaln(a, b)
    chances: FloatArray = np.exp(logs)
    return chances


def clustered_pmf(n: int, psus: int, rate: float, icc: float, room: int) -> FloatArray:
    """Chances of 0 to ``room - 1`` events among ``n`` units spread evenly over ``psus`` clusters.

    Examples
    --------
    >>> clustered_pmf(3, 2, 0.5, 0.0, 4).round(3).tolist()
    [0.125, 0.375, 0.375, 0.125]
    """
    take, fuller = divmod(n, psus)
    part = _convolved(beta_binomial_pmf(take, rate, icc)[:room], psus - fuller, room)
    more = _convolved(beta_binomial_pmf(take + 1, rate, icc)[:room], fuller, room)
    made = np.convolve(part, more)[:room]
    return np.concatenate([made, np.zeros(max(0, room - len(made)))])


def _convolved(one: FloatArray, times: int, room: int) -> FloatArray:
    """Distribution of the sum of ``times`` such counts, cut at ``room``."""
    total: FloatArray = np.ones(1)
    while times:
        if times & 1:
            total = np.convolve(total, one)[:room]
        one = np.convolve(one, one)[:room]
        times >>= 1
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class CountModel:
    """Distribution of the errors in a sample of given size.

    The load is the error rate, or in a finite population the number of errors in it.
    """

    name: CountModelName
    population_size: int | None = None
    icc: float = 0.0
    psus: int | None = None

    def load(self, rate: float, towards: Towards) -> float:
        """Load that a rate stands for; counts are reckoned from the decimal text of the rate."""
        if self.population_size is None:
            return rate
        return _count(exact_fraction(rate) * self.population_size, towards)

    def rate(self, load: float) -> float:
        """Rate that a load is."""
        return load if self.population_size is None else load / self.population_size

    def at_most(self, errors: int, n: int, load: float) -> float:
        """Chance of at most ``errors`` among ``n``."""
        if errors < 0:
            return 0.0
        if errors >= n and self.name != "poisson":
            return 1.0
        if self.name == "binomial":
            return float(special.bdtr(errors, n, load))
        if self.name == "poisson":
            return float(special.pdtr(errors, n * load))
        if self.name == "hypergeometric":
            assert self.population_size is not None
            events = np.array([int(load)])
            return float(chance_at_most(errors, events, n, self.population_size)[0])
        assert self.psus is not None
        return float(min(1.0, clustered_pmf(n, self.psus, load, self.icc, errors + 1).sum()))

    def pmf(self, n: int, load: float, room: int) -> FloatArray:
        """Chances of 0 to ``room - 1`` errors among ``n``."""
        at = np.arange(room)
        if self.name == "hypergeometric":
            assert self.population_size is not None
            return chances(at, np.array(int(load)), n, self.population_size)
        if self.name == "poisson":
            logs = special.xlogy(at, n * load) - n * load - special.gammaln(at + 1)
            return np.asarray(np.exp(logs), dtype=np.float64)
        psus, icc = (n, 0.0) if self.psus is None else (self.psus, self.icc)
        if icc == 0:
            made = beta_binomial_pmf(n, load, 0.0)[:room]
            return np.concatenate([made, np.zeros(max(0, room - len(made)))])
        return clustered_pmf(n, psus, load, icc, room)


def _count(value: Fraction, towards: Towards) -> int:
    if towards == "up":
        return math.ceil(value)
    return math.floor(value) if towards == "down" else round(value)


def count_model(
    model: CountModelName | None, population_size: int | None, icc: float, psus: int | None
) -> CountModel:
    """Model that the arguments ask for together; refuses those that do not fit."""
    rho = check_share("icc", icc)
    if population_size is not None:
        check_count("population_size", population_size, least=1)
    if psus is not None:
        check_count("psus", psus, least=1)
    natural: CountModelName = "binomial"
    if rho > 0:
        natural = "beta-binomial"
    elif population_size is not None:
        natural = "hypergeometric"
    name = natural if model is None else model
    check_choice("model", name, get_args(CountModelName))
    clustered, finite = name == "beta-binomial", name == "hypergeometric"
    if clustered != (psus is not None) or (rho > 0) > clustered or clustered > (psus is not None):
        raise ArgumentError(
            f"icc and psus go together, with the model 'beta-binomial'; got model={name!r}, "
            f"icc={icc!r}, psus={psus!r}. Give the number of PSUs with a correlation, or neither.",
            code="model-arguments",
            got=(name, icc, psus),
        )
    if finite != (population_size is not None):
        raise ArgumentError(
            f"population_size goes with the model 'hypergeometric' alone; got model={name!r}, "
            f"population_size={population_size!r}. Leave one of them out.",
            code="model-arguments",
            got=(name, population_size),
        )
    return CountModel(name=name, population_size=population_size, icc=rho, psus=psus)
