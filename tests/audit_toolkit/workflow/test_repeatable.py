"""Given clock, salts, shares and dice, a second run gives the same bytes."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from rounds import build

from audit_toolkit import verify_draw, workflow


def test_published_files_results_and_reports_are_the_same_bytes(round_at, tmp_path):
    one = round_at("reported")
    two = build(tmp_path / "again" / "reported", "reported")
    for part in ("published", "reports"):
        first, second = one.files(part), two.files(part)
        assert first.keys() == second.keys()
        assert [name for name in first if first[name] != second[name]] == []
    assert {name.rsplit(".", 1)[-1] for name in one.files("reports")} == {"html", "xlsx", "json"}
    assert workflow.export_journal(one.by("eva"), one.store) == workflow.export_journal(
        two.by("eva"), two.store
    )


def test_the_stand_alone_check_tells_the_truth_when_the_store_was_edited(round_at, tmp_path):
    small = round_at("disclosed")
    published = small.store.folder / "published" / "ceremony-1"
    small.store.close()
    database = small.store.folder / "round.sqlite"
    with sqlite3.connect(database) as connection:
        tables = [
            name
            for (name,) in connection.execute("select name from sqlite_master where type='table'")
            if not name.startswith("sqlite_")
        ]
        for (trigger,) in connection.execute(
            "select name from sqlite_master where type='trigger'"
        ).fetchall():
            connection.execute(f'drop trigger "{trigger}"')
        for table in tables:
            connection.execute(f'delete from "{table}"')
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.copy(verify_draw.__file__, outside / "verify_draw.py")
    shutil.copytree(published, outside / "published")
    assert run_alone(outside).returncode == 0
    draw = outside / "published" / "draw.csv"
    text = draw.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    swapped = [*lines[:3], lines[4], lines[3], *lines[5:]]
    draw.write_text("".join(swapped), encoding="utf-8")
    outcome = run_alone(outside)
    assert outcome.returncode == 1
    assert "draw.csv" in outcome.stdout


def run_alone(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "verify_draw.py", "published"],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
