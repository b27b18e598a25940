"""Bytes to text: which encoding a file has, and which of its lines have none.

The order of the decision, and why:

1. a byte order mark says it;
2. bytes that are valid UTF-8 as a whole are UTF-8: text of any length in another encoding is so only by a rare accident;
3. bytes valid as GB18030 (which contains GBK and GB2312) that do not look like UTF-8 are GB18030. The look matters because
   GB18030 accepts nearly any pair of high bytes: UTF-8 with one broken byte often decodes "successfully" into mojibake;
4. else the file is mixed or damaged, and each line is judged alone. Both encodings leave the byte 0x0A to the line feed.

The whole file is looked at, block by block, before its first line is given out: a file is read the same way however it is split.
"""

import codecs
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from feedback_nlp.errors import InputError
from feedback_nlp.io.decoding import GB18030, UTF8, UTF8_RUN, WIDE, Blocks, Plan, after_mark, byte_lines, decoded, is_valid, looks_like_utf8

#: Older names of subsets of GB18030; files that claim them often hold characters only the superset has.
_SUBSETS = {"gb2312", "gbk"}
#: In this order: the mark of UTF-32 starts with that of UTF-16.
_WIDE_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 1 << 20
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


def content_kind(head: bytes) -> str:
    """Say in a few words what a file holds, from its first bytes; for error messages."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.lstrip()[:1] == b"<":
        return "HTML or XML"
    return "binary data" if _control_share(head) > _BINARY_SHARE else "data of another kind"


def survey(blocks: Blocks, *, where: str, encoding: str | None = None) -> Plan:
    """Decide how the bytes of a text file become text; reads the file once where it is UTF-8, a few times where it is not.

    where: the file, for messages. encoding: believe this instead of detecting one.
    Raises InputError for binary data, an unknown encoding, and data of which most lines cannot be decoded.
    """
    plan = _detect(blocks, where) if encoding is None else _as_told(blocks, where, encoding)
    if plan.by_line or plan.errors != "strict":
        n_bad, n_lines = _count_bad(blocks, plan)
        if 2 * n_bad > n_lines:
            tried = f"in {encoding}" if encoding else "in UTF-8 or GB18030"
            raise InputError(
                f"{where}: expected text {tried}, got {n_bad} of {n_lines} lines that cannot be decoded; "
                "name the encoding with encoding=... or save the file as UTF-8"
            )
        if n_lines == 1 and plan.by_line and any(b"\r" in block for block in blocks()):
            return replace(plan, newline="\r")
    return plan


def head_of(blocks: Blocks) -> bytes:
    """Return the first bytes of a file, enough to see what it holds."""
    head = b""
    for block in blocks():
        head += block
        if len(head) >= _SAMPLE:
            break
    return head[:_SAMPLE]


def _count_bad(blocks: Blocks, plan: Plan) -> tuple[int, int]:
    """Return the number of lines that cannot be decoded and of all lines."""
    if plan.by_line:
        bad = [plan.line_codec(line) is None for line in byte_lines(after_mark(blocks, plan.skip))]
        return sum(bad), len(bad)
    n_bad, n_lines, spoilt = 0, 1, False
    for text in decoded(after_mark(blocks, plan.skip), plan):
        first, *others = text.split("\n")
        spoilt |= "\ufffd" in first
        for line in others:
            n_bad, n_lines, spoilt = n_bad + spoilt, n_lines + 1, "\ufffd" in line
    return n_bad + spoilt, n_lines


def _detect(blocks: Blocks, where: str) -> Plan:
    head = head_of(blocks)
    for bom, name in _WIDE_BOMS:
        if head.startswith(bom):
            return _whole(blocks, Plan(name, name)) or Plan(name, name, errors="replace")
    _refuse_binary(head, where)
    skip = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    newline = _utf8_newline(after_mark(blocks, skip))
    if newline is not None:
        return Plan("utf-8-sig" if skip else UTF8, UTF8, newline, skip=skip)
    if not looks_like_utf8(head[skip:]) and not _has_utf8_run(after_mark(blocks, skip)):
        plan = _whole(blocks, Plan(GB18030, GB18030, skip=skip))
        if plan is not None:
            return plan
    most = _most(after_mark(blocks, skip))
    return Plan("utf-8-sig" if skip and most == UTF8 else most, most, by_line=True, skip=skip)


def _whole(blocks: Blocks, plan: Plan) -> Plan | None:
    """Return the plan with the line end of the text, or None if the text is not valid in its codec."""
    feed = carriage = False
    try:
        for text in decoded(after_mark(blocks, plan.skip), plan):
            feed, carriage = feed or "\n" in text, carriage or "\r" in text
    except UnicodeDecodeError:
        return None
    return replace(plan, newline="\r" if carriage and not feed else "\n")


def _utf8_newline(blocks: Iterator[bytes]) -> str | None:
    """Return the line end of a file in UTF-8, or None if it is not valid UTF-8."""
    feed = carriage = False
    tail = b""
    for block in blocks:
        data = tail + block
        # The last character may go on in the next block.
        cut = next((place for place in range(len(data) - 1, max(-1, len(data) - 5), -1) if data[place] >= 0xC0), len(data))
        if not is_utf8(data[:cut]):
            return None
        tail = data[cut:]
        feed, carriage = feed or b"\n" in block, carriage or b"\r" in block
    if not is_utf8(tail):
        return None
    return "\r" if carriage and not feed else "\n"


def is_utf8(data: bytes) -> bool:
    """Return whether bytes are valid UTF-8."""
    import pyarrow as pa

    offsets = np.array([0, len(data)], dtype=np.int64)
    try:
        # Makes no string, and takes a third of the time of ``data.decode``.
        pa.Array.from_buffers(pa.large_string(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _has_utf8_run(blocks: Iterator[bytes]) -> bool:
    tail = b""
    for block in blocks:
        data = tail + block
        if UTF8_RUN.search(data):
            return True
        tail = data[-11:]
    return False


def _most(blocks: Iterator[bytes]) -> str:
    """Return the encoding of most lines of a mixed file that are not ASCII."""
    high = [is_valid(line, UTF8) or looks_like_utf8(line) for line in byte_lines(blocks) if not line.isascii()]
    return UTF8 if 2 * sum(high) >= len(high) else GB18030


def _refuse_binary(head: bytes, where: str) -> None:
    if head.startswith(tuple(magic for magic, _ in _MAGIC)) or _control_share(head) > _BINARY_SHARE:
        raise InputError(
            f"{where}: expected text, got {content_kind(head)}; give the file the suffix of its real format, "
            "or name its encoding with encoding=... (UTF-16 without a byte order mark needs that)"
        )


def _control_share(data: bytes) -> float:
    return (len(data) - len(data.translate(None, _CONTROL))) / max(1, len(data))


def _as_told(blocks: Blocks, where: str, encoding: str) -> Plan:
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError) as error:
        raise InputError(f"{where}: encoding={encoding!r} is not a known text encoding; use 'utf-8', 'gb18030' or 'utf-16'") from error
    name = GB18030 if name in _SUBSETS else name
    codec = name
    if name in WIDE and not head_of(blocks).startswith(tuple(bom for bom, wide in _WIDE_BOMS if wide == name)):
        codec = f"{name}-{'le' if sys.byteorder == 'little' else 'be'}"
    plan = Plan(name, codec, told=True)
    try:
        return _whole(blocks, plan) or replace(plan, **({"errors": "replace"} if name.startswith(WIDE) else {"by_line": True}))
    except UnicodeError as error:
        raise InputError(f"{where}: cannot be read as {encoding!r}; leave encoding out to have it detected") from error
