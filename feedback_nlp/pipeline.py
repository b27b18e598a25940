"""``analyze``: the parts in their order, nothing computed here.

texts -> clean -> one pass of the scorer -> mask -> duplicates -> tokens -> phrases, themes, trends -> aspects -> priority -> ledger.
Each step is a map over rows, or an aggregate that can be merged (counts) followed by a map.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.analysis import Analysis
from feedback_nlp.errors import InputError
from feedback_nlp.intake import Intake, take_in
from feedback_nlp.ledger.assemble import LedgerParts, assemble
from feedback_nlp.ledger.deadlines import deadlines
from feedback_nlp.ledger.evidence import gather_evidence
from feedback_nlp.ledger.identity import customer_codes
from feedback_nlp.ledger.notes import aspect_notes, copy_notes, duplicate_table, find_copies
from feedback_nlp.ledger.policy import DEFAULT_POLICY, Policy, load_policy
from feedback_nlp.ledger.priority import prioritise
from feedback_nlp.ledger.reasons import reasons
from feedback_nlp.ledger.rising import Trends, find_trends
from feedback_nlp.ledger.scheme import DEFAULT_SCHEME, Scheme, load_scheme
from feedback_nlp.scorer.scorer import BatchScorer, text_chunks
from feedback_nlp.scorer.scores import Scores
from feedback_nlp.sentiment.second_opinion import BACKENDS, polarity_levels, snownlp_polarity
from feedback_nlp.store.columns import HISTORY
from feedback_nlp.store.merge import Merged, merge_ledger
from feedback_nlp.summary import summarise
from feedback_nlp.text.clean import CleanTexts, clean
from feedback_nlp.text.privacy import mask_frame, mask_texts
from feedback_nlp.text.tokenize import Tokenizer, Tokens
from feedback_nlp.topics import Aspects, Duplicates, Themes, Topics, discover, find_aspects, read_themes

#: Called as ``progress(step, rows done, rows in all)``.
Progress = Callable[[str, int, int], None]


@dataclass
class _Stopwatch:
    """Seconds per step, and the caller's progress."""

    progress: Progress | None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, rows: int = 0) -> Iterator[Callable[[int], None]]:
        start = time.perf_counter()
        self._report(name, 0, rows)
        yield lambda done: self._report(name, done, rows)
        self._report(name, rows or 1, rows or 1)
        self.seconds[name] = time.perf_counter() - start

    def _report(self, name: str, done: int, rows: int) -> None:
        if self.progress:
            self.progress(name, done, rows)


@dataclass(frozen=True)
class _Cleaned:
    """What the rows say, n of each: cleaned texts, flags of ``CleanTexts``, scores."""

    texts: list[str]
    no_information: NDArray[np.bool_]
    damaged: NDArray[np.bool_]
    scores: Scores


@dataclass(frozen=True)
class _Found:
    """What n rows have in common: who says the same, what they speak of, how they judge its parts, and what of it rises."""

    duplicates: Duplicates
    topics: Topics
    aspects: Aspects
    trends: Trends


def analyze(
    data: Any,
    *,
    text_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    strict: bool = False,
    scheme: str | Path = DEFAULT_SCHEME,
    policy: str | Path = DEFAULT_POLICY,
    model: str | Path | BatchScorer | None = None,
    user_dictionary: str | Path | list[str] | None = None,
    n_themes: int | None = None,
    themes: str | Path | Themes | None = None,
    aspects: str | Mapping[str, Iterable[str]] | None = None,
    abstain: bool = False,
    sentiment_backend: str = "scorer",
    as_of: str | pd.Timestamp | None = None,
    previous: pd.DataFrame | None = None,
    run: str | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Read feedback and make the priority ledger.

    data: a DataFrame, a list (tuple, Series, array) of str, or the path of a CSV, TSV, JSON Lines, Parquet or XLSX file.
    text_column: header of the column that holds the text, where it is not recognised. columns: other headers -> record columns.
    encoding: of a text file; detected where not given. strict: raise RowError at the first unusable row instead of setting it aside.
    scheme, policy: slug of one that ships, or the path of a TOML file. model: a model folder or a loaded scorer.
    user_dictionary: words for the tokeniser (a list, or a file in jieba's format). n_themes: at most so many themes.
    themes: those of an earlier analysis, which keep their names and numbers: the file ``themes.json`` it saved, or its ``theme_model``.
    aspects: aspect -> words, or the name of a list that ships (car, goods, restaurant); by default they are found in the texts.
    abstain: types of low confidence become ``other``. sentiment_backend: "scorer", or "snownlp" for SnowNLP's polarity (slow).
    as_of: when undated items count as received (Asia/Shanghai where no zone is given); without it they have no deadlines.
    previous: the ledger of an earlier analysis with what people changed since; their columns are kept, and so are items that are not read
    again (`feedback_nlp.store.merge_ledger`). run: what the history calls this run, by default its time.
    progress: called as ``progress(step, rows_done, rows)``.

    Returns an ``Analysis``; rows read = rows of its ledger + rows of its quarantine. Nothing in it depends on the order of rows.
    Raises InputError (and RowError if ``strict``), ModelError, PolicyError.
    """
    if sentiment_backend not in BACKENDS:
        raise InputError(f"unknown sentiment_backend {sentiment_backend!r}; expected one of {', '.join(BACKENDS)}")
    if n_themes is not None and n_themes < 1:
        raise InputError(f"n_themes: expected at least 1, or None to let the data decide, got {n_themes!r}")
    known = read_themes(themes) if isinstance(themes, str | Path) else themes
    rules, view = load_policy(policy), load_scheme(scheme)
    scorer = model if isinstance(model, BatchScorer) else BatchScorer.load(model)
    tokenizer = Tokenizer(user_dictionary=user_dictionary)
    watch = _Stopwatch(progress)
    with watch.step("read"):
        intake = take_in(data, text_column=text_column, columns=columns, strict=strict, encoding=encoding)
    rows = len(intake.frame)
    with watch.step("score", rows) as tick:
        cleaned = _clean_and_score(intake.texts, scorer, abstain=abstain, tick=tick)
    if sentiment_backend == "snownlp":
        with watch.step("snownlp", rows):
            cleaned = replace(cleaned, scores=_second_opinion(cleaned))
    with watch.step("mask", rows):
        masked = mask_texts(cleaned.texts)
    with watch.step("tokenise", rows):
        tokens = tokenizer.tokenize(masked)
    shown = mask_frame(intake.frame[[name for name in ("product", "channel") if name in intake.frame]])
    with watch.step("topics", rows):
        alike, topics = _find_topics(intake, cleaned.scores, masked, tokens, n_themes=n_themes, previous=known)
    with watch.step("aspects", rows):
        judged = find_aspects(masked, scorer=scorer, aspects=aspects, products=shown.get("product"))
    with watch.step("trends", rows):
        trends = find_trends(shown, intake.days, cleaned.scores, topics, alike, daily_items=rules.daily_items)
    found = _Found(alike, topics, judged, trends)
    with watch.step("ledger", rows):
        ledger = _make_ledger(intake, cleaned, masked, tokens, found, rules, view, as_of)
    if len(ledger) != rows:
        raise RuntimeError(f"{rows} rows went in and {len(ledger)} came out; this is a defect of feedback_nlp, please report it")
    merged = _merge(ledger, previous, run, as_of, view, rules)
    ledger = merged.ledger
    unfamiliar = _mean(scorer.unfamiliar(cleaned.texts)), scorer.model.reference["unfamiliar"]
    levels = tuple(level.name for level in rules.levels)
    summary = summarise(ledger, intake.quarantine, trends.table, levels, intake.other_columns, unfamiliar)
    options = {"abstain": abstain, "as_of": as_of and str(as_of), "n_themes": n_themes, "sentiment_backend": sentiment_backend}
    signature = _signature(scorer, rules, view, tokenizer, options)
    return Analysis(
        ledger=ledger,
        themes=topics.themes,
        keywords=topics.keywords,
        phrases=topics.phrases,
        duplicates=duplicate_table(alike, intake.frame["feedback_id"].tolist()),
        aspects=found.aspects.summary,
        trends=trends.table,
        summary=summary,
        quarantine=intake.quarantine,
        history=merged.history,
        theme_model=topics.model,
        signature=signature,
        timings=watch.seconds,
    )


def _merge(
    ledger: pd.DataFrame, previous: pd.DataFrame | None, run: str | None, at: str | pd.Timestamp | None, scheme: Scheme, policy: Policy
) -> Merged:
    """The ledger with what people did; without a previous one it stays as it is."""
    if previous is None:
        return Merged(ledger, pd.DataFrame({name: pd.Series(dtype="str") for name in HISTORY}))
    name = run or pd.Timestamp.now("Asia/Shanghai").isoformat(timespec="seconds")
    return merge_ledger(ledger, previous, run=name, at=at, scheme=scheme, policy=policy)


def _signature(scorer: BatchScorer, policy: Policy, scheme: Scheme, tokenizer: Tokenizer, options: dict[str, Any]) -> dict[str, Any]:
    """What produced an analysis."""
    return {
        "feedback_nlp": version("feedback_nlp"),
        "model": scorer.model.signature,
        "policy": policy.signature,
        "scheme": scheme.signature,
        "user_dictionary": tokenizer.signature,
        "options": options,
    }


def _clean_and_score(texts: list[str], scorer: BatchScorer, *, abstain: bool, tick: Callable[[int], None]) -> _Cleaned:
    parts: list[CleanTexts] = []

    def cleaned_parts() -> Iterator[CleanTexts]:
        done = 0
        for chunk in text_chunks(texts):
            parts.append(clean(chunk))
            yield parts[-1]
            done += len(chunk)
            tick(done)

    scores = scorer.score_clean(cleaned_parts(), abstain=abstain)
    nothing = [np.empty(0, dtype=bool)]
    return _Cleaned(
        list(chain.from_iterable(part.texts() for part in parts)),
        np.concatenate([part.no_information for part in parts] or nothing),
        np.concatenate([part.damaged for part in parts] or nothing),
        scores,
    )


def _mean(values: NDArray[np.float32]) -> float:
    """Mean to four digits, whatever the order of the rows; 0 of no rows."""
    return float(np.sort(values).astype(np.float64).sum() / max(len(values), 1))


def _second_opinion(cleaned: _Cleaned) -> Scores:
    polarity = snownlp_polarity(cleaned.texts)
    return replace(cleaned.scores, polarity=polarity, sentiment=polarity_levels(polarity), sentiment_confidence=np.abs(polarity))


def _find_topics(
    intake: Intake, scores: Scores, texts: list[str], tokens: Tokens, *, n_themes: int | None, previous: Themes | None
) -> tuple[Duplicates, Topics]:
    customers = customer_codes(intake.frame)
    alike = find_copies(texts, intake.frame["feedback_id"].to_numpy(dtype=object), customers, intake.frame.get("created_at"))
    topics = discover(
        tokens,
        texts,
        customers=customers,
        polarity=scores.polarity,
        sentiment=scores.sentiment,
        products=intake.products,
        n_themes=n_themes,
        previous=previous,
    )
    return alike, topics


def _make_ledger(
    intake: Intake,
    cleaned: _Cleaned,
    masked: list[str],
    tokens: Tokens,
    found: _Found,
    policy: Policy,
    scheme: Scheme,
    as_of: str | pd.Timestamp | None,
) -> pd.DataFrame:
    scores, frame = cleaned.scores, intake.frame
    topics, alike = found.topics, found.duplicates
    evidence = gather_evidence(frame, cleaned.texts, scores, tokens, topics, alike.repeat, found.trends, policy)
    priority = prioritise(evidence, policy)
    shown = cleaned.texts
    if not intake.texts_are_plain:
        shown = clean(frame["text"].tolist()).texts()
        masked = mask_texts(shown)
    parts = LedgerParts(
        frame=frame,
        texts=masked,
        originals=_masked_originals(frame["text"].tolist(), shown, masked),
        scores=scores,
        priority=priority,
        category=scheme.categories(scores.type_index, pd.Series(shown, dtype=object)),
        theme=topics.theme_names,
        theme_strength=topics.strength,
        keywords=topics.item_keywords,
        key_phrases=topics.item_phrases,
        aspects=aspect_notes(found.aspects.items, len(frame)),
        duplicates=alike,
        reasons=reasons(evidence, priority, policy, scores=scores, notes=copy_notes(alike)),
        due=deadlines(frame, priority.level, policy, as_of=as_of),
        lines=intake.lines,
        no_information=cleaned.no_information,
        damaged=cleaned.damaged,
    )
    return assemble(parts, policy)


def _masked_originals(originals: list[str], cleaned: list[str], masked: list[str]) -> list[str]:
    """The originals, masked; the cleaned text stands in where mark-up or invisible characters hide personal data from the mask."""
    result = mask_texts(originals)
    personal = [row for row, text in enumerate(masked) if text != cleaned[row]]
    again = clean([result[row] for row in personal]).texts()
    for row, before, after in zip(personal, again, mask_texts(again), strict=True):
        if before != after:
            result[row] = masked[row]
    return result
