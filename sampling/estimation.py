"""Estimates of means, totals and ratios, whole or by domain, with their covariance."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ._tables import takes_tables
from .design import AnyDesign, Design
from .errors import ArgumentError
from .quantity import MeanInterval, mean_of, ratio_of, t_estimates, total_of
from .results import DeffReference, Estimates
from .sample import domains_of, sample_of
from .totals import ClusterTotals


@takes_tables
def estimate_mean(
    data: pd.DataFrame | ClusterTotals,
    variable: str | Sequence[str],
    design: AnyDesign | None = None,
    *,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    interval: MeanInterval = "student-t",
    deff: DeffReference | None = None,
    joint: bool | None = None,
) -> Estimates:
    r"""Weighted means, with variances linearised over ultimate clusters.

    A domain is never cut out of the sample: PSUs without a case of it count for the variance.

    Parameters
    ----------
    data : DataFrame or ClusterTotals
        One row per sampled unit, of all domains, as a table of pandas, polars or Arrow; or what
        ``pushdown.cluster_totals`` made of them.
    variable : str or sequence of str
        Numeric column or columns, complete.
    design : Design
        The columns of the design; or replicate weights, or a two-phase design. Totals carry theirs.
    by : str or sequence of str, optional
        Columns whose values make the domains.
    confidence : float, default 0.95
        Of the two-sided interval.
    interval : {"student-t", "normal"}, default "student-t"
        Quantile of the limits: Student's on the domain's df, or the normal one, which is R's
        ``confint`` of a mean and too short for few PSUs.
    deff : {"with-replacement", "without-replacement"}, optional
        Ask for the design effect, against simple random sampling of that kind.
    joint : bool, optional
        Whether to keep the covariance of all rows, for ``contrast``. By default it is kept for
        up to ten rows, and for several variables without domains.

    Returns
    -------
    Estimates
        One row per variable and domain, domains ordered by the values of ``by``.

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
    sample = sample_of(design, data)
    domains = domains_of(data, by, sample.answered)
    quantities = [mean_of(sample, data, name) for name in _variables(variable)]
    return t_estimates(
        sample,
        domains,
        quantities,
        confidence=confidence,
        interval=interval,
        deff=deff,
        joint=joint,
    )


@takes_tables
def estimate_ratio(
    data: pd.DataFrame | ClusterTotals,
    numerator: str,
    denominator: str,
    design: AnyDesign | None = None,
    *,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    interval: MeanInterval = "student-t",
    deff: DeffReference | None = None,
    joint: bool | None = None,
) -> Estimates:
    r"""Ratios of two weighted totals, with variances linearised over ultimate clusters.

    Parameters
    ----------
    data, design, by, confidence, interval, deff, joint
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
    sample = sample_of(design, data)
    domains = domains_of(data, by, sample.answered)
    quantity = ratio_of(sample, data, numerator, denominator)
    return t_estimates(
        sample,
        domains,
        [quantity],
        confidence=confidence,
        interval=interval,
        deff=deff,
        joint=joint,
    )


@takes_tables
def estimate_total(
    data: pd.DataFrame | ClusterTotals,
    variable: str | Sequence[str],
    design: AnyDesign | None = None,
    *,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    interval: MeanInterval = "student-t",
    deff: DeffReference | None = None,
    joint: bool | None = None,
) -> Estimates:
    r"""Weighted totals, with variances over ultimate clusters.

    Parameters
    ----------
    data, variable, design, by, confidence, interval, deff, joint
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
    if isinstance(data, ClusterTotals):
        data.refuse_other(design)
        design = data.design
    if isinstance(design, Design) and not (design.weight or design.fpc or design.inclusion_prob):
        raise ArgumentError(
            "a total needs weights or population counts; the design has neither. "
            "Name the column in Design(weight=...).",
            code="weight-missing",
        )
    sample = sample_of(design, data)
    domains = domains_of(data, by, sample.answered)
    quantities = [total_of(sample, data, name) for name in _variables(variable)]
    return t_estimates(
        sample,
        domains,
        quantities,
        confidence=confidence,
        interval=interval,
        deff=deff,
        joint=joint,
    )


def _variables(variable: str | Sequence[str]) -> list[str]:
    return [variable] if isinstance(variable, str) else list(variable)
