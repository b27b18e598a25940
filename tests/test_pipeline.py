"""The laws of a whole run: nothing is lost, order and chunks change nothing, nobody is given away, files are whole."""

import csv
import dataclasses
import hashlib
import json
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import feedback_nlp as fn
from feedback_nlp import analysis as analysis_module
from feedback_nlp.ledger.assemble import HEADERS
from feedback_nlp.ledger.policy import COMPONENTS
from feedback_nlp.ledger.settings import shipped
from feedback_nlp.scorer import scorer as scorer_module
from feedback_nlp.scorer.scores import SCORE_COLUMNS
from feedback_nlp.vocabulary import STATUSES, TYPES

CRASH = "我的软件总是闪退，太影响工作了"
TABLES = ("ledger", "themes", "keywords", "phrases", "duplicates", "aspects", "trends", "quarantine", "history")
FILES = {"ledger.csv", *(f"{name}.parquet" for name in TABLES), "summary.json", "themes.json", "manifest.json"}


@pytest.fixture(scope="module")
def analyze():
    """``analyze`` with the bundled model, loaded once."""
    scorer = fn.BatchScorer.load()
    return lambda data, **options: fn.analyze(data, **{"model": scorer, **options})


@pytest.fixture(scope="module")
def mixed():
    """Some sixty rows of several themes, days, customers, channels; gaps, copies and texts without content among them."""
    subjects = ("登录失败，验证码收不到", "客服态度恶劣", "滤芯价格太贵", "快递包装破损", "希望增加夜间模式", "很好用，推荐", "")
    rows = [
        {
            "text": subjects[number % 7] + ("" if number % 3 else "，" + "太差" * (number % 4)),
            "created_at": None if number % 11 == 5 else f"2026-03-{1 + number % 5:02d} {number % 24:02d}:00",
            "channel": ("APP", "微博", None)[number % 3],
            "product": ("手机", "手表")[number % 2],
            "customer_id": None if number % 4 == 3 else f"C{number % 9}",
            "annual_spend": ("128,500", None, "90000")[number % 3],
            "remark": f"备注{number % 5}",
        }
        for number in range(64)
    ]
    return pd.DataFrame([*rows, *rows[:6]])


def same_analysis(first, second, *, but=()):
    for name in TABLES:
        one, two = (getattr(result, name).drop(columns=[*but], errors="ignore") for result in (first, second))
        pd.testing.assert_frame_equal(one, two)
    assert first.summary == second.summary


def row_of(result, line=1):
    return result.ledger.set_index("source_line").loc[line]


# What a text becomes


def test_the_example_of_document_4(analyze):
    row = row_of(analyze([CRASH]))
    assert (row["priority"], row["type"], row["category"], row["department"]) == ("高", "defect", "功能故障", "技术支持")
    assert row["sentiment"] < 0 and row["polarity"] < 0


@pytest.mark.parametrize(
    ("strong", "mild"),
    [
        ("这破软件天天闪退，气死我了，垃圾", "软件偶尔会闪退一下"),
        ("客服态度极其恶劣，太气人了", "客服回复稍微有点慢"),
        ("太卡了，卡得我想砸手机，垃圾", "稍微有一点卡"),
    ],
)
def test_a_strongly_negative_item_is_raised(analyze, strong, mild):
    ledger = analyze([mild, strong]).ledger
    assert ledger["text"].tolist() == [strong, mild]
    assert ledger["priority_score"].is_monotonic_decreasing
    assert ledger["polarity"][0] < ledger["polarity"][1]


@pytest.mark.parametrize("text", ["", "   ", None, "😀", "？", "好" * 100_000, "登录失败，" * 20_000, "\u200b", "\0", "a"])
def test_odd_texts_are_ordinary_rows(analyze, text):
    ledger = analyze([text, CRASH]).ledger
    assert sorted(ledger["source_line"]) == [1, 2]
    row = row_of(analyze([text, CRASH]))
    assert row["text_original"] == (text or "")
    assert row["type"] in TYPES
    alone = row_of(analyze([CRASH, text]), 2)
    assert alone[["type", "polarity", "priority_score"]].tolist() == row[["type", "polarity", "priority_score"]].tolist()


def test_texts_without_content_are_calm(analyze):
    ledger = analyze(["", "此用户没有填写评价。", "系统默认好评", CRASH]).ledger
    empty = ledger[ledger["no_information"]]
    assert sorted(empty["source_line"]) == [1, 2, 3]
    assert (empty["type"] == "other").all() and (empty["priority"] == "低").all() and (empty["sentiment"] == 0).all()


@pytest.mark.parametrize(
    ("text", "plain"),
    [("我的軟體總是閃退，太影響工作了", "我的软体总是闪退，太影响工作了"), ("軟件閃退", "软件闪退"), ("總是閃退！！！", "总是闪退！！！")],
)
def test_traditional_characters(analyze, text, plain):
    row, same = row_of(analyze([text])), row_of(analyze([plain]))
    assert (row["text"], row["text_original"]) == (plain, text)
    assert row[list(SCORE_COLUMNS)].equals(same[list(SCORE_COLUMNS)])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_files_of_any_common_encoding(analyze, encoding, tmp_path):
    (tmp_path / "f.csv").write_text(f"问题描述,渠道\n{CRASH},官网\n", encoding=encoding)
    row = row_of(analyze(tmp_path / "f.csv"), 2)
    assert (row["text"], row["channel"]) == (CRASH, "官网")
    assert row[list(SCORE_COLUMNS)].equals(row_of(analyze([CRASH]))[list(SCORE_COLUMNS)])


def test_expectation_and_scene_are_read_with_the_text(analyze):
    frame = pd.DataFrame({"text": ["出问题了"] * 2, "scene": ["插座起火冒烟，手被烫伤", None], "expectation": ["赔偿", None]})
    ledger = analyze(frame).ledger
    assert ledger["source_line"].tolist() == [1, 2]
    assert ledger["priority"][0] == "高" and "触发规则「人身安全」" in ledger["reasons"][0]
    assert ledger["text"].tolist() == ledger["text_original"].tolist() == ["出问题了"] * 2
    assert ledger["scene"][0] == "插座起火冒烟，手被烫伤"


# Laws of the whole


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_changes_nothing(analyze, mixed, seed):
    order = np.random.default_rng(seed).permutation(len(mixed))
    one, two = analyze(mixed, as_of="2026-03-06"), analyze(mixed.iloc[order], as_of="2026-03-06")
    same_analysis(one, two, but=["source_line"])
    assert (order[two.ledger["source_line"] - 1] + 1).tolist() != two.ledger["source_line"].tolist()
    original = order[two.ledger["source_line"].to_numpy() - 1]
    assert two.ledger["text_original"].tolist() == mixed["text"].iloc[original].tolist()


TEXTS = st.lists(st.one_of(st.sampled_from([CRASH, "登录失败", "", "很好"]), st.text(max_size=8)), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=TEXTS, seed=st.integers(0, 9))
def test_the_order_of_any_texts_changes_nothing(analyze, texts, seed):
    shuffled = [texts[place] for place in np.random.default_rng(seed).permutation(len(texts))]
    same_analysis(analyze([*texts, CRASH]), analyze([*shuffled, CRASH]), but=["source_line"])


@pytest.mark.parametrize("chars", [1, 7, 64, 1000])
def test_chunks_change_nothing(analyze, mixed, monkeypatch, chars):
    whole = analyze(mixed)
    monkeypatch.setattr(scorer_module, "CHUNK_CHARS", chars)
    same_analysis(analyze(mixed), whole)


WILD = st.one_of(
    st.none(),
    st.text(max_size=10),
    st.text(alphabet=st.characters(categories=["Cs", "Cc", "Cf", "So"]), max_size=4),
    st.sampled_from([CRASH, "", float("nan"), pd.NaT, b"bytes", 5, 1.5, True, ["x"], {"a": None}, "13812345678", "2026-01-01", "昨天"]),
    st.floats(),
)
NAMES = ("feedback_id", "created_at", "product", "customer_id", "customer_type", "annual_spend", "status", "scene", "priority", "其他")


@st.composite
def wild_frames(draw):
    rows = draw(st.integers(1, 5))
    names = ["text", *draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))]
    columns = {name: draw(st.lists(WILD, min_size=rows, max_size=rows)) for name in names}
    columns["text"][draw(st.integers(0, rows - 1))] = "登录失败"
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=wild_frames(), seed=st.integers(0, 9))
def test_any_frame_loses_no_row_and_can_be_saved(analyze, tmp_path_factory, frame, seed):
    before = frame.copy(deep=True)
    result = analyze(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert sorted([*result.ledger["source_line"], *result.quarantine["source_line"]]) == list(range(1, len(frame) + 1))
    assert result.summary["rows"] == len(frame) == result.summary["items"] + result.summary["quarantined"]
    assert result.ledger["feedback_id"].is_unique
    folder = result.save(tmp_path_factory.mktemp("wild"))
    assert len(pd.read_parquet(folder / "ledger.parquet")) == len(result.ledger)
    with (folder / "ledger.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == len(result.ledger) + 1


def test_the_ledger_is_sorted_by_level_score_age_and_id(analyze, mixed):
    result = analyze(mixed)
    levels = list(result.summary["priority"])
    keys = [
        (
            levels.index(row.priority),
            -row.priority_score,
            pd.Timestamp.max.tz_localize("UTC") if pd.isna(row.created_at) else row.created_at,
            row.feedback_id,
        )
        for row in result.ledger.itertuples()
    ]
    assert keys == sorted(keys)


def test_parts_of_the_score_sum_to_it(analyze, mixed):
    ledger = analyze(mixed).ledger
    parts = ledger[[f"points_{name}" for name in COMPONENTS]]
    assert (parts * 10).round().sum(axis=1).tolist() == (ledger["priority_score"] * 10).round().tolist()


# The caller's columns


def test_the_input_is_kept_and_never_changed(analyze):
    frame = pd.DataFrame(
        {
            "文本": [CRASH, "很好"],
            "渠道": ["APP", None],
            "priority": ["P1", "P2"],
            "input_priority": ["甲", "乙"],
            "优先级": [1, 2],
            "层": [[1], [2]],
        },
        index=pd.Index(["x", "x"], name="odd"),
    )
    before = frame.copy(deep=True)
    ledger = analyze(frame).ledger
    pd.testing.assert_frame_equal(frame, before)
    assert ledger["channel"].tolist()[0] == "APP"
    assert ledger[["input_priority_2", "input_priority", "input_优先级", "层"]].to_numpy().tolist() == [
        ["P1", "甲", 1, "[1]"],
        ["P2", "乙", 2, "[2]"],
    ]
    assert ledger["priority"].tolist()[0] == "高"


@pytest.mark.parametrize(
    "name", [name for name in HEADERS if name in SCORE_COLUMNS or name.startswith("points_")] + ["tag", "reasons", "damaged"]
)
def test_columns_of_the_same_name_are_moved(analyze, name):
    for header in (name, HEADERS[name]):
        ledger = analyze(pd.DataFrame({"text": [CRASH], header: ["mine"]})).ledger
        assert ledger[f"input_{header}"].tolist() == ["mine"]
        assert ledger[name].tolist() != ["mine"]
        assert ledger.columns.is_unique


PEOPLES = {
    "status": ["处理中", None, "", "已关闭", "我们的状态"],
    "owner": ["李四", None, "", "王五", "赵六"],
    "due_at": ["2026-01-01", "明天", None, "", "2026-02-01"],
    "result": ["已修", None, "", "=1+1", "x"],
    "remark": ["回访", None, "", " 空格 ", "y"],
}


def test_peoples_columns_are_left_alone(analyze):
    frame = pd.DataFrame({"text": [f"{CRASH}{number}" for number in range(5)], **PEOPLES}, dtype=object)
    ledger = analyze(frame).ledger.set_index("source_line").sort_index()
    for name, values in PEOPLES.items():
        expected = [value or STATUSES[0] for value in values] if name == "status" else values
        assert [None if pd.isna(value) else value for value in ledger[name]] == expected
    assert set(analyze([CRASH]).ledger["status"]) == {"待分析"}


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1, 2], "int64", [1, 2]),
        # A column of numbers and texts is one of texts, as in the ledger's file.
        ([1, None], "float64", ["1.0", "待分析"]),
        ([None, None], "datetime64[us]", ["待分析", "待分析"]),
        (["处理中", ""], "category", ["处理中", "待分析"]),
        (["处理中", None], "str", ["处理中", "待分析"]),
        # A nested cell becomes text at the door, so that no later step has to think of it.
        ([["a"], ""], object, ['["a"]', "待分析"]),
    ],
)
def test_statuses_of_any_dtype(analyze, values, dtype, expected):
    frame = pd.DataFrame({"text": [CRASH, "很好"], "status": pd.Series(values, dtype=dtype)})
    assert analyze(frame).ledger.set_index("source_line")["status"].sort_index().tolist() == expected


@pytest.mark.parametrize("read", ["ledger.csv", "ledger.parquet"])
def test_a_ledger_can_be_run_again(analyze, mixed, tmp_path, read):
    # Without customers: the ledger holds them masked, and what is masked can no longer be told apart.
    people = {"status": ["处理中", None] * 35, "owner": ["李四", None] * 35}
    first = analyze(mixed.drop(columns="customer_id").assign(**people))
    second = analyze(first.save(tmp_path / "1") / read)
    third = analyze(second.save(tmp_path / "2") / read)
    kept = ["feedback_id", "status", "owner", "text", "type", "priority"]
    for number, later in enumerate((second, third)):
        assert not len(later.quarantine)
        assert sorted(known_rows(later.ledger[kept])) == sorted(known_rows(first.ledger[kept]))
        with (later.save(tmp_path / f"again {number}") / "ledger.csv").open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file))
        assert len(set(header)) == len(header)


def known_rows(frame):
    return [tuple("" if pd.isna(value) else value for value in row) for row in frame.itertuples(index=False, name=None)]


# Privacy

PHONE, MAIL, CARD, NAME = "13812345678", "zhang.san@example.com", "110101199003070038", "王小明"
SECRETS = (PHONE, "138 1234 5678", MAIL, CARD, NAME, "C-4711-889", "wangxm_889", "13898765432", "13711112222")


def as_bytes(cell):
    return (str(cell.tolist()) if isinstance(cell, np.ndarray) else str(cell)).encode()


def test_personal_data_appears_in_no_output(analyze, tmp_path):
    rows = 14
    said = f"登录失败，打我电话{PHONE}或者138 1234 5678，邮箱{MAIL}，身份证{CARD}，微信号：wangxm_889"
    frame = pd.DataFrame(
        {
            "feedback_id": ["FB-1", PHONE, *[f"N{number}" for number in range(2, rows - 1)], "FB-1"],
            "text": [f"{said}，{('登录失败', '客服差', '快递慢')[number % 3]}第{number}次" for number in range(rows)],
            "created_at": ["2026-03-01"] * (rows - 2) + [f"昨天{PHONE}", "2026-03-02"],
            "product": [f"手机{PHONE}"] * rows,
            "scene": [f"在家，{MAIL}"] * rows,
            "expectation": [f"回电{PHONE}"] * rows,
            "customer_id": ["C-4711-889"] * rows,
            "customer_name": [NAME] * rows,
            "contact": [13898765432] * rows,
            "手机号码2": np.array([13711112222] * rows, dtype=np.int64),
            "收货人姓名": [NAME] * rows,
            "remark": [f"已回电{PHONE}，{MAIL}"] * rows,
            "status": [f"转{PHONE}"] * rows,
            "channel": [f"电话{PHONE}"] * rows,
            "keywords": [PHONE] * rows,
            "其他": [[PHONE]] * rows,
        }
    )
    result = analyze(frame, n_themes=5)
    assert len(result.quarantine) == 2 and len(result.themes)
    assert result.themes["quotes"].str.len().max() > 0
    zh, en = result.save(tmp_path / "zh"), result.save(tmp_path / "en", lang="en")
    for folder in (zh, en):
        for path in folder.iterdir():
            content = path.read_bytes() if path.suffix != ".parquet" else b"".join(map(as_bytes, pd.read_parquet(path).to_numpy().ravel()))
            found = [secret for secret in SECRETS if secret.encode() in content or secret.encode() in path.read_bytes()]
            assert not found, path.name
    shown = (
        json.dumps(result.summary, ensure_ascii=False, default=str)
        + repr(result)
        + result.ledger.to_string()
        + result.quarantine.to_string()
    )
    assert not [secret for secret in SECRETS if secret in shown]


@pytest.mark.parametrize(
    "hidden", ["138\u200b1234\u200b5678", "138<b>1234</b>5678", "&#49;3812345678", "１３８１２３４５６７８", "138\x001234\x005678"]
)
def test_what_only_cleaning_reveals_is_masked_in_the_original(analyze, hidden):
    row = row_of(analyze([f"打{hidden}，{CRASH}", CRASH]))
    assert "138****5678" in row["text"]
    assert hidden not in row["text_original"] and PHONE not in row["text_original"]


# Options


def test_as_of_is_for_undated_items(analyze):
    frame = pd.DataFrame({"text": [CRASH, CRASH + "！"], "created_at": ["2026-03-02 09:00", None]})
    without = analyze(frame).ledger.set_index("source_line")
    assert without["ack_due_at"].notna().tolist() == without["created_at"].notna().tolist()
    for as_of in ("2026-03-05 09:00", pd.Timestamp("2026-03-05 01:00", tz="UTC")):
        dated = analyze(frame, as_of=as_of).ledger.set_index("source_line").sort_index()
        assert dated["ack_due_at"].dt.strftime("%m-%d %H:%M").tolist() == ["03-02 11:00", "03-05 11:00"]
        assert dated["created_at"].isna().tolist() == [False, True]


def test_abstain(analyze):
    # A model like the one that ships, but so strict that only certain texts keep their type.
    shipped = fn.BatchScorer.load().model
    strict = fn.BatchScorer(dataclasses.replace(shipped, thresholds={**shipped.thresholds, "type": 0.8}))
    texts = [CRASH, "屏幕快递和客服", "价格流程和希望", "请问很好和嗯"]
    sure, unsure = analyze(texts, abstain=True, model=strict), analyze(texts, model=strict)
    changed = sure.ledger.set_index("source_line")["type"] != unsure.ledger.set_index("source_line")["type"]
    low = unsure.ledger.set_index("source_line")["type_confidence"] < 0.8
    assert low.any() and not low.all()
    assert (sure.ledger.set_index("source_line")["type"][low] == "other").all()
    assert not changed[~low].any()
    assert sure.signature["options"]["abstain"] is True


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_snownlp_is_a_second_opinion(analyze):
    texts = [CRASH, "非常好用，强烈推荐", ""]
    one, two = analyze(texts), analyze(texts, sentiment_backend="snownlp")
    one, two = (result.ledger.set_index("source_line").sort_index() for result in (one, two))
    assert two["polarity"].between(-1, 1).all() and two["polarity"][3] == 0 and two["polarity"][2] > 0
    assert two["polarity"].tolist() != one["polarity"].tolist()
    assert two[["type", "urgency"]].equals(one[["type", "urgency"]])


@pytest.mark.parametrize("scheme", shipped("schemes"))
def test_schemes_are_views_of_the_same_types(analyze, mixed, scheme):
    one, two = analyze(mixed), analyze(mixed, scheme=scheme)
    pd.testing.assert_frame_equal(one.ledger.drop(columns="category"), two.ledger.drop(columns="category"))
    assert two.signature["scheme"].startswith(f"{scheme}/")


def test_an_own_policy_and_dictionary(analyze, tmp_path):
    text = shipped("policies")["handling-measures"].read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(text.replace('name = "高"', 'name = "急"').replace('level = "高"', 'level = "急"'), encoding="utf-8")
    result = analyze([CRASH], policy=tmp_path / "own.toml", user_dictionary=["太影响"])
    assert result.ledger["priority"].tolist() == ["急"] and list(result.summary["priority"]) == ["急", "中", "低"]
    assert result.signature["user_dictionary"] != analyze([CRASH]).signature["user_dictionary"]


def test_n_themes_is_a_most(analyze, mixed):
    assert len(analyze(mixed).themes) > 2
    assert len(analyze(mixed, n_themes=2).themes) == 2


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"scheme": "handling"}, fn.PolicyError, "handling: expected one of"),
        ({"policy": "handling-measure"}, fn.PolicyError, "Did you mean 'handling-measures'?"),
        ({"sentiment_backend": "snow"}, fn.InputError, "unknown sentiment_backend 'snow'; expected one of scorer, snownlp"),
        ({"model": "/no/such"}, fn.ModelError, "/no/such is no model folder"),
        ({"as_of": "whenever"}, fn.InputError, "as_of: expected a time such as 2026-03-05 09:00, got 'whenever'"),
        ({"n_themes": 0}, fn.InputError, "n_themes: expected at least 1, or None"),
        ({"n_themes": -3}, fn.InputError, "n_themes: expected at least 1, or None"),
        ({"user_dictionary": "/no/such"}, fn.InputError, "user dictionary /no/such: cannot be read"),
        ({"text_column": "正文"}, fn.InputError, "text_column: there is no column '正文'; the columns are text"),
        ({"columns": {"正文": "text"}}, fn.InputError, "there is no column '正文'"),
        ({"columns": {"text": "txt"}}, fn.InputError, "did you mean 'text'?"),
    ],
)
def test_options_that_mean_nothing(analyze, options, error, message):
    with pytest.raises(error) as caught:
        analyze(pd.DataFrame({"text": [CRASH]}), **options)
    assert message in str(caught.value)


def test_progress_tells_every_step(analyze, mixed):
    told = []
    result = analyze(mixed, progress=lambda *entry: told.append(entry))
    assert list(dict.fromkeys(step for step, _, _ in told)) == list(result.timings)
    # While a file is read, how many rows it has is not known.
    assert all(done >= 0 and (done <= rows or step == "read") for step, done, rows in told)
    assert [*result.timings] == ["read", "learn", "find", "judge", "ledger"]
    last = {step: (done, rows) for step, done, rows in told}
    assert last["find"] == last["ledger"] == (len(mixed), len(mixed))


FORMS = {
    "list": lambda texts, _: texts,
    "tuple": lambda texts, _: tuple(texts),
    "series": lambda texts, _: pd.Series(texts, index=[9, 9, 3], name="whatever"),
    "string series": lambda texts, _: pd.Series(texts, dtype="str"),
    "array": lambda texts, _: np.array(texts),
    "object array": lambda texts, _: np.array(texts, dtype=object),
    "frame": lambda texts, _: pd.DataFrame({"评论": texts}, index=[5, 5, 5]),
    "multi-index": lambda texts, _: pd.DataFrame({"text": texts}, index=pd.MultiIndex.from_tuples([(1, "a"), (1, "a"), (2, "b")])),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_data_gives_the_same(analyze, form, tmp_path):
    texts = [CRASH, "很好用，推荐", "客服态度差"]
    same_analysis(analyze(FORMS[form](texts, tmp_path)), analyze(texts))


@pytest.mark.parametrize("as_path", [str, lambda path: path])
def test_paths(analyze, as_path, tmp_path):
    path = tmp_path / "f.csv"
    path.write_text(f"text\n{CRASH}\n很好用，推荐\n", encoding="utf-8")
    same_analysis(analyze(as_path(path)), analyze([CRASH, "很好用，推荐"]), but=["source_line"])


# Results and files


def test_an_analysis_is_frozen_and_says_what_it_holds(analyze):
    result = analyze([CRASH, 5])
    assert repr(result) == "<Analysis: 1 items (高 1, 中 0, 低 0), 0 themes, 1 quarantined>"
    with pytest.raises(AttributeError):
        result.ledger = None
    assert result != analyze([CRASH, 5]) and len({result, result}) == 1


def test_signature_says_what_made_it(analyze):
    signature = analyze([CRASH], as_of="2026-03-05").signature
    assert signature == {
        "feedback_nlp": fn.__version__,
        "model": fn.BatchScorer.load().model.signature,
        "policy": signature["policy"],
        "scheme": signature["scheme"],
        "user_dictionary": signature["user_dictionary"],
        "options": {"abstain": False, "as_of": "2026-03-05", "n_themes": None, "sentiment_backend": "scorer"},
    }


def test_summary_counts(analyze, mixed):
    summary = analyze(pd.concat([mixed, pd.DataFrame({"text": [5, b"x"], "created_at": [None, None]})])).summary
    assert (summary["rows"], summary["items"], summary["quarantined"]) == (72, 70, 2)
    for name in ("priority", "type", "sentiment"):
        assert sum(summary[name].values()) == 70
    assert summary["period"] == ["2026-03-01", "2026-03-05"]
    assert summary["undated"] == int(mixed["created_at"].isna().sum())
    assert summary["channel"] == mixed["channel"].value_counts().to_dict()
    assert summary["quarantine_reasons"] == {"文本应为字符串，实际为 bytes": 1, "文本应为字符串，实际为 int": 1}


def test_all_rows_set_aside(analyze, tmp_path):
    result = analyze(pd.DataFrame({"text": ["a", "b"], "created_at": ["昨天", "前天"]}))
    assert (len(result.ledger), len(result.quarantine), result.summary["period"], result.summary["mean_polarity"]) == (0, 2, None, 0.0)
    assert {path.name for path in result.save(tmp_path).iterdir()} == FILES


def test_saved_files(analyze, mixed, tmp_path):
    result = analyze(mixed)
    folder = result.save(str(tmp_path / "a" / "b"))
    assert folder == tmp_path / "a" / "b"
    assert {path.name for path in folder.iterdir()} == FILES
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["signature"] == result.signature
    assert manifest["files"] == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES - {"manifest.json"}}
    assert json.loads((folder / "summary.json").read_text(encoding="utf-8")) == json.loads(json.dumps(result.summary))
    for name in TABLES:
        table = getattr(result, name)
        read = pd.read_parquet(folder / f"{name}.parquet")
        assert read.columns.tolist() == table.columns.tolist() and len(read) == len(table)
    assert pd.read_parquet(folder / "ledger.parquet")["feedback_id"].tolist() == result.ledger["feedback_id"].tolist()


def test_equal_input_gives_equal_bytes(analyze, mixed, tmp_path):
    result = analyze(mixed, as_of="2026-03-06")
    folders = [result.save(tmp_path / "1"), result.save(tmp_path / "2"), analyze(mixed, as_of="2026-03-06").save(tmp_path / "3")]
    assert result.save(tmp_path / "1") == folders[0]
    for name in FILES:
        assert len({(folder / name).read_bytes() for folder in folders}) == 1, name


@pytest.mark.parametrize(("lang", "first", "second"), [("zh", "反馈编号", "优先级"), ("en", "feedback_id", "priority")])
def test_headers_for_people(analyze, mixed, tmp_path, lang, first, second):
    result = analyze(mixed.assign(甲=1))
    with (result.save(tmp_path, lang=lang) / "ledger.csv").open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert header[:2] == [first, second]
    assert header == [HEADERS.get(name, name) if lang == "zh" else name for name in result.ledger.columns]
    assert len(set(header)) == len(header)
    if lang == "zh":
        assert [name for name in header if name.isascii()] == []


def test_formulas_are_neutralised_for_people_only(analyze, tmp_path):
    frame = pd.DataFrame({"text": ["=HYPERLINK(1)闪退", "+1闪退"], "product": ["@x", "-x"], "remark": ["\t=1", "=cmd|' /C calc'!A0"]})
    folder = analyze(frame).save(tmp_path)
    with (folder / "ledger.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    starts = [
        cell for cell in cells if cell[:1] in tuple("=+-@\t\r") and not cell.lstrip("+-").replace(".", "").replace("e-", "").isdigit()
    ]
    assert starts == []
    assert {"'=HYPERLINK(1)闪退", "'+1闪退", "'@x", "'-x", "'\t=1", "'=cmd|' /C calc'!A0"} <= set(cells)
    assert set(pd.read_parquet(folder / "ledger.parquet")["remark"]) == set(frame["remark"])


@pytest.mark.parametrize("failing", ["ledger.csv", "themes.parquet", "summary.json", "themes.json"])
def test_a_save_that_fails_leaves_no_manifest_and_no_rubbish(analyze, tmp_path, failing):
    result = analyze([CRASH])
    folder = result.save(tmp_path)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    # A folder where a file should go is a failure every system knows.
    (folder / failing).unlink()
    (folder / failing).mkdir()
    with pytest.raises(fn.InputError, match=f"{failing}: expected the path of a file to write, got a folder"):
        analyze([CRASH, "很好"]).save(folder)
    assert {path.name for path in folder.iterdir()} == FILES - {"manifest.json"}
    (folder / failing).rmdir()
    result.save(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_folders_that_cannot_be_written(analyze, tmp_path):
    result = analyze([CRASH])
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (tmp_path / "taken" / "manifest.json").mkdir(parents=True)
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "taken"):
        with pytest.raises(fn.InputError, match="expected a folder that can be written"):
            result.save(folder)
    with pytest.raises(fn.InputError, match="unknown language 'de'; expected one of zh, en"):
        result.save(tmp_path / "new", lang="de")
    assert not (tmp_path / "new").exists()


def test_the_manifest_is_written_last(analyze, tmp_path, monkeypatch):
    order = []
    replace = os.replace
    monkeypatch.setattr(analysis_module.Path, "replace", lambda self, target: (order.append(target.name), replace(self, target))[1])
    analyze([CRASH]).save(tmp_path)
    assert set(order) == FILES and order[-1] == "manifest.json"
