"""Aspects: polarity of each mentioned aspect, against the sentiment of the whole text and against the clause alone.

    python -m benchmarks.aspects [--data DIR] [--record]

Gold aspects of three tables that are found by their words are judged; the share found stands beside. Weights and words were chosen, and
the thresholds of every contender are chosen here, on the texts of one half (by hash); figures are of the other half. ``--record`` writes
them into ``benchmarks/README.md`` and the outcome of each case of ``tests/topics/aspect_cases.csv`` into that file.
"""

import argparse
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy import signature_line
from benchmarks.aspect_cases import CASES, case_outcomes, read_cases
from benchmarks.common import ROOT, SEED, machine, markdown_table, read_table, record, use_data_folder
from benchmarks.metrics import confusion, macro_f1, macro_f1_interval
from feedback_nlp import BatchScorer
from feedback_nlp.scorer.clauses import split_clauses
from feedback_nlp.scorer.model import bundled_models
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import character_table
from feedback_nlp.topics.aspect_words import shipped_aspects
from feedback_nlp.topics.aspects import Aspects, find_aspects
from feedback_nlp.train.labels import held_out, text_hash

START, END = "<!-- aspects:start -->", "<!-- aspects:end -->"

CONTENDERS = {"whole text": "whole", "clause alone": "clause", "ours": "ours"}
RESAMPLES = 1000


@dataclass(frozen=True)
class Table:
    """gold: text, aspect, polarity (-1, 0, 1), each pair once. aspects: aspect -> words. trained: texts whose labels trained the model."""

    name: str
    gold: pd.DataFrame
    aspects: dict[str, tuple[str, ...]]
    trained: set[str]


def chosen_half(texts: Sequence[str]) -> NDArray[np.bool_]:
    """The texts by which words, weights and thresholds were chosen; bool (n,)."""
    return np.array([int(hashlib.sha1(text.encode()).hexdigest()[:8], 16) % 2 == 0 for text in texts], dtype=bool)


def labelled_texts(texts: list[str]) -> set[str]:
    """Those whose readers' labels, kept by hash with the model, may have trained it."""
    path = bundled_models() / "labels_by_hash.csv"
    hashes = set(pd.read_csv(path, usecols=["text_hash"])["text_hash"]) if path.exists() else set()
    return {text for text, name in zip(texts, text_hash(texts), strict=True) if name in hashes}


def car_table() -> Table:
    """Ten aspects of cars. The model was trained on the polarity of these texts, those held out by hash apart."""
    gold = read_table("aspects_car").drop_duplicates(["text", "aspect"])
    texts = sorted(set(gold["text"]))
    trained = {text for text, out in zip(texts, held_out(texts).tolist(), strict=True) if not out}
    return Table("cars", gold, shipped_aspects("car"), trained | labelled_texts(texts))


def restaurant_table() -> Table:
    """Twenty aspects of restaurants; -2 is not mentioned."""
    frame = read_table("restaurant_aspects").drop_duplicates("text").set_index("text")
    aspects = shipped_aspects("restaurant")
    frame.columns = pd.Index(list(aspects))
    gold = frame.stack().rename("polarity").rename_axis(["text", "aspect"]).reset_index()
    return Table("restaurants", gold[gold["polarity"] != -2], aspects, labelled_texts(sorted(set(gold["text"]))))


def target_table() -> Table:
    """The word that is judged is given; several words of one target stand together in the text. Labels are 1 and 0."""
    frame = read_table("targets_4_domains").astype({"label": str}).drop_duplicates("text")
    frame = frame[frame["label"].isin(["0", "1"]) & (frame["target"].str.strip() != "")]
    names = frame["target"].str.replace(" ", "")
    aspects = {name: (name,) for name in names}
    gold = pd.DataFrame({"text": frame["text"], "aspect": names, "polarity": np.where(frame["label"] == "1", 1, -1)})
    return Table("targets", gold, aspects, labelled_texts(sorted(set(gold["text"]))))


def predictions(table: Table, scorer: BatchScorer) -> tuple[pd.DataFrame, Aspects]:
    """The gold pairs with the polarity each contender gives, NaN where the aspect is not found; and what was found."""
    texts = sorted(set(table.gold["text"]))
    found = find_aspects(texts, scorer=scorer, aspects=table.aspects)
    items = found.items.assign(text=np.array(texts, dtype=object)[found.items["row"]])
    gold = table.gold.merge(items[["text", "aspect", "polarity"]].rename(columns={"polarity": "ours"}), how="left", on=["text", "aspect"])
    whole = dict(zip(texts, scorer.score(texts)["polarity"].tolist(), strict=True))
    gold["whole"] = gold["text"].map(whole)
    mentions = found.mentions.assign(text=np.array(texts, dtype=object)[found.mentions["row"]], clause=clause_polarity(found, scorer))
    clause = mentions.groupby(["text", "aspect"])["clause"].mean()
    gold["clause"] = clause.reindex(pd.MultiIndex.from_frame(gold[["text", "aspect"]])).to_numpy()
    return gold, found


def clause_polarity(found: Aspects, scorer: BatchScorer) -> NDArray[np.float64]:
    """What the scorer says of the plain clause, pause to pause, around each mention; float64 (n,)."""
    batch = TextBatch.from_texts(list(found.texts))
    clauses = split_clauses(character_table().fold[batch.codes], batch.indptr)[0]
    at = np.searchsorted(clauses, batch.indptr[found.mentions["row"]] + found.mentions["start"].to_numpy(np.int64), side="right") - 1
    polarity = scorer.score(TextBatch(batch.codes, clauses).to_texts())["polarity"].to_numpy(np.float64)
    return polarity[at]


def classes(polarity: NDArray[np.float64], low: float, high: float) -> NDArray[np.intp]:
    """0 below ``low``, 2 above ``high``, else 1."""
    return np.where(polarity < low, 0, np.where(polarity > high, 2, 1)).astype(np.intp)


def thresholds(truth: NDArray[np.intp], polarity: NDArray[np.float64], *, neutral: bool) -> tuple[float, float]:
    """Low and high with the best macro-F1; equal where there is no neutral class."""
    grid = np.round(np.arange(-0.9, 0.91, 0.1), 1).tolist()
    pairs = [(low, high) for low in grid for high in grid if (low < high if neutral else low == high)]
    return max(pairs, key=lambda pair: float(macro_f1(confusion(truth, classes(polarity, *pair), 3))))


def share_interval(right: NDArray[np.bool_], groups: NDArray[np.object_]) -> str:
    """Share with its 95 % interval: bootstrap over texts, whose aspects are not independent."""
    codes, names = pd.factorize(groups)
    hits, sizes = np.bincount(codes, weights=right, minlength=len(names)), np.bincount(codes, minlength=len(names))
    draws = np.random.default_rng(SEED).integers(len(names), size=(RESAMPLES, len(names)))
    values = hits[draws].sum(axis=1) / sizes[draws].sum(axis=1)
    low, high = np.quantile(values, [0.025, 0.975])
    return f"{right.mean():.3f} ({low:.3f}-{high:.3f})"


def rows_of(name: str, gold: pd.DataFrame, chosen: pd.DataFrame) -> list[list[object]]:
    """One line a contender. gold: pairs to report, chosen: pairs to choose thresholds by; both found."""
    rows = []
    neutral = bool((chosen["polarity"] == 0).any())
    for label, column in CONTENDERS.items():
        low, high = thresholds(chosen["polarity"].to_numpy(np.intp) + 1, chosen[column].to_numpy(), neutral=neutral)
        truth, given = gold["polarity"].to_numpy(np.intp) + 1, classes(gold[column].to_numpy(), low, high)
        counts = confusion(truth, given, 3)
        bounds = "-".join(f"{bound:.3f}" for bound in macro_f1_interval(counts, seed=SEED, resamples=RESAMPLES))
        judged = (truth != 1) & (gold[column] != 0).to_numpy()
        sign = share_interval(((gold[column] > 0).to_numpy() == (truth == 2))[judged], gold["text"].to_numpy(object)[judged])
        accuracy = share_interval(truth == given, gold["text"].to_numpy(object))
        rows.append([name, label, len(gold), accuracy, f"{macro_f1(counts):.3f} ({bounds})", int(judged.sum()), sign])
    return rows


def several(gold: pd.DataFrame) -> NDArray[np.bool_]:
    """Pairs of texts with more than one gold aspect; bool (n,)."""
    return gold.duplicated("text", keep=False).to_numpy()


def mixed(gold: pd.DataFrame) -> NDArray[np.bool_]:
    """Pairs of texts whose aspects differ in polarity; bool (n,)."""
    return (gold.groupby("text")["polarity"].transform("nunique") > 1).to_numpy()


def table_report(table: Table, scorer: BatchScorer) -> tuple[list[list[object]], list[object]]:
    """Lines of figures, and the line of what was found."""
    gold, found = predictions(table, scorer)
    reported, known = ~chosen_half(gold["text"].tolist()), gold["ours"].notna().to_numpy()
    unseen = ~gold["text"].isin(table.trained).to_numpy()
    parts = {table.name: unseen}
    if several(gold).any():
        if not several(gold).all():
            parts[f"{table.name}, several aspects"] = unseen & several(gold)
        parts[f"{table.name}, differing polarities"] = unseen & mixed(gold)
    if table.name == "cars":
        parts["cars, several aspects, trained texts too"] = several(gold)
        parts["cars, differing polarities, trained texts too"] = mixed(gold)
    rows = [row for name, part in parts.items() for row in rows_of(name, gold[part & reported & known], gold[part & ~reported & known])]
    right = int(known[reported].sum())
    texts = set(gold["text"][reported])
    pairs = found.items[np.isin(np.array(sorted(set(gold["text"])), dtype=object)[found.items["row"]], list(texts))]
    precision = "-" if table.name == "targets" else f"{right / max(len(pairs), 1):.3f}"
    return rows, [table.name, len(texts), int(reported.sum()), f"{known[reported].mean():.3f}", precision]


def speed(table: Table, scorer: BatchScorer) -> list[object]:
    """Milliseconds per 1,000 texts: the median of three runs, and of scoring the same texts."""
    texts = sorted(set(table.gold["text"]))[:2000]
    taken: dict[str, list[float]] = {"aspects": [], "score": []}
    for _ in range(3):
        for name in taken:
            begin = time.perf_counter()
            _ = find_aspects(texts, scorer=scorer, aspects=table.aspects) if name == "aspects" else scorer.score(texts)
            taken[name].append((time.perf_counter() - begin) / len(texts) * 1e6)
    length = round(float(np.mean([len(text) for text in texts])))
    return [table.name, len(texts), length, *(f"{float(np.median(times)):.0f}" for times in taken.values())]


def report(scorer: BatchScorer) -> tuple[str, list[bool]]:
    """All tables as Markdown, and the outcome of each hand-written case."""
    tables = [car_table(), restaurant_table(), target_table()]
    results = [table_report(table, scorer) for table in tables]
    cases = read_cases()
    outcomes = case_outcomes(cases, scorer)
    by_kind = cases.assign(passed=outcomes).groupby("phenomenon", sort=False)["passed"].agg(["sum", "size"])
    header = ["aspects of", "polarity from", "aspects", "accuracy", "macro-F1", "not neutral", "right sign"]
    failed = "\n".join(f"- `{case.text}`: {case.expect}" for case in cases[~np.array(outcomes)].itertuples())
    parts = [
        signature_line(scorer),
        "Polarity of found aspects, on the half of the texts by which nothing was chosen. Texts whose labels trained the model are left "
        "out but where the line says so: there the whole text is read from memory. Right sign: of aspects that are not neutral. "
        "Intervals: 95 %, bootstrap, of shares over texts.",
        markdown_table(header, [row for rows, _ in results for row in rows]),
        "Gold aspects found by their words, and the share of found aspects that are gold.",
        markdown_table(["table", "texts", "gold aspects", "found", "of found, gold"], [line for _, line in results]),
        f"Speed, milliseconds per 1,000 texts, both in this process on a {machine()['cpu']} (load {machine()['load']}).",
        markdown_table(["table", "texts", "characters", "find_aspects", "score alone"], [speed(table, scorer) for table in tables]),
        f"Hand-written cases: {sum(outcomes)} of {len(outcomes)} passed.",
        markdown_table(["phenomenon", "passed", "cases"], [[kind, *counts] for kind, *counts in by_kind.itertuples()]),
        f"Failed:\n\n{failed}" if failed else "None failed.",
    ]
    return "\n\n".join(parts), outcomes


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures; record them when asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.aspects", description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--record", action="store_true", help="write the figures into benchmarks/README.md, the outcomes beside the cases")
    options = parser.parse_args(argv)
    use_data_folder(options.data)
    figures, outcomes = report(BatchScorer.load())
    print(figures)
    if options.record:
        record(ROOT / "benchmarks" / "README.md", figures, start=START, end=END)
        cases = read_cases().assign(passes=["yes" if passed else "no" for passed in outcomes])
        cases.to_csv(CASES, index=False, encoding="utf-8", lineterminator="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
