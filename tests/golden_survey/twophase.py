"""Golden cases of two-phase designs (section e) through the public calls."""

from __future__ import annotations

import pandas as pd

from golden_survey import taylor
from golden_survey.designs import read
from golden_survey.verdicts import Case
from sampling import (
    Design,
    estimate_double_sampling,
    estimate_mean,
    estimate_ratio,
    two_phase,
)

NOT_OFFERED = {
    "rogan_gladen_formula": "adjust_for_errors belongs to true rates, a later issue",
}
PHASES = {
    "strat": ("ph2_strat", "instit"),
    "srs": ("ph2_srs", None),
    "rel": ("insub", "rel"),
    "ph1": ("ph2_of_ph1", "instit"),
}


def children() -> pd.DataFrame:
    """The cohort with the readings that the section defines."""
    data = read("derived_nwtco_twophase.csv").copy()
    data["uh"] = (data["histol"] == 2) * 1.0
    data["fuh"] = (data["instit"] == 2) * 1.0
    data["err"] = (data["histol"] != data["instit"]) * 1.0
    data["fn"] = ((data["instit"] == 1) & (data["histol"] == 2)) * 1.0
    data["fp"] = ((data["instit"] == 2) & (data["histol"] == 1)) * 1.0
    data["insub"] = data["in.subcohort"] | (data["rel"] == 1)
    return data


def phases(case: Case) -> None:
    _, kind, method = case.doc["design_name"].split("_")
    sampled, strata = PHASES[kind]
    data = children()
    if kind == "ph1":
        data = data[data["ph1"]].reset_index(drop=True)
    design = two_phase(Design(), sampled=sampled, strata=strata, method=method)
    taylor.any_call(case, design, data)


def census(case: Case) -> None:
    """Phase 1 is the whole register: a stratified sample."""
    if case.doc["design_name"] == "census_strat":
        data = children()
        data["Nh"] = data.groupby("instit")["instit"].transform("size")
        data = data[data["ph2_strat"]].reset_index(drop=True)
        design = Design(strata="instit", fpc="Nh")
    else:
        data = read("derived_bigcity_fieldsample.csv").copy()
        design = Design(strata="cell", fpc="Ncell")
    taylor.any_call(case, design, data)


def truth(case: Case) -> None:
    """Rates of the whole register: a census."""
    data = children() if "nwtco" in case.doc["id"] else None
    if data is None:
        frame = read("derived_bigcity_filed.csv.gz")
        data = frame.assign(fuh=frame["filed_poor"], uh=frame["true_poor"])
        for zone in ("Rural", "Urban"):
            if zone in case.doc["id"]:
                data = data[data["Zone"] == zone]
    for stage in (1, 2, 3, 4):
        if f"stage{stage}" in case.doc["id"]:
            data = data[data["stage"] == stage]
    data = data.assign(
        hit=data["fuh"] * data["uh"],
        clear=(1 - data["fuh"]) * (1 - data["uh"]),
        well=1 - data["uh"],
        off=(data["fuh"] != data["uh"]) * 1.0,
    ).reset_index(drop=True)
    out, whole = case.outputs, Design()
    case.equal("filed", estimate_mean(data, "fuh", whole)[0].estimate, out["filed_rate"])
    case.equal("true", estimate_mean(data, "uh", whole)[0].estimate, out["true_rate"])
    case.equal("se", estimate_ratio(data, "hit", "uh", whole)[0].estimate, out["sensitivity"])
    found = estimate_ratio(data, "clear", "well", whole)[0].estimate
    case.equal("sp", found, out["specificity"])
    case.equal("ppv", estimate_ratio(data, "hit", "fuh", whole)[0].estimate, out["ppv"])
    case.equal("gross", estimate_mean(data, "off", whole)[0].estimate, out["gross_error"])


def tenenbein(case: Case) -> None:
    out = case.outputs
    n11, n10, n01, n00, filed, clear = (out[k] for k in ("n11", "n10", "n01", "n00", "X", "Y"))
    table = ((n11, n10), (n01, n00))
    row = estimate_double_sampling(table, (filed, clear), interval="normal")
    case.equal("estimate", [row.estimate, row.std_error], [out["estimate"], out["se"]])
    case.equal("limits", [row.interval.lower, row.interval.upper], out["ci95_normal"])
    case.equal("K", row.reliability, out["reliability_K"], atol=1e-12)
    rates = [row.false_positive_rate, row.false_negative_rate]
    case.equal("rates", rates, [out["false_positive_rate"], out["false_negative_rate"]], atol=1e-12)


def double_sampling(case: Case) -> None:
    out = case.outputs
    table = (
        (out["y1"], out["y0"]),
        (out["m1"] - out["y1"], out["m0"] - out["y0"]),
    )
    rest = (out["N1"] - out["m1"], out["N0"] - out["m0"])
    row = estimate_double_sampling(table, rest, verified_by="filed-status")
    case.equal("estimate", [row.estimate, row.std_error], [out["estimate"], out["se_double"]])
    case.equal("sensitivity", 1 - row.false_negative_rate, out["sensitivity"])
    case.equal("specificity", 1 - row.false_positive_rate, out["specificity"])
    # The register as the population: a stratified sample with its finite-population correction.
    counts = [("a", 1, out["y1"]), ("a", 0, out["m1"] - out["y1"])]
    counts += [("b", 1, out["y0"]), ("b", 0, out["m0"] - out["y0"])]
    data = pd.DataFrame(
        [(h, y) for h, y, count in counts for _ in range(count)], columns=["h", "y"]
    )
    data["N"] = data["h"].map({"a": out["N1"], "b": out["N0"]})
    found = estimate_mean(data, "y", Design(strata="h", fpc="N"))[0]
    case.equal("register", found.std_error, out["se_register_fpc"])


METHODS = {
    "tenenbein_formula": tenenbein,
    "double_sampling_formula": double_sampling,
    "twophase_full": phases,
    "twophase_approx": phases,
    "twophase_simple": phases,
    "audit_census_phase1": census,
    "truth": truth,
}
