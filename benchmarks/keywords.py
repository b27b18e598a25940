"""Key phrases against the subjects readers wrote down, and new words against a list and a reader's judgement.

    python -m benchmarks.keywords [--data DIR] [--record]

``--record`` writes what is printed between the two markers of ``benchmarks/README.md``.
"""

import argparse
import re
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from benchmarks.common import ROOT, markdown_table, read_table, record, signature, use_data_folder

START, END = "<!-- keywords:start -->", "<!-- keywords:end -->"
RANKS = (1, 3, 5)
#: Left out before a subject and a phrase are compared: particles, degrees and blanks.
NOISE = re.compile("[的了很太挺 ]|非常|特别")
#: Texts the new words are looked for in, distinct after joining.
NEW_WORD_TABLES = ("bank_app_unlabelled", "stream_app_reviews")
LISTED = 100

#: Words of banking and smart-home apps that a dictionary of 2012 may lack, written down from general knowledge of the field. Written after
#: a first draft of the finder had been run on these texts, so not blind; which of them a text holds and the dictionary lacks is computed.
_DOMAIN_WORDS = (
    "闪退 卡顿 黑屏 白屏 横屏 竖屏 秒退 网银 掌银 手机银行 U盾 K宝 口令卡 密码器 电子密码器 融e联 融e购 融e行 e支付 e生活 "
    "工银信使 无卡取现 扫码取现 扫码支付 刷脸 人脸识别 指纹登录 指纹解锁 指纹支付 手势密码 短信验证码 预约取号 跨行转账 "
    "花呗 借呗 余额宝 支付宝 微信 云闪付 零钱通 二维码 绑卡 理财产品 信用卡 账单日 首存 大行 米家 米粉 小爱同学 小米商城 "
    "小米之家 米家有品 扫地机器人 空气净化器 万能遥控器 空调伴侣 智能家居 智能家电 智能插座 智能门锁 智能场景 小蚁 小方 "
    "体脂秤 平衡车 温湿度传感器 蓝牙网关 多功能网关 插线板 台灯 手环 小白 云台 摄像头 固件升级 滤芯 F码 黑科技 饥饿营销 "
    "众筹 生态链 物联网 刘海屏 全面屏 小组件 捷径 夜间模式 深色模式 人工客服 客服小姐姐 客服妹子 性价比 颜值 差评 点赞 "
    "吐槽 靠谱 坑爹 辣鸡 脑残 雷军 雷布斯 登不上 连不上 抢不到 安卓版 iPad版 官网 天猫 某宝 包邮 双十一 拉黑 掉链子 高大上 "
    "海尔优家 优家"
)
DOMAIN_WORDS = tuple(_DOMAIN_WORDS.split())

#: A reader's judgement of the first hundred new words on ``NEW_WORD_TABLES``: those that are no word but a phrase, a slogan or a piece of
#: one. All others are words or fixed terms. The reader wrote the finder too.
_NOT_WORDS = (
    "深感抱歉 米家APP团队 耽误事 查询余额 忘记密码 界面简洁 查余额 找回密码 绑定银行卡 爱存不存 重置密码 呕吼 办理业务 "
    "卸载重装 咋回事 输密码 适配iPhoneX 连不上网 领取首存优惠 页面简洁 改密码 為什麼 控制空调 性价比超高"
)
NOT_WORDS = tuple(_NOT_WORDS.split())
#: The first and the last of the hundred that were judged; a list with other ends, or another number of them, must be judged again.
JUDGED = ("闪退", "性价比超高")

#: Texts in, phrases of each out, best first.
Extract = Callable[[list[str]], list[list[str]]]


def plain(text: str) -> str:
    """A subject or phrase without what may differ and means nothing."""
    return NOISE.sub("", text.casefold())


def matches(phrase: str, subject: str) -> tuple[bool, bool, bool]:
    """Whether a phrase names a subject: strictly, leniently, and by most of its characters.

    strict: the subject stands in the phrase. lenient: that, or the phrase, of two characters at least, stands in the subject. alike: the
    sets of their characters overlap by half (Dice), which asks as much of a phrase too long as of one too short.
    """
    a, b = plain(phrase), plain(subject)
    strict = bool(b) and b in a
    alike = 2 * len(set(a) & set(b)) >= 0.5 * (len(set(a)) + len(set(b))) > 0
    return strict, strict or (len(a) > 1 and a in b), alike


def hit_shares(phrases: Sequence[Sequence[str]], subjects: Sequence[str]) -> list[list[float]]:
    """Share of items whose subject is matched among the first 1, 3, 5 phrases: one list a kind of match."""
    shares = []
    for kind in range(3):
        first = [
            next((rank for rank, p in enumerate(found) if matches(p, s)[kind]), 99) for found, s in zip(phrases, subjects, strict=True)
        ]
        shares.append([sum(rank < top for rank in first) / max(len(first), 1) for top in RANKS])
    return shares


def ours(corpus: Sequence[str]) -> Extract:
    """Our key phrases, with counts of the texts themselves and of more texts like them."""
    from feedback_nlp.text.clean import clean
    from feedback_nlp.text.tokenize import Tokenizer
    from feedback_nlp.topics import PhraseCounts, item_phrases

    tokenizer = Tokenizer()
    more = PhraseCounts.from_tokens(tokenizer.tokenize(clean(corpus).texts()))

    def extract(texts: list[str]) -> list[list[str]]:
        tokens = tokenizer.tokenize(clean(texts).texts())
        return item_phrases(tokens, PhraseCounts.from_tokens(tokens).merge(more), top=max(RANKS)).to_lists()

    return extract


def words_before() -> Extract:
    """Our keywords as the ledger has them so far: words and pairs."""
    from feedback_nlp.text.clean import clean
    from feedback_nlp.text.tokenize import Tokenizer
    from feedback_nlp.topics import TermCounts, item_keywords

    tokenizer = Tokenizer()

    def extract(texts: list[str]) -> list[list[str]]:
        tokens = tokenizer.tokenize(clean(texts).texts())
        return [joined.split("、") for joined in item_keywords(tokens, TermCounts.from_tokens(tokens), top=max(RANKS))]

    return extract


def jieba_analyse(name: str) -> Extract:
    """``jieba.analyse``: ``extract_tags`` (TF-IDF with its own table of idf) or ``textrank``."""
    import jieba
    import jieba.analyse

    jieba.setLogLevel("ERROR")
    function: Any = getattr(jieba.analyse, name)
    return lambda texts: [function(text, topK=max(RANKS)) for text in texts]


def yake_phrases() -> Extract | None:
    """YAKE on words cut by jieba, up to three words a phrase; None where it is not installed."""
    if find_spec("yake") is None:
        return None
    import jieba
    import yake

    extractor = yake.KeywordExtractor(lan="zh", n=3, top=max(RANKS))

    def extract(texts: list[str]) -> list[list[str]]:
        found = [extractor.extract_keywords(" ".join(jieba.lcut(text))) for text in texts]
        return [[phrase.replace(" ", "") for phrase, _ in row] for row in found]

    return extract


def phrase_report() -> str:
    """The table of hits and times on the development labels."""
    dev = read_table("labels_dev")
    dev = dev[dev["topic"].fillna("") != ""]
    texts, subjects = dev["text"].tolist(), dev["topic"].tolist()
    contenders = {
        "ours, counts of these texts": ours([]),
        "ours, counts of labels_train texts too": ours(read_table("labels_train")["text"].tolist()),
        "ours before: item_keywords": words_before(),
        "jieba.analyse.extract_tags": jieba_analyse("extract_tags"),
        "jieba.analyse.textrank": jieba_analyse("textrank"),
        "yake, n = 3": yake_phrases(),
    }
    rows = []
    for name, extract in contenders.items():
        if extract is None:
            rows.append([name, *["not run"] * 10])
            continue
        extract(texts[:20])
        start = time.process_time()
        phrases = extract(texts)
        milliseconds = 1000 * (time.process_time() - start) / len(texts)
        rows.append([name, *(f"{x:.3f}" for kind in hit_shares(phrases, subjects) for x in kind), f"{milliseconds:.3f}"])
    literal = sum(plain(s) in plain(t) for s, t in zip(subjects, texts, strict=True)) / len(texts)
    header = ["phrases", *(f"{kind} @{top}" for kind in ("strict", "lenient", "alike") for top in RANKS), "CPU ms/text"]
    note = f"{len(texts)} labelled items; in {literal:.3f} of them the subject stands in the text as written, which bounds `strict`."
    return f"{note}\n\n{markdown_table(header, rows)}"


def new_word_report() -> str:
    """Recall of the list and precision of the first hundred."""
    from feedback_nlp.text.tokenize import Tokenizer
    from feedback_nlp.topics import find_new_words
    from feedback_nlp.topics.new_words import MIN_COUNT

    texts = [text for name in NEW_WORD_TABLES for text in read_table(name)["text"]]
    start = time.process_time()
    table = find_new_words(texts)
    seconds = time.process_time() - start
    found = table["word"].tolist()
    cuts = Tokenizer(hmm=False).tokenize(DOMAIN_WORDS).to_lists()
    lacking = [word for word, cut in zip(DOMAIN_WORDS, cuts, strict=True) if len(cut) > 1]
    joined = "\n".join(dict.fromkeys(texts)).split("\n")
    present = [word for word in lacking if sum(word in text for text in joined) >= MIN_COUNT]
    missed = [word for word in present if word not in found]
    first = found[:LISTED]
    same = (first[0], first[-1]) == JUDGED and set(NOT_WORDS) <= set(first)
    rows = [
        ["texts / characters", f"{len(texts):,} / {sum(map(len, texts)):,}"],
        ["CPU seconds", f"{seconds:.1f}"],
        ["new words", len(found)],
        [f"of {len(DOMAIN_WORDS)} listed words the dictionary lacks", len(lacking)],
        [f"of these in {MIN_COUNT} texts or more", len(present)],
        ["of these found", f"{len(present) - len(missed)} ({1 - len(missed) / max(len(present), 1):.2f})"],
        [f"words among the first {LISTED}, as judged", f"{LISTED - len(NOT_WORDS)}" if same else "list changed: judge again"],
    ]
    return f"{markdown_table(['new words', 'measured'], rows)}\n\nMissed: {'、'.join(missed)}.\n\nFirst {LISTED}: {'、'.join(first)}."


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; record them when asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.keywords", description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--record", action="store_true", help="write the tables into benchmarks/README.md")
    options = parser.parse_args(argv)
    use_data_folder(options.data)
    figures = "\n\n".join([signature(), phrase_report(), new_word_report()])
    print(figures)
    if options.record:
        record(ROOT / "benchmarks" / "README.md", figures, start=START, end=END)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
