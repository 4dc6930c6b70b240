"""Units with a case of a domain, found by counting, against a plain search."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling import Design, estimate_mean
from sampling._cells import cells_of
from sampling.layout import lay_out


def _searched(data: pd.DataFrame) -> pd.Series:
    kept = data[data["domain"] >= 0]
    return kept.groupby(["domain", "stratum", "psu"])["y"].sum()


@given(
    rows=st.lists(
        st.tuples(st.integers(-1, 3), st.integers(0, 6), st.floats(-9, 9)), min_size=1, max_size=40
    ),
    domains=st.sampled_from([4, 1, 70_000]),
)
@settings(deadline=None, max_examples=50)
def test_cells_are_what_a_group_by_finds(rows, domains):
    data = pd.DataFrame(rows, columns=["domain", "psu", "y"])
    data["domain"] = np.where(data["domain"] < 0, -1, data["domain"] % domains)
    if domains > 4:
        data["domain"] = np.where(data["domain"] < 0, -1, data["domain"] * 20_000)
    data["stratum"] = data["psu"] % 2
    layout = lay_out(data, Design(strata="stratum", psu="psu", lonely_psu="remove"))
    cells = cells_of(layout.stages[0], data["domain"].to_numpy(), domains)
    found = _searched(data)
    assert len(cells.domain) == len(found)
    wanted = found.groupby(["domain", "stratum"]).agg(["sum", "size"])
    totals = cells.totals(data["y"].to_numpy())
    names = np.array([int(name) for name in layout.stages[0].name])
    got = {
        (int(owner), int(names[stratum])): (float(total), int(seen))
        for owner, stratum, total, seen in zip(
            cells.owner, cells.stratum, cells.group_sums(totals), cells.seen, strict=True
        )
    }
    assert got.keys() == set(wanted.index)
    for key, (total, size) in got.items():
        assert total == pytest.approx(wanted.loc[key, "sum"], abs=1e-9)
        assert size == wanted.loc[key, "size"]


def test_more_units_than_one_counting_pass_holds_give_the_same_as_their_renamed_halves():
    rows = 140_000
    rng = np.random.default_rng(5)
    data = pd.DataFrame(
        {
            "unit": rng.permutation(rows) % 70_000,
            "part": rng.integers(0, 3, rows),
            "y": rng.random(rows),
        }
    )
    apart = estimate_mean(data, "y", Design(psu="unit"), by="part")
    for row in apart:
        of = data.assign(
            inside=(data["part"].astype(str) == row.domain[0]) * 1.0,
            top=lambda frame: frame["y"] * frame["inside"],
        )
        totals = of.groupby("unit")[["top", "inside"]].sum()
        ratio = totals["top"].sum() / totals["inside"].sum()
        score = (totals["top"] - ratio * totals["inside"]) / totals["inside"].sum()
        count = len(totals)
        assert row.estimate == pytest.approx(ratio, rel=1e-12)
        assert row.std_error**2 == pytest.approx(
            count / (count - 1) * float(((score - score.mean()) ** 2).sum()), rel=1e-10
        )
