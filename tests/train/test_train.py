import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import vstack

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.model import ARRAYS_FILE, HEADS, MANIFEST_FILE, head_slices, load_model
from feedback_nlp.scorer.ngrams import bucket_slots
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import character_table
from feedback_nlp.text.clean import clean
from feedback_nlp.train.features import idf, ngram_counts, weighted
from feedback_nlp.train.fit import TrainOptions, head_targets, train
from feedback_nlp.train.labels import HEAD_COLUMNS, HOLDOUT, held_out, read_labels, text_fraction
from feedback_nlp.vocabulary import RISK_CODES, SENTIMENT_LEVELS, TYPE_CODES, URGENCY_CODES

QUICK = TrainOptions(orders=2, bits=11, folds=2, max_iterations=40)

#: A made-up language in which each label has words of its own; all heads can be learned from it.
TYPE_WORDS = dict(
    zip(
        TYPE_CODES,
        ("闪退报错", "卡顿难看", "客服态度", "价格收费", "流程审核", "希望增加", "请问如何", "推荐满意", "哈哈随便"),
        strict=True,
    )
)
SENTIMENT_WORDS = dict(zip(SENTIMENT_LEVELS, ("极其愤怒", "不太高兴", "平平淡淡", "挺开心的", "欣喜若狂"), strict=True))
URGENCY_WORDS = dict(zip(URGENCY_CODES, ("不着急", "尽快办", "十万火急"), strict=True))
RISK_WORDS = dict(zip(RISK_CODES, ("受伤", "丢钱", "泄密", "断网", "起诉", "卸载"), strict=True))
FILLER = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"


def heads_table(seed: int = 0, rows: int = 360) -> pd.DataFrame:
    dice = random.Random(seed)
    made = []
    for number in range(rows):
        kind, level, urgency = TYPE_CODES[number % 9], SENTIMENT_LEVELS[number % 5], URGENCY_CODES[number % 3]
        risks = [code for code in RISK_CODES if dice.random() < 0.25]
        words = [TYPE_WORDS[kind], SENTIMENT_WORDS[level], URGENCY_WORDS[urgency], *(RISK_WORDS[code] for code in risks)]
        words += dice.choices(FILLER, k=4)
        dice.shuffle(words)
        made.append(("".join(words), kind, level, urgency, ",".join(risks)))
    return pd.DataFrame(made, columns=["text", *HEAD_COLUMNS])


def polarity_table(seed: int = 1, rows: int = 200) -> pd.DataFrame:
    dice = random.Random(seed)
    made = [("".join(dice.choices(FILLER, k=5)) + SENTIMENT_WORDS[sign], sign) for sign in dice.choices((-1, 0, 1), k=rows)]
    return pd.DataFrame(made, columns=["text", "polarity"])


def write(folder: Path, **tables: pd.DataFrame) -> list[Path]:
    paths = [folder / f"{name}.csv" for name in tables]
    for path, table in zip(paths, tables.values(), strict=True):
        table.to_csv(path, index=False)
    return paths


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return write(tmp_path_factory.mktemp("labels"), heads=heads_table(), polarity=polarity_table())


@pytest.fixture(scope="module")
def trained(tables, tmp_path_factory):
    """Folder and manifest of a small model of the made-up language."""
    folder = tmp_path_factory.mktemp("model")
    return folder, train(read_labels(tables), folder, QUICK, name="tiny")


# ---------------------------------------------------------------------------------------------------------------------------------
# Training


def test_the_trained_model_separates_texts_it_has_not_seen(trained):
    unseen = heads_table(seed=99)
    scores = BatchScorer.load(trained[0]).score(unseen["text"])
    for column in ("type", "sentiment", "urgency"):
        assert (scores[column] == unseen[column]).mean() > 0.95
    for code in RISK_CODES:
        truth = unseen["risk"].str.split(",").map(lambda flags, code=code: code in flags)
        assert ((scores[f"risk_{code}"] > 0.5) == truth).mean() > 0.95
    assert scores["polarity"].groupby(unseen["sentiment"]).mean().is_monotonic_increasing


def test_the_manifest_says_what_made_the_model(trained, tables):
    folder, manifest = trained
    assert (manifest["name"], manifest["orders"], manifest["bits"]) == ("tiny", 2, 11)
    assert 0 <= manifest["thresholds"]["type"] <= 1
    training = manifest["training"]
    assert [source["file"] for source in training["sources"]] == ["heads.csv", "polarity.csv"]
    assert [source["labels"] for source in training["sources"]] == ["heads", "polarity"]
    assert training["sources"][0]["rows"] == 360
    assert training["options"]["folds"] == 2
    assert "jobs" not in training["options"]
    figures = training["cross_validation"]
    assert set(figures) == {f"{head}_macro_f1" for head in ("type", "sentiment", "urgency")} | {f"risk_{code}_f1" for code in RISK_CODES}
    assert all(0.8 < figure <= 1 for figure in figures.values()), figures
    assert load_model(folder).orders == 2


def written(folder):
    return (folder / ARRAYS_FILE).read_bytes(), (folder / MANIFEST_FILE).read_bytes()


@pytest.mark.parametrize("options", [QUICK, replace(QUICK, jobs=2)], ids=["same options", "two jobs"])
def test_training_repeats_to_the_byte(trained, tables, tmp_path, options):
    train(read_labels(tables), tmp_path, options, name="tiny")
    assert written(tmp_path) == written(trained[0])


def test_training_repeats_to_the_byte_in_another_process(trained, tables, tmp_path):
    """With another hash seed, so that no order of a set or of a file listing can hide in the result."""
    program = (
        "import sys; from feedback_nlp.train.fit import TrainOptions, train; from feedback_nlp.train.labels import read_labels\n"
        "train(read_labels(sys.argv[2:]), sys.argv[1], TrainOptions(orders=2, bits=11, folds=2, max_iterations=40), name='tiny')"
    )
    here = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONHASHSEED": "12345", "PYTHONPATH": here}
    subprocess.run([sys.executable, "-W", "error", "-c", program, str(tmp_path), *map(str, tables)], check=True, env=environment)
    assert written(tmp_path) == written(trained[0])


def test_the_order_of_rows_is_no_more_than_rounding(trained, tmp_path):
    """Sums of a solver depend on the order in their last digits; labels do not."""
    shuffled = write(tmp_path, polarity=polarity_table()[::-1], heads=heads_table().sample(frac=1, random_state=3))
    train(read_labels(shuffled), tmp_path / "model", QUICK)
    unseen = heads_table(seed=98)["text"]
    left, right = BatchScorer.load(trained[0]).score(unseen), BatchScorer.load(tmp_path / "model").score(unseen)
    for column in left:
        if left[column].dtype == np.float32:
            assert left[column].to_numpy() == pytest.approx(right[column].to_numpy(), abs=0.02)
        else:
            assert (left[column] == right[column]).all()


def test_words_that_only_the_polarity_table_knows_count(tmp_path):
    """A polarity model learns them, and its logit is folded into the heads."""
    made = [("".join(pair), sign) for sign, word in ((1, "呱呱"), (-1, "嘎嘎")) for pair in zip([word] * 99, FILLER * 9, strict=False)]
    polarity = pd.concat([polarity_table(), pd.DataFrame(made, columns=["text", "polarity"])])
    train(read_labels(write(tmp_path, heads=heads_table(), polarity=polarity)), tmp_path / "model", QUICK)
    good, bad = BatchScorer.load(tmp_path / "model").score(["呱呱", "嘎嘎"])["polarity"]
    assert good > bad + 0.2


def test_training_without_polarity_and_without_folds(tmp_path):
    labels = read_labels(write(tmp_path, heads=heads_table()))
    assert len(labels.polarity) == 0
    manifest = train(labels, tmp_path / "model", replace(QUICK, folds=0))
    assert manifest["training"]["cross_validation"] == {}
    assert manifest["thresholds"] == {"type": 0.0}
    unseen = heads_table(seed=97)
    assert (BatchScorer.load(tmp_path / "model").score(unseen["text"])["type"] == unseen["type"]).mean() > 0.95


def trained_on(table, folder, **options):
    labels = read_labels(write(folder, heads=table))
    train(labels, folder / "model", replace(QUICK, **options))
    return BatchScorer.load(folder / "model")


@pytest.mark.parametrize("folds", [0, 2])
@pytest.mark.parametrize(
    ("column", "kept"),
    [
        ("type", {"defect", "price", "praise"}),
        ("type", {"service", "other"}),
        ("sentiment", {-1, 0, 1}),
        ("sentiment", {-2, 2}),
        ("urgency", {"low", "high"}),
    ],
)
def test_a_class_without_labels_is_never_chosen(tmp_path, column, kept, folds):
    table = heads_table(rows=500)
    scores = trained_on(table[table[column].isin(kept)], tmp_path, folds=folds).score(table["text"])
    assert set(scores[column]) == kept
    present = table[column].isin(kept)
    assert (scores[column] == table[column])[present].mean() > 0.95


@pytest.mark.parametrize("folds", [0, 2])
@pytest.mark.parametrize(
    ("column", "only"), [("type", "request"), ("sentiment", 1), ("sentiment", -2), ("urgency", "high"), ("urgency", "low")]
)
def test_a_head_with_one_class_always_chooses_it(tmp_path, column, only, folds):
    scores = trained_on(heads_table(rows=60).assign(**{column: only}), tmp_path, folds=folds).score(heads_table(seed=5)["text"])
    assert set(scores[column]) == {only}


@pytest.mark.parametrize(("risk", "expected"), [("", set()), (",".join(RISK_CODES), set(RISK_CODES)), ("money", {"money"})])
def test_a_risk_that_never_or_always_holds_is_learned_so(tmp_path, risk, expected):
    scores = trained_on(heads_table(rows=60).assign(risk=risk), tmp_path).score(["断网", "受伤丢钱"])
    for code in RISK_CODES:
        assert ((scores[f"risk_{code}"] > 0.5) == (code in expected)).all(), code


@pytest.mark.parametrize("wrong", [{"orders": 0}, {"orders": 9}, {"bits": 7}, {"bits": 23}, {"folds": 1}, {"folds": -1}])
def test_impossible_options(wrong):
    with pytest.raises(InputError, match=r"expected orders 1.*, bits 8.*, got TrainOptions"):
        TrainOptions(**wrong)


# ---------------------------------------------------------------------------------------------------------------------------------
# What is trained on is what is scored.


def slow_weights(text, idf_values, orders, bits, norm_limit):
    """tf * idf / norm of each bucket of one text, counted with a dict; the norm as ``text_norm`` documents it."""
    batch = TextBatch.from_texts(clean([text]).texts())
    tf = {}
    for slot in bucket_slots(character_table().fold[batch.codes], batch.indptr, orders=orders, bits=bits).ravel().tolist():
        if slot < 1 << bits:
            tf[slot] = tf.get(slot, 0) + 1
    squares = sum(count * float(idf_values[slot]) ** 2 for slot, count in tf.items())
    norm = squares**0.5 if squares <= norm_limit else squares / norm_limit**0.5
    return {slot: count * float(idf_values[slot]) / norm for slot, count in tf.items()}


TEXTS = [
    "",
    "好",
    "好好好",
    "闪退報錯，ＡＢＣ！！！！",
    "<b>推荐</b>",
    "系统默认好评",
    *heads_table(seed=3, rows=40)["text"],
    "价格收费" * 100,
    "",
]


@pytest.mark.parametrize("norm_limit", [1e9, 60.0])
def test_features_are_those_of_a_slow_count(norm_limit):
    counts = ngram_counts(TEXTS, orders=3, bits=10)
    idf_values = idf(counts)
    features = weighted(counts, idf_values, norm_limit=norm_limit)
    assert features.shape == (len(TEXTS), 1 << 10)
    assert features.dtype == np.float32
    dense = features.toarray()
    for row, text in zip(dense, TEXTS, strict=True):
        expected = slow_weights(text, idf_values, 3, 10, norm_limit)
        assert set(np.flatnonzero(row).tolist()) == set(expected)
        assert row[list(expected)].tolist() == pytest.approx(list(expected.values()), rel=1e-5)


def test_idf_counts_texts_not_occurrences():
    counts = ngram_counts(["aaa", "aa", "b", ""], orders=1, bits=16)
    a, b = (ngram_counts([char], orders=1, bits=16).indices[0] for char in "ab")
    values = idf(counts)
    assert values.shape == (1 << 16,)
    assert values[a] == pytest.approx(np.log(5 / 3) + 1)
    assert values[b] == pytest.approx(np.log(5 / 2) + 1)
    assert np.median(values) == pytest.approx(np.log(5) + 1)


def test_training_features_times_weights_are_the_scorers_logits(trained, tables):
    model, labels = load_model(trained[0]), read_labels(tables)
    counts = [ngram_counts(texts.tolist(), orders=2, bits=11) for texts in (labels.heads["text"], labels.polarity["text"])]
    idf_values = idf(vstack(counts, format="csr"))
    assert np.sqrt(model.table[:-1, -1]) == pytest.approx(idf_values, rel=1e-3)  # stored as float16
    features = weighted(ngram_counts(TEXTS, orders=2, bits=11), idf_values, norm_limit=model.norm_limit)
    expected = features @ (model.table[:-1, :-1] / idf_values[:, None]) + model.bias
    assert BatchScorer(model).logits(clean(TEXTS).batch) == pytest.approx(expected, rel=2e-3, abs=2e-2)


def test_long_texts_are_those_beyond_the_95th_percentile_of_the_labelled_ones(trained, tables):
    model, labels = load_model(trained[0]), read_labels(tables)
    counts = ngram_counts(labels.heads["text"].tolist(), orders=2, bits=11)
    squares = counts @ model.table[:-1, -1]
    assert 0.03 < (squares > model.norm_limit).mean() < 0.07


def test_targets_are_positions_in_the_heads(tables):
    labels = read_labels(tables)
    targets = head_targets(labels)
    for head in ("type", "sentiment", "urgency"):
        assert [HEADS[head][number] for number in targets[head]] == labels.heads[head].astype(str).tolist()
    assert targets["risk"].shape == (360, head_slices()["risk"].stop - head_slices()["risk"].start)
    told = [",".join(code for code, holds in zip(RISK_CODES, row, strict=True) if holds) for row in targets["risk"]]
    assert told == labels.heads["risk"].tolist()


# ---------------------------------------------------------------------------------------------------------------------------------
# Splits


def test_fractions_depend_on_the_text_alone():
    texts = [f"第{number}条反馈" for number in range(5000)] + ["", "\ud800", "😀"]
    fractions = text_fraction(texts)
    assert ((fractions >= 0) & (fractions < 1)).all()
    assert (text_fraction(texts[::-1]) == fractions[::-1]).all()
    assert [text_fraction([text])[0] for text in texts[:50]] == fractions[:50].tolist()
    assert np.histogram(fractions, bins=10, range=(0, 1))[0] == pytest.approx(500, abs=120)
    assert held_out(texts).mean() == pytest.approx(HOLDOUT, abs=0.02)
    assert text_fraction([]).shape == (0,)


def test_fractions_never_change():
    """A held-out text of one release must be one of the next."""
    assert (text_fraction(["好评", "", "太差了"]) * 2**32).tolist() == [2438468921, 309448485, 2497397846]


def test_held_out_texts_are_never_trained_on(tables):
    texts = polarity_table()["text"]
    kept = read_labels(tables).polarity["text"]
    outside = set(texts[held_out(texts.tolist())])
    assert len(outside) >= 5
    assert not outside & set(kept)
    assert set(kept) | outside == set(texts)


def test_polarity_texts_that_are_labelled_in_full_are_left_out(tmp_path):
    heads = heads_table(rows=50)
    polarity = pd.concat([polarity_table(rows=30), pd.DataFrame({"text": heads["text"], "polarity": 1})])
    labels = read_labels(write(tmp_path, heads=heads, polarity=polarity))
    assert not set(labels.polarity["text"]) & set(heads["text"])
    assert len(labels.polarity) > 20


# ---------------------------------------------------------------------------------------------------------------------------------
# Labelled tables


def test_tables_are_joined_in_their_order(tmp_path):
    paths = write(tmp_path, a=heads_table(1, 9), b=polarity_table(1, 30), c=heads_table(2, 9), d=polarity_table(2, 30))
    labels = read_labels(map(str, paths))
    assert labels.heads["text"].tolist() == [*heads_table(1, 9)["text"], *heads_table(2, 9)["text"]]
    assert list(labels.heads.columns) == ["text", *HEAD_COLUMNS]
    assert [(source.file, source.labels) for source in labels.sources] == [
        ("a.csv", "heads"),
        ("b.csv", "polarity"),
        ("c.csv", "heads"),
        ("d.csv", "polarity"),
    ]
    assert sum(source.rows for source in labels.sources if source.labels == "polarity") == len(labels.polarity)
    assert all(len(source.sha256) == 64 for source in labels.sources)


def test_excluded_texts_are_trained_on_nowhere(tmp_path):
    heads, polarity, dev = write(tmp_path, heads=heads_table(1, 45), polarity=polarity_table(1, 30), dev=heads_table(1, 9))
    # Compared after cleaning, so another spelling of the same text is found, too.
    dev_table = pd.concat([heads_table(1, 9), polarity_table(1, 30).head(5)])[["text"]]
    dev_table.assign(text=dev_table["text"] + "  ").to_csv(dev, index=False)
    labels = read_labels([heads, polarity], exclude=[dev])
    unwanted = set(dev_table["text"])
    assert unwanted.isdisjoint(labels.heads["text"]) and unwanted.isdisjoint(labels.polarity["text"])
    assert len(labels.heads) < 45 and len(labels.heads) > 0
    assert (labels.sources[0].file, labels.sources[0].labels) == ("dev.csv", "excluded")


@pytest.mark.parametrize("dtype", ["int64", "int8", "float64", "Int64", "str", "object"])
def test_levels_may_be_stored_in_any_type(tmp_path, dtype):
    heads, polarity = heads_table(rows=45), polarity_table(rows=30)
    heads.assign(sentiment=heads["sentiment"].astype(dtype)).to_parquet(tmp_path / "heads.parquet")
    polarity.assign(polarity=polarity["polarity"].astype(dtype)).to_parquet(tmp_path / "polarity.parquet")
    labels = read_labels([tmp_path / "heads.parquet", tmp_path / "polarity.parquet"])
    expected = [HEADS["sentiment"].index(str(level)) for level in heads["sentiment"]]
    assert head_targets(labels)["sentiment"].tolist() == expected
    assert labels.polarity["polarity"].dtype == np.int8
    assert set(labels.polarity["polarity"]) == {-1, 0, 1}


def test_missing_risks_are_none(tmp_path):
    heads_table(rows=9).assign(risk=None).to_parquet(tmp_path / "heads.parquet")
    assert not head_targets(read_labels([tmp_path / "heads.parquet"]))["risk"].any()


def refused(paths, *words):
    with pytest.raises(InputError) as caught:
        read_labels(paths)
    for word in words:
        assert word in str(caught.value)


def test_all_bad_labels_are_told_at_once(tmp_path):
    table = heads_table(rows=20).astype({"sentiment": object})
    table.loc[3, "type"] = "bug"
    table.loc[4, "type"] = "Defect"
    table.loc[5, "sentiment"] = 7
    table.loc[6, "sentiment"] = "x"
    table.loc[7, "urgency"] = "urgent"
    table.loc[8, "risk"] = "money,fire"
    refused(
        write(tmp_path, bad=table),
        "bad.csv: type: Defect, bug not among defect, experience",
        "sentiment: 7, x not among -2, -1, 0, 1, 2",
        "urgency: urgent not among low, medium, high",
        "risk: fire not among safety, money",
    )


@pytest.mark.parametrize(
    ("column", "value"), [("type", None), ("urgency", None), ("sentiment", None), ("sentiment", 0.5), ("sentiment", float("inf"))]
)
def test_a_missing_or_broken_label(tmp_path, column, value):
    table = heads_table(rows=9).astype({column: object})
    table.loc[2, column] = value
    table.to_csv(tmp_path / "bad.csv", index=False)
    refused([tmp_path / "bad.csv"], "bad.csv", f"{column}: ", "not among")


@pytest.mark.parametrize("labels", ["heads", "polarity"])
def test_texts_must_be_strings(tmp_path, labels):
    table = heads_table(rows=9) if labels == "heads" else polarity_table(rows=9)
    table.assign(text=range(9)).to_parquet(tmp_path / "bad.parquet")
    refused([tmp_path / "bad.parquet"], "bad.parquet", "text: 9 values are not strings")


def test_a_polarity_beyond_one(tmp_path):
    refused(
        write(tmp_path, heads=heads_table(rows=9), bad=polarity_table(rows=9).assign(polarity=2)),
        "bad.csv",
        "polarity: 2 not among -1, 0, 1",
    )


@pytest.mark.parametrize("column", HEAD_COLUMNS[1:])
def test_a_missing_column(tmp_path, column):
    refused(write(tmp_path, bad=heads_table(rows=9).drop(columns=column)), "bad.csv", f"missing: {column}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a readable Parquet or CSV table"),
        (b"\xff\xfe\x00\x01", "expected a readable Parquet or CSV table"),
        (b"a,b\n1,2\n", "expected a column 'text', got a, b"),
        (b"text,b\n1,2\n", "expected a column 'type' or 'polarity', got text, b"),
        (b"text,polarity\nx,1\n", "the heads cannot be trained"),
    ],
)
def test_a_file_that_is_no_table_of_labels(tmp_path, content, message):
    (tmp_path / "bad.csv").write_bytes(content)
    refused([tmp_path / "bad.csv"], message)


def test_a_missing_file(tmp_path):
    refused([tmp_path / "none.csv"], "none.csv", "expected a readable")
    refused([tmp_path / "none.parquet"], "none.parquet", "expected a readable")


def test_a_damaged_parquet_file(tmp_path):
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 not really")
    refused([tmp_path / "bad.parquet"], "bad.parquet", "expected a readable")


def test_no_files():
    refused([], "the heads cannot be trained")
