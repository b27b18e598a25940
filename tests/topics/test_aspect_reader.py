"""The reader of aspects as the parts of a large file see it: learn from a sample, read part by part, in any split and order."""

import pickle

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from feedback_nlp import BatchScorer
from feedback_nlp.errors import InputError
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.clean import clean
from feedback_nlp.topics.aspect_words import learn_aspects
from feedback_nlp.topics.aspects import AspectReader, find_aspects
from feedback_nlp.topics.stream import units

WORDS = {"屏幕": ["屏幕"], "电池": ["电池", "续航"], "价格": ["价格", "贵"], "性价比": ["贵"], "噪音": ["噪音"], "应用": ["app"]}
FRAGMENTS = [*"不好大很贵比的，。太差", "屏幕", "电池", "没有", "但是", "不如", "噪音", "app", " ", "😀"]
NUMBERS = ("row", "aspect", "word", "start", "end", "polarity")


@pytest.fixture(scope="module")
def scorer():
    return BatchScorer.load()


@pytest.fixture(scope="module")
def reader(scorer):
    return AspectReader(WORDS, scorer)


def wild_texts(seed, n_rows=60):
    random = np.random.default_rng(seed)
    return ["".join(random.choice(FRAGMENTS, random.integers(0, 9))) for _ in range(n_rows)]


def spoken_of(part):
    """What is found, as plain values, row by row."""
    return [
        (*numbers, opinion)
        for *numbers, opinion in zip(*(getattr(part, name).tolist() for name in NUMBERS), part.opinions.to_texts(), strict=True)
    ]


# Reading.


@pytest.mark.parametrize("seed", range(5))
def test_a_split_changes_nothing(reader, seed):
    batch = clean(wild_texts(seed)).batch
    texts, cut = batch.to_texts(), 23
    first, second = (reader.read(TextBatch.from_texts(part)) for part in (texts[:cut], texts[cut:]))
    together = [*spoken_of(first), *((row + cut, *rest) for row, *rest in spoken_of(second))]
    assert together == spoken_of(reader.read(batch))
    assert [*first.notes(), *second.notes()] == reader.read(batch).notes().tolist()


def test_texts_without_an_aspect_change_nothing(reader):
    texts = clean(wild_texts(1)).batch.to_texts()
    padded = [text for known in texts for text in ("没有提到", known, "")]
    found = [(row * 3 + 1, *rest) for row, *rest in spoken_of(reader.read(TextBatch.from_texts(texts)))]
    assert spoken_of(reader.read(TextBatch.from_texts(padded))) == found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_known_polarity_gives_the_same(reader, scorer, seed, dtype):
    texts = wild_texts(seed)
    batch, polarity = clean(texts).batch, scorer.score(texts)["polarity"].to_numpy(dtype)
    assert spoken_of(reader.read(batch, polarity)) == spoken_of(reader.read(batch))


def test_a_known_polarity_is_read(reader):
    batch = clean(["屏幕很好，下次再来"]).batch
    good, bad = (reader.read(batch, np.array([value])).polarity for value in (1.0, -1.0))
    assert good > bad


def test_another_number_of_polarities_is_refused(reader):
    with pytest.raises(InputError, match="polarity: expected 2 numbers, one a text, got 3"):
        reader.read(clean(["屏幕", "电池"]).batch, np.zeros(3))


def test_a_pickled_reader_reads_the_same(reader):
    batch = clean(wild_texts(2)).batch
    copied = pickle.loads(pickle.dumps(reader))  # noqa: S301 our own bytes
    assert copied.words == reader.words == {name: tuple(words) for name, words in WORDS.items()}
    assert spoken_of(copied.read(batch)) == spoken_of(reader.read(batch))


@pytest.mark.parametrize("texts", [[], [""], ["没有提到", ""]])
@pytest.mark.parametrize("words", [{}, WORDS])
def test_nothing_is_found_in_nothing(scorer, texts, words):
    part = AspectReader(words, scorer).read(clean(texts).batch)
    assert spoken_of(part) == []
    assert part.notes().tolist() == [""] * len(texts)
    assert list(part.items.columns) == ["row", "aspect", "mentions", "polarity"]
    assert len(part.items) == len(part.mentions()) == 0


# Tables of a part.


@pytest.mark.parametrize("seed", range(5))
def test_items_are_means_of_mentions(reader, seed):
    part = reader.read(clean(wild_texts(seed)).batch)
    expected = part.mentions().groupby(["row", "aspect"])["polarity"].agg(["size", "mean"]).reset_index()
    assert part.items["aspect"].tolist() == expected["aspect"].tolist()
    assert part.items["row"].tolist() == expected["row"].tolist()
    assert part.items["mentions"].tolist() == expected["size"].tolist()
    assert part.items["polarity"].to_numpy() == pytest.approx(expected["mean"].to_numpy(), abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_notes_join_the_items_of_each_text(reader, seed):
    part = reader.read(clean(wild_texts(seed)).batch)
    notes = [[] for _ in range(part.n_rows)]
    for item in part.items.itertuples():
        notes[item.row].append(item.aspect + ("+" if item.polarity > 0.1 else "−" if item.polarity < -0.1 else ""))
    assert part.notes().tolist() == ["、".join(names) for names in notes]
    assert max(map(len, notes)) > 2


@pytest.mark.parametrize(
    ("text", "note"),
    [("屏幕好电池差", "屏幕+、电池−"), ("电池差屏幕好", "屏幕+、电池−"), ("没有提到", ""), ("屏幕很好屏幕不错", "屏幕+")],
)
def test_notes_name_the_aspects_in_their_order(reader, text, note):
    assert reader.read(clean([text]).batch).notes().tolist() == [note]


# Learning.


def test_what_is_learned_is_what_is_found(scorer, tokenize, texts):
    batch = clean(texts).batch
    learned = learn_aspects(batch, tokenize(batch.to_texts()))
    found = find_aspects(texts, scorer=scorer)
    assert learned == found.words != {}
    assert_frame_equal(AspectReader(learned, scorer).read(batch).mentions(), found.mentions)


def test_units_serve_as_well_as_tokens(tokenize, texts):
    batch = clean(texts).batch
    tokens = tokenize(batch.to_texts())
    assert learn_aspects(batch, units(tokens)) == learn_aspects(batch, tokens)


@pytest.mark.parametrize("options", [{}, {"most": 2}, {"ignore": ["客服", "滤芯"]}])
def test_the_order_of_a_sample_changes_nothing(tokenize, texts, options):
    rows = clean(texts).batch.to_texts()
    order = np.random.default_rng(3).permutation(len(rows)).tolist()
    first, second = (learn_aspects(TextBatch.from_texts(part), tokenize(part), **options) for part in (rows, [rows[row] for row in order]))
    assert first == second
    assert len(first) <= options.get("most", 40)
    assert not set(first) & set(options.get("ignore", ()))


def test_nothing_is_learned_from_nothing(tokenize):
    for texts in ([], [""], ["😀", "的了和是"]):
        assert learn_aspects(clean(texts).batch, tokenize(texts)) == {}


def test_tokens_of_other_texts_are_refused(tokenize):
    with pytest.raises(InputError, match="tokens: expected the words of 1 texts, got those of 2"):
        learn_aspects(clean(["屏幕"]).batch, tokenize(["屏幕", "电池"]))
