"""The network in training: reading clauses against one text at a time, gradients against finite differences in float64."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.scorer.clauses import CLAUSE_END, MAX_CLAUSE
from feedback_nlp.scorer.ngrams import bucket_slots
from feedback_nlp.text.characters import character_table
from feedback_nlp.text.clean import clean
from feedback_nlp.train import network as module
from feedback_nlp.train.network import (
    Schedule,
    Task,
    backward,
    features_and_logits,
    fit_network,
    forward,
    join_clauses,
    logit_error,
    new_network,
    read_clauses,
    take,
)

TEXTS = ["好，不好，好", "", "软件闪退。客服态度差！", "好", "退款，退款，", "", "ＡＢ不好用", "，，，", "不好用，太差了，不买，再见"]


# ---------------------------------------------------------------------------------------------------------------------------------
# Clauses


def slow_clauses(text, orders, bits):
    """Buckets of each clause of one text, as sorted lists; one empty clause for a text without characters."""
    cleaned = clean([text]).texts()[0]
    folded = "".join(chr(character_table().fold[ord(char)]) for char in cleaned)
    found, start = [[]], 0
    for at in range(len(folded)):
        if at and ((folded[at - 1] in CLAUSE_END and folded[at] not in CLAUSE_END) or at - start == MAX_CLAUSE):
            found.append([])
            start = at
        for gram in (folded[at : at + n] for n in range(1, orders + 1) if at + n <= len(folded)):
            codes = np.array([ord(char) for char in gram], dtype=np.uint32)
            found[-1].append(int(bucket_slots(codes, np.array([0, len(gram)]), orders=len(gram), bits=bits)[0, -1]))
    return [sorted(clause) for clause in found]


def as_lists(data):
    """The same of ``Clauses``."""
    assert data.slots.dtype == np.int32
    assert data.clause_ptr.dtype == data.text_ptr.dtype == np.int64
    assert data.clause_ptr[0] == data.text_ptr[0] == 0
    assert data.clause_ptr[-1] == len(data.slots) and data.text_ptr[-1] == len(data.clause_ptr) - 1
    clauses = [sorted(data.slots[a:b].tolist()) for a, b in zip(data.clause_ptr[:-1], data.clause_ptr[1:], strict=True)]
    return [clauses[a:b] for a, b in zip(data.text_ptr[:-1], data.text_ptr[1:], strict=True)]


def read(texts, *, orders=3, bits=10):
    return read_clauses(texts, orders=orders, bits=bits)


@pytest.mark.parametrize("orders", [1, 2, 4])
@pytest.mark.parametrize("bits", [8, 17])
@pytest.mark.parametrize(
    "texts",
    [[], [""], ["", "", ""], TEXTS, ["", *TEXTS, ""], ["好" * (MAX_CLAUSE + 5) + "，坏", "", "a"], ["<br>", " ", "\u200b"]],
    ids=["none", "empty", "empties", "many", "between", "long", "cleaned away"],
)
def test_clauses_are_those_of_one_text_at_a_time(texts, orders, bits):
    data = read(texts, orders=orders, bits=bits)
    assert data.n_texts == len(texts)
    assert as_lists(data) == [slow_clauses(text, orders, bits) for text in texts]


@settings(deadline=None, max_examples=80, database=None)
@given(st.lists(st.one_of(st.text(max_size=10), st.text("好不，。 a", max_size=12)), max_size=8))
def test_clauses_of_any_text(texts):
    assert as_lists(read(texts)) == [slow_clauses(text, 3, 10) for text in texts]


INDICES = [[], [0], [1], [8, 0], [1, 1, 5, 5], list(range(9)), list(range(8, -1, -1)), [2, 2, 2]]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_taking_texts_is_reading_them(index):
    data = read(TEXTS)
    taken = data.take(np.array(index, dtype=np.intp))
    assert as_lists(taken) == as_lists(read([TEXTS[i] for i in index]))
    again = list(range(len(index)))[::-1]
    assert as_lists(taken.take(np.array(again, dtype=np.intp))) == as_lists(data.take(np.array(index, dtype=np.intp)[again]))


@pytest.mark.parametrize("n", range(len(TEXTS) + 1))
def test_the_first_texts_are_taken(n):
    data = read(TEXTS)
    assert as_lists(data.first(n)) == as_lists(data.take(np.arange(n))) == as_lists(read(TEXTS[:n]))


@pytest.mark.parametrize("cuts", [(0, 0), (1, 1), (2, 5), (0, 9), (9, 9), (3, 8)])
def test_joined_parts_are_the_whole(cuts):
    parts = [read(TEXTS[: cuts[0]]), read(TEXTS[cuts[0] : cuts[1]]), read(TEXTS[cuts[1] :])]
    assert as_lists(join_clauses(parts)) == as_lists(read(TEXTS))
    assert as_lists(join_clauses(parts[:1])) == as_lists(parts[0])


def test_unseen_buckets():
    data = read(["ab", "", "b"], orders=1, bits=8)
    assert sorted(np.flatnonzero(~data.unseen(8)).tolist()) == sorted({slot for text in as_lists(data) for slot in text[0]})
    assert read(["", ""], bits=8).unseen(8).tolist() == [True] * 256


# ---------------------------------------------------------------------------------------------------------------------------------
# Forward and backward


def tasks_for(n, seed=0):
    """Three tasks: soft classes, weighted classes, and flags; some texts have no label for some."""
    dice = np.random.default_rng(seed)
    soft = dice.dirichlet(np.ones(3), n).astype(np.float32)
    hard = np.eye(2, dtype=np.float32)[dice.integers(2, size=n)]
    flags = dice.integers(2, size=(n, 2)).astype(np.float32)
    weights = dice.choice(np.array([0, 0.5, 1, 2], np.float32), size=(3, n))
    return (Task("soft", soft, weights[0]), Task("hard", hard, weights[1]), Task("flags", flags, weights[2], exclusive=False))


def in_float64(network):
    arrays = {name: getattr(network, name).astype(np.float64) for name in ("embedding", "hidden", "hidden_bias", "output", "output_bias")}
    return replace(network, **arrays)


def network_for(tasks, *, bits=8, width=3, hidden=5, norm_limit=6.0, seed=1):
    """Wide awake: biases and vectors far from 0, so that no unit rests by chance."""
    network = in_float64(new_network(tasks, bits=bits, width=width, hidden=hidden, norm_limit=norm_limit, seed=seed))
    dice = np.random.default_rng(seed)
    network.embedding[:] = dice.normal(size=network.embedding.shape)
    network.hidden_bias[:] = dice.normal(size=hidden)
    network.output_bias[:] = dice.normal(size=len(network.output_bias))
    return network


def slow_forward(network, clauses):
    """Logits of one text: sums, norms, five blocks, hidden layer, output."""

    def norm(n):
        return np.sqrt(n * max(n / network.norm_limit, 1)) if n else 1.0

    sums = [sum((network.embedding[slot] for slot in clause), np.zeros(network.embedding.shape[1])) for clause in clauses]
    values = np.array([total / norm(len(clause)) for total, clause in zip(sums, clauses, strict=True)])
    mean = sum(sums) / norm(sum(map(len, clauses)))
    features = np.concatenate([mean, np.maximum(values.max(axis=0), 0), np.maximum(values.min(axis=0), 0), values[-1], values[0]])
    hidden = np.maximum(features @ network.hidden + network.hidden_bias, 0)
    return features, np.concatenate([hidden, mean]) @ network.output + network.output_bias


def loss_of(network, data, tasks, texts, keep=None):
    batch = take(data, texts, np.zeros(len(network.embedding), np.int64), network.norm_limit, keep)
    return logit_error(forward(network, batch).logits, tasks, texts, network.slices)[0]


def gradients_of(network, data, tasks, texts, keep=None):
    batch = take(data, texts, np.zeros(len(network.embedding), np.int64), network.norm_limit, keep)
    seen = forward(network, batch)
    dense, rows = backward(network, batch, seen, logit_error(seen.logits, tasks, texts, network.slices)[1])
    embedding = np.zeros_like(network.embedding)
    embedding[batch.touched] = rows
    return [*dense, embedding]


@pytest.mark.parametrize("norm_limit", [1.0, 6.0, 1e6])
def test_forward_is_one_text_at_a_time(norm_limit):
    data, tasks = read(TEXTS, bits=8), tasks_for(len(TEXTS))
    network = network_for(tasks, norm_limit=norm_limit)
    expected = [slow_forward(network, clauses) for clauses in as_lists(data)]
    for texts in (np.arange(len(TEXTS)), np.array([8, 8, 1, 0, 5])):
        batch = take(data, texts, np.zeros(256, np.int64), norm_limit, None)
        seen = forward(network, batch)
        np.testing.assert_allclose(seen.features, [expected[i][0] for i in texts], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(seen.logits, [expected[i][1] for i in texts], rtol=1e-5, atol=1e-6)
    for chunk in (1, 2, 100):
        features, logits = features_and_logits(network, data, chunk=chunk)
        np.testing.assert_allclose(features, [found for found, _ in expected], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(logits, [found for _, found in expected], rtol=1e-5, atol=1e-5)


BATCHES = {
    "all": list(range(len(TEXTS))),
    "one clause": [3, 6],
    "ties": [4, 4, 3],  # 退款，退款，: with single characters two equal clauses, which hold the same extreme
    "empty": [1, 5],
    "empty among others": [1, 8, 5, 2],
    "drawn twice": [8, 8, 2],
}


@pytest.mark.parametrize("texts", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("orders", [1, 2])
def test_gradients_are_finite_differences(texts, seed, orders):
    data, tasks = read(TEXTS, orders=orders, bits=8), tasks_for(len(TEXTS), seed)
    network, texts, step = network_for(tasks, seed=seed), np.array(texts), 1e-6
    found = gradients_of(network, data, tasks, texts)
    parameters = [*network.dense(), network.embedding]
    # Buckets that no text uses have no gradient; a few of them stand for all.
    touched = np.flatnonzero(~data.take(texts).unseen(8))
    places = [list(np.ndindex(p.shape)) for p in parameters[:-1]]
    places.append([(row, column) for row in [*touched.tolist(), *np.flatnonzero(data.unseen(8))[:3].tolist()] for column in range(3)])
    for parameter, gradient, entries in zip(parameters, found, places, strict=True):
        for entry in entries:
            kept = parameter[entry]
            parameter[entry] = kept + step
            up = loss_of(network, data, tasks, texts)
            parameter[entry] = kept - step
            down = loss_of(network, data, tasks, texts)
            parameter[entry] = kept
            assert gradient[entry] == pytest.approx((up - down) / (2 * step), rel=1e-4, abs=1e-7)


def test_gradients_with_ngrams_left_out():
    """Dropout weighs n-grams; the gradient is that of the weighted sums."""
    data, tasks, texts, step = read(TEXTS, orders=2, bits=8), tasks_for(len(TEXTS)), np.array([8, 2, 1]), 1e-6
    network = network_for(tasks)

    def keep(size):
        return np.random.default_rng(3).choice(np.array([0, 2], np.float32), size=size)

    gradient = gradients_of(network, data, tasks, texts, keep)[-1]
    for bucket in np.flatnonzero(~data.take(texts).unseen(8)):
        for column in range(3):
            network.embedding[bucket, column] += step
            up = loss_of(network, data, tasks, texts, keep)
            network.embedding[bucket, column] -= 2 * step
            down = loss_of(network, data, tasks, texts, keep)
            network.embedding[bucket, column] += step
            assert gradient[bucket, column] == pytest.approx((up - down) / (2 * step), rel=1e-4, abs=1e-7)


def test_the_loss_is_cross_entropy_of_weighted_labels():
    tasks, texts = tasks_for(6), np.array([0, 3, 3, 5])
    network = new_network(tasks, bits=8, width=2, hidden=2, norm_limit=1.0, seed=0)
    logits = np.random.default_rng(0).normal(size=(4, 7)).astype(np.float32) * 3
    expected = 0.0
    for row, text in enumerate(texts):
        for task in tasks:
            z = logits[row, network.slices[task.name]].astype(float)
            target, weight = task.targets[text], float(task.weights[text])
            p = np.exp(z) / np.exp(z).sum() if task.exclusive else 1 / (1 + np.exp(-z))
            told = target * np.log(p) + (0 if task.exclusive else (1 - target) * np.log(1 - p))
            expected -= weight * told.sum() / 4
    loss, error = logit_error(logits, tasks, texts, network.slices)
    assert loss == pytest.approx(expected, rel=1e-5)
    for row, text in enumerate(texts):
        for task in tasks:
            if task.weights[text] == 0:
                assert (error[row, network.slices[task.name]] == 0).all()


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_extreme_logits_overflow_nowhere(size):
    tasks = tasks_for(2)
    network = new_network(tasks, bits=8, width=2, hidden=2, norm_limit=1.0, seed=0)
    loss, error = logit_error(np.full((2, 7), size, np.float32), tasks, np.arange(2), network.slices)
    assert np.isfinite(loss) and np.isfinite(error).all()


# ---------------------------------------------------------------------------------------------------------------------------------
# Training


def lesson(n=60, seed=0):
    """Two words, two classes; the word decides."""
    dice = random.Random(seed)
    target = [dice.randrange(2) for _ in range(n)]
    texts = ["".join(dice.choices("甲乙丙丁戊己", k=4)) + "，" + ["好用", "闪退"][label] for label in target]
    return read(texts), (Task("word", np.eye(2, dtype=np.float32)[target], np.ones(n, np.float32)),)


def fitted(steps=60, *, seed=0, sampling=None, lesson_seed=0, dropout=0.5):
    data, tasks = lesson(seed=lesson_seed)
    network = new_network(tasks, bits=10, width=4, hidden=4, norm_limit=20.0, seed=seed)
    sampling = np.ones(data.n_texts) if sampling is None else sampling
    losses = list(fit_network(network, data, tasks, sampling, Schedule(steps, batch=64, seed=seed, dropout=dropout)))
    return network, losses, data, tasks


def test_training_lowers_the_loss_and_learns_the_word():
    network, losses, data, tasks = fitted(200)
    assert len(losses) == 200
    assert losses[0] > 0.5 > 0.1 > np.mean(losses[-20:])
    _, logits = features_and_logits(network, data)
    assert (logits.argmax(axis=1) == tasks[0].targets.argmax(axis=1)).all()
    unseen, others = lesson(seed=9)
    assert (features_and_logits(network, unseen)[1].argmax(axis=1) == others[0].targets.argmax(axis=1)).all()


def test_training_repeats_to_the_byte():
    first, second, other = fitted(20)[0], fitted(20)[0], fitted(20, seed=1)[0]
    for one, two, three in zip([first.embedding, *first.dense()], [second.embedding, *second.dense()], other.dense() * 2, strict=False):
        assert one.tobytes() == two.tobytes() != three.tobytes()
        assert one.dtype == np.float32


def test_buckets_that_no_text_uses_stay_what_they_were():
    network, _, data, tasks = fitted(20)
    before = new_network(tasks, bits=10, width=4, hidden=4, norm_limit=20.0, seed=0)
    unseen = data.unseen(10)
    assert (network.embedding[unseen] == before.embedding[unseen]).all()
    assert (network.embedding[~unseen] != before.embedding[~unseen]).any(axis=1).all()


def drawn(monkeypatch, sampling, **options):
    """Which texts ``fit_network`` draws."""
    seen, real = [], module.take
    monkeypatch.setattr(module, "take", lambda data, texts, *rest: seen.append(texts.copy()) or real(data, texts, *rest))
    fitted(sampling=sampling, **options)
    return np.bincount(np.concatenate(seen), minlength=len(sampling))


@pytest.mark.parametrize("absent", [[0], [59], [0, 1, 2, 58, 59], list(range(1, 60)), list(range(59))], ids=len)
def test_texts_of_weight_0_are_never_drawn(absent, monkeypatch):
    sampling = np.full(60, 1 / 3)
    sampling[absent] = 0
    counts = drawn(monkeypatch, sampling, steps=30)
    assert (counts[absent] == 0).all()
    assert (counts[sampling > 0] > 0).all()


@pytest.mark.parametrize("draw", [0.0, np.nextafter(1, 0)])
def test_the_ends_of_the_random_numbers_draw_no_text_of_weight_0(draw, monkeypatch):
    """The weights' sum is rounded; a number between it and 1 must not fall on a last text that is held out."""

    class Ends:
        def random(self, size, dtype=np.float64):
            return np.full(size, draw, dtype)

    sampling = np.full(60, 0.1)
    sampling[[0, -1]] = 0
    real = np.random.default_rng
    monkeypatch.setattr(np.random, "default_rng", lambda seed: Ends() if isinstance(seed, list) else real(seed))
    counts = drawn(monkeypatch, sampling, steps=2)
    assert counts[[0, -1]].tolist() == [0, 0]
    assert counts[1 if draw == 0 else -2] == counts.sum()


def test_texts_are_drawn_in_proportion(monkeypatch):
    sampling = np.repeat([1.0, 3.0], 30)
    counts = drawn(monkeypatch, sampling, steps=200)
    assert counts[30:].sum() / counts.sum() == pytest.approx(0.75, abs=0.02)


def test_empty_texts_alone_can_be_trained_on():
    data = read(["", "", ""])
    tasks = (Task("word", np.eye(2, dtype=np.float32)[[0, 0, 1]], np.ones(3, np.float32)),)
    network = new_network(tasks, bits=10, width=4, hidden=4, norm_limit=1.0, seed=0)
    list(fit_network(network, data, tasks, np.ones(3), Schedule(200, batch=64)))
    _, logits = features_and_logits(network, data)
    assert (logits == logits[0]).all()
    assert logits[0, 0] > logits[0, 1]


def test_no_texts_have_no_features():
    data, tasks = lesson()
    network = new_network(tasks, bits=10, width=4, hidden=3, norm_limit=1.0, seed=0)
    features, logits = features_and_logits(network, data.first(0))
    assert features.shape == (0, 20) and logits.shape == (0, 2)


def test_parameters_of_a_new_network():
    tasks = tasks_for(3)
    network = new_network(tasks, bits=9, width=5, hidden=6, norm_limit=7.0, seed=4)
    assert [array.shape for array in (network.embedding, *network.dense())] == [(512, 5), (25, 6), (6,), (11, 7), (7,)]
    assert network.slices == {"soft": slice(0, 3), "hard": slice(3, 5), "flags": slice(5, 7)}
    assert network.norm_limit == 7.0
