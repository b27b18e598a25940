"""Reading labelled tables: what a table holds, what counts once, what is never trained on, and what is refused."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from made_up import heads_table, polarity_table, soft_table, write

from feedback_nlp.errors import InputError, RowError
from feedback_nlp.scorer.model import HEADS
from feedback_nlp.text.clean import clean
from feedback_nlp.train.given import CLASS_NAMES
from feedback_nlp.train.labels import HEAD_COLUMNS, HOLDOUT, SOFT_COLUMNS, held_out, read_labels, text_fraction, text_hash
from feedback_nlp.train.tasks import class_targets, flag_targets, flags_known


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


def test_held_out_texts_are_never_trained_on(tmp_path):
    texts = polarity_table()["text"]
    kept = read_labels(write(tmp_path, heads=heads_table(), polarity=polarity_table())).polarity["text"]
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
    assert list(labels.heads.columns) == ["text", *HEAD_COLUMNS, "natural", "source"]
    assert [(source.file, source.labels) for source in labels.sources] == [
        ("a.csv", "heads"),
        ("b.csv", "polarity"),
        ("c.csv", "heads"),
        ("d.csv", "polarity"),
    ]
    assert [source.rows for source in labels.sources] == [9, 30, 9, 30]
    assert [source.sha256 for source in labels.sources] == [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    polarity = [text for seed in (1, 2) for text in polarity_table(seed, 30)["text"]]
    assert labels.polarity["text"].tolist() == [text for text in dict.fromkeys(polarity) if not held_out([text])[0]]


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
    assert class_targets(labels.heads)["sentiment"].tolist() == expected
    assert labels.polarity["polarity"].dtype == np.int8
    assert set(labels.polarity["polarity"]) == {-1, 0, 1}


def test_missing_risks_are_none(tmp_path):
    heads_table(rows=9).assign(risk=None).to_parquet(tmp_path / "heads.parquet")
    assert not flag_targets(read_labels([tmp_path / "heads.parquet"]).heads).any()


def as_read(table):
    """Labels are objects, because they may be missing."""
    return table.astype(dict.fromkeys(HEAD_COLUMNS, object))


def refused(paths, *words):
    with pytest.raises(InputError) as caught:
        read_labels(paths)
    for word in words:
        assert word in str(caught.value)


def test_all_bad_labels_are_told_at_once(tmp_path):
    table = heads_table(rows=20).astype({"sentiment": object})
    table.loc[3, "type"] = "bug"
    table.loc[4, "type"] = "defekt"
    table.loc[5, "sentiment"] = 7
    table.loc[6, "sentiment"] = "x"
    table.loc[7, "urgency"] = "urgent"
    table.loc[8, "risk"] = "money,fire"
    refused(
        write(tmp_path, bad=table),
        "bad.csv: type: 'bug' (row 5) is no label",
        "type: 'defekt' (row 6) is no label, did you mean 'defect'?",
        "sentiment: '7' (row 7) is no label",
        "sentiment: 'x' (row 8) is no label",
        "urgency: 'urgent' (row 9) is no label",
        "risk: 'fire' (row 10) is no label",
        "expected type: defect (产品故障), ",
    )


@pytest.mark.parametrize(("column", "value"), [("type", "?"), ("urgency", "3"), ("sentiment", 0.5), ("sentiment", float("inf"))])
def test_a_broken_label(tmp_path, column, value):
    table = heads_table(rows=9).astype({column: object})
    table.loc[2, column] = value
    table.to_csv(tmp_path / "bad.csv", index=False)
    refused([tmp_path / "bad.csv"], f"bad.csv: {column}: ", "(row 4) is no label")


@pytest.mark.parametrize("column", ["type", "sentiment", "urgency"])
@pytest.mark.parametrize("value", ["", None, float("nan")])
def test_an_empty_cell_is_no_label(tmp_path, column, value):
    table = heads_table(rows=9).astype({column: object})
    table.loc[2, column] = value
    table.to_csv(tmp_path / "some.csv", index=False)
    found = read_labels([tmp_path / "some.csv"]).heads
    assert found[column].isna().tolist() == [row == 2 for row in range(9)]
    assert (class_targets(found)[column] < 0).tolist() == [row == 2 for row in range(9)]
    assert len(found) == 9


@pytest.mark.parametrize("column", HEAD_COLUMNS)
def test_a_head_without_a_column_has_no_labels(tmp_path, column):
    """Of two tables each may know what the other does not."""
    table = heads_table(rows=9)
    whole = table.assign(text="又" + table["text"])
    labels = read_labels(write(tmp_path, some=table.drop(columns=column), whole=whole))
    assert labels.heads[column].isna().tolist() == [True] * 9 + [False] * 9
    assert labels.heads.drop(columns=column).notna().all(axis=None)
    assert [source.labels for source in labels.sources] == ["heads", "heads"]
    if column == "risk":
        assert flags_known(labels.heads).tolist() == [False] * 9 + [True] * 9
        assert not flag_targets(labels.heads)[:9].any()


CHINESE = {"text": "问题描述", "type": "类型", "sentiment": "情感", "urgency": "紧急程度", "risk": "风险"}


def in_chinese(table):
    """The same table as people in the office write it."""
    named = table.assign(
        **{head: table[head].astype(str).map(CLASS_NAMES[head]) for head in ("type", "sentiment", "urgency")},
        risk=["、".join(CLASS_NAMES["risk"][code] for code in cell.split(",") if code) for cell in table["risk"]],
    )
    return named.rename(columns=CHINESE)


@pytest.mark.parametrize("form", ["utf8.csv", "gbk.csv", "book.xlsx", "lines.jsonl"])
def test_chinese_headers_and_names_are_read_as_codes_are(tmp_path, form):
    table, path = heads_table(rows=30), tmp_path / form
    if form.endswith("csv"):
        in_chinese(table).to_csv(path, index=False, encoding="gbk" if "gbk" in form else "utf-8")
    elif form.endswith("xlsx"):
        in_chinese(table).to_excel(path, index=False)
    else:
        in_chinese(table).to_json(path, orient="records", lines=True, force_ascii=False)
    found = read_labels([path]).heads
    expected = read_labels(write(tmp_path, codes=table)).heads
    pd.testing.assert_frame_equal(found, expected)


def test_headers_of_ones_own_are_named(tmp_path):
    table = heads_table(rows=9)
    path = write(tmp_path, own=table.rename(columns={"text": "投诉原文", "type": "一级分类"}))
    refused(path, "no column holds the feedback text")
    found = read_labels(path, text_column="投诉原文", columns={"一级分类": "type"}).heads
    pd.testing.assert_frame_equal(found, read_labels(write(tmp_path, codes=table)).heads)


def test_rows_that_cannot_be_used_are_told(tmp_path):
    table, path = heads_table(rows=9), tmp_path / "some.jsonl"
    table.head(8).to_json(path, orient="records", lines=True, force_ascii=False)
    path.write_text(path.read_text(encoding="utf-8").rstrip() + '\n{"text": 5, "type": "defect"}\n', encoding="utf-8")
    labels = read_labels([path])
    assert labels.heads["text"].tolist() == table["text"][:8].tolist()
    assert labels.quarantine["source_line"].tolist() == ["some.jsonl:9"]
    with pytest.raises(RowError):
        read_labels([path], strict=True)


@pytest.mark.parametrize("labels", ["heads", "polarity", "soft"])
def test_texts_must_be_strings(tmp_path, labels):
    table = {"heads": heads_table, "polarity": polarity_table, "soft": soft_table}[labels](rows=9)
    table.assign(text=range(9)).to_parquet(tmp_path / "bad.parquet")
    refused([tmp_path / "bad.parquet"], "bad.parquet", "expected strings")


def test_a_polarity_beyond_one(tmp_path):
    refused(
        write(tmp_path, heads=heads_table(rows=9), bad=polarity_table(rows=9).assign(polarity=2)),
        "bad.csv",
        "polarity: 2 not among -1, 0, 1",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\xff\xfe\x00\x01", "bad.csv"),
        (b"a,b\n1,2\n", "no column holds the feedback text: got a, b"),
        (b"text,b\nx,2\n", "the heads cannot be trained"),  # texts alone
        (b"text,type\n", "expected rows with a text, got no rows at all"),
        (b"text,polarity\nx,1\n", "the heads cannot be trained"),
        (b"text_hash,b\nx,2\n", "expected labels beside text_hash, at least one of type, sentiment, urgency, risk; got text, b"),
        (b"text_hash,polarity\nx,1\n", "expected labels beside text_hash"),
        (b"text_hash,type_defect\nx,1\n", "expected labels beside text_hash"),
        (b"text,type_defect\nx,1\n", "missing: type_experience"),
    ],
)
def test_a_file_that_is_no_table_of_labels(tmp_path, content, message):
    (tmp_path / "bad.csv").write_bytes(content)
    refused([tmp_path / "bad.csv"], message)


def test_a_missing_file(tmp_path):
    refused([tmp_path / "none.csv"], "none.csv", "no such file")
    refused([tmp_path / "none.parquet"], "none.parquet", "no such file")


def test_a_damaged_parquet_file(tmp_path):
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 not really")
    refused([tmp_path / "bad.parquet"], "bad.parquet")


def test_no_files():
    refused([], "the heads cannot be trained")


# ---------------------------------------------------------------------------------------------------------------------------------
# A text counts once


def test_the_first_of_a_texts_labels_counts(tmp_path):
    """In one table and across tables, compared after cleaning."""
    first = heads_table(1, 18)
    again = first.assign(type="other", text=["  " + first["text"][0], *first["text"][1:]])
    labels = read_labels(write(tmp_path, first=pd.concat([first, first.head(3)]), again=again))
    pd.testing.assert_frame_equal(labels.heads[["text", *HEAD_COLUMNS]], as_read(first), check_dtype=False)


def test_readers_go_before_soft_labels_and_polarity(tmp_path):
    heads, soft = heads_table(1, 45), soft_table(2, 45)
    soft = pd.concat([soft, soft_table(2, 9).assign(text=heads["text"][:9])])
    polarity = pd.DataFrame({"text": [*heads["text"][9:18], *soft_table(2, 45)["text"][:20], "只有极性"], "polarity": 1})
    labels = read_labels(write(tmp_path, polarity=polarity, soft=soft, heads=heads))
    assert labels.heads["text"].tolist() == heads["text"].tolist()
    assert not set(labels.soft["text"]) & set(heads["text"])
    assert not set(labels.polarity["text"]) & set(heads["text"])
    # Soft labels and polarity teach different heads: a text may have both.
    allowed = [text for text in [*soft_table(2, 45)["text"][:20], "只有极性"] if not held_out([text])[0]]
    assert labels.polarity["text"].tolist() == allowed
    assert labels.soft["text"].tolist() == [text for text in soft_table(2, 45)["text"] if not held_out([text])[0]]


def test_a_repeated_text_has_its_first_soft_label_and_polarity(tmp_path):
    soft = soft_table(2, 9)
    twice = pd.concat([soft, soft.assign(type_defect=0.5)])
    polarity = pd.DataFrame({"text": ["甲", "乙", "甲 ", "丙丁"], "polarity": [1, -1, -1, 0]})
    labels = read_labels(write(tmp_path, heads=heads_table(1, 9), soft=twice, polarity=polarity))
    kept = ~held_out(soft["text"].tolist())
    np.testing.assert_allclose(labels.soft["type_defect"], soft["type_defect"][kept], rtol=1e-6)
    expected = {text: sign for text, sign in (("丙丁", 0), ("乙", -1), ("甲", 1)) if not held_out([text])[0]}
    assert dict(zip(labels.polarity["text"], labels.polarity["polarity"], strict=True)) == expected


def test_held_out_texts_are_left_out_of_soft_labels_and_not_of_readers_labels(tmp_path):
    soft, heads = soft_table(2, 300), heads_table(3, 300)
    labels = read_labels(write(tmp_path, heads=heads, soft=soft))
    assert held_out(soft["text"].tolist()).sum() > 10 and held_out(heads["text"].tolist()).sum() > 10
    assert labels.soft["text"].tolist() == soft["text"][~held_out(soft["text"].tolist())].tolist()
    assert len(labels.heads) == 300


def test_excluded_texts_are_in_no_table(tmp_path):
    heads, soft, polarity = heads_table(1, 45), soft_table(2, 45), polarity_table(3, 45)
    unwanted = [*heads["text"][:5], *soft["text"][:5], *polarity["text"][:5]]
    dev = pd.DataFrame({"text": [f"<b>{text}</b>" for text in unwanted], "type": "something else"})
    paths = write(tmp_path, heads=heads, soft=soft, polarity=polarity, dev=dev)
    labels = read_labels(paths[:3], exclude=paths[3:])
    for table in (labels.heads, labels.soft, labels.polarity):
        assert not set(clean(table["text"].tolist()).texts()) & set(unwanted)
    assert len(labels.heads) == 40


# ---------------------------------------------------------------------------------------------------------------------------------
# Labels by hash


def by_hash(table):
    return table.assign(text_hash=text_hash(table["text"].tolist())).drop(columns="text")


def test_a_hash_names_a_cleaned_text():
    assert text_hash(["好评", "好评 ", "<b>好评</b>", "差评"])[:3] == [text_hash(["好评"])[0]] * 3
    assert text_hash(["好评", "差评"]) == [hashlib.blake2b(text.encode(), digest_size=8).hexdigest() for text in ("好评", "差评")]
    assert text_hash([]) == []


def test_hashes_never_change():
    """Published labels by hash are worthless once these move."""
    assert text_hash(["好评", ""]) == ["0b84c278a646294f", "e4a6a0577479b2b4"]


def test_labels_by_hash_are_those_of_their_texts(tmp_path):
    """Texts may stand in any other table, whatever that holds, and in any spelling that cleans to the same."""
    table = heads_table(1, 40)
    polarity = pd.DataFrame({"text": table["text"][:10], "polarity": 0})
    soft = soft_table(1, 20)  # the texts of heads_table(1, 20)
    texts = pd.DataFrame({"text": table["text"][20:30] + " "})
    labels = read_labels(write(tmp_path, hashed=by_hash(table), polarity=polarity, texts=texts, soft=soft))
    assert labels.sources[0].labels == "heads by hash" and labels.sources[2].labels == "texts"
    # Ten have no text here and are left out.
    assert labels.heads["text"].str.strip().tolist() == table["text"][:30].tolist()
    pd.testing.assert_frame_equal(labels.heads[list(HEAD_COLUMNS)], as_read(table)[list(HEAD_COLUMNS)].head(30), check_dtype=False)
    assert len(labels.polarity) == len(labels.soft) == 0


def test_labels_by_hash_count_once_and_after_those_with_texts(tmp_path):
    table = heads_table(1, 18)
    labels = read_labels(write(tmp_path, hashed=by_hash(table.assign(type="other")), heads=table))
    assert labels.heads["type"].tolist() == table["type"].tolist()
    labels = read_labels(write(tmp_path, hashed=by_hash(pd.concat([table, table])), texts=table[["text"]]))
    assert labels.heads["text"].tolist() == table["text"].tolist()


def test_labels_by_hash_without_any_text(tmp_path):
    assert len(read_labels(write(tmp_path, hashed=by_hash(heads_table(1, 9)))).heads) == 0
    assert len(read_labels(write(tmp_path, hashed=by_hash(heads_table(1, 9)), polarity=polarity_table(1, 9))).heads) == 0


def test_excluded_texts_are_excluded_by_hash_as_well(tmp_path):
    table = heads_table(1, 18)
    paths = write(tmp_path, hashed=by_hash(table), texts=table[["text"]], dev=table[["text"]].head(5))
    assert read_labels(paths[:2], exclude=paths[2:]).heads["text"].tolist() == table["text"][5:].tolist()


def test_the_labels_of_a_table_by_hash_are_checked(tmp_path):
    refused(write(tmp_path, hashed=by_hash(heads_table(rows=9).assign(type="bug"))), "hashed.csv: type: 'bug'", "is no label")


def test_missing_polarity_texts_are_dropped_also_beside_hashes(tmp_path):
    table = heads_table(1, 9)
    pd.DataFrame({"text": [None, *table["text"]], "polarity": [1.0, None, *[0.0] * 8]}).to_parquet(tmp_path / "polarity.parquet")
    labels = read_labels([*write(tmp_path, hashed=by_hash(table)), tmp_path / "polarity.parquet"])
    assert labels.heads["text"].tolist() == table["text"][1:].tolist()


# ---------------------------------------------------------------------------------------------------------------------------------
# round, source, soft labels


def test_rounds_tell_the_fair_sample(tmp_path):
    table = heads_table(1, 9)
    assert read_labels(write(tmp_path, heads=table)).heads["natural"].tolist() == [True] * 9
    rounds = ["random", "hard", "", None, "random", "Random", "x", "random", "5"]
    table.assign(round=rounds).to_parquet(tmp_path / "heads.parquet")
    found = read_labels([tmp_path / "heads.parquet"]).heads["natural"]
    assert found.dtype == bool
    assert found.tolist() == [value == "random" for value in rounds]
    table.assign(round=pd.array([None, *["random"] * 8], dtype="string")).to_parquet(tmp_path / "heads.parquet")
    assert read_labels([tmp_path / "heads.parquet"]).heads["natural"].tolist() == [False] + [True] * 8


def test_sources_are_words_even_where_they_are_missing(tmp_path):
    table = heads_table(1, 9)
    assert set(read_labels(write(tmp_path, heads=table)).heads["source"]) == {""}
    table.assign(source=["app", None, "5", "", "app", "a", "b", "c", "d"]).to_parquet(tmp_path / "heads.parquet")
    assert read_labels([tmp_path / "heads.parquet"]).heads["source"].tolist() == ["app", "", "5", "", "app", "a", "b", "c", "d"]


def test_soft_labels_are_taken_as_they_are(tmp_path):
    soft = soft_table(2, 30)
    labels = read_labels(write(tmp_path, heads=heads_table(1, 9), soft=soft))
    kept = soft[~held_out(soft["text"].tolist())].reset_index(drop=True)
    assert list(labels.soft.columns) == ["text", *SOFT_COLUMNS]
    assert (labels.soft.dtypes[list(SOFT_COLUMNS)] == np.float32).all()
    np.testing.assert_allclose(labels.soft[list(SOFT_COLUMNS)], kept[list(SOFT_COLUMNS)], rtol=1e-6)


@pytest.mark.parametrize("value", [-0.1, 1.1, None, float("nan"), "x", float("inf")])
def test_probabilities_are_numbers_from_0_to_1(tmp_path, value):
    soft = soft_table(2, 9).astype({"type_price": object})
    soft.loc[3, "type_price"] = value
    refused(write(tmp_path, heads=heads_table(1, 9), soft=soft), "soft.csv", "probabilities: expected numbers in 0..1")


@pytest.mark.parametrize("column", [SOFT_COLUMNS[1], SOFT_COLUMNS[9], SOFT_COLUMNS[-1]])
def test_a_teacher_must_know_all_classes(tmp_path, column):
    soft = soft_table(2, 9).drop(columns=column)
    refused(write(tmp_path, heads=heads_table(1, 9), soft=soft), "soft.csv", f"expected probabilities of all classes; missing: {column}")


@pytest.mark.parametrize("column", ["text_hash", "other"])
def test_an_excluded_table_needs_texts(tmp_path, column):
    heads, dev = write(tmp_path, heads=heads_table(1, 9), dev=pd.DataFrame({column: ["x"]}))
    with pytest.raises(InputError, match=f"no column holds the feedback text: got {column}"):
        read_labels([heads], exclude=[dev])


def test_a_table_without_rows(tmp_path):
    heads, soft = write(tmp_path, heads=heads_table(1, 9), soft=soft_table(2, 9).head(0))
    refused([heads, soft], "soft.csv: expected rows with a text, got no rows at all")
