"""Survey sampling: sizes, designs, estimates, intervals and decisions.

Arithmetic on values: nothing here reads a file, a clock or the environment, and nothing draws
random numbers that it was not handed.
"""

from .allocation import (
    Allocation,
    MultivariateAllocation,
    PrecisionTarget,
    StratumAllocation,
    allocate_equal,
    allocate_multivariate,
    allocate_neyman,
    allocate_optimal,
    allocate_power,
    allocate_proportional,
)
from .calibration import Weighted, calibrate, poststratify, rake
from .clustering import PooledIcc, design_effect, pool_icc
from .commitment import (
    Commitment,
    combine_seed,
    commit_frame,
    commit_share,
    inclusion_proof,
    verify_inclusion,
)
from .components import VarianceComponents, variance_components
from .composite import CompositeEstimate, CompositePart, composite_part, estimate_composite
from .contrasts import MeanTest, compare_domains, compare_to_value, contrast
from .decision import Decision, PsusToShow, decide, psus_to_show_below
from .design import Adjustment, Design
from .differences import interval_difference
from .doublesampling import DoubleSamplingEstimate, estimate_double_sampling
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
    beta_binomial_limits,
    interval_beta_binomial,
    interval_clopper_pearson,
    interval_hypergeometric,
    interval_jeffreys,
    interval_korn_graubard,
    interval_mid_p,
    interval_wilson,
    korn_graubard_limits,
)
from .nonresponse import adjust_nonresponse
from .presentation import nchs_presentation
from .proportions import estimate_proportion
from .quantiles import estimate_quantile
from .regression import Regression, WaldTest, estimate_regression
from .replicates import ReplicateDesign
from .replication import ReplicateWeights, replicate_weights
from .results import (
    Estimate,
    Estimates,
    Interval,
    NchsPresentation,
    ProportionEstimate,
    read_result,
)
from .selection import (
    brewer_draw_probs,
    inclusion_probs,
    joint_inclusion_probs,
    order_targets,
    select_bernoulli,
    select_brewer,
    select_pareto,
    select_pivotal,
    select_poisson,
    select_pps_systematic,
    select_sampford,
    select_sequential_poisson,
    select_simple,
    select_stratified,
    select_systematic,
    variance_from_probs,
)
from .size import (
    ClusterTake,
    DetectionSize,
    SampleSize,
    detection_prob,
    optimal_cluster_take,
    size_for_detection,
    size_for_proportion,
)
from .size_means import (
    DifferenceSize,
    QuantitySize,
    size_for_difference,
    size_for_mean,
    size_for_total,
)
from .tables import RaoScott, rao_scott
from .tickets import draw_stratified, draw_two_stage, extend_draw, ticket, verify_draw
from .trimming import trim_weights
from .twophase import TwoPhaseDesign, two_phase

__all__ = [
    "Adjustment",
    "Allocation",
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
    "DifferenceSize",
    "DoubleSamplingEstimate",
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
    "MultivariateAllocation",
    "NchsPresentation",
    "NotConvergedError",
    "PooledIcc",
    "PrecisionTarget",
    "ProportionEstimate",
    "PsusToShow",
    "QuantitySize",
    "RaoScott",
    "Regression",
    "ReplicateDesign",
    "ReplicateWeights",
    "SampleSize",
    "SamplingError",
    "SamplingWarning",
    "SmallSampleWarning",
    "StratumAllocation",
    "TwoPhaseDesign",
    "VarianceComponents",
    "WaldTest",
    "Weighted",
    "adjust_nonresponse",
    "allocate_equal",
    "allocate_multivariate",
    "allocate_neyman",
    "allocate_optimal",
    "allocate_power",
    "allocate_proportional",
    "beta_binomial_limits",
    "brewer_draw_probs",
    "calibrate",
    "combine_seed",
    "commit_frame",
    "commit_share",
    "compare_domains",
    "compare_to_value",
    "composite_part",
    "contrast",
    "decide",
    "design_effect",
    "detection_prob",
    "draw_stratified",
    "draw_two_stage",
    "estimate_composite",
    "estimate_double_sampling",
    "estimate_mean",
    "estimate_proportion",
    "estimate_quantile",
    "estimate_ratio",
    "estimate_regression",
    "estimate_total",
    "extend_draw",
    "inclusion_probs",
    "inclusion_proof",
    "interval_beta_binomial",
    "interval_clopper_pearson",
    "interval_difference",
    "interval_hypergeometric",
    "interval_jeffreys",
    "interval_korn_graubard",
    "interval_mid_p",
    "interval_wilson",
    "joint_inclusion_probs",
    "korn_graubard_limits",
    "nchs_presentation",
    "optimal_cluster_take",
    "order_targets",
    "pool_icc",
    "poststratify",
    "psus_to_show_below",
    "rake",
    "rao_scott",
    "read_result",
    "replicate_weights",
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
    "size_for_detection",
    "size_for_difference",
    "size_for_mean",
    "size_for_proportion",
    "size_for_total",
    "ticket",
    "trim_weights",
    "two_phase",
    "variance_components",
    "variance_from_probs",
    "verify_draw",
    "verify_inclusion",
]
