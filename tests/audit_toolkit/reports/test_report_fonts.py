"""The font draws everything that a report can print, and a page embeds no more than it prints."""

import io

import pytest
from fontTools.ttLib import TTFont

from audit_toolkit import text
from audit_toolkit.reports.fonts import drawable, font_path, missing_glyphs, page_font

RARE_SURNAMES = (
    "仝佘亓仉郏逄笪隗郗禤昝邴郤郄眭麴鄢鄞仵俎冼剡勾卞厍咘哈啜壤妫宓尉尕岑嵇彧恽戎揭晁暨"
    "柘桓棣橪毋汜沃泷洺澹濮爨璩甯畲皇盍睢禚笃粟纪缑缪肇茆荆莘菅葛蒯蒲蔺藏虞衮訾諶豆贠贲郇郐郜"
    "鄂鄌酆钊闫阙阚陀隽雒雍靳韦颛騩骆鬲鬻麦黎龚龙㛃䶮𠅤"
)
GIVEN_NAMES = "喆堃珺瑄玥昇赟祎璟婳焜晞犇翀頔鑫淼焱垚烨钰铉煊𬤊𬭼"
PLACES = "婺源濉溪睢县郏县鄄城莘县盱眙涞源蔚县繁峙岢岚硚口崀山圪垯堽城峇峒"


@pytest.mark.parametrize("area", text.areas())
@pytest.mark.parametrize("language", text.LANGUAGES)
def test_every_text_of_the_catalogues_can_be_drawn(area: str, language: str):
    assert missing_glyphs("".join(text.keys(area, language).values())) == ()


@pytest.mark.parametrize("characters", [RARE_SURNAMES, GIVEN_NAMES, PLACES])
def test_rare_surnames_given_names_and_places_can_be_drawn(characters: str):
    assert missing_glyphs(characters) == ()


def test_all_of_gb_2312_can_be_drawn():
    pairs = (bytes((high, low)) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    characters = "".join(pair.decode("gb2312", "ignore") for pair in pairs)
    assert len(characters) == 6763
    assert missing_glyphs(characters) == ()


def test_what_the_font_lacks_is_named():
    assert missing_glyphs("漏评\n🌾") == ("🌾",)


def test_a_page_embeds_the_characters_it_prints_and_no_others():
    font = TTFont(io.BytesIO(page_font("漏评率 2 %")))
    assert {chr(c) for c in font.getBestCmap()} == set("漏评率 2%")
    assert font.flavor == "woff"


def test_the_same_characters_give_the_same_bytes_in_any_order():
    from audit_toolkit.reports import fonts

    first = page_font("综合贫困发生率")
    fonts._subset.cache_clear()
    assert page_font("率生发困贫合综综") == first
    assert len(first) < 5_000


def test_the_font_carries_its_licence_inside_and_beside_it():
    names = TTFont(font_path())["name"]
    assert "SIL Open Font License" in names.getDebugName(13)
    licence = font_path().with_name("OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert font_path().with_name("make_subset.py").exists()


def test_the_shipped_font_is_a_subset_of_a_few_megabytes():
    assert 7_500 < len(drawable()) < 9_000
    assert font_path().stat().st_size < 3_000_000
