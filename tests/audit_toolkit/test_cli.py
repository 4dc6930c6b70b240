"""The whole round by commands only: what they print, refuse, and leave with."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from command_round import HOLDERS, CommandRound, Commands, Said, fictitious, of_samples

from audit_toolkit.cli import demo_commands
from audit_toolkit.cli.door import app, run
from audit_toolkit.demo.story import CountySummary, StorySummary
from audit_toolkit.machine import machine_context, make_share
from sampling.errors import ArgumentError

ROOT = Path(__file__).resolve().parents[2]
FLAWS = ROOT / "tests" / "data" / "flaws"


# -- the tree of commands ----------------------------------------------------------------------


def commands() -> Iterator[tuple[tuple[str, ...], typer.core.TyperCommand]]:
    """Every group and command with the words that call it."""

    def walk(node, words):
        yield words, node
        for name, part in getattr(node, "commands", {}).items():
            yield from walk(part, (*words, name))

    yield from walk(typer.main.get_command(app), ())


LEAVES = {words for words, node in commands() if not hasattr(node, "commands")}
ELSEWHERE = {("demo",), ("lab",), ("serve",)}


def spelled(value: object) -> str:
    return ("-".join(value) or "all") if isinstance(value, tuple) else ""


def command_of(said: Said) -> tuple[str, ...]:
    return said.words[:1] if said.words[:1] in LEAVES else said.words[:2]


# -- two rounds, acted once --------------------------------------------------------------------


@pytest.fixture(scope="module")
def in_words(tmp_path_factory: pytest.TempPathFactory) -> CommandRound:
    """Three counties, acted in English without --json."""
    folder = tmp_path_factory.mktemp("in_words")
    return fictitious(folder, Commands(store=folder / "round", language="en")).act()


@pytest.fixture(scope="module")
def in_json(tmp_path_factory: pytest.TempPathFactory) -> CommandRound:
    """The county of docs/sample, acted in Chinese with --json; a copy is kept undisclosed."""
    folder = tmp_path_factory.mktemp("in_json")
    do = Commands(store=folder / "round", language="zh", as_json=True)
    acted = of_samples(folder, do).until_judged()
    shutil.copytree(folder, folder.with_name(f"{folder.name}_undisclosed"))
    acted.conclude()
    return acted


def copy_of(acted: CommandRound, source: Path, target: Path) -> CommandRound:
    shutil.copytree(source, target)
    return dataclasses.replace(acted, folder=target, do=Commands(store=target / "round"))


@pytest.fixture
def finished(in_json: CommandRound, tmp_path: Path) -> CommandRound:
    """A finished round of one's own, in English."""
    return copy_of(in_json, in_json.folder, tmp_path / "finished")


@pytest.fixture
def undisclosed(in_json: CommandRound, tmp_path: Path) -> CommandRound:
    """A round of one's own that was ruled on and not disclosed, in English."""
    source = in_json.folder.with_name(f"{in_json.folder.name}_undisclosed")
    return copy_of(in_json, source, tmp_path / "undisclosed")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> CommandRound:
    """The sample round with its people and nothing else."""
    folder = tmp_path_factory.mktemp("begun")
    sample = of_samples(folder, Commands(store=folder / "round"))
    sample.open()
    return sample


@pytest.fixture
def opened(begun: CommandRound, tmp_path: Path) -> CommandRound:
    """A round of one's own with its people and nothing else, in English."""
    return copy_of(begun, begun.folder, tmp_path / "opened")


def said_by(acted: CommandRound, *words: str) -> list[Said]:
    return [said for said in acted.do.typed if said.words[: len(words)] == words]


def test_both_rounds_together_use_every_command(in_words, in_json):
    used = {command_of(said) for acted in (in_words, in_json) for said in acted.do.typed}
    assert used == LEAVES - ELSEWHERE


def test_every_command_with_json_prints_one_document_and_nothing_else(in_words, in_json):
    typed = in_words.do.typed + in_json.do.typed
    done = [said for said in typed if "--json" in said.words]
    assert {command_of(said) for said in done} == LEAVES - ELSEWHERE
    for said in done:
        assert said.out.count("\n") == 1, said.words
        json.loads(said.out)


def test_what_is_done_says_so_and_writes_nothing_to_the_error_stream(in_words, in_json):
    for said in (*in_words.do.typed, *in_json.do.typed):
        assert said.out, said.words
        assert not said.err or said.code == 1, said.words


def test_published_files_and_reports_lie_where_the_commands_say(in_words, in_json):
    disclosed = said_by(in_json, "disclose")[0].value
    assert (Path(disclosed["folder"]) / "draw.csv").is_file()
    for said in said_by(in_words, "report"):
        listed = [Path(line) for line in said.out.splitlines()]
        assert len(listed) == 5 and all(path.is_file() for path in listed)
    written = said_by(in_json, "report")[0].value
    assert all((Path(written["folder"]) / name).is_file() for name in written["files"])


# -- lists -------------------------------------------------------------------------------------


def test_lists_are_checked_imported_and_frozen(in_words):
    assert {said.out for said in said_by(in_words, "register", "check")} == {"0 problems.\n"}
    imported = said_by(in_words, "register", "import")[0].out
    assert imported == "140 registered households of county 900121 imported.\n"
    frozen = said_by(in_words, "register", "freeze")[0].out.splitlines()
    assert frozen[0] == "Frozen: 870 households; 0 removed by decision."
    assert [len(line.split()[-1]) for line in frozen[1:3]] == [64, 64]
    assert frozen[3].split("\t") == ["county", "stratum", "households", "persons"]
    assert len(frozen) == 4 + 9
    assert said_by(in_words, "register", "show")[0].out.splitlines() == frozen


def test_matching_problems_get_a_sheet_and_block_the_freeze_until_decided(in_json):
    listed = next(said for said in in_json.do.typed if "--sheet" in said.words).value
    assert {problem["kind"] for problem in listed} == {"different-heads", "possibly-registered"}
    sheet = (in_json.folder / "990101_sheet.csv").read_text(encoding="utf-8-sig").splitlines()
    rows = list(csv.DictReader(sheet))
    assert [row["问题编号"] for row in rows] == [problem["problem_id"] for problem in listed]
    refused, done = said_by(in_json, "register", "freeze")
    assert (refused.code, refused.value["error"]) == (1, "matching-undecided")
    assert done.code == 0


def test_matching_problems_are_shown_with_what_may_be_decided(opened):
    maps = ["--map", opened.map_file, "--county", "990101"]
    opened.do("register", "import", opened.list_file("990101", "register"), *maps)
    opened.do("roster", "import", opened.list_file("990101", "roster"), *maps)
    table = opened.do("roster", "match", "--county", "990101").table
    assert table[0][0] == "problem"
    assert {row[-1] for row in table[1:3]} == {"same|different"}
    assert table[-1] == ["2 matching problems; each needs a decision before the freeze."]
    opened.do.language = "zh"
    assert opened.do("roster", "match", "--county", "990101").table[0][0] == "问题编号"


SPOILT = (
    ("household_id", "H2"),
    ("wage_income", "１２０００"),
    ("members", "-2"),
    ("status", "7"),
    ("village_code", "110101100201"),
    ("net_income_pc", "=A1"),
)


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """A register without the column of water, and with another fault in each of six rows."""
    lines = (FLAWS / "full-width-digits.csv").read_text(encoding="utf-8").splitlines()
    header, good = lines[0].split(","), lines[2].split(",")
    rows = []
    for number, (column, value) in enumerate(SPOILT, start=1):
        cells = dict(zip(header, good, strict=True))
        rows.append(cells | {"household_id": f"H{number}"} | {column: value})
    path = tmp_path / "spoilt.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header[:-1], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_refused_register_lists_every_problem_by_row_and_column(opened, spoilt):
    words = ("register", "import", spoilt, "--county", "990101")
    problems = opened.do(*words, as_json=True, code=1).value["problems"]
    assert {(p["code"], p["row"], p["column"]) for p in problems} >= {
        ("missing-column", 1, None),
        ("full-width-digits", 3, "wage_income"),
        ("negative-number", 4, "members"),
        ("unknown-code", 5, "status"),
        ("village-outside-county", 6, "village_code"),
        ("formula-cell", 7, "net_income_pc"),
        ("duplicate-id", 3, "household_id"),
    }
    for language, row, column in (("en", "Row {}", 'column "{}"'), ("zh", "第 {} 行", "“{}”")):
        opened.do.language = language
        said = opened.do(*words, code=1)
        lines = said.out.splitlines()
        assert len(lines) == len(problems)
        assert str(len(problems)) in said.err
        for problem in problems:
            if problem["column"] is not None:
                where = row.format(problem["row"]), column.format(problem["column"])
                assert any(all(part in line for part in where) for line in lines), where


def test_of_a_refused_register_nothing_is_imported(opened, spoilt):
    before = opened.do("journal", "verify").out
    opened.do("register", "import", spoilt, "--county", "990101", code=1)
    opened.do("register", "check", spoilt, "--county", "990101", code=1)
    assert opened.do("journal", "verify").out == before


def test_a_check_writes_its_problems_as_a_table_that_no_spreadsheet_executes(opened, spoilt):
    out = opened.folder / "problems.csv"
    words = ("register", "check", spoilt, "--county", "990101", "--out", out)
    listed = opened.do(*words, as_json=True, code=1).value["problems"]
    rows = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert [row["code"] for row in rows] == [problem["code"] for problem in listed]
    assert [row["message"] for row in rows] == [problem["message"] for problem in listed]
    assert "'=A1" in {row["got"] for row in rows}
    last = opened.do(*words, code=1).out.splitlines()[-1]
    assert last == f"{len(listed)} problems."


def test_a_wrong_sheet_of_decisions_is_refused_by_row(opened):
    maps = ["--map", opened.map_file, "--county", "990101"]
    opened.do("register", "import", opened.list_file("990101", "register"), *maps)
    opened.do("roster", "import", opened.list_file("990101", "roster"), *maps)
    sheet = opened.folder / "wrong.csv"
    sheet.write_text("problem_id,decision,reason\nmffffffffffff,same,r\n", encoding="utf-8")
    words = ("roster", "match", "--county", "990101", "--decide", sheet)
    found = opened.do(*words, as_json=True, code=1).value["problems"]
    assert [(p["code"], p["row"]) for p in found] == [("unknown-problem-id", 2)]


# -- the draw ----------------------------------------------------------------------------------


def secrets_of(acted: CommandRound) -> list[str]:
    files = [path for number in (1, 2) for path in acted.shares(number)]
    return [json.loads(path.read_text(encoding="utf-8"))["share"] for path in files]


def test_no_share_is_ever_printed(in_words, in_json):
    for acted in (in_words, in_json):
        for share in secrets_of(acted):
            assert len(share) == 64
            assert not any(share in said.out + said.err for said in acted.do.typed)


def test_share_files_are_for_their_owner_alone(in_words):
    for number in (1, 2):
        for path in in_words.shares(number):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_share_file_is_never_overwritten(finished):
    path = finished.shares(2)[0]
    before = path.read_bytes()
    said = finished.do("commit", "--make-share", path, "--holder", HOLDERS[0], code=1)
    assert "exists already" in said.err
    assert path.read_bytes() == before


def test_a_share_needs_nobody_who_acts_and_no_store(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AUDIT_TOOLKIT_PERSON", raising=False)
    assert run(["commit", "--make-share", "mine.share", "--holder", "省份额持有人"]) == 0
    assert capsys.readouterr().out.startswith("省份额持有人=")


def test_a_void_ceremony_does_not_show_the_digest_of_its_seed(in_json, in_words):
    for acted in (in_json, in_words):
        last = said_by(acted, "draw")[0]
        assert "seed" not in last.out
    shown = said_by(in_json, "ceremony", "void") + said_by(in_json, "ceremony", "show")
    assert {said.value["seed_sha256"] for said in shown} == {""}


def test_the_record_of_the_ceremony_is_shown_in_the_language_asked_for(finished):
    english = finished.do("ceremony", "show").out
    finished.do.language = "zh"
    chinese = finished.do("ceremony", "show").out
    assert "Record of the sealed draw" in english
    assert "见证人" in chinese and "Record of" not in chinese


@pytest.mark.parametrize("content", ["", "[]", '{"holder": "institution"}', "\xff"])
def test_a_file_that_is_no_share_is_refused(undisclosed, content):
    path = undisclosed.folder / "wrong.share"
    path.write_bytes(content.encode("latin-1"))
    said = undisclosed.do("disclose", "--share", path, as_json=True, code=1)
    assert said.value["error"] == "share-file-wrong"


def test_the_published_draw_verifies_and_a_changed_file_is_named(finished):
    assert finished.do("verify-draw").out.startswith("VERIFIED")
    published = finished.folder / "round" / "published" / "ceremony-2"
    assert finished.do("verify-draw", published, by="").out.startswith("VERIFIED")
    frame = published / "public_frame.csv"
    text = frame.read_text(encoding="utf-8")
    frame.write_text(text.replace("a", "b", 1) if "a" in text[60:] else text + "x", "utf-8")
    said = finished.do("verify-draw", code=1)
    assert "public_frame.csv" in said.out
    finished.do.language = "zh"
    assert "核验不通过" in finished.do("verify-draw", published, code=1).out
    assert finished.do("verify-draw", published, as_json=True, code=1).value["file"] == frame.name
    frame.unlink()
    assert finished.do("verify-draw", published, as_json=True, code=2).value["code"] == (
        "file-missing"
    )


def test_with_a_lost_share_the_draw_cannot_be_verified_and_says_whose(undisclosed):
    kept = undisclosed.shares(2)[0]
    words = ("disclose", "--share", kept, "--lost", "province=介质损坏=无法读取")
    lost = undisclosed.do(*words, as_json=True).value["lost"]
    assert lost == {"province": "介质损坏=无法读取"}
    said = undisclosed.do("verify-draw", code=3)
    assert "province" in said.out


# -- field work --------------------------------------------------------------------------------


def test_a_row_with_a_fault_is_refused_alone_and_named(in_words, in_json):
    faulty = next(s for s in said_by(in_words, "findings", "import") if s.code == 1)
    lines = faulty.out.splitlines()
    assert lines[0].startswith("Row 2: The visit ")
    assert lines[1] == '  "food" must be one of yes, no; got "有".'
    assert lines[2].endswith("visits recorded, 1 refused.")
    value = next(s for s in said_by(in_json, "findings", "import") if s.code == 1).value
    (refused,) = value["refused"]
    assert (refused["row"], refused["code"]) == (2, "visit-refused")
    assert refused["message"].startswith("入户记录")
    assert [(p["code"], p["column"], p["got"]) for p in refused["problems"]] == [
        ("visit-not-an-option", "food", "有")
    ]
    assert value["stored"] > 0


def test_a_workbook_of_findings_is_taken_like_a_csv(in_words):
    (workbook,) = (
        said for said in said_by(in_words, "findings", "import") if said.words[2].endswith(".xlsx")
    )
    assert workbook.out.endswith(" visits recorded, 0 refused.\n")


def test_after_the_close_only_a_correction_with_a_reason_is_taken(in_json):
    silent, reasoned = said_by(in_json, "findings", "import")[-2:]
    assert silent.value["refused"][0]["code"] == "correction-without-reason"
    assert reasoned.value == {"refused": [], "stored": 1}


def test_a_household_that_refused_is_replaced_by_the_next_reserve(in_words):
    told, given = said_by(in_words, "visits", "replace")
    assert told.out.startswith(f"{told.words[2]} is replaced by ")
    assert given.value["state"] == "released"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("assignment_id,outcome\na,completed\n", "findings-columns"),
        ("assignment_id,outcome,device_at\na,completed,=NOW()\n", "list-refused"),
    ],
)
def test_a_file_of_findings_that_cannot_be_understood_is_refused_whole(opened, text, code):
    path = opened.folder / "findings.csv"
    path.write_text(text, encoding="utf-8")
    words = ("findings", "import", path)
    assert opened.do(*words, by="ins-990101-1", as_json=True, code=1).value["error"] == code


def test_a_time_without_its_zone_is_refused_in_its_row(undisclosed):
    path = undisclosed.folder / "zoneless.csv"
    path.write_text(
        "assignment_id,outcome,device_at\na,completed,2019-12-05T14:30:00\n", encoding="utf-8"
    )
    words = ("findings", "import", path)
    said = undisclosed.do(*words, by="ins-990101-1", as_json=True, code=1)
    assert said.value["refused"][0]["code"] == "device-time"


# -- conclusions -------------------------------------------------------------------------------


def test_cases_are_listed_ruled_and_put_right(in_words, in_json):
    tables = [s.table for s in said_by(in_words, "cases", "list") if "--json" not in s.words]
    assert tables[0][0] == ["case", "kind", "failing", "first visit", "revisit", "state"]
    assert {row[-1] for table in tables for row in table[1:]} == {"confirmed"}
    ruled = said_by(in_json, "cases", "rule")
    assert [said.value["state"] for said in ruled] == ["half-ruled", "confirmed"] * (
        len(ruled) // 2
    )
    assert all(s.table[0][0] == "household" for s in said_by(in_words, "cases", "rectify"))


def test_every_county_gets_its_outcome_in_one_sentence(in_words):
    (estimated,) = said_by(in_words, "estimate")
    lines = estimated.out.splitlines()
    assert [line[:6] for line in lines] == list(in_words.codes)
    for line in lines:
        (shown,) = (
            s.out
            for s in said_by(in_words, "decide", "show", "--county", line[:6])
            if "--json" not in s.words
        )
        sentence, *criteria = shown.splitlines()
        assert line == f"{line[:6]}  {sentence}"
        assert len([c for c in criteria if c.startswith("- ")]) == 5


def test_decision_and_reply_are_recorded(in_words, in_json):
    assert said_by(in_words, "decide", "approve")[0].out.startswith("Decision of the province")
    decision = said_by(in_json, "decide", "approve")[0].value
    assert (decision["approved"], decision["decided_by"]) == (False, "prov")
    assert said_by(in_json, "decide", "reply")[0].value["text"] == "已整改"


def test_faults_of_step_logs_are_listed(finished):
    path = finished.folder / "steps.csv"
    rows = finished.list_file("990101", "steps").read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(r for r in rows if "public-notice" not in r) + "\n", "utf-8")
    assert finished.do("procedures", "check", "--county", "990101").table == [
        ["household", "step", "fault"]
    ]
    late = path.read_text(encoding="utf-8").replace("2019-12-01", "2019-10-01")
    path.write_text(late, encoding="utf-8")
    finished.do("procedures", "import", path, "--county", "990101")
    table = finished.do("procedures", "check", "--county", "990101").table
    assert ["-", "province-verification"] in [row[:2] for row in table]


# -- the journal -------------------------------------------------------------------------------


def test_the_journal_is_exported_whole(in_json):
    entries = said_by(in_json, "journal", "export")[0].value["entries"]
    lines = (in_json.folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == entries == said_by(in_json, "journal", "verify")[0].value["entries"]
    assert [json.loads(line)["number"] for line in lines] == list(range(1, entries + 1))


def test_a_journal_that_was_edited_is_told_by_its_first_broken_entry(finished):
    with sqlite3.connect(finished.folder / "round" / "round.sqlite") as connection:
        named = connection.execute("select name from sqlite_master where type = 'trigger'")
        for (name,) in named.fetchall():
            connection.execute(f'drop trigger "{name}"')
        connection.execute("update journal set person_id = 'nobody' where number = 7")
    connection.close()
    said = finished.do("journal", "verify", as_json=True, code=1)
    assert said.value["error"] == "journal-broken"
    assert "entry 7" in said.value["message"]


def test_a_file_that_cannot_be_written_is_named(finished):
    nowhere = finished.folder / "no such folder" / "file"
    for words in (
        ("journal", "export", nowhere),
        ("commit", "--make-share", nowhere, "--holder", "institution"),
        ("roster", "match", "--county", "990101", "--sheet", nowhere),
    ):
        said = finished.do(*words, as_json=True, code=1)
        assert said.value["error"] == "file-not-written"
        assert str(nowhere) in said.value["message"]


# -- exit codes, languages, settings -----------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "nosuch",
        "register",
        "register check",
        "register check list.csv",
        "plan --county 990101 --villages many",
        "users add x --name x --role king",
        "visits list --nosuch",
        "commit",
        "commit --make-share x.share",
        "commit --commitment institution",
        "commit --commitment a=00 --commitment a=11",
        "assign --recuse ins-1",
        "assign --recuse =990101100201",
        "disclose --lost province",
        "init --province 99 --year 2019 --round r --institution i --name n --county 990101",
    ],
)
def test_wrong_use_leaves_with_two_and_no_document(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDIT_TOOLKIT_PERSON", "eva")
    assert run([*words.split(), "--json"] if " " in words else words.split()) == 2
    if words != "register":
        assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []


def test_the_same_share_twice_is_wrong_use(undisclosed):
    path = undisclosed.shares(2)[0]
    undisclosed.do("disclose", "--share", path, "--share", path, code=2)


@pytest.mark.parametrize(
    ("words", "by", "error", "english", "chinese"),
    [
        (["users", "list"], "", "person-missing", "Say who acts", "--as"),
        (["users", "list"], "nobody", "person-unknown", "Nobody called", "nobody"),
        (["users", "list"], "eva", "permission-refused", "may not do", "无权"),
        (["plan", "--county", "110101"], "eva", "county-unknown", "not in this round", "本轮"),
        (["draw", "--share", "no.share"], "eva", "share-file-wrong", "not a share", "份额"),
        (["estimate"], "eva", "no-county-locked", "nothing can be estimated", "无法估计"),
        (
            ["cases", "rule", "x", "--verdict", "confirmed", "--reason", "r"],
            "rev-1",
            "case-unknown",
            "no suspected case",
            "疑似",
        ),
        (
            ["register", "check", "no.csv", "--county", "990101"],
            "eva",
            "file-missing",
            "There is no file",
            "no.csv",
        ),
    ],
)
def test_refusals_leave_with_one_and_are_worded_in_both_languages(
    opened, words, by, error, english, chinese
):
    said = opened.do(*words, by=by, code=1)
    assert english in said.err and said.out == ""
    value = opened.do(*words, by=by, as_json=True, code=1).value
    assert value == {"error": error, "message": said.err.strip(), "problems": []}
    opened.do.language = "zh"
    assert chinese in opened.do(*words, by=by, code=1).err


def test_a_store_that_is_not_there_is_refused(tmp_path):
    said = Commands(store=tmp_path / "none")("journal", "verify", as_json=True, code=1)
    assert said.value["error"] == "store-missing"


def test_a_refused_opening_can_be_tried_again(tmp_path):
    do = Commands(store=tmp_path / "round")
    words = ["init", "--year", 2019, "--round", "r", "--institution", "i", "--name", "n"]
    county = ["--county", "990101=青石县"]
    do(*words, *county, "--province", "11", by="admin", code=1)
    do(*words, *county, "--province", "99", by="admin")
    said = do(*words, *county, "--province", "99", by="admin", as_json=True, code=1)
    assert said.value["error"] == "round-exists"


def test_options_overrule_the_environment(finished):
    elsewhere = Commands(store=finished.folder / "none")
    store = ["--store", finished.folder / "round", "--as", "obs"]
    assert elsewhere("journal", "verify", *store, by="nobody").code == 0


def test_people_are_changed_and_set_aside(opened):
    gone = ("users", "add", "eva", "--name", "评估员", "--role", "evaluator", "--inactive")
    assert opened.do(*gone, by="admin").out == "eva is now evaluator.\n"
    opened.do("register", "freeze", code=1)
    opened.do.language = "zh"
    table = opened.do("users", "list", by="admin").table
    assert table[0] == ["人员", "名称", "角色", "县"]


def test_a_first_password_is_given_once_and_anew_by_the_administrator_alone(begun, opened):
    given = [said.out for said in said_by(begun, "users", "add")]
    assert all(len(text.splitlines()) == 2 for text in given)
    again = ("users", "add", "eva", "--name", "评估员", "--role", "evaluator")
    assert opened.do(*again, by="admin", as_json=True).value["first_password"] == ""
    reset = ("users", "reset", "eva")
    new = opened.do(*reset, by="admin", as_json=True).value["first_password"]
    assert new and not any(new in text for text in given)
    refused = opened.do(*reset, by="eva", as_json=True, code=1)
    assert refused.value["error"] == "permission-refused"
    unknown = opened.do("users", "reset", "nobody", by="admin", as_json=True, code=1)
    assert unknown.value["error"] == "person-unknown"


def test_a_round_may_have_a_rule_set_of_its_own(tmp_path):
    do = Commands(store=tmp_path / "round")
    shipped = ROOT / "audit_toolkit" / "rules" / "sets" / "cn-2019.toml"
    own = tmp_path / "own.toml"
    own.write_text(
        shipped.read_text(encoding="utf-8").replace('id = "cn-2019"', 'id = "own-2019"', 1),
        encoding="utf-8",
    )
    words = ["init", "--year", 2019, "--round", "r", "--institution", "i", "--name", "n"]
    place = ["--province", "99", "--county", "990101=青石县"]
    opened = do(*words, *place, "--rules", own, by="admin", as_json=True)
    assert opened.value["rule_set_id"] == "own-2019"
    other = Commands(store=tmp_path / "other")
    said = other(*words, *place, "--rules", "no-such", by="admin", as_json=True, code=1)
    assert said.value["error"] == "rule-set-unknown"


@pytest.mark.parametrize("words", [["journal", "verify"], ["journal", "verify", "--json"]])
def test_settings_that_are_refused_are_said_and_nothing_breaks(words, monkeypatch, capsys):
    monkeypatch.setenv("AUDIT_TOOLKIT_LANGUAGE", "fr")
    assert run(words) == 1
    printed = capsys.readouterr()
    assert "zh, en" in printed.err
    assert ("settings-wrong" in printed.out) is ("--json" in words)


def test_settings_come_from_a_file_too(finished, monkeypatch, capsys):
    file = finished.folder / "audit-toolkit.toml"
    store = (finished.folder / "round").as_posix()
    file.write_text(f'store = "{store}"\nperson = "obs"\nlanguage = "zh"\n', encoding="utf-8")
    monkeypatch.chdir(finished.folder)
    assert run(["journal", "verify"]) == 0
    assert capsys.readouterr().out.startswith("日志完整")


def test_what_should_not_happen_is_said_with_a_number_to_report(finished, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("a fault of the program")

    monkeypatch.setattr("audit_toolkit.workflow.people", broken)
    said = finished.do("users", "list", as_json=True, code=1)
    assert said.value["error"] == "report-this"
    assert "a fault of the program" in said.err
    assert finished.do("users", "list", code=1).out == ""


def test_refusals_of_the_statistics_are_said_without_a_trace(finished, monkeypatch):
    def refused(*_: object) -> None:
        raise ArgumentError("margin must be small; got 5.", code="fraction-outside")

    monkeypatch.setattr("audit_toolkit.workflow.estimate", refused)
    said = finished.do("estimate", as_json=True, code=1)
    assert said.value["error"] == "fraction-outside"
    assert said.err == "margin must be small; got 5.\n"


# -- help --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "node"), list(commands()), ids=spelled)
def test_help_of_every_command_names_its_options(words, node, capsys):
    assert run([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert " ".join(("audit-toolkit", *words)) in " ".join(shown.split())
    for name in getattr(node, "commands", {}):
        assert name in shown
    for parameter in node.params:
        named = parameter.opts[0] if parameter.opts[0].startswith("--") else parameter.name
        assert named in shown
        assert parameter.name in ("help",) or parameter.help


def test_every_command_that_ends_takes_json():
    assert {
        words
        for words, node in commands()
        if not hasattr(node, "commands") and "--json" not in {p.opts[0] for p in node.params}
    } == {("lab",), ("serve",)}


# -- what the machine gives --------------------------------------------------------------------


def test_the_machine_gives_new_shares_new_salts_and_a_time_with_its_zone():
    assert len({make_share() for _ in range(3)}) == 3
    assert all(len(share) == 64 and int(share, 16) for share in (make_share(), make_share()))
    context = machine_context("eva")
    assert context.person_id == "eva"
    assert context.clock().tzinfo is not None
    assert context.secret_bytes(16) != context.secret_bytes(16)
    assert context.rng("plan|990101").random() == context.rng("plan|990101").random()


# -- demo and lab ------------------------------------------------------------------------------


SUMMARY = StorySummary(
    folder="out",
    households=2,
    visits=1,
    cases=0,
    draw_verified=True,
    journal_entries=3,
    journal_head="00",
    counties=(
        CountySummary(
            county_code="900121",
            name="甲山县",
            outcome="undecided",
            reasons=(),
            official="recommend-exit",
            wrongful_exit_rate=None,
            true_wrongful_exit_rate=0.0,
            omission_rate=0.0,
            true_omission_rate=0.0,
            composite_incidence=0.1,
            true_composite_incidence=0.1,
        ),
    ),
    reports=(),
)


@pytest.fixture
def told(tmp_path, monkeypatch):
    """The demo's folder to be, and what the story was asked for."""
    asked: list[dict[str, object]] = []

    def story(out: Path, **choices: object) -> StorySummary:
        out.mkdir()
        (out / "demo.txt").write_text("made by the demo", encoding="utf-8")
        asked.append(choices)
        return SUMMARY

    monkeypatch.setattr(demo_commands, "run_story", story)
    return tmp_path / "out", asked


def test_the_demo_gives_its_summary_as_one_document(told, capsys):
    out, asked = told
    assert run(["demo", "--out", str(out), "--seed", "s", "--wrong-villages", "2", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["counties"][0]["name"] == "甲山县"
    assert asked == [{"seed": "s", "language": "en", "wrong_villages": 2, "quiet": True}]


def test_the_demo_removes_its_own_earlier_folder_only_when_told(told, capsys):
    out, asked = told
    assert run(["demo", "--out", str(out)]) == 0
    assert run(["demo", "--out", str(out), "--json"]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["error"] == "demo-exists"
    assert run(["demo", "--out", str(out), "--fresh"]) == 0
    (out / "demo.txt").unlink()
    assert run(["demo", "--out", str(out), "--fresh"]) == 1
    assert "not made by the demo" in capsys.readouterr().err
    assert len(asked) == 2 and out.is_dir()


def test_lab_opens_the_notebooks_and_passes_on_how_it_ended(monkeypatch, capsys):
    called: list[list[str]] = []
    monkeypatch.setattr(demo_commands.subprocess, "call", lambda c: called.append(c) or 7)
    assert run(["lab"]) == 7
    assert called[0][1:] == ["-m", "jupyterlab", "notebooks"]
    assert "JupyterLab" in capsys.readouterr().out
