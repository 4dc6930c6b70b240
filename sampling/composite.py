"""A rate over several strata of known size, with one combined effective sample size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ._checks import (
    check_columns,
    check_count,
    check_fraction,
    check_number,
    check_share,
    events_of,
    numbers_of,
)
from ._show import Table, format_number
from .clustering import variance_factor
from .design import Design
from .errors import ArgumentError
from .intervals import korn_graubard_limits
from .layout import lay_out
from .results import Interval, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositePart(Result):
    """What one stratum brings to a composite rate.

    Parameters
    ----------
    name : str
        Name of the stratum.
    share : float
        Its known share of the population, in (0, 1].
    proportion : float
        Estimated proportion with the event inside it, in [0, 1].
    n : int
        Sampled units, at least 1.
    events : int
        Sampled units with the event, unweighted.
    variance_factor : float
        What p(1-p) is multiplied by to give the variance: model design effect over n, in (0, 1].

    Raises
    ------
    ArgumentError
        A field is outside its domain.
    """

    name: str
    share: float
    proportion: float
    n: int
    events: int
    variance_factor: float

    def __post_init__(self) -> None:
        check_share("share", self.share, zero=False)
        check_share("proportion", self.proportion)
        check_count("n", self.n, least=1)
        check_count("events", self.events, least=0, most=self.n)
        check_number("variance_factor", self.variance_factor, least=0, strict=True, most=1 + 1e-9)

    def _table(self) -> Table:
        return _parts_table(f"Part {self.name}", (self,), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeEstimate(Result):
    """A rate over several strata.

    Parameters
    ----------
    estimate : float
        The rate in the whole population, known share included.
    interval : Interval
        Its limits, known share included.
    n : int
        Sampled units of all parts.
    events : int
        Sampled units with the event, unweighted.
    n_used : float
        Combined effective sample size.
    known_share : float
        Share of the population known to have the event without sampling.
    sampled_share : float
        Sum of the parts' shares.
    parts : tuple of CompositePart
        What came in.
    smoothed : tuple of float
        Proportion of each part that its variance was reckoned with.
    """

    estimate: float
    interval: Interval
    n: int
    events: int
    n_used: float
    known_share: float
    sampled_share: float
    parts: tuple[CompositePart, ...]
    smoothed: tuple[float, ...]

    @property
    def lower(self) -> float:
        """Lower limit of ``interval``."""
        return self.interval.lower

    @property
    def upper(self) -> float:
        """Upper limit of ``interval``."""
        return self.interval.upper

    def _table(self) -> Table:
        title = (
            f"Composite rate {format_number(self.estimate)}, {self.interval.confidence:.0%} "
            f"interval {format_number(self.lower)} to {format_number(self.upper)}"
        )
        known = f"known share {format_number(self.known_share)}"
        return _parts_table(title, self.parts, (f"effective n {self.n_used:.1f}; {known}",))


def _parts_table(title: str, parts: tuple[CompositePart, ...], notes: tuple[str, ...]) -> Table:
    return Table(
        title=title,
        columns=("part", "share", "proportion", "events", "n", "deff"),
        rows=tuple(
            (
                part.name,
                format_number(part.share),
                format_number(part.proportion),
                str(part.events),
                str(part.n),
                format_number(part.variance_factor * part.n, 2),
            )
            for part in parts
        ),
        notes=notes,
    )


def composite_part(
    data: pd.DataFrame,
    variable: str,
    design: Design,
    *,
    name: str,
    share: float,
    icc: float,
    size: str | None = None,
) -> CompositePart:
    r"""Part of a composite rate from the sample of its stratum.

    Parameters
    ----------
    data : DataFrame
        One row per sampled unit of this stratum alone.
    variable : str
        Column of the event, 0 or 1 (or true-false), complete.
    design : Design
        Weights and PSUs are read.
    name : str
        Name of the stratum.
    share : float
        Its known share of the population, in (0, 1], counted in the elements of ``size``.
    icc : float
        Intra-cluster correlation, in [0, 1].
    size : str, optional
        Column of elements (persons) in each unit, above 0.

    Returns
    -------
    CompositePart
        Ready for ``estimate_composite``.

    Raises
    ------
    ArgumentError
        A column is absent, incomplete or outside its domain.

    Notes
    -----
    :math:`\hat p = \sum wzy/\sum wz`, factor
    :math:`[(1-\rho)\sum (wz)^2 + \rho\sum_v(\sum_{i \in v} wz)^2]/(\sum wz)^2`.

    References
    ----------
    .. [1] S. Gabler, S. Haeder, P. Lahiri, "A model based justification of Kish's formula for
       design effects for weighting and clustering", *Survey Methodology* 25, 1999, 105-106.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame({"village": [1, 1, 2, 2], "poor": [0, 0, 0, 1]})
    >>> part = composite_part(data, "poor", Design(psu="village"), name="a", share=0.2, icc=0.05)
    >>> part.proportion, round(part.variance_factor, 4)
    (0.25, 0.2625)
    """
    rho = check_share("icc", icc)
    check_columns(data, [variable, *([size] if size else [])])
    layout = lay_out(data, design)
    event = events_of(data, variable)
    element = numbers_of(data, size, least=0, strict=True) if size else np.ones(len(data))
    weight = layout.weight * element
    return CompositePart(
        name=name,
        share=share,
        proportion=float(np.dot(weight, event) / np.dot(weight, np.ones(len(weight)))),
        n=len(data),
        events=int(event.sum()),
        variance_factor=variance_factor(weight, layout.psu, rho),
    )


def estimate_composite(
    parts: Sequence[CompositePart], *, known_share: float = 0.0, confidence: float = 0.95
) -> CompositeEstimate:
    r"""Rate over several strata of known size, with a Korn-Graubard interval of one effective n.

    Each stratum's variance is reckoned at a proportion drawn half way to the pooled one, so that
    strata without events still count.

    Parameters
    ----------
    parts : sequence of CompositePart
        The sampled strata, at least one.
    known_share : float, default 0.0
        Share of the population known to have the event; it is added after the interval.
    confidence : float, default 0.95
        Of the two-sided interval.

    Returns
    -------
    CompositeEstimate
        The steps are kept.

    Raises
    ------
    ArgumentError
        No part, names that repeat, shares that sum to more than 1, or a value outside its domain.

    Notes
    -----
    With shares S, factors a and :math:`s_d = \frac12 \hat p_d + \frac12 q`, q the pooled
    :math:`\sum S_d \hat p_d/\sum S_d` held in [1/n, 1 - 1/n] for the n of all parts:
    :math:`\bar p = \sum S_d s_d/\sum S_d` and
    :math:`n^* = \bar p(1-\bar p)(\sum S_d)^2 / \sum S_d^2 s_d(1-s_d) a_d`. The limits are
    Clopper-Pearson's at the pooled proportion and n*, times :math:`\sum S_d`, plus the known share.
    Parts that share PSUs count as independent.

    References
    ----------
    .. [1] E. L. Korn, B. I. Graubard, *Survey Methodology* 24, 1998, 193-201 (the limits; the
       smoothing is this project's).

    Examples
    --------
    >>> shares = {"exited": 0.2, "unregistered": 0.78}
    >>> parts = [
    ...     CompositePart(
    ...         name=name, share=share, proportion=0.0, n=500, events=0, variance_factor=0.003
    ...     )
    ...     for name, share in shares.items()
    ... ]
    >>> result = estimate_composite(parts, known_share=0.005)
    >>> result.estimate, result.lower, round(result.upper, 4)
    (0.005, 0.005, 0.0123)
    """
    parts = tuple(parts)
    known = check_share("known_share", known_share)
    check_fraction("confidence", confidence)
    _check_parts(parts, known)
    share = np.array([part.share for part in parts])
    p = np.array([part.proportion for part in parts])
    factor = np.array([part.variance_factor for part in parts])
    # The same sum above and below the line, so that all events give 1 exactly.
    n, sampled = sum(part.n for part in parts), float(np.dot(share, np.ones(len(parts))))
    pooled = float(np.dot(share, p)) / sampled
    least = min(1 / n, 0.5)
    smooth = p / 2 + min(max(pooled, least), 1 - least) / 2
    mean = float(np.dot(share, smooth)) / sampled
    variance = float((share**2 * smooth * (1 - smooth) * factor).sum())
    n_used = mean * (1 - mean) * sampled**2 / variance
    lower, upper = korn_graubard_limits(pooled, n_used, confidence=confidence)
    return CompositeEstimate(
        estimate=pooled * sampled + known,
        interval=Interval(
            lower=float(lower) * sampled + known,
            upper=float(upper) * sampled + known,
            confidence=float(confidence),
            method="korn-graubard-composite",
        ),
        n=n,
        events=sum(part.events for part in parts),
        n_used=n_used,
        known_share=known,
        sampled_share=sampled,
        parts=parts,
        smoothed=tuple(smooth.tolist()),
    )


def _check_parts(parts: tuple[CompositePart, ...], known: float) -> None:
    names = [part.name for part in parts]
    if not parts or len(set(names)) < len(names):
        raise ArgumentError(
            f"parts must be at least one, each with its own name; got {names!r}. "
            "Give each sampled stratum once.",
            code="parts",
            got=tuple(names),
        )
    total = sum(part.share for part in parts) + known
    if total > 1 + 1e-9:
        raise ArgumentError(
            f"shares and known_share must sum to at most 1; got {total!r}. "
            "Divide stratum sizes by the size of the whole population.",
            code="shares-above-one",
            got=total,
        )
