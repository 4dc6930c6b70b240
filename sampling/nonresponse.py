"""Weights of those who answered, raised for those who did not."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ._checks import check_count, events_of
from ._tables import takes_tables
from .calibration import Weighted, check_new, with_base
from .design import Adjustment, AdjustmentMethod, Design
from .errors import ArgumentError, EmptyStratumError, SmallSampleWarning
from .projection import auxiliary_of, cells_of, propensities
from .sample import sample_of

LEAST_IN_CLASS = 30


@takes_tables
def adjust_nonresponse(
    data: pd.DataFrame,
    design: Design,
    responded: str,
    *,
    classes: str | Sequence[str] | None = None,
    propensity: str | Sequence[str] | None = None,
    groups: int | None = None,
    into: str = "weight_response",
) -> Weighted:
    r"""Weights of respondents over the estimated chance of an answer, nonrespondents at 0.

    All rows stay: those who did not answer take part in the variance, as their PSUs and classes
    were sampled. Their study variables may be missing.

    Parameters
    ----------
    data : DataFrame
        One row per sampled unit, answered or not.
    design : Design
        The design so far.
    responded : str
        Column that is 1 (or true) for who answered.
    classes : str or sequence of str, optional
        Columns, known for all, whose crossed values make weighting classes.
    propensity : str or sequence of str, optional
        Numeric columns, known for all, of a logistic model of answering. Give it or ``classes``.
    groups : int, optional
        Make that many classes of equal size from the fitted chances, instead of dividing by them.
    into : str, default "weight_response"
        Name of the new column; with ``groups`` the classes go into one of that name and "_class".

    Returns
    -------
    Weighted
        The data with the new weights, and the design that knows of them.

    Raises
    ------
    ArgumentError
        Neither or both of ``classes`` and ``propensity`` are given, or a column is incomplete.
    EmptyStratumError
        Nobody in a class answered.

    Warns
    -----
    SmallSampleWarning
        A class has fewer than 30 sampled units; its rate of answers is uncertain.

    Notes
    -----
    Classes: :math:`w_i = d_i \sum_c d / \sum_{c,r} d` for respondents, and the variance is that of
    :math:`\bar u_c + r_i f_c (u_i - \bar u_c)` over all sampled units, f the ratio of the weights.
    Propensity: :math:`w_i = d_i/\hat p_i`, the model fitted with weights d, and the variance takes
    off what its score explains. Both suppose that within a class, or given the columns, answering
    does not depend on the study variable.

    References
    ----------
    .. [1] J. K. Kim, J. J. Kim, "Nonresponse weighting adjustment using estimated response
       probability", *Canadian Journal of Statistics* 35, 2007, 501-514.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design, estimate_mean
    >>> data = pd.DataFrame({"c": ["a"] * 40 + ["b"] * 60, "answered": [1, 0] * 20 + [1] * 60})
    >>> data["y"] = data["c"].eq("a").where(data["answered"] == 1)
    >>> data, design = adjust_nonresponse(data, Design(), "answered", classes="c")
    >>> row = estimate_mean(data.assign(y=data["y"].astype(float)), "y", design)[0]
    >>> round(row.estimate, 6), row.n
    (0.4, 80)
    """
    if (classes is None) == (propensity is None):
        raise ArgumentError(
            "give classes or propensity, one of them. Classes need columns of categories, "
            "a propensity numeric columns.",
            code="nonresponse-parts",
        )
    check_new(data, into)
    sample = sample_of(design, data)
    answered = events_of(data, responded) == 1
    weight = sample.weight
    data, base = with_base(data, design, weight, into)
    cells: tuple[tuple[str, ...], ...] = ()
    numbers: tuple[str, ...] = ()
    method: AdjustmentMethod = "propensity"
    if propensity is not None:
        numbers = (propensity,) if isinstance(propensity, str) else tuple(propensity)
        chance = propensities(auxiliary_of(data, (), numbers, intercept=True), weight, answered)
        if groups is None:
            ratio = np.where(answered, 1 / np.where(answered, chance, 1.0), 0.0)
        else:
            check_count("groups", groups, least=2)
            name = f"{into}_class"
            check_new(data, name)
            ranks = pd.Series(chance).rank(method="first").to_numpy() - 1
            data = data.assign(**{name: (ranks * groups // len(data)).astype(int)})
            classes, numbers = name, ()
    if classes is not None:
        method = "nonresponse-classes"
        columns = (classes,) if isinstance(classes, str) else tuple(classes)
        cells = (columns,)
        ratio = _class_ratios(data, columns, weight, answered)
    adjustment = Adjustment(
        method=method, cells=cells, numbers=numbers, weight=base, responded=responded
    )
    made = replace(design, weight=into, adjustments=(*design.adjustments, adjustment))
    return Weighted(data.assign(**{into: weight * ratio}), made)


def _class_ratios(
    data: pd.DataFrame, columns: tuple[str, ...], weight: np.ndarray, answered: np.ndarray
) -> np.ndarray:
    """Ratio of new to old weights."""
    codes, labels = cells_of(data, columns)
    every = np.bincount(codes, weight, minlength=len(labels))
    some = np.bincount(codes, weight * answered, minlength=len(labels))
    if (some <= 0).any():
        label = ", ".join(labels[int(np.flatnonzero(some <= 0)[0])])
        raise EmptyStratumError(
            f"somebody must have answered in each class; nobody did in {label!r} of "
            f"{', '.join(columns)}. Join it with another class.",
            classes=label,
        )
    sizes = np.bincount(codes, minlength=len(labels))
    if (sizes < LEAST_IN_CLASS).any():
        warnings.warn(
            f"{int((sizes < LEAST_IN_CLASS).sum())} of {len(labels)} nonresponse classes have "
            f"fewer than {LEAST_IN_CLASS} sampled units; join some.",
            SmallSampleWarning,
            stacklevel=3,
        )
    return np.where(answered, (every / some)[codes], 0.0)
