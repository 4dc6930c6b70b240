"""Figures of results, as SVG that is the same for the same numbers."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from ._checks import check_share
from .errors import ArgumentError
from .results import Estimate, Estimates, Interval
from .simulation import DesignSimulation

_INK, _GOOD, _BAD, _SOFT = "#1d3557", "#2a7f62", "#b3261e", "#8a94a0"
_STYLE: Any = {"svg.hashsalt": "sampling", "svg.fonttype": "none", "font.size": 9.0}
_MOST_NAMES = 40

Rows = Estimates | Mapping[str, Estimate | Interval]


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure, shown in a notebook as SVG.

    Parameters
    ----------
    svg : str
        The drawing.
    words : str
        What it shows, for who cannot see it.
    """

    svg: str = field(repr=False)
    words: str

    def _repr_svg_(self) -> str:
        return self.svg


def plot_intervals(
    rows: Rows,
    *,
    threshold: float | None = None,
    truths: Sequence[float] | None = None,
    title: str = "",
    sort: bool = False,
) -> Plot:
    """Draw an interval for each row, beside a threshold and what is true.

    Parameters
    ----------
    rows : Estimates or mapping
        Estimates by domain, or estimates and intervals by name.
    threshold : float, optional
        A line to compare with, as a fraction.
    truths : sequence of float, optional
        What is true in each row, in simulations; intervals that miss it are red.
    title : str
        Above the figure.
    sort : bool, default False
        Sort rows by their upper limit.

    Returns
    -------
    Plot
        The figure.

    Raises
    ------
    ArgumentError
        There is no row, or not one truth for each.

    References
    ----------
    .. [1] W. S. Cleveland, *The Elements of Graphing Data*, Hobart Press, 1994 (dots on a common
       scale).

    Examples
    --------
    >>> from sampling import interval_wilson
    >>> plot_intervals({"a": interval_wilson(1, 50), "b": interval_wilson(4, 50)}).words
    '2 intervals from 0.35 % to 18.84 %'
    """
    names, found = _rows(rows)
    if truths is not None and len(truths) != len(found):
        raise ArgumentError(
            f"truths must hold one value for each row; got {len(truths)} for {len(found)}. Give "
            "them in the order of the rows.",
            code="length-differs",
            got=len(truths),
        )
    order = sorted(range(len(found)), key=lambda i: found[i][1]) if sort else range(len(found))
    figure = Figure(figsize=(7.0, max(1.6, min(0.24 * len(found), 7.5) + 0.9)))
    axes = figure.add_subplot()
    missed = 0
    for height, place in enumerate(order):
        low, high, point = found[place]
        truth = None if truths is None else truths[place]
        good = truth is None or low <= truth <= high
        missed += not good
        axes.plot([100 * low, 100 * high], [height] * 2, color=_INK if good else _BAD, lw=2)
        if point is not None:
            axes.plot(100 * point, height, "o", color=_INK if good else _BAD, ms=4)
        if truth is not None:
            axes.plot(100 * truth, height, "|", color=_GOOD, ms=8, mew=2)
    if threshold is not None:
        axes.axvline(100 * check_share("threshold", threshold), color=_SOFT, ls="--", lw=1)
    named = len(found) <= _MOST_NAMES
    axes.set_yticks(range(len(found)) if named else [], [names[i] for i in order] if named else [])
    axes.set_ylim(len(found) - 0.4, -0.6)
    lows, highs = [row[0] for row in found], [row[1] for row in found]
    words = f"{len(found)} intervals from {100 * min(lows):.2f} % to {100 * max(highs):.2f} %"
    if truths is not None:
        words += f"; {missed} miss the truth"
    label = "%" if truths is None else "% (green: the truth)"
    return _drawn(figure, axes, title, label, words)


def plot_coverage(
    simulations: Mapping[str, DesignSimulation], *, title: str = "", least: float | None = None
) -> Plot:
    """Draw how often each method covered the truth, with twice its Monte Carlo error.

    Parameters
    ----------
    simulations : mapping of str to DesignSimulation
        What ``simulate_design`` found, by name.
    title : str
        Above the figure.
    least : float, optional
        Left end of the scale, as a fraction; the lowest coverage without it.

    Returns
    -------
    Plot
        The figure; methods short of their stated confidence are red.

    Raises
    ------
    ArgumentError
        There is no simulation.

    References
    ----------
    .. [1] T. P. Morris, I. R. White, M. J. Crowther, "Using simulation studies to evaluate
       statistical methods", *Statistics in Medicine* 38, 2019, 2074-2102.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from sampling import Design, StratifiedSampler, estimate_proportion, simulate_design
    >>> people = pd.DataFrame({"stratum": ["a"] * 200, "poor": [1] * 20 + [0] * 180})
    >>> made = simulate_design(
    ...     people, StratifiedSampler(strata="stratum", size_by_stratum={"a": 50}),
    ...     lambda s: estimate_proportion(s, "poor", Design(weight="weight", strata="stratum")),
    ...     rng=np.random.default_rng(1), reps=50, truth="poor")
    >>> plot_coverage({"Korn-Graubard": made}).words
    'Korn-Graubard covers 100.0 %'
    """
    if not simulations:
        raise ArgumentError(
            "simulations must hold at least one; got none. Run simulate_design first.",
            code="data-empty",
        )
    figure = Figure(figsize=(7.0, 0.4 * len(simulations) + 1.2))
    axes = figure.add_subplot()
    for height, one in enumerate(simulations.values()):
        short = one.coverage + 2 * one.coverage_error < one.confidence
        colour = _BAD if short else _GOOD
        span = [one.coverage - 2 * one.coverage_error, one.coverage + 2 * one.coverage_error]
        axes.plot([100 * end for end in span], [height] * 2, color=colour, lw=2)
        axes.plot(100 * one.coverage, height, "o", color=colour, ms=6)
        axes.annotate(
            f"{100 * one.coverage:.1f} %",
            (100 * one.coverage, height),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            color=colour,
        )
    stated = next(iter(simulations.values())).confidence
    axes.axvline(100 * stated, color=_SOFT, ls="--", lw=1)
    axes.set_yticks(range(len(simulations)), list(simulations))
    axes.set_ylim(len(simulations) - 0.5, -0.7)
    lowest = min(one.coverage - 2 * one.coverage_error for one in simulations.values())
    axes.set_xlim(100 * (lowest - 0.02 if least is None else least), 101)
    words = "; ".join(f"{name} covers {100 * s.coverage:.1f} %" for name, s in simulations.items())
    return _drawn(figure, axes, title, "intervals that hold the truth, %", words)


def plot_decisions(
    simulations: Mapping[str, DesignSimulation], threshold: float, *, title: str = ""
) -> Plot:
    """Draw how often each method passes, fails or leaves open, as bars.

    Parameters
    ----------
    simulations : mapping of str to DesignSimulation
        What ``simulate_design`` found with ``thresholds``, by name.
    threshold : float
        Which of the thresholds.
    title : str
        Above the figure.

    Returns
    -------
    Plot
        The figure.

    Raises
    ------
    ArgumentError
        A simulation did not look at the threshold.

    References
    ----------
    .. [1] W. S. Cleveland, *The Elements of Graphing Data*, Hobart Press, 1994.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from sampling import Design, StratifiedSampler, estimate_proportion, simulate_design
    >>> people = pd.DataFrame({"stratum": ["a"] * 200, "poor": [1] * 20 + [0] * 180})
    >>> made = simulate_design(
    ...     people, StratifiedSampler(strata="stratum", size_by_stratum={"a": 50}),
    ...     lambda s: estimate_proportion(s, "poor", Design(weight="weight", strata="stratum")),
    ...     rng=np.random.default_rng(1), reps=50, truth="poor", thresholds=[0.3])
    >>> plot_decisions({"Korn-Graubard": made}, 0.3).words
    'Korn-Graubard: pass 96.0 %, fail 0.0 %'
    """
    risks = {}
    for name, one in simulations.items():
        for risk in one.risks:
            if risk.threshold == threshold:
                risks[name] = risk
    if not simulations or risks.keys() != simulations.keys():
        raise ArgumentError(
            f"every simulation must have looked at the threshold {threshold!r}; got "
            f"{sorted(simulations.keys() - risks.keys())[:5]} without. Run simulate_design with "
            "thresholds=.",
            code="threshold-not-simulated",
            threshold=threshold,
        )
    figure = Figure(figsize=(7.0, 0.4 * len(risks) + 1.2))
    axes = figure.add_subplot()
    for height, risk in enumerate(risks.values()):
        start = 0.0
        for share, colour in (
            (risk.pass_share, _GOOD),
            (risk.inconclusive_share, "#d8dde3"),
            (risk.fail_share, _BAD),
        ):
            axes.barh(height, 100 * share, left=start, color=colour, height=0.6)
            if share > 0.04:
                ink = _INK if colour == "#d8dde3" else "white"
                axes.text(
                    start + 50 * share,
                    height,
                    f"{100 * share:.0f} %",
                    va="center",
                    ha="center",
                    color=ink,
                )
            start += 100 * share
    axes.set_yticks(range(len(risks)), list(risks))
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    words = "; ".join(
        f"{name}: pass {100 * r.pass_share:.1f} %, fail {100 * r.fail_share:.1f} %"
        for name, r in risks.items()
    )
    return _drawn(figure, axes, title, "samples that pass (green), stay open, fail (red), %", words)


def _rows(rows: Rows) -> tuple[list[str], list[tuple[float, float, float | None]]]:
    names: list[str] = []
    found: list[tuple[float, float, float | None]] = []
    if isinstance(rows, Estimates):
        for row in rows:
            names.append(", ".join(row.domain) or row.quantity)
            found.append((row.lower, row.upper, row.estimate))
    else:
        for name, one in rows.items():
            point = None if isinstance(one, Interval) else one.estimate
            names.append(name)
            found.append((one.lower, one.upper, point))
    if not found:
        raise ArgumentError(
            "rows must hold at least one interval; got none. Estimate something first.",
            code="data-empty",
        )
    return names, found


def _drawn(figure: Figure, axes: mpl.axes.Axes, title: str, label: str, words: str) -> Plot:
    axes.set_title(title, loc="left", color=_INK)
    axes.set_xlabel(label)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(left=False)
    axes.grid(axis="x", color="#e6e9ed", lw=0.8)
    axes.set_axisbelow(True)
    drawing = io.StringIO()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # Names stay text in the SVG: who shows it has the glyphs that matplotlib's own font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.tight_layout()
        figure.savefig(drawing, format="svg", metadata={"Date": None, "Creator": None})
    text = drawing.getvalue()
    start = text.index("<svg")
    head = text.index(">", start)
    described = f'{text[start:head]} role="img" aria-label="{_escaped(words)}"{text[head:]}'
    return Plot(svg=described, words=words)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
