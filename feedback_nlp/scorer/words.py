"""Words that are read as one: a negation with what it negates (不 + 推荐), a verb with the result that does not come (登录 + 不上).

The tokeniser cuts them apart, and 推荐 alone would show the opposite of what the text says. The lists are the frequent cases among the
words that begin with 不, 没, 未, 无 or 别 in 34,000 cut reviews, app comments and complaints.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


#: Words that negate what comes after them.
NEGATIONS = _words(
    "不 没 没有 未 无 别 勿 不能 不会 不是 不要 不用 不想 不让 不给 不够 不太 不再 不敢 不可 不必 不算 不得 不许 不该 不肯",
    "不愿 不愿意 不怎么 并不 并不是 并非 并没有 从不 从没 从未 从来不 再也不 再也不会 再也没有 根本不 根本没 根本没有 根本无法",
    "毫不 毫无 尚未 未能 没法 没能 没什么 没人 没有人 无法 无需 千万别 难以",
)

#: Words that a negation reaches across: 不是 + 很 + 好, 不会 + 再 + 买.
CARRIERS = _words("太 很 是 会 能 再 给 让 算 够 想 敢 特别 那么 这么 怎么 完全 真正 任何 什么 一点")

#: Words that close what stands before them. A negation does not reach them (没 + 了), and no phrase begins with one.
PARTICLES = _words("了 的 吗 吧 呢 啊 呀 嘛 哦 哈 啦 哟 过 着 地")

#: Words that introduce what comes after them; no phrase ends with one.
OPENERS = _words(
    "把 被 给 让 对 和 跟 与 从 在 很 太 最 更 挺 非常 特别 比较 都 就 也 还 又 才 再 但 但是 可是 而且 因为 所以 如果 虽然 为什么 可以",
)

#: Results that do not come, said after the verb: 登录 + 不上, 用 + 不了.
FAILED_RESULTS = _words("不了 不到 不上 不下 不出 不起 不动 不住 不掉 不着 不完 不成 不通 不进 不上去 不出来 不下去")

#: The second half of such a result where the tokeniser cuts it too: 登 + 不 + 上去.
DIRECTIONS = _words("上 上去 上来 下去 下来 出来 出去 起来 进去 进来 过来 过去 回来 回去")

#: No verbs: a result behind them begins something new, 才 + 不到 (一周).
_NOT_VERBS = PARTICLES | _words("也 都 就 还 又 才 只 却 在 我 你 您 他 她 它 我们 你们 他们 自己 现在")

#: Negated verbs that the tokeniser cuts in two: 不好 + 用, 没收 + 到, 没到 + 账.
_FIRST_HALVES = _words("不好 不太好 不大好 不怎么好 没收 没到 没看 没找 没听 没接 没拿 没领 没等 没查")
_SECOND_HALVES = _words("用 使 看 吃 玩 喝 听 找 弄 到 账")


def read_together(tokens: Sequence[str]) -> list[str]:
    """The tokens of a text, those that are read as one joined; together they are the same text."""
    words = list(tokens[:1])
    for token, joined in zip(tokens[1:], _joins(tokens), strict=True):
        if joined:
            words[-1] += token
        else:
            words.append(token)
    return words


def _joins(tokens: Sequence[str]) -> Iterator[bool]:
    """For every token but the first, whether it is read as one with the token before it."""
    reach = asked = False
    for (previous, token), following in zip(pairwise(tokens), [*tokens[2:], ""], strict=False):
        if not (is_word(previous) and is_word(token)):
            joined, reach, asks = same_kind(previous, token), False, False
        elif asks := is_question(previous, token):
            joined, reach = True, False
        elif reach or (previous in NEGATIONS and not asked):
            joined = token not in PARTICLES
            reach = joined and token in CARRIERS
        else:
            joined = is_cut_off(previous, token) or is_failed_result(previous, token, following)
        asked = asks
        yield joined


def is_word(token: str) -> bool:
    """True where a token has a letter, an ideograph or a digit; false for punctuation, emoji and spaces."""
    return any(map(str.isalnum, token))


def same_kind(previous: str, token: str) -> bool:
    """Punctuation after punctuation (！！), emoji after emoji; a combining mark goes with whatever it marks."""
    before, here = unicodedata.category(previous[-1])[0], unicodedata.category(token[0])[0]
    return here == "M" or (before == here and not is_word(previous) and not is_word(token))


def is_question(previous: str, token: str) -> bool:
    """能 + 不能, 是 + 不是: asks, and negates nothing."""
    return token[0] in "不没" and token[1:] == previous


def is_cut_off(previous: str, token: str) -> bool:
    """不好 + 用, 没收 + 到: the verb of a negated word."""
    return previous in _FIRST_HALVES and token in _SECOND_HALVES


def is_failed_result(previous: str, token: str, following: str) -> bool:
    """登录 + 不上, 用 + 不了, 登 + 不 (上去)."""
    return previous not in _NOT_VERBS and (token in FAILED_RESULTS or (token == "不" and following in DIRECTIONS))
