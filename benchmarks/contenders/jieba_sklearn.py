"""jieba + scikit-learn: ``jieba.lcut``, ``TfidfVectorizer``, ``LinearSVC.predict``. One label: positive or negative."""

from collections.abc import Sequence
from typing import Any

NAME = "jieba.lcut + TfidfVectorizer + LinearSVC, polarity only"

#: Texts of sentiment.parquet it learns from, half of them negative; training is not timed.
TRAINING_TEXTS = 10_000


def prepare(texts: Sequence[str]) -> Any:
    """A pipeline trained on a seeded part of sentiment.parquet, jieba's dictionary loaded."""
    import logging

    import jieba
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    from benchmarks.common import SEED, read_table

    jieba.setLogLevel(logging.WARNING)
    table = read_table("sentiment")
    table = table[table["polarity"] != 0].groupby("polarity").sample(TRAINING_TEXTS // 2, random_state=SEED)
    vectorizer = TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, lowercase=False)
    model = make_pipeline(vectorizer, LinearSVC(random_state=SEED))
    model.fit(table["text"].tolist(), table["polarity"].astype(int).tolist())
    model.predict(list(texts[:100]))
    return model


def run(state: Any, texts: Sequence[str]) -> Any:
    """Polarity of each text, tokenising included."""
    return state.predict(texts)
