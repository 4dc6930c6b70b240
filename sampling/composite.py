"""A rate over several strata of known size, with one combined effective sample size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from ._checks import (
    FloatArray,
    check_choice,
    check_columns,
    check_count,
    check_fraction,
    check_number,
    check_share,
    events_of,
    numbers_of,
)
from ._rounding import complement
from ._show import Table, format_number
from .clustering import OWN_DEFF_EVENTS, OWN_DEFF_FACTOR, PooledIcc, variance_factor
from .design import Design
from .errors import ArgumentError
from .intervals import interval_korn_graubard, korn_graubard_limits
from .intervals._limits import mid_p_limits
from .layout import lay_out
from .proportions import OwnDeff
from .results import Interval, Result

CompositeInterval = Literal["korn-graubard", "mid-p"]


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
    icc : float or None
        Intra-cluster correlation inside ``variance_factor``; None when it was not told.
    psus : tuple of str
        The sampled PSUs; empty when they were not told, as for the next two.
    psu_shares : tuple of float
        Share of the stratum's weight in each PSU.
    psu_residuals : tuple of float
        Weighted sum of y - p in each PSU over the stratum's weight.

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
    icc: float | None = None
    psus: tuple[str, ...] = ()
    psu_shares: tuple[float, ...] = ()
    psu_residuals: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check_share("share", self.share, zero=False)
        check_share("proportion", self.proportion)
        check_count("n", self.n, least=1)
        check_count("events", self.events, least=0, most=self.n)
        check_number("variance_factor", self.variance_factor, least=0, strict=True, most=1 + 1e-9)
        lengths = {len(self.psus), len(self.psu_shares), len(self.psu_residuals)}
        if len(lengths) > 1:
            raise ArgumentError(
                "psus, psu_shares and psu_residuals must be equally long; got "
                f"{len(self.psus)}, {len(self.psu_shares)} and {len(self.psu_residuals)}. "
                "Let composite_part make them.",
                code="length-differs",
                name="psus",
            )

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
    unknown_share : float
        Share of the population in strata from which nothing came.
    between : float
        Correlation between parts of what a PSU does to them, as ``estimate_composite`` took it.
    own_deff : float or None
        Design effect by the PSUs' own totals over all parts; None where they do not tell.
    policy : {"model", "own-deff"}
        Which of the two ``n_used`` stands on.
    reason : str
        Why the own one does; empty otherwise.
    nchs : Interval or None
        Korn and Graubard's interval by the own variance, as the NCHS standards have it.
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
    unknown_share: float = 0.0
    between: float = 0.0
    own_deff: float | None = None
    policy: Literal["model", "own-deff"] = "model"
    reason: str = ""
    nchs: Interval | None = None

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
        notes = [f"effective n {self.n_used:.1f}; {known}"]
        if self.unknown_share:
            notes.append(f"unknown share {format_number(self.unknown_share)}, none to all of it")
        return _parts_table(title, self.parts, (*notes, *([self.reason] if self.reason else [])))


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
    icc: float | PooledIcc,
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
    icc : float or PooledIcc
        Intra-cluster correlation, in [0, 1], best what ``pool_icc`` gave.
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
    rho = check_share("icc", icc.icc if isinstance(icc, PooledIcc) else icc)
    check_columns(data, [variable, *([size] if size else [])])
    layout = lay_out(data, design)
    event = events_of(data, variable)
    element = numbers_of(data, size, least=0, strict=True) if size else np.ones(len(data))
    weight = layout.weight * element
    proportion = float(np.dot(weight, event) / np.dot(weight, np.ones(len(weight))))
    shares = np.bincount(layout.psu, weight) / weight.sum()
    residuals = np.bincount(layout.psu, weight * (event - proportion)) / weight.sum()
    first = np.unique(layout.psu, return_index=True)[1]
    return CompositePart(
        name=name,
        share=share,
        proportion=proportion,
        n=len(data),
        events=int(event.sum()),
        variance_factor=variance_factor(weight, layout.psu, rho),
        icc=rho,
        psus=_psu_names(data.iloc[first], design),
        psu_shares=tuple(shares.tolist()),
        psu_residuals=tuple(residuals.tolist()),
    )


def _psu_names(data: pd.DataFrame, design: Design) -> tuple[str, ...]:
    """Name of the PSU of each row, by the first stage's stratum; without PSUs the row itself."""
    if design.psu is None:
        return tuple(str(label) for label in data.index)
    columns = [*_listed(design.strata)[:1], *_listed(design.psu)[:1]]
    return tuple("|".join(map(str, row)) for row in data[columns].to_numpy().tolist())


def _listed(columns: object) -> list[str]:
    if columns is None:
        return []
    return [columns] if isinstance(columns, str) else [str(column) for column in columns]  # type: ignore[attr-defined]


def estimate_composite(
    parts: Sequence[CompositePart],
    *,
    known_share: float = 0.0,
    unknown_share: float = 0.0,
    confidence: float = 0.95,
    interval: CompositeInterval = "korn-graubard",
    between: float = 0.0,
    own_deff: OwnDeff = "ignore",
) -> CompositeEstimate:
    r"""Rate over several strata of known size, with an interval of one combined effective n.

    Each stratum's variance is reckoned at a proportion drawn half way to the pooled one, so that
    strata without events still count.

    Parameters
    ----------
    parts : sequence of CompositePart
        The sampled strata, at least one.
    known_share : float, default 0.0
        Share of the population known to have the event; it is added after the interval.
    unknown_share : float, default 0.0
        Share of the population in strata from which nothing came (no sample, or none answered).
        The estimate takes them to be as the others together, the limits as without and as full of
        events.
    confidence : float, default 0.95
        Of the two-sided interval.
    interval : {"korn-graubard", "mid-p"}, default "korn-graubard"
        Limits at the combined effective size; "mid-p" is narrower and holds on average only.
    between : float, default 0.0
        Correlation, in [0, 1], between parts of what a PSU does to them, for parts made by
        ``composite_part`` from the same PSUs: 0 lets them be independent, 1 is the bound.
    own_deff : {"ignore", "if-larger"}, default "ignore"
        Whether the design effect by the PSUs' own totals, over which parts add up, takes over
        when it is more than 1.5 times the model's and there are at least 6 events.

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
    With ``between`` r, parts d and e that share PSUs v, their correlations :math:`\rho` and shares
    of weight g add :math:`2rS_dS_e\sqrt{\rho_d s_d(1-s_d)\rho_e s_e(1-s_e)}\sum_v g_{dv}g_{ev}`
    below the line. Own variance: :math:`m/(m-1)\sum_v(\sum_d S_d e_{dv})^2` over the m PSUs of
    all parts, e their ``psu_residuals``; ``nchs`` stands on it with m - 1 degrees of freedom.

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
    unknown = check_share("unknown_share", unknown_share)
    check_choice("interval", interval, get_args(CompositeInterval))
    check_choice("own_deff", own_deff, get_args(OwnDeff))
    tail = complement(check_fraction("confidence", confidence)) / 2
    _check_parts(parts, known + unknown)
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
    variance += _shared(parts, smooth, check_share("between", between))
    n_used = mean * (1 - mean) * sampled**2 / variance
    events = sum(part.events for part in parts)
    own = _own_variance(parts)
    own_size = pooled * (1 - pooled) * sampled**2 / own[0] if own[0] > 0 else None
    own_effect = None if own_size is None else n / own_size
    model = max(1.0, n / n_used)
    reason = ""
    if (
        own_deff == "if-larger"
        and own_effect is not None
        and events >= OWN_DEFF_EVENTS
        and own_effect > OWN_DEFF_FACTOR * model
    ):
        n_used = n / own_effect
        reason = f"own design effect {own_effect:.3g} against {model:.3g} by the model"
    if interval == "mid-p":
        lower, upper = mid_p_limits(np.array(pooled), np.array(n_used), tail)
    else:
        lower, upper = korn_graubard_limits(pooled, n_used, confidence=confidence)

    def whole(low: float, high: float, method: str) -> Interval:
        return Interval(
            lower=low * sampled + known,
            upper=high * sampled + known + unknown,
            confidence=float(confidence),
            method=method,
        )

    nchs = None
    if own[1] > 0 and n > 1:
        beside = interval_korn_graubard(
            min(1.0, pooled), n, own_size, own[1], confidence=confidence
        )
        nchs = whole(beside.lower, beside.upper, beside.method)
    return CompositeEstimate(
        estimate=pooled * (sampled + unknown) + known,
        interval=whole(float(lower), float(upper), f"{interval}-composite"),
        n=n,
        events=events,
        n_used=n_used,
        known_share=known,
        sampled_share=sampled,
        parts=parts,
        smoothed=tuple(smooth.tolist()),
        unknown_share=unknown,
        between=float(between),
        own_deff=own_effect,
        policy="own-deff" if reason else "model",
        reason=reason,
        nchs=nchs,
    )


def _shared(parts: tuple[CompositePart, ...], smooth: FloatArray, between: float) -> float:
    """Variance that parts have together from what their common PSUs do to them."""
    if between == 0:
        return 0.0
    added = 0.0
    for place, one in enumerate(parts):
        for later, other in enumerate(parts[place + 1 :], start=place + 1):
            if one.icc is None or other.icc is None:
                raise ArgumentError(
                    f"between={between!r} needs the PSUs of every part; part "
                    f"{(one if one.icc is None else other).name!r} does not tell them. "
                    "Make parts by composite_part.",
                    code="psu-missing",
                )
            there = dict(zip(other.psus, other.psu_shares, strict=True))
            together = sum(
                share * there.get(psu, 0.0)
                for psu, share in zip(one.psus, one.psu_shares, strict=True)
            )
            spread = one.icc * smooth[place] * (1 - smooth[place])
            spread *= other.icc * smooth[later] * (1 - smooth[later])
            added += 2 * between * one.share * other.share * together * float(np.sqrt(spread))
    return added


def _own_variance(parts: tuple[CompositePart, ...]) -> tuple[float, int]:
    """Variance of the sum over parts by the totals of their PSUs, and its degrees of freedom."""
    if not all(part.psus for part in parts):
        return 0.0, 0
    totals: dict[str, float] = {}
    for part in parts:
        for psu, residual in zip(part.psus, part.psu_residuals, strict=True):
            totals[psu] = totals.get(psu, 0.0) + part.share * residual
    count = len(totals)
    if count < 2:
        return 0.0, 0
    # Residuals of each part add up to 0, and so do these totals.
    return count / (count - 1) * float(np.sum(np.square(list(totals.values())))), count - 1


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
