"""Golden cases of audit-style selection and estimation (section k) through the public calls."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pandas as pd

from golden_survey.designs import read
from golden_survey.verdicts import Case
from sampling import (
    ApproximationWarning,
    Design,
    bound_stringer,
    calibrate,
    estimate_mean,
    estimate_ratio,
    estimate_total,
    interval_clopper_pearson,
    interval_hypergeometric,
    operating_characteristic,
    plan_of_size,
    rate_at_acceptance,
    select_monetary,
    sprt,
)

Z = NormalDist().inv_cdf(0.975)
TWO_LESS = "R has plain residuals over n - 2; ours the calibrated weights' residuals over n - 1"


def totals(case: Case) -> None:
    """A total four ways: by itself, and with the help of the book's."""
    out = case.outputs
    book = read("jfa_BuildIt.csv")
    size, known = len(book), float(book["bookValue"].sum())
    data = book.iloc[10::35].assign(N=size).reset_index(drop=True)
    data["d"] = data["auditValue"] - data["bookValue"]
    design = Design(fpc="N")
    case.equal("n, N", [len(data), size], [out["n"], out["N"]])
    case.equal("book", known, out["book_total"])
    alone = estimate_total(data, "auditValue", design)[0]
    compare(case, "mean_per_unit", alone.estimate, alone.std_error, len(data) - 1)
    apart = estimate_total(data, "d", design)[0]
    compare(case, "difference", known + apart.estimate, apart.std_error, len(data) - 1)
    ratio = estimate_ratio(data, "auditValue", "bookValue", design)[0]
    case.equal("R", ratio.estimate, out["ratio"]["R"])
    # The ratio's own form has the sample's book total below; theirs has the known one.
    part = float(data["bookValue"].mean()) * size
    compare(case, "ratio", ratio.estimate * known, ratio.std_error * part, len(data) - 1)
    helped(case, data, design, known, size)
    names = ("n", "N", "book_total", "mean_per_unit", "difference", "ratio", "regression")
    case.every_output(names, {})


def helped(case: Case, data: pd.DataFrame, design: Design, known: float, size: int) -> None:
    """Regression on the book value: weights that hit its total."""
    out = case.outputs["regression"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ApproximationWarning)
        made = calibrate(data, design, {"bookValue": known}, population_size=size)
    found = estimate_total(made.data, "auditValue", made.design)[0]
    case.equal("regression", found.estimate, out["total"])
    case.equal("regression se", found.std_error, out["se"], reason=TWO_LESS, near=0.04)


def compare(case: Case, name: str, total: float, error: float, df: int) -> None:
    out = case.outputs[name]
    case.equal(f"{name} total", total, out["total"])
    case.equal(f"{name} se", error, out["se"])
    case.equal(f"{name} normal", [total - Z * error, total + Z * error], out["ci_normal"])


def totals_in_strata(case: Case) -> None:
    """Differences and ratios over strata with known totals of the book."""
    out = case.outputs
    data, frame = read("derived_swiss_strat.csv"), read("sampling_swissmunicipalities.csv")
    known = frame.groupby("REG")["POPTOT"].sum()
    whole = float(known.sum())
    design = Design(strata="REG", fpc="Nh")
    data = data.assign(d=data["Pop65P"] - 0.15 * data["POPTOT"])
    apart = estimate_total(data, "d", design)[0].estimate
    case.equal("difference", 0.15 * whole + apart, out["difference_with_factor_0.15"])
    ratio = estimate_ratio(data, "Pop65P", "POPTOT", design)[0]
    combined = out["combined_ratio"]
    case.equal("R", ratio.estimate, combined["R"])
    case.equal("combined", ratio.estimate * whole, combined["total"])
    book = estimate_total(data, "POPTOT", design)[0].estimate
    case.equal("combined se", ratio.std_error * book, combined["se"])
    rows = estimate_ratio(data, "Pop65P", "POPTOT", design, by="REG").to_frame()
    regions = rows["REG"].astype(int)
    each = rows["estimate"].to_numpy() * known.loc[regions].to_numpy()
    case.equal("separate", each.sum(), out["separate_ratio"]["total"])
    parts = estimate_total(data, "POPTOT", design, by="REG").to_frame()["estimate"].to_numpy()
    error = math.sqrt(float(((rows["std_error"].to_numpy() * parts) ** 2).sum()))
    case.equal("separate se", error, out["separate_ratio"]["se"])
    case.equal("true", frame["Pop65P"].sum(), out["true_total"])
    names = ("difference_with_factor_0.15", "separate_ratio", "combined_ratio", "true_total")
    case.every_output(names, {})


def attributes_in_strata(case: Case) -> None:
    """Share of households filed wrongly, over strata of zone and filed status."""
    out = case.outputs
    data = read("derived_bigcity_fieldsample.csv")
    cell = data["Zone"] + " " + data["filed_poor"].astype(str)
    data = data.assign(cell=cell, wrong=data["filed_poor"] != data["true_poor"])
    design = Design(strata="cell", fpc="Ncell")
    found = estimate_mean(data, "wrong", design)[0]
    case.equal("p, se", [found.estimate, found.std_error], [out["p"], out["se"]])
    rows = estimate_total(data, "wrong", design, by="cell").to_frame().set_index("cell")
    counts = data.groupby("cell")["Ncell"].first()
    case.equal("N", counts.loc[out["strata"]], out["N"])
    case.equal("n", rows.loc[out["strata"], "n"], out["n"])
    errors = rows["estimate"] * rows["n"] / counts
    case.equal("errors", errors.loc[out["strata"]], out["errors"])
    left = {"df_satterthwaite": "degrees of freedom are PSUs less strata, as R survey has them"}
    case.every_output(("strata", "N", "n", "errors", "p", "se"), left)


def zero_errors(case: Case) -> None:
    """Upper limits stratum by stratum, and pooled."""
    sizes, takes, errors = (400, 300, 300), (40, 30, 30), (0, 0, 1)
    out = case.outputs
    counts = [
        interval_hypergeometric(x, n, size, confidence=1 - 0.05 / 3, side="upper").upper * size
        for size, n, x in zip(sizes, takes, errors, strict=True)
    ]
    case.equal("bonferroni", sum(counts), out["bonferroni_total_upper"])
    each = [
        interval_clopper_pearson(x, n, side="upper").upper
        for n, x in zip(takes, errors, strict=True)
    ]
    case.equal("each", each, out["per_stratum_95"])
    pooled = interval_clopper_pearson(sum(errors), sum(takes), side="upper").upper
    case.equal("pooled", pooled, out["proportional_pooled_upper"])


def money_units(case: Case) -> None:
    """Units of money at a fixed interval from a start."""
    params, out = case.doc["params"], case.outputs
    values = read("jfa_BuildIt.csv")["bookValue"].to_numpy()
    drawn = select_monetary(values, params["n"], start=params["u"])
    case.equal(
        "interval, start, total",
        [drawn.interval, drawn.start, drawn.book_total],
        [out["interval"], out["start"], out["total"]],
    )
    rows = [
        place + 1
        for place, hit in zip(drawn.positions, drawn.hits, strict=True)
        for _ in range(hit)
    ]
    case.equal("rows", rows, out["rows"])
    case.equal("distinct", len(drawn.positions), out["distinct"])


def stringer(case: Case) -> None:
    """Stringer's bound with binomial and with Poisson limits."""
    params, out = case.doc["params"], case.outputs
    n, level = out["n"], params.get("level", 0.95)
    taints = taints_of(case)
    for name, method in (("binomial", "stringer"), ("poisson", "stringer-poisson")):
        found = bound_stringer(taints, n, confidence=level, method=method)
        case.equal(name, found.upper, out[f"stringer_{name}"])
    case.equal("most likely", math.fsum(taints) / n, out["most_likely"])
    case.equal("errors", len(taints), out["errors"])


def taints_of(case: Case) -> list[float]:
    """Taints of a case: drawn from the books, or written in its call."""
    if not case.doc["data"]:
        listed = re.sub(r"rep\(1,5\)", "1,1,1,1,1", case.call.split("(", 1)[1].rsplit(",n=", 1)[0])
        listed = listed.replace("numeric(0)", "")
        return [float(text) for text in re.findall(r"[\d.]+", listed)]
    if "allowances" in case.doc["data"][0]:
        table = read("jfa_allowances.csv")
        rows = table[table["times"] > 0]
        rows = rows.loc[rows.index.repeat(rows["times"].astype(int))]
    else:
        _, _, n, u = case.doc["params"]["selection"].split("-")[0:4]
        book = read("jfa_BuildIt.csv")
        drawn = select_monetary(book["bookValue"].to_numpy(), int(n), start=float(u))
        rows = book.iloc[np.repeat(drawn.positions, drawn.hits)]
    taints = ((rows["bookValue"] - rows["auditValue"]) / rows["bookValue"]).clip(0, 1)
    return taints[taints > 0].tolist()


def wald_test(case: Case) -> None:
    """Sequential probability ratio test: the peer's h1 is the limit of failing."""
    params, out = case.doc["params"], case.outputs
    found = sprt(
        acceptable_rate=params["p0"],
        rejectable_rate=params["p1"],
        producer_risk=params["alpha"],
        consumer_risk=params["beta"],
    )
    theirs = [out[key] for key in ("h1", "h2", "slope", "first_accept_n")]
    ours = [found.h_reject, found.h_accept, found.slope, found.first_accept_n]
    case.equal("limits", ours, theirs)
    case.every_output(("h1", "h2", "slope", "first_accept_n"), {})


def curve(case: Case) -> None:
    """Operating characteristic of a plan; rates with 95 % and 10 % acceptance."""
    params, out = case.doc["params"], case.outputs
    n, c, size = (None if str(params[k]) == "NA" else int(params[k]) for k in ("n", "c", "N"))
    plan = plan_of_size(n, rejectable_rate=0.5, acceptance_number=c, population_size=size)
    points = operating_characteristic(plan, out["p"]).points
    case.equal("accept", [point.acceptance_prob for point in points], out["accept"])
    if out["AQL95_LTPD10"] is not None:
        ends = [rate_at_acceptance(plan, chance) for chance in (0.95, 0.10)]
        case.equal("AQL, LTPD", ends, out["AQL95_LTPD10"])
    case.every_output(("p", "accept", "AQL95_LTPD10"), {})


METHODS: dict[str, Callable[[Case], None]] = {
    "mus_selection_given_start": money_units,
    "stringer_bound": stringer,
    "audit_total_estimators": totals,
    "audit_total_stratified": totals_in_strata,
    "attribute_stratified": attributes_in_strata,
    "zero_error_bounds": zero_errors,
    "sprt": wald_test,
    "operating_characteristic": curve,
}
NOT_OFFERED = {}
