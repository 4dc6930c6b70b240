"""docs/coverage.md from docs/coverage.csv and docs/coverage_peers.csv; the CSVs from the parts."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd

from sampling import interval_clopper_pearson

from .methods import COMPOSITE, METHODS

TARGET, ALONE, RISK = 0.95, 0.945, 0.025
WIDTHS = {"kg-pooled": 1.00, "midp-pooled": 0.90, "bb-pooled": 0.85}
SHOWN = ("kg-pooled", "midp-pooled", "bb-pooled", "bb-neighbours", "bb-alone", "kg-nchs")
BY_POOL = (
    "kg-pooled",
    "kg-default",
    "kg-aside",
    "midp-pooled",
    "bb-pooled",
    "bb-neighbours",
    "kg-neighbours",
    "bb-alone",
    "bb-alone-wide",
    "kg-own-or-plan",
    "kg-nchs",
)
COLUMNS = [
    "study",
    "n",
    "psus",
    "icc",
    "rate",
    "counties",
    "link",
    "method",
    "part",
    "reps",
    "coverage",
    "coverage_error",
    "upper_miss",
    "upper_miss_error",
    "lower_miss",
    "width",
    "relative_width",
    "pass_below_0.02",
    "pass_below_0.03",
    "false_pass_0.02",
    "false_pass_0.03",
    "pooled_icc",
]


def lines_of(parts: Path) -> pd.DataFrame:
    """One row for each cell, method and part of the counties."""
    rows = []
    for path in sorted(parts.glob("*.json")):
        cell = json.loads(path.read_text("utf-8"))
        if path.stem != "rivals":
            rows += [cell | record for record in cell["records"]]
    return pd.DataFrame(rows)[COLUMNS].round(5).sort_values(COLUMNS[:9], ignore_index=True)


def peers_of(parts: Path) -> pd.DataFrame:
    """One row for each method of a peer."""
    found = json.loads((parts / "rivals.json").read_text("utf-8"))
    table = pd.DataFrame(found["records"])
    return table.assign(
        cells=found["cells"], samples=found["samples"], versions="; ".join(found["versions"])
    )


def page(lines: pd.DataFrame, peers: pd.DataFrame) -> str:
    """Text of docs/coverage.md."""
    blocks = [
        _opening(lines),
        _targets(lines),
        _choice(lines),
        _grid(lines),
        _cells(lines),
        _beyond(lines),
        _peers(peers),
        _again(),
    ]
    return "\n\n".join(blocks) + "\n"


# -- pieces --------------------------------------------------------------------------------------


def pick(lines: pd.DataFrame, study: str, method: str, part: str = "all") -> pd.DataFrame:
    """Cells of one method in one study."""
    here = (lines["study"] == study) & (lines["method"] == method) & (lines["part"] == part)
    return lines[here]


def below_target(cells: pd.DataFrame, target: float = TARGET) -> int:
    """Cells whose coverage is more than two Monte Carlo errors under the target."""
    return int((cells["coverage"] < target - 2 * cells["coverage_error"]).sum())


def at_bars(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells whose true rate is 2 or 3 %."""
    return cells[cells["rate"].isin([0.02, 0.03])]


def above_risk(cells: pd.DataFrame) -> int:
    """Cells at 2 or 3 % that pass falsely by more than two Monte Carlo errors over the risk."""
    bars = at_bars(cells)
    return int((bars["upper_miss"] > RISK + 2 * bars["upper_miss_error"]).sum())


def relative_width(cells: pd.DataFrame) -> float:
    """Geometric mean over cells and counties of the width over that by the true design effect."""
    return float(np.exp(np.log(cells["relative_width"]).mean()))


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}"


def _lowest(cells: pd.DataFrame) -> pd.Series:
    return cells.loc[cells["coverage"].idxmin()]


def _where(row: pd.Series) -> str:
    # Where counties differ, the part says which correlation is meant.
    icc = "" if row.part.startswith("icc") else f"ICC {row.icc:g}, "
    return f"n {row.n}, {row.psus} villages, {icc}{_percent(row.rate)} %"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _opening(lines: pd.DataFrame) -> str:
    grid = lines[lines["study"] == "grid"]
    nchs, pooled, alone, neighbours, default = (
        _lowest(pick(lines, "grid", method))
        for method in ("kg-nchs", "kg-pooled", "bb-alone", "bb-neighbours", "kg-default")
    )
    unlike = _lowest(_unlike(lines, "bb-pooled"))
    unlike_default = _lowest(_unlike(lines, "kg-default"))
    unlike_neighbours = _lowest(_unlike(lines, "bb-neighbours"))
    five = _lowest(pick(lines, "pool-5", "bb-neighbours"))
    honest = _lowest(pick(lines, "few-staged", "bb-pooled", "honest"))
    width = relative_width(pick(lines, "grid", "bb-neighbours"))
    cells = grid.groupby(["n", "psus", "icc", "rate"]).ngroups
    return "\n\n".join(
        [
            "# How often the intervals hold",
            "Made by `benchmarks/coverage.py` from `docs/coverage.csv`.",
            _words(f"""
            **What was simulated.** Whole counties: a hundred villages of unequal size, wrong
            households in clusters (how alike the households of a village are is the intra-cluster
            correlation, ICC), a sample of villages in proportion to size and of households in each,
            an interval, and the question whether it holds the county's true rate. {cells} kinds of
            county, {int(grid["reps"].min()):,} simulated counties of each, drawn and estimated by
            the functions of `sampling` that anyone calls. The correlation is estimated from the
            sampled households of a hundred counties; no method but the yardstick is told what is
            true."""),
            _words(f"""
            **What fails.** An interval that takes the design effect from the county's own
            few errors. When they lie in one or two villages, or in none of those drawn, the sample
            looks better than it is. The NCHS interval is stated to hold in 95 % of counties; at its
            worst ({_where(nchs)}) it holds in {_percent(nchs.coverage)} %, and in
            {_percent(nchs.upper_miss)} % it lies wholly below the true rate: a county at the
            threshold is passed that often. The intervals of R and svy are of this kind, and
            are none at all, or of no width, where no error was found."""),
            _words(f"""**What holds.** A design effect whose correlation is pooled over a province:
            {_percent(pooled.coverage)} % at its worst (Korn-Graubard; {_percent(default.coverage)}
            % with the default that lets the county's own design effect take over when it is clearly
            larger). For a county alone the beta-binomial interval with the prior (1.5, 20):
            {_percent(alone.coverage)} %."""),
            _words(f"""**What to be careful about.** A pooled correlation is right for counties that
            are alike. Where they are not, the beta-binomial interval that takes it as known holds
            in {_percent(unlike.coverage)} % at its worst, and one county in ten with villages that
            are wrong as a whole brings it to {_percent(honest.coverage)} % in the honest ones; the
            Korn-Graubard default holds in {_percent(unlike_default.coverage)} % of unlike counties,
            at the price of width. What mends it: the other counties are a prior for each county and
            no more (`pool_icc_by_area`). That beta-binomial interval holds in
            {_percent(neighbours.coverage)} % at its worst among like counties, in
            {_percent(unlike_neighbours.coverage)} % among unlike ones and in
            {_percent(five.coverage)} % with five counties only, at {width:.2f} of the yardstick's
            width."""),
        ]
    )


def _words(text: str) -> str:
    """Text as one paragraph of lines of at most 100 characters."""
    return textwrap.fill(" ".join(text.split()), 100, break_on_hyphens=False)


def _unlike(lines: pd.DataFrame, method: str) -> pd.DataFrame:
    here = lines["study"].isin(["differing", "differing-pool-20"])
    return lines[here & (lines["method"] == method)]


def _targets(lines: pd.DataFrame) -> str:
    rows = []
    for method, widest in WIDTHS.items():
        cells = pick(lines, "grid", method)
        low, bars = _lowest(cells), at_bars(cells)
        high = bars.loc[bars["upper_miss"].idxmax()]
        width = relative_width(cells)
        rows.append(
            [
                METHODS[method],
                f"{_percent(low.coverage, 2)} ± {_percent(low.coverage_error, 2)}",
                str(below_target(cells)),
                f"{_percent(high.upper_miss, 2)} ± {_percent(high.upper_miss_error, 2)}",
                str(above_risk(cells)),
                f"{width:.3f} (at most {widest:.2f})",
            ]
        )
    for method in ("bb-alone", "bb-neighbours", "kg-default"):
        cells = pick(lines, "grid", method)
        low, bars = _lowest(cells), at_bars(cells)
        high = bars.loc[bars["upper_miss"].idxmax()]
        target = ALONE if method == "bb-alone" else TARGET
        rows.append(
            [
                METHODS[method],
                f"{_percent(low.coverage, 2)} ± {_percent(low.coverage_error, 2)}",
                str(below_target(cells, target)),
                f"{_percent(high.upper_miss, 2)} ± {_percent(high.upper_miss_error, 2)}",
                str(above_risk(cells)) if target == TARGET else "no target",
                f"{relative_width(cells):.3f}",
            ]
        )
    heads = [
        "method",
        "lowest coverage, %",
        "cells under target",
        "highest false pass at 2 and 3 %, %",
        "cells over 2.5 %",
        "relative width",
    ]
    words = _words("""
        Pooled over 100 counties: coverage of at least 95 % in every cell, false pass at a
    true 2 and 3 % of at most 2.5 %, mean width of at most 1.00, 0.90 and 0.85 of the yardstick
    (Korn-Graubard with the true design effect). A county alone: at least 94.5 %. Each less or plus
    two Monte Carlo errors. A false pass is an upper limit below the county's true rate: whatever
    the threshold, that is its risk for a county that stands at it. ± is one Monte Carlo error, by
    counties or by provinces, the larger (counties of a province share their pool).""")
    return f"## Targets\n\n{words}\n\n{_table(heads, rows)}"


def _choice(lines: pd.DataFrame) -> str:
    """Say what to use where, and what not, with the coverage at the worst cell."""

    def low(cells: pd.DataFrame) -> str:
        return _percent(_lowest(cells).coverage)

    def staged(method: str) -> str:
        return low(pick(lines, "few-staged", method, "staged"))

    def shown(method: str) -> str:
        cells = pick(lines, "few-staged", method, "honest")
        return _percent(cells["pass_below_0.02"].mean(), 0)

    clean = [_percent(interval_clopper_pearson(0, m).upper) for m in (10, 30)]
    small = lines["study"].isin(["pool-5", "pool-10", "pool-20"])
    grid, unlike = (lambda m: low(pick(lines, "grid", m))), (lambda m: low(_unlike(lines, m)))
    rows = [
        [
            "counties known to be alike, 30 or more of them",
            f"Korn-Graubard with `icc=pool_icc(...)` ({grid('kg-default')}); narrower: mid-p "
            f"({grid('midp-pooled')}), beta-binomial ({grid('bb-pooled')})",
            f"own variance ({grid('kg-nchs')})",
        ],
        [
            "counties that may differ",
            f"beta-binomial with `pool_icc_by_area` ({unlike('bb-neighbours')}); Korn-Graubard "
            f"with `pool_icc`, own effect if larger ({unlike('kg-default')})",
            f"beta-binomial with the pooled number as known ({unlike('bb-pooled')}); mid-p without "
            f"the own effect ({unlike('midp-pooled')})",
        ],
        [
            "5 to 20 counties",
            "beta-binomial with `pool_icc_by_area` "
            f"({low(lines[small & (lines['method'] == 'bb-neighbours')])}); Korn-Graubard, larger "
            f"of pool and plan ({low(lines[small & (lines['method'] == 'kg-default')])})",
            f"the plan alone ({low(lines[small & (lines['method'] == 'kg-plan')])})",
        ],
        [
            "one county",
            f"beta-binomial, prior (1.5, 20) ({grid('bb-alone')}; at ICC .30 "
            f"{low(pick(lines, 'icc-30', 'bb-alone'))}, with (1, 9) "
            f"{low(pick(lines, 'icc-30', 'bb-alone-wide'))})",
            f"a planned correlation of .05 ({grid('kg-plan')}; with the own effect where larger "
            f"{grid('kg-own-or-plan')})",
        ],
        [
            "weights that differ",
            "Korn-Graubard with `pool_icc` "
            f"({low(pick(lines, 'old-sizes', 'kg-default'))} and "
            f"{low(pick(lines, 'equal-chances', 'kg-default'))})",
            "beta-binomial (refused)",
        ],
        [
            "the rate over filed statuses",
            "`estimate_composite`, correlation pooled by status "
            f"({low(pick(lines, 'composite', 'composite-pooled'))})",
            f"own variance of the whole ({low(pick(lines, 'composite', 'whole-nchs'))})",
        ],
    ]
    words = _words(f"""
        **Villages wrong as a whole, in one county of ten, no interval handles well.** Whoever draws
        10 or 30 of 100 villages mostly misses one to three staged ones, and then sees a clean
        county. The pooled Korn-Graubard interval holds in {staged("kg-pooled")} % of staged
        counties at its worst, since their neighbours' correlation makes every interval wide, and
        shows {shown("kg-pooled")} % of the honest ones to lie below 2 %; the beta-binomial with
        the other counties as prior {staged("bb-neighbours")} % and {shown("bb-neighbours")} %; with
        outlying counties set aside (decision 7) {staged("kg-aside")} % and {shown("kg-aside")} %;
        the beta-binomial of a county alone {staged("bb-alone")} % and {shown("bb-alone")} %. Where
        staging is to be feared, draw more villages: without any assumption on villages, 10 that
        are clean leave {clean[0]} % possible, and 30 leave {clean[1]} %
        (`interval_clopper_pearson(0, villages)`).""")
    return (
        "## Which to use\n\nIn brackets: coverage in per cent at the worst cell of this study.\n\n"
        f"{_table(['where', 'use', 'not'], rows).replace('---:', '---')}\n\n{words}"
    )


def _summary(
    lines: pd.DataFrame, names: dict[str, str], part: str = "all", *, passes: bool = False
) -> str:
    rows = []
    for method, name in names.items():
        cells = lines[(lines["method"] == method) & (lines["part"] == part)]
        if not len(cells):
            continue
        low, bars = _lowest(cells), at_bars(cells)
        rows.append(
            [
                name,
                _percent(low.coverage),
                _percent(cells["coverage"].mean()),
                str(below_target(cells)),
                _percent(cells["upper_miss"].max()),
                _percent(bars["upper_miss"].max()) if len(bars) else "-",
                f"{relative_width(cells):.2f}",
                *([_percent(cells["pass_below_0.02"].mean())] if passes else []),
                _where(low),
            ]
        )
    heads = [
        "method",
        "lowest",
        "mean",
        "cells under 95 % less 2 MCE",
        "highest false pass",
        "at 2 and 3 %",
        "relative width",
        *(["shown below 2 %"] if passes else []),
        "worst cell",
    ]
    return _table(heads, rows)


def _grid(lines: pd.DataFrame) -> str:
    grid = lines[lines["study"] == "grid"]
    order = sorted(
        (m for m in METHODS if m in set(grid["method"])),
        key=lambda m: -grid.loc[grid["method"] == m, "coverage"].min(),
    )
    error = grid["coverage_error"].median()
    words = _words(f"""Households 300 and 1,000; villages 10, 20 and 30; ICC .01, .05 and .15; rates
    0.2, 1, 2, 3 and 10 %. {int(grid["reps"].min()):,} counties a cell in provinces of 100; Monte
    Carlo error of a coverage {_percent(error, 2)} points (median). Coverage and false pass in per
    cent. Relative width: geometric mean over the yardstick. Where no error was found "Wald" and
    "logit" here are the exact limits of a simple sample.""")
    return f"## The grid, all methods\n\n{words}\n\n" + _summary(
        grid, {method: METHODS[method] for method in order}
    )


def _cells(lines: pd.DataFrame) -> str:
    blocks = []
    for method in SHOWN:
        cells = pick(lines, "grid", method)
        rates = sorted(cells["rate"].unique())
        rows = []
        for (n, psus, icc), row in cells.groupby(["n", "psus", "icc"]):
            row = row.set_index("rate")
            rows.append(
                [
                    f"{n}, {psus}, {icc:g}",
                    *(
                        f"{_percent(row.coverage[r])} / {_percent(row.upper_miss[r])}"
                        for r in rates
                    ),
                ]
            )
        heads = ["n, villages, ICC", *(f"{_percent(r)} %" for r in rates)]
        blocks.append(f"### {METHODS[method]}\n\n{_table(heads, rows)}")
    return "## The grid, cell by cell\n\nCoverage / false pass, per cent.\n\n" + "\n\n".join(blocks)


BEYOND = {
    "icc-30": (
        "ICC .30",
        """Villages far more alike than usual. A prior of mean .07 no longer suffices for a county
        alone; (1, 9), which the default takes when a pool suggests more than .15, does better.""",
        ("all",),
    ),
    "old-sizes": (
        "Unequal weights",
        """Villages drawn by old sizes, off by a factor of log standard deviation .4, so that
        weights
        differ by as much. The beta-binomial reads counts and is refused there.""",
        ("all",),
    ),
    "equal-chances": (
        "Unequal village sizes, equal chances",
        """Villages drawn as if all were of one size; weights follow the size, and the beta-binomial
        is refused.""",
        ("all",),
    ),
    "differing": (
        "Provinces whose counties differ",
        """Rates gamma distributed (shape 2), ICC .01, .05 or .15 at random; 100 counties. By the
        county's own ICC.""",
        ("icc 0.01", "icc 0.05", "icc 0.15"),
    ),
    "differing-pool-20": (
        "The same with 20 counties",
        "Too few counties to pool by the rule: the larger of pool and plan acts.",
        ("icc 0.01", "icc 0.05", "icc 0.15"),
    ),
    "staged": (
        "Staged villages in every county",
        """1 or 3 of the 100 villages are wrong in every household, the rest at 0.2 %. There is no
        true correlation here: the yardstick is that of .05, which fails.""",
        ("staged",),
    ),
    "few-staged": (
        "Staged villages in one county of ten",
        "The same in every tenth county; the others are honest at 0.2 %.",
        ("staged", "honest"),
    ),
    "pool-30": ("Pools of 30 counties", "The least that the rule pools.", ("all",)),
    "pool-20": ("Pools of 20 counties", "The larger of pool and plan (.05) acts.", ("all",)),
    "pool-10": ("Pools of 10 counties", "The larger of pool and plan (.05) acts.", ("all",)),
    "pool-5": ("Pools of 5 counties", "The larger of pool and plan (.05) acts.", ("all",)),
}


def _beyond(lines: pd.DataFrame) -> str:
    beyond = lines[lines["study"].isin(BEYOND) & (lines["part"] == "all")]
    words = _words(f"""
        {int(beyond["reps"].min()):,} counties a cell, households 300 in 10 villages, and 1,000 in
        10 and in 30 (ICC .30: all six sizes). Pools and unequal weights: ICC .05 and .15, a rate of
        2 %.""")
    blocks = [f"## Beyond the grid\n\n{words}"]
    names = {method: METHODS[method] for method in ("kg-oracle", *BY_POOL)}
    for study, (title, words, parts) in BEYOND.items():
        here = lines[lines["study"] == study]
        blocks.append(f"### {title}\n\n{_words(words)}")
        for part in parts:
            head = "" if part == "all" else f"Counties: {part}.\n\n"
            passes = study == "few-staged"
            blocks.append(head + _summary(here, names, part, passes=passes))
    composite = lines[lines["study"] == "composite"]
    words = _words("""
        Exited (a fifth) and unregistered households of the same villages, rates 3 to 1,
    half of the sample from each; the correlation by `pool_icc` for each status.""")
    blocks.append(f"### The rate over two filed statuses\n\n{words}")
    for link in sorted(composite["link"].unique()):
        head = (
            f"Village rates of both statuses linked by a correlation of {link:g} (normal scores)."
        )
        here = composite[composite["link"] == link]
        blocks.append(f"{head}\n\n{_summary(here, COMPOSITE)}")
    return "\n\n".join(blocks)


def _peers(peers: pd.DataFrame) -> str:
    rows = [
        [
            row.method,
            _percent(row.no_interval),
            _percent(row.holds_where_given),
            _percent(row.holds),
            _percent(row.upper_miss),
            _percent(row.ours_holds),
            f"{row.farthest_apart:.0e}",
        ]
        for row in peers.itertuples()
    ]
    heads = [
        "method",
        "no interval, or no width",
        "holds, where given",
        "holds, of all",
        "upper limit below the truth",
        "ours of that name holds",
        "farthest from ours",
    ]
    first = peers.iloc[0]
    words = _words(f"""
        {first.samples:,} samples of the grid ({first.cells} cells: 10 villages with 300
    and 1,000 households, 30 with 1,000; ICC .05 and .15; 1, 2 and 3 %), given to {first.versions}.
        Per cent of samples. The last column is the farthest that a limit lies from ours of the same
        name, where they give one: R's beta and logit and svy's are ours, so that those rows of the
        grid are theirs too. Two of svy's differ: its korn-graubard shortens n by the ratio of t
        quantiles where no error was found, its wilson shortens the effective n by that ratio beside
        the t quantile.""")
    return f"## R and svy on the same samples\n\n{words}\n\n{_table(heads, rows)}"


def _again() -> str:
    return """## Again

    python benchmarks/coverage.py --quick --parts build/quick
    python benchmarks/coverage.py --parts build/coverage
    python benchmarks/coverage.py --parts build/coverage --rivals PYTHON
    python benchmarks/coverage.py --parts build/coverage --page

The first is the short form (400 counties a cell). PYTHON is the interpreter of an environment with
svy; R with `survey` must be at hand. Every cell has a seed of its own, so that results do not
depend on order or on what else runs."""
