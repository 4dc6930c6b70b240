"""Observed and chance agreement of each coefficient, and each unit's share in both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._checks import FloatArray
from ..errors import ArgumentError
from ._ratings import Ratings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """Observed and chance agreement, and each unit's share in both."""

    observed: float
    chance: float
    observed_scores: FloatArray
    chance_scores: FloatArray

    @property
    def value(self) -> float:
        """Agreement beyond chance."""
        return (self.observed - self.chance) / (1 - self.chance)

    @property
    def scores(self) -> FloatArray:
        """Linearised value of each unit; their mean is 0."""
        moved: FloatArray = self.observed_scores - (1 - self.value) * self.chance_scores
        return moved / (1 - self.chance)


def gwet_parts(found: Ratings) -> Parts:
    """Chance agreement of AC1 and AC2."""
    share = found.count / found.raters_of[:, None]
    margin, q = found.mean(share), len(found.categories)
    factor = float(found.credit.sum()) / (q * (q - 1))
    chance = factor * float(margin @ (1 - margin))
    return _with_chance(found, chance, 2 * (factor * share @ (1 - margin) - chance))


def fleiss_parts(found: Ratings) -> Parts:
    """Chance agreement from the common margin."""
    share = found.count / found.raters_of[:, None]
    margin = found.mean(share)
    near = found.credit @ margin
    chance = float(margin @ near)
    return _with_chance(found, chance, 2 * (share @ near - chance))


def conger_parts(found: Ratings) -> Parts:
    """Chance agreement from the margin of each rater."""
    raters = found.place.shape[1]
    rated = (found.place >= 0).astype(np.float64)
    seen = found.mean(rated)
    if (seen == 0).any():
        raise ArgumentError(
            "each rater must have rated a unit; got one who rated none. Leave that rater out.",
            code="rater-silent",
        )
    levels = np.arange(len(found.categories))
    margins = np.stack(
        [found.mean((found.place[:, g, None] == levels) * 1.0) / seen[g] for g in range(raters)]
    )
    others = (margins.sum(axis=0) - margins) @ found.credit.T
    pairs = raters * (raters - 1)
    chance = float((margins * others).sum()) / pairs
    scores = np.zeros(len(found.rows))
    for g in range(raters):
        own = others[g][found.place[:, g]] - margins[g] @ others[g]
        scores += 2 / pairs * rated[:, g] * own / seen[g]
    return _with_chance(found, chance, scores)


def uniform_parts(found: Ratings) -> Parts:
    """Chance agreement when every category is as likely."""
    chance = float(found.credit.mean())
    return _with_chance(found, chance, np.zeros(len(found.rows)))


def observed_parts(found: Ratings) -> Parts:
    """No chance agreement."""
    return _with_chance(found, 0.0, np.zeros(len(found.rows)))


def alpha_parts(found: Ratings) -> Parts:
    """Krippendorff's, units counting by their raters; without his small-sample term."""
    raters = found.raters_of
    mean = float(found.mean(raters))
    alike = (found.count * (found.close - 1)).sum(axis=1) / (raters - 1)
    observed = float(found.mean(alike)) / mean
    margin = found.mean(found.count) / mean
    near = found.credit @ margin
    chance = float(margin @ near)
    return Parts(
        observed=observed,
        chance=chance,
        observed_scores=(alike - observed * raters) / mean,
        chance_scores=2 * (found.count @ near - chance * raters) / mean,
    )


def _pairs(found: Ratings) -> tuple[FloatArray, FloatArray]:
    """Share of pairs of raters that agree in each unit, and which units have a pair."""
    raters = found.raters_of
    alike = (found.count * (found.close - 1)).sum(axis=1)
    two = raters >= 2
    if not two.any():
        raise ArgumentError(
            "agreement needs units with two ratings; got none. Give units that several rated.",
            code="pairs-none",
        )
    pairs = np.where(two, raters * (raters - 1), 1.0)
    return np.where(two, alike / pairs, 0.0), two.astype(np.float64)


def _with_chance(found: Ratings, chance: float, chance_scores: FloatArray) -> Parts:
    """Gwet's parts: the number of units with two ratings counts as fixed."""
    share, two = _pairs(found)
    blow = 1 / float(found.mean(two))
    observed = blow * float(found.mean(share))
    # Units with one rating keep their part in the mean, as in Gwet's variance.
    scores = blow * (share - chance * two) - (observed - chance)
    return Parts(
        observed=observed,
        chance=chance,
        observed_scores=scores,
        chance_scores=chance_scores,
    )
