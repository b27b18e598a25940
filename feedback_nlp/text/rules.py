"""Cleaning rules that need a whole row: mark-up, mojibake, sequences NFKC composes, traditional script.

One small function per rule, str in and str out, applied in the order of ``RULES`` and only to the few rows that hold a character
flagged ``RARE``. All patterns are linear: bounded repeats, no nested quantifiers.
"""

import html
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from feedback_nlp.text.characters import CHINESE_PUNCTUATION, MOJIBAKE, TONED_VOWELS, traditional_characters

#: A character keeps at most this many combining marks (Stream-Safe Text Format, UAX #15): sorting them takes the square of their number.
MAX_MARKS = 30

if TYPE_CHECKING:
    from opencc import OpenCC

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
#: A numeric entity beyond Unicode; thousands of digits would not even convert to a number.
_HUGE_ENTITY = re.compile(r"&#\d{8,};?")
_BREAK = re.compile(r"<(?:br|/p|/div|/li)\s{0,5}/?>", re.IGNORECASE)
_TAG = re.compile(r"<(?:!--[^<>]{0,500}--|/?[a-zA-Z][^<>]{0,500})>")
_URL = re.compile(r"(?:https?://|www\.)[!-;=?-~]{1,2048}", re.IGNORECASE | re.ASCII)
_USER = re.compile(r"(?<![A-Za-z0-9._%+-])@[\w\-]{1,16}(?=[\s@:：])")
_TOPIC = re.compile(r"#([^#\s]{1,40})#")
_EXCEL_ESCAPE = re.compile(r"_x000[dDaA9]_")
_PINYIN = re.compile(rf"(?<=[{_HAN}])[(（](?=[a-zü]{{0,6}}[{TONED_VOWELS}])[a-zü{TONED_VOWELS}]{{1,8}}[)）]")
_NOT_CHINESE_PUNCTUATION = re.compile(f"[^{CHINESE_PUNCTUATION}]+")
_LATIN_MOJIBAKE = re.compile(r"[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff][\u0080-\u00bf\u0152-\u2122]")
_GBK_MOJIBAKE = re.compile(f"[{MOJIBAKE}]")


def repair_mojibake(text: str) -> str:
    """UTF-8 that was read as Latin-1/Windows-1252 or as GBK, turned back where that is possible without loss."""
    if _LATIN_MOJIBAKE.search(text):
        import ftfy

        text = str(ftfy.fix_encoding(text))
    if _GBK_MOJIBAKE.search(text):
        try:
            return text.encode("gb18030").decode("utf-8")
        except UnicodeError:
            return text
    return text


def strip_html(text: str) -> str:
    """Entities decoded, tags removed; a line-breaking tag becomes a space. 「3 < 5」 and 「<3」 stay."""
    if "&" in text:
        text = html.unescape(_HUGE_ENTITY.sub("", text))
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub(" ", text))
    return text


def strip_links(text: str) -> str:
    """Web addresses removed."""
    return _URL.sub(" ", text) if "/" in text or "." in text else text


def strip_mentions(text: str) -> str:
    """``@user`` removed, ``#topic#`` unwrapped. An e-mail address is not a mention.

    A name ends at white space, a colon or the next mention. Anything else, 「@客服态度太差了！」 say, may be a complaint: it stays.
    """
    text = _USER.sub("", text) if "@" in text else text
    return _TOPIC.sub(r"\1 ", text) if "#" in text else text


@cache
def _marks() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What may be a combining mark, and too many of them. The former has one range for all beyond U+FFFF, and so looks up the rest fast."""
    marks = "".join(filter(unicodedata.combining, map(chr, range(0x300, 0x20000))))
    common = "".join(mark for mark in marks if mark <= "\uffff")
    return re.compile(f"[{common}\U00010000-\U0010ffff]"), re.compile(f"([{marks}]{{{MAX_MARKS}}})[{marks}]+")


def normalize(text: str) -> str:
    """Unicode NFKC, sparing the Chinese punctuation people read; of a pile of combining marks the first ``MAX_MARKS`` stay."""
    # The second pattern is slow on text without marks, and hardly any text has one.
    perhaps, too_many = _marks()
    if perhaps.search(text) and any(map(unicodedata.combining, text)):
        text = too_many.sub(r"\1", text)
    # Parts of a normal text are normal (UAX #15), so most texts need one look instead of many small strings.
    if unicodedata.is_normalized("NFKC", "".join(_NOT_CHINESE_PUNCTUATION.findall(text))):
        return text
    return _NOT_CHINESE_PUNCTUATION.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def strip_pinyin(text: str) -> str:
    """Annotated scans: 產(chǎn)品 becomes 產品."""
    return _PINYIN.sub("", text) if ")" in text or "）" in text else text


@cache
def _converter() -> "OpenCC":
    from opencc import OpenCC

    return OpenCC("t2s")


def simplify(text: str) -> str:
    """Traditional to simplified characters, by OpenCC's phrase dictionary (乾隆 stays, 乾淨 becomes 干净).

    Only where a traditional character stands: the phrases would misread simplified text (打坏 becomes 打坯).
    """
    if traditional_characters().isdisjoint(text):
        return text
    return str(_converter().convert(text))


def drop_surrogates(text: str) -> str:
    """Lone surrogates become U+FFFD, so that every later step sees valid Unicode."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def strip_excel_escapes(text: str) -> str:
    """Line ends that a spreadsheet wrote as ``_x000D_``."""
    return _EXCEL_ESCAPE.sub(" ", text) if "_x000" in text else text


RULES = (strip_excel_escapes, drop_surrogates, repair_mojibake, strip_html, strip_links, strip_mentions, normalize, strip_pinyin, simplify)


def apply_rules(text: str) -> str:
    """One row through all the rules."""
    for rule in RULES:
        text = rule(text)
    return text
