"""Values of the model as JSON and back: the same document always, an equal value always."""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from cattrs import Converter

Value = TypeVar("Value")


def in_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC.

    Raises
    ------
    ValueError
        The moment carries no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a stored moment must carry its time zone; got {moment!r}.")
    return moment.astimezone(UTC)


def _float_as_json(value: float) -> float | str:
    if math.isnan(value):
        raise ValueError("a stored number must be one; got nan. Store None and say why.")
    # JSON has no infinity, and PostgreSQL refuses the word that Python would write.
    return str(value) if math.isinf(value) else value


def _converter() -> Converter:
    converter = Converter(
        forbid_extra_keys=True,
        detailed_validation=False,
        unstruct_collection_overrides={tuple: list},
    )
    converter.register_unstructure_hook(float, _float_as_json)
    converter.register_unstructure_hook(bytes, lambda data: base64.b64encode(data).decode("ascii"))
    converter.register_structure_hook(bytes, lambda text, _: base64.b64decode(text, validate=True))
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda text, _: Decimal(text))
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    converter.register_unstructure_hook(datetime, lambda moment: in_utc(moment).isoformat())
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    return converter


_CONVERTER = _converter()


def to_json_value(value: object) -> Any:
    """Return a value as what JSON knows: dictionaries, lists, text, numbers, true, false, null.

    Decimals become text, moments ISO text in UTC, dates ISO text, bytes base64 text, enums their
    value, infinite numbers the text "inf" or "-inf".

    Parameters
    ----------
    value : object
        A dataclass of the model, or tuples, lists, mappings and plain values of such.

    Returns
    -------
    Any
        What `json.dumps` takes and `from_json_value` reads.

    Raises
    ------
    ValueError
        A moment carries no time zone, or a number is not a number.
    """
    return _CONVERTER.unstructure(value)


def from_json_value(document: Any, kind: type[Value]) -> Value:
    """Return the value of type ``kind`` that `to_json_value` made ``document`` of."""
    return _CONVERTER.structure(document, kind)


def json_text(document: Any) -> str:
    """Return compact JSON text, Chinese as it is."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
