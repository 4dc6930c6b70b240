"""Kappas of two and more raters, and Krippendorff's alpha."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from .._checks import check_columns
from ..design import AnyDesign
from ._chance import alpha_parts, conger_parts, fleiss_parts
from ._ratings import AgreementWeights, read_ratings
from .results import Agreement, agreement_of


def kappa(
    data: pd.DataFrame,
    first: str,
    second: str,
    design: AnyDesign | None = None,
    *,
    agreement_weights: AgreementWeights = "identity",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Agreement:
    r"""Cohen's kappa of two readings, plain or weighted.

    Not a number to quote alone for rare events: see ``gwet_ac1``.

    Parameters
    ----------
    data : DataFrame
        One row per unit.
    first, second : str
        Columns of the two readings, complete.
    design : Design or other design, optional
        How the units were drawn; without it the large-sample error of a table of counts.
    agreement_weights : {"identity", "linear", "quadratic"} or matrix, default "identity"
        As for ``gwet_ac2``.
    categories, confidence
        As for ``gwet_ac1``.

    Returns
    -------
    Agreement
        With ``null_std_error`` when there is no design.

    Raises
    ------
    ArgumentError, LonelyUnitError
        As for ``gwet_ac2``; also a missing reading.

    Notes
    -----
    :math:`p_e = \sum_{kl} w_{kl} p_{k\cdot} p_{\cdot l}` from the weighted margins. Under a design
    the linearised kappa of each unit goes through the design's variance with t limits, which equals
    R ``svykappa`` and, up to the divisor, the jackknife over PSUs. Without one: normal limits and
    Fleiss, Cohen and Everitt's errors, with and without agreement.

    References
    ----------
    .. [1] J. L. Fleiss, J. Cohen, B. S. Everitt, "Large sample standard errors of kappa and
       weighted kappa", *Psychological Bulletin* 72, 1969, 323-327.
    .. [2] M. Feder, *Variance estimation of the survey-weighted kappa measure of agreement*,
       Proceedings of the Survey Research Methods Section, ASA, 2006.

    Examples
    --------
    >>> from sampling.agreement import ratings_from_table
    >>> found = kappa(ratings_from_table([[20, 5], [10, 15]]), "first", "second")
    >>> round(found.estimate, 4), round(found.std_error, 4), round(found.null_std_error, 4)
    (0.4, 0.127, 0.1386)
    """
    found = read_ratings(
        data, [first, second], design, agreement_weights, categories, complete=True
    )
    parts = conger_parts(found)
    if design is not None:
        return agreement_of("Cohen's kappa", found, parts, confidence)
    return agreement_of("Cohen's kappa", found, parts, confidence, multinomial=True)


def fleiss_kappa(
    data: pd.DataFrame,
    ratings: Sequence[str],
    design: AnyDesign | None = None,
    *,
    agreement_weights: AgreementWeights = "identity",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Agreement:
    r"""Fleiss' kappa of several raters: chance agreement from the common margin.

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
    :math:`p_e = \sum_{kl} w_{kl}\pi_k\pi_l`. With two raters it is Scott's pi.

    References
    ----------
    .. [1] J. L. Fleiss, "Measuring nominal scale agreement among many raters", *Psychological
       Bulletin* 76, 1971, 378-382.

    Examples
    --------
    >>> from sampling.agreement import ratings_from_table
    >>> data = ratings_from_table([[40, 10], [5, 145]])
    >>> round(fleiss_kappa(data, ["first", "second"]).estimate, 4)
    0.7929
    """
    found = read_ratings(data, ratings, design, agreement_weights, categories)
    return agreement_of("Fleiss' kappa", found, fleiss_parts(found), confidence)


def conger_kappa(
    data: pd.DataFrame,
    ratings: Sequence[str],
    design: AnyDesign | None = None,
    *,
    agreement_weights: AgreementWeights = "identity",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Agreement:
    r"""Conger's kappa of several raters: Cohen's, with the margin of each rater.

    Parameters
    ----------
    data, ratings, design, agreement_weights, categories, confidence
        As for ``gwet_ac2``, "identity" by default. Each rater must have rated a unit.

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
    :math:`p_e` is the mean over pairs of raters g, h of :math:`\sum_{kl} w_{kl} p_{gk} p_{hl}`, a
    rater's margin being over the units rated.

    References
    ----------
    .. [1] A. J. Conger, "Integration and generalization of kappas for multiple raters",
       *Psychological Bulletin* 88, 1980, 322-328.

    Examples
    --------
    >>> from sampling.agreement import ratings_from_table
    >>> data = ratings_from_table([[40, 10], [5, 145]])
    >>> round(conger_kappa(data, ["first", "second"]).estimate, 6)
    0.793103
    """
    found = read_ratings(data, ratings, design, agreement_weights, categories)
    return agreement_of("Conger's kappa", found, conger_parts(found), confidence)


def krippendorff_alpha(
    data: pd.DataFrame,
    ratings: Sequence[str],
    design: AnyDesign | None = None,
    *,
    agreement_weights: AgreementWeights = "identity",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Agreement:
    r"""Krippendorff's alpha of several raters, with missing ratings.

    Parameters
    ----------
    data, ratings, design, agreement_weights, categories, confidence
        As for ``gwet_ac2``, "identity" by default. Units with one rating do not count.

    Returns
    -------
    Agreement
        The coefficient with observed and chance agreement; ``n`` counts units rated twice.

    Raises
    ------
    ArgumentError, LonelyUnitError
        As for ``gwet_ac2``.

    Notes
    -----
    Gwet's form: observed agreement is :math:`(1-\varepsilon)p' + \varepsilon` with
    :math:`\varepsilon` one over the number of ratings, units counting by their raters. The
    standard error is that of the coefficient without :math:`\varepsilon`.

    References
    ----------
    .. [1] K. Krippendorff, *Content Analysis*, 3rd ed., Sage, 2012, chapter 12.
    .. [2] K. L. Gwet, *Handbook of Inter-Rater Reliability*, 4th ed., 2014, chapter 5.

    Examples
    --------
    >>> from sampling.agreement import ratings_from_table
    >>> data = ratings_from_table([[40, 10], [5, 145]])
    >>> round(krippendorff_alpha(data, ["first", "second"]).estimate, 5)
    0.79344
    """
    check_columns(data, list(ratings))
    twice = data[list(ratings)].notna().sum(axis=1) >= 2
    # A unit rated once has no part in alpha, not even in its margin.
    data = data.assign(**{name: data[name].where(twice) for name in ratings})
    found = read_ratings(data, ratings, design, agreement_weights, categories)
    plain, epsilon = alpha_parts(found), 1 / float(found.count.sum())
    return agreement_of("Krippendorff's alpha", found, plain, confidence, epsilon=epsilon)
