# python recipe.py, in an environment of its own with rddensity 3.0 and its dependencies
"""Densities at 3000 on both sides by rddensity, for given and for its own bandwidths."""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from rddensity import rddensity

FOLDER = Path(__file__).parent


def side(fit):
    return {
        "density_below": float(np.asarray(fit.hat)[0]),
        "density_above": float(np.asarray(fit.hat)[1]),
        "std_error": float(np.asarray(fit.sd_jk)[2]),
        "statistic": float(np.ravel(fit.test["t_jk"])[0]),
        "bandwidth": [float(h) for h in np.asarray(fit.h)],
        "used": [int(n) for n in np.asarray(fit.n)[-2:]],
    }


def main():
    values = {}
    for name in ("honest", "bunched"):
        x = np.loadtxt(FOLDER / f"{name}.csv", skiprows=1)
        for h in (300.0, 500.0):
            values[f"{name}_{h:g}"] = side(rddensity(X=x, c=3000.0, h=[h, h]))
        values[f"{name}_own"] = side(rddensity(X=x, c=3000.0))
    doc = {
        "source": {
            "kind": "software",
            "tool": f"rddensity {version('rddensity')} (Python)",
            "runtime": f"Python {platform.python_version()}, numpy {version('numpy')}",
            "made_on": datetime.now(UTC).date().isoformat(),
        },
        "tolerance": {"rtol": 1e-9},
        "values": values,
    }
    (FOLDER / "expected.json").write_text(json.dumps(doc, indent=2) + "\n", "utf-8")


main()
