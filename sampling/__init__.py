"""Survey sampling: sizes, designs, estimates, intervals and decisions.

Arithmetic on values: nothing here reads a file, a clock or the environment, and nothing draws
random numbers that it was not handed.
"""

from .clustering import PooledIcc, design_effect, pool_icc
from .commitment import (
    Commitment,
    combine_seed,
    commit_frame,
    commit_share,
    inclusion_proof,
    verify_inclusion,
)
from .composite import CompositeEstimate, CompositePart, composite_part, estimate_composite
from .contrasts import MeanTest, compare_domains, compare_to_value, contrast
from .decision import Decision, PsusToShow, decide, psus_to_show_below
from .design import Adjustment, Design
from .draws import Draw, DrawCheck, DrawnPsu, DrawnUnit
from .errors import (
    ApproximationWarning,
    ArgumentError,
    CappedAllocationWarning,
    EmptyStratumError,
    FrameTooSmallError,
    LonelyUnitError,
    NotConvergedError,
    SamplingError,
    SamplingWarning,
    SmallSampleWarning,
)
from .estimation import estimate_mean, estimate_ratio, estimate_total
from .frame import Frame
from .intervals import (
    interval_clopper_pearson,
    interval_hypergeometric,
    interval_jeffreys,
    interval_korn_graubard,
    interval_mid_p,
    interval_wilson,
    korn_graubard_limits,
)
from .proportions import estimate_proportion
from .quantiles import estimate_quantile
from .results import Estimate, Estimates, Interval, ProportionEstimate, read_result
from .size import (
    ClusterTake,
    DetectionSize,
    SampleSize,
    optimal_cluster_take,
    size_for_detection,
    size_for_proportion,
)
from .tickets import draw_stratified, draw_two_stage, extend_draw, ticket, verify_draw

__all__ = [
    "Adjustment",
    "ApproximationWarning",
    "ArgumentError",
    "CappedAllocationWarning",
    "ClusterTake",
    "Commitment",
    "CompositeEstimate",
    "CompositePart",
    "Decision",
    "Design",
    "DetectionSize",
    "Draw",
    "DrawCheck",
    "DrawnPsu",
    "DrawnUnit",
    "EmptyStratumError",
    "Estimate",
    "Estimates",
    "Frame",
    "FrameTooSmallError",
    "Interval",
    "LonelyUnitError",
    "MeanTest",
    "NotConvergedError",
    "PooledIcc",
    "ProportionEstimate",
    "PsusToShow",
    "SampleSize",
    "SamplingError",
    "SamplingWarning",
    "SmallSampleWarning",
    "combine_seed",
    "commit_frame",
    "commit_share",
    "compare_domains",
    "compare_to_value",
    "composite_part",
    "contrast",
    "decide",
    "design_effect",
    "draw_stratified",
    "draw_two_stage",
    "estimate_composite",
    "estimate_mean",
    "estimate_proportion",
    "estimate_quantile",
    "estimate_ratio",
    "estimate_total",
    "extend_draw",
    "inclusion_proof",
    "interval_clopper_pearson",
    "interval_hypergeometric",
    "interval_jeffreys",
    "interval_korn_graubard",
    "interval_mid_p",
    "interval_wilson",
    "korn_graubard_limits",
    "optimal_cluster_take",
    "pool_icc",
    "psus_to_show_below",
    "read_result",
    "size_for_detection",
    "size_for_proportion",
    "ticket",
    "verify_draw",
    "verify_inclusion",
]
