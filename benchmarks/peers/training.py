"""What the bundled model was trained on, by its manifest: the same data for the peers, and the texts no evaluation may use."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import ROOT, SEED, use_data_folder
from feedback_nlp.scorer.model import BUNDLED, bundled_models, read_manifest
from feedback_nlp.train.labels import Labels, read_labels

#: The heads whose classes exclude each other.
ONE_OF = ("type", "sentiment", "urgency")
#: Polarity as positive against negative, and with neutral between them.
SIGN, THREE = "sign", "three"


@dataclass(frozen=True)
class Training:
    """labels: all of it, as ``read_labels`` gives it. polarity_tables: names of the tables whose polarity is learned.

    changed: tables that are no longer those of the manifest. absent: tables that were not found.
    """

    labels: Labels
    polarity_tables: frozenset[str]
    changed: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def texts(self) -> list[str]:
        """Every text with a label of any kind."""
        return [text for table in (self.labels.heads, self.labels.soft, self.labels.polarity) for text in table["text"]]

    def note(self) -> str:
        """Whether the tables at hand are those of the manifest, in one sentence."""
        found = {"changed since the model was made": self.changed, "not found": self.absent}
        notes = [f"{what}: {', '.join(files)}" for what, files in found.items() if files]
        return f"Training tables {'; '.join(notes)}." if notes else "The training tables are those of the manifest."

    def lesson(self, head: str, *, most: int | None = None) -> tuple[list[str], list[str]]:
        """Texts and their classes for one head, ``SIGN`` or ``THREE``; from a sample of at most ``most`` rows of the table."""
        table, column = (self.labels.heads, head) if head in ONE_OF else (self.labels.polarity, "polarity")
        if most is not None:
            table = table.iloc[sampled(table["text"].tolist(), most)]
        if head == SIGN:
            table = table[table["polarity"] != 0]
        return table["text"].tolist(), table[column].astype(str).tolist()


def sampled(texts: Sequence[str], most: int) -> NDArray[np.intp]:
    """Row numbers of at most ``most`` texts, ascending: those with the lowest hash, so that a few new texts change few of the sample."""
    key = SEED.to_bytes(8, "big")
    hashes = [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest() for text in texts]
    order = sorted(range(len(texts)), key=hashes.__getitem__)
    return np.sort(np.asarray(order[:most], dtype=np.intp))


def bundled_training() -> Training:
    """The tables that the manifest of the bundled model names, read as its training read them."""
    named, excluded, polarity, changed, absent = [], [], set(), [], []
    for source, path in _manifest_tables():
        if path is None:
            absent.append(source["file"])
            continue
        (excluded if source["labels"] == "excluded" else named).append(path)
        if source["labels"] == "polarity":
            polarity.add(path.stem)
        if hashlib.sha256(path.read_bytes()).hexdigest() != source["sha256"]:
            changed.append(source["file"])
    return Training(read_labels(named, exclude=excluded), frozenset(polarity), tuple(changed), tuple(absent))


def _manifest_tables() -> Iterator[tuple[dict[str, str], Path | None]]:
    """Entry of the manifest and file of each table: in the data folder, or among the label tables of this repository."""
    for source in read_manifest(bundled_models() / BUNDLED)["training"]["sources"]:
        places = [folder / source["file"] for folder in (use_data_folder(None), ROOT / "models")]
        yield source, next((place for place in places if place.is_file()), None)
