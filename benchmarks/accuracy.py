"""Accuracy of the bundled model on texts it was not trained on.

    python -m benchmarks.accuracy [--data DIR] [--texts N] [--record]

``--record`` writes what is printed between the two markers of the model card, with the signature of model and libraries.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import SEED, markdown_table, package_versions, read_table, use_data_folder
from benchmarks.metrics import BINS, RESAMPLES, calibration_error, confusion, f1_scores, macro_f1, macro_f1_interval
from benchmarks.unseen import Overlap, overlap, training_texts
from feedback_nlp import BatchScorer
from feedback_nlp.scorer.model import BUNDLED, HEADS, bundled_models
from feedback_nlp.sentiment.second_opinion import snownlp_polarity
from feedback_nlp.train.labels import held_out

START, END = "<!-- figures:start -->", "<!-- figures:end -->"
ONE_OF = ("type", "sentiment", "urgency")
#: SnowNLP was trained on the texts of this source.
SNOWNLP_TRAINED = "books_hotels_noisy"


@dataclass(frozen=True)
class Head:
    """One head on the dev labels: truth and chosen are class numbers (n,), confidence float (n,)."""

    name: str
    truth: NDArray[np.intp]
    chosen: NDArray[np.intp]
    confidence: NDArray[np.float32]

    def counts(self, rows: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Confusion matrix of the chosen rows."""
        return confusion(self.truth[rows], self.chosen[rows], len(HEADS[self.name]))


def head_results(dev: Any, scores: Any) -> list[Head]:
    """Truth against score for the three one-of heads."""
    results = []
    for name in ONE_OF:
        numbers = {label: number for number, label in enumerate(HEADS[name])}
        truth, chosen = (frame[name].astype(str).map(numbers).to_numpy(np.intp) for frame in (dev, scores))
        results.append(Head(name, truth, chosen, scores[f"{name}_confidence"].to_numpy()))
    return results


def summary_table(heads: Sequence[Head], parts: dict[str, NDArray[np.bool_]]) -> str:
    """Macro-F1 with interval, accuracy and calibration error, for each head and part of the rows."""
    rows = []
    for part, chosen_rows in parts.items():
        for head in heads:
            counts = head.counts(chosen_rows)
            low, high = macro_f1_interval(counts, seed=SEED)
            right = (head.truth == head.chosen)[chosen_rows]
            error = calibration_error(head.confidence[chosen_rows], right)
            interval = f"{low:.3f}-{high:.3f}"
            rows.append([f"{head.name}, {part}", len(right), f"{macro_f1(counts):.3f}", interval, f"{right.mean():.3f}", f"{error:.3f}"])
    return markdown_table(["head, rows", "n", "macro-F1", "95 % interval", "accuracy", "ECE"], rows)


def class_table(heads: Sequence[Head], rows: NDArray[np.bool_], agreed: NDArray[np.bool_]) -> str:
    """F1 and support of each class."""
    lines = []
    for head in heads:
        everything, clear = head.counts(rows), head.counts(rows & agreed)
        values = zip(HEADS[head.name], f1_scores(everything), everything.sum(1), f1_scores(clear), clear.sum(1), strict=True)
        lines += [[f"{head.name} {label}", f"{f1:.3f}", n, f"{clear_f1:.3f}", clear_n] for label, f1, n, clear_f1, clear_n in values]
    return markdown_table(["class", "F1", "support", "F1, readers agree", "support"], lines)


def risk_table(dev: Any, scores: Any) -> str:
    """F1 of each risk flag at probability 0.5, with its support and calibration error."""
    lines = []
    for code in HEADS["risk"]:
        truth = dev["risk"].fillna("").str.split(",").map(lambda found, code=code: code in found).to_numpy(bool)
        probability = scores[f"risk_{code}"].to_numpy()
        chosen = probability >= 0.5
        f1 = f1_scores(confusion(truth.astype(np.intp), chosen.astype(np.intp), 2))[1]
        error = calibration_error(np.where(chosen, probability, 1 - probability), truth == chosen)
        lines.append([f"risk {code}", "-" if np.isnan(f1) else f"{f1:.3f}", int(truth.sum()), int(chosen.sum()), f"{error:.3f}"])
    return markdown_table(["flag", "F1", "support", "raised", "ECE"], lines)


def right_share(polarity: NDArray[np.floating], truth: NDArray[np.integer]) -> float:
    """Share of texts whose polarity has the sign of the label; a polarity of exactly 0 is wrong."""
    return float((np.sign(polarity) == np.sign(truth)).mean())


def binary_shares(texts: list[str], truth: NDArray[np.integer], scorer: BatchScorer, limit: int) -> list[float]:
    """Ours on all texts, then ours and SnowNLP on the same seeded sample of at most ``limit`` of them."""
    ours = scorer.score(texts)["polarity"].to_numpy()
    sample = np.sort(np.random.default_rng(SEED).permutation(len(texts))[:limit])
    snow = snownlp_polarity([texts[row] for row in sample])
    return [right_share(ours, truth), right_share(ours[sample], truth[sample]), right_share(snow, truth[sample])]


def binary_table(dev: Any, sentiment: Any, scorer: BatchScorer, limit: int) -> str:
    """Binary accuracy per source of the held-out part, its mean over sources, and on the non-neutral dev labels."""
    clear, strong = sentiment[sentiment["polarity"] != 0], dev[dev["sentiment"] != 0]
    sizes, shares = {}, {}
    for source, part in clear.groupby("source"):
        name = f"{source} *" if source == SNOWNLP_TRAINED else str(source)
        sizes[name] = (len(part), min(len(part), limit))
        shares[name] = binary_shares(part["text"].tolist(), part["polarity"].to_numpy(np.int8), scorer, limit)
    mean = "mean over sources"
    sizes[mean] = (len(clear), sum(size for _, size in sizes.values()))
    shares[mean] = np.mean(list(shares.values()), axis=0).tolist()
    name = "dev labels, not neutral"
    sizes[name] = (len(strong), len(strong))
    shares[name] = binary_shares(strong["text"].tolist(), strong["sentiment"].to_numpy(), scorer, len(strong))
    rows = [[n, sizes[n][0], f"{ours:.3f}", sizes[n][1], f"{same:.3f}", f"{snow:.3f}"] for n, (ours, same, snow) in shares.items()]
    return markdown_table(["source", "texts", "ours", "sample", "ours, sample", "SnowNLP, sample"], rows)


def overlap_table(overlaps: Sequence[Overlap]) -> str:
    """How many evaluation texts the training tables hold."""
    rows = [[item.name, item.rows, item.verbatim, item.cleaned, int(item.unseen.sum())] for item in overlaps]
    return markdown_table(["evaluation texts", "rows", "verbatim in training", "same after cleaning", "used"], rows)


def report(limit: int) -> str:
    """All tables as Markdown."""
    scorer = BatchScorer.load()
    dev, sentiment, training = read_table("labels_dev"), read_table("sentiment"), training_texts()
    sentiment = sentiment[held_out(sentiment["text"].tolist())].reset_index(drop=True)
    overlaps = [overlap("dev labels", dev["text"].tolist(), training), overlap("held-out polarity", sentiment["text"].tolist(), training)]
    unseen, agreed = overlaps[0].unseen, (dev["type_a"] == dev["type_b"]).to_numpy(bool)
    scores = scorer.score(dev["text"].tolist())
    heads = head_results(dev, scores)
    parts = {"all": unseen, "readers agree": unseen & agreed}
    if not unseen.all():
        parts["with texts seen in training"] = np.ones(len(dev), dtype=bool)
    return "\n\n".join(
        [
            signature_line(scorer),
            overlap_table(overlaps),
            f"Dev labels. Interval: percentile bootstrap, {RESAMPLES} resamples. ECE: {BINS} bins. "
            "Readers agree: rows on whose type both readers agree.",
            summary_table(heads, parts),
            class_table(heads, unseen, agreed),
            risk_table(dev[unseen], scores[unseen]),
            f"Binary accuracy, positive against negative: the sign of `polarity`, and SnowNLP `sentiments` > 0.5 on the same sample "
            f"of at most {limit} texts per source. * SnowNLP's own training texts.",
            binary_table(dev[unseen], sentiment[overlaps[1].unseen], scorer, limit),
        ]
    )


def signature_line(scorer: BatchScorer) -> str:
    """Model and library versions that produced the figures."""
    packages = ", ".join(f"{name} {number}" for name, number in package_versions().items())
    return f"Model `{scorer.model.signature}`, seed {SEED}, {packages}."


def record(card: Path, figures: str, *, start: str = START, end: str = END) -> None:
    """Write the figures between the two markers of the model card; every other byte stays. A missing card is made of the markers."""
    text = card.read_text(encoding="utf-8") if card.exists() else f"{start}\n{end}\n"
    before, found_start, rest = text.partition(start)
    _, found_end, after = rest.partition(end)
    if not found_start or not found_end:
        raise SystemExit(f"{card}: expected the markers {start} and {end}, in this order; add them where the figures belong")
    card.write_text(f"{before}{start}\n{figures}\n{end}{after}", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures; record them when asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--texts", type=int, default=400, help="texts per source that SnowNLP reads too")
    parser.add_argument("--record", action="store_true", help="write the figures into the model card")
    options = parser.parse_args(argv)
    use_data_folder(options.data)
    figures = report(options.texts)
    print(figures)
    if options.record:
        record(bundled_models() / BUNDLED / "MODEL_CARD.md", figures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
