"""rjieba + fastText: words and their pairs, one supervised classifier for each head."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

NAME = "rjieba + fastText"
NEEDS = {"fasttext": "fasttext-numpy2-wheel", "rjieba": "rjieba"}
SAYS = "type, five levels, polarity, urgency"
TEXTS = 30_000

SEED = 20_240_601
PREFIX = "__label__"
#: Rate and passes: the best of a few on a tenth of the training texts. One thread, so that a second run gives the same.
OPTIONS = {"lr": 0.2, "epoch": 10, "dim": 64, "wordNgrams": 2, "bucket": 1 << 19, "thread": 1, "seed": SEED, "verbose": 0}


def lines(texts: Sequence[str]) -> list[str]:
    """Words with spaces between them; no line breaks, and nothing that fastText would take for a label."""
    import rjieba

    return [" ".join(word for word in rjieba.cut(text.replace(PREFIX, " ")) if word.strip()) for text in texts]


def trained(texts: Sequence[str], labels: Sequence[str]) -> Any:
    """A classifier, from a file that is deleted afterwards."""
    import fasttext

    with TemporaryDirectory() as folder:
        file = Path(folder) / "train.txt"
        rows = [f"{PREFIX}{label} {line}\n" for label, line in zip(labels, lines(texts), strict=True)]
        # It reads them in this order, and the tables are sorted: without mixing it ends on one source and one class.
        Random(SEED).shuffle(rows)
        file.write_text("".join(rows), encoding="utf-8")
        return fasttext.train_supervised(input=str(file), **OPTIONS)


def chosen(model: Any, read: Sequence[str]) -> list[str]:
    """The most probable class of each line."""
    labels, _ = model.predict(read)
    return [found[0].removeprefix(PREFIX) for found in labels]


def probability(model: Any, label: str, read: Sequence[str]) -> list[float]:
    """Probability of a class for each line."""
    labels, values = model.predict(read, k=-1)
    pairs = (dict(zip(names, numbers, strict=True)) for names, numbers in zip(labels, values, strict=True))
    return [float(found[f"{PREFIX}{label}"]) for found in pairs]


def train(lessons: Mapping[str, tuple[Sequence[str], Sequence[str]]], folder: Path) -> None:
    """Learn all heads, each on its own."""
    for head, (texts, labels) in lessons.items():
        trained(texts, labels).save_model(str(folder / f"{head}.bin"))


def load(folder: Path) -> Any:
    """The classifiers by head, and rjieba's dictionary."""
    import fasttext

    lines(["预热"])
    return {file.stem: fasttext.load_model(str(file)) for file in sorted(folder.glob("*.bin"))}


def run(state: Any, texts: Sequence[str]) -> dict[str, list[Any]]:
    """Every head of each text, tokenising included."""
    read = lines(texts)
    polarity = [2 * value - 1 for value in probability(state["sign"], "1", read)]
    return {"polarity": polarity, **{head: chosen(model, read) for head, model in state.items() if head != "sign"}}
