"""One cell at a time: what is made regular, what is understood, what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_toolkit.registers.normalise import (
    Trouble,
    clean,
    understand_amount,
    understand_code,
    understand_date,
    understand_digits,
    understand_id,
    understand_text,
    understand_whole,
)


@given(st.text())
def test_clean_is_idempotent(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_clean_composes_and_cuts_outer_blanks_only() -> None:
    assert clean("　e\u0301 x　") == "é x"
    assert clean("赵　长河") == "赵　长河"


@given(st.integers(-999_999_999, 999_999_999))
def test_plain_whole_numbers_are_understood(number: int) -> None:
    assert understand_whole(str(number)) == number


@given(st.decimals(-999_999, 999_999, places=2))
def test_plain_amounts_are_understood_exactly(amount: Decimal) -> None:
    assert understand_amount(f"{amount:.2f}") == amount


@pytest.mark.parametrize(
    ("text", "code", "suggestion"),
    [
        ("１２００", "full-width-digits", "1200"),
        ("１，２００", "full-width-digits", "1200"),
        ("1,200", "number-with-marks", "1200"),
        ("1 200元", "number-with-marks", "1200"),
        ("1,2OO", "number-with-marks", "1200"),
        ("007", "number-with-marks", "7"),
        ("+7", "number-with-marks", "7"),
        ("3.0", "number-with-marks", "3"),
        ("3.5", "not-a-whole-number", None),
        ("四", "not-a-whole-number", None),
        ("1e3", "not-a-whole-number", None),
        ("--3", "not-a-whole-number", None),
    ],
)
def test_other_numbers_are_named_and_never_repaired(
    text: str, code: str, suggestion: str | None
) -> None:
    got = understand_whole(text)
    assert isinstance(got, Trouble)
    assert got.code == code
    assert dict(got.fields).get("suggestion") == suggestion


def test_more_than_two_decimals_are_not_rounded() -> None:
    got = understand_amount("2600.2499")
    assert got == Trouble(code="too-many-decimals", fields=(("suggestion", "2600.25"),))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("王|小山", "forbidden-character"),
        ("王\n小山", "forbidden-character"),
        ("王\u200b小山", "forbidden-character"),
        ("王\ufffd山", "forbidden-character"),
        ("赵　长河", "blank-inside"),
        ("a\u00a0b", "blank-inside"),
        ("a  b", "blank-inside"),
        ("３组", "full-width-digits"),
        ("Ａ组", "full-width-letters"),
        ("组" * 201, "text-too-long"),
    ],
)
def test_texts_that_cannot_be_kept_are_named(text: str, code: str) -> None:
    trouble = understand_text(text)
    assert trouble is not None
    assert trouble.code == code


@pytest.mark.parametrize("text", ["王小山", "买买提·艾力", "（一组）", "Li Lei", "\U00020bb7"])
def test_names_of_all_kinds_are_kept(text: str) -> None:
    assert understand_text(text) is None


def test_blanks_inside_are_suggested_away_in_chinese_only() -> None:
    chinese, mixed = understand_text("赵　长河"), understand_text("Li  Lei")
    assert chinese is not None and dict(chinese.fields) == {"suggestion": "赵长河"}
    assert mixed is not None and dict(mixed.fields) == {"suggestion": "Li Lei"}


def test_identifiers_hold_no_blanks() -> None:
    assert understand_id("H-1/2") is None
    assert understand_id("H 1") == Trouble(code="blank-inside", fields=(("suggestion", "H1"),))


@pytest.mark.parametrize("text", ["9.00121E+12", "9E+12", "1.5e+18"])
def test_an_identifier_that_a_spreadsheet_shortened_has_lost_digits(text: str) -> None:
    assert understand_id(text) == Trouble(code="digits-lost")


@pytest.mark.parametrize("text", ["00123", "1E5", "R-12"])
def test_identifiers_of_odd_look_are_kept(text: str) -> None:
    assert understand_id(text) is None


def test_codes_have_their_number_of_digits() -> None:
    assert understand_digits("990101100201", 12) is None
    for text in ("99010110020", "9901011002011", "99010110020x", "९९०१०११००२०१"):
        trouble = understand_digits(text, 12)
        assert trouble is not None and trouble.code == "not-digits"


def test_dates_have_one_form() -> None:
    assert understand_date("2019-11-05") == date(2019, 11, 5)
    for text in ("2019/11/5", "2019-13-01", "20191105", "2019-11-05 08:00:00"):
        assert understand_date(text) == Trouble(code="not-a-date")


@pytest.mark.parametrize(
    ("table", "words", "value"),
    [
        ("status", ("0", "未脱贫", "poor", "POOR"), "poor"),
        ("status", ("1", "脱贫", "exited"), "exited"),
        ("status", ("2", "预脱贫", "planned"), "planned"),
        ("status", ("3", "返贫", "returned"), "returned"),
        ("cause", ("99", "其他", "other"), "other"),
        ("housing_grade", ("A", "a", "A级", "grade A"), "A"),
        ("yes_no", ("是", "yes", "1", "TRUE"), "yes"),
        ("yes_no", ("否", "no", "0", "FALSE"), "no"),
    ],
)
def test_codes_words_and_identifiers_mean_the_same(
    table: str, words: tuple[str, ...], value: str
) -> None:
    assert {understand_code(word, table) for word in words} == {value}


def test_an_unknown_code_says_what_is_known() -> None:
    got = understand_code("4", "status")
    assert isinstance(got, Trouble)
    assert "1 脱贫 exited" in dict(got.fields)["allowed"]
