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
    DENSE_ARRAYS,
    FORMAT,
    HEADS,
    MANIFEST_FILE,
    N_LOGITS,
    POLARITY,
    bundled_models,
    head_slices,
    load_model,
    save_model,
)
from feedback_nlp.scorer.network import ACTIVATION_LIMIT, EXACT
from feedback_nlp.scorer.pool import ALIGNMENT
from feedback_nlp.scorer.scorer import BatchScorer

BITS, WIDTH, HIDDEN, FAMILIAR_BITS = 8, 3, 2, 10
BUCKETS = 1 << BITS
REMEDY = "install or train the model again"
REFERENCE = {**{head: [1 / len(labels)] * len(labels) for head, labels in HEADS.items()}, "unfamiliar": 0.05}


def arrays(**changed):
    """The arrays of a small model; None leaves one out."""
    dice = np.random.default_rng(1)

    def normal(*shape):
        return dice.normal(size=shape).astype(np.float32)

    made = {
        "embedding": dice.integers(-128, 128, size=(BUCKETS, WIDTH)).astype(np.int8),
        "scale": dice.uniform(0.1, 1, size=(5, WIDTH)).astype(np.float32),
        "hidden_weights": dice.integers(-900, 900, size=(5 * WIDTH, HIDDEN)).astype(np.int16),
        "hidden_scale": normal(HIDDEN),
        "hidden_bias": normal(HIDDEN),
        "output_weights": dice.integers(-900, 900, size=(HIDDEN + WIDTH, N_LOGITS)).astype(np.int16),
        "output_scale": normal(N_LOGITS),
        "output_bias": normal(N_LOGITS),
        "decision": normal(N_LOGITS),
        "familiar": dice.integers(256, size=1 << (FAMILIAR_BITS - 3)).astype(np.uint8),
    }
    return {name: array for name, array in (made | changed).items() if array is not None}


NAMES = tuple(arrays())


def description(**changed):
    made = {"name": "tiny", "version": "7", "orders": 2, "norm_limit": 900.0, "thresholds": {"type": 0.25}, "reference": REFERENCE}
    return made | {"note": "测试"} | changed


@pytest.fixture
def folder(tmp_path):
    """A small sound model folder, to be damaged."""
    save_model(tmp_path / "tiny", arrays(), description())
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
    return save(arrays(**changed))


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
    for name in NAMES:
        array = vars(model.dense).get(name) if name in DENSE_ARRAYS else getattr(model, name)
        assert array.dtype == (np.float32 if name in DENSE_ARRAYS else made[name].dtype)
        assert array.tolist() == made[name].tolist()
    assert (model.orders, model.norm_limit, model.thresholds, model.reference) == (2, 900.0, {"type": 0.25}, REFERENCE)
    digest = hashlib.sha256((folder / ARRAYS_FILE).read_bytes()).hexdigest()
    assert model.signature == f"tiny/7/{digest[:12]}"
    assert model.dense.mean_width == WIDTH


def test_a_loaded_model_cannot_be_changed(folder):
    model = load_model(folder)
    for array in (model.embedding, model.scale, model.decision, model.familiar, *vars(model.dense).values()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(AttributeError):
        model.orders = 3
    assert model.embedding.ctypes.data % ALIGNMENT == 0


def test_saving_repeats_to_the_byte(tmp_path):
    """Whatever the order in which arrays and fields are given."""
    written = [
        save_model(tmp_path / name, dict(sorted(arrays().items(), reverse=order)), dict(sorted(description().items(), reverse=order)))
        for order, name in enumerate("ab")
    ]
    assert written[0] == written[1]
    for file in (ARRAYS_FILE, MANIFEST_FILE):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [MANIFEST_FILE, ARRAYS_FILE]


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda array: np.repeat(array, 2, axis=0)[::2], lambda array: array[::-1][::-1]])
def test_the_layout_in_memory_is_not_saved(tmp_path, layout):
    """safetensors writes memory as it lies; Fortran order would come back scrambled."""
    save_model(tmp_path / "plain", arrays(), description())
    save_model(tmp_path / "laid", {name: layout(array) for name, array in arrays().items()}, description())
    assert (tmp_path / "plain" / ARRAYS_FILE).read_bytes() == (tmp_path / "laid" / ARRAYS_FILE).read_bytes()
    assert load_model(tmp_path / "laid").embedding.tolist() == arrays()["embedding"].tolist()


def test_saving_over_a_model_replaces_it(folder):
    save_model(folder, arrays(decision=np.zeros(N_LOGITS, dtype=np.float32)), description())
    assert (load_model(folder).decision == 0).all()


def test_the_manifest_returned_is_the_one_written(tmp_path):
    written = save_model(tmp_path, arrays(), description())
    assert json.loads((tmp_path / MANIFEST_FILE).read_text(encoding="utf-8")) == written
    assert written["format"] == FORMAT == "feedback_nlp.scorer/2"
    assert [written[name] for name in ("bits", "width", "hidden", "familiar_bits")] == [BITS, WIDTH, HIDDEN, FAMILIAR_BITS]
    assert written["note"] == "测试"
    assert written["heads"] == {name: list(classes) for name, classes in HEADS.items()}


@pytest.mark.parametrize(("bits", "width", "hidden", "familiar"), [(8, 1, 1, 8), (9, 2, 5, 11), (13, 7, 3, 22)])
def test_sizes_follow_from_the_arrays(tmp_path, bits, width, hidden, familiar):
    shapes = {
        "embedding": np.ones((1 << bits, width), np.int8),
        "scale": np.ones((5, width), np.float32),
        "hidden_weights": np.ones((5 * width, hidden), np.int16),
        "hidden_scale": np.ones(hidden, np.float32),
        "hidden_bias": np.ones(hidden, np.float32),
        "output_weights": np.ones((hidden + width, N_LOGITS), np.int16),
        "familiar": np.zeros(1 << (familiar - 3), np.uint8),
    }
    written = save_model(tmp_path, arrays(**shapes), description())
    assert [written[name] for name in ("bits", "width", "hidden", "familiar_bits")] == [bits, width, hidden, familiar]
    scorer = BatchScorer.load(tmp_path)
    assert scorer.model.embedding.shape == (1 << bits, width)
    assert len(scorer.score(["好用", ""])) == 2
    assert scorer.unfamiliar(["好用"]).tolist() == [1]


BAD_ARRAYS = [
    *({name: None} for name in NAMES),
    *({name: arrays()[name][:-1]} for name in NAMES),
    *({name: arrays()[name][..., None]} for name in NAMES),
    *({name: arrays()[name].astype(np.float64)} for name in NAMES),
    *({name: arrays()[name].astype(np.int32)} for name in NAMES),
    *({name: np.zeros((0, *arrays()[name].shape[1:]), arrays()[name].dtype)} for name in NAMES),
    *({name: np.ascontiguousarray(arrays()[name].T)} for name in NAMES if arrays()[name].ndim == 2),
    *({name: arrays()[name].ravel()} for name in NAMES if arrays()[name].ndim == 2),
    {"embedding": arrays()["embedding"].astype(np.uint8)},
    {"embedding": arrays()["embedding"].astype(np.float16)},
    {"hidden_weights": arrays()["hidden_weights"].astype(np.float32)},
    {"output_weights": arrays()["output_weights"].astype(np.int8)},
    {"familiar": arrays()["familiar"].astype(np.int8)},
    {"familiar": arrays()["familiar"].astype(bool)},
    {"decision": arrays()["decision"].astype(np.float16)},
    {"embedding": np.zeros((BUCKETS, WIDTH + 1), np.int8)},
    {"embedding": np.zeros((BUCKETS * 2 - 1, WIDTH), np.int8)},
    {"output_weights": np.zeros((HIDDEN + WIDTH, N_LOGITS - 1), np.int16)},
    {"more": np.zeros(3, np.float32)},
]  # fmt: skip


def names_of(changed):
    return " ".join(f"{name} {None if array is None else (array.dtype.name, array.shape)}" for name, array in changed.items())


@pytest.mark.parametrize("changed", BAD_ARRAYS, ids=names_of)
def test_what_could_not_be_loaded_is_not_saved(tmp_path, changed):
    with pytest.raises(ModelError, match="expected"):
        save_model(tmp_path / "bad", arrays(**changed), description())
    assert not (tmp_path / "bad").exists()


@pytest.mark.parametrize(
    "changed",
    [{"name": ""}, {"orders": 9}, {"norm_limit": 0.0}, {"norm_limit": float("nan")}, {"thresholds": {}}, {"reference": {}}],
    ids=lambda changed: next(iter(changed)),
)
def test_a_manifest_that_could_not_be_loaded_is_not_saved(tmp_path, changed):
    with pytest.raises(ModelError, match=f"{next(iter(changed))}: not as expected"):
        save_model(tmp_path / "bad", arrays(), description(**changed))
    assert not (tmp_path / "bad").exists()


def test_numbers_that_could_not_be_loaded_are_not_saved(tmp_path):
    for changed in ({"scale": np.full((5, WIDTH), np.nan, np.float32)}, too_large("output_weights")):
        with pytest.raises(ModelError, match=r"finite numbers of at most .* and weights whose sums stay exact"):
            save_model(tmp_path / "bad", arrays(**changed), description())
    assert not (tmp_path / "bad").exists()


def too_large(name):
    """Weights of which one column sums to just too much; the single numbers are allowed."""
    rows, columns = arrays()[name].shape
    weights = np.zeros((rows, columns), np.int16)
    weights[:5, -1] = -(EXACT // ACTIVATION_LIMIT // 5 + 1)
    return {name: weights}


def test_a_path_may_be_a_str(folder):
    assert load_model(str(folder)).signature == load_model(folder).signature
    assert BatchScorer.load(str(folder)).score(["好"])["type"].notna().all()


def test_the_bundled_model_is_the_default():
    assert load_model().signature == load_model(bundled_models() / "default").signature


def test_heads_share_the_columns_without_gap():
    """All but the last, which is polarity."""
    slices = list(head_slices().values())
    assert [part.stop - part.start for part in slices] == [len(classes) for classes in HEADS.values()]
    assert [0, *(part.stop for part in slices)] == [*(part.start for part in slices), POLARITY]
    assert POLARITY + 1 == N_LOGITS


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
    "content",
    ["[]", "null", "1", '"feedback_nlp.scorer/2"', "{}", '{"format": "feedback_nlp.scorer/3"}', '{"format": ["x"]}', '{"format": null}'],
)
def test_a_manifest_of_another_format(folder, content):
    (folder / MANIFEST_FILE).write_text(content, encoding="utf-8")
    refused(folder, f"expected format '{FORMAT}'", "this model was made by another version")


def test_a_model_of_format_1(folder):
    """A linear table of weights, as versions before wrote it: told by its name, not by what its manifest lacks."""
    manifest = {"name": "default", "version": "1", "format": "feedback_nlp.scorer/1", "bits": 17, "orders": 3, "norm_limit": 900.0}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest), encoding="utf-8")
    refused(folder, "expected format 'feedback_nlp.scorer/2', got 'feedback_nlp.scorer/1'", "made by another version")
    with pytest.raises(ModelError) as caught:
        load_model(folder)
    assert "width" not in str(caught.value)


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
        *(("width", value) for value in (..., 0, 513, 3.0, "3", True, None, -3, 10**30)),
        *(("hidden", value) for value in (..., 0, 1025, 2.0, "2", True, None, -2, 10**30)),
        *(("familiar_bits", value) for value in (..., 7, 27, 10.0, "10", True, None, -10, 10**30)),
        *(("norm_limit", value) for value in (..., 0.0, -1.0, 0.99, 5, "5", None, 1e31, float("nan"), float("inf"))),
        *(("reference", value) for value in (..., {}, [], None, 5, REFERENCE | {"unfamiliar": 1.5}, REFERENCE | {"unfamiliar": None})),
        *(("reference", REFERENCE | {head: value}) for head in HEADS for value in ([], None, [0.5], [2.0] * len(HEADS[head]))),
        *(("reference", REFERENCE | {head: [float("nan")] * len(HEADS[head])}) for head in HEADS),
        *(("reference", {key: value for key, value in REFERENCE.items() if key != missing}) for missing in REFERENCE),
        ("reference", REFERENCE | {"mood": [1.0]}),
        *(("heads", value) for value in (..., {}, [], {"type": ["a"]}, {**{k: list(v) for k, v in HEADS.items()}, "mood": ["x"]})),
        *(("thresholds", value) for value in (..., {}, {"type": 2.0}, {"type": "x"}, {"type": float("nan")}, {"urgency": 0.5})),
        *(("files", value) for value in (..., {}, [], {"other.safetensors": {}}, {ARRAYS_FILE: None})),
    ],
)  # fmt: skip
def test_a_manifest_with_a_wrong_field(folder, field, value):
    change_manifest(folder, **{field: value})
    refused(folder, MANIFEST_FILE, f"{field}: not as expected")


def test_all_wrong_fields_are_told_at_once(folder):
    change_manifest(folder, orders=99, bits="x", name=..., width=0, reference=...)
    refused(folder, "orders:", "bits:", "name:", "width:", "reference:")


@pytest.mark.parametrize(("field", "value"), [("bits", 9), ("width", 2), ("width", 4), ("hidden", 1), ("hidden", 3), ("familiar_bits", 11)])
def test_a_manifest_that_belongs_to_other_arrays(folder, field, value):
    change_manifest(folder, **{field: value})
    refused(folder, ARRAYS_FILE, "expected arrays")


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


@pytest.mark.parametrize("at", [0, 8, 100, 1500, -1])
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
        with_header(b'{"embedding": 5}'),
        with_header(b'{"embedding": {}}'),
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


@pytest.mark.parametrize("changed", [changed for changed in BAD_ARRAYS if set(changed) != {"familiar"} or changed["familiar"] is not None])
def test_wrong_arrays_with_the_right_checksum(folder, changed):
    put_arrays(folder, as_stored(**changed))
    refused(folder, ARRAYS_FILE, "expected arrays")


def test_a_sound_header_over_too_few_bytes(folder):
    put_arrays(folder, as_stored()[:-10])
    refused(folder, ARRAYS_FILE, "not a readable safetensors file")


FLOATS = [name for name in NAMES if arrays()[name].dtype == np.float32]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", FLOATS)
def test_numbers_that_are_not_finite(folder, name, value):
    array = arrays()[name]
    array.flat[1] = value
    put_arrays(folder, as_stored(**{name: array}))
    refused(folder, ARRAYS_FILE, "expected finite numbers")


@pytest.mark.parametrize("name", ["hidden_weights", "output_weights"])
def test_weights_whose_sums_are_not_exact(folder, name):
    put_arrays(folder, as_stored(**too_large(name)))
    refused(folder, ARRAYS_FILE, "weights whose sums stay exact")
    just = too_large(name)
    just[name][0, -1] = 0
    put_arrays(folder, as_stored(**just))
    assert load_model(folder).dense.exact()


def test_metadata_in_the_header_is_allowed(folder):
    put_arrays(folder, save(arrays(), metadata={"made_by": "hand"}))
    assert load_model(folder).embedding.shape == (BUCKETS, WIDTH)


def test_a_damaged_copy_of_the_bundled_model(tmp_path):
    shutil.copytree(bundled_models() / "default", tmp_path / "copy")
    content = (tmp_path / "copy" / ARRAYS_FILE).read_bytes()
    (tmp_path / "copy" / ARRAYS_FILE).write_bytes(content[: len(content) // 2])
    refused(tmp_path / "copy", ARRAYS_FILE)
