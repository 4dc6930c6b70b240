"""What the project promises to other people's code: public names, each explained by example."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from functools import cache

import pytest

import sampling
from audit_toolkit import workflow
from audit_toolkit.evaluation import Evaluation

SAMPLING = [
    "Adjustment",
    "Agreement",
    "Allocation",
    "ApproximationWarning",
    "AreaDecision",
    "AreaIcc",
    "AreaIccs",
    "ArgumentError",
    "AttributePlan",
    "BenchmarkedTotal",
    "BetaBinomialFit",
    "BlandAltman",
    "BunchingTest",
    "CappedAllocationWarning",
    "CheckedRate",
    "CheckedRates",
    "ClusterTake",
    "Commitment",
    "CompositeEstimate",
    "CompositePart",
    "Concordance",
    "CoordinatedDraw",
    "Decision",
    "DeclaredLevelPlan",
    "DensityDiscontinuity",
    "Design",
    "DesignSimulation",
    "DetectionSize",
    "DifferenceEstimate",
    "DifferenceSize",
    "DigitHeaping",
    "DigitRow",
    "DoubleSamplingEstimate",
    "Draw",
    "DrawCheck",
    "DrawnPsu",
    "DrawnUnit",
    "DualSystem",
    "EmptyStratumError",
    "Estimate",
    "Estimates",
    "FastDraw",
    "FayHerriotFit",
    "FlipTest",
    "Frame",
    "FrameTooSmallError",
    "Funnel",
    "FunnelRow",
    "FurtherUnits",
    "Interval",
    "IntraclassCorrelation",
    "JointDecision",
    "LimitsOfAgreement",
    "LonelyUnitError",
    "ManyDecisions",
    "MartingaleTest",
    "MatchRates",
    "MeanTest",
    "MonetaryEvaluation",
    "MonetaryPlan",
    "MonetarySample",
    "MonetaryStratum",
    "MultivariateAllocation",
    "NchsPresentation",
    "NearDuplicates",
    "NegativesToCertify",
    "NestedErrorFit",
    "NonresponseDecision",
    "NotConvergedError",
    "OperatingCharacteristic",
    "OperatingPoint",
    "PooledIcc",
    "PrecisionTarget",
    "ProportionEstimate",
    "PsusToShow",
    "QuantitySize",
    "RaoScott",
    "RegisterEstimate",
    "Regression",
    "ReliabilityRatio",
    "ReplicateDesign",
    "ReplicateWeights",
    "ResponseClass",
    "SampleSize",
    "SamplingError",
    "SamplingWarning",
    "SecondWave",
    "SequentialSchedule",
    "SequentialStop",
    "SequentialTest",
    "SimilarPair",
    "SimulatedRisk",
    "SmallAreaEstimate",
    "SmallAreaEstimates",
    "SmallSampleWarning",
    "Sprt",
    "StraightLining",
    "StraightLiningRow",
    "StratifiedInterval",
    "StratifiedSampler",
    "StratifiedSequential",
    "StratumAllocation",
    "TrueRate",
    "TwoPhaseDesign",
    "TwoStagePlan",
    "TwoStageSampler",
    "VarianceComponents",
    "VerifiedFindings",
    "VerifiedRate",
    "WaldTest",
    "Weighted",
    "WindowTest",
    "adjust_for_errors",
    "adjust_nonresponse",
    "adjust_p_values",
    "allocate_equal",
    "allocate_multivariate",
    "allocate_neyman",
    "allocate_optimal",
    "allocate_power",
    "allocate_proportional",
    "alpha_martingale",
    "backcheck_error_rates",
    "benchmark",
    "benford_probs",
    "beta_binomial_areas",
    "beta_binomial_limits",
    "betting_martingale",
    "bland_altman",
    "bound_stringer",
    "brennan_prediger",
    "brewer_draw_probs",
    "bunching_test",
    "calibrate",
    "combine_seed",
    "commit_frame",
    "commit_share",
    "compare_domains",
    "compare_to_value",
    "composite_part",
    "concordance",
    "confidence_sequence",
    "conger_kappa",
    "contrast",
    "coordinate",
    "decide",
    "decide_jointly",
    "decide_many",
    "decide_under_nonresponse",
    "density_discontinuity",
    "design_effect",
    "detection_prob",
    "difference_estimator",
    "digit_heaping",
    "draw_stratified",
    "draw_two_stage",
    "dual_system",
    "estimate_composite",
    "estimate_double_sampling",
    "estimate_mean",
    "estimate_proportion",
    "estimate_quantile",
    "estimate_ratio",
    "estimate_regression",
    "estimate_total",
    "estimate_with_register",
    "evaluate_monetary",
    "extend_draw",
    "fay_herriot",
    "fleiss_kappa",
    "funnel_limits",
    "gross_difference_rate",
    "gwet_ac1",
    "gwet_ac2",
    "icc",
    "inclusion_probs",
    "inclusion_proof",
    "index_of_inconsistency",
    "interval_beta_binomial",
    "interval_blaker",
    "interval_clopper_pearson",
    "interval_difference",
    "interval_gamma",
    "interval_hypergeometric",
    "interval_jeffreys",
    "interval_korn_graubard",
    "interval_mid_p",
    "interval_paired_difference",
    "interval_poisson",
    "interval_sterne",
    "interval_stratified",
    "interval_wilson",
    "joint_inclusion_probs",
    "kaplan_test",
    "kappa",
    "kelly_bet",
    "korn_graubard_limits",
    "krippendorff_alpha",
    "match_rates",
    "mcnemar",
    "mcnemar_clustered",
    "nchs_presentation",
    "near_duplicates",
    "negatives_to_certify",
    "net_difference_rate",
    "operating_characteristic",
    "optimal_cluster_take",
    "order_targets",
    "pabak",
    "percent_agreement",
    "permanent_numbers",
    "plan_attributes",
    "plan_declared_level",
    "plan_monetary",
    "plan_of_size",
    "plan_second_wave",
    "plan_two_stage",
    "pool_icc",
    "pool_icc_by_area",
    "poststratify",
    "prevalence_hierarchical",
    "psus_to_show_below",
    "rake",
    "rao_scott",
    "rate_at_acceptance",
    "ratings_from_table",
    "read_result",
    "reliability_ratio",
    "replicate_weights",
    "sample_size_dependent_areas",
    "select_bernoulli",
    "select_brewer",
    "select_monetary",
    "select_pareto",
    "select_pivotal",
    "select_poisson",
    "select_pps_systematic",
    "select_sampford",
    "select_sequential_poisson",
    "select_simple",
    "select_stratified",
    "select_systematic",
    "simulate_design",
    "size_for_detection",
    "size_for_difference",
    "size_for_mean",
    "size_for_proportion",
    "size_for_total",
    "smooth_variances",
    "sprt",
    "straight_lining",
    "stratified_sequential",
    "symmetry_test",
    "synthetic_areas",
    "ticket",
    "trim_weights",
    "true_rate_by_status",
    "true_rate_verified_positives",
    "two_phase",
    "unit_level_eblup",
    "units_to_settle",
    "variance_components",
    "variance_from_probs",
    "verify_draw",
    "verify_inclusion",
    "whipple_index",
]
"""A change here is a change for everybody who imports `sampling`: it belongs in CHANGELOG.md."""

STEPS_OF_EVALUATION = {
    "cases",
    "comparison",
    "draw",
    "findings",
    "indicators",
    "plan",
    "register",
    "report",
}
"""What API.md promises of `Evaluation`."""


def has_example(thing: object) -> bool:
    return ">>>" in (inspect.getdoc(thing) or "")


@cache
def shown_by_example() -> frozenset[type]:
    """Classes that come out of a public function, or a class, whose docstring has an example."""
    seen: set[type] = set()

    def visit(kind: object) -> None:
        for part in typing.get_args(kind):
            visit(part)
        if isinstance(kind, type) and kind.__module__.startswith("sampling") and kind not in seen:
            seen.add(kind)
            if dataclasses.is_dataclass(kind):
                for field in typing.get_type_hints(kind).values():
                    visit(field)

    for name in sampling.__all__:
        thing = getattr(sampling, name)
        if has_example(thing):
            visit(thing if isinstance(thing, type) else typing.get_type_hints(thing).get("return"))
    return frozenset(seen)


def test_the_public_names_of_the_statistics_are_these():
    assert sampling.__all__ == SAMPLING
    assert all(hasattr(sampling, name) for name in SAMPLING)


@pytest.mark.parametrize("name", sampling.__all__)
def test_every_public_name_of_the_statistics_is_explained_by_example(name: str):
    """A function, or a class that people make, has an example; a result is shown by its maker's."""
    thing = getattr(sampling, name)
    assert (inspect.getdoc(thing) or "").strip(), f"{name} has no docstring"
    if isinstance(thing, type) and issubclass(thing, (Exception, Warning)):
        return
    results = tuple(shown_by_example())
    shown = isinstance(thing, type) and issubclass(thing, results)
    assert has_example(thing) or shown, f"{name} is shown by no example"


def test_the_public_names_of_workflow_are_sorted_and_there():
    assert sorted(workflow.__all__) == workflow.__all__
    assert len(set(workflow.__all__)) == len(workflow.__all__)


@pytest.mark.parametrize("name", workflow.__all__)
def test_every_act_and_value_of_workflow_says_what_it_is(name: str):
    thing = getattr(workflow, name)
    if callable(thing):
        assert (inspect.getdoc(thing) or "").strip(), f"{name} has no docstring"


@pytest.mark.parametrize("name", workflow.__all__)
def test_every_act_takes_context_and_store_first(name: str):
    """Who acts and where: whatever takes both takes them in this order, as its first two."""
    thing = getattr(workflow, name)
    if not inspect.isfunction(thing):
        return
    names = list(inspect.signature(thing).parameters)
    if "context" in names and "store" in names:
        assert names[:2] == ["context", "store"]


def test_an_evaluation_gives_the_steps_that_are_promised():
    members = {name for name in vars(Evaluation) if not name.startswith("_")}
    assert members >= STEPS_OF_EVALUATION
    for name in members - {"county"}:
        assert (inspect.getdoc(getattr(Evaluation, name)) or "").strip(), name
