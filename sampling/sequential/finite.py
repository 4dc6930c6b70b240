"""A test of a finite population that may be looked at after every unit, in both directions."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from .._checks import FloatArray, check_count, check_fraction, check_number, check_share
from .._rounding import complement, units_at_least
from .._show import Table, format_number
from ..results import Interval, Result
from .confidence import confidence_sequence
from .likelihood import likeliest, log_likelihood, log_mixture, log_prior

Conclusion = Literal["pass", "fail", "inconclusive"]

PASS_PRIOR = (1.0, 199.0)
FAIL_PRIOR = (1.0, 29.0)
ROWS = 400
"""Numbers of errors that a projection goes through."""
THIN = -7.0
"""Log prior mass above the limit below which its part is summed, not got by subtraction."""

# The evidence is a sum over every number of errors that the population may hold.
_LARGEST = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialStop(Result):
    """When a test stops with a given number of errors.

    Parameters
    ----------
    errors : int
        Errors found so far.
    pass_from : int or None
        Fewest units with no more errors than these that pass; None when none do.
    fail_until : int or None
        Most units with as many errors as these that fail; None when none do.
    """

    errors: int
    pass_from: int | None
    fail_until: int | None

    def _table(self) -> Table:
        return _stops_table("Stops", (self,))


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialSchedule(Result):
    """When a test stops, by errors found.

    Parameters
    ----------
    stops : tuple of SequentialStop
        From no error upward.
    """

    stops: tuple[SequentialStop, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row for each number of errors."""
        return pd.DataFrame([stop._row() for stop in self.stops])

    def _table(self) -> Table:
        return _stops_table("When the test stops", self.stops)


def _stops_table(title: str, stops: tuple[SequentialStop, ...]) -> Table:
    return Table(
        title=title,
        columns=("errors", "passes from", "fails up to"),
        rows=tuple(
            (str(s.errors), format_number(s.pass_from), format_number(s.fail_until)) for s in stops
        ),
    )


@dataclass(frozen=True, slots=True)
class SequentialTest(Result):
    r"""Test of an error rate in a finite population that may be looked at and stopped at any time.

    Units come in random order without replacement (the order of tickets). However often one looks,
    and for whatever reason one stops or goes on, each claim is wrong with chance
    ``1 - confidence`` at most. The value is frozen: ``update`` gives a new one.

    Parameters
    ----------
    population_size : int
        Units in the population, N, fixed before the order was drawn; at most 20 million.
    threshold : float
        Rate to be below, in (0, 1).
    confidence : float, default 0.95
        1 less the risk of each claim over the whole course.
    pass_prior, fail_prior : (float, float)
        Beta priors of the rate, cut off at the threshold: how a passing and a failing population
        are thought to be. They change how soon a claim is made, never its risk.
    n, errors : int
        Units seen, and errors among them.
    log_pass_evidence, log_fail_evidence : float
        Log of the e-process of each claim at the last look.
    peak_pass, peak_fail : float
        Largest so far.
    conclusion : {"pass", "fail", "inconclusive"}
        The first claim made.
    decided_at : int or None
        Units seen at that look.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    :math:`K_0 = \lceil\theta N\rceil` from the decimal text, L(K) the chance of the order seen when
    K units are wrong. Pass when :math:`\sum_{K<K_0}\pi(K)L(K)/\max_{K\ge K_0}L(K) \ge 1/\alpha`,
    fail when :math:`\sum_{K\ge K_0}\pi'(K)L(K)/\max_{K<K_0}L(K) \ge 1/\alpha`; by Ville's
    inequality either happens wrongly with chance :math:`\alpha` at most. In a two-stage sample
    units are no simple random order and the test does not hold; declare a two-stage plan there.

    References
    ----------
    .. [1] L. Wasserman, A. Ramdas, S. Balakrishnan, "Universal inference", *Proceedings of the
       National Academy of Sciences* 117, 2020, 16880-16890.
    .. [2] I. Waudby-Smith, A. Ramdas, "Confidence sequences for sampling without replacement",
       *Advances in Neural Information Processing Systems* 33, 2020.

    Examples
    --------
    >>> test = SequentialTest(2000, 0.02)
    >>> test.update(0, 100).conclusion, test.update(0, 100).update(0, 71).conclusion
    ('inconclusive', 'pass')
    >>> test.update(1, 200).projected()
    90
    """

    population_size: int
    threshold: float
    confidence: float = 0.95
    _: KW_ONLY
    pass_prior: tuple[float, float] = PASS_PRIOR
    fail_prior: tuple[float, float] = FAIL_PRIOR
    n: int = 0
    errors: int = 0
    log_pass_evidence: float = 0.0
    log_fail_evidence: float = 0.0
    peak_pass: float = 0.0
    peak_fail: float = 0.0
    conclusion: Conclusion = "inconclusive"
    decided_at: int | None = None

    def __post_init__(self) -> None:
        check_count("population_size", self.population_size, least=2, most=_LARGEST)
        check_fraction("threshold", self.threshold)
        check_fraction("confidence", self.confidence)
        for name in ("pass_prior", "fail_prior"):
            for value in getattr(self, name):
                check_number(name, value, least=0, strict=True)
        check_count("n", self.n, least=0, most=self.population_size)
        check_count("errors", self.errors, least=0, most=self.n)

    @property
    def limit(self) -> int:
        """Errors in the population at the threshold, rounded up."""
        return units_at_least(self.threshold, self.population_size)

    @property
    def interval(self) -> Interval:
        """Confidence sequence at this look, valid at any time; its prior is Beta(1, 99)."""
        return confidence_sequence(
            self.errors, self.n, self.population_size, confidence=self.confidence
        )

    def update(self, errors: int, n: int) -> SequentialTest:
        """Test after ``n`` further units, ``errors`` of them wrong.

        Parameters
        ----------
        errors : int
            Errors among the further units.
        n : int
            Further units, in the order drawn.

        Returns
        -------
        SequentialTest
            The first claim made stays.

        Raises
        ------
        ArgumentError
            More units than are left, or more errors than units.
        """
        more = check_count("n", n, least=0, most=self.population_size - self.n)
        wrong = self.errors + check_count("errors", errors, least=0, most=more)
        seen = self.n + more
        passing, failing = self._evidence(wrong, seen)
        peaks = max(self.peak_pass, passing), max(self.peak_fail, failing)
        conclusion = self.conclusion
        if conclusion == "inconclusive":
            if passing >= self._needed:
                conclusion = "pass"
            elif failing >= self._needed:
                conclusion = "fail"
        first = self.conclusion == "inconclusive" and conclusion != "inconclusive"
        return replace(
            self,
            n=seen,
            errors=wrong,
            log_pass_evidence=passing,
            log_fail_evidence=failing,
            peak_pass=peaks[0],
            peak_fail=peaks[1],
            conclusion=conclusion,
            decided_at=seen if first else self.decided_at,
        )

    def projected(self, rate: float | None = None) -> int | None:
        """Further units until a claim, if errors keep coming at ``rate``.

        Parameters
        ----------
        rate : float, optional
            By default the rate so far.

        Returns
        -------
        int or None
            0 when it is made; None when a projection of four hundred errors does not reach one.

        Examples
        --------
        >>> SequentialTest(2000, 0.02).projected(rate=0.0)
        171
        """
        if self.conclusion != "inconclusive":
            return 0
        going = self.errors / self.n if rate is None and self.n else rate or 0.0
        check_share("rate", going)
        for more in range(ROWS):
            wrong = self.errors + more
            left = self.population_size - self.n
            first = _units(more, going, left + 1)
            last = min(left, _units(more + 1, going, left + 1) - 1)
            if first > last:
                return left
            if more and self._evidence(wrong, self.n + first)[1] >= self._needed:
                return first
            if self._evidence(wrong, self.n + last)[0] >= self._needed:
                return max(first, (self._stop(wrong).pass_from or 0) - self.n)
        return None

    def schedule(self, errors: int = 20) -> SequentialSchedule:
        """When the test stops, for up to ``errors`` errors.

        Parameters
        ----------
        errors : int, default 20
            The last number.

        Returns
        -------
        SequentialSchedule
            One stop for each number.

        Examples
        --------
        >>> stops = SequentialTest(2000, 0.02).schedule(4).stops
        >>> [stop.pass_from for stop in stops], stops[3].fail_until
        ([171, 290, 389, 478, 559], 13)
        """
        most = check_count("errors", errors, least=0, most=self.population_size)
        return SequentialSchedule(stops=tuple(self._stop(k) for k in range(most + 1)))

    @property
    def _needed(self) -> float:
        return -math.log(complement(self.confidence))

    def _evidence(self, errors: int, n: int) -> tuple[float, float]:
        """Log e-processes of pass and fail."""
        if n == 0:
            return 0.0, 0.0
        size, limit = self.population_size, self.limit
        best = likeliest(size, errors, n)
        chance = log_likelihood(np.arange(limit, dtype=np.int64), size, errors, n)
        passing, failing = (_cut(size, limit, p) for p in (self.pass_prior, self.fail_prior))
        below = float(special.logsumexp(passing.logs + chance)) - passing.below
        above = failing.part_above(chance, errors, n) - failing.above
        at = np.array([max(limit, best), min(limit - 1, best)])
        bad, good = log_likelihood(at, size, errors, n).tolist()
        return (
            math.inf if bad == -math.inf else below - bad,
            math.inf if good == -math.inf else above - good,
        )

    def _stop(self, errors: int) -> SequentialStop:
        """When the test stops with so many errors: evidence moves one way with the units."""
        size, needed = self.population_size, self._needed
        low, high = max(errors, 1) - 1, size
        if errors >= self.limit:
            high = low
        passes = errors < self.limit
        while high - low > 1:
            middle = (low + high) // 2
            reached = self._evidence(errors, middle)[0] >= needed
            low, high = (low, middle) if reached else (middle, high)
        least = max(errors, 1)
        most = None
        if self._evidence(errors, least)[1] >= needed:
            most, beyond = least, size + 1
            while beyond - most > 1:
                middle = (most + beyond) // 2
                reached = self._evidence(errors, middle)[1] >= needed
                most, beyond = (middle, beyond) if reached else (most, middle)
        return SequentialStop(errors=errors, pass_from=high if passes else None, fail_until=most)

    def _table(self) -> Table:
        at = "" if self.decided_at is None else f" after {self.decided_at}"
        interval = self.interval
        return Table(
            title=f"{self.conclusion}{at}: below {self.threshold:g} of {self.population_size}, "
            "at any time",
            columns=("n", "errors", "lower", "upper", "p of pass", "p of fail"),
            rows=(
                (
                    str(self.n),
                    str(self.errors),
                    format_number(interval.lower),
                    format_number(interval.upper),
                    format_number(math.exp(-self.peak_pass)),
                    format_number(math.exp(-self.peak_fail)),
                ),
            ),
        )


def _units(errors: int, rate: float, most: int) -> int:
    """Units after which so many errors have come at a rate, ``most`` if more."""
    if errors == 0:
        return 0
    return math.ceil(errors / rate - 1e-9) if errors < rate * most else most


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cut:
    """A prior cut at the limit: log chances below it, log mass on either side."""

    size: int
    prior: tuple[float, float]
    logs: FloatArray
    below: float
    above: float

    def part_above(self, chance: FloatArray, errors: int, n: int) -> float:
        """Log mixture of the part above the limit; ``chance`` is the likelihood below it."""
        if self.above < THIN:
            held = np.arange(len(self.logs), self.size + 1, dtype=np.int64)
            logs = log_prior(held, self.size, self.prior)
            return float(special.logsumexp(logs + log_likelihood(held, self.size, errors, n)))
        # The whole mixture is closed. Where the part below cancels it nothing speaks for above.
        whole = log_mixture(errors, n, self.prior)
        part = float(special.logsumexp(self.logs + chance)) - whole
        return whole + math.log(max(-math.expm1(min(part, 0.0)), 1e-300))


@lru_cache(maxsize=32)
def _cut(size: int, limit: int, prior: tuple[float, float]) -> _Cut:
    logs = log_prior(np.arange(size + 1, dtype=np.int64), size, prior)
    below = logs[:limit].copy()
    below.setflags(write=False)
    return _Cut(
        size=size,
        prior=prior,
        logs=below,
        below=float(special.logsumexp(below)),
        above=float(special.logsumexp(logs[limit:])),
    )
