"""Golden cases of intervals for proportions (section b) through the public calls."""

from __future__ import annotations

import math

from golden_survey.calls import value
from golden_survey.designs import data_of, design_of
from golden_survey.verdicts import Case
from sampling import estimate_proportion
from sampling.results import ProportionEstimate

FORMS = {"beta": "korn-graubard-uncapped"}
ROWS = "R counts rows without the value in n and in the df; ours counts the rows that have it"
REFLECTED = "R reflects the lower limit at 0 where ours stops there"


def row_of(case: Case, form: str, confidence: float = 0.95, **more: float) -> ProportionEstimate:
    """The estimate of the event of a case, by one form."""
    data = data_of(case.doc)
    event = value(data, case.doc["params"]["event"])
    here = event.notna()
    data = data.assign(_here=here, _event=event.fillna(0.0))
    options = {"by": "_here"} if not here.all() else {}
    rows = estimate_proportion(
        data,
        "_event",
        design_of(case.doc),
        interval=form,
        confidence=confidence,
        **options,
        **more,
    )
    return rows.domain(True) if options else rows[0]


def lacks(case: Case) -> bool:
    """Whether rows lack the value."""
    return bool(value(data_of(case.doc), case.doc["params"]["event"]).isna().any())


def interval(case: Case) -> None:
    method = case.doc["params"]["method"]
    level = case.doc["params"].get("level") or 0.95
    more = {"df": math.inf} if str(case.doc["params"].get("df")) in ("Inf", "inf") else {}
    row = row_of(case, FORMS.get(method, method), level, **more)
    out = case.outputs
    reason = ROWS if lacks(case) else ""
    case.equal("estimate", row.estimate, out["estimate"])
    case.equal("se", row.std_error, out["se"])
    if method == "asin" and row.lower == 0:
        reason = REFLECTED
    # R interpolates a profile; the formula's roots are compared in another method's cases.
    case.equal("limits", [row.lower, row.upper], out["ci"], reason=reason)


def zero(case: Case) -> None:
    """No event, or only events: finite limits of positive width, whatever R gives."""
    method = case.doc["params"]["method"]
    row = row_of(case, FORMS.get(method, method))
    if not (row.estimate in (0, 1) and 0 <= row.lower < row.upper <= 1):
        case.failed(f"limits {row.lower}, {row.upper}")
    else:
        case.peer_failed(
            f"ours [{row.lower:.6g}, {row.upper:.6g}], "
            f"R {case.outputs.get('ci', case.outputs.get('error'))}"
        )


def base(case: Case) -> None:
    row, out = row_of(case, "korn-graubard"), case.outputs
    reason = ROWS if lacks(case) else ""
    case.equal("p, se", [row.estimate, row.std_error], [out["p"], out["se"]])
    case.equal("n_eff", row.n_effective, out["n_eff"])
    case.equal("df", row.df, out["df"], reason=reason)
    case.equal("n", row.n, out["n_nonmissing"])
    case.equal("events", row.events, out["events_unweighted"])
    data = data_of(case.doc)
    event = value(data, case.doc["params"]["event"])
    data = data.assign(_here=event.notna(), _event=event.fillna(0.0))
    found = estimate_proportion(
        data, "_event", design_of(case.doc), by="_here", deff="without-replacement"
    ).domain(True)
    if "deff" in out and found.deff is not None:
        case.equal("deff", found.deff, out["deff"])


def capped(case: Case) -> None:
    row, out = row_of(case, "korn-graubard"), case.outputs
    case.equal("n_star", row.n_used, out["n_star"])
    case.equal("limits", [row.lower, row.upper], [out["lower"], out["upper"]])


def formula(form: str):
    def run(case: Case) -> None:
        row, out = row_of(case, form), case.outputs
        case.equal("limits", [row.lower, row.upper], [out["lower"], out["upper"]])

    return run


METHODS = {
    **{
        f"ciprop_{m}": interval
        for m in ("logit", "likelihood", "asin", "beta", "mean", "xlogit", "wilson")
    },
    **{
        f"ciprop_zero_{m}": zero
        for m in ("logit", "likelihood", "asin", "beta", "mean", "xlogit", "wilson")
    },
    "ciprop_base": base,
    "ciprop_korn_graubard_capped": capped,
    "ciprop_likelihood_formula": formula("likelihood"),
    "ciprop_asin_clamped": formula("asin"),
}
NOT_OFFERED: dict[str, str] = {}
