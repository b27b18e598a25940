"""The model folder: ``model.safetensors`` (arrays), ``manifest.json`` (what they are, with checksums), ``MODEL_CARD.md``.

Nothing in it can run code. ``load_model`` compares sizes, checksum and shapes with the manifest before it allocates an array.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import ModelError
from feedback_nlp.scorer.network import Dense
from feedback_nlp.scorer.pool import BLOCKS, MAX_NORM_LIMIT, aligned, compiled, float_table
from feedback_nlp.vocabulary import RISK_CODES, SENTIMENT_LEVELS, TYPE_CODES, URGENCY_CODES

FORMAT = "feedback_nlp.scorer/2"
ARRAYS_FILE = "model.safetensors"
MANIFEST_FILE = "manifest.json"
BUNDLED = "default"
DENSE_ARRAYS = ("hidden_weights", "hidden_scale", "hidden_bias", "output_weights", "output_scale", "output_bias")

#: No model of this format is larger; a manifest that claims more is refused unread.
MAX_FILE_BYTES = 256 * 1024 * 1024
#: Largest scale, bias and offset. Those of trained models are below 100; products of four such numbers are far from the end of float32.
MAX_NUMBER = 1e6
MAX_MANIFEST_BYTES = 1024 * 1024

_REMEDY = "install or train the model again"

#: The heads of format 2 and their classes, in the order of the logits.
HEADS: dict[str, tuple[str, ...]] = {
    "type": TYPE_CODES,
    "sentiment": tuple(map(str, SENTIMENT_LEVELS)),
    "urgency": URGENCY_CODES,
    "risk": RISK_CODES,
}
#: The last logit: positive against negative, learned from ratings and polarity labels.
POLARITY = sum(map(len, HEADS.values()))
N_LOGITS = POLARITY + 1


@cache
def head_slices() -> Mapping[str, slice]:
    """Columns of the logits that belong to each head."""
    ends = np.cumsum([len(classes) for classes in HEADS.values()]).tolist()
    return MappingProxyType({name: slice(end - len(classes), end) for (name, classes), end in zip(HEADS.items(), ends, strict=True)})


@dataclass(frozen=True)
class Model:
    """A loaded model: a table of n-gram vectors, pooled over clauses and text, and a small dense network on top.

    embedding: int8 (2**bits, D), a vector per bucket. scale: float32 (5, D), see ``pool.pool``. dense: see ``network.dense_logits``.
    decision: float32 (N_LOGITS,), added to the logits where a class is chosen; probabilities are made without it.
    orders: n-grams of order 1..orders. norm_limit: number of n-grams beyond which a text counts as long.
    familiar: uint8 (2**k,), a bitmap of the character pairs seen in training, see ``familiarity``.
    thresholds: per head, the confidence under which ``abstain=True`` abstains. reference: per head, the shares of its classes where the
    model was made, and ``unfamiliar``, the usual share of unfamiliar pairs. signature: name, version and checksum.
    """

    embedding: NDArray[np.int8]
    scale: NDArray[np.float32]
    dense: Dense
    decision: NDArray[np.float32]
    familiar: NDArray[np.uint8]
    orders: int
    norm_limit: float
    thresholds: dict[str, float]
    reference: dict[str, Any]
    signature: str

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        mapped = isinstance(state["embedding"], np.memmap)
        vars(self).update(state, embedding=state["embedding"] if mapped else aligned(state["embedding"]))
        _protect(self)

    @cached_property
    def table(self) -> NDArray[np.float32] | None:
        """``pool.float_table(embedding)`` where no compiled code runs, else None."""
        return None if compiled() else float_table(self.embedding)


def bundled_models() -> Path:
    """The folder of models that ship: inside the installed package, or beside it in a source checkout."""
    package = Path(str(resources.files("feedback_nlp")))
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def load_model(folder: str | Path | None = None) -> Model:
    """Load and verify a model folder; ``None`` is the bundled one. Raises ModelError."""
    folder = bundled_models() / BUNDLED if folder is None else Path(folder)
    manifest = read_manifest(folder)
    arrays = _read_arrays(folder / ARRAYS_FILE, manifest)
    dense = _checked_dense(folder / ARRAYS_FILE, arrays)
    signature = f"{manifest['name']}/{manifest['version']}/{manifest['files'][ARRAYS_FILE]['sha256'][:12]}"
    kept = aligned(arrays["embedding"]), arrays["scale"], dense, arrays["decision"], arrays["familiar"]
    details = {key: manifest[key] for key in ("orders", "norm_limit", "thresholds", "reference")}
    model = Model(*kept, **details, signature=signature)
    _protect(model)
    return model


def _protect(model: Model) -> None:
    """No array of a model may be written to: threads share them."""
    for value in (*vars(model).values(), *vars(model.dense).values()):
        if isinstance(value, np.ndarray):
            value.setflags(write=False)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a model folder, checked field by field. Raises ModelError."""
    path = folder / MANIFEST_FILE
    try:
        if path.exists() and not path.is_file():
            raise ModelError(f"{path}: expected a file, got a folder, device or pipe")
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise ModelError(f"{path}: expected at most {MAX_MANIFEST_BYTES} bytes; this is no manifest of a feedback_nlp model; {_REMEDY}")
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{folder} is no model folder: {MANIFEST_FILE} cannot be read ({error.strerror}); {_REMEDY}") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: expected JSON ({error}); the file is damaged or foreign, {_REMEDY}") from error
    problems = list(_manifest_problems(manifest))
    if problems:
        raise ModelError(f"{path}: {'; '.join(problems)}; {_REMEDY}")
    return dict(manifest)


def _manifest_problems(manifest: Any) -> list[str]:
    """What a manifest of format 2 must say and this one does not."""
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else type(manifest).__name__
        return [f"expected format {FORMAT!r}, got {str(found)[:80]!r}; this model was made by another version"]
    rules: dict[str, Callable[[Any], bool]] = {
        "name": lambda v: isinstance(v, str) and v != "",
        "version": lambda v: isinstance(v, str) and v != "",
        "orders": lambda v: type(v) is int and 1 <= v <= 8,
        "bits": lambda v: type(v) is int and 8 <= v <= 22,
        "width": lambda v: type(v) is int and 1 <= v <= 512,
        "hidden": lambda v: type(v) is int and 1 <= v <= 1024,
        "familiar_bits": lambda v: type(v) is int and 8 <= v <= 26,
        "norm_limit": lambda v: type(v) is float and 1 <= v <= MAX_NORM_LIMIT,
        "heads": lambda v: v == {name: list(classes) for name, classes in HEADS.items()},
        "thresholds": lambda v: isinstance(v, dict) and "type" in v and all(type(t) is float and 0 <= t <= 1 for t in v.values()),
        "reference": _is_reference,
        "files": lambda v: isinstance(v, dict) and isinstance(v.get(ARRAYS_FILE), dict),
    }
    problems = [f"{key}: not as expected (got {str(manifest.get(key))[:80]})" for key, rule in rules.items() if not rule(manifest.get(key))]
    if not problems:
        entry = manifest["files"][ARRAYS_FILE]
        if type(entry.get("bytes")) is not int or not 0 < entry["bytes"] <= MAX_FILE_BYTES:
            problems.append(f"files.{ARRAYS_FILE}.bytes: expected 1..{MAX_FILE_BYTES}, got {str(entry.get('bytes'))[:80]}")
        if not isinstance(entry.get("sha256"), str):
            problems.append(f"files.{ARRAYS_FILE}.sha256: expected a checksum")
    return problems


def _is_reference(value: Any) -> bool:
    """Shares per head, and the usual share of unfamiliar pairs."""
    if not isinstance(value, dict) or set(value) != {*HEADS, "unfamiliar"}:
        return False
    lists = {head: value[head] for head in HEADS}
    sizes = all(isinstance(shares, list) and len(shares) == len(HEADS[head]) for head, shares in lists.items())
    numbers = [value["unfamiliar"], *(share for shares in lists.values() for share in (shares if sizes else [None]))]
    return sizes and all(type(number) is float and 0 <= number <= 1 for number in numbers)


def _expected_arrays(manifest: dict[str, Any]) -> dict[str, tuple[str, list[int]]]:
    """Name -> dtype and shape in the arrays' file."""
    width, hidden = manifest["width"], manifest["hidden"]
    return {
        "embedding": ("I8", [1 << manifest["bits"], width]),
        "scale": ("F32", [BLOCKS, width]),
        "hidden_weights": ("I16", [BLOCKS * width, hidden]),
        "hidden_scale": ("F32", [hidden]),
        "hidden_bias": ("F32", [hidden]),
        "output_weights": ("I16", [hidden + width, N_LOGITS]),
        "output_scale": ("F32", [N_LOGITS]),
        "output_bias": ("F32", [N_LOGITS]),
        "decision": ("F32", [N_LOGITS]),
        "familiar": ("U8", [1 << (manifest["familiar_bits"] - 3)]),
    }


def verified_bytes(path: Path, entry: dict[str, Any], *, remedy: str) -> bytes:
    """The content of a file of the size and SHA-256 that its entry in a manifest names.

    Raises ModelError, which ends with the remedy, where it cannot be read or is another file.
    """
    try:
        size = path.stat().st_size
        if size != entry["bytes"]:
            raise ModelError(f"{path}: expected {entry['bytes']} bytes, got {size}; the file is damaged or foreign, {remedy}")
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); {remedy}") from error
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ModelError(f"{path}: the SHA-256 differs from the one in {MANIFEST_FILE}; the file is damaged, {remedy}")
    return content


def _read_arrays(path: Path, manifest: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """The arrays of ``_expected_arrays``, verified before they are decoded."""
    content = verified_bytes(path, manifest["files"][ARRAYS_FILE], remedy=_REMEDY)
    _check_header(path, content, _expected_arrays(manifest))
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
    except SafetensorError as error:
        raise ModelError(f"{path}: not a readable safetensors file ({error}); {_REMEDY}") from error
    return {name: array.copy() for name, array in arrays.items()}


def _check_header(path: Path, content: bytes, expected: dict[str, tuple[str, list[int]]]) -> None:
    """Names, dtypes and shapes of the arrays, read from the header alone."""
    try:
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        found = {name: (entry["dtype"], entry["shape"]) for name, entry in header.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path}: not a safetensors file; the file is damaged or foreign, {_REMEDY}") from error
    if found != expected:
        raise ModelError(f"{path}: expected arrays {expected}, got {str(found)[:300]}; {_REMEDY}")


def _checked_dense(path: Path, arrays: dict[str, NDArray[Any]]) -> Dense:
    """The dense layers of arrays that have the right shapes.

    Raises ModelError unless all numbers are of a size that no product of them overflows, and all sums exact.
    """
    dense = Dense(**{name: arrays[name].astype(np.float32) for name in DENSE_ARRAYS})
    if not all((np.abs(array) <= MAX_NUMBER).all() for array in arrays.values() if array.dtype == np.float32) or not dense.exact():
        raise ModelError(f"{path}: expected finite numbers of at most {MAX_NUMBER:g} and weights whose sums stay exact; {_REMEDY}")
    return dense


def save_model(folder: Path, arrays: dict[str, NDArray[Any]], manifest: dict[str, Any]) -> dict[str, Any]:
    """Write arrays and manifest; the bytes depend on the arguments alone. Returns the manifest as written.

    arrays: those of ``Model``, the weights of the dense layers as int16. manifest: name, version, orders, norm_limit, thresholds,
    reference and whatever else is worth recording. Raises ModelError where ``load_model`` would refuse the folder; then nothing is written.
    """
    from safetensors.numpy import save

    try:
        rows, width = arrays["embedding"].shape
        units, places = len(arrays["hidden_scale"]), len(arrays["familiar"])
    except (KeyError, ValueError, TypeError) as error:
        found = {key: array.shape for key, array in arrays.items()}
        raise ModelError(f"{folder / ARRAYS_FILE}: expected the arrays of a model, got {found}; {_REMEDY}") from error
    sizes = {"bits": rows.bit_length() - 1, "width": width, "hidden": units, "familiar_bits": places.bit_length() + 2}
    # safetensors writes memory as it lies; an array in Fortran order would come back scrambled.
    content = save({key: np.ascontiguousarray(array) for key, array in arrays.items()})
    complete = {
        **manifest,
        **sizes,
        "format": FORMAT,
        "heads": {name: list(classes) for name, classes in HEADS.items()},
        "files": {ARRAYS_FILE: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}},
    }
    problems = _manifest_problems(complete)
    if problems:
        raise ModelError(f"{folder / MANIFEST_FILE}: {'; '.join(problems)}; {_REMEDY}")
    _check_header(folder / ARRAYS_FILE, content, _expected_arrays(complete))
    _checked_dense(folder / ARRAYS_FILE, arrays)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(complete, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    # Moved into place, arrays first: a training killed in between leaves a pair whose checksum refuses to load, never half a file.
    for name, data in ((ARRAYS_FILE, content), (MANIFEST_FILE, text.encode("utf-8"))):
        temporary = folder / f".{name}.tmp"
        temporary.write_bytes(data)
        temporary.replace(folder / name)
    return complete
