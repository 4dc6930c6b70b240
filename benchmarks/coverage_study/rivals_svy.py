"""Intervals of the package svy, one line per county and method; run by its own interpreter.

``python rivals_svy.py SAMPLES LIMITS``
"""

import sys

import polars as pl
import svy

METHODS = ("logit", "beta", "korn-graubard", "wilson")


def main() -> None:
    """Read samples, ask for every method, write the limits."""
    psus = pl.read_csv(sys.argv[1])
    found = [
        _limits(part, method) | {"cell": [cell] * part["county"].n_unique()}
        for (cell,), part in psus.group_by(["cell"], maintain_order=True)
        for method in METHODS
    ]
    lines = pl.concat([pl.DataFrame(block) for block in found])
    lines.with_columns(version=pl.lit(f"svy {svy.__version__}")).write_csv(sys.argv[2])


def _limits(part: pl.DataFrame, method: str) -> dict[str, list]:
    """Every county is a stratum and a domain: the same as a sample of its own."""
    rows = part.select(
        "county",
        "village",
        "weight",
        wrong=pl.struct("wrong", "take").map_elements(
            lambda psu: [1] * psu["wrong"] + [0] * (psu["take"] - psu["wrong"]),
            return_dtype=pl.List(pl.Int64),
        ),
    ).explode("wrong")
    sample = svy.Sample(rows, svy.Design(stratum="county", psu="village", wgt="weight"))
    table = sample.estimation.prop("wrong", by="county", ci_method=method).to_polars()
    level = next(name for name in table.columns if name in ("wrong", "level", "category"))
    table = table.filter(pl.col(level).cast(pl.Utf8) == "1")
    return {
        "county": table["county"].cast(pl.Int64).to_list(),
        "method": [f"svy {method}"] * len(table),
        "lower": table["lci"].to_list(),
        "upper": table["uci"].to_list(),
    }


if __name__ == "__main__":
    main()
