"""The first map: all that the rows of a part say by themselves. Nothing in it depends on other rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.batch.setup import Setup
from feedback_nlp.intake import Intake, take_part
from feedback_nlp.io.table import Table
from feedback_nlp.ledger.evidence import CLEARLY_POSITIVE, MIN_CHARS, cued, high_value
from feedback_nlp.ledger.identity import Names, customer_keys
from feedback_nlp.scorer.familiar import unfamiliar_share
from feedback_nlp.scorer.scorer import BatchScorer, text_chunks
from feedback_nlp.scorer.scores import Scores
from feedback_nlp.sentiment.second_opinion import polarity_levels, snownlp_polarity
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import character_table
from feedback_nlp.text.clean import CleanTexts, clean
from feedback_nlp.text.privacy import mask_frame, mask_texts
from feedback_nlp.topics.sketches import Sketches, sketch_texts
from feedback_nlp.vocabulary import URGENCY_CODES

Objects = NDArray[np.object_]

#: Columns that stand in fields of their own.
_OWN_FIELDS = ("text", "feedback_id", "created_at")
#: Columns whose values are counted by day beside themes and types.
LABELLED = ("product", "channel")
#: Shares are summed in these units, so that sums do not depend on the order of rows.
SHARE_UNIT = 1e-6


@dataclass(frozen=True, eq=False)
class First:
    """n rows of one part, and those of it that were set aside. Personal data are masked.

    columns: names of the input's columns, in order. given: DataFrame (n,), those columns but for text, id and time.
    texts: what the ledger shows, cleaned. read: what is analysed, with scene and expectation; the same list where there are none.
    originals: texts as they came. names: of the rows, see `Names`. created_at: datetime64[us] (n,), UTC, NaT where unknown; dated: the
    input has that column. lines: int64 (n,). source: the file. no_information, damaged: bool (n,). category: object (n,).
    cued: bool (n, rules), urgent, high_value: bool (n,), see `Evidence`. customers: hashes by column, see `customer_keys`.
    label_names: object (k,) by column, the part's products and channels, sorted; label_codes: int32 (n,) by column, -1 for none.
    sketches: for finding duplicates. unfamiliar: int, summed share of unfamiliar pairs of characters in units of ``SHARE_UNIT``.
    masked: rows whose text holds personal data. quarantine: rows set aside, as in `Intake`.
    """

    columns: tuple[str, ...]
    given: pd.DataFrame
    texts: Objects
    read: Objects
    originals: Objects
    names: Names
    created_at: NDArray[np.datetime64]
    dated: bool
    lines: NDArray[np.int64]
    source: str
    scores: Scores
    no_information: NDArray[np.bool_]
    damaged: NDArray[np.bool_]
    category: Objects
    cued: NDArray[np.bool_]
    urgent: NDArray[np.bool_]
    high_value: NDArray[np.bool_]
    customers: Mapping[str, NDArray[np.int64]]
    label_names: Mapping[str, Objects]
    label_codes: Mapping[str, NDArray[np.int32]]
    sketches: Sketches
    masked: int
    unfamiliar: int
    quarantine: pd.DataFrame = field(repr=False)

    def __len__(self) -> int:
        return len(self.lines)


def read_part(table: Table, setup: Setup) -> First:
    """Take in, clean, score and mask the rows of a part. Raises RowError at the first unusable row where the setup is strict."""
    intake = take_part(table, strict=setup.strict)
    frame, originals = intake.frame, intake.frame["text"].tolist()
    cleaned = [clean(chunk) for chunk in text_chunks(intake.texts)] or [clean([])]
    texts = [text for chunk in cleaned for text in chunk.texts()]
    scores = _scores(cleaned, texts, setup)
    read = np.array(mask_texts(texts), dtype=object)
    shown, masked = texts, read
    if not intake.texts_are_plain:
        shown = clean(originals).texts()
        masked = np.array(mask_texts(shown), dtype=object)
    no_information = np.concatenate([chunk.no_information for chunk in cleaned])
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    given = mask_frame(frame.drop(columns=[name for name in _OWN_FIELDS if name in frame]))
    labels = {name: _labels(given[name]) for name in LABELLED if name in given}
    return First(
        columns=tuple(map(str, frame.columns)),
        given=given,
        texts=masked,
        read=read,
        originals=np.array(_masked_originals(originals, shown, masked), dtype=object),
        names=intake.names,
        created_at=_utc(intake),
        dated="created_at" in frame,
        lines=intake.lines,
        source=table.source,
        scores=scores,
        no_information=no_information,
        damaged=np.concatenate([chunk.damaged for chunk in cleaned]),
        category=setup.scheme.categories(scores.type_index, pd.Series(shown, dtype=object)),
        cued=cued(texts, setup.policy.rules) & (scores.polarity < CLEARLY_POSITIVE)[:, None],
        urgent=(scores.urgency_index == len(URGENCY_CODES) - 1) & (lengths >= MIN_CHARS),
        high_value=high_value(frame, setup.policy),
        customers=customer_keys(frame),
        label_names={name: found[0] for name, found in labels.items()},
        label_codes={name: found[1] for name, found in labels.items()},
        sketches=sketch_texts(read.tolist(), no_information=no_information),
        unfamiliar=sum(_unfamiliar(chunk.batch, setup.scorer) for chunk in cleaned),
        masked=int((masked != np.array(shown, dtype=object)).sum()),
        quarantine=intake.quarantine,
    )


def _scores(cleaned: list[CleanTexts], texts: list[str], setup: Setup) -> Scores:
    scores = setup.scorer.score_clean(iter(cleaned), abstain=setup.abstain)
    if setup.sentiment_backend != "snownlp":
        return scores
    polarity = snownlp_polarity(texts)
    return replace(scores, polarity=polarity, sentiment=polarity_levels(polarity), sentiment_confidence=np.abs(polarity))


def _labels(column: pd.Series) -> tuple[Objects, NDArray[np.int32]]:
    """Distinct values as text, sorted, and each row's number among them, -1 where it is missing or empty."""
    texts = column.to_numpy(dtype=object)
    if set(map(type, texts.tolist())) - {str, type(None)}:
        texts = column.astype(object).where(column.notna(), "").astype(str).to_numpy(dtype=object)
    codes, names = pd.factorize(np.where(texts == "", None, texts), sort=True)
    return np.asarray(names, dtype=object), codes.astype(np.int32)


def _unfamiliar(batch: TextBatch, scorer: BatchScorer) -> int:
    shares = unfamiliar_share(character_table().fold[batch.codes], batch.indptr, scorer.model.familiar)
    return int(np.rint(shares.astype(np.float64) / SHARE_UNIT).sum())


def _utc(intake: Intake) -> NDArray[np.datetime64]:
    if "created_at" not in intake.frame:
        return np.full(len(intake.lines), "NaT", dtype="datetime64[us]")
    return np.asarray(intake.frame["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]"))


def _masked_originals(originals: list[str], cleaned: list[str], masked: Objects) -> list[str]:
    """The originals, masked; the cleaned text stands in where mark-up or invisible characters hide personal data from the mask."""
    result: list[str] = masked.tolist()
    others = [row for row, before in enumerate(originals) if before != cleaned[row]]
    for row, text in zip(others, mask_texts([originals[row] for row in others]), strict=True):
        result[row] = text
    personal = np.flatnonzero(masked != np.array(cleaned, dtype=object)).tolist()
    again = clean([result[row] for row in personal]).texts()
    for row, before, after in zip(personal, again, mask_texts(again), strict=True):
        if before != after:
            result[row] = masked[row]
    return result
