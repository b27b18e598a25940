import html
import random
import re
import time
import unicodedata
from functools import cache
from itertools import pairwise

import ftfy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opencc import OpenCC

from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import DROP, KEEP_RUN, RARE, SPACE, character_table
from feedback_nlp.text.clean import MAX_RUN, clean, template_texts

# ---------------------------------------------------------------------------------------------------------------------------------
# The oracle: the rules as the documentation tells them, one character at a time, every rule on every text. It shares no code with
# the library and knows nothing of tables, flags or rare rows, so it shows where the fast path leaves out a rule it should not.

CHINESE_PUNCTUATION = "，！？：；（）…～"
TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
ENDS_A_MENTION = "@:："
LATIN_1_LETTERS = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
BREAKING_TAGS = ("br", "/p", "/div", "/li")
T2S = OpenCC("t2s")


def slow_clean(text: str) -> str:
    text = re.sub("_x000[dDaA9]_", " ", text)
    text = without_html(repair(join_surrogates(text)))
    text = without_topics(without_mentions(without_links(text)))
    text = simplified(without_pinyin(compatible(text)))
    return in_short_runs(one_blank(visible(text))).strip(" ")


def join_surrogates(text: str) -> str:
    """A high and a low surrogate are one character; a lone one is U+FFFD."""
    out: list[str] = []
    for char in text:
        if "\udc00" <= char <= "\udfff" and out and "\ud800" <= out[-1] <= "\udbff":
            out[-1] = chr(0x10000 + ((ord(out[-1]) - 0xD800) << 10) + ord(char) - 0xDC00)
        else:
            out.append(char)
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in out)


def repair(text: str) -> str:
    """UTF-8 read as Latin-1 or Windows-1252 (a lead byte is a letter, a continuation byte what follows), then UTF-8 read as GBK."""
    pairs = pairwise(text)
    if any(a in LATIN_1_LETTERS and ("\x80" <= b <= "\xbf" or "\u0152" <= b <= "\u2122") for a, b in pairs):
        text = ftfy.fix_encoding(text)
    try:
        repaired = text.encode("gb18030").decode("utf-8")
    except UnicodeError:
        return text
    return repaired if any(char in gbk_leads() for char in text) else text


@cache
def gbk_leads() -> set[str]:
    """What GBK makes of the first two bytes of Chinese: ideographs, punctuation, curly quotes, emoji, U+FFFD."""
    starts = [chr(code) for code in range(0x4E00, 0xA000)] + ["，", "～", "\ufffd", "。", "”", "😀"]
    return {char.encode("utf-8")[:2].decode("gb18030") for char in starts}


def without_html(text: str) -> str:
    text = replace_tags(html.unescape(text), lambda inside: " " if is_break(inside) else None)
    return replace_tags(text, lambda inside: "" if is_tag(inside) else None)


def replace_tags(text, replacement) -> str:
    out, at = "", 0
    while at < len(text):
        if text[at] == "<":
            end = next((i for i in range(at + 1, len(text)) if text[i] in "<>"), None)
            if end is not None and text[end] == ">" and replacement(text[at + 1 : end]) is not None:
                out, at = out + replacement(text[at + 1 : end]), end + 1
                continue
        out, at = out + text[at], at + 1
    return out


def is_break(inside: str) -> bool:
    inside = inside.removesuffix("/") if inside.removesuffix("/") else inside
    blanks = len(inside) - len(inside.rstrip())
    return blanks <= 5 and inside.rstrip().lower() in BREAKING_TAGS


def is_tag(inside: str) -> bool:
    if inside.startswith("!--"):
        return len(inside) >= 5 and inside.endswith("--") and len(inside) <= 505
    name = inside.removeprefix("/")
    return name[:1].isascii() and name[:1].isalpha() and len(name) <= 501


def without_links(text: str) -> str:
    out, at = "", 0
    while at < len(text):
        start = next((p for p in ("https://", "http://", "www.") if text[at : at + len(p)].lower() == p), None)
        length = 0
        if start is not None:
            rest = text[at + len(start) : at + len(start) + 2048]
            length = next((i for i, char in enumerate(rest) if not "!" <= char <= "~" or char in "<>"), len(rest))
        if length:
            out, at = out + " ", at + len(start) + length
        else:
            out, at = out + text[at], at + 1
    return out


def without_mentions(text: str) -> str:
    out, at = "", 0
    while at < len(text):
        before = text[at - 1] if at else " "
        if text[at] == "@" and not (before.isascii() and (before.isalnum() or before in "._%+-")):
            end = at + 1
            while end < len(text) and (text[end].isalnum() or text[end] in "_-"):
                end += 1
            if 1 <= end - at - 1 <= 16 and end < len(text) and (text[end].isspace() or text[end] in ENDS_A_MENTION):
                at = end
                continue
        out, at = out + text[at], at + 1
    return out


def without_topics(text: str) -> str:
    out, at = "", 0
    while at < len(text):
        end = text.find("#", at + 1) if text[at] == "#" else -1
        inside = text[at + 1 : end] if end > 0 else ""
        if 1 <= len(inside) <= 40 and not any(map(str.isspace, inside)):
            out, at = out + inside + " ", end + 1
        else:
            out, at = out + text[at], at + 1
    return out


def compatible(text: str) -> str:
    """NFKC between Chinese punctuation; a pile of combining marks ends after thirty."""
    out, part, marks = "", "", 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if char in CHINESE_PUNCTUATION:
            out, part = out + unicodedata.normalize("NFKC", part) + char, ""
        elif marks <= 30:
            part += char
    return out + unicodedata.normalize("NFKC", part)


def without_pinyin(text: str) -> str:
    """Brackets with one syllable in pinyin, tone mark included, right after an ideograph."""
    out, at = "", 0
    while at < len(text):
        if text[at] in "(（" and at and any(low <= text[at - 1] <= high for low, high in ("㐀䶿", "一鿿", "\uf900\ufaff")):
            end = next((i for i in range(at + 1, min(at + 10, len(text))) if text[i] in ")）"), None)
            inside = text[at + 1 : end] if end else ""
            letters = all("a" <= char <= "z" or char == "ü" or char in TONED for char in inside)
            if letters and any(char in TONED for char in inside[:7]):
                at = end + 1
                continue
        out, at = out + text[at], at + 1
    return out


def simplified(text: str) -> str:
    return T2S.convert(text) if any(map(is_traditional, text)) else text


@cache
def is_traditional(char: str) -> bool:
    return T2S.convert(char) != char


def visible(text: str) -> str:
    return "".join(char for char in text if char.isspace() or not is_invisible(char))


def is_invisible(char: str) -> bool:
    selector = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return unicodedata.category(char) in ("Cc", "Cf", "Cs") or char == "\ufffd" or selector


def one_blank(text: str) -> str:
    out = ""
    for char in text:
        blank = char.isspace() or unicodedata.category(char) in ("Zs", "Zl", "Zp")
        if not (blank and out.endswith(" ")):
            out += " " if blank else char
    return out


def in_short_runs(text: str) -> str:
    out = ""
    for char in text:
        if char.isdigit() or char == "*" or not out.endswith(char * MAX_RUN):
            out += char
    return out


# ---------------------------------------------------------------------------------------------------------------------------------

CHANGED = [
    # full width, compatibility, composition
    ("ＡＢＣ１２３", "ABC123"),
    ("﹤", "<"),
    ("㎏", "kg"),
    ("①②③", "123"),
    ("ﬁne", "fine"),
    ("e\u0301", "é"),
    ("ｶﾞ", "ガ"),
    ("ﾊﾝ", "ハン"),
    ("\u1112\u1161\u11ab", "한"),
    ("\uffbe\uffc2", "하"),
    ("好\u3000吃", "好 吃"),
    ("⼀⽇", "一日"),  # Kangxi radicals from PDF files
    # white space
    ("  好  用 \t\r\n 吗  ", "好 用 吗"),
    ("\u00a0\u2003好\u2028", "好"),
    ("\x1c好\x85用", "好 用"),
    # invisible
    ("好\u200b用\ufeff", "好用"),
    ("\u202e好用\u202c", "好用"),
    ("好\x00用\x07", "好用"),
    ("❤\ufe0f", "❤"),
    ("葛\U000e0100", "葛"),
    ("👨\u200d👩\u200d👧", "👨👩👧"),
    ("不\u00ad错", "不错"),
    # mark-up
    ("&lt;好&gt;&amp;&quot;", '<好>&"'),
    ("A&nbsp;B", "A B"),
    ("&#22909;&#x7528;", "好用"),
    ("<b>好</b>用", "好用"),
    ("好<br/>用<BR>吗</p>", "好 用 吗"),
    ("<div class='a'>好</div>", "好"),
    ("<!-- 注释 -->好", "好"),
    ('<a href="http://x.cn">好</a>', "好"),
    # links, mentions, topics
    ("看 https://item.jd.com/1.html?a=1#b 不错", "看 不错"),
    ("HTTP://X.CN好", "好"),
    ("www.taobao.com，好", "，好"),
    ("www.a.com", ""),
    ("@客服 在吗", "在吗"),
    ("@张三：在吗", "：在吗"),
    ("转@张三@b-c", "转@b-c"),
    ("@官方客服态度太差了！", "@官方客服态度太差了！"),
    ("#新品#好用", "新品 好用"),
    ("#a#b#", "a b#"),
    ("第一行_x000D_\n第二行", "第一行 第二行"),
    ("snake_case_x0", "snake_case_x0"),
    # pinyin annotations
    ("產(chǎn)品處(chù)理", "产品处理"),
    ("绿（lǜ）色", "绿色"),
    ("中(zhōng)国（guó）", "中国"),
    # traditional script
    ("這個軟體", "这个软体"),
    ("乾隆年間的乾淨", "乾隆年间的干净"),
    ("⾒⾨", "见门"),
    ("㊖", "财"),
    ("\U0002a016", "\U0002b6e7"),  # a traditional ideograph of plane 2
    # runs
    ("好好好好好好", "好好好"),
    ("！！！！！！", "！！！"),
    ("hhhhhh666666", "hhh666666"),
    ("😂😂😂😂😂", "😂😂😂"),
    ("aａaａ", "aaa"),
    ("好\u200b好\u200b好\u200b好", "好好好"),
    ("............", "..."),
    # lost characters
    ("好\ufffd用", "好用"),
    ("\ud800好", "好"),
    ("\ud83d\ude00", "😀"),
    ("a" + "\u0301\u0316" * 1000, "á" + "\u0316" * 3 + "\u0301" * 3),
]

LEFT_ALONE = [
    "",
    "👍",
    "[赞][微笑]",
    "，！？：；（）…～",
    "3 < 5",
    "<3",
    "a<b",
    "1<2 and 3>2",
    "AT&T",
    "a@b.cn",
    "联系 service@example.com，谢谢",
    "C# 和 F#",
    "#1",
    "# 标题 #",
    "@",
    "价格10000元",
    "138****1234",
    "*****",
    "000000",
    "2024/05/01 12:30",
    "有/无",
    "3.5分",
    "...",
    "好好好",
    "Café",
    "10×20",
    "手机(xin)很好",
    "(chǎn)",
    "产（chan）品",
    "微信(weixin)",
    "快递打坏了，土坏也是坏",  # phrases for traditional text, not for this one
    "反覆",
    "沈先生",
    "瑜伽垫有瑕疵",
    "涓涓细流",
    "銆",
    "http://",
    "www.",
    "W.W",
    "한국어",
    "ภาษาไทย",
    "русский",
    "٠١٢٣",
    "\U0001f468",
]

MOJIBAKE_CASES = [
    "手机很好用，推荐购买",
    "好评",
    "物流太慢了。",
    "性价比高！",
    "客服：态度很差…",
    "用了3天就坏了，退货不给退！",
    "😀很好",
    "“很好”",
]


@pytest.mark.parametrize(("text", "expected"), CHANGED)
def test_what_is_cleaned(text, expected):
    assert clean([text]).texts() == [expected]
    assert slow_clean(text) == expected


X500 = "xy" * 250
AT_THE_BOUNDS = [
    ("</p     >", True),
    ("<br     />", True),
    (f"<b{X500}>", True),
    (f"<b{X500}z>", False),
    (f"</b{X500}>", True),
    (f"</b{X500}z>", False),
    (f"<!--{X500}-->", True),
    (f"<!--{X500}z-->", False),
    ("@" + "xy" * 8 + ":", True),
    ("@" + "xy" * 8 + "z:", False),
    ("@" + "xy" * 8, False),
    ("#" + "xy" * 20 + "#", True),
    ("#" + "xy" * 20 + "z#", False),
    ("产(ǎng)", True),
    ("产(abcdefā)", True),
    ("产(abcdefgā)", False),
    ("产(chuāngab)", True),
    ("产(chuāngabc)", False),
]


@pytest.mark.parametrize(("text", "changed"), AT_THE_BOUNDS)
def test_rules_reach_as_far_as_they_say(text, changed):
    assert (clean([text]).texts() != [text]) == changed
    assert clean([text]).texts() == [slow_clean(text)]


def test_a_breaking_tag_is_a_blank_only_with_few_blanks_of_its_own():
    assert clean(["好</p     >用", "好</p      >用"]).texts() == ["好 用", "好用"]


def test_a_link_ends_after_2048_characters():
    assert clean(["http://" + "ab" * 1024 + "cd"]).texts() == ["cd"]


@pytest.mark.parametrize(("marks", "kept"), [(1, 1), (29, 29), (30, 30), (31, 30), (39, 30)])
def test_a_pile_of_combining_marks_is_cut(marks, kept):
    below = "".join(char for char in map(chr, range(0x300, 0x370)) if unicodedata.combining(char) == 220)
    assert len(below) == 39
    assert clean(["好" + below[:marks] + "用"]).texts() == ["好" + below[:kept] + "用"]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_left_alone(text):
    result = clean([text])
    assert result.texts() == [text]
    assert not result.damaged[0]
    assert slow_clean(text) == text


def misread(text, encoding):
    """What a program shows that takes the UTF-8 of ``text`` for another encoding; None where it cannot show it at all."""
    try:
        return text.encode("utf-8").decode(encoding)
    except UnicodeDecodeError:
        return None


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "gb18030"])
def test_mojibake_is_repaired(encoding):
    cases = [(text, misread(text, encoding)) for text in MOJIBAKE_CASES]
    possible = [(text, damaged) for text, damaged in cases if damaged is not None]
    assert len(possible) >= 2
    assert clean([damaged for _, damaged in possible]).texts() == [slow_clean(text) for text, _ in possible]


@pytest.mark.parametrize(
    ("text", "damaged"),
    [
        ("好用", False),
        ("", False),
        ("好\ufffd用", True),
        ("锟斤拷", True),
        ("很好锟斤拷锟斤拷，", True),
        ("锟", False),
        ("\udc00", True),
        ("&#0;", True),
        ("é", False),
    ],
)
def test_damage_is_flagged(text, damaged):
    assert clean([text]).damaged.tolist() == [damaged]


@pytest.mark.parametrize("final", ["", "。", "!", "！！！", "~", "。。。", "。.!！~。.!！~", "  "])
def test_templates_say_nothing(final):
    texts = sorted(template_texts())
    assert len(texts) > 20
    assert clean([text + final for text in texts]).no_information.all()


@pytest.mark.parametrize(
    ("text", "no_information"),
    [
        ("", True),
        (" \u3000\n", True),
        ("\u200b\ufeff", True),
        ("<br>", True),
        ("http://a.cn", True),
        ("@客服", False),
        ("@客服 ", True),
        ("<p>系统默认好评</p>", True),
        ("系統默認好評！", True),
        ("系统默认好评，其实不好用", False),
        ("不是系统默认好评", False),
        ("好评", False),
        ("。", False),
        ("👍", False),
        ("0", False),
        ("此", False),
    ],
)
def test_no_information(text, no_information):
    assert clean([text]).no_information.tolist() == [no_information]


# ---------------------------------------------------------------------------------------------------------------------------------
# Wild texts: the fast path against the oracle.

CHARACTERS = (
    CHINESE_PUNCTUATION
    + TONED
    + ENDS_A_MENTION
    + "<>&@#/.:;*-_+%()[]!?'\"=~ \t\n\r\x00\x0b\x1c\x7f\x85\xa0\xad×÷ªº²½0123９①٣aAwWhtpsſＷＡｚü"
    + "好坏乾隆產品鐨锟涓瑜ーガｶﾞ가ᄒ\u1161\u11a8\uffbe\uffc2\uffa1é\u0301\u0316\u0323\u0307Å\u212a\u2126ﬁ㍿㊖⾒㎏豈"
    + "\u200b\u200d\u200e\u200f\u202a\u202e\u2060\ufeff"
    + "\ufe0f\ufffd\ud83d\ude00\udc00\u2028\u3000\u180e\U000e0020\U000e0100\ue000\U0002a016\U0010ffff👍👨🏽🇨🇳❤☺"
)
PARTS = (
    "http:// https://a.cn/ www. WWW. // </ <b <br <BR/> </p> </li <!-- --> <a|href='x'> </div|> <br|/> &amp; &lt; &gt &#64; &#x23; &nbsp; "
    "&#55357; &# @user @用户| #话题# #话|题# (chǎn) （lǜ） (a (āaaaaaaa) "
    "é® Ã© â€œ å¥½ 锟斤拷 鐨勭 濂借瘎 打坏 "
    "瞭解 啊啊啊啊啊 11111 ***** |||| 系统默认好评"
)
FRAGMENTS = (
    *(text for text, _ in CHANGED if len(text) < 100),
    *LEFT_ALONE,
    *CHARACTERS,
    *(part.replace("|", " ") for part in PARTS.split()),
    "\u0301" * 40,
)
WILD = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.characters(exclude_characters="İı")), max_size=14).map("".join)


def agree(texts):
    for text, got in zip(texts, clean(texts).texts(), strict=True):
        assert got == slow_clean(text), repr(text)


@settings(deadline=None, max_examples=400, database=None)
@given(st.lists(WILD, max_size=8))
def test_clean_is_the_slow_obvious_cleaning(texts):
    agree(texts)


def test_clean_is_the_slow_obvious_cleaning_on_seeded_texts():
    dice = random.Random(20240501)
    agree(["".join(dice.choices(FRAGMENTS, k=dice.randrange(1, 30))) for _ in range(6000)])


def test_every_character_by_itself_is_cleaned_as_by_the_oracle():
    """All of planes 0 and 1, samples of the others, each in a neighbourhood that would show a composition or a dropped rule."""
    codes = [*range(0x20000), *range(0x20000, 0x110000, 101), *range(0x2F800, 0x2FA20), *range(0xE0000, 0xE0200)]
    agree([f"a{chr(code)}b" for code in codes if not 0xD800 <= code < 0xE000])


BLANK = SPACE | KEEP_RUN
LOST = DROP | RARE
RANGES = [
    # first, last, flags of all in between
    (0x00, 0x08, DROP),
    (0x09, 0x0D, BLANK),
    (0x0E, 0x1B, DROP),
    (0x1C, 0x20, BLANK),
    (0x27, 0x29, 0),
    (0x2A, 0x2A, KEEP_RUN),
    (0x30, 0x39, KEEP_RUN),
    (0x3A, 0x3B, 0),
    (0x41, 0x5E, 0),
    (0x5F, 0x5F, RARE),
    (0x60, 0x7E, 0),
    (0x7F, 0x84, DROP),
    (0x85, 0x85, BLANK),
    (0x86, 0x9F, DROP),
    (0xA0, 0xA0, BLANK),
    (0xAD, 0xAD, DROP),
    (0xC0, 0xD6, RARE),
    (0xD7, 0xD7, 0),
    (0xD8, 0xF6, RARE),
    (0xF7, 0xF7, 0),
    (0xF8, 0xFF, RARE),
    (0x300, 0x34E, RARE),
    (0x1161, 0x1175, RARE),
    (0x1176, 0x11A7, 0),
    (0x11A8, 0x11C2, RARE),
    (0x11C3, 0x11FF, 0),
    (0x2000, 0x200A, BLANK),
    (0x200B, 0x200F, DROP),
    (0x2010, 0x2010, 0),
    (0x2028, 0x2029, BLANK),
    (0x202A, 0x202E, DROP),
    (0x202F, 0x202F, BLANK),
    (0x2060, 0x2064, DROP),
    (0x3000, 0x3000, BLANK),
    (0x3001, 0x3002, 0),
    (0x4E00, 0x4E01, 0),
    (0x9FFD, 0x9FFF, 0),
    (0xD800, 0xDFFF, LOST),
    (0xE000, 0xF8FF, 0),
    (0xFE00, 0xFE0F, DROP),
    (0xFEFF, 0xFEFF, DROP),
    (0xFF10, 0xFF19, KEEP_RUN),
    (0xFFFC, 0xFFFC, 0),
    (0xFFFD, 0xFFFD, LOST),
    (0x1F44D, 0x1F44F, 0),
    (0xE0020, 0xE007F, DROP),
    (0xE0100, 0xE01EF, DROP),
    (0xE01F0, 0x10FFFF, 0),
]


@pytest.mark.parametrize(("first", "last", "flags"), RANGES)
def test_character_table_from_the_first_to_the_last_of_each_range(first, last, flags):
    assert set(character_table().flags[first : last + 1].tolist()) == {flags}


@pytest.mark.parametrize(
    ("chars", "folded"), [("AＡÉΣ", "aaéσ"), ("，！？：；（）～", ",!?:;()~"), ("。、…", "。、."), ("好ß0ａ", "好ß0a")]
)
def test_folding_is_lower_case_with_ascii_punctuation(chars, folded):
    assert "".join(chr(character_table().fold[ord(char)]) for char in chars) == folded


def test_tables_are_shared_and_cannot_be_written():
    table = character_table()
    assert table is character_table()
    for array in (table.clean, table.fold, table.flags):
        assert array.shape == (0x110000,)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


# ---------------------------------------------------------------------------------------------------------------------------------
# Rows do not know of each other.


def row_by_row(texts):
    singles = [clean([text]) for text in texts]
    return [(s.texts()[0], bool(s.no_information[0]), bool(s.damaged[0])) for s in singles]


def rows(result):
    return list(zip(result.texts(), result.no_information.tolist(), result.damaged.tolist(), strict=True))


@settings(deadline=None, max_examples=150, database=None)
@given(st.lists(WILD, max_size=10), st.randoms(use_true_random=False), st.integers(0, 10))
def test_batch_is_row_by_row_whatever_the_order_and_the_cuts(texts, dice, cut):
    expected = row_by_row(texts)
    assert rows(clean(texts)) == expected
    assert rows(clean(texts[:cut])) + rows(clean(texts[cut:])) == expected
    order = list(range(len(texts)))
    dice.shuffle(order)
    assert rows(clean([texts[i] for i in order])) == [expected[i] for i in order]


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        ["", "", ""],
        ["", "好", ""],
        [" ", "好好", "好好", " "],
        ["aaa", "aaa"],
        ["w", ".好"],
        ["/", "/好"],
        [" a ", " ", " b "],
        ["\u200b", "，"],
    ],
)
def test_what_ends_a_row_does_not_touch_the_next(texts):
    assert clean(texts).texts() == [slow_clean(text) for text in texts]
    assert len(clean(texts).no_information) == len(clean(texts).damaged) == len(texts)


def test_input_is_not_changed():
    texts = ["<b>好</b>", "產品"]
    clean(texts)
    assert texts == ["<b>好</b>", "產品"]
    assert clean(tuple(texts)).texts() == ["好", "产品"]


def test_a_very_long_text():
    text = "這個產品<b>很好用</b>，物流也快！！！！！😀" * 5000
    assert len(text) > 100_000
    expected = slow_clean("這個產品<b>很好用</b>，物流也快！！！！！😀") * 5000
    assert clean(["好", text, ""]).texts() == ["好", expected, ""]


HOSTILE = [
    *(char * 100_000 for char in "<#&@\ufffd\ud800乾锟鐨Ã\u0301\u1161\x00 (。"),
    *(
        part * 40_000
        for part in ("www.", "产(a", "产(ā", "<a", "<!--", "&#", "&amp", "#a", "@a", "http://", "</p   ", "é®", "é\x85", "\u0301\u0316")
    ),
    "產(" + "a" * 100_000 + "ā",
    "\ufdfa" * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:8]))
def test_hostile_texts_take_linear_time(text):
    """A quadratic rule would need minutes for these."""
    start = time.perf_counter()
    assert len(clean([text]).texts()) == 1
    assert time.perf_counter() - start < 20


# ---------------------------------------------------------------------------------------------------------------------------------
# TextBatch


@settings(deadline=None, max_examples=150, database=None)
@given(st.lists(st.text(st.characters(exclude_categories=())), max_size=12))
def test_batch_round_trip(texts):
    batch = TextBatch.from_texts(texts)
    assert batch.to_texts() == texts
    assert batch.n_rows == len(texts)
    assert batch.lengths.tolist() == [len(text) for text in texts]
    assert batch.codes.dtype == np.uint32
    assert batch.indptr.dtype == np.int64


@settings(deadline=None, max_examples=150, database=None)
@given(st.lists(st.text("ab好", max_size=6), max_size=12), st.randoms(use_true_random=False))
def test_select_keeps_rows_and_the_order_of_characters(texts, dice):
    keep = [[dice.random() < 0.5 for _ in text] for text in texts]
    flat = np.array([k for row in keep for k in row], dtype=bool)
    expected = ["".join(char for char, k in zip(text, row, strict=True) if k) for text, row in zip(texts, keep, strict=True)]
    assert TextBatch.from_texts(texts).select(flat).to_texts() == expected
