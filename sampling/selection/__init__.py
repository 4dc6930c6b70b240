"""Selection: which units are drawn, and with what probability.

probabilities   inclusion probabilities from sizes, certainty units
equal           simple random, systematic, Bernoulli
unequal         Poisson, PPS systematic, Sampford, Brewer, pivotal: probabilities met exactly
order           sequential Poisson, Pareto: by ranking numbers
stratified      stratified simple random samples of large frames
joint           probabilities of pairs
variance        of a total from the drawn units' probabilities alone

All give positions in the list that they were handed, for simulations and for redoing published
examples. Official draws are made by tickets (`sampling.draw_stratified`).
"""

from .equal import select_bernoulli, select_simple, select_systematic
from .joint import joint_inclusion_probs
from .order import order_targets, select_pareto, select_sequential_poisson
from .probabilities import inclusion_probs
from .stratified import select_stratified
from .unequal import (
    brewer_draw_probs,
    select_brewer,
    select_pivotal,
    select_poisson,
    select_pps_systematic,
    select_sampford,
)
from .variance import variance_from_probs

__all__ = [
    "brewer_draw_probs",
    "inclusion_probs",
    "joint_inclusion_probs",
    "order_targets",
    "select_bernoulli",
    "select_brewer",
    "select_pareto",
    "select_pivotal",
    "select_poisson",
    "select_pps_systematic",
    "select_sampford",
    "select_sequential_poisson",
    "select_simple",
    "select_stratified",
    "select_systematic",
    "variance_from_probs",
]
