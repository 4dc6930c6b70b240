"""Many decisions at once: areas to name, criteria that stand together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from .._checks import FloatArray, check_choice, check_fraction, check_share, name_some
from .._show import Table, format_number
from ..composite import CompositeEstimate
from ..errors import ArgumentError
from ..results import Estimate, Estimates, Interval, Result
from .threshold import Conclusion, Decision, Direction, decide, refuse_small_areas

Correction = Literal["holm", "hommel", "bonferroni", "bh", "by", "tsbh", "none"]
Claim = Literal["fail", "pass"]
Given = Estimate | CompositeEstimate | Interval

CONTROLS: dict[str, str] = {
    "holm": "chance of any false claim at most {level:g}",
    "hommel": "chance of any false claim at most {level:g}, areas independent or alike",
    "bonferroni": "chance of any false claim at most {level:g}",
    "bh": "expected share of false claims at most {level:g}, areas independent or alike",
    "by": "expected share of false claims at most {level:g}, whatever joins the areas",
    "tsbh": "expected share of false claims at most {level:g}, areas independent",
    "none": "each claim false with chance {level:g} at most; nothing controls them together",
}


def adjust_p_values(
    p_values: Sequence[float] | FloatArray,
    *,
    method: Correction = "holm",
    level: float = 0.05,
) -> tuple[float, ...]:
    r"""P-values made comparable with one level for all of them together.

    Parameters
    ----------
    p_values : sequence of float
        One for each hypothesis, in [0, 1], at least one.
    method : {"holm", "hommel", "bonferroni", "bh", "by", "tsbh", "none"}, default "holm"
        The first three hold the chance of any false rejection; "bh" (Benjamini-Hochberg), "by"
        (Benjamini-Yekutieli) and "tsbh" (two-stage) the expected share of false ones.
    level : float, default 0.05
        Used by "tsbh" alone, whose first stage counts rejections at it, in (0, 1).

    Returns
    -------
    tuple of float
        In the order given; rejected are those at or below the level.

    Raises
    ------
    ArgumentError
        No p-value, one outside [0, 1], or an unknown method.

    Notes
    -----
    For the p-values in ascending order: Holm :math:`\max_{j \le i}(m-j+1)p_{(j)}`, Hommel the
    closed test of Simes, Benjamini-Hochberg :math:`\min_{j \ge i} m p_{(j)}/j`, Benjamini-Yekutieli
    that times :math:`\sum 1/j`. Two stages: with r rejected by Benjamini-Hochberg at
    q/(1+q), its p-values times :math:`(1+q)(m-r)/m`.

    References
    ----------
    .. [1] Y. Benjamini, Y. Hochberg, *Journal of the Royal Statistical Society B* 57, 1995,
       289-300.
    .. [2] Y. Benjamini, A. M. Krieger, D. Yekutieli, *Biometrika* 93, 2006, 491-507.
    .. [3] G. Hommel, *Biometrika* 75, 1988, 383-386; S. Holm, *Scandinavian Journal of
       Statistics* 6, 1979, 65-70.

    Examples
    --------
    >>> [round(p, 3) for p in adjust_p_values([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    check_choice("method", method, get_args(Correction))
    q = check_fraction("level", level)
    values = [check_share("p_values", p) for p in p_values]
    if not values:
        raise ArgumentError(
            "p_values must be at least one; got none. Give one for each hypothesis.",
            code="p-values-empty",
        )
    order = np.argsort(values, kind="stable")
    ranked = np.array(values)[order]
    made = np.empty(len(values))
    made[order] = np.minimum(1.0, _ADJUSTED[method](ranked, q))
    return tuple(made.tolist())


def _none(p: FloatArray, level: float) -> FloatArray:
    return p


def _bonferroni(p: FloatArray, level: float) -> FloatArray:
    return p * len(p)


def _holm(p: FloatArray, level: float) -> FloatArray:
    return np.maximum.accumulate(p * np.arange(len(p), 0, -1))


def _bh(p: FloatArray, level: float) -> FloatArray:
    scaled = p * len(p) / np.arange(1, len(p) + 1)
    made: FloatArray = np.minimum.accumulate(scaled[::-1])[::-1]
    return made


def _by(p: FloatArray, level: float) -> FloatArray:
    made: FloatArray = _bh(p, level) * float((1 / np.arange(1, len(p) + 1)).sum())
    return made


def _tsbh(p: FloatArray, level: float) -> FloatArray:
    first = _bh(p, level)
    m, rejected = len(p), int((first <= level / (1 + level)).sum())
    return first * (1 + level) * (m - rejected) / m


def _hommel(p: FloatArray, level: float) -> FloatArray:
    """Largest Simes p-value of the sets that hold each hypothesis.

    The worst set of a size holds the hypothesis and the largest others.
    """
    m = len(p)
    made = p.copy()
    for size in range(2, m + 1):
        top = p[m - size :]
        whole = float((size * top / np.arange(1, size + 1)).min())
        rest = float((size * top[1:] / np.arange(2, size + 1)).min())
        made[m - size :] = np.maximum(made[m - size :], whole)
        made[: m - size] = np.maximum(made[: m - size], np.minimum(size * p[: m - size], rest))
    return made


_ADJUSTED = {
    "none": _none,
    "bonferroni": _bonferroni,
    "holm": _holm,
    "hommel": _hommel,
    "bh": _bh,
    "by": _by,
    "tsbh": _tsbh,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaDecision(Result):
    """One area among many.

    Parameters
    ----------
    key : str
        Its name.
    decision : Decision
        What it says by itself.
    p_value : float
        Of the claim, by itself.
    adjusted_p_value : float
        Of the claim, among all.
    claimed : bool
        Whether the claim stands among all.
    """

    key: str
    decision: Decision
    p_value: float
    adjusted_p_value: float
    claimed: bool

    def _table(self) -> Table:
        return _areas_table("Area", (self,), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyDecisions(Result):
    """Decisions of many areas, each by itself and among all.

    Parameters
    ----------
    rows : tuple of AreaDecision
        In the order given.
    claim : {"fail", "pass"}
        The claim whose multiplicity is corrected.
    method : str
        The correction.
    level : float
        Level of all together.
    controls : str
        What the correction promises, in words.
    """

    rows: tuple[AreaDecision, ...]
    claim: Claim
    method: Correction
    level: float
    controls: str

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def claimed(self) -> tuple[str, ...]:
        """Areas of which the claim stands among all."""
        return tuple(row.key for row in self.rows if row.claimed)

    def to_frame(self) -> pd.DataFrame:
        """One row for each area."""
        return pd.DataFrame(
            [
                {"key": row.key, "conclusion": row.decision.conclusion}
                | {"p_value": row.p_value, "adjusted_p_value": row.adjusted_p_value}
                | {"claimed": row.claimed}
                for row in self.rows
            ]
        )

    def _table(self) -> Table:
        title = f"{len(self.claimed)} of {len(self.rows)} {self.claim}, {self.method}"
        return _areas_table(title, self.rows, (self.controls,))


def _areas_table(title: str, rows: tuple[AreaDecision, ...], notes: tuple[str, ...]) -> Table:
    return Table(
        title=title,
        columns=("area", "by itself", "p", "adjusted p", "among all"),
        rows=tuple(
            (
                row.key,
                row.decision.conclusion,
                format_number(row.p_value),
                format_number(row.adjusted_p_value),
                "claimed" if row.claimed else "-",
            )
            for row in rows
        ),
        notes=notes,
    )


def decide_many(
    estimates: Mapping[str, Given] | Estimates,
    threshold: float,
    *,
    method: Correction = "holm",
    claim: Claim = "fail",
    level: float = 0.05,
    risk: float = 0.025,
    direction: Direction = "below",
    p_values: Mapping[str, float] | None = None,
) -> ManyDecisions:
    r"""Decisions of many areas against one threshold, and which claims stand among all of them.

    Parameters
    ----------
    estimates : Estimates, or mapping of str to Estimate, CompositeEstimate or Interval
        One for each area.
    threshold : float
        The threshold.
    method : {"holm", "hommel", "bonferroni", "bh", "by", "tsbh", "none"}, default "holm"
        "holm" where each naming has consequences of its own, "bh" for a list in which few shall
        be wrong, "by" where areas may depend on one another in any way.
    claim : {"fail", "pass"}, default "fail"
        Which claim is made of many at once. For "pass" the false ones, if any, are among the
        passes: areas above the threshold that count as shown below it.
    level : float, default 0.05
        Of all together, in (0, 1).
    risk : float, default 0.025
        Of each area's decision by itself, as for ``decide``.
    direction : {"below", "above"}, default "below"
        The side on which values pass.
    p_values : mapping of str to float, optional
        P-values of the claim, where the intervals invert no test that can be redone.

    Returns
    -------
    ManyDecisions
        One row for each area, in the order given.

    Raises
    ------
    ArgumentError
        No area, a p-value that is missing or of no area, or what ``decide`` refuses.

    Notes
    -----
    Each area keeps the decision that its own evidence gives; the correction is for what is said of
    all. That all of several criteria are met in one area needs none: ``decide_jointly``.

    References
    ----------
    .. [1] Y. Benjamini, Y. Hochberg, *Journal of the Royal Statistical Society B* 57, 1995,
       289-300.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design, estimate_proportion
    >>> def county(errors):
    ...     data = pd.DataFrame({"poor": [1] * errors + [0] * (300 - errors)})
    ...     return estimate_proportion(data, "poor", Design(), icc=0.0)[0]
    >>> found = decide_many({"A": county(1), "B": county(13), "C": county(20)}, 0.02)
    >>> found.claimed, [row.decision.conclusion for row in found.rows]
    (('B', 'C'), ['pass', 'fail', 'fail'])
    """
    check_choice("claim", claim, get_args(Claim))
    check_choice("method", method, get_args(Correction))
    refuse_small_areas(estimates)
    if isinstance(estimates, Estimates):
        estimates = dict(zip(estimates.names, estimates.rows, strict=True))
    decisions = {
        str(key): decide(given, threshold, risk=risk, direction=direction)
        for key, given in estimates.items()
    }
    if not decisions:
        raise ArgumentError(
            "estimates must be at least one; got none. Give one for each area.",
            code="areas-empty",
        )
    values = _p_values(decisions, claim, p_values)
    adjusted = adjust_p_values(list(values.values()), method=method, level=level)
    return ManyDecisions(
        rows=tuple(
            AreaDecision(
                key=key,
                decision=decisions[key],
                p_value=p,
                adjusted_p_value=q,
                claimed=q <= level,
            )
            for (key, p), q in zip(values.items(), adjusted, strict=True)
        ),
        claim=claim,
        method=method,
        level=float(level),
        controls=CONTROLS[method].format(level=level),
    )


def _p_values(
    decisions: Mapping[str, Decision], claim: Claim, given: Mapping[str, float] | None
) -> dict[str, float]:
    """P-values of the claim, those given or those of the decisions."""
    if given is not None:
        absent = set(decisions) ^ {str(key) for key in given}
        if absent:
            raise ArgumentError(
                f"p_values must have the areas of estimates; they differ in {name_some(absent)}. "
                "Give one for each area.",
                code="keys-differ",
                keys=tuple(sorted(absent)),
            )
        return {key: check_share("p_values", given[key]) for key in decisions}
    made = {
        key: found.fail_p_value if claim == "fail" else found.pass_p_value
        for key, found in decisions.items()
    }
    absent = {key for key, p in made.items() if p is None}
    if absent:
        first = sorted(absent)[0]
        raise ArgumentError(
            f"every area needs a p-value; {name_some(sorted(absent))} has none: "
            f"{decisions[first].why}. Give p_values.",
            code="p-values-missing",
            keys=tuple(sorted(absent)),
            why=decisions[first].why,
        )
    return {key: p for key, p in made.items() if p is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class JointDecision(Result):
    """Several criteria taken together.

    Parameters
    ----------
    conclusion : {"pass", "fail", "inconclusive"}
        "pass" when all pass; "fail" when at least one is shown to fail among all; else
        "inconclusive".
    failing : tuple of str
        Criteria shown to fail among all.
    open : tuple of str
        Criteria that neither pass nor fail so.
    pass_risk : float
        Largest chance of "pass" while any criterion's rate is on the wrong side.
    fail_risk : float
        Largest chance of "fail" while every criterion's rate is on the right side.
    names : tuple of str
        The criteria.
    decisions : tuple of Decision
        Each by itself.
    adjusted_p_values : tuple of float
        Of "fail", by Holm.
    """

    conclusion: Conclusion
    failing: tuple[str, ...]
    open: tuple[str, ...]
    pass_risk: float
    fail_risk: float
    names: tuple[str, ...]
    decisions: tuple[Decision, ...]
    adjusted_p_values: tuple[float, ...]

    def _table(self) -> Table:
        return Table(
            title=f"{self.conclusion}: {len(self.names)} criteria",
            columns=("criterion", "by itself", "adjusted p of fail"),
            rows=tuple(
                (name, found.conclusion, format_number(p))
                for name, found, p in zip(
                    self.names, self.decisions, self.adjusted_p_values, strict=True
                )
            ),
            notes=(
                f"wrong pass at most {self.pass_risk:.1%}, wrong fail at most {self.fail_risk:.1%}",
            ),
        )


def decide_jointly(decisions: Mapping[str, Decision]) -> JointDecision:
    r"""Whether all of several criteria are met: all must pass, any may fail.

    Parameters
    ----------
    decisions : mapping of str to Decision
        Each criterion's own decision, by the evidence standard and with p-values.

    Returns
    -------
    JointDecision
        With both risks of all together.

    Raises
    ------
    ArgumentError
        No criterion, one decided by another standard, one without a p-value, or risks that differ.

    Notes
    -----
    That all pass is an intersection-union test: its risk is that of one claim. That one of k fails
    is k chances of a wrong claim: Holm's correction holds their risk together.

    References
    ----------
    .. [1] R. L. Berger, "Multiparameter hypothesis testing and acceptance sampling",
       *Technometrics* 24, 1982, 295-300.
    .. [2] S. Holm, *Scandinavian Journal of Statistics* 6, 1979, 65-70.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design, decide, estimate_proportion
    >>> data = pd.DataFrame({"wrong": [0] * 400, "missed": [1] * 6 + [0] * 394})
    >>> found = {
    ...     name: decide(estimate_proportion(data, name, Design(), icc=0.0)[0], 0.02)
    ...     for name in ("wrong", "missed")
    ... }
    >>> joint = decide_jointly(found)
    >>> joint.conclusion, joint.open
    ('inconclusive', ('missed',))
    """
    if not decisions:
        raise ArgumentError(
            "decisions must be at least one; got none. Decide each criterion first.",
            code="areas-empty",
        )
    others = [name for name, found in decisions.items() if found.standard != "evidence"]
    risks = sorted({found.fail_risk or 0.0 for found in decisions.values()})
    if others or len(risks) > 1:
        raise ArgumentError(
            "decisions must all be by the evidence standard and with one risk; got "
            f"{name_some(others) or risks}. Decide each criterion alike.",
            code="decisions-unlike",
            got=tuple(others) or tuple(risks),
        )
    values = _p_values(decisions, "fail", None)
    risk = risks[0]
    adjusted = adjust_p_values(list(values.values()))
    failing = tuple(name for name, p in zip(values, adjusted, strict=True) if p < risk)
    passing = [name for name, found in decisions.items() if found.conclusion == "pass"]
    conclusion: Conclusion = "inconclusive"
    if failing:
        conclusion = "fail"
    elif len(passing) == len(decisions):
        conclusion = "pass"
    return JointDecision(
        conclusion=conclusion,
        failing=failing,
        open=tuple(name for name in decisions if name not in passing and name not in failing),
        pass_risk=risk,
        fail_risk=risk,
        names=tuple(decisions),
        decisions=tuple(decisions.values()),
        adjusted_p_values=adjusted,
    )
