"""Personal data out of texts and tables, before anything leaves the library.

Masked: mainland mobile numbers, landlines with an area code, identity cards whose check character holds, bank cards whose
check digit holds, e-mail addresses, WeChat and QQ names after a word that announces them; whole columns of names, contacts and
customer ids. Left alone: 400/800 and five-digit service numbers, prices, dates, versions, models, order numbers. Not seen:
local numbers without an area code, numbers in Chinese numerals, postal addresses and names inside a text, labels of an index.
In doubt it masks: an order number shaped like a mobile number is lost. Masking twice is masking once.
"""

import datetime
import json
import re
from collections.abc import Callable, Collection, Hashable, Iterator
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError, TextTypeError
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import N_CODE_POINTS
from feedback_nlp.text.clean import clean
from feedback_nlp.text.identifiers import SHORTEST_NUMBER, mask_plain
from feedback_nlp.vocabulary import INPUT_COLUMNS, LEDGER_HEADERS

KINDS = ("name", "contact", "identifier", "text")
COLUMN_KINDS = {"customer_id": "identifier", "customer_name": "name", "contact": "contact"}
#: Columns of the record that hold quantities: a large spend is not a telephone number.
QUANTITIES = frozenset({"annual_spend", "tenure_years", "satisfaction"})
#: Words that give away a personal column under a header the record does not know; the first found decides.
HEADER_WORDS = (
    (
        "contact",
        re.compile("地址|住址|address|身份证|护照|银行卡|卡号|微信|wechat|^qq|^wx|^vx|手机号|电话|邮箱|e-?mail|phone|mobile|idcard"),
    ),
    ("name", re.compile("姓名|收货人|收件人|联系人|昵称|投诉人|买家|客户名|会员名|^客户$|nickname|realname|fullname")),
)
HONORIFIC = re.compile("(?:先生|女士|小姐|太太|夫人|老师|同学|经理|主任|师傅|阿姨|医生|总)$")
COMPOUND_SURNAME = re.compile(
    "(?:欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|夏侯|东方|東方|皇甫|尉迟|尉遲|公孙|公孫|慕容|令狐|长孙|長孫|宇文|司徒|司空|端木|独孤|獨孤|南宫|南宮"
    "|百里|呼延|轩辕|軒轅|申屠|钟离|鍾離|闻人|聞人|澹台|太史|拓跋|赫连|赫連|万俟)(?=.)"
)

_D = "[0-9０-９]"
_SEP = r"[ \u00a0\u3000\-－\u2010-\u2015]"
_ASCII = str.maketrans("０１２３４５６７８９Ｘｘx", "0123456789XXX")
#: Not just after a masked number, whose last four digits would start a new one; nor just before one, for its first digits.
_FRESH = rf"(?<!{_D})(?<!\*{{4}})(?<!\*{{4}} )"
_OVER = rf"(?!{_D}| ?\*{{4}})"
_AREA = f"[0０](?:[1１][0０]|[2２]{_D}|[3-9３-９]{_D}{{2}})"
_PREFIX_86 = f"(?<!{_D})(?:(?:[+＋]|[0０]{{2}})[8８][6６]{_SEP}?|[8８][6６]-?)?"
_TELEPHONE_WORD = "(?:电话|手机|座机|固话|致电|拨打|联系方式|(?i:tel))(?:号码?)?"
_CUE = "(?:微信|薇信|威信|(?i:wechat|weixin)|[vV]信|(?<![A-Za-z0-9])(?:[wWvV][xX]|[qQ]{2})|加我|加[qQ](?![A-Za-z])|薇(?=[ ]?[:：0-9])|扣扣)"
_OPEN = r"[【\[(（「]?"
_PRODUCT = "(?i:iphone|ipad|android|ios|windows|harmony|mac|http|version)"
_WORD = "[A-Za-z0-9_-]"
_WORD_END = rf"(?!{_WORD}|[０-９*]|\.{_D})"

EMAIL = re.compile(r"(?<![\w.%+-])([\w.%+-])[\w.%+-]*+(?=[@＠][a-z0-9][a-z0-9.-]*\.[a-z]{2})", re.ASCII | re.IGNORECASE)
ID_CARD = re.compile(f"(?<!{_D})[1-9１-９]{_D}{{5}}{_SEP}?{_D}{{8}}{_SEP}?{_D}{{3}}[0-9０-９XxＸｘ]{_OVER}")
BANK_CARD = re.compile(f"{_FRESH}((?:{_D}{{4}}{_SEP}?){{3}}{_D}{{4}})({_SEP}?{_D}{{1,3}})?{_OVER}")
MOBILE = re.compile(f"{_PREFIX_86}[1１][3-9３-９]{_D}{_SEP}?{_D}{{4}}{_SEP}?{_D}{{4}}(?!{_D})")
LANDLINE = re.compile(f"{_FRESH}(?:[(（]{_AREA}[)）]{_SEP}?|{_AREA}{_SEP}){_D}{{3,4}}{_SEP}?{_D}{{4}}(?!{_D})")
#: After a word for telephone, numbers are known by less: 1 3 8 1 2 3 4 5 6 7 8, 1381-2345-678, 01012345678.
SPOKEN = re.compile(f"({_TELEPHONE_WORD}[ :：是为]{{0,2}})({_D}(?:{_SEP}?{_D}){{9,11}})(?!{_D})")
#: "微信号：", "QQ号", "vx:" announce a name for certain; "微信" or "加我" alone also stand before iPhone15, 200000 元 or a date.
MESSENGER = re.compile(
    f"({_CUE}[ ]?(?:(?:号码?|账号|ID|id)[ ]?[:：=是为]{{0,3}}|[:：=]|(?=[【\\[(（「]))[ ]{{0,2}}{_OPEN})"
    f"(?:([A-Za-z]){_WORD}{{5,19}}|({_D}){_D}{{4,10}}){_WORD_END}"
)
MESSENGER_BARE = re.compile(
    rf"({_CUE}[ ]?[是为]?[ ]?)(?:(?!{_PRODUCT})(?=[A-Za-z-]{{1,19}}[0-9_])(?<![A-Za-z])([A-Za-z]){_WORD}{{5,19}}"
    rf"|(?!20[0-9]{{6}}(?![0-9]))({_D}){_D}{{5,10}}(?![元块万次年月天人个分%])){_WORD_END}"
)
#: One cheap look at every text: ten digits, an @, or a word that announces a messenger name.
SUSPICIOUS = re.compile(
    rf"[0-9０-９@＠微薇威vVwWqQ加扣](?:(?<={_D})(?:[()（）]?{_SEP}?[()（）]?{_D}){{9}}|(?<=[@＠])[a-zA-Z0-9]"
    r"|(?<=[微薇威vV])信|(?<=[wW])e(?:[cC]hat|ixin)|(?<=[vVwW])[xX]|(?<=[qQ])[qQ]|(?<=加)[我qQ]|(?<=薇)[ :：0-9]|(?<=扣)扣)"
)

#: Without these no number and no messenger name is in a text; each is found sooner than what it stands for.
TEN_DIGITS = re.compile(rf"{_D}(?:[()（）]?{_SEP}?[()（）]?{_D}){{9}}")
ANNOUNCED = re.compile("[微薇威vVwWqQ加扣][信eExXqQ我 :：0-9扣]")

#: The characters that may begin what ``SUSPICIOUS`` finds, but for digits, of which it takes ten.
CUES = "@＠微薇威vVwWqQ加扣"
#: Texts looked at together: arrays tell sooner than a pattern which of them it need not see, unless they are few or leave the cache.
PART = 512

#: Issuer ranges common in China, so that an order number is not taken for a card: UnionPay, Visa, Mastercard, JCB, ICBC.
CARD_NUMBER = re.compile(r"(?:6[02-9]|9558)\d{14,17}|(?:4\d|5[1-5]|35)\d{14}")
#: Words within ``REACH`` characters before a number that tell what it is.
REACH = 8
CARD_WORD = re.compile("(?:卡|账号|帐号|账户)[^*]*$")
ORDER_WORD = re.compile("(?:单号|订单|运单|编号|流水|序列|SN)[^*]*$", re.IGNORECASE)
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"

TELEPHONE_ALONE = re.compile(r"(?:(?:00)?86)?(1[3-9]\d)\d{4}(\d{4})|(0(?:10|2\d|[3-9]\d\d))\d{3,4}(\d{4})")
EMAIL_ALONE = re.compile(r"[\w.%+-]+([@＠][a-z0-9.-]+\.[a-z]{2,})", re.ASCII | re.IGNORECASE)
MASKED_ALONE = re.compile(r".?\*{3}.?|1[3-9]\d\*{4}\d{4}|0\d{2,3}-\*{4}\d{4}|.\*{3}[@＠][A-Za-z0-9.-]+", re.DOTALL)


def mask_texts(texts: list[str]) -> list[str]:
    """Mask personal data inside free texts.

    texts: n strings. Returns n strings in the same order; a text without personal data is returned unchanged.
    Raises TextTypeError for anything that is not a string. Time is linear in the characters.

    >>> mask_texts(["联系电话１３８ 1234 5678，邮箱zhang@example.com"])
    ['联系电话138****5678，邮箱z***@example.com']
    """
    if set(map(type, texts)) - {str}:
        for row, text in enumerate(texts):
            if not isinstance(text, str):
                raise TextTypeError(f"mask_texts expects strings, got {type(text).__name__} at position {row}; use mask_column for tables")
    masked = list(texts)
    for row in _suspects(texts) if len(texts) > PART else range(len(texts)):
        if SUSPICIOUS.search(texts[row]):
            masked[row] = _mask_text(texts[row])
    return masked


def mask_name(name: str) -> str:
    """Keep the surname (王小明 -> 王**, 欧阳娜娜 -> 欧阳**), the form of address (李女士 -> *女士) or one letter (Tom -> T***)."""
    name = name.strip()
    if not name or ("*" in name and len(name.replace("*", "")) <= 2):
        return name
    honorific, compound = HONORIFIC.search(name), COMPOUND_SURNAME.match(name)
    if honorific:
        return f"*{honorific[0]}" if honorific.start() else name
    return (compound[0] if compound else name[0]) + ("**" if "\u4e00" <= name[0] <= "\u9fff" else "***")


def mask_contact(value: str) -> str:
    """Mask one telephone number or e-mail address like ``mask_texts``; of anything else keep the first and last character."""
    return _mask_alone(value.strip(), tail=1)


def mask_identifier(value: str) -> str:
    """Keep the first and the last two characters of an id, fewer of a short one; a telephone number or e-mail as a contact."""
    return _mask_alone(value.strip(), tail=2)


def mask_column(values: pd.Series, kind: str) -> pd.Series:
    """Mask one column.

    values: (n,) of any dtype. kind: one of ``KINDS``.
    Returns (n,) with the same index and name. Missing values stay missing. Numbers become strings before they are masked
    (13812345678.0 -> 138****5678); a column of missing values, and under "text" one without personal data, is returned as is.
    Raises InputError for an unknown kind.
    """
    if kind not in KINDS:
        raise InputError(f"mask_column expects a kind out of {', '.join(KINDS)}, got {kind!r}")
    cells = values.to_numpy(dtype=object).copy()
    present = np.flatnonzero(values.notna().to_numpy(dtype=bool))
    strings = cells[present].tolist()
    if set(map(type, strings)) != {str}:
        whole = (int(cell) if isinstance(cell, float) and cell.is_integer() else cell for cell in strings)
        strings = [cell if isinstance(cell, str) else _spelled(cell) for cell in whole]
    masked = _mask_cells(strings) if kind == "text" else _mask_each(strings, kind)
    if masked is None or not strings:
        return values
    changed = np.ones(len(strings), bool)
    if kind == "text" and values.dtype == object:
        changed = masked != np.array(strings, dtype=object)
    cells[present[changed]] = masked[changed]
    dtype = values.dtype if isinstance(values.dtype, pd.StringDtype) else object
    return pd.Series(cells, index=values.index, name=values.name, dtype=dtype)


def mask_frame(frame: pd.DataFrame, *, skip: Collection[Hashable] = ()) -> pd.DataFrame:
    """Mask every column that is or may be personal; the input is never changed.

    frame: n rows. skip: labels of columns to leave untouched, such as texts masked before.

    Personal columns of the record, under any of their headers, are masked by their kind; columns whose header speaks of an
    address, an identity card, a bank card, WeChat and the like as contacts; all other columns of strings or objects, and of
    numbers that look like mobile numbers or identity cards, as texts. Returns a new frame, same rows, columns and index.
    """
    result = frame.copy()
    for position, label in enumerate(frame.columns):
        column = frame.iloc[:, position]
        kind = None if label in skip else _column_kind(str(label), column)
        if kind:
            masked = mask_column(column, kind)
            # As a Series: of the bare objects pandas would make strings, which lone surrogates cannot be.
            result.isetitem(position, masked)
    return result


@cache
def _cue_table() -> NDArray[np.uint8]:
    """uint8 (0x110000,): 1 for digits, 16 for ``CUES``, so that ten digits and one cue both come to ten or more."""
    table = np.zeros(N_CODE_POINTS, np.uint8)
    table[[*map(ord, "0123456789０１２３４５６７８９")]] = 1
    table[[*map(ord, CUES)]] = 16
    return table


def _suspects(texts: list[str]) -> Iterator[int]:
    """Rows in which ``SUSPICIOUS`` may find something, and few others."""
    for first in range(0, len(texts), PART):
        batch = TextBatch.from_texts(texts[first : first + PART])
        before = np.zeros(len(batch.codes) + 1, np.int32)
        np.cumsum(_cue_table().take(batch.codes), out=before[1:])
        yield from (np.flatnonzero(np.diff(before[batch.indptr]) >= 10) + first).tolist()


def _mask_text(text: str) -> str:
    if "@" in text or "＠" in text:
        text = EMAIL.sub(r"\1***", text)
    if TEN_DIGITS.search(text):
        text = BANK_CARD.sub(_bank_card, ID_CARD.sub(_id_card, text))
        text = SPOKEN.sub(_telephone, LANDLINE.sub(_telephone, MOBILE.sub(_telephone, text)))
    if ANNOUNCED.search(text):
        text = MESSENGER_BARE.sub(r"\1\2\3***", MESSENGER.sub(r"\1\2\3***", text))
    return text


def _mask_each(values: list[str], kind: str) -> NDArray[np.object_]:
    """``mask_name``, ``mask_contact`` or ``mask_identifier`` of each value; equal values are worked on once, plain ones as arrays."""
    alone: dict[str, Callable[[str], str]] = {"name": mask_name, "contact": mask_contact, "identifier": mask_identifier}
    masked, plain = np.array(values, dtype=object), np.zeros(len(values), bool)
    if kind != "name":
        masked, plain = mask_plain(values, tail=1 if kind == "contact" else 2)
    others = masked[~plain].tolist()
    known = {value: alone[kind](value) for value in dict.fromkeys(others)}
    masked[~plain] = [known[value] for value in others]
    return masked


def _mask_alone(value: str, *, tail: int) -> str:
    """Mask a whole value, of which ``tail`` last characters may stay."""
    if len(value) < SHORTEST_NUMBER and value.isalnum():
        return _ends(value, tail)
    if not value or MASKED_ALONE.fullmatch(value) or (value[1:4] == "***" and len(value) <= 4 + tail):
        return value
    number = _digits(value.removesuffix(".0"))
    telephone = _telephone_alone(number) if len(number) > len(value) // 2 and not re.search(r"[^\W\d]", value) else None
    email = EMAIL_ALONE.fullmatch(value)
    if telephone or email:
        return telephone or f"{value[0]}***{email[1] if email else ''}"
    return _ends(value, tail)


def _ends(value: str, tail: int) -> str:
    return f"{value[0] if len(value) > tail else ''}***{value[-tail:] if len(value) >= 3 * tail else ''}"


def _column_kind(label: str, column: pd.Series) -> str | None:
    """Say how a column is masked, None for not at all."""
    folded, types, dtype = _fold(label), pd.api.types, column.dtype
    name = _record_names().get(folded)
    if name in COLUMN_KINDS:
        return COLUMN_KINDS[name]
    if (name in QUANTITIES and types.is_numeric_dtype(dtype)) or types.is_bool_dtype(dtype) or dtype.kind in "mM":
        return None
    if name is None and folded not in {_fold(header) for header in (*LEDGER_HEADERS, *LEDGER_HEADERS.values())}:
        given_away = next((kind for kind, words in HEADER_WORDS if words.search(folded)), None)
        if given_away:
            return given_away
    if not (types.is_integer_dtype(dtype) or types.is_float_dtype(dtype)):
        return "text"
    numbers = column.dropna().to_numpy(dtype=np.float64)
    mobile = ((numbers >= 1.3e10) & (numbers < 2e10)) | ((numbers >= 8.613e12) & (numbers < 8.62e12))
    personal = mobile | ((numbers >= 1e15) & (numbers < 1e19))
    return "text" if bool(np.any(personal & (numbers == np.floor(numbers)))) else None


@cache
def _record_names() -> dict[str, str]:
    return {_fold(header): known.name for known in INPUT_COLUMNS for header in (known.name, known.header, *known.aliases)}


def _fold(header: str) -> str:
    """Without blanks, marks, remarks in brackets and the number of a repeated column: 昵称*, 用户名（微博）, customer_name_2."""
    return re.sub(r"[\s_\-*:：#.]+", "", re.sub(r"[(（\[【][^)）\]】]*[)）\]】]|_\d+$", "", header.strip())).casefold()


def _spelled(cell: object) -> str:
    """A cell that is no string as text; of lists and records the strings as they are, not their ``repr``."""
    if isinstance(cell, list | tuple | dict | np.ndarray):
        plain = cell.tolist() if isinstance(cell, np.ndarray) else cell
        return json.dumps(plain, ensure_ascii=False, default=str)
    return str(cell)


def _mask_cells(texts: list[str]) -> NDArray[np.object_] | None:
    """``_mask_hidden`` of each text, None where that changes nothing; equal texts are worked on once."""
    unique = list(dict.fromkeys(texts))
    masked = dict(zip(unique, _mask_hidden(unique), strict=True))
    if all(before == after for before, after in masked.items()):
        return None
    return np.array([masked[text] for text in texts], dtype=object)


def _mask_hidden(texts: list[str]) -> list[str]:
    """``mask_texts``, and where only cleaning uncovers a number (zero-width characters, ①③⑧), the cleaned text masked."""
    masked, cleaned = mask_texts(texts), clean(texts).texts()
    return [
        shown if shown != text or found == plain else found
        for text, shown, plain, found in zip(texts, masked, cleaned, mask_texts(cleaned), strict=True)
    ]


def _digits(text: str) -> str:
    return re.sub("[^0-9X]+", "", text.translate(_ASCII))


def _telephone_alone(digits: str) -> str | None:
    found = TELEPHONE_ALONE.fullmatch(digits)
    return found and (f"{found[1]}****{found[2]}" if found[1] else f"{found[3]}-****{found[4]}")


def _telephone(found: re.Match[str]) -> str:
    """Mask a number grouped like a telephone number, or digit by digit; keep the word before it."""
    word, number = found.groups() if found.re is SPOKEN else ("", found[0])
    told_by_shape = not word or len(re.findall(f"{_D}+", number)) in (1, 2, 3, 11)
    return f"{word}{(told_by_shape and _telephone_alone(_digits(number))) or number}"


def _id_card(found: re.Match[str]) -> str:
    """Mask 18 characters whose date exists and whose check character holds (GB 11643, ISO 7064 MOD 11-2)."""
    number = _digits(found[0])
    try:
        year = datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14])).year
    except ValueError:
        return found[0]
    check = ID_CHECKS[sum(weight * int(digit) for weight, digit in zip(ID_WEIGHTS, number[:17], strict=True)) % 11]
    return f"{number[:3]}{'*' * 13}{number[16:]}" if 1900 <= year < 2100 and number[17] == check else found[0]


def _bank_card(found: re.Match[str]) -> str:
    """Mask 16 to 19 digits whose check digit holds, of a known issuer or after a word for card; never after a word for order."""
    before = found.string[max(0, found.start() - REACH) : found.start()]
    head, tail = found[1], found[2] or ""
    for number, rest in ((head + tail, ""), (head, tail)):
        digits = _digits(number)
        card = CARD_NUMBER.fullmatch(digits) or CARD_WORD.search(before)
        if card and not rest[:1].isdigit() and not ORDER_WORD.search(before) and _luhn(digits):
            return f"{digits[:4]} **** **** {digits[-4:]}{rest}"
    return found[0]


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right doubled, the sum of all digits is a multiple of ten."""
    return sum(int(part) for place, digit in enumerate(reversed(digits)) for part in str(int(digit) * (1 + place % 2))) % 10 == 0
