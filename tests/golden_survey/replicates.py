"""Golden cases of replicate weights (section c) through the public calls."""

from __future__ import annotations

import pandas as pd
from golden_cases import shared_folder

from golden_survey import taylor
from golden_survey.calls import arguments, terms, value
from golden_survey.ciprop import ROWS
from golden_survey.designs import read
from golden_survey.verdicts import Case
from sampling import ReplicateDesign, estimate_mean, estimate_proportion, estimate_ratio

LOG_ODDS = "R takes the replicate variance of the log odds, ours that of the proportion"


def design_and_data(case: Case) -> tuple[ReplicateDesign, pd.DataFrame]:
    """The replicate design of a case and its data with the replicate weights as columns."""
    design = case.doc["design"]
    data = read(case.doc["data"][0]).copy()
    if "mobility" in data:
        data["rare"] = (data["mobility"] > 40) * 1.0
    mse = design["centre"].startswith("full")
    if design["replicate_weights"].startswith("columns"):
        names = [f"brr_{k}" for k in range(1, 33)]
        return (
            ReplicateDesign(weight="finalwgt", weights=names, scale=1 / 32, mse=mse),
            data,
        )
    weights = pd.read_csv(shared_folder() / "golden" / design["replicate_weights"])
    data = pd.concat([data.copy(), weights.add_prefix("_rep_")], axis=1)
    names = [f"_rep_{c}" for c in weights.columns if c != "w"]
    rscales = design["rscales"]
    if not isinstance(rscales, list):
        rscales = [rscales] * len(names)
    made = ReplicateDesign(
        weight="_rep_w", weights=names, scale=design["scale"], rscales=rscales, mse=mse
    )
    return made, data.copy()


def whole(case: Case) -> None:
    """svymean, svytotal of one or several variables."""
    name, args = arguments(case.call)
    design, data = design_and_data(case)
    columns = terms(args[0])
    frame, here = taylor.with_values_of(case, data, columns)
    function = taylor.estimate_mean if name == "svymean" else taylor.estimate_total
    taylor.compare_rows(case, frame, here, columns, function, "with-replacement", design)


def ratio(case: Case) -> None:
    if case.call.startswith("svyby"):
        by_domain(case)
        return
    _, args = arguments(case.call)
    design, data = design_and_data(case)
    columns = [terms(args[0])[0], terms(args[1])[0]]
    frame, here = taylor.with_values_of(case, data, columns)
    frame.loc[~frame[here], ["y0", "y1"]] = 1.0
    row = estimate_ratio(frame, "y0", "y1", design, by=here).domain(True)
    case.equal("estimate", row.estimate, case.outputs["estimate"])
    case.equal("se", row.std_error, case.outputs["se"])


def by_domain(case: Case) -> None:
    design, data = design_and_data(case)
    taylor.by_domain(case, design, data)


def quantile(case: Case) -> None:
    design, data = design_and_data(case)
    taylor.quantile(case, design, data)


def degrees(case: Case) -> None:
    design, data = design_and_data(case)
    row = estimate_mean(data.assign(_one=1.0), "_one", design)[0]
    case.equal("degf", row.df, case.outputs["degf"])


def proportion(case: Case) -> None:
    design, data = design_and_data(case)
    event = value(data, case.doc["params"]["event"])
    method = case.doc["params"]["method"]
    form = {"beta": "korn-graubard-uncapped"}.get(method, method)
    data = data.assign(_here=event.notna(), _event=event.fillna(0.0))
    row = estimate_proportion(data, "_event", design, interval=form, by="_here").domain(True)
    reason = LOG_ODDS if method in ("logit", "likelihood") else ROWS if event.isna().any() else ""
    case.equal("estimate", row.estimate, case.outputs["estimate"], rel=1e-6)
    case.equal("se", row.std_error, case.outputs["se"], rel=1e-6)
    case.equal("limits", [row.lower, row.upper], case.outputs["ci"], reason=reason)


METHODS = {}
for _kind in ("jk1", "jkn", "brr", "fay", "fay5", "sub", "boot", "mrb"):
    METHODS |= {
        f"rep_{_kind}_mean": whole,
        f"rep_{_kind}_total": whole,
        f"rep_{_kind}_ratio": ratio,
        f"rep_{_kind}_quantile": quantile,
        f"rep_{_kind}_domain_mean": by_domain,
        f"rep_{_kind}_domain_total": by_domain,
    }
METHODS |= {"rep_degf": degrees}
METHODS |= {
    f"rep_ciprop_{m}": proportion for m in ("logit", "beta", "asin", "xlogit", "mean", "likelihood")
}
NOT_OFFERED: dict[str, str] = {}
