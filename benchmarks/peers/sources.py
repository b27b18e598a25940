"""The texts that accuracy is measured on: the dev labels, and polarity by source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import markdown_table, read_table, use_data_folder
from benchmarks.peers.training import Training, sampled
from benchmarks.unseen import Overlap, overlap
from feedback_nlp.train.labels import held_out

#: The source whose labels know neutral.
THREE_CLASSES = "amazon"


@dataclass(frozen=True)
class Source:
    """Texts of one source. truth: int8 (n,), the sign is their polarity. trained: polarity labels of other texts of it are learned."""

    name: str
    texts: tuple[str, ...]
    truth: NDArray[np.int8]
    trained: bool

    def take(self, rows: NDArray[np.intp]) -> "Source":
        """The chosen rows."""
        return Source(self.name, tuple(self.texts[row] for row in rows.tolist()), self.truth[rows], self.trained)

    def clear(self) -> "Source":
        """The rows that are not neutral."""
        return self.take(np.flatnonzero(self.truth))

    def sample(self, most: int) -> "Source":
        """A sample of at most ``most`` rows, in their order; see ``sampled``."""
        return self.take(sampled(self.texts, most))


@dataclass(frozen=True)
class Evaluation:
    """dev: the dev labels. sources: polarity. Both without texts seen in training, which ``overlaps`` counts."""

    dev: Any
    sources: tuple[Source, ...]
    overlaps: tuple[Overlap, ...]

    def labelled(self) -> Source:
        """The dev labels that are not neutral, as a source of polarity."""
        strong = self.dev[self.dev["sentiment"] != 0]
        return Source("dev labels, not neutral", tuple(strong["text"]), strong["sentiment"].to_numpy(np.int8), False)


def evaluation_texts(training: Training) -> Evaluation:
    """Everything accuracy is measured on; tables that the data folder lacks are left out."""
    known = training.texts()
    dev = read_table("labels_dev")
    overlaps = [overlap("dev labels", dev["text"].tolist(), known)]
    dev = dev[overlaps[0].unseen].reset_index(drop=True)
    sources = []
    for name, polarity in TABLES.items():
        if not (use_data_folder(None) / f"{name}.parquet").is_file():
            continue
        trained, frame = name in training.polarity_tables, polarity(read_table(name))
        if trained:
            frame = frame[held_out(frame["text"].tolist())]
        found = overlap(f"{name}, held-out part" if trained else name, frame["text"].tolist(), known)
        overlaps.append(found)
        for source, part in frame[found.unseen].groupby("source"):
            sources.append(Source(str(source), tuple(part["text"]), part["polarity"].to_numpy(np.int8), trained))
    return Evaluation(dev, tuple(sources), tuple(overlaps))


def overlap_table(overlaps: Sequence[Overlap]) -> str:
    """How many evaluation texts the training tables hold."""
    rows = [[item.name, item.rows, item.verbatim, item.cleaned, int(item.unseen.sum())] for item in overlaps]
    return markdown_table(["evaluation texts", "rows", "verbatim in training", "same after cleaning", "used"], rows)


def reviews(table: Any) -> Any:
    """Reviews of several sources; polarity as it is."""
    return table[["text", "source", "polarity"]].dropna()


def car_posts(table: Any) -> Any:
    """Posts about one aspect of a car: with several, the polarity is not the text's."""
    return table.loc[~table["text"].duplicated(keep=False), ["text", "polarity"]].assign(source="aspects_car")


def opinion_targets(table: Any) -> Any:
    """Short opinions on cameras, cars, notebooks and phones, each text once; those labelled both ways are left out."""
    table = table[table["label"].isin(["0", "1"])]
    one_way = table.groupby("text")["label"].transform("nunique") == 1
    polarity = table["label"].map({"1": 1, "0": -1})
    return table[["text"]].assign(polarity=polarity, source="targets_4_domains")[one_way].drop_duplicates("text")


def cantonese(table: Any) -> Any:
    """Posts in Cantonese; positive, neutral, negative."""
    polarity = table["label"].map({"positive": 1, "neutral": 0, "negative": -1})
    return table[["text"]].assign(polarity=polarity, source="cantonese_intensity").dropna()


TABLES: dict[str, Callable[[Any], Any]] = {
    "sentiment": reviews,
    "aspects_car": car_posts,
    "targets_4_domains": opinion_targets,
    "cantonese_intensity": cantonese,
}
