"""Golden cases of selection and allocation (section f) through the public calls."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
from golden_cases import shared_folder

from golden_survey.verdicts import Case
from sampling import (
    ApproximationWarning,
    CappedAllocationWarning,
    Design,
    allocate_multivariate,
    allocate_neyman,
    allocate_optimal,
    allocate_power,
    allocate_proportional,
    brewer_draw_probs,
    calibrate,
    estimate_mean,
    estimate_ratio,
    estimate_total,
    inclusion_probs,
    joint_inclusion_probs,
    select_pareto,
    select_poisson,
    select_pps_systematic,
    size_for_total,
    variance_from_probs,
)

# Joint probabilities that are 0 in exact arithmetic may carry dust.
DUST = 1e-12


def read(name: str, **options: Any) -> pd.DataFrame:
    return pd.read_csv(shared_folder() / "data" / name, **options)


def size_column(case: Case) -> np.ndarray:
    """Sizes that the case's own call names as frame$column."""
    column = case.doc["params"]["size"]
    return read(case.doc["data"][0])[column].to_numpy(dtype=float)


def probabilities(case: Case) -> None:
    """Inclusion probabilities in proportion to size, certainty units named."""
    out, n = case.outputs, case.doc["params"]["n"]
    probs = inclusion_probs(size_column(case), n)
    case.equal("sum", probs.sum(), out["sum"])
    if "first" in out:
        case.equal("first", probs[:50], out["first"])
        return
    certain = np.flatnonzero(probs == 1) + 1
    case.equal("certainty", certain.size, out["certainty"])
    case.equal("certainty_rows", certain, out["certainty_rows"])
    case.equal("N", probs.size, out["N"])
    case.equal("min", probs.min(), out["min"])
    case.equal("max_below_1", probs[probs < 1].max(), out["max_below_1"])
    shown = np.asarray(out["pik"])
    case.equal("pik", probs[: shown.size], shown)


def probabilities_in_strata(case: Case) -> None:
    regions = read(case.doc["data"][0])["REG"].to_numpy()
    takes = dict(zip(case.outputs["REG"], case.doc["params"]["nh"], strict=True))
    probs = inclusion_probs(np.ones(regions.size), takes, strata=regions)
    case.equal("p", [probs[regions == region][0] for region in takes], case.outputs["p"])


def joint(case: Case, method: str) -> None:
    """Joint inclusion probabilities, the matrix in full."""
    out = case.outputs
    found = joint_inclusion_probs(out["pik"], method)
    if "joint" in out:
        case.equal("joint", found, out["joint"]["values"], atol=DUST)
        return
    path = shared_folder() / "golden" / case.doc["params"]["full_matrix"]
    case.equal("matrix", found, pd.read_csv(path, header=None).to_numpy(), atol=DUST)
    off = found[~np.eye(len(found), dtype=bool)]
    case.equal("sum", found.sum(), out["sum"])
    case.equal("frobenius", np.sqrt((found**2).sum()), out["frobenius"])
    case.equal("min_offdiag", off.min(), out["min_offdiag"], atol=DUST)
    case.equal("row1", found[0], out["row1"], atol=DUST)


def brewer(case: Case) -> None:
    """Chances at each draw of Brewer's method."""
    drawn = [row - 1 for row in case.outputs["drawn_in_order"]]
    for step in range(len(drawn)):
        chances = brewer_draw_probs(case.outputs["pik"], drawn[:step])
        case.equal(f"step{step + 1}", chances, case.outputs[f"step{step + 1}"], atol=DUST)


def belgian_probs() -> np.ndarray:
    """Population of the Belgian cases: provinces 7 and 9, fewer than 30,000 people, n = 20."""
    towns = read("sampling_belgianmunicipalities.csv")
    kept = towns[towns["Province"].isin([7, 9]) & (towns["Tot04"] < 30000)]
    return inclusion_probs(kept["Tot04"], 20)


def systematic(case: Case) -> None:
    """Systematic selection from the published start."""
    if "belg" in case.doc["id"]:
        probs = belgian_probs()
    else:
        probs = inclusion_probs(read("sampling_MU284.csv")["P75"], 30)
        probs = probs[probs < 1]
    rows = select_pps_systematic(probs, start=case.outputs["u"]) + 1
    case.equal("rows", rows, case.outputs["rows"], rel=0)


def pareto(case: Case) -> None:
    case.equal("pik", belgian_probs(), case.outputs["pik"])
    rows = select_pareto(case.outputs["pik"], uniforms=case.outputs["u"]) + 1
    case.equal("rows", rows, case.outputs["rows"], rel=0)


def poisson(case: Case) -> None:
    rows = select_poisson(belgian_probs(), uniforms=case.outputs["u"]) + 1
    case.equal("rows", rows, case.outputs["rows"], rel=0)
    case.equal("n", rows.size, case.outputs["n"])


def election_designs() -> tuple[pd.DataFrame, dict[str, Design]]:
    """Counties drawn with unequal probabilities, with R's joint probabilities."""
    counties = read("survey_election_pps.csv")
    together = read("survey_election_jointprob.csv").to_numpy(dtype=float)
    forms = ("horvitz-thompson", "sen-yates-grundy")
    return counties, {
        form: Design(inclusion_prob="p", pps=form, joint_probs=together) for form in forms
    }


def horvitz_thompson(case: Case) -> None:
    """Total, mean and variances of unequal-probability estimators."""
    counties, designs = election_designs()
    out = case.outputs
    totals = {form: estimate_total(counties, "Kerry", designs[form])[0] for form in designs}
    case.equal("HT", totals["horvitz-thompson"].estimate, out["HT"])
    mean = estimate_mean(counties, "Kerry", designs["sen-yates-grundy"])[0]
    case.equal("Hajek_mean", mean.estimate, out["Hajek_mean"])
    case.equal("var_HT", totals["horvitz-thompson"].std_error ** 2, out["var_HT"])
    case.equal("var_SYG", totals["sen-yates-grundy"].std_error ** 2, out["var_SYG"])
    deville = variance_from_probs(counties["Kerry"], counties["p"])
    case.equal("var_Deville", deville, out["var_Deville"])
    case.equal("true_total", read("survey_election.csv")["Kerry"].sum(), out["true_total"])


def ratio(case: Case) -> None:
    counties, designs = election_designs()
    found = estimate_ratio(counties, "Bush", "votes", designs["horvitz-thompson"])[0]
    case.equal("ratio", found.estimate, case.outputs["ratio"])
    case.equal("estvar", found.std_error**2, case.outputs["estvar"])


def regression(case: Case) -> None:
    """Totals by the ratio and by the regression on a known total."""
    counties, frame = read("survey_election_pps.csv"), read("survey_election.csv")
    counties["base"] = 1 / counties["p"]
    design = Design(weight="base")
    known = float(frame["TotPrecincts"].sum())
    ratio = estimate_ratio(counties, "Bush", "TotPrecincts", design)[0].estimate
    case.equal("ratio_formula", ratio * known, case.outputs["ratio_formula"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ApproximationWarning)
        made = calibrate(counties, design, {"TotPrecincts": known}, population_size=len(frame))
    total = estimate_total(made.data, "Bush", made.design)[0].estimate
    case.equal("greg_formula", total, case.outputs["greg_formula"])
    case.equal("true_total", frame["Bush"].sum(), case.outputs["true_total"])


def ht_strata(case: Case) -> None:
    """Totals over strata: by weights, and by stratum means times known sizes."""
    towns = read("derived_swiss_strat.csv")
    total = estimate_total(towns, "POPTOT", Design(weight="w", strata="REG"))[0].estimate
    case.equal("HT", total, case.outputs["HT"]["values"])
    means = estimate_mean(towns, "Pop65P", Design(weight="w", strata="REG"), by="REG").to_frame()
    sizes = towns.groupby("REG")["Nh"].first()
    whole = math.fsum(means["estimate"] * sizes.loc[means["REG"].astype(int)].to_numpy())
    case.equal("Hajek", whole, case.outputs["Hajek"]["values"])


def allocation(case: Case) -> None:
    """Every rule, its parts before rounding and its whole numbers, and sizes for a target."""
    out = case.outputs
    sizes, spreads, n = out["N_h"], out["S_h"], out["n"]
    keys = list(sizes)
    costs = {key: place + 1 for place, key in enumerate(sorted(sizes))}
    proportional = allocate_proportional(sizes, n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CappedAllocationWarning)
        neyman = allocate_neyman(sizes, spreads, n)
        optimal = allocate_optimal(sizes, spreads, costs, n)
        least = {
            least: allocate_neyman(sizes, spreads, n, floor=least, rounding="exact-optimum")
            for least in (1, 2)
        }
    parts = (("proportional", proportional), ("neyman", neyman), ("cost_optimal", optimal))
    for name, found in parts:
        case.equal(name, list(found.shares.values()), [out[name][key] for key in keys])
    for name, found in (
        ("proportional_int", proportional),
        ("neyman_int_largest_remainder", neyman),
        ("exact_integer_optimum_min1", least[1]),
        ("exact_integer_optimum_min2", least[2]),
    ):
        case.equal(name, list(found.values()), [out[name][key] for key in keys], rel=0)
    for name, found in parts[:2]:
        variance = found.variance_of_total(spreads, rounded=False)
        case.equal(f"V_total_{name}", variance, out[f"V_total_{name}"])
    case.equal("V_total_exact_min2", least[2].variance_of_total(spreads), out["V_total_exact_min2"])
    population(case, sizes, spreads, n)


def population(case: Case, sizes: dict, spreads: dict, n: int) -> None:
    """Outputs that need the population itself: power allocation and sizes for a target."""
    totals = stratum_totals(case)
    out, keys = case.outputs, list(sizes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CappedAllocationWarning)
        power = allocate_power(sizes, totals, n, 0.5, spreads=spreads)
    case.equal("power_q05", list(power.shares.values()), [out["power_q05"][key] for key in keys])
    whole, units = math.fsum(totals.values()), sum(sizes.values())
    within = math.sqrt(math.fsum(sizes[key] * spreads[key] ** 2 for key in keys) / units)
    for name, cv in (("cv005", 0.005), ("cv01", 0.01), ("cv02", 0.02), ("cv05", 0.05)):
        needed = allocate_multivariate(sizes, {"y": spreads}, cv, totals={"y": whole}, floor=0)
        case.equal(f"n_for_cv {name}", needed.uncapped_size, out["n_for_cv"][name])
        z = 1.959963984540054
        size = size_for_total(z * cv * whole, spread=within, population_size=units)
        wanted = out["n_for_cv_proportional"][name]
        case.equal(f"n_for_cv_proportional {name}", size.after_fpc, wanted)


def stratum_totals(case: Case) -> dict[str, float]:
    params = case.doc["params"]
    data = read(case.doc["data"][0])
    if "Zone" in params["strata"]:
        strata = data["Zone"].astype(str) + " " + data["filed_poor"].astype(int).astype(str)
    else:
        strata = data[params["strata"]].astype(str)
    found = data[params["variable"]].astype(float).groupby(strata).sum()
    return {key: float(found[key]) for key in case.outputs["N_h"]}


METHODS = {
    "inclusion_probabilities": probabilities,
    "inclusion_probabilities_strata": probabilities_in_strata,
    "joint_sampford": lambda case: joint(case, "sampford"),
    "joint_systematic": lambda case: joint(case, "systematic"),
    "joint_maxent": lambda case: joint(case, "max-entropy"),
    "brewer_steps": brewer,
    "systematic_given_start": systematic,
    "order_sampling_given_u": pareto,
    "poisson_given_u": poisson,
    "ht_estimator": horvitz_thompson,
    "ht_ratio": ratio,
    "ht_ratio_regression": regression,
    "ht_strata": ht_strata,
    "allocation": allocation,
}
NOT_OFFERED = {
    "joint_tille": "Tillé's elimination method is not offered for selection",
    "joint_midzuno": "Midzuno's method is not offered for selection",
    "maxent_weights": "inner numbers of maximum-entropy selection; its joint ones are given",
    "cluster_population_icc": "correlation within clusters of a population comes with agreement",
}
LATER = {
    "select_local_pivotal": "local pivotal samples spread over coordinates: later",
    "select_cube": "balanced samples by the cube method: later",
}
"""Methods of API.md that no shared case holds and that are not offered yet."""
