"""``BatchScorer``: texts in, one row of scores each out."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.classify import heads
from feedback_nlp.errors import TextTypeError
from feedback_nlp.scorer.clauses import fold_and_split
from feedback_nlp.scorer.drift import compare_scores
from feedback_nlp.scorer.explain import Explanation, explain_text
from feedback_nlp.scorer.familiar import unfamiliar_share
from feedback_nlp.scorer.model import HEADS, Model, load_model
from feedback_nlp.scorer.pool import pool, pool_logits
from feedback_nlp.scorer.scores import Scores, part_probabilities
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import character_table
from feedback_nlp.text.clean import CleanTexts, clean
from feedback_nlp.text.threads import map_threads
from feedback_nlp.text.tokenize import Tokenizer

#: Characters worked on at a time: the slots of a chunk stay in the cache, and memory stays flat however many texts there are.
CHUNK_CHARS = 1 << 18


class BatchScorer:
    """Scores texts with a small network over hashed character n-grams and clauses.

    Immutable after construction, so one instance may serve many threads; it pickles for worker processes, see ``Model``. A text's scores
    depend on the text and the model alone.

    >>> scorer = BatchScorer.load()
    >>> scorer.score(["我的软件总是闪退，太影响工作了"])["type"].tolist()
    ['defect']
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._tokenizer = Tokenizer()  # builds nothing before an explanation's phrases are asked for

    @classmethod
    def load(cls, folder: str | Path | None = None) -> "BatchScorer":
        """The bundled model, or one in ``folder``. Raises ModelError where it is missing, damaged or foreign."""
        return cls(load_model(folder))

    def score(self, texts: Sequence[str] | pd.Series, *, abstain: bool = False, n_jobs: int = 1) -> pd.DataFrame:
        """Score texts.

        texts: a list, tuple, array or Series of str; None and NaN count as an empty text.
        abstain: a type below the model's confidence threshold becomes ``other``.
        n_jobs: threads that share the work and the model; -1 for one per core, as joblib counts. The result does not depend on it.
        Returns a DataFrame with the columns of ``SCORE_COLUMNS``, as long as the input, in its order, with its index.
        Raises TextTypeError where an element is something else, InputError for an ``n_jobs`` of 0 or of another type.
        """
        index = texts.index if isinstance(texts, pd.Series) else None
        parts = map_threads(lambda chunk: self._score_part(clean(chunk)), text_chunks(as_texts(texts)), n_jobs=n_jobs)
        return self._join(parts, abstain=abstain).to_frame(index)

    def probabilities(self, texts: Sequence[str] | pd.Series) -> pd.DataFrame:
        """Calibrated probability of every class and flag: float32 (n, 23), columns such as ``type_defect``, ``urgency_high``.

        texts: as for ``score``. ``urgency_high`` is the urgency score: it puts the most urgent texts first.
        """
        index = texts.index if isinstance(texts, pd.Series) else None
        parts = [part_probabilities(self.logits(part.batch), part.no_information) for part in map(clean, text_chunks(as_texts(texts)))]
        names = [f"{head}_{label}" for head, labels in HEADS.items() for label in labels]
        return pd.DataFrame(np.concatenate(parts or [np.zeros((0, len(names)), np.float32)]), columns=names, index=index)

    def compare(self, new: pd.DataFrame, old: pd.DataFrame | None = None) -> pd.DataFrame:
        """Whether scores have drifted, head by head: population stability of ``new`` against ``old``; see ``drift.compare_scores``.

        new, old: what ``score`` returned. Without ``old`` the comparison is with the texts the model was made on.
        """
        return compare_scores(new, self.model.reference if old is None else old)

    def score_clean(self, parts: Iterator[CleanTexts], *, abstain: bool = False) -> Scores:
        """Scores of texts that are cleaned already, part by part."""
        return self._join(map(self._score_part, parts), abstain=abstain)

    def _join(self, parts: Iterator[Scores], *, abstain: bool) -> Scores:
        """Scores of all parts in one."""
        results = [*parts] or [self._score_part(clean([]))]
        joined = {field.name: np.concatenate([getattr(part, field.name) for part in results]) for field in fields(Scores)}
        scores = Scores(**joined)
        if abstain:
            kept = heads.abstain(scores.type_index, scores.type_confidence, threshold=self.model.thresholds["type"])
            scores = replace(scores, type_index=kept)
        return scores

    def _score_part(self, part: CleanTexts) -> Scores:
        return Scores.from_logits(self.logits(part.batch), part.no_information, self.model.decision)

    def logits(self, batch: TextBatch) -> NDArray[np.float32]:
        """Logits of cleaned texts: float32 (n_rows, N_LOGITS)."""
        model = self.model
        parts, dense = fold_and_split(batch), model.dense
        return pool_logits(*parts, model.embedding, model.scale, dense, orders=model.orders, norm_limit=model.norm_limit, table=model.table)

    def features(self, batch: TextBatch) -> NDArray[np.float32]:
        """Pooled clause features of cleaned texts: float32 (n_rows, 5 * D), whole numbers in -127..127; see ``pool.pool``."""
        model = self.model
        parts = fold_and_split(batch)
        return pool(*parts, model.embedding, model.scale, orders=model.orders, norm_limit=model.norm_limit, table=model.table)

    def unfamiliar(self, texts: Sequence[str] | pd.Series) -> NDArray[np.float32]:
        """Share of each text's character pairs that the model never saw in training: float32 (n,) in [0, 1].

        texts: as for ``score``. A mean far above ``model.reference["unfamiliar"]`` says that the texts are of another kind.
        """
        parts = (clean(chunk).batch for chunk in text_chunks(as_texts(texts)))
        found = [unfamiliar_share(character_table().fold[batch.codes], batch.indptr, self.model.familiar) for batch in parts]
        return np.concatenate(found or [np.zeros(0, np.float32)])

    def explain(self, text: str, *, head: str = "type", label: str | None = None, against: str | None = None) -> Explanation:
        """Contributions of the text's n-grams to the logit of ``label`` in ``head`` (type, sentiment, urgency, risk).

        label: a class of the head; the one that ``score`` chooses, or the most probable risk, where none is given.
        against: another class: why ``label`` and not that one; logit, bias and contributions are then differences.
        Raises InputError on an unknown head or label, and where ``against`` is the label itself.
        """
        batch = clean(as_texts([text])).batch
        return explain_text(self.model, batch, self.features(batch), head=head, label=label, against=against, tokenizer=self._tokenizer)


def as_texts(texts: Any) -> list[str]:
    """A list of str of the same length; None and NaN become the empty text. Raises TextTypeError."""
    # A dict, a set and a DataFrame have a length too, but not one text per element in a fixed order.
    if isinstance(texts, str | bytes | Mapping | Set) or not hasattr(texts, "__len__") or getattr(texts, "ndim", 1) != 1:
        got = type(texts).__name__
        raise TextTypeError(f"expected a list, tuple, array or Series of str, got {got}; wrap a single text in a list: score([text])")
    values = texts.tolist() if hasattr(texts, "tolist") else list(texts)
    try:
        "".join(values)
    except TypeError:
        return [_as_text(value, position) for position, value in enumerate(values)]
    return values


def _as_text(value: object, position: int) -> str:
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    raise TextTypeError(f"expected str at position {position}, got {type(value).__name__}; convert it first, for instance with str(value)")


def text_chunks(texts: list[str]) -> Iterator[list[str]]:
    """Consecutive parts of about ``CHUNK_CHARS`` characters, at least one text each."""
    ends = np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)))
    first = 0
    while first < len(texts):
        done = ends[first - 1] if first else 0
        last = max(int(np.searchsorted(ends, done + CHUNK_CHARS, side="right")), first + 1)
        # Empty texts have no characters but still cost a row.
        last = min(last, first + CHUNK_CHARS)
        yield texts[first:last]
        first = last
