"""Small corpora for the laws, and a seeded larger one."""

import numpy as np
import pytest

from feedback_nlp.text.tokenize import Tokenizer

TOKENIZER = Tokenizer()

SUBJECTS = {
    "login": ["登录失败", "登录的时候提示密码错误", "无法登录，验证码收不到", "登录失败，验证码错误", "登录失败，密码没有错误"],
    "service": ["客服的态度恶劣", "客服态度不好", "联系客服没有人工", "人工客服态度很差", "客服电话打不通"],
    "filter": ["滤芯价格太贵", "滤芯的价格不合理", "净化器滤芯价格高", "净化器噪音大", "换滤芯价格贵"],
    "courier": ["快递小哥送货慢", "快递包装破损", "包装破损，快递也慢", "快递小哥不送货", "物流慢，包装破损"],
    "other": ["", "好", "😀😀", "太差了", "连接不稳定", "App crashes again", "wifi 连接不稳定", "的的的"],
}

EDGES = {
    "no rows": [],
    "empty": [""],
    "empties": ["", "", ""],
    "one": ["登录失败，验证码收不到"],
    "two": ["登录失败", "客服态度差"],
    "same": ["登录失败，客服态度差"] * 5,
    "stop words": ["的了和是", "我们什么", "感觉真的"],
    "judgement": ["很好", "不错，推荐", "垃圾"],
    "english": ["App crashes on login", "login failed, app crashes", "wifi login"],
    "emoji": ["😀", "👍👍", "😀😀😀"],
}


def _corpus(n_rows: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    clauses = [clause for group in SUBJECTS.values() for clause in group]
    return ["，".join(random.choice(clauses, random.integers(0, 4))) for _ in range(n_rows)]


@pytest.fixture(scope="session")
def tokenize():
    return TOKENIZER.tokenize


@pytest.fixture(scope="session")
def texts():
    return [clause for group in SUBJECTS.values() for clause in group] * 2


@pytest.fixture(scope="session")
def corpus():
    return _corpus(400, seed=7)


@pytest.fixture(scope="session")
def spoken():
    """Texts of two clauses of one subject each; 80 of them, 20 a subject."""
    groups = (SUBJECTS[name] for name in ("login", "service", "filter", "courier"))
    return [f"{first}，{second}" for group in groups for first in group for second in group if first != second]


@pytest.fixture(params=EDGES.values(), ids=EDGES.keys())
def edge(request):
    return request.param
