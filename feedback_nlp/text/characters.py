"""What is known of each code point: one table, built once per process on first use, never at import.

Cleaning and scoring look characters up in these arrays instead of asking Python about each character. Ranges are never guessed:
the tables are computed from ``unicodedata`` and from OpenCC's own character dictionary.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

N_CODE_POINTS = 0x110000

#: Bits of ``CharacterTable.flags``.
DROP = 1  # invisible: zero-width, control, variation selector, lone surrogate, U+FFFD
SPACE = 2  # any white space; cleaned to one U+0020
KEEP_RUN = 4  # runs are never shortened: digits (10000), the asterisk (138****1234) and white space (it has its own rule)
RARE = 8  # the row needs the row-wise rules of ``rules.py``

#: Chinese punctuation that NFKC would turn into ASCII. Cleaned text is read by people, so it stays; folding for the scorer maps it.
CHINESE_PUNCTUATION = "，！？：；（）…～"

#: Characters that may start something only a row-wise rule can judge: HTML, entities, @user, #topic#, links.
MARKUP = "<&@#/._"

#: Pinyin vowels with a tone mark, as in 產(chǎn)品.
TONED_VOWELS = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"

#: UTF-8 read as GBK: what the first two bytes of an ideograph, of Chinese or curly punctuation, of an emoji and of U+FFFD become.
#: Chinese that was read so holds one of these at its start and after ASCII; one row in two hundred of other texts does (瑕, 娴).
MOJIBAKE = b"".join(sorted({char.encode()[:2] for char in "，［\ufffd。“😀" + "".join(map(chr, range(0x4E00, 0xA000)))})).decode("gbk")

#: Hangul vowels and final consonants: with the second halves of canonical decompositions, all that NFKC joins to what comes before.
HANGUL_TAILS = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))


@dataclass(frozen=True)
class CharacterTable:
    """Arrays indexed by code point.

    clean: uint32 (0x110000,), the cleaned character (NFKC where that is one character).
    fold: uint32 (0x110000,), what the scorer sees of a cleaned character: lower case, ASCII punctuation.
    flags: uint8 (0x110000,), the bits above, of the character before cleaning.
    """

    clean: NDArray[np.uint32]
    fold: NDArray[np.uint32]
    flags: NDArray[np.uint8]


def _assigned() -> NDArray[np.uint32]:
    """Code points worth asking ``unicodedata`` about: planes 0, 1, the compatibility ideographs of plane 2, and the tags of plane 14."""
    return np.concatenate([np.arange(0x20000), np.arange(0x2F800, 0x2FA20), np.arange(0xE0000, 0xE0200)]).astype(np.uint32)


@cache
def character_table() -> CharacterTable:
    """The table, built on the first call (about 0.1 s) and shared read-only by all threads."""
    clean = np.arange(N_CODE_POINTS, dtype=np.uint32)
    fold = clean.copy()
    flags = np.zeros(N_CODE_POINTS, dtype=np.uint8)
    joining = list(HANGUL_TAILS)
    for code in _assigned().tolist():
        char = chr(code)
        category = unicodedata.category(char)
        if category == "Cn" or category == "Co":
            continue
        flags[code], clean[code] = _flags_and_clean(char, category)
        decomposition = unicodedata.decomposition(char)
        if " " in decomposition and not decomposition.startswith("<"):
            joining.append(int(decomposition.split()[1], 16))
        lower = unicodedata.normalize("NFKC", char).lower()
        fold[code] = ord(lower) if len(lower) == 1 else ord(lower[0]) if char in CHINESE_PUNCTUATION else code
    for char in MARKUP + TONED_VOWELS + MOJIBAKE:
        flags[ord(char)] |= RARE
    flags[ord("*")] |= KEEP_RUN
    han = np.fromiter(map(ord, traditional_characters()), dtype=np.uint32)
    flags[np.isin(clean, [*han, *joining])] |= RARE
    for array in (clean, fold, flags):
        array.setflags(write=False)
    return CharacterTable(clean, fold, flags)


def _flags_and_clean(char: str, category: str) -> tuple[int, int]:
    """Flag bits and cleaned code point of one assigned character."""
    code = ord(char)
    if char.isspace() or category in ("Zs", "Zl", "Zp"):
        return SPACE | KEEP_RUN, 0x20
    if category in ("Cc", "Cf", "Cs") or char == "\ufffd" or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return DROP | (RARE if char == "\ufffd" or category == "Cs" else 0), code
    if char in CHINESE_PUNCTUATION:
        return 0, code
    normal = unicodedata.normalize("NFKC", char)
    if len(normal) != 1 or unicodedata.combining(char):
        return RARE, code
    latin_1_letter = 0xC0 <= code <= 0xFF and char.isalpha()
    digit = KEEP_RUN if normal.isdigit() else 0
    return (RARE if latin_1_letter else 0) | digit, ord(normal)


@cache
def traditional_characters() -> frozenset[str]:
    """Ideographs that OpenCC's traditional-to-simplified dictionary changes, each looked at alone."""
    from opencc import OpenCC

    blocks = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00), range(0x20000, 0x323B0))
    before = [chr(code) for block in blocks for code in block]
    after = OpenCC("t2s").convert("\n".join(before)).split("\n")
    return frozenset(old for old, new in zip(before, after, strict=True) if new != old)
