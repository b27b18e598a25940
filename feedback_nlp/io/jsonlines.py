"""JSON Lines: one object a line to a draft; nested values stay as they are."""

import json

import numpy as np
import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.io.delimited import NUL, REASON_ENCODING, REASON_NUL
from feedback_nlp.io.encoding import decode
from feedback_nlp.io.headers import clean_headers
from feedback_nlp.io.table import BadRow, Draft

#: More names than this in one file are data used as names; as columns they would fill the memory.
#: Rows times names; objects that share few names would fill the memory with nothing.
MAX_CELLS = 50_000_000
MAX_COLUMNS = 2000

_KINDS = {list: "数组", str: "字符串", int: "数字", float: "数字", bool: "布尔值", type(None): "null"}


def read_jsonlines(data: bytes, *, where: str, encoding: str | None = None) -> Draft:
    """Read a JSON Lines file; columns are the names of all objects in order of appearance, absent values are None.

    Blank lines are skipped; a line that is no JSON object is returned as a bad row.
    """
    decoded = decode(data, where=where, encoding=encoding)
    rows: list[dict[str, object]] = []
    starts: list[int] = []
    bad: list[BadRow] = []
    names: dict[str, None] = {}
    for number, line in enumerate(decoded.text.split("\n"), 1):
        if not line or line.isspace():
            continue
        row = REASON_ENCODING if number in decoded.bad_lines else _parse(line)
        if isinstance(row, str):
            bad.append(BadRow(number, row, line.rstrip("\r")))
            continue
        rows.append(row)
        starts.append(number)
        names.update(dict.fromkeys(row))
        if len(names) > MAX_COLUMNS:
            raise InputError(f"{where}, line {number}: expected the same names in every object, got over {MAX_COLUMNS} different ones")
    if len(names) * len(rows) > MAX_CELLS:
        raise InputError(f"{where}: expected at most {MAX_CELLS} cells, got {len(rows)} objects of {len(names)} names; split the file")
    headers = clean_headers(list(names), where=where)
    columns = {header: pd.Series([row.get(name) for row in rows], dtype=object) for header, name in zip(headers, names, strict=True)}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))
    return Draft(frame, np.array(starts, dtype=np.int64), "jsonl", decoded.encoding, bad)


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
