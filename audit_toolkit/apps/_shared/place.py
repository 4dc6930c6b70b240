"""The first line of every screen: where am I, in whose evaluation, as whom."""

from __future__ import annotations

from ...model import Identity
from ...text import LANGUAGES, say


def place_line(identity: Identity, language: str) -> str:
    """Return the line that says where one is, in whose evaluation, and as whom."""
    counties = say("apps.between", language).join(c.name for c in identity.counties)
    return say(
        "apps.place-of-counties" if counties else "apps.place",
        language,
        round=identity.round_name,
        institution=identity.institution,
        year=identity.exit_year,
        counties=counties,
        name=identity.name or identity.person_id,
        role=say(f"apps.role-{identity.role.value}", language),
    )


def place_words(identity: Identity) -> dict[str, str]:
    """Return the same line in each language."""
    return {language: place_line(identity, language) for language in LANGUAGES}
