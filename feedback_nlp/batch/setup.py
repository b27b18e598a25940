"""What an analysis is made with: checked once, sent to every worker."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feedback_nlp.errors import InputError
from feedback_nlp.ledger.deadlines import read_as_of
from feedback_nlp.ledger.policy import DEFAULT_POLICY, Policy, load_policy
from feedback_nlp.ledger.scheme import DEFAULT_SCHEME, Scheme, load_scheme
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.sentiment.second_opinion import BACKENDS
from feedback_nlp.text.tokenize import Tokenizer
from feedback_nlp.topics import Themes, read_themes, shipped_aspects
from feedback_nlp.topics.theme_files import themes_text

if TYPE_CHECKING:
    from feedback_nlp.topics.theme_model import ThemeModel


@dataclass(frozen=True, eq=False)
class Setup:
    """Model, rules and options of an analysis.

    aspects: aspect -> words; None: they are found in the texts. themes: those of an earlier analysis. as_of: as text, None if not given.
    """

    scorer: BatchScorer
    tokenizer: Tokenizer
    policy: Policy
    scheme: Scheme
    aspects: Mapping[str, Iterable[str]] | None
    themes: Themes | None
    n_themes: int | None
    abstain: bool
    sentiment_backend: str
    strict: bool
    as_of: str | None

    @property
    def signature(self) -> dict[str, Any]:
        """What produced an analysis, as plain values."""
        return {
            "feedback_nlp": version("feedback_nlp"),
            "model": self.scorer.model.signature,
            "policy": self.policy.signature,
            "scheme": self.scheme.signature,
            "user_dictionary": self.tokenizer.signature,
            "options": {
                "abstain": self.abstain,
                "as_of": self.as_of,
                "n_themes": self.n_themes,
                "sentiment_backend": self.sentiment_backend,
            },
        }

    @property
    def fingerprint(self) -> dict[str, Any]:
        """All that results depend on beside the input and the program, as plain values."""
        themes = None if self.themes is None else hashlib.sha256(themes_text(self.themes).encode("utf-8")).hexdigest()
        aspects = None if self.aspects is None else {name: list(words) for name, words in self.aspects.items()}
        return {**self.signature, "aspects": aspects, "themes": themes, "strict": self.strict}

    @property
    def levels(self) -> tuple[str, ...]:
        """Names of the priorities, most urgent first."""
        return tuple(level.name for level in self.policy.levels)


@cache
def code_digest() -> str:
    """A checksum of the program itself: every module and table of the package."""
    digest = hashlib.sha256()
    root = Path(str(resources.files("feedback_nlp")))
    for path in sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        digest.update(path.relative_to(root).as_posix().encode("utf-8") + b"\0" + path.read_bytes())
    return digest.hexdigest()


def make_setup(
    *,
    scheme: str | Path = DEFAULT_SCHEME,
    policy: str | Path = DEFAULT_POLICY,
    model: str | Path | BatchScorer | None = None,
    user_dictionary: str | Path | list[str] | None = None,
    n_themes: int | None = None,
    themes: "str | Path | Themes | ThemeModel | None" = None,
    aspects: str | Mapping[str, Iterable[str]] | None = None,
    abstain: bool = False,
    sentiment_backend: str = "scorer",
    strict: bool = False,
    as_of: Any = None,
) -> Setup:
    """Check and load what `analyze` is given; see there. Raises InputError, ModelError, PolicyError."""
    if sentiment_backend not in BACKENDS:
        raise InputError(f"unknown sentiment_backend {sentiment_backend!r}; expected one of {', '.join(BACKENDS)}")
    if n_themes is not None and n_themes < 1:
        raise InputError(f"n_themes: expected at least 1, or None to let the data decide, got {n_themes!r}")
    if model is not None and not isinstance(model, str | os.PathLike | BatchScorer):
        raise InputError(
            f"model: expected the folder of a trained model or a BatchScorer, got {type(model).__name__}; "
            "`feedback-nlp train` makes such a folder"
        )
    if as_of is not None:
        read_as_of(as_of)
    return Setup(
        scorer=model if isinstance(model, BatchScorer) else BatchScorer.load(model),
        tokenizer=Tokenizer(user_dictionary=user_dictionary),
        policy=load_policy(policy),
        scheme=load_scheme(scheme),
        aspects=shipped_aspects(aspects) if isinstance(aspects, str) else aspects,
        themes=_themes(themes),
        n_themes=n_themes,
        abstain=abstain,
        sentiment_backend=sentiment_backend,
        strict=strict,
        as_of=None if as_of is None else str(as_of),
    )


def _themes(given: Any) -> Themes | None:
    """Themes as they are, from a file, or of a fitted model."""
    found = read_themes(given) if isinstance(given, str | Path) else getattr(given, "themes_", given)
    if found is not None and not isinstance(found, Themes):
        raise InputError(
            f"themes: expected the file themes.json, an analysis's theme_model or a fitted ThemeModel, got {type(given).__name__}"
        )
    return found
