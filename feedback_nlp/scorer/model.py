"""The model folder: ``model.safetensors`` (arrays), ``manifest.json`` (what they are, with checksums), ``MODEL_CARD.md``.

Nothing in it can run code. ``load_model`` compares sizes, checksum and shapes with the manifest before it allocates an array.
"""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import ModelError
from feedback_nlp.vocabulary import RISK_CODES, SENTIMENT_LEVELS, TYPE_CODES, URGENCY_CODES

FORMAT = "feedback_nlp.scorer/1"
ARRAYS_FILE = "model.safetensors"
MANIFEST_FILE = "manifest.json"
BUNDLED = "default"

#: No model of this format is larger; a manifest that claims more is refused unread.
MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_MANIFEST_BYTES = 1024 * 1024

_REMEDY = "install or train the model again"

#: The heads of format 1 and their classes, in the order of the table's columns.
HEADS: dict[str, tuple[str, ...]] = {
    "type": TYPE_CODES,
    "sentiment": tuple(map(str, SENTIMENT_LEVELS)),
    "urgency": URGENCY_CODES,
    "risk": RISK_CODES,
}
N_LOGITS = sum(map(len, HEADS.values()))


def head_slices() -> dict[str, slice]:
    """Columns of the logits that belong to each head."""
    ends = np.cumsum([len(classes) for classes in HEADS.values()]).tolist()
    return {name: slice(end - len(classes), end) for (name, classes), end in zip(HEADS.items(), ends, strict=True)}


@dataclass(frozen=True)
class Model:
    """A loaded model.

    table: float32 (2**bits + 1, N_LOGITS + 1): a row per bucket, a column per logit, last the squared idf; the last row is zeros.
    bias: float32 (N_LOGITS,). orders: n-grams of order 1..orders. bits: log2 of the number of buckets.
    thresholds: per head, the confidence under which ``abstain=True`` abstains. signature: name, version and checksum.

    norm_limit: sum of squared idf beyond which a text counts as long, see ``ngrams.text_norm``.

    logits(text) = sum over its n-grams g of table[g, :-1] / text_norm(sum over g of table[g, -1], norm_limit) + bias
    """

    table: NDArray[np.float32]
    bias: NDArray[np.float32]
    orders: int
    bits: int
    norm_limit: float
    thresholds: dict[str, float]
    signature: str


def bundled_models() -> Path:
    """The folder of models that ship: inside the installed package, or beside it in a source checkout."""
    package = Path(str(resources.files("feedback_nlp")))
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def load_model(folder: str | Path | None = None) -> Model:
    """Load and verify a model folder; ``None`` is the bundled one. Raises ModelError."""
    folder = bundled_models() / BUNDLED if folder is None else Path(folder)
    manifest = read_manifest(folder)
    weights, idf_squared, bias = _read_arrays(folder / ARRAYS_FILE, manifest)
    table = np.zeros((len(weights) + 1, N_LOGITS + 1), dtype=np.float32)
    table[:-1, :-1] = weights
    table[:-1, -1] = idf_squared
    if not np.isfinite(table).all() or not np.isfinite(bias).all() or (idf_squared < 0).any():
        raise ModelError(f"{folder / ARRAYS_FILE}: expected finite weights and squared idf >= 0; {_REMEDY}")
    table.setflags(write=False)
    bias.setflags(write=False)
    signature = f"{manifest['name']}/{manifest['version']}/{manifest['files'][ARRAYS_FILE]['sha256'][:12]}"
    return Model(table, bias, manifest["orders"], manifest["bits"], manifest["norm_limit"], dict(manifest["thresholds"]), signature)


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
    """What a manifest of format 1 must say and this one does not."""
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else type(manifest).__name__
        return [f"expected format {FORMAT!r}, got {found!r}; this model was made by another version"]
    rules: dict[str, Callable[[Any], bool]] = {
        "name": lambda v: isinstance(v, str) and v != "",
        "version": lambda v: isinstance(v, str) and v != "",
        "orders": lambda v: type(v) is int and 1 <= v <= 8,
        "bits": lambda v: type(v) is int and 8 <= v <= 22,
        "norm_limit": lambda v: type(v) is float and 1e-6 <= v < float("inf"),
        "heads": lambda v: v == {name: list(classes) for name, classes in HEADS.items()},
        "thresholds": lambda v: isinstance(v, dict) and "type" in v and all(type(t) is float and 0 <= t <= 1 for t in v.values()),
        "files": lambda v: isinstance(v, dict) and isinstance(v.get(ARRAYS_FILE), dict),
    }
    problems = [f"{key}: not as expected (got {str(manifest.get(key))[:80]})" for key, rule in rules.items() if not rule(manifest.get(key))]
    if not problems:
        entry = manifest["files"][ARRAYS_FILE]
        if type(entry.get("bytes")) is not int or not 0 < entry["bytes"] <= MAX_FILE_BYTES:
            problems.append(f"files.{ARRAYS_FILE}.bytes: expected 1..{MAX_FILE_BYTES}, got {entry.get('bytes')}")
        if not isinstance(entry.get("sha256"), str):
            problems.append(f"files.{ARRAYS_FILE}.sha256: expected a checksum")
    return problems


def _read_arrays(path: Path, manifest: dict[str, Any]) -> tuple[NDArray[np.float16], NDArray[np.float16], NDArray[np.float32]]:
    """weights (buckets, N_LOGITS), squared idf (buckets,), bias (N_LOGITS,), verified before they are decoded."""
    entry = manifest["files"][ARRAYS_FILE]
    try:
        size = path.stat().st_size
        if size != entry["bytes"]:
            raise ModelError(f"{path}: expected {entry['bytes']} bytes, got {size}; the file is damaged or foreign, {_REMEDY}")
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); {_REMEDY}") from error
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ModelError(f"{path}: the SHA-256 differs from the one in {MANIFEST_FILE}; the file is damaged, {_REMEDY}")
    buckets = 1 << manifest["bits"]
    expected = {"weights": ("F16", [buckets, N_LOGITS]), "idf_squared": ("F16", [buckets]), "bias": ("F32", [N_LOGITS])}
    _check_header(path, content, expected)
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
    except SafetensorError as error:
        raise ModelError(f"{path}: not a readable safetensors file ({error}); {_REMEDY}") from error
    return arrays["weights"], arrays["idf_squared"], arrays["bias"].copy()


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


def save_model(
    folder: Path,
    *,
    weights: NDArray[np.float32],
    idf_squared: NDArray[np.float32],
    bias: NDArray[np.float32],
    manifest: dict[str, Any],
) -> dict[str, Any]:
    """Write arrays and manifest; the bytes depend on the arguments alone. Returns the manifest as written.

    weights: float32 (2**bits, N_LOGITS), idf_squared: float32 (2**bits,), both stored as float16; bias: float32 (N_LOGITS,).
    manifest: name, version, orders, norm_limit, thresholds and whatever else is worth recording.
    """
    from safetensors.numpy import save

    arrays = {"weights": weights.astype(np.float16), "idf_squared": idf_squared.astype(np.float16), "bias": bias.astype(np.float32)}
    content = save(arrays)
    complete = {
        **manifest,
        "format": FORMAT,
        "bits": math.frexp(len(weights))[1] - 1,
        "heads": {name: list(classes) for name, classes in HEADS.items()},
        "files": {ARRAYS_FILE: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}},
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(complete, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    # Moved into place, arrays first: a training killed in between leaves a pair whose checksum refuses to load, never half a file.
    for name, data in ((ARRAYS_FILE, content), (MANIFEST_FILE, text.encode("utf-8"))):
        temporary = folder / f".{name}.tmp"
        temporary.write_bytes(data)
        temporary.replace(folder / name)
    return complete
