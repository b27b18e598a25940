"""Delimited text to records: fields, lines, and what happens to broken quotes."""

import csv
import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.io.decoding import MAX_RECORD, Plan, text_blocks
from feedback_nlp.io.records import RecordReader, _parse_record


def records(text, delimiter=",", block=1 << 20, limit=MAX_RECORD):
    """Records of a text that comes in blocks: first line, the line after the last one, fields."""
    newline = "\n" if "\n" in text or "\r" not in text else "\r"
    data = text.encode("utf-8", "surrogatepass")

    def blocks():
        yield from (data[start : start + block] for start in range(0, len(data), block))

    pieces = text_blocks(blocks, Plan("utf-8", "utf-8", newline), limit=limit)
    found = []
    for run in RecordReader(delimiter, newline, limit=limit).runs(pieces):
        first = run.lines.first
        found += [(first + start, first + stop, row) for start, stop, row in zip(run.starts, run.stops, run.rows, strict=True)]
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a", [(0, 1, ["a"])]),
        ("a\n", [(0, 1, ["a"])]),
        ("a,b\r\nc,d\r\n", [(0, 1, ["a", "b"]), (1, 2, ["c", "d"])]),
        ("a\rb\r", [(0, 1, ["a"]), (1, 2, ["b"])]),
        ("a\n\nb", [(0, 1, ["a"]), (1, 2, []), (2, 3, ["b"])]),
        ('a,"x\ny"\nb,c\n', [(0, 2, ["a", "x\ny"]), (2, 3, ["b", "c"])]),
        ('"a""b",c', [(0, 1, ['a"b', "c"])]),
        ('a"b,c', [(0, 1, ['a"b', "c"])]),
        # A quote that is never closed costs its own line only.
        ('1,"a\n2,b\n3,c\n', [(0, 1, None), (1, 2, ["2", "b"]), (2, 3, ["3", "c"])]),
        # So does one that is closed by the next row's first quote.
        ('"1","a\n"2","b"\n', [(0, 1, None), (1, 2, ["2", "b"])]),
        ('"他说"好"了",x\n2,b\n', [(0, 1, None), (1, 2, ["2", "b"])]),
        # A carriage return inside a line is no line end where lines end with a line feed.
        ("a\rb,c\nd,e\n", [(0, 1, ["a\rb", "c"]), (1, 2, ["d", "e"])]),
        ("a\u2028b\x0bc\x85d\n", [(0, 1, ["a\u2028b\x0bc\x85d"])]),
    ],
)
def test_records(text, expected):
    assert records(text) == expected


@pytest.mark.parametrize("spare", ["\0", "\x08", ""], ids=["a NUL", "one mark left", "all marks"])
def test_texts_that_hold_the_marks_that_part_fields(spare):
    held = "".join(map(chr, range(9))).replace(spare, "") if spare else "".join(map(chr, range(9)))
    assert records(f'{held},"b,"\n\n\r\r\nc,{held}') == [(0, 1, [held, "b,"]), (1, 2, []), (2, 3, []), (3, 4, ["c", held])]


def records_one_by_one(text):
    """Each record by the rule for one, the next line where it says no: obvious, and quadratic."""
    newline = "\n" if "\n" in text or "\r" not in text else "\r"
    lines = io.StringIO(text, newline=newline).readlines()
    found, start = [], 0
    while start < len(lines):
        rest = "".join(lines[start:])
        fields, end = _parse_record(rest, 0, ",", newline)
        stop = start + 1 if fields is None else start + len(io.StringIO(rest[:end], newline=newline).readlines())
        found.append((start, stop, fields))
        start = stop
    return found


PIECES = ['"', '""', ',"', '",', '"\r\n', "\r\n", "\n", '\n"', ",", "a", "\r", "\0", "好", "\U0001f600"]


@settings(deadline=None)
@given(st.text(alphabet='a",\n\r', max_size=60) | st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_records_equal_those_read_one_by_one(text):
    assert records(text) == records_one_by_one(text)


def slow_records(text):
    """Try the csv module on the rest of the text at every record: obvious, and quadratic."""
    lines = io.StringIO(text, newline="\n").readlines()
    found, start = [], 0
    while start < len(lines):
        reader = csv.reader(lines[start:], strict=True)
        try:
            fields = next(reader)
        except csv.Error:
            found.append((start, start + 1, None))
            start += 1
        else:
            found.append((start, start + reader.line_num, fields))
            start += reader.line_num
    return found


@settings(deadline=None)
@given(st.text(alphabet='a",\n', max_size=60))
def test_records_equal_the_slow_reading(text):
    assert records(text) == slow_records(text)


@settings(deadline=None)
@given(st.text(alphabet='a"",\n\r好', max_size=60), st.integers(1, 20))
def test_records_do_not_depend_on_the_blocks(text, block):
    assert records(text, block=block) == records(text)


@settings(deadline=None)
@given(st.text(alphabet='a"",\n', max_size=60), st.integers(1, 20), st.integers(1, 20))
def test_records_do_not_depend_on_the_blocks_where_some_are_too_long(text, block, limit):
    found = records(text, block=block, limit=limit)
    assert found == records(text, limit=limit)
    # Nothing is lost: each line is in one record, and no record of several lines is longer than it may be.
    assert [line for start, stop, _ in found for line in range(start, stop)] == list(range(len(io.StringIO(text).readlines())))
    lines = io.StringIO(text, newline="\n").readlines()
    for start, stop, fields in found:
        assert fields is None or stop - start == 1 or len("".join(lines[start:stop])) <= limit
        assert fields is None or len(lines[start].removesuffix("\n")) <= limit


@settings(deadline=None)
@given(st.text(alphabet='a",\n', max_size=60))
def test_records_do_not_depend_on_the_field_limit(text):
    expected = records(text)
    old = csv.field_size_limit(2)
    try:
        assert records(text) == expected
    finally:
        csv.field_size_limit(old)


@settings(deadline=None)
@given(st.lists(st.lists(st.text(alphabet='字a",;\n\r ', max_size=6), min_size=2, max_size=2), max_size=8))
def test_what_csv_writes_is_read_back(rows):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    assert [fields for _, _, fields in records(out.getvalue())] == rows


@pytest.mark.parametrize(
    "line",
    ['1,"broken\n', 'a",",z\n', '"",",",\n1,"x\n', '"a""\n'],
    ids=["open", "parity", "pairs", "escaped"],
)
def test_unbalanced_quotes_cost_linear_time(line):
    start = time.process_time()
    assert len(records(line * 100_000)) >= 100_000
    assert time.process_time() - start < 5


def test_long_fields_leave_the_csv_module_alone():
    limit = csv.field_size_limit()
    paste, quoted = "好" * 5_000_000, "a,\n" * 100_000
    assert records(f'1,{paste}\n2,"{quoted}"\n3,c') == [(0, 1, ["1", paste]), (1, 100_002, ["2", quoted]), (100_002, 100_003, ["3", "c"])]
    assert csv.field_size_limit() == limit
