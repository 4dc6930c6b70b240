"""Estimates of means, totals, proportions and ratios, whole or by domain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from ._checks import (
    FloatArray,
    check_choice,
    check_columns,
    check_complete,
    check_fraction,
    check_number,
    check_share,
    events_of,
    numbers_of,
)
from ._rounding import complement
from .clustering import variance_factor
from .design import Design, IntArray, Layout, lay_out
from .errors import ArgumentError
from .intervals import Cap, korn_graubard_limits, korn_graubard_size
from .results import DeffReference, Estimate, Estimates, Interval, ProportionEstimate
from .variance import METHOD, degrees_of_freedom, is_census, psu_totals, variance_of_total

ProportionInterval = Literal["korn-graubard", "korn-graubard-uncapped", "korn-graubard-model"]
NO_DF = "no degrees of freedom: in each stratum only one PSU has a case"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Linear:
    """What linearisation gives for one domain."""

    estimate: float
    std_error: float
    df: int
    n: int
    deff: float | None
    why: str


def estimate_mean(
    data: pd.DataFrame,
    variable: str,
    design: Design,
    *,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    deff: DeffReference | None = None,
) -> Estimates:
    r"""Weighted means, with variances linearised over ultimate clusters.

    A domain is never cut out of the sample: PSUs without a case of it count for the variance.

    Parameters
    ----------
    data : DataFrame
        One row per sampled unit, of all domains.
    variable : str
        Numeric column, complete.
    design : Design
        The columns of the design.
    by : str or sequence of str, optional
        Columns whose values make the domains.
    confidence : float, default 0.95
        Of the two-sided t interval.
    deff : {"with-replacement", "without-replacement"}, optional
        Ask for the design effect, against simple random sampling of that kind.

    Returns
    -------
    Estimates
        One row per domain, ordered by the values of ``by``.

    Raises
    ------
    ArgumentError
        A column is absent, incomplete (how many and where is said) or outside its domain.
    LonelyUnitError
        A stratum has one sampled PSU under ``lonely_psu="raise"``.

    Notes
    -----
    :math:`\bar y_d = \sum w y / \sum w` over the domain, linearised variable
    :math:`(y - \bar y_d)/\sum w`, 0 outside. ``df`` is the number of PSUs with a case of the
    domain less that of strata with one. With df 0 the limits are infinite, save in a census.
    The design effect compares with :math:`S^2/n`, times :math:`1 - n/\hat N` without replacement,
    :math:`S^2 = \frac{n}{n-1} \sum w (y-\bar y)^2 / \sum w`, as R ``survey`` does.

    References
    ----------
    .. [1] C.-E. Sarndal, B. Swensson, J. Wretman, *Model Assisted Survey Sampling*, Springer, 1992,
       section 5.7.
    .. [2] T. Lumley, *Complex Surveys*, Wiley, 2010, chapter 2.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame({"village": [1, 1, 2, 2, 3, 3], "income": [2, 4, 3, 5, 6, 4]})
    >>> row = estimate_mean(data, "income", Design(psu="village"))[0]
    >>> row.estimate, round(row.std_error, 4), row.df
    (4.0, 0.5774, 2)
    """
    layout, (values, ones) = _read(data, design, [variable])
    return _t_estimates(data, layout, values, ones, f"mean of {variable}", by, confidence, deff)


def estimate_ratio(
    data: pd.DataFrame,
    numerator: str,
    denominator: str,
    design: Design,
    *,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    deff: DeffReference | None = None,
) -> Estimates:
    r"""Ratios of two weighted totals, with variances linearised over ultimate clusters.

    Parameters
    ----------
    data, design, by, confidence, deff
        As for ``estimate_mean``.
    numerator, denominator : str
        Numeric columns, complete.

    Returns
    -------
    Estimates
        One row per domain.

    Raises
    ------
    ArgumentError
        As for ``estimate_mean``, or the denominator of a domain sums to 0.
    LonelyUnitError
        A stratum has one sampled PSU under ``lonely_psu="raise"``.

    Notes
    -----
    :math:`\hat R = \sum w y / \sum w x`, linearised variable :math:`(y - \hat R x)/\sum w x`. The
    bias is of order 1/m for m PSUs. The design effect is that of the mean of the linearised
    variable.

    References
    ----------
    .. [1] W. G. Cochran, *Sampling Techniques*, 3rd ed., Wiley, 1977, chapter 6.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame({"poor": [0, 3, 0, 1], "persons": [4, 3, 2, 1]})
    >>> estimate_ratio(data, "poor", "persons", Design())[0].estimate
    0.4
    """
    layout, (top, bottom) = _read(data, design, [numerator, denominator])
    quantity = f"ratio of {numerator} to {denominator}"
    return _t_estimates(data, layout, top, bottom, quantity, by, confidence, deff)


def estimate_total(
    data: pd.DataFrame,
    variable: str,
    design: Design,
    *,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    deff: DeffReference | None = None,
) -> Estimates:
    r"""Weighted totals, with variances over ultimate clusters.

    Parameters
    ----------
    data, variable, design, by, confidence, deff
        As for ``estimate_mean``.

    Returns
    -------
    Estimates
        One row per domain.

    Raises
    ------
    ArgumentError
        As for ``estimate_mean``, or the design has neither weights nor population counts.
    LonelyUnitError
        A stratum has one sampled PSU under ``lonely_psu="raise"``.

    Notes
    -----
    :math:`\hat Y_d = \sum w y` over the domain; the variable is 0 outside. The design effect
    compares with :math:`\hat N^2 S^2/n`.

    References
    ----------
    .. [1] C.-E. Sarndal, B. Swensson, J. Wretman, *Model Assisted Survey Sampling*, Springer, 1992,
       chapters 4 and 10.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame({"poor": [0, 1, 0, 1], "w": [10.0, 10.0, 20.0, 20.0]})
    >>> estimate_total(data, "poor", Design(weight="w"))[0].estimate
    30.0
    """
    if not design.weight and not design.fpc:
        raise ArgumentError(
            "a total needs weights or population counts; the design has neither. "
            "Name the column in Design(weight=...).",
            code="weight-missing",
        )
    layout, (values, _) = _read(data, design, [variable])
    return _t_estimates(data, layout, values, None, f"total of {variable}", by, confidence, deff)


def estimate_proportion(
    data: pd.DataFrame,
    variable: str,
    design: Design,
    *,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    interval: ProportionInterval = "korn-graubard",
    size: str | None = None,
    icc: float | None = None,
    model_deff: float | None = None,
    deff: DeffReference | None = None,
) -> Estimates:
    r"""Proportions or rates, with intervals that hold for rare events and for none.

    Parameters
    ----------
    data, design, by, confidence, deff
        As for ``estimate_mean``.
    variable : str
        Column of the event, 0 or 1 (or true-false), complete.
    interval : {"korn-graubard", "korn-graubard-uncapped", "korn-graubard-model"}
        "korn-graubard" takes the effective size from the own variance, at most n (the NCHS
        form); "-uncapped" is R ``svyciprop(method="beta")``; "-model" takes it from a model design
        effect. Giving ``icc`` or ``model_deff`` turns "korn-graubard" into the model form.
    size : str, optional
        Column of elements (persons) in each unit (household), above 0: the rate is then one of
        elements, while ``n`` and ``events`` count units.
    icc : float, optional
        Intra-cluster correlation for the model form, in [0, 1], best pooled by ``pool_icc``.
    model_deff : float, optional
        Model design effect itself, above 0, instead of ``icc``.

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

    References
    ----------
    .. [1] E. L. Korn, B. I. Graubard, *Survey Methodology* 24, 1998, 193-201.
    .. [2] S. Gabler, S. Haeder, P. Lahiri, *Survey Methodology* 25, 1999, 105-106.

    Examples
    --------
    Ten villages of thirty households, none of them poor:

    >>> import pandas as pd
    >>> data = pd.DataFrame({"village": [i // 30 for i in range(300)], "poor": 0})
    >>> row = estimate_proportion(data, "poor", Design(psu="village"), icc=0.05)[0]
    >>> row.estimate, row.lower, round(row.upper, 8)
    (0.0, 0.0, 0.02967659)
    """
    form = _interval_form(interval, icc, model_deff)
    check_fraction("confidence", confidence)
    layout, (event, element) = _read(data, design, [variable], size=size, events=True)
    names, domains = _domains(data, by)
    of = f"rate of {variable} over {size}" if size else f"proportion of {variable}"
    rows = []
    for domain, places in domains:
        part = _linearise(layout, places, event * element, element, deff)
        model = model_deff
        if icc is not None:
            factor = variance_factor((layout.weight * element)[places], layout.psu[places], icc)
            model = part.n * factor
        size_used, own, why = _size_used(part, form, model, confidence)
        lower, upper = korn_graubard_limits(part.estimate, size_used, confidence=confidence)
        limits = Interval(
            lower=float(lower), upper=float(upper), confidence=float(confidence), method=form
        )
        rows.append(
            ProportionEstimate(
                quantity=of,
                domain=domain,
                estimate=part.estimate,
                std_error=part.std_error,
                interval=limits,
                df=part.df,
                n=part.n,
                deff=part.deff,
                deff_reference=deff,
                variance_method=METHOD,
                why="; ".join(text for text in (part.why, why) if text),
                events=int(event[places].sum()),
                n_effective=own,
                n_used=size_used,
                model_deff=model,
                icc=icc,
            )
        )
    return Estimates(by=names, rows=tuple(rows))


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
    wanted = "none" if interval == "korn-graubard-uncapped" else "one"
    if interval == "korn-graubard":
        wanted = "at most one"
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


def _size_used(
    part: _Linear, form: ProportionInterval, model_deff: float | None, confidence: float
) -> tuple[float, float | None, str]:
    """Size that the interval stands on, the own effective size, and why that may be None."""
    p, variance = part.estimate, part.std_error**2
    own = p * (1 - p) / variance if variance > 0 and 0 < p < 1 else None
    why = "" if own is not None else "no own effective size: the variance is zero"
    if model_deff is not None:
        return part.n / max(1.0, model_deff), own, why
    cap: Cap = "none" if form == "korn-graubard-uncapped" else "sample-size"
    size = korn_graubard_size(p, part.n, own, part.df, confidence=confidence, cap=cap)
    return size, own, why


def _read(
    data: pd.DataFrame,
    design: Design,
    variables: Sequence[str],
    *,
    size: str | None = None,
    events: bool = False,
) -> tuple[Layout, tuple[FloatArray, FloatArray]]:
    """Layout, and the first column with the second, or ``size``, or ones."""
    check_columns(data, [*variables, *([size] if size else [])])
    layout = lay_out(data, design)
    first = events_of(data, variables[0]) if events else numbers_of(data, variables[0])
    if size:
        return layout, (first, numbers_of(data, size, least=0, strict=True))
    if len(variables) == 2:
        return layout, (first, numbers_of(data, variables[1]))
    return layout, (first, np.ones(len(data)))


def _domains(
    data: pd.DataFrame, by: str | Sequence[str] | None
) -> tuple[tuple[str, ...], list[tuple[tuple[str, ...], IntArray]]]:
    """Names of the ``by`` columns, and the rows of every domain, in the order of their values."""
    if by is None:
        return (), [((), np.arange(len(data), dtype=np.intp))]
    names = [by] if isinstance(by, str) else list(by)
    check_columns(data, names)
    check_complete(data, names)
    groups = data.groupby(names, observed=True).indices
    return tuple(names), [
        (
            tuple(str(part) for part in (key if isinstance(key, tuple) else (key,))),
            np.asarray(places, dtype=np.intp),
        )
        for key, places in groups.items()
    ]


def _linearise(
    layout: Layout,
    places: IntArray,
    top: FloatArray,
    bottom: FloatArray | None,
    deff: DeffReference | None,
) -> _Linear:
    """Estimate and standard error of a ratio, or of a total when ``bottom`` is None."""
    weight, y = layout.weight[places], top[places]
    if bottom is None:
        estimate, score = float(np.dot(weight, y)), y
        centred = (y - estimate / weight.sum()) * weight.sum()
        size = np.abs(y)
    else:
        x = bottom[places]
        below = float(np.dot(weight, x))
        if below == 0:
            raise ArgumentError(
                f"the denominator must not sum to 0; it does over {len(places)} rows, the first "
                f"at place {int(places[0])}. Leave that domain out.",
                code="denominator-zero",
                rows=len(places),
            )
        estimate = float(np.dot(weight, y)) / below
        score = (y - estimate * x) / below
        centred = score * weight.sum()
        size = (np.abs(y) + np.abs(estimate * x)) / abs(below)
    variance = variance_of_total(layout, psu_totals(layout, places, score))
    # Residuals of one PSU cancel; the dust they leave is no variance.
    dust = 1e-13 * float(np.dot(weight, size))
    if variance <= dust**2:
        variance = 0.0
    factor, why = _design_effect(weight, centred, variance, deff)
    return _Linear(
        estimate=estimate,
        std_error=math.sqrt(variance),
        df=degrees_of_freedom(layout, places),
        n=len(places),
        deff=factor,
        why=why,
    )


def _design_effect(
    weight: FloatArray, centred: FloatArray, variance: float, reference: DeffReference | None
) -> tuple[float | None, str]:
    """Variance over that of simple random sampling, or None and why."""
    if reference is None:
        return None, ""
    check_choice("deff", reference, get_args(DeffReference))
    n, population = len(weight), float(weight.sum())
    if n < 2 or not (spread := float(np.dot(weight, centred**2)) / population) > 0:
        return None, "no design effect: the variable does not vary"
    simple = spread / (n - 1)
    if reference == "without-replacement":
        if population <= n:
            return None, "no design effect without replacement: weights sum to the sample size"
        simple *= 1 - n / population
    return variance / simple, ""


def _t_estimates(
    data: pd.DataFrame,
    layout: Layout,
    top: FloatArray,
    bottom: FloatArray | None,
    quantity: str,
    by: str | Sequence[str] | None,
    confidence: float,
    deff: DeffReference | None,
) -> Estimates:
    """Rows with t intervals."""
    tail = complement(check_fraction("confidence", confidence)) / 2
    names, domains = _domains(data, by)
    rows = []
    for domain, places in domains:
        part = _linearise(layout, places, top, bottom, deff)
        margin, why = 0.0, part.why
        if part.df == 0 and not is_census(layout, places):
            margin, why = math.inf, "; ".join(text for text in (why, NO_DF) if text)
        elif part.std_error > 0:
            margin = float(stats.t.isf(tail, part.df)) * part.std_error
        limits = Interval(
            lower=part.estimate - margin,
            upper=part.estimate + margin,
            confidence=float(confidence),
            method="student-t",
        )
        rows.append(
            Estimate(
                quantity=quantity,
                domain=domain,
                estimate=part.estimate,
                std_error=part.std_error,
                interval=limits,
                df=part.df,
                n=part.n,
                deff=part.deff,
                deff_reference=deff,
                variance_method=METHOD,
                why=why,
            )
        )
    return Estimates(by=names, rows=tuple(rows))
