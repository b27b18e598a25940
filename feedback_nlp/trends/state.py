"""What a scheduled job keeps between its runs: counts by period and key, no items and no customers."""

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feedback_nlp.errors import InputError
from feedback_nlp.trends.periods import SETTINGS, period_starts
from feedback_nlp.trends.tally import MEASURES, OBSERVED, POLARITY, SCALE, SQUARES, WHOLE, Tally, label_codes, number_keys, tallied

if TYPE_CHECKING:
    import pandas as pd

#: What the file says it is.
FORMAT, VERSION = "feedback_nlp.trends", 1
_META = b"feedback_nlp"


@dataclass(frozen=True, eq=False)
class TrendState:
    """Counts of all periods so far. tally: see `Tally`."""

    tally: Tally

    @property
    def frame(self) -> "pd.DataFrame":
        """The counts as `TrendDetector.detect_counts` takes them; rows with a missing key count all items of the period."""
        import pandas as pd

        tally = self.tally
        own = tally.codes >= 0
        columns: dict[str, Any] = {}
        for number, name in enumerate(tally.names):
            labels = np.full(len(own), None, dtype=object)
            labels[own] = tally.keys[tally.codes[own], number]
            columns[name] = pd.array(labels, dtype="str")
        columns["period"] = period_starts(tally.numbers, tally.period)
        for name, value in tally.values.items():
            columns[name] = value / SCALE if name in (POLARITY, SQUARES) else value
        return pd.DataFrame(columns)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the counts to one Parquet file. Equal states give equal counts back. Raises InputError where it cannot be written."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from feedback_nlp.io.atomic import atomic_path

        tally = self.tally
        columns: dict[str, Any] = {"number": pa.array(tally.numbers)}
        for number in range(len(tally.names)):
            codes = pa.array(tally.codes.astype(np.int32), mask=tally.codes < 0)
            columns[f"key{number}"] = pa.DictionaryArray.from_arrays(codes, pa.array(tally.keys[:, number].tolist(), pa.string()))
        columns |= {name: pa.array(value) for name, value in tally.values.items()}
        meta = {"format": FORMAT, "version": VERSION, "period": tally.period, "names": list(tally.names)}
        table = pa.table(columns).replace_schema_metadata({_META: json.dumps(meta, ensure_ascii=False).encode()})
        with atomic_path(path) as temporary:
            pq.write_table(table, temporary, compression="zstd")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "TrendState":
        """Read what `save` wrote. Raises InputError for a file that is not there, damaged, or something else."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(path)
            meta = json.loads((table.schema.metadata or {})[_META])
        except OSError as error:
            raise InputError(f"{path}: cannot be read as a trend state ({error.strerror or type(error).__name__})") from error
        except (pa.ArrowInvalid, KeyError, ValueError) as error:
            raise InputError(f"{path}: expected a file written by TrendState.save, got another or a damaged one") from error
        return cls(_checked(table, meta, path))


def _checked(table: Any, meta: Any, path: object) -> Tally:
    """The tally in the file. Raises InputError where it says something else than a tally."""
    problem = f"{path}: expected a file written by TrendState.save"
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise InputError(f"{problem}, got another")
    if meta.get("version") != VERSION:
        raise InputError(f"{path}: expected version {VERSION} of the format, got {meta.get('version')!r}; count the items again")
    period, names = meta.get("period"), meta.get("names")
    if period not in SETTINGS or not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"{problem}, got one with a damaged header")
    wanted = ["number", *(f"key{number}" for number in range(len(names))), OBSERVED]
    if any(name not in table.column_names for name in wanted):
        raise InputError(f"{problem}, got one with the columns {', '.join(table.column_names)}")
    measures = [name for name in MEASURES if name in table.column_names]
    try:
        numbers = table["number"].to_numpy().astype(np.int64)
        values = {name: table[name].to_numpy().astype(np.int64) for name in measures}
        parts = [label_codes(table[f"key{number}"].to_pandas().astype(object)) for number in range(len(names))]
    except (TypeError, ValueError) as error:
        raise InputError(f"{problem}, got one with other types ({error})") from error
    some = parts[0][1] >= 0
    keys, own = number_keys([(labels, part[some]) for labels, part in parts])
    codes = np.full(len(numbers), WHOLE, np.int64)
    codes[some] = own
    return tallied(period, tuple(names), keys, numbers, codes, values)
