"""Duplicates: how fast they are found, and how surely.

    python -m benchmarks.duplicates [--rows 1000000] [--data DIR] [--record]

Speed on rows made of the clauses of real reviews, pasted and edited; precision and recall on edits of real reviews and on texts that
look alike and are not. ``rensa`` (MinHash in Rust) is compared where it is installed. ``--record`` renews the section of the README.
"""

import argparse
import re
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.util import find_spec
from itertools import combinations
from typing import Any

import numpy as np

from benchmarks.common import ROOT, SEED, forget_peak, markdown_table, peak_mib, pin_to_core, record, signature, use_data_folder
from benchmarks.texts import review_pool

README = ROOT / "benchmarks" / "README.md"
START, END = "<!-- duplicates:start -->", "<!-- duplicates:end -->"
ROWS = 1_000_000
#: Of the speed rows: pasted as they are, and pasted with an edit. The rest are texts of their own.
PASTED, EDITED = 0.25, 0.25
#: Reviews that are edited, and reviews around them.
BASES, AROUND = 2_000, 8_000
SHORT = 40

COMMON = "的一是了我不在有人这上大来和国个到说们为子生时道就出会可也你对能而那得于着下自之年过发后作里"
WORDS = ("真的", "其实", "特别", "昨天", "感觉", "总之", "目前", "反正", "居然", "今天下午")
SIGNATURES = ("——来自我的手机客户端", "，望尽快处理，谢谢！", "（用户张女士反馈）", "。请相关部门核实并回复", " 已截图，随时可以提供")
KINDS = ("typos", "inserted words", "deleted words", "punctuation", "traditional form", "reordered sentences", "appended signature")


@cache
def to_traditional() -> Any:
    """The converter."""
    from opencc import OpenCC

    return OpenCC("s2t")


def edited(kind: str, text: str, random: np.random.Generator) -> str:
    """The text as somebody would paste it again."""
    match kind:
        case "typos":  # one character in thirty replaced, at least one
            chars = list(text)
            for place in random.choice(len(chars), max(len(chars) // 30, 1), replace=False).tolist():
                chars[place] = COMMON[random.integers(len(COMMON))]
            return "".join(chars)
        case "inserted words":  # two
            for _ in range(2):
                place = int(random.integers(len(text) + 1))
                text = text[:place] + WORDS[random.integers(len(WORDS))] + text[place:]
            return text
        case "deleted words":  # two runs of two characters
            for _ in range(2):
                place = int(random.integers(len(text) - 1))
                text = text[:place] + text[place + 2 :]
            return text
        case "punctuation":  # every mark that no digit precedes another one, and some more at the end
            marks = "，。！ ~…"
            changed = re.sub(r"(?<![0-9])[，。！？,.!? ；]", lambda _: marks[random.integers(len(marks))], text)
            return changed + "！" * int(random.integers(4))
        case "traditional form":
            return str(to_traditional().convert(text))
        case "reordered sentences":  # clauses where there is one sentence only
            parts = re.findall(r"[^。！？]+[。！？]*", text)
            return "".join(random.permutation(parts if len(parts) > 1 else re.split("(?<=，)", text)).tolist())
        case _:  # a signature of about ten characters
            return text + SIGNATURES[random.integers(len(SIGNATURES))]


TEMPLATES = (
    "我上周在你们店里买的{product}，用了{number}天就坏了，联系客服一直没有人处理，要求退货退款",
    "{product}收到了，包装完好，物流{number}天就到了，用起来挺顺手的，推荐大家购买",
    "请问{product}的保修期是多久，我花了{number}元买的，现在屏幕有一条线，可以免费更换吗",
    "{product}升级到{number}版本以后经常闪退，打开就黑屏，希望尽快修复",
    "订单里的{product}少发了{number}件，打电话说会补发，到现在也没有消息，太失望了",
)
PRODUCTS = ("扫地机器人", "空气净化器", "蓝牙耳机", "电饭煲", "手机", "平板电脑", "智能门锁", "吹风机", "路由器", "电动牙刷")
NUMBERS = (3, 7, 15, 48, 128, 2024)
OPPOSITES = (
    ("客服态度很好，问题当天就解决了，下次还会再来买", "客服态度不好，问题当天就没解决了，下次不会再来买"),
    ("这款手机的电池很耐用，充一次电能用两天，我很满意", "这款手机的电池不耐用，充一次电能用两天，我很满意"),
    ("升级以后可以登录了，感谢技术人员的帮助和耐心", "升级以后不可以登录了，感谢技术人员的帮助和耐心"),
    ("客服说可以退运费，昨天已经退了，处理得很快", "客服说不可以退运费，昨天没有退，处理得不快"),
    ("这个版本没有广告，打开的速度也快，值得推荐", "这个版本有广告，打开的速度也快，值得推荐"),
    ("快递包装完好，东西有质量保证，推荐给朋友们购买", "快递包装完好，东西没有质量保证，别推荐给朋友们购买"),
)
TOPICS = (
    ("验证码一直收不到，根本登录不上去", "登录的时候等了半小时也没等来短信验证码", "换了两个手机号，都没有收到登录用的验证码"),
    ("快递太慢了，等了一个星期才送到", "物流速度让人着急，七天才收到货", "下单之后过了八天快递员才打电话来"),
    ("空调制冷效果差，噪音还很大", "开了一晚上屋里还是热，外机声音吵得睡不着", "制冷不行，声音像拖拉机一样"),
    ("退款申请提交半个月了还没到账", "说好的三个工作日退钱，等到现在也没见到", "钱一直没退回来，客服只会说再等等"),
)


def look_alikes() -> dict[str, list[tuple[str, str]]]:
    """Pairs of texts that look alike and say something else, by kind."""
    products = [[text.format(product=product, number=7) for product in PRODUCTS] for text in TEMPLATES]
    numbers = [[text.format(product=PRODUCTS[0], number=number) for number in NUMBERS] for text in TEMPLATES]
    groups = {"other product": products, "other number": numbers, "opposite": OPPOSITES, "same topic, other words": TOPICS}
    return {kind: [pair for texts in found for pair in combinations(texts, 2)] for kind, found in groups.items()}


def ours(texts: list[str], *, guard: bool = True) -> Any:
    """Group numbers of ``find_duplicates``, a number of its own for each row without a group."""
    from feedback_nlp.topics import find_duplicates

    group = find_duplicates(texts, guard=guard).group
    return np.where(group >= 0, group, len(texts) + np.arange(len(texts)))


def exact(texts: list[str]) -> Any:
    """Equal strings only."""
    return np.unique(np.asarray(texts, dtype=object), return_inverse=True)[1]


def rensa(texts: list[str]) -> Any:
    """rensa 0.5: sets of character pairs, 160 minima in 20 bands, pairs with an estimate from 0.8 on, joined transitively."""
    from rensa import RMinHash, RMinHashLSH
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    sketches = RMinHash.from_token_sets([{text[k : k + 2] for k in range(max(len(text) - 1, 1))} for text in texts], 160, SEED)
    index = RMinHashLSH(0.8, 160, 20)
    index.insert_many(sketches)
    found = [
        (a, b) for a, hits in enumerate(index.query_all(sketches)) for b in hits if a < b and index.is_similar(sketches[a], sketches[b])
    ]
    first, second = np.asarray(found or np.empty((0, 2)), np.int64).T
    return connected_components(coo_array((np.ones(len(first)), (first, second)), shape=(len(texts),) * 2))[1]


Finder = Callable[[list[str]], Any]
CONTENDERS: dict[str, Finder] = {"ours": ours, "ours, guard=False": partial(ours, guard=False), "equal strings": exact, "rensa": rensa}


def separate_reviews(size: int) -> list[str]:
    """Reviews of which no two are alike, not even loosely: what is grouped later was edited or is wrong."""
    from feedback_nlp.topics import find_duplicates

    pool = review_pool()
    group = find_duplicates(pool, threshold=0.5, guard=False).group
    return [text for text, number in zip(pool, group.tolist(), strict=True) if number < 0][:size]


def pairs_in(labels: Any) -> int:
    """Pairs of rows with the same label."""
    counts = np.unique(labels, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())


def edit_table(finders: dict[str, Finder]) -> str:
    """Precision and recall of pairs (review, edit of it) among other reviews, by kind of edit."""
    reviews = separate_reviews(BASES + AROUND)
    short = np.fromiter(map(len, reviews[:BASES]), int) < SHORT
    rows = []
    for kind in KINDS:
        random = np.random.default_rng(SEED)
        changed = [edited(kind, text, random) for text in reviews[:BASES]]
        row = [kind]
        for find in finders.values():
            labels = find([*reviews, *changed])
            right = labels[:BASES] == labels[len(reviews) :]
            grouped = pairs_in(labels)
            precision = f"{right.sum() / grouped:.3f}" if grouped else "-"
            row.append(f"{precision} / {right.mean():.3f} / {right[short].mean():.3f}")
        rows.append(row)
    return markdown_table([f"edit: precision / recall / recall below {SHORT} characters", *finders], rows)


def look_alike_table(finders: dict[str, Finder]) -> str:
    """Share of look-alike pairs that were taken for duplicates; each pair is looked at alone."""
    rows = []
    for kind, pairs in look_alikes().items():
        joined = (np.mean([len(set(find(list(pair)).tolist())) == 1 for pair in pairs]) for find in finders.values())
        rows.append([kind, len(pairs), *(f"{share:.3f}" for share in joined)])
    return markdown_table(["look-alikes, wrongly joined", "pairs", *finders], rows)


def made_up_rows(size: int) -> list[str]:
    """Rows with the lengths of real reviews, made of their clauses: half are new, a quarter pasted, a quarter pasted and edited."""
    random = np.random.default_rng(SEED)
    reviews = [text.replace("。", "，").split("，") for text in review_pool()]
    clauses = [clause for review in reviews for clause in review if clause]
    counts = random.choice([len(review) for review in reviews], size)
    drawn = iter(random.integers(len(clauses), size=int(counts.sum())).tolist())
    chance = random.random(size).tolist()
    earlier = (random.random(size) ** 2 * np.arange(size)).astype(np.int64).tolist()
    kinds = random.choice([kind for kind in KINDS if kind != "traditional form"], size).tolist()
    rows: list[str] = []
    for count, share, source, kind in zip(counts.tolist(), chance, earlier, kinds, strict=True):
        fresh = "，".join([clauses[next(drawn)] for _ in range(count)])
        if share >= PASTED + EDITED or len(rows) < 2 or len(rows[source]) < 10:
            rows.append(fresh)
        else:
            rows.append(rows[source] if share < PASTED else edited(kind, rows[source], random))
    return rows


def speed_table(rows: list[str], sizes: Sequence[int]) -> str:
    """Seconds and memory of one call at each size; and of its two halves, on cleaned texts, as a batch job runs them."""
    from feedback_nlp.text.clean import clean
    from feedback_nlp.topics import find_duplicates
    from feedback_nlp.topics.duplicates import PART_ROWS, group_sketches
    from feedback_nlp.topics.sketches import sketch_texts

    find_duplicates(rows[:1000])
    lines = []
    for size in sizes:
        part = rows[:size]
        forget_peak()
        before, started, worked = peak_mib(), time.perf_counter(), time.process_time()
        found = find_duplicates(part)
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        figures = [f"{seconds:.1f}", f"{cpu:.1f}", f"{cpu / size * 1e6:.1f}", f"{peak_mib() - before:,.0f}"]
        cleaned = [clean(part[begin : begin + PART_ROWS]) for begin in range(0, size, PART_ROWS)]
        said = [(some.texts(), some.no_information) for some in cleaned]
        texts = [text for some, _ in said for text in some]
        del cleaned
        worked = time.process_time()
        sketches = [sketch_texts(some, no_information=empty) for some, empty in said]
        half = time.process_time()
        group_sketches(sketches, lambda chosen, texts=texts: [texts[row] for row in chosen.tolist()], cleaned=True)
        figures += [f"{(half - worked) / size * 1e6:.1f}", f"{(time.process_time() - half) / size * 1e6:.1f}"]
        lines.append([f"{size:,}", *figures, f"{len(found.groups):,}", f"{found.n_superfluous:,}"])
    measured = ["s", "CPU s", "CPU µs a row", "MiB beside the texts", "sketch_texts, CPU µs a row", "group_sketches, CPU µs a row"]
    return markdown_table(["rows", *measured, "groups", "rows beyond one a group"], lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.duplicates", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the largest speed run")
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--record", action="store_true", help="write the figures into benchmarks/README.md")
    options = parser.parse_args(argv)
    use_data_folder(options.data)
    pin_to_core()
    finders = {name: find for name, find in CONTENDERS.items() if name != "rensa" or find_spec("rensa")}
    tables = [edit_table(finders), look_alike_table(finders)]
    sizes = [size for size in (10_000, 100_000) if size < options.rows]
    figures = "\n\n".join([signature(), *tables, speed_table(made_up_rows(options.rows), [*sizes, options.rows])])
    print(figures)
    if options.record:
        record(README, f"\n{figures}\n", start=START, end=END)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
