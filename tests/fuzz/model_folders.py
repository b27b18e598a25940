"""The bundled model as bytes, folders with damaged copies of it, and what must come of them."""

import hashlib
import json
import shutil

import pytest

from feedback_nlp import BatchScorer, ModelError
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


def with_header(header):
    """The arrays' file with another header before the same data; the length at its start is that of the header."""
    written = header if isinstance(header, bytes) else json.dumps(header).encode("utf-8")
    return len(written).to_bytes(8, "little") + written + ARRAYS[8 + HEADER_BYTES :]
