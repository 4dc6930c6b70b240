"""Limits of a proportion from its estimate, variance and sizes, many domains at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from ._checks import FloatArray, check_number
from .intervals._limits import bisect, mid_p_limits
from .intervals.effective import korn_graubard_limits
from .quantity import Quantity
from .sample import Domains, Sample, point_estimates

ProportionInterval = Literal[
    "korn-graubard",
    "korn-graubard-uncapped",
    "korn-graubard-model",
    "logit",
    "wilson",
    "likelihood",
    "asin",
    "xlogit",
    "mean",
    "mid-p",
    "beta-binomial",
]
Limits = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basis:
    """What an interval stands on, one entry for each domain."""

    estimate: FloatArray
    variance: FloatArray
    n: FloatArray
    df: FloatArray
    effective: FloatArray
    quantile: FloatArray
    tail: float

    @property
    def plain(self) -> npt.NDArray[np.bool_]:
        """Domains whose own variance tells something."""
        return np.isfinite(self.effective)

    @property
    def own_size(self) -> FloatArray:
        """Own effective size, and the sample size where there is none."""
        return np.where(self.plain, self.effective, self.n)


def checked_df(df: float) -> float:
    """``df`` above 0, perhaps infinite."""
    return df if df == math.inf else check_number("df", df, least=0, strict=True)


def basis_of(
    sample: Sample,
    domains: Domains,
    quantity: Quantity,
    tail: float,
    given_df: float | None = None,
) -> Basis:
    """Estimate, variance and sizes of every domain."""
    estimate = point_estimates(sample, domains, quantity.top, quantity.bottom)
    # The dust of summed weights is no proportion above 1.
    estimate = np.clip(estimate, 0.0, 1.0)
    variance = sample.variances(domains, quantity.top, quantity.bottom)
    df = sample.df(domains).astype(np.float64)
    if given_df is not None:
        df = np.full(len(domains), checked_df(given_df))
    inner = (variance > 0) & (estimate > 0) & (estimate < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(inner, estimate * (1 - estimate) / variance, np.inf)
    return Basis(
        estimate=estimate,
        variance=variance,
        n=sample.counts(domains),
        df=df,
        effective=effective,
        quantile=stats.t.isf(tail, np.maximum(df, 1)),
        tail=tail,
    )


def share_limits(
    sample: Sample, domains: Domains, event: FloatArray, form: ProportionInterval, tail: float
) -> Limits:
    """Limits of the share of ``event`` in each domain, "mean" unbounded."""
    quantity = Quantity(words="", name="", top=event, bottom=np.ones(len(event)))
    return limits_of(form, basis_of(sample, domains, quantity, tail), None)[1:]


def limits_of(
    form: ProportionInterval, basis: Basis, model: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Size that the interval stands on, and its limits, for each domain."""
    if form in ("logit", "xlogit", "mean"):
        return _transformed(form, basis)
    if form in ("wilson", "likelihood", "asin"):
        size = basis.own_size
        if model is not None:
            size = _exact_size(form, basis, model)
            basis = replace(basis, quantile=np.full(len(size), stats.norm.isf(basis.tail)))
        ends = {"wilson": _wilson, "likelihood": _likelihood, "asin": _asin}[form](basis, size)
    else:
        size = _exact_size(form, basis, model)
        if form == "mid-p":
            ends = mid_p_limits(basis.estimate, size, basis.tail)
        else:
            return size, *_beta(basis.estimate, size, basis.tail)
    blind = (basis.df <= 0) & basis.plain if model is None else np.zeros(len(size), dtype=bool)
    lower, upper = np.where(blind, 0.0, ends[0]), np.where(blind, 1.0, ends[1])
    return np.where(blind, 0.0, size), lower, upper


def _beta(p: FloatArray, size: FloatArray, tail: float) -> Limits:
    return korn_graubard_limits(p, size, confidence=1 - 2 * tail)


def _exact_size(form: ProportionInterval, basis: Basis, model: FloatArray | None) -> FloatArray:
    """Effective size of the exact forms."""
    if model is not None:
        return basis.n / np.maximum(1.0, model)
    inside = (basis.estimate > 0) & (basis.estimate < 1)
    own = np.where(basis.plain, basis.effective, 0.0)
    ratio = stats.t.isf(basis.tail, np.maximum(basis.n - 1, 1)) / basis.quantile
    size = np.where(basis.plain, own * ratio**2, basis.n)
    if form != "korn-graubard-uncapped":
        size = np.minimum(size, basis.n)
    return np.where(inside & (basis.df <= 0), 0.0, size)


def _transformed(
    form: ProportionInterval, basis: Basis
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Limits on a scale of the estimate and its standard error; exact where that is 0."""
    size = basis.own_size
    exact = _beta(basis.estimate, basis.n, basis.tail)
    p = np.where(basis.plain, basis.estimate, 0.5)
    margin = basis.quantile * np.sqrt(np.where(basis.plain, basis.variance, 0.0))
    if form == "mean":
        ends = (p - margin, p + margin)
    else:
        centre, half = special.logit(p), margin / (p * (1 - p))
        ends = (special.expit(centre - half), special.expit(centre + half))
    blind = (basis.df <= 0) & basis.plain
    lower = np.where(blind, 0.0, np.where(basis.plain, ends[0], exact[0]))
    upper = np.where(blind, 1.0, np.where(basis.plain, ends[1], exact[1]))
    return np.where(blind, 0.0, size), lower, upper


def _wilson(basis: Basis, size: FloatArray) -> Limits:
    p, c = basis.estimate, basis.quantile
    middle = p + c**2 / (2 * size)
    spread = c * np.sqrt(p * (1 - p) / size + c**2 / (4 * size**2))
    scale = 1 + c**2 / size
    lower = np.where(p == 0, 0.0, np.maximum(0.0, (middle - spread) / scale))
    upper = np.where(p == 1, 1.0, np.minimum(1.0, (middle + spread) / scale))
    return lower, upper


def _asin(basis: Basis, size: FloatArray) -> Limits:
    centre, half = np.arcsin(np.sqrt(basis.estimate)), basis.quantile / (2 * np.sqrt(size))
    ends = np.clip(centre - half, 0, np.pi / 2), np.clip(centre + half, 0, np.pi / 2)
    return np.sin(ends[0]) ** 2, np.sin(ends[1]) ** 2


def _likelihood(basis: Basis, size: FloatArray) -> Limits:
    p, target = basis.estimate, basis.quantile**2

    def gap(at: FloatArray) -> FloatArray:
        apart: FloatArray = special.rel_entr(p, at) + special.rel_entr(1 - p, 1 - at)
        return 2 * size * apart - target

    zero, one = np.zeros_like(p), np.ones_like(p)
    lower = np.where(p == 0, 0.0, bisect(lambda at: gap(at) > 0, zero, p))
    upper = np.where(p == 1, 1.0, bisect(lambda at: gap(at) < 0, p, one))
    return lower, upper
