"""Training the scorer's table: logistic regressions over hashed n-grams, folded into one weight per n-gram and class.

1. A polarity model (positive against negative) learns from the polarity tables.
2. Every head learns from the n-grams and from that model's logit as one more feature. The logit is linear in the same n-grams, so it
   is folded into the head's own weights: scoring stays one pass over one table.
3. Cross-validation by text hash gives the figures of the model card and the threshold for abstaining.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.model import HEADS, N_LOGITS, head_slices, save_model
from feedback_nlp.train.card import write_card
from feedback_nlp.train.features import idf, ngram_counts, squares, weighted
from feedback_nlp.train.labels import Labels, text_fraction

#: Texts beyond this quantile of the labelled texts' norms count as long (``ngrams.text_norm``).
LONG_TEXT_QUANTILE = 0.95


#: Share of the sentiment labels' class mix that is taken out of the model, see ``_temper_prior``.
PRIOR_REMOVED = 0.5


@dataclass(frozen=True)
class TrainOptions:
    """How to train.

    orders, bits: n-grams of order 1..orders in 2**bits buckets. inverse_regularisation: C of the logistic regressions.
    polarity_scale: how strongly the polarity logit enters (its coefficient is regularised like the others).
    abstain_accuracy: the threshold for abstaining is the lowest at which kept types are right this often in cross-validation.
    folds: of the cross-validation; 0 leaves it out. seed: of the solver; the result depends on data, options and versions alone.
    """

    orders: int = 3
    bits: int = 17
    inverse_regularisation: float = 6.0
    polarity_scale: float = 0.3
    abstain_accuracy: float = 0.85
    folds: int = 5
    max_iterations: int = 80
    seed: int = 0
    jobs: int = 1

    def __post_init__(self) -> None:
        if not (1 <= self.orders <= 8 and 8 <= self.bits <= 22 and self.folds != 1 and self.folds >= 0):
            raise InputError(f"expected orders 1..8, bits 8..22 and folds 0 or at least 2, got {self}")


@dataclass(frozen=True)
class Linear:
    """weights: float64 (buckets, classes); bias: float64 (classes,)."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def logits(self, features: Any) -> NDArray[np.float64]:
        """(n, buckets) sparse -> (n, classes)."""
        return np.asarray(features @ self.weights + self.bias)


def train(labels: Labels, out: str | Path, options: TrainOptions | None = None, *, name: str = "default") -> dict[str, Any]:
    """Train on ``labels`` and write a model folder. Returns the manifest, cross-validated figures included."""
    from importlib.metadata import version

    options = options or TrainOptions()
    counts = ngram_counts(labels.heads["text"].tolist(), orders=options.orders, bits=options.bits)
    polarity_counts = ngram_counts(labels.polarity["text"].tolist(), orders=options.orders, bits=options.bits)
    idf_values = _joint_idf(counts, polarity_counts)
    norm_limit = float(np.quantile(squares(counts, idf_values), LONG_TEXT_QUANTILE))
    features = weighted(counts, idf_values, norm_limit=norm_limit)
    polarity_features = weighted(polarity_counts, idf_values, norm_limit=norm_limit)
    polarity = _fit_polarity(polarity_features, labels.polarity["polarity"].to_numpy(), options)
    targets = head_targets(labels)
    figures, threshold = _cross_validate(features, polarity, targets, labels, options)
    heads = _fit_heads(features, polarity, targets, options)
    weights = np.zeros((1 << options.bits, N_LOGITS), dtype=np.float32)
    bias = np.zeros(N_LOGITS, dtype=np.float32)
    for head, part in head_slices().items():
        weights[:, part] = idf_values[:, None] * heads[head].weights
        bias[part] = heads[head].bias
    packages = {package: version(package) for package in ("numpy", "scipy", "scikit-learn", "opencc")}
    manifest = {
        "name": name,
        "version": "1",
        "orders": options.orders,
        "norm_limit": norm_limit,
        "thresholds": {"type": threshold},
        "training": {
            "options": {key: value for key, value in asdict(options).items() if key != "jobs"},
            "sources": [asdict(source) for source in labels.sources],
            "cross_validation": figures,
            "versions": packages,
        },
    }
    written = save_model(Path(out), weights=weights, idf_squared=idf_values**2, bias=bias, manifest=manifest)
    write_card(Path(out), written)
    return written


def head_targets(labels: Labels) -> dict[str, NDArray[Any]]:
    """Class index (n,) of each one-of head, and bool (n, 6) of the risk flags."""
    targets: dict[str, NDArray[Any]] = {}
    for head in ("type", "sentiment", "urgency"):
        numbers = {label: number for number, label in enumerate(HEADS[head])}
        targets[head] = labels.heads[head].astype(str).map(numbers).to_numpy()
    flags = labels.heads["risk"].str.split(",")
    targets["risk"] = np.stack([flags.map(lambda found, code=code: code in found).to_numpy(bool) for code in HEADS["risk"]], axis=1)
    return targets


def _joint_idf(counts: Any, polarity_counts: Any) -> NDArray[np.float32]:
    from scipy.sparse import vstack

    return idf(vstack([counts, polarity_counts], format="csr"))


def _logistic(features: Any, target: NDArray[Any], options: TrainOptions, *, balanced: bool) -> Linear:
    """One (multinomial) logistic regression, single-threaded so that its bytes repeat."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    model = LogisticRegression(
        C=options.inverse_regularisation,
        max_iter=options.max_iterations,
        class_weight="balanced" if balanced else None,
        random_state=options.seed,
    )
    with threadpool_limits(1), _silence_convergence():
        model.fit(features, target)
    return Linear(model.coef_.T.astype(np.float64), model.intercept_.astype(np.float64))


@contextmanager
def _silence_convergence() -> Iterator[None]:
    """Stopping after ``max_iterations`` is the chosen early stop, not a fault worth a warning."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _fit_polarity(features: Any, polarity: NDArray[np.int8], options: TrainOptions) -> Linear:
    """Positive against negative; zero weights where no polarity table was given."""
    clear = polarity != 0
    if len(np.unique(polarity[clear])) < 2:
        return Linear(np.zeros((features.shape[1], 1)), np.zeros(1))
    return _logistic(features[clear], polarity[clear] > 0, options, balanced=False)


def _fit_folded(features: Any, polarity: Linear, target: NDArray[Any], n_classes: int, options: TrainOptions, *, balanced: bool) -> Linear:
    """A head over n-grams and the scaled polarity logit, the latter folded into the former's weights."""
    from scipy.sparse import csr_array, hstack

    present = np.unique(target)
    if len(present) < 2:  # the one class seen, or the flag's one value, is certain
        chosen = np.arange(n_classes) == present[0] if n_classes > 1 else present.astype(bool)
        return Linear(np.zeros((features.shape[1], n_classes)), np.where(chosen, 5.0, -5.0))
    logit = csr_array((polarity.logits(features) * options.polarity_scale).astype(np.float32))
    joint = _logistic(hstack([features, logit], format="csr"), target, options, balanced=balanced)
    through = joint.weights[-1:] * options.polarity_scale
    weights = joint.weights[:-1] + polarity.weights @ through
    bias = joint.bias + polarity.bias @ through
    if weights.shape[1] == n_classes:
        return Linear(weights, bias)
    return _spread(weights, bias, present.astype(np.intp), n_classes)


def _spread(weights: NDArray[np.float64], bias: NDArray[np.float64], present: NDArray[np.intp], n_classes: int) -> Linear:
    """Columns for all classes of a head where the labels held only some; a class without labels is never chosen."""
    if weights.shape[1] == 1:  # two classes: one logit for the second, so half each way
        weights, bias = np.hstack([-weights / 2, weights / 2]), np.concatenate([-bias / 2, bias / 2])
    full_weights, full_bias = np.zeros((len(weights), n_classes)), np.full(n_classes, -30.0)
    full_weights[:, present], full_bias[present] = weights, bias
    return Linear(full_weights, full_bias)


def _fit_heads(features: Any, polarity: Linear, targets: dict[str, NDArray[Any]], options: TrainOptions) -> dict[str, Linear]:
    """All heads. Type and urgency weigh classes equally (rare ones matter); sentiment and risk keep their natural balance."""
    from joblib import Parallel, delayed

    jobs = [("type", True), ("sentiment", False), ("urgency", True)]
    fits = [delayed(_fit_folded)(features, polarity, targets[h], len(HEADS[h]), options, balanced=b) for h, b in jobs]
    fits += [delayed(_fit_folded)(features, polarity, flag, 1, options, balanced=False) for flag in targets["risk"].T]
    fitted = Parallel(n_jobs=options.jobs)(fits)
    risks = fitted[len(jobs) :]
    risk = Linear(np.hstack([r.weights for r in risks]), np.concatenate([r.bias for r in risks]))
    heads = {**{head: model for (head, _), model in zip(jobs, fitted, strict=False)}, "risk": risk}
    return {**heads, "sentiment": _temper_prior(heads["sentiment"], targets["sentiment"], len(HEADS["sentiment"]))}


def _temper_prior(model: Linear, target: NDArray[Any], n_classes: int) -> Linear:
    """Take half of the labels' class mix (on the log scale) out of the bias.

    Two thirds of the labels are negative, because complaints were preferred when they were chosen; a user's mix is another. With the
    whole mix left in, the sign of polarity leans to the negative.
    """
    share = (np.bincount(target, minlength=n_classes) + 1) / (len(target) + n_classes)
    return Linear(model.weights, model.bias - PRIOR_REMOVED * np.log(share * n_classes))


def _cross_validate(
    features: Any, polarity: Linear, targets: dict[str, NDArray[Any]], labels: Labels, options: TrainOptions
) -> tuple[dict[str, float], float]:
    """Macro-F1 per one-of head on texts not trained on, and the abstain threshold. Folds are made by text hash."""
    from sklearn.metrics import f1_score

    if not options.folds:
        return {}, 0.0
    fold = (text_fraction(labels.heads["text"].tolist()) * options.folds).astype(int)
    logits = {head: np.zeros((len(fold), len(HEADS[head]))) for head in HEADS}
    for number in range(options.folds):
        rest, here = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        heads = _fit_heads(features[rest], polarity, {h: t[rest] for h, t in targets.items()}, options)
        for head, model in heads.items():
            logits[head][here] = model.logits(features[here])
    chosen = {head: values.argmax(axis=1) for head, values in logits.items() if head != "risk"}
    figures = {f"{h}_macro_f1": round(float(f1_score(targets[h], p, average="macro", zero_division=0)), 4) for h, p in chosen.items()}
    hits = {code: f1_score(targets["risk"][:, i], logits["risk"][:, i] > 0, zero_division=0) for i, code in enumerate(HEADS["risk"])}
    figures |= {f"risk_{code}_f1": round(float(value), 4) for code, value in hits.items()}
    return figures, _abstain_threshold(logits["type"], targets["type"], options.abstain_accuracy)


def _abstain_threshold(logits: NDArray[np.float64], target: NDArray[Any], accuracy: float) -> float:
    """Lowest confidence, in steps of 0.01, above which types are right with the given accuracy; 1.0 where none is."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    confidence = powers.max(axis=1) / powers.sum(axis=1)
    right = logits.argmax(axis=1) == target
    for step in range(100):
        kept = confidence >= step / 100
        if kept.any() and right[kept].mean() >= accuracy:
            return step / 100
    return 1.0
