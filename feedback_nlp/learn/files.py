"""A saved classifier: ``model.safetensors`` (weights and precision), ``manifest.json`` (labels, parameters, the model it began with).

Nothing in it can run code. ``read_saved`` compares size, checksum, names, dtypes and shapes with the manifest before it decodes an array.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError, ModelError
from feedback_nlp.learn.features import MAX_BITS, MIN_BITS
from feedback_nlp.learn.logistic import Posterior
from feedback_nlp.scorer.model import ARRAYS_FILE, MANIFEST_FILE, verified_bytes

FORMAT = "feedback_nlp.learn/1"

#: No classifier is larger; a manifest that claims more is refused unread.
MAX_FILE_BYTES = 2 * 1024 * 1024 * 1024
MAX_MANIFEST_BYTES = 16 * 1024 * 1024

_REMEDY = "fit and save it again"


@dataclass(frozen=True)
class Saved:
    """estimator: name of its class. parameters: start, C, bits. classes: the labels, ascending; str, int, float or bool.
    base: signature of the model it began with, None without one. posterior: what was learned.
    """

    estimator: str
    parameters: dict[str, Any]
    classes: list[Any]
    base: str | None
    posterior: Posterior


def write_saved(folder: Path, saved: Saved) -> None:
    """Write a folder; its bytes depend on ``saved`` alone. Raises InputError where a label is of a kind that JSON does not have."""
    from safetensors.numpy import save

    if not all(type(label) in (str, int, float, bool) for label in saved.classes):
        raise InputError(f"expected labels that are str, int, float or bool to save, got {type(saved.classes[0]).__name__}")
    posterior = saved.posterior
    content = save(
        {
            "columns": np.ascontiguousarray(posterior.columns),
            "mean": np.ascontiguousarray(posterior.mean, dtype=np.float32),
            "precision": np.ascontiguousarray(posterior.precision, dtype=np.float32),
        }
    )
    manifest = {
        "format": FORMAT,
        "estimator": saved.estimator,
        "parameters": saved.parameters,
        "classes": saved.classes,
        "base": saved.base,
        "prior_precision": posterior.prior_precision,
        "rows": len(posterior.columns),
        "files": {ARRAYS_FILE: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}},
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    # Moved into place, arrays first: a process killed in between leaves a pair whose checksum refuses to load, never half a file.
    for name, data in ((ARRAYS_FILE, content), (MANIFEST_FILE, text.encode("utf-8", "surrogatepass"))):
        temporary = folder / f".{name}.tmp"
        temporary.write_bytes(data)
        temporary.replace(folder / name)


def read_saved(folder: Path) -> Saved:
    """What ``write_saved`` wrote. Raises ModelError where something is missing, damaged or foreign."""
    manifest = _read_manifest(folder / MANIFEST_FILE)
    arrays = _read_arrays(folder / ARRAYS_FILE, manifest)
    columns = arrays["columns"]
    mean, precision = (arrays[name].astype(np.float64) for name in ("mean", "precision"))
    ordered = bool((np.diff(columns, prepend=-1) > 0).all())
    if not (ordered and np.isfinite(mean).all() and np.isfinite(precision).all() and (precision > 0).all()):
        raise ModelError(f"{folder / ARRAYS_FILE}: expected ascending columns, finite weights and precisions above 0; {_REMEDY}")
    posterior = Posterior(columns, mean, precision, manifest["prior_precision"])
    return Saved(manifest["estimator"], manifest["parameters"], manifest["classes"], manifest["base"], posterior)


def _read_manifest(path: Path) -> dict[str, Any]:
    """The manifest, checked field by field."""
    try:
        if path.exists() and not path.is_file():
            raise ModelError(f"{path}: expected a file, got a folder, device or pipe")
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise ModelError(f"{path}: expected at most {MAX_MANIFEST_BYTES} bytes; this is no saved classifier; {_REMEDY}")
        manifest = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
    except OSError as error:
        raise ModelError(f"{path.parent} is no saved classifier: {MANIFEST_FILE} cannot be read ({error.strerror}); {_REMEDY}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{path}: expected JSON ({error}); the file is damaged or foreign, {_REMEDY}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else type(manifest).__name__
        raise ModelError(f"{path}: expected format {FORMAT!r}, got {found!r}; this is no saved classifier, or one of another version")
    problems = [f"{key} (got {str(manifest.get(key))[:80]})" for key, rule in _RULES.items() if not rule(manifest.get(key))]
    if problems:
        raise ModelError(f"{path}: not as expected: {'; '.join(problems)}; {_REMEDY}")
    return dict(manifest)


def _is_parameters(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"start", "C", "bits"}
        and isinstance(value["start"], str)
        and type(value["C"]) is float
        and 0 < value["C"] < float("inf")
        and type(value["bits"]) is int
        and MIN_BITS <= value["bits"] <= MAX_BITS
    )


def _is_classes(value: Any) -> bool:
    kinds = {type(label) for label in value} if isinstance(value, list) else set()
    return len(kinds) == 1 and kinds <= {str, int, float, bool} and len(value) > 1 and all(a < b for a, b in pairwise(value))


def _is_files(value: Any) -> bool:
    entry = value.get(ARRAYS_FILE) if isinstance(value, dict) else None
    return (
        isinstance(entry, dict)
        and type(entry.get("bytes")) is int
        and 0 < entry["bytes"] <= MAX_FILE_BYTES
        and isinstance(entry.get("sha256"), str)
    )


#: What a manifest of format 1 must say.
_RULES: dict[str, Callable[[Any], bool]] = {
    "estimator": lambda v: isinstance(v, str) and v.isidentifier(),
    "parameters": _is_parameters,
    "classes": _is_classes,
    "base": lambda v: v is None or isinstance(v, str),
    "prior_precision": lambda v: type(v) is float and 0 < v < float("inf"),
    "rows": lambda v: type(v) is int and 0 <= v <= 1 << (MAX_BITS + 1),
    "files": _is_files,
}


def _read_arrays(path: Path, manifest: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """columns, mean and precision, verified before they are decoded."""
    shape = [manifest["rows"], len(manifest["classes"])]
    expected = {"columns": ("I64", shape[:1]), "mean": ("F32", shape), "precision": ("F32", shape)}
    content = verified_bytes(path, manifest["files"][ARRAYS_FILE], remedy=_REMEDY)
    try:
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        found = {name: (item["dtype"], item["shape"]) for name, item in header.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path}: not a safetensors file; the file is damaged or foreign, {_REMEDY}") from error
    if found != expected:
        raise ModelError(f"{path}: expected arrays {expected}, got {str(found)[:300]}; {_REMEDY}")
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return {name: np.array(array) for name, array in load(content).items()}
    except SafetensorError as error:
        raise ModelError(f"{path}: not a readable safetensors file ({error}); {_REMEDY}") from error
