"""Whole designs simulated: how often intervals cover, how wide they are, what decisions risk."""

from __future__ import annotations

import math
import multiprocessing
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from ._checks import FloatArray, check_choice, check_count, check_number, numbers_of
from ._show import Table, format_number
from .composite import CompositeEstimate
from .errors import ArgumentError
from .results import Estimate, Estimates, Interval, Result
from .samplers import Drawer, Rng, Sampler
from .selection._inputs import check_source

Found = Estimate | CompositeEstimate | Interval | Estimates
Population = pd.DataFrame | Callable[[Rng], pd.DataFrame]
SampleDesign = Sampler | Callable[[pd.DataFrame, Rng], pd.DataFrame]
Estimator = Callable[[pd.DataFrame], Found]
Truth = float | str | Callable[[pd.DataFrame], float]
Direction = Literal["below", "above"]

# Replications that share one stream of chance: results do not depend on the processes.
_BLOCK = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedRisk(Result):
    """What a threshold would have been told, over all replications.

    Parameters
    ----------
    threshold : float
        The threshold.
    direction : {"below", "above"}
        On which side of it values pass.
    pass_share, fail_share, inconclusive_share : float
        Shares of replications whose whole interval lies on the passing side, on the other, or on
        neither.
    pass_error, fail_error : float
        Monte Carlo standard errors of the first two.
    false_pass, false_fail : float or None
        Passes among replications whose truth does not pass, fails among those whose truth does;
        None when there are no such replications.
    """

    threshold: float
    direction: Direction
    pass_share: float
    fail_share: float
    inconclusive_share: float
    pass_error: float
    fail_error: float
    false_pass: float | None
    false_fail: float | None

    def _table(self) -> Table:
        return Table(
            title=f"Decisions against {self.threshold:g}, {self.direction} passes",
            columns=("", "simulated", "Monte Carlo error"),
            rows=self._lines(),
        )

    def _lines(self) -> tuple[tuple[str, str, str], ...]:
        shares = (
            (f"passes {self.threshold:g}", self.pass_share, self.pass_error),
            (f"fails {self.threshold:g}", self.fail_share, self.fail_error),
        )
        return tuple(
            (name, format_number(share), format_number(error)) for name, share, error in shares
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignSimulation(Result):
    """What a design and an estimator do over many samples.

    Every share and mean has its Monte Carlo standard error in the field ending in ``_error``.

    Parameters
    ----------
    reps : int
        Replications.
    truth : float
        The true value, its mean where populations are drawn anew.
    n : float
        Mean sampled rows.
    method : str
        Method of the interval.
    confidence : float
        Its stated confidence.
    coverage, coverage_error : float
        Share of intervals that hold the truth.
    upper_miss, upper_miss_error, lower_miss, lower_miss_error : float
        Shares of intervals that lie wholly below the truth, and wholly above it.
    width, width_error : float
        Mean width.
    bias, bias_error, rmse, spread : float or None
        Mean of estimate less truth, root of its mean square, and standard deviation of it; None
        when the estimator gives intervals without estimates.
    std_error : float or None
        Mean standard error that the estimator states; None when it states none.
    zero_share : float or None
        Share of estimates that are 0.
    risks : tuple of SimulatedRisk
        One for each threshold.
    """

    reps: int
    truth: float
    n: float
    method: str
    confidence: float
    coverage: float
    coverage_error: float
    upper_miss: float
    upper_miss_error: float
    lower_miss: float
    lower_miss_error: float
    width: float
    width_error: float
    bias: float | None
    bias_error: float | None
    rmse: float | None
    spread: float | None
    std_error: float | None
    zero_share: float | None
    risks: tuple[SimulatedRisk, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row for each threshold, or one row without any."""
        row = self._row()
        del row["risks"]
        if not self.risks:
            return pd.DataFrame([row])
        return pd.DataFrame([row | risk._row() for risk in self.risks])

    def _table(self) -> Table:
        shares = (
            ("coverage", self.coverage, self.coverage_error),
            ("interval below the truth", self.upper_miss, self.upper_miss_error),
            ("interval above the truth", self.lower_miss, self.lower_miss_error),
            ("width", self.width, self.width_error),
            ("bias", self.bias, self.bias_error),
        )
        return Table(
            title=(
                f"{self.reps} samples of {self.n:.0f}, truth {format_number(self.truth)}, "
                f"{self.confidence:.0%} interval {self.method}"
            ),
            columns=("", "simulated", "Monte Carlo error"),
            rows=(
                *(
                    (name, format_number(value), format_number(error))
                    for name, value, error in shares
                ),
                *(line for risk in self.risks for line in risk._lines()),
            ),
        )


def simulate_design(
    population: Population,
    design: SampleDesign,
    estimator: Estimator,
    *,
    rng: Rng,
    reps: int,
    truth: Truth | None = None,
    thresholds: Sequence[float] = (),
    direction: Direction = "below",
    processes: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> DesignSimulation:
    r"""Coverage, width, bias and decision risks of a whole design, by drawing it many times.

    Parameters
    ----------
    population : DataFrame or callable
        One row per unit; or a function of a ``numpy.random.Generator`` that draws such a
        population, called for every replication.
    design : TwoStageSampler, StratifiedSampler or callable
        What draws a sample: called with a population and a ``numpy.random.Generator`` it gives the
        sampled rows. The samplers write the weights into the column ``weight``.
    estimator : callable
        Called with a sample it gives an estimate with an interval (``estimate_proportion(...)``
        of one domain, ``estimate_composite(...)``), or an interval alone.
    rng : numpy.random.Generator
        Chance of everything.
    reps : int
        Replications, at least 2.
    truth : float, str or callable, optional
        The true value; a column whose mean it is; or a function of the population. Without it what
        the estimator says of the whole population with all weights 1.
    thresholds : sequence of float
        Thresholds to decide about, as ``decide`` does by the interval.
    direction : {"below", "above"}, default "below"
        On which side of a threshold values pass.
    processes : int, default 1
        Processes to share the work; the result does not depend on it. Where processes cannot be
        forked (Windows) all arguments must be picklable.
    progress : callable, optional
        Called with the replications done and ``reps``, now and then.

    Returns
    -------
    DesignSimulation
        Shares and means with their Monte Carlo errors.

    Raises
    ------
    ArgumentError
        A value is outside its domain, or the estimator gives neither estimate nor interval.
    SamplingError
        Whatever sampler and estimator raise: a design that fails now and then fails.

    Notes
    -----
    Replications go in blocks of 25, each with a stream spawned from ``rng``. A share s over R
    replications has the Monte Carlo error :math:`\sqrt{\tilde s(1-\tilde s)/R}` with
    :math:`\tilde s = (Rs + \frac12)/(R+1)`, so that a share of 0 or 1 has one too; a mean that of
    its standard deviation over :math:`\sqrt R`. Limits that equal the truth up to a relative 1e-12
    hold it. A design passes a threshold when the whole interval lies below it.

    References
    ----------
    .. [1] T. P. Morris, I. R. White, M. J. Crowther, "Using simulation studies to evaluate
       statistical methods", *Statistics in Medicine* 38, 2019, 2074-2102 (performance measures and
       their Monte Carlo errors).

    Examples
    --------
    A hundred villages of fifty households, wrong ones in few of them:

    >>> from sampling import Design, TwoStageSampler, estimate_proportion
    >>> county = pd.DataFrame({"village": np.repeat(np.arange(100), 50)})
    >>> county["wrong"] = (county["village"] % 10 == 0) & (county.index % 50 < 10)
    >>> def interval(sample):
    ...     return estimate_proportion(sample, "wrong", Design(psu="village", weight="weight"))
    >>> found = simulate_design(
    ...     county,
    ...     TwoStageSampler(psu="village", psus=10, ssus=30),
    ...     interval,
    ...     rng=np.random.default_rng(1),
    ...     reps=200,
    ...     thresholds=[0.02],
    ... )
    >>> round(found.truth, 9), found.coverage < 0.80, found.risks[0].false_pass > 0.20
    (0.02, True, True)
    """
    check_source(rng, None, "uniforms")
    check_count("reps", reps, least=2)
    check_count("processes", processes, least=1)
    check_choice("direction", direction, get_args(Direction))
    bars = [check_number(f"thresholds[{i}]", v, least=-math.inf) for i, v in enumerate(thresholds)]
    job = _Job(population, design, estimator, truth)
    lines, done = [], 0
    sizes = [min(_BLOCK, reps - start) for start in range(0, reps, _BLOCK)]
    blocks = list(zip(rng.spawn(len(sizes)), sizes, strict=True))
    for block in _blocks_done(job, blocks, processes):
        lines += block
        done += len(block)
        if progress is not None:
            progress(done, reps)
    return _summary(lines, bars, direction)


@dataclass(frozen=True, slots=True)
class _Line:
    """One replication."""

    truth: float
    n: int
    lower: float
    upper: float
    estimate: float | None
    std_error: float | None
    method: str
    confidence: float


class _Job:
    """What every replication needs, made ready once in each process."""

    def __init__(
        self,
        population: Population,
        design: SampleDesign,
        estimator: Estimator,
        truth: Truth | None,
    ) -> None:
        self.population, self.design = population, design
        self.estimator, self.truth = estimator, truth
        self._ready: tuple[Drawer, float] | None = None

    def run(self, block: tuple[Rng, int]) -> list[_Line]:
        """All replications of a block."""
        rng, reps = block
        return [self._replicate(rng) for _ in range(reps)]

    def _replicate(self, rng: Rng) -> _Line:
        draw, true = self._drawn_from(rng)
        sample = draw(rng)
        return _line_of(self.estimator(sample), true, len(sample))

    def _drawn_from(self, rng: Rng) -> tuple[Drawer, float]:
        if callable(self.population):
            return self._prepared(self.population(rng))
        if self._ready is None:
            self._ready = self._prepared(self.population)
        return self._ready

    def _prepared(self, population: pd.DataFrame) -> tuple[Drawer, float]:
        if isinstance(self.design, Sampler):
            return self.design.drawer(population), self._true(population)
        return partial(self.design, population), self._true(population)

    def _true(self, population: pd.DataFrame) -> float:
        if self.truth is None:
            weight = self.design.weight if isinstance(self.design, Sampler) else "weight"
            found = self.estimator(population.assign(**{weight: 1.0}))
            estimate = _line_of(found, 0.0, 0).estimate
            if estimate is None:
                raise ArgumentError(
                    "truth must be given when the estimator gives an interval alone; got neither. "
                    "Give the true value, or the column whose mean it is.",
                    code="truth-missing",
                )
            return estimate
        if isinstance(self.truth, str):
            return float(numbers_of(population, self.truth).mean())
        value = self.truth(population) if callable(self.truth) else self.truth
        return check_number("truth", value, least=-math.inf)


def _line_of(found: Found, truth: float, n: int) -> _Line:
    if isinstance(found, Estimates) and len(found) == 1:
        found = found[0]
    if isinstance(found, Interval):
        interval, estimate, error = found, None, None
    elif isinstance(found, Estimate):
        interval, estimate, error = found.interval, found.estimate, found.std_error
    elif isinstance(found, CompositeEstimate):
        interval, estimate, error = found.interval, found.estimate, None
    else:
        raise ArgumentError(
            "estimator must give one estimate with an interval, or an interval; got "
            f"{f'{len(found)} estimates' if isinstance(found, Estimates) else type(found).__name__}"
            ". Return one row, such as estimate_proportion(...)[0].",
            code="estimator-result",
            got=type(found).__name__,
        )
    return _Line(
        truth=truth,
        n=n,
        lower=interval.lower,
        upper=interval.upper,
        estimate=estimate,
        std_error=error,
        method=interval.method,
        confidence=interval.confidence,
    )


_shared: list[_Job] = []


def _share(job: _Job) -> None:
    _shared[:] = [job]


def _run_shared(block: tuple[Rng, int]) -> list[_Line]:
    return _shared[0].run(block)


def _blocks_done(job: _Job, blocks: list[tuple[Rng, int]], processes: int) -> Iterator[list[_Line]]:
    """Blocks in their order, worked off by so many processes."""
    if processes == 1 or len(blocks) == 1:
        yield from map(job.run, blocks)
        return
    # Functions typed into a notebook cannot be pickled; a forked process inherits them.
    forks = "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if forks else "spawn")
    with warnings.catch_warnings():
        # Later Pythons warn of forking beside threads; none of ours holds a lock here.
        warnings.simplefilter("ignore", DeprecationWarning)
        pool = context.Pool(min(processes, len(blocks)), initializer=_share, initargs=(job,))
    with pool:
        yield from pool.imap(_run_shared, blocks)


def _summary(lines: list[_Line], bars: list[float], direction: Direction) -> DesignSimulation:
    truth, lower, upper = (
        np.array([getattr(line, name) for line in lines]) for name in ("truth", "lower", "upper")
    )
    slack = 1e-12 * np.maximum(1.0, np.abs(truth))
    under, over = upper < truth - slack, lower > truth + slack
    width = upper - lower
    return DesignSimulation(
        reps=len(lines),
        truth=float(truth.mean()),
        n=float(np.mean([line.n for line in lines])),
        method=", ".join(sorted({line.method for line in lines})),
        confidence=_one_confidence(lines),
        **_share_with_error("coverage", ~(under | over)),
        **_share_with_error("upper_miss", under),
        **_share_with_error("lower_miss", over),
        width=float(width.mean()),
        width_error=_mean_error(width),
        **_of_estimates(lines, truth),
        risks=tuple(_risk(bar, direction, truth, lower, upper) for bar in bars),
    )


def _of_estimates(lines: list[_Line], truth: FloatArray) -> dict[str, Any]:
    """Bias and spread, where there are estimates."""
    names = ("bias", "bias_error", "rmse", "spread", "std_error", "zero_share")
    found: dict[str, Any] = dict.fromkeys(names)
    if any(line.estimate is None for line in lines):
        return found
    estimate = np.array([line.estimate for line in lines], dtype=np.float64)
    gap = estimate - truth
    found |= {
        "bias": float(gap.mean()),
        "bias_error": _mean_error(gap),
        "rmse": math.sqrt(float((gap**2).mean())),
        "spread": float(gap.std(ddof=1)),
        "zero_share": float((estimate == 0).mean()),
    }
    if all(line.std_error is not None for line in lines):
        found["std_error"] = float(np.mean([line.std_error for line in lines]))
    return found


def _one_confidence(lines: list[_Line]) -> float:
    stated = {line.confidence for line in lines}
    if len(stated) > 1:
        raise ArgumentError(
            f"estimator must state one confidence throughout; got {sorted(stated)!r}. "
            "Simulate each alone.",
            code="confidence-differs",
            got=tuple(sorted(stated)),
        )
    return stated.pop()


def _risk(
    bar: float, direction: Direction, truth: FloatArray, lower: FloatArray, upper: FloatArray
) -> SimulatedRisk:
    slack = 1e-12 * abs(bar)
    below, above = upper < bar - slack, lower > bar + slack
    passed, failed = (below, above) if direction == "below" else (above, below)
    good = truth < bar if direction == "below" else truth > bar
    return SimulatedRisk(
        threshold=bar,
        direction=direction,
        pass_share=float(passed.mean()),
        fail_share=float(failed.mean()),
        inconclusive_share=float((~(passed | failed)).mean()),
        pass_error=_share_error(passed),
        fail_error=_share_error(failed),
        false_pass=float(passed[~good].mean()) if (~good).any() else None,
        false_fail=float(failed[good].mean()) if good.any() else None,
    )


def _share_with_error(name: str, hit: Any) -> dict[str, Any]:
    return {name: float(hit.mean()), f"{name}_error": _share_error(hit)}


def _share_error(hit: Any) -> float:
    share = (float(hit.sum()) + 0.5) / (len(hit) + 1)
    return math.sqrt(share * (1 - share) / len(hit))


def _mean_error(values: FloatArray) -> float:
    return float(values.std(ddof=1)) / math.sqrt(len(values))
