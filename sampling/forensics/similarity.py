"""Interviews that look copied: near duplicates, and batteries answered all alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._checks import check_columns, check_count, check_share, name_some
from .._show import Table, format_number
from ..errors import ArgumentError
from ..results import Result
from ..sample import domains_of

_BLOCK = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarPair(Result):
    """Two interviews with mostly the same answers: a lead, not a verdict.

    Parameters
    ----------
    first, second : str
        Labels of their rows.
    share : float
        Share of the questions that both answered alike.
    """

    first: str
    second: str
    share: float

    def _table(self) -> Table:
        return Table(
            title="Interviews alike",
            columns=("first", "second", "share alike"),
            rows=((self.first, self.second, format_number(self.share, 3)),),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicates(Result):
    """How alike interviews are to their nearest one: leads, not verdicts.

    Parameters
    ----------
    n, questions : int
        Interviews and questions compared.
    threshold : float
        Share of answers from which two interviews are near duplicates.
    share : float
        Share of interviews with a near duplicate.
    median_share : float
        Median over interviews of the share of answers that the nearest one has alike.
    pairs : tuple of SimilarPair
        Each interview beyond the threshold with its nearest one, most alike first, no pair twice;
        at most ``most_pairs``.
    """

    n: int
    questions: int
    threshold: float
    share: float
    median_share: float
    pairs: tuple[SimilarPair, ...]

    def _table(self) -> Table:
        return Table(
            title=f"Near duplicates among {self.n} interviews: leads, not verdicts",
            columns=("threshold", "share beyond", "median nearest", "pairs kept"),
            rows=(
                (
                    format_number(self.threshold, 2),
                    format_number(self.share),
                    format_number(self.median_share, 3),
                    str(len(self.pairs)),
                ),
            ),
        )


def near_duplicates(
    data: pd.DataFrame,
    questions: Sequence[str],
    *,
    threshold: float = 0.85,
    most_pairs: int = 100,
) -> NearDuplicates:
    r"""Share of interviews that are almost the same as another one.

    A lead, not a verdict: short forms and poor villages have honest twins. Compare with the median.

    Parameters
    ----------
    data : DataFrame
        One row for each interview.
    questions : sequence of str
        Columns compared, at least two; a missing answer is like no other.
    threshold : float, default 0.85
        Share of answers from which two interviews are near duplicates, in (0, 1].
    most_pairs : int, default 100
        Pairs kept.

    Returns
    -------
    NearDuplicates
        With the most similar pairs.

    Raises
    ------
    ArgumentError
        A column is absent, or there are fewer than two questions or interviews.

    Notes
    -----
    For each interview the largest share of questions that another one answers alike, over all
    pairs: the time grows as the square of their number.

    References
    ----------
    .. [1] N. Kuriakose, M. Robbins, "Don't get duped: fraud through duplication in public opinion
       surveys", *Statistical Journal of the IAOS* 32, 2016, 283-291.

    Examples
    --------
    >>> data = pd.DataFrame({"a": [1, 1, 2], "b": [5, 5, 6], "c": [3, 3, 9], "d": [7, 8, 7]})
    >>> found = near_duplicates(data, list("abcd"), threshold=0.75)
    >>> round(found.share, 4), found.pairs[0].first, found.pairs[0].second
    (0.6667, '0', '1')
    """
    limit = check_share("threshold", threshold, zero=False)
    most = check_count("most_pairs", most_pairs)
    names = _questions(data, questions)
    codes = np.stack([pd.factorize(data[name])[0] for name in names]).astype(np.int32)
    n = codes.shape[1]
    if n < 2:
        raise ArgumentError(
            f"near duplicates need two interviews; got {n}. Give more rows.",
            code="units-few",
            got=n,
        )
    alike, nearest = _nearest(codes)
    share = alike / len(names)
    beyond = share >= limit - 1e-12
    kept: dict[tuple[int, int], float] = {}
    for row in np.flatnonzero(beyond)[np.argsort(-share[beyond], kind="stable")].tolist():
        other = int(nearest[row])
        kept.setdefault((min(row, other), max(row, other)), float(share[row]))
    labels = [str(label) for label in data.index.tolist()]
    return NearDuplicates(
        n=n,
        questions=len(names),
        threshold=limit,
        share=float(beyond.mean()),
        median_share=float(np.median(share)),
        pairs=tuple(
            SimilarPair(first=labels[one], second=labels[two], share=value)
            for (one, two), value in list(kept.items())[:most]
        ),
    )


def _questions(data: pd.DataFrame, questions: Sequence[str]) -> list[str]:
    names = list(questions)
    if isinstance(questions, str) or len(names) < 2 or len(set(names)) < len(names):
        raise ArgumentError(
            f"questions must name at least two different columns; got {name_some(names)}. "
            "Name the columns to compare.",
            code="questions-few",
            got=len(names),
        )
    check_columns(data, names)
    return names


def _nearest(
    codes: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
    """Most answers alike with another interview, and which one; the first of equals."""
    n = codes.shape[1]
    best, where = np.zeros(n, dtype=np.int32), np.zeros(n, dtype=np.intp)
    for start in range(0, n, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, n))
        alike = np.zeros((len(rows), n), dtype=np.int32)
        for code in codes:
            same = code[rows][:, None] == code[None, :]
            same[code[rows] < 0] = False
            alike += same
        alike[rows - start, rows] = -1
        where[rows] = alike.argmax(axis=1)
        best[rows] = alike[rows - start, where[rows]]
    return best, where


@dataclass(frozen=True, slots=True, kw_only=True)
class StraightLiningRow(Result):
    """Batteries answered all alike in one group: a lead, not a verdict.

    Parameters
    ----------
    group : tuple of str
        Values of the ``by`` columns; empty for the whole.
    n : int
        Interviews with at least two answers of the battery.
    straight : int
        Those whose answers are all the same.
    share : float
        ``straight`` over ``n``; 0 when n is 0.
    longest_run : float
        Mean length of the longest run of equal answers; 0 when n is 0.
    """

    group: tuple[str, ...]
    n: int
    straight: int
    share: float
    longest_run: float

    def _table(self) -> Table:
        return _table_of((self,), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class StraightLining(Result):
    """Batteries answered all alike, by group: leads, not verdicts.

    Parameters
    ----------
    by : tuple of str
        Columns that make the groups.
    questions : int
        Questions of the battery.
    rows : tuple of StraightLiningRow
        One for each group.
    """

    by: tuple[str, ...]
    questions: int
    rows: tuple[StraightLiningRow, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[StraightLiningRow]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> StraightLiningRow:
        return self.rows[place]

    def to_frame(self) -> pd.DataFrame:
        """One row for each group, at full precision."""
        lines = []
        for row in self.rows:
            line: dict[str, object] = dict(zip(self.by, row.group, strict=True))
            fields = row._row()
            del fields["group"]
            lines.append(line | fields)
        return pd.DataFrame(lines)

    def _table(self) -> Table:
        return _table_of(self.rows, self.by)


def _table_of(rows: tuple[StraightLiningRow, ...], by: tuple[str, ...]) -> Table:
    named = by or tuple("group" for _ in rows[0].group)
    return Table(
        title="Batteries answered all alike: leads, not verdicts",
        columns=(*named, "n", "all alike", "share", "longest run"),
        rows=tuple(
            (
                *row.group,
                str(row.n),
                str(row.straight),
                format_number(row.share),
                format_number(row.longest_run, 2),
            )
            for row in rows
        ),
    )


def straight_lining(
    data: pd.DataFrame, questions: Sequence[str], *, by: str | Sequence[str] | None = None
) -> StraightLining:
    r"""Share of interviews that answer a battery of questions all alike, by group (enumerator).

    A lead, not a verdict: where nothing differs, honest answers do not either.

    Parameters
    ----------
    data : DataFrame
        One row for each interview.
    questions : sequence of str
        Columns of the battery in the order asked, on one scale, at least two. Missing answers are
        skipped.
    by : str or sequence of str, optional
        Columns that make the groups.

    Returns
    -------
    StraightLining
        A row for each group.

    Raises
    ------
    ArgumentError
        A column is absent, or there are fewer than two questions.

    References
    ----------
    .. [1] Y. Kim, J. Dykema, J. Stevenson, P. Black, D. P. Moberg, "Straightlining: overview of
       measurement, comparison of indicators, and effects in mail-web mixed-mode surveys",
       *Social Science Computer Review* 37, 2019, 214-233.

    Examples
    --------
    >>> answers = {"a": [1, 1, 2], "b": [1, 2, 2], "c": [1, 2, 3]}
    >>> data = pd.DataFrame(answers | {"who": ["x", "x", "y"]})
    >>> found = straight_lining(data, list("abc"), by="who")
    >>> [(row.group, row.straight, row.longest_run) for row in found]
    [(('x',), 1, 2.5), (('y',), 0, 2.0)]
    """
    names = _questions(data, questions)
    domains = domains_of(data, by, np.ones(len(data), dtype=bool))
    code = pd.factorize(pd.concat([data[name].astype(object) for name in names]))[0]
    answers = code.reshape(len(names), len(data))
    run, longest = np.zeros(len(data)), np.zeros(len(data))
    last = np.full(len(data), -1)
    for answer in answers:
        there = answer >= 0
        run = np.where(there, np.where(answer == last, run + 1, 1), run)
        last = np.where(there, answer, last)
        longest = np.maximum(longest, run)
    given = (answers >= 0).sum(axis=0)
    counted = (given >= 2).astype(np.float64)
    n = domains.sums(counted)
    straight = domains.sums(counted * (longest == given))
    runs = domains.sums(counted * longest)
    under = np.maximum(n, 1)
    rows = tuple(
        StraightLiningRow(
            group=label,
            n=int(n[place]),
            straight=int(straight[place]),
            share=float(straight[place] / under[place]),
            longest_run=float(runs[place] / under[place]),
        )
        for place, label in enumerate(domains.labels)
    )
    return StraightLining(by=domains.by, questions=len(names), rows=rows)
