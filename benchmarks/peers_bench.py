"""Time and memory of ``sampling`` beside its peers: one run, one machine, a process a measurement.

``python benchmarks/peers_bench.py --rivals VENV [--runs 3] [--only NAME ...] [--out FILE]``

``VENV`` is an environment with svy and polars; R is used where Rscript has survey and data.table.
Each measurement is a process of its own, run ``--runs`` times: medians and spreads stand in the
table. "Cold" is the first call in a process that has its data and imports, "warm" the median of
three more; a call above 15 s is made once and stands for both. Peaks are those of the process,
counted from after its data were loaded.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEERS = Path(__file__).resolve().parent / "peers"
PAGE = ROOT / "docs" / "benchmarks.md"
AGREE = 1e-9
SURVEY = ("1000000", "19024")
SMALL = ("100000", "4289")
IMPORTS = (
    "import time; start = time.perf_counter(); import pandas, scipy.stats; "
    "middle = time.perf_counter(); import sampling; end = time.perf_counter(); "
    "print((end - start) / (middle - start))"
)


@dataclass(frozen=True)
class Question:
    """One thing measured, and who is asked."""

    name: str
    group: str
    words: str
    task: tuple[str, ...]
    peers: tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """What a figure has to reach."""

    words: str
    needs: tuple[str, ...]
    figure: Callable[[Found], float]
    limit: float
    most: bool = False

    def met(self, figure: float) -> bool:
        """Whether the figure is on the right side of the limit."""
        return figure <= self.limit if self.most else figure >= self.limit


@dataclass
class Series:
    """The runs of one question by one peer."""

    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    over: list[float] = field(default_factory=list)
    once: bool = False
    note: str = ""
    check: list[float] = field(default_factory=list)


Found = dict[tuple[str, str], Series]

QUESTIONS = (
    *(
        Question(
            f"draw-{millions}",
            "draw",
            f"30,000 of {millions} million rows, 832 strata, rows taken",
            ("draw", f"{millions}000000"),
            ("ours", "svy", "polars", "data.table"),
        )
        for millions in (5, 30)
    ),
    Question(
        "overall",
        "estimate",
        "proportion with interval, 1 million rows, 19,024 PSUs",
        ("proportion", *SURVEY, "all"),
        ("ours", "svy", "R survey"),
    ),
    Question(
        "counties",
        "estimate",
        "the same for 832 counties that hold strata",
        ("proportion", *SURVEY, "county"),
        ("ours", "svy", "R survey"),
    ),
    Question(
        "crossing-101",
        "estimate",
        "the same for 101 domains across strata",
        ("proportion", *SURVEY, "domain_101"),
        ("ours", "svy"),
    ),
    Question(
        "crossing-832",
        "estimate",
        "the same for 832 domains across strata",
        ("proportion", *SURVEY, "domain_832"),
        ("ours", "svy", "R survey"),
    ),
    Question(
        "tenth-overall",
        "growth",
        "proportion with interval, 100,000 rows",
        ("proportion", *SMALL, "all"),
        ("ours",),
    ),
    Question(
        "tenth-crossing-832",
        "growth",
        "832 domains across strata, 100,000 rows",
        ("proportion", *SMALL, "domain_832"),
        ("ours",),
    ),
    Question(
        "bootstrap",
        "bootstrap",
        "500 bootstrap replicates of 100,000 rows and 832 county means from them",
        ("bootstrap", *SMALL),
        ("ours", "svy", "R survey"),
    ),
)


def _faster(question: str) -> Callable[[Found], float]:
    return lambda found: _time(found, question, "svy") / _time(found, question, "ours")


def _time(found: Found, question: str, peer: str) -> float:
    return statistics.median(found[question, peer].warm)


def _lighter(question: str) -> Callable[[Found], float]:
    def figure(found: Found) -> float:
        ours, theirs = (found[question, peer].peak for peer in ("ours", "svy"))
        return statistics.median(theirs) / statistics.median(ours)

    return figure


def _growth(more: str, less: str) -> Callable[[Found], float]:
    return lambda found: _time(found, more, "ours") / _time(found, less, "ours")


TARGETS = (
    *(
        Target(
            f"draw of 30,000 from {size} million: times faster than svy", (name,), _faster(name), 3
        )
        for size, name in ((5, "draw-5"), (30, "draw-30"))
    ),
    Target(
        "overall proportion: times faster than svy, both warm", ("overall",), _faster("overall"), 1
    ),
    *(
        target
        for words, name in (("832 counties", "counties"), ("832 crossing domains", "crossing-832"))
        for target in (
            Target(f"{words}: times faster than svy", (name,), _faster(name), 200),
            Target(f"{words}: svy's memory over ours", (name,), _lighter(name), 10),
        )
    ),
    Target(
        "832 crossing domains over one: times as long",
        ("crossing-832", "overall"),
        _growth("crossing-832", "overall"),
        5,
        most=True,
    ),
    Target(
        "ten times the rows, 832 crossing domains: times as long",
        ("crossing-832", "tenth-crossing-832"),
        _growth("crossing-832", "tenth-crossing-832"),
        12,
        most=True,
    ),
    Target(
        "500 replicates and 832 means: times faster than svy",
        ("bootstrap",),
        _faster("bootstrap"),
        10,
    ),
    Target(
        "importing sampling: times as long as pandas and scipy.stats alone",
        ("import",),
        lambda found: _time(found, "import", "ours"),
        1.25,
        most=True,
    ),
)


def main() -> None:
    """Measure, print, and write the page."""
    options = _options()
    scratch = ROOT / ".bench"
    scratch.mkdir(exist_ok=True)
    commands = _commands(options.rivals, scratch)
    found: Found = {}
    for question in QUESTIONS:
        if options.only and question.group not in options.only:
            continue
        there = [peer for peer in question.peers if peer in commands]
        found |= {(question.name, peer): Series() for peer in there}
        for _ in range(options.runs):
            # Peers take turns, so that a busy machine is as busy for each.
            for peer in there:
                _run(commands[peer], question, found[question.name, peer])
        for peer in there:
            if not found[question.name, peer].warm:
                del found[question.name, peer]
                continue
            print(_line(question, peer, found), flush=True)
        _agree(question, found)
    if not options.only or "import" in options.only:
        found["import", "ours"] = _import_cost(scratch)
    page = "\n".join(_page(found, commands, options))
    print(page)
    if not options.only:
        options.out.write_text(page + "\n", "utf-8")
        _others(commands)
    missed = [target.words for target, figure in _reached(found) if not target.met(figure)]
    sys.exit(f"missed: {'; '.join(missed)}" if missed else 0)


def _options() -> argparse.Namespace:
    groups = sorted({question.group for question in QUESTIONS} | {"import"})
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--rivals", type=Path, help="environment with svy and polars")
    asked.add_argument("--runs", type=int, default=3, help="processes for each measurement")
    asked.add_argument("--only", action="append", choices=groups, help="writes no page")
    asked.add_argument("--out", type=Path, default=PAGE)
    return asked.parse_args()


def _commands(rivals: Path | None, scratch: Path) -> dict[str, list[str]]:
    """How to start each peer that is there."""
    found = {"ours": [sys.executable, str(PEERS / "ours.py")]}
    if rivals is not None:
        python = str(rivals.absolute() / "bin" / "python")
        found["svy"] = [python, str(PEERS / "by_svy.py")]
        found["polars"] = [python, str(PEERS / "by_polars.py")]
    script = shutil.which("Rscript")
    has = 'q(status = !all(sapply(c("survey", "data.table"), requireNamespace, quietly = TRUE)))'
    if script and subprocess.run([script, "-e", has], check=False).returncode == 0:
        found["R survey"] = found["data.table"] = [script, str(PEERS / "by_r.R")]
        _write_for_r(scratch)
    for peer in ("svy", "polars", "R survey", "data.table"):
        if peer not in found:
            print(f"{peer}: absent on this machine", flush=True)
    return found


def _write_for_r(scratch: Path) -> None:
    """Write the surveys as CSV: R reads no arrays of numpy."""
    code = (
        "import sys; import pandas as pd; from people import survey; "
        "pd.DataFrame(survey(int(sys.argv[1]), int(sys.argv[2]))).to_csv(sys.argv[3], index=False)"
    )
    for rows, psus in (SURVEY, SMALL):
        path = scratch / f"survey-{rows}.csv"
        subprocess.run([sys.executable, "-c", code, rows, psus, str(path)], cwd=PEERS, check=True)


def _run(command: list[str], question: Question, series: Series) -> None:
    """Add one process to the runs of a question."""
    task = list(question.task)
    if command[0].endswith("Rscript") and task[0] != "draw":
        task[2] = str(ROOT / ".bench" / f"survey-{task[1]}.csv")
    text, peak = _child([*command, *task])
    if not text:
        print(f"{question.words}: {' '.join(command[1:])} gave no figure", flush=True)
        return
    said = json.loads(text.strip().splitlines()[-1])
    series.cold.append(said["cold"])
    series.warm.append(said["warm"])
    series.peak.append(said.get("peak", peak))
    if "loaded" in said:
        series.over.append(max(0.0, said["peak"] - said["loaded"]))
    series.once, series.note, series.check = said["once"], said.get("note", ""), said["check"]


def _child(command: list[str]) -> tuple[str, float]:
    """Run a command: what it prints (nothing when it fails), and its peak memory in MiB."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=_environment(), cwd=PEERS
    ) as process:
        assert process.stdout is not None
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        # Often killed for want of memory, which says something as well.
        print(f"ended with {process.returncode}, {usage.ru_maxrss / 1024:,.0f} MiB", flush=True)
        text = ""
    return text, usage.ru_maxrss / 1024


def _environment() -> dict[str, str]:
    """Compiled modules are kept, as they are for any user, below the build folder."""
    left_out = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return kept | {
        "PYTHONPYCACHEPREFIX": str(ROOT / ".bench" / "compiled"),
        "PYTHONPATH": str(ROOT),
    }


def _import_cost(scratch: Path) -> Series:
    found = [float(_child([sys.executable, "-c", IMPORTS])[0]) for _ in range(10)]
    return Series(cold=found[:1], warm=found[1:])


def _agree(question: Question, found: Found) -> None:
    """Refuse to compare times of different numbers."""
    if ours := found.get((question.name, "ours")):
        for peer in question.peers[1:]:
            theirs = found.get((question.name, peer))
            for one, other in zip(ours.check, theirs.check if theirs else (), strict=False):
                if abs(one - other) > AGREE * abs(one):
                    sys.exit(f"{question.name}: ours gives {one!r}, {peer} {other!r}")


def _reached(found: Found) -> Iterator[tuple[Target, float]]:
    for target in TARGETS:
        needed = [(name, "ours") for name in target.needs]
        if "svy" in target.words:
            needed += [(name, "svy") for name in target.needs]
        if all(key in found for key in needed):
            yield target, target.figure(found)


def _line(question: Question, peer: str, found: Found) -> str:
    series = found[question.name, peer]
    own = found.get((question.name, "ours"), series)
    times = statistics.median(series.warm) / statistics.median(own.warm)
    cold = "as warm" if series.once else _spread(series.cold)
    over = f"{statistics.median(series.over):,.0f}" if series.over else ""
    name = f"{peer} ({series.note})" if series.note else peer
    return (
        f"| {question.words} | {name} | {_spread(series.warm)} | {cold} | {times:,.3g} "
        f"| {statistics.median(series.peak):,.0f} | {over} "
        f"| {statistics.median(series.peak) / statistics.median(own.peak):,.2g} |"
    )


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.3g} ({min(seconds):.3g}-{max(seconds):.3g})"


def _page(found: Found, commands: dict[str, list[str]], options: argparse.Namespace) -> list[str]:
    absent = [peer for peer in ("svy", "R survey", "data.table", "polars") if peer not in commands]
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; not edited by hand. Ratios matter, seconds are this machine's.",
        "",
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}; {_versions(commands)}.",
        f"Peers absent: {', '.join(absent) or 'none'}.",
        "",
        f"Each measurement is made in {options.runs} processes of its own: median (least-most).",
        "Warm is the median of three calls after the first, whose time is cold; a call above 15 s",
        "is made once and stands for both. Memory is the peak of the process after its data were",
        "loaded, and how much of it came with the call (R: whole process, loading included). Ours",
        "lays the design out in every call; svy and R have it ready before the clock starts. Ours",
        "and theirs agree to 1e-9 (sums of estimates and of standard errors), or the run ends. R",
        "draws from a register of its own making, of the same shape; where it would take too long,",
        "a few domains or replicates stand for all, which is then said.",
        "",
        "| what | who | warm, s | cold, s | over ours | peak, MiB | of it the call | over ours |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        _line(question, peer, found)
        for question in QUESTIONS
        for peer in question.peers
        if (question.name, peer) in found
    ]
    lines += ["", "| figure | here | target | |", "|---|---|---|---|"]
    for target, figure in _reached(found):
        side = "at most" if target.most else "at least"
        verdict = "met" if target.met(figure) else "**not met**"
        lines.append(f"| {target.words} | {figure:,.3g} | {side} {target.limit:g} | {verdict} |")
    judged = [target.words for target, _ in _reached(found)]
    # A peer that is absent or was killed for want of memory leaves its targets open, not met.
    lines += [
        f"| {target.words} | | {'at most' if target.most else 'at least'} {target.limit:g} | "
        "not measured |"
        for target in TARGETS
        if target.words not in judged
    ]
    return lines


def _versions(commands: dict[str, list[str]]) -> str:
    names = ("numpy", "scipy", "pandas")
    code = (
        "import sys; from importlib.metadata import version; "
        "print(', '.join(f'{name} {version(name)}' for name in sys.argv[1:]))"
    )
    said = [f"Python {platform.python_version()}"]
    said.append(_child([sys.executable, "-c", code, *names])[0].strip())
    if "svy" in commands:
        said.append(_child([commands["svy"][0], "-c", code, "svy", "svy_rs", "polars"])[0].strip())
    if "R survey" in commands:
        text = (
            'cat("R", as.character(getRversion()), "survey", format(packageVersion("survey")), '
            '"data.table", format(packageVersion("data.table")))'
        )
        said.append(_child([commands["R survey"][0], "-e", text])[0].strip())
    return ", ".join(said)


def _others(commands: dict[str, list[str]]) -> None:
    """Run the other benchmarks that are there, each for so many seconds and no longer."""
    polars = ["--polars", commands["polars"][0]] if "polars" in commands else []
    parts = str(ROOT / ".bench" / "coverage")
    for words, script, arguments, seconds in (
        ("Draws from Parquet", "draw_bench.py", polars, 900),
        ("Pages of our server", "serve_bench.py", ["--sessions", "1", "--alone"], 300),
        ("Coverage of intervals, in short", "coverage.py", ["--quick", "--parts", parts], 300),
    ):
        path = PEERS.parent / script
        if not path.exists():
            continue
        print(f"\n## {words} ({script}, at most {seconds} s)", flush=True)
        start = time.perf_counter()
        try:
            done = subprocess.run(
                [sys.executable, str(path), *arguments], check=False, timeout=seconds, cwd=ROOT
            )
        except subprocess.TimeoutExpired:
            print(f"{script}: stopped after {seconds} s")
            continue
        print(f"{script}: {time.perf_counter() - start:.0f} s, exit {done.returncode}")


if __name__ == "__main__":
    main()
