"""A whole round acted by commands only, as a person at a terminal would."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rounds import (
    COUNTIES,
    GOOD_ANSWERS,
    HUNGRY,
    HUNGRY_HEADS,
    FixedWorld,
    household_rows,
    step_rows,
    write_rows,
)

from audit_toolkit.cli.door import run
from audit_toolkit.interchange import Sheet, xlsx_bytes

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "docs" / "sample"
HOLDERS = ("institution", "province")
DICE = "38471920561029384756"
Household = Mapping[str, Any]
WHEN = "2019-12-05T14:30:00+08:00"


@dataclass(frozen=True)
class Said:
    """A command as typed, its exit code, and what it wrote to both streams."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """What was printed as JSON: one document, and nothing beside it."""
        return json.loads(self.out)

    @property
    def table(self) -> list[list[str]]:
        """What was printed as a table, its header first."""
        return list(csv.reader(io.StringIO(self.out), delimiter="\t"))


@dataclass
class Commands:
    """A terminal: a store, a language, and everything that was typed and said."""

    store: Path
    language: str = "en"
    as_json: bool = False
    world: FixedWorld = field(default_factory=FixedWorld)
    typed: list[Said] = field(default_factory=list)

    def __call__(
        self, *words: object, by: str = "eva", as_json: bool | None = None, code: int = 0
    ) -> Said:
        wanted = self.as_json if as_json is None else as_json
        line = [str(word) for word in words] + (["--json"] if wanted else [])
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("AUDIT_TOOLKIT_STORE", str(self.store))
            patch.setenv("AUDIT_TOOLKIT_PERSON", by)
            patch.setenv("AUDIT_TOOLKIT_LANGUAGE", self.language)
            patch.setattr("audit_toolkit.cli.shared.machine_context", self.world.context)
            patch.setattr("audit_toolkit.cli.drawing.make_share", self._share)
            left = run(line)
        said = Said(tuple(line), left, out.getvalue(), err.getvalue())
        self.typed.append(said)
        assert left == code, f"{line} left with {left}:\n{said.out}\n{said.err}"
        return said

    def _share(self) -> str:
        return self.world.secret_bytes(32).hex()

    def ask(self, *words: object, by: str = "eva") -> Any:
        """Return what a reading command gives as JSON."""
        return self(*words, by=by, as_json=True).value


@dataclass
class CommandRound:
    """One round by commands: its counties with their lists, and the plan's options."""

    do: Commands
    folder: Path
    province: str
    counties: Mapping[str, str]
    plan: Sequence[object]
    map_file: Path | None = None
    hungry: frozenset[str] = frozenset()

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.counties)

    def list_file(self, code: str, name: str) -> Path:
        return self.folder / f"{code}_{name}.csv"

    def shares(self, ceremony: int) -> list[Path]:
        return [self.folder / f"{holder}-{ceremony}.share" for holder in HOLDERS]

    def people(self) -> list[tuple[str, str, str, tuple[str, ...]]]:
        found = [
            ("eva", "评估员", "evaluator", ()),
            ("prov", "省级", "province", ()),
            ("obs", "观察员", "observer", self.codes),
        ]
        found += [(f"rev-{n}", f"复核{n}", "reviewer", self.codes) for n in (1, 2, 3)]
        for code in self.codes:
            found.append((f"lead-{code}", "组长", "team-lead", (code,)))
            found.append((f"county-{code}", "县", "county", (code,)))
            found += [(f"ins-{code}-{n}", f"调查员{n}", "inspector", (code,)) for n in (1, 2, 3)]
        return found

    def inspectors(self, code: str) -> list[str]:
        return [f"ins-{code}-{n}" for n in (1, 2, 3)]

    def open(self) -> None:
        named = [word for c, n in self.counties.items() for word in ("--county", f"{c}={n}")]
        self.do(
            *("init", "--province", self.province, "--year", 2019, "--round", "试轮"),
            *("--institution", "试验所", "--name", "管理员", "--rules", "cn-2019"),
            *named,
            by="admin",
        )
        for person_id, name, role, codes in self.people():
            own = [word for code in codes for word in ("--county", code)]
            self.do("users", "add", person_id, "--name", name, "--role", role, *own, by="admin")
        self.do("users", "list", by="admin")
        self.do("users", "reset", "obs", by="admin")

    def take_in_lists(self) -> None:
        maps = ["--map", self.map_file] if self.map_file else []
        for code in self.codes:
            register, roster = self.list_file(code, "register"), self.list_file(code, "roster")
            self.do("register", "check", register, "--county", code, *maps)
            self.do("register", "import", register, "--county", code, *maps)
            self.do("roster", "import", roster, "--county", code, *maps)
            self._match(code)
        self.do("register", "freeze")
        self.do("register", "show")

    def _match(self, code: str) -> None:
        sheet, decided = self.folder / f"{code}_sheet.csv", self.list_file(code, "decisions")
        self.do("roster", "match", "--county", code, "--sheet", sheet)
        if decided.exists():
            self.do("register", "freeze", code=1)
            self.do("roster", "match", "--county", code, "--decide", decided)

    def draw(self) -> None:
        for code in self.codes:
            self.do("plan", "--county", code, *self.plan)
        self._commit(1)
        self.do("ceremony", "void", "--reason", "试掷骰子前发现见证人缺席")
        self._commit(2)
        self.do("dice", "--digits", DICE, "--again", DICE, "--witness", "见证人")
        self.do("ceremony", "show")
        self.do("ceremony", "publish")
        self.do("draw", *self._share_options())

    def _commit(self, ceremony: int) -> None:
        given = []
        for holder, path in zip(HOLDERS, self.shares(ceremony), strict=True):
            said = self.do("commit", "--make-share", path, "--holder", holder)
            made = f"{holder}={said.value['commitment']}" if self.do.as_json else said.out.strip()
            given += ["--commitment", made]
        self.do("commit", *given)

    def _share_options(self) -> list[object]:
        return [word for path in self.shares(2) for word in ("--share", path)]

    def visit(self) -> None:
        self.do("assign")
        for code in self.codes:
            lead = f"lead-{code}"
            for kind in ("first", "revisit"):
                self.do("release", "--county", code, "--kind", kind, by=lead)
                for inspector in self.inspectors(code):
                    self._arrive(inspector)
                    self._inspect(inspector, kind)
            self.do("findings", "lock", "--county", code, by=lead)
        self._correct(self.inspectors(self.codes[0])[0])

    def _arrive(self, inspector: str) -> None:
        for village in self.do.ask("visits", "villages", by=inspector):
            if village["arrived_at"] is None:
                self.do("visits", "arrive", "--village", village["psu"], by=inspector)
        self.do("visits", "villages", by=inspector)
        self.do("visits", "list", by=inspector)

    def _inspect(self, inspector: str, kind: str) -> None:
        """Import an inspector's findings; the first county's inspectors each in another way."""
        waiting = self.waiting(inspector)
        ways = {
            f"ins-{self.codes[0]}-1": self._import_with_fault,
            f"ins-{self.codes[0]}-2": self._import_workbook,
            f"ins-{self.codes[0]}-3": self._import_with_reserve,
            f"ins-{self.codes[-1]}-3": partial(self._import_with_reserve, as_json=True),
        }
        if waiting and kind == "first":
            ways.get(inspector, self._import_rows)(inspector, waiting)
        elif waiting:
            self._import_rows(inspector, waiting)

    def _import_rows(self, inspector: str, waiting: Sequence[Household]) -> None:
        self._import(self.findings_file(inspector, map(self.row, waiting)), inspector)

    def _import_workbook(self, inspector: str, waiting: Sequence[Household]) -> None:
        self._import(self.findings_workbook(inspector, waiting), inspector)

    def _import(self, file: Path, inspector: str, *, code: int = 0) -> None:
        self.do("findings", "import", file, by=inspector, code=code)

    def _import_with_fault(self, inspector: str, waiting: Sequence[Household]) -> None:
        faulty = [self.row(waiting[0], food="有"), *map(self.row, waiting[1:])]
        self._import(self.findings_file("faulty", faulty), inspector, code=1)
        mended = self.findings_file("mended", [self.row(waiting[0])])
        self._import(mended, inspector)

    def _import_with_reserve(
        self, inspector: str, waiting: Sequence[Household], *, as_json: bool = False
    ) -> None:
        rows = [self.empty_row(waiting[0], "refused"), *map(self.row, waiting[1:])]
        self._import(self.findings_file(inspector, rows), inspector)
        visit = waiting[0]["assignment_id"]
        words = ("visits", "replace", visit, "--reason", "refused")
        self.do(*words, by=inspector, as_json=as_json)
        reserve = self.findings_file("reserve", map(self.row, self.waiting(inspector)))
        self._import(reserve, inspector)

    def _correct(self, inspector: str) -> None:
        """After the close a correction is taken with a reason, and not without."""
        mine = self.do.ask("visits", "list", by=inspector)
        visited = next(household for household in mine if household["state"] == "visited")
        changed = self.row(visited, hard_spending="2100.00")
        self._import(self.findings_file("silent", [changed]), inspector, code=1)
        reasoned = self.findings_file("reasoned", [changed | {"reason": "录入更正"}])
        self._import(reasoned, inspector)

    def waiting(self, inspector: str) -> list[Household]:
        """Households named to an inspector and not visited yet."""
        mine = self.do.ask("visits", "list", by=inspector)
        return [household for household in mine if household["state"] == "released"]

    def row(self, household: Household, **changes: str) -> dict[str, str]:
        answers = HUNGRY if household["head_name"] in self.hungry else GOOD_ANSWERS
        return {
            "assignment_id": household["assignment_id"],
            "outcome": "completed",
            "device_at": WHEN,
            "reason": "",
            **answers,
            **changes,
        }

    def empty_row(self, household: Household, outcome: str) -> dict[str, str]:
        return self.row(household, outcome=outcome, **dict.fromkeys(GOOD_ANSWERS, ""))

    def findings_file(self, name: str, rows: Iterable[Mapping[str, str]]) -> Path:
        return write_rows(self.folder / f"{name}.csv", rows)

    def findings_workbook(self, name: str, households: Sequence[Household]) -> Path:
        rows = [self.row(h) for h in households]
        path = self.folder / f"{name}.xlsx"
        cells = tuple(tuple(row.values()) for row in rows)
        path.write_bytes(xlsx_bytes([Sheet(title="入户", headers=tuple(rows[0]), rows=cells)]))
        return path

    def judge(self) -> None:
        for code in self.codes:
            self.do("compare", "--county", code)
            cases = self.do.ask("cases", "list", "--county", code)
            for case in cases:
                for reviewer in ("rev-1", "rev-2"):
                    self.do(
                        *("cases", "rule", case["case"]["case_id"], "--verdict", "confirmed"),
                        *("--reason", "已核实"),
                        by=reviewer,
                    )
            self.do("cases", "list", "--county", code)
            self.do("cases", "rectify", "--county", code)
            steps = self.list_file(code, "steps")
            self.do("procedures", "import", steps, "--county", code)
            self.do("procedures", "check", "--county", code)

    def conclude(self) -> None:
        self.do("estimate")
        self.do("second-wave", "--county", self.codes[0], as_json=True, code=1)
        self.do("disclose", *self._share_options())
        for code in self.codes:
            self.do("decide", "show", "--county", code)
            self._answer(code)
            self.do("report", "--county", code)
        self.do("verify-draw")
        self.do("journal", "verify")
        self.do("journal", "export", self.folder / "journal.jsonl")

    def until_judged(self) -> CommandRound:
        """Take the round from its opening to the last ruling."""
        self.open()
        self.take_in_lists()
        self.draw()
        self.visit()
        self.judge()
        return self

    def act(self) -> CommandRound:
        """Take the round from its opening to its reports."""
        self.until_judged().conclude()
        return self

    def _answer(self, code: str) -> None:
        outcome = self.do.ask("decide", "show", "--county", code)["kind"]
        if outcome == "order-verification":
            self.do("decide", "reply", "--county", code, "--text", "已整改", by=f"county-{code}")
        self.do(
            *("decide", "approve", "--county", code, "--document", "省批1号"),
            *([] if outcome == "recommend-exit" else ["--refused"]),
            by="prov",
        )


def fictitious(folder: Path, do: Commands) -> CommandRound:
    """The small round of three counties, without matching problems."""
    for county in COUNTIES:
        code = county.county_code
        register, roster = household_rows(code)
        write_rows(folder / f"{code}_register.csv", register)
        write_rows(folder / f"{code}_roster.csv", roster)
        write_rows(folder / f"{code}_steps.csv", step_rows(code, register))
    return CommandRound(
        do=do,
        folder=folder,
        province="90",
        counties={c.county_code: c.name for c in COUNTIES},
        plan=[
            *("--villages", 3, "--exited", 3, "--unregistered", 3, "--still-poor", 1),
            *("--reserves", 2, "--revisit-share", "0.20"),
        ],
        hungry=HUNGRY_HEADS,
    )


def of_samples(folder: Path, do: Commands) -> CommandRound:
    """The twelve households of docs/sample: headers of their own, two matching problems."""
    code = "990101"
    for name in ("register", "roster", "decisions"):
        (folder / f"{code}_{name}.csv").write_bytes((SAMPLE / f"{name}.csv").read_bytes())
    filed = csv.DictReader(io.StringIO((SAMPLE / "register.csv").read_text(encoding="utf-8")))
    exited = [
        {"household_id": row["户编码"], "status": "exited"}
        for row in filed
        if row["脱贫状态"] == "脱贫"
    ]
    write_rows(folder / f"{code}_steps.csv", step_rows(code, exited))
    return CommandRound(
        do=do,
        folder=folder,
        province="99",
        counties={code: "青石县"},
        plan=["--villages", 2, "--reserves", 1, "--revisit-share", "0.5"],
        map_file=SAMPLE / "columns.toml",
        hungry=frozenset({"郑安宁"}),
    )
