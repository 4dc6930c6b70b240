"""The stand-alone verifier: it redoes a draw from files alone and names the first fault."""

import ast
import json
import re
import shutil
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealed_round import DICE, Sealed

import sampling.commitment
import sampling.tickets
from audit_toolkit import verify_draw
from audit_toolkit.drawing import ceremony, draws
from audit_toolkit.verify_draw import FILES, verify_folder

SOURCE = Path(verify_draw.__file__)
SEALED = Sealed()
PUBLISHED = SEALED.files()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def changed(name: str, old: bytes, new: bytes) -> dict[str, bytes]:
    assert old in PUBLISHED[name], (name, old)
    return PUBLISHED | {name: PUBLISHED[name].replace(old, new, 1)}


def cell(name: str, line: int, column: str) -> bytes:
    lines = PUBLISHED[name].decode().split("\n")
    return lines[line - 1].split(",")[lines[0].split(",").index(column)].encode()


def test_published_files_verify_in_an_empty_folder_with_the_standard_library_alone(tmp_path):
    write(tmp_path, PUBLISHED)
    shutil.copy(SOURCE, tmp_path / "verify_draw.py")
    done = subprocess.run(
        [sys.executable, "-I", "verify_draw.py", "."],
        cwd=tmp_path,
        env={"LC_ALL": "C"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    said = done.stdout.decode("utf-8")
    assert (done.returncode, done.stderr) == (0, b"")
    assert said.startswith("VERIFIED.")
    assert "核验通过" in said


def test_the_verifier_imports_the_standard_library_only():
    tree = ast.parse(SOURCE.read_text("utf-8"))
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


@given(
    st.text(string.printable, min_size=1),
    st.text("汉字abc:", max_size=20),
    st.text("0123456789abcdef", min_size=1),
)
def test_its_tickets_are_those_of_the_draw(seed, stratum, unit):
    mine = verify_draw.ticket(sampling.tickets.seed_digest(seed), stratum, unit)
    assert mine == sampling.tickets.ticket(seed, stratum, unit)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40))
def test_its_roots_are_those_of_the_frame(leaves):
    texts = [leaf.hex() for leaf in leaves]
    assert verify_draw.merkle_root(texts) == sampling.commitment.merkle_root(texts)


def test_its_words_for_the_method_are_those_of_the_design():
    assert verify_draw.TICKET_RULES == ceremony.TICKET_RULES
    assert verify_draw.SELECTION_RULES == ceremony.SELECTION_RULES
    assert verify_draw.LEAST_DICE == ceremony.LEAST_DICE
    assert ",".join(draws.DRAW_COLUMNS) == verify_draw.DRAW_HEADER
    assert ",".join(draws.COUNT_COLUMNS) == verify_draw.COUNTS_HEADER
    assert verify_draw.SEED_PREFIX == sampling.commitment.SEED_PREFIX
    assert verify_draw.SHARE_PREFIX == sampling.commitment.SHARE_PREFIX
    assert verify_draw.SEED_COMMITMENT_PREFIX == sampling.commitment.SEED_COMMITMENT_PREFIX


def test_it_says_the_same_in_both_languages():
    for english, chinese in verify_draw.WORDS.values():
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", chinese))
    assert all(english and chinese for english, chinese in verify_draw.PLACES.values())


def test_a_sound_draw_is_counted(tmp_path):
    verdict = verify_folder(write(tmp_path, PUBLISHED))
    assert verdict.outcome == "verified"
    assert verdict.exit_code == 0
    assert verdict.villages == len(SEALED.draw.villages)
    assert verdict.households == sum(not h.reserve for h in SEALED.draw.households)
    assert verdict.reserves == sum(h.reserve for h in SEALED.draw.households)
    assert verdict.words("zh").startswith("核验通过")


FRAME_LINE = 40
STRATUM = cell("public_frame.csv", FRAME_LINE, "stratum")
LEAF = cell("public_frame.csv", FRAME_LINE, "leaf")
PSU = cell("public_frame.csv", FRAME_LINE, "psu")


def _frame_line(old: bytes, new: bytes) -> dict[str, bytes]:
    lines = PUBLISHED["public_frame.csv"].split(b"\n")
    assert old in lines[FRAME_LINE - 1]
    lines[FRAME_LINE - 1] = lines[FRAME_LINE - 1].replace(old, new, 1)
    return PUBLISHED | {"public_frame.csv": b"\n".join(lines)}


def _flip(text: bytes, place: int) -> bytes:
    other = b"0" if text[place : place + 1] != b"0" else b"1"
    return text[:place] + other + text[place + 1 :]


@pytest.mark.parametrize(
    ("files", "file", "place"),
    [
        (_frame_line(LEAF, _flip(LEAF, 3)), "public_frame.csv", "line 40, field unit_id"),
        (_frame_line(LEAF, LEAF[:9] + b"g" + LEAF[10:]), "public_frame.csv", "line 40, field leaf"),
        (_frame_line(LEAF, _flip(LEAF, 60)), "public_frame.csv", f"stratum {STRATUM.decode()}"),
        (_frame_line(PSU, _flip(PSU, 5)), "public_frame.csv", "line 40, field psu"),
        (_frame_line(b"990101", b"990102"), "public_frame.csv", "line 40, field county"),
        (_frame_line(b"990101", b"990109"), "public_frame.csv", "line 40, field county"),
        (_frame_line(STRATUM, _flip(STRATUM, 4)), "public_frame.csv", "line 40, field stratum"),
        (_frame_line(PSU, PSU + b",x"), "public_frame.csv", "line 40"),
        (_frame_line(STRATUM, STRATUM + b"\r"), "public_frame.csv", "line 40"),
        (changed("public_frame.csv", b"unit_id", b"unitid"), "public_frame.csv", "line 1"),
        (changed("shares.json", b"1a1a", b"1a1b"), "shares.json", "holder 评估机构"),
        (changed("shares.json", b"b2b2", b"c2b2"), "shares.json", "holder province"),
        (changed("shares.json", b"province", b"provincE"), "shares.json", "holder provincE"),
        (changed("shares.json", b'"lost":""', b'"lost":"x"'), "shares.json", "holder 评估机构"),
        (changed("dice.json", DICE.encode(), b"1" + DICE.encode()[1:]), "dice.json", "digits"),
        (changed("dice.json", b"Witness B", b"Witness C"), "dice.json", "witnesses, recorded_at"),
        (
            changed("draw.csv", b"," + cell("draw.csv", 5, "ticket"), b"," + b"0" * 64),
            "draw.csv",
            "line 5, field ticket",
        ),
        (
            changed("draw.csv", cell("draw.csv", 5, "team_ticket"), b"0" * 64),
            "draw.csv",
            "line 5, field team_ticket",
        ),
        (
            changed("draw.csv", cell("draw.csv", 50, "revisit_ticket"), b"0" * 64),
            "draw.csv",
            "line 50, field revisit_ticket",
        ),
        (
            changed("draw.csv", cell("draw.csv", 50, "unit_id"), b"0" * 32),
            "draw.csv",
            "line 50, field unit_id",
        ),
        (
            changed("commitments.json", b"province", b"provincE"),
            "commitments.json",
            "holder provincE",
        ),
        (
            changed("commitments.json", b'"units":5', b'"units":6'),
            "commitments.json",
            "field units",
        ),
        (
            changed("commitments.json", b"2019-11-25", b"2019-11-26"),
            "commitments.json",
            "field committed_at",
        ),
        (changed("design.json", b'"take":4', b'"take":5'), "design.json", "the whole file"),
        (changed("counts.csv", b"990101", b"990102"), "counts.csv", "line 2, field county"),
        (changed("draw.json", b'"root":"', b'"root": "'), "draw.json", "character"),
        (
            changed("draw.json", SEALED.draw.digest.encode(), b"0" * 64),
            "draw.json",
            "record_sha256",
        ),
    ],
)
def test_a_change_is_named_by_file_and_place(tmp_path, files, file, place):
    verdict = verify_folder(write(tmp_path, files))
    assert verdict.outcome == "does-not-verify"
    assert verdict.exit_code == 1
    assert verdict.file == file
    assert place in verdict.place
    assert f"First fault: {file}, {verdict.place}" in verdict.message_en
    assert file in verdict.message_zh


@given(st.data())
def test_any_single_changed_character_fails_and_only_its_file_is_blamed(tmp_path_factory, data):
    name = data.draw(st.sampled_from(FILES))
    whole = PUBLISHED[name]
    place = data.draw(st.integers(0, len(whole) - 1))
    sign = data.draw(st.integers(0, 255).filter(lambda b: b != whole[place]))
    after = data.draw(st.sampled_from([b"", bytes([sign]), whole[place : place + 1] * 2]))
    folder = tmp_path_factory.mktemp("published")
    write(folder, PUBLISHED | {name: whole[:place] + after + whole[place + 1 :]})
    verdict = verify_folder(folder)
    assert verdict.outcome == "does-not-verify"
    assert verdict.file == name
    assert verdict.place and verdict.place_zh


@given(st.data())
def test_damaged_files_are_faults_and_never_a_crash(tmp_path_factory, data):
    folder = write(tmp_path_factory.mktemp("published"), PUBLISHED)
    for name in data.draw(st.lists(st.sampled_from(FILES), min_size=1, max_size=3, unique=True)):
        junk = data.draw(
            st.one_of(
                st.binary(max_size=60),
                st.sampled_from(
                    [
                        b"[" * 100_000,
                        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
                        b"{}",
                        b"[]",
                        b"null",
                        b'{"kind":1,"kind":2}',
                        b'{"a":NaN}',
                        b'{"a":1e5}',
                        b'{"a":"\\ud800"}',
                        b"1" * 6000,
                        PUBLISHED["shares.json"],
                        PUBLISHED["draw.csv"],
                        PUBLISHED[name] * 2,
                        PUBLISHED[name][: len(PUBLISHED[name]) // 2],
                    ]
                ),
            )
        )
        (folder / name).write_bytes(junk)
    verdict = verify_folder(folder)
    assert verdict.outcome in ("does-not-verify", "verified")
    if verdict.outcome == "verified":
        assert all((folder / name).read_bytes() == PUBLISHED[name] for name in FILES)


def _forged(change) -> dict[str, bytes]:
    """Files of someone who also makes draw.json agree with what was changed."""
    files = change(dict(PUBLISHED))
    record = json.loads(files["draw.json"])
    record.pop("record_sha256")
    record["draw_csv_sha256"] = verify_draw.sha256_hex(files["draw.csv"])
    record["commitments_sha256"] = verify_draw.sha256_hex(files["commitments.json"])
    record["record_sha256"] = verify_draw.sha256_hex(verify_draw.canonical_json(record))
    files["draw.json"] = verify_draw.canonical_json(record)
    return files


def _without_line(name: str, line: int):
    def change(files):
        lines = files[name].split(b"\n")
        del lines[line - 1]
        return files | {name: b"\n".join(lines)}

    return change


def _swapped_lines(files):
    lines = files["draw.csv"].split(b"\n")
    lines[20], lines[21] = lines[21], lines[20]
    return files | {"draw.csv": b"\n".join(lines)}


def _another_commitment(files):
    other = sampling.commitment.commit_share("province", "00" * 32).encode()
    mine = sampling.commitment.commit_share("province", "b2" * 32).encode()
    return files | {"commitments.json": files["commitments.json"].replace(mine, other)}


@pytest.mark.parametrize(
    ("change", "file", "place"),
    [
        (_swapped_lines, "draw.csv", "line 21"),
        (_without_line("draw.csv", 30), "draw.csv", "line 30"),
        (
            lambda f: f | {"draw.csv": f["draw.csv"][: -len(f["draw.csv"].split(b"\n")[-2]) - 1]},
            "draw.csv",
            "line",
        ),
        (lambda f: f | {"draw.csv": f["draw.csv"] + b"x,,,,,,,,,,\n"}, "draw.csv", "line"),
        (_without_line("public_frame.csv", 9), "public_frame.csv", "stratum"),
        (_another_commitment, "shares.json", "holder province"),
    ],
)
def test_whoever_also_rewrites_draw_json_is_still_found(tmp_path, change, file, place):
    verdict = verify_folder(write(tmp_path, _forged(change)))
    assert (verdict.outcome, verdict.file) == ("does-not-verify", file)
    assert place in verdict.place


def test_a_lost_share_makes_the_draw_not_verifiable_and_is_named(tmp_path):
    sealed = Sealed(lost=[("province", "介质损坏\n见记录")])
    verdict = verify_folder(write(tmp_path, sealed.files()))
    assert verdict.outcome == "share-missing"
    assert verdict.exit_code == 3
    assert verdict.missing_shares == ("province",)
    assert "share of province missing" in verdict.message_en
    assert "缺少 province 的份额" in verdict.message_zh


def test_with_a_lost_share_a_changed_sample_is_still_a_fault(tmp_path):
    files = Sealed(lost=[("province", "lost")]).files()
    line = files["draw.csv"].split(b"\n")[1]
    files["draw.csv"] = files["draw.csv"].replace(line, line.replace(b",no,", b",yes,"), 1)
    wrong = files["draw.csv"].replace(line[-40:], b"0" * 40, 1)
    verdict = verify_folder(write(tmp_path, files | {"draw.csv": wrong}))
    assert (verdict.exit_code, verdict.file) == (1, "draw.csv")
    (tmp_path / "shares.json").write_bytes(
        files["shares.json"].replace(sealed_digest(files), b"0" * 64)
    )
    verdict = verify_folder(tmp_path)
    assert (verdict.exit_code, verdict.file, verdict.place) == (
        1,
        "shares.json",
        "field seed_sha256",
    )


def sealed_digest(files: dict[str, bytes]) -> bytes:
    return json.loads(files["shares.json"])["seed_sha256"].encode()


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_wrong_use_and_named(tmp_path, name):
    write(tmp_path, PUBLISHED)
    (tmp_path / name).unlink()
    verdict = verify_folder(tmp_path)
    assert (verdict.outcome, verdict.exit_code, verdict.file) == ("wrong-use", 2, name)
    assert name in verdict.message_en and name in verdict.message_zh


def test_a_folder_in_place_of_a_file_is_unreadable(tmp_path):
    write(tmp_path, PUBLISHED)
    (tmp_path / "dice.json").unlink()
    (tmp_path / "dice.json").mkdir()
    verdict = verify_folder(tmp_path)
    assert (verdict.exit_code, verdict.file, verdict.code) == (1, "dice.json", "unreadable")


def test_the_command_gives_json_and_exit_codes(tmp_path, capfdbinary):
    assert verify_draw.main([str(tmp_path / "nowhere")]) == 2
    assert "there is no folder" in capfdbinary.readouterr().out.decode()
    write(tmp_path, PUBLISHED)
    assert verify_draw.main([str(tmp_path), "--json"]) == 0
    said = json.loads(capfdbinary.readouterr().out)
    assert (said["outcome"], said["exit_code"]) == ("verified", 0)
    (tmp_path / "draw.csv").write_bytes(b"\xff\n")
    assert verify_draw.main([str(tmp_path)]) == 1
    assert "draw.csv, line 1" in capfdbinary.readouterr().out.decode()
    with pytest.raises(SystemExit) as wrong:
        verify_draw.main([])
    assert wrong.value.code == 2
