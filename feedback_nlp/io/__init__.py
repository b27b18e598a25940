"""Files and frames in, a checked :class:`Table` out; results written so that no half file is ever seen."""

from feedback_nlp.io.atomic import atomic_path
from feedback_nlp.io.columns import map_columns
from feedback_nlp.io.dates import parse_dates
from feedback_nlp.io.fingerprints import fingerprint
from feedback_nlp.io.parts import read_parts
from feedback_nlp.io.reading import read_frame, read_table
from feedback_nlp.io.table import Table
from feedback_nlp.io.writing import write_csv, write_json, write_jsonl, write_parquet, write_table

__all__ = [
    "Table",
    "atomic_path",
    "fingerprint",
    "map_columns",
    "parse_dates",
    "read_frame",
    "read_parts",
    "read_table",
    "write_csv",
    "write_json",
    "write_jsonl",
    "write_parquet",
    "write_table",
]
