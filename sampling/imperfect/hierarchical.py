"""A true rate with error rates that differ between teams: partial pooling, by fixed nodes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import special

from .._checks import FloatArray, check_count, check_number
from ..errors import ArgumentError
from ..intervals._limits import tail_of
from ..results import Side
from ._melding import Nodes
from ._posterior import posterior_of_rate
from .adjusted import TrueRate, _Case, bayes_result

_CENTRES = np.linspace(-8.0, 12.0, 161)
_SPREADS = 40
_HERMITE = 40
_BINS = 48
_RARE = 1e-7


def prevalence_hierarchical(
    apparent: float,
    n: float,
    sensitivity: Mapping[str, tuple[int, int]],
    specificity: Mapping[str, tuple[int, int]],
    *,
    team: str | None = None,
    prior: tuple[float, float] = (1.0, 1.0),
    spread: float = 0.5,
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> TrueRate:
    r"""Correct a rate where each team has error rates of its own, drawn from one distribution.

    A team with few verified units borrows from the others; a team without any gets the
    distribution of teams, its spread included.

    Parameters
    ----------
    apparent : int or float
        Units found positive (a whole number), or the rate as found (a fraction).
    n : float
        Units inspected; the effective number where they came in clusters or with weights.
    sensitivity, specificity : mapping of str to two ints
        For each team, truly positive (negative) units found so, out of how many.
    team : str, optional
        The team that inspected; a new one without it.
    prior : tuple of two floats, default (1, 1)
        Beta prior of the true rate.
    spread : float, default 0.5
        Scale of the half-normal prior of the standard deviation of teams, in log odds.
    confidence : float, default 0.95
        In (0, 1); of the single limit when one-sided.
    side : {"two-sided", "upper", "lower"}, default "two-sided"
        Which limits are wanted.

    Returns
    -------
    TrueRate
        Posterior median and limits; the team's mean error rates; limits under Jeffreys' prior.

    Raises
    ------
    ArgumentError
        A value is outside its domain, no team was verified, or ``team`` was not.

    Notes
    -----
    :math:`\operatorname{logit} Se_j \sim N(\mu, \sigma^2)` with :math:`\mu` uniform between -8 and
    12 and :math:`\sigma` half-normal, the same for Sp; each team's counts are integrated by
    Gauss-Hermite nodes, :math:`\mu` and :math:`\sigma` over a lattice. No draws, no seed.

    References
    ----------
    .. [1] A. Gelman, B. Carpenter, "Bayesian analysis of tests with unknown specificity and
       sensitivity", *Applied Statistics* 69, 2020, 1269-1283.

    Examples
    --------
    >>> teams_se = {"a": (45, 50), "b": (18, 20)}
    >>> teams_sp = {"a": (1495, 1500), "b": (990, 1000)}
    >>> found = prevalence_hierarchical(9, 600, teams_se, teams_sp, team="a")
    >>> round(found.estimate, 3), round(found.upper, 3)
    (0.013, 0.027)
    """
    check_number("spread", spread, least=0, strict=True)
    found = _team_nodes("sensitivity", sensitivity, team, spread)
    clear = _team_nodes("specificity", specificity, team, spread)
    tail = tail_of(confidence, side)
    case = _Case.checked(
        apparent, n, float(found.weight @ found.value), float(clear.weight @ clear.value)
    )
    own, other = (
        posterior_of_rate(case.events, case.n, found, clear, prior=pair)
        for pair in (prior, (0.5, 0.5))
    )
    return bayes_result(own, other, case, confidence=confidence, side=side, tail=tail)


def _team_nodes(
    name: str, counts: Mapping[str, tuple[int, int]], team: str | None, spread: float
) -> Nodes:
    """Posterior nodes of one team's error rate, or of a team not seen."""
    checked = {key: _checked(f"{name}[{key!r}]", pair) for key, pair in counts.items()}
    if not checked or (team is not None and team not in checked):
        raise ArgumentError(
            f"{name} must hold the counts of at least one team, and of the one asked for; got "
            f"{sorted(checked)} and team {team!r}. Give counts, or no team for a new one.",
            code="team-unverified",
            name=name,
            team=team,
        )
    spreads = spread * np.sqrt(2) * special.erfinv((np.arange(_SPREADS) + 0.5) / _SPREADS)
    z, w = np.polynomial.hermite_e.hermegauss(_HERMITE)
    w = w / w.sum()
    # Axes: centre, spread, node of the team's own deviation.
    log_odds = _CENTRES[:, None, None] + spreads[None, :, None] * z[None, None, :]
    log_likelihood = {key: _log_binomial(log_odds, *pair) for key, pair in checked.items()}
    hyper = sum(
        special.logsumexp(logs, axis=2, b=w[None, None, :]) for logs in log_likelihood.values()
    )
    shared = np.exp(hyper - np.max(hyper))
    if team is None:
        weight = shared[:, :, None] * w[None, None, :]
    else:
        own = log_likelihood[team] + np.log(w)[None, None, :]
        own -= special.logsumexp(own, axis=2, keepdims=True)
        weight = shared[:, :, None] * np.exp(own)
    return _gathered(special.expit(log_odds).ravel(), log_odds.ravel(), weight.ravel())


def _checked(name: str, pair: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise ArgumentError(
            f"{name} must be two counts; got {pair!r}. Give how many were found so and out of how "
            "many.",
            code="not-a-number",
            name=name,
            got=pair,
        )
    size = check_count(f"{name}[1]", pair[1], least=1)
    return check_count(f"{name}[0]", pair[0], least=0, most=size), size


def _log_binomial(log_odds: FloatArray, found: int, size: int) -> FloatArray:
    logs: FloatArray = found * special.log_expit(log_odds) + (size - found) * special.log_expit(
        -log_odds
    )
    return logs


def _gathered(value: FloatArray, log_odds: FloatArray, weight: FloatArray) -> Nodes:
    """Nodes in even bins of the log odds, each at the mean of what it holds."""
    weight = weight / weight.sum()
    keep = weight > 1e-15
    value, log_odds, weight = value[keep], log_odds[keep], weight[keep]
    order = np.argsort(log_odds)
    below = np.cumsum(weight[order])
    low, high = log_odds[order[np.searchsorted(below, (_RARE, 1 - _RARE))]]
    place = np.clip((log_odds - low) / max(high - low, _RARE), 0.0, 1.0)
    bins = np.minimum(place * _BINS, _BINS - 1).astype(np.intp)
    mass = np.bincount(bins, weights=weight)
    mean = np.bincount(bins, weights=weight * value)
    some = mass > 1e-12
    return Nodes(value=mean[some] / mass[some], weight=mass[some] / mass[some].sum())
