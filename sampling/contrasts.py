"""Contrasts of estimates, and design-based t tests of two domains or of one mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ._checks import check_fraction, check_number
from ._rounding import complement
from ._show import Table, format_number
from ._tables import takes_tables
from .design import AnyDesign
from .errors import ArgumentError
from .quantity import NO_DF
from .results import Estimate, Estimates, Interval, Result
from .sample import Domains, Part, domains_of, sample_of, values_of


def contrast(
    estimates: Estimates, weights: Mapping[str, float], *, confidence: float | None = None
) -> Estimate:
    r"""Weighted sum of estimates, with the standard error that their covariance gives.

    Parameters
    ----------
    estimates : Estimates
        Rows of ``estimate_mean``, ``estimate_total`` or ``estimate_ratio`` with their covariance;
        beyond ten domains that needs ``joint=True``.
    weights : mapping of str to float
        Finite weight of each row that counts, by its name in ``estimates.names``.
    confidence : float, optional
        Of the two-sided t interval; that of the rows when omitted.

    Returns
    -------
    Estimate
        ``df`` is the smallest of the rows that count.

    Raises
    ------
    ArgumentError
        The covariance was not kept, or a name is unknown.

    Notes
    -----
    :math:`a'\hat\theta` with variance :math:`a'\hat V a`. A standard error below 1e-8 of the sum of
    the terms' own is dust and counts as 0.

    References
    ----------
    .. [1] C.-E. Sarndal, B. Swensson, J. Wretman, *Model Assisted Survey Sampling*, Springer, 1992,
       chapter 5.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design, estimate_mean
    >>> data = pd.DataFrame({"v": [1, 1, 2, 2, 3, 3], "a": [2, 4, 3, 5, 6, 4], "b": [1] * 6})
    >>> means = estimate_mean(data, ["a", "b"], Design(psu="v"))
    >>> contrast(means, {"a": 1, "b": -1}).estimate
    3.0
    """
    if estimates.covariance is None:
        raise ArgumentError(
            "a contrast needs the covariance of its rows; the estimates do not hold it. "
            "Use estimate_mean, estimate_total or estimate_ratio with joint=True (of a column of 0 "
            "and 1, the mean is the proportion).",
            code="covariance-missing",
        )
    unknown = [name for name in weights if name not in estimates.names]
    if unknown or not weights:
        raise ArgumentError(
            f"weights must name rows of the estimates; got {unknown or 'none'}. "
            f"Their names are {', '.join(map(repr, estimates.names[:10]))}.",
            code="contrast-names",
            names=tuple(unknown),
        )
    vector = np.array(
        [check_number(name, weights.get(name, 0.0), least=-math.inf) for name in estimates.names]
    )
    covariance = np.array(estimates.covariance)
    variance = float(vector @ covariance @ vector)
    dust = float(np.abs(vector) @ np.sqrt(np.diag(covariance))) * 1e-8
    error = math.sqrt(variance) if variance > dust**2 else 0.0
    counted = [row for row, weight in zip(estimates, vector, strict=True) if weight]
    level = estimates[0].interval.confidence
    if confidence is not None:
        level = check_fraction("confidence", confidence)
    terms = [f"{weights[name]:g} {name}" for name in estimates.names if weights.get(name)]
    return _t_row(
        f"contrast of {estimates[0].quantity}: {' + '.join(terms)}",
        float(vector @ np.array([row.estimate for row in estimates])),
        error,
        min(row.df for row in counted),
        sum(row.n for row in counted) if estimates.by else counted[0].n,
        counted[0].variance_method,
        level,
    )


def _t_row(
    words: str, estimate: float, error: float, df: float, n: int, method: str, confidence: float
) -> Estimate:
    tail = complement(confidence) / 2
    margin, why = 0.0, ""
    if df <= 0:
        margin, why = math.inf, NO_DF
    elif error > 0:
        margin = float(stats.t.isf(tail, df)) * error
    return Estimate(
        quantity=words,
        domain=(),
        estimate=estimate,
        std_error=error,
        interval=Interval(
            lower=estimate - margin,
            upper=estimate + margin,
            confidence=confidence,
            method="student-t",
        ),
        df=df,
        n=n,
        variance_method=method,
        why=why,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanTest(Result):
    """A design-based t test of a mean, or of the difference of two.

    Parameters
    ----------
    difference : Estimate
        What is tested against 0, with its interval.
    statistic : float or None
        The difference over its standard error; None, with ``why`` filled, without one.
    df : int or float
        Degrees of freedom of the design.
    p_value : float or None
        Two-sided; None as for ``statistic``.
    why : str
        Why something does not exist.
    """

    difference: Estimate
    statistic: float | None
    df: float
    p_value: float | None
    why: str = ""

    def _table(self) -> Table:
        row = self.difference
        return Table(
            title=f"t test: {row.quantity}",
            columns=("difference", "std. error", "lower", "upper", "t", "df", "p"),
            rows=(
                (
                    format_number(row.estimate),
                    format_number(row.std_error),
                    format_number(row.lower),
                    format_number(row.upper),
                    format_number(self.statistic, 3),
                    format_number(self.df, 1),
                    format_number(self.p_value),
                ),
            ),
            notes=(self.why,) if self.why else (),
        )


def _tested(difference: Estimate) -> MeanTest:
    why = difference.why
    if difference.std_error == 0 and not why:
        why = "no test: the standard error is 0"
    if why:
        return MeanTest(
            difference=difference, statistic=None, df=difference.df, p_value=None, why=why
        )
    statistic = difference.estimate / difference.std_error
    p_value = float(2 * stats.t.sf(abs(statistic), difference.df))
    return MeanTest(difference=difference, statistic=statistic, df=difference.df, p_value=p_value)


@takes_tables
def compare_domains(
    data: pd.DataFrame,
    variable: str,
    design: AnyDesign,
    *,
    by: str | Sequence[str],
    domains: tuple[object, object] | None = None,
    confidence: float = 0.95,
) -> MeanTest:
    r"""Design-based t test of the difference between the means of two domains.

    Parameters
    ----------
    data, variable, design, by, confidence
        As for ``estimate_mean``, one variable.
    domains : tuple of two, optional
        Values of ``by`` of the first and the second domain (tuples when ``by`` names several
        columns); may be left out when there are just two.

    Returns
    -------
    MeanTest
        The second mean less the first.

    Raises
    ------
    ArgumentError
        There are not just two domains and ``domains`` does not choose them.
    LonelyUnitError
        A stratum has one sampled PSU under ``lonely_psu="raise"``.

    Notes
    -----
    The covariance of the two means counts: domains often share PSUs. ``df`` is that of the design
    over both domains together; R's ``svyttest`` takes one less.

    References
    ----------
    .. [1] E. L. Korn, B. I. Graubard, *Analysis of Health Surveys*, Wiley, 1999, chapter 3.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design
    >>> data = pd.DataFrame(
    ...     {"v": [1, 1, 2, 2, 3, 3], "y": [2, 4, 3, 5, 6, 4], "d": ["a", "b"] * 3}
    ... )
    >>> test = compare_domains(data, "y", Design(psu="v"), by="d")
    >>> round(test.difference.estimate, 4), test.df
    (0.6667, 2)
    """
    check_fraction("confidence", confidence)
    sample = sample_of(design, data)
    found = domains_of(data, by, sample.answered)
    first, second = _two(found, domains)
    values = values_of(sample, data, variable)
    parts, means = [], []
    for place in (first, second):
        rows = found.rows(place)
        weight = sample.weight[rows]
        parts.append(Part(rows=rows, top=values[rows], bottom=np.ones(len(rows))))
        means.append(float(np.dot(weight, values[rows]) / weight.sum()))
    covariance = sample.covariance(parts)
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    dust = 1e-16 * float(covariance[0, 0] + covariance[1, 1])
    either = np.isin(found.code, (first, second))
    both = Domains(by=(), labels=((),), code=np.where(either, 0, -1).astype(np.intp))
    labels = [", ".join(found.labels[place]) for place in (second, first)]
    return _tested(
        _t_row(
            f"mean of {variable}, {labels[0]} less {labels[1]}",
            means[1] - means[0],
            math.sqrt(variance) if variance > dust else 0.0,
            int(sample.df(both)[0]),
            int(either.sum()),
            sample.method,
            confidence,
        )
    )


def _two(found: Domains, chosen: tuple[object, object] | None) -> tuple[int, int]:
    """Places of the two domains to compare."""
    if chosen is None and len(found) == 2:
        return 0, 1
    wanted = [
        tuple(str(part) for part in (value if isinstance(value, tuple) else (value,)))
        for value in chosen or ()
    ]
    places = [found.labels.index(value) for value in wanted if value in found.labels]
    if len(places) != 2 or places[0] == places[1]:
        raise ArgumentError(
            f"domains must name two of the {len(found)} domains of {', '.join(found.by)}; got "
            f"{chosen!r}. Choose two of {', '.join(map(repr, found.labels[:5]))}.",
            code="domain-unknown",
            got=chosen,
        )
    return places[0], places[1]


@takes_tables
def compare_to_value(
    data: pd.DataFrame,
    variable: str,
    design: AnyDesign,
    *,
    value: float = 0.0,
    confidence: float = 0.95,
) -> MeanTest:
    """Design-based t test of a mean against a value; with a column of differences, a paired test.

    Parameters
    ----------
    data, variable, design, confidence
        As for ``estimate_mean``, one variable.
    value : float, default 0.0
        The mean under the null, in the unit of the variable.

    Returns
    -------
    MeanTest
        The mean less ``value``.

    Raises
    ------
    ArgumentError, LonelyUnitError
        As for ``estimate_mean``.

    References
    ----------
    .. [1] E. L. Korn, B. I. Graubard, *Analysis of Health Surveys*, Wiley, 1999, chapter 3.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design
    >>> data = pd.DataFrame({"v": [1, 1, 2, 2, 3, 3], "y": [2, 4, 3, 5, 6, 4]})
    >>> round(compare_to_value(data, "y", Design(psu="v"), value=3).p_value, 4)
    0.2254
    """
    check_fraction("confidence", confidence)
    null = check_number("value", value, least=-math.inf)
    sample = sample_of(design, data)
    domains = domains_of(data, None, sample.answered)
    values, ones = values_of(sample, data, variable), np.ones(len(data))
    variance = float(sample.variances(domains, values, ones)[0])
    mean = float(np.dot(sample.weight, values) / sample.weight.sum())
    return _tested(
        _t_row(
            f"mean of {variable} less {null:g}",
            mean - null,
            math.sqrt(variance),
            int(sample.df(domains)[0]),
            int(sample.answered.sum()),
            sample.method,
            confidence,
        )
    )
