"""Estimates of proportions and rates, with intervals that hold for rare events and for none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from ._checks import FloatArray, check_choice, check_fraction, check_number, check_share
from ._rounding import complement
from ._sums import distinct, sum_by
from ._tables import takes_tables
from .area_icc import AreaIccs
from .clustering import (
    CLUMPED,
    OWN_DEFF_EVENTS,
    OWN_DEFF_FACTOR,
    PooledIcc,
    WeightSums,
    weight_sums,
)
from .design import AnyDesign
from .errors import ArgumentError
from .intervals.beta_binomial import PRIOR, beta_binomial_limits
from .layout import IntArray
from .presentation import presentation_of
from .proportion_limits import Basis, ProportionInterval, basis_of, limits_of
from .quantity import Quantity, design_effects
from .results import DeffReference, Estimates, Interval, ProportionEstimate
from .sample import Domains, Sample, domains_of, sample_of, values_of
from .totals import ClusterTotals

OwnDeff = Literal["ignore", "if-larger"]
Icc = float | PooledIcc | AreaIccs
# Spread of weights, over their mean, up to which counts alone carry what a sample says.
ALIKE_WEIGHTS = 0.2
MOST_ICC = 1 - 1e-9
NO_EFFECTIVE = "no own effective size: the variance is zero"
EXACT_INSTEAD = "no variance to stand on: exact limits at the sample size"


@takes_tables
def estimate_proportion(
    data: pd.DataFrame | ClusterTotals,
    variable: str,
    design: AnyDesign | None = None,
    *,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    interval: ProportionInterval = "korn-graubard",
    size: str | None = None,
    icc: Icc | None = None,
    model_deff: float | None = None,
    own_deff: OwnDeff | None = None,
    prior: tuple[float, float] | None = None,
    deff: DeffReference | None = None,
    df: float | None = None,
) -> Estimates:
    r"""Proportions or rates, with intervals that hold for rare events and for none.

    Parameters
    ----------
    data, design, by, confidence, deff
        As for ``estimate_mean``.
    variable : str
        Column of the event, 0 or 1 (or true-false), complete.
    interval : str, default "korn-graubard"
        "korn-graubard" takes the effective size from the own variance, at most n (the NCHS
        form); "korn-graubard-uncapped" is R ``svyciprop(method="beta")``; "korn-graubard-model"
        takes it from a model design effect, and giving ``icc`` or ``model_deff`` turns
        "korn-graubard" into it. "logit", "wilson", "likelihood", "asin", "xlogit" and "mean" have
        R's names; "mean" and "asin" are not for small proportions. "mid-p" is that of the
        effective size of "korn-graubard". "mid-p" and "wilson" too take ``icc`` or
        ``model_deff``. "beta-binomial" reads the counts of each PSU (``interval_beta_binomial``)
        and asks for weights that hardly differ.
    size : str, optional
        Column of elements (persons) in each unit (household), above 0: the rate is then one of
        elements, while ``n`` and ``events`` count units.
    icc : float, PooledIcc or AreaIccs, optional
        Intra-cluster correlation for the model form, in [0, 1], best what ``pool_icc`` gave. The
        beta-binomial takes a number, or a pool whose policy is "pooled", as known, which supposes
        that areas are alike; any other pool only chooses its prior. What ``pool_icc_by_area``
        gave, for the same ``by``, supposes no such thing and is for the beta-binomial alone.
    model_deff : float, optional
        Model design effect itself, above 0, instead of ``icc``.
    own_deff : {"ignore", "if-larger"}, optional
        Whether the domain's own design effect takes over from the model's when it is more than
        1.5 times as large and there are at least 6 events. Without it "if-larger" for a
        PooledIcc and "ignore" for a number.
    prior : tuple of two floats, optional
        Beta prior of the correlation for "beta-binomial", (1.5, 20) without it.
    df : float, optional
        Degrees of freedom in place of the design's; ``math.inf`` for normal quantiles.

    Returns
    -------
    Estimates
        Rows are ``ProportionEstimate``.

    Raises
    ------
    ArgumentError
        As for ``estimate_mean``, the model form lacks its one number or has two, or the weights
        differ too much for the beta-binomial.
    LonelyUnitError
        A stratum has one sampled PSU under ``lonely_psu="raise"``.

    Notes
    -----
    :math:`\hat p = \sum w z y / \sum w z`, the variance as for ``estimate_ratio``. Own variance:
    see ``interval_korn_graubard``. Model form: :math:`n^* = n/\max(1, \mathrm{deff}_M)`, where
    ``design_effect`` gives deff_M from the domain's weights wz and PSUs; no t adjustment. Without
    events its limits are 0 and :math:`1-(\alpha/2)^{1/n^*}`, with events only the mirror image.
    The model form knows no finite-population correction. Beside every interval stand that of the
    NCHS standards (``nchs``) and, when a correlation acts, the one at a correlation of .15
    (``sensitivity``).

    The other forms stand on :math:`n_e = \hat p(1-\hat p)/\hat v` and the t quantile c of ``df``:
    "logit" and "xlogit" are the same here, :math:`\mathrm{expit}(\mathrm{logit}\,\hat p \pm c
    \sqrt{\hat v}/(\hat p(1-\hat p)))`; "wilson" puts n_e and c into Wilson's form; "likelihood"
    solves :math:`2 n_e [\hat p \ln(\hat p/\pi) + (1-\hat p)\ln((1-\hat p)/(1-\pi))] = c^2` to the
    last digits, where R interpolates; "asin" stops at 0 and 1, where R reflects; "mean" is
    :math:`\hat p \pm c\sqrt{\hat v}` as it comes. Without a variance (no event, or only events)
    n_e is n, and "logit", "xlogit" and "mean" give the exact limits at n: always finite, never of
    width 0. Without degrees of freedom every one gives 0 and 1.

    References
    ----------
    .. [1] E. L. Korn, B. I. Graubard, *Survey Methodology* 24, 1998, 193-201.
    .. [2] S. Gabler, S. Haeder, P. Lahiri, *Survey Methodology* 25, 1999, 105-106.

    Examples
    --------
    Ten villages of thirty households, none of them poor:

    >>> import pandas as pd
    >>> from sampling import Design
    >>> data = pd.DataFrame({"village": [i // 30 for i in range(300)], "poor": 0})
    >>> row = estimate_proportion(data, "poor", Design(psu="village"), icc=0.05)[0]
    >>> row.estimate, row.lower, round(row.upper, 8)
    (0.0, 0.0, 0.02967659)
    """
    form = _interval_form(interval, icc, model_deff)
    tail = complement(check_fraction("confidence", confidence)) / 2
    sample = sample_of(design, data)
    domains = domains_of(data, by, sample.answered)
    event, element, quantity = _events_of(sample, data, variable, size)
    basis = basis_of(sample, domains, quantity, tail, df)
    deffs = design_effects(sample, domains, quantity, basis.variance, deff)
    events = domains.sums(event * sample.answered).astype(int)
    own = np.where(basis.plain, basis.n / basis.effective, 0.0)
    taker = _Taker(
        form=form,
        sample=sample,
        domains=domains,
        element=element,
        event=event,
        basis=basis,
        sums=None
        if icc is None or form == "beta-binomial"
        else _weight_sums(sample, domains, element),
        confidence=confidence,
    )
    model = _model_deffs(taker, icc, model_deff)
    larger = own_deff == "if-larger" or (own_deff is None and isinstance(icc, PooledIcc))
    taken = _by_own(model, own, events, larger)
    if form == "beta-binomial":
        used, lower, upper = taker.by_psus(icc, prior)
    else:
        used, lower, upper = limits_of(form, basis, taken)
    capped = limits_of("korn-graubard", basis, None)
    beside = taker.at_least_clumped(icc, taken)
    policies = _policies(form, icc, model_deff, model, taken, own)
    rows = []
    for place, label in enumerate(domains.labels):
        plain = bool(basis.plain[place])
        exact = form in ("logit", "xlogit", "mean") and not plain
        why = (deffs[place][1], "" if plain else NO_EFFECTIVE, EXACT_INSTEAD if exact else "")
        point, n = float(basis.estimate[place]), int(basis.n[place])
        degrees = _whole(float(basis.df[place]))
        rows.append(
            ProportionEstimate(
                quantity=quantity.words,
                domain=label,
                estimate=point,
                std_error=float(np.sqrt(basis.variance[place])),
                interval=taker.interval(lower[place], upper[place], form),
                df=degrees,
                n=n,
                deff=deffs[place][0],
                deff_reference=deff,
                variance_method=sample.method,
                why="; ".join(text for text in why if text),
                events=int(events[place]),
                n_effective=float(basis.effective[place]) if plain else None,
                n_used=float(used[place]),
                model_deff=None if model is None else float(model[place]),
                icc=_known_icc(form, icc),
                own_deff=float(own[place]) if plain else None,
                policy=policies[place][0],
                reason=policies[place][1],
                nchs=presentation_of(
                    point,
                    n,
                    float(capped[0][place]),
                    degrees,
                    taker.interval(capped[1][place], capped[2][place], "korn-graubard"),
                ),
                sensitivity=None
                if beside is None
                else taker.interval(beside[0][place], beside[1][place], form),
            )
        )
    names = tuple(", ".join(label) or variable for label in domains.labels)
    return Estimates(by=domains.by, rows=tuple(rows), names=names)


def _events_of(
    sample: Sample, data: pd.DataFrame | ClusterTotals, variable: str, size: str | None
) -> tuple[FloatArray, FloatArray, Quantity]:
    """Events and elements, one of each per row or cell, and what is estimated of them."""
    if isinstance(data, ClusterTotals):
        if size:
            raise ArgumentError(
                f"a rate over size={size!r} needs the rows; totals of clusters hold no products. "
                "Make a column of events times size in the table, and ask estimate_ratio.",
                code="totals-without-products",
                size=size,
            )
        found = data.events(variable)
        words = f"proportion of {variable}"
        quantity = Quantity(
            words=words,
            name=variable,
            top=found.total,
            bottom=data.weight,
            squares=found.squares,
        )
        return found.plain, data.weight, quantity
    event = values_of(sample, data, variable, events=True)
    element = values_of(sample, data, size, positive=True) if size else np.ones(len(data))
    of = f"rate of {variable} over {size}" if size else f"proportion of {variable}"
    return event, element, Quantity(words=of, name=variable, top=event * element, bottom=element)


def _interval_form(
    interval: ProportionInterval, icc: Icc | None, model_deff: float | None
) -> ProportionInterval:
    """Choose the interval that the arguments ask for together."""
    check_choice("interval", interval, get_args(ProportionInterval))
    given = [
        name for name, value in (("icc", icc), ("model_deff", model_deff)) if value is not None
    ]
    if isinstance(icc, AreaIccs) and interval != "beta-binomial":
        raise ArgumentError(
            f"interval={interval!r} takes one correlation; got one for each of {len(icc)} areas. "
            "Pool them by pool_icc, or use interval='beta-binomial'.",
            code="icc-by-area",
            interval=interval,
        )
    if icc is not None and not isinstance(icc, PooledIcc | AreaIccs):
        check_share("icc", icc)
    if model_deff is not None:
        check_number("model_deff", model_deff, least=0, strict=True)
    several = dict.fromkeys(("korn-graubard", "mid-p", "wilson"), "at most one")
    wanted = (several | {"korn-graubard-model": "one", "beta-binomial": "icc or none"}).get(
        interval, "none"
    )
    fits = {
        "none": not given,
        "one": len(given) == 1,
        "at most one": len(given) <= 1,
        "icc or none": model_deff is None,
    }[wanted]
    if not fits:
        raise ArgumentError(
            f"interval={interval!r} takes {wanted} of icc and model_deff; got "
            f"{' and '.join(given) or 'neither'}. Pool a correlation by pool_icc.",
            code="model-arguments",
            interval=interval,
            got=tuple(given),
        )
    return "korn-graubard-model" if given and interval == "korn-graubard" else interval


def _known_icc(form: ProportionInterval, icc: Icc | None) -> float | None:
    """Correlation that the interval takes as known."""
    if isinstance(icc, AreaIccs):
        return None
    if isinstance(icc, PooledIcc):
        return None if form == "beta-binomial" and icc.policy != "pooled" else icc.icc
    return icc


def _by_own(
    model: FloatArray | None, own: FloatArray, events: FloatArray, larger: bool
) -> FloatArray | None:
    """Design effects that act: the own one where it is clearly larger and that is asked for."""
    if model is None or not larger:
        return model
    least = np.maximum(1.0, model)
    clear = (events >= OWN_DEFF_EVENTS) & (own > OWN_DEFF_FACTOR * least)
    return np.where(clear, own, model)


def _policies(
    form: ProportionInterval,
    icc: Icc | None,
    model_deff: float | None,
    model: FloatArray | None,
    taken: FloatArray | None,
    own: FloatArray,
) -> list[tuple[str, str]]:
    """Name of the policy that acted in each domain, and why it did."""
    named = ("own-variance", "")
    if model_deff is not None:
        named = ("given-deff", "")
    elif isinstance(icc, AreaIccs):
        named = ("neighbours", f"as {icc.telling} telling areas leave it open, each area by others")
    elif isinstance(icc, PooledIcc):
        named = (icc.policy, icc.reason)
        if form == "beta-binomial" and icc.policy != "pooled":
            named = ("prior", icc.reason)
    elif icc is not None:
        named = ("given-icc", "")
    elif form == "beta-binomial":
        named = ("prior", "no correlation was pooled")
    if model is None or taken is None:
        return [named] * len(own)
    return [
        named
        if one == other
        else (
            "own-deff",
            f"own design effect {other:.3g} against {max(1.0, one):.3g} by the model, "
            f"with at least {OWN_DEFF_EVENTS} events",
        )
        for one, other in zip(model.tolist(), taken.tolist(), strict=True)
    ]


def _whole(df: float) -> float:
    return int(df) if df.is_integer() else df


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Taker:
    """One call: the sample by domains, and the form of its intervals."""

    form: ProportionInterval
    sample: Sample
    domains: Domains
    element: FloatArray
    event: FloatArray
    basis: Basis
    sums: WeightSums | None
    confidence: float

    def interval(self, lower: float, upper: float, method: str) -> Interval:
        return Interval(
            lower=float(lower),
            upper=float(upper),
            confidence=float(self.confidence),
            method=method,
        )

    def model_deffs(self, icc: float) -> FloatArray:
        """Model design effect of each domain."""
        assert self.sums is not None
        return self.basis.n * self.sums.factors(icc)

    def by_psus(
        self, icc: Icc | None, prior: tuple[float, float] | None
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Sample sizes and beta-binomial limits of the domains."""
        if isinstance(icc, AreaIccs):
            return self.basis.n, *self._by_neighbours(icc)
        if isinstance(icc, PooledIcc):
            prior = prior or icc.prior
        known = _known_icc("beta-binomial", icc)
        lower, upper = self.psu_limits(known, prior or PRIOR)
        return self.basis.n, lower, upper

    def _by_neighbours(self, areas: AreaIccs) -> tuple[FloatArray, FloatArray]:
        """Beta-binomial limits of each domain by its own distribution of the correlation."""
        errors, n, domain = self._psu_counts()
        ends = [
            beta_binomial_limits(
                errors[domain == place],
                n[domain == place],
                icc=areas.of(*label).weight_by_icc,
                confidence=self.confidence,
            )
            for place, label in enumerate(self.domains.labels)
        ]
        return np.concatenate([low for low, _ in ends]), np.concatenate([high for _, high in ends])

    def psu_limits(
        self, icc: float | None, prior: tuple[float, float]
    ) -> tuple[FloatArray, FloatArray]:
        """Beta-binomial limits from the counts of each PSU in each domain."""
        errors, n, domain = self._psu_counts()
        # Villages wrong as a whole can make a pool's correlation 1, where the likelihood ends.
        known = None if icc is None else min(icc, MOST_ICC)
        return beta_binomial_limits(
            errors, n, domain, icc=known, prior=prior, confidence=self.confidence
        )

    def _psu_counts(self) -> tuple[FloatArray, FloatArray, IntArray]:
        """Events and units of each PSU in each domain, and the place of that domain."""
        self._check_alike()
        rows = np.flatnonzero(self.domains.code >= 0)
        assert self.sample.psu is not None
        width = int(self.sample.psu.max()) + 1
        code = self.domains.code[rows] * width + self.sample.psu[rows]
        cell, inverse = distinct(code, len(self.domains) * width)
        errors = sum_by(inverse, self.event[rows], len(cell))
        n = sum_by(inverse, self.sample.units[rows], len(cell))
        return errors, n, cell // width

    def _check_alike(self) -> None:
        """Refuse designs without PSUs, and weights that differ."""
        if self.sample.psu is None:
            raise ArgumentError(
                "interval='beta-binomial' needs the PSU of every row; the design names none. "
                "Use interval='mid-p' instead.",
                code="psu-missing",
            )
        weight = self.sample.weight * self.element
        squares = self.domains.sums(self.sample.squared(weight))
        kish = self.basis.n * squares / self.domains.sums(weight) ** 2
        spread = np.sqrt(np.maximum(kish - 1, 0.0))
        if float(spread.max()) > ALIKE_WEIGHTS:
            place = int(spread.argmax())
            where = " ".join(self.domains.labels[place])
            raise ArgumentError(
                "interval='beta-binomial' needs weights (times elements) that spread by at most "
                f"{ALIKE_WEIGHTS:g} of their mean; got {float(spread[place]):.3g}"
                f"{' in domain ' + where if where else ''}. Use interval='korn-graubard' with "
                "icc= from pool_icc.",
                code="weights-unequal",
                got=float(spread[place]),
                domain=self.domains.labels[place],
            )

    def at_least_clumped(
        self, icc: Icc | None, taken: FloatArray | None
    ) -> tuple[FloatArray, FloatArray] | None:
        """Limits if the correlation were .15, where one acts."""
        if icc is None and self.form != "beta-binomial":
            return None
        known = 0.0 if isinstance(icc, AreaIccs) else _number_of(icc)
        clumped = max(known, CLUMPED)
        if self.form == "beta-binomial":
            return self.psu_limits(clumped, PRIOR)
        assert taken is not None
        deffs = np.maximum(self.model_deffs(clumped), taken)
        return limits_of(self.form, self.basis, deffs)[1:]


def _weight_sums(sample: Sample, domains: Domains, element: FloatArray) -> WeightSums:
    """Sum the weights as the model design effect needs them."""
    if sample.psu is None:
        raise ArgumentError(
            "icc needs the PSU of every row; the design names none. Give model_deff instead.",
            code="psu-missing",
        )
    weight = sample.weight * element
    squares = sample.squared(weight)
    return weight_sums(weight, sample.psu, domains.code, len(domains), squares)


def _model_deffs(taker: _Taker, icc: Icc | None, model_deff: float | None) -> FloatArray | None:
    """Model design effect of each domain, when one is asked for."""
    if model_deff is not None:
        return np.full(len(taker.domains), float(model_deff))
    if icc is None or taker.form == "beta-binomial":
        return None
    assert not isinstance(icc, AreaIccs)
    return taker.model_deffs(_number_of(icc))


def _number_of(icc: float | PooledIcc | None) -> float:
    return icc.icc if isinstance(icc, PooledIcc) else float(icc or 0.0)
