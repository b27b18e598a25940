import os
import random
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.scorer import pool as pool_module
from feedback_nlp.scorer.clauses import split_clauses
from feedback_nlp.scorer.pool import aligned, compiled, float_table, pool, pool_numpy
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.native import MODULE, native

# The oracle: one n-gram after another with Python's integers, then single float32 operations, as the docstring of ``pool`` says. The
# fast paths hash whole batches, sum through a sparse matrix or in 16 bits and pool with ``reduceat`` or in one pass.

FIRST, STEP, MIX, SHIFT = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 15


@cache
def slow_bucket(gram, bits):
    value = ord(gram[0]) * FIRST % 2**32
    for char in gram[1:]:
        value = (value + ord(char)) * STEP % 2**32
    return ((value ^ value >> SHIFT) * MIX % 2**32) >> (32 - bits)


def slow_factor(count, norm_limit):
    n = np.float32(count)
    return np.float32(1) / np.sqrt(n * max(n / np.float32(norm_limit), np.float32(1)))


def slow_row(text, clauses, embedding, scale, orders, norm_limit):
    """float32 (5 * D,). clauses: (start, end) of each."""
    bits, columns = len(embedding).bit_length() - 1, embedding.shape[1]
    if not text:
        return np.zeros(5 * columns, dtype=np.float32)
    rows = embedding.astype(np.int64)
    total, n_total, values = np.zeros(columns, dtype=np.int64), 0, []
    for start, end in clauses:
        grams = [text[at : at + n] for at in range(start, end) for n in range(1, orders + 1) if at + n <= len(text)]
        part = np.zeros(columns, dtype=np.int64)
        for gram in grams:
            part += rows[slow_bucket(gram, bits)]
        factor = slow_factor(len(grams), norm_limit)
        values.append([np.float32(number) * factor for number in part.tolist()])
        total, n_total = total + part, n_total + len(grams)
    factor = slow_factor(n_total, norm_limit)
    mean = [np.float32(number) * factor for number in total.tolist()]
    highest = [max(*column, np.float32(0)) for column in zip(*values, strict=True)]
    lowest = [max(min(column), np.float32(0)) for column in zip(*values, strict=True)]
    blocks = [mean, highest, lowest, values[-1], values[0]]
    quantised = [
        min(max(np.rint(value * weight), np.float32(-127)), np.float32(127))
        for block, weights in zip(blocks, scale, strict=True)
        for value, weight in zip(block, weights, strict=True)
    ]
    return np.array(quantised, dtype=np.float32)


def slow_pool(batch, clause_ptr, text_ptr, embedding, scale, *, orders, norm_limit):
    rows = []
    for at, text in enumerate(batch.to_texts()):
        bounds = (clause_ptr[text_ptr[at] : text_ptr[at + 1] + 1] - batch.indptr[at]).tolist()
        clauses = list(pairwise(bounds))
        rows.append(slow_row(text, clauses, embedding, scale, orders, norm_limit))
    return np.array(rows, dtype=np.float32).reshape(len(rows), scale.size)


#: Set where there is no compiler on purpose. Everywhere else, CI included, a missing extension is a failure and not a skip.
NO_COMPILER = "FEEDBACK_NLP_NO_COMPILER"


def pool_compiled(*args, **kwargs):
    if os.environ.get(NO_COMPILER):
        pytest.skip(f"{NO_COMPILER} is set")
    assert compiled(), f"{MODULE} is missing or of another version: install the package again, or set {NO_COMPILER}=1"
    return pool(*args, **kwargs)


PATHS = pytest.mark.parametrize("path", [pool_compiled, pool_numpy])


def test_the_extension_is_there_unless_said_otherwise():
    assert compiled() or os.environ.get(NO_COMPILER)


def random_embedding(bits, columns):
    return np.random.default_rng(bits * 100 + columns).integers(-127, 128, (2**bits, columns), dtype=np.int8)


def random_scale(columns):
    return np.random.default_rng(columns).normal(scale=0.5, size=(5, columns)).astype(np.float32)


def pooled(path, texts, embedding, scale, *, orders=3, norm_limit=50.0):
    batch = TextBatch.from_texts(texts)
    return path(batch.codes, *split_clauses(batch.codes, batch.indptr), embedding, scale, orders=orders, norm_limit=norm_limit)


def same_as_oracle(path, texts, embedding, scale, *, orders=3, norm_limit=50.0):
    batch = TextBatch.from_texts(texts)
    pointers = split_clauses(batch.codes, batch.indptr)
    expected = slow_pool(batch, *pointers, embedding, scale, orders=orders, norm_limit=norm_limit)
    result = path(batch.codes, *pointers, embedding, scale, orders=orders, norm_limit=norm_limit)
    assert result.shape == (len(texts), 5 * embedding.shape[1])
    assert result.dtype == np.float32
    assert result.flags.c_contiguous
    assert result.tolist() == expected.tolist()
    assert not np.any(np.signbit(result) & (result == 0)), "-0.0"


ALPHABET = "abc0123 ,.，。！\n的一是了我不人在有他这为之大来以个中上们国\U0001f600\U0010ffff\x00é"


def seeded_texts(seed, count):
    dice = random.Random(seed)
    return ["".join(dice.choices(ALPHABET, k=dice.choice([0, 0, 1, 1, 2, 3, 4, 5, dice.randrange(90)]))) for _ in range(count)]


EMPTY_ROWS = [
    [],
    [""],
    ["", "", ""],
    ["好"],
    ["。"],
    ["", "好"],
    ["好", ""],
    ["", "", "好用。好", "", "a", "", ""],
    ["a", "b", "c"],
    ["ab", "", "c"],
    ["", "a,bc", "", "", "ab,cd", ",,abcde", ""],
]


@PATHS
@pytest.mark.parametrize("orders", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("texts", EMPTY_ROWS)
def test_empty_and_tiny_rows(path, texts, orders):
    same_as_oracle(path, texts, random_embedding(6, 5), random_scale(5), orders=orders)


@PATHS
@pytest.mark.parametrize("orders", [1, 2, 3, 4])
@pytest.mark.parametrize("columns", [1, 8, 31, 32, 63, 64, 80, 129, 200])
def test_every_width_and_order(path, orders, columns):
    same_as_oracle(path, seeded_texts(columns + orders, 40), random_embedding(9, columns), random_scale(columns), orders=orders)


@PATHS
@pytest.mark.parametrize("bits", [1, 2, 8, 13, 17])
def test_every_size_of_table(path, bits):
    same_as_oracle(path, seeded_texts(bits, 60), random_embedding(bits, 7), random_scale(7))


@PATHS
@pytest.mark.parametrize("norm_limit", [1, 2.5, 40, 1e30])
def test_norm_limits(path, norm_limit):
    same_as_oracle(path, seeded_texts(3, 120), random_embedding(8, 6), random_scale(6), norm_limit=norm_limit)


@PATHS
@pytest.mark.parametrize("value", [-128, -127, 127])
@pytest.mark.parametrize("columns", [1, 64, 70])
@pytest.mark.parametrize("orders", [1, 3, 8])
def test_extreme_tables_and_long_clauses(path, value, columns, orders):
    """Every sum is as large as it can be: 16 bits, 32 bits and float32 must all hold it."""
    embedding = np.full((4, columns), value, dtype=np.int8)
    scale = np.full((5, columns), 1e-3, dtype=np.float32)
    texts = ["好" * length for length in (255, 256, 257)] + ["a,", "好" * 9000, "，" * 5000 + "好" * 4097]
    if columns > 1:
        texts = texts[:4]
    for norm_limit in (1, 1e30):
        same_as_oracle(path, texts, embedding, scale, orders=orders, norm_limit=norm_limit)


@PATHS
def test_columns_that_cancel(path):
    """Neighbouring columns of opposite sign: a carry from one into the other would show."""
    embedding = np.tile(np.array([[127, -128], [-128, 127]], dtype=np.int8), (2, 40))
    same_as_oracle(path, [*seeded_texts(4, 50), "好" * 300], embedding, np.full((5, 80), 0.3, dtype=np.float32), orders=4)


@PATHS
def test_a_very_long_text(path):
    dice = random.Random(7)
    text = "".join(dice.choices("的一是了我不人在有他，。", weights=[9, 8, 7, 6, 5, 4, 3, 2, 1, 1, 1, 1], k=300_000))
    same_as_oracle(path, ["好", text, "", "用"], random_embedding(10, 3), random_scale(3), orders=3, norm_limit=300)


@PATHS
def test_a_long_text_without_any_punctuation(path):
    same_as_oracle(path, ["", "好" * 100_000, "a"], np.full((2, 2), 127, dtype=np.int8), np.full((5, 2), 1e-4, dtype=np.float32), orders=1)


@PATHS
@pytest.mark.parametrize(
    ("weight", "expected"), [(0.5, 0), (1.5, 2), (2.5, 2), (-0.5, 0), (-1.5, -2), (126.5, 126), (127.5, 127), (1e38, 127), (-3e38, -127)]
)
def test_half_is_rounded_to_even_and_ends_are_clipped(path, weight, expected):
    """One character, one n-gram: every value before the scale is 1."""
    result = pooled(path, ["好"], np.ones((2, 1), dtype=np.int8), np.full((5, 1), weight, dtype=np.float32), orders=1)
    assert result.tolist() == [[expected] * 5]


@PATHS
def test_a_scale_beyond_float32(path):
    scale = np.full((5, 64), 3e38, dtype=np.float32)
    with np.errstate(over="ignore"):  # the oracle's scalars
        same_as_oracle(path, seeded_texts(5, 20), random_embedding(8, 64), scale)


@PATHS
def test_blocks(path):
    """Mean, highest, lowest, last, first, worked out by hand: the table says 16 for 好 and -16 for 坏, both alone in their buckets."""
    good, bad = slow_bucket("好", 2), slow_bucket("坏", 2)
    assert len({good, bad, slow_bucket("，", 2)}) == 3
    embedding = np.zeros((4, 1), dtype=np.int8)
    embedding[good], embedding[bad] = 16, -16
    # Norms: one n-gram 1, four n-grams 2.
    texts, scale = ["好好好，坏", "好", "坏", "好，好好，坏坏坏，"], np.ones((5, 1), dtype=np.float32)
    result = pooled(path, texts, embedding, scale, orders=1, norm_limit=1e30)
    assert result[:3].tolist() == [[round(32 / 5**0.5), 24, 0, -16, 24], [16] * 5, [-16, 0, 0, -16, -16]]
    assert result[3].tolist() == [0, round(32 / 3**0.5), 0, -24, round(16 / 2**0.5)]


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=8) | st.text(st.sampled_from("好用，。 a"), max_size=80)
TEXTS = st.lists(ANY_TEXT, max_size=12)


@PATHS
@settings(deadline=None, max_examples=100, database=None)
@given(texts=TEXTS, orders=st.integers(1, 8), bits=st.integers(1, 12), columns=st.sampled_from([1, 3, 32, 65]))
def test_any_texts(path, texts, orders, bits, columns):
    same_as_oracle(path, texts, random_embedding(bits, columns), random_scale(columns), orders=orders)


MODEL = (aligned(random_embedding(12, 64)), random_scale(64))
MANY = seeded_texts(11, 4000)


@pytest.mark.parametrize("columns", [1, 16, 63, 64, 80, 128])
@pytest.mark.parametrize("orders", [1, 2, 3, 4])
def test_both_paths_give_the_same_bits(columns, orders):
    model = (random_embedding(14, columns), random_scale(columns))
    left, right = (pooled(path, MANY, *model, orders=orders, norm_limit=77.7) for path in (pool_compiled, pool_numpy))
    assert left.tobytes() == right.tobytes()


@pytest.mark.parametrize("columns", [1, 8, 16, 40, 63, 64, 80, 128])
@pytest.mark.parametrize("orders", [1, 3, 4])
def test_every_set_of_instructions_gives_the_same_bits(columns, orders):
    """The machine chooses one; all that it has are compared here."""
    model = (random_embedding(14, columns), random_scale(columns))
    expected = pooled(pool_compiled, MANY, *model, orders=orders, norm_limit=77.7)
    batch = TextBatch.from_texts(MANY)
    for target in range(native().TARGET + 1):
        out = np.full_like(expected, 99)
        native().pool(batch.codes, *split_clauses(batch.codes, batch.indptr), *model, out, orders, 77.7, target)
        assert out.tobytes() == expected.tobytes()


@settings(deadline=None, max_examples=200, database=None)
@given(texts=TEXTS, orders=st.integers(1, 8), norm_limit=st.floats(1, 1e30))
def test_both_paths_give_the_same_bits_for_any_text(texts, orders, norm_limit):
    left, right = (pooled(path, texts, *MODEL, orders=orders, norm_limit=norm_limit) for path in (pool_compiled, pool_numpy))
    assert left.tobytes() == right.tobytes()


@settings(deadline=None, max_examples=200, database=None)
@given(lengths=st.lists(st.lists(st.integers(1, 100), max_size=6), max_size=8), seed=st.integers(0, 99))
def test_any_clauses(lengths, seed):
    """Clauses may end anywhere, not only where ``split_clauses`` ends them."""
    clause_ptr = np.cumsum([0, *(length for row in lengths for length in row)], dtype=np.int64)
    text_ptr = np.cumsum([0, *map(len, lengths)], dtype=np.int64)
    codes = np.random.default_rng(seed).integers(0, 0x110000, clause_ptr[-1], dtype=np.uint32)
    left, right = (path(codes, clause_ptr, text_ptr, *MODEL, orders=3, norm_limit=50.0) for path in (pool_compiled, pool_numpy))
    assert left.tobytes() == right.tobytes()


@PATHS
def test_splitting_and_permuting_a_batch_changes_nothing(path):
    whole = pooled(path, MANY, *MODEL)
    for size in (1, 7, 1000):
        some = MANY[: size * 100]
        parts = [pooled(path, some[at : at + size], *MODEL) for at in range(0, len(some), size)]
        assert np.concatenate(parts).tobytes() == whole[: len(some)].tobytes()
    order = random.Random(1).sample(range(len(MANY)), len(MANY))
    assert pooled(path, [MANY[at] for at in order], *MODEL).tobytes() == whole[order].tobytes()


@PATHS
def test_threads_share_everything(path):
    expected = pooled(path, MANY, *MODEL).tobytes()
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda _: pooled(path, MANY, *MODEL).tobytes(), range(24)))
    assert set(results) == {expected}


def test_without_the_extension_pool_is_the_fallback(monkeypatch):
    expected = pooled(pool_numpy, MANY, *MODEL)
    monkeypatch.setattr(pool_module, "native", lambda: None)
    assert not compiled()
    assert pooled(pool, MANY, *MODEL).tobytes() == expected.tobytes()


@PATHS
def test_a_table_made_once_gives_the_same(path):
    batch = TextBatch.from_texts(MANY)
    args = (batch.codes, *split_clauses(batch.codes, batch.indptr), *MODEL)
    table = float_table(MODEL[0])
    assert table.shape == (2**12 + 1, 64)
    assert not table[-1].any()
    left, right = (path(*args, orders=2, norm_limit=9.0, table=given) for given in (table, None))
    assert left.tobytes() == right.tobytes()


def test_a_foreign_float_table_is_refused():
    codes, pointers = np.array([97], dtype=np.uint32), np.array([0, 1])
    for table in (float_table(MODEL[0])[:-1], float_table(MODEL[0]).astype(np.float64)):
        with pytest.raises(ValueError, match="table: expected"):
            pool_numpy(codes, pointers, pointers, *MODEL, orders=2, norm_limit=9.0, table=table)


@pytest.mark.parametrize("shape", [(2, 1), (2, 64), (1024, 64), (4, 63)])
def test_aligned(shape):
    embedding = np.random.default_rng(0).integers(-127, 128, shape, dtype=np.int8)
    copy = aligned(embedding)
    assert copy.ctypes.data % 64 == 0
    assert copy.flags.c_contiguous
    assert copy.dtype == np.int8
    assert copy.tolist() == embedding.tolist()


def test_read_only_arrays_are_welcome():
    arrays = [TextBatch.from_texts(["好，用"]).codes, np.array([0, 2, 3]), np.array([0, 2]), *(array.copy() for array in MODEL)]
    for array in arrays:
        array.setflags(write=False)
    assert pool_compiled(*arrays, orders=3, norm_limit=9.0).shape == (1, 320)


# Wrong calls: what is right, and per case the one argument that is not.

RIGHT = {
    "folded": np.arange(97, 107, dtype=np.uint32),
    "clause_ptr": np.array([0, 3, 4, 10]),
    "text_ptr": np.array([0, 0, 2, 3]),
    "embedding": random_embedding(4, 6),
    "scale": random_scale(6),
    "orders": 3,
    "norm_limit": 50.0,
}

NUMBERS = np.arange(100)
WRONG = [
    ("folded", RIGHT["folded"].astype(np.int64)),
    ("folded", RIGHT["folded"].astype(np.float32)),
    ("folded", RIGHT["folded"].astype(">u4")),
    ("folded", RIGHT["folded"].reshape(2, 5)),
    ("folded", np.arange(20, dtype=np.uint32)[::2]),
    ("folded", RIGHT["folded"][:9]),
    ("folded", RIGHT["folded"][:0]),
    ("clause_ptr", np.array([0, 3, 4, 10], dtype=np.int32)),
    ("clause_ptr", np.array([0, 3, 4, 10], dtype=np.uint64)),
    ("clause_ptr", np.array([0, 3, 4, 10], dtype=np.float64)),
    ("clause_ptr", np.array([], dtype=np.int64)),
    ("clause_ptr", np.array([0])),
    ("clause_ptr", np.array([0, 10])),
    ("clause_ptr", np.array([0, 3, 4, 9])),
    ("clause_ptr", np.array([0, 3, 4, 11])),
    ("clause_ptr", np.array([1, 3, 4, 10])),
    ("clause_ptr", np.array([-1, 3, 4, 10])),
    ("clause_ptr", np.array([0, 4, 3, 10])),
    ("clause_ptr", np.array([0, 4, 4, 10])),
    ("clause_ptr", np.array([0, 30, 4, 10])),
    ("clause_ptr", np.array([0, -(2**63), 2**63 - 1, 10])),
    ("clause_ptr", np.array([0, 3, 4, 10, 10])),
    ("text_ptr", np.array([0, 0, 2, 3], dtype=np.int32)),
    ("text_ptr", np.array([], dtype=np.int64)),
    ("text_ptr", np.array([0, 0, 2, 2])),
    ("text_ptr", np.array([0, 0, 2, 4])),
    ("text_ptr", np.array([1, 1, 2, 3])),
    ("text_ptr", np.array([0, 2, 1, 3])),
    ("text_ptr", np.array([0, 5, 1, 3])),
    ("text_ptr", np.array([0, -1, 2, 3])),
    ("text_ptr", np.array([0, 2**62, -(2**62), 3])),
    ("embedding", random_embedding(4, 6).astype(np.int16)),
    ("embedding", random_embedding(4, 6).astype(np.uint8)),
    ("embedding", random_embedding(4, 6)[:15]),
    ("embedding", random_embedding(4, 6)[:1]),
    ("embedding", random_embedding(4, 6)[:0]),
    ("embedding", random_embedding(4, 6).reshape(-1)),
    ("embedding", random_embedding(5, 6)[::2]),
    ("embedding", np.asfortranarray(random_embedding(4, 6))),
    ("embedding", random_embedding(4, 7)),
    ("embedding", random_embedding(4, 0)),
    ("scale", random_scale(6).astype(np.float64)),
    ("scale", random_scale(6)[:4]),
    ("scale", random_scale(7)),
    ("scale", random_scale(6).T),
    ("scale", np.asfortranarray(random_scale(6))),
    ("orders", 0),
    ("orders", 9),
    ("orders", -1),
]
WRONG_IN_PYTHON = [
    ("scale", np.full((5, 6), np.nan, dtype=np.float32)),
    ("scale", np.full((5, 6), np.inf, dtype=np.float32)),
    ("norm_limit", 0.5),
    ("norm_limit", -1.0),
    ("norm_limit", float("nan")),
    ("norm_limit", float("inf")),
]


def names(cases):
    return [f"{name}-{at}" for at, (name, _) in enumerate(cases)]


@PATHS
@pytest.mark.parametrize(("name", "value"), WRONG + WRONG_IN_PYTHON, ids=names(WRONG + WRONG_IN_PYTHON))
def test_wrong_arguments(path, name, value):
    path(**RIGHT)
    with pytest.raises(ValueError, match=": expected "):
        path(**RIGHT | {name: value})


def test_a_clause_longer_than_4096_characters_is_refused():
    codes, rows = np.full(4097, 97, dtype=np.uint32), np.array([0, 1])
    for path in (pool_numpy, pool_compiled):
        with pytest.raises(ValueError, match="clause_ptr: expected steps of 1 to 4096, got 4097 to 4097"):
            path(codes, np.array([0, 4097]), rows, *MODEL, orders=3, norm_limit=9.0)


def call_extension(**changes):
    """The extension itself, without the checks of ``pool``."""
    given = {name: value for name, value in RIGHT.items() if name not in ("orders", "norm_limit")}
    given |= {"out": np.full((3, 30), 99, dtype=np.float32), "orders": 3, "norm_limit": 50.0, "target": 0}
    given |= changes
    pool_compiled(**RIGHT)
    native().pool(*given.values())
    return given["out"]


WRONG_IN_C = [
    *((name, value) for name, value in WRONG),
    ("folded", None),
    ("folded", [97] * 10),
    ("folded", b"a" * 40),
    ("folded", memoryview(b"a" * 40)),
    ("folded", np.frombuffer(b"\0" * 41, dtype=np.uint8)[1:].view(np.uint32)),
    ("norm_limit", 0.5),
    ("norm_limit", float("nan")),
    ("target", -1),
    ("target", 99),
    ("out", np.ones((2, 30), dtype=np.float32)),
    ("out", np.ones((3, 31), dtype=np.float32)),
    ("out", np.ones(90, dtype=np.float32)),
    ("out", np.ones((3, 30))),
    ("out", np.ones((6, 30), dtype=np.float32)[::2]),
    ("out", np.frombuffer(b"\0" * 360, dtype=np.float32).reshape(3, 30)),
    ("scale", np.ones((5, 6), dtype=np.complex64)),
    ("embedding", random_embedding(1, 5000)),
]


@pytest.mark.parametrize(("name", "value"), WRONG_IN_C, ids=names(WRONG_IN_C))
def test_the_extension_checks_every_buffer_itself(name, value):
    assert abs(call_extension()).max() <= 127
    with pytest.raises(ValueError, match=": expected "):
        call_extension(**{name: value})


def test_a_refused_call_writes_nothing():
    out = np.full((3, 30), 99, dtype=np.float32)
    with pytest.raises(ValueError, match="clause_ptr: expected"):
        call_extension(out=out, clause_ptr=np.array([0, 4, 3, 10]))
    assert np.all(out == 99)


@pytest.mark.parametrize("changes", [{}, {"orders": 0}, {"scale": None}, {"text_ptr": np.array([0, 9, 2, 3])}])
def test_every_buffer_is_given_back(changes):
    """A memory view cannot be released while somebody holds its buffer."""
    view = memoryview(bytearray(RIGHT["folded"].tobytes())).cast("I")
    try:
        call_extension(folded=view, **changes)
    except ValueError:
        assert changes
    view.release()
