"""Data sets and designs of the shared reference runs, as their descriptions name them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from golden_cases import shared_folder

from sampling import Design

API = {"weight": "pw"}
CLUS2 = {"psu": "dnum", "ssu": "snum", "fpc": ["fpc1", "fpc2"]}
FIELD = {"psu": "PSU", "ssu": "HHID", "strata": "Zone", "fpc": ["N_psu", "M_hh"], "weight": "w"}
PPS = {"inclusion_prob": "p"}
DESIGNS = {
    "strat": {"strata": "stype", "fpc": "fpc"} | API,
    "strat_nofpc": {"strata": "stype"} | API,
    "srs": {"fpc": "fpc"},
    "clus1": {"psu": "dnum", "fpc": "fpc"} | API,
    "clus1_nofpc": {"psu": "dnum"} | API,
    "clus2": CLUS2,
    "clus2_wr": {"psu": ["dnum", "snum"]} | API,
    "clus2_fpc1": {"psu": "dnum", "fpc": "fpc1"} | API,
    "nh": {"psu": "psu_id", "strata": "SDMVSTRA", "weight": "WTMEC2YR"},
    "fpc_no": {"psu": "psu_id", "strata": "stratid", "weight": "weight"},
    "fpc_yes": {"psu": "psu_id", "strata": "stratid", "weight": "weight", "fpc": "Nh"},
    "fpc_frac": {"psu": "psu_id", "strata": "stratid", "weight": "weight", "fpc": "frac"},
    "mu": {"psu": "id1", "ssu": "id2", "fpc": ["n1", "n2"]},
    "pps_brewer": PPS,
    "pps_overton": PPS | {"pps": "overton"},
    "pps_hr": PPS | {"pps": "hartley-rao"},
    "pps_hr1": PPS | {"pps": "hartley-rao"},
    "pps_ht": PPS | {"pps": "horvitz-thompson"},
    "pps_yg": PPS | {"pps": "sen-yates-grundy"},
    "pps_wr": {"weight": "wt"},
    "lon_s": {"strata": "stype", "fpc": "fpc"} | API,
    "lon_s_nofpc": {"strata": "stype"} | API,
    "lon_sub": {
        "psu": "psu_id",
        "strata": "SDMVSTRA",
        "weight": "WTMEC2YR",
        "lonely_domain": "domain",
    },
    "fc2": FIELD,
    "fc_d": FIELD,
    "swd": {"strata": "REG", "weight": "w", "fpc": "Nh"},
    "nw_d": {},
    "eu_d": {"psu": "db030", "strata": "db040", "weight": "rb050"},
    "fs_d": {"strata": "cell", "weight": "w", "fpc": "Ncell"},
    "os_psu_fpc": {"psu": "psuid", "weight": "weight", "fpc": "N44"},
    "os_st_psu": {"psu": "psu_id", "strata": "stratid", "weight": "weight", "fpc": "Nn"},
    "os_st_psu_nofpc": {"psu": "psu_id", "strata": "stratid", "weight": "weight"},
    "spd": {"psu": "psu_id", "strata": "region", "weight": "wgt"},
}
DESIGNS["lon_sub2"] = DESIGNS["lon_sub"]


@cache
def read(name: str) -> pd.DataFrame:
    """One shared data set with the variables that the definitions add."""
    data = pd.read_csv(shared_folder() / "data" / name, low_memory=False)
    if "awards" in data:
        data["aw"] = (data["awards"] == "Yes") * 1.0
        data["sw"] = (data["sch.wide"] == "Yes") * 1.0
        data["g"] = data["api00"] - data["api99"]
    if "SDMVPSU" in data:
        data["psu_id"] = data["SDMVSTRA"] * 10 + data["SDMVPSU"]
    if "psuid" in data:
        data["psu_id"] = data["stratid"] * 100 + data["psuid"]
        if "nh" in data:
            data["frac"] = data["nh"] / data["Nh"]
        data["Nn"] = data["stratid"].map({1: 15, 2: 9, 3: 20})
        data["N44"] = 44
    if "instit" in data:
        data["miss12"] = (data["instit"] == 1) & (data["histol"] == 2)
        data["miss21"] = (data["instit"] == 2) & (data["histol"] == 1)
    if "filed_poor" in data:
        data["fpos"] = (data["filed_poor"] == 1) & (data["true_poor"] == 0)
        data["fneg"] = (data["filed_poor"] == 0) & (data["true_poor"] == 1)
        data["cell"] = data["Zone"].astype(str) + "." + data["filed_poor"].astype(str)
    return data


def data_of(doc: dict) -> pd.DataFrame:
    """Rows of a case, inline or from its first file."""
    design = doc.get("design") or {}
    if "inline_data" in design:
        data = pd.DataFrame(design["inline_data"])
        data["psu_id"] = data["region"].astype(str) + "." + data["district"].astype(str)
        return data
    return read(doc["data"][0])


def design_of(doc: dict) -> Design:
    """Design of a case."""
    name = doc["design_name"]
    parts = dict(DESIGNS[name])
    policy = (doc.get("design") or {}).get("lonely_psu")
    if policy:
        parts["lonely_psu"] = policy
    if name in ("pps_ht", "pps_yg"):
        parts["joint_probs"] = read("survey_election_jointprob.csv").to_numpy()
    if name == "pps_hr":
        frame = read("survey_election.csv")["p"]
        parts["frame_square_sum"] = float(np.dot(frame, frame))
    return Design(**parts)
