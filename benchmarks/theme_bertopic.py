"""BERTopic in an environment of its own: it reads a folder of prepared runs and writes what it found.

    PYTHON -m benchmarks.theme_bertopic FOLDER

PYTHON is an interpreter with bertopic, hdbscan and umap-learn; nothing of ``feedback_nlp`` is imported. FOLDER holds ``job.json``
(seed, n_themes, documents of each run as words between blanks) and ``vectors_N.npy`` for each run; ``found.json`` is written into it.
The vectors are given, so that no encoder is loaded and every contender sees the same TF-IDF.
"""

import json
import sys
import time
import warnings
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

#: Found where nothing else is said: BERTopic's own choice of the number of themes, and that number reduced to the given one.
FREE, REDUCED = "BERTopic", "BERTopic, nr_topics = k"


def new_model(seed: int) -> Any:
    """BERTopic with its defaults, made repeatable: UMAP's seed, one token for each word between blanks."""
    from bertopic import BERTopic
    from sklearn.feature_extraction.text import CountVectorizer
    from umap import UMAP

    # The values are BERTopic's own defaults; UMAP has to be given as a whole to have a seed.
    reduction = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", low_memory=False, random_state=seed)
    counts = CountVectorizer(tokenizer=str.split, token_pattern=None, lowercase=False)
    # With "english", its default, BERTopic strips every Chinese character from the documents.
    return BERTopic(language="multilingual", embedding_model=None, umap_model=reduction, vectorizer_model=counts)


def described(model: Any, labels: Any, seconds: float) -> dict[str, Any]:
    """Labels, words of each theme, seconds, as JSON takes them."""
    words = [[word for word, _ in model.get_topic(number) if word] for number in sorted(set(labels) - {-1})]
    return {"labels": [int(label) for label in labels], "words": words, "seconds": seconds}


def both_ways(documents: list[str], vectors: Any, *, n_themes: int, seed: int) -> dict[str, dict[str, Any]]:
    """One fit, as it is and reduced to ``n_themes``; BERTopic counts the outliers, where there are any, as one more."""
    model = new_model(seed)
    started = time.perf_counter()
    labels, _ = model.fit_transform(documents, vectors)
    seconds = time.perf_counter() - started
    free = described(model, labels, seconds)
    reduced = deepcopy(model)
    started = time.perf_counter()
    reduced.reduce_topics(documents, nr_topics=n_themes + int(-1 in labels))
    return {FREE: free, REDUCED: described(reduced, reduced.topics_, seconds + time.perf_counter() - started)}


def main(argv: list[str]) -> int:
    """Do the runs of the folder, after a small one that compiles what has to be compiled."""
    warnings.filterwarnings("ignore")
    folder = Path(argv[0])
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    random = np.random.default_rng(job["seed"])
    group = np.arange(400) % 8
    small = (np.eye(8)[group] + 0.1 * random.random((400, 8))).astype(np.float32)
    both_ways([f"a{k} b{k // 2} c{k // 4}" for k in group], small, n_themes=2, seed=job["seed"])
    found = []
    for number, documents in enumerate(job["documents"]):
        vectors = np.load(folder / f"vectors_{number}.npy", allow_pickle=False)
        found.append(both_ways(documents, vectors, n_themes=job["n_themes"], seed=job["seed"]))
    versions = {name: version(name) for name in ("bertopic", "umap-learn", "hdbscan")}
    (folder / "found.json").write_text(json.dumps({"found": found, "versions": versions}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
