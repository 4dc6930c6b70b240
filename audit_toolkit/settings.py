"""Settings of a person or a server: one TOML file and the environment, read here alone."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from .errors import OperatorError
from .text import LANGUAGES

FILE_NAME = "audit-toolkit.toml"
_PREFIX = "AUDIT_TOOLKIT_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What need not be said with every command. Empty text means not set.

    Parameters
    ----------
    store : str
        A folder, or the address of a database; the working folder if not set.
    folder : str
        Where published files and reports go if the store is the address of a database.
    language : str
        "zh" or "en".
    person : str
        Who acts: the identifier of a person of the round.
    """

    store: str = "."
    folder: str = ""
    language: str = "en"
    person: str = ""


_NAMES = tuple(field.name for field in fields(Settings))


def load_settings(
    path: Path | None = None, *, environment: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings of a TOML file, overruled by the environment.

    The file is ``path``, else what ``AUDIT_TOOLKIT_SETTINGS`` names, else ``audit-toolkit.toml``
    in the working folder if there is one. The variables are ``AUDIT_TOOLKIT_STORE``,
    ``AUDIT_TOOLKIT_FOLDER``, ``AUDIT_TOOLKIT_LANGUAGE`` and ``AUDIT_TOOLKIT_PERSON``.

    Parameters
    ----------
    path : Path, optional
        The file to read; it must exist.
    environment : mapping, optional
        In place of the environment of the process.

    Returns
    -------
    Settings
        With the defaults where nothing is said.

    Raises
    ------
    OperatorError
        "settings-unreadable", "settings-unknown" or "settings-wrong".
    """
    variables = os.environ if environment is None else environment
    named = path or (Path(text) if (text := variables.get(f"{_PREFIX}SETTINGS")) else None)
    file = named or Path(FILE_NAME)
    said = _from_file(file) if named or file.is_file() else {}
    for name in _NAMES:
        if text := variables.get(_PREFIX + name.upper()):
            said[name] = text
    settings = replace(Settings(), **said)
    if settings.language not in LANGUAGES:
        raise OperatorError(
            "settings-wrong",
            name="language",
            got=settings.language,
            allowed=", ".join(LANGUAGES),
        )
    return settings


def _from_file(file: Path) -> dict[str, str]:
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OperatorError("settings-unreadable", file=str(file), reason=str(error)) from error
    for name, value in said.items():
        if name not in _NAMES:
            raise OperatorError(
                "settings-unknown", name=name, file=str(file), allowed=", ".join(_NAMES)
            )
        if not isinstance(value, str):
            raise OperatorError("settings-wrong", name=name, got=value, allowed='"..."')
    return said
