"""``TokenVectorizer``: texts to a sparse matrix over the library's words, for scikit-learn's own models."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.scorer import as_texts, text_chunks
from feedback_nlp.text.clean import clean
from feedback_nlp.text.stopwords import content_mask, user_stop_words
from feedback_nlp.text.tokenize import Tokenizer

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

#: What an entry of the matrix says.
WEIGHTINGS = ("count", "tfidf")


class TokenVectorizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Count the words of texts: cleaned, cut by `Tokenizer` and in lower case, a column for each word that ``fit`` kept.

    weighting: "count", or "tfidf": the count times ln((1 + n) / (1 + df)) + 1, rows scaled to length 1 (what scikit-learn's
        TfidfVectorizer does by default; Salton & Buckley 1988), n being the texts of ``fit`` and df those of them that hold the word.
    content_only: leave out punctuation, numbers, single characters and words that say nothing about a subject; good for reading words.
        Off by default, because a classifier needs 不 and ！.
    min_df, max_df: least and most texts that hold a word: a whole number of texts, or a share from 0.0 to 1.0.
    max_features: keep so many words, the most frequent ones, of equal ones the first by code point; None: all.
    user_dictionary: words for the tokeniser, a list or a file in jieba's format. stop_words: words to leave out, a list or a file.

    Fitted: ``vocabulary_`` (word -> column, ascending by code point), ``idf_`` float64 (n_words,), ``tokenizer_``. Nothing that is
    fitted depends on the order of the texts, and a row depends on its text alone.

    >>> vectorizer = TokenVectorizer(weighting="count").fit(["登录失败", "验证码收不到，登录不了"])
    >>> vectorizer.set_output(transform="pandas").transform(["登录登录失败"])[["失败", "登录", "验证码"]].values.tolist()
    [[1, 2, 0]]
    """

    # scikit-learn takes every argument but X and y for metadata to route; its own vectorisers say so of theirs.
    __metadata_request__fit: ClassVar[dict[str, str]] = {"texts": UNUSED}
    __metadata_request__transform: ClassVar[dict[str, str]] = {"texts": UNUSED}

    def __init__(
        self,
        *,
        weighting: str = "tfidf",
        content_only: bool = False,
        min_df: float = 1,
        max_df: float = 1.0,
        max_features: int | None = None,
        user_dictionary: str | Path | Iterable[str] | None = None,
        stop_words: str | Path | Iterable[str] | None = None,
    ) -> None:
        self.weighting = weighting
        self.content_only = content_only
        self.min_df = min_df
        self.max_df = max_df
        self.max_features = max_features
        self.user_dictionary = user_dictionary
        self.stop_words = stop_words

    def fit(self, texts: Any, y: object = None) -> Self:
        """Choose the words and learn their weights.

        texts: a list, tuple, array or Series of str; None and NaN count as an empty text. y: ignored.
        Raises InputError for parameters out of range, for no text and where no word is left; TextTypeError where a text is none.
        """
        self._fit(texts)
        return self

    def fit_transform(self, texts: Any, /, y: object = None) -> "csr_array | pd.DataFrame":
        """``fit`` and ``transform`` of the same texts, which are cut once."""
        return self._weighted(self._fit(texts), texts)

    def transform(self, texts: Any, /) -> "csr_array | pd.DataFrame":
        """The words of texts: a scipy CSR array (n, n_words), int64 of counts or float64 of tf-idf; words that are not known are left out.

        After ``set_output(transform="pandas")`` a DataFrame of sparse columns named by the words, with the index of a Series.
        texts: as for ``fit``. Raises NotFittedError, and TextTypeError where a text is none.
        """
        check_is_fitted(self)
        words, counts = _count(self.tokenizer_, as_texts(texts))
        known = np.fromiter((self.vocabulary_.get(word, -1) for word in words), np.int32, len(words))
        kept = np.flatnonzero(known >= 0)
        return self._weighted(_spread(counts[:, kept], known[kept], len(self.vocabulary_)), texts)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """The word of each column: object (n_words,). input_features: ignored, as texts have no columns. Raises NotFittedError."""
        check_is_fitted(self)
        return np.array(list(self.vocabulary_), dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array, tags.input_tags.two_d_array = True, False
        tags.input_tags.string = tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _fit(self, texts: Any) -> "csr_array":
        """Learn, and give the counts of the words that were kept, (n, n_words)."""
        rows = as_texts(texts)
        if not rows:
            raise InputError("expected at least one text, got none (0 samples)")
        low, high = self._limits(len(rows))
        stop = user_stop_words(self.stop_words)
        tokenizer = Tokenizer(user_dictionary=self.user_dictionary)
        words, counts = _count(tokenizer, rows)
        documents = np.bincount(counts.indices, minlength=len(words))
        keep = (documents >= low) & (documents <= high)
        keep &= np.fromiter((word not in stop and not word.isspace() for word in words), np.bool_, len(words))
        if self.content_only:
            keep &= content_mask(words)
        kept = np.flatnonzero(keep)
        if not len(kept):
            raise InputError(
                f"expected words in the texts, none of {len(words)} is left; "
                "give texts that hold words, a lower min_df, a higher max_df or fewer stop words"
            )
        if self.max_features is not None:
            order = np.lexsort((kept, -counts.sum(axis=0)[kept]))
            kept = np.sort(kept[order[: self.max_features]])
        self.tokenizer_ = tokenizer
        self.vocabulary_: dict[str, int] = {word: column for column, word in enumerate(words[kept].tolist())}
        self.idf_: NDArray[np.float64] = np.log((1 + len(rows)) / (1 + documents[kept])) + 1
        return counts[:, kept]

    def _weighted(self, counts: "csr_array", texts: Any) -> "csr_array | pd.DataFrame":
        """Counts as they are asked for: weighed, and as a table where ``set_output`` says so."""
        if self.weighting == "tfidf":
            counts = _unit_rows(counts, self.idf_)
        if not self._gives_pandas():
            return counts
        import pandas as pd

        # scikit-learn refuses to put a sparse matrix into a table, but takes one that is there.
        index = texts.index if isinstance(texts, pd.Series) else None
        return pd.DataFrame.sparse.from_spmatrix(counts, index=index, columns=self.get_feature_names_out())

    def _gives_pandas(self) -> bool:
        """Whether ``set_output``, or else scikit-learn's configuration, asks for pandas."""
        from sklearn import get_config

        chosen = getattr(self, "_sklearn_output_config", {}).get("transform", get_config()["transform_output"])
        return bool(chosen == "pandas")

    def _limits(self, n: int) -> tuple[float, float]:
        """Least and most of n texts that may hold a word. Raises InputError for parameters out of range."""
        if self.weighting not in WEIGHTINGS:
            raise InputError(f"weighting: expected one of {', '.join(WEIGHTINGS)}, got {self.weighting!r}")
        if not isinstance(self.content_only, bool | np.bool_):
            raise InputError(f"content_only: expected True or False, got {self.content_only!r}")
        most = self.max_features
        if most is not None and (isinstance(most, bool) or not isinstance(most, int | np.integer) or most < 1):
            raise InputError(f"max_features: expected a whole number of 1 or more, or None, got {most!r}")
        low, high = _documents("min_df", self.min_df, n), _documents("max_df", self.max_df, n)
        if low > high:
            raise InputError(f"min_df, max_df: expected min_df <= max_df, got {self.min_df!r} and {self.max_df!r} for {n} texts")
        return low, high


def _documents(name: str, value: Any, n: int) -> float:
    """A number of texts, out of a number or a share of n. Raises InputError."""
    if not isinstance(value, bool | np.bool_):
        if isinstance(value, int | np.integer) and value >= 1:
            return int(value)
        if isinstance(value, float | np.floating) and 0 <= value <= 1:
            return float(value) * n
    raise InputError(f"{name}: expected a whole number of texts from 1 on, or a share from 0.0 to 1.0, got {value!r}")


def _count(tokenizer: Tokenizer, texts: list[str]) -> "tuple[NDArray[np.object_], csr_array]":
    """The distinct words in lower case, object (n_words,) sorted by code point, and how often each row holds them, int64 CSR."""
    from scipy.sparse import csr_array

    tokens = tokenizer.tokenize([text for chunk in text_chunks(texts) for text in clean(chunk).texts()])
    folded = np.array([word.casefold() for word in tokens.vocabulary], dtype=object)
    words, place = np.unique(folded, return_inverse=True)
    # Several of scikit-learn's models take 32-bit positions only, and scipy does not narrow them by itself.
    index = np.int32 if len(tokens.ids) <= np.iinfo(np.int32).max else np.int64
    positions, ones = place.astype(index)[tokens.ids], np.ones(len(tokens.ids), np.int64)
    counts = csr_array((ones, positions, tokens.indptr.astype(index)), shape=(len(texts), len(words)))
    counts.sum_duplicates()
    return words, counts


def _spread(counts: "csr_array", columns: NDArray[np.int32], width: int) -> "csr_array":
    """CSR (n, len(columns)) with its columns, which ascend, moved to other places among ``width``."""
    from scipy.sparse import csr_array

    return csr_array((counts.data, columns[counts.indices], counts.indptr), shape=(counts.shape[0], width))


def _unit_rows(counts: "csr_array", weights: NDArray[np.float64]) -> "csr_array":
    """CSR float64 (n, n_words): counts times the weights of their columns, rows scaled to Euclidean length 1; empty rows stay empty."""
    from scipy.sparse import csr_array

    n = counts.shape[0]
    row, data = np.repeat(np.arange(n), np.diff(counts.indptr)), counts.data * weights[counts.indices]
    data /= np.sqrt(np.bincount(row, data * data, minlength=n))[row]
    return csr_array((data, counts.indices, counts.indptr), shape=counts.shape)
