"""The clause network in numpy: forward, backward and the optimiser, for training only.

What it computes is defined in ``scorer.pool`` and ``scorer.network``; here it runs in float32 on sparse counts, for several tasks at
once. A task is some columns of the output; a text that has no label for a task has weight 0 there.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.clauses import split_clauses
from feedback_nlp.scorer.ngrams import bucket_slots, text_norm
from feedback_nlp.scorer.pool import BLOCKS
from feedback_nlp.text.characters import character_table
from feedback_nlp.text.clean import clean

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Clauses:
    """Texts as bags of n-grams per clause.

    slots: int32, buckets of all n-grams, clause after clause. clause_ptr: int64 (n_clauses + 1,) into slots. text_ptr: int64
    (n_texts + 1,) into the clauses. Every text has at least one clause, which may be empty.
    """

    slots: NDArray[np.int32]
    clause_ptr: NDArray[np.int64]
    text_ptr: NDArray[np.int64]

    @property
    def n_texts(self) -> int:
        """Number of texts."""
        return len(self.text_ptr) - 1

    def first(self, n: int) -> "Clauses":
        """The first n texts."""
        clauses = self.text_ptr[n]
        return Clauses(self.slots[: self.clause_ptr[clauses]], self.clause_ptr[: clauses + 1], self.text_ptr[: n + 1])

    def take(self, texts: NDArray[np.intp]) -> "Clauses":
        """Some of the texts, in the order given."""
        clauses, per_text = _ranges(self.text_ptr[texts], self.text_ptr[texts + 1])
        places, per_clause = _ranges(self.clause_ptr[clauses], self.clause_ptr[clauses + 1])
        return Clauses(self.slots[places], _pointers(per_clause), _pointers(per_text))

    def unseen(self, bits: int) -> NDArray[np.bool_]:
        """bool (2**bits,), the buckets that no text uses."""
        return np.asarray(np.bincount(self.slots, minlength=1 << bits) == 0)


def read_clauses(texts: Sequence[str], *, orders: int, bits: int) -> Clauses:
    """Clean and cut texts as the scorer does."""
    batch = clean(texts).batch
    folded = character_table().fold[batch.codes]
    char_ptr, text_ptr = split_clauses(folded, batch.indptr)
    slots = bucket_slots(folded, batch.indptr, orders=orders, bits=bits).reshape(-1)
    real = slots < 1 << bits
    before = np.concatenate([[0], np.cumsum(real)])
    clause_ptr = before[char_ptr * orders]
    # A text without characters gets one empty clause, so that every reduction below has something to reduce.
    empty = np.flatnonzero(np.diff(text_ptr) == 0)
    clause_ptr = np.insert(clause_ptr, text_ptr[empty], clause_ptr[text_ptr[empty]])
    extra = np.concatenate([[0], np.cumsum(np.diff(text_ptr) == 0)])
    return Clauses(slots[real], clause_ptr.astype(np.int64), (text_ptr + extra).astype(np.int64))


def join_clauses(parts: Sequence[Clauses]) -> Clauses:
    """Several collections one after the other."""
    clause_starts = np.cumsum([0] + [len(part.slots) for part in parts])
    text_starts = np.cumsum([0] + [len(part.clause_ptr) - 1 for part in parts])
    return Clauses(
        np.concatenate([part.slots for part in parts]),
        np.concatenate([[0], *(part.clause_ptr[1:] + start for part, start in zip(parts, clause_starts, strict=False))]),
        np.concatenate([[0], *(part.text_ptr[1:] + start for part, start in zip(parts, text_starts, strict=False))]),
    )


@dataclass(frozen=True)
class Task:
    """A group of output columns and what they should say.

    targets: float32 (n_texts, k), probabilities. weights: float32 (n_texts,), 0 where the text has no label.
    exclusive: the k classes exclude each other (softmax); otherwise each column is a yes-no question (sigmoid).
    """

    name: str
    targets: F32
    weights: F32
    exclusive: bool = True


@dataclass
class Network:
    """Float parameters. embedding (buckets, D); hidden (BLOCKS * D, H) and bias (H,); output (H + D, K) and bias (K,)."""

    embedding: F32
    hidden: F32
    hidden_bias: F32
    output: F32
    output_bias: F32
    norm_limit: float
    slices: dict[str, slice] = field(default_factory=dict)

    def dense(self) -> list[F32]:
        """The parameters trained by Adam."""
        return [self.hidden, self.hidden_bias, self.output, self.output_bias]


def new_network(tasks: Sequence[Task], *, bits: int, width: int, hidden: int, norm_limit: float, seed: int) -> Network:
    """Small random parameters; the variance of each layer's output is about that of its input."""
    generator = np.random.default_rng(seed)
    ends = np.cumsum([task.targets.shape[1] for task in tasks]).tolist()
    slices = {task.name: slice(end - task.targets.shape[1], end) for task, end in zip(tasks, ends, strict=True)}
    outputs = ends[-1]

    def normal(rows: int, columns: int, scale: float) -> F32:
        return (generator.standard_normal((rows, columns), dtype=np.float32) * np.float32(scale)).astype(np.float32)

    output = np.concatenate([normal(hidden, outputs, 0.5 / np.sqrt(hidden)), normal(width, outputs, 1 / np.sqrt(width))])
    return Network(
        normal(1 << bits, width, 0.3 / np.sqrt(width)),
        normal(BLOCKS * width, hidden, 1 / np.sqrt(BLOCKS * width)),
        np.zeros(hidden, np.float32),
        output,
        np.zeros(outputs, np.float32),
        norm_limit,
        slices,
    )


@dataclass(frozen=True)
class Batch:
    """Some texts of ``Clauses``, with their n-grams numbered anew.

    touched: the buckets that occur. counts: scipy CSR (n_clauses, touched), dropout applied. first: int64 (n_texts,), first clause of
    each text. clause_scale, text_scale: float32 factors of the sums.
    """

    touched: NDArray[np.int64]
    counts: Any
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    text_of: NDArray[np.int64]
    clause_scale: F32
    text_scale: F32


def take(data: Clauses, texts: NDArray[np.int64], number: NDArray[np.int64], norm_limit: float, keep: Callable[[int], F32] | None) -> Batch:
    """A batch of ``texts``. number: scratch int64 (buckets,). keep: weight of each n-gram (dropout), None for ones."""
    from scipy.sparse import csr_array

    clauses, lengths = _ranges(data.text_ptr[texts], data.text_ptr[texts + 1])
    places, sizes = _ranges(data.clause_ptr[clauses], data.clause_ptr[clauses + 1])
    slots = data.slots[places]
    number[slots] = -1
    touched = np.flatnonzero(number == -1)
    number[touched] = np.arange(len(touched))
    values = np.ones(len(slots), np.float32) if keep is None else keep(len(slots))
    counts = csr_array((values, number[slots], _pointers(sizes)), shape=(len(clauses), len(touched)))
    number[touched] = 0
    ends = np.cumsum(lengths)
    text_sizes = np.add.reduceat(sizes, ends - lengths)
    text_of = np.repeat(np.arange(len(texts)), lengths)
    return Batch(touched, counts, ends - lengths, ends - 1, text_of, _factor(sizes, norm_limit), _factor(text_sizes, norm_limit))


def _factor(sizes: NDArray[np.int64], norm_limit: float) -> F32:
    return np.asarray(1 / text_norm(sizes.astype(np.float32), norm_limit), dtype=np.float32)


def _pointers(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)])


def _ranges(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers of all half-open ranges, one after the other, and the length of each."""
    lengths = ends - starts
    shift = np.repeat(starts - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    return np.arange(int(lengths.sum())) + shift, lengths


@dataclass(frozen=True)
class Activations:
    """What the backward pass needs again: clause vectors, features (n, BLOCKS * D), hidden layer after relu, logits (n, K)."""

    clauses: F32
    features: F32
    hidden: F32
    logits: F32


def forward(network: Network, batch: Batch) -> Activations:
    """Features and logits of a batch."""
    sums = batch.counts @ network.embedding[batch.touched]
    mean = np.add.reduceat(sums, batch.first) * batch.text_scale[:, None]
    clauses = sums * batch.clause_scale[:, None]
    highest, lowest = np.maximum.reduceat(clauses, batch.first), np.minimum.reduceat(clauses, batch.first)
    blocks = [mean, np.maximum(highest, 0), np.maximum(lowest, 0), clauses[batch.last], clauses[batch.first]]
    features = np.concatenate(blocks, axis=1)
    hidden = np.maximum(features @ network.hidden + network.hidden_bias, 0)
    logits = np.concatenate([hidden, mean], axis=1) @ network.output + network.output_bias
    return Activations(clauses, features, hidden, logits)


def backward(network: Network, batch: Batch, seen: Activations, error: F32) -> tuple[list[F32], F32]:
    """Gradients of the dense parameters, and of the touched embedding rows. error: d loss / d logits, float32 (n, K)."""
    width = seen.clauses.shape[1]
    mean = seen.features[:, :width]
    output = np.concatenate([seen.hidden, mean], axis=1).T @ error
    through = error @ network.output.T
    inner = through[:, : seen.hidden.shape[1]] * (seen.hidden > 0)
    into = inner @ network.hidden.T
    into[:, :width] += through[:, seen.hidden.shape[1] :]
    blocks: list[F32] = np.split(into, BLOCKS, axis=1)
    d_mean, d_highest, d_lowest, d_last, d_first = blocks
    d_clauses = _extreme(seen, batch, d_highest, block=1) + _extreme(seen, batch, d_lowest, block=2)
    d_clauses[batch.last] += d_last
    d_clauses[batch.first] += d_first
    d_sums = d_clauses * batch.clause_scale[:, None] + (d_mean * batch.text_scale[:, None])[batch.text_of]
    dense = [seen.features.T @ inner, inner.sum(axis=0), output, error.sum(axis=0)]
    return dense, np.asarray(batch.counts.T @ d_sums)


def _extreme(seen: Activations, batch: Batch, error: F32, *, block: int) -> F32:
    """Gradient through relu(max) or relu(min): to the clauses that hold the extreme value, shared where several do."""
    width = seen.clauses.shape[1]
    value = seen.features[:, block * width : (block + 1) * width]
    holds = (seen.clauses == value[batch.text_of]) & (seen.clauses > 0)
    holders = np.add.reduceat(holds, batch.first, dtype=np.float32)
    return np.asarray(holds * (error / np.maximum(holders, 1))[batch.text_of])


def logit_error(logits: F32, tasks: Sequence[Task], texts: NDArray[np.int64], slices: dict[str, slice]) -> tuple[float, F32]:
    """Mean loss over the batch, and its gradient float32 (n, K)."""
    error, loss = np.zeros_like(logits), 0.0
    for task in tasks:
        z, target = logits[:, slices[task.name]], task.targets[texts]
        weight = task.weights[texts][:, None] / np.float32(len(texts))
        if task.exclusive:
            shifted = z - z.max(axis=1, keepdims=True)
            log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
            loss -= float((weight * target * log_p).sum())
            error[:, slices[task.name]] = weight * (np.exp(log_p) - target)
        else:
            loss += float((weight * (np.logaddexp(0, z) - target * z)).sum())
            error[:, slices[task.name]] = weight * (0.5 + 0.5 * np.tanh(z / 2) - target)
    return loss, error


@dataclass(frozen=True)
class Schedule:
    """steps of ``batch`` texts; both rates fall linearly to 2 %. dropout: share of n-grams left out of each step."""

    steps: int
    batch: int = 512
    embedding_rate: float = 0.2
    dense_rate: float = 2e-3
    dropout: float = 0.5
    decay: float = 1e-3
    seed: int = 0


def fit_network(
    network: Network, data: Clauses, tasks: Sequence[Task], sampling: NDArray[np.float64], schedule: Schedule
) -> Iterator[float]:
    """Train in place; yields the loss of each step. sampling: float64 (n_texts,), how often a text is drawn.

    Embedding rows: AdaGrad with one accumulator per row (Duchi et al. 2011); dense parameters: AdamW (Loshchilov & Hutter 2019).
    """
    generator = np.random.default_rng([schedule.seed, 1])
    number = np.zeros(len(network.embedding), np.int64)
    squares = np.full(len(network.embedding), 1e-6, np.float32)
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in network.dense()]
    edges = np.cumsum(sampling)
    edges /= edges[-1]  # the last is 1 to the bit, so that a text of weight 0 at the end is never drawn
    scale = np.float32(1 / (1 - schedule.dropout))

    def keep(size: int) -> F32:
        return (generator.random(size, dtype=np.float32) >= schedule.dropout) * scale

    for step in range(schedule.steps):
        texts = np.searchsorted(edges, generator.random(schedule.batch), side="right")
        batch = take(data, texts, number, network.norm_limit, keep)
        seen = forward(network, batch)
        loss, error = logit_error(seen.logits, tasks, texts, network.slices)
        dense, rows = backward(network, batch, seen, error)
        rate = max(1 - step / schedule.steps, 0.02)
        _adam(network.dense(), dense, moments, step, rate * schedule.dense_rate, schedule.decay)
        squares[batch.touched] += (rows * rows).mean(axis=1)
        network.embedding[batch.touched] -= np.float32(rate * schedule.embedding_rate) * rows / np.sqrt(squares[batch.touched])[:, None]
        yield loss


def _adam(parameters: list[F32], gradients: list[F32], moments: list[tuple[F32, F32]], step: int, rate: float, decay: float) -> None:
    for parameter, gradient, (first, second) in zip(parameters, gradients, moments, strict=True):
        first += 0.1 * (gradient - first)
        second += 0.001 * (gradient * gradient - second)
        mean, spread = first / (1 - 0.9 ** (step + 1)), second / (1 - 0.999 ** (step + 1))
        parameter -= np.float32(rate) * (mean / (np.sqrt(spread) + np.float32(1e-8)) + np.float32(decay) * parameter)


def features_and_logits(network: Network, data: Clauses, chunk: int = 2048) -> tuple[F32, F32]:
    """Float features (n, BLOCKS * D) and logits (n, K) of all texts, without dropout."""
    number = np.zeros(len(network.embedding), np.int64)
    features = np.zeros((data.n_texts, len(network.hidden)), np.float32)
    logits = np.zeros((data.n_texts, len(network.output_bias)), np.float32)
    for start in range(0, data.n_texts, chunk):
        texts = np.arange(start, min(start + chunk, data.n_texts))
        seen = forward(network, take(data, texts, number, network.norm_limit, None))
        features[texts], logits[texts] = seen.features, seen.logits
    return features, logits
