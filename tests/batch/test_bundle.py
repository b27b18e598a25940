"""Bundles: what goes in comes out, and a file that was touched says so."""

import string
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from feedback_nlp.batch.bundle import ArraysOf, arrow_table, let_go, load_bundle, map_arrays, map_frame, map_values, save_bundle
from feedback_nlp.errors import InputError

SLOW_DISK = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])

NAMES = st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=4)
#: No text holds what UTF-8 has no form for: texts are cleaned before.
TEXTS = st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=6), max_size=8)
DTYPES = st.sampled_from(["i1", "i4", "i8", "u4", "u8", "f4", "f8", "?", "M8[us]", "M8[D]"])
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)))


@SLOW_DISK
@example({})
@example({"a": np.zeros((0, 3), "i8"), "b": np.zeros((3, 0), "f4")})
@example({"a": np.asfortranarray(np.arange(6).reshape(2, 3))})
@given(st.dictionaries(NAMES, ARRAYS, max_size=5))
def test_arrays_come_back(tmp_path, arrays):
    path = tmp_path / "a.npz"
    save_bundle(path, arrays)
    loaded, mapped = load_bundle(path), map_arrays(path, list(arrays))
    assert list(loaded) == list(mapped) == list(arrays)
    for name, array in arrays.items():
        for found in (loaded[name], mapped[name]):
            assert (found.dtype, found.shape) == (array.dtype, array.shape)
            np.testing.assert_array_equal(found, array)


@SLOW_DISK
@example([])
@example([""])
@example(["", "", "a"])
@example(["\0", "\n", "𠮷😀", "\u200b", "a\0b"])
@given(TEXTS)
def test_texts_come_back(tmp_path, texts):
    path = tmp_path / "t.npz"
    save_bundle(path, {"list": texts, "array": np.array([*texts, None], dtype=object)[:-1]})
    found = load_bundle(path)
    assert found["list"].dtype == found["array"].dtype == object
    assert found["list"].tolist() == found["array"].tolist() == texts


#: Rows of texts by entry; few different ones, so that entries are alike in many rows.
ALIKE = st.lists(st.tuples(*[st.sampled_from(["", "甲", "乙乙", "𠮷"])] * 3), max_size=12)


@SLOW_DISK
@example([("甲", "甲", "甲")] * 3)
@example([("甲", "甲", "甲")] * 5 + [("甲", "乙乙", ""), ("", "甲", "甲")])
@given(ALIKE)
def test_entries_that_are_alike_come_back(tmp_path, rows):
    path, names = tmp_path / "t.npz", ("one", "two", "three")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    save_bundle(path, {**columns, "other": ["丙"], "numbers": np.arange(len(rows))})
    for asked in (None, *([name] for name in names), ["three", "two"]):
        found = load_bundle(path, asked)
        assert all(found[name].tolist() == columns[name] for name in asked or names)
    chosen = np.array([*range(len(rows))][::-2] * 2, np.int64)
    for name in names:
        assert map_values(path, name, chosen).tolist() == [columns[name][row] for row in chosen]


def test_entries_that_are_alike_are_kept_once_and_are_not_the_same_array(tmp_path):
    texts = [f"屏幕第{row}次碎了" for row in range(1000)]
    save_bundle(tmp_path / "one.npz", {"read": texts})
    save_bundle(tmp_path / "three.npz", {"read": texts, "shown": texts, "original": ["　", *texts[1:]]})
    assert (tmp_path / "three.npz").stat().st_size < 1.2 * (tmp_path / "one.npz").stat().st_size
    found = load_bundle(tmp_path / "three.npz")
    found["shown"][0] = "另一条"
    assert (found["read"][0], found["original"][:2].tolist()) == (texts[0], ["　", texts[1]])


CELLS = {
    "text": st.one_of(st.none(), st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=4)),
    "whole": st.integers(-(2**63), 2**63 - 1),
    "number": st.floats(width=32),
    "flag": st.booleans(),
    "time": st.datetimes().map(pd.Timestamp),
}


@SLOW_DISK
@given(st.lists(st.fixed_dictionaries(CELLS), max_size=6))
def test_frames_come_back(tmp_path, rows):
    frame = pd.DataFrame(rows, columns=list(CELLS)).astype(
        {"text": "str", "whole": "int64", "number": "float64", "flag": bool, "time": "datetime64[us]"}
    )
    frame["local"] = pd.DatetimeIndex(["2026-03-01"] * len(frame)).as_unit("us").tz_localize("Asia/Shanghai")
    path = tmp_path / "f.npz"
    save_bundle(path, {"frame": frame, "other": np.arange(3)})
    pd.testing.assert_frame_equal(load_bundle(path)["frame"], frame, check_dtype=bool(len(frame)))
    table, view = map_frame(path, "frame")
    assert table.equals(arrow_table(frame))
    assert not view.flags.writeable
    let_go(view)
    assert table.equals(arrow_table(frame)), "what was let go of is read again"


def test_a_column_of_mixed_values_becomes_text(tmp_path):
    save_bundle(tmp_path / "f.npz", {"frame": pd.DataFrame({"a": pd.Series([5, "5", None, 2.5, True, ["甲"]], dtype=object)})})
    found = load_bundle(tmp_path / "f.npz")["frame"]["a"]
    assert found.fillna("-").tolist() == ["5", "5", "-", "2.5", "true", '["甲"]']


def test_an_empty_column_of_a_frame_is_one_of_text(tmp_path):
    frame = pd.DataFrame({"a": pd.Series([], dtype=object), "b": pd.Series([], dtype="int64")})
    save_bundle(tmp_path / "f.npz", {"frame": frame})
    assert [str(kind) for kind in map_frame(tmp_path / "f.npz", "frame")[0].schema.types] == ["string", "int64"]


#: Names with dots are fields of what has the name before the dot.
ENTRIES = {
    "lines": np.arange(3),
    "names": ["甲", "乙"],
    "table": pd.DataFrame({"a": [1]}),
    "counts.days": np.arange(4),
    "counts.labels": ["丙"],
    "countsmore": np.arange(5),
}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (None, list(ENTRIES)),
        ([], []),
        (["lines"], ["lines"]),
        (["names", "table"], ["names", "table"]),
        (["counts"], ["counts.days", "counts.labels"]),
        (["counts.labels"], ["counts.labels"]),
        (["count"], []),
        (["days"], []),
    ],
)
def test_only_what_is_asked_for_is_read(tmp_path, asked, found):
    save_bundle(tmp_path / "e.npz", ENTRIES)
    assert list(load_bundle(tmp_path / "e.npz", asked)) == found


def test_arrays_of_a_prefix(tmp_path):
    save_bundle(tmp_path / "e.npz", {"days.a": np.arange(3), "days.b": np.zeros(0), "more.a": np.arange(2)})
    found = ArraysOf(tmp_path / "e.npz", "days.")
    assert (list(found), len(found)) == (["a", "b"], 2)
    assert found["a"].tolist() == [0, 1, 2]
    with pytest.raises(KeyError):
        found["more.a"]


def test_equal_entries_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        save_bundle(tmp_path / name, ENTRIES)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_mapped_arrays_cannot_be_written(tmp_path):
    save_bundle(tmp_path / "a.npz", {"a": np.arange(3)})
    with pytest.raises(ValueError, match="read-only"):
        map_arrays(tmp_path / "a.npz", ["a"])["a"][0] = 5


def damaged(data):
    """Kinds of damage: cut at several places, one byte of the contents changed, replaced by something else."""
    for share in (0, 10, 50, 90, 99):
        yield f"cut to {share} %", data[: len(data) * share // 100]
    place = data.index(b"marker-marker")
    yield "a byte changed", data[:place] + b"M" + data[place + 1 :]
    yield "another file", b"feedback" * 100


KINDS = ["cut to 0 %", "cut to 10 %", "cut to 50 %", "cut to 90 %", "cut to 99 %", "a byte changed", "another file"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_told(tmp_path, kind):
    path = tmp_path / "part.npz"
    save_bundle(path, {"numbers": np.arange(100), "texts": ["marker-marker", "好"] * 20})
    path.write_bytes(dict(damaged(path.read_bytes()))[kind])
    with pytest.raises(InputError, match=r"part\.npz: expected a part of a run, got what cannot be read .*; run without --resume"):
        load_bundle(path)


def test_a_file_with_a_pickle_runs_nothing(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").touch, ())

    with (tmp_path / "p.npz").open("wb") as file:
        np.savez(file, a=np.array([Trap()], dtype=object))
    with pytest.raises(InputError, match="cannot be read"):
        load_bundle(tmp_path / "p.npz")
    assert not (tmp_path / "sprung").exists()


def test_a_missing_file_or_folder_is_told(tmp_path):
    with pytest.raises(InputError, match="run without --resume"):
        load_bundle(tmp_path / "none.npz")
    with pytest.raises(InputError, match="does not exist"):
        save_bundle(tmp_path / "none" / "a.npz", {"a": np.arange(3)})


def test_a_file_that_cannot_be_finished_is_not_there(tmp_path):
    save_bundle(tmp_path / "a.npz", {"a": np.arange(3)})
    with pytest.raises(ValueError, match="allow_pickle"):
        save_bundle(tmp_path / "a.npz", {"a": np.array([(1, None)], dtype=[("x", int), ("y", object)])})
    assert load_bundle(tmp_path / "a.npz")["a"].tolist() == [0, 1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_entries_are_guarded_by_checksums(tmp_path):
    save_bundle(tmp_path / "a.npz", {"a": np.arange(1000)})
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert archive.testzip() is None
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist()), "stored, so that it can be mapped"
