"""Which design effect an interval stands on: the model's, or the sample's own where that is worse.

The model's holds where few events are found, when the own one is unreliable. With several events an
own design effect far above the model's tells of clustering that the pooled correlation misses, as
wholly wrong villages in one county of a good province do.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

OWN_DEFF_FACTOR = 1.5
OWN_DEFF_EVENTS = 6


def deff_used(model: npt.ArrayLike, own: npt.ArrayLike, events: npt.ArrayLike) -> npt.NDArray:
    """Return the design effects that intervals stand on, never under 1.

    Parameters
    ----------
    model : array-like
        Model design effects, any shape.
    own : array-like
        Design effects by the own variance, n v / (p (1-p)); 0 where there is none.
    events : array-like
        Sampled households with the event.

    Returns
    -------
    array
        The own one where there are at least `OWN_DEFF_EVENTS` events and it exceeds
        `OWN_DEFF_FACTOR` times the model's, else the model's; in the broadcast shape.
    """
    least = np.maximum(1.0, np.asarray(model, dtype=float))
    own = np.asarray(own, dtype=float)
    worse = (np.asarray(events) >= OWN_DEFF_EVENTS) & (own > OWN_DEFF_FACTOR * least)
    return np.where(worse, own, least)
