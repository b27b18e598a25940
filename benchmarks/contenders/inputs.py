"""What every contender gets: the same lessons, the same evaluation texts, and texts of the same lengths to be timed on."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders import CONTENDERS, HEADS, load_module
from benchmarks.metrics import confusion, macro_f1, right_share
from benchmarks.peers.sources import Source, evaluation_texts
from benchmarks.peers.training import bundled_training
from benchmarks.texts import like_the_pool, review_pool
from feedback_nlp.scorer.model import HEADS as CLASSES


@dataclass(frozen=True)
class Inputs:
    """dev: the labels of ``labels_dev``. sources: polarity by source. note: on the training tables."""

    dev: Any
    sources: tuple[Source, ...]
    note: str

    def texts(self) -> list[str]:
        """All evaluation texts: those of the dev labels, then those of each source."""
        return [*self.dev["text"], *(text for source in self.sources for text in source.texts)]

    def figures(self, answers: dict[str, list[str]]) -> dict[str, float]:
        """Mean over sources of the right signs of polarity; macro-F1 of the heads that are known. answers: of ``texts()``."""
        polarity = np.asarray([float(value) for value in answers["polarity"]])
        start, shares = len(self.dev), []
        for source in self.sources:
            shares.append(right_share(polarity[start : start + len(source.texts)], source.truth))
            start += len(source.texts)
        found = {"polarity": float(np.mean(shares))}
        for head in ("type", "sentiment"):
            if head in answers:
                numbers = {label: number for number, label in enumerate(CLASSES[head])}
                truth, said = (
                    np.asarray([numbers[str(label)] for label in labels], np.intp)
                    for labels in (self.dev[head], answers[head][: len(self.dev)])
                )
                found[head] = float(macro_f1(confusion(truth, said, len(numbers))))
        return found


def prepare_inputs(folder: Path, *, per_source: int, most_lessons: int | None, share: float) -> Inputs:
    """Write lessons, evaluation texts and timed texts; share: of ``TEXTS``, for a quick look."""
    training = bundled_training()
    lessons = {head: training.lesson(head, most=most_lessons) for head in HEADS}
    evaluation = evaluation_texts(training)
    sources = tuple(source.clear().sample(per_source) for source in evaluation.sources)
    inputs = Inputs(evaluation.dev, tuple(source for source in sources if source.texts), training.note())
    pool = review_pool()
    timed = {}
    for name in CONTENDERS:
        wanted = max(20, round(load_module(name).TEXTS * share))
        timed[name] = like_the_pool(pool, wanted) if wanted < len(pool) else [pool[row % len(pool)] for row in range(wanted)]
    for name, value in {"lessons": lessons, "evaluation": inputs.texts(), **timed}.items():
        (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    return inputs
