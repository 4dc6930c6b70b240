"""Golden cases of small areas (section i) through the public calls."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from golden_survey.building import BEING_BUILT
from golden_survey.designs import read
from golden_survey.truth import poverty_measures
from golden_survey.verdicts import Case
from sampling import Design, estimate_mean, estimate_total

LINE = 6557.143


def direct(case: Case) -> None:
    """Direct estimates of provinces of known size: Poisson sampling, or simple within them."""
    data, sizes = read("sae_incomedata.csv.gz"), read("sae_sizeprov.csv")
    poor = data["income"] < LINE
    y = np.where(poor, (LINE - data["income"]) / LINE, 0.0) if "inc$gap" in case.call else poor
    known = dict(zip(sizes["prov"], sizes["Nd"], strict=True))
    data = data.assign(_y=np.asarray(y, dtype=float), _N=data["prov"].map(known))
    out = case.outputs
    if "sweight" in case.call:
        found = [_poisson(data[data["prov"] == area], known[area]) for area in out["Domain"]]
    else:
        design = Design(strata="prov", fpc="_N")
        rows = estimate_mean(data, "_y", design, by="prov").to_frame().set_index("prov")
        rows = rows.set_axis(rows.index.astype(int))
        found = rows.loc[out["Domain"], ["estimate", "std_error"]].to_numpy()
    ours = np.asarray(found)
    case.equal("direct", ours[:, 0], out["Direct"])
    case.equal("sd", ours[:, 1], out["SD"])
    case.equal("cv", 100 * ours[:, 1] / ours[:, 0], out["CV"])
    counts = data["prov"].value_counts()
    case.equal("n", counts.loc[out["Domain"]], out["SampSize"])
    case.every_output(("Domain", "SampSize", "Direct", "SD", "CV"), {})


def _poisson(rows, size: float) -> tuple[float, float]:
    """Total over the known size, units drawn independently of one another."""
    probs = 1 / rows["weight"].to_numpy()
    together = np.outer(probs, probs)
    np.fill_diagonal(together, probs)
    design = Design(inclusion_prob="_p", pps="horvitz-thompson", joint_probs=together)
    found = estimate_total(rows.assign(_p=probs), "_y", design)[0]
    return found.estimate / size, found.std_error / size


METHODS: dict[str, Callable[[Case], None]] = {
    "poverty_fgt": poverty_measures,
    "sae_direct": direct,
}
NOT_OFFERED = {
    "fay_herriot_REML": BEING_BUILT,
    "fay_herriot_ML": BEING_BUILT,
    "fay_herriot_FH": BEING_BUILT,
    "bhf_unit_eblup": BEING_BUILT,
    "sae_post_stratified_synthetic": BEING_BUILT,
    "sae_sample_size_dependent": BEING_BUILT,
    "domain_order": "no method: names the order of the rows of other cases",
}
