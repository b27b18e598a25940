"""The results of a run as files, the same as `Analysis.save` writes, without the ledger ever being in memory as a whole."""

import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from feedback_nlp.batch.engine import Engine
from feedback_nlp.batch.ordering import Ints, Pieces, order_pieces
from feedback_nlp.batch.setup import Setup
from feedback_nlp.batch.space import FolderSpace
from feedback_nlp.batch.steps import Outcome
from feedback_nlp.engines.shared import file_digest
from feedback_nlp.io import write_csv, write_json, write_parquet
from feedback_nlp.io.atomic import atomic_path
from feedback_nlp.ledger.assemble import HEADERS
from feedback_nlp.store.columns import HISTORY
from feedback_nlp.topics import write_themes

if TYPE_CHECKING:
    import pyarrow as pa

#: Digits of the figures in the file for people.
DIGITS = 4
#: Rows that tell which columns have few values.
SAMPLE = 4096


def write_results(
    outcome: Outcome,
    summary: Mapping[str, Any],
    setup: Setup,
    space: FolderSpace,
    engine: Engine,
    folder: Path,
    *,
    lang: str,
    bom: bool,
) -> dict[str, str]:
    """Write all files of a run but its manifest into ``folder``; returns the SHA-256 of each. Raises InputError where that fails."""
    pieces = order_pieces(space, outcome.learned.rows.n_parts, setup.levels)
    with ThreadPoolExecutor(1) as other:
        # Arrow writes without holding the interpreter, while this and other processes spell the CSV file.
        parquet = other.submit(_write_parquet, pieces, folder / "ledger.parquet")
        _write_csv(pieces, folder, engine, lang=lang, bom=bom)
        parquet.result()
    history = pd.DataFrame({name: pd.Series(dtype="str") for name in HISTORY})
    for name, table in {**outcome.tables, "history": history}.items():
        write_parquet(table, folder / f"{name}.parquet")
    write_json(summary, folder / "summary.json")
    write_themes(outcome.learned.knowledge.themes, folder / "themes.json")
    paths = sorted(folder.iterdir())
    with ThreadPoolExecutor() as threads:
        return dict(zip((path.name for path in paths), threads.map(file_digest, paths), strict=True))


def _write_parquet(pieces: Pieces, path: Path) -> None:
    import pyarrow.parquet as pq

    recurring = _recurring(pieces.read(pieces.order[:SAMPLE]))
    with atomic_path(path) as temporary, pq.ParquetWriter(temporary, pieces.schema, use_dictionary=recurring) as writer:
        for rows in pieces:
            writer.write_table(pieces.read(rows))


def _recurring(sample: "pa.Table") -> list[str]:
    """Columns whose values are few: a dictionary of those of others costs time and saves no space."""
    import pyarrow.compute as pc
    from pyarrow import types

    countable = (types.is_string, types.is_large_string, types.is_integer, types.is_float32, types.is_float64, types.is_timestamp)
    columns = [entry.name for entry in sample.schema if any(kind(entry.type) for kind in countable)]
    return [name for name in columns if 2 * pc.count_distinct(sample[name]).as_py() <= len(sample)]


def _write_csv(pieces: Pieces, folder: Path, engine: Engine, *, lang: str, bom: bool) -> None:
    """Each piece is spelled by a worker; the files are then put one behind the other."""
    headers = HEADERS if lang == "zh" else None
    with atomic_path(folder / "ledger.csv") as temporary, temporary.open("wb") as whole:
        for path in engine.map(_spell, enumerate(pieces), (pieces, folder, headers, bom)):
            with path.open("rb") as part:
                shutil.copyfileobj(part, whole, 1 << 20)
            path.unlink()


def _spell(task: tuple[int, Ints], shared: tuple[Pieces, Path, Mapping[str, str] | None, bool]) -> Path:
    number, rows = task
    pieces, folder, headers, bom = shared
    frame = pieces.read(rows).to_pandas(ignore_metadata=True, integer_object_nulls=True)
    figures = frame.select_dtypes("float").columns
    path = folder / f".ledger-{number:06d}.csv"
    # Neither atomic nor durable: a run that is killed begins this step anew.
    with path.open("wb") as file:
        write_csv(frame.round(dict.fromkeys(figures, DIGITS)), file, headers=headers, bom=bom and not number, header=not number)
    return path
