import hashlib
import json
import pickle
import shutil
import struct

import numpy as np
import pytest
from safetensors.numpy import save

from feedback_nlp.errors import ModelError
from feedback_nlp.scorer.model import (
    ARRAYS_FILE,
    FORMAT,
    HEADS,
    MANIFEST_FILE,
    N_LOGITS,
    bundled_models,
    head_slices,
    load_model,
    save_model,
)
from feedback_nlp.scorer.scorer import BatchScorer

BITS = 8
BUCKETS = 1 << BITS
REMEDY = "install or train the model again"


def arrays(**changed):
    random = np.random.default_rng(1)
    made = {
        "weights": random.normal(size=(BUCKETS, N_LOGITS)).astype(np.float32),
        "idf_squared": random.uniform(1, 50, size=BUCKETS).astype(np.float32),
        "bias": random.normal(size=N_LOGITS).astype(np.float32),
    }
    return made | changed


def description():
    return {"name": "tiny", "version": "7", "orders": 2, "norm_limit": 900.0, "thresholds": {"type": 0.25}, "note": "测试"}


@pytest.fixture
def folder(tmp_path):
    """A small sound model folder, to be damaged."""
    save_model(tmp_path / "tiny", **arrays(), manifest=description())
    assert load_model(tmp_path / "tiny").signature.startswith("tiny/7/")
    return tmp_path / "tiny"


def change_manifest(folder, **changed):
    """Set fields of the manifest; the value ``...`` removes one."""
    path = folder / MANIFEST_FILE
    manifest = json.loads(path.read_text(encoding="utf-8")) | changed
    path.write_text(json.dumps({key: value for key, value in manifest.items() if value is not ...}), encoding="utf-8")


def put_arrays(folder, content, **entry):
    """Replace the file of arrays and make size and checksum of the manifest right again, unless ``entry`` says otherwise."""
    (folder / ARRAYS_FILE).write_bytes(content)
    sound = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    change_manifest(folder, files={ARRAYS_FILE: sound | entry})


def as_stored(**changed):
    made = arrays()
    stored = {name: array.astype(np.float32 if name == "bias" else np.float16) for name, array in made.items()} | changed
    return save({name: array for name, array in stored.items() if array is not None})


def refused(folder, *words):
    """Loading fails with one ModelError line that names the folder's file and says what to do."""
    with pytest.raises(ModelError) as caught:
        load_model(folder)
    message = str(caught.value)
    assert str(folder) in message
    assert MANIFEST_FILE in message or ARRAYS_FILE in message
    assert message.endswith(REMEDY)
    assert len(message) < 1500
    for word in words:
        assert word in message


# ---------------------------------------------------------------------------------------------------------------------------------
# Writing and reading


def test_round_trip(folder):
    model, made = load_model(folder), arrays()
    assert model.table.shape == (BUCKETS + 1, N_LOGITS + 1)
    assert model.table.dtype == model.bias.dtype == np.float32
    assert (model.table[:-1, :-1] == made["weights"].astype(np.float16)).all()
    assert (model.table[:-1, -1] == made["idf_squared"].astype(np.float16)).all()
    assert (model.table[-1] == 0).all()
    assert (model.bias == made["bias"]).all()
    assert (model.orders, model.bits, model.norm_limit, model.thresholds) == (2, BITS, 900.0, {"type": 0.25})
    digest = hashlib.sha256((folder / ARRAYS_FILE).read_bytes()).hexdigest()
    assert model.signature == f"tiny/7/{digest[:12]}"


def test_saving_repeats_to_the_byte(tmp_path):
    written = [
        save_model(tmp_path / name, **arrays(), manifest=dict(sorted(description().items(), reverse=order)))
        for order, name in enumerate("ab")
    ]
    assert written[0] == written[1]
    for file in (ARRAYS_FILE, MANIFEST_FILE):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_saving_over_a_model_replaces_it(folder):
    save_model(folder, **arrays(bias=np.zeros(N_LOGITS, dtype=np.float32)), manifest=description())
    assert (load_model(folder).bias == 0).all()


def test_the_manifest_returned_is_the_one_written(tmp_path):
    written = save_model(tmp_path, **arrays(), manifest=description())
    assert json.loads((tmp_path / MANIFEST_FILE).read_text(encoding="utf-8")) == written
    assert written["format"] == FORMAT
    assert written["bits"] == BITS
    assert written["note"] == "测试"
    assert written["heads"] == {name: list(classes) for name, classes in HEADS.items()}


@pytest.mark.parametrize("bits", [8, 9, 10, 13])
def test_bits_follow_from_the_arrays(tmp_path, bits):
    shapes = {"weights": np.zeros((1 << bits, N_LOGITS), dtype=np.float32), "idf_squared": np.ones(1 << bits, dtype=np.float32)}
    save_model(tmp_path, **arrays(**shapes), manifest=description())
    assert load_model(tmp_path).bits == bits


def test_a_path_may_be_a_str(folder):
    assert load_model(str(folder)).signature == load_model(folder).signature
    assert BatchScorer.load(str(folder)).score(["好"])["type"].notna().all()


def test_the_bundled_model_is_the_default():
    assert load_model().signature == load_model(bundled_models() / "default").signature


def test_heads_share_the_columns_without_gap():
    slices = list(head_slices().values())
    assert [part.stop - part.start for part in slices] == [len(classes) for classes in HEADS.values()]
    assert [0, *(part.stop for part in slices)] == [*(part.start for part in slices), N_LOGITS]


# ---------------------------------------------------------------------------------------------------------------------------------
# Folders that are no model


def test_a_missing_folder(tmp_path):
    refused(tmp_path / "none", "no model folder")


def test_an_empty_folder(tmp_path):
    refused(tmp_path, "no model folder")


def test_a_file_where_a_folder_belongs(folder):
    refused(folder / ARRAYS_FILE, "no model folder")


@pytest.mark.parametrize("file", [MANIFEST_FILE, ARRAYS_FILE])
def test_a_missing_file(folder, file):
    (folder / file).unlink()
    refused(folder, file, "cannot be read")


@pytest.mark.parametrize("file", [MANIFEST_FILE, ARRAYS_FILE])
def test_a_folder_where_a_file_belongs(folder, file):
    (folder / file).unlink()
    (folder / file).mkdir()
    refused(folder, file)


# ---------------------------------------------------------------------------------------------------------------------------------
# Manifests


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"not json",
        b"{",
        b'{"format": ',
        b"\xff\xfe\x00",
        '{"format": "feedback_nlp.scorer/1"}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"bits": ' + b"9" * 10_000 + b"}",
        pickle.dumps({"format": FORMAT}),
    ],
    ids=[
        "empty",
        "zeros",
        "words",
        "open",
        "cut",
        "utf-16 mark",
        "utf-16",
        "deep list",
        "deep object",
        "deep closed",
        "number",
        "pickle",
    ],
)
def test_a_manifest_that_is_not_json(folder, content):
    (folder / MANIFEST_FILE).write_bytes(content)
    refused(folder, MANIFEST_FILE, "expected JSON")


@pytest.mark.parametrize(
    "content", ["[]", "null", "1", '"feedback_nlp.scorer/1"', "{}", '{"format": "feedback_nlp.scorer/2"}', '{"format": ["x"]}']
)
def test_a_manifest_of_another_format(folder, content):
    (folder / MANIFEST_FILE).write_text(content, encoding="utf-8")
    refused(folder, f"expected format '{FORMAT}'")


def test_an_oversized_manifest_is_not_read(folder):
    with (folder / MANIFEST_FILE).open("ab") as file:
        file.truncate(1 << 40)  # a sparse file; reading it would exhaust memory
    refused(folder, MANIFEST_FILE, "expected at most")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((field, value) for field in ("name", "version") for value in (..., None, "", 5)),
        *(("orders", value) for value in (..., 0, 9, -1, 2.0, "2", True, 10**30)),
        *(("bits", value) for value in (..., 7, 23, 8.0, "8", True, None, -8, 10**30)),
        *(("norm_limit", value) for value in (..., 0.0, -1.0, 5, "5", None, float("nan"), float("inf"))),
        *(("heads", value) for value in (..., {}, [], {"type": ["a"]}, {**{k: list(v) for k, v in HEADS.items()}, "mood": ["x"]})),
        *(("thresholds", value) for value in (..., {}, {"type": 2.0}, {"type": "x"}, {"type": float("nan")}, {"urgency": 0.5})),
        *(("files", value) for value in (..., {}, [], {"other.safetensors": {}}, {ARRAYS_FILE: None})),
    ],
)  # fmt: skip
def test_a_manifest_with_a_wrong_field(folder, field, value):
    change_manifest(folder, **{field: value})
    refused(folder, MANIFEST_FILE, f"{field}: not as expected")


def test_all_wrong_fields_are_told_at_once(folder):
    change_manifest(folder, orders=99, bits="x", name=...)
    refused(folder, "orders:", "bits:", "name:")


def test_heads_in_another_order_are_another_model(folder):
    heads = {name: list(classes) for name, classes in HEADS.items()}
    change_manifest(folder, heads=heads | {"type": heads["type"][::-1]})
    refused(folder, "heads: not as expected")


@pytest.mark.parametrize("size", [10 * 10**12, 1 << 40, 256 * 1024 * 1024 + 1, 0, -1, 1.5, "12", None, True])
def test_a_manifest_that_claims_an_impossible_size(folder, size):
    content = (folder / ARRAYS_FILE).read_bytes()
    put_arrays(folder, content, bytes=size)
    refused(folder, MANIFEST_FILE, f"{ARRAYS_FILE}.bytes: expected 1..268435456")


def test_an_oversized_file_of_arrays_is_not_read(folder):
    with (folder / ARRAYS_FILE).open("ab") as file:
        file.truncate(10 * 10**12)
    refused(folder, ARRAYS_FILE, "got 10000000000000")


@pytest.mark.parametrize("digest", [None, 5, ...])
def test_a_manifest_without_a_checksum(folder, digest):
    size = (folder / ARRAYS_FILE).stat().st_size
    change_manifest(folder, files={ARRAYS_FILE: {"bytes": size} if digest is ... else {"bytes": size, "sha256": digest}})
    refused(folder, MANIFEST_FILE, "expected a checksum")


# ---------------------------------------------------------------------------------------------------------------------------------
# Arrays


def test_a_wrong_checksum(folder):
    put_arrays(folder, as_stored(), sha256="0" * 64)
    refused(folder, ARRAYS_FILE, "SHA-256")


@pytest.mark.parametrize("at", [0, 8, 100, 4000, -1])
def test_one_flipped_bit(folder, at):
    content = bytearray((folder / ARRAYS_FILE).read_bytes())
    content[at] ^= 1
    (folder / ARRAYS_FILE).write_bytes(content)
    refused(folder, ARRAYS_FILE, "SHA-256")


@pytest.mark.parametrize("length", [0, 1, 7, 8, 100, -1])
def test_a_truncated_file(folder, length):
    content = (folder / ARRAYS_FILE).read_bytes()
    (folder / ARRAYS_FILE).write_bytes(content[:length])
    refused(folder, ARRAYS_FILE, f"expected {len(content)} bytes")


def test_a_file_with_something_appended(folder):
    with (folder / ARRAYS_FILE).open("ab") as file:
        file.write(b"x")
    refused(folder, ARRAYS_FILE)


def with_header(header: bytes, claimed=None) -> bytes:
    return struct.pack("<Q", len(header) if claimed is None else claimed) + header + b"\x00" * 64


@pytest.mark.parametrize(
    "content",
    [
        b"x",
        b"\x00" * 7,
        b"\x00" * 8,
        pickle.dumps(arrays()),
        b"PK\x03\x04" + b"\x00" * 500,
        with_header(b"{}", claimed=2**63),
        with_header(b"not json"),
        with_header(b"\xff\xfe"),
        with_header(b"[]"),
        with_header(b"null"),
        with_header(b'{"weights": 5}'),
        with_header(b'{"weights": {}}'),
        with_header(b"[" * 200_000),
        with_header(b'{"a":' * 200_000),
    ],
    ids=[
        "byte",
        "short",
        "zeros",
        "pickle",
        "zip",
        "long header",
        "words",
        "utf-16",
        "list",
        "null",
        "number",
        "no shape",
        "deep list",
        "deep object",
    ],
)
def test_foreign_content_with_the_right_checksum(folder, content):
    put_arrays(folder, content)
    refused(folder, ARRAYS_FILE, "not a safetensors file")


def test_a_pickle_is_never_run(folder, tmp_path):
    class Trap:
        def __reduce__(self):
            return (type(tmp_path).touch, (tmp_path / "ran",))

    put_arrays(folder, pickle.dumps(Trap()))
    refused(folder, ARRAYS_FILE)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"weights": np.zeros((BUCKETS, N_LOGITS - 1), dtype=np.float16)},
        {"weights": np.zeros((BUCKETS * 2, N_LOGITS), dtype=np.float16)},
        {"weights": np.zeros((N_LOGITS, BUCKETS), dtype=np.float16)},
        {"weights": np.zeros(BUCKETS * N_LOGITS, dtype=np.float16)},
        {"weights": np.zeros((BUCKETS, N_LOGITS), dtype=np.float32)},
        {"weights": np.zeros((0, N_LOGITS), dtype=np.float16)},
        {"weights": None},
        {"idf_squared": np.ones((BUCKETS, 1), dtype=np.float16)},
        {"idf_squared": np.ones(BUCKETS, dtype=np.int16)},
        {"bias": np.zeros(N_LOGITS + 1, dtype=np.float32)},
        {"bias": np.zeros(N_LOGITS, dtype=np.float64)},
        {"bias": None},
        {"more": np.zeros(3, dtype=np.float32)},
    ],
    ids=lambda changed: " ".join(f"{name} {None if array is None else (array.dtype.name, array.shape)}" for name, array in changed.items()),
)
def test_wrong_arrays_with_the_right_checksum(folder, changed):
    put_arrays(folder, as_stored(**changed))
    refused(folder, ARRAYS_FILE, "expected arrays")


def test_a_sound_header_over_too_few_bytes(folder):
    put_arrays(folder, as_stored()[:-10])
    refused(folder, ARRAYS_FILE, "not a readable safetensors file")


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("weights", "idf_squared", "bias") for value in (np.nan, np.inf, -np.inf)] + [("idf_squared", -1)],
)
def test_numbers_that_cannot_be_weights(folder, name, value):
    array = arrays()[name].astype(np.float32 if name == "bias" else np.float16)
    array.flat[3] = value
    put_arrays(folder, as_stored(**{name: array}))
    refused(folder, ARRAYS_FILE, "expected finite weights")


def test_metadata_in_the_header_is_allowed(folder):
    stored = {name: array.astype(np.float32 if name == "bias" else np.float16) for name, array in arrays().items()}
    put_arrays(folder, save(stored, metadata={"made_by": "hand"}))
    assert load_model(folder).bits == BITS


def test_a_damaged_copy_of_the_bundled_model(tmp_path):
    shutil.copytree(bundled_models() / "default", tmp_path / "copy")
    content = (tmp_path / "copy" / ARRAYS_FILE).read_bytes()
    (tmp_path / "copy" / ARRAYS_FILE).write_bytes(content[: len(content) // 2])
    refused(tmp_path / "copy", ARRAYS_FILE)
