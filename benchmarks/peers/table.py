"""Ours and the peers side by side: the same texts, one column each."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import markdown_table
from benchmarks.metrics import TOP_SHARE, confusion, macro_f1, right_share, three_class_figures, top_recall
from benchmarks.peers import PEERS, Peer, load, missing
from benchmarks.peers.sources import THREE_CLASSES, Evaluation, Source
from benchmarks.peers.training import ONE_OF, THREE, Training
from feedback_nlp.scorer.model import HEADS

NO_NOTION, NOT_RUN = "-", "not run"


@dataclass(frozen=True)
class Row:
    """One figure on ``n`` texts; None where a peer has no notion of it."""

    name: str
    n: int
    figure: Callable[[Peer], float | None]


def comparison(evaluation: Evaluation, training: Training, most: int) -> str:
    """The table as Markdown, with the versions of what took part and what to install for the rest. most: texts per source."""
    rows, columns, wanted, versions = comparison_rows(evaluation, most), [], [], []
    for module in map(load, PEERS):
        lacking = missing(module)
        columns.append([NOT_RUN] * len(rows) if lacking else _column(module, rows, training))
        wanted += lacking
        versions += [] if lacking else _versions(module)
    header = ["figure", "texts", *(load(name).NAME for name in PEERS)]
    lines = [[row.name, row.n, *cells] for row, cells in zip(rows, zip(*columns, strict=True), strict=True)]
    parts = [markdown_table(header, lines), f"Versions: {', '.join(dict.fromkeys(versions))}."]
    if wanted:
        parts.append(f"Not run, because something is not installed: pip install {' '.join(dict.fromkeys(wanted))}")
    return "\n\n".join(parts)


def comparison_rows(evaluation: Evaluation, most: int) -> list[Row]:
    """Every figure of the table."""
    dev = evaluation.dev
    sources = [source.clear().sample(most) for source in evaluation.sources]
    sources = [source for source in sources if source.texts]
    rows = [row for head in ONE_OF for row in _head_rows(dev, head)]
    rows.append(Row(f"urgency, recall of high in the top {TOP_SHARE:.0%}", len(dev), lambda peer: _urgent_recall(peer, dev)))
    rows += [Row(_marked(source), len(source.texts), lambda peer, source=source: _sign_share(peer, source)) for source in sources]
    unseen = [source for source in sources if not source.trained]
    for name, part in ((f"mean over {len(sources)} sources", sources), (f"mean over {len(unseen)} unseen sources", unseen)):
        n = sum(len(source.texts) for source in part)
        rows.append(Row(name, n, lambda peer, part=part: np.mean([_sign_share(peer, source) for source in part]) if part else None))
    labelled = evaluation.labelled()
    rows.append(Row(labelled.name, len(labelled.texts), lambda peer: _sign_share(peer, labelled)))
    return rows + [row for source in evaluation.sources if source.name == THREE_CLASSES for row in _three_rows(source.sample(most))]


def _marked(source: Source) -> str:
    return source.name if source.trained else f"{source.name} (unseen)"


def _head_rows(dev: Any, head: str) -> list[Row]:
    agreed = dev[f"{head}_a"].astype(str) == dev[f"{head}_b"].astype(str)
    parts = {"all": dev, "readers agree": dev[agreed]}
    return [
        Row(f"{head}, macro-F1, {name}", len(part), lambda peer, part=part: _head_figure(peer, head, part)) for name, part in parts.items()
    ]


def _head_figure(peer: Peer, head: str, dev: Any) -> float | None:
    chosen = peer.predict(head, dev["text"].tolist())
    if chosen is None:
        return None
    numbers = {label: number for number, label in enumerate(HEADS[head])}
    truth, found = (np.asarray([numbers[str(label)] for label in labels], np.intp) for labels in (dev[head], chosen))
    return float(macro_f1(confusion(truth, found, len(numbers))))


def _urgent_recall(peer: Peer, dev: Any) -> float | None:
    score = peer.urgent(dev["text"].tolist())
    return None if score is None else top_recall(score, (dev["urgency"] == "high").to_numpy(bool))[0]


def _sign_share(peer: Peer, source: Source) -> float:
    return right_share(np.asarray(peer.polarity(source.texts)), source.truth)


def _three_rows(source: Source) -> list[Row]:
    """Three classes two ways: five levels grouped, and three classes as the peer learned them itself."""
    ways = {"five levels grouped": "sentiment", "its own three classes": THREE}
    names = ("accuracy", "macro-F1")
    return [
        Row(f"{source.name}, {way}: {name}", len(source.texts), lambda peer, head=head, place=place: _three(peer, head, source, place))
        for way, head in ways.items()
        for place, name in enumerate(names)
    ]


def _three(peer: Peer, head: str, source: Source, place: int) -> float | None:
    chosen = peer.predict(head, source.texts)
    return None if chosen is None else three_class_figures(np.sign(np.asarray(chosen, dtype=np.int8)), source.truth)[place]


def _column(module: ModuleType, rows: list[Row], training: Training) -> list[str]:
    print(f"{module.NAME} ...", file=sys.stderr, flush=True)
    peer = _Remembering(module.fit(training))
    figures = [row.figure(peer) for row in rows]
    return [NO_NOTION if figure is None else f"{figure:.3f}" for figure in figures]


class _Remembering:
    """A peer that reads nothing twice: the figures ask for the same texts again and again."""

    def __init__(self, peer: Peer) -> None:
        self.peer, self.known = peer, {}

    def predict(self, head: str, texts: Sequence[str]) -> Sequence[str] | None:
        return self._once("predict", texts, head)

    def polarity(self, texts: Sequence[str]) -> NDArray[Any]:
        return self._once("polarity", texts)

    def urgent(self, texts: Sequence[str]) -> NDArray[Any] | None:
        return self._once("urgent", texts)

    def _once(self, method: str, texts: Sequence[str], *before: str) -> Any:
        key = (method, *before, tuple(texts))
        if key not in self.known:
            self.known[key] = getattr(self.peer, method)(*before, list(texts))
        return self.known[key]


def _versions(module: ModuleType) -> list[str]:
    found = []
    for package in module.NEEDS.values():
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} (checkout)")
    return found
