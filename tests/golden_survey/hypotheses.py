"""Golden cases of tests and regressions (section h) through the public calls."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from golden_cases import shared_cases, shared_folder

from golden_survey.calls import arguments, split, terms, value
from golden_survey.designs import design_of, read
from golden_survey.verdicts import Case
from sampling import (
    Design,
    ReplicateDesign,
    backcheck_error_rates,
    compare_domains,
    compare_to_value,
    estimate_regression,
    estimate_total,
    kappa,
    mcnemar,
    rao_scott,
    ratings_from_table,
    symmetry_test,
)

MISSING = "R's X-squared counts rows with missing values"
ONE_LESS = "svyttest's df is one below the design's"
LAST_STEP = "R takes the weights of its last but one step"
PSYCH = "psych's own error of a weighted kappa; ours is Fleiss, Cohen and Everitt's, as vcd's"
EMPTY_PAIRS = "R counts pairs of categories between which nobody changed"
RANKS = "rank tests are not in the programme yet"
NOT_OFFERED = {
    "svychisq_Wald": "Wald tests of tables work on counts in R and are unstable; F is offered",
    "svychisq_adjWald": "Wald tests of tables work on counts in R and are unstable; F is offered",
    "svychisq_lincom": "exotic: the distribution of a sum of chi-squares; F is offered",
    "svychisq_saddlepoint": "exotic: the distribution of a sum of chi-squares; F is offered",
    "gof": "one-way goodness of fit is not in the programme",
    "svyranktest_wilcoxon": RANKS,
    "svyranktest_vanderWaerden": RANKS,
    "svyranktest_median": RANKS,
    "svyranktest_KruskalWallis": RANKS,
    "regTermTest_LRT": "likelihood-ratio tests of terms are not in the programme; Wald is offered",
}


def frame_of(case: Case) -> pd.DataFrame:
    """Data of a case with the variables that the section defines."""
    data = read(case.doc["data"][0]).copy()
    if "mobility" in data:
        data["rare"] = (data["mobility"] > 30) * 1.0
        data["growth2"] = data["growth"].clip(lower=0)
    if "filed_poor" in data:
        data["err"] = (data["filed_poor"] != data["true_poor"]) * 1
    return data


def design_for(case: Case, data: pd.DataFrame) -> tuple[object, pd.DataFrame]:
    """The design of a case, or its replicate weights."""
    if case.doc["design_name"] != "jk":
        return design_of(case.doc), data
    table = pd.read_csv(shared_folder() / "golden/weights/repw_jk1_clus1_fpc.csv.gz")
    data = pd.concat([data, table.add_prefix("_rep_")], axis=1).copy()
    names = [f"_rep_{c}" for c in table.columns if c != "w"]
    other = shared_cases("c_replicates").values()
    scale = next(c["design"]["scale"] for c in other if c["design_name"] == "jk1_clus1_fpc")
    return ReplicateDesign(weight="_rep_w", weights=names, scale=scale), data


def table(case: Case):
    rows, columns = terms(arguments(case.call)[1][0])
    data = frame_of(case)
    here = data[rows].notna() & data[columns].notna()
    if not here.all():
        case.se_reason = MISSING
    data = data.assign(_here=here * 1)
    for name in (rows, columns):
        data[name] = data[name].astype(object).where(here, "-")
    design, data = design_for(case, data)
    return rao_scott(data, rows, columns, design, within="_here")


def first_order(case: Case) -> None:
    found, out = table(case), case.outputs
    case.equal("X2", found.pearson, out["statistic"]["X-squared"], reason=case.se_reason)
    case.equal("df", found.df, out["parameter"]["df"])
    case.equal("p", found.first_order_p, out["p_value"])


def f_test(case: Case) -> None:
    found, out = table(case), case.outputs
    case.equal("F", found.f, out["statistic"]["F"])
    case.equal("df", [found.f_df, found.f_design_df], list(out["parameter"].values()))
    case.equal("p", found.f_p, out["p_value"])


def counts(case: Case) -> None:
    rows, columns = terms(arguments(inner(case))[1][0])
    data, out = frame_of(case), case.outputs
    here = data[rows].notna() & data[columns].notna()
    data = data.assign(_one=here * 1.0, _here=here)
    for name in (rows, columns):
        data[name] = data[name].astype(object).where(here, "-")
    found = estimate_total(data, "_one", design_of(case.doc), by=["_here", rows, columns])
    for row, line in zip(out["rows"], out["values"], strict=True):
        for column, wanted in zip(out["cols"], line, strict=True):
            ours = [
                r.estimate
                for r in found
                if r.domain[0] == "True"
                and r.domain[1].removesuffix(".0") == row
                and r.domain[2].removesuffix(".0") == column
            ]
            case.equal(f"{row}, {column}", ours[0], wanted)


def inner(case: Case) -> str:
    """The svytable call inside unclass()."""
    return re.search(r"svytable\(.*?,\w+\)", case.call).group(0)


def t_test(case: Case) -> None:
    formula, _ = re.search(r"svyttest\((.*?),(\w+)\)", case.call).groups()
    left, right = formula.split("~")
    data = frame_of(case)
    outcome = value(data, left)
    here = outcome.notna()
    data = data.assign(_y=outcome.fillna(0.0))
    design, data = design_for(case, data)
    test = case.outputs["test"]
    if right == "0":
        found = compare_to_value(data, "_y", design)
    else:
        data["_d"] = data[right].astype(str).where(here, "-")
        levels = sorted(set(data["_d"]) - {"-"})
        found = compare_domains(data, "_y", design, by="_d", domains=tuple(levels))
    case.equal("t", found.statistic, test["statistic"]["t"])
    case.equal("difference", found.difference.estimate, next(iter(test["estimate"].values())))
    case.equal("df", found.df, test["parameter"]["df"], reason=ONE_LESS)
    case.equal("p", found.p_value, test["p_value"], reason=ONE_LESS)
    limits = [found.difference.lower, found.difference.upper]
    case.equal("limits", limits, test["conf_int"], reason=ONE_LESS)


FAMILIES = {
    "quasibinomial": "logistic",
    "gaussian": "linear",
    "quasipoisson": "log-linear",
}


def fitted(case: Case, call: str):
    """The regression of a svyglm call, and the names of its coefficients as R gives them."""
    formula, _, family = re.search(r"svyglm\((.*?),(\w+),family=(\w+)\(\)\)", call).groups()
    outcome, right = formula.split("~")
    data = frame_of(case)
    predictors, names = [], {"constant": "(Intercept)"}
    for term in split(right, "+"):
        plain = term.removeprefix("factor(").removesuffix(")") if "factor(" in term else term
        if term != plain:
            data[term] = data[plain].astype(int).astype(str)
        predictors.append(term)
        names[term] = term
        if not pd.api.types.is_numeric_dtype(data[term]):
            names |= {f"{term}={level}": f"{term}{level}" for level in data[term].unique()}
    here = data[outcome].notna() & data[predictors].notna().all(axis=1)
    design, data = design_for(case, data.assign(_here=here * 1))
    fit = estimate_regression(
        data, outcome, predictors, design, family=FAMILIES[family], within="_here"
    )
    return fit, [names[name] for name in fit.names]


def regression(case: Case) -> None:
    fit, names = fitted(case, case.call)
    out = case.outputs
    case.equal("coef", [r.estimate for r in fit.rows], [out["coef"][n] for n in names])
    case.se_reason = LAST_STEP
    case.equal("se", [r.std_error for r in fit.rows], [out["se"][n] for n in names])
    order = [out["vcov"]["rows"].index(name) for name in names]
    theirs = np.array(out["vcov"]["values"], dtype=float)[np.ix_(order, order)]
    scale = float(np.abs(theirs).max())
    case.equal("vcov", np.array(fit.covariance), theirs.tolist(), atol=1e-9 * scale)


def wald(case: Case) -> None:
    call = re.search(r"svyglm\(.*?\(\)\)", case.call).group(0)
    fit, _ = fitted(case, call)
    tested = split(case.call[case.call.index(call) + len(call) + 1 :], ",")[0]
    found, out = fit.wald(terms(tested)), case.outputs
    case.equal("F", found.f, out["F"], reason=LAST_STEP)
    case.equal("df", [found.df, found.design_df], [out["df"], out["ddf"]])
    case.equal("p", found.p_value, out["p"], reason=LAST_STEP)


def error_rate(case: Case) -> None:
    """The error rate of a back check, each household a cluster of one answer."""
    out = case.outputs
    if "both_present" not in out:
        two_visits(case)
        return
    n = out["both_present"]
    if not n:
        return
    cells = pd.DataFrame({"household": range(n), "differs": np.arange(n) < out["differences"]})
    found = backcheck_error_rates(cells, "differs", unit="household")[0]
    case.equal("rate", found.rate, out["error_rate"])
    case.equal("limits", [found.interval.lower, found.interval.upper], out["ci95_exact"])
    missing = out["one_side_missing"]
    ours = (found.errors + missing) / (n + missing)
    case.equal("missing as difference", ours, out["error_rate_missing_as_difference"])


def two_visits(case: Case) -> None:
    """A numeric answer at two visits: error rate and paired t test."""
    name, out = case.doc["params"]["variable"], case.outputs
    one, two = (read(file)[["id", name]] for file in case.doc["data"])
    both = one.merge(two, on="id", suffixes=("_filed", "_found")).dropna()
    both = both.assign(gap=both[f"{name}_found"] - both[f"{name}_filed"])
    both = both.assign(differs=both["gap"] != 0)
    rate = backcheck_error_rates(both, "differs", unit="id")[0]
    case.equal("n", [rate.cells, rate.errors], [out["n"], out["differences"]])
    case.equal("rate", rate.rate, out["error_rate"])
    test, theirs = compare_to_value(both, "gap", Design()), out["paired_t"]
    case.equal("mean", test.difference.estimate, out["mean_diff"])
    case.equal("t", test.statistic, theirs["statistic"]["t"])
    case.equal("df", test.df, theirs["parameter"]["df"])
    case.equal("p", test.p_value, theirs["p_value"])
    case.equal("limits", [test.difference.lower, test.difference.upper], theirs["conf_int"])
    compared = ("n", "differences", "error_rate", "mean_diff", "paired_t")
    case.every_output(compared, {"signrank": RANKS})


def survey_kappa(case: Case) -> None:
    """Svykappa: f1, f2 are the filed and the true status, cf, sf two columns of the schools."""
    out = case.outputs
    columns = {"f1": "filed_poor", "f2": "true_poor", "cf": "comp.imp", "sf": "sch.wide"}
    first, second = (columns[name] for name in terms(arguments(case.call)[1][0]))
    found = kappa(frame_of(case), first, second, design_of(case.doc))
    case.equal("kappa", found.estimate, out["estimate"]["kappa"])
    case.equal("se", found.std_error, out["se"]["kappa"])
    case.equal("df", found.df, out["df"])
    case.equal("limits", [found.interval.lower, found.interval.upper], out["ci95_t"]["values"])


def table_of(case: Case) -> pd.DataFrame:
    """Rows of the table of counts that the cases of a data set share."""
    name = case.doc["id"].rsplit("-", 1)[1]
    counts = shared_cases("h_tests")[f"h-ck-{name}"]["outputs"]["table"]["values"]
    return ratings_from_table(counts)


def psych_kappa(case: Case) -> None:
    out, data = case.outputs, table_of(case)
    levels = range(1, len(out["table"]["rows"]) + 1)
    plain = kappa(data, "first", "second", categories=levels)
    square = kappa(data, "first", "second", categories=levels, agreement_weights="quadratic")
    case.equal("kappa", plain.estimate, out["kappa"])
    case.equal("weighted", square.estimate, out["weighted_kappa_quadratic"])
    case.equal("variance", plain.std_error**2, out["var_kappa"])
    case.equal("n", plain.n, out["n"])
    theirs = [[line[0], line[2]] for line in out["confid"]["values"]]
    case.equal("limits", [plain.interval.lower, plain.interval.upper], theirs[0])
    limits = [square.interval.lower, square.interval.upper]
    case.equal("weighted limits", limits, theirs[1], reason=PSYCH)
    case.every_output(
        ("table", "kappa", "weighted_kappa_quadratic", "var_kappa", "n", "confid"), {}
    )


def vcd_kappa(case: Case) -> None:
    data = table_of(case)
    size = len(
        shared_cases("h_tests")[case.doc["id"].replace("vcd", "ck")]["outputs"]["table"]["rows"]
    )
    names = {"unweighted": "identity", "linear": "linear", "quadratic": "quadratic"}
    for name, weights in names.items():
        found = kappa(
            data, "first", "second", categories=range(1, size + 1), agreement_weights=weights
        )
        theirs = [case.outputs[name][key] for key in ("value", "ASE")]
        case.equal(name, [found.estimate, found.std_error], theirs)
    case.every_output(names, {})


def flips(case: Case) -> None:
    """McNemar's test, and Bowker's for more than two categories."""
    out, data = case.outputs, table_of(case)
    plain = symmetry_test(data, "first", "second")
    theirs = out["uncorrected"]
    case.equal("statistic", plain.statistic, next(iter(theirs["statistic"].values())))
    case.equal("df", plain.df, theirs["parameter"]["df"], reason=EMPTY_PAIRS)
    case.equal("p", plain.p_value, theirs["p_value"])
    if out["exact_binomial_p"] is not None:
        b, c = plain.only_first, plain.only_second
        exact, corrected = mcnemar(b, c, method="exact"), mcnemar(b, c, method="corrected")
        case.equal("exact", exact.p_value, out["exact_binomial_p"])
        theirs = out["correct"]
        case.equal("corrected", corrected.statistic, next(iter(theirs["statistic"].values())))
        case.equal("corrected p", corrected.p_value, theirs["p_value"])


METHODS = {
    "svychisq_Chisq": first_order,
    "svychisq_F": f_test,
    "svytable": counts,
    "svyttest": t_test,
    "svyttest_paired": t_test,
    "svyglm_quasibinomial": regression,
    "svyglm_gaussian": regression,
    "svyglm_quasipoisson": regression,
    "regTermTest_Wald": wald,
    "backcheck_error_rate": error_rate,
    "svykappa": survey_kappa,
    "cohen_kappa": psych_kappa,
    "vcd_kappa": vcd_kappa,
    "mcnemar": flips,
}
