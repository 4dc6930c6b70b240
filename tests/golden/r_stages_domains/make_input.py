"""Make input.csv, rows of a made-up sample that four recipes read.

Run: python make_input.py
Villages in strata with unequal probabilities, hamlets within, households within; the fourth
stratum has one sampled village. Columns b1 to b12 are bootstrap counts of villages.
"""

from pathlib import Path

import numpy as np
import pandas as pd

RNG = np.random.default_rng(20260711)
SAMPLED = {1: (4, 14), 2: (5, 20), 3: (6, 30), 4: (1, 9)}


def main() -> None:
    """Write the rows."""
    rows, village = [], 100
    for stratum, (taken, villages) in SAMPLED.items():
        size = RNG.integers(40, 160, taken)
        chance = np.round(taken / villages * size / size.mean(), 4)
        for place in range(taken):
            village += 1
            level = RNG.normal(35 + 3 * stratum, 5)
            hamlets = int(RNG.integers(4, 8))
            for hamlet in range(1, int(RNG.integers(2, 4)) + 1):
                households = int(RNG.integers(8, 20))
                for household in range(1, int(RNG.integers(3, 6)) + 1):
                    land = round(float(RNG.gamma(3, 1.6)), 2)
                    income = round(level + 2.1 * land + float(RNG.normal(0, 6)), 2)
                    rows.append(
                        {
                            "stratum": stratum,
                            "village": village,
                            "hamlet": hamlet,
                            "household": household,
                            "N1": villages,
                            "N2": hamlets,
                            "N3": households,
                            "M": int(size[place]),
                            "pi": chance[place],
                            "income": income,
                            "land": land,
                            "persons": int(RNG.integers(1, 7)),
                            "poor": int(income < 37),
                            "kind": RNG.choice(["a", "b", "c"]),
                            "sex": RNG.choice(["f", "m"]),
                        }
                    )
    data = pd.DataFrame(rows)
    for column in range(1, 13):
        factor = {}
        for stratum, (taken, _) in SAMPLED.items():
            names = data.loc[data["stratum"] == stratum, "village"].unique()
            drawn = RNG.multinomial(max(taken - 1, 1), np.full(taken, 1 / taken))
            factor |= dict(zip(names, drawn * taken / max(taken - 1, 1), strict=True))
        data[f"b{column}"] = data["village"].map(factor).round(10)
    data.to_csv(Path(__file__).with_name("input.csv"), index=False)


if __name__ == "__main__":
    main()
