"""Model folders with code in them, or with something that is no file: no code is run, nothing hangs."""

import os
import pickle
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_folders import ARRAYS, EXPECTED, HEADER, SOUND, TEXTS, mended, put, refused, refused_or_harmless, with_header
from wild_texts import WILD, tries

from feedback_nlp import BatchScorer, FeedbackError, ModelError
from feedback_nlp.scorer.model import ARRAYS_FILE, MANIFEST_FILE


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
