"""Training as a whole, on a made-up language: what is learned, what is recorded, that it repeats, and what is refused."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import FILLER, QUICK, heads_table, polarity_table, soft_table, write

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.model import ARRAYS_FILE, HEADS, MANIFEST_FILE, load_model
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.text.clean import clean
from feedback_nlp.train import fit
from feedback_nlp.train.card import CARD_FILE
from feedback_nlp.train.fit import FOLDS, LEAST_NATURAL, TrainOptions, train
from feedback_nlp.train.labels import read_labels, text_fraction
from feedback_nlp.train.network import read_clauses
from feedback_nlp.vocabulary import RISK_CODES, TYPE_CODES

#: Smaller still; for what is not about learning, with ``few_steps``.
SMALL = replace(QUICK, orders=1, bits=8, width=2, hidden=2, folds=1)


@pytest.fixture
def few_steps(monkeypatch):
    monkeypatch.setattr(fit, "LEAST_STEPS", 8)
    monkeypatch.setattr(fit, "MOST_STEPS", 8)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return write(tmp_path_factory.mktemp("labels"), heads=heads_table(), polarity=polarity_table())


@pytest.fixture(scope="module")
def trained(tables, tmp_path_factory):
    """Folder and manifest of a small model of the made-up language."""
    folder = tmp_path_factory.mktemp("model")
    return folder, train(read_labels(tables), folder, QUICK, name="tiny")


def trained_on(table, folder, options=QUICK, **tables):
    manifest = train(read_labels(write(folder, heads=table, **tables)), folder / "model", options)
    return BatchScorer.load(folder / "model"), manifest


# ---------------------------------------------------------------------------------------------------------------------------------
# What is learned


def test_the_trained_model_separates_texts_it_has_not_seen(trained):
    unseen = heads_table(seed=99)
    scores = BatchScorer.load(trained[0]).score(unseen["text"])
    for column in ("type", "sentiment", "urgency"):
        assert (scores[column] == unseen[column]).mean() > 0.93
    for code in RISK_CODES:
        truth = unseen["risk"].str.split(",").map(lambda flags, code=code: code in flags)
        assert ((scores[f"risk_{code}"] > 0.5) == truth).mean() > 0.9
    assert scores["polarity"].groupby(unseen["sentiment"]).mean().is_monotonic_increasing


@pytest.mark.parametrize(("teachers", "folds"), [(0, 5), (1, 2)])
def test_held_out_figures_are_of_texts_that_were_not_seen(tmp_path, teachers, folds):
    """Types that nothing in the text tells can be learned by heart and no other way."""
    table = heads_table()
    table["type"] = np.random.default_rng(5).permutation(table["type"])
    table["text"] = [f"{FILLER[n % 22]}{n}号{FILLER[n // 22]}{n * 7919}" for n in range(len(table))]
    scorer, manifest = trained_on(table, tmp_path, replace(QUICK, orders=3, bits=14, folds=folds, dropout=0.0, teachers=teachers))
    if not teachers:
        assert (scorer.score(table["text"])["type"] == table["type"]).mean() > 0.8
    assert manifest["training"]["held_out"]["all"]["type_macro_f1"] < 0.3


def test_words_that_only_the_polarity_table_knows_count(tmp_path):
    made = [("".join(pair), sign) for sign, word in ((1, "呱呱"), (-1, "嘎嘎")) for pair in zip([word] * 99, FILLER * 9, strict=False)]
    polarity = pd.concat([polarity_table(), pd.DataFrame(made, columns=["text", "polarity"])])
    scorer, _ = trained_on(heads_table(), tmp_path, polarity=polarity)
    good, bad = scorer.score(["呱呱", "嘎嘎"])["polarity"]
    assert good > bad + 0.2


def test_words_that_only_the_teacher_knows_count(tmp_path):
    soft = pd.concat([soft_table(2, 90).assign(text=[f"哒哒{FILLER[n % 22]}{n}" for n in range(90)])])
    for label in HEADS["type"]:
        soft[f"type_{label}"] = 0.9 if label == "price" else 0.0125
    scorer, _ = trained_on(heads_table(), tmp_path, replace(QUICK, soft_share=2.0, folds=0), soft=soft)
    assert scorer.score(["哒哒丙"])["type"].tolist() == ["price"]


@pytest.mark.parametrize(
    ("column", "kept", "folds"),
    [
        ("type", {"defect", "price", "praise"}, 1),
        ("type", {"service", "other"}, 0),
        ("sentiment", {-1, 0, 1}, 1),
        ("sentiment", {-2, 2}, 1),
        ("urgency", {"low", "high"}, 0),
    ],
)
def test_a_class_without_labels_is_never_chosen(tmp_path, column, kept, folds):
    table = heads_table(rows=500)
    table = table[table[column].isin(kept)]
    scorer, _ = trained_on(table, tmp_path, replace(QUICK, folds=folds))
    unseen = heads_table(seed=7, rows=300)
    table = pd.concat([table, unseen[unseen[column].isin(kept)]], ignore_index=True)
    scores = scorer.score(table["text"])
    assert set(scores[column]) == kept
    assert (scores[column] == table[column]).mean() > 0.93


@pytest.mark.parametrize(
    ("column", "only", "folds"),
    [
        ("type", "request", 1),
        ("type", "other", 0),
        ("sentiment", 1, 0),
        ("sentiment", -2, 1),
        ("urgency", "high", 1),
        ("urgency", "low", 0),
    ],
)
def test_a_head_with_one_class_always_chooses_it(tmp_path, column, only, folds):
    scorer, _ = trained_on(heads_table(rows=60).assign(**{column: only}), tmp_path, replace(QUICK, folds=folds))
    assert set(scorer.score(heads_table(seed=5)["text"])[column]) == {only}


@pytest.mark.parametrize(("risk", "expected"), [("", set()), (",".join(RISK_CODES), set(RISK_CODES)), ("money", {"money"})])
def test_a_risk_that_never_or_always_holds_is_learned_so(tmp_path, risk, expected):
    scorer, manifest = trained_on(heads_table(rows=60).assign(risk=risk), tmp_path)
    scores = scorer.score(["断网", "受伤丢钱"])
    for code in RISK_CODES:
        assert ((scores[f"risk_{code}"] > 0.5) == (code in expected)).all(), code
        assert 0 < manifest["thresholds"][f"risk_{code}"] < 1


@pytest.mark.parametrize("folds", [0, 1, 5])
@pytest.mark.parametrize("column", ["type", "sentiment", "urgency", "risk"])
@pytest.mark.usefixtures("few_steps")
def test_a_class_with_one_example(tmp_path, column, folds):
    table = heads_table(rows=40)
    rare, usual = {"type": ("price", "praise"), "sentiment": (2, 0), "urgency": ("high", "low"), "risk": ("legal", "")}[column]
    table[column] = usual
    table.loc[17, column] = rare
    scorer, manifest = trained_on(table, tmp_path, replace(SMALL, folds=folds))
    assert len(scorer.score(table["text"])) == 40
    assert all(np.isfinite(value) for figures in manifest["training"]["held_out"].values() for value in figures.values())


@pytest.mark.parametrize("folds", range(FOLDS + 1))
@pytest.mark.usefixtures("few_steps")
def test_any_number_of_folds(tables, tmp_path, folds):
    labels = read_labels(tables)
    manifest = train(labels, tmp_path, replace(SMALL, folds=folds))
    fold = (text_fraction(labels.heads["text"].tolist()) * FOLDS).astype(int)
    held_out = manifest["training"]["held_out"]
    if folds:
        assert set(held_out) == {"all", "natural"}
        assert held_out["all"]["texts"] == (fold < folds).sum()
    else:
        assert held_out == {}
        assert manifest["thresholds"]["type"] == 0
        assert (load_model(tmp_path).decision == 0).all()
    # The class mix is that of the labels, held out or not.
    for head, values in (("type", TYPE_CODES), ("urgency", HEADS["urgency"])):
        rows = labels.heads[fold < folds] if folds else labels.heads
        expected = rows[head].value_counts(normalize=True).reindex(list(values), fill_value=0)
        assert manifest["reference"][head] == pytest.approx(expected.tolist(), abs=1e-4)


@pytest.mark.usefixtures("few_steps")
def test_texts_of_one_source_stay_together(tmp_path):
    """The largest source is the first part, the second largest the second; so many texts are held out."""
    sizes = {"c": 40, "a": 100, "b": 30, "d": 50}
    table = heads_table(rows=220).assign(source=[source for source, size in sizes.items() for _ in range(size)])
    for folds, held_out in ((1, 100), (2, 150), (4, 220), (5, 220)):
        _, manifest = trained_on(table, tmp_path, replace(SMALL, folds=folds, split="source"))
        assert manifest["training"]["held_out"]["all"]["texts"] == held_out
    table["source"] = table["source"].where(table["source"] != "d", None)
    _, manifest = trained_on(table, tmp_path, replace(SMALL, split="source"))
    assert manifest["training"]["held_out"]["all"]["texts"] == 100


@pytest.mark.usefixtures("few_steps")
def test_figures_of_the_fair_sample_stand_beside_those_of_all(tmp_path):
    table = heads_table(rows=200).assign(round=["random"] * 120 + ["hard"] * 80)
    labels = read_labels(write(tmp_path, heads=table))
    manifest = train(labels, tmp_path / "model", replace(SMALL, folds=5))
    assert {name: figures["texts"] for name, figures in manifest["training"]["held_out"].items()} == {"all": 200, "natural": 120}
    assert labels.heads["natural"].sum() < LEAST_NATURAL
    # Too small a fair sample calibrates nothing: the class mix is that of all texts.
    expected = table["type"].value_counts(normalize=True).reindex(list(TYPE_CODES))
    assert manifest["reference"]["type"] == pytest.approx(expected.tolist(), abs=1e-4)


@pytest.mark.usefixtures("few_steps")
def test_a_large_fair_sample_gives_the_class_mix(tmp_path):
    table = heads_table(rows=800)
    fair = table["type"].isin(TYPE_CODES[:7]) & (table.index < 780)
    _, manifest = trained_on(table.assign(round=np.where(fair, "random", "hard")), tmp_path, replace(SMALL, folds=5))
    assert fair.sum() > LEAST_NATURAL
    expected = table["type"][fair].value_counts(normalize=True).reindex(list(TYPE_CODES), fill_value=0)
    assert manifest["reference"]["type"] == pytest.approx(expected.tolist(), abs=1e-4)


@pytest.mark.parametrize("folds", [0, 5])
@pytest.mark.parametrize("column", ["type", "sentiment", "urgency", "risk"])
def test_a_text_without_a_label_counts_for_the_other_heads(tmp_path, column, folds):
    """Two tables, the second without one head: that head is learned from the first, figures of it are of the first."""
    first, second = heads_table(rows=360), heads_table(seed=8, rows=360).drop(columns=column)
    labels = read_labels(write(tmp_path, first=first, second=second.assign(text="再" + second["text"])))
    manifest = train(labels, tmp_path / "model", replace(QUICK, folds=folds))
    unseen = heads_table(seed=99)
    scores = BatchScorer.load(tmp_path / "model").score(unseen["text"])
    for head in ("type", "sentiment", "urgency"):
        assert (scores[head] == unseen[head]).mean() > 0.85, head
    shares = first[column].value_counts(normalize=True)
    if column in ("type", "urgency"):
        assert manifest["reference"][column] == pytest.approx([shares[label] for label in HEADS[column]], abs=1e-4)


def test_texts_without_characters_can_be_trained_on(tmp_path):
    table = pd.concat([heads_table(rows=60), pd.DataFrame([("", "other", 0, "low", "")], columns=heads_table().columns)])
    assert len(trained_on(table, tmp_path, SMALL)[0].score(["", "闪退"])) == 2
    only = pd.DataFrame([("", "other", 0, "low", "")], columns=heads_table().columns)
    scorer, _ = trained_on(only, tmp_path, replace(SMALL, folds=0))
    assert scorer.score(["", "闪退"])["type"].tolist() == ["other", "other"]


def test_what_is_trained_is_familiar(trained, tables):
    scorer, labels = BatchScorer.load(trained[0]), read_labels(tables)
    # A pair counts from its second occurrence on; the words of the language occur often, pairs of filler do not.
    share = scorer.unfamiliar(labels.heads["text"]).mean()
    assert share < 0.2
    assert scorer.unfamiliar(["闪退报错", "极其愤怒"]).tolist() == [0, 0]
    assert scorer.unfamiliar(["совсем другое"]).tolist() == [1]
    assert share <= scorer.model.reference["unfamiliar"] < 0.5


# ---------------------------------------------------------------------------------------------------------------------------------
# What is recorded


def test_the_manifest_says_what_made_the_model(trained, tables):
    folder, manifest = trained
    assert json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8")) == manifest
    assert [manifest[name] for name in ("name", "orders", "bits", "width", "hidden")] == ["tiny", 2, 11, 12, 12]
    assert set(manifest["thresholds"]) == {"type", *(f"risk_{code}" for code in RISK_CODES)}
    assert all(0 <= value <= 1 for value in manifest["thresholds"].values())
    training = manifest["training"]
    assert [source["file"] for source in training["sources"]] == ["heads.csv", "polarity.csv"]
    assert [source["labels"] for source in training["sources"]] == ["heads", "polarity"]
    assert training["sources"][0]["rows"] == 360
    labels = read_labels(tables)
    assert training["texts"] == {"heads": 360, "soft": 0, "polarity": len(labels.polarity)}
    assert training["options"]["folds"] == 2
    assert "jobs" not in training["options"]
    figures = training["held_out"]["all"]
    heads = {f"{head}_macro_f1" for head in ("type", "sentiment", "urgency")}
    assert set(figures) == {"texts"} | heads | {f"risk_{code}_f1" for code in RISK_CODES}
    assert all(0.8 < figures[name] <= 1 for name in heads), figures
    assert set(training["versions"]) >= {"numpy", "scipy"}
    assert load_model(folder).orders == 2


@pytest.mark.usefixtures("few_steps")
def test_a_model_card_is_written_once(trained, tables, tmp_path):
    text = (trained[0] / CARD_FILE).read_text(encoding="utf-8")
    for word in (
        "# Model card: tiny",
        "| heads.csv | 360 | heads |",
        "2^11 buckets of 12 numbers",
        "12 hidden units",
        "| all | type_macro_f1 |",
    ):
        assert word in text
    (tmp_path / CARD_FILE).write_text("mine", encoding="utf-8")
    train(read_labels(tables), tmp_path, SMALL)
    assert (tmp_path / CARD_FILE).read_text(encoding="utf-8") == "mine"


def test_long_texts_are_those_beyond_the_95th_percentile_of_the_labelled_ones(trained, tables):
    labels = read_labels(tables)
    data = read_clauses(labels.heads["text"].tolist(), orders=2, bits=11)
    sizes = np.diff(data.clause_ptr[data.text_ptr])
    assert 0 < (sizes > load_model(trained[0]).norm_limit).mean() <= 0.05


def test_buckets_of_no_training_text_are_zero(trained, tables):
    labels, model = read_labels(tables), load_model(trained[0])
    texts = [*labels.heads["text"], *labels.polarity["text"]]
    unseen = read_clauses(texts, orders=2, bits=11).unseen(11)
    assert (model.embedding[unseen] == 0).all()
    assert (model.embedding[~unseen] != 0).any(axis=1).mean() > 0.95


@pytest.mark.usefixtures("few_steps")
def test_buckets_of_held_out_texts_alone_are_zero_where_they_are_held_out(tables, tmp_path, monkeypatch):
    """As the n-grams of texts to come are for the model that is kept; else the figures would be those of random vectors."""
    seen, real = [], fit.features_and_logits
    monkeypatch.setattr(fit, "features_and_logits", lambda network, data: seen.append((network, data)) or real(network, data))
    labels = read_labels(tables)
    train(labels, tmp_path, replace(SMALL, orders=2, bits=14))
    (_, _), (network, away) = seen
    fold = (text_fraction(labels.heads["text"].tolist()) * FOLDS).astype(int)
    assert away.n_texts == (fold == 0).sum()
    known = read_clauses([*labels.heads["text"][fold != 0], *labels.polarity["text"]], orders=2, bits=14)
    alone = known.unseen(14) & ~away.unseen(14)
    assert alone.sum() > 10
    assert (network.embedding[alone] == 0).all()
    assert (network.embedding[~known.unseen(14)] != 0).any(axis=1).all()


# ---------------------------------------------------------------------------------------------------------------------------------
# Repetition


def written(folder):
    return (folder / ARRAYS_FILE).read_bytes(), (folder / MANIFEST_FILE).read_bytes()


@pytest.mark.parametrize("options", [QUICK, replace(QUICK, jobs=2)], ids=["same options", "two jobs"])
def test_training_repeats_to_the_byte(trained, tables, tmp_path, options):
    train(read_labels(tables), tmp_path, options, name="tiny")
    assert written(tmp_path) == written(trained[0])


@pytest.mark.parametrize("changed", [{"seed": 1}, {"dropout": 0.2}, {"balance": 0.0}, {"polarity_share": 0.1}], ids=str)
@pytest.mark.usefixtures("few_steps")
def test_options_count(tmp_path, changed):
    table = heads_table(rows=90)
    table.loc[:30, "type"] = "defect"  # a balanced table needs no balance
    labels, options = read_labels(write(tmp_path, heads=table, polarity=polarity_table())), replace(SMALL, folds=0)
    train(labels, tmp_path / "plain", options)
    train(labels, tmp_path / "changed", replace(options, **changed))
    assert written(tmp_path / "plain")[0] != written(tmp_path / "changed")[0]


PROGRAM = """
import sys
from feedback_nlp.train.fit import TrainOptions, train
from feedback_nlp.train.labels import read_labels
train(read_labels(sys.argv[2:]), sys.argv[1], TrainOptions(orders=2, bits=11, width=12, hidden=12, passes=1, folds=2), name="tiny")
"""


@pytest.mark.parametrize("threads", ["1", "3"])
def test_training_repeats_to_the_byte_in_another_process(trained, tables, tmp_path, threads):
    """With another hash seed, so that no order of a set or of a file listing can hide in the result; with any number of threads."""
    here = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONHASHSEED": "12345", "PYTHONPATH": here, "OPENBLAS_NUM_THREADS": threads}
    subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM, str(tmp_path), *map(str, tables)], check=True, env=environment)
    assert written(tmp_path) == written(trained[0])


def test_a_trained_model_repeats_whatever_the_batch(trained):
    scorer, texts = BatchScorer.load(trained[0]), [*heads_table(seed=3, rows=50)["text"], "", "好"]
    whole = scorer.logits(clean(texts).batch)
    assert (np.concatenate([scorer.logits(clean([text]).batch) for text in texts]) == whole).all()


# ---------------------------------------------------------------------------------------------------------------------------------
# What is refused


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("orders", value) for value in (0, 9, 2.0)),
        *(("bits", value) for value in (7, 23, 8.5)),
        *(("width", value) for value in (0, 513)),
        *(("hidden", value) for value in (0, 1025)),
        *(("folds", value) for value in (-1, 6, 1.5, True)),
        *(("teachers", value) for value in (-1, 101, 1.5)),
        *(("jobs", value) for value in (0, -1, 1025)),
        *(("passes", value) for value in (-1, 1001, float("nan"), float("inf"))),
        *((name, value) for name in ("soft_share", "polarity_share") for value in (-0.1, 101, float("nan"))),
        *(("balance", value) for value in (-0.1, 1.1)),
        *(("dropout", value) for value in (-0.1, 0.96, 1)),
        *(("abstain_accuracy", value) for value in (-0.1, 1.1, float("nan"))),
        *(("seed", value) for value in (-1, 1.5, 2**40)),
        ("split", "sources"),
    ],
)
def test_impossible_options(option, value):
    with pytest.raises(InputError, match=f"^{option}: expected "):
        TrainOptions(**{option: value})


def test_whole_numbers_may_stand_for_others():
    assert TrainOptions(passes=5, dropout=0, balance=1, soft_share=2, polarity_share=0, abstain_accuracy=1).passes == 5


def refused(labels, out, options=SMALL):
    with pytest.raises(InputError) as caught:
        train(labels, out, options)
    return str(caught.value)


@pytest.mark.parametrize("column", ["type", "sentiment", "urgency", "risk"])
def test_a_head_without_labels(tmp_path, column):
    """From nothing nothing comes; the message names both ways out."""
    message = refused(read_labels(write(tmp_path, heads=heads_table(rows=30).drop(columns=column))), tmp_path / "model")
    assert message.startswith(f"no table has labels of {column}, ") and "--start bundled" in message
    assert not (tmp_path / "model").exists()


def test_texts_that_are_all_excluded(tmp_path):
    paths = write(tmp_path, heads=heads_table(rows=9), dev=heads_table(rows=9))
    assert "all their texts are excluded" in refused(read_labels(paths[:1], exclude=paths[1:]), tmp_path / "model")


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        (heads_table(rows=30), {"split": "source"}, ("all 30 labelled texts are in fifth 1 by source", "folds 0")),
        (heads_table(rows=1), {"folds": 5}, ("all 1 labelled texts are in fifth", "by text")),
    ],
    ids=["one source", "one text"],
)
def test_holding_out_everything(tmp_path, table, options, words):
    message = refused(read_labels(write(tmp_path, heads=table)), tmp_path / "model", replace(SMALL, **options))
    for word in words:
        assert word in message


def test_one_text_is_enough_where_none_is_held_out(tmp_path):
    scorer, _ = trained_on(heads_table(rows=1), tmp_path, replace(SMALL, folds=0))
    assert scorer.score(["什么", ""])["type"].tolist() == ["defect", "other"]


@pytest.mark.parametrize("rows", [2, 3, 5, 9])
@pytest.mark.usefixtures("few_steps")
def test_hardly_any_texts(tmp_path, rows):
    """Each fifth may be empty; a model or one clear line, whatever the rows."""
    labels = read_labels(write(tmp_path, heads=heads_table(seed=rows, rows=rows)))
    for folds in (1, 5):
        train(labels, tmp_path / "model", replace(SMALL, folds=folds))
        assert len(BatchScorer.load(tmp_path / "model").score(["闪退", ""])) == 2


def test_more_passes_are_more_steps(tables, tmp_path, monkeypatch):
    """Within the limits: the labelled texts are drawn so often, on average."""
    steps, real = [], fit.Schedule
    labels = read_labels(tables)
    monkeypatch.setattr(fit, "LEAST_STEPS", 2)
    monkeypatch.setattr(fit, "MOST_STEPS", 40)

    class Told(real):
        def __init__(self, number, **rest):
            steps.append(number)
            super().__init__(number, **rest)

    monkeypatch.setattr(fit, "Schedule", Told)
    for passes in (0, 10, 20, 1000):
        train(labels, tmp_path, replace(SMALL, folds=0, passes=passes, polarity_share=1.0))
    assert steps == [2, 10 * 360 * 2 // 512, 20 * 360 * 2 // 512, 40]


@pytest.mark.parametrize("inside", ["", "deeper/still"])
def test_a_file_where_the_folder_should_be(tables, tmp_path, inside):
    (tmp_path / "model").write_text("keep me", encoding="utf-8")
    assert "expected a folder that can be written" in refused(read_labels(tables), tmp_path / "model" / inside)
    assert (tmp_path / "model").read_text(encoding="utf-8") == "keep me"


@pytest.mark.usefixtures("few_steps")
def test_the_folder_is_made_with_those_above_it(tables, tmp_path):
    train(read_labels(tables), tmp_path / "a" / "b", SMALL)
    assert load_model(tmp_path / "a" / "b").orders == 1
