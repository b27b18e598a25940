"""The tokeniser: speed against jieba and rjieba, agreement with jieba on real texts, loading of a large user dictionary.

    python -m benchmarks.tokeniser [--data DIR] [--repeats N] [--record]

Every contender has a process of its own, pinned to the same core; repeats take turns. Times are CPU seconds, so another program on the
machine disturbs them less. ``--record`` writes what is printed between the two markers of ``benchmarks/README.md``.
"""

import argparse
import json
import logging
import random
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import chain, count, pairwise
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, SEED, child_options, markdown_table, record, signature, use_data_folder
from benchmarks.texts import mean_length, read_texts, review_pool, write_texts

START, END = "<!-- tokeniser:start -->", "<!-- tokeniser:end -->"
TEXTS = 10_000
TAGGED_TEXTS = 1_000
DICTIONARY_WORDS = 300_000

#: name: what one pass of it makes of the texts.
CONTENDERS = {
    "ours": "Tokenizer.tokenize, to id arrays",
    "ours_numpy": "the same without compiled code",
    "ours_starts_pos": "compiled, with starts and parts of speech",
    "ours_cut": "Tokenizer.cut, text by text, to lists",
    "jieba": "jieba.lcut, to lists",
    "rjieba": "rjieba.cut, to lists",
    "rjieba_ids": "rjieba.cut, its tokens numbered by a dict (ours until now)",
}
Rows = list[list[str]]


def jieba_tokenizer() -> Any:
    """jieba, quiet, with its cache in a folder of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel(logging.ERROR)
    built = jieba.Tokenizer()
    with tempfile.TemporaryDirectory() as folder:
        built.tmp_dir = folder
        built.initialize()
    return built


def prepared(name: str) -> Callable[[list[str]], object]:
    """A contender, ready to run: its dictionary is loaded."""
    if name == "jieba":
        cut = jieba_tokenizer().lcut
        return lambda texts: [cut(text) for text in texts]
    if name.startswith("rjieba"):
        import rjieba

        engine = rjieba.Jieba()
        return (lambda texts: [engine.cut(text) for text in texts]) if name == "rjieba" else lambda texts: _numbered(engine, texts)
    from feedback_nlp import Tokenizer
    from feedback_nlp.text import cutting

    if name == "ours_numpy":
        cutting.__dict__["_compiled_module"] = lambda: None
    ours = Tokenizer()
    ours.cut("")
    if name == "ours_cut":
        return lambda texts: [ours.cut(text) for text in texts]
    if name in ("ours", "ours_numpy"):
        return ours.tokenize

    def with_all(texts: list[str]) -> object:
        tokens = ours.tokenize(texts, pos=True)
        return tokens.starts, tokens.pos

    return with_all


def _numbered(engine: Any, texts: list[str], rows: int = 512) -> object:
    """What ``Tokenizer`` did before it had an engine of its own."""
    import numpy as np

    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    ids, lengths = [np.empty(0, np.int32)], [np.zeros(1, np.int64)]
    for start in range(0, len(texts), rows):
        cut = [engine.cut(text) for text in texts[start : start + rows]]
        ids.append(np.fromiter(map(numbers.__getitem__, chain.from_iterable(cut)), np.int32))
        lengths.append(np.fromiter(map(len, cut), np.int64, len(cut)))
    vocabulary = np.array(list(numbers), dtype=object)
    order = np.argsort(vocabulary)
    rank = np.empty(len(vocabulary), np.int32)
    rank[order] = np.arange(len(vocabulary), dtype=np.int32)
    return rank[np.concatenate(ids)], np.cumsum(np.concatenate(lengths)), vocabulary[order]


def work(name: str, path: str) -> None:
    """A measured process: prepare, say so, then one pass for each line of stdin; answers are JSON lines of CPU seconds."""
    began = time.process_time()
    if name.startswith("load "):
        load_dictionary(name.removeprefix("load "), path)
        print(json.dumps(time.process_time() - began), flush=True)
        return
    texts, run = read_texts(path), prepared(name)
    print(json.dumps(time.process_time() - began), flush=True)
    for _ in sys.stdin:
        began = time.process_time()
        run(texts)
        print(json.dumps(time.process_time() - began), flush=True)


def load_dictionary(name: str, path: str) -> None:
    """From nothing to the first cut with a user dictionary."""
    if name == "jieba":
        loaded = jieba_tokenizer()
        loaded.load_userdict(path)
        loaded.lcut("")
    else:
        from feedback_nlp import Tokenizer

        Tokenizer(user_dictionary=path or None).cut("")


def _start(name: str, path: Path | str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.tokeniser", "--worker", name, str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **child_options())


def throughput(texts: list[str], folder: Path, repeats: int) -> dict[str, list[float]]:
    """CPU seconds of each repeat of each contender; no two prepare or run at the same time."""
    path = write_texts(folder / "texts.json", texts)
    workers: dict[str, subprocess.Popen[str]] = {}
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    try:
        for name in CONTENDERS:
            workers[name] = _start(name, path)
            _answer(workers[name])
        for _ in range(repeats + 1):
            for name, worker in workers.items():
                if worker.stdin is not None:
                    print("go", file=worker.stdin, flush=True)
                seconds[name].append(_answer(worker))
    finally:
        for worker in workers.values():
            worker.communicate()
    return {name: sorted(values[1:]) for name, values in seconds.items()}  # the first pass is the warm-up


def _answer(worker: subprocess.Popen[str]) -> float:
    line = worker.stdout.readline() if worker.stdout else ""
    if not line:
        raise SystemExit(f"a worker ended without an answer (exit code {worker.wait()})")
    return float(line)


def speed_table(seconds: dict[str, list[float]], n_texts: int) -> str:
    """Microseconds a text, and how many times as fast as jieba and as the tokeniser before."""
    median = {name: statistics.median(values) for name, values in seconds.items()}
    rows = []
    for name, what in CONTENDERS.items():
        spread = " - ".join(f"{1e6 * value / n_texts:.1f}" for value in (seconds[name][0], median[name], seconds[name][-1]))
        rows.append([what, spread, f"{median['jieba'] / median[name]:.1f}", f"{median['rjieba_ids'] / median[name]:.2f}"])
    return markdown_table(["contender", "microseconds a text, min - median - max", "x jieba", "x ours until now"], rows)


def spans(words: Sequence[str]) -> set[tuple[int, int]]:
    """(start, end) of each token."""
    ends = [0]
    for word in words:
        ends.append(ends[-1] + len(word))
    return set(pairwise(ends))


def kind_of(words: Sequence[str]) -> str:
    """What sort of tokens only one side has."""
    joined = "".join(words)
    if any("\u3400" <= char <= "\u9fff" or char >= "\U00020000" for char in joined):
        return "Chinese characters"
    return "Latin letters, digits and their signs" if joined.isascii() else "other characters"


def deviations(ours: Rows, theirs: Rows) -> tuple[float, float, Counter[str], dict[str, str]]:
    """(share of rows cut alike, share of their tokens that are ours too, rows by kind of deviation, an example of each)."""
    kinds: Counter[str] = Counter()
    examples: dict[str, str] = {}
    common = total = same = 0
    for mine, wanted in zip(ours, theirs, strict=True):
        a, b, text = spans(mine), spans(wanted), "".join(wanted)
        common, total, same = common + len(a & b), total + len(b), same + (mine == wanted)
        if mine != wanted:
            only = [text[start:end] for start, end in sorted(a - b)]
            kind = kind_of(only)
            kinds[kind] += 1
            shown = f"{' '.join(only[:2])[:24]} for {' '.join(text[start:end] for start, end in sorted(b - a)[:4])[:24]}"
            examples.setdefault(kind, shown)
    return same / len(theirs), common / total, kinds, examples


def agreement(texts: list[str]) -> str:
    """Tables: shares of texts and tokens cut as jieba does, and what kinds of tokens differ."""
    import rjieba

    from feedback_nlp import Tokenizer

    jieba, engine = jieba_tokenizer(), rjieba.Jieba()
    shares, kinds = [], []
    for hmm in (True, False):
        theirs = [jieba.lcut(text, HMM=hmm) for text in texts]
        mode = "" if hmm else ", without HMM"
        sides = {f"ours{mode}": Tokenizer(hmm=hmm).tokenize(texts).to_lists(), f"rjieba{mode}": [engine.cut(text, hmm) for text in texts]}
        for name, rows in sides.items():
            same, common, counted, examples = deviations(rows, theirs)
            shares.append([name, f"{len(texts):,}", f"{same:.2%}", f"{common:.3%}"])
            kinds += [[name, kind, number, examples[kind]] for kind, number in counted.most_common()] or [[name, "none", 0, ""]]
    return "\n\n".join(
        (
            markdown_table(["against jieba", "texts", "texts cut alike", "tokens alike"], shares),
            markdown_table(["against jieba", "what deviates", "texts", "example"], kinds),
        )
    )


def tag_agreement(texts: list[str]) -> str:
    """Of the tokens jieba.posseg cuts as we do: the share with the same part of speech."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from jieba import posseg
    from feedback_nlp import Tokenizer

    tagger = posseg.POSTokenizer(jieba_tokenizer())
    tokens = Tokenizer().tokenize(texts, pos=True)
    names = [tokens.tag_names[tag] for tag in tokens.pos.tolist()]
    starts, lists = tokens.starts.tolist(), tokens.to_lists()
    same = common = total = 0
    for row, text in enumerate(texts):
        first = int(tokens.indptr[row])
        mine = {(starts[first + k], word): names[first + k] for k, word in enumerate(lists[row])}
        place = 0
        for word, tag in tagger.lcut(text):
            found = mine.get((place, word))
            total, common, same = total + 1, common + (found is not None), same + (found == tag)
            place += len(word)
    shares = f"{common / total:.1%} of jieba.posseg's tokens are ours too, {same / common:.1%} of these with the same tag"
    return f"Parts of speech, {len(texts):,} texts: {shares}."


def write_dictionary(path: Path) -> Path:
    """Made-up words of two to six common characters, one in a hundred with a space or sign."""
    draw = random.Random(SEED)
    han = [chr(code) for code in range(0x4E00, 0x5E00)]
    words: set[str] = set()
    while len(words) < DICTIONARY_WORDS:
        word = "".join(draw.choices(han, k=draw.choice((2, 3, 3, 4, 4, 5, 6))))
        words.add(f"{word} Pro+" if draw.random() < 0.01 else word)
    path.write_text("\n".join(sorted(words)), encoding="utf-8")
    return path


def loading(folder: Path, repeats: int = 3) -> str:
    """CPU seconds of fresh processes, imports included."""
    path = write_dictionary(folder / "words.txt")
    rows = []
    for what, name, source in (("ours", "load ours", path), ("ours, without one", "load ours", ""), ("jieba", "load jieba", path)):
        seconds = []
        for _ in range(1 if name == "load jieba" else repeats):
            worker = _start(name, source)
            seconds.append(_answer(worker))
            worker.communicate()
        rows.append([what, f"{statistics.median(seconds):.2f}"])
    return markdown_table([f"user dictionary of {DICTIONARY_WORDS:,} words, to the first cut", "seconds"], rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and record where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tokeniser", description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--repeats", type=int, default=5, help="timed passes of each contender")
    parser.add_argument("--record", action="store_true", help="write the figures into benchmarks/README.md")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.worker:
        work(*options.worker)
        return 0
    use_data_folder(options.data)
    texts = review_pool(TEXTS)
    with tempfile.TemporaryDirectory() as name:
        seconds = throughput(texts, Path(name), options.repeats)
        load = loading(Path(name))
    head = f"{len(texts):,} texts of {mean_length(texts):.0f} characters on average, one core, CPU time."
    figures = "\n\n".join(
        (signature(), head, speed_table(seconds, len(texts)), agreement(texts), tag_agreement(texts[:TAGGED_TEXTS]), load)
    )
    print(figures)
    if options.record:
        record(ROOT / "benchmarks" / "README.md", f"\n{figures}\n", start=START, end=END)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
