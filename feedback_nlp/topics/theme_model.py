"""``ThemeModel``: themes as a scikit-learn estimator that reads texts."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.scorer import as_texts, text_chunks
from feedback_nlp.text.clean import clean
from feedback_nlp.text.tokenize import Tokenizer, Tokens
from feedback_nlp.topics.tables import theme_table
from feedback_nlp.topics.theme_files import read_themes, write_themes
from feedback_nlp.topics.theme_fit import fit_themes
from feedback_nlp.topics.themes import Themes

if TYPE_CHECKING:
    import pandas as pd


#: Columns of ``ThemeModel.transform``.
COLUMNS = ("theme", "parent", "theme_id", "strength")


class ThemeModel(TransformerMixin, ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Find themes in texts, give each text its theme, and keep themes through refits.

    n_themes: how many; None: as many as the texts show. seeds: name -> words of themes that are wanted, each a list of str.
    ignore: names (of products, say) that form no theme. user_dictionary: words for the tokeniser, a list or a file in jieba's format.

    After ``fit``: ``themes_`` (a `Themes`), ``labels_`` int32 (n,), the theme of each text, -1 for none, and ``strength_`` float32 (n,) in
    [0, 1], and ``tokenizer_``, which holds the user's words, so that their file is not needed again. Nothing depends on the order of the
    texts.

    >>> model = ThemeModel().fit(["登录失败，验证码收不到"] * 3 + ["登录失败", "快递太慢", "快递慢，包装破损"])
    >>> model.transform(["一直登录失败"])["theme"].tolist()
    ['登录']
    """

    # scikit-learn takes every argument but X and y for metadata to route; its own text estimators say so of theirs.
    __metadata_request__fit: ClassVar[dict[str, str]] = {"texts": UNUSED}
    __metadata_request__predict: ClassVar[dict[str, str]] = {"texts": UNUSED}
    __metadata_request__transform: ClassVar[dict[str, str]] = {"texts": UNUSED}

    def __init__(
        self,
        n_themes: int | None = None,
        *,
        seeds: Mapping[str, Sequence[str]] | None = None,
        ignore: Collection[str] = (),
        user_dictionary: str | Path | list[str] | None = None,
    ) -> None:
        self.n_themes = n_themes
        self.seeds = seeds
        self.ignore = ignore
        self.user_dictionary = user_dictionary

    def fit(self, texts: "Sequence[str] | pd.Series", y: object = None, *, previous: "Themes | ThemeModel | None" = None) -> Self:
        """Find the themes of n texts; None and NaN count as empty. y: ignored.

        previous: themes of an earlier fit, or the model that made them: they keep their names, numbers, pins and merges, and new ones join.
        Raises InputError for parameters out of range, TextTypeError where a text is none.
        """
        self._check()
        tokenizer = Tokenizer(user_dictionary=self.user_dictionary)
        tokens = _cut(tokenizer, texts)
        known = previous.themes_ if isinstance(previous, ThemeModel) else previous
        seeds = _seed_words(self.seeds or {}, tokenizer)
        self.themes_: Themes = fit_themes(tokens, n_themes=self.n_themes, seeds=seeds, previous=known, ignore=self.ignore)
        self.tokenizer_ = tokenizer
        self.labels_, self.strength_ = self.themes_.assign(tokens)
        return self

    def predict(self, texts: "Sequence[str] | pd.Series") -> NDArray[np.int32]:
        """The theme of each text, int32 (n,), a position in ``themes_.names``, -1 for none."""
        check_is_fitted(self)
        return self.themes_.assign(_cut(self.tokenizer_, texts))[0]

    def transform(self, texts: "Sequence[str] | pd.Series", /) -> "pd.DataFrame":
        """The theme of each text: `COLUMNS`, one row a text, index of a Series kept; "" and -1 for none.

        A DataFrame also where ``set_output`` asks for nothing: the columns are of different dtypes. Raises NotFittedError.
        """
        check_is_fitted(self)
        import pandas as pd

        theme, strength = self.themes_.assign(_cut(self.tokenizer_, texts))
        names, parents = (np.array([*values, ""], dtype=object)[theme] for values in (self.themes_.names, self.themes_.parents))
        columns = dict(zip(COLUMNS, (names, parents, np.append(self.themes_.ids, -1)[theme], strength), strict=True))
        return pd.DataFrame(columns, index=texts.index if isinstance(texts, pd.Series) else None)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """`COLUMNS`, object (4,). input_features: ignored, as texts have no columns. Raises NotFittedError."""
        check_is_fitted(self)
        return np.array(COLUMNS, dtype=object)

    def table(
        self,
        texts: "Sequence[str] | pd.Series",
        *,
        polarity: NDArray[np.floating] | None = None,
        sentiment: NDArray[np.number] | None = None,
        customers: Sequence[object] | None = None,
    ) -> "pd.DataFrame":
        """Sum up n texts by theme, as `theme_table` says. polarity, sentiment: of a scorer; customers: identifiers; n of each."""
        check_is_fitted(self)
        rows = as_texts(texts)
        theme, strength = self.themes_.assign(_cut(self.tokenizer_, rows))
        return theme_table(self.themes_, theme, strength=strength, texts=rows, polarity=polarity, sentiment=sentiment, customers=customers)

    def rename(self, names: Mapping[str, str]) -> Self:
        """Give themes, or parents, other names, old -> new. Raises InputError as `Themes.rename`."""
        check_is_fitted(self)
        self.themes_ = self.themes_.rename(names)
        return self

    def pin(self, *names: str) -> Self:
        """Keep themes through refits even where nothing is said of them. Raises InputError for unknown names."""
        check_is_fitted(self)
        self.themes_ = self.themes_.pin(*names)
        return self

    def merge(self, *names: str, into: str | None = None) -> Self:
        """Join themes into one, called ``into`` or as the first of ``names``. Raises InputError as `Themes.merge`."""
        check_is_fitted(self)
        before, self.themes_ = self.themes_, self.themes_.merge(*names, into=into)
        first = before.ids[before.names.index(names[0])]
        ids = np.where(np.isin(before.ids, self.themes_.ids), before.ids, first)
        place = {number: at for at, number in enumerate(self.themes_.ids.tolist())}
        self.labels_ = np.array([*(place[number] for number in ids.tolist()), -1], np.int32)[self.labels_]
        return self

    def save(self, path: str | Path) -> Path:
        """Write the themes and parameters' words into a JSON file that cannot run code. Raises InputError where it cannot be written."""
        check_is_fitted(self)
        return write_themes(self.themes_, path)

    @classmethod
    def load(cls, path: str | Path, **parameters: Any) -> Self:
        """A model with the themes of a file; labels of the texts it was fitted on are not kept. parameters: as of the constructor.

        Raises InputError where the file cannot be read, ModelError where it is none of themes.
        """
        model = cls(**parameters)
        model.tokenizer_ = Tokenizer(user_dictionary=model.user_dictionary)
        model.themes_ = read_themes(path)
        model.labels_, model.strength_ = np.zeros(0, np.int32), np.zeros(0, np.float32)
        return model

    def plot(self, texts: "Sequence[str] | pd.Series", **options: Any) -> Any:
        """A matplotlib figure of the themes of some texts; options: of `plots.plot_themes`."""
        from feedback_nlp.plots import plot_themes

        return plot_themes(self.table(texts), **options)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array, tags.input_tags.two_d_array = True, False
        tags.input_tags.string = tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _check(self) -> None:
        """Raises InputError for a number of themes that is none; the rest is checked where it is used."""
        number = self.n_themes
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 0):
            raise InputError(f"n_themes: expected a whole number of 0 or more, or None to let the texts decide, got {number!r}")


def _cut(tokenizer: Tokenizer, texts: "Sequence[str] | pd.Series") -> Tokens:
    """Texts as they come, cleaned and cut. Raises TextTypeError."""
    return tokenizer.tokenize([text for chunk in text_chunks(as_texts(texts)) for text in clean(chunk).texts()])


def _seed_words(seeds: Mapping[str, Sequence[str]], tokenizer: Tokenizer) -> dict[str, list[str]]:
    """The seeds' words as the tokeniser cuts them. Raises InputError."""
    found = {}
    for name, words in seeds.items():
        listed = [words] if isinstance(words, str) else list(words)
        if not all(isinstance(word, str) for word in listed):
            raise InputError(f"seeds[{name!r}]: expected a list of str, got {listed!r}")
        found[name] = [part for word in listed for part in tokenizer.cut(word)]
    return found
