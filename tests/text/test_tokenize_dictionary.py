"""Words of the user: files, what may be a word, and that each is one token."""

import pickle
import random
import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.errors import InputError, TextTypeError
from feedback_nlp.text.dictionary import TAGS, Entry, read_words
from feedback_nlp.text.lexicon import jieba_words
from feedback_nlp.text.tokenize import Tokenizer

SHARED = Tokenizer()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_dictionary_file(tmp_path, encoding):
    path = tmp_path / "words.txt"
    path.write_bytes("\r\n融易联\r\n客服态度 100\r\n滤芯价格 100 n\r\n指纹识别 nz\r\n".encode(encoding))
    for source in (path, str(path)):
        got = Tokenizer(user_dictionary=source).cut("融易联客服态度滤芯价格指纹识别")
        assert got == ["融易联", "客服态度", "滤芯价格", "指纹识别"]


@pytest.mark.parametrize(
    ("line", "word", "entry"),
    [
        ("登录", "登录", (0, "")),
        ("登录 10", "登录", (10, "")),
        ("登录 n", "登录", (0, "n")),
        ("登录 10 n", "登录", (10, "n")),
        ("  登录 10 n  ", "登录", (10, "n")),
        ("登录 10 brand", "登录", (10, "brand")),
        ("iPhone 15 Pro", "iPhone 15 Pro", (0, "")),
        ("iPhone 15 Pro 3", "iPhone 15 Pro", (3, "")),
        ("iPhone 15 Pro nz", "iPhone 15 Pro", (0, "nz")),
        ("iPhone 15 3 nz", "iPhone 15", (3, "nz")),
        ("iphone pro", "iphone pro", (0, "")),
        ("iPhone 15", "iPhone", (15, "")),  # jieba's format: a number at the end is a frequency
        ("iPhone 15\t", "iPhone", (15, "")),
        ("iPhone 15\t3", "iPhone 15", (3, "")),
        ("iPhone 15\tnz", "iPhone 15", (0, "nz")),
        ("iPhone 15\t3\tnz", "iPhone 15", (3, "nz")),
        ("C++", "C++", (0, "")),
        ("4G/5G", "4G/5G", (0, "")),
        ("（登录）", "（登录）", (0, "")),
        ("10", "10", (0, "")),
        ("n", "n", (0, "")),
    ],
)
def test_lines(tmp_path, line, word, entry):
    path = tmp_path / "words.txt"
    path.write_text(f"{line}\n", "utf-8")
    assert read_words(path) == {word: Entry(*entry)}


def test_repeated_lines_keep_the_larger_frequency(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("登录 5 n\n登录 3\n登录\n", "utf-8")
    assert read_words(path) == {"登录": Entry(5, "n")}


@pytest.mark.parametrize("line", ["登录\tn\t10", "登录\t10\tn\tx", "登录\t名词", "登录 4008001234", "长" * 65, "登\x00录", "登\u2028录"])
def test_bad_dictionary_line(tmp_path, line):
    path = tmp_path / "words.txt"
    path.write_text(f"好词\n\n{line}\n", "utf-8")
    with pytest.raises(InputError, match=rf"{re.escape(str(path))}, line 3: expected .*got"):
        Tokenizer(user_dictionary=path)


def test_bad_dictionaries(tmp_path):
    with pytest.raises(InputError, match=r"user dictionary .*: cannot be read"):
        Tokenizer(user_dictionary=tmp_path / "absent.txt")
    with pytest.raises(InputError, match="expected a text file, got a folder"):
        Tokenizer(user_dictionary=tmp_path)
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xff\xff")
    with pytest.raises(InputError, match="UTF-8 or GBK"):
        Tokenizer(user_dictionary=tmp_path / "bytes.txt")
    with pytest.raises(InputError, match=r"user_dictionary\[1\]: expected a word of 1 to 64 characters, got 0"):
        Tokenizer(user_dictionary=["好", " "])
    with pytest.raises(InputError, match=r"user_dictionary\[0\]: expected a word without control characters"):
        Tokenizer(user_dictionary=["a\nb"])
    with pytest.raises(TextTypeError, match=r"user_dictionary\[0\]: expected a string, got int"):
        Tokenizer(user_dictionary=[1])
    (tmp_path / "tags.txt").write_text("\n".join(f"词{i} 3 {chr(97 + i // 26)}{chr(97 + i % 26)}zz" for i in range(99)), "utf-8")
    with pytest.raises(InputError, match=r"at most \d+ parts of speech of your own, got 99"):
        Tokenizer(user_dictionary=tmp_path / "tags.txt").cut("")


def test_the_tags_are_those_of_jieba():
    assert set(jieba_words().tags) <= TAGS


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (["iPhone 15 Pro"], "买了iPhone 15 Pro，很卡", ["买", "了", "iPhone 15 Pro", "，", "很卡"]),
        (["iPhone 15", "iPhone 15 Pro"], "iPhone 15 Pro和iPhone 15", ["iPhone 15 Pro", "和", "iPhone 15"]),
        (["iPhone 15"], "iPhone 15Pro和iPhone 155", ["iPhone", " ", "15Pro", "和", "iPhone", " ", "155"]),
        (["5G"], "5G网络，15G流量，5GB", ["5G", "网络", "，", "15G", "流量", "，", "5GB"]),
        (["C++"], "C++代码，C+++，VC++", ["C++", "代码", "，", "C++", "+", "，", "VC", "++"]),
        (["app"], "apps app happy", ["apps", " ", "app", " ", "happy"]),
        (["4G/5G"], "4G/5G切换", ["4G/5G", "切换"]),
        (["（登录）"], "点（登录）没反应", ["点", "（登录）", "没", "反应"]),
        (["😀👍"], "很好😀👍😀", ["很", "好", "😀👍", "😀"]),
        (["A.B"], "A.B和A.BC", ["A.B", "和", "A", ".", "BC"]),
        (["\ud800好"], "\ud800好", ["\ud800好"]),
        (["登录 页"], "登录 页面", ["登录 页", "面"]),
        (["，但是"], "好，但是贵", ["好", "，但是", "贵"]),
        (["e"], "e联，ee", ["e", "联", "，", "ee"]),
    ],
)
def test_words_with_any_characters(words, text, expected):
    assert Tokenizer(user_dictionary=words).cut(text) == expected
    tokens = Tokenizer(user_dictionary=words).tokenize([text, "", text])
    assert tokens.to_lists() == [expected, [], expected]


def test_a_word_does_not_reach_over_rows():
    assert Tokenizer(user_dictionary=["登录失败页", "a b"]).tokenize(["登录失", "败页", "a ", "b"]).to_lists()[2:] == [["a", " "], ["b"]]


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=10).map(str.strip).filter(bool))
def test_any_word_is_one_token(word):
    try:
        tokenizer = Tokenizer(user_dictionary=[word])
    except InputError as error:
        assert "control characters" in str(error)
        return
    assert tokenizer.cut(word) == [word]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(alphabet="登录失败页面客a1 +", min_size=1, max_size=5).map(str.strip).filter(bool), min_size=1, max_size=6))
def test_every_word_of_a_dictionary_is_one_token(words):
    tokenizer = Tokenizer(user_dictionary=words)
    assert tokenizer.tokenize(words).to_lists() == [[word] for word in words]


def test_texts_without_the_words_are_cut_as_before():
    texts = ["我的软件总是闪退，太影响工作了", "登录失败，一直提示验证码错误", "Wi-Fi 1.5MB 断了", ""]
    draw = random.Random(1)
    words = [chr(draw.randrange(0x3400, 0x4DB0)) + draw.choice("好了的登录") for _ in range(2000)]
    assert Tokenizer(user_dictionary=words).tokenize(texts).to_lists() == SHARED.tokenize(texts).to_lists()


def test_the_order_of_words_is_of_no_importance():
    words = ["登录失败", "失败页", "页面 A", "登录", "败页面", "C++", "好"]
    text = "登录失败页面 A好C++"
    assert len({tuple(Tokenizer(user_dictionary=random.Random(i).sample(words, len(words))).cut(text)) for i in range(6)}) == 1


def test_parts_of_speech_of_user_words(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("iPhone 15 Pro 3 brand\n融易联 nz\n登录\n扫拖机\n", "utf-8")
    tokenizer = Tokenizer(user_dictionary=path)
    for copy in (tokenizer, pickle.loads(pickle.dumps(tokenizer))):  # noqa: S301
        tokens = copy.tokenize(["iPhone 15 Pro", "融易联", "登录", "扫拖机", "和"], pos=True)
        assert [tokens.tag_names[tag] for tag in tokens.pos.tolist()] == ["brand", "nz", "v", "x", "c"]
    plain = SHARED.tokenize(["融易联"], pos=True)
    assert "brand" not in plain.tag_names


def test_signatures_differ():
    signatures = {Tokenizer(user_dictionary=words).signature for words in ([], ["好"], ["好 3"], ["坏"], ["\ud800"])}
    assert len(signatures) == 5
    assert Tokenizer(user_dictionary=["好", "坏"]).signature == Tokenizer(user_dictionary=["坏", "好"]).signature


def test_a_large_dictionary_loads_in_seconds(tmp_path):
    draw = random.Random(0)
    han = [chr(code) for code in range(0x4E00, 0x5E00)]
    words = sorted({"".join(draw.choices(han, k=draw.choice((2, 3, 4, 5)))) for _ in range(300_000)})
    path = tmp_path / "words.txt"
    path.write_text("\n".join(words), "utf-8")
    started = time.process_time()
    tokenizer = Tokenizer(user_dictionary=path)
    tokenizer.cut("")
    assert time.process_time() - started < 15  # 2 s on a quiet machine
    sample = words[::1000]
    tokens = tokenizer.tokenize(sample)
    assert np.diff(tokens.indptr).tolist() == [1] * len(sample)
