"""What each engine calls the functions that a draw needs."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import ibis
import ibis.expr.types as ir

from .._checks import name_some
from ..errors import ArgumentError

_Function = Callable[..., ir.Value]


def _declared(name: str, takes: tuple[str, ...], gives: str) -> _Function:
    """Declare a function that the engine has and Ibis does not name."""

    def of_one(value: object) -> None:
        """Nothing here: the engine has the body."""

    def of_two(value: object, other: object) -> None:
        """Nothing here: the engine has the body."""

    body = of_one if len(takes) == 1 else of_two
    declared: _Function = ibis.udf.scalar.builtin(body, name=name, signature=(takes, gives))
    return declared


_duckdb_hash = _declared("hash", ("string",), "uint64")
_duckdb_nfc = _declared("nfc_normalize", ("string",), "string")
_spark_sha2 = _declared("sha2", ("string", "int32"), "string")
_spark_hash = _declared("xxhash64", ("string",), "int64")
_postgres_bytes = _declared("convert_to", ("string", "string"), "binary")
_postgres_sha256 = _declared("sha256", ("binary",), "binary")
_postgres_text = _declared("encode", ("binary", "string"), "string")
_postgres_hash = _declared("hashtextextended", ("string", "int64"), "int64")
_postgres_nfc = _declared("normalize", ("string",), "string")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One engine's functions.

    Parameters
    ----------
    name : str
        As Ibis names it.
    sha256 : function
        SHA-256 of a text's UTF-8 as 64 lower-case hex digits.
    quick : function
        The engine's own quick hash, a whole number of 64 bits.
    least : int
        Smallest value of ``quick``.
    unfit : function
        Whether a text holds ``|`` or a control character or may not be in normal form C; texts in
        doubt are looked at again here.
    """

    name: str
    sha256: _Function
    quick: _Function
    least: int
    unfit: _Function


def _duckdb_unfit(text: ir.StringValue) -> ir.BooleanValue:
    return text.re_search(r"[\x00-\x1f|\x7f-\x{9f}]") | (_duckdb_nfc(text) != text)


def _postgres_unfit(text: ir.StringValue) -> ir.BooleanValue:
    return text.re_search(r"[\u0001-\u001f|\u007f-\u009f]") | (_postgres_nfc(text) != text)


def _spark_unfit(text: ir.StringValue) -> ir.BooleanValue:
    return text.re_search(r"[\x00-\x1f|\x7f-\x9f\p{M}" + _perhaps_not_normal() + "]")


@cache
def _perhaps_not_normal() -> str:
    """Ranges of the characters that a text in normal form C does not hold, or not everywhere."""
    found = [
        code
        for code in range(0x80, sys.maxunicode + 1)
        if not 0xD800 <= code <= 0xDFFF and not _always_normal(chr(code))
    ]
    runs = [
        [code for _, code in run]
        for _, run in groupby(enumerate(found), key=lambda pair: pair[1] - pair[0])
    ]
    return "".join(rf"\x{{{run[0]:x}}}-\x{{{run[-1]:x}}}" for run in runs)


def _always_normal(character: str) -> bool:
    # Vowels and finals of Hangul join the letter before them; other such marks are \p{M}.
    joins = "\u1161" <= character <= "\u1175" or "\u11a8" <= character <= "\u11c2"
    return not joins and unicodedata.is_normalized("NFC", character)


ENGINES = {
    engine.name: engine
    for engine in (
        Engine(
            name="duckdb",
            sha256=lambda text: text.hexdigest("sha256"),
            quick=_duckdb_hash,
            least=0,
            unfit=_duckdb_unfit,
        ),
        Engine(
            name="pyspark",
            sha256=lambda text: _spark_sha2(text, 256),
            quick=_spark_hash,
            least=-(2**63),
            unfit=_spark_unfit,
        ),
        Engine(
            name="postgres",
            sha256=lambda text: _postgres_text(
                _postgres_sha256(_postgres_bytes(text, "UTF8")), "hex"
            ),
            quick=lambda text: _postgres_hash(text, 0),
            least=-(2**63),
            unfit=_postgres_unfit,
        ),
    )
}


def engine_of(table: ir.Table) -> Engine:
    """Engine behind an Ibis table.

    Raises
    ------
    ArgumentError
        ``table`` is no Ibis table, belongs to no connection, or to an engine not known here.
    """
    if not isinstance(table, ir.Table):
        raise ArgumentError(
            f"table must be an Ibis table; got {type(table).__name__}. Connect first, for example "
            "by ibis.duckdb.connect().read_parquet(...), or use the functions for data in memory.",
            code="table-not-ibis",
            got=type(table).__name__,
        )
    try:
        name = table.get_backend().name
    except ibis.common.exceptions.IbisError as error:
        raise ArgumentError(
            f"table must belong to one connection; {error}. Read it through a connection.",
            code="table-unbound",
        ) from error
    if name not in ENGINES:
        raise ArgumentError(
            f"table must lie in one of {name_some(ENGINES)}; got {name!r}. Other engines spell "
            "SHA-256 in their own way: write the table to Parquet and read it by DuckDB.",
            code="engine-unknown",
            got=name,
        )
    return ENGINES[name]
