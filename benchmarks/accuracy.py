"""Accuracy of the bundled model on texts it was not trained on, alone or beside other libraries.

    python -m benchmarks.accuracy [--data DIR] [--texts N] [--peers] [--record]

``--peers`` adds a table of other libraries on the same texts (``benchmarks/peers``). ``--record`` writes what is printed between the two
markers of the model card, and the peers' table between those of ``benchmarks/README.md``, with the signature of model and libraries.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import metrics
from benchmarks.common import ROOT, SEED, markdown_table, package_versions, record, use_data_folder
from benchmarks.metrics import BINS, RESAMPLES, SIMULATIONS, TOP_SHARE, confusion, f1_scores, macro_f1, macro_f1_interval, right_share
from benchmarks.peers.sources import THREE_CLASSES, Evaluation, Source, evaluation_texts, overlap_table
from benchmarks.peers.table import comparison
from benchmarks.peers.training import ONE_OF, Training, bundled_training
from feedback_nlp import BatchScorer
from feedback_nlp.scorer.model import BUNDLED, HEADS, bundled_models

START, END = "<!-- figures:start -->", "<!-- figures:end -->"
PEERS_START, PEERS_END = "<!-- peers:start -->", "<!-- peers:end -->"


@dataclass(frozen=True)
class Head:
    """One head on the dev labels: truth and chosen are class numbers (n,), confidence float (n,), agreed bool (n,): both readers say so."""

    name: str
    truth: NDArray[np.intp]
    chosen: NDArray[np.intp]
    confidence: NDArray[np.float32]
    agreed: NDArray[np.bool_]

    def parts(self) -> dict[str, NDArray[np.bool_]]:
        """The two sets of rows that figures are given for."""
        return {"all": np.ones(len(self.truth), dtype=bool), "readers agree": self.agreed}

    def counts(self, rows: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Confusion matrix of the chosen rows."""
        return confusion(self.truth[rows], self.chosen[rows], len(HEADS[self.name]))


def head_results(dev: Any, scores: Any) -> list[Head]:
    """Truth against score for the three one-of heads."""
    results = []
    for name in ONE_OF:
        numbers = {label: number for number, label in enumerate(HEADS[name])}
        truth, chosen = (frame[name].astype(str).map(numbers).to_numpy(np.intp) for frame in (dev, scores))
        agreed = (dev[f"{name}_a"].astype(str) == dev[f"{name}_b"].astype(str)).to_numpy(bool)
        results.append(Head(name, truth, chosen, scores[f"{name}_confidence"].to_numpy(), agreed))
    return results


def summary_table(heads: Sequence[Head]) -> str:
    """Macro-F1 with interval, and accuracy, for each head and part of the rows."""
    rows = []
    for head in heads:
        for part, chosen_rows in head.parts().items():
            counts = head.counts(chosen_rows)
            low, high = macro_f1_interval(counts, seed=SEED)
            right = (head.truth == head.chosen)[chosen_rows]
            rows.append([f"{head.name}, {part}", len(right), f"{macro_f1(counts):.3f}", f"{low:.3f}-{high:.3f}", f"{right.mean():.3f}"])
    return markdown_table(["head, rows", "n", "macro-F1", "95 % interval", "accuracy"], rows)


def urgent_table(urgency: Head, score: NDArray[np.floating]) -> str:
    """How many of the texts of high urgency the first tenth by urgency score holds."""
    rows = []
    for part, chosen_rows in urgency.parts().items():
        high = urgency.truth[chosen_rows] == HEADS["urgency"].index("high")
        recall, possible = metrics.top_recall(score[chosen_rows], high)
        rows.append([part, len(high), int(high.sum()), int(np.ceil(TOP_SHARE * len(high))), f"{recall:.3f}", f"{possible:.3f}"])
    return markdown_table(["rows", "n", "high", f"top {TOP_SHARE:.0%}", "recall of high", "possible"], rows)


def calibration_table(heads: Sequence[Head]) -> str:
    """Calibration error of each head with both kinds of bins, and what chance alone would make of it."""
    rows = []
    for head in heads:
        cells: list[object] = [head.name, len(head.truth)]
        for error in (metrics.calibration_error, metrics.equal_mass_error):
            mean, most = metrics.calibrated_errors(head.confidence, seed=SEED, error=error)
            cells += [f"{error(head.confidence, head.truth == head.chosen):.3f}", f"{mean:.3f}, {most:.3f}"]
        rows.append(cells)
    table = markdown_table(["head", "n", "ECE", "if calibrated", "ECE, equal mass", "if calibrated"], rows)
    return (
        f"Expected calibration error, {BINS} bins of equal width and of equal mass. A perfectly calibrated model with these confidences on "
        f"this many rows does not come to 0 but to what stands beside it: mean and 95th percentile of {SIMULATIONS} simulations.\n\n{table}"
    )


def class_table(heads: Sequence[Head]) -> str:
    """F1 and support of each class."""
    lines = []
    for head in heads:
        everything, clear = (head.counts(rows) for rows in head.parts().values())
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
        error = metrics.calibration_error(np.where(chosen, probability, 1 - probability), truth == chosen)
        lines.append([f"risk {code}", "-" if np.isnan(f1) else f"{f1:.3f}", int(truth.sum()), int(chosen.sum()), f"{error:.3f}"])
    return markdown_table(["flag", "F1", "support", "raised", "ECE"], lines)


def binary_table(evaluation: Evaluation, scorer: BatchScorer) -> str:
    """Binary accuracy per source, its means over sources, and on the dev labels, which are in no mean."""
    clear = [source for source in map(Source.clear, evaluation.sources) if source.texts]
    everything = [*clear, evaluation.labelled()]
    shares = np.asarray([right_share(scorer.score(list(source.texts))["polarity"].to_numpy(), source.truth) for source in everything])
    sizes = np.asarray([len(source.texts) for source in everything])
    intervals = metrics.wilson_intervals(np.rint(np.nan_to_num(shares) * sizes).astype(int), sizes).T
    rows: list[list[object]] = [
        [source.name, "yes" if source.trained else "no", size, f"{share:.3f}", f"{low:.3f}-{high:.3f}"]
        for source, size, share, (low, high) in zip(everything, sizes, shares, intervals, strict=True)
    ]
    for name, kinds in (("all", (True, False)), ("learned", (True,)), ("unseen", (False,))):
        part = [place for place, source in enumerate(clear) if source.trained in kinds]
        mean = f"{shares[part].mean():.3f}" if part else "-"
        rows.insert(-1, [f"mean over {len(part)} sources, {name}", "", int(sizes[part].sum()), mean, ""])
    return markdown_table(["source", "polarity learned", "texts", "accuracy", "95 % interval"], rows)


def three_class_table(sources: Sequence[Source], scorer: BatchScorer) -> str:
    """Three classes of polarity from the five levels grouped, on the source whose labels know neutral."""
    rows = []
    for source in sources:
        if source.name == THREE_CLASSES:
            levels = scorer.score(list(source.texts))["sentiment"].to_numpy()
            accuracy, f1 = metrics.three_class_figures(np.sign(levels), source.truth)
            rows.append([source.name, *(int((source.truth == sign).sum()) for sign in (-1, 0, 1)), f"{accuracy:.3f}", f"{f1:.3f}"])
    return markdown_table(["source", "negative", "neutral", "positive", "accuracy", "macro-F1"], rows)


def unfamiliar_table(evaluation: Evaluation, scorer: BatchScorer) -> str:
    """Share of character pairs that training never saw: mean over the texts of each source, and the share of texts with more than half."""
    rows = []
    for name, texts in [("dev labels", evaluation.dev["text"].tolist()), *((s.name, list(s.texts)) for s in evaluation.sources)]:
        shares = scorer.unfamiliar(texts)
        rows.append([name, len(texts), f"{shares.mean():.3f}", f"{(shares > 0.5).mean():.3f}"])
    return markdown_table(["source", "texts", "unfamiliar, mean", "texts over half"], rows)


def report(evaluation: Evaluation, training: Training, scorer: BatchScorer) -> str:
    """All tables of ours as Markdown."""
    texts = evaluation.dev["text"].tolist()
    scores, urgent = scorer.score(texts), scorer.probabilities(texts)["urgency_high"].to_numpy()
    heads = head_results(evaluation.dev, scores)
    return "\n\n".join(
        [
            signature_line(scorer),
            f"{training.note()} Texts with any label in them are not used here.",
            overlap_table(evaluation.overlaps),
            f"Dev labels. Interval: percentile bootstrap, {RESAMPLES} resamples. Readers agree: rows on whose label for this head both do.",
            summary_table(heads),
            f"Texts of high urgency within the first {TOP_SHARE:.0%} by `probabilities(texts)['urgency_high']`.",
            urgent_table(heads[ONE_OF.index("urgency")], urgent),
            calibration_table(heads),
            class_table(heads),
            risk_table(evaluation.dev, scores),
            "Binary accuracy, positive against negative: the sign of `polarity`. Of the sources whose polarity is not learned some texts "
            "have readers' labels; those texts are left out, as above.",
            binary_table(evaluation, scorer),
            "Three classes: levels -2 and -1 are negative, 0 is neutral, 1 and 2 are positive.",
            three_class_table(evaluation.sources, scorer),
            f"Unfamiliar text: share of a text's character pairs that training never saw. On held-out training texts it was "
            f"{scorer.model.reference['unfamiliar']:.3f}.",
            unfamiliar_table(evaluation, scorer),
        ]
    )


def peers_report(evaluation: Evaluation, training: Training, scorer: BatchScorer, most: int) -> str:
    """The table of peers, signed."""
    note = (
        f"At most {most} texts per source, the same for all. {training.note()} (unseen): no polarity labels of it are learned. "
        "SnowNLP was trained on books_hotels_noisy itself. -: the peer has no notion of it."
    )
    return "\n\n".join([signature_line(scorer), note, comparison(evaluation, training, most)])


def signature_line(scorer: BatchScorer) -> str:
    """Model and library versions that produced the figures."""
    packages = ", ".join(f"{name} {number}" for name, number in package_versions().items())
    return f"Model `{scorer.model.signature}`, seed {SEED}, {packages}."


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures; record them when asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--texts", type=int, default=400, help="texts per source that all peers read")
    parser.add_argument("--peers", action="store_true", help="other libraries beside ours, on the same texts")
    parser.add_argument("--record", action="store_true", help="write the figures into the model card, the table of peers into the README")
    options = parser.parse_args(argv)
    use_data_folder(options.data)
    scorer, training = BatchScorer.load(), bundled_training()
    evaluation = evaluation_texts(training)
    figures = report(evaluation, training, scorer)
    print(figures, flush=True)
    if options.record:
        record(bundled_models() / BUNDLED / "MODEL_CARD.md", figures, start=START, end=END)
    if options.peers:
        table = peers_report(evaluation, training, scorer, options.texts)
        print(f"\n{table}")
        if options.record:
            record(ROOT / "benchmarks" / "README.md", table, start=PEERS_START, end=PEERS_END)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
