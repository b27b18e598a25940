"""Texts nobody would type and everybody receives, for the fuzz tests; and how many of them a test tries."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

#: What single parts are made of: each has broken some program that reads Chinese feedback.
PARTS = (
    *(
        "我的软件总是闪退",
        "登录失败",
        "客服態度很差",
        "好评",
        "系统默认好评",
        "唔好用",
        "太贵了！！！！！！",
        "產(chǎn)品處(chù)理",
        "虽然贵，但是好",
    ),
    *("\ud800", "\udfff", "\ud83d", "\ude00", "\x00", "\x00\x00", "\x08", "\x1b[31m", "\x7f", "\x85", "\ufffe", "\uffff", "\U0010ffff"),
    *("\ufeff", "\ufffd", "锟斤拷", "烫烫烫", "Ã¥Â¥Â½", "濂借瘎", "\u200b", "\u200d", "\u2060", "\u00ad", "\ufe0f", "\U000e0041"),
    *("\u202e", "\u202d", "\u200f", "\u2066", "\u2069", "שלום", "مرحبا", "ไทย", "한국어", "각", "ёлка", "ｶﾞ", "ﷺ", "ǆ", "ß", "İ", "ı"),
    *("👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇨🇳", "😀", "①③⑧①②③④⑤⑥⑦⑧", "１３８１２３４５６７８", "13812345678", "6222021234567890128", "z@x.com"),
    *("微信号：", "QQ", "加我", "vx", "订单号", "卡号", "010-12345678", "110105194912310021", "+86 ", "*" * 5),
    *(
        "<b>",
        "</b",
        "<",
        "<br/>",
        "<script>alert(1)</script>",
        "<!--",
        "-->",
        "<![CDATA[",
        "&lt;",
        "&amp;amp;",
        "&#x",
        "&#0;",
        "&#1114112;",
    ),
    *(
        "&#xD800;",
        "&nbsp",
        "@",
        "@用户",
        "#话题#",
        "#",
        "http://",
        "https://a.b/c?d=e",
        "www.",
        "[微笑]",
        "[",
        "]",
        "_x000D_",
        "{{",
        "%s",
        "\\u",
    ),
    *(
        " ",
        "\u3000",
        "\t",
        "\r\n",
        "\n",
        "\r",
        "\u2028",
        "\v",
        "。",
        "，",
        "……",
        "!?",
        "'",
        '"',
        ",",
        ";",
        "=1+1",
        "-",
        "--",
        "a",
        "A1",
        "C++",
        "0",
    ),
    *("\u0301", "\u0e49" * 20, "a" + "\u0301" * 64, "\u1161", "\u11a8", "𠀀", "𪚥", "㐀", "丽", "ⅷ", "㎏", "½"),
)

#: One part, written so often that it fills a screen or a paste; most rules are wrong about long texts first.
REPEATED = st.builds(lambda part, times: part * times, st.sampled_from(PARTS), st.sampled_from((2, 3, 4, 31, 300)))

#: Very many different characters, none of them twice.
DISTINCT = st.builds(
    lambda start, size: "".join(map(chr, range(start, min(start + size, 0x110000)))),
    st.sampled_from((0x21, 0x2E80, 0x4E00, 0xAC00, 0xD7FF, 0x1F300, 0x20000, 0xE0000, 0x10FF00)),
    st.integers(1, 700),
)

ANY_CHARACTER = st.characters(exclude_categories=())  # lone surrogates (Cs) and unassigned code points included
ANY_TEXT = st.text(ANY_CHARACTER, max_size=30)

#: pandas has no column names with lone surrogates.
HEADER = st.text(max_size=8)

WILD = st.one_of(
    ANY_TEXT,
    st.lists(st.sampled_from(PARTS) | ANY_TEXT, max_size=12).map("".join),
    st.lists(REPEATED | DISTINCT | st.sampled_from(PARTS), max_size=4).map("".join),
)

#: A batch: also of no row, of empty rows, and of the same row twice.
BATCH = st.lists(WILD | st.just(""), max_size=6).flatmap(lambda rows: st.sampled_from((rows, rows + rows[:1])))

#: A paste of 100,000 characters: a part, over and over.
PASTES = tuple((part * (100_000 // len(part) + 1))[:100_000] for part in PARTS)


def tries(number: int) -> settings:
    """Settings for so many examples in a run of the length CI has; a profile with more examples raises all tests alike."""
    profile = settings()
    return settings(
        max_examples=max(1, number * profile.max_examples // settings.get_profile("default").max_examples),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
