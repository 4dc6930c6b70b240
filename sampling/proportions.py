"""Estimates of proportions and rates, with intervals that hold for rare events and for none."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

from ._checks import FloatArray, check_choice, check_fraction, check_number, check_share
from ._rounding import complement
from .clustering import variance_factors
from .design import AnyDesign
from .errors import ArgumentError
from .intervals import korn_graubard_limits
from .quantity import Quantity, design_effects
from .results import DeffReference, Estimates, Interval, ProportionEstimate
from .sample import Domains, Sample, domains_of, point_estimates, sample_of, values_of

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
]
NO_EFFECTIVE = "no own effective size: the variance is zero"
EXACT_INSTEAD = "no variance to stand on: exact limits at the sample size"
Limits = tuple[FloatArray, FloatArray]


def estimate_proportion(
    data: pd.DataFrame,
    variable: str,
    design: AnyDesign,
    *,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    interval: ProportionInterval = "korn-graubard",
    size: str | None = None,
    icc: float | None = None,
    model_deff: float | None = None,
    deff: DeffReference | None = None,
    df: float | None = None,
) -> Estimates:
    r"""Proportions or rates, with intervals that hold for rare events and for none.

    Parameters
    ----------
    data, design, by, confidence, deff
        As for ``estimate_mean``.
    variable : str
        Column of the event, 0 or 1 (or true-false), complete.
    interval : str, default "korn-graubard"
        "korn-graubard" takes the effective size from the own variance, at most n (the NCHS
        form); "korn-graubard-uncapped" is R ``svyciprop(method="beta")``; "korn-graubard-model"
        takes it from a model design effect, and giving ``icc`` or ``model_deff`` turns
        "korn-graubard" into it. "logit", "wilson", "likelihood", "asin", "xlogit" and "mean" have
        R's names; "mean" and "asin" are not for small proportions. "mid-p" is that of the
        effective size of "korn-graubard".
    size : str, optional
        Column of elements (persons) in each unit (household), above 0: the rate is then one of
        elements, while ``n`` and ``events`` count units.
    icc : float, optional
        Intra-cluster correlation for the model form, in [0, 1], best pooled by ``pool_icc``.
    model_deff : float, optional
        Model design effect itself, above 0, instead of ``icc``.
    df : float, optional
        Degrees of freedom in place of the design's; ``math.inf`` for normal quantiles.

    Returns
    -------
    Estimates
        Rows are ``ProportionEstimate``.

    Raises
    ------
    ArgumentError
        As for ``estimate_mean``, or the model form lacks its one number or has two.
    LonelyUnitError
        A stratum has one sampled PSU under ``lonely_psu="raise"``.

    Notes
    -----
    :math:`\hat p = \sum w z y / \sum w z`, the variance as for ``estimate_ratio``. Own variance:
    see ``interval_korn_graubard``. Model form: :math:`n^* = n/\max(1, \mathrm{deff}_M)`, where
    ``design_effect`` gives deff_M from the domain's weights wz and PSUs; no t adjustment. Without
    events its limits are 0 and :math:`1-(\alpha/2)^{1/n^*}`, with events only the mirror image.
    The model form knows no finite-population correction.

    The other forms stand on :math:`n_e = \hat p(1-\hat p)/\hat v` and the t quantile c of ``df``:
    "logit" and "xlogit" are the same here, :math:`\mathrm{expit}(\mathrm{logit}\,\hat p \pm c
    \sqrt{\hat v}/(\hat p(1-\hat p)))`; "wilson" puts n_e and c into Wilson's form; "likelihood"
    solves :math:`2 n_e [\hat p \ln(\hat p/\pi) + (1-\hat p)\ln((1-\hat p)/(1-\pi))] = c^2` to the
    last digits, where R interpolates; "asin" stops at 0 and 1, where R reflects; "mean" is
    :math:`\hat p \pm c\sqrt{\hat v}` as it comes. Without a variance (no event, or only events)
    n_e is n, and "logit", "xlogit" and "mean" give the exact limits at n: always finite, never of
    width 0. Without degrees of freedom every one gives 0 and 1.

    References
    ----------
    .. [1] E. L. Korn, B. I. Graubard, *Survey Methodology* 24, 1998, 193-201.
    .. [2] S. Gabler, S. Haeder, P. Lahiri, *Survey Methodology* 25, 1999, 105-106.

    Examples
    --------
    Ten villages of thirty households, none of them poor:

    >>> import pandas as pd
    >>> from sampling import Design
    >>> data = pd.DataFrame({"village": [i // 30 for i in range(300)], "poor": 0})
    >>> row = estimate_proportion(data, "poor", Design(psu="village"), icc=0.05)[0]
    >>> row.estimate, row.lower, round(row.upper, 8)
    (0.0, 0.0, 0.02967659)
    """
    form = _interval_form(interval, icc, model_deff)
    tail = complement(check_fraction("confidence", confidence)) / 2
    sample = sample_of(design, data)
    domains = domains_of(data, by, sample.answered)
    event = values_of(sample, data, variable, events=True)
    element = values_of(sample, data, size, positive=True) if size else np.ones(len(data))
    of = f"rate of {variable} over {size}" if size else f"proportion of {variable}"
    quantity = Quantity(words=of, name=variable, top=event * element, bottom=element)
    basis = _basis(sample, domains, quantity, tail, df)
    deffs = design_effects(sample, domains, quantity, basis.variance, deff)
    model = _model_deffs(sample, domains, element, basis.n, icc, model_deff)
    used, lower, upper = limits_of(form, basis, model)
    events = domains.sums(event * sample.answered).astype(int)
    rows = []
    for place, label in enumerate(domains.labels):
        plain = bool(basis.plain[place])
        exact = form in ("logit", "xlogit", "mean") and not plain
        why = (deffs[place][1], "" if plain else NO_EFFECTIVE, EXACT_INSTEAD if exact else "")
        rows.append(
            ProportionEstimate(
                quantity=of,
                domain=label,
                estimate=float(basis.estimate[place]),
                std_error=float(np.sqrt(basis.variance[place])),
                interval=Interval(
                    lower=float(lower[place]),
                    upper=float(upper[place]),
                    confidence=float(confidence),
                    method=form,
                ),
                df=_whole(float(basis.df[place])),
                n=int(basis.n[place]),
                deff=deffs[place][0],
                deff_reference=deff,
                variance_method=sample.method,
                why="; ".join(text for text in why if text),
                events=int(events[place]),
                n_effective=float(basis.effective[place]) if plain else None,
                n_used=float(used[place]),
                model_deff=None if model is None else float(model[place]),
                icc=icc,
            )
        )
    names = tuple(", ".join(label) or variable for label in domains.labels)
    return Estimates(by=domains.by, rows=tuple(rows), names=names)


def _interval_form(
    interval: ProportionInterval, icc: float | None, model_deff: float | None
) -> ProportionInterval:
    """Choose the interval that the arguments ask for together."""
    check_choice("interval", interval, get_args(ProportionInterval))
    given = [
        name for name, value in (("icc", icc), ("model_deff", model_deff)) if value is not None
    ]
    if icc is not None:
        check_share("icc", icc)
    if model_deff is not None:
        check_number("model_deff", model_deff, least=0, strict=True)
    wanted = {"korn-graubard": "at most one", "korn-graubard-model": "one"}.get(interval, "none")
    fits = {"none": not given, "one": len(given) == 1, "at most one": len(given) <= 1}[wanted]
    if not fits:
        raise ArgumentError(
            f"interval={interval!r} takes {wanted} of icc and model_deff; got "
            f"{' and '.join(given) or 'neither'}. Pool a correlation by pool_icc.",
            code="model-arguments",
            interval=interval,
            got=tuple(given),
        )
    return "korn-graubard-model" if given else interval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Basis:
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


def _checked_df(df: float) -> float:
    """``df`` above 0, perhaps infinite."""
    return df if df == math.inf else check_number("df", df, least=0, strict=True)


def _whole(df: float) -> float:
    return int(df) if df.is_integer() else df


def _basis(
    sample: Sample,
    domains: Domains,
    quantity: Quantity,
    tail: float,
    given_df: float | None = None,
) -> _Basis:
    estimate = point_estimates(sample, domains, quantity.top, quantity.bottom)
    # The dust of summed weights is no proportion above 1.
    estimate = np.clip(estimate, 0.0, 1.0)
    variance = sample.variances(domains, quantity.top, quantity.bottom)
    df = sample.df(domains).astype(np.float64)
    if given_df is not None:
        df = np.full(len(domains), _checked_df(given_df))
    inner = (variance > 0) & (estimate > 0) & (estimate < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(inner, estimate * (1 - estimate) / variance, np.inf)
    return _Basis(
        estimate=estimate,
        variance=variance,
        n=domains.sums(sample.answered.astype(np.float64)),
        df=df,
        effective=effective,
        quantile=stats.t.isf(tail, np.maximum(df, 1)),
        tail=tail,
    )


def _model_deffs(
    sample: Sample,
    domains: Domains,
    element: FloatArray,
    n: FloatArray,
    icc: float | None,
    model_deff: float | None,
) -> FloatArray | None:
    """Model design effect of each domain, when one is asked for."""
    if icc is None:
        return None if model_deff is None else np.full(len(domains), float(model_deff))
    if sample.psu is None:
        raise ArgumentError(
            "icc needs the PSU of every row; the design names none. Give model_deff instead.",
            code="psu-missing",
        )
    weight = sample.weight * element
    return n * variance_factors(weight, sample.psu, icc, domains.code, len(domains))


def share_limits(
    sample: Sample, domains: Domains, event: FloatArray, form: ProportionInterval, tail: float
) -> Limits:
    """Limits of the share of ``event`` in each domain, "mean" unbounded."""
    quantity = Quantity(words="", name="", top=event, bottom=np.ones(len(event)))
    return limits_of(form, _basis(sample, domains, quantity, tail), None)[1:]


def limits_of(
    form: ProportionInterval, basis: _Basis, model: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Size that the interval stands on, and its limits, for each domain."""
    if form in ("logit", "xlogit", "mean"):
        return _transformed(form, basis)
    if form in ("wilson", "likelihood", "asin"):
        size = basis.own_size
        ends = {"wilson": _wilson, "likelihood": _likelihood, "asin": _asin}[form](basis, size)
    else:
        size = _exact_size(form, basis, model)
        if form == "mid-p":
            ends = _mid_p(basis.estimate, size, basis.tail)
        else:
            return size, *_beta(basis.estimate, size, basis.tail)
    blind = (basis.df <= 0) & basis.plain
    lower, upper = np.where(blind, 0.0, ends[0]), np.where(blind, 1.0, ends[1])
    return np.where(blind, 0.0, size), lower, upper


def _beta(p: FloatArray, size: FloatArray, tail: float) -> Limits:
    return korn_graubard_limits(p, size, confidence=1 - 2 * tail)


def _exact_size(form: ProportionInterval, basis: _Basis, model: FloatArray | None) -> FloatArray:
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
    form: ProportionInterval, basis: _Basis
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


def _wilson(basis: _Basis, size: FloatArray) -> Limits:
    p, c = basis.estimate, basis.quantile
    middle = p + c**2 / (2 * size)
    spread = c * np.sqrt(p * (1 - p) / size + c**2 / (4 * size**2))
    scale = 1 + c**2 / size
    lower = np.where(p == 0, 0.0, np.maximum(0.0, (middle - spread) / scale))
    upper = np.where(p == 1, 1.0, np.minimum(1.0, (middle + spread) / scale))
    return lower, upper


def _asin(basis: _Basis, size: FloatArray) -> Limits:
    centre, half = np.arcsin(np.sqrt(basis.estimate)), basis.quantile / (2 * np.sqrt(size))
    ends = np.clip(centre - half, 0, np.pi / 2), np.clip(centre + half, 0, np.pi / 2)
    return np.sin(ends[0]) ** 2, np.sin(ends[1]) ** 2


def _likelihood(basis: _Basis, size: FloatArray) -> Limits:
    p, target = basis.estimate, basis.quantile**2

    def gap(at: FloatArray) -> FloatArray:
        apart: FloatArray = special.rel_entr(p, at) + special.rel_entr(1 - p, 1 - at)
        return 2 * size * apart - target

    zero, one = np.zeros_like(p), np.ones_like(p)
    lower = np.where(p == 0, 0.0, _bisect(lambda at: gap(at) > 0, zero, p))
    upper = np.where(p == 1, 1.0, _bisect(lambda at: gap(at) < 0, p, one))
    return lower, upper


def _mid_p(p: FloatArray, size: FloatArray, tail: float) -> Limits:
    """Mid-p limits at counts that need not be whole."""
    x, y = size * p, size * (1 - p)

    def below(count: FloatArray, other: FloatArray, at: FloatArray) -> FloatArray:
        """Half the chance of at most ``count`` and half that of at most one less."""
        most = np.where(other > 0, special.betainc(np.maximum(other, 1e-300), count + 1, 1 - at), 1)
        less = np.where(count > 0, special.betainc(other + 1, np.maximum(count, 1e-300), 1 - at), 0)
        both: FloatArray = (most + less) / 2
        return both

    zero, one = np.zeros_like(p), np.ones_like(p)
    upper = np.where(y > 0, _bisect(lambda at: below(x, y, at) > tail, p, one), 1.0)
    lower = np.where(x > 0, _bisect(lambda at: below(y, x, 1 - at) < tail, zero, p), 0.0)
    return lower, upper


def _bisect(
    left: Callable[[FloatArray], FloatArray | npt.NDArray[np.bool_]],
    low: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """Where ``left`` turns false between ``low`` and ``high``, to the last digits."""
    for _ in range(200):
        middle = (low + high) / 2
        there = left(middle)
        low, high = np.where(there, middle, low), np.where(there, high, middle)
    return (low + high) / 2
