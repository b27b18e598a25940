"""Which encoding a file is read in, and which of its lines cannot be."""

import codecs
import re
from collections import namedtuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.errors import InputError
from feedback_nlp.io.decoding import text_blocks
from feedback_nlp.io.encoding import content_kind, is_utf8, survey

Decoded = namedtuple("Decoded", "text encoding bad_lines")


def decode(data, *, where, encoding=None, block=1 << 20):
    """The text of a file that comes in blocks of some bytes, and the numbers of its bad lines from 1."""

    def blocks():
        yield from (data[start : start + block] for start in range(0, len(data), block))

    plan = survey(blocks, where=where, encoding=encoding)
    pieces = list(text_blocks(blocks, plan))
    return Decoded("".join(piece.text for piece in pieces), plan.encoding, {line + 1 for piece in pieces for line in piece.bad})


TEXT = "问题描述\n软件总是闪退\n客服态度很好😀\n"
LONG = "我的软件总是闪退，太影响工作了"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-32"), "utf-32"),
        (TEXT.encode("gb18030"), "gb18030"),
        (TEXT.replace("😀", "镕").encode("gbk"), "gb18030"),
    ],
)
def test_detected(data, name):
    decoded = decode(data, where="f")
    assert (decoded.encoding, decoded.bad_lines) == (name, set())
    assert decoded.text.replace("镕", "😀") == TEXT


@pytest.mark.parametrize(
    ("lines", "texts", "encoding", "bad"),
    [
        # One broken byte does not turn a UTF-8 file into mojibake, even where GB18030 would accept all of it.
        ([b"text", LONG.encode()[:-1] + b"\n", LONG.encode()], ["text", None, "", LONG], "utf-8", {2}),
        ([LONG.encode()] * 3 + [b"\xe5\xa5\xbd\xe7\x94" + LONG.encode()], [LONG] * 3 + [None], "utf-8", {4}),
        # A line that is only valid in the other encoding is read in it.
        ([LONG.encode()] * 3 + [LONG.encode("gb18030")], [LONG] * 4, "utf-8", set()),
        ([LONG.encode("gb18030")] * 3 + [LONG.encode()], [LONG] * 4, "gb18030", set()),
        # A line that is valid in none is bad, its neighbours are not.
        ([LONG.encode("gb18030")] * 3 + [b"\xff\xfe\xff", LONG.encode("gb18030")], [LONG] * 3 + [None, LONG], "gb18030", {4}),
    ],
)
def test_lines_of_mixed_files(lines, texts, encoding, bad):
    decoded = decode(b"\n".join(lines), where="f")
    assert (decoded.encoding, decoded.bad_lines) == (encoding, bad)
    assert [None if number in bad else line for number, line in enumerate(decoded.text.split("\n"), 1)] == texts


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=50), st.integers(0, 30))
def test_gb18030_with_enough_chinese_is_read_back(text, at):
    whole = f"{LONG[:at]}{text}\n{LONG}\n此产品质量不错，下次还会购买，谢谢客服的耐心解答\n"
    decoded = decode(whole.encode("gb18030"), where="f")
    assert (decoded.text, decoded.encoding, decoded.bad_lines) == (whole, "gb18030", set())


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_utf8_is_always_read_back(text):
    assert decode(text.encode(), where="f").text == text.removeprefix("\ufeff")


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(0x80, 0xFF))
def test_one_broken_byte_spoils_one_line_at_most(at, byte):
    data = bytearray(("问题描述\n" + f"{LONG}\n" * 10).encode())
    data[at] = byte
    decoded = decode(bytes(data), where="f")
    assert decoded.encoding == "utf-8"
    sound = [line for number, line in enumerate(decoded.text.split("\n"), 1) if number not in decoded.bad_lines]
    assert len(decoded.bad_lines) <= 1
    assert sum(line == LONG for line in sound) >= 8


PIECES = [
    LONG.encode(),
    LONG.encode("gb18030"),
    "好".encode(),
    "好".encode("gb18030"),
    b"a",
    b"\n",
    b"\r",
    b"\xff",
    b"\xe5\xa5",
    "😀".encode(),
]
MARKS = [b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF32_BE]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join), st.sampled_from(MARKS), st.integers(1, 30),
    st.sampled_from([None, None, "utf-8", "gbk", "utf-16", "utf-16-le", "big5"]),
)  # fmt: skip
def test_the_text_does_not_depend_on_the_blocks(data, mark, block, encoding):
    try:
        whole = decode(mark + data, where="f", encoding=encoding)
    except InputError as error:
        with pytest.raises(InputError, match=re.escape(str(error))):
            decode(mark + data, where="f", encoding=encoding, block=block)
    else:
        assert decode(mark + data, where="f", encoding=encoding, block=block) == whole


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=20), st.text(max_size=9).map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_utf8_is_what_python_takes_for_it(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        assert not is_utf8(data)
    else:
        assert is_utf8(data)


@pytest.mark.parametrize(
    ("data", "encoding", "text", "bad"),
    [
        ("很好".encode("big5"), "big5", "很好", set()),
        ("朱镕基".encode("gbk"), "gb2312", "朱镕基", set()),
        ("很好".encode("utf-8-sig"), "utf-8", "很好", set()),
        ("很好".encode("utf-16-le"), "utf-16-le", "很好", set()),
        ("好\n".encode() + b"\xff\n" + "好\n".encode(), "utf-8", "好\n\ufffd\n好\n", {2}),
    ],
)
def test_told(data, encoding, text, bad):
    decoded = decode(data, where="f", encoding=encoding)
    assert (decoded.text, decoded.bad_lines) == (text, bad)


def test_truncated_utf16_spoils_its_last_line():
    decoded = decode("好的\n不好".encode("utf-16")[:-1], where="f")
    assert (decoded.text.split("\n")[0], decoded.bad_lines) == ("好的", {2})


@pytest.mark.parametrize("encoding", ["klingon", "rot13", "hex", ""])
def test_unknown_encoding(encoding):
    with pytest.raises(InputError, match=r"f: encoding=.* is not a known text encoding"):
        decode(b"a", where="f", encoding=encoding)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "PNG"),
        (b"PK\x03\x04" + b"x" * 50, "zip"),
        (b"\0" * 100, "binary data"),
        ("text\nhello\n".encode("utf-16-le"), "UTF-16"),
        (bytes(range(128, 256)) * 4, "cannot be decoded"),
    ],
)
def test_binary_data(data, said):
    with pytest.raises(InputError, match=said):
        decode(data, where="f")


def test_content_kind():
    assert content_kind(b"  <html>") == "HTML or XML"
    assert content_kind(b"plain") == "data of another kind"
