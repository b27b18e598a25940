"""The bundled model, damaged in every way that was thought of and in thousands that were not: ModelError, and no code is run.

``tests/scorer/test_model.py`` says field by field what a small model must be; here the real one is damaged at random.
"""

import hashlib
import json
import os
import pickle
import shutil
import zipfile
from io import BytesIO
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wild_texts import WILD, tries

from feedback_nlp import BatchScorer, FeedbackError, ModelError
from feedback_nlp.scorer.model import ARRAYS_FILE, BUNDLED, MANIFEST_FILE, bundled_models

SOUND = bundled_models() / BUNDLED
MANIFEST = json.loads((SOUND / MANIFEST_FILE).read_text(encoding="utf-8"))
ARRAYS = (SOUND / ARRAYS_FILE).read_bytes()
HEADER_BYTES = int.from_bytes(ARRAYS[:8], "little")
HEADER = json.loads(ARRAYS[8 : 8 + HEADER_BYTES])
TEXTS = ["我的软件总是闪退，太影响工作了", "", "很好用，推荐"]
EXPECTED = BatchScorer.load(SOUND).score(TEXTS)

#: Manifest fields that nothing but people reads: whatever stands there, the model is the same.
REMARKS = ("training", "note")


@pytest.fixture(scope="session")
def new_folder(tmp_path_factory):
    """Makes an empty folder, a new one with each call."""
    root, number = tmp_path_factory.mktemp("models"), count()

    def make():
        folder = root / str(next(number))
        folder.mkdir()
        return folder

    return make


def put(folder, manifest=None, content=None):
    """Write a model folder. manifest: bytes, or what JSON holds. content: of the arrays' file. None is the sound one of either."""
    (folder / ARRAYS_FILE).write_bytes(ARRAYS if content is None else content)
    manifest = MANIFEST if manifest is None else manifest
    (folder / MANIFEST_FILE).write_bytes(manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode("utf-8"))
    return folder


def mended(content):
    """The manifest with size and checksum of other arrays, as whoever wants his file loaded would write it."""
    entry = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return MANIFEST | {"files": {ARRAYS_FILE: entry}}


def refused(folder):
    """One ModelError that names the file."""
    with pytest.raises(ModelError) as caught:
        BatchScorer.load(folder)
    message = str(caught.value)
    assert str(folder) in message
    assert MANIFEST_FILE in message or ARRAYS_FILE in message
    shutil.rmtree(folder)


def refused_or_harmless(folder):
    """Refused; or a model that answers every text in the usual way, with probabilities."""
    try:
        scorer = BatchScorer.load(folder)
    except ModelError as error:
        assert MANIFEST_FILE in str(error) or ARRAYS_FILE in str(error)
    else:
        assert ((found := scorer.probabilities(TEXTS)) >= 0).all(axis=None) and (found <= 1).all(axis=None)
        assert not scorer.score(TEXTS).isna().any(axis=None)
    shutil.rmtree(folder)


def test_the_copy_is_sound(new_folder):
    """Or the tests below would show nothing."""
    assert BatchScorer.load(put(new_folder())).score(TEXTS).equals(EXPECTED)
    assert BatchScorer.load(put(new_folder(), mended(ARRAYS), ARRAYS)).score(TEXTS).equals(EXPECTED)


PLACE = st.integers(0, len(ARRAYS) - 1) | st.integers(0, HEADER_BYTES + 16)


@tries(60)
@given(place=PLACE)
def test_truncated_anywhere(tried, new_folder, place):
    """With the old checksum, and with one that fits."""
    tried["model files, truncated"] += 2
    refused(put(new_folder(), content=ARRAYS[:place]))
    refused(put(new_folder(), mended(ARRAYS[:place]), ARRAYS[:place]))


@tries(60)
@given(place=PLACE, new=st.binary(min_size=1, max_size=16), insert=st.booleans())
def test_bytes_changed_anywhere(tried, new_folder, place, new, insert):
    """With the old checksum nothing passes; with one that fits, only what is still a model."""
    tried["model files, bytes changed"] += 2
    content = ARRAYS[:place] + new + ARRAYS[place + (0 if insert else len(new)) :]
    if content != ARRAYS:
        refused(put(new_folder(), content=content))
    refused_or_harmless(put(new_folder(), mended(content), content))


def with_header(header):
    """The arrays' file with another header before the same data; the length at its start is that of the header."""
    written = header if isinstance(header, bytes) else json.dumps(header).encode("utf-8")
    return len(written).to_bytes(8, "little") + written + ARRAYS[8 + HEADER_BYTES :]


NUMBER = st.one_of(st.integers(-(2**70), 2**70), st.integers(-3, 300), st.floats(), st.sampled_from((2**31, 2**63, 2**64, -1, 0, 10**30)))
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | WILD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WILD, inner, max_size=3)
)


@tries(60)
@given(name=st.sampled_from(sorted(HEADER)), field=st.sampled_from(("dtype", "shape", "data_offsets", None)), value=JSON)
def test_headers_that_say_something_else(tried, new_folder, name, field, value):
    tried["model files, headers"] += 1
    entry = value if field is None or not isinstance(HEADER[name], dict) else HEADER[name] | {field: value}
    content = with_header(HEADER | {name: entry})
    (refused_or_harmless if entry == HEADER[name] or name == "__metadata__" else refused)(put(new_folder(), mended(content), content))


ARRAY_NAMES = sorted(name for name in HEADER if name != "__metadata__")


@pytest.mark.parametrize(
    "header",
    [
        *({name: entry for name, entry in HEADER.items() if name != missing} for missing in ARRAY_NAMES),
        *(
            HEADER | {name: HEADER[name] | {"dtype": dtype}}
            for name in ARRAY_NAMES
            for dtype in ("F64", "BF16", "BOOL", "F8_E4M3", "O", "")
        ),
        *(HEADER | {name: HEADER[name] | {"data_offsets": [0, 10**15]}} for name in ARRAY_NAMES),
        *(
            HEADER | {name: HEADER[name] | {"data_offsets": HEADER[other]["data_offsets"]}}
            for name in ARRAY_NAMES
            for other in ("embedding",)
            if name != other
        ),
        HEADER | {"more": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}},
        {},
        [],
        None,
        b"",
        b"{" * 5000,
        b'{"embedding": ' + b"[" * 900 + b"]" * 900 + b"}",
        b" " * 100,
        json.dumps(HEADER).encode("utf-16"),
        pickle.dumps(HEADER),
    ],
    ids=str,
)
def test_headers_of_other_arrays(tried, new_folder, header):
    tried["model files, headers"] += 1
    content = with_header(header)
    refused(put(new_folder(), mended(content), content))


@pytest.mark.parametrize("length", [0, 1, HEADER_BYTES - 1, HEADER_BYTES + 1, len(ARRAYS), 2**31, 2**63, 2**64 - 1])
def test_headers_of_another_length(tried, new_folder, length):
    tried["model files, headers"] += 1
    content = length.to_bytes(8, "little") + ARRAYS[8:]
    refused(put(new_folder(), mended(content), content))


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", [name for name in ARRAY_NAMES if HEADER[name]["dtype"] == "F32"])
def test_numbers_no_training_writes(tried, new_folder, name, number):
    tried["model files, numbers"] += 1
    start, stop = (8 + HEADER_BYTES + offset for offset in HEADER[name]["data_offsets"])
    content = ARRAYS[:start] + np.full((stop - start) // 4, number, "<f4").tobytes() + ARRAYS[stop:]
    refused(put(new_folder(), mended(content), content))


FIELDS = sorted(set(MANIFEST) - set(REMARKS))


@tries(150)
@given(field=st.sampled_from(FIELDS), value=JSON)
def test_manifest_fields_of_anything(tried, new_folder, field, value):
    tried["manifests"] += 1
    manifest = MANIFEST | {field: value}
    harmless = (
        value == MANIFEST[field] or (field in ("name", "version") and isinstance(value, str)) or field == "norm_limit" or field == "orders"
    )
    (refused_or_harmless if harmless else refused)(put(new_folder(), manifest))


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "value",
    [..., None, True, [], {}, "", "x" * 900_000, [0] * 100_000, 10**4000, -1, 1e308, "17", {"a": {}}],
    ids=lambda value: str(value)[:8],
)
def test_manifest_fields_missing_or_huge(tried, new_folder, field, value):
    tried["manifests"] += 1
    manifest = {key: one for key, one in (MANIFEST | {field: value}).items() if one is not ...}
    (refused_or_harmless if field in ("name", "version") and isinstance(value, str) else refused)(put(new_folder(), manifest))


@pytest.mark.parametrize("depth", [10, 500, 900, 950, 970, 980, 990, 1000, 5000])
@pytest.mark.parametrize("field", FIELDS)
def test_manifest_fields_of_any_depth(tried, new_folder, field, depth):
    tried["manifests"] += 1
    deep = json.dumps(MANIFEST | {field: "DEEP"}).replace('"DEEP"', "[" * depth + "]" * depth)
    refused(put(new_folder(), deep.encode("utf-8")))


@pytest.mark.parametrize("entry", ["bytes", "sha256"])
@tries(40)
@given(value=JSON)
def test_manifest_entries_of_anything(tried, new_folder, entry, value):
    tried["manifests"] += 1
    files = {ARRAYS_FILE: MANIFEST["files"][ARRAYS_FILE] | {entry: value}}
    refused(put(new_folder(), MANIFEST | {"files": files}))


@tries(60)
@given(place=st.floats(0, 1, exclude_max=True), new=st.binary(max_size=8))
def test_manifests_truncated_and_changed(tried, new_folder, place, new):
    tried["manifests"] += 2
    written = (SOUND / MANIFEST_FILE).read_bytes().rstrip()
    at = int(place * len(written))
    refused(put(new_folder(), written[:at]))
    refused_or_harmless(put(new_folder(), written[:at] + new + written[at + len(new) :]))


# ---------------------------------------------------------------------------------------------------------------------------------
# Code


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (Path(self.mark),)


def as_pickle(mark):
    return pickle.dumps(Touch(mark))


def as_npy(mark):
    file = BytesIO()
    np.save(file, np.asarray([Touch(mark)], dtype=object), allow_pickle=True)
    return file.getvalue()


def as_torch(mark):
    """A zip file with a pickle inside, as torch writes it."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Touch(mark)))
    return file.getvalue()


def in_the_header(mark):
    return with_header(HEADER | {"__metadata__": {"pickle": pickle.dumps(Touch(mark), protocol=0).decode("ascii")}})


def in_the_data(mark):
    payload = pickle.dumps(Touch(mark))
    return ARRAYS[: -len(payload)] + payload


@pytest.mark.parametrize("make", [as_pickle, as_npy, as_torch, in_the_header, in_the_data])
def test_no_code_is_run(tried, new_folder, tmp_path, make):
    """In the place of the arrays, in that of the manifest, and beside them; the last two payloads stand in a file that may load."""
    tried["model files, pickles"] += 3
    mark = tmp_path / "mark"
    content = make(mark)
    refused(put(new_folder(), content=content))
    refused(put(new_folder(), content))
    refused_or_harmless(put(new_folder(), mended(content), content))
    beside = put(new_folder())
    for name in ("model.pkl", "model.npy", "pytorch_model.bin", "conftest.py", "__init__.py", ".manifest.json.tmp"):
        (beside / name).write_bytes(content)
    assert BatchScorer.load(beside).score(TEXTS).equals(EXPECTED)
    assert not mark.exists()


def test_the_payloads_do_run_where_pickles_are_read(tmp_path):
    """Or the test above would show nothing."""
    pickle.loads(as_pickle(tmp_path / "a"))  # noqa: S301
    np.load(BytesIO(as_npy(tmp_path / "b")), allow_pickle=True)
    assert (tmp_path / "a").exists() and (tmp_path / "b").exists()


# ---------------------------------------------------------------------------------------------------------------------------------
# Files that are none


def other_file(folder, name, kind):
    """Put something else in the place of a file."""
    path = folder / name
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "empty":
        path.touch()
    elif kind == "sparse":
        with path.open("wb") as file:
            file.truncate(1 << 40)
    else:
        path.symlink_to({"loop": path, "dangling": folder / "none", "zeros": "/dev/zero", "memory": "/proc/self/mem", "itself": "."}[kind])


@pytest.mark.parametrize("name", [MANIFEST_FILE, ARRAYS_FILE])
@pytest.mark.parametrize("kind", ["folder", "pipe", "empty", "sparse", "loop", "dangling", "zeros", "memory", "itself"])
def test_what_is_no_file(tried, new_folder, name, kind):
    tried["model files, no files"] += 1
    folder = put(new_folder())
    other_file(folder, name, kind)
    refused(folder)


def test_a_link_to_a_sound_file_is_a_sound_file(new_folder):
    """Deployments and caches make such; the checksum holds for what is read, wherever it lies."""
    folder = new_folder()
    for name in (MANIFEST_FILE, ARRAYS_FILE):
        (folder / name).symlink_to(SOUND / name)
    assert BatchScorer.load(folder).score(TEXTS).equals(EXPECTED)


@tries(100)
@given(folder=st.text(max_size=20) | WILD)
def test_folders_of_any_name(tried, folder):
    """Not a crash, not a model: a name with NULs or surrogates, too long a name, a name of nothing."""
    tried["model folders"] += 1
    try:
        BatchScorer.load(folder)
    except FeedbackError as error:
        assert isinstance(error, ModelError) and MANIFEST_FILE in str(error)
    else:
        pytest.fail("loaded")
