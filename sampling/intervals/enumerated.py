"""Exact bounds of a stratified sample by going through what the population may hold."""

from __future__ import annotations

import itertools
import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from .._checks import FloatArray
from .._sums import sum_by
from .hypergeometric import chances, last_events

IntArray = npt.NDArray[np.int64]
Direction = Literal["at-most", "at-least"]

# Multiplications that take about a second.
_WORK = 1_000_000_000
_CHUNK = 4_000_000
_DUST = 1e-9
_FRONT = 20
_MOST_FOUND = 3


def enumerate_bound(
    errors: IntArray, n: IntArray, size: IntArray, tail: float, direction: Direction
) -> int | None:
    """Bound by a table of all numbers of events in each stratum; None where it is too large.

    "at-most" gives the largest sum with P(T <= t) > ``tail``, "at-least" the least with
    P(T >= t) > ``tail``.
    """
    scale = size / n
    seen = float(scale @ errors)
    strict = direction == "at-least"
    room = seen * (1 - _DUST) if strict else seen * (1 + _DUST)
    most = _most_events(errors, n, size, tail, scale, room, direction)
    tables = []
    for h in range(len(n)):
        reach = min(int(n[h]), math.floor(room / scale[h]))
        if strict and reach * scale[h] >= room:
            reach -= 1
        if (reach + 1) * (most[h] + 1) > _CHUNK:
            return None
        tables.append((int(errors[h]), int(most[h]), reach))
    # The two longest are the table; all others are gone through.
    order = np.argsort([top - low for low, top, _ in tables], kind="stable")
    lead, pair = order[:-2], order[-2:]
    if len(order) == 1:
        lead, pair = order[:0], order
    cells = math.prod(tables[h][1] - tables[h][0] + 1 for h in order)
    combos = math.prod(tables[h][2] + 1 for h in lead)
    rows = math.prod(tables[h][1] - tables[h][0] + 1 for h in lead)
    if cells * max(4, combos) > _WORK or combos > 2_000 or rows * (1 + len(lead)) > _CHUNK:
        return None
    if combos * cells > _CHUNK * 8 * rows:
        return None
    found = {int(h): _chances(int(h), n, size, tables) for h in order}
    return _over_table(lead, pair, tables, found, scale, room, tail, strict)


def _most_events(
    errors: IntArray,
    n: IntArray,
    size: IntArray,
    tail: float,
    scale: FloatArray,
    room: float,
    direction: Direction,
) -> list[int]:
    """Most events in each stratum that need be looked at."""
    allowed = size - (n - errors)
    reach = [min(int(n[h]), math.floor(room / scale[h])) for h in range(len(n))]
    if direction == "at-most":
        most = []
        for h in range(len(n)):
            alone = last_events(reach[h], int(n[h]), int(size[h]), tail)
            most.append(max(int(errors[h]), min(alone, int(allowed[h]))))
        return most
    # A sum that surely is enough: what one stratum alone needs, beside what was seen elsewhere.
    enough = int(allowed.sum())
    for h in range(len(n)):
        need = math.floor(room / scale[h]) + 1
        if need > n[h]:
            continue
        # P(X >= need) is P(X' <= n - need) of the units without the event.
        without = last_events(int(n[h]) - need, int(n[h]), int(size[h]), tail)
        events = max(int(size[h]) - without, int(errors[h]))
        if events <= allowed[h]:
            enough = min(enough, events + int(errors.sum() - errors[h]))
    return [min(int(allowed[h]), enough) for h in range(len(n))]


def _chances(h: int, n: IntArray, size: IntArray, tables: list[tuple[int, int, int]]) -> FloatArray:
    """Chance of each number of events found (columns) for each number there are (rows)."""
    low, top, reach = tables[h]
    events = np.arange(low, top + 1)[:, None]
    return chances(np.arange(reach + 1), events, int(n[h]), int(size[h]))


def _over_table(
    lead: IntArray,
    pair: IntArray,
    tables: list[tuple[int, int, int]],
    found: dict[int, FloatArray],
    scale: FloatArray,
    room: float,
    tail: float,
    strict: bool,
) -> int:
    """Best sum over all numbers of events: ``lead`` strata in the rows, ``pair`` in a table."""
    ways = [np.array(xs) for xs in itertools.product(*(range(tables[h][2] + 1) for h in lead))]
    rests = [(xs, room - float(scale[lead] @ xs)) for xs in ways]
    rests = [(xs, rest) for xs, rest in rests if rest > 0 or (rest == 0 and not strict)]
    inner = np.stack([_pair_table(pair, tables, found, scale, rest, strict) for _, rest in rests])
    flat, shape = inner.reshape(len(rests), -1), inner.shape[1:]
    held = [np.arange(tables[h][0], tables[h][1] + 1) for h in lead]
    grid = np.stack([g.ravel() for g in np.meshgrid(*held, indexing="ij")] or [np.zeros(1)])
    sums = grid.sum(axis=0).astype(np.int64)
    first = tables[int(pair[0])][0] + np.arange(shape[0]) if len(pair) == 2 else np.zeros(1)
    across = first[:, None] + tables[int(pair[-1])][0] + np.arange(shape[1])
    best: list[int] = []
    step = max(1, _CHUNK // flat.shape[1])
    for start in range(0, len(sums), step):
        rows = slice(start, start + step)
        factor = np.ones((len(sums[rows]), len(rests)))
        for place, h in enumerate(lead):
            at = grid[place, rows].astype(np.int64) - tables[int(h)][0]
            factor *= found[int(h)][at][:, [int(xs[place]) for xs, _ in rests]]
        below = (factor @ flat).reshape(-1, *shape)
        total = sums[rows][:, None, None] + across
        reached = total[(1 - below if strict else below) > tail]
        if len(reached):
            best.append(int(reached.min() if strict else reached.max()))
    return min(best) if strict else max(best)


def _pair_table(
    pair: IntArray,
    tables: list[tuple[int, int, int]],
    found: dict[int, FloatArray],
    scale: FloatArray,
    room: float,
    strict: bool,
) -> FloatArray:
    """P(T <= room), or below it when ``strict``, of the last one or two strata."""
    last = int(pair[-1])
    cumulated = np.cumsum(found[last], axis=1)
    if len(pair) == 1:
        return _column(cumulated, _reach(room, scale[last], strict))[None, :]
    first = int(pair[0])
    table = np.zeros((len(found[first]), len(found[last])))
    for x in range(found[first].shape[1]):
        rest = _reach(room - x * scale[first], scale[last], strict)
        if rest >= 0:
            table += np.outer(found[first][:, x], _column(cumulated, rest))
    return table


def _reach(room: float, scale: float, strict: bool) -> int:
    count = math.floor(room / scale)
    return count - 1 if strict and count * scale >= room else count


def _column(cumulated: FloatArray, reach: int) -> FloatArray:
    if reach < 0:
        return np.zeros(len(cumulated))
    column: FloatArray = cumulated[:, min(reach, cumulated.shape[1] - 1)]
    return column


def near_bound(
    errors: IntArray, n: IntArray, size: IntArray, tail: float
) -> tuple[int, int] | None:
    """Largest sum with P(T <= t) > ``tail`` for strata of equal N/n: outer and inner end.

    Stratum by stratum only those chances of at most 0, 1, ... events are kept that no others beat
    by more than a slack: the rest of the strata can only add nonnegative multiples of them. What
    is kept occurs, and gives the inner end; the product of the slacks gives the outer one.
    """
    scale = size / n
    found = int(errors.sum())
    if np.ptp(scale) > _DUST * scale[0] or found > _MOST_FOUND:
        return None
    room = float(scale @ errors) * (1 + _DUST)
    most = _most_events(errors, n, size, tail / 2, scale, room, "at-most")
    totals, kept = np.zeros(1, dtype=np.int64), np.ones((1, found + 1))
    slack, more = 0.0, 1e-5
    for h in range(len(n)):
        events = np.arange(errors[h], most[h] + 1)
        chance = chances(np.arange(found + 1), events[:, None], int(n[h]), int(size[h]))
        if len(totals) * len(events) * (found + 1) > _CHUNK // 2:
            return None
        joined = np.zeros((len(totals), len(events), found + 1))
        for x in range(found + 1):
            joined[:, :, x:] += chance[:, x, None] * kept[:, None, : found + 1 - x]
        sums = (totals[:, None] + events).ravel()
        vectors = joined.reshape(len(sums), -1)
        alive = vectors[:, -1] > tail * np.exp(-slack - 0.02)
        totals, kept, more = _thinned(sums[alive], vectors[alive], more)
        slack += more
    outer = int(totals[kept[:, -1] > tail * np.exp(-slack)].max())
    return outer, int(totals[kept[:, -1] > tail].max())


def _thinned(
    totals: IntArray, vectors: FloatArray, slack: float
) -> tuple[IntArray, FloatArray, float]:
    """Of vectors of one total that are alike up to a slack the best at the end; and the slack."""
    if vectors.shape[1] == 2:
        keep = _unbeaten(totals, vectors)
        if len(keep) <= _FRONT**2 * len(np.unique(totals)):
            return totals[keep], vectors[keep], 0.0
    logs = np.log(np.maximum(vectors, 1e-300))
    slack, front = max(slack, 1e-5), max(3, _FRONT // (vectors.shape[1] - 1))
    while True:
        cell = np.column_stack([totals, np.floor(logs[:, :-1] / slack).astype(np.int64)])
        order = np.lexsort((-logs[:, -1], *cell.T[::-1]))
        cell = cell[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (cell[1:] != cell[:-1]).any(axis=1)
        keep = order[first]
        if len(keep) <= front * len(np.unique(totals)) or slack > 0.005 * (vectors.shape[1] - 1):
            return totals[keep], vectors[keep], slack
        slack *= 4


def _unbeaten(totals: IntArray, vectors: FloatArray) -> IntArray:
    """Rows of pairs that no other of the same total is at least as large as in both."""
    order = np.lexsort((-vectors[:, 1], -vectors[:, 0], totals))
    # Totals are whole and chances at most 1, so that twice the total keeps them apart.
    level = 2.0 * totals[order] + vectors[order, 1]
    above = np.concatenate([[-np.inf], np.maximum.accumulate(level)[:-1]])
    kept: IntArray = order[level > above]
    return kept


def chernoff_bound(errors: IntArray, n: IntArray, size: IntArray, tail: float) -> int:
    """Sum that P(T <= t) > ``tail`` cannot exceed, by the best of several exponential bounds.

    P(T <= t) is at most the product over strata of E exp(g (t - T)), for every g above 0.
    """
    scale = size / n
    seen = float(scale @ errors)
    # Tilts around the one that is best for a Poisson count, in units of a sampled event.
    tilts = np.array([0.25, 0.4, 0.6, 0.8, 1.0, 1.4, 2.0]) / float(np.mean(scale))
    alike, count = np.unique(np.stack([errors, n, size]), axis=1, return_counts=True)
    most = int((size - (n - errors)).sum())
    steps: list[FloatArray] = []
    for (x, m, units), times in zip(alike.T.tolist(), count.tolist(), strict=True):
        # Further events of one stratum alone take the bound below the tail at every tilt.
        room = (-math.log(tail) + tilts * seen + 1) / -np.expm1(-tilts * units / m)
        top = min(units - (m - x), math.ceil(float(room.max()) * units / m))
        events, found = np.arange(top + 1), np.arange(min(m, top) + 1)
        if len(events) * len(found) > _CHUNK * 4:
            return most
        factors = np.exp(-np.outer(found, tilts) * units / m)
        logs = np.log(chances(found, events[:, None], m, units) @ factors)
        steps.extend([np.diff(logs, axis=0)] * times)
    # The largest steps of all strata add up to no less than those of any events there are.
    logs = np.cumsum(np.sort(np.concatenate(steps), axis=0)[::-1], axis=0) + tilts * seen
    return min(most, int((logs > math.log(tail)).sum(axis=0).min()))


def inside_at_most(
    errors: IntArray, n: IntArray, size: IntArray, tail: float, path: IntArray
) -> int:
    """Sum that the exact upper limit is at least, from adding events along ``path``."""
    scale = size / n
    room = float(scale @ errors) * (1 + _DUST)
    low, high = int(errors.sum()), len(path)
    while low < high:
        middle = (low + high + 1) // 2
        events = np.bincount(path[:middle], minlength=len(n))
        if _chance_at_most(events, n, size, scale, room) > tail:
            low = middle
        else:
            high = middle - 1
    return low


def inside_at_least(
    errors: IntArray, n: IntArray, size: IntArray, tail: float, path: IntArray
) -> int:
    """Sum that the exact lower limit is at most, from adding events along ``path``."""
    scale = size / n
    room = float(scale @ errors) * (1 - _DUST)
    low, high = 0, len(path)
    while low < high:
        middle = (low + high) // 2
        events = errors + np.bincount(path[:middle], minlength=len(n))
        if 1 - _chance_at_most(events, n, size, scale, room) > tail:
            high = middle
        else:
            low = middle + 1
    return int(errors.sum()) + low


def _chance_at_most(
    events: IntArray, n: IntArray, size: IntArray, scale: FloatArray, room: float
) -> float:
    """P(T <= room), by merging equal values of T stratum by stratum."""
    value: FloatArray = np.zeros(1)
    chance: FloatArray = np.ones(1)
    for h in range(len(n)):
        found = np.arange(min(int(n[h]), int(events[h]), math.floor(room / scale[h])) + 1)
        more = chances(found, events[h], int(n[h]), int(size[h]))
        total = (value[:, None] + scale[h] * found).ravel()
        joint = (chance[:, None] * more).ravel()
        kept = total <= room
        # Values equal up to dust are one value.
        value, place = np.unique(total[kept].round(9), return_inverse=True)
        chance = sum_by(place.ravel(), joint[kept], len(value))
    return float(chance.sum())
