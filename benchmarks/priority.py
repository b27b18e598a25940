"""The order of the ledger against readers' labels of urgency and strong negativity: NDCG and precision at the top.

    python -m benchmarks.priority [--data DIR] [--record]

``--record`` writes what is printed between the two markers of ``benchmarks/README.md``.
"""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import ROOT, SEED, markdown_table, read_table, record, signature, use_data_folder

START, END = "<!-- priority:start -->", "<!-- priority:end -->"

#: The part of the texts that people can look at first.
SHARES = (0.05, 0.10)
RESAMPLES = 2000
LEVEL = 0.95

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def grades(urgency: Sequence[str], sentiment: Sequence[int]) -> NDArray[np.int64]:
    """How much a text belongs to the top, int64 (n,): 3 high urgency; 2 medium and strongly negative; 1 either of these; 0 neither."""
    high, medium = np.asarray(urgency) == "high", np.asarray(urgency) == "medium"
    strong = np.asarray(sentiment) == -2
    return np.where(high, 3, medium.astype(np.int64) + strong)


def gains(grade: NDArray[np.int64]) -> Floats:
    """2^grade - 1, float64 (n,) (Burges et al. 2005)."""
    return np.asarray(2.0**grade - 1)


def by_place(score: Floats, value: Floats) -> Floats:
    """What stands at each place from the top, float64 (n,). Rows of one score share their mean, as on average over all their orders.

    So does a ranking of equal scores give what a random order gives on average (McSherry & Najork 2008).
    """
    group = np.unique(-score, return_inverse=True)[1]
    mean = np.bincount(group, weights=value) / np.bincount(group)
    return np.asarray(mean[np.sort(group)])


def ndcg(ordered: Floats, ideal: Floats, places: int) -> float:
    """Normalised discounted cumulative gain of the first places, discount 1 / log2(1 + place) (Järvelin & Kekäläinen 2002).

    ordered, ideal: float64 (n,), gains by place. NaN where nothing has a gain.
    """
    discount = 1 / np.log2(np.arange(2, places + 2))
    best = float(ideal[:places] @ discount)
    return float(ordered[:places] @ discount) / best if best else float("nan")


def figures(score: Floats, gain: Floats, high: Bools, strong: Bools) -> list[float]:
    """NDCG at each of ``SHARES``, then the share there of high urgency, of strong negativity, of either. All arrays (n,)."""
    places = [max(int(np.ceil(share * len(score))), 1) for share in SHARES]
    ordered, ideal = by_place(score, gain), np.sort(gain)[::-1]
    found = [ndcg(ordered, ideal, count) for count in places]
    for flag in (high, strong, high | strong):
        here = by_place(score, flag.astype(np.float64))
        found += [float(here[:count].mean()) for count in places]
    return found


def intervals(scores: Mapping[str, Floats], gain: Floats, high: Bools, strong: Bools, *, draws: int = RESAMPLES) -> dict[str, Floats]:
    """Each order's figures in every bootstrap sample of the rows, the same samples for all: float64 (draws, figures)."""
    random = np.random.default_rng(SEED)
    rows = [random.integers(len(gain), size=len(gain)) for _ in range(draws)]
    return {name: np.array([figures(score[at], gain[at], high[at], strong[at]) for at in rows]) for name, score in scores.items()}


def ledger_scores(texts: list[str], scorer: Any) -> dict[str, Floats]:
    """Two orders under each policy: by ``priority_score`` alone, and as the ledger lists, by level and then by score."""
    import pandas as pd

    from feedback_nlp.ledger.policy import DEFAULT_POLICY, load_policy
    from feedback_nlp.ledger.settings import shipped
    from feedback_nlp.pipeline import analyze

    found = {}
    others = [slug for slug in shipped("policies") if slug != DEFAULT_POLICY]
    for slug in (DEFAULT_POLICY, *others):
        frame = pd.DataFrame({"feedback_id": [f"{row:06d}" for row in range(len(texts))], "text": texts})
        ledger = analyze(frame, policy=slug, model=scorer).ledger.sort_values("feedback_id")
        names = [level.name for level in load_policy(slug).levels]
        level = ledger["priority"].map(names.index).to_numpy(np.float64)
        score = ledger["priority_score"].to_numpy(np.float64)
        found[f"{slug}: priority_score"] = score
        found[f"{slug}: level, then score"] = score - 1000 * level
    return found


def other_scores(texts: list[str], gain: Floats, scorer: Any) -> dict[str, Floats]:
    """Orders to compare with."""
    from feedback_nlp.sentiment.second_opinion import snownlp_polarity
    from feedback_nlp.text.clean import clean

    scores, probabilities = scorer.score(texts), scorer.probabilities(texts)
    urgency = probabilities["urgency_medium"] + 2 * probabilities["urgency_high"]
    return {
        "urgency alone": urgency.to_numpy(np.float64),
        "polarity alone, most negative first": -scores["polarity"].to_numpy(np.float64),
        "SnowNLP polarity, most negative first": -np.asarray(snownlp_polarity(clean(texts).texts()), np.float64),
        "random (mean of all orders)": np.zeros(len(texts)),
        "oracle (by the labels)": gain,
    }


def report() -> str:
    """All orders, with intervals, and the difference of the default's from two of them."""
    from feedback_nlp.scorer.scorer import BatchScorer

    dev = read_table("labels_dev")
    scorer, texts = BatchScorer.load(), dev["text"].tolist()
    grade = grades(dev["urgency"].tolist(), dev["sentiment"].astype(int).tolist())
    gain, high, strong = gains(grade), dev["urgency"].eq("high").to_numpy(), dev["sentiment"].astype(int).eq(-2).to_numpy()
    scores = {**ledger_scores(texts, scorer), **other_scores(texts, gain, scorer)}
    found = {name: figures(score, gain, high, strong) for name, score in scores.items()}
    drawn = intervals(scores, gain, high, strong)
    counts = ", ".join(f"{count} of grade {number}" for number, count in enumerate(np.bincount(grade, minlength=4).tolist()))
    note = (
        f"Model `{scorer.model.signature}`; {len(texts)} labelled texts it was not trained on: {counts}; {int(high.sum())} of them of high "
        f"urgency, {int(strong.sum())} strongly negative."
    )
    header = ["order", *(f"{name} @{share:.0%}" for name in ("NDCG", "P urgent", "P strongly neg.", "P either") for share in SHARES)]
    rows = [[name, *(_with_interval(*pair) for pair in zip(found[name], drawn[name].T, strict=True))] for name in scores]
    first, *_ = scores
    differences = [
        [f"{first} - {other}", *(_with_interval(*pair) for pair in _differences(found, drawn, first, other))]
        for other in ("urgency alone", "polarity alone, most negative first", "SnowNLP polarity, most negative first")
    ]
    return "\n\n".join([note, markdown_table(header, rows), markdown_table(["difference", *header[1:]], differences)])


def _differences(found: Mapping[str, list[float]], drawn: Mapping[str, Floats], one: str, other: str) -> list[tuple[float, Floats]]:
    values = np.subtract(found[one], found[other]).tolist()
    return list(zip(values, (drawn[one] - drawn[other]).T, strict=True))


def _with_interval(value: float, drawn: Floats) -> str:
    low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return f"{value:.3f} ({low:.2f}, {high:.2f})"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; record them when asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.priority", description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--record", action="store_true", help="write the tables into benchmarks/README.md")
    options = parser.parse_args(argv)
    use_data_folder(options.data)
    printed = "\n\n".join([signature(), report()])
    print(printed)
    if options.record:
        record(ROOT / "benchmarks" / "README.md", printed, start=START, end=END)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
