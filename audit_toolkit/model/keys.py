"""Who is evaluated, in which round, by whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class EvaluationKey:
    """Name of one evaluation: county (six-digit code), exit year, round, institution."""

    county_code: str
    exit_year: int
    round_name: str
    institution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """A county of the round: code and plain name."""

    county_code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The evaluations of several counties of a province in one exit year by one institution."""

    province_code: str
    exit_year: int
    round_name: str
    institution: str
    counties: tuple[County, ...]
    rule_set_id: str

    def key(self, county_code: str) -> EvaluationKey:
        """Return the key of one county's evaluation."""
        return EvaluationKey(
            county_code=county_code,
            exit_year=self.exit_year,
            round_name=self.round_name,
            institution=self.institution,
        )

    def county(self, county_code: str) -> County | None:
        """Return the county of that code, or None where it is not in the round."""
        return next((c for c in self.counties if c.county_code == county_code), None)
