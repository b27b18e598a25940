"""Bytes to text once it is decided how: whole blocks of lines, and which of the lines no encoding explains."""

import codecs
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from feedback_nlp.io.table import RAW_LENGTH

UTF8 = "utf-8"
GB18030 = "gb18030"

#: A record, and a line, may have so many characters; a longer one is damage, and would fill the memory.
MAX_RECORD = 1 << 24
WIDE = ("utf-16", "utf-32")
_BOM = "\ufeff"

#: Three-byte sequences of CJK and its punctuation, four-byte ones of emoji and rare characters.
_UTF8_WIDE = re.compile(rb"(?:[\xe3-\xe9\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2})+")
#: Four CJK characters or marks in a row: 12 bytes of a form that GB18030 text practically never has.
UTF8_RUN = re.compile(rb"(?:[\xe3-\xe9\xef][\x80-\xbf]{2}){4}")
#: Share of high bytes in wide UTF-8 sequences: above 0.8 for damaged UTF-8, around 0.2 for GB18030.
_UTF8_SHARE = 0.5

#: Gives the bytes of a file from the start, in blocks of any size, each time it is called.
Blocks = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Plan:
    """How the bytes of a file become text.

    encoding: as it is reported. codec: the one to decode with. newline: what ends a line.
    by_line: bytes are split at line feeds first and each line is judged alone (see :meth:`line_codec`).
    told: the encoding was named by the caller, not detected. skip: bytes of a mark at the start.
    errors: ``strict``, or ``replace`` where lines with U+FFFD are the bad ones.
    """

    encoding: str
    codec: str
    newline: str = "\n"
    by_line: bool = False
    told: bool = False
    skip: int = 0
    errors: str = "strict"

    def line_codec(self, line: bytes) -> str | None:
        """Return the codec of one line of a mixed file, None if it has none."""
        if self.told:
            return self.codec if is_valid(line, self.codec) else None
        return UTF8 if line.isascii() else _line_encoding(line, self.codec)


@dataclass(frozen=True)
class TextBlock:
    """Some lines of a file, complete ones, with their line ends.

    first: number of the first line in the file, from 0. bad: numbers of the lines that cannot be decoded.
    oversized: this is the start of one line that is longer than ``MAX_RECORD``, and no line end.
    """

    text: str
    first: int
    bad: frozenset[int] = frozenset()
    oversized: bool = False


def text_blocks(blocks: Blocks, plan: Plan, *, limit: int = MAX_RECORD) -> Iterator[TextBlock]:
    """Yield the text of a file. limit: characters (in a mixed file bytes) a line may have.

    Raises UnicodeError where the file is no longer the one the plan was made for.
    """
    source = after_mark(blocks, plan.skip)
    yield from _lines_one_by_one(source, plan, limit) if plan.by_line else _cut_at_lines(decoded(source, plan), plan, limit)


def _cut_at_lines(texts: Iterator[str], plan: Plan, limit: int) -> Iterator[TextBlock]:
    pieces: list[str] = []
    first, length, skipping = 0, 0, False
    for text, final in chain(((text, False) for text in texts), (("", True),)):
        if skipping:
            end = text.find(plan.newline)
            if end < 0:
                continue
            text, skipping, first = text[end + 1 :], False, first + 1
        cut = len(text) if final else text.rfind(plan.newline) + 1
        if cut or final:
            whole = "".join((*pieces, text[:cut]))
            yield from _blocks_of(whole, first, plan, limit)
            first += whole.count(plan.newline)
            pieces, length = [], 0
        pieces.append(text[cut:])
        length += len(text) - cut
        if length > limit:
            yield TextBlock("".join(pieces)[:RAW_LENGTH], first, oversized=True)
            pieces, length, skipping = [], 0, True


def _blocks_of(text: str, first: int, plan: Plan, limit: int) -> Iterator[TextBlock]:
    """Yield complete lines as one block, or as several where a line among them is too long."""
    if len(text) <= limit:
        if text:
            yield _block(text, first, plan)
        return
    lines = io.StringIO(text, newline=plan.newline).readlines()
    long = [number for number, line in enumerate(lines) if len(line.removesuffix(plan.newline)) > limit]
    start = 0
    for number in (*long, len(lines)):
        if number > start:
            yield _block("".join(lines[start:number]), first + start, plan)
        if number < len(lines):
            yield TextBlock(lines[number][:RAW_LENGTH], first + number, oversized=True)
        start = number + 1


def _block(text: str, first: int, plan: Plan) -> TextBlock:
    if plan.errors == "strict" or "\ufffd" not in text:
        return TextBlock(text, first)
    return TextBlock(text, first, frozenset(number for number, line in enumerate(text.split("\n"), first) if "\ufffd" in line))


_LINES_OF_A_BLOCK = 4096


def _lines_one_by_one(blocks: Iterator[bytes], plan: Plan, limit: int) -> Iterator[TextBlock]:
    texts: list[str] = []
    bad: list[int] = []
    first = 0
    for number, line in enumerate(byte_lines(blocks, limit=limit)):
        codec = plan.line_codec(line)
        text = line.decode(codec or plan.codec, "strict" if codec else "replace")
        if plan.told and not number:
            text = text.removeprefix(_BOM)
        over = len(line) > limit
        if texts and (over or len(texts) == _LINES_OF_A_BLOCK):
            yield TextBlock("\n".join((*texts, "")), first, frozenset(bad))
            texts, bad, first = [], [], number
        if over:
            yield TextBlock(text[:RAW_LENGTH], number, oversized=True)
            first = number + 1
            continue
        texts.append(text)
        if codec is None:
            bad.append(number)
    if texts and (len(texts) > 1 or texts[0]):
        yield TextBlock("\n".join(texts), first, frozenset(bad))


def after_mark(blocks: Blocks, skip: int) -> Iterator[bytes]:
    """Yield the blocks of a file without its first bytes."""
    for block in blocks():
        yield block[skip:]
        skip = max(0, skip - len(block))


def byte_lines(blocks: Iterator[bytes], *, limit: int = MAX_RECORD) -> Iterator[bytes]:
    """Yield the lines of a file without their line feeds, the piece behind the last one too, be it empty.

    Of a line longer than ``limit`` bytes more than that is given, but not necessarily all.
    """
    tail: list[bytes] = []
    length = 0
    for block in blocks:
        first, *others = block.split(b"\n")
        if length <= limit:
            tail.append(first)
            length += len(first)
        if others:
            yield b"".join(tail)
            yield from others[:-1]
            tail, length = [others[-1]], len(others[-1])
    yield b"".join(tail)


def decoded(blocks: Iterator[bytes], plan: Plan) -> Iterator[str]:
    """Yield the text of a file that is decoded as a whole. Raises UnicodeError where that fails in strict mode."""
    decoder = codecs.getincrementaldecoder(plan.codec)(plan.errors)
    # A mark that the codec leaves in the text; where the caller did not name the encoding, UTF-8 has lost its own already.
    marked = plan.told or plan.codec.startswith(WIDE)
    for block, final in chain(((block, False) for block in blocks), ((b"", True),)):
        text = decoder.decode(block, final)
        if text:
            yield text.removeprefix(_BOM) if marked else text
            marked = False


def looks_like_utf8(data: bytes) -> bool:
    """Return whether most high bytes are in sequences that only UTF-8 has, be it damaged UTF-8."""
    high = int(np.count_nonzero(np.frombuffer(data, np.uint8) >= 0x80))
    return sum(map(len, _UTF8_WIDE.findall(data))) > _UTF8_SHARE * high


def _line_encoding(line: bytes, most: str) -> str | None:
    if is_valid(line, UTF8) and (most == UTF8 or UTF8_RUN.search(line) or not is_valid(line, GB18030)):
        return UTF8
    damaged = UTF8_RUN.search(line) or (most == UTF8 and looks_like_utf8(line))
    return GB18030 if is_valid(line, GB18030) and not damaged else None


def is_valid(line: bytes, encoding: str) -> bool:
    """Return whether bytes can be decoded."""
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
