"""Rerun every recipe and derivation of the golden cases and fail on a changed digit.

Run: python tests/golden/make_golden.py [--write]
Each script prints the case's ``values`` as JSON. R recipes are rerun where Rscript is present.
"""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RUNNERS = {".py": sys.executable, ".R": shutil.which("Rscript")}


def same(old: object, new: object, rtol: float) -> bool:
    """Tell whether two values agree, numbers within ``rtol``."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(same(old[k], new[k], rtol) for k in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(same(a, b, rtol) for a, b in zip(old, new, strict=True))
    if isinstance(old, float) and isinstance(new, (int, float)):
        return math.isclose(old, new, rel_tol=rtol, abs_tol=0)
    return old == new


def main(write: bool, runners: dict[str, str | None] = RUNNERS) -> int:
    """Rerun what ``runners`` can run; the number of cases that changed."""
    changed = 0
    for expected in sorted(HERE.glob("*/expected.json")):
        folder = expected.parent
        doc = json.loads(expected.read_text("utf-8"))
        script = next(iter([*folder.glob("recipe.*"), *folder.glob("derivation.py")]), None)
        runner = runners.get(script.suffix) if script else None
        if script is None or runner is None:
            print(f"{folder.name}: not rerun, no runner here")
            continue
        run = subprocess.run(
            [runner, script.name], cwd=folder, capture_output=True, text=True, check=True
        )
        values = json.loads(run.stdout)
        old, text = doc["values"], json.dumps(doc | {"values": values}, indent=2) + "\n"
        if write:
            expected.write_text(text, "utf-8")
            print(f"{folder.name}: written")
        elif text == expected.read_text("utf-8"):
            print(f"{folder.name}: unchanged, byte for byte")
        elif same(old, values, doc["tolerance"]["rtol"]):
            print(f"{folder.name}: unchanged within its tolerance")
        else:
            changed += 1
            print(f"{folder.name}: CHANGED")
    return changed


if __name__ == "__main__":
    sys.exit(main("--write" in sys.argv))
