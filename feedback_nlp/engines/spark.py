"""Spark: the whole job, or scores of a Spark DataFrame. Needs the extra ``spark`` and Java."""

import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feedback_nlp.engines.shared import call, shared_object
from feedback_nlp.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

#: Tasks of one Spark job, for each of its cores: what is read ahead, and what runs again when the driver dies.
WAVE = 8
#: A local session would fail with the first process that dies; a cluster tries so often by itself.
ATTEMPTS = 4


@dataclass(frozen=True)
class SparkEngine:
    """Runs maps as ``mapInPandas`` over tables of tasks. Spark runs the tasks of an executor that dies again elsewhere.

    master: of the session that is started where none is active, local[2], spark://host:7077; None takes the active session.
    folder: where executors find what they share; all of them must see it under this path.
    """

    master: str | None = None
    folder: Path | None = None

    def opened(self) -> AbstractContextManager["SparkEngine"]:
        """The engine itself: there is nothing to keep."""
        return nullcontext(self)

    def map(self, function: Callable[[Any, Any], Any], tasks: Iterable[Any], shared: Any) -> Iterator[Any]:
        """``function(task, shared)`` of each task, in their order. Raises MissingExtraError without Spark."""
        session = _session(self.master)
        with shared_object(shared, self.folder) as handle:

            def work(tables: "Iterator[pd.DataFrame]") -> "Iterator[pd.DataFrame]":
                import pandas as pd

                for table in tables:
                    # Spark itself sends functions and results as pickles between the driver and its workers.
                    tasks_here = map(pickle.loads, table["task"])
                    found = [pickle.dumps(call(function, task, handle)) for task in tasks_here]
                    yield pd.DataFrame({"number": table["number"], "result": found})

            source = iter(tasks)
            while wave := list(islice(source, WAVE * session.sparkContext.defaultParallelism)):
                rows = [(number, bytearray(pickle.dumps(task))) for number, task in enumerate(wave)]
                # One task a partition: whatever takes long does not wait for what is in the same batch.
                frame = session.createDataFrame(rows, "number int, task binary").repartition(len(rows), "number")
                results = frame.mapInPandas(work, "number int, result binary").collect()
                yield from map(pickle.loads, (row.result for row in sorted(results, key=lambda row: row.number)))


def score(frame: "DataFrame", *, text_column: str = "text", model: str | Path | None = None, abstain: bool = False) -> "DataFrame":
    """Score the texts of a Spark DataFrame: its columns and those of `BatchScorer.score`, row by row; null texts count as empty.

    text_column: of strings. model: folder of a model that every executor sees; the bundled one by default. abstain: as in `BatchScorer`.
    Raises MissingExtraError without Spark, InputError where there is no such column, where it holds no strings, and where the frame has
    a column of the scores' names already.
    """
    _pyspark()
    from pyspark.sql.types import ByteType, FloatType, StringType, StructField, StructType

    from feedback_nlp.scorer.scores import SCORE_COLUMNS

    fields = {entry.name: entry for entry in frame.schema.fields}
    if text_column not in fields:
        raise InputError(f"text_column: there is no column {text_column!r}; the columns are {', '.join(fields)}")
    if not isinstance(fields[text_column].dataType, StringType):
        raise InputError(f"{text_column}: expected strings, got {fields[text_column].dataType.simpleString()}; cast the column first")
    clash = [name for name in SCORE_COLUMNS if name in fields]
    if clash:
        raise InputError(f"the frame has columns of the scores' names already: {', '.join(clash)}; rename or drop them")
    kinds = {"type": StringType(), "urgency": StringType(), "sentiment": ByteType()}
    schema = StructType([*frame.schema.fields, *(StructField(name, kinds.get(name, FloatType()), False) for name in SCORE_COLUMNS)])

    def work(tables: "Iterator[pd.DataFrame]") -> "Iterator[pd.DataFrame]":
        import pandas as pd

        from feedback_nlp.scorer.scorer import BatchScorer

        scorer = BatchScorer.load(model)
        for table in tables:
            scores = scorer.score(table[text_column], abstain=abstain)
            yield pd.concat([table, scores.set_index(table.index)], axis=1)

    return frame.mapInPandas(work, schema)


def _session(master: str | None) -> Any:
    spark = _pyspark()
    active = spark.sql.SparkSession.getActiveSession()
    if active is not None:
        return active
    if (master or "local").startswith("local"):
        # PySpark takes the first python3 of the path for its workers, which may be another one than ours.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = (
        spark.sql.SparkSession.builder.appName("feedback_nlp")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
    )
    return builder.master(master or f"local[*,{ATTEMPTS}]").getOrCreate()


def _pyspark() -> Any:
    try:
        import pyspark
        import pyspark.sql
    except ImportError as error:
        raise MissingExtraError("the engine spark needs PySpark and Java; install it with: pip install 'feedback_nlp[spark]'") from error
    return pyspark
