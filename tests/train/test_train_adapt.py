"""Adapting a model to a few labels: what is learned, what stays, what the figures are of, and what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_up import QUICK, heads_table, polarity_table, soft_table, write

from feedback_nlp.errors import InputError, ModelError
from feedback_nlp.scorer.model import ARRAYS_FILE, HEADS, MANIFEST_FILE, load_model
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.text.clean import clean
from feedback_nlp.train.adapt import AdaptOptions, adapt, float_network
from feedback_nlp.train.fit import train
from feedback_nlp.train.labels import read_labels, text_fraction
from feedback_nlp.train.network import features_and_logits, read_clauses

ONCE = AdaptOptions(folds=0)


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A small model of the made-up language, to begin with."""
    folder = tmp_path_factory.mktemp("start")
    train(read_labels(write(folder, heads=heads_table(), polarity=polarity_table())), folder / "model", replace(QUICK, folds=0, width=24))
    return folder / "model"


def new_words(seed=3, rows=240):
    """The same language with words of its own for two types, which the model takes for other ones."""
    table = heads_table(seed, rows)
    texts = table["text"].str.replace("价格费用", "哒哒咚咚").str.replace("请问如何", "叮叮当当")
    return table.assign(text=texts)


def score(folder, texts):
    return BatchScorer.load(folder).score(texts)


def test_the_float_network_is_the_model(start):
    model, texts = load_model(start), [*heads_table(seed=5, rows=50)["text"], "", "哈"]
    floats = features_and_logits(float_network(model), read_clauses(texts, orders=model.orders, bits=11))[1]
    whole = BatchScorer.load(start).logits(clean(texts).batch)
    assert np.abs(floats - whole).mean() < 0.05 * np.abs(whole).mean()


def test_words_of_ones_own_are_learned(start, tmp_path):
    labels = read_labels(write(tmp_path, own=new_words()))
    manifest = adapt(labels, tmp_path / "model", start=start)
    figures = manifest["training"]["held_out"]
    assert figures["all"]["type_macro_f1"] > figures["before"]["type_macro_f1"] + 0.05
    unseen = new_words(seed=77)
    before, after = ((score(folder, unseen["text"])["type"] == unseen["type"]).mean() for folder in (start, tmp_path / "model"))
    assert after > before + 0.02
    assert score(tmp_path / "model", ["叮叮当当"])["type"].tolist() == ["inquiry"]


def test_figures_are_of_texts_that_were_held_out(start, tmp_path):
    """Types that nothing in the text tells cannot be known of a text held out, whatever was learned by heart."""
    table = heads_table(seed=4, rows=200)
    table["type"] = np.random.default_rng(5).permutation(table["type"])
    labels = read_labels(write(tmp_path, own=table[["text", "type"]]))
    figures = adapt(labels, tmp_path / "model", start=start)["training"]["held_out"]
    assert figures["all"]["type_macro_f1"] < 0.3
    fold = (text_fraction(labels.heads["text"].tolist()) * 5).astype(int)
    once = adapt(labels, tmp_path / "once", start=start, options=AdaptOptions(folds=1))["training"]["held_out"]
    assert once["all"]["texts"] == once["before"]["type_texts"] == (fold == 0).sum()


@pytest.mark.parametrize("column", ["type", "sentiment", "urgency", "risk"])
def test_heads_without_labels_stay_about_as_they_were(start, tmp_path, column):
    labels = read_labels(write(tmp_path, own=new_words()[["text", column]]))
    manifest = adapt(labels, tmp_path / "model", start=start, options=ONCE)
    texts = heads_table(seed=11)["text"]
    before, after = (score(folder, texts) for folder in (start, tmp_path / "model"))
    for head in {"type", "sentiment", "urgency"} - {column}:
        assert (before[head] == after[head]).mean() > 0.9, head
        assert manifest["reference"][head] == load_model(start).reference[head]
    assert manifest["training"]["held_out"] == {}


def test_what_speaks_of_other_words_keeps_its_logits(start, tmp_path):
    """Only the vectors of n-grams in the labels move."""
    labels = read_labels(write(tmp_path, own=new_words(rows=60)))
    adapt(labels, tmp_path / "model", start=start, options=ONCE)
    old, new = load_model(start), load_model(tmp_path / "model")
    unseen = read_clauses(labels.heads["text"].tolist(), orders=old.orders, bits=11).unseen(11)
    unit = (new.scale / old.scale).max()
    moved = np.abs(new.embedding * unit - old.embedding).max(axis=1)
    assert moved[unseen].max() <= unit / 2 + 1e-3
    assert moved[~unseen].max() > 1
    assert (new.dense.output_weights == old.dense.output_weights).all()


def test_it_repeats_to_the_byte(start, tmp_path):
    labels = read_labels(write(tmp_path, own=new_words(rows=60)))
    for name in ("one", "two"):
        adapt(labels, tmp_path / name, start=start)
    for file in (ARRAYS_FILE, MANIFEST_FILE):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_the_manifest_says_what_it_began_with(start, tmp_path):
    manifest = adapt(read_labels(write(tmp_path, own=new_words(rows=60))), tmp_path / "model", start=start, name="ours")
    assert manifest["name"] == "ours" and load_model(tmp_path / "model").signature.startswith("ours/")
    assert manifest["training"]["start"] == load_model(start).signature
    # Tables of the model it began with are tables it was trained on, too.
    assert [source["file"] for source in manifest["training"]["sources"]] == ["heads.csv", "polarity.csv", "own.csv"]
    assert "| before | type_macro_f1 |" in (tmp_path / "model" / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_the_bundled_model_is_adapted(tmp_path):
    table = pd.DataFrame(
        {"text": ["呼叫器按了没反应", "排队叫号又过号了", "怎么取号"] * 2, "类型": ["产品故障", "业务流程", "使用咨询"] * 2}
    )
    adapt(read_labels(write(tmp_path, own=table)), tmp_path / "model", options=ONCE)
    assert score(tmp_path / "model", ["排队叫号总是过号"])["type"].tolist() == ["process"]


@pytest.mark.parametrize("rows", [1, 2])
def test_hardly_any_texts(start, tmp_path, rows):
    labels = read_labels(write(tmp_path, own=heads_table(seed=6, rows=rows)))
    adapt(labels, tmp_path / "model", start=start, options=ONCE)
    assert len(score(tmp_path / "model", ["", "闪退"])) == 2


@pytest.mark.parametrize("table", [polarity_table(), soft_table()], ids=["polarity", "soft"])
def test_other_labels_are_refused(start, tmp_path, table):
    labels = read_labels(write(tmp_path, own=heads_table(rows=30), more=table))
    with pytest.raises(InputError, match=r"more\.csv: expected labels of type, sentiment, urgency, risk"):
        adapt(labels, tmp_path / "model", start=start)
    assert not (tmp_path / "model").exists()


def test_what_cannot_be_adapted(start, tmp_path):
    one = read_labels(write(tmp_path, own=heads_table(rows=1)))
    with pytest.raises(InputError, match="all 1 labelled texts are in fifth"):
        adapt(one, tmp_path / "model", start=start)
    with pytest.raises(ModelError, match="is no model folder"):
        adapt(one, tmp_path / "model", start=tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="expected a folder that can be written"):
        adapt(one, tmp_path / "file", start=start, options=ONCE)


@pytest.mark.parametrize(("option", "value"), [("folds", 6), ("folds", -1), ("folds", 1.5), ("split", "row")])
def test_impossible_options(option, value):
    with pytest.raises(InputError, match=f"^{option}: expected "):
        AdaptOptions(**{option: value})


def test_all_heads_are_named_in_the_figures(start, tmp_path):
    figures = adapt(read_labels(write(tmp_path, own=heads_table(seed=2, rows=90))), tmp_path / "model", start=start)["training"]["held_out"]
    assert {name.removesuffix("_macro_f1") for name in figures["all"] if name.endswith("_macro_f1")} == set(HEADS)
