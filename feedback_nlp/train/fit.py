"""Training the scorer's model: one network for all heads, calibrated on texts it did not see, rounded to whole numbers.

1. The clause network (``train.network``) learns from readers' labels, a teacher's soft labels and polarity at once.
2. Texts are split by hash into five folds. For the folds that are held out in turn a network learns without them; its logits there give
   the figures of the model card, the calibration, the choice of classes and the threshold for abstaining.
3. A network that saw everything is calibrated the same way, rounded and written.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.familiar import make_bitmap, pair_places, unfamiliar_share
from feedback_nlp.scorer.model import HEADS, N_LOGITS, POLARITY, head_slices, save_model
from feedback_nlp.text.characters import character_table
from feedback_nlp.text.clean import clean
from feedback_nlp.train.calibrate import (
    Calibration,
    abstain_threshold,
    calibrate_classes,
    calibrate_flag,
    flag_threshold,
    log_softmax,
    rounded_f1,
)
from feedback_nlp.train.card import write_card
from feedback_nlp.train.distil import taught
from feedback_nlp.train.labels import Labels, text_fraction
from feedback_nlp.train.network import F32, Network, Schedule, features_and_logits, fit_network, new_network
from feedback_nlp.train.quantise import quantise
from feedback_nlp.train.tasks import ONE_OF, Lesson, class_mix, class_targets, flag_targets, flags_known, make_lesson

#: Texts beyond this quantile of the labelled texts' numbers of n-grams count as long (``ngrams.text_norm``).
LONG_TEXT_QUANTILE = 0.95

#: Parts that the texts are split into by hash.
FOLDS = 5

#: Steps of training, whatever ``passes`` says.
LEAST_STEPS, MOST_STEPS = 300, 6000

#: A fair sample smaller than this cannot calibrate; then all labelled texts do.
LEAST_NATURAL = 500

#: The bitmap of familiar pairs has 2**22 bits; a pair counts as seen from its second occurrence on.
FAMILIAR_BITS, FAMILIAR_LEAST = 22, 2


@dataclass(frozen=True)
class TrainOptions:
    """How to train.

    orders, bits: n-grams of order 1..orders in 2**bits buckets. width: length of their vectors; hidden: units of the hidden layer.
    passes: how often each text with readers' labels is drawn, within 300 to 6,000 steps of 512 texts.
    soft_share, polarity_share: draws of texts with soft labels, or with polarity, for each draw of a text with readers' labels.
    balance: 0 leaves the classes of type and urgency their natural weight in training, 1 weighs all alike.
    dropout: share of n-grams left out of each draw. abstain_accuracy: the threshold for abstaining is the lowest at which kept types
    are right this often on held-out texts.
    teachers: so many networks learn first, and the network that is kept learns from their mean as well (``train.distil``).
    folds: 1 to 5 of the five parts are held out in turn, for figures and calibration; 0 leaves both out.
    split: "text" makes the parts by text hash, "source" keeps the texts of one source together (shows what unseen sources cost).
    seed: the result depends on data, options and versions alone. jobs: processes.
    """

    orders: int = 3
    bits: int = 17
    width: int = 64
    hidden: int = 64
    passes: float = 26.0
    soft_share: float = 0.67
    polarity_share: float = 0.33
    balance: float = 0.5
    dropout: float = 0.5
    abstain_accuracy: float = 0.85
    teachers: int = 0
    folds: int = 1
    split: str = "text"
    seed: int = 0
    jobs: int = 1

    def __post_init__(self) -> None:
        limits: dict[str, tuple[float, float]]
        limits = {"orders": (1, 8), "bits": (8, 22), "width": (1, 512), "hidden": (1, 1024), "folds": (0, FOLDS), "jobs": (1, 1024)}
        limits |= {"passes": (0, 1000), "soft_share": (0, 100), "polarity_share": (0, 100), "balance": (0, 1), "dropout": (0, 0.95)}
        limits |= {"teachers": (0, 100), "seed": (0, 2**32), "abstain_accuracy": (0, 1)}
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high or (type(value) is not int and isinstance(getattr(TrainOptions, name), int)):
                kind = "a whole number, " if isinstance(getattr(TrainOptions, name), int) else ""
                raise InputError(f"{name}: expected {kind}{low} to {high}, got {value}")
        if self.split not in ("text", "source"):
            raise InputError(f"split: expected 'text' or 'source', got {self.split!r}")


def train(labels: Labels, out: str | Path, options: TrainOptions | None = None, *, name: str = "default") -> dict[str, Any]:
    """Train on ``labels`` and write a model folder. Returns the manifest, held-out figures included.

    Raises InputError where ``out`` cannot be a folder, where no text has readers' labels, and where holding out leaves none to learn from.
    """
    from importlib.metadata import version

    options = options or TrainOptions()
    fold = folds_of(labels, split=options.split)
    _check(labels, fold, Path(out), options)
    lesson = make_lesson(
        labels,
        orders=options.orders,
        bits=options.bits,
        soft_share=options.soft_share,
        polarity_share=options.polarity_share,
        balance=options.balance,
    )
    norm_limit, arrays, logits = _fit_all(lesson, fold, options)
    judged = np.flatnonzero(fold < options.folds)
    fair = _fair(labels, judged)
    calibrations, thresholds = _calibrate(logits, labels, fair, judged, options)
    familiar, unfamiliar = _familiar(labels, fold)
    arrays |= {**_calibrated(arrays, calibrations), "familiar": familiar}
    usual = fair if len(fair) else _fair(labels, np.arange(len(fold)))
    shares = class_mix(labels.heads.iloc[usual])
    manifest = {
        "name": name,
        "version": "2",
        "orders": options.orders,
        "norm_limit": norm_limit,
        "thresholds": thresholds,
        "reference": {**shares, "unfamiliar": round(unfamiliar, 4)},
        "training": {
            "options": {key: value for key, value in asdict(options).items() if key != "jobs"},
            "sources": [asdict(source) for source in labels.sources],
            "texts": {"heads": len(labels.heads), "soft": len(labels.soft), "polarity": len(labels.polarity)},
            "held_out": _figures(logits, calibrations, thresholds, labels, judged),
            "versions": {package: version(package) for package in ("numpy", "scipy", "scikit-learn", "opencc")},
        },
    }
    written = save_model(Path(out), arrays, manifest)
    write_card(Path(out), written)
    return written


def _check(labels: Labels, fold: NDArray[np.intp], out: Path, options: TrainOptions) -> None:
    """Raise InputError before anything slow is done; makes the folder ``out``."""
    check_rows(labels, fold, folds=options.folds, split=options.split)
    missing = [head for head in HEADS if labels.heads[head].isna().all()]
    if missing:
        raise InputError(
            f"no table has labels of {', '.join(missing)}, and a model made from nothing needs some of each of {', '.join(HEADS)}; "
            "add them, or begin with a model that knows them, which keeps what nobody labelled (command line: --start bundled)"
        )
    make_folder(out)


def check_rows(labels: Labels, fold: NDArray[np.intp], *, folds: int, split: str) -> None:
    """Raise InputError where there is nothing to learn from, or nothing beside what is held out."""
    if not len(labels.heads):
        raise InputError("expected texts with readers' labels to train on, got none: the tables are empty, or all their texts are excluded")
    whole = [number for number in range(folds) if (fold == number).all()]
    if whole:
        got = f"all {len(fold)} labelled texts are in fifth {whole[0] + 1} by {split}"
        raise InputError(f"folds: expected texts to learn from beside those held out, but {got}; give more texts or sources, or folds 0")


def make_folder(out: Path) -> None:
    """Make the folder of a model. Raises InputError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: expected a folder that can be written ({error.strerror}); give another one") from error


def _fair(labels: Labels, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """The rows of the fair sample where there are enough of them, else all rows."""
    natural = labels.heads["natural"].to_numpy(bool)[rows]
    return rows[natural] if natural.sum() >= LEAST_NATURAL else rows


def folds_of(labels: Labels, *, split: str) -> NDArray[np.intp]:
    """Part 0..4 of each labelled text: by its hash (split "text"), or with all texts of its source ("source")."""
    if split == "text":
        return (text_fraction(labels.heads["text"].tolist()) * FOLDS).astype(np.intp)
    sizes = labels.heads["source"].value_counts(sort=False)
    order = sorted(sizes.index, key=lambda source: (-sizes[source], source))
    return np.asarray(labels.heads["source"].map({source: rank % FOLDS for rank, source in enumerate(order)}), dtype=np.intp)


def _fit_all(lesson: Lesson, fold: NDArray[np.intp], options: TrainOptions) -> tuple[float, dict[str, NDArray[Any]], F32]:
    """Norm limit and arrays of the network that saw everything; logits of labelled texts by networks that did not (zeros elsewhere)."""
    from joblib import Parallel, delayed

    away = [np.flatnonzero(fold == number) for number in range(options.folds)]
    jobs = [delayed(_fit_and_round)(lesson, options)] + [delayed(_fit_and_read)(lesson, part, options) for part in away]
    (norm_limit, arrays), *read = Parallel(n_jobs=options.jobs)(jobs)
    logits = np.zeros((lesson.n_labelled, N_LOGITS), np.float32)
    for part, values in zip(away, read, strict=True):
        logits[part] = values
    return norm_limit, arrays, logits


def _fit(lesson: Lesson, options: TrainOptions) -> Network:
    """One network, after its teachers where there are any."""
    if not options.teachers:
        return _fit_one(lesson, options)
    total = np.zeros((lesson.data.n_texts, sum(task.targets.shape[1] for task in lesson.tasks)), np.float32)
    for number in range(options.teachers):
        teacher = _fit_one(lesson, replace(options, seed=options.seed + 1 + number))
        total += features_and_logits(teacher, lesson.data)[1]
    return _fit_one(taught(lesson, np.asarray(total / options.teachers, np.float32), teacher.slices), options)


def _fit_one(lesson: Lesson, options: TrainOptions) -> Network:
    """One network. A bucket is 0 where no text that was drawn uses it, as it is for the n-grams of texts to come."""
    sizes = np.diff(lesson.data.clause_ptr[lesson.data.text_ptr])[: lesson.n_labelled]
    limit = max(float(np.quantile(sizes, LONG_TEXT_QUANTILE)), 1.0)
    shape = {"bits": options.bits, "width": options.width, "hidden": options.hidden}
    network = new_network(lesson.tasks, **shape, norm_limit=limit, seed=options.seed)
    drawn = lesson.sampling > 0
    labelled_share = lesson.sampling[: lesson.n_labelled].sum() / lesson.sampling.sum()
    batch = Schedule.batch
    steps = int(np.clip(options.passes * drawn[: lesson.n_labelled].sum() / (batch * labelled_share), LEAST_STEPS, MOST_STEPS))
    schedule = Schedule(steps, dropout=options.dropout, seed=options.seed)
    for _ in fit_network(network, lesson.data, lesson.tasks, lesson.sampling, schedule):
        pass
    network.embedding[lesson.data.take(np.flatnonzero(drawn)).unseen(options.bits)] = 0
    return network


def _fit_and_round(lesson: Lesson, options: TrainOptions) -> tuple[float, dict[str, NDArray[Any]]]:
    """Norm limit of a network that drew all texts, and the arrays it is rounded to; single-threaded so that the bytes repeat."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        network = _fit(lesson, options)
        features, _ = features_and_logits(network, lesson.data.first(lesson.n_labelled))
        return network.norm_limit, quantise(network, features, _output_order(network))


def _fit_and_read(lesson: Lesson, away: NDArray[np.intp], options: TrainOptions) -> F32:
    """Logits of the texts ``away`` by a network that never drew them; single-threaded as well."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        network = _fit(lesson.without(away), options)
        _, logits = features_and_logits(network, lesson.data.take(away))
    return logits[:, _output_order(network)]


def _output_order(network: Network) -> NDArray[np.intp]:
    """Columns of the network's output in the order of the model's logits."""
    return np.concatenate([np.arange(len(network.output_bias))[network.slices[name]] for name in (*HEADS, "polarity")])


def _calibrate(
    logits: F32, labels: Labels, fair: NDArray[np.intp], judged: NDArray[np.intp], options: TrainOptions
) -> tuple[dict[int, tuple[slice, Calibration]], dict[str, float]]:
    """Calibration of each group of columns, by its first column, and the thresholds; identities where nothing was held out.

    fair: rows that calibrate. judged: all held-out rows; the flags' thresholds need every example there is.
    """
    parts, targets, flags = head_slices(), class_targets(labels.heads), flag_targets(labels.heads)
    by_head = {head: Calibration(1.0, np.zeros(len(HEADS[head])), np.zeros(len(HEADS[head]))) for head in ONE_OF}
    if len(fair):
        said = {head: fair[targets[head][fair] >= 0] for head in ONE_OF}
        by_head |= {head: calibrate_classes(logits[rows, parts[head]], targets[head][rows]) for head, rows in said.items() if len(rows)}
    found = {parts[head].start: (parts[head], calibration) for head, calibration in by_head.items()}
    thresholds = {"type": 0.0}
    read = flags_known(labels.heads)
    looked, judged = fair[read[fair]], judged[read[judged]]
    for number, (code, column) in enumerate(zip(HEADS["risk"], range(parts["risk"].start, POLARITY), strict=True)):
        calibration = calibrate_flag(logits[looked, column], flags[looked, number])
        found[column] = (slice(column, column + 1), calibration)
        probabilities = 1 / (1 + np.exp(-calibration.apply(logits[judged, column])))
        thresholds[f"risk_{code}"] = flag_threshold(probabilities, flags[judged, number])
    typed = fair[targets["type"][fair] >= 0]
    if len(typed):
        chosen, probabilities = _choose(logits[typed, parts["type"]], by_head["type"])
        thresholds["type"] = abstain_threshold(probabilities, chosen, targets["type"][typed], options.abstain_accuracy)
    return found, thresholds


def _choose(logits: F32, calibration: Calibration) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Chosen class and probabilities of held-out logits."""
    calibrated = calibration.apply(logits)
    return (calibrated + calibration.decision).argmax(axis=1), np.exp(log_softmax(calibrated))


def _calibrated(arrays: dict[str, NDArray[Any]], calibrations: dict[int, tuple[slice, Calibration]]) -> dict[str, NDArray[np.float32]]:
    """The output's scale and bias with the calibration folded in, and the decision offsets."""
    scale, bias, decision = arrays["output_scale"].copy(), arrays["output_bias"].copy(), np.zeros(N_LOGITS, np.float32)
    for part, calibration in calibrations.values():
        scale[part] *= calibration.slope
        bias[part] = calibration.slope * bias[part] + calibration.offset
        decision[part] = calibration.decision
    return {"output_scale": scale, "output_bias": bias, "decision": decision}


def _familiar(labels: Labels, fold: NDArray[np.intp]) -> tuple[NDArray[np.uint8], float]:
    """The bitmap of familiar pairs, and the usual share of unfamiliar ones: that of one fold by a bitmap made without it."""
    table = character_table()
    heads, rest = labels.heads["text"], [*labels.soft["text"], *labels.polarity["text"]]
    here, others = clean(heads[fold == 0].tolist()).batch, clean([*heads[fold != 0], *rest]).batch
    places = [pair_places(table.fold[batch.codes], batch.indptr, bits=FAMILIAR_BITS) for batch in (others, here)]
    without = make_bitmap(places[0], bits=FAMILIAR_BITS, least=FAMILIAR_LEAST)
    shares = unfamiliar_share(table.fold[here.codes], here.indptr, without)
    bitmap = make_bitmap(np.concatenate(places), bits=FAMILIAR_BITS, least=FAMILIAR_LEAST)
    return bitmap, float(shares.mean()) if len(shares) else 0.0


def _figures(
    logits: F32,
    calibrations: dict[int, tuple[slice, Calibration]],
    thresholds: dict[str, float],
    labels: Labels,
    judged: NDArray[np.intp],
) -> dict[str, dict[str, float]]:
    """Macro-F1 of the one-of heads and F1 of the flags (at their thresholds) on held-out texts: all, and the fair sample alone."""
    natural = labels.heads["natural"].to_numpy(bool)
    targets, flags, result = class_targets(labels.heads), flag_targets(labels.heads), {}
    for name, rows in (("all", judged), ("natural", judged[natural[judged]])):
        if not len(rows):
            continue
        figures: dict[str, float] = {"texts": len(rows)}
        for head in ONE_OF:
            part, calibration = calibrations[head_slices()[head].start]
            said = rows[targets[head][rows] >= 0]
            chosen, _ = _choose(logits[said, part], calibration)
            figures[f"{head}_macro_f1"] = rounded_f1(targets[head][said], chosen, average="macro")
        read = rows[flags_known(labels.heads)[rows]]
        for number, code in enumerate(HEADS["risk"]):
            part, calibration = calibrations[head_slices()["risk"].start + number]
            raised = 1 / (1 + np.exp(-calibration.apply(logits[read, part])[:, 0])) >= thresholds[f"risk_{code}"]
            figures[f"risk_{code}_f1"] = rounded_f1(flags[read, number], raised, average="binary")
        result[name] = figures
    return result
