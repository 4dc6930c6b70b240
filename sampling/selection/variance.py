"""Variance of an estimated total from the drawn units' own inclusion probabilities alone."""

from __future__ import annotations

from typing import Literal

import numpy.typing as npt

from .._checks import check_choice
from ..errors import ArgumentError, LonelyUnitError
from ._inputs import check_numbers, check_probs

VarianceMethod = Literal["deville", "hajek"]


def variance_from_probs(
    values: npt.ArrayLike, probs: npt.ArrayLike, *, method: VarianceMethod = "deville"
) -> float:
    r"""Variance of the Horvitz-Thompson total under a design close to maximum entropy.

    For a sample of fixed size drawn by Sampford, Brewer, Pareto, sequential Poisson or a method
    in random order, when joint probabilities are not at hand. ``Design(inclusion_prob=...)`` is
    for whole surveys.

    Parameters
    ----------
    values : array_like
        Values of the drawn units.
    probs : array_like
        Inclusion probability of each drawn unit, in (0, 1].
    method : {"deville", "hajek"}, default "deville"
        Which approximation.

    Returns
    -------
    float
        Variance of :math:`\sum y_i/\pi_i`.

    Raises
    ------
    ArgumentError
        Lengths differ; a value or probability is outside.
    LonelyUnitError
        A single unit was drawn by chance.

    Notes
    -----
    With :math:`A = \sum (1-\pi_i) y_i/\pi_i / \sum (1-\pi_i)`, "deville" is
    :math:`\sum (1-\pi_i)(y_i/\pi_i - A)^2 / (1 - \sum a_i^2)`,
    :math:`a_i = (1-\pi_i)/\sum(1-\pi_j)`, and "hajek" has :math:`n/(n-1)` in place of
    :math:`1/(1 - \sum a_i^2)`. Units drawn for certain add nothing. Not for systematic or pivotal
    samples in a kept order.

    References
    ----------
    .. [1] J.-C. Deville, "Variance estimation for complex statistics and estimators:
       linearization and residual techniques", *Survey Methodology* 25, 1999.

    Examples
    --------
    >>> round(variance_from_probs([3, 7, 2, 9], [0.2, 0.5, 0.3, 0.6]), 10)
    44.2211690363
    """
    y, chances = check_numbers("values", values), check_probs(probs)
    check_choice("method", method, ("deville", "hajek"))
    if y.size != chances.size or not chances.all():
        raise ArgumentError(
            f"probs must be one probability above 0 for each of the {y.size} values; got "
            f"{chances.size}, the least {float(chances.min())!r}. Give those of the drawn units.",
            code="probs-length",
        )
    # A census of certainty units has no variance.
    open_ = chances < 1
    if not open_.any():
        return 0.0
    if open_.sum() == 1:
        raise LonelyUnitError(
            "at least two units must have been drawn by chance; got one. Take it as certain, or "
            "draw more.",
        )
    expanded, free = y[open_] / chances[open_], 1 - chances[open_]
    share = free / free.sum()
    squares = float(free @ (expanded - share @ expanded) ** 2)
    if method == "hajek":
        return squares * expanded.size / (expanded.size - 1)
    return squares / float(1 - share @ share)
