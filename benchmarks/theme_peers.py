"""Who finds themes: ours, and what a data scientist would reach for, all from the same texts.

A contender is called with a ``Corpus`` and a number of themes and returns ``Found``. The peers read jieba's words without stop words and
without single characters, in TF-IDF or counts of words in two texts at least and 95 % of them at most (the bounds of scikit-learn's own
example of topic extraction); their seconds contain the cutting. Every seed is fixed. An item without a word is given to no theme.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import ROOT, SEED
from benchmarks.theme_bertopic import FREE, REDUCED
from benchmarks.theme_metrics import TOP_WORDS, typical_words

#: Interpreter of the environment with BERTopic, where it is not given as an option.
BERTOPIC_VARIABLE = "FEEDBACK_NLP_BERTOPIC"
MIN_DOCUMENTS, MAX_SHARE = 2, 0.95
DIMENSIONS = 100


@dataclass(frozen=True)
class Corpus:
    """n texts. gold: int (n,), the class of each. tokens: jieba's, in lower case. words: those that peers read."""

    name: str
    texts: list[str]
    gold: NDArray[np.intp]
    tokens: list[list[str]]
    words: list[list[str]]
    cut_seconds: float

    @property
    def n_classes(self) -> int:
        """Different classes."""
        return len(np.unique(self.gold))

    def take(self, rows: NDArray[np.intp]) -> "Corpus":
        """The chosen rows in the given order; the seconds of cutting go by their share."""
        texts, tokens, words = ([column[row] for row in rows.tolist()] for column in (self.texts, self.tokens, self.words))
        return Corpus(self.name, texts, self.gold[rows], tokens, words, self.cut_seconds * len(rows) / max(len(self.texts), 1))

    @cached_property
    def tfidf(self) -> tuple[Any, NDArray[np.object_]]:
        """TF-IDF, sparse (n, n_words), and the words."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        return _matrix(TfidfVectorizer, self.words)

    @cached_property
    def vectors(self) -> tuple[NDArray[np.float32], float]:
        """TF-IDF reduced to 100 numbers and length 1 (LSA: Deerwester et al. 1990), float32 (n, 100), and the seconds it took."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.preprocessing import normalize

        started = time.perf_counter()
        matrix = self.tfidf[0]
        reduced = TruncatedSVD(min(DIMENSIONS, matrix.shape[1] - 1), random_state=SEED).fit_transform(matrix)
        return normalize(reduced).astype(np.float32), time.perf_counter() - started


@dataclass(frozen=True)
class Found:
    """labels: int32 (n,), -1 for none. words: the first words of each theme. seconds: from texts to labels."""

    labels: NDArray[np.int32]
    words: list[list[str]]
    seconds: float


def read_corpus(name: str, texts: list[str], gold: NDArray[np.intp]) -> Corpus:
    """Cut the texts with jieba."""
    import jieba

    from feedback_nlp.text.stopwords import stop_words

    jieba.setLogLevel(60)
    jieba.initialize()
    stop = stop_words()
    started = time.perf_counter()
    tokens = [jieba.lcut(text.lower()) for text in texts]
    words = [[token for token in row if is_word(token) and token not in stop] for row in tokens]
    return Corpus(name, texts, gold, tokens, words, time.perf_counter() - started)


def is_word(token: str) -> bool:
    """Two characters at least, no number, no punctuation."""
    return len(token) > 1 and token[0].isalnum() and not token.isnumeric()


def ours(corpus: Corpus, n_themes: int | None, *, upper: bool = False) -> Found:
    """feedback_nlp, from the texts; None leaves the number of themes to the data.

    upper: the broader theme of each theme instead of itself, shown by the words of its items (``typical_words``).
    """
    from feedback_nlp.topics.theme_model import ThemeModel

    started = time.perf_counter()
    model = ThemeModel(n_themes).fit(corpus.texts)
    seconds = time.perf_counter() - started
    themes = model.themes_
    if not upper:
        return Found(model.labels_, themes.top_words(TOP_WORDS), seconds)
    broader = [parent or name for parent, name in zip(themes.parents, themes.names, strict=True)]
    number = np.append(np.unique(broader, return_inverse=True)[1], -1)
    labels = number[model.labels_].astype(np.int32)
    return Found(labels, typical_words(corpus.words, labels), seconds)


def lda(corpus: Corpus, n_themes: int | None) -> Found:
    """LatentDirichletAllocation (Blei, Ng & Jordan 2003; batch variational Bayes, scikit-learn's defaults) on counts."""
    from sklearn.decomposition import LatentDirichletAllocation
    from sklearn.feature_extraction.text import CountVectorizer

    started = time.perf_counter()
    matrix, names = _matrix(CountVectorizer, corpus.words)
    model = LatentDirichletAllocation(n_themes, random_state=SEED)
    weight = model.fit_transform(matrix)
    empty = np.asarray(matrix.sum(axis=1)).ravel() == 0
    return _found(corpus, weight, empty, _heaviest(model.components_, names), started)


def nmf(corpus: Corpus, n_themes: int | None) -> Found:
    """NMF (Lee & Seung 1999; scikit-learn's defaults) on TF-IDF."""
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfVectorizer

    started = time.perf_counter()
    matrix, names = _matrix(TfidfVectorizer, corpus.words)
    model = NMF(n_themes, random_state=SEED, max_iter=400)
    weight = model.fit_transform(matrix)
    return _found(corpus, weight, weight.sum(axis=1) == 0, _heaviest(model.components_, names), started)


def clusters(corpus: Corpus, n_themes: int | None) -> Found:
    """k-means, the best of ten starts, on the vectors; words by the mean TF-IDF of the theme's items."""
    from sklearn.cluster import KMeans

    started = time.perf_counter()
    (vectors, earlier), (matrix, names) = corpus.vectors, corpus.tfidf
    waited = time.perf_counter() - started
    model = KMeans(n_themes, n_init=10, random_state=SEED).fit(vectors)
    weight = np.eye(model.n_clusters)[model.labels_]
    return _found(corpus, weight, ~vectors.any(axis=1), _heaviest(weight.T @ matrix, names), started + waited - earlier)


def bertopic(python: str, runs: Sequence[Corpus], n_themes: int) -> tuple[dict[str, list[Found]], str]:
    """BERTopic (Grootendorst 2022) on the same vectors, in its own environment: what each way found in each run; and the versions."""
    with tempfile.TemporaryDirectory() as folder:
        job = {"seed": SEED, "n_themes": n_themes, "documents": [[" ".join(row) for row in run.words] for run in runs]}
        Path(folder, "job.json").write_text(json.dumps(job), encoding="utf-8")
        for number, run in enumerate(runs):
            np.save(Path(folder, f"vectors_{number}.npy"), run.vectors[0])
        subprocess.run([python, "-m", "benchmarks.theme_bertopic", folder], cwd=ROOT, check=True, stdout=sys.stderr)
        answer = json.loads(Path(folder, "found.json").read_text(encoding="utf-8"))
    found = {
        way: [
            Found(np.asarray(one[way]["labels"], np.int32), one[way]["words"], run.cut_seconds + run.vectors[1] + one[way]["seconds"])
            for one, run in zip(answer["found"], runs, strict=True)
        ]
        for way in (FREE, REDUCED)
    }
    return found, ", ".join(f"{name} {number}" for name, number in answer["versions"].items())


def bertopic_python(option: str | None) -> str | None:
    """Interpreter that has BERTopic: the option, else the environment; None where there is none."""
    python = option or os.environ.get(BERTOPIC_VARIABLE)
    if python and not Path(python).is_file():
        raise SystemExit(f"{python} is no file; --bertopic and {BERTOPIC_VARIABLE} name the interpreter of an environment with bertopic")
    return python


Contender = Callable[[Corpus, int | None], Found]
#: With as many themes as there are classes; ours stands beside with its own choice of the number.
GIVEN_NUMBER: dict[str, Contender] = {"LDA": lda, "NMF": nmf, "SVD, k-means": clusters}


def _matrix(vectorizer: Any, words: list[list[str]]) -> tuple[Any, NDArray[np.object_]]:
    """Of lists of words: sparse (n, n_words), and the words, object (n_words,)."""
    model = vectorizer(analyzer=_as_it_is, min_df=MIN_DOCUMENTS, max_df=MAX_SHARE)
    return model.fit_transform(words), model.get_feature_names_out()


def _as_it_is(words: list[str]) -> list[str]:
    return words


def _heaviest(weight: Any, names: NDArray[np.object_]) -> list[list[str]]:
    """First words of each theme; weight: (n_themes, n_words)."""
    return [[str(names[place]) for place in np.argsort(-row, kind="stable")[:TOP_WORDS] if row[place] > 0] for row in np.asarray(weight)]


def _found(corpus: Corpus, weight: Any, empty: NDArray[np.bool_], words: list[list[str]], started: float) -> Found:
    labels = np.where(empty, -1, np.argmax(weight, axis=1)).astype(np.int32)
    return Found(labels, words, corpus.cut_seconds + time.perf_counter() - started)
