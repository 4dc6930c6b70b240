"""Golden cases of linearised estimates (sections a and s) through the public calls."""

from __future__ import annotations

import numpy as np
import pandas as pd

from golden_survey.calls import arguments, terms, value
from golden_survey.designs import data_of, design_of
from golden_survey.verdicts import Case
from sampling import (
    LonelyUnitError,
    contrast,
    estimate_mean,
    estimate_quantile,
    estimate_ratio,
    estimate_total,
)

WHOLE_DF = (
    "R keeps the df of the whole design where rows lack the value; ours counts PSUs with a value"
)
TIE = "a tie with the wanted share, decided in R by rounding"
SCORE = "R reads the score limits off unweighted ranks; ours keep |score| below t throughout"


def subset_of(case: Case, data: pd.DataFrame, text: str) -> pd.Series:
    """Rows of subset(design, condition)."""
    inner = arguments(text)[1] if text.startswith("subset(") else None
    if inner is None:
        return pd.Series(True, index=data.index)
    return value(data, f"I({inner[1]})") == 1


def estimate(case: Case, design=None, data=None) -> None:
    """svymean and svytotal of one or several variables, by name or by category."""
    name, args = arguments(case.call)
    function = estimate_mean if name == "svymean" else estimate_total
    data, columns = data_of(case.doc) if data is None else data, []
    for text in terms(args[0]):
        inner = text[7:-1] if text.startswith("factor(") else text
        kind = value(data, inner)
        named = {name.replace(" ", "") for name in case.outputs["estimate"]}
        if f"{text}TRUE" in named and text not in data:
            data = data.assign(**{f"{text}FALSE": 1 - kind, f"{text}TRUE": kind})
            columns += [f"{text}FALSE", f"{text}TRUE"]
            continue
        if pd.api.types.is_numeric_dtype(kind) and inner == text:
            columns.append(text)
            continue
        for level in sorted(kind.dropna().unique()):
            shown = f"{level:g}" if isinstance(level, float) else level
            data = data.assign(**{f"{text}{shown}": (kind == level) * 1.0})
            columns.append(f"{text}{shown}")
    frame, here = with_values_of(case, data, columns)
    frame[here] &= subset_of(case, frame, args[1])
    reference = "without-replacement"
    if "replace" in case.call:
        reference = "with-replacement"
    compare_rows(case, frame, here, columns, function, reference, design)


def with_values_of(case: Case, data: pd.DataFrame, columns: list[str]) -> tuple[pd.DataFrame, str]:
    made = {f"y{k}": value(data, text) for k, text in enumerate(columns)}
    here = pd.concat(made, axis=1).notna().all(axis=1)
    if case.doc["design_name"] == "lon_sub":
        here &= (data["race"] == 2) & ~(data["SDMVSTRA"].isin([76, 84]) & (data["SDMVPSU"] == 1))
    if case.doc["design_name"] == "lon_sub2":
        here &= (data["race"] == 3) & ~(data["SDMVSTRA"].isin([80, 82]) & (data["SDMVPSU"] == 2))
    filled = {k: v.where(here, 1.0) for k, v in made.items()}
    return pd.concat([data, pd.DataFrame({"_here": here, **filled})], axis=1).copy(), "_here"


def compare_rows(case, data, here, columns, function, reference, design=None) -> None:
    """Estimates, errors, covariance, deff and t limits against the case's."""
    # Version 4.5 centres a lonely total at the mean of all PSUs, and so do we; 4.1 does not.
    out = case.doc.get("survey_4.5_outputs") or case.outputs
    design = design or design_of(case.doc)
    made = [f"y{k}" for k in range(len(columns))]
    options = {"by": here, "joint": True} if not data[here].all() else {"joint": True}
    rows = function(data, made, design, deff=reference if "deff" in out else None, **options)
    picked = [k for k, row in enumerate(rows) if row.domain in ((), ("True",))]
    ours = [rows[k] for k in picked]
    names = list(out["estimate"])
    case.equal("estimate", [r.estimate for r in ours], [out["estimate"][n] for n in names])
    scale = max(abs(r.estimate) for r in ours)
    case.equal("se", [r.std_error for r in ours], [out["se"][n] for n in names], atol=1e-12 * scale)
    matrix = np.array(rows.covariance)[np.ix_(picked, picked)]
    dust = max(1e-9 * float(matrix.max()), 1e-24 * scale**2)
    case.equal("vcov", matrix, out["vcov"]["values"], rel=1e-7, atol=dust)
    if "deff" in out:
        found = [0.0 if r.deff is None else r.deff for r in ours]
        case.equal("deff", found, [out["deff"][n] for n in names], atol=1e-12)
    if "ci95_t" in out:
        limits = [(r.lower, r.upper) for r in ours]
        reason = WHOLE_DF if ours[0].df != out["df"] and not data[here].all() else ""
        case.equal("df", ours[0].df, out["df"], reason=reason)
        case.equal("t limits", limits, out["ci95_t"]["values"], reason=reason, atol=1e-12 * scale)


def ratio(case: Case, design=None, data=None) -> None:
    _, args = arguments(case.call.replace(")$ratios", ")"))
    columns = [terms(args[0])[0], terms(args[1])[0]]
    data = data_of(case.doc) if data is None else data
    data, here = with_values_of(case, data, columns)
    design = design or design_of(case.doc)
    row = estimate_ratio(data, "y0", "y1", design, by=here).domain(True)
    case.equal("estimate", row.estimate, case.outputs["estimate"])
    case.equal("se", row.std_error, case.outputs["se"])


def by_domain(case: Case, design=None, data=None) -> None:
    """svyby over one or two factors."""
    _, args = arguments(case.call)
    named = dict(a.split("=", 1) for a in args if "=" in a and a[0] not in "~I")
    plain = [a for a in args if not ("=" in a and a[0] not in "~I")]
    by_text = named.get("by") or plain[1]
    plain = plain if "by" in named else [plain[0], *plain[2:]]
    function = {"svymean": estimate_mean, "svytotal": estimate_total}.get(plain[-1], estimate_ratio)
    columns = [terms(plain[0])[0]]
    if "denominator" in named:
        columns.append(terms(named["denominator"])[0])
    data = data_of(case.doc) if data is None else data
    data, here = with_values_of(case, data, columns)
    factors = terms(by_text)
    for k, text in enumerate(factors):
        found = value(data, text) if text not in data else data[text]
        data[f"by{k}"] = found.astype(object).where(data[here], "-") if text in data else found
    by = [here, *(f"by{k}" for k in range(len(factors)))]
    table = case.outputs["table"]
    deff = [c for c in table if c.startswith("DEff")]
    options = {"by": by, "deff": "without-replacement" if deff else None}
    design = design or design_of(case.doc)
    if function is estimate_ratio:
        rows = function(data, "y0", "y1", design, **options)
        shown = next(c for c in table if "/" in c)
    else:
        rows = function(data, "y0", design, joint=True, **options)
        shown = columns[0] if columns[0] in table else list(table)[len(factors)]
    wanted = list(zip(*(table[c] for c in list(table)[: len(factors)]), strict=True))
    places = {row.domain: k for k, row in enumerate(rows)}
    keys = [("True", *(_label(part, data[f"by{k}"]) for k, part in enumerate(w))) for w in wanted]
    ours = [rows[places[key]] for key in keys]
    case.equal("estimate", [r.estimate for r in ours], table[shown])
    case.equal("se", [r.std_error for r in ours], case.outputs["se"], atol=1e-12)
    if "vcov" in case.outputs and rows.covariance:
        at = [places[key] for key in keys]
        matrix = np.array(rows.covariance)[np.ix_(at, at)]
        case.equal(
            "vcov", matrix, case.outputs["vcov"]["values"], rel=1e-7, atol=1e-9 * matrix.max()
        )
    if deff:
        case.equal("deff", [r.deff for r in ours], table[deff[0]])


def _label(part: object, column: pd.Series) -> str:
    """Text of a domain's value as pandas holds it."""
    if isinstance(part, bool):
        part = float(part) if pd.api.types.is_float_dtype(column) else part
    for found in column.unique():
        if found == part or str(found) == str(part):
            return str(found)
    return str(part)


def variance(case: Case) -> None:
    """svyvar: n/(n-1) times the mean of squared deviations."""
    column = terms(arguments(case.call)[1][0])[0]
    data = data_of(case.doc)
    design = design_of(case.doc)
    centre = estimate_mean(data, column, design)[0]
    squares = (data[column] - centre.estimate) ** 2 * centre.n / (centre.n - 1)
    row = estimate_mean(data.assign(_squares=squares), "_squares", design)[0]
    case.equal("estimate", row.estimate, case.outputs["estimate"][column])
    case.equal("se", row.std_error, case.outputs["se"][column])


def quantile(case: Case, design=None, data=None) -> None:
    params = case.doc.get("params") or {}
    probs = params.get("probs") or [0.25, 0.5, 0.75]
    interval = params.get("interval", "mean").split(" ")[0]
    rule = params.get("qrule", "math")
    variable = terms(arguments(case.call)[1][0])[0]
    rows = estimate_quantile(
        data_of(case.doc) if data is None else data,
        variable,
        design or design_of(case.doc),
        prob=probs,
        interval=interval,
        rule=rule,
    )
    for row, wanted in zip(rows, case.outputs[variable]["values"], strict=True):
        reason = SCORE if interval == "score" else ""
        if not reason and case.doc["id"].startswith(("a-srs-quant", "c-sub_clus1-quant")):
            reason = TIE
        case.equal(
            row.quantity,
            [row.estimate, row.lower, row.upper, row.std_error],
            wanted,
            reason=reason,
        )


def difference(case: Case) -> None:
    data = data_of(case.doc)
    means = estimate_mean(data, ["api00", "api99"], design_of(case.doc))
    row = contrast(means, {"api00": 1, "api99": -1})
    out = case.outputs
    case.equal("estimate", row.estimate, out["estimate"]["contrast"])
    case.equal("se", row.std_error, out["se"]["contrast"])
    case.equal("t limits", [row.lower, row.upper], out["ci95_t"]["values"])


def degrees(case: Case) -> None:
    data, design, out = data_of(case.doc), design_of(case.doc), case.outputs
    one = data.assign(_one=1.0)
    row = estimate_mean(one, "_one", design)[0]
    case.equal("degf", row.df, out["degf"])
    if "degf_subset" in out:
        row = estimate_mean(one, "_one", design, by="stype").domain("H")
        case.equal("degf of H", row.df, out["degf_subset"])
    if "degf_old" in out:
        row = estimate_mean(one, "_one", design, by="agecat").domain("(59,Inf]")
        case.equal("degf of the old", row.df, out["degf_old"])
    for name in ("sum_w", "N"):
        if name in out:
            case.equal(name, estimate_total(one, "_one", design)[0].estimate, out[name])


def lonely_fails(case: Case) -> None:
    from sampling import Design

    design = Design(strata="stype", weight="pw")
    try:
        estimate_mean(data_of(case.doc), "api00", design)
    except LonelyUnitError as error:
        if "'M'" not in str(error):
            case.failed(str(error))
    else:
        case.failed("no error")


def separate_ratio(case: Case) -> None:
    data = data_of(case.doc)
    rows = estimate_ratio(data, "Pop65P", "POPTOT", design_of(case.doc), by="REG")
    for name, out in case.outputs.items():
        row = rows.domain(name)
        case.equal(name, [row.estimate, row.std_error], [out["estimate"], out["se"]])


def any_call(case: Case, design=None, data=None) -> None:
    """Whatever the call asks for."""
    name = case.call.split("(", 1)[0]
    {"svyby": by_domain, "svyratio": ratio}.get(name, estimate)(case, design, data)


METHODS = {
    **dict.fromkeys(
        [
            "mean",
            "total",
            "mean_deff_replace",
            "proportion_multicategory",
            "total_multicategory",
            "mean_vector",
            "ratio",
            "domain_mean",
            "domain_total",
            "domain_mean_deff",
            "domain_ratio",
            "pps_total",
            "pps_mean",
            "pps_ratio",
            "pps_domain_total",
            *(f"lonely_{p}" for p in ("remove", "adjust", "average", "certainty")),
            *(f"lonely_domain_{p}" for p in ("remove", "adjust", "average", "certainty")),
            "stata_total",
            "stata_mean",
            "stata_ratio",
            "stata_domain",
            *(f"stata_singlepsu_{p}" for p in ("remove", "adjust", "average", "certainty")),
        ],
        any_call,
    ),
    "variance": variance,
    "quantile": quantile,
    "quantile_ci": quantile,
    "contrast": difference,
    "degrees_of_freedom": degrees,
    "stata_df": degrees,
    "lonely_fail": lonely_fails,
    "ratio_by_stratum": separate_ratio,
}
NOT_OFFERED: dict[str, str] = {}
