import multiprocessing
import pickle
import random
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import fields

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.errors import InputError, TextTypeError
from feedback_nlp.scorer import scorer as scorer_module
from feedback_nlp.scorer.model import HEADS, N_LOGITS, head_slices
from feedback_nlp.scorer.pool import ALIGNMENT
from feedback_nlp.scorer.scorer import CHUNK_CHARS, BatchScorer, text_chunks
from feedback_nlp.scorer.scores import SCORE_COLUMNS, Scores
from feedback_nlp.sentiment.levels import LEVELS_PART
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.clean import clean
from feedback_nlp.vocabulary import RISK_CODES, SENTIMENT_LEVELS, TYPE_CODES, URGENCY_CODES

SCORER = BatchScorer.load()
ROW = {"type": "other", "sentiment": 0, "polarity": 0.0, "urgency": "low"} | {f"risk_{code}": 0.0 for code in RISK_CODES}

#: A dozen plain sentences for each type that readers do not argue about, and the sign of their polarity (None: either).
PLAIN = {
    "defect": (
        -1,
        "软件一打开就闪退|登录不上去，一直提示系统错误|收到的杯子是碎的|手机充不进电|空调不制冷了|页面打不开，一直报错|"
        "屏幕有坏点|买回来第二天就坏了|支付总是失败|牛奶已经变质了|耳机左边没有声音|更新以后打不开了",
    ),
    "experience": (
        -1,
        "操作太复杂了|界面不好看|味道一般，有点咸|字体太小看不清|广告太多了|衣服有点硬，穿着不舒服|"
        "房间隔音不好|屏幕太暗|太卡了，反应慢|游戏不好玩|噪音有点大|续航不行",
    ),
    "service": (
        -1,
        "客服态度很差|打了十几个电话都没人接|售后一直推脱，不给解决|快递员态度恶劣|客服半天不回复消息|服务员爱理不理|"
        "安装师傅没有按时上门|投诉了一个星期没人处理|营业员说话很难听|客服敷衍了事|送货太慢了，等了半个月|服务态度极差",
    ),
    "price": (
        -1,
        "价格太贵了|刚买就降价，太坑了|乱收费|运费太贵|会员费又涨价了|比别家贵很多|"
        "收了我额外的手续费|价格偏高，不划算|优惠券不能用，骗人|刚买完第二天就便宜了一百块|收费太高|自动扣费，没有提醒",
    ),
    "request": (
        None,
        "希望增加夜间模式|建议增加指纹登录|希望可以支持微信支付|能不能加一个导出功能|建议优化一下搜索|希望早日推出平板版|"
        "希望以后能增加更多颜色|建议增加批量删除的功能|希望增加语音输入|建议开放夜间停车|希望能够支持多账号切换|建议增设公交站点",
    ),
    "inquiry": (
        None,
        "请问怎么修改密码|请问什么时候发货|如何开具发票|这个手机支持5G吗|请问保修期是多久|怎么绑定银行卡|"
        "请问如何申请退款|什么时候可以到货？|请问营业时间是几点到几点|怎么注销账号|请问这款有黑色的吗|办理护照需要什么材料",
    ),
    "praise": (
        1,
        "非常好用，推荐购买|质量很好，很满意|物流很快，包装完好|客服态度很好，点赞|味道很好，下次还来|五星好评|"
        "很喜欢，物超所值|软件非常好用|服务周到热情|孩子很喜欢|性价比很高，值得购买|非常满意的一次购物",
    ),
}

TEXTS = [
    "我的软件总是闪退，太影响工作了",
    "",
    "好评",
    "系统默认好评",
    "產(chǎn)品很好！！！！！！<br>推薦",
    " ",
    "😂😂😂😂",
    "a",
    "客服態度很差，@客服 退款 www.a.com",
    "\ufffd\u200b",
    *(sentence for _, sentences in PLAIN.values() for sentence in sentences.split("|")),
    "很好用" * 500,
]


def bits(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with floats as the integers of their bits, so that equal means equal to the last bit."""
    return frame.assign(**{name: column.to_numpy().view(np.int32) for name, column in frame.items() if column.dtype == np.float32})


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(bits(left), bits(right))


@pytest.mark.parametrize("texts", [TEXTS, ["好"], [""], []], ids=["many", "one", "empty text", "none"])
def test_columns_and_dtypes(texts):
    scores = SCORER.score(texts)
    assert tuple(scores.columns) == SCORE_COLUMNS
    assert len(scores) == len(texts)
    for column in ("type", "urgency"):
        assert scores[column].dtype == pd.Series(["好"]).dtype == "str"
    assert scores["sentiment"].dtype == np.int8
    assert {scores[column].dtype for column in SCORE_COLUMNS if column not in ("type", "urgency", "sentiment")} == {np.dtype(np.float32)}
    assert isinstance(scores.index, pd.RangeIndex)


def test_values_are_in_range():
    dice = random.Random(1)
    scores = SCORER.score([*TEXTS, *("".join(map(chr, dice.choices(range(0x20, 0xA000), k=dice.randrange(60)))) for _ in range(500))])
    assert set(scores["type"]) <= set(TYPE_CODES)
    assert set(scores["sentiment"]) <= set(SENTIMENT_LEVELS)
    assert set(scores["urgency"]) <= set(URGENCY_CODES)
    assert scores["polarity"].between(-1, 1).all()
    for column in [name for name in SCORE_COLUMNS if name.endswith("confidence") or name.startswith("risk_")]:
        assert scores[column].between(0, 1).all()
    assert (scores["type_confidence"] >= np.float32(1 / len(TYPE_CODES))).all()


@pytest.mark.parametrize(
    "index", [list("abcd"), [7, 7, 7, 7], [3, 1, 2, 0], pd.date_range("2024-01-01", periods=4), [None, "x", 1, 2.5]], ids=str
)
def test_a_series_keeps_its_index(index):
    texts = pd.Series(["好评", "", None, "太差了"], index=index)
    scores = SCORER.score(texts)
    pd.testing.assert_index_equal(scores.index, texts.index)
    same(scores.reset_index(drop=True), SCORER.score(["好评", "", "", "太差了"]))


def test_a_series_keeps_a_multi_index():
    texts = pd.Series(["好评", "太差了"], index=pd.MultiIndex.from_tuples([("a", 1), ("a", 1)], names=["x", "y"]))
    pd.testing.assert_index_equal(SCORER.score(texts).index, texts.index)


@pytest.mark.parametrize(
    "texts",
    [
        ["好评", "太差了"],
        ("好评", "太差了"),
        np.array(["好评", "太差了"]),
        np.array(["好评", "太差了"], dtype=object),
        pd.Series(["好评", "太差了"]),
        pd.Series(["好评", "太差了"], dtype="string"),
        pd.Series(["好评", "太差了"], dtype="category"),
        pd.Index(["好评", "太差了"]),
        pd.array(["好评", "太差了"], dtype="string"),
    ],
    ids=lambda texts: type(texts).__name__,
)
def test_any_sequence_of_str(texts):
    same(SCORER.score(texts), SCORER.score(["好评", "太差了"]))


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT], ids=str)
def test_a_missing_text_is_the_empty_text(missing):
    expected = SCORER.score(["好评", "", "太差了"])
    same(SCORER.score(["好评", missing, "太差了"]), expected)
    same(SCORER.score(pd.Series(["好评", missing, "太差了"], dtype=object)), expected)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (5, "int"),
        (2.5, "float"),
        (b"ab", "bytes"),
        (["a"], "list"),
        (True, "bool"),
        ({}, "dict"),
        (np.int64(3), "int"),
        (object(), "object"),
    ],
)
@pytest.mark.parametrize("position", [0, 2])
def test_another_element_is_refused_with_its_position(wrong, name, position):
    texts = ["好", None, "好"]
    texts[position] = wrong
    with pytest.raises(TextTypeError, match=rf"at position {position}, got {name}.*convert") as caught:
        SCORER.score(texts)
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    "texts",
    [
        "好评",
        b"ab",
        "",
        None,
        5,
        iter(["a"]),
        (text for text in "ab"),
        {"a": 1},
        {"a"},
        pd.DataFrame({"text": ["a"]}),
        np.array("a"),
        np.array([["a"]]),
    ],
    ids=lambda texts: type(texts).__name__,
)
def test_what_is_no_sequence_of_texts_is_refused(texts):
    with pytest.raises(TextTypeError, match="expected a list, tuple, array or Series of str, got"):
        SCORER.score(texts)


def test_an_error_never_repeats_the_text():
    with pytest.raises(TextTypeError) as caught:
        SCORER.score("张三 13800138000")
    assert "张三" not in str(caught.value)


# ---------------------------------------------------------------------------------------------------------------------------------
# Rows do not know of each other, to the last bit.


def test_batch_is_row_by_row_to_the_bit():
    same(SCORER.score(TEXTS), pd.concat([SCORER.score([text]) for text in TEXTS], ignore_index=True))


@settings(deadline=None, max_examples=60, database=None)
@given(
    st.lists(st.one_of(st.sampled_from(TEXTS), st.text(max_size=20)), max_size=15), st.randoms(use_true_random=False), st.integers(0, 15)
)
def test_permuting_and_splitting_change_nothing(texts, dice, cut):
    whole = SCORER.score(texts)
    order = list(range(len(texts)))
    dice.shuffle(order)
    same(SCORER.score([texts[i] for i in order]), whole.iloc[order].reset_index(drop=True))
    same(pd.concat([SCORER.score(texts[:cut]), SCORER.score(texts[cut:])], ignore_index=True), whole)


def test_chunks_change_nothing():
    """Several chunks, one text longer than a chunk, and more empty texts than a chunk has rows."""
    texts = ["", *TEXTS * 20, "物流很快" * (CHUNK_CHARS // 4 + 1), *TEXTS * 20, *[""] * (CHUNK_CHARS + 1), "好评"]
    assert len(list(text_chunks(texts))) >= 4
    assert [text for chunk in text_chunks(texts) for text in chunk] == texts
    scores = SCORER.score(texts)
    one_batch = SCORER.score_clean(iter([clean(texts)])).to_frame()
    same(scores, one_batch)
    same(scores.iloc[[-1]].reset_index(drop=True), SCORER.score(["好评"]))


def test_threads_give_the_same_answers():
    expected = SCORER.score(TEXTS)
    with ThreadPoolExecutor(16) as pool:
        for scores in pool.map(SCORER.score, [TEXTS] * 64):
            same(scores, expected)


@pytest.mark.parametrize("n_jobs", [1, 2, 3, 8, -1, -2])
@pytest.mark.parametrize("abstain", [False, True])
def test_the_number_of_threads_changes_nothing(monkeypatch, n_jobs, abstain):
    expected = SCORER.score(TEXTS, abstain=abstain)
    for size in (1, 100, CHUNK_CHARS):
        monkeypatch.setattr(scorer_module, "CHUNK_CHARS", size)
        pd.testing.assert_frame_equal(SCORER.score(TEXTS, abstain=abstain, n_jobs=n_jobs), expected, check_exact=True)
    pd.testing.assert_frame_equal(SCORER.score([], n_jobs=n_jobs), SCORER.score([]))


@pytest.mark.parametrize("n_jobs", [0, 1.5, "2", None, True])
def test_no_number_of_threads(n_jobs):
    with pytest.raises(InputError, match="n_jobs: expected"):
        SCORER.score(["好"], n_jobs=n_jobs)


def test_an_error_in_a_thread_names_its_element():
    with pytest.raises(TextTypeError, match="position 1"):
        SCORER.score(["好", 5], n_jobs=2)


@pytest.mark.parametrize("method", sorted(set(multiprocessing.get_all_start_methods()) & {"fork", "spawn"}))
def test_another_process_gives_the_same_answers(method):
    """Forked or started anew, with a scorer that has been at work here."""
    expected = SCORER.score(TEXTS[:50], n_jobs=2)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        found = pool.submit(SCORER.score, TEXTS[:50], n_jobs=2).result(timeout=120)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def mapped(path):
    """The scorer as joblib hands it to a worker: large arrays mapped from a file."""
    joblib.dump(SCORER, path)
    return joblib.load(path, mmap_mode="r")


def test_a_table_mapped_from_a_file_is_used_where_it_is(tmp_path):
    scorer = mapped(tmp_path / "scorer")
    assert isinstance(scorer.model.embedding, np.memmap)
    assert not scorer.model.embedding.flags.writeable
    pd.testing.assert_frame_equal(scorer.score(TEXTS, n_jobs=2), SCORER.score(TEXTS), check_exact=True)


def test_what_is_pickled_is_the_model_and_no_more():
    """Neither what was made of it for speed, nor a dictionary."""
    SCORER.score(["好"])
    model = SCORER.model
    arrays = sum(array.nbytes for array in (*vars(model).values(), *vars(model.dense).values()) if isinstance(array, np.ndarray))
    assert len(pickle.dumps(SCORER)) < arrays + 20_000
    again = pickle.loads(pickle.dumps(SCORER)).model  # noqa: S301
    assert again.embedding.ctypes.data % ALIGNMENT == 0
    assert not any(array.flags.writeable for array in (again.embedding, again.scale, again.familiar, again.dense.hidden_weights))


def test_a_pickled_scorer_gives_the_same_answers():
    again = pickle.loads(pickle.dumps(SCORER))  # noqa: S301
    same(again.score(TEXTS), SCORER.score(TEXTS))
    assert again.model.signature == SCORER.model.signature


def test_loading_twice_gives_the_same_answers():
    same(BatchScorer.load().score(TEXTS), SCORER.score(TEXTS))


def test_the_model_cannot_be_changed():
    model = SCORER.model
    dense = (getattr(model.dense, field.name) for field in fields(model.dense))
    for array in (model.embedding, model.scale, model.decision, model.familiar, *dense, *model.dense.packed):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


# ---------------------------------------------------------------------------------------------------------------------------------
# What the scores say.


@pytest.mark.parametrize("text", ["", " ", "\u200b", "<br>", None, "系统默认好评", "此用户未填写评价内容。", "系統默認好評！"])
def test_a_text_that_says_nothing_is_other_with_certainty(text):
    scores = SCORER.score([text]).iloc[0]
    assert scores[list(ROW)].to_dict() == ROW
    assert scores[["type_confidence", "sentiment_confidence", "urgency_confidence"]].tolist() == [1, 1, 1]


def test_the_example_of_the_documents_is_a_negative_defect():
    scores = SCORER.score(["我的软件总是闪退，太影响工作了"]).iloc[0]
    assert scores["type"] == "defect"
    assert scores["sentiment"] < 0
    assert scores["polarity"] < 0
    assert scores["urgency"] in ("medium", "high")


@pytest.mark.parametrize("code", PLAIN)
def test_plain_sentences(code):
    """Ten of the dozen; a model trained anew may stumble over one or two, and about the sign over one."""
    sign, sentences = PLAIN[code]
    texts = sentences.split("|")
    assert len(texts) == 12
    scores = SCORER.score(texts)
    assert (scores["type"] == code).sum() >= 10, scores.loc[scores["type"] != code, "type"]
    if sign is not None:
        assert (np.sign(scores["polarity"]) == sign).sum() >= 11


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        ("非常好用，太喜欢了", "还可以"),
        ("还可以", "不好用"),
        ("不好用", "垃圾，太差劲了，千万别买"),
        ("推荐购买", "不推荐购买"),
        ("服务态度很好", "服务态度很差"),
    ],
)
def test_polarity_orders_texts(stronger, weaker):
    polarity = SCORER.score([stronger, weaker])["polarity"]
    assert polarity[0] > polarity[1]


@pytest.mark.parametrize(
    ("text", "risk"),
    [
        ("吃了拉肚子，进医院了", "safety"),
        ("钱被扣了两次，一直没有退款", "money"),
        ("个人信息被泄露了", "data"),
        ("系统崩溃，一直登录不上", "outage"),
        ("太差了，再也不买了", "churn"),
    ],
)
def test_risks(text, risk):
    scores = SCORER.score([text, "味道不错"])
    assert scores[f"risk_{risk}"][0] > 0.5 > scores[f"risk_{risk}"][1]


@pytest.mark.parametrize(
    ("plain", "variant"),
    [
        ("手机很好用", "手機很好用"),
        ("很好用,推荐!", "很好用，推荐！"),
        ("app不错", "ＡＰＰ不错"),
        ("很好用", "<p>很好用</p>"),
        ("很好用", "\u200b很好用\ufeff "),
        ("太差了！！！", "太差了！！！！！！！！"),
    ],
)
def test_spelling_does_not_change_the_scores(plain, variant):
    same(SCORER.score([plain]), SCORER.score([variant]))


def test_abstaining_turns_unsure_types_into_other_and_nothing_else():
    texts = [*TEXTS, *("".join(pair) for pair in zip(TEXTS, TEXTS[::-1], strict=True))]
    plain, careful = SCORER.score(texts), SCORER.score(texts, abstain=True)
    unsure = plain["type_confidence"] < SCORER.model.thresholds["type"]
    assert 0 < unsure.sum() < len(texts)
    assert (careful["type"] == plain["type"].mask(unsure, "other")).all()
    same(careful.drop(columns="type"), plain.drop(columns="type"))


# ---------------------------------------------------------------------------------------------------------------------------------
# Explanations


@pytest.mark.parametrize(("head", "label"), [(head, label) for head, labels in HEADS.items() for label in labels])
@pytest.mark.parametrize("text", ["产品質量很差，ＡＢ！！！！！", "好", "", "不好用" * 200], ids=["mixed", "one", "empty", "long"])
def test_contributions_sum_to_the_logit(text, head, label):
    told = SCORER.explain(text, head=head, label=label)
    cleaned = clean([text]).texts()[0]
    column = head_slices()[head].start + HEADS[head].index(label)
    assert (told.text, told.head, told.label) == (cleaned, head, label)
    assert told.logit == SCORER.logits(TextBatch.from_texts([cleaned]))[0, column]
    shares = told.contributions["contribution"]
    assert told.bias + shares.sum() == pytest.approx(told.logit, rel=1e-9, abs=1e-9 * (1 + shares.abs().sum()))


@pytest.mark.parametrize("text", ["产品質量很差，ＡＢ！！！！！", "好", "", "@用户 <b>不好</b> 用"])
def test_spans_are_the_ngrams_of_the_cleaned_text(text):
    told = SCORER.explain(text)
    frame = told.contributions
    assert list(frame.columns) == ["ngram", "start", "end", "contribution"]
    assert [told.text[start:end] for start, end in zip(frame["start"], frame["end"], strict=True)] == frame["ngram"].tolist()
    lengths = range(1, SCORER.model.orders + 1)
    every = [(start, start + n) for start in range(len(told.text)) for n in lengths if start + n <= len(told.text)]
    assert sorted(zip(frame["start"], frame["end"], strict=True)) == sorted(every)
    assert (np.diff(frame["contribution"].abs()) <= 0).all()


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("text", ["客服态度很差，一直不退款", "还可以", "怎么退款", ""])
def test_the_label_explained_by_default_is_the_one_chosen(head, text):
    """The highest logit after the model's decision offsets; those of risks are 0."""
    offsets = dict(zip(HEADS[head], SCORER.model.decision[head_slices()[head]].tolist(), strict=True))
    told = SCORER.explain(text, head=head)
    assert told.label == max(HEADS[head], key=lambda label: SCORER.explain(text, head=head, label=label).logit + offsets[label])


def test_an_explanation_agrees_with_the_scores():
    text = "软件闪退"
    assert SCORER.explain(text).label == SCORER.score([text])["type"][0] == "defect"
    assert SCORER.explain(text).contributions["ngram"][0] in ("闪退", "闪", "软件闪", "件闪退")
    assert SCORER.explain(text, head="sentiment", label=-1).label == "-1"
    probability = SCORER.score([text])["risk_outage"][0]
    assert 1 / (1 + np.exp(-SCORER.explain(text, head="risk", label="outage").logit)) == pytest.approx(probability, abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"head": "mood"}, "unknown head 'mood'; expected one of type, sentiment, urgency, risk"),
        ({"label": "bug"}, "unknown label 'bug' of head 'type'; expected one of defect, experience"),
        ({"head": "urgency", "label": "defect"}, "unknown label 'defect' of head 'urgency'; expected one of low, medium, high"),
        ({"head": "sentiment", "label": 3}, "unknown label 3 of head 'sentiment'; expected one of -2, -1, 0, 1, 2"),
    ],
)
def test_unknown_heads_and_labels_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        SCORER.explain("好", **arguments)


@pytest.mark.parametrize("text", [5, b"a", ["好"]])
def test_only_a_text_can_be_explained(text):
    with pytest.raises(TextTypeError, match="position 0"):
        SCORER.explain(text)


# ---------------------------------------------------------------------------------------------------------------------------------
# Decoding


def logits_for(**values):
    """One row: ``type_price=3.0`` and so on; zeros elsewhere."""
    row = np.zeros((1, N_LOGITS), dtype=np.float32)
    for name, value in values.items():
        head, label = name.split("_")
        row[0, head_slices()[head].start + HEADS[head].index(label)] = value
    return row


def test_a_favoured_class_is_chosen_with_its_own_probability():
    logits = logits_for(type_price=2, type_praise=1, urgency_low=1, sentiment_0=1)
    plain = Scores.from_logits(logits, np.zeros(1, bool))
    favoured = Scores.from_logits(logits, np.zeros(1, bool), logits_for(type_praise=1.5, urgency_high=9)[0])
    assert [TYPE_CODES[scores.type_index[0]] for scores in (plain, favoured)] == ["price", "praise"]
    total = np.exp(2) + np.exp(1) + 7
    assert plain.type_confidence[0] == pytest.approx(np.exp(2) / total)
    assert favoured.type_confidence[0] == pytest.approx(np.exp(1) / total)
    assert [URGENCY_CODES[scores.urgency_index[0]] for scores in (plain, favoured)] == ["low", "high"]
    # What is no choice stays what it is.
    for name in ("sentiment", "polarity", "sentiment_confidence", "urgency_level", "risk"):
        assert (getattr(plain, name) == getattr(favoured, name)).all()


def test_no_preference_reaches_a_text_that_says_nothing():
    decision = np.full(N_LOGITS, 0, np.float32)
    decision[[0, 10, 16]] = 20
    scores = Scores.from_logits(np.full((2, N_LOGITS), 3, np.float32), np.array([True, False]), decision).to_frame()
    assert scores.loc[0, list(ROW)].to_dict() == ROW
    assert scores.loc[0, ["type_confidence", "sentiment_confidence", "urgency_confidence"]].tolist() == [1, 1, 1]
    assert scores.loc[1, ["type", "sentiment", "urgency"]].tolist() == [TYPE_CODES[0], -1, "high"]


def test_the_last_logit_is_polarity():
    for value, sign in ((8, 1), (-8, -1), (0, 0)):
        logits = np.zeros((1, N_LOGITS), np.float32)
        logits[0, -1] = value
        assert Scores.from_logits(logits, np.zeros(1, bool)).polarity[0] == pytest.approx(sign * (1 - LEVELS_PART), abs=1e-3)
