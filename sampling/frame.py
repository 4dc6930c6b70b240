"""Frame: the units that can be drawn, with strata, clusters and size measure, checked once."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TypeVar

import pandas as pd

from ._checks import check_columns, check_complete, name_some
from ._show import Shown, Table
from ._tables import rows_of
from .errors import ArgumentError

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame(Shown):
    """Units that can be drawn, in any order.

    Parameters
    ----------
    unit_ids : tuple of str
        One identifier for each unit, all different.
    strata : tuple of str, default ()
        Stratum of each unit; without it all units lie in the stratum ``""``.
    psus : tuple of str, default ()
        Primary sampling unit of each unit; needed for two-stage draws only.
    psu_strata : tuple of str, default ()
        First-stage stratum of each unit's PSU; without it all PSUs lie in ``""``.
    size_measures : tuple of int, default ()
        What each unit adds to the size measure of its PSU, a whole number of at least 0; without
        it each unit adds 1.

    Raises
    ------
    ArgumentError
        A column has another length than ``unit_ids``; a text is not text, not in Unicode normal
        form C, or holds ``|`` or a control character; an identifier is empty or stands twice; a
        PSU lies in two first-stage strata; a size measure is not a whole number of at least 0.

    Notes
    -----
    Texts go into tickets, which join them by ``|``: hence the bar is refused everywhere.

    Examples
    --------
    >>> print(Frame.of(["u1", "u2", "u3"], strata=["a", "b", "a"]))
    Frame of 3 units
    stratum  units
          a      2
          b      1
    """

    unit_ids: tuple[str, ...]
    strata: tuple[str, ...] = ()
    psus: tuple[str, ...] = ()
    psu_strata: tuple[str, ...] = ()
    size_measures: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.unit_ids)
        if not count:
            raise ArgumentError(
                "a frame must hold at least one unit; got none. Check the filter that made it.",
                code="frame-empty",
            )
        check_texts("unit_ids", self.unit_ids, empty=False)
        _check_unique(self.unit_ids)
        for name in ("strata", "psus", "psu_strata"):
            values = getattr(self, name)
            if values:
                _check_length(name, values, count)
                check_texts(name, set(values), empty=name != "psus")
        if self.size_measures:
            _check_length("size_measures", self.size_measures, count)
            _check_sizes(self.size_measures)
        if self.psu_strata:
            _check_nesting(self.psus, self.psu_strata)

    @classmethod
    def of(
        cls,
        unit_ids: Iterable[str],
        *,
        strata: Iterable[str] = (),
        psus: Iterable[str] = (),
        psu_strata: Iterable[str] = (),
        size_measures: Iterable[int] = (),
    ) -> Frame:
        """Frame of sequences, one value for each unit in the same order.

        Examples
        --------
        >>> Frame.of(["u1", "u2"], psus=["v", "v"]).psus
        ('v', 'v')
        """
        return cls(
            unit_ids=tuple(unit_ids),
            strata=tuple(strata),
            psus=tuple(psus),
            psu_strata=tuple(psu_strata),
            size_measures=tuple(
                int(x) if isinstance(x, Integral) and not isinstance(x, bool) else x
                for x in size_measures
            ),
        )

    @classmethod
    def from_pandas(
        cls,
        data: pd.DataFrame,
        *,
        unit_id: str = "unit_id",
        stratum: str | None = None,
        psu: str | None = None,
        psu_stratum: str | None = None,
        size_measure: str | None = None,
    ) -> Frame:
        """Frame of the named columns of ``data``, one row a unit.

        Parameters
        ----------
        data : pandas.DataFrame, or a table of polars or Arrow
            One row for each unit; its index and its order do not matter.
        unit_id, stratum, psu, psu_stratum, size_measure : str, optional
            Names of the columns. Identifiers must be text: write numbers out first, so that
            leading zeros and the number of digits are decided by you.

        Raises
        ------
        ArgumentError
            A column is absent or incomplete, or what `Frame` refuses.

        Examples
        --------
        >>> data = pd.DataFrame({"unit_id": ["u1", "u2"], "village": ["v", "w"]})
        >>> Frame.from_pandas(data, psu="village").psus
        ('v', 'w')
        """
        named = {"psus": psu, "strata": stratum, "psu_strata": psu_stratum}
        columns = [unit_id, *(c for c in (*named.values(), size_measure) if c is not None)]
        data = rows_of(data)
        check_columns(data, columns)
        check_complete(data, columns)
        return cls.of(
            data[unit_id].tolist(),
            size_measures=[] if size_measure is None else data[size_measure].tolist(),
            **{name: data[c].tolist() for name, c in named.items() if c is not None},
        )

    @property
    def population_size(self) -> int:
        """Number of units."""
        return len(self.unit_ids)

    def units_by_stratum(self) -> dict[str, list[str]]:
        """Return the identifiers of each stratum, strata in the order of their names.

        Examples
        --------
        >>> Frame.of(["u1", "u2"], strata=["b", "a"]).units_by_stratum()
        {'a': ['u2'], 'b': ['u1']}
        """
        return _grouped(self.strata or ("",) * len(self.unit_ids), self.unit_ids)

    def units_by_psu(self) -> dict[str, dict[str, list[str]]]:
        """Return the identifiers of each PSU and, within it, of each stratum.

        Raises
        ------
        ArgumentError
            The frame names no PSUs.
        """
        self._need_psus()
        strata = self.strata or ("",) * len(self.unit_ids)
        pairs = list(zip(strata, self.unit_ids, strict=True))
        return {
            psu: _grouped([s for s, _ in units], [u for _, u in units])
            for psu, units in _grouped(self.psus, pairs).items()
        }

    def psu_sizes(self) -> dict[str, dict[str, int]]:
        """Return the size measure of each PSU, by first-stage stratum.

        Raises
        ------
        ArgumentError
            The frame names no PSUs.

        Examples
        --------
        >>> frame = Frame.of(["u1", "u2"], psus=["v", "v"], size_measures=[3, 1])
        >>> frame.psu_sizes()
        {'': {'v': 4}}
        """
        self._need_psus()
        count = len(self.unit_ids)
        groups = self.psu_strata or ("",) * count
        sizes: dict[str, dict[str, int]] = {group: {} for group in sorted(set(groups))}
        for group, psu, size in zip(
            groups, self.psus, self.size_measures or (1,) * count, strict=True
        ):
            within = sizes[group]
            within[psu] = within.get(psu, 0) + size
        return {group: dict(sorted(within.items())) for group, within in sizes.items()}

    def _need_psus(self) -> None:
        if not self.psus:
            raise ArgumentError(
                "a two-stage draw needs the PSU of each unit; the frame names none. "
                "Give psus when the frame is made.",
                code="frame-without-psus",
            )

    def _table(self) -> Table:
        counts = Counter(self.strata or ("",) * len(self.unit_ids))
        return Table(
            title=f"Frame of {len(self.unit_ids)} units",
            columns=("stratum", "units"),
            rows=tuple((name, str(count)) for name, count in sorted(counts.items())),
            notes=(f"{len(set(self.psus))} PSUs",) if self.psus else (),
        )


def as_frame(frame: Frame | pd.DataFrame) -> Frame:
    """Frame as it is, or of a DataFrame's columns ``unit_id``, ``stratum``, ``psu``, ...

    Columns ``stratum``, ``psu``, ``psu_stratum`` and ``size_measure`` are read where they exist.

    Examples
    --------
    >>> as_frame(pd.DataFrame({"unit_id": ["u1"], "stratum": ["a"]})).strata
    ('a',)
    """
    if isinstance(frame, Frame):
        return frame
    data: pd.DataFrame = rows_of(frame)
    check_columns(data, ["unit_id"])
    found = {
        name: name
        for name in ("stratum", "psu", "psu_stratum", "size_measure")
        if name in data.columns
    }
    return Frame.from_pandas(data, **found)


def _grouped(keys: Sequence[str], values: Sequence[_T]) -> dict[str, list[_T]]:
    groups: dict[str, list[_T]] = {}
    for key, value in zip(keys, values, strict=True):
        groups.setdefault(key, []).append(value)
    return dict(sorted(groups.items()))


def _check_length(name: str, values: Sequence[object], count: int) -> None:
    if len(values) != count:
        raise ArgumentError(
            f"{name} must hold one value for each unit; got {len(values)} for {count} units. "
            "Give as many values as unit_ids.",
            code="frame-lengths",
            name=name,
            got=len(values),
            units=count,
        )


def check_texts(name: str, values: Iterable[object], *, empty: bool) -> None:
    """Refuse values that cannot go into a ticket as they are."""
    for value in values:
        if not isinstance(value, str) or not fits_ticket(value, empty=empty):
            raise ArgumentError(
                f"{name} must be text in Unicode normal form C without '|' and control characters"
                f"{'' if empty else ', not empty'}; got {value!r}. "
                "Write numbers out as text and normalise the list before drawing.",
                code="frame-text",
                name=name,
                got=value,
            )


def fits_ticket(text: str, *, empty: bool) -> bool:
    """Tell whether a text can go into a ticket as it is."""
    normal = text.isascii() or unicodedata.is_normalized("NFC", text)
    plain = text.isprintable() or not any(unicodedata.category(sign) == "Cc" for sign in text)
    return normal and plain and "|" not in text and (empty or text != "")


def _check_unique(unit_ids: Sequence[str]) -> None:
    if len(set(unit_ids)) < len(unit_ids):
        twice = sorted(unit for unit, count in Counter(unit_ids).items() if count > 1)
        raise ArgumentError(
            f"each unit must stand once in the frame; got {name_some(twice)} more than once. "
            "Settle doubles before drawing.",
            code="unit-twice",
            units=tuple(twice[:5]),
        )


def _check_sizes(sizes: Sequence[object]) -> None:
    for size in sizes:
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise ArgumentError(
                f"size_measures must be whole numbers of at least 0; got {size!r}. "
                "Scale and round the measure yourself, so that it is the same everywhere.",
                code="size-measure",
                got=size,
            )


def _check_nesting(psus: Sequence[str], psu_strata: Sequence[str]) -> None:
    if not psus:
        raise ArgumentError(
            "psu_strata must come with psus; got none. Give psus when the frame is made.",
            code="frame-without-psus",
        )
    pairs = set(zip(psus, psu_strata, strict=True))
    split = sorted(psu for psu, count in Counter(p for p, _ in pairs).items() if count > 1)
    if split:
        raise ArgumentError(
            f"each PSU must lie in one first-stage stratum; got {name_some(split)} in several. "
            "Make PSU identifiers unique over strata.",
            code="psu-in-two-strata",
            psus=tuple(split[:5]),
        )
