"""Results: frozen values that show, tabulate and store themselves."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import pandas as pd

from ._checks import name_some
from ._show import Shown, Table, format_number
from .errors import ArgumentError

SCHEMA = 1
_HEAD = ("kind", "schema")

DeffReference = Literal["with-replacement", "without-replacement"]
Side = Literal["two-sided", "upper", "lower"]
NchsVerdict = Literal["present", "present-with-note", "review", "suppress"]

_KINDS: dict[str, type[Result]] = {}


class Result(Shown):
    """Mixin of all results: one dictionary, one frame, one kind name."""

    __slots__ = ()
    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Register the class under its kebab-case name."""
        cls.kind = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()
        _KINDS[cls.kind] = cls

    def to_dict(self) -> dict[str, Any]:
        """Fields as JSON-safe values, with ``kind`` and ``schema``."""
        doc: dict[str, Any] = {"kind": self.kind, "schema": SCHEMA}
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            doc[field.name] = _plain(getattr(self, field.name))
        return doc

    @classmethod
    def from_dict(cls, doc: Mapping[str, Any]) -> Self:
        """Rebuild the result that ``doc`` was made from.

        Raises
        ------
        ArgumentError
            The kind is another or unknown, or the schema is newer than this software.
        """
        built = read_result(doc)
        if not isinstance(built, cls):
            raise ArgumentError(
                f"kind must be {getattr(cls, 'kind', 'a result')!r}; got {doc['kind']!r}. "
                "Read it with its own class.",
                code="kind-unknown",
                got=doc["kind"],
            )
        return built

    def to_frame(self) -> pd.DataFrame:
        """One row with the plain fields at full precision."""
        return pd.DataFrame([self._row()])

    def _row(self) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, Interval) and field.name == "interval":
                row |= {
                    "lower": value.lower,
                    "upper": value.upper,
                    "confidence": value.confidence,
                    "interval_method": value.method,
                }
            elif isinstance(value, tuple):
                row[field.name] = ", ".join(str(item) for item in value)
            else:
                row[field.name] = value
        return row


def _plain(value: object) -> Any:
    if isinstance(value, Result):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and math.isinf(value):
        return {"float": str(value)}
    return value


def _rebuilt(value: object) -> Any:
    if isinstance(value, Mapping):
        return float(value["float"]) if "float" in value else read_result(value)
    if isinstance(value, list):
        return tuple(_rebuilt(item) for item in value)
    return value


def read_result(doc: Mapping[str, Any]) -> Result:
    """Rebuild a result of any kind from the dictionary it gave.

    Parameters
    ----------
    doc : mapping
        What ``to_dict()`` returned, perhaps by way of JSON.

    Returns
    -------
    Result
        An equal result.

    Raises
    ------
    ArgumentError
        The kind is unknown or the schema is newer than this software.

    Examples
    --------
    >>> interval = Interval(lower=0.0, upper=0.01, confidence=0.95, method="wilson")
    >>> read_result(interval.to_dict()) == interval
    True
    """
    if not isinstance(doc, Mapping):
        raise ArgumentError(
            f"doc must be the dictionary of a result; got {type(doc).__name__}. "
            "Give what to_dict made.",
            code="kind-unknown",
            got=type(doc).__name__,
        )
    kind, schema = doc.get("kind"), doc.get("schema")
    if kind not in _KINDS:
        raise ArgumentError(
            f"kind must be one of the known results; got {kind!r}. Update the software.",
            code="kind-unknown",
            got=kind,
        )
    if not isinstance(schema, int) or schema > SCHEMA:
        raise ArgumentError(
            f"schema must be at most {SCHEMA}; got {schema!r}. Update the software.",
            code="schema-newer",
            got=schema,
        )
    fields = {name: _rebuilt(value) for name, value in doc.items() if name not in _HEAD}
    _check_fields(_KINDS[kind], fields)
    return _KINDS[kind](**fields)


def _check_fields(cls: type[Any], given: Mapping[str, Any]) -> None:
    """Refuse names that the kind does not have, and the lack of those without a default."""
    known = {field.name: field for field in dataclasses.fields(cls) if field.init}
    lacking = [
        name
        for name, field in known.items()
        if name not in given
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    strange = [name for name in given if name not in known]
    if lacking or strange:
        raise ArgumentError(
            f"a dictionary of kind {cls.kind!r} must have its fields; got lacking "
            f"{name_some(lacking) or 'none'}, unknown {name_some(strange) or 'none'}. "
            "Give what to_dict made.",
            code="fields-differ",
            kind=cls.kind,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval(Result):
    """Limits of a confidence interval.

    Parameters
    ----------
    lower, upper : float
        Limits; a one-sided interval has the natural bound on its other side.
    confidence : float
        Of the whole interval, in (0, 1); of the one limit when it is one-sided.
    method : str
        Name of the method.
    side : {"two-sided", "upper", "lower"}
        Which limits the confidence speaks of.
    """

    lower: float
    upper: float
    confidence: float
    method: str
    side: Side = "two-sided"

    def _table(self) -> Table:
        return Table(
            title=f"{self.confidence:.0%} interval, {self.side}, {self.method}",
            columns=("lower", "upper"),
            rows=((format_number(self.lower, 6), format_number(self.upper, 6)),),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate(Result):
    """One estimated quantity for one domain.

    Parameters
    ----------
    quantity : str
        What is estimated.
    domain : tuple of str
        Values of the ``by`` columns; empty for the whole.
    estimate, std_error : float
        The estimate and its standard error under the design.
    interval : Interval
        Its limits. Without degrees of freedom they are infinite and ``why`` says so.
    df : int or float
        PSUs with a case of the domain less strata with one, or what was asked for.
    n : int
        Sampled units in the domain.
    deff : float or None
        Variance over that of a simple random sample of ``n``; None when not asked for or, with
        ``why`` filled, when it does not exist.
    deff_reference : {"with-replacement", "without-replacement"} or None
        The simple random sampling that ``deff`` compares with.
    variance_method : str
        How the variance was got.
    why : str
        Why something does not exist; empty when all does.
    """

    quantity: str
    domain: tuple[str, ...]
    estimate: float
    std_error: float
    interval: Interval
    df: float
    n: int
    deff: float | None = None
    deff_reference: DeffReference | None = None
    variance_method: str
    why: str = ""

    @property
    def lower(self) -> float:
        """Lower limit of ``interval``."""
        return self.interval.lower

    @property
    def upper(self) -> float:
        """Upper limit of ``interval``."""
        return self.interval.upper

    def _table(self) -> Table:
        return _table_of((self,), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class NchsPresentation(Result):
    """What the NCHS standards say of publishing a proportion.

    Parameters
    ----------
    proportion : float
        The proportion.
    n : int
        Sampled units.
    n_used : float
        Effective size that the interval stands on.
    df : int or float
        Degrees of freedom of the variance.
    interval : Interval
        Korn and Graubard's, by the own variance.
    verdict : {"present", "present-with-note", "review", "suppress"}
        The note is that the complement is unreliable.
    reason : str
        Which rule gave the verdict.
    """

    proportion: float
    n: int
    n_used: float
    df: float
    interval: Interval
    verdict: NchsVerdict
    reason: str

    @property
    def width(self) -> float:
        """Width of the interval."""
        return self.interval.upper - self.interval.lower

    @property
    def relative_width(self) -> float | None:
        """Width over the proportion; None without events."""
        return self.width / self.proportion if self.proportion > 0 else None

    def _table(self) -> Table:
        return Table(
            title=f"NCHS standards: {self.verdict}",
            columns=("proportion", "lower", "upper", "effective n", "df"),
            rows=(
                (
                    format_number(self.proportion),
                    format_number(self.interval.lower),
                    format_number(self.interval.upper),
                    format_number(self.n_used, 1),
                    format_number(self.df, 1),
                ),
            ),
            notes=(self.reason,),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionEstimate(Estimate):
    """An estimated proportion or rate for one domain.

    Parameters
    ----------
    events : int
        Sampled units with the event, unweighted.
    n_effective : float or None
        p(1-p)/v with the domain's own variance; None, with ``why`` filled, when that variance is
        zero.
    n_used : float
        Sample size that the interval stands on.
    model_deff : float or None
        Model design effect; None when the interval stands on the own variance or on the PSUs.
    icc : float or None
        Intra-cluster correlation inside ``model_deff``, or known to the beta-binomial; None when
        there is none.
    own_deff : float or None
        v/(p(1-p)/n), what the domain says itself; None when its variance is zero.
    policy : str
        What the width stands on: "own-variance", "given-deff", "given-icc", "pooled",
        "floor-plan", "plan", "own-deff" or "prior".
    reason : str
        Why that policy acted; empty when it was asked for.
    nchs : NchsPresentation or None
        Interval and verdict of the NCHS standards, at the same confidence.
    sensitivity : Interval or None
        The interval if the correlation were .15, or ``icc`` when that is more; None when the
        interval stands on no correlation.
    """

    events: int
    n_effective: float | None
    n_used: float
    model_deff: float | None = None
    icc: float | None = None
    own_deff: float | None = None
    policy: str = ""
    reason: str = ""
    nchs: NchsPresentation | None = None
    sensitivity: Interval | None = None

    def decision_grade(
        self, threshold: float, *, planned_events: int | None = None, planned_n: float | None = None
    ) -> bool:
        """Whether the interval settles ``threshold``, on as much evidence as was planned.

        Parameters
        ----------
        threshold : float
            The whole interval must lie on one side of it.
        planned_events : int, optional
            Events that are enough evidence.
        planned_n : float, optional
            Effective size that is enough evidence. Without either plan the side alone counts.

        Returns
        -------
        bool
            True when settled and either plan is met.
        """
        settled = self.upper < threshold or self.lower > threshold
        plans = [
            reached >= planned
            for reached, planned in ((self.events, planned_events), (self.n_used, planned_n))
            if planned is not None
        ]
        return settled and (any(plans) or not plans)

    def _row(self) -> dict[str, Any]:
        # Parents with slots: the zero-argument super has no cell in a rebuilt class.
        row = Estimate._row(self)
        nchs, other = row.pop("nchs"), row.pop("sensitivity", None)
        row["nchs_lower"] = None if nchs is None else nchs.interval.lower
        row["nchs_upper"] = None if nchs is None else nchs.interval.upper
        row["nchs_verdict"] = None if nchs is None else nchs.verdict
        row["sensitivity_lower"] = None if other is None else other.lower
        row["sensitivity_upper"] = None if other is None else other.upper
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates(Result):
    """Estimates of one quantity, one for each domain.

    Parameters
    ----------
    by : tuple of str
        Columns that make the domains.
    rows : tuple of Estimate
        One for each domain, in the order of the domains; with several variables, all domains of
        the first come first.
    names : tuple of str
        A name for each row, for ``contrast``: the variable, the values of the domain, or both.
    covariance : tuple of tuple of float, or None
        Covariance of all rows; None when it was not asked for.
    """

    by: tuple[str, ...]
    rows: tuple[Estimate, ...]
    names: tuple[str, ...] = ()
    covariance: tuple[tuple[float, ...], ...] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Estimate]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> Estimate:
        return self.rows[place]

    def domain(self, *values: object) -> Estimate:
        """Row of the domain with these values of the ``by`` columns.

        Raises
        ------
        ArgumentError
            No such domain.
        """
        wanted = tuple(str(value) for value in values)
        for row in self.rows:
            if row.domain == wanted:
                return row
        raise ArgumentError(
            f"domain must be one of the estimated ones; got {wanted!r}. "
            f"There are {len(self.rows)}, made by {self.by!r}.",
            code="domain-unknown",
            got=wanted,
        )

    def to_frame(self) -> pd.DataFrame:
        """One row for each domain: the ``by`` columns, then the fields, at full precision."""
        lines = []
        for row in self.rows:
            fields = row._row()
            del fields["domain"]
            lines.append(dict(zip(self.by, row.domain, strict=True)) | fields)
        return pd.DataFrame(lines)

    def _table(self) -> Table:
        return _table_of(self.rows, self.by)


def _table_of(rows: tuple[Estimate, ...], by: tuple[str, ...]) -> Table:
    named = by or tuple("domain" for _ in rows[0].domain)
    first = rows[0]
    lines = tuple(
        (
            *row.domain,
            format_number(row.estimate),
            format_number(row.std_error),
            format_number(row.lower),
            format_number(row.upper),
            format_number(row.df, 1),
            str(row.n),
            format_number(row.deff, 2),
        )
        for row in rows
    )
    confidence = first.interval.confidence
    return Table(
        title=f"{first.quantity}, {confidence:.0%} interval {first.interval.method}",
        columns=(*named, "estimate", "std. error", "lower", "upper", "df", "n", "deff"),
        rows=lines,
        notes=tuple(f"{' '.join(row.domain)}: {row.why}".lstrip(": ") for row in rows if row.why),
    )
