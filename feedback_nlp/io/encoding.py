"""Bytes to text: which encoding a file has, and which of its lines have none.

The order of the decision, and why:

1. a byte order mark says it;
2. bytes that are valid UTF-8 as a whole are UTF-8: text of any length in another encoding is so only by a rare accident;
3. bytes valid as GB18030 (which contains GBK and GB2312) that do not look like UTF-8 are GB18030. The look matters because
   GB18030 accepts nearly any pair of high bytes: UTF-8 with one broken byte often decodes "successfully" into mojibake;
4. else the file is mixed or damaged, and each line is judged alone. Both encodings leave the byte 0x0A to the line feed.
"""

import codecs
import re
from dataclasses import dataclass, replace

import numpy as np

from feedback_nlp.errors import InputError

UTF8 = "utf-8"
GB18030 = "gb18030"

#: Older names of subsets of GB18030; files that claim them often hold characters only the superset has.
_SUBSETS = {"gb2312", "gbk"}
#: In this order: the mark of UTF-32 starts with that of UTF-16.
_WIDE_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-16", "utf-32")
_BOM = "\ufeff"

#: Three-byte sequences of CJK and its punctuation, four-byte ones of emoji and rare characters.
_UTF8_WIDE = re.compile(rb"(?:[\xe3-\xe9\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2})+")
#: Four CJK characters or marks in a row: 12 bytes of a form that GB18030 text practically never has.
_UTF8_RUN = re.compile(rb"(?:[\xe3-\xe9\xef][\x80-\xbf]{2}){4}")
_SAMPLE = 1 << 20
#: Share of high bytes in wide UTF-8 sequences: above 0.8 for damaged UTF-8, around 0.2 for GB18030.
_UTF8_SHARE = 0.5
_BINARY_SHARE = 0.3
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b")) + b"\x7f"

_MAGIC = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF89a", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive (an .xlsx workbook is one)"),
    (b"\xd0\xcf\x11\xe0", "an old or password-protected Office document (.xls, .doc)"),
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3", "an SQLite database"),
)


@dataclass(frozen=True)
class Decoded:
    """The text of a file, the encoding it had, and the lines (from 1) that no encoding explains."""

    text: str
    encoding: str
    bad_lines: frozenset[int] = frozenset()


def content_kind(head: bytes) -> str:
    """Say in a few words what a file holds, from its first bytes; for error messages."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.lstrip()[:1] == b"<":
        return "HTML or XML"
    return "binary data" if _control_share(head) > _BINARY_SHARE else "data of another kind"


def decode(data: bytes, *, where: str, encoding: str | None = None) -> Decoded:
    """Turn the bytes of a text file into text.

    where: the file, for messages. encoding: believe this instead of detecting one.
    Raises InputError for binary data, an unknown encoding, and data of which most lines cannot be decoded.
    """
    decoded = _detect(data, where) if encoding is None else _as_told(data, where, encoding)
    n_lines = decoded.text.count("\n") + 1
    if 2 * len(decoded.bad_lines) > n_lines:
        tried = f"in {encoding}" if encoding else "in UTF-8 or GB18030"
        raise InputError(
            f"{where}: expected text {tried}, got {len(decoded.bad_lines)} of {n_lines} lines that cannot be decoded; "
            "name the encoding with encoding=... or save the file as UTF-8"
        )
    return decoded


def _detect(data: bytes, where: str) -> Decoded:
    for bom, name in _WIDE_BOMS:
        if data.startswith(bom):
            return _decode_wide(data, name)
    _refuse_binary(data, where)
    if not data.startswith(codecs.BOM_UTF8):
        return _decode_bytes(data)
    decoded = _decode_bytes(data.removeprefix(codecs.BOM_UTF8))
    return replace(decoded, encoding="utf-8-sig") if decoded.encoding == UTF8 else decoded


def _refuse_binary(data: bytes, where: str) -> None:
    head = data[:_SAMPLE]
    if head.startswith(tuple(magic for magic, _ in _MAGIC)) or _control_share(head) > _BINARY_SHARE:
        raise InputError(
            f"{where}: expected text, got {content_kind(head)}; give the file the suffix of its real format, "
            "or name its encoding with encoding=... (UTF-16 without a byte order mark needs that)"
        )


def _control_share(data: bytes) -> float:
    return (len(data) - len(data.translate(None, _CONTROL))) / max(1, len(data))


def _decode_bytes(data: bytes) -> Decoded:
    try:
        return Decoded(data.decode(UTF8), UTF8)
    except UnicodeDecodeError:
        pass
    if not _looks_like_utf8(data[:_SAMPLE]) and _UTF8_RUN.search(data) is None:
        try:
            return Decoded(data.decode(GB18030), GB18030)
        except UnicodeDecodeError:
            pass
    return _decode_lines(data)


def _looks_like_utf8(data: bytes) -> bool:
    high = int(np.count_nonzero(np.frombuffer(data, np.uint8) >= 0x80))
    return sum(map(len, _UTF8_WIDE.findall(data))) > _UTF8_SHARE * high


def _decode_lines(data: bytes) -> Decoded:
    """Decode a mixed file: a line that is valid in both encodings is read in the one most lines have."""
    lines = data.split(b"\n")
    high = [line for line in lines if not line.isascii()]
    most = UTF8 if 2 * sum(_valid(line, UTF8) or _looks_like_utf8(line) for line in high) >= len(high) else GB18030
    texts, bad = [], []
    for number, line in enumerate(lines, 1):
        name = UTF8 if line.isascii() else _line_encoding(line, most)
        if name is None:
            bad.append(number)
        texts.append(line.decode(name or most, "strict" if name else "replace"))
    return Decoded("\n".join(texts), most, frozenset(bad))


def _line_encoding(line: bytes, most: str) -> str | None:
    if _valid(line, UTF8) and (most == UTF8 or _UTF8_RUN.search(line) or not _valid(line, GB18030)):
        return UTF8
    damaged = _UTF8_RUN.search(line) or (most == UTF8 and _looks_like_utf8(line))
    return GB18030 if _valid(line, GB18030) and not damaged else None


def _valid(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _as_told(data: bytes, where: str, encoding: str) -> Decoded:
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, ValueError) as error:
        raise InputError(f"{where}: encoding={encoding!r} is not a known text encoding; use 'utf-8', 'gb18030' or 'utf-16'") from error
    name = GB18030 if name in _SUBSETS else name
    if name.startswith(_WIDE):
        return _decode_wide(data, name)
    try:
        return Decoded(data.decode(name).removeprefix(_BOM), name)
    except UnicodeDecodeError:
        pass
    except UnicodeError as error:
        raise InputError(f"{where}: cannot be read as {encoding!r}; leave encoding out to have it detected") from error
    lines = data.split(b"\n")
    bad = frozenset(number for number, line in enumerate(lines, 1) if not _valid(line, name))
    return Decoded("\n".join(line.decode(name, "replace") for line in lines).removeprefix(_BOM), name, bad)


def _decode_wide(data: bytes, name: str) -> Decoded:
    """Decode UTF-16 or UTF-32, where a line feed is not one byte and lines cannot be told apart before decoding."""
    try:
        return Decoded(data.decode(name).removeprefix(_BOM), name)
    except UnicodeDecodeError:
        text = data.decode(name, "replace").removeprefix(_BOM)
    return Decoded(text, name, frozenset(number for number, line in enumerate(text.split("\n"), 1) if "\ufffd" in line))
