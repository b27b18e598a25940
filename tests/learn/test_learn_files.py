import hashlib
import json

import numpy as np
import pytest
from safetensors.numpy import save

from feedback_nlp import FeedbackClassifier, InputError, ModelError, SentimentClassifier
from feedback_nlp.learn.files import FORMAT
from feedback_nlp.scorer.model import ARRAYS_FILE, MANIFEST_FILE, bundled_models, load_model, read_manifest, save_model
from feedback_nlp.vocabulary import TYPES


@pytest.fixture
def folder(tmp_path, city):
    """A small sound classifier, to be damaged."""
    FeedbackClassifier("scratch", bits=10).fit(*city).save(tmp_path / "saved")
    return tmp_path / "saved"


def manifest_of(folder):
    return json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))


def change_manifest(folder, **changed):
    """Set fields of the manifest; the value ``...`` removes one."""
    manifest = {key: value for key, value in (manifest_of(folder) | changed).items() if value is not ...}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest), encoding="utf-8")


def put_arrays(folder, content):
    """Replace the arrays and make size and checksum right again."""
    (folder / ARRAYS_FILE).write_bytes(content)
    change_manifest(folder, files={ARRAYS_FILE: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}})


def stored(**changed):
    arrays = {"columns": np.arange(4), "mean": np.ones((4, 3), np.float32), "precision": np.ones((4, 3), np.float32)}
    return save(arrays | changed)


def refused(folder, *words):
    with pytest.raises(ModelError) as caught:
        FeedbackClassifier.load(folder)
    message = str(caught.value)
    assert str(folder) in message
    assert len(message) < 1500
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize(
    "made",
    [
        lambda city, corrections: FeedbackClassifier(C=0.3).fit(*city),
        lambda city, corrections: FeedbackClassifier("scratch", bits=12).fit(*city).partial_fit(["又堵车"], ["交通"]),
        lambda city, corrections: FeedbackClassifier().partial_fit(*corrections),
        lambda city, corrections: FeedbackClassifier().partial_fit([], [], classes=list(TYPES.values())),
        lambda city, corrections: FeedbackClassifier(bundled_models() / "default").fit(city[0], range(18)),
        lambda city, corrections: SentimentClassifier().fit(city[0], [-1.0, 1.0] * 9),
        lambda city, corrections: SentimentClassifier("scratch").fit(city[0], [True, False] * 9),
    ],
)
def test_what_is_loaded_is_what_was_saved(made, city, corrections, others, tmp_path):
    estimator = made(city, corrections)
    estimator.save(tmp_path / "a")
    again = type(estimator).load(tmp_path / "a")
    assert again.get_params() == estimator.get_params() | {"start": str(estimator.start)}
    assert (again.classes_.tolist(), again.classes_.dtype) == (estimator.classes_.tolist(), estimator.classes_.dtype)
    for name in ("columns", "mean", "precision"):
        assert getattr(again.posterior_, name).tobytes() == getattr(estimator.posterior_, name).tobytes()
    for method in ("predict", "predict_proba", "decision_function"):
        assert (getattr(again, method)(others) == getattr(estimator, method)(others)).all()
    # It learns on as if nothing had been between.
    label = estimator.classes_[1]
    learned = [kind.partial_fit(["再来一句"], [label]).decision_function(others) for kind in (estimator, again)]
    assert (learned[0] == learned[1]).all()


def test_saving_repeats_to_the_byte_and_replaces(city, corrections, tmp_path):
    FeedbackClassifier().partial_fit(*corrections).save(tmp_path / "a")
    for name in "ab":
        FeedbackClassifier().fit(*city).save(tmp_path / name)
    for file in (ARRAYS_FILE, MANIFEST_FILE):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted([ARRAYS_FILE, MANIFEST_FILE])


def test_the_manifest_names_the_base(city, tmp_path):
    FeedbackClassifier().fit(*city).save(tmp_path)
    manifest = manifest_of(tmp_path)
    assert manifest["base"] == load_model().signature
    assert (manifest["format"], manifest["classes"]) == (FORMAT, ["交通", "市政", "教育"])


def another_model(folder):
    """The bundled model with another decision, a model of its own."""
    from safetensors.numpy import load_file

    source = bundled_models() / "default"
    arrays = load_file(source / ARRAYS_FILE)
    save_model(folder, arrays | {"decision": arrays["decision"] + np.float32(1)}, read_manifest(source))


def test_another_base_is_refused(city, tmp_path):
    another_model(tmp_path / "other")
    FeedbackClassifier().fit(*city).save(tmp_path / "saved")
    with pytest.raises(ModelError, match=r"it began with the model .*, and .* is here; give the folder of that one with start="):
        FeedbackClassifier.load(tmp_path / "saved", start=tmp_path / "other")
    with pytest.raises(ModelError, match="and none is here"):
        FeedbackClassifier.load(tmp_path / "saved", start="scratch")


def test_a_base_may_move(city, others, tmp_path):
    another_model(tmp_path / "here")
    estimator = FeedbackClassifier(tmp_path / "here").fit(*city)
    estimator.save(tmp_path / "saved")
    (tmp_path / "here").rename(tmp_path / "there")
    refused_folder = pytest.raises(ModelError, match="is no model folder")
    with refused_folder:
        FeedbackClassifier.load(tmp_path / "saved")
    moved = FeedbackClassifier.load(tmp_path / "saved", start=tmp_path / "there")
    assert (moved.decision_function(others) == estimator.decision_function(others)).all()


def test_labels_that_json_does_not_have(city, tmp_path):
    estimator = FeedbackClassifier("scratch").fit(city[0], [("城", field) for field in city[1]])
    with pytest.raises(InputError, match="expected labels that are str, int, float or bool to save, got tuple"):
        estimator.save(tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


def test_another_estimator_is_named(folder):
    with pytest.raises(
        ModelError, match=r"expected a saved SentimentClassifier, got FeedbackClassifier; load it with FeedbackClassifier\.load"
    ):
        SentimentClassifier.load(folder)


# ---------------------------------------------------------------------------------------------------------------------------------
# Damage


def test_no_folder_and_no_arrays(tmp_path, folder):
    refused(tmp_path / "nowhere", "is no saved classifier", MANIFEST_FILE, "fit and save it again")
    (folder / ARRAYS_FILE).unlink()
    refused(folder, ARRAYS_FILE, "cannot be read")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[]", b"null", b'{"format": "feedback_nlp.scorer/2"}'])
def test_a_manifest_that_is_none(folder, content):
    (folder / MANIFEST_FILE).write_bytes(content)
    refused(folder, MANIFEST_FILE)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("estimator", [..., 1, "os.system"]),
        (
            "parameters",
            [
                ...,
                {},
                {"start": "scratch", "C": 0.0, "bits": 10},
                {"start": 1, "C": 1.0, "bits": 10},
                {"start": "scratch", "C": 1.0, "bits": 99},
            ],
        ),
        ("classes", [..., [], ["a"], ["b", "a"], ["a", 1], [None, None], [["a"], ["b"]], "ab"]),
        ("base", [1]),
        ("prior_precision", [..., 0.0, -1.0, "1", float("nan"), float("inf")]),
        ("rows", [..., -1, 1.5, 1 << 40]),
        (
            "files",
            [
                ...,
                {},
                {ARRAYS_FILE: {"bytes": 0, "sha256": ""}},
                {ARRAYS_FILE: {"bytes": 1 << 50, "sha256": ""}},
                {ARRAYS_FILE: {"bytes": 9}},
            ],
        ),
    ],
)
def test_fields_of_the_manifest(folder, field, values):
    sound = manifest_of(folder)
    for value in values:
        (folder / MANIFEST_FILE).write_text(json.dumps(sound), encoding="utf-8")
        change_manifest(folder, **{field: value})
        refused(folder, field, "fit and save it again")


def test_arrays_cut_short_or_changed(folder):
    content = (folder / ARRAYS_FILE).read_bytes()
    (folder / ARRAYS_FILE).write_bytes(content[:-1])
    refused(folder, f"expected {len(content)} bytes, got {len(content) - 1}")
    (folder / ARRAYS_FILE).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    refused(folder, "the SHA-256 differs")


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"mean": np.ones((4, 3), np.float64)}, "expected arrays"),
        ({"mean": np.ones((4, 2), np.float32)}, "expected arrays"),
        ({"more": np.ones(1)}, "expected arrays"),
        ({"mean": np.full((4, 3), np.nan, np.float32)}, "finite weights"),
        ({"precision": np.zeros((4, 3), np.float32)}, "precisions above 0"),
        ({"columns": np.asarray([0, 2, 1, 3])}, "ascending columns"),
        ({"columns": np.asarray([-1, 0, 1, 2])}, "ascending columns"),
        ({"columns": np.asarray([0, 1, 2, 1025])}, "expected columns below 1025"),
    ],
)
def test_arrays_that_are_others(folder, changed, word):
    change_manifest(folder, rows=4)
    put_arrays(folder, stored())
    assert FeedbackClassifier.load(folder).predict(["好"]).tolist() in (["交通"], ["市政"], ["教育"])
    put_arrays(folder, stored(**changed))
    refused(folder, word)


@pytest.mark.parametrize("content", [b"x", b"\xff" * 64, b"\x02" + b"\0" * 7 + b"[]", b"\x80\x04."])
def test_arrays_that_are_none(folder, content):
    put_arrays(folder, content)
    refused(folder, "not a safetensors file")
