"""Further PSUs that would show a rate below a threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .._checks import FloatArray, check_count, check_fraction, check_number, check_share
from .._show import Table, format_number
from ..acceptance.chances import beta_binomial_pmf
from ..errors import ArgumentError
from ..intervals import korn_graubard_limits
from ..results import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class PsusToShow(Result):
    """PSUs that would show a rate below a threshold.

    Parameters
    ----------
    psus : int or None
        Further PSUs to visit, 0 when what was seen shows it; None when ``max_psus`` do not reach
        the power.
    n : int or None
        Units in them; None as for ``psus``.
    acceptance_number : int or None
        Most events among all units, seen ones included, that show it; None when no number does.
    power : float
        Chance of showing it with ``psus`` further PSUs, or with ``max_psus`` when they fall short.
    threshold, true_rate, wanted_power, risk : float
        The request.
    take : int
        Units in each further PSU.
    icc, kish : float
        Intra-cluster correlation and Kish's factor.
    seen_n, seen_events : int
        Units and events already observed.
    max_psus : int
        Where the search ended.
    model : str
        Distribution of the events.
    """

    psus: int | None
    n: int | None
    acceptance_number: int | None
    power: float
    threshold: float
    true_rate: float
    wanted_power: float
    risk: float
    take: int
    icc: float
    kish: float
    seen_n: int
    seen_events: int
    max_psus: int
    model: Literal["beta-binomial"] = "beta-binomial"

    @property
    def reached(self) -> bool:
        """Whether some number of PSUs up to ``max_psus`` has the power."""
        return self.psus is not None

    def _table(self) -> Table:
        shown = str(self.psus) if self.psus is not None else f"more than {self.max_psus}"
        events = "-" if self.acceptance_number is None else str(self.acceptance_number)
        return Table(
            title=f"PSUs to show below {self.threshold:g} when it is {self.true_rate:g}",
            columns=("PSUs", "n", "events at most", "power"),
            rows=(
                (
                    shown,
                    "-" if self.n is None else str(self.n),
                    events,
                    format_number(self.power, 3),
                ),
            ),
        )


def psus_to_show_below(
    threshold: float,
    *,
    true_rate: float,
    take: int,
    icc: float,
    power: float = 0.8,
    kish: float = 1.0,
    risk: float = 0.025,
    seen_n: int = 0,
    seen_events: int = 0,
    max_psus: int = 300,
) -> PsusToShow:
    r"""Fewest PSUs after which the upper limit probably lies below a threshold.

    Units already observed count in the limit; chance is in the further PSUs alone.

    Parameters
    ----------
    threshold : float
        Rate to show to be undercut, in (0, 1).
    true_rate : float
        Rate supposed true, at least 0 and below ``threshold``.
    take : int
        Units in each further PSU, at least 1.
    icc : float
        Intra-cluster correlation, in [0, 1].
    power : float, default 0.8
        Chance wanted, in (0, 1).
    kish : float, default 1.0
        Kish's factor of unequal weights, at least 1.
    risk : float, default 0.025
        Of the claim: the limit is that of the two-sided interval of confidence ``1 - 2*risk``.
    seen_n, seen_events : int, default 0
        Units already observed, and those of them with the event.
    max_psus : int, default 300
        Where to end the search.

    Returns
    -------
    PsusToShow
        ``psus`` is None when the search ended without reaching the power.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    The limit is Korn and Graubard's at n/deff with deff = K(1 + (b-1)rho) for all n units, those
    seen included, as ``estimate_proportion(..., icc=)`` gives it. The events of a further PSU are
    beta-binomial with correlation rho, or the one that makes their variance K times larger when
    weights are unequal (at most 1); their sum is convolved exactly. Power is not monotone in the
    number of PSUs: a few more than the answer may have slightly less.

    References
    ----------
    .. [1] B. L. Hedt-Gauthier and others, "The effect of clustering on lot quality assurance
       sampling: a probabilistic model to calculate sample sizes for quality assessments",
       *Emerging Themes in Epidemiology* 10, 2013 (the beta-binomial model of clustered plans).

    Examples
    --------
    >>> plan = psus_to_show_below(0.02, true_rate=0.005, take=37, icc=0.05)
    >>> plan.psus, plan.acceptance_number, round(plan.power, 3)
    (37, 10, 0.817)
    """
    limit = check_fraction("threshold", threshold)
    rate = check_share("true_rate", true_rate)
    if rate >= limit:
        raise ArgumentError(
            f"true_rate must be below threshold; got {true_rate!r} and {threshold!r}. "
            "Nothing shows a rate below what it is.",
            code="rate-not-below",
            true_rate=rate,
            threshold=limit,
        )
    b = check_count("take", take, least=1)
    rho = check_share("icc", icc)
    wanted = check_fraction("power", power)
    factor = check_number("kish", kish, least=1)
    check_number("risk", risk, least=0, strict=True, most=0.499)
    check_count("seen_n", seen_n, least=0)
    check_count("seen_events", seen_events, least=0, most=seen_n)
    most = check_count("max_psus", max_psus, least=1)
    deff = factor * (1 + (b - 1) * rho)
    # More events than these cannot pass even after max_psus.
    room = math.ceil(limit * (seen_n + most * b)) + 1
    one = beta_binomial_pmf(b, rate, _spread_icc(b, deff))[:room]
    total: FloatArray = np.ones(1)
    found: int | None = None
    chance, accept = 0.0, -1
    for psus in range(0 if seen_n else 1, most + 1):
        total = np.convolve(total, one)[:room] if psus else total
        n = seen_n + psus * b
        accept = _acceptance(accept, n, n / max(1.0, deff), limit, 1 - 2 * risk)
        chance = float(total[: max(0, accept - seen_events + 1)].sum())
        if chance >= wanted:
            found = psus
            break
    return PsusToShow(
        psus=found,
        n=None if found is None else found * b,
        acceptance_number=accept if accept >= 0 else None,
        power=chance,
        threshold=limit,
        true_rate=rate,
        wanted_power=wanted,
        risk=float(risk),
        take=b,
        icc=rho,
        kish=factor,
        seen_n=seen_n,
        seen_events=seen_events,
        max_psus=most,
    )


def _spread_icc(take: int, deff: float) -> float:
    """Correlation that gives ``take`` units in a PSU the design effect ``deff``; at most 1."""
    return min(1.0, (deff - 1) / (take - 1)) if take > 1 else 0.0


def _acceptance(least: int, n: int, n_star: float, limit: float, confidence: float) -> int:
    """Most events of ``n`` whose upper limit is below ``limit``, from ``least`` on; -1 if none."""
    accept = least
    while accept + 1 < n:
        _, upper = korn_graubard_limits((accept + 1) / n, n_star, confidence=confidence)
        if not float(upper) < limit:
            break
        accept += 1
    return accept
