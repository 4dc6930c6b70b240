"""Agreement of raters beyond chance that holds for rare answers, and without such a correction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..design import AnyDesign
from ..errors import ArgumentError
from ..intervals import interval_clopper_pearson
from ..proportions import estimate_proportion
from ..results import Interval
from ._chance import gwet_parts, observed_parts, uniform_parts
from ._ratings import AgreementWeights, read_ratings
from .results import Agreement, agreement_of


def gwet_ac1(
    data: pd.DataFrame,
    ratings: Sequence[str],
    design: AnyDesign | None = None,
    *,
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Agreement:
    r"""Gwet's AC1: agreement beyond chance that keeps its meaning when one answer is rare.

    The coefficient to quote for filed against found, where 99 of 100 households have one answer.

    Parameters
    ----------
    data : DataFrame
        One row per unit (household).
    ratings : sequence of str
        Column of each rater or reading; a missing value means that this rater gave none.
    design : Design or other design, optional
        How the units were drawn, with their weights and PSUs; without it, independent units.
    categories : sequence, optional
        All possible values in order; without it those that occur. Their number counts.
    confidence : float, default 0.95
        Of the two-sided t interval.

    Returns
    -------
    Agreement
        The coefficient with observed and chance agreement.

    Raises
    ------
    ArgumentError
        Fewer than two raters, categories or units, or a value outside the categories.
    LonelyUnitError
        A stratum has one sampled PSU under ``lonely_psu="raise"``.

    Notes
    -----
    :math:`p_o` is the mean over units with two ratings or more of the share of pairs of raters
    that agree; :math:`p_e = \sum_k \pi_k(1-\pi_k)/(q-1)`, :math:`\pi_k` the mean share of category
    k. Standard errors are Gwet's linearisation, put through the design: without one they equal his
    :math:`\frac{1}{n(n-1)}\sum(\gamma_i^*-\gamma)^2`.

    Cohen's kappa takes chance agreement from the margins, which near 99/1 is almost as large as
    any observed agreement: 34 of 36 alike and both others apart gives an observed agreement of
    .944, a kappa of -.03 and an AC1 of .94 (Feinstein and Cicchetti's paradox). Quote kappa beside
    AC1, never alone. One coefficient says nothing of the direction of errors: the decision numbers
    are the difference rates and their intervals.

    References
    ----------
    .. [1] K. L. Gwet, "Computing inter-rater reliability and its variance in the presence of high
       agreement", *British Journal of Mathematical and Statistical Psychology* 61, 2008, 29-48.
    .. [2] A. R. Feinstein, D. V. Cicchetti, "High agreement but low kappa: I. The problems of two
       paradoxes", *Journal of Clinical Epidemiology* 43, 1990, 543-549.

    Examples
    --------
    >>> from sampling.agreement import kappa
    >>> data = ratings_from_table([[34, 1], [1, 0]])
    >>> round(gwet_ac1(data, ["first", "second"]).estimate, 3)
    0.941
    >>> round(kappa(data, "first", "second").estimate, 3)
    -0.029
    """
    found = read_ratings(data, ratings, design, "identity", categories)
    return agreement_of("AC1", found, gwet_parts(found), confidence)


def gwet_ac2(
    data: pd.DataFrame,
    ratings: Sequence[str],
    design: AnyDesign | None = None,
    *,
    agreement_weights: AgreementWeights = "quadratic",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Agreement:
    r"""Gwet's AC2: AC1 for ordered categories, where near ones agree in part.

    Parameters
    ----------
    data, ratings, design, categories, confidence
        As for ``gwet_ac1``.
    agreement_weights : {"identity", "linear", "quadratic"} or matrix, default "quadratic"
        Agreement of each pair of categories, 1 on the diagonal. The names reckon with places in
        the order of the categories.

    Returns
    -------
    Agreement
        The coefficient with observed and chance agreement.

    Raises
    ------
    ArgumentError, LonelyUnitError
        As for ``gwet_ac1``; also a matrix of agreement weights that is none.

    Notes
    -----
    :math:`p_e = T_w \sum_k \pi_k(1-\pi_k)/(q(q-1))` with :math:`T_w` the sum of the weights.

    References
    ----------
    .. [1] K. L. Gwet, *Handbook of Inter-Rater Reliability*, 4th ed., Advanced Analytics, 2014,
       chapter 3.

    Examples
    --------
    >>> data = ratings_from_table([[30, 8, 2], [5, 25, 6], [1, 4, 19]])
    >>> round(gwet_ac2(data, ["first", "second"]).estimate, 6)
    0.744637
    """
    found = read_ratings(data, ratings, design, agreement_weights, categories)
    return agreement_of("AC2", found, gwet_parts(found), confidence)


def brennan_prediger(
    data: pd.DataFrame,
    ratings: Sequence[str],
    design: AnyDesign | None = None,
    *,
    agreement_weights: AgreementWeights = "identity",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Agreement:
    r"""Brennan and Prediger's coefficient: chance chooses each category alike.

    Parameters
    ----------
    data, ratings, design, agreement_weights, categories, confidence
        As for ``gwet_ac2``, "identity" by default.

    Returns
    -------
    Agreement
        The coefficient with observed and chance agreement.

    Raises
    ------
    ArgumentError, LonelyUnitError
        As for ``gwet_ac2``.

    Notes
    -----
    :math:`p_e = T_w/q^2`, with two categories a half: then it is PABAK.

    References
    ----------
    .. [1] R. L. Brennan, D. J. Prediger, "Coefficient kappa: some uses, misuses, and alternatives",
       *Educational and Psychological Measurement* 41, 1981, 687-699.

    Examples
    --------
    >>> data = ratings_from_table([[40, 10], [5, 145]])
    >>> round(brennan_prediger(data, ["first", "second"]).estimate, 4)
    0.85
    """
    found = read_ratings(data, ratings, design, agreement_weights, categories)
    return agreement_of("Brennan-Prediger", found, uniform_parts(found), confidence)


def percent_agreement(
    data: pd.DataFrame,
    ratings: Sequence[str],
    design: AnyDesign | None = None,
    *,
    agreement_weights: AgreementWeights = "identity",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Agreement:
    r"""Share of pairs of raters that agree, without a correction for chance.

    Parameters
    ----------
    data, ratings, design, agreement_weights, categories, confidence
        As for ``gwet_ac2``, "identity" by default.

    Returns
    -------
    Agreement
        ``chance`` is 0.

    Raises
    ------
    ArgumentError, LonelyUnitError
        As for ``gwet_ac2``.

    References
    ----------
    .. [1] K. L. Gwet, *Handbook of Inter-Rater Reliability*, 4th ed., 2014, chapter 2.

    Examples
    --------
    >>> data = ratings_from_table([[40, 10], [5, 145]])
    >>> percent_agreement(data, ["first", "second"]).estimate
    0.925
    """
    found = read_ratings(data, ratings, design, agreement_weights, categories)
    return agreement_of("percent agreement", found, observed_parts(found), confidence)


def pabak(
    data: pd.DataFrame,
    first: str,
    second: str,
    design: AnyDesign | None = None,
    *,
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Agreement:
    r"""Prevalence- and bias-adjusted kappa of two readings with two categories: 2 p_o - 1.

    Parameters
    ----------
    data, first, second, design, categories, confidence
        As for ``kappa``, two categories.

    Returns
    -------
    Agreement
        Its limits are those of the observed agreement, moved: exact without a design,
        Korn-Graubard's with one.

    Raises
    ------
    ArgumentError, LonelyUnitError
        As for ``kappa``; also more than two categories.

    References
    ----------
    .. [1] T. Byrt, J. Bishop, J. B. Carlin, "Bias, prevalence and kappa", *Journal of Clinical
       Epidemiology* 46, 1993, 423-429.

    Examples
    --------
    >>> data = ratings_from_table([[40, 10], [5, 145]])
    >>> round(pabak(data, "first", "second").estimate, 4)
    0.85
    """
    found = read_ratings(data, [first, second], design, "identity", categories, complete=True)
    if len(found.categories) != 2:
        raise ArgumentError(
            f"pabak needs two categories; got {len(found.categories)}. Use brennan_prediger.",
            code="categories-two",
            got=len(found.categories),
        )
    alike = found.place[:, 0] == found.place[:, 1]
    if design is None:
        limits = interval_clopper_pearson(int(alike.sum()), len(alike), confidence=confidence)
    else:
        event = np.zeros(len(data))
        event[found.rows] = alike
        rows = data.assign(_alike=event)
        limits = estimate_proportion(rows, "_alike", design, confidence=confidence)[0].interval
    moved = Interval(
        lower=2 * limits.lower - 1,
        upper=2 * limits.upper - 1,
        confidence=limits.confidence,
        method=limits.method,
    )
    return agreement_of("PABAK", found, uniform_parts(found), confidence, limits=moved)


def ratings_from_table(
    table: Sequence[Sequence[int]], *, categories: Sequence[object] | None = None
) -> pd.DataFrame:
    """One row per unit from a square table of counts, with columns "first" and "second".

    Parameters
    ----------
    table : square array-like of int
        Units by category of the first reading (rows) and of the second (columns).
    categories : sequence, optional
        Names of the categories in their order; without it 1, 2, ...

    Returns
    -------
    DataFrame
        As many rows as the table counts.

    Raises
    ------
    ArgumentError
        The table is not square or holds something other than counts.

    References
    ----------
    .. [1] J. L. Fleiss, B. Levin, M. C. Paik, *Statistical Methods for Rates and Proportions*,
       3rd ed., Wiley, 2003, chapter 18.

    Examples
    --------
    >>> ratings_from_table([[2, 1], [0, 0]])["second"].tolist()
    [1, 1, 2]
    """
    counts = np.asarray(table)
    square = counts.ndim == 2 and counts.shape[0] == counts.shape[1] and counts.shape[0] > 1
    if not square or (counts < 0).any() or (counts != np.floor(counts)).any():
        raise ArgumentError(
            f"table must be a square of counts, at least 2 by 2; got shape {counts.shape}. "
            "Give rows for the first reading and columns for the second.",
            code="table-not-square",
            got=counts.shape,
        )
    names = list(range(1, len(counts) + 1)) if categories is None else list(categories)
    if len(names) != len(counts):
        raise ArgumentError(
            f"categories must name the {len(counts)} rows of the table; got {len(names)}. "
            "Give one for each.",
            code="length-differs",
            name="categories",
            got=len(names),
        )
    many = counts.ravel().astype(int)
    first = np.repeat(np.repeat(np.arange(len(names)), len(names)), many)
    second = np.repeat(np.tile(np.arange(len(names)), len(names)), many)
    return pd.DataFrame({"first": [names[k] for k in first], "second": [names[k] for k in second]})
