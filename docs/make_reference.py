"""Write the pages of reference that follow from the code: commands, settings, messages.

python docs/make_reference.py

A test holds the committed pages against what this script gives; run it after a change.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from enum import EnumType
from pathlib import Path
from typing import Any

import typer

from audit_toolkit import text
from audit_toolkit.cli.door import app
from audit_toolkit.settings import FILE_NAME, Settings
from audit_toolkit.verify_draw import WORDS

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "guide"
SCRIPT = "docs/make_reference.py"

SHARED = ("store", "person", "as_json", "help")
EXAMPLES = {
    "init": "--province 99 --year 2019 --round 试点 --institution 评估所 --name 管理员 "
    "--county 990101=青石县",
    "users add": "ins-1 --name 调查员甲 --role inspector --county 990101",
    "users list": "",
    "users reset": "ins-1",
    "journal verify": "",
    "journal export": "journal.jsonl",
    "register check": "docs/sample/register.csv --map docs/sample/columns.toml --county 990101 "
    "--out problems.csv",
    "register import": "docs/sample/register.csv --map docs/sample/columns.toml --county 990101",
    "register freeze": "",
    "register show": "",
    "roster import": "docs/sample/roster.csv --map docs/sample/columns.toml --county 990101",
    "roster match": "--county 990101 --sheet to_decide.csv",
    "plan": "--county 990101 --villages 45 --reserves 3",
    "commit": "--make-share institution.share --holder institution",
    "dice": "--digits 38471920561029384756 --again 38471920561029384756 --witness 王见",
    "draw": "--share institution.share --share province.share",
    "ceremony publish": "",
    "ceremony show": "",
    "ceremony void": '--reason "dice record and signed page differ"',
    "disclose": '--share institution.share --lost "province=medium damaged"',
    "verify-draw": "round/published/ceremony-1",
    "assign": "--recuse ins-1=990101100201",
    "release": "--county 990101 --kind first",
    "visits villages": "",
    "visits arrive": "--village v6caecc9fc092",
    "visits list": "",
    "visits replace": "990101-d0aee9a2f60e --reason refused",
    "findings import": "findings.xlsx",
    "findings lock": "--county 990101",
    "compare": "--county 990101",
    "cases list": "--county 990101",
    "cases rule": '990101-R-LW-05-omission --verdict confirmed --reason "seen again"',
    "cases rectify": "--county 990101",
    "procedures import": "steps.csv --county 990101",
    "procedures check": "--county 990101",
    "estimate": "",
    "decide show": "--county 990101",
    "decide approve": '--county 990101 --document "No. 1 of 2020"',
    "decide reply": '--county 990101 --text "The households named were verified."',
    "second-wave": "--county 990101",
    "report": "--county 990101",
    "demo": "--out demo-output --fresh",
    "lab": "notebooks/tutorials",
    "serve": "--port 8866",
}
NOTES = {
    "verify-draw": "Leaves with 0 verified, 1 does not verify (file and place are named), 2 wrong "
    "use or a file is missing, 3 not verifiable because a share is missing.",
    "commit": "A second form opens the ceremony: `--commitment HOLDER=COMMITMENT` for each "
    "holder. A share file is readable by its owner alone, and never written over.",
    "findings import": "Leaves with 1 if any row was refused; the other rows are stored.",
    "register check": "Leaves with 1 if there is any problem.",
    "roster match": "A second form records decisions: `--decide FILE`.",
    "users add": "Prints a first password for a person who has none yet.",
    "users reset": "Prints the new first password.",
    "serve": "Runs until it is stopped (Ctrl+C).",
    "lab": "Leaves with the exit code of JupyterLab.",
}
SETTINGS = {
    "store": "a folder, or the address of a database; the working folder if not set",
    "folder": "where published files and reports go if the store is the address of a database",
    "language": "language of messages, `en` or `zh`",
    "person": "who acts: the identifier of a person of the round",
}
ROOMS = {
    "rules": "Rule sets",
    "registers": "Lists: intake, matching, freeze",
    "drawing": "Plan, ceremony, draw, assignments",
    "fieldwork": "Visits",
    "rulings": "Cases and rulings",
    "conclusions": "Rates and outcome",
    "interchange": "Reading files",
    "store": "The store",
    "reports": "Reports",
    "settings": "Settings",
    "workflow": "Acts: order, permissions, what is missing",
    "server": "Server",
    "apps": "Apps",
    "evaluation": "Notebooks",
    "demo": "Demo",
    "cli": "Command line",
    "": "Elsewhere",
}


# -- commands ----------------------------------------------------------------------------------


def leaves() -> Iterator[tuple[str, Any]]:
    """Give every command with the words that call it."""

    def walk(node: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        parts = getattr(node, "commands", None)
        if parts is None:
            yield " ".join(words), node
        for name, part in (parts or {}).items():
            yield from walk(part, (*words, name))

    yield from walk(typer.main.get_command(app), ())


def commands_page() -> str:
    """Return the page of commands and settings."""
    lines = [
        "# Commands",
        "",
        f"Made by `{SCRIPT}` from the command line itself.",
        "",
        "Every step of a round is a command of `audit-toolkit` (or `python -m audit_toolkit`). "
        "`--help` after any of them tells its options. The order of a round is that of the "
        "README; [the draw](draw.md) tells the ceremony, [the lists](lists.md) what the files "
        "hold.",
        "",
        "| option of (nearly) every command | meaning |",
        "|---|---|",
        "| `--store` | folder or database address of the round |",
        "| `--as` | who acts: the identifier of a person of the round |",
        "| `--json` | print one JSON document and nothing else |",
        "",
        "| exit code | meaning |",
        "|---|---|",
        "| 0 | done |",
        "| 1 | refused; the reasons are printed ([all messages](errors.md)) |",
        "| 2 | wrong use: an unknown command, a missing or wrong option |",
        "",
        "A message of refusal goes to the error stream, problems of a file to the output, a line "
        'each. With `--json` a refusal is a document too: `{"error": CODE, "message": TEXT, '
        '"problems": [...]}`.',
        "",
        "## Settings",
        "",
        f"What need not be typed every time stands in `{FILE_NAME}` in the working folder (or the "
        "file that `AUDIT_TOOLKIT_SETTINGS` names), or in the environment, which goes before the "
        "file. Options go before both.",
        "",
        "| key of the file | variable | meaning | default |",
        "|---|---|---|---|",
    ]
    for field in dataclasses.fields(Settings):
        default = f"`{field.default}`" if field.default else ""
        variable = f"`AUDIT_TOOLKIT_{field.name.upper()}`"
        lines.append(f"| `{field.name}` | {variable} | {SETTINGS[field.name]} | {default} |")
    for words, node in leaves():
        lines += ["", *_command(words, node)]
    return "\n".join(lines) + "\n"


def _command(words: str, node: Any) -> list[str]:
    lines = [f"## {words}", "", str(node.help), ""]
    own = [p for p in node.params if p.name not in SHARED]
    if own:
        lines += ["| option | value | meaning |", "|---|---|---|"]
        lines += [_option(parameter) for parameter in own]
        lines.append("")
    if words in NOTES:
        lines += [NOTES[words], ""]
    line = f"$ audit-toolkit {words} {EXAMPLES.get(words, '')}".rstrip()
    return [*lines, "```", line, "```"]


def _option(parameter: Any) -> str:
    named = parameter.opts[0].startswith("--")
    name = f"`{parameter.opts[0]}`" if named else parameter.name.upper()
    meaning = _cell(parameter.help)
    if parameter.required:
        meaning += " **Needed.**"
    elif parameter.default not in (None, False, ()):
        meaning += f" Default `{getattr(parameter.default, 'value', parameter.default)}`."
    return f"| {name} | {_value(parameter)} | {meaning} |"


def _value(parameter: Any) -> str:
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, EnumType):
        return ", ".join(f"`{member.value}`" for member in kind)
    names = {bool: "", int: "number", str: "text", Path: "path"}
    if kind in names:
        return names[kind]
    return f"{names[kind.__args__[0]]}, may be repeated"


# -- messages ----------------------------------------------------------------------------------


def rooms_by_code() -> dict[str, str]:
    """Return the first room, in the order of `ROOMS`, whose code names each message."""
    said: dict[str, set[str]] = {}
    begun: dict[str, set[str]] = {}
    package = ROOT / "audit_toolkit"
    for path in sorted(package.rglob("*.py")):
        room = path.relative_to(package).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                said.setdefault(node.value, set()).add(room)
                if node.value.endswith("-") and node.value.strip("-"):
                    begun.setdefault(node.value, set()).add(room)
    found = {}
    for area in ("errors", "problems"):
        for code in text.keys(area, "en"):
            rooms = said.get(code, set()).copy()
            if not rooms.intersection(ROOMS):
                for beginning, others in begun.items():
                    if code.startswith(beginning):
                        rooms |= others
            found[code] = next((room for room in ROOMS if room in rooms), "")
    return found


def errors_page() -> str:
    """Return the page of all messages with their codes, in both languages."""
    lines = [
        "# Messages",
        "",
        f"Made by `{SCRIPT}` from the catalogues of words.",
        "",
        "Every refusal has a code that does not change; programs read the code (`--json`), people "
        "the message. `{name}` stands for a value of the case at hand.",
        "",
        "## Refusals",
    ]
    lines += _by_room("errors")
    lines += [
        "",
        "## Problems of files and visits",
        "",
        "Listed together, a line each, before anything of the file is taken in; what to do about "
        "each stands in [the lists](lists.md).",
    ]
    lines += _by_room("problems")
    lines += [
        "",
        "## Verdicts of verify_draw.py",
        "",
        "The stand-alone verifier carries its own words.",
        "",
        *_table((code, english, chinese) for code, (english, chinese) in WORDS.items()),
        "",
        "## Statistics",
        "",
        "`import sampling` raises errors of one family, `SamplingError`, with a code; the message "
        "is English and names argument and value.",
        "",
        "| code | modules |",
        "|---|---|",
        *(f"| `{code}` | {module} |" for code, module in statistics_codes()),
    ]
    return "\n".join(lines) + "\n"


def _by_room(area: str) -> list[str]:
    english, chinese = text.keys(area, "en"), text.keys(area, "zh")
    rooms = rooms_by_code()
    lines: list[str] = []
    for room, title in ROOMS.items():
        codes = [code for code in english if rooms[code] == room]
        if codes:
            rows = ((code, english[code], chinese[code]) for code in codes)
            lines += ["", f"### {title}", "", *_table(rows)]
    return lines


def _table(rows: Any) -> list[str]:
    body = (f"| `{code}` | {_cell(en)} | {_cell(zh)} |" for code, en, zh in rows)
    return ["| code | English | 中文 |", "|---|---|---|", *body]


def statistics_codes() -> list[tuple[str, str]]:
    """Return the codes of the statistics' errors, each with the modules that raise it."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "sampling").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        codes = {c for n in ast.walk(ast.parse(path.read_text("utf-8"))) for c in _codes_of(n)}
        for code in codes:
            found.setdefault(code, []).append(f"`{module.removesuffix('.__init__')}`")
    return [(code, ", ".join(found[code])) for code in sorted(found)]


def _codes_of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        values = [word.value for word in node.keywords if word.arg == "code"]
    elif isinstance(node, ast.Assign):
        named = [target.id for target in node.targets if isinstance(target, ast.Name)]
        values = [node.value] if named == ["default_code"] else []
    else:
        values = []
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")


PAGES = {"commands.md": commands_page, "errors.md": errors_page}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (GUIDE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
