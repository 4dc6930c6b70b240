"""Anytime-valid test of a rate over strata, exact for any number of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from .._checks import FloatArray, check_count, check_fraction, name_some
from .._rounding import complement, units_at_least
from .._show import Table, format_number
from ..errors import ArgumentError
from ..results import Result
from .finite import FAIL_PRIOR, PASS_PRIOR, Conclusion
from .likelihood import likeliest, log_likelihood, log_mixture

COMMON = 0.5
"""Weight of one rate for all strata in the mixture. Any holds; more gains little where strata are
alike, and costs a tenth of the units where one has all the errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StratifiedSequential(Result):
    """Evidence about a rate over strata, valid at any time.

    Parameters
    ----------
    strata : tuple of str
        Names of the strata.
    sizes, n, errors : tuple of int
        Units, units seen and errors seen in each.
    threshold : float
        Rate over all strata to be below.
    confidence : float
        1 less the risk of each claim over the whole course.
    log_pass_evidence, log_fail_evidence : float
        Log of the e-process of each claim at this look.
    peak_pass, peak_fail : float
        Largest so far.
    conclusion : {"pass", "fail", "inconclusive"}
        The first claim made.
    decided_at : int or None
        Units seen at that look.
    nearest : tuple of int
        Errors in each stratum that the threshold allows and the sample contradicts least: what a
        pass must still rule out.
    """

    strata: tuple[str, ...]
    sizes: tuple[int, ...]
    n: tuple[int, ...]
    errors: tuple[int, ...]
    threshold: float
    confidence: float
    log_pass_evidence: float
    log_fail_evidence: float
    peak_pass: float
    peak_fail: float
    conclusion: Conclusion
    decided_at: int | None
    nearest: tuple[int, ...]

    def update(self, errors: Mapping[str, int], n: Mapping[str, int]) -> StratifiedSequential:
        """Evidence after further units.

        Parameters
        ----------
        errors, n : mapping of str to int
            Errors among further units, and these, by stratum; strata left out had none.

        Returns
        -------
        StratifiedSequential
            The first claim made stays.

        Raises
        ------
        ArgumentError
            A stratum is unknown, or a count is outside its domain.

        Examples
        --------
        >>> sizes = {"exited": 2000, "unregistered": 6000}
        >>> first = stratified_sequential({"exited": 0}, {"exited": 60}, sizes, 0.02)
        >>> first.update({}, {"unregistered": 180}).conclusion
        'pass'
        """
        seen = dict(zip(self.strata, self.n, strict=True))
        wrong = dict(zip(self.strata, self.errors, strict=True))
        _check_known(self.strata, errors, n)
        return _looked(
            {key: wrong[key] + errors.get(key, 0) for key in self.strata},
            {key: seen[key] + n.get(key, 0) for key in self.strata},
            dict(zip(self.strata, self.sizes, strict=True)),
            self.threshold,
            self.confidence,
            self,
        )

    def _table(self) -> Table:
        at = "" if self.decided_at is None else f" after {self.decided_at}"
        return Table(
            title=f"{self.conclusion}{at}: below {self.threshold:g} over strata, at any time",
            columns=("stratum", "size", "n", "errors", "not ruled out"),
            rows=tuple(
                (name, *map(str, counts))
                for name, *counts in zip(
                    self.strata, self.sizes, self.n, self.errors, self.nearest, strict=True
                )
            ),
            notes=(
                f"p of pass {format_number(math.exp(-self.peak_pass))}, "
                f"p of fail {format_number(math.exp(-self.peak_fail))}",
            ),
        )


def stratified_sequential(
    errors: Mapping[str, int],
    n: Mapping[str, int],
    sizes: Mapping[str, int],
    threshold: float,
    *,
    confidence: float = 0.95,
) -> StratifiedSequential:
    r"""Whether a rate over strata is below a threshold, however often one looks.

    Within strata units come in random order without replacement; how many are taken from which
    stratum may depend on what was seen before.

    Parameters
    ----------
    errors, n : mapping of str to int
        Errors and units so far, by stratum; strata left out had none.
    sizes : mapping of str to int
        Units in every stratum, at least 1 each.
    threshold : float
        Rate over all strata to be below, in (0, 1).
    confidence : float, default 0.95
        1 less the risk of each claim over the whole course.

    Returns
    -------
    StratifiedSequential
        ``update`` continues it and keeps the claim made first.

    Raises
    ------
    ArgumentError
        No stratum, one that is unknown, or a count or fraction outside its domain.

    Notes
    -----
    The null is the union, over all errors :math:`K_1+\dots+K_H \ge K_0` that the strata may hold,
    of intersections of simple nulls; each has a product of stratum martingales, and the evidence
    is the smallest: a mixture over the claimed side above
    :math:`\max \prod_h L_h(K_h)`. The log likelihoods are concave in :math:`K_h`, so that taking
    the cheapest units one after the other finds that maximum exactly for any number of strata. The
    mixture is half one rate for all strata, half a rate of its own for each.

    References
    ----------
    .. [1] J. V. Spertus, M. Sridhar, P. B. Stark, "Sequential stratified inference for the mean",
       arXiv:2409.06680, 2024.
    .. [2] L. Wasserman, A. Ramdas, S. Balakrishnan, "Universal inference", *Proceedings of the
       National Academy of Sciences* 117, 2020, 16880-16890.

    Examples
    --------
    >>> sizes = {"exited": 2000, "unregistered": 6000}
    >>> found = stratified_sequential({}, {"exited": 45, "unregistered": 135}, sizes, 0.02)
    >>> found.conclusion, found.nearest
    ('pass', (40, 120))
    """
    if not sizes:
        raise ArgumentError(
            "sizes must name at least one stratum; got none. Give the units in each.",
            code="strata-empty",
        )
    whole = {str(key): check_count("sizes", size, least=1) for key, size in sizes.items()}
    _check_known(tuple(whole), errors, n)
    return _looked(
        {key: errors.get(key, 0) for key in whole},
        {key: n.get(key, 0) for key in whole},
        whole,
        check_fraction("threshold", threshold),
        check_fraction("confidence", confidence),
        None,
    )


def _check_known(strata: tuple[str, ...], *given: Mapping[str, int]) -> None:
    unknown = sorted({str(key) for counts in given for key in counts} - set(strata))
    if unknown:
        raise ArgumentError(
            f"strata must be those of sizes; got {name_some(unknown)}. Give their sizes too.",
            code="keys-differ",
            keys=tuple(unknown),
        )


def _looked(
    errors: Mapping[str, int],
    n: Mapping[str, int],
    sizes: Mapping[str, int],
    threshold: float,
    confidence: float,
    before: StratifiedSequential | None,
) -> StratifiedSequential:
    """Evidence at one look, with what came before."""
    for key, size in sizes.items():
        check_count("n", n[key], least=0, most=size)
        check_count("errors", errors[key], least=0, most=n[key])
    strata = [_Stratum(size=sizes[key], n=n[key], errors=errors[key]) for key in sizes]
    limit = units_at_least(threshold, sum(sizes.values()))
    bad, nearest = _likeliest_at_least(strata, limit)
    good, _ = _likeliest_at_least([one.turned for one in strata], sum(sizes.values()) - limit + 1)
    passing = _mixture(strata, PASS_PRIOR, threshold, below=True) - bad
    failing = _mixture(strata, FAIL_PRIOR, threshold, below=False) - good
    peaks = max(0.0, passing), max(0.0, failing)
    conclusion: Conclusion = "inconclusive"
    decided: int | None = None
    if before is not None:
        peaks = max(peaks[0], before.peak_pass), max(peaks[1], before.peak_fail)
        conclusion, decided = before.conclusion, before.decided_at
    if conclusion == "inconclusive":
        needed = -math.log(complement(confidence))
        made: tuple[tuple[float, Literal["pass", "fail"]], ...] = (
            (passing, "pass"),
            (failing, "fail"),
        )
        for evidence, claim in made:
            if conclusion == "inconclusive" and evidence >= needed:
                conclusion, decided = claim, sum(n.values())
    return StratifiedSequential(
        strata=tuple(sizes),
        sizes=tuple(sizes.values()),
        n=tuple(n[key] for key in sizes),
        errors=tuple(errors[key] for key in sizes),
        threshold=float(threshold),
        confidence=float(confidence),
        log_pass_evidence=passing,
        log_fail_evidence=failing,
        peak_pass=peaks[0],
        peak_fail=peaks[1],
        conclusion=conclusion,
        decided_at=decided,
        nearest=nearest,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stratum:
    size: int
    n: int
    errors: int

    @property
    def turned(self) -> _Stratum:
        """The same with right and wrong changed over."""
        return _Stratum(size=self.size, n=self.n, errors=self.n - self.errors)

    @property
    def likeliest(self) -> int:
        return likeliest(self.size, self.errors, self.n)

    def rising(self, most: int) -> tuple[float, FloatArray]:
        """Greatest log likelihood, and its losses on up to ``most`` errors more."""
        best = self.likeliest
        last = min(best + most, self.size - self.n + self.errors)
        logs = log_likelihood(np.arange(best, last + 1), self.size, self.errors, self.n)
        return float(logs[0]), -np.diff(logs)


def _likeliest_at_least(strata: list[_Stratum], limit: int) -> tuple[float, tuple[int, ...]]:
    """Greatest log likelihood with ``limit`` errors or more over all, and where they lie."""
    counts = [one.likeliest for one in strata]
    short = max(0, limit - sum(counts))
    paths = [one.rising(short) for one in strata]
    value = sum(path[0] for path in paths)
    losses = np.concatenate([path[1] for path in paths])
    if len(losses) < short:
        return -math.inf, tuple(counts)
    owner = np.repeat(np.arange(len(paths)), [len(path[1]) for path in paths])
    # Losses ascend within a stratum, so that the smallest ones are the first of each.
    taken = np.argsort(losses, kind="stable")[:short]
    more = np.bincount(owner[taken], minlength=len(paths))
    return value - float(losses[taken].sum()), tuple((np.array(counts) + more).tolist())


def _mixture(
    strata: list[_Stratum], prior: tuple[float, float], threshold: float, *, below: bool
) -> float:
    """Log chance of what was seen: half by one rate on the claimed side, half by free rates."""
    a, b = prior
    k, n = sum(one.errors for one in strata), sum(one.n for one in strata)
    side = special.betainc if below else special.betaincc
    inside = float(side(a + k, b + n - k, threshold)) / float(side(a, b, threshold))
    common = log_mixture(k, n, prior) + math.log(max(inside, 1e-300))
    if len(strata) == 1:
        return common
    free = sum(log_mixture(one.errors, one.n, prior) for one in strata)
    return float(np.logaddexp(common + math.log(COMMON), free + math.log(1 - COMMON)))
