"""Memory and folder give the same answers; what is taken apart is put together again."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from feedback_nlp.batch.space import FolderSpace, MemorySpace, flattened, restored
from feedback_nlp.errors import InputError


@dataclass(frozen=True, eq=False)
class Inner:
    numbers: NDArray[np.int64]
    label: str


@dataclass(frozen=True, eq=False)
class Sums:
    """Takes itself apart."""

    pairs: Mapping[str, int]

    def to_arrays(self):
        return {"values": np.array(list(self.pairs.values()), np.int64), "keys": np.array(list(self.pairs), dtype=object)}

    @classmethod
    def from_arrays(cls, arrays):
        return cls(dict(zip(arrays["keys"].tolist(), arrays["values"].tolist(), strict=True)))


@dataclass(frozen=True, eq=False)
class Outer:
    columns: tuple[str, ...]
    rows: NDArray[np.int64]
    texts: NDArray[np.object_]
    frame: pd.DataFrame
    inner: Inner
    sums: Sums
    by_name: Mapping[str, NDArray[np.int64]]
    counts: Mapping[str, int]
    masked: int
    dated: bool
    source: str
    share: float


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=4)
NUMBERS = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4).map(lambda values: np.array(values, np.int64))
COLUMN = st.sampled_from(["customer_id", "contact", "customer_name"])
OUTER = st.builds(
    Outer,
    columns=st.lists(TEXT, max_size=3).map(tuple),
    rows=NUMBERS,
    texts=st.lists(TEXT, max_size=3).map(lambda values: np.array([*values, ""], dtype=object)[:-1]),
    frame=st.lists(TEXT, min_size=1, max_size=3).map(lambda values: pd.DataFrame({"a.b": pd.Series(values, dtype="str")})),
    inner=st.builds(Inner, numbers=NUMBERS, label=TEXT),
    sums=st.builds(Sums, st.dictionaries(TEXT, st.integers(0, 9), max_size=3)),
    by_name=st.dictionaries(COLUMN, NUMBERS, max_size=3),
    counts=st.dictionaries(TEXT, st.integers(0, 9), max_size=3),
    masked=st.integers(0, 9),
    dated=st.booleans(),
    source=TEXT,
    share=st.floats(0, 1),
)


def same(one, two):
    """Equal to the last value, array by array."""
    if is_dataclass(one):
        return type(one) is type(two) and all(same(getattr(one, entry.name), getattr(two, entry.name)) for entry in fields(one))
    if isinstance(one, Mapping):
        return set(one) == set(two) and all(same(one[name], two[name]) for name in one)
    if isinstance(one, pd.DataFrame):
        return one.equals(two)
    if isinstance(one, np.ndarray):
        return one.dtype == two.dtype and one.tolist() == two.tolist()
    return type(one) is type(two) and one == two


@settings(deadline=None, max_examples=150)
@given(OUTER)
def test_what_is_taken_apart_is_put_together(result):
    assert same(restored(Outer, flattened(result)), result)


def test_the_comparison_of_this_file_can_fail():
    one, two = Inner(np.array([1]), "a"), Inner(np.array([2]), "a")
    assert same(one, one) and not same(one, two) and not same(one, Inner(np.array([1]), "b")) and not same(np.zeros(1), np.zeros(1, int))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(OUTER)
def test_memory_and_folder_are_the_same(tmp_path, result):
    memory, folder = MemorySpace(), FolderSpace(tmp_path)
    for space in (memory, folder):
        space.put(3, result)
    assert same(memory.get(Outer, 3), result) and same(folder.get(Outer, 3), result)
    names = [entry.name for entry in fields(Outer) if entry.name not in ("inner", "sums", "columns")]
    for name in [*names, "inner.numbers", "inner.label"]:
        one, two = (space.read(Outer, 3, name) for space in (memory, folder))
        assert same(one[0], two[0]), name
    (one,), (two,) = (space.read(Outer, 3, "columns") for space in (memory, folder))
    assert list(one) == list(two)
    for one, two in zip(*(space.mapped(Outer, 3, "rows", "inner.numbers") for space in (memory, folder)), strict=True):
        assert same(one, np.asarray(two))
    for name, kind in (("inner", Inner), ("sums", Sums)):
        assert same(memory.field(Outer, 3, name, kind), folder.field(Outer, 3, name, kind))
    assert same(memory.arrays(Outer, 3, "sums")["values"], folder.arrays(Outer, 3, "sums")["values"])


@pytest.mark.parametrize("make", [lambda path: MemorySpace(), FolderSpace], ids=["memory", "folder"])
def test_results_are_kept_by_class_and_number(tmp_path, make):
    space = make(tmp_path)
    assert not space.has(Inner, 0)
    space.put(0, Inner(np.array([1]), "甲"))
    space.put(1, Inner(np.array([2]), "乙"))
    assert (space.has(Inner, 0), space.has(Inner, 1), space.has(Inner, 2), space.has(Outer, 0)) == (True, True, False, False)
    space.put(0, Inner(np.array([3]), "丙"))
    assert [space.read(Inner, number, "label")[0] for number in range(2)] == ["丙", "乙"]


def test_a_folder_knows_what_an_earlier_process_left(tmp_path):
    FolderSpace(tmp_path).put(0, Inner(np.array([1]), "甲"))
    assert FolderSpace(tmp_path).get(Inner, 0).label == "甲"
    (tmp_path / "inner-000000.npz").write_bytes(b"")
    with pytest.raises(InputError, match="run without --resume"):
        FolderSpace(tmp_path).get(Inner, 0)
