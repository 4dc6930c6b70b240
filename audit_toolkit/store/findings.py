"""Findings: versions that follow one another, none ever changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, exists, select

from ..errors import IntegrityError
from ..model import Answer, Finding, Visit, VisitKind
from .codec import from_json_value, to_json_value
from .session import Session
from .tables import findings


class Findings(Session):
    """What inspectors handed in."""

    def append_finding(self, finding: Finding) -> None:
        """Add the next version of an assignment's finding.

        Raises
        ------
        IntegrityError
            The version is not the one that follows the last.
        """
        visit = finding.visit
        last = self.latest_finding(visit.assignment_id)
        expected = 1 if last is None else last.version + 1
        if finding.version != expected:
            raise IntegrityError(
                "finding-version",
                assignment=visit.assignment_id,
                got=finding.version,
                expected=expected,
            )
        row = {
            "version": finding.version,
            "county_code": finding.county_code,
            "household_id": finding.household_id,
            "kind": finding.kind,
            "inspector_id": finding.inspector_id,
            "server_at": finding.server_at,
            "assignment_id": visit.assignment_id,
            "outcome": visit.outcome,
            "device_at": visit.device_at,
            "reason": visit.reason,
            "answers": to_json_value(visit.answers),
            "notes": to_json_value(visit.notes),
        }
        self._add(findings, [row])

    def findings(self, county_code: str, kind: VisitKind) -> tuple[Finding, ...]:
        """Return the latest version of each finding of a county, by assignment."""
        later = findings.alias("later")
        query = (
            select(findings)
            .where(findings.c.county_code == county_code, findings.c.kind == kind)
            .where(
                ~exists().where(
                    later.c.assignment_id == findings.c.assignment_id,
                    later.c.version == findings.c.version + 1,
                )
            )
        )
        latest = [_finding(row) for row in self._rows(query)]
        # Sorted here: databases order text each in its own way.
        return tuple(sorted(latest, key=lambda finding: finding.visit.assignment_id))

    def finding_versions(self, assignment_id: str) -> tuple[Finding, ...]:
        """Return all versions of an assignment's finding, first to last."""
        query = _of(assignment_id).order_by(findings.c.version)
        return tuple(_finding(row) for row in self._rows(query))

    def latest_finding(self, assignment_id: str) -> Finding | None:
        """Return the latest version of an assignment's finding, or None."""
        row = self._row(_of(assignment_id).order_by(findings.c.version.desc()).limit(1))
        return None if row is None else _finding(row)


def _of(assignment_id: str) -> Select[Any]:
    return select(findings).where(findings.c.assignment_id == assignment_id)


def _finding(row: Row[Any]) -> Finding:
    return Finding(
        visit=Visit(
            assignment_id=row.assignment_id,
            outcome=row.outcome,
            answers=from_json_value(row.answers, tuple[Answer, ...]),
            device_at=row.device_at,
            reason=row.reason,
            notes=from_json_value(row.notes, tuple[Answer, ...]),
        ),
        county_code=row.county_code,
        household_id=row.household_id,
        kind=row.kind,
        inspector_id=row.inspector_id,
        version=row.version,
        server_at=row.server_at,
    )
