"""What fictitious counties, townships, villages, groups and heads of household are called.

Names are put together at random from common characters of GB 2312; a likeness to a living person
is chance. Province and counties carry heavenly stems for names and codes from 90 upwards, which
GB/T 2260 gives to no place in the country, so that nobody takes them for real ones.
"""

from __future__ import annotations

from numpy.random import Generator

PROVINCE_CODE = "90"
PROVINCE_NAME = "天干省"
PROVINCE_NAME_EN = "Tiangan Province (fictitious)"

COUNTY_NAMES = (
    ("900121", "甲山县", "Jia Hill"),
    ("900122", "乙河县", "Yi River"),
    ("900123", "丙林县", "Bing Wood"),
    ("900124", "丁原县", "Ding Plain"),
    ("900125", "戊湖县", "Wu Lake"),
)
"""Code, Chinese name and English name of each county of the demo."""

_SURNAMES = (
    *"王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕",
    *"苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾",
    "欧阳",
    "诸葛",
)
_GIVEN_FIRST = "建国春秋永志文玉海金德福长兴家世光明天子成万有宝庆学正新景云月桂秀兰淑凤荣少朝启"
_GIVEN_SECOND = "平安华林生山田军民才根财贵祥顺义礼信仁和清河江东南英珍莲梅芳霞琴娥香菊红花敏静"
_TOWNSHIP_FIRST = "东西南北上下中前后大小长"
_TOWNSHIP_SECOND = "岭沟坪湾塘坝桥关"
_VILLAGE_FIRST = "石泉松柳杨梨桃杏榆槐竹茶麻稻麦豆花草云雾雨雪风霞青黄白黑红金"
_VILLAGE_SECOND = "岩坡坳垭塬峪崖洼滩渡井窑店屯寨庄垅冲岔口"
_GROUPS = "一二三四五六七八九十"


def head_names(rng: Generator, count: int) -> list[str]:
    """Return ``count`` names of heads of household; no given name comes twice."""
    most = len(_GIVEN_FIRST) * len(_GIVEN_SECOND)
    surnames = rng.integers(len(_SURNAMES), size=count)
    given = rng.choice(most, size=count, replace=False)
    return [_SURNAMES[s] + _given_name(g) for s, g in zip(surnames, given, strict=True)]


def _given_name(number: int) -> str:
    first, second = divmod(int(number), len(_GIVEN_SECOND))
    return _GIVEN_FIRST[first] + _GIVEN_SECOND[second]


def surname(name: str) -> str:
    """Return the surname that a head's name begins with."""
    return name[:-2]


def given_name(name: str) -> str:
    """Return the two characters after the surname."""
    return name[-2:]


def township_names(rng: Generator, count: int) -> list[str]:
    """Return ``count`` different names of townships."""
    names = [a + b for a in _TOWNSHIP_FIRST for b in _TOWNSHIP_SECOND]
    chosen = rng.choice(len(names), size=count, replace=False)
    return [names[i] + ("镇" if place % 3 == 0 else "乡") for place, i in enumerate(chosen)]


def village_names(rng: Generator, count: int) -> list[str]:
    """Return ``count`` different names of villages of one county."""
    names = [a + b for a in _VILLAGE_FIRST for b in _VILLAGE_SECOND]
    chosen = rng.choice(len(names), size=count, replace=False)
    return [f"{names[i]}村" for i in chosen]


def group_name(number: int) -> str:
    """Return the name of the village group of that number, counted from 0."""
    return f"{_GROUPS[number]}组"
