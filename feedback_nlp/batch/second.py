"""The second map: what each row speaks of, by what was learned, and the counts of a part."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.batch.first import First
from feedback_nlp.batch.learn import Learned
from feedback_nlp.batch.rows import Rows
from feedback_nlp.batch.setup import Setup
from feedback_nlp.ledger.clock import UTC_OFFSET
from feedback_nlp.ledger.day_counts import DayCounts
from feedback_nlp.ledger.day_keys import Keys
from feedback_nlp.ledger.day_range import within
from feedback_nlp.ledger.evidence import complaints, mentions
from feedback_nlp.scorer.scores import Scores
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.topics.aspect_sums import AspectSums
from feedback_nlp.topics.aspects import AspectReader
from feedback_nlp.topics.knowledge import Knowledge, PartWords
from feedback_nlp.topics.topic_sums import TopicSums
from feedback_nlp.vocabulary import TYPES

Objects = NDArray[np.object_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Second:
    """n rows of a part that stay.

    theme: int32 (n,), -1 for none; strength: float32 (n,). keywords, key_phrases, aspects: object (n,). mention_rows, mention_subjects:
    int64 (m,), frequent subjects and who names them. core: bool (n,). complaint: bool (n,), a type that asks for something.
    customers: int64 (n,), a hash, -1 unknown. days, topics, aspect_sums: counts of the part.
    """

    theme: NDArray[np.int32]
    strength: NDArray[np.float32]
    keywords: Objects
    key_phrases: Objects
    aspects: Objects
    mention_rows: NDArray[np.int64]
    mention_subjects: NDArray[np.int64]
    core: NDArray[np.bool_]
    complaint: NDArray[np.bool_]
    customers: NDArray[np.int64]
    days: DayCounts
    topics: TopicSums
    aspect_sums: AspectSums

    def __len__(self) -> int:
        return len(self.theme)


def find_part(first: First, number: int, learned: Learned, setup: Setup) -> Second:
    """Find themes, keywords and aspects of the rows of a part that stay, and count them. first: the part's result of the first map."""
    rows, kept = learned.rows, slice(int(learned.rows.starts[number]), int(learned.rows.starts[number + 1]))
    texts = rows.kept(number, first.read)
    scores = kept_scores(first.scores, rows, number)
    tokens = setup.tokenizer.tokenize(texts.tolist())
    words = PartWords.of(tokens)
    items = learned.knowledge.read(words)
    reader = AspectReader(learned.aspects, setup.scorer)
    judged = reader.read(TextBatch.from_texts(texts.tolist()), polarity=scores.polarity)
    customers = np.full(len(texts), -1, np.int64)
    if learned.customer is not None and learned.customer in first.customers:
        customers = rows.kept(number, first.customers[learned.customer])
    keys = {
        **topic_keys(learned.knowledge, items.theme, items.mention_rows, items.mention_subjects),
        "type": Keys(tuple(TYPES.values()), scores.type_index),
        **_labels(first, number, learned),
    }
    days = within(local_days(rows.kept(number, first.created_at)), *learned.days)
    topics = TopicSums.from_part(
        learned.knowledge,
        words,
        items,
        texts=texts.tolist(),
        polarity=scores.polarity,
        sentiment=scores.sentiment,
        customers=customers,
    )
    return Second(
        theme=items.theme,
        strength=items.strength,
        keywords=items.keywords,
        key_phrases=items.key_phrases,
        aspects=judged.notes(),
        mention_rows=items.mention_rows,
        mention_subjects=items.mention_subjects,
        core=mentions(tokens, setup.policy.core_words),
        complaint=complaints(scores.type_index),
        customers=customers,
        days=DayCounts.from_part(days, scores.sentiment, scores.polarity, learned.groups.repeat[kept], customers, keys),
        topics=topics,
        aspect_sums=AspectSums.from_part(judged, _products(first, number, learned)),
    )


def topic_keys(knowledge: Knowledge, theme: NDArray[np.int32], mention_rows: Ints, mention_subjects: Ints) -> dict[str, Keys]:
    """What rows are counted under that was learned: themes, groups of themes, frequent subjects; see `Second`."""
    return {
        "theme": Keys(knowledge.themes.names, theme),
        "parent": Keys(knowledge.themes.parents, theme),
        "keyword": Keys(knowledge.subjects, mention_subjects, rows=mention_rows),
    }


def kept_scores(scores: Scores, rows: Rows, number: int) -> Scores:
    """The scores of the rows of a part that stay."""
    return Scores(**{field.name: rows.kept(number, getattr(scores, field.name)) for field in fields(Scores)})


def local_days(times: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """datetime64[D] (n,), the local day of each moment in UTC."""
    return (times + UTC_OFFSET).astype("datetime64[D]")


def _labels(first: First, number: int, learned: Learned) -> dict[str, Keys]:
    """Products and channels that trends look at."""
    found = {}
    for name, labels in learned.labels.items():
        if name in first.label_codes:
            known, codes = first.label_names[name], learned.rows.kept(number, first.label_codes[name])
            place = {label: place for place, label in enumerate(labels)}
            found[name] = Keys(labels, np.array([*(place.get(label, -1) for label in known), -1])[codes])
        else:
            found[name] = Keys(labels, np.full(len(learned.rows.kept(number, first.lines)), -1))
    return found


def _products(first: First, number: int, learned: Learned) -> list[str] | None:
    """The product of each row that stays, "" for none; None where no part has any."""
    if "product" not in learned.labels:
        return None
    if "product" not in first.label_codes:
        return [""] * len(learned.rows.kept(number, first.lines))
    names = np.append(first.label_names["product"], "")
    products: list[str] = names[learned.rows.kept(number, first.label_codes["product"])].tolist()
    return products
