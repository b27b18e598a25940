"""The ledger of all parts in one order, a piece of it at a time: each part is in order already, so a piece is a stretch of each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.batch.bundle import let_go
from feedback_nlp.batch.space import FolderSpace
from feedback_nlp.batch.third import Third
from feedback_nlp.ledger.priority import ledger_order

if TYPE_CHECKING:
    import pyarrow as pa

Ints = NDArray[np.int64]

#: A piece has the rows of so many parts.
PIECE_PARTS = 2


@dataclass(frozen=True, eq=False)
class Pieces:
    """The ordered ledger of several parts, to be read piece by piece.

    starts: int64 (n_parts + 1,), where each part starts. schema: of the whole. order: int64 (n,), the row of each place.
    """

    space: FolderSpace
    starts: Ints
    schema: "pa.Schema"
    order: Ints

    @cached_property
    def tables(self) -> list[tuple["pa.Table", NDArray[np.uint8]]]:
        """The ledgers of the parts, as views of their files."""
        views = [self.space.table(Third, number, "ledger") for number in range(len(self.starts) - 1)]
        return [(as_schema(table, self.schema), data) for table, data in views]

    def __iter__(self) -> Iterator[Ints]:
        """The rows of each piece; one without rows where there are none."""
        size = PIECE_PARTS * max(int(np.diff(self.starts).max(initial=0)), 1)
        return (self.order[first : first + size] for first in range(0, max(len(self.order), 1), size))

    def read(self, rows: Ints) -> "pa.Table":
        """The rows of a piece, in their order."""
        import pyarrow as pa

        ranked = np.argsort(rows, kind="stable")
        bounds = np.searchsorted(rows[ranked], self.starts)
        stretches = []
        for (table, _), start, (first, last) in zip(self.tables, self.starts.tolist(), pairwise(bounds.tolist()), strict=False):
            if first < last:
                stretches.append(table.slice(int(rows[ranked[first]]) - start, last - first))
        place = np.empty(len(rows), np.int64)
        place[ranked] = np.arange(len(rows))
        piece = pa.concat_tables(stretches or [self.schema.empty_table()]).combine_chunks().take(pa.array(place))
        for _, data in self.tables:
            let_go(data)
        return piece


def order_pieces(space: FolderSpace, n_parts: int, levels: Sequence[str]) -> Pieces:
    """Order the ledgers of all parts. levels: names of priorities, most urgent first. Memory: the ids, and 33 bytes a row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    schemas, level, tenths, age, ids = [], [], [], [], []
    for number in range(n_parts):
        table, data = space.table(Third, number, "ledger")
        schemas.append(known_schema(table))
        level.append(pc.index_in(table["priority"], pa.array(levels)).to_numpy().astype(np.int8))
        tenths.append(np.rint(table["priority_score"].to_numpy() * 10).astype(np.int64))
        dated = "created_at" in table.column_names
        age.append(table["created_at"].cast(pa.timestamp("us")).to_numpy() if dated else np.full(len(table), "NaT", "datetime64[us]"))
        ids += table["feedback_id"].cast(pa.large_string()).chunks
        let_go(data)
    starts = np.cumsum([0, *map(len, level)])
    order = ledger_order(np.concatenate(level), np.concatenate(tenths), np.concatenate(age), pa.chunked_array(ids, pa.large_string()))
    return Pieces(space, starts, common_schema(schemas), order)


def known_schema(table: "pa.Table") -> "pa.Schema":
    """The types of a part; null for a column of text that is empty: what other parts hold there may be of any type."""
    import pyarrow as pa

    texts = (pa.string(), pa.large_string())
    empty = [entry.type in texts and table[entry.name].null_count == len(table) for entry in table.schema]
    return pa.schema([entry.with_type(pa.null()) if nothing else entry for entry, nothing in zip(table.schema, empty, strict=True)])


def common_schema(schemas: Iterable["pa.Schema"]) -> "pa.Schema":
    """One type for each column: that of all parts that know it, the wider of two kinds of numbers, else text."""
    import pyarrow as pa

    types: dict[str, pa.DataType] = {}
    for schema in schemas:
        for entry in schema:
            types[entry.name] = _common(types.get(entry.name, entry.type), entry.type)
    return pa.schema([(name, pa.string() if pa.types.is_null(kind) else kind) for name, kind in types.items()])


def _common(one: Any, other: Any) -> Any:
    import pyarrow as pa

    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    numbers = [pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in (one, other)]
    return pa.float64() if all(numbers) else pa.string()


def as_schema(table: "pa.Table", schema: "pa.Schema") -> "pa.Table":
    """The table with these columns and types; a column it lacks or knows nothing of is empty."""
    import pyarrow as pa

    known = {entry.name for entry in known_schema(table) if not pa.types.is_null(entry.type)}
    columns = [
        table[entry.name].cast(entry.type, safe=False) if entry.name in known else pa.nulls(len(table), entry.type) for entry in schema
    ]
    return pa.table(columns, schema=schema)
