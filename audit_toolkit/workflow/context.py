"""Everything that an act takes from the world: who acts, the clock, secure bytes, named streams.

Handed in from outside, never made here, so that a round can be done again to the last byte.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who acts, and where time and randomness come from.

    Parameters
    ----------
    person_id : str
        Who acts, as registered in the round.
    clock : callable
        Gives the present time with its zone.
    secret_bytes : callable
        ``secret_bytes(n)`` gives n secret random bytes (salts).
    rng : callable
        ``rng(name)`` gives a generator for simulations, the same for the same name.
    """

    person_id: str
    clock: Callable[[], datetime]
    secret_bytes: Callable[[int], bytes]
    rng: Callable[[str], np.random.Generator]
