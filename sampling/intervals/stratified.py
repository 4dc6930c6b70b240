"""Bounds of a finite population's rate from a stratified sample, exact where that is feasible."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import special

from .._checks import FloatArray, array_of, check_choice
from .._show import Table, format_number
from ..errors import ArgumentError
from ..results import Interval, Side
from ._limits import DUST, tail_of
from .counts import GammaMethod, interval_gamma
from .enumerated import (
    chernoff_bound,
    enumerate_bound,
    inside_at_least,
    inside_at_most,
    near_bound,
)
from .hypergeometric import chance_at_most, last_events

StratifiedMethod = Literal["exact", "fisher", "wright", "gamma", "gamma-mid-p", "tiwari"]
Route = Literal["greedy", "enumeration", "bracket", "closed-form"]
Counts = Sequence[int] | Mapping[str, int]
IntArray = npt.NDArray[np.int64]

_GAMMA: dict[str, GammaMethod] = {"gamma": "fay-feuer", "gamma-mid-p": "mid-p", "tiwari": "tiwari"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StratifiedInterval(Interval):
    """Limits of a rate from a stratified sample, and how they were reckoned.

    Parameters
    ----------
    population_size : int
        Units in all strata.
    upper_count, lower_count : int or None
        The limits as counts of units; None for the gamma methods.
    route : {"greedy", "enumeration", "bracket", "closed-form"}
        How the limits were reckoned; under "bracket" they are outer ends of what is known.
    upper_least, lower_most : int or None
        Inner ends: the exact upper limit is at least ``upper_least``, the exact lower one at most
        ``lower_most``. Equal to the limits unless ``route`` is "bracket"; None for methods other
        than "exact".
    """

    population_size: int
    upper_count: int | None
    lower_count: int | None
    route: Route
    upper_least: int | None = None
    lower_most: int | None = None

    def _table(self) -> Table:
        counts = [
            "-" if count is None else str(count) for count in (self.lower_count, self.upper_count)
        ]
        note = ""
        if self.route == "bracket":
            note = f"exact limits lie within {self.lower_most} and {self.upper_least} or beyond"
        return Table(
            title=f"{self.confidence:.0%} interval, {self.side}, {self.method}, {self.route}",
            columns=("lower", "upper", "units from", "to", "of"),
            rows=(
                (
                    format_number(self.lower, 6),
                    format_number(self.upper, 6),
                    *counts,
                    str(self.population_size),
                ),
            ),
            notes=(note,) if note else (),
        )


def interval_stratified(
    errors_by_stratum: Counts,
    n_by_stratum: Counts,
    sizes: Counts,
    *,
    method: StratifiedMethod = "exact",
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> StratifiedInterval:
    r"""Interval for the rate in a population of strata, each sampled simply and by itself.

    Parameters
    ----------
    errors_by_stratum, n_by_stratum, sizes : sequence or mapping of int
        Units with the event, units sampled (at least 1), and units in the population (at least as
        many), of each stratum; same length, or same keys.
    method : str, default "exact"
        "exact" inverts a test of the estimate; "fisher" and "wright" are exact and wider; "gamma",
        "gamma-mid-p" and "tiwari" approximate and know no finite population.
    confidence : float, default 0.95
        In (0, 1); of the single limit when one-sided.
    side : {"two-sided", "upper", "lower"}, default "two-sided"
        Which limits are wanted.

    Returns
    -------
    StratifiedInterval
        Limits in [0, 1]; ``route`` says how the exact ones were found.

    Raises
    ------
    ArgumentError
        A value is outside its domain, or strata do not belong together.

    Notes
    -----
    With :math:`T=\sum (N_h/n_h)x_h` and K_h events in stratum h, the upper limit is the largest
    :math:`\sum K_h` with :math:`P(T \le t \mid K_1,\dots,K_H) > \alpha` for some K that the sample
    allows; the lower one the least with :math:`P(T \ge t \mid K) > \alpha`. Without events the
    chance is a product of factors that fall in K_h, so the largest ones are multiplied: exact for
    any number of strata ("greedy"). Otherwise all K are gone through, as a table for few strata, or
    stratum by stratum keeping what nothing else beats when N_h/n_h are equal ("enumeration").
    Where that would take too long ("bracket"), the limit is an outer end that holds: by what was
    left out stratum by stratum, else the best of Fisher's, Wright's and exponential bounds
    :math:`P(T \le t) \le e^{gt}\prod E e^{-g(N_h/n_h)x_h}`; the inner end is reached by some K.

    Fisher: the largest sum with :math:`P(\chi^2_{2H} > -2\sum \ln P_h) > \alpha` (Stark). Wright:
    the sum of limits at :math:`(1-\alpha)^{1/H}` each. Villages that were sampled whole or in part
    are no strata: use ``estimate_composite``.

    References
    ----------
    .. [1] J. P. Wendell, J. Schmee, "Exact inference for proportions from a stratified finite
       population", *JASA* 91, 1996, 825-830.
    .. [2] T. Wright, *Exact Confidence Bounds when Sampling from Small Finite Universes*,
       Springer, 1991.
    .. [3] P. B. Stark, "Confidence bounds for a stratified binary population", *StatNotes*, 2019.

    Examples
    --------
    Twenty-five towns of 200 households, 16 seen in each, none wrong:

    >>> found = interval_stratified([0] * 25, [16] * 25, [200] * 25, side="upper")
    >>> found.upper_count, found.upper, found.route
    (35, 0.007, 'greedy')
    """
    strata = _strata(errors_by_stratum, n_by_stratum, sizes)
    check_choice("method", method, get_args(StratifiedMethod))
    # Chances equal to the tail are rejected; dust must not keep them.
    tail = tail_of(confidence, side) * (1 + DUST)
    total = int(strata.size.sum())
    if method in _GAMMA:
        weights = strata.size / total / strata.n
        limits = interval_gamma(
            strata.errors, weights, method=_GAMMA[method], confidence=confidence, side=side
        )
        return StratifiedInterval(
            lower=limits.lower,
            upper=limits.upper,
            confidence=float(confidence),
            method=method,
            side=side,
            population_size=total,
            upper_count=None,
            lower_count=None,
            route="closed-form",
        )
    upper = _Bound(outer=total, inner=total, route="greedy")
    lower = _Bound(outer=0, inner=0, route="greedy")
    if side != "lower":
        upper = _BOUNDS[method](strata, tail)
    if side != "upper":
        lower = _lower(strata, tail, method)
    routes: tuple[Route, ...] = ("closed-form", "bracket", "enumeration", "greedy")
    exact = method == "exact"
    return StratifiedInterval(
        lower=lower.outer / total,
        upper=upper.outer / total,
        confidence=float(confidence),
        method=f"stratified-{method}",
        side=side,
        population_size=total,
        upper_count=upper.outer,
        lower_count=lower.outer,
        route=next(route for route in routes if route in (upper.route, lower.route)),
        upper_least=upper.inner if exact else None,
        lower_most=lower.inner if exact else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Strata:
    errors: IntArray
    n: IntArray
    size: IntArray

    @property
    def parts(self) -> tuple[IntArray, IntArray, IntArray]:
        return self.errors, self.n, self.size

    def turned(self) -> _Strata:
        """Exchange events and non-events."""
        return _Strata(errors=self.n - self.errors, n=self.n, size=self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    """A bound as a count: the end that is surely outside, and the one surely inside."""

    outer: int
    inner: int
    route: Route


_GIVEN = ("errors_by_stratum", "n_by_stratum", "sizes")


def _strata(errors: Counts, n: Counts, sizes: Counts) -> _Strata:
    given: list[Counts] = [errors, n, sizes]
    tables = [part for part in given if isinstance(part, Mapping)]
    if tables:
        if len(tables) < 3 or any(table.keys() != tables[2].keys() for table in tables):
            raise ArgumentError(
                "errors_by_stratum, n_by_stratum and sizes must name the same strata; got "
                f"{[sorted(table) for table in tables]!r} in {len(tables)} mappings. "
                "Give all three of every stratum.",
                code="keys-differ",
            )
        given = [[table[key] for key in tables[2]] for table in tables]
    parts = [array_of(name, part) for name, part in zip(_GIVEN, given, strict=True)]
    if parts[0].ndim != 1 or len({part.shape for part in parts}) > 1 or not len(parts[0]):
        raise ArgumentError(
            "errors_by_stratum, n_by_stratum and sizes must have one entry for each stratum, at "
            f"least one; got shapes {[part.shape for part in parts]}. Give all three of each.",
            code="length-differs",
        )
    x, m, size = parts
    whole = np.all([np.isfinite(part) & (part == np.floor(part)) for part in parts], axis=0)
    good = whole & (x >= 0) & (x <= m) & (m >= 1) & (m <= size)
    if not good.all():
        place = int(np.flatnonzero(~good)[0])
        raise ArgumentError(
            "counts of a stratum must be whole, with errors from 0 to n and n from 1 to its size; "
            f"got {x[place]:g}, {m[place]:g} and {size[place]:g} in stratum {place}. "
            "Leave strata without a sample out, and say so.",
            code="counts-outside",
            place=place,
        )
    return _Strata(errors=x.astype(np.int64), n=m.astype(np.int64), size=size.astype(np.int64))


def _lower(strata: _Strata, tail: float, method: StratifiedMethod) -> _Bound:
    total = int(strata.size.sum())
    if not strata.errors.any():
        return _Bound(outer=0, inner=0, route="greedy")
    turned = strata.turned()
    if method != "exact" or not turned.errors.any():
        found = _BOUNDS[method](turned, tail)
        return _Bound(outer=total - found.outer, inner=total - found.inner, route=found.route)
    count = enumerate_bound(strata.errors, strata.n, strata.size, tail, "at-least")
    if count is not None:
        return _Bound(outer=count, inner=count, route="enumeration")
    outer = total - min(_fisher(turned, tail).outer, _wright(turned, tail).outer)
    inner = inside_at_least(*strata.parts, tail, _rising_path(strata))
    return _Bound(outer=outer, inner=inner, route="enumeration" if outer == inner else "bracket")


def _exact(strata: _Strata, tail: float) -> _Bound:
    total = int(strata.size.sum())
    if (strata.errors == strata.n).all():
        return _Bound(outer=total, inner=total, route="greedy")
    if not strata.errors.any():
        count = _clean(strata, tail)
        return _Bound(outer=count, inner=count, route="greedy")
    exact = enumerate_bound(*strata.parts, tail, "at-most")
    if exact is not None:
        return _Bound(outer=exact, inner=exact, route="enumeration")
    near = near_bound(*strata.parts, tail)
    if near is not None and near[0] == near[1]:
        return _Bound(outer=near[0], inner=near[1], route="enumeration")
    outer = min(_fisher(strata, tail).outer, _wright(strata, tail).outer)
    outer = min(outer, chernoff_bound(*strata.parts, tail))
    inner = inside_at_most(*strata.parts, tail, _falling_path(strata, tail))
    if near is not None:
        outer, inner = min(outer, near[0]), max(inner, near[1])
    return _Bound(outer=outer, inner=inner, route="enumeration" if outer == inner else "bracket")


def _clean(strata: _Strata, tail: float) -> int:
    """Most events that leave the chance of finding none above ``tail``."""
    steps = []
    for n, size in zip(strata.n.tolist(), strata.size.tolist(), strict=True):
        # One stratum alone may hold at most this many.
        most = min(size - n, math.ceil(size * -math.expm1(math.log(tail) / n)) + 1)
        hidden = np.arange(most, dtype=np.float64)
        steps.append(np.log((size - hidden - n) / (size - hidden)))
    falls = np.sort(np.concatenate(steps))[::-1]
    return int(np.searchsorted(-np.cumsum(falls), -math.log(tail), side="left"))


def _falls(strata: _Strata, tail: float) -> list[FloatArray]:
    """By how much each further event of a stratum changes its log chance of so few.

    As far as Fisher's test can follow; it has rejected whatever lies beyond.
    """
    least = math.exp(-float(special.gammainccinv(len(strata.n), tail)) - 1.0)
    falls = []
    for x, n, size in zip(*(part.tolist() for part in strata.parts), strict=True):
        events = np.arange(min(last_events(x, n, size, least) + 1, size - (n - x)) + 1)
        chance = np.maximum(chance_at_most(x, events, n, size), 1e-300)
        falls.append(np.diff(np.log(chance)))
    return falls


def _falling_path(strata: _Strata, tail: float) -> IntArray:
    """Stratum of each event added, where the log chances together fall least."""
    falls = [np.minimum.accumulate(fall) for fall in _falls(strata, tail)]
    owner = np.repeat(np.arange(len(falls)), [len(fall) for fall in falls])
    path: IntArray = owner[np.argsort(-np.concatenate(falls), kind="stable")]
    return path


def _rising_path(strata: _Strata) -> IntArray:
    """Stratum of each event added to those seen, where the log chance of so many rises most."""
    rises = []
    for x, n, size in zip(*(part.tolist() for part in strata.parts), strict=True):
        # Until so many are all but certain; P(X >= x) is P(X' <= n - x) of the other units.
        enough = size - last_events(n - x, n, size, 1 - 1e-6)
        without = size - np.arange(x, max(x, enough) + 1)
        chance = np.maximum(chance_at_most(n - x, without, n, size), 1e-300)
        rises.append(np.diff(np.log(chance)))
    rises = [np.minimum.accumulate(rise) for rise in rises]
    owner = np.repeat(np.arange(len(rises)), [len(rise) for rise in rises])
    path: IntArray = owner[np.argsort(-np.concatenate(rises), kind="stable")]
    return path


def _fisher(strata: _Strata, tail: float) -> _Bound:
    # Sorted, the steps add up to no less than any events there are, concave or not.
    logs = np.cumsum(np.sort(np.concatenate(_falls(strata, tail)))[::-1])
    kept = special.gammaincc(len(strata.n), np.maximum(-logs, 0.0)) > tail
    count = int(kept.sum())
    return _Bound(outer=count, inner=count, route="closed-form")


def _wright(strata: _Strata, tail: float) -> _Bound:
    each = -math.expm1(math.log1p(-tail) / len(strata.n))
    count = 0
    for part in zip(strata.errors.tolist(), strata.n.tolist(), strata.size.tolist(), strict=True):
        count += last_events(*part, each)
    return _Bound(outer=count, inner=count, route="closed-form")


_BOUNDS = {"exact": _exact, "fisher": _fisher, "wright": _wright}
