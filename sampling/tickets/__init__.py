"""Draws that anyone can redo: order by a hash of seed, stratum and unit, take the smallest.

A draw needs the frame and the seed, nothing else: not the order of the file, not a random stream
of any library. Who holds the seed can draw; what is kept of it in a `Draw` is its digest.

text.py         the ticket's text
units.py        the units of one stratum by ticket order; checks that every draw makes
stratified.py   the smallest tickets of each stratum
two_stage.py    PSUs in proportion to size, then units within them
again.py        further waves, and verification
"""

from .again import extend_draw, verify_draw
from .stratified import draw_stratified
from .text import seed_digest, ticket
from .two_stage import (
    PSU_NAMESPACE,
    PsuMethod,
    certainty_units,
    draw_two_stage,
    sequential_poisson_order,
)

__all__ = [
    "PSU_NAMESPACE",
    "PsuMethod",
    "certainty_units",
    "draw_stratified",
    "draw_two_stage",
    "extend_draw",
    "seed_digest",
    "sequential_poisson_order",
    "ticket",
    "verify_draw",
]
