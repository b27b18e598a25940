"""Learning users' own labels: what a few labels are worth with the bundled model and without, and what corrections cost elsewhere.

    python -m benchmarks.adaptation [--data DIR] [--draws 5] [--record]

Three parts. A new taxonomy: fields of government, aspects of cars, kinds of messages, which the bundled model was never told, learned from
50 to 1,000 labels drawn by seed, tried on texts that no draw holds. Corrections: a model is trained here without some sources and without
a fifth of the others' texts; an estimator that begins with it is given corrections of one new source, and tried there and on all others.
The whole model: the same one, adapted as ``feedback-nlp train --start`` does to some hundred labels of all heads.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.common import ROOT, SEED, markdown_table, read_table, record, signature, use_data_folder
from benchmarks.metrics import confusion, macro_f1
from feedback_nlp.scorer.model import load_model
from feedback_nlp.train.labels import read_labels, text_fraction
from feedback_nlp.vocabulary import TYPE_CODES

SIZES = (50, 100, 200, 500, 1000)
#: Share of a taxonomy's texts that are tried and never learned, and the most that are tried.
TRIED, MOST_TRIED = 0.3, 1000
#: The last one is among the tables on which the classifier's scales were chosen; the figures say so.
TAXONOMIES = {
    "fields of government": ("city_categories", "category"),
    "aspects of cars": ("aspects_car", "aspect"),
    "kinds of messages *": ("city_weak_type", "weak_type"),
}

CORRECTIONS = (100, 300)
#: Sources that are corrected, and those left out of training with them: city_category is of the same mailbox as city_messages.
NEW_SOURCES = ("city_messages", "car_forum")
LEFT_OUT = (*NEW_SOURCES, "city_category")
#: Share of the other sources' texts that the model does not see, and of a new source's texts that corrections are taken from.
HELD, CORRECTED = 0.2, 0.6
PASSES = 8
#: Labels that the whole model is adapted to, and its heads that are told.
ADAPTED, HEADS = (100, 300, 800), ("type", "sentiment", "urgency")

#: Makes an unfitted classifier.
Maker = Callable[[], Any]


def bag_of_n_grams() -> Any:
    """What one would write without this library; its C is the best of 1, 10 and 100 on the tables that chose our scales."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
    return make_pipeline(vectorizer, LogisticRegression(C=100, max_iter=2000))


def ours(start: str | Path) -> Maker:
    """Our classifier with this start."""
    from feedback_nlp import FeedbackClassifier

    return lambda: FeedbackClassifier(start)


def figures(truth: Sequence[str], chosen: Sequence[str], classes: Sequence[str]) -> tuple[float, float]:
    """Macro-F1 and accuracy."""
    numbers = {label: number for number, label in enumerate(classes)}
    found = [np.asarray([numbers[label] for label in labels]) for labels in (truth, chosen)]
    return macro_f1(confusion(*found, len(classes))), float((found[0] == found[1]).mean())


def taxonomy(table: str, column: str) -> pd.DataFrame:
    """Columns text and label; texts with several labels are left out."""
    frame = read_table(table)[["text", column]].set_axis(["text", "label"], axis=1)
    return frame.drop_duplicates("text", keep=False).reset_index(drop=True)


def taxonomy_rows(name: str, draws: int) -> Iterator[list[object]]:
    """Lines of the table: means over draws, and the largest distance from the mean of macro-F1."""
    frame = taxonomy(*TAXONOMIES[name])
    away = text_fraction(frame["text"].tolist()) < TRIED
    tried, pool, classes = frame[away][:MOST_TRIED], frame[~away], sorted(set(frame["label"]))
    makers = {"bundled": ours("bundled"), "scratch": ours("scratch"), "TF-IDF": bag_of_n_grams}
    for size in SIZES:
        if size > len(pool):
            continue
        found: dict[str, list[tuple[float, float]]] = {maker: [] for maker in makers}
        for draw in range(draws):
            learned = pool.iloc[np.random.default_rng([SEED, draw]).permutation(len(pool))[:size]]
            for maker, make in makers.items():
                fitted = make().fit(learned["text"].tolist(), learned["label"].tolist())
                found[maker].append(figures(tried["label"].tolist(), fitted.predict(tried["text"].tolist()).tolist(), classes))
        values = {maker: np.asarray(pairs) for maker, pairs in found.items()}
        f1 = [f"{pairs[:, 0].mean():.3f} ± {np.abs(pairs[:, 0] - pairs[:, 0].mean()).max():.3f}" for pairs in values.values()]
        yield [f"{name}, {len(classes)}", size, *f1, *(f"{pairs[:, 1].mean():.3f}" for pairs in values.values())]


def taxonomy_table(draws: int) -> str:
    """A new taxonomy: macro-F1 and accuracy against the number of labels."""
    header = ["taxonomy, classes", "labels", "F1 bundled", "F1 scratch", "F1 TF-IDF", "acc. bundled", "acc. scratch", "acc. TF-IDF"]
    return markdown_table(header, [row for name in TAXONOMIES for row in taxonomy_rows(name, draws)])


def train_without(folder: Path) -> tuple[Path, pd.DataFrame, pd.DataFrame]:
    """A model that saw no text of ``LEFT_OUT`` nor of the held fifth; the rows of ``LEFT_OUT`` and the held ones of the others."""
    from feedback_nlp.train.fit import TrainOptions, train

    labels = read_table("labels_train")
    new = labels["source"].isin(LEFT_OUT).to_numpy()
    held = text_fraction(labels["text"].tolist()) >= 1 - HELD
    labels[~new & ~held].to_parquet(folder / "labels.parquet")
    train(read_labels([folder / "labels.parquet"]), folder / "model", TrainOptions(passes=PASSES, folds=0), name="without")
    return folder / "model", labels[new], labels[~new & held]


def correction_rows(model: Path, source: pd.DataFrame, others: pd.DataFrame, draws: int) -> Iterator[list[object]]:
    """Lines of the table for one source: means over draws, before and after."""
    found: dict[tuple[int, str], list[tuple[float, ...]]] = {}
    for draw in range(draws):
        order = np.random.default_rng([SEED, draw]).permutation(len(source))
        pool, tried = np.split(order, [int(CORRECTED * len(order))])
        sets = (source.iloc[tried], others)
        before = ours(model)().partial_fit([], [], classes=list(TYPE_CODES))
        start = [type_f1(before.predict(rows["text"]), rows) for rows in sets]
        wrong = pool[before.predict(source.iloc[pool]["text"]) != source.iloc[pool]["type"].to_numpy()]
        for size in CORRECTIONS:
            for name, predict, rows in learners(model, source.iloc[pool[:size]], source.iloc[wrong[:size]]):
                after = [type_f1(predict(part["text"]), part) for part in sets]
                found.setdefault((size, name), []).append((rows, start[0], after[0], start[1], after[1]))
    for (size, name), values in found.items():
        rows, *f1 = np.mean(values, axis=0)
        yield [f"{source['source'].iloc[0]}, {size} {name}", f"{rows:.0f}", *(f"{value:.3f}" for value in f1)]


def learners(model: Path, read: pd.DataFrame, wrong: pd.DataFrame) -> Iterator[tuple[str, Callable[[Any], Any], int]]:
    """Ways to use corrections: name, what predicts types, and how many rows it was given."""
    for name, rows in (("partial_fit, rows as they come", read), ("partial_fit, the model's mistakes alone", wrong)):
        yield name, ours(model)().partial_fit(rows["text"], rows["type"]).predict, len(rows)
    yield "refit on them, model's features", renamed(ours(model)(), read), len(read)
    yield "refit on them, n-grams alone", ours("scratch")().fit(read["text"], read["type"]).predict, len(read)


def renamed(classifier: Any, rows: pd.DataFrame) -> Callable[[Any], NDArray[Any]]:
    """Predictions of a fit that does not recognise the labels as the model's own, so that it begins without its logits."""
    mark = "own "
    fitted = classifier.fit(rows["text"], [mark + label for label in rows["type"]])
    return lambda texts: np.asarray([label.removeprefix(mark) for label in fitted.predict(texts).tolist()])


def type_f1(chosen: NDArray[Any], rows: pd.DataFrame) -> float:
    """Macro-F1 of types."""
    return figures(rows["type"].tolist(), chosen.tolist(), TYPE_CODES)[0]


def adapted_rows(model: Path, source: pd.DataFrame, others: pd.DataFrame, draws: int) -> Iterator[list[object]]:
    """Lines of the table of whole models for one source: means over draws, before and after, by head."""
    from feedback_nlp.scorer.scorer import BatchScorer
    from feedback_nlp.train.adapt import AdaptOptions, adapt

    for size in ADAPTED:
        found = []
        for draw in range(draws):
            order = np.random.default_rng([SEED, draw]).permutation(len(source))
            pool, tried = np.split(order, [int(CORRECTED * len(order))])
            given = source.iloc[pool[:size]]
            with tempfile.TemporaryDirectory() as folder:
                given[["text", *HEADS, "risk"]].to_parquet(Path(folder) / "own.parquet")
                adapt(read_labels([Path(folder) / "own.parquet"]), Path(folder) / "model", start=model, options=AdaptOptions(folds=0))
                scorers = [BatchScorer.load(path) for path in (model, Path(folder) / "model")]
            found.append([heads_f1(scorer, rows) for rows in (source.iloc[tried], others) for scorer in scorers])
        cells = [" / ".join(f"{value:.2f}" for value in heads) for heads in np.mean(found, axis=0)]
        yield [f"{source['source'].iloc[0]}", len(given), *cells]


def heads_f1(scorer: Any, rows: pd.DataFrame) -> list[float]:
    """Macro-F1 of each of ``HEADS``, over the classes that readers or the scorer name."""
    scores = scorer.score(rows["text"].tolist())
    pairs = [(rows[head].astype(str).tolist(), scores[head].astype(str).tolist()) for head in HEADS]
    return [figures(truth, chosen, sorted({*truth, *chosen}))[0] for truth, chosen in pairs]


def new_source_tables(draws: int) -> tuple[str, str]:
    """What labels of a source that the model did not see are worth there, and cost elsewhere: corrections of types, and whole models."""
    with tempfile.TemporaryDirectory() as folder:
        model, new, others = train_without(Path(folder))
        sources = [new[new["source"] == name] for name in NEW_SOURCES]
        lines, whole = ([row for rows in sources for row in table(model, rows, others, draws)] for table in (correction_rows, adapted_rows))
        corrections = markdown_table(
            ["source, corrections, use", "rows", "there before", "there after", "others before", "others after"], lines
        )
        return corrections, markdown_table(["source", "labels", "there before", "there after", "others before", "others after"], whole)


def report(draws: int) -> str:
    """All tables as Markdown."""
    corrections, whole = new_source_tables(draws)
    return "\n\n".join(
        [
            f"{signature()}  \nModel `{load_model().signature}`, seed {SEED}, {draws} draws.",
            "A new taxonomy. F1: macro-F1 on texts that no draw holds, mean of the draws and the largest distance from it. "
            "* A table on which our scales, and the C of TF-IDF, were chosen.",
            taxonomy_table(draws),
            f"Corrections. Macro-F1 of types; a model trained here ({PASSES} passes, readers' labels alone, no calibration) without the "
            f"sources {', '.join(LEFT_OUT)}; others: the fifth of all other sources' texts that it did not see.",
            corrections,
            f"The whole model. Macro-F1 of {', '.join(HEADS)}; the same model, adapted to labels of all heads. Its steps were chosen on "
            "these two sources.",
            whole,
        ]
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.adaptation", description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--draws", type=int, default=5, help="draws of labels by seed")
    parser.add_argument("--record", action="store_true", help="write the tables into benchmarks/README.md")
    options = parser.parse_args(argv)
    use_data_folder(options.data)
    found = report(options.draws)
    print(found)
    if options.record:
        record(ROOT / "benchmarks" / "README.md", found, start="<!-- adaptation:start -->", end="<!-- adaptation:end -->")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
