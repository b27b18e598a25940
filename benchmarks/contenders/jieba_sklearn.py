"""jieba + scikit-learn: ``jieba.lcut``, one ``TfidfVectorizer``, a ``LinearSVC`` for each head."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

NAME = "jieba.lcut + TfidfVectorizer + LinearSVC"
NEEDS = {"jieba": "jieba", "sklearn": "scikit-learn"}
SAYS = "type, five levels, polarity, urgency"
TEXTS = 8_000

#: Texts of sentiment.parquet that it learns polarity from where ``benchmarks.speed`` times it, half of them negative.
TRAINING_TEXTS = 10_000
SEED = 20_240_601
FILE = "model.joblib"


def cut(text: str) -> list[str]:
    """``jieba.lcut`` under a name that can be saved with a vectoriser; the method itself holds a lock."""
    import jieba

    return jieba.lcut(text)


def fitted(lessons: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> tuple[Any, dict[str, Any]]:
    """One vectoriser of the words of all lessons, so that a text is cut once, and a classifier by head."""
    import logging

    import jieba
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    jieba.setLogLevel(logging.WARNING)
    vectorizer = TfidfVectorizer(tokenizer=cut, token_pattern=None, lowercase=False)
    vectorizer.fit(sorted({text for texts, _ in lessons.values() for text in texts}))
    models = {head: LinearSVC(random_state=SEED).fit(vectorizer.transform(texts), labels) for head, (texts, labels) in lessons.items()}
    return vectorizer, models


def train(lessons: Mapping[str, tuple[Sequence[str], Sequence[str]]], folder: Path) -> None:
    """Learn all heads."""
    import joblib

    joblib.dump(fitted(lessons), folder / FILE)


def load(folder: Path) -> Any:
    """What ``train`` wrote, and jieba's dictionary."""
    import logging

    import jieba
    import joblib

    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    return joblib.load(folder / FILE)


def prepare(texts: Sequence[str]) -> Any:
    """Polarity alone, learned from a seeded part of sentiment.parquet."""
    from benchmarks.common import read_table

    table = read_table("sentiment")
    table = table[table["polarity"] != 0].groupby("polarity").sample(TRAINING_TEXTS // 2, random_state=SEED)
    state = fitted({"sign": (table["text"].tolist(), table["polarity"].astype(int).astype(str).tolist())})
    run(state, texts[:100])
    return state


def run(state: Any, texts: Sequence[str]) -> dict[str, Any]:
    """Every head of each text, tokenising included."""
    vectorizer, models = state
    words = vectorizer.transform(texts)
    polarity = models["sign"].decision_function(words)
    return {"polarity": polarity, **{head: model.predict(words) for head, model in models.items() if head != "sign"}}
