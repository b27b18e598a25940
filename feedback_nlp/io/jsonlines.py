"""JSON Lines: one object a line to drafts; nested values stay as they are."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.io.decoding import Plan, text_blocks
from feedback_nlp.io.delimited import REASON_ENCODING, REASON_LONG, REASON_NUL
from feedback_nlp.io.encoding import survey
from feedback_nlp.io.headers import clean_headers
from feedback_nlp.io.opened import MAX_PART_SIZE, Opened, no_rows, rows_of_a_part
from feedback_nlp.io.records import NUL
from feedback_nlp.io.sources import Source, changed
from feedback_nlp.io.table import BadRow, Draft

#: More names than this in one file are data used as names; as columns they would fill the memory.
MAX_COLUMNS = 2000

_KINDS = {list: "数组", str: "字符串", int: "数字", float: "数字", bool: "布尔值", type(None): "null"}

#: Number of a line from 1, its text, and the object in it or in Chinese why there is none.
_Record = tuple[int, str, dict[str, object] | str]


def open_jsonlines(source: Source, *, encoding: str | None = None) -> Opened:
    """Open a JSON Lines file; columns are the names of all objects in order of appearance, absent values are None.

    Blank lines are skipped; a line that is no JSON object, or longer than ``MAX_RECORD`` characters, is a bad row.
    The file is read twice: the last object may bring a name.
    """
    plan = replace(survey(source.blocks, where=source.where, encoding=encoding), newline="\n")
    names: dict[str, None] = {}
    try:
        for number, _, row in _records(source, plan):
            if isinstance(row, dict) and not row.keys() <= names.keys():
                names.update(dict.fromkeys(row))
                if len(names) > MAX_COLUMNS:
                    raise InputError(
                        f"{source.where}, line {number}: expected the same names in every object, got over {MAX_COLUMNS} different ones"
                    )
    except UnicodeError as error:
        raise changed(source.where) from error
    headers = dict(zip(names, clean_headers(list(names), where=source.where), strict=True))
    return Opened(no_rows(list(headers.values())), lambda part_rows: _drafts(source, plan, headers, part_rows), plan.encoding)


def _drafts(source: Source, plan: Plan, headers: dict[str, str], part_rows: int) -> Iterator[Draft]:
    limit = rows_of_a_part(part_rows, len(headers))
    rows: list[dict[str, object]] = []
    starts: list[int] = []
    bad: list[BadRow] = []
    size = 0
    try:
        for number, line, row in _records(source, plan):
            size += len(line)
            if isinstance(row, str):
                bad.append(BadRow(number, row, line.rstrip("\r")))
            else:
                rows.append(row)
                starts.append(number)
            if len(rows) + len(bad) >= limit or size > MAX_PART_SIZE:
                yield _draft(rows, starts, bad, headers, plan, source)
                rows, starts, bad, size = [], [], [], 0
    except UnicodeError as error:
        raise changed(source.where) from error
    if rows or bad:
        yield _draft(rows, starts, bad, headers, plan, source)


def _draft(
    rows: list[dict[str, object]], starts: list[int], bad: list[BadRow], headers: dict[str, str], plan: Plan, source: Source
) -> Draft:
    if any(not row.keys() <= headers.keys() for row in rows):
        raise changed(source.where)
    columns = {header: pd.Series([row.get(name) for row in rows], dtype=object) for name, header in headers.items()}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))
    return Draft(frame, np.array(starts, dtype=np.int64), "jsonl", plan.encoding, bad)


def _records(source: Source, plan: Plan) -> Iterator[_Record]:
    for block in text_blocks(source.blocks, plan):
        if block.oversized:
            yield block.first + 1, block.text, REASON_LONG
            continue
        for number, line in enumerate(io.StringIO(block.text, newline="\n"), block.first):
            if not line.isspace():
                yield number + 1, line.removesuffix("\n"), REASON_ENCODING if number in block.bad else _parse(line.removesuffix("\n"))


def _parse(line: str) -> dict[str, object] | str:
    """Return the object of a line, or in Chinese why there is none."""
    if NUL in line:
        return REASON_NUL
    try:
        value = json.loads(line)
    except RecursionError:
        return "不是可用的 JSON：嵌套过深"
    except ValueError as error:
        place = f"（第 {error.colno} 个字符处）" if isinstance(error, json.JSONDecodeError) else ""
        return f"不是合法的 JSON{place}"
    return value if isinstance(value, dict) else f"不是 JSON 对象，而是{_KINDS.get(type(value), '其他值')}"
