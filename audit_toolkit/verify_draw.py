"""Does the published draw follow from the published files alone? A stand-alone verifier.

    python -I verify_draw.py FOLDER [--json]

Only the standard library: copy this one file anywhere, put the published files into a folder, and
run it. It trusts nothing but those files, and names the first fault by file and place. Exit code:
0 verified; 1 does not verify; 2 wrong use or a file is missing; 3 not verifiable because a share
is missing. Its words are inside, in English and Chinese, because it has to stand alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import cmp_to_key
from pathlib import Path
from typing import Any, NoReturn

FILES = (
    "draw.json",
    "commitments.json",
    "design.json",
    "dice.json",
    "shares.json",
    "public_frame.csv",
    "counts.csv",
    "draw.csv",
)
SEED_PREFIX = "audit-toolkit-v1"
SHARE_PREFIX = "audit-toolkit-share"
SEED_COMMITMENT_PREFIX = "audit-toolkit-seed"
FRAME_HEADER = "leaf,unit_id,county,psu,stratum"
COUNTS_HEADER = "county,psu,stratum,units"
DRAW_HEADER = (
    "kind,county,psu,stratum,unit_id,order,reserve,certainty,ticket,team_ticket,revisit_ticket"
)
TICKET_RULES = {
    "text": "sha256hex(seed)|namespace|unit",
    "villages": "psu:<county>|<psu>",
    "households": "<psu>:<stratum>|<unit_id>",
    "inspectors": "team:<county>|<psu>",
    "revisits": "revisit:<county>|<unit_id>",
}
SELECTION_RULES = {
    "first_stage": "sequential-poisson; villages with n*x >= X are certain, the rest again",
    "size_measure": "sum over strata of size_weight times households of the village",
    "villages": "as many as said; all where the county has fewer",
    "second_stage": "smallest tickets within village and stratum; all where there are fewer",
    "reserves": "next tickets of the same village and stratum, in order, with a coded reason",
    "revisits": "smallest revisit tickets of the county's sample, ceiling(revisit_share * sample)",
    "second_wave": "none",
}
SECOND_WAVE_DECLARED = "by the rule declared for the county, continuing the same tickets"
LEAST_DICE = 20
EXIT_CODES = {"verified": 0, "does-not-verify": 1, "wrong-use": 2, "share-missing": 3}
HEX_64 = re.compile(r"[0-9a-f]{64}")
DECIMAL = r"(0|1|0\.[0-9]+)"

WORDS = {
    "verified": (
        "VERIFIED. {villages} villages, {households} households and {reserves} reserves follow "
        "from the frame, the design, the commitments, the dice and the shares, to the last one.",
        "核验通过。{villages} 个村、{households} 户样本和 {reserves} 户备用户，"
        "逐一由抽样框、设计、承诺、骰子和份额重新算出，完全一致。",
    ),
    "share-missing": (
        "NOT VERIFIABLE: share of {holders} missing. All else agrees: frame, design, dice, the "
        "other shares, and the sample with the published digest of the seed; but whether that "
        "seed came from the committed share cannot be shown.",
        "无法核验：缺少 {holders} 的份额。其余均一致：抽样框、设计、骰子、其他份额，"
        "以及样本与公布的种子摘要；但无法证明该种子出自所承诺的份额。",
    ),
    "does-not-verify": ("DOES NOT VERIFY. First fault", "核验不通过。首个问题"),
    "wrong-use": ("CANNOT START", "无法开始核验"),
    "no-folder": ("there is no folder {got}.", "没有文件夹 {got}。"),
    "file-missing": (
        "the file is missing. shares.json and draw.csv are published when field work is closed.",
        "缺少该文件。shares.json 和 draw.csv 在实地工作结束后公布。",
    ),
    "unreadable": ("the file cannot be read.", "文件无法读取。"),
    "not-utf8": ("the text is not UTF-8.", "文字不是 UTF-8 编码。"),
    "not-json": ("this is not JSON as published.", "不是所公布的 JSON 格式。"),
    "form": (
        "the JSON is not written as published (sorted keys, no spaces).",
        "JSON 的写法与公布时不同（键须排序，无空格）。",
    ),
    "field-missing": ("the field is missing.", "缺少该字段。"),
    "field-unknown": ("the field does not belong here.", "此处不应有该字段。"),
    "field-wrong": ("got {got}, which cannot stand here.", "得到 {got}，此处不允许。"),
    "differs": ("got {got}; it must be {wanted}.", "得到 {got}；应为 {wanted}。"),
    "digest": (
        "its SHA-256 is {got}; {by} says {wanted}.",
        "其 SHA-256 为 {got}；{by} 所载为 {wanted}。",
    ),
    "header": ("the first line must be {wanted}.", "首行必须是 {wanted}。"),
    "field-count": (
        "the line has {got} fields instead of {wanted}.",
        "该行有 {got} 个字段，应为 {wanted} 个。",
    ),
    "leaf-unit": (
        "unit_id is not the first 32 digits of leaf.",
        "unit_id 不是 leaf 的前 32 位。",
    ),
    "twice": ("{got} stands twice.", "{got} 出现两次。"),
    "unknown-code": (
        "{got} is in no published design or count.",
        "{got} 不在已公布的设计或计数中。",
    ),
    "village-split": (
        "village {got} lies in another county elsewhere in the file.",
        "{got} 村在文件其他行属于另一个县。",
    ),
    "line-end": ("lines must end in a line feed alone.", "每行须仅以换行符结尾。"),
    "line-missing": ("the line {wanted} is missing.", "缺少该行：{wanted}。"),
    "line-extra": ("the line {got} does not belong here.", "多出该行：{got}。"),
    "no-share": (
        "there is neither a share nor a reason why it is missing.",
        "既无份额，也无缺失原因。",
    ),
    "share-and-loss": (
        "there is a share and also a reason why it is missing.",
        "既有份额，又有缺失原因。",
    ),
    "not-opened": (
        "share and commitment do not belong together: sha256 of the share gives {got}, "
        "the commitment is {wanted}.",
        "份额与承诺值不符：由份额算得 {got}，承诺值为 {wanted}。",
    ),
    "seed": (
        "the seed made of root, design, dice and shares is not the one that was drawn with.",
        "由根值、设计、骰子和份额合成的种子不是抽样所用的种子。",
    ),
}
PLACES = {
    "line": ("line {}", "第 {} 行"),
    "field": ("field {}", "字段 {}"),
    "holder": ("holder {}", "持有方 {}"),
    "stratum": ("stratum {}", "层 {}"),
    "village": ("village {}", "村 {}"),
    "item": ("entry {}", "第 {} 项"),
    "character": ("character {}", "第 {} 个字符"),
    "file": ("the whole file", "整个文件"),
}


@dataclass(frozen=True)
class Verdict:
    """What the verification came to; ``file`` and ``place`` name the first fault, if any.

    ``outcome`` is "verified", "does-not-verify", "wrong-use" or "share-missing".
    """

    outcome: str
    code: str
    file: str = ""
    place: str = ""
    place_zh: str = ""
    message_en: str = ""
    message_zh: str = ""
    villages: int = 0
    households: int = 0
    reserves: int = 0
    root: str = ""
    design_sha256: str = ""
    holders: tuple[str, ...] = ()
    missing_shares: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """Exit code of the command for this outcome."""
        return EXIT_CODES[self.outcome]

    def words(self, language: str) -> str:
        """Return the verdict in a language ("zh" or "en")."""
        return self.message_zh if language == "zh" else self.message_en


Place = tuple[tuple[str, object], ...]


class _Fault(Exception):
    """The first fault: where it is, and what it is."""

    def __init__(self, file: str, place: Place, code: str, **fields: object) -> None:
        super().__init__(code)
        self.file, self.place, self.code, self.fields = file, place, code, fields


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def ticket(seed_digest: str, namespace: str, unit: str) -> str:
    """Ticket of a unit; ``seed_digest`` is the SHA-256 of the seed text."""
    return sha256_hex(f"{seed_digest}|{namespace}|{unit}".encode())


def merkle_root(leaves: list[str]) -> str:
    """Root of the RFC 6962 tree over the leaves."""
    if not leaves:
        return sha256_hex(b"")
    level = [bytes.fromhex(leaf) for leaf in leaves]
    while len(level) > 1:
        above = [
            hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest()
            for i in range(0, len(level) - 1, 2)
        ]
        level = above + ([level[-1]] if len(level) % 2 else [])
    return level[0].hex()


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys and no spaces, as all published JSON is written."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


# ---- reading: whatever is wrong with a file is a named fault, never a crash ----------------------


@dataclass(frozen=True)
class _Node:
    """A JSON value, its file, and where in the file it stands."""

    file: str
    value: Any
    place: Place = ()

    def fault(self, name: str, code: str, **fields: object) -> NoReturn:
        place = (*self.place, ("field", name)) if name else self.place
        raise _Fault(self.file, place, code, **fields)

    def get(self, name: str) -> Any:
        if not isinstance(self.value, dict) or name not in self.value:
            self.fault(name, "field-missing")
        return self.value[name]

    def fields(self) -> dict[str, Any]:
        return self.value if isinstance(self.value, dict) else {}

    def text(self, name: str, pattern: str = r"[^|\n]+") -> str:
        value = self.get(name)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            self.fault(name, "field-wrong", got=_short(value))
        return value

    def hex(self, name: str) -> str:
        return self.text(name, HEX_64.pattern)

    def whole(self, name: str, least: int = 0) -> int:
        value = self.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.fault(name, "field-wrong", got=_short(value))
        return value

    def node(self, name: str) -> _Node:
        return _Node(self.file, self.get(name), (*self.place, ("field", name)))

    def nodes(self, name: str) -> list[_Node]:
        value = self.get(name)
        if not isinstance(value, list) or not value:
            self.fault(name, "field-wrong", got=_short(value))
        place = (*self.place, ("field", name))
        return [_Node(self.file, v, (*place, ("item", i))) for i, v in enumerate(value, start=1)]

    def only(self, *names: str) -> None:
        for name in names:
            self.get(name)
        for name in self.value:
            if name not in names:
                self.fault(name, "field-unknown")

    def same(self, name: str, wanted: object) -> None:
        if self.get(name) != wanted:
            self.fault(name, "differs", got=_short(self.get(name)), wanted=_short(wanted))


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _text(file: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _Fault(file, (("line", line),), "not-utf8") from None


def _json(file: str, data: bytes) -> _Node:
    text = _text(file, data)

    def refuse(got: str) -> NoReturn:
        raise _Fault(file, (("file", ""),), "field-wrong", got=_short(got))

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for name, count in Counter(name for name, _ in pairs).items():
            if count > 1:
                raise _Fault(file, (("field", name),), "twice", got=_short(name))
        return dict(pairs)

    try:
        value = json.loads(text, object_pairs_hook=once, parse_float=refuse, parse_constant=refuse)
        written = canonical_json(value)
    except json.JSONDecodeError as error:
        raise _Fault(file, (("character", error.pos + 1),), "not-json") from None
    except (ValueError, RecursionError):
        raise _Fault(file, (("file", ""),), "not-json") from None
    if not isinstance(value, dict):
        raise _Fault(file, (("file", ""),), "not-json")
    if written != data:
        same = next((i for i, (a, b) in enumerate(zip(written, data, strict=False)) if a != b), -1)
        place = same if same >= 0 else min(len(written), len(data))
        raise _Fault(file, (("character", place + 1),), "form")
    return _Node(file, value)


def _lines(file: str, data: bytes, header: str) -> list[list[str]]:
    """Split the lines after the header into fields; line ends and header are checked."""
    text = _text(file, data)
    if "\r" in text or not text.endswith("\n"):
        bad = text.index("\r") if "\r" in text else len(text)
        raise _Fault(file, (("line", text.count("\n", 0, bad) + 1),), "line-end")
    lines = text[:-1].split("\n")
    if lines[0] != header:
        raise _Fault(file, (("line", 1),), "header", wanted=header)
    rows = [line.split(",") for line in lines[1:]]
    wanted = header.count(",") + 1
    for number, row in enumerate(rows, start=2):
        if len(row) != wanted:
            raise _Fault(file, (("line", number),), "field-count", got=len(row), wanted=wanted)
    return rows


# ---- the verification, in the order in which the files rest on each other ------------------------


@dataclass
class _Published:
    """The published files as read, and what was found out about them."""

    data: dict[str, bytes]
    draw: _Node
    commitments: _Node
    design: _Node
    dice: _Node
    shares: _Node
    rows: list[list[str]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def commitments_as_drawn(self) -> bool:
        """Whether commitments.json is the file that draw.json was made beside."""
        return sha256_hex(self.data["commitments.json"]) == self.draw.value["commitments_sha256"]


def verify_folder(path: str | Path) -> Verdict:
    """Verify the published files in a folder.

    Parameters
    ----------
    path : str or Path
        Folder with the published files of one ceremony.

    Returns
    -------
    Verdict
        Verified, or the first fault with file and place.
    """
    folder = Path(path)
    try:
        data = _read(folder)
        published = _Published(
            data, *(_json(name, data[name]) for name in FILES if name.endswith(".json"))
        )
        _check_draw_record(published)
        _check_dice(published)
        _check_design(published)
        _check_frame(published)
        _check_counts(published)
        _check_shares(published)
        digest = _check_seed(published)
        _check_commitments_whole(published)
        totals = _check_draw(published, digest)
    except _Fault as fault:
        return _faulty(fault)
    return _sound(published, totals)


def _read(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise _Fault("", (), "no-folder", got=str(folder))
    for name in FILES:
        if not (folder / name).exists():
            raise _Fault(name, (), "file-missing")
    data = {}
    for name in FILES:
        try:
            data[name] = (folder / name).read_bytes()
        except OSError:
            raise _Fault(name, (("file", ""),), "unreadable") from None
    return data


def _check_head(node: _Node, kind: str, ceremony: int) -> None:
    node.same("kind", f"audit-toolkit-{kind}")
    node.same("schema", 1)
    node.same("ceremony", ceremony)


def _self_digest(node: _Node) -> str:
    """Digest that a record must carry: of all its fields but that one."""
    rest = {name: value for name, value in node.value.items() if name != "record_sha256"}
    return sha256_hex(canonical_json(rest))


def _check_draw_record(p: _Published) -> None:
    """draw.json agrees with itself, so that it can say which other file was changed."""
    hexes = ("root", "design_sha256", "commitments_sha256", "dice_sha256", "seed_commitment")
    p.draw.only("kind", "schema", "ceremony", *hexes, "draw_csv_sha256", "record_sha256")
    p.draw.same("record_sha256", _self_digest(p.draw))
    for name in (*hexes, "draw_csv_sha256"):
        p.draw.hex(name)
    _check_head(p.draw, "draw", p.draw.whole("ceremony", 1))


def _check_dice(p: _Published) -> None:
    p.dice.only("kind", "schema", "ceremony", "digits", "witnesses", "recorded_at", "record_sha256")
    p.dice.text("digits", rf"[0-9]{{{LEAST_DICE},}}")
    recorded = p.dice.hex("record_sha256")
    wanted = p.draw.value["dice_sha256"]
    actual = _self_digest(p.dice)
    if actual == wanted != recorded:
        p.dice.fault("record_sha256", "differs", got=recorded, wanted=wanted)
    if actual != wanted:
        place = "digits" if _seed_differs(p) else "witnesses, recorded_at"
        p.dice.fault(place, "digest", got=actual, wanted=wanted, by="draw.json")
    _check_head(p.dice, "dice", p.draw.value["ceremony"])
    p.dice.nodes("witnesses")


def _seed_differs(p: _Published) -> bool:
    """Tell whether the dice as they stand give another seed; False where shares do not tell."""
    shares = p.shares.value.get("shares")
    if not isinstance(shares, list):
        return True
    parts = [s.get("share") if isinstance(s, dict) else None for s in shares]
    if not all(isinstance(part, str) and HEX_64.fullmatch(part) for part in parts):
        return True
    digest = sha256_hex(_seed(p, parts).encode("utf-8", "surrogatepass"))
    return _seed_commitment(digest) != p.draw.value["seed_commitment"]


def _seed(p: _Published, shares: list[str]) -> str:
    drawn = p.draw.value
    fixed = (SEED_PREFIX, drawn["root"], drawn["design_sha256"], p.dice.value["digits"])
    return "|".join((*fixed, *shares))


def _seed_commitment(digest: str) -> str:
    return sha256_hex(f"{SEED_COMMITMENT_PREFIX}|{digest}".encode())


def _check_agreed(p: _Published, name: str, found: str, file: str) -> None:
    """``found`` must stand in both records; where it stands in one, the other is at fault."""
    committed, drawn = p.commitments.hex(name), p.draw.value[name]
    if found == committed == drawn:
        return
    if found == drawn:
        p.commitments.fault(name, "differs", got=committed, wanted=found)
    if found == committed:
        p.draw.fault(name, "differs", got=drawn, wanted=found)
    code = {"got": found, "wanted": committed, "by": "commitments.json"}
    raise _Fault(file, (("file", ""),), "digest", **code)


def _check_design(p: _Published) -> None:
    p.commitments.only(
        "kind",
        "schema",
        "ceremony",
        "root",
        "units",
        "design_sha256",
        "counts_sha256",
        "holders",
        "committed_at",
    )
    _check_head(p.commitments, "commitments", p.draw.value["ceremony"])
    _check_agreed(p, "design_sha256", sha256_hex(p.data["design.json"]), "design.json")
    p.design.same("kind", "audit-toolkit-design")
    p.design.same("schema", 1)
    p.design.same("mode", "sealed")
    p.design.same("tickets", TICKET_RULES)
    _check_second_wave(p)


def _check_second_wave(p: _Published) -> None:
    """Let a second wave be "none", or a rule in the form of one with at least one county."""
    declared = [c for c in p.design.nodes("counties") if "second_wave" in c.fields()]
    rule = SECOND_WAVE_DECLARED if declared else SELECTION_RULES["second_wave"]
    p.design.same("selection", SELECTION_RULES | {"second_wave": rule})
    for county in declared:
        _check_wave_rule(county.node("second_wave"))


def _check_wave_rule(wave: _Node) -> None:
    rule = wave.text("rule", "two-stage|anytime")
    if rule == "anytime":
        wave.only("rule", "confidence")
    else:
        wave.only("rule", "confidence", "villages", "icc", "numbers")
        wave.whole("villages", 1)
        wave.text("icc", DECIMAL)
        for numbers in wave.nodes("numbers"):
            _check_wave_numbers(numbers)
    wave.text("confidence", DECIMAL)


def _check_wave_numbers(numbers: _Node) -> None:
    """Let the numbers of a rate follow one another: at once, both together, the end."""
    numbers.only(
        "indicator", "limit", "first_size", "second_size", "first_pass", "first_end", "pass"
    )
    numbers.text("indicator", "[a-z_]+")
    numbers.text("limit", DECIMAL)
    sizes = numbers.whole("first_size", 1) + numbers.whole("second_size", 1)
    at_once = numbers.whole("first_pass", -1)
    both = numbers.whole("pass", max(0, at_once))
    numbers.whole("first_end", at_once + 1)
    if both > sizes:
        numbers.fault("pass", "field-wrong", got=both)


def _check_frame(p: _Published) -> None:
    file = "public_frame.csv"
    declared = p.design.node("frame")
    wanted, found = declared.hex("sha256"), sha256_hex(p.data[file])
    rows = _lines(file, p.data[file], FRAME_HEADER)
    _check_rows(p, rows)
    _check_strata(declared, rows)
    if found != wanted:
        raise _Fault(file, (("file", ""),), "digest", got=found, wanted=wanted, by="design.json")
    declared.same("units", len(rows))
    p.commitments.same("units", len(rows))
    root = merkle_root([row[0] for row in rows])
    _check_agreed(p, "root", root, file)
    p.rows = rows


def _check_rows(p: _Published, rows: list[list[str]]) -> None:
    """Each line of the frame by itself, so that a fault has a line."""
    file = "public_frame.csv"
    strata = {s.text("stratum"): s.text("county") for s in p.design.node("frame").nodes("strata")}
    home = {psu: n.most_common(1)[0][0] for psu, n in _counties_of(rows).items()}
    villages = _known_villages(p)
    seen: set[str] = set()
    for number, (leaf, unit, county, psu, stratum) in enumerate(rows, start=2):
        line = ("line", number)
        if not HEX_64.fullmatch(leaf):
            raise _Fault(file, (line, ("field", "leaf")), "field-wrong", got=_short(leaf))
        if unit != leaf[:32]:
            raise _Fault(file, (line, ("field", "unit_id")), "leaf-unit")
        if unit in seen:
            raise _Fault(file, (line, ("field", "unit_id")), "twice", got=unit)
        seen.add(unit)
        if strata.get(stratum) != county:
            odd = ("county", county) if strata.get(stratum) == home[psu] else ("stratum", stratum)
            raise _Fault(file, (line, ("field", odd[0])), "unknown-code", got=_short(odd[1]))
        if villages and psu not in villages:
            raise _Fault(file, (line, ("field", "psu")), "unknown-code", got=_short(psu))
        if home[psu] != county:
            raise _Fault(file, (line, ("field", "psu")), "village-split", got=_short(psu))


def _counties_of(rows: list[list[str]]) -> dict[str, Counter[str]]:
    counties: dict[str, Counter[str]] = {}
    for row in rows:
        counties.setdefault(row[3], Counter())[row[2]] += 1
    return counties


def _known_villages(p: _Published) -> set[str]:
    """Village codes of counts.csv, if that file is as committed; else nothing is known."""
    if sha256_hex(p.data["counts.csv"]) != p.commitments.value["counts_sha256"]:
        return set()
    return {row[1] for row in _lines("counts.csv", p.data["counts.csv"], COUNTS_HEADER)}


def _check_strata(declared: _Node, rows: list[list[str]]) -> None:
    lines: dict[str, list[str]] = {}
    for row in rows:
        lines.setdefault(row[4], []).append(",".join(row) + "\n")
    for stratum in declared.nodes("strata"):
        code, wanted = stratum.text("stratum"), stratum.hex("sha256")
        found = sha256_hex("".join(lines.get(code, [])).encode("utf-8"))
        if found != wanted:
            raise _Fault(
                "public_frame.csv",
                (("stratum", code),),
                "digest",
                got=found,
                wanted=wanted,
                by="design.json",
            )
        if stratum.whole("units") != len(lines[code]):
            stratum.fault("units", "differs", got=stratum.value["units"], wanted=len(lines[code]))


def _check_counts(p: _Published) -> None:
    counts = Counter((row[2], row[3], row[4]) for row in p.rows)
    lines = [",".join((*key, str(n))) for key, n in sorted(counts.items())]
    _compare_lines("counts.csv", p.data["counts.csv"], [COUNTS_HEADER, *lines])
    p.commitments.same("counts_sha256", sha256_hex(p.data["counts.csv"]))


def _check_shares(p: _Published) -> None:
    p.shares.only("kind", "schema", "ceremony", "seed_sha256", "shares")
    _check_head(p.shares, "shares", p.draw.value["ceremony"])
    p.shares.hex("seed_sha256")
    holders = p.commitments.nodes("holders")
    shares = p.shares.nodes("shares")
    suspect = "shares.json" if p.commitments_as_drawn else "commitments.json"
    for place in range(max(len(holders), len(shares))):
        if place >= len(holders):
            raise _Fault("shares.json", shares[place].place, "field-unknown")
        if place >= len(shares):
            name = holders[place].text("holder")
            raise _Fault("shares.json", (("holder", name),), "field-missing")
        _check_share(p, holders[place], shares[place], suspect)


def _check_share(p: _Published, committed: _Node, given: _Node, suspect: str) -> None:
    committed.only("holder", "commitment")
    given.only("holder", "share", "lost")
    holder, named = committed.text("holder"), given.text("holder")
    wanted = committed.hex("commitment")
    if named != holder:
        right, wrong = (holder, named) if suspect == "shares.json" else (named, holder)
        raise _Fault(suspect, (("holder", wrong),), "differs", got=wrong, wanted=right)
    place: Place = (("holder", holder),)
    share, lost = given.text("share", r"[^|\n]*"), given.text("lost", r"[\s\S]*")
    if share and lost:
        raise _Fault("shares.json", place, "share-and-loss")
    if not share and not lost:
        raise _Fault("shares.json", place, "no-share")
    if lost:
        p.lost.append(holder)
        return
    found = sha256_hex(f"{SHARE_PREFIX}|{holder}|{share}".encode("utf-8", "surrogatepass"))
    if not HEX_64.fullmatch(share):
        raise _Fault("shares.json", place, "field-wrong", got=_short(share))
    if found != wanted:
        raise _Fault(suspect, place, "not-opened", got=found, wanted=wanted)


def _check_seed(p: _Published) -> str:
    """Check the seed and give its digest, of which all tickets are made."""
    published = p.shares.value["seed_sha256"]
    drawn_with = p.draw.value["seed_commitment"]
    if not p.lost:
        shares = [s.value["share"] for s in p.shares.nodes("shares")]
        made = sha256_hex(_seed(p, shares).encode("utf-8", "surrogatepass"))
        if _seed_commitment(made) != drawn_with:
            p.draw.fault("seed_commitment", "seed")
        if made != published:
            p.shares.fault("seed_sha256", "differs", got=published, wanted=made)
    elif _seed_commitment(published) != drawn_with:
        p.shares.fault("seed_sha256", "seed")
    return published


def _check_commitments_whole(p: _Published) -> None:
    if not p.commitments_as_drawn:
        found = sha256_hex(p.data["commitments.json"])
        wanted = p.draw.value["commitments_sha256"]
        p.commitments.fault("committed_at", "digest", got=found, wanted=wanted, by="draw.json")


def _check_draw(p: _Published, digest: str) -> tuple[int, int, int]:
    lines, totals = _redo(p, digest)
    _compare_lines("draw.csv", p.data["draw.csv"], [DRAW_HEADER, *lines])
    p.draw.same("draw_csv_sha256", sha256_hex(p.data["draw.csv"]))
    return totals


def _compare_lines(file: str, data: bytes, wanted: list[str]) -> None:
    """Name the first line and field that differ from what was computed."""
    names = wanted[0].split(",")
    found = _lines(file, data, wanted[0])
    for place in range(max(len(found), len(wanted) - 1)):
        line = ("line", place + 2)
        if place >= len(wanted) - 1:
            raise _Fault(file, (line,), "line-extra", got=_short(",".join(found[place])))
        right = wanted[place + 1].split(",")
        if place >= len(found):
            raise _Fault(file, (line,), "line-missing", wanted=_short(wanted[place + 1]))
        for name, got, want in zip(names, found[place], right, strict=True):
            if got != want:
                raise _Fault(file, (line, ("field", name)), "differs", got=_short(got), wanted=want)


# ---- the draw, done again ------------------------------------------------------------------------


def _redo(p: _Published, digest: str) -> tuple[list[str], tuple[int, int, int]]:
    """Lines of draw.csv as they must be, and how many villages, households, reserves."""
    by_county: dict[str, dict[str, dict[str, list[str]]]] = {}
    for _, unit, county, psu, stratum in p.rows:
        village = by_county.setdefault(county, {}).setdefault(psu, {})
        village.setdefault(stratum, []).append(unit)
    villages: list[str] = []
    households: list[str] = []
    for entry in sorted(p.design.nodes("counties"), key=lambda e: e.text("county")):
        found, drawn = _redo_county(entry, by_county.get(entry.text("county"), {}), digest)
        villages += found
        households += drawn
    reserves = sum(line.split(",")[6] == "yes" for line in households)
    return villages + households, (len(villages), len(households) - reserves, reserves)


def _redo_county(
    entry: _Node, units: dict[str, dict[str, list[str]]], digest: str
) -> tuple[list[str], list[str]]:
    county = entry.text("county")
    takes = {s.text("stratum"): s for s in entry.nodes("strata")}
    weight = {code: s.whole("size_weight", 1) for code, s in takes.items()}
    for strata in units.values():
        for code in strata:
            if code not in takes:
                entry.fault("strata", "unknown-code", got=code)
    size = {
        psu: sum(weight[code] * len(ids) for code, ids in strata.items())
        for psu, strata in units.items()
    }
    chosen, certain, psu_ticket = _redo_villages(
        size, min(entry.whole("villages"), len(size)), f"psu:{county}", digest
    )
    villages, households = [], []
    for order, psu in enumerate(chosen, start=1):
        sure = "yes" if psu in certain else "no"
        team = ticket(digest, f"team:{county}", psu)
        cells = ("village", county, psu, "", "", str(order), "", sure, psu_ticket[psu], team, "")
        villages.append(",".join(cells))
        for code in sorted(units[psu]):
            households += _redo_households(county, psu, takes[code], units[psu][code], digest)
    return villages, households


def _redo_villages(
    size: dict[str, int], n: int, namespace: str, digest: str
) -> tuple[list[str], set[str], dict[str, str]]:
    """Certain villages first, then the smallest T/x, compared as whole numbers."""
    certain: set[str] = set()
    while len(certain) < n:
        rest = {psu: x for psu, x in size.items() if psu not in certain}
        left, total = n - len(certain), sum(rest.values())
        found = {psu for psu, x in rest.items() if left * x >= total}
        if not found:
            break
        certain |= found
    tickets = {psu: ticket(digest, namespace, psu) for psu in size}
    number = {psu: int(text, 16) for psu, text in tickets.items()}

    def compare(i: str, j: str) -> int:
        left, right = number[i] * size[j], number[j] * size[i]
        return (left > right) - (left < right)

    order = sorted(sorted(size), key=cmp_to_key(compare))
    rest = [psu for psu in order if psu not in certain]
    return [psu for psu in order if psu in certain] + rest[: n - len(certain)], certain, tickets


def _redo_households(
    county: str, psu: str, take: _Node, units: list[str], digest: str
) -> list[str]:
    """Lines of one village and stratum: the smallest tickets, then the reserves."""
    code, wanted, reserves = take.text("stratum"), take.whole("take"), take.whole("reserves")
    ordered = sorted((ticket(digest, f"{psu}:{code}", unit), unit) for unit in units)
    lines = []
    for order, (own, unit) in enumerate(ordered[: wanted + reserves], start=1):
        again = ticket(digest, f"revisit:{county}", unit)
        spare = "yes" if order > wanted else "no"
        cells = ("household", county, psu, code, unit, str(order), spare, "", own, "", again)
        lines.append(",".join(cells))
    return lines


# ---- words ---------------------------------------------------------------------------------------


def _sound(p: _Published, totals: tuple[int, int, int]) -> Verdict:
    outcome = "share-missing" if p.lost else "verified"
    villages, households, reserves = totals
    fields = {
        "villages": villages,
        "households": households,
        "reserves": reserves,
        "holders": ", ".join(p.lost),
    }
    english, chinese = (text.format(**fields) for text in WORDS[outcome])
    return Verdict(
        outcome=outcome,
        code=outcome,
        file="shares.json" if p.lost else "",
        place=_place_words((("holder", fields["holders"]),), 0) if p.lost else "",
        place_zh=_place_words((("holder", fields["holders"]),), 1) if p.lost else "",
        message_en=english,
        message_zh=chinese,
        villages=villages,
        households=households,
        reserves=reserves,
        root=p.commitments.value["root"],
        design_sha256=p.commitments.value["design_sha256"],
        holders=tuple(h.value["holder"] for h in p.commitments.nodes("holders")),
        missing_shares=tuple(p.lost),
    )


def _faulty(fault: _Fault) -> Verdict:
    outcome = "wrong-use" if fault.code in ("no-folder", "file-missing") else "does-not-verify"
    messages = []
    for language, (stop, joint) in enumerate(((": ", ", "), ("：", "，"))):
        where = joint.join(filter(None, (fault.file, _place_words(fault.place, language))))
        what = WORDS[fault.code][language].format(**fault.fields)
        messages.append(stop.join(filter(None, (WORDS[outcome][language], where, what))))
    return Verdict(
        outcome=outcome,
        code=fault.code,
        file=fault.file,
        place=_place_words(fault.place, 0),
        place_zh=_place_words(fault.place, 1),
        message_en=messages[0],
        message_zh=messages[1],
    )


def _place_words(place: Place, language: int) -> str:
    joint = (", ", "，")[language]
    return joint.join(PLACES[kind][language].format(value) for kind, value in place)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="verify_draw.py",
        description="Redo a published draw from its files alone. 仅凭公布的文件重做抽样。",
        epilog="0 verified 核验通过; 1 does not verify 核验不通过; "
        "2 wrong use 用法有误; 3 share missing 缺少份额",
    )
    parser.add_argument("folder", metavar="FOLDER", help="the published files 公布的文件所在文件夹")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON 输出 JSON")
    options = parser.parse_args(arguments)
    verdict = verify_folder(options.folder)
    if options.json:
        whole = asdict(verdict) | {"exit_code": verdict.exit_code}
        text = json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=2)
    else:
        text = f"{verdict.message_en}\n{verdict.message_zh}"
    # Damaged files may hold signs that no terminal can show; a verdict is printed all the same.
    sys.stdout.buffer.write((text + "\n").encode("utf-8", "backslashreplace"))
    sys.stdout.flush()
    return verdict.exit_code


if __name__ == "__main__":
    sys.exit(main())
