"""Files are read as text, and what cannot be read is said."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_toolkit.errors import OperatorError
from audit_toolkit.interchange import Sheet, csv_bytes, read_table, tables, write_csv, xlsx_bytes

LISTS = Path(__file__).parents[2] / "data" / "lists"

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
plain = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="_"), max_size=8
)


def table_of(cell: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    """Headers and rows of one width, no header and no row all blank."""
    filled = cell.filter(lambda text: bool(text.strip()) and text[0] not in "=\ufeff")
    return st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(filled, min_size=width, max_size=width), min_size=1, max_size=4
        )
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@given(table=table_of(texts))
def test_csv_written_then_read_is_the_same(folder: Path, table: list[list[str]]) -> None:
    path = folder / "t.csv"
    write_csv(path, table[0], table[1:])
    got = read_table(path, list_name="t")
    assert [list(got.headers), *(list(cells) for _, cells in got.rows)] == table
    assert [problem.code for problem in got.problems] == ["no-rows"] * (len(table) == 1)


@given(table=table_of(plain))
def test_xlsx_written_then_read_is_the_same(folder: Path, table: list[list[str]]) -> None:
    path = folder / "t.xlsx"
    sheet = Sheet(title="t", headers=tuple(table[0]), rows=tuple(tuple(r) for r in table[1:]))
    path.write_bytes(xlsx_bytes([sheet]))
    got = read_table(path, list_name="t")
    assert [list(got.headers), *(list(cells) for _, cells in got.rows)] == table


@pytest.mark.parametrize(
    "name", ["register_chinese_gb18030", "register_english_semicolon", "register_tabs"]
)
def test_encodings_and_separators_are_told_from_the_bytes(name: str) -> None:
    plain_table = read_table(LISTS / "register_identifiers.csv", list_name="register")
    table = read_table(LISTS / f"{name}.csv", list_name="register")
    assert table.problems == ()
    assert len(table.headers) == len(plain_table.headers)
    assert table.rows[1][1][2:7] == plain_table.rows[1][1][2:7]


def test_rows_keep_the_number_a_spreadsheet_shows(folder: Path) -> None:
    path = folder / "gap.csv"
    path.write_text('a,b\n\n1,"x\ny"\n,\n2,z\n', encoding="utf-8")
    assert read_table(path, list_name="t").rows == ((3, ("1", "x\ny")), (5, ("2", "z")))


def test_gb18030_text_that_is_also_utf8_is_named_unclear(folder: Path) -> None:
    path = folder / "unclear.csv"
    path.write_bytes("name\n小学\n".encode("gb18030"))
    (problem,) = read_table(path, list_name="t").problems
    assert problem.code == "encoding-unclear"
    assert ("other", "小学") in problem.fields
    path.write_bytes("name\né\n".encode("utf-8-sig"))
    assert read_table(path, list_name="t").problems == ()


def test_text_of_another_encoding_is_named_unclear(folder: Path) -> None:
    path = folder / "big5.csv"
    path.write_bytes("姓名,鄉鎮\n趙長河,橋頭鎮\n".encode("big5"))
    assert "encoding-unclear" in {p.code for p in read_table(path, list_name="t").problems}


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_workbook_cells_become_text(folder: Path) -> None:
    path = folder / "cells.xlsx"
    values = [3.0, 2.5, 0.1 + 0.2, True, datetime(2019, 11, 5), 1e-7, None, "007"]
    path.write_bytes(workbook([list("abcdefgh"), values]))
    table = read_table(path, list_name="t")
    assert table.rows[0][1] == ("3", "2.5", "0.3", "TRUE", "2019-11-05", "0.0000001", "", "007")
    assert table.problems == ()


def test_formulas_errors_and_lost_digits_are_problems(folder: Path) -> None:
    path = folder / "formula.xlsx"
    path.write_bytes(workbook([list("abcd"), ["=1+1", 123456789012345678, "#N/A", "x"]]))
    table = read_table(path, list_name="t")
    assert [(problem.code, problem.row, problem.column) for problem in table.problems] == [
        ("formula-cell", 2, "a"),
        ("digits-lost", 2, "b"),
        ("error-cell", 2, "c"),
    ]
    assert [problem.got for problem in table.problems][::2] == ["=1+1", "#N/A"]


def test_a_cached_value_of_a_formula_is_never_taken(folder: Path) -> None:
    data = io.BytesIO(workbook([["a", "b"], ["=1+1", "x"]]))
    changed = io.BytesIO()
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v />", b"<v>2</v>"))
    path = folder / "cached.xlsx"
    path.write_bytes(changed.getvalue())
    table = read_table(path, list_name="t")
    assert table.rows[0][1][0] == "=1+1"
    assert [problem.code for problem in table.problems] == ["formula-cell"]


def test_content_beyond_the_header_is_a_problem_in_a_workbook(folder: Path) -> None:
    path = folder / "wide.xlsx"
    path.write_bytes(workbook([["a", "b", None], [1, None], [2, 3, "note"]]))
    table = read_table(path, list_name="t")
    assert table.rows == ((2, ("1", "")), (3, ("2", "3")))
    assert [(p.code, p.row, p.got) for p in table.problems] == [("row-too-long", 3, "note")]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("list.ods", b"", "file-ending"),
        ("missing.csv", None, "file-missing"),
        ("damaged.xlsx", b"PK\x03\x04 not a workbook", "file-unreadable"),
        ("text.xlsx", b"a,b\n1,2\n", "file-unreadable"),
        ("locked.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file-locked"),
        ("utf16.csv", "a,b\n".encode("utf-16"), "file-encoding"),
        ("bytes.csv", b"a\n\xff\xff\n", "file-encoding"),
        ("quotes.csv", b'a,b\n1,2\n"x"y,3\n', "file-quotes"),
        ("open.csv", b'a,b\n"x,3\n', "file-quotes"),
        ("separator.csv", b"a,b;c\n1,2,3\n", "file-separator"),
    ],
)
def test_files_that_give_no_table_are_refused(
    folder: Path, name: str, data: bytes | None, code: str
) -> None:
    path = folder / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(OperatorError) as refused:
        read_table(path, list_name="t")
    assert refused.value.code == code
    assert name in refused.value.words("en")
    assert name in refused.value.words("zh")


def test_a_workbook_without_its_sheet_is_refused(folder: Path) -> None:
    data, changed = io.BytesIO(workbook([["a"], [1]])), io.BytesIO()
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name)[:200] if "sheet1" in name else old.read(name))
    path = folder / "cut.xlsx"
    path.write_bytes(changed.getvalue())
    with pytest.raises(OperatorError) as refused:
        read_table(path, list_name="t")
    assert refused.value.code == "file-unreadable"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MAX_BYTES", 1_000_000)
    path = folder / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", bytes(2_000_000))
    assert path.stat().st_size < 10_000
    with pytest.raises(OperatorError) as refused:
        read_table(path, list_name="t")
    assert refused.value.code == "file-too-large"


def test_a_row_numbered_beyond_any_sheet_is_refused_before_the_rows_before_it_are_made(
    folder: Path,
) -> None:
    good = io.BytesIO(xlsx_bytes([Sheet(title="a", headers=("x",), rows=(("1",), ("2",)))]))
    path = folder / "far.xlsx"
    with zipfile.ZipFile(good) as packed, zipfile.ZipFile(path, "w") as far:
        for name in packed.namelist():
            data = packed.read(name)
            if name.endswith("sheet1.xml"):
                data = data.replace(b'r="3"', b'r="900000000"').replace(b"A3", b"A900000000")
            far.writestr(name, data)
    with pytest.raises(OperatorError) as refused:
        read_table(path, list_name="register")
    assert refused.value.code == "file-unreadable"


def test_a_cell_too_long_is_not_called_a_fault_of_quotes(folder: Path) -> None:
    path = folder / "long.csv"
    path.write_text("x\n1\n" + "y" * 200_000 + "\n", encoding="utf-8")
    with pytest.raises(OperatorError) as refused:
        read_table(path, list_name="register")
    assert (refused.value.code, refused.value.fields["row"]) == ("cell-too-long", 3)
    assert refused.value.words("zh")


def test_workbooks_are_the_same_bytes_every_time() -> None:
    sheet = Sheet(
        title="t",
        headers=("a", "b", "c"),
        rows=(("=1+1", 2, date(2019, 11, 5)), (None, Decimal("2.50"), True)),
    )
    assert xlsx_bytes([sheet]) == xlsx_bytes([sheet])


def test_a_text_that_a_cell_cannot_hold_is_not_cut() -> None:
    sheet = Sheet(title="t", headers=("a",), rows=(("x" * 40_000,),))
    with pytest.raises(ValueError, match="row 1"):
        xlsx_bytes([sheet])


def test_csv_without_mark_is_plain_utf8() -> None:
    assert csv_bytes(["a", "b"], [[1, None]], mark=False) == b"a,b\n1,\n"
