"""Adapting a model to some hundred labels of one's own: the vectors of their n-grams move, everything else stays.

The model is turned back into floats and trained on with small steps. Only the vectors of n-grams move, so that a label speaks through its
words and what other words mean is kept as far as it can be; and the arrays beside them, their ranges and exact sums stay those of the
model. Where a text has no label for a head, the model's own reading of it is the target (learning without forgetting, Li & Hoiem 2017):
a head that nobody labelled stays about as it was.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.familiar import make_bitmap, pair_places
from feedback_nlp.scorer.model import (
    BUNDLED,
    DENSE_ARRAYS,
    HEADS,
    POLARITY,
    Model,
    bundled_models,
    head_slices,
    load_model,
    read_manifest,
    save_model,
)
from feedback_nlp.scorer.network import ACTIVATION_LIMIT
from feedback_nlp.scorer.pool import LIMIT
from feedback_nlp.text.characters import character_table
from feedback_nlp.text.clean import clean
from feedback_nlp.train.calibrate import log_softmax, rounded_f1
from feedback_nlp.train.card import write_card
from feedback_nlp.train.fit import FAMILIAR_LEAST, FOLDS, check_rows, folds_of, make_folder
from feedback_nlp.train.labels import Labels
from feedback_nlp.train.network import F32, Clauses, Network, Schedule, Task, features_and_logits, fit_network, read_clauses
from feedback_nlp.train.tasks import ONE_OF, class_mix, class_targets, flag_targets, flags_known

#: What ``start`` calls the model that ships.
BUNDLED_START = "bundled"

#: Step of the vectors, where the largest number in them is 1; draws of each text, and the least and most steps of BATCH texts. Chosen with
#: 300 and 800 labels of two sources that a model had not seen, among rates of 0.02 to 0.2 and 60 and 200 steps: larger steps gain little
#: there and lose much elsewhere.
RATE, PASSES, BATCH = 0.02, 20, 256
LEAST_STEPS, MOST_STEPS = 60, 3000


@dataclass(frozen=True)
class AdaptOptions:
    """folds: so many of the five parts are held out in turn, for figures alone; split: "text" or "source"; seed: of the draws."""

    folds: int = FOLDS
    split: str = "text"
    seed: int = 0

    def __post_init__(self) -> None:
        if type(self.folds) is not int or not 0 <= self.folds <= FOLDS:
            raise InputError(f"folds: expected a whole number, 0 to {FOLDS}, got {self.folds}")
        if self.split not in ("text", "source"):
            raise InputError(f"split: expected 'text' or 'source', got {self.split!r}")


def adapt(
    labels: Labels, out: str | Path, *, start: str | Path = BUNDLED_START, options: AdaptOptions | None = None, name: str = "custom"
) -> dict[str, Any]:
    """Adapt a model to ``labels`` and write the folder of a new one. Returns its manifest.

    labels: any heads, any rows; soft labels and polarity are refused. start: "bundled", or a model folder.
    ``training.held_out`` of the manifest has the figures of the new model ("all") and of the one it began with ("before") on the same
    texts, each read by a model that was adapted without it. The same arguments and versions give the same bytes.
    Raises InputError where there is nothing to learn from or ``out`` cannot be a folder, ModelError for ``start``.
    """
    options = options or AdaptOptions()
    folder = bundled_models() / BUNDLED if start == BUNDLED_START else Path(start)
    model, base = load_model(folder), read_manifest(folder)
    fold = folds_of(labels, split=options.split)
    _check(labels, fold, options)
    make_folder(Path(out))
    data = read_clauses(labels.heads["text"].tolist(), orders=model.orders, bits=len(model.embedding).bit_length() - 1)
    before = features_and_logits(float_network(model), data)[1]
    tasks = _tasks(labels, before)
    after = np.zeros_like(before)
    for number in range(options.folds):
        away = np.flatnonzero(fold == number)
        after[away] = features_and_logits(_tuned(model, data, tasks, fold != number, options.seed), data.take(away))[1]
    judged = np.flatnonzero(fold < options.folds)
    figures = {part: _figures(logits, model, labels, judged) for part, logits in (("before", before), ("all", after)) if len(judged)}
    manifest = {
        **{key: base[key] for key in ("version", "orders", "norm_limit", "thresholds")},
        "name": name,
        "reference": {**base["reference"], **class_mix(labels.heads)},
        "training": {
            "start": model.signature,
            "options": asdict(options),
            "sources": [*base.get("training", {}).get("sources", []), *(asdict(source) for source in labels.sources)],
            "texts": {"heads": len(labels.heads)},
            "held_out": figures,
        },
    }
    tuned = _tuned(model, data, tasks, np.ones(len(fold), dtype=bool), options.seed)
    written = save_model(Path(out), _arrays(model, tuned, labels), manifest)
    write_card(Path(out), written)
    return written


def float_network(model: Model) -> Network:
    """The network that a model was rounded from, with other units: the largest vectors hold 1, hidden units reach 1.

    Its logits are those of the model but for the rounding of features and hidden units, and their clipping.
    """
    dense, scale = model.dense, model.scale * np.float32(LIMIT)
    units = len(dense.hidden_scale)
    output = dense.output_weights * dense.output_scale
    direct = output[units:] * scale[0][:, None]
    slices = {**head_slices(), "polarity": slice(POLARITY, POLARITY + 1)}
    return Network(
        model.embedding.astype(np.float32) / np.float32(LIMIT),
        scale.reshape(-1, 1) * dense.hidden_weights * (dense.hidden_scale / np.float32(ACTIVATION_LIMIT)),
        dense.hidden_bias / np.float32(ACTIVATION_LIMIT),
        np.concatenate([output[:units] * np.float32(ACTIVATION_LIMIT), direct]),
        dense.output_bias.copy(),
        model.norm_limit,
        slices,
    )


def _check(labels: Labels, fold: NDArray[np.intp], options: AdaptOptions) -> None:
    """Raise InputError before anything slow is done."""
    others = [source.file for source in labels.sources if source.labels in ("soft", "polarity")]
    if others:
        raise InputError(
            f"{', '.join(others)}: expected labels of {', '.join(HEADS)}; soft labels and polarity teach only a model made from nothing "
            "(command line: without --start); leave them out"
        )
    check_rows(labels, fold, folds=options.folds, split=options.split)


def _tasks(labels: Labels, logits: F32) -> list[Task]:
    """What people said, and where they said nothing what the model says. logits: float32 (n, N_LOGITS) of the model."""
    tasks, columns, ones = [], head_slices(), np.ones(len(logits), np.float32)
    for head, target in class_targets(labels.heads).items():
        own = np.exp(log_softmax(logits[:, columns[head]].astype(np.float64)))
        tasks.append(Task(head, np.where((target >= 0)[:, None], np.eye(len(HEADS[head]))[target], own).astype(np.float32), ones))
    own = 0.5 + 0.5 * np.tanh(logits / 2)
    flags = np.where(flags_known(labels.heads)[:, None], flag_targets(labels.heads), own[:, columns["risk"]])
    tasks.append(Task("risk", flags.astype(np.float32), ones, exclusive=False))
    tasks.append(Task("polarity", own[:, POLARITY:].astype(np.float32), ones, exclusive=False))
    return tasks


def _tuned(model: Model, data: Clauses, tasks: list[Task], drawn: NDArray[np.bool_], seed: int) -> Network:
    """The network after learning from the texts that are ``drawn``, bool (n,); single-threaded so that the bytes repeat."""
    from threadpoolctl import threadpool_limits

    network = float_network(model)
    steps = int(np.clip(PASSES * drawn.sum() / BATCH, LEAST_STEPS, MOST_STEPS))
    schedule = Schedule(steps, batch=BATCH, embedding_rate=RATE, dense_rate=0.0, decay=0.0, seed=seed)
    with threadpool_limits(1):
        _run(fit_network(network, data, tasks, drawn.astype(np.float64), schedule))
    return network


def _run(steps: Iterator[float]) -> None:
    for _ in steps:
        pass


def _arrays(model: Model, tuned: Network, labels: Labels) -> dict[str, NDArray[Any]]:
    """The arrays of the new model: other vectors, in units that hold the largest of them, and the pairs of characters in the labels."""
    unit = np.float32(max(float(np.abs(tuned.embedding).max()), 1.0))
    whole = ("hidden_weights", "output_weights")
    dense = {key: getattr(model.dense, key).astype(np.int16 if key in whole else np.float32) for key in DENSE_ARRAYS}
    batch = clean(labels.heads["text"].tolist()).batch
    bits = len(model.familiar).bit_length() + 2
    pairs = pair_places(character_table().fold[batch.codes], batch.indptr, bits=bits)
    return {
        **dense,
        "embedding": np.rint(tuned.embedding * (np.float32(LIMIT) / unit)).astype(np.int8),
        "scale": (model.scale * unit).astype(np.float32),
        "decision": model.decision,
        "familiar": model.familiar | make_bitmap(pairs, bits=bits, least=FAMILIAR_LEAST),
    }


def _figures(logits: F32, model: Model, labels: Labels, judged: NDArray[np.intp]) -> dict[str, float]:
    """Macro-F1 and number of texts of the heads that have labels, on the texts ``judged``; of the risks the mean F1 of flags that occur."""
    figures: dict[str, float] = {"texts": len(judged)}
    chosen, columns = logits + model.decision, head_slices()
    for head, target in class_targets(labels.heads).items():
        rows = judged[target[judged] >= 0]
        if head in ONE_OF and len(rows):
            figures[f"{head}_texts"] = len(rows)
            figures[f"{head}_macro_f1"] = rounded_f1(target[rows], chosen[rows, columns[head]].argmax(axis=1), average="macro")
    rows, flags = judged[flags_known(labels.heads)[judged]], flag_targets(labels.heads)
    if flags[rows].any():
        limits = [model.thresholds.get(f"risk_{code}", 0.5) for code in HEADS["risk"]]
        raised = 1 / (1 + np.exp(-logits[:, columns["risk"]].astype(np.float64))) >= limits
        occur = np.flatnonzero(flags[rows].any(axis=0))
        figures["risk_texts"] = len(rows)
        figures["risk_macro_f1"] = rounded_f1(flags[np.ix_(rows, occur)], raised[np.ix_(rows, occur)], average="macro")
    return figures
