"""What audited items say of the error in a book total."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from .._checks import (
    FloatArray,
    check_choice,
    check_columns,
    check_fraction,
    check_number,
    numbers_of,
)
from .._rounding import complement
from .._show import Table, format_number
from ..errors import ArgumentError
from ..results import Result
from .bounds import BoundMethod, mean_taint_bound

MonetaryVerdict = Literal["below", "not-shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonetaryStratum(Result):
    """Errors of one direction found in one stratum.

    Parameters
    ----------
    stratum : str
        Its name; empty when there is one.
    n : int
        Money units drawn, those of items examined for certain left out.
    errors : int
        Money units with such an error among them.
    known : float
        Error of the items examined for certain, an amount.
    projected : float
        ``known`` and the most likely error of the others.
    basic, upper : float
        The bound if no error had been found, and the bound.
    """

    stratum: str
    n: int
    errors: int
    known: float
    projected: float
    basic: float
    upper: float

    def _table(self) -> Table:
        return Table(
            title="Errors in a stratum", columns=_COLUMNS, rows=(_row(self.stratum, self),)
        )


_COLUMNS = ("", "units", "errors", "known", "projected", "basic precision", "upper bound")


def _row(name: str, part: MonetaryStratum) -> tuple[str, ...]:
    return (
        name,
        format_number(part.n),
        format_number(part.errors),
        format_number(part.known, 2),
        format_number(part.projected, 2),
        format_number(part.basic, 2),
        format_number(part.upper, 2),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MonetaryEvaluation(Result):
    """Upper bounds of over- and understatement from a monetary-unit sample.

    Parameters
    ----------
    over, under : tuple of MonetaryStratum
        By stratum: book above audited value, and below.
    over_upper, under_upper : float
        Bounds over all strata, amounts, each at ``confidence``.
    over_projected, under_projected : float
        Most likely errors.
    book_total : float
        Book value of all items.
    tolerable : float or None
        What the bound was compared with.
    confidence : float
        Of each one-sided bound.
    method : str
        Bound of the mean taint.
    combined : str
        How strata were put together: "one", "pooled" (one interval) or "sidak".
    """

    over: tuple[MonetaryStratum, ...]
    under: tuple[MonetaryStratum, ...]
    over_upper: float
    under_upper: float
    over_projected: float
    under_projected: float
    book_total: float
    tolerable: float | None
    confidence: float
    method: str
    combined: str

    @property
    def verdict(self) -> MonetaryVerdict | None:
        """Whether overstatement shows below tolerable; None without a tolerable amount."""
        if self.tolerable is None:
            return None
        return "below" if self.over_upper < self.tolerable else "not-shown"

    def _table(self) -> Table:
        rows = [_row(f"over {part.stratum}".strip(), part) for part in self.over]
        rows += [_row(f"under {part.stratum}".strip(), part) for part in self.under]
        notes = [
            f"overstatement at most {format_number(self.over_upper, 2)}, understatement at most "
            f"{format_number(self.under_upper, 2)}, each at {self.confidence:.0%}"
        ]
        if self.tolerable is not None:
            words = "shown below" if self.verdict == "below" else "not shown to be below"
            notes.append(f"overstatement {words} the tolerable {format_number(self.tolerable, 2)}")
        return Table(
            title=f"Errors in {format_number(self.book_total, 2)}, {self.method}",
            columns=_COLUMNS,
            rows=tuple(rows),
            notes=tuple(notes),
        )


def evaluate_monetary(
    data: pd.DataFrame,
    book: str,
    audited: str,
    *,
    book_total: float | Mapping[str, float],
    n: int | Mapping[str, int],
    hits: str | None = None,
    strata: str | None = None,
    method: BoundMethod = "stringer",
    tolerable: float | None = None,
    confidence: float = 0.95,
) -> MonetaryEvaluation:
    r"""Evaluate a monetary-unit sample: most likely errors, and how large they may be.

    Over- and understatements are evaluated apart and never set off against each other: an offset
    has no bound that was ever shown to hold.

    Parameters
    ----------
    data : DataFrame
        One row for each item drawn.
    book, audited : str
        Columns of amounts: as booked (above 0), and as found (from 0 to twice the book value).
    book_total : float or mapping
        Book value of all items; by stratum when there are strata.
    n : int or mapping
        Money units drawn; by stratum when there are strata.
    hits : str, optional
        Column of money units drawn of each item; 1 without it.
    strata : str, optional
        Column of the stratum of each item.
    method : str, default "stringer"
        As for ``bound_stringer``.
    tolerable : float, optional
        Amount that overstatement should be shown to stay below.
    confidence : float, default 0.95
        Of each one-sided bound, in (0, 1).

    Returns
    -------
    MonetaryEvaluation
        Projected errors and bounds as amounts.

    Raises
    ------
    ArgumentError
        A column or an amount is outside its domain, hits do not add up to n, or a stratum of the
        data is not in the totals.

    Notes
    -----
    Items of at least the interval (total over n) were examined for certain: their errors count as
    they are. The others' taints are bounded over the book value that is left. Strata with one
    interval are one sample; otherwise each is bounded at :math:`(1-\alpha)^{1/H}` and bounds are
    added, which holds whatever the strata, and is wide.

    References
    ----------
    .. [1] D. A. Leslie, A. D. Teitlebaum, R. J. Anderson, *Dollar-Unit Sampling*, Copp Clark
       Pitman, 1979.

    Examples
    --------
    >>> import pandas as pd
    >>> drawn = pd.DataFrame({"book": [500.0, 800.0, 20_000.0], "found": [500.0, 400.0, 19_000.0],
    ...                       "hits": [5, 3, 2]})
    >>> found = evaluate_monetary(
    ...     drawn, "book", "found", book_total=100_000, n=10, hits="hits")
    >>> found.over_projected, round(found.over_upper)
    (16000.0, 41924)
    """
    check_columns(data, [book, audited, *(c for c in (hits, strata) if c)])
    return _evaluate(
        _Sample.read(data, book, audited, hits, strata, book_total, n),
        method=check_method(method),
        tolerable=tolerable,
        confidence=confidence,
    )


def check_method(method: BoundMethod) -> BoundMethod:
    """Refuse an unknown bound."""
    check_choice("method", method, get_args(BoundMethod))
    return method


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sample:
    """Checked items, with the totals and sizes of the strata."""

    book: FloatArray
    audited: FloatArray
    hits: FloatArray
    stratum: np.ndarray
    totals: dict[str, float]
    sizes: dict[str, int]

    @classmethod
    def read(
        cls,
        data: pd.DataFrame,
        book: str,
        audited: str,
        hits: str | None,
        strata: str | None,
        book_total: float | Mapping[str, float],
        n: int | Mapping[str, int],
    ) -> _Sample:
        values = numbers_of(data, book, least=0, strict=True)
        found = numbers_of(data, audited, least=0)
        if (found > 2 * values).any():
            rows = data.index[found > 2 * values].tolist()
            raise ArgumentError(
                f"audited values must be at most twice the book value; got more at row {rows[0]!r} "
                f"({len(rows)} such). Monetary units cannot bound such understatement: sample from "
                "the items themselves.",
                code="values-outside",
                column=audited,
                rows=tuple(rows[:5]),
            )
        counts = numbers_of(data, hits, least=0, strict=True) if hits else np.ones(len(data))
        names = data[strata].astype(str).to_numpy() if strata else np.full(len(data), "")
        totals = (
            {str(k): float(v) for k, v in book_total.items()}
            if isinstance(book_total, Mapping)
            else {"": float(book_total)}
        )
        sizes = {str(k): int(v) for k, v in n.items()} if isinstance(n, Mapping) else {"": int(n)}
        unknown = sorted({str(name) for name in names} - totals.keys()) + sorted(
            totals.keys() ^ sizes.keys()
        )
        if unknown:
            raise ArgumentError(
                "book_total and n must name the same strata, and all of the data's; got no match "
                f"for {unknown[:5]}. Give both for every stratum.",
                code="keys-differ",
                strata=tuple(unknown[:5]),
            )
        return cls(
            book=values, audited=found, hits=counts, stratum=names, totals=totals, sizes=sizes
        )

    def interval(self, name: str) -> float:
        return self.totals[name] / self.sizes[name]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """One stratum, one direction: what is known, and the taints of the rest."""

    name: str
    known: float
    taints: FloatArray
    n: int
    left: float

    def bound(self, risk: float, method: BoundMethod) -> MonetaryStratum:
        """Bound of this part at a risk."""
        if not self.n:
            basic = upper = self.known
        else:
            none = np.array([], dtype=np.float64)
            basic = self.left * mean_taint_bound(none, self.n, risk, method)
            upper = self.known + self.left * mean_taint_bound(self.taints, self.n, risk, method)
        return MonetaryStratum(
            stratum=self.name,
            n=self.n,
            errors=len(self.taints),
            known=self.known,
            projected=self.known + (self.left * float(self.taints.sum()) / self.n if self.n else 0),
            basic=basic,
            upper=upper,
        )


def _parts(sample: _Sample, *, over: bool) -> list[_Part]:
    error = sample.book - sample.audited if over else sample.audited - sample.book
    parts = []
    for name in sample.totals:
        here = sample.stratum == name
        certain = here & (sample.book >= sample.interval(name))
        rest = here & ~certain
        n = sample.sizes[name] - round(float(sample.hits[certain].sum()))
        drawn = round(float(sample.hits[rest].sum()))
        if drawn != n:
            raise ArgumentError(
                f"hits must add up to n; got {drawn + sample.sizes[name] - n} of "
                f"{sample.sizes[name]}{f' in stratum {name!r}' if name else ''}. Give the hits of "
                "items drawn more than once, and every item drawn.",
                code="hits-differ",
                stratum=name,
                got=drawn + sample.sizes[name] - n,
            )
        wrong = rest & (error > 0)
        taints = np.repeat(error[wrong] / sample.book[wrong], sample.hits[wrong].astype(np.intp))
        parts.append(
            _Part(
                name=name,
                known=math.fsum(np.maximum(error[certain], 0.0)),
                taints=np.sort(taints)[::-1],
                n=n,
                left=sample.totals[name] - float(sample.book[certain].sum()),
            )
        )
    return parts


def _evaluate(
    sample: _Sample, *, method: BoundMethod, tolerable: float | None, confidence: float
) -> MonetaryEvaluation:
    risk = complement(check_fraction("confidence", confidence))
    total = math.fsum(sample.totals.values())
    if tolerable is not None:
        check_number("tolerable", tolerable, least=0, strict=True, most=total)
    over, under = _parts(sample, over=True), _parts(sample, over=False)
    intervals = [sample.interval(name) for name in sample.totals]
    alike = max(intervals) <= min(intervals) * (1 + 1e-9)
    combined = "one" if len(over) == 1 else "pooled" if alike else "sidak"
    each = risk if combined != "sidak" else -math.expm1(math.log1p(-risk) / len(over))
    bounds = []
    for parts in (over, under):
        rows = tuple(part.bound(each, method) for part in parts)
        upper = math.fsum(row.upper for row in rows)
        if combined == "pooled":
            upper = _pooled(parts).bound(risk, method).upper
        bounds.append((rows, upper, math.fsum(row.projected for row in rows)))
    return MonetaryEvaluation(
        over=bounds[0][0],
        under=bounds[1][0],
        over_upper=min(bounds[0][1], total),
        under_upper=bounds[1][1],
        over_projected=bounds[0][2],
        under_projected=bounds[1][2],
        book_total=total,
        tolerable=None if tolerable is None else float(tolerable),
        confidence=float(confidence),
        method=method,
        combined=combined,
    )


def _pooled(parts: list[_Part]) -> _Part:
    """All strata as one sample; they have one interval."""
    return _Part(
        name="",
        known=math.fsum(part.known for part in parts),
        taints=np.sort(np.concatenate([part.taints for part in parts]))[::-1],
        n=sum(part.n for part in parts),
        left=math.fsum(part.left for part in parts),
    )
