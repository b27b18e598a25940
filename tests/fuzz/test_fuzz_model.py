"""The bundled model, damaged in every way that was thought of and in thousands that were not: ModelError.

``tests/scorer/test_model.py`` says field by field what a small model must be; here the real one is damaged at random.
"""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_folders import (
    ARRAYS,
    EXPECTED,
    HEADER,
    HEADER_BYTES,
    MANIFEST,
    REMARKS,
    SOUND,
    TEXTS,
    mended,
    put,
    refused,
    refused_or_harmless,
    with_header,
)
from wild_texts import WILD, tries

from feedback_nlp import BatchScorer
from feedback_nlp.scorer.model import ARRAYS_FILE, MANIFEST_FILE


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
