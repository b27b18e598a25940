"""A ledger that was saved, read as its report needs it, in memory that hardly grows with what people wrote.

Columns of few distinct values become codes (categoricals). Of texts the page shows few, and asks of the others only whether they are
there: these are read a stretch at a time and become a mark. The page is the same as that of the whole ledger, to the byte.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.io.cells import to_frame
from feedback_nlp.report.codes import blank
from feedback_nlp.report.moments import reading_moment
from feedback_nlp.report.overdue import find_overdue
from feedback_nlp.report.page import COLUMNS, LATE_ITEMS, TOP

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Bools = NDArray[np.bool_]

#: Columns of texts with few distinct values.
NAMED = ("priority", "type_label", "sentiment_label", "urgency_label", "theme", "department", "channel", "product", "status")
#: What stands for a text that is there and is not shown.
MARK = "…"
#: Rows whose texts are read at a time.
AT_ONCE = 65_536


def read_reported(path: Path, levels: Sequence[str], *, stated: Any = None, top: int = TOP) -> "pd.DataFrame":
    """The columns of a ledger that a report looks at.

    path: of the Parquet file. levels: names of the priorities, most urgent first. stated: ``as_of`` of the analysis, None if it had none.
    top: items in the report's table. Raises OSError and ValueError (Arrow's) where the file cannot be read.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(path, memory_map=True)
    names = [name for name in schema.names if name in COLUMNS]
    texts = [name for name in names if schema.field(name).type in (pa.string(), pa.large_string())]
    named = [name for name in texts if name in NAMED]
    long = [name for name in texts if name not in NAMED]
    with pq.ParquetFile(path, memory_map=True, read_dictionary=named) as file:
        ledger = to_frame(file.read(columns=[name for name in names if name not in long]))
        shown = _shown(ledger, levels, stated, top)
        kept = {"reasons": shown | (ledger["priority"] == levels[0]).to_numpy(np.bool_)}
        found, first = [schema.empty_table().select(long)], 0
        for batch in file.iter_batches(AT_ONCE, columns=long):
            last = first + len(batch)
            thin = [_thinned(batch[name], kept.get(name, shown)[first:last]).cast(schema.field(name).type) for name in long]
            found.append(pa.table(thin, names=long))
            first = last
    return pd.concat([ledger, to_frame(pa.concat_tables(found))], axis=1)[names]


def _shown(ledger: "pd.DataFrame", levels: Sequence[str], stated: Any, top: int) -> Bools:
    """bool (n,): the items whose texts are on the page."""
    shown = np.arange(len(ledger)) < top
    shown[find_overdue(ledger, list(levels), reading_moment(ledger, None, stated)).rows[:LATE_ITEMS]] = True
    return shown


def _thinned(texts: "pa.Array", keep: Bools) -> "pa.Array":
    """The texts to keep; of the others the mark, "" for a blank one, nothing for nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    marks = pc.if_else(blank(texts), "", MARK).cast(texts.type)
    return pc.if_else(pa.array(keep), texts, marks) if keep.any() else marks
